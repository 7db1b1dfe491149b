/* airtable_person.c: edits that a person makes in the Airtable app; README.md lists them. */
#include "webhook.h"

#include <stdlib.h>
#include <string.h>

struct edit {
    struct airtable *a;
    const cJSON *j;
    struct at_base *base;
    struct at_table *table;
    const char *user;
    const char *source;
    char *wrong;
};

static bool fail(struct edit *e, char *why)
{
    if (e->wrong)
        free(why);
    else
        e->wrong = why;
    return false;
}

static struct at_rec *record_of(struct edit *e)
{
    const char *name = tj_str(e->j, "record");
    struct at_rec *r = name ? at_rec_find(e->table, name) : NULL;
    for (size_t i = 0; name && !r && i < e->table->n_recs; i++) {
        char *text = at_primary_text(e->a, e->table, e->table->rec[i], 0);
        if (strcmp(text, name) == 0)
            r = e->table->rec[i];
        free(text);
    }
    if (!r)
        fail(e, tw_fmt("no record %s in %s", name ? name : "(none)", e->table->name));
    return r;
}

static struct at_field *field_of(struct edit *e)
{
    const char *name = tj_str(e->j, "field");
    struct at_field *f = name ? at_field_find(e->table, name) : NULL;
    if (!f)
        fail(e, tw_fmt("no field %s in %s", name ? name : "(none)", e->table->name));
    return f;
}

static void schema_event(struct edit *e, struct at_schema_event ev)
{
    ev.t = e->table;
    at_hooks_schema(e->base, e->user, e->source, &ev);
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "base", e->base->id);
    cJSON_AddStringToObject(o, "table", e->table->id);
    cJSON_AddItemToObject(o, "edit", cJSON_Duplicate(e->j, 1));
    twin_log_write(e->a->t, NULL, "person", "schema", o);
}

/* ---- records ---- */

static bool write_cells(struct edit *e, struct at_tx *tx, struct at_rec *r)
{
    const cJSON *fields = tj_get(e->j, "fields");
    for (const cJSON *v = fields ? fields->child : NULL; v; v = v->next) {
        struct at_field *f = at_field_find(e->table, v->string);
        if (!f)
            return fail(e, tw_fmt("no field %s in %s", v->string, e->table->name));
        /* People may change what a formula gives, too: a fixed value of the scenario. */
        tx->loading = !(f->type->flags & AT_WRITE);
        if (!at_tx_write(tx, e->table, r, f, v))
            return fail(e, tw_dup(tx->message));
    }
    return true;
}

static void finish(struct edit *e, struct at_tx *tx, bool ok)
{
    (void)e;
    if (ok)
        at_tx_commit(tx, NULL);
    else
        at_tx_abort(tx);
}

static void begin(struct edit *e, struct at_tx *tx)
{
    at_tx_begin(tx, e->base, e->user, e->source);
    tx->typecast = tj_bool(e->j, "typecast", false);
}

static void do_create(struct edit *e)
{
    struct at_tx tx;
    begin(e, &tx);
    struct at_rec *r = at_tx_create(&tx, e->table);
    const char *id = tj_str(e->j, "id");
    if (id && at_is_id(id, "rec") && !at_rec_find(e->table, id)) {
        tmap_del(&e->table->by_id, r->id);
        tmap_del(&tx.touched, r->id);
        memcpy(r->id, id, AT_ID);
        tmap_put(&e->table->by_id, r->id, r);
        tmap_put(&tx.touched, r->id, (void *)(uintptr_t)tx.n_touch);
    }
    finish(e, &tx, write_cells(e, &tx, r));
}

static void do_update(struct edit *e)
{
    struct at_tx tx;
    struct at_rec *r = record_of(e);
    if (!r)
        return;
    begin(e, &tx);
    finish(e, &tx, write_cells(e, &tx, r));
}

static void do_delete(struct edit *e)
{
    struct at_tx tx;
    struct at_rec *r = record_of(e);
    if (!r)
        return;
    begin(e, &tx);
    at_tx_delete(&tx, e->table, r);
    finish(e, &tx, true);
}

static void do_clear_table(struct edit *e)
{
    struct at_tx tx;
    begin(e, &tx);
    while (e->table->n_recs)
        at_tx_delete(&tx, e->table, e->table->rec[e->table->n_recs - 1]);
    finish(e, &tx, true);
}

/* ---- fields and tables ---- */

static void do_rename_field(struct edit *e)
{
    struct at_field *f = field_of(e);
    const char *name = tj_str(e->j, "name");
    if (!f || !name)
        return;
    char *old = tw_dup(f->name);
    tw_set(&f->name, name);
    schema_event(e, (struct at_schema_event){.what = AT_FIELD_CHANGED, .f = f, .old_name = old});
    free(old);
}

