/* webhook.c: webhooks as a client sees them: create, list, read, extend, delete. */
#include "webhook.h"

#include "auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const cJSON *hook_filters(const struct at_hook *h)
{
    return tj_get(tj_get(h->spec, "options"), "filters");
}

const cJSON *hook_includes(const struct at_hook *h)
{
    return tj_get(tj_get(h->spec, "options"), "includes");
}

static bool list_has(const cJSON *list, const char *what)
{
    for (const cJSON *e = list ? list->child : NULL; e; e = e->next)
        if (cJSON_IsString(e) && strcmp(e->valuestring, what) == 0)
            return true;
    return false;
}

/* A filter that is not there lets everything through. */
bool hook_wants(const struct at_hook *h, const char *list, const char *what)
{
    const cJSON *l = tj_get(hook_filters(h), list);
    return !l || list_has(l, what);
}

void hook_push(struct at_hook *h, int64_t at_ms, char *json)
{
    h->payload = tw_realloc(h->payload, (h->n + 1) * sizeof *h->payload);
    h->payload[h->n++] = (struct at_payload){json, at_ms};
}

static void hook_free(struct at_hook *h)
{
    for (size_t i = h->first; i < h->n; i++)
        free(h->payload[i].json);
    free(h->payload);
    cJSON_Delete(h->spec);
    free(h->url);
    free(h->client);
    free(h);
}

void hook_drop(struct at_base *b, size_t i)
{
    hook_free(b->hook[i]);
    memmove(&b->hook[i], &b->hook[i + 1], (b->n_hooks - i - 1) * sizeof *b->hook);
    b->n_hooks--;
}

void at_hooks_free(struct at_base *b)
{
    while (b->n_hooks)
        hook_drop(b, 0);
    free(b->hook);
    b->hook = NULL;
}

/* Payloads live a week; a hook is forgotten a week after its end. */
static void purge(struct at_base *b, int64_t now)
{
    for (size_t i = b->n_hooks; i-- > 0;) {
        struct at_hook *h = b->hook[i];
        while (h->first < h->n && h->payload[h->first].at_ms < now - HOOK_WEEK_MS)
            free(h->payload[h->first++].json);
        if (now > h->expires_ms + HOOK_WEEK_MS)
            hook_drop(b, i);
    }
}

static cJSON *hook_json(const struct at_hook *h, int64_t now)
{
    char iso[TW_ISO_LEN];
    cJSON *o = cJSON_CreateObject();
    tw_iso(h->expires_ms, iso);
    cJSON_AddStringToObject(o, "id", h->id);
    cJSON_AddItemToObject(o, "specification", cJSON_Duplicate(h->spec, 1));
    if (h->url)
        cJSON_AddStringToObject(o, "notificationUrl", h->url);
    else
        cJSON_AddNullToObject(o, "notificationUrl");
    tj_add_int(o, "cursorForNextPayload", (int64_t)h->n + 1);
    cJSON_AddNullToObject(o, "lastNotificationResult");
    cJSON_AddBoolToObject(o, "areNotificationsEnabled", h->notify);
    cJSON_AddNullToObject(o, "lastSuccessfulNotificationTime");
    cJSON_AddBoolToObject(o, "isHookEnabled", now <= h->expires_ms);
    cJSON_AddStringToObject(o, "expirationTime", iso);
    return o;
}

cJSON *at_hooks_dump(const struct at_base *b)
{
    cJSON *a = cJSON_CreateArray();
    for (size_t i = 0; i < b->n_hooks; i++) {
        cJSON *o = hook_json(b->hook[i], twin_now_ms(b->a->t));
        cJSON_AddBoolToObject(o, "broken", b->hook[i]->broken);
        cJSON *list = cJSON_AddArrayToObject(o, "payloads");
        for (size_t k = 0; k < b->hook[i]->n; k++) {
            bool there = k >= b->hook[i]->first;
            cJSON_AddItemToArray(list, there ? cJSON_Parse(b->hook[i]->payload[k].json)
                                             : cJSON_CreateNull());
        }
        cJSON_AddItemToArray(a, o);
    }
    return a;
}

static struct at_hook *hook_new(struct at_base *b)
{
    struct at_hook *h = tw_alloc(sizeof *h);
    b->hook = tw_realloc(b->hook, (b->n_hooks + 1) * sizeof *b->hook);
    b->hook[b->n_hooks++] = h;
    return h;
}

