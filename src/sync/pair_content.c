/*
 * pair_content.c: ties rows and records by what they hold, where the id cell says nothing or what
 * cannot be: ids left behind by a sort, ids that were cleared, first pairing by key. Only what is
 * unique is believed.
 */
#include "sync/plan_p.h"

#include "base/hash.h"

#include <stdlib.h>

/* A row, record or pair under the key it is looked for by. */
struct keyed {
    uint64_t key;
    uint32_t index;
};

struct key_list {
    struct keyed *items;
    size_t n, cap;
};

static int by_key(const void *x, const void *y)
{
    const struct keyed *a = x, *b = y;

    if (a->key != b->key) {
        return a->key < b->key ? -1 : 1;
    }
    return (a->index > b->index) - (a->index < b->index);
}

/* Key 0 means that there is none. */
static void list_add(struct planner *p, struct key_list *l, uint64_t key, uint32_t index)
{
    if (key == 0) {
        return;
    }
    l->items = plan_grow(p, l->items, l->n, &l->cap, sizeof *l->items);
    l->items[l->n++] = (struct keyed){key, index};
}

static void list_sort(struct key_list *l)
{
    if (l->n > 1) {
        qsort(l->items, l->n, sizeof *l->items, by_key);
    }
}

/* Number of items from i on that share the key of item i. */
static size_t group_size(const struct key_list *l, size_t i)
{
    size_t n = 0;

    while (i + n < l->n && l->items[i + n].key == l->items[i].key) {
        n++;
    }
    return n;
}

/* Walks two sorted lists by common keys; false at the end. */
struct common {
    const struct key_list *a, *b;
    size_t at_a, at_b, n_a, n_b; /* the groups of the present key */
};

static bool common_next(struct common *c)
{
    c->at_a += c->n_a;
    c->at_b += c->n_b;
    while (c->at_a < c->a->n && c->at_b < c->b->n) {
        uint64_t ka = c->a->items[c->at_a].key, kb = c->b->items[c->at_b].key;

        if (ka == kb) {
            c->n_a = group_size(c->a, c->at_a);
            c->n_b = group_size(c->b, c->at_b);
            return true;
        }
        c->at_a += ka < kb;
        c->at_b += kb < ka;
    }
    return false;
}

/* ---- ids and cells separated by a sort that left the id column out ---- */

/* Rows whose cells are not their pair's. next: the row whose pair these cells belong to. */
struct displaced {
    struct key_list rows, pairs; /* by content; indexes into row[] */
    uint32_t *row;
    uint32_t *next;
    bool *has_previous;
    bool *seen;
    size_t n, cap;
};

static void find_displaced(struct planner *p, struct displaced *d)
{
    const struct pairing *x = &p->pairing;

    for (uint32_t i = 0; i < p->state->n_rows; i++) {
        uint64_t is, was;
        uint32_t pair;

        if (x->role[i] != ROW_PAIRED || !p->state->rows[i].cells ||
            p->state->rows[i].known_record) {
            continue;
        }
        pair = x->record_pair[x->row_record[i]];
        was = pair == SYNC_NONE ? 0 : sync_pair_content(p->state, &p->state->pairs[pair]);
        is = sync_row_content(p->state, &p->state->rows[i]);
        if (was != 0 && is != was) {
            list_add(p, &d->rows, is, (uint32_t)d->n);
            list_add(p, &d->pairs, was, (uint32_t)d->n);
            d->row = plan_grow(p, d->row, d->n, &d->cap, sizeof *d->row);
            d->row[d->n++] = i;
        }
    }
    list_sort(&d->rows);
    list_sort(&d->pairs);
}

static void link_displaced(struct planner *p, struct displaced *d)
{
    struct common c = {.a = &d->rows, .b = &d->pairs};

    d->next = arena_alloc_n(p->state->arena, d->n, sizeof *d->next);
    d->has_previous = arena_alloc_n(p->state->arena, d->n, sizeof *d->has_previous);
    d->seen = arena_alloc_n(p->state->arena, d->n, sizeof *d->seen);
    for (size_t i = 0; i < d->n; i++) {
        d->next[i] = SYNC_NONE;
    }
    while (common_next(&c)) {
        if (c.n_a == 1 && c.n_b == 1) {
            uint32_t from = d->rows.items[c.at_a].index, to = d->pairs.items[c.at_b].index;

            d->next[from] = to;
            d->has_previous[to] = true;
        }
    }
}

