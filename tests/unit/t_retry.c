/* t_retry.c: the retry table, outcome by outcome, and the error bodies of the services. */
#include "base/str.h"
#include "net/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One letter per action, in the order of the enumeration. */
static const char letters[] = "D" /* done */
                              "r" /* retry */
                              "p" /* penalty */
                              "a" /* new access token */
                              "s" /* split */
                              "u" /* unsure */
                              "l" /* list again */
                              "g" /* gone */
                              "F" /* fail */;

#define NOT_SENT (-1)
#define LOST (-2)
#define TOO_LARGE (-3)
#define ABORTED (-4)

static struct http_response response(int status)
{
    struct http_response r = {.status = status > 0 ? status : 0, .retry_after_ms = -1};

    r.outcome = status == NOT_SENT    ? HTTP_NOT_SENT
                : status == LOST      ? HTTP_LOST
                : status == TOO_LARGE ? HTTP_TOO_LARGE
                : status == ABORTED   ? HTTP_ABORTED
                                      : HTTP_ANSWERED;
    return r;
}

struct expected {
    int status;
    const char *code;
    const char *actions; /* of a read, a write by id, a create */
    enum bs_kind kind;   /* of the read */
};

static void check(enum retry_service service, const struct expected *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct http_response r = response(cases[i].status);
        char got[4] = "";

        for (int cls = 0; cls < 3; cls++) {
            struct retry_verdict v =
                retry_decide(service, (enum retry_class)cls, &r, cases[i].code);

            got[cls] = letters[v.action];
            if (cls == 0) {
                assert_int_equal(v.kind, cases[i].kind);
            }
        }
        if (strcmp(got, cases[i].actions) != 0) {
            fail_msg("%d %s: %s, not %s", cases[i].status, cases[i].code, got, cases[i].actions);
        }
    }
}

#define CHECK(service, cases) check(service, cases, sizeof cases / sizeof cases[0])

static void a_create_is_repeated_only_when_it_was_surely_not_done(void **state)
{
    static const struct expected any[] = {
        {200, "", "DDD", BS_K_NONE},         {204, "", "DDD", BS_K_NONE},
        {NOT_SENT, "", "rrr", BS_K_NETWORK}, {LOST, "", "rru", BS_K_NETWORK},
        {TOO_LARGE, "", "Fuu", BS_K_REMOTE}, {ABORTED, "", "ruu", BS_K_REMOTE},
        {408, "", "rru", BS_K_NETWORK},      {409, "", "rru", BS_K_NETWORK},
        {413, "", "sss", BS_K_VALIDATION},   {500, "", "rru", BS_K_REMOTE},
        {501, "", "FFF", BS_K_REMOTE},       {502, "", "rru", BS_K_NETWORK},
        {503, "", "rru", BS_K_NETWORK},      {503, "RETRIABLE_ERROR", "rru", BS_K_NETWORK},
        {504, "", "rru", BS_K_NETWORK},      {599, "", "rru", BS_K_NETWORK},
        {302, "", "FFF", BS_K_REMOTE},       {304, "", "FFF", BS_K_REMOTE},
        {405, "", "FFF", BS_K_REMOTE},       {100, "", "FFF", BS_K_REMOTE},
        {0, "", "FFF", BS_K_REMOTE},         {403, RETRY_NO_JSON, "FFF", BS_K_NETWORK},
    };

    (void)state;
    CHECK(ON_AIRTABLE, any);
    CHECK(ON_SHEETS, any);
    CHECK(ON_DRIVE, any);
    CHECK(ON_OTHER, any);
}