static bool read_time(const cJSON *o, const char *key, int64_t *ms)
{
    const char *text = tj_str(o, key);
    bool has_time, zoned;
    return text && tw_parse_iso(text, ms, &has_time, &zoned);
}

char *at_hooks_load(struct at_base *b, const cJSON *list)
{
    for (const cJSON *o = list ? list->child : NULL; o; o = o->next) {
        struct at_hook *h = hook_new(b);
        const char *id = tj_str(o, "id");
        if (!id || strlen(id) >= sizeof h->id || !cJSON_IsObject(tj_get(o, "specification")) ||
            !read_time(o, "expirationTime", &h->expires_ms))
            return tw_dup("a webhook needs id, specification and expirationTime");
        snprintf(h->id, sizeof h->id, "%s", id);
        h->spec = cJSON_Duplicate(tj_get(o, "specification"), 1);
        h->url = tw_dup(tj_str(o, "notificationUrl"));
        h->notify = tj_bool(o, "areNotificationsEnabled", true);
        h->broken = tj_bool(o, "broken", false);
        const cJSON *payloads = tj_get(o, "payloads");
        for (const cJSON *p = payloads ? payloads->child : NULL; p; p = p->next) {
            int64_t at = 0;
            if (read_time(p, "timestamp", &at))
                hook_push(h, at, tj_text(p));
            else
                hook_push(h, 0, tw_dup("null"));
        }
    }
    return NULL;
}

/* ---- create ---- */

static bool all_strings(const cJSON *list, const char *const *allowed)
{
    if (!list)
        return true;
    if (!cJSON_IsArray(list))
        return false;
    for (const cJSON *e = list->child; e; e = e->next) {
        size_t i = 0;
        if (!cJSON_IsString(e))
            return false;
        while (allowed && allowed[i] && strcmp(allowed[i], e->valuestring) != 0)
            i++;
        if (allowed && !allowed[i])
            return false;
    }
    return true;
}

static bool field_exists(const struct at_base *b, const char *id)
{
    for (size_t i = 0; i < b->n_tables; i++) {
        const struct at_field *f = b->table[i]->gone ? NULL : at_field_find(b->table[i], id);
        if (f && strcmp(f->id, id) == 0)
            return true;
    }
    return false;
}

static bool fields_exist(const struct at_base *b, const cJSON *list)
{
    for (const cJSON *e = list && cJSON_IsArray(list) ? list->child : NULL; e; e = e->next)
        if (!field_exists(b, e->valuestring))
            return false;
    return true;
}

static bool scope_exists(struct at_base *b, const char *scope)
{
    for (size_t i = 0; scope && i < b->n_tables; i++) {
        struct at_table *t = b->table[i];
        if (!t->gone && (strcmp(t->id, scope) == 0 ||
                         (at_is_id(scope, "viw") && at_view_find(t, scope) != NULL)))
            return true;
    }
    return !scope;
}

static bool good_filters(struct at_base *b, const cJSON *f)
{
    static const char *const keys[] = {"dataTypes",
                                       "recordChangeScope",
                                       "changeTypes",
                                       "fromSources",
                                       "sourceOptions",
                                       "watchDataInFieldIds",
                                       "watchSchemasOfFieldIds",
                                       NULL};
    static const char *const data[] = {"tableData", "tableFields", "tableMetadata", NULL};
    static const char *const changes[] = {"add", "remove", "update", NULL};
    static const char *const sources[] = {
        "client",     "publicApi", "formSubmission", "formPageSubmission",
        "automation", "system",    "sync",           "anonymousUser",
        "unknown",    NULL};
    const cJSON *types = tj_get(f, "dataTypes");
    return cJSON_IsObject(f) && at_only_keys(f, keys) && cJSON_IsArray(types) && types->child &&
           all_strings(types, data) && all_strings(tj_get(f, "changeTypes"), changes) &&
           all_strings(tj_get(f, "fromSources"), sources) &&
           all_strings(tj_get(f, "watchDataInFieldIds"), NULL) &&
           all_strings(tj_get(f, "watchSchemasOfFieldIds"), NULL) &&
           fields_exist(b, tj_get(f, "watchDataInFieldIds")) &&
           fields_exist(b, tj_get(f, "watchSchemasOfFieldIds")) &&
           (!tj_get(f, "recordChangeScope") || tj_str(f, "recordChangeScope")) &&
           scope_exists(b, tj_str(f, "recordChangeScope"));
}

