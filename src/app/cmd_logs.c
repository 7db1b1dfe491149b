/* cmd_logs.c: the latest runs, and new ones as they end. */
#include "app/commands.h"
#include "app/logs.h"
#include "app/out.h"
#include "base/clock.h"
#include "base/os.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_DEFAULT 20
#define LIST_MOST 10000
#define FOLLOW_EVERY_MS 1000

/* "2h" ago, a date, or a date and time (UTC). */
static bool parse_since(const char *text, int64_t *ms)
{
    char day[32];
    int64_t ago;

    if (conf_parse_duration(text, &ago)) {
        *ms = clock_wall_ms() - ago;
        return true;
    }
    if (clock_parse(text, ms)) {
        return true;
    }
    return snprintf(day, sizeof day, "%s 00:00:00", text) < (int)sizeof day && clock_parse(day, ms);
}

static enum bs_rc read_filter(struct app *app, struct log_filter *f, struct bs_err *e)
{
    const struct args *a = app->args;
    const char *since = args_value(a, "since");
    const char *limit = args_value(a, "limit");
    const char *sync = args_value(a, "sync");
    int64_t most = LIST_DEFAULT;

    *f = (struct log_filter){.failed_only = args_has(a, "failed")};
    if (since && !parse_since(since, &f->since_ms)) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                       "--since: write a time such as 2h or 7d, or a date such as 2026-01-22 or "
                       "2026-01-22T10:00:00Z");
    }
    if (limit && !str_to_i64(limit, 1, LIST_MOST, &most)) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "--limit: must be from 1 to %d", LIST_MOST);
    }
    if (since && !limit) {
        most = LIST_MOST;
    }
    if (sync) {
        const struct conf_sync *s = conf_find_sync(app->conf, sync);

        f->sync_slug = s ? s->slug : sync; /* a section that is gone has logs still */
    }
    f->limit = (size_t)most;
    return BS_OK;
}

static void print_json(const struct log_row *rows, size_t n)
{
    struct out_json j;

    out_json_begin(&j);
    jsonw_array(&j.w);
    for (size_t i = 0; i < n; i++) {
        logs_json(&j.w, &rows[i]);
    }
    jsonw_end_array(&j.w);
    out_json_end(&j);
}

static void print_table(const struct log_row *rows, size_t n)
{
    static const char *const headers[] = {"Log",         "Started",   "Sync",    "Status", "Took",
                                          "To Airtable", "To Sheets", "Message", NULL};
    struct table *t = table_new(headers);

    for (size_t i = 0; i < n; i++) {
        char text[64];

        table_addf(t, "%.8s", rows[i].id);
        table_add(t, out_time(rows[i].started_at, text));
        table_add(t, rows[i].sync_slug);
        table_addf(t, "%s%s", rows[i].status, rows[i].dry_run ? " (dry run)" : "");
        table_addf(t, "%.1f s", (double)rows[i].duration_ms / 1000);
        table_add(t, logs_changes(rows[i].counts.records_added, rows[i].counts.records_updated,
                                  rows[i].counts.records_deleted, text));
        table_add(t, logs_changes(rows[i].counts.rows_added, rows[i].counts.rows_updated,
                                  rows[i].counts.rows_deleted, text));
        logs_add_message(t, &rows[i]);
    }
    out_table(t, n, "No run yet that fits.");
}

/* ---- following ---- */

struct follow {
    int64_t low;      /* up to here everything was printed */
    int64_t *printed; /* rowids above, printed already */
    size_t n, cap;
};

static bool was_printed(const struct follow *f, int64_t rowid)
{
    for (size_t i = 0; i < f->n; i++) {
        if (f->printed[i] == rowid) {
            return true;
        }
    }
    return false;
}

static void print_one(const struct app *app, const struct log_row *r)
{
    struct out_json j;
    char time[64], to_airtable[64], to_sheets[64];

    if (app->json) {
        out_json_begin(&j);
        logs_json(&j.w, r);
        out_json_end(&j);
    } else {
        out_line("%.8s  %s  %s  %s  %.1f s  to Airtable %s, to Sheets %s", r->id,
                 out_time(r->started_at, time), r->sync_slug, r->status,
                 (double)r->duration_ms / 1000,
                 logs_changes(r->counts.records_added, r->counts.records_updated,
                              r->counts.records_deleted, to_airtable),
                 logs_changes(r->counts.rows_added, r->counts.rows_updated, r->counts.rows_deleted,
                              to_sheets));
    }
}

/* Runs end in another order than they start: each is printed once, when it has ended. */
static void follow_rows(const struct app *app, struct follow *f, const struct log_row *rows,
                        size_t n)
{
    bool all_ended = true;

    for (size_t i = n; i-- > 0;) {
        bool ended = rows[i].completed_at != NULL;

        all_ended = all_ended && ended;
        if (ended && !was_printed(f, rows[i].rowid)) {
            print_one(app, &rows[i]);
            f->printed = bs_grow(f->printed, f->n, &f->cap, sizeof *f->printed);
            f->printed[f->n++] = rows[i].rowid;
        }
    }
    if (all_ended && n > 0) {
        for (size_t i = 0; i < n; i++) {
            f->low = rows[i].rowid > f->low ? rows[i].rowid : f->low;
        }
        f->n = 0;
    }
}

static enum bs_rc follow(struct app *app, struct log_filter *filter, int64_t low, struct bs_err *e)
{
    struct follow f = {.low = low};
    struct arena *a = arena_new();
    enum bs_rc rc = BS_OK;

    filter->limit = LIST_MOST;
    while (rc == BS_OK && !os_stop_requested()) {
        struct log_row *rows;
        size_t n;

        filter->after_rowid = f.low;
        rc = runlog_list(app->store, filter, a, &rows, &n, e);
        if (rc == BS_OK) {
            follow_rows(app, &f, rows, n);
            fflush(stdout);
            os_wait(FOLLOW_EVERY_MS, -1);
        }
        arena_reset(a);
    }
    arena_free(a);
    free(f.printed);
    return rc;
}

int cmd_logs(struct app *app)
{
    const struct args *a = app->args;
    struct bs_err e = BS_ERR_INIT;
    struct log_filter f;
    struct log_row *rows;
    size_t n;
    int64_t low = 0;

    if (a->n_words > 0) {
        if (a->n_words != 2 || !str_eq(a->words[0], "show")) {
            return out_usage("usage: basesync logs [show LOG]");
        }
        return logs_show(app, a->words[1]);
    }
    if (app_load_conf(app, &e) != BS_OK || app_open_store(app, false, &e) != BS_OK ||
        read_filter(app, &f, &e) != BS_OK ||
        runlog_list(app->store, &f, app->arena, &rows, &n, &e) != BS_OK) {
        return out_error(&e);
    }
    if (app->json && args_has(a, "follow")) {
        for (size_t i = n; i-- > 0;) {
            print_one(app, &rows[i]); /* one object a line, oldest first, then as they come */
        }
    } else if (app->json) {
        print_json(rows, n);
    } else {
        print_table(rows, n);
    }
    if (args_has(a, "follow")) {
        os_signals_init();
        for (size_t i = 0; i < n; i++) {
            low = rows[i].completed_at && rows[i].rowid > low ? rows[i].rowid : low;
        }
        fflush(stdout);
        return follow(app, &f, low, &e) == BS_OK ? 0 : out_error(&e);
    }
    return 0;
}
