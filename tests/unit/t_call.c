/* t_call.c: governed, retried calls against a server within the test. */
#include "call_world.h"
#include "remote/call.h"
#include "store/usage.h"

#include <signal.h>

/* ---- a caller with an Airtable token ---- */

struct desk {
    struct stage *s;
    struct auth *auth;
    struct caller *caller;
    struct call_limits limits;
    char url[120];
};

static int desk_new(void **state)
{
    struct desk *d = calloc(1, sizeof *d);
    void *inner = NULL;
    struct world *w;

    stage_new(&inner);
    d->s = inner;
    w = d->s->w;
    stage_connect(d->s, stage_personal());
    OK(auth_new(w->s, d->s->http, &d->s->ep, stage_user(d->s), SERVICE_AIRTABLE, &d->auth, &w->e));
    d->limits = (struct call_limits){
        .airtable_rps = 5, .google_reads = 60, .google_writes = 60, .max_retries = 3};
    d->caller = caller_new(w->s, d->s->http, d->auth, &d->s->ep, &d->limits);
    snprintf(d->url, sizeof d->url, "%s/v0/x", d->s->url);
    *state = d;
    return 0;
}

static int desk_end(void **state)
{
    struct desk *d = *state;
    void *inner = d->s;

    caller_free(d->caller);
    auth_free(d->auth);
    stage_end(&inner);
    free(d);
    return 0;
}

/* The same caller with other limits. */
static void desk_limits(struct desk *d, struct call_limits limits)
{
    caller_free(d->caller);
    d->caller = caller_new(d->s->w->s, d->s->http, d->auth, &d->s->ep, &limits);
}

static struct call call_of(const struct desk *d, enum retry_class cls)
{
    static const enum http_method methods[] = {HTTP_GET, HTTP_PATCH, HTTP_POST};
    bool body = cls != CLASS_READ;

    return (struct call){.method = methods[cls],
                         .url = d->url,
                         .body = body ? "{\"a\":1}" : NULL,
                         .body_len = body ? 7 : 0,
                         .service = ON_AIRTABLE,
                         .cls = cls,
                         .base_id = "appX"};
}

static enum bs_rc perform(struct desk *d, enum retry_class cls, struct call_result *r)
{
    struct call call = call_of(d, cls);

    bs_err_clear(&d->s->w->e);
    return call_perform(d->caller, &call, r, &d->s->w->e);
}

/* ---- beside another ---- */

struct beside {
    struct desk *d;
    struct caller *other;
    int times;
};

/* Asks twice while the first answer is on its way; the first time it is told to wait. */
static void ask_beside(void *ctx)
{
    struct beside *b = ctx;
    struct call call = call_of(b->d, CLASS_READ);
    struct bs_err e = BS_ERR_INIT;
    struct call_result r;

    b->times++;
    assert_int_equal(call_perform(b->other, &call, &r, &e), BS_OK);
    call_result_release(&r);
}

/* An answer that takes its time, beside one that has to be waited for. */
static bool answer_slowly(struct stage *s, const struct server_request *r)
{
    size_t n;

    pthread_mutex_lock(&s->server->lock);
    n = s->n_log;
    pthread_mutex_unlock(&s->server->lock);
    if (n == 1) {
        usleep(300000);
        return server_answer(r->fd, 200, "", "{\"who\":\"first\"}");
    }
    return server_answer(r->fd, n == 2 ? 429 : 200, "", "{}");
}

