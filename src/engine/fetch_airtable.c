/*
 * fetch_airtable.c: reads Airtable's side. Pages are turned into hashes as they come; the values of
 * a record are kept only when it differs from its pair's bases or its row is looked at anyway, so
 * memory grows with the changes. A listing may be short without saying so: a record that a pair
 * knows and the listing does not have is asked for by id before anything is concluded.
 */
#include "engine/fetch_p.h"
#include "engine/run_p.h"
#include "model/copy.h"

#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#define LISTINGS_MAX 3 /* beyond the first */

uint32_t run_add_record(struct run *r, const char *id)
{
    if (r->state.n_records == r->cap_records) {
        size_t cap = r->cap_records * 2 + 64;
        struct sync_record *records = arena_alloc_n(r->arena, cap, sizeof *records);

        if (r->state.n_records > 0) {
            memcpy(records, r->state.records, r->state.n_records * sizeof *records);
        }
        r->state.records = records;
        r->cap_records = cap;
    }
    uint32_t at = (uint32_t)r->state.n_records++;
    uint32_t pair = strmap_get(r->pair_by_id, id);

    r->state.records[at] = (struct sync_record){0};
    r->state.records[at].id =
        pair != STRMAP_NONE ? r->state.pairs[pair].record_id : arena_strdup(r->arena, id);
    strmap_set(r->record_by_id, r->state.records[at].id, at);
    return at;
}

static void fill_side_cell(struct run *r, size_t f, const struct value *v, struct arena *a,
                           struct side_cell *out)
{
    const struct field *field = r->fields[f].field;

    *out = (struct side_cell){0};
    out->value = convert_name_refs(&r->convert, field, v, a);
    if (v->kind == VALUE_ERROR) {
        out->state = SIDE_ERROR;
        return;
    }
    out->state = SIDE_VALUE;
    out->hash = convert_hash(&r->convert, field, out->value);
}

struct side_cell *run_side_cells(struct run *r, const struct airtable_record *rec)
{
    struct side_cell *cells = arena_alloc_n(r->arena, r->n_fields, sizeof *cells);

    for (size_t i = 0; i < r->n_fields; i++) {
        fill_side_cell(r, i, value_copy(r->arena, rec->values[i]), r->arena, &cells[i]);
    }
    return cells;
}

/* Whether every mapped cell still equals the pair's base. */
static bool equals_bases(struct listing *l, const struct airtable_record *rec)
{
    struct run *r = l->r;
    uint32_t pair = strmap_get(r->pair_by_id, rec->id);

    if (pair == STRMAP_NONE || r->state.pairs[pair].flags != 0) {
        return false;
    }
    arena_reset(l->scratch);
    for (size_t i = 0; i < r->n_fields; i++) {
        struct side_cell c;

        if (!r->fields[i].to_sheet && !r->fields[i].to_airtable) {
            continue;
        }
        fill_side_cell(r, i, rec->values[i], l->scratch, &c);
        if (c.state != SIDE_VALUE || c.hash != r->state.pairs[pair].bases[i]) {
            return false;
        }
    }
    return true;
}

enum bs_rc listing_record(void *ctx, const struct airtable_record *rec, struct bs_err *e)
{
    struct listing *l = ctx;
    struct run *r = l->r;
    uint32_t row = strmap_get(r->row_by_id, rec->id);
    bool row_wanted = row == STRMAP_NONE || r->row_load[row] != 0;

    if (r->state.n_records >= AIRTABLE_RECORDS_MAX) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE, "the table has more than %d records",
                       AIRTABLE_RECORDS_MAX);
    }
    if (strmap_get(r->record_by_id, rec->id) != STRMAP_NONE) {
        return BS_OK;
    }
    uint32_t at = run_add_record(r, rec->id);
    struct sync_record *out = &r->state.records[at];

    out->created_ms = rec->created_ms;
    if (r->modified_index != SYNC_NONE && rec->values[r->modified_index]->kind == VALUE_DATETIME) {
        out->modified_ms = rec->values[r->modified_index]->u.ms;
    }
    if (l->keep_all || r->load_all || row_wanted || !equals_bases(l, rec)) {
        out->cells = run_side_cells(r, rec);
    }
    if (r->env->report->progress != NULL && r->state.n_records % AIRTABLE_PAGE == 0) {
        r->env->report->progress(r->env->report->ctx, "records read", (int64_t)r->state.n_records,
                                 0);
    }
    return BS_OK;
}

void listing_start(struct listing *l)
{
    struct run *r = l->r;

    r->state.n_records = l->first;
    strmap_free(r->record_by_id);
    r->record_by_id = strmap_new(r->state.n_pairs);
    for (size_t i = 0; i < r->state.n_records; i++) {
        strmap_add(r->record_by_id, r->state.records[i].id, (uint32_t)i);
    }
}

static void forget_listing(void *ctx)
{
    listing_start(ctx);
}

static enum bs_rc list(struct listing *l, struct bs_err *e)
{
    return airtable_list(l->r->at, &l->r->query, listing_record, forget_listing, l, e);
}

static enum bs_rc list_all(struct listing *l, struct bs_err *e)
{
    struct run *r = l->r;

