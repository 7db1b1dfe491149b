/* t_governor.c: what the second look at departures adds to the shared buckets. */
#include "call_world.h"
#include "remote/governor.h"
#include "store/usage.h"

struct tower {
    struct stage *s;
    struct auth *auth;
    struct governor *g;
    struct call call;
};

static int tower_new(void **state)
{
    static const struct call_limits limits = {
        .airtable_rps = 5, .google_reads = 3, .google_writes = 3, .max_retries = 3};
    struct tower *t = calloc(1, sizeof *t);
    void *inner = NULL;
    struct world *w;

    stage_new(&inner);
    t->s = inner;
    w = t->s->w;
    stage_connect(t->s, stage_personal());
    OK(auth_new(w->s, t->s->http, &t->s->ep, stage_user(t->s), SERVICE_AIRTABLE, &t->auth, &w->e));
    t->g = governor_new(w->s, t->auth, &limits);
    t->call = (struct call){.service = ON_AIRTABLE, .base_id = "appX"};
    *state = t;
    return 0;
}

static int tower_end(void **state)
{
    struct tower *t = *state;
    void *inner = t->s;

    governor_free(t->g);
    governor_free(NULL);
    auth_free(t->auth);
    stage_end(&inner);
    free(t);
    return 0;
}

static int64_t wait_of(struct tower *t, const struct call *call)
{
    struct world *w = t->s->w;
    int64_t wait;

    OK(governor_take(t->g, call, &wait, &w->e));
    return wait;
}

static void take_off(struct tower *t, struct departure *d, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(wait_of(t, &t->call), 0);
        governor_left(t->g, &d[i], &t->call);
    }
}

/* Five are held up by their handshakes: as long as it is not known when they leave, nothing
 * follows. */
static void nothing_follows_requests_that_are_still_connecting(void **state)
{
    struct tower *t = *state;
    struct departure d[5];
    struct call other = t->call;

    take_off(t, d, 5);
    clock_ahead_ms += 5000; /* the buckets would let five more go */
    assert_in_range(wait_of(t, &t->call), 1, 100);
    other.base_id = "appY";
    assert_int_equal(wait_of(t, &other), 0); /* another base is another matter */
    for (int i = 0; i < 5; i++) {
        d[i].sent_ms = clock_mono_ms();
    }
    assert_in_range(wait_of(t, &t->call), 1000, 1100);
    clock_ahead_ms += 1100;
    assert_int_equal(wait_of(t, &t->call), 0);
    for (int i = 0; i < 5; i++) {
        governor_landed(t->g, &d[i]);
    }
}

static void what_has_landed_still_counts_for_a_second(void **state)
{
    struct tower *t = *state;
    struct departure d[5];

    take_off(t, d, 5);
    clock_ahead_ms += 3000;
    for (int i = 0; i < 5; i++) {
        d[i].sent_ms = clock_mono_ms() - (i == 0 ? 900 : 100);
        governor_landed(t->g, &d[i]);
        governor_landed(t->g, &d[i]); /* once is enough */
    }
    /* The fifth last decides: it left 900 ms ago. */
    assert_in_range(wait_of(t, &t->call), 100, 200);
    clock_ahead_ms += 200;
    assert_int_equal(wait_of(t, &t->call), 0);
}

static void a_request_that_never_left_holds_up_nobody(void **state)
{
    struct tower *t = *state;
    struct departure d[5];

    take_off(t, d, 5);
    clock_ahead_ms += 3000;
    for (int i = 0; i < 5; i++) {
        governor_landed(t->g, &d[i]);
    }
    assert_int_equal(wait_of(t, &t->call), 0);
}

static void the_shared_buckets_hold_for_other_processes_as_well(void **state)
{
    struct tower *t = *state;
    struct world *w = t->s->w;
    struct bucket b = {"airtable:appX", 5, 1060};
    struct call google = {.service = ON_SHEETS};
    int64_t wait;

    for (int i = 0; i < 5; i++) {
        OK(usage_take(w->s, &b, 1, clock_wall_ms(), &wait, &w->e));
    }
    assert_in_range(wait_of(t, &t->call), 900, 1060);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(wait_of(t, &google), 0);
    }
    assert_in_range(wait_of(t, &google), 60000, 61500);
    google.google_write = true;
    assert_int_equal(wait_of(t, &google), 0);
    google.service = ON_DRIVE; /* has no bucket */
    assert_int_equal(wait_of(t, &google), 0);
    OK(governor_penalty(t->g, &google, 1000, &w->e));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tower_new, tower_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_follows_requests_that_are_still_connecting),
        TEST(what_has_landed_still_counts_for_a_second),
        TEST(a_request_that_never_left_holds_up_nobody),
        TEST(the_shared_buckets_hold_for_other_processes_as_well),
    };

    os_signals_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
