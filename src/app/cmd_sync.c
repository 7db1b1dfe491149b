/* cmd_sync.c: runs syncs now, by hand or as a worker of serve. */
#include "app/commands.h"
#include "app/joblog.h"
#include "app/out.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/os.h"
#include "base/str.h"
#include "engine/run.h"
#include "engine/supervise.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct job {
    struct app *app;
    struct run_options options;
    bool worker;
    size_t *chosen; /* indexes into conf->syncs */
    size_t n;
    struct run_result *results;
    char **plans; /* of a dry run as JSON, NULL where there is none */
    size_t done;
    struct run_shared *shared;
};

/* Which of several exit codes tells most: a person is needed, the configuration is wrong ... */
static int worse(int a, int b)
{
    static const int order[] = {0, 5, 3, 1, 2, 4};
    int rank_a = 0, rank_b = 0;

    for (int i = 0; i < 6; i++) {
        rank_a = order[i] == a ? i : rank_a;
        rank_b = order[i] == b ? i : rank_b;
    }
    return rank_a > rank_b ? a : b;
}

/* ---- which syncs ---- */

static bool is_paused(const struct sync_config *list, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(list[i].id, id)) {
            return list[i].is_paused;
        }
    }
    return false;
}

static enum bs_rc choose_named(struct job *j, const char *name, const struct sync_config *rows,
                               size_t n, struct bs_err *e)
{
    const struct app *app = j->app;
    size_t at = app->conf->n_syncs;

    for (size_t i = 0; j->worker && i < app->conf->n_syncs; i++) {
        at = str_eq(app->syncs[i].id, name) ? i : at;
    }
    if (at == app->conf->n_syncs && app_find_sync(app, name, &at, e) != BS_OK) {
        return e->rc;
    }
    if (!app->conf->syncs[at].active) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                       "[sync %s] is switched off: set `active = yes` in %s",
                       app->conf->syncs[at].slug, app->conf_path);
    }
    if (is_paused(rows, n, app->syncs[at].id)) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "%s is paused: run `basesync resume %s`",
                       app->conf->syncs[at].slug, app->conf->syncs[at].slug);
    }
    for (size_t i = 0; i < j->n; i++) {
        if (j->chosen[i] == at) {
            return BS_OK;
        }
    }
    j->chosen[j->n++] = at;
    return BS_OK;
}

static enum bs_rc choose(struct job *j, struct bs_err *e)
{
    const struct app *app = j->app;
    const struct args *a = app->args;
    const struct sync_config *rows;
    size_t n;

    if (syncs_list(app->store, true, app->arena, &rows, &n, e) != BS_OK) {
        return e->rc;
    }
    j->chosen = arena_alloc_n(app->arena, app->conf->n_syncs + 1, sizeof *j->chosen);
    for (size_t i = 0; i < a->n_words; i++) {
        if (choose_named(j, a->words[i], rows, n, e) != BS_OK) {
            return e->rc;
        }
    }
    for (size_t i = 0; a->n_words == 0 && i < app->conf->n_syncs; i++) {
        if (app->conf->syncs[i].active && !is_paused(rows, n, app->syncs[i].id)) {
            j->chosen[j->n++] = i;
        }
    }
    return BS_OK;
}

/* ---- running ---- */

static void keep_plan(void *ctx, const char *text)
{
    struct job *j = ctx;

    j->plans[j->done] = arena_strdup(j->app->arena, text);
}

static void print_plan(void *ctx, const char *text)
{
    struct job *j = ctx;
    struct buf b;

    joblog_release();
    buf_init(&b, BUF_NO_LIMIT);
    buf_addf(&b, "%s:\n%s\n", j->app->conf->syncs[j->chosen[j->done]].name, text);
    out_buf(&b);
    fflush(stdout);
}

/* The report of the job log, with the plan going to us. */
struct listener {
    struct run_report log;
    struct job *job;
};

static void pass_step(void *ctx, enum run_step step)
{
    struct listener *l = ctx;

    l->log.step(l->log.ctx, step);
}

static void pass_progress(void *ctx, const char *what, int64_t done, int64_t total)
{
    struct listener *l = ctx;

    l->log.progress(l->log.ctx, what, done, total);
}

static void pass_note(void *ctx, const char *level, const char *text)
{
    struct listener *l = ctx;

    l->log.note(l->log.ctx, level, text);
}

static void take_plan(void *ctx, const char *text)
{
    struct listener *l = ctx;

    if (l->job->app->json) {
        keep_plan(l->job, text);
    } else {
        print_plan(l->job, text);
    }
}

static enum bs_rc run_one(struct job *j, struct bs_err *e)
{
    struct app *app = j->app;
    const struct conf_sync *s = &app->conf->syncs[j->chosen[j->done]];
    const struct sync_config *sc = &app->syncs[j->chosen[j->done]];
    struct run_result *r = &j->results[j->done];
    struct listener l = {joblog_report(s), j};
    struct run_report report = {&l, pass_step, pass_progress, pass_note, take_plan};
    struct run_env env = {app->conf, app->store, &report, j->shared};
    enum bs_rc rc;

    if (j->worker && !app->conf->log_json) {
        joblog_hold();
    }
    joblog_begin(app->conf, s, sc->id);
    rc = run_sync(&env, s, sc, &j->options, r, e);
    if (r->status) {
        joblog_end(s, r, j->options.dry_run);
        j->done++;
    }
    joblog_release();
    return rc;
}

/* ---- what came of it ---- */

