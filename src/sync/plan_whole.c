/*
 * plan_whole.c: whole rows and records: pairs of which a side is gone, rows that become records,
 * records that become rows. A deletion travels only when deletes are on, the pair was whole, and
 * the other side has not been edited since; everything else keeps what is there.
 */
#include "sync/plan_p.h"

#include <stdlib.h>

/* ---- a row becomes a record ---- */

static void collect_value(struct planner *p, const struct sync_row *row, uint32_t f,
                          struct op_cell *cells, size_t *n)
{
    const struct side_cell *c = &row->cells[f];
    const struct issue_at where = {NULL, row->number, f};

    if (!p->state->fields[f].to_airtable) {
        return;
    }
    if (c->state == SIDE_BAD) {
        plan_bad_cell(p, &where, c->note, c->note_kind);
    } else if (c->state == SIDE_ERROR) {
        plan_issue(p, ISSUE_WARNING, BS_K_VALIDATION, &where,
                   "the cell shows an error just now and is left out of the new record");
    } else if (sync_cell_filled(c)) {
        cells[(*n)++] = (struct op_cell){
            .field = f,
            .why = WHY_CREATE,
            .value = c->value,
            .old_value = &value_empty,
            .base_after = c->hash,
        };
    }
}

static void tell_copy(struct planner *p, uint32_t at)
{
    const struct issue_at where = {NULL, p->state->rows[at].number, SYNC_NONE};
    uint32_t original = p->pairing.copy_of[at];

    if (original != SYNC_NONE) {
        plan_issue(p, ISSUE_INFO, BS_K_NONE, &where,
                   "a copy of row %u (it bears the same record id); it becomes a new record",
                   p->state->rows[original].number);
    }
}

/* Nothing is made of a row none of whose cells can flow. */
/* False when the row holds nothing that a record can be made of. */
static bool create_record(struct planner *p, uint32_t at)
{
    const struct sync_row *row = &p->state->rows[at];
    const struct issue_at where = {NULL, row->number, SYNC_NONE};
    size_t n = 0;

    if (!row->cells) {
        plan_issue(p, ISSUE_WARNING, BS_K_INTERNAL, &where,
                   "the row was not read closely enough to make a record of it; left for the next "
                   "run");
        return false;
    }
    for (uint32_t f = 0; f < p->state->n_fields; f++) {
        collect_value(p, row, f, p->scratch, &n);
    }
    if (n > 0) {
        tell_copy(p, at);
        plan_op(p, OP_RECORD_CREATE, p->scratch, n)->row = at;
    }
    return n > 0;
}

void plan_new_rows(struct planner *p)
{
    for (uint32_t i = 0; i < p->state->n_rows && sync_to_airtable(p->state); i++) {
        if (p->pairing.role[i] == ROW_NEW && !p->state->rows[i].blocked) {
            (void)create_record(p, i);
        }
    }
}

/* ---- a record becomes a row ---- */

/* A cell that stays empty although Airtable has a value: the two stand apart, so that the empty
 * cell is never taken for a person's clearing. */
static struct op_cell empty_cell(const struct planner *p, const struct side_cell *a, uint32_t f)
{
    return (struct op_cell){
        .field = f,
        .why = WHY_CREATE,
        .value = &value_empty,
        .cell = &cell_empty,
        .old_cell = &cell_empty,
        .base_after = sync_base_apart(a->hash, p->empty_hash),
    };
}

static void collect_cell(struct planner *p, const struct sync_record *rec, uint32_t f,
                         struct op_cell *cells, size_t *n)
{
    const struct sync_field *field = &p->state->fields[f];
    const struct side_cell *a = &rec->cells[f];
    const struct issue_at where = {rec->id, 0, f};
    struct bs_err why = BS_ERR_INIT;
    const struct cell *cell = NULL;

