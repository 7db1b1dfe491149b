/* db.c: statements, rows and transactions over SQLite; see db.h. */
#include "store/db.h"

#include "base/clock.h"
#include "base/fail.h"
#include "base/os.h"
#include "base/str.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Less room than this, in bytes, is none: the index of the log alone takes half of it. */
#define DISK_LEAST 65536

/* ---- errors ---- */

struct db_sentence {
    int code;          /* primary result code */
    const char *cause; /* follows "the database PATH " */
};

/* Each says what happened, and after the semicolon what to do. */
static const struct db_sentence sentences[] = {
    {SQLITE_FULL, "cannot grow: the disk is full; free some space and run again, what was being "
                  "written was taken back"},
    {SQLITE_IOERR, "could not be read or written; check the disk or card it lies on (dmesg), then "
                   "run again"},
    {SQLITE_READONLY,
     "is read-only; make the file and its folder writable for this user, and check "
     "that the disk is not mounted read-only"},
    {SQLITE_PERM, "may not be opened by this user; check the owner of the file and of its folder"},
    {SQLITE_BUSY, "has been locked by another program for too long; end that program (an open "
                  "'basesync sql' with an unfinished transaction, a backup tool), then run again"},
    {SQLITE_LOCKED, "is locked within this program; please report this"},
    {SQLITE_CORRUPT, "is damaged; stop basesync, keep a copy of the file, and put back the last "
                     "backup"},
    {SQLITE_NOTADB, "is not a database; point 'database' at the right file, or move this one away"},
    {SQLITE_CANTOPEN, "cannot be opened; check that the folder exists and that this user may read "
                      "and write in it"},
    {SQLITE_TOOBIG, "was given a value that is too long for it"},
    {SQLITE_NOLFS, "is too large for this file system"},
    {SQLITE_NOMEM, "needs more memory than there is"},
    {SQLITE_CONSTRAINT, "refused a value that breaks its rules"},
};

/* Some ways to run out of space are told as I/O errors (the index of the log, a file that is made).
 */
static int true_cause(const char *path, int code)
{
    int primary = code & 0xff;

    if (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN) {
        int64_t room = os_disk_free(path);

        return room >= 0 && room < DISK_LEAST ? SQLITE_FULL : primary;
    }
    return primary;
}

enum bs_rc db_fail(const char *path, sqlite3 *db, int code, struct bs_err *e)
{
    const char *detail = db ? sqlite3_errmsg(db) : sqlite3_errstr(code);
    const char *cause = NULL;
    int primary = true_cause(path, code);
    size_t i;

    for (i = 0; i < sizeof sentences / sizeof sentences[0]; i++) {
        if (sentences[i].code == primary) {
            cause = sentences[i].cause;
        }
    }
    if (!cause) {
        return bs_fail(e, BS_STOP_ALL, BS_K_STATE, "the database %s answered: %s (SQLite %d)", path,
                       detail, code);
    }
    return bs_fail(e, BS_STOP_ALL, BS_K_STATE, "the database %s %s (SQLite %d: %s)", path, cause,
                   code, detail);
}

static enum bs_rc fail(struct store *s, struct bs_err *e)
{
    return db_fail(s->path, s->db, sqlite3_extended_errcode(s->db), e);
}

/* ---- statements ---- */

struct db_arg db_arg_int(int64_t v)
{
    return (struct db_arg){.type = DB_T_INT, .i = v};
}

struct db_arg db_arg_text(const char *s)
{
    if (!s) {
        return (struct db_arg){.type = DB_T_NULL};
    }
    return (struct db_arg){.type = DB_T_TEXT, .p = s, .len = strlen(s)};
}

struct db_arg db_arg_blob(const void *p, size_t len)
{
    return (struct db_arg){.type = DB_T_BLOB, .p = p, .len = len};
}

struct db_arg db_arg_time(int64_t ms, char text[CLOCK_TEXT_MAX])
{
    if (ms == 0) {
        return db_arg_text(NULL);
    }
    clock_sql_text(ms, text);
    return db_arg_text(text);
}

/* The prepared statement of a text; NULL after an error. */
static sqlite3_stmt *statement(struct store *s, const char *sql, struct bs_err *e)
{
    sqlite3_stmt *st = NULL;
    size_t i;

    for (i = 0; i < s->n_cache; i++) {
        if (s->cache[i].sql == sql) {
            assert(!sqlite3_stmt_busy(s->cache[i].st));
            return s->cache[i].st;
        }
    }
    if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK) {
        fail(s, e);
        return NULL;
    }
    s->cache = bs_grow(s->cache, s->n_cache, &s->cap_cache, sizeof *s->cache);
    s->cache[s->n_cache].sql = sql;
    s->cache[s->n_cache].st = st;
    s->n_cache++;
    return st;
}

