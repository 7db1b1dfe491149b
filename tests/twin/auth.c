/* auth.c: tokens and accounts of a scenario; who a request comes from. */
#include "auth.h"

#include <stdlib.h>
#include <string.h>

#define HOUR_MS 3600000LL

struct auth *auth_new(struct twin *t)
{
    struct auth *a = tw_alloc(sizeof *a);
    a->t = t;
    a->access_ms = HOUR_MS;
    a->double_ms = 3000;
    a->skew_ms = 60000;
    return a;
}

static void free_grants(struct auth *a)
{
    for (size_t i = 0; i < a->n_grants; i++) {
        struct auth_grant *g = &a->grant[i];
        free(g->service);
        free(g->client);
        free(g->user);
        free(g->scope);
        free(g->refresh);
    }
    for (size_t i = 0; i < a->n_codes; i++) {
        struct auth_code *c = &a->code[i];
        free(c->code);
        free(c->service);
        free(c->client);
        free(c->user);
        free(c->scope);
        free(c->redirect);
        free(c->challenge);
    }
    for (size_t i = 0; i < a->n_devices; i++) {
        struct auth_device *d = &a->device[i];
        free(d->code);
        free(d->user_code);
        free(d->client);
        free(d->scope);
        free(d->user);
    }
    for (size_t i = 0; i < a->n_old; i++)
        free(a->old[i].refresh);
    free(a->grant);
    free(a->code);
    free(a->device);
    free(a->old);
}

void auth_free(struct auth *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->n_tokens; i++) {
        struct auth_token *k = &a->token[i];
        free(k->token);
        free(k->service);
        free(k->user);
        free(k->scope);
        free(k->client);
        cJSON_Delete(k->bases);
    }
    for (size_t i = 0; i < a->n_clients; i++) {
        struct auth_client *c = &a->client[i];
        free(c->service);
        free(c->id);
        free(c->secret);
        free(c->type);
        free(c->scope);
        cJSON_Delete(c->redirects);
    }
    for (size_t i = 0; i < a->n_accounts; i++) {
        free(a->account[i].name);
        free(a->account[i].email);
        free(a->account[i].key_pem);
        free(a->account[i].key_id);
    }
    free_grants(a);
    free(a->token);
    free(a->client);
    free(a->account);
    free(a->consent_user);
    free(a->google_user);
    free(a);
}

/* ---- loading ---- */

/* ["a","b"] or "a b" to "a b". */
static char *scopes_of(const cJSON *v, const char *def)
{
    struct tbuf b = {0};
    if (cJSON_IsString(v))
        return tw_dup(v->valuestring);
    if (!cJSON_IsArray(v))
        return tw_dup(def);
    for (const cJSON *e = v->child; e; e = e->next)
        tb_fmt(&b, "%s%s", b.n ? " " : "", e->valuestring);
    return tb_take(&b);
}

static char *load_token(struct auth *a, const cJSON *j)
{
    const char *token = tj_str(j, "token");
    const char *service = tj_str(j, "service");
    const char *user = tj_str(j, "user");
    if (!token || !service || !user)
        return tw_dup("tokens: an entry needs token, service and user");
    a->token = tw_realloc(a->token, (a->n_tokens + 1) * sizeof *a->token);
    struct auth_token *k = &a->token[a->n_tokens++];
    *k = (struct auth_token){.token = tw_dup(token),
                             .service = tw_dup(service),
                             .user = tw_dup(user),
                             .scope = scopes_of(tj_get(j, "scopes"), "*"),
                             .bases = tj_get(j, "bases") ? cJSON_Duplicate(tj_get(j, "bases"), 1)
                                                         : NULL};
    int64_t life = tj_int(j, "expires_in", 0);
    k->expires_ms = life ? twin_now_ms(a->t) + life * 1000 : 0;
    return NULL;
}

