/* http_date.c: the dates of HTTP and what is made of them; see http.h. */
#include "base/clock.h"
#include "base/str.h"
#include "net/http.h"

#include <string.h>

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

enum part { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, N_PARTS };

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static int month_of(const char *s)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int i = 0; i < 12; i++) {
        if (strncmp(s, names + (ptrdiff_t)i * 3, 3) == 0) {
            return i + 1;
        }
    }
    return 0;
}

/* Reads s by a pattern: w one letter, W letters, N the month's name, y d h m s one digit of that
 * part, _ a space or the day's first digit, anything else itself. */
static bool read_by(const char *s, const char *pattern, int part[N_PARTS])
{
    static const char digits[] = "y dhms"; /* in the order of enum part */

    memset(part, 0, N_PARTS * sizeof *part);
    for (; *pattern; pattern++) {
        const char *digit = strchr(digits, *pattern);

        if (*pattern == 'W') {
            for (; is_letter(*s); s++) {
            }
        } else if (*pattern == 'N') {
            part[MONTH] = month_of(s);
            if (part[MONTH] == 0) {
                return false;
            }
            s += 3;
        } else if (*pattern == '_' && *s == ' ') {
            s++;
        } else if ((digit && *digit != ' ') || *pattern == '_') {
            int *value = &part[*pattern == '_' ? DAY : digit - digits];

            if (*s < '0' || *s > '9') {
                return false;
            }
            *value = *value * 10 + (*s++ - '0');
        } else if (*pattern == 'w' ? !is_letter(*s) : *s != *pattern) {
            return false;
        } else {
            s++;
        }
    }
    return *s == '\0';
}

int64_t http_parse_date(const char *value)
{
    int part[N_PARTS];

    if (!read_by(value, "www, dd N yyyy hh:mm:ss GMT", part) &&
        !read_by(value, "www N _d hh:mm:ss yyyy", part)) {
        if (!read_by(value, "W, dd-N-yy hh:mm:ss GMT", part)) {
            return 0;
        }
        part[YEAR] += part[YEAR] < 70 ? 2000 : 1900;
    }
    if (part[YEAR] < 1970 || !civil_valid(part[YEAR], part[MONTH], part[DAY]) || part[HOUR] > 23 ||
        part[MINUTE] > 59 || part[SECOND] > 60) {
        return 0;
    }
    return civil_to_days(part[YEAR], part[MONTH], part[DAY]) * DAY_MS +
           ((part[HOUR] * 60 + part[MINUTE]) * 60 + part[SECOND]) * (int64_t)1000;
}

int64_t http_parse_retry_after(const char *value, int64_t now_ms)
{
    int64_t ms, at;

    if (!value || !*value) {
        return -1;
    }
    if (strspn(value, "0123456789") == strlen(value)) {
        /* More digits than fit are more than a day, too. */
        ms = str_to_i64(value, 0, DAY_MS / 1000, &at) ? at * 1000 : DAY_MS;
    } else {
        at = http_parse_date(value);
        if (at == 0) {
            return -1;
        }
        ms = at - now_ms;
    }
    return ms < 0 ? 0 : ms > DAY_MS ? DAY_MS : ms;
}