static int bind_one(sqlite3_stmt *st, int at, const struct db_arg *a)
{
    switch (a->type) {
    case DB_T_INT: return sqlite3_bind_int64(st, at, a->i);
    case DB_T_TEXT: return sqlite3_bind_text64(st, at, a->p, a->len, SQLITE_STATIC, SQLITE_UTF8);
    case DB_T_BLOB:
        /* A NULL pointer would bind NULL: an empty blob is a value. */
        return sqlite3_bind_blob64(st, at, a->p ? a->p : "", a->len, SQLITE_STATIC);
    case DB_T_NULL: break;
    }
    return sqlite3_bind_null(st, at);
}

void db_open(struct store *s, struct db_rows *r, const char *sql, const struct db_arg *args,
             size_t n, struct bs_err *e)
{
    size_t i;

    r->s = s;
    r->rc = BS_OK;
    r->st = statement(s, sql, e);
    if (!r->st) {
        r->rc = BS_STOP_ALL;
        return;
    }
    assert(sqlite3_bind_parameter_count(r->st) == (int)n);
    for (i = 0; i < n; i++) {
        if (bind_one(r->st, (int)i + 1, &args[i]) != SQLITE_OK) {
            r->rc = fail(s, e);
            return;
        }
    }
}

bool db_next(struct db_rows *r, struct bs_err *e)
{
    int code;

    if (r->rc != BS_OK) {
        return false;
    }
    code = sqlite3_step(r->st);
    if (code == SQLITE_ROW) {
        return true;
    }
    if (code != SQLITE_DONE) {
        r->rc = fail(r->s, e);
    }
    return false;
}

enum bs_rc db_end(struct db_rows *r)
{
    if (r->st) {
        sqlite3_reset(r->st);
        sqlite3_clear_bindings(r->st);
        r->st = NULL;
    }
    return r->rc;
}

enum bs_rc db_run(struct store *s, const char *sql, const struct db_arg *args, size_t n,
                  struct bs_err *e)
{
    struct db_rows r;

    db_open(s, &r, sql, args, n, e);
    while (db_next(&r, e)) {
        /* A statement with RETURNING is carried to its end. */
    }
    return db_end(&r);
}

enum bs_rc db_run_one(struct store *s, const char *sql, const struct db_arg *args, size_t n,
                      struct bs_err *e)
{
    enum bs_rc rc = db_run(s, sql, args, n, e);

    return rc == BS_OK && sqlite3_changes64(s->db) == 0 ? BS_SKIP : rc;
}

bool db_is_null(const struct db_rows *r, int col)
{
    return sqlite3_column_type(r->st, col) == SQLITE_NULL;
}

int64_t db_col_int(const struct db_rows *r, int col)
{
    return sqlite3_column_int64(r->st, col);
}

uint32_t db_col_u32(const struct db_rows *r, int col)
{
    int64_t v = sqlite3_column_int64(r->st, col);

    return v < 0 || v > UINT32_MAX ? 0 : (uint32_t)v;
}

const char *db_col_text(const struct db_rows *r, int col)
{
    return (const char *)sqlite3_column_text(r->st, col);
}

const void *db_col_blob(const struct db_rows *r, int col, size_t *len)
{
    const void *p = sqlite3_column_blob(r->st, col);

    *len = p ? (size_t)sqlite3_column_bytes(r->st, col) : 0;
    return p;
}

int64_t db_col_time(const struct db_rows *r, int col)
{
    const char *text = db_col_text(r, col);
    int64_t ms;

    return text && clock_parse(text, &ms) ? ms : 0;
}

char *db_col_dup(const struct db_rows *r, int col)
{
    const char *text = db_col_text(r, col);

    return text ? bs_strdup(text) : NULL;
}

const char *db_col_arena(const struct db_rows *r, int col, struct arena *a)
{
    const char *text = db_col_text(r, col);

    return text ? arena_strdup(a, text) : NULL;
}

void *db_hand_over(struct arena *a, void *list, size_t n, size_t size)
{
    void *copy = NULL;

    if (n > 0) {
        copy = arena_alloc_n(a, n, size);
        memcpy(copy, list, n * size);
    }
    free(list);
    return copy;
}

void db_put_le64(uint8_t *p, uint64_t v)
{
    int k;

    for (k = 0; k < 8; k++) {
        p[k] = (uint8_t)(v >> (8 * k));
    }
}

uint64_t db_get_le64(const uint8_t *p)
{
    uint64_t v = 0;
    int k;

    for (k = 7; k >= 0; k--) {
        v = v << 8 | p[k];
    }
    return v;
}

void db_month(int64_t ms, char out[8])
{
    char text[CLOCK_TEXT_MAX];

    clock_sql_text(ms, text);
    memcpy(out, text, 7);
    out[7] = '\0';
}

