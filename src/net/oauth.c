/* oauth.c: see oauth.h. */
#include "net/oauth.h"

#include "base/jsonw.h"
#include "base/mem.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "net/json.h"
#include "net/retry.h"

#include <stdlib.h>
#include <string.h>

#define ASSERTION_LIFE_S 3600
#define DEFAULT_LIFE_S 3600
#define LIFE_MAX_S 86400                 /* of an access token */
#define REFRESH_LIFE_MAX_S (400 * 86400) /* of a refresh token */
#define REDIRECT_MAX 16384
#define CLAIMS_MAX ((size_t)16384)

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
    return bs_fail(e, BS_STOP_SYNC, BS_K_CONFIG,
                   "the service account key %s: make a key of type JSON for the service account in "
                   "the Google Cloud console and give that file",
                   what);
}

/* What is wrong with the document as a whole; NULL when nothing is. */
static const char *wrong_file(const struct json *doc)
{
    if (!json_is_object(doc)) {
        return "is no JSON object";
    }
    if (json_get(doc, "installed") || json_get(doc, "web")) {
        return "is the file of an OAuth client, not of a service account";
    }
    if (!str_eq(json_string(json_get(doc, "type"), ""), "service_account")) {
        return "does not say \"type\": \"service_account\"";
    }
    return NULL;
}

static const char *wrong_member(const struct service_account *a)
{
    if (!a->email || !strchr(a->email, '@')) {
        return "has no client_email";
    }
    if (!a->key_id) {
        return "has no private_key_id";
    }
    if (!a->private_key) {
        return "has no private_key";
    }
    if (!strstr(a->private_key, "-----BEGIN PRIVATE KEY-----")) {
        return "has a private_key that is no unencrypted PEM text";
    }
    return NULL;
}

enum bs_rc service_account_parse(const char *json, size_t len, struct service_account *out,
                                 struct bs_err *e)
{
    struct json *doc = NULL;
    struct bs_err not_json = BS_ERR_INIT;
    const char *wrong = "is not JSON"; /* the parser's own sentence would quote the key */

    memset(out, 0, sizeof *out);
    if (len <= SERVICE_ACCOUNT_MAX && json_parse(json, len, &doc, &not_json) == BS_OK) {
        wrong = wrong_file(doc);
    }
    if (!wrong) {
        out->email = copy_member(doc, "client_email");
        out->key_id = copy_member(doc, "private_key_id");
        out->private_key = copy_member(doc, "private_key");
        out->token_uri = copy_member(doc, "token_uri");
        out->project = copy_member(doc, "project_id");
        wrong = wrong_member(out);
    }
    json_free(doc);
    if (wrong) {
        service_account_release(out);
        return bad_key(e, wrong);
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
    jsonw_member(&w, "kid", a->key_id);
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
    free(t->email);
    memset(t, 0, sizeof *t);
}

/* The e-mail address in the middle part of an id_token. It came straight from the token server over
 * TLS, which stands in for its signature (OpenID Connect Core 1.0, section 3.1.3.7, point 6). */
static char *email_of(const char *id_token)
{
    const char *first = strchr(id_token, '.');
    const char *second = first ? strchr(first + 1, '.') : NULL;
    char *part = second ? bs_strndup(first + 1, (size_t)(second - first - 1)) : NULL;
    struct json *claims = NULL;
    struct bs_err ignored = BS_ERR_INIT;
    char *email = NULL;
    struct buf b;

    buf_init(&b, CLAIMS_MAX);
    if (part && base64_decode(&b, part) && json_parse(b.data, b.len, &claims, &ignored) == BS_OK) {
        email = copy_member(claims, "email");
    }
    json_free(claims);
    buf_release(&b);
    free(part);
    return email;
}

static int64_t life_of(const struct json *doc, const char *name, int64_t otherwise, int64_t most)
{
    int64_t s = json_int(json_get(doc, name), otherwise); /* a text in some answers */

    return s <= 0 ? otherwise : s > most ? most : s;
}

static void take_tokens(const struct json *doc, int64_t now_ms, struct oauth_tokens *out)
{
    /* Airtable's name, then Google's. */
    int64_t refresh = life_of(doc, "refresh_expires_in", 0, REFRESH_LIFE_MAX_S);

    if (refresh == 0) {
        refresh = life_of(doc, "refresh_token_expires_in", 0, REFRESH_LIFE_MAX_S);
    }
    out->access_token = copy_member(doc, "access_token");
    out->refresh_token = copy_member(doc, "refresh_token");
    out->scope = copy_member(doc, "scope");
    out->email = email_of(json_string(json_get(doc, "id_token"), ""));
    out->expires_ms = now_ms + life_of(doc, "expires_in", DEFAULT_LIFE_S, LIFE_MAX_S) * 1000;
    out->refresh_expires_ms = refresh > 0 ? now_ms + refresh * 1000 : 0;
}

static enum bs_rc read_tokens(const struct http_response *r, int64_t now_ms,
                              struct oauth_tokens *out, struct bs_err *e)
{
    struct json *doc = NULL;
    struct bs_err not_json = BS_ERR_INIT; /* its sentence would quote a token */
    bool id_token;

