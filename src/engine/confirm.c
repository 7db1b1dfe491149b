/*
 * confirm.c: what a run records: history before a write, bases after it. The functions that say so
 * are called inside the caller's transaction, one per batch.
 */
#include "base/fail.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "engine/run_p.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sync_pair *run_pair(struct run *r, const char *record_id)
{
    uint32_t at = strmap_get(r->pair_by_id, record_id);

    if (at != STRMAP_NONE) {
        return &r->state.pairs[at];
    }
    if (r->state.n_pairs == r->cap_pairs) {
        size_t cap = r->cap_pairs * 2;
        struct sync_pair *pairs = arena_alloc_n(r->arena, cap, sizeof *pairs);

        memcpy(pairs, r->state.pairs, r->state.n_pairs * sizeof *pairs);
        r->state.pairs = pairs;
        r->cap_pairs = cap;
    }
    struct sync_pair *p = &r->state.pairs[r->state.n_pairs];

    *p = (struct sync_pair){0};
    p->record_id = arena_strdup(r->arena, record_id);
    p->bases = arena_alloc_n(r->arena, r->n_fields, sizeof *p->bases);
    strmap_add(r->pair_by_id, p->record_id, (uint32_t)r->state.n_pairs++);
    return p;
}

enum bs_rc run_put_pair(struct run *r, const struct sync_pair *p, struct bs_err *e)
{
    struct pair_row row = {
        .record_id = p->record_id,
        .row_hint = p->row_hint,
        .raw = p->raw,
        .flags = p->flags,
        .bases = p->bases,
    };

    return state_put(r->env->store, r->sc->id, &row, r->n_fields, e);
}

const char *run_op_record(const struct run *r, const struct op *op)
{
    if (op->record != SYNC_NONE) {
        return r->state.records[op->record].id;
    }
    return op->pair != SYNC_NONE ? r->state.pairs[op->pair].record_id : NULL;
}

uint32_t run_op_row(const struct run *r, const struct op *op)
{
    return op->row != SYNC_NONE ? r->state.rows[op->row].number : 0;
}

enum bs_rc run_end_pair(struct run *r, const struct op *op, struct bs_err *e)
{
    const char *id = run_op_record(r, op);

    if (op->flags_after == 0) {
        return state_delete(r->env->store, r->sc->id, id, e);
    }
    struct sync_pair *p = run_pair(r, id);

    p->flags = op->flags_after;
    p->raw = 0;
    return run_put_pair(r, p, e);
}

static enum bs_rc settle_one(struct run *r, const struct op *op, struct bs_err *e)
{
    const char *id = run_op_record(r, op);

    if (id == NULL) {
        return BS_OK;
    }
    if (op->kind == OP_FORGET) {
        return state_delete(r->env->store, r->sc->id, id, e);
    }
    struct sync_pair *p = run_pair(r, id);

    for (size_t i = 0; i < op->n_cells; i++) {
        p->bases[op->cells[i].field] = op->cells[i].base_after;
    }
    p->flags = op->flags_after;
    p->raw = 0; /* the row as it was under other bases: one put back to that must be looked at */
    if (op->row != SYNC_NONE) {
        p->row_hint = r->state.rows[op->row].number;
    }
    return run_put_pair(r, p, e);
}

enum bs_rc run_settle(struct run *r, const struct plan *plan, struct bs_err *e)
{
    if (store_begin(r->env->store, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < plan->n_ops; i++) {
        const struct op *op = &plan->ops[i];

        if ((op->kind == OP_SETTLE || op->kind == OP_FORGET) && settle_one(r, op, e) != BS_OK) {
            store_rollback(r->env->store);
            return e->rc;
        }
    }
    return store_commit(r->env->store, e);
}

/* ---- history ---- */

static bool writes_sheet(enum op_kind k)
{
    return k == OP_ROW_UPDATE || k == OP_ROW_CREATE || k == OP_ROW_SET_ID || k == OP_ROW_DELETE;
}

struct cell_texts {
    struct buf old_text, new_text, old_raw, new_raw;
};

static void texts_init(struct cell_texts *t)
{
    buf_init(&t->old_text, BUF_NO_LIMIT);
    buf_init(&t->new_text, BUF_NO_LIMIT);
    buf_init(&t->old_raw, BUF_NO_LIMIT);
    buf_init(&t->new_raw, BUF_NO_LIMIT);
}

static void texts_release(struct cell_texts *t)
{
    buf_release(&t->old_text);
    buf_release(&t->new_text);
    buf_release(&t->old_raw);
    buf_release(&t->new_raw);
}

static void print_both(const struct op *op, const struct op_cell *c, struct cell_texts *t)
{
    if (writes_sheet(op->kind)) {
        cell_print(c->old_cell != NULL ? c->old_cell : &cell_empty, &t->old_text);
        cell_encode(c->old_cell != NULL ? c->old_cell : &cell_empty, &t->old_raw);
        cell_print(c->cell, &t->new_text);
        cell_encode(c->cell, &t->new_raw);
        return;
    }
    value_print(c->old_value != NULL ? c->old_value : &value_empty, &t->old_text);
    value_encode(c->old_value != NULL ? c->old_value : &value_empty, &t->old_raw);
    value_print(c->value, &t->new_text);
    value_encode(c->value, &t->new_raw);
}

enum bs_rc run_log_cell(struct run *r, const struct op *op, const struct op_cell *c, int64_t *id,
                        struct bs_err *e)
{
    const struct field *f = r->fields[c->field].field;
    struct cell_texts t;

