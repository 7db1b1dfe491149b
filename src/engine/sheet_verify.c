/*
 * sheet_verify.c: the answer of a write shows the header row and the id column as they are after
 * it. If a person inserted, deleted, sorted or moved rows or columns between our look and our
 * write, some of our cells lie on somebody else's; here is told which, and what lay there.
 */
#include "base/str.h"
#include "engine/apply_sheet_p.h"

#include <stdlib.h>
#include <string.h>

const char *sheet_after_header(const struct sheet_apply *a, uint32_t column)
{
    const struct after_write *w = &a->after;

    return column < w->n_headers && w->headers[column] != NULL ? w->headers[column] : "";
}

const char *sheet_after_id(const struct sheet_apply *a, uint32_t row)
{
    const struct after_write *w = &a->after;

    return row < w->n_ids && w->ids[row] != NULL ? w->ids[row] : "";
}

/* ---- from places after the write to places at the look ---- */

struct places {
    struct sheet_apply *a;
    uint8_t *id_written; /* per row: our request wrote the id cell */
    uint32_t n_rows;
    uint32_t id_before;       /* the id column at the look */
    uint32_t *before;         /* per row: where it was at the look */
    struct strmap *after_ids; /* id -> row after the write, for ids we did not write */
};

static void places_release(struct places *pl)
{
    free(pl->id_written);
    free(pl->before);
    strmap_free(pl->after_ids);
}

/* Row at the look of a row whose id our request did not touch; 0 when it cannot be told from it. */
static uint32_t known_before(const struct places *pl, uint32_t row)
{
    const struct sheet_apply *a = pl->a;
    const char *id = sheet_after_id(a, row);

    if (row == 1) {
        return 1;
    }
    if (pl->id_written[row] || id[0] == '\0') {
        return 0;
    }
    if (str_eq(snapshot_text(a->snap, row, pl->id_before), id)) {
        return row; /* also right for copied ids */
    }
    return snapshot_find(a->snap, pl->id_before, id);
}

#define ROW_IS_NEW UINT32_MAX

/* Does the row that bore this id at the look stand elsewhere now? An id that several rows bore must
 * still be there as often, for our request has written over one of them. */
static bool stands_elsewhere(const struct places *pl, uint32_t before, const char *id)
{
    const struct sheet_apply *a = pl->a;
    uint32_t column = a->r->layout.id_column;
    size_t was = 0, is = 0;

    if (strmap_get(pl->after_ids, id) == STRMAP_NONE) {
        return false;
    }
    if (snapshot_find(a->snap, column, id) == before && !pl->id_written[before]) {
        return true;
    }
    for (uint32_t row = 2; row < pl->n_rows; row++) {
        was += str_eq(snapshot_text(a->snap, row, column), id);
        is += !pl->id_written[row] && str_eq(sheet_after_id(a, row), id);
    }
    return is >= was;
}

/* A row without a known id lies as far below its known neighbour as it did, unless the row that lay
 * there then stands elsewhere now: then a person has put it in. */
static void fill_before(struct places *pl)
{
    const struct sheet_apply *a = pl->a;
    uint32_t anchor = 1, anchor_before = 1;

    for (uint32_t row = 1; row < pl->n_rows; row++) {
        uint32_t before = known_before(pl, row);

        if (before != 0) {
            anchor = row;
            anchor_before = before;
        } else {
            before = anchor_before + (row - anchor);
            const char *id = snapshot_text(a->snap, before, pl->id_before);

            if (id[0] != '\0' && stands_elsewhere(pl, before, id)) {
                before = ROW_IS_NEW;
            }
        }
        pl->before[row] = before;
    }
}

/* id_column: where the ids of the answer stand. */
static void places_init(struct places *pl, struct sheet_apply *a, uint32_t id_column)
{
    pl->a = a;
    pl->id_before = snapshot_header(a->snap, a->r->cs->id_column);
    pl->n_rows = a->after.n_ids > snapshot_last_row(a->snap) ? a->after.n_ids
                                                             : snapshot_last_row(a->snap) + 1;
    for (size_t i = 0; i < a->n_written; i++) {
        if (a->written[i].row >= pl->n_rows) {
            pl->n_rows = a->written[i].row + 1;
        }
    }
    pl->id_written = bs_alloc(pl->n_rows + 1);
    for (size_t i = 0; i < a->n_written; i++) {
        if (a->written[i].column == id_column) {
            pl->id_written[a->written[i].row] = 1;
        }
    }
    pl->after_ids = strmap_new(a->after.n_ids);
    for (uint32_t row = 2; row < a->after.n_ids; row++) {
        if (!pl->id_written[row] && sheet_after_id(a, row)[0] != '\0') {
            strmap_add(pl->after_ids, sheet_after_id(a, row), row);
        }
    }
    pl->before = bs_alloc_n(pl->n_rows + 1, sizeof *pl->before);
    fill_before(pl);
}