    if (!sync_field_flows(field)) {
        return;
    }
    if (a->state == SIDE_ERROR) {
        plan_repeat(p, BS_K_VALIDATION, &where,
                    "Airtable shows an error here just now; the new row's cell stays empty");
        return;
    }
    cells[*n] = empty_cell(p, a, f);
    if (field->to_sheet) {
        if (convert_to_cell(p->state->convert, field->field, a->value, p->state->arena, &cell,
                            &why) == BS_OK) {
            cells[*n].value = a->value;
            cells[*n].cell = cell;
            cells[*n].base_after = a->hash;
        } else {
            plan_issue(p, ISSUE_WARNING, why.kind, &where, "%s", why.msg);
        }
    }
    (*n)++;
}

static void create_row(struct planner *p, uint32_t record)
{
    const struct sync_record *rec = &p->state->records[record];
    const struct issue_at where = {rec->id, 0, SYNC_NONE};
    struct op *op;
    size_t n = 0;

    if (!rec->cells) {
        plan_issue(p, ISSUE_WARNING, BS_K_INTERNAL, &where,
                   "the record was not read closely enough to make a row of it; left for the next "
                   "run");
        return;
    }
    for (uint32_t f = 0; f < p->state->n_fields; f++) {
        collect_cell(p, rec, f, p->scratch, &n);
    }
    op = plan_op(p, OP_ROW_CREATE, p->scratch, n);
    op->record = record;
    op->pair = p->pairing.record_pair[record];
}

struct new_record {
    int64_t created_ms;
    uint32_t record;
};

static int by_creation(const void *x, const void *y)
{
    const struct new_record *a = x, *b = y;

    if (a->created_ms != b->created_ms) {
        return a->created_ms < b->created_ms ? -1 : 1;
    }
    return (a->record > b->record) - (a->record < b->record);
}

/* In the order of the view; without one in the order of creation, as Airtable itself would show
 * them: a listing without a view has no order. Records of stored pairs are plan_gone's. */
void plan_new_records(struct planner *p)
{
    const struct sync_state *state = p->state;
    struct new_record *list = arena_alloc_n(state->arena, state->n_records, sizeof *list);
    size_t n = 0;

    for (uint32_t i = 0; i < state->n_records && sync_to_sheet(state); i++) {
        const struct sync_record *rec = &state->records[i];

        if (rec->presence == PRESENCE_HERE && p->pairing.record_row[i] == SYNC_NONE &&
            p->pairing.record_pair[i] == SYNC_NONE && !p->pairing.record_left[i] && !rec->blocked) {
            list[n++] = (struct new_record){rec->created_ms, i};
        }
    }
    if (!state->view_scoped && n > 1) {
        qsort(list, n, sizeof *list, by_creation);
    }
    for (size_t i = 0; i < n; i++) {
        create_row(p, list[i].record);
    }
}

/* ---- one side of a stored pair is gone ---- */

struct gone {
    struct planner *p;
    uint32_t pair, record, row; /* record and row: SYNC_NONE when there is none */
    const struct sync_pair *stored;
    bool whole;
};

static void pair_op(const struct gone *g, enum op_kind kind, uint32_t flags_after)
{
    struct op *op = plan_op(g->p, kind, NULL, 0);

    op->pair = g->pair;
    op->record = g->record;
    op->row = kind == OP_SETTLE ? SYNC_NONE : g->row;
    op->flags_after = flags_after;
}

/* Keeps the side that is left and says so once. */
static void keep(const struct gone *g, uint32_t flag, const char *why)
{
    const struct issue_at where = {
        g->stored->record_id,
        g->row == SYNC_NONE ? 0 : g->p->state->rows[g->row].number,
        SYNC_NONE,
    };

    if (g->stored->flags != flag) {
        plan_issue(g->p, ISSUE_WARNING, BS_K_CONFLICT, &where, "%s", why);
        pair_op(g, OP_SETTLE, flag);
    }
}

static void tell(const struct gone *g, const char *what)
{
    const struct issue_at where = {
        g->stored->record_id,
        g->row == SYNC_NONE ? 0 : g->p->state->rows[g->row].number,
        SYNC_NONE,
    };

    plan_issue(g->p, ISSUE_INFO, BS_K_NONE, &where, "%s", what);
}

