/* tape.c: see tape.h. Each row is a head and its cells; numbers are copied, never pointed at, since
 * nothing in the tape is aligned. */
#include "engine/tape.h"

#include <stdlib.h>
#include <string.h>

struct tape {
    struct buf rows;
};

struct row_head {
    uint32_t range, row, col0, n;
};

struct tape *tape_new(void)
{
    struct tape *t = bs_alloc(sizeof *t);

    buf_init(&t->rows, BUF_NO_LIMIT);
    return t;
}

void tape_free(struct tape *t)
{
    if (t != NULL) {
        buf_wipe(&t->rows);
        free(t);
    }
}

void tape_rewind(struct tape *t)
{
    buf_clear(&t->rows);
}

size_t tape_bytes(const struct tape *t)
{
    return t->rows.len;
}

static void add_cell(struct buf *b, const struct cell *c)
{
    uint32_t len;

    buf_addc(b, (char)c->kind);
    switch (c->kind) {
    case CELL_TEXT:
        len = (uint32_t)strlen(c->text);
        buf_add(b, &len, sizeof len);
        buf_add(b, c->text, (size_t)len + 1);
        break;
    case CELL_NUMBER: buf_add(b, &c->number, sizeof c->number); break;
    case CELL_BOOL: buf_addc(b, c->boolean ? 1 : 0); break;
    default: break;
    }
}

bool tape_add(struct tape *t, size_t max, size_t range, uint32_t row, uint32_t col0,
              const struct cell *cells, size_t n)
{
    struct row_head head = {(uint32_t)range, row, col0, (uint32_t)n};
    struct buf *b = &t->rows;

    buf_add(b, &head, sizeof head);
    for (size_t i = 0; i < n && b->len <= max; i++) {
        add_cell(b, &cells[i]);
    }
    if (b->len > max) {
        tape_rewind(t);
        return false;
    }
    return true;
}

static const char *take(const char *at, void *out, size_t len)
{
    memcpy(out, at, len);
    return at + len;
}

static const char *read_cell(const char *at, struct cell *c)
{
    uint32_t len;

    *c = cell_empty;
    c->kind = (enum cell_kind) * at++;
    switch (c->kind) {
    case CELL_TEXT:
        at = take(at, &len, sizeof len);
        c->text = at;
        return at + len + 1;
    case CELL_NUMBER: return take(at, &c->number, sizeof c->number);
    case CELL_BOOL: c->boolean = *at != 0; return at + 1;
    default: return at;
    }
}

enum bs_rc tape_play(const struct tape *t, sheets_row_fn *each, void *ctx, struct bs_err *e)
{
    const char *at = t->rows.data, *end = at + t->rows.len;
    struct cell *cells = NULL;
    enum bs_rc rc = BS_OK;
    size_t cap = 0;

    while (at < end && rc == BS_OK) {
        struct row_head head;

        at = take(at, &head, sizeof head);
        if (head.n > cap) {
            cap = head.n;
            cells = bs_realloc_n(cells, cap, sizeof *cells);
        }
        for (uint32_t i = 0; i < head.n; i++) {
            at = read_cell(at, &cells[i]);
        }
        rc = each(ctx, head.range, head.row, head.col0, cells, head.n, e);
    }
    free(cells);
    return rc;
}
