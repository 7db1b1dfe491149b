/* t_migrate.c: files of older versions come up to date, whatever happens meanwhile. */
#include "store_world.h"

#include "store/connections.h"
#include "vfs_shim.h"

/* Two versions before, the third renames a column by building the table anew. */
static const struct db_step steps[] = {
    {"CREATE TABLE \"Meta\" (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT,"
     " WITHOUT ROWID; CREATE TABLE parent (id INTEGER PRIMARY KEY, old TEXT) STRICT;"
     "CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent(id)) STRICT"},
    {"ALTER TABLE child ADD COLUMN note TEXT; UPDATE child SET note = 'v2'"},
    {"CREATE TABLE parent_new (id INTEGER PRIMARY KEY, renamed TEXT) STRICT;"
     "INSERT INTO parent_new SELECT id, old FROM parent; DROP TABLE parent;"
     "ALTER TABLE parent_new RENAME TO parent"},
};
static const char views[] = "DROP VIEW IF EXISTS v_all; CREATE VIEW v_all AS"
                            " SELECT c.id AS id, p.renamed AS renamed, c.note AS note"
                            " FROM child c JOIN parent p ON p.id = c.parent";

/* A store on the world's file without the program's own steps. */
static void bare_open(struct world *w, int version)
{
    struct store *s = bs_alloc(sizeof *s);

    s->path = bs_strdup(w->path);
    s->version = version;
    assert_int_equal(sqlite3_open(w->path, &s->db), SQLITE_OK);
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, 2000);
    w->s = s;
    OK(db_script(s, "PRAGMA journal_mode=WAL", &w->e));
}

static void bare_reopen(struct world *w)
{
    int64_t version;

    OK(db_number(w->s, "PRAGMA user_version", &version, &w->e));
    store_close(w->s);
    bare_open(w, (int)version);
}

/* A file of version 1 with a row in it. */
static int older(void **state)
{
    struct world *w;

    world_empty(state);
    w = *state;
    bare_open(w, 0);
    OK(db_migrate(w->s, steps, 1, NULL, &w->e));
    OK(db_script(w->s, "INSERT INTO parent VALUES (1, 'p'); INSERT INTO child VALUES (7, 1)",
                 &w->e));
    return 0;
}

static const char *bak(struct world *w, int version)
{
    static char path[128];

    snprintf(path, sizeof path, "%s.v%d.bak", w->path, version);
    return path;
}

static void an_older_file_keeps_its_rows(void **state)
{
    struct world *w = *state;

    OK(db_migrate(w->s, steps, 3, views, &w->e));
    assert_int_equal(store_schema_version(w->s), 3);
    assert_string_equal(world_text(w, "SELECT id || renamed || note FROM v_all"), "7pv2");
    assert_int_equal(world_number(w, "PRAGMA user_version"), 3);
    assert_int_equal(world_number(w, "PRAGMA application_id"), STORE_APPLICATION_ID);
}

static void references_hold_again_afterwards(void **state)
{
    struct world *w = *state;

    OK(db_migrate(w->s, steps, 3, views, &w->e));
    FAILS(db_script(w->s, "INSERT INTO child VALUES (8, 99, '')", &w->e), BS_STOP_ALL, BS_K_STATE,
          "rules");
}