    for (int try = 0; try < 2; try++) {
        listing_start(l);
        if (list(l, e) != BS_OK) {
            return e->rc;
        }
        if (r->state.n_records > 0 || r->state.n_pairs == 0) {
            break; /* an empty answer for a table that had records is asked for once more */
        }
    }
    return BS_OK;
}

/* Keeps what is there and adds what another listing has beyond it, until one brings nothing new. */
static enum bs_rc list_more(struct listing *l, struct bs_err *e)
{
    struct run *r = l->r;

    for (int try = 0; try < LISTINGS_MAX; try++) {
        l->first = r->state.n_records;
        if (list(l, e) != BS_OK || r->state.n_records == l->first) {
            return e->rc;
        }
    }
    return BS_OK;
}

/* Ids that something knows and the listing does not have: pairs, and id cells without a pair. */
static size_t missing_ids(struct run *r, const char ***out)
{
    const char **ids = bs_alloc_n(r->state.n_pairs + r->state.n_rows + 1, sizeof *ids);
    size_t n = 0;

    for (size_t i = 0; i < r->state.n_pairs; i++) {
        const struct sync_pair *p = &r->state.pairs[i];

        if ((p->flags & PAIR_RECORD_GONE) == 0 &&
            strmap_get(r->record_by_id, p->record_id) == STRMAP_NONE) {
            ids[n++] = p->record_id;
        }
    }
    for (size_t i = 0; i < r->state.n_rows; i++) {
        const char *id = r->state.rows[i].id;

        if (str_starts(id, "rec") && strmap_get(r->pair_by_id, id) == STRMAP_NONE &&
            strmap_get(r->record_by_id, id) == STRMAP_NONE && strmap_get(r->row_by_id, id) == i) {
            ids[n++] = id;
        }
    }
    *out = ids;
    return n;
}

enum bs_rc listing_confirm_gone(struct run *r, const char *const *ids, size_t n, struct bs_err *e)
{
    size_t asked = 0;

    for (size_t i = 0; i < n; i++) {
        bool here = true;

        if (strmap_get(r->record_by_id, ids[i]) != STRMAP_NONE ||
            strmap_get(r->pair_by_id, ids[i]) == STRMAP_NONE) {
            continue; /* of a foreign id nothing is known, nor concluded */
        }
        bool sure = asked < RUN_MISSING_CONFIRM_MAX;

        if (sure && airtable_exists(r->at, r->table->id, ids[i], &here, e) != BS_OK) {
            return e->rc;
        }
        asked++;
        uint32_t at = run_add_record(r, ids[i]);

        r->state.records[at].presence = sure && !here ? PRESENCE_GONE : PRESENCE_UNKNOWN;
    }
    if (asked > RUN_MISSING_CONFIRM_MAX) {
        run_issue(r, ISSUE_WARNING, BS_K_REMOTE, NULL, 0, SYNC_NONE,
                  "%zu records known from earlier runs were not in Airtable's listing; %d of them "
                  "were asked for by id, nothing is concluded of the others in this run",
                  asked, RUN_MISSING_CONFIRM_MAX);
    }
    return BS_OK;
}

void listing_add_known_gone(struct run *r)
{
    for (size_t i = 0; i < r->state.n_pairs; i++) {
        const struct sync_pair *p = &r->state.pairs[i];

        if ((p->flags & PAIR_RECORD_GONE) != 0 &&
            strmap_get(r->record_by_id, p->record_id) == STRMAP_NONE) {
            uint32_t at = run_add_record(r, p->record_id); /* moves the list when it is full */

            r->state.records[at].presence = PRESENCE_GONE;
        }
    }
}

/* *here: how many of them the listing should have had. */
static enum bs_rc find_missing(struct listing *l, size_t *here, struct bs_err *e)
{
    const char **ids = NULL;
    size_t n = missing_ids(l->r, &ids), listed = l->r->state.n_records;
    enum bs_rc rc = BS_OK;

    *here = 0;
    if (n > 0) {
        l->keep_all = true;
        rc = airtable_fetch(l->r->at, &l->r->query, ids, n, listing_record, l, e);
        *here = l->r->state.n_records - listed;
    }
    if (n > 0 && rc == BS_OK) {
        rc = listing_confirm_gone(l->r, ids, n, e);
    }
    free(ids);
    return rc;
}

static enum bs_rc read_listing(struct listing *l, struct bs_err *e)
{
    struct run *r = l->r;
    size_t listed, here;

    if (list_all(l, e) != BS_OK) {
        return e->rc;
    }
    listed = r->state.n_records;
    if (find_missing(l, &here, e) != BS_OK) {
        return e->rc;
    }
    /* A view leaves records out by itself. */
    bool is_short = here > 0 && r->query.view == NULL;

    return is_short || run_feed_doubts_listing(r, listed) ? list_more(l, e) : BS_OK;
}

enum bs_rc run_read_airtable(struct run *r, struct bs_err *e)
{
    struct listing l = {.r = r, .scratch = arena_new()};
    enum bs_rc rc;

    r->state.airtable_listed = false;
    rc = run_read_links(r, e);
    if (rc == BS_OK) {
        rc = read_listing(&l, e);
    }
    if (rc == BS_OK) {
        listing_add_known_gone(r);
    }
    r->state.airtable_listed = rc == BS_OK;
    arena_free(l.scratch);
    return rc;
}
