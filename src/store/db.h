/*
 * db.h: the one way from this folder to SQLite (private to store/). A statement is named by its SQL
 * text, which must be a literal or otherwise live for ever: prepared statements are cached by the
 * text's address. Values are bound from a typed list, so that no argument can be taken for another
 * type and no SQL is ever put together from data.
 *
 *     rc = db_run(s, "UPDATE \"Meta\" SET value = ?1 WHERE name = ?2",
 *                 DB_ARGS(DB_TEXT(value), DB_TEXT(name)), e);
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "base/clock.h"
#include "base/mem.h"
#include "store/store.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DB_BUSY_MS 10000       /* how long to wait for another process's transaction */
#define DB_WAL_KEEP (4 << 20)  /* bytes that the log keeps after a checkpoint */
#define DB_TEXT_MAX (64 << 20) /* greatest text or blob in the file, bytes */
#define DB_MARK_MAX 64         /* name of the mark of an open file, with NUL */
#define DB_OWNER_MAX 96        /* owner_self, with NUL */

struct db_cached {
    const char *sql;
    sqlite3_stmt *st;
};

struct store {
    sqlite3 *db;
    char *path;
    const struct crypto_key *key; /* borrowed; NULL: no secrets */
    bool readonly;
    bool in_tx;
    bool marked;     /* the mark of an open file is written */
    bool marked_now; /* by the transaction that is open */
    bool relaxed;
    char mark[DB_MARK_MAX];
    int version;
    struct db_cached *cache;
    size_t n_cache, cap_cache;
    char **interned; /* ids handed out for the store's lifetime */
    size_t n_interned, cap_interned;
};

enum db_type { DB_T_NULL, DB_T_INT, DB_T_TEXT, DB_T_BLOB };

struct db_arg {
    enum db_type type;
    int64_t i;
    const void *p; /* text or blob, borrowed for the call */
    size_t len;
};

/* Each makes one argument; DB_TEXT(NULL) binds NULL. */
struct db_arg db_arg_int(int64_t v);
struct db_arg db_arg_text(const char *s);
struct db_arg db_arg_blob(const void *p, size_t len);
/* A time as SQLite text, NULL for 0; `text` is the caller's room for it. */
struct db_arg db_arg_time(int64_t ms, char text[CLOCK_TEXT_MAX]);
#define DB_INT(v) db_arg_int(v)
#define DB_TEXT(v) db_arg_text(v)
#define DB_BLOB(p, len) db_arg_blob(p, len)
/* "list, count" for the calls below. */
#define DB_ARGS(...)                                                                               \
    (const struct db_arg[]){__VA_ARGS__},                                                          \
        sizeof((const struct db_arg[]){__VA_ARGS__}) / sizeof(struct db_arg)
#define DB_NO_ARGS NULL, 0

/* Runs a statement that gives no rows. */
enum bs_rc db_run(struct store *s, const char *sql, const struct db_arg *args, size_t n,
                  struct bs_err *e) BS_MUST_CHECK;
/* The same; BS_SKIP (e untouched) when it changed no row. */
enum bs_rc db_run_one(struct store *s, const char *sql, const struct db_arg *args, size_t n,
                      struct bs_err *e) BS_MUST_CHECK;

/* Reading rows: open, next until false, end. What a column function returns is valid until the
 * next db_next or db_end. A statement is open once at a time. */
struct db_rows {
    struct store *s;
    sqlite3_stmt *st; /* NULL: opening failed, next is false and end says why */
    enum bs_rc rc;
};
void db_open(struct store *s, struct db_rows *r, const char *sql, const struct db_arg *args,
             size_t n, struct bs_err *e);
bool db_next(struct db_rows *r, struct bs_err *e);
/* Always to be called; BS_OK unless opening or stepping failed. */
enum bs_rc db_end(struct db_rows *r) BS_MUST_CHECK;
bool db_is_null(const struct db_rows *r, int col);
int64_t db_col_int(const struct db_rows *r, int col);
const char *db_col_text(const struct db_rows *r, int col); /* NULL for NULL */
const void *db_col_blob(const struct db_rows *r, int col, size_t *len);
/* A text time in Unix ms; 0 for NULL and for what is no time. */
int64_t db_col_time(const struct db_rows *r, int col);
char *db_col_dup(const struct db_rows *r, int col); /* malloc'd; NULL for NULL */
const char *db_col_arena(const struct db_rows *r, int col, struct arena *a); /* NULL for NULL */
/* As an unsigned 32-bit number; out of range: 0. */
uint32_t db_col_u32(const struct db_rows *r, int col);

