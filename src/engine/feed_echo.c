/*
 * feed_echo.c: the feed tells of our own writes too, and it tells what the cells hold now. A record
 * of which every told cell is what its pair has agreed on needs no look: by its values, never by
 * who is said to have written them. Whatever is not told, or not in a form that is known for sure,
 * is looked at.
 */
#include "base/str.h"
#include "engine/run_p.h"

enum { NOT_TOLD, TOLD_SAME, TOLD_OTHER };

/* Facts of a record's making do not change, whatever is edited. */
static bool may_follow_an_edit(const struct field *f)
{
    return !field_writable(f) && f->type != FIELD_AUTO_NUMBER && f->type != FIELD_CREATED_TIME &&
           f->type != FIELD_CREATED_BY;
}

/* A computed field that the sync shows may hang on a field that it does not. The feed is known to
 * tell of computed changes, but not that it always does. */
static bool shows_computed(const struct run *r)
{
    for (size_t i = 0; i < r->n_fields; i++) {
        if (r->fields[i].to_sheet && may_follow_an_edit(r->fields[i].field)) {
            return true;
        }
    }
    return false;
}

static size_t mapped_field(const struct run *r, const char *id)
{
    size_t i = 0;

    while (i < r->n_fields && !str_eq(r->fields[i].field->id, id)) {
        i++;
    }
    return i;
}

/* Links are known by the names that the sheet shows, or by id when it shows those. */
static const struct value *as_shown(const struct run *r, const struct value *v)
{
    struct value_item *items;

    if (v == NULL || v->kind != VALUE_REFS || r->rules.resolve_linked_records) {
        return v;
    }
    items = arena_alloc_n(r->feed.scratch, v->u.list.n, sizeof *items);
    for (size_t i = 0; i < v->u.list.n; i++) {
        if (v->u.list.items[i].id == NULL) {
            return NULL;
        }
        items[i].id = items[i].text = v->u.list.items[i].id;
    }
    return value_list(r->feed.scratch, VALUE_REFS, items, v->u.list.n);
}

static bool holds(const struct run *r, const struct sync_pair *p, size_t field,
                  const struct json *value)
{
    if (!r->fields[field].to_sheet && !r->fields[field].to_airtable) {
        return true; /* nothing follows from it */
    }
    const struct field *f = r->fields[field].field;
    const struct value *v =
        value == NULL ? &value_empty : airtable_payload_value(r->feed.scratch, f, value);

    v = as_shown(r, v);
    bool same = v != NULL && p->bases[field] != 0 &&
                sync_base_holds_airtable(p->bases[field], convert_hash(&r->convert, f, v));

    arena_reset(r->feed.scratch);
    return same;
}

static void take_changed(const struct run *r, const struct sync_pair *p, struct feed_name *n,
                         const struct airtable_event *ev)
{
    n->open = n->open || ev->n_fields == 0;
    for (size_t i = 0; i < ev->n_fields; i++) {
        size_t f = mapped_field(r, ev->fields[i]);

        if (f < n->n_told) {
            n->told[f] = holds(r, p, f, ev->values[i]) ? TOLD_SAME : TOLD_OTHER;
        } else {
            n->open = n->open || shows_computed(r);
        }
    }
}

/* What is not told of a new record is empty, unless it is still to be computed. */
static void take_created(const struct run *r, const struct sync_pair *p, struct feed_name *n,
                         const struct airtable_event *ev)
{
    n->open = n->open || !ev->told;
    for (size_t f = 0; f < n->n_told; f++) {
        const struct json *value = NULL;

        for (size_t i = 0; i < ev->n_fields && value == NULL; i++) {
            value = str_eq(ev->fields[i], r->fields[f].field->id) ? ev->values[i] : NULL;
        }
        bool known = value != NULL || field_writable(r->fields[f].field);

        n->told[f] = known && holds(r, p, f, value) ? TOLD_SAME : TOLD_OTHER;
    }
}

void run_feed_compare(struct run *r, struct feed_name *n, const struct airtable_event *ev)
{
    uint32_t at = strmap_get(r->pair_by_id, n->id);
    const struct sync_pair *p = at == STRMAP_NONE ? NULL : &r->state.pairs[at];

    if (p == NULL || p->flags != 0 || n->open) {
        n->open = true;
        return;
    }
    if (n->told == NULL) {
        n->n_told = r->n_fields;
        n->told = arena_alloc_n(r->arena, n->n_told + 1, sizeof *n->told);
    }
    if (ev->kind == EVENT_CHANGED) {
        take_changed(r, p, n, ev);
    } else if (ev->kind == EVENT_CREATED) {
        take_created(r, p, n, ev);
    }
}

bool run_feed_is_echo(const struct feed_name *n)
{
    if (n->open || n->destroyed || n->told == NULL) {
        return false;
    }
    for (size_t i = 0; i < n->n_told; i++) {
        if (n->told[i] == TOLD_OTHER) {
            return false;
        }
    }
    return true;
}
