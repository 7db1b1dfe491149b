/* cmd_status.c: how each sync is doing, as a table, JSON or metrics. */
#include "app/commands.h"
#include "app/out.h"
#include "app/status.h"
#include "base/clock.h"
#include "base/str.h"
#include "store/connections.h"

#include <math.h>
#include <stdio.h>

/* ---- as a table ---- */

static const char *state_word(const struct status_line *l)
{
    const struct sync_config *sc = l->sc;

    if (!sc->is_active) {
        return "off";
    }
    if (sc->is_paused) {
        return "paused";
    }
    if (sc->last_error_type && (!sc->last_status || str_eq(sc->last_status, "success"))) {
        return "not started";
    }
    return sc->last_status ? sc->last_status : "never run";
}

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

static void add_in_step(struct table *t, const struct status_line *l)
{
    char text[32];

    if (l->lag_ms < 0) {
        table_add(t, "-");
        return;
    }
    out_age(l->lag_ms, text);
    table_add(t, text);
}

static void print_table(const struct status *s)
{
    static const char *const headers[] = {"Sync", "State",    "Last run", "In step", "Next run",
                                          "Held", "Schedule", "Message",  NULL};
    struct table *t = table_new(headers);

    for (size_t i = 0; i < s->n; i++) {
        const struct sync_config *sc = s->lines[i].sc;

        table_add(t, sc->slug);
        table_add(t, state_word(&s->lines[i]));
        add_age(t, sc->last_sync_at);
        add_in_step(t, &s->lines[i]);
        add_age(t, sc->is_active && !sc->is_paused ? sc->next_sync_at : NULL);
        table_addf(t, "%zu", s->lines[i].held);
        if (s->lines[i].stretch > 1 && isfinite(s->lines[i].stretch)) {
            table_addf(t, "%s (1/%.1f)", sc->schedule ? sc->schedule : "", s->lines[i].stretch);
        } else {
            table_add(t, sc->schedule ? sc->schedule : "");
        }
        table_add(t, sc->last_error ? sc->last_error : "");
    }
    out_table(t, s->n, "There is no [sync] section yet; `basesync discover --ini` writes one.");
}

static void print_account(const struct budget_account *a)
{
    const struct pace_month *m = &a->month;
    long long left = (long long)(m->budget - m->used);

    if (m->budget == 0) {
        out_line("Airtable calls this month: %lld, about %.0f by its end (%s)", (long long)m->used,
                 a->forecast.planned, a->name);
        return;
    }
    out_line("Airtable calls this month: %lld of %lld, %lld left, about %.0f by its end (%s)",
             (long long)m->used, (long long)m->budget, left > 0 ? left : 0, a->forecast.planned,
             a->name);
    if (a->forecast.stretched && a->n_syncs > 0) {
        out_line("  The schedules alone would make %.0f: the syncs run less often, so that the "
                 "budget lasts.",
                 a->forecast.scheduled);
    }
}

static enum bs_rc print_connections(struct app *app, struct bs_err *e)
{
    struct connection **list;
    size_t n;

    if (connections_list(app->store, &list, &n, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < n; i++) {
        if (list[i]->needs_reauth) {
            out_line("The %s connection of %s has to be made again: %s",
                     list[i]->service == SERVICE_AIRTABLE ? "Airtable" : "Google", list[i]->account,
                     list[i]->reauth_reason);
        }
    }
    connections_list_free(list, n);
    return BS_OK;
}

/* ---- for programs ---- */

static void json_seconds(struct jsonw *w, const char *name, int64_t ms)
{
    jsonw_key(w, name);
    if (ms < 0) {
        jsonw_null(w);
    } else {
        jsonw_number(w, (double)ms / 1000);
    }
}

static void json_budget(struct jsonw *w, const struct status_line *l)
{
    const struct budget_account *a = l->account;

    jsonw_key(w, "scheduleStretch");
    jsonw_number(w, l->stretch); /* null: not this month any more */
    jsonw_member(w, "airtableAccount", a ? a->name : NULL);
    if (a) {
        jsonw_member_int(w, "airtableCallsThisMonth", a->month.used);
        jsonw_member_int(w, "airtableCallsForecast", (int64_t)(a->forecast.planned + 0.5));
        jsonw_member_int(w, "airtableCallsScheduled", (int64_t)(a->forecast.scheduled + 0.5));
    }
    if (a && a->month.budget > 0) {
        jsonw_member_int(w, "monthlyBudget", a->month.budget);
        jsonw_member_int(w, "callsLeft",
                         a->month.used < a->month.budget ? a->month.budget - a->month.used : 0);
    }
}

static void print_json(const struct status *s)
{
    static const char *const states[] = {
        [NOTIFY_OK] = "ok", [NOTIFY_FAILED] = "failed", [NOTIFY_PERSON] = "person"};
    struct out_json j;

    out_json_begin(&j);
    jsonw_array(&j.w);
    for (size_t i = 0; i < s->n; i++) {
        const struct status_line *l = &s->lines[i];
        const struct sync_config *sc = l->sc;

        jsonw_object(&j.w);
        jsonw_member(&j.w, "id", sc->id);
        jsonw_member(&j.w, "sync", sc->slug);
        jsonw_member(&j.w, "name", sc->name);
        jsonw_member(&j.w, "user", sc->user_name);
        jsonw_member_bool(&j.w, "isActive", sc->is_active);
        jsonw_member_bool(&j.w, "isPaused", sc->is_paused);
        jsonw_member(&j.w, "state", states[l->state]);
        jsonw_member(&j.w, "syncDirection", sc->direction);
        jsonw_member(&j.w, "schedule", sc->schedule);
        jsonw_member(&j.w, "lastSyncAt", sc->last_sync_at);
        jsonw_member(&j.w, "lastSyncStatus", sc->last_status);
        jsonw_member(&j.w, "lastErrorAt", sc->last_error_at);
        jsonw_member(&j.w, "lastErrorType", sc->last_error_type);
        jsonw_member(&j.w, "lastErrorMessage", sc->last_error);
        jsonw_member(&j.w, "nextSyncAt", sc->next_sync_at);
        json_seconds(&j.w, "lastDurationSeconds", l->last.duration_ms);
        json_seconds(&j.w, "lagSeconds", l->lag_ms);
        json_seconds(&j.w, "lateSeconds", l->late_ms);
        jsonw_member_int(&j.w, "heldConflicts", (int64_t)l->held);
        json_budget(&j.w, l);
        jsonw_end_object(&j.w);
    }
    jsonw_end_array(&j.w);
    out_json_end(&j);
}

int cmd_status(struct app *app)
{
    struct bs_err e = BS_ERR_INIT;
    struct status s;
    struct buf b;

    if (app_load_conf(app, &e) != BS_OK || app_open_store(app, false, &e) != BS_OK ||
        status_read(app, &s, &e) != BS_OK) {
        return out_error(&e);
    }
    if (args_has(app->args, "prometheus")) {
        buf_init(&b, BUF_NO_LIMIT);
        status_prometheus(&s, &b);
        out_buf(&b);
        return 0;
    }
    if (app->json) {
        print_json(&s);
        return 0;
    }
    print_table(&s);
    if (print_connections(app, &e) != BS_OK) {
        return out_error(&e);
    }
    for (size_t i = 0; i < s.budget.n_accounts; i++) {
        print_account(&s.budget.accounts[i]);
    }
    return 0;
}
