/* convert_scalar.c: numbers, percentages, ratings, durations, dates, date-times, check boxes. */
#include "model/convert_types.h"

#include "base/clock.h"
#include "base/str.h"

#include <math.h>
#include <string.h>

#define PRECISION_MAX 12
#define SIGNIFICANT_DIGITS 15
#define DAY_MS INT64_C(86400000)
#define DAY_SECONDS 86400.0
/* 1970-01-01 as a serial. */
#define SERIAL_EPOCH 25569
/* No text that a person means as a number or a time is longer. */
#define SCALAR_TEXT_MAX 64
#define RATING_LIMIT 10 /* the greatest maximum Airtable offers */

static double power_of_ten(int n)
{
    double p = 1;

    while (n-- > 0) {
        p *= 10;
    }
    return p;
}

/* Halves go away from zero, and so does what is a half but for the noise of binary fractions:
 * 1.005 is stored as 1.00499999999999989. */
static double round_half_away(double v)
{
    double whole = trunc(v);
    double noise = fmin(fabs(v) * 0x1p-50, 0x1p-8); /* a few units in the last place */

    if (fabs(v - whole) >= 0.5 - noise) {
        whole += v < 0 ? -1 : 1;
    }
    return whole;
}

/* To 15 significant digits, what a double holds for certain; whole numbers as they are. */
static double round_significant(double v)
{
    int digits;
    double scale;

    if (v == trunc(v) || fabs(v) < 1e-290) {
        return v;
    }
    /* A number that is not whole is below 2^52, so the digits are -1 at the least. */
    digits = SIGNIFICANT_DIGITS - 1 - (int)floor(log10(fabs(v)));
    scale = power_of_ten(digits < 0 ? 0 : digits);
    return round(v * scale) / scale;
}

static double round_places(double v, int places)
{
    double scale;

    if (places < 0) {
        return round_significant(v);
    }
    scale = power_of_ten(places < PRECISION_MAX ? places : PRECISION_MAX);
    /* Beyond 2^50 a double has hardly a digit to spare behind such a point: long whole numbers must
     * come through with their last digit. */
    return fabs(v) * scale < 0x1p50 ? round_half_away(v * scale) / scale : v;
}

static void set_number(struct value *v, double number)
{
    v->u.number = number == 0 ? 0 : number; /* no minus sign */
}

void number_canonical(const struct conversion *c, struct value *v)
{
    set_number(v, round_places(v->u.number, c->f->precision));
}

void percent_canonical(const struct conversion *c, struct value *v)
{
    int places = c->f->precision < 0 ? -1 : c->f->precision + 2;

    set_number(v, round_places(v->u.number, places));
}

void whole_canonical(const struct conversion *c, struct value *v)
{
    (void)c;
    set_number(v, round_places(v->u.number, 0));
}

void rating_canonical(const struct conversion *c, struct value *v)
{
    whole_canonical(c, v);
    if (v->u.number == 0) {
        *v = value_empty; /* no stars and no rating are one */
    }
}

int duration_digits(const struct field *f)
{
    const char *point = f->duration_format ? strchr(f->duration_format, '.') : NULL;
    size_t digits;

    if (!f->duration_format) {
        return 3;
    }
    digits = point ? strlen(point + 1) : 0;
    return digits < 3 ? (int)digits : 3;
}

void duration_canonical(const struct conversion *c, struct value *v)
{
    set_number(v, round_places(v->u.number, duration_digits(c->f)));
}

static int64_t to_local_ms(const struct conversion *c, int64_t ms)
{
    return c->ctx->zone ? zone_to_local_ms(c->ctx->zone, ms) : ms;
}

void datetime_canonical(const struct conversion *c, struct value *v)
{
    v->u.ms = to_local_ms(c, v->u.ms);
}

void checkbox_canonical(const struct conversion *c, struct value *v)
{
    (void)c;
    if (!v->u.boolean) {
        *v = value_empty;
    }
}

double serial_from_days(int64_t days)
{
    return (double)(days + SERIAL_EPOCH);
}

double serial_from_local_ms(int64_t local_ms)
{
    return (double)local_ms / (double)DAY_MS + SERIAL_EPOCH;
}

double serial_from_seconds(double seconds)
{
    return seconds / DAY_SECONDS;
}

bool convert_days_fit(int64_t days)
{
    return days >= civil_to_days(1, 1, 1) && days <= civil_to_days(9999, 12, 31);
}

/* The text of a text cell without white space around it; false when it is too long to be one of
 * ours. "" when there is nothing but white space. */
static bool short_text(const struct cell *cell, char out[SCALAR_TEXT_MAX], const char **text)
{
    const char *s = cell->text + strspn(cell->text, " \t\r\n");

    if (!str_copy(out, SCALAR_TEXT_MAX, s)) {
        return false;
    }
    *text = str_trim(out);
    return true;
}

static bool shows_date(const struct cell *cell)
{
    return cell->format == FORMAT_DATE || cell->format == FORMAT_DATE_TIME;
}

/* The number in a cell, or the one its text spells, a percentage if allowed. An empty result is
 * for text of white space. */
