/*
 * fault.c: a schedule of faults. A rule says which requests it meets (sequence number, method,
 * path, kind, the n-th of those) and what happens to them; README.md lists the kinds.
 */
#include "core.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rule {
    uint64_t seq; /* 0: any */
    long nth;     /* 1-based among the requests that meet the other terms; 0: from the first */
    long count;   /* how often; -1: for ever */
    long seen;
    long hits;
    char *method;
    char *path;
    char *kind;
    cJSON *fault;
};

struct faults {
    struct rule *r;
    size_t n;
};

/* When a kind acts. APPLY: the request is carried out and only the answer is touched, unless
 * "apply": false; REFUSE: it is not carried out, unless "apply": true. */
enum fault_act { ACT_WIRE, ACT_REFUSE, ACT_REPLACE, ACT_HINT, ACT_PERSON, ACT_LIMIT };

static const struct fault_kind {
    const char *name;
    enum fault_act act;
} fault_kinds[] = {
    {"status", ACT_REFUSE},      {"500", ACT_REFUSE},        {"502", ACT_REFUSE},
    {"503", ACT_REFUSE},         {"garbage", ACT_REPLACE},   {"html", ACT_REPLACE},
    {"empty", ACT_REPLACE},      {"delay", ACT_WIRE},        {"cut_before", ACT_WIRE},
    {"cut_after", ACT_WIRE},     {"cut_headers", ACT_WIRE},  {"truncate", ACT_WIRE},
    {"delay_ms", ACT_WIRE},      {"wrong_length", ACT_WIRE}, {"slow", ACT_WIRE},
    {"conn_reset", ACT_WIRE},    {"hold", ACT_WIRE},         {"kill_client", ACT_WIRE},
    {"expire_token", ACT_LIMIT}, {"rate429", ACT_LIMIT},     {"billing429", ACT_LIMIT},
    {"person", ACT_PERSON},      {"short_list", ACT_HINT},   {"repeat_page", ACT_HINT},
    {"stale_read", ACT_HINT},
};

static const struct fault_kind *kind_of(const cJSON *fault)
{
    const char *name = tj_str(fault, "kind");
    for (size_t i = 0; name && i < sizeof fault_kinds / sizeof *fault_kinds; i++)
        if (strcmp(fault_kinds[i].name, name) == 0)
            return &fault_kinds[i];
    return NULL;
}

struct faults *faults_new(void)
{
    return tw_alloc(sizeof(struct faults));
}

static void faults_clear(struct faults *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free(f->r[i].method);
        free(f->r[i].path);
        free(f->r[i].kind);
        cJSON_Delete(f->r[i].fault);
    }
    free(f->r);
    f->r = NULL;
    f->n = 0;
}

void faults_free(struct faults *f)
{
    if (!f)
        return;
    faults_clear(f);
    free(f);
}

static char *rule_add(struct faults *f, const cJSON *j)
{
    static const char *const terms[] = {"seq", "nth", "method", "path", "kind"};
    const cJSON *match = tj_get(j, "match");
    const cJSON *fault = tj_get(j, "fault");
    if (!kind_of(fault))
        return tw_fmt("fault: no such kind: %s",
                      tj_str(fault, "kind") ? tj_str(fault, "kind") : "(none)");
    for (const cJSON *m = match ? match->child : NULL; m; m = m->next) {
        bool known = false;
        for (size_t i = 0; i < sizeof terms / sizeof *terms; i++)
            known = known || strcmp(terms[i], m->string) == 0;
        if (!known)
            return tw_fmt("fault: no such term in match: %s", m->string);
    }
    f->r = tw_realloc(f->r, (f->n + 1) * sizeof *f->r);
    struct rule *r = &f->r[f->n++];
    *r = (struct rule){.seq = (uint64_t)tj_int(match, "seq", 0),
                       .nth = (long)tj_int(match, "nth", 0),
                       .count = (long)tj_int(j, "count", 1),
                       .method = tw_dup(tj_str(match, "method")),
                       .path = tw_dup(tj_str(match, "path")),
                       .kind = tw_dup(tj_str(match, "kind")),
                       .fault = cJSON_Duplicate(fault, 1)};
    return NULL;
}

