#include "remote/airtable_p.h"

#include "base/str.h"

#include <stdlib.h>
#include <string.h>

struct airtable *airtable_new(struct caller *caller, const char *base_id)
{
    struct airtable *at = bs_alloc(sizeof *at);

    at->caller = caller;
    at->base_id = bs_strdup(base_id);
    return at;
}

void airtable_free(struct airtable *at)
{
    if (at == NULL) {
        return;
    }
    free(at->base_id);
    free(at);
}

void airtable_table_url(const struct airtable *at, const char *table_id, struct buf *url)
{
    buf_addf(url, "%s/v0/", caller_endpoints(at->caller)->airtable_api);
    url_encode(url, at->base_id);
    buf_addc(url, '/');
    url_encode(url, table_id);
}

void airtable_explain(const struct airtable *at, enum airtable_need need, struct bs_err *e)
{
    static const struct {
        const char *what, *scope, *role;
    } needs[] = {
        [NEED_SCHEMA] = {"read", "schema.bases:read", ""},
        [NEED_READ] = {"read", "data.records:read", ""},
        [NEED_WRITE] = {"written to", "data.records:write", ", and its user the role of an editor"},
        [NEED_FEED] = {"watched", "webhook:manage", ", and its user the role of a creator"},
    };
    /* This message of Airtable's says more than ours could: which table, which field. */
    const char *words = str_eq(e->code, "INVALID_PERMISSIONS") ? e->msg : e->code;

    if (e->kind != BS_K_PERMISSION || (e->http != 403 && e->http != 404)) {
        return;
    }
    bs_seen(bs_fail(e, e->rc, e->kind,
                    "base %s is not there or cannot be %s with this credential (Airtable: %d %s): "
                    "correct `base`, or give the token this base and the scope %s on "
                    "airtable.com/create/tokens%s",
                    at->base_id, needs[need].what, e->http, words, needs[need].scope,
                    needs[need].role));
}

static enum airtable_need need_of(const char *url)
{
    if (strstr(url, "/v0/meta/") != NULL) {
        return NEED_SCHEMA;
    }
    return strstr(url, "/v0/bases/") != NULL ? NEED_FEED : NEED_READ;
}

enum bs_rc airtable_call(struct airtable *at, struct call *call, struct json **doc,
                         struct bs_err *e)
{
    struct call_result res;
    enum bs_rc rc;

    *doc = NULL;
    call->service = ON_AIRTABLE;
    call->base_id = at->base_id;
    rc = call_perform(at->caller, call, &res, e);
    if (rc == BS_OK) {
        *doc = call_take_doc(&res);
        if (!json_is_object(*doc)) {
            rc = bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE,
                         "Airtable answered with something that is "
                         "no JSON object");
        }
    } else {
        airtable_explain(at, need_of(call->url), e);
    }
    call_result_release(&res);
    return rc;
}

/* ---- account ---- */

static enum bs_rc account_call(struct caller *caller, const char *path, struct json **doc,
                               struct bs_err *e)
{
    struct call call = {.method = HTTP_GET, .cls = CLASS_READ, .service = ON_AIRTABLE};
    struct call_result res;
    struct buf url;
    enum bs_rc rc;

    *doc = NULL;
    buf_init(&url, 4096);
    buf_addf(&url, "%s/v0/meta/%s", caller_endpoints(caller)->airtable_api, path);
    call.url = url.data;
    rc = call_perform(caller, &call, &res, e);
    *doc = call_take_doc(&res);
    call_result_release(&res);
    buf_release(&url);
    return rc;
}

enum bs_rc airtable_whoami(struct caller *caller, struct airtable_whoami *out, struct bs_err *e)
{
    struct json *doc = NULL;

    memset(out, 0, sizeof *out);
    if (account_call(caller, "whoami", &doc, e) != BS_OK) {
        return e->rc;
    }
    const char *id = json_string(json_get(doc, "id"), NULL);
    size_t used = 0;

    if (id == NULL) {
        json_free(doc);
        return bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE, "Airtable did not say whose token this is");
    }
    (void)str_copy(out->user_id, sizeof out->user_id, id);
    (void)str_copy(out->email, sizeof out->email, json_string(json_get(doc, "email"), ""));
    for (const struct json *s = json_child(json_get(doc, "scopes")); s != NULL; s = json_next(s)) {
        const char *name = json_string(s, "");

        if (used + strlen(name) + 2 < sizeof out->scopes) {
            if (used > 0) {
                out->scopes[used++] = ' ';
            }
            (void)str_copy(out->scopes + used, sizeof out->scopes - used, name);
            used += strlen(name);
        }
    }
    json_free(doc);
    return BS_OK;
}

#define BASES_MAX 20000

struct base_list {
    struct airtable_base_info *list;
    size_t n, cap;
};

static void take_bases(struct arena *a, const struct json *doc, struct base_list *out)
{
    for (const struct json *b = json_child(json_get(doc, "bases")); b != NULL && out->n < BASES_MAX;
         b = json_next(b)) {
        out->list = bs_grow(out->list, out->n, &out->cap, sizeof *out->list);
        out->list[out->n++] = (struct airtable_base_info){
            .id = arena_strdup(a, json_string(json_get(b, "id"), "")),
            .name = arena_strdup(a, json_string(json_get(b, "name"), "")),
            .permission = arena_strdup(a, json_string(json_get(b, "permissionLevel"), "")),
        };
    }
}

enum bs_rc airtable_bases(struct caller *caller, struct arena *a,
                          const struct airtable_base_info **out, size_t *n, struct bs_err *e)
{
    struct base_list bases = {0};
    struct buf path;
    bool more = true;

    buf_init(&path, 4096);
    buf_adds(&path, "bases");
    while (more && e->rc == BS_OK) {
        struct json *doc = NULL;

        if (account_call(caller, path.data, &doc, e) == BS_OK) {
            const char *offset = json_string(json_get(doc, "offset"), NULL);

            take_bases(a, doc, &bases);
            more = offset != NULL && bases.n < BASES_MAX;
            buf_clear(&path);
            buf_adds(&path, "bases?offset=");
            url_encode(&path, offset == NULL ? "" : offset);
        }
        json_free(doc);
    }
    struct airtable_base_info *list = arena_alloc_n(a, bases.n + 1, sizeof *list);

    if (bases.n > 0) {
        memcpy(list, bases.list, bases.n * sizeof *list);
    }
    *out = list;
    *n = bases.n;
    free(bases.list);
    buf_release(&path);
    return e->rc;
}
