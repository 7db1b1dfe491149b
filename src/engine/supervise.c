/*
 * supervise.c: see supervise.h.
 *
 * A tick's due syncs are one job. They fall into groups; a group waits while another one that
 * clashes with it runs, or all worker places are taken. When its last group has ended, the job is
 * reported.
 */
#include "engine/supervise.h"

#include "base/clock.h"
#include "base/os.h"
#include "base/str.h"
#include "engine/budget.h"
#include "engine/supervise_p.h"
#include "store/lease.h"
#include "store/runlog.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define RETAIN_EVERY_MS INT64_C(86400000)
#define LEASE "serve"

void supervise_note(const struct server *v, enum log_level level, const char *fmt, ...)
{
    char text[BS_ERR_MSG_MAX + 200];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    v->s->hooks->note(v->s->hooks->ctx, level, text);
}

void supervise_survive(const struct server *v, enum bs_rc rc, struct bs_err *e)
{
    if (rc != BS_OK) {
        supervise_note(v, LOG_ERROR, "%s", e->msg);
        bs_err_clear(e);
    }
}

/* ---- the schedule ---- */

/* Rows of the database in the order of the INI file: what happened to each sync so far. */
static enum bs_rc read_rows(struct server *v, const struct conf *conf,
                            const struct sync_config *wanted, const struct sync_config **out,
                            struct bs_err *e)
{
    struct sync_config *rows = arena_alloc_n(v->scratch, conf->n_syncs + 1, sizeof *rows);
    const struct sync_config *all;
    size_t n;

    if (syncs_list(v->s->store, false, v->scratch, &all, &n, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < conf->n_syncs; i++) {
        rows[i] = wanted[i];
        for (size_t k = 0; k < n; k++) {
            if (str_eq(all[k].slug, wanted[i].slug)) {
                rows[i] = all[k];
            }
        }
    }
    *out = rows;
    return BS_OK;
}

/* What has not moved is not written. */
static void write_all_next(struct server *v)
{
    for (size_t i = 0; i < v->schedule->n; i++) {
        struct due_sync *d = &v->schedule->syncs[i];
        struct bs_err e = BS_ERR_INIT;

        if (d->next_ms == d->written_ms) {
            continue;
        }
        if (syncs_set_next(v->s->store, d->id, d->next_ms, &e) == BS_OK) {
            d->written_ms = d->next_ms;
        }
        supervise_survive(v, e.rc, &e);
    }
}

static void say_stretched(struct server *v, const struct budget_account *x)
{
    struct bs_err e = BS_ERR_INIT;
    bool first = false;

    supervise_survive(v, budget_first_said(v->s->store, x, &first, &e), &e);
    if (first) {
        supervise_note(
            v, LOG_WARN,
            "the Airtable calls of %s would come to %.0f this month, and monthly_budget is "
            "%lld (%lld are used): its syncs run less often, those that change most often "
            "least so; `basesync status` shows how it goes",
            x->name, x->forecast.scheduled, (long long)x->month.budget, (long long)x->month.used);
    }
}

/* Which syncs of the schedule are paused; in scratch. */
static const bool *read_paused(struct server *v)
{
    const struct sync_config *rows = NULL;
    bool *paused = arena_alloc_n(v->scratch, v->schedule->n + 1, sizeof *paused);
    struct bs_err e = BS_ERR_INIT;
    size_t n = 0;

    supervise_survive(v, syncs_list(v->s->store, false, v->scratch, &rows, &n, &e), &e);
    for (size_t i = 0; i < v->schedule->n; i++) {
        for (size_t k = 0; k < n; k++) {
            paused[i] =
                paused[i] || (rows[k].is_paused && str_eq(rows[k].id, v->schedule->syncs[i].id));
        }
    }
    return paused;
}

/* Stretches the schedule when the month's budget asks for it; gives how many of the n that are due
 * may run. */
static size_t keep_budget(struct server *v, size_t *due, size_t n)
{
    int64_t now = clock_wall_ms();
    struct bs_err e = BS_ERR_INIT;
    struct budget b;

    if (v->conf->monthly_budget == 0) {
        return n;
    }
    if (budget_read(v->s->store, v->conf->monthly_budget, v->schedule, read_paused(v), now,
                    v->scratch, &b, &e) != BS_OK) {
        supervise_survive(v, e.rc, &e);
        return n;
    }
    budget_apply(&b, v->schedule, now);
    for (size_t i = 0; i < b.n_accounts; i++) {
        if (b.accounts[i].forecast.stretched && b.accounts[i].n_syncs > 0) {
            say_stretched(v, &b.accounts[i]);
        }
    }
    return budget_admit(&b, due, n);
}

static void replan(struct server *v, const struct conf *conf, const struct sync_config *rows,
                   struct zone *zone)
{
    schedule_free(v->schedule);
    v->conf = conf;
    v->schedule = schedule_new(conf, rows, zone, clock_wall_ms());
    (void)keep_budget(v, NULL, 0);
    write_all_next(v);
    arena_reset(v->scratch);
}

static enum bs_rc plan(struct server *v, struct bs_err *e)
{
    const struct sync_config *rows = NULL;
    struct zone *zone = NULL;

