/*
 * apply_sheet.c: executes a plan's sheet operations, request by request: look, write with the
 * history first, compare, confirm. A lost answer leads to a new look, never to a guess.
 */
#include "engine/apply_sheet_p.h"

#include "base/fail.h"
#include "base/os.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

void sheet_note_written(struct sheet_apply *a, uint32_t row, uint32_t column,
                        const struct cell *cell)
{
    a->written = bs_grow(a->written, a->n_written, &a->cap_written, sizeof *a->written);
    a->written[a->n_written++] = (struct written){row, column, cell};
}

/* ---- look ---- */

static enum bs_rc find_grid(struct sheet_apply *a, struct bs_err *e)
{
    struct run *r = a->r;
    const struct sheet_meta *m = NULL;

    if (sheets_meta(r->sh, r->arena, &m, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < m->n_tabs; i++) {
        if (m->tabs[i].id == r->tab->id) {
            r->meta = m;
            r->tab = &m->tabs[i];
            return BS_OK;
        }
    }
    return bs_fail(e, BS_STOP_SYNC, BS_K_SCHEMA,
                   "tab \"%s\" was deleted while the run was on its "
                   "way",
                   r->tab->title);
}

static enum bs_rc take_any_snapshot(struct sheet_apply *a, bool again, struct bs_err *e)
{
    snapshot_free(a->snap);
    a->snap = NULL;
    a->n_confirmed = 0;
    if (again && find_grid(a, e) != BS_OK) {
        return e->rc;
    }
    enum bs_rc rc = snapshot_read(a->r, &a->snap, e);

    if (rc == BS_STOP_SYNC && e->kind == BS_K_SCHEMA && !again) {
        bs_err_clear(e); /* the tab has been renamed since: its id still finds it */
        rc = find_grid(a, e) != BS_OK ? e->rc : snapshot_read(a->r, &a->snap, e);
    }
    if (rc != BS_OK) {
        return rc;
    }
    a->grid_rows = a->r->tab->rows;
    if (snapshot_last_row(a->snap) > a->grid_rows) {
        a->grid_rows = snapshot_last_row(a->snap);
    }
    a->grid_columns = a->r->tab->columns;
    return BS_OK;
}

enum bs_rc sheet_look_any(struct sheet_apply *a, struct bs_err *e)
{
    return take_any_snapshot(a, true, e);
}

/* One that shows what our last request left. */
static enum bs_rc take_snapshot(struct sheet_apply *a, bool again, struct bs_err *e)
{
    int64_t pause_ms = 0;

    if (a->unsure) {
        return sheet_look_sure(a, e);
    }
    while (take_any_snapshot(a, again, e) == BS_OK && sheet_is_stale(a)) {
        if (sheet_wait_fresh(a, &pause_ms, e) != BS_OK) {
            break;
        }
    }
    return e->rc;
}

static enum bs_rc place(struct sheet_apply *a, struct bs_err *e)
{
    a->append_at = snapshot_last_row(a->snap) < 1 ? 2 : snapshot_last_row(a->snap) + 1;
    return sheet_place_columns(a, e);
}

static enum bs_rc look(struct sheet_apply *a, bool again, struct bs_err *e)
{
    return take_snapshot(a, again, e) == BS_OK ? place(a, e) : e->rc;
}

enum bs_rc sheet_look_again(struct sheet_apply *a, struct bs_err *e)
{
    return sheet_look_sure(a, e) == BS_OK ? place(a, e) : e->rc;
}

/* ---- the answer of a write ---- */

static enum bs_rc on_after(void *ctx, size_t range, uint32_t row, uint32_t col0,
                           const struct cell *cells, size_t n, struct bs_err *e)
{
    struct sheet_apply *a = ctx;
    struct after_write *w = &a->after;
    char number[STR_DOUBLE_MAX];

    (void)e;
    if (range == SHEETS_RESTART) {
        memset(w->headers, 0, w->n_headers * sizeof *w->headers);
        memset(w->ids, 0, w->n_ids * sizeof *w->ids);
        return BS_OK;
    }
    if (range == 0) {
        for (size_t i = 0; row == 1 && i < n && col0 + i < w->n_headers; i++) {
            w->headers[col0 + i] =
                arena_strdup(w->arena, snapshot_head_of(a->snap, &cells[i], number));
        }
        return BS_OK;
    }
    if (n > 0 && cells[0].kind == CELL_TEXT && row < w->n_ids) {
        w->ids[row] = arena_strdup(w->arena, cells[0].text);
    }
    return BS_OK;
}

enum bs_rc sheet_send(struct sheet_apply *a, size_t *bad, struct bs_err *e)
{
    struct run *r = a->r;
    uint32_t rows = a->grid_rows + a->added_rows;
    uint32_t columns = a->grid_columns + a->added_columns;
    struct a1_range ranges[2] = {
        {0, columns - 1, 1, 1},
        {r->layout.id_column, r->layout.id_column, 1, rows},
    };

