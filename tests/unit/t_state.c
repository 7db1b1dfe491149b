/* t_state.c: what both sides held when they last agreed. */
#include "store_world.h"

#include "store/state.h"

#include <time.h>

static const char *const abc[] = {"fldA", "fldB", "fldC"};

static void put(struct world *w, const char *sync, struct pair_row p, size_t n_fields)
{
    OK(store_begin(w->s, &w->e));
    OK(state_put(w->s, sync, &p, n_fields, &w->e));
    OK(store_commit(w->s, &w->e));
}

static struct pair_row *load(struct world *w, const char *sync, size_t n_fields, size_t *n)
{
    struct pair_row *rows;

    OK(state_load(w->s, sync, n_fields, w->a, &rows, n, &w->e));
    return rows;
}

static void pairs_come_back_in_the_order_of_their_ids(void **state)
{
    struct world *w = *state;
    const char *sync = world_sync(w, "sales");
    uint64_t b1[] = {UINT64_MAX, 0, 0x0123456789abcdef}, b2[] = {1, 2, 3};
    struct pair_row *rows;
    size_t n;

    put(w, sync, (struct pair_row){"recB", 4000000000u, UINT64_MAX - 1, 5, b1}, 3);
    put(w, sync, (struct pair_row){"recA", 2, 7, 0, b2}, 3);
    world_reopen(w);
    rows = load(w, world_sync(w, "sales"), 3, &n);
    assert_int_equal(n, 2);
    assert_string_equal(rows[0].record_id, "recA");
    assert_string_equal(rows[1].record_id, "recB");
    assert_int_equal(rows[1].row_hint, 4000000000u);
    assert_true(rows[1].raw == UINT64_MAX - 1);
    assert_int_equal(rows[1].flags, 5);
    assert_memory_equal(rows[1].bases, b1, sizeof b1);
    assert_memory_equal(rows[0].bases, b2, sizeof b2);
}

static void hashes_are_packed_little_endian(void **state)
{
    struct world *w = *state;
    uint64_t b[] = {0x0102030405060708};

    put(w, world_sync(w, "sales"), (struct pair_row){"recA", 2, 0, 0, b}, 1);
    assert_string_equal(world_text(w, "SELECT hex(bases) FROM PairState"), "0807060504030201");
}

static void a_pair_is_replaced_and_deleted(void **state)
{
    struct world *w = *state;
    const char *sync = world_sync(w, "sales");
    uint64_t b[] = {1};
    struct pair_row *rows;
    size_t n;

    put(w, sync, (struct pair_row){"recA", 2, 0, 0, b}, 1);
    b[0] = 9;
    put(w, sync, (struct pair_row){"recA", 3, 0, 0, b}, 1);
    put(w, sync, (struct pair_row){"recB", 4, 0, 0, b}, 1);
    rows = load(w, sync, 1, &n);
    assert_int_equal(n, 2);
    assert_int_equal(rows[0].row_hint, 3);
    assert_int_equal(rows[0].bases[0], 9);
    OK(store_begin(w->s, &w->e));
    OK(state_delete(w->s, sync, "recA", &w->e));
    OK(store_commit(w->s, &w->e));
    rows = load(w, sync, 1, &n);
    assert_int_equal(n, 1);
    assert_string_equal(rows[0].record_id, "recB");
    OK(state_clear(w->s, sync, &w->e));
    load(w, sync, 1, &n);
    assert_int_equal(n, 0);
}

static void syncs_keep_their_pairs_apart(void **state)
{
    struct world *w = *state;
    struct sync_config two[] = {world_config("a"), world_config("b")};
    uint64_t b[] = {1};
    size_t n;

    OK(syncs_mirror(w->s, two, 2, &w->e));
    put(w, two[0].id, (struct pair_row){"recA", 2, 0, 0, b}, 1);
    put(w, two[1].id, (struct pair_row){"recA", 3, 0, 0, b}, 1);
    OK(state_clear(w->s, two[0].id, &w->e));
    assert_int_equal(load(w, two[1].id, 1, &n)[0].row_hint, 3);
    assert_int_equal(n, 1);
}

static void hashes_move_with_their_field(void **state)
{
    static const struct {
        const char *fields[4];
        size_t n;
        uint64_t want[4];
    } steps[] = {
        {{"fldC", "fldA", "fldB"}, 3, {3, 1, 2}},            /* another order */
        {{"fldC", "fldX", "fldA", "fldB"}, 4, {3, 0, 1, 2}}, /* a new field has no base */
        {{"fldB", "fldX"}, 2, {2, 0}},                       /* two are gone */
        {{"fldA", "fldB"}, 2, {0, 2}},                       /* and come back without a base */
        {{"fldA", "fldB"}, 2, {0, 2}},                       /* nothing changed */
    };
    struct world *w = *state;
    const char *sync = world_sync(w, "sales");
    uint64_t b[] = {1, 2, 3};
    size_t n;

    OK(state_set_fields(w->s, sync, abc, 3, &w->e));
    put(w, sync, (struct pair_row){"recA", 2, 4, 6, b}, 3);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct pair_row *rows;

        OK(state_set_fields(w->s, sync, steps[i].fields, steps[i].n, &w->e));
        rows = load(w, sync, steps[i].n, &n);
        assert_int_equal(n, 1);
        assert_memory_equal(rows[0].bases, steps[i].want, steps[i].n * sizeof b[0]);
        assert_int_equal(rows[0].raw, 4);
        assert_int_equal(rows[0].flags, 6);
    }
}

