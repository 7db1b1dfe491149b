/* t_convert_cells.c: values into cells, what is equal, and what columns look like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "convert_world.h"

#include <string.h>

#define HASH_EMPTY UINT64_C(0xc9e55028d55cbc58)
#define HASH_TEXT UINT64_C(0x18ef85586ce6287d)
#define HASH_NUMBER UINT64_C(0x1ef3c23a37c1b7a9)
#define HASH_LIST UINT64_C(0x113f5f05102fef1d)

/* ---- values to cells ---- */

static const struct value_item two_items[] = {{.text = "Smith, John", .id = "recSmith000000001"},
                                              {.text = "Bob", .id = "recBob00000000001"}};
static const struct value_item lines[] = {{.text = "a\r\nb"}};

#define VT(s)                                                                                      \
    {                                                                                              \
        .kind = VALUE_TEXT, .u.text = (s)                                                          \
    }
#define VN(n)                                                                                      \
    {                                                                                              \
        .kind = VALUE_NUMBER, .u.number = (n)                                                      \
    }
#define VL(k, i)                                                                                   \
    {                                                                                              \
        .kind = (k), .u.list = {(i), COUNT(i) }                                                    \
    }

static const struct {
    const struct field *f;
    struct value value;
    struct cell cell;
} write_cases[] = {
    {&f_text, VT("0012"), {.kind = CELL_TEXT, .text = "0012", .format = FORMAT_TEXT}},
    {&f_text, VT("=1+1"), {.kind = CELL_TEXT, .text = "=1+1", .format = FORMAT_TEXT}},
    {&f_long, VT("a\r\nb\rc\n"), {.kind = CELL_TEXT, .text = "a\nb\nc\n", .format = FORMAT_TEXT}},
    {&f_rich,
     VT("#h\n* a\n  + b\n- c\n*em* x\n\n"),
     {.kind = CELL_TEXT, .text = "#h\n- a\n  - b\n- c\n*em* x", .format = FORMAT_TEXT}},
    {&f_rich, VT("\n"), {.kind = CELL_EMPTY, .format = FORMAT_TEXT}},
    {&f_number,
     VN(0.1 + 0.2),
     {.kind = CELL_NUMBER, .number = 0.3, .format = FORMAT_NUMBER, .pattern = "0.00"}},
    {&f_number,
     VN(2.675),
     {.kind = CELL_NUMBER, .number = 2.68, .format = FORMAT_NUMBER, .pattern = "0.00"}},
    {&f_whole,
     VN(-0.4),
     {.kind = CELL_NUMBER, .number = 0, .format = FORMAT_NUMBER, .pattern = "0"}},
    {&f_whole,
     VN(12345678901234567.0),
     {.kind = CELL_NUMBER, .number = 12345678901234567.0, .format = FORMAT_NUMBER, .pattern = "0"}},
    {&f_any_number, VN(9007199254740991.0), {.kind = CELL_NUMBER, .number = 9007199254740991.0}},
    {&f_any_number, VN(1e-7 / 3), {.kind = CELL_NUMBER, .number = 3.33333333333333e-8}},
    {&f_percent,
     VN(0.29999999999999877),
     {.kind = CELL_NUMBER, .number = 0.3, .format = FORMAT_PERCENT, .pattern = "0.0%"}},
    {&f_currency,
     VN(97),
     {.kind = CELL_NUMBER, .number = 97, .format = FORMAT_CURRENCY, .pattern = "\"$\"#,##0.00"}},
    {&f_rating, VN(3), {.kind = CELL_NUMBER, .number = 3, .format = FORMAT_NUMBER, .pattern = "0"}},
    {&f_count, VN(0), {.kind = CELL_NUMBER, .number = 0, .format = FORMAT_NUMBER, .pattern = "0"}},
    {&f_duration,
     {.kind = VALUE_DURATION, .u.number = 5400.2},
     {.kind = CELL_NUMBER, .number = 0.0625, .format = FORMAT_TIME, .pattern = "[h]:mm:ss"}},
    {&f_checkbox, {.kind = VALUE_BOOL, .u.boolean = true}, {.kind = CELL_BOOL, .boolean = true}},
    {&f_checkbox, {.kind = VALUE_EMPTY}, {.kind = CELL_BOOL}},
    {&f_date,
     {.kind = VALUE_DATE, .u.days = 20484},
     {.kind = CELL_NUMBER, .number = 46053, .format = FORMAT_DATE, .pattern = "yyyy-mm-dd"}},
    {&f_date,
     {.kind = VALUE_DATE, .u.days = -25570},
     {.kind = CELL_NUMBER, .number = -1, .format = FORMAT_DATE, .pattern = "yyyy-mm-dd"}},
    {&f_datetime,
     {.kind = VALUE_DATETIME, .u.ms = INT64_C(1769857200000)}, /* 2026-01-31T11:00:00Z */
     {.kind = CELL_NUMBER,
      .number = 46053.5,
      .format = FORMAT_DATE_TIME,
      .pattern = "yyyy-mm-dd hh:mm"}},
    {&f_select, VT("a, b"), {.kind = CELL_TEXT, .text = "a, b", .format = FORMAT_TEXT}},
    {&f_links,
     VL(VALUE_REFS, two_items),
     {.kind = CELL_TEXT, .text = "\"Smith, John\", Bob", .format = FORMAT_TEXT}},
    {&f_lookup,
     VL(VALUE_LIST, lines),
     {.kind = CELL_TEXT, .text = "\"a\nb\"", .format = FORMAT_TEXT}},
    {&f_number, {.kind = VALUE_EMPTY}, {.kind = CELL_EMPTY, .format = FORMAT_NUMBER}},
    /* what a computed field holds may be of another kind than its type says */
    {&f_formula_number, VT("n/a"), {.kind = CELL_TEXT, .text = "n/a", .format = FORMAT_NUMBER}},
    {&f_formula_number, VT("12.5"), {.kind = CELL_NUMBER, .number = 12.5, .format = FORMAT_NUMBER}},
    {&f_formula_text, VN(5), {.kind = CELL_TEXT, .text = "5", .format = FORMAT_TEXT}},
    {&f_formula_text,
     VL(VALUE_LIST, two_items),
     {.kind = CELL_TEXT, .text = "\"Smith, John\", Bob", .format = FORMAT_TEXT}},
};

