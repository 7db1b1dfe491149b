/* t_convert.c: cells into values, case by case. Values into cells and equality are in
 * t_convert_cells.c; t_convert_random.c goes there and back at random. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "convert_world.h"

#include <string.h>

/* 2026-01-31 is serial 46053. */
static const struct {
    const struct field *f;
    struct cell cell;
    enum value_kind kind;
    const char *shown; /* by value_print */
} read_cases[] = {
    {&f_text, CT("0012"), VALUE_TEXT, "0012"},
    {&f_text, CT(" spaced "), VALUE_TEXT, " spaced "},
    {&f_text, CT("=1+1"), VALUE_TEXT, "=1+1"},
    {&f_text, CN(1234.5, "1,234.50"), VALUE_TEXT, "1,234.50"},
    {&f_text, CN(12, NULL), VALUE_TEXT, "12"},
    {&f_text, CD(46053, FORMAT_DATE, "1/31/2026"), VALUE_TEXT, "1/31/2026"},
    {&f_text, CB(true, "WAHR"), VALUE_TEXT, "WAHR"},
    {&f_text, CB(false, NULL), VALUE_TEXT, "FALSE"},
    {&f_text, CT(""), VALUE_EMPTY, ""},
    {&f_phone, CT("+49 30 1234"), VALUE_TEXT, "+49 30 1234"},
    {&f_barcode, CT("4006381333931"), VALUE_TEXT, "4006381333931"},
    {&f_number, CN(12.5, "12.50"), VALUE_NUMBER, "12.5"},
    {&f_number, CN(1.005, "1.01"), VALUE_NUMBER, "1.01"},
    {&f_number, CN(-1.005, "-1.01"), VALUE_NUMBER, "-1.01"},
    {&f_number, CT(" -3.25 "), VALUE_NUMBER, "-3.25"},
    {&f_number, CT("   "), VALUE_EMPTY, ""},
    {&f_number, CN(0, "0.00"), VALUE_NUMBER, "0"},
    {&f_whole, CN(1.5, "2"), VALUE_NUMBER, "2"},
    {&f_any_number, CN(0.1 + 0.2, "0.3"), VALUE_NUMBER, "0.3"},
    {&f_currency, CD(97, FORMAT_CURRENCY, "$97.00"), VALUE_NUMBER, "97"},
    {&f_percent, CD(0.501, FORMAT_PERCENT, "50.1%"), VALUE_NUMBER, "0.501"},
    {&f_percent, CT("50%"), VALUE_NUMBER, "0.5"},
    {&f_percent, CT("12.3 %"), VALUE_NUMBER, "0.123"},
    {&f_percent, CT("0.5"), VALUE_NUMBER, "0.5"},
    {&f_rating, CN(5, "5"), VALUE_NUMBER, "5"},
    {&f_rating, CT("3"), VALUE_NUMBER, "3"},
    {&f_rating, CN(0, "0"), VALUE_EMPTY, ""},
    {&f_duration, CD(0.0625, FORMAT_TIME, "1:30:00"), VALUE_DURATION, "1:30:00"},
    {&f_duration, CN(23, "552:00:00"), VALUE_DURATION, "552:00:00"},
    {&f_duration, CT("1:30"), VALUE_DURATION, "1:30:00"},
    {&f_duration, CT("-100:00:05"), VALUE_DURATION, "-100:00:05"},
    {&f_duration, CT("0:00:01.6"), VALUE_DURATION, "0:00:02"},
    {&f_tenths, CT("0:00:01.64"), VALUE_DURATION, "0:00:01.600"},
    {&f_minutes, CT("0:01:07"), VALUE_DURATION, "0:01:07"},
    {&f_checkbox, CB(true, "TRUE"), VALUE_BOOL, "TRUE"},
    {&f_checkbox, CB(false, "FALSE"), VALUE_EMPTY, ""},
    {&f_checkbox, CT("Yes"), VALUE_BOOL, "TRUE"},
    {&f_checkbox, CT("true "), VALUE_BOOL, "TRUE"},
    {&f_checkbox, CT("NO"), VALUE_EMPTY, ""},
    {&f_checkbox, CT("false"), VALUE_EMPTY, ""},
    {&f_checkbox, CN(1, "1"), VALUE_BOOL, "TRUE"},
    {&f_checkbox, CN(0, "0"), VALUE_EMPTY, ""},
    {&f_checkbox, CT("1"), VALUE_BOOL, "TRUE"},
    {&f_date, CD(46053, FORMAT_DATE, "1/31/2026"), VALUE_DATE, "2026-01-31"},
    {&f_date, CD(46053.9999999, FORMAT_DATE_TIME, "1/31/2026 23:59:59"), VALUE_DATE, "2026-01-31"},
    {&f_date, CD(46052.99999999999, FORMAT_DATE, "1/31/2026"), VALUE_DATE, "2026-01-31"},
    {&f_date, CD(-365, FORMAT_DATE, "12/30/1898"), VALUE_DATE, "1898-12-30"},
    {&f_date, CD(-0.5, FORMAT_DATE_TIME, "12/29/1899 12:00"), VALUE_DATE, "1899-12-29"},
    {&f_date, CT(" 2024-02-29 "), VALUE_DATE, "2024-02-29"},
    {&f_datetime, CD(46053.5, FORMAT_DATE_TIME, "x"), VALUE_DATETIME, "2026-01-31T11:00:00.000Z"},
    {&f_datetime, CD(46053, FORMAT_DATE, "x"), VALUE_DATETIME, "2026-01-30T23:00:00.000Z"},
    {&f_datetime, CD(43929.7078062963, FORMAT_DATE_TIME, "x"), VALUE_DATETIME,
     "2020-04-08T14:59:14.464Z"},
    {&f_datetime, CT("2026-07-31"), VALUE_DATETIME, "2026-07-30T22:00:00.000Z"},
    {&f_datetime, CT("2026-07-31 14:30"), VALUE_DATETIME, "2026-07-31T12:30:00.000Z"},
    {&f_datetime, CT("2026-07-31T14:30:15.250"), VALUE_DATETIME, "2026-07-31T12:30:15.250Z"},
    {&f_datetime, CT("2026-07-31T14:30Z"), VALUE_DATETIME, "2026-07-31T14:30:00.000Z"},
    {&f_datetime, CT("2026-07-31T14:30:15.250Z"), VALUE_DATETIME, "2026-07-31T14:30:15.250Z"},
    {&f_datetime, CT("2026-03-29 02:30"), VALUE_DATETIME, "2026-03-29T01:30:00.000Z"},
    {&f_datetime, CT("2026-10-25 02:30"), VALUE_DATETIME, "2026-10-25T00:30:00.000Z"},
    {&f_select, CT("Open"), VALUE_TEXT, "Open"},
    {&f_select, CT("a, b"), VALUE_TEXT, "a, b"},
    {&f_select, CN(2024, "2024"), VALUE_TEXT, "2024"},
    {&f_selects, CT("Closed, Open"), VALUE_LIST, "Closed, Open"},
    {&f_selects, CT("Open, Open,Closed"), VALUE_LIST, "Open, Closed"},
    {&f_selects, CT("\"a, b\", Open"), VALUE_LIST, "\"a, b\", Open"},
    {&f_selects, CT("a, b"), VALUE_LIST, "\"a, b\""},
    {&f_selects, CT(" , "), VALUE_EMPTY, ""},
    {&f_selects, CN(2024, "2024"), VALUE_LIST, "2024"},
    {&f_links, CT("Bob, \"Smith, John\""), VALUE_REFS, "Bob, \"Smith, John\""},
    {&f_links, CT("Smith, John"), VALUE_REFS, "\"Smith, John\""},
    {&f_links, CT("Bob,Bob"), VALUE_REFS, "Bob"},
    {&f_links, CT("recNameless000001"), VALUE_REFS, "recNameless000001"},
    {&f_links, CT("recAnn00000000002"), VALUE_REFS, "recAnn00000000002"},
    {&f_links, CT("\"two\nlines\""), VALUE_REFS, "\"two\nlines\""},
    {&f_other_links, CT("recXYZ00000000001"), VALUE_REFS, "recXYZ00000000001"},
    {&f_person, CT("new@example.org"), VALUE_LIST, "new@example.org"},
    {&f_people, CT("a@example.org, b@example.org"), VALUE_LIST, "a@example.org, b@example.org"},
    {&f_files, CT("a.pdf, \"b, c.png\""), VALUE_LIST, "a.pdf, \"b, c.png\""},
    {&f_lookup, CT("1, 2"), VALUE_LIST, "1, 2"},
};

