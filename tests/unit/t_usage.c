/* t_usage.c: limits that no window ever exceeds, whichever processes send. */
#include "store_world.h"

#include "store/usage.h"

#include <sys/wait.h>

#define T0 1769076000000

static int64_t take(struct world *w, const struct bucket *b, size_t n, int64_t now)
{
    int64_t wait;

    OK(usage_take(w->s, b, n, now, &wait, &w->e));
    return wait;
}

static void requests_up_to_the_limit_pass_then_wait(void **state)
{
    struct world *w = *state;
    const struct bucket b = {"airtable:appA", 5, 1000};

    for (int i = 0; i < 5; i++) {
        assert_int_equal(take(w, &b, 1, T0 + i * 100), 0);
    }
    assert_int_equal(take(w, &b, 1, T0 + 450), 550); /* until the first is a second old */
    assert_int_equal(take(w, &b, 1, T0 + 999), 1);
    assert_int_equal(take(w, &b, 1, T0 + 1000), 0);
    assert_int_equal(take(w, &b, 1, T0 + 1000), 100);
}

static void a_refused_request_is_not_counted(void **state)
{
    struct world *w = *state;
    const struct bucket b = {"x", 1, 1000};

    assert_int_equal(take(w, &b, 1, T0), 0);
    for (int i = 1; i < 10; i++) {
        assert_int_equal(take(w, &b, 1, T0 + i * 100), 1000 - i * 100);
    }
    assert_int_equal(take(w, &b, 1, T0 + 1000), 0);
}

static void all_buckets_are_taken_or_none(void **state)
{
    struct world *w = *state;
    const struct bucket two[] = {{"base", 5, 1000}, {"token", 1, 3000}};

    assert_int_equal(take(w, two, 2, T0), 0);
    assert_int_equal(take(w, two, 2, T0 + 10), 2990);
    assert_string_equal(world_text(w, "SELECT length(times) / 8 FROM RateBucket WHERE name='base'"),
                        "1");
}

static void what_was_sent_is_known_after_a_restart(void **state)
{
    struct world *w = *state;
    const struct bucket b = {"x", 2, 60000};

    take(w, &b, 1, T0);
    take(w, &b, 1, T0 + 1);
    world_reopen(w);
    assert_int_equal(take(w, &b, 1, T0 + 1000), 59000);
}

static void a_penalty_holds_everybody_and_the_longer_one_counts(void **state)
{
    struct world *w = *state;
    const struct bucket b = {"x", 5, 1000};

    take(w, &b, 1, T0);
    OK(usage_penalty(w->s, "x", T0, 30000, &w->e));
    assert_int_equal(take(w, &b, 1, T0 + 2000), 28000);
    OK(usage_penalty(w->s, "x", T0 + 2000, 5000, &w->e));
    assert_int_equal(take(w, &b, 1, T0 + 2000), 28000);
    world_reopen(w);
    assert_int_equal(take(w, &b, 1, T0 + 29999), 1);
    assert_int_equal(take(w, &b, 1, T0 + 30000), 0);
    OK(usage_penalty(w->s, "new", T0, 30000, &w->e)); /* a bucket that was never used */
    const struct bucket fresh = {"new", 5, 1000};
    assert_int_equal(take(w, &fresh, 1, T0), 30000);
}

static void a_clock_that_was_set_back_costs_one_period_at_most(void **state)
{
    struct world *w = *state;
    const struct bucket b = {"x", 2, 60000};
    const int64_t hour = 3600000;

    take(w, &b, 1, T0);
    take(w, &b, 1, T0 + 10);
    assert_int_equal(take(w, &b, 1, T0 - hour), 59990);
    OK(usage_penalty(w->s, "x", T0, 30000, &w->e));
    assert_int_equal(take(w, &b, 1, T0 - hour), 59990);
    assert_int_equal(take(w, &b, 1, T0 - hour + 60000), 0);
}

