/* t_guard.c: the brakes, each at its edge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sync/guard.h"
#include "sync_case.h"

#include <stdio.h>

static const struct guard_allow nothing = {false, false, false};

static const char *name(struct sync_case *c, const char *what, size_t i)
{
    char text[32];

    snprintf(text, sizeof text, "%s%zu", what, i);
    return arena_strdup(c->arena, text);
}

/* Whether the guards stop; the sentence goes to said. */
static bool stops(struct sync_case *c, const struct guard_allow *allow, char said[BS_ERR_MSG_MAX])
{
    struct bs_err e = BS_ERR_INIT;
    enum bs_rc rc = guard_check(&c->state, plan_make(&c->state), allow, &e);

    if (rc != BS_OK) {
        assert_int_equal(rc, BS_STOP_SYNC);
        assert_int_equal(e.kind, BS_K_GUARD);
    }
    memcpy(said, e.msg, BS_ERR_MSG_MAX);
    return rc != BS_OK;
}

/* n pairs, of the first `records` the record is gone, of the last `rows` the row. */
static void make_pairs(struct sync_case *c, size_t n, size_t records, size_t rows)
{
    for (size_t i = 0; i < n; i++) {
        const char *id = name(c, "rec", i);

        if (i < records) {
            case_gone(c, id);
        } else {
            case_record(c, id, id, "1", NULL);
        }
        if (i < n - rows) {
            case_row(c, id, id, "1", NULL);
        }
        case_pair(c, id, (uint32_t)i + 2, id, "1", NULL);
    }
}

struct delete_case {
    double max_delete;
    bool share;
    size_t pairs, gone;
    bool stops;
};

static const struct delete_case delete_cases[] = {
    {0.10, true, 20, 2, false}, {0.10, true, 20, 3, true},   {0.3, true, 10, 3, false},
    {0.10, true, 5, 1, false},  {0.10, true, 5, 2, true},    {3, false, 20, 3, false},
    {3, false, 20, 4, true},    {0, false, 20, 1, false},    {0, false, 20, 2, true},
    {1.0, true, 20, 19, false}, {100, false, 20, 19, false}, {-1, false, 20, 2, true},
};

static void check_deletes(const struct delete_case *t, bool rows, size_t i)
{
    const struct guard_allow allow = {.deletes = true};
    char said[BS_ERR_MSG_MAX];
    struct sync_case *c;
    void *made;

    case_make(&made);
    c = made;
    c->rules.delete_extra_rows = c->rules.delete_extra_records = true;
    c->rules.max_delete = t->max_delete;
    c->rules.max_delete_share = t->share;
    make_pairs(c, t->pairs, rows ? t->gone : 0, rows ? 0 : t->gone);
    if (stops(c, &nothing, said) != t->stops) {
        fail_msg("case %zu: %zu of %zu deleted: %s", i, t->gone, t->pairs, said);
    }
    if (t->stops) {
        char numbers[64];

        snprintf(numbers, sizeof numbers, "%zu of %zu %s", t->gone, t->pairs,
                 rows ? "rows" : "records");
        assert_non_null(strstr(said, numbers));
        assert_non_null(strstr(said, "--allow-delete"));
        assert_false(stops(c, &allow, said));
    }
    case_free(&made);
}

static void max_delete_caps_each_side(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(delete_cases); i++) {
        check_deletes(&delete_cases[i], true, i);
        check_deletes(&delete_cases[i], false, i);
    }
}

static void a_side_that_shows_nothing_deletes_nothing(void **state)
{
    const struct guard_allow allow = {.deletes = true};
    char said[BS_ERR_MSG_MAX];
    struct sync_case *c = *state;

    c->rules.delete_extra_rows = true;
    c->rules.max_delete = 1000;
    make_pairs(c, 5, 5, 0);
    assert_true(stops(c, &nothing, said));
    assert_non_null(strstr(said, "Airtable shows nothing at all where 5 were known"));
    assert_non_null(strstr(said, "--allow-delete"));
    assert_false(stops(c, &allow, said));
    c->rules.delete_extra_rows = false; /* the rows are kept: nothing to stop */
    assert_false(stops(c, &nothing, said));
}

static void an_emptied_sheet_deletes_nothing(void **state)
{
    char said[BS_ERR_MSG_MAX];
    struct sync_case *c = *state;

    c->rules.delete_extra_records = true;
    c->rules.max_delete = 1000;
    make_pairs(c, 5, 0, 5);
    assert_true(stops(c, &nothing, said));
    assert_non_null(strstr(said, "Google Sheets shows nothing at all"));
    case_row(c, "", "a new one", NULL, NULL); /* not empty: what else is gone was deleted */
    assert_false(stops(c, &nothing, said));
}

