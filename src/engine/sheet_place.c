/*
 * sheet_place.c: finds the plan's rows and columns in the tab as it is right before the write.
 */
#include "base/str.h"
#include "engine/apply_sheet_p.h"
#include "model/a1.h"

#include <string.h>

static enum bs_rc gone(struct sheet_apply *a, const char *header, struct bs_err *e)
{
    return bs_fail(e, BS_STOP_SYNC, BS_K_SCHEMA,
                   "column \"%s\" left the header row of tab \"%s\" while the run was on its way; "
                   "nothing was written to it",
                   header, a->r->tab->title);
}

/* Where a column that this run makes may go: behind everything in use. */
static uint32_t place_new(struct sheet_apply *a, const char *header, uint32_t *next)
{
    uint32_t at = snapshot_header(a->snap, header); /* made by a request whose answer was lost */

    return at != SYNC_NONE ? at : (*next)++;
}

enum bs_rc sheet_place_columns(struct sheet_apply *a, struct bs_err *e)
{
    struct run *r = a->r;
    struct run_layout *l = &r->layout;
    uint32_t next = snapshot_width(a->snap);

    for (size_t i = 0; i < r->n_fields; i++) {
        if (l->column[i] == SYNC_NONE) {
            continue;
        }
        if (l->is_new[i]) {
            l->column[i] = place_new(a, r->fields[i].header, &next);
            continue;
        }
        l->column[i] = snapshot_header(a->snap, r->fields[i].header);
        if (l->column[i] == SYNC_NONE) {
            return gone(a, r->fields[i].header, e);
        }
    }
    if (l->id_is_new) {
        l->id_column = place_new(a, r->cs->id_column, &next);
        return BS_OK;
    }
    l->id_column = snapshot_header(a->snap, r->cs->id_column);
    return l->id_column == SYNC_NONE ? gone(a, r->cs->id_column, e) : BS_OK;
}

bool sheet_same_cell(const struct cell *seen, const struct cell *now)
{
    if (seen == NULL) {
        seen = &cell_empty;
    }
    if (seen->entered_formula) {
        return now->kind == CELL_TEXT && str_eq(now->text, seen->entered_formula);
    }
    if (seen->kind == CELL_EMPTY || now->kind == CELL_EMPTY) {
        return seen->kind == now->kind;
    }
    return cell_equal(seen, now);
}

enum cell_look sheet_look(const struct sheet_apply *a, uint32_t row, uint32_t column,
                          const struct cell *planned, const struct cell *wanted)
{
    struct cell now = snapshot_cell(a->snap, row, column);

    if (sheet_same_cell(planned, &now)) {
        return LOOK_AS_PLANNED;
    }
    return wanted != NULL && sheet_same_cell(wanted, &now) ? LOOK_ALREADY_WRITTEN : LOOK_EDITED;
}

/* Rows without an id of their own are known by their content. */
static bool same_content(const struct sheet_apply *a, const struct sync_row *row, uint32_t at)
{
    const struct run *r = a->r;

    for (size_t i = 0; row->cells != NULL && i < r->n_fields; i++) {
        if (r->layout.column[i] != SYNC_NONE && !r->layout.is_new[i] &&
            sheet_look(a, at, r->layout.column[i], row->cells[i].cell, NULL) != LOOK_AS_PLANNED) {
            return false;
        }
    }
    return true;
}

/* Does this place hold the row as the plan saw it, with its old id or already with its new one? */
static bool is_row(const struct sheet_apply *a, const struct sync_row *row, const char *own,
                   uint32_t at)
{
    const char *now = snapshot_text(a->snap, at, a->r->layout.id_column);

    return at <= snapshot_last_row(a->snap) &&
           (str_eq(now, row->id) || (own != NULL && str_eq(now, own))) && same_content(a, row, at);
}

static uint32_t find_by_content(const struct sheet_apply *a, const struct sync_row *row,
                                const char *own)
{
    uint32_t last = snapshot_last_row(a->snap);

    for (uint32_t at = 2; at <= last; at++) {
        if (is_row(a, row, own, at)) {
            return at;
        }
    }
    return 0;
}

uint32_t sheet_place_row(struct sheet_apply *a, const struct op *op)
{
    struct run *r = a->r;
    const struct sync_row *row = &r->state.rows[op->row];
    const char *now = snapshot_text(a->snap, row->number, r->layout.id_column);
    const char *own = run_op_record(r, op);

    if (own != NULL && str_eq(row->id, own)) {
        return str_eq(now, own) ? row->number : snapshot_find(a->snap, r->layout.id_column, own);
    }
    /* The id is in the tab although no row had it when the plan was made: it has arrived. Where
     * rows exchange their ids it says nothing. */
    if (own != NULL && strmap_get(r->row_by_id, own) == STRMAP_NONE &&
        snapshot_find(a->snap, r->layout.id_column, own) != 0) {
        return snapshot_find(a->snap, r->layout.id_column, own);
    }
    return is_row(a, row, own, row->number) ? row->number : find_by_content(a, row, own);
}
