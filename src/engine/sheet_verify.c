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
                before = SHEET_ROW_NEW;
            }
        }
        pl->before[row] = before;
    }
}

static void places_init(struct places *pl, struct sheet_apply *a)
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
        if (a->written[i].column == a->r->layout.id_column) {
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
    uint32_t before = pl->before[row];

    if (before == row) {
        return false;
    }
    /* A row that was empty at the look and is ours now: nothing was overwritten. */
    return row <= snapshot_last_row(pl->a->snap) || before == SHEET_ROW_NEW ||
           before <= snapshot_last_row(pl->a->snap);
}

/* An id that this request brought stands in another row, too, though not at the look: that look
 * lagged behind a request whose answer was lost. */
static bool brought_twice(const struct places *pl, const struct written *w)
{
    const struct sheet_apply *a = pl->a;

    return w->column == a->r->layout.id_column && w->cell->kind == CELL_TEXT &&
           strmap_get(pl->after_ids, w->cell->text) != STRMAP_NONE &&
           snapshot_find(a->snap, pl->id_before, w->cell->text) == 0;
}

/* A row was to be new: if another one is gone, it may have been pushed down to where that went. */
static bool may_cover_a_row(const struct places *pl, const struct written *w)
{
    const struct sheet_apply *a = pl->a;

    if (w->column != a->r->layout.id_column || w->row <= snapshot_last_row(a->snap)) {
        return false;
    }
    for (uint32_t row = 2; row <= snapshot_last_row(a->snap); row++) {
        const char *id = snapshot_text(a->snap, row, pl->id_before);

        if (id[0] != '\0' && id[0] != '=' && !pl->id_written[row] &&
            strmap_get(pl->after_ids, id) == STRMAP_NONE) {
            return true;
        }
    }
    return false;
}

void sheet_verify(struct sheet_apply *a, bool *moved)
{
    struct places pl = {0};
    uint32_t last = 0;
    bool asked = false;

    *moved = sheet_header_moved(a);
    if (*moved) {
        return;
    }
    places_init(&pl, a);
    for (size_t i = 0; i < a->n_written && !*moved; i++) {
        if (a->written[i].row != last && a->written[i].row > 1) {
            last = a->written[i].row;
            *moved = row_moved(&pl, last);
        }
        if (!asked && a->written[i].row > snapshot_last_row(a->snap)) {
            asked = a->written[i].column == a->r->layout.id_column;
            *moved = *moved || may_cover_a_row(&pl, &a->written[i]);
        }
        *moved = *moved || brought_twice(&pl, &a->written[i]);
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

const struct cell *sheet_content(struct run *r, const struct sheet_sent *s, uint32_t row,
                                 uint32_t column)
{
    struct cell *c = arena_alloc(r->arena, sizeof *c);

    for (size_t i = s->n_earlier; i-- > 0;) {
        if (s->earlier[i].row == row && s->earlier[i].column == column) {
            return s->earlier[i].cell;
        }
    }
    *c = snapshot_cell(s->before, row, column);
    if (c->kind == CELL_TEXT) {
        c->text = arena_strdup(r->arena, c->text);
        c->formula = c->text[0] == '=' && !known_as_text(r, row, column);
        c->entered_formula = c->formula ? c->text : NULL;
    }
    return c;
}

const uint32_t *sheet_guess_rows(struct sheet_apply *a, uint32_t *n, bool *ordered)
{
    struct places pl = {0};
    uint32_t last = 1;

    places_init(&pl, a);
    uint32_t *guess = arena_alloc_n(a->r->arena, pl.n_rows + 1, sizeof *guess);

    *ordered = true;
    *n = pl.n_rows;
    for (uint32_t row = 1; row < pl.n_rows; row++) {
        uint32_t known = known_before(&pl, row);

        guess[row] = pl.before[row];
        *ordered = *ordered && (known == 0 || known >= last);
        last = known != 0 ? known : last;
    }
    places_release(&pl);
    return guess;
}
