/*
 * report.h: how a run tells its story while it happens: the job log and the terminal's progress
 * line listen here. engine/ calls, app/ writes the text. Every function may be NULL.
 */
#ifndef ENGINE_REPORT_H
#define ENGINE_REPORT_H

#include "base/err.h"

#include <stdint.h>

enum run_step {
    STEP_DECRYPT,  /* credentials are opened */
    STEP_SCHEMA,   /* both schemas are read */
    STEP_EXECUTE,  /* the sync itself begins */
    STEP_METADATA, /* SyncLog and SyncConfig are written */
};

struct run_report {
    void *ctx;
    void (*step)(void *ctx, enum run_step step);
    /* Work done of work known, for a progress line: "airtable" rows read, "sheets" rows written...
     */
    void (*progress)(void *ctx, const char *what, int64_t done, int64_t total);
    /* A warning or error as it is met (also stored in SyncLog.errors). */
    void (*note)(void *ctx, const char *level, const char *text);
    /* The plan of a dry run, as text or JSON. */
    void (*plan)(void *ctx, const char *text);
};

#endif
