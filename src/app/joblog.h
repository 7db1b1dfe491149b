/*
 * joblog.h: the text of a job's log: its head, a block for each sync, the summary. One line a step,
 * in the form that readers of such logs know; with log_format = json one object a line.
 */
#ifndef APP_JOBLOG_H
#define APP_JOBLOG_H

#include "base/log.h"
#include "conf/conf.h"
#include "engine/report.h"
#include "engine/run.h"

#include <stdbool.h>
#include <stdio.h>

struct joblog_item {
    const char *name;
    const char *status; /* "SUCCESS", "PARTIAL", "FAILED", "SKIPPED" */
    const char *error;  /* NULL or "" when there is none */
    int64_t duration_ms;
};

/* Where the lines go, and the least important that are wanted unless the INI file says more. */
void joblog_open(const struct conf *c, FILE *out, enum log_level least);
/* progress: a line on the terminal that shows how far a run is. */
void joblog_show_progress(bool on);

void joblog_head(const char *trigger, int64_t now_ms);
void joblog_found(size_t n);
/* A sync's block: before the run, what it listens to meanwhile, after it. */
void joblog_begin(const struct conf *c, const struct conf_sync *s, const char *sync_id);
struct run_report joblog_report(const struct conf_sync *s);
void joblog_end(const struct conf_sync *s, const struct run_result *r, bool dry_run);
void joblog_summary(const struct joblog_item *items, size_t n, int64_t duration_ms);

/* Collects the lines and hands them on at once at joblog_release: for processes that share one
 * output, so that the blocks of their syncs do not mix. */
void joblog_hold(void);
void joblog_release(void);

#endif
