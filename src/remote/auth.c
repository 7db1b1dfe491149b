/* auth.c: see auth.h. */
#include "remote/auth_p.h"

#include "base/clock.h"
#include "base/fail.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/str.h"
#include "net/oauth.h"
#include "net/oauth_client.h"
#include "net/retry.h"
#include "store/lease.h"
#include "store/syncs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RENEW_EARLY_MS ((int64_t)4 * 60 * 1000)
#define TOKEN_TIMEOUT_MS 30000
#define TOKEN_BODY_MAX ((size_t)256 << 10)
#define FORM_MAX ((size_t)256 << 10)
#define URL_MAX 16384
/* Longer than all tries of the process that is ahead of us. */
#define LEASE_WAIT_MS ((int64_t)180 * 1000)
#define LEASE_POLL_MS 200
#define LEASE_NAME_MAX 96
/* Google tolerates about a minute (measured); below half of that our clock is not the reason. */
#define SKEW_LEAST_MS 30000

#define GOOGLE_SCOPE "https://www.googleapis.com/auth/spreadsheets"
/* What an assertion must name as its audience, wherever it is sent through. */
#define GOOGLE_AUDIENCE "https://oauth2.googleapis.com/token"

struct auth {
    struct store *store;
    struct http *http;
    const struct endpoints *ep;
    struct connection *c;
    char *user_id;
    char *project;
    enum service service;
    bool unsaved; /* c is the caller's and not in the database */
    bool skewed;  /* skew_ms is to be added to our clock for the token server */
    int64_t skew_ms;
    int64_t early_ms; /* how long before its end a token is renewed */
    const char *also; /* a scope that a service account asks for besides; NULL */
    auth_secret_fn *tell;
    char user_name[USER_NAME_MAX]; /* "" for the only user there is */
    char command[USER_NAME_MAX + 48];
};

/* The same way in as the last time; who is not alone has to say who he is. */
const char *auth_connect_command(struct auth *a)
{
    snprintf(a->command, sizeof a->command, "basesync connect %s%s%s%s",
             a->service == SERVICE_AIRTABLE ? "airtable" : "sheets",
             a->c && a->c->kind == CREDENTIAL_OAUTH ? " --oauth" : "",
             a->user_name[0] ? " --user " : "", a->user_name);
    return a->command;
}

static const char *service_name(const struct auth *a)
{
    return a->service == SERVICE_AIRTABLE ? "Airtable" : "Google Sheets";
}

static void tell(const struct auth *a, const char *secret)
{
    if (a->tell && secret) {
        a->tell(secret);
    }
}

void auth_tell_secrets(struct auth *a, auth_secret_fn *fn)
{
    a->tell = fn;
    tell(a, a->c->secret);
    tell(a, a->c->client_secret);
    tell(a, a->c->access_token);
}

/* Reads the connection as it is now. */
static enum bs_rc load(struct auth *a, struct bs_err *e)
{
    struct connection *c;
    enum bs_rc rc = connection_get(a->store, a->user_id, a->service, true, &c, e);

    if (rc != BS_OK) {
        return rc;
    }
    if (!c) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_CONFIG,
                       "there is no %s connection: make one with `%s`", service_name(a),
                       auth_connect_command(a));
    }
    connection_free(a->c);
    a->c = c;
    tell(a, c->secret);
    tell(a, c->access_token);
    if (!c->secret) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_OAUTH, "the %s connection holds no secret: run `%s`",
                       service_name(a), auth_connect_command(a));
    }
    if (c->needs_reauth) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_OAUTH,
                       "the %s connection needs a new sign-in (%s): run `%s`", service_name(a),
                       c->reauth_reason, auth_connect_command(a));
    }
    return BS_OK;
}

/* The Google project whose quota is used: named in the service account's key, and by number at the
 * beginning of an OAuth client's id. */
static char *project_of(const struct connection *c)
{
    struct service_account sa;
    struct bs_err ignored = BS_ERR_INIT;
    char *project = NULL;

    if (c->kind == CREDENTIAL_SERVICE_ACCOUNT && c->secret &&
        service_account_parse(c->secret, strlen(c->secret), &sa, &ignored) == BS_OK) {
        project = sa.project ? bs_strdup(sa.project) : NULL;
        service_account_release(&sa);
    } else if (c->kind == CREDENTIAL_OAUTH && c->service == SERVICE_GOOGLE && c->client_id) {
        project = bs_strndup(c->client_id, strspn(c->client_id, "0123456789"));
    }
    return project ? project : bs_strdup("");
}