static void a_value_becomes_a_cell_that_nothing_parses(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(write_cases); i++) {
        const struct cell *wanted = &write_cases[i].cell;
        const struct cell *c = NULL;

        assert_int_equal(
            convert_to_cell(&w->ctx, write_cases[i].f, &write_cases[i].value, w->a, &c, NULL),
            BS_OK);
        if (!cell_equal(c, wanted) || c->format != wanted->format) {
            fail_msg("case %zu: kind %d, %.17g, \"%s\", format %d", i, (int)c->kind, c->number,
                     c->text ? c->text : "", (int)c->format);
        }
        if (wanted->pattern) {
            assert_string_equal(c->pattern, wanted->pattern);
        }
        assert_false(c->formula);
    }
}

static void a_value_too_large_for_a_cell_is_refused(void **state)
{
    struct world *w = *state;
    struct value early = {.kind = VALUE_DATE, .u.days = civil_to_days(0, 12, 31)};
    struct value late = {.kind = VALUE_DATETIME, .u.ms = VALUE_MS_MAX};
    char *text = arena_alloc(w->a, 3 * CELL_TEXT_MAX + 10);
    struct bs_err e = BS_ERR_INIT;
    const struct cell *c;
    size_t len = 0;

    while (len < 2 * (size_t)CELL_TEXT_MAX) { /* an emoji is two units in four bytes */
        memcpy(text + len, "\xf0\x9f\x98\x80", 4);
        len += 4;
    }
    assert_int_equal(convert_to_cell(&w->ctx, &f_text, value_text(w->a, text), w->a, &c, &e),
                     BS_OK);
    text[len] = 'x';
    assert_int_equal(convert_to_cell(&w->ctx, &f_text, value_text(w->a, text), w->a, &c, &e),
                     BS_SKIP);
    assert_non_null(strstr(e.msg, "50001 characters"));
    assert_int_equal(convert_to_cell(&w->ctx, &f_date, &early, w->a, &c, &e), BS_SKIP);
    assert_non_null(strstr(e.msg, "years 1 to 9999"));
    assert_int_equal(convert_to_cell(&w->ctx, &f_datetime, &late, w->a, &c, &e), BS_SKIP);
}

