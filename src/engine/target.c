/*
 * target.c: which fields meet which columns, and what has drifted since the last run. A rename that
 * can be followed by id is followed and said; anything that cannot be followed for sure stops the
 * sync before it reads a row, with a sentence that names it.
 */
#include "base/str.h"
#include "engine/target_p.h"
#include "model/a1.h"
#include "model/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static enum bs_rc drift(struct bs_err *e, const struct run *r, const char *what, const char *name,
                        const char *advice)
{
    return bs_fail(e, BS_STOP_SYNC, BS_K_SCHEMA, "%s \"%s\" %s ([sync %s], line %d of %s)", what,
                   name, advice, r->cs->slug, r->cs->line, r->env->conf->path);
}

/* ---- table, view, tab ---- */

static enum bs_rc find_table(struct run *r, const struct target_fact *was, struct bs_err *e)
{
    const struct table_schema *t = schema_find_table(r->schema, r->cs->table);

    if (t == NULL && was != NULL && str_eq(was->table_ref, r->cs->table)) {
        t = schema_find_table(r->schema, was->table_id);
        if (t != NULL) {
            run_issue(r, ISSUE_INFO, BS_K_SCHEMA, NULL, 0, SYNC_NONE,
                      "table \"%s\" is now named \"%s\"; followed by its id %s", r->cs->table,
                      t->name, t->id);
        }
    }
    if (t == NULL) {
        return drift(e, r, "table", r->cs->table,
                     "is not in the base: correct `table`, or give the token access to it");
    }
    r->table = t;
    if (r->cs->view != NULL) {
        const struct field_view *v = table_find_view(t, r->cs->view);

        if (v == NULL) {
            return drift(e, r, "view", r->cs->view, "is not in the table: correct `view`");
        }
        r->view_id = v->id;
    }
    return BS_OK;
}

static const struct sheet_tab *tab_by_id(const struct sheet_meta *m, int64_t id)
{
    for (size_t i = 0; i < m->n_tabs; i++) {
        if (m->tabs[i].id == id) {
            return &m->tabs[i];
        }
    }
    return NULL;
}

static enum bs_rc find_tab(struct run *r, const struct target_fact *was, struct bs_err *e)
{
    const struct sheet_tab *t = sheets_find_tab(r->meta, r->cs->tab);
    bool same_ref = was != NULL && str_eq(was->tab_ref, r->cs->tab) &&
                    str_eq(was->spreadsheet, r->cs->spreadsheet);

    if (same_ref && (t == NULL || t->id != was->sheet_id)) {
        const struct sheet_tab *old = tab_by_id(r->meta, was->sheet_id);

        if (t == NULL && old != NULL) {
            run_issue(r, ISSUE_INFO, BS_K_SCHEMA, NULL, 0, SYNC_NONE,
                      "tab \"%s\" is now titled \"%s\"; followed by its id", r->cs->tab,
                      old->title);
            t = old;
        }
    }
    if (t == NULL) {
        return drift(e, r, "tab", r->cs->tab, "is not in the spreadsheet: correct `tab`");
    }
    if (!t->is_grid) {
        return drift(e, r, "tab", t->title, "holds no cells (it is a chart or a data source)");
    }
    r->tab = t;
    return BS_OK;
}

/* ---- identity ---- */

static enum bs_rc check_identity(struct run *r, const struct target_fact *was, struct bs_err *e)
{
    if (was == NULL) {
        return BS_OK;
    }
    const char *what = !str_eq(was->base_id, r->schema->id)            ? "base"
                       : !str_eq(was->table_id, r->table->id)          ? "table"
                       : !str_eq(was->spreadsheet, r->cs->spreadsheet) ? "spreadsheet"
                       : was->sheet_id != r->tab->id                   ? "tab"
                                                                       : NULL;
    if (what == NULL) {
        return BS_OK;
    }
    if (r->opt->first_sync) {
        r->start_over = true;
        return BS_OK;
    }
    return bs_fail(e, BS_STOP_SYNC, BS_K_GUARD,
                   "the %s of [sync %s] is another one than in the last run; nothing was written: "
                   "put it back, or run `basesync sync %s --first-sync` to pair the two sides anew",
                   what, r->cs->slug, r->cs->slug);
}

/* ---- mapping ---- */

