/*
 * undo_cells.c: cells that a run has written become updates of their rows and records, where they
 * still hold what the run left. Airtable's come first: what they will be is half of the sheet
 * cells' bases.
 */
#include "base/str.h"
#include "engine/undo_p.h"

#include <string.h>

/* What both sides will hold, so that neither counts as edited. 0 stands for "cannot be told". */
static uint64_t base_of(uint64_t airtable, uint64_t sheet)
{
    if (airtable == 0 || sheet == 0) {
        return airtable != 0 ? airtable : sheet;
    }
    return sync_base_apart(airtable, sheet);
}

static uint64_t hash_of(const struct side_cell *cells, uint32_t field)
{
    return cells != NULL && cells[field].state == SIDE_VALUE ? cells[field].hash : 0;
}

/* The value that a cell has beside this value of Airtable, and its hash: 0 when it means none. */
static uint64_t cell_hash(struct undo *u, const struct undo_target *t, const struct cell *c,
                          const struct value *airtable, const struct value **value)
{
    struct run *r = u->r;
    const struct field *f = r->fields[t->field].field;
    struct bs_err why = BS_ERR_INIT;

    *value = &value_empty;
    if (c->formula ||
        convert_from_cell(&r->convert, f, c, airtable, r->arena, value, &why) != BS_OK ||
        (*value)->kind == VALUE_ERROR) {
        *value = &value_empty;
        return 0;
    }
    return convert_hash(&r->convert, f, *value);
}

/* One op per row or record; its cells are gathered into it. */
static struct op *op_of(struct undo *u, struct strmap *ops, const struct undo_target *t,
                        uint32_t record, uint32_t row)
{
    uint32_t at = strmap_get(ops, t->record_id);
    struct op *op;

    if (at != STRMAP_NONE) {
        return &u->plan->ops[at];
    }
    strmap_add(ops, t->record_id, (uint32_t)u->plan->n_ops);
    op = undo_op(u, t->sheet ? OP_ROW_UPDATE : OP_RECORD_UPDATE);
    op->record = record;
    op->row = row;
    op->cells = arena_alloc_n(u->r->arena, u->r->n_fields, sizeof *op->cells);
    return op;
}

static struct pair_at {
    uint32_t record, row;
} places_of(const struct undo *u, const struct undo_target *t)
{
    struct pair_at at = {strmap_get(u->r->record_by_id, t->record_id),
                         strmap_get(u->r->row_by_id, t->record_id)};

    at.record = at.record == STRMAP_NONE ? SYNC_NONE : at.record;
    at.row = at.row == STRMAP_NONE ? SYNC_NONE : at.row;
    return at;
}

/* ---- Airtable ---- */

static const char *text_of_value(struct undo *u, const struct value *v)
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    value_print(v, &b);
    const char *text = arena_strdup(u->r->arena, b.data);

    buf_release(&b);
    return text;
}

static enum bs_rc decode_value(struct undo *u, const struct undo_target *t, const char *raw,
                               const struct value **out, struct bs_err *e)
{
    const struct value *v = NULL;

    if (value_decode(u->r->arena, raw, &v, e) != BS_OK) {
        return e->rc;
    }
    *out = convert_name_refs(&u->r->convert, u->r->fields[t->field].field, v, u->r->arena);
    return BS_OK;
}

/* Why the record cannot take its old value back; NULL when it can. */
static const char *record_refuses(const struct undo *u, const struct undo_target *t, uint32_t at)
{
    const struct run *r = u->r;

    if (t->field == SYNC_NONE) {
        return "the field is not synced any more";
    }
    if (at == SYNC_NONE || r->state.records[at].presence != PRESENCE_HERE ||
        r->state.records[at].cells == NULL) {
        return "the record is not there any more";
    }
    return field_writable(r->fields[t->field].field) ? NULL
                                                     : "the field cannot be written any more";
}

/* A collaborator is written by e-mail address and comes back under his name. */
static bool same_person(const struct value_item *now, const struct value_item *was)
{
    return str_eq(now->text, was->text) || (now->alt != NULL && str_eq_ci(now->alt, was->text)) ||
           (now->id != NULL && was->id != NULL && str_eq(now->id, was->id));
}

