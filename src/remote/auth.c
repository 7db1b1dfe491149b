#include "remote/auth.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/str.h"
#include "net/oauth.h"
#include "net/retry.h"
#include "store/lease.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RENEW_EARLY_MS (4 * 60 * 1000) /* google-auth renews 3 min 45 s before the end */
#define LEASE_WAIT_MS 500
#define LEASE_TRIES 120
#define TOKEN_TRIES 4
#define TOKEN_BODY_MAX ((size_t)256 << 10)
#define GOOGLE_SCOPE "https://www.googleapis.com/auth/spreadsheets"

struct auth {
    struct store *store;
    struct http *http;
    const struct endpoints *ep;
    struct connection *c;
    char *user_id;
    enum service service;
    bool unsaved;          /* c is the caller's and not in the database */
    int64_t clock_skew_ms; /* token server's clock minus ours, when it has told */
};

static const char *connect_hint(enum service s)
{
    return s == SERVICE_AIRTABLE ? "basesync connect airtable" : "basesync connect sheets";
}

static const char *service_label(enum service s)
{
    return s == SERVICE_AIRTABLE ? "Airtable" : "Google Sheets";
}

static enum bs_rc load(struct auth *a, struct bs_err *e)
{
    connection_free(a->c);
    a->c = NULL;
    if (connection_get(a->store, a->user_id, a->service, true, &a->c, e) != BS_OK) {
        return e->rc;
    }
    if (a->c == NULL) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_CONFIG, "there is no %s connection: run `%s`",
                       service_label(a->service), connect_hint(a->service));
    }
    if (a->c->needs_reauth) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_OAUTH,
                       "the %s connection was refused (%s): sign in again with `%s`",
                       service_label(a->service), a->c->reauth_reason, connect_hint(a->service));
    }
    return BS_OK;
}

enum bs_rc auth_new(struct store *store, struct http *http, const struct endpoints *ep,
                    const char *user_id, enum service service, struct auth **out, struct bs_err *e)
{
    struct auth *a = bs_alloc(sizeof *a);

    *out = NULL;
    a->store = store;
    a->http = http;
    a->ep = ep;
    a->user_id = bs_strdup(user_id);
    a->service = service;
    if (load(a, e) != BS_OK) {
        auth_free(a);
        return e->rc;
    }
    *out = a;
    return BS_OK;
}

struct auth *auth_new_unsaved(struct store *store, struct http *http, const struct endpoints *ep,
                              struct connection *c)
{
    struct auth *a = bs_alloc(sizeof *a);

    a->store = store;
    a->http = http;
    a->ep = ep;
    a->service = c->service;
    a->unsaved = true;
    a->c = c;
    return a;
}

void auth_free(struct auth *a)
{
    if (a == NULL) {
        return;
    }
    if (!a->unsaved) {
        connection_free(a->c);
    }
    free(a->user_id);
    free(a);
}

const char *auth_account(const struct auth *a)
{
    return a->c->account == NULL ? "" : a->c->account;
}

const char *auth_quota_key(const struct auth *a)
{
    return a->c->quota_key == NULL || a->c->quota_key[0] == '\0' ? a->c->id : a->c->quota_key;
}

const char *auth_scopes(const struct auth *a)
{
    return a->c->scopes == NULL ? "" : a->c->scopes;
}

enum bs_rc auth_mark_refused(struct auth *a, const char *reason, struct bs_err *e)
{
    a->c->needs_reauth = true;
    if (a->unsaved) {
        return BS_OK;
    }
    return connection_set_reauth(a->store, a->c->id, a->service, reason, clock_wall_ms(), e);
}

/* ---- asking a token server ---- */

static enum bs_rc ask_once(struct auth *a, const char *url, const char *basic, const char *form,
                           struct oauth_tokens *out, struct bs_err *e)
{
    struct http_request r = {
        .method = HTTP_POST,
        .url = url,
        .basic = basic,
        .content_type = "application/x-www-form-urlencoded",
        .body = form,
        .body_len = strlen(form),
        .fresh_connection = true, /* a refresh token may be used once only */
        .max_body = TOKEN_BODY_MAX,
    };
    struct http_response res;
    enum bs_rc rc = http_perform(a->http, &r, &res, e);

    if (rc == BS_OK) {
        int64_t now = clock_wall_ms();

        rc = oauth_read_answer(&res, now, out, e);
        if (res.date_ms != 0) {
            a->clock_skew_ms = res.date_ms - now;
        }
        if (rc != BS_OK) {
            e->http = res.status;
        }
    }
    http_response_release(&res);
    return rc;
}

/* Answers that a person has to mend, and that trying again cannot. */
static bool is_final(const struct bs_err *e)
{
    static const char *const codes[] = {"invalid_grant", "invalid_client", "unauthorized_client",
                                        "invalid_scope", "access_denied"};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (str_eq(e->code, codes[i])) {
            return true;
        }
    }
    return false;
}

/* ---- service accounts: a new assertion ---- */

static enum bs_rc sign_and_ask(struct auth *a, const struct service_account *sa,
                               struct oauth_tokens *out, struct bs_err *e)
{
    const char *scope =
        a->c->scopes != NULL && a->c->scopes[0] != '\0' ? a->c->scopes : GOOGLE_SCOPE;
    struct buf form;
    enum bs_rc rc;

    buf_init(&form, TOKEN_BODY_MAX);
    rc = oauth_service_account_form(sa, scope, "https://oauth2.googleapis.com/token",
                                    clock_wall_ms() + a->clock_skew_ms, &form, e);
    if (rc == BS_OK) {
        rc = ask_once(a, a->ep->google_token, NULL, form.data, out, e);
    }
    buf_wipe(&form);
    return rc;
}

