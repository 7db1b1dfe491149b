/* Numbers as their cells show them: see sheets_format.h. */
#include "sheets_format.h"

#include "twin.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct fmt_locale locales[] = {
    {"en_US", ".", ",", "\"$\"#,##0.00", "M/d/yyyy", "h:mm:ss am/pm", 'm'},
    {"en_GB", ".", ",", "\"£\"#,##0.00", "dd/MM/yyyy", "HH:mm:ss", 'd'},
    {"en_CA", ".", ",", "\"$\"#,##0.00", "yyyy-MM-dd", "h:mm:ss am/pm", 'y'},
    {"de_DE", ",", ".", "#,##0.00\\ \"€\"", "dd.MM.yyyy", "HH:mm:ss", 'd'},
    {"fr_FR", ",", "\u202f", "#,##0.00\\ \"€\"", "dd/MM/yyyy", "HH:mm:ss", 'd'},
    {"es_ES", ",", ".", "#,##0.00\\ \"€\"", "d/M/yyyy", "H:mm:ss", 'd'},
    {"it_IT", ",", ".", "#,##0.00\\ \"€\"", "dd/MM/yyyy", "H:mm:ss", 'd'},
    {"nl_NL", ",", ".", "\"€\"\\ #,##0.00", "d-M-yyyy", "HH:mm:ss", 'd'},
    {"pt_BR", ",", ".", "\"R$\"\\ #,##0.00", "dd/MM/yyyy", "HH:mm:ss", 'd'},
    {"sv_SE", ",", "\u00a0", "#,##0.00\\ \"kr\"", "yyyy-MM-dd", "HH:mm:ss", 'y'},
    {"ja_JP", ".", ",", "\"¥\"#,##0", "yyyy/MM/dd", "H:mm:ss", 'y'},
};

bool fmt_locale_known(const char *name)
{
    for (size_t i = 0; i < sizeof locales / sizeof *locales; i++)
        if (strcmp(locales[i].name, name) == 0)
            return true;
    return false;
}

const struct fmt_locale *fmt_locale(const char *name)
{
    for (size_t i = 0; name && i < sizeof locales / sizeof *locales; i++)
        if (strcmp(locales[i].name, name) == 0)
            return &locales[i];
    for (size_t i = 0; name && i < sizeof locales / sizeof *locales; i++)
        if (strncmp(locales[i].name, name, 2) == 0)
            return &locales[i];
    return &locales[0];
}

/* Puts the locale's point into text printed with a '.'. */
static void put_decimal(struct tbuf *b, const char *text, const struct fmt_locale *l)
{
    for (; *text; text++) {
        if (*text == '.')
            tb_str(b, l->decimal);
        else
            tb_chr(b, *text);
    }
}

void fmt_general(double v, const struct fmt_locale *l, struct tbuf *b)
{
    char text[64];
    double a = fabs(v);
    if (v == floor(v) && a < 1e15)
        snprintf(text, sizeof text, "%.0f", v == 0 ? 0.0 : v);
    else if (a >= 1e15 || a < 1e-9)
        snprintf(text, sizeof text, "%.6G", v);
    else
        snprintf(text, sizeof text, "%.10g", v);
    if (strchr(text, 'e')) { /* small numbers are shown in full */
        snprintf(text, sizeof text, "%.15f", v);
        for (size_t n = strlen(text); n && text[n - 1] == '0'; n--)
            text[n - 1] = '\0';
    }
    put_decimal(b, text, l);
}

/* ---- patterns ---- */

/* Length of the token at p: a quoted text, an escaped character, a bracket, or one character. */
static size_t token_len(const char *p, size_t left)
{
    size_t n = 1;
    if (*p == '"') {
        while (n < left && p[n] != '"')
            n++;
        return n < left ? n + 1 : n;
    }
    if (*p == '[') {
        while (n < left && p[n] != ']')
            n++;
        return n < left ? n + 1 : n;
    }
    return (*p == '\\' || *p == '_' || *p == '*') && left > 1 ? 2 : 1;
}

/* The i-th section of a pattern; false when there are fewer. */
static bool section(const char *pattern, int i, const char **from, size_t *len)
{
    const char *start = pattern;
    for (const char *p = pattern;;) {
        if (!*p || *p == ';') {
            if (i-- == 0) {
                *from = start;
                *len = (size_t)(p - start);
                return true;
            }
            if (!*p)
                return false;
            start = ++p;
            continue;
        }
        p += token_len(p, strlen(p));
    }
}

