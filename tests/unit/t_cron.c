/* t_cron.c: schedules. */
#include "model/cron.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

/* A zone from its POSIX rule alone, as the footer of a file without transitions. */
static struct zone *zone_of_rule(const char *rule)
{
    unsigned char head[44] = "TZif2";
    struct bs_err e = BS_ERR_INIT;
    struct zone *z = NULL;
    struct buf b;

    head[39] = 1; /* one type ... */
    head[43] = 4; /* ... and its abbreviation */
    buf_init(&b, BUF_NO_LIMIT);
    for (int i = 0; i < 2; i++) {
        buf_add(&b, head, sizeof head);
        buf_add(&b, "\0\0\0\0\0\0LMT", 10);
    }
    buf_addf(&b, "\n%s\n", rule);
    if (zone_from_tzif("test", b.data, b.len, &z, &e) != BS_OK) {
        fail_msg("%s", e.msg);
    }
    buf_release(&b);
    return z;
}

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"
#define LORD_HOWE "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"
#define HAVANA "CST5CDT,M3.2.0/0,M11.1.0/1" /* midnight itself is skipped */

struct next_case {
    const char *rule; /* NULL: UTC */
    const char *cron;
    const char *after; /* UTC */
    const char *due[4];
};

static const struct next_case next_cases[] = {
    {NULL, "*/5 * * * *", "2026-01-22 10:00:00", {"2026-01-22 10:05:00", "2026-01-22 10:10:00"}},
    {NULL, "*/5 * * * *", "2026-01-22 09:59:59.999", {"2026-01-22 10:00:00"}},
    {NULL, "0 7 * * MON-FRI", "2026-01-23 07:00:00", {"2026-01-26 07:00:00"}},
    {NULL, "0 7 * * 1-5", "2026-01-23 07:00:00", {"2026-01-26 07:00:00"}},
    {NULL, "30 4 1,15 * 5", "2026-01-01 04:30:00", {"2026-01-02 04:30:00", "2026-01-09 04:30:00"}},
    {NULL, "0 0 */2 * 1", "2026-01-01 00:00:00", {"2026-01-05 00:00:00", "2026-01-19 00:00:00"}},
    {NULL, "0 0 29 FEB *", "2026-01-01 00:00:00", {"2028-02-29 00:00:00", "2032-02-29 00:00:00"}},
    {NULL, "0 0 29 2 */7", "2088-02-29 00:00:01", {"2128-02-29 00:00:00"}},
    {NULL, "59 23 31 12 *", "2026-12-31 23:59:00", {"2027-12-31 23:59:00"}},
    {NULL, "@hourly", "2026-01-01 00:00:00", {"2026-01-01 01:00:00"}},
    {NULL, "@DAILY", "2026-01-01 00:00:00", {"2026-01-02 00:00:00"}},
    {NULL, "@weekly", "2026-01-01 00:00:00", {"2026-01-04 00:00:00"}},
    {NULL, "@monthly", "2026-01-01 00:00:00", {"2026-02-01 00:00:00"}},
    {NULL, "@yearly", "2026-01-01 00:00:00", {"2027-01-01 00:00:00"}},
    {NULL, "0 12 * * 7", "2026-01-01 00:00:00", {"2026-01-04 12:00:00"}},
    {NULL,
     "0 12 * * fri-sun",
     "2026-01-01 13:00:00",
     {"2026-01-02 12:00:00", "2026-01-03 12:00:00", "2026-01-04 12:00:00", "2026-01-09 12:00:00"}},
    {NULL,
     "5-59/15 9,17 * * *",
     "2026-01-01 09:50:00",
     {"2026-01-01 17:05:00", "2026-01-01 17:20:00"}},
    {NULL, "* * 1 1 *", "2026-01-02 00:00:00", {"2027-01-01 00:00:00", "2027-01-01 00:01:00"}},
    /* Berlin: 02:00 to 03:00 is skipped on 29 March 2026 (at 01:00 UTC). */
    {BERLIN, "30 2 * * *", "2026-03-28 01:30:00", {"2026-03-29 01:00:00", "2026-03-30 00:30:00"}},
    {BERLIN, "0,30 2 * * *", "2026-03-28 12:00:00", {"2026-03-29 01:00:00", "2026-03-30 00:00:00"}},
    {BERLIN, "0 2,3 * * *", "2026-03-28 12:00:00", {"2026-03-29 01:00:00", "2026-03-30 00:00:00"}},
    {BERLIN, "0 */2 * * *", "2026-03-28 23:00:00", {"2026-03-29 01:00:00", "2026-03-29 02:00:00"}},
    {BERLIN, "*/30 * * * *", "2026-03-29 00:30:00", {"2026-03-29 01:00:00", "2026-03-29 01:30:00"}},
    /* Berlin: 02:00 to 03:00 comes twice on 25 October 2026 (00:00 and 01:00 UTC). */
    {BERLIN, "30 2 * * *", "2026-10-24 12:00:00", {"2026-10-25 00:30:00", "2026-10-26 01:30:00"}},
    {BERLIN, "30 2 * * *", "2026-10-25 01:10:00", {"2026-10-26 01:30:00"}},
    {BERLIN, "0 2,3 * * *", "2026-10-24 12:00:00", {"2026-10-25 00:00:00", "2026-10-25 02:00:00"}},
    {BERLIN,
     "0 * * * *",
     "2026-10-25 00:00:00",
     {"2026-10-25 01:00:00", "2026-10-25 02:00:00", "2026-10-25 03:00:00"}},
    {NEW_YORK, "15 2 8 3 *", "2026-03-01 00:00:00", {"2026-03-08 07:00:00"}},
    {NEW_YORK,
     "15 1 1 11 *",
     "2026-10-01 00:00:00",
     {"2026-11-01 05:15:00", "2027-11-01 05:15:00"}},
    /* Half an hour: 02:00 to 02:30 is skipped on 4 October 2026 (15:30 UTC the day before). */
    {LORD_HOWE,
     "15 2 * * *",
     "2026-10-03 12:00:00",
     {"2026-10-03 15:30:00", "2026-10-04 15:15:00"}},
    {LORD_HOWE,
     "*/10 * * * *",
     "2026-10-03 15:20:00",
     {"2026-10-03 15:30:00", "2026-10-03 15:40:00"}},
    {HAVANA, "0 0 * * *", "2026-03-07 12:00:00", {"2026-03-08 05:00:00", "2026-03-09 04:00:00"}},
    {HAVANA, "*/20 * 8 3 *", "2026-03-07 12:00:00", {"2026-03-08 05:00:00", "2026-03-08 05:20:00"}},
};

