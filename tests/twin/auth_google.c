/* auth_google.c: Google's token, revoke, tokeninfo, userinfo and device endpoints. */
#include "auth.h"

#include <stdlib.h>
#include <string.h>

#define DEVICE_S 1800

/* An id_token (OpenID Connect) for who asked for openid; nobody here checks its signature. */
static char *id_token(const struct auth_token *tok)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "iss", "https://accounts.google.com");
    cJSON_AddStringToObject(o, "sub", "110000000000000000001");
    if (auth_scope_has(tok->scope, "email"))
        cJSON_AddStringToObject(o, "email", tok->user);
    char *text = tj_text(o);
    char *claims = tw_base64((const unsigned char *)text, strlen(text), true);
    char *all = tw_fmt("eyJhbGciOiJSUzI1NiJ9.%s.c2ln", claims);
    free(claims);
    free(text);
    cJSON_Delete(o);
    return all;
}

void auth_google_token(struct auth_form *f, const struct auth_token *tok, const char *refresh)
{
    char *expires = tw_fmt("%lld", (long long)(f->a->access_ms / 1000 - 1));
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "access_token", tok->token);
    if (f->a->expires_as_string)
        cJSON_AddStringToObject(o, "expires_in", expires);
    else
        tj_add_raw(o, "expires_in", expires);
    if (refresh)
        cJSON_AddStringToObject(o, "refresh_token", refresh);
    if (tok->grant)
        cJSON_AddStringToObject(o, "scope", tok->scope);
    if (tok->grant && auth_scope_has(tok->scope, "openid") && !f->a->no_id_token) {
        char *id = id_token(tok);
        cJSON_AddStringToObject(o, "id_token", id);
        free(id);
    }
    const struct auth_client *c = auth_client_find(f->a, "google", tok->client);
    if (refresh && c && c->refresh_s)
        tj_add_int(o, "refresh_token_expires_in", c->refresh_s);
    cJSON_AddStringToObject(o, "token_type", "Bearer");
    free(expires);
    f->res->wrote = true;
    twin_res_json(f->res, 200, o);
}

static const struct auth_client *client_of(struct auth_form *f)
{
    const char *id = auth_param(f, "client_id");
    const char *secret = auth_param(f, "client_secret");
    const struct auth_client *c = auth_client_find(f->a, "google", id);
    if (c && (!c->secret || (secret && strcmp(secret, c->secret) == 0)))
        return c;
    if (c && !secret)
        auth_oauth_error(f, 400, "invalid_request", "client_secret is missing.");
    else
        auth_oauth_error(f, 401, "invalid_client",
                         c ? "Unauthorized" : "The OAuth client was not found.");
    return NULL;
}

static void by_code(struct auth_form *f)
{
    const struct auth_client *c = client_of(f);
    const char *code = auth_param(f, "code");
    const char *redirect = auth_param(f, "redirect_uri");
    struct auth_code *k = NULL;
    if (!c)
        return;
    for (size_t i = 0; code && i < f->a->n_codes; i++)
        if (strcmp(f->a->code[i].code, code) == 0)
            k = &f->a->code[i];
    if (!k) {
        auth_oauth_error(f, 400, "invalid_grant", "Malformed auth code.");
        return;
    }
    bool good = !k->used && f->req->now_ms < k->expires_ms && strcmp(k->client, c->id) == 0 &&
                redirect && strcmp(k->redirect, redirect) == 0 &&
                (!k->challenge || auth_pkce(k->challenge, auth_param(f, "code_verifier")));
    k->used = true;
    if (!good) {
        auth_oauth_error(f, 400, "invalid_grant", "Bad Request");
        return;
    }
    size_t grant = auth_new_grant(f->a, k, "1//0");
    struct auth_grant *g = &f->a->grant[grant - 1];
    /* An application that is being tested loses its grants after a week. */
    g->refresh_expires_ms = c->testing ? f->req->now_ms + 7 * 86400000LL : 0;
    const struct auth_token *tok = auth_issue(f->a, "google", k->user, k->scope, grant);
    auth_google_token(f, tok, k->offline ? g->refresh : NULL);
}

