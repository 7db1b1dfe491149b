/* store.c: opening, closing and checking the SQLite file; settings kept in it. */
#include "base/clock.h"
#include "base/os.h"
#include "base/str.h"
#include "store/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK_PREFIX "open."

/* ---- opening ---- */

static enum bs_rc state_fail(struct bs_err *e, const char *path, const char *why)
{
    return bs_fail(e, BS_STOP_ALL, BS_K_STATE, "the database %s %s", path, why);
}

/* Makes an empty file of mode 0600 when there is none: SQLite takes the mode of the log and the
 * index beside it from there. */
static enum bs_rc make_file(const char *path, enum store_open how, struct bs_err *e)
{
    struct bs_err why = BS_ERR_INIT;
    enum bs_rc rc;

    if (os_exists(path)) {
        return BS_OK;
    }
    if (how != STORE_CREATE) {
        return state_fail(e, path,
                          "does not exist; make it with 'basesync init', or correct "
                          "'database' in the INI file");
    }
    rc = os_create_file(path, "", 0, 0600, &why);
    if (rc == BS_OK || rc == BS_SKIP) {
        return BS_OK; /* BS_SKIP: another process was faster */
    }
    return bs_fail(e, BS_STOP_ALL, BS_K_STATE,
                   "the database cannot be made: %.300s; check the folder's owner and the space on "
                   "its disk",
                   why.msg);
}

static enum bs_rc open_file(struct store *s, struct bs_err *e)
{
    int flags = s->readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    int code = sqlite3_open_v2(s->path, &s->db, flags, NULL);

    if (code != SQLITE_OK) {
        return db_fail(s->path, s->db, s->db ? sqlite3_extended_errcode(s->db) : code, e);
    }
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, DB_BUSY_MS);
    sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, DB_TEXT_MAX);
    sqlite3_limit(s->db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    return BS_OK;
}

/* Reads whose file this is before anything in it is touched. *fresh: nothing is in it yet. */
static enum bs_rc check_identity(struct store *s, bool *fresh, struct bs_err *e)
{
    int64_t app, version, objects;
    enum bs_rc rc = db_number(s, "PRAGMA application_id", &app, e);

    if (rc == BS_OK) {
        rc = db_number(s, "PRAGMA user_version", &version, e);
    }
    if (rc == BS_OK) {
        rc = db_number(s, "SELECT count(*) FROM sqlite_schema", &objects, e);
    }
    if (rc != BS_OK) {
        return rc;
    }
    *fresh = app == 0 && version == 0 && objects == 0;
    if (!*fresh && app != STORE_APPLICATION_ID) {
        return state_fail(e, s->path,
                          "belongs to another program; point 'database' at a file of basesync's "
                          "own");
    }
    if (*fresh && s->readonly) {
        return state_fail(e, s->path, "is empty; make it with 'basesync init'");
    }
    if (version > db_steps_n) {
        return bs_fail(e, BS_STOP_ALL, BS_K_STATE,
                       "the database %s was written by a newer basesync (its version is %lld, this "
                       "program knows %d); install the newer program, or put back the copy "
                       "%s.v%d.bak",
                       s->path, (long long)version, db_steps_n, s->path, db_steps_n);
    }
    if (version < db_steps_n && s->readonly) {
        return state_fail(e, s->path,
                          "is of an older version; run 'basesync check' once to bring "
                          "it up to date");
    }
    s->version = (int)version;
    return BS_OK;
}

/* Readers and one writer at a time do not wait for each other; whoever reads only takes the file as
 * it is. */
static enum bs_rc set_wal(struct store *s, struct bs_err *e)
{
    struct db_rows r;
    bool wal = false;
    enum bs_rc rc;

    db_open(s, &r, s->readonly ? "PRAGMA journal_mode" : "PRAGMA journal_mode=WAL", DB_NO_ARGS, e);
    if (db_next(&r, e)) {
        wal = str_eq(db_col_text(&r, 0), "wal");
    }
    rc = db_end(&r);
    if (rc == BS_OK && !wal && !s->readonly) {
        return state_fail(e, s->path,
                          "lies on a file system that cannot share it between "
                          "processes; move it to a local disk");
    }
    return rc == BS_OK ? db_script(s, "PRAGMA journal_size_limit=4194304", e) : rc;
}

