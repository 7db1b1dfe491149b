/* syncs.c: see syncs.h. */
#include "store/syncs.h"

#include "base/clock.h"
#include "base/str.h"
#include "store/db.h"

#include <stdlib.h>

/* ---- users ---- */

/* The user's id in id[]; made when there is none. Inside a transaction. */
static enum bs_rc ensure_user(struct store *s, const char *name, const char *email, char id[37],
                              struct bs_err *e)
{
    char now[CLOCK_TEXT_MAX];
    struct db_rows r;
    bool found = false;
    enum bs_rc rc;

    db_open(s, &r, "SELECT id FROM \"User\" WHERE name = ?1", DB_ARGS(DB_TEXT(name)), e);
    if (db_next(&r, e)) {
        found = true;
        str_copy(id, 37, db_col_text(&r, 0));
    }
    rc = db_end(&r);
    if (rc != BS_OK) {
        return rc;
    }
    clock_sql_text(clock_wall_ms(), now);
    if (!found) {
        clock_random_uuid(id);
        return db_run(s,
                      "INSERT INTO \"User\"(id, name, email, createdAt, updatedAt)"
                      " VALUES (?1, ?2, ?3, ?4, ?4)",
                      DB_ARGS(DB_TEXT(id), DB_TEXT(name), DB_TEXT(email), DB_TEXT(now)), e);
    }
    if (email) {
        return db_run(s,
                      "UPDATE \"User\" SET email = ?2, updatedAt = ?3"
                      " WHERE id = ?1 AND email IS NOT ?2",
                      DB_ARGS(DB_TEXT(id), DB_TEXT(email), DB_TEXT(now)), e);
    }
    return BS_OK;
}

enum bs_rc users_ensure(struct store *s, const char *name, const char *email, struct arena *a,
                        const char **id, struct bs_err *e)
{
    char text[37] = "";
    bool own;
    enum bs_rc rc = db_enter(s, &own, e);

    if (rc == BS_OK) {
        rc = db_leave(s, own, ensure_user(s, name, email, text, e), e);
    }
    if (rc == BS_OK) {
        *id = arena_strdup(a, text);
    }
    return rc;
}

enum bs_rc users_name(struct store *s, const char *id, char name[USER_NAME_MAX], struct bs_err *e)
{
    struct db_rows r;

    name[0] = '\0';
    db_open(s, &r,
            "SELECT name FROM \"User\" WHERE id = ?1 AND (SELECT count(*) FROM \"User\") > 1",
            DB_ARGS(DB_TEXT(id)), e);
    if (db_next(&r, e)) {
        (void)str_copy(name, USER_NAME_MAX, db_col_text(&r, 0));
    }
    return db_end(&r);
}

/* ---- mirroring the INI ---- */

#define WANTED                                                                                     \
    "userId, name, isActive, airtableBaseId, airtableTableId, airtableViewId,"                     \
    " googleSpreadsheetId, googleSheetId, fieldMappings, syncDirection, conflictResolution,"       \
    " schedule"

/* A row whose wishes are the same is not written, so that updatedAt tells when they changed. */
static const char upsert_sql[] =
    "INSERT INTO \"SyncConfig\"(id, slug, createdAt, updatedAt, " WANTED ")"
    " VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
    " ON CONFLICT(slug) DO UPDATE SET updatedAt = excluded.updatedAt, userId = excluded.userId,"
    " name = excluded.name, isActive = excluded.isActive, airtableBaseId = excluded.airtableBaseId,"
    " airtableTableId = excluded.airtableTableId, airtableViewId = excluded.airtableViewId,"
    " googleSpreadsheetId = excluded.googleSpreadsheetId, googleSheetId = excluded.googleSheetId,"
    " fieldMappings = excluded.fieldMappings, syncDirection = excluded.syncDirection,"
    " conflictResolution = excluded.conflictResolution, schedule = excluded.schedule,"
    " nextSyncAt = CASE WHEN schedule IS excluded.schedule THEN nextSyncAt END"
    " WHERE (" WANTED ") IS NOT (excluded.userId, excluded.name, excluded.isActive,"
    " excluded.airtableBaseId, excluded.airtableTableId, excluded.airtableViewId,"
    " excluded.googleSpreadsheetId, excluded.googleSheetId, excluded.fieldMappings,"
    " excluded.syncDirection, excluded.conflictResolution, excluded.schedule)";

static enum bs_rc read_id(struct store *s, struct sync_config *c, struct bs_err *e)
{
    struct db_rows r;

    db_open(s, &r, "SELECT id FROM \"SyncConfig\" WHERE slug = ?1", DB_ARGS(DB_TEXT(c->slug)), e);
    if (db_next(&r, e)) {
        c->id = db_intern(s, db_col_text(&r, 0));
    }
    return db_end(&r);
}