/* ---- equality ---- */

static const struct value_item named[] = {{.text = "Ann", .id = "rec1"}, {.text = "Bob"}};
static const struct value_item renamed[] = {{.text = "Ann", .id = "rec9"}, {.text = "Bob"}};
static const struct value_item swapped[] = {{.text = "Bob"}, {.text = "Ann"}};
static const struct value_item joined[] = {{.text = "AnnBob"}};

static const struct {
    const struct field *f;
    struct value a, b;
    bool equal;
} hash_cases[] = {
    {&f_number, VN(0.1 + 0.2), VN(0.3), true},
    {&f_number, VN(0.3), VN(0.31), false},
    {&f_number, VN(-0.0), VN(0), true},
    {&f_number, VN(0), {.kind = VALUE_EMPTY}, false},
    {&f_number, VN(1), VN(-1), false},
    {&f_any_number, VN(3.3000000000000003), VN(3.3), true},
    {&f_any_number, VN(3.30000000000001), VN(3.3), false},
    {&f_percent, VN(0.29999999999999877), VN(0.3), true},
    {&f_percent, VN(0.3004), VN(0.3), true},
    {&f_percent, VN(0.301), VN(0.3), false},
    {&f_rating, VN(0), {.kind = VALUE_EMPTY}, true},
    {&f_text, VT("a\r\nb"), VT("a\nb"), true},
    {&f_text, VT("a "), VT("a"), false},
    {&f_text, VT("a\n"), VT("a"), false},
    {&f_text, VT("A"), VT("a"), false},
    {&f_rich, VT("a\n"), VT("a"), true},
    {&f_rich, VT("* a\n+ b\n"), VT("- a\n- b"), true},
    {&f_rich, VT("\n"), {.kind = VALUE_EMPTY}, true},
    {&f_rich, VT("*a*"), VT("-a*"), false},
    {&f_duration,
     {.kind = VALUE_DURATION, .u.number = 5.4},
     {.kind = VALUE_DURATION, .u.number = 5},
     true},
    {&f_tenths,
     {.kind = VALUE_DURATION, .u.number = 5.4},
     {.kind = VALUE_DURATION, .u.number = 5},
     false},
    {&f_checkbox, {.kind = VALUE_BOOL, .u.boolean = false}, {.kind = VALUE_EMPTY}, true},
    {&f_checkbox, {.kind = VALUE_BOOL, .u.boolean = true}, {.kind = VALUE_EMPTY}, false},
    {&f_date, {.kind = VALUE_DATE, .u.days = 1}, {.kind = VALUE_DATE, .u.days = 2}, false},
    /* 2026-10-25T00:30Z and T01:30Z are both 02:30 in Berlin */
    {&f_datetime,
     {.kind = VALUE_DATETIME, .u.ms = INT64_C(1792888200000)},
     {.kind = VALUE_DATETIME, .u.ms = INT64_C(1792891800000)},
     true},
    {&f_datetime,
     {.kind = VALUE_DATETIME, .u.ms = INT64_C(1792888200000)},
     {.kind = VALUE_DATETIME, .u.ms = INT64_C(1792888200001)},
     false},
    {&f_links, VL(VALUE_REFS, named), VL(VALUE_REFS, renamed), true},
    {&f_links, VL(VALUE_REFS, named), VL(VALUE_REFS, swapped), false},
    {&f_selects, VL(VALUE_LIST, named), VL(VALUE_LIST, joined), false},
    {&f_lookup, VL(VALUE_LIST, lines), VL(VALUE_LIST, named), false},
    {&f_formula_text, VL(VALUE_LIST, swapped), VT("Bob, Ann"), true},
    {&f_formula_number, VT("12.5"), VN(12.5), true},
    {&f_formula_number, VT("abc"), VT("abd"), false},
};

