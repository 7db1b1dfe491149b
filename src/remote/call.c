/*
 * call.c: see call.h. Calls that may overlap are flights of a pool: waiting, in the air, landed (an
 * answer is there), done. Whoever waits for answers hands each to its own flight, so that a
 * call_perform from within call_many's callback does no harm to the calls still in the air.
 */
#include "remote/call.h"

#include "base/clock.h"
#include "base/fail.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/str.h"
#include "remote/governor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long to wait for an answer before looking round; and while something is still connecting. */
#define ANSWER_WAIT_MS 60000
#define CONNECTING_WAIT_MS 30
/* A create's fate is in doubt when its connection dies under it. Servers hang up on connections
 * that were silent for a minute or more: one that has just been used is as good as a fresh one. */
#define CREATE_IDLE_S 5

struct caller {
    struct store *store;
    struct http *http;
    struct auth *auth;
    struct governor *governor;
    const struct endpoints *ep;
    struct call_limits limits;
    struct caller_stats stats;
    unsigned token_no;              /* counts renewals after a 401 */
    int64_t server_ms, server_mono; /* the service's clock, and ours when it said so */
    void (*meanwhile)(void *ctx);
    void *meanwhile_ctx;
};

struct caller *caller_new(struct store *store, struct http *http, struct auth *auth,
                          const struct endpoints *ep, const struct call_limits *limits)
{
    struct caller *c = bs_alloc(sizeof *c);

    c->store = store;
    c->http = http;
    c->auth = auth;
    c->governor = governor_new(store, auth, limits);
    c->ep = ep;
    c->limits = *limits;
    return c;
}

void caller_free(struct caller *c)
{
    if (c) {
        governor_free(c->governor);
        free(c);
    }
}

const struct endpoints *caller_endpoints(const struct caller *c)
{
    return c->ep;
}

void caller_meanwhile(struct caller *c, void (*fn)(void *ctx), void *ctx)
{
    c->meanwhile = fn;
    c->meanwhile_ctx = ctx;
}

const char *caller_account(const struct caller *c)
{
    return auth_account(c->auth);
}

struct caller_stats caller_stats(const struct caller *c)
{
    return c->stats;
}

int64_t call_server_ms(const struct caller *c)
{
    return c->server_ms == 0 ? 0 : c->server_ms + (clock_mono_ms() - c->server_mono);
}

void call_month_counter(const char *quota_key, char out[CALL_COUNTER_MAX])
{
    snprintf(out, CALL_COUNTER_MAX, "airtable:%s", quota_key);
}

void call_result_release(struct call_result *r)
{
    http_response_release(&r->http);
    json_free(r->doc);
    r->doc = NULL;
}

struct json *call_take_doc(struct call_result *r)
{
    struct json *doc = r->doc;

    r->doc = NULL;
    return doc;
}

/* ---- flights ---- */

enum flight_state { WAITING, AIRBORNE, LANDED, DONE };

struct flight {
    const struct call *call;
    struct caller *caller;
    struct pool *pool;
    enum flight_state state;
    int tries;          /* sent so far */
    bool renewed;       /* a 401 has led to a new token */
    unsigned token_no;  /* which token it was sent with */
    int64_t not_before; /* on the clock that never steps */
    struct departure departure;
    struct json_reader *reader; /* of the answer under way, when nobody else takes it in */
    struct call_result r;       /* of the last try */
};

struct pool {
    struct caller *c;
    struct flight *flights;
    size_t n, first; /* flights before first are done */
    size_t airborne, landed;
    call_done_fn *done;
    void *ctx;
    enum bs_rc stop; /* not BS_OK: nothing more is sent */
    bool dead;       /* no answer will come any more */
    struct bs_err why;
};

static enum bs_rc check_time(const struct caller *c, int64_t wait_ms, struct bs_err *e)
{
    if (os_stop_requested()) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_STATE, "stopped by a signal; the next run goes on");
    }
    if (c->limits.deadline_ms != 0 && clock_mono_ms() + wait_ms >= c->limits.deadline_ms) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_RATE_LIMIT,
                       "the run has taken as long as it may; the next run goes on");
    }
    return BS_OK;
}

static void count(struct caller *c, const struct call *call)
{
    c->stats.writes += call->cls != CLASS_READ;
    switch (call->service) {
    case ON_AIRTABLE: c->stats.airtable++; break;
    case ON_SHEETS: c->stats.sheets++; break;
    default: c->stats.other++; break;
    }
}

/* Without a token nothing can be sent; that the token server cannot be reached now ends this run.
 */
static enum bs_rc token_for(struct caller *c, bool renew, const char **token, struct bs_err *e)
{
    if (auth_token(c->auth, renew, token, e) == BS_RETRY) {
        e->rc = BS_STOP_SYNC;
    }
    return *token ? BS_OK : e->rc;
}

