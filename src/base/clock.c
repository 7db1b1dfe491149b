/*
 * clock.c: see clock.h. In test builds BASESYNC_CLOCK moves the wall clock: a number is an offset
 * in ms; "x20@MS" lets both clocks run twenty times as fast from that moment on, and each sleep be
 * a twentieth as long; anything else names a file that holds the time, in ms or as text, read anew
 * at each call.
 */
#include "base/clock.h"

#include "base/os.h"
#include "base/str.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define MS_PER_DAY INT64_C(86400000)

/* Also on machines of 32 bits: their time does not end in 2038. */
_Static_assert(sizeof(time_t) >= 8, "times of 64 bits");

static int64_t read_clock(clockid_t id)
{
    struct timespec ts;

    if (clock_gettime(id, &ts) != 0) {
        abort();
    }
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

#ifdef BASESYNC_FAILPOINTS

static int64_t file_time(const char *path)
{
    struct buf b;
    char *text;
    int64_t ms;

    buf_init(&b, 64);
    if (os_read_file(path, 64, &b, NULL) != BS_OK) {
        fprintf(stderr, "basesync: BASESYNC_CLOCK=%s cannot be read\n", path);
        abort();
    }
    text = str_trim(b.data);
    if (!str_to_i64(text, INT64_MIN, INT64_MAX, &ms) && !clock_parse(text, &ms)) {
        fprintf(stderr, "basesync: BASESYNC_CLOCK=%s holds no time\n", path);
        abort();
    }
    buf_release(&b);
    return ms;
}

#define SPEED_MAX 1000

/* Of "x20@1769076000000" how fast, and since when; 1 for anything else. */
static int64_t speed(int64_t *since)
{
    const char *text = getenv("BASESYNC_CLOCK");
    const char *at = text && *text == 'x' ? strchr(text, '@') : NULL;
    char number[8] = "";
    int64_t n;

    *since = 0;
    if (!at || (size_t)(at - text) > sizeof number) {
        return 1;
    }
    memcpy(number, text + 1, (size_t)(at - text) - 1);
    return str_to_i64(number, 1, SPEED_MAX, &n) &&
                   str_to_i64(at + 1, 0, INT64_MAX / SPEED_MAX, since)
               ? n
               : 1;
}

static int64_t real_wall(void *ctx)
{
    const char *text = getenv("BASESYNC_CLOCK");
    int64_t offset = 0, since, now = read_clock(CLOCK_REALTIME);
    int64_t fast = speed(&since);

    (void)ctx;
    if (fast > 1) {
        return since + (now - since) * fast;
    }
    if (text && *text && !str_to_i64(text, INT64_MIN / 2, INT64_MAX / 2, &offset)) {
        return file_time(text);
    }
    return now + offset;
}

#else

static int64_t speed(int64_t *since)
{
    *since = 0;
    return 1;
}

static int64_t real_wall(void *ctx)
{
    (void)ctx;
    return read_clock(CLOCK_REALTIME);
}

#endif

static int64_t real_mono(void *ctx)
{
    int64_t since;

    (void)ctx;
    return read_clock(CLOCK_BOOTTIME) * speed(&since);
}

int64_t clock_machine_ms(int64_t ms)
{
    int64_t since, fast = speed(&since);

    return ms <= 0 ? ms : (ms + fast - 1) / fast;
}

static void real_sleep(void *ctx, int64_t ms)
{
    int64_t end = real_mono(NULL) + ms;

    (void)ctx;
    while (ms > 0) {
        int64_t left = clock_machine_ms(ms);
        struct timespec ts = {.tv_sec = (time_t)(left / 1000),
                              .tv_nsec = (long)(left % 1000) * 1000000};

        if (nanosleep(&ts, NULL) != 0 && errno == EINTR && os_stop_requested()) {
            return;
        }
        ms = end - real_mono(NULL);
    }
}

static void real_random(void *ctx, void *out, size_t len)
{
    unsigned char *p = out;

    (void)ctx;
    while (len > 0) {
        ssize_t n = getrandom(p, len, 0);

        if (n > 0) {
            p += n;
            len -= (size_t)n;
        } else if (errno != EINTR) {
            abort(); /* no key, nonce or id may be made from anything less */
        }
    }
}

static const struct clock_ops real_ops = {real_wall, real_mono, real_sleep, real_random, NULL};
static const struct clock_ops *ops = &real_ops;

void clock_set(const struct clock_ops *new_ops)
{
    ops = new_ops ? new_ops : &real_ops;
}

int64_t clock_wall_ms(void)
{
    return ops->wall_ms(ops->ctx);
}

int64_t clock_mono_ms(void)
{
    return ops->mono_ms(ops->ctx);
}

void clock_sleep_ms(int64_t ms)
{
    if (ms > 0) {
        ops->sleep_ms(ops->ctx, ms);
    }
}

void clock_random(void *out, size_t len)
{
    ops->random(ops->ctx, out, len);
}

uint64_t clock_random_u64(void)
{
    uint64_t v;

    clock_random(&v, sizeof v);
    return v;
}

uint64_t clock_random_below(uint64_t bound)
{
    uint64_t v;
    uint64_t skewed; /* values under this would make the small results likelier */

    assert(bound > 0);
    skewed = (UINT64_MAX - bound + 1) % bound;
    do {
        v = clock_random_u64();
    } while (v < skewed);
    return v % bound;
}

void clock_random_id(char *out, size_t n)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    for (size_t i = 0; i < n; i++) {
        out[i] = alphabet[clock_random_below(sizeof alphabet - 1)];
    }
    out[n] = '\0';
}

