/* t_syncs.c: users, the mirror of the INI, outcomes, facts and what a person has been told. */
#include "store_world.h"

#include "store/notify.h"

static const struct sync_config *find(const struct sync_config *list, size_t n, const char *slug)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i].slug, slug) == 0) {
            return &list[i];
        }
    }
    return NULL;
}

static const struct sync_config *get(struct world *w, const char *slug)
{
    const struct sync_config *list, *c;
    size_t n;

    OK(syncs_list(w->s, false, w->a, &list, &n, &w->e));
    c = find(list, n, slug);
    assert_non_null(c);
    return c;
}

static void a_user_is_made_once(void **state)
{
    struct world *w = *state;
    const char *first, *again, *other;
    char name[USER_NAME_MAX];

    OK(users_ensure(w->s, "anna", "anna@example.com", w->a, &first, &w->e));
    OK(users_ensure(w->s, "anna", NULL, w->a, &again, &w->e));
    OK(users_name(w->s, first, name, &w->e));
    assert_string_equal(name, ""); /* nobody else is there */
    OK(users_ensure(w->s, "ben", NULL, w->a, &other, &w->e));
    OK(users_name(w->s, first, name, &w->e));
    assert_string_equal(name, "anna");
    OK(users_name(w->s, "nobody", name, &w->e));
    assert_string_equal(name, "");
    assert_string_equal(first, again);
    assert_string_not_equal(first, other);
    assert_string_equal(world_text(w, "SELECT email FROM User WHERE name = 'anna'"),
                        "anna@example.com");
    OK(users_ensure(w->s, "anna", "new@example.com", w->a, &again, &w->e));
    assert_string_equal(world_text(w, "SELECT email FROM User WHERE name = 'anna'"),
                        "new@example.com");
}

static void every_wish_of_a_section_is_mirrored(void **state)
{
    struct world *w = *state;
    struct sync_config c = world_config("sales");
    const struct sync_config *got;

    c.view_ref = "viwAAAAAAAAAAAAAA";
    OK(syncs_mirror(w->s, &c, 1, &w->e));
    assert_int_equal(strlen(c.id), 36);
    got = get(w, "sales");
    assert_string_equal(got->id, c.id);
    assert_string_equal(got->name, c.name);
    assert_string_equal(got->user_name, "default");
    assert_string_equal(got->user_id, c.user_id);
    assert_true(got->is_active);
    assert_false(got->is_paused);
    assert_string_equal(got->base_id, c.base_id);
    assert_string_equal(got->table_ref, c.table_ref);
    assert_string_equal(got->view_ref, c.view_ref);
    assert_string_equal(got->spreadsheet_id, c.spreadsheet_id);
    assert_string_equal(got->sheet_ref, c.sheet_ref);
    assert_string_equal(got->mappings_json, c.mappings_json);
    assert_string_equal(got->direction, c.direction);
    assert_string_equal(got->conflicts, c.conflicts);
    assert_string_equal(got->schedule, c.schedule);
    assert_null(got->last_sync_at);
    assert_null(got->last_status);
    assert_null(got->next_sync_at);
}

static void only_what_changed_is_written(void **state)
{
    struct world *w = *state;
    struct sync_config c = world_config("sales"), again = world_config("sales");
    char before[64];

    OK(syncs_mirror(w->s, &c, 1, &w->e));
    world_text(w, "UPDATE SyncConfig SET updatedAt = '2020-01-01 00:00:00.000'");
    OK(syncs_mirror(w->s, &again, 1, &w->e));
    assert_string_equal(again.id, c.id);
    snprintf(before, sizeof before, "%s", world_text(w, "SELECT updatedAt FROM SyncConfig"));
    assert_string_equal(before, "2020-01-01 00:00:00.000");
    again.conflicts = "HOLD";
    OK(syncs_mirror(w->s, &again, 1, &w->e));
    assert_string_not_equal(world_text(w, "SELECT updatedAt FROM SyncConfig"), before);
    assert_string_equal(get(w, "sales")->conflicts, "HOLD");
}

