/* feed.c: see feed.h. */
#include "store/feed.h"

#include "base/clock.h"
#include "base/str.h"
#include "store/db.h"

static const char *const states[] = {
    [FEED_NONE] = "",
    [FEED_MAKING] = "making",
    [FEED_ACTIVE] = "active",
    [FEED_REFUSED] = "refused",
};

static enum feed_hook_state state_of(const char *word)
{
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        if (str_eq(states[i], word)) {
            return (enum feed_hook_state)i;
        }
    }
    return FEED_NONE;
}

enum bs_rc feed_hook_get(struct store *s, const char *user_id, const char *base_id, struct arena *a,
                         struct feed_hook *out, struct bs_err *e)
{
    struct db_rows r;

    *out = (struct feed_hook){.reason = ""};
    db_open(s, &r,
            "SELECT h.state, h.hookId, h.reason, h.changedAt, h.retryAt,"
            " h.connectionAt IS NOT c.updatedAt"
            " FROM \"FeedHook\" h JOIN \"AirtableConnection\" c ON c.id = h.connectionId"
            " WHERE c.userId = ?1 AND h.baseId = ?2",
            DB_ARGS(DB_TEXT(user_id), DB_TEXT(base_id)), e);
    if (db_next(&r, e)) {
        out->state = state_of(db_col_text(&r, 0));
        out->id = db_col_arena(&r, 1, a);
        out->reason = db_col_arena(&r, 2, a);
        out->changed_ms = db_col_time(&r, 3);
        out->retry_ms = db_col_time(&r, 4);
        out->other_credential = db_col_int(&r, 5) != 0;
    }
    return db_end(&r);
}

enum bs_rc feed_hook_set(struct store *s, const char *user_id, const char *base_id,
                         const struct feed_hook *h, int64_t now_ms, struct bs_err *e)
{
    char now[CLOCK_TEXT_MAX], retry[CLOCK_TEXT_MAX];
    bool own;
    enum bs_rc rc = db_enter(s, &own, e);

    if (rc != BS_OK) {
        return rc;
    }
    clock_sql_text(now_ms, now);
    rc = db_run_one(
        s,
        "INSERT INTO \"FeedHook\"(connectionId, baseId, state, hookId, reason, changedAt, retryAt,"
        " connectionAt) SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, updatedAt FROM \"AirtableConnection\""
        " WHERE userId = ?1 ON CONFLICT DO UPDATE SET state = excluded.state,"
        " hookId = excluded.hookId, reason = excluded.reason, changedAt = excluded.changedAt,"
        " retryAt = excluded.retryAt, connectionAt = excluded.connectionAt",
        DB_ARGS(DB_TEXT(user_id), DB_TEXT(base_id), DB_TEXT(states[h->state]), DB_TEXT(h->id),
                DB_TEXT(h->reason ? h->reason : ""), DB_TEXT(now), db_arg_time(h->retry_ms, retry)),
        e);
    if (rc == BS_SKIP) {
        rc = bs_fail(e, BS_STOP_SYNC, BS_K_CONFIG, "the connection was removed meanwhile");
    }
    return db_leave(s, own, rc, e);
}

enum bs_rc feed_state_get(struct store *s, const char *sync_id, struct arena *a,
                          const struct feed_state **out, struct bs_err *e)
{
    struct db_rows r;

    *out = NULL;
    db_open(s, &r,
            "SELECT hookId, cursor, cursorAt, fullScanAt, settings, tableId, tables, tabs,"
            " moreUnpaired FROM \"FeedState\" WHERE syncConfigId = ?1",
            DB_ARGS(DB_TEXT(sync_id)), e);
    if (db_next(&r, e)) {
        struct feed_state *f = arena_alloc(a, sizeof *f);

        f->hook_id = db_col_arena(&r, 0, a);
        f->cursor = db_col_int(&r, 1);
        f->cursor_ms = db_col_time(&r, 2);
        f->full_scan_ms = db_col_time(&r, 3);
        f->settings = db_col_arena(&r, 4, a);
        f->table_id = db_col_arena(&r, 5, a);
        f->tables = db_col_arena(&r, 6, a);
        f->tabs = db_col_arena(&r, 7, a);
        f->more_unpaired = db_col_int(&r, 8) != 0;
        *out = f;
    }
    return db_end(&r);
}

