/* t_clock.c: times, the calendar, randomness. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/os.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void times_print_in_both_forms(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01 00:00:00.000"},
        {1769076000000, "2026-01-22 10:00:00.000"},
        {951827696789, "2000-02-29 12:34:56.789"},
        {-1, "1969-12-31 23:59:59.999"},
        {INT64_MIN, "0000-01-01 00:00:00.000"},
        {INT64_MAX, "9999-12-31 23:59:59.999"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char sql[CLOCK_TEXT_MAX];
        char iso[CLOCK_TEXT_MAX];

        clock_sql_text(cases[i].ms, sql);
        assert_string_equal(sql, cases[i].text);
        clock_iso_text(cases[i].ms, iso);
        assert_int_equal(strlen(iso), 24);
        assert_true(iso[10] == 'T' && iso[23] == 'Z');
        iso[10] = ' ';
        iso[23] = '\0';
        assert_string_equal(iso, cases[i].text);
    }
}

static void times_are_read_in_both_forms_and_nothing_else(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t ms;
    } cases[] = {
        {"2026-01-22 10:00:00.000", true, 1769076000000},
        {"2026-01-22T10:00:00.000Z", true, 1769076000000},
        {"2026-01-22T10:00:00Z", true, 1769076000000},
        {"2026-01-22 10:00:00", true, 1769076000000},
        {"2026-01-22T10:00:00.5Z", true, 1769076000500},
        {"2026-01-22T10:00:00.123987654Z", true, 1769076000123},
        {"1969-12-31 23:59:59.999", true, -1},
        {"2026-01-22", false, 0},
        {"2026-02-29 10:00:00", false, 0},
        {"2026-13-01 10:00:00", false, 0},
        {"2026-01-22 24:00:00", false, 0},
        {"2026-01-22 10:60:00", false, 0},
        {"2026-01-22 10:00:60", false, 0},
        {"2026-01-22 10:00:00.", false, 0},
        {"2026-01-22 10:00:00+01:00", false, 0},
        {"2026-01-22 10:00:00ZZ", false, 0},
        {" 2026-01-22 10:00:00", false, 0},
        {"2026-1-22 10:00:00", false, 0},
        {"", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t ms = 42;

        assert_int_equal(clock_parse(cases[i].text, &ms), cases[i].ok);
        assert_true(ms == (cases[i].ok ? cases[i].ms : 42));
    }
}

static void the_calendar_agrees_with_the_c_library(void **state)
{
    (void)state;
    for (int64_t days = -720000; days < 2900000; days += 13) {
        time_t t = (time_t)days * 86400;
        struct tm tm;
        int y;
        int m;
        int d;

        assert_non_null(gmtime_r(&t, &tm));
        civil_from_days(days, &y, &m, &d);
        assert_true(y == tm.tm_year + 1900 && m == tm.tm_mon + 1 && d == tm.tm_mday);
        assert_true(civil_to_days(y, m, d) == days);
        assert_int_equal(civil_weekday(days), tm.tm_wday);
    }
}

static void a_date_that_does_not_exist_is_refused(void **state)
{
    (void)state;
    assert_true(civil_valid(2024, 2, 29));
    assert_true(civil_valid(2000, 2, 29));
    assert_false(civil_valid(1900, 2, 29));
    assert_false(civil_valid(2023, 2, 29));
    assert_false(civil_valid(2023, 4, 31));
    assert_true(civil_valid(2023, 12, 31));
    assert_false(civil_valid(2023, 0, 1));
    assert_false(civil_valid(2023, 13, 1));
    assert_false(civil_valid(2023, 1, 0));
    assert_false(civil_valid(10000, 1, 1));
    assert_false(civil_valid(-1, 1, 1));
}

static void random_numbers_stay_below_their_bound_and_reach_all_of_it(void **state)
{
    unsigned seen[6] = {0};

    (void)state;
    for (int i = 0; i < 6000; i++) {
        uint64_t v = clock_random_below(6);

        assert_true(v < 6);
        seen[v]++;
    }
    for (size_t i = 0; i < 6; i++) {
        assert_in_range(seen[i], 800, 1200); /* 1000 expected, standard deviation 29 */
    }
    assert_true(clock_random_below(1) == 0);
    assert_true(clock_random_u64() != clock_random_u64());
}

