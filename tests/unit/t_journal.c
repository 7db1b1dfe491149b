/* t_journal.c: creates that are about to be sent. */
#include "store_world.h"

#include "store/journal.h"

#include <signal.h>
#include <sys/wait.h>

static struct intent intent(const char *sync, const char *payload)
{
    return (struct intent){
        .sync_id = sync,
        .table_id = "tblAAAAAAAAAAAAAA",
        .run_id = "run-1",
        .row_hint = 12,
        .content = UINT64_MAX - 5,
        .row_content = 77,
        .payload = payload,
        .created_ms = 1769076000123,
        .server_ms = 1769076001000,
    };
}

static struct intent *list(struct world *w, const char *sync, size_t *n)
{
    struct intent *out;

    OK(journal_list(w->s, sync, w->a, &out, n, &w->e));
    return out;
}

static void intents_come_back_in_their_order(void **state)
{
    struct world *w = *state;
    const char *sync = world_sync(w, "sales");
    struct intent two[] = {intent(sync, "{\"fld1\":\"a\"}"), intent(sync, "{\"fld1\":\"a\"}")},
                  *got;
    size_t n;

    two[1].server_ms = 0;
    two[1].row_hint = 0;
    OK(journal_add(w->s, two, 2, &w->e));
    assert_true(two[0].id > 0 && two[1].id > two[0].id);
    world_reopen(w);
    got = list(w, world_sync(w, "sales"), &n);
    assert_int_equal(n, 2);
    assert_int_equal(got[0].id, two[0].id);
    assert_int_equal(got[1].id, two[1].id);
    assert_string_equal(got[0].table_id, "tblAAAAAAAAAAAAAA");
    assert_string_equal(got[0].run_id, "run-1");
    assert_int_equal(got[0].row_hint, 12);
    assert_true(got[0].content == UINT64_MAX - 5);
    assert_int_equal(got[0].row_content, 77);
    assert_string_equal(got[0].payload, "{\"fld1\":\"a\"}");
    assert_null(got[0].record_id);
    assert_int_equal(got[0].state, INTENT_PENDING);
    assert_int_equal(got[0].created_ms, 1769076000123);
    assert_int_equal(got[0].server_ms, 1769076001000);
    assert_int_equal(got[1].server_ms, 0);
    assert_int_equal(got[1].row_hint, 0);
}

static void an_intent_goes_from_pending_to_created_to_settled(void **state)
{
    struct world *w = *state;
    const char *sync = world_sync(w, "sales");
    struct intent it = intent(sync, "{}"), *got;
    size_t n;

    OK(journal_add(w->s, &it, 1, &w->e));
    OK(store_begin(w->s, &w->e));
    OK(journal_created(w->s, it.id, "recX", &w->e));
    OK(store_commit(w->s, &w->e));
    got = list(w, sync, &n);
    assert_int_equal(n, 1);
    assert_int_equal(got[0].state, INTENT_CREATED);
    assert_string_equal(got[0].record_id, "recX");
    OK(store_begin(w->s, &w->e));
    OK(journal_done(w->s, it.id, &w->e));
    FAILS(journal_done(w->s, it.id, &w->e), BS_STOP_SYNC, BS_K_STATE, "is not in the journal");
    FAILS(journal_created(w->s, it.id, "recX", &w->e), BS_STOP_SYNC, BS_K_STATE,
          "is not in the journal");
    OK(store_commit(w->s, &w->e));
    list(w, sync, &n);
    assert_int_equal(n, 0);
}

static void the_intent_of_a_record_that_has_arrived_is_settled(void **state)
{
    struct world *w = *state;
    const char *sync = world_sync(w, "sales");
    struct intent two[] = {intent(sync, "{}"), intent(sync, "{}")}, *got;
    size_t n;

    OK(journal_add(w->s, two, 2, &w->e));
    OK(store_begin(w->s, &w->e));
    OK(journal_created(w->s, two[0].id, "recX", &w->e));
    OK(journal_done_record(w->s, sync, "recY", &w->e)); /* none of ours: nothing happens */
    OK(journal_done_record(w->s, "another sync", "recX", &w->e));
    OK(store_commit(w->s, &w->e));
    list(w, sync, &n);
    assert_int_equal(n, 2);
    OK(store_begin(w->s, &w->e));
    OK(journal_done_record(w->s, sync, "recX", &w->e));
    OK(store_commit(w->s, &w->e));
    got = list(w, sync, &n);
    assert_int_equal(n, 1);
    assert_int_equal(got[0].id, two[1].id);
}

static void what_is_rolled_back_did_not_happen(void **state)
{
    struct world *w = *state;
    const char *sync = world_sync(w, "sales");
    struct intent it = intent(sync, "{}");
    size_t n;

    OK(journal_add(w->s, &it, 1, &w->e));
    OK(store_begin(w->s, &w->e));
    OK(journal_done(w->s, it.id, &w->e));
    store_rollback(w->s);
    assert_int_equal(list(w, sync, &n)[0].state, INTENT_PENDING);
    assert_int_equal(n, 1);
}

static void all_intents_of_a_batch_are_kept_or_none(void **state)
{
    struct world *w = *state;
    const char *sync = world_sync(w, "sales");
    struct intent three[] = {intent(sync, "{}"), intent(sync, "{}"), intent("nobody", "{}")};
    size_t n;

    assert_int_equal(journal_add(w->s, three, 3, &w->e), BS_STOP_ALL);
    list(w, sync, &n);
    assert_int_equal(n, 0);
}

static void intents_are_there_after_the_process_was_killed(void **state)
{
    struct world *w = *state;
    const char *sync = world_sync(w, "sales");
    pid_t pid;
    size_t n;
    int status;

    store_close(w->s);
    w->s = NULL;
    pid = fork();
    if (pid == 0) {
        struct intent it = intent(sync, "{}");

        world_open(w, STORE_EXISTING);
        it.sync_id = world_sync(w, "sales");
        if (journal_add(w->s, &it, 1, &w->e) == BS_OK) {
            raise(SIGKILL);
        }
        _exit(1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    world_open(w, STORE_EXISTING);
    list(w, world_sync(w, "sales"), &n);
    assert_int_equal(n, 1);
}

#define NEW(f) cmocka_unit_test_setup_teardown(f, world_new, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NEW(intents_come_back_in_their_order),
        NEW(an_intent_goes_from_pending_to_created_to_settled),
        NEW(the_intent_of_a_record_that_has_arrived_is_settled),
        NEW(what_is_rolled_back_did_not_happen),
        NEW(all_intents_of_a_batch_are_kept_or_none),
        NEW(intents_are_there_after_the_process_was_killed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
