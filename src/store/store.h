/*
 * store.h: the SQLite file. The one door to sqlite3.h: every other file of this folder goes through
 * the statement helpers in store/db.h (private to the folder), everybody else through the typed
 * functions of the headers here. WAL, synchronous=FULL, foreign keys, STRICT tables; forward-only
 * migrations by user_version with a backup copy first.
 *
 * Errors: BS_STOP_ALL / BS_K_STATE for anything the database refuses (full disk, read-only, I/O,
 * corrupt, locked for longer than the busy timeout), with the sentence a person needs.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/err.h"
#include "base/hash.h"
#include "crypto/crypto.h"

#include <stdbool.h>
#include <stdint.h>

struct store;

#define STORE_APPLICATION_ID 0x42535943 /* "BSYC" */

enum store_open { STORE_CREATE, STORE_EXISTING, STORE_READONLY };

/* Opens path, checks application_id, migrates. A newer file, a file that is no basesync database,
 * a corrupt file and a key that is not the file's are refused in one sentence each. key seals and
 * opens secrets; NULL when the caller needs none; borrowed. */
enum bs_rc store_open(const char *path, enum store_open how, const struct crypto_key *key,
                      struct store **out, struct bs_err *e) BS_MUST_CHECK;
void store_close(struct store *s); /* NULL is nothing */
int store_schema_version(const struct store *s);
const char *store_path(const struct store *s);
/* Version of SQLite: "3.46.1". */
const char *store_library(void);

/* Transactions: BEGIN IMMEDIATE. Nesting is a bug. commit returns the write's true outcome. */
enum bs_rc store_begin(struct store *s, struct bs_err *e) BS_MUST_CHECK;
enum bs_rc store_commit(struct store *s, struct bs_err *e) BS_MUST_CHECK;
void store_rollback(struct store *s);

/* Settings kept in the file, such as the SipHash key's salt and the clean-shutdown mark. */
enum bs_rc store_meta_get(struct store *s, const char *name, char **out,
                          struct bs_err *e) BS_MUST_CHECK; /* *out NULL when absent; free() */
enum bs_rc store_meta_set(struct store *s, const char *name, const char *value,
                          struct bs_err *e) BS_MUST_CHECK;

/* Named secrets of the file, sealed; *plain NULL when absent, wiped by the caller (bs_wipe_free).
 */
enum bs_rc store_secret_get(struct store *s, const char *name, char **plain,
                            struct bs_err *e) BS_MUST_CHECK;
enum bs_rc store_secret_set(struct store *s, const char *name, const char *plain,
                            struct bs_err *e) BS_MUST_CHECK;
/* The key of the stored cell hashes, made on first use; it survives key rotation. */
enum bs_rc store_hash_key(struct store *s, struct hash_key *out, struct bs_err *e) BS_MUST_CHECK;

/* For a process that stays for years: keeps little of the file in memory (256 KiB instead of 2
 * MiB). */
enum bs_rc store_keep_small(struct store *s, struct bs_err *e) BS_MUST_CHECK;

/* Upkeep. */
enum bs_rc store_backup(struct store *s, const char *to,
                        struct bs_err *e) BS_MUST_CHECK; /* online, then opened and checked */
enum bs_rc store_check(struct store *s, bool full,
                       struct bs_err *e) BS_MUST_CHECK; /* quick_check / integrity_check */
/* Deletes logs older than log_days and history older than history_days (0: keep for ever). */
enum bs_rc store_retain(struct store *s, int log_days, int history_days, int64_t now_ms,
                        struct bs_err *e) BS_MUST_CHECK;
/* Re-seals every secret under a new key in one transaction; the store goes on with `to`, which is
 * borrowed like the key of store_open. */
enum bs_rc store_rotate_key(struct store *s, const struct crypto_key *to,
                            struct bs_err *e) BS_MUST_CHECK;
/* The SQLite shell on this file (basesync sql); returns its exit code. No store may be open. */
int store_shell(const char *path, bool readonly, int argc, char **argv);

#endif