static struct auth *make(struct store *store, struct http *http, const struct endpoints *ep,
                         enum service service)
{
    struct auth *a = bs_alloc(sizeof *a);

    a->store = store;
    a->http = http;
    a->ep = ep;
    a->service = service;
    a->early_ms = RENEW_EARLY_MS;
    return a;
}

enum bs_rc auth_new(struct store *store, struct http *http, const struct endpoints *ep,
                    const char *user_id, enum service service, struct auth **out, struct bs_err *e)
{
    struct auth *a = make(store, http, ep, service);
    enum bs_rc rc;

    *out = NULL;
    a->user_id = bs_strdup(user_id);
    rc = users_name(store, user_id, a->user_name, e);
    if (rc == BS_OK) {
        rc = load(a, e);
    }
    if (rc != BS_OK) {
        auth_free(a);
        return rc;
    }
    a->project = project_of(a->c);
    *out = a;
    return BS_OK;
}

struct auth *auth_new_unsaved(struct store *store, struct http *http, const struct endpoints *ep,
                              struct connection *c)
{
    struct auth *a = make(store, http, ep, c->service);

    a->unsaved = true;
    a->c = c;
    a->project = project_of(c);
    return a;
}

void auth_free(struct auth *a)
{
    if (!a) {
        return;
    }
    if (!a->unsaved) {
        connection_free(a->c);
    }
    free(a->user_id);
    free(a->project);
    free(a);
}

const char *auth_account(const struct auth *a)
{
    return a->c->account ? a->c->account : "";
}

const char *auth_quota_key(const struct auth *a)
{
    if (a->c->quota_key && a->c->quota_key[0]) {
        return a->c->quota_key;
    }
    return a->c->id ? a->c->id : "new";
}

bool auth_is_stored(const struct auth *a)
{
    return !a->unsaved;
}

const char *auth_project(const struct auth *a)
{
    return a->project;
}

const char *auth_scopes(const struct auth *a)
{
    return a->c->scopes ? a->c->scopes : "";
}

void auth_ask_also(struct auth *a, const char *scope)
{
    a->also = oauth_scope_has(auth_scopes(a), scope) ? NULL : scope;
}

bool auth_is_own_scope(const struct auth *a)
{
    return a->c->kind == CREDENTIAL_SERVICE_ACCOUNT;
}

/* ---- asking a token server ---- */

/* One request. basic: "id:secret" or NULL. *date_ms: what the server's clock said, 0 when it did
 * not. */
static enum bs_rc ask(struct http *http, const char *url, const char *basic, const struct buf *form,
                      struct oauth_tokens *out, int64_t *date_ms, struct bs_err *e)
{
    struct http_request r = {
        .method = HTTP_POST,
        .url = url,
        .basic = basic,
        .content_type = "application/x-www-form-urlencoded",
        .body = form->data,
        .body_len = form->len,
        .fresh_connection = true, /* a refresh token is good for one request only */
        .timeout_ms = TOKEN_TIMEOUT_MS,
        .max_body = TOKEN_BODY_MAX,
    };
    struct http_response res;
    enum bs_rc rc = http_perform(http, &r, &res, e);

    if (rc == BS_OK) {
        rc = oauth_read_answer(&res, clock_wall_ms(), out, e);
        *date_ms = res.date_ms;
    }
    http_response_release(&res);
    return rc;
}

static enum bs_rc ask_with_assertion(struct auth *a, const struct service_account *sa,
                                     struct oauth_tokens *out, int64_t *date_ms, struct bs_err *e)
{
    struct buf scope;
    int64_t now = clock_wall_ms() + (a->skewed ? a->skew_ms : 0);
    struct buf form;
    enum bs_rc rc;

    buf_init(&form, FORM_MAX);
    buf_init(&scope, FORM_MAX);
    buf_adds(&scope, auth_scopes(a)[0] ? auth_scopes(a) : GOOGLE_SCOPE);
    if (a->also) {
        buf_addf(&scope, " %s", a->also);
    }
    rc = oauth_service_account_form(sa, scope.data, GOOGLE_AUDIENCE, now, &form, e);
    if (rc == BS_OK) {
        rc = ask(a->http, a->ep->google_token, NULL, &form, out, date_ms, e);
    }
    buf_wipe(&form);
    buf_release(&scope);
    return rc;
}