static void due_times_are_those_of_cron(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof next_cases / sizeof *next_cases; i++) {
        const struct next_case *t = &next_cases[i];
        struct zone *z = t->rule ? zone_of_rule(t->rule) : NULL;
        struct bs_err e = BS_ERR_INIT;
        struct cron c;
        int64_t at;

        assert_true(clock_parse(t->after, &at));
        if (cron_parse(t->cron, &c, &e) != BS_OK) {
            fail_msg("%s: %s", t->cron, e.msg);
        }
        for (size_t k = 0; k < 4 && t->due[k]; k++) {
            char got[CLOCK_TEXT_MAX];

            at = cron_next(&c, z, at);
            clock_sql_text(at, got);
            got[19] = '\0';
            if (!str_eq(got, t->due[k])) {
                fail_msg("%s in %s after %s: %s, not %s", t->cron, t->rule ? t->rule : "UTC",
                         t->after, got, t->due[k]);
            }
        }
        zone_free(z);
    }
}

static const struct {
    const char *text, *says;
} wrong[] = {
    {"", "five fields"},
    {"* * * *", "five fields"},
    {"* * * * * *", "five fields"},
    {"60 * * * *", "minute: must be from 0 to 59"},
    {"* 24 * * *", "hour: must be from 0 to 23"},
    {"* * 0 * *", "day of month: must be from 1 to 31"},
    {"* * * 13 *", "month: must be from 1 to 12"},
    {"* * * * 8", "day of week: must be from 0 to 7"},
    {"99999999999999999999 * * * *", "minute: must be"},
    {"* 22-2 * * *", "hour: a range must go upwards"},
    {"*/0 * * * *", "minute: the step must be from 1"},
    {"*/90 * * * *", "minute: the step must be from 1 to 59"},
    {"5/15 * * * *", "write 5-59/15"},
    {"*/ * * * *", "a number must follow"},
    {"1,,2 * * * *", "minute: is neither"},
    {"1, * * * *", "minute: is neither"},
    {"1- * * * *", "minute: is neither"},
    {"-1 * * * *", "minute: is neither"},
    {"1x * * * *", "separated by commas"},
    {"MON * * * *", "minute: is neither"},
    {"* * * MONDAY *", "month: is neither"},
    {"* * * * MONDAY", "day of week: is neither"},
    {"* * L * *", "day of month: is neither"},
    {"0 0 31 2 *", "no year has such a day"},
    {"0 0 30-31 FEB *", "no year has such a day"},
    {"@reboot", "@hourly"},
    {"@", "@hourly"},
};

