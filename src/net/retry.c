/* retry.c: see retry.h. The first row of the table that fits an outcome decides. */
#include "net/retry.h"

#include "base/clock.h"
#include "base/str.h"
#include "net/json.h"

#include <stdio.h>
#include <string.h>

/* Sets of services and of classes, as bits. */
#define AIRTABLE (1u << ON_AIRTABLE)
#define SHEETS (1u << ON_SHEETS)
#define DRIVE (1u << ON_DRIVE)
#define GOOGLE (SHEETS | DRIVE)
#define TOKENS (1u << ON_TOKEN_SERVER)
#define OTHER (1u << ON_OTHER)
#define EVERY (AIRTABLE | GOOGLE | TOKENS | OTHER)

#define READ (1u << CLASS_READ)
#define BY_ID (1u << CLASS_WRITE_BY_ID)
#define CREATE (1u << CLASS_CREATE)
#define TOKEN (1u << CLASS_TOKEN)
#define AGAIN (READ | BY_ID | TOKEN) /* may be repeated though the first may have been done */
#define ANY (AGAIN | CREATE)

/* Outcomes without a complete answer stand below the statuses. */
enum { NOT_SENT = -1, LOST = -2, TOO_LARGE = -3, ABORTED = -4 };

#define FEW 3

struct row {
    unsigned services, classes;
    int from, to;     /* status, both inclusive */
    const char *code; /* NULL: any */
    enum retry_action action;
    enum bs_kind kind;
    int64_t wait_ms;
    int max_tries;
};

