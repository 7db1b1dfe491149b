/*
 * supervise_jobs.c: the jobs that are under way: their groups, the workers that run them, and what
 * became of each sync.
 */
#include "base/clock.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "engine/supervise_p.h"
#include "net/json.h"
#include "store/runlog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_START_MS 10000 /* after a worker could not be started */

/* ---- results ---- */

static void set_result(struct member *m, const char *status, const char *error, int64_t ms)
{
    free(m->status);
    free(m->error);
    m->status = bs_strdup(status);
    m->error = error && *error ? bs_strdup(error) : NULL;
    m->duration_ms = ms;
}

/* A run that never began has a SyncLog row all the same. */
static enum bs_rc write_row(struct server *v, const struct member *m, const char *status,
                            enum bs_kind kind, const char *message, struct bs_err *e)
{
    const struct run_counts none = {0};
    const struct conf_sync *cs = conf_find_sync(v->conf, m->slug);
    int64_t now = clock_wall_ms();
    struct buf errors;
    const char *run_id;
    enum bs_rc rc;

    buf_init(&errors, BUF_NO_LIMIT);
    buf_addf(&errors, "[{\"phase\":\"worker\",\"type\":\"%s\",\"message\":", bs_kind_name(kind));
    json_quote(&errors, message);
    buf_adds(&errors, "}]");
    rc = runlog_start(v->s->store, m->id, "scheduled",
                      direction_name(cs ? cs->rules.direction : DIRECTION_BOTH), now, v->scratch,
                      &run_id, e);
    if (rc == BS_OK) {
        rc = runlog_finish(v->s->store, run_id, status, &none, errors.data, now, 0, false, e);
    }
    buf_release(&errors);
    return rc;
}

static void skip(struct server *v, struct member *m, const char *why)
{
    struct bs_err e = BS_ERR_INIT;

    set_result(m, "SKIPPED", why, 0);
    m->busy = true;
    supervise_survive(v, write_row(v, m, "SKIPPED", BS_K_BUSY, why, &e), &e);
}

static void fail(struct server *v, struct member *m, const char *why, bool has_row, int64_t ms)
{
    struct bs_err e = BS_ERR_INIT;
    int64_t now = clock_wall_ms();

    set_result(m, "FAILED", why, ms);
    if (has_row) {
        supervise_survive(v, runlog_abandon(v->s->store, m->id, why, now, &e), &e);
    } else {
        supervise_survive(v, write_row(v, m, "FAILED", BS_K_INTERNAL, why, &e), &e);
    }
    supervise_survive(
        v, syncs_set_outcome(v->s->store, m->id, "failed", BS_K_INTERNAL, why, now, &e), &e);
}

static void take_row(struct member *m, const struct log_row *row)
{
    struct bs_err e = BS_ERR_INIT;
    struct json *errors = NULL;

    if (row->errors && !str_eq(row->status, "SUCCESS")) {
        bs_seen(json_parse(row->errors, strlen(row->errors), &errors, &e));
    }
    set_result(m, row->status, json_string(json_path(errors, "0.message"), NULL), row->duration_ms);
    m->busy = str_eq(row->status, "SKIPPED") &&
              bs_kind_of(json_string(json_path(errors, "0.type"), NULL)) == BS_K_BUSY;
    json_free(errors);
}

/* The row that the worker wrote for this sync, NULL when there is none. */
static const struct log_row *find_row(struct server *v, const struct member *m,
                                      const struct group *g)
{
    const struct log_filter f = {.sync_slug = m->slug, .after_rowid = g->after_rowid, .limit = 20};
    struct bs_err e = BS_ERR_INIT;
    struct log_row *rows = NULL;
    size_t n = 0;

    supervise_survive(v, runlog_list(v->s->store, &f, v->scratch, &rows, &n, &e), &e);
    for (size_t i = 0; i < n; i++) {
        if (str_eq(rows[i].trigger, "scheduled")) {
            return &rows[i];
        }
    }
    return NULL;
}

static void settle_member(struct server *v, struct member *m, struct group *g, int status)
{
    const struct log_row *row = find_row(v, m, g);
    char how[160], why[200];

    if (row && row->completed_at) {
        take_row(m, row);
        return;
    }
    if (!row && g->worker.kill_ms != 0 && !g->worker.timed_out) {
        set_result(m, "SKIPPED", "basesync was stopped before its turn", 0);
        m->busy = true;
        return;
    }
    worker_describe(&g->worker, status, how);
    snprintf(why, sizeof why, "the worker process %s", how);
    fail(v, m, why, row != NULL, clock_mono_ms() - g->started_mono);
}