static enum bs_rc service_account_token(struct auth *a, struct oauth_tokens *out, struct bs_err *e)
{
    struct service_account sa;
    int64_t date_ms = 0;
    enum bs_rc rc = service_account_parse(a->c->secret, strlen(a->c->secret), &sa, e);

    if (rc != BS_OK) {
        return rc;
    }
    rc = ask_with_assertion(a, &sa, out, &date_ms, e);
    /* An assertion from a wrong clock is refused like a wrong key; the refusal's own date tells the
     * two apart. */
    if (rc == BS_STOP_SYNC && str_eq(e->code, "invalid_grant") && date_ms != 0 && !a->skewed &&
        llabs(date_ms - clock_wall_ms()) > SKEW_LEAST_MS) {
        a->skewed = true;
        a->skew_ms = date_ms - clock_wall_ms();
        bs_err_clear(e);
        rc = ask_with_assertion(a, &sa, out, &date_ms, e);
    }
    service_account_release(&sa);
    return rc;
}

enum bs_rc auth_ask_as_client(struct http *http, const struct endpoints *ep, enum service service,
                              const char *id, const char *secret, const struct buf *form,
                              struct oauth_tokens *out, struct bs_err *e)
{
    bool in_body = auth_secret_in_body(service);
    struct buf basic, url;
    int64_t date_ms;
    enum bs_rc rc;

    buf_init(&basic, URL_MAX);
    buf_init(&url, URL_MAX);
    if (!in_body && secret) {
        buf_adds(&basic, id);
        buf_addc(&basic, ':');
        buf_adds(&basic, secret);
    }
    buf_adds(&url, in_body ? ep->google_token : ep->airtable_oauth);
    buf_adds(&url, in_body ? "" : "/token");
    rc = ask(http, url.data, basic.len > 0 ? basic.data : NULL, form, out, &date_ms, e);
    buf_wipe(&basic);
    buf_release(&url);
    return rc;
}

static enum bs_rc refreshed_token(struct auth *a, struct oauth_tokens *out, struct bs_err *e)
{
    const struct connection *c = a->c;
    struct buf form;
    enum bs_rc rc;

    if (!c->client_id) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_OAUTH, "the %s connection is not complete",
                       service_name(a));
    }
    buf_init(&form, FORM_MAX);
    oauth_refresh_form(c->secret, c->client_id, c->client_secret, auth_secret_in_body(a->service),
                       &form);
    rc = auth_ask_as_client(a->http, a->ep, a->service, c->client_id, c->client_secret, &form, out,
                            e);
    buf_wipe(&form);
    return rc;
}

static const char *lease_name(char text[LEASE_NAME_MAX], const char *connection_id)
{
    snprintf(text, LEASE_NAME_MAX, "refresh:%s", connection_id);
    return text;
}

/* ---- a new token ---- */

enum bs_rc auth_pause(int64_t ms, struct bs_err *e)
{
    clock_sleep_ms(ms);
    if (os_stop_requested()) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_STATE, "stopped by a signal; the next run goes on");
    }
    return BS_OK;
}

static void replace(char **secret, const char *with)
{
    bs_wipe_free(*secret);
    *secret = bs_strdup(with);
}

/* Stores the tokens, then uses them: an Airtable refresh token is dead once it was used, and a pair
 * that only this process knows dies with it. */
static enum bs_rc keep(struct auth *a, const struct oauth_tokens *t, struct bs_err *e)
{
    int64_t life = t->expires_ms - clock_wall_ms();
    enum bs_rc rc = BS_OK;

    tell(a, t->access_token);
    tell(a, t->refresh_token);
    if (!a->unsaved) {
        rc = connection_set_access(a->store, a->c->id, a->service, t->access_token, t->expires_ms,
                                   t->refresh_token, t->refresh_expires_ms, e);
    }
    if (rc != BS_OK) {
        return rc;
    }
    FAIL_POINT("auth.kept");
    replace(&a->c->access_token, t->access_token);
    a->c->access_expires_ms = t->expires_ms;
    a->early_ms = life / 4 < RENEW_EARLY_MS ? life / 4 : RENEW_EARLY_MS;
    if (t->refresh_token) {
        replace(&a->c->secret, t->refresh_token);
    }
    return BS_OK;
}

/* Tells the person what to do; a refused grant is also remembered. */
static enum bs_rc refused(struct auth *a, struct bs_err *e)
{
    struct bs_err store_err = BS_ERR_INIT;
    enum bs_rc rc = BS_OK;