static char *load_client(struct auth *a, const cJSON *j)
{
    const char *id = tj_str(j, "client_id");
    const char *service = tj_str(j, "service");
    const char *type = tj_str(j, "type");
    if (!id || !service)
        return tw_dup("oauth_clients: an entry needs client_id and service");
    a->client = tw_realloc(a->client, (a->n_clients + 1) * sizeof *a->client);
    a->client[a->n_clients++] = (struct auth_client){
        .service = tw_dup(service),
        .id = tw_dup(id),
        .secret = tw_dup(tj_str(j, "client_secret")),
        .type = tw_dup(type                             ? type
                       : strcmp(service, "google") == 0 ? "desktop"
                                                        : "web"),
        .redirects =
            tj_get(j, "redirect_uris") ? cJSON_Duplicate(tj_get(j, "redirect_uris"), 1) : NULL,
        .scope = scopes_of(tj_get(j, "scopes"), "*"),
        .testing = tj_bool(j, "testing", false),
        .refresh_s = tj_int(j, "refresh_expires_in", 0)};
    return NULL;
}

static char *write_account(const struct auth *a, const struct auth_account *acc)
{
    cJSON *o = cJSON_CreateObject();
    char *token_uri = tw_fmt("https://localhost:%d/token", a->t->port);
    cJSON_AddStringToObject(o, "type", "service_account");
    cJSON_AddStringToObject(o, "project_id", "basesync-twin");
    cJSON_AddStringToObject(o, "private_key_id", acc->key_id);
    cJSON_AddStringToObject(o, "private_key", acc->key_pem);
    cJSON_AddStringToObject(o, "client_email", acc->email);
    cJSON_AddStringToObject(o, "client_id", "100000000000000000001");
    cJSON_AddStringToObject(o, "auth_uri", "https://accounts.google.com/o/oauth2/auth");
    cJSON_AddStringToObject(o, "token_uri", token_uri);
    cJSON_AddStringToObject(o, "auth_provider_x509_cert_url",
                            "https://www.googleapis.com/oauth2/v1/certs");
    cJSON_AddStringToObject(o, "universe_domain", "googleapis.com");
    char *path = tw_fmt("%s/%s.json", a->t->state_dir, acc->name);
    char *text = twin_json_print(o, 2);
    char *wrong = core_write_file(path, text) ? NULL : tw_fmt("cannot write %s", path);
    free(text);
    free(path);
    free(token_uri);
    cJSON_Delete(o);
    return wrong;
}

static char *load_account(struct auth *a, const cJSON *j)
{
    const char *name = tj_str(j, "name");
    const char *email = tj_str(j, "email");
    if (!name || !email || strchr(name, '/'))
        return tw_dup("service_accounts: an entry needs name and email");
    a->account = tw_realloc(a->account, (a->n_accounts + 1) * sizeof *a->account);
    struct auth_account *acc = &a->account[a->n_accounts++];
    *acc = (struct auth_account){.name = tw_dup(name),
                                 .email = tw_dup(email),
                                 .key_id = tw_fmt("key-of-%s", name),
                                 .disabled = tj_bool(j, "disabled", false)};
    acc->key_pem = cert_rsa_key(a->t->key_cache, name);
    return acc->key_pem ? write_account(a, acc) : tw_dup("cannot make an RSA key");
}

static char *each(struct auth *a, const cJSON *list, char *(*load)(struct auth *, const cJSON *))
{
    for (const cJSON *j = list ? list->child : NULL; j; j = j->next) {
        char *wrong = load(a, j);
        if (wrong)
            return wrong;
    }
    return NULL;
}

static void load_settings(struct auth *a, const cJSON *s)
{
    a->access_ms = tj_int(s, "access_seconds", a->access_ms / 1000) * 1000;
    a->double_ms = tj_int(s, "double_refresh_ms", a->double_ms);
    a->skew_ms = tj_int(s, "skew_ms", a->skew_ms);
    a->expires_as_string = tj_bool(s, "expires_in_as_string", a->expires_as_string);
    a->no_id_token = tj_bool(s, "no_id_token", a->no_id_token);
    if (tj_str(s, "airtable_user"))
        tw_set(&a->consent_user, tj_str(s, "airtable_user"));
    if (tj_str(s, "google_user"))
        tw_set(&a->google_user, tj_str(s, "google_user"));
}

