/* t_store.c: opening, transactions, storage faults, upkeep and the views. */
#include "store_world.h"

#include "vfs_shim.h"

#include "store/lease.h"
#include "store/runlog.h"
#include "store/usage.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#define DAY ((int64_t)24 * 60 * 60 * 1000)

/* ---- opening ---- */

static void a_new_database_is_private_and_set_up(void **state)
{
    static const struct {
        const char *sql, *want;
    } cases[] = {
        {"PRAGMA application_id", "1112758595"},
        {"PRAGMA user_version", "2"},
        {"PRAGMA journal_mode", "wal"},
        {"PRAGMA auto_vacuum", "2"},
        {"SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE type = 'table' AND"
         " name NOT LIKE 'sqlite_%' ORDER BY name)",
         "AirtableConnection,FeedHook,FeedPending,FeedState,GoogleSheetsConnection,Intent,Lease,"
         "Meta,"
         "NotifyState,PairState,RateBucket,SyncChange,SyncConfig,SyncConflict,SyncFact,SyncLog,"
         "UsageMonth,User"},
        {"SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE type = 'view'"
         " ORDER BY name)",
         "v_calls_this_month,v_changes,v_failed_last_hour,v_late_syncs,v_open_conflicts,"
         "v_recent_runs"},
        {"SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
         " AND name NOT LIKE 'sqlite_%' AND NOT strict",
         "0"},
    };
    struct world *w = *state;
    struct stat st;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(world_text(w, cases[i].sql), cases[i].want);
    }
    assert_int_equal(stat(w->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(store_schema_version(w->s), db_steps_n);
    assert_string_equal(store_path(w->s), w->path);
}

static void every_commit_is_synced_and_references_are_kept(void **state)
{
    struct world *w = *state;
    int64_t v;

    OK(db_number(w->s, "PRAGMA synchronous", &v, &w->e));
    assert_int_equal(v, 2);
    OK(db_number(w->s, "PRAGMA foreign_keys", &v, &w->e));
    assert_int_equal(v, 1);
    OK(db_number(w->s, "PRAGMA trusted_schema", &v, &w->e));
    assert_int_equal(v, 0);
    FAILS(syncs_fact_set(w->s, "no such sync", "a", "b", &w->e), BS_STOP_ALL, BS_K_STATE, "rules");
    db_relax(w->s);
    OK(db_number(w->s, "PRAGMA synchronous", &v, &w->e));
    assert_int_equal(v, 1);
    db_restore(w->s);
    OK(db_number(w->s, "PRAGMA synchronous", &v, &w->e));
    assert_int_equal(v, 2);
}

static void a_missing_database_is_made_only_on_request(void **state)
{
    struct world *w = *state;

    FAILS(store_open(w->path, STORE_EXISTING, NULL, &w->s, &w->e), BS_STOP_ALL, BS_K_STATE,
          "does not exist; make it with 'basesync init'");
    FAILS(store_open(w->path, STORE_READONLY, NULL, &w->s, &w->e), BS_STOP_ALL, BS_K_STATE,
          "does not exist");
    assert_int_not_equal(access(w->path, F_OK), 0);
    assert_null(w->s);
}

static void a_folder_that_is_not_there_is_told_in_words(void **state)
{
    struct world *w = *state;

    snprintf(w->path, sizeof w->path, "%s/none/t.db", w->dir);
    FAILS(store_open(w->path, STORE_CREATE, NULL, &w->s, &w->e), BS_STOP_ALL, BS_K_STATE,
          "cannot be made");
}

static void write_file(const char *path, const char *text, long at)
{
    FILE *f = fopen(path, at < 0 ? "w" : "r+");

    assert_non_null(f);
    assert_int_equal(fseek(f, at < 0 ? 0 : at, SEEK_SET), 0);
    fputs(text, f);
    fclose(f);
}

static void a_file_of_something_else_is_refused(void **state)
{
    struct world *w = *state;

    write_file(w->path,
               "This is a letter to my bank and it is longer than a header. " /* 120 */
               "This is a letter to my bank and it is longer than a header.",
               -1);
    FAILS(store_open(w->path, STORE_CREATE, NULL, &w->s, &w->e), BS_STOP_ALL, BS_K_STATE,
          "is not a database");
}

static void a_database_of_another_program_is_refused_and_left_alone(void **state)
{
    struct world *w = *state;

    world_text(w, "CREATE TABLE photos(id)");
    FAILS(store_open(w->path, STORE_CREATE, NULL, &w->s, &w->e), BS_STOP_ALL, BS_K_STATE,
          "belongs to another program");
    assert_int_equal(world_number(w, "SELECT count(*) FROM sqlite_schema"), 1);
    assert_string_equal(world_text(w, "PRAGMA journal_mode"), "delete");
}

static void a_database_of_a_newer_program_is_refused_in_plain_words(void **state)
{
    struct world *w = *state;

    store_close(w->s);
    w->s = NULL;
    world_text(w, "PRAGMA user_version = 99");
    FAILS(store_open(w->path, STORE_EXISTING, NULL, &w->s, &w->e), BS_STOP_ALL, BS_K_STATE,
          "written by a newer basesync (its version is 99, this program knows 2); install");
    assert_int_equal(world_number(w, "PRAGMA user_version"), 99);
}

static void a_key_that_is_not_the_files_is_refused_before_it_seals_anything(void **state)
{
    struct world *w = *state;
    struct crypto_key other = w->key;
    struct hash_key hash;

    memset(other.key, 8, sizeof other.key);
    snprintf(other.id, sizeof other.id, "deadbeef");
    world_reopen(w); /* nothing is sealed yet: any key will do */
    OK(store_hash_key(w->s, &hash, &w->e));
    store_close(w->s);
    w->s = NULL;
    FAILS(store_open(w->path, STORE_EXISTING, &other, &w->s, &w->e), BS_STOP_ALL, BS_K_CONFIG,
          "sealed with key 0badc0de, but the key in use is deadbeef");
    OK(store_open(w->path, STORE_EXISTING, NULL, &w->s, &w->e)); /* who opens no secret */
    store_close(w->s);
    world_open(w, STORE_EXISTING);
}

static void an_empty_file_becomes_a_database(void **state)
{
    struct world *w = *state;

    write_file(w->path, "", -1);
    FAILS(store_open(w->path, STORE_READONLY, NULL, &w->s, &w->e), BS_STOP_ALL, BS_K_STATE,
          "is empty");
    world_open(w, STORE_EXISTING);
    assert_int_equal(world_number(w, "PRAGMA user_version"), db_steps_n);
}

static void who_opens_for_reading_cannot_write(void **state)
{
    struct world *w = *state;
    char *value;

    OK(store_meta_set(w->s, "a", "1", &w->e));
    store_close(w->s);
    world_open(w, STORE_READONLY);
    OK(store_meta_get(w->s, "a", &value, &w->e));
    assert_string_equal(value, "1");
    free(value);
    FAILS(store_meta_set(w->s, "a", "2", &w->e), BS_STOP_ALL, BS_K_STATE, "is read-only");
    store_close(w->s);
    w->s = NULL;
    assert_string_equal(world_text(w, "SELECT value FROM Meta WHERE name = 'a'"), "1");
}

static void settings_are_kept(void **state)
{
    struct world *w = *state;
    char *value;

    OK(store_meta_get(w->s, "salt", &value, &w->e));
    assert_null(value);
    OK(store_meta_set(w->s, "salt", "x'; DROP TABLE \"Meta\"; --", &w->e));
    OK(store_meta_set(w->s, "salt", "two", &w->e));
    world_reopen(w);
    OK(store_meta_get(w->s, "salt", &value, &w->e));
    assert_string_equal(value, "two");
    free(value);
}

/* ---- transactions ---- */

static void what_is_rolled_back_is_not_there(void **state)
{
    struct world *w = *state;

    OK(store_begin(w->s, &w->e));
    OK(store_meta_set(w->s, "a", "1", &w->e));
    store_rollback(w->s);
    assert_int_equal(world_number(w, "SELECT count(*) FROM Meta WHERE name = 'a'"), 0);
    OK(store_begin(w->s, &w->e));
    OK(store_meta_set(w->s, "a", "2", &w->e));
    assert_int_equal(world_number(w, "SELECT count(*) FROM Meta WHERE name = 'a'"), 0);
    OK(store_commit(w->s, &w->e));
    assert_string_equal(world_text(w, "SELECT value FROM Meta WHERE name = 'a'"), "2");
}

static void closing_takes_back_an_open_transaction(void **state)
{
    struct world *w = *state;

    OK(store_begin(w->s, &w->e));
    OK(store_meta_set(w->s, "a", "1", &w->e));
    world_reopen(w);
    assert_int_equal(world_number(w, "SELECT count(*) FROM Meta WHERE name = 'a'"), 0);
}

static void a_function_within_a_transaction_does_not_end_it(void **state)
{
    struct world *w = *state;
    struct bs_err e = BS_ERR_INIT;
    bool own;

    OK(store_begin(w->s, &w->e));
    assert_int_equal(db_enter(w->s, &own, &e), BS_OK);
    assert_false(own);
    assert_int_equal(db_leave(w->s, own, BS_SKIP, &e), BS_SKIP);
    OK(store_meta_set(w->s, "a", "1", &w->e));
    store_rollback(w->s);
    assert_int_equal(world_number(w, "SELECT count(*) FROM Meta WHERE name = 'a'"), 0);
}

/* ---- unclean ends ---- */

#define MARKS "SELECT count(*) FROM Meta WHERE name GLOB 'open.*'"

/* Opens, writes and dies without closing. */
static void die_while_open(struct world *w)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        struct store *s;
        struct bs_err e;

        if (store_open(w->path, STORE_EXISTING, NULL, &s, &e) != BS_OK ||
            store_meta_set(s, "b", "1", &e) != BS_OK) {
            _exit(1);
        }
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

static void a_clean_end_leaves_no_mark(void **state)
{
    struct world *w = *state;

    OK(store_meta_set(w->s, "a", "1", &w->e));
    assert_int_equal(world_number(w, MARKS), 1);
    store_close(w->s);
    w->s = NULL;
    assert_int_equal(world_number(w, MARKS), 0);
}

static void a_mark_that_was_rolled_back_is_written_again(void **state)
{
    struct world *w = *state;

    OK(store_begin(w->s, &w->e));
    store_rollback(w->s);
    assert_int_equal(world_number(w, MARKS), 0);
    OK(store_meta_set(w->s, "a", "1", &w->e));
    assert_int_equal(world_number(w, MARKS), 1);
    OK(store_begin(w->s, &w->e));
    store_rollback(w->s);
    assert_int_equal(world_number(w, MARKS), 1);
}

static void after_an_unclean_end_a_sound_file_is_used_on(void **state)
{
    struct world *w = *state;

    store_close(w->s);
    w->s = NULL;
    die_while_open(w);
    assert_int_equal(world_number(w, MARKS), 1);
    world_open(w, STORE_EXISTING);
    assert_int_equal(world_number(w, "SELECT count(*) FROM Meta WHERE name = 'b'"), 1);
    store_close(w->s);
    w->s = NULL;
    assert_int_equal(world_number(w, MARKS), 0);
}

/* Overwrites the inside of a page that opening alone does not read. */
static void damage(struct world *w)
{
    long long page = world_number(w, "SELECT rootpage FROM sqlite_schema WHERE name = 'Intent'");
    char junk[200];

    memset(junk, 'x', sizeof junk - 1);
    junk[sizeof junk - 1] = '\0';
    write_file(w->path, junk, (long)(page - 1) * 4096);
}

static void after_an_unclean_end_a_damaged_file_is_refused(void **state)
{
    struct world *w = *state;

    store_close(w->s);
    w->s = NULL;
    die_while_open(w);
    world_text(w, "PRAGMA wal_checkpoint(TRUNCATE)");
    damage(w);
    FAILS(store_open(w->path, STORE_EXISTING, NULL, &w->s, &w->e), BS_STOP_ALL, BS_K_STATE,
          "damaged");
}

static void a_check_finds_damage(void **state)
{
    struct world *w = *state;

    OK(store_check(w->s, false, &w->e));
    OK(store_check(w->s, true, &w->e));
    store_close(w->s);
    damage(w);
    world_open(w, STORE_EXISTING);
    FAILS(store_check(w->s, false, &w->e), BS_STOP_ALL, BS_K_STATE, "is damaged");
}

static void a_check_finds_rows_that_belong_to_nothing(void **state)
{
    struct world *w = *state;

    world_text(w, "INSERT INTO SyncFact VALUES ('nobody', 'a', 'b')");
    OK(store_check(w->s, false, &w->e));
    FAILS(store_check(w->s, true, &w->e), BS_STOP_ALL, BS_K_STATE, "rows of SyncFact");
}

/* ---- storage faults ---- */

static struct {
    enum shim_op op;
    const char *suffix; /* of the file's name; "" the database itself */
    int code;
    bool armed;
} fault;

static bool ends_with(const char *path, const char *suffix)
{
    size_t n = strlen(path), m = strlen(suffix);

    return n >= m && strcmp(path + n - m, suffix) == 0;
}

static int refuse(enum shim_op op, const char *path)
{
    return fault.armed && path && op == fault.op && ends_with(path, fault.suffix) ? fault.code
                                                                                  : SQLITE_OK;
}

static void a_write_that_the_disk_refuses_changes_nothing(void **state)
{
    static const struct {
        const char *name;
        enum shim_op op;
        int code;
        const char *words;
    } cases[] = {
        {"disk full", SHIM_WRITE, SQLITE_FULL, "the disk is full; free some space"},
        {"write error", SHIM_WRITE, SQLITE_IOERR_WRITE, "could not be read or written; check"},
        {"read-only", SHIM_WRITE, SQLITE_READONLY, "is read-only; make the file"},
        {"fsync error", SHIM_SYNC, SQLITE_IOERR_FSYNC, "could not be read or written; check"},
        {"torn page", SHIM_WRITE, SQLITE_CORRUPT, "is damaged; stop basesync"},
    };
    struct world *w = *state;

    OK(store_meta_set(w->s, "a", "before", &w->e));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        shim = (struct shim_hooks){.before = refuse};
        fault.op = cases[i].op;
        fault.suffix = "-wal";
        fault.code = cases[i].code;
        fault.armed = true;
        FAILS(store_meta_set(w->s, "a", "during", &w->e), BS_STOP_ALL, BS_K_STATE, cases[i].words);
        assert_non_null(strstr(w->e.msg, w->path));
        fault.armed = false;
        assert_false(w->s->in_tx);
        assert_string_equal(world_text(w, "SELECT value FROM Meta WHERE name = 'a'"), "before");
        assert_string_equal(world_text(w, "PRAGMA integrity_check"), "ok");
        OK(store_begin(w->s, &w->e)); /* the connection is of use again */
        OK(store_commit(w->s, &w->e));
    }
    OK(store_meta_set(w->s, "a", "after", &w->e));
    shim = (struct shim_hooks){NULL};
    assert_string_equal(world_text(w, "SELECT value FROM Meta WHERE name = 'a'"), "after");
}

