/* t_zone.c: time zones, from data made here and, where the system has its own, against libc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/os.h"
#include "tzif.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HOUR 3600

static int64_t at(const char *text)
{
    int64_t ms = 0;

    assert_true(clock_parse(text, &ms));
    return ms;
}

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"
#define LORD_HOWE "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"
#define KOLKATA "IST-5:30"
#define SAO_PAULO "<-03>3"
#define DUBLIN "IST-1GMT0,M10.5.0,M3.5.0/1"

/* ---- offsets ---- */

static void a_footer_gives_the_offset_at_every_instant(void **state)
{
    static const struct {
        const char *footer, *utc;
        int32_t offset;
    } cases[] = {
        {BERLIN, "2026-01-15 12:00:00", HOUR},
        {BERLIN, "2026-03-29 00:59:59", HOUR},
        {BERLIN, "2026-03-29 01:00:00", 2 * HOUR},
        {BERLIN, "2026-10-25 00:59:59", 2 * HOUR},
        {BERLIN, "2026-10-25 01:00:00", HOUR},
        {BERLIN, "9999-07-01 00:00:00", 2 * HOUR},
        {BERLIN, "0001-07-01 00:00:00", 2 * HOUR},
        {NEW_YORK, "2026-03-08 06:59:59", -5 * HOUR},
        {NEW_YORK, "2026-03-08 07:00:00", -4 * HOUR},
        {NEW_YORK, "2026-11-01 05:59:59", -4 * HOUR},
        {NEW_YORK, "2026-11-01 06:00:00", -5 * HOUR},
        {LORD_HOWE, "2026-07-01 00:00:00", 10 * HOUR + 1800},
        {LORD_HOWE, "2026-12-31 23:59:59", 11 * HOUR},
        {LORD_HOWE, "2027-01-01 00:00:00", 11 * HOUR},
        {LORD_HOWE, "2026-04-04 14:59:59", 11 * HOUR},
        {LORD_HOWE, "2026-04-04 15:00:00", 10 * HOUR + 1800},
        {KOLKATA, "2026-07-01 00:00:00", 5 * HOUR + 1800},
        {SAO_PAULO, "2026-12-25 00:00:00", -3 * HOUR},
        {DUBLIN, "2026-01-15 00:00:00", 0},
        {DUBLIN, "2026-07-15 00:00:00", HOUR},
        /* Jn never counts 29 February, n does: day 60 is 1 March, or in leap years 29 February */
        {"AAA0BBB-1,J60/0,J61/0", "2024-02-29 23:59:59", 0},
        {"AAA0BBB-1,J60/0,J61/0", "2024-03-01 00:00:00", HOUR},
        {"AAA0BBB-1,J60/0,J61/0", "2025-03-01 00:00:00", HOUR},
        {"AAA0BBB-1,59/0,90/0", "2024-02-28 23:59:59", 0},
        {"AAA0BBB-1,59/0,90/0", "2024-02-29 00:00:00", HOUR},
        {"AAA0BBB-1,59/0,90/0", "2025-02-28 23:59:59", 0},
        {"AAA0BBB-1,59/0,90/0", "2025-03-01 00:00:00", HOUR},
        /* hours beyond the day, before and after: Gaza and Godthab had such */
        {"EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-27 23:59:59", 2 * HOUR},
        {"EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-28 00:00:00", 3 * HOUR},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29 00:59:59", -2 * HOUR},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29 01:00:00", -HOUR},
        /* summer time all year: RFC 8536 3.3.1 */
        {"EST5EDT4,0/0,J365/25", "2026-01-01 00:00:00", -4 * HOUR},
        {"EST5EDT4,0/0,J365/25", "2026-01-01 04:59:59", -4 * HOUR},
        {"EST5EDT4,0/0,J365/25", "2026-01-01 05:00:00", -4 * HOUR},
        {"EST5EDT4,0/0,J365/25", "2026-12-31 23:59:59", -4 * HOUR},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct zone *z = make_zone(cases[i].footer);

        assert_int_equal(zone_offset_at(z, at(cases[i].utc) / 1000), cases[i].offset);
        zone_free(z);
    }
}

