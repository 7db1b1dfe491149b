/* t_pace.c: a month's budget of calls: shared out, lasting, never passed. */
#include "engine/schedule.h"
#include "model/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"

#include <math.h>
#include <string.h>

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define SYNCS 3

static int64_t at(const char *text)
{
    int64_t ms;

    assert_true(clock_parse(text, &ms));
    return ms;
}

static void a_month_is_that_of_the_calendar(void **state)
{
    static const char *const cases[][3] = {
        {"2026-01-01 00:00:00", "2026-01-01 00:00:00", "2026-02-01 00:00:00"},
        {"2026-12-31 23:59:59.999", "2026-12-01 00:00:00", "2027-01-01 00:00:00"},
        {"2028-02-29 12:00:00", "2028-02-01 00:00:00", "2028-03-01 00:00:00"},
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct pace_month m = pace_month_of(at(cases[i][0]));

        assert_int_equal(m.from_ms, at(cases[i][1]));
        assert_int_equal(m.until_ms, at(cases[i][2]));
    }
}

struct share_case {
    int64_t budget, used;
    struct pace_sync in[SYNCS]; /* the stretch that is wanted among it */
};

#define FIVE (5.0 * 60000)
#define HOURLY (3600000.0)

/* Asked on 16 January 2026 at 12:00: 15.5 days are left, 4,464 ticks of five minutes; the reserve
 * is 2.5 % of the budget. */
static const struct share_case shares[] = {
    /* No budget, or enough of it: as scheduled. */
    {0, 0, {{FIVE, 2, 0, 1}, {FIVE, 2, 1, 1}, {HOURLY, 100, 1, 1}}},
    {100000, 50000, {{FIVE, 2, 0, 1}, {FIVE, 2, 1, 1}, {HOURLY, 2, 1, 1}}},
    /* Alike: alike. 3 x 8,928 calls wanted, 8,928 there. */
    {10000, 822, {{FIVE, 2, 0, 3}, {FIVE, 2, 0, 3}, {FIVE, 2, 0, 3}}},
    /* Five times as often for the one that changes. */
    {10000, 822, {{FIVE, 2, 0, 7}, {FIVE, 2, 0, 7}, {FIVE, 2, 1, 1.4}}},
    /* Who would get more than he asks for leaves it to the others. */
    {20000, 14292, {{FIVE, 2, 0, 4}, {HOURLY, 2, 1, 1}, {FIVE, 2, 0, 4}}},
    /* Nothing left, or less than a run costs. */
    {1000, 1000, {{FIVE, 2, 0, INFINITY}, {FIVE, 2, 1, INFINITY}, {HOURLY, 2, 1, INFINITY}}},
    {1000, 1001, {{FIVE, 2, 0, INFINITY}, {FIVE, 2, 1, INFINITY}, {HOURLY, 2, 1, INFINITY}}},
    {1000, 900, {{FIVE, 200, 0, INFINITY}, {FIVE, 200, 0, INFINITY}, {FIVE, 200, 0, INFINITY}}},
};

static void what_is_left_is_shared_out(void **state)
{
    int64_t now = at("2026-01-16 12:00:00");

    (void)state;
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        struct pace_month m = pace_month_of(now);
        struct pace_sync list[SYNCS];

        memcpy(list, shares[i].in, sizeof list);
        m.budget = shares[i].budget;
        m.used = shares[i].used;
        (void)pace_plan(&m, list, SYNCS, now);
        for (size_t k = 0; k < SYNCS; k++) {
            double want = shares[i].in[k].stretch;

            if (isinf(want) ? !isinf(list[k].stretch)
                            : fabs(list[k].stretch - want) > 0.02 * want) {
                fail_msg("case %zu: sync %zu is stretched by %g, not %g", i, k, list[k].stretch,
                         want);
            }
        }
    }
}

/* ---- a month played through ---- */

#define SECTION(name, id)                                                                          \
    "[sync " name "]\nbase=appAAAAAAAAAAAAAA\ntable=T\n"                                           \
    "spreadsheet=1AbCdEfGhIjKlMnOpQrStUvWxYz01234567" id "\ntab=S\n"

struct month_case {
    int64_t budget;
    double calls[SYNCS], activity[SYNCS];
    int64_t by_hand; /* calls of a person on the 10th */
    bool restarts;   /* the program is started anew every seven hours */
};

struct month {
    int64_t used;
    size_t runs[SYNCS], refused;
    int64_t last[SYNCS], longest[SYNCS]; /* longest: between two runs, from the second day on */
};

static struct schedule *start(const struct conf *c, const struct month *m, int64_t now)
{
    static const char *const ids[] = {"0", "1", "2"};
    char last[SYNCS][CLOCK_TEXT_MAX];
    struct sync_config rows[SYNCS] = {{0}};

    for (size_t i = 0; i < SYNCS; i++) {
        clock_sql_text(m->last[i], last[i]);
        rows[i].id = ids[i];
        rows[i].user_id = "u";
        rows[i].last_sync_at = m->last[i] ? last[i] : NULL;
    }
    return schedule_new(c, rows, zone_fixed("UTC", 0), now);
}

