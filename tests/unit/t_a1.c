/* t_a1.c: A1 references and spreadsheet addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/a1.h"

#include <string.h>

#define OPEN UINT32_MAX

static const struct {
    uint32_t index;
    const char *text;
} columns[] = {{0, "A"},   {25, "Z"},   {26, "AA"},   {51, "AZ"},
               {52, "BA"}, {701, "ZZ"}, {702, "AAA"}, {18277, "ZZZ"}};

static void columns_are_counted_without_a_zero(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        char text[4];
        uint32_t index;
        const char *rest;

        a1_column(columns[i].index, text);
        assert_string_equal(text, columns[i].text);
        assert_true(a1_parse_column(text, &index, &rest));
        assert_int_equal(index, columns[i].index);
        assert_string_equal(rest, "");
    }
}

static void every_column_comes_back(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < A1_COLUMNS_MAX; i++) {
        char text[4];
        uint32_t index;
        const char *rest;

        a1_column(i, text);
        assert_true(a1_parse_column(text, &index, &rest));
        assert_int_equal(index, i);
    }
}

static void a_column_ends_where_its_letters_end(void **state)
{
    uint32_t index;
    const char *rest;

    (void)state;
    assert_true(a1_parse_column("bC12", &index, &rest));
    assert_int_equal(index, 54);
    assert_string_equal(rest, "12");
    assert_false(a1_parse_column("AAAA", &index, &rest));
    assert_false(a1_parse_column("1A", &index, &rest));
    assert_false(a1_parse_column("", &index, &rest));
}

static const struct {
    const char *title; /* NULL: none */
    struct a1_range range;
    const char *text;
} ranges[] = {
    {NULL, {0, 0, 1, 1}, "A1"},
    {"Deals", {0, 2, 1, OPEN}, "'Deals'!A1:C"},
    {"Deals", {0, 25, 2, 1000}, "'Deals'!A2:Z1000"},
    {"Jon's", {3, 3, 7, 7}, "'Jon''s'!D7"},
    {"a!b", {0, OPEN, 2, 2}, "'a!b'!A2:2"},
    {"CO2", {1, OPEN, 3, OPEN}, "'CO2'!B3:ZZZ"},
    {"\xc3\xa4 '' x", {0, 0, 1, OPEN}, "'\xc3\xa4 '''' x'!A1:A"},
};

static void assert_range(const struct a1_range *x, const struct a1_range *y)
{
    assert_int_equal(x->col0, y->col0);
    assert_int_equal(x->col1, y->col1);
    assert_int_equal(x->row0, y->row0);
    assert_int_equal(x->row1, y->row1);
}

static void what_is_printed_is_read_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        struct buf text;
        struct buf title;
        struct a1_range range;

        buf_init(&text, 200);
        buf_init(&title, 200);
        a1_print(&text, ranges[i].title, &ranges[i].range);
        assert_string_equal(text.data, ranges[i].text);
        assert_true(a1_parse(text.data, &title, &range));
        assert_string_equal(title.data, ranges[i].title ? ranges[i].title : "");
        assert_range(&range, &ranges[i].range);
        buf_release(&text);
        buf_release(&title);
    }
}

