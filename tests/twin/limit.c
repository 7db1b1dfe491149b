/*
 * limit.c: rates, quotas and latency of both services. Airtable: 5 requests a second per base with
 * 30 seconds of refusal after, 50 a second per token, calls per month and workspace. Google: 60
 * reads and 60 writes a minute per user, 300 per project. Breaches are counted even when the limits
 * are off.
 */
#include "core.h"

#include "airtable.h"

#include <stdlib.h>
#include <string.h>

/* Times of the last requests under one key, newest last. */
struct window {
    char *key;
    int64_t *at;
    size_t n;
    size_t cap;
    int64_t penalty_until;
};

enum latency_kind {
    LAT_AIRTABLE_READ,
    LAT_AIRTABLE_WRITE,
    LAT_SHEETS_READ,
    LAT_SHEETS_WRITE,
    LAT_TOKEN,
    N_LAT
};

static const struct {
    const char *name;
    int real_ms;
} latencies[N_LAT] = {
    {"airtable_read", 150}, {"airtable_write", 250}, {"sheets_read", 300},
    {"sheets_write", 400},  {"token", 80},
};

enum limit_kind {
    LIM_AIRTABLE_PER_SECOND,
    LIM_AIRTABLE_TOKEN_PER_SECOND,
    LIM_PENALTY_MS,
    LIM_SECOND_MS,
    LIM_MINUTE_MS,
    LIM_READS_PER_USER,
    LIM_WRITES_PER_USER,
    LIM_READS_PER_PROJECT,
    LIM_WRITES_PER_PROJECT,
    N_LIM
};

/* The windows are a little shorter than a second and a minute, since requests that leave a client
 * in the right rhythm arrive with some jitter. */
static const struct {
    const char *name;
    int64_t def;
} limit_defaults[N_LIM] = {
    {"airtable_per_second", 5},  {"airtable_token_per_second", 50},
    {"penalty_ms", 30000},       {"second_ms", 960},
    {"minute_ms", 59500},        {"reads_per_user", 60},
    {"writes_per_user", 60},     {"reads_per_project", 300},
    {"writes_per_project", 300},
};

struct limits {
    bool on;
    int64_t v[N_LIM];
    int lat[N_LAT];
    struct window *w;
    size_t n_w;
    long form;       /* which body the next Airtable 429 has */
    int forced_form; /* -1: one after the other */
    long violations_airtable;
    long violations_google;
    long refused;
    long billing_refused;
};

struct limits *limits_new(void)
{
    struct limits *l = tw_alloc(sizeof *l);
    for (size_t i = 0; i < N_LIM; i++)
        l->v[i] = limit_defaults[i].def;
    l->forced_form = -1;
    return l;
}

void limits_reset(struct limits *l)
{
    for (size_t i = 0; i < l->n_w; i++) {
        free(l->w[i].key);
        free(l->w[i].at);
    }
    free(l->w);
    l->w = NULL;
    l->n_w = 0;
    l->violations_airtable = l->violations_google = 0;
    l->refused = l->billing_refused = 0;
}

void limits_free(struct limits *l)
{
    if (!l)
        return;
    limits_reset(l);
    free(l);
}

void limits_enable(struct limits *l, bool on)
{
    l->on = on;
}

char *limits_set(struct limits *l, const cJSON *settings)
{
    for (const cJSON *s = settings ? settings->child : NULL; s; s = s->next) {
        bool known = false;
        for (size_t i = 0; i < N_LIM; i++) {
            if (strcmp(s->string, limit_defaults[i].name) != 0 || !cJSON_IsNumber(s))
                continue;
            l->v[i] = (int64_t)s->valuedouble;
            known = true;
        }
        if (strcmp(s->string, "on") == 0) {
            l->on = cJSON_IsTrue(s);
            known = true;
        } else if (strcmp(s->string, "form") == 0) {
            l->forced_form = cJSON_IsNumber(s) ? (int)s->valuedouble : -1;
            known = true;
        } else if (strcmp(s->string, "workspaces") == 0) {
            known = true; /* Airtable's: airtable_set_quota() */
        }
        if (!known)
            return tw_fmt("limits: no such setting: %s", s->string);
    }
    return NULL;
}