static void what_another_service_is_asked_meanwhile_does_not_wait(void **state)
{
    struct desk *d = *state;
    struct beside b = {d, caller_new(d->s->w->s, d->s->http, d->auth, &d->s->ep, &d->limits), 0};
    struct call_result r;

    ANSWERS(d->s, {200, "{}", NULL, SAY});
    d->s->custom = answer_slowly;
    caller_meanwhile(d->caller, ask_beside, &b);
    assert_int_equal(perform(d, CLASS_READ, &r), BS_OK);
    assert_string_equal(json_string(json_get(r.doc, "who"), ""), "first");
    assert_in_range(r.http.duration_ms, 290, 10000); /* the other's penalty did not hold it up */
    call_result_release(&r);
    assert_int_equal(d->s->n_log, 3);
    assert_true(d->s->log[1].at_ms - d->s->log[0].at_ms < 250);
    assert_in_range(d->s->log[2].at_ms - d->s->log[1].at_ms, 29000, 34000);
    assert_int_equal(perform(d, CLASS_READ, &r), BS_OK);
    call_result_release(&r);
    assert_int_equal(b.times, 1);
    caller_meanwhile(d->caller, ask_beside, &b);
    caller_meanwhile(d->caller, NULL, NULL);
    assert_int_equal(perform(d, CLASS_READ, &r), BS_OK);
    call_result_release(&r);
    assert_int_equal(b.times, 1);
    caller_free(b.other);
}

/* ---- one call ---- */

static void a_call_brings_its_answer_with_the_token(void **state)
{
    struct desk *d = *state;
    struct call_result r;

    ANSWERS(d->s, {200, "{\"ok\":true}", NULL, SAY});
    assert_int_equal(perform(d, CLASS_WRITE_BY_ID, &r), BS_OK);
    assert_int_equal(r.verdict.action, ACT_DONE);
    assert_int_equal(r.err.rc, BS_OK);
    assert_true(json_bool(json_get(r.doc, "ok"), false));
    assert_string_equal(d->s->log[0].bearer, "patSECRET");
    assert_string_equal(d->s->log[0].method, "PATCH");
    assert_string_equal(d->s->log[0].body, "{\"a\":1}");
    assert_int_equal(caller_stats(d->caller).airtable, 1);
    assert_int_equal(caller_stats(d->caller).sheets, 0);
    assert_string_equal(caller_account(d->caller), "usrX");
    assert_ptr_equal(caller_endpoints(d->caller), &d->s->ep);
    call_result_release(&r);
}