static void end_group(struct server *v, struct job *j, size_t index, int status)
{
    struct group *g = &j->groups[index];

    for (size_t i = 0; i < j->n_members; i++) {
        if (j->members[i].group == index && !j->members[i].status) {
            settle_member(v, &j->members[i], g, status);
        }
    }
    g->state = GROUP_ENDED;
    arena_reset(v->scratch);
}

/* ---- jobs ---- */

static void free_job(struct job *j)
{
    for (size_t i = 0; i < j->n_members; i++) {
        struct member *m = &j->members[i];

        free(m->id);
        free(m->slug);
        free(m->name);
        free(m->base);
        free(m->spreadsheet);
        free(m->status);
        free(m->error);
    }
    free(j->members);
    free(j->groups);
    free(j);
}

static void report_job(struct server *v, const struct job *j)
{
    struct supervise_result *list = bs_alloc_n(j->n_members, sizeof *list);
    size_t good = 0, bad = 0;

    for (size_t i = 0; i < j->n_members; i++) {
        const struct member *m = &j->members[i];

        list[i] = (struct supervise_result){m->name, m->status ? m->status : "SKIPPED", m->error,
                                            m->duration_ms};
        v->all_good = v->all_good && str_eq(list[i].status, "SUCCESS");
        good += str_eq(list[i].status, "SUCCESS");
        bad += m->status && !m->busy && !str_eq(list[i].status, "SUCCESS");
    }
    v->s->hooks->job_ended(v->s->hooks->ctx, list, j->n_members, clock_mono_ms() - j->started_mono);
    notifier_job_ended(v, good, bad);
    free(list);
}

/* Reports and forgets the jobs whose groups have all ended. */
void jobs_end(struct server *v)
{
    for (struct job **p = &v->jobs; *p;) {
        struct job *j = *p;
        size_t open = 0;

        for (size_t i = 0; i < j->n_groups; i++) {
            open += j->groups[i].state != GROUP_ENDED;
        }
        if (open > 0) {
            p = &j->next;
            continue;
        }
        *p = j->next;
        report_job(v, j);
        free_job(j);
    }
}

static bool is_under_way(const struct server *v, const char *id)
{
    for (const struct job *j = v->jobs; j; j = j->next) {
        for (size_t i = 0; i < j->n_members; i++) {
            if (str_eq(j->members[i].id, id) && !j->members[i].status) {
                return true;
            }
        }
    }
    return false;
}

static struct job *new_job(const struct server *v, const size_t *due, size_t n)
{
    struct job *j = bs_alloc(sizeof *j);

    j->started_mono = clock_mono_ms();
    j->members = bs_alloc_n(n, sizeof *j->members);
    j->n_members = n;
    for (size_t i = 0; i < n; i++) {
        const struct due_sync *d = &v->schedule->syncs[due[i]];

        j->members[i] = (struct member){.id = bs_strdup(d->id),
                                        .slug = bs_strdup(d->slug),
                                        .name = bs_strdup(d->name),
                                        .base = bs_strdup(d->base),
                                        .spreadsheet = bs_strdup(d->spreadsheet)};
    }
    return j;
}

static void make_groups(struct job *j)
{
    struct group_key *keys = bs_alloc_n(j->n_members, sizeof *keys);
    size_t *group_of = bs_alloc_n(j->n_members, sizeof *group_of);

    for (size_t i = 0; i < j->n_members; i++) {
        keys[i] = (struct group_key){j->members[i].base, j->members[i].spreadsheet};
    }
    j->n_groups = schedule_group(keys, j->n_members, group_of);
    j->groups = bs_alloc_n(j->n_groups, sizeof *j->groups);
    for (size_t i = 0; i < j->n_members; i++) {
        j->members[i].group = group_of[i];
    }
    free(keys);
    free(group_of);
}

void jobs_begin(struct server *v, const size_t *due, size_t n)
{
    struct job *j = new_job(v, due, n);
    struct job **end = &v->jobs;

    v->s->hooks->job_started(v->s->hooks->ctx, clock_wall_ms(), n);
    notifier_job_started(v);
    for (size_t i = 0; i < n; i++) {
        if (is_under_way(v, j->members[i].id)) {
            skip(v, &j->members[i], "the run before is still going on");
        }
    }
    make_groups(j);
    while (*end) {
        end = &(*end)->next;
    }
    *end = j;
}

/* ---- workers ---- */

static struct group_key key_of(const struct member *m)
{
    return (struct group_key){m->base, m->spreadsheet};
}

