/* cmd_disconnect.c: takes a grant back where the service lets us, and forgets the credential. */
#include "app/commands.h"
#include "app/out.h"
#include "base/log.h"
#include "base/os.h"
#include "base/str.h"
#include "remote/grant.h"

#include <stdlib.h>

struct leaving {
    struct app *app;
    const struct conf_user *user;
    const char *word; /* airtable or sheets */
    enum service service;
    struct connection *con;
    int code;
};

/* Where a person takes back what we cannot. */
static const char *place_of(const struct connection *c)
{
    static const char *const places[][3] = {
        [SERVICE_AIRTABLE] = {"delete the token at https://airtable.com/create/tokens", "",
                              "remove the access at airtable.com, in your account under "
                              "Integrations (Airtable has no way for a program to do it)"},
        [SERVICE_GOOGLE] = {"",
                            "delete its key in the Google Cloud console, and end the sharing of "
                            "the spreadsheets with it",
                            "remove the access at https://myaccount.google.com/permissions"},
    };

    return places[c->service][c->kind];
}

/* Another user here that has signed in with the same account would lose its access, too: Google
 * ends all that an account has given to a client. */
static enum bs_rc is_shared(const struct leaving *x, bool *shared, struct bs_err *e)
{
    struct connection **list;
    size_t n;
    enum bs_rc rc = connections_list(x->app->store, &list, &n, e);

    *shared = false;
    if (rc != BS_OK) {
        return rc;
    }
    for (size_t i = 0; i < n; i++) {
        const struct connection *c = list[i];

        *shared = *shared || (c->service == x->service && c->kind == CREDENTIAL_OAUTH &&
                              !str_eq(c->id, x->con->id) && *c->account != '\0' &&
                              str_eq(c->account, x->con->account));
    }
    connections_list_free(list, n);
    return BS_OK;
}

/* Before it is forgotten: afterwards nothing is left to name the grant with. */
static void revoke(struct leaving *x)
{
    struct bs_err e = BS_ERR_INIT;
    struct endpoints ep = app_endpoints(x->app);
    struct http *http = NULL;
    bool shared = false;
    enum bs_rc rc = is_shared(x, &shared, &e);

    if (rc == BS_OK && shared) {
        out_note("Note: another user here has signed in with the same account, so the access was "
                 "not taken back at Google.");
        return;
    }
    if (rc == BS_OK && !x->con->secret) {
        rc = bs_fail(&e, BS_STOP_SYNC, BS_K_CONFIG, "the key that opens the token is missing");
    }
    if (rc == BS_OK) {
        log_secret(x->con->secret);
        rc = app_http(x->app, &http, &e);
    }
    if (rc == BS_OK) {
        rc = grant_revoke(http, &ep, x->con->secret, &e);
    }
    http_free(http);
    if (rc == BS_OK) {
        out_line("The access was taken back at Google.");
    } else if (rc == BS_SKIP) {
        out_line("The access had ended at Google already.");
    } else {
        out_note("Note: the access could not be taken back at Google (%s): %s.", e.msg,
                 place_of(x->con));
        x->code = 3;
    }
}

/* What stands still from now on. */
static void note_syncs(const struct leaving *x)
{
    const struct conf *conf = x->app->conf;

    for (size_t i = 0; i < conf->n_syncs; i++) {
        if (conf->syncs[i].active && str_eq(conf->syncs[i].user, x->user->slug)) {
            out_note("Note: [sync %s] cannot run until `basesync connect %s`.", conf->syncs[i].slug,
                     x->word);
        }
    }
}

static void forget(struct leaving *x)
{
    static const char *const kinds[] = {[CREDENTIAL_TOKEN] = "token",
                                        [CREDENTIAL_SERVICE_ACCOUNT] = "key of the service account",
                                        [CREDENTIAL_OAUTH] = "sign-in"};
    bool revocable = x->service == SERVICE_GOOGLE && x->con->kind == CREDENTIAL_OAUTH;
    struct bs_err e = BS_ERR_INIT;

    if (revocable) {
        revoke(x);
    }
    if (connection_delete(x->app->store, x->con->id, &e) != BS_OK) {
        x->code = out_error(&e);
        return;
    }
    out_line("The %s %s of %s is forgotten here.%s%s%s", kinds[x->con->kind], x->con->account,
             x->user->slug, revocable ? "" : " It is still good at the service: ",
             revocable ? "" : place_of(x->con), revocable ? "" : ".");
    note_syncs(x);
}

int cmd_disconnect(struct app *app)
{
    struct leaving x = {.app = app, .word = app->args->words[0]};
    struct bs_err e = BS_ERR_INIT, no_key = BS_ERR_INIT;
    const char *id;

    if (!str_eq(x.word, "airtable") && !str_eq(x.word, "sheets")) {
        return out_usage("disconnect airtable or sheets, not \"%s\"", x.word);
    }
    x.service = str_eq(x.word, "airtable") ? SERVICE_AIRTABLE : SERVICE_GOOGLE;
    os_signals_init();
    /* A lost key must not keep anybody from forgetting what it has sealed. */
    if (app_load_conf(app, &e) != BS_OK ||
        (app_load_key(app, &no_key) != BS_OK && os_exists(app->conf->key_file)) ||
        app_open_store(app, false, &e) != BS_OK || app_find_user(app, &x.user, &e) != BS_OK ||
        app_user_id(app, x.user, &id, &e) != BS_OK ||
        connection_get(app->store, id, x.service, app->has_key, &x.con, &e) != BS_OK) {
        return out_error(e.rc != BS_OK ? &e : &no_key);
    }
    if (!x.con) {
        return out_usage("%s has no connection to %s", x.user->slug, x.word);
    }
    forget(&x);
    connection_free(x.con);
    return x.code;
}
