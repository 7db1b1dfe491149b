/*
 * fetch_delta.c: Airtable's side of a delta run: only the records that something names are read, by
 * id; every other record that a pair knows is as it was. The outcome has the form of a listing's.
 */
#include "base/str.h"
#include "engine/fetch_p.h"
#include "engine/run_p.h"
#include "model/copy.h"

#include <stdlib.h>
#include <string.h>

/* From so many on, a listing is no dearer, and what looks like a change of everything is judged on
 * a full look at both sides. */
#define WANTED_SURE AIRTABLE_PAGE
#define MASS_LEAST 20

struct id_list {
    const char **ids; /* heap */
    size_t n, cap;
};

struct delta {
    struct run *r;
    struct strmap *pending; /* heap */
    struct id_list paired;  /* known by a pair or an id cell: wherever they are */
    struct id_list gone;    /* of those, the feed says so */
    struct id_list free;    /* known by none: as far as the view shows them */
    struct listing listing;
    const struct airtable_record **kept; /* heap: wait until what they link to has names */
    size_t n_kept, cap_kept;
    bool keep;
};

static void add(struct id_list *l, const char *id)
{
    l->ids = bs_grow(l->ids, l->n, &l->cap, sizeof *l->ids);
    l->ids[l->n++] = id;
}

/* Whether the record's value is needed although nobody says that it has changed. */
static bool row_asks(const struct run *r, const struct sync_pair *p)
{
    uint32_t row = strmap_get(r->row_by_id, p->record_id);

    if (row == STRMAP_NONE) {
        return p->flags == 0; /* else that is known, and stays so until the record changes */
    }
    return p->flags != 0 || r->row_load[row] != 0;
}

static void sort_pair(struct delta *d, const struct sync_pair *p)
{
    const struct feed_name *named = run_feed_named(d->r, p->record_id);

    if (named != NULL && named->destroyed) {
        add(&d->gone, p->record_id);
    } else if ((named != NULL && !run_feed_is_echo(named)) ||
               strmap_get(d->pending, p->record_id) != STRMAP_NONE) {
        add(&d->paired, p->record_id);
    } else if ((p->flags & PAIR_RECORD_GONE) == 0 && row_asks(d->r, p)) {
        add(&d->paired, p->record_id);
    }
}

static bool is_free(const struct run *r, const char *id)
{
    return strmap_get(r->pair_by_id, id) == STRMAP_NONE &&
           strmap_get(r->row_by_id, id) == STRMAP_NONE;
}

/* A row that has no record yet. */
static bool has_new_row(const struct run *r)
{
    for (size_t i = 0; i < r->state.n_rows; i++) {
        const struct sync_row *row = &r->state.rows[i];

        if (!row->blank && strmap_get(r->pair_by_id, row->id) == STRMAP_NONE) {
            return true;
        }
    }
    return false;
}

/* Records without a row mean nothing to a sheet that is the source, until it has a new row. */
static void keep_for_later(struct delta *d)
{
    struct run_feed *f = &d->r->feed;

    f->left = arena_alloc_n(d->r->arena, d->free.n + 1, sizeof *f->left);
    f->n_left = d->free.n;
    for (size_t i = 0; i < d->free.n; i++) {
        f->left[i] = arena_strdup(d->r->arena, d->free.ids[i]);
    }
    d->free.n = 0;
}

static void sort_free(struct delta *d)
{
    struct run_feed *f = &d->r->feed;

    for (size_t i = 0; i < f->n_names; i++) {
        if (!f->names[i].destroyed && is_free(d->r, f->names[i].id)) {
            add(&d->free, f->names[i].id);
        }
    }
    for (size_t i = 0; i < f->n_pending; i++) {
        if (is_free(d->r, f->pending[i]) && run_feed_named(d->r, f->pending[i]) == NULL) {
            add(&d->free, f->pending[i]);
        }
    }
    if (d->r->rules.direction == DIRECTION_TO_AIRTABLE && !has_new_row(d->r)) {
        keep_for_later(d);
    }
}

/* Id cells that no pair knows. */
static void sort_strange(struct delta *d)
{
    const struct run *r = d->r;

    for (size_t i = 0; i < r->state.n_rows; i++) {
        const char *id = r->state.rows[i].id;

        if (str_starts(id, "rec") && strmap_get(r->pair_by_id, id) == STRMAP_NONE &&
            strmap_get(r->row_by_id, id) == i) {
            add(&d->paired, id);
        }
    }
}

static void sort_all(struct delta *d)
{
    struct run *r = d->r;

    for (size_t i = 0; i < r->feed.n_pending; i++) {
        strmap_add(d->pending, r->feed.pending[i], 1);
    }
    for (size_t i = 0; i < r->state.n_pairs; i++) {
        sort_pair(d, &r->state.pairs[i]);
    }
    sort_strange(d);
    sort_free(d);
}

/* ---- is it worth it? ---- */

static enum bs_rc judge(struct delta *d, struct bs_err *e)
{
    size_t n = d->paired.n + d->gone.n + d->free.n, pairs = d->r->state.n_pairs;

    if (d->r->deletes_open) {
        return run_feed_doubt(d->r, e, "an earlier run was ended while it deleted rows");
    }
    if (d->r->feed.more_unpaired && has_new_row(d->r)) {
        return run_feed_doubt(d->r, e, "a new row may be that of any record");
    }
    if (n >= MASS_LEAST && n * 2 >= pairs) {
        return run_feed_doubt(d->r, e, "most of the table has changed");
    }
    if (n > WANTED_SURE && n >= pairs - pairs / 4) {
        return run_feed_doubt(d->r, e, "a listing costs less");
    }
    if (d->gone.n > RUN_MISSING_CONFIRM_MAX) {
        return run_feed_doubt(d->r, e, "many records are gone");
    }
    return BS_OK;
}

