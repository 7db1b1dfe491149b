/* check_google.c: one sync's steps at Google: credential, scopes, spreadsheet, the right to write,
 * tab, size, time zone. */
#include "app/check.h"
#include "base/str.h"
#include "engine/zoneload.h"
#include "net/oauth_client.h"

#include <stdlib.h>

#define SCOPE "https://www.googleapis.com/auth/"
#define CELLS_NEARLY (SHEETS_CELLS_MAX / 10 * 9)

static void check_scopes(struct sync_check *k, const struct session *s)
{
    static const char *const enough[] = {SCOPE "spreadsheets", SCOPE "drive", SCOPE "drive.file"};
    const char *given = auth_scopes(s->auth);

    for (size_t i = 0; i < sizeof enough / sizeof *enough; i++) {
        if (oauth_scope_has(given, enough[i])) {
            check_add(k->c, CHECK_OK, "scopes", "%s", given);
            return;
        }
    }
    if (*given) { /* a service account asks for what it needs */
        check_fail_with(k->c, "scopes", BS_K_PERMISSION,
                        "the sign-in to Google lacks " SCOPE "spreadsheets: run `basesync connect "
                        "sheets --oauth` and tick everything on the page");
    }
}

/* ---- the right to write ---- */

/* Sheets does not tell it, Drive does, by a scope that runs do not need: the service account asks
 * for it here alone. */
static enum bs_rc ask_drive(const struct sync_check *k, const struct session *s, bool *can,
                            struct bs_err *e)
{
    struct connection *con;
    struct auth *auth;
    struct caller *caller;
    struct sheets *sh;

    if (connection_get(k->c->app->store, k->sc->user_id, SERVICE_GOOGLE, true, &con, e) != BS_OK) {
        return e->rc;
    }
    if (!con || con->kind != CREDENTIAL_SERVICE_ACCOUNT) {
        connection_free(con);
        return bs_fail(e, BS_SKIP, BS_K_PERMISSION, "only a service account can be asked");
    }
    free(con->scopes);
    con->scopes = bs_strdup(SCOPE "drive.metadata.readonly");
    bs_wipe_free(con->access_token); /* it has other scopes */
    con->access_token = NULL;
    auth = auth_new_unsaved(k->c->app->store, s->http, &s->ep, con);
    caller = caller_new(k->c->app->store, s->http, auth, &s->ep, &s->limits);
    sh = sheets_new(caller, k->s->spreadsheet);
    bs_seen(sheets_can_edit(sh, can, e));
    sheets_free(sh);
    caller_free(caller);
    auth_free(auth);
    connection_free(con);
    return e->rc;
}

static void check_right(struct sync_check *k, const struct session *s)
{
    struct bs_err why = BS_ERR_INIT;
    bool can = false;

    if (ask_drive(k, s, &can, &why) != BS_OK) {
        check_add(k->c, CHECK_OK, "right",
                  "whether the account may write shows at the first write");
    } else if (!can) {
        check_fail_with(k->c, "right", BS_K_PERMISSION,
                        "%s may only read the spreadsheet: share it with that address as an editor",
                        auth_account(s->auth));
    } else {
        check_add(k->c, CHECK_OK, "right", "the account may write");
    }
}

/* ---- the spreadsheet ---- */

static void check_cells(struct sync_check *k, const struct sheet_meta *meta)
{
    int64_t cells = 0;

    for (size_t i = 0; i < meta->n_tabs; i++) {
        cells += (int64_t)meta->tabs[i].rows * meta->tabs[i].columns;
    }
    check_add(k->c, cells > CELLS_NEARLY ? CHECK_NOTE : CHECK_OK, "limits",
              "the spreadsheet has %lld of at most %d cells%s", (long long)cells, SHEETS_CELLS_MAX,
              cells > CELLS_NEARLY ? ": delete tabs, rows or columns that are not needed before it "
                                     "is full"
                                   : "");
}

static void check_tab(struct sync_check *k, struct sheets *sh, const struct sheet_meta *meta,
                      struct bs_err *e)
{
    const struct sheet_tab *tab = sheets_find_tab(meta, k->s->tab);
    const char *const *headers;
    size_t n;
    size_t filled = 0;

    if (!tab || !tab->is_grid) {
        check_fail_with(k->c, "tab", BS_K_SCHEMA,
                        "the spreadsheet has no tab \"%s\" with cells: correct `tab`; `basesync "
                        "discover %s` lists them",
                        k->s->tab, k->s->spreadsheet);
        return;
    }
    if (!check_step(k->c, "tab", session_headers(k->c->app, sh, tab, &headers, &n, e), e)) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        filled += *headers[i] != '\0';
    }
    check_add(k->c, CHECK_OK, "tab", "%s: %u rows, %u columns, %zu header(s)", tab->title,
              tab->rows, tab->columns, filled);
}

static bool check_spreadsheet(struct sync_check *k, struct session *s, struct bs_err *e)
{
    struct sheets *sh = sheets_new(s->caller, k->s->spreadsheet);
    const struct sheet_meta *meta;
    struct zone *zone = NULL;
    bool ok = check_step(k->c, "spreadsheet", sheets_meta(sh, k->c->app->arena, &meta, e), e);

    if (ok) {
        check_add(k->c, CHECK_OK, "spreadsheet", "\"%s\", time zone %s", meta->title,
                  meta->time_zone);
        check_right(k, s);
        check_cells(k, meta);
        check_tab(k, sh, meta, e);
        check_step(k->c, "time zone",
                   zone_load(k->c->app->conf->zoneinfo, meta->time_zone, &zone, e), e);
    }
    zone_free(zone);
    sheets_free(sh);
    return ok;
}

bool check_google(struct sync_check *k, struct bs_err *e)
{
    struct session s;
    const char *token;
    bool ok = check_step(k->c, "google",
                         session_open(&s, k->c->app, k->sc->user_id, SERVICE_GOOGLE, e), e) &&
              check_step(k->c, "google", auth_token(s.auth, false, &token, e), e);

    if (ok) {
        check_add(k->c, CHECK_OK, "google", "%s", auth_account(s.auth));
        check_scopes(k, &s);
        check_lapse(k, SERVICE_GOOGLE, "google", e);
        ok = check_spreadsheet(k, &s, e);
    }
    check_note_time(k->c, &s);
    session_release(&s);
    return ok;
}
