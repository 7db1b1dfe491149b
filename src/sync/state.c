/* state.c: see state.h. */
#include "sync/state.h"

#define SHEET_HALF 0xffffffffu /* of a base: see sync_base_apart */

void sync_index_init(struct sync_index *x, const struct sync_state *state)
{
    x->records = strmap_new(state->n_records);
    x->pairs = strmap_new(state->n_pairs);
    for (size_t i = 0; i < state->n_records; i++) {
        strmap_add(x->records, state->records[i].id, (uint32_t)i);
    }
    for (size_t i = 0; i < state->n_pairs; i++) {
        strmap_add(x->pairs, state->pairs[i].record_id, (uint32_t)i);
    }
}

void sync_index_release(struct sync_index *x)
{
    strmap_free(x->records);
    strmap_free(x->pairs);
    *x = (struct sync_index){0};
}

bool sync_to_sheet(const struct sync_state *state)
{
    return state->rules->direction != DIRECTION_TO_AIRTABLE;
}

bool sync_to_airtable(const struct sync_state *state)
{
    return state->rules->direction != DIRECTION_TO_SHEETS;
}

bool sync_field_flows(const struct sync_field *f)
{
    return f->to_sheet || f->to_airtable;
}

bool sync_cell_filled(const struct side_cell *c)
{
    return c->state == SIDE_VALUE && c->value->kind != VALUE_EMPTY;
}

uint64_t sync_empty_hash(const struct sync_state *state)
{
    return state->n_fields == 0
               ? 0
               : convert_hash(state->convert, state->fields[0].field, &value_empty);
}

bool sync_pair_whole(const struct sync_state *state, const struct sync_pair *p)
{
    for (size_t i = 0; i < state->n_fields; i++) {
        if (p->bases[i] != 0) {
            return true;
        }
    }
    return false;
}

static bool holds_formula(const struct side_cell *c)
{
    return c->cell && c->cell->formula;
}

bool sync_row_edited(const struct sync_state *state, const struct sync_pair *p,
                     const struct sync_row *row)
{
    for (size_t i = 0; row->cells && i < state->n_fields; i++) {
        const struct side_cell *c = &row->cells[i];

        if (!sync_field_flows(&state->fields[i]) || holds_formula(c)) {
            continue;
        }
        if (c->state != SIDE_VALUE ||
            (p->bases[i] == 0 ? sync_cell_filled(c)
                              : !sync_base_holds_sheet(p->bases[i], c->hash))) {
            return true;
        }
    }
    return false;
}

bool sync_record_edited(const struct sync_state *state, const struct sync_pair *p,
                        const struct sync_record *rec)
{
    for (size_t i = 0; rec->cells && i < state->n_fields; i++) {
        const struct side_cell *c = &rec->cells[i];

        if (!sync_field_flows(&state->fields[i]) || !field_writable(state->fields[i].field)) {
            continue;
        }
        if (c->state != SIDE_VALUE ||
            (p->bases[i] == 0 ? sync_cell_filled(c)
                              : !sync_base_holds_airtable(p->bases[i], c->hash))) {
            return true;
        }
    }
    return false;
}

uint64_t sync_row_content(const struct sync_state *state, const struct sync_row *row)
{
    uint64_t h = 1;
    bool any = false;

    for (size_t i = 0; i < state->n_fields; i++) {
        if (!sync_field_flows(&state->fields[i])) {
            continue;
        }
        if (!row->cells || row->cells[i].state != SIDE_VALUE) {
            return 0;
        }
        any = any || sync_cell_filled(&row->cells[i]);
        h = hash_mix(h, row->cells[i].hash & SHEET_HALF);
    }
    return any ? h : 0;
}

uint64_t sync_pair_content(const struct sync_state *state, const struct sync_pair *p)
{
    uint64_t empty = sync_empty_hash(state) & SHEET_HALF;
    uint64_t h = 1;
    bool any = false;

    for (size_t i = 0; i < state->n_fields; i++) {
        if (!sync_field_flows(&state->fields[i])) {
            continue;
        }
        if (p->bases[i] == 0) {
            return 0;
        }
        any = any || (p->bases[i] & SHEET_HALF) != empty;
        h = hash_mix(h, p->bases[i] & SHEET_HALF);
    }
    return any ? h : 0;
}

uint32_t sync_row_at(const struct sync_state *state, uint32_t number)
{
    size_t lo = 0, hi = state->n_rows;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (state->rows[mid].number < number) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo < state->n_rows && state->rows[lo].number == number ? (uint32_t)lo : SYNC_NONE;
}
