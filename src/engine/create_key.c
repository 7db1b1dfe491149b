/*
 * create_key.c: creates made exact by a field that the user names (create_key). A row whose key no
 * other record and no other new row has goes out as an upsert on it: sent again after a lost
 * answer, it meets the record that the first one made ("Update multiple records": performUpsert).
 * Airtable fails an upsert that meets two records, and an empty key makes a record every time: such
 * rows are created the ordinary way, and told of.
 */
#include "base/fail.h"
#include "base/str.h"
#include "engine/apply_p.h"

#include <stdlib.h>
#include <string.h>

/* ---- which field ---- */

/* "Update multiple records": the types that can be merged on, computed ones never. */
static bool may_merge_on(const struct field *f)
{
    switch (f->type) {
    case FIELD_NUMBER:
    case FIELD_SINGLE_LINE_TEXT:
    case FIELD_MULTILINE_TEXT:
    case FIELD_SINGLE_SELECT:
    case FIELD_MULTIPLE_SELECTS:
    case FIELD_DATE: return true;
    default: return false;
    }
}

enum bs_rc run_find_create_key(struct run *r, struct bs_err *e)
{
    const char *name = r->cs->create_key;
    const struct field *f = name != NULL ? table_find_field(r->table, name) : NULL;

    r->key_field = SYNC_NONE;
    if (name == NULL || r->rules.direction == DIRECTION_TO_SHEETS) {
        return BS_OK;
    }
    if (f == NULL) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_SCHEMA,
                       "table \"%s\" has no field \"%s\": correct `create_key` in [sync %s]",
                       r->table->name, name, r->cs->slug);
    }
    if (!may_merge_on(f)) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_SCHEMA,
                       "records cannot be recognised by field \"%s\" (%s): `create_key` of "
                       "[sync %s] takes a text, number, select or date field",
                       f->name, f->type_name, r->cs->slug);
    }
    for (size_t i = 0; i < r->n_fields; i++) {
        if (r->fields[i].field == f && r->fields[i].to_airtable) {
            r->key_field = (uint32_t)i;
            return BS_OK;
        }
    }
    return bs_fail(e, BS_STOP_SYNC, BS_K_SCHEMA,
                   "field \"%s\" does not flow to Airtable: `create_key` of [sync %s] needs one "
                   "that does",
                   f->name, r->cs->slug);
}

/* ---- whose key is its own ---- */

struct key_set {
    uint32_t *marks; /* sorted */
    size_t n;
};

/* The half of a hash that tells Airtable's value in every base (sync_base_apart). */
static uint32_t mark_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

