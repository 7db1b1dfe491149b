/* t_field.c: field types and finding things in a schema. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/field.h"

#include <string.h>

static void every_type_has_a_name_that_leads_back_to_it(void **state)
{
    (void)state;
    for (int i = 0; i < FIELD_TYPE_COUNT; i++) {
        const struct field_type_info *info = field_type_info((enum field_type)i);

        assert_non_null(info->name);
        assert_non_null(info->label);
        assert_true(strlen(info->label) > 0);
        if (i != FIELD_UNKNOWN) {
            assert_int_equal(field_type_from_name(info->name), i);
        }
    }
}

static void a_name_nobody_knows_is_unknown(void **state)
{
    static const char *const names[] = {"", "singlelinetext", "hologram", "text"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(field_type_from_name(names[i]), FIELD_UNKNOWN);
    }
    assert_int_equal(field_type_from_name(NULL), FIELD_UNKNOWN);
}

/* Airtable Web API, "Field types and cell values": the types that take no value are these. */
static void computed_fields_cannot_be_written(void **state)
{
    static const enum field_type read_only[] = {
        FIELD_UNKNOWN,         FIELD_ATTACHMENTS,   FIELD_BUTTON,      FIELD_FORMULA,
        FIELD_ROLLUP,          FIELD_COUNT,         FIELD_LOOKUP,      FIELD_AUTO_NUMBER,
        FIELD_CREATED_TIME,    FIELD_MODIFIED_TIME, FIELD_CREATED_BY,  FIELD_MODIFIED_BY,
        FIELD_EXTERNAL_SOURCE, FIELD_AI_TEXT,       FIELD_MANUAL_SORT,
    };

    (void)state;
    for (int i = 0; i < FIELD_TYPE_COUNT; i++) {
        struct field f = {.type = (enum field_type)i, .result = FIELD_SINGLE_LINE_TEXT};
        bool listed = false;

        for (size_t k = 0; k < sizeof read_only / sizeof read_only[0]; k++) {
            listed = listed || read_only[k] == f.type;
        }
        assert_int_equal(field_writable(&f), !listed);
    }
}

static void a_result_has_the_values_of_its_type(void **state)
{
    static const struct {
        enum field_type type, result, value_type;
        enum value_kind kind;
    } cases[] = {
        {FIELD_NUMBER, FIELD_NUMBER, FIELD_NUMBER, VALUE_NUMBER},
        {FIELD_FORMULA, FIELD_CURRENCY, FIELD_CURRENCY, VALUE_NUMBER},
        {FIELD_ROLLUP, FIELD_DURATION, FIELD_DURATION, VALUE_DURATION},
        {FIELD_FORMULA, FIELD_FORMULA, FIELD_UNKNOWN, VALUE_TEXT},
        {FIELD_FORMULA, FIELD_UNKNOWN, FIELD_UNKNOWN, VALUE_TEXT},
        {FIELD_CREATED_TIME, FIELD_DATE, FIELD_DATE, VALUE_DATE},
        {FIELD_MODIFIED_TIME, FIELD_DATE_TIME, FIELD_DATE_TIME, VALUE_DATETIME},
        {FIELD_LOOKUP, FIELD_NUMBER, FIELD_LOOKUP, VALUE_LIST},
        {FIELD_COUNT, FIELD_COUNT, FIELD_COUNT, VALUE_NUMBER},
        {FIELD_LINKS, FIELD_LINKS, FIELD_LINKS, VALUE_REFS},
        {FIELD_COLLABORATOR, FIELD_COLLABORATOR, FIELD_COLLABORATOR, VALUE_LIST},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct field f = {.type = cases[i].type, .result = cases[i].result};

        assert_int_equal(field_value_type(&f), cases[i].value_type);
        assert_int_equal(field_value_kind(&f), cases[i].kind);
    }
}

static void fields_computed_from_other_records_are_known(void **state)
{
    (void)state;
    for (int i = 0; i < FIELD_TYPE_COUNT; i++) {
        struct field f = {.type = (enum field_type)i, .result = FIELD_NUMBER};

        assert_int_equal(field_crosses_records(&f),
                         i == FIELD_LOOKUP || i == FIELD_ROLLUP || i == FIELD_COUNT);
    }
}

static const struct field fields[] = {
    {.id = "fld1", .name = "Name"},  {.id = "fld2", .name = "name "},
    {.id = "fld3", .name = "fld1"},  {.id = "fld4", .name = "Total"},
    {.id = "fld5", .name = "TOTAL"}, {.id = "fld6", .name = "Unit"},
};
static const struct field_view views[] = {{"viw1", "Grid view", "grid"}, {"viw2", "Open", "grid"}};
static const struct table_schema tables[] = {
    {.id = "tbl1", .name = "Deals", .fields = fields, .n_fields = 6, .views = views, .n_views = 2},
    {.id = "tbl2", .name = "People"},
};
static const struct base_schema base = {"app1", tables, 2};

static void fields_are_found_by_id_then_name_then_unique_folded_name(void **state)
{
    static const struct {
        const char *wanted;
        int index; /* -1: none */
    } cases[] = {{"fld1", 0},  {"fld3", 2},   {"Name", 0},  {"NAME", 0},
                 {"name ", 1}, {"Total", 3},  {"TOTAL", 4}, {"total", -1},
                 {"unit", 5},  {"Units", -1}, {"", -1}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct field *f = table_find_field(&tables[0], cases[i].wanted);

        assert_ptr_equal(f, cases[i].index < 0 ? NULL : &fields[cases[i].index]);
    }
    assert_null(table_find_field(&tables[1], "Name"));
}

static void tables_and_views_are_found_alike(void **state)
{
    (void)state;
    assert_ptr_equal(schema_find_table(&base, "tbl2"), &tables[1]);
    assert_ptr_equal(schema_find_table(&base, "deals"), &tables[0]);
    assert_null(schema_find_table(&base, "Deal"));
    assert_ptr_equal(table_find_view(&tables[0], "viw2"), &views[1]);
    assert_ptr_equal(table_find_view(&tables[0], "grid view"), &views[0]);
    assert_null(table_find_view(&tables[1], "Open"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_has_a_name_that_leads_back_to_it),
        cmocka_unit_test(a_name_nobody_knows_is_unknown),
        cmocka_unit_test(computed_fields_cannot_be_written),
        cmocka_unit_test(a_result_has_the_values_of_its_type),
        cmocka_unit_test(fields_computed_from_other_records_are_known),
        cmocka_unit_test(fields_are_found_by_id_then_name_then_unique_folded_name),
        cmocka_unit_test(tables_and_views_are_found_alike),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