static bool allows(enum sync_direction whole, enum sync_direction entry, enum sync_direction way)
{
    return (whole == way || whole == DIRECTION_BOTH) && (entry == way || entry == DIRECTION_BOTH);
}

static bool can_write(const struct field *f)
{
    return field_writable(f) && f->type != FIELD_ATTACHMENTS;
}

static void add_field(struct run *r, const struct field *f, const char *ref, const char *header,
                      enum sync_direction entry)
{
    size_t i = r->n_fields++;
    struct sync_field *sf = &r->fields[i];

    sf->field = f;
    sf->header = header;
    sf->to_sheet = allows(r->rules.direction, entry, DIRECTION_TO_SHEETS);
    sf->to_airtable = allows(r->rules.direction, entry, DIRECTION_TO_AIRTABLE) && can_write(f);
    r->field_refs[i] = ref;
}

/* A name means the field that it meant in the last run, as long as that is there: a rename is
 * followed, and another field that takes the name is not taken for it. */
static const struct field *find_field(struct run *r, const struct target_fact *was, const char *ref)
{
    for (size_t i = 0; was != NULL && i < was->n_fields; i++) {
        const struct field *f =
            str_eq(was->fields[i].ref, ref) ? table_find_field(r->table, was->fields[i].id) : NULL;

        if (f != NULL && f != table_find_field(r->table, ref)) {
            run_issue(r, ISSUE_INFO, BS_K_SCHEMA, NULL, 0, SYNC_NONE,
                      "field \"%s\" is now named \"%s\"; followed by its id %s", ref, f->name,
                      f->id);
        }
        if (f != NULL) {
            return f;
        }
    }
    return table_find_field(r->table, ref);
}

static enum bs_rc map_listed(struct run *r, const struct target_fact *was, struct bs_err *e)
{
    const struct mapping *m = &r->cs->mapping;

    for (size_t i = 0; i < m->n; i++) {
        const struct map_entry *entry = &m->entries[i];
        const struct field *f = find_field(r, was, entry->field);

        if (f == NULL) {
            return drift(e, r, "field", entry->field,
                         "is not in the table: it was renamed before the first run or deleted; "
                         "correct `field`");
        }
        if (entry->direction == DIRECTION_TO_AIRTABLE && !can_write(f)) {
            return drift(e, r, "field", entry->field,
                         "is computed by Airtable and cannot be written: use `->`");
        }
        add_field(r, f, entry->field, entry->column, entry->direction);
    }
    return BS_OK;
}

static const struct target_field *was_field(const struct target_fact *was, const char *id)
{
    for (size_t i = 0; was != NULL && i < was->n_fields; i++) {
        if (str_eq(was->fields[i].id, id)) {
            return &was->fields[i];
        }
    }
    return NULL;
}

/* Every field under its own name; a field renamed since keeps the header it had. */
static void map_all(struct run *r, const struct target_fact *was)
{
    for (size_t i = 0; i < r->table->n_fields && r->n_fields < MAPPING_MAX; i++) {
        const struct field *f = &r->table->fields[i];
        const struct target_field *old = was_field(was, f->id);

        if (f->type == FIELD_MANUAL_SORT || f->type == FIELD_BUTTON) {
            continue;
        }
        if (r->rules.direction == DIRECTION_TO_AIRTABLE && !can_write(f)) {
            continue;
        }
        add_field(r, f, f->id, old != NULL && old->header[0] != '\0' ? old->header : f->name,
                  DIRECTION_BOTH);
    }
    for (size_t i = 0; was != NULL && i < was->n_fields; i++) {
        if (table_find_field(r->table, was->fields[i].id) == NULL) {
            run_issue(r, ISSUE_INFO, BS_K_SCHEMA, NULL, 0, SYNC_NONE,
                      "the field of column \"%s\" was deleted in Airtable; the column is left as "
                      "it is",
                      was->fields[i].header);
        }
    }
}

static enum bs_rc check_doubles(struct run *r, struct bs_err *e)
{
    for (size_t i = 0; i < r->n_fields; i++) {
        if (str_eq(r->fields[i].header, r->cs->id_column)) {
            return drift(e, r, "column", r->cs->id_column,
                         "is mapped and is the record-id column too: choose another `id_column`");
        }
        for (size_t j = 0; j < i; j++) {
            if (str_eq(r->fields[i].header, r->fields[j].header)) {
                return drift(e, r, "column", r->fields[i].header, "is mapped twice");
            }
            if (r->fields[i].field == r->fields[j].field) {
                return drift(e, r, "field", r->fields[i].field->name, "is mapped twice");
            }
        }
    }
    if (r->n_fields == 0) {
        return drift(e, r, "table", r->table->name, "has no field that can flow in this direction");
    }
    return BS_OK;
}

