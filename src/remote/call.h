/*
 * call.h: one governed, retried request. Takes from the shared rate buckets (sleeping as needed),
 * adds the token, sends, decides by net/retry's table: back-off, penalty, one token renewal, or an
 * error for the caller. A create is never sent twice on a guess. A 2xx body that is not one JSON
 * document counts as a lost answer. A stop signal or the deadline lets nothing more leave.
 */
#ifndef REMOTE_CALL_H
#define REMOTE_CALL_H

#include "net/http.h"
#include "net/json.h"
#include "net/retry.h"
#include "remote/auth.h"
#include "remote/remote.h"

struct caller;

/* Everything is borrowed but limits, which are copied. One caller per credential. */
struct caller *caller_new(struct store *store, struct http *http, struct auth *auth,
                          const struct endpoints *ep, const struct call_limits *limits);
void caller_free(struct caller *c); /* NULL is nothing */
const struct endpoints *caller_endpoints(const struct caller *c);
/* Once, as soon as the next request of this caller is under way: does fn while its answer comes,
 * whose sink may be called meanwhile. fn may perform calls of callers with the same http. Another
 * one, or NULL, takes its place until then. */
void caller_meanwhile(struct caller *c, void (*fn)(void *ctx), void *ctx);
/* For messages: the account that a sheet must be shared with. */
const char *caller_account(const struct caller *c);
/* The service's clock as of its last answer's Date header moved on by our own; 0 unknown. */
int64_t call_server_ms(const struct caller *c);

/* Name of the month's counter (store/usage.h) of the Airtable calls of a quota bucket. */
#define CALL_COUNTER_MAX 340
void call_month_counter(const char *quota_key, char out[CALL_COUNTER_MAX]);

struct caller_stats {
    int64_t airtable, sheets, other; /* requests sent */
    int64_t writes;                  /* of those: may have changed something */
};
struct caller_stats caller_stats(const struct caller *c);

struct call {
    enum http_method method;
    const char *url;
    const char *body; /* JSON text or NULL */
    size_t body_len;
    enum retry_service service;
    enum retry_class cls; /* CLASS_CREATE is sent once, over what was just used or is new */
    const char *base_id;  /* Airtable: whose 5 requests a second these are; NULL: none */
    bool google_write;    /* which of Google's buckets */
    bool (*sink)(void *ctx, const char *data, size_t len); /* 2xx bodies, streamed */
    /* Called before each try of a streamed call after the first: what was streamed is void. */
    void (*restart)(void *ctx);
    void *sink_ctx;
    size_t max_body;         /* 0: net/http's default */
    struct arena *doc_arena; /* where the answer's document is made; NULL: on its own */
    void *tag;               /* the caller's */
};

struct call_result {
    struct retry_verdict
        verdict;               /* ACT_DONE, ACT_SPLIT, ACT_UNSURE, ACT_RELIST, ACT_GONE, ACT_FAIL */
    struct http_response http; /* released by call_result_release, and doc */
    struct json *doc;          /* of a 2xx answer that no sink took; NULL without body (204) */
    struct bs_err err;         /* rc BS_OK when done; else code, status, sentence */
};
void call_result_release(struct call_result *r);
struct json *call_take_doc(struct call_result *r); /* is the caller's now */

/* Performs one call to its end. Returns BS_OK for ACT_DONE; else the rc of the error:
 *   ACT_GONE, ACT_SPLIT, ACT_RELIST: BS_SKIP     ACT_UNSURE: BS_UNSURE
 *   ACT_FAIL: BS_SKIP for a bad value (422), BS_STOP_SYNC for everything else
 *   retries used up: BS_STOP_SYNC with the kind of the last failure (BS_UNSURE for writes by id
 * whose last answer was lost) with r->verdict telling which. r is always to be released. */
enum bs_rc call_perform(struct caller *c, const struct call *call, struct call_result *r,
                        struct bs_err *e) BS_MUST_CHECK;

/* Several calls that may overlap (CLASS_READ and CLASS_WRITE_BY_ID), CALL_IN_FLIGHT of them
 * together within the governor; done is called for each as it ends, in any order, and may itself
 * perform calls (their answers and these do not mix). Not BS_OK from done, or from the process
 * (stop signal, deadline, database, credential), stops sending more and is returned; calls already
 * sent still end and are reported, those never sent are not. */
typedef enum bs_rc call_done_fn(void *ctx, const struct call *call, struct call_result *r,
                                struct bs_err *e);
enum bs_rc call_many(struct caller *c, const struct call *calls, size_t n, call_done_fn *done,
                     void *ctx, struct bs_err *e) BS_MUST_CHECK;

#endif