static void json_counts(struct jsonw *w, const struct run_counts *c)
{
    const struct {
        const char *name;
        int64_t value;
    } list[] = {
        {"rowsAdded", c->rows_added},
        {"rowsUpdated", c->rows_updated},
        {"rowsDeleted", c->rows_deleted},
        {"recordsAdded", c->records_added},
        {"recordsUpdated", c->records_updated},
        {"recordsDeleted", c->records_deleted},
        {"conflicts", c->conflicts},
        {"held", c->held},
        {"warnings", c->warnings},
        {"failed", c->failed},
        {"airtableCalls", c->calls_airtable},
        {"sheetsCalls", c->calls_sheets},
        {"otherCalls", c->calls_other},
    };

    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        jsonw_member_int(w, list[i].name, list[i].value);
    }
}

static void print_json(const struct job *j, int code)
{
    struct out_json out;
    struct jsonw *w = &out.w;

    out_json_begin(&out);
    jsonw_object(w);
    jsonw_key(w, "results");
    jsonw_array(w);
    for (size_t i = 0; i < j->done; i++) {
        const struct run_result *r = &j->results[i];
        const struct conf_sync *s = &j->app->conf->syncs[j->chosen[i]];

        jsonw_object(w);
        jsonw_member(w, "sync", s->slug);
        jsonw_member(w, "name", s->name);
        jsonw_member(w, "log", r->run_id);
        jsonw_member(w, "status", r->status);
        jsonw_member(w, "error", r->err.rc != BS_OK ? r->err.msg : NULL);
        jsonw_member(w, "errorType", r->err.rc != BS_OK ? bs_kind_name(r->err.kind) : NULL);
        json_counts(w, &r->counts);
        jsonw_member_int(w, "durationMs", r->duration_ms);
        jsonw_member_int(w, "exitCode", r->exit_code);
        if (j->plans[i]) {
            jsonw_key(w, "plan");
            jsonw_raw(w, j->plans[i]);
        }
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_member_bool(w, "dryRun", j->options.dry_run);
    jsonw_member_int(w, "exitCode", code);
    jsonw_end_object(w);
    out_json_end(&out);
}

static void summarise(const struct job *j, int64_t started_mono)
{
    struct joblog_item *items = arena_alloc_n(j->app->arena, j->done + 1, sizeof *items);

    for (size_t i = 0; i < j->done; i++) {
        const struct run_result *r = &j->results[i];

        items[i].name = j->app->conf->syncs[j->chosen[i]].name;
        items[i].status = r->status;
        items[i].error = r->err.rc != BS_OK ? r->err.msg : NULL;
        items[i].duration_ms = r->duration_ms;
    }
    joblog_summary(items, j->done, clock_mono_ms() - started_mono);
}

static enum bs_rc run_chosen(struct job *j, struct bs_err *e)
{
    enum bs_rc rc = BS_OK;

    j->shared = run_shared_new();
    for (size_t i = 0; i < j->n; i++) {
        run_shared_add(j->shared, &j->app->conf->syncs[j->chosen[i]], &j->app->syncs[j->chosen[i]]);
    }
    while (rc == BS_OK && j->done < j->n && !os_stop_requested()) {
        rc = run_one(j, e);
    }
    run_shared_free(j->shared, j->app->store);
    return rc;
}

static int run_all(struct job *j)
{
    struct bs_err e = BS_ERR_INIT;
    int64_t started = clock_mono_ms();
    int code = 0;

    j->results = arena_alloc_n(j->app->arena, j->n + 1, sizeof *j->results);
    j->plans = arena_alloc_n(j->app->arena, j->n + 1, sizeof *j->plans);
    if (!j->worker) {
        joblog_head("manual", clock_wall_ms());
        joblog_found(j->n);
    }
    if (j->app->conf->n_syncs == 0) {
        out_note("There is no [sync] section in %s yet; `basesync discover --ini` writes one.",
                 j->app->conf_path);
    }
    if (run_chosen(j, &e) != BS_OK) {
        return out_error(&e);
    }
    for (size_t i = 0; i < j->done; i++) {
        code = worse(code, j->results[i].exit_code);
    }
    if (j->done < j->n) {
        code = worse(code, 1); /* stopped by a signal */
    }
    if (!j->worker) {
        summarise(j, started);
        /* Where nobody serves, upkeep is done by hand's runs. */
        if (!j->options.dry_run && supervise_retain(j->app->store, j->app->conf, &e) != BS_OK) {
            return out_error(&e);
        }
    }
    if (j->app->json) {
        print_json(j, code);
    }
    return code;
}

int cmd_sync(struct app *app)
{
    const struct args *a = app->args;
    struct job j = {.app = app, .worker = args_has(a, "worker")};
    struct bs_err e = BS_ERR_INIT;
    bool dry = args_has(a, "dry-run");

    j.options = (struct run_options){
        .trigger = j.worker                    ? "scheduled"
                   : args_has(a, "first-sync") ? "initial"
                                               : "manual",
        .dry_run = dry,
        .json = app->json,
        .wait = args_has(a, "wait"),
        .first_sync = args_has(a, "first-sync"),
        .allow_delete = args_has(a, "allow-delete"),
        .allow_all_changed = args_has(a, "allow-all-changed"),
        .rebuild_ids = args_has(a, "rebuild-ids"),
    };
    os_signals_init();
    if (app_open(app, &e) != BS_OK || choose(&j, &e) != BS_OK) {
        return out_error(&e);
    }
    /* Standard output belongs to what was asked for: the plan, or JSON. */
    joblog_open(app->conf, app->json || dry ? stderr : stdout,
                app->quiet         ? LOG_ERROR
                : app->json || dry ? LOG_WARN
                                   : LOG_DEBUG);
    joblog_show_progress(!app->quiet && !j.worker && !app->conf->log_json);
    return run_all(&j);
}