enum reading { READ_NUMBER, READ_EMPTY, READ_NOTHING };

static enum reading read_number(const struct conversion *c, const struct cell *cell, bool percent,
                                double *out)
{
    char copy[SCALAR_TEXT_MAX];
    const char *text;
    size_t len;
    bool divide = false;

    if (cell->kind == CELL_NUMBER) {
        *out = cell->number;
        return shows_date(cell) && !c->lenient ? READ_NOTHING : READ_NUMBER;
    }
    if (cell->kind != CELL_TEXT || !short_text(cell, copy, &text)) {
        return READ_NOTHING;
    }
    len = strlen(text);
    if (len == 0) {
        return READ_EMPTY;
    }
    if (percent && text[len - 1] == '%') {
        copy[text - copy + (ptrdiff_t)len - 1] = '\0';
        text = str_trim(copy);
        divide = true;
    }
    if (!str_to_double(text, out)) {
        return READ_NOTHING;
    }
    *out = divide ? *out / 100 : *out;
    return READ_NUMBER;
}

enum bs_rc number_from_cell(const struct conversion *c, const struct cell *cell,
                            const struct value **out)
{
    double number;

    switch (read_number(c, cell, false, &number)) {
    case READ_NUMBER: *out = value_number(c->a, number); return BS_OK;
    case READ_EMPTY: *out = &value_empty; return BS_OK;
    case READ_NOTHING: break;
    }
    return convert_refuse(c, cell, "a number", "a number, or text such as 12.5");
}

enum bs_rc percent_from_cell(const struct conversion *c, const struct cell *cell,
                             const struct value **out)
{
    double number;

    switch (read_number(c, cell, true, &number)) {
    case READ_NUMBER: *out = value_number(c->a, number); return BS_OK;
    case READ_EMPTY: *out = &value_empty; return BS_OK;
    case READ_NOTHING: break;
    }
    return convert_refuse(c, cell, "a percentage", "a number, or text such as 50% or 0.5");
}

static enum bs_rc refuse_rating(const struct conversion *c, const struct cell *cell, double number,
                                int max)
{
    if (number > max) {
        return bs_fail(c->e, BS_SKIP, BS_K_VALIDATION,
                       "%s is more than %d; accepted: a whole number from 1 to %d, or nothing",
                       convert_cell_text(c, cell), max, max);
    }
    return bs_fail(c->e, BS_SKIP, BS_K_VALIDATION,
                   "\"%s\" is no rating; accepted: a whole number from 1 to %d, or nothing",
                   convert_cell_text(c, cell), max);
}

enum bs_rc rating_from_cell(const struct conversion *c, const struct cell *cell,
                            const struct value **out)
{
    int max = c->f->rating_max > 0 ? c->f->rating_max : RATING_LIMIT;
    double number = 0;
    enum reading read = read_number(c, cell, false, &number);

    if (read == READ_NOTHING) {
        return refuse_rating(c, cell, 0, max);
    }
    if (!c->lenient && (number < 0 || number > max || number != floor(number))) {
        return refuse_rating(c, cell, number, max);
    }
    *out = value_number(c->a, number);
    return BS_OK;
}

/* Reads digits; false when there are none or more than max. */
static bool take_digits(const char **p, size_t max, int64_t *out)
{
    size_t len = strspn(*p, "0123456789");

    if (len == 0 || len > max) {
        return false;
    }
    *out = 0;
    for (size_t i = 0; i < len; i++) {
        *out = *out * 10 + ((*p)[i] - '0');
    }
    *p += len;
    return true;
}

/* [-]h:mm[:ss[.fraction]] in seconds. */
static bool parse_duration(const char *p, double *seconds)
{
    bool negative = *p == '-';
    int64_t h;
    int64_t m;
    int64_t s = 0;
    double fraction = 0;

    p += negative;
    if (!take_digits(&p, 7, &h) || *p++ != ':' || !take_digits(&p, 2, &m) || m > 59) {
        return false;
    }
    if (*p == ':') {
        p++;
        if (!take_digits(&p, 2, &s) || s > 59) {
            return false;
        }
        if (*p == '.' && !str_to_double(p, &fraction)) {
            return false;
        }
        p += *p == '.' ? 1 + strspn(p + 1, "0123456789") : 0;
    }
    *seconds = ((double)(h * 3600 + m * 60 + s) + fraction) * (negative ? -1 : 1);
    return *p == '\0';
}

enum bs_rc duration_from_cell(const struct conversion *c, const struct cell *cell,
                              const struct value **out)
{
    double seconds = 0;
    char copy[SCALAR_TEXT_MAX];
    const char *text;
    bool ok = false;

    if (cell->kind == CELL_NUMBER) {
        seconds = cell->number * DAY_SECONDS; /* a fraction of a day, whatever its format */
        ok = (!shows_date(cell) || c->lenient) && isfinite(seconds);
    } else if (cell->kind == CELL_TEXT && short_text(cell, copy, &text)) {
        if (*text == '\0') {
            *out = &value_empty;
            return BS_OK;
        }
        ok = parse_duration(text, &seconds);
    }
    if (!ok) {
        return convert_refuse(c, cell, "a duration", "a duration, or text such as 1:30 or 1:30:05");
    }
    *out = value_duration(c->a, seconds);
    return BS_OK;
}

