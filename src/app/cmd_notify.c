/*
 * cmd_notify.c: telling people: as serve's worker what is due, by hand a test message by every way
 * of [notify]. It knows the mail password; the supervisor does not.
 */
#include "app/commands.h"
#include "app/joblog.h"
#include "app/out.h"
#include "base/log.h"
#include "base/os.h"
#include "base/str.h"
#include "base/version.h"
#include "engine/notify.h"

#include <stdlib.h>
#include <string.h>

#define TAG "Notify"
#define PASSWORD "mailPassword"
#define PASSWORD_LEN_MAX 1024

struct telling {
    struct app *app;
    struct notify_ways ways;
    char *password;
};

/* Addresses may be as good as passwords (Slack, healthchecks.io). */
static void hide_addresses(const struct conf *c)
{
    const char *const list[] = {c->notify_url, c->notify_ping_start, c->notify_ping_success,
                                c->notify_ping_failure};

    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        if (list[i] && *list[i]) {
            log_secret(list[i]);
        }
    }
}

static enum bs_rc read_password(struct telling *t, struct bs_err *e)
{
    const struct conf *c = t->app->conf;

    if (!notify_has(c, NOTIFY_MAIL) || !c->mail_user || !*c->mail_user) {
        return BS_OK;
    }
    if (store_secret_get(t->app->store, PASSWORD, &t->password, e) != BS_OK) {
        return e->rc;
    }
    t->ways.mail_password = t->password;
    if (t->password) {
        log_secret(t->password);
    }
    return BS_OK;
}

static enum bs_rc open_ways(struct telling *t, struct bs_err *e)
{
    struct app *app = t->app;

    if (app_open(app, e) != BS_OK) {
        return e->rc;
    }
    hide_addresses(app->conf);
    t->ways.conf = app->conf;
    t->ways.http_options = app_http_options(app);
    if (http_new(&t->ways.http_options, &t->ways.http, e) != BS_OK) {
        return e->rc;
    }
    return read_password(t, e);
}

static void close_ways(struct telling *t)
{
    http_free(t->ways.http);
    bs_wipe_free(t->password);
}

/* ---- what is due ---- */

/* Told by this way: remembered, so that it is said once. A death between the two says it twice. */
static enum bs_rc tell_one(struct telling *t, const struct notice *x, struct bs_err *e)
{
    const char *way = notify_channel_name(x->channel);
    struct bs_err why = BS_ERR_INIT;

    if (notify_send(&t->ways, x, &why) != BS_OK) {
        log_line(LOG_WARN, TAG,
                 "%s: not told that %s (%s); it is tried again after the next job: %s", way,
                 x->title, x->sync, why.msg);
        return BS_OK;
    }
    log_line(LOG_INFO, TAG, "%s: told that %s (%s)", way, x->title, x->sync);
    return notify_set(t->app->store, x->sync_id, x->channel, &x->after, e);
}

static enum bs_rc tell_all(struct telling *t, struct bs_err *e)
{
    const struct notice *list;
    size_t n;
    enum bs_rc rc =
        notify_due(t->app->store, t->app->conf, clock_wall_ms(), t->app->arena, &list, &n, e);

    for (size_t i = 0; rc == BS_OK && i < n && !os_stop_requested(); i++) {
        rc = tell_one(t, &list[i], e);
    }
    return rc;
}

static void ping(struct telling *t, const char *what, const char *url)
{
    struct bs_err e = BS_ERR_INIT;

    if (url && *url && notify_ping(&t->ways, url, &e) != BS_OK) {
        log_line(LOG_WARN, TAG, "%s: %s", what, e.msg);
    }
}

/* words: "start", "success", "failure", "tell". */
static enum bs_rc work(struct telling *t, struct bs_err *e)
{
    const struct conf *c = t->app->conf;

    for (size_t i = 0; i < t->app->args->n_words; i++) {
        const char *word = t->app->args->words[i];

        if (str_eq(word, "start")) {
            ping(t, "ping_start", c->notify_ping_start);
        } else if (str_eq(word, "success")) {
            ping(t, "ping_success", c->notify_ping_success);
        } else if (str_eq(word, "failure")) {
            ping(t, "ping_failure", c->notify_ping_failure);
        } else if (tell_all(t, e) != BS_OK) {
            return e->rc;
        }
    }
    return BS_OK;
}

/* ---- by hand ---- */

static int try_all(struct telling *t)
{
    const struct conf *c = t->app->conf;
    int tried = 0, failed = 0;

    for (int k = 0; k < NOTIFY_CHANNELS; k++) {
        struct notice x = notify_test((enum notify_channel)k, clock_wall_ms());
        struct bs_err e = BS_ERR_INIT;

        if (!notify_has(c, x.channel)) {
            continue;
        }
        tried++;
        if (notify_send(&t->ways, &x, &e) == BS_OK) {
            out_line("%s: a test message was sent.", notify_channel_name(x.channel));
        } else {
            failed++;
            (void)out_error(&e);
        }
    }
    if (tried == 0) {
        return out_usage("there is no way to tell anybody: set `url`, `command` or `mail_url` in "
                         "[notify] of %s",
                         t->app->conf_path);
    }
    return failed > 0 ? 1 : 0;
}

int cmd_notify(struct app *app)
{
    bool worker = args_has(app->args, "worker");
    struct telling t = {.app = app};
    struct bs_err e = BS_ERR_INIT;
    int code = 0;

    os_signals_init();
    if (open_ways(&t, &e) != BS_OK) {
        code = out_error(&e);
    } else if (worker) {
        joblog_open(app->conf, stdout, LOG_DEBUG);
        code = work(&t, &e) == BS_OK ? 0 : out_error(&e);
    } else {
        code = app->args->n_words > 0 ? out_usage("notify takes no words") : try_all(&t);
    }
    close_ways(&t);
    return code;
}

/* ---- connect mail ---- */

int connect_mail(struct app *app)
{
    struct telling t = {.app = app};
    struct bs_err e = BS_ERR_INIT;
    struct notice x;
    struct buf b;
    int code = 0;

    buf_init(&b, PASSWORD_LEN_MAX);
    if (open_ways(&t, &e) != BS_OK) {
        code = out_error(&e);
        goto out;
    }
    if (!notify_has(app->conf, NOTIFY_MAIL) || !app->conf->mail_user || !*app->conf->mail_user) {
        code = out_usage("set `mail_url`, `mail_from`, `mail_to` and `mail_user` in [notify] of %s "
                         "first",
                         app->conf_path);
        goto out;
    }
    x = notify_test(NOTIFY_MAIL, clock_wall_ms());
    if (app_read_secret(args_value(app->args, "password-file"),
                        "Password of the mail account (not shown): ", &b, &e) != BS_OK) {
        code = out_error(&e);
        goto out;
    }
    b.data[strcspn(b.data, "\r\n")] = '\0';
    log_secret(b.data);
    t.ways.mail_password = b.data;
    if (notify_send(&t.ways, &x, &e) != BS_OK ||
        store_secret_set(app->store, PASSWORD, b.data, &e) != BS_OK) {
        code = out_error(&e);
        goto out;
    }
    out_line("A test message went to %s. The password is stored, sealed.", app->conf->mail_to);
out:
    buf_wipe(&b);
    close_ways(&t);
    return code;
}
