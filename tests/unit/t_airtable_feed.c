/* t_airtable_feed.c: what payloads of a webhook say, in the recorded form and in bad ones. */
#include "net/json.h"
#include "remote/airtable_feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define R1 "recMbCU9yOWtAlmYZ"
#define R2 "recWJCBrc52C4szop"
#define HEAD                                                                                       \
    "{\"timestamp\":\"2026-04-24T15:07:42.507Z\",\"baseTransactionNumber\":31,"                    \
    "\"payloadFormat\":\"v0\""
#define TABLE(x) HEAD ",\"changedTablesById\":{\"tbl1\":{" x "}}}"

struct told {
    char text[2048];
    enum bs_rc stop;
};

static enum bs_rc on_event(void *ctx, const struct airtable_event *ev, struct bs_err *e)
{
    static const char *const words[] = {"created", "changed", "destroyed", "schema", "error"};
    struct told *t = ctx;
    size_t n = strlen(t->text);

    snprintf(t->text + n, sizeof t->text - n, "%s %s %s", words[ev->kind],
             ev->kind == EVENT_ERROR ? ev->code : ev->table_id,
             ev->record_id == NULL ? "-" : ev->record_id);
    for (size_t i = 0; ev->kind == EVENT_CHANGED && i < ev->n_fields; i++) {
        n = strlen(t->text);
        snprintf(t->text + n, sizeof t->text - n, " %s", ev->fields[i]);
    }
    n = strlen(t->text);
    snprintf(t->text + n, sizeof t->text - n, ";");
    return t->stop == BS_OK ? BS_OK : bs_fail(e, t->stop, BS_K_NONE, "enough");
}

static enum bs_rc read(const char *text, int64_t cursor, struct told *t,
                       struct airtable_payload_page *page, struct bs_err *e)
{
    struct json *doc = NULL;

    bs_err_clear(e);
    t->text[0] = '\0';
    if (json_parse(text, strlen(text), &doc, e) != BS_OK) {
        fail_msg("%s", e->msg);
    }
    bs_seen(airtable_parse_payloads(doc, cursor, cursor, on_event, t, page, e));
    json_free(doc);
    return e->rc;
}

static void each_kind_of_change_is_told(void **state)
{
    static const struct {
        const char *payload, *want;
    } cases[] = {
        {TABLE("\"createdRecordsById\":{\"" R1 "\":{\"createdTime\":\"2026-04-24T15:07:42.000Z\","
               "\"cellValuesByFieldId\":{\"fld1\":\"x\"}},\"" R2 "\":{}}"),
         "created tbl1 " R1 ";created tbl1 " R2 ";"},
        {TABLE("\"changedRecordsById\":{\"" R1 "\":{\"current\":{\"cellValuesByFieldId\":"
               "{\"fld1\":null,\"fld2\":[{\"id\":\"a\",\"name\":\"b\"}]}}}}"),
         "changed tbl1 " R1 " fld1 fld2;"},
        {TABLE("\"changedRecordsById\":{\"" R1 "\":{}}"), "changed tbl1 " R1 ";"},
        {TABLE("\"destroyedRecordIds\":[\"" R1 "\",\"" R2 "\"]"),
         "destroyed tbl1 " R1 ";destroyed tbl1 " R2 ";"},
        {TABLE("\"createdFieldsById\":{\"fld9\":{\"name\":\"a\",\"type\":\"number\"}}"),
         "schema tbl1 -;"},
        {TABLE("\"changedFieldsById\":{\"fld9\":{\"current\":{\"name\":\"b\"}}}"),
         "schema tbl1 -;"},
        {TABLE("\"destroyedFieldIds\":[\"fld9\"]"), "schema tbl1 -;"},
        {TABLE("\"changedMetadata\":{\"current\":{\"name\":\"T\"}}"), "schema tbl1 -;"},
        {TABLE("\"changedViewsById\":{\"viw1\":{}},\"somethingNew\":7"), ""},
        {HEAD ",\"createdTablesById\":{\"tbl2\":{}},\"destroyedTableIds\":[\"tbl3\"]}",
         "schema tbl2 -;schema tbl3 -;"},
        {HEAD ",\"error\":true,\"code\":\"INVALID_HOOK\"}", "error INVALID_HOOK -;"},
        {HEAD ",\"error\":true}", "error  -;"},
        {HEAD "}", ""},
    };
    struct bs_err e = BS_ERR_INIT;
    struct told t = {.stop = BS_OK};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct airtable_payload_page page;
        char text[2048];

        snprintf(text, sizeof text, "{\"payloads\":[%s],\"cursor\":8,\"mightHaveMore\":true}",
                 cases[i].payload);
        assert_int_equal(read(text, 7, &t, &page, &e), BS_OK);
        assert_string_equal(t.text, cases[i].want);
        assert_int_equal(page.next, 8);
        assert_int_equal(page.n, 1);
        assert_true(page.more);
    }
}