static void equal_values_have_equal_hashes(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(hash_cases); i++) {
        uint64_t a = convert_hash(&w->ctx, hash_cases[i].f, &hash_cases[i].a);
        uint64_t b = convert_hash(&w->ctx, hash_cases[i].f, &hash_cases[i].b);

        assert_true(a != 0 && b != 0);
        if ((a == b) != hash_cases[i].equal) {
            fail_msg("case %zu", i);
        }
    }
}

static void nothing_is_equal_for_every_type_and_hashes_are_keyed(void **state)
{
    struct world *w = *state;
    struct convert_ctx other = w->ctx;
    uint64_t empty = convert_hash(&w->ctx, &f_text, &value_empty);

    other.key.k1++;
    for (int t = 0; t < FIELD_TYPE_COUNT; t++) {
        struct field f = F(.type = (enum field_type)t, .result = FIELD_DATE);

        assert_true(convert_hash(&w->ctx, &f, &value_empty) == empty);
    }
    assert_true(convert_hash(&other, &f_text, &value_empty) != empty);
    assert_true(convert_hash(&other, &f_text, value_text(w->a, "x")) !=
                convert_hash(&w->ctx, &f_text, value_text(w->a, "x")));
}

/* The hashes are stored: a change here makes every cell of every user look edited once. */
static void hashes_stay_what_they_are(void **state)
{
    struct world *w = *state;
    struct value number = VN(12.5);
    struct value list = VL(VALUE_REFS, two_items);

    assert_true(convert_hash(&w->ctx, &f_text, &value_empty) == HASH_EMPTY);
    assert_true(convert_hash(&w->ctx, &f_text, value_text(w->a, "x")) == HASH_TEXT);
    assert_true(convert_hash(&w->ctx, &f_number, &number) == HASH_NUMBER);
    assert_true(convert_hash(&w->ctx, &f_links, &list) == HASH_LIST);
}

/* ---- names, formats, descriptions ---- */

static void links_get_their_names(void **state)
{
    static const struct value_item ids[] = {{.text = "x", .id = "recBob00000000001"},
                                            {.text = "y", .id = "recNameless000001"},
                                            {.text = "z", .id = "recUnknown0000001"},
                                            {.text = "new"}};
    struct value refs = VL(VALUE_REFS, ids);
    struct value text = VT("x");
    struct world *w = *state;

    assert_string_equal(print(w->a, convert_name_refs(&w->ctx, &f_links, &refs, w->a)),
                        "Bob, recNameless000001, recUnknown0000001, new");
    assert_ptr_equal(convert_name_refs(&w->ctx, &f_text, &text, w->a), &text);
    w->ctx.links = NULL;
    assert_ptr_equal(convert_name_refs(&w->ctx, &f_links, &refs, w->a), &refs);
}

