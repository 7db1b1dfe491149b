/*
 * sheet_delete.c: deletes rows whose records were deleted, bottom up in one request, after a look
 * of its own. The whole row goes into the history first, the user's own columns too. If rows moved
 * in between and another row went, it is put back at the end of the tab.
 */
#include "base/fail.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "engine/apply_sheet_p.h"

#include <stdlib.h>
#include <string.h>

static struct cell kept_cell(const struct sheet_apply *a, uint32_t row, uint32_t column)
{
    struct cell c = snapshot_cell(a->snap, row, column);

    if (c.kind == CELL_TEXT && c.text[0] == '=') {
        c.formula = true;
        c.entered_formula = c.text;
    }
    return c;
}

/* {"columns":["header",...],"cells":[cell,...]} of the whole row. */
static const char *encode_row(const struct sheet_apply *a, uint32_t row)
{
    uint32_t width = snapshot_width(a->snap);
    struct buf b, one;
    struct jsonw w;

    buf_init(&b, BUF_NO_LIMIT);
    buf_init(&one, BUF_NO_LIMIT);
    jsonw_init(&w, &b);
    jsonw_object(&w);
    jsonw_key(&w, "columns");
    jsonw_array(&w);
    for (uint32_t c = 0; c < width; c++) {
        jsonw_string(&w, snapshot_text(a->snap, 1, c));
    }
    jsonw_end_array(&w);
    jsonw_key(&w, "cells");
    jsonw_array(&w);
    for (uint32_t c = 0; c < width; c++) {
        struct cell cell = kept_cell(a, row, c);

        buf_clear(&one);
        cell_encode(&cell, &one);
        jsonw_raw(&w, one.data);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    const char *text = arena_strdup(a->r->arena, b.data);

    buf_release(&b);
    buf_release(&one);
    return text;
}

/* Unchanged since the plan, cell by cell; a row that was never loaded is compared by its raw hash.
 */
static bool still_as_planned(const struct sheet_apply *a, const struct pending_op *p)
{
    struct run *r = a->r;
    const struct sync_row *row = &r->state.rows[p->op->row];
    struct cell *now = arena_alloc_n(r->arena, r->n_fields, sizeof *now);
    const struct cell **list = arena_alloc_n(r->arena, r->n_fields, sizeof *list);

    for (size_t i = 0; i < r->n_fields; i++) {
        uint32_t column = r->layout.column[i];

        if (column == SYNC_NONE) {
            continue;
        }
        if (row->cells != NULL &&
            sheet_look(a, p->row, column, row->cells[i].cell, NULL) != LOOK_AS_PLANNED) {
            return false;
        }
        now[i] = snapshot_cell(a->snap, p->row, column);
        list[i] = &now[i];
    }
    return row->cells != NULL || row->raw == 0 || run_raw_hash(r, list) == row->raw;
}

static int bottom_up(const void *x, const void *y)
{
    const struct pending_op *a = *(struct pending_op *const *)x;
    const struct pending_op *b = *(struct pending_op *const *)y;

    return (a->row < b->row) - (a->row > b->row);
}

static size_t place_deletes(struct sheet_apply *a, struct pending_op **list)
{
    size_t n = 0;

    for (size_t i = 0; i < a->n_ops; i++) {
        struct pending_op *p = &a->ops[i];

        if (p->done || p->op->kind != OP_ROW_DELETE) {
            continue;
        }
        p->row = sheet_place_row(a, p->op);
        if (p->row != 0 && !still_as_planned(a, p)) {
            run_issue(a->r, ISSUE_INFO, BS_K_REMOTE, run_op_record(a->r, p->op), p->row, SYNC_NONE,
                      "the row was edited while the run was on its way and is not deleted");
            p->done = true;
            continue;
        }
        if (p->row != 0) {
            p->old_raw = encode_row(a, p->row);
        }
        list[n++] = p;
    }
    qsort(list, n, sizeof *list, bottom_up);
    return n;
}

static enum bs_rc log_deletes(struct sheet_apply *a, struct pending_op **list, size_t n,
                              struct bs_err *e)
{
    struct run *r = a->r;

    if (store_begin(r->env->store, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < n; i++) {
        if (list[i]->n_changes > 0 || list[i]->row == 0) {
            continue;
        }
        list[i]->changes = arena_alloc(r->arena, sizeof *list[i]->changes);
        list[i]->n_changes = 1;
        if (run_log_whole(r, list[i]->op, "delete", list[i]->old_raw, NULL, &list[i]->changes[0],
                          e) != BS_OK) {
            store_rollback(r->env->store);
            return e->rc;
        }
    }
    return store_commit(r->env->store, e);
}

static enum bs_rc confirm_deletes(struct sheet_apply *a, struct pending_op **list, size_t n,
                                  struct bs_err *e)
{
    struct run *r = a->r;

    if (store_begin(r->env->store, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < n; i++) {
        struct pending_op *p = list[i];

        p->done = true;
        r->state.rows[p->op->row].gone = true;
        r->counts.rows_deleted++;
        if ((p->n_changes > 0 &&
             runlog_outcome(r->env->store, p->changes[0], "done", NULL, e) != BS_OK) ||
            run_end_pair(r, p->op, e) != BS_OK) {
            store_rollback(r->env->store);
            return e->rc;
        }
    }
    return store_commit(r->env->store, e);
}

/* ---- rows that went by mistake ---- */

static struct strmap *ids_after(const struct sheet_apply *a)
{
    struct strmap *m = strmap_new(a->after.n_ids);

    for (uint32_t row = 2; row < a->after.n_ids; row++) {
        if (sheet_after_id(a, row)[0] != '\0') {
            strmap_add(m, sheet_after_id(a, row), row);
        }
    }
    return m;
}

static bool was_to_go(const struct sheet_apply *a, struct pending_op **list, size_t n,
                      const char *id)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(run_op_record(a->r, list[i]->op), id)) {
            return true;
        }
    }
    return false;
}

