/*
 * status_prom.c: `basesync status --prometheus`, for the node exporter's textfile collector; see
 * https://prometheus.io/docs/instrumenting/exposition_formats/ (text format, version 0.0.4).
 */
#include "app/status.h"
#include "base/clock.h"
#include "base/str.h"
#include "base/version.h"

#include <math.h>

struct sync_metric {
    const char *name, *help;
    bool (*value)(const struct status_line *l, double *out); /* false: there is none */
};

struct account_metric {
    const char *name, *help;
    bool (*value)(const struct budget_account *a, double *out);
};

/* ---- of a sync ---- */

static bool at_seconds(const char *sql_time, double *out)
{
    int64_t ms;

    if (!sql_time || !clock_parse(sql_time, &ms)) {
        return false;
    }
    *out = (double)ms / 1000;
    return true;
}

static bool is_active(const struct status_line *l, double *out)
{
    *out = l->sc->is_active && !l->sc->is_paused;
    return true;
}

static bool was_success(const struct status_line *l, double *out)
{
    *out = str_eq(l->sc->last_status, "success");
    return l->sc->last_status != NULL;
}

static bool needs_person(const struct status_line *l, double *out)
{
    *out = l->state == NOTIFY_PERSON;
    return true;
}

static bool last_run(const struct status_line *l, double *out)
{
    return at_seconds(l->sc->last_sync_at, out);
}

static bool last_duration(const struct status_line *l, double *out)
{
    *out = (double)l->last.duration_ms / 1000;
    return l->last.duration_ms >= 0;
}

static bool last_success(const struct status_line *l, double *out)
{
    *out = (double)l->last.success_ms / 1000;
    return l->last.success_ms > 0;
}

static bool lag(const struct status_line *l, double *out)
{
    *out = (double)l->lag_ms / 1000;
    return l->lag_ms >= 0;
}

static bool late(const struct status_line *l, double *out)
{
    *out = (double)l->late_ms / 1000;
    return true;
}

static bool next_run(const struct status_line *l, double *out)
{
    return l->sc->is_active && !l->sc->is_paused && at_seconds(l->sc->next_sync_at, out);
}

static bool held(const struct status_line *l, double *out)
{
    *out = (double)l->held;
    return true;
}

static bool stretch(const struct status_line *l, double *out)
{
    *out = l->stretch;
    return l->account != NULL;
}

static const struct sync_metric sync_metrics[] = {
    {"basesync_active", "1 when the sync is switched on and not paused.", is_active},
    {"basesync_last_run_success", "1 when the last run was a success, 0 when not.", was_success},
    {"basesync_needs_person", "1 when nothing but a person's act can help.", needs_person},
    {"basesync_last_run_timestamp_seconds", "When the last run ended.", last_run},
    {"basesync_last_run_duration_seconds", "How long the last run took.", last_duration},
    {"basesync_last_success_timestamp_seconds", "When the last successful run began.",
     last_success},
    {"basesync_lag_seconds", "Seconds since the last successful run began.", lag},
    {"basesync_late_seconds", "Seconds by which the next run is overdue.", late},
    {"basesync_next_run_timestamp_seconds", "When the next run is due.", next_run},
    {"basesync_held_conflicts", "Cells that wait for a decision.", held},
    {"basesync_schedule_stretch", "How many times less often the sync runs to keep the budget.",
     stretch},
};

/* ---- of an account ---- */

static bool calls(const struct budget_account *a, double *out)
{
    *out = (double)a->month.used;
    return true;
}

static bool budget(const struct budget_account *a, double *out)
{
    *out = (double)a->month.budget;
    return a->month.budget > 0;
}

static bool forecast(const struct budget_account *a, double *out)
{
    *out = a->forecast.planned;
    return true;
}

static const struct account_metric account_metrics[] = {
    {"basesync_airtable_calls_this_month", "Airtable calls of this calendar month (UTC).", calls},
    {"basesync_airtable_monthly_budget", "Airtable calls that the month may cost.", budget},
    {"basesync_airtable_calls_forecast", "Airtable calls expected by the end of the month.",
     forecast},
};

/* ---- text ---- */

static void head(struct buf *out, const char *name, const char *help)
{
    buf_addf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void sample(struct buf *out, const char *name, const char *label, const char *of, double v)
{
    char number[STR_DOUBLE_MAX];

    buf_addf(out, "%s{%s=\"", name, label);
    for (; *of; of++) {
        buf_adds(out, *of == '\\'   ? "\\\\"
                      : *of == '"'  ? "\\\""
                      : *of == '\n' ? "\\n"
                                    : (const char[]){*of, '\0'});
    }
    if (isinf(v)) {
        buf_adds(out, "\"} +Inf\n");
        return;
    }
    str_from_double(v, number);
    buf_addf(out, "\"} %s\n", number);
}

void status_prometheus(const struct status *s, struct buf *out)
{
    double v;

    for (size_t m = 0; m < sizeof sync_metrics / sizeof *sync_metrics; m++) {
        head(out, sync_metrics[m].name, sync_metrics[m].help);
        for (size_t i = 0; i < s->n; i++) {
            if (sync_metrics[m].value(&s->lines[i], &v)) {
                sample(out, sync_metrics[m].name, "sync", s->lines[i].sc->slug, v);
            }
        }
    }
    for (size_t m = 0; m < sizeof account_metrics / sizeof *account_metrics; m++) {
        head(out, account_metrics[m].name, account_metrics[m].help);
        for (size_t i = 0; i < s->budget.n_accounts; i++) {
            if (account_metrics[m].value(&s->budget.accounts[i], &v)) {
                sample(out, account_metrics[m].name, "account", s->budget.accounts[i].name, v);
            }
        }
    }
    head(out, "basesync_build_info", "The program's version.");
    sample(out, "basesync_build_info", "version", bs_version, 1);
}
