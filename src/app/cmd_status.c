/* cmd_status.c: how each sync is doing. */
#include "app/commands.h"
#include "app/out.h"
#include "base/clock.h"
#include "base/str.h"
#include "remote/call.h"
#include "store/runlog.h"
#include "store/usage.h"

struct sync_state_line {
    const struct sync_config *sc;
    size_t held;
};

/* Without words: all syncs, those that are switched off too. */
static bool wanted(const struct app *app, const struct sync_config *sc)
{
    for (size_t i = 0; i < app->args->n_words; i++) {
        size_t at;

        if (app_find_sync(app, app->args->words[i], &at, &(struct bs_err)BS_ERR_INIT) == BS_OK &&
            str_eq(app->conf->syncs[at].slug, sc->slug)) {
            return true;
        }
    }
    return app->args->n_words == 0;
}

static const char *state_word(const struct sync_config *sc)
{
    if (!sc->is_active) {
        return "off";
    }
    if (sc->is_paused) {
        return "paused";
    }
    return sc->last_status ? sc->last_status : "never run";
}

/* ---- tables ---- */

static void add_age(struct table *t, const char *sql_time)
{
    char text[32];
    int64_t ms;

    if (!sql_time || !clock_parse(sql_time, &ms)) {
        table_add(t, "-");
        return;
    }
    out_age(clock_wall_ms() - ms, text);
    table_add(t, text);
}

static void print_table(const struct sync_state_line *list, size_t n)
{
    static const char *const headers[] = {"Sync", "State",    "Last run", "Next run",
                                          "Held", "Schedule", "Message",  NULL};
    struct table *t = table_new(headers);

    for (size_t i = 0; i < n; i++) {
        const struct sync_config *sc = list[i].sc;
        bool bad = sc->last_status && !str_eq(sc->last_status, "success");

        table_add(t, sc->slug);
        table_add(t, state_word(sc));
        add_age(t, sc->last_sync_at);
        add_age(t, sc->is_active && !sc->is_paused ? sc->next_sync_at : NULL);
        table_addf(t, "%zu", list[i].held);
        table_add(t, sc->schedule ? sc->schedule : "");
        table_add(t, bad && sc->last_error ? sc->last_error : "");
    }
    out_table(t, n, "There is no [sync] section yet; `basesync discover --ini` writes one.");
}

static enum bs_rc read_usage(struct app *app, const struct connection *c, int64_t *calls,
                             struct bs_err *e)
{
    char counter[CALL_COUNTER_MAX];

    call_month_counter(c->quota_key && *c->quota_key ? c->quota_key : c->id, counter);
    return usage_month(app->store, counter, clock_wall_ms(), calls, e);
}

static enum bs_rc print_usage(struct app *app, struct bs_err *e)
{
    struct connection **list;
    int64_t calls = 0;
    size_t n;