static void what_is_no_answer_is_refused(void **state)
{
    static const char *const cases[] = {
        "{}",
        "{\"payloads\":7,\"cursor\":8}",
        "{\"payloads\":[]}",
        "{\"payloads\":[],\"cursor\":6}",                        /* it went back */
        "{\"payloads\":[" HEAD "}],\"cursor\":7}",               /* it stands still */
        "{\"payloads\":[],\"cursor\":7,\"mightHaveMore\":true}", /* and would for ever */
        "{\"payloads\":[7],\"cursor\":8}",
        "{\"payloads\":[{\"payloadFormat\":\"v0\"}],\"cursor\":8}",
        "{\"payloads\":[" TABLE("\"destroyedRecordIds\":[7]") "],\"cursor\":8}",
        "{\"payloads\":[" TABLE("\"changedRecordsById\":{\"rec' OR 1\":{}}") "],\"cursor\":8}",
    };
    struct bs_err e = BS_ERR_INIT;
    struct told t = {.stop = BS_OK};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct airtable_payload_page page;

        assert_int_equal(read(cases[i], 7, &t, &page, &e), BS_STOP_SYNC);
        assert_int_equal(e.kind, BS_K_REMOTE);
    }
}

static void a_cursor_may_jump_and_an_empty_answer_is_one(void **state)
{
    struct bs_err e = BS_ERR_INIT;
    struct told t = {.stop = BS_OK};
    struct airtable_payload_page page;

    (void)state;
    assert_int_equal(read("{\"payloads\":[],\"cursor\":7}", 7, &t, &page, &e), BS_OK);
    assert_int_equal(page.next, 7);
    assert_false(page.more);
    assert_int_equal(read("{\"payloads\":[" HEAD "}],\"cursor\":90}", 7, &t, &page, &e), BS_OK);
    assert_int_equal(page.next, 90);
}

static void the_reader_may_have_enough(void **state)
{
    struct bs_err e = BS_ERR_INIT;
    struct told t = {.stop = BS_SKIP};
    struct airtable_payload_page page;

    (void)state;
    assert_int_equal(read("{\"payloads\":[" TABLE("\"destroyedRecordIds\":[\"" R1 "\",\"" R2
                                                  "\"]") "],\"cursor\":8}",
                          7, &t, &page, &e),
                     BS_SKIP);
    assert_string_equal(t.text, "destroyed tbl1 " R1 ";");
}

#define GONE(id) TABLE("\"destroyedRecordIds\":[\"" id "\"]")
#define TWO "{\"payloads\":[" GONE(R1) "," GONE(R2) "],\"cursor\":%d,\"mightHaveMore\":false}"