static bool good_includes(const cJSON *i)
{
    static const char *const keys[] = {"includeCellValuesInFieldIds", "includePreviousCellValues",
                                       "includePreviousFieldDefinitions", NULL};
    const cJSON *cells = tj_get(i, "includeCellValuesInFieldIds");
    const char *all = cJSON_GetStringValue(cells);
    if (!i)
        return true;
    return cJSON_IsObject(i) && at_only_keys(i, keys) &&
           (!cells || (all && strcmp(all, "all") == 0) || all_strings(cells, NULL)) &&
           (!tj_get(i, keys[1]) || cJSON_IsBool(tj_get(i, keys[1]))) &&
           (!tj_get(i, keys[2]) || cJSON_IsBool(tj_get(i, keys[2])));
}

static bool good_spec(struct at_call *c)
{
    static const char *const keys[] = {"notificationUrl", "specification", NULL};
    static const char *const inner[] = {"options", NULL};
    static const char *const opts[] = {"filters", "includes", NULL};
    const cJSON *spec = tj_get(c->body, "specification");
    const cJSON *o = tj_get(spec, "options");
    const cJSON *url = tj_get(c->body, "notificationUrl");
    return at_only_keys(c->body, keys) && cJSON_IsObject(spec) && at_only_keys(spec, inner) &&
           cJSON_IsObject(o) && at_only_keys(o, opts) &&
           (!url || cJSON_IsNull(url) || cJSON_IsString(url)) &&
           good_filters(c->base, tj_get(o, "filters")) && good_includes(tj_get(o, "includes"));
}

static bool may_read_types(struct at_call *c, const cJSON *types)
{
    if (list_has(types, "tableData") && !at_need(c, "data.records:read", AT_ROLE_READ))
        return false;
    bool schema = list_has(types, "tableFields") || list_has(types, "tableMetadata");
    return !schema || at_need(c, "schema.bases:read", AT_ROLE_READ);
}

static bool too_many(struct at_call *c)
{
    size_t mine = 0;
    for (size_t i = 0; i < c->base->n_hooks; i++) {
        const char *client = c->base->hook[i]->client;
        mine += client && c->token->client && strcmp(client, c->token->client) == 0;
    }
    if (c->base->n_hooks < HOOK_MAX_PER_BASE && mine < HOOK_MAX_PER_CLIENT)
        return false;
    at_error(c, 422, "TOO_MANY_WEBHOOKS_IN_BASE", "Too many webhooks in this base");
    return true;
}

static void create(struct at_call *c)
{
    if (!at_need(c, "webhook:manage", AT_ROLE_CREATE) || !at_body(c))
        return;
    if (!good_spec(c)) {
        at_bad_request(c);
        return;
    }
    const cJSON *spec = tj_get(c->body, "specification");
    const cJSON *types = tj_get(tj_get(tj_get(spec, "options"), "filters"), "dataTypes");
    if (!may_read_types(c, types) || too_many(c))
        return;
    struct at_hook *h = hook_new(c->base);
    char iso[TW_ISO_LEN];
    twin_new_id(c->a->t, "ach", h->id);
    h->spec = cJSON_Duplicate(spec, 1);
    h->url = tw_dup(tj_str(c->body, "notificationUrl"));
    h->client = tw_dup(c->token->client);
    h->notify = true;
    h->expires_ms = c->req->now_ms + HOOK_WEEK_MS;
    char *secret = twin_random_text(c->a->t, 48);
    char *mac = tw_base64(secret, 48, false);
    tw_iso(h->expires_ms, iso);
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "id", h->id);
    cJSON_AddStringToObject(o, "macSecretBase64", mac);
    cJSON_AddStringToObject(o, "expirationTime", iso);
    free(mac);
    free(secret);
    twin_res_json(c->res, 200, o);
}

/* ---- one hook ---- */

static bool is_mine(const struct at_call *c, const struct at_hook *h)
{
    const char *client = c->token->client;
    if (!client)
        return true;
    return h->client && strcmp(h->client, client) == 0;
}

static struct at_hook *find(struct at_call *c, size_t *at)
{
    for (size_t i = 0; i < c->base->n_hooks; i++) {
        struct at_hook *h = c->base->hook[i];
        if (strcmp(h->id, c->seg[4]) == 0 && is_mine(c, h)) {
            *at = i;
            return h;
        }
    }
    at_error(c, 404, "NOT_FOUND", NULL);
    return NULL;
}