char *auth_load(struct auth *a, const cJSON *part)
{
    load_settings(a, tj_get(part, "oauth"));
    char *wrong = each(a, tj_get(part, "tokens"), load_token);
    if (!wrong)
        wrong = each(a, tj_get(part, "oauth_clients"), load_client);
    if (!wrong)
        wrong = each(a, tj_get(part, "service_accounts"), load_account);
    return wrong;
}

cJSON *auth_dump(struct auth *a)
{
    cJSON *o = cJSON_CreateObject();
    cJSON *tokens = cJSON_AddArrayToObject(o, "tokens");
    for (size_t i = 0; i < a->n_tokens; i++) {
        const struct auth_token *k = &a->token[i];
        cJSON *j = cJSON_CreateObject();
        cJSON_AddStringToObject(j, "token", k->token);
        cJSON_AddStringToObject(j, "service", k->service);
        cJSON_AddStringToObject(j, "user", k->user);
        cJSON_AddStringToObject(j, "scope", k->scope);
        cJSON_AddBoolToObject(j, "live", auth_is_live(a, k));
        tj_add_int(j, "expires_ms", k->expires_ms);
        cJSON_AddItemToArray(tokens, j);
    }
    cJSON *grants = cJSON_AddArrayToObject(o, "grants");
    for (size_t i = 0; i < a->n_grants; i++) {
        const struct auth_grant *g = &a->grant[i];
        cJSON *j = cJSON_CreateObject();
        cJSON_AddStringToObject(j, "service", g->service);
        cJSON_AddStringToObject(j, "client", g->client);
        cJSON_AddStringToObject(j, "user", g->user);
        cJSON_AddStringToObject(j, "refresh", g->refresh ? g->refresh : "");
        cJSON_AddBoolToObject(j, "revoked", g->revoked);
        cJSON_AddItemToArray(grants, j);
    }
    return o;
}

/* ---- looking up ---- */