/* The wall time of a serial, rounded to the millisecond: serials are doubles. False when it is not
 * within the years that both sides know. */
static bool serial_to_local_ms(double serial, int64_t *local_ms)
{
    double ms = round((serial - SERIAL_EPOCH) * (double)DAY_MS);

    if (!(fabs(ms) < (double)VALUE_MS_MAX)) {
        return false;
    }
    *local_ms = (int64_t)ms;
    return true;
}

static int64_t floor_days(int64_t ms)
{
    return ms / DAY_MS - (ms % DAY_MS < 0);
}

/* yyyy-mm-dd, and when allowed [T ]hh:mm[:ss[.fff]][Z] behind it. */
static bool parse_iso(const char *text, bool with_time, int64_t *ms, bool *utc)
{
    char full[SCALAR_TEXT_MAX + sizeof "T00:00:00"];
    size_t len = strlen(text);

    *utc = false;
    str_copy(full, sizeof full, text);
    if (len == strlen("yyyy-mm-dd")) {
        str_copy(full + len, sizeof full - len, "T00:00:00");
    } else if (!with_time) {
        return false;
    } else {
        size_t minutes = strlen("yyyy-mm-ddThh:mm");

        *utc = text[len - 1] == 'Z';
        if (len >= minutes && (text[minutes] == '\0' || text[minutes] == 'Z')) {
            str_copy(full + minutes, sizeof full - minutes, *utc ? ":00Z" : ":00");
        }
    }
    return clock_parse(full, ms);
}

/* The wall time or, with *utc, the instant that a cell shows. READ_NOTHING when it shows none. */
static enum reading read_time(const struct conversion *c, const struct cell *cell, bool with_time,
                              int64_t *ms, bool *utc)
{
    char copy[SCALAR_TEXT_MAX];
    const char *text;
    bool ok = false;

    *utc = false;
    if (cell->kind == CELL_NUMBER) {
        ok = (shows_date(cell) || c->lenient) && serial_to_local_ms(cell->number, ms);
    } else if (cell->kind == CELL_TEXT && short_text(cell, copy, &text)) {
        if (*text == '\0') {
            return READ_EMPTY;
        }
        ok = parse_iso(text, with_time, ms, utc);
    }
    return ok && convert_days_fit(floor_days(*ms)) ? READ_NUMBER : READ_NOTHING;
}

enum bs_rc date_from_cell(const struct conversion *c, const struct cell *cell,
                          const struct value **out)
{
    int64_t ms;
    bool utc;

    switch (read_time(c, cell, false, &ms, &utc)) {
    case READ_NUMBER: *out = value_date(c->a, floor_days(ms)); return BS_OK;
    case READ_EMPTY: *out = &value_empty; return BS_OK;
    case READ_NOTHING: break;
    }
    return convert_refuse(c, cell, "a date", "a date, or text such as 2026-01-31");
}

/* A wall time that came twice means the instant that the record holds already, else the first. */
static int64_t instant_of(const struct conversion *c, int64_t local_ms)
{
    int64_t ms;

    if (c->current && c->current->kind == VALUE_DATETIME &&
        to_local_ms(c, c->current->u.ms) == local_ms) {
        return c->current->u.ms;
    }
    if (!c->ctx->zone) {
        return local_ms;
    }
    (void)zone_to_utc_ms(c->ctx->zone, local_ms, &ms);
    return ms;
}

enum bs_rc datetime_from_cell(const struct conversion *c, const struct cell *cell,
                              const struct value **out)
{
    int64_t ms;
    bool utc;

    switch (read_time(c, cell, true, &ms, &utc)) {
    case READ_NUMBER: *out = value_datetime(c->a, utc ? ms : instant_of(c, ms)); return BS_OK;
    case READ_EMPTY: *out = &value_empty; return BS_OK;
    case READ_NOTHING: break;
    }
    return convert_refuse(c, cell, "a date and time",
                          "a date and time, or text such as 2026-01-31 14:30");
}

enum bs_rc checkbox_from_cell(const struct conversion *c, const struct cell *cell,
                              const struct value **out)
{
    static const struct {
        const char *word;
        bool ticked;
    } words[] = {{"true", true}, {"false", false}, {"yes", true}, {"no", false},
                 {"1", true},    {"0", false},     {"", false}};
    char copy[SCALAR_TEXT_MAX];
    const char *text;

    if (cell->kind == CELL_BOOL) {
        *out = value_bool(c->a, cell->boolean);
        return BS_OK;
    }
    if (cell->kind == CELL_NUMBER && (cell->number == 0 || cell->number == 1)) {
        *out = value_bool(c->a, cell->number == 1);
        return BS_OK;
    }
    if (cell->kind == CELL_TEXT && short_text(cell, copy, &text)) {
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            if (str_eq_ci(text, words[i].word)) {
                *out = value_bool(c->a, words[i].ticked);
                return BS_OK;
            }
        }
    }
    return convert_refuse(c, cell, "a check box", "TRUE or FALSE, yes or no, 1 or 0");
}