enum bs_rc db_script(struct store *s, const char *sql, struct bs_err *e)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? BS_OK : fail(s, e);
}

enum bs_rc db_number(struct store *s, const char *sql, int64_t *out, struct bs_err *e)
{
    sqlite3_stmt *st = NULL;
    enum bs_rc rc = BS_OK;

    if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) != SQLITE_OK ||
        sqlite3_step(st) != SQLITE_ROW) {
        rc = fail(s, e);
    } else {
        *out = sqlite3_column_int64(st, 0);
    }
    sqlite3_finalize(st);
    return rc;
}

void db_forget(struct store *s)
{
    size_t i;

    for (i = 0; i < s->n_cache; i++) {
        sqlite3_finalize(s->cache[i].st);
    }
    free(s->cache);
    s->cache = NULL;
    s->n_cache = s->cap_cache = 0;
}

const char *db_intern(struct store *s, const char *text)
{
    size_t i;

    for (i = 0; i < s->n_interned; i++) {
        if (strcmp(s->interned[i], text) == 0) {
            return s->interned[i];
        }
    }
    s->interned = bs_grow(s->interned, s->n_interned, &s->cap_interned, sizeof *s->interned);
    s->interned[s->n_interned] = bs_strdup(text);
    return s->interned[s->n_interned++];
}

/* ---- transactions ---- */

/* Says in the file that this process has it open for writing, with the first thing it writes; a
 * mark whose process is gone tells the next one of an unclean end. */
static enum bs_rc write_mark(struct store *s, struct bs_err *e)
{
    char owner[DB_OWNER_MAX];

    if (s->marked || s->version == 0) {
        return BS_OK;
    }
    db_owner_self(owner);
    s->marked = s->marked_now = true;
    return db_run(s, "INSERT OR REPLACE INTO \"Meta\"(name, value) VALUES (?1, ?2)",
                  DB_ARGS(DB_TEXT(s->mark), DB_TEXT(owner)), e);
}

enum bs_rc store_begin(struct store *s, struct bs_err *e)
{
    enum bs_rc rc;

    assert(!s->in_tx);
    rc = db_run(s, "BEGIN IMMEDIATE", DB_NO_ARGS, e);
    if (rc != BS_OK) {
        return rc;
    }
    s->in_tx = true;
    rc = write_mark(s, e);
    if (rc != BS_OK) {
        store_rollback(s);
    }
    return rc;
}

enum bs_rc store_commit(struct store *s, struct bs_err *e)
{
    enum bs_rc rc;

    assert(s->in_tx);
    FAIL_POINT("store.commit");
    rc = db_run(s, "COMMIT", DB_NO_ARGS, e);
    if (rc != BS_OK) {
        store_rollback(s);
        return rc;
    }
    s->in_tx = s->marked_now = false;
    FAIL_POINT("store.committed");
    return BS_OK;
}

void store_rollback(struct store *s)
{
    struct bs_err ignored = BS_ERR_INIT;

    assert(s->in_tx);
    s->in_tx = false;
    if (s->marked_now) {
        s->marked = s->marked_now = false;
    }
    if (sqlite3_get_autocommit(s->db)) {
        return; /* SQLite has rolled back by itself (full disk, I/O error) */
    }
    if (db_run(s, "ROLLBACK", DB_NO_ARGS, &ignored) != BS_OK) {
        /* The connection is of no use any more; what it held is taken back when it closes. */
        assert(sqlite3_get_autocommit(s->db) || ignored.rc == BS_STOP_ALL);
    }
}

enum bs_rc db_enter(struct store *s, bool *own, struct bs_err *e)
{
    enum bs_rc rc = BS_OK;

    *own = !s->in_tx;
    if (*own) {
        rc = store_begin(s, e);
        *own = rc == BS_OK; /* a transaction that did not begin is nobody's to end */
    }
    return rc;
}

enum bs_rc db_leave(struct store *s, bool own, enum bs_rc rc, struct bs_err *e)
{
    if (!own) {
        return rc;
    }
    if (rc == BS_OK) {
        return store_commit(s, e);
    }
    store_rollback(s);
    return rc;
}

static void set_synchronous(struct store *s, bool relaxed)
{
    struct bs_err ignored = BS_ERR_INIT;

    assert(!s->in_tx);
    s->relaxed = relaxed;
    /* The pragma touches no file and cannot fail but for lack of memory; staying at FULL is safe.
     */
    if (db_script(s, relaxed ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL", &ignored) !=
        BS_OK) {
        s->relaxed = false;
    }
}

void db_relax(struct store *s)
{
    if (!s->in_tx) {
        set_synchronous(s, true);
    }
}

void db_restore(struct store *s)
{
    if (s->relaxed) {
        set_synchronous(s, false);
    }
}
