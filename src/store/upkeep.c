/* upkeep.c: backup, retention and the change of the key. */
#include "base/clock.h"
#include "base/os.h"
#include "base/str.h"
#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)
#define RETAIN_CHUNK 5000 /* rows deleted in one transaction, so that nobody waits long */
#define USAGE_MONTHS_KEPT 13
#define BUCKET_DAYS_KEPT 2
#define VACUUM_PAGES "2000"

/* ---- copying ---- */

static enum bs_rc os_fail(struct bs_err *e, const char *what, const char *path)
{
    return bs_fail(e, BS_STOP_ALL, BS_K_STATE,
                   "the copy %s cannot be %s: %s; check the folder and the space on its disk", path,
                   what, strerror(errno));
}

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Makes the rename last: the folder's own entry has to reach the disk. */
static bool sync_folder(const char *path)
{
    char *dir = os_path_dir(path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;

    free(dir);
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

/* Copies all pages as they are at one instant, whoever writes meanwhile. */
static enum bs_rc copy_pages(struct store *s, struct store *to, struct bs_err *e)
{
    sqlite3_backup *b = sqlite3_backup_init(to->db, "main", s->db, "main");
    int code;

    if (!b) {
        return db_fail(to->path, to->db, sqlite3_extended_errcode(to->db), e);
    }
    sqlite3_backup_step(b, -1);
    code = sqlite3_backup_finish(b);
    return code == SQLITE_OK ? BS_OK : db_fail(to->path, to->db, code, e);
}

/* A plain file that needs no other beside it, whole and sound. */
static enum bs_rc finish_copy(struct store *to, struct bs_err *e)
{
    enum bs_rc rc = db_script(to, "PRAGMA synchronous=FULL; PRAGMA journal_mode=DELETE", e);

    return rc == BS_OK ? store_check(to, true, e) : rc;
}

static enum bs_rc fill_copy(struct store *s, struct store *to, struct bs_err *e)
{
    enum bs_rc rc = os_create_file(to->path, "", 0, 0600, e);

    if (rc != BS_OK) {
        return rc == BS_SKIP ? os_fail(e, "made", to->path) : rc;
    }
    if (sqlite3_open_v2(to->path, &to->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
        return db_fail(to->path, to->db, sqlite3_errcode(to->db), e);
    }
    rc = copy_pages(s, to, e);
    return rc == BS_OK ? finish_copy(to, e) : rc;
}

enum bs_rc db_copy(struct store *s, const char *path, struct bs_err *e)
{
    size_t size = strlen(path) + 8;
    struct store to = {.path = bs_alloc(size)};
    enum bs_rc rc;

    snprintf(to.path, size, "%s.part", path);
    if (unlink(to.path) != 0 && errno != ENOENT) {
        rc = os_fail(e, "replaced", to.path);
        goto out;
    }
    rc = fill_copy(s, &to, e);
    db_forget(&to);
    if (sqlite3_close(to.db) != SQLITE_OK && rc == BS_OK) {
        rc = bs_fail(e, BS_STOP_ALL, BS_K_INTERNAL, "the copy %s did not close", to.path);
    }
    if (rc == BS_OK && rename(to.path, path) != 0) {
        rc = os_fail(e, "named", path);
    }
    if (rc == BS_OK && !sync_folder(path)) {
        rc = os_fail(e, "brought to the disk", path);
    }
    if (rc != BS_OK) {
        unlink(to.path);
    }
out:
    free(to.path);
    return rc;
}

enum bs_rc store_backup(struct store *s, const char *to, struct bs_err *e)
{
    if (same_file(s->path, to)) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                       "%s is the database itself; give the backup another name", to);
    }
    return db_copy(s, to, e);
}

/* ---- retention ---- */

/* Deletes in chunks until nothing is left; the statement takes the limit time as ?1 and the
 * greatest number of rows as ?2. */
static enum bs_rc delete_older(struct store *s, const char *sql, const char *limit,
                               struct bs_err *e)
{
    int64_t changed = RETAIN_CHUNK;
    enum bs_rc rc = BS_OK;

    while (rc == BS_OK && changed >= RETAIN_CHUNK) {
        rc = store_begin(s, e);
        if (rc != BS_OK) {
            return rc;
        }
        rc = db_run(s, sql, DB_ARGS(DB_TEXT(limit), DB_INT(RETAIN_CHUNK)), e);
        changed = sqlite3_changes64(s->db);
        rc = db_leave(s, true, rc, e);
    }
    return rc;
}

struct retain_rule {
    const char *sql;
    int days;
    int by_month; /* the limit is a month */
};

enum bs_rc store_retain(struct store *s, int log_days, int history_days, int64_t now_ms,
                        struct bs_err *e)
{
    /* A log row outlives its history: changes go first, logs that still have some stay. */
    const struct retain_rule rules[] = {
        {"DELETE FROM \"SyncChange\" WHERE id IN (SELECT id FROM \"SyncChange\""
         " WHERE createdAt < ?1 ORDER BY createdAt LIMIT ?2)",
         history_days, 0},
        {"DELETE FROM \"SyncLog\" WHERE id IN (SELECT l.id FROM \"SyncLog\" l"
         " WHERE l.startedAt < ?1 AND l.completedAt IS NOT NULL AND NOT EXISTS"
         " (SELECT 1 FROM \"SyncChange\" c WHERE c.syncLogId = l.id) LIMIT ?2)",
         log_days, 0},
        {"DELETE FROM \"RateBucket\" WHERE name IN (SELECT name FROM \"RateBucket\""
         " WHERE usedAt < ?1 AND coalesce(penaltyUntil, '') < ?1 LIMIT ?2)",
         BUCKET_DAYS_KEPT, 0},
        {"DELETE FROM \"UsageMonth\" WHERE (month, counter) IN (SELECT month, counter FROM"
         " \"UsageMonth\" WHERE month < ?1 LIMIT ?2)",
         USAGE_MONTHS_KEPT * 31, 1},
    };
    enum bs_rc rc = BS_OK;
    size_t i;

    for (i = 0; i < sizeof rules / sizeof rules[0] && rc == BS_OK; i++) {
        char limit[CLOCK_TEXT_MAX];
        int64_t at = now_ms - rules[i].days * DAY_MS;

        if (rules[i].days <= 0) {
            continue; /* kept for ever */
        }
        if (rules[i].by_month) {
            db_month(at, limit);
        } else {
            clock_sql_text(at, limit);
        }
        rc = delete_older(s, rules[i].sql, limit, e);
    }
    if (rc == BS_OK) {
        rc = db_lease_sweep(s, e);
    }
    if (rc == BS_OK) {
        rc = db_script(s, "PRAGMA incremental_vacuum(" VACUUM_PAGES ")", e);
    }
    return rc;
}