static void random_names_have_their_form(void **state)
{
    char a[18];
    char b[18];
    char uuid[37];

    (void)state;
    clock_random_id(a, 17);
    clock_random_id(b, 17);
    assert_int_equal(strlen(a), 17);
    assert_int_equal(strspn(a, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
                     17);
    assert_string_not_equal(a, b);
    for (int i = 0; i < 50; i++) {
        clock_random_uuid(uuid);
        assert_int_equal(strlen(uuid), 36);
        assert_int_equal(strspn(uuid, "0123456789abcdef-"), 36);
        assert_true(uuid[8] == '-' && uuid[13] == '-' && uuid[18] == '-' && uuid[23] == '-');
        assert_int_equal(uuid[14], '4');
        assert_non_null(strchr("89ab", uuid[19]));
    }
}

static int64_t fixed_time(void *ctx)
{
    return *(int64_t *)ctx;
}

static void advance(void *ctx, int64_t ms)
{
    *(int64_t *)ctx += ms;
}

static void fives(void *ctx, void *out, size_t len)
{
    (void)ctx;
    memset(out, 5, len);
}

static void a_test_clock_takes_the_place_of_the_real_one(void **state)
{
    int64_t now = 1000;
    const struct clock_ops fake = {fixed_time, fixed_time, advance, fives, &now};

    (void)state;
    clock_set(&fake);
    clock_sleep_ms(500);
    clock_sleep_ms(-7);
    clock_sleep_ms(0);
    assert_true(clock_wall_ms() == 1500 && clock_mono_ms() == 1500);
    assert_true(clock_random_u64() == 0x0505050505050505);
    clock_set(NULL);
    assert_true(clock_wall_ms() > 1600000000000);
}

static void sleeping_takes_its_time(void **state)
{
    int64_t start = clock_mono_ms();

    (void)state;
    clock_sleep_ms(30);
    assert_true(clock_mono_ms() - start >= 30);
}

static void a_stop_signal_ends_a_sleep(void **state)
{
    int64_t start = clock_mono_ms();
    pid_t self = getpid();
    pid_t child;

    (void)state;
    os_signals_init();
    child = fork();
    if (child == 0) {
        clock_sleep_ms(50);
        kill(self, SIGTERM);
        _exit(0);
    }
    assert_true(child > 0);
    clock_sleep_ms(20000);
    assert_true(os_stop_requested());
    assert_true(clock_mono_ms() - start < 10000);
}

#ifdef BASESYNC_FAILPOINTS
static void the_environment_moves_the_clock_of_test_builds(void **state)
{
    char path[] = "/tmp/t_clock.XXXXXX";
    int fd = mkstemp(path);
    int64_t before = clock_wall_ms();

    (void)state;
    assert_true(fd >= 0);
    setenv("BASESYNC_CLOCK", "86400000", 1);
    assert_in_range(clock_wall_ms() - before, 86400000, 86400000 + 60000);
    setenv("BASESYNC_CLOCK", path, 1);
    assert_int_equal(write(fd, "2026-01-22T10:00:00Z\n", 21), 21);
    assert_true(clock_wall_ms() == 1769076000000);
    assert_int_equal(pwrite(fd, "1769076000001       \n", 21, 0), 21);
    assert_true(clock_wall_ms() == 1769076000001);
    unsetenv("BASESYNC_CLOCK");
    close(fd);
    unlink(path);
}

static void the_environment_makes_the_clock_of_test_builds_run(void **state)
{
    int64_t began = clock_wall_ms(), real = clock_mono_ms(), fast;
    char text[40];

    (void)state;
    snprintf(text, sizeof text, "x50@%lld", (long long)began);
    setenv("BASESYNC_CLOCK", text, 1);
    fast = clock_mono_ms();
    clock_sleep_ms(5000);
    assert_true(clock_mono_ms() - fast >= 5000);
    assert_true(clock_wall_ms() - began >= 5000);
    unsetenv("BASESYNC_CLOCK");
    assert_in_range(clock_mono_ms() - real, 100, 4000);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_print_in_both_forms),
        cmocka_unit_test(times_are_read_in_both_forms_and_nothing_else),
        cmocka_unit_test(the_calendar_agrees_with_the_c_library),
        cmocka_unit_test(a_date_that_does_not_exist_is_refused),
        cmocka_unit_test(random_numbers_stay_below_their_bound_and_reach_all_of_it),
        cmocka_unit_test(random_names_have_their_form),
        cmocka_unit_test(a_test_clock_takes_the_place_of_the_real_one),
        cmocka_unit_test(sleeping_takes_its_time),
#ifdef BASESYNC_FAILPOINTS
        cmocka_unit_test(the_environment_moves_the_clock_of_test_builds),
        cmocka_unit_test(the_environment_makes_the_clock_of_test_builds_run),
#endif
        cmocka_unit_test(a_stop_signal_ends_a_sleep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
