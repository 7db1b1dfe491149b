/*
 * undo_whole.c: what a run made is deleted while nobody has added to it; rows that a run deleted
 * are appended again with their id and the user's own columns.
 */
#include "base/str.h"
#include "engine/snapshot.h"
#include "engine/undo_p.h"
#include "net/json.h"

#include <stdlib.h>
#include <string.h>

/* The encoded cell or value of a field in a whole row's or record's history, or what the same run
 * wrote there later; NULL when it was left empty. In the arena. */
static const char *left_in(struct undo *u, const struct undo_target *t, const struct json *whole,
                           const char *field_id)
{
    const struct undo_target *later = undo_find(u, t->sheet, t->record_id, field_id);
    const struct json *node = json_get(whole, field_id);
    char *text;

    if (later != NULL && later->absorbed) {
        return later->now_raw;
    }
    if (node == NULL) {
        return NULL;
    }
    text = json_print(node);
    const char *kept = arena_strdup(u->r->arena, text);

    free(text);
    return kept;
}

static enum bs_rc parse(const char *raw, struct json **out, struct bs_err *e)
{
    return json_parse(raw, strlen(raw), out, e);
}

/* What the run made has been deleted since: the side that is left stays. */
static void is_gone(struct undo *u, struct undo_target *t)
{
    uint32_t pair = strmap_get(u->r->pair_by_id, t->record_id);

    t->done = true;
    if (pair != STRMAP_NONE && u->r->state.pairs[pair].flags == 0) {
        (void)undo_settle(u, t->record_id,
                          PAIR_UNDONE | (t->sheet ? PAIR_ROW_GONE : PAIR_RECORD_GONE));
    }
}

/* ---- records that the run made ---- */

static bool record_as_made(struct undo *u, const struct undo_target *t, const struct json *whole,
                           const struct sync_record *rec, struct bs_err *e)
{
    struct run *r = u->r;

    for (size_t i = 0; i < r->n_fields; i++) {
        const struct field *f = r->fields[i].field;
        const char *raw = left_in(u, t, whole, f->id);
        const struct value *v = &value_empty;

        if (!field_writable(f)) {
            continue;
        }
        if (raw != NULL && value_decode(r->arena, raw, &v, e) != BS_OK) {
            return false;
        }
        v = convert_name_refs(&r->convert, f, v, r->arena);
        if (rec->cells[i].state != SIDE_VALUE ||
            rec->cells[i].hash != convert_hash(&r->convert, f, v)) {
            return false;
        }
    }
    return true;
}

struct whole_look {
    struct undo *u;
};

static bool is_mapped(const struct run *r, const struct field *f)
{
    for (size_t i = 0; i < r->n_fields; i++) {
        if (r->fields[i].field == f) {
            return true;
        }
    }
    return false;
}

/* Fields that are not synced must be empty: what is there was put there by somebody. */
static enum bs_rc on_unsynced(void *ctx, const struct airtable_record *rec, struct bs_err *e)
{
    struct undo *u = ((struct whole_look *)ctx)->u;
    const struct table_schema *table = u->r->table;
    struct undo_target *t = undo_find(u, false, rec->id, NULL);

    (void)e;
    for (size_t i = 0; t != NULL && t->taken && i < table->n_fields; i++) {
        const struct field *f = &table->fields[i];

        if (field_writable(f) && !is_mapped(u->r, f) && rec->values[i]->kind != VALUE_EMPTY) {
            t->taken = false;
            undo_leave(u, t, "edited since: field \"%s\" was filled", f->name);
        }
    }
    return BS_OK;
}

static enum bs_rc look_at_unsynced(struct undo *u, const char *const *ids, size_t n,
                                   struct bs_err *e)
{
    struct whole_look look = {u};
    const struct table_schema *t = u->r->table;
    const struct field **all = arena_alloc_n(u->r->arena, t->n_fields, sizeof *all);
    struct airtable_query q = {t->id, all, t->n_fields, NULL};

    for (size_t i = 0; i < t->n_fields; i++) {
        all[i] = &t->fields[i];
    }
    return airtable_fetch(u->r->at, &q, ids, n, on_unsynced, &look, e);
}

static enum bs_rc judge_record(struct undo *u, struct undo_target *t, struct bs_err *e)
{
    struct run *r = u->r;
    uint32_t at = strmap_get(r->record_by_id, t->record_id);
    struct json *whole = NULL;

    if (t->now_raw == NULL) {
        undo_leave(u, t,
                   "a record that was made to be linked to; delete it in Airtable if it is "
                   "not wanted");
        return BS_OK;
    }
    if (at == STRMAP_NONE || r->state.records[at].presence != PRESENCE_HERE ||
        r->state.records[at].cells == NULL) {
        is_gone(u, t);
        return BS_OK;
    }
    if (parse(t->now_raw, &whole, e) != BS_OK) {
        return e->rc;
    }
    t->taken = record_as_made(u, t, whole, &r->state.records[at], e);
    if (!t->taken && e->rc == BS_OK) {
        undo_leave(u, t, "edited since the run made it");
    }
    json_free(whole);
    return e->rc;
}

