/*
 * undo_again.c: records that a run deleted in Airtable are made again from the history, with all
 * their fields but attachments, whose addresses expire. They get new ids. Like every create they
 * are journalled, and one that is there already, from an earlier undo whose answer was lost, is not
 * made twice.
 */
#include "base/clock.h"
#include "base/fail.h"
#include "base/str.h"
#include "engine/undo_p.h"

#include <stdlib.h>
#include <string.h>

static bool comes_back(const struct field *f)
{
    return field_writable(f) && f->type != FIELD_ATTACHMENTS;
}

/* The mapped half of the record as the run's state has records. */
static struct side_cell *cells_of(struct undo *u, const struct undo_target *t)
{
    struct run *r = u->r;
    struct side_cell *cells = arena_alloc_n(r->arena, r->n_fields, sizeof *cells);

    for (size_t i = 0; i < r->n_fields; i++) {
        const struct value *v = &value_empty;

        for (size_t k = 0; k < t->write->n_cells; k++) {
            if (t->write->cells[k].field == r->fields[i].field) {
                v = t->write->cells[k].value;
            }
        }
        cells[i].state = SIDE_VALUE;
        cells[i].value = convert_name_refs(&r->convert, r->fields[i].field, v, r->arena);
        cells[i].hash = convert_hash(&r->convert, r->fields[i].field, cells[i].value);
    }
    return cells;
}

/* A create of an earlier undo whose answer was lost had arrived: its record stays without a row. */
static void settle_adopted(struct undo *u, const struct sync_record *rec)
{
    struct run *r = u->r;

    for (size_t i = 0; i < r->n_intents; i++) {
        if (r->intents[i].row_hint != 0 || r->intents[i].record_id == NULL ||
            !str_eq(r->intents[i].record_id, rec->id)) {
            continue;
        }
        struct op *op = undo_settle(u, rec->id, PAIR_UNDONE | PAIR_ROW_GONE);

        for (uint32_t f = 0; f < r->n_fields; f++) {
            if (rec->cells[f].state == SIDE_VALUE) {
                op->cells[op->n_cells++] =
                    (struct op_cell){.field = f, .why = WHY_UNDO, .base_after = rec->cells[f].hash};
            }
        }
    }
}

static bool is_there(struct undo *u, const struct undo_target *t)
{
    struct run *r = u->r;
    uint64_t content = run_content_hash(r, cells_of(u, t));

    for (size_t i = 0; i < r->state.n_records; i++) {
        const struct sync_record *rec = &r->state.records[i];

        if (rec->presence == PRESENCE_HERE && rec->cells != NULL &&
            strmap_get(r->row_by_id, rec->id) == STRMAP_NONE &&
            run_content_hash(r, rec->cells) == content) {
            settle_adopted(u, rec);
            return true;
        }
    }
    return false;
}

/* For the plan that is shown: the mapped cells of what is made. */
static void show(struct undo *u, const struct undo_target *t)
{
    struct run *r = u->r;
    struct op *op = undo_op(u, OP_RECORD_CREATE);
    struct side_cell *cells = cells_of(u, t);

    op->cells = arena_alloc_n(r->arena, r->n_fields, sizeof *op->cells);
    for (uint32_t i = 0; i < r->n_fields; i++) {
        if (cells[i].value->kind != VALUE_EMPTY && comes_back(r->fields[i].field)) {
            op->cells[op->n_cells++] = (struct op_cell){
                .field = i,
                .why = WHY_UNDO,
                .value = cells[i].value,
                .old_value = &value_empty,
                .base_after = cells[i].hash,
            };
        }
    }
}

enum bs_rc undo_plan_again(struct undo *u, struct undo_target *t, struct bs_err *e)
{
    struct run *r = u->r;
    const struct table_schema *table = r->table;
    const struct value *const *values = NULL;
    struct airtable_cell *cells;
    uint32_t at = strmap_get(r->record_by_id, t->record_id);

    if (at != STRMAP_NONE && r->state.records[at].presence == PRESENCE_HERE) {
        t->done = true; /* restored in Airtable */
        return BS_OK;
    }
    if (t->back_raw == NULL) {
        undo_leave(u, t, "what it held is not in the history");
        return BS_OK;
    }
    if (airtable_read_fields(r->arena, table, t->back_raw, &values, e) != BS_OK) {
        return e->rc;
    }
    t->write = arena_alloc(r->arena, sizeof *t->write);
    cells = arena_alloc_n(r->arena, table->n_fields + 1, sizeof *cells);
    for (size_t i = 0; i < table->n_fields; i++) {
        if (comes_back(&table->fields[i]) && values[i]->kind != VALUE_EMPTY &&
            values[i]->kind != VALUE_ERROR) {
            cells[t->write->n_cells++] = (struct airtable_cell){&table->fields[i], values[i]};
        }
    }
    t->write->cells = cells;
    t->write->tag = t;
    if (is_there(u, t)) {
        t->done = true;
        return BS_OK;
    }
    t->taken = true;
    show(u, t);
    return BS_OK;
}

