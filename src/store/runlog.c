/* runlog.c: "SyncLog": starting, finishing, abandoning and listing runs; see runlog.h. */
#include "store/runlog.h"

#include "base/clock.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "store/db.h"

#include <stdlib.h>
#include <string.h>

#define LIST_MAX 100000 /* rows of one listing */

enum bs_rc runlog_start(struct store *s, const char *sync_id, const char *trigger,
                        const char *direction, int64_t now_ms, struct arena *a, const char **run_id,
                        struct bs_err *e)
{
    char id[37], now[CLOCK_TEXT_MAX], owner[DB_OWNER_MAX];
    bool own;
    enum bs_rc rc = db_enter(s, &own, e);

    if (rc != BS_OK) {
        return rc;
    }
    clock_random_uuid(id);
    clock_sql_text(now_ms, now);
    db_owner_self(owner);
    rc =
        db_run(s,
               "INSERT INTO \"SyncLog\"(id, syncConfigId, startedAt, triggeredBy, direction, owner)"
               " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
               DB_ARGS(DB_TEXT(id), DB_TEXT(sync_id), DB_TEXT(now), DB_TEXT(trigger),
                       DB_TEXT(direction), DB_TEXT(owner)),
               e);
    rc = db_leave(s, own, rc, e);
    if (rc == BS_OK) {
        *run_id = arena_strdup(a, id);
    }
    return rc;
}

static int64_t synced(const struct run_counts *c)
{
    return c->rows_added + c->rows_updated + c->rows_deleted + c->records_added +
           c->records_updated + c->records_deleted;
}

static const char finish_sql[] =
    "UPDATE \"SyncLog\" SET status = ?2, errors = ?3, completedAt = ?4, durationMs = ?5,"
    " dryRun = ?6, recordsSynced = ?7, recordsFailed = ?8, rowsAdded = ?9, rowsUpdated = ?10,"
    " rowsDeleted = ?11, recordsAdded = ?12, recordsUpdated = ?13, recordsDeleted = ?14,"
    " conflicts = ?15, held = ?16, warnings = ?17, airtableCalls = ?18, sheetsCalls = ?19,"
    " otherCalls = ?20, bytesSent = ?21, bytesReceived = ?22 WHERE id = ?1";

enum bs_rc runlog_finish(struct store *s, const char *run_id, const char *status,
                         const struct run_counts *c, const char *errors_json, int64_t now_ms,
                         int64_t duration_ms, bool dry_run, struct bs_err *e)
{
    char now[CLOCK_TEXT_MAX];
    bool own;
    enum bs_rc rc = db_enter(s, &own, e);

    if (rc != BS_OK) {
        return rc;
    }
    clock_sql_text(now_ms, now);
    rc = db_run_one(
        s, finish_sql,
        DB_ARGS(DB_TEXT(run_id), DB_TEXT(status), DB_TEXT(errors_json), DB_TEXT(now),
                DB_INT(duration_ms), DB_INT(dry_run), DB_INT(dry_run ? 0 : synced(c)),
                DB_INT(c->failed), DB_INT(c->rows_added), DB_INT(c->rows_updated),
                DB_INT(c->rows_deleted), DB_INT(c->records_added), DB_INT(c->records_updated),
                DB_INT(c->records_deleted), DB_INT(c->conflicts), DB_INT(c->held),
                DB_INT(c->warnings), DB_INT(c->calls_airtable), DB_INT(c->calls_sheets),
                DB_INT(c->calls_other), DB_INT(c->bytes_sent), DB_INT(c->bytes_received)),
        e);
    if (rc == BS_SKIP) {
        rc = bs_fail(e, BS_STOP_SYNC, BS_K_STATE, "the run %s has no row in SyncLog", run_id);
    }
    return db_leave(s, own, rc, e);
}

/* ---- runs whose process is gone ---- */

struct open_run {
    char *id;
    int64_t started_ms;
};

static enum bs_rc dead_runs(struct store *s, const char *sync_id, struct open_run **out, size_t *n,
                            struct bs_err *e)
{
    size_t cap = 0;
    struct db_rows r;

