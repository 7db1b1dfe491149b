/*
 * usage.c: see usage.h. A bucket keeps the times of its last `limit` requests. One more is allowed
 * when the oldest of them is at least one period ago: then no window of that length, wherever it
 * begins, ever holds more than `limit`.
 *
 * These commits are not synced to the disk one by one: after a power cut the last requests are
 * older than any period by the time the machine is up again, and a month's counter may lack a few.
 */
#include "store/usage.h"

#include "base/clock.h"
#include "store/db.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT_MAX 10000
/* Another process's request may carry a time slightly ahead of this one's `now`, which was read
 * before the transaction began. More than this is a clock that was set back. */
#define STEP_MS (2 * DB_BUSY_MS)

struct log {
    int64_t *times; /* ascending; room for limit + 1 */
    size_t n;
    int64_t penalty_from, penalty_until;
    bool moved; /* by reanchor */
};

/* The newest `limit` times of a stored list. */
static void read_times(const uint8_t *blob, size_t len, uint32_t limit, struct log *log)
{
    size_t n = len / 8, skip = n > limit ? n - limit : 0, i;

    for (i = skip; i < n; i++) {
        log->times[log->n++] = (int64_t)db_get_le64(blob + i * 8);
    }
}

static enum bs_rc load(struct store *s, const struct bucket *b, struct log *log, struct bs_err *e)
{
    struct db_rows r;

    memset(log, 0, sizeof *log);
    log->times = bs_alloc_n((size_t)b->limit + 1, sizeof *log->times);
    db_open(s, &r, "SELECT times, penaltyFrom, penaltyUntil FROM \"RateBucket\" WHERE name = ?1",
            DB_ARGS(DB_TEXT(b->name)), e);
    if (db_next(&r, e)) {
        size_t len;
        const uint8_t *blob = db_col_blob(&r, 0, &len);

        read_times(blob, len, b->limit, log);
        log->penalty_from = db_col_time(&r, 1);
        log->penalty_until = db_col_time(&r, 2);
    }
    return db_end(&r);
}

/* After the clock was set back, what lies in the future happened "just now": nothing is forgotten,
 * and nobody waits for the old time to come round again. */
static void reanchor(struct log *log, int64_t now)
{
    int64_t ahead = log->n > 0 ? log->times[log->n - 1] - now : 0;
    size_t i;

    if (ahead > STEP_MS) {
        for (i = 0; i < log->n; i++) {
            log->times[i] -= ahead;
        }
        log->moved = true;
    }
    ahead = log->penalty_from - now;
    if (ahead > STEP_MS) {
        log->penalty_from -= ahead;
        log->penalty_until -= ahead;
        log->moved = true;
    }
}

/* The time that a request made now counts from. */
static int64_t effective_now(const struct log *log, int64_t now)
{
    return log->n > 0 && log->times[log->n - 1] > now ? log->times[log->n - 1] : now;
}

static int64_t wait_for(const struct bucket *b, const struct log *log, int64_t now)
{
    int64_t at = effective_now(log, now), wait = 0;

    if (log->n >= b->limit) {
        wait = log->times[log->n - b->limit] + b->period_ms - at;
    }
    if (log->penalty_until - now > wait) {
        wait = log->penalty_until - now;
    }
    return wait > 0 ? wait : 0;
}

/* Writes a bucket without the times that no window can hold any more. */
static enum bs_rc save(struct store *s, const struct bucket *b, const struct log *log, int64_t now,
                       struct bs_err *e)
{
    char used[CLOCK_TEXT_MAX], from[CLOCK_TEXT_MAX], until[CLOCK_TEXT_MAX];
    int64_t at = effective_now(log, now);
    size_t skip = 0, i;
    uint8_t *blob;
    enum bs_rc rc;

