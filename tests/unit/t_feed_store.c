/* t_feed_store.c: what is remembered of a change feed. */
#include "store_world.h"

#include "store/connections.h"
#include "store/feed.h"

#define BASE "appAAAAAAAAAAAAAA"
#define NOW INT64_C(1769076000123)

static const char *anna(struct world *w)
{
    const char *id;

    OK(users_ensure(w->s, "anna", NULL, w->a, &id, &w->e));
    return id;
}

static const char *connected(struct world *w)
{
    const char *id = anna(w);
    char token[] = "patX";
    struct connection c = {.user_id = (char *)(uintptr_t)id,
                           .service = SERVICE_AIRTABLE,
                           .kind = CREDENTIAL_TOKEN,
                           .secret = token};

    OK(connection_put(w->s, &c, &w->e));
    return id;
}

static struct feed_hook hook(struct world *w, const char *user)
{
    struct feed_hook h;

    OK(feed_hook_get(w->s, user, BASE, w->a, &h, &w->e));
    return h;
}

static void a_hook_is_kept_from_the_moment_it_is_asked_for(void **state)
{
    struct world *w = *state;
    const char *user = connected(w);
    struct feed_hook h = {.state = FEED_MAKING};

    assert_int_equal(hook(w, user).state, FEED_NONE);
    OK(feed_hook_set(w->s, user, BASE, &h, NOW, &w->e));
    world_reopen(w);
    assert_int_equal(hook(w, user).state, FEED_MAKING);
    assert_int_equal(hook(w, user).changed_ms, NOW);
    assert_null(hook(w, user).id);
    h = (struct feed_hook){.state = FEED_ACTIVE, .id = "achAAAAAAAAAAAAAA"};
    OK(feed_hook_set(w->s, user, BASE, &h, NOW + 5, &w->e));
    assert_int_equal(hook(w, user).state, FEED_ACTIVE);
    assert_string_equal(hook(w, user).id, "achAAAAAAAAAAAAAA");
    assert_int_equal(hook(w, user).retry_ms, 0);
    assert_int_equal(world_number(w, "SELECT count(*) FROM \"FeedHook\""), 1);
}

static void a_refusal_holds_for_the_credential_that_met_it(void **state)
{
    struct world *w = *state;
    const char *user = connected(w);
    struct feed_hook h = {.state = FEED_REFUSED, .reason = "no right", .retry_ms = NOW + 1000};

    OK(feed_hook_set(w->s, user, BASE, &h, NOW, &w->e));
    assert_string_equal(hook(w, user).reason, "no right");
    assert_int_equal(hook(w, user).retry_ms, NOW + 1000);
    assert_false(hook(w, user).other_credential);
    usleep(2000);
    (void)connected(w);
    assert_true(hook(w, user).other_credential);
}

static void without_a_connection_there_is_no_hook(void **state)
{
    struct world *w = *state;
    const char *user = anna(w);
    struct feed_hook h = {.state = FEED_MAKING};

    assert_int_equal(hook(w, user).state, FEED_NONE);
    FAILS(feed_hook_set(w->s, user, BASE, &h, NOW, &w->e), BS_STOP_SYNC, BS_K_CONFIG, "removed");
}

static void what_a_sync_knows_comes_back_with_its_pending_records(void **state)
{
    struct world *w = *state;
    const char *sync = world_sync(w, "sales");
    const char *ids[] = {"recB", "recA", "recB"};
    const struct feed_state *got;
    const char **pending;
    size_t n;
    struct feed_state f = {
        .hook_id = "ach1",
        .cursor = INT64_C(1) << 40,
        .cursor_ms = NOW,
        .full_scan_ms = NOW - 7,
        .settings = "s",
        .table_id = "tbl1",
        .tables = "{}",
        .tabs = "[]",
        .more_unpaired = true,
    };

    OK(feed_state_get(w->s, sync, w->a, &got, &w->e));
    assert_null(got);
    OK(feed_state_put(w->s, sync, &f, ids, 3, &w->e));
    world_reopen(w);
    sync = world_sync(w, "sales");
    OK(feed_state_get(w->s, sync, w->a, &got, &w->e));
    assert_string_equal(got->hook_id, "ach1");
    assert_true(got->cursor == INT64_C(1) << 40);
    assert_int_equal(got->cursor_ms, NOW);
    assert_int_equal(got->full_scan_ms, NOW - 7);
    assert_string_equal(got->table_id, "tbl1");
    assert_string_equal(got->tables, "{}");
    assert_string_equal(got->tabs, "[]");
    assert_true(got->more_unpaired);
    OK(feed_pending_list(w->s, sync, w->a, &pending, &n, &w->e));
    assert_int_equal(n, 2);
    assert_string_equal(pending[0], "recA");
    assert_string_equal(pending[1], "recB");
    f.cursor = 9;
    OK(feed_state_put(w->s, sync, &f, NULL, 0, &w->e)); /* those stay */
    OK(feed_pending_list(w->s, sync, w->a, &pending, &n, &w->e));
    assert_int_equal(n, 2);
    OK(feed_state_put(w->s, sync, &f, ids, 0, &w->e)); /* and now they go */
    OK(feed_pending_list(w->s, sync, w->a, &pending, &n, &w->e));
    assert_int_equal(n, 0);
}

static void doubt_asks_for_a_full_compare(void **state)
{
    struct world *w = *state;
    const char *sync = world_sync(w, "sales");
    const struct feed_state *got;
    struct feed_state f = {.hook_id = "a",
                           .cursor = 1,
                           .cursor_ms = NOW,
                           .full_scan_ms = NOW,
                           .settings = "",
                           .table_id = "",
                           .tables = "",
                           .tabs = ""};

    OK(feed_state_doubt(w->s, sync, &w->e)); /* nothing to doubt */
    OK(feed_state_put(w->s, sync, &f, NULL, 0, &w->e));
    OK(feed_state_doubt(w->s, sync, &w->e));
    OK(feed_state_get(w->s, sync, w->a, &got, &w->e));
    assert_int_equal(got->full_scan_ms, 0);
    assert_int_equal(got->cursor, 1);
}

#define NEW(f) cmocka_unit_test_setup_teardown(f, world_new, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NEW(a_hook_is_kept_from_the_moment_it_is_asked_for),
        NEW(a_refusal_holds_for_the_credential_that_met_it),
        NEW(without_a_connection_there_is_no_hook),
        NEW(what_a_sync_knows_comes_back_with_its_pending_records),
        NEW(doubt_asks_for_a_full_compare),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