    enum bs_rc rc = schedule_zone(v->s->conf, &zone, e);

    if (rc == BS_OK) {
        rc = read_rows(v, v->s->conf, v->s->rows, &rows, e);
    }
    if (rc != BS_OK) {
        zone_free(zone);
        return rc;
    }
    replan(v, v->s->conf, rows, zone);
    return BS_OK;
}

/* For systemd's Type=notify-reload (sd_notify(3)): which moment the reload belongs to. */
static void tell_reloading(void)
{
    char text[80];

    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)os_monotonic_us());
    os_notify(text);
}

/* Once the new configuration is there the old one is gone: what fails then is said, and done
 * without. */
static void read_again(struct server *v)
{
    const struct sync_config *wanted, *rows = NULL;
    struct zone *zone = NULL;
    const struct conf *conf;
    struct bs_err e = BS_ERR_INIT;

    if (v->s->hooks->reload(v->s->hooks->ctx, &conf, &wanted, &e) != BS_OK) {
        supervise_note(v, LOG_ERROR, "the configuration stays as it was: %s", e.msg);
        return;
    }
    supervise_survive(v, schedule_zone(conf, &zone, &e), &e);
    if (!zone) {
        zone = v->schedule->zone;
        v->schedule->zone = NULL;
    }
    supervise_survive(v, read_rows(v, conf, wanted, &rows, &e), &e);
    replan(v, conf, rows ? rows : wanted, zone);
    supervise_note(v, LOG_INFO, "read the configuration again: %zu active sync(s)", v->schedule->n);
}

static void reload(struct server *v)
{
    tell_reloading();
    read_again(v);
    os_notify("READY=1");
}

/* Leaves out what is paused. */
static size_t drop_paused(struct server *v, size_t *due, size_t n)
{
    const bool *paused = read_paused(v);
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        if (!paused[due[i]]) {
            due[kept++] = due[i];
        }
    }
    return kept;
}

static void tick(struct server *v)
{
    size_t *due = bs_alloc_n(v->schedule->n + 1, sizeof *due);
    size_t n = schedule_take_due(v->schedule, clock_wall_ms(), due), run = 0;

    if (n > 0) {
        run = drop_paused(v, due, n);
        run = keep_budget(v, due, run);
        arena_reset(v->scratch);
    }
    write_all_next(v);
    if (run > 0) {
        jobs_begin(v, due, run);
    }
    free(due);
}

/* Everything active at once, for --once. */
static void tick_all(struct server *v)
{
    size_t *due = bs_alloc_n(v->schedule->n + 1, sizeof *due);
    size_t n = 0;

    while (n < v->schedule->n) {
        due[n] = n;
        n++;
    }
    n = drop_paused(v, due, n);
    arena_reset(v->scratch);
    jobs_begin(v, due, n);
    free(due);
}

/* ---- upkeep, systemd ---- */

enum bs_rc supervise_retain(struct store *store, const struct conf *c, struct bs_err *e)
{
    int64_t now = clock_wall_ms();
    char text[CLOCK_TEXT_MAX];
    char *last = NULL;
    int64_t ms = 0;
    bool due;