static void each_outcome_ends_as_the_interface_says(void **state)
{
    static const struct {
        struct canned answer;
        enum retry_class cls;
        enum bs_rc rc;
        enum retry_action action;
        enum bs_kind kind;
        size_t sent;
    } cases[] = {
        {{422, "{\"error\":{\"type\":\"INVALID_VALUE_FOR_COLUMN\"}}", NULL, SAY},
         CLASS_WRITE_BY_ID,
         BS_SKIP,
         ACT_SPLIT,
         BS_K_VALIDATION,
         1},
        {{413, "", NULL, SAY}, CLASS_CREATE, BS_SKIP, ACT_SPLIT, BS_K_VALIDATION, 1},
        {{404, "{\"error\":{\"type\":\"MODEL_ID_NOT_FOUND\"}}", NULL, SAY},
         CLASS_READ,
         BS_SKIP,
         ACT_GONE,
         BS_K_SCHEMA,
         1},
        {{422, "{\"error\":{\"type\":\"LIST_RECORDS_ITERATOR_NOT_AVAILABLE\"}}", NULL, SAY},
         CLASS_READ,
         BS_SKIP,
         ACT_RELIST,
         BS_K_REMOTE,
         1},
        {{403, "{\"error\":{\"type\":\"INVALID_PERMISSIONS\"}}", NULL, SAY},
         CLASS_WRITE_BY_ID,
         BS_STOP_SYNC,
         ACT_FAIL,
         BS_K_PERMISSION,
         1},
        {{429, "{\"error\":{\"type\":\"PUBLIC_API_BILLING_LIMIT_EXCEEDED\"}}", NULL, SAY},
         CLASS_READ,
         BS_STOP_SYNC,
         ACT_FAIL,
         BS_K_QUOTA,
         1},
        {{429, "", NULL, SAY}, CLASS_CREATE, BS_STOP_SYNC, ACT_FAIL, BS_K_RATE_LIMIT, 4},
        {{503, "", NULL, SAY}, CLASS_READ, BS_STOP_SYNC, ACT_FAIL, BS_K_NETWORK, 4},
        {{500, "", NULL, SAY}, CLASS_READ, BS_STOP_SYNC, ACT_FAIL, BS_K_REMOTE, 3},
        {{503, "", NULL, SAY}, CLASS_WRITE_BY_ID, BS_STOP_SYNC, ACT_FAIL, BS_K_NETWORK, 4},
        {{503, "", NULL, SAY}, CLASS_CREATE, BS_UNSURE, ACT_UNSURE, BS_K_NETWORK, 1},
        {{0, "", NULL, HANG_UP}, CLASS_READ, BS_STOP_SYNC, ACT_FAIL, BS_K_NETWORK, 4},
        {{0, "", NULL, HANG_UP}, CLASS_WRITE_BY_ID, BS_UNSURE, ACT_UNSURE, BS_K_NETWORK, 4},
        {{0, "", NULL, HANG_UP}, CLASS_CREATE, BS_UNSURE, ACT_UNSURE, BS_K_NETWORK, 1},
        {{200, "{\"a\":1", NULL, CUT}, CLASS_CREATE, BS_UNSURE, ACT_UNSURE, BS_K_NETWORK, 1},
        {{200, "{\"a\":", NULL, SAY}, CLASS_CREATE, BS_UNSURE, ACT_UNSURE, BS_K_NETWORK, 1},
        {{200, "", NULL, SAY}, CLASS_CREATE, BS_UNSURE, ACT_UNSURE, BS_K_NETWORK, 1},
        {{200, "<html>", NULL, SAY}, CLASS_READ, BS_STOP_SYNC, ACT_FAIL, BS_K_NETWORK, 4},
        {{401, "", NULL, SAY}, CLASS_READ, BS_STOP_SYNC, ACT_FAIL, BS_K_OAUTH, 2},
        {{503, "", "Retry-After: 3600\r\n", SAY},
         CLASS_READ,
         BS_STOP_SYNC,
         ACT_FAIL,
         BS_K_NETWORK,
         1},
    };
    struct desk *d = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct call_result r;
        enum bs_rc rc;

        stage_answers(d->s, &cases[i].answer, 1);
        rc = perform(d, cases[i].cls, &r);
        if (rc != cases[i].rc || r.verdict.action != cases[i].action ||
            r.err.kind != cases[i].kind || d->s->n_log != cases[i].sent) {
            fail_msg("case %zu: rc %d, action %d, %s, sent %zu: %s", i, (int)rc,
                     (int)r.verdict.action, bs_kind_name(r.err.kind), d->s->n_log, r.err.msg);
        }
        assert_int_equal(r.err.rc, rc);
        assert_string_equal(d->s->w->e.msg, r.err.msg);
        assert_null(strstr(r.err.msg, "patSECRET"));
        assert_true(r.err.msg[0] != '\0');
        call_result_release(&r);
    }
}

static void what_passes_is_waited_for(void **state)
{
    static const struct canned troubles[] = {
        {503, "", NULL, SAY},
        {500, "", NULL, SAY},
        {0, "", NULL, HANG_UP},
        {200, "{\"a\":1", NULL, CUT},
        {200, "{]", NULL, SAY},
        {408, "", NULL, SAY},
        {429, "{\"errors\":[{\"error\":\"RATE_LIMIT_REACHED\"}]}", NULL, SAY},
    };
    struct desk *d = *state;

    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++) {
        for (int cls = CLASS_READ; cls <= CLASS_WRITE_BY_ID; cls++) {
            struct call_result r;

            ANSWERS(d->s, troubles[i], troubles[i], {200, "{\"ok\":1}", NULL, SAY});
            if (perform(d, (enum retry_class)cls, &r) != BS_OK) {
                fail_msg("%zu: %s", i, r.err.msg);
            }
            assert_int_equal(d->s->n_log, 3);
            assert_int_equal(json_int(json_get(r.doc, "ok"), 0), 1);
            call_result_release(&r);
        }
    }
}