/* Rows with cells of others that end at a row with cells of nobody: one step is an edit like any
 * other, more look like a sort with edits on top, in which nobody can tell whose the last cells
 * are. The guard stops there; let through, they count as edits. */
static size_t count_open_chains(struct displaced *d)
{
    size_t rows = 0;

    for (uint32_t i = 0; i < d->n; i++) {
        size_t steps = 0;

        if (d->has_previous[i] || d->next[i] == SYNC_NONE) {
            continue;
        }
        for (uint32_t at = i; at != SYNC_NONE; at = d->next[at]) {
            d->seen[at] = true;
            steps += d->next[at] != SYNC_NONE;
        }
        rows += steps > 1 ? steps + 1 : 0;
    }
    return rows;
}

/* Closed circles: the cells of these rows belong to the same pairs in another order. */
static size_t retie_circles(struct planner *p, struct displaced *d)
{
    uint32_t *owner = arena_alloc_n(p->state->arena, d->n, sizeof *owner); /* record of the id */
    size_t moved = 0;

    for (size_t i = 0; i < d->n; i++) {
        owner[i] = p->pairing.row_record[d->row[i]];
    }
    for (size_t i = 0; i < d->n; i++) {
        if (!d->seen[i] && d->next[i] != SYNC_NONE) {
            pair_tie(p, d->row[i], owner[d->next[i]]);
            moved++;
        }
    }
    return moved;
}

void pair_sorted_apart(struct planner *p)
{
    const struct issue_at nowhere = {NULL, 0, SYNC_NONE};
    struct displaced d = {.n = 0};
    size_t moved;

    find_displaced(p, &d);
    if (d.n < 2) {
        return;
    }
    link_displaced(p, &d);
    p->plan->rows_displaced = count_open_chains(&d);
    moved = retie_circles(p, &d);
    if (moved > 0) {
        plan_issue(p, ISSUE_WARNING, BS_K_VALIDATION, &nowhere,
                   "%zu rows have each other's cells: they were sorted without the id column; the "
                   "ids follow the cells",
                   moved);
    }
}

/* ---- rows that lost their id ---- */

static bool is_lost(const struct planner *p, uint32_t pair)
{
    uint32_t record = p->pairing.pair_record[pair];

    return record != SYNC_NONE && p->state->records[record].presence == PRESENCE_HERE &&
           p->pairing.pair_row[pair] == SYNC_NONE;
}

/* A row that says nothing about whose it is. */
static bool is_free(const struct planner *p, uint32_t row)
{
    return p->pairing.role[row] == ROW_UNDECIDED && p->state->rows[row].cells;
}

/* A copied id is no word either when the cells are those of a pair whose row is missing. */
static bool may_heal(const struct planner *p, uint32_t row)
{
    return is_free(p, row) || (p->pairing.role[row] == ROW_COPY && p->state->rows[row].cells);
}

static struct key_list lost_pairs(struct planner *p)
{
    struct key_list l = {.n = 0};

    for (uint32_t i = 0; i < p->state->n_pairs; i++) {
        if (is_lost(p, i)) {
            list_add(p, &l, sync_pair_content(p->state, &p->state->pairs[i]), i);
        }
    }
    list_sort(&l);
    return l;
}

static struct key_list rows_by_content(struct planner *p, bool foreign)
{
    struct key_list l = {.n = 0};

    for (uint32_t i = 0; i < p->state->n_rows; i++) {
        if (foreign ? p->pairing.role[i] == ROW_FOREIGN : may_heal(p, i)) {
            list_add(p, &l, sync_row_content(p->state, &p->state->rows[i]), i);
        }
    }
    list_sort(&l);
    return l;
}

/* Equal rows are told apart by where they were. */
static void heal_in_place(struct planner *p, const struct key_list *pairs)
{
    for (size_t i = 0; i < pairs->n; i++) {
        uint32_t pair = pairs->items[i].index;
        uint32_t row = sync_row_at(p->state, p->state->pairs[pair].row_hint);

        if (row != SYNC_NONE && may_heal(p, row) &&
            sync_row_content(p->state, &p->state->rows[row]) == pairs->items[i].key) {
            pair_tie(p, row, p->pairing.pair_record[pair]);
        }
    }
}