    db_open(s, &r,
            "SELECT id, startedAt, owner FROM \"SyncLog\""
            " WHERE completedAt IS NULL AND (?1 IS NULL OR syncConfigId = ?1)",
            DB_ARGS(DB_TEXT(sync_id)), e);
    while (db_next(&r, e)) {
        if (!db_owner_alive(db_col_text(&r, 2))) {
            *out = bs_grow(*out, *n, &cap, sizeof **out);
            (*out)[*n].id = db_col_dup(&r, 0);
            (*out)[*n].started_ms = db_col_time(&r, 1);
            (*n)++;
        }
    }
    return db_end(&r);
}

static void abandon_errors(struct buf *b, const char *message)
{
    struct jsonw w;

    jsonw_init(&w, b);
    jsonw_array(&w);
    jsonw_object(&w);
    jsonw_member(&w, "phase", "run");
    jsonw_member(&w, "type", bs_kind_name(BS_K_INTERNAL));
    jsonw_member(&w, "message", message);
    jsonw_end_object(&w);
    jsonw_end_array(&w);
}

static enum bs_rc abandon_one(struct store *s, const struct open_run *run, const char *errors,
                              int64_t now_ms, struct bs_err *e)
{
    char now[CLOCK_TEXT_MAX];
    int64_t duration = now_ms > run->started_ms ? now_ms - run->started_ms : 0;

    clock_sql_text(now_ms, now);
    return db_run(s,
                  "UPDATE \"SyncLog\" SET status = 'FAILED', errors = ?2, completedAt = ?3,"
                  " durationMs = ?4 WHERE id = ?1 AND completedAt IS NULL",
                  DB_ARGS(DB_TEXT(run->id), DB_TEXT(errors), DB_TEXT(now), DB_INT(duration)), e);
}

enum bs_rc runlog_abandon(struct store *s, const char *sync_id, const char *message, int64_t now_ms,
                          struct bs_err *e)
{
    struct open_run *runs = NULL;
    size_t n = 0, i;
    struct buf errors;
    bool own = false;
    enum bs_rc rc;

    buf_init(&errors, BUF_NO_LIMIT);
    rc = dead_runs(s, sync_id, &runs, &n, e);
    if (rc == BS_OK && n > 0) {
        rc = db_enter(s, &own, e);
        if (rc == BS_OK) {
            abandon_errors(&errors, message);
            for (i = 0; i < n && rc == BS_OK; i++) {
                rc = abandon_one(s, &runs[i], errors.data, now_ms, e);
            }
            rc = db_leave(s, own, rc, e);
        }
    }
    for (i = 0; i < n; i++) {
        free(runs[i].id);
    }
    free(runs);
    buf_release(&errors);
    return rc;
}

/* ---- listing ---- */

static const char list_sql[] =
    "SELECT l.id, l.syncConfigId, c.slug, c.name, coalesce(l.status, 'RUNNING'), l.errors,"
    " l.startedAt, l.completedAt, l.triggeredBy, l.direction, l.rowsAdded, l.rowsUpdated,"
    " l.rowsDeleted, l.recordsAdded, l.recordsUpdated, l.recordsDeleted, l.conflicts, l.held,"
    " l.warnings, l.recordsFailed, l.airtableCalls, l.sheetsCalls, l.otherCalls, l.bytesSent,"
    " l.bytesReceived, l.durationMs, l.dryRun, l.rowid"
    " FROM \"SyncLog\" l JOIN \"SyncConfig\" c ON c.id = l.syncConfigId"
    " WHERE (?1 IS NULL OR c.slug = ?1)"
    " AND (?2 IS NULL OR substr(l.id, 1, length(?2)) = ?2)"
    " AND (?3 = 0 OR l.status IN ('FAILED', 'PARTIAL'))"
    " AND (?4 IS NULL OR l.startedAt >= ?4)"
    " AND l.rowid > ?5"
    " ORDER BY l.startedAt DESC, l.rowid DESC LIMIT ?6";

static void read_counts(const struct db_rows *r, int col, struct run_counts *c)
{
    int64_t *const numbers[] = {
        &c->rows_added,      &c->rows_updated,    &c->rows_deleted,   &c->records_added,
        &c->records_updated, &c->records_deleted, &c->conflicts,      &c->held,
        &c->warnings,        &c->failed,          &c->calls_airtable, &c->calls_sheets,
        &c->calls_other,     &c->bytes_sent,      &c->bytes_received,
    };
    size_t i;

    for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        *numbers[i] = db_col_int(r, col + (int)i);
    }
}