static void a_create_is_sent_again_only_after_a_refusal_that_did_nothing(void **state)
{
    struct desk *d = *state;
    struct call_result r;

    ANSWERS(d->s, {429, "", NULL, SAY}, {401, "", NULL, SAY}, {200, "{\"ok\":1}", NULL, SAY});
    assert_int_equal(perform(d, CLASS_CREATE, &r), BS_OK);
    assert_int_equal(d->s->n_log, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(d->s->log[i].nth, i); /* no handshake is paid twice */
    }
    call_result_release(&r);
}

/* Its server hangs up without a byte on a connection that has served before: nobody knows whether
 * it was carried out. */
static void a_create_whose_kept_connection_dies_is_sent_once(void **state)
{
    struct desk *d = *state;
    struct call call = call_of(d, CLASS_CREATE);
    struct call_result r;

    call.body = "{\"records\":[]}";
    call.body_len = strlen(call.body);
    ANSWERS(d->s, {200, "{}", NULL, SAY}, {0, "", NULL, HANG_UP}, {200, "{}", NULL, SAY});
    assert_int_equal(call_perform(d->caller, &call, &r, &d->s->w->e), BS_OK);
    call_result_release(&r);
    assert_int_equal(call_perform(d->caller, &call, &r, &d->s->w->e), BS_UNSURE);
    assert_int_equal(r.verdict.action, ACT_UNSURE);
    assert_int_equal(d->s->n_log, 2);
    assert_int_equal(d->s->log[1].nth, 1);
    call_result_release(&r);
}

static void a_create_avoids_a_connection_that_rested(void **state)
{
    struct desk *d = *state;
    struct call_result r;

    ANSWERS(d->s, {200, "{}", NULL, SAY});
    assert_int_equal(perform(d, CLASS_CREATE, &r), BS_OK);
    call_result_release(&r);
    usleep(6100000);
    assert_int_equal(perform(d, CLASS_CREATE, &r), BS_OK);
    call_result_release(&r);
    assert_int_equal(d->s->log[1].nth, 0);
}

static void a_create_that_never_left_is_tried_again(void **state)
{
    struct desk *d = *state;
    struct call call = call_of(d, CLASS_CREATE);
    struct call_result r;

    call.url = "http://127.0.0.1:9/";
    bs_err_clear(&d->s->w->e);
    assert_int_equal(call_perform(d->caller, &call, &r, &d->s->w->e), BS_STOP_SYNC);
    assert_int_equal(r.err.kind, BS_K_NETWORK);
    assert_int_equal(r.verdict.action, ACT_FAIL);
    assert_int_equal(caller_stats(d->caller).airtable, 4);
    assert_non_null(strstr(r.err.msg, "tried 4 times"));
    call_result_release(&r);
}

static void the_penalty_of_a_service_is_waited_out_by_everybody(void **state)
{
    struct desk *d = *state;
    struct world *w = d->s->w;
    struct call_result r;
    int64_t begin = clock_mono_ms(), wait;
    struct bucket b = {"airtable:appX", 5, 1000};

    ANSWERS(d->s, {429, "", NULL, SAY}, {200, "{}", NULL, SAY});
    assert_int_equal(perform(d, CLASS_READ, &r), BS_OK);
    assert_in_range(clock_mono_ms() - begin, 30000, 34000);
    call_result_release(&r);
    /* Given up for lack of tries: the penalty stays for the next process. */
    desk_limits(d, (struct call_limits){.airtable_rps = 5});
    ANSWERS(d->s, {429, "", NULL, SAY});
    assert_int_equal(perform(d, CLASS_READ, &r), BS_STOP_SYNC);
    assert_int_equal(d->s->n_log, 1);
    call_result_release(&r);
    OK(usage_take(w->s, &b, 1, clock_wall_ms(), &wait, &w->e));
    assert_in_range(wait, 25000, 30500);
}

