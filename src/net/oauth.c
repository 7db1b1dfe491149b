#include "net/oauth.h"

#include "base/clock.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "net/json.h"

#include <stdlib.h>
#include <string.h>

#define ASSERTION_LIFE_S 3600
#define DEFAULT_LIFE_S 3600

/* ---- service accounts ---- */

void service_account_release(struct service_account *a)
{
    free(a->email);
    free(a->key_id);
    bs_wipe_free(a->private_key);
    free(a->token_uri);
    free(a->project);
    memset(a, 0, sizeof *a);
}

static char *copy_member(const struct json *doc, const char *name)
{
    const char *s = json_string(json_get(doc, name), NULL);

    return s == NULL || s[0] == '\0' ? NULL : bs_strdup(s);
}

static enum bs_rc bad_key(struct bs_err *e, const char *what)
{
    return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                   "the service account file %s: download a JSON key of the service account from "
                   "the Google Cloud console",
                   what);
}

enum bs_rc service_account_parse(const char *json, size_t len, struct service_account *out,
                                 struct bs_err *e)
{
    struct json *doc = NULL;
    struct bs_err ignored = BS_ERR_INIT;

    memset(out, 0, sizeof *out);
    if (json_parse(json, len, &doc, &ignored) != BS_OK || !json_is_object(doc)) {
        json_free(doc);
        return bad_key(e, "is not JSON");
    }
    if (json_get(doc, "installed") != NULL || json_get(doc, "web") != NULL) {
        json_free(doc);
        return bad_key(e, "is an OAuth client, not a service account");
    }
    if (!str_eq(json_string(json_get(doc, "type"), ""), "service_account")) {
        json_free(doc);
        return bad_key(e, "does not say \"type\": \"service_account\"");
    }
    out->email = copy_member(doc, "client_email");
    out->key_id = copy_member(doc, "private_key_id");
    out->private_key = copy_member(doc, "private_key");
    out->token_uri = copy_member(doc, "token_uri");
    out->project = copy_member(doc, "project_id");
    json_free(doc);
    if (out->email == NULL || strchr(out->email, '@') == NULL) {
        return bad_key(e, "has no client_email");
    }
    if (out->private_key == NULL || strstr(out->private_key, "PRIVATE KEY") == NULL) {
        return bad_key(e, "has no private_key");
    }
    return BS_OK;
}

static void jwt_part(struct buf *out, const struct buf *json)
{
    base64url_encode(out, json->data, json->len);
}

static void jwt_header(const struct service_account *a, struct buf *out)
{
    struct buf b;
    struct jsonw w;

    buf_init(&b, BUF_NO_LIMIT);
    jsonw_init(&w, &b);
    jsonw_object(&w);
    jsonw_member(&w, "alg", "RS256");
    jsonw_member(&w, "typ", "JWT");
    if (a->key_id != NULL) {
        jsonw_member(&w, "kid", a->key_id);
    }
    jsonw_end_object(&w);
    jwt_part(out, &b);
    buf_release(&b);
}

static void jwt_claims(const struct service_account *a, const char *scope, const char *aud,
                       int64_t now_s, struct buf *out)
{
    struct buf b;
    struct jsonw w;

    buf_init(&b, BUF_NO_LIMIT);
    jsonw_init(&w, &b);
    jsonw_object(&w);
    jsonw_member(&w, "iss", a->email);
    jsonw_member(&w, "scope", scope);
    jsonw_member(&w, "aud", aud);
    jsonw_member_int(&w, "iat", now_s);
    jsonw_member_int(&w, "exp", now_s + ASSERTION_LIFE_S);
    jsonw_end_object(&w);
    jwt_part(out, &b);
    buf_release(&b);
}

enum bs_rc oauth_service_account_form(const struct service_account *a, const char *scope,
                                      const char *aud, int64_t now_ms, struct buf *form,
                                      struct bs_err *e)
{
    struct buf jwt, sig;
    enum bs_rc rc;

    buf_init(&jwt, BUF_NO_LIMIT);
    buf_init(&sig, 4096);
    jwt_header(a, &jwt);
    buf_addc(&jwt, '.');
    jwt_claims(a, scope, aud, now_ms / 1000, &jwt);
    rc = crypto_rs256_sign(a->private_key, jwt.data, jwt.len, &sig, e);
    if (rc == BS_OK) {
        buf_addc(&jwt, '.');
        base64url_encode(&jwt, sig.data, sig.len);
        buf_adds(form, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&"
                       "assertion=");
        url_encode(form, jwt.data);
    }
    buf_wipe(&jwt);
    buf_wipe(&sig);
    return rc;
}

/* ---- answers ---- */

void oauth_tokens_release(struct oauth_tokens *t)
{
    bs_wipe_free(t->access_token);
    bs_wipe_free(t->refresh_token);
    free(t->scope);
    memset(t, 0, sizeof *t);
}

static enum bs_rc no_answer(const struct http_response *r, struct bs_err *e)
{
    (void)bs_fail(e, BS_RETRY, BS_K_NETWORK, "the token server gave no usable answer: %s",
                  r->detail[0] != '\0' ? r->detail : "see the HTTP status");
    e->http = r->status;
    return BS_RETRY;
}

static enum bs_rc refused(const struct http_response *r, const struct json *doc, struct bs_err *e)
{
    const char *code = json_string(json_get(doc, "error"), "");
    const char *why = json_string(json_get(doc, "error_description"), "");

    (void)bs_fail(e, BS_STOP_SYNC, BS_K_OAUTH, "the token server refused the credential: %s%s%s",
                  code[0] != '\0' ? code : "no reason given", why[0] != '\0' ? ", " : "", why);
    (void)str_copy(e->code, sizeof e->code, code);
    e->http = r->status;
    return BS_STOP_SYNC;
}

