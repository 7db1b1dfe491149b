/* t_schedule.c: which syncs are due when, and which may run side by side. */
#include "engine/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tzif.h"

#include <stdio.h>
#include <string.h>

#define KEYS(base, id)                                                                             \
    "base=app" base "\ntable=T\nspreadsheet=1AbCdEfGhIjKlMnOpQrStUvWxYz01234567" id "\ntab=S\n"
#define A "AAAAAAAAAAAAAA"

static int64_t at(const char *text)
{
    int64_t ms;

    assert_true(clock_parse(text, &ms));
    return ms;
}

static struct conf *read_conf(const char *text)
{
    struct bs_err e = BS_ERR_INIT;
    struct conf *c = NULL;

    if (conf_parse("/f.ini", text, strlen(text), &c, &e) != BS_OK) {
        fail_msg("%s", e.msg);
    }
    return c;
}

static struct schedule *plan(const struct conf *c, const char *next, int64_t now)
{
    static const char *const ids[] = {"id-0", "id-1", "id-2", "id-3"};
    struct sync_config rows[4] = {0};

    for (size_t i = 0; i < 4; i++) {
        rows[i].id = ids[i];
        rows[i].next_sync_at = next;
    }
    return schedule_new(c, rows, zone_fixed("UTC", 0), now);
}

static void each_sync_is_due_by_its_own_schedule(void **state)
{
    struct conf *c = read_conf("[basesync]\nschedule=*/5 * * * *\n[sync a]\n" KEYS(
        A, "1") "[sync b]\nschedule=@hourly\n" KEYS(A, "2") "[sync c]\nactive=no\n" KEYS(A, "3"));
    struct schedule *s = plan(c, NULL, at("2026-01-22 10:51:00"));
    size_t due[4];

    (void)state;
    assert_int_equal(s->n, 2);
    assert_int_equal(schedule_next(s), at("2026-01-22 10:55:00"));
    assert_int_equal(schedule_take_due(s, at("2026-01-22 10:54:59"), due), 0);
    assert_int_equal(schedule_take_due(s, at("2026-01-22 10:55:00"), due), 1);
    assert_string_equal(s->syncs[due[0]].slug, "a");
    assert_int_equal(schedule_take_due(s, at("2026-01-22 10:55:00"), due), 0);
    assert_int_equal(schedule_take_due(s, at("2026-01-22 11:00:02"), due), 2);
    assert_int_equal(s->syncs[0].next_ms, at("2026-01-22 11:05:00"));
    assert_int_equal(s->syncs[1].next_ms, at("2026-01-22 12:00:00"));
    schedule_free(s);
    schedule_free(NULL);
    conf_free(c);
}

static void ticks_that_were_missed_come_as_one(void **state)
{
    struct conf *c = read_conf("[sync a]\n" KEYS(A, "1"));
    struct schedule *s = plan(c, NULL, at("2026-01-22 10:51:00"));
    size_t due[4];

    (void)state;
    assert_int_equal(schedule_take_due(s, at("2026-01-25 03:01:00"), due), 1);
    assert_int_equal(schedule_next(s), at("2026-01-25 03:05:00"));
    schedule_free(s);
    /* Missed while nobody was there: due at the start. */
    s = plan(c, "2026-01-22 10:50:00.000", at("2026-01-22 10:51:00"));
    assert_int_equal(schedule_take_due(s, at("2026-01-22 10:51:00"), due), 1);
    assert_int_equal(schedule_next(s), at("2026-01-22 10:55:00"));
    schedule_free(s);
    s = plan(c, "2026-01-22 10:55:00.000", at("2026-01-22 10:51:00"));
    assert_int_equal(schedule_take_due(s, at("2026-01-22 10:51:00"), due), 0);
    schedule_free(s);
    conf_free(c);
}

static void a_clock_that_is_set_back_does_not_silence_a_sync(void **state)
{
    struct conf *c = read_conf("[sync a]\n" KEYS(A, "1"));
    struct schedule *s = plan(c, NULL, at("2036-01-22 10:51:00"));
    size_t due[4];

    (void)state;
    assert_int_equal(schedule_take_due(s, at("2026-01-22 10:51:00"), due), 0);
    assert_int_equal(schedule_next(s), at("2026-01-22 10:55:00"));
    schedule_free(s);
    conf_free(c);
}

static void spread_delays_each_sync_by_its_own_constant_time(void **state)
{
    struct conf *c = read_conf("[basesync]\nspread=yes\n[sync a]\n" KEYS(A, "1") "[sync b]\n" KEYS(
        A, "2") "[sync c]\n" KEYS(A, "3") "[sync d]\n" KEYS(A, "4"));
    struct schedule *s = plan(c, NULL, at("2026-01-22 10:51:00"));
    int64_t first[4];
    bool differ = false;
    size_t due[4];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        first[i] = s->syncs[i].next_ms - at("2026-01-22 10:55:00");
        assert_in_range(first[i], 0, SCHEDULE_SPREAD_MS - 1000);
        assert_int_equal(first[i] % 1000, 0);
        differ = differ || first[i] != first[0];
    }
    assert_true(differ);
    assert_int_equal(schedule_take_due(s, at("2026-01-22 10:56:00"), due), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(s->syncs[i].next_ms - at("2026-01-22 11:00:00"), first[i]);
    }
    /* Started between a tick and a sync's delayed moment: that moment still counts. */
    schedule_free(s);
    s = plan(c, NULL, at("2026-01-22 10:55:00"));
    for (size_t i = 0; i < 4; i++) {
        int64_t want = first[i] > 0 ? first[i] : 300000;

        assert_int_equal(s->syncs[i].next_ms - at("2026-01-22 10:55:00"), want);
    }
    schedule_free(s);
    conf_free(c);
}