static void retry_after_is_honoured(void **state)
{
    struct desk *d = *state;
    struct call_result r;
    int64_t begin = clock_mono_ms();

    ANSWERS(d->s, {503, "", "Retry-After: 17\r\n", SAY}, {200, "{}", NULL, SAY});
    assert_int_equal(perform(d, CLASS_READ, &r), BS_OK);
    assert_in_range(clock_mono_ms() - begin, 17000, 20000);
    call_result_release(&r);
}

/* ---- streams ---- */

struct stream {
    char got[200];
    int restarts;
    bool refuse_once;
};

static bool take(void *ctx, const char *data, size_t len)
{
    struct stream *s = ctx;

    strncat(s->got, data, len);
    if (s->refuse_once) {
        s->refuse_once = false;
        return false;
    }
    return true;
}

static void forget(void *ctx)
{
    struct stream *s = ctx;

    s->got[0] = '\0';
    s->restarts++;
}

static void a_stream_that_breaks_off_begins_anew(void **state)
{
    struct desk *d = *state;
    struct world *w = d->s->w;
    struct call call = call_of(d, CLASS_READ);
    struct stream s = {"", 0, false};
    struct call_result r;

    call.sink = take;
    call.restart = forget;
    call.sink_ctx = &s;
    ANSWERS(d->s, {200, "[1,2", NULL, CUT}, {200, "[1,2,3]", NULL, SAY});
    OK(call_perform(d->caller, &call, &r, &w->e));
    assert_string_equal(s.got, "[1,2,3]");
    assert_int_equal(s.restarts, 1);
    call_result_release(&r);
    s = (struct stream){"", 0, true};
    ANSWERS(d->s, {200, "[1,2,3]", NULL, SAY});
    OK(call_perform(d->caller, &call, &r, &w->e));
    assert_string_equal(s.got, "[1,2,3]");
    assert_int_equal(s.restarts, 1);
    call_result_release(&r);
}

/* ---- the governor ---- */

/* The most requests in the log within any `window` ms. */
static size_t densest(const struct stage *s, int64_t window)
{
    size_t most = 0;

    for (size_t i = 0; i < s->n_log; i++) {
        size_t n = 0;

        for (size_t k = i; k < s->n_log; k++) {
            n += llabs(s->log[k].at_ms - s->log[i].at_ms) < window;
        }
        most = n > most ? n : most;
    }
    return most;
}

static enum bs_rc count_done(void *ctx, const struct call *call, struct call_result *r,
                             struct bs_err *e)
{
    (void)e;
    assert_int_equal(r->err.rc, BS_OK);
    ++*(int *)ctx;
    ++*(int *)call->tag;
    return BS_OK;
}

/* In real time: what counts is when requests arrive. */
static void no_second_ever_holds_more_requests_than_the_base_allows(void **state)
{
    struct desk *d = *state;
    struct world *w = d->s->w;
    struct call calls[23];
    int tags[23] = {0}, done = 0;

    clock_set(NULL);
    ANSWERS(d->s, {200, "{}", NULL, SLOWLY});
    for (int i = 0; i < 23; i++) {
        calls[i] = call_of(d, i % 2 ? CLASS_READ : CLASS_WRITE_BY_ID);
        calls[i].tag = &tags[i];
    }
    OK(call_many(d->caller, calls, 23, count_done, &done, &w->e));
    assert_int_equal(done, 23);
    for (int i = 0; i < 23; i++) {
        assert_int_equal(tags[i], 1);
    }
    assert_int_equal(d->s->n_log, 23);
    assert_int_equal(densest(d->s, 1000), 5);
    assert_true(d->s->log[22].at_ms - d->s->log[0].at_ms < 7000);
    assert_int_equal(world_number(w, "SELECT calls FROM UsageMonth WHERE counter ="
                                     " 'airtable:airtable:usrX'"),
                     23);
}