static void a_file_that_cannot_be_opened_or_read_is_told_in_words(void **state)
{
    static const struct {
        enum shim_op op;
        int code;
        const char *words;
    } cases[] = {
        {SHIM_OPEN, SQLITE_CANTOPEN, "cannot be opened; check that the folder exists"},
        {SHIM_READ, SQLITE_IOERR_READ, "could not be read or written"},
        {SHIM_READ, SQLITE_CORRUPT, "is damaged"},
    };
    struct world *w = *state;

    store_close(w->s);
    w->s = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        shim = (struct shim_hooks){.before = refuse};
        fault.op = cases[i].op;
        fault.suffix = "t.db";
        fault.code = cases[i].code;
        fault.armed = true;
        FAILS(store_open(w->path, STORE_EXISTING, NULL, &w->s, &w->e), BS_STOP_ALL, BS_K_STATE,
              cases[i].words);
        assert_null(w->s);
        fault.armed = false;
        shim = (struct shim_hooks){NULL};
    }
    world_open(w, STORE_EXISTING);
}

static void a_disk_that_fills_while_the_file_is_made_leaves_nothing_wrong(void **state)
{
    struct world *w = *state;

    shim = (struct shim_hooks){.before = refuse};
    fault.op = SHIM_WRITE;
    fault.suffix = "-wal";
    fault.code = SQLITE_FULL;
    fault.armed = true;
    FAILS(store_open(w->path, STORE_CREATE, NULL, &w->s, &w->e), BS_STOP_ALL, BS_K_STATE,
          "the disk is full");
    fault.armed = false;
    shim = (struct shim_hooks){NULL};
    world_open(w, STORE_EXISTING);
    OK(store_check(w->s, true, &w->e));
    assert_int_equal(store_schema_version(w->s), db_steps_n);
}