/* ---- reading ---- */

static bool loads_rows(const struct run *r)
{
    for (size_t i = 0; i < r->state.n_rows; i++) {
        if (r->row_load[i] != 0 && !r->state.rows[i].blank) {
            return true;
        }
    }
    return false;
}

static void note_change_times(struct run *r)
{
    for (size_t i = 0; i < r->state.n_records && r->modified_index == SYNC_NONE; i++) {
        const struct feed_name *n = run_feed_named(r, r->state.records[i].id);

        if (n != NULL) {
            r->state.records[i].modified_ms = n->changed_ms;
        }
    }
}

/* All other records that a pair knows are as they were. */
static void add_others(struct run *r)
{
    for (size_t i = 0; i < r->state.n_pairs; i++) {
        const struct sync_pair *p = &r->state.pairs[i];

        if ((p->flags & PAIR_RECORD_GONE) == 0 &&
            strmap_get(r->record_by_id, p->record_id) == STRMAP_NONE) {
            (void)run_add_record(r, p->record_id);
        }
    }
}

/* A formula may not find yet what the feed tells of already, and a view may not show it: looked for
 * once more. */
static void keep_unseen(struct delta *d)
{
    struct run *r = d->r;
    const char **left = arena_alloc_n(r->arena, r->feed.n_left + d->free.n + 1, sizeof *left);
    size_t n = r->feed.n_left;

    if (n > 0) {
        memcpy(left, r->feed.left, n * sizeof *left);
    }
    for (size_t i = 0; i < d->free.n; i++) {
        if (strmap_get(r->record_by_id, d->free.ids[i]) == STRMAP_NONE &&
            run_feed_named(r, d->free.ids[i]) != NULL) {
            left[n++] = arena_strdup(r->arena, d->free.ids[i]);
        }
    }
    r->feed.left = left;
    r->feed.n_left = n;
}

static const struct airtable_record *copy_record(struct run *r, const struct airtable_record *rec)
{
    struct airtable_record *copy = arena_alloc(r->arena, sizeof *copy);
    const struct value **values = arena_alloc_n(r->arena, r->query.n_fields, sizeof *values);

    for (size_t i = 0; i < r->query.n_fields; i++) {
        values[i] = value_copy(r->arena, rec->values[i]);
    }
    *copy = (struct airtable_record){arena_strdup(r->arena, rec->id), rec->created_ms, values};
    return copy;
}

static enum bs_rc on_record(void *ctx, const struct airtable_record *rec, struct bs_err *e)
{
    struct delta *d = ctx;

    if (!d->keep) {
        return listing_record(&d->listing, rec, e);
    }
    d->kept = bs_grow(d->kept, d->n_kept, &d->cap_kept, sizeof(struct airtable_record *));
    d->kept[d->n_kept++] = copy_record(d->r, rec);
    return BS_OK;
}

static enum bs_rc take_kept(struct delta *d, struct bs_err *e)
{
    enum bs_rc rc = run_name_links(d->r, d->kept, d->n_kept, e);

    for (size_t i = 0; i < d->n_kept && rc == BS_OK; i++) {
        rc = listing_record(&d->listing, d->kept[i], e);
    }
    return rc;
}

static enum bs_rc fetch(struct delta *d, struct bs_err *e)
{
    struct run *r = d->r;
    enum bs_rc rc;

    d->listing = (struct listing){.r = r, .scratch = arena_new()};
    d->keep = run_names_by_id(r);
    listing_start(&d->listing);
    rc = airtable_fetch(r->at, &r->query, d->paired.ids, d->paired.n, on_record, d, e);
    if (rc == BS_OK && d->free.n > 0) {
        rc = airtable_fetch_shown(r->at, &r->query, d->free.ids, d->free.n, on_record, d, e);
    }
    if (rc == BS_OK) {
        rc = take_kept(d, e);
    }
    if (rc == BS_OK && d->free.n > 0) {
        keep_unseen(d);
    }
    if (rc == BS_OK) {
        rc = listing_confirm_gone(r, d->paired.ids, d->paired.n, e);
    }
    if (rc == BS_OK) {
        rc = listing_confirm_gone(r, d->gone.ids, d->gone.n, e);
    }
    arena_free(d->listing.scratch);
    return rc;
}

static enum bs_rc read_named(struct delta *d, struct bs_err *e)
{
    struct run *r = d->r;

    sort_all(d);
    if (judge(d, e) != BS_OK) {
        return e->rc;
    }
    if ((d->paired.n + d->free.n > 0 || loads_rows(r)) && run_read_links(r, e) != BS_OK) {
        return e->rc;
    }
    if (fetch(d, e) != BS_OK) {
        return e->rc;
    }
    note_change_times(r);
    listing_add_known_gone(r);
    add_others(r);
    return BS_OK;
}

enum bs_rc run_read_delta(struct run *r, struct bs_err *e)
{
    struct delta d = {.r = r, .pending = strmap_new(r->feed.n_pending)};

    r->state.airtable_listed = false;
    bs_seen(read_named(&d, e));
    r->state.airtable_listed = e->rc == BS_OK;
    strmap_free(d.pending);
    free(d.paired.ids);
    free(d.gone.ids);
    free(d.free.ids);
    free(d.kept);
    return e->rc;
}
