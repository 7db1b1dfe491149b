/*
 * plan_cells.c: the cells of rows and records that are both here and tied: each is merged, and what
 * shall be written is gathered into one operation per side.
 */
#include "sync/plan_p.h"

#include "base/str.h"

#include <string.h>

/* One pair at work. The lists have room for every field. */
struct cells {
    struct planner *p;
    uint32_t record, row, pair; /* pair SYNC_NONE: not stored yet */
    const struct sync_record *rec;
    const struct sync_row *sr;
    struct op_cell *settled, *to_sheet, *to_airtable;
    size_t n_settled, n_to_sheet, n_to_airtable;
};

static uint64_t base_of(const struct cells *w, size_t f)
{
    return w->pair == SYNC_NONE ? 0 : w->p->state->pairs[w->pair].bases[f];
}

static struct issue_at place(const struct cells *w, uint32_t f)
{
    return (struct issue_at){w->rec->id, w->sr->number, f};
}

void plan_bad_cell(struct planner *p, const struct issue_at *at, const char *note,
                   enum bs_kind kind)
{
    plan_issue(p, p->state->rules->strict ? ISSUE_ERROR : ISSUE_WARNING, kind, at, "%s", note);
}

/* ---- what is said ---- */

static const char *shown(const struct cells *w, const struct side_cell *c)
{
    if (c->state == SIDE_VALUE) {
        return plan_value_text(w->p, c->value);
    }
    return c->cell ? plan_cell_text(w->p, c->cell) : "";
}

static const char *winner_text(enum merge_why why, enum merge_action action)
{
    switch (why) {
    case WHY_AIRTABLE_WON: return "Airtable won by the rule";
    case WHY_SHEETS_WON: return "the sheet won by the rule";
    case WHY_TIE: return "which is newer cannot be told, a tie: Airtable won";
    default:
        return action == MERGE_TO_SHEET ? "Airtable's is newer and won"
                                        : "the sheet's is newer and won";
    }
}

static void report_conflict(const struct cells *w, uint32_t f, const struct merge_out *out)
{
    const struct issue_at where = place(w, f);
    const char *a = shown(w, &w->rec->cells[f]), *s = shown(w, &w->sr->cells[f]);

    if (out->action == MERGE_HELD) {
        plan_issue(w->p, ISSUE_HELD, BS_K_CONFLICT, &where,
                   "changed on both sides: \"%s\" in Airtable, \"%s\" in the sheet; held until "
                   "\"basesync conflicts\" settles it",
                   a, s);
        return;
    }
    w->p->plan->counts.conflicts++;
    plan_issue(w->p, ISSUE_CONFLICT, BS_K_CONFLICT, &where,
               "changed on both sides: \"%s\" in Airtable, \"%s\" in the sheet; %s", a, s,
               winner_text(out->why, out->action));
}

static void report_skip(const struct cells *w, uint32_t f, const struct merge_out *out)
{
    const struct issue_at where = place(w, f);

    if (out->note && w->sr->cells && w->sr->cells[f].state == SIDE_BAD) {
        plan_bad_cell(w->p, &where, out->note, out->note_kind);
    } else if (out->note) {
        plan_repeat(w->p, out->note_kind, &where, out->note);
    }
}

/* ---- what is written ---- */

/* A side that shall be written must have been read: its old value goes to the history. */
static bool was_read(const struct cells *w, uint32_t f)
{
    const struct issue_at where = place(w, f);

    if (w->rec->cells && w->sr->cells) {
        return true;
    }
    plan_issue(w->p, ISSUE_WARNING, BS_K_INTERNAL, &where,
               "the other side was not read closely enough to write to it; left for the next run");
    return false;
}

static void add_to_sheet(struct cells *w, uint32_t f, const struct merge_out *out)
{
    const struct sync_state *state = w->p->state;
    const struct side_cell *a = &w->rec->cells[f], *s = &w->sr->cells[f];
    const struct issue_at where = place(w, f);
    struct bs_err why = BS_ERR_INIT;
    const struct cell *cell = NULL;

    if (convert_to_cell(state->convert, state->fields[f].field, a->value, state->arena, &cell,
                        &why) != BS_OK) {
        plan_issue(w->p, ISSUE_WARNING, why.kind, &where, "%s", why.msg);
        return;
    }
    if (out->conflict) {
        report_conflict(w, f, out);
    } else if (out->why == WHY_PUT_BACK) {
        plan_issue(w->p, ISSUE_WARNING, BS_K_VALIDATION, &where,
                   "an edit in a column that only Airtable fills was put back; \"%s\" is in the "
                   "history",
                   shown(w, s));
    }
    w->to_sheet[w->n_to_sheet++] = (struct op_cell){
        .field = f,
        .why = out->why,
        .value = a->value,
        .cell = cell,
        .old_cell = s->cell ? s->cell : &cell_empty,
        .loser = out->conflict ? shown(w, s) : NULL,
        .base_after = out->base_after,
    };
}

static void add_to_airtable(struct cells *w, uint32_t f, const struct merge_out *out)
{
    const struct side_cell *a = &w->rec->cells[f], *s = &w->sr->cells[f];
    const struct issue_at where = place(w, f);

    if (out->conflict) {
        report_conflict(w, f, out);
    } else if (out->why == WHY_PUT_BACK) {
        plan_issue(w->p, ISSUE_WARNING, BS_K_VALIDATION, &where,
                   "an edit in a field that only the sheet fills was put back; \"%s\" is in the "
                   "history",
                   shown(w, a));
    }
    w->to_airtable[w->n_to_airtable++] = (struct op_cell){
        .field = f,
        .why = out->why,
        .value = s->value,
        .old_value = a->value ? a->value : &value_empty,
        .loser = out->conflict ? shown(w, a) : NULL,
        .base_after = out->base_after,
    };
}

