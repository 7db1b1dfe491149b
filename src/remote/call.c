#include "remote/call.h"

#include "base/clock.h"
#include "base/fail.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/str.h"
#include "store/usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Airtable counts arrivals: requests that leave a second apart may arrive closer together. */
#define SECOND_MS 1060
#define MINUTE_MS 60500
#define IN_FLIGHT_MAX 6
#define NEXT_POLL_MS 200
#define STREAM_RESTARTS 8

struct caller {
    struct store *store;
    struct http *http;
    struct auth *auth;
    const struct endpoints *ep;
    struct call_limits limits;
    struct caller_stats stats;
    int64_t server_ms, server_mono; /* the service's clock and ours when it said so */
    bool month_known;
};

struct caller *caller_new(struct store *store, struct http *http, struct auth *auth,
                          const struct endpoints *ep, const struct call_limits *limits)
{
    struct caller *c = bs_alloc(sizeof *c);

    c->store = store;
    c->http = http;
    c->auth = auth;
    c->ep = ep;
    c->limits = *limits;
    return c;
}

void caller_free(struct caller *c)
{
    free(c);
}

const struct endpoints *caller_endpoints(const struct caller *c)
{
    return c->ep;
}

const char *caller_account(const struct caller *c)
{
    return auth_account(c->auth);
}

int64_t call_server_ms(const struct caller *c)
{
    return c->server_ms == 0 ? 0 : c->server_ms + (clock_mono_ms() - c->server_mono);
}

struct caller_stats caller_stats(const struct caller *c)
{
    return c->stats;
}

void call_result_release(struct call_result *r)
{
    http_response_release(&r->http);
}

/* ---- the governor ---- */

#define BUCKETS_MAX 2
#define BUCKET_NAME_MAX 320

struct buckets {
    char name[BUCKETS_MAX][BUCKET_NAME_MAX];
    struct bucket list[BUCKETS_MAX];
    size_t n;
};

static void add_bucket(struct buckets *b, const char *kind, const char *key, int limit,
                       int64_t period)
{
    snprintf(b->name[b->n], BUCKET_NAME_MAX, "%s:%s", kind, key);
    b->list[b->n] = (struct bucket){b->name[b->n], (uint32_t)(limit > 0 ? limit : 1), period};
    b->n++;
}

/* The first bucket is the one that a penalty empties. */
static void buckets_of(const struct caller *c, const struct call *call, struct buckets *b)
{
    const char *key = auth_quota_key(c->auth);

    b->n = 0;
    if (call->service == ON_AIRTABLE) {
        if (call->base_id != NULL) {
            add_bucket(b, "airtable", call->base_id, c->limits.airtable_rps, SECOND_MS);
        }
        add_bucket(b, "airtable-token", key, AIRTABLE_TOKEN_RPS, SECOND_MS);
    } else if (call->service == ON_SHEETS) {
        add_bucket(b, call->google_write ? "google-write" : "google-read", key,
                   call->google_write ? c->limits.google_writes : c->limits.google_reads,
                   MINUTE_MS);
    }
}

static enum bs_rc check_deadline(const struct caller *c, int64_t wait_ms, struct bs_err *e)
{
    if (os_stop_requested()) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_STATE, "stopped by a signal; the next run goes on");
    }
    if (c->limits.deadline_ms != 0 && clock_mono_ms() + wait_ms > c->limits.deadline_ms) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_RATE_LIMIT,
                       "the run has no time left to wait for the service; the next run goes on");
    }
    return BS_OK;
}

static enum bs_rc sleep_for(const struct caller *c, int64_t ms, struct bs_err *e)
{
    if (check_deadline(c, ms, e) != BS_OK) {
        return e->rc;
    }
    clock_sleep_ms(ms);
    return check_deadline(c, 0, e);
}

/* Calls of the month are counted before they leave: a lost answer was a call too. */
static enum bs_rc count_month(struct caller *c, const struct call *call, struct bs_err *e)
{
    char counter[BUCKET_NAME_MAX];
    int64_t now = clock_wall_ms(), total = 0;

