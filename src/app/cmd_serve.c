/* cmd_serve.c: the supervisor's ears and mouth: reading the INI file again, and the job log. */
#include "app/commands.h"
#include "app/joblog.h"
#include "app/out.h"
#include "base/log.h"
#include "base/os.h"
#include "base/str.h"
#include "engine/supervise.h"

#include <stdio.h>

static void on_job_started(void *ctx, int64_t now_ms, size_t n)
{
    (void)ctx;
    joblog_head("scheduled", now_ms);
    joblog_found(n);
}

static void on_job_ended(void *ctx, const struct supervise_result *list, size_t n,
                         int64_t duration_ms)
{
    struct arena *a = arena_new();
    struct joblog_item *items = arena_alloc_n(a, n + 1, sizeof *items);

    (void)ctx;
    for (size_t i = 0; i < n; i++) {
        items[i] =
            (struct joblog_item){list[i].name, list[i].status, list[i].error, list[i].duration_ms};
    }
    joblog_summary(items, n, duration_ms);
    arena_free(a);
}

static void on_note(void *ctx, enum log_level level, const char *text)
{
    (void)ctx;
    log_line(level, "Supervisor", "%s", text);
}

/* The old configuration goes only when the new one is whole and in the database. */
static enum bs_rc on_reload(void *ctx, const struct conf **conf, const struct sync_config **rows,
                            struct bs_err *e)
{
    struct app *app = ctx;
    struct app next = *app;

    next.conf = NULL;
    next.arena = arena_new();
    if (app_load_conf(&next, e) == BS_OK && !str_eq(next.conf->database, app->conf->database)) {
        bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                "`database` has changed: restart basesync to go on with another one");
    } else if (next.conf && app_mirror(&next, e) == BS_OK) {
        conf_free(app->conf);
        buf_release(&app->conf_text);
        arena_free(app->arena);
        *app = next;
        *conf = app->conf;
        *rows = app->syncs;
        joblog_open(app->conf, stdout, LOG_DEBUG);
        return BS_OK;
    }
    conf_free(next.conf);
    buf_release(&next.conf_text);
    arena_free(next.arena);
    return e->rc;
}

static const char *conf_text(void *ctx, size_t *len)
{
    const struct app *app = ctx;

    *len = app->conf_text.len;
    return app->conf_text.data;
}

int cmd_serve(struct app *app)
{
    const struct supervise_hooks hooks = {app,     on_job_started, on_job_ended,
                                          on_note, on_reload,      conf_text};
    struct supervise s = {
        .conf_path = app->conf_path, .hooks = &hooks, .once = args_has(app->args, "once")};
    struct bs_err e = BS_ERR_INIT;
    bool all_good;

    os_signals_init();
    /* The key is the workers' matter; that it is there is known before the first run. */
    if (app_load_conf(app, &e) != BS_OK || app_load_key(app, &e) != BS_OK) {
        return out_error(&e);
    }
    crypto_key_wipe(&app->key);
    app->has_key = false;
    if (app_open_store(app, false, &e) != BS_OK || store_keep_small(app->store, &e) != BS_OK) {
        return out_error(&e);
    }
    joblog_open(app->conf, stdout, LOG_DEBUG);
    s.conf = app->conf;
    s.rows = app->syncs;
    s.store = app->store;
    log_line(LOG_INFO, "Supervisor", "serving %zu sync(s) of %s", app->conf->n_syncs,
             app->conf_path);
    if (supervise_run(&s, &all_good, &e) != BS_OK) {
        return out_error(&e);
    }
    log_line(LOG_INFO, "Supervisor", "ended");
    return s.once && !all_good ? 1 : 0;
}