    texts_init(&t);
    print_both(op, c, &t);
    struct change change = {
        .side = writes_sheet(op->kind) ? "SHEETS" : "AIRTABLE",
        .action = "update",
        .record_id = run_op_record(r, op),
        .row = run_op_row(r, op),
        .field_id = f->id,
        .field_name = f->name,
        .old_text = t.old_text.data,
        .new_text = t.new_text.data,
        .old_raw = t.old_raw.data,
        .new_raw = t.new_raw.data,
        .why = merge_why_text(c->why),
        .loser = c->loser,
    };
    bs_seen(runlog_change(r->env->store, r->run_id, &change, id, e));
    texts_release(&t);
    return e->rc;
}

enum bs_rc run_log_whole(struct run *r, const struct op *op, const char *action,
                         const char *old_raw, const char *new_raw, int64_t *id, struct bs_err *e)
{
    static const enum merge_why why[] = {
        [OP_RECORD_CREATE] = WHY_CREATE, [OP_ROW_CREATE] = WHY_CREATE,
        [OP_RECORD_DELETE] = WHY_DELETE, [OP_ROW_DELETE] = WHY_DELETE,
        [OP_ROW_SET_ID] = WHY_ID,
    };
    struct change change = {
        .side = writes_sheet(op->kind) ? "SHEETS" : "AIRTABLE",
        .action = action,
        .record_id = run_op_record(r, op),
        .row = run_op_row(r, op),
        .old_raw = old_raw,
        .new_raw = new_raw,
        .why = merge_why_text(r->opt->undo_log != NULL ? WHY_UNDO : why[op->kind]),
    };

    return runlog_change(r->env->store, r->run_id, &change, id, e);
}

char *run_encode_cells(struct run *r, const struct op *op)
{
    struct buf out, one;
    struct jsonw w;

    buf_init(&out, BUF_NO_LIMIT);
    buf_init(&one, BUF_NO_LIMIT);
    jsonw_init(&w, &out);
    jsonw_object(&w);
    for (size_t i = 0; i < op->n_cells; i++) {
        const struct op_cell *c = &op->cells[i];

        buf_clear(&one);
        if (writes_sheet(op->kind) && c->cell != NULL) {
            cell_encode(c->cell, &one);
        } else if (c->value != NULL) {
            value_encode(c->value, &one);
        } else {
            continue;
        }
        jsonw_key(&w, r->fields[c->field].field->id);
        jsonw_raw(&w, one.data);
    }
    jsonw_end_object(&w);
    buf_release(&one);
    return buf_take(&out);
}

/* ---- the end of a run: raw hashes and row hints ---- */

bool run_cell_settled(const struct run *r, const struct sync_pair *p, size_t field,
                      const struct side_cell *own, const struct side_cell *other, bool own_is_sheet)
{
    const struct side_cell *c = &own[field];
    const struct side_cell *o = other == NULL ? NULL : &other[field];
    uint64_t base = p->bases[field];

    if (!r->fields[field].to_sheet && !r->fields[field].to_airtable) {
        return true;
    }
    if (own_is_sheet && o != NULL && o->state == SIDE_ERROR && !r->fields[field].to_airtable) {
        return true; /* as long as Airtable shows an error, nothing follows from the cell */
    }
    if (c->state != SIDE_VALUE || c->hash == base) {
        return c->state == SIDE_VALUE;
    }
    return o != NULL && o->state == SIDE_VALUE &&
           base == (own_is_sheet ? sync_base_apart(o->hash, c->hash)
                                 : sync_base_apart(c->hash, o->hash));
}

/* The row's raw hash may be trusted next time only when every cell that takes part is settled. */
static uint64_t settled_raw(const struct run *r, const struct sync_pair *p,
                            const struct sync_row *row, const struct side_cell *airtable)
{
    if (row->cells == NULL) {
        return p->raw;
    }
    for (size_t i = 0; i < r->n_fields; i++) {
        if (!run_cell_settled(r, p, i, row->cells, airtable, true)) {
            return 0;
        }
    }
    return row->raw;
}

/* Of rows with one id only the original, which the plan has tied, stands for the pair. */
static enum bs_rc close_pair(struct run *r, const struct sync_row *row, uint32_t record,
                             struct bs_err *e)
{
    uint32_t at =
        record == SYNC_NONE ? STRMAP_NONE : strmap_get(r->pair_by_id, r->state.records[record].id);

    if (row->blank || row->gone || at == STRMAP_NONE) {
        return BS_OK;
    }
    struct sync_pair *p = &r->state.pairs[at];
    uint64_t raw = settled_raw(r, p, row, r->state.records[record].cells);

    if (p->raw == raw && p->row_hint == row->number) {
        return BS_OK;
    }
    p->raw = raw;
    p->row_hint = row->number;
    return run_put_pair(r, p, e);
}

enum bs_rc run_close_pairs(struct run *r, const struct plan *plan, struct bs_err *e)
{
    if (store_begin(r->env->store, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < r->state.n_rows; i++) {
        if (close_pair(r, &r->state.rows[i], plan->row_record[i], e) != BS_OK) {
            store_rollback(r->env->store);
            return e->rc;
        }
    }
    return store_commit(r->env->store, e);
}