static enum bs_rc set_pragmas(struct store *s, bool fresh, struct bs_err *e)
{
    int64_t on = 0;
    enum bs_rc rc = db_script(s, "PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;", e);

    if (rc == BS_OK && fresh) {
        /* Freed pages can be given back later only when this is set in an empty file. */
        rc = db_script(s, "PRAGMA auto_vacuum=INCREMENTAL", e);
    }
    if (rc == BS_OK) {
        rc = set_wal(s, e);
    }
    if (rc == BS_OK) {
        rc = db_script(s, "PRAGMA foreign_keys=ON", e);
    }
    if (rc == BS_OK) {
        rc = db_number(s, "PRAGMA foreign_keys", &on, e);
    }
    if (rc == BS_OK && !on) {
        return bs_fail(e, BS_STOP_ALL, BS_K_INTERNAL, "this SQLite knows no foreign keys");
    }
    return rc;
}

/* ---- the mark of an unclean end ---- */

#define MARKS "SELECT name, value FROM \"Meta\" WHERE name GLOB '" MARK_PREFIX "*'"

/* Names of the marks whose processes are gone; n of them, malloc'd. */
static enum bs_rc dead_marks(struct store *s, char ***names, size_t *n, struct bs_err *e)
{
    struct db_rows r;
    size_t cap = 0;

    *names = NULL;
    *n = 0;
    db_open(s, &r, MARKS, DB_NO_ARGS, e);
    while (db_next(&r, e)) {
        if (!db_owner_alive(db_col_text(&r, 1))) {
            *names = bs_grow(*names, *n, &cap, sizeof **names);
            (*names)[(*n)++] = db_col_dup(&r, 0);
        }
    }
    return db_end(&r);
}

/* After a process that had the file open for writing has died, the file is looked through before it
 * is trusted. */
static enum bs_rc check_unclean(struct store *s, struct bs_err *e)
{
    char **names;
    size_t n, i;
    bool own;
    enum bs_rc rc = dead_marks(s, &names, &n, e);

    if (rc == BS_OK && n > 0) {
        rc = store_check(s, false, e);
        if (rc == BS_OK) {
            rc = db_enter(s, &own, e);
            for (i = 0; i < n && rc == BS_OK; i++) {
                rc = db_run(s, "DELETE FROM \"Meta\" WHERE name = ?1", DB_ARGS(DB_TEXT(names[i])),
                            e);
            }
            if (s->in_tx) {
                rc = db_leave(s, own, rc, e);
            }
        }
    }
    for (i = 0; i < n; i++) {
        free(names[i]);
    }
    free(names);
    return rc;
}

static enum bs_rc open_all(struct store *s, enum store_open how, struct bs_err *e)
{
    bool fresh = false;
    enum bs_rc rc = make_file(s->path, how, e);

    if (rc == BS_OK) {
        rc = open_file(s, e);
    }
    if (rc == BS_OK) {
        rc = check_identity(s, &fresh, e);
    }
    if (rc == BS_OK) {
        rc = set_pragmas(s, fresh, e);
    }
    if (rc == BS_OK && !s->readonly) {
        rc = db_migrate(s, db_steps, db_steps_n, db_views, e);
    }
    if (rc == BS_OK && s->key != NULL) {
        rc = secret_check_key(s, e);
    }
    if (rc == BS_OK && !s->readonly) {
        rc = check_unclean(s, e);
    }
    return rc;
}

enum bs_rc store_open(const char *path, enum store_open how, const struct crypto_key *key,
                      struct store **out, struct bs_err *e)
{
    struct store *s = bs_alloc(sizeof *s);
    char id[17];
    enum bs_rc rc;

