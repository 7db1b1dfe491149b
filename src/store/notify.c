/* notify.c: see notify.h. */
#include "store/notify.h"

#include "base/clock.h"
#include "base/str.h"
#include "store/db.h"

static const char *const words[] = {
    [NOTIFY_OK] = "ok", [NOTIFY_FAILED] = "failed", [NOTIFY_PERSON] = "person"};

enum bs_rc notify_get(struct store *s, const char *sync_id, struct notify_row *out,
                      struct bs_err *e)
{
    struct db_rows r;
    size_t i;

    *out = (struct notify_row){.state = NOTIFY_OK};
    db_open(s, &r, "SELECT state, sinceAt, sentAt FROM \"NotifyState\" WHERE syncConfigId = ?1",
            DB_ARGS(DB_TEXT(sync_id)), e);
    if (db_next(&r, e)) {
        for (i = 0; i < sizeof words / sizeof words[0]; i++) {
            if (str_eq(words[i], db_col_text(&r, 0))) {
                out->state = (enum notify_state)i;
            }
        }
        out->since_ms = db_col_time(&r, 1);
        out->sent_ms = db_col_time(&r, 2);
    }
    return db_end(&r);
}

enum bs_rc notify_set(struct store *s, const char *sync_id, const struct notify_row *row,
                      struct bs_err *e)
{
    char since[CLOCK_TEXT_MAX], sent[CLOCK_TEXT_MAX];
    bool own;
    enum bs_rc rc = db_enter(s, &own, e);

    if (rc != BS_OK) {
        return rc;
    }
    clock_sql_text(row->since_ms, since);
    clock_sql_text(row->sent_ms, sent);
    rc = db_run(s,
                "INSERT OR REPLACE INTO \"NotifyState\"(syncConfigId, state, sinceAt, sentAt)"
                " VALUES (?1, ?2, ?3, ?4)",
                DB_ARGS(DB_TEXT(sync_id), DB_TEXT(words[row->state]), DB_TEXT(since),
                        DB_TEXT(row->sent_ms != 0 ? sent : NULL)),
                e);
    return db_leave(s, own, rc, e);
}
