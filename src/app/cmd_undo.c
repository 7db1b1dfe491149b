/* cmd_undo.c: puts back what one run has changed, where nobody has edited since. */
#include "app/commands.h"
#include "app/logs.h"
#include "app/out.h"
#include "base/os.h"
#include "base/str.h"
#include "engine/run.h"

struct undo_job {
    struct app *app;
    char *plan; /* as text, or as JSON */
    struct buf notes;
    size_t n_notes;
};

static void take_plan(void *ctx, const char *text)
{
    struct undo_job *j = ctx;

    j->plan = arena_strdup(j->app->arena, text);
    if (!j->app->json) {
        out_line("%s", text);
    }
}

static void take_note(void *ctx, const char *level, const char *text)
{
    struct undo_job *j = ctx;

    (void)level;
    j->n_notes++;
    buf_addf(&j->notes, "  %s\n", text);
}

/* The sync of the log, which must still be in the INI file: it knows both sides. */
static enum bs_rc find_sync(const struct app *app, const struct log_row *log, size_t *at,
                            struct bs_err *e)
{
    for (size_t i = 0; i < app->conf->n_syncs; i++) {
        if (str_eq(app->syncs[i].id, log->sync_id)) {
            *at = i;
            return BS_OK;
        }
    }
    return bs_fail(
        e, BS_STOP_ALL, BS_K_CONFIG,
        "the run belongs to [sync %s], which is not in %s any more: put the section back "
        "to undo it",
        log->sync_slug, app->conf_path);
}

static void print_json(const struct undo_job *j, const struct log_row *log,
                       const struct run_result *r)
{
    struct out_json o;

    out_json_begin(&o);
    jsonw_object(&o.w);
    jsonw_member(&o.w, "log", log->id);
    jsonw_member(&o.w, "sync", log->sync_slug);
    jsonw_member(&o.w, "undoLog", r->run_id);
    jsonw_member(&o.w, "status", r->status);
    jsonw_member(&o.w, "error", r->err.rc != BS_OK ? r->err.msg : NULL);
    jsonw_member_int(&o.w, "rowsAdded", r->counts.rows_added);
    jsonw_member_int(&o.w, "rowsUpdated", r->counts.rows_updated);
    jsonw_member_int(&o.w, "rowsDeleted", r->counts.rows_deleted);
    jsonw_member_int(&o.w, "recordsAdded", r->counts.records_added);
    jsonw_member_int(&o.w, "recordsUpdated", r->counts.records_updated);
    jsonw_member_int(&o.w, "recordsDeleted", r->counts.records_deleted);
    jsonw_member_int(&o.w, "failed", r->counts.failed);
    jsonw_member_int(&o.w, "left", r->counts.warnings);
    jsonw_key(&o.w, "plan");
    if (j->plan) {
        jsonw_raw(&o.w, j->plan);
    } else {
        jsonw_null(&o.w);
    }
    jsonw_end_object(&o.w);
    out_json_end(&o);
}

static void print_text(struct undo_job *j, const struct log_row *log, const struct run_result *r,
                       bool dry)
{
    const struct run_counts *c = &r->counts;
    bool nothing = c->rows_added + c->rows_updated + c->rows_deleted + c->records_added +
                       c->records_updated + c->records_deleted ==
                   0;

    if (j->n_notes > 0) {
        out_line("%s", j->notes.data);
    }
    if (dry) {
        out_line("Nothing was changed; without --dry-run the above is put back.");
    } else if (nothing) {
        out_line("There was nothing to put back.");
    } else {
        out_line("Put back: rows %lld changed, %lld added, %lld deleted; records %lld changed, "
                 "%lld added, %lld deleted.",
                 (long long)c->rows_updated, (long long)c->rows_added, (long long)c->rows_deleted,
                 (long long)c->records_updated, (long long)c->records_added,
                 (long long)c->records_deleted);
        out_line("Both sides now stay as they are until somebody edits one. This undo is a run of "
                 "%s itself: basesync undo %s",
                 log->sync_slug, r->run_id);
    }
}

static int undo(struct undo_job *j, const struct log_row *log, size_t at)
{
    struct app *app = j->app;
    bool dry = args_has(app->args, "dry-run");
    struct run_options options = {.trigger = "manual",
                                  .dry_run = dry,
                                  .json = app->json,
                                  .wait = args_has(app->args, "wait"),
                                  .undo_log = log->id};
    struct run_report report = {.ctx = j, .note = take_note, .plan = take_plan};
    struct run_env env = {app->conf, app->store, &report, NULL};
    struct run_result r;
    struct bs_err e = BS_ERR_INIT;

    if (run_sync(&env, &app->conf->syncs[at], &app->syncs[at], &options, &r, &e) != BS_OK) {
        return out_error(&e);
    }
    if (app->json) {
        print_json(j, log, &r);
    } else if (r.err.rc == BS_OK) {
        print_text(j, log, &r, dry);
    }
    if (r.err.rc != BS_OK) {
        (void)out_error(&r.err);
    }
    return r.exit_code;
}

int cmd_undo(struct app *app)
{
    struct undo_job j = {.app = app};
    const struct log_row *log;
    struct bs_err e = BS_ERR_INIT;
    size_t at = 0;
    int code;

    os_signals_init();
    if (app_open(app, &e) != BS_OK || logs_find(app, app->args->words[0], &log, &e) != BS_OK ||
        find_sync(app, log, &at, &e) != BS_OK) {
        return out_error(&e);
    }
    buf_init(&j.notes, BUF_NO_LIMIT);
    code = undo(&j, log, at);
    buf_release(&j.notes);
    return code;
}
