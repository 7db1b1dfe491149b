/* t_pair.c: which row belongs to which record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sync_case.h"

static const char *tied(const struct sync_case *c, const struct plan *plan, size_t row)
{
    uint32_t record = plan->row_record[row];

    return record == SYNC_NONE ? "" : c->state.records[record].id;
}

static void rows_are_tied_by_their_id_wherever_they_stand(void **state)
{
    struct sync_case *c = *state;

    case_record(c, "rec1", "a", NULL, NULL);
    case_record(c, "rec2", "b", NULL, NULL);
    case_row(c, "rec2", "b", NULL, NULL);
    case_blank(c);
    case_row(c, "rec1", "a", NULL, NULL);
    case_pair(c, "rec1", 2, "a", NULL, NULL);
    case_pair(c, "rec2", 3, "b", NULL, NULL);
    struct plan *plan = plan_make(&c->state);

    assert_string_equal(tied(c, plan, 0), "rec2");
    assert_string_equal(tied(c, plan, 1), "");
    assert_string_equal(tied(c, plan, 2), "rec1");
    assert_int_equal(plan->n_ops, 0);
    assert_int_equal(plan->n_issues, 0);
}

static void a_row_without_pair_but_with_id_is_a_first_pairing(void **state)
{
    struct sync_case *c = *state;

    case_record(c, "rec1", "a", "1", NULL);
    case_row(c, "rec1", "a", NULL, "n");
    struct plan *plan = plan_make(&c->state);
    const struct op *up = case_op(plan, OP_RECORD_UPDATE, 0);
    const struct op *down = case_op(plan, OP_ROW_UPDATE, 0);

    assert_int_equal(plan->n_ops, 3);
    assert_int_equal(case_op(plan, OP_SETTLE, 0)->cells[0].field, 0);
    assert_int_equal(up->cells[0].field, 2);
    assert_int_equal(up->cells[0].why, WHY_FIRST);
    assert_int_equal(down->cells[0].field, 1);
}

static void rows_without_id_meet_records_without_row_by_the_key(void **state)
{
    struct sync_case *c = *state;

    case_record(c, "rec1", "ann", "1", NULL);
    case_record(c, "rec2", "bob", "2", NULL);
    case_row(c, "", "bob", "2", NULL);
    case_row(c, "", "ann", NULL, NULL);
    struct plan *plan = plan_make(&c->state);

    assert_string_equal(tied(c, plan, 0), "rec2");
    assert_string_equal(tied(c, plan, 1), "rec1");
    assert_int_equal(case_count(plan, OP_ROW_SET_ID), 2);
    assert_int_equal(case_count(plan, OP_RECORD_CREATE) + case_count(plan, OP_ROW_CREATE), 0);
    assert_int_equal(case_count(plan, OP_ROW_UPDATE), 1);
}

static void a_key_that_several_bear_is_left_alone_on_both_sides(void **state)
{
    static const struct {
        size_t rows, records;
    } cases[] = {{2, 1}, {1, 2}, {2, 2}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sync_case *c;
        void *made;

        (void)state;
        case_make(&made);
        c = made;
        for (size_t k = 0; k < cases[i].rows; k++) {
            case_row(c, "", "ann", k == 0 ? "1" : "2", NULL);
        }
        for (size_t k = 0; k < cases[i].records; k++) {
            case_record(c, k == 0 ? "rec1" : "rec2", "ann", "1", NULL);
        }
        case_row(c, "", "bob", NULL, NULL);
        struct plan *plan = plan_make(&c->state);
        const struct sync_issue *said = case_issue(plan, ISSUE_WARNING);

        assert_int_equal(plan->n_ops, 1); /* bob */
        assert_int_equal(case_count(plan, OP_RECORD_CREATE), 1);
        assert_non_null(said);
        assert_non_null(strstr(said->message, "ann"));
        case_free(&made);
    }
}

static void equal_keys_on_one_side_alone_are_all_new(void **state)
{
    struct sync_case *c = *state;

    case_row(c, "", "ann", NULL, NULL);
    case_row(c, "", "ann", NULL, NULL);
    case_record(c, "rec1", "bob", NULL, NULL);
    case_record(c, "rec2", "bob", NULL, NULL);
    struct plan *plan = plan_make(&c->state);

    assert_int_equal(case_count(plan, OP_RECORD_CREATE), 2);
    assert_int_equal(case_count(plan, OP_ROW_CREATE), 2);
    assert_int_equal(plan->n_issues, 0);
}

static void empty_keys_match_nothing(void **state)
{
    struct sync_case *c = *state;

    case_row(c, "", NULL, "1", NULL);
    case_record(c, "rec1", NULL, "1", NULL);
    struct plan *plan = plan_make(&c->state);

    assert_int_equal(case_count(plan, OP_RECORD_CREATE), 1);
    assert_int_equal(case_count(plan, OP_ROW_CREATE), 1);
}

