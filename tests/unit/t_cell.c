/* t_cell.c: cells of a sheet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/cell.h"
#include "model/copy.h"

#include <string.h>

static const struct hash_key key = {1, 2};

static const struct cell text_x = {.kind = CELL_TEXT, .text = "x", .shown = "x"};
static const struct cell text_1 = {.kind = CELL_TEXT, .text = "1", .shown = "1"};
static const struct cell text_empty = {.kind = CELL_TEXT, .text = "", .shown = ""};
static const struct cell number_1 = {.kind = CELL_NUMBER, .number = 1, .shown = "1.00"};
static const struct cell number_0 = {.kind = CELL_NUMBER, .number = 0};
static const struct cell number_minus_0 = {.kind = CELL_NUMBER, .number = -0.0};
static const struct cell bool_true = {.kind = CELL_BOOL, .boolean = true, .shown = "TRUE"};
static const struct cell bool_false = {.kind = CELL_BOOL};
static const struct cell error_na = {.kind = CELL_ERROR, .text = "#N/A", .shown = "#N/A"};
static const struct cell date = {.kind = CELL_NUMBER,
                                 .number = 46054,
                                 .format = FORMAT_DATE,
                                 .pattern = "yyyy-mm-dd",
                                 .shown = "2026-02-01"};
static const struct cell formula_1 = {.kind = CELL_NUMBER,
                                      .number = 1,
                                      .formula = true,
                                      .entered_formula = "=\"a\"&B1",
                                      .format = FORMAT_NUMBER,
                                      .shown = "1"};

static void formats_have_the_names_of_the_api(void **state)
{
    static const char *const names[] = {"TEXT", "NUMBER", "PERCENT",   "CURRENCY",
                                        "DATE", "TIME",   "DATE_TIME", "SCIENTIFIC"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        enum cell_format_type type = cell_format_from_name(names[i]);

        assert_int_not_equal(type, FORMAT_AUTO);
        assert_string_equal(cell_format_name(type), names[i]);
    }
    assert_null(cell_format_name(FORMAT_AUTO));
    assert_int_equal(cell_format_from_name("NUMBER_FORMAT_TYPE_UNSPECIFIED"), FORMAT_AUTO);
    assert_int_equal(cell_format_from_name(""), FORMAT_AUTO);
}

static void cells_are_equal_by_what_they_store(void **state)
{
    static const struct {
        const struct cell *a, *b;
        bool equal;
    } cases[] = {
        {&cell_empty, &cell_empty, true},   {&number_1, &formula_1, true},
        {&number_0, &number_minus_0, true}, {&text_1, &number_1, false},
        {&text_x, &text_1, false},          {&bool_true, &bool_false, false},
        {&bool_false, &cell_empty, false},  {&bool_true, &number_1, false},
        {&error_na, &error_na, true},       {&number_0, &number_1, false},
        {&text_x, &text_x, true},           {&bool_true, &bool_true, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(cell_equal(cases[i].a, cases[i].b), cases[i].equal);
        assert_int_equal(cell_equal(cases[i].b, cases[i].a), cases[i].equal);
    }
}

static void the_raw_hash_tells_apart_what_a_values_read_tells_apart(void **state)
{
    static const struct cell *const cells[] = {&cell_empty, &text_x,    &text_1,    &number_1,
                                               &number_0,   &bool_true, &bool_false};
    size_t n = sizeof cells / sizeof cells[0];

    (void)state;
    for (size_t i = 0; i < n; i++) {
        uint64_t h = cell_raw_hash(&key, cells[i]);

        assert_true(h != 0);
        for (size_t k = 0; k < n; k++) {
            assert_int_equal(cell_raw_hash(&key, cells[k]) == h, i == k);
        }
    }
    assert_true(cell_raw_hash(&key, &text_empty) == cell_raw_hash(&key, &cell_empty));
    assert_true(cell_raw_hash(&key, &formula_1) == cell_raw_hash(&key, &number_1));
    assert_true(cell_raw_hash(&key, &number_0) == cell_raw_hash(&key, &number_minus_0));
    assert_true(cell_raw_hash(&key, &error_na) == 0);
}

static void the_raw_hash_depends_on_the_key(void **state)
{
    static const struct hash_key other = {1, 3};

    (void)state;
    assert_true(cell_raw_hash(&key, &text_x) != cell_raw_hash(&other, &text_x));
    assert_true(cell_raw_hash(&key, &cell_empty) != cell_raw_hash(&other, &cell_empty));
}

static void a_cell_is_printed_as_a_person_sees_it(void **state)
{
    static const struct {
        const struct cell *cell;
        const char *text;
    } cases[] = {{&cell_empty, ""},      {&date, "2026-02-01"}, {&number_0, "0"},
                 {&bool_false, "FALSE"}, {&text_x, "x"},        {&error_na, "#N/A"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf b;

        buf_init(&b, 100);
        cell_print(cases[i].cell, &b);
        assert_string_equal(b.data, cases[i].text);
        buf_release(&b);
    }
}

static void a_cell_is_kept_so_that_undo_can_write_it(void **state)
{
    static const struct {
        const struct cell *cell;
        const char *text;
    } cases[] = {
        {&cell_empty, "{}"},
        {&text_x, "{\"t\":\"x\"}"},
        {&text_empty, "{\"t\":\"\"}"},
        {&number_1, "{\"n\":1}"},
        {&bool_true, "{\"b\":true}"},
        {&bool_false, "{\"b\":false}"},
        {&error_na, "{\"e\":\"#N/A\"}"},
        {&date, "{\"n\":46054,\"f\":\"DATE\",\"p\":\"yyyy-mm-dd\"}"},
        {&formula_1, "{\"formula\":\"=\\\"a\\\"&B1\",\"f\":\"NUMBER\"}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena *a = arena_new();
        const struct cell *back;
        struct buf b;

        buf_init(&b, 100);
        cell_encode(cases[i].cell, &b);
        assert_string_equal(b.data, cases[i].text);
        assert_int_equal(cell_decode(a, b.data, &back, NULL), BS_OK);
        assert_int_equal(back->formula, cases[i].cell->formula);
        if (back->formula) {
            assert_string_equal(back->entered_formula, cases[i].cell->entered_formula);
        } else {
            assert_true(cell_equal(back, cases[i].cell));
            assert_true(cell_equal(cell_copy(a, back), cases[i].cell));
        }
        assert_int_equal(back->format, cases[i].cell->format);
        assert_string_equal(back->pattern ? back->pattern : "-",
                            cases[i].cell->pattern ? cases[i].cell->pattern : "-");
        buf_release(&b);
        arena_free(a);
    }
}

static void anything_else_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "{",
        "[]",
        "{\"t\":}",
        "{\"t\":\"x\"",
        "{\"t\":\"x\",}",
        "{\"n\":\"1\"}",
        "{\"n\":1}x",
        "{\"b\":1}",
        "{\"x\":1}",
        "{\"f\":\"FONT\"}",
        "{\"n\":1\"f\":\"DATE\"}",
        "{\"n\":1,\"p\":\"x\"}",
        "{\"t\":\"x\",\"t\":\"y\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct arena *a = arena_new();
        struct bs_err e = BS_ERR_INIT;
        const struct cell *c;

        assert_int_equal(cell_decode(a, wrong[i], &c, &e), BS_STOP_SYNC);
        assert_int_equal(e.kind, BS_K_STATE);
        arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_have_the_names_of_the_api),
        cmocka_unit_test(cells_are_equal_by_what_they_store),
        cmocka_unit_test(the_raw_hash_tells_apart_what_a_values_read_tells_apart),
        cmocka_unit_test(the_raw_hash_depends_on_the_key),
        cmocka_unit_test(a_cell_is_printed_as_a_person_sees_it),
        cmocka_unit_test(a_cell_is_kept_so_that_undo_can_write_it),
        cmocka_unit_test(anything_else_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
