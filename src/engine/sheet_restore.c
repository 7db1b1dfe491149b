/*
 * sheet_restore.c: a write met rows or columns that had moved: what it overwrote is put back. The
 * places to mend are kept by record id and header, as they may move again; each is mended only
 * while it still holds what we wrote. Putting back is a write itself: it is looked before and
 * compared after, and what it overwrites in its turn is put back, too.
 */
#include "engine/apply_sheet_p.h"

#include "base/str.h"

#include <stdlib.h>
#include <string.h>

struct restore {
    const char *id, *header; /* of row and column as the write left them, "" when they have none */
    uint32_t row, column;    /* where they were at the write */
    const struct cell *ours; /* what lies there and does not belong there */
    const struct cell *old;  /* what does */
    bool pending;            /* in the request at hand */
    bool logged, done;
};

struct restores {
    struct sheet_apply *a;
    uint32_t id_column; /* where the ids of the answer stand */
    struct restore *list;
    size_t n, cap;
};

/* ---- what is to be mended ---- */

static void add_restore(void *ctx, const struct written *w, const struct cell *old)
{
    struct restores *rs = ctx;
    struct arena *arena = rs->a->r->arena;

    rs->list = bs_grow(rs->list, rs->n, &rs->cap, sizeof *rs->list);
    rs->list[rs->n++] = (struct restore){
        .id = w->row == 1 ? "" : arena_strdup(arena, sheet_after_id(rs->a, w->row)),
        .header = arena_strdup(arena, w->row == 1 ? "" : sheet_after_header(rs->a, w->column)),
        .row = w->row,
        .column = w->column,
        .ours = w->cell,
        .old = old,
    };
}

/* The answer shows the column where the ids were. When columns have moved the ids are read where
 * they are now; when they are nowhere, rows are taken to be where they were. */
static enum bs_rc read_after(struct restores *rs, struct bs_err *e)
{
    struct sheet_apply *a = rs->a;
    struct after_write *w = &a->after;
    struct snapshot *before = a->snap;
    size_t n_confirmed = a->n_confirmed;

    a->snap = NULL; /* the look before the write is still needed */
    bs_seen(sheet_look_plain(a, e));
    struct snapshot *now = a->snap;

    a->snap = before;
    a->n_confirmed = n_confirmed;
    if (e->rc != BS_OK) {
        snapshot_free(now);
        return e->rc;
    }
    const struct snapshot *ids = now;
    uint32_t column = rs->id_column = snapshot_header(now, a->r->cs->id_column);

    a->answered = column != SYNC_NONE;
    a->answer_ids = column;

    if (column == SYNC_NONE) {
        ids = a->snap;
        column = snapshot_header(a->snap, a->r->cs->id_column);
    }
    w->n_headers = snapshot_width(now) > w->n_headers ? snapshot_width(now) : w->n_headers;
    w->headers = arena_alloc_n(w->arena, w->n_headers, sizeof *w->headers);
    for (uint32_t c = 0; c < w->n_headers; c++) {
        w->headers[c] = arena_strdup(w->arena, snapshot_head(now, c));
    }
    w->n_ids = snapshot_last_row(now) >= w->n_ids ? snapshot_last_row(now) + 1 : w->n_ids;
    w->ids = arena_alloc_n(w->arena, w->n_ids, sizeof *w->ids);
    for (uint32_t row = 2; row < w->n_ids; row++) {
        w->ids[row] = arena_strdup(w->arena, snapshot_text(ids, row, column));
    }
    snapshot_free(now);
    return BS_OK;
}

static enum bs_rc collect(struct restores *rs, bool columns_moved, struct bs_err *e)
{
    rs->id_column = rs->a->r->layout.id_column;
    if (columns_moved && read_after(rs, e) != BS_OK) {
        return e->rc;
    }
    sheet_misplaced(rs->a, rs->id_column, columns_moved, add_restore, rs);
    return BS_OK;
}

/* ---- mending ---- */

static enum bs_rc log_restore(struct sheet_apply *a, const struct restore *x, uint32_t row,
                              struct bs_err *e)
{
    struct buf old_text, new_text, old_raw, new_raw;
    int64_t id = 0;

    buf_init(&old_text, BUF_NO_LIMIT);
    buf_init(&new_text, BUF_NO_LIMIT);
    buf_init(&old_raw, BUF_NO_LIMIT);
    buf_init(&new_raw, BUF_NO_LIMIT);
    cell_print(x->ours, &old_text);
    cell_encode(x->ours, &old_raw);
    cell_print(x->old, &new_text);
    cell_encode(x->old, &new_raw);
    struct change c = {
        .side = "SHEETS",
        .action = "update",
        .row = row,
        .old_text = old_text.data,
        .new_text = new_text.data,
        .old_raw = old_raw.data,
        .new_raw = new_raw.data,
        .why = merge_why_text(WHY_RESTORE),
    };
    if (runlog_change(a->r->env->store, a->r->run_id, &c, &id, e) == BS_OK) {
        bs_seen(runlog_outcome(a->r->env->store, id, "done", NULL, e));
    }
    buf_release(&old_text);
    buf_release(&new_text);
    buf_release(&old_raw);
    buf_release(&new_raw);
    return e->rc;
}