static void google_s_minutes_are_kept_apart_for_reads_and_writes(void **state)
{
    struct desk *d = *state;
    struct world *w = d->s->w;
    struct call call = call_of(d, CLASS_READ);
    int64_t begin = clock_mono_ms();

    desk_limits(d, (struct call_limits){.google_reads = 3, .google_writes = 2});
    call.service = ON_SHEETS;
    call.base_id = NULL;
    for (int i = 0; i < 5; i++) {
        struct call_result r;

        call.google_write = i >= 3;
        OK(call_perform(d->caller, &call, &r, &w->e));
        call_result_release(&r);
    }
    assert_true(clock_mono_ms() - begin < 5000);
    for (int i = 0; i < 2; i++) {
        struct call_result r;

        call.google_write = i == 1;
        OK(call_perform(d->caller, &call, &r, &w->e));
        call_result_release(&r);
    }
    assert_in_range(clock_mono_ms() - begin, 60000, 70000);
    assert_int_equal(caller_stats(d->caller).sheets, 7);
}

static void the_month_s_budget_is_never_passed(void **state)
{
    struct desk *d = *state;
    struct world *w = d->s->w;
    struct call_result r;

    desk_limits(d, (struct call_limits){.airtable_rps = 5, .max_retries = 3, .monthly_budget = 3});
    ANSWERS(d->s, {503, "", NULL, SAY}, {200, "{}", NULL, SAY});
    assert_int_equal(perform(d, CLASS_READ, &r), BS_OK); /* two: a repetition counts, too */
    call_result_release(&r);
    assert_int_equal(perform(d, CLASS_READ, &r), BS_OK);
    call_result_release(&r);
    FAILS(perform(d, CLASS_READ, &r), BS_STOP_SYNC, BS_K_QUOTA, "monthly_budget");
    assert_int_equal(r.err.kind, BS_K_QUOTA);
    call_result_release(&r);
    assert_int_equal(d->s->n_log, 3);
}

static void a_run_that_is_out_of_time_does_not_begin_to_wait(void **state)
{
    struct desk *d = *state;
    struct world *w = d->s->w;
    struct call_result r;
    int64_t begin = clock_mono_ms();

    desk_limits(
        d, (struct call_limits){.airtable_rps = 5, .max_retries = 3, .deadline_ms = begin + 20000});
    ANSWERS(d->s, {429, "", NULL, SAY});
    FAILS(perform(d, CLASS_READ, &r), BS_STOP_SYNC, BS_K_RATE_LIMIT, "as long as it may");
    call_result_release(&r);
    assert_true(clock_mono_ms() - begin < 5000);
    assert_int_equal(d->s->n_log, 1);
}

/* ---- several at once ---- */

struct outcomes {
    struct desk *d;
    int ok, failed, nested;
    enum bs_rc last;
    bool stop_at_first, nest;
};

static enum bs_rc note(void *ctx, const struct call *call, struct call_result *r, struct bs_err *e)
{
    struct outcomes *o = ctx;

    (void)call;
    o->last = r->err.rc;
    if (r->err.rc == BS_OK) {
        o->ok++;
    } else {
        o->failed++;
    }
    if (o->nest) {
        struct call again = call_of(o->d, CLASS_READ);
        struct call_result inner;

        assert_int_equal(call_perform(o->d->caller, &again, &inner, e), BS_OK);
        o->nested++;
        call_result_release(&inner);
    }
    return o->stop_at_first ? bs_fail(e, BS_STOP_SYNC, BS_K_STATE, "enough") : BS_OK;
}

static void fill_calls(struct desk *d, struct call *calls, size_t n, enum retry_class cls)
{
    for (size_t i = 0; i < n; i++) {
        calls[i] = call_of(d, cls);
        calls[i].base_id = NULL;
    }
}

static void a_call_from_within_the_callback_disturbs_no_other(void **state)
{
    struct desk *d = *state;
    struct world *w = d->s->w;
    struct outcomes o = {.d = d, .nest = true};
    struct call calls[8];

    fill_calls(d, calls, 8, CLASS_WRITE_BY_ID);
    ANSWERS(d->s, {200, "{}", NULL, SLOWLY});
    OK(call_many(d->caller, calls, 8, note, &o, &w->e));
    assert_int_equal(o.ok, 8);
    assert_int_equal(o.nested, 8);
    assert_int_equal(d->s->n_log, 16);
}

