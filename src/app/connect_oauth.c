/*
 * connect_oauth.c: a sign-in by OAuth with the user's own client (RFC 6749, RFC 7636, RFC 8252):
 * prints the address for a browser, takes the answer, and stores the tokens, sealed, before any of
 * them is used. Facts of the services: Airtable "OAuth reference", Google "OAuth 2.0 for
 * installed applications".
 */
#include "app/connect_p.h"
#include "app/out.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/os.h"
#include "base/str.h"
#include "remote/grant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_MAX 4096
#define CODE_MAX ((size_t)16384)

#define AIRTABLE_REDIRECT "http://127.0.0.1:8976/callback"
#define GOOGLE_SPREADSHEETS "https://www.googleapis.com/auth/spreadsheets"

static const struct scope_use airtable_scopes[] = {
    {"data.records:read", "no record can be read", true},
    {"schema.bases:read", "tables and fields cannot be read", true},
    {"data.records:write", "only direction = airtable_to_sheets will work", false},
    {"webhook:manage", "changes are found by reading whole tables, which costs more calls", false},
    {"user.email:read", "the account is named by its id", false},
    {0},
};
static const struct scope_use google_scopes[] = {
    {GOOGLE_SPREADSHEETS, "no spreadsheet can be read", true},
    {0},
};

static const struct oauth_service services[] = {
    [SERVICE_AIRTABLE] =
        {"Airtable", "airtable",
         "data.records:read data.records:write schema.bases:read webhook:manage user.email:read",
         airtable_scopes, AIRTABLE_REDIRECT, "",
         "say which OAuth integration: --client-id ID; one is made at "
         "https://airtable.com/create/oauth, with the redirect URL " AIRTABLE_REDIRECT,
         "at airtable.com in your account under Integrations"},
    [SERVICE_GOOGLE] =
        {"Google", "sheets", GOOGLE_SPREADSHEETS " openid email", google_scopes, NULL,
         /* Without both Google gives a refresh token at the very first consent only. */
         "access_type=offline&prompt=consent",
         "say which OAuth client: --client-file FILE, downloaded from the Google Cloud console "
         "(an OAuth client ID of type Desktop app)",
         "at myaccount.google.com/permissions"},
};

static const char *option(const struct signin *x, const char *name)
{
    return args_value(x->c->app->args, name);
}

/* ---- the client ---- */

static enum bs_rc client_from_file(struct signin *x, const char *file, struct bs_err *e)
{
    struct buf b;
    enum bs_rc rc;

    buf_init(&b, OAUTH_CLIENT_MAX);
    rc = app_read_secret(file, "", &b, e);
    if (rc == BS_OK) {
        rc = oauth_client_parse(b.data, b.len, &x->client, e);
    }
    if (rc == BS_OK && x->client.web && !option(x, "redirect")) {
        rc = bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                     "this OAuth client is of type Web application, which comes back to registered "
                     "addresses only: make one of type Desktop app, or name one of them with "
                     "--redirect");
    }
    buf_wipe(&b);
    return rc;
}

static enum bs_rc client_from_words(struct signin *x, const char *id, struct bs_err *e)
{
    struct buf b;
    enum bs_rc rc;

    x->client.id = bs_strdup(id);
    buf_init(&b, SECRET_MAX);
    rc = app_read_secret(option(x, "client-secret-file"),
                         x->service == SERVICE_AIRTABLE
                             ? "Client secret (not shown; nothing if there is none): "
                             : "Client secret (not shown): ",
                         &b, e);
    if (rc == BS_SKIP && x->service == SERVICE_AIRTABLE) {
        bs_err_clear(e); /* an integration need not have one */
        rc = BS_OK;
    } else if (rc == BS_OK && *str_trim(b.data)) {
        x->client.secret = bs_strdup(str_trim(b.data));
    }
    buf_wipe(&b);
    return rc;
}

/* The one of the connection that is to be renewed. */
static enum bs_rc client_from_store(struct signin *x, struct bs_err *e)
{
    struct connection *old;
    enum bs_rc rc = connection_get(x->c->app->store, x->c->user_id, x->service, true, &old, e);

    if (rc != BS_OK) {
        return rc;
    }
    if (old && old->kind == CREDENTIAL_OAUTH && old->client_id) {
        x->client.id = bs_strdup(old->client_id);
        x->client.secret = old->client_secret ? bs_strdup(old->client_secret) : NULL;
    } else {
        rc = bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "%s", x->s->how_to_get_client);
    }
    connection_free(old);
    return rc;
}

static enum bs_rc find_client(struct signin *x, struct bs_err *e)
{
    const char *file = option(x, "client-file"), *id = option(x, "client-id");
    enum bs_rc rc = file ? client_from_file(x, file, e)
                    : id ? client_from_words(x, id, e)
                         : client_from_store(x, e);

    if (rc == BS_OK && x->service == SERVICE_GOOGLE && !x->client.secret) {
        rc = bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                     "Google asks for the client's secret, too: give its file with --client-file, "
                     "or the secret with --client-secret-file");
    }
    return rc == BS_SKIP ? bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "%s", e->msg) : rc;
}

/* ---- the browser ---- */

/* Somebody at the keyboard can do without the listener. */
static enum bs_rc listen_at(struct signin *x, uint16_t port, struct bs_err *e)
{
    enum bs_rc rc = loopback_open(port, &x->listener, e);

