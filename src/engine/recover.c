/*
 * recover.c: replays the journal. A create whose answer was lost is looked for by its key, where
 * the user has named one, else by creation time and full content among the records that no pair and
 * no row knows; equal rows are counted, so that two equal rows stay two. Only what is surely not
 * there is forgotten, and then created anew by the plan.
 */
#include "base/clock.h"
#include "base/os.h"
#include "base/str.h"
#include "engine/run_p.h"

#include <string.h>

/* The service's clock is read from its answers to the second; ours may be off by minutes. */
#define SERVER_CLOCK_MARGIN_MS 2000
#define OWN_CLOCK_MARGIN_MS (10 * 60 * 1000)

uint64_t run_content_hash(const struct run *r, const struct side_cell *cells)
{
    uint64_t h = 1;

    for (size_t i = 0; i < r->n_fields; i++) {
        const struct side_cell *c = &cells[i];

        if (!r->fields[i].to_airtable || c->state != SIDE_VALUE || c->value->kind == VALUE_EMPTY) {
            continue;
        }
        const char *id = r->fields[i].field->id;

        h = hash_mix(h, siphash(&r->convert.key, id, strlen(id)));
        h = hash_mix(h, c->hash);
    }
    return h;
}

static int64_t earliest(const struct intent *in)
{
    int64_t at = in->server_ms != 0 ? in->server_ms - SERVER_CLOCK_MARGIN_MS
                                    : in->created_ms - OWN_CLOCK_MARGIN_MS;
    return at - at % 1000;
}

/* A record that nobody knows yet and that this intent may have made. */
static uint32_t find_orphan(struct run *r, const struct intent *in, const uint8_t *taken)
{
    for (uint32_t i = 0; i < r->state.n_records; i++) {
        const struct sync_record *rec = &r->state.records[i];

        if (!taken[i] && rec->presence == PRESENCE_HERE && rec->cells != NULL &&
            rec->created_ms >= earliest(in) && strmap_get(r->pair_by_id, rec->id) == STRMAP_NONE &&
            strmap_get(r->row_by_id, rec->id) == STRMAP_NONE &&
            run_content_hash(r, rec->cells) == in->content) {
            return i;
        }
    }
    return SYNC_NONE;
}

/* Its id cell names no record of its own: empty, a copy of another row's, or a record that is gone.
 */
static bool row_is_free(const struct run *r, uint32_t at)
{
    const struct sync_row *row = &r->state.rows[at];
    uint32_t rec = strmap_get(r->record_by_id, row->id);
    bool own = row->id[0] != '\0' && strmap_get(r->row_by_id, row->id) == at &&
               rec != STRMAP_NONE && r->state.records[rec].presence == PRESENCE_HERE;

    return !own && row->known_record == NULL && row->cells != NULL && !row->blank;
}

/* Half of the cells still as they were sent: the row was edited after the create. */
static bool row_resembles(const struct run *r, const struct sync_row *row,
                          const struct sync_record *rec)
{
    size_t same = 0, all = 0;

    for (size_t i = 0; i < r->n_fields && rec->cells != NULL; i++) {
        if (r->fields[i].to_airtable && rec->cells[i].state == SIDE_VALUE &&
            rec->cells[i].value->kind != VALUE_EMPTY) {
            all++;
            same += row->cells[i].hash == rec->cells[i].hash;
        }
    }
    return all > 0 && same * 2 >= all;
}

static struct sync_row *find_row(struct run *r, const struct intent *in,
                                 const struct sync_record *rec)
{
    struct sync_row *at_hint = NULL;

    for (uint32_t i = 0; i < r->state.n_rows; i++) {
        struct sync_row *row = &r->state.rows[i];

        if (row->number == in->row_hint && row_is_free(r, i)) {
            at_hint = row;
        }
    }
    if (at_hint != NULL && run_content_hash(r, at_hint->cells) == in->row_content) {
        return at_hint;
    }
    for (uint32_t i = 0; i < r->state.n_rows; i++) {
        struct sync_row *row = &r->state.rows[i];

        if (row_is_free(r, i) && run_content_hash(r, row->cells) == in->row_content) {
            return row;
        }
    }
    return at_hint != NULL && rec != NULL && row_resembles(r, at_hint, rec) ? at_hint : NULL;
}