static void a_database_locked_for_too_long_is_told_in_words(void **state)
{
    struct world *w = *state;
    sqlite3 *other;

    assert_int_equal(sqlite3_open(w->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_busy_timeout(w->s->db, 30);
    FAILS(store_begin(w->s, &w->e), BS_STOP_ALL, BS_K_STATE, "locked by another program");
    assert_false(w->s->in_tx);
    sqlite3_close(other);
    OK(store_begin(w->s, &w->e));
    OK(store_commit(w->s, &w->e));
}

/* ---- backup ---- */

static long long number_in(const char *path, const char *sql)
{
    struct world other;

    snprintf(other.path, sizeof other.path, "%s", path);
    return world_number(&other, sql);
}

static void a_backup_is_whole_private_and_opens(void **state)
{
    struct world *w = *state;
    char to[128], part[160];
    struct store *copy;
    struct stat st;

    snprintf(to, sizeof to, "%s/copy.db", w->dir);
    snprintf(part, sizeof part, "%s.part", to);
    write_file(part, "left over by a backup that was killed", -1);
    world_sync(w, "sales");
    OK(store_backup(w->s, to, &w->e));
    assert_int_equal(number_in(to, "SELECT count(*) FROM SyncConfig"), 1);
    assert_int_equal(stat(to, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_not_equal(access(part, F_OK), 0);
    world_sync(w, "stock");
    OK(store_backup(w->s, to, &w->e)); /* a later one takes the place of the first */
    assert_int_equal(number_in(to, "SELECT count(*) FROM SyncConfig"), 2);
    OK(store_open(to, STORE_EXISTING, NULL, &copy, &w->e));
    OK(store_check(copy, true, &w->e));
    store_close(copy);
}

static void a_backup_has_nothing_of_an_unfinished_transaction(void **state)
{
    struct world *w = *state;
    sqlite3 *other;
    char to[128];

    snprintf(to, sizeof to, "%s/copy.db", w->dir);
    assert_int_equal(sqlite3_open(w->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE; INSERT INTO Meta VALUES ('x', 'y')",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    OK(store_backup(w->s, to, &w->e));
    sqlite3_close(other);
    assert_int_equal(number_in(to, "SELECT count(*) FROM Meta WHERE name = 'x'"), 0);
}

static void a_backup_that_fails_leaves_the_last_one(void **state)
{
    struct world *w = *state;
    char to[128], part[160];

    FAILS(store_backup(w->s, w->path, &w->e), BS_STOP_ALL, BS_K_CONFIG, "is the database itself");
    snprintf(to, sizeof to, "%s/none/copy.db", w->dir);
    bs_err_clear(&w->e);
    assert_int_equal(store_backup(w->s, to, &w->e), BS_STOP_ALL);
    snprintf(to, sizeof to, "%s/copy.db", w->dir);
    snprintf(part, sizeof part, "%s.part", to);
    write_file(to, "the last one", -1);
    shim = (struct shim_hooks){.before = refuse};
    fault.op = SHIM_WRITE;
    fault.suffix = ".part";
    fault.code = SQLITE_FULL;
    fault.armed = true;
    FAILS(store_backup(w->s, to, &w->e), BS_STOP_ALL, BS_K_STATE, "the disk is full");
    fault.armed = false;
    shim = (struct shim_hooks){NULL};
    assert_int_not_equal(access(part, F_OK), 0);
    FILE *f = fopen(to, "r");
    char line[40] = "";
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    fclose(f);
    assert_string_equal(line, "the last one");
}

static void a_damaged_database_makes_no_backup(void **state)
{
    struct world *w = *state;
    char to[128], part[160];

    snprintf(to, sizeof to, "%s/copy.db", w->dir);
    snprintf(part, sizeof part, "%s.part", to);
    store_close(w->s);
    damage(w);
    world_open(w, STORE_EXISTING);
    FAILS(store_backup(w->s, to, &w->e), BS_STOP_ALL, BS_K_STATE, "is damaged");
    assert_int_not_equal(access(to, F_OK), 0);
    assert_int_not_equal(access(part, F_OK), 0);
}

/* ---- retention ---- */

/* A finished run with one change, both of that time. */
static const char *old_run(struct world *w, const char *sync, int64_t at, bool with_change)
{
    const struct run_counts none = {0};
    const char *run;
    char sql[200], text[CLOCK_TEXT_MAX];

    OK(runlog_start(w->s, sync, "manual", "BIDIRECTIONAL", at, w->a, &run, &w->e));
    if (with_change) {
        const struct change c = {.side = "SHEETS", .action = "update", .why = "edit"};
        int64_t id;

        OK(store_begin(w->s, &w->e));
        OK(runlog_change(w->s, run, &c, &id, &w->e));
        OK(store_commit(w->s, &w->e));
        clock_sql_text(at, text);
        snprintf(sql, sizeof sql, "UPDATE SyncChange SET createdAt = '%s' WHERE id = %lld", text,
                 (long long)id);
        world_text(w, sql);
    }
    OK(runlog_finish(w->s, run, "SUCCESS", &none, NULL, at, 1, false, &w->e));
    return run;
}

static void old_logs_and_history_are_forgotten(void **state)
{
    static const struct {
        int log_days, history_days;
        long long logs, changes;
    } cases[] = {
        {0, 0, 6, 3},     /* kept for ever */
        {400, 400, 6, 3}, /* nothing is as old */
        {30, 0, 4, 3},    /* a log with history stays */
        {30, 200, 3, 2},  /* so does one whose history is younger than the limit */
        {30, 30, 2, 1},   {1, 1, 0, 0},
    };
    struct world *w = *state;
    int64_t now = clock_wall_ms();

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *sync = world_sync(w, "sales");

        world_text(w, "DELETE FROM SyncLog");
        world_text(w, "DELETE FROM SyncChange");
        for (int k = 0; k < 2; k++) {
            old_run(w, sync, now - 300 * DAY, k == 0);
            old_run(w, sync, now - 100 * DAY, k == 0);
            old_run(w, sync, now - 10 * DAY, k == 0);
        }
        OK(store_retain(w->s, cases[i].log_days, cases[i].history_days, now, &w->e));
        assert_int_equal(world_number(w, "SELECT count(*) FROM SyncLog"), cases[i].logs);
        assert_int_equal(world_number(w, "SELECT count(*) FROM SyncChange"), cases[i].changes);
    }
}

static void a_run_that_goes_on_is_never_forgotten(void **state)
{
    struct world *w = *state;
    int64_t now = clock_wall_ms();
    const char *run;

    OK(runlog_start(w->s, world_sync(w, "sales"), "manual", "BIDIRECTIONAL", now - 90 * DAY, w->a,
                    &run, &w->e));
    OK(store_retain(w->s, 1, 1, now, &w->e));
    assert_int_equal(world_number(w, "SELECT count(*) FROM SyncLog"), 1);
}

static void old_counters_limits_and_leases_are_forgotten(void **state)
{
    struct world *w = *state;
    const int64_t now = 1796083200000; /* 2026-12-01 */
    const struct bucket b = {"old", 5, 1000};
    const struct bucket young = {"young", 5, 1000};
    const char *const lease[] = {"base:live"};
    int64_t v;

    OK(usage_count(w->s, "c", now - 500 * DAY, 1, &v, &w->e));
    OK(usage_count(w->s, "c", now - 360 * DAY, 1, &v, &w->e));
    OK(usage_count(w->s, "c", now, 1, &v, &w->e));
    OK(usage_take(w->s, &b, 1, now - 3 * DAY, &v, &w->e));
    OK(usage_take(w->s, &young, 1, now - DAY, &v, &w->e));
    OK(usage_penalty(w->s, "paused", now - 3 * DAY, 30 * DAY, &w->e));
    OK(lease_take(w->s, lease, 1, now - 90 * DAY, &w->e));
    world_text(w, "INSERT INTO Lease VALUES ('base:dead', 'x/1/1', '2020-01-01 00:00:00.000')");
    OK(store_retain(w->s, 30, 30, now, &w->e));
    assert_string_equal(
        world_text(w, "SELECT group_concat(month) FROM (SELECT month FROM UsageMonth ORDER BY 1)"),
        "2025-12,2026-12");
    assert_string_equal(
        world_text(w, "SELECT group_concat(name) FROM (SELECT name FROM RateBucket ORDER BY 1)"),
        "paused,young");
    assert_string_equal(world_text(w, "SELECT group_concat(name) FROM Lease"), "base:live");
}

/* Every table and what bounds it: a new one has to be thought about here. */
static const struct {
    const char *table, *bound;
} bounds[] = {
    {"AirtableConnection", "one for each user"},
    {"FeedHook", "one for each base and account"},
    {"FeedPending", "records of the table"},
    {"FeedState", "one for each sync"},
    {"GoogleSheetsConnection", "one for each user"},
    {"Intent", "creates of one run that are not settled"},
    {"Lease", "living processes: swept"},
    {"Meta", "settings of fixed names, marks of living processes"},
    {"NotifyState", "three for each sync"},
    {"PairState", "records of the table"},
    {"RateBucket", "two days"},
    {"SyncChange", "history_days"},
    {"SyncConfig", "sections of the INI file, those that are gone too"},
    {"SyncConflict", "open conflicts: replaced by each run"},
    {"SyncFact", "fixed names for each sync"},
    {"SyncLog", "log_days"},
    {"UsageMonth", "thirteen months"},
    {"User", "sections of the INI file"},
};

static void every_table_is_bounded_by_something(void **state)
{
    struct world *w = *state;
    struct buf names;

    buf_init(&names, BUF_NO_LIMIT);
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        buf_addf(&names, "%s%s", i ? "," : "", bounds[i].table);
        assert_true(*bounds[i].bound);
    }
    assert_string_equal(
        world_text(w, "SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE type ="
                      " 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name)"),
        names.data);
    buf_release(&names);
}

/* What one day leaves: runs with their history, requests and calls. */
static void live_a_day(struct world *w, const char *sync, int64_t now)
{
    const struct run_counts none = {0};
    const struct change c = {.side = "SHEETS", .action = "update", .why = "edit"};
    char bucket[32];
    int64_t v, id;

    for (int run = 0; run < 4; run++) {
        const char *log;

        OK(runlog_start(w->s, sync, "scheduled", "BIDIRECTIONAL", now, w->a, &log, &w->e));
        OK(store_begin(w->s, &w->e));
        OK(runlog_change(w->s, log, &c, &id, &w->e));
        OK(store_commit(w->s, &w->e));
        if (run < 3) { /* the fourth one's process dies */
            OK(runlog_finish(w->s, log, "SUCCESS", &none, NULL, now, 5, false, &w->e));
        }
    }
    world_text(w, "UPDATE SyncLog SET owner = 'x/1/1' WHERE completedAt IS NULL");
    world_text(w, "UPDATE SyncChange SET createdAt = (SELECT startedAt FROM SyncLog l WHERE l.id ="
                  " syncLogId) WHERE id > (SELECT max(id) FROM SyncChange) - 4");
    snprintf(bucket, sizeof bucket, "day %lld", (long long)(now / DAY));
    OK(usage_take(w->s, &(struct bucket){bucket, 5, 1000}, 1, now, &v, &w->e));
    OK(usage_count(w->s, "calls", now, 12, &v, &w->e));
    OK(runlog_abandon(w->s, NULL, "gone", now, &w->e));
    OK(store_retain(w->s, 30, 20, now, &w->e));
    arena_reset(w->a);
}

static void many_months_leave_the_file_as_large_as_two_do(void **state)
{
    static const char rows[] =
        "SELECT (SELECT count(*) FROM SyncLog) || ' ' || (SELECT count(*) FROM SyncChange) || ' ' "
        "||"
        " (SELECT count(*) FROM RateBucket)";
    struct world *w = *state;
    const char *sync = world_sync(w, "sales");
    const int64_t start = 1769040000000; /* 2026-01-22 */
    long long pages_early = 0, pages_late;
    char early[100] = "";

    OK(db_script(w->s, "PRAGMA synchronous=OFF", &w->e));
    for (int day = 0; day < 200; day++) {
        live_a_day(w, sync, start + day * DAY);
        if (day == 60) {
            pages_early = world_number(w, "PRAGMA page_count");
            snprintf(early, sizeof early, "%.90s", world_text(w, rows));
        }
    }
    pages_late = world_number(w, "PRAGMA page_count");
    assert_string_equal(world_text(w, rows), early);
    assert_true(pages_late <= pages_early + 8);
}

static void space_that_was_freed_is_given_back(void **state)
{
    struct world *w = *state;
    char *value = malloc(3000001);
    struct stat st;

    memset(value, 'v', 3000000);
    value[3000000] = '\0';
    OK(store_meta_set(w->s, "big", value, &w->e));
    free(value);
    OK(store_meta_set(w->s, "big", "", &w->e));
    OK(store_retain(w->s, 30, 30, clock_wall_ms(), &w->e));
    store_close(w->s);
    w->s = NULL;
    assert_int_equal(stat(w->path, &st), 0);
    assert_true(st.st_size < 1000000);
}

/* ---- for people ---- */

static void the_views_answer_what_people_ask(void **state)
{
    struct world *w = *state;
    const char *sync = world_sync(w, "sales"), *late = world_sync(w, "late");
    const struct run_counts counts = {.rows_added = 5, .calls_airtable = 2};
    const struct change change = {.side = "SHEETS",
                                  .action = "update",
                                  .field_name = "Amount",
                                  .old_text = "1",
                                  .new_text = "2",
                                  .why = "edit"};
    const struct conflict conflict = {
        .record_id = "rec1", .field_id = "fld1", .field_name = "Amount", .airtable_text = "1"};
    int64_t now = clock_wall_ms(), v;
    const char *ok, *failed, *old;

    /* One mirror names both syncs, so that neither is gone. */
    world_text(w, "UPDATE SyncConfig SET isActive = 1");
    OK(runlog_start(w->s, sync, "manual", "BIDIRECTIONAL", now - 2 * 3600000, w->a, &old, &w->e));
    OK(runlog_finish(w->s, old, "FAILED", &counts, NULL, now - 2 * 3600000, 9, false, &w->e));
    OK(runlog_start(w->s, sync, "manual", "BIDIRECTIONAL", now - 60000, w->a, &failed, &w->e));
    OK(runlog_finish(w->s, failed, "FAILED", &counts,
                     "[{\"type\":\"NETWORK\",\"message\":\"no route\"}]", now, 9, false, &w->e));
    OK(runlog_start(w->s, sync, "scheduled", "BIDIRECTIONAL", now, w->a, &ok, &w->e));
    OK(store_begin(w->s, &w->e));
    OK(runlog_change(w->s, ok, &change, &v, &w->e));
    OK(store_commit(w->s, &w->e));
    OK(conflicts_replace(w->s, sync, &conflict, 1, now, &w->e));
    OK(usage_count(w->s, "airtable:default", now, 7, &v, &w->e));
    OK(syncs_set_next(w->s, late, now - 600000, &w->e));

    assert_string_equal(
        world_text(w, "SELECT group_concat(status) FROM (SELECT status FROM v_recent_runs)"),
        "RUNNING,FAILED,FAILED");
    assert_string_equal(
        world_text(w, "SELECT group_concat(type || ':' || message) FROM v_failed_last_hour"),
        "NETWORK:no route");
    assert_string_equal(world_text(w, "SELECT sync || minutesLate FROM v_late_syncs"), "late10");
    assert_string_equal(world_text(w, "SELECT sync || field FROM v_open_conflicts"), "salesAmount");
    assert_string_equal(world_text(w, "SELECT counter || calls FROM v_calls_this_month"),
                        "airtable:default7");
    assert_string_equal(world_text(w, "SELECT sync || oldValue || newValue FROM v_changes"),
                        "sales12");
    OK(syncs_set_paused(w->s, late, true, &w->e));
    assert_int_equal(world_number(w, "SELECT count(*) FROM v_late_syncs"), 0);
}

static void queries_typed_by_hand_give_what_they_say(void **state)
{
    struct world *w = *state;
    const char *sync = world_sync(w, "sales");
    const struct run_counts counts = {0};
    int64_t now = clock_wall_ms();
    const char *run;

    for (int k = 0; k < 3; k++) {
        int64_t at = now - k * 50 * 60000; /* now, 50 and 100 minutes ago */

        OK(runlog_start(w->s, sync, "scheduled", "BIDIRECTIONAL", at, w->a, &run, &w->e));
        OK(runlog_finish(w->s, run, "FAILED", &counts, NULL, at, 9, false, &w->e));
    }
    assert_int_equal(world_number(w, "SELECT count(*) FROM (SELECT * FROM \"SyncLog\" ORDER BY"
                                     " \"startedAt\" DESC LIMIT 10)"),
                     3);
    assert_int_equal(world_number(w, "SELECT count(*) FROM \"SyncLog\" WHERE \"status\" = 'FAILED'"
                                     " AND \"startedAt\" > datetime('now', '-1 hour')"),
                     2);
    OK(syncs_set_outcome(w->s, sync, "failed", BS_K_NETWORK, "no route", now - 11 * 60000, &w->e));
    assert_int_equal(world_number(w, "SELECT count(*) FROM \"SyncConfig\" WHERE \"isActive\" = true"
                                     " AND \"lastSyncAt\" < datetime('now', '-10 minutes')"),
                     1);
    OK(syncs_set_outcome(w->s, sync, "failed", BS_K_NETWORK, "no route", now - 9 * 60000, &w->e));
    assert_int_equal(world_number(w, "SELECT count(*) FROM \"SyncConfig\" WHERE \"isActive\" = true"
                                     " AND \"lastSyncAt\" < datetime('now', '-10 minutes')"),
                     0);
}

static void the_shell_reads_and_keeps_to_read_only(void **state)
{
    struct world *w = *state;
    char read_sql[] = "SELECT 'version ' || user_version FROM pragma_user_version";
    char write_sql[] = "INSERT INTO Meta VALUES ('shell', '1')";
    char *statements[] = {read_sql, write_sql};
    char out[200] = "";
    int pipe_fd[2], status;
    pid_t pid;

    assert_int_equal(pipe(pipe_fd), 0);
    pid = fork();
    if (pid == 0) {
        dup2(pipe_fd[1], 1);
        dup2(open("/dev/null", O_WRONLY), 2);
        exit(store_shell(w->path, true, 2, statements));
    }
    close(pipe_fd[1]);
    assert_true(read(pipe_fd[0], out, sizeof out - 1) > 0);
    close(pipe_fd[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_string_equal(out, "version 2\n");
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 0);
    assert_int_equal(world_number(w, "SELECT count(*) FROM Meta WHERE name = 'shell'"), 0);
}

#define NEW(f) cmocka_unit_test_setup_teardown(f, world_new, world_end)
#define EMPTY(f) cmocka_unit_test_setup_teardown(f, world_empty, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NEW(a_new_database_is_private_and_set_up),
        NEW(every_commit_is_synced_and_references_are_kept),
        EMPTY(a_missing_database_is_made_only_on_request),
        EMPTY(a_folder_that_is_not_there_is_told_in_words),
        EMPTY(a_file_of_something_else_is_refused),
        EMPTY(a_database_of_another_program_is_refused_and_left_alone),
        NEW(a_database_of_a_newer_program_is_refused_in_plain_words),
        NEW(a_key_that_is_not_the_files_is_refused_before_it_seals_anything),
        EMPTY(an_empty_file_becomes_a_database),
        NEW(who_opens_for_reading_cannot_write),
        NEW(settings_are_kept),
        NEW(what_is_rolled_back_is_not_there),
        NEW(closing_takes_back_an_open_transaction),
        NEW(a_function_within_a_transaction_does_not_end_it),
        NEW(a_clean_end_leaves_no_mark),
        NEW(a_mark_that_was_rolled_back_is_written_again),
        NEW(after_an_unclean_end_a_sound_file_is_used_on),
        NEW(after_an_unclean_end_a_damaged_file_is_refused),
        NEW(a_check_finds_damage),
        NEW(a_check_finds_rows_that_belong_to_nothing),
        NEW(a_write_that_the_disk_refuses_changes_nothing),
        NEW(a_file_that_cannot_be_opened_or_read_is_told_in_words),
        EMPTY(a_disk_that_fills_while_the_file_is_made_leaves_nothing_wrong),
        NEW(a_database_locked_for_too_long_is_told_in_words),
        NEW(a_backup_is_whole_private_and_opens),
        NEW(a_backup_has_nothing_of_an_unfinished_transaction),
        NEW(a_backup_that_fails_leaves_the_last_one),
        NEW(a_damaged_database_makes_no_backup),
        NEW(old_logs_and_history_are_forgotten),
        NEW(a_run_that_goes_on_is_never_forgotten),
        NEW(old_counters_limits_and_leases_are_forgotten),
        NEW(every_table_is_bounded_by_something),
        NEW(many_months_leave_the_file_as_large_as_two_do),
        NEW(space_that_was_freed_is_given_back),
        NEW(the_views_answer_what_people_ask),
        NEW(queries_typed_by_hand_give_what_they_say),
        NEW(the_shell_reads_and_keeps_to_read_only),
    };

    shim_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