static void add_cell(struct cells *w, uint32_t f, const struct merge_out *out)
{
    switch (out->action) {
    case MERGE_NOTHING: break;
    case MERGE_SETTLE:
    case MERGE_APART:
        if (out->base_after != base_of(w, f)) {
            w->settled[w->n_settled++] =
                (struct op_cell){.field = f, .why = out->why, .base_after = out->base_after};
        }
        break;
    case MERGE_TO_SHEET:
        if (was_read(w, f)) {
            add_to_sheet(w, f, out);
        }
        break;
    case MERGE_TO_AIRTABLE:
        if (was_read(w, f)) {
            add_to_airtable(w, f, out);
        }
        break;
    case MERGE_HELD:
        if (was_read(w, f)) {
            report_conflict(w, f, out);
        }
        break;
    case MERGE_SKIP: report_skip(w, f, out); break;
    }
}

static void merge_cells(struct cells *w)
{
    const struct sync_state *state = w->p->state;

    for (uint32_t f = 0; f < state->n_fields; f++) {
        const struct merge_in in = {
            .field = &state->fields[f],
            .rules = state->rules,
            .base = base_of(w, f),
            .a = w->rec->cells ? &w->rec->cells[f] : NULL,
            .s = w->sr->cells ? &w->sr->cells[f] : NULL,
            .modified_ms = w->rec->modified_ms,
            .sheet_since_ms = state->sheet_since_ms,
            .sheet_seen_ms = state->sheet_seen_ms,
        };
        const struct merge_out out = merge_cell(&in);

        add_cell(w, f, &out);
    }
}

/* ---- the pair's operations ---- */

static struct op *pair_op(struct cells *w, enum op_kind kind, const struct op_cell *cells, size_t n)
{
    struct op *op = plan_op(w->p, kind, cells, n);

    op->record = w->record;
    op->row = kind == OP_SETTLE ? SYNC_NONE : w->row;
    op->pair = w->pair;
    return op;
}

static void emit(struct cells *w)
{
    const struct sync_state *state = w->p->state;
    bool returned = w->pair != SYNC_NONE && state->pairs[w->pair].flags != 0;

    if (w->n_settled > 0 || returned) {
        (void)pair_op(w, OP_SETTLE, w->settled, w->n_settled);
    }
    if (w->n_to_airtable > 0) {
        (void)pair_op(w, OP_RECORD_UPDATE, w->to_airtable, w->n_to_airtable);
    }
    if (w->n_to_sheet > 0) {
        (void)pair_op(w, OP_ROW_UPDATE, w->to_sheet, w->n_to_sheet);
    }
    if (!str_eq(w->rec->id, w->sr->id)) {
        (void)pair_op(w, OP_ROW_SET_ID, NULL, 0);
    }
}

/* For the guards: how much of a pair that was whole has changed on each side. */
static void count_changes(const struct cells *w)
{
    const struct sync_state *state = w->p->state;
    struct plan *plan = w->p->plan;
    size_t a = 0, s = 0;

    if (w->pair == SYNC_NONE || !sync_pair_whole(state, &state->pairs[w->pair])) {
        return;
    }
    for (size_t f = 0; f < state->n_fields; f++) {
        uint64_t base = base_of(w, f);

        if (base == 0) {
            continue;
        }
        a += w->rec->cells && w->rec->cells[f].state == SIDE_VALUE &&
             !sync_base_holds_airtable(base, w->rec->cells[f].hash);
        s += w->sr->cells && w->sr->cells[f].state != SIDE_ERROR &&
             (w->sr->cells[f].state == SIDE_BAD ||
              !sync_base_holds_sheet(base, w->sr->cells[f].hash));
    }
    plan->cells_changed_airtable += a;
    plan->cells_changed_sheet += s;
    plan->pairs_changed_airtable += a > 0;
    plan->pairs_changed_sheet += s > 0;
}

static void plan_pair(struct cells *w)
{
    w->n_settled = w->n_to_sheet = w->n_to_airtable = 0;
    w->rec = &w->p->state->records[w->record];
    w->sr = &w->p->state->rows[w->row];
    count_changes(w);
    if (w->rec->blocked || w->sr->blocked || w->p->pairing.record_left[w->record]) {
        return;
    }
    if (w->rec->cells || w->sr->cells) {
        merge_cells(w);
    }
    emit(w);
}

void plan_pairs(struct planner *p)
{
    struct arena *a = p->state->arena;
    size_t n = p->state->n_fields;
    struct cells w = {
        .p = p,
        .settled = arena_alloc_n(a, n, sizeof *w.settled),
        .to_sheet = arena_alloc_n(a, n, sizeof *w.to_sheet),
        .to_airtable = arena_alloc_n(a, n, sizeof *w.to_airtable),
    };

    for (uint32_t i = 0; i < p->state->n_rows; i++) {
        if (p->pairing.role[i] == ROW_PAIRED) {
            w.row = i;
            w.record = p->pairing.row_record[i];
            w.pair = p->pairing.record_pair[w.record];
            plan_pair(&w);
        }
    }
}
