/*
 * apply_airtable.c: executes a plan's Airtable operations. History first, then the write, then what
 * the answer itself says: bases, new ids, and the records as they are now go into the run's state,
 * so that the second plan carries computed fields and ids to the sheet.
 */
#include "base/clock.h"
#include "base/fail.h"
#include "base/str.h"
#include "engine/apply_p.h"

#include <stdlib.h>
#include <string.h>

/* ---- from ops to writes ---- */

static struct airtable_cell *write_cells(struct run *r, const struct op *op)
{
    struct airtable_cell *cells = arena_alloc_n(r->arena, op->n_cells + 1, sizeof *cells);

    for (size_t i = 0; i < op->n_cells; i++) {
        cells[i].field = r->fields[op->cells[i].field].field;
        cells[i].value = op->cells[i].value;
    }
    return cells;
}

static size_t collect(struct run *r, struct plan *plan, enum op_kind kind,
                      struct airtable_write **writes, struct pending_op **pending)
{
    struct airtable_write *list = arena_alloc_n(r->arena, plan->n_ops + 1, sizeof *list);
    struct pending_op *ops = arena_alloc_n(r->arena, plan->n_ops + 1, sizeof *ops);
    size_t n = 0;

    for (size_t i = 0; i < plan->n_ops; i++) {
        struct op *op = &plan->ops[i];

        if (op->kind != kind || (op->n_cells == 0 && kind != OP_RECORD_DELETE)) {
            continue;
        }
        ops[n].op = op;
        list[n].record_id = kind == OP_RECORD_CREATE ? NULL : run_op_record(r, op);
        list[n].cells = write_cells(r, op);
        list[n].n_cells = op->n_cells;
        list[n].tag = &ops[n];
        n++;
    }
    *writes = list;
    *pending = ops;
    return n;
}

/* ---- outcomes ---- */

static const char *outcome_word(const struct airtable_result *res)
{
    return res->rc == BS_OK ? "done" : res->rc == BS_UNSURE ? "unsure" : "failed";
}

static enum bs_rc log_outcomes(struct run *r, const struct pending_op *p, const char *outcome,
                               const char *record_id, struct bs_err *e)
{
    for (size_t i = 0; i < p->n_changes; i++) {
        if (runlog_outcome(r->env->store, p->changes[i], outcome, record_id, e) != BS_OK) {
            return e->rc;
        }
    }
    return BS_OK;
}

static void report_failure(struct run *r, const struct op *op, const struct airtable_result *res)
{
    bool unsure = res->rc == BS_UNSURE;

    r->counts.failed++;
    run_issue(r, ISSUE_ERROR, res->err.kind, run_op_record(r, op), run_op_row(r, op), SYNC_NONE,
              "%s%s", res->err.msg,
              unsure ? " (the answer was lost; the next run looks before it writes again)" : "");
    if (op->record != SYNC_NONE && unsure) {
        r->state.records[op->record].blocked = true;
    }
    if (op->row != SYNC_NONE && unsure) {
        r->state.rows[op->row].blocked = true;
    }
}

/* Does the row's cell, read beside what Airtable holds now, mean just that? An e-mail address does
 * that named a person. */
static bool means_the_same(const struct run *r, const struct op *op, uint32_t f,
                           const struct side_cell *now)
{
    const struct side_cell *cells = op->row == SYNC_NONE ? NULL : r->state.rows[op->row].cells;
    const struct field *field = r->fields[f].field;
    const struct value *v = NULL;
    struct bs_err why = BS_ERR_INIT;

    return now->state == SIDE_VALUE && cells != NULL && cells[f].cell != NULL &&
           convert_from_cell(&r->convert, field, cells[f].cell, now->value, r->arena, &v, &why) ==
               BS_OK &&
           v->kind != VALUE_ERROR && convert_hash(&r->convert, field, v) == now->hash;
}

/* The bases of what was written: what both sides hold now, or that they stand apart because
 * Airtable keeps the value in another form. */
