/* control.c: how a test steers and looks at the twin: /__twin__/... (README.md lists it all). */
#include "airtable.h"
#include "auth.h"

#include <stdlib.h>
#include <string.h>

struct ctl {
    struct twin *t;
    const struct twin_req *req;
    struct twin_res *res;
    cJSON *body; /* NULL when there was none */
};

static void ok(struct ctl *c)
{
    twin_res_text(c->res, 200, "application/json", "{\"ok\":true}");
}

/* Takes the sentence; NULL means that all went well. */
static void done(struct ctl *c, char *wrong)
{
    if (!wrong) {
        ok(c);
        return;
    }
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "error", wrong);
    twin_res_json(c->res, 400, o);
    free(wrong);
}

static uint64_t since(const struct ctl *c)
{
    const char *s = twin_query(c->req, "since");
    return s ? strtoull(s, NULL, 10) : 0;
}

static bool asked_for(const struct ctl *c, const char *part)
{
    const char *only = twin_query(c->req, "only");
    return !only || strcmp(only, part) == 0;
}

static void get_state(struct ctl *c)
{
    cJSON *o = cJSON_CreateObject();
    char iso[TW_ISO_LEN];
    tw_iso(twin_now_ms(c->t), iso);
    cJSON_AddStringToObject(o, "now", iso);
    if (asked_for(c, "airtable"))
        cJSON_AddItemToObject(o, "airtable", airtable_dump(c->t->airtable));
    if (asked_for(c, "google"))
        cJSON_AddItemToObject(o, "google", sheets_dump(c->t->sheets));
    if (asked_for(c, "auth"))
        cJSON_AddItemToObject(o, "auth", auth_dump(c->t->auth));
    twin_res_json(c->res, 200, o);
}

static void get_writes(struct ctl *c)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "writes", wirelog_writes(c->t->log, since(c)));
    twin_res_json(c->res, 200, o);
}

static void get_requests(struct ctl *c)
{
    cJSON *o = cJSON_CreateObject();
    bool bodies = twin_query(c->req, "bodies") != NULL;
    cJSON_AddItemToObject(o, "requests", wirelog_requests(c->t->log, since(c), bodies));
    twin_res_json(c->res, 200, o);
}

static void get_stats(struct ctl *c)
{
    cJSON *o = wirelog_stats(c->t->log);
    cJSON_AddItemToObject(o, "limits", limits_stats(c->t->limits));
    twin_res_json(c->res, 200, o);
}

static void get_faults(struct ctl *c)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "faults", faults_dump(c->t->faults));
    twin_res_json(c->res, 200, o);
}

static void post_load(struct ctl *c)
{
    done(c, twin_load(c->t, c->body));
}

static void post_person(struct ctl *c)
{
    done(c, twin_person(c->t, c->body));
}

static void post_faults(struct ctl *c)
{
    const cJSON *rules = cJSON_IsArray(c->body) ? c->body : tj_get(c->body, "faults");
    done(c, faults_load(c->t->faults, rules, tj_bool(c->body, "append", false)));
}

static void post_limits(struct ctl *c)
{
    char *wrong = limits_set(c->t->limits, c->body);
    if (!wrong)
        wrong = airtable_set_quota(c->t->airtable, tj_get(c->body, "workspaces"));
    done(c, wrong);
}

static void post_latency(struct ctl *c)
{
    done(c, latency_set(c->t->limits, c->body));
}

static void post_clock(struct ctl *c)
{
    int64_t now = twin_now_ms(c->t);
    const cJSON *stop = tj_get(c->body, "stop");
    if (tj_get(c->body, "speed")) {
        c->t->clock_speed = tj_int(c->body, "speed", 1);
        c->t->clock_since = tj_int(c->body, "since_ms", 0);
        c->t->clock_shift = 0;
    }
    if (tj_get(c->body, "set_ms"))
        twin_set_clock(c->t, tj_int(c->body, "set_ms", now));
    if (tj_get(c->body, "advance_ms"))
        twin_set_clock(c->t, twin_now_ms(c->t) + tj_int(c->body, "advance_ms", 0));
    now = twin_now_ms(c->t);
    if (cJSON_IsTrue(stop)) {
        c->t->clock_stop = now;
    } else if (cJSON_IsFalse(stop) && c->t->clock_stop) {
        c->t->clock_stop = 0;
        twin_set_clock(c->t, now);
    }
    char iso[TW_ISO_LEN];
    cJSON *o = cJSON_CreateObject();
    tw_iso(twin_now_ms(c->t), iso);
    cJSON_AddStringToObject(o, "now", iso);
    tj_add_int(o, "now_ms", twin_now_ms(c->t));
    twin_res_json(c->res, 200, o);
}

