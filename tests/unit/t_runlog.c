/* t_runlog.c: runs, their changes, and conflicts that wait. */
#include "store_world.h"

#include "store/runlog.h"

#include <sys/wait.h>

#define T0 1769076000000 /* 2026-01-22 10:00 UTC */

static const char *start(struct world *w, const char *sync, int64_t at)
{
    const char *run;

    OK(runlog_start(w->s, sync, "scheduled", "BIDIRECTIONAL", at, w->a, &run, &w->e));
    return run;
}

static void finish(struct world *w, const char *run, const char *status, int64_t at)
{
    const struct run_counts none = {0};

    OK(runlog_finish(w->s, run, status, &none, NULL, at, 5, false, &w->e));
}

static struct log_row *list(struct world *w, struct log_filter f, size_t *n)
{
    struct log_row *rows;

    if (f.limit == 0) {
        f.limit = 100;
    }
    OK(runlog_list(w->s, &f, w->a, &rows, n, &w->e));
    return rows;
}

static void a_run_has_a_row_from_its_start(void **state)
{
    struct world *w = *state;
    const char *run = start(w, world_sync(w, "sales"), T0);
    struct log_row *rows;
    size_t n;

    rows = list(w, (struct log_filter){0}, &n);
    assert_int_equal(n, 1);
    assert_string_equal(rows[0].id, run);
    assert_string_equal(rows[0].status, "RUNNING");
    assert_string_equal(rows[0].sync_slug, "sales");
    assert_string_equal(rows[0].sync_name, "Sales Data Sync");
    assert_string_equal(rows[0].started_at, "2026-01-22 10:00:00.000");
    assert_null(rows[0].completed_at);
    assert_null(rows[0].errors);
    assert_string_equal(rows[0].trigger, "scheduled");
    assert_string_equal(rows[0].direction, "BIDIRECTIONAL");
}

static void a_finished_run_keeps_all_its_counts(void **state)
{
    struct world *w = *state;
    const char *run = start(w, world_sync(w, "sales"), T0);
    const struct run_counts c = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    struct log_row *rows;
    size_t n;

    OK(runlog_finish(w->s, run, "PARTIAL", &c, "[{\"message\":\"x\"}]", T0 + 2456, 2456, false,
                     &w->e));
    rows = list(w, (struct log_filter){0}, &n);
    assert_memory_equal(&rows[0].counts, &c, sizeof c);
    assert_string_equal(rows[0].status, "PARTIAL");
    assert_string_equal(rows[0].errors, "[{\"message\":\"x\"}]");
    assert_string_equal(rows[0].completed_at, "2026-01-22 10:00:02.456");
    assert_int_equal(rows[0].duration_ms, 2456);
    assert_false(rows[0].dry_run);
    assert_string_equal(world_text(w, "SELECT recordsSynced || '/' || recordsFailed FROM SyncLog"),
                        "21/10");
}

static void a_dry_run_has_synced_nothing(void **state)
{
    struct world *w = *state;
    const char *run = start(w, world_sync(w, "sales"), T0);
    const struct run_counts c = {.rows_added = 4};
    size_t n;

    OK(runlog_finish(w->s, run, "SUCCESS", &c, NULL, T0, 1, true, &w->e));
    assert_true(list(w, (struct log_filter){0}, &n)[0].dry_run);
    assert_int_equal(world_number(w, "SELECT recordsSynced FROM SyncLog"), 0);
    assert_int_equal(world_number(w, "SELECT rowsAdded FROM SyncLog"), 4);
}

static void what_is_no_run_cannot_be_finished(void **state)
{
    struct world *w = *state;
    const struct run_counts none = {0};
    const char *run = start(w, world_sync(w, "sales"), T0);

    FAILS(runlog_finish(w->s, "nobody", "SUCCESS", &none, NULL, T0, 1, false, &w->e), BS_STOP_SYNC,
          BS_K_STATE, "has no row");
    FAILS(runlog_finish(w->s, run, "DONE", &none, NULL, T0, 1, false, &w->e), BS_STOP_ALL,
          BS_K_STATE, "rules");
    FAILS(runlog_finish(w->s, run, "FAILED", &none, "not json", T0, 1, false, &w->e), BS_STOP_ALL,
          BS_K_STATE, "rules");
}

