/* migrate.c: brings a database to the newest version, step by step, after a copy has been put
 * aside. A step and its version number are one transaction: a process that dies anywhere leaves
 * the old version or the new one, and the next one goes on from there. */
#include "store/db.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* PRAGMA takes no parameters; the number is ours. */
static enum bs_rc set_version(struct store *s, int version, struct bs_err *e)
{
    char sql[96];

    snprintf(sql, sizeof sql, "PRAGMA application_id=%d; PRAGMA user_version=%d",
             STORE_APPLICATION_ID, version);
    return db_script(s, sql, e);
}

static enum bs_rc put_copy_aside(struct store *s, struct bs_err *e)
{
    size_t size = strlen(s->path) + 32;
    char *to = bs_alloc(size);
    enum bs_rc rc;

    snprintf(to, size, "%s.v%d.bak", s->path, s->version);
    rc = db_copy(s, to, e);
    free(to);
    if (rc != BS_OK) {
        return bs_wrap(e, "before the upgrade a copy of the database is put aside");
    }
    return BS_OK;
}

/* Rows that point at nothing after a step would be a fault of the step. */
static enum bs_rc check_references(struct store *s, struct bs_err *e)
{
    int64_t broken = 0;
    enum bs_rc rc = db_number(s, "SELECT count(*) FROM pragma_foreign_key_check", &broken, e);

    if (rc == BS_OK && broken > 0) {
        return bs_fail(e, BS_STOP_ALL, BS_K_INTERNAL,
                       "the upgrade of %s would break %lld references and was taken back; please "
                       "report this",
                       s->path, (long long)broken);
    }
    return rc;
}

/* One step within its transaction; another process may have taken it meanwhile. */
static enum bs_rc take_step(struct store *s, const struct db_step *step, const char *views,
                            struct bs_err *e)
{
    int64_t now = 0;
    enum bs_rc rc = db_number(s, "PRAGMA user_version", &now, e);

    if (rc != BS_OK) {
        return rc;
    }
    if (now == s->version) {
        rc = db_script(s, step->sql, e);
        if (rc == BS_OK && views) {
            rc = db_script(s, views, e);
        }
        if (rc == BS_OK) {
            rc = check_references(s, e);
        }
        if (rc == BS_OK) {
            rc = set_version(s, s->version + 1, e);
        }
        now++;
    }
    if (rc == BS_OK) {
        s->version = (int)now;
    }
    return rc;
}

/* Tables are rebuilt by some steps, so references are checked at the end of each instead of at each
 * statement (https://www.sqlite.org/lang_altertable.html, section 7). */
static enum bs_rc take_all(struct store *s, const struct db_step *steps, int n, const char *views,
                           struct bs_err *e)
{
    enum bs_rc rc = db_script(s, "PRAGMA foreign_keys=OFF", e);

    while (rc == BS_OK && s->version < n) {
        int before = s->version;

        rc = db_script(s, "BEGIN IMMEDIATE", e);
        if (rc != BS_OK) {
            break;
        }
        rc = take_step(s, &steps[before], before == n - 1 ? views : NULL, e);
        if (rc == BS_OK) {
            rc = db_script(s, "COMMIT", e);
        }
        if (rc != BS_OK) {
            struct bs_err ignored = BS_ERR_INIT;

            s->version = before;
            if (!sqlite3_get_autocommit(s->db) && db_script(s, "ROLLBACK", &ignored) != BS_OK) {
                return rc; /* closing the file takes it back */
            }
        }
    }
    if (rc == BS_OK) {
        rc = db_script(s, "PRAGMA foreign_keys=ON", e);
    }
    return rc;
}

enum bs_rc db_migrate(struct store *s, const struct db_step *steps, int n, const char *views,
                      struct bs_err *e)
{
    enum bs_rc rc = BS_OK;

    assert(!s->in_tx);
    if (s->version >= n) {
        return BS_OK;
    }
    if (s->version > 0) {
        rc = put_copy_aside(s, e);
    }
    return rc == BS_OK ? take_all(s, steps, n, views, e) : rc;
}