static void by_refresh(struct auth_form *f)
{
    const struct auth_client *c = client_of(f);
    const char *token = auth_param(f, "refresh_token");
    if (!c)
        return;
    for (size_t i = 0; token && i < f->a->n_grants; i++) {
        const struct auth_grant *g = &f->a->grant[i];
        bool lapsed = g->refresh_expires_ms && f->req->now_ms >= g->refresh_expires_ms;
        if (strcmp(g->service, "google") != 0 || strcmp(g->refresh, token) != 0 ||
            strcmp(g->client, c->id) != 0 || g->revoked || lapsed)
            continue;
        auth_google_token(f, auth_issue(f->a, "google", g->user, g->scope, i + 1), NULL);
        return;
    }
    auth_oauth_error(f, 400, "invalid_grant", "Token has been expired or revoked.");
}

/* ---- device flow ---- */

static bool device_scopes(const char *scope)
{
    static const char good[] =
        "openid email profile https://www.googleapis.com/auth/drive.appdata "
        "https://www.googleapis.com/auth/drive.file https://www.googleapis.com/auth/youtube "
        "https://www.googleapis.com/auth/youtube.readonly";
    bool ok = scope && *scope;
    for (const char *p = scope; ok && *p;) {
        size_t n = strcspn(p, " ");
        char *one = tw_ndup(p, n);
        ok = auth_scope_has(good, one);
        free(one);
        p += n + (p[n] == ' ');
    }
    return ok;
}

void auth_google_device(struct auth_form *f)
{
    const struct auth_client *c = auth_client_find(f->a, "google", auth_param(f, "client_id"));
    if (!c || strcmp(c->type, "device") != 0) {
        auth_oauth_error(f, 401, "invalid_client", "The OAuth client was not found.");
        return;
    }
    if (!device_scopes(auth_param(f, "scope"))) {
        auth_oauth_error(f, 400, "invalid_scope", NULL);
        return;
    }
    char *code = twin_random_text(f->a->t, 60);
    char *user_code = twin_random_text(f->a->t, 8);
    f->a->device = tw_realloc(f->a->device, (f->a->n_devices + 1) * sizeof *f->a->device);
    f->a->device[f->a->n_devices++] =
        (struct auth_device){.code = code,
                             .user_code = user_code,
                             .client = tw_dup(c->id),
                             .scope = tw_dup(auth_param(f, "scope")),
                             .expires_ms = f->req->now_ms + DEVICE_S * 1000};
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "device_code", code);
    cJSON_AddStringToObject(o, "user_code", user_code);
    cJSON_AddNumberToObject(o, "expires_in", DEVICE_S);
    cJSON_AddNumberToObject(o, "interval", 5);
    cJSON_AddStringToObject(o, "verification_url", "https://www.google.com/device");
    twin_res_json(f->res, 200, o);
}

void auth_google_poll(struct auth_form *f)
{
    const struct auth_client *c = client_of(f);
    const char *code = auth_param(f, "device_code");
    struct auth_device *d = NULL;
    if (!c)
        return;
    for (size_t i = 0; code && i < f->a->n_devices; i++)
        if (strcmp(f->a->device[i].code, code) == 0)
            d = &f->a->device[i];
    if (!d || strcmp(d->client, c->id) != 0) {
        auth_oauth_error(f, 400, "invalid_grant", "Malformed device code.");
    } else if (f->req->now_ms >= d->expires_ms) {
        auth_oauth_error(f, 400, "expired_token", NULL);
    } else if (d->denied) {
        auth_oauth_error(f, 403, "access_denied", "Forbidden");
    } else if (!d->user) {
        auth_oauth_error(f, 428, "authorization_pending", "Precondition Required");
    } else {
        struct auth_code k = {
            .service = (char *)"google", .client = d->client, .user = d->user, .scope = d->scope};
        size_t grant = auth_new_grant(f->a, &k, "1//0");
        d->expires_ms = 0;
        auth_google_token(f, auth_issue(f->a, "google", d->user, d->scope, grant),
                          f->a->grant[grant - 1].refresh);
    }
}

/* ---- the rest ---- */