    arena_reset(a->after.arena);
    a->after.n_headers = columns;
    a->after.headers = arena_alloc_n(a->after.arena, columns, sizeof *a->after.headers);
    a->after.n_ids = rows + 1;
    a->after.ids = arena_alloc_n(a->after.arena, rows + 1, sizeof *a->after.ids);
    FAIL_POINT("sheet.write");
    enum bs_rc rc = sheets_batch_send(a->batch, r->tab->title, ranges, 2, on_after, a, bad, e);

    FAIL_POINT("sheet.written");
    sheet_note_answer(a, rc);
    if (rc == BS_OK) {
        r->wrote_sheet = true;
        a->grid_rows = rows;
        a->grid_columns = columns;
    }
    a->added_rows = a->added_columns = 0;
    return rc;
}

/* ---- building a request ---- */

static const struct cell *text_cell(struct run *r, const char *text)
{
    struct cell *c = arena_alloc(r->arena, sizeof *c);

    *c = cell_empty;
    c->kind = CELL_TEXT;
    c->text = text;
    return c;
}

static void take(struct sheet_apply *a, size_t op)
{
    a->chunk_part[a->n_chunk] = sheets_batch_count(a->batch);
    a->chunk[a->n_chunk++] = op;
}

/* Cells that a person has edited since the plan was made stay out; the next run looks at them. */
static size_t keep_fresh(struct sheet_apply *a, struct pending_op *p)
{
    struct run *r = a->r;
    struct op *op = p->op;
    size_t kept = 0;

    for (size_t i = 0; i < op->n_cells; i++) {
        struct op_cell *c = &op->cells[i];

        if (sheet_look(a, p->row, r->layout.column[c->field], c->old_cell, c->cell) ==
            LOOK_EDITED) {
            r->state.rows[op->row].raw = 0;
            run_issue(r, ISSUE_INFO, BS_K_REMOTE, run_op_record(r, op), p->row, c->field,
                      "the cell was edited while the run was on its way; it is looked at again in "
                      "the next run");
            continue;
        }
        op->cells[kept++] = *c;
    }
    op->n_cells = kept;
    return kept;
}

static void add_update(struct sheet_apply *a, size_t at)
{
    struct pending_op *p = &a->ops[at];

    for (size_t i = 0; i < p->op->n_cells; i++) {
        const struct op_cell *c = &p->op->cells[i];
        uint32_t column = a->r->layout.column[c->field];
        struct column_format format;

        sheets_batch_cells(a->batch, p->row, column, &c->cell, 1);
        if (sheet_setup_cell(a, c, &format)) {
            sheets_batch_column_format(a->batch, column, p->row, p->row, &format);
        }
        sheet_note_written(a, p->row, column, c->cell);
    }
    take(a, at);
}

static void add_id(struct sheet_apply *a, size_t at)
{
    struct pending_op *p = &a->ops[at];
    const struct cell *id = text_cell(a->r, run_op_record(a->r, p->op));

    sheets_batch_cells(a->batch, p->row, a->r->layout.id_column, &id, 1);
    sheet_note_written(a, p->row, a->r->layout.id_column, id);
    take(a, at);
}

/* The columns of a new row in sheet order: mapped cells, the id, and own columns of rows that are
 * made again. */
struct row_columns {
    uint32_t column;
    uint32_t field;     /* SYNC_NONE: the id cell, or an own column */
    const char *header; /* of an own column; else NULL */
};

static int by_column(const void *x, const void *y)
{
    const struct row_columns *a = x, *b = y;

    return (a->column > b->column) - (a->column < b->column);
}

static bool has_column(const struct row_columns *list, size_t n, uint32_t column)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i].column == column) {
            return true;
        }
    }
    return false;
}