static void without_a_match_field_nothing_is_matched(void **state)
{
    struct sync_case *c = *state;

    c->state.match_field = SYNC_NONE;
    case_row(c, "", "ann", NULL, NULL);
    case_record(c, "rec1", "ann", NULL, NULL);
    assert_int_equal(case_count(plan_make(&c->state), OP_RECORD_CREATE), 1);
}

static void the_journal_says_which_record_a_row_became(void **state)
{
    struct sync_case *c = *state;

    case_record(c, "rec9", "a", NULL, NULL);
    case_row(c, "", "a2", NULL, NULL)->known_record = "rec9";
    struct plan *plan = plan_make(&c->state);

    assert_string_equal(tied(c, plan, 0), "rec9");
    assert_int_equal(case_count(plan, OP_ROW_SET_ID), 1);
    assert_int_equal(case_count(plan, OP_RECORD_CREATE), 0);
}

static void a_record_whose_presence_is_unknown_is_not_made_again(void **state)
{
    struct sync_case *c = *state;

    case_gone(c, "rec9")->presence = PRESENCE_UNKNOWN;
    case_row(c, "", "a", NULL, NULL)->known_record = "rec9";
    assert_int_equal(plan_make(&c->state)->n_ops, 0);
}

static void an_id_of_its_own_is_believed_before_the_journal(void **state)
{
    struct sync_case *c = *state;

    case_settled(c, "rec1", "a", NULL, NULL);
    case_record(c, "rec9", "b", NULL, NULL);
    c->state.rows[0].known_record = "rec9";
    assert_string_equal(tied(c, plan_make(&c->state), 0), "rec1");
}

static void a_foreign_id_is_reported_and_its_row_left_alone(void **state)
{
    struct sync_case *c = *state;

    case_row(c, "mine", "a", NULL, NULL);
    case_record(c, "rec1", "a", NULL, NULL);
    struct plan *plan = plan_make(&c->state);
    const struct sync_issue *said = case_issue(plan, ISSUE_WARNING);

    assert_int_equal(case_count(plan, OP_RECORD_CREATE), 0);
    assert_int_equal(case_count(plan, OP_ROW_CREATE), 1); /* rec1 is nobody's */
    assert_int_equal(said->row, 2);
    assert_non_null(strstr(said->message, "row 2: id \"mine\" is not a record of this table"));
}

/* ---- copies ---- */

struct copy_case {
    const char *about;
    uint32_t hint;
    const char *first, *second; /* cells of the rows 2 and 3; the pair agreed on "old" */
    uint32_t original;
};

static void of_copied_rows_one_is_the_original(void **state)
{
    static const struct copy_case cases[] = {
        {"both untouched: where it stood", 2, "old", "old", 2},
        {"both untouched: where it stood", 3, "old", "old", 3},
        {"nobody where it stood: the untouched one", 9, "new", "old", 3},
        {"nobody where it stood: the untouched one", 9, "old", "new", 2},
        {"nobody where it stood, both edited: the topmost", 9, "n1", "n2", 2},
        {"both edited: where it stood", 3, "n1", "n2", 3},
        {"a copy above, edited: the untouched one", 2, "new", "old", 3},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct copy_case *t = &cases[i];
        struct sync_case *c;
        void *made;

        case_make(&made);
        c = made;
        case_record(c, "rec1", "a", "old", NULL);
        case_row(c, "rec1", "a", t->first, NULL);
        case_row(c, "rec1", "a", t->second, NULL);
        case_pair(c, "rec1", t->hint, "a", "old", NULL);
        struct plan *plan = plan_make(&c->state);
        const struct op *create = case_op(plan, OP_RECORD_CREATE, 0);

        if (!create || c->state.rows[create->row].number == t->original ||
            case_count(plan, OP_RECORD_CREATE) != 1) {
            fail_msg("%s", t->about);
        }
        assert_int_equal(case_issue(plan, ISSUE_INFO)->row, 5 - t->original);
        case_free(&made);
    }
}

static void an_original_edited_in_its_old_place_stays_the_original(void **state)
{
    struct sync_case *c = *state;

    case_settled(c, "rec1", "a", NULL, NULL);
    case_record(c, "rec2", "b", "old", NULL);
    case_row(c, "rec2", "b", "new", NULL);
    case_pair(c, "rec2", 3, "b", "old", NULL);
    case_settled(c, "rec3", "c", NULL, NULL);
    case_row(c, "rec2", "b", "old", NULL); /* the copy, untouched and far away */
    struct plan *plan = plan_make(&c->state);

    assert_string_equal(tied(c, plan, 1), "rec2");
    assert_int_equal(case_op(plan, OP_RECORD_CREATE, 0)->row, 3);
    assert_int_equal(case_count(plan, OP_RECORD_UPDATE), 1);
}

