/* check_sync.c: the steps of one sync, from its credentials to its plan. */
#include "app/check.h"
#include "app/out.h"
#include "base/clock.h"
#include "base/str.h"
#include "engine/run.h"
#include "net/json.h"
#include "store/runlog.h"

#include <string.h>

#define LAPSE_SOON_MS (INT64_C(14) * 86400000)
#define ISSUES_SHOWN 10

void check_note_time(struct checking *c, const struct session *s)
{
    int64_t ms = s->caller ? call_server_ms(s->caller) : 0;

    if (ms != 0) {
        c->server_ms = ms;
        c->server_at_ms = clock_wall_ms();
    }
}

void check_lapse(struct sync_check *k, enum service service, const char *step, struct bs_err *e)
{
    struct connection *con;
    char text[CLOCK_TEXT_MAX], local[32];

    if (!check_step(k->c, step,
                    connection_get(k->c->app->store, k->sc->user_id, service, false, &con, e), e)) {
        return;
    }
    if (con && con->refresh_expires_ms != 0 &&
        con->refresh_expires_ms - clock_wall_ms() < LAPSE_SOON_MS) {
        clock_sql_text(con->refresh_expires_ms, text);
        check_add(k->c, CHECK_NOTE, step,
                  "the sign-in lapses on %s: run `basesync connect %s --oauth` before that",
                  out_time(text, local), service == SERVICE_AIRTABLE ? "airtable" : "sheets");
    }
    connection_free(con);
}

/* ---- the plan ---- */

/* What the dry run has found in rows, records and cells: keys that are not unique, values that do
 * not fit, conflicts. */
static void add_issues(struct sync_check *k, const char *run_id, struct bs_err *e)
{
    const struct log_filter filter = {.run_id = run_id, .limit = 1};
    struct log_row *rows;
    struct json *list = NULL;
    size_t n, shown = 0;

    if (!check_step(k->c, "plan",
                    runlog_list(k->c->app->store, &filter, k->c->app->arena, &rows, &n, e), e) ||
        n == 0 || !rows[0].errors ||
        !check_step(k->c, "plan", json_parse(rows[0].errors, strlen(rows[0].errors), &list, e),
                    e)) {
        return;
    }
    for (const struct json *i = json_child(list); i; i = json_next(i)) {
        if (str_eq(json_string(json_get(i, "level"), ""), "info")) {
            continue;
        }
        if (shown < ISSUES_SHOWN) {
            check_add(k->c, CHECK_NOTE, "plan", "%s",
                      json_string(json_get(i, "message"), "something cannot be synced"));
        }
        shown++;
    }
    if (shown > ISSUES_SHOWN) {
        check_add(k->c, CHECK_NOTE, "plan", "and %zu more: `basesync logs show %.8s` lists them",
                  shown - ISSUES_SHOWN, run_id);
    }
    json_free(list);
}

/* A dry run goes through everything else: mapping, headers, keys, conversions, guards. */
static void check_plan(struct sync_check *k, struct bs_err *e)
{
    const struct app *app = k->c->app;
    struct run_report silent = {0};
    struct run_env env = {app->conf, app->store, &silent, NULL};
    struct run_options o = {.trigger = "manual", .dry_run = true};
    struct run_result r;

    if (!check_step(k->c, "plan", run_sync(&env, k->s, k->sc, &o, &r, e), e)) {
        return;
    }
    if (r.err.rc != BS_OK) {
        check_fail(k->c, "plan", &r.err);
        return;
    }
    check_add(
        k->c, CHECK_OK, "plan",
        "a run now would write %lld row(s) to the sheet and %lld record(s) to Airtable",
        (long long)(r.counts.rows_added + r.counts.rows_updated + r.counts.rows_deleted),
        (long long)(r.counts.records_added + r.counts.records_updated + r.counts.records_deleted));
    add_issues(k, r.run_id, e);
}

void check_one_sync(struct checking *c, size_t index)
{
    struct sync_check k = {c, &c->app->conf->syncs[index], &c->app->syncs[index], NULL};
    struct bs_err e = BS_ERR_INIT;
    bool airtable, google;

    c->sync = k.s->slug;
    airtable = check_airtable(&k, &e);
    google = check_google(&k, &e);
    if (airtable && google) {
        check_plan(&k, &e);
    }
    c->sync = NULL;
}
