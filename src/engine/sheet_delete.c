/*
 * sheet_delete.c: deletes rows whose records were deleted, bottom up in one request, after a look
 * of its own. The whole row goes into the history first, the user's own columns too. If rows moved
 * in between and another row went, it is put back at the end of the tab; should that fail, or the
 * process end first, the next run makes it again (doubt.c).
 */
#include "base/fail.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "engine/apply_sheet_p.h"
#include "model/copy.h"

#include <stdlib.h>
#include <string.h>

static struct cell kept_cell(const struct snapshot *s, uint32_t row, uint32_t column)
{
    struct cell c = snapshot_cell(s, row, column);

    if (c.kind == CELL_TEXT && c.text[0] == '=') {
        c.formula = true;
        c.entered_formula = c.text;
    }
    return c;
}

/* ---- the rows before they go ---- */

/* Cells of a row as a grid read shows them, from column A: a look before the write tells neither a
 * date from a number nor what an array formula fills. */
struct row_look {
    const struct cell **cells;
    size_t n;
};

struct looks {
    struct sheet_apply *a;
    struct strmap *ids; /* of the rows that are to go */
    struct row_look *rows;
};

static enum bs_rc on_row_look(void *ctx, size_t range, uint32_t row, uint32_t col0,
                              const struct cell *cells, size_t n, struct bs_err *e)
{
    struct looks *l = ctx;
    uint32_t column = l->a->r->layout.id_column;
    uint32_t at;

    (void)row;
    (void)e;
    if (range == SHEETS_RESTART || column < col0 || column - col0 >= n ||
        cells[column - col0].kind != CELL_TEXT) {
        return BS_OK;
    }
    at = strmap_get(l->ids, cells[column - col0].text);
    if (at == STRMAP_NONE) {
        return BS_OK;
    }
    l->rows[at].n = col0 + n;
    l->rows[at].cells = arena_alloc_n(l->a->r->arena, col0 + n, sizeof *l->rows[at].cells);
    for (size_t i = 0; i < n; i++) {
        l->rows[at].cells[col0 + i] = cell_copy(l->a->r->arena, &cells[i]);
    }
    return BS_OK;
}

/* Before the look that comes right before the deletion: a row that moves in between is kept without
 * its formats. */
static enum bs_rc read_looks(struct looks *l, struct bs_err *e)
{
    struct run *r = l->a->r;
    struct a1_range *ranges = arena_alloc_n(r->arena, l->a->n_ops + 1, sizeof *ranges);
    size_t n = 0;

    l->rows = arena_alloc_n(r->arena, l->a->n_ops + 1, sizeof *l->rows);
    for (size_t i = 0; i < l->a->n_ops; i++) {
        const struct op *op = l->a->ops[i].op;

        uint32_t row = op->kind == OP_ROW_DELETE ? r->state.rows[op->row].number : UINT32_MAX;

        if (row <= l->a->grid_rows && !l->a->ops[i].done) {
            strmap_set(l->ids, run_op_record(r, op), (uint32_t)n);
            ranges[n++] = (struct a1_range){0, r->tab->columns - 1, row, row};
        }
    }
    return n > 0 ? sheets_read_grid(r->sh, r->tab->title, ranges, n, on_row_look, l, NULL, NULL, e)
                 : BS_OK;
}

/* The cell as it is kept: with its format, and nothing where an array formula fills it. */
static struct cell kept_with_look(const struct snapshot *s, uint32_t row, uint32_t column,
                                  const struct row_look *look)
{
    struct cell c = kept_cell(s, row, column);
    const struct cell *seen = look && column < look->n ? look->cells[column] : NULL;

    if (!seen || !cell_equal(&c, seen)) {
        return c;
    }
    if (seen->formula && !seen->entered_formula) {
        return cell_empty;
    }
    if (c.kind == CELL_NUMBER) {
        c.format = seen->format;
        c.pattern = seen->pattern;
    }
    return c;
}

/* {"columns":["header",...],"cells":[cell,...]} of the whole row, in the arena. */
static const char *encode_row(const struct snapshot *s, uint32_t row, const struct row_look *look,
                              struct arena *arena)
{
    uint32_t width = snapshot_width(s);
    struct buf b, one;
    struct jsonw w;

    buf_init(&b, BUF_NO_LIMIT);
    buf_init(&one, BUF_NO_LIMIT);
    jsonw_init(&w, &b);
    jsonw_object(&w);
    jsonw_key(&w, "columns");
    jsonw_array(&w);
    for (uint32_t c = 0; c < width; c++) {
        jsonw_string(&w, snapshot_head(s, c));
    }
    jsonw_end_array(&w);
    jsonw_key(&w, "cells");
    jsonw_array(&w);
    for (uint32_t c = 0; c < width; c++) {
        struct cell cell = kept_with_look(s, row, c, look);

        buf_clear(&one);
        cell_encode(&cell, &one);
        jsonw_raw(&w, one.data);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    const char *text = arena_strdup(arena, b.data);

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

static size_t place_deletes(struct sheet_apply *a, const struct looks *l, struct pending_op **list)
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
            uint32_t look = strmap_get(l->ids, run_op_record(a->r, p->op));

            p->old_raw = encode_row(a->snap, p->row, look == STRMAP_NONE ? NULL : &l->rows[look],
                                    a->r->arena);
        }
        list[n++] = p;
    }
    qsort(list, n, sizeof *list, bottom_up);
    return n;
}