static enum bs_rc put_state(struct store *s, const char *sync_id, const struct feed_state *f,
                            struct bs_err *e)
{
    char at[CLOCK_TEXT_MAX], full[CLOCK_TEXT_MAX];

    return db_run(
        s,
        "INSERT INTO \"FeedState\"(syncConfigId, hookId, cursor, cursorAt, fullScanAt, settings,"
        " tableId, tables, tabs, moreUnpaired) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
        " ON CONFLICT DO UPDATE SET hookId = excluded.hookId, cursor = excluded.cursor,"
        " cursorAt = excluded.cursorAt, fullScanAt = excluded.fullScanAt,"
        " settings = excluded.settings, tableId = excluded.tableId, tables = excluded.tables,"
        " tabs = excluded.tabs, moreUnpaired = excluded.moreUnpaired",
        DB_ARGS(DB_TEXT(sync_id), DB_TEXT(f->hook_id), DB_INT(f->cursor),
                db_arg_time(f->cursor_ms, at), db_arg_time(f->full_scan_ms, full),
                DB_TEXT(f->settings), DB_TEXT(f->table_id), DB_TEXT(f->tables), DB_TEXT(f->tabs),
                DB_INT(f->more_unpaired)),
        e);
}

static enum bs_rc put_pending(struct store *s, const char *sync_id, const char *const *ids,
                              size_t n, struct bs_err *e)
{
    if (db_run(s, "DELETE FROM \"FeedPending\" WHERE syncConfigId = ?1", DB_ARGS(DB_TEXT(sync_id)),
               e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < n; i++) {
        if (db_run(s,
                   "INSERT INTO \"FeedPending\"(syncConfigId, recordId) VALUES (?1, ?2)"
                   " ON CONFLICT DO NOTHING",
                   DB_ARGS(DB_TEXT(sync_id), DB_TEXT(ids[i])), e) != BS_OK) {
            return e->rc;
        }
    }
    return BS_OK;
}

enum bs_rc feed_state_put(struct store *s, const char *sync_id, const struct feed_state *f,
                          const char *const *pending, size_t n, struct bs_err *e)
{
    bool own;
    enum bs_rc rc = db_enter(s, &own, e);

    if (rc != BS_OK) {
        return rc;
    }
    rc = put_state(s, sync_id, f, e);
    if (rc == BS_OK && pending != NULL) {
        rc = put_pending(s, sync_id, pending, n, e);
    }
    return db_leave(s, own, rc, e);
}

enum bs_rc feed_state_doubt(struct store *s, const char *sync_id, struct bs_err *e)
{
    bool own;
    enum bs_rc rc = db_enter(s, &own, e);

    return rc == BS_OK ? db_leave(s, own,
                                  db_run(s,
                                         "UPDATE \"FeedState\" SET fullScanAt = NULL"
                                         " WHERE syncConfigId = ?1",
                                         DB_ARGS(DB_TEXT(sync_id)), e),
                                  e)
                       : rc;
}

enum bs_rc feed_pending_list(struct store *s, const char *sync_id, struct arena *a,
                             const char ***out, size_t *n, struct bs_err *e)
{
    const char **list = NULL;
    size_t count = 0, cap = 0;
    struct db_rows r;
    enum bs_rc rc;

    db_open(s, &r, "SELECT recordId FROM \"FeedPending\" WHERE syncConfigId = ?1 ORDER BY recordId",
            DB_ARGS(DB_TEXT(sync_id)), e);
    while (db_next(&r, e)) {
        list = bs_grow(list, count, &cap, sizeof *list);
        list[count++] = db_col_arena(&r, 0, a);
    }
    rc = db_end(&r);
    *out = db_hand_over(a, list, count, sizeof *list);
    *n = count;
    return rc;
}