static void record_is_gone(const struct gone *g)
{
    const struct sync_state *state = g->p->state;
    const struct sync_row *row = &state->rows[g->row];
    bool edited = sync_row_edited(state, g->stored, row);

    if (!sync_to_sheet(state)) {
        tell(g, "its record was deleted in Airtable; the sheet is the source: it becomes a record "
                "again");
        (void)create_record(g->p, g->row);
    } else if (!state->rules->delete_extra_rows || !g->whole) {
        keep(g, PAIR_RECORD_GONE,
             "its record was deleted in Airtable; the row is kept (delete_extra_rows=no)");
    } else if (!edited) {
        pair_op(g, OP_ROW_DELETE, 0);
    } else if (sync_to_airtable(state) && create_record(g->p, g->row)) {
        tell(g, "its record was deleted in Airtable, but the row was edited since: it becomes a "
                "record again");
    } else {
        keep(g, PAIR_RECORD_GONE,
             "its record was deleted in Airtable, but the row was edited since: it is kept");
    }
}

static void row_is_gone(const struct gone *g)
{
    const struct sync_state *state = g->p->state;
    const struct sync_record *rec = &state->records[g->record];
    bool deletes = sync_to_airtable(state) && state->rules->delete_extra_records && g->whole;
    bool edited = sync_record_edited(state, g->stored, rec);

    if (deletes && !edited) {
        pair_op(g, OP_RECORD_DELETE, 0);
    } else if (!sync_to_sheet(state)) {
        keep(g, PAIR_ROW_GONE,
             deletes ? "its row was deleted, but the record was edited since: it is kept"
                     : "its row was deleted; the record is kept (delete_extra_records=no)");
    } else {
        tell(g, deletes
                    ? "its row was deleted, but the record was edited since: it becomes a row again"
                    : "its row was deleted; it becomes a row again (delete_extra_records=no)");
        create_row(g->p, g->record);
    }
}

/* What undo has left alone stays so until it is edited. */
static bool left_by_undo(const struct gone *g, enum presence presence)
{
    const struct sync_state *state = g->p->state;

    if ((g->stored->flags & PAIR_UNDONE) == 0) {
        return false;
    }
    if (presence == PRESENCE_GONE) {
        return g->row != SYNC_NONE && !sync_row_edited(state, g->stored, &state->rows[g->row]);
    }
    return g->row == SYNC_NONE && !sync_record_edited(state, g->stored, &state->records[g->record]);
}

static bool is_blocked(const struct gone *g)
{
    const struct sync_state *state = g->p->state;

    return (g->record != SYNC_NONE &&
            (state->records[g->record].blocked || g->p->pairing.record_left[g->record])) ||
           (g->row != SYNC_NONE && state->rows[g->row].blocked);
}

static void plan_gone_pair(const struct gone *g)
{
    struct plan *plan = g->p->plan;
    enum presence presence =
        g->record == SYNC_NONE ? PRESENCE_UNKNOWN : g->p->state->records[g->record].presence;

    plan->paired += g->whole;
    plan->records_gone += g->whole && presence == PRESENCE_GONE;
    plan->rows_gone += g->whole && presence == PRESENCE_HERE && g->row == SYNC_NONE;
    if (presence == PRESENCE_UNKNOWN || is_blocked(g) || left_by_undo(g, presence)) {
        return;
    }
    if (presence == PRESENCE_GONE && g->row == SYNC_NONE) {
        pair_op(g, OP_FORGET, 0);
    } else if (presence == PRESENCE_GONE) {
        record_is_gone(g);
    } else if (g->row == SYNC_NONE) {
        row_is_gone(g);
    }
}

void plan_gone(struct planner *p)
{
    for (uint32_t i = 0; i < p->state->n_pairs; i++) {
        const struct gone g = {
            .p = p,
            .pair = i,
            .record = p->pairing.pair_record[i],
            .row = p->pairing.pair_row[i],
            .stored = &p->state->pairs[i],
            .whole = sync_pair_whole(p->state, &p->state->pairs[i]),
        };

        plan_gone_pair(&g);
    }
}
