/* webhook_feed.c: from a finished transaction to the payloads of every hook that wants them. */
#include "webhook.h"

#include <stdlib.h>
#include <string.h>

static bool list_has(const cJSON *list, const char *what)
{
    for (const cJSON *e = list ? list->child : NULL; e; e = e->next)
        if (cJSON_IsString(e) && strcmp(e->valuestring, what) == 0)
            return true;
    return false;
}

static bool is_live(const struct at_hook *h, int64_t now)
{
    return !h->broken && now <= h->expires_ms;
}

/* What every payload begins with. */
static cJSON *payload_new(struct at_base *b, const char *user, const char *source, int64_t now)
{
    char iso[TW_ISO_LEN];
    const struct at_user *u = user ? at_user_find(b->a, user) : NULL;
    cJSON *o = cJSON_CreateObject();
    tw_iso(now, iso);
    cJSON_AddStringToObject(o, "timestamp", iso);
    tj_add_int(o, "baseTransactionNumber", b->transactions);
    cJSON *meta = cJSON_AddObjectToObject(o, "actionMetadata");
    cJSON_AddStringToObject(meta, "source", source);
    if (u) {
        cJSON *who =
            cJSON_AddObjectToObject(cJSON_AddObjectToObject(meta, "sourceMetadata"), "user");
        cJSON_AddStringToObject(who, "id", u->id);
        cJSON_AddStringToObject(who, "email", u->email);
        cJSON_AddStringToObject(who, "permissionLevel", "create");
        cJSON_AddStringToObject(who, "name", u->name);
    }
    cJSON_AddStringToObject(o, "payloadFormat", "v0");
    return o;
}

/* ---- records ---- */

/* Where a hook looks: a table, or a view of one; all tables when it has no scope. */
struct scope {
    const char *id;
    long view; /* index of the view, -1: not a view scope */
};

static bool scope_of(const struct at_hook *h, const struct at_table *t, struct scope *s)
{
    s->id = tj_str(hook_filters(h), "recordChangeScope");
    s->view = -1;
    if (!s->id || strcmp(s->id, t->id) == 0)
        return true;
    for (size_t i = 0; i < t->n_views; i++) {
        if (strcmp(t->view[i].id, s->id) == 0) {
            s->view = (long)i;
            return true;
        }
    }
    return false;
}

static char *now_of(struct at_tx *tx, const struct at_touch *touch, const struct at_field *f)
{
    if (f->type->kind == AT_ATTACHMENT)
        return tw_dup(at_raw(touch->r, f));
    return at_cell(tx->a, touch->r, f, 0);
}