/* Moves a list of n elements of `size` bytes, grown on the heap while its length was not known,
 * into the arena; NULL when n is 0. */
void *db_hand_over(struct arena *a, void *list, size_t n, size_t size);
/* 64-bit numbers within blobs, little-endian. */
void db_put_le64(uint8_t *p, uint64_t v);
uint64_t db_get_le64(const uint8_t *p);
/* "2026-11" of a time. */
void db_month(int64_t ms, char out[8]);

/* Runs SQL of several statements (schema, pragmas): not cached. */
enum bs_rc db_script(struct store *s, const char *sql, struct bs_err *e) BS_MUST_CHECK;
/* One number by one statement that is not cached (pragmas); the statement must give a row. */
enum bs_rc db_number(struct store *s, const char *sql, int64_t *out,
                     struct bs_err *e) BS_MUST_CHECK;
/* Drops all prepared statements. */
void db_forget(struct store *s);

/* The sentence for an SQLite result code, BS_STOP_ALL / BS_K_STATE. db may be NULL. */
enum bs_rc db_fail(const char *path, sqlite3 *db, int code, struct bs_err *e);

/* A transaction of this call, or the caller's one when there is one: *own says which. db_leave
 * commits or rolls back only what db_enter has begun, and returns rc or what went wrong. */
enum bs_rc db_enter(struct store *s, bool *own, struct bs_err *e) BS_MUST_CHECK;
enum bs_rc db_leave(struct store *s, bool own, enum bs_rc rc, struct bs_err *e) BS_MUST_CHECK;
/* For functions that are documented as part of a caller's transaction: outside of one is a bug. */
#define DB_IN_TX(s) assert((s)->in_tx)

/* Between these, commits are not synced to disk one by one (synchronous=NORMAL): for what a power
 * cut may take back without harm. Earlier and later commits are as durable as ever. */
void db_relax(struct store *s);
void db_restore(struct store *s);

/* A copy of a text that lives until store_close; equal texts are kept once. */
const char *db_intern(struct store *s, const char *text);

/* migrate.c: brings the file to the newest version of the table; `steps` are n scripts, the i-th
 * leads from version i to i + 1; `views` is run after any of them. */
struct db_step {
    const char *sql;
};
enum bs_rc db_migrate(struct store *s, const struct db_step *steps, int n, const char *views,
                      struct bs_err *e) BS_MUST_CHECK;
/* The program's own steps and views. */
extern const struct db_step db_steps[];
extern const int db_steps_n;
extern const char *const db_views;
/* upkeep.c: copies the file to `path` (mode 0600) and checks the copy. */
enum bs_rc db_copy(struct store *s, const char *path, struct bs_err *e) BS_MUST_CHECK;

/* owner.c: this process, named for ever: "boot id/pid/start time". */
void db_owner_self(char out[DB_OWNER_MAX]);
/* True when the process so named is still there. */
bool db_owner_alive(const char *owner);
/* Its pid, 0 when the text is no owner. */
int64_t db_owner_pid(const char *owner);

/* lease.c: deletes the leases of processes that are gone. */
enum bs_rc db_lease_sweep(struct store *s, struct bs_err *e) BS_MUST_CHECK;

/* secret.c: seals and opens one column of one row. sealed NULL opens to NULL. */
enum bs_rc secret_seal(const struct crypto_key *key, const char *place, const char *plain,
                       char **sealed, struct bs_err *e) BS_MUST_CHECK;
enum bs_rc secret_open(const struct crypto_key *key, const char *place, const char *sealed,
                       char **plain, struct bs_err *e) BS_MUST_CHECK;
#define SECRET_PLACE_MAX 128
/* BS_STOP_ALL / BS_K_CONFIG when a secret in the file was sealed with another key than the store's:
 * asked before anything is sealed, so that no file comes to hold secrets of two keys. */
enum bs_rc secret_check_key(struct store *s, struct bs_err *e) BS_MUST_CHECK;
/* metasecret.c: re-seals the named secrets of the file, inside the caller's transaction. */
enum bs_rc metasecret_reseal(struct store *s, const struct crypto_key *to,
                             struct bs_err *e) BS_MUST_CHECK;
void secret_place(char out[SECRET_PLACE_MAX], const char *table, const char *id,
                  const char *column);

#endif