static void a_cell_becomes_the_value_it_means(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(read_cases); i++) {
        struct bs_err e = BS_ERR_INIT;
        const struct value *v = NULL;

        if (convert_from_cell(&w->ctx, read_cases[i].f, &read_cases[i].cell, NULL, w->a, &v, &e) !=
            BS_OK) {
            fail_msg("case %zu: %s", i, e.msg);
        }
        assert_int_equal(e.rc, BS_OK);
        assert_string_equal(print(w->a, v), read_cases[i].shown);
        assert_int_equal(v->kind, read_cases[i].kind);
    }
}

static const struct {
    const struct field *f;
    struct cell cell;
    enum bs_kind kind;
    const char *sentence;
} refusals[] = {
    {&f_number, CT("abc"), BS_K_VALIDATION, "\"abc\" is not a number; accepted: a number"},
    {&f_number, CT("12,5"), BS_K_VALIDATION, "\"12,5\" is not a number"},
    {&f_number, CT("nan"), BS_K_VALIDATION, "not a number"},
    {&f_number, CT("0x10"), BS_K_VALIDATION, "not a number"},
    {&f_number, CT("50%"), BS_K_VALIDATION, "not a number"},
    {&f_number, CB(true, "TRUE"), BS_K_VALIDATION, "\"TRUE\" is not a number"},
    {&f_number, CD(46024, FORMAT_DATE, "1-2"), BS_K_VALIDATION, "\"1-2\" is not a number"},
    {&f_number, CT("a text that is much longer than anybody wants to read in a log"),
     BS_K_VALIDATION, "\"a text that is much longer than anybody ...\" is not"},
    {&f_percent, CT("%"), BS_K_VALIDATION, "\"%\" is not a percentage"},
    {&f_percent, CT("5%%"), BS_K_VALIDATION, "not a percentage"},
    {&f_rating, CN(7, "7"), BS_K_VALIDATION, "7 is more than 5"},
    {&f_rating, CN(2.5, "2.5"), BS_K_VALIDATION, "from 1 to 5"},
    {&f_rating, CN(-1, "-1"), BS_K_VALIDATION, "from 1 to 5"},
    {&f_rating, CT("five"), BS_K_VALIDATION, "\"five\" is no rating"},
    {&f_duration, CT("90"), BS_K_VALIDATION, "1:30:05"},
    {&f_duration, CT("1:60"), BS_K_VALIDATION, "not a duration"},
    {&f_duration, CT("1:5:60"), BS_K_VALIDATION, "not a duration"},
    {&f_duration, CT("1:05:06x"), BS_K_VALIDATION, "not a duration"},
    {&f_duration, CT("1:05:06.x"), BS_K_VALIDATION, "not a duration"},
    {&f_duration, CT(":05"), BS_K_VALIDATION, "not a duration"},
    {&f_duration, CD(46053, FORMAT_DATE, "1/31/2026"), BS_K_VALIDATION, "not a duration"},
    {&f_checkbox, CT("maybe"), BS_K_VALIDATION, "TRUE or FALSE"},
    {&f_checkbox, CN(2, "2"), BS_K_VALIDATION, "\"2\" is not a check box"},
    {&f_date, CN(46053, "46053"), BS_K_VALIDATION, "\"46053\" is not a date"},
    {&f_date, CD(0.5, FORMAT_TIME, "12:00"), BS_K_VALIDATION, "not a date"},
    {&f_date, CT("2026-02-31"), BS_K_VALIDATION, "such as 2026-01-31"},
    {&f_date, CT("31.01.2026"), BS_K_VALIDATION, "not a date"},
    {&f_date, CT("2026-1-1"), BS_K_VALIDATION, "not a date"},
    {&f_date, CT("2026-01-31 10:00"), BS_K_VALIDATION, "not a date"},
    {&f_date, CT("0000-01-01"), BS_K_VALIDATION, "not a date"},
    {&f_date, CD(1e9, FORMAT_DATE, "x"), BS_K_VALIDATION, "not a date"},
    {&f_date, CD(1e300, FORMAT_DATE, "x"), BS_K_VALIDATION, "not a date"},
    {&f_date, CB(true, "TRUE"), BS_K_VALIDATION, "not a date"},
    {&f_datetime, CN(46053.5, "46053.5"), BS_K_VALIDATION, "not a date and time"},
    {&f_datetime, CT("2026-02-31 10:00"), BS_K_VALIDATION, "not a date and time"},
    {&f_datetime, CT("2026-02-01 25:00"), BS_K_VALIDATION, "not a date and time"},
    {&f_datetime, CT("2026-02-01 10"), BS_K_VALIDATION, "not a date and time"},
    {&f_datetime, CT("tomorrow"), BS_K_VALIDATION, "2026-01-31 14:30"},
    {&f_select, CT("open"), BS_K_VALIDATION, "did you mean \"Open\"?"},
    {&f_select, CT("Colsed"), BS_K_VALIDATION, "did you mean \"Closed\"?"},
    {&f_select, CT("Something else"), BS_K_VALIDATION,
     "accepted: Open, Closed, \"a, b\", 2024, Lost"},
    {&f_select, CT("Open, Closed"), BS_K_VALIDATION, "\"Open, Closed\" is not a choice"},
    {&f_no_choices, CT("Open"), BS_K_VALIDATION, "which has none"},
    {&f_selects, CT("Open, closed"), BS_K_VALIDATION, "\"closed\" is not a choice"},
    {&f_selects, CT("\"Open"), BS_K_VALIDATION, "not closed"},
    {&f_links, CT("Ann"), BS_K_LINKED, "2 records of the linked table are named \"Ann\""},
    {&f_links, CT("Bob, Carl"), BS_K_LINKED, "no record of the linked table is named \"Carl\""},
    {&f_links, CT("recXYZ00000000001"), BS_K_LINKED, "no record"},
    {&f_links, CT("bob"), BS_K_LINKED, "no record"},
    {&f_links, CT("\"Bob"), BS_K_VALIDATION, "not closed"},
    {&f_other_links, CT("Bob"), BS_K_LINKED, "was not read"},
    {&f_person, CT("Ann"), BS_K_VALIDATION, "\"Ann\" is nobody whom the field names now"},
    {&f_person, CT("a@example.org, b@example.org"), BS_K_VALIDATION, "one person"},
    {&f_people, CT("a@example.org, Ann"), BS_K_VALIDATION, "e-mail address"},
    {&f_people, CT("@example.org"), BS_K_VALIDATION, "e-mail address"},
    {&f_people, CT("a@b@c"), BS_K_VALIDATION, "e-mail address"},
};