static void do_delete_field(struct edit *e)
{
    struct at_field *f = field_of(e);
    if (!f)
        return;
    f->gone = true;
    schema_event(e, (struct at_schema_event){.what = AT_FIELD_DELETED, .f = f});
    struct at_field *back = f->type->kind == AT_LINK ? at_inverse(f) : NULL;
    if (back) {
        back->gone = true;
        e->table = back->table;
        schema_event(e, (struct at_schema_event){.what = AT_FIELD_DELETED, .f = back});
    }
}

static void do_add_field(struct edit *e)
{
    struct at_field *f = at_field_new(e->table, tj_get(e->j, "field"));
    char *wrong = at_field_resolve(f);
    if (wrong) {
        f->gone = true;
        fail(e, wrong);
        return;
    }
    schema_event(e, (struct at_schema_event){.what = AT_FIELD_ADDED, .f = f});
}

/* A new type: cells that are good for it stay, text is tried as a person would type it. */
static void do_change_type(struct edit *e)
{
    struct at_field *f = field_of(e);
    const char *type = tj_str(e->j, "type");
    if (!f || !type)
        return;
    char *old = tw_dup(f->type_name);
    char **shown = tw_alloc((e->table->n_recs + 1) * sizeof(char *));
    for (size_t i = 0; i < e->table->n_recs; i++)
        shown[i] = at_shown(e->a, e->table->rec[i], f, 0);
    tw_set(&f->type_name, type);
    f->type = at_type_find(type);
    cJSON_Delete(f->options);
    f->options = tj_get(e->j, "options") ? cJSON_Duplicate(tj_get(e->j, "options"), 1) : NULL;
    free(at_field_resolve(f));
    struct at_tx tx;
    begin(e, &tx);
    tx.typecast = true;
    for (size_t i = 0; i < e->table->n_recs; i++) {
        char *json = NULL;
        cJSON *v = cJSON_CreateString(shown[i]);
        bool ok = *shown[i] && (f->type->flags & AT_WRITE) && at_check(&tx, f, v, &json);
        at_store(e->table->rec[i], f, ok ? json : NULL);
        cJSON_Delete(v);
        free(shown[i]);
        tx.status = 0;
        free(tx.type);
        free(tx.message);
        tx.type = tx.message = NULL;
    }
    at_tx_commit(&tx, NULL);
    free(shown);
    schema_event(e, (struct at_schema_event){.what = AT_FIELD_CHANGED, .f = f, .old_type = old});
    free(old);
}

static void rename_in_cell(struct at_rec *r, const struct at_field *f, const char *from,
                           const char *to)
{
    const char *raw = at_raw(r, f);
    cJSON *v = raw ? cJSON_Parse(raw) : NULL;
    if (cJSON_IsString(v) && strcmp(v->valuestring, from) == 0)
        cJSON_SetValuestring(v, to);
    for (cJSON *c = cJSON_IsArray(v) ? v->child : NULL; c; c = c->next)
        if (cJSON_IsString(c) && strcmp(c->valuestring, from) == 0)
            cJSON_SetValuestring(c, to);
    if (v)
        at_store(r, f, tj_text(v));
    cJSON_Delete(v);
}

static void do_rename_choice(struct edit *e)
{
    struct at_field *f = field_of(e);
    const char *from = tj_str(e->j, "from");
    const char *to = tj_str(e->j, "to");
    cJSON *choices = f ? tj_get(f->options, "choices") : NULL;
    if (!choices || !from || !to)
        return (void)fail(e, tw_dup("rename_choice needs a select field, from and to"));
    for (cJSON *c = choices->child; c; c = c->next)
        if (strcmp(tj_str(c, "name"), from) == 0)
            cJSON_SetValuestring(tj_get(c, "name"), to);
    for (size_t i = 0; i < e->table->n_recs; i++)
        rename_in_cell(e->table->rec[i], f, from, to);
    schema_event(e, (struct at_schema_event){.what = AT_FIELD_CHANGED, .f = f});
}

static void do_add_choice(struct edit *e)
{
    struct at_field *f = field_of(e);
    struct at_tx tx;
    if (!f || !tj_str(e->j, "name"))
        return;
    begin(e, &tx);
    at_tx_add_choice(&tx, f, tj_str(e->j, "name"));
    at_tx_commit(&tx, NULL);
    schema_event(e, (struct at_schema_event){.what = AT_FIELD_CHANGED, .f = f});
}

static void do_rename_table(struct edit *e)
{
    char *old = tw_dup(e->table->name);
    if (tj_str(e->j, "name"))
        tw_set(&e->table->name, tj_str(e->j, "name"));
    schema_event(e, (struct at_schema_event){.what = AT_TABLE_CHANGED, .old_name = old});
    free(old);
}