static void runs_are_listed_as_they_are_asked_for(void **state)
{
    struct world *w = *state;
    struct sync_config two[] = {world_config("a"), world_config("b")};
    const char *runs[4];
    struct log_row *all;
    size_t n;

    OK(syncs_mirror(w->s, two, 2, &w->e));
    for (int k = 0; k < 4; k++) {
        runs[k] = start(w, two[k % 2].id, T0 + k * 60000);
        finish(w, runs[k], k == 1 ? "FAILED" : "SUCCESS", T0 + k * 60000 + 5);
    }
    all = list(w, (struct log_filter){0}, &n);
    assert_int_equal(n, 4);
    assert_string_equal(all[0].id, runs[3]);
    assert_string_equal(all[3].id, runs[0]);
    assert_string_equal(list(w, (struct log_filter){.sync_slug = "a"}, &n)[0].id, runs[2]);
    assert_int_equal(n, 2);
    assert_string_equal(list(w, (struct log_filter){.failed_only = true}, &n)[0].id, runs[1]);
    assert_int_equal(n, 1);
    list(w, (struct log_filter){.since_ms = T0 + 60000}, &n);
    assert_int_equal(n, 3);
    list(w, (struct log_filter){.limit = 2}, &n);
    assert_int_equal(n, 2);
    list(w, (struct log_filter){.after_rowid = all[1].rowid}, &n);
    assert_int_equal(n, 1);
    list(w, (struct log_filter){.run_id = runs[2]}, &n);
    assert_int_equal(n, 1);
    char prefix[9];
    snprintf(prefix, sizeof prefix, "%s", runs[2]);
    assert_string_equal(list(w, (struct log_filter){.run_id = prefix}, &n)[0].id, runs[2]);
    list(w, (struct log_filter){.run_id = "%"}, &n);
    assert_int_equal(n, 0);
}

