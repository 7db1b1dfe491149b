/* links.c: see links.h. */
#include "model/links.h"

#include "base/hash.h"
#include "base/mem.h"
#include "model/text.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

struct link_record {
    const char *id;
    const char *name; /* as shown: never empty */
    uint32_t same;    /* records of this name; kept at the first one only */
};

struct link_table {
    const char *id;
    bool complete, partial;
    bool stale; /* by_name must be built again */
    struct link_record *records;
    size_t n, cap;
    struct strmap *by_id;
    struct strmap *by_name; /* name -> first record that bears it */
};

struct links {
    struct arena *texts;
    struct link_table *tables;
    size_t n, cap;
};

struct links *links_new(void)
{
    struct links *l = bs_alloc(sizeof *l);

    l->texts = arena_new();
    return l;
}

void links_free(struct links *l)
{
    if (!l) {
        return;
    }
    for (size_t i = 0; i < l->n; i++) {
        strmap_free(l->tables[i].by_id);
        strmap_free(l->tables[i].by_name);
        free(l->tables[i].records);
    }
    free(l->tables);
    arena_free(l->texts);
    free(l);
}

/* A base has few tables and a sync looks at few of them: a walk is enough. */
static struct link_table *find_table(const struct links *l, const char *table_id)
{
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(l->tables[i].id, table_id) == 0) {
            return &l->tables[i];
        }
    }
    return NULL;
}

static struct link_table *ensure_table(struct links *l, const char *table_id)
{
    struct link_table *t = find_table(l, table_id);

    if (!t) {
        l->tables = bs_grow(l->tables, l->n, &l->cap, sizeof *l->tables);
        t = &l->tables[l->n++];
        *t = (struct link_table){.id = arena_strdup(l->texts, table_id),
                                 .by_id = strmap_new(0),
                                 .by_name = strmap_new(0)};
    }
    return t;
}

/* Counts record i under its name. */
static void index_name(struct link_table *t, uint32_t i)
{
    uint32_t first = strmap_add(t->by_name, t->records[i].name, i);

    if (first == i) {
        t->records[i].same = 1;
    } else {
        t->records[first].same++;
    }
}

static void rebuild_names(struct link_table *t)
{
    strmap_free(t->by_name);
    t->by_name = strmap_new(t->n);
    for (uint32_t i = 0; i < t->n; i++) {
        index_name(t, i);
    }
    t->stale = false;
}

void links_add(struct links *l, const char *table_id, const char *record_id, const char *name)
{
    struct link_table *t = ensure_table(l, table_id);
    uint32_t i = strmap_get(t->by_id, record_id);
    const char *shown = text_has_cr(name) ? text_without_cr(l->texts, name) : name;

    if (i != STRMAP_NONE) {
        assert(t->records && i < t->n);
        if (strcmp(t->records[i].name, *shown ? shown : record_id) != 0) {
            t->records[i].name = *shown ? arena_strdup(l->texts, shown) : t->records[i].id;
            t->stale = true;
        }
        return;
    }
    assert(t->n < NONE);
    t->records = bs_grow(t->records, t->n, &t->cap, sizeof *t->records);
    i = (uint32_t)t->n++;
    t->records[i].id = arena_strdup(l->texts, record_id);
    t->records[i].name = *shown ? arena_strdup(l->texts, shown) : t->records[i].id;
    strmap_add(t->by_id, t->records[i].id, i);
    if (!t->stale) {
        index_name(t, i);
    }
}

void links_mark_complete(struct links *l, const char *table_id)
{
    ensure_table(l, table_id)->complete = true;
}

int links_is_complete(const struct links *l, const char *table_id)
{
    const struct link_table *t = find_table(l, table_id);

    return t && t->complete;
}

void links_mark_partial(struct links *l, const char *table_id)
{
    ensure_table(l, table_id)->partial = true;
}

int links_is_partial(const struct links *l, const char *table_id)
{
    const struct link_table *t = find_table(l, table_id);

    return t && t->partial && !t->complete;
}

int links_knows(const struct links *l, const char *table_id, const char *record_id)
{
    const struct link_table *t = find_table(l, table_id);

    return t && strmap_get(t->by_id, record_id) != STRMAP_NONE;
}

const char *links_name(const struct links *l, const char *table_id, const char *record_id)
{
    const struct link_table *t = find_table(l, table_id);
    uint32_t i = t ? strmap_get(t->by_id, record_id) : STRMAP_NONE;

    return i == STRMAP_NONE ? record_id : t->records[i].name;
}

size_t links_find(const struct links *l, const char *table_id, const char *name,
                  const char **record_id)
{
    struct link_table *t = find_table(l, table_id);
    uint32_t named;
    uint32_t own;
    size_t count = 0;

    *record_id = NULL;
    if (!t) {
        return 0;
    }
    if (t->stale) {
        rebuild_names(t);
    }
    named = strmap_get(t->by_name, name);
    own = strmap_get(t->by_id, name);
    if (named != STRMAP_NONE) {
        *record_id = t->records[named].id;
        count = t->records[named].same;
    }
    if (own != STRMAP_NONE && strcmp(t->records[own].name, name) != 0) {
        *record_id = count > 0 ? *record_id : t->records[own].id;
        count++; /* its id alone; were the id its shown name, it would be counted already */
    }
    return count;
}
