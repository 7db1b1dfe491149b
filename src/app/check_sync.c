/* check_sync.c: the steps of one sync, from its credentials to its plan. */
#include "app/check.h"
#include "app/session.h"
#include "base/clock.h"
#include "base/str.h"
#include "engine/run.h"
#include "engine/zoneload.h"

struct sync_check {
    struct checking *c;
    const struct conf_sync *s;
    const struct sync_config *sc;
    const struct table_schema *table;
};

static void note_time(struct checking *c, const struct session *s)
{
    int64_t ms = s->caller ? call_server_ms(s->caller) : 0;

    if (ms != 0) {
        c->server_ms = ms;
        c->server_at_ms = clock_wall_ms();
    }
}

/* ---- Airtable ---- */

static void check_permission(struct sync_check *k, struct session *at, struct bs_err *e)
{
    const struct airtable_base_info *bases;
    size_t n;
    size_t i = 0;

    if (!check_step(k->c, "access", airtable_bases(at->caller, k->c->app->arena, &bases, &n, e),
                    e)) {
        return;
    }
    while (i < n && !str_eq(bases[i].id, k->s->base)) {
        i++;
    }
    if (i == n) {
        bs_fail(e, BS_STOP_SYNC, BS_K_PERMISSION,
                "the token cannot see the base %s: add the base to the token's access, or correct "
                "`base`",
                k->s->base);
        check_fail(k->c, "access", e);
    } else if (k->s->rules.direction != DIRECTION_TO_SHEETS &&
               !session_may_write(bases[i].permission)) {
        bs_fail(e, BS_STOP_SYNC, BS_K_PERMISSION,
                "the account may only %s in the base \"%s\": make it an editor there, or use "
                "direction = airtable_to_sheets",
                bases[i].permission, bases[i].name);
        check_fail(k->c, "access", e);
    } else {
        check_add(k->c, CHECK_OK, "access", "base \"%s\", permission %s", bases[i].name,
                  bases[i].permission);
    }
    bs_err_clear(e);
}

static void check_fields(struct sync_check *k, struct bs_err *e)
{
    const struct mapping *m = &k->s->mapping;

    for (size_t i = 0; i < m->n; i++) {
        if (!table_find_field(k->table, m->entries[i].field)) {
            bs_fail(e, BS_STOP_SYNC, BS_K_SCHEMA,
                    "the table has no field \"%s\": correct `field` in [sync %s]",
                    m->entries[i].field, k->s->slug);
            check_fail(k->c, "fields", e);
            bs_err_clear(e);
            return;
        }
    }
    check_add(k->c, CHECK_OK, "fields", "%zu of %zu", m->all ? k->table->n_fields : m->n,
              k->table->n_fields);
}

static void check_table(struct sync_check *k, const struct base_schema *schema, struct bs_err *e)
{
    k->table = schema_find_table(schema, k->s->table);
    if (!k->table) {
        bs_fail(e, BS_STOP_SYNC, BS_K_SCHEMA,
                "the base has no table \"%s\": correct `table`; `basesync discover %s` lists them",
                k->s->table, k->s->base);
        check_fail(k->c, "table", e);
    } else if (k->s->view && !table_find_view(k->table, k->s->view)) {
        bs_fail(e, BS_STOP_SYNC, BS_K_SCHEMA, "the table has no view \"%s\": correct `view`",
                k->s->view);
        check_fail(k->c, "table", e);
    } else {
        check_add(k->c, CHECK_OK, "table", "%s (%s)", k->table->name, k->table->id);
        check_fields(k, e);
    }
    bs_err_clear(e);
}

static bool check_airtable(struct sync_check *k, struct bs_err *e)
{
    const struct base_schema *schema;
    struct session s;
    struct airtable *at;
    bool ok = check_step(k->c, "airtable",
                         session_open(&s, k->c->app, k->sc->user_id, SERVICE_AIRTABLE, e), e);

    if (ok) {
        check_permission(k, &s, e);
        at = airtable_new(s.caller, k->s->base);
        ok = check_step(k->c, "airtable", airtable_schema(at, k->c->app->arena, &schema, e), e);
        airtable_free(at);
        note_time(k->c, &s);
    }
    if (ok) {
        check_add(k->c, CHECK_OK, "airtable", "%s", auth_account(s.auth));
        check_table(k, schema, e);
    }
    session_release(&s);
    return ok && k->table;
}

/* ---- Google ---- */

static void check_tab(struct sync_check *k, struct sheets *sh, const struct sheet_meta *meta,
                      struct bs_err *e)
{
    const struct sheet_tab *tab = sheets_find_tab(meta, k->s->tab);
    const char *const *headers;
    size_t n;
    size_t filled = 0;

    if (!tab || !tab->is_grid) {
        bs_fail(e, BS_STOP_SYNC, BS_K_SCHEMA,
                "the spreadsheet has no tab \"%s\" with cells: correct `tab`", k->s->tab);
        check_fail(k->c, "tab", e);
        bs_err_clear(e);
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

static bool check_google(struct sync_check *k, struct bs_err *e)
{
    const struct sheet_meta *meta = NULL;
    struct zone *zone = NULL;
    struct session s;
    struct sheets *sh;
    bool ok = check_step(k->c, "google",
                         session_open(&s, k->c->app, k->sc->user_id, SERVICE_GOOGLE, e), e);

    if (ok) {
        sh = sheets_new(s.caller, k->s->spreadsheet);
        ok = check_step(k->c, "spreadsheet", sheets_meta(sh, k->c->app->arena, &meta, e), e);
        if (ok) {
            check_add(k->c, CHECK_OK, "google", "%s", auth_account(s.auth));
            check_add(k->c, CHECK_OK, "spreadsheet", "\"%s\", time zone %s", meta->title,
                      meta->time_zone);
            check_tab(k, sh, meta, e);
            check_step(k->c, "time zone",
                       zone_load(k->c->app->conf->zoneinfo, meta->time_zone, &zone, e), e);
        }
        sheets_free(sh);
        note_time(k->c, &s);
    }
    zone_free(zone);
    session_release(&s);
    return ok;
}

/* ---- the plan ---- */

/* A dry run goes through everything else: mapping, headers, keys, conversions, guards. */
static void check_plan(struct sync_check *k, struct bs_err *e)
{
    const struct app *app = k->c->app;
    struct run_report silent = {0};
    struct run_env env = {app->conf, app->store, &silent};
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
    if (r.counts.failed + r.counts.warnings + r.counts.held > 0) {
        check_add(k->c, CHECK_NOTE, "plan",
                  "%lld item(s) cannot be synced, %lld warning(s), %lld conflict(s) held: "
                  "`basesync logs show %.8s` lists them",
                  (long long)r.counts.failed, (long long)r.counts.warnings,
                  (long long)r.counts.held, r.run_id);
    }
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