static enum bs_rc map_fields(struct run *r, const struct target_fact *was, struct bs_err *e)
{
    size_t most = r->cs->mapping.all ? r->table->n_fields : r->cs->mapping.n;

    r->n_fields = 0;
    r->fields = arena_alloc_n(r->arena, most + 1, sizeof *r->fields);
    r->field_refs = arena_alloc_n(r->arena, most + 1, sizeof *r->field_refs);
    r->known_header = arena_alloc_n(r->arena, most + 1, sizeof *r->known_header);
    if (r->cs->mapping.all) {
        map_all(r, was);
    } else if (map_listed(r, was, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < r->n_fields; i++) {
        const struct target_field *old = was_field(was, r->fields[i].field->id);

        r->known_header[i] =
            old != NULL && !r->start_over && text_header_like(old->header, r->fields[i].header);
        if (old != NULL && !str_eq(old->type, r->fields[i].field->type_name)) {
            run_issue(r, ISSUE_INFO, BS_K_SCHEMA, NULL, 0, (uint32_t)i,
                      "field \"%s\" changed its type from %s to %s; its cells are compared anew",
                      r->fields[i].field->name, old->type, r->fields[i].field->type_name);
        }
    }
    return check_doubles(r, e);
}

/* ---- what is asked of Airtable ---- */

static const struct field *modified_field(const struct run *r)
{
    if (r->cs->modified_field != NULL) {
        return table_find_field(r->table, r->cs->modified_field);
    }
    for (size_t i = 0; i < r->table->n_fields; i++) {
        const struct field *f = &r->table->fields[i];

        if (f->type == FIELD_MODIFIED_TIME && field_value_kind(f) == VALUE_DATETIME) {
            return f;
        }
    }
    return NULL;
}

static void build_query(struct run *r)
{
    const struct field *modified =
        r->rules.conflicts == CONFLICT_NEWEST_WINS ? modified_field(r) : NULL;

    r->field_list = arena_alloc_n(r->arena, r->n_fields + 1, sizeof *r->field_list);
    for (size_t i = 0; i < r->n_fields; i++) {
        r->field_list[i] = r->fields[i].field;
    }
    r->query.table_id = r->table->id;
    r->query.fields = r->field_list;
    r->query.n_fields = r->n_fields;
    r->query.view = r->view_id;
    r->modified_index = SYNC_NONE;
    if (modified != NULL) {
        r->modified_index = (uint32_t)r->n_fields;
        r->field_list[r->query.n_fields++] = modified;
    }
}

/* The base of a field is void when its type changes: the key of a stored hash names both. */
static const char **state_keys(struct run *r)
{
    const char **keys = arena_alloc_n(r->arena, r->n_fields + 1, sizeof *keys);

    for (size_t i = 0; i < r->n_fields; i++) {
        const struct field *f = r->fields[i].field;
        struct buf b;

        buf_init(&b, BUF_NO_LIMIT);
        buf_addf(&b, "%s/%s", f->id, f->type_name);
        keys[i] = arena_strdup(r->arena, b.data);
        buf_release(&b);
    }
    return keys;
}

static enum bs_rc load_pairs(struct run *r, struct bs_err *e)
{
    const char **keys = state_keys(r);
    struct pair_row *rows = NULL;
    size_t n = 0;