static void airtable_answers_are_decided_as_its_errors_are_documented(void **state)
{
    static const struct expected cases[] = {
        {400, "", "FFF", BS_K_REMOTE},
        {401, "AUTHENTICATION_REQUIRED", "aaa", BS_K_OAUTH},
        {401, "", "aaa", BS_K_OAUTH},
        {403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND", "FFF", BS_K_PERMISSION},
        {403, "INVALID_PERMISSIONS", "FFF", BS_K_PERMISSION},
        {404, "NOT_FOUND", "FFF", BS_K_PERMISSION},
        {404, "TABLE_NOT_FOUND", "FFF", BS_K_SCHEMA},
        {404, "MODEL_ID_NOT_FOUND", "ggg", BS_K_SCHEMA},
        {422, "INVALID_REQUEST_UNKNOWN", "Fss", BS_K_REMOTE},
        {422, "INVALID_RECORDS", "Fss", BS_K_REMOTE},
        {422, "UNKNOWN_FIELD_NAME", "FFF", BS_K_SCHEMA},
        {422, "INVALID_VALUE_FOR_COLUMN", "Fss", BS_K_REMOTE},
        {422, "INVALID_MULTIPLE_CHOICE_OPTIONS", "Fss", BS_K_REMOTE},
        {422, "ROW_DOES_NOT_EXIST", "ggg", BS_K_SCHEMA},
        {422, "INVALID_FILTER_BY_FORMULA", "Fss", BS_K_REMOTE},
        {422, "VIEW_NAME_NOT_FOUND", "FFF", BS_K_SCHEMA},
        {422, "VIEW_ID_NOT_FOUND", "FFF", BS_K_SCHEMA},
        {422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE", "lll", BS_K_REMOTE},
        {422, "INVALID_OFFSET_VALUE", "lll", BS_K_REMOTE},
        {400, "INVALID_OFFSET_VALUE", "lll", BS_K_REMOTE},
        {422, "INVALID_ATTACHMENT_OBJECT", "Fss", BS_K_REMOTE},
        {422, "FAILED_STATE_CHECK", "rrr", BS_K_REMOTE},
        {422, "TOO_MANY_WEBHOOKS_IN_BASE", "FFF", BS_K_QUOTA},
        {422, "CANNOT_UPDATE_COMPUTED_FIELD", "Fss", BS_K_REMOTE},
        {422, NULL, "Fss", BS_K_REMOTE},
        {429, "RATE_LIMIT_REACHED", "ppp", BS_K_RATE_LIMIT},
        {429, "", "ppp", BS_K_RATE_LIMIT},
        {429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED", "FFF", BS_K_QUOTA},
    };

    (void)state;
    CHECK(ON_AIRTABLE, cases);
}

static void google_answers_are_decided_as_its_errors_are_documented(void **state)
{
    static const struct expected both[] = {
        {400, "INVALID_ARGUMENT", "FFF", BS_K_SCHEMA},
        {400, "CELL_LIMIT", "FFF", BS_K_QUOTA},
        {400, "FAILED_PRECONDITION", "FFF", BS_K_CONFIG},
        {401, "UNAUTHENTICATED", "aaa", BS_K_OAUTH},
        {401, "authError", "aaa", BS_K_OAUTH},
        {403, "PERMISSION_DENIED", "FFF", BS_K_PERMISSION},
        {403, "SERVICE_DISABLED", "FFF", BS_K_PERMISSION},
        {403, "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "FFF", BS_K_PERMISSION},
        {403, "insufficientFilePermissions", "FFF", BS_K_PERMISSION},
        {403, "rateLimitExceeded", "ppp", BS_K_RATE_LIMIT},
        {403, "userRateLimitExceeded", "ppp", BS_K_RATE_LIMIT},
        {403, "RATE_LIMIT_EXCEEDED", "ppp", BS_K_RATE_LIMIT},
        {403, "storageQuotaExceeded", "FFF", BS_K_QUOTA},
        {403, "dailyLimitExceeded", "FFF", BS_K_QUOTA},
        {429, "RESOURCE_EXHAUSTED", "ppp", BS_K_RATE_LIMIT},
        {429, "", "ppp", BS_K_RATE_LIMIT},
    };
    static const struct expected sheets[] = {{404, "NOT_FOUND", "FFF", BS_K_SCHEMA}};
    static const struct expected drive[] = {{404, "notFound", "FFF", BS_K_PERMISSION}};
    struct http_response bad = response(400);

    (void)state;
    CHECK(ON_SHEETS, both);
    CHECK(ON_DRIVE, both);
    CHECK(ON_SHEETS, sheets);
    CHECK(ON_DRIVE, drive);
    /* A write that is refused for one of its values. */
    assert_int_equal(retry_decide(ON_SHEETS, CLASS_WRITE_BY_ID, &bad, "INVALID_ARGUMENT").kind,
                     BS_K_VALIDATION);
}

static void only_the_token_server_s_own_words_cost_a_sign_in(void **state)
{
    static const struct {
        int status;
        const char *code;
        char action;
        enum bs_kind kind;
    } cases[] = {
        {200, "", 'D', BS_K_NONE},
        {400, "invalid_grant", 'F', BS_K_OAUTH},
        {401, "invalid_client", 'F', BS_K_OAUTH},
        {401, "unauthorized_client", 'F', BS_K_OAUTH},
        {400, "invalid_scope", 'F', BS_K_OAUTH},
        {403, "access_denied", 'F', BS_K_OAUTH},
        {400, "invalid_request", 'F', BS_K_REMOTE},
        {400, "", 'F', BS_K_REMOTE},
        {401, "", 'F', BS_K_REMOTE},
        {403, "", 'F', BS_K_REMOTE},
        {404, "", 'F', BS_K_REMOTE},
        {400, "server_error", 'r', BS_K_NETWORK},
        {400, "temporarily_unavailable", 'r', BS_K_NETWORK},
        {500, "internal_failure", 'r', BS_K_NETWORK},
        {408, "", 'r', BS_K_NETWORK},
        {409, "", 'r', BS_K_BUSY},
        {429, "", 'r', BS_K_RATE_LIMIT},
        {500, "invalid_grant", 'r', BS_K_REMOTE},
        {503, "", 'r', BS_K_NETWORK},
        {NOT_SENT, "", 'r', BS_K_NETWORK},
        {LOST, "", 'r', BS_K_NETWORK},
        {TOO_LARGE, "", 'F', BS_K_REMOTE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_response r = response(cases[i].status);
        struct retry_verdict v = retry_decide(ON_TOKEN_SERVER, CLASS_TOKEN, &r, cases[i].code);

        if (letters[v.action] != cases[i].action || v.kind != cases[i].kind) {
            fail_msg("%d %s: %c %s", cases[i].status, cases[i].code, letters[v.action],
                     bs_kind_name(v.kind));
        }
    }
}

static void waits_and_tries_are_bounded(void **state)
{
    struct http_response r = response(429);

    (void)state;
    assert_int_equal(retry_decide(ON_AIRTABLE, CLASS_READ, &r, "").wait_ms, 30500);
    assert_int_equal(retry_decide(ON_SHEETS, CLASS_READ, &r, "").wait_ms, 21000);
    r.retry_after_ms = 10000;
    assert_int_equal(retry_decide(ON_AIRTABLE, CLASS_READ, &r, "").wait_ms, 30500);
    r.retry_after_ms = 45000;
    assert_int_equal(retry_decide(ON_AIRTABLE, CLASS_READ, &r, "").wait_ms, 45000);
    r = response(503);
    assert_int_equal(retry_decide(ON_AIRTABLE, CLASS_READ, &r, "").wait_ms, 0);
    assert_int_equal(retry_decide(ON_AIRTABLE, CLASS_READ, &r, "").max_tries, 0);
    r.retry_after_ms = 7000;
    assert_int_equal(retry_decide(ON_AIRTABLE, CLASS_READ, &r, "").wait_ms, 7000);
    r.retry_after_ms = 300000;
    assert_int_equal(retry_decide(ON_AIRTABLE, CLASS_READ, &r, "").action, ACT_RETRY);
    r.retry_after_ms = 300001;
    assert_int_equal(retry_decide(ON_AIRTABLE, CLASS_READ, &r, "").action, ACT_FAIL);
    assert_int_equal(retry_decide(ON_AIRTABLE, CLASS_READ, &r, "").kind, BS_K_NETWORK);
    assert_int_equal(retry_decide(ON_AIRTABLE, CLASS_CREATE, &r, "").action, ACT_UNSURE);
    r = response(500);
    assert_int_equal(retry_decide(ON_SHEETS, CLASS_READ, &r, "").max_tries, 3);
}

static void the_back_off_doubles_up_to_its_cap_with_full_jitter(void **state)
{
    int64_t seen_most = 0, seen_least = INT64_MAX;

    (void)state;
    for (int i = 0; i < 4000; i++) {
        int64_t v = retry_backoff_ms(ON_AIRTABLE, 3);

        assert_in_range(v, 0, 8000);
        seen_most = v > seen_most ? v : seen_most;
        seen_least = v < seen_least ? v : seen_least;
        assert_in_range(retry_backoff_ms(ON_SHEETS, 0), 0, 1000);
        assert_in_range(retry_backoff_ms(ON_SHEETS, 1000000), 0, 64000);
        assert_in_range(retry_backoff_ms(ON_TOKEN_SERVER, 50), 0, 32000);
    }
    assert_true(seen_most > 7000 && seen_least < 1000);
}

/* ---- bodies ---- */

static void every_form_of_error_body_is_understood(void **state)
{
    static const struct {
        enum retry_service service;
        int status;
        const char *body, *code, *msg;
    } cases[] = {
        {ON_AIRTABLE, 401,
         "{\"error\":{\"type\":\"AUTHENTICATION_REQUIRED\",\"message\":\"Authentication "
         "required\"}}",
         "AUTHENTICATION_REQUIRED",
         "Airtable answered 401 AUTHENTICATION_REQUIRED: Authentication required"},
        {ON_AIRTABLE, 422, "{\"error\":{\"type\":\"LIST_RECORDS_ITERATOR_NOT_AVAILABLE\"}}",
         "LIST_RECORDS_ITERATOR_NOT_AVAILABLE",
         "Airtable answered 422 LIST_RECORDS_ITERATOR_NOT_AVAILABLE"},
        {ON_AIRTABLE, 404, "{\"error\":\"NOT_FOUND\"}", "NOT_FOUND",
         "Airtable answered 404 NOT_FOUND"},
        {ON_AIRTABLE, 429,
         "{\"errors\":[{\"error\":\"RATE_LIMIT_REACHED\",\"message\":\"Rate limit exceeded. Please "
         "try again later\"}]}",
         "RATE_LIMIT_REACHED",
         "Airtable answered 429 RATE_LIMIT_REACHED: Rate limit exceeded. Please try again later"},
        {ON_AIRTABLE, 502, "<html>\n<h1>Bad</h1>", "",
         "Airtable answered 502 with text/html: \"<html> <h1>Bad</h1>\""},
        {ON_AIRTABLE, 503, "", "", "Airtable answered 503 without a word"},
        {ON_AIRTABLE, 500, "{\"error\":null}", "",
         "Airtable answered 500 with text/html: \"{\"error\":null}\""},
        {ON_AIRTABLE, 500, "[1]", "", "Airtable answered 500 with text/html: \"[1]\""},
        {ON_SHEETS, 403,
         "{\"error\":{\"code\":403,\"message\":\"The caller does not have permission\","
         "\"status\":\"PERMISSION_DENIED\"}}",
         "PERMISSION_DENIED",
         "Google Sheets answered 403 PERMISSION_DENIED: The caller does not have permission"},
        {ON_SHEETS, 429,
         "{\"error\":{\"code\":429,\"message\":\"Quota "
         "exceeded\",\"status\":\"RESOURCE_EXHAUSTED\","
         "\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.Help\",\"reason\":\"no\"},"
         "{\"@type\":\"type.googleapis.com/"
         "google.rpc.ErrorInfo\",\"reason\":\"RATE_LIMIT_EXCEEDED\"}"
         "]}}",
         "RATE_LIMIT_EXCEEDED", "Google Sheets answered 429 RATE_LIMIT_EXCEEDED: Quota exceeded"},
        {ON_SHEETS, 400,
         "{\"error\":{\"code\":400,\"message\":\"Superaria el limite de 10000000 celdas\","
         "\"status\":\"INVALID_ARGUMENT\"}}",
         "CELL_LIMIT",
         "Google Sheets answered 400 CELL_LIMIT: Superaria el limite de 10000000 celdas"},
        {ON_DRIVE, 404,
         "{\"error\":{\"code\":404,\"message\":\"File not found: X.\",\"errors\":[{\"domain\":"
         "\"global\",\"reason\":\"notFound\",\"message\":\"File not found: X.\"}]}}",
         "notFound", "Google Drive answered 404 notFound: File not found: X."},
        {ON_TOKEN_SERVER, 400,
         "{\"error\":\"invalid_grant\",\"error_description\":\"Token has been expired or "
         "revoked.\"}",
         "invalid_grant",
         "the token server answered 400 invalid_grant: Token has been expired or revoked."},
        {ON_TOKEN_SERVER, 400, "{\"error_description\":\"Invalid Value\"}", "",
         "the token server answered 400: Invalid Value"},
        {ON_SHEETS, 403, "<h1>Log in", RETRY_NO_JSON,
         "Google Sheets answered 403 with text/html: \"<h1>Log in\""},
        {ON_SHEETS, 403, "", "", "Google Sheets answered 403 without a word"},
        {ON_OTHER, 404, "nothing here", "",
         "the server answered 404 with text/html: \"nothing here\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_response r = response(cases[i].status);
        struct bs_err e = BS_ERR_INIT;

        buf_init(&r.body, 10000);
        buf_adds(&r.body, cases[i].body);
        snprintf(r.content_type, sizeof r.content_type, "text/html");
        r.retry_after_ms = 4000;
        retry_read_error(cases[i].service, &r, &e);
        assert_string_equal(e.code, cases[i].code);
        assert_string_equal(e.msg, cases[i].msg);
        assert_int_equal(e.http, cases[i].status);
        assert_int_equal(e.retry_ms, 4000);
        assert_int_equal(e.rc, BS_STOP_SYNC);
        assert_int_equal(e.kind,
                         retry_decide(cases[i].service, CLASS_READ, &r, cases[i].code).kind);
        http_response_release(&r);
    }
}

static void a_request_without_answer_is_told_with_what_failed(void **state)
{
    struct http_response r = response(LOST);
    struct bs_err e = BS_ERR_INIT;

    (void)state;
    snprintf(r.detail, sizeof r.detail, "Connection reset by peer");
    r.status = 200; /* its headers had come */
    retry_read_error(ON_SHEETS, &r, &e);
    assert_string_equal(e.msg, "Google Sheets: Connection reset by peer");
    assert_int_equal(e.kind, BS_K_NETWORK);
    assert_int_equal(e.http, 0);
    assert_string_equal(e.code, "");
}

static void a_hostile_body_makes_a_clean_sentence(void **state)
{
    struct http_response r = response(422);
    struct bs_err e = BS_ERR_INIT;

    (void)state;
    buf_init(&r.body, 100000);
    buf_adds(&r.body, "{\"error\":{\"type\":\"A\\u001b[31m");
    for (int i = 0; i < 3000; i++) {
        buf_adds(&r.body, "%s\\n");
    }
    buf_adds(&r.body, "\",\"message\":\"%n\\u009b\"}}");
    retry_read_error(ON_AIRTABLE, &r, &e);
    assert_int_equal(strlen(e.code), sizeof e.code - 1);
    for (const char *s = e.msg; *s; s++) {
        assert_true((unsigned char)*s >= 0x20);
    }
    for (const char *s = e.code; *s; s++) {
        assert_true((unsigned char)*s >= 0x20);
    }
    http_response_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_create_is_repeated_only_when_it_was_surely_not_done),
        cmocka_unit_test(airtable_answers_are_decided_as_its_errors_are_documented),
        cmocka_unit_test(google_answers_are_decided_as_its_errors_are_documented),
        cmocka_unit_test(only_the_token_server_s_own_words_cost_a_sign_in),
        cmocka_unit_test(waits_and_tries_are_bounded),
        cmocka_unit_test(the_back_off_doubles_up_to_its_cap_with_full_jitter),
        cmocka_unit_test(every_form_of_error_body_is_understood),
        cmocka_unit_test(a_request_without_answer_is_told_with_what_failed),
        cmocka_unit_test(a_hostile_body_makes_a_clean_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