static void the_file_before_the_upgrade_is_put_aside(void **state)
{
    struct world *w = *state;
    struct world copy;
    struct stat st;

    OK(db_migrate(w->s, steps, 3, views, &w->e));
    assert_int_equal(stat(bak(w, 1), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    snprintf(copy.path, sizeof copy.path, "%s", bak(w, 1));
    assert_int_equal(world_number(&copy, "PRAGMA user_version"), 1);
    assert_string_equal(world_text(&copy, "SELECT old FROM parent"), "p");
    assert_int_not_equal(access(bak(w, 2), F_OK), 0);
}

static void a_new_file_needs_no_copy(void **state)
{
    struct world *w = *state;

    bare_open(w, 0);
    OK(db_migrate(w->s, steps, 3, views, &w->e));
    assert_int_not_equal(access(bak(w, 0), F_OK), 0);
    assert_int_equal(world_number(w, "SELECT count(*) FROM v_all"), 0);
}

static void without_room_for_the_copy_nothing_is_upgraded(void **state)
{
    struct world *w = *state;
    char block[160];

    snprintf(block, sizeof block, "%s.part", bak(w, 1));
    assert_int_equal(mkdir(block, 0700), 0);
    assert_int_equal(db_migrate(w->s, steps, 3, views, &w->e), BS_STOP_ALL);
    assert_non_null(strstr(w->e.msg, "before the upgrade a copy"));
    assert_int_equal(world_number(w, "PRAGMA user_version"), 1);
    rmdir(block);
}

static void a_step_that_fails_leaves_the_version_before_it(void **state)
{
    static const struct db_step broken[] = {
        {""}, {"ALTER TABLE child ADD COLUMN note TEXT"}, {"DROP TABLE child; nonsense"}};
    struct world *w = *state;

    assert_int_equal(db_migrate(w->s, broken, 3, NULL, &w->e), BS_STOP_ALL);
    assert_int_equal(world_number(w, "PRAGMA user_version"), 2);
    assert_int_equal(world_number(w, "SELECT count(*) FROM child WHERE note IS NULL"), 1);
    assert_int_equal(store_schema_version(w->s), 2);
    bare_reopen(w);
    OK(db_migrate(w->s, steps, 3, views, &w->e)); /* the mended program goes on from there */
    assert_int_equal(world_number(w, "SELECT count(*) FROM v_all"), 1);
}

static void a_step_that_would_orphan_rows_is_taken_back(void **state)
{
    static const struct db_step orphaning[] = {{""}, {"DELETE FROM parent"}};
    struct world *w = *state;

    FAILS(db_migrate(w->s, orphaning, 2, NULL, &w->e), BS_STOP_ALL, BS_K_INTERNAL,
          "would break 1 references and was taken back");
    assert_int_equal(world_number(w, "SELECT count(*) FROM parent"), 1);
    assert_int_equal(world_number(w, "PRAGMA user_version"), 1);
}

static void a_step_taken_by_another_process_is_not_taken_again(void **state)
{
    struct world *w = *state;
    struct store *late = w->s;

    bare_open(w, 1);
    OK(db_migrate(w->s, steps, 3, views, &w->e));
    assert_int_equal(late->version, 1);
    OK(db_migrate(late, steps, 3, views, &w->e)); /* still believes in version 1 */
    assert_int_equal(late->version, 3);
    assert_int_equal(world_number(w, "SELECT count(*) FROM v_all"), 1);
    store_close(late);
}

static int writes_left;

static int fill_up(enum shim_op op, const char *path)
{
    (void)path;
    return op == SHIM_WRITE && writes_left-- <= 0 ? SQLITE_FULL : SQLITE_OK;
}

static void a_disk_that_fills_at_any_write_leaves_a_whole_version(void **state)
{
    struct world *w = *state;
    int n, failures = 0;

    for (n = 0;; n++) {
        enum bs_rc rc;
        long long version;

        shim = (struct shim_hooks){.before = fill_up};
        writes_left = n;
        rc = db_migrate(w->s, steps, 3, views, &w->e);
        shim = (struct shim_hooks){NULL};
        version = world_number(w, "PRAGMA user_version");
        assert_in_range(version, 1, 3);
        assert_string_equal(world_text(w, "PRAGMA integrity_check"), "ok");
        assert_int_equal(world_number(w, version < 3 ? "SELECT count(*) FROM parent WHERE old='p'"
                                                     : "SELECT count(*) FROM v_all"),
                         1);
        if (rc == BS_OK) {
            assert_int_equal(version, 3);
            break;
        }
        failures++;
        bare_reopen(w);
    }
    assert_true(failures > 5);
}

/* The program's own steps from the oldest version on: what a person has entrusted to it stays. */
static void a_file_of_version_1_comes_up_to_date_with_its_credentials(void **state)
{
    struct world *w = *state;
    struct connection *c;

    bare_open(w, 0);
    OK(db_migrate(w->s, db_steps, 1, NULL, &w->e));
    OK(db_script(
        w->s,
        "INSERT INTO \"User\" VALUES ('u1', 'anna', NULL, '', '');"
        "INSERT INTO \"GoogleSheetsConnection\"(id, userId, kind, googleAccountEmail,"
        " needsReauth, createdAt, updatedAt) VALUES ('c1', 'u1', 'oauth', 'anna@example.com',"
        " 1, '', '')",
        &w->e));
    store_close(w->s);
    world_open(w, STORE_EXISTING);
    assert_int_equal(store_schema_version(w->s), db_steps_n);
    assert_int_equal(access(bak(w, 1), F_OK), 0);
    OK(connection_get(w->s, "u1", SERVICE_GOOGLE, true, &c, &w->e));
    assert_string_equal(c->account, "anna@example.com");
    assert_true(c->needs_reauth);
    assert_int_equal(c->refresh_expires_ms, 0);
    connection_free(c);
}

#define OLDER(f) cmocka_unit_test_setup_teardown(f, older, world_end)

/* ---- the program's own versions ---- */

/* A file as version 1 left it, with a row in each table that has rows there. */
static const char rows_of_v1[] =
    "INSERT INTO \"User\" VALUES ('u1', 'default', NULL, '2026-01-22 10:00:00.000', '');"
    "INSERT INTO \"SyncConfig\"(id, userId, slug, name, airtableBaseId, airtableTableId,"
    " googleSpreadsheetId, googleSheetId, fieldMappings, syncDirection, conflictResolution, "
    "isPaused,"
    " lastSyncStatus, createdAt, updatedAt) VALUES ('s1', 'u1', 'sales', 'Sales', 'app1', 'Deals',"
    " '1x', 'Deals', '[]', 'BIDIRECTIONAL', 'HOLD', 1, 'failed', '', '');"
    "INSERT INTO \"SyncLog\"(id, syncConfigId, status, startedAt, triggeredBy, direction, owner)"
    " VALUES ('l1', 's1', 'FAILED', '2026-01-22 10:00:00.000', 'manual', 'BIDIRECTIONAL', 'x');"
    "INSERT INTO \"SyncChange\"(syncLogId, side, action, why, createdAt)"
    " VALUES ('l1', 'SHEETS', 'update', 'edit', '2026-01-22 10:00:00.000');"
    "INSERT INTO \"PairState\" VALUES ('s1', 'rec1', 2, 3, 0, x'0102030405060708');"
    "INSERT INTO \"SyncConflict\"(syncConfigId, recordId, fieldId, fieldName, firstSeenAt,"
    " lastSeenAt) VALUES ('s1', 'rec1', 'fld1', 'Name', '', '');"
    "INSERT INTO \"UsageMonth\" VALUES ('2026-01', 'airtable:usr1', 42);";

static void a_file_of_any_released_version_comes_up_to_date(void **state)
{
    static const char schema[] =
        "SELECT group_concat(name || coalesce(sql, ''), x'0a') FROM (SELECT name, sql FROM"
        " sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name)";

    (void)state;
    for (int from = 1; from < db_steps_n; from++) {
        void *old, *fresh;
        struct world *w;
        char want[sizeof w->text];

        world_new(&fresh);
        memcpy(want, world_text(fresh, schema), sizeof want);
        world_end(&fresh);
        world_empty(&old);
        w = old;
        bare_open(w, 0);
        OK(db_migrate(w->s, db_steps, from, NULL, &w->e));
        OK(db_script(w->s, rows_of_v1, &w->e));
        store_close(w->s);
        world_open(w, STORE_EXISTING);
        assert_int_equal(store_schema_version(w->s), db_steps_n);
        assert_string_equal(world_text(w, schema), want);
        assert_string_equal(
            world_text(w, "SELECT slug || isPaused || status || why || hex(bases) || k.fieldName ||"
                          " calls FROM \"SyncConfig\" c JOIN \"SyncLog\" l ON l.syncConfigId = c.id"
                          " JOIN \"SyncChange\" h ON h.syncLogId = l.id JOIN \"PairState\" p ON"
                          " p.syncConfigId = c.id JOIN \"SyncConflict\" k ON k.syncConfigId = c.id,"
                          " \"UsageMonth\""),
            "sales1FAILEDedit0102030405060708Name42");
        assert_int_equal(access(bak(w, from), F_OK), 0);
        OK(store_check(w->s, true, &w->e));
        world_end(&old);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_any_released_version_comes_up_to_date),
        OLDER(an_older_file_keeps_its_rows),
        OLDER(references_hold_again_afterwards),
        OLDER(the_file_before_the_upgrade_is_put_aside),
        cmocka_unit_test_setup_teardown(a_new_file_needs_no_copy, world_empty, world_end),
        OLDER(without_room_for_the_copy_nothing_is_upgraded),
        OLDER(a_step_that_fails_leaves_the_version_before_it),
        OLDER(a_step_that_would_orphan_rows_is_taken_back),
        OLDER(a_step_taken_by_another_process_is_not_taken_again),
        OLDER(a_disk_that_fills_at_any_write_leaves_a_whole_version),
        cmocka_unit_test_setup_teardown(a_file_of_version_1_comes_up_to_date_with_its_credentials,
                                        world_empty, world_end),
    };

    shim_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