static void a_request_slightly_ahead_is_no_step_back(void **state)
{
    struct world *w = *state;
    const struct bucket b = {"x", 2, 1000};

    /* Two processes read the clock and then waited for each other. */
    take(w, &b, 1, T0 + 50);
    take(w, &b, 1, T0);
    assert_true(take(w, &b, 1, T0 + 1049) > 0);
    assert_int_equal(take(w, &b, 1, T0 + 1050), 0);
}

static void a_limit_that_was_changed_holds_from_then_on(void **state)
{
    struct world *w = *state;
    const struct bucket wide = {"x", 50, 1000}, narrow = {"x", 2, 1000};

    for (int i = 0; i < 10; i++) {
        take(w, &wide, 1, T0 + i);
    }
    assert_int_equal(take(w, &narrow, 1, T0 + 100), 908); /* until the last but one is old */
    assert_int_equal(take(w, &wide, 1, T0 + 100), 0);
}

static void a_limit_of_nothing_is_refused(void **state)
{
    static const struct bucket bad[] = {{"x", 0, 1000}, {"x", 5, 0}, {"x", 100000, 1000}};
    struct world *w = *state;
    int64_t wait;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        FAILS(usage_take(w->s, &bad[i], 1, T0, &wait, &w->e), BS_STOP_ALL, BS_K_INTERNAL,
              "the limit of x");
    }
}

/* Random walks of time, forward and in bursts: the demand of usage.h checked on the whole of what
 * was let through. */
static void no_window_ever_exceeds_the_limit(void **state)
{
    struct world *w = *state;
    uint64_t seed = 12345;
    static int64_t sent[4000];

    for (uint32_t limit = 1; limit <= 7; limit += 3) {
        char name[16];
        struct bucket b = {name, limit, 1000};
        int64_t now = T0;
        size_t n = 0;

        snprintf(name, sizeof name, "walk%u", limit);
        for (int i = 0; i < 1200; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            now += (int64_t)(seed >> 33) % (i % 100 < 50 ? 20 : 400);
            if (take(w, &b, 1, now) == 0) {
                sent[n++] = now;
            }
        }
        assert_true(n > 100);
        for (size_t i = limit; i < n; i++) {
            assert_true(sent[i] - sent[i - limit] >= b.period_ms);
        }
    }
}

/* What one process was let send, by the real clock. */
static int hammer(struct world *w, int out, int64_t until)
{
    const struct bucket two[] = {{"shared", 5, 250}, {"wide", 1000, 250}};
    struct store *s;
    struct bs_err e = BS_ERR_INIT;

    if (store_open(w->path, STORE_EXISTING, NULL, &s, &e) != BS_OK) {
        return 1;
    }
    while (clock_wall_ms() < until) {
        int64_t wait, at = clock_wall_ms(), total;

        if (usage_take(s, two, 2, at, &wait, &e) != BS_OK) {
            return 2;
        }
        if (wait == 0) {
            at = clock_wall_ms();
            if (write(out, &at, sizeof at) != sizeof at ||
                usage_count(s, "calls", T0, 1, &total, &e) != BS_OK) {
                return 3;
            }
        } else {
            usleep((useconds_t)(wait > 20 ? 20 : wait) * 1000);
        }
    }
    store_close(s);
    return 0;
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void processes_share_a_limit(void **state)
{
    struct world *w = *state;
    int64_t until = clock_wall_ms() + 2000, times[2000], at;
    pid_t pids[4];
    int fds[2], status;
    size_t n = 0;

    store_close(w->s);
    w->s = NULL;
    assert_int_equal(pipe(fds), 0);
    for (int i = 0; i < 4; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            _exit(hammer(w, fds[1], until));
        }
    }
    close(fds[1]);
    while (read(fds[0], &at, sizeof at) == sizeof at && n < 2000) {
        times[n++] = at;
    }
    close(fds[0]);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    qsort(times, n, sizeof times[0], by_time);
    /* Eight periods: 45 may pass at the very most; and the limit is not wasted either. */
    assert_in_range(n, 20, 45);
    for (size_t i = 5; i < n; i++) {
        /* A process may be held up between its reservation and its sending; not the other way. */
        assert_true(times[i] - times[i - 5] >= 250 - 60);
    }
    world_open(w, STORE_EXISTING);
    OK(usage_month(w->s, "calls", T0, &at, &w->e));
    assert_int_equal(at, n);
}

