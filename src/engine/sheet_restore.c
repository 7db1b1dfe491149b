/*
 * sheet_restore.c: a write met rows or columns that had moved: what it overwrote is put back. The
 * places to mend are found in a look that surely is newer than the write (sheet_trace.c) and kept
 * by record id and header, as they may move again; each is mended only while it still holds what we
 * wrote. Putting back is a write itself: it is compared after, and what it overwrites in its turn
 * is put back, too.
 */
#include "engine/apply_sheet_p.h"

#include "base/str.h"

#include <stdlib.h>
#include <string.h>

struct restore {
    const char *id, *header; /* of row and column where it was found, "" when they have none */
    uint32_t row, column;    /* where it was found */
    const struct cell *ours; /* what lies there and does not belong there */
    const struct cell *old;  /* what does */
    size_t group;            /* those of one group are in one row */
    bool pending;            /* in the request at hand */
    bool logged, done;
};

struct restores {
    struct sheet_apply *a;
    struct restore *list;
    size_t n, cap;
    size_t groups;          /* how many there are before the request that is traced */
    struct sheet_sent sent; /* the request whose cells are still to be found; before NULL: none */
};

/* ---- what is to be mended ---- */

static uint32_t id_column_now(const struct restores *rs)
{
    return snapshot_header(rs->a->snap, rs->a->r->cs->id_column);
}

static const char *id_at(const struct restores *rs, uint32_t row)
{
    uint32_t column = id_column_now(rs);

    return row == 1 || column == SYNC_NONE ? "" : snapshot_text(rs->a->snap, row, column);
}

static void add_restore(void *ctx, const struct traced *t)
{
    struct restores *rs = ctx;
    struct arena *arena = rs->a->r->arena;

    rs->list = bs_grow(rs->list, rs->n, &rs->cap, sizeof *rs->list);
    rs->list[rs->n++] = (struct restore){
        .id = arena_strdup(arena, id_at(rs, t->row)),
        .header = arena_strdup(arena, t->row == 1 ? "" : snapshot_head(rs->a->snap, t->column)),
        .row = t->row,
        .column = t->column,
        .ours = t->ours,
        .old = t->old,
        .group = rs->groups + t->group,
    };
}

/* *again: the look does not show the request at all. */
static enum bs_rc collect(struct restores *rs, bool *again, struct bs_err *e)
{
    bool shown = true;

    *again = false;
    if (sheet_trace(rs->a, &rs->sent, &shown, add_restore, rs, e) != BS_OK) {
        return e->rc;
    }
    /* Who has set no time for reads to lag says that they do not: then people have undone it. */
    if (!shown && rs->a->r->env->conf->settle_s > 0) {
        *again = true;
        return BS_OK;
    }
    rs->groups += rs->sent.n;
    sheet_sent_free(&rs->sent);
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

static uint32_t column_at(const struct restores *rs, const struct restore *x)
{
    struct snapshot *s = rs->a->snap;

    return x->header[0] == '\0' || str_eq(snapshot_head(s, x->column), x->header)
               ? x->column
               : snapshot_header(s, x->header);
}

static bool holds(const struct restores *rs, const struct restore *x, uint32_t row)
{
    uint32_t column = column_at(rs, x);

    if (column == SYNC_NONE) {
        return false;
    }
    struct cell now = snapshot_cell(rs->a->snap, row, column);

    return sheet_same_cell(x->ours, &now);
}

/* A row without an id is known by all that lies there and does not belong there. */
static bool holds_group(const struct restores *rs, size_t group, uint32_t row)
{
    bool any = false;

    for (size_t i = 0; i < rs->n; i++) {
        const struct restore *x = &rs->list[i];

        if (x->group != group || x->done) {
            continue;
        }
        if (!holds(rs, x, row)) {
            return false;
        }
        any = any || x->ours->kind != CELL_EMPTY;
    }
    return any && id_at(rs, row)[0] == '\0';
}

/* Row of a restore now; 0: it is gone. */
static uint32_t find_row(const struct restores *rs, const struct restore *x, struct bs_err *e)
{
    struct snapshot *s = rs->a->snap;
    uint32_t found = 0;

    if (x->row == 1) {
        return 1;
    }
    if (x->id[0] != '\0') {
        uint32_t column = id_column_now(rs);

        return column == SYNC_NONE || str_eq(id_at(rs, x->row), x->id)
                   ? x->row
                   : snapshot_find(s, column, x->id);
    }
    if (holds_group(rs, x->group, x->row)) {
        return x->row;
    }
    for (uint32_t row = 2; row <= snapshot_last_row(s); row++) {
        if (holds_group(rs, x->group, row)) {
            if (found != 0) {
                (void)bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE,
                              "rows of tab \"%s\" kept moving while overwritten cells were put "
                              "back, and several rows look like one of them; their values are in "
                              "the history of this run",
                              rs->a->r->tab->title);
                return 0;
            }
            found = row;
        }
    }
    return found;
}

