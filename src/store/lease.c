/* lease.c: see lease.h. */
#include "store/lease.h"

#include "base/clock.h"
#include "base/str.h"
#include "store/db.h"

#include <stdlib.h>
#include <string.h>

/* "base:appX" -> "the base appX" */
static void describe(const char *name, char *out, size_t size)
{
    static const struct {
        const char *prefix, *text;
    } kinds[] = {{"base:", "the base "},
                 {"sheet:", "the spreadsheet "},
                 {"refresh:", "the sign-in of connection "}};
    struct buf b;
    size_t i;

    buf_init(&b, size - 1);
    for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (str_starts(name, kinds[i].prefix)) {
            buf_addf(&b, "%s%s", kinds[i].text, name + strlen(kinds[i].prefix));
        }
    }
    str_copy(out, size, b.len > 0 ? b.data : name);
    buf_release(&b);
}

static enum bs_rc busy(struct bs_err *e, const char *name, const char *owner, const char *since)
{
    char what[200];

    describe(name, what, sizeof what);
    bs_fail(e, BS_RETRY, BS_K_BUSY, "%s is being synced by process %lld since %.19s UTC", what,
            (long long)db_owner_pid(owner), since);
    return BS_RETRY;
}

/* Takes one lease unless a process that is there holds it; taking one again changes nothing. */
static enum bs_rc take_one(struct store *s, const char *name, const char *self, const char *now,
                           struct bs_err *e)
{
    struct db_rows r;
    enum bs_rc rc = BS_OK, end;

    db_open(s, &r, "SELECT owner, takenAt FROM \"Lease\" WHERE name = ?1", DB_ARGS(DB_TEXT(name)),
            e);
    if (db_next(&r, e)) {
        const char *owner = db_col_text(&r, 0);

        if (!str_eq(owner, self) && db_owner_alive(owner)) {
            rc = busy(e, name, owner, db_col_text(&r, 1));
        }
    }
    end = db_end(&r);
    if (rc != BS_OK || end != BS_OK) {
        return rc != BS_OK ? rc : end;
    }
    return db_run(s,
                  "INSERT INTO \"Lease\"(name, owner, takenAt) VALUES (?1, ?2, ?3)"
                  " ON CONFLICT DO UPDATE SET owner = excluded.owner, takenAt = excluded.takenAt"
                  " WHERE owner IS NOT excluded.owner",
                  DB_ARGS(DB_TEXT(name), DB_TEXT(self), DB_TEXT(now)), e);
}

enum bs_rc lease_take(struct store *s, const char *const *names, size_t n, int64_t now_ms,
                      struct bs_err *e)
{
    char self[DB_OWNER_MAX], now[CLOCK_TEXT_MAX];
    enum bs_rc rc;
    size_t i;

    db_owner_self(self);
    clock_sql_text(now_ms, now);
    rc = store_begin(s, e);
    if (rc != BS_OK) {
        return rc;
    }
    for (i = 0; i < n && rc == BS_OK; i++) {
        rc = take_one(s, names[i], self, now, e);
    }
    return db_leave(s, true, rc, e);
}

void lease_release(struct store *s, const char *const *names, size_t n)
{
    struct bs_err ignored = BS_ERR_INIT;
    char self[DB_OWNER_MAX];
    bool own;
    enum bs_rc rc;
    size_t i;

    db_owner_self(self);
    rc = db_enter(s, &own, &ignored);
    if (rc != BS_OK) {
        return; /* this process's end frees them as well */
    }
    for (i = 0; i < n && rc == BS_OK; i++) {
        rc = db_run(s, "DELETE FROM \"Lease\" WHERE name = ?1 AND owner = ?2",
                    DB_ARGS(DB_TEXT(names[i]), DB_TEXT(self)), &ignored);
    }
    rc = db_leave(s, own, rc, &ignored);
    (void)rc;
}

enum bs_rc db_lease_sweep(struct store *s, struct bs_err *e)
{
    char **gone = NULL;
    size_t n = 0, cap = 0, i;
    struct db_rows r;
    enum bs_rc rc = store_begin(s, e);

    if (rc != BS_OK) {
        return rc;
    }
    db_open(s, &r, "SELECT name, owner FROM \"Lease\"", DB_NO_ARGS, e);
    while (db_next(&r, e)) {
        if (!db_owner_alive(db_col_text(&r, 1))) {
            gone = bs_grow(gone, n, &cap, sizeof *gone);
            gone[n++] = db_col_dup(&r, 0);
        }
    }
    rc = db_end(&r);
    for (i = 0; i < n; i++) {
        if (rc == BS_OK) {
            rc = db_run(s, "DELETE FROM \"Lease\" WHERE name = ?1", DB_ARGS(DB_TEXT(gone[i])), e);
        }
        free(gone[i]);
    }
    free(gone);
    return db_leave(s, true, rc, e);
}
