/* t_section.c: sections written for the INI file read back as they were meant. */
#include "app/section.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static const struct field fields[] = {
    {.id = "fldName0000000001", .name = "Name", .type = FIELD_SINGLE_LINE_TEXT},
    {.id = "fldSum00000000001", .name = "Sum", .type = FIELD_FORMULA},
    {.id = "fldArrow000000001", .name = "From -> to", .type = FIELD_SINGLE_LINE_TEXT},
    {.id = "fldSpace000000001", .name = " Name", .type = FIELD_SINGLE_LINE_TEXT},
    {.id = "fldLines000000001", .name = "Two\nlines", .type = FIELD_SINGLE_LINE_TEXT},
    {.id = "fldTight000000001", .name = "a->b", .type = FIELD_SINGLE_LINE_TEXT},
};
static const struct table_schema table = {
    .id = "tbl1", .name = "T", .fields = fields, .n_fields = sizeof fields / sizeof *fields};

static void a_field_goes_by_the_shortest_line_that_reads_back(void **state)
{
    static const struct {
        size_t field;
        const char *header, *line; /* line NULL: it cannot be written */
    } cases[] = {
        {0, "Name", "Name"},
        {0, "Deal", "Name <-> Deal"},
        {0, "name ", "Name <-> name"},
        {1, "Sum", "Sum -> Sum"},
        {2, "Way", "fldArrow000000001 <-> Way"},
        {2, "From -> to", NULL},
        {3, "Other", "fldSpace000000001 <-> Other"},
        {4, "Two", "fldLines000000001 <-> Two"},
        {0, "Two\nlines", NULL},
        {5, "a->b", "a->b"},
        {0, "", NULL},
        {0, "->", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct field *f = &fields[cases[i].field];
        struct buf b;
        bool done;

        buf_init(&b, BUF_NO_LIMIT);
        done = section_field(&b, &table, f, cases[i].header);
        if (done != (cases[i].line != NULL)) {
            fail_msg("case %zu: \"%s\"", i, b.data);
        }
        if (cases[i].line) {
            assert_true(str_starts(b.data, "field       = "));
            b.data[b.len - 1] = '\0';
            assert_string_equal(b.data + 14, cases[i].line);
        } else {
            assert_int_equal(b.len, 0);
        }
        buf_release(&b);
    }
}

static void a_section_gets_a_name_that_nobody_has(void **state)
{
    static const char ini[] =
        "[sync deals]\nbase = app12345678901234\ntable = T\n"
        "spreadsheet = 1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdef\ntab = T\n";
    struct conf *conf;
    struct bs_err e = BS_ERR_INIT;
    struct buf b;

    (void)state;
    assert_int_equal(conf_parse("x.ini", ini, strlen(ini), &conf, &e), BS_OK);
    buf_init(&b, BUF_NO_LIMIT);
    section_begin(&b, conf, "Deals!");
    section_begin(&b, conf, "  deals ");
    section_begin(&b, conf, "Ünïcode & more");
    section_begin(&b, conf, "日本");
    assert_string_equal(b.data,
                        "[sync deals-2]\n[sync deals-3]\n[sync n-code-more]\n[sync sync]\n");
    buf_release(&b);
    conf_free(conf);
}

static void a_value_that_would_not_read_back_is_not_written(void **state)
{
    static const char *const bad[] = {"", " a", "a ", "a\nb", "a\x01", "\xff"};
    char room[SECTION_TAB_MAX];
    struct buf b;

    (void)state;
    buf_init(&b, BUF_NO_LIMIT);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(section_key(&b, "tab", bad[i]));
    }
    assert_int_equal(b.len, 0);
    assert_true(section_key(&b, "tab", "Ü ; # = [x]"));
    assert_string_equal(b.data, "tab         = Ü ; # = [x]\n");
    assert_string_equal(section_tab_name("gid:7", 9, room), "gid:9");
    assert_string_equal(section_tab_name("Deals ", 9, room), "gid:9");
    assert_string_equal(section_tab_name("Deals", 9, room), "Deals");
    buf_release(&b);
}

static void a_header_is_found_exactly_before_it_is_found_nearly(void **state)
{
    static const char *const headers[] = {"name ",  "Name",  "",     "Amount",
                                          "AMOUNT", "Twice", "Twice"};
    struct section_header h;

    (void)state;
    h = section_find_header(headers, 7, "Name");
    assert_int_equal(h.n, 1);
    assert_int_equal(h.column[0], 1);
    h = section_find_header(headers, 7, "amount");
    assert_int_equal(h.n, 2);
    assert_int_equal(h.column[0], 3);
    assert_int_equal(h.column[1], 4);
    h = section_find_header(headers, 7, "Twice");
    assert_int_equal(h.n, 2);
    h = section_find_header(headers, 7, "None");
    assert_int_equal(h.n, 0);
    assert_null(h.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_field_goes_by_the_shortest_line_that_reads_back),
        cmocka_unit_test(a_section_gets_a_name_that_nobody_has),
        cmocka_unit_test(a_value_that_would_not_read_back_is_not_written),
        cmocka_unit_test(a_header_is_found_exactly_before_it_is_found_nearly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