static void what_is_no_schedule_is_refused_with_its_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct bs_err e = BS_ERR_INIT;
        struct cron c;

        assert_int_equal(cron_parse(wrong[i].text, &c, &e), BS_STOP_ALL);
        assert_int_equal(e.kind, BS_K_CONFIG);
        if (!strstr(e.msg, wrong[i].says)) {
            fail_msg("\"%s\" says \"%s\", not \"%s\"", wrong[i].text, e.msg, wrong[i].says);
        }
    }
}

/* Walks a year tick by tick: a daily job runs once on each local date, whatever the clocks do. */
static void a_year_loses_and_doubles_no_daily_run(void **state)
{
    static const char *const rules[] = {BERLIN, NEW_YORK, LORD_HOWE, HAVANA};

    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct zone *z = zone_of_rule(rules[i]);

        for (int minute = 0; minute < 24 * 60; minute += 10) {
            char text[40];
            struct cron c;
            int64_t at, last;
            int64_t end;

            snprintf(text, sizeof text, "%d %d * * *", minute % 60, minute / 60);
            assert_int_equal(cron_parse(text, &c, NULL), BS_OK);
            assert_true(clock_parse("2026-01-01 12:00:00", &at));
            assert_true(clock_parse("2027-01-01 12:00:00", &end));
            last = zone_to_local_ms(z, at = cron_next(&c, z, at)) / 86400000;
            while ((at = cron_next(&c, z, at)) < end) {
                int64_t day = zone_to_local_ms(z, at) / 86400000;

                assert_int_equal(day, last + 1);
                last = day;
            }
        }
        zone_free(z);
    }
}

/* The next time is the first minute that matches, found the slow way. */
static void the_next_time_is_the_first_that_matches(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        char text[64];
        struct cron c;
        int64_t at = 1700000000000 + (int64_t)clock_random_below(400 * 86400) * 1000;
        int64_t want;

        snprintf(text, sizeof text, "%d-59/%d %d %d-28 %s *", (int)clock_random_below(30),
                 1 + (int)clock_random_below(20), (int)clock_random_below(24),
                 1 + (int)clock_random_below(27), round % 2 ? "*" : "1-6");
        assert_int_equal(cron_parse(text, &c, NULL), BS_OK);
        for (want = at / 60000 * 60000 + 60000;; want += 60000) {
            int year, month, day;
            int64_t minutes = want / 60000;

            civil_from_days(minutes / 1440, &year, &month, &day);
            if ((c.months >> month & 1) && (c.days >> day & 1) &&
                (c.hours >> (minutes % 1440 / 60) & 1) && (c.minutes >> (minutes % 60) & 1)) {
                break;
            }
        }
        if (cron_next(&c, NULL, at) != want) {
            fail_msg("%s after %lld", text, (long long)at);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(due_times_are_those_of_cron),
        cmocka_unit_test(what_is_no_schedule_is_refused_with_its_reason),
        cmocka_unit_test(a_year_loses_and_doubles_no_daily_run),
        cmocka_unit_test(the_next_time_is_the_first_that_matches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
