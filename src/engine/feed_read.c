/*
 * feed_read.c: turns payloads into names of records and into what else they mean for a run. Reading
 * the same payloads twice is the same as reading them once.
 */
#include "base/str.h"
#include "engine/run_p.h"
#include "engine/shared_p.h"

#include <string.h>

#define NAMES_MAX 200000
#define PAGES_LEAST 3 /* calls to the feed before a listing is thought of */

/* Is it the sync's table, or one that it shows names of? */
static const struct table_schema *watched_table(const struct run *r, const char *id)
{
    return r->schema == NULL ? NULL : schema_find_table(r->schema, id);
}

static struct feed_name *name_of(struct run *r, const char *record_id)
{
    struct run_feed *f = &r->feed;
    uint32_t at = strmap_get(f->by_id, record_id);

    if (at != STRMAP_NONE) {
        return &f->names[at];
    }
    if (f->n_names == f->cap_names) {
        size_t cap = f->cap_names * 2 + 64;
        struct feed_name *names = arena_alloc_n(r->arena, cap, sizeof *names);

        if (f->n_names > 0) {
            memcpy(names, f->names, f->n_names * sizeof *names);
        }
        f->names = names;
        f->cap_names = cap;
    }
    struct feed_name *n = &f->names[f->n_names];

    *n = (struct feed_name){.id = arena_strdup(r->arena, record_id)};
    strmap_add(f->by_id, n->id, (uint32_t)f->n_names++);
    return n;
}

static void note_record(struct run *r, const struct airtable_event *ev)
{
    struct feed_name *n = name_of(r, ev->record_id);

    n->destroyed = ev->kind == EVENT_DESTROYED;
    run_feed_compare(r, n, ev);
    if (ev->kind != EVENT_DESTROYED && ev->at_ms > n->changed_ms) {
        n->changed_ms = ev->at_ms;
    }
}

static bool names_field(const struct airtable_event *ev, const char *field_id)
{
    for (size_t i = 0; i < ev->n_fields; i++) {
        if (str_eq(ev->fields[i], field_id)) {
            return true;
        }
    }
    return ev->n_fields == 0; /* which ones was not told */
}

/* The name of a linked record that is there already. A new one is shown by no cell that has not
 * changed, too; one that is gone has left the cells that linked to it, which the feed names. */
static bool is_shown_by_name(const struct run *r, const char *table_id)
{
    for (size_t i = 0; i < r->n_fields && r->rules.resolve_linked_records; i++) {
        if (str_eq(r->fields[i].field->linked_table, table_id)) {
            return true;
        }
    }
    return false;
}

static enum bs_rc on_event(void *ctx, const struct airtable_event *ev, struct bs_err *e)
{
    struct run *r = ctx;
    struct run_feed *f = &r->feed;
    const struct table_schema *t;

    if (ev->kind == EVENT_ERROR) {
        bool final = str_starts(ev->code, "INVALID_"); /* INVALID_HOOK, INVALID_FILTERS */

        f->broken = f->broken || final;
        f->lost = f->lost || !final;
        return BS_OK;
    }
    t = f->gather ? watched_table(r, ev->table_id) : NULL;
    if (t == NULL) {
        return BS_OK;
    }
    bool own = str_eq(t->id, f->was->table_id);

    if (ev->kind == EVENT_SCHEMA) {
        f->schema_changed = true;
    } else if (own && f->n_names >= NAMES_MAX) {
        return bs_fail(e, BS_SKIP, BS_K_NONE, "too many");
    } else if (own) {
        note_record(r, ev);
    }
    if (ev->kind == EVENT_CHANGED && names_field(ev, t->primary_field)) {
        f->names_changed = f->names_changed || is_shown_by_name(r, t->id);
    }
    return BS_OK;
}

static size_t pages_that_pay(const struct run *r)
{
    return PAGES_LEAST + r->state.n_pairs / AIRTABLE_PAGE;
}

/* One answer of the feed: what it says from wanted on. */
static enum bs_rc read_page(struct run *r, int64_t wanted, bool for_all,
                            struct airtable_payload_page *page, struct bs_err *e)
{
    struct run_feed *f = &r->feed;
    struct json *doc = NULL;
    int64_t from = page->next;

    if (airtable_payloads(r->at, f->hook_id, from, &doc, e) == BS_OK) {
        bs_seen(airtable_parse_payloads(doc, from, wanted, on_event, r, page, e));
    }
    if (for_all && e->rc == BS_OK && !page->more && !f->broken && !f->lost) {
        shared_keep_feed(r, from, doc);
    } else {
        json_free(doc);
    }
    return e->rc;
}

static enum bs_rc read_pages(struct run *r, int64_t from, int64_t wanted, bool for_all,
                             struct bs_err *e)
{
    struct run_feed *f = &r->feed;
    struct airtable_payload_page page = {.next = from, .more = true};

    for (size_t n = 0; page.more && !f->broken; n++) {
        if (n >= pages_that_pay(r)) {
            return bs_fail(e, BS_SKIP, BS_K_NONE, "too many");
        }
        if (read_page(r, wanted, for_all && n == 0, &page, e) != BS_OK) {
            return e->rc;
        }
    }
    f->last_cursor = page.next;
    return BS_OK;
}

enum bs_rc run_feed_read(struct run *r, int64_t cursor, struct bs_err *e)
{
    return read_pages(r, cursor, cursor, false, e);
}

enum bs_rc run_feed_look(struct run *r, int64_t cursor, struct bs_err *e)
{
    struct airtable_payload_page page;
    int64_t from;
    const struct json *doc = shared_feed(r, cursor, &from);

    if (doc == NULL) {
        return shared_feed_from(r, cursor, &from, e) == BS_OK ? read_pages(r, from, cursor, true, e)
                                                              : e->rc;
    }
    if (airtable_parse_payloads(doc, from, cursor, on_event, r, &page, e) == BS_OK) {
        r->feed.last_cursor = page.next;
    }
    return e->rc;
}

void run_feed_forget_names(struct run *r)
{
    r->feed.n_names = 0;
    strmap_free(r->feed.by_id);
    r->feed.by_id = strmap_new(64);
}

const struct feed_name *run_feed_named(const struct run *r, const char *record_id)
{
    uint32_t at = strmap_get(r->feed.by_id, record_id);

    return at == STRMAP_NONE ? NULL : &r->feed.names[at];
}

void run_feed_note_answer(struct run *r, const char *record_id)
{
    strmap_set(r->feed.answered, arena_strdup(r->arena, record_id), 1);
}