static void heal_elsewhere(struct planner *p)
{
    struct key_list pairs = lost_pairs(p), rows = rows_by_content(p, false);
    struct common c = {.a = &pairs, .b = &rows};

    while (common_next(&c)) {
        for (size_t i = 0; i < c.n_a && i < c.n_b; i++) {
            pair_tie(p, rows.items[c.at_b + i].index,
                     p->pairing.pair_record[pairs.items[c.at_a + i].index]);
        }
    }
}

/* Somebody wrote into the id cell of a row: the record's row is not gone, only unreadable. */
static void spare_overwritten(struct planner *p)
{
    struct key_list pairs = lost_pairs(p), rows = rows_by_content(p, true);
    struct common c = {.a = &pairs, .b = &rows};

    while (common_next(&c)) {
        for (size_t i = 0; i < c.n_a && i < c.n_b; i++) {
            uint32_t row = rows.items[c.at_b + i].index;
            uint32_t record = p->pairing.pair_record[pairs.items[c.at_a + i].index];
            const struct issue_at where = {p->state->records[record].id, p->state->rows[row].number,
                                           SYNC_NONE};

            p->pairing.record_left[record] = true;
            p->pairing.role[row] = ROW_IGNORED;
            plan_issue(
                p, ISSUE_WARNING, BS_K_VALIDATION, &where,
                "its id cell was overwritten; it looks like record %s: clear the cell to tie "
                "them again",
                where.record_id);
        }
    }
}

void pair_heal(struct planner *p)
{
    struct key_list pairs = lost_pairs(p);

    if (pairs.n > 0) {
        heal_in_place(p, &pairs);
        heal_elsewhere(p);
        spare_overwritten(p);
    }
}

/* ---- first pairing by key ---- */

static uint64_t key_of(const struct planner *p, const struct side_cell *cells)
{
    const struct side_cell *c = cells ? &cells[p->state->match_field] : NULL;

    return c && sync_cell_filled(c) ? c->hash : 0;
}

static struct key_list free_rows_by_key(struct planner *p)
{
    struct key_list l = {.n = 0};

    for (uint32_t i = 0; i < p->state->n_rows; i++) {
        if (is_free(p, i)) {
            list_add(p, &l, key_of(p, p->state->rows[i].cells), i);
        }
    }
    list_sort(&l);
    return l;
}

static struct key_list free_records_by_key(struct planner *p)
{
    struct key_list l = {.n = 0};

    for (uint32_t i = 0; i < p->state->n_records; i++) {
        const struct sync_record *rec = &p->state->records[i];

        if (rec->presence == PRESENCE_HERE && p->pairing.record_row[i] == SYNC_NONE &&
            !p->pairing.record_left[i]) {
            list_add(p, &l, key_of(p, rec->cells), i);
        }
    }
    list_sort(&l);
    return l;
}

static void leave_ambiguous(struct planner *p, const struct common *c)
{
    const struct keyed *rows = &c->a->items[c->at_a], *records = &c->b->items[c->at_b];
    const struct sync_row *first = &p->state->rows[rows[0].index];
    const struct issue_at where = {NULL, first->number, p->state->match_field};

    for (size_t i = 0; i < c->n_a; i++) {
        p->pairing.role[rows[i].index] = ROW_IGNORED;
    }
    for (size_t i = 0; i < c->n_b; i++) {
        p->pairing.record_left[records[i].index] = true;
    }
    plan_issue(
        p, ISSUE_WARNING, BS_K_VALIDATION, &where,
        "%zu row%s without id and %zu record%s are all called \"%s\" and are left alone; make "
        "the name unique, or write the record id into the row",
        c->n_a, c->n_a == 1 ? "" : "s", c->n_b, c->n_b == 1 ? "" : "s",
        plan_value_text(p, first->cells[p->state->match_field].value));
}

void pair_match(struct planner *p)
{
    struct key_list rows, records;
    struct common c = {.a = &rows, .b = &records};

    if (p->state->match_field == SYNC_NONE) {
        return;
    }
    rows = free_rows_by_key(p);
    records = free_records_by_key(p);
    while (common_next(&c)) {
        if (c.n_a == 1 && c.n_b == 1) {
            pair_tie(p, rows.items[c.at_a].index, records.items[c.at_b].index);
        } else {
            leave_ambiguous(p, &c);
        }
    }
}