    if (call->service != ON_AIRTABLE) {
        return BS_OK;
    }
    snprintf(counter, sizeof counter, "airtable:%s", auth_quota_key(c->auth));
    if (c->limits.monthly_budget > 0) {
        if (usage_month(c->store, counter, now, &total, e) != BS_OK) {
            return e->rc;
        }
        if (total >= c->limits.monthly_budget) {
            return bs_fail(e, BS_STOP_SYNC, BS_K_QUOTA,
                           "the month's budget of %lld Airtable calls is used up: it begins anew "
                           "next month, or raise monthly_budget in [airtable]",
                           (long long)c->limits.monthly_budget);
        }
    }
    return usage_count(c->store, counter, now, 1, &total, e);
}

/* Reserves one request; *wait_ms > 0: not yet. */
static enum bs_rc reserve(struct caller *c, const struct call *call, int64_t *wait_ms,
                          struct bs_err *e)
{
    struct buckets b;

    *wait_ms = 0;
    buckets_of(c, call, &b);
    if (b.n > 0 && usage_take(c->store, b.list, b.n, clock_wall_ms(), wait_ms, e) != BS_OK) {
        return e->rc;
    }
    return *wait_ms > 0 ? BS_OK : count_month(c, call, e);
}

static enum bs_rc penalise(struct caller *c, const struct call *call, int64_t ms, struct bs_err *e)
{
    struct buckets b;

    buckets_of(c, call, &b);
    if (b.n == 0) {
        return BS_OK;
    }
    return usage_penalty(c->store, b.list[0].name, clock_wall_ms(), ms, e);
}

/* ---- one call on its way ---- */

struct flight {
    const struct call *call;
    int tries; /* sent so far */
    int penalties;
    bool renewed;       /* a 401 has led to a new token */
    int64_t not_before; /* on the clock that never steps */
    bool flying, done;
};

static struct http_request request_of(const struct call *call, const char *token, void *tag)
{
    return (struct http_request){
        .method = call->method,
        .url = call->url,
        .bearer = token,
        .content_type = call->body == NULL ? NULL : "application/json",
        .body = call->body,
        .body_len = call->body_len,
        .fresh_connection = call->cls == CLASS_CREATE,
        .max_body = call->max_body,
        .sink = call->sink,
        .sink_ctx = call->sink_ctx,
        .tag = tag,
    };
}

static void count_call(struct caller *c, const struct call *call)
{
    switch (call->service) {
    case ON_AIRTABLE: c->stats.airtable++; break;
    case ON_SHEETS: c->stats.sheets++; break;
    default: c->stats.other++; break;
    }
}

/* Sends one try of a call. BS_RETRY: not yet, look again at f->not_before. */
static enum bs_rc launch(struct caller *c, struct flight *f, struct bs_err *e)
{
    const char *token = NULL;
    int64_t wait = 0;

    if (check_deadline(c, 0, e) != BS_OK || auth_token(c->auth, false, &token, e) != BS_OK ||
        reserve(c, f->call, &wait, e) != BS_OK) {
        return e->rc;
    }
    if (wait > 0) {
        f->not_before = clock_mono_ms() + wait;
        return check_deadline(c, wait, e) == BS_OK ? BS_RETRY : e->rc;
    }
    if (f->tries > 0 && f->call->restart != NULL) {
        f->call->restart(f->call->sink_ctx);
    }
    struct http_request r = request_of(f->call, token, f);

    FAIL_POINT("call.before");
    f->tries++;
    f->flying = true;
    count_call(c, f->call);
    return http_submit(c->http, &r, e);
}

static void note_clock(struct caller *c, const struct http_response *r)
{
    if (r->date_ms != 0) {
        c->server_ms = r->date_ms;
        c->server_mono = clock_mono_ms();
    }
}

