/*
 * run.h: one run of one sync, from taking the lease to closing the SyncLog: fetch, recover, plan,
 * guard, apply, confirm. What is recorded is what has happened: one transaction per batch.
 */
#ifndef ENGINE_RUN_H
#define ENGINE_RUN_H

#include "base/err.h"
#include "conf/conf.h"
#include "engine/report.h"
#include "engine/shared.h"
#include "store/runlog.h"
#include "store/store.h"
#include "store/syncs.h"

#include <stdbool.h>

struct run_env { /* borrowed; shared by the runs of a process */
    const struct conf *conf;
    struct store *store;
    const struct run_report *report;
    struct run_shared *shared; /* of several runs of one process; NULL: this one is alone */
};

struct run_options {
    const char *trigger; /* "scheduled", "manual", "initial" */
    bool dry_run;
    bool json;         /* the dry run's plan as JSON */
    bool wait;         /* for the lease, instead of answering "busy" */
    bool first_sync;   /* --first-sync */
    bool allow_delete; /* --allow-delete */
    bool allow_all_changed;
    bool rebuild_ids;     /* --rebuild-ids: pair again by the match key */
    const char *undo_log; /* NULL, or the SyncLog id of the run whose changes are put back */
};

struct run_result {
    const char *status; /* "SUCCESS", "PARTIAL", "FAILED", "SKIPPED" */
    struct bs_err err;  /* why not SUCCESS; rc BS_OK otherwise */
    struct run_counts counts;
    int64_t duration_ms;
    char run_id[40];
    int exit_code; /* design section 8: 0, 1, 2, 3, 4, 5 */
};

/* Runs one sync to its end. Whatever happens to the sync is in the result and in SQLite; the
 * return value is not BS_OK only when the process cannot go on (BS_STOP_ALL: database). */
enum bs_rc run_sync(const struct run_env *env, const struct conf_sync *cs,
                    const struct sync_config *sc, const struct run_options *o,
                    struct run_result *out, struct bs_err *e) BS_MUST_CHECK;

#endif