/* What a section says about its number. */
struct shape {
    int min_int;    /* zeros before the point */
    int min_frac;   /* zeros after it */
    int max_frac;   /* zeros and # after it */
    int max_places; /* all digit places before the point */
    int percent;
    int exp_digits; /* of E+00; 0: none */
    bool group;
    bool digits; /* has any place for digits */
};

static struct shape read_shape(const char *s, size_t len)
{
    struct shape f = {0};
    bool point = false;
    for (size_t i = 0; i < len; i += token_len(s + i, len - i)) {
        char c = s[i];
        if (c == '0' || c == '#' || c == '?') {
            f.digits = true;
            f.max_frac += point;
            f.min_frac += point && c != '#';
            f.max_places += !point;
            f.min_int += !point && c == '0';
        } else if (c == '.') {
            point = true;
        } else if (c == ',' && !point) {
            f.group = true;
        } else if (c == '%') {
            f.percent++;
        } else if (c == 'E' && i + 1 < len && (s[i + 1] == '+' || s[i + 1] == '-')) {
            while (i + 2 < len && s[i + 2] == '0') {
                f.exp_digits++;
                i++;
            }
            i++;
        }
    }
    return f;
}

/* The digits of the number: rounded, grouped, without a sign. */
static void put_digits(struct tbuf *b, double v, const struct shape *f, const struct fmt_locale *l)
{
    char text[400];
    int exponent = 0;
    if (f->exp_digits && v != 0)
        exponent = (int)floor(log10(v) + 1e-12);
    if (f->exp_digits)
        v /= pow(10, exponent);
    /* A tiny push, as decimal halves round up although their doubles lie a little below. */
    double nudged = v + (v < 1e12 ? v * 1e-15 : 0);
    snprintf(text, sizeof text, "%.*f", f->max_frac > 20 ? 20 : f->max_frac, nudged);
    char *point = strchr(text, '.');
    size_t whole = point ? (size_t)(point - text) : strlen(text);
    const char *digits = text;
    if (!f->min_int && whole == 1 && *text == '0' && f->max_frac) {
        digits++;
        whole = 0;
    }
    for (int pad = f->min_int - (int)whole; pad > 0; pad--)
        tb_chr(b, '0');
    for (size_t i = 0; i < whole; i++) {
        tb_chr(b, digits[i]);
        if (f->group && whole - i > 1 && (whole - i - 1) % 3 == 0)
            tb_str(b, l->group);
    }
    size_t frac = point ? strlen(point + 1) : 0;
    while (frac > (size_t)f->min_frac && point[frac] == '0')
        frac--;
    if (frac) {
        tb_str(b, l->decimal);
        tb_add(b, point + 1, frac);
    }
    if (f->exp_digits)
        tb_fmt(b, "E%c%0*d", exponent < 0 ? '-' : '+', f->exp_digits, abs(exponent));
}

/* "[$ kr]" or "[$€-407]" shows its currency; colours and conditions show nothing. */
static void put_bracket(struct tbuf *b, const char *s, size_t len)
{
    if (len < 3 || s[1] != '$')
        return;
    size_t n = 0;
    while (n < len - 3 && s[2 + n] != '-')
        n++;
    tb_add(b, s + 2, n);
}

/* Everything in a section that is no digit of the number. */
static size_t put_literal(struct tbuf *b, const char *s, size_t left, const char *text)
{
    size_t n = token_len(s, left);
    if (*s == '"')
        tb_add(b, s + 1, n >= 2 ? n - 2 : 0);
    else if (*s == '[')
        put_bracket(b, s, n);
    else if (*s == '\\' && n == 2)
        tb_chr(b, s[1]);
    else if (*s == '_' || *s == '*')
        tb_chr(b, ' ');
    else if (*s == '@')
        tb_str(b, text);
    else
        tb_add(b, s, n);
    return n;
}