/* What cannot be JSON is told when all of it is there: see take_doc. */
static bool read_on(void *ctx, const char *data, size_t len)
{
    (void)json_reader_feed(ctx, data, len);
    return true;
}

/* Answers that nobody streams are read into a tree as they come. */
static void set_sink(struct flight *f, struct http_request *r)
{
    json_reader_free(f->reader);
    f->reader = NULL;
    if (!r->sink) {
        f->reader = json_reader_new(f->call->doc_arena);
        r->sink = read_on;
        r->sink_ctx = f->reader;
        r->max_body = r->max_body ? r->max_body : HTTP_BODY_MAX;
    }
}

static enum bs_rc send(struct flight *f, const char *token, struct bs_err *e)
{
    const struct call *call = f->call;
    struct http_request r = {
        .method = call->method,
        .url = call->url,
        .bearer = token,
        .content_type = call->body ? "application/json" : NULL,
        .body = call->body,
        .body_len = call->body_len,
        .idle_max_s = call->cls == CLASS_CREATE ? CREATE_IDLE_S : 0,
        .max_body = call->max_body,
        .sink = call->sink,
        .sink_ctx = call->sink_ctx,
        .sent_ms = &f->departure.sent_ms,
        .tag = f,
    };
    enum bs_rc rc;

    if (f->tries > 0 && call->restart) {
        call->restart(call->sink_ctx);
    }
    call_result_release(&f->r);
    memset(&f->r, 0, sizeof f->r);
    set_sink(f, &r);
    FAIL_POINT("call.before");
    rc = http_submit(f->caller->http, &r, e);
    if (rc != BS_OK) {
        return rc;
    }
    governor_left(f->caller->governor, &f->departure, call);
    count(f->caller, call);
    f->tries++;
    f->token_no = f->caller->token_no;
    f->state = AIRBORNE;
    f->pool->airborne++;
    return BS_OK;
}

/* Sends a waiting flight, or says in f->not_before when to ask again. */
static enum bs_rc launch(struct flight *f, struct bs_err *e)
{
    struct caller *c = f->caller;
    const char *token = NULL;
    int64_t wait = 0;
    enum bs_rc rc = check_time(c, 0, e);

    if (rc == BS_OK) {
        rc = token_for(c, false, &token, e);
    }
    if (rc == BS_OK) {
        rc = governor_take(c->governor, f->call, &wait, e);
    }
    if (rc == BS_OK && wait > 0) {
        f->not_before = clock_mono_ms() + wait;
        return check_time(c, wait, e);
    }
    return rc == BS_OK ? send(f, token, e) : rc;
}

/* Waits for the next answer and gives it to its flight, of whichever pool that is. *dead: no answer
 * will come any more. */
static enum bs_rc await_answer(struct caller *c, int64_t wait_ms, bool *dead, struct bs_err *e)
{
    struct http_response r;
    struct flight *f;
    bool connecting;
    enum bs_rc rc = governor_tell(c->governor, &connecting, e);

    if (rc != BS_OK) {
        return rc;
    }
    if (connecting && wait_ms > CONNECTING_WAIT_MS) {
        wait_ms = CONNECTING_WAIT_MS;
    }
    rc = http_next(c->http, wait_ms, &r, e);
    if (rc != BS_OK) {
        *dead = rc != BS_SKIP;
        return rc == BS_SKIP ? BS_OK : rc;
    }
    f = r.tag;
    f->r.http = r;
    f->state = LANDED;
    f->pool->airborne--;
    f->pool->landed++;
    rc = governor_tell(f->caller->governor, &connecting, e);
    governor_landed(f->caller->governor, &f->departure);
    FAIL_POINT("call.after");
    return rc;
}

/* ---- answers ---- */

static void note_clock(struct caller *c, const struct http_response *r)
{
    if (r->date_ms != 0) {
        c->server_ms = r->date_ms;
        c->server_mono = clock_mono_ms();
    }
}

/* Everything that is asked for here is one JSON document. What is not came garbled: nobody knows
 * what it said. (What is streamed is read by its sink.) */
static void take_doc(struct flight *f)
{
    struct http_response *r = &f->r.http;

    if (f->reader && r->outcome == HTTP_ANSWERED && r->status >= 200 && r->status <= 299 &&
        r->status != 204) {
        f->r.doc = json_reader_end(f->reader);
        if (!f->r.doc) {
            r->outcome = HTTP_LOST;
            snprintf(r->detail, sizeof r->detail, "the answer is not JSON: %s",
                     json_reader_error(f->reader));
        }
    }
    json_reader_free(f->reader);
    f->reader = NULL;
}