static enum bs_rc mirror_one(struct store *s, struct sync_config *c, const char *now,
                             struct bs_err *e)
{
    char id[37], user[37];
    enum bs_rc rc = BS_OK;

    if (!c->user_id) {
        rc = ensure_user(s, c->user_name, NULL, user, e);
        if (rc != BS_OK) {
            return rc;
        }
        c->user_id = db_intern(s, user);
    }
    clock_random_uuid(id);
    rc = db_run(s, upsert_sql,
                DB_ARGS(DB_TEXT(id), DB_TEXT(c->slug), DB_TEXT(now), DB_TEXT(c->user_id),
                        DB_TEXT(c->name), DB_INT(c->is_active), DB_TEXT(c->base_id),
                        DB_TEXT(c->table_ref), DB_TEXT(c->view_ref), DB_TEXT(c->spreadsheet_id),
                        DB_TEXT(c->sheet_ref), DB_TEXT(c->mappings_json), DB_TEXT(c->direction),
                        DB_TEXT(c->conflicts), DB_TEXT(c->schedule)),
                e);
    return rc == BS_OK ? read_id(s, c, e) : rc;
}

/* Whether the list has this slug: a section that is gone has none. */
static bool has_slug(const struct sync_config *list, size_t n, const char *slug)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (str_eq(list[i].slug, slug)) {
            return true;
        }
    }
    return false;
}

static enum bs_rc deactivate_gone(struct store *s, const struct sync_config *list, size_t n,
                                  const char *now, struct bs_err *e)
{
    char **gone = NULL;
    size_t n_gone = 0, cap = 0, i;
    struct db_rows r;
    enum bs_rc rc;

    db_open(s, &r, "SELECT slug FROM \"SyncConfig\" WHERE isActive = 1", DB_NO_ARGS, e);
    while (db_next(&r, e)) {
        if (!has_slug(list, n, db_col_text(&r, 0))) {
            gone = bs_grow(gone, n_gone, &cap, sizeof *gone);
            gone[n_gone++] = db_col_dup(&r, 0);
        }
    }
    rc = db_end(&r);
    for (i = 0; i < n_gone; i++) {
        if (rc == BS_OK) {
            rc = db_run(s,
                        "UPDATE \"SyncConfig\" SET isActive = 0, nextSyncAt = NULL, updatedAt = ?2"
                        " WHERE slug = ?1",
                        DB_ARGS(DB_TEXT(gone[i]), DB_TEXT(now)), e);
        }
        free(gone[i]);
    }
    free(gone);
    return rc;
}

enum bs_rc syncs_mirror(struct store *s, struct sync_config *list, size_t n, struct bs_err *e)
{
    char now[CLOCK_TEXT_MAX];
    enum bs_rc rc = store_begin(s, e);
    size_t i;

    if (rc != BS_OK) {
        return rc;
    }
    clock_sql_text(clock_wall_ms(), now);
    for (i = 0; i < n && rc == BS_OK; i++) {
        rc = mirror_one(s, &list[i], now, e);
    }
    if (rc == BS_OK) {
        rc = deactivate_gone(s, list, n, now, e);
    }
    return db_leave(s, true, rc, e);
}

/* ---- reading ---- */

static const char list_sql[] =
    "SELECT c.id, c.slug, c.name, c.userId, u.name, c.isActive, c.isPaused, c.airtableBaseId,"
    " c.airtableTableId, c.airtableViewId, c.googleSpreadsheetId, c.googleSheetId, c.fieldMappings,"
    " c.syncDirection, c.conflictResolution, c.schedule, c.lastSyncAt, c.lastSyncStatus,"
    " c.lastErrorAt, c.lastErrorMessage, c.nextSyncAt, c.lastErrorType"
    " FROM \"SyncConfig\" c JOIN \"User\" u ON u.id = c.userId"
    " WHERE c.isActive >= ?1 ORDER BY c.slug";

static void read_config(const struct db_rows *r, struct arena *a, struct sync_config *c)
{
    const char **const texts[] = {
        &c->id,
        &c->slug,
        &c->name,
        &c->user_id,
        &c->user_name,
        NULL,
        NULL,
        &c->base_id,
        &c->table_ref,
        &c->view_ref,
        &c->spreadsheet_id,
        &c->sheet_ref,
        &c->mappings_json,
        &c->direction,
        &c->conflicts,
        &c->schedule,
        &c->last_sync_at,
        &c->last_status,
        &c->last_error_at,
        &c->last_error,
        &c->next_sync_at,
        &c->last_error_type,
    };
    size_t i;

    for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i]) {
            *texts[i] = db_col_arena(r, (int)i, a);
        }
    }
    c->is_active = db_col_int(r, 5) != 0;
    c->is_paused = db_col_int(r, 6) != 0;
}

