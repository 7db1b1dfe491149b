/*
 * fetch_names.c: the names of linked records. A sheet's cell names them, so a field that flows to
 * Airtable needs all names of its table: which of them a text means, and whether it is the only
 * one. A field that flows to the sheet alone needs the names of the records that its links bear: a
 * full run reads the table for them, too, a delta asks for those few by id.
 */
#include "base/str.h"
#include "engine/fetch_p.h"
#include "engine/run_p.h"

#include <stdlib.h>

/* The table whose names field f shows; NULL: it shows none. */
static const char *named_table(const struct run *r, size_t f)
{
    const struct field *field = r->fields[f].field;

    return field->type == FIELD_LINKS && r->rules.resolve_linked_records ? field->linked_table
                                                                         : NULL;
}

static enum bs_rc find_schema(const struct run *r, size_t f, const struct table_schema **t,
                              struct bs_err *e)
{
    *t = schema_find_table(r->schema, named_table(r, f));
    if (*t == NULL) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_SCHEMA,
                       "the table that field \"%s\" links to cannot be read with this token",
                       r->fields[f].field->name);
    }
    return BS_OK;
}

enum bs_rc run_read_links(struct run *r, struct bs_err *e)
{
    for (size_t f = 0; f < r->n_fields; f++) {
        const char *id = named_table(r, f);
        const struct table_schema *t;

        if (id == NULL || links_is_complete(r->links, id)) {
            continue;
        }
        if (find_schema(r, f, &t, e) != BS_OK) {
            return e->rc;
        }
        if (r->feed.delta && !r->fields[f].to_airtable) {
            links_mark_partial(r->links, id);
            continue;
        }
        if (airtable_names(r->at, t, r->links, e) != BS_OK) {
            return e->rc;
        }
        links_mark_complete(r->links, id);
    }
    return BS_OK;
}

bool run_names_by_id(const struct run *r)
{
    for (size_t f = 0; f < r->n_fields; f++) {
        const char *id = named_table(r, f);

        if (id != NULL && links_is_partial(r->links, id)) {
            return true;
        }
    }
    return false;
}

struct gathered {
    struct strmap *seen; /* heap */
    const char **ids;    /* heap */
    size_t n, cap;
};

static void gather(struct gathered *g, const struct run *r, const char *table,
                   const struct value *links)
{
    for (size_t i = 0; links->kind == VALUE_REFS && i < links->u.list.n; i++) {
        const char *id = links->u.list.items[i].id;

        if (id != NULL && !links_knows(r->links, table, id) &&
            strmap_add(g->seen, id, (uint32_t)g->n) == g->n) {
            g->ids = bs_grow(g->ids, g->n, &g->cap, sizeof *g->ids);
            g->ids[g->n++] = id;
        }
    }
}

/* All that the records' fields link to in the table that field f shows. */
static enum bs_rc name_table(struct run *r, size_t f, const struct airtable_record *const *records,
                             size_t n, struct bs_err *e)
{
    const char *table = named_table(r, f);
    const struct table_schema *t;
    struct gathered g = {.seen = strmap_new(n)};

    for (size_t k = f; k < r->n_fields; k++) {
        for (size_t i = 0; i < n && named_table(r, k) != NULL && str_eq(named_table(r, k), table);
             i++) {
            gather(&g, r, table, records[i]->values[k]);
        }
    }
    if (g.n > 0 && find_schema(r, f, &t, e) == BS_OK) {
        bs_seen(airtable_names_of(r->at, t, r->links, g.ids, g.n, e));
    }
    strmap_free(g.seen);
    free(g.ids);
    return e->rc;
}

enum bs_rc run_name_links(struct run *r, const struct airtable_record *const *records, size_t n,
                          struct bs_err *e)
{
    for (size_t f = 0; f < r->n_fields && n > 0; f++) {
        const char *id = named_table(r, f);

        if (id != NULL && links_is_partial(r->links, id) &&
            name_table(r, f, records, n, e) != BS_OK) {
            return e->rc;
        }
    }
    return BS_OK;
}