    if (rc != BS_OK && x->typed) {
        out_note("Note: %s; the last page of the browser will not be shown.", e->msg);
        bs_err_clear(e);
        return BS_OK;
    }
    return rc == BS_OK ? BS_OK
                       : bs_fail(e, rc, e->kind,
                                 "%s: end the program that has it, or register another address and "
                                 "name it with --redirect",
                                 e->msg);
}

static enum bs_rc find_redirect(struct signin *x, struct bs_err *e)
{
    const char *url = option(x, "redirect") ? option(x, "redirect") : x->s->redirect;
    bool paste = args_has(x->c->app->args, "paste");
    char any[64];

    x->typed = paste || os_input_is_terminal();
    if (!url && !paste && listen_at(x, 0, e) != BS_OK) {
        return e->rc;
    }
    if (!url) {
        /* Nobody listens: the browser's last page is an error, but its address is right. */
        snprintf(any, sizeof any, "http://127.0.0.1:%u/",
                 x->listener ? (unsigned)loopback_port(x->listener) : 8976U);
        url = any;
    }
    if (oauth_redirect_parse(url, &x->redirect, e) != BS_OK) {
        return e->rc;
    }
    if (x->redirect.port == 0 && !x->typed) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                       "the browser does not come back to this machine: use --paste and give the "
                       "address of its last page");
    }
    if (!x->listener && !paste && x->redirect.port != 0) {
        return listen_at(x, x->redirect.port, e);
    }
    return BS_OK;
}

static void print_address(const struct signin *x)
{
    const struct conf *conf = x->c->app->conf;
    struct buf auth, challenge, url;

    buf_init(&auth, BUF_NO_LIMIT);
    buf_init(&challenge, 100);
    buf_init(&url, BUF_NO_LIMIT);
    buf_adds(&auth, x->service == SERVICE_AIRTABLE ? conf->airtable_oauth : conf->auth_url);
    buf_adds(&auth, x->service == SERVICE_AIRTABLE ? "/authorize" : "");
    crypto_pkce_challenge(x->verifier, &challenge);
    oauth_consent_url(auth.data, x->client.id, x->redirect.url, x->scopes, x->state, challenge.data,
                      x->s->extra, &url);
    out_line("Open this address in a browser, on any machine, and allow the access:");
    out_line("%s", "");
    out_line("%s", url.data);
    out_line("%s", "");
    if (x->listener) {
        out_line("Waiting for the browser to come back to %s", x->redirect.url);
    }
    if (x->typed) {
        out_line("%s the browser's last page cannot be shown, copy that page's address (it begins "
                 "with %s) from the address bar, paste it here and press Enter.",
                 x->listener ? "If it runs on another machine," : "Even if", x->redirect.url);
    }
    out_flush();
    buf_release(&auth);
    buf_release(&challenge);
    buf_release(&url);
}

static enum bs_rc explain_refusal(const struct signin *x, struct bs_err *e)
{
    if (str_eq(e->code, "invalid_scope")) {
        return bs_fail(e, BS_STOP_ALL, BS_K_OAUTH,
                       "%.200s: allow these scopes on the page of the OAuth client, or ask for "
                       "fewer with --scopes: %s",
                       e->msg, x->scopes);
    }
    if (str_eq(e->code, "access_denied")) {
        return bs_fail(e, BS_STOP_ALL, BS_K_OAUTH, "%.200s; nothing was changed", e->msg);
    }
    return e->rc;
}

static enum bs_rc get_tokens(struct signin *x, struct bs_err *e)
{
    const struct connect_wait w = {x->state, &x->redirect, x->listener, x->typed};
    struct grant_code g = {x->service, &x->client, NULL, x->redirect.url, x->verifier};
    struct buf code;
    enum bs_rc rc;

    buf_init(&code, CODE_MAX);
    /* The address must come out whole, and the log takes the first bytes of a secret for all of it:
     * a client's id may begin like its secret. */
    print_address(x);
    if (x->client.secret) {
        log_secret(x->client.secret);
    }
    rc = connect_wait(&w, &code, e);
    if (rc != BS_OK) {
        explain_refusal(x, e);
    } else {
        log_secret(code.data);
        g.code = code.data;
        rc = grant_exchange(x->c->http, &x->c->ep, &g, &x->tokens, e);
        if (rc != BS_OK && str_eq(e->code, "invalid_client")) {
            bs_fail(e, rc, e->kind, "%.200s: the client id or its secret is not right", e->msg);
        } else if (rc != BS_OK) {
            bs_fail(e, rc, e->kind, "%.300s; nothing was stored, start again", e->msg);
        }
    }
    buf_wipe(&code);
    return e->rc;
}

static enum bs_rc sign_in(struct signin *x, struct bs_err *e)
{
    x->scopes = option(x, "scopes") ? option(x, "scopes") : x->s->scopes;
    clock_random_id(x->state, STATE_LEN);
    clock_random_id(x->verifier, VERIFIER_LEN);
    if (find_client(x, e) != BS_OK || find_redirect(x, e) != BS_OK || get_tokens(x, e) != BS_OK ||
        signin_take(x, e) != BS_OK) {
        return e->rc;
    }
    signin_say(x);
    return BS_OK;
}

enum bs_rc connect_oauth(struct connecting *c, enum service service, struct bs_err *e)
{
    struct signin x = {.c = c, .service = service, .s = &services[service]};

    x.con = bs_alloc(sizeof *x.con);
    bs_seen(sign_in(&x, e));
    loopback_close(x.listener);
    oauth_client_release(&x.client);
    oauth_tokens_release(&x.tokens);
    bs_wipe(x.verifier, sizeof x.verifier);
    connection_free(x.con);
    return e->rc;
}