static size_t own_columns(const struct sheet_apply *a, struct row_columns *out, size_t n)
{
    for (size_t i = 0; i < a->r->n_extras; i++) {
        uint32_t column = snapshot_header(a->snap, a->r->extras[i].header);

        if (column != SYNC_NONE && !has_column(out, n, column)) {
            out[n++] = (struct row_columns){column, SYNC_NONE, a->r->extras[i].header};
        }
    }
    return n;
}

static size_t row_columns(const struct sheet_apply *a, struct row_columns *out)
{
    const struct run *r = a->r;
    size_t n = 0;

    for (uint32_t i = 0; i < r->n_fields; i++) {
        if (r->fields[i].to_sheet && r->layout.column[i] != SYNC_NONE) {
            out[n++] = (struct row_columns){r->layout.column[i], i, NULL};
        }
    }
    out[n++] = (struct row_columns){r->layout.id_column, SYNC_NONE, NULL};
    n = own_columns(a, out, n);
    qsort(out, n, sizeof *out, by_column);
    return n;
}

static const struct cell *own_cell(const struct run *r, const struct op *op, const char *header)
{
    for (size_t i = 0; i < r->n_extras; i++) {
        if (str_eq(r->extras[i].header, header) &&
            str_eq(r->extras[i].record_id, run_op_record(r, op))) {
            return r->extras[i].cell;
        }
    }
    return &cell_empty;
}

static const struct cell *new_cell(struct run *r, const struct op *op,
                                   const struct row_columns *column)
{
    if (column->header != NULL) {
        return own_cell(r, op, column->header);
    }
    if (column->field == SYNC_NONE) {
        return text_cell(r, run_op_record(r, op));
    }
    for (size_t i = 0; i < op->n_cells; i++) {
        if (op->cells[i].field == column->field) {
            return op->cells[i].cell;
        }
    }
    return &cell_empty;
}

