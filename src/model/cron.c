/* cron.c: see cron.h. */
#include "model/cron.h"

#include "base/clock.h"
#include "base/str.h"

#include <ctype.h>
#include <string.h>

#define MINUTE_MS INT64_C(60000)
#define DAY_MS INT64_C(86400000)
#define HOURS_ALL ((UINT32_C(1) << 24) - 1)
#define FIELD_MAX 128
/* 29 February on a given weekday comes every 28 years, and every 40 across a year like 2100. */
#define DAYS_AHEAD (41 * 366)

struct field_rule {
    const char *what;
    int min, max;
    const char *const *names; /* of min, min + 1, ...; NULL: numbers only */
};

static const char *const month_names[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL",
                                          "AUG", "SEP", "OCT", "NOV", "DEC", NULL};
static const char *const weekday_names[] = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", NULL};

enum { F_MINUTE, F_HOUR, F_DAY, F_MONTH, F_WEEKDAY, F_COUNT };
static const struct field_rule rules[F_COUNT] = {
    [F_MINUTE] = {"minute", 0, 59, NULL},
    [F_HOUR] = {"hour", 0, 23, NULL},
    [F_DAY] = {"day of month", 1, 31, NULL},
    [F_MONTH] = {"month", 1, 12, month_names},
    [F_WEEKDAY] = {"day of week", 0, 7, weekday_names}, /* 7 is Sunday too */
};

static const struct {
    const char *word, *fields;
} shorthands[] = {
    {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
};

static enum bs_rc wrong(struct bs_err *e, const struct field_rule *r, const char *what)
{
    return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "%s: %s", r->what, what);
}

static enum bs_rc out_of_range(struct bs_err *e, const struct field_rule *r)
{
    return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "%s: must be from %d to %d", r->what, r->min,
                   r->max);
}

/* A name or a number at *p; moves behind it. -1: neither, -2: a number that is out of range. */
static int take_value(const struct field_rule *r, const char **p)
{
    int v = 0;
    int digits = 0;

    for (int i = 0; r->names && r->names[i]; i++) {
        if (strncasecmp(*p, r->names[i], 3) == 0 && !isalnum((unsigned char)(*p)[3])) {
            *p += 3;
            return r->min + i;
        }
    }
    for (; isdigit((unsigned char)**p); (*p)++, digits++) {
        v = v < 1000 ? v * 10 + (**p - '0') : v;
    }
    if (digits == 0) {
        return -1;
    }
    return v < r->min || v > r->max ? -2 : v;
}

static enum bs_rc take_step(const struct field_rule *r, const char **p, bool single, int *step,
                            struct bs_err *e)
{
    int v = 0;

    *step = 1;
    if (**p != '/') {
        return BS_OK;
    }
    if (single) {
        return wrong(e, r, "a step needs a range or *: write 5-59/15, not 5/15");
    }
    (*p)++;
    if (!isdigit((unsigned char)**p)) {
        return wrong(e, r, "a number must follow the /");
    }
    for (; isdigit((unsigned char)**p); (*p)++) {
        v = v < 1000 ? v * 10 + (**p - '0') : v;
    }
    if (v < 1 || v > r->max) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "%s: the step must be from 1 to %d", r->what,
                       r->max);
    }
    *step = v;
    return BS_OK;
}

/* "*", "a" or "a-b" at *p. */
static enum bs_rc take_range(const struct field_rule *r, const char **p, int *low, int *high,
                             struct bs_err *e)
{
    if (**p == '*') {
        (*p)++;
        *low = r->min;
        *high = r->max;
        return BS_OK;
    }
    *low = *high = take_value(r, p);
    if (*low >= 0 && **p == '-') {
        (*p)++;
        *high = take_value(r, p);
        if (*high == 0 && *low > 0 && r->names == weekday_names) {
            *high = 7; /* FRI-SUN */
        }
    }
    if (*low == -2 || *high == -2) {
        return out_of_range(e, r);
    }
    if (*low < 0 || *high < 0) {
        return wrong(e, r,
                     r->names ? "is neither a number, a name like those of crontab(5), nor *"
                              : "is neither a number nor *");
    }
    if (*high < *low) {
        return wrong(e, r, "a range must go upwards: write 22-23,0-2, not 22-2");
    }
    return BS_OK;
}

static enum bs_rc parse_field(const struct field_rule *r, const char *p, uint64_t *bits,
                              struct bs_err *e)
{
    for (*bits = 0;; p++) {
        const char *start = p;
        int low, high, step;
        bool single;

        if (take_range(r, &p, &low, &high, e) != BS_OK) {
            return BS_STOP_ALL;
        }
        single = *start != '*' && !memchr(start, '-', (size_t)(p - start));
        if (take_step(r, &p, single, &step, e) != BS_OK) {
            return BS_STOP_ALL;
        }
        for (int v = low; v <= high; v += step) {
            *bits |= UINT64_C(1) << v;
        }
        if (*p == '\0') {
            return BS_OK;
        }
        if (*p != ',') {
            return wrong(e, r,
                         "numbers, ranges a-b and steps /n, separated by commas, are allowed");
        }
    }
}

/* Cuts text at its blanks; false when there are not exactly five pieces that fit. */
static bool split(const char *text, char fields[F_COUNT][FIELD_MAX])
{
    int n = 0;

    for (;;) {
        size_t len;

        text += strspn(text, " \t");
        len = strcspn(text, " \t");
        if (len == 0) {
            return n == F_COUNT;
        }
        if (n == F_COUNT || len >= FIELD_MAX) {
            return false;
        }
        memcpy(fields[n], text, len);
        fields[n++][len] = '\0';
        text += len;
    }
}