    if (connections_list(app->store, &list, &n, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < n && e->rc == BS_OK; i++) {
        if (list[i]->needs_reauth) {
            out_line("The %s connection of %s has to be made again: %s",
                     list[i]->service == SERVICE_AIRTABLE ? "Airtable" : "Google", list[i]->account,
                     list[i]->reauth_reason);
        }
        if (list[i]->service == SERVICE_AIRTABLE && read_usage(app, list[i], &calls, e) == BS_OK) {
            if (app->conf->monthly_budget > 0) {
                out_line("Airtable calls this month: %lld of %lld (%s)", (long long)calls,
                         (long long)app->conf->monthly_budget, list[i]->account);
            } else {
                out_line("Airtable calls this month: %lld (%s)", (long long)calls,
                         list[i]->account);
            }
        }
    }
    connections_list_free(list, n);
    return e->rc;
}

/* ---- for programs ---- */

static void print_json(const struct sync_state_line *list, size_t n)
{
    struct out_json j;

    out_json_begin(&j);
    jsonw_array(&j.w);
    for (size_t i = 0; i < n; i++) {
        const struct sync_config *sc = list[i].sc;

        jsonw_object(&j.w);
        jsonw_member(&j.w, "id", sc->id);
        jsonw_member(&j.w, "sync", sc->slug);
        jsonw_member(&j.w, "name", sc->name);
        jsonw_member(&j.w, "user", sc->user_name);
        jsonw_member_bool(&j.w, "isActive", sc->is_active);
        jsonw_member_bool(&j.w, "isPaused", sc->is_paused);
        jsonw_member(&j.w, "syncDirection", sc->direction);
        jsonw_member(&j.w, "schedule", sc->schedule);
        jsonw_member(&j.w, "lastSyncAt", sc->last_sync_at);
        jsonw_member(&j.w, "lastSyncStatus", sc->last_status);
        jsonw_member(&j.w, "lastErrorAt", sc->last_error_at);
        jsonw_member(&j.w, "lastErrorMessage", sc->last_error);
        jsonw_member(&j.w, "nextSyncAt", sc->next_sync_at);
        jsonw_member_int(&j.w, "heldConflicts", (int64_t)list[i].held);
        jsonw_end_object(&j.w);
    }
    jsonw_end_array(&j.w);
    out_json_end(&j);
}

struct metric {
    const char *name, *type, *help;
    bool (*value)(const struct sync_state_line *l, double *out);
};

static bool at_seconds(const char *sql_time, double *out)
{
    int64_t ms;

    if (!sql_time || !clock_parse(sql_time, &ms)) {
        return false;
    }
    *out = (double)ms / 1000;
    return true;
}

static bool metric_active(const struct sync_state_line *l, double *out)
{
    *out = l->sc->is_active && !l->sc->is_paused;
    return true;
}

static bool metric_ok(const struct sync_state_line *l, double *out)
{
    *out = str_eq(l->sc->last_status, "success");
    return l->sc->last_status != NULL;
}

static bool metric_last(const struct sync_state_line *l, double *out)
{
    return at_seconds(l->sc->last_sync_at, out);
}

static bool metric_next(const struct sync_state_line *l, double *out)
{
    return at_seconds(l->sc->next_sync_at, out);
}

static bool metric_held(const struct sync_state_line *l, double *out)
{
    *out = (double)l->held;
    return true;
}

/* Text format of Prometheus, version 0.0.4. */
static void print_prometheus(const struct sync_state_line *list, size_t n)
{
    static const struct metric metrics[] = {
        {"basesync_active", "gauge", "1 when the sync is switched on and not paused",
         metric_active},
        {"basesync_last_run_success", "gauge", "1 when the last run was a success", metric_ok},
        {"basesync_last_run_timestamp_seconds", "gauge", "When the last run ended", metric_last},
        {"basesync_next_run_timestamp_seconds", "gauge", "When the next run is due", metric_next},
        {"basesync_held_conflicts", "gauge", "Cells that wait for a decision", metric_held},
    };
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    for (size_t m = 0; m < sizeof metrics / sizeof *metrics; m++) {
        buf_addf(&b, "# HELP %s %s.\n# TYPE %s %s\n", metrics[m].name, metrics[m].help,
                 metrics[m].name, metrics[m].type);
        for (size_t i = 0; i < n; i++) {
            char number[STR_DOUBLE_MAX];
            double v;

            if (metrics[m].value(&list[i], &v)) {
                str_from_double(v, number);
                buf_addf(&b, "%s{sync=\"%s\"} %s\n", metrics[m].name, list[i].sc->slug, number);
            }
        }
    }
    out_buf(&b);
}

static enum bs_rc read_lines(struct app *app, struct sync_state_line **out, size_t *n,
                             struct bs_err *e)
{
    const struct sync_config *rows;
    size_t n_rows;

    if (syncs_list(app->store, false, app->arena, &rows, &n_rows, e) != BS_OK) {
        return e->rc;
    }
    *out = arena_alloc_n(app->arena, n_rows + 1, sizeof **out);
    *n = 0;
    for (size_t i = 0; i < n_rows; i++) {
        struct conflict *held;
        size_t n_held;

        if (!wanted(app, &rows[i])) {
            continue;
        }
        if (conflicts_list(app->store, rows[i].slug, app->arena, &held, &n_held, e) != BS_OK) {
            return e->rc;
        }
        (*out)[(*n)++] = (struct sync_state_line){&rows[i], n_held};
    }
    return BS_OK;
}

int cmd_status(struct app *app)
{
    struct bs_err e = BS_ERR_INIT;
    struct sync_state_line *list = NULL;
    size_t n = 0;
    size_t at;

    if (app_load_conf(app, &e) != BS_OK || app_open_store(app, false, &e) != BS_OK) {
        return out_error(&e);
    }
    for (size_t i = 0; i < app->args->n_words; i++) {
        if (app_find_sync(app, app->args->words[i], &at, &e) != BS_OK) {
            return out_error(&e);
        }
    }
    if (read_lines(app, &list, &n, &e) != BS_OK) {
        return out_error(&e);
    }
    if (args_has(app->args, "prometheus")) {
        print_prometheus(list, n);
    } else if (app->json) {
        print_json(list, n);
    } else {
        print_table(list, n);
        return print_usage(app, &e) == BS_OK ? 0 : out_error(&e);
    }
    return 0;
}
