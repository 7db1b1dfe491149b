/*
 * cmd_connect.c: takes a credential from a prompt, standard input or a file, tries it at the
 * service, and only then stores it, sealed. Secrets are never arguments.
 */
#include "app/commands.h"
#include "app/connect.h"
#include "app/out.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/os.h"
#include "base/str.h"
#include "net/oauth.h"
#include "remote/airtable.h"
#include "remote/auth.h"
#include "remote/call.h"
#include "remote/grant.h"
#include "store/usage.h"

#include <stdlib.h>
#include <string.h>

#define TOKEN_MAX 4096

/* ---- Airtable ---- */

/* The calls that have found the account out count towards its month. */
static enum bs_rc count_calls(const struct connecting *c, const struct caller *caller,
                              const struct connection *con, struct bs_err *e)
{
    char counter[CALL_COUNTER_MAX];
    int64_t total;

    call_month_counter(con->quota_key, counter);
    return usage_count(c->app->store, counter, clock_wall_ms(), caller_stats(caller).airtable,
                       &total, e);
}

/* Bases of this user's syncs that the token cannot see: said, not refused. */
static void note_missing_bases(const struct connecting *c, const struct airtable_base_info *bases,
                               size_t n)
{
    const struct conf *conf = c->app->conf;

    for (size_t i = 0; i < conf->n_syncs; i++) {
        const struct conf_sync *s = &conf->syncs[i];
        bool seen = !str_eq(s->user, c->user->slug);

        for (size_t k = 0; k < n && !seen; k++) {
            seen = str_eq(bases[k].id, s->base);
        }
        if (!seen) {
            out_note("Note: the token cannot see the base %s of [sync %s]: add that base to the "
                     "token's access.",
                     s->base, s->slug);
        }
    }
}

enum bs_rc connect_ask_airtable(struct connecting *c, struct auth *auth, struct connection *con,
                                struct bs_err *e)
{
    struct caller *caller = caller_new(c->app->store, c->http, auth, &c->ep, &c->limits);
    const struct airtable_base_info *bases;
    struct airtable_whoami who;
    struct buf key;
    size_t n;
    enum bs_rc rc = airtable_whoami(caller, &who, e);

    if (rc != BS_OK && e->kind == BS_K_OAUTH && con->kind == CREDENTIAL_TOKEN) {
        bs_fail(e, rc, BS_K_OAUTH,
                "Airtable refuses this token: copy it whole, or make a new one at "
                "https://airtable.com/create/tokens");
    }
    if (rc == BS_OK) {
        rc = airtable_bases(caller, c->app->arena, &bases, &n, e);
        if (rc != BS_OK && e->kind == BS_K_PERMISSION) {
            bs_wrap(e, "the token lacks the scope schema.bases:read (it also needs "
                       "data.records:read and data.records:write)");
        }
    }
    if (rc == BS_OK) {
        buf_init(&key, 200);
        buf_addf(&key, "airtable:%s", who.user_id);
        con->account = bs_strdup(*who.email ? who.email : who.user_id);
        if (!con->scopes) {
            con->scopes = bs_strdup(who.scopes);
        }
        con->quota_key = buf_take(&key);
        out_line("%s %s; it can see %zu base%s.",
                 con->kind == CREDENTIAL_OAUTH ? "Signed in to Airtable as"
                                               : "Airtable knows this token as",
                 con->account, n, n == 1 ? "" : "s");
        note_missing_bases(c, bases, n);
        rc = count_calls(c, caller, con, e);
    }
    caller_free(caller);
    return rc;
}

static enum bs_rc try_airtable(struct connecting *c, struct connection *con, struct bs_err *e)
{
    struct auth *auth = auth_new_unsaved(c->app->store, c->http, &c->ep, con);
    enum bs_rc rc = connect_ask_airtable(c, auth, con, e);

    auth_free(auth);
    return rc;
}

static enum bs_rc check_token_text(const char *token, struct bs_err *e)
{
    if (*token == '\0') {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "no token was given");
    }
    for (const char *p = token; *p; p++) {
        if (*p <= ' ' || *p > '~') {
            return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                           "what was given is no token: a token is one word, such as pat...");
        }
    }
    return BS_OK;
}

static enum bs_rc connect_airtable(struct connecting *c, struct connection *con, struct bs_err *e)
{
    struct buf b;
    enum bs_rc rc;

    con->service = SERVICE_AIRTABLE;
    con->kind = CREDENTIAL_TOKEN;
    buf_init(&b, TOKEN_MAX);
    rc = app_read_secret(args_value(c->app->args, "token-file"),
                         "Airtable personal access token (not shown): ", &b, e);
    if (rc == BS_OK) {
        con->secret = bs_strdup(str_trim(b.data));
        log_secret(con->secret);
        rc = check_token_text(con->secret, e);
    }
    buf_wipe(&b);
    return rc == BS_OK ? try_airtable(c, con, e) : rc;
}