static void a_callback_that_stops_still_hears_of_what_is_in_the_air(void **state)
{
    struct desk *d = *state;
    struct world *w = d->s->w;
    struct outcomes o = {.d = d, .stop_at_first = true};
    struct call calls[30];

    fill_calls(d, calls, 30, CLASS_WRITE_BY_ID);
    ANSWERS(d->s, {200, "{}", NULL, SLOWLY});
    FAILS(call_many(d->caller, calls, 30, note, &o, &w->e), BS_STOP_SYNC, BS_K_STATE, "enough");
    assert_in_range(d->s->n_log, 1, CALL_IN_FLIGHT + 1);
    assert_int_equal(o.ok, d->s->n_log);
    assert_int_equal(http_in_flight(d->s->http), 0);
}

/* The longest back-off of a first retry. */
static void late_random(void *ctx, void *out, size_t len)
{
    (void)ctx;
    memset(out, 0, len);
    if (len >= 2) {
        memcpy(out, &(uint16_t){1000}, 2);
    }
}

static void a_call_that_waits_for_its_next_try_is_told_when_all_stops(void **state)
{
    struct desk *d = *state;
    struct world *w = d->s->w;
    struct outcomes o = {.d = d, .stop_at_first = true};
    struct clock_ops late = jump_clock;
    struct call calls[2];

    late.random = late_random;
    clock_set(&late);
    fill_calls(d, calls, 2, CLASS_WRITE_BY_ID);
    ANSWERS(d->s, {0, "", NULL, HANG_UP}, {200, "{}", NULL, SLOWLY});
    FAILS(call_many(d->caller, calls, 2, note, &o, &w->e), BS_STOP_SYNC, BS_K_STATE, "enough");
    assert_int_equal(o.ok, 1);
    assert_int_equal(o.failed, 1);
    assert_int_equal(o.last, BS_UNSURE);
}

static void every_call_of_many_has_its_own_outcome(void **state)
{
    struct desk *d = *state;
    struct world *w = d->s->w;
    struct outcomes o = {.d = d};
    struct call calls[4];

    fill_calls(d, calls, 4, CLASS_WRITE_BY_ID);
    ANSWERS(d->s, {422, "{}", NULL, SAY}, {503, "", NULL, SAY}, {200, "{}", NULL, SAY});
    OK(call_many(d->caller, calls, 4, note, &o, &w->e));
    assert_int_equal(o.ok, 3);
    assert_int_equal(o.failed, 1);
    OK(call_many(d->caller, calls, 0, note, &o, &w->e));
}

/* ---- tokens ---- */

static bool only_access_2(struct stage *s, const struct server_request *r)
{
    char bearer[100] = "";

    (void)s;
    if (strcmp(r->path, "/token") == 0) {
        return server_answer(r->fd, 200, "",
                             "{\"access_token\":\"access-2\",\"refresh_token\":\"refresh-2\"}");
    }
    server_header(r, "Authorization", bearer, sizeof bearer);
    usleep(100000);
    return strcmp(bearer, "Bearer access-2") == 0 ? server_answer(r->fd, 200, "", "{}")
                                                  : server_answer(r->fd, 401, "", "{}");
}

