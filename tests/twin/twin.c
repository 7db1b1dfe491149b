/* twin.c: the whole twin: making, loading, the clock, ids, and which service a request is for. */
#include "core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct twin *twin_new(uint64_t seed)
{
    struct twin *t = tw_alloc(sizeof *t);
    pthread_mutex_init(&t->lock, NULL);
    t->random_state = seed ? seed : 1;
    t->faults = faults_new();
    t->limits = limits_new();
    t->log = wirelog_new();
    t->airtable = airtable_new(t);
    t->sheets = sheets_new(t);
    t->auth = auth_new(t);
    return t;
}

void twin_free(struct twin *t)
{
    if (!t)
        return;
    airtable_free(t->airtable);
    sheets_free(t->sheets);
    auth_free(t->auth);
    faults_free(t->faults);
    limits_free(t->limits);
    wirelog_free(t->log);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

int64_t twin_now_ms(struct twin *t)
{
    struct timespec ts;
    if (t->clock_stop)
        return t->clock_stop;
    clock_gettime(CLOCK_REALTIME, &ts);
    int64_t now = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
    if (t->clock_speed > 1)
        now = t->clock_since + (now - t->clock_since) * t->clock_speed;
    return now + t->clock_shift;
}

void twin_set_clock(struct twin *t, int64_t now_ms)
{
    if (t->clock_stop) {
        t->clock_stop = now_ms;
        return;
    }
    t->clock_shift += now_ms - twin_now_ms(t);
}

/* splitmix64 */
uint64_t twin_random(struct twin *t)
{
    uint64_t z = (t->random_state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

static char letter(struct twin *t)
{
    static const char abc[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    return abc[twin_random(t) % 62];
}

void twin_new_id(struct twin *t, const char *prefix, char out[18])
{
    memcpy(out, prefix, 3);
    for (int i = 3; i < 17; i++)
        out[i] = letter(t);
    out[17] = '\0';
}

char *twin_random_text(struct twin *t, size_t n)
{
    char *s = tw_alloc(n + 1);
    for (size_t i = 0; i < n; i++)
        s[i] = letter(t);
    return s;
}

bool core_write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    bool ok = f && fputs(text, f) >= 0;
    ok = f && fclose(f) == 0 && ok;
    return ok && chmod(path, 0600) == 0;
}

static char *load_clock(struct twin *t, const cJSON *scenario)
{
    const char *now = tj_str(scenario, "now");
    int64_t ms;
    bool has_time;
    bool zoned;
    if (!now)
        return NULL;
    if (!tw_parse_iso(now, &ms, &has_time, &zoned))
        return tw_fmt("now: not a time: %s", now);
    twin_set_clock(t, ms);
    return NULL;
}

char *twin_load(struct twin *t, const cJSON *scenario)
{
    airtable_free(t->airtable);
    sheets_free(t->sheets);
    auth_free(t->auth);
    t->airtable = airtable_new(t);
    t->sheets = sheets_new(t);
    t->auth = auth_new(t);
    wirelog_reset(t->log);
    limits_reset(t->limits);
    t->seq = 0;
    char *wrong = load_clock(t, scenario);
    if (!wrong)
        wrong = airtable_load(t->airtable, tj_get(scenario, "airtable"));
    if (!wrong && tj_get(scenario, "google"))
        wrong = sheets_load(t->sheets, tj_get(scenario, "google"));
    if (!wrong)
        wrong = auth_load(t->auth, scenario);
    if (!wrong && tj_get(scenario, "limits"))
        wrong = limits_set(t->limits, tj_get(scenario, "limits"));
    if (!wrong && tj_get(scenario, "latency"))
        wrong = latency_set(t->limits, tj_get(scenario, "latency"));
    if (!wrong)
        wrong = faults_load(t->faults, tj_get(scenario, "faults"), false);
    const cJSON *generate = tj_get(scenario, "generate");
    for (const cJSON *g = generate ? generate->child : NULL; g && !wrong; g = g->next)
        wrong = gen_table(t, cJSON_IsString(g) ? g->valuestring : "");
    return wrong;
}

char *twin_person(struct twin *t, const cJSON *edits)
{
    char *wrong = NULL;
    const cJSON *airtable = tj_get(edits, "airtable");
    const cJSON *sheets = tj_get(edits, "sheets");
    for (const cJSON *e = airtable ? airtable->child : NULL; e && !wrong; e = e->next)
        wrong = airtable_person(t->airtable, e);
    for (const cJSON *e = sheets ? sheets->child : NULL; e && !wrong; e = e->next)
        wrong = sheets_person(t->sheets, e);
    return wrong;
}

/* ---- which service ---- */

static bool begins(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

static struct twin_class classify_airtable(const char *method, const char *path)
{
    bool get = strcmp(method, "GET") == 0;
    struct twin_class c = {"airtable.other", "airtable", !get};
    const char *rest = path + strlen("/v0/");
    size_t slashes = 0;
    for (const char *p = rest; *p; p++)
        slashes += *p == '/' && p[1];
    const char *last = strrchr(path, '/');
    if (begins(rest, "meta/bases/"))
        c.kind = get ? "airtable.schema" : "airtable.schema_write";
    else if (begins(rest, "meta/"))
        c.kind = "airtable.meta";
    else if (begins(rest, "bases/") && strstr(rest, "/payloads"))
        c.kind = "airtable.payloads";
    else if (begins(rest, "bases/"))
        c.kind = "airtable.webhook";
    else if (strcmp(last, "/listRecords") == 0)
        c = (struct twin_class){"airtable.list", "airtable", false};
    else if (get)
        c.kind = slashes >= 2 ? "airtable.get" : "airtable.list";
    else if (strcmp(method, "POST") == 0)
        c.kind = "airtable.create";
    else if (strcmp(method, "DELETE") == 0)
        c.kind = "airtable.delete";
    else
        c.kind = "airtable.update";
    return c;
}

/* Reads are GET and the two searches that are sent as POST. */
static struct twin_class classify_sheets(const char *method, const char *path)
{
    bool read = strcmp(method, "GET") == 0 || strstr(path, ":getByDataFilter") ||
                strstr(path, ":batchGetByDataFilter") || strstr(path, "/developerMetadata:search");
    return (struct twin_class){read ? "sheets.read" : "sheets.write", "google", !read};
}

struct twin_class twin_classify(const char *method, const char *path)
{
    if (begins(path, "/__twin__/"))
        return (struct twin_class){"control", "control", false};
    if (begins(path, "/v0/"))
        return classify_airtable(method, path);
    if (begins(path, "/v4/"))
        return classify_sheets(method, path);
    if (begins(path, "/drive/v3/"))
        return (struct twin_class){"drive", "google", strcmp(method, "GET") != 0};
    if (begins(path, "/oauth2/v1/authorize") || begins(path, "/o/oauth2/"))
        return (struct twin_class){"page", "page", false};
    if (begins(path, "/oauth2/v1/"))
        return (struct twin_class){"token.airtable", "token", true};
    if (auth_handles(path))
        return (struct twin_class){"token.google", "token", true};
    return (struct twin_class){"unknown", "unknown", false};
}

/* ---- Google's gate: who is calling, in the words of Sheets or Drive ---- */

static void google_refuse(const struct twin_req *req, bool drive, struct twin_res *res)
{
    static const char bad[] =
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login "
        "cookie or other valid authentication credential. See "
        "https://developers.google.com/identity/sign-in/web/devconsole-project.";
    static const char none[] =
        "Method doesn't allow unregistered callers (callers without established identity). Please "
        "use API Key or other form of API consumer identity to call this API.";
    bool absent = !req->authorization;
    int code = absent ? 403 : 401;
    cJSON *o = cJSON_CreateObject();
    cJSON *e = cJSON_AddObjectToObject(o, "error");
    cJSON_AddNumberToObject(e, "code", code);
    cJSON_AddStringToObject(e, "message", absent ? none : bad);
    if (drive && !absent) {
        cJSON *one = cJSON_CreateObject();
        cJSON_AddStringToObject(one, "message", "Invalid Credentials");
        cJSON_AddStringToObject(one, "domain", "global");
        cJSON_AddStringToObject(one, "reason", "authError");
        cJSON_AddStringToObject(one, "location", "Authorization");
        cJSON_AddStringToObject(one, "locationType", "header");
        cJSON_AddItemToArray(cJSON_AddArrayToObject(e, "errors"), one);
    }
    cJSON_AddStringToObject(e, "status", absent ? "PERMISSION_DENIED" : "UNAUTHENTICATED");
    if (!absent)
        twin_res_header(res, "WWW-Authenticate",
                        "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"");
    twin_res_json(res, code, o);
}

static void serve_google(struct twin *t, const struct twin_req *req, const struct twin_class *c,
                         struct twin_res *res)
{
    const char *email = "";
    const char *scope = "";
    bool drive = strcmp(c->kind, "drive") == 0;
    if (auth_check(t->auth, "google", req, &email, &scope))
        google_refuse(req, drive, res);
    else if (drive)
        drive_handle(t->sheets, req, email, scope, res);
    else
        sheets_handle(t->sheets, req, email, scope, res);
}

void twin_serve(struct twin *t, const struct twin_req *req, const struct twin_class *c,
                struct twin_res *res)
{
    if (strcmp(c->service, "airtable") == 0)
        airtable_handle(t->airtable, req, res);
    else if (strcmp(c->service, "google") == 0)
        serve_google(t, req, c, res);
    else if (auth_handles(req->raw_path))
        auth_handle(t->auth, req, res);
    else
        twin_res_text(res, 404, "text/html; charset=UTF-8",
                      "<!DOCTYPE html><html><title>Error 404 (Not Found)!!1</title></html>");
    if (!res->status)
        twin_res_text(res, 500, NULL, "{\"error\":{\"type\":\"SERVER_ERROR\"}}");
}
