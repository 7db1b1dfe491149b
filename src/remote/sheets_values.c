/*
 * sheets_values.c: values.batchGet, streamed. A values read knows no types beyond text, number and
 * boolean; rows are ragged, empty cells inside are "", the values key is missing when all is empty.
 */
#include "base/str.h"
#include "remote/sheets_p.h"

#include <stdlib.h>
#include <string.h>

/* Depth of things in {"valueRanges":[{"values":[[cell,...],...]},...]} after their opening. */
enum { DEPTH_RANGE = 3, DEPTH_VALUES = 4, DEPTH_ROW = 5 };

void values_release(struct values_parser *p)
{
    free(p->cells);
    arena_free(p->row_arena);
}

void values_reset(void *ctx)
{
    struct values_parser *p = ctx;

    if (p->row_arena == NULL) {
        p->row_arena = arena_new();
    } else {
        (void)p->each(p->each_ctx, SHEETS_RESTART, 0, 0, NULL, 0, &p->err);
    }
    p->range = 0;
    p->row = 0;
    p->in_values = false;
    p->n_cells = 0;
    memset(p->key, 0, sizeof p->key);
}

static bool in_row(const struct values_parser *p, const struct jstream_token *t)
{
    return p->in_values && t->depth == DEPTH_ROW;
}

static bool add_cell(struct values_parser *p, const struct jstream_token *t)
{
    struct cell c = cell_empty;

    if (p->n_cells >= A1_COLUMNS_MAX) {
        return false;
    }
    switch (t->event) {
    case JS_STRING:
        c.kind = t->len == 0 ? CELL_EMPTY : CELL_TEXT;
        c.text = t->len == 0 ? NULL : arena_strndup(p->row_arena, t->text, t->len);
        break;
    case JS_NUMBER:
        c.kind = CELL_NUMBER;
        c.number = t->number;
        break;
    case JS_TRUE:
    case JS_FALSE:
        c.kind = CELL_BOOL;
        c.boolean = t->event == JS_TRUE;
        break;
    default: break; /* null: empty */
    }
    p->cells = bs_grow(p->cells, p->n_cells, &p->cap_cells, sizeof *p->cells);
    p->cells[p->n_cells++] = c;
    return true;
}

static bool end_row(struct values_parser *p)
{
    const struct a1_range *r = &p->ranges[p->range - 1];
    uint32_t number = r->row0 + p->row++;
    size_t n = p->n_cells;
    bool ok = true;

    while (n > 0 && p->cells[n - 1].kind == CELL_EMPTY) {
        n--;
    }
    if (n > 0) {
        ok = p->each(p->each_ctx, p->range - 1, number, r->col0, p->cells, n, &p->err) == BS_OK;
    }
    p->n_cells = 0;
    arena_reset(p->row_arena);
    return ok;
}

static bool open_group(struct values_parser *p, const struct jstream_token *t)
{
    if (t->event == JS_OBJECT && t->depth == DEPTH_RANGE && str_eq(p->key[1], "valueRanges")) {
        p->row = 0;
        return ++p->range <= p->n_ranges;
    }
    if (t->event == JS_ARRAY && t->depth == DEPTH_VALUES && p->range > 0) {
        p->in_values = str_eq(p->key[2], "values") && str_eq(p->key[1], "valueRanges");
        return true;
    }
    return !in_row(p, t) || t->event == JS_ARRAY;
}

bool values_token(void *ctx, const struct jstream_token *t)
{
    struct values_parser *p = ctx;

    switch (t->event) {
    case JS_KEY:
        if (t->depth == 1 || t->depth == DEPTH_RANGE) {
            (void)str_copy(p->key[t->depth == 1 ? 1 : 2], sizeof p->key[0], t->text);
        }
        return true;
    case JS_OBJECT:
    case JS_ARRAY: return open_group(p, t);
    case JS_END_ARRAY:
        if (in_row(p, t)) {
            return end_row(p);
        }
        if (t->depth == DEPTH_VALUES) {
            p->in_values = false;
        }
        return true;
    case JS_END_OBJECT: return true;
    default: return !in_row(p, t) || add_cell(p, t);
    }
}

static void add_range(struct buf *url, const char *title, const struct a1_range *r)
{
    struct buf text;

    buf_init(&text, BUF_NO_LIMIT);
    a1_print(&text, title, r);
    buf_adds(url, "ranges=");
    url_encode(url, text.data);
    buf_addc(url, '&');
    buf_release(&text);
}

enum bs_rc sheets_read_tabs(struct sheets *s, const char *const *titles,
                            const struct a1_range *ranges, size_t n, enum sheets_render render,
                            sheets_row_fn *each, void *ctx, struct bs_err *e)
{
    struct values_parser p = {.ranges = ranges, .n_ranges = n, .each = each, .each_ctx = ctx};
    struct sheets_stream st = {NULL, values_token, values_reset, &p, &p.err};
    struct call call = {.method = HTTP_GET, .cls = CLASS_READ};
    struct buf url;
    enum bs_rc rc;

    buf_init(&url, BUF_NO_LIMIT);
    sheets_url(s, &url);
    buf_adds(&url, "/values:batchGet?");
    for (size_t i = 0; i < n; i++) {
        add_range(&url, titles[i], &ranges[i]);
    }
    buf_addf(&url,
             "majorDimension=ROWS&valueRenderOption=%s&dateTimeRenderOption=SERIAL_NUMBER"
             "&prettyPrint=false",
             render == SHEETS_FORMULA ? "FORMULA" : "UNFORMATTED_VALUE");
    call.url = url.data;
    rc = sheets_stream_call(s, &call, &st, e);
    if (rc == BS_OK && p.range != n) {
        rc = bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE, "Google answered %zu of %zu ranges", p.range, n);
    }
    values_release(&p);
    buf_release(&url);
    return rc;
}

enum bs_rc sheets_read_values(struct sheets *s, const char *title, const struct a1_range *ranges,
                              size_t n, enum sheets_render render, sheets_row_fn *each, void *ctx,
                              struct bs_err *e)
{
    const char **titles = bs_alloc_n(n + 1, sizeof *titles);
    enum bs_rc rc;

    for (size_t i = 0; i < n; i++) {
        titles[i] = title;
    }
    rc = sheets_read_tabs(s, titles, ranges, n, render, each, ctx, e);
    free(titles);
    return rc;
}