/* n new rows below each other, one request part per run of neighbouring columns. */
static void add_rows(struct sheet_apply *a, size_t first, size_t n)
{
    struct run *r = a->r;
    struct row_columns *cols = bs_alloc_n(r->n_fields + r->n_extras + 1, sizeof *cols);
    size_t n_cols = row_columns(a, cols);
    const struct cell **cells = bs_alloc_n(n * n_cols, sizeof *cells);
    uint32_t row = a->append_at;

    for (size_t c0 = 0, c1; c0 < n_cols; c0 = c1) {
        for (c1 = c0 + 1; c1 < n_cols && cols[c1].column == cols[c1 - 1].column + 1; c1++) {
        }
        for (size_t i = 0; i < n; i++) {
            for (size_t c = c0; c < c1; c++) {
                const struct cell *cell = new_cell(r, a->ops[first + i].op, &cols[c]);

                cells[i * (c1 - c0) + (c - c0)] = cell;
                sheet_note_written(a, row + (uint32_t)i, cols[c].column, cell);
            }
        }
        sheets_batch_block(a->batch, row, cols[c0].column, cells, n, c1 - c0);
    }
    for (size_t c = 0; c < n_cols; c++) { /* own columns: not even one need look like the next */
        for (size_t i = 0; cols[c].header != NULL && i < n; i++) {
            const struct cell *cell = own_cell(r, a->ops[first + i].op, cols[c].header);
            struct column_format format = {cell->format, cell->pattern};

            if (format.type != FORMAT_AUTO) {
                sheets_batch_column_format(a->batch, cols[c].column, row + (uint32_t)i,
                                           row + (uint32_t)i, &format);
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        a->ops[first + i].row = row + (uint32_t)i;
        take(a, first + i);
    }
    a->append_at += (uint32_t)n;
    free(cells);
    free(cols);
}

static size_t count_creates(struct sheet_apply *a)
{
    size_t n = 0;

    for (size_t i = 0; i < a->n_ops; i++) {
        n += !a->ops[i].done && a->ops[i].op->kind == OP_ROW_CREATE &&
             snapshot_find(a->snap, a->r->layout.id_column, run_op_record(a->r, a->ops[i].op)) == 0;
    }
    return n;
}

static enum bs_rc grow_grid(struct sheet_apply *a, struct bs_err *e)
{
    struct run *r = a->r;
    uint32_t columns = 0;
    uint64_t rows = (uint64_t)a->append_at - 1 + count_creates(a);
    uint64_t cells = 0;

    for (size_t i = 0; i < r->n_fields; i++) {
        if (r->layout.column[i] != SYNC_NONE && r->layout.column[i] + 1 > columns) {
            columns = r->layout.column[i] + 1;
        }
    }
    columns = r->layout.id_column + 1 > columns ? r->layout.id_column + 1 : columns;
    a->added_columns = columns > a->grid_columns ? columns - a->grid_columns : 0;
    a->added_rows = rows > a->grid_rows ? (uint32_t)(rows - a->grid_rows) : 0;
    for (size_t i = 0; i < r->meta->n_tabs; i++) {
        const struct sheet_tab *t = &r->meta->tabs[i];

        cells += t->id == r->tab->id ? (uint64_t)(a->grid_rows + a->added_rows) *
                                           (a->grid_columns + a->added_columns)
                                     : (uint64_t)t->rows * t->columns;
    }
    if (cells > SHEETS_CELLS_MAX) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_QUOTA,
                       "the spreadsheet would have %llu cells; Google allows %d: delete unused "
                       "rows, columns or tabs",
                       (unsigned long long)cells, SHEETS_CELLS_MAX);
    }
    if (a->added_columns > 0) {
        sheets_batch_add_columns(a->batch, a->added_columns);
    }
    if (a->added_rows > 0) {
        sheets_batch_add_rows(a->batch, a->added_rows);
    }
    return BS_OK;
}

static void drop_op(struct sheet_apply *a, struct pending_op *p, const char *why)
{
    p->done = true;
    run_issue(a->r, ISSUE_INFO, BS_K_REMOTE, run_op_record(a->r, p->op), run_op_row(a->r, p->op),
              SYNC_NONE, "%s", why);
}

/* A record whose id is in the sheet already: an earlier, unanswered request made its row. */
static bool create_has_landed(struct sheet_apply *a, struct pending_op *p)
{
    p->row = snapshot_find(a->snap, a->r->layout.id_column, run_op_record(a->r, p->op));
    return p->row != 0;
}