static void a_section_that_is_gone_is_deactivated_and_continues_when_it_is_back(void **state)
{
    struct world *w = *state;
    struct sync_config two[] = {world_config("a"), world_config("b")};
    const struct sync_config *list;
    char id[40];
    size_t n;

    OK(syncs_mirror(w->s, two, 2, &w->e));
    snprintf(id, sizeof id, "%s", two[1].id);
    OK(syncs_set_outcome(w->s, id, "success", BS_K_NONE, NULL, 1769076000000, &w->e));
    OK(syncs_set_next(w->s, id, 1769076300000, &w->e));
    OK(syncs_mirror(w->s, two, 1, &w->e));
    assert_false(get(w, "b")->is_active);
    assert_null(get(w, "b")->next_sync_at);
    OK(syncs_list(w->s, true, w->a, &list, &n, &w->e));
    assert_int_equal(n, 1);
    assert_string_equal(list[0].slug, "a");
    OK(syncs_mirror(w->s, two, 2, &w->e));
    assert_true(get(w, "b")->is_active);
    assert_string_equal(two[1].id, id);
    assert_string_equal(get(w, "b")->last_sync_at, "2026-01-22 10:00:00.000");
}

static void a_new_schedule_forgets_the_old_next_run(void **state)
{
    struct world *w = *state;
    struct sync_config c = world_config("sales");

    OK(syncs_mirror(w->s, &c, 1, &w->e));
    OK(syncs_set_next(w->s, c.id, 1769076300000, &w->e));
    c.name = "Another name";
    OK(syncs_mirror(w->s, &c, 1, &w->e));
    assert_string_equal(get(w, "sales")->next_sync_at, "2026-01-22 10:05:00.000");
    c.schedule = "@hourly";
    OK(syncs_mirror(w->s, &c, 1, &w->e));
    assert_null(get(w, "sales")->next_sync_at);
}

static void a_word_that_sqlite_users_do_not_know_is_refused_whole(void **state)
{
    struct world *w = *state;
    struct sync_config two[] = {world_config("a"), world_config("b")};

    two[1].direction = "sideways";
    FAILS(syncs_mirror(w->s, two, 2, &w->e), BS_STOP_ALL, BS_K_STATE, "rules");
    assert_int_equal(world_number(w, "SELECT count(*) FROM SyncConfig"), 0);
    two[1].direction = "BIDIRECTIONAL";
    two[1].mappings_json = "{";
    FAILS(syncs_mirror(w->s, two, 2, &w->e), BS_STOP_ALL, BS_K_STATE, "rules");
}

static void an_outcome_keeps_the_time_of_the_last_error(void **state)
{
    struct world *w = *state;
    const char *id = world_sync(w, "sales");
    const struct sync_config *c;

    OK(syncs_set_outcome(w->s, id, "failed", BS_K_NETWORK, "no route", 1769076000000, &w->e));
    c = get(w, "sales");
    assert_string_equal(c->last_status, "failed");
    assert_string_equal(c->last_error, "no route");
    assert_string_equal(c->last_error_type, "NETWORK");
    assert_string_equal(c->last_error_at, "2026-01-22 10:00:00.000");
    OK(syncs_set_outcome(w->s, id, "success", BS_K_NONE, NULL, 1769076300000, &w->e));
    c = get(w, "sales");
    assert_string_equal(c->last_status, "success");
    assert_string_equal(c->last_sync_at, "2026-01-22 10:05:00.000");
    assert_string_equal(c->last_error_at, "2026-01-22 10:00:00.000");
    assert_null(c->last_error);
    assert_null(c->last_error_type);
    /* A run that did not start says why, and nothing about the last one. */
    OK(syncs_set_outcome(w->s, id, NULL, BS_K_CONFIG, "no connection", 1769076600000, &w->e));
    c = get(w, "sales");
    assert_string_equal(c->last_status, "success");
    assert_string_equal(c->last_sync_at, "2026-01-22 10:05:00.000");
    assert_string_equal(c->last_error_at, "2026-01-22 10:10:00.000");
    assert_string_equal(c->last_error_type, "CONFIG");
    FAILS(syncs_set_outcome(w->s, "nobody", "success", BS_K_NONE, NULL, 1, &w->e), BS_STOP_SYNC,
          BS_K_INTERNAL, "not in the database");
}