enum bs_rc syncs_list(struct store *s, bool active_only, struct arena *a,
                      const struct sync_config **out, size_t *n, struct bs_err *e)
{
    struct sync_config *list = NULL;
    size_t count = 0, cap = 0;
    struct db_rows r;
    enum bs_rc rc;

    *out = NULL;
    *n = 0;
    db_open(s, &r, list_sql, DB_ARGS(DB_INT(active_only)), e);
    while (db_next(&r, e)) {
        list = bs_grow(list, count, &cap, sizeof *list);
        read_config(&r, a, &list[count++]);
    }
    rc = db_end(&r);
    *out = db_hand_over(a, list, count, sizeof *list);
    *n = count;
    return rc;
}

/* ---- what happened ---- */

/* Runs a statement on one sync in a transaction; a sync that is not there is an error. */
static enum bs_rc on_sync(struct store *s, const char *sql, const struct db_arg *args, size_t n,
                          struct bs_err *e)
{
    bool own;
    enum bs_rc rc = db_enter(s, &own, e);

    if (rc != BS_OK) {
        return rc;
    }
    rc = db_run_one(s, sql, args, n, e);
    if (rc == BS_SKIP) {
        rc = bs_fail(e, BS_STOP_SYNC, BS_K_INTERNAL, "the sync is not in the database");
    }
    return db_leave(s, own, rc, e);
}

enum bs_rc syncs_set_outcome(struct store *s, const char *sync_id, const char *status,
                             enum bs_kind kind, const char *error, int64_t now_ms, struct bs_err *e)
{
    char now[CLOCK_TEXT_MAX];

    clock_sql_text(now_ms, now);
    return on_sync(s,
                   "UPDATE \"SyncConfig\" SET lastSyncAt = iif(?3 IS NULL, lastSyncAt, ?2),"
                   " lastSyncStatus = coalesce(?3, lastSyncStatus),"
                   " lastErrorAt = iif(?4 IS NULL, lastErrorAt, ?2),"
                   " lastErrorMessage = ?4, lastErrorType = ?5 WHERE id = ?1",
                   DB_ARGS(DB_TEXT(sync_id), DB_TEXT(now), DB_TEXT(status), DB_TEXT(error),
                           DB_TEXT(error ? bs_kind_name(kind) : NULL)),
                   e);
}

enum bs_rc syncs_set_next(struct store *s, const char *sync_id, int64_t next_ms, struct bs_err *e)
{
    char next[CLOCK_TEXT_MAX];

    clock_sql_text(next_ms, next);
    return on_sync(s, "UPDATE \"SyncConfig\" SET nextSyncAt = ?2 WHERE id = ?1",
                   DB_ARGS(DB_TEXT(sync_id), DB_TEXT(next_ms > 0 ? next : NULL)), e);
}

enum bs_rc syncs_set_paused(struct store *s, const char *sync_id, bool paused, struct bs_err *e)
{
    return on_sync(s, "UPDATE \"SyncConfig\" SET isPaused = ?2 WHERE id = ?1",
                   DB_ARGS(DB_TEXT(sync_id), DB_INT(paused)), e);
}

/* ---- facts ---- */

enum bs_rc syncs_fact_get(struct store *s, const char *sync_id, const char *name, struct arena *a,
                          const char **out, struct bs_err *e)
{
    struct db_rows r;

    *out = NULL;
    db_open(s, &r, "SELECT value FROM \"SyncFact\" WHERE syncConfigId = ?1 AND name = ?2",
            DB_ARGS(DB_TEXT(sync_id), DB_TEXT(name)), e);
    if (db_next(&r, e)) {
        *out = db_col_arena(&r, 0, a);
    }
    return db_end(&r);
}

enum bs_rc syncs_fact_set(struct store *s, const char *sync_id, const char *name, const char *value,
                          struct bs_err *e)
{
    bool own;
    enum bs_rc rc = db_enter(s, &own, e);

    if (rc != BS_OK) {
        return rc;
    }
    if (value) {
        rc = db_run(s,
                    "INSERT INTO \"SyncFact\"(syncConfigId, name, value) VALUES (?1, ?2, ?3)"
                    " ON CONFLICT DO UPDATE SET value = excluded.value WHERE value IS NOT "
                    "excluded.value",
                    DB_ARGS(DB_TEXT(sync_id), DB_TEXT(name), DB_TEXT(value)), e);
    } else {
        rc = db_run(s, "DELETE FROM \"SyncFact\" WHERE syncConfigId = ?1 AND name = ?2",
                    DB_ARGS(DB_TEXT(sync_id), DB_TEXT(name)), e);
    }
    return db_leave(s, own, rc, e);
}