static void what_a_field_cannot_hold_is_refused_in_words(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct bs_err e = BS_ERR_INIT;
        const struct value *v = NULL;
        enum bs_rc rc =
            convert_from_cell(&w->ctx, refusals[i].f, &refusals[i].cell, NULL, w->a, &v, &e);

        if (rc != BS_SKIP || !strstr(e.msg, refusals[i].sentence)) {
            fail_msg("case %zu (\"%s\"): rc %d, \"%s\"", i, refusals[i].cell.shown, (int)rc, e.msg);
        }
        assert_int_equal(e.kind, refusals[i].kind);
    }
}

static void clearing_a_cell_clears_every_field(void **state)
{
    static const struct cell text_empty = CT("");
    struct world *w = *state;

    for (int t = 0; t < FIELD_TYPE_COUNT; t++) {
        struct field f = F(.type = (enum field_type)t, .result = FIELD_NUMBER);
        const struct value *v = NULL;

        assert_int_equal(convert_from_cell(&w->ctx, &f, &cell_empty, NULL, w->a, &v, NULL), BS_OK);
        assert_int_equal(v->kind, VALUE_EMPTY);
        assert_int_equal(convert_from_cell(&w->ctx, &f, &text_empty, NULL, w->a, &v, NULL), BS_OK);
        assert_int_equal(v->kind, VALUE_EMPTY);
    }
}