/* Waits before the next try; BS_OK with f->not_before set, or the error that ends the call. */
static bool may_try_again(const struct caller *c, const struct flight *f,
                          const struct retry_verdict *v)
{
    int most = v->max_tries > 0 && v->max_tries < c->limits.max_retries + 1
                   ? v->max_tries
                   : c->limits.max_retries + 1;

    return v->action == ACT_PENALTY ? f->penalties <= most : f->tries < most;
}

/* How a finished call is told to its caller. */
static enum bs_rc rc_of(const struct flight *f, const struct retry_verdict *v, enum http_outcome o)
{
    switch (v->action) {
    case ACT_DONE: return BS_OK;
    case ACT_GONE:
    case ACT_SPLIT:
    case ACT_RELIST: return BS_SKIP;
    case ACT_UNSURE: return BS_UNSURE;
    case ACT_FAIL: return v->kind == BS_K_VALIDATION ? BS_SKIP : BS_STOP_SYNC;
    default: break;
    }
    return f->call->cls == CLASS_WRITE_BY_ID && o != HTTP_NOT_SENT && v->action == ACT_RETRY
               ? BS_UNSURE
               : BS_STOP_SYNC;
}

static void close_call(struct flight *f, const struct retry_verdict *v, struct call_result *r)
{
    f->done = true;
    r->verdict = *v;
    r->err.rc = rc_of(f, v, r->http.outcome);
    if (r->err.rc != BS_OK) {
        r->err.kind = v->kind;
    }
}

/* Looks at an answer: closes the call, or sets the time of its next try (BS_RETRY). */
static enum bs_rc judge(struct caller *c, struct flight *f, struct call_result *r, struct bs_err *e)
{
    const char *token = NULL;
    struct retry_verdict v;

    f->flying = false;
    note_clock(c, &r->http);
    bs_err_clear(&r->err);
    if (r->http.outcome != HTTP_ANSWERED || r->http.status < 200 || r->http.status > 299) {
        retry_read_error(f->call->service, &r->http, &r->err);
    }
    v = retry_decide(f->call->service, f->call->cls, &r->http, r->err.code);
    if (v.action == ACT_REFRESH && !f->renewed) {
        f->renewed = true;
        f->not_before = 0;
        return auth_token(c->auth, true, &token, e) == BS_OK ? BS_RETRY : e->rc;
    }
    if (v.action == ACT_PENALTY) {
        f->penalties++;
        if (penalise(c, f->call, v.wait_ms, e) != BS_OK) {
            return e->rc;
        }
    }
    if ((v.action == ACT_RETRY || v.action == ACT_PENALTY) && may_try_again(c, f, &v)) {
        int64_t back_off =
            v.action == ACT_PENALTY ? 0 : retry_backoff_ms(f->call->service, f->tries - 1);

        f->not_before = clock_mono_ms() + (v.wait_ms > back_off ? v.wait_ms : back_off);
        return BS_RETRY;
    }
    close_call(f, &v, r);
    return BS_OK;
}

/* ---- several at once ---- */

static int64_t until(int64_t mono)
{
    int64_t left = mono - clock_mono_ms();

    return left < 0 ? 0 : left;
}

struct pool {
    struct caller *c;
    struct flight *flights;
    size_t n, first; /* flights before first are done */
    call_done_fn *done;
    void *ctx;
    size_t flying;
    enum bs_rc stop; /* why nothing more is sent */
};

static size_t limit_in_flight(const struct pool *p)
{
    return p->n == 1 ? 1 : IN_FLIGHT_MAX;
}

/* Starts what may start now; *next is when to look again. */
static enum bs_rc start_some(struct pool *p, int64_t *next, struct bs_err *e)
{
    *next = -1;
    while (p->first < p->n && p->flights[p->first].done) {
        p->first++;
    }
    for (size_t i = p->first; i < p->n && p->flying < limit_in_flight(p); i++) {
        struct flight *f = &p->flights[i];

        if (f->done || f->flying) {
            continue;
        }
        if (until(f->not_before) == 0) {
            enum bs_rc rc = launch(p->c, f, e);

            if (rc == BS_OK) {
                p->flying++;
                continue;
            }
            if (rc != BS_RETRY) {
                return rc;
            }
            bs_err_clear(e);
        }
        if (*next < 0 || f->not_before < *next) {
            *next = f->not_before;
        }
        break; /* keep their order: who waits for the governor waits first */
    }
    return BS_OK;
}