/* Adds the op at index i (and the new rows that follow it); returns the next index. */
static size_t add_op(struct sheet_apply *a, size_t i, size_t *landed)
{
    struct pending_op *p = &a->ops[i];

    if (p->op->kind == OP_ROW_CREATE) {
        size_t n = 0;

        if (create_has_landed(a, p)) {
            a->chunk_part[a->n_chunk] = SIZE_MAX;
            a->chunk[a->n_chunk++] = i;
            (*landed)++;
            return i + 1;
        }
        while (n < a->block_rows && i + n < a->n_ops && !a->ops[i + n].done &&
               a->ops[i + n].op->kind == OP_ROW_CREATE &&
               (n == 0 || !create_has_landed(a, &a->ops[i + n]))) {
            n++;
        }
        add_rows(a, i, n);
        return i + n;
    }
    p->row = sheet_place_row(a, p->op);
    if (p->row == 0) {
        drop_op(a, p, "the row left the sheet, or was edited, while the run was on its way");
    } else if (p->op->kind == OP_ROW_SET_ID) {
        add_id(a, i);
    } else if (keep_fresh(a, p) > 0) {
        add_update(a, i);
    } else {
        p->done = true;
    }
    return i + 1;
}

static size_t build_chunk(struct sheet_apply *a, size_t *landed)
{
    size_t i = 0;

    *landed = 0;
    while (i < a->n_ops && sheets_batch_bytes(a->batch) < SHEET_CHUNK_SOFT_MAX) {
        if (a->ops[i].done || a->ops[i].op->kind == OP_ROW_DELETE) {
            i++;
            continue;
        }
        i = add_op(a, i, landed);
    }
    return a->n_chunk;
}

/* ---- refusals ---- */

/* Google refused a part of the request; nothing was written. The part's op goes out. */
static enum bs_rc refused(struct sheet_apply *a, size_t bad, struct bs_err *e)
{
    struct run *r = a->r;
    struct bs_err why = *e;
    size_t i = 0;

    bs_err_clear(e);
    if (bad < a->setup_parts) {
        static const char *const without[] = {"a drop-down or check box", "a number format"};

        if (a->setup_refusals >= 2) {
            *e = why;
            return e->rc = BS_STOP_SYNC;
        }
        run_issue(r, ISSUE_WARNING, BS_K_REMOTE, NULL, 0, SYNC_NONE,
                  "Google refused %s, values are written without: %s", without[a->setup_refusals],
                  why.msg);
        a->setup_refusals++;
        return BS_OK;
    }
    while (i < a->n_chunk && (a->chunk_part[i] == SIZE_MAX || a->chunk_part[i] <= bad)) {
        i++;
    }
    if (bad == SIZE_MAX || i == a->n_chunk) {
        *e = why;
        return e->rc = BS_STOP_SYNC;
    }
    struct pending_op *p = &a->ops[a->chunk[i]];

    if (p->op->kind == OP_ROW_CREATE && a->block_rows > 1) {
        a->block_rows = 1; /* one row of a block is refused: send them one by one */
        return BS_OK;
    }
    if (++a->n_refused > SHEET_REFUSALS_MAX) {
        *e = why; /* what refuses so many refuses all: each would cost two more requests */
        return e->rc = BS_STOP_SYNC;
    }
    p->done = true;
    r->counts.failed++;
    run_issue(r, ISSUE_ERROR, why.kind, run_op_record(r, p->op), p->row, SYNC_NONE, "%s", why.msg);
    if (store_begin(r->env->store, e) != BS_OK) {
        return e->rc;
    }
    if (sheet_set_outcome(r, p, "failed", e) != BS_OK) {
        store_rollback(r->env->store);
        return e->rc;
    }
    return store_commit(r->env->store, e);
}

/* ---- the loop ---- */

static bool work_left(const struct sheet_apply *a)
{
    for (size_t i = 0; i < a->n_ops; i++) {
        if (!a->ops[i].done && a->ops[i].op->kind != OP_ROW_DELETE) {
            return true;
        }
    }
    return !a->setup_done && a->any_setup;
}

static void start_chunk(struct sheet_apply *a)
{
    a->n_chunk = a->n_written = a->setup_parts = 0;
    a->added_rows = a->added_columns = 0;
    a->append_at = a->append_at < 2 ? 2 : a->append_at;
}

/* One request. *again: things are not as they were at the look. */
static enum bs_rc write_once(struct sheet_apply *a, bool *again, struct bs_err *e)
{
    size_t bad = SIZE_MAX, landed = 0;
    bool moved = false;