static void columns_get_the_format_of_their_field(void **state)
{
    static const struct {
        struct field f;
        enum cell_format_type type;
        const char *pattern;
    } cases[] = {
        {F(.type = FIELD_NUMBER, .precision = 0), FORMAT_NUMBER, "0"},
        {F(.type = FIELD_NUMBER, .precision = 8), FORMAT_NUMBER, "0.00000000"},
        {F(.type = FIELD_NUMBER, .precision = 99), FORMAT_NUMBER, "0.00000000"},
        {F(.type = FIELD_NUMBER, .precision = -1), FORMAT_AUTO, NULL},
        {F(.type = FIELD_FORMULA, .result = FIELD_PERCENT, .precision = 0), FORMAT_PERCENT, "0%"},
        {F(.type = FIELD_CURRENCY, .precision = 0, .symbol = "\xe2\x82\xac"), FORMAT_CURRENCY,
         "\"\xe2\x82\xac\"#,##0"},
        {F(.type = FIELD_CURRENCY, .precision = 2, .symbol = "\"x\""), FORMAT_CURRENCY,
         "\"x\"#,##0.00"},
        {F(.type = FIELD_CURRENCY, .precision = 2), FORMAT_CURRENCY, "#,##0.00"},
        {F(.type = FIELD_DURATION, .duration_format = "h:mm"), FORMAT_TIME, "[h]:mm"},
        {F(.type = FIELD_DURATION, .duration_format = "h:mm:ss"), FORMAT_TIME, "[h]:mm:ss"},
        {F(.type = FIELD_DURATION, .duration_format = "h:mm:ss.SSS"), FORMAT_TIME, "[h]:mm:ss.000"},
        {F(.type = FIELD_DURATION), FORMAT_TIME, "[h]:mm:ss"},
        {F(.type = FIELD_DATE), FORMAT_DATE, "yyyy-mm-dd"},
        {F(.type = FIELD_DATE, .date_format = "us"), FORMAT_DATE, "m/d/yyyy"},
        {F(.type = FIELD_DATE, .date_format = "european"), FORMAT_DATE, "d/m/yyyy"},
        {F(.type = FIELD_DATE, .date_format = "friendly"), FORMAT_DATE, "mmmm d, yyyy"},
        {F(.type = FIELD_DATE, .date_format = "local"), FORMAT_DATE, NULL},
        {F(.type = FIELD_DATE_TIME, .date_format = "us", .time_format = "12hour"), FORMAT_DATE_TIME,
         "m/d/yyyy h:mm am/pm"},
        {F(.type = FIELD_CREATED_TIME, .result = FIELD_DATE_TIME), FORMAT_DATE_TIME,
         "yyyy-mm-dd hh:mm"},
        {F(.type = FIELD_AUTO_NUMBER), FORMAT_NUMBER, "0"},
        {F(.type = FIELD_LINKS), FORMAT_TEXT, "@"},
        {F(.type = FIELD_LOOKUP, .result = FIELD_NUMBER), FORMAT_TEXT, "@"},
        {F(.type = FIELD_CHECKBOX), FORMAT_AUTO, NULL},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct column_format format = convert_column_format(&cases[i].f, w->a);

        assert_int_equal(format.type, cases[i].type);
        assert_string_equal(format.pattern ? format.pattern : "-",
                            cases[i].pattern ? cases[i].pattern : "-");
    }
}

static void only_selects_and_check_boxes_have_a_rule(void **state)
{
    (void)state;
    for (int t = 0; t < FIELD_TYPE_COUNT; t++) {
        struct field f = F(.type = (enum field_type)t, .result = FIELD_CHECKBOX);

        assert_int_equal(convert_column_rule(&f), t == FIELD_SINGLE_SELECT ? RULE_ONE_OF_LIST
                                                  : t == FIELD_CHECKBOX    ? RULE_CHECKBOX
                                                                           : RULE_NONE);
    }
}

static void every_type_is_described_with_its_direction(void **state)
{
    (void)state;
    for (int t = 0; t < FIELD_TYPE_COUNT; t++) {
        const char *text = convert_describe((enum field_type)t);

        assert_non_null(text);
        assert_non_null(strstr(text, field_type_info((enum field_type)t)->writable
                                         ? "both ways"
                                         : "to the sheet only"));
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, make_world, free_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_value_becomes_a_cell_that_nothing_parses),
        T(a_value_too_large_for_a_cell_is_refused),
        T(equal_values_have_equal_hashes),
        T(nothing_is_equal_for_every_type_and_hashes_are_keyed),
        T(hashes_stay_what_they_are),
        T(links_get_their_names),
        T(columns_get_the_format_of_their_field),
        T(only_selects_and_check_boxes_have_a_rule),
        T(every_type_is_described_with_its_direction),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
