/* plan.c: see plan.h. Runs the passes, puts the operations in order, and counts. */
#include "sync/plan_p.h"

#include <stdlib.h>

#define OP_KINDS (OP_ROW_DELETE + 1)

/* The kinds are numbered in the order in which they are executed; within one the passes' order
 * stays, but rows are deleted bottom up, so that the numbers above stay right. */
static void put_in_order(struct planner *p)
{
    struct plan *plan = p->plan;
    size_t start[OP_KINDS + 1] = {0};
    struct op *sorted = arena_alloc_n(p->state->arena, plan->n_ops, sizeof *sorted);

    for (size_t i = 0; i < plan->n_ops; i++) {
        start[plan->ops[i].kind + 1]++;
    }
    for (size_t k = 1; k <= OP_KINDS; k++) {
        start[k] += start[k - 1];
    }
    for (size_t i = 0; i < plan->n_ops; i++) {
        sorted[start[plan->ops[i].kind]++] = plan->ops[i];
    }
    plan->ops = sorted;
}

static int bottom_up(const void *x, const void *y)
{
    const struct op *a = x, *b = y;

    return (a->row < b->row) - (a->row > b->row);
}

static void sort_row_deletes(struct plan *plan)
{
    size_t first = plan->n_ops;

    while (first > 0 && plan->ops[first - 1].kind == OP_ROW_DELETE) {
        first--;
    }
    if (plan->n_ops - first > 1) {
        qsort(&plan->ops[first], plan->n_ops - first, sizeof *plan->ops, bottom_up);
    }
}

static void count_ops(struct plan *plan)
{
    struct plan_counts *c = &plan->counts;

    for (size_t i = 0; i < plan->n_ops; i++) {
        const struct op *op = &plan->ops[i];
        bool to_sheet = op->kind == OP_ROW_UPDATE || op->kind == OP_ROW_CREATE;
        bool to_airtable = op->kind == OP_RECORD_UPDATE || op->kind == OP_RECORD_CREATE;

        c->rows_added += op->kind == OP_ROW_CREATE;
        c->rows_updated += op->kind == OP_ROW_UPDATE;
        c->rows_deleted += op->kind == OP_ROW_DELETE;
        c->records_added += op->kind == OP_RECORD_CREATE;
        c->records_updated += op->kind == OP_RECORD_UPDATE;
        c->records_deleted += op->kind == OP_RECORD_DELETE;
        c->cells_to_sheet += to_sheet ? op->n_cells : 0;
        c->cells_to_airtable += to_airtable ? op->n_cells : 0;
    }
}

static void count_issues(struct plan *plan)
{
    for (size_t i = 0; i < plan->n_issues; i++) {
        plan->counts.warnings += plan->issues[i].level == ISSUE_WARNING;
        plan->counts.held += plan->issues[i].level == ISSUE_HELD;
    }
}

static void count_sides(const struct sync_state *state, struct plan *plan)
{
    for (size_t i = 0; i < state->n_records; i++) {
        plan->records_seen += state->records[i].presence == PRESENCE_HERE;
    }
    for (size_t i = 0; i < state->n_rows; i++) {
        plan->rows_seen += !state->rows[i].blank && !state->rows[i].gone;
    }
    if (state->first_run) {
        plan->targets_filled_rows = plan->rows_seen;
        plan->targets_filled_records = plan->records_seen;
    }
}

struct plan *plan_make(struct sync_state *state)
{
    struct plan *plan = arena_alloc(state->arena, sizeof *plan);
    struct planner p = {.state = state, .plan = plan, .empty_hash = sync_empty_hash(state)};

    p.scratch = arena_alloc_n(state->arena, state->n_fields + 1, sizeof *p.scratch);
    count_sides(state, plan);
    pair_sides(&p);
    plan->row_record = p.pairing.row_record;
    plan_pairs(&p);
    plan_gone(&p);
    plan_new_rows(&p);
    plan_new_records(&p);
    plan_end_repeats(&p);
    put_in_order(&p);
    sort_row_deletes(plan);
    count_ops(plan);
    count_issues(plan);
    return plan;
}