void clock_random_uuid(char out[37])
{
    uint8_t p[16];
    char hex[33];

    clock_random(p, sizeof p);
    p[6] = (uint8_t)((p[6] & 0x0F) | 0x40); /* version 4 */
    p[8] = (uint8_t)((p[8] & 0x3F) | 0x80); /* the variant of RFC 4122 */
    hex_encode(p, sizeof p, hex);
    snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

/* Floor division: times before 1970 have negative days and positive times of day. */
static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static void time_text(int64_t wall_ms, char out[CLOCK_TEXT_MAX], char separator, const char *zone)
{
    int64_t first = civil_to_days(0, 1, 1) * MS_PER_DAY;
    int64_t last = civil_to_days(10000, 1, 1) * MS_PER_DAY - 1;
    int64_t days;
    unsigned ms;
    int y;
    int m;
    int d;

    /* Four digits of year: what does not fit stops at the ends and keeps its order. */
    wall_ms = wall_ms < first ? first : wall_ms > last ? last : wall_ms;
    days = floor_div(wall_ms, MS_PER_DAY);
    ms = (unsigned)(wall_ms - days * MS_PER_DAY);
    civil_from_days(days, &y, &m, &d);
    snprintf(out, CLOCK_TEXT_MAX, "%04u-%02u-%02u%c%02u:%02u:%02u.%03u%s", (unsigned)y % 10000u,
             (unsigned)m % 100u, (unsigned)d % 100u, separator, ms / 3600000 % 24, ms / 60000 % 60,
             ms / 1000 % 60, ms % 1000, zone);
}

void clock_sql_text(int64_t wall_ms, char out[CLOCK_TEXT_MAX])
{
    time_text(wall_ms, out, ' ', "");
}

void clock_iso_text(int64_t wall_ms, char out[CLOCK_TEXT_MAX])
{
    time_text(wall_ms, out, 'T', "Z");
}

/* Matches s against a pattern in which '0' is a digit and '?' is 'T' or a space. */
static bool matches(const char *s, const char *pattern)
{
    for (; *pattern; s++, pattern++) {
        bool ok = *pattern == '0'   ? *s >= '0' && *s <= '9'
                  : *pattern == '?' ? *s == 'T' || *s == ' '
                                    : *s == *pattern;

        if (!ok) {
            return false;
        }
    }
    return true;
}

static int number(const char *s, int digits)
{
    int v = 0;

    for (int i = 0; i < digits; i++) {
        v = v * 10 + (s[i] - '0');
    }
    return v;
}

bool clock_parse(const char *s, int64_t *wall_ms)
{
    int ms = 0;
    const char *rest;

    if (!matches(s, "0000-00-00?00:00:00") ||
        !civil_valid(number(s, 4), number(s + 5, 2), number(s + 8, 2)) || number(s + 11, 2) > 23 ||
        number(s + 14, 2) > 59 || number(s + 17, 2) > 59) {
        return false;
    }
    rest = s + 19;
    if (*rest == '.') {
        int unit = 100;

        if (!matches(++rest, "0")) {
            return false;
        }
        for (; matches(rest, "0"); rest++) {
            ms += number(rest, 1) * unit; /* what is finer than a millisecond is cut */
            unit /= 10;
        }
    }
    if (*rest == 'Z') {
        rest++;
    }
    if (*rest != '\0') {
        return false;
    }
    *wall_ms = civil_to_days(number(s, 4), number(s + 5, 2), number(s + 8, 2)) * MS_PER_DAY +
               number(s + 11, 2) * INT64_C(3600000) + number(s + 14, 2) * INT64_C(60000) +
               number(s + 17, 2) * INT64_C(1000) + ms;
    return true;
}

/* Days of a 400-year era and from 0000-03-01 to 1970-01-01, as in Hinnant's paper. */
#define ERA_DAYS 146097
#define EPOCH_SHIFT 719468

int64_t civil_to_days(int year, int month, int day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = floor_div(y, 400);
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

    return era * ERA_DAYS + doe - EPOCH_SHIFT;
}

void civil_from_days(int64_t days, int *year, int *month, int *day)
{
    int64_t z = days + EPOCH_SHIFT;
    int64_t era = floor_div(z, ERA_DAYS);
    int64_t doe = z - era * ERA_DAYS;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

bool civil_valid(int year, int month, int day)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1) {
        return false;
    }
    return day <= lengths[month - 1] + (month == 2 && leap);
}

int civil_weekday(int64_t days)
{
    return (int)(((days + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}
