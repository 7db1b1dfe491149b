/* journal.c: see journal.h. */
#include "store/journal.h"

#include "base/clock.h"
#include "base/str.h"
#include "store/db.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const states[] = {[INTENT_PENDING] = "PENDING", [INTENT_CREATED] = "CREATED"};

static enum bs_rc add_one(struct store *s, struct intent *it, struct bs_err *e)
{
    char at[CLOCK_TEXT_MAX], server[CLOCK_TEXT_MAX];
    struct db_rows r;

    clock_sql_text(it->created_ms, at);
    clock_sql_text(it->server_ms, server);
    db_open(s, &r,
            "INSERT INTO \"Intent\"(syncConfigId, tableId, runId, rowHint, content, rowContent,"
            " payload, recordId, state, createdAt, serverAt)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) RETURNING id",
            DB_ARGS(DB_TEXT(it->sync_id), DB_TEXT(it->table_id), DB_TEXT(it->run_id),
                    DB_INT(it->row_hint), DB_INT((int64_t)it->content),
                    DB_INT((int64_t)it->row_content), DB_TEXT(it->payload),
                    DB_TEXT(it->state == INTENT_CREATED ? it->record_id : NULL),
                    DB_TEXT(states[it->state]), DB_TEXT(at),
                    DB_TEXT(it->server_ms != 0 ? server : NULL)),
            e);
    if (db_next(&r, e)) {
        it->id = db_col_int(&r, 0);
        (void)db_next(&r, e); /* carries the statement to its end */
    }
    return db_end(&r);
}

enum bs_rc journal_add(struct store *s, struct intent *list, size_t n, struct bs_err *e)
{
    bool own;
    enum bs_rc rc = db_enter(s, &own, e);
    size_t i;

    if (rc != BS_OK) {
        return rc;
    }
    for (i = 0; i < n && rc == BS_OK; i++) {
        rc = add_one(s, &list[i], e);
    }
    return db_leave(s, own, rc, e);
}

/* An intent that is not there any more: somebody else has settled what only this run may. */
static enum bs_rc missing(struct bs_err *e, int64_t id)
{
    return bs_fail(e, BS_STOP_SYNC, BS_K_STATE,
                   "the intent %lld is not in the journal; run the sync again", (long long)id);
}

enum bs_rc journal_created(struct store *s, int64_t id, const char *record_id, struct bs_err *e)
{
    enum bs_rc rc;

    DB_IN_TX(s);
    rc = db_run_one(s, "UPDATE \"Intent\" SET state = 'CREATED', recordId = ?2 WHERE id = ?1",
                    DB_ARGS(DB_INT(id), DB_TEXT(record_id)), e);
    return rc == BS_SKIP ? missing(e, id) : rc;
}

enum bs_rc journal_done(struct store *s, int64_t id, struct bs_err *e)
{
    enum bs_rc rc;

    DB_IN_TX(s);
    rc = db_run_one(s, "DELETE FROM \"Intent\" WHERE id = ?1", DB_ARGS(DB_INT(id)), e);
    return rc == BS_SKIP ? missing(e, id) : rc;
}

enum bs_rc journal_done_record(struct store *s, const char *sync_id, const char *record_id,
                               struct bs_err *e)
{
    DB_IN_TX(s);
    return db_run(s,
                  "DELETE FROM \"Intent\" WHERE syncConfigId = ?1 AND recordId = ?2"
                  " AND state = 'CREATED'",
                  DB_ARGS(DB_TEXT(sync_id), DB_TEXT(record_id)), e);
}

static void read_intent(const struct db_rows *r, const char *sync_id, struct arena *a,
                        struct intent *it)
{
    memset(it, 0, sizeof *it);
    it->sync_id = sync_id;
    it->id = db_col_int(r, 0);
    it->table_id = db_col_arena(r, 1, a);
    it->run_id = db_col_arena(r, 2, a);
    it->row_hint = db_col_u32(r, 3);
    it->content = (uint64_t)db_col_int(r, 4);
    it->row_content = (uint64_t)db_col_int(r, 5);
    it->payload = db_col_arena(r, 6, a);
    it->record_id = db_col_arena(r, 7, a);
    it->state = str_eq(db_col_text(r, 8), states[INTENT_CREATED]) ? INTENT_CREATED : INTENT_PENDING;
    it->created_ms = db_col_time(r, 9);
    it->server_ms = db_col_time(r, 10);
}

enum bs_rc journal_list(struct store *s, const char *sync_id, struct arena *a, struct intent **out,
                        size_t *n, struct bs_err *e)
{
    const char *sync = arena_strdup(a, sync_id);
    struct intent *list = NULL;
    size_t count = 0, cap = 0;
    struct db_rows r;
    enum bs_rc rc;

    *out = NULL;
    *n = 0;
    db_open(s, &r,
            "SELECT id, tableId, runId, rowHint, content, rowContent, payload, recordId, state,"
            " createdAt, serverAt FROM \"Intent\" WHERE syncConfigId = ?1 ORDER BY id",
            DB_ARGS(DB_TEXT(sync_id)), e);
    while (db_next(&r, e)) {
        list = bs_grow(list, count, &cap, sizeof *list);
        read_intent(&r, sync, a, &list[count++]);
    }
    rc = db_end(&r);
    *out = db_hand_over(a, list, count, sizeof *list);
    *n = count;
    return rc;
}