static void list(struct at_call *c)
{
    if (!at_need(c, "webhook:manage", AT_ROLE_READ))
        return;
    cJSON *o = cJSON_CreateObject();
    cJSON *a = cJSON_AddArrayToObject(o, "webhooks");
    for (size_t i = 0; i < c->base->n_hooks; i++)
        if (is_mine(c, c->base->hook[i]))
            cJSON_AddItemToArray(a, hook_json(c->base->hook[i], c->req->now_ms));
    twin_res_json(c->res, 200, o);
}

static bool whole(const char *s, int64_t min, int64_t max, int64_t *out)
{
    char *end;
    long long v = strtoll(s, &end, 10);
    if (!*s || *end || v < min || v > max)
        return false;
    *out = v;
    return true;
}

static void payloads(struct at_call *c, struct at_hook *h)
{
    int64_t cursor = 1;
    int64_t limit = HOOK_PAGE;
    for (size_t i = 0; i < c->req->n_query; i++) {
        const struct twin_pair *q = &c->req->query[i];
        bool ok = strcmp(q->name, "cursor") == 0
                      ? whole(q->value, 1, (int64_t)h->n + 1, &cursor)
                      : strcmp(q->name, "limit") == 0 && whole(q->value, 1, HOOK_PAGE, &limit);
        if (!ok) {
            at_bad_request(c);
            return;
        }
    }
    /* Reading keeps a hook alive, but does not wake a dead one. */
    if (c->req->now_ms <= h->expires_ms)
        h->expires_ms = c->req->now_ms + HOOK_WEEK_MS;
    size_t from = (size_t)cursor - 1 > h->first ? (size_t)cursor - 1 : h->first;
    size_t end = from + (size_t)limit < h->n ? from + (size_t)limit : h->n;
    struct tbuf b = {0};
    tb_str(&b, "{\"payloads\":[");
    for (size_t i = from; i < end; i++) {
        if (i > from)
            tb_chr(&b, ',');
        tb_str(&b, h->payload[i].json);
    }
    tb_fmt(&b, "],\"cursor\":%zu,\"mightHaveMore\":%s,\"payloadFormat\":\"v0\"}", end + 1,
           end < h->n ? "true" : "false");
    char *text = tb_take(&b);
    twin_res_text(c->res, 200, NULL, text);
    free(text);
}

static void refresh(struct at_call *c, struct at_hook *h)
{
    char iso[TW_ISO_LEN];
    h->expires_ms = c->req->now_ms + HOOK_WEEK_MS;
    tw_iso(h->expires_ms, iso);
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "expirationTime", iso);
    twin_res_json(c->res, 200, o);
}

static void enable(struct at_call *c, struct at_hook *h)
{
    static const char *const keys[] = {"enable", NULL};
    if (!at_body(c))
        return;
    if (!at_only_keys(c->body, keys) || !cJSON_IsBool(tj_get(c->body, "enable"))) {
        at_bad_request(c);
        return;
    }
    h->notify = tj_bool(c->body, "enable", true);
    twin_res_text(c->res, 200, NULL, "{}");
}

/* /v0/bases/{base}/webhooks[/{id}[/action]] */
void at_hooks(struct at_call *c)
{
    const char *m = c->req->method;
    const char *action = c->n_seg > 5 ? c->seg[5] : "";
    size_t at;
    purge(c->base, c->req->now_ms);
    if (c->n_seg == 4) {
        if (strcmp(m, "POST") == 0)
            create(c);
        else if (strcmp(m, "GET") == 0)
            list(c);
        else
            at_not_found(c);
        return;
    }
    bool reading = strcmp(m, "GET") == 0 && strcmp(action, "payloads") == 0;
    if (c->n_seg > 6) {
        at_not_found(c);
        return;
    }
    if (!at_need(c, "webhook:manage", reading ? AT_ROLE_READ : AT_ROLE_CREATE))
        return;
    struct at_hook *h = find(c, &at);
    if (!h)
        return;
    if (reading) {
        if (may_read_types(c, tj_get(hook_filters(h), "dataTypes")))
            payloads(c, h);
    } else if (strcmp(m, "POST") == 0 && strcmp(action, "refresh") == 0) {
        refresh(c, h);
    } else if (strcmp(m, "POST") == 0 && strcmp(action, "enableNotifications") == 0) {
        enable(c, h);
    } else if (strcmp(m, "DELETE") == 0 && !*action) {
        hook_drop(c->base, at);
        twin_res_text(c->res, 200, NULL, "{}");
    } else {
        at_not_found(c);
    }
}