char *latency_set(struct limits *l, const cJSON *settings)
{
    const char *mode = tj_str(settings, "mode");
    for (size_t i = 0; mode && i < N_LAT; i++)
        l->lat[i] = strcmp(mode, "real") == 0 ? latencies[i].real_ms : 0;
    if (mode && strcmp(mode, "real") != 0 && strcmp(mode, "none") != 0)
        return tw_fmt("latency: no such mode: %s", mode);
    for (const cJSON *s = settings ? settings->child : NULL; s; s = s->next) {
        bool known = strcmp(s->string, "mode") == 0;
        for (size_t i = 0; i < N_LAT; i++) {
            if (strcmp(s->string, latencies[i].name) != 0)
                continue;
            l->lat[i] = (int)s->valuedouble;
            known = true;
        }
        if (!known)
            return tw_fmt("latency: no such setting: %s", s->string);
    }
    return NULL;
}

int latency_ms(const struct limits *l, const struct twin_class *c)
{
    if (strcmp(c->service, "airtable") == 0)
        return l->lat[c->write ? LAT_AIRTABLE_WRITE : LAT_AIRTABLE_READ];
    if (strcmp(c->service, "google") == 0)
        return l->lat[c->write ? LAT_SHEETS_WRITE : LAT_SHEETS_READ];
    return strcmp(c->service, "token") == 0 ? l->lat[LAT_TOKEN] : 0;
}

static struct window *window_of(struct limits *l, const char *what, const char *key)
{
    char *full = tw_fmt("%s %s", what, key);
    for (size_t i = 0; i < l->n_w; i++) {
        if (strcmp(l->w[i].key, full) == 0) {
            free(full);
            return &l->w[i];
        }
    }
    l->w = tw_realloc(l->w, (l->n_w + 1) * sizeof *l->w);
    l->w[l->n_w] = (struct window){.key = full};
    return &l->w[l->n_w++];
}

/* Notes one more request now; true when that makes more than max within span. */
static bool window_over(struct window *w, int64_t now, int64_t max, int64_t span)
{
    size_t keep = 0;
    for (size_t i = 0; i < w->n; i++)
        if (w->at[i] > now - span && w->at[i] <= now)
            w->at[keep++] = w->at[i];
    w->n = keep;
    if (w->n == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 16;
        w->at = tw_realloc(w->at, w->cap * sizeof *w->at);
    }
    w->at[w->n++] = now;
    return (int64_t)w->n > max;
}

/* Airtable has been seen to answer in either form for the same thing. */
static void refuse_airtable(struct limits *l, struct twin_res *res)
{
    long form = l->forced_form >= 0 ? l->forced_form : l->form++ % 2;
    if (form == 0)
        twin_res_text(res, 429, NULL,
                      "{\"errors\":[{\"error\":\"RATE_LIMIT_REACHED\",\"message\":\"Rate limit "
                      "exceeded. Please try again later\"}]}");
    else
        twin_res_text(res, 429, NULL,
                      "{\"error\":{\"type\":\"RATE_LIMIT_REACHED\",\"message\":\"Rate limit "
                      "exceeded. Please try again later\"}}");
}

static void refuse_google(bool write, bool project, struct twin_res *res)
{
    const char *what = write ? "Write" : "Read";
    char *body = tw_fmt(
        "{\"error\":{\"code\":429,\"message\":\"Quota exceeded for quota metric '%s requests' and "
        "limit '%s requests per minute%s' of service 'sheets.googleapis.com' for consumer "
        "'project_number:1234567890'.\",\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[{\"@type\":"
        "\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"RATE_LIMIT_EXCEEDED\","
        "\"domain\":\"googleapis.com\",\"metadata\":{\"service\":\"sheets.googleapis.com\","
        "\"consumer\":\"projects/1234567890\",\"quota_metric\":\"sheets.googleapis.com/%s_requests"
        "\",\"quota_limit\":\"%sRequestsPerMinutePer%s\",\"quota_limit_value\":\"%s\","
        "\"quota_unit\":\"1/min/{project}%s\",\"quota_location\":\"global\"}}]}}",
        what, what, project ? "" : " per user", write ? "write" : "read", what,
        project ? "Project" : "User", project ? "300" : "60", project ? "" : "/{user}");
    twin_res_text(res, 429, NULL, body);
    free(body);
}

void limits_refuse_rate(struct twin *t, const struct twin_class *c, struct twin_res *res)
{
    if (strcmp(c->service, "google") == 0)
        refuse_google(c->write, false, res);
    else
        refuse_airtable(t->limits, res);
}