static void the_table_holds_before_the_footer(void **state)
{
    static const struct transition t[] = {{-1000, 1}, {0, 0}, {5000, 2}};
    static const int32_t offsets[] = {600, 1200, 1800};
    static const struct {
        int64_t utc;
        int32_t offset;
    } cases[] = {{INT64_MIN, 600}, {-1001, 600}, {-1000, 1200}, {-1, 1200},
                 {0, 600},         {4999, 600},  {5000, 7200},  {INT64_MAX, 7200}};
    struct zone *z;
    struct buf b;

    (void)state;
    make_tzif(&b, t, 3, offsets, 3, "EET-2");
    assert_int_equal(zone_from_tzif("T", b.data, b.len, &z, NULL), BS_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(zone_offset_at(z, cases[i].utc), cases[i].offset);
    }
    zone_free(z);
    buf_release(&b);
}

static void without_a_rule_the_last_offset_stays(void **state)
{
    static const struct transition t[] = {{-1000, 1}, {5000, 0}};
    static const int32_t offsets[] = {600, 1200};
    static const char *const footers[] = {NULL, ""}; /* version 1, and an empty footer */

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct zone *z;
        struct buf b;

        make_tzif(&b, t, 2, offsets, 2, footers[i]);
        assert_int_equal(zone_from_tzif("T", b.data, b.len, &z, NULL), BS_OK);
        assert_int_equal(zone_offset_at(z, -2000), 600);
        assert_int_equal(zone_offset_at(z, 4999), 1200);
        assert_int_equal(zone_offset_at(z, INT64_C(4000000000)), 600);
        zone_free(z);
        buf_release(&b);
    }
}

/* ---- wall time ---- */

