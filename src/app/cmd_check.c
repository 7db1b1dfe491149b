/* cmd_check.c: tries every step of each sync without writing, and says what to do. */
#include "app/check.h"
#include "app/commands.h"
#include "app/out.h"
#include "base/os.h"
#include "base/str.h"
#include "engine/zoneload.h"
#include "net/ca.h"

#include <stdarg.h>
#include <stdlib.h>

#define DISK_LEAST ((int64_t)64 << 20)
#define CLOCK_MOST_MS INT64_C(120000) /* a signed assertion bears some minutes */

/* ---- items ---- */

void check_add(struct checking *c, enum check_level level, const char *step, const char *fmt, ...)
{
    struct check_item item = {.level = level, .sync = c->sync, .step = step};
    struct buf b;
    va_list ap;

    buf_init(&b, BS_ERR_MSG_MAX);
    va_start(ap, fmt);
    buf_addv(&b, fmt, ap);
    va_end(ap);
    item.text = arena_strdup(c->app->arena, b.data);
    buf_release(&b);
    c->items = bs_grow(c->items, c->n, &c->cap, sizeof *c->items);
    c->items[c->n++] = item;
}

void check_fail(struct checking *c, const char *step, const struct bs_err *e)
{
    int code = bs_kind_exit(e->kind);

    check_add(c, CHECK_FAILED, step, "%s", e->msg);
    c->code = code == 4 || c->code == 0 ? code : c->code;
}

void check_fail_with(struct checking *c, const char *step, enum bs_kind kind, const char *fmt, ...)
{
    struct bs_err e = BS_ERR_INIT;
    struct buf b;
    va_list ap;

    buf_init(&b, BUF_NO_LIMIT);
    va_start(ap, fmt);
    buf_addv(&b, fmt, ap);
    va_end(ap);
    bs_fail(&e, BS_STOP_SYNC, kind, "%s", b.data);
    buf_release(&b);
    check_fail(c, step, &e);
}

bool check_step(struct checking *c, const char *step, enum bs_rc rc, struct bs_err *e)
{
    if (rc != BS_OK) {
        check_fail(c, step, e);
        bs_err_clear(e);
    }
    return rc == BS_OK;
}

/* ---- printing ---- */

static const char *const words[] = {
    [CHECK_OK] = "ok", [CHECK_NOTE] = "note", [CHECK_FAILED] = "failed"};

static void print_json(const struct checking *c)
{
    struct out_json j;

    out_json_begin(&j);
    jsonw_array(&j.w);
    for (size_t i = 0; i < c->n; i++) {
        jsonw_object(&j.w);
        jsonw_member(&j.w, "sync", c->items[i].sync);
        jsonw_member(&j.w, "step", c->items[i].step);
        jsonw_member(&j.w, "result", words[c->items[i].level]);
        jsonw_member(&j.w, "text", c->items[i].text);
        jsonw_end_object(&j.w);
    }
    jsonw_end_array(&j.w);
    out_json_end(&j);
}

void check_print(const struct checking *c)
{
    const char *sync = NULL;
    size_t failed = 0, notes = 0;

    if (c->app->json) {
        print_json(c);
        return;
    }
    for (size_t i = 0; i < c->n; i++) {
        const struct check_item *x = &c->items[i];

        if (x->sync && !str_eq(x->sync, sync)) {
            out_line("%s", "");
            out_line("[sync %s]", x->sync);
        }
        sync = x->sync;
        failed += x->level == CHECK_FAILED;
        notes += x->level == CHECK_NOTE;
        out_line("  %-6s  %-12s %s", words[x->level], x->step, x->text);
    }
    out_line("%s", "");
    if (failed > 0) {
        out_line("%zu of %zu steps failed.", failed, c->n);
    } else if (notes > 0) {
        out_line("All is well but for %zu note%s.", notes, notes == 1 ? "" : "s");
    } else {
        out_line("All is well.");
    }
}

/* ---- the machine ---- */