static void an_error_in_a_cell_is_an_error_for_every_field(void **state)
{
    static const struct cell error = {.kind = CELL_ERROR, .text = "#DIV/0!", .shown = "#DIV/0!"};
    struct world *w = *state;

    for (int t = 0; t < FIELD_TYPE_COUNT; t++) {
        struct field f = F(.type = (enum field_type)t, .result = FIELD_NUMBER);
        const struct value *v = NULL;

        assert_int_equal(convert_from_cell(&w->ctx, &f, &error, NULL, w->a, &v, NULL), BS_OK);
        assert_int_equal(v->kind, VALUE_ERROR);
        assert_string_equal(v->u.text, "#DIV/0!");
    }
}

/* ---- links and people that the record holds already ---- */

static void links_already_there_settle_doubled_names(void **state)
{
    static const struct value_item items[] = {{.text = "Ann", .id = "recAnn00000000002"},
                                              {.text = "Ann", .id = "recAnn00000000001"}};
    static const struct value one = {.kind = VALUE_REFS, .u.list = {items, 1}};
    static const struct value both = {.kind = VALUE_REFS, .u.list = {items, 2}};
    static const struct cell bob_ann = CT("Bob, Ann");
    static const struct cell ann_ann = CT("Ann, Ann");
    struct world *w = *state;
    const struct value *v;

    assert_int_equal(convert_from_cell(&w->ctx, &f_links, &bob_ann, &one, w->a, &v, NULL), BS_OK);
    assert_string_equal(v->u.list.items[0].id, "recBob00000000001");
    assert_string_equal(v->u.list.items[1].id, "recAnn00000000002");
    assert_int_equal(convert_from_cell(&w->ctx, &f_links, &ann_ann, &both, w->a, &v, NULL), BS_OK);
    assert_int_equal(v->u.list.n, 2);
    assert_string_equal(v->u.list.items[0].id, "recAnn00000000002");
    assert_string_equal(v->u.list.items[1].id, "recAnn00000000001");
    assert_int_equal(convert_from_cell(&w->ctx, &f_links, &ann_ann, &one, w->a, &v, NULL),
                     BS_SKIP); /* who is the second one? */
}