static void take_tokens(const struct json *doc, int64_t now_ms, struct oauth_tokens *out)
{
    int64_t life = json_int(json_get(doc, "expires_in"), DEFAULT_LIFE_S);
    int64_t refresh_life = json_int(json_get(doc, "refresh_expires_in"),
                                    json_int(json_get(doc, "refresh_token_expires_in"), 0));

    out->access_token = copy_member(doc, "access_token");
    out->refresh_token = copy_member(doc, "refresh_token");
    out->scope = copy_member(doc, "scope");
    out->expires_ms = now_ms + (life > 0 ? life : DEFAULT_LIFE_S) * 1000;
    out->refresh_expires_ms = refresh_life > 0 ? now_ms + refresh_life * 1000 : 0;
}

enum bs_rc oauth_read_answer(const struct http_response *r, int64_t now_ms,
                             struct oauth_tokens *out, struct bs_err *e)
{
    struct json *doc = NULL;
    struct bs_err ignored = BS_ERR_INIT;
    enum bs_rc rc = BS_OK;

    memset(out, 0, sizeof *out);
    if (r->outcome != HTTP_ANSWERED || r->status >= 500 || r->status == 429 || r->status == 408) {
        return no_answer(r, e);
    }
    if (json_parse(r->body.data, r->body.len, &doc, &ignored) != BS_OK) {
        return no_answer(r, e);
    }
    if (r->status < 200 || r->status > 299) {
        rc = refused(r, doc, e);
    } else {
        take_tokens(doc, now_ms, out);
        if (out->access_token == NULL) {
            /* An unknown scope is answered with 200, an id_token and no access_token. */
            oauth_tokens_release(out);
            rc = bs_fail(e, BS_STOP_SYNC, BS_K_OAUTH,
                         "the token server answered without an access token");
        }
    }
    json_free(doc);
    return rc;
}

/* ---- forms ---- */

static void add_pair(struct buf *form, const char *name, const char *value)
{
    if (value == NULL) {
        return;
    }
    if (form->len > 0) {
        buf_addc(form, '&');
    }
    buf_adds(form, name);
    buf_addc(form, '=');
    url_encode(form, value);
}

void oauth_refresh_form(const char *refresh_token, const char *client_id, const char *client_secret,
                        bool secret_in_body, struct buf *form)
{
    add_pair(form, "grant_type", "refresh_token");
    add_pair(form, "refresh_token", refresh_token);
    if (secret_in_body || client_secret == NULL) {
        add_pair(form, "client_id", client_id);
        add_pair(form, "client_secret", client_secret);
    }
}

void oauth_code_form(const char *code, const char *redirect_uri, const char *verifier,
                     const char *client_id, const char *client_secret, bool secret_in_body,
                     struct buf *form)
{
    add_pair(form, "grant_type", "authorization_code");
    add_pair(form, "code", code);
    add_pair(form, "redirect_uri", redirect_uri);
    add_pair(form, "code_verifier", verifier);
    if (secret_in_body || client_secret == NULL) {
        add_pair(form, "client_id", client_id);
        add_pair(form, "client_secret", client_secret);
    }
}

void oauth_consent_url(const char *auth_url, const char *client_id, const char *redirect_uri,
                       const char *scope, const char *state, const char *challenge,
                       const char *extra, struct buf *url)
{
    struct buf query;

    buf_init(&query, BUF_NO_LIMIT);
    add_pair(&query, "response_type", "code");
    add_pair(&query, "client_id", client_id);
    add_pair(&query, "redirect_uri", redirect_uri);
    add_pair(&query, "scope", scope);
    add_pair(&query, "state", state);
    add_pair(&query, "code_challenge", challenge);
    add_pair(&query, "code_challenge_method", "S256");
    buf_adds(url, auth_url);
    buf_addc(url, strchr(auth_url, '?') == NULL ? '?' : '&');
    buf_add(url, query.data, query.len);
    if (extra != NULL && extra[0] != '\0') {
        buf_addc(url, '&');
        buf_adds(url, extra);
    }
    buf_release(&query);
}

/* ---- the browser's way back ---- */

static bool query_value(const char *query, const char *name, struct buf *out)
{
    size_t n = strlen(name);

    while (*query != '\0') {
        size_t len = strcspn(query, "&# \t\r\n");

        if (len > n && strncmp(query, name, n) == 0 && query[n] == '=') {
            return url_decode(out, query + n + 1, len - n - 1, true);
        }
        query += len;
        if (*query != '&') {
            return false;
        }
        query++;
    }
    return false;
}

enum bs_rc oauth_read_redirect(const char *text, const char *expected_state, struct buf *code,
                               struct bs_err *e)
{
    const char *query = strchr(text, '?');
    struct buf state, error;
    enum bs_rc rc = BS_OK;

    buf_init(&state, 4096);
    buf_init(&error, 4096);
    query = query == NULL ? text : query + 1;
    if (query_value(query, "error", &error)) {
        rc = bs_fail(e, BS_STOP_ALL, BS_K_OAUTH, "the sign-in was refused: %s", error.data);
    } else if (!query_value(query, "state", &state) || !str_eq(state.data, expected_state)) {
        rc = bs_fail(e, BS_STOP_ALL, BS_K_OAUTH,
                     "this address does not belong to the sign-in that was started; start again");
    } else if (!query_value(query, "code", code)) {
        rc = bs_fail(e, BS_STOP_ALL, BS_K_OAUTH, "this address carries no code; start again");
    }
    buf_wipe(&state);
    buf_release(&error);
    return rc;
}
