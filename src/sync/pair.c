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
    x->copy_of = all_none(state->arena, state->n_rows);
    x->record_row = all_none(state->arena, state->n_records);
    x->record_pair = all_none(state->arena, state->n_records);
    x->record_left = arena_alloc_n(state->arena, state->n_records, sizeof *x->record_left);
    x->pair_record = all_none(state->arena, state->n_pairs);
    x->pair_row = all_none(state->arena, state->n_pairs);
    x->pair_replaced = arena_alloc_n(state->arena, state->n_pairs, sizeof *x->pair_replaced);
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
    x->row_record[row] = record;
    x->record_row[record] = row;
    if (pair != SYNC_NONE) {
        x->pair_row[pair] = row;
    }
}

/* ---- the journal's word ---- */

/* The row became a record again: what its id cell still says is over, in its copies too. */
static void replace_pair(struct planner *p, const struct id_rows *ids, const char *old_id)
{
    uint32_t pair = strmap_get(ids->by_id.pairs, old_id);
    uint32_t record = pair == SYNC_NONE ? SYNC_NONE : p->pairing.pair_record[pair];

    if (record != SYNC_NONE && p->state->records[record].presence == PRESENCE_GONE) {
        p->pairing.pair_replaced[pair] = true;
    }
}

/* The id cell names a record that is here, and no other row does: it is believed before the
 * journal.
 */
static bool speaks_for_itself(const struct planner *p, const struct id_rows *ids, uint32_t row)
{
    const char *id = p->state->rows[row].id;

    return *id != '\0' && is_here(p, strmap_get(ids->by_id.records, id)) &&
           strmap_get(ids->first, id) == row && ids->next[row] == SYNC_NONE;
}

static void tie_known(struct planner *p, const struct id_rows *ids)
{
    for (uint32_t i = 0; i < p->state->n_rows; i++) {
        const struct sync_row *row = &p->state->rows[i];
        uint32_t record;

        if (!row->known_record || p->pairing.role[i] != ROW_UNDECIDED ||
            str_eq(row->id, row->known_record) || speaks_for_itself(p, ids, i)) {
            continue;
        }
        record = strmap_get(ids->by_id.records, row->known_record);
        /* A row that bears the id already is the record's row; of a record that is gone the row
         * is new again. */
        if (record != SYNC_NONE && p->state->records[record].presence != PRESENCE_GONE &&
            p->pairing.record_row[record] == SYNC_NONE &&
            strmap_get(ids->first, row->known_record) == STRMAP_NONE) {
            pair_tie(p, i, record);
            replace_pair(p, ids, row->id);
        }
    }
}

/* What an earlier plan of the same run said. */
static void tie_again(struct planner *p, const struct id_rows *ids)
{
    for (uint32_t i = 0; i < p->state->n_rows; i++) {
        const char *tied = p->state->rows[i].tied;
        uint32_t record = tied ? strmap_get(ids->by_id.records, tied) : SYNC_NONE;

        if (record != SYNC_NONE && p->pairing.role[i] == ROW_UNDECIDED &&
            p->pairing.record_row[record] == SYNC_NONE) {
            pair_tie(p, i, record);
        }
    }
}