static enum bs_rc note_deletes(struct run *r, struct pending_op **list, size_t n, struct bs_err *e)
{
    const char **ids = arena_alloc_n(r->arena, n + 1, sizeof *ids);

    for (size_t i = 0; i < n; i++) {
        ids[i] = run_op_record(r, list[i]->op);
    }
    return run_note_sheet_write(r, e) == BS_OK ? run_note_row_deletes(r, ids, n, e) : e->rc;
}

static enum bs_rc log_deletes(struct sheet_apply *a, struct pending_op **list, size_t n,
                              struct bs_err *e)
{
    struct run *r = a->r;

    if (store_begin(r->env->store, e) != BS_OK) {
        return e->rc;
    }
    if (note_deletes(r, list, n, e) != BS_OK) {
        store_rollback(r->env->store);
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
    if (run_note_row_deletes(r, NULL, 0, e) != BS_OK) {
        store_rollback(r->env->store);
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

/* What a deletion may have hit: all that was there at the look before it, but for what was to go.
 */
struct losses {
    struct sheet_apply *a;
    struct snapshot *before;
    uint32_t id_column; /* at that look */
    struct strmap *to_go;
};

static void losses_init(struct losses *l, struct sheet_apply *a, struct pending_op **list, size_t n)
{
    *l = (struct losses){.a = a, .before = a->snap, .id_column = a->r->layout.id_column};
    a->snap = NULL; /* the next look is another one */
    l->to_go = strmap_new(n);
    for (size_t i = 0; i < n; i++) {
        strmap_add(l->to_go, run_op_record(a->r, list[i]->op), (uint32_t)i);
    }
}

static void losses_release(struct losses *l)
{
    snapshot_free(l->before);
    strmap_free(l->to_go);
}

/* A row that should have gone is still there: another one went. */
static bool went_wrong(const struct sheet_apply *a, struct pending_op **list, size_t n)
{
    struct strmap *after = strmap_new(a->after.n_ids);
    bool wrong = false;

    for (uint32_t row = 2; row < a->after.n_ids; row++) {
        if (sheet_after_id(a, row)[0] != '\0') {
            strmap_add(after, sheet_after_id(a, row), row);
        }
    }
    for (size_t i = 0; i < n && !wrong; i++) {
        wrong = strmap_get(after, run_op_record(a->r, list[i]->op)) != STRMAP_NONE;
    }
    strmap_free(after);
    return wrong;
}

/* What tells a row from others: its id, or all of it when it has none; NULL when it is blank. */
static const char *row_text(const struct snapshot *s, uint32_t row, uint32_t id_column,
                            struct arena *arena)
{
    const char *id = snapshot_text(s, row, id_column);

    if (id[0] != '\0') {
        return id;
    }
    for (uint32_t c = 0; c < snapshot_width(s); c++) {
        if (snapshot_cell(s, row, c).kind != CELL_EMPTY) {
            return encode_row(s, row, NULL, arena);
        }
    }
    return NULL;
}

static struct strmap *rows_now(const struct losses *l, struct arena *scratch)
{
    const struct sheet_apply *a = l->a;
    uint32_t last = snapshot_last_row(a->snap);
    struct strmap *m = strmap_new(last);

    for (uint32_t row = 2; row <= last; row++) {
        const char *text = row_text(a->snap, row, a->r->layout.id_column, scratch);

        if (text != NULL) {
            strmap_add(m, text, row);
        }
    }
    return m;
}

/* Rows without an id can be told apart only while the columns stand as they stood. */
static bool same_headers(const struct snapshot *x, const struct snapshot *y)
{
    for (uint32_t c = 0; c < snapshot_width(x) || c < snapshot_width(y); c++) {
        if (!str_eq(snapshot_head(x, c), snapshot_head(y, c))) {
            return false;
        }
    }
    return true;
}

/* Writes one row below all others, each cell under its header. */
static void add_lost_row(struct losses *l, uint32_t row, uint32_t at)
{
    struct sheet_apply *a = l->a;

    if (at > a->grid_rows + a->added_rows) {
        sheets_batch_add_rows(a->batch, 1);
        a->added_rows++;
    }
    for (uint32_t c = 0; c < snapshot_width(l->before); c++) {
        const char *header = snapshot_head(l->before, c);
        uint32_t column = header[0] == '\0' ? SYNC_NONE : snapshot_header(a->snap, header);
        struct cell cell = kept_cell(l->before, row, c);
        const struct cell *list[] = {&cell};

        if (cell.kind != CELL_EMPTY) {
            sheets_batch_cells(a->batch, at, column == SYNC_NONE ? c : column, list, 1);
        }
    }
}

static size_t add_lost_rows(struct losses *l)
{
    struct sheet_apply *a = l->a;
    struct arena *scratch = arena_new();
    struct strmap *now = rows_now(l, scratch);
    bool nameless = same_headers(l->before, a->snap);
    uint32_t at = snapshot_last_row(a->snap) + 1;
    size_t n = 0;

    for (uint32_t row = 2; row <= snapshot_last_row(l->before); row++) {
        const char *text = row_text(l->before, row, l->id_column, scratch);
        bool has_id = snapshot_text(l->before, row, l->id_column)[0] != '\0';

        if (text != NULL && (has_id || nameless) && strmap_get(now, text) == STRMAP_NONE &&
            strmap_get(l->to_go, text) == STRMAP_NONE) {
            add_lost_row(l, row, at++);
            n++;
        }
    }
    strmap_free(now);
    arena_free(scratch);
    return n;
}

/* *left: how many were still missing at the look. */
static enum bs_rc put_back_once(struct losses *l, size_t *left, struct bs_err *e)
{
    size_t bad = 0;

    if (sheet_look_again(l->a, e) != BS_OK) {
        return e->rc;
    }
    *left = add_lost_rows(l);
    if (*left == 0) {
        return BS_OK;
    }
    enum bs_rc rc = sheet_send(l->a, &bad, e);

    if (rc == BS_UNSURE) {
        bs_err_clear(e); /* the next look tells */
        return BS_OK;
    }
    return rc == BS_SKIP ? (e->rc = BS_STOP_SYNC) : rc;
}

/* Looks and writes until all rows are there. */
static enum bs_rc put_back_lost(struct losses *l, struct bs_err *e)
{
    size_t left = 1, most = 0;

    for (int tries = 0; left > 0 && tries < SHEET_TRIES; tries++) {
        if (put_back_once(l, &left, e) != BS_OK) {
            return e->rc;
        }
        most = left > most ? left : most;
    }
    if (most > 0) {
        run_issue(l->a->r, ISSUE_WARNING, BS_K_REMOTE, NULL, 0, SYNC_NONE,
                  "rows of tab \"%s\" moved during a deletion; %zu rows were put back at its end",
                  l->a->r->tab->title, most);
    }
    return left == 0 ? BS_OK
                     : bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE,
                               "rows that a deletion hit by mistake cannot be put back; the next "
                               "run makes them again");
}

/* One request that deletes. *again: it did not do what it should have, or nobody knows. */
static enum bs_rc delete_once(struct sheet_apply *a, struct pending_op **list, size_t n,
                              bool *again, struct bs_err *e)
{
    struct losses lost;
    size_t bad = 0;

    *again = false;
    a->n_written = 0;
    for (size_t i = 0; i < n; i++) {
        if (list[i]->row != 0) {
            sheets_batch_delete_row(a->batch, list[i]->row);
        }
    }
    if (sheets_batch_count(a->batch) == 0) {
        return confirm_deletes(a, list, n, e);
    }
    switch (sheet_send(a, &bad, e)) {
    /* An answer that does not show the headers does not show the ids either. */
    case BS_OK: *again = sheet_header_moved(a) || went_wrong(a, list, n); break;
    case BS_UNSURE:
        *again = true;
        bs_err_clear(e);
        break;
    case BS_SKIP: return e->rc = BS_STOP_SYNC;
    default: return e->rc;
    }
    if (!*again) {
        return confirm_deletes(a, list, n, e);
    }
    losses_init(&lost, a, list, n);
    a->mending = true;
    bs_seen(put_back_lost(&lost, e));
    a->mending = false;
    losses_release(&lost);
    return e->rc;
}

static enum bs_rc delete_rows(struct sheet_apply *a, struct looks *l, struct bs_err *e)
{
    struct pending_op **list = arena_alloc_n(a->r->arena, a->n_ops + 1, sizeof *list);

    if (read_looks(l, e) != BS_OK) {
        return e->rc;
    }
    for (int tries = 0; tries < SHEET_TRIES; tries++) {
        bool again = false;

        if (sheet_look_again(a, e) != BS_OK) {
            return e->rc;
        }
        size_t n = place_deletes(a, l, list);

        if (n == 0) {
            return BS_OK;
        }
        if (log_deletes(a, list, n, e) != BS_OK || delete_once(a, list, n, &again, e) != BS_OK) {
            return e->rc;
        }
        if (!again) {
            return BS_OK;
        }
    }
    return bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE,
                   "rows to delete kept moving; the next run goes on");
}

enum bs_rc sheet_delete_rows(struct sheet_apply *a, struct bs_err *e)
{
    struct looks l = {.a = a, .ids = strmap_new(a->n_ops)};

    a->n_written = 0; /* cells: place_deletes compares those that matter */
    bs_seen(delete_rows(a, &l, e));
    strmap_free(l.ids);
    return e->rc;
}