static int by_mark(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static size_t times(const struct key_set *s, uint32_t mark)
{
    size_t low = 0, high = s->n, n = 0;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (s->marks[mid] < mark) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    while (low + n < s->n && s->marks[low + n] == mark) {
        n++;
    }
    return n;
}

/* The keys of all records that are known, with room for `more`. */
static struct key_set known_keys(struct run *r, size_t more)
{
    const struct sync_state *st = &r->state;
    struct key_set s = {
        arena_alloc_n(r->arena, st->n_pairs + st->n_records + more + 1, sizeof *s.marks), 0};

    for (size_t i = 0; i < st->n_pairs; i++) {
        if ((st->pairs[i].flags & PAIR_RECORD_GONE) == 0) {
            s.marks[s.n++] = mark_of(st->pairs[i].bases[r->key_field]);
        }
    }
    for (size_t i = 0; i < st->n_records; i++) {
        const struct sync_record *rec = &st->records[i];

        if (rec->cells != NULL && rec->presence != PRESENCE_GONE) {
            s.marks[s.n++] = mark_of(rec->cells[r->key_field].hash);
        }
    }
    return s;
}

static const struct value *key_of(const struct run *r, const struct airtable_write *w,
                                  uint64_t *hash)
{
    const struct field *key = r->fields[r->key_field].field;

    for (size_t i = 0; i < w->n_cells; i++) {
        if (w->cells[i].field == key && w->cells[i].value->kind != VALUE_EMPTY) {
            *hash = convert_hash(&r->convert, key, w->cells[i].value);
            return w->cells[i].value;
        }
    }
    return NULL;
}

static void tell_ordinary(struct run *r, const struct pending_op *p, bool empty)
{
    r->counts.warnings++;
    run_issue(r, ISSUE_WARNING, BS_K_VALIDATION, NULL, run_op_row(r, p->op), r->key_field,
              empty ? "the row has no \"%s\", by which its record could be recognised should the "
                      "answer to its creation be lost; it is created without"
                    : "another record or row has the same \"%s\", if in another spelling, so the "
                      "record that is created could not be recognised by it should the answer be "
                      "lost; it is created without",
              r->fields[r->key_field].field->name);
}

enum bs_rc run_leave_alike(struct run *r, struct airtable_write *writes, size_t n, struct bs_err *e)
{
    const char **keys = arena_alloc_n(r->arena, n, sizeof *keys);
    bool *alike = arena_alloc_n(r->arena, n, sizeof *alike);
    uint64_t hash = 0;

    if (r->key_field == SYNC_NONE) {
        return BS_OK;
    }
    for (size_t i = 0; i < n; i++) {
        const struct value *v = key_of(r, &writes[i], &hash);

        keys[i] = writes[i].merge_on != NULL && v != NULL ? value_shown(r->arena, v) : NULL;
    }
    if (run_find_alike(r, keys, alike, n, true, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < n; i++) {
        if (alike[i]) {
            writes[i].merge_on = NULL;
            tell_ordinary(r, writes[i].tag, false);
        }
    }
    return BS_OK;
}

void run_mark_exact_creates(struct run *r, struct airtable_write *writes, size_t n)
{
    struct key_set s;
    uint64_t hash = 0;

    if (r->key_field == SYNC_NONE || n == 0) {
        return;
    }
    s = known_keys(r, n);
    for (size_t i = 0; i < n; i++) {
        if (key_of(r, &writes[i], &hash) != NULL) {
            s.marks[s.n++] = mark_of(hash);
        }
    }
    qsort(s.marks, s.n, sizeof *s.marks, by_mark);
    for (size_t i = 0; i < n; i++) {
        bool filled = key_of(r, &writes[i], &hash) != NULL;

        if (filled && times(&s, mark_of(hash)) == 1) {
            writes[i].merge_on = r->fields[r->key_field].field;
        } else {
            tell_ordinary(r, writes[i].tag, !filled);
        }
    }
}

/* ---- recovery ---- */

/* The key that an intent was to have; NULL: none that can be relied on. */
static const struct value *intent_key(struct run *r, const struct intent *in, uint64_t *hash,
                                      struct bs_err *e)
{
    const struct field *key = r->fields[r->key_field].field;
    const struct value *const *values = NULL;

    if (in->payload == NULL ||
        airtable_read_fields(r->arena, r->table, in->payload, &values, e) != BS_OK) {
        return NULL;
    }
    for (size_t i = 0; i < r->table->n_fields; i++) {
        if (&r->table->fields[i] == key && values[i]->kind != VALUE_EMPTY &&
            values[i]->kind != VALUE_ERROR) {
            *hash = convert_hash(&r->convert, key, values[i]);
            return values[i];
        }
    }
    return NULL;
}

/* How many records have this key, and the last of them that nothing else knows. */
static size_t holders(const struct run *r, uint64_t hash, const uint8_t *taken, uint32_t *orphan)
{
    size_t n = 0;

    *orphan = SYNC_NONE;
    for (size_t i = 0; i < r->state.n_pairs; i++) {
        const struct sync_pair *p = &r->state.pairs[i];

        n += (p->flags & PAIR_RECORD_GONE) == 0 &&
             mark_of(p->bases[r->key_field]) == mark_of(hash) &&
             strmap_get(r->record_by_id, p->record_id) != STRMAP_NONE;
    }
    for (uint32_t i = 0; i < r->state.n_records; i++) {
        const struct sync_record *rec = &r->state.records[i];

        if (rec->presence != PRESENCE_HERE || rec->cells == NULL ||
            rec->cells[r->key_field].hash != hash ||
            strmap_get(r->pair_by_id, rec->id) != STRMAP_NONE) {
            continue;
        }
        n++;
        if (!taken[i] && strmap_get(r->row_by_id, rec->id) == STRMAP_NONE) {
            *orphan = i;
        }
    }
    return n;
}

struct made_again {
    struct run *r;
    uint32_t record; /* SYNC_NONE: refused, or still unsure */
    bool unsure;
};

static enum bs_rc on_made_again(void *ctx, const struct airtable_write *const *items,
                                const struct airtable_result *results, size_t n, struct bs_err *e)
{
    struct made_again *m = ctx;
    struct run *r = m->r;
    const struct airtable_record *rec = results[0].record;

    (void)items;
    (void)n;
    (void)e;
    FAIL_POINT("recover.made_again");
    m->unsure = results[0].rc == BS_UNSURE;
    if (results[0].rc == BS_OK && rec != NULL &&
        strmap_get(r->record_by_id, rec->id) == STRMAP_NONE) {
        m->record = run_add_record(r, rec->id);
        r->state.records[m->record].created_ms = rec->created_ms;
        r->state.records[m->record].cells = run_side_cells(r, rec);
    }
    return BS_OK;
}

/* What was sent is sent once more, as it was: it makes the record, or meets it. */
static enum bs_rc make_again(struct run *r, const struct intent *in, struct made_again *m,
                             struct bs_err *e)
{
    struct airtable_write w = {.fields_json = in->payload,
                               .merge_on = r->fields[r->key_field].field};

    if (airtable_create(r->at, &r->query, &w, 1, r->rules.create_choices, NULL, on_made_again, m,
                        e) != BS_OK) {
        return e->rc;
    }
    return m->unsure ? bs_fail(e, BS_STOP_SYNC, BS_K_NETWORK,
                               "the answer to a create was lost once more; the next run asks again")
                     : BS_OK;
}

enum bs_rc run_recover_by_key(struct run *r, const struct intent *in, const uint8_t *taken,
                              bool row_waits, uint32_t *record, struct bs_err *e)
{
    struct bs_err unread = BS_ERR_INIT;
    struct made_again m = {r, SYNC_NONE, false};
    const struct value *value = NULL;
    uint64_t hash = 0;
    bool alike = false;
    size_t n;

    *record = SYNC_NONE;
    if (r->key_field != SYNC_NONE && str_eq(in->table_id, r->table->id)) {
        value = intent_key(r, in, &hash, &unread);
    }
    if (value == NULL) {
        return BS_OK;
    }
    n = holders(r, hash, taken, record);
    if (n > 1) {
        *record = SYNC_NONE; /* not a key after all */
    }
    if (n > 0 || !row_waits || r->opt->dry_run) {
        return BS_OK;
    }
    const char *text = value_shown(r->arena, value);

    if (run_find_alike(r, &text, &alike, 1, false, e) != BS_OK || alike ||
        make_again(r, in, &m, e) != BS_OK) {
        return e->rc; /* alike: it went out as a plain create */
    }
    *record = m.record;
    return BS_OK;
}
