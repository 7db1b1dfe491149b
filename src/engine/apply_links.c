/*
 * apply_links.c: linked records that a sheet names and that do not exist yet. They are created with
 * nothing but their name, once per name, after the linked table was read completely in this run; a
 * lost answer is found again by the same reading in the next run, so nothing is journalled.
 */
#include "base/fail.h"
#include "base/str.h"
#include "engine/apply_p.h"

#include <string.h>

struct wanted_link {
    const char *table_id;
    const char *name;
    const char *record_id; /* once created */
    int64_t change;
};

struct link_work {
    struct run *r;
    struct wanted_link *list;
    size_t n, cap;
};

static struct wanted_link *find_wanted(struct link_work *w, const char *table, const char *name)
{
    for (size_t i = 0; i < w->n; i++) {
        if (str_eq(w->list[i].table_id, table) && str_eq(w->list[i].name, name)) {
            return &w->list[i];
        }
    }
    return NULL;
}

static bool writes_airtable(const struct op *op)
{
    return op->kind == OP_RECORD_CREATE || op->kind == OP_RECORD_UPDATE;
}

static void want_cell(struct link_work *w, const struct op_cell *c)
{
    const char *table = w->r->fields[c->field].field->linked_table;
    const struct value *v = c->value;

    if (v == NULL || v->kind != VALUE_REFS || table == NULL) {
        return;
    }
    for (size_t i = 0; i < v->u.list.n; i++) {
        const struct value_item *item = &v->u.list.items[i];

        if (item->id != NULL || find_wanted(w, table, item->text) != NULL) {
            continue;
        }
        if (w->n == w->cap) {
            size_t cap = w->cap * 2 + 16;
            struct wanted_link *list = arena_alloc_n(w->r->arena, cap, sizeof *list);

            if (w->n > 0) {
                memcpy(list, w->list, w->n * sizeof *list);
            }
            w->list = list;
            w->cap = cap;
        }
        w->list[w->n++] = (struct wanted_link){.table_id = table, .name = item->text};
    }
}

static enum bs_rc log_wanted(struct link_work *w, struct bs_err *e)
{
    struct run *r = w->r;