/* Three syncs, tick by tick, for a year in which clocks are set twice. */
static void play_a_year(const char *zone, const char *daily, size_t hourly)
{
    char text[600];
    struct conf *c;
    const int64_t end = at("2027-01-01 12:00:30");
    int64_t now = at("2026-01-01 12:00:30"), before;
    size_t runs[3] = {0};
    struct schedule *s;

    snprintf(text, sizeof text,
             "[sync a]\n" KEYS(A, "1") "[sync b]\nschedule=%s\n" KEYS(
                 A, "2") "[sync c]\nschedule=@hourly\n" KEYS(A, "3"),
             daily);
    c = read_conf(text);
    s = schedule_new(c, (struct sync_config[3]){{.id = "0"}, {.id = "1"}, {.id = "2"}},
                     zone ? make_zone(zone) : zone_fixed("UTC", 0), now);
    for (before = now; (now = schedule_next(s)) <= end; before = now) {
        size_t due[4];
        size_t n = schedule_take_due(s, now, due);

        assert_in_range(now - before, 1, 300000); /* it never sleeps too long */
        assert_true(n > 0);
        for (size_t i = 0; i < n; i++) {
            runs[due[i]]++;
        }
    }
    if (runs[0] != 365 * 288 || runs[1] != 365 || runs[2] != hourly) {
        fail_msg("%s, %s: %zu, %zu and %zu runs", zone ? zone : "UTC", daily, runs[0], runs[1],
                 runs[2]);
    }
    schedule_free(s);
    conf_free(c);
}

/* None lost, none doubled, whatever the clocks do: the daily ones lie in the hours that are skipped
 * and repeated. */
static void a_year_of_ticks_is_complete_in_every_zone(void **state)
{
    static const char *const zones[] = {
        NULL, "CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0",
        "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "CST5CDT,M3.2.0/0,M11.1.0/1"};
    static const char *const daily[] = {"30 2 * * *", "0 0 * * *", "15 1 * * *", "59 2 * * *"};

    (void)state;
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        for (size_t k = 0; k < sizeof daily / sizeof *daily; k++) {
            /* The half hour that Lord Howe skips has a full hour in it: an hourly schedule follows
             * the clock's face, and has one run less. */
            play_a_year(zones[i], daily[k], i == 3 ? 8759 : 8760);
        }
    }
}

/* The machine sleeps, is busy, and has its clock set: each wake-up is one run at most, and the next
 * one is never further off than the schedule has it. */
static void a_year_with_sleep_and_clock_steps_goes_on(void **state)
{
    struct conf *c = read_conf("[sync a]\n" KEYS(A, "1"));
    const int64_t end = at("2027-01-01 12:00:30");
    int64_t now = at("2026-01-01 12:00:30");
    struct schedule *s = schedule_new(c, (struct sync_config[1]){{.id = "0"}},
                                      make_zone("CET-1CEST,M3.5.0,M10.5.0/3"), now);
    uint64_t seed = 42;

    (void)state;
    while (now < end) {
        size_t due[4];

        seed = seed * 6364136223846793005u + 1442695040888963407u;
        switch (seed >> 61) {
        case 0: /* late by up to nine hours */
            now = schedule_next(s) + (int64_t)(seed >> 32) % 32400000;
            break;
        case 1: /* set back by up to two hours */
            now = schedule_next(s) - (int64_t)(seed >> 32) % 7200000;
            break;
        default: now = schedule_next(s);
        }
        assert_in_range(schedule_take_due(s, now, due), 0, 1);
        assert_in_range(schedule_next(s) - now, 1, 300000);
    }
    schedule_free(s);
    conf_free(c);
}

struct group_case {
    struct group_key keys[6];
    size_t n;
    size_t want[6];
    size_t groups;
};

static const struct group_case group_cases[] = {
    {{{"a", "1"}}, 1, {0}, 1},
    {{{"a", "1"}, {"b", "2"}, {"c", "3"}}, 3, {0, 1, 2}, 3},
    {{{"a", "1"}, {"a", "2"}, {"c", "3"}}, 3, {0, 0, 1}, 2},
    {{{"a", "1"}, {"b", "1"}, {"c", "3"}}, 3, {0, 0, 1}, 2},
    {{{"a", "1"}, {"b", "2"}, {"a", "2"}}, 3, {0, 0, 0}, 1},
    {{{"a", "1"}, {"b", "2"}, {"c", "3"}, {"c", "2"}, {"d", "4"}}, 5, {0, 1, 1, 1, 2}, 3},
    {{{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}, {"d", "1"}, {"b", "3"}},
     6,
     {0, 1, 1, 0, 0, 1},
     2},
    {{{NULL}}, 0, {0}, 0},
};

static void syncs_that_share_a_base_or_a_spreadsheet_are_one_group(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof group_cases / sizeof *group_cases; i++) {
        const struct group_case *t = &group_cases[i];
        size_t got[6];

        assert_int_equal(schedule_group(t->keys, t->n, got), t->groups);
        for (size_t k = 0; k < t->n; k++) {
            if (got[k] != t->want[k]) {
                fail_msg("case %zu: member %zu is in group %zu, not %zu", i, k, got[k], t->want[k]);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_sync_is_due_by_its_own_schedule),
        cmocka_unit_test(ticks_that_were_missed_come_as_one),
        cmocka_unit_test(a_clock_that_is_set_back_does_not_silence_a_sync),
        cmocka_unit_test(spread_delays_each_sync_by_its_own_constant_time),
        cmocka_unit_test(a_year_of_ticks_is_complete_in_every_zone),
        cmocka_unit_test(a_year_with_sleep_and_clock_steps_goes_on),
        cmocka_unit_test(syncs_that_share_a_base_or_a_spreadsheet_are_one_group),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
