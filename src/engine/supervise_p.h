/*
 * supervise_p.h: what the two halves of the supervisor share (private to engine/): supervise.c
 * knows the clock, supervise_jobs.c the work that is under way.
 */
#ifndef ENGINE_SUPERVISE_P_H
#define ENGINE_SUPERVISE_P_H

#include "base/mem.h"
#include "engine/schedule.h"
#include "engine/supervise.h"
#include "engine/worker.h"

struct member { /* one sync of one job */
    char *id, *slug, *name, *base, *spreadsheet;
    size_t group; /* within its job */
    char *status; /* NULL: not known yet */
    bool busy;    /* skipped, since it was at work already: no trouble */
    char *error;
    int64_t duration_ms;
};

enum group_state { GROUP_WAITING, GROUP_RUNNING, GROUP_ENDED };

struct group {
    enum group_state state;
    struct worker worker;
    int64_t after_rowid; /* SyncLog rows of this run are above */
    int64_t started_mono;
};

struct job {
    struct job *next;
    int64_t started_mono;
    struct member *members;
    size_t n_members;
    struct group *groups;
    size_t n_groups;
};

#define NOTIFIER_QUEUE 8

/* What people are to be told, in order. */
struct notifier {
    struct worker worker; /* pid 0: none at work */
    struct {
        const char *words[2];
        size_t n;
    } queue[NOTIFIER_QUEUE];
    size_t n;
};

struct server {
    const struct supervise *s;
    const struct conf *conf;
    struct schedule *schedule;
    char *self;
    struct job *jobs; /* oldest first */
    struct arena *scratch;
    int64_t start_again_ms; /* no worker before this, on the clock that never steps */
    int64_t retained_ms;
    struct notifier notifier;
    bool all_good;
    bool stopping;
};

void supervise_note(const struct server *v, enum log_level level, const char *fmt, ...)
    BS_PRINTF(3, 4);
/* A database that refuses costs what was to be written, not the supervisor. */
void supervise_survive(const struct server *v, enum bs_rc rc, struct bs_err *e);

/* ---- supervise_jobs.c ---- */

/* The syncs with these indexes of the schedule are due: one job. */
void jobs_begin(struct server *v, const size_t *due, size_t n);
/* Starts the groups that may run now. */
void jobs_start(struct server *v);
/* Reaps what has ended, tends what runs; gives the ms until something is to be done, INT64_MAX when
 * only a worker's end can bring anything new. */
int64_t jobs_tend(struct server *v);
/* Reports and forgets the jobs whose groups have all ended. */
void jobs_end(struct server *v);
/* Asks all workers to end; nothing more is started. */
void jobs_stop(struct server *v);
size_t jobs_running(const struct server *v);

/* ---- supervise_notify.c ---- */

void notifier_job_started(struct server *v);
/* good: syncs that ended without trouble; bad: with any. The rest were busy. */
void notifier_job_ended(struct server *v, size_t good, size_t bad);
/* As jobs_tend. */
int64_t notifier_tend(struct server *v);
bool notifier_is_idle(const struct server *v);

#endif