    if (!r->start_over && state_load_fields(r->env->store, r->sc->id, keys, r->n_fields, r->arena,
                                            &rows, &n, e) != BS_OK) {
        return e->rc;
    }
    r->state_keys = keys;
    run_seed_raw_hashes(r);
    r->cap_pairs = n + 64;
    r->state.pairs = arena_alloc_n(r->arena, r->cap_pairs, sizeof *r->state.pairs);
    r->state.n_pairs = n;
    strmap_free(r->pair_by_id);
    r->pair_by_id = strmap_new(n);
    for (size_t i = 0; i < n; i++) {
        struct sync_pair *p = &r->state.pairs[i];

        p->record_id = rows[i].record_id;
        p->row_hint = rows[i].row_hint;
        p->raw = rows[i].raw;
        p->flags = rows[i].flags;
        p->bases = rows[i].bases;
        strmap_add(r->pair_by_id, p->record_id, (uint32_t)i);
    }
    return BS_OK;
}

static void find_match_field(struct run *r)
{
    const struct field *f =
        table_find_field(r->table, r->cs->match != NULL ? r->cs->match : r->table->primary_field);

    r->state.match_field = SYNC_NONE;
    for (size_t i = 0; i < r->n_fields; i++) {
        if (r->fields[i].field == f) {
            r->state.match_field = (uint32_t)i;
        }
    }
}

/* Airtable tells change times in whole seconds, cut off: only what is a second older than the last
 * look at the sheet is surely older. */
static int64_t since_of(const char *seen)
{
    int64_t ms = 0;

    if (seen == NULL || !str_to_i64(seen, 0, INT64_MAX, &ms) || ms < AIRTABLE_TIME_STEP_MS) {
        return 0;
    }
    return ms - (AIRTABLE_TIME_STEP_MS - 1);
}

enum bs_rc run_find_target(struct run *r, struct bs_err *e)
{
    struct target_fact was_memory;
    const struct target_fact *was = NULL;
    const char *text = NULL, *seen = NULL;

    if (syncs_fact_get(r->env->store, r->sc->id, "target", r->arena, &text, e) != BS_OK ||
        syncs_fact_get(r->env->store, r->sc->id, "sheetSeenMs", r->arena, &seen, e) != BS_OK) {
        return e->rc;
    }
    if (text != NULL) {
        if (target_parse(r->arena, text, &was_memory, e) != BS_OK) {
            return e->rc;
        }
        was = &was_memory;
    }
    if (find_table(r, was, e) != BS_OK || find_tab(r, was, e) != BS_OK ||
        check_identity(r, was, e) != BS_OK) {
        return e->rc;
    }
    if (r->start_over) {
        was = NULL;
    }
    if (map_fields(r, was, e) != BS_OK || run_find_create_key(r, e) != BS_OK ||
        load_pairs(r, e) != BS_OK) {
        return e->rc;
    }
    build_query(r);
    find_match_field(r);
    r->known_width = was != NULL ? was->width : 0;
    r->known_id_column = was != NULL && r->state.n_pairs > 0 &&
                         str_eq(was->id_column, r->cs->id_column) && !r->opt->rebuild_ids;
    r->state.first_run = was == NULL;
    r->state.fields = r->fields;
    r->state.n_fields = r->n_fields;
    r->state.view_scoped = r->view_id != NULL;
    r->state.sheet_since_ms = since_of(seen);
    return BS_OK;
}

/* ---- header row ---- */

struct header_use {
    uint32_t column;
    uint32_t other; /* a second column of the same text, SYNC_NONE */
};

static struct header_use find_header(const struct cell *cells, uint32_t col0, size_t n,
                                     const char *text)
{
    struct header_use use = {SYNC_NONE, SYNC_NONE};

    for (size_t i = 0; i < n; i++) {
        char number[STR_DOUBLE_MAX];

        if (!str_eq(cell_spelling(&cells[i], number), text)) {
            continue;
        }
        if (use.column == SYNC_NONE) {
            use.column = col0 + (uint32_t)i;
        } else {
            use.other = col0 + (uint32_t)i;
        }
    }
    return use;
}

static bool is_exact_header(const struct run *r, const char *text)
{
    for (size_t i = 0; i < r->n_fields; i++) {
        if (str_eq(r->fields[i].header, text)) {
            return true;
        }
    }
    return str_eq(r->cs->id_column, text);
}

static uint32_t find_like(struct run *r, size_t f, const struct cell *cells, uint32_t col0,
                          size_t n)
{
    uint32_t found = SYNC_NONE;

    for (size_t i = 0; i < n; i++) {
        if (cells[i].kind != CELL_TEXT || !text_header_like(cells[i].text, r->fields[f].header) ||
            is_exact_header(r, cells[i].text)) {
            continue;
        }
        if (found != SYNC_NONE) {
            return SYNC_NONE;
        }
        found = (uint32_t)i;
    }
    if (found == SYNC_NONE) {
        return SYNC_NONE;
    }
    if (!r->known_header[f]) {
        run_issue(r, ISSUE_INFO, BS_K_SCHEMA, NULL, 0, (uint32_t)f,
                  "column \"%s\" is taken for \"%s\"", cells[found].text, r->fields[f].header);
    }
    r->fields[f].header = arena_strdup(r->arena, cells[found].text);
    return col0 + found;
}

static enum bs_rc doubled(struct run *r, const char *header, struct header_use use,
                          struct bs_err *e)
{
    char a[4], b[4];

