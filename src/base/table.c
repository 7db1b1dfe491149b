/* table.c: see table.h. */
#include "base/table.h"

#include "base/mem.h"
#include "base/str.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_GAP 2       /* spaces between columns */
#define ELLIPSIS "\u2026" /* one column wide */

/* Cells row by row, the headers first. */
struct table {
    char **cells;
    size_t n;
    size_t cap;
    size_t columns;
};

struct table *table_new(const char *const *headers)
{
    struct table *t = bs_alloc(sizeof *t);

    for (size_t i = 0; headers[i]; i++) {
        table_add(t, headers[i]);
    }
    t->columns = t->n;
    assert(t->columns > 0);
    return t;
}

void table_free(struct table *t)
{
    if (t) {
        for (size_t i = 0; i < t->n; i++) {
            free(t->cells[i]);
        }
        free(t->cells);
        free(t);
    }
}

static void add_owned(struct table *t, char *text)
{
    str_clean(text);
    t->cells = bs_grow(t->cells, t->n, &t->cap, sizeof *t->cells);
    t->cells[t->n++] = text;
}

void table_add(struct table *t, const char *text)
{
    add_owned(t, bs_strdup(text));
}

void table_addf(struct table *t, const char *fmt, ...)
{
    struct buf text;
    va_list ap;

    buf_init(&text, BUF_NO_LIMIT);
    va_start(ap, fmt);
    buf_addv(&text, fmt, ap);
    va_end(ap);
    add_owned(t, buf_take(&text));
}

static size_t cell_width(const char *text, size_t max_width)
{
    size_t width = utf8_width(text, strlen(text));

    return width > max_width ? max_width : width;
}

static void pad(struct buf *b, char c, size_t n)
{
    while (n-- > 0) {
        buf_addc(b, c);
    }
}

/* Appends the text, cut to `width` columns with an ellipsis; gives the columns used. */
static size_t add_cell(struct buf *b, const char *text, size_t width)
{
    size_t len = strlen(text);
    size_t used = utf8_width(text, len);

    if (used > width) {
        len = utf8_cut(text, len, width - 1);
        used = utf8_width(text, len) + 1;
        buf_add(b, text, len);
        buf_adds(b, ELLIPSIS);
    } else {
        buf_add(b, text, len);
    }
    return used;
}

/* One line; the last cell that shows anything is not padded, so no line ends in spaces. */
static void print_row(const struct table *t, size_t row, const size_t *widths, struct buf *b)
{
    size_t gap = 0;

    for (size_t c = 0; c < t->columns; c++) {
        size_t i = row * t->columns + c;
        const char *text = i < t->n ? t->cells[i] : "";

        if (*text) {
            pad(b, ' ', gap);
            gap = widths[c] - add_cell(b, text, widths[c]) + TABLE_GAP;
        } else {
            gap += widths[c] + TABLE_GAP;
        }
    }
    buf_addc(b, '\n');
}

void table_print(const struct table *t, size_t max_width, struct buf *b)
{
    size_t *widths = bs_alloc_n(t->columns, sizeof *widths);
    size_t rows = (t->n + t->columns - 1) / t->columns;

    if (max_width < 1) {
        max_width = 1;
    }
    for (size_t i = 0; i < t->n; i++) {
        size_t width = cell_width(t->cells[i], max_width);

        if (width > widths[i % t->columns]) {
            widths[i % t->columns] = width;
        }
    }
    print_row(t, 0, widths, b);
    for (size_t c = 0; c < t->columns; c++) {
        pad(b, ' ', c > 0 ? TABLE_GAP : 0);
        pad(b, '-', widths[c]);
    }
    buf_addc(b, '\n');
    for (size_t row = 1; row < rows; row++) {
        print_row(t, row, widths, b);
    }
    free(widths);
}