static void do_delete_table(struct edit *e)
{
    schema_event(e, (struct at_schema_event){.what = AT_TABLE_DELETED});
    e->table->gone = true;
}

/* ---- views ---- */

static struct at_view *view_of(struct edit *e)
{
    const char *name = tj_str(e->j, "view");
    struct at_view *v = name ? at_view_find(e->table, name) : NULL;
    if (!v)
        fail(e, tw_fmt("no view %s", name ? name : "(none)"));
    return v;
}

static void set_hidden(struct edit *e, bool hidden)
{
    struct at_view *v = view_of(e);
    struct at_rec *r = v ? record_of(e) : NULL;
    struct at_tx tx;
    if (!r)
        return;
    begin(e, &tx);
    at_touch_add(&tx, e->table, r, false);
    if (hidden)
        tmap_put(&v->hidden, r->id, r);
    else
        tmap_del(&v->hidden, r->id);
    at_tx_commit(&tx, NULL);
}

static void do_view_leave(struct edit *e)
{
    set_hidden(e, true);
}

static void do_view_enter(struct edit *e)
{
    set_hidden(e, false);
}

static void do_view_order(struct edit *e)
{
    struct at_view *v = view_of(e);
    if (!v)
        return;
    cJSON_Delete(v->order);
    v->order = cJSON_Duplicate(tj_get(e->j, "order"), 1);
}

static void do_delete_view(struct edit *e)
{
    struct at_view *v = view_of(e);
    if (!v)
        return;
    v->gone = true;
    schema_event(e, (struct at_schema_event){.what = AT_VIEW_DELETED, .view_id = v->id});
}

/* ---- the base ---- */

static void do_delete_webhook(struct edit *e)
{
    const char *id = tj_str(e->j, "webhook");
    for (size_t i = e->base->n_hooks; i-- > 0;)
        if (!id || strcmp(e->base->hook[i]->id, id) == 0)
            hook_drop(e->base, i);
}

static void do_break_webhook(struct edit *e)
{
    for (size_t i = 0; i < e->base->n_hooks; i++)
        hook_break(e->base, e->base->hook[i]);
}

static void do_set_role(struct edit *e)
{
    const char *user = tj_str(e->j, "user");
    const char *role = tj_str(e->j, "role");
    const struct at_user *u = user ? at_user_find(e->a, user) : NULL;
    if (!u || !role)
        return (void)fail(e, tw_dup("set_role needs user and role"));
    cJSON_DeleteItemFromObjectCaseSensitive(e->base->roles, u->id);
    cJSON_AddStringToObject(e->base->roles, u->id, role);
}

static const struct {
    const char *op;
    bool table; /* needs one */
    void (*run)(struct edit *e);
} edits[] = {
    {"create", true, do_create},
    {"update", true, do_update},
    {"delete", true, do_delete},
    {"clear_table", true, do_clear_table},
    {"rename_field", true, do_rename_field},
    {"delete_field", true, do_delete_field},
    {"add_field", true, do_add_field},
    {"change_type", true, do_change_type},
    {"rename_choice", true, do_rename_choice},
    {"add_choice", true, do_add_choice},
    {"rename_table", true, do_rename_table},
    {"delete_table", true, do_delete_table},
    {"view_leave", true, do_view_leave},
    {"view_enter", true, do_view_enter},
    {"view_order", true, do_view_order},
    {"delete_view", true, do_delete_view},
    {"delete_webhook", false, do_delete_webhook},
    {"break_webhook", false, do_break_webhook},
    {"set_role", false, do_set_role},
};

char *airtable_person(struct airtable *a, const cJSON *j)
{
    struct edit e = {.a = a, .j = j, .source = "client"};
    const char *op = tj_str(j, "op");
    const char *base = tj_str(j, "base");
    const char *table = tj_str(j, "table");
    const char *user = tj_str(j, "user");
    const struct at_user *u = user ? at_user_find(a, user) : NULL;
    e.user = u ? u->id : a->n_users ? a->user[a->n_users - 1].id : NULL;
    e.source = tj_str(j, "source") ? tj_str(j, "source") : "client";
    e.base = base ? at_base_find(a, base) : a->n_bases ? a->base[0] : NULL;
    if (!e.base)
        return tw_fmt("no base %s", base ? base : "(none)");
    e.table = table ? at_table_find(e.base, table) : NULL;
    for (size_t i = 0; op && i < sizeof edits / sizeof *edits; i++) {
        if (strcmp(edits[i].op, op) != 0)
            continue;
        if (edits[i].table && !e.table)
            return tw_fmt("no table %s", table ? table : "(none)");
        e.base->unseen = tj_bool(j, "unseen", false);
        edits[i].run(&e);
        e.base->unseen = false;
        return e.wrong;
    }
    return tw_fmt("no such edit: %s", op ? op : "(none)");
}