    if (json_parse(r->body.data, r->body.len, &doc, &not_json) != BS_OK) {
        return bs_fail(e, BS_RETRY, BS_K_NETWORK,
                       "the token server answered with something that is not JSON");
    }
    take_tokens(doc, now_ms, out);
    id_token = json_get(doc, "id_token");
    json_free(doc);
    if (out->access_token) {
        return BS_OK;
    }
    oauth_tokens_release(out);
    (void)str_copy(e->code, sizeof e->code, "no_access_token");
    return bs_fail(e, BS_STOP_SYNC, BS_K_OAUTH, "the token server gave no access token%s",
                   id_token ? ", as it does for a scope that it does not know" : "");
}

enum bs_rc oauth_read_answer(const struct http_response *r, int64_t now_ms,
                             struct oauth_tokens *out, struct bs_err *e)
{
    struct retry_verdict v;

    memset(out, 0, sizeof *out);
    e->code[0] = '\0';
    if (r->outcome == HTTP_ANSWERED && r->status >= 200 && r->status <= 299) {
        return read_tokens(r, now_ms, out, e);
    }
    retry_read_error(ON_TOKEN_SERVER, r, e);
    v = retry_decide(ON_TOKEN_SERVER, CLASS_TOKEN, r, e->code);
    e->kind = v.kind;
    return e->rc = v.action == ACT_RETRY ? BS_RETRY : BS_STOP_SYNC;
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

/* A secret that does not go into the body goes, with the id, into an Authorization header; Airtable
 * refuses an id in both places. */
static void add_client(struct buf *form, const char *id, const char *secret, bool secret_in_body)
{
    if (secret_in_body || !secret) {
        add_pair(form, "client_id", id);
        add_pair(form, "client_secret", secret);
    }
}

void oauth_refresh_form(const char *refresh_token, const char *client_id, const char *client_secret,
                        bool secret_in_body, struct buf *form)
{
    add_pair(form, "grant_type", "refresh_token");
    add_pair(form, "refresh_token", refresh_token);
    add_client(form, client_id, client_secret, secret_in_body);
}

void oauth_code_form(const char *code, const char *redirect_uri, const char *verifier,
                     const char *client_id, const char *client_secret, bool secret_in_body,
                     struct buf *form)
{
    add_pair(form, "grant_type", "authorization_code");
    add_pair(form, "code", code);
    add_pair(form, "redirect_uri", redirect_uri);
    add_pair(form, "code_verifier", verifier);
    add_client(form, client_id, client_secret, secret_in_body);
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
    if (extra && extra[0] != '\0') {
        buf_addc(url, '&');
        buf_adds(url, extra);
    }
    buf_release(&query);
}

/* ---- the browser's way back ---- */

/* The value of a query parameter; false when it is not there or cannot be decoded. */
static bool query_value(const char *query, size_t len, const char *name, struct buf *out)
{
    size_t n = strlen(name);
    const char *end = query + len;

    while (query < end) {
        const char *next = memchr(query, '&', (size_t)(end - query));
        size_t part = (size_t)((next ? next : end) - query);

        if (part > n && strncmp(query, name, n) == 0 && query[n] == '=') {
            buf_clear(out);
            return url_decode(out, query + n + 1, part - n - 1, true) && out->len > 0;
        }
        query += part + 1;
    }
    return false;
}

static enum bs_rc refused(const char *query, size_t len, const struct buf *error, struct bs_err *e)
{
    struct buf why;
    bool told;

    buf_init(&why, REDIRECT_MAX);
    told = query_value(query, len, "error_description", &why);
    (void)str_copy(e->code, sizeof e->code, error->data);
    str_clean(e->code);
    bs_fail(e, BS_STOP_SYNC, BS_K_OAUTH, "the sign-in was refused: %.64s%s%.200s", error->data,
            told ? ", " : "", told ? why.data : "");
    buf_release(&why);
    return e->rc;
}

enum bs_rc oauth_read_redirect(const char *text, const char *expected_state, struct buf *code,
                               struct bs_err *e)
{
    const char *query = strchr(text, '?');
    struct buf value;
    size_t len;
    enum bs_rc rc = BS_OK;

    buf_init(&value, REDIRECT_MAX);
    query = query ? query + 1 : text;
    len = strcspn(query, "# \t\r\n");
    /* Whatever else it says, an address with another state is not the answer to our question. */
    if (!query_value(query, len, "state", &value) || value.len != strlen(expected_state) ||
        !crypto_equal(value.data, expected_state, value.len)) {
        rc = bs_fail(e, BS_SKIP, BS_K_OAUTH,
                     "this address does not belong to the sign-in that was started");
    } else if (query_value(query, len, "error", &value)) {
        rc = refused(query, len, &value, e);
    } else if (!query_value(query, len, "code", code)) {
        buf_clear(code);
        rc = bs_fail(e, BS_SKIP, BS_K_OAUTH, "this address holds no code");
    }
    buf_wipe(&value);
    return rc;
}
