/* zone_rule.c: see zone_rule.h. */
#include "model/zone_rule.h"

#include "base/clock.h"

#define DAY INT64_C(86400)
/* The calendar, weekdays included, repeats after 400 years. */
#define CYCLE_YEARS 400
#define CYCLE (146097 * DAY)

struct cursor {
    const char *p, *end;
};

static bool at_end(const struct cursor *c)
{
    return c->p == c->end;
}

static bool take(struct cursor *c, char wanted)
{
    if (at_end(c) || *c->p != wanted) {
        return false;
    }
    c->p++;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A whole number of at most three digits within [min, max]. */
static bool take_number(struct cursor *c, int min, int max, int *out)
{
    const char *start = c->p;
    int v = 0;

    while (!at_end(c) && is_digit(*c->p) && c->p - start < 3) {
        v = v * 10 + (*c->p++ - '0');
    }
    *out = v;
    return c->p > start && v >= min && v <= max;
}

/* "CET", or "<+0330>". The name itself is of no use here. */
static bool take_name(struct cursor *c)
{
    bool quoted = take(c, '<');
    const char *start = c->p;

    while (!at_end(c) &&
           (is_letter(*c->p) || (quoted && (is_digit(*c->p) || *c->p == '+' || *c->p == '-')))) {
        c->p++;
    }
    return c->p - start >= 3 && (!quoted || take(c, '>'));
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool take_time(struct cursor *c, int max_hours, int32_t *out)
{
    bool negative = take(c, '-');
    int h;
    int m = 0;
    int s = 0;

    if (!negative) {
        (void)take(c, '+');
    }
    if (!take_number(c, 0, max_hours, &h) ||
        (take(c, ':') &&
         (!take_number(c, 0, 59, &m) || (take(c, ':') && !take_number(c, 0, 59, &s))))) {
        return false;
    }
    *out = (h * 3600 + m * 60 + s) * (negative ? -1 : 1);
    return true;
}

static bool take_day(struct cursor *c, struct zone_day *out)
{
    if (take(c, 'M')) {
        out->form = ZONE_DAY_MONTH;
        if (!take_number(c, 1, 12, &out->month) || !take(c, '.') ||
            !take_number(c, 1, 5, &out->week) || !take(c, '.') ||
            !take_number(c, 0, 6, &out->day)) {
            return false;
        }
    } else if (take(c, 'J')) {
        out->form = ZONE_DAY_JULIAN;
        if (!take_number(c, 1, 365, &out->day)) {
            return false;
        }
    } else {
        out->form = ZONE_DAY_ZERO;
        if (!take_number(c, 0, 365, &out->day)) {
            return false;
        }
    }
    out->time = 2 * 3600;
    return !take(c, '/') || take_time(c, 167, &out->time);
}

bool zone_rule_parse(const char *text, size_t len, struct zone_rule *out)
{
    struct cursor c = {text, text + len};
    struct zone_rule r = {.has_summer = false};
    int32_t west;

    if (!take_name(&c) || !take_time(&c, 24, &west)) {
        return false;
    }
    r.standard = -west; /* POSIX counts offsets west of Greenwich */
    if (!at_end(&c)) {
        r.has_summer = true;
        r.summer = r.standard + 3600;
        if (!take_name(&c)) {
            return false;
        }
        if (!take(&c, ',')) {
            if (!take_time(&c, 24, &west) || !take(&c, ',')) {
                return false; /* a TZif footer must name the days */
            }
            r.summer = -west;
        }
        if (!take_day(&c, &r.start) || !take(&c, ',') || !take_day(&c, &r.end)) {
            return false;
        }
    }
    *out = r;
    return at_end(&c);
}

static bool is_leap(int year)
{
    return civil_valid(year, 2, 29);
}

/* Days since 1970-01-01 of the rule's day in a year. */
static int64_t day_in_year(const struct zone_day *d, int year)
{
    int64_t first = civil_to_days(year, 1, 1);
    int64_t day;
    int next_month;

    switch (d->form) {
    case ZONE_DAY_JULIAN: return first + d->day - 1 + (d->day >= 60 && is_leap(year));
    case ZONE_DAY_ZERO: return first + d->day;
    case ZONE_DAY_MONTH: break;
    }
    day = civil_to_days(year, d->month, 1);
    day += (d->day - civil_weekday(day) + 7) % 7 + 7 * (d->week - 1);
    next_month = d->month % 12 + 1;
    while (day >= civil_to_days(next_month == 1 ? year + 1 : year, next_month, 1)) {
        day -= 7;
    }
    return day;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

struct event {
    int64_t at;
    int32_t offset; /* from then on */
};

/* The changes of the years around `year`, in order. Where an end and a start fall together, as in
 * rules that mean summer time all year, the start comes last and so holds: it is listed later. */
static size_t list_events(const struct zone_rule *r, int year, struct event *events)
{
    size_t n = 0;

    for (int y = year - 2; y <= year + 2; y++) {
        events[n++] =
            (struct event){day_in_year(&r->end, y) * DAY + r->end.time - r->summer, r->standard};
        events[n++] = (struct event){day_in_year(&r->start, y) * DAY + r->start.time - r->standard,
                                     r->summer};
    }
    for (size_t i = 1; i < n; i++) {
        struct event e = events[i];
        size_t k = i;

        for (; k > 0 && events[k - 1].at > e.at; k--) {
            events[k] = events[k - 1];
        }
        events[k] = e;
    }
    return n;
}

struct zone_span zone_rule_span(const struct zone_rule *r, int64_t t)
{
    struct zone_span span = {INT64_MIN, INT64_MAX, r->standard};
    struct event events[10];
    int64_t shift;
    size_t n;
    int year;
    int month;
    int day;

    if (!r->has_summer) {
        return span;
    }
    /* The same time in the cycle that starts in 2000, so that years stay small. */
    shift = floor_div(t - civil_to_days(2000, 1, 1) * DAY, CYCLE) * CYCLE;
    t -= shift;
    civil_from_days(floor_div(t, DAY), &year, &month, &day);
    n = list_events(r, year, events);
    for (size_t i = 0; i < n; i++) {
        if (events[i].at <= t) {
            span.offset = events[i].offset;
            span.from = events[i].at + shift;
        } else {
            span.until = events[i].at + shift;
            break;
        }
    }
    return span;
}
