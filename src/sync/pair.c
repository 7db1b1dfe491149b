/*
 * pair.c: ties rows to records by what is certain: the journal's word for a row, then the id cell.
 * What remains goes to pair_content.c.
 */
#include "sync/plan_p.h"

#include "base/str.h"

/* Rows that bear one id are a chain through next. */
struct id_rows {
    struct sync_index by_id;
    struct strmap *first; /* id -> its first row */
    uint32_t *next;       /* per row */
};

static uint32_t *all_none(struct arena *a, size_t n)
{
    uint32_t *list = arena_alloc_n(a, n, sizeof *list);

    for (size_t i = 0; i < n; i++) {
        list[i] = SYNC_NONE;
    }
    return list;
}

static void pairing_init(struct planner *p)
{
    const struct sync_state *state = p->state;
    struct pairing *x = &p->pairing;

    x->role = arena_alloc_n(state->arena, state->n_rows, sizeof *x->role);
    x->row_record = all_none(state->arena, state->n_rows);
    x->record_row = all_none(state->arena, state->n_records);
    x->record_pair = all_none(state->arena, state->n_records);
    x->record_left = arena_alloc_n(state->arena, state->n_records, sizeof *x->record_left);
    x->pair_record = all_none(state->arena, state->n_pairs);
    x->pair_row = all_none(state->arena, state->n_pairs);
}

static void tie_records_to_pairs(struct planner *p, const struct sync_index *by_id)
{
    struct pairing *x = &p->pairing;

    for (size_t i = 0; i < p->state->n_records; i++) {
        x->record_pair[i] = strmap_get(by_id->pairs, p->state->records[i].id);
        if (x->record_pair[i] != SYNC_NONE) {
            x->pair_record[x->record_pair[i]] = (uint32_t)i;
        }
    }
}

static bool is_here(const struct planner *p, uint32_t record)
{
    return record != SYNC_NONE && p->state->records[record].presence == PRESENCE_HERE;
}

void pair_tie(struct planner *p, uint32_t row, uint32_t record)
{
    struct pairing *x = &p->pairing;
    uint32_t pair = x->record_pair[record];

    x->role[row] = is_here(p, record) ? ROW_PAIRED : ROW_OF_GONE;
    if (x->role[row] == ROW_PAIRED) {
        x->row_record[row] = record;
    }
    x->record_row[record] = row;
    if (pair != SYNC_NONE) {
        x->pair_row[pair] = row;
    }
}

/* ---- the journal's word ---- */

static void tie_known(struct planner *p, const struct id_rows *ids)
{
    for (uint32_t i = 0; i < p->state->n_rows; i++) {
        const struct sync_row *row = &p->state->rows[i];
        uint32_t record;

        if (!row->known_record || p->pairing.role[i] != ROW_UNDECIDED ||
            str_eq(row->id, row->known_record)) {
            continue;
        }
        record = strmap_get(ids->by_id.records, row->known_record);
        /* A row that bears the id already is the record's row. */
        if (is_here(p, record) && p->pairing.record_row[record] == SYNC_NONE &&
            strmap_get(ids->first, row->known_record) == STRMAP_NONE) {
            pair_tie(p, i, record);
        }
    }
}

/* ---- id cells ---- */

static bool equals_record(const struct planner *p, uint32_t at, uint32_t record)
{
    const struct sync_row *row = &p->state->rows[at];
    const struct sync_record *rec = &p->state->records[record];

    for (size_t i = 0; row->cells && rec->cells && i < p->state->n_fields; i++) {
        if (sync_field_flows(&p->state->fields[i]) && rec->cells[i].state == SIDE_VALUE &&
            (row->cells[i].state != SIDE_VALUE || row->cells[i].hash != rec->cells[i].hash)) {
            return false;
        }
    }
    return row->cells && rec->cells;
}

/* How much speaks for a row to be the one that its copies were made of. */
static int originality(const struct planner *p, uint32_t at, uint32_t record, uint32_t pair)
{
    const struct sync_row *row = &p->state->rows[at];
    const struct sync_pair *stored = pair == SYNC_NONE ? NULL : &p->state->pairs[pair];

    if (stored && stored->row_hint == row->number) {
        return 3;
    }
    if (stored && ((row->raw != 0 && row->raw == stored->raw) || !row->cells)) {
        return 2;
    }
    if (stored) {
        return sync_pair_whole(p->state, stored) && !sync_row_edited(p->state, stored, row);
    }
    return record != SYNC_NONE && equals_record(p, at, record);
}

static uint32_t original_of(const struct planner *p, const struct id_rows *ids, uint32_t first,
                            uint32_t record)
{
    uint32_t pair = strmap_get(ids->by_id.pairs, p->state->rows[first].id);
    uint32_t best = SYNC_NONE;
    int best_score = -1;

    for (uint32_t at = first; at != SYNC_NONE; at = ids->next[at]) {
        int score;

        if (p->pairing.role[at] != ROW_UNDECIDED) {
            continue;
        }
        score = originality(p, at, record, pair);
        if (score > best_score) {
            best = at;
            best_score = score;
        }
    }
    return best;
}

