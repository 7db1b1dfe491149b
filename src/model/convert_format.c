/*
 * convert_format.c: number formats of columns. Patterns: Google Sheets API, "Date and number
 * formats".
 */
#include "model/convert_types.h"

#include "base/buf.h"
#include "base/str.h"

#include <string.h>

#define SYMBOL_WIDTH 12 /* columns */
#define SYMBOL_MAX 48   /* bytes */
#define PATTERN_MAX 128

struct column_format no_format(const struct field *f, struct arena *a)
{
    (void)f;
    (void)a;
    return (struct column_format){FORMAT_AUTO, NULL};
}

struct column_format text_format(const struct field *f, struct arena *a)
{
    (void)f;
    (void)a;
    return (struct column_format){FORMAT_TEXT, "@"};
}

struct column_format whole_format(const struct field *f, struct arena *a)
{
    (void)f;
    (void)a;
    return (struct column_format){FORMAT_NUMBER, "0"};
}

/* "", ".0", ".00" ...: the greatest precision Airtable offers is 8. */
static const char *decimals(int precision)
{
    static const char zeros[] = ".00000000";
    static const char *const table[] = {"",       ".0",      ".00",      ".000", ".0000",
                                        ".00000", ".000000", ".0000000", zeros};
    size_t last = sizeof table / sizeof table[0] - 1;

    return table[(size_t)precision < last ? (size_t)precision : last];
}

static const char *pattern(struct arena *a, const char *head, int precision, const char *tail)
{
    struct buf b;
    char *out;

    buf_init(&b, PATTERN_MAX);
    buf_addf(&b, "%s%s%s", head, decimals(precision), tail);
    out = arena_strdup(a, b.data);
    buf_release(&b);
    return out;
}

struct column_format number_format(const struct field *f, struct arena *a)
{
    if (f->precision < 0) {
        return no_format(f, a);
    }
    return (struct column_format){FORMAT_NUMBER, pattern(a, "0", f->precision, "")};
}

struct column_format percent_format(const struct field *f, struct arena *a)
{
    return (struct column_format){FORMAT_PERCENT,
                                  pattern(a, "0", f->precision < 0 ? 0 : f->precision, "%")};
}

/* The symbol stands in double quotes, which it cannot hold itself. */
struct column_format currency_format(const struct field *f, struct arena *a)
{
    struct buf head;
    struct column_format out = {FORMAT_CURRENCY, NULL};
    size_t len = 0;

    buf_init(&head, PATTERN_MAX / 2);
    if (f->symbol) {
        len = utf8_cut(f->symbol, strlen(f->symbol), SYMBOL_WIDTH);
    }
    if (len > 0 && len <= SYMBOL_MAX) {
        buf_addc(&head, '"');
        for (size_t i = 0; i < len; i++) {
            if (f->symbol[i] != '"') {
                buf_addc(&head, f->symbol[i]);
            }
        }
        buf_addc(&head, '"');
    }
    buf_adds(&head, "#,##0");
    out.pattern = pattern(a, head.data, f->precision < 0 ? 2 : f->precision, "");
    buf_release(&head);
    return out;
}

struct column_format duration_format(const struct field *f, struct arena *a)
{
    static const char *const patterns[] = {"[h]:mm:ss", "[h]:mm:ss.0", "[h]:mm:ss.00",
                                           "[h]:mm:ss.000"};

    (void)a;
    if (str_eq(f->duration_format, "h:mm")) {
        return (struct column_format){FORMAT_TIME, "[h]:mm"};
    }
    return (struct column_format){FORMAT_TIME,
                                  patterns[f->duration_format ? duration_digits(f) : 0]};
}

/* dateFormat.name of the field, the same as a pattern, with both kinds of time behind it. NULL: the
 * locale's own. */
static const struct {
    const char *name;
    const char *date, *time_24, *time_12;
} date_patterns[] = {
    {"iso", "yyyy-mm-dd", "yyyy-mm-dd hh:mm", "yyyy-mm-dd h:mm am/pm"},
    {"local", NULL, NULL, NULL},
    {"us", "m/d/yyyy", "m/d/yyyy hh:mm", "m/d/yyyy h:mm am/pm"},
    {"european", "d/m/yyyy", "d/m/yyyy hh:mm", "d/m/yyyy h:mm am/pm"},
    {"friendly", "mmmm d, yyyy", "mmmm d, yyyy hh:mm", "mmmm d, yyyy h:mm am/pm"},
};

/* Its index; ISO for a name that is absent or not known. */
static size_t date_pattern(const struct field *f)
{
    for (size_t i = 0; i < sizeof date_patterns / sizeof date_patterns[0]; i++) {
        if (str_eq(date_patterns[i].name, f->date_format)) {
            return i;
        }
    }
    return 0;
}

struct column_format date_format(const struct field *f, struct arena *a)
{
    (void)a;
    return (struct column_format){FORMAT_DATE, date_patterns[date_pattern(f)].date};
}

struct column_format datetime_format(const struct field *f, struct arena *a)
{
    size_t i = date_pattern(f);

    (void)a;
    return (struct column_format){FORMAT_DATE_TIME, str_eq(f->time_format, "12hour")
                                                        ? date_patterns[i].time_12
                                                        : date_patterns[i].time_24};
}
