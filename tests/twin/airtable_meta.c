/* airtable_meta.c: whoami, bases, schemas; making and renaming tables and fields. */
#include "airtable.h"

#include "auth.h"

#include <stdlib.h>
#include <string.h>

static bool method_is(const struct at_call *c, const char *m)
{
    return strcmp(c->req->method, m) == 0;
}

/* ---- what the schema shows ---- */

cJSON *at_field_schema(const struct at_field *f)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "type", f->type_name);
    if (f->options)
        cJSON_AddItemToObject(o, "options", cJSON_Duplicate(f->options, 1));
    cJSON_AddStringToObject(o, "id", f->id);
    cJSON_AddStringToObject(o, "name", f->name);
    if (f->description)
        cJSON_AddStringToObject(o, "description", f->description);
    return o;
}

cJSON *at_table_schema(const struct at_table *t, bool visible)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "id", t->id);
    cJSON_AddStringToObject(o, "name", t->name);
    if (t->description)
        cJSON_AddStringToObject(o, "description", t->description);
    cJSON_AddStringToObject(o, "primaryFieldId", t->primary);
    cJSON *fields = cJSON_AddArrayToObject(o, "fields");
    for (size_t i = 0; i < t->n_fields; i++)
        if (!t->field[i]->gone)
            cJSON_AddItemToArray(fields, at_field_schema(t->field[i]));
    cJSON *views = cJSON_AddArrayToObject(o, "views");
    for (size_t i = 0; i < t->n_views; i++) {
        const struct at_view *v = &t->view[i];
        if (v->gone)
            continue;
        cJSON *j = cJSON_CreateObject();
        cJSON_AddStringToObject(j, "id", v->id);
        cJSON_AddStringToObject(j, "name", v->name);
        cJSON_AddStringToObject(j, "type", v->type);
        cJSON *shown = visible && strcmp(v->type, "grid") == 0
                           ? cJSON_AddArrayToObject(j, "visibleFieldIds")
                           : NULL;
        for (size_t k = 0; k < t->n_fields && shown; k++)
            if (!t->field[k]->gone)
                cJSON_AddItemToArray(shown, cJSON_CreateString(t->field[k]->id));
        cJSON_AddItemToArray(views, j);
    }
    return o;
}

static void whoami(struct at_call *c)
{
    const struct at_user *u = at_user_find(c->a, c->user);
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "id", c->user);
    if (c->token->client) { /* personal tokens do not show their scopes */
        cJSON *list = cJSON_AddArrayToObject(o, "scopes");
        for (const char *p = c->token->scope; *p;) {
            size_t n = strcspn(p, " ");
            char *one = tw_ndup(p, n);
            cJSON_AddItemToArray(list, cJSON_CreateString(one));
            free(one);
            p += n + (p[n] == ' ');
        }
    }
    if (u && auth_scope_has(c->token->scope, "user.email:read"))
        cJSON_AddStringToObject(o, "email", u->email);
    twin_res_json(c->res, 200, o);
}

static void list_bases(struct at_call *c)
{
    if (!at_need(c, "schema.bases:read", AT_ROLE_NONE))
        return;
    for (size_t i = 0; i < c->req->n_query; i++) {
        if (strcmp(c->req->query[i].name, "offset") != 0) {
            at_bad_request(c);
            return;
        }
    }
    cJSON *o = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(o, "bases");
    for (size_t i = 0; i < c->a->n_bases; i++) {
        const struct at_base *b = c->a->base[i];
        int role = at_role_of(b, c->token, c->user);
        if (role == AT_ROLE_NONE)
            continue;
        cJSON *j = cJSON_CreateObject();
        cJSON_AddStringToObject(j, "id", b->id);
        cJSON_AddStringToObject(j, "name", b->name);
        cJSON_AddStringToObject(j, "permissionLevel", at_role_name(role));
        cJSON_AddItemToArray(list, j);
    }
    twin_res_json(c->res, 200, o);
}