static void what_google_echoes_is_understood(void **state)
{
    static const struct {
        const char *text, *title;
        struct a1_range range;
    } cases[] = {
        {"Sheet1!A1:Z1000", "Sheet1", {0, 25, 1, 1000}},
        {"'Class Data'!A1:V101", "Class Data", {0, 21, 1, 101}},
        {"'D3'!A1:D4", "D3", {0, 3, 1, 4}},
        {"O'Brien!B2", "O'Brien", {1, 1, 2, 2}},
        {"a!b!C3", "a!b", {2, 2, 3, 3}},
        {"D4:A1", "", {0, 3, 1, 4}},
        {"A:B", "", {0, 1, 1, OPEN}},
        {"1:3", "", {0, OPEN, 1, 3}},
        {"A2:2", "", {0, OPEN, 2, 2}},
        {"A2:B", "", {0, 1, 2, OPEN}},
        {"'Whole sheet'", "Whole sheet", {0, OPEN, 1, OPEN}},
        {"A1:ZZZ10", "", {0, OPEN, 1, 10}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf title;
        struct a1_range range;

        buf_init(&title, 100);
        assert_true(a1_parse(cases[i].text, &title, &range));
        assert_string_equal(title.data, cases[i].title);
        assert_range(&range, &cases[i].range);
        buf_release(&title);
        assert_true(a1_parse(cases[i].text, NULL, &range));
    }
}

static void what_is_no_range_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",    "A",     "1",     "A0",        "A1:",    ":A1",   "A1:B2:C3", "A1 ",
        "!A1", "''!A1", "'x!A1", "'x'A1",     "'x'!",   "AAAA1", "A-1",      "A1:0",
        "x!",  "A1B",   "$A$1",  "A99999999", "A1:B2!", "'",     "''",       "A1:AAAA",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct buf title;
        struct a1_range range;

        buf_init(&title, 100);
        assert_false(a1_parse(wrong[i], &title, &range));
        buf_release(&title);
    }
}

static void a_title_too_long_is_refused(void **state)
{
    struct buf title;
    struct a1_range range;

    (void)state;
    buf_init(&title, 3);
    assert_false(a1_parse("'long'!A1", &title, &range));
    buf_release(&title);
}

#define ID "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms"

static void a_spreadsheet_is_found_in_what_people_paste(void **state)
{
    static const struct {
        const char *address;
        int64_t gid;
    } cases[] = {
        {ID, -1},
        {"https://docs.google.com/spreadsheets/d/" ID, -1},
        {"https://docs.google.com/spreadsheets/d/" ID "/edit", -1},
        {"https://docs.google.com/spreadsheets/d/" ID "/edit#gid=0", 0},
        {"https://docs.google.com/spreadsheets/d/" ID "/edit?gid=17#gid=2145678", 2145678},
        {"https://docs.google.com/spreadsheets/d/" ID "/edit?usp=sharing&gid=5", 5},
        {"https://docs.google.com/spreadsheets/u/1/d/" ID "/edit?usp=sharing", -1},
        {"docs.google.com/spreadsheets/d/" ID "?x=megid=3", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf id;
        int64_t gid = 99;

        buf_init(&id, 300);
        assert_true(a1_parse_spreadsheet(cases[i].address, &id, &gid));
        assert_string_equal(id.data, ID);
        assert_int_equal(gid, cases[i].gid);
        buf_release(&id);
    }
}

static void what_names_no_spreadsheet_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "short",
        "Deals and more words",
        "https://docs.google.com/document/d/" ID "/edit",
        "https://docs.google.com/spreadsheets/",
        "https://docs.google.com/spreadsheets/d/",
        "https://docs.google.com/spreadsheets/d/e/2PACX-1vQ/pubhtml",
        "https://docs.google.com/spreadsheets/d/" ID "%20/edit",
        "https://docs.google.com/spreadsheets/d/" ID "/edit#gid=",
        "https://docs.google.com/spreadsheets/d/" ID "/edit#gid=99999999999",
        ID " ",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct buf id;
        int64_t gid;

        buf_init(&id, 300);
        assert_false(a1_parse_spreadsheet(wrong[i], &id, &gid));
        buf_release(&id);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_counted_without_a_zero),
        cmocka_unit_test(every_column_comes_back),
        cmocka_unit_test(a_column_ends_where_its_letters_end),
        cmocka_unit_test(what_is_printed_is_read_back),
        cmocka_unit_test(what_google_echoes_is_understood),
        cmocka_unit_test(what_is_no_range_is_refused),
        cmocka_unit_test(a_title_too_long_is_refused),
        cmocka_unit_test(a_spreadsheet_is_found_in_what_people_paste),
        cmocka_unit_test(what_names_no_spreadsheet_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