    a1_column(use.column, a);
    a1_column(use.other, b);
    return bs_fail(e, BS_STOP_SYNC, BS_K_SCHEMA,
                   "header \"%s\" stands in columns %s and %s of tab \"%s\": rename one of them",
                   header, a, b, r->tab->title);
}

static enum bs_rc missing(struct run *r, size_t i, struct bs_err *e)
{
    const struct sync_field *f = &r->fields[i];

    if (r->known_header[i] && r->cs->mapping.all) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_SCHEMA,
                       "column \"%s\" is gone from the header row of tab \"%s\" (renamed or "
                       "deleted): name it so again, or say with `field` lines in [sync %s] which "
                       "column each field has",
                       f->header, r->tab->title, r->cs->slug);
    }
    if (r->known_header[i]) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_SCHEMA,
                       "column \"%s\" is gone from the header row of tab \"%s\" (renamed or "
                       "deleted): name it so again, or change `field = %s` in [sync %s] to its new "
                       "name",
                       f->header, r->tab->title, r->field_refs[i], r->cs->slug);
    }
    if (!f->to_sheet || !r->rules.include_header) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_SCHEMA,
                       "column \"%s\" is not in the header row (row 1) of tab \"%s\": add it, or "
                       "change `field` in [sync %s]",
                       f->header, r->tab->title, r->cs->slug);
    }
    return BS_OK;
}

enum bs_rc run_read_header(struct run *r, const struct cell *cells, uint32_t col0, size_t n,
                           struct bs_err *e)
{
    struct run_layout *l = &r->layout;

    l->column = arena_alloc_n(r->arena, r->n_fields, sizeof *l->column);
    l->header_width = n > 0 ? col0 + (uint32_t)n : 0;
    for (size_t i = 0; i < r->n_fields; i++) {
        struct header_use use = find_header(cells, col0, n, r->fields[i].header);

        if (use.other != SYNC_NONE) {
            return doubled(r, r->fields[i].header, use, e);
        }
        if (use.column == SYNC_NONE) {
            use.column = find_like(r, i, cells, col0, n);
        }
        l->column[i] = use.column;
        if (use.column == SYNC_NONE && r->rules.direction == DIRECTION_TO_AIRTABLE &&
            r->cs->mapping.all && !r->known_header[i]) {
            /* without `field` lines only the columns that are there take part */
            r->fields[i].to_airtable = false;
            continue;
        }
        if (use.column == SYNC_NONE && missing(r, i, e) != BS_OK) {
            return e->rc;
        }
    }
    struct header_use id = find_header(cells, col0, n, r->cs->id_column);

    if (id.other != SYNC_NONE) {
        return doubled(r, r->cs->id_column, id, e);
    }
    l->id_column = id.column;
    if (id.column == SYNC_NONE && r->known_id_column) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_SCHEMA,
                       "the record-id column \"%s\" is gone from tab \"%s\": put it back (undo, or "
                       "the version history), or run `basesync sync %s --rebuild-ids`, which pairs "
                       "rows and records anew by the match field",
                       r->cs->id_column, r->tab->title, r->cs->slug);
    }
    return BS_OK;
}

enum bs_rc run_store_target(struct run *r, bool ended, struct bs_err *e)
{
    struct buf b;
    char seen[24];

    buf_init(&b, BUF_NO_LIMIT);
    target_print(r, &b);
    snprintf(seen, sizeof seen, "%lld", (long long)r->state.sheet_seen_ms);
    if (syncs_fact_set(r->env->store, r->sc->id, "target", b.data, e) == BS_OK && ended) {
        bs_seen(syncs_fact_set(r->env->store, r->sc->id, "sheetSeenMs", seen, e));
    }
    buf_release(&b);
    return e->rc;
}