/* ---- making them ---- */

static enum bs_rc log_again(struct undo *u, struct undo_target *t, struct bs_err *e)
{
    struct change c = {
        .side = "AIRTABLE",
        .action = "create",
        .old_text = t->record_id,
        .why = merge_why_text(WHY_UNDO),
    };
    struct op *op = undo_op(u, OP_RECORD_CREATE); /* beyond the plan's end: for the text alone */
    struct side_cell *cells = cells_of(u, t);

    u->plan->n_ops--;
    op->cells = arena_alloc_n(u->r->arena, u->r->n_fields, sizeof *op->cells);
    for (uint32_t i = 0; i < u->r->n_fields; i++) {
        if (cells[i].value->kind != VALUE_EMPTY) {
            op->cells[op->n_cells++] = (struct op_cell){.field = i, .value = cells[i].value};
        }
    }
    char *raw = run_encode_cells(u->r, op);

    c.new_raw = raw;
    bs_seen(runlog_change(u->r->env->store, u->r->run_id, &c, &t->change, e));
    free(raw);
    return e->rc;
}

static enum bs_rc before_again(void *ctx, const struct airtable_write *const *items, size_t n,
                               struct bs_err *e)
{
    struct undo *u = ctx;
    struct run *r = u->r;
    struct intent *list = arena_alloc_n(r->arena, n, sizeof *list);
    struct buf payload;

    if (store_begin(r->env->store, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < n; i++) {
        if (log_again(u, items[i]->tag, e) != BS_OK) {
            store_rollback(r->env->store);
            return e->rc;
        }
    }
    if (store_commit(r->env->store, e) != BS_OK) {
        return e->rc;
    }
    buf_init(&payload, BUF_NO_LIMIT);
    for (size_t i = 0; i < n; i++) {
        buf_clear(&payload);
        airtable_write_fields(&payload, items[i]->cells, items[i]->n_cells);
        list[i] = (struct intent){
            .sync_id = r->sc->id,
            .table_id = r->table->id,
            .run_id = r->run_id,
            .content = run_content_hash(r, cells_of(u, items[i]->tag)),
            .payload = arena_strdup(r->arena, payload.data),
            .state = INTENT_PENDING,
            .created_ms = clock_wall_ms(),
            .server_ms = call_server_ms(r->at_caller),
        };
    }
    buf_release(&payload);
    bs_seen(journal_add(r->env->store, list, n, e));
    for (size_t i = 0; i < n && e->rc == BS_OK; i++) {
        ((struct undo_target *)items[i]->tag)->intent = list[i].id;
    }
    FAIL_POINT("undo.create");
    return e->rc;
}

static enum bs_rc confirm_again(struct undo *u, struct undo_target *t,
                                const struct airtable_result *res, struct bs_err *e)
{
    struct run *r = u->r;
    bool made = res->rc == BS_OK && res->record != NULL;
    const char *word = made ? "done" : res->rc == BS_UNSURE ? "unsure" : "failed";

    if (runlog_outcome(r->env->store, t->change, word, made ? res->record->id : NULL, e) != BS_OK) {
        return e->rc;
    }
    if (res->rc != BS_UNSURE && journal_done(r->env->store, t->intent, e) != BS_OK) {
        return e->rc;
    }
    if (!made) {
        r->counts.failed++;
        run_issue(r, ISSUE_ERROR, res->err.kind, t->record_id, 0, SYNC_NONE, "%s", res->err.msg);
        return BS_OK;
    }
    struct sync_pair *pair = run_pair(r, res->record->id);
    const struct side_cell *now = cells_of(u, t);

    for (size_t i = 0; i < r->n_fields; i++) {
        pair->bases[i] = now[i].hash;
    }
    pair->flags = PAIR_UNDONE | PAIR_ROW_GONE;
    t->done = true;
    r->counts.records_added++;
    return run_put_pair(r, pair, e);
}

static enum bs_rc on_again(void *ctx, const struct airtable_write *const *items,
                           const struct airtable_result *results, size_t n, struct bs_err *e)
{
    struct undo *u = ctx;

    if (store_begin(u->r->env->store, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < n; i++) {
        if (confirm_again(u, items[i]->tag, &results[i], e) != BS_OK) {
            store_rollback(u->r->env->store);
            return e->rc;
        }
    }
    return store_commit(u->r->env->store, e);
}

enum bs_rc undo_make_again(struct undo *u, struct bs_err *e)
{
    struct run *r = u->r;
    struct airtable_write *writes = arena_alloc_n(r->arena, u->n + 1, sizeof *writes);
    size_t n = 0;

    for (size_t i = 0; i < u->n; i++) {
        if (u->targets[i].write != NULL && u->targets[i].taken) {
            writes[n++] = *u->targets[i].write;
        }
    }
    return n == 0
               ? BS_OK
               : airtable_create(r->at, &r->query, writes, n, false, before_again, on_again, u, e);
}