    *out = NULL;
    s->path = bs_strdup(path);
    s->key = key;
    s->readonly = how == STORE_READONLY;
    clock_random_id(id, sizeof id - 1);
    snprintf(s->mark, sizeof s->mark, MARK_PREFIX "%s", id);
    rc = open_all(s, how, e);
    if (rc != BS_OK) {
        store_close(s);
        return rc;
    }
    *out = s;
    return BS_OK;
}

/* What is left undone here is harmless: the mark makes the next process look, statistics are
 * gathered another time. */
static void end_clean(struct store *s)
{
    struct bs_err ignored = BS_ERR_INIT;
    bool done;

    if (!s->marked) {
        return;
    }
    db_relax(s);
    done = db_script(s, "PRAGMA analysis_limit=200; PRAGMA optimize", &ignored) == BS_OK &&
           db_run(s, "DELETE FROM \"Meta\" WHERE name = ?1", DB_ARGS(DB_TEXT(s->mark)), &ignored) ==
               BS_OK;
    s->marked = !done;
    db_restore(s);
}

void store_close(struct store *s)
{
    size_t i;

    if (!s) {
        return;
    }
    if (s->in_tx) {
        store_rollback(s);
    }
    if (s->db) {
        end_clean(s);
        db_forget(s);
        sqlite3_close(s->db);
    }
    for (i = 0; i < s->n_interned; i++) {
        free(s->interned[i]);
    }
    free(s->interned);
    free(s->path);
    free(s);
}

int store_schema_version(const struct store *s)
{
    return s->version;
}

const char *store_path(const struct store *s)
{
    return s->path;
}

enum bs_rc store_keep_small(struct store *s, struct bs_err *e)
{
    return db_script(s, "PRAGMA cache_size=-256", e);
}

/* ---- settings ---- */

enum bs_rc store_meta_get(struct store *s, const char *name, char **out, struct bs_err *e)
{
    struct db_rows r;

    *out = NULL;
    db_open(s, &r, "SELECT value FROM \"Meta\" WHERE name = ?1", DB_ARGS(DB_TEXT(name)), e);
    if (db_next(&r, e)) {
        *out = db_col_dup(&r, 0);
    }
    return db_end(&r);
}

enum bs_rc store_meta_set(struct store *s, const char *name, const char *value, struct bs_err *e)
{
    bool own;
    enum bs_rc rc = db_enter(s, &own, e);

    if (rc != BS_OK) {
        return rc;
    }
    rc = db_run(s, "INSERT OR REPLACE INTO \"Meta\"(name, value) VALUES (?1, ?2)",
                DB_ARGS(DB_TEXT(name), DB_TEXT(value)), e);
    return db_leave(s, own, rc, e);
}

/* ---- checking ---- */

/* The first line of what a check finds wrong, "" when it finds nothing. */
static enum bs_rc first_fault(struct store *s, const char *sql, char *out, size_t size,
                              struct bs_err *e)
{
    struct db_rows r;

    out[0] = '\0';
    db_open(s, &r, sql, DB_NO_ARGS, e);
    if (db_next(&r, e) && !str_eq(db_col_text(&r, 0), "ok")) {
        str_copy(out, size, db_col_text(&r, 0));
    }
    return db_end(&r);
}

enum bs_rc store_check(struct store *s, bool full, struct bs_err *e)
{
    char found[200];
    enum bs_rc rc = first_fault(s, full ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)",
                                found, sizeof found, e);

    if (rc == BS_OK && found[0] != '\0') {
        return bs_fail(e, BS_STOP_ALL, BS_K_STATE,
                       "the database %s is damaged (%s); stop basesync, keep a copy of the file, "
                       "and put back the last backup",
                       s->path, found);
    }
    if (rc == BS_OK && full) {
        rc = first_fault(s, "PRAGMA foreign_key_check", found, sizeof found, e);
    }
    if (rc == BS_OK && found[0] != '\0') {
        return bs_fail(e, BS_STOP_ALL, BS_K_STATE,
                       "the database %s is damaged (rows of %s belong to nothing); put back the "
                       "last backup",
                       s->path, found);
    }
    return rc;
}

const char *store_library(void)
{
    return sqlite3_libversion();
}