/* Row at the look of any row; ROW_IS_NEW for one that a person put in meanwhile. */
static uint32_t row_before(const struct places *pl, uint32_t row)
{
    return pl->before[row];
}

static uint32_t column_of_header(const struct sheet_apply *a, const char *header)
{
    for (uint32_t c = 0; c < a->after.n_headers; c++) {
        if (str_eq(sheet_after_header(a, c), header)) {
            return c;
        }
    }
    return SYNC_NONE;
}

static uint32_t column_before(const struct places *pl, uint32_t column)
{
    const struct sheet_apply *a = pl->a;
    uint32_t anchor = column;
    uint32_t before;

    for (;;) {
        const char *header = sheet_after_header(a, anchor);

        before = header[0] == '\0' ? SYNC_NONE : snapshot_header(a->snap, header);
        if (before != SYNC_NONE || anchor == 0) {
            break;
        }
        anchor--;
    }
    before = before == SYNC_NONE ? column : before + (column - anchor);
    const char *header = snapshot_head(a->snap, before);

    if (anchor != column && header[0] != '\0' && column_of_header(a, header) != SYNC_NONE) {
        return SYNC_NONE; /* what lay here stands elsewhere: this column is new */
    }
    return before;
}

/* ---- has anything moved? ---- */

bool sheet_header_moved(const struct sheet_apply *a)
{
    const struct run *r = a->r;

    for (size_t i = 0; i < r->n_fields; i++) {
        if (r->layout.column[i] != SYNC_NONE &&
            !str_eq(sheet_after_header(a, r->layout.column[i]), r->fields[i].header)) {
            return true;
        }
    }
    return !str_eq(sheet_after_header(a, r->layout.id_column), r->cs->id_column);
}

static bool row_moved(const struct places *pl, uint32_t row)
{
    uint32_t before = row_before(pl, row);

    if (before == row) {
        return false;
    }
    /* A row that was empty at the look and is ours now: nothing was overwritten. */
    return row <= snapshot_last_row(pl->a->snap) || before == ROW_IS_NEW ||
           before <= snapshot_last_row(pl->a->snap);
}

void sheet_verify(struct sheet_apply *a, bool *moved)
{
    struct places pl = {0};
    uint32_t last = 0;

    *moved = sheet_header_moved(a);
    if (*moved) {
        return;
    }
    places_init(&pl, a, a->r->layout.id_column);
    for (size_t i = 0; i < a->n_written && !*moved; i++) {
        if (a->written[i].row != last && a->written[i].row > 1) {
            last = a->written[i].row;
            *moved = row_moved(&pl, last);
        }
    }
    places_release(&pl);
}

/* ---- what lay there ---- */

static bool known_as_text(const struct run *r, uint32_t row, uint32_t column)
{
    for (size_t i = 0; i < r->state.n_rows; i++) {
        const struct sync_row *sr = &r->state.rows[i];

        if (sr->number != row || sr->cells == NULL) {
            continue;
        }
        for (size_t f = 0; f < r->n_fields; f++) {
            if (r->layout.column[f] == column) {
                return sr->cells[f].cell != NULL && !sr->cells[f].cell->formula;
            }
        }
    }
    return false;
}

static const struct cell *content_before(struct sheet_apply *a, uint32_t row, uint32_t column)
{
    struct cell *c = arena_alloc(a->r->arena, sizeof *c);

    for (size_t i = a->n_confirmed; i-- > 0;) { /* what an earlier request of this run wrote */
        if (a->confirmed[i].row == row && a->confirmed[i].column == column) {
            return a->confirmed[i].cell;
        }
    }
    *c = snapshot_cell(a->snap, row, column);
    if (c->kind == CELL_TEXT) {
        c->text = arena_strdup(a->r->arena, c->text);
        c->formula = c->text[0] == '=' && !known_as_text(a->r, row, column);
        c->entered_formula = c->formula ? c->text : NULL;
    }
    return c;
}

void sheet_misplaced(struct sheet_apply *a, uint32_t id_column, bool all,
                     void (*each)(void *ctx, const struct written *w, const struct cell *old),
                     void *ctx)
{
    struct places pl = {0};

    places_init(&pl, a, id_column);
    for (size_t i = 0; i < a->n_written; i++) {
        const struct written *w = &a->written[i];
        uint32_t row = row_before(&pl, w->row);
        uint32_t column = column_before(&pl, w->column);

        if (all || row != w->row || column != w->column) {
            each(ctx, w,
                 row == ROW_IS_NEW || column == SYNC_NONE ? &cell_empty
                                                          : content_before(a, row, column));
        }
    }
    places_release(&pl);
}