static void months_are_counted_apart(void **state)
{
    struct world *w = *state;
    int64_t v;

    OK(usage_month(w->s, "airtable:default", T0, &v, &w->e));
    assert_int_equal(v, 0);
    OK(usage_count(w->s, "airtable:default", T0, 3, &v, &w->e));
    OK(usage_count(w->s, "airtable:default", T0, 4, &v, &w->e));
    assert_int_equal(v, 7);
    OK(usage_count(w->s, "google:default", T0, 1, &v, &w->e));
    assert_int_equal(v, 1);
    OK(usage_month(w->s, "airtable:default", T0 + 40 * 86400000ll, &v, &w->e));
    assert_int_equal(v, 0);
    world_reopen(w);
    OK(usage_month(w->s, "airtable:default", T0, &v, &w->e));
    assert_int_equal(v, 7);
    assert_string_equal(world_text(w, "SELECT month FROM UsageMonth WHERE calls = 7"), "2026-01");
}

static void a_month_s_budget_is_spent_to_the_last_call_and_not_beyond(void **state)
{
    struct world *w = *state;
    int64_t v;
    bool spent;

    for (int i = 0; i < 6; i++) {
        OK(usage_spend(w->s, "c", T0, 4, &spent, &w->e));
        assert_int_equal(spent, i < 4);
    }
    OK(usage_month(w->s, "c", T0, &v, &w->e));
    assert_int_equal(v, 4);
    OK(usage_spend(w->s, "c", T0, 0, &spent, &w->e)); /* no budget */
    assert_true(spent);
    OK(usage_spend(w->s, "c", T0, 4, &spent, &w->e));
    assert_false(spent);
    OK(usage_spend(w->s, "c", T0 + 40 * 86400000ll, 1, &spent, &w->e)); /* another month */
    assert_true(spent);
}

static void a_request_that_left_late_counts_from_then(void **state)
{
    struct world *w = *state;
    const struct bucket b = {"b", 2, 1000};
    int64_t wait;

    OK(usage_take(w->s, &b, 1, T0, &wait, &w->e));
    OK(usage_take(w->s, &b, 1, T0 + 100, &wait, &w->e));
    OK(usage_left(w->s, &b, 1, T0, T0 + 400, &w->e));
    OK(usage_take(w->s, &b, 1, T0 + 500, &wait, &w->e));
    assert_int_equal(wait, 600); /* after the one of T0 + 100, which is now the older one */
    OK(usage_take(w->s, &b, 1, T0 + 1100, &wait, &w->e));
    assert_int_equal(wait, 0);
    OK(usage_take(w->s, &b, 1, T0 + 1200, &wait, &w->e));
    assert_int_equal(wait, 200);                              /* T0 + 400 and T0 + 1100 */
    OK(usage_left(w->s, &b, 1, T0 + 1100, T0 + 1050, &w->e)); /* never earlier */
    OK(usage_take(w->s, &b, 1, T0 + 1200, &wait, &w->e));
    assert_int_equal(wait, 200);
}

#define NEW(f) cmocka_unit_test_setup_teardown(f, world_new, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NEW(requests_up_to_the_limit_pass_then_wait),
        NEW(a_refused_request_is_not_counted),
        NEW(all_buckets_are_taken_or_none),
        NEW(what_was_sent_is_known_after_a_restart),
        NEW(a_penalty_holds_everybody_and_the_longer_one_counts),
        NEW(a_clock_that_was_set_back_costs_one_period_at_most),
        NEW(a_request_slightly_ahead_is_no_step_back),
        NEW(a_limit_that_was_changed_holds_from_then_on),
        NEW(a_limit_of_nothing_is_refused),
        NEW(no_window_ever_exceeds_the_limit),
        NEW(processes_share_a_limit),
        NEW(a_request_that_left_late_counts_from_then),
        NEW(months_are_counted_apart),
        NEW(a_month_s_budget_is_spent_to_the_last_call_and_not_beyond),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
