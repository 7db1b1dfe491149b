/* What was seen on the wire, and what was changed by it. */
#include "core.h"

#include <stdlib.h>
#include <string.h>

struct wirelog {
    struct wire_entry *e;
    size_t n;
    size_t cap;
    struct write_entry {
        uint64_t seq;
        char *json;
    } * w;
    size_t n_w;
    size_t cap_w;
};

struct wirelog *wirelog_new(void)
{
    return tw_alloc(sizeof(struct wirelog));
}

void wirelog_reset(struct wirelog *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->e[i].method);
        free(l->e[i].url);
        free(l->e[i].fault);
        free(l->e[i].body);
        free(l->e[i].account);
    }
    for (size_t i = 0; i < l->n_w; i++)
        free(l->w[i].json);
    l->n = l->n_w = 0;
}

void wirelog_free(struct wirelog *l)
{
    if (!l)
        return;
    wirelog_reset(l);
    free(l->e);
    free(l->w);
    free(l);
}

void wirelog_add(struct wirelog *l, const struct wire_entry *e)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 256;
        l->e = tw_realloc(l->e, l->cap * sizeof *l->e);
    }
    l->e[l->n++] = *e;
}

void twin_log_write(struct twin *t, const struct twin_req *req, const char *who, const char *what,
                    cJSON *detail)
{
    struct wirelog *l = t->log;
    if (l->n_w == l->cap_w) {
        l->cap_w = l->cap_w ? l->cap_w * 2 : 256;
        l->w = tw_realloc(l->w, l->cap_w * sizeof *l->w);
    }
    char at[TW_ISO_LEN];
    tw_iso(twin_now_ms(t), at);
    cJSON *o = cJSON_CreateObject();
    tj_add_int(o, "n", (int64_t)l->n_w + 1);
    tj_add_int(o, "seq", req ? (int64_t)req->seq : 0);
    cJSON_AddStringToObject(o, "at", at);
    cJSON_AddStringToObject(o, "service", who);
    cJSON_AddStringToObject(o, "what", what);
    cJSON_AddItemToObject(o, "detail", detail ? detail : cJSON_CreateNull());
    l->w[l->n_w].seq = req ? req->seq : 0;
    l->w[l->n_w++].json = tj_text(o);
    cJSON_Delete(o);
}

cJSON *wirelog_requests(const struct wirelog *l, uint64_t since, bool bodies)
{
    cJSON *a = cJSON_CreateArray();
    for (size_t i = 0; i < l->n; i++) {
        const struct wire_entry *e = &l->e[i];
        if (e->seq <= since)
            continue;
        char at[TW_ISO_LEN];
        tw_iso(e->at_ms, at);
        cJSON *o = cJSON_CreateObject();
        tj_add_int(o, "seq", (int64_t)e->seq);
        cJSON_AddStringToObject(o, "at", at);
        cJSON_AddStringToObject(o, "method", e->method);
        cJSON_AddStringToObject(o, "path", e->url);
        cJSON_AddStringToObject(o, "kind", e->kind);
        if (*e->account)
            cJSON_AddStringToObject(o, "account", e->account);
        tj_add_int(o, "status", e->status);
        if (e->fault)
            cJSON_AddStringToObject(o, "fault", e->fault);
        tj_add_int(o, "bytes_in", (int64_t)e->bytes_in);
        tj_add_int(o, "bytes_out", (int64_t)e->bytes_out);
        cJSON_AddItemToObject(o, "ms", twin_json_number(e->ms));
        if (bodies && e->body)
            cJSON_AddStringToObject(o, "body", e->body);
        cJSON_AddItemToArray(a, o);
    }
    return a;
}

cJSON *wirelog_writes(const struct wirelog *l, uint64_t since)
{
    cJSON *a = cJSON_CreateArray();
    for (size_t i = 0; i < l->n_w; i++)
        if (!since || l->w[i].seq > since)
            cJSON_AddItemToArray(a, cJSON_CreateRaw(l->w[i].json));
    return a;
}

static void bump(cJSON *o, const char *key, double by)
{
    cJSON *v = tj_get(o, key);
    if (v)
        cJSON_SetNumberValue(v, v->valuedouble + by);
    else
        cJSON_AddNumberToObject(o, key, by);
}

cJSON *wirelog_stats(const struct wirelog *l)
{
    cJSON *o = cJSON_CreateObject();
    cJSON *kinds = cJSON_AddObjectToObject(o, "calls");
    cJSON *status = cJSON_AddObjectToObject(o, "status");
    double in = 0;
    double out = 0;
    double refused = 0;
    for (size_t i = 0; i < l->n; i++) {
        const struct wire_entry *e = &l->e[i];
        char *code = tw_fmt("%d", e->status);
        bump(status, code, 1);
        free(code);
        bump(kinds, e->kind, 1);
        const char *dot = strchr(e->kind, '.');
        if (dot) {
            char *service = tw_ndup(e->kind, (size_t)(dot - e->kind));
            bump(kinds, service, 1);
            free(service);
        }
        in += (double)e->bytes_in;
        out += (double)e->bytes_out;
        refused += e->status == 429;
    }
    cJSON_AddNumberToObject(o, "requests", (double)l->n);
    cJSON_AddNumberToObject(o, "writes", (double)l->n_w);
    cJSON_AddNumberToObject(o, "bytes_in", in);
    cJSON_AddNumberToObject(o, "bytes_out", out);
    cJSON_AddNumberToObject(o, "status_429", refused);
    return o;
}