/* n pairs whose cells changed on one side: of all pairs but `still`, in `cells` cells each. */
static void make_changed(struct sync_case *c, size_t n, size_t still, size_t cells, bool airtable)
{
    for (size_t i = 0; i < n; i++) {
        const char *id = name(c, "rec", i);
        const char *other = i < still ? id : name(c, "changed", i);
        const char *texts[3] = {other, cells > 1 ? other : id, cells > 2 ? other : id};

        case_record(c, id, airtable ? texts[0] : id, airtable ? texts[1] : id,
                    airtable ? texts[2] : id);
        case_row(c, id, airtable ? id : texts[0], airtable ? id : texts[1],
                 airtable ? id : texts[2]);
        case_pair(c, id, (uint32_t)i + 2, id, id, id);
    }
}

static void a_side_that_changed_throughout_stops_while_deletes_are_on(void **state)
{
    static const struct {
        size_t pairs, still, cells;
        bool deletes, stops;
    } cases[] = {
        {10, 0, 2, true, true}, {10, 0, 1, true, false},  {10, 1, 3, true, false},
        {9, 0, 3, true, false}, {10, 0, 3, false, false},
    };
    const struct guard_allow allow = {.all_changed = true};
    char said[BS_ERR_MSG_MAX];

    (void)state;
    for (size_t i = 0; i < 2 * COUNT(cases); i++) {
        bool airtable = i % 2 == 0;
        struct sync_case *c;
        void *made;

        case_make(&made);
        c = made;
        c->rules.delete_extra_rows = airtable && cases[i / 2].deletes;
        c->rules.delete_extra_records = !airtable && cases[i / 2].deletes;
        make_changed(c, cases[i / 2].pairs, cases[i / 2].still, cases[i / 2].cells, airtable);
        if (stops(c, &nothing, said) != cases[i / 2].stops) {
            fail_msg("case %zu: %s", i, said);
        }
        if (cases[i / 2].stops) {
            assert_non_null(strstr(said, airtable ? "in Airtable" : "in Google Sheets"));
            assert_non_null(strstr(said, "--allow-all-changed"));
            assert_false(stops(c, &allow, said));
        }
        case_free(&made);
    }
}

static void rows_sorted_without_ids_stop_when_they_cannot_be_mended(void **state)
{
    const struct guard_allow allow = {.all_changed = true};
    static const char *const cells[] = {"rec1", "rec2", "edited"};
    char said[BS_ERR_MSG_MAX];
    struct sync_case *c = *state;

    for (size_t i = 0; i < 3; i++) {
        const char *id = name(c, "rec", i);

        case_record(c, id, id, NULL, NULL);
        case_row(c, id, cells[i], NULL, NULL);
        case_pair(c, id, (uint32_t)i + 2, id, NULL, NULL);
    }
    assert_true(stops(c, &nothing, said));
    assert_non_null(strstr(said, "3 rows"));
    assert_non_null(strstr(said, "--allow-all-changed"));
    assert_false(stops(c, &allow, said));
}

/* A first run: n new rows or records of one side meet a side that holds one already. */
static void make_first(struct sync_case *c, size_t n, bool to_sheet, bool filled)
{
    c->state.first_run = true;
    for (size_t i = 0; i < n; i++) {
        if (to_sheet) {
            case_record(c, name(c, "rec", i), name(c, "n", i), NULL, NULL);
        } else {
            case_row(c, "", name(c, "n", i), NULL, NULL);
        }
    }
    if (filled && to_sheet) {
        case_row(c, "mine", "already here", NULL, NULL);
    } else if (filled) {
        case_record(c, "recX", "already here", NULL, NULL);
    }
}

static void a_large_first_run_on_a_filled_side_asks(void **state)
{
    static const struct {
        size_t changes;
        bool filled, stops;
    } cases[] = {{51, true, true}, {50, true, false}, {51, false, false}};
    const struct guard_allow allow = {.first_sync = true};
    char said[BS_ERR_MSG_MAX];

    (void)state;
    for (size_t i = 0; i < 2 * COUNT(cases); i++) {
        bool to_sheet = i % 2 == 0;
        struct sync_case *c;
        void *made;

        case_make(&made);
        c = made;
        case_direction(c, to_sheet ? DIRECTION_TO_SHEETS : DIRECTION_TO_AIRTABLE);
        make_first(c, cases[i / 2].changes, to_sheet, cases[i / 2].filled);
        assert_int_equal(stops(c, &nothing, said), cases[i / 2].stops);
        if (cases[i / 2].stops) {
            assert_non_null(strstr(said, "change 51"));
            assert_non_null(strstr(said, "--first-sync"));
            assert_false(stops(c, &allow, said));
            c->rules.first_sync = true;
            assert_false(stops(c, &nothing, said));
            c->rules.first_sync = false;
            c->state.first_run = false;
            assert_false(stops(c, &nothing, said));
        }
        case_free(&made);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, case_make, case_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(max_delete_caps_each_side),
        TEST(a_side_that_shows_nothing_deletes_nothing),
        TEST(an_emptied_sheet_deletes_nothing),
        cmocka_unit_test(a_side_that_changed_throughout_stops_while_deletes_are_on),
        TEST(rows_sorted_without_ids_stop_when_they_cannot_be_mended),
        cmocka_unit_test(a_large_first_run_on_a_filled_side_asks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