static bool still_holds(const struct run *r, const struct field *f, const struct side_cell *cell,
                        const struct value *was)
{
    if (cell->state != SIDE_VALUE) {
        return false;
    }
    if (cell->hash == convert_hash(&r->convert, f, was)) {
        return true;
    }
    if (cell->value->kind != VALUE_LIST || was->kind != VALUE_LIST ||
        cell->value->u.list.n != was->u.list.n) {
        return false;
    }
    for (size_t i = 0; i < was->u.list.n; i++) {
        if (!same_person(&cell->value->u.list.items[i], &was->u.list.items[i])) {
            return false;
        }
    }
    return true;
}

/* What the sheet will hold beside the value that is put back. */
static uint64_t sheet_hash(struct undo *u, const struct undo_target *t, uint32_t row,
                           const struct value *back)
{
    const struct side_cell *cells = row == SYNC_NONE ? NULL : u->r->state.rows[row].cells;
    const struct value *value = NULL;

    if (cells == NULL || cells[t->field].cell == NULL || cells[t->field].cell->formula) {
        return hash_of(cells, t->field);
    }
    return cell_hash(u, t, cells[t->field].cell, back, &value);
}

/* The cell is back already. If nobody has taken note of that, the next run would take it for an
 * edit. */
static void settle_cell(struct undo *u, struct undo_target *t, uint64_t left, uint64_t base)
{
    uint32_t at = strmap_get(u->r->pair_by_id, t->record_id);

    t->done = true;
    if (at == STRMAP_NONE || left == 0 || u->r->state.pairs[at].bases[t->field] != left) {
        return;
    }
    struct op *op = undo_settle(u, t->record_id, u->r->state.pairs[at].flags);

    op->cells[op->n_cells++] =
        (struct op_cell){.field = t->field, .why = WHY_UNDO, .base_after = base};
}

static enum bs_rc plan_record_cell(struct undo *u, struct strmap *ops, struct undo_target *t,
                                   struct bs_err *e)
{
    struct run *r = u->r;
    struct pair_at at = places_of(u, t);
    const char *refusal = record_refuses(u, t, at.record);
    const struct value *now = NULL, *back = NULL;

    if (refusal != NULL) {
        undo_leave(u, t, "%s", refusal);
        return BS_OK;
    }
    if (decode_value(u, t, t->now_raw, &now, e) != BS_OK ||
        decode_value(u, t, t->back_raw, &back, e) != BS_OK) {
        return e->rc;
    }
    const struct field *f = r->fields[t->field].field;
    const struct side_cell *cell = &r->state.records[at.record].cells[t->field];

    t->hash = convert_hash(&r->convert, f, back);
    if (cell->state == SIDE_VALUE && cell->hash == t->hash) {
        settle_cell(u, t, convert_hash(&r->convert, f, now),
                    base_of(t->hash, sheet_hash(u, t, at.row, back)));
        return BS_OK;
    }
    if (!still_holds(r, f, cell, now)) {
        undo_leave(u, t, "edited since: it holds \"%s\", the run had written \"%s\"",
                   text_of_value(u, cell->value), text_of_value(u, now));
        return BS_OK;
    }
    struct op *op = op_of(u, ops, t, at.record, at.row);

    t->value = back;
    t->base_after = base_of(t->hash, sheet_hash(u, t, at.row, back));
    op->cells[op->n_cells++] = (struct op_cell){
        .field = t->field,
        .why = WHY_UNDO,
        .value = back,
        .old_value = cell->value,
        .base_after = t->base_after,
    };
    t->taken = true;
    return BS_OK;
}

/* ---- the sheet ---- */

static const char *text_of_cell(struct undo *u, const struct cell *c)
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    cell_print(c, &b);
    const char *text = arena_strdup(u->r->arena, b.data);

    buf_release(&b);
    return text;
}

static bool same(const struct cell *a, const struct cell *b)
{
    if (a->formula || b->formula) {
        return a->formula && b->formula && str_eq(a->entered_formula, b->entered_formula);
    }
    return cell_equal(a, b);
}

/* What Airtable will hold beside the cell that is put back; NULL when it holds nothing or an
 * error. */