static void wall_time_becomes_the_instant(void **state)
{
    static const struct {
        const char *footer, *wall;
        enum zone_fit fit;
        const char *utc;
    } cases[] = {
        {BERLIN, "2026-01-22 11:00:00.123", ZONE_UNIQUE, "2026-01-22 10:00:00.123"},
        {BERLIN, "2026-07-22 12:00:00", ZONE_UNIQUE, "2026-07-22 10:00:00"},
        {BERLIN, "2026-03-29 01:59:59.999", ZONE_UNIQUE, "2026-03-29 00:59:59.999"},
        {BERLIN, "2026-03-29 02:00:00", ZONE_NEVER, "2026-03-29 01:00:00"},
        {BERLIN, "2026-03-29 02:30:00.500", ZONE_NEVER, "2026-03-29 01:30:00.500"},
        {BERLIN, "2026-03-29 03:00:00", ZONE_UNIQUE, "2026-03-29 01:00:00"},
        {BERLIN, "2026-10-25 01:59:59", ZONE_UNIQUE, "2026-10-24 23:59:59"},
        {BERLIN, "2026-10-25 02:00:00", ZONE_TWICE, "2026-10-25 00:00:00"},
        {BERLIN, "2026-10-25 02:59:59.999", ZONE_TWICE, "2026-10-25 00:59:59.999"},
        {BERLIN, "2026-10-25 03:00:00", ZONE_UNIQUE, "2026-10-25 02:00:00"},
        {BERLIN, "1960-01-22 11:00:00", ZONE_UNIQUE, "1960-01-22 10:00:00"},
        {NEW_YORK, "2026-03-08 02:30:00", ZONE_NEVER, "2026-03-08 07:30:00"},
        {NEW_YORK, "2026-11-01 01:30:00", ZONE_TWICE, "2026-11-01 05:30:00"},
        {LORD_HOWE, "2026-10-04 02:15:00", ZONE_NEVER, "2026-10-03 15:45:00"},
        {LORD_HOWE, "2026-10-04 02:30:00", ZONE_UNIQUE, "2026-10-03 15:30:00"},
        {LORD_HOWE, "2026-04-05 01:45:00", ZONE_TWICE, "2026-04-04 14:45:00"},
        {LORD_HOWE, "2026-04-05 01:29:00", ZONE_UNIQUE, "2026-04-04 14:29:00"},
        {KOLKATA, "2026-04-05 01:45:00", ZONE_UNIQUE, "2026-04-04 20:15:00"},
        {SAO_PAULO, "2026-04-05 01:45:00", ZONE_UNIQUE, "2026-04-05 04:45:00"},
        {DUBLIN, "2026-10-25 01:30:00", ZONE_TWICE, "2026-10-25 00:30:00"},
        {DUBLIN, "2026-03-29 01:30:00", ZONE_NEVER, "2026-03-29 01:30:00"},
        {"EST5EDT4,0/0,J365/25", "2026-01-01 00:30:00", ZONE_UNIQUE, "2026-01-01 04:30:00"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct zone *z = make_zone(cases[i].footer);
        int64_t utc;

        assert_int_equal(zone_to_utc_ms(z, at(cases[i].wall), &utc), cases[i].fit);
        assert_int_equal(utc, at(cases[i].utc));
        zone_free(z);
    }
}

/* Samoa left out 2011-12-30: a gap of 24 hours at the end of a table. */
static void a_gap_of_a_day_is_jumped(void **state)
{
    static const int32_t offsets[] = {-10 * HOUR, 14 * HOUR};
    struct transition t[] = {{0, 1}};
    struct zone *z;
    struct buf b;
    int64_t utc;

    (void)state;
    t[0].at = at("2011-12-30 10:00:00") / 1000;
    make_tzif(&b, t, 1, offsets, 2, "<+13>-13<+14>,M9.5.0/3,M4.1.0/4");
    assert_int_equal(zone_from_tzif("Pacific/Apia", b.data, b.len, &z, NULL), BS_OK);
    assert_int_equal(zone_to_utc_ms(z, at("2011-12-29 23:59:59"), &utc), ZONE_UNIQUE);
    assert_int_equal(utc, at("2011-12-30 09:59:59"));
    assert_int_equal(zone_to_utc_ms(z, at("2011-12-30 12:00:00"), &utc), ZONE_NEVER);
    assert_int_equal(utc, at("2011-12-30 22:00:00"));
    assert_int_equal(zone_to_local_ms(z, utc), at("2011-12-31 12:00:00"));
    assert_int_equal(zone_to_utc_ms(z, at("2011-12-31 00:00:00"), &utc), ZONE_UNIQUE);
    assert_int_equal(utc, at("2011-12-30 10:00:00"));
    zone_free(z);
    buf_release(&b);
}

/* Two gaps within a day: the one that swallowed the wall time gives the offset before it. */
static void of_two_gaps_the_right_one_counts(void **state)
{
    static const int32_t offsets[] = {0, HOUR, 3 * HOUR};
    static const struct transition t[] = {{36000, 1}, {72000, 2}}; /* 10:00 and 20:00 UTC */
    struct zone *z;
    struct buf b;
    int64_t utc;

    (void)state;
    make_tzif(&b, t, 2, offsets, 3, "EAT-3");
    assert_int_equal(zone_from_tzif("T", b.data, b.len, &z, NULL), BS_OK);
    assert_int_equal(zone_to_utc_ms(z, at("1970-01-01 10:30:00"), &utc), ZONE_NEVER);
    assert_int_equal(utc, at("1970-01-01 10:30:00"));
    assert_int_equal(zone_to_utc_ms(z, at("1970-01-01 22:00:00"), &utc), ZONE_NEVER);
    assert_int_equal(utc, at("1970-01-01 21:00:00"));
    zone_free(z);
    buf_release(&b);
}

static void a_fixed_zone_has_one_offset(void **state)
{
    struct zone *z = zone_fixed("Etc/GMT-3", 3 * HOUR);
    int64_t utc;

    (void)state;
    assert_string_equal(zone_name(z), "Etc/GMT-3");
    assert_int_equal(zone_to_local_ms(z, -1), 3 * HOUR * 1000 - 1);
    assert_int_equal(zone_to_utc_ms(z, 0, &utc), ZONE_UNIQUE);
    assert_int_equal(utc, -3 * HOUR * 1000);
    zone_free(z);
    zone_free(NULL);
}

static void the_ends_of_time_are_harmless(void **state)
{
    static const int64_t ends[] = {INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX - 1, INT64_MAX};
    struct zone *z = make_zone(BERLIN);

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        int64_t utc;
        int32_t offset = zone_offset_at(z, ends[i]);

        assert_true(offset == HOUR || offset == 2 * HOUR);
        (void)zone_to_local_ms(z, ends[i]);
        (void)zone_to_utc_ms(z, ends[i], &utc);
    }
    zone_free(z);
}