static void delete_record(struct undo *u, const struct undo_target *t)
{
    struct op *op = undo_op(u, OP_RECORD_DELETE);

    (void)run_pair(u->r, t->record_id); /* its row stays and must know that it is meant so */
    op->record = strmap_get(u->r->record_by_id, t->record_id);
    op->flags_after = PAIR_UNDONE | PAIR_RECORD_GONE;
}

static enum bs_rc plan_made_records(struct undo *u, struct bs_err *e)
{
    const char **ids = arena_alloc_n(u->r->arena, u->n + 1, sizeof *ids);
    size_t n = 0;

    for (size_t i = 0; i < u->n; i++) {
        struct undo_target *t = &u->targets[i];

        if (t->kind != UNDO_CREATED || t->sheet) {
            continue;
        }
        if (judge_record(u, t, e) != BS_OK) {
            return e->rc;
        }
        if (t->taken) {
            ids[n++] = t->record_id;
        }
    }
    if (n > 0 && look_at_unsynced(u, ids, n, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < n; i++) {
        const struct undo_target *t = undo_find(u, false, ids[i], NULL);

        if (t->taken) {
            delete_record(u, t);
        }
    }
    return BS_OK;
}

/* ---- rows that the run made ---- */

static bool is_blank(const struct cell *c)
{
    return c->kind == CELL_EMPTY || (c->kind == CELL_BOOL && !c->boolean);
}

static uint32_t field_of_column(const struct run *r, uint32_t column)
{
    for (uint32_t i = 0; i < r->n_fields; i++) {
        if (r->layout.column[i] == column) {
            return i;
        }
    }
    return SYNC_NONE;
}

static bool same_entry(const struct cell *now, const struct cell *made)
{
    return !now->formula && (is_blank(made) ? is_blank(now) : cell_equal(now, made));
}

static bool synced_as_made(struct undo *u, const struct undo_target *t, const struct json *whole,
                           const struct sync_row *row, struct bs_err *e)
{
    struct run *r = u->r;

    for (size_t i = 0; i < r->n_fields; i++) {
        const char *raw = left_in(u, t, whole, r->fields[i].field->id);
        const struct cell *made = &cell_empty;

        if (raw != NULL && cell_decode(r->arena, raw, &made, e) != BS_OK) {
            return false;
        }
        if (row->cells[i].cell != NULL && !same_entry(row->cells[i].cell, made)) {
            return false;
        }
    }
    return true;
}

static bool beside_is_blank(const struct run *r, const struct snapshot *snap, uint32_t number)
{
    for (uint32_t c = 0; c < snapshot_width(snap); c++) {
        struct cell cell = snapshot_cell(snap, number, c);

        if (c != r->layout.id_column && field_of_column(r, c) == SYNC_NONE && !is_blank(&cell)) {
            return false;
        }
    }
    return true;
}

static enum bs_rc plan_made_row(struct undo *u, struct undo_target *t, struct snapshot *snap,
                                struct bs_err *e)
{
    struct run *r = u->r;
    uint32_t at = strmap_get(r->row_by_id, t->record_id);
    struct json *whole = NULL;
    bool as_made;

    if (at == STRMAP_NONE) {
        is_gone(u, t);
        return BS_OK;
    }
    if (parse(t->now_raw, &whole, e) != BS_OK) {
        return e->rc;
    }
    as_made = r->state.rows[at].cells != NULL &&
              synced_as_made(u, t, whole, &r->state.rows[at], e) &&
              beside_is_blank(r, snap, snapshot_find(snap, r->layout.id_column, t->record_id));
    json_free(whole);
    if (e->rc != BS_OK) {
        return e->rc;
    }
    if (!as_made) {
        undo_leave(u, t, "edited since the run made it, or something stands beside it");
        return BS_OK;
    }
    struct op *op = undo_op(u, OP_ROW_DELETE);