/* Revoking one token revokes all of that client and user. */
static void revoke(struct auth_form *f)
{
    const char *token = auth_param(f, "token");
    const struct auth_token *k = auth_find(f->a, token);
    size_t grant = k && auth_is_live(f->a, k) ? k->grant : 0;
    for (size_t i = 0; token && i < f->a->n_grants && !grant; i++)
        if (strcmp(f->a->grant[i].refresh, token) == 0 && !f->a->grant[i].revoked)
            grant = i + 1;
    if (!grant && !(k && auth_is_live(f->a, k))) {
        auth_oauth_error(f, 400, "invalid_token", "Token expired or revoked");
        return;
    }
    if (!grant)
        auth_expire(f->a, token, true);
    for (size_t i = 0; grant && i < f->a->n_grants; i++)
        if (strcmp(f->a->grant[i].client, f->a->grant[grant - 1].client) == 0 &&
            strcmp(f->a->grant[i].user, f->a->grant[grant - 1].user) == 0)
            f->a->grant[i].revoked = true;
    f->res->wrote = true;
    twin_res_text(f->res, 200, NULL, "{}");
}

static void tokeninfo(struct auth_form *f)
{
    const struct auth_token *k = auth_find(f->a, auth_param(f, "access_token"));
    if (!k || strcmp(k->service, "google") != 0 || !auth_is_live(f->a, k)) {
        twin_res_text(f->res, 400, NULL, "{\"error_description\":\"Invalid Value\"}");
        return;
    }
    cJSON *o = cJSON_CreateObject();
    char *exp = tw_fmt("%lld", (long long)(k->expires_ms / 1000));
    char *left = tw_fmt("%lld", (long long)((k->expires_ms - f->req->now_ms) / 1000));
    const char *client = k->client ? k->client : "100000000000000000001";
    cJSON_AddStringToObject(o, "azp", client);
    cJSON_AddStringToObject(o, "aud", client);
    cJSON_AddStringToObject(o, "sub", "110000000000000000001");
    cJSON_AddStringToObject(o, "scope", k->scope);
    cJSON_AddStringToObject(o, "exp", exp);
    cJSON_AddStringToObject(o, "expires_in", left);
    if (auth_scope_has(k->scope, "email") ||
        auth_scope_has(k->scope, "https://www.googleapis.com/auth/userinfo.email")) {
        cJSON_AddStringToObject(o, "email", k->user);
        cJSON_AddStringToObject(o, "email_verified", "true");
    }
    cJSON_AddStringToObject(o, "access_type", k->grant ? "offline" : "online");
    free(left);
    free(exp);
    twin_res_json(f->res, 200, o);
}

static void userinfo(struct auth_form *f)
{
    const struct auth_token *k = auth_token_of(f->a, f->req);
    if (!k || !auth_is_live(f->a, k) || !auth_scope_has(k->scope, "email")) {
        auth_oauth_error(f, 401, "invalid_request", "Invalid Credentials");
        return;
    }
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "sub", "110000000000000000001");
    cJSON_AddStringToObject(o, "email", k->user);
    cJSON_AddTrueToObject(o, "email_verified");
    twin_res_json(f->res, 200, o);
}

static void token(struct auth_form *f)
{
    static const struct {
        const char *type;
        void (*run)(struct auth_form *f);
    } types[] = {
        {"authorization_code", by_code},
        {"refresh_token", by_refresh},
        {"urn:ietf:params:oauth:grant-type:jwt-bearer", auth_google_jwt},
        {"urn:ietf:params:oauth:grant-type:device_code", auth_google_poll},
    };
    const char *type = auth_param(f, "grant_type");
    for (size_t i = 0; type && i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i].type, type) == 0) {
            types[i].run(f);
            return;
        }
    }
    auth_oauth_error(f, 400, type ? "unsupported_grant_type" : "invalid_request",
                     type ? "Invalid grant_type" : "Required parameter is missing: grant_type");
}

void auth_google(struct auth_form *f, const char *path)
{
    bool post = strcmp(f->req->method, "POST") == 0;
    if (strncmp(path, "/o/oauth2/", 10) == 0)
        auth_consent(f, "google");
    else if (strcmp(path, "/token") == 0 && post)
        token(f);
    else if (strcmp(path, "/revoke") == 0 && post)
        revoke(f);
    else if (strcmp(path, "/tokeninfo") == 0)
        tokeninfo(f);
    else if (strcmp(path, "/v1/userinfo") == 0)
        userinfo(f);
    else if (strcmp(path, "/device/code") == 0 && post)
        auth_google_device(f);
    else
        twin_res_text(f->res, 404, "text/html; charset=UTF-8",
                      "<!DOCTYPE html><html><title>Error 404 (Not Found)!!1</title></html>");
}
