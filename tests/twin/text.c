/* Times, percent and base64 encodings, forms: see util.h and twin.h. */
#include "twin.h"
#include "util.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS 86400000LL

int64_t tw_days_from_civil(int y, int m, int d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

void tw_civil_from_days(int64_t z, int *y, int *m, int *d)
{
    z += 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *d = (int)(doy - (153 * mp + 2) / 5 + 1);
    *m = (int)(mp < 10 ? mp + 3 : mp - 9);
    *y = (int)(yoe + era * 400 + (*m <= 2));
}

void tw_iso(int64_t ms, char out[TW_ISO_LEN])
{
    int64_t days = ms / DAY_MS;
    int64_t rest = ms % DAY_MS;
    if (rest < 0) {
        rest += DAY_MS;
        days--;
    }
    int y;
    int m;
    int d;
    tw_civil_from_days(days, &y, &m, &d);
    snprintf(out, TW_ISO_LEN, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", y, m, d, (int)(rest / 3600000),
             (int)(rest / 60000 % 60), (int)(rest / 1000 % 60), (int)(rest % 1000));
}

void tw_iso_seconds(int64_t ms, char out[TW_ISO_LEN])
{
    tw_iso(ms - ms % 1000, out);
}

/* Reads exactly n digits. */
static bool digits(const char **s, int n, int *out)
{
    int v = 0;
    for (int i = 0; i < n; i++) {
        if (!isdigit((unsigned char)(*s)[i]))
            return false;
        v = v * 10 + ((*s)[i] - '0');
    }
    *s += n;
    *out = v;
    return true;
}

static bool parse_zone(const char **s, int64_t *ms, bool *zoned)
{
    if (**s == 'Z' || **s == 'z') {
        (*s)++;
        *zoned = true;
        return true;
    }
    if (**s != '+' && **s != '-')
        return true;
    int sign = **s == '-' ? 1 : -1;
    int h;
    int m;
    (*s)++;
    if (!digits(s, 2, &h))
        return false;
    if (**s == ':')
        (*s)++;
    if (!digits(s, 2, &m))
        return false;
    *ms += (int64_t)sign * (h * 60 + m) * 60000;
    *zoned = true;
    return true;
}

static bool parse_clock(const char **s, int64_t *ms)
{
    int h;
    int m;
    int sec = 0;
    if (!digits(s, 2, &h) || **s != ':')
        return false;
    (*s)++;
    if (!digits(s, 2, &m) || h > 23 || m > 59)
        return false;
    if (**s == ':') {
        (*s)++;
        if (!digits(s, 2, &sec) || sec > 59)
            return false;
    }
    *ms += (int64_t)(h * 3600 + m * 60 + sec) * 1000;
    if (**s == '.') {
        int64_t unit = 100;
        for ((*s)++; isdigit((unsigned char)**s); (*s)++, unit /= 10)
            *ms += (**s - '0') * unit;
    }
    return true;
}

bool tw_parse_iso(const char *s, int64_t *ms, bool *has_time, bool *zoned)
{
    static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int y;
    int m;
    int d;
    *has_time = *zoned = false;
    if (!digits(&s, 4, &y) || *s++ != '-' || !digits(&s, 2, &m) || *s++ != '-' ||
        !digits(&s, 2, &d))
        return false;
    if (m < 1 || m > 12 || d < 1 || d > month_days[m - 1])
        return false;
    if (m == 2 && d == 29 && (y % 4 != 0 || (y % 100 == 0 && y % 400 != 0)))
        return false;
    *ms = tw_days_from_civil(y, m, d) * DAY_MS;
    if (!*s)
        return true;
    if (*s != 'T' && *s != ' ')
        return false;
    s++;
    *has_time = true;
    return parse_clock(&s, ms) && parse_zone(&s, ms, zoned) && !*s;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static char *decode(const char *s, size_t len, bool plus)
{
    char *out = tw_alloc(len + 1);
    size_t k = 0;
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '%' && i + 2 < len && hex_value(s[i + 1]) >= 0 && hex_value(s[i + 2]) >= 0) {
            out[k++] = (char)(hex_value(s[i + 1]) * 16 + hex_value(s[i + 2]));
            i += 2;
        } else {
            out[k++] = plus && s[i] == '+' ? ' ' : s[i];
        }
    }
    return out;
}

char *twin_decode(const char *s, size_t len)
{
    return decode(s, len, false);
}

char *tw_encode(const char *s)
{
    struct tbuf b = {0};
    for (; *s; s++) {
        if (isalnum((unsigned char)*s) || strchr("-._~", *s))
            tb_chr(&b, *s);
        else
            tb_fmt(&b, "%%%02X", (unsigned char)*s);
    }
    return tb_take(&b);
}

struct twin_pair *tw_form_parse(const char *s, size_t *n)
{
    struct twin_pair *p = NULL;
    *n = 0;
    while (s && *s) {
        size_t len = strcspn(s, "&");
        if (len) {
            const char *eq = memchr(s, '=', len);
            size_t name_len = eq ? (size_t)(eq - s) : len;
            p = tw_realloc(p, (*n + 1) * sizeof *p);
            p[*n].name = decode(s, name_len, true);
            p[*n].value = eq ? decode(eq + 1, len - name_len - 1, true) : tw_dup("");
            (*n)++;
        }
        s += len;
        if (*s == '&')
            s++;
    }
    return p;
}

void tw_form_free(struct twin_pair *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(p[i].name);
        free(p[i].value);
    }
    free(p);
}

const char *tw_form_get(const struct twin_pair *p, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(p[i].name, name) == 0)
            return p[i].value;
    return NULL;
}

static const char std_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *tw_base64(const void *data, size_t n, bool url)
{
    const unsigned char *d = data;
    const char *abc = url ? url_alphabet : std_alphabet;
    struct tbuf b = {0};
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t v = (uint32_t)d[i] << 16 | (left > 1 ? (uint32_t)d[i + 1] << 8 : 0) |
                     (left > 2 ? d[i + 2] : 0);
        tb_chr(&b, abc[v >> 18]);
        tb_chr(&b, abc[v >> 12 & 63]);
        if (left > 1)
            tb_chr(&b, abc[v >> 6 & 63]);
        else if (!url)
            tb_chr(&b, '=');
        if (left > 2)
            tb_chr(&b, abc[v & 63]);
        else if (!url)
            tb_chr(&b, '=');
    }
    return tb_take(&b);
}

unsigned char *tw_unbase64(const char *s, size_t len, size_t *out_len)
{
    unsigned char *out = tw_alloc(len + 1);
    uint32_t acc = 0;
    int bits = 0;
    *out_len = 0;
    while (len && s[len - 1] == '=')
        len--;
    for (size_t i = 0; i < len; i++) {
        const char *p = strchr(std_alphabet, s[i]);
        const char *q = strchr(url_alphabet, s[i]);
        if (!s[i] || (!p && !q)) {
            free(out);
            return NULL;
        }
        acc = acc << 6 | (uint32_t)(p ? p - std_alphabet : q - url_alphabet);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[(*out_len)++] = (unsigned char)(acc >> bits);
        }
    }
    return out;
}