static void links_resolve_to_the_record_named(void **state)
{
    static const struct cell cell = CT("\"Smith, John\", recAnn00000000001, \"two\nlines\"");
    struct world *w = *state;
    const struct value *v;

    assert_int_equal(convert_from_cell(&w->ctx, &f_links, &cell, NULL, w->a, &v, NULL), BS_OK);
    assert_int_equal(v->u.list.n, 3);
    assert_string_equal(v->u.list.items[0].id, "recSmith000000001");
    assert_string_equal(v->u.list.items[1].id, "recAnn00000000001");
    assert_string_equal(v->u.list.items[2].id, "recLines000000001");
}

static void records_and_choices_are_created_only_when_allowed(void **state)
{
    static const struct cell new_names = CT("Bob, Carl, Carl");
    static const struct cell john = CT("Smith, John");
    static const struct cell ann = CT("Ann, Carl");
    static const struct cell new_choice = CT("Won");
    static const struct cell new_choices = CT("Open, Won");
    static const struct cell breaks = CT("\"a\rb\", \"a\r\nb\"");
    struct world *w = *state;
    struct bs_err e = BS_ERR_INIT;
    const struct value *v;

    w->ctx.create_links = true;
    w->ctx.create_choices = true;
    assert_int_equal(convert_from_cell(&w->ctx, &f_links, &new_names, NULL, w->a, &v, &e), BS_OK);
    assert_int_equal(e.rc, BS_OK);
    assert_int_equal(v->u.list.n, 2);
    assert_string_equal(v->u.list.items[0].id, "recBob00000000001");
    assert_null(v->u.list.items[1].id);
    assert_string_equal(v->u.list.items[1].text, "Carl");
    /* one record that exists is meant, not two new ones */
    assert_int_equal(convert_from_cell(&w->ctx, &f_links, &john, NULL, w->a, &v, NULL), BS_OK);
    assert_int_equal(v->u.list.n, 1);
    assert_string_equal(v->u.list.items[0].id, "recSmith000000001");
    /* a doubled name stays an error, and a table not read says nothing of who is missing */
    assert_int_equal(convert_from_cell(&w->ctx, &f_links, &ann, NULL, w->a, &v, NULL), BS_SKIP);
    assert_int_equal(convert_from_cell(&w->ctx, &f_other_links, &new_names, NULL, w->a, &v, NULL),
                     BS_SKIP);
    assert_int_equal(convert_from_cell(&w->ctx, &f_select, &new_choice, NULL, w->a, &v, NULL),
                     BS_OK);
    assert_string_equal(v->u.text, "Won");
    assert_int_equal(convert_from_cell(&w->ctx, &f_selects, &new_choices, NULL, w->a, &v, NULL),
                     BS_OK);
    assert_string_equal(print(w->a, v), "Open, Won");
    /* a sheet knows one kind of line break, so this is one name */
    assert_int_equal(convert_from_cell(&w->ctx, &f_selects, &breaks, NULL, w->a, &v, NULL), BS_OK);
    assert_string_equal(print(w->a, v), "\"a\nb\"");
}