/* The record is known: tie its row to it, or find that this has happened already. */
static enum bs_rc settle_created(struct run *r, struct intent *in, struct bs_err *e)
{
    uint32_t rec = strmap_get(r->record_by_id, in->record_id);
    bool has_row = strmap_get(r->row_by_id, in->record_id) != STRMAP_NONE;
    struct sync_row *row =
        has_row ? NULL : find_row(r, in, rec == STRMAP_NONE ? NULL : &r->state.records[rec]);

    if (rec == STRMAP_NONE && !has_row) {
        row = NULL; /* deleted since: the row is a new one again */
    }
    if (row != NULL) {
        row->known_record = r->state.records[rec].id;
        return BS_OK;
    }
    if (r->opt->dry_run) {
        return BS_OK;
    }
    if (store_begin(r->env->store, e) != BS_OK) {
        return e->rc;
    }
    if (journal_done(r->env->store, in->id, e) != BS_OK) {
        store_rollback(r->env->store);
        return e->rc;
    }
    return store_commit(r->env->store, e);
}

static enum bs_rc adopt(struct run *r, struct intent *in, uint32_t rec, struct bs_err *e)
{
    const char *id = r->state.records[rec].id;
    struct sync_row *row = find_row(r, in, &r->state.records[rec]);

    in->record_id = id;
    in->state = INTENT_CREATED;
    if (row != NULL) {
        row->known_record = id;
    }
    run_issue(
        r, ISSUE_INFO, BS_K_STATE, id, in->row_hint, SYNC_NONE,
        "a create of an earlier run whose answer was lost had arrived; the record is adopted");
    if (r->opt->dry_run) {
        return BS_OK;
    }
    if (store_begin(r->env->store, e) != BS_OK) {
        return e->rc;
    }
    if (journal_created(r->env->store, in->id, id, e) != BS_OK ||
        (row == NULL && journal_done(r->env->store, in->id, e) != BS_OK)) {
        store_rollback(r->env->store);
        return e->rc;
    }
    r->counts.records_added++;
    return store_commit(r->env->store, e);
}

/* Not found. A request may still be on its way through the service: give it its time once. */
static enum bs_rc not_found(struct run *r, struct intent *in, struct bs_err *e)
{
    int64_t settle = (int64_t)r->env->conf->settle_s * 1000;
    int64_t age = clock_wall_ms() - in->created_ms;
    struct sync_row *row = find_row(r, in, NULL);

    if (r->opt->dry_run) {
        if (row != NULL) {
            row->blocked = true;
        }
        return BS_OK;
    }
    if (age >= 0 && age < settle) {
        os_wait(settle - age, -1);
        return os_stop_requested() ? bs_fail(e, BS_STOP_SYNC, BS_K_STATE, "stopped by a signal")
                                   : bs_fail(e, BS_RETRY, BS_K_STATE, "waited for a late create");
    }
    if (store_begin(r->env->store, e) != BS_OK) {
        return e->rc;
    }
    if (journal_done(r->env->store, in->id, e) != BS_OK) {
        store_rollback(r->env->store);
        return e->rc;
    }
    return store_commit(r->env->store, e);
}

static enum bs_rc settle_pending(struct run *r, struct intent *in, uint8_t *taken, struct bs_err *e)
{
    bool row_waits = find_row(r, in, NULL) != NULL;
    uint32_t rec;

    if (run_recover_by_key(r, in, taken, row_waits, &rec, e) != BS_OK) {
        return e->rc;
    }
    if (rec == SYNC_NONE) {
        rec = find_orphan(r, in, taken);
    }
    if (rec == SYNC_NONE) {
        return not_found(r, in, e);
    }
    taken[rec] = 1;
    return adopt(r, in, rec, e);
}

enum bs_rc run_recover(struct run *r, struct bs_err *e)
{
    uint8_t *taken;

    if (journal_list(r->env->store, r->sc->id, r->arena, &r->intents, &r->n_intents, e) != BS_OK) {
        return e->rc;
    }
    /* Those made again by their key are records, too. */
    taken = arena_alloc_n(r->arena, r->state.n_records + r->n_intents + 1, 1);
    for (size_t i = 0; i < r->n_intents; i++) {
        struct intent *in = &r->intents[i];
        enum bs_rc rc = in->state == INTENT_CREATED ? settle_created(r, in, e)
                                                    : settle_pending(r, in, taken, e);
        if (rc != BS_OK) {
            return rc;
        }
    }
    return BS_OK;
}