static void note_ties(struct planner *p)
{
    for (size_t i = 0; i < p->state->n_records; i++) {
        if (p->pairing.record_row[i] != SYNC_NONE) {
            p->state->rows[p->pairing.record_row[i]].tied = p->state->records[i].id;
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

/* Whether this row number still shows the row that it showed when its pair was last seen. */
static bool stands_where_it_stood(const struct planner *p, const struct id_rows *ids,
                                  uint32_t number)
{
    uint32_t at = sync_row_at(p->state, number);
    uint32_t pair;

    if (at == SYNC_NONE || p->pairing.role[at] == ROW_IGNORED) {
        return true; /* the header, a blank row, the end */
    }
    pair = strmap_get(ids->by_id.pairs, p->state->rows[at].id);
    return pair != SYNC_NONE && p->state->pairs[pair].row_hint == number;
}

static bool is_unchanged(const struct planner *p, uint32_t at, uint32_t record, uint32_t pair)
{
    const struct sync_row *row = &p->state->rows[at];
    const struct sync_pair *stored = pair == SYNC_NONE ? NULL : &p->state->pairs[pair];

    if (!stored) {
        return record != SYNC_NONE && equals_record(p, at, record);
    }
    return !row->cells || (row->raw != 0 && row->raw == stored->raw) ||
           (sync_pair_content(p->state, stored) != 0 &&
            sync_pair_content(p->state, stored) == sync_row_content(p->state, row));
}

/* How much speaks for a row to be the one that its copies were made of. Its old place does when the
 * neighbours have not moved; otherwise the cells do more: who copies a row edits the copy. */
static int originality(const struct planner *p, const struct id_rows *ids, uint32_t at,
                       uint32_t record)
{
    const struct sync_row *row = &p->state->rows[at];
    uint32_t pair = strmap_get(ids->by_id.pairs, row->id);
    bool in_place = pair != SYNC_NONE && p->state->pairs[pair].row_hint == row->number;
    int score = in_place + 2 * is_unchanged(p, at, record, pair);

    if (in_place && stands_where_it_stood(p, ids, row->number - 1) &&
        stands_where_it_stood(p, ids, row->number + 1)) {
        score += 4;
    }
    return score;
}

static uint32_t original_of(const struct planner *p, const struct id_rows *ids, uint32_t first,
                            uint32_t record)
{
    uint32_t best = SYNC_NONE;
    int best_score = -1;

    if (record != SYNC_NONE && p->pairing.record_row[record] != SYNC_NONE) {
        return p->pairing.record_row[record];
    }
    for (uint32_t at = first; at != SYNC_NONE; at = ids->next[at]) {
        int score;

        if (p->pairing.role[at] != ROW_UNDECIDED) {
            continue;
        }
        score = originality(p, ids, at, record);
        if (score > best_score) {
            best = at;
            best_score = score;
        }
    }
    return best;
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
    bool known = pair != SYNC_NONE
                     ? !p->pairing.pair_replaced[pair]
                     : record != SYNC_NONE && p->state->records[record].presence != PRESENCE_GONE;

    for (uint32_t at = first; at != SYNC_NONE; at = ids->next[at]) {
        if (p->pairing.role[at] != ROW_UNDECIDED) {
            continue;
        }
        if (!known) {
            p->pairing.role[at] = ROW_FOREIGN;
        } else if (at != original) {
            p->pairing.role[at] = ROW_COPY;
            p->pairing.copy_of[at] = original;
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

static void settle_copy(struct planner *p, uint32_t at)
{
    const struct sync_row *row = &p->state->rows[at];
    const struct issue_at where = {NULL, row->number, SYNC_NONE};
    uint32_t of = p->state->rows[p->pairing.copy_of[at]].number;

    if (p->state->rules->copied_rows == COPIED_NEW && sync_to_airtable(p->state)) {
        p->pairing.role[at] = ROW_NEW;
        return;
    }
    p->pairing.role[at] = ROW_IGNORED;
    plan_issue(p, ISSUE_WARNING, BS_K_VALIDATION, &where,
               "it bears the same record id as row %u and is left alone; clear its id cell to make "
               "it a row of its own",
               of);
}

static void settle_copies(struct planner *p)
{
    for (uint32_t i = 0; i < p->state->n_rows; i++) {
        if (p->pairing.role[i] == ROW_COPY) {
            settle_copy(p, i);
        }
    }
}

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
    tie_again(p, &ids);
    for (uint32_t i = 0; i < p->state->n_rows; i++) {
        const char *id = p->state->rows[i].id;

        if (p->pairing.role[i] != ROW_IGNORED && *id != '\0' && strmap_get(ids.first, id) == i) {
            settle_id(p, &ids, i);
        }
    }
    id_rows_release(&ids);
    pair_sorted_apart(p);
    pair_heal(p);
    settle_copies(p);
    pair_match(p);
    report_foreign(p);
    for (size_t i = 0; i < p->state->n_rows; i++) {
        if (p->pairing.role[i] == ROW_UNDECIDED) {
            p->pairing.role[i] = ROW_NEW;
        }
    }
    note_ties(p);
}
