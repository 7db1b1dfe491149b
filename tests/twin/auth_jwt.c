/*
 * auth_jwt.c: a service account's signed assertion for an access token. The checks come in the
 * order in which the real server makes them.
 */
#include "auth.h"

#include <stdlib.h>
#include <string.h>

struct jwt {
    cJSON *header;
    cJSON *claims;
    size_t signed_len; /* of header.claims in the text */
    unsigned char *sig;
    size_t sig_len;
};

static cJSON *part(const char *s, size_t n)
{
    size_t len;
    unsigned char *raw = tw_unbase64(s, n, &len);
    cJSON *j = raw ? cJSON_ParseWithLength((char *)raw, len) : NULL;
    free(raw);
    return j;
}

static bool split(const char *text, struct jwt *j)
{
    const char *dot = text ? strchr(text, '.') : NULL;
    const char *second = dot ? strchr(dot + 1, '.') : NULL;
    if (!second || strchr(second + 1, '.'))
        return false;
    j->signed_len = (size_t)(second - text);
    j->header = part(text, (size_t)(dot - text));
    j->claims = part(dot + 1, (size_t)(second - dot) - 1);
    j->sig = tw_unbase64(second + 1, strlen(second + 1), &j->sig_len);
    return cJSON_IsObject(j->header) && cJSON_IsObject(j->claims) && j->sig;
}

/* A time claim; the server takes numbers and strings. */
static bool claim_time(const cJSON *claims, const char *name, int64_t *out)
{
    const cJSON *v = tj_get(claims, name);
    if (cJSON_IsNumber(v)) {
        *out = (int64_t)v->valuedouble;
        return true;
    }
    if (!cJSON_IsString(v))
        return false;
    char *end;
    *out = strtoll(v->valuestring, &end, 10);
    return *v->valuestring && !*end;
}

static bool grant_error(struct auth_form *f, const char *description)
{
    return auth_oauth_error(f, 400, "invalid_grant", description);
}

static const struct auth_account *account_of(const struct auth *a, const char *email)
{
    for (size_t i = 0; email && i < a->n_accounts; i++)
        if (strcmp(a->account[i].email, email) == 0)
            return &a->account[i];
    return NULL;
}

/* The account that signed, by the key id; the issuer is looked at later. */
static const struct auth_account *signer_of(const struct auth *a, const struct jwt *j)
{
    const char *kid = tj_str(j->header, "kid");
    const struct auth_account *by_mail = account_of(a, tj_str(j->claims, "iss"));
    for (size_t i = 0; kid && i < a->n_accounts; i++)
        if (strcmp(a->account[i].key_id, kid) == 0)
            return &a->account[i];
    return kid ? NULL : by_mail;
}

static bool check_times(struct auth_form *f, const struct jwt *j)
{
    static const char window[] =
        "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
        "timeframe. Check your iat and exp values in the JWT claim.";
    int64_t iat;
    int64_t exp;
    int64_t now = f->req->now_ms / 1000;
    int64_t skew = f->a->skew_ms / 1000;
    if (!claim_time(j->claims, "iat", &iat) || !claim_time(j->claims, "exp", &exp))
        return grant_error(f, window);
    if (iat > now + skew || exp <= now - skew || exp <= iat || exp - iat > 3600)
        return grant_error(f, window);
    return true;
}

static bool known_scopes(const char *scope)
{
    for (const char *p = scope; *p;) {
        size_t n = strcspn(p, " ");
        if (n && strncmp(p, "https://www.googleapis.com/auth/", 32) != 0 &&
            !(n == 5 && strncmp(p, "email", 5) == 0) && !(n == 6 && strncmp(p, "openid", 6) == 0) &&
            !(n == 7 && strncmp(p, "profile", 7) == 0))
            return false;
        p += n + (p[n] == ' ');
    }
    return true;
}

static bool audience_is_ours(const char *aud, int port)
{
    char *here = tw_fmt("https://localhost:%d/token", port);
    char *there = tw_fmt("https://127.0.0.1:%d/token", port);
    bool ok = aud && (strcmp(aud, "https://oauth2.googleapis.com/token") == 0 ||
                      strcmp(aud, here) == 0 || strcmp(aud, there) == 0);
    free(here);
    free(there);
    return ok;
}

static void answer(struct auth_form *f, const struct jwt *j, const struct auth_account *acc)
{
    const char *scope = tj_str(j->claims, "scope");
    const char *sub = tj_str(j->claims, "sub");
    if (!scope || !*scope) {
        auth_oauth_error(f, 400, "invalid_scope",
                         "Invalid OAuth scope or ID token audience provided.");
        return;
    }
    if (!audience_is_ours(tj_str(j->claims, "aud"), f->a->t->port)) {
        grant_error(f, "Invalid JWT: Failed audience check.");
        return;
    }
    if (!known_scopes(scope)) { /* answered as if an id token had been asked for */
        twin_res_text(f->res, 200, NULL, "{\"id_token\":\"eyJhbGciOiJSUzI1NiJ9.e30.c2ln\"}");
        return;
    }
    if (sub && strcmp(sub, acc->email) != 0) {
        auth_oauth_error(f, 401, "unauthorized_client",
                         "Client is unauthorized to retrieve access tokens using this method, or "
                         "client not authorized for any of the scopes requested.");
        return;
    }
    auth_google_token(f, auth_issue(f->a, "google", acc->email, scope, 0), NULL);
}

void auth_google_jwt(struct auth_form *f)
{
    const char *text = auth_param(f, "assertion");
    struct jwt j = {0};
    bool shape = split(text, &j);
    const struct auth_account *acc = shape ? signer_of(f->a, &j) : NULL;
    const char *iss = tj_str(j.claims, "iss");
    const char *alg = tj_str(j.header, "alg");
    if (!shape || !alg || strcmp(alg, "RS256") != 0)
        auth_oauth_error(f, 400, "invalid_request", "Bad Request");
    else if (!acc || !cert_rsa_verify(acc->key_pem, text, j.signed_len, j.sig, j.sig_len))
        grant_error(f, "Invalid JWT Signature.");
    else if (!iss || strcmp(iss, acc->email) != 0 || acc->disabled)
        grant_error(f, "Invalid grant: account not found");
    else if (check_times(f, &j))
        answer(f, &j, acc);
    cJSON_Delete(j.header);
    cJSON_Delete(j.claims);
    free(j.sig);
}