static void keep(const struct month_case *t, struct schedule *s, const struct month *m, int64_t now)
{
    struct pace_month pm = pace_month_of(now);
    struct pace_sync list[SYNCS];

    pm.budget = t->budget;
    pm.used = m->used;
    for (size_t i = 0; i < SYNCS; i++) {
        list[i] =
            (struct pace_sync){(double)schedule_period(s, i, now), t->calls[i], t->activity[i], 0};
    }
    (void)pace_plan(&pm, list, SYNCS, now);
    for (size_t i = 0; i < SYNCS; i++) {
        double gap = list[i].stretch > 1 ? list[i].stretch * list[i].period_ms : 0;

        schedule_set_gap(s, i, gap < 1e15 ? (int64_t)gap : INT64_MAX / 4, pm.until_ms, now);
    }
}

static void take(const struct month_case *t, struct month *m, size_t i, int64_t now, int64_t from)
{
    if (m->used + (int64_t)t->calls[i] > t->budget) {
        m->refused++;
        return;
    }
    m->used += (int64_t)t->calls[i];
    m->runs[i]++;
    if (now > from + DAY && now - m->last[i] > m->longest[i]) {
        m->longest[i] = now - m->last[i];
    }
    m->last[i] = now;
}

static struct month play(const struct month_case *t)
{
    static const char text[] = SECTION("a", "1") SECTION("b", "2") SECTION("c", "3");
    int64_t from = at("2026-01-01 00:00:30"), end = at("2026-02-01 00:00:00");
    int64_t now = from, restart = from + 7 * HOUR;
    struct month m = {0};
    struct bs_err e = BS_ERR_INIT;
    struct conf *c = NULL;
    struct schedule *s;
    bool asked = false;

    assert_int_equal(conf_parse("/f.ini", text, strlen(text), &c, &e), BS_OK);
    s = start(c, &m, now);
    keep(t, s, &m, now);
    while ((now = schedule_next(s)) < end) {
        size_t due[SYNCS], n = schedule_take_due(s, now, due);

        if (!asked && now > from + 9 * DAY) {
            m.used += t->by_hand;
            asked = true;
        }
        keep(t, s, &m, now);
        for (size_t i = 0; i < n; i++) {
            take(t, &m, due[i], now, from);
        }
        if (t->restarts && now > restart) {
            restart = now + 7 * HOUR;
            schedule_free(s);
            s = start(c, &m, now);
            keep(t, s, &m, now);
        }
    }
    assert_int_equal(now, end); /* the new month begins with a run at its first tick */
    schedule_free(s);
    conf_free(c);
    return m;
}

static const struct month_case months[] = {
    {1000, {2, 2, 2}, {0, 0, 0}, 0, false},      {1000, {2, 2, 2}, {1, 0, 0}, 0, true},
    {1000, {2, 12, 2}, {0, 0.5, 1}, 200, false}, {100000, {11, 11, 11}, {0, 0, 0}, 0, true},
    {20000, {2, 2, 2}, {0, 0, 1}, 3000, true},   {60, {2, 2, 2}, {0, 0, 0}, 0, true},
};

static void a_month_lasts_to_its_end_and_is_used(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof months / sizeof *months; i++) {
        const struct month_case *t = &months[i];
        struct month m = play(t);

        if (m.used > t->budget || m.used < t->budget * 95 / 100 - 6) {
            fail_msg("month %zu: %lld calls of %lld", i, (long long)m.used, (long long)t->budget);
        }
        assert_in_range(m.refused, 0, 1); /* the very last call or two */
        for (size_t k = 0; k < SYNCS; k++) {
            /* Even to the end: no pause is much longer than the average one. */
            int64_t average = 31 * DAY / (int64_t)(m.runs[k] ? m.runs[k] : 1);

            if (m.last[k] < at("2026-01-31 00:00:00") - average || m.longest[k] > 3 * average) {
                fail_msg(
                    "month %zu: sync %zu ran %zu times, the longest pause is %lld min of %lld on"
                    " average",
                    i, k, m.runs[k], (long long)(m.longest[k] / MINUTE),
                    (long long)(average / MINUTE));
            }
        }
    }
}

static void a_sync_that_changes_runs_more_often(void **state)
{
    const struct month_case t = {2000, {2, 2, 2}, {1, 0, 0}, 0, false};
    struct month m = play(&t);

    (void)state;
    assert_in_range(m.runs[0], m.runs[1] * 4, m.runs[1] * 6);
    assert_in_range(m.runs[1], m.runs[2] - 3, m.runs[2] + 3);
}

static void with_budget_to_spare_nothing_is_left_out(void **state)
{
    const struct month_case t = {100000, {2, 2, 2}, {0, 1, 0}, 0, true};
    struct month m = play(&t);

    (void)state;
    for (size_t i = 0; i < SYNCS; i++) {
        assert_int_equal(m.runs[i], 31 * 288 - 1); /* the first tick was before the start */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_month_is_that_of_the_calendar),
        cmocka_unit_test(what_is_left_is_shared_out),
        cmocka_unit_test(a_month_lasts_to_its_end_and_is_used),
        cmocka_unit_test(a_sync_that_changes_runs_more_often),
        cmocka_unit_test(with_budget_to_spare_nothing_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