    while (log->n - skip > b->limit || (skip < log->n && log->times[skip] + b->period_ms <= at)) {
        skip++;
    }
    blob = bs_alloc_n(log->n - skip, 8);
    for (i = skip; i < log->n; i++) {
        db_put_le64(blob + (i - skip) * 8, (uint64_t)log->times[i]);
    }
    clock_sql_text(at, used);
    clock_sql_text(log->penalty_from, from);
    clock_sql_text(log->penalty_until, until);
    rc = db_run(s,
                "INSERT OR REPLACE INTO \"RateBucket\"(name, times, penaltyFrom, penaltyUntil,"
                " usedAt) VALUES (?1, ?2, ?3, ?4, ?5)",
                DB_ARGS(DB_TEXT(b->name), DB_BLOB(blob, (log->n - skip) * 8),
                        DB_TEXT(log->penalty_from ? from : NULL),
                        DB_TEXT(log->penalty_until ? until : NULL), DB_TEXT(used)),
                e);
    free(blob);
    return rc;
}

static enum bs_rc check_bucket(const struct bucket *b, struct bs_err *e)
{
    if (b->limit < 1 || b->limit > LIMIT_MAX || b->period_ms < 1) {
        return bs_fail(e, BS_STOP_ALL, BS_K_INTERNAL, "the limit of %s is %u in %lld ms", b->name,
                       b->limit, (long long)b->period_ms);
    }
    return BS_OK;
}

static enum bs_rc take(struct store *s, const struct bucket *b, size_t n, int64_t now,
                       int64_t *wait_ms, struct bs_err *e)
{
    struct log *logs = bs_alloc_n(n, sizeof *logs);
    enum bs_rc rc = BS_OK;
    size_t i;

    for (i = 0; i < n && rc == BS_OK; i++) {
        rc = check_bucket(&b[i], e);
        if (rc == BS_OK) {
            rc = load(s, &b[i], &logs[i], e);
        }
        if (rc == BS_OK) {
            int64_t wait;

            reanchor(&logs[i], now);
            wait = wait_for(&b[i], &logs[i], now);
            *wait_ms = wait > *wait_ms ? wait : *wait_ms;
        }
    }
    for (i = 0; i < n && rc == BS_OK; i++) {
        if (*wait_ms == 0) {
            logs[i].times[logs[i].n++] = effective_now(&logs[i], now);
        }
        if (*wait_ms == 0 || logs[i].moved) {
            rc = save(s, &b[i], &logs[i], now, e);
        }
    }
    for (i = 0; i < n; i++) {
        free(logs[i].times);
    }
    free(logs);
    return rc;
}

enum bs_rc usage_take(struct store *s, const struct bucket *b, size_t n, int64_t now_ms,
                      int64_t *wait_ms, struct bs_err *e)
{
    enum bs_rc rc;

    *wait_ms = 0;
    db_relax(s);
    rc = store_begin(s, e);
    if (rc == BS_OK) {
        rc = db_leave(s, true, take(s, b, n, now_ms, wait_ms, e), e);
    }
    db_restore(s);
    return rc;
}

/* Moves one request to a later time; the list stays in order. */
static void move_later(struct log *log, int64_t reserved_ms, int64_t left_ms)
{
    size_t i = 0;

    /* It counts from reserved_ms or, when another process was slightly ahead, from just after. */
    while (i < log->n && log->times[i] < reserved_ms) {
        i++;
    }
    for (; i + 1 < log->n && log->times[i + 1] < left_ms; i++) {
        log->times[i] = log->times[i + 1];
    }
    if (i < log->n && log->times[i] < left_ms) {
        log->times[i] = left_ms;
    }
}

enum bs_rc usage_left(struct store *s, const struct bucket *b, size_t n, int64_t reserved_ms,
                      int64_t left_ms, struct bs_err *e)
{
    bool own;
    enum bs_rc rc;

    db_relax(s);
    rc = db_enter(s, &own, e);
    for (size_t i = 0; i < n && rc == BS_OK; i++) {
        struct log log;

        rc = load(s, &b[i], &log, e);
        if (rc == BS_OK) {
            move_later(&log, reserved_ms, left_ms);
            rc = save(s, &b[i], &log, left_ms, e);
        }
        free(log.times);
    }
    rc = db_leave(s, own, rc, e);
    db_restore(s);
    return rc;
}