static void put_section(struct tbuf *b, const char *s, size_t len, double v,
                        const struct fmt_locale *l)
{
    struct shape f = read_shape(s, len);
    bool done = !f.digits;
    char general[400] = "";
    for (int i = 0; i < f.percent; i++)
        v *= 100;
    for (size_t i = 0; i < len;) {
        if (strchr("0#?.,", s[i]) || (s[i] == 'E' && f.exp_digits)) {
            if (!done)
                put_digits(b, v, &f, l);
            done = true;
            i += s[i] == 'E' ? 2 : 1;
            continue;
        }
        if (s[i] == '@' || (len - i >= 7 && strncmp(s + i, "General", 7) == 0)) {
            fmt_general(v, l, b);
            i += s[i] == '@' ? 1 : 7;
            continue;
        }
        i += put_literal(b, s + i, len - i, general);
    }
}

static void put_number(struct tbuf *b, const char *pattern, double v, const struct fmt_locale *l)
{
    const char *s;
    size_t len;
    const char *unused;
    size_t unused_len;
    bool two = section(pattern, 1, &unused, &unused_len);
    bool three = section(pattern, 2, &unused, &unused_len);
    section(pattern, v < 0 && two ? 1 : v == 0 && three ? 2 : 0, &s, &len);
    if (fmt_date_pattern(s, len)) {
        fmt_date(v, s, len, l, b);
        return;
    }
    if (v < 0 && !two) {
        /* What rounds to nothing has no sign. */
        struct shape f = read_shape(s, len);
        double least = 0.5 * pow(10, -(f.max_frac + 2 * f.percent));
        if (!f.digits || -v >= least)
            tb_chr(b, '-');
    }
    put_section(b, s, len, fabs(v), l);
}

static void put_text(struct tbuf *b, const char *pattern, const char *text)
{
    const char *s;
    size_t len;
    bool only = !section(pattern, 1, &s, &len) && strchr(pattern, '@');
    if (!section(pattern, only ? 0 : 3, &s, &len)) {
        tb_str(b, text);
        return;
    }
    for (size_t i = 0; i < len;)
        i += put_literal(b, s + i, len - i, text);
}

/* The pattern a format without one stands for. */
static char *default_pattern(const char *type, const struct fmt_locale *l)
{
    static const struct {
        const char *type;
        const char *pattern;
    } fixed[] = {
        {"NUMBER", "#,##0.00"}, {"PERCENT", "0.00%"}, {"SCIENTIFIC", "0.00E+00"}, {"TEXT", "@"}};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (strcmp(fixed[i].type, type) == 0)
            return tw_dup(fixed[i].pattern);
    if (strcmp(type, "CURRENCY") == 0)
        return tw_dup(l->currency);
    if (strcmp(type, "DATE") == 0)
        return tw_dup(l->date);
    if (strcmp(type, "TIME") == 0)
        return tw_dup(l->time);
    return tw_fmt("%s H:mm:ss", l->date);
}

bool fmt_is_time(unsigned short format, const struct g_value *v)
{
    const struct g_format *f = grid_format(format);
    if (!f)
        return v->date != 0;
    return strcmp(f->type, "DATE") == 0 || strcmp(f->type, "TIME") == 0 ||
           strcmp(f->type, "DATE_TIME") == 0;
}

char *fmt_value(const struct g_value *v, unsigned short format, const char *locale)
{
    static const char *const date_types[] = {NULL, "DATE", "DATE_TIME", "TIME"};
    const struct fmt_locale *l = fmt_locale(locale);
    const struct g_format *f = grid_format(format);
    struct tbuf b = {0};
    const char *type = f ? f->type : v->kind == G_NUMBER ? date_types[v->date] : NULL;
    char *pattern = type ? f && f->pattern ? tw_dup(f->pattern) : default_pattern(type, l) : NULL;
    if (v->kind == G_NUMBER && pattern)
        put_number(&b, pattern, v->num, l);
    else if (v->kind == G_NUMBER)
        fmt_general(v->num, l, &b);
    else if (v->kind == G_TEXT && pattern)
        put_text(&b, pattern, v->text);
    else if (v->kind == G_TEXT)
        tb_str(&b, v->text);
    else if (v->kind == G_BOOL)
        tb_str(&b, v->b ? "TRUE" : "FALSE");
    else if (v->kind == G_ERROR)
        tb_str(&b, grid_error_names[v->error].code);
    free(pattern);
    return tb_take(&b);
}
