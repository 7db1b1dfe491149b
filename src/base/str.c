/* str.c: see str.h. UTF-8 is in utf8.c, the encodings are in encode.c. */
#include "base/str.h"

#include <assert.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool str_to_i64(const char *s, int64_t min, int64_t max, int64_t *out)
{
    bool negative = *s == '-';
    int64_t v = 0;

    if (negative) {
        s++;
    }
    if (*s == '\0') {
        return false;
    }
    for (; *s; s++) {
        /* Counted downwards, since INT64_MIN has no positive twin. */
        if (!is_digit(*s) || __builtin_mul_overflow(v, 10, &v) ||
            __builtin_sub_overflow(v, *s - '0', &v)) {
            return false;
        }
    }
    if (!negative && __builtin_sub_overflow((int64_t)0, v, &v)) {
        return false;
    }
    if (v < min || v > max) {
        return false;
    }
    *out = v;
    return true;
}

static const char *skip_digits(const char *s)
{
    while (is_digit(*s)) {
        s++;
    }
    return s;
}

/* [+-] digits [. digits] [e [+-] digits], with a digit before or after the point. */
static bool is_decimal(const char *s)
{
    const char *start;
    size_t digits;

    if (*s == '+' || *s == '-') {
        s++;
    }
    start = s;
    s = skip_digits(s);
    digits = (size_t)(s - start);
    if (*s == '.') {
        start = ++s;
        s = skip_digits(s);
        digits += (size_t)(s - start);
    }
    if (digits == 0) {
        return false;
    }
    if (*s == 'e' || *s == 'E') {
        s++;
        if (*s == '+' || *s == '-') {
            s++;
        }
        start = s;
        s = skip_digits(s);
        if (s == start) {
            return false;
        }
    }
    return *s == '\0';
}

/* The C locale for strtod and printf, in which the point is '.'; made once. */
static locale_t c_locale(void)
{
    static locale_t loc;

    if (!loc) {
        loc = newlocale(LC_ALL_MASK, "C", (locale_t)0);
        assert(loc);
    }
    return loc;
}

bool str_to_double(const char *s, double *out)
{
    locale_t old;
    double v;

    if (!is_decimal(s)) {
        return false;
    }
    old = uselocale(c_locale());
    v = strtod(s, NULL);
    uselocale(old);
    if (!isfinite(v)) {
        return false;
    }
    *out = v;
    return true;
}

void str_from_double(double v, char out[STR_DOUBLE_MAX])
{
    locale_t old;

    assert(isfinite(v));
    if (v == 0) {
        v = 0; /* no minus sign */
    }
    old = uselocale(c_locale());
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, STR_DOUBLE_MAX, "%.*g", digits, v);
        if (strtod(out, NULL) == v) {
            break;
        }
    }
    uselocale(old);
}

bool str_eq(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool str_eq_ci(const char *a, const char *b)
{
    if (!a || !b) {
        return a == b;
    }
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

bool str_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

char *str_trim(char *s)
{
    size_t len;

    while (is_space(*s)) {
        s++;
    }
    len = strlen(s);
    while (len > 0 && is_space(s[len - 1])) {
        len--;
    }
    s[len] = '\0';
    return s;
}

void str_clean(char *s)
{
    for (unsigned char *p = (unsigned char *)s; *p; p++) {
        if (*p < 0x20 || *p == 0x7F) {
            *p = ' ';
        } else if (*p == 0xC2 && p[1] >= 0x80 && p[1] <= 0x9F) {
            p[0] = ' ';
            p[1] = ' ';
        }
    }
}

bool str_copy(char *dst, size_t size, const char *src)
{
    size_t len = strlen(src);
    size_t n;

    assert(size > 0);
    n = len < size ? len : size - 1;
    memcpy(dst, src, n);
    dst[n] = '\0';
    return n == len;
}

void str_mark_cut(char *s, size_t size)
{
    size_t end = size - 4;

    assert(size > 4);
    while (end > 0 && ((unsigned char)s[end] & 0xC0) == 0x80) {
        end--;
    }
    memcpy(s + end, "...", 4);
}

#define DISTANCE_MAX 64

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;

    return m < c ? m : c;
}

/* Optimal string alignment: edits and swaps of neighbours, three rows at a time. */
size_t str_distance(const char *a, const char *b)
{
    size_t la = strlen(a);
    size_t lb = strlen(b);
    size_t rows[3][DISTANCE_MAX + 1];

    if (la > DISTANCE_MAX || lb > DISTANCE_MAX) {
        return la > lb ? la : lb; /* not a word that someone mistyped */
    }
    for (size_t j = 0; j <= lb; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= la; i++) {
        size_t *row = rows[i % 3];
        const size_t *up = rows[(i + 2) % 3];
        const size_t *up2 = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            row[j] = min3(up[j] + 1, row[j - 1] + 1, up[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                up2[j - 2] + 1 < row[j]) {
                row[j] = up2[j - 2] + 1;
            }
        }
    }
    return rows[la % 3][lb];
}