static void set_bases(struct run *r, const struct op *op, const struct side_cell *now,
                      struct sync_pair *p)
{
    p->raw = 0; /* see settle_one */
    for (size_t i = 0; i < op->n_cells; i++) {
        const struct op_cell *c = &op->cells[i];
        const struct side_cell *a = &now[c->field];

        if (a->state == SIDE_VALUE && a->hash == c->base_after) {
            p->bases[c->field] = c->base_after;
            continue;
        }
        p->bases[c->field] = sync_base_apart(a->hash, c->base_after);
        if (means_the_same(r, op, c->field, a)) {
            continue;
        }
        r->counts.warnings++;
        run_issue(r, ISSUE_WARNING, BS_K_VALIDATION, p->record_id, run_op_row(r, op), c->field,
                  "Airtable keeps another value than was sent to field \"%s\"",
                  r->fields[c->field].field->name);
    }
}

/* ---- updates ---- */

static enum bs_rc plan_history(struct run *r, struct pending_op *ops, size_t n, struct bs_err *e)
{
    if (store_begin(r->env->store, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < n; i++) {
        struct pending_op *p = &ops[i];

        p->changes = arena_alloc_n(r->arena, p->op->n_cells, sizeof *p->changes);
        for (size_t c = 0; c < p->op->n_cells; c++) {
            if (run_log_cell(r, p->op, &p->op->cells[c], &p->changes[c], e) != BS_OK) {
                store_rollback(r->env->store);
                return e->rc;
            }
            p->n_changes = c + 1;
        }
    }
    return store_commit(r->env->store, e);
}

static bool has_choice(const struct field *f, const char *name)
{
    for (size_t i = 0; i < f->n_choices; i++) {
        if (str_eq(f->choices[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* Drop-downs offer all choices: one that was made by this write must be read with the schema. */
static void note_new_choices(struct run *r, const struct op *op)
{
    for (size_t i = 0; i < op->n_cells && r->rules.create_choices; i++) {
        const struct field *f = r->fields[op->cells[i].field].field;
        const struct value *v = op->cells[i].value;

        if (f->type == FIELD_SINGLE_SELECT && v->kind == VALUE_TEXT) {
            r->made_choices = r->made_choices || !has_choice(f, v->u.text);
        }
        for (size_t k = 0;
             f->type == FIELD_MULTIPLE_SELECTS && v->kind == VALUE_LIST && k < v->u.list.n; k++) {
            r->made_choices = r->made_choices || !has_choice(f, v->u.list.items[k].text);
        }
    }
}

static enum bs_rc confirm_update(struct run *r, const struct pending_op *p,
                                 const struct airtable_result *res, struct bs_err *e)
{
    const struct op *op = p->op;

    if (log_outcomes(r, p, outcome_word(res), NULL, e) != BS_OK) {
        return e->rc;
    }
    if (res->gone) {
        run_issue(r, ISSUE_INFO, BS_K_REMOTE, run_op_record(r, op), 0, SYNC_NONE,
                  "the record was deleted while the run was on its way");
        r->state.records[op->record].presence = PRESENCE_UNKNOWN;
        r->state.records[op->record].blocked = true;
        return BS_OK;
    }
    if (res->rc != BS_OK || res->record == NULL) {
        report_failure(r, op, res);
        return BS_OK;
    }
    struct side_cell *now = run_side_cells(r, res->record);
    struct sync_pair *pair = run_pair(r, res->record->id);

    set_bases(r, op, now, pair);
    r->state.records[op->record].cells = now;
    run_feed_note_answer(r, res->record->id);
    note_new_choices(r, op);
    r->counts.records_updated++;
    return run_put_pair(r, pair, e);
}

/* What was written may link to others by now than when it was read. */
static enum bs_rc name_answers(struct run *r, const struct airtable_result *results, size_t n,
                               struct bs_err *e)
{
    const struct airtable_record *records[AIRTABLE_BATCH];
    size_t k = 0;

    for (size_t i = 0; i < n; i++) {
        if (results[i].rc == BS_OK && results[i].record != NULL) {
            records[k++] = results[i].record;
        }
    }
    return run_name_links(r, records, k, e);
}

static enum bs_rc in_transaction(struct run *r, const struct airtable_write *const *items,
                                 const struct airtable_result *results, size_t n,
                                 enum bs_rc (*one)(struct run *, const struct pending_op *,
                                                   const struct airtable_result *, struct bs_err *),
                                 struct bs_err *e)
{
    FAIL_POINT("airtable.answered");
    r->wrote_airtable = true;
    if (name_answers(r, results, n, e) != BS_OK || store_begin(r->env->store, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < n; i++) {
        if (one(r, items[i]->tag, &results[i], e) != BS_OK) {
            store_rollback(r->env->store);
            return e->rc;
        }
    }
    return store_commit(r->env->store, e);
}

static enum bs_rc on_updated(void *ctx, const struct airtable_write *const *items,
                             const struct airtable_result *results, size_t n, struct bs_err *e)
{
    return in_transaction(ctx, items, results, n, confirm_update, e);
}

static enum bs_rc apply_updates(struct run *r, struct plan *plan, struct bs_err *e)
{
    struct airtable_write *writes = NULL;
    struct pending_op *ops = NULL;
    size_t n = collect(r, plan, OP_RECORD_UPDATE, &writes, &ops);

    if (n == 0) {
        return BS_OK;
    }
    if (plan_history(r, ops, n, e) != BS_OK) {
        return e->rc;
    }
    FAIL_POINT("airtable.update");
    return airtable_update(r->at, &r->query, writes, n, r->rules.create_choices, on_updated, r, e);
}

/* ---- creates ---- */

static enum bs_rc journal_batch(struct run *r, const struct airtable_write *const *items, size_t n,
                                struct bs_err *e)
{
    struct arena *scratch = arena_new();
    struct intent *list = arena_alloc_n(scratch, n, sizeof *list);
    struct buf payload;
    enum bs_rc rc;

    buf_init(&payload, BUF_NO_LIMIT);
    for (size_t i = 0; i < n; i++) {
        struct pending_op *p = items[i]->tag;
        const struct sync_row *row = &r->state.rows[p->op->row];

        buf_clear(&payload);
        airtable_write_fields(&payload, items[i]->cells, items[i]->n_cells);
        list[i] = (struct intent){
            .sync_id = r->sc->id,
            .table_id = r->table->id,
            .run_id = r->run_id,
            .row_hint = row->number,
            .content = run_content_hash(r, row->cells),
            .row_content = run_content_hash(r, row->cells),
            .payload = arena_strdup(scratch, payload.data),
            .state = INTENT_PENDING,
            .created_ms = clock_wall_ms(),
            .server_ms = call_server_ms(r->at_caller),
        };
    }
    buf_release(&payload);
    rc = journal_add(r->env->store, list, n, e);
    for (size_t i = 0; i < n && rc == BS_OK; i++) {
        ((struct pending_op *)items[i]->tag)->intent = list[i].id;
    }
    arena_free(scratch);
    return rc;
}

static enum bs_rc log_creates(struct run *r, const struct airtable_write *const *items, size_t n,
                              struct bs_err *e)
{
    for (size_t i = 0; i < n && e->rc == BS_OK; i++) {
        struct pending_op *p = items[i]->tag;
        char *raw = run_encode_cells(r, p->op);

        p->changes = arena_alloc(r->arena, sizeof *p->changes);
        p->n_changes = 1;
        bs_seen(run_log_whole(r, p->op, "create", NULL, raw, &p->changes[0], e));
        free(raw);
    }
    return e->rc;
}

/* History and journal in one transaction: each that is synced to the disk delays every batch. */
static enum bs_rc before_create(void *ctx, const struct airtable_write *const *items, size_t n,
                                struct bs_err *e)
{
    struct run *r = ctx;

    if (store_begin(r->env->store, e) != BS_OK) {
        return e->rc;
    }
    if (log_creates(r, items, n, e) != BS_OK || journal_batch(r, items, n, e) != BS_OK) {
        store_rollback(r->env->store);
        return e->rc;
    }
    if (store_commit(r->env->store, e) != BS_OK) {
        return e->rc;
    }
    FAIL_POINT("airtable.create");
    return BS_OK;
}

/* An upsert met a record that was known before, or that it has just made of another row: Airtable
 * takes for one what are two keys here. */
static enum bs_rc confirm_met(struct run *r, const struct pending_op *p,
                              const struct airtable_result *res, struct bs_err *e)
{
    r->counts.failed++;
    run_issue(r, ISSUE_ERROR, BS_K_VALIDATION, res->record->id, run_op_row(r, p->op), r->key_field,
              "Airtable took the row's \"%s\" for that of another record, which now holds the "
              "row's values: give each a key that differs in more than spelling",
              r->fields[r->key_field].field->name);
    if (log_outcomes(r, p, "failed", res->record->id, e) != BS_OK) {
        return e->rc;
    }
    return journal_done(r->env->store, p->intent, e);
}

static enum bs_rc confirm_create(struct run *r, const struct pending_op *p,
                                 const struct airtable_result *res, struct bs_err *e)
{
    const struct op *op = p->op;
    bool made = res->rc == BS_OK && res->record != NULL;

    if (made && res->found && strmap_get(r->record_by_id, res->record->id) != STRMAP_NONE) {
        return confirm_met(r, p, res, e);
    }
    if (log_outcomes(r, p, outcome_word(res), made ? res->record->id : NULL, e) != BS_OK) {
        return e->rc;
    }
    if (!made) {
        report_failure(r, op, res);
        return res->rc == BS_UNSURE ? BS_OK : journal_done(r->env->store, p->intent, e);
    }
    uint32_t at = run_add_record(r, res->record->id);
    struct sync_record *rec = &r->state.records[at];
    struct sync_pair *pair = run_pair(r, res->record->id);

    rec->created_ms = res->record->created_ms;
    rec->cells = run_side_cells(r, res->record);
    run_feed_note_answer(r, rec->id);
    pair->row_hint = r->state.rows[op->row].number;
    set_bases(r, op, rec->cells, pair);
    r->state.rows[op->row].known_record = rec->id;
    note_new_choices(r, op);
    r->counts.records_added++;
    if (journal_created(r->env->store, p->intent, rec->id, e) != BS_OK) {
        return e->rc;
    }
    return run_put_pair(r, pair, e);
}

static enum bs_rc on_created(void *ctx, const struct airtable_write *const *items,
                             const struct airtable_result *results, size_t n, struct bs_err *e)
{
    return in_transaction(ctx, items, results, n, confirm_create, e);
}

static enum bs_rc apply_creates(struct run *r, struct plan *plan, struct bs_err *e)
{
    struct airtable_write *writes = NULL;
    struct pending_op *ops = NULL;
    size_t n = collect(r, plan, OP_RECORD_CREATE, &writes, &ops);

    if (n == 0) {
        return BS_OK;
    }
    run_mark_exact_creates(r, writes, n);
    if (run_leave_alike(r, writes, n, e) != BS_OK) {
        return e->rc;
    }
    return airtable_create(r->at, &r->query, writes, n, r->rules.create_choices, before_create,
                           on_created, r, e);
}

/* ---- deletes: the whole record goes into the history, unmapped fields too ---- */

struct whole_read {
    struct run *r;
    struct pending_op *ops;
    size_t n;
};

static enum bs_rc on_whole(void *ctx, const struct airtable_record *rec, struct bs_err *e)
{
    struct whole_read *w = ctx;
    struct run *r = w->r;
    struct airtable_cell *cells = arena_alloc_n(r->arena, r->table->n_fields + 1, sizeof *cells);
    struct buf b;

    (void)e;
    for (size_t i = 0; i < w->n; i++) {
        if (!str_eq(run_op_record(r, w->ops[i].op), rec->id)) {
            continue;
        }
        buf_init(&b, BUF_NO_LIMIT);
        size_t k = 0;

        for (size_t f = 0; f < r->table->n_fields; f++) {
            if (rec->values[f]->kind != VALUE_EMPTY && field_writable(&r->table->fields[f])) {
                cells[k].field = &r->table->fields[f];
                cells[k++].value = rec->values[f];
            }
        }
        airtable_write_fields(&b, cells, k);
        w->ops[i].old_raw = arena_strdup(r->arena, b.data);
        buf_release(&b);
    }
    return BS_OK;
}

static enum bs_rc read_whole(struct run *r, struct pending_op *ops, size_t n, struct bs_err *e)
{
    struct whole_read w = {r, ops, n};
    const struct field **all = arena_alloc_n(r->arena, r->table->n_fields, sizeof *all);
    const char **ids = arena_alloc_n(r->arena, n, sizeof *ids);
    struct airtable_query q = {r->table->id, all, r->table->n_fields, NULL};

    for (size_t i = 0; i < r->table->n_fields; i++) {
        all[i] = &r->table->fields[i];
    }
    for (size_t i = 0; i < n; i++) {
        ids[i] = run_op_record(r, ops[i].op);
    }
    return airtable_fetch(r->at, &q, ids, n, on_whole, &w, e);
}

static enum bs_rc confirm_delete(struct run *r, const struct pending_op *p,
                                 const struct airtable_result *res, struct bs_err *e)
{
    if (log_outcomes(r, p, outcome_word(res), NULL, e) != BS_OK) {
        return e->rc;
    }
    if (res->rc != BS_OK) {
        report_failure(r, p->op, res);
        return BS_OK;
    }
    r->state.records[p->op->record].presence = PRESENCE_GONE;
    r->counts.records_deleted++;
    return run_end_pair(r, p->op, e);
}

static enum bs_rc on_deleted(void *ctx, const struct airtable_write *const *items,
                             const struct airtable_result *results, size_t n, struct bs_err *e)
{
    return in_transaction(ctx, items, results, n, confirm_delete, e);
}

static enum bs_rc log_deletes(struct run *r, struct pending_op *ops, size_t n, struct bs_err *e)
{
    if (store_begin(r->env->store, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < n; i++) {
        ops[i].changes = arena_alloc(r->arena, sizeof *ops[i].changes);
        ops[i].n_changes = 1;
        if (run_log_whole(r, ops[i].op, "delete", ops[i].old_raw, NULL, &ops[i].changes[0], e) !=
            BS_OK) {
            store_rollback(r->env->store);
            return e->rc;
        }
    }
    return store_commit(r->env->store, e);
}

static enum bs_rc apply_deletes(struct run *r, struct plan *plan, struct bs_err *e)
{
    struct airtable_write *writes = NULL;
    struct pending_op *ops = NULL;
    size_t n = collect(r, plan, OP_RECORD_DELETE, &writes, &ops);

    if (n == 0) {
        return BS_OK;
    }
    if (read_whole(r, ops, n, e) != BS_OK || log_deletes(r, ops, n, e) != BS_OK) {
        return e->rc;
    }
    FAIL_POINT("airtable.delete");
    return airtable_delete(r->at, &r->query, writes, n, on_deleted, r, e);
}

enum bs_rc run_apply_airtable(struct run *r, struct plan *plan, struct bs_err *e)
{
    if (run_create_links(r, plan, e) != BS_OK || apply_creates(r, plan, e) != BS_OK ||
        apply_updates(r, plan, e) != BS_OK) {
        return e->rc;
    }
    return apply_deletes(r, plan, e);
}