static void calls_refused_with_one_token_renew_it_once(void **state)
{
    struct desk *d = *state;
    struct world *w = d->s->w;
    struct outcomes o = {.d = d};
    struct call calls[5];
    int tokens = 0;

    stage_connect(d->s, (struct connection){.service = SERVICE_AIRTABLE,
                                            .kind = CREDENTIAL_OAUTH,
                                            .account = STAGE_TEXT("a"),
                                            .secret = STAGE_TEXT("refresh-1"),
                                            .client_id = STAGE_TEXT("id"),
                                            .access_token = STAGE_TEXT("access-1"),
                                            .access_expires_ms = clock_wall_ms() + 3600000});
    caller_free(d->caller);
    auth_free(d->auth);
    OK(auth_new(w->s, d->s->http, &d->s->ep, stage_user(d->s), SERVICE_AIRTABLE, &d->auth, &w->e));
    d->caller = caller_new(w->s, d->s->http, d->auth, &d->s->ep, &d->limits);
    d->s->custom = only_access_2;
    fill_calls(d, calls, 5, CLASS_CREATE);
    OK(call_many(d->caller, calls, 5, note, &o, &w->e));
    assert_int_equal(o.ok, 5);
    for (size_t i = 0; i < d->s->n_log; i++) {
        tokens += strcmp(d->s->log[i].path, "/token") == 0;
    }
    assert_int_equal(tokens, 1);
    assert_int_equal(d->s->n_log, 11);
}

static void a_token_that_stays_refused_asks_to_connect_again(void **state)
{
    struct desk *d = *state;
    struct world *w = d->s->w;
    struct call_result r;

    ANSWERS(d->s, {401,
                   "{\"error\":{\"type\":\"AUTHENTICATION_REQUIRED\",\"message\":\"Authentication "
                   "required\"}}",
                   NULL, SAY});
    FAILS(perform(d, CLASS_READ, &r), BS_STOP_SYNC, BS_K_OAUTH, "basesync connect airtable");
    call_result_release(&r);
}

/* ---- the service's clock ---- */

static void the_service_s_clock_is_known_from_its_answers(void **state)
{
    struct desk *d = *state;
    struct call_result r;

    assert_int_equal(call_server_ms(d->caller), 0);
    ANSWERS(d->s, {200, "{}", "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", SAY});
    assert_int_equal(perform(d, CLASS_READ, &r), BS_OK);
    call_result_release(&r);
    clock_ahead_ms += 5000;
    assert_in_range(call_server_ms(d->caller), 784111782000, 784111784000);
}

/* The last test: a signal once seen stays seen. */
static void a_stop_signal_lets_nothing_more_leave(void **state)
{
    struct desk *d = *state;
    struct world *w = d->s->w;
    struct call_result r;

    raise(SIGTERM);
    FAILS(perform(d, CLASS_READ, &r), BS_STOP_SYNC, BS_K_STATE, "stopped by a signal");
    call_result_release(&r);
    assert_int_equal(server_requests(d->s->server), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, desk_new, desk_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_brings_its_answer_with_the_token),
        TEST(each_outcome_ends_as_the_interface_says),
        TEST(what_passes_is_waited_for),
        TEST(a_create_is_sent_again_only_after_a_refusal_that_did_nothing),
        TEST(what_another_service_is_asked_meanwhile_does_not_wait),
        TEST(a_create_whose_kept_connection_dies_is_sent_once),
        TEST(a_create_avoids_a_connection_that_rested),
        TEST(a_create_that_never_left_is_tried_again),
        TEST(the_penalty_of_a_service_is_waited_out_by_everybody),
        TEST(retry_after_is_honoured),
        TEST(a_stream_that_breaks_off_begins_anew),
        TEST(no_second_ever_holds_more_requests_than_the_base_allows),
        TEST(google_s_minutes_are_kept_apart_for_reads_and_writes),
        TEST(the_month_s_budget_is_never_passed),
        TEST(a_run_that_is_out_of_time_does_not_begin_to_wait),
        TEST(a_call_from_within_the_callback_disturbs_no_other),
        TEST(a_callback_that_stops_still_hears_of_what_is_in_the_air),
        TEST(a_call_that_waits_for_its_next_try_is_told_when_all_stops),
        TEST(every_call_of_many_has_its_own_outcome),
        TEST(calls_refused_with_one_token_renew_it_once),
        TEST(a_token_that_stays_refused_asks_to_connect_again),
        TEST(the_service_s_clock_is_known_from_its_answers),
        TEST(a_stop_signal_lets_nothing_more_leave),
    };

    os_signals_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