static void copies_are_left_alone_when_they_may_not_become_records(void **state)
{
    struct sync_case *c = *state;

    case_settled(c, "rec1", "a", NULL, NULL);
    case_row(c, "rec1", "a", NULL, NULL);
    c->rules.copied_rows = COPIED_IGNORE;
    struct plan *plan = plan_make(&c->state);

    assert_int_equal(plan->n_ops, 0);
    assert_int_equal(case_issue(plan, ISSUE_WARNING)->row, 3);
    c->rules.copied_rows = COPIED_NEW;
    case_direction(c, DIRECTION_TO_SHEETS);
    plan = plan_make(&c->state);
    assert_int_equal(plan->n_ops, 0);
    assert_int_equal(case_issue(plan, ISSUE_WARNING)->row, 3);
}

static void the_second_plan_ties_the_rows_that_the_first_tied(void **state)
{
    struct sync_case *c = *state;
    struct plan *plan;

    case_record(c, "rec1", "a", "old", NULL);
    case_row(c, "rec1", "a", "new", NULL);
    case_row(c, "rec1", "a", "old", NULL);
    case_pair(c, "rec1", 9, "a", "old", NULL);
    c->rules.copied_rows = COPIED_IGNORE;
    plan = plan_make(&c->state);
    assert_string_equal(tied(c, plan, 1), "rec1");
    c->state.pairs[0].bases[1] = case_hash(c, "new"); /* what a write may do in between */
    plan = plan_make(&c->state);
    assert_string_equal(tied(c, plan, 0), "");
    assert_string_equal(tied(c, plan, 1), "rec1");
}

/* ---- lost ids ---- */

static void a_row_that_lost_its_id_is_healed_with_its_old_bases(void **state)
{
    struct sync_case *c = *state;

    case_record(c, "rec1", "ann", "1 changed", NULL);
    case_row(c, "", "ann", "1", NULL);
    case_pair(c, "rec1", 7, "ann", "1", NULL);
    struct plan *plan = plan_make(&c->state);

    assert_string_equal(tied(c, plan, 0), "rec1");
    assert_int_equal(plan->n_ops, 2);
    assert_int_equal(case_op(plan, OP_ROW_UPDATE, 0)->cells[0].why, WHY_EDIT);
    assert_int_equal(case_count(plan, OP_ROW_SET_ID), 1);
}

static void rows_that_all_lost_their_ids_are_healed_by_content(void **state)
{
    struct sync_case *c = *state;

    /* equal names: the key would be ambiguous */
    case_record(c, "rec1", "ann", "1", NULL);
    case_record(c, "rec2", "ann", "2", NULL);
    case_record(c, "rec3", "ann", "2", NULL);
    case_row(c, "", "ann", "2", NULL);
    case_row(c, "", "ann", "2", NULL);
    case_row(c, "", "ann", "1", NULL);
    case_pair(c, "rec1", 2, "ann", "1", NULL);
    case_pair(c, "rec2", 3, "ann", "2", NULL);
    case_pair(c, "rec3", 4, "ann", "2", NULL);
    struct plan *plan = plan_make(&c->state);

    assert_string_equal(tied(c, plan, 0), "rec3");
    assert_string_equal(tied(c, plan, 1), "rec2"); /* where it stood */
    assert_string_equal(tied(c, plan, 2), "rec1");
    assert_int_equal(plan->n_ops, 3);
    assert_int_equal(case_count(plan, OP_ROW_SET_ID), 3);
}

static void an_edited_row_that_lost_its_id_is_healed_by_its_key(void **state)
{
    struct sync_case *c = *state;

    case_record(c, "rec1", "ann", "1", NULL);
    case_row(c, "", "ann", "1 edited", NULL);
    case_pair(c, "rec1", 2, "ann", "1", NULL);
    struct plan *plan = plan_make(&c->state);

    assert_string_equal(tied(c, plan, 0), "rec1");
    assert_int_equal(case_count(plan, OP_RECORD_UPDATE), 1);
    assert_int_equal(case_count(plan, OP_RECORD_CREATE) + case_count(plan, OP_ROW_CREATE), 0);
}

static void an_overwritten_id_spares_its_record(void **state)
{
    struct sync_case *c = *state;

    c->rules.delete_extra_records = true;
    case_record(c, "rec1", "ann", "1", NULL);
    case_row(c, "rec1x", "ann", "1", NULL);
    case_pair(c, "rec1", 2, "ann", "1", NULL);
    struct plan *plan = plan_make(&c->state);
    const struct sync_issue *said = case_issue(plan, ISSUE_WARNING);

    assert_int_equal(plan->n_ops, 0);
    assert_non_null(strstr(said->message, "it looks like record rec1"));
    assert_string_equal(said->record_id, "rec1");
}