/* Whether a running group has a sync that shares something with one of this group's. */
static bool clashes(const struct server *v, const struct job *job, size_t index)
{
    for (const struct job *j = v->jobs; j; j = j->next) {
        for (size_t i = 0; i < j->n_members; i++) {
            struct group_key a = key_of(&j->members[i]);

            if (j->groups[j->members[i].group].state != GROUP_RUNNING) {
                continue;
            }
            for (size_t k = 0; k < job->n_members; k++) {
                struct group_key b = key_of(&job->members[k]);

                if (job->members[k].group == index && schedule_clash(&a, &b)) {
                    return true;
                }
            }
        }
    }
    return false;
}

static int64_t newest_rowid(struct server *v)
{
    const struct log_filter f = {.limit = 50};
    struct bs_err e = BS_ERR_INIT;
    struct log_row *rows = NULL;
    int64_t newest = 0;
    size_t n = 0;

    supervise_survive(v, runlog_list(v->s->store, &f, v->scratch, &rows, &n, &e), &e);
    for (size_t i = 0; i < n; i++) {
        newest = rows[i].rowid > newest ? rows[i].rowid : newest;
    }
    arena_reset(v->scratch);
    return newest;
}

/* Ends a group whose members all have their result already (skipped). */
static size_t count_open(const struct job *j, size_t index)
{
    size_t n = 0;

    for (size_t i = 0; i < j->n_members; i++) {
        n += j->members[i].group == index && !j->members[i].status;
    }
    return n;
}

static void start_group(struct server *v, struct job *j, size_t index)
{
    const char **ids = bs_alloc_n(j->n_members, sizeof *ids);
    struct group *g = &j->groups[index];
    struct bs_err e = BS_ERR_INIT;
    struct worker_start how = {
        .self = v->self,
        .conf_path = v->s->conf_path,
        .command = "sync",
        .words = ids,
        .memory_mb = v->conf->worker_memory_mb,
    };

    for (size_t i = 0; i < j->n_members; i++) {
        if (j->members[i].group == index && !j->members[i].status) {
            ids[how.n++] = j->members[i].id;
        }
    }
    how.conf_text = v->s->hooks->conf_text(v->s->hooks->ctx, &how.conf_len);
    how.timeout_ms = (int64_t)v->conf->worker_timeout_s * 1000 * (int64_t)how.n;
    g->after_rowid = newest_rowid(v);
    g->started_mono = clock_mono_ms();
    if (worker_start(&g->worker, &how, &e) == BS_OK) {
        g->state = GROUP_RUNNING;
    } else {
        v->start_again_ms = clock_mono_ms() + RETRY_START_MS;
        supervise_survive(v, e.rc, &e);
    }
    free(ids);
}

size_t jobs_running(const struct server *v)
{
    size_t n = 0;

    for (const struct job *j = v->jobs; j; j = j->next) {
        for (size_t i = 0; i < j->n_groups; i++) {
            n += j->groups[i].state == GROUP_RUNNING;
        }
    }
    return n;
}

void jobs_start(struct server *v)
{
    size_t running = jobs_running(v);

    for (struct job *j = v->jobs; j; j = j->next) {
        for (size_t i = 0; i < j->n_groups; i++) {
            struct group *g = &j->groups[i];

            if (g->state != GROUP_WAITING) {
                continue;
            }
            if (count_open(j, i) == 0) {
                g->state = GROUP_ENDED;
            } else if (running < (size_t)v->conf->workers && !clashes(v, j, i) &&
                       clock_mono_ms() >= v->start_again_ms) {
                start_group(v, j, i);
                running += g->state == GROUP_RUNNING;
            }
        }
    }
}

/* Reaps what has ended, tends what runs; gives the ms until something is to be done. */
int64_t jobs_tend(struct server *v)
{
    int64_t wait = INT64_MAX;

    for (struct job *j = v->jobs; j; j = j->next) {
        for (size_t i = 0; i < j->n_groups; i++) {
            struct group *g = &j->groups[i];
            int status;

            if (g->state != GROUP_RUNNING) {
                continue;
            }
            if (worker_reap(&g->worker, &status)) {
                end_group(v, j, i, status);
            } else {
                int64_t due = worker_tend(&g->worker);

                wait = due < wait ? due : wait;
            }
        }
    }
    return wait;
}

void jobs_stop(struct server *v)
{
    for (struct job *j = v->jobs; j; j = j->next) {
        for (size_t i = 0; i < j->n_groups; i++) {
            struct group *g = &j->groups[i];

            if (g->state == GROUP_RUNNING) {
                worker_stop(&g->worker);
            } else if (g->state == GROUP_WAITING) {
                g->state = GROUP_ENDED;
            }
        }
    }
}
