/* Dates and times by pattern: see sheets_format.h. */
#include "sheets_format.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

static const char *const months[3][12] = {
    {"January", "February", "March", "April", "May", "June", "July", "August", "September",
     "October", "November", "December"},
    {"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
     "November", "Dezember"},
    {"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
     "octobre", "novembre", "décembre"},
};
static const char *const days[3][7] = {
    {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
    {"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"},
    {"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"},
};

/* A serial number taken apart; elapsed values are of the whole number. */
struct moment {
    int y, mo, d, wday;
    int h, mi, s, ms;
    int64_t total_ms;
    bool negative;
};

static struct moment take_apart(double serial, bool whole_seconds)
{
    struct moment m = {.negative = serial < 0};
    int64_t ms = llround(serial * 86400000.0);
    if (whole_seconds) /* what is shown without milliseconds rounds to the second */
        ms = llround((double)ms / 1000.0) * 1000;
    m.total_ms = ms < 0 ? -ms : ms;
    int64_t days_part = ms / 86400000;
    int64_t rest = ms % 86400000;
    if (rest < 0) {
        rest += 86400000;
        days_part--;
    }
    /* Day 0 is 1899-12-30, 25569 days before 1970. */
    tw_civil_from_days(days_part - 25569, &m.y, &m.mo, &m.d);
    m.wday = (int)(((days_part + 6) % 7 + 7) % 7);
    m.h = (int)(rest / 3600000);
    m.mi = (int)(rest / 60000 % 60);
    m.s = (int)(rest / 1000 % 60);
    m.ms = (int)(rest % 1000);
    return m;
}

static size_t run_of(const char *s, size_t left)
{
    size_t n = 1;
    while (n < left && tolower((unsigned char)s[n]) == tolower((unsigned char)*s))
        n++;
    return n;
}

static size_t am_pm(const char *s, size_t left)
{
    if (left >= 5 && strncasecmp(s, "am/pm", 5) == 0)
        return 5;
    return left >= 3 && strncasecmp(s, "a/p", 3) == 0 ? 3 : 0;
}

/* Length of a token that shows no part of a date; 0 when it may be one. */
static size_t literal_len(const char *s, size_t left)
{
    size_t n = 1;
    if (*s == '"') {
        while (n < left && s[n] != '"')
            n++;
        return n < left ? n + 1 : n;
    }
    if (*s == '\\' && left > 1)
        return 2;
    if (*s != '[')
        return 0;
    while (n < left && s[n] != ']')
        n++;
    bool elapsed = left > 1 && strchr("hHmMsS", s[1]);
    return elapsed ? 0 : n < left ? n + 1 : n;
}

bool fmt_date_pattern(const char *s, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t n = literal_len(s + i, len - i);
        if (n) {
            i += n;
            continue;
        }
        if (len - i >= 7 && strncmp(s + i, "General", 7) == 0) {
            i += 7;
            continue;
        }
        if (strchr("yYmMdDhHsS[", s[i]) || am_pm(s + i, len - i))
            return true;
        i++;
    }
    return false;
}

/* The row of the name tables. */
static int language(const struct fmt_locale *l)
{
    return strncmp(l->name, "de", 2) == 0 ? 1 : strncmp(l->name, "fr", 2) == 0 ? 2 : 0;
}

static void put_short(struct tbuf *b, const char *name, bool whole)
{
    size_t n = 0;
    for (int chars = 0; name[n] && (whole || chars < 3); chars++) {
        n++;
        while (((unsigned char)name[n] & 0xC0) == 0x80)
            n++;
    }
    tb_add(b, name, n);
}

static void put_month(struct tbuf *b, const struct moment *m, size_t n, const struct fmt_locale *l)
{
    const char *name = months[language(l)][m->mo - 1];
    if (n <= 2)
        tb_fmt(b, "%0*d", (int)n, m->mo);
    else if (n == 5)
        tb_add(b, name, 1);
    else
        put_short(b, name, n == 4);
}

static void put_day(struct tbuf *b, const struct moment *m, size_t n, const struct fmt_locale *l)
{
    if (n <= 2)
        tb_fmt(b, "%0*d", (int)n, m->d);
    else
        put_short(b, days[language(l)][m->wday], n >= 4);
}

static size_t put_elapsed(struct tbuf *b, const char *s, size_t left, const struct moment *m)
{
    size_t n = 1;
    while (n < left && s[n] != ']')
        n++;
    int width = (int)n - 1;
    int64_t unit = tolower((unsigned char)s[1]) == 'h'   ? 3600000
                   : tolower((unsigned char)s[1]) == 'm' ? 60000
                                                         : 1000;
    tb_fmt(b, "%s%0*lld", m->negative ? "-" : "", width, (long long)(m->total_ms / unit));
    return n < left ? n + 1 : n;
}