    if (store_meta_get(store, "retainedAt", &last, e) != BS_OK) {
        return e->rc;
    }
    due = !last || !clock_parse(last, &ms) || now - ms >= RETAIN_EVERY_MS || ms > now;
    free(last);
    if (!due) {
        return BS_OK;
    }
    /* Runs of syncs that are gone have nobody else to close them. */
    if (runlog_abandon(store, NULL, "the run ended without a word: its process is gone", now, e) !=
            BS_OK ||
        store_retain(store, c->log_days, c->history_days, now, e) != BS_OK) {
        return e->rc;
    }
    clock_sql_text(now, text);
    return store_meta_set(store, "retainedAt", text, e);
}

static void retain(struct server *v)
{
    struct bs_err e = BS_ERR_INIT;
    int64_t now = clock_wall_ms();

    if (v->retained_ms == 0 || now - v->retained_ms >= RETAIN_EVERY_MS || now < v->retained_ms) {
        v->retained_ms = now;
        supervise_survive(v, supervise_retain(v->s->store, v->conf, &e), &e);
    }
}

static void tell_systemd(const struct server *v, bool watchdog)
{
    int64_t next = schedule_next(v->schedule);
    char time[CLOCK_TEXT_MAX] = "never";
    char text[160];

    if (next != INT64_MAX) {
        clock_iso_text(next, time);
    }
    snprintf(text, sizeof text, "%sSTATUS=%zu active sync(s), %zu running, next at %s",
             watchdog ? "WATCHDOG=1\n" : "", v->schedule->n, jobs_running(v), time);
    os_notify(text);
}

/* ---- the loop ---- */

/* One turn; gives how long there is nothing to do but to wait for a worker's end, -1: for ever. */
static int64_t turn(struct server *v)
{
    int64_t wait = jobs_tend(v), telling;

    if (os_stop_requested()) {
        if (!v->stopping) {
            os_notify("STOPPING=1");
            v->stopping = true;
        }
        jobs_stop(v);
        wait = jobs_tend(v);
    } else {
        if (os_take_hangup()) {
            reload(v);
        }
        if (!v->s->once) {
            tick(v);
        }
        jobs_start(v);
        retain(v);
        if (v->start_again_ms > clock_mono_ms()) {
            int64_t due = v->start_again_ms - clock_mono_ms();

            wait = wait < due ? wait : due;
        }
    }
    jobs_end(v);
    telling = notifier_tend(v);
    wait = telling < wait ? telling : wait;
    return wait == INT64_MAX ? -1 : wait;
}

static void loop(struct server *v)
{
    int64_t watchdog = os_watchdog_ms();

    if (v->s->once) {
        tick_all(v);
    }
    for (;;) {
        int64_t wait = turn(v);

        if (!v->jobs && notifier_is_idle(v) && (v->stopping || v->s->once)) {
            return;
        }
        tell_systemd(v, watchdog > 0);
        if (watchdog > 0 && (wait < 0 || wait > watchdog)) {
            wait = watchdog;
        }
        os_wait_until(v->stopping || v->s->once ? INT64_MAX : schedule_next(v->schedule), wait);
    }
}

static enum bs_rc take_lease(const struct supervise *s, struct bs_err *e)
{
    static const char *const names[] = {LEASE};

    if (lease_take(s->store, names, 1, clock_wall_ms(), e) == BS_RETRY && e->kind == BS_K_BUSY) {
        return bs_fail(e, BS_STOP_ALL, BS_K_BUSY,
                       "another `basesync serve` is at work on %s: stop that one first",
                       store_path(s->store));
    }
    return e->rc;
}

enum bs_rc supervise_run(const struct supervise *s, bool *all_good, struct bs_err *e)
{
    static const char *const names[] = {LEASE};
    struct server v = {.s = s, .all_good = true};

    v.self = os_self_path();
    if (!v.self) {
        return bs_fail(e, BS_STOP_ALL, BS_K_INTERNAL,
                       "/proc/self/exe cannot be read: workers cannot be started without /proc");
    }
    bs_err_clear(e);
    v.scratch = arena_new();
    os_signals_init();
    os_signals_watch_children();
    if (take_lease(s, e) == BS_OK) {
        if (plan(&v, e) == BS_OK) {
            os_notify("READY=1");
            loop(&v);
        }
        lease_release(s->store, names, 1);
    }
    *all_good = v.all_good;
    schedule_free(v.schedule);
    arena_free(v.scratch);
    free(v.self);
    return e->rc;
}