/* An answer that was asked for on behalf of a reader further behind. */
static void what_lies_before_the_own_cursor_is_left_out(void **state)
{
    static const struct {
        int next;
        int64_t wanted;
        const char *want;
    } cases[] = {
        {9, 7, "destroyed tbl1 " R1 ";destroyed tbl1 " R2 ";"},
        {9, 8, "destroyed tbl1 " R2 ";"},
        {9, 9, ""},
        /* some are gone: which number these have is not known */
        {10, 8, "destroyed tbl1 " R1 ";destroyed tbl1 " R2 ";"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct airtable_payload_page page;
        struct bs_err e = BS_ERR_INIT;
        struct told t = {0};
        struct json *doc = NULL;
        char text[1024];

        snprintf(text, sizeof text, TWO, cases[i].next);
        assert_int_equal(json_parse(text, strlen(text), &doc, &e), BS_OK);
        assert_int_equal(airtable_parse_payloads(doc, 7, cases[i].wanted, on_event, &t, &page, &e),
                         BS_OK);
        assert_string_equal(t.text, cases[i].want);
        assert_int_equal(page.next, cases[i].next);
        json_free(doc);
    }
}

/* As airtable_decode would have it of the same cell in a record, or not at all. */
static void cells_of_payloads_are_values_where_that_is_sure(void **state)
{
    static const struct {
        enum field_type type;
        const char *cell, *want; /* NULL: not known */
    } cases[] = {
        {FIELD_SINGLE_LINE_TEXT, "\"x\"", "x"},
        {FIELD_SINGLE_LINE_TEXT, "null", ""},
        {FIELD_NUMBER, "1.5", "1.5"},
        {FIELD_NUMBER, "\"1.5\"", NULL},
        {FIELD_CHECKBOX, "true", "TRUE"},
        {FIELD_CHECKBOX, "false", ""},
        {FIELD_SINGLE_SELECT, "{\"id\":\"sel1\",\"name\":\"Won\",\"color\":\"red\"}", "Won"},
        {FIELD_SINGLE_SELECT, "{\"id\":\"sel1\"}", NULL},
        {FIELD_MULTIPLE_SELECTS, "[{\"id\":\"a\",\"name\":\"x\"},{\"id\":\"b\",\"name\":\"y\"}]",
         "x, y"},
        {FIELD_MULTIPLE_SELECTS, "[{\"id\":\"a\"}]", NULL},
        {FIELD_MULTIPLE_SELECTS, "[\"x\"]", NULL},
        {FIELD_LINKS, "[{\"id\":\"" R1 "\",\"name\":\"Kit\"}]", "Kit"},
        {FIELD_LINKS, "[\"" R1 "\"]", NULL},
        {FIELD_COLLABORATOR, "{\"id\":\"usr1\",\"name\":\"Ann\",\"permissionLevel\":\"edit\"}",
         "Ann"},
        {FIELD_BARCODE, "{\"text\":\"0012\"}", "0012"},
        {FIELD_FORMULA, "{\"error\":\"#ERROR!\"}", NULL},
        {FIELD_FORMULA, "[1,2]", NULL},
        {FIELD_LOOKUP, "{\"valuesByLinkedRecordId\":{},\"linkedRecordIds\":[]}", NULL},
        {FIELD_LOOKUP, "[1]", NULL},
        {FIELD_AI_TEXT, "{\"state\":\"error\",\"errorType\":\"e\",\"value\":null}", NULL},
        {FIELD_UNKNOWN, "\"x\"", NULL},
    };
    struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct field f = {.id = "fld1", .name = "F", .type = cases[i].type};
        struct bs_err e = BS_ERR_INIT;
        struct json *doc = NULL;
        struct buf b;

        assert_int_equal(json_parse(cases[i].cell, strlen(cases[i].cell), &doc, &e), BS_OK);
        const struct value *v = airtable_payload_value(a, &f, doc);

        buf_init(&b, BUF_NO_LIMIT);
        if (v != NULL) {
            value_print(v, &b);
        }
        if ((v == NULL) != (cases[i].want == NULL) ||
            (v != NULL && strcmp(b.data, cases[i].want) != 0)) {
            fail_msg("%s: \"%s\"", cases[i].cell, v == NULL ? "(not known)" : b.data);
        }
        buf_release(&b);
        json_free(doc);
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_of_payloads_are_values_where_that_is_sure),
        cmocka_unit_test(what_lies_before_the_own_cursor_is_left_out),
        cmocka_unit_test(each_kind_of_change_is_told),
        cmocka_unit_test(what_is_no_answer_is_refused),
        cmocka_unit_test(a_cursor_may_jump_and_an_empty_answer_is_one),
        cmocka_unit_test(the_reader_may_have_enough),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
