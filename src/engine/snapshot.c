#include "engine/snapshot.h"

#include "base/buf.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

/* A row is a run of packed cells: kind byte, then 8 bytes of a number or a NUL-terminated text. */
struct snap_row {
    size_t at;      /* offset into bytes */
    uint32_t cells; /* number of packed cells, from column A */
};

struct snapshot {
    struct buf bytes;
    struct snap_row *rows; /* index 0 is row 1 */
    size_t n_rows, cap_rows;
    uint32_t width, last_row;
    struct arena *arena;    /* of heads */
    const char **heads;     /* per column of row 1: what it reads */
    struct strmap *by_text; /* of by_column; NULL until asked for */
    uint32_t by_column;
};

#define SNAPSHOT_BYTES_MAX ((size_t)256 << 20)

static void pack(struct snapshot *s, const struct cell *c)
{
    buf_addc(&s->bytes, (char)c->kind);
    if (c->kind == CELL_NUMBER) {
        buf_add(&s->bytes, &c->number, sizeof c->number);
    } else if (c->kind == CELL_BOOL) {
        buf_addc(&s->bytes, c->boolean ? 1 : 0);
    } else if (c->kind != CELL_EMPTY) {
        buf_add(&s->bytes, c->text, strlen(c->text) + 1);
    }
}

static size_t packed_size(const char *p)
{
    switch ((enum cell_kind) * p) {
    case CELL_EMPTY: return 1;
    case CELL_NUMBER: return 1 + sizeof(double);
    case CELL_BOOL: return 2;
    default: return 1 + strlen(p + 1) + 1;
    }
}

static enum bs_rc on_row(void *ctx, size_t range, uint32_t row, uint32_t col0,
                         const struct cell *cells, size_t n, struct bs_err *e)
{
    struct snapshot *s = ctx;

    if (range == SHEETS_RESTART) {
        buf_clear(&s->bytes);
        s->n_rows = 0;
        s->width = s->last_row = 0;
        return BS_OK;
    }
    while (s->n_rows < row) {
        s->rows = bs_grow(s->rows, s->n_rows, &s->cap_rows, sizeof *s->rows);
        s->rows[s->n_rows++] = (struct snap_row){s->bytes.len, 0};
    }
    struct snap_row *out = &s->rows[row - 1];

    out->at = s->bytes.len;
    for (uint32_t i = 0; i < col0; i++) {
        pack(s, &cell_empty);
    }
    for (size_t i = 0; i < n; i++) {
        pack(s, &cells[i]);
    }
    out->cells = col0 + (uint32_t)n;
    s->width = out->cells > s->width ? out->cells : s->width;
    s->last_row = row > s->last_row ? row : s->last_row;
    return s->bytes.over ? bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE,
                                   "the tab is too large to look at "
                                   "before writing")
                         : BS_OK;
}

/* ---- the header row ---- */

/* Formulas are put in their results' place while they are still the formulas of the look. */
static enum bs_rc on_head(void *ctx, size_t range, uint32_t row, uint32_t col0,
                          const struct cell *cells, size_t n, struct bs_err *e)
{
    struct snapshot *s = ctx;
    char number[STR_DOUBLE_MAX];

    (void)e;
    for (size_t i = 0; range == 0 && row == 1 && i < n && col0 + i < s->width; i++) {
        if (cells[i].entered_formula != NULL &&
            str_eq(cells[i].entered_formula, snapshot_text(s, 1, col0 + (uint32_t)i))) {
            s->heads[col0 + i] = arena_strdup(s->arena, cell_spelling(&cells[i], number));
        }
    }
    return BS_OK;
}

static enum bs_rc read_heads(struct run *r, struct snapshot *s, struct bs_err *e)
{
    struct a1_range first = {0, r->tab->columns - 1, 1, 1};
    char number[STR_DOUBLE_MAX];
    bool formulas = false;

    s->arena = arena_new();
    s->heads = arena_alloc_n(s->arena, s->width, sizeof *s->heads);
    for (uint32_t c = 0; c < s->width; c++) {
        struct cell cell = snapshot_cell(s, 1, c);

        s->heads[c] = arena_strdup(s->arena, cell_spelling(&cell, number));
        formulas = formulas || s->heads[c][0] == '=';
    }
    return formulas ? sheets_read_grid(r->sh, r->tab->title, &first, 1, on_head, s, NULL, NULL, e)
                    : BS_OK;
}