struct date_ctx {
    const char *s;
    size_t len;
    struct moment m;
    bool half_day; /* there is an am/pm */
    bool elapsed;  /* there is a [h] or so: the rest counts from the absolute value */
    char last;     /* the last unit shown: m after h is minutes */
};

/* m is minutes after an hour or before a second, else the month. */
static bool is_minute(const struct date_ctx *x, size_t i, size_t n)
{
    if (x->s[i] == 'M' && x->last != 'h')
        return false;
    if (x->last == 'h')
        return true;
    for (size_t k = i + n; k < x->len; k++) {
        char c = (char)tolower((unsigned char)x->s[k]);
        if (c == 's')
            return true;
        if (isalpha((unsigned char)c))
            return false;
    }
    return false;
}

static void put_time(struct tbuf *b, struct date_ctx *x, char unit, size_t n)
{
    const struct moment *m = &x->m;
    int hour = x->half_day ? (m->h + 11) % 12 + 1 : m->h;
    int64_t total = m->total_ms;
    int minute = x->elapsed ? (int)(total / 60000 % 60) : m->mi;
    int second = x->elapsed ? (int)(total / 1000 % 60) : m->s;
    tb_fmt(b, "%0*d", (int)(n > 2 ? 2 : n), unit == 'h' ? hour : unit == 'm' ? minute : second);
}

static size_t put_unit(struct tbuf *b, struct date_ctx *x, size_t i, const struct fmt_locale *l)
{
    size_t n = run_of(x->s + i, x->len - i);
    char c = (char)tolower((unsigned char)x->s[i]);
    if (c == 'm' && is_minute(x, i, n))
        put_time(b, x, 'm', n);
    else if (c == 'h' || c == 's')
        put_time(b, x, c, n);
    else if (c == 'm')
        put_month(b, &x->m, n, l);
    else if (c == 'd')
        put_day(b, &x->m, n, l);
    else if (n <= 2)
        tb_fmt(b, "%02d", x->m.y % 100);
    else
        tb_fmt(b, "%04d", x->m.y);
    x->last = c;
    return n;
}

static void look_ahead(struct date_ctx *x, double serial)
{
    bool ms = false;
    for (size_t i = 0; i < x->len;) {
        size_t n = literal_len(x->s + i, x->len - i);
        if (!n) {
            x->half_day = x->half_day || am_pm(x->s + i, x->len - i);
            x->elapsed = x->elapsed || x->s[i] == '[';
            ms = ms || (x->s[i] == '.' && i + 1 < x->len && x->s[i + 1] == '0');
            n = 1;
        }
        i += n;
    }
    x->m = take_apart(serial, !ms);
}

void fmt_date(double serial, const char *s, size_t len, const struct fmt_locale *l, struct tbuf *b)
{
    struct date_ctx x = {.s = s, .len = len};
    look_ahead(&x, serial);
    for (size_t i = 0; i < len;) {
        size_t n = literal_len(s + i, len - i);
        size_t ap = n ? 0 : am_pm(s + i, len - i);
        if (n) {
            if (*(s + i) == '"')
                tb_add(b, s + i + 1, n >= 2 ? n - 2 : 0);
            else if (s[i] == '\\')
                tb_chr(b, s[i + 1]);
        } else if (ap) {
            bool upper = s[i] == 'A' || ap == 5;
            const char *word = x.m.h < 12 ? (upper ? "AM" : "am") : (upper ? "PM" : "pm");
            tb_add(b, word, ap == 5 ? 2 : 1);
            n = ap;
        } else if (s[i] == '[') {
            n = put_elapsed(b, s + i, len - i, &x.m);
            x.last = (char)tolower((unsigned char)s[i + 1]);
        } else if (strchr("yYmMdDhHsS", s[i])) {
            n = put_unit(b, &x, i, l);
        } else if (s[i] == '.' && i + 1 < len && s[i + 1] == '0') {
            n = 1 + run_of(s + i + 1, len - i - 1);
            char frac[8] = {(char)('0' + x.m.ms / 100), (char)('0' + x.m.ms / 10 % 10),
                            (char)('0' + x.m.ms % 10)};
            tb_chr(b, '.');
            tb_add(b, frac, n - 1 > 3 ? 3 : n - 1);
        } else {
            tb_chr(b, s[i]);
            n = 1;
        }
        i += n;
    }
}