    op->row = at;
    (void)run_pair(r, t->record_id);
    op->pair = strmap_get(r->pair_by_id, t->record_id);
    op->flags_after = PAIR_UNDONE | PAIR_ROW_GONE;
    t->taken = true;
    return BS_OK;
}

/* ---- rows that the run deleted ---- */

static void add_extra(struct undo *u, const char *record_id, const char *header,
                      const struct cell *cell)
{
    struct run *r = u->r;
    size_t n = r->n_extras;

    if ((n & (n - 1)) == 0) { /* a power of two is full */
        struct run_extra *list = arena_alloc_n(r->arena, n == 0 ? 1 : n * 2, sizeof *list);

        if (n > 0) {
            memcpy(list, r->extras, n * sizeof *list);
        }
        r->extras = list;
    }
    r->extras[r->n_extras++] = (struct run_extra){record_id, header, cell};
}

static uint32_t field_of_header(const struct run *r, const char *header)
{
    for (uint32_t i = 0; i < r->n_fields; i++) {
        if (str_eq(r->fields[i].header, header) && r->fields[i].to_sheet) {
            return i;
        }
    }
    return SYNC_NONE;
}

static void put_cell(struct undo *u, struct undo_target *t, struct op *op, uint32_t field,
                     const struct cell *cell)
{
    struct run *r = u->r;
    struct op_cell *c = &op->cells[op->n_cells++];
    struct bs_err why = BS_ERR_INIT;

    *c = (struct op_cell){.field = field,
                          .why = WHY_UNDO,
                          .value = &value_empty,
                          .cell = cell,
                          .old_cell = &cell_empty};
    if (!cell->formula &&
        convert_from_cell(&r->convert, r->fields[field].field, cell, NULL, r->arena, &c->value,
                          &why) == BS_OK &&
        c->value->kind != VALUE_ERROR) {
        c->base_after = convert_hash(&r->convert, r->fields[field].field, c->value);
    } else {
        c->value = &value_empty;
    }
    t->taken = true;
}

static enum bs_rc put_cells(struct undo *u, struct undo_target *t, const struct json *whole,
                            struct op *op, struct bs_err *e)
{
    struct run *r = u->r;
    const struct json *header = json_child(json_get(whole, "columns"));
    const struct json *node = json_child(json_get(whole, "cells"));

    for (; header != NULL && node != NULL; header = json_next(header), node = json_next(node)) {
        const char *name = arena_strdup(r->arena, json_string(header, ""));
        uint32_t field = field_of_header(r, name);
        const struct cell *cell = NULL;
        char *text = json_print(node);

        bs_seen(cell_decode(r->arena, text, &cell, e));
        free(text);
        if (e->rc != BS_OK) {
            return e->rc;
        }
        if (field != SYNC_NONE && op->n_cells < r->n_fields) {
            put_cell(u, t, op, field, cell);
        } else if (field == SYNC_NONE && name[0] != '\0' && !str_eq(name, r->cs->id_column) &&
                   cell->kind + cell->formula != CELL_EMPTY) {
            add_extra(u, t->record_id, name, cell);
        }
    }
    return BS_OK;
}

/* The row stands in the tab again; its record is not there, and nothing is known of the two. */
static void is_back(struct undo *u, struct undo_target *t, bool here)
{
    struct run *r = u->r;
    const struct sync_row *row = &r->state.rows[strmap_get(r->row_by_id, t->record_id)];

    t->done = true;
    if (here || row->cells == NULL || strmap_get(r->pair_by_id, t->record_id) != STRMAP_NONE) {
        return;
    }
    struct op *op = undo_settle(u, t->record_id, PAIR_UNDONE | PAIR_RECORD_GONE);

    for (uint32_t i = 0; i < r->n_fields; i++) {
        if (row->cells[i].state == SIDE_VALUE) {
            op->cells[op->n_cells++] =
                (struct op_cell){.field = i, .why = WHY_UNDO, .base_after = row->cells[i].hash};
        }
    }
}

static enum bs_rc plan_deleted_row(struct undo *u, struct undo_target *t, struct bs_err *e)
{
    struct run *r = u->r;
    struct json *whole = NULL;
    uint32_t record = strmap_get(r->record_by_id, t->record_id);
    bool here = record != STRMAP_NONE && r->state.records[record].presence == PRESENCE_HERE;

    if (strmap_get(r->row_by_id, t->record_id) != STRMAP_NONE) {
        is_back(u, t, here);
        return BS_OK;
    }
    if (t->back_raw == NULL) {
        undo_leave(u, t, "what it held is not in the history");
        return BS_OK;
    }
    if (parse(t->back_raw, &whole, e) != BS_OK) {
        return e->rc;
    }
    struct op *op = undo_op(u, OP_ROW_CREATE);

    run_pair(r, t->record_id)->row_hint = 0; /* set when the row is there */
    op->pair = strmap_get(r->pair_by_id, t->record_id);
    op->flags_after = here ? 0 : PAIR_UNDONE | PAIR_RECORD_GONE;
    op->cells = arena_alloc_n(r->arena, r->n_fields + 1, sizeof *op->cells);
    bs_seen(put_cells(u, t, whole, op, e));
    for (size_t i = 0; here && i < op->n_cells; i++) {
        op->cells[i].base_after = 0; /* the record is there too: they meet anew */
    }
    json_free(whole);
    return e->rc;
}

enum bs_rc undo_plan_whole(struct undo *u, struct bs_err *e)
{
    struct snapshot *snap = NULL;

    if (plan_made_records(u, e) != BS_OK || snapshot_read(u->r, &snap, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < u->n && e->rc == BS_OK; i++) {
        struct undo_target *t = &u->targets[i];

        if (t->kind == UNDO_CREATED && t->sheet) {
            bs_seen(plan_made_row(u, t, snap, e));
        } else if (t->kind == UNDO_DELETED && t->sheet) {
            bs_seen(plan_deleted_row(u, t, e));
        } else if (t->kind == UNDO_DELETED) {
            bs_seen(undo_plan_again(u, t, e));
        }
    }
    snapshot_free(snap);
    return e->rc;
}