/* ---- hostile data ---- */

static void refuse(const void *data, size_t len)
{
    struct bs_err e = BS_ERR_INIT;
    struct zone *z = NULL;

    assert_int_equal(zone_from_tzif("Bad/Zone", data, len, &z, &e), BS_STOP_SYNC);
    assert_int_equal(e.kind, BS_K_CONFIG);
    assert_non_null(strstr(e.msg, "Bad/Zone"));
    assert_null(z);
}

static void data_cut_anywhere_is_refused(void **state)
{
    static const struct transition t[] = {{-1000, 1}, {5000, 0}};
    static const int32_t offsets[] = {600, 1200};
    static const char *const footers[] = {NULL, BERLIN};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct buf b;

        make_tzif(&b, t, 2, offsets, 2, footers[i]);
        for (size_t len = 0; len < b.len; len++) {
            char *exact = malloc(len + 1); /* so that a read beyond the end is seen */

            memcpy(exact, b.data, len);
            exact = realloc(exact, len > 0 ? len : 1);
            refuse(exact, len);
            free(exact);
        }
        buf_release(&b);
    }
}

static void data_that_contradicts_itself_is_refused(void **state)
{
    static const int32_t fine[] = {600, 1200};
    static const int32_t wild[] = {600, 27 * HOUR};
    static const struct transition backwards[] = {{5000, 1}, {-1000, 0}};
    static const struct transition equal[] = {{5000, 1}, {5000, 0}};
    static const struct transition no_type[] = {{-1000, 1}, {5000, 2}};
    static const struct transition good[] = {{-1000, 1}, {5000, 0}};
    static const struct {
        const struct transition *t;
        const int32_t *offsets;
    } cases[] = {{backwards, fine}, {equal, fine}, {no_type, fine}, {good, wild}};
    struct buf b;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make_tzif(&b, cases[i].t, 2, cases[i].offsets, 2, BERLIN);
        refuse(b.data, b.len);
        buf_release(&b);
    }
    make_tzif(&b, NULL, 0, fine, 0, ""); /* no type at all */
    refuse(b.data, b.len);
    buf_release(&b);
    make_tzif(&b, good, 2, fine, 2, BERLIN);
    b.data[28] = 0x7f; /* a count of leap seconds in the first header */
    refuse(b.data, b.len);
    buf_release(&b);
    make_tzif(&b, good, 2, fine, 2, NULL);
    b.data[31] = 1; /* one leap second, and no room for it */
    refuse(b.data, b.len);
    buf_adds(&b, "12345678"); /* room for it: still refused */
    refuse(b.data, b.len);
    buf_release(&b);
}

static void data_too_large_is_refused(void **state)
{
    size_t len = (size_t)1 << 20;
    char *data = calloc(1, len);

    (void)state;
    memcpy(data, "TZif", 4);
    refuse(data, len);
    free(data);
}