    if (e->kind != BS_K_OAUTH) {
        return e->rc;
    }
    if (!a->unsaved) {
        rc = connection_set_reauth(a->store, a->c->id, a->service, e->msg, clock_wall_ms(),
                                   &store_err);
    }
    if (rc != BS_OK) {
        *e = store_err;
        return rc;
    }
    a->c->needs_reauth = true;
    return bs_fail(e, BS_STOP_SYNC, BS_K_OAUTH, "%.300s: connect again with `%s`", e->msg,
                   auth_connect_command(a));
}

static enum bs_rc fetch(struct auth *a, struct bs_err *e)
{
    struct oauth_tokens t = {0};
    enum bs_rc rc = BS_RETRY;

    for (int try = 0; try < TOKEN_TRIES && rc == BS_RETRY; try++) {
        if (try > 0 && auth_pause(retry_backoff_ms(ON_TOKEN_SERVER, try), e) != BS_OK) {
            return e->rc;
        }
        bs_err_clear(e);
        rc = a->c->kind == CREDENTIAL_SERVICE_ACCOUNT ? service_account_token(a, &t, e)
                                                      : refreshed_token(a, &t, e);
    }
    if (rc == BS_OK) {
        rc = keep(a, &t, e);
    } else if (rc == BS_STOP_SYNC) {
        rc = refused(a, e);
    }
    oauth_tokens_release(&t);
    return rc;
}

static bool is_good(const struct auth *a, const char *refused_token)
{
    const struct connection *c = a->c;

    return c->access_token && c->access_expires_ms - a->early_ms > clock_wall_ms() &&
           !str_eq(c->access_token, refused_token);
}

enum bs_rc auth_lease_take(struct store *s, const char *connection_id, struct bs_err *e)
{
    char text[LEASE_NAME_MAX];
    const char *name = lease_name(text, connection_id);
    int64_t until = clock_mono_ms() + LEASE_WAIT_MS;
    enum bs_rc rc;

    while ((rc = lease_take(s, &name, 1, clock_wall_ms(), e)) == BS_RETRY) {
        if (clock_mono_ms() > until) {
            e->rc = BS_STOP_SYNC;
            return e->rc;
        }
        if (auth_pause(LEASE_POLL_MS, e) != BS_OK) {
            return e->rc;
        }
        bs_err_clear(e);
    }
    return rc;
}

void auth_lease_release(struct store *s, const char *connection_id)
{
    char text[LEASE_NAME_MAX];
    const char *name = lease_name(text, connection_id);

    lease_release(s, &name, 1);
}

/* One process at a time; whoever had to wait finds what the one before it has stored. */
static enum bs_rc renew(struct auth *a, const char *refused_token, struct bs_err *e)
{
    char *id;
    enum bs_rc rc;

    if (a->unsaved) {
        return fetch(a, e);
    }
    rc = auth_lease_take(a->store, a->c->id, e);
    if (rc != BS_OK) {
        return rc;
    }
    id = bs_strdup(a->c->id); /* load replaces the connection */
    rc = load(a, e);
    if (rc == BS_OK && a->c->kind != CREDENTIAL_TOKEN && !is_good(a, refused_token)) {
        rc = fetch(a, e);
    }
    auth_lease_release(a->store, id);
    free(id);
    return rc;
}

enum bs_rc auth_token(struct auth *a, bool again, const char **token, struct bs_err *e)
{
    char *refused_token = NULL;
    enum bs_rc rc = BS_OK;

    *token = NULL;
    if (a->c->kind == CREDENTIAL_TOKEN) {
        /* The one token there is; but its owner may have connected with another meanwhile. */
        if (again && !a->unsaved) {
            rc = load(a, e);
        }
        *token = rc == BS_OK ? a->c->secret : NULL;
        return rc;
    }
    if (again && a->c->access_token) {
        refused_token = bs_strdup(a->c->access_token);
    }
    if (!is_good(a, refused_token)) {
        rc = renew(a, refused_token, e);
    }
    /* No new one just now, but the old one has some time left. */
    if (rc == BS_RETRY && !again && a->c->access_token &&
        a->c->access_expires_ms > clock_wall_ms()) {
        bs_err_clear(e);
        rc = BS_OK;
    }
    bs_wipe_free(refused_token);
    if (rc == BS_OK) {
        *token = a->c->kind == CREDENTIAL_TOKEN ? a->c->secret : a->c->access_token;
    }
    return rc;
}