static void hashes_are_read_in_another_order_without_writing(void **state)
{
    static const char *const other[] = {"fldX", "fldC", "fldA"};
    static const uint64_t want[] = {0, 3, 1};
    struct world *w = *state;
    const char *sync = world_sync(w, "sales");
    uint64_t b[] = {1, 2, 3};
    struct pair_row *rows;
    int before;
    size_t n;

    OK(state_set_fields(w->s, sync, abc, 3, &w->e));
    put(w, sync, (struct pair_row){"recA", 2, 4, 6, b}, 3);
    before = sqlite3_total_changes(w->s->db);
    OK(state_load_fields(w->s, sync, other, 3, w->a, &rows, &n, &w->e));
    assert_int_equal(n, 1);
    assert_memory_equal(rows[0].bases, want, sizeof want);
    assert_int_equal(sqlite3_total_changes(w->s->db), before);
    assert_memory_equal(load(w, sync, 3, &n)[0].bases, b, sizeof b);
}

static void the_same_fields_again_write_nothing(void **state)
{
    struct world *w = *state;
    const char *sync = world_sync(w, "sales");
    int before;

    OK(state_set_fields(w->s, sync, abc, 3, &w->e));
    before = sqlite3_total_changes(w->s->db);
    OK(state_set_fields(w->s, sync, abc, 3, &w->e));
    assert_int_equal(sqlite3_total_changes(w->s->db), before);
}

static void hashes_that_do_not_fit_the_fields_are_refused(void **state)
{
    struct world *w = *state;
    const char *sync = world_sync(w, "sales");
    const char *const odd[] = {"fld\nA"};
    struct pair_row *rows;
    uint64_t b[] = {1, 2, 3};
    size_t n;

    OK(state_set_fields(w->s, sync, abc, 3, &w->e));
    put(w, sync, (struct pair_row){"recA", 2, 0, 0, b}, 3);
    FAILS(state_load(w->s, sync, 2, w->a, &rows, &n, &w->e), BS_STOP_ALL, BS_K_STATE,
          "24 bytes of hashes for record recA where 2 fields need 16");
    world_text(w, "UPDATE PairState SET bases = x'00'");
    FAILS(state_set_fields(w->s, sync, abc, 2, &w->e), BS_STOP_ALL, BS_K_STATE, "1 bytes");
    FAILS(state_set_fields(w->s, sync, odd, 1, &w->e), BS_STOP_SYNC, BS_K_SCHEMA, "line break");
}

static void more_fields_than_the_small_buffer_holds_are_kept(void **state)
{
    struct world *w = *state;
    const char *sync = world_sync(w, "sales");
    uint64_t b[500];
    size_t n;

    for (size_t i = 0; i < 500; i++) {
        b[i] = i * 0x0101010101010101;
    }
    put(w, sync, (struct pair_row){"recA", 2, 0, 0, b}, 500);
    assert_memory_equal(load(w, sync, 500, &n)[0].bases, b, sizeof b);
}

static int64_t cpu_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void fifty_thousand_pairs_load_fast_and_lean(void **state)
{
    enum { ROWS = 50000, FIELDS = 20 };
    struct world *w = *state;
    const char *sync = world_sync(w, "sales");
    uint64_t b[FIELDS];
    char id[18];
    struct pair_row p = {id, 0, 0, 0, b}, *rows;
    int64_t start;
    size_t n, used;

    OK(store_begin(w->s, &w->e));
    for (uint32_t i = 0; i < ROWS; i++) {
        snprintf(id, sizeof id, "rec%014u", i);
        p.row_hint = i + 2;
        for (size_t k = 0; k < FIELDS; k++) {
            b[k] = (uint64_t)i * FIELDS + k;
        }
        OK(state_put(w->s, sync, &p, FIELDS, &w->e));
    }
    OK(store_commit(w->s, &w->e));
    start = cpu_ms();
    used = arena_used(w->a);
    rows = load(w, sync, FIELDS, &n);
    used = arena_used(w->a) - used;
    start = cpu_ms() - start;
    assert_int_equal(n, ROWS);
    for (size_t i = 0; i < ROWS; i += 777) {
        assert_int_equal(rows[i].row_hint, i + 2);
        assert_int_equal(rows[i].bases[FIELDS - 1], i * FIELDS + FIELDS - 1);
    }
    /* 160 bytes of hashes, 18 of id, the struct: and nothing to speak of besides. */
    assert_true(used < (size_t)ROWS * (FIELDS * 8 + 32 + sizeof *rows + 8));
    assert_true(start < 2000); /* about 40 ms; a hundred times more under a sanitizer is a fault */
    print_message("50,000 x 20 loaded in %lld ms, %zu KiB\n", (long long)start, used / 1024);
}

#define NEW(f) cmocka_unit_test_setup_teardown(f, world_new, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NEW(pairs_come_back_in_the_order_of_their_ids),
        NEW(hashes_are_packed_little_endian),
        NEW(a_pair_is_replaced_and_deleted),
        NEW(syncs_keep_their_pairs_apart),
        NEW(hashes_move_with_their_field),
        NEW(hashes_are_read_in_another_order_without_writing),
        NEW(the_same_fields_again_write_nothing),
        NEW(hashes_that_do_not_fit_the_fields_are_refused),
        NEW(more_fields_than_the_small_buffer_holds_are_kept),
        NEW(fifty_thousand_pairs_load_fast_and_lean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
