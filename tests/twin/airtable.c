/* airtable.c: from a path below /v0/ to the function that answers; errors; who may do what. */
#include "airtable.h"

#include "auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- errors ---- */

bool at_error(struct at_call *c, int status, const char *type, const char *fmt, ...)
{
    cJSON *o = cJSON_CreateObject();
    cJSON *e = cJSON_AddObjectToObject(o, "error");
    cJSON_AddStringToObject(e, "type", type);
    if (fmt) {
        char text[4096];
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(text, sizeof text, fmt, ap);
        va_end(ap);
        cJSON_AddStringToObject(e, "message", text);
    }
    twin_res_json(c->res, status, o);
    return false;
}

bool at_not_found(struct at_call *c)
{
    twin_res_text(c->res, 404, NULL, "{\"error\":\"NOT_FOUND\"}");
    return false;
}

bool at_forbidden(struct at_call *c)
{
    return at_error(c, 403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND",
                    "Invalid permissions, or the requested model was not found. Check that both "
                    "your user and your token have the required permissions, and that the model "
                    "names and/or ids are correct.");
}

bool at_bad_request(struct at_call *c)
{
    return at_error(c, 422, "INVALID_REQUEST_UNKNOWN",
                    "Invalid request: parameter validation failed. Check your request data.");
}

bool at_only_keys(const cJSON *o, const char *const *keys)
{
    for (const cJSON *i = o ? o->child : NULL; i; i = i->next) {
        size_t k = 0;
        while (keys[k] && strcmp(keys[k], i->string) != 0)
            k++;
        if (!keys[k])
            return false;
    }
    return true;
}

bool at_body(struct at_call *c)
{
    const char *type = c->req->content_type;
    if (!type || strncmp(type, "application/json", 16) != 0)
        return at_error(c, 422, "INVALID_REQUEST_UNKNOWN",
                        "Invalid request: parameter validation failed. Check your request data.");
    c->body = cJSON_Parse(c->req->body);
    if (!c->body)
        return at_error(c, 400, "INVALID_REQUEST_BODY", "Could not parse request body");
    if (!cJSON_IsObject(c->body))
        return at_error(c, 422, "INVALID_REQUEST_BODY", "The request body must be an object");
    return true;
}

/* ---- who may do what ---- */

static const char *const role_names[] = {"none", "read", "comment", "edit", "create"};

const char *at_role_name(int role)
{
    return role_names[role];
}

int at_role_of(const struct at_base *b, const struct auth_token *tok, const char *user)
{
    const char *role = tj_str(b->roles, user);
    int level = b->roles->child ? AT_ROLE_NONE : AT_ROLE_CREATE;
    for (int i = 0; role && i <= AT_ROLE_CREATE; i++)
        if (strcmp(role_names[i], role) == 0 || (i == AT_ROLE_CREATE && strcmp(role, "owner") == 0))
            level = i;
    if (!tok->bases)
        return level;
    for (const cJSON *e = tok->bases->child; e; e = e->next)
        if (strcmp(e->valuestring, b->id) == 0 || strcmp(e->valuestring, "*") == 0)
            return level;
    return AT_ROLE_NONE;
}

bool at_need(struct at_call *c, const char *scope, enum at_role role)
{
    if (scope && !auth_scope_has(c->token->scope, scope))
        return at_forbidden(c);
    if (c->role >= (int)role)
        return true;
    if (c->role == AT_ROLE_NONE)
        return at_forbidden(c);
    return at_error(c, 403, "INVALID_PERMISSIONS",
                    "You are not permitted to perform this operation");
}

/* ---- paths ---- */

static bool split(struct at_call *c, const char *path)
{
    while (*path) {
        size_t n = strcspn(path, "/");
        if (n) {
            if (c->n_seg == AT_MAX_SEG)
                return false;
            c->seg[c->n_seg++] = twin_decode(path, n);
        }
        path += n;
        if (*path == '/')
            path++;
    }
    return true;
}

static bool find_base(struct at_call *c, const char *id)
{
    c->base = at_base_find(c->a, id);
    if (!c->base)
        return at_forbidden(c);
    c->role = at_role_of(c->base, c->token, c->user);
    return c->role > AT_ROLE_NONE || at_forbidden(c);
}

static bool find_table(struct at_call *c, const char *id_or_name)
{
    c->table = at_table_find(c->base, id_or_name);
    if (c->table)
        return true;
    if (at_is_id(id_or_name, "tbl"))
        return at_forbidden(c);
    return at_error(c, 404, "TABLE_NOT_FOUND", "Could not find table %s in application %s",
                    id_or_name, c->base->id);
}