static void base_schema(struct at_call *c)
{
    bool visible = false;
    if (!at_need(c, "schema.bases:read", AT_ROLE_READ))
        return;
    for (size_t i = 0; i < c->req->n_query; i++) {
        const struct twin_pair *q = &c->req->query[i];
        visible = strcmp(q->name, "include[]") == 0 && strcmp(q->value, "visibleFieldIds") == 0;
        if (!visible) {
            at_bad_request(c);
            return;
        }
    }
    cJSON *o = cJSON_CreateObject();
    cJSON *tables = cJSON_AddArrayToObject(o, "tables");
    for (size_t i = 0; i < c->base->n_tables; i++)
        if (!c->base->table[i]->gone)
            cJSON_AddItemToArray(tables, at_table_schema(c->base->table[i], visible));
    twin_res_json(c->res, 200, o);
}

/* ---- making fields and tables ---- */

static bool bad_options(struct at_call *c, const char *name)
{
    return at_error(c, 422, "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE",
                    "Invalid options for field %s: Failed schema validation", name);
}

/* Options that must be there, by type, and the only ones that may be. */
static const struct {
    const char *type;
    const char *must[4];
    const char *may[4];
} option_rules[] = {
    {"checkbox", {"icon", "color"}, {0}},
    {"dateTime", {"dateFormat", "timeFormat", "timeZone"}, {0}},
    {"date", {"dateFormat"}, {0}},
    {"number", {"precision"}, {0}},
    {"percent", {"precision"}, {0}},
    {"currency", {"precision", "symbol"}, {0}},
    {"duration", {"durationFormat"}, {0}},
    {"rating", {"max", "icon", "color"}, {0}},
    {"singleSelect", {"choices"}, {0}},
    {"multipleSelects", {"choices"}, {0}},
    {"formula", {"formula"}, {0}},
    {"rollup", {"recordLinkFieldId", "fieldIdInLinkedTable"}, {"referencedFieldIds", "result"}},
    {"count", {"recordLinkFieldId"}, {0}},
    {"multipleLookupValues", {"recordLinkFieldId", "fieldIdInLinkedTable"}, {0}},
    {"multipleRecordLinks", {"linkedTableId"}, {"viewIdForRecordSelection"}},
};

static bool in_list(const char *const list[4], const char *key)
{
    for (size_t i = 0; i < 4 && list[i]; i++)
        if (strcmp(list[i], key) == 0)
            return true;
    return false;
}

static bool check_options(struct at_call *c, const cJSON *j)
{
    const char *type = tj_str(j, "type");
    const cJSON *o = tj_get(j, "options");
    size_t i = 0;
    while (i < sizeof option_rules / sizeof *option_rules &&
           strcmp(option_rules[i].type, type) != 0)
        i++;
    if (i == sizeof option_rules / sizeof *option_rules)
        return !o || !o->child || bad_options(c, tj_str(j, "name"));
    for (size_t k = 0; k < 4 && option_rules[i].must[k]; k++)
        if (!tj_get(o, option_rules[i].must[k]))
            return bad_options(c, tj_str(j, "name"));
    for (const cJSON *e = o->child; e; e = e->next)
        if (!in_list(option_rules[i].must, e->string) && !in_list(option_rules[i].may, e->string))
            return bad_options(c, tj_str(j, "name"));
    return true;
}

static bool name_taken(struct at_call *c, const struct at_table *t, const char *name)
{
    if (!name || !*name)
        return true;
    for (size_t i = 0; t && i < t->n_fields; i++)
        if (!t->field[i]->gone && strcasecmp(t->field[i]->name, name) == 0)
            return true;
    for (size_t i = 0; !t && i < c->base->n_tables; i++)
        if (!c->base->table[i]->gone && strcasecmp(c->base->table[i]->name, name) == 0)
            return true;
    return false;
}

static bool check_field(struct at_call *c, const struct at_table *t, const cJSON *j)
{
    static const char *const keys[] = {"name", "type", "description", "options", NULL};
    const char *type = tj_str(j, "type");
    const char *name = tj_str(j, "name");
    if (!cJSON_IsObject(j) || !type || !name || !at_only_keys(j, keys) || !at_type_known(type))
        return at_bad_request(c);
    if (!(at_type_find(type)->flags & AT_CREATE))
        return at_error(c, 422, "UNSUPPORTED_FIELD_TYPE_FOR_CREATE",
                        "Creating %s fields is not supported at this time", type);
    if (t && name_taken(c, t, name))
        return at_error(c, 422, "DUPLICATE_OR_EMPTY_FIELD_NAME", NULL);
    return check_options(c, j);
}