enum bs_rc usage_penalty(struct store *s, const char *bucket, int64_t now_ms, int64_t ms,
                         struct bs_err *e)
{
    char from[CLOCK_TEXT_MAX], until[CLOCK_TEXT_MAX];
    bool own;
    enum bs_rc rc = db_enter(s, &own, e);

    if (rc != BS_OK) {
        return rc;
    }
    clock_sql_text(now_ms, from);
    clock_sql_text(now_ms + ms, until);
    rc = db_run(s,
                "INSERT INTO \"RateBucket\"(name, times, penaltyFrom, penaltyUntil, usedAt)"
                " VALUES (?1, x'', ?2, ?3, ?2)"
                " ON CONFLICT DO UPDATE SET penaltyFrom = excluded.penaltyFrom,"
                " penaltyUntil = CASE WHEN penaltyFrom <= excluded.penaltyFrom"
                " THEN max(penaltyUntil, excluded.penaltyUntil) ELSE excluded.penaltyUntil END,"
                " usedAt = excluded.usedAt",
                DB_ARGS(DB_TEXT(bucket), DB_TEXT(from), DB_TEXT(until)), e);
    return db_leave(s, own, rc, e);
}

/* ---- months ---- */

enum bs_rc usage_count(struct store *s, const char *counter, int64_t now_ms, int64_t add,
                       int64_t *total, struct bs_err *e)
{
    char month[8];
    struct db_rows r;
    bool own;
    enum bs_rc rc;

    *total = 0;
    db_relax(s);
    rc = db_enter(s, &own, e);
    if (rc == BS_OK) {
        db_month(now_ms, month);
        db_open(s, &r,
                "INSERT INTO \"UsageMonth\"(month, counter, calls) VALUES (?1, ?2, ?3)"
                " ON CONFLICT DO UPDATE SET calls = calls + excluded.calls RETURNING calls",
                DB_ARGS(DB_TEXT(month), DB_TEXT(counter), DB_INT(add)), e);
        while (db_next(&r, e)) {
            *total = db_col_int(&r, 0);
        }
        rc = db_leave(s, own, db_end(&r), e);
    }
    db_restore(s);
    return rc;
}

enum bs_rc usage_spend(struct store *s, const char *counter, int64_t now_ms, int64_t budget,
                       bool *spent, struct bs_err *e)
{
    char month[8];
    bool own;
    enum bs_rc rc;

    *spent = false;
    db_relax(s);
    rc = db_enter(s, &own, e);
    if (rc == BS_OK) {
        db_month(now_ms, month);
        rc = db_run_one(s,
                        "INSERT INTO \"UsageMonth\"(month, counter, calls) VALUES (?1, ?2, 1)"
                        " ON CONFLICT DO UPDATE SET calls = calls + 1"
                        " WHERE ?3 = 0 OR calls < ?3",
                        DB_ARGS(DB_TEXT(month), DB_TEXT(counter), DB_INT(budget)), e);
        *spent = rc == BS_OK;
        rc = db_leave(s, own, rc == BS_SKIP ? BS_OK : rc, e);
    }
    db_restore(s);
    return rc;
}

enum bs_rc usage_month(struct store *s, const char *counter, int64_t now_ms, int64_t *total,
                       struct bs_err *e)
{
    char month[8];
    struct db_rows r;

    *total = 0;
    db_month(now_ms, month);
    db_open(s, &r, "SELECT calls FROM \"UsageMonth\" WHERE month = ?1 AND counter = ?2",
            DB_ARGS(DB_TEXT(month), DB_TEXT(counter)), e);
    if (db_next(&r, e)) {
        *total = db_col_int(&r, 0);
    }
    return db_end(&r);
}