static bool method_is(const struct at_call *c, const char *m)
{
    return strcmp(c->req->method, m) == 0;
}

/* L2: parameters in the body; of the query only the two that must stay there count. */
static void list_by_post(struct at_call *c)
{
    for (size_t i = 0; i < c->req->n_query; i++) {
        const char *name = c->req->query[i].name;
        bool stays = strcmp(name, "timeZone") == 0 || strcmp(name, "userLocale") == 0;
        /* An offset up here is ignored: page 1 again, for ever, as with the real service. */
        if (!stays && strcmp(name, "offset") != 0) {
            at_bad_request(c);
            return;
        }
    }
    if (!at_body(c))
        return;
    static const char *const in_query[] = {"timeZone", "userLocale"};
    for (size_t i = 0; i < 2; i++) {
        if (tj_get(c->body, in_query[i])) {
            at_bad_request(c);
            return;
        }
        if (twin_query(c->req, in_query[i]))
            cJSON_AddStringToObject(c->body, in_query[i], twin_query(c->req, in_query[i]));
    }
    at_list(c, c->body);
}

static void on_table(struct at_call *c)
{
    cJSON *params = NULL;
    if (method_is(c, "GET")) {
        if (!at_need(c, "data.records:read", AT_ROLE_READ))
            return;
        if (at_list_query(c, &params))
            at_list(c, params);
        cJSON_Delete(params);
    } else if (method_is(c, "POST")) {
        at_create(c);
    } else if (method_is(c, "PATCH") || method_is(c, "PUT")) {
        at_update(c, method_is(c, "PUT"));
    } else if (method_is(c, "DELETE")) {
        at_delete(c);
    } else {
        at_not_found(c);
    }
}

static void on_record(struct at_call *c, const char *id)
{
    if (strcmp(id, "listRecords") == 0 && method_is(c, "POST")) {
        if (at_need(c, "data.records:read", AT_ROLE_READ))
            list_by_post(c);
    } else if (!at_is_id(id, "rec")) {
        at_not_found(c);
    } else if (method_is(c, "GET")) {
        if (at_need(c, "data.records:read", AT_ROLE_READ))
            at_get(c, id);
    } else if (method_is(c, "PATCH") || method_is(c, "PUT")) {
        at_update_one(c, id, method_is(c, "PUT"));
    } else if (method_is(c, "DELETE")) {
        at_delete_one(c, id);
    } else {
        at_not_found(c);
    }
}

static void route(struct at_call *c)
{
    if (c->n_seg < 2 || strcmp(c->seg[0], "v0") != 0) {
        at_not_found(c);
    } else if (strcmp(c->seg[1], "meta") == 0) {
        /* meta/bases/{base}/...: a malformed id is no route at all */
        if (c->n_seg > 3 && !at_is_id(c->seg[3], "app"))
            at_not_found(c);
        else if (c->n_seg <= 3 || find_base(c, c->seg[3]))
            at_meta(c);
    } else if (strcmp(c->seg[1], "bases") == 0 && c->n_seg >= 4 &&
               strcmp(c->seg[3], "webhooks") == 0) {
        if (find_base(c, c->seg[2]))
            at_hooks(c);
    } else if (c->n_seg < 3 || c->n_seg > 4) {
        at_not_found(c);
    } else if (!at_is_id(c->seg[1], "app")) {
        at_not_found(c);
    } else if (find_base(c, c->seg[1]) && find_table(c, c->seg[2])) {
        if (c->n_seg == 3)
            on_table(c);
        else
            on_record(c, c->seg[3]);
    }
}

void airtable_handle(struct airtable *a, const struct twin_req *req, struct twin_res *res)
{
    struct at_call c = {.a = a, .req = req, .res = res};
    const char *user;
    const char *scope;
    int status = auth_check(a->t->auth, "airtable", req, &user, &scope);
    if (req->url_len >= AT_MAX_URL) {
        at_error(&c, 414, "INVALID_REQUEST_UNKNOWN", "The URL is too long");
        return;
    }
    if (status) {
        at_error(&c, status, "AUTHENTICATION_REQUIRED", "Authentication required");
        return;
    }
    c.token = auth_token_of(a->t->auth, req);
    c.user = user;
    if (twin_query(req, "api_key"))
        at_bad_request(&c);
    else if (!split(&c, req->raw_path))
        at_not_found(&c);
    else
        route(&c);
    for (size_t i = 0; i < c.n_seg; i++)
        free(c.seg[i]);
    cJSON_Delete(c.body);
}
