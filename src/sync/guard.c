/* guard.c: see guard.h. Each guard is a question to the whole plan; the first that trips speaks. */
#include "sync/guard.h"

#include "sync/state.h"

#include <string.h>

/* One side as a target of deletions and of its other side's changes. */
struct target {
    const char *here, *there; /* "Google Sheets", "Airtable" */
    const char *things;       /* what would be deleted: "rows" */
    const char *rule;         /* the key that lets deletions happen */
    bool deletes_on;
    size_t deleted, changed;           /* by the plan */
    size_t filled;                     /* before a first run */
    size_t source_seen;                /* rows or records of the other side */
    size_t source_pairs, source_cells; /* changed on the other side */
};

static void look(const struct sync_state *state, const struct plan *plan, struct target t[2])
{
    const struct plan_counts *c = &plan->counts;

    t[0] = (struct target){
        .here = "Google Sheets",
        .there = "Airtable",
        .things = "rows",
        .rule = "delete_extra_rows",
        .deletes_on = state->rules->delete_extra_rows && sync_to_sheet(state),
        .deleted = c->rows_deleted,
        .changed = c->rows_added + c->rows_updated + c->rows_deleted,
        .filled = plan->targets_filled_rows,
        .source_seen = plan->records_seen,
        .source_pairs = plan->pairs_changed_airtable,
        .source_cells = plan->cells_changed_airtable,
    };
    t[1] = (struct target){
        .here = "Airtable",
        .there = "Google Sheets",
        .things = "records",
        .rule = "delete_extra_records",
        .deletes_on = state->rules->delete_extra_records && sync_to_airtable(state),
        .deleted = c->records_deleted,
        .changed = c->records_added + c->records_updated + c->records_deleted,
        .filled = plan->targets_filled_records,
        .source_seen = plan->rows_seen,
        .source_pairs = plan->pairs_changed_sheet,
        .source_cells = plan->cells_changed_sheet,
    };
}

static enum bs_rc check_emptied(const struct target *t, const struct plan *plan, struct bs_err *e)
{
    if (plan->paired == 0 || t->source_seen > 0 || t->deleted == 0) {
        return BS_OK;
    }
    return bs_fail(e, BS_STOP_SYNC, BS_K_GUARD,
                   "%s shows nothing at all where %zu were known, and %s=yes would delete %zu %s; "
                   "nothing was written; if that is meant, run once with --allow-delete",
                   t->there, plan->paired, t->rule, t->deleted, t->things);
}

static size_t deletions_allowed(const struct sync_rules *rules, size_t paired)
{
    double most = rules->max_delete_share ? rules->max_delete * (double)paired : rules->max_delete;
    size_t allowed;

    if (!(most > 0)) {
        most = 0;
    }
    /* A share written in decimals may come out a hair below the whole number that it means. */
    allowed = most >= (double)paired ? paired : (size_t)(most + 1e-9);
    return allowed > GUARD_DELETE_FLOOR ? allowed : GUARD_DELETE_FLOOR;
}

static enum bs_rc check_deletes(const struct target *t, const struct sync_rules *rules,
                                const struct plan *plan, struct bs_err *e)
{
    size_t allowed = deletions_allowed(rules, plan->paired);

    if (t->deleted <= allowed) {
        return BS_OK;
    }
    return bs_fail(e, BS_STOP_SYNC, BS_K_GUARD,
                   "%zu of %zu %s in %s would be deleted, and max_delete lets %zu through; nothing "
                   "was written; if that is meant, run once with --allow-delete",
                   t->deleted, plan->paired, t->things, t->here, allowed);
}

static enum bs_rc check_all_changed(const struct target *t, const struct sync_state *state,
                                    const struct plan *plan, struct bs_err *e)
{
    size_t cells = plan->paired * state->n_fields;

    if (!t->deletes_on || plan->paired < GUARD_ALL_CHANGED_MIN || t->source_pairs < plan->paired ||
        t->source_cells <= cells / 2) {
        return BS_OK;
    }
    return bs_fail(e, BS_STOP_SYNC, BS_K_GUARD,
                   "all %zu pairs have changed in %s, %zu of %zu cells: that looks like another "
                   "table; nothing was written; if that is meant, run once with "
                   "--allow-all-changed",
                   plan->paired, t->there, t->source_cells, cells);
}

static enum bs_rc check_first(const struct target *t, const struct sync_state *state,
                              struct bs_err *e)
{
    if (!state->first_run || t->filled == 0 || t->changed <= GUARD_FIRST_SYNC_CHANGES) {
        return BS_OK;
    }
    return bs_fail(e, BS_STOP_SYNC, BS_K_GUARD,
                   "the first run would change %zu %s in %s, where %zu are already; nothing was "
                   "written; look at it with --dry-run, then run once with --first-sync",
                   t->changed, t->things, t->here, t->filled);
}

/* Circles of such rows mend themselves; what is counted here cannot. */
static enum bs_rc check_displaced(const struct plan *plan, struct bs_err *e)
{
    if (plan->rows_displaced == 0) {
        return BS_OK;
    }
    return bs_fail(e, BS_STOP_SYNC, BS_K_GUARD,
                   "%zu rows hold each other's cells under other ids: they look sorted or moved "
                   "without the id column; nothing was written; undo that or clear their id cells; "
                   "if they were edited so, run once with --allow-all-changed",
                   plan->rows_displaced);
}

enum bs_rc guard_check(const struct sync_state *state, const struct plan *plan,
                       const struct guard_allow *allow, struct bs_err *e)
{
    struct target targets[2];

    look(state, plan, targets);
    if (!allow->all_changed && check_displaced(plan, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < 2; i++) {
        const struct target *t = &targets[i];

        if (!allow->deletes && (check_emptied(t, plan, e) != BS_OK ||
                                check_deletes(t, state->rules, plan, e) != BS_OK)) {
            return e->rc;
        }
        if (!allow->all_changed && check_all_changed(t, state, plan, e) != BS_OK) {
            return e->rc;
        }
        if (!allow->first_sync && !state->rules->first_sync && check_first(t, state, e) != BS_OK) {
            return e->rc;
        }
    }
    return BS_OK;
}