static void footers_that_are_no_zone_are_refused(void **state)
{
    static const char *const wrong[] = {
        "X",
        "CET",
        "CE-1",
        "<CE>-1",
        "<CET-1",
        "C1T-1",
        "CET-25",
        "CET-1:60",
        "CET-1:00:60",
        "CET-1CEST",
        "CET-1CEST,",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M3.5.0,",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M0.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.0.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,M3.5,M10.5.0",
        "CET-1CEST,J0,J5",
        "CET-1CEST,J366,J5",
        "CET-1CEST,366,5",
        "CET-1CEST,M3.5.0/168,M10.5.0",
        "CET-1CEST,M3.5.0/,M10.5.0",
        "CET-1CEST,M3.5.0,M10.5.0/3x",
        ":Europe/Berlin",
        "CET-00001",
    };
    static const int32_t offsets[] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct buf b;

        make_tzif(&b, NULL, 0, offsets, 1, wrong[i]);
        refuse(b.data, b.len);
        buf_release(&b);
    }
}

/* ---- against libc ---- */

static bool load_system_zone(const char *name, struct zone **z)
{
    char path[256];
    struct buf b;
    bool ok;

    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    buf_init(&b, 1 << 20);
    ok = os_read_file(path, 1 << 20, &b, NULL) == BS_OK;
    if (ok) {
        assert_int_equal(zone_from_tzif(name, b.data, b.len, z, NULL), BS_OK);
    }
    buf_release(&b);
    return ok;
}

/* Once a day, at an hour that wanders, for two centuries. */
static void compare_with_libc(const struct zone *z)
{
    time_t first = (time_t)(at("1890-01-01 00:00:00") / 1000);
    time_t last = (time_t)(at("2100-01-01 00:00:00") / 1000);

    for (time_t t = first; t < last; t += 86400 - 7) {
        struct tm tm;
        int64_t utc;
        int64_t wall;

        assert_non_null(localtime_r(&t, &tm));
        assert_int_equal(zone_offset_at(z, t), tm.tm_gmtoff);
        wall = zone_to_local_ms(z, (int64_t)t * 1000);
        if (zone_to_utc_ms(z, wall, &utc) == ZONE_UNIQUE) {
            assert_int_equal(utc, (int64_t)t * 1000);
        } else {
            assert_true(utc <= (int64_t)t * 1000); /* the earlier of two */
            assert_int_equal(zone_to_local_ms(z, utc), wall);
        }
    }
}

static void zones_of_the_system_agree_with_libc(void **state)
{
    static const char *const names[] = {
        "Europe/Berlin",     "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata",
        "America/Sao_Paulo", "Europe/Dublin",    "Africa/Casablanca",   "America/Godthab",
        "Asia/Gaza",         "Pacific/Apia",     "Antarctica/Troll",    "Asia/Tehran",
        "America/Caracas",   "Pacific/Chatham",  "Africa/Monrovia",     "America/St_Johns",
        "Europe/London",     "Asia/Kathmandu",   "Etc/GMT+12",          "UTC",
    };
    const char *before = getenv("TZ");
    char *kept = before ? strdup(before) : NULL;
    size_t compared = 0;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct zone *z = NULL;

        if (load_system_zone(names[i], &z)) {
            setenv("TZ", names[i], 1);
            tzset();
            compare_with_libc(z);
            compared++;
        }
        zone_free(z);
    }
    if (kept) {
        setenv("TZ", kept, 1);
    } else {
        unsetenv("TZ");
    }
    tzset();
    free(kept);
    if (compared == 0) {
        print_message("no zoneinfo on this system: nothing compared\n");
        skip();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_footer_gives_the_offset_at_every_instant),
        cmocka_unit_test(the_table_holds_before_the_footer),
        cmocka_unit_test(without_a_rule_the_last_offset_stays),
        cmocka_unit_test(wall_time_becomes_the_instant),
        cmocka_unit_test(a_gap_of_a_day_is_jumped),
        cmocka_unit_test(of_two_gaps_the_right_one_counts),
        cmocka_unit_test(a_fixed_zone_has_one_offset),
        cmocka_unit_test(the_ends_of_time_are_harmless),
        cmocka_unit_test(data_cut_anywhere_is_refused),
        cmocka_unit_test(data_that_contradicts_itself_is_refused),
        cmocka_unit_test(data_too_large_is_refused),
        cmocka_unit_test(footers_that_are_no_zone_are_refused),
        cmocka_unit_test(zones_of_the_system_agree_with_libc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