static void create_field(struct at_call *c)
{
    if (!at_need(c, "schema.bases:write", AT_ROLE_CREATE) || !at_body(c) ||
        !check_field(c, c->table, c->body))
        return;
    struct at_field *f = at_field_new(c->table, c->body);
    char *wrong = at_field_resolve(f);
    if (wrong) {
        free(wrong);
        f->gone = true;
        bad_options(c, f->name);
        return;
    }
    struct at_schema_event e = {.what = AT_FIELD_ADDED, .t = c->table, .f = f};
    at_hooks_schema(c->base, c->user, "publicApi", &e);
    c->res->wrote = true;
    twin_log_write(c->a->t, c->req, "airtable", "create_field", at_field_schema(f));
    twin_res_json(c->res, 200, at_field_schema(f));
}

static void create_table(struct at_call *c)
{
    static const char *const keys[] = {"name", "description", "fields", NULL};
    if (!at_need(c, "schema.bases:write", AT_ROLE_CREATE) || !at_body(c))
        return;
    const char *name = tj_str(c->body, "name");
    const cJSON *fields = tj_get(c->body, "fields");
    if (!name || !at_only_keys(c->body, keys) || !cJSON_IsArray(fields) || !fields->child) {
        at_bad_request(c);
        return;
    }
    if (name_taken(c, NULL, name)) {
        at_error(c, 422, "DUPLICATE_TABLE_NAME", "Table name already exists");
        return;
    }
    for (const cJSON *f = fields->child; f; f = f->next)
        if (!check_field(c, NULL, f))
            return;
    struct at_table *t = at_table_new(c->base, NULL, name);
    t->description = tw_dup(tj_str(c->body, "description"));
    for (const cJSON *f = fields->child; f; f = f->next)
        at_field_new(t, f);
    for (size_t i = 0; i < t->n_fields; i++)
        free(at_field_resolve(t->field[i]));
    at_view_new(t, NULL, "Grid view", "grid");
    struct at_schema_event e = {.what = AT_TABLE_ADDED, .t = t};
    at_hooks_schema(c->base, c->user, "publicApi", &e);
    c->res->wrote = true;
    twin_log_write(c->a->t, c->req, "airtable", "create_table", at_table_schema(t, false));
    twin_res_json(c->res, 200, at_table_schema(t, false));
}

static bool read_rename(struct at_call *c)
{
    static const char *const keys[] = {"name", "description", NULL};
    if (!at_need(c, "schema.bases:write", AT_ROLE_CREATE) || !at_body(c))
        return false;
    for (const cJSON *e = c->body->child; e; e = e->next)
        if (!cJSON_IsString(e))
            return at_bad_request(c);
    return (at_only_keys(c->body, keys) && c->body->child) || at_bad_request(c);
}

static void update_table(struct at_call *c)
{
    if (!read_rename(c))
        return;
    const char *name = tj_str(c->body, "name");
    char *old = tw_dup(c->table->name);
    if (name && strcmp(name, old) != 0 && name_taken(c, NULL, name)) {
        at_error(c, 422, "DUPLICATE_TABLE_NAME", "Table name already exists");
        free(old);
        return;
    }
    if (name)
        tw_set(&c->table->name, name);
    if (tj_str(c->body, "description"))
        tw_set(&c->table->description, tj_str(c->body, "description"));
    struct at_schema_event e = {.what = AT_TABLE_CHANGED, .t = c->table, .old_name = old};
    at_hooks_schema(c->base, c->user, "publicApi", &e);
    free(old);
    c->res->wrote = true;
    twin_res_json(c->res, 200, at_table_schema(c->table, false));
}