static enum bs_rc add_one(struct restores *rs, struct restore *x, struct bs_err *e)
{
    struct sheet_apply *a = rs->a;
    uint32_t row = find_row(rs, x, e);

    if (e->rc != BS_OK) {
        return e->rc;
    }
    if (row == 0 || !holds(rs, x, row)) {
        x->done = true; /* gone, or something else since */
        return BS_OK;
    }
    if (!x->logged && log_restore(a, x, row, e) != BS_OK) {
        return e->rc;
    }
    x->logged = x->pending = true;
    sheets_batch_cells(a->batch, row, column_at(rs, x), &x->old, 1);
    sheet_note_written(a, row, column_at(rs, x), x->old);
    return BS_OK;
}

static enum bs_rc add_restores(struct restores *rs, struct bs_err *e)
{
    struct store *store = rs->a->r->env->store;

    if (store_begin(store, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < rs->n; i++) {
        if (!rs->list[i].done && add_one(rs, &rs->list[i], e) != BS_OK) {
            store_rollback(store);
            return e->rc;
        }
    }
    return store_commit(store, e);
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

/* After a sure look. */
static enum bs_rc restore_once(struct restores *rs, struct bs_err *e)
{
    struct sheet_apply *a = rs->a;
    size_t bad = 0;

    a->n_written = 0;
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
    bool moved = headers_moved(a) || rows_moved(a, a->r->layout.id_column);

    end_pending(rs, !moved);
    if (moved) {
        sheet_sent_take(a, &rs->sent);
    }
    return BS_OK;
}

static bool all_done(const struct restores *rs)
{
    for (size_t i = 0; i < rs->n; i++) {
        if (!rs->list[i].done) {
            return false;
        }
    }
    return rs->sent.before == NULL;
}

static enum bs_rc not_shown(const struct restores *rs, struct bs_err *e)
{
    return bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE,
                   "rows or columns of tab \"%s\" moved during a write, and no read shows yet what "
                   "became of it, so that nothing could be put back: look at the cells that the "
                   "history of this run names; the next run goes on",
                   rs->a->r->tab->title);
}

static enum bs_rc put_all_back(struct restores *rs, struct bs_err *e)
{
    struct sheet_wait wait;
    int tries = 0;

    sheet_wait_start(rs->a, &wait);
    while (!all_done(rs)) {
        bool again = false;

        if (sheet_look_sure(rs->a, e) != BS_OK ||
            (rs->sent.before != NULL && collect(rs, &again, e) != BS_OK)) {
            return e->rc;
        }
        if (again && !sheet_wait_more(&wait, e)) {
            return e->rc != BS_OK ? e->rc : not_shown(rs, e);
        }
        if (again) {
            continue;
        }
        if (tries++ == SHEET_TRIES) {
            return bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE,
                           "tab \"%s\" kept moving while overwritten cells were put back; their "
                           "values are in the history of this run",
                           rs->a->r->tab->title);
        }
        if (restore_once(rs, e) != BS_OK) {
            return e->rc;
        }
        sheet_wait_start(rs->a, &wait);
    }
    return BS_OK;
}

enum bs_rc sheet_put_back(struct sheet_apply *a, struct bs_err *e)
{
    struct restores rs = {.a = a};

    sheet_sent_take(a, &rs.sent);
    a->mending = true;
    bs_seen(put_all_back(&rs, e));
    a->mending = false;
    if (e->rc == BS_OK) {
        run_issue(
            a->r, ISSUE_INFO, BS_K_REMOTE, NULL, 0, SYNC_NONE,
            "rows or columns of tab \"%s\" moved during a write; what was overwritten was put "
            "back and the write is made again",
            a->r->tab->title);
    }
    sheet_sent_free(&rs.sent);
    free(rs.list);
    return e->rc;
}