static void an_empty_row_heals_nothing(void **state)
{
    struct sync_case *c = *state;

    case_record(c, "rec1", NULL, NULL, NULL);
    case_settled(c, "rec2", "b", NULL, NULL);
    case_row(c, "rec2", NULL, NULL, NULL); /* an emptied copy */
    case_pair(c, "rec1", 3, NULL, NULL, NULL);
    assert_string_equal(tied(c, plan_make(&c->state), 1), "");
}

/* ---- cells sorted without the id column ---- */

static void three_rows(struct sync_case *c, const char *const cells[3])
{
    static const char *const ids[] = {"rec1", "rec2", "rec3"};
    static const char *const old[] = {"a", "b", "c"};

    for (size_t i = 0; i < 3; i++) {
        case_record(c, ids[i], old[i], "x", NULL);
        case_row(c, ids[i], cells[i], "x", NULL);
        case_pair(c, ids[i], (uint32_t)i + 2, old[i], "x", NULL);
    }
}

static void ids_follow_cells_that_were_sorted_without_them(void **state)
{
    struct sync_case *c = *state;

    three_rows(c, (const char *[]){"c", "a", "b"});
    struct plan *plan = plan_make(&c->state);

    assert_string_equal(tied(c, plan, 0), "rec3");
    assert_string_equal(tied(c, plan, 1), "rec1");
    assert_string_equal(tied(c, plan, 2), "rec2");
    assert_int_equal(plan->n_ops, 3);
    assert_int_equal(case_count(plan, OP_ROW_SET_ID), 3);
    assert_int_equal(plan->rows_displaced, 0);
    assert_non_null(strstr(case_issue(plan, ISSUE_WARNING)->message, "3 rows"));
}

static void a_sort_without_ids_and_edits_on_top_is_counted_for_the_guard(void **state)
{
    struct sync_case *c = *state;

    three_rows(c, (const char *[]){"b", "c", "edited"});
    assert_int_equal(plan_make(&c->state)->rows_displaced, 3);
}

static void one_row_that_takes_anothers_cells_is_an_edit(void **state)
{
    struct sync_case *c = *state;

    three_rows(c, (const char *[]){"b", "edited", "c"});
    struct plan *plan = plan_make(&c->state);

    assert_int_equal(plan->rows_displaced, 0);
    assert_int_equal(case_count(plan, OP_RECORD_UPDATE), 2);
    assert_int_equal(case_count(plan, OP_ROW_SET_ID), 0);
}

static void equal_rows_are_not_taken_for_a_sort(void **state)
{
    struct sync_case *c = *state;

    three_rows(c, (const char *[]){"b", "a", "a"});
    struct plan *plan = plan_make(&c->state);

    assert_int_equal(case_count(plan, OP_ROW_SET_ID), 0);
    assert_int_equal(case_count(plan, OP_RECORD_UPDATE), 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, case_make, case_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_are_tied_by_their_id_wherever_they_stand),
        TEST(a_row_without_pair_but_with_id_is_a_first_pairing),
        TEST(rows_without_id_meet_records_without_row_by_the_key),
        TEST(a_key_that_several_bear_is_left_alone_on_both_sides),
        TEST(equal_keys_on_one_side_alone_are_all_new),
        TEST(empty_keys_match_nothing),
        TEST(without_a_match_field_nothing_is_matched),
        TEST(the_journal_says_which_record_a_row_became),
        TEST(a_record_whose_presence_is_unknown_is_not_made_again),
        TEST(an_id_of_its_own_is_believed_before_the_journal),
        TEST(a_foreign_id_is_reported_and_its_row_left_alone),
        TEST(of_copied_rows_one_is_the_original),
        TEST(an_original_edited_in_its_old_place_stays_the_original),
        TEST(copies_are_left_alone_when_they_may_not_become_records),
        TEST(the_second_plan_ties_the_rows_that_the_first_tied),
        TEST(a_row_that_lost_its_id_is_healed_with_its_old_bases),
        TEST(rows_that_all_lost_their_ids_are_healed_by_content),
        TEST(an_edited_row_that_lost_its_id_is_healed_by_its_key),
        TEST(an_overwritten_id_spares_its_record),
        TEST(an_empty_row_heals_nothing),
        TEST(ids_follow_cells_that_were_sorted_without_them),
        TEST(a_sort_without_ids_and_edits_on_top_is_counted_for_the_guard),
        TEST(one_row_that_takes_anothers_cells_is_an_edit),
        TEST(equal_rows_are_not_taken_for_a_sort),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