static enum bs_rc take_one(struct pool *p, int64_t wait, struct bs_err *e)
{
    struct call_result r;
    struct flight *f;
    enum bs_rc rc;

    memset(&r, 0, sizeof r);
    rc = http_next(p->c->http, wait, &r.http, e);
    if (rc == BS_SKIP) {
        bs_err_clear(e);
        return BS_OK;
    }
    if (rc != BS_OK) {
        return rc;
    }
    FAIL_POINT("call.after");
    f = r.http.tag;
    p->flying--;
    rc = judge(p->c, f, &r, e);
    if (rc == BS_RETRY && p->stop != BS_OK) {
        f->done = true; /* nothing more is sent: its caller hears that it did not end well */
        r.err.rc = f->call->cls == CLASS_READ ? BS_STOP_SYNC : BS_UNSURE;
        rc = BS_OK;
    }
    if (rc == BS_OK) {
        rc = p->done(p->ctx, f->call, &r, e);
    } else if (rc == BS_RETRY) {
        rc = BS_OK;
    }
    call_result_release(&r);
    return rc;
}

static bool all_done(struct pool *p)
{
    while (p->first < p->n && p->flights[p->first].done) {
        p->first++;
    }
    return p->first == p->n;
}

static enum bs_rc run_pool(struct pool *p, struct bs_err *e)
{
    struct bs_err first = BS_ERR_INIT;

    while (p->flying > 0 || (p->stop == BS_OK && !all_done(p))) {
        int64_t next = -1;
        enum bs_rc rc = p->stop == BS_OK ? start_some(p, &next, e) : BS_OK;

        if (rc == BS_OK && p->flying > 0) {
            int64_t wait = next < 0 ? 60000 : until(next);

            rc = take_one(p, wait < NEXT_POLL_MS || next >= 0 ? wait : 60000, e);
        } else if (rc == BS_OK && next >= 0) {
            rc = sleep_for(p->c, until(next), e);
        }
        if (rc != BS_OK && p->stop == BS_OK) {
            p->stop = rc;
            first = *e;
            bs_err_clear(e);
        }
    }
    if (p->stop != BS_OK) {
        *e = first;
    }
    return p->stop;
}

enum bs_rc call_many(struct caller *c, const struct call *calls, size_t n, call_done_fn *done,
                     void *ctx, struct bs_err *e)
{
    struct flight *flights = bs_alloc_n(n + 1, sizeof *flights);
    struct pool p = {.c = c, .flights = flights, .n = n, .done = done, .ctx = ctx};
    enum bs_rc rc;

    for (size_t i = 0; i < n; i++) {
        flights[i].call = &calls[i];
    }
    rc = run_pool(&p, e);
    free(flights);
    return rc;
}

/* ---- one ---- */

struct single {
    struct call_result *out;
    bool ended;
};

static enum bs_rc on_single(void *ctx, const struct call *call, struct call_result *r,
                            struct bs_err *e)
{
    struct single *s = ctx;

    (void)call;
    (void)e;
    *s->out = *r;
    memset(&r->http, 0, sizeof r->http); /* the body is the caller's now */
    s->ended = true;
    return BS_OK;
}

enum bs_rc call_perform(struct caller *c, const struct call *call, struct call_result *r,
                        struct bs_err *e)
{
    struct single s = {.out = r};

    memset(r, 0, sizeof *r);
    if (call_many(c, call, 1, on_single, &s, e) != BS_OK) {
        r->err = *e; /* the process, the database or the credential ended it */
        r->verdict = (struct retry_verdict){ACT_FAIL, e->kind, 0, 0};
        return e->rc;
    }
    if (r->err.rc != BS_OK) {
        *e = r->err;
    }
    return r->err.rc;
}