static enum bs_rc rc_of(const struct retry_verdict *v)
{
    switch (v->action) {
    case ACT_DONE: return BS_OK;
    case ACT_GONE:
    case ACT_SPLIT:
    case ACT_RELIST: return BS_SKIP;
    case ACT_UNSURE: return BS_UNSURE;
    default: return v->kind == BS_K_VALIDATION ? BS_SKIP : BS_STOP_SYNC;
    }
}

static void close_flight(struct flight *f, struct retry_verdict v)
{
    f->state = DONE;
    f->r.verdict = v;
    f->r.err.rc = rc_of(&v);
    f->r.err.kind = v.kind;
}

/* Ends a call that would have to be sent once more. */
static void give_up(struct flight *f)
{
    struct retry_verdict v = f->r.verdict;
    struct bs_err *e = &f->r.err;
    bool may_be_done = f->call->cls == CLASS_WRITE_BY_ID && f->r.http.outcome == HTTP_LOST;

    if (f->tries > 1) {
        (void)bs_fail(e, e->rc, e->kind, "%s (tried %d times)", e->msg, f->tries);
    }
    v.action = may_be_done ? ACT_UNSURE : ACT_FAIL;
    close_flight(f, v);
}

/* The access token was refused: once, another one may help. */
static enum bs_rc renew(struct flight *f, struct bs_err *e)
{
    struct caller *c = f->caller;
    const char *token = NULL;
    enum bs_rc rc = BS_OK;

    if (f->renewed) {
        (void)bs_fail(&f->r.err, BS_STOP_SYNC, BS_K_OAUTH,
                      "%.300s: the credential of %s is not accepted; connect it again with `%s`",
                      f->r.err.msg, auth_account(c->auth), auth_connect_command(c->auth));
        give_up(f);
        return BS_OK;
    }
    f->renewed = true;
    f->state = WAITING;
    f->not_before = 0;
    /* Of several that were sent with one token, the first has seen to it. */
    if (f->token_no == c->token_no) {
        rc = token_for(c, true, &token, e);
        c->token_no++;
    }
    return rc;
}

static bool may_try_again(const struct flight *f)
{
    const struct retry_verdict *v = &f->r.verdict;

    return f->tries <= f->caller->limits.max_retries &&
           (v->max_tries == 0 || f->tries < v->max_tries);
}

/* Looks at an answer: the flight is done, or waits for its next try. */
static enum bs_rc judge(struct flight *f, struct bs_err *e)
{
    struct caller *c = f->caller;
    struct call_result *r = &f->r;
    struct retry_verdict *v = &r->verdict;
    int64_t wait;
    enum bs_rc rc = BS_OK;

    note_clock(c, &r->http);
    take_doc(f);
    bs_err_clear(&r->err);
    if (r->http.outcome != HTTP_ANSWERED || r->http.status < 200 || r->http.status > 299) {
        retry_read_error(f->call->service, &r->http, &r->err);
    }
    *v = retry_decide(f->call->service, f->call->cls, &r->http, r->err.code);
    if (v->action == ACT_REFRESH) {
        return renew(f, e);
    }
    if (v->action == ACT_PENALTY) {
        rc = governor_penalty(c->governor, f->call, v->wait_ms, e);
    }
    if (v->action != ACT_RETRY && v->action != ACT_PENALTY) {
        close_flight(f, *v);
    } else if (!may_try_again(f)) {
        give_up(f);
    } else {
        wait = retry_backoff_ms(f->call->service, f->tries - 1);
        f->not_before = clock_mono_ms() + (v->wait_ms > wait ? v->wait_ms : wait);
        f->state = WAITING;
    }
    return rc;
}

/* ---- pools ---- */

static void stop(struct pool *p, const struct bs_err *e)
{
    if (p->stop == BS_OK) {
        p->stop = e->rc;
        p->why = *e;
    }
}

/* Tells the caller how a flight ended. */
static void report(struct pool *p, struct flight *f)
{
    struct bs_err e = BS_ERR_INIT;

    if (p->done(p->ctx, f->call, &f->r, &e) != BS_OK) {
        stop(p, &e);
    }
    call_result_release(&f->r);
}

static void judge_landed(struct pool *p)
{
    for (size_t i = p->first; i < p->n && p->landed > 0; i++) {
        struct flight *f = &p->flights[i];
        struct bs_err e = BS_ERR_INIT;

        if (f->state != LANDED) {
            continue;
        }
        p->landed--;
        if (judge(f, &e) != BS_OK) {
            stop(p, &e);
        }
        if (f->state == DONE) {
            report(p, f);
        }
    }
}

/* Starts what may start now, in order; *next is when to look again (-1: when an answer comes). Who
 * waits for the service to take more holds up those behind him: they would have to wait as well. */