    *again = false;
    start_chunk(a);
    if (grow_grid(a, e) != BS_OK) {
        return e->rc;
    }
    if (a->added_rows > 0) {
        sheet_setup_grown(a, a->grid_rows + 1);
    }
    if (!a->setup_done && a->any_setup) {
        sheet_setup_add(a);
    }
    a->setup_parts = sheets_batch_count(a->batch);
    build_chunk(a, &landed);
    if (sheet_log_chunk(a, e) != BS_OK) {
        return e->rc;
    }
    if (sheets_batch_count(a->batch) == 0) {
        return sheet_confirm_chunk(a, e);
    }
    switch (sheet_send(a, &bad, e)) {
    case BS_OK: break;
    case BS_SKIP: *again = true; return refused(a, bad, e);
    case BS_UNSURE:
        *again = true;
        bs_err_clear(e);
        return BS_OK;
    default: return e->rc;
    }
    sheet_verify(a, &moved);
    if (moved) {
        *again = true;
        return sheet_put_back(a, e);
    }
    return sheet_confirm_chunk(a, e);
}

static enum bs_rc write_all(struct sheet_apply *a, struct bs_err *e)
{
    int looks = 1;

    /* A tab that was only remembered is looked for by its id first. */
    if (look(a, a->r->feed.tab_assumed, e) != BS_OK) {
        return e->rc;
    }
    while (work_left(a)) {
        bool again = false;

        if (os_stop_requested()) {
            return bs_fail(e, BS_STOP_SYNC, BS_K_STATE,
                           "stopped by a signal; the next run goes on");
        }
        if (write_once(a, &again, e) != BS_OK) {
            return e->rc;
        }
        if (again && ++looks > SHEET_TRIES + (int)a->n_ops) {
            break;
        }
        if (again && looks > SHEET_TRIES && a->block_rows != 1) {
            return bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE,
                           "tab \"%s\" kept moving under %d writes; the next run goes on",
                           a->r->tab->title, looks);
        }
        if (again && look(a, true, e) != BS_OK) {
            return e->rc;
        }
    }
    return BS_OK;
}

static size_t gather(struct sheet_apply *a, struct plan *plan)
{
    size_t n = 0, deletes = 0;

    a->ops = arena_alloc_n(a->r->arena, plan->n_ops + 1, sizeof *a->ops);
    a->chunk = arena_alloc_n(a->r->arena, plan->n_ops + 1, sizeof *a->chunk);
    a->chunk_part = arena_alloc_n(a->r->arena, plan->n_ops + 1, sizeof *a->chunk_part);
    for (size_t i = 0; i < plan->n_ops; i++) {
        enum op_kind k = plan->ops[i].kind;

        if (k == OP_ROW_UPDATE || k == OP_ROW_CREATE || k == OP_ROW_SET_ID || k == OP_ROW_DELETE) {
            a->ops[n++].op = &plan->ops[i];
            deletes += k == OP_ROW_DELETE;
        }
    }
    a->n_ops = n;
    return deletes;
}

enum bs_rc run_apply_sheet(struct run *r, struct plan *plan, struct bs_err *e)
{
    struct sheet_apply a = {.r = r, .block_rows = (size_t)r->cs->batch_rows};
    size_t deletes = gather(&a, plan);

    if (sheet_setup_plan(&a, e) != BS_OK) {
        return e->rc;
    }
    if (a.n_ops == 0 && !a.any_setup) {
        return BS_OK;
    }
    a.batch = sheets_batch_new(r->sh, r->tab);
    a.after.arena = arena_new();
    if (write_all(&a, e) == BS_OK && deletes > 0) {
        bs_seen(sheet_delete_rows(&a, e));
    }
    sheets_batch_free(a.batch);
    arena_free(a.after.arena);
    snapshot_free(a.snap);
    free(a.written);
    free(a.confirmed);
    return e->rc;
}