void limits_refuse_billing(struct twin_res *res)
{
    twin_res_text(res, 429, NULL,
                  "{\"error\":{\"type\":\"PUBLIC_API_BILLING_LIMIT_EXCEEDED\",\"message\":\"API "
                  "billing plan limit exceeded. You've reached the maximum number of requests "
                  "allowed for this month.\"}}");
}

/* The base a path is about, "" when about none; malloc'd. */
static char *base_of(const char *path)
{
    const char *app = strstr(path, "/app");
    size_t n = app ? strcspn(app + 1, "/") : 0;
    return n ? tw_ndup(app + 1, n) : tw_dup("");
}

void limits_penalty(struct twin *t, const struct twin_req *req)
{
    char *base = base_of(req->raw_path);
    window_of(t->limits, "base", base)->penalty_until = req->now_ms + t->limits->v[LIM_PENALTY_MS];
    free(base);
}

static bool check_airtable(struct twin *t, const struct twin_req *req, struct twin_res *res)
{
    struct limits *l = t->limits;
    char *base = base_of(req->raw_path);
    bool over = false;
    bool refused = false;
    if (*base) {
        struct window *w = window_of(l, "base", base);
        bool in_penalty = req->now_ms < w->penalty_until;
        over = window_over(w, req->now_ms, l->v[LIM_AIRTABLE_PER_SECOND], l->v[LIM_SECOND_MS]);
        if (over && l->on && !in_penalty)
            w->penalty_until = req->now_ms + l->v[LIM_PENALTY_MS];
        refused = in_penalty || (over && l->on);
        over = over || in_penalty;
    }
    struct window *w = window_of(l, "token", req->authorization ? req->authorization : "");
    bool token_over =
        window_over(w, req->now_ms, l->v[LIM_AIRTABLE_TOKEN_PER_SECOND], l->v[LIM_SECOND_MS]);
    l->violations_airtable += over || token_over;
    refused = refused || (token_over && l->on);
    if (refused)
        refuse_airtable(l, res);
    /* The month's quota says no to records and webhooks, never to /v0/meta. */
    bool meta = strncmp(req->raw_path, "/v0/meta/", 9) == 0;
    if (*base && !airtable_count_call(t->airtable, base) && !refused && !meta) {
        limits_refuse_billing(res);
        l->billing_refused++;
        refused = true;
    }
    free(base);
    return refused;
}

static bool check_google(struct twin *t, const struct twin_req *req, const struct twin_class *c,
                         struct twin_res *res)
{
    struct limits *l = t->limits;
    if (strncmp(c->kind, "sheets", 6) != 0)
        return false;
    const char *who = auth_account(t->auth, req);
    struct window *user = window_of(l, c->write ? "write" : "read", who);
    bool over_user =
        window_over(user, req->now_ms, l->v[c->write ? LIM_WRITES_PER_USER : LIM_READS_PER_USER],
                    l->v[LIM_MINUTE_MS]);
    struct window *project = window_of(l, c->write ? "project write" : "project read", "");
    bool over_project = window_over(project, req->now_ms,
                                    l->v[c->write ? LIM_WRITES_PER_PROJECT : LIM_READS_PER_PROJECT],
                                    l->v[LIM_MINUTE_MS]);
    l->violations_google += over_user || over_project;
    if (!l->on || (!over_user && !over_project))
        return false;
    /* A call that was refused takes nothing from the minute's quota. */
    user->n--;
    project->n--;
    refuse_google(c->write, !over_user, res);
    return true;
}

bool limits_check(struct twin *t, const struct twin_req *req, const struct twin_class *c,
                  struct twin_res *res)
{
    bool refused = false;
    if (strcmp(c->service, "airtable") == 0)
        refused = check_airtable(t, req, res);
    else if (strcmp(c->service, "google") == 0)
        refused = check_google(t, req, c, res);
    t->limits->refused += refused;
    return refused;
}

cJSON *limits_stats(const struct limits *l)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddBoolToObject(o, "on", l->on);
    cJSON_AddNumberToObject(o, "violations",
                            (double)(l->violations_airtable + l->violations_google));
    cJSON_AddNumberToObject(o, "violations_airtable", (double)l->violations_airtable);
    cJSON_AddNumberToObject(o, "violations_google", (double)l->violations_google);
    cJSON_AddNumberToObject(o, "refused", (double)l->refused);
    cJSON_AddNumberToObject(o, "billing_refused", (double)l->billing_refused);
    return o;
}
