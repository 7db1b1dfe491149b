/* auth_airtable.c: Airtable's /oauth2/v1/authorize and /oauth2/v1/token. */
#include "auth.h"

#include <stdlib.h>
#include <string.h>

#define REFRESH_DAYS 60
#define DAY_MS 86400000LL

/* Client authentication: Basic when the client has a secret, client_id in the form when not. */
static const struct auth_client *client_of(struct auth_form *f)
{
    const char *h = f->req->authorization;
    const char *in_form = tw_form_get(f->form, f->n_form, "client_id");
    const struct auth_client *c = NULL;
    if (h && strncasecmp(h, "Basic ", 6) == 0) {
        size_t n;
        unsigned char *raw = tw_unbase64(h + 6, strlen(h + 6), &n);
        char *colon = raw ? strchr((char *)raw, ':') : NULL;
        if (colon) {
            *colon = '\0';
            c = auth_client_find(f->a, "airtable", (char *)raw);
            if (c && (!c->secret || strcmp(c->secret, colon + 1) != 0))
                c = NULL;
            if (c && in_form && strcmp(in_form, c->id) != 0)
                c = NULL;
        }
        free(raw);
    } else if (!h) {
        c = auth_client_find(f->a, "airtable", in_form);
        if (c && c->secret)
            c = NULL;
    }
    if (!c)
        auth_oauth_error(f, 401, "invalid_client", "Invalid client credentials");
    return c;
}

static void send_pair(struct auth_form *f, size_t grant)
{
    struct auth_grant *g = &f->a->grant[grant - 1];
    const struct auth_token *k = auth_issue(f->a, "airtable", g->user, g->scope, grant);
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "access_token", k->token);
    cJSON_AddStringToObject(o, "refresh_token", g->refresh);
    cJSON_AddStringToObject(o, "token_type", "Bearer");
    cJSON_AddStringToObject(o, "scope", g->scope);
    tj_add_int(o, "expires_in", f->a->access_ms / 1000);
    tj_add_int(o, "refresh_expires_in", REFRESH_DAYS * DAY_MS / 1000);
    f->res->wrote = true;
    twin_res_json(f->res, 200, o);
}

static void by_code(struct auth_form *f, const struct auth_client *c)
{
    const char *code = auth_param(f, "code");
    const char *redirect = auth_param(f, "redirect_uri");
    const char *verifier = auth_param(f, "code_verifier");
    struct auth_code *k = NULL;
    for (size_t i = 0; code && i < f->a->n_codes; i++)
        if (strcmp(f->a->code[i].code, code) == 0)
            k = &f->a->code[i];
    if (!code || !redirect || !verifier) {
        auth_oauth_error(f, 400, "invalid_request", "Missing required parameter");
        return;
    }
    bool good = k && !k->used && f->req->now_ms < k->expires_ms &&
                strcmp(k->service, "airtable") == 0 && strcmp(k->client, c->id) == 0 &&
                strcmp(k->redirect, redirect) == 0 && auth_pkce(k->challenge, verifier);
    /* One try, whether it was a good one or not. */
    if (k)
        k->used = true;
    if (!good) {
        auth_oauth_error(f, 400, "invalid_grant", "The authorization code is invalid");
        return;
    }
    size_t grant = auth_new_grant(f->a, k, "oar");
    f->a->grant[grant - 1].refresh_expires_ms = f->req->now_ms + REFRESH_DAYS * DAY_MS;
    send_pair(f, grant);
}

/* The grant a used-up refresh token once belonged to, 0 when never given. */
static struct auth_old *old_refresh(struct auth *a, const char *token)
{
    for (size_t i = a->n_old; i-- > 0;)
        if (strcmp(a->old[i].refresh, token) == 0)
            return &a->old[i];
    return NULL;
}

static void rotate(struct auth_form *f, size_t grant)
{
    struct auth *a = f->a;
    struct auth_grant *g = &a->grant[grant - 1];
    char *random = twin_random_text(a->t, 90);
    a->old = tw_realloc(a->old, (a->n_old + 1) * sizeof *a->old);
    a->old[a->n_old++] = (struct auth_old){g->refresh, grant, f->req->now_ms};
    g->refresh = tw_fmt("oar%s", random);
    g->refresh_expires_ms = f->req->now_ms + REFRESH_DAYS * DAY_MS;
    g->refreshed_ms = f->req->now_ms;
    /* The old pair ends at once: no time in which both are good. */
    for (size_t i = 0; i < a->n_tokens; i++)
        if (a->token[i].grant == grant)
            a->token[i].dead = true;
    free(random);
    send_pair(f, grant);
}

static void by_refresh(struct auth_form *f, const struct auth_client *c)
{
    const char *token = auth_param(f, "refresh_token");
    if (!token) {
        auth_oauth_error(f, 400, "invalid_request", "Missing required parameter");
        return;
    }
    for (size_t i = 0; i < f->a->n_grants; i++) {
        struct auth_grant *g = &f->a->grant[i];
        if (strcmp(g->service, "airtable") != 0 || strcmp(g->refresh, token) != 0 ||
            strcmp(g->client, c->id) != 0 || g->revoked || f->req->now_ms >= g->refresh_expires_ms)
            continue;
        rotate(f, i + 1);
        return;
    }
    const struct auth_old *old = old_refresh(f->a, token);
    if (old && f->req->now_ms - old->at_ms <= f->a->double_ms) {
        auth_oauth_error(f, 409, "invalid_request", "The token was refreshed a moment ago");
        return;
    }
    /* A used token that turns up again may have been stolen: the grant ends. */
    if (old)
        auth_revoke_grant(f->a, old->grant);
    auth_oauth_error(f, 400, "invalid_grant", "The refresh token is invalid");
}

static void token(struct auth_form *f)
{
    const char *type = auth_param(f, "grant_type");
    if (strcmp(f->req->method, "POST") != 0 || !f->form || !type) {
        auth_oauth_error(f, 400, "invalid_request", "Missing required parameter");
        return;
    }
    const struct auth_client *c = client_of(f);
    if (!c)
        return;
    if (strcmp(type, "authorization_code") == 0)
        by_code(f, c);
    else if (strcmp(type, "refresh_token") == 0)
        by_refresh(f, c);
    else
        auth_oauth_error(f, 400, "unsupported_grant_type", "The grant type is not supported");
}

void auth_airtable(struct auth_form *f, const char *path)
{
    if (strcmp(path, "/oauth2/v1/authorize") == 0)
        auth_consent(f, "airtable");
    else if (strcmp(path, "/oauth2/v1/token") == 0)
        token(f);
    else
        twin_res_text(f->res, 404, NULL, "{\"error\":\"NOT_FOUND\"}");
}