static bool window_is_wrong(const struct bs_err *e)
{
    return str_eq(e->code, "invalid_grant") && strstr(e->msg, "reasonable timeframe") != NULL;
}

static enum bs_rc service_token(struct auth *a, struct oauth_tokens *out, struct bs_err *e)
{
    struct service_account sa;
    enum bs_rc rc;

    if (service_account_parse(a->c->secret, strlen(a->c->secret), &sa, e) != BS_OK) {
        service_account_release(&sa);
        return e->rc;
    }
    rc = sign_and_ask(a, &sa, out, e);
    /* Our clock is off: the Date header of the refusal says by how much. */
    if (rc == BS_STOP_SYNC && window_is_wrong(e) && a->clock_skew_ms != 0) {
        bs_err_clear(e);
        rc = sign_and_ask(a, &sa, out, e);
    }
    service_account_release(&sa);
    return rc;
}

/* ---- OAuth: a refresh, by one process at a time ---- */

static enum bs_rc refresh(struct auth *a, struct oauth_tokens *out, struct bs_err *e)
{
    bool airtable = a->service == SERVICE_AIRTABLE;
    struct buf form, basic, url;
    enum bs_rc rc;

    buf_init(&form, TOKEN_BODY_MAX);
    buf_init(&basic, 4096);
    buf_init(&url, 4096);
    oauth_refresh_form(a->c->secret, a->c->client_id, a->c->client_secret, !airtable, &form);
    if (airtable && a->c->client_secret != NULL) {
        buf_adds(&basic, a->c->client_id);
        buf_addc(&basic, ':');
        buf_adds(&basic, a->c->client_secret);
    }
    if (airtable) {
        buf_addf(&url, "%s/token", a->ep->airtable_oauth);
    } else {
        buf_adds(&url, a->ep->google_token);
    }
    rc = ask_once(a, url.data, basic.len > 0 ? basic.data : NULL, form.data, out, e);
    buf_wipe(&form);
    buf_wipe(&basic);
    buf_release(&url);
    return rc;
}

static bool is_fresh(const struct auth *a)
{
    return a->c->access_token != NULL && a->c->access_expires_ms - RENEW_EARLY_MS > clock_wall_ms();
}

static enum bs_rc new_token(struct auth *a, struct bs_err *e)
{
    struct oauth_tokens t = {0};
    struct bs_err marked = BS_ERR_INIT;
    enum bs_rc rc = BS_OK;

    for (int try = 0; try < TOKEN_TRIES; try++) {
        bs_err_clear(e);
        rc = a->c->kind == CREDENTIAL_SERVICE_ACCOUNT ? service_token(a, &t, e) : refresh(a, &t, e);
        if (rc != BS_RETRY || os_stop_requested()) {
            break;
        }
        clock_sleep_ms(retry_backoff_ms(ON_TOKEN_SERVER, try));
    }
    if (rc == BS_OK && !a->unsaved) {
        rc = connection_set_access(a->store, a->c->id, a->service, t.access_token, t.expires_ms,
                                   t.refresh_token, e);
    } else if (rc == BS_STOP_SYNC && is_final(e)) {
        bs_seen(auth_mark_refused(a, e->msg, &marked));
    } else if (rc == BS_RETRY) {
        e->rc = rc = BS_STOP_SYNC; /* the network: a later run may succeed */
    }
    if (rc == BS_OK) {
        bs_wipe_free(a->c->access_token);
        a->c->access_token = bs_strdup(t.access_token);
        a->c->access_expires_ms = t.expires_ms;
    }
    if (rc == BS_OK && t.refresh_token != NULL) {
        bs_wipe_free(a->c->secret);
        a->c->secret = bs_strdup(t.refresh_token);
    }
    oauth_tokens_release(&t);
    return rc;
}

static enum bs_rc take_lease(struct auth *a, const char *name, struct bs_err *e)
{
    enum bs_rc rc = BS_RETRY;

    for (int i = 0; i < LEASE_TRIES && rc == BS_RETRY; i++) {
        bs_err_clear(e);
        rc = lease_take(a->store, &name, 1, clock_wall_ms(), e);
        if (rc == BS_RETRY) {
            clock_sleep_ms(LEASE_WAIT_MS);
        }
    }
    return rc;
}

/* Another process may have renewed the token while we waited for the lease: look first. */
static enum bs_rc renew(struct auth *a, struct bs_err *e)
{
    char name[96];
    const char *names[1] = {name};
    char *refused;
    enum bs_rc rc;

    if (a->unsaved) {
        return new_token(a, e);
    }
    refused = a->c->access_token == NULL ? NULL : bs_strdup(a->c->access_token);
    snprintf(name, sizeof name, "refresh:%s", a->c->id);
    rc = take_lease(a, name, e);
    if (rc == BS_OK) {
        rc = load(a, e);
        if (rc == BS_OK && (!is_fresh(a) || str_eq(a->c->access_token, refused))) {
            rc = new_token(a, e);
        }
        lease_release(a->store, names, 1);
    }
    bs_wipe_free(refused);
    return rc;
}

enum bs_rc auth_token(struct auth *a, bool again, const char **token, struct bs_err *e)
{
    *token = NULL;
    if (a->c->kind == CREDENTIAL_TOKEN) {
        if (again) { /* a personal token does not get better by asking again */
            return bs_fail(e, BS_STOP_SYNC, BS_K_OAUTH,
                           "Airtable refuses the token: make a new one and run `%s`",
                           connect_hint(a->service));
        }
        *token = a->c->secret;
        return BS_OK;
    }
    if ((again || !is_fresh(a)) && renew(a, e) != BS_OK) {
        return e->rc;
    }
    *token = a->c->access_token;
    return BS_OK;
}
