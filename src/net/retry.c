#include "net/retry.h"

#include "base/clock.h"
#include "base/str.h"
#include "net/json.h"

#include <stdio.h>
#include <string.h>

#define AIRTABLE_PENALTY_MS 30000 /* Airtable "Rate limits": wait 30 seconds */
#define GOOGLE_PENALTY_MS 20000   /* buckets refill each minute */
#define RETRY_AFTER_LIMIT_MS 300000

/* Sets of services and classes, as bits. */
#define S(x) (1u << (x))
#define AIR S(ON_AIRTABLE)
#define GOOGLE (S(ON_SHEETS) | S(ON_DRIVE))
#define TOKEN S(ON_TOKEN_SERVER)
#define ANY_SERVICE (AIR | GOOGLE | TOKEN | S(ON_OTHER))
#define C(x) (1u << (x))
#define CREATES C(CLASS_CREATE)
#define REPEATABLE (C(CLASS_READ) | C(CLASS_WRITE_BY_ID))
#define TOKENS C(CLASS_TOKEN)
#define ANY_CLASS (REPEATABLE | CREATES | TOKENS)

/* Pseudo statuses of what is no answer. */
enum { NOT_SENT = -1, LOST = -2, TOO_LARGE = -3, ABORTED = -4 };

struct rule {
    unsigned services, classes;
    int from, to;     /* status, inclusive */
    const char *code; /* the service's error type; NULL: any */
    enum retry_action action;
    enum bs_kind kind;
    int64_t wait_ms;
    int max_tries;
};

