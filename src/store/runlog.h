/*
 * runlog.h: "SyncLog" (one row per run), "SyncChange" (one row per cell or row changed, old value
 * first) and "SyncConflict" (open conflicts under HOLD).
 */
#ifndef STORE_RUNLOG_H
#define STORE_RUNLOG_H

#include "base/mem.h"
#include "store/store.h"

#include <stddef.h>

struct run_counts {
    int64_t rows_added, rows_updated, rows_deleted;
    int64_t records_added, records_updated, records_deleted;
    int64_t conflicts, held, warnings, failed;
    int64_t calls_airtable, calls_sheets, calls_other; /* HTTP requests sent */
    int64_t bytes_sent, bytes_received;
};

/* Starts a run: inserts a SyncLog row without completedAt. *run_id is a uuid in the arena.
 * trigger: "scheduled", "manual", "initial"; direction: SQL word. */
enum bs_rc runlog_start(struct store *s, const char *sync_id, const char *trigger,
                        const char *direction, int64_t now_ms, struct arena *a, const char **run_id,
                        struct bs_err *e) BS_MUST_CHECK;
/* Completes it. status: "SUCCESS", "PARTIAL", "FAILED", "SKIPPED"; errors_json a JSON array or
 * NULL. */
enum bs_rc runlog_finish(struct store *s, const char *run_id, const char *status,
                         const struct run_counts *c, const char *errors_json, int64_t now_ms,
                         int64_t duration_ms, bool dry_run, struct bs_err *e) BS_MUST_CHECK;
/* Runs without completedAt whose process is gone become FAILED with this message (supervisor,
 * and the next run of the same sync). sync_id NULL: all. */
enum bs_rc runlog_abandon(struct store *s, const char *sync_id, const char *message, int64_t now_ms,
                          struct bs_err *e) BS_MUST_CHECK;

struct change {
    const char *side;      /* "AIRTABLE" or "SHEETS": the side that was written */
    const char *action;    /* "update", "create", "delete", "set_id", "format", "header" */
    const char *record_id; /* NULL unknown */
    uint32_t row;          /* sheet row number at the time; 0 none */
    const char *field_id, *field_name; /* NULL for whole rows */
    const char *old_text, *new_text;   /* readable */
    const char *old_raw, *new_raw;     /* value_encode / cell_encode, for undo */
    const char *why;                   /* merge_why_text */
    const char *loser;                 /* conflicts: readable losing value */
};
/* Inside a caller's transaction, before the write leaves; *id names the rows for the outcome. */
enum bs_rc runlog_change(struct store *s, const char *run_id, const struct change *c, int64_t *id,
                         struct bs_err *e) BS_MUST_CHECK;
/* outcome: "done", "failed" (refused, nothing written), "unsure". New rows are "planned".
 * record_id, when not NULL, is filled in (creates). Inside a caller's transaction. */
enum bs_rc runlog_outcome(struct store *s, int64_t change_id, const char *outcome,
                          const char *record_id, struct bs_err *e) BS_MUST_CHECK;

struct change_row {
    int64_t id;
    struct change c;
    const char *outcome;
    bool undone;
};
enum bs_rc runlog_changes(struct store *s, const char *run_id, struct arena *a,
                          struct change_row **out, size_t *n, struct bs_err *e) BS_MUST_CHECK;
enum bs_rc runlog_mark_undone(struct store *s, int64_t change_id, struct bs_err *e) BS_MUST_CHECK;

struct log_row { /* a SyncLog row as text, for the listings; status "RUNNING" without completedAt */
    const char *id, *sync_id, *sync_slug, *sync_name, *status, *errors, *started_at, *completed_at,
        *trigger, *direction;
    struct run_counts counts;
    int64_t duration_ms;
    bool dry_run;
    int64_t rowid; /* for log_filter.after_rowid */
};
struct log_filter {
    const char *sync_slug; /* NULL any */
    const char *run_id;    /* full id or a unique prefix; NULL any */
    bool failed_only;
    int64_t since_ms;    /* 0 any */
    int64_t after_rowid; /* for --follow */
    size_t limit;        /* newest first */
};
enum bs_rc runlog_list(struct store *s, const struct log_filter *f, struct arena *a,
                       struct log_row **out, size_t *n, struct bs_err *e) BS_MUST_CHECK;

struct run_average {
    size_t runs;
    double airtable_calls; /* of one run */
    double changed;        /* share of the runs that changed anything */
};
/* Of a sync's last runs, dry ones and those that did not start left out. */
enum bs_rc runlog_average(struct store *s, const char *sync_id, size_t last,
                          struct run_average *out, struct bs_err *e) BS_MUST_CHECK;

struct run_last {
    int64_t success_ms;  /* start of the last run that was a success; 0: none */
    int64_t duration_ms; /* of the last run, whatever came of it; -1: none */
};
enum bs_rc runlog_last(struct store *s, const char *sync_id, struct run_last *out,
                       struct bs_err *e) BS_MUST_CHECK;

/* Open conflicts (HOLD): replaced as a whole for a sync at the end of each run, keeping
 * firstSeenAt, and the choice as long as both shown values are those it was made on. */
struct conflict {
    const char *sync_id, *sync_slug, *record_id, *field_id, *field_name;
    uint32_t row;
    const char *airtable_text, *sheets_text;
    const char *first_seen_at;
    const char *choice; /* NULL, "airtable", "sheets": what a person decided (basesync conflicts) */
};
enum bs_rc conflicts_replace(struct store *s, const char *sync_id, const struct conflict *list,
                             size_t n, int64_t now_ms, struct bs_err *e) BS_MUST_CHECK;
enum bs_rc conflicts_list(struct store *s, const char *sync_slug, struct arena *a,
                          struct conflict **out, size_t *n, struct bs_err *e) BS_MUST_CHECK;
/* How many of a sync's wait for a decision. */
enum bs_rc conflicts_count(struct store *s, const char *sync_id, size_t *n,
                           struct bs_err *e) BS_MUST_CHECK;
enum bs_rc conflicts_choose(struct store *s, const char *sync_slug, const char *record_id,
                            const char *field_name, const char *choice,
                            struct bs_err *e) BS_MUST_CHECK;

#endif