    if (store_begin(r->env->store, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < w->n; i++) {
        struct change c = {
            .side = "AIRTABLE",
            .action = "create",
            .new_text = w->list[i].name,
            .why = merge_why_text(WHY_CREATE),
        };

        if (runlog_change(r->env->store, r->run_id, &c, &w->list[i].change, e) != BS_OK) {
            store_rollback(r->env->store);
            return e->rc;
        }
    }
    return store_commit(r->env->store, e);
}

static enum bs_rc on_link_created(void *ctx, const struct airtable_write *const *items,
                                  const struct airtable_result *results, size_t n, struct bs_err *e)
{
    struct link_work *w = ctx;
    struct run *r = w->r;

    r->wrote_airtable = true;
    if (store_begin(r->env->store, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < n; i++) {
        struct wanted_link *l = items[i]->tag;
        bool made = results[i].rc == BS_OK && results[i].record != NULL;
        const char *word = made ? "done" : results[i].rc == BS_UNSURE ? "unsure" : "failed";

        if (made) {
            l->record_id = arena_strdup(r->arena, results[i].record->id);
            links_add(r->links, l->table_id, l->record_id, l->name);
            r->counts.records_added++;
        } else {
            r->counts.failed++;
            run_issue(r, ISSUE_ERROR, BS_K_LINKED, NULL, 0, SYNC_NONE,
                      "the linked record \"%s\" could not be created: %s", l->name,
                      results[i].err.msg);
        }
        if (runlog_outcome(r->env->store, l->change, word, l->record_id, e) != BS_OK) {
            store_rollback(r->env->store);
            return e->rc;
        }
    }
    return store_commit(r->env->store, e);
}

static enum bs_rc nothing_before(void *ctx, const struct airtable_write *const *items, size_t n,
                                 struct bs_err *e)
{
    (void)ctx;
    (void)items;
    (void)n;
    (void)e;
    FAIL_POINT("airtable.create_link");
    return BS_OK;
}

/* All wanted records of the table that the first open one belongs to. */
static enum bs_rc create_in_table(struct link_work *w, const char *table_id, struct bs_err *e)
{
    struct run *r = w->r;
    const struct table_schema *t = schema_find_table(r->schema, table_id);
    const struct field *primary = t == NULL ? NULL : table_find_field(t, t->primary_field);
    struct airtable_write *writes = arena_alloc_n(r->arena, w->n, sizeof *writes);
    struct airtable_cell *cells = arena_alloc_n(r->arena, w->n, sizeof *cells);
    struct airtable_query q = {table_id, &primary, 1, NULL};
    size_t n = 0;

    if (primary == NULL || !field_writable(primary) || field_value_kind(primary) != VALUE_TEXT) {
        run_issue(r, ISSUE_WARNING, BS_K_LINKED, NULL, 0, SYNC_NONE,
                  "records of table \"%s\" cannot be created by name: its primary field is not a "
                  "text field",
                  t == NULL ? table_id : t->name);
        return BS_OK;
    }
    for (size_t i = 0; i < w->n; i++) {
        if (str_eq(w->list[i].table_id, table_id)) {
            cells[n].field = primary;
            cells[n].value = value_text(r->arena, w->list[i].name);
            writes[n].cells = &cells[n];
            writes[n].n_cells = 1;
            writes[n++].tag = &w->list[i];
        }
    }
    return airtable_create(r->at, &q, writes, n, false, nothing_before, on_link_created, w, e);
}

static enum bs_rc create_all(struct link_work *w, struct bs_err *e)
{
    for (size_t i = 0; i < w->n; i++) {
        bool first = true;

        for (size_t j = 0; j < i; j++) {
            first = first && !str_eq(w->list[j].table_id, w->list[i].table_id);
        }
        if (first && create_in_table(w, w->list[i].table_id, e) != BS_OK) {
            return e->rc;
        }
    }
    return BS_OK;
}

/* The cell's value with the new ids; NULL when one of its records could not be created. */
static const struct value *with_ids(struct link_work *w, const struct op_cell *c)
{
    const char *table = w->r->fields[c->field].field->linked_table;
    const struct value *v = c->value;
    struct value_item *items;

    if (v == NULL || v->kind != VALUE_REFS) {
        return v;
    }
    items = arena_alloc_n(w->r->arena, v->u.list.n, sizeof *items);
    for (size_t i = 0; i < v->u.list.n; i++) {
        items[i] = v->u.list.items[i];
        if (items[i].id == NULL) {
            struct wanted_link *l = find_wanted(w, table, items[i].text);

            if (l == NULL || l->record_id == NULL) {
                return NULL;
            }
            items[i].id = l->record_id;
        }
    }
    return value_list(w->r->arena, VALUE_REFS, items, v->u.list.n);
}

static void fill_ids(struct link_work *w, struct op *op)
{
    size_t kept = 0;

    for (size_t i = 0; i < op->n_cells; i++) {
        const struct value *v = with_ids(w, &op->cells[i]);

        if (v != NULL) {
            op->cells[kept] = op->cells[i];
            op->cells[kept++].value = v;
        }
    }
    op->n_cells = kept;
}

static void want_all(struct link_work *w, const struct plan *plan)
{
    for (size_t i = 0; i < plan->n_ops; i++) {
        for (size_t c = 0; writes_airtable(&plan->ops[i]) && c < plan->ops[i].n_cells; c++) {
            want_cell(w, &plan->ops[i].cells[c]);
        }
    }
}

void run_list_links(struct run *r, struct plan *plan)
{
    struct link_work w = {.r = r};

    want_all(&w, plan);
    for (size_t i = 0; i < w.n; i++) {
        const struct table_schema *t = schema_find_table(r->schema, w.list[i].table_id);

        plan_add_extra(&r->state, plan, EXTRA_LINKED_RECORD, t == NULL ? "" : t->name,
                       w.list[i].name);
    }
}

enum bs_rc run_create_links(struct run *r, struct plan *plan, struct bs_err *e)
{
    struct link_work w = {.r = r};

    want_all(&w, plan);
    if (w.n == 0) {
        return BS_OK;
    }
    if (log_wanted(&w, e) != BS_OK || create_all(&w, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < plan->n_ops; i++) {
        if (writes_airtable(&plan->ops[i])) {
            fill_ids(&w, &plan->ops[i]);
        }
    }
    return BS_OK;
}
