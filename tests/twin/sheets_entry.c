/* What a typed text becomes (USER_ENTERED): see fmt_enter() in sheets_format.h. */
#include "sheets_format.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ENTRY_MAX 100 /* longer texts are no numbers and no dates */

/* ---- numbers ---- */

static bool eat(const char **p, const char *what)
{
    size_t n = strlen(what);
    if (!n || strncmp(*p, what, n) != 0)
        return false;
    *p += n;
    return true;
}

static void eat_blanks(const char **p)
{
    while (eat(p, " ") || eat(p, "\u00a0"))
        ;
}

static bool eat_currency(const char **p)
{
    static const char *const signs[] = {"$", "€", "£", "¥"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (eat(p, signs[i]))
            return true;
    return false;
}

/* Digits with groups of three; puts plain digits into b. False when the groups are wrong. */
static bool read_whole(const char **p, const struct fmt_locale *l, struct tbuf *b, bool *grouped)
{
    size_t run = 0;
    for (;;) {
        while (isdigit((unsigned char)**p)) {
            tb_chr(b, *(*p)++);
            run++;
        }
        const char *next = *p;
        if (!run || !eat(&next, l->group) || !isdigit((unsigned char)*next))
            return !*grouped || run == 3;
        if ((*grouped && run != 3) || run > 3)
            return false;
        *grouped = true;
        *p = next;
        run = 0;
    }
}

/* An exponent; only the scientific form "1E+5", "1e5". */
static bool read_exponent(const char **p, struct tbuf *b)
{
    if (tolower((unsigned char)**p) != 'e')
        return false;
    const char *q = *p + 1;
    q += *q == '+' || *q == '-';
    if (!isdigit((unsigned char)*q))
        return false;
    while (isdigit((unsigned char)*q))
        q++;
    tb_add(b, *p, (size_t)(q - *p));
    *p = q;
    return true;
}

struct number {
    double v;
    bool grouped, percent, currency, exponent, fraction;
};

static bool read_number(const char *s, const struct fmt_locale *l, struct number *out)
{
    struct tbuf b = {0};
    const char *p = s;
    *out = (struct number){0};
    bool bracket = eat(&p, "(");
    bool minus = eat(&p, "-");
    out->currency = eat_currency(&p);
    eat_blanks(&p);
    minus = eat(&p, "-") || minus;
    bool ok = read_whole(&p, l, &b, &out->grouped);
    size_t whole = b.n;
    if (ok && eat(&p, l->decimal)) {
        tb_chr(&b, '.');
        for (out->fraction = true; isdigit((unsigned char)*p); p++)
            tb_chr(&b, *p);
    }
    ok = ok && b.n > (size_t)(whole == 0);
    out->exponent = ok && read_exponent(&p, &b);
    eat_blanks(&p);
    out->percent = eat(&p, "%");
    out->currency = out->currency || eat_currency(&p);
    ok = ok && (!bracket || eat(&p, ")")) && !*p;
    out->v = ok ? strtod(b.p, NULL) : 0;
    if (out->percent)
        out->v /= 100;
    if (minus || bracket)
        out->v = -out->v;
    tb_free(&b);
    return ok && isfinite(out->v);
}

static void number_format(const struct number *n, const struct fmt_locale *l, struct fmt_entry *e)
{
    if (n->percent) {
        e->type = "PERCENT";
        e->pattern = n->fraction ? "0.00%" : "0%";
    } else if (n->currency) {
        e->type = "CURRENCY";
        e->pattern = l->currency;
    } else if (n->exponent) {
        e->type = "SCIENTIFIC";
        e->pattern = "0.00E+00";
    } else if (n->grouped) {
        e->type = "NUMBER";
        e->pattern = n->fraction ? "#,##0.00" : "#,##0";
    }
}

/* ---- dates and times ---- */

static int read_int(const char **p, int max_digits, int *digits)
{
    int v = 0;
    *digits = 0;
    while (isdigit((unsigned char)**p) && *digits < max_digits) {
        v = v * 10 + (*(*p)++ - '0');
        ++*digits;
    }
    return v;
}

static bool valid_date(int y, int m, int d)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = y % 4 == 0 && (y % 100 || y % 400 == 0);
    if (y < 1000 || y > 9999 || m < 1 || m > 12 || d < 1)
        return false;
    return d <= lengths[m - 1] + (m == 2 && leap);
}

static int full_year(int y, int digits)
{
    if (digits > 2)
        return y;
    return y < 30 ? 2000 + y : 1900 + y;
}