static void settle_copy(struct planner *p, uint32_t at, uint32_t original)
{
    const struct sync_row *row = &p->state->rows[at];
    const struct issue_at where = {NULL, row->number, SYNC_NONE};
    uint32_t of = p->state->rows[original].number;

    if (p->state->rules->copied_rows == COPIED_NEW && sync_to_airtable(p->state)) {
        p->pairing.role[at] = ROW_NEW;
        if (!row->blocked) {
            plan_issue(p, ISSUE_INFO, BS_K_NONE, &where,
                       "a copy of row %u (it bears the same record id); it becomes a new record",
                       of);
        }
        return;
    }
    p->pairing.role[at] = ROW_IGNORED;
    plan_issue(p, ISSUE_WARNING, BS_K_VALIDATION, &where,
               "it bears the same record id as row %u and is left alone; clear its id cell to make "
               "it a row of its own",
               of);
}

/* A row whose pair is known while nothing at all is known of the record: as if it were unknown. */
static void tie_to_lost_pair(struct planner *p, uint32_t row, uint32_t pair)
{
    p->pairing.role[row] = ROW_OF_GONE;
    p->pairing.pair_row[pair] = row;
}

static void settle_id(struct planner *p, const struct id_rows *ids, uint32_t first)
{
    const char *id = p->state->rows[first].id;
    uint32_t record = strmap_get(ids->by_id.records, id);
    uint32_t pair = strmap_get(ids->by_id.pairs, id);
    uint32_t original = original_of(p, ids, first, record);
    bool known = pair != SYNC_NONE ||
                 (record != SYNC_NONE && p->state->records[record].presence != PRESENCE_GONE);

    for (uint32_t at = first; at != SYNC_NONE; at = ids->next[at]) {
        if (p->pairing.role[at] != ROW_UNDECIDED) {
            continue;
        }
        if (!known) {
            p->pairing.role[at] = ROW_FOREIGN;
        } else if (at != original) {
            settle_copy(p, at, original);
        } else if (record != SYNC_NONE) {
            pair_tie(p, at, record);
        } else {
            tie_to_lost_pair(p, at, pair);
        }
    }
}

static void id_rows_init(struct planner *p, struct id_rows *ids)
{
    const struct sync_state *state = p->state;
    uint32_t *last = all_none(state->arena, state->n_rows); /* per first row: end of its chain */

    sync_index_init(&ids->by_id, state);
    ids->first = strmap_new(state->n_rows);
    ids->next = all_none(state->arena, state->n_rows);
    for (uint32_t i = 0; i < state->n_rows; i++) {
        const struct sync_row *row = &state->rows[i];
        uint32_t first;

        if (row->blank || row->gone) {
            p->pairing.role[i] = ROW_IGNORED;
            continue;
        }
        if (*row->id == '\0') {
            continue;
        }
        first = strmap_add(ids->first, row->id, i);
        if (first != i) {
            ids->next[last[first] == SYNC_NONE ? first : last[first]] = i;
            last[first] = i;
        }
    }
}

static void id_rows_release(struct id_rows *ids)
{
    sync_index_release(&ids->by_id);
    strmap_free(ids->first);
}

/* ---- what is left over ---- */

static void report_foreign(struct planner *p)
{
    for (size_t i = 0; i < p->state->n_rows; i++) {
        const struct sync_row *row = &p->state->rows[i];
        const struct issue_at where = {NULL, row->number, SYNC_NONE};
        struct value id = {.kind = VALUE_TEXT, .u.text = row->id};

        if (p->pairing.role[i] == ROW_FOREIGN) {
            plan_issue(p, ISSUE_WARNING, BS_K_VALIDATION, &where,
                       "id \"%s\" is not a record of this table and the row is left alone; clear "
                       "the cell to make it a new record",
                       plan_value_text(p, &id));
        }
    }
}

void pair_sides(struct planner *p)
{
    struct id_rows ids;

    pairing_init(p);
    id_rows_init(p, &ids);
    tie_records_to_pairs(p, &ids.by_id);
    tie_known(p, &ids);
    for (uint32_t i = 0; i < p->state->n_rows; i++) {
        const char *id = p->state->rows[i].id;

        if (p->pairing.role[i] != ROW_IGNORED && *id != '\0' && strmap_get(ids.first, id) == i) {
            settle_id(p, &ids, i);
        }
    }
    id_rows_release(&ids);
    pair_sorted_apart(p);
    pair_heal(p);
    pair_match(p);
    report_foreign(p);
    for (size_t i = 0; i < p->state->n_rows; i++) {
        if (p->pairing.role[i] == ROW_UNDECIDED) {
            p->pairing.role[i] = ROW_NEW;
        }
    }
}