const char *snapshot_head(const struct snapshot *s, uint32_t column)
{
    return column < s->width ? s->heads[column] : "";
}

const char *snapshot_head_of(const struct snapshot *s, const struct cell *entered,
                             char number[STR_DOUBLE_MAX])
{
    if (entered->entered_formula == NULL) {
        return cell_spelling(entered, number);
    }
    for (uint32_t c = 0; c < s->width; c++) {
        if (str_eq(snapshot_text(s, 1, c), entered->entered_formula)) {
            return s->heads[c];
        }
    }
    return "";
}

enum bs_rc snapshot_read(struct run *r, struct snapshot **out, struct bs_err *e)
{
    /* To the end of the grid, wherever that is now: somebody may have added rows since. */
    struct a1_range all = {0, r->tab->columns - 1, 1, UINT32_MAX};
    struct snapshot *s = bs_alloc(sizeof *s);

    buf_init(&s->bytes, SNAPSHOT_BYTES_MAX);
    s->by_column = SYNC_NONE;
    if (sheets_read_values(r->sh, r->tab->title, &all, 1, SHEETS_FORMULA, on_row, s, e) != BS_OK ||
        read_heads(r, s, e) != BS_OK) {
        snapshot_free(s);
        return e->rc;
    }
    *out = s;
    return BS_OK;
}

void snapshot_free(struct snapshot *s)
{
    if (s == NULL) {
        return;
    }
    strmap_free(s->by_text);
    arena_free(s->arena);
    buf_release(&s->bytes);
    free(s->rows);
    free(s);
}

uint32_t snapshot_last_row(const struct snapshot *s)
{
    return s->last_row;
}

uint32_t snapshot_width(const struct snapshot *s)
{
    return s->width;
}

static const char *packed_cell(const struct snapshot *s, uint32_t row, uint32_t column)
{
    if (row == 0 || row > s->n_rows || column >= s->rows[row - 1].cells) {
        return NULL;
    }
    const char *p = s->bytes.data + s->rows[row - 1].at;

    for (uint32_t i = 0; i < column; i++) {
        p += packed_size(p);
    }
    return p;
}

struct cell snapshot_cell(const struct snapshot *s, uint32_t row, uint32_t column)
{
    const char *p = packed_cell(s, row, column);
    struct cell c = cell_empty;

    if (p == NULL) {
        return c;
    }
    c.kind = (enum cell_kind) * p;
    if (c.kind == CELL_NUMBER) {
        memcpy(&c.number, p + 1, sizeof c.number);
    } else if (c.kind == CELL_BOOL) {
        c.boolean = p[1] != 0;
    } else if (c.kind != CELL_EMPTY) {
        c.text = p + 1;
    }
    return c;
}

const char *snapshot_text(const struct snapshot *s, uint32_t row, uint32_t column)
{
    const char *p = packed_cell(s, row, column);

    return p != NULL && (enum cell_kind) * p == CELL_TEXT ? p + 1 : "";
}

uint32_t snapshot_header(const struct snapshot *s, const char *header)
{
    uint32_t found = SYNC_NONE;

    for (uint32_t c = 0; c < s->width; c++) {
        if (str_eq(s->heads[c], header)) {
            if (found != SYNC_NONE) {
                return SYNC_NONE;
            }
            found = c;
        }
    }
    return found;
}

uint32_t snapshot_find(struct snapshot *s, uint32_t column, const char *text)
{
    if (s->by_text == NULL || s->by_column != column) {
        strmap_free(s->by_text);
        s->by_text = strmap_new(s->n_rows);
        s->by_column = column;
        for (uint32_t row = 2; row <= s->n_rows; row++) {
            const char *t = snapshot_text(s, row, column);

            if (t[0] != '\0') {
                strmap_add(s->by_text, t, row);
            }
        }
    }
    uint32_t row = strmap_get(s->by_text, text);

    return row == STRMAP_NONE ? 0 : row;
}
