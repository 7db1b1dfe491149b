/* history.c: "SyncChange": what a run was about to write, the old value first; see runlog.h. */
#include "base/clock.h"
#include "store/db.h"
#include "store/runlog.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum bs_rc runlog_change(struct store *s, const char *run_id, const struct change *c, int64_t *id,
                         struct bs_err *e)
{
    char now[CLOCK_TEXT_MAX];
    enum bs_rc rc;

    DB_IN_TX(s);
    clock_sql_text(clock_wall_ms(), now);
    rc = db_run(s,
                "INSERT INTO \"SyncChange\"(syncLogId, side, action, recordId, rowNumber, fieldId,"
                " fieldName, oldValue, newValue, oldRaw, newRaw, why, losingValue, createdAt)"
                " VALUES (?1, ?2, ?3, ?4, nullif(?5, 0), ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
                DB_ARGS(DB_TEXT(run_id), DB_TEXT(c->side), DB_TEXT(c->action),
                        DB_TEXT(c->record_id), DB_INT(c->row), DB_TEXT(c->field_id),
                        DB_TEXT(c->field_name), DB_TEXT(c->old_text), DB_TEXT(c->new_text),
                        DB_TEXT(c->old_raw), DB_TEXT(c->new_raw), DB_TEXT(c->why ? c->why : ""),
                        DB_TEXT(c->loser), DB_TEXT(now)),
                e);
    if (rc == BS_OK && id) {
        *id = sqlite3_last_insert_rowid(s->db);
    }
    return rc;
}

static enum bs_rc no_change(struct bs_err *e, int64_t id)
{
    return bs_fail(e, BS_STOP_SYNC, BS_K_STATE, "the change %lld is not in the history",
                   (long long)id);
}

enum bs_rc runlog_outcome(struct store *s, int64_t change_id, const char *outcome,
                          const char *record_id, struct bs_err *e)
{
    enum bs_rc rc;

    DB_IN_TX(s);
    rc = db_run_one(s,
                    "UPDATE \"SyncChange\" SET outcome = ?2, recordId = coalesce(?3, recordId)"
                    " WHERE id = ?1",
                    DB_ARGS(DB_INT(change_id), DB_TEXT(outcome), DB_TEXT(record_id)), e);
    return rc == BS_SKIP ? no_change(e, change_id) : rc;
}

enum bs_rc runlog_mark_undone(struct store *s, int64_t change_id, struct bs_err *e)
{
    bool own;
    enum bs_rc rc = db_enter(s, &own, e);

    if (rc != BS_OK) {
        return rc;
    }
    rc = db_run_one(s, "UPDATE \"SyncChange\" SET undone = 1 WHERE id = ?1",
                    DB_ARGS(DB_INT(change_id)), e);
    return db_leave(s, own, rc == BS_SKIP ? no_change(e, change_id) : rc, e);
}

static void read_change(const struct db_rows *r, struct arena *a, struct change_row *row)
{
    struct change *c = &row->c;

    memset(row, 0, sizeof *row);
    row->id = db_col_int(r, 0);
    c->side = db_col_arena(r, 1, a);
    c->action = db_col_arena(r, 2, a);
    c->record_id = db_col_arena(r, 3, a);
    c->row = db_col_u32(r, 4);
    c->field_id = db_col_arena(r, 5, a);
    c->field_name = db_col_arena(r, 6, a);
    c->old_text = db_col_arena(r, 7, a);
    c->new_text = db_col_arena(r, 8, a);
    c->old_raw = db_col_arena(r, 9, a);
    c->new_raw = db_col_arena(r, 10, a);
    c->why = db_col_arena(r, 11, a);
    c->loser = db_col_arena(r, 12, a);
    row->outcome = db_col_arena(r, 13, a);
    row->undone = db_col_int(r, 14) != 0;
}

enum bs_rc runlog_changes(struct store *s, const char *run_id, struct arena *a,
                          struct change_row **out, size_t *n, struct bs_err *e)
{
    struct change_row *list = NULL;
    size_t count = 0, cap = 0;
    struct db_rows r;
    enum bs_rc rc;

    *out = NULL;
    *n = 0;
    db_open(s, &r,
            "SELECT id, side, action, recordId, rowNumber, fieldId, fieldName, oldValue, newValue,"
            " oldRaw, newRaw, why, losingValue, outcome, undone FROM \"SyncChange\""
            " WHERE syncLogId = ?1 ORDER BY id",
            DB_ARGS(DB_TEXT(run_id)), e);
    while (db_next(&r, e)) {
        list = bs_grow(list, count, &cap, sizeof *list);
        read_change(&r, a, &list[count++]);
    }
    rc = db_end(&r);
    *out = db_hand_over(a, list, count, sizeof *list);
    *n = count;
    return rc;
}