static void add_lost_row(struct sheet_apply *a, uint32_t row, uint32_t at)
{
    uint32_t width = snapshot_width(a->snap);
    struct cell *cells = arena_alloc_n(a->r->arena, width + 1, sizeof *cells);
    const struct cell **list = arena_alloc_n(a->r->arena, width + 1, sizeof *list);

    for (uint32_t c = 0; c < width; c++) {
        cells[c] = kept_cell(a, row, c);
        list[c] = &cells[c];
    }
    if (at > a->grid_rows + a->added_rows) {
        sheets_batch_add_rows(a->batch, 1);
        a->added_rows++;
    }
    sheets_batch_cells(a->batch, at, 0, list, width);
}

/* *wrong: a row that should have gone is still there. */
static enum bs_rc put_back_lost(struct sheet_apply *a, struct pending_op **list, size_t n,
                                bool *wrong, struct bs_err *e)
{
    struct strmap *after = ids_after(a);
    uint32_t last = snapshot_last_row(a->snap), at = last + 1;
    size_t bad = 0, lost = 0;

    *wrong = false;
    for (size_t i = 0; i < n; i++) {
        *wrong = *wrong || strmap_get(after, run_op_record(a->r, list[i]->op)) != STRMAP_NONE;
    }
    for (uint32_t row = 2; *wrong && row <= last; row++) {
        const char *id = snapshot_text(a->snap, row, a->r->layout.id_column);

        if (id[0] != '\0' && strmap_get(after, id) == STRMAP_NONE && !was_to_go(a, list, n, id)) {
            add_lost_row(a, row, at++);
            lost++;
        }
    }
    strmap_free(after);
    if (lost == 0) {
        return BS_OK;
    }
    run_issue(a->r, ISSUE_WARNING, BS_K_REMOTE, NULL, 0, SYNC_NONE,
              "rows of tab \"%s\" moved during a deletion; %zu rows were put back at its end",
              a->r->tab->title, lost);
    return sheet_send(a, &bad, e);
}

enum bs_rc sheet_delete_rows(struct sheet_apply *a, struct bs_err *e)
{
    struct pending_op **list = arena_alloc_n(a->r->arena, a->n_ops + 1, sizeof *list);

    for (int tries = 0; tries < SHEET_TRIES; tries++) {
        size_t bad = 0;
        bool wrong = false;

        if (sheet_look_again(a, e) != BS_OK) {
            return e->rc;
        }
        size_t n = place_deletes(a, list);

        if (n == 0) {
            return BS_OK;
        }
        if (log_deletes(a, list, n, e) != BS_OK) {
            return e->rc;
        }
        for (size_t i = 0; i < n; i++) {
            if (list[i]->row != 0) {
                sheets_batch_delete_row(a->batch, list[i]->row);
            }
        }
        enum bs_rc rc = sheets_batch_count(a->batch) == 0 ? BS_OK : sheet_send(a, &bad, e);

        if (rc == BS_UNSURE) {
            bs_err_clear(e);
            continue;
        }
        if (rc != BS_OK) {
            return rc == BS_SKIP ? (e->rc = BS_STOP_SYNC) : rc;
        }
        if (list[0]->row != 0 && put_back_lost(a, list, n, &wrong, e) != BS_OK) {
            return e->rc;
        }
        if (!wrong) {
            return confirm_deletes(a, list, n, e);
        }
    }
    return bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE,
                   "rows to delete kept moving; the next run goes on");
}
