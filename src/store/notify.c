/* notify.c: see notify.h. */
#include "store/notify.h"

#include "base/clock.h"
#include "base/str.h"
#include "store/db.h"

static const char *const channels[NOTIFY_CHANNELS] = {
    [NOTIFY_HTTP] = "http", [NOTIFY_COMMAND] = "command", [NOTIFY_MAIL] = "mail"};

const char *notify_channel_name(enum notify_channel c)
{
    return channels[c];
}

enum bs_rc notify_get(struct store *s, const char *sync_id, enum notify_channel c,
                      struct notify_row *out, struct bs_err *e)
{
    struct db_rows r;

    *out = (struct notify_row){.state = NOTIFY_OK};
    db_open(s, &r,
            "SELECT state, about, sinceAt, sentAt FROM \"NotifyState\""
            " WHERE syncConfigId = ?1 AND channel = ?2",
            DB_ARGS(DB_TEXT(sync_id), DB_TEXT(channels[c])), e);
    if (db_next(&r, e)) {
        out->state = str_eq(db_col_text(&r, 0), "person") ? NOTIFY_PERSON : NOTIFY_FAILED;
        out->about = bs_kind_of(db_col_text(&r, 1));
        out->since_ms = db_col_time(&r, 2);
        out->sent_ms = db_col_time(&r, 3);
    }
    return db_end(&r);
}

static enum bs_rc put(struct store *s, const char *sync_id, enum notify_channel c,
                      const struct notify_row *row, struct bs_err *e)
{
    char since[CLOCK_TEXT_MAX], sent[CLOCK_TEXT_MAX];

    clock_sql_text(row->since_ms, since);
    clock_sql_text(row->sent_ms, sent);
    return db_run(
        s,
        "INSERT OR REPLACE INTO \"NotifyState\"(syncConfigId, channel, state, about, sinceAt,"
        " sentAt) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        DB_ARGS(DB_TEXT(sync_id), DB_TEXT(channels[c]),
                DB_TEXT(row->state == NOTIFY_PERSON ? "person" : "failed"),
                DB_TEXT(bs_kind_name(row->about)), DB_TEXT(since), DB_TEXT(sent)),
        e);
}

enum bs_rc notify_set(struct store *s, const char *sync_id, enum notify_channel c,
                      const struct notify_row *row, struct bs_err *e)
{
    bool own;
    enum bs_rc rc = db_enter(s, &own, e);

    if (rc != BS_OK) {
        return rc;
    }
    if (row->state == NOTIFY_OK) {
        rc = db_run(s, "DELETE FROM \"NotifyState\" WHERE syncConfigId = ?1 AND channel = ?2",
                    DB_ARGS(DB_TEXT(sync_id), DB_TEXT(channels[c])), e);
    } else {
        rc = put(s, sync_id, c, row, e);
    }
    return db_leave(s, own, rc, e);
}