static bool day_matches(const struct cron *c, int64_t days)
{
    int year, month, day;
    bool in_month, in_week;

    civil_from_days(days, &year, &month, &day);
    if (!(c->months >> month & 1)) {
        return false;
    }
    in_month = c->days >> day & 1;
    in_week = c->weekdays >> civil_weekday(days) & 1;
    return c->any_day || c->any_weekday ? in_month && in_week : in_month || in_week;
}

/* First matching day from `days` on; -1 when there is none for generations. */
static int64_t next_day(const struct cron *c, int64_t days)
{
    for (int i = 0; i < DAYS_AHEAD; i++) {
        if (day_matches(c, days + i)) {
            return days + i;
        }
    }
    return INT64_MIN;
}

enum bs_rc cron_parse(const char *text, struct cron *out, struct bs_err *e)
{
    char fields[F_COUNT][FIELD_MAX];
    uint64_t bits[F_COUNT];

    for (size_t i = 0; i < sizeof shorthands / sizeof *shorthands; i++) {
        if (str_eq_ci(text, shorthands[i].word)) {
            text = shorthands[i].fields;
        }
    }
    if (text[0] == '@') {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                       "of the words with @ there are @hourly, @daily, @weekly, @monthly, @yearly");
    }
    if (strlen(text) > CRON_TEXT_MAX || !split(text, fields)) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                       "five fields are needed: minute, hour, day of month, month, day of week");
    }
    for (int i = 0; i < F_COUNT; i++) {
        if (parse_field(&rules[i], fields[i], &bits[i], e) != BS_OK) {
            return BS_STOP_ALL;
        }
    }
    out->minutes = bits[F_MINUTE];
    out->hours = (uint32_t)bits[F_HOUR];
    out->days = (uint32_t)bits[F_DAY];
    out->months = (uint32_t)bits[F_MONTH];
    out->weekdays = (uint32_t)((bits[F_WEEKDAY] | bits[F_WEEKDAY] >> 7) & 0x7f);
    out->any_day = fields[F_DAY][0] == '*';
    out->any_weekday = fields[F_WEEKDAY][0] == '*';
    if (next_day(out, 0) == INT64_MIN) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "no year has such a day");
    }
    return BS_OK;
}

static int64_t local_ms(const struct zone *z, int64_t utc_ms)
{
    return z ? zone_to_local_ms(z, utc_ms) : utc_ms;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The instant of a wall time; of one that is skipped, the end of the gap. */
static int64_t instant_of(const struct zone *z, int64_t wall_ms)
{
    int64_t t = wall_ms;
    int64_t low, high;

    if (!z || zone_to_utc_ms(z, wall_ms, &t) != ZONE_NEVER) {
        return t;
    }
    /* t shows the wall time moved by the gap: the jump lies within the gap's width before it. */
    high = floor_div(t, 1000);
    low = floor_div(t - (zone_to_local_ms(z, t) - wall_ms), 1000);
    int32_t after = zone_offset_at(z, high);
    while (high - low > 1) {
        int64_t mid = low + (high - low) / 2;

        if (zone_offset_at(z, mid) == after) {
            high = mid;
        } else {
            low = mid;
        }
    }
    return high * 1000;
}

/* First minute of day >= from (0 .. 1439) at which hours and minutes match; -1 none. */
static int next_minute(const struct cron *c, int from)
{
    for (int m = from; m < 24 * 60; m++) {
        if (!(c->hours >> (m / 60) & 1)) {
            m += 59 - m % 60;
        } else if (c->minutes >> (m % 60) & 1) {
            return m;
        }
    }
    return -1;
}

/* Times of day: wall times in their order, each turned into its instant. */
static int64_t next_fixed(const struct cron *c, const struct zone *z, int64_t after_ms)
{
    int64_t wall = (floor_div(local_ms(z, after_ms), MINUTE_MS) + 1) * MINUTE_MS;

    for (;;) {
        int64_t today = floor_div(wall, DAY_MS);
        int64_t day = next_day(c, today);
        int minute = next_minute(c, day == today ? (int)((wall - today * DAY_MS) / MINUTE_MS) : 0);
        int64_t t;

        if (minute < 0) {
            wall = (day + 1) * DAY_MS;
            continue;
        }
        wall = day * DAY_MS + minute * MINUTE_MS;
        t = instant_of(z, wall);
        if (t > after_ms) {
            return t;
        }
        wall += MINUTE_MS; /* a time that comes twice, and has been */
    }
}

/* Every hour: minutes of real time, looked at on the wall clock. */
static int64_t next_running(const struct cron *c, const struct zone *z, int64_t after_ms)
{
    int64_t t = (floor_div(after_ms, MINUTE_MS) + 1) * MINUTE_MS;

    for (;;) {
        int64_t wall = local_ms(z, t);
        int64_t today = floor_div(wall, DAY_MS);
        int64_t day = next_day(c, today);

        if (day != today) {
            int64_t midnight = instant_of(z, day * DAY_MS);

            t = midnight > t ? midnight : t + MINUTE_MS;
        } else if (c->minutes >> (floor_div(wall, MINUTE_MS) - today * 1440) % 60 & 1) {
            return t;
        } else {
            t += MINUTE_MS;
        }
    }
}

int64_t cron_next(const struct cron *c, const struct zone *z, int64_t after_ms)
{
    return c->hours == HOURS_ALL ? next_running(c, z, after_ms) : next_fixed(c, z, after_ms);
}