/* Two or three numbers with one kind of separator, in the locale's order; ISO in any locale. */
static bool read_date(const char **p, const struct fmt_locale *l, int year, double *serial,
                      bool *iso)
{
    const char *q = *p;
    int v[3];
    int digits[3];
    char sep = 0;
    int n = 0;
    while (n < 3) {
        v[n] = read_int(&q, 4, &digits[n]);
        if (!digits[n])
            return false;
        n++;
        if (n == 3 || (n == 2 && *q != sep) || !strchr("-/.", *q) || !*q)
            break;
        sep = *q++;
    }
    if (n < 2 || (sep == '.' && (n < 3 || strncmp(l->decimal, ".", 1) == 0)))
        return false;
    int y;
    int m;
    int d;
    *iso = digits[0] == 4;
    if (*iso && n == 3) {
        y = v[0];
        m = v[1];
        d = v[2];
    } else {
        bool day_first = l->order == 'd';
        m = v[day_first];
        d = v[!day_first];
        y = n == 3 ? full_year(v[2], digits[2]) : year;
    }
    if (!valid_date(y, m, d) || isdigit((unsigned char)*q))
        return false;
    *serial = (double)(tw_days_from_civil(y, m, d) + 25569);
    *p = q;
    return true;
}

/* "10:30", "10:30:15.250", "3:05 pm". */
static bool read_time(const char **p, double *day)
{
    const char *q = *p;
    int digits;
    int h = read_int(&q, 4, &digits);
    if (!digits || *q++ != ':')
        return false;
    int m = read_int(&q, 2, &digits);
    if (!digits || m > 59)
        return false;
    double s = 0;
    if (*q == ':') {
        q++;
        char *end;
        if (!isdigit((unsigned char)*q))
            return false;
        s = strtod(q, &end);
        q = end;
        if (s >= 60)
            return false;
    }
    const char *half = q + (*q == ' ');
    if (strncasecmp(half, "am", 2) == 0 || strncasecmp(half, "pm", 2) == 0) {
        if (h < 1 || h > 12)
            return false;
        h = h % 12 + (tolower((unsigned char)*half) == 'p' ? 12 : 0);
        q = half + 2;
    }
    *day = (h * 3600.0 + m * 60.0 + s) / 86400.0;
    *p = q;
    return true;
}

static bool enter_date(const char *s, const struct fmt_locale *l, int year, struct fmt_entry *e)
{
    const char *p = s;
    double date = 0;
    double time = 0;
    bool iso = false;
    bool has_date = read_date(&p, l, year, &date, &iso);
    if (has_date && *p == ' ')
        p++;
    else if (has_date && *p)
        return false;
    bool has_time = *p && read_time(&p, &time);
    if (*p || (!has_date && !has_time))
        return false;
    e->kind = G_NUMBER;
    e->num = date + time;
    if (has_date && has_time) {
        e->type = "DATE_TIME";
        e->pattern = iso ? "yyyy-mm-dd h:mm:ss" : NULL;
    } else if (has_date) {
        e->type = "DATE";
        e->pattern = iso ? "yyyy-mm-dd" : l->date;
    } else {
        e->type = "TIME";
        e->pattern = time >= 1 ? "[h]:mm:ss" : l->time;
    }
    return true;
}

struct fmt_entry fmt_enter(const char *typed, bool text_cell, const char *locale, int year)
{
    const struct fmt_locale *l = fmt_locale(locale);
    struct fmt_entry e = {.kind = G_TEXT};
    struct number n;
    if (!*typed)
        e.kind = G_EMPTY;
    else if (*typed == '\'')
        e.text = tw_dup(typed + 1);
    else if (text_cell)
        e.text = tw_dup(typed);
    else if ((*typed == '=' || *typed == '+') && typed[1]) {
        e.kind = G_FORMULA;
        e.text = *typed == '+' ? tw_fmt("=%s", typed) : tw_dup(typed);
    } else if (strcasecmp(typed, "true") == 0 || strcasecmp(typed, "false") == 0) {
        e.kind = G_BOOL;
        e.num = tolower((unsigned char)*typed) == 't';
    } else if (strlen(typed) <= ENTRY_MAX && read_number(typed, l, &n)) {
        e.kind = G_NUMBER;
        e.num = n.v;
        number_format(&n, l, &e);
    } else if (strlen(typed) > ENTRY_MAX || !enter_date(typed, l, year, &e)) {
        e.text = tw_dup(typed);
    }
    return e;
}