char *faults_load(struct faults *f, const cJSON *rules, bool append)
{
    if (!append)
        faults_clear(f);
    if (rules && !cJSON_IsArray(rules))
        return tw_dup("fault: the schedule is not a list");
    for (const cJSON *j = rules ? rules->child : NULL; j; j = j->next) {
        char *wrong = rule_add(f, j);
        if (wrong)
            return wrong;
    }
    return NULL;
}

cJSON *faults_dump(const struct faults *f)
{
    cJSON *a = cJSON_CreateArray();
    for (size_t i = 0; i < f->n; i++) {
        const struct rule *r = &f->r[i];
        cJSON *o = cJSON_CreateObject();
        cJSON_AddItemToObject(o, "fault", cJSON_Duplicate(r->fault, 1));
        cJSON_AddNumberToObject(o, "seen", (double)r->seen);
        cJSON_AddNumberToObject(o, "hits", (double)r->hits);
        cJSON_AddNumberToObject(o, "left", (double)(r->count < 0 ? -1 : r->count - r->hits));
        cJSON_AddItemToArray(a, o);
    }
    return a;
}

static bool starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

static bool rule_meets(const struct rule *r, const struct twin_req *req, const char *kind)
{
    if (r->seq && r->seq != req->seq)
        return false;
    if (r->method && strcmp(r->method, req->method) != 0)
        return false;
    if (r->path && !starts_with(req->raw_path, r->path))
        return false;
    return !r->kind || starts_with(kind, r->kind);
}

void faults_match(struct faults *f, const struct twin_req *req, const char *kind, bool reused,
                  struct fault_hit *hit)
{
    hit->n = 0;
    for (size_t i = 0; i < f->n; i++) {
        struct rule *r = &f->r[i];
        if (!rule_meets(r, req, kind))
            continue;
        /* A connection can be lost on its second use only: the rule waits for one. */
        if (!reused && strcmp(kind_of(r->fault)->name, "conn_reset") == 0)
            continue;
        r->seen++;
        if (r->nth > r->seen || (r->count >= 0 && r->hits >= r->count))
            continue;
        if (hit->n == FAULTS_PER_REQUEST)
            break;
        r->hits++;
        hit->fault[hit->n++] = cJSON_Duplicate(r->fault, 1);
    }
}

void fault_hit_free(struct fault_hit *hit)
{
    for (size_t i = 0; i < hit->n; i++)
        cJSON_Delete(hit->fault[i]);
    hit->n = 0;
}

const cJSON *fault_find(const struct fault_hit *hit, const char *kind)
{
    for (size_t i = 0; i < hit->n; i++)
        if (strcmp(tj_str(hit->fault[i], "kind"), kind) == 0)
            return hit->fault[i];
    return NULL;
}

char *fault_label(const struct fault_hit *hit)
{
    struct tbuf b = {0};
    if (!hit->n)
        return NULL;
    for (size_t i = 0; i < hit->n; i++)
        tb_fmt(&b, "%s%s", i ? "+" : "", tj_str(hit->fault[i], "kind"));
    return tb_take(&b);
}

/* The answer a failing server gives when the rule brings no body of its own. */
static void default_failure(struct twin_res *res, int code, const struct twin_class *c)
{
    bool google = strcmp(c->service, "google") == 0;
    if (code == 503 && !google) {
        twin_res_text(
            res, code, NULL,
            "{\"error\":{\"type\":\"RETRIABLE_ERROR\",\"message\":\"Server encountered an "
            "error while processing your request, and it is safe to retry the "
            "request\"}}");
    } else if (code == 503) {
        twin_res_text(res, code, NULL,
                      "{\"error\":{\"code\":503,\"message\":\"The service is currently "
                      "unavailable.\",\"status\":\"UNAVAILABLE\"}}");
    } else if (code == 500 && google) {
        twin_res_text(res, code, NULL,
                      "{\"error\":{\"code\":500,\"message\":\"Internal error encountered.\","
                      "\"status\":\"INTERNAL\"}}");
    } else if (code == 500) {
        twin_res_text(res, code, NULL,
                      "{\"error\":{\"type\":\"SERVER_ERROR\",\"message\":\"Server error\"}}");
    } else if (code >= 500) {
        char *page = tw_fmt("<html><head><title>%d</title></head><body><h1>%d Bad Gateway</h1>"
                            "</body></html>\n",
                            code, code);
        twin_res_text(res, code, "text/html; charset=utf-8", page);
        free(page);
    } else {
        twin_res_text(res, code, NULL, "{}");
    }
}