static void a_run_whose_process_died_becomes_failed(void **state)
{
    struct world *w = *state;
    const char *sync = world_sync(w, "sales"), *mine;
    struct log_row *rows;
    int status;
    size_t n;
    pid_t pid;

    store_close(w->s);
    w->s = NULL;
    pid = fork();
    if (pid == 0) {
        world_open(w, STORE_EXISTING);
        start(w, world_sync(w, "sales"), T0);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    world_open(w, STORE_EXISTING);
    sync = world_sync(w, "sales");
    mine = start(w, sync, T0 + 1000);
    OK(runlog_abandon(w->s, "another sync", "killed", T0 + 5000, &w->e));
    assert_int_equal(world_number(w, "SELECT count(*) FROM SyncLog WHERE status IS NULL"), 2);
    OK(runlog_abandon(w->s, sync, "killed by \"signal 9\"", T0 + 5000, &w->e));
    rows = list(w, (struct log_filter){0}, &n);
    assert_int_equal(n, 2);
    assert_string_equal(rows[0].id, mine);
    assert_string_equal(rows[0].status, "RUNNING"); /* this process lives */
    assert_string_equal(rows[1].status, "FAILED");
    assert_string_equal(rows[1].completed_at, "2026-01-22 10:00:05.000");
    assert_int_equal(rows[1].duration_ms, 5000);
    assert_string_equal(world_text(w, "SELECT json_extract(errors, '$[0].message') FROM SyncLog"
                                      " WHERE status = 'FAILED'"),
                        "killed by \"signal 9\"");
}

static void the_history_has_the_old_value_first(void **state)
{
    struct world *w = *state;
    const char *run = start(w, world_sync(w, "sales"), T0);
    const struct change cell = {.side = "AIRTABLE",
                                .action = "update",
                                .record_id = "recA",
                                .row = 7,
                                .field_id = "fldA",
                                .field_name = "Amount",
                                .old_text = "1.50",
                                .new_text = "2",
                                .old_raw = "n:1.5",
                                .new_raw = "n:2",
                                .why = "conflict won by SHEETS",
                                .loser = "3"};
    const struct change row = {.side = "SHEETS", .action = "create", .why = "new"};
    struct change_row *got;
    int64_t a, b;
    size_t n;

    OK(store_begin(w->s, &w->e));
    OK(runlog_change(w->s, run, &cell, &a, &w->e));
    OK(runlog_change(w->s, run, &row, &b, &w->e));
    OK(store_commit(w->s, &w->e));
    OK(runlog_changes(w->s, run, w->a, &got, &n, &w->e));
    assert_int_equal(n, 2);
    assert_int_equal(got[0].id, a);
    assert_string_equal(got[0].c.side, "AIRTABLE");
    assert_string_equal(got[0].c.action, "update");
    assert_string_equal(got[0].c.record_id, "recA");
    assert_int_equal(got[0].c.row, 7);
    assert_string_equal(got[0].c.field_id, "fldA");
    assert_string_equal(got[0].c.field_name, "Amount");
    assert_string_equal(got[0].c.old_text, "1.50");
    assert_string_equal(got[0].c.new_text, "2");
    assert_string_equal(got[0].c.old_raw, "n:1.5");
    assert_string_equal(got[0].c.new_raw, "n:2");
    assert_string_equal(got[0].c.why, "conflict won by SHEETS");
    assert_string_equal(got[0].c.loser, "3");
    assert_string_equal(got[0].outcome, "planned");
    assert_false(got[0].undone);
    assert_null(got[1].c.record_id);
    assert_int_equal(got[1].c.row, 0);
    OK(store_begin(w->s, &w->e));
    OK(runlog_outcome(w->s, a, "unsure", NULL, &w->e));
    OK(runlog_outcome(w->s, b, "done", "recNEW", &w->e));
    FAILS(runlog_outcome(w->s, b + 1, "done", NULL, &w->e), BS_STOP_SYNC, BS_K_STATE,
          "not in the history");
    FAILS(runlog_outcome(w->s, b, "perhaps", NULL, &w->e), BS_STOP_ALL, BS_K_STATE, "rules");
    OK(store_commit(w->s, &w->e));
    OK(runlog_mark_undone(w->s, a, &w->e));
    OK(runlog_changes(w->s, run, w->a, &got, &n, &w->e));
    assert_string_equal(got[0].outcome, "unsure");
    assert_string_equal(got[0].c.record_id, "recA");
    assert_true(got[0].undone);
    assert_string_equal(got[1].outcome, "done");
    assert_string_equal(got[1].c.record_id, "recNEW");
    assert_false(got[1].undone);
}

static struct conflict conflict(const char *record, const char *a, const char *s)
{
    return (struct conflict){.record_id = record,
                             .field_id = "fld1",
                             .field_name = "Amount",
                             .row = 3,
                             .airtable_text = a,
                             .sheets_text = s};
}

static void conflicts_are_replaced_but_keep_when_they_began(void **state)
{
    struct world *w = *state;
    const char *sync = world_sync(w, "sales");
    struct conflict now[] = {conflict("recA", "1", "2"), conflict("recB", "3", "4")}, *got;
    size_t n;

    OK(conflicts_replace(w->s, sync, now, 2, T0, &w->e));
    now[0] = conflict("recC", "5", "6");
    OK(conflicts_replace(w->s, sync, now, 2, T0, &w->e)); /* in the same millisecond */
    OK(conflicts_list(w->s, "sales", w->a, &got, &n, &w->e));
    assert_int_equal(n, 2);
    OK(conflicts_replace(w->s, sync, now, 2, T0 + 60000, &w->e));
    OK(conflicts_list(w->s, NULL, w->a, &got, &n, &w->e));
    assert_int_equal(n, 2);
    assert_string_equal(got[0].record_id, "recB");
    assert_string_equal(got[0].first_seen_at, "2026-01-22 10:00:00.000");
    assert_string_equal(got[0].sync_slug, "sales");
    assert_string_equal(got[0].sync_id, sync);
    assert_string_equal(got[0].field_name, "Amount");
    assert_int_equal(got[0].row, 3);
    assert_string_equal(got[0].airtable_text, "3");
    assert_string_equal(got[0].sheets_text, "4");
    assert_string_equal(got[1].record_id, "recC");
    OK(conflicts_list(w->s, "other", w->a, &got, &n, &w->e));
    assert_int_equal(n, 0);
    OK(conflicts_replace(w->s, sync, NULL, 0, T0, &w->e));
    OK(conflicts_list(w->s, "sales", w->a, &got, &n, &w->e));
    assert_int_equal(n, 0);
}

static void a_choice_stands_while_the_values_do(void **state)
{
    struct world *w = *state;
    const char *sync = world_sync(w, "sales");
    struct conflict now[] = {conflict("recA", "1", "2"), conflict("recB", "3", "4")}, *got;
    size_t n;

    OK(conflicts_replace(w->s, sync, now, 2, T0, &w->e));
    OK(conflicts_choose(w->s, "sales", "recA", "Amount", "airtable", &w->e));
    OK(conflicts_choose(w->s, "sales", "recB", "fld1", "sheets", &w->e));
    FAILS(conflicts_choose(w->s, "sales", "recX", "Amount", "sheets", &w->e), BS_STOP_SYNC,
          BS_K_CONFIG, "has no open conflict in record recX");
    FAILS(conflicts_choose(w->s, "sales", "recA", "Amount", "both", &w->e), BS_STOP_ALL, BS_K_STATE,
          "rules");
    now[1].sheets_text = "edited since";
    OK(conflicts_replace(w->s, sync, now, 2, T0 + 1000, &w->e));
    OK(conflicts_list(w->s, "sales", w->a, &got, &n, &w->e));
    assert_string_equal(got[0].choice, "airtable");
    assert_null(got[1].choice);
}

#define NEW(f) cmocka_unit_test_setup_teardown(f, world_new, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NEW(a_run_has_a_row_from_its_start),
        NEW(a_finished_run_keeps_all_its_counts),
        NEW(a_dry_run_has_synced_nothing),
        NEW(what_is_no_run_cannot_be_finished),
        NEW(runs_are_listed_as_they_are_asked_for),
        NEW(a_run_whose_process_died_becomes_failed),
        NEW(the_history_has_the_old_value_first),
        NEW(conflicts_are_replaced_but_keep_when_they_began),
        NEW(a_choice_stands_while_the_values_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
