/* t_decode.c: Airtable's JSON as values: forms that the fields of other types would take. */
#include "remote/airtable_p.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct value *decode(struct arena *a, enum field_type type, const char *text)
{
    bool computed = type == FIELD_CREATED_TIME;
    const struct field f = {
        .id = "fld1", .type = type, .result = computed ? FIELD_DATE_TIME : type, .precision = 2};
    struct bs_err e = BS_ERR_INIT;
    struct json *doc;
    const struct value *v;

    assert_int_equal(json_parse(text, strlen(text), &doc, &e), BS_OK);
    v = airtable_decode(a, &f, json_get(doc, "x"));
    json_free(doc);
    return v;
}

static void a_value_of_another_form_is_an_error_and_never_another_kind(void **state)
{
    static const struct {
        enum field_type type;
        const char *json;
        enum value_kind kind;
    } cases[] = {
        {FIELD_DATE_TIME, "{\"x\":\"2026-01-31T10:00:00.000Z\"}", VALUE_DATETIME},
        {FIELD_DATE_TIME, "{\"x\":\"2026-01-31\"}", VALUE_ERROR}, /* found by fuzz_records */
        {FIELD_DATE_TIME, "{\"x\":7}", VALUE_ERROR},
        {FIELD_CREATED_TIME, "{\"x\":\"2026-01-31\"}", VALUE_DATE},
        {FIELD_DATE, "{\"x\":\"2026-01-31\"}", VALUE_DATE},
        {FIELD_DATE, "{\"x\":\"2026-02-30\"}", VALUE_ERROR},
        {FIELD_NUMBER, "{\"x\":\"1\"}", VALUE_ERROR},
        {FIELD_NUMBER, "{\"x\":0}", VALUE_NUMBER},
        {FIELD_CHECKBOX, "{\"x\":\"true\"}", VALUE_ERROR},
        {FIELD_MULTIPLE_SELECTS, "{\"x\":\"A\"}", VALUE_ERROR},
        {FIELD_SINGLE_LINE_TEXT, "{\"x\":[\"A\"]}", VALUE_ERROR},
        {FIELD_NUMBER, "{\"x\":{\"specialValue\":\"NaN\"}}", VALUE_ERROR},
        {FIELD_NUMBER, "{}", VALUE_EMPTY},
        {FIELD_NUMBER, "{\"x\":null}", VALUE_EMPTY},
    };
    struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct value *v = decode(a, cases[i].type, cases[i].json);

        if (v->kind != cases[i].kind) {
            fail_msg("%s as type %d: kind %d", cases[i].json, cases[i].type, v->kind);
        }
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_of_another_form_is_an_error_and_never_another_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