static enum bs_rc start_some(struct pool *p, int64_t *next, struct bs_err *e)
{
    *next = -1;
    for (size_t i = p->first; i < p->n && p->airborne < CALL_IN_FLIGHT; i++) {
        struct flight *f = &p->flights[i];

        if (f->state != WAITING) {
            continue;
        }
        if (f->not_before <= clock_mono_ms()) {
            enum bs_rc rc = launch(f, e);

            if (rc != BS_OK) {
                return rc;
            }
        }
        if (f->state == WAITING) {
            *next = f->not_before;
            break;
        }
    }
    return BS_OK;
}

static bool is_over(struct pool *p)
{
    while (p->first < p->n && p->flights[p->first].state == DONE) {
        p->first++;
    }
    return p->first == p->n;
}

/* The requests leave first, over connections that stand. */
static enum bs_rc do_meanwhile(struct pool *p, struct bs_err *e)
{
    struct caller *c = p->c;
    void (*fn)(void *ctx) = c->meanwhile;
    enum bs_rc rc = await_answer(c, 0, &p->dead, e);

    c->meanwhile = NULL;
    fn(c->meanwhile_ctx);
    return rc;
}

/* One round: start what may start, then wait for an answer or for the time to start more. */
static enum bs_rc step(struct pool *p, struct bs_err *e)
{
    int64_t next = -1, wait;
    enum bs_rc rc = p->stop == BS_OK ? start_some(p, &next, e) : BS_OK;

    if (rc != BS_OK) {
        return rc;
    }
    wait = next < 0 ? ANSWER_WAIT_MS : next - clock_mono_ms();
    wait = wait < 0 ? 0 : wait;
    if (p->airborne > 0) {
        return p->c->meanwhile ? do_meanwhile(p, e) : await_answer(p->c, wait, &p->dead, e);
    }
    if (next >= 0) {
        rc = check_time(p->c, wait, e);
        if (rc == BS_OK && http_in_flight(p->c->http) > 0) {
            return await_answer(p->c, wait, &p->dead, e); /* of other pools: they move on, too */
        }
        clock_sleep_ms(rc == BS_OK ? wait : 0);
    }
    return rc;
}

/* After a stop: what was sent and would have been sent again ends as it is. */
static void close_waiting(struct pool *p)
{
    for (size_t i = p->first; i < p->n; i++) {
        struct flight *f = &p->flights[i];

        if (f->state == WAITING && f->tries > 0) {
            give_up(f);
            report(p, f);
        }
    }
}

enum bs_rc call_many(struct caller *c, const struct call *calls, size_t n, call_done_fn *done,
                     void *ctx, struct bs_err *e)
{
    struct pool p = {.c = c, .n = n, .done = done, .ctx = ctx, .why = BS_ERR_INIT};

    p.flights = bs_alloc_n(n, sizeof *p.flights);
    for (size_t i = 0; i < n; i++) {
        p.flights[i].call = &calls[i];
        p.flights[i].caller = c;
        p.flights[i].pool = &p;
    }
    while (!p.dead && (p.airborne > 0 || (p.stop == BS_OK && !is_over(&p)))) {
        struct bs_err failed = BS_ERR_INIT;

        if (step(&p, &failed) != BS_OK) {
            stop(&p, &failed);
        }
        judge_landed(&p);
    }
    if (p.stop != BS_OK) {
        close_waiting(&p);
        *e = p.why;
    }
    for (size_t i = 0; i < n; i++) {
        call_result_release(&p.flights[i].r);
        json_reader_free(p.flights[i].reader);
    }
    free(p.flights);
    return p.stop;
}

/* ---- one ---- */

static enum bs_rc take_result(void *ctx, const struct call *call, struct call_result *r,
                              struct bs_err *e)
{
    struct call_result *out = ctx;

    (void)call;
    (void)e;
    *out = *r;
    memset(&r->http, 0, sizeof r->http); /* body and document have another owner now */
    r->doc = NULL;
    return BS_OK;
}

enum bs_rc call_perform(struct caller *c, const struct call *call, struct call_result *r,
                        struct bs_err *e)
{
    struct bs_err failed = BS_ERR_INIT;

    memset(r, 0, sizeof *r);
    bs_err_clear(&r->err);
    if (call_many(c, call, 1, take_result, r, &failed) != BS_OK && r->err.rc != BS_UNSURE) {
        /* The process, the database or the credential ended it. */
        r->err = failed;
        r->verdict = (struct retry_verdict){ACT_FAIL, failed.kind, 0, 0};
    }
    if (r->err.rc != BS_OK) {
        *e = r->err;
    }
    return r->err.rc;
}