static void check_ca(struct checking *c, struct bs_err *e)
{
    struct ca_choice ca;

    if (check_step(c, "certificates", ca_choose(c->app->conf->ca_file, &ca, e), e)) {
        check_add(c, CHECK_OK, "certificates", "%s%s%s", *ca.path ? ca.path : "built in",
                  *ca.path ? ", " : "", *ca.path ? ca.origin : "");
    }
}

static void check_disk(struct checking *c)
{
    int64_t left = os_disk_free(c->app->conf->database);

    if (left < 0) {
        check_add(c, CHECK_NOTE, "disk", "cannot be asked how much is free");
    } else if (left < DISK_LEAST) {
        c->code = c->code ? c->code : 1;
        check_add(c, CHECK_FAILED, "disk",
                  "only %lld MiB are free where the database lies, and runs stop when there are "
                  "none: free some, or move the database",
                  (long long)(left >> 20));
    } else {
        check_add(c, CHECK_OK, "disk", "%lld MiB free, and the database can be written",
                  (long long)(left >> 20));
    }
}

static void check_zone(struct checking *c, struct bs_err *e)
{
    const struct conf *conf = c->app->conf;
    struct zone *z = NULL;

    if (conf->time_zone &&
        check_step(c, "time zone", zone_load(conf->zoneinfo, conf->time_zone, &z, e), e)) {
        check_add(c, CHECK_OK, "time zone", "%s", conf->time_zone);
    }
    zone_free(z);
}

static void check_machine(struct checking *c, struct bs_err *e)
{
    const struct app *app = c->app;

    check_add(c, CHECK_OK, "configuration", "%s: %zu sync(s)", app->conf_path, app->conf->n_syncs);
    check_add(c, CHECK_OK, "key", "%s",
              crypto_key_from_environment() ? "from the environment" : app->conf->key_file);
    if (check_step(c, "database", store_check(app->store, false, e), e)) {
        check_add(c, CHECK_OK, "database", "%s, version %d", app->conf->database,
                  store_schema_version(app->store));
    }
    check_disk(c);
    check_ca(c, e);
    check_zone(c, e);
    if (app->conf->n_syncs == 0) {
        check_add(c, CHECK_NOTE, "syncs", "there is no [sync] section yet");
    }
}

/* After the syncs: their answers have brought the time. */
static void check_clock(struct checking *c)
{
    int64_t off = c->server_at_ms - c->server_ms;

    c->sync = NULL;
    if (c->server_ms == 0) {
        return;
    }
    if (off > CLOCK_MOST_MS || off < -CLOCK_MOST_MS) {
        check_add(c, CHECK_NOTE, "clock",
                  "this machine's clock is %lld s %s the servers': set it (schedules and the times "
                  "in the "
                  "log follow it)",
                  (long long)((off < 0 ? -off : off) / 1000), off < 0 ? "behind" : "ahead of");
    } else {
        check_add(c, CHECK_OK, "clock", "right to within %lld s",
                  (long long)((off < 0 ? -off : off) / 1000 + 1));
    }
}

static enum bs_rc check_syncs(struct checking *c, struct bs_err *e)
{
    const struct app *app = c->app;
    size_t at;

    for (size_t i = 0; i < app->args->n_words; i++) {
        if (app_find_sync(app, app->args->words[i], &at, e) != BS_OK) {
            return e->rc;
        }
        check_one_sync(c, at);
    }
    for (size_t i = 0; app->args->n_words == 0 && i < app->conf->n_syncs; i++) {
        if (app->conf->syncs[i].active) {
            check_one_sync(c, i);
        }
    }
    return BS_OK;
}

int cmd_check(struct app *app)
{
    struct checking c = {.app = app};
    struct bs_err e = BS_ERR_INIT;

    os_signals_init();
    if (app_load_conf(app, &e) != BS_OK) {
        return out_error(&e);
    }
    if (!check_step(&c, "key", app_load_key(app, &e), &e) ||
        !check_step(&c, "database", app_open_store(app, false, &e), &e)) {
        check_print(&c);
        free(c.items);
        return c.code;
    }
    check_machine(&c, &e);
    if (check_syncs(&c, &e) != BS_OK) {
        c.code = out_error(&e);
    } else {
        check_clock(&c);
        check_print(&c);
    }
    free(c.items);
    return c.code;
}
