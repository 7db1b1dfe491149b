/* conflicts.c: "SyncConflict": cells that wait for a person under HOLD; see runlog.h. */
#include "base/clock.h"
#include "base/str.h"
#include "store/db.h"
#include "store/runlog.h"

#include <stdlib.h>
#include <string.h>

/* A choice stands as long as the values do that it was made on. */
static enum bs_rc put_one(struct store *s, const char *sync_id, const struct conflict *c,
                          const char *now, struct bs_err *e)
{
    return db_run(
        s,
        "INSERT INTO \"SyncConflict\"(syncConfigId, recordId, fieldId, fieldName, rowNumber,"
        " airtableValue, sheetsValue, firstSeenAt, lastSeenAt)"
        " VALUES (?1, ?2, ?3, ?4, nullif(?5, 0), ?6, ?7, ?8, ?8)"
        " ON CONFLICT DO UPDATE SET fieldName = excluded.fieldName,"
        " rowNumber = excluded.rowNumber, airtableValue = excluded.airtableValue,"
        " sheetsValue = excluded.sheetsValue, lastSeenAt = excluded.lastSeenAt,"
        " choice = CASE WHEN airtableValue IS excluded.airtableValue"
        " AND sheetsValue IS excluded.sheetsValue THEN choice END",
        DB_ARGS(DB_TEXT(sync_id), DB_TEXT(c->record_id), DB_TEXT(c->field_id),
                DB_TEXT(c->field_name), DB_INT(c->row), DB_TEXT(c->airtable_text),
                DB_TEXT(c->sheets_text), DB_TEXT(now)),
        e);
}

enum bs_rc conflicts_replace(struct store *s, const char *sync_id, const struct conflict *list,
                             size_t n, int64_t now_ms, struct bs_err *e)
{
    char now[CLOCK_TEXT_MAX];
    bool own;
    enum bs_rc rc = db_enter(s, &own, e);
    size_t i;

    if (rc != BS_OK) {
        return rc;
    }
    /* lastSeenAt tells the ones of this run from the ones that are settled; emptied first, so that
     * a clock that stands still or steps back cannot make an old one look new. */
    rc = db_run(s, "UPDATE \"SyncConflict\" SET lastSeenAt = '' WHERE syncConfigId = ?1",
                DB_ARGS(DB_TEXT(sync_id)), e);
    clock_sql_text(now_ms, now);
    for (i = 0; i < n && rc == BS_OK; i++) {
        rc = put_one(s, sync_id, &list[i], now, e);
    }
    if (rc == BS_OK) {
        rc = db_run(s, "DELETE FROM \"SyncConflict\" WHERE syncConfigId = ?1 AND lastSeenAt = ''",
                    DB_ARGS(DB_TEXT(sync_id)), e);
    }
    return db_leave(s, own, rc, e);
}

static void read_conflict(const struct db_rows *r, struct arena *a, struct conflict *c)
{
    memset(c, 0, sizeof *c);
    c->sync_id = db_col_arena(r, 0, a);
    c->sync_slug = db_col_arena(r, 1, a);
    c->record_id = db_col_arena(r, 2, a);
    c->field_id = db_col_arena(r, 3, a);
    c->field_name = db_col_arena(r, 4, a);
    c->row = db_col_u32(r, 5);
    c->airtable_text = db_col_arena(r, 6, a);
    c->sheets_text = db_col_arena(r, 7, a);
    c->first_seen_at = db_col_arena(r, 8, a);
    c->choice = db_col_arena(r, 9, a);
}

enum bs_rc conflicts_list(struct store *s, const char *sync_slug, struct arena *a,
                          struct conflict **out, size_t *n, struct bs_err *e)
{
    struct conflict *list = NULL;
    size_t count = 0, cap = 0;
    struct db_rows r;
    enum bs_rc rc;

    *out = NULL;
    *n = 0;
    db_open(s, &r,
            "SELECT k.syncConfigId, c.slug, k.recordId, k.fieldId, k.fieldName, k.rowNumber,"
            " k.airtableValue, k.sheetsValue, k.firstSeenAt, k.choice"
            " FROM \"SyncConflict\" k JOIN \"SyncConfig\" c ON c.id = k.syncConfigId"
            " WHERE ?1 IS NULL OR c.slug = ?1"
            " ORDER BY c.slug, k.firstSeenAt, k.recordId, k.fieldId",
            DB_ARGS(DB_TEXT(sync_slug)), e);
    while (db_next(&r, e)) {
        list = bs_grow(list, count, &cap, sizeof *list);
        read_conflict(&r, a, &list[count++]);
    }
    rc = db_end(&r);
    *out = db_hand_over(a, list, count, sizeof *list);
    *n = count;
    return rc;
}

enum bs_rc conflicts_count(struct store *s, const char *sync_id, size_t *n, struct bs_err *e)
{
    struct db_rows r;

    *n = 0;
    db_open(s, &r,
            "SELECT count(*) FROM \"SyncConflict\" WHERE syncConfigId = ?1 AND choice IS NULL",
            DB_ARGS(DB_TEXT(sync_id)), e);
    if (db_next(&r, e)) {
        *n = db_col_u32(&r, 0);
    }
    return db_end(&r);
}

enum bs_rc conflicts_choose(struct store *s, const char *sync_slug, const char *record_id,
                            const char *field_name, const char *choice, struct bs_err *e)
{
    bool own;
    enum bs_rc rc = db_enter(s, &own, e);

    if (rc != BS_OK) {
        return rc;
    }
    rc = db_run_one(
        s,
        "UPDATE \"SyncConflict\" SET choice = ?4 WHERE recordId = ?2"
        " AND (fieldName = ?3 OR fieldId = ?3)"
        " AND syncConfigId = (SELECT id FROM \"SyncConfig\" WHERE slug = ?1)",
        DB_ARGS(DB_TEXT(sync_slug), DB_TEXT(record_id), DB_TEXT(field_name), DB_TEXT(choice)), e);
    if (rc == BS_SKIP) {
        rc = bs_fail(e, BS_STOP_SYNC, BS_K_CONFIG,
                     "%s has no open conflict in record %s, field %s; 'basesync conflicts' lists "
                     "them",
                     sync_slug, record_id, field_name);
    }
    return db_leave(s, own, rc, e);
}