/* Logs, counters, sequence numbers and faults begin anew; the data stays. */
static void post_reset(struct ctl *c)
{
    wirelog_reset(c->t->log);
    limits_reset(c->t->limits);
    free(faults_load(c->t->faults, NULL, false));
    c->t->seq = 0;
    ok(c);
}

static void post_client(struct ctl *c)
{
    c->t->client = (pid_t)tj_int(c->body, "pid", 0);
    ok(c);
}

/* {"expire":token}, {"revive":token}, {"expire_all":service}, {"revoke":refresh token},
 * {"approve":user_code,"user":mail}, {"disable":account}, {"settings":{...}} */
static void post_auth(struct ctl *c)
{
    struct auth *a = c->t->auth;
    const char *all = tj_str(c->body, "expire_all");
    const char *revoke = tj_str(c->body, "revoke");
    const char *approve = tj_str(c->body, "approve");
    const char *disable = tj_str(c->body, "disable");
    const char *user = tj_str(c->body, "user");
    auth_expire(a, tj_str(c->body, "expire"), true);
    auth_expire(a, tj_str(c->body, "revive"), false);
    for (size_t i = 0; i < a->n_tokens; i++)
        if (all && strcmp(a->token[i].service, all) == 0)
            a->token[i].dead = true;
    for (size_t i = 0; i < a->n_grants; i++)
        if (revoke && (strcmp(revoke, "*") == 0 || strcmp(a->grant[i].refresh, revoke) == 0))
            a->grant[i].revoked = true;
    for (size_t i = 0; i < a->n_devices; i++) {
        if (!approve || strcmp(a->device[i].user_code, approve) != 0)
            continue;
        tw_set(&a->device[i].user, user ? user : a->google_user);
        a->device[i].denied = tj_bool(c->body, "deny", false);
    }
    for (size_t i = 0; i < a->n_accounts; i++)
        if (disable && strcmp(a->account[i].name, disable) == 0)
            a->account[i].disabled = tj_bool(c->body, "on", true);
    cJSON *wrapped = cJSON_CreateObject();
    if (tj_get(c->body, "settings"))
        cJSON_AddItemToObject(wrapped, "oauth", cJSON_Duplicate(tj_get(c->body, "settings"), 1));
    for (const char *const *k = (const char *const[]){"tokens", "oauth_clients", NULL}; *k; k++)
        if (tj_get(c->body, *k))
            cJSON_AddItemToObject(wrapped, *k, cJSON_Duplicate(tj_get(c->body, *k), 1));
    done(c, auth_load(a, wrapped));
    cJSON_Delete(wrapped);
}

static void post_generate(struct ctl *c)
{
    const char *spec = tj_str(c->body, "spec");
    done(c, gen_table(c->t, spec ? spec : ""));
}

/* Listings that are under way are forgotten, as after a restart of the server. */
static void post_forget_iterators(struct ctl *c)
{
    for (size_t i = 0; i < c->t->airtable->n_bases; i++)
        at_iters_free(c->t->airtable->base[i]);
    ok(c);
}

static const struct {
    const char *method;
    const char *path;
    void (*run)(struct ctl *c);
} routes[] = {
    {"GET", "state", get_state},         {"GET", "writes", get_writes},
    {"GET", "requests", get_requests},   {"GET", "stats", get_stats},
    {"GET", "faults", get_faults},       {"POST", "load", post_load},
    {"POST", "person", post_person},     {"POST", "faults", post_faults},
    {"POST", "limits", post_limits},     {"POST", "latency", post_latency},
    {"POST", "clock", post_clock},       {"POST", "reset", post_reset},
    {"POST", "client", post_client},     {"POST", "auth", post_auth},
    {"POST", "generate", post_generate}, {"POST", "forget_iterators", post_forget_iterators},
};

void control_handle(struct twin *t, const struct twin_req *req, struct twin_res *res)
{
    struct ctl c = {.t = t, .req = req, .res = res};
    const char *path = req->raw_path + strlen("/__twin__/");
    if (req->body_len) {
        c.body = cJSON_Parse(req->body);
        if (!c.body) {
            done(&c, tw_dup("the body is not JSON"));
            return;
        }
    }
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (strcmp(routes[i].path, path) == 0 && strcmp(routes[i].method, req->method) == 0) {
            routes[i].run(&c);
            cJSON_Delete(c.body);
            return;
        }
    }
    cJSON_Delete(c.body);
    done(&c, tw_fmt("no such control: %s %s", req->method, path));
}