static void ids_stand_for_links_when_names_are_not_resolved(void **state)
{
    static const struct cell id = CT("recXYZ00000000001");
    static const struct cell name = CT("Bob");
    static const struct cell odd = CT("recXYZ0000000000-");
    struct world *w = *state;
    const struct value *v;

    w->ctx.links = NULL;
    assert_int_equal(convert_from_cell(&w->ctx, &f_links, &id, NULL, w->a, &v, NULL), BS_OK);
    assert_string_equal(v->u.list.items[0].id, "recXYZ00000000001");
    assert_int_equal(convert_from_cell(&w->ctx, &f_links, &name, NULL, w->a, &v, NULL), BS_SKIP);
    assert_int_equal(convert_from_cell(&w->ctx, &f_links, &odd, NULL, w->a, &v, NULL), BS_SKIP);
}

static void of_a_table_known_in_part_texts_are_taken_as_they_are(void **state)
{
    static const struct cell names = CT("Bob, Kit");
    struct world *w = *state;
    struct links *all = links_new(), *some = links_new();
    const struct value *v, *known;

    links_add(all, f_links.linked_table, "recBob00000000001", "Bob");
    links_add(all, f_links.linked_table, "recKit00000000001", "Kit");
    links_mark_complete(all, f_links.linked_table);
    links_add(some, f_links.linked_table, "recBob00000000001", "Bob");
    w->ctx.links = all;
    assert_int_equal(convert_from_cell(&w->ctx, &f_links, &names, NULL, w->a, &known, NULL), BS_OK);
    w->ctx.links = some;
    assert_int_equal(convert_from_cell(&w->ctx, &f_links, &names, NULL, w->a, &v, NULL), BS_SKIP);
    links_mark_partial(some, f_links.linked_table);
    assert_int_equal(convert_from_cell(&w->ctx, &f_links, &names, NULL, w->a, &v, NULL), BS_OK);
    assert_null(v->u.list.items[1].id);
    assert_true(convert_hash(&w->ctx, &f_links, v) == convert_hash(&w->ctx, &f_links, known));
    links_free(all);
    links_free(some);
}