static bool same_text(const char *a, const char *b)
{
    return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

static void add_v2(struct at_tx *tx, cJSON *to, const struct at_touch *touch,
                   const struct at_field *f)
{
    char *v2 = at_cell_v2(tx->a, touch->r, f);
    tj_add_raw(to, f->id, v2);
    free(v2);
}

static cJSON *created_json(struct at_tx *tx, const struct at_touch *touch)
{
    char iso[TW_ISO_LEN];
    cJSON *o = cJSON_CreateObject();
    tw_iso_seconds(touch->r->created_ms, iso);
    cJSON_AddStringToObject(o, "createdTime", iso);
    cJSON *cells = cJSON_AddObjectToObject(o, "cellValuesByFieldId");
    for (size_t i = 0; i < touch->t->n_fields; i++) {
        const struct at_field *f = touch->t->field[i];
        char *v1 = f->gone ? NULL : now_of(tx, touch, f);
        if (v1)
            add_v2(tx, cells, touch, f);
        free(v1);
    }
    return o;
}

/* {"current":…}, with previous and unchanged as the hook wants; NULL when nothing watched changed.
 */
static cJSON *changed_json(struct at_tx *tx, const struct at_hook *h, const struct at_touch *touch)
{
    const cJSON *inc = hook_includes(h);
    const cJSON *also = tj_get(inc, "includeCellValuesInFieldIds");
    cJSON *now = cJSON_CreateObject();
    cJSON *before = cJSON_CreateObject();
    cJSON *same = cJSON_CreateObject();
    for (size_t i = 0; i < touch->t->n_fields; i++) {
        const struct at_field *f = touch->t->field[i];
        if (f->gone)
            continue;
        char *v1 = now_of(tx, touch, f);
        const char *old = i < touch->n_old ? touch->old[i] : NULL;
        if (!same_text(v1, old) && hook_wants(h, "watchDataInFieldIds", f->id)) {
            add_v2(tx, now, touch, f);
            char *was = at_v2_of(tx->a, NULL, f, old);
            tj_add_raw(before, f->id, was);
            free(was);
        } else if (v1 && (cJSON_IsString(also) || list_has(also, f->id))) {
            add_v2(tx, same, touch, f);
        }
        free(v1);
    }
    cJSON *o = NULL;
    if (now->child) {
        o = cJSON_CreateObject();
        cJSON_AddItemToObject(cJSON_AddObjectToObject(o, "current"), "cellValuesByFieldId", now);
        now = NULL;
        if (tj_bool(inc, "includePreviousCellValues", false)) {
            cJSON_AddItemToObject(cJSON_AddObjectToObject(o, "previous"), "cellValuesByFieldId",
                                  before);
            before = NULL;
        }
        if (same->child) {
            cJSON_AddItemToObject(cJSON_AddObjectToObject(o, "unchanged"), "cellValuesByFieldId",
                                  same);
            same = NULL;
        }
    }
    cJSON_Delete(now);
    cJSON_Delete(before);
    cJSON_Delete(same);
    return o;
}

static cJSON *object_in(cJSON *o, const char *key)
{
    cJSON *have = tj_get(o, key);
    return have ? have : cJSON_AddObjectToObject(o, key);
}

static void add_destroyed(cJSON *to, const char *id)
{
    cJSON *list = tj_get(to, "destroyedRecordIds");
    if (!list)
        list = cJSON_AddArrayToObject(to, "destroyedRecordIds");
    cJSON_AddItemToArray(list, cJSON_CreateString(id));
}

/* Adds what happened to one record to the changes of its table or view. */
static void add_touch(struct at_tx *tx, const struct at_hook *h, const struct scope *s,
                      const struct at_touch *touch, cJSON *to)
{
    bool was = !touch->created;
    bool is = !touch->deleted;
    if (s->view >= 0) {
        was = was && touch->in_view && touch->in_view[s->view];
        is = is && at_in_view(touch->t, &touch->t->view[s->view], touch->r);
    }
    if (!was && is && hook_wants(h, "changeTypes", "add")) {
        cJSON_AddItemToObject(object_in(to, "createdRecordsById"), touch->r->id,
                              created_json(tx, touch));
    } else if (was && !is && hook_wants(h, "changeTypes", "remove")) {
        add_destroyed(to, touch->r->id);
    } else if (was && is && hook_wants(h, "changeTypes", "update")) {
        cJSON *o = changed_json(tx, h, touch);
        if (o)
            cJSON_AddItemToObject(object_in(to, "changedRecordsById"), touch->r->id, o);
    }
}

static cJSON *table_changes(struct at_tx *tx, const struct at_hook *h, struct at_table *t)
{
    struct scope s;
    if (!scope_of(h, t, &s))
        return NULL;
    cJSON *o = cJSON_CreateObject();
    for (size_t i = 0; i < tx->n_touch; i++)
        if (tx->touch[i].t == t)
            add_touch(tx, h, &s, &tx->touch[i], o);
    if (!o->child) {
        cJSON_Delete(o);
        return NULL;
    }
    if (s.view < 0)
        return o;
    cJSON *outer = cJSON_CreateObject();
    cJSON_AddItemToObject(cJSON_AddObjectToObject(outer, "changedViewsById"), s.id, o);
    return outer;
}

/* One payload a table: they bear the same time and transaction number. */
static void feed_hook(struct at_tx *tx, struct at_hook *h)
{
    struct at_base *b = tx->base;
    if (!is_live(h, tx->now) || !hook_wants(h, "dataTypes", "tableData") ||
        !hook_wants(h, "fromSources", tx->source))
        return;
    for (size_t i = 0; i < b->n_tables; i++) {
        cJSON *changes = b->table[i]->gone ? NULL : table_changes(tx, h, b->table[i]);
        if (!changes)
            continue;
        cJSON *p = payload_new(b, tx->user, tx->source, tx->now);
        cJSON_AddItemToObject(cJSON_AddObjectToObject(p, "changedTablesById"), b->table[i]->id,
                              changes);
        hook_push(h, tx->now, tj_text(p));
        cJSON_Delete(p);
    }
}

void at_hooks_commit(struct at_tx *tx)
{
    for (size_t i = 0; i < tx->base->n_hooks && !tx->base->unseen; i++)
        feed_hook(tx, tx->base->hook[i]);
}

/* ---- schema ---- */

static cJSON *field_def(const char *name, const char *type)
{
    cJSON *o = cJSON_CreateObject();
    if (name)
        cJSON_AddStringToObject(o, "name", name);
    if (type)
        cJSON_AddStringToObject(o, "type", type);
    return o;
}

static cJSON *field_changed(const struct at_hook *h, const struct at_schema_event *e)
{
    cJSON *o = cJSON_CreateObject();
    bool retyped = e->old_type && strcmp(e->old_type, e->f->type_name) != 0;
    bool renamed = e->old_name && strcmp(e->old_name, e->f->name) != 0;
    cJSON_AddItemToObject(o, "current",
                          field_def(renamed ? e->f->name : NULL, retyped ? e->f->type_name : NULL));
    if (tj_bool(hook_includes(h), "includePreviousFieldDefinitions", false))
        cJSON_AddItemToObject(
            o, "previous", field_def(renamed ? e->old_name : NULL, retyped ? e->old_type : NULL));
    return o;
}

static void add_field_event(const struct at_hook *h, const struct at_schema_event *e, cJSON *p)
{
    cJSON *t = object_in(object_in(p, "changedTablesById"), e->t->id);
    if (e->what == AT_FIELD_ADDED)
        cJSON_AddItemToObject(object_in(t, "createdFieldsById"), e->f->id,
                              field_def(e->f->name, e->f->type_name));
    else if (e->what == AT_FIELD_CHANGED)
        cJSON_AddItemToObject(object_in(t, "changedFieldsById"), e->f->id, field_changed(h, e));
    else
        cJSON_AddItemToArray(cJSON_AddArrayToObject(t, "destroyedFieldIds"),
                             cJSON_CreateString(e->f->id));
}

static void add_table_event(const struct at_schema_event *e, cJSON *p)
{
    if (e->what == AT_TABLE_DELETED) {
        cJSON_AddItemToArray(cJSON_AddArrayToObject(p, "destroyedTableIds"),
                             cJSON_CreateString(e->t->id));
        return;
    }
    cJSON *meta = cJSON_CreateObject();
    cJSON_AddStringToObject(meta, "name", e->t->name);
    if (e->t->description)
        cJSON_AddStringToObject(meta, "description", e->t->description);
    if (e->what == AT_TABLE_CHANGED) {
        cJSON *t = object_in(object_in(p, "changedTablesById"), e->t->id);
        cJSON *m = cJSON_AddObjectToObject(t, "changedMetadata");
        cJSON_AddItemToObject(m, "current", meta);
        cJSON_AddStringToObject(cJSON_AddObjectToObject(m, "previous"), "name",
                                e->old_name ? e->old_name : "");
        return;
    }
    cJSON *t = object_in(object_in(p, "createdTablesById"), e->t->id);
    cJSON_AddItemToObject(t, "metadata", meta);
    cJSON *fields = cJSON_AddObjectToObject(t, "fieldsById");
    for (size_t i = 0; i < e->t->n_fields; i++)
        cJSON_AddItemToObject(fields, e->t->field[i]->id,
                              field_def(e->t->field[i]->name, e->t->field[i]->type_name));
    cJSON_AddObjectToObject(t, "recordsById");
}

static bool is_field_event(const struct at_schema_event *e)
{
    return e->what == AT_FIELD_ADDED || e->what == AT_FIELD_CHANGED || e->what == AT_FIELD_DELETED;
}

/* The hook watched what is gone now: one error payload, then silence. */
static bool breaks(const struct at_hook *h, const struct at_schema_event *e)
{
    const cJSON *f = hook_filters(h);
    const char *scope = tj_str(f, "recordChangeScope");
    if (e->what == AT_FIELD_DELETED)
        return list_has(tj_get(f, "watchDataInFieldIds"), e->f->id) ||
               list_has(tj_get(f, "watchSchemasOfFieldIds"), e->f->id);
    if (e->what == AT_TABLE_DELETED)
        return scope && strcmp(scope, e->t->id) == 0;
    return e->what == AT_VIEW_DELETED && scope && strcmp(scope, e->view_id) == 0;
}

void hook_break(struct at_base *b, struct at_hook *h)
{
    int64_t now = twin_now_ms(b->a->t);
    char iso[TW_ISO_LEN];
    cJSON *o = cJSON_CreateObject();
    tw_iso(now, iso);
    cJSON_AddStringToObject(o, "timestamp", iso);
    tj_add_int(o, "baseTransactionNumber", b->transactions);
    cJSON_AddStringToObject(o, "payloadFormat", "v0");
    cJSON_AddTrueToObject(o, "error");
    cJSON_AddStringToObject(o, "code", "INVALID_HOOK");
    hook_push(h, now, tj_text(o));
    cJSON_Delete(o);
    h->broken = true;
}

void at_hooks_schema(struct at_base *b, const char *user, const char *source,
                     const struct at_schema_event *e)
{
    int64_t now = twin_now_ms(b->a->t);
    b->transactions++;
    for (size_t i = 0; i < b->n_hooks; i++) {
        struct at_hook *h = b->hook[i];
        if (!is_live(h, now) || b->unseen)
            continue;
        if (breaks(h, e)) {
            hook_break(b, h);
            continue;
        }
        bool field = is_field_event(e);
        if (e->what == AT_VIEW_DELETED || !hook_wants(h, "fromSources", source) ||
            !hook_wants(h, "dataTypes", field ? "tableFields" : "tableMetadata"))
            continue;
        if (field && !hook_wants(h, "watchSchemasOfFieldIds", e->f->id))
            continue;
        cJSON *p = payload_new(b, user, source, now);
        if (field)
            add_field_event(h, e, p);
        else
            add_table_event(e, p);
        hook_push(h, now, tj_text(p));
        cJSON_Delete(p);
    }
}