/* The first rule that fits decides. */
static const struct rule rules[] = {
    {ANY_SERVICE, ANY_CLASS, 200, 299, NULL, ACT_DONE, BS_K_NONE, 0, 0},
    {ANY_SERVICE, ANY_CLASS, NOT_SENT, NOT_SENT, NULL, ACT_RETRY, BS_K_NETWORK, 0, 0},
    {ANY_SERVICE, CREATES, LOST, LOST, NULL, ACT_UNSURE, BS_K_NETWORK, 0, 0},
    {ANY_SERVICE, TOKENS, LOST, LOST, NULL, ACT_RETRY, BS_K_NETWORK, 0, 0},
    {ANY_SERVICE, REPEATABLE, LOST, LOST, NULL, ACT_RETRY, BS_K_NETWORK, 0, 0},
    {ANY_SERVICE, CREATES, TOO_LARGE, ABORTED, NULL, ACT_UNSURE, BS_K_REMOTE, 0, 0},
    {ANY_SERVICE, CREATES, ABORTED, TOO_LARGE, NULL, ACT_UNSURE, BS_K_REMOTE, 0, 0},
    {ANY_SERVICE, ANY_CLASS, ABORTED, TOO_LARGE, NULL, ACT_FAIL, BS_K_REMOTE, 0, 0},
    /* Airtable */
    {AIR, ANY_CLASS, 401, 401, NULL, ACT_REFRESH, BS_K_OAUTH, 0, 0},
    {AIR, ANY_CLASS, 403, 403, NULL, ACT_FAIL, BS_K_PERMISSION, 0, 0},
    {AIR, ANY_CLASS, 404, 404, "MODEL_ID_NOT_FOUND", ACT_GONE, BS_K_REMOTE, 0, 0},
    {AIR, ANY_CLASS, 404, 404, "TABLE_NOT_FOUND", ACT_FAIL, BS_K_SCHEMA, 0, 0},
    {AIR, ANY_CLASS, 404, 404, NULL, ACT_FAIL, BS_K_PERMISSION, 0, 0},
    {AIR, ANY_CLASS, 413, 413, NULL, ACT_SPLIT, BS_K_VALIDATION, 0, 0},
    {AIR, ANY_CLASS, 422, 422, "ROW_DOES_NOT_EXIST", ACT_GONE, BS_K_REMOTE, 0, 0},
    {AIR, ANY_CLASS, 422, 422, "MODEL_ID_NOT_FOUND", ACT_GONE, BS_K_REMOTE, 0, 0},
    {AIR, C(CLASS_READ), 422, 422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE", ACT_RELIST, BS_K_REMOTE,
     0, 0},
    {AIR, C(CLASS_READ), 422, 422, "INVALID_OFFSET_VALUE", ACT_RELIST, BS_K_REMOTE, 0, 0},
    {AIR, REPEATABLE, 422, 422, "FAILED_STATE_CHECK", ACT_RETRY, BS_K_REMOTE, 0, 3},
    {AIR, ANY_CLASS, 422, 422, "UNKNOWN_FIELD_NAME", ACT_FAIL, BS_K_SCHEMA, 0, 0},
    {AIR, C(CLASS_READ), 422, 422, NULL, ACT_FAIL, BS_K_SCHEMA, 0, 0},
    {AIR, ANY_CLASS, 422, 422, NULL, ACT_FAIL, BS_K_VALIDATION, 0, 0},
    {AIR, ANY_CLASS, 429, 429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED", ACT_FAIL, BS_K_QUOTA, 0, 0},
    {AIR, ANY_CLASS, 429, 429, NULL, ACT_PENALTY, BS_K_RATE_LIMIT, AIRTABLE_PENALTY_MS, 0},
    /* Google */
    {GOOGLE, ANY_CLASS, 401, 401, NULL, ACT_REFRESH, BS_K_OAUTH, 0, 0},
    {GOOGLE, ANY_CLASS, 403, 403, "rateLimitExceeded", ACT_PENALTY, BS_K_RATE_LIMIT,
     GOOGLE_PENALTY_MS, 0},
    {GOOGLE, ANY_CLASS, 403, 403, "userRateLimitExceeded", ACT_PENALTY, BS_K_RATE_LIMIT,
     GOOGLE_PENALTY_MS, 0},
    {GOOGLE, ANY_CLASS, 403, 403, "storageQuotaExceeded", ACT_FAIL, BS_K_QUOTA, 0, 0},
    {GOOGLE, ANY_CLASS, 403, 404, NULL, ACT_FAIL, BS_K_PERMISSION, 0, 0},
    {GOOGLE, ANY_CLASS, 429, 429, NULL, ACT_PENALTY, BS_K_RATE_LIMIT, GOOGLE_PENALTY_MS, 0},
    {GOOGLE, ANY_CLASS, 400, 400, NULL, ACT_FAIL, BS_K_VALIDATION, 0, 0},
    {GOOGLE, REPEATABLE, 409, 409, NULL, ACT_RETRY, BS_K_REMOTE, 0, 0},
    {GOOGLE, ANY_CLASS, 413, 413, NULL, ACT_SPLIT, BS_K_VALIDATION, 0, 0},
    /* token servers: 4xx are read by net/oauth.h */
    {TOKEN, ANY_CLASS, 400, 404, NULL, ACT_FAIL, BS_K_OAUTH, 0, 0},
    {TOKEN, ANY_CLASS, 409, 409, NULL, ACT_RETRY, BS_K_OAUTH, 0, 0},
    {TOKEN, ANY_CLASS, 429, 429, NULL, ACT_RETRY, BS_K_RATE_LIMIT, 1000, 0},
    /* both: the server failed; a create may have been done */
    {ANY_SERVICE, ANY_CLASS, 408, 408, NULL, ACT_RETRY, BS_K_NETWORK, 0, 0},
    {ANY_SERVICE, CREATES, 500, 599, NULL, ACT_UNSURE, BS_K_REMOTE, 0, 0},
    {ANY_SERVICE, REPEATABLE | TOKENS, 500, 500, NULL, ACT_RETRY, BS_K_REMOTE, 0, 3},
    {ANY_SERVICE, REPEATABLE, 501, 501, NULL, ACT_FAIL, BS_K_REMOTE, 0, 0},
    {ANY_SERVICE, REPEATABLE | TOKENS, 502, 599, NULL, ACT_RETRY, BS_K_REMOTE, 0, 0},
    {ANY_SERVICE, ANY_CLASS, 100, 599, NULL, ACT_FAIL, BS_K_REMOTE, 0, 0},
};

static int pseudo_status(const struct http_response *r)
{
    switch (r->outcome) {
    case HTTP_NOT_SENT: return NOT_SENT;
    case HTTP_LOST: return LOST;
    case HTTP_TOO_LARGE: return TOO_LARGE;
    case HTTP_ABORTED: return ABORTED;
    default: return r->status;
    }
}

struct retry_verdict retry_decide(enum retry_service service, enum retry_class cls,
                                  const struct http_response *r, const char *code)
{
    struct retry_verdict v = {ACT_FAIL, BS_K_REMOTE, 0, 0};
    int status = pseudo_status(r);

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const struct rule *x = &rules[i];

        if ((x->services & S(service)) == 0 || (x->classes & C(cls)) == 0 || status < x->from ||
            status > x->to || (x->code != NULL && !str_eq(x->code, code))) {
            continue;
        }
        v = (struct retry_verdict){x->action, x->kind, x->wait_ms, x->max_tries};
        break;
    }
    /* Retry-After is a lower bound, within reason. */
    if (v.action == ACT_RETRY || v.action == ACT_PENALTY) {
        int64_t asked =
            r->retry_after_ms > RETRY_AFTER_LIMIT_MS ? RETRY_AFTER_LIMIT_MS : r->retry_after_ms;

        v.wait_ms = asked > v.wait_ms ? asked : v.wait_ms;
    }
    return v;
}

