/*
 * sheet_confirm.c: what a request to the sheet leaves in SQLite: history before it is sent, bases,
 * row hints and outcomes once its answer is as expected.
 */
#include "engine/apply_sheet_p.h"

#include "base/str.h"

#include <stdlib.h>

static enum bs_rc log_op(struct run *r, struct pending_op *p, struct bs_err *e)
{
    struct op *op = p->op;

    if (p->n_changes > 0) {
        return BS_OK; /* written before an earlier try */
    }
    p->changes = arena_alloc_n(r->arena, op->n_cells + 1, sizeof *p->changes);
    if (op->kind == OP_ROW_UPDATE) {
        for (size_t i = 0; i < op->n_cells; i++) {
            if (run_log_cell(r, op, &op->cells[i], &p->changes[i], e) != BS_OK) {
                return e->rc;
            }
        }
        p->n_changes = op->n_cells;
        return BS_OK;
    }
    char *raw = op->kind == OP_ROW_CREATE ? run_encode_cells(r, op) : NULL;
    const char *action = op->kind == OP_ROW_CREATE   ? "create"
                         : op->kind == OP_ROW_DELETE ? "delete"
                                                     : "set_id";

    bs_seen(run_log_whole(r, op, action, p->old_raw, raw, &p->changes[0], e));
    p->n_changes = 1;
    free(raw);
    return e->rc;
}

static enum bs_rc log_headers(struct sheet_apply *a, struct bs_err *e)
{
    size_t n = 0;

    a->header_changes = arena_alloc_n(a->r->arena, a->r->n_fields + 1, sizeof *a->header_changes);
    for (size_t i = 0; i < a->n_written && a->setup_parts > 0; i++) {
        if (a->written[i].row != 1) {
            continue;
        }
        struct change c = {
            .side = "SHEETS",
            .action = "header",
            .row = 1,
            .new_text = a->written[i].cell->text,
            .why = merge_why_text(WHY_CREATE),
        };
        if (runlog_change(a->r->env->store, a->r->run_id, &c, &a->header_changes[n++], e) !=
            BS_OK) {
            return e->rc;
        }
    }
    a->n_headers = n;
    return BS_OK;
}

enum bs_rc sheet_log_chunk(struct sheet_apply *a, struct bs_err *e)
{
    if (store_begin(a->r->env->store, e) != BS_OK) {
        return e->rc;
    }
    (void)log_headers(a, e);
    if (e->rc == BS_OK) {
        bs_seen(run_note_sheet_write(a->r, e));
    }
    for (size_t i = 0; i < a->n_chunk && e->rc == BS_OK; i++) {
        (void)log_op(a->r, &a->ops[a->chunk[i]], e);
    }
    if (e->rc != BS_OK) {
        store_rollback(a->r->env->store);
        return e->rc;
    }
    return store_commit(a->r->env->store, e);
}

enum bs_rc sheet_set_outcome(struct run *r, struct pending_op *p, const char *word,
                             struct bs_err *e)
{
    for (size_t i = 0; i < p->n_changes; i++) {
        if (runlog_outcome(r->env->store, p->changes[i], word, NULL, e) != BS_OK) {
            return e->rc;
        }
    }
    return BS_OK;
}

static uint64_t raw_of_row(struct run *r, const struct op *op, const struct side_cell *cells)
{
    const struct cell **list = arena_alloc_n(r->arena, r->n_fields, sizeof *list);

    for (size_t i = 0; cells != NULL && i < r->n_fields; i++) {
        list[i] = cells[i].cell;
    }
    for (size_t i = 0; i < op->n_cells; i++) {
        list[op->cells[i].field] = op->cells[i].cell;
    }
    return run_raw_hash(r, list);
}

static void confirm_cells(const struct op *op, struct sync_pair *pair)
{
    for (size_t i = 0; i < op->n_cells; i++) {
        pair->bases[op->cells[i].field] = op->cells[i].base_after;
        pair->raw = 0; /* see settle_one */
    }
}

static void confirm_row_update(struct run *r, const struct pending_op *p)
{
    const struct op *op = p->op;
    struct sync_row *row = &r->state.rows[op->row];

    if (row->raw != 0) {
        row->raw = raw_of_row(r, op, row->cells);
    }
    for (size_t i = 0; row->cells != NULL && i < op->n_cells; i++) {
        struct side_cell *c = &row->cells[op->cells[i].field];

        c->state = SIDE_VALUE;
        c->hash =
            convert_hash(&r->convert, r->fields[op->cells[i].field].field, op->cells[i].value);
        c->value = op->cells[i].value;
        c->cell = op->cells[i].cell;
    }
    row->number = p->row;
    r->counts.rows_updated++;
}

static enum bs_rc confirm_op(struct run *r, struct pending_op *p, struct bs_err *e)
{
    const struct op *op = p->op;
    const char *id = run_op_record(r, op);
    struct sync_pair *pair = run_pair(r, id);

    confirm_cells(op, pair);
    pair->row_hint = p->row;
    if (op->kind == OP_ROW_UPDATE) {
        confirm_row_update(r, p);
    } else if (op->kind == OP_ROW_CREATE) {
        pair->raw = raw_of_row(r, op, NULL);
        pair->flags = op->flags_after;
        r->counts.rows_added++;
    } else {
        struct sync_row *row = &r->state.rows[op->row];

        row->id = id;
        row->number = p->row;
        strmap_set(r->row_by_id, row->id, op->row);
        if (journal_done_record(r->env->store, r->sc->id, id, e) != BS_OK) {
            return e->rc;
        }
    }
    p->done = true;
    if (sheet_set_outcome(r, p, "done", e) != BS_OK) {
        return e->rc;
    }
    return run_put_pair(r, pair, e);
}

enum bs_rc sheet_confirm_chunk(struct sheet_apply *a, struct bs_err *e)
{
    if (!a->setup_done && a->any_setup && sheet_setup_confirm(a, e) != BS_OK) {
        return e->rc;
    }
    if (store_begin(a->r->env->store, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < a->n_headers && e->rc == BS_OK; i++) {
        (void)runlog_outcome(a->r->env->store, a->header_changes[i], "done", NULL, e);
    }
    for (size_t i = 0; i < a->n_chunk && e->rc == BS_OK; i++) {
        (void)confirm_op(a->r, &a->ops[a->chunk[i]], e);
    }
    if (e->rc != BS_OK) {
        store_rollback(a->r->env->store);
        return e->rc;
    }
    if (store_commit(a->r->env->store, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < a->n_written; i++) {
        a->confirmed =
            bs_grow(a->confirmed, a->n_confirmed, &a->cap_confirmed, sizeof *a->confirmed);
        a->confirmed[a->n_confirmed++] = a->written[i];
    }
    return BS_OK;
}
