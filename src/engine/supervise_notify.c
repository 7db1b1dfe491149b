/*
 * supervise_notify.c: has people told of what has come of a job. A worker does it, one at a time
 * and in order (a service must not hear of a job's end before its start); whether there is anything
 * to tell is looked at here, since mostly there is not.
 */
#include "base/clock.h"
#include "engine/notify.h"
#include "engine/supervise_p.h"

#include <string.h>

#define TIMEOUT_MS 300000 /* for all that one worker has to tell */

static bool set(const char *text)
{
    return text && *text;
}

static void push(struct server *v, const char *word, const char *more)
{
    struct notifier *f = &v->notifier;

    if (v->stopping || (!word && !more)) {
        return;
    }
    if (f->n == NOTIFIER_QUEUE) {
        supervise_note(v, LOG_WARN, "notifications do not keep up with the jobs: one is left out");
        memmove(&f->queue[0], &f->queue[1], (f->n - 1) * sizeof f->queue[0]);
        f->n--;
    }
    f->queue[f->n].words[0] = word ? word : more;
    f->queue[f->n].words[1] = more;
    f->queue[f->n++].n = word && more ? 2 : 1;
}

void notifier_job_started(struct server *v)
{
    push(v, set(v->conf->notify_ping_start) ? "start" : NULL, NULL);
}

void notifier_job_ended(struct server *v, size_t good, size_t bad)
{
    const struct conf *c = v->conf;
    const char *ping = bad > 0 && set(c->notify_ping_failure)                ? "failure"
                       : bad == 0 && good > 0 && set(c->notify_ping_success) ? "success"
                                                                             : NULL;
    struct bs_err e = BS_ERR_INIT;
    const struct notice *list;
    size_t n = 0;

    if (notify_has(c, NOTIFY_HTTP) || notify_has(c, NOTIFY_COMMAND) || notify_has(c, NOTIFY_MAIL)) {
        supervise_survive(v, notify_due(v->s->store, c, clock_wall_ms(), v->scratch, &list, &n, &e),
                          &e);
        arena_reset(v->scratch);
    }
    push(v, ping, n > 0 ? "tell" : NULL);
}

static void start_next(struct server *v)
{
    struct notifier *f = &v->notifier;
    struct worker_start how = {
        .self = v->self,
        .conf_path = v->s->conf_path,
        .command = "notify",
        .words = f->queue[0].words,
        .n = f->queue[0].n,
        .timeout_ms = TIMEOUT_MS,
        .memory_mb = v->conf->worker_memory_mb,
    };
    struct bs_err e = BS_ERR_INIT;

    how.conf_text = v->s->hooks->conf_text(v->s->hooks->ctx, &how.conf_len);
    /* What is not told now is due after the next job as well. */
    supervise_survive(v, worker_start(&f->worker, &how, &e), &e);
    f->n--;
    memmove(&f->queue[0], &f->queue[1], f->n * sizeof f->queue[0]);
}

static void reap(struct server *v)
{
    struct notifier *f = &v->notifier;
    char how[160];
    int status;

    if (f->worker.pid > 0 && worker_reap(&f->worker, &status) && status != 0) {
        worker_describe(&f->worker, status, how);
        supervise_note(v, LOG_WARN, "the process that tells people %s", how);
    }
}

int64_t notifier_tend(struct server *v)
{
    struct notifier *f = &v->notifier;

    reap(v);
    if (v->stopping) {
        f->n = 0;
        worker_stop(&f->worker);
    }
    while (f->worker.pid == 0 && f->n > 0) {
        start_next(v);
    }
    return f->worker.pid > 0 ? worker_tend(&f->worker) : INT64_MAX;
}

bool notifier_is_idle(const struct server *v)
{
    return v->notifier.worker.pid == 0 && v->notifier.n == 0;
}