static void update_field(struct at_call *c, const char *id)
{
    struct at_field *f = at_field_find(c->table, id);
    if (!f) {
        at_forbidden(c);
        return;
    }
    if (!read_rename(c))
        return;
    const char *name = tj_str(c->body, "name");
    char *old = tw_dup(f->name);
    if (name && strcasecmp(name, old) != 0 && name_taken(c, c->table, name)) {
        at_error(c, 422, "DUPLICATE_OR_EMPTY_FIELD_NAME", NULL);
        free(old);
        return;
    }
    if (name)
        tw_set(&f->name, name);
    if (tj_str(c->body, "description"))
        tw_set(&f->description, tj_str(c->body, "description"));
    struct at_schema_event e = {.what = AT_FIELD_CHANGED, .t = c->table, .f = f, .old_name = old};
    at_hooks_schema(c->base, c->user, "publicApi", &e);
    free(old);
    c->res->wrote = true;
    twin_res_json(c->res, 200, at_field_schema(f));
}

/* POST /v0/meta/bases */
static void create_base(struct at_call *c)
{
    if (!at_need(c, "schema.bases:write", AT_ROLE_NONE) || !at_body(c))
        return;
    const cJSON *tables = tj_get(c->body, "tables");
    const char *name = tj_str(c->body, "name");
    if (!tj_str(c->body, "workspaceId")) {
        at_error(c, 422, "INVALID_REQUEST", "Server error");
        return;
    }
    if (!name || !cJSON_IsArray(tables) || !tables->child) {
        at_bad_request(c);
        return;
    }
    c->base = at_base_new(c->a, NULL, name);
    c->base->workspace = tw_dup(tj_str(c->body, "workspaceId"));
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "id", c->base->id);
    cJSON *list = cJSON_AddArrayToObject(o, "tables");
    for (const cJSON *j = tables->child; j; j = j->next) {
        const char *table = tj_str(j, "name");
        struct at_table *t = at_table_new(c->base, NULL, table ? table : "Table 1");
        const cJSON *fields = tj_get(j, "fields");
        for (const cJSON *f = fields ? fields->child : NULL; f; f = f->next)
            if (check_field(c, t, f))
                at_field_new(t, f);
        at_view_new(t, NULL, "Grid view", "grid");
        cJSON_AddItemToArray(list, at_table_schema(t, false));
    }
    if (c->token->bases)
        cJSON_AddItemToArray(c->token->bases, cJSON_CreateString(c->base->id));
    twin_res_json(c->res, 200, o);
}

static bool find_table(struct at_call *c)
{
    c->table = at_table_find(c->base, c->seg[5]);
    return c->table || at_forbidden(c);
}

static void on_schema(struct at_call *c)
{
    if (c->n_seg == 5 && method_is(c, "GET"))
        base_schema(c);
    else if (c->n_seg == 5 && method_is(c, "POST"))
        create_table(c);
    else if (c->n_seg < 6 || !find_table(c))
        c->n_seg < 6 ? (void)at_not_found(c) : (void)0;
    else if (c->n_seg == 6 && method_is(c, "PATCH"))
        update_table(c);
    else if (c->n_seg == 7 && method_is(c, "POST") && strcmp(c->seg[6], "fields") == 0)
        create_field(c);
    else if (c->n_seg == 8 && method_is(c, "PATCH") && strcmp(c->seg[6], "fields") == 0)
        update_field(c, c->seg[7]);
    else
        at_not_found(c);
}

void at_meta(struct at_call *c)
{
    const char *what = c->n_seg > 2 ? c->seg[2] : "";
    if (strcmp(what, "whoami") == 0 && c->n_seg == 3 && method_is(c, "GET"))
        whoami(c);
    else if (strcmp(what, "bases") == 0 && c->n_seg == 3 && method_is(c, "GET"))
        list_bases(c);
    else if (strcmp(what, "bases") == 0 && c->n_seg == 3 && method_is(c, "POST"))
        create_base(c);
    else if (strcmp(what, "bases") == 0 && c->n_seg >= 5 && strcmp(c->seg[4], "tables") == 0)
        on_schema(c);
    else
        at_not_found(c);
}