/* ---- Google ---- */

static enum bs_rc try_sheets(struct connecting *c, struct connection *con, struct bs_err *e)
{
    struct auth *auth = auth_new_unsaved(c->app->store, c->http, &c->ep, con);
    const char *token;
    enum bs_rc rc = auth_token(auth, false, &token, e);

    auth_free(auth);
    return rc;
}

static enum bs_rc read_account(struct connection *con, const char *text, size_t len,
                               struct bs_err *e)
{
    struct service_account sa = {0};
    enum bs_rc rc = service_account_parse(text, len, &sa, e);
    struct buf key;

    if (rc == BS_OK) {
        buf_init(&key, 400);
        buf_addf(&key, "google:%s", sa.email);
        con->account = bs_strdup(sa.email);
        con->quota_key = buf_take(&key);
        log_secret(sa.private_key);
    }
    service_account_release(&sa);
    return rc;
}

static enum bs_rc connect_sheets(struct connecting *c, struct connection *con, struct bs_err *e)
{
    const char *file = args_value(c->app->args, "service-account");
    struct buf b;
    enum bs_rc rc;

    if (!file) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                       "say where the service account's key file is: --service-account FILE; or "
                       "sign in with --oauth");
    }
    con->service = SERVICE_GOOGLE;
    con->kind = CREDENTIAL_SERVICE_ACCOUNT;
    buf_init(&b, CRYPTO_PLAIN_MAX);
    rc = app_read_secret(file, "", &b, e);
    if (rc == BS_OK) {
        con->secret = bs_strdup(b.data);
        rc = read_account(con, b.data, b.len, e);
    }
    buf_wipe(&b);
    if (rc == BS_OK) {
        rc = try_sheets(c, con, e);
    }
    if (rc == BS_OK) {
        out_line(
            "Google gives tokens for this account. Share each spreadsheet with it, as editor:");
        out_line("%s", con->account);
    }
    return rc;
}

/* ---- both ---- */

static enum bs_rc connect_to(struct app *app, bool airtable, struct bs_err *e)
{
    struct connecting c = {.app = app, .ep = app_endpoints(app), .limits = app_limits(app)};
    struct connection *con = bs_alloc(sizeof *con);
    enum bs_rc rc;

    rc = app_find_user(app, &c.user, e);
    if (rc == BS_OK) {
        rc = app_user_id(app, c.user, &c.user_id, e);
    }
    if (rc == BS_OK) {
        rc = app_http(app, &c.http, e);
    }
    if (rc == BS_OK && args_has(app->args, "oauth")) {
        rc = connect_oauth(&c, airtable ? SERVICE_AIRTABLE : SERVICE_GOOGLE, e);
    } else if (rc == BS_OK) {
        con->user_id = bs_strdup(c.user_id);
        rc = airtable ? connect_airtable(&c, con, e) : connect_sheets(&c, con, e);
        if (rc == BS_OK) {
            rc = grant_store(app->store, con, e);
        }
    }
    if (rc == BS_OK) {
        out_line("The credential of %s is stored, sealed.", c.user->slug);
    }
    http_free(c.http);
    connection_free(con);
    return rc;
}

static bool options_fit(const struct args *a, bool airtable)
{
    static const char *const for_oauth[] = {
        "client-id", "client-secret-file", "client-file", "redirect", "scopes", "paste"};
    const char *own = airtable ? "token-file" : "service-account";
    const char *other = airtable ? "service-account" : "token-file";

    if (args_has(a, other) || args_has(a, "password-file")) {
        out_usage("--%s does not go with connect %s", args_has(a, other) ? other : "password-file",
                  a->words[0]);
        return false;
    }
    if (args_has(a, "oauth") && args_has(a, own)) {
        out_usage("--%s and --oauth are two ways: choose one", own);
        return false;
    }
    if (args_has(a, "client-file") && args_has(a, "client-id")) {
        out_usage("--client-file and --client-id are two ways: choose one");
        return false;
    }
    for (size_t i = 0; i < sizeof for_oauth / sizeof *for_oauth; i++) {
        if (args_has(a, for_oauth[i]) && !args_has(a, "oauth")) {
            out_usage("--%s goes with --oauth only", for_oauth[i]);
            return false;
        }
    }
    return true;
}

int cmd_connect(struct app *app)
{
    const char *service = app->args->words[0];
    bool airtable = str_eq(service, "airtable");
    struct bs_err e = BS_ERR_INIT;

    if (str_eq(service, "mail")) {
        return connect_mail(app);
    }
    if (!airtable && !str_eq(service, "sheets")) {
        return out_usage("connect airtable, sheets or mail, not \"%s\"", service);
    }
    if (!options_fit(app->args, airtable)) {
        return 2;
    }
    os_signals_init();
    if (app_open(app, &e) != BS_OK || connect_to(app, airtable, &e) != BS_OK) {
        return out_error(&e);
    }
    return 0;
}