static void read_log(const struct db_rows *r, struct arena *a, struct log_row *row)
{
    const char **const texts[] = {
        &row->id,     &row->sync_id,    &row->sync_slug,    &row->sync_name, &row->status,
        &row->errors, &row->started_at, &row->completed_at, &row->trigger,   &row->direction,
    };
    size_t i;

    memset(row, 0, sizeof *row);
    for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i] = db_col_arena(r, (int)i, a);
    }
    read_counts(r, 10, &row->counts);
    row->duration_ms = db_col_int(r, 25);
    row->dry_run = db_col_int(r, 26) != 0;
    row->rowid = db_col_int(r, 27);
}

enum bs_rc runlog_list(struct store *s, const struct log_filter *f, struct arena *a,
                       struct log_row **out, size_t *n, struct bs_err *e)
{
    struct log_row *list = NULL;
    size_t count = 0, cap = 0;
    size_t limit = f->limit == 0 || f->limit > LIST_MAX ? LIST_MAX : f->limit;
    char since[CLOCK_TEXT_MAX];
    struct db_rows r;
    enum bs_rc rc;

    *out = NULL;
    *n = 0;
    clock_sql_text(f->since_ms, since);
    db_open(s, &r, list_sql,
            DB_ARGS(DB_TEXT(f->sync_slug), DB_TEXT(f->run_id), DB_INT(f->failed_only),
                    DB_TEXT(f->since_ms != 0 ? since : NULL), DB_INT(f->after_rowid),
                    DB_INT((int64_t)limit)),
            e);
    while (db_next(&r, e)) {
        list = bs_grow(list, count, &cap, sizeof *list);
        read_log(&r, a, &list[count++]);
    }
    rc = db_end(&r);
    *out = db_hand_over(a, list, count, sizeof *list);
    *n = count;
    return rc;
}

/* ---- what runs cost, and when one was good ---- */

enum bs_rc runlog_last(struct store *s, const char *sync_id, struct run_last *out, struct bs_err *e)
{
    struct db_rows r;
    enum bs_rc rc;

    *out = (struct run_last){.duration_ms = -1};
    db_open(s, &r,
            "SELECT startedAt FROM \"SyncLog\" WHERE syncConfigId = ?1 AND dryRun = 0"
            " AND status = 'SUCCESS' ORDER BY rowid DESC LIMIT 1",
            DB_ARGS(DB_TEXT(sync_id)), e);
    if (db_next(&r, e)) {
        out->success_ms = db_col_time(&r, 0);
    }
    rc = db_end(&r);
    if (rc != BS_OK) {
        return rc;
    }
    db_open(s, &r,
            "SELECT durationMs FROM \"SyncLog\" WHERE syncConfigId = ?1 AND dryRun = 0"
            " AND status IN ('SUCCESS', 'PARTIAL', 'FAILED') ORDER BY rowid DESC LIMIT 1",
            DB_ARGS(DB_TEXT(sync_id)), e);
    if (db_next(&r, e)) {
        out->duration_ms = db_col_int(&r, 0);
    }
    return db_end(&r);
}

enum bs_rc runlog_average(struct store *s, const char *sync_id, size_t last,
                          struct run_average *out, struct bs_err *e)
{
    struct db_rows r;

    *out = (struct run_average){0};
    db_open(s, &r,
            "SELECT count(*), coalesce(sum(airtableCalls), 0), coalesce(sum(recordsSynced > 0), 0)"
            " FROM (SELECT airtableCalls, recordsSynced FROM \"SyncLog\" WHERE syncConfigId = ?1"
            " AND dryRun = 0 AND status IN ('SUCCESS', 'PARTIAL', 'FAILED')"
            " ORDER BY rowid DESC LIMIT ?2)",
            DB_ARGS(DB_TEXT(sync_id), DB_INT((int64_t)last)), e);
    if (db_next(&r, e) && db_col_int(&r, 0) > 0) {
        out->runs = (size_t)db_col_int(&r, 0);
        out->airtable_calls = (double)db_col_int(&r, 1) / (double)out->runs;
        out->changed = (double)db_col_int(&r, 2) / (double)out->runs;
    }
    return db_end(&r);
}