static void answer_status(const cJSON *fault, const struct twin_class *c, struct twin_res *res)
{
    const char *kind = tj_str(fault, "kind");
    int code = (int)tj_int(fault, "code", tj_int(fault, "status", 0));
    if (strcmp(kind, "status") != 0)
        code = (int)strtol(kind, NULL, 10);
    if (code < 100 || code > 599)
        code = 500;
    const cJSON *body = tj_get(fault, "body");
    if (cJSON_IsString(body))
        twin_res_text(res, code, tj_str(fault, "type"), body->valuestring);
    else if (body)
        twin_res_json(res, code, cJSON_Duplicate(body, 1));
    else
        default_failure(res, code, c);
    const cJSON *headers = tj_get(fault, "headers");
    for (const cJSON *h = headers ? headers->child : NULL; h; h = h->next)
        if (cJSON_IsString(h))
            twin_res_header(res, h->string, h->valuestring);
}

static void answer_rubbish(const cJSON *fault, struct twin_res *res)
{
    const char *kind = tj_str(fault, "kind");
    if (strcmp(kind, "garbage") == 0)
        twin_res_text(res, 200, NULL, "{\"records\":[{\"id\":\"rec\x01\xff, }]");
    else if (strcmp(kind, "html") == 0)
        twin_res_text(res, 200, "text/html; charset=utf-8",
                      "<!DOCTYPE html><html><body><h1>Please sign in to the network</h1></body>"
                      "</html>");
    else
        twin_res_text(res, 200, NULL, "");
}

static bool applies(const cJSON *fault)
{
    return tj_bool(fault, "apply", kind_of(fault)->act == ACT_REPLACE);
}

bool fault_refuse(struct twin *t, const struct fault_hit *hit, const struct twin_req *req,
                  const struct twin_class *c, struct twin_res *res)
{
    for (size_t i = 0; i < hit->n; i++) {
        const cJSON *f = hit->fault[i];
        enum fault_act act = kind_of(f)->act;
        const char *kind = tj_str(f, "kind");
        if (act == ACT_REFUSE && !applies(f)) {
            answer_status(f, c, res);
            return true;
        }
        if (act == ACT_REPLACE && !applies(f)) {
            answer_rubbish(f, res);
            return true;
        }
        if (strcmp(kind, "rate429") == 0) {
            if (tj_bool(f, "penalty", false))
                limits_penalty(t, req);
            limits_refuse_rate(t, c, res);
            return true;
        }
        if (strcmp(kind, "billing429") == 0) {
            limits_refuse_billing(res);
            return true;
        }
        if (strcmp(kind, "expire_token") == 0)
            auth_expire(t->auth, req->authorization, true);
    }
    return false;
}

void fault_replace(struct twin *t, const struct fault_hit *hit, const struct twin_class *c,
                   struct twin_res *res)
{
    (void)t;
    for (size_t i = 0; i < hit->n; i++) {
        const cJSON *f = hit->fault[i];
        if (kind_of(f)->act == ACT_REFUSE)
            answer_status(f, c, res);
        else if (kind_of(f)->act == ACT_REPLACE)
            answer_rubbish(f, res);
    }
}

void fault_person(struct twin *t, const struct fault_hit *hit, const char *when)
{
    for (size_t i = 0; i < hit->n; i++) {
        const cJSON *f = hit->fault[i];
        if (kind_of(f)->act != ACT_PERSON)
            continue;
        const char *at = tj_str(f, "when");
        if (strcmp(at ? at : "before", when) != 0)
            continue;
        char *wrong = twin_person(t, f);
        if (wrong)
            fprintf(stderr, "twin: person edit in a fault: %s\n", wrong);
        free(wrong);
    }
}

bool fault_kill(struct twin *t, const struct fault_hit *hit, const char *when)
{
    const cJSON *f = fault_find(hit, "kill_client");
    if (!f)
        return false;
    const char *at = tj_str(f, "when");
    if (strcmp(at ? at : "before", when) != 0)
        return false;
    const char *marker = tj_str(f, "marker");
    FILE *file = marker ? fopen(marker, "w") : NULL;
    if (file) {
        fprintf(file, "%s\n", when);
        fclose(file);
    }
    pid_t pid = (pid_t)tj_int(f, "pid", t->client);
    if (pid > 1)
        kill(pid, SIGKILL);
    return true;
}
