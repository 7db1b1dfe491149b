/* grant.c: see grant.h. */
#include "remote/grant.h"

#include "base/mem.h"
#include "base/str.h"
#include "net/json.h"
#include "net/retry.h"
#include "remote/auth_p.h"

#include <string.h>

#define FORM_MAX ((size_t)64 << 10)
#define BODY_MAX ((size_t)64 << 10)
#define TIMEOUT_MS 30000

enum bs_rc grant_exchange(struct http *http, const struct endpoints *ep, const struct grant_code *g,
                          struct oauth_tokens *out, struct bs_err *e)
{
    struct buf form;
    enum bs_rc rc = BS_RETRY;

    buf_init(&form, FORM_MAX);
    oauth_code_form(g->code, g->redirect, g->verifier, g->client->id, g->client->secret,
                    auth_secret_in_body(g->service), &form);
    for (int try = 0; try < TOKEN_TRIES && rc == BS_RETRY; try++) {
        if (try > 0 && auth_pause(retry_backoff_ms(ON_TOKEN_SERVER, try), e) != BS_OK) {
            rc = e->rc;
            break;
        }
        bs_err_clear(e);
        rc = auth_ask_as_client(http, ep, g->service, g->client->id, g->client->secret, &form, out,
                                e);
    }
    buf_wipe(&form);
    return rc;
}

enum bs_rc grant_store(struct store *s, const struct connection *c, struct bs_err *e)
{
    struct connection *old;
    enum bs_rc rc = connection_get(s, c->user_id, c->service, false, &old, e);

    if (rc == BS_OK && !old) {
        return connection_put(s, c, e);
    }
    if (rc == BS_OK) {
        rc = auth_lease_take(s, old->id, e);
    }
    if (rc == BS_OK) {
        rc = connection_put(s, c, e);
        auth_lease_release(s, old->id);
    }
    connection_free(old);
    return rc;
}

enum bs_rc grant_revoke(struct http *http, const struct endpoints *ep, const char *token,
                        struct bs_err *e)
{
    struct http_request r = {
        .method = HTTP_POST,
        .url = ep->google_revoke,
        .content_type = "application/x-www-form-urlencoded",
        .timeout_ms = TIMEOUT_MS,
        .max_body = BODY_MAX,
    };
    struct http_response res;
    struct buf form;
    enum bs_rc rc;

    buf_init(&form, FORM_MAX);
    buf_adds(&form, "token=");
    url_encode(&form, token);
    r.body = form.data;
    r.body_len = form.len;
    rc = http_perform(http, &r, &res, e);
    if (rc == BS_OK && (res.outcome != HTTP_ANSWERED || res.status != 200)) {
        retry_read_error(ON_TOKEN_SERVER, &res, e);
        rc = e->rc = str_eq(e->code, "invalid_token") ? BS_SKIP : BS_STOP_SYNC;
    }
    http_response_release(&res);
    buf_wipe(&form);
    return rc;
}

enum bs_rc grant_email(struct http *http, const struct endpoints *ep, const char *access_token,
                       struct buf *out, struct bs_err *e)
{
    const struct http_request r = {
        .method = HTTP_GET,
        .url = ep->google_userinfo,
        .bearer = access_token,
        .timeout_ms = TIMEOUT_MS,
        .max_body = BODY_MAX,
    };
    struct http_response res;
    struct json *doc = NULL;
    enum bs_rc rc = http_perform(http, &r, &res, e);
    const char *email;

    if (rc == BS_OK && (res.outcome != HTTP_ANSWERED || res.status != 200)) {
        retry_read_error(ON_OTHER, &res, e);
        rc = e->rc;
    }
    if (rc == BS_OK) {
        rc = json_parse(res.body.data, res.body.len, &doc, e);
    }
    email = json_string(json_get(doc, "email"), "");
    if (rc == BS_OK && (!strchr(email, '@') || !buf_adds(out, email))) {
        rc = bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE, "Google did not say whose account it is");
    }
    json_free(doc);
    http_response_release(&res);
    return rc;
}