int64_t retry_backoff_ms(enum retry_service service, int n)
{
    int64_t base = service == ON_TOKEN_SERVER ? 500 : 1000;
    int64_t cap = 32000; /* Google "Usage limits": 32 or 64 seconds */

    for (int i = 0; i < n && base < cap; i++) {
        base *= 2;
    }
    base = base > cap ? cap : base;
    return (int64_t)clock_random_below((uint64_t)base + 1);
}

/* ---- error bodies ---- */

struct found {
    const char *code, *message;
};

/* {"error":{"type","message"}}, {"error":"X"}, {"errors":[{"error","message"}]} */
static struct found airtable_error(const struct json *doc)
{
    const struct json *error = json_get(doc, "error");
    const struct json *first = json_path(doc, "errors.0");

    if (json_is_string(error)) {
        return (struct found){json_string(error, ""), json_string(json_get(doc, "message"), "")};
    }
    if (error != NULL) {
        return (struct found){json_string(json_get(error, "type"), ""),
                              json_string(json_get(error, "message"), "")};
    }
    return (struct found){
        json_string(json_get(first, "error"), json_string(json_get(first, "type"), "")),
        json_string(json_get(first, "message"), "")};
}

static struct found google_error(const struct json *doc)
{
    const struct json *error = json_get(doc, "error");
    const char *reason = json_string(json_path(error, "errors.0.reason"), NULL);

    if (json_is_string(error)) {
        return (struct found){json_string(error, ""),
                              json_string(json_get(doc, "error_description"), "")};
    }
    return (struct found){reason != NULL ? reason : json_string(json_get(error, "status"), ""),
                          json_string(json_get(error, "message"), "")};
}

static const char *service_name(enum retry_service s)
{
    static const char *const names[] = {
        [ON_AIRTABLE] = "Airtable",  [ON_SHEETS] = "Google Sheets",
        [ON_DRIVE] = "Google Drive", [ON_TOKEN_SERVER] = "the token server",
        [ON_OTHER] = "the server",
    };

    return names[s];
}

static void describe(enum retry_service service, const struct http_response *r, struct found f,
                     struct bs_err *e)
{
    const char *name = service_name(service);

    if (f.message[0] != '\0') {
        (void)bs_fail(e, BS_STOP_SYNC, e->kind, "%s answered %d %s: %s", name, r->status, f.code,
                      f.message);
    } else if (f.code[0] != '\0') {
        (void)bs_fail(e, BS_STOP_SYNC, e->kind, "%s answered %d %s", name, r->status, f.code);
    } else {
        (void)bs_fail(e, BS_STOP_SYNC, e->kind, "%s answered %d without saying why", name,
                      r->status);
    }
}

void retry_read_error(enum retry_service service, const struct http_response *r, struct bs_err *e)
{
    struct json *doc = NULL;
    struct bs_err ignored = BS_ERR_INIT;
    struct found f = {"", ""};

    e->http = r->status;
    e->retry_ms = r->retry_after_ms;
    e->code[0] = '\0';
    if (r->outcome != HTTP_ANSWERED) {
        (void)bs_fail(e, BS_STOP_SYNC, BS_K_NETWORK, "%s: %s", service_name(service),
                      r->detail[0] != '\0' ? r->detail : "no answer");
        return;
    }
    if (r->body.len > 0 && json_parse(r->body.data, r->body.len, &doc, &ignored) == BS_OK) {
        f = service == ON_AIRTABLE ? airtable_error(doc) : google_error(doc);
    }
    (void)str_copy(e->code, sizeof e->code, f.code);
    describe(service, r, f, e);
    json_free(doc);
}