static const struct value *airtable_value(const struct undo *u, const struct undo_target *t,
                                          uint32_t record, uint64_t *hash)
{
    const struct run *r = u->r;
    const struct undo_target *other =
        undo_find(u, false, t->record_id, r->fields[t->field].field->id);
    const struct side_cell *cells = record == SYNC_NONE ? NULL : r->state.records[record].cells;

    if (other != NULL && other->taken) {
        *hash = other->hash;
        return other->value;
    }
    *hash = hash_of(cells, t->field);
    return *hash == 0 ? NULL : cells[t->field].value;
}

static const char *row_refuses(const struct undo *u, const struct undo_target *t, uint32_t at)
{
    if (t->field == SYNC_NONE || u->r->layout.column[t->field] == SYNC_NONE) {
        return "the column is not synced any more";
    }
    if (at == SYNC_NONE || u->r->state.rows[at].cells == NULL) {
        return "the row is not there any more";
    }
    return NULL;
}

static void add_row_cell(struct undo *u, struct strmap *ops, struct undo_target *t,
                         const struct cell *back)
{
    struct run *r = u->r;
    struct pair_at at = places_of(u, t);
    uint64_t airtable = 0;
    const struct value *beside = airtable_value(u, t, at.record, &airtable);
    const struct value *value = NULL;
    uint64_t sheet = cell_hash(u, t, back, beside, &value);
    struct op *op = op_of(u, ops, t, at.record, at.row);

    t->base_after = base_of(airtable, sheet);
    if (op->record == SYNC_NONE) {
        op->pair = strmap_get(r->pair_by_id, t->record_id);
    }
    op->cells[op->n_cells++] = (struct op_cell){
        .field = t->field,
        .why = WHY_UNDO,
        .value = value,
        .cell = back,
        .old_cell = r->state.rows[at.row].cells[t->field].cell,
        .base_after = t->base_after,
    };
    t->taken = true;
}

static enum bs_rc plan_row_cell(struct undo *u, struct strmap *ops, struct undo_target *t,
                                struct bs_err *e)
{
    struct run *r = u->r;
    struct pair_at at = places_of(u, t);
    const char *refusal = row_refuses(u, t, at.row);
    const struct cell *now = NULL, *back = NULL;

    if (refusal != NULL ||
        (at.record == SYNC_NONE && strmap_get(r->pair_by_id, t->record_id) == STRMAP_NONE)) {
        undo_leave(u, t, "%s", refusal != NULL ? refusal : "its record is not known any more");
        return BS_OK;
    }
    if (cell_decode(r->arena, t->now_raw, &now, e) != BS_OK ||
        cell_decode(r->arena, t->back_raw, &back, e) != BS_OK) {
        return e->rc;
    }
    const struct cell *cell = r->state.rows[at.row].cells[t->field].cell;

    cell = cell != NULL ? cell : &cell_empty;
    if (same(cell, back)) {
        uint64_t airtable = 0;
        const struct value *beside = airtable_value(u, t, at.record, &airtable), *value = NULL;

        settle_cell(u, t, cell_hash(u, t, now, beside, &value),
                    base_of(airtable, cell_hash(u, t, back, beside, &value)));
    } else if (!same(cell, now)) {
        undo_leave(u, t, "edited since: it holds \"%s\", the run had written \"%s\"",
                   text_of_cell(u, cell), text_of_cell(u, now));
    } else {
        add_row_cell(u, ops, t, back);
    }
    return BS_OK;
}

enum bs_rc undo_plan_cells(struct undo *u, struct bs_err *e)
{
    for (int sheet = 0; sheet < 2; sheet++) {
        struct strmap *ops = strmap_new(u->n);

        for (size_t i = 0; i < u->n && e->rc == BS_OK; i++) {
            struct undo_target *t = &u->targets[i];

            if (t->kind != UNDO_CELL || t->absorbed || t->sheet != (sheet == 1)) {
                continue;
            }
            bs_seen(t->sheet ? plan_row_cell(u, ops, t, e) : plan_record_cell(u, ops, t, e));
        }
        strmap_free(ops);
        if (e->rc != BS_OK) {
            return e->rc;
        }
    }
    return BS_OK;
}
