/*
 * worker.h: one worker process: the program itself, started anew for the syncs of one group. It is
 * given a time and a memory to run in, asked to end, and at last made to.
 */
#ifndef ENGINE_WORKER_H
#define ENGINE_WORKER_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define WORKER_GRACE_MS 45000 /* from being asked to end to being killed */

struct worker {
    pid_t pid;           /* 0: none */
    int64_t deadline_ms; /* on the clock that never steps */
    int64_t kill_ms;     /* 0: not asked to end yet */
    bool timed_out;
};

struct worker_start {
    const char *self; /* path of the program */
    const char *conf_path;
    const char *conf_text; /* what the file held when it was read: it may have changed since */
    size_t conf_len;
    const char *command;      /* "sync", "notify" */
    const char *const *words; /* what it is to do: ids of syncs */
    size_t n;
    int64_t timeout_ms;
    int memory_mb; /* 0: no bound */
};

#define WORKER_CONF_FD 3 /* where the worker finds the text */

enum bs_rc worker_start(struct worker *w, const struct worker_start *how,
                        struct bs_err *e) BS_MUST_CHECK;
/* True when it has ended: pid is 0 then, *status as of waitpid(2). */
bool worker_reap(struct worker *w, int *status);
/* Asks it to end. */
void worker_stop(struct worker *w);
/* Does what is due by now: asks it to end, kills it. Gives the ms until it is due again. */
int64_t worker_tend(struct worker *w);
/* What its end was, for people: "was ended by signal 11 (Segmentation fault)". */
void worker_describe(const struct worker *w, int status, char out[160]);

#endif
