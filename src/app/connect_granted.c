/* connect_granted.c: what a sign-in by OAuth has brought: its scopes, its tokens, its account. */
#include "app/connect_p.h"
#include "app/out.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/log.h"
#include "base/str.h"
#include "remote/grant.h"

#include <string.h>

#define DAY_MS INT64_C(86400000)
/* What Google ends the sign-ins of an app in testing after, and a day more. */
#define TESTING_MS (8 * DAY_MS)

/* Boxes on the consent page can be left empty (Google: granular consent). */
static enum bs_rc check_scopes(const struct signin *x, const char *given, struct bs_err *e)
{
    for (const struct scope_use *u = x->s->uses; u->scope; u++) {
        if (oauth_scope_has(given, u->scope) || !oauth_scope_has(x->scopes, u->scope)) {
            continue;
        }
        if (u->needed) {
            return bs_fail(e, BS_STOP_ALL, BS_K_PERMISSION,
                           "the sign-in came without the scope %s, and without it %s: nothing was "
                           "stored; start again and tick everything on the page",
                           u->scope, u->without);
        }
        out_note("Note: not given: %s; %s.", u->scope, u->without);
    }
    return BS_OK;
}

static enum bs_rc take_tokens(struct signin *x, struct bs_err *e)
{
    const char *given = x->tokens.scope ? x->tokens.scope : x->scopes; /* RFC 6749 section 5.1 */
    struct connection *con = x->con;
    struct buf key;

    log_secret(x->tokens.access_token);
    if (check_scopes(x, given, e) != BS_OK) {
        return e->rc;
    }
    if (!x->tokens.refresh_token) {
        return bs_fail(e, BS_STOP_ALL, BS_K_OAUTH,
                       "%s gave no refresh token: remove the access that you gave before %s, and "
                       "start again",
                       x->s->name, x->s->how_to_remove);
    }
    log_secret(x->tokens.refresh_token);
    con->user_id = bs_strdup(x->c->user_id);
    con->service = x->service;
    con->kind = CREDENTIAL_OAUTH;
    con->scopes = bs_strdup(given);
    con->secret = bs_strdup(x->tokens.refresh_token);
    con->client_id = bs_strdup(x->client.id);
    con->client_secret = x->client.secret ? bs_strdup(x->client.secret) : NULL;
    con->access_token = bs_strdup(x->tokens.access_token);
    con->access_expires_ms = x->tokens.expires_ms;
    con->refresh_expires_ms = x->tokens.refresh_expires_ms;
    if (x->tokens.email) {
        con->account = bs_strdup(x->tokens.email);
        buf_init(&key, 400);
        buf_addf(&key, "google:%s", con->account);
        con->quota_key = buf_take(&key);
    }
    if (grant_store(x->c->app->store, con, e) == BS_OK) {
        FAIL_POINT("signin.stored");
    }
    return e->rc;
}

/* The tokens are stored: now they may be used. */
static enum bs_rc ask_google(const struct signin *x, struct auth *auth, struct bs_err *e)
{
    const char *token;
    struct buf email, key;
    enum bs_rc rc = auth_token(auth, false, &token, e);

    buf_init(&email, 320);
    buf_init(&key, 400);
    if (rc == BS_OK) {
        rc = grant_email(x->c->http, &x->c->ep, token, &email, e);
    }
    if (rc == BS_OK) {
        buf_addf(&key, "google:%s", email.data);
        x->con->account = bs_strdup(email.data);
        x->con->quota_key = bs_strdup(key.data);
    }
    buf_release(&email);
    buf_release(&key);
    return rc;
}

static enum bs_rc name_account(struct signin *x, struct bs_err *e)
{
    struct store *store = x->c->app->store;
    struct connection *stored = NULL;
    struct auth *auth;
    enum bs_rc rc = auth_new(store, x->c->http, &x->c->ep, x->c->user_id, x->service, &auth, e);

    if (rc != BS_OK) {
        return rc;
    }
    auth_tell_secrets(auth, log_secret);
    rc = x->service == SERVICE_AIRTABLE ? connect_ask_airtable(x->c, auth, x->con, e)
                                        : ask_google(x, auth, e);
    auth_free(auth);
    if (rc == BS_OK) {
        rc = connection_get(store, x->c->user_id, x->service, false, &stored, e);
    }
    if (rc == BS_OK && stored) {
        rc = connection_set_account(store, stored->id, x->service, x->con->account, x->con->scopes,
                                    x->con->quota_key, e);
    }
    connection_free(stored);
    return rc;
}

enum bs_rc signin_take(struct signin *x, struct bs_err *e)
{
    struct bs_err later = BS_ERR_INIT;

    if (take_tokens(x, e) != BS_OK) {
        return e->rc;
    }
    if (!x->con->account && name_account(x, &later) != BS_OK) {
        out_note("Note: the sign-in is stored, but whose it is could not be asked: %s.", later.msg);
    }
    return BS_OK;
}

/* ---- what is said ---- */

static void say_scopes(const char *scopes)
{
    static const char prefix[] = "https://www.googleapis.com/auth/";
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    while (*scopes) {
        const char *one = str_starts(scopes, prefix) ? scopes + sizeof prefix - 1 : scopes;
        size_t len = strcspn(one, " ");

        buf_adds(&b, b.len > 0 ? ", " : "");
        buf_add(&b, one, len);
        scopes = one + len;
        scopes += strspn(scopes, " ");
    }
    out_line("Allowed: %s.", b.data);
    buf_release(&b);
}

static void say_end(const struct signin *x)
{
    int64_t end = x->tokens.refresh_expires_ms;
    int64_t left = end - clock_wall_ms();
    char text[CLOCK_TEXT_MAX], local[32];

    clock_sql_text(end, text);
    if (x->service == SERVICE_AIRTABLE) {
        out_line("It lapses when it is not used for %lld days; every renewal by a run moves that "
                 "on.",
                 end ? (long long)((left + DAY_MS / 2) / DAY_MS) : 60LL);
    } else if (end) {
        out_line("It lapses on %s whatever is done: connect again before that.%s",
                 out_time(text, local),
                 left <= TESTING_MS ? " Google ends each sign-in after 7 days while the project's "
                                      "publishing status is Testing: set it to In production."
                                    : "");
    } else {
        out_line("Google names no end. But while the project's publishing status is Testing, it "
                 "ends each sign-in after 7 days: set it to In production (Google Cloud console, "
                 "OAuth consent screen) and connect once more.");
    }
}

void signin_say(const struct signin *x)
{
    if (x->service == SERVICE_GOOGLE && x->con->account) {
        out_line("Signed in to %s as %s.", x->s->name, x->con->account);
    }
    say_scopes(x->con->scopes);
    say_end(x);
}