static const struct row table[] = {
    {EVERY, ANY, 200, 299, NULL, ACT_DONE, BS_K_NONE, 0, 0},
    {EVERY, ANY, NOT_SENT, NOT_SENT, NULL, ACT_RETRY, BS_K_NETWORK, 0, 0},
    {EVERY, AGAIN, LOST, LOST, NULL, ACT_RETRY, BS_K_NETWORK, 0, 0},
    {EVERY, CREATE, LOST, LOST, NULL, ACT_UNSURE, BS_K_NETWORK, 0, 0},
    /* What was streamed made no sense: once more, it may have been garbled on its way. */
    {EVERY, READ | TOKEN, ABORTED, ABORTED, NULL, ACT_RETRY, BS_K_REMOTE, 0, FEW},
    {EVERY, READ | TOKEN, TOO_LARGE, TOO_LARGE, NULL, ACT_FAIL, BS_K_REMOTE, 0, 0},
    {EVERY, BY_ID | CREATE, ABORTED, TOO_LARGE, NULL, ACT_UNSURE, BS_K_REMOTE, 0, 0},

    /* Both services refuse in JSON: this is a page of somebody in between, such as a hotel's. */
    {EVERY, ANY, 403, 403, RETRY_NO_JSON, ACT_FAIL, BS_K_NETWORK, 0, 0},

    /* Airtable Web API "Errors" */
    {AIRTABLE, ANY, 401, 401, NULL, ACT_REFRESH, BS_K_OAUTH, 0, 0},
    {AIRTABLE, ANY, 403, 403, NULL, ACT_FAIL, BS_K_PERMISSION, 0, 0},
    {AIRTABLE, ANY, 404, 404, "MODEL_ID_NOT_FOUND", ACT_GONE, BS_K_SCHEMA, 0, 0},
    {AIRTABLE, ANY, 404, 404, "TABLE_NOT_FOUND", ACT_FAIL, BS_K_SCHEMA, 0, 0},
    {AIRTABLE, ANY, 404, 404, NULL, ACT_FAIL, BS_K_PERMISSION, 0, 0},
    {AIRTABLE, ANY, 400, 422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE", ACT_RELIST, BS_K_REMOTE, 0, 0},
    {AIRTABLE, ANY, 400, 422, "INVALID_OFFSET_VALUE", ACT_RELIST, BS_K_REMOTE, 0, 0},
    {AIRTABLE, ANY, 422, 422, "ROW_DOES_NOT_EXIST", ACT_GONE, BS_K_SCHEMA, 0, 0},
    {AIRTABLE, ANY, 422, 422, "MODEL_ID_NOT_FOUND", ACT_GONE, BS_K_SCHEMA, 0, 0},
    /* Refused, so nothing was written: a create may be sent again, too. */
    {AIRTABLE, ANY, 422, 422, "FAILED_STATE_CHECK", ACT_RETRY, BS_K_REMOTE, 0, FEW},
    {AIRTABLE, ANY, 422, 422, "UNKNOWN_FIELD_NAME", ACT_FAIL, BS_K_SCHEMA, 0, 0},
    {AIRTABLE, ANY, 422, 422, "VIEW_NAME_NOT_FOUND", ACT_FAIL, BS_K_SCHEMA, 0, 0},
    {AIRTABLE, ANY, 422, 422, "VIEW_ID_NOT_FOUND", ACT_FAIL, BS_K_SCHEMA, 0, 0},
    {AIRTABLE, ANY, 403, 422, "TOO_MANY_WEBHOOKS_IN_BASE", ACT_FAIL, BS_K_QUOTA, 0, 0},
    {AIRTABLE, READ | TOKEN, 422, 422, NULL, ACT_FAIL, BS_K_REMOTE, 0, 0},
    /* One bad record refuses the whole batch and is not named. */
    {AIRTABLE, BY_ID | CREATE, 422, 422, NULL, ACT_SPLIT, BS_K_VALIDATION, 0, 0},
    {AIRTABLE, ANY, 429, 429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED", ACT_FAIL, BS_K_QUOTA, 0, 0},
    {AIRTABLE, ANY, 429, 429, NULL, ACT_PENALTY, BS_K_RATE_LIMIT, RETRY_AIRTABLE_PENALTY_MS, 0},

    /* Google "Troubleshoot API errors", "Usage limits"; Drive "Resolve errors" */
    {GOOGLE, ANY, 400, 400, "CELL_LIMIT", ACT_FAIL, BS_K_QUOTA, 0, 0},
    {GOOGLE, ANY, 400, 400, "FAILED_PRECONDITION", ACT_FAIL, BS_K_CONFIG, 0, 0},
    {GOOGLE, READ | TOKEN, 400, 400, NULL, ACT_FAIL, BS_K_SCHEMA, 0, 0},
    {GOOGLE, BY_ID | CREATE, 400, 400, NULL, ACT_FAIL, BS_K_VALIDATION, 0, 0},
    {GOOGLE, ANY, 401, 401, NULL, ACT_REFRESH, BS_K_OAUTH, 0, 0},
    {GOOGLE, ANY, 403, 403, "rateLimitExceeded", ACT_PENALTY, BS_K_RATE_LIMIT,
     RETRY_GOOGLE_PENALTY_MS, 0},
    {GOOGLE, ANY, 403, 403, "userRateLimitExceeded", ACT_PENALTY, BS_K_RATE_LIMIT,
     RETRY_GOOGLE_PENALTY_MS, 0},
    {GOOGLE, ANY, 403, 403, "RATE_LIMIT_EXCEEDED", ACT_PENALTY, BS_K_RATE_LIMIT,
     RETRY_GOOGLE_PENALTY_MS, 0},
    {GOOGLE, ANY, 403, 403, "storageQuotaExceeded", ACT_FAIL, BS_K_QUOTA, 0, 0},
    {GOOGLE, ANY, 403, 403, "dailyLimitExceeded", ACT_FAIL, BS_K_QUOTA, 0, 0},
    {GOOGLE, ANY, 403, 403, NULL, ACT_FAIL, BS_K_PERMISSION, 0, 0},
    {SHEETS, ANY, 404, 404, NULL, ACT_FAIL, BS_K_SCHEMA, 0, 0},
    {DRIVE, ANY, 404, 404, NULL, ACT_FAIL, BS_K_PERMISSION, 0, 0}, /* not shared looks the same */
    {GOOGLE, ANY, 429, 429, NULL, ACT_PENALTY, BS_K_RATE_LIMIT, RETRY_GOOGLE_PENALTY_MS, 0},

    /* Token servers (RFC 6749 5.2 and what Google and Airtable add). The grant is refused only by
     * these words: an answer of somebody in between must not cost a sign-in. */
    {TOKENS, ANY, 400, 499, "invalid_grant", ACT_FAIL, BS_K_OAUTH, 0, 0},
    {TOKENS, ANY, 400, 499, "invalid_client", ACT_FAIL, BS_K_OAUTH, 0, 0},
    {TOKENS, ANY, 400, 499, "unauthorized_client", ACT_FAIL, BS_K_OAUTH, 0, 0},
    {TOKENS, ANY, 400, 499, "deleted_client", ACT_FAIL, BS_K_OAUTH, 0, 0},
    {TOKENS, ANY, 400, 499, "disabled_client", ACT_FAIL, BS_K_OAUTH, 0, 0},
    {TOKENS, ANY, 400, 499, "invalid_scope", ACT_FAIL, BS_K_OAUTH, 0, 0},
    {TOKENS, ANY, 400, 499, "access_denied", ACT_FAIL, BS_K_OAUTH, 0, 0},
    {TOKENS, ANY, 400, 499, "admin_policy_enforced", ACT_FAIL, BS_K_OAUTH, 0, 0},
    {TOKENS, ANY, 400, 499, "org_internal", ACT_FAIL, BS_K_OAUTH, 0, 0},
    {TOKENS, ANY, 400, 599, "internal_failure", ACT_RETRY, BS_K_NETWORK, 0, 0},
    {TOKENS, ANY, 400, 599, "server_error", ACT_RETRY, BS_K_NETWORK, 0, 0},
    {TOKENS, ANY, 400, 599, "temporarily_unavailable", ACT_RETRY, BS_K_NETWORK, 0, 0},
    /* Airtable: somebody else is refreshing this token just now. */
    {TOKENS, ANY, 409, 409, NULL, ACT_RETRY, BS_K_BUSY, 0, 0},

    /* Any service. 408 and 5xx do not tell whether it was done. */
    {EVERY, AGAIN, 408, 409, NULL, ACT_RETRY, BS_K_NETWORK, 0, 0},
    {EVERY, CREATE, 408, 409, NULL, ACT_UNSURE, BS_K_NETWORK, 0, 0},
    {EVERY, ANY, 413, 413, NULL, ACT_SPLIT, BS_K_VALIDATION, 0, 0},
    {EVERY, ANY, 429, 429, NULL, ACT_RETRY, BS_K_RATE_LIMIT, 1000, 0},
    {EVERY, AGAIN, 500, 500, NULL, ACT_RETRY, BS_K_REMOTE, 0, FEW},
    {EVERY, ANY, 501, 501, NULL, ACT_FAIL, BS_K_REMOTE, 0, 0},
    {EVERY, AGAIN, 502, 599, NULL, ACT_RETRY, BS_K_NETWORK, 0, 0},
    {EVERY, CREATE, 500, 599, NULL, ACT_UNSURE, BS_K_NETWORK, 0, 0},
};

static int row_status(const struct http_response *r)
{
    switch (r->outcome) {
    case HTTP_NOT_SENT: return NOT_SENT;
    case HTTP_LOST: return LOST;
    case HTTP_TOO_LARGE: return TOO_LARGE;
    case HTTP_ABORTED: return ABORTED;
    case HTTP_ANSWERED: break;
    }
    return r->status;
}

struct retry_verdict retry_decide(enum retry_service service, enum retry_class cls,
                                  const struct http_response *r, const char *code)
{
    struct retry_verdict v = {ACT_FAIL, BS_K_REMOTE, 0, 0};
    int status = row_status(r);

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct row *x = &table[i];

        if ((x->services & 1u << service) && (x->classes & 1u << cls) && status >= x->from &&
            status <= x->to && (!x->code || str_eq(x->code, code))) {
            v = (struct retry_verdict){x->action, x->kind, x->wait_ms, x->max_tries};
            break;
        }
    }
    if ((v.action == ACT_RETRY || v.action == ACT_PENALTY) && r->retry_after_ms > v.wait_ms) {
        v.wait_ms = r->retry_after_ms;
        if (v.wait_ms > RETRY_AFTER_MAX_MS) {
            v.action = ACT_FAIL;
        }
    }
    return v;
}

int64_t retry_backoff_ms(enum retry_service service, int n)
{
    /* Google "Usage limits": 2^n seconds, at most 32 or 64. */
    int64_t most = service == ON_TOKEN_SERVER ? 500 : 1000, cap = most * 64;

    while (n-- > 0 && most < cap) {
        most *= 2;
    }
    return (int64_t)clock_random_below((uint64_t)most + 1);
}

/* ---- error bodies ---- */

struct found {
    const char *code, *message;
};

/* {"error":{"type","message"}}, {"error":"X"}, {"errors":[{"error","message"}]} */
static struct found airtable_error(const struct json *doc)
{
    const struct json *error = json_get(doc, "error");

    if (json_is_string(error)) {
        return (struct found){json_string(error, ""), json_string(json_get(doc, "message"), "")};
    }
    if (!error) {
        error = json_path(doc, "errors.0");
    }
    return (struct found){
        json_string(json_get(error, "type"), json_string(json_get(error, "error"), "")),
        json_string(json_get(error, "message"), "")};
}

/* google.rpc.ErrorInfo among the details. */
static const char *error_info_reason(const struct json *error)
{
    const struct json *d = json_child(json_get(error, "details"));

    for (; d; d = json_next(d)) {
        const char *type = json_string(json_get(d, "@type"), "");

        if (str_eq(type, "type.googleapis.com/google.rpc.ErrorInfo")) {
            return json_string(json_get(d, "reason"), NULL);
        }
    }
    return NULL;
}

/* {"error":{"code","message","status","details"}}, with "errors":[{"reason"}] from Drive. */
static struct found google_error(const struct json *doc)
{
    const struct json *error = json_get(doc, "error");
    const char *message = json_string(json_get(error, "message"), "");
    const char *code = error_info_reason(error);

    if (!code) {
        code = json_string(json_path(error, "errors.0.reason"), NULL);
    }
    /* The text may be in any language, its number is in all of them. */
    if (!code && strstr(message, "10000000")) {
        code = "CELL_LIMIT";
    }
    return (struct found){code ? code : json_string(json_get(error, "status"), ""), message};
}

/* {"error":"invalid_grant","error_description":"..."} */
static struct found token_error(const struct json *doc)
{
    const struct json *error = json_get(doc, "error");

    return json_is_object(error)
               ? google_error(doc)
               : (struct found){json_string(error, ""),
                                json_string(json_get(doc, "error_description"), "")};
}

const char *retry_service_name(enum retry_service service)
{
    static const char *const names[] = {
        [ON_AIRTABLE] = "Airtable",  [ON_SHEETS] = "Google Sheets",
        [ON_DRIVE] = "Google Drive", [ON_TOKEN_SERVER] = "the token server",
        [ON_OTHER] = "the server",
    };

    return names[service];
}

static void tell(const char *name, const struct http_response *r, struct found f, struct bs_err *e)
{
    enum bs_rc rc = e->rc;
    enum bs_kind kind = e->kind;

    if (f.message[0]) {
        (void)bs_fail(e, rc, kind, "%s answered %d%s%s: %s", name, r->status, f.code[0] ? " " : "",
                      f.code, f.message);
    } else if (f.code[0]) {
        (void)bs_fail(e, rc, kind, "%s answered %d %s", name, r->status, f.code);
    } else if (r->body.len > 0) {
        (void)bs_fail(e, rc, kind, "%s answered %d with %s: \"%.60s\"", name, r->status,
                      r->content_type[0] ? r->content_type : "something", r->body.data);
    } else {
        (void)bs_fail(e, rc, kind, "%s answered %d without a word", name, r->status);
    }
}

void retry_read_error(enum retry_service service, const struct http_response *r, struct bs_err *e)
{
    struct json *doc = NULL;
    struct bs_err ignored = BS_ERR_INIT;
    struct found f = {"", ""};

    if (r->outcome == HTTP_ANSWERED &&
        json_parse(r->body.data, r->body.len, &doc, &ignored) == BS_OK) {
        f = service == ON_AIRTABLE                              ? airtable_error(doc)
            : service == ON_TOKEN_SERVER || service == ON_OTHER ? token_error(doc)
                                                                : google_error(doc);
    }
    e->rc = BS_STOP_SYNC;
    e->http = r->outcome == HTTP_ANSWERED ? r->status : 0;
    e->retry_ms = r->retry_after_ms;
    (void)str_copy(e->code, sizeof e->code,
                   !doc && e->http == 403 && r->body.len > 0 ? RETRY_NO_JSON : f.code);
    str_clean(e->code);
    e->kind = retry_decide(service, CLASS_READ, r, e->code).kind;
    if (r->outcome == HTTP_ANSWERED) {
        tell(retry_service_name(service), r, f, e);
    } else {
        (void)bs_fail(e, e->rc, e->kind, "%s: %s", retry_service_name(service),
                      r->detail[0] ? r->detail : "no answer");
    }
    json_free(doc);
}