bool auth_scope_has(const char *scopes, const char *one)
{
    size_t n = strlen(one);
    if (strcmp(scopes, "*") == 0)
        return true;
    for (const char *p = strstr(scopes, one); p; p = strstr(p + 1, one))
        if ((p == scopes || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
            return true;
    return false;
}

static const char *bearer(const char *authorization)
{
    if (!authorization)
        return NULL;
    return strncasecmp(authorization, "Bearer ", 7) == 0 ? authorization + 7 : NULL;
}

struct auth_token *auth_find(struct auth *a, const char *token)
{
    for (size_t i = a->n_tokens; token && i-- > 0;)
        if (strcmp(a->token[i].token, token) == 0)
            return &a->token[i];
    return NULL;
}

const struct auth_token *auth_token_of(struct auth *a, const struct twin_req *req)
{
    return auth_find(a, bearer(req->authorization));
}

bool auth_is_live(const struct auth *a, const struct auth_token *k)
{
    if (k->dead || (k->expires_ms && twin_now_ms(a->t) >= k->expires_ms))
        return false;
    return !k->grant || !a->grant[k->grant - 1].revoked;
}

int auth_check(struct auth *a, const char *service, const struct twin_req *req, const char **user,
               const char **scope)
{
    const struct auth_token *k = auth_token_of(a, req);
    if (!k || strcmp(k->service, service) != 0 || !auth_is_live(a, k))
        return 401;
    *user = k->user;
    *scope = k->scope;
    return 0;
}

const char *auth_account(struct auth *a, const struct twin_req *req)
{
    const struct auth_token *k = auth_token_of(a, req);
    return k ? k->user : "";
}

void auth_expire(struct auth *a, const char *token, bool dead)
{
    const char *plain = bearer(token);
    struct auth_token *k = auth_find(a, plain ? plain : token);
    if (k)
        k->dead = dead;
}

const struct auth_client *auth_client_find(const struct auth *a, const char *service,
                                           const char *id)
{
    for (size_t i = 0; id && i < a->n_clients; i++)
        if (strcmp(a->client[i].service, service) == 0 && strcmp(a->client[i].id, id) == 0)
            return &a->client[i];
    return NULL;
}

/* ---- giving out ---- */

struct auth_token *auth_issue(struct auth *a, const char *service, const char *user,
                              const char *scope, size_t grant)
{
    bool google = strcmp(service, "google") == 0;
    char *random = twin_random_text(a->t, google ? 180 : 120);
    a->token = tw_realloc(a->token, (a->n_tokens + 1) * sizeof *a->token);
    struct auth_token *k = &a->token[a->n_tokens++];
    *k = (struct auth_token){.token = tw_fmt("%s%s", google ? "ya29.c." : "oaa", random),
                             .service = tw_dup(service),
                             .user = tw_dup(user),
                             .scope = tw_dup(scope),
                             .client = grant ? tw_dup(a->grant[grant - 1].client) : NULL,
                             .expires_ms = twin_now_ms(a->t) + a->access_ms,
                             .grant = grant};
    free(random);
    return k;
}

size_t auth_new_grant(struct auth *a, const struct auth_code *code, const char *prefix)
{
    char *random = twin_random_text(a->t, 90);
    a->grant = tw_realloc(a->grant, (a->n_grants + 1) * sizeof *a->grant);
    struct auth_grant *g = &a->grant[a->n_grants++];
    *g = (struct auth_grant){.service = tw_dup(code->service),
                             .client = tw_dup(code->client),
                             .user = tw_dup(code->user),
                             .scope = tw_dup(code->scope),
                             .refresh = tw_fmt("%s%s", prefix, random)};
    free(random);
    return a->n_grants;
}

struct auth_code *auth_new_code(struct auth *a, const char *prefix)
{
    char *random = twin_random_text(a->t, 40);
    a->code = tw_realloc(a->code, (a->n_codes + 1) * sizeof *a->code);
    struct auth_code *c = &a->code[a->n_codes++];
    *c = (struct auth_code){.code = tw_fmt("%s%s", prefix, random),
                            .expires_ms = twin_now_ms(a->t) + 600000};
    free(random);
    return c;
}

void auth_revoke_grant(struct auth *a, size_t grant)
{
    if (grant)
        a->grant[grant - 1].revoked = true;
}

bool auth_pkce(const char *challenge, const char *verifier)
{
    unsigned char digest[32];
    size_t n = verifier ? strlen(verifier) : 0;
    if (n < 43 || n > 128)
        return false;
    if (strspn(verifier, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_~") != n)
        return false;
    cert_sha256(verifier, n, digest);
    char *want = tw_base64(digest, sizeof digest, true);
    bool ok = strcmp(want, challenge) == 0;
    free(want);
    return ok;
}

/* ---- requests ---- */

const char *auth_param(const struct auth_form *f, const char *name)
{
    const char *v = tw_form_get(f->form, f->n_form, name);
    return v ? v : twin_query(f->req, name);
}

bool auth_oauth_error(struct auth_form *f, int status, const char *error, const char *description)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "error", error);
    if (description)
        cJSON_AddStringToObject(o, "error_description", description);
    twin_res_json(f->res, status, o);
    return false;
}

bool auth_handles(const char *path)
{
    static const char *const paths[] = {"/oauth2/v1/", "/token",       "/revoke",
                                        "/o/oauth2/",  "/device/code", "/v1/userinfo"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (strncmp(path, paths[i], strlen(paths[i])) == 0)
            return true;
    return false;
}

void auth_handle(struct auth *a, const struct twin_req *req, struct twin_res *res)
{
    struct auth_form f = {.a = a, .req = req, .res = res};
    const char *type = req->content_type;
    if (type && strncmp(type, "application/x-www-form-urlencoded", 33) == 0)
        f.form = tw_form_parse(req->body, &f.n_form);
    res->kind = strncmp(req->raw_path, "/oauth2/v1/", 11) == 0 ? "token.airtable" : "token.google";
    if (strcmp(res->kind, "token.airtable") == 0)
        auth_airtable(&f, req->raw_path);
    else
        auth_google(&f, req->raw_path);
    tw_form_free(f.form, f.n_form);
}