static void a_person_is_known_by_name_or_address(void **state)
{
    static const struct value_item items[] = {
        {.text = "Smith, John", .id = "usr1", .alt = "john@example.org"},
        {.text = "Ann", .id = "usr2", .alt = "ann@example.org"}};
    static const struct value both = {.kind = VALUE_LIST, .u.list = {items, 2}};
    static const struct value john = {.kind = VALUE_LIST, .u.list = {items, 1}};
    static const struct cell names = CT("Ann, \"Smith, John\"");
    static const struct cell address = CT("ANN@example.org");
    static const struct cell bare = CT("Smith, John");
    struct world *w = *state;
    const struct value *v;

    assert_int_equal(convert_from_cell(&w->ctx, &f_people, &names, &both, w->a, &v, NULL), BS_OK);
    assert_string_equal(v->u.list.items[0].id, "usr2");
    assert_string_equal(v->u.list.items[1].id, "usr1");
    assert_int_equal(convert_from_cell(&w->ctx, &f_people, &address, &both, w->a, &v, NULL), BS_OK);
    assert_string_equal(v->u.list.items[0].id, "usr2");
    assert_string_equal(v->u.list.items[0].text, "Ann");
    assert_int_equal(convert_from_cell(&w->ctx, &f_person, &bare, &john, w->a, &v, NULL), BS_OK);
    assert_string_equal(v->u.list.items[0].id, "usr1");
}

static void a_wall_time_that_came_twice_keeps_its_instant(void **state)
{
    struct world *w = *state;
    struct value second = {.kind = VALUE_DATETIME};
    const struct cell *cell;
    const struct value *v;

    assert_true(clock_parse("2026-10-25T01:30:00Z", &second.u.ms));
    assert_int_equal(convert_to_cell(&w->ctx, &f_datetime, &second, w->a, &cell, NULL), BS_OK);
    assert_int_equal(convert_from_cell(&w->ctx, &f_datetime, cell, &second, w->a, &v, NULL), BS_OK);
    assert_int_equal(v->u.ms, second.u.ms);
    assert_int_equal(convert_from_cell(&w->ctx, &f_datetime, cell, NULL, w->a, &v, NULL), BS_OK);
    assert_int_equal(v->u.ms, second.u.ms - 3600000);
}

/* ---- fields that are only read ---- */

static void a_computed_field_takes_any_cell(void **state)
{
    static const struct {
        const struct field *f;
        struct cell cell;
        enum value_kind kind;
        const char *shown;
    } cases[] = {
        {&f_formula_number, CT("abc"), VALUE_TEXT, "abc"},
        {&f_formula_number, CD(46053, FORMAT_DATE, "1/31/2026"), VALUE_NUMBER, "46053"},
        {&f_formula_date, CN(46053, "46053"), VALUE_DATE, "2026-01-31"},
        {&f_formula_date, CT("soon"), VALUE_TEXT, "soon"},
        {&f_formula_select, CT("No choice"), VALUE_TEXT, "No choice"},
        {&f_lookup, CT("\"x"), VALUE_TEXT, "\"x"},
        {&f_created_by, CT("Ann"), VALUE_LIST, "Ann"},
        {&f_count, CB(true, "TRUE"), VALUE_TEXT, "TRUE"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bs_err e = BS_ERR_INIT;
        const struct value *v = NULL;

        assert_int_equal(convert_from_cell(&w->ctx, cases[i].f, &cases[i].cell, NULL, w->a, &v, &e),
                         BS_OK);
        assert_int_equal(e.rc, BS_OK);
        assert_int_equal(v->kind, cases[i].kind);
        assert_string_equal(print(w->a, v), cases[i].shown);
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, make_world, free_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_cell_becomes_the_value_it_means),
        T(what_a_field_cannot_hold_is_refused_in_words),
        T(clearing_a_cell_clears_every_field),
        T(an_error_in_a_cell_is_an_error_for_every_field),
        T(links_already_there_settle_doubled_names),
        T(links_resolve_to_the_record_named),
        T(records_and_choices_are_created_only_when_allowed),
        T(ids_stand_for_links_when_names_are_not_resolved),
        T(of_a_table_known_in_part_texts_are_taken_as_they_are),
        T(a_person_is_known_by_name_or_address),
        T(a_wall_time_that_came_twice_keeps_its_instant),
        T(a_computed_field_takes_any_cell),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
