/*
 * store_world.h: a folder of its own with a database in it, for the tests of store/. What a
 * function has written is looked at through a connection that knows nothing of src.
 */
#ifndef TESTS_STORE_WORLD_H
#define TESTS_STORE_WORLD_H

#include "base/clock.h"
#include "store/db.h"
#include "store/syncs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNUSED_OK __attribute__((unused))

struct world {
    char dir[64];
    char path[96];
    struct crypto_key key;
    struct store *s;
    struct arena *a;
    struct bs_err e;
    char text[16384]; /* what world_text gave last */
};

/* The call must end well; says the message when it does not. */
#define OK(call)                                                                                   \
    do {                                                                                           \
        enum bs_rc ok_rc = (call);                                                                 \
        if (ok_rc != BS_OK) {                                                                      \
            fail_msg("%s: rc %d, %s", #call, (int)ok_rc, w->e.msg);                                \
        }                                                                                          \
    } while (0)

/* The call must fail with this code and kind, its message having all these words in it. */
#define FAILS(call, want_rc, want_kind, words)                                                     \
    do {                                                                                           \
        enum bs_rc f_rc;                                                                           \
        bs_err_clear(&w->e);                                                                       \
        f_rc = (call);                                                                             \
        assert_int_equal(f_rc, want_rc);                                                           \
        assert_int_equal(w->e.rc, want_rc);                                                        \
        assert_int_equal(w->e.kind, want_kind);                                                    \
        if (!strstr(w->e.msg, words)) {                                                            \
            fail_msg("'%s' is not in '%s'", words, w->e.msg);                                      \
        }                                                                                          \
    } while (0)

UNUSED_OK static void world_open(struct world *w, enum store_open how)
{
    OK(store_open(w->path, how, &w->key, &w->s, &w->e));
}

UNUSED_OK static void world_reopen(struct world *w)
{
    store_close(w->s);
    w->s = NULL;
    world_open(w, STORE_EXISTING);
}

/* A folder without a database. */
UNUSED_OK static int world_empty(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    snprintf(w->dir, sizeof w->dir, "/tmp/basesync-store-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(w->path, sizeof w->path, "%s/t.db", w->dir);
    memset(w->key.key, 7, sizeof w->key.key);
    snprintf(w->key.id, sizeof w->key.id, "0badc0de");
    w->a = arena_new();
    bs_err_clear(&w->e);
    *state = w;
    return 0;
}

/* The same with a new database, open. */
UNUSED_OK static int world_new(void **state)
{
    world_empty(state);
    world_open(*state, STORE_CREATE);
    return 0;
}

UNUSED_OK static int world_end(void **state)
{
    struct world *w = *state;
    DIR *d;
    struct dirent *f;

    store_close(w->s);
    arena_free(w->a);
    chmod(w->dir, 0700);
    d = opendir(w->dir);
    while (d && (f = readdir(d)) != NULL) {
        char path[400];

        snprintf(path, sizeof path, "%s/%s", w->dir, f->d_name);
        unlink(path);
    }
    if (d) {
        closedir(d);
    }
    rmdir(w->dir);
    free(w);
    return 0;
}

/* First column of the first row, "" for none or NULL, on a connection of its own. */
UNUSED_OK static const char *world_text(struct world *w, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *st = NULL;
    int code;

    w->text[0] = '\0';
    assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
    sqlite3_busy_timeout(db, 2000);
    code = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(st);
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    }
    if (code == SQLITE_ROW && sqlite3_column_text(st, 0)) {
        snprintf(w->text, sizeof w->text, "%s", (const char *)sqlite3_column_text(st, 0));
    }
    sqlite3_finalize(st);
    sqlite3_close(db);
    return w->text;
}

UNUSED_OK static long long world_number(struct world *w, const char *sql)
{
    return strtoll(world_text(w, sql), NULL, 10);
}

/* A sync of that slug with everything in it. */
UNUSED_OK static struct sync_config world_config(const char *slug)
{
    return (struct sync_config){
        .slug = slug,
        .name = "Sales Data Sync",
        .user_name = "default",
        .is_active = true,
        .base_id = "appAAAAAAAAAAAAAA",
        .table_ref = "Deals",
        .spreadsheet_id = "1AbC",
        .sheet_ref = "gid:0",
        .mappings_json = "[]",
        .direction = "BIDIRECTIONAL",
        .conflicts = "NEWEST_WINS",
        .schedule = "*/5 * * * *",
    };
}

/* The id of a sync that is in the database afterwards. */
UNUSED_OK static const char *world_sync(struct world *w, const char *slug)
{
    struct sync_config c = world_config(slug);

    OK(syncs_mirror(w->s, &c, 1, &w->e));
    assert_non_null(c.id);
    return c.id;
}

#endif
