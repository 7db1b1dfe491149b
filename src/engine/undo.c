/*
 * undo.c: puts back what a run has changed, as a run of its own with its own history: whatever an
 * ordinary write does for safety, the look before it, the comparison after it, the history first,
 * holds here too. Only what still is as the run left it is touched.
 */
#include "base/fail.h"
#include "base/str.h"
#include "engine/undo_p.h"

static void count_ops(struct plan *plan)
{
    for (size_t i = 0; i < plan->n_ops; i++) {
        struct plan_counts *c = &plan->counts;

        switch (plan->ops[i].kind) {
        case OP_RECORD_CREATE: c->records_added++; break;
        case OP_RECORD_UPDATE: c->records_updated++; break;
        case OP_RECORD_DELETE: c->records_deleted++; break;
        case OP_ROW_CREATE: c->rows_added++; break;
        case OP_ROW_UPDATE: c->rows_updated++; break;
        case OP_ROW_DELETE: c->rows_deleted++; break;
        case OP_SETTLE:
        case OP_FORGET:
        case OP_ROW_SET_ID: break;
        }
    }
}

/* Records are made again by undo_again.c, which knows their other fields too. */
static void drop_shown_creates(struct plan *plan)
{
    size_t kept = 0;

    for (size_t i = 0; i < plan->n_ops; i++) {
        if (plan->ops[i].kind != OP_RECORD_CREATE) {
            plan->ops[kept++] = plan->ops[i];
        }
    }
    plan->n_ops = kept;
}

static enum bs_rc make_plan(struct undo *u, struct bs_err *e)
{
    undo_gather(u);
    if (undo_plan_cells(u, e) != BS_OK || undo_plan_whole(u, e) != BS_OK) {
        return e->rc;
    }
    count_ops(u->plan);
    return BS_OK;
}

/* ---- what came of it ---- */

static bool has_happened(const struct undo *u, const struct undo_target *t)
{
    const struct run *r = u->r;
    uint32_t pair = strmap_get(r->pair_by_id, t->record_id);
    uint32_t record = strmap_get(r->record_by_id, t->record_id);
    uint32_t row = strmap_get(r->row_by_id, t->record_id);

    if (t->done || !t->taken) {
        return t->done;
    }
    switch (t->kind) {
    case UNDO_CELL:
        return pair != STRMAP_NONE && r->state.pairs[pair].bases[t->field] == t->base_after;
    case UNDO_CREATED:
        return t->sheet
                   ? row != STRMAP_NONE && r->state.rows[row].gone
                   : record != STRMAP_NONE && r->state.records[record].presence == PRESENCE_GONE;
    case UNDO_DELETED: return t->sheet && pair != STRMAP_NONE && r->state.pairs[pair].row_hint != 0;
    }
    return false;
}

static enum bs_rc mark(struct undo *u, const struct undo_target *t, struct bs_err *e)
{
    for (size_t i = t->newest; i != SIZE_MAX; i = u->older[i]) {
        if (runlog_mark_undone(u->r->env->store, u->changes[i].id, e) != BS_OK) {
            return e->rc;
        }
    }
    return BS_OK;
}

/* Cells of a row or record that the run made have gone with it. */
static bool is_settled(const struct undo *u, const struct undo_target *t)
{
    return has_happened(u, t->absorbed ? undo_find(u, t->sheet, t->record_id, NULL) : t);
}

static enum bs_rc mark_all(struct undo *u, struct bs_err *e)
{
    if (store_begin(u->r->env->store, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < u->n; i++) {
        if (is_settled(u, &u->targets[i]) && mark(u, &u->targets[i], e) != BS_OK) {
            store_rollback(u->r->env->store);
            return e->rc;
        }
    }
    return store_commit(u->r->env->store, e);
}

static enum bs_rc apply(struct undo *u, struct bs_err *e)
{
    struct run *r = u->r;
    enum bs_rc rc;

    FAIL_POINT("undo.planned");
    drop_shown_creates(u->plan);
    rc = run_settle(r, u->plan, e);
    if (rc == BS_OK) {
        rc = run_apply_airtable(r, u->plan, e);
    }
    if (rc == BS_OK) {
        rc = undo_make_again(u, e);
    }
    if (rc == BS_OK) {
        rc = run_apply_sheet(r, u->plan, e);
    }
    struct bs_err later = BS_ERR_INIT; /* what did happen is marked even when something failed */

    if (mark_all(u, &later) != BS_OK && rc == BS_OK) {
        *e = later;
        rc = later.rc;
    }
    return rc;
}

enum bs_rc run_undo(struct run *r, struct bs_err *e)
{
    struct undo u = {.r = r, .by_key = strmap_new(64)};
    struct change_row *changes = NULL;

    u.plan = arena_alloc(r->arena, sizeof *u.plan);
    if (runlog_changes(r->env->store, r->opt->undo_log, r->arena, &changes, &u.n_changes, e) ==
        BS_OK) {
        u.changes = changes;
        bs_seen(make_plan(&u, e));
    }
    if (e->rc == BS_OK) {
        run_show_plan(r, u.plan);
        bs_seen(r->opt->dry_run ? BS_OK : apply(&u, e));
    }
    strmap_free(u.by_key);
    return e->rc;
}
