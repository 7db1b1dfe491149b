/* out.c: see out.h. */
#include "app/out.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 8192

static void put_line(FILE *f, const char *head, const char *fmt, va_list ap)
{
    char line[LINE_MAX_BYTES];

    if (vsnprintf(line, sizeof line, fmt, ap) >= (int)sizeof line) {
        str_mark_cut(line, sizeof line);
    }
    log_redact(line);
    str_clean(line);
    fprintf(f, "%s%s\n", head, line);
}

static void put(FILE *f, const char *head, const char *fmt, ...) BS_PRINTF(3, 4);
static void put(FILE *f, const char *head, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    put_line(f, head, fmt, ap);
    va_end(ap);
}

int out_error(const struct bs_err *e)
{
    fflush(stdout);
    put(stderr, "basesync: ", "%s", e->msg);
    return bs_kind_exit(e->kind);
}

int out_usage(const char *fmt, ...)
{
    va_list ap;

    fflush(stdout);
    va_start(ap, fmt);
    put_line(stderr, "basesync: ", fmt, ap);
    va_end(ap);
    return 2;
}

void out_note(const char *fmt, ...)
{
    va_list ap;

    fflush(stdout);
    va_start(ap, fmt);
    put_line(stderr, "", fmt, ap);
    va_end(ap);
}

void out_line(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    put_line(stdout, "", fmt, ap);
    va_end(ap);
}

void out_flush(void)
{
    fflush(stdout);
}

void out_buf(struct buf *b)
{
    log_redact(b->data);
    fputs(b->data, stdout);
    buf_release(b);
}

void out_table(struct table *t, size_t rows, const char *none)
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    if (rows == 0) {
        buf_addf(&b, "%s\n", none);
    } else {
        table_print(t, OUT_CELL_MAX, &b);
    }
    out_buf(&b);
    table_free(t);
}

void out_json_begin(struct out_json *j)
{
    buf_init(&j->text, BUF_NO_LIMIT);
    jsonw_init(&j->w, &j->text);
}

void out_json_end(struct out_json *j)
{
    buf_addc(&j->text, '\n');
    out_buf(&j->text);
}

const char *out_time(const char *sql_text, char out[32])
{
    int64_t ms;
    time_t t;
    struct tm tm;

    if (!sql_text || !clock_parse(sql_text, &ms)) {
        return "-";
    }
    t = (time_t)(ms / 1000);
    if (!localtime_r(&t, &tm) || strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm) == 0) {
        (void)str_copy(out, 32, sql_text);
    }
    return out;
}

void out_age(int64_t ms, char out[32])
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"d", 86400000}, {"h", 3600000}, {"min", 60000}, {"s", 1000}};
    int64_t size = ms < 0 ? -ms : ms;
    size_t i = 0;

    while (i < 3 && size < 2 * units[i].ms) {
        i++;
    }
    snprintf(out, 32, ms < 0 ? "in %lld %s" : "%lld %s ago", (long long)(size / units[i].ms),
             units[i].unit);
}

bool out_is_terminal(void)
{
    return isatty(STDOUT_FILENO) == 1;
}