static void a_pause_survives_restart_and_mirror(void **state)
{
    struct world *w = *state;
    const char *id = world_sync(w, "sales");

    OK(syncs_set_paused(w->s, id, true, &w->e));
    world_reopen(w);
    id = world_sync(w, "sales");
    assert_true(get(w, "sales")->is_paused);
    OK(syncs_set_paused(w->s, id, false, &w->e));
    assert_false(get(w, "sales")->is_paused);
}

static void facts_are_kept_per_sync_and_name(void **state)
{
    struct world *w = *state;
    struct sync_config two[] = {world_config("a"), world_config("b")};
    const char *v;

    OK(syncs_mirror(w->s, two, 2, &w->e));
    OK(syncs_fact_get(w->s, two[0].id, "identity", w->a, &v, &w->e));
    assert_null(v);
    OK(syncs_fact_set(w->s, two[0].id, "identity", "one", &w->e));
    OK(syncs_fact_set(w->s, two[1].id, "identity", "two", &w->e));
    OK(syncs_fact_set(w->s, two[0].id, "identity", "three", &w->e));
    OK(syncs_fact_get(w->s, two[0].id, "identity", w->a, &v, &w->e));
    assert_string_equal(v, "three");
    OK(syncs_fact_set(w->s, two[0].id, "identity", NULL, &w->e));
    OK(syncs_fact_get(w->s, two[0].id, "identity", w->a, &v, &w->e));
    assert_null(v);
    OK(syncs_fact_get(w->s, two[1].id, "identity", w->a, &v, &w->e));
    assert_string_equal(v, "two");
}

static void what_a_person_was_told_is_remembered(void **state)
{
    struct world *w = *state;
    const char *id = world_sync(w, "sales");
    struct notify_row row;

    OK(notify_get(w->s, id, NOTIFY_MAIL, &row, &w->e));
    assert_int_equal(row.state, NOTIFY_OK);
    assert_int_equal(row.since_ms, 0);
    row = (struct notify_row){NOTIFY_FAILED, BS_K_NETWORK, 1769076000000, 1769076000000};
    OK(notify_set(w->s, id, NOTIFY_MAIL, &row, &w->e));
    row = (struct notify_row){NOTIFY_PERSON, BS_K_OAUTH, 1769076000000, 1769076060000};
    OK(notify_set(w->s, id, NOTIFY_MAIL, &row, &w->e));
    world_reopen(w);
    memset(&row, 0, sizeof row);
    id = world_sync(w, "sales");
    OK(notify_get(w->s, id, NOTIFY_MAIL, &row, &w->e));
    assert_int_equal(row.state, NOTIFY_PERSON);
    assert_int_equal(row.about, BS_K_OAUTH);
    assert_int_equal(row.since_ms, 1769076000000);
    assert_int_equal(row.sent_ms, 1769076060000);
    OK(notify_get(w->s, id, NOTIFY_HTTP, &row, &w->e)); /* each way for itself */
    assert_int_equal(row.state, NOTIFY_OK);
    OK(notify_set(w->s, id, NOTIFY_MAIL, &row, &w->e));
    OK(notify_get(w->s, id, NOTIFY_MAIL, &row, &w->e));
    assert_int_equal(row.state, NOTIFY_OK);
}

#define NEW(f) cmocka_unit_test_setup_teardown(f, world_new, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NEW(a_user_is_made_once),
        NEW(every_wish_of_a_section_is_mirrored),
        NEW(only_what_changed_is_written),
        NEW(a_section_that_is_gone_is_deactivated_and_continues_when_it_is_back),
        NEW(a_new_schedule_forgets_the_old_next_run),
        NEW(a_word_that_sqlite_users_do_not_know_is_refused_whole),
        NEW(an_outcome_keeps_the_time_of_the_last_error),
        NEW(a_pause_survives_restart_and_mirror),
        NEW(facts_are_kept_per_sync_and_name),
        NEW(what_a_person_was_told_is_remembered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