/* Where the place is now; false when it is gone, or holds something else since. */
static bool find_place(const struct restores *rs, const struct restore *x, uint32_t *row,
                       uint32_t *column)
{
    struct snapshot *s = rs->a->snap;

    *row = x->row;
    if (x->id[0] != '\0' && rs->id_column != SYNC_NONE &&
        !str_eq(snapshot_text(s, x->row, rs->id_column), x->id)) {
        *row = snapshot_find(s, rs->id_column, x->id);
    }
    *column = x->column;
    if (x->header[0] != '\0' && !str_eq(snapshot_head(s, x->column), x->header)) {
        *column = snapshot_header(s, x->header);
    }
    if (*row == 0 || *column == SYNC_NONE) {
        return false;
    }
    struct cell now = snapshot_cell(s, *row, *column);

    return sheet_same_cell(x->ours, &now);
}

static enum bs_rc add_restores(struct restores *rs, struct bs_err *e)
{
    struct sheet_apply *a = rs->a;

    if (store_begin(a->r->env->store, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < rs->n; i++) {
        struct restore *x = &rs->list[i];
        uint32_t row, column;

        x->done = x->done || !find_place(rs, x, &row, &column);
        if (x->done) {
            continue;
        }
        if (!x->logged && log_restore(a, x, row, e) != BS_OK) {
            store_rollback(a->r->env->store);
            return e->rc;
        }
        x->logged = x->pending = true;
        sheets_batch_cells(a->batch, row, column, &x->old, 1);
        sheet_note_written(a, row, column, x->old);
    }
    return store_commit(a->r->env->store, e);
}

static bool was_written(const struct sheet_apply *a, uint32_t row, uint32_t column)
{
    for (size_t i = 0; i < a->n_written; i++) {
        if (a->written[i].row == row && a->written[i].column == column) {
            return true;
        }
    }
    return false;
}

static bool headers_moved(const struct sheet_apply *a)
{
    for (uint32_t c = 0; c < a->after.n_headers; c++) {
        if (!str_eq(sheet_after_header(a, c), snapshot_head(a->snap, c)) && !was_written(a, 1, c)) {
            return true;
        }
    }
    return false;
}

static bool rows_moved(const struct sheet_apply *a, uint32_t id_column)
{
    for (uint32_t row = 2; row < a->after.n_ids; row++) {
        if (!str_eq(sheet_after_id(a, row), snapshot_text(a->snap, row, id_column)) &&
            !was_written(a, row, id_column)) {
            return true;
        }
    }
    return false;
}

static void end_pending(struct restores *rs, bool done)
{
    for (size_t i = 0; i < rs->n; i++) {
        rs->list[i].done = rs->list[i].done || (rs->list[i].pending && done);
        rs->list[i].pending = false;
    }
}

static enum bs_rc restore_once(struct restores *rs, struct bs_err *e)
{
    struct sheet_apply *a = rs->a;
    size_t bad = 0;

    if (sheet_look_plain(a, e) != BS_OK) {
        return e->rc;
    }
    a->n_written = 0;
    rs->id_column = snapshot_header(a->snap, a->r->cs->id_column);
    if (rs->id_column != SYNC_NONE) {
        a->r->layout.id_column = rs->id_column; /* the answer is to show it */
    }
    if (add_restores(rs, e) != BS_OK || sheets_batch_count(a->batch) == 0) {
        return e->rc;
    }
    enum bs_rc rc = sheet_send(a, &bad, e);

    if (rc == BS_UNSURE) {
        bs_err_clear(e); /* the next look tells */
        end_pending(rs, false);
        return BS_OK;
    }
    if (rc != BS_OK) {
        return e->rc = rc == BS_SKIP ? BS_STOP_SYNC : rc;
    }
    bool columns = headers_moved(a);
    bool moved = columns || rows_moved(a, a->r->layout.id_column);

    end_pending(rs, !moved);
    return moved ? collect(rs, columns, e) : BS_OK;
}

static bool all_done(const struct restores *rs)
{
    for (size_t i = 0; i < rs->n; i++) {
        if (!rs->list[i].done) {
            return false;
        }
    }
    return true;
}

enum bs_rc sheet_put_back(struct sheet_apply *a, struct bs_err *e)
{
    struct restores rs = {.a = a};
    enum bs_rc rc = collect(&rs, sheet_header_moved(a), e);

    run_issue(a->r, ISSUE_INFO, BS_K_REMOTE, NULL, 0, SYNC_NONE,
              "rows or columns of tab \"%s\" moved during a write; what was overwritten was put "
              "back and the write is made again",
              a->r->tab->title);
    for (int tries = 0; rc == BS_OK && !all_done(&rs); tries++) {
        if (tries == SHEET_TRIES) {
            rc = bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE,
                         "tab \"%s\" kept moving while overwritten cells were put back; their "
                         "values are in the history of this run",
                         a->r->tab->title);
            break;
        }
        rc = restore_once(&rs, e);
    }
    free(rs.list);
    return rc;
}
