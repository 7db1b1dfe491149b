/* t_plan.c: from two sides to an ordered list of writes, and how it is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sync_case.h"

/* ---- cells ---- */

static void a_settled_table_gives_no_operation(void **state)
{
    struct sync_case *c = *state;

    case_settled(c, "rec1", "a", "1", NULL);
    case_blank(c);
    case_record(c, "rec2", "b", NULL, NULL)->cells = NULL; /* not read: equal to the bases */
    case_row(c, "rec2", "b", NULL, NULL)->cells = NULL;
    case_pair(c, "rec2", 4, "b", NULL, NULL);
    struct plan *plan = plan_make(&c->state);

    assert_int_equal(plan->n_ops, 0);
    assert_int_equal(plan->n_issues, 0);
    assert_int_equal(plan->paired, 2);
    assert_int_equal(plan->records_seen, 2);
    assert_int_equal(plan->rows_seen, 2);
}

static void different_cells_of_one_record_never_meet(void **state)
{
    struct sync_case *c = *state;

    case_record(c, "rec1", "a2", "1", "n");
    case_row(c, "rec1", "a", "2", "n");
    case_pair(c, "rec1", 2, "a", "1", "n");
    struct plan *plan = plan_make(&c->state);
    const struct op *up = case_op(plan, OP_RECORD_UPDATE, 0);
    const struct op *down = case_op(plan, OP_ROW_UPDATE, 0);

    assert_int_equal(plan->n_ops, 2);
    assert_int_equal(up->n_cells, 1);
    assert_int_equal(up->cells[0].field, 1);
    assert_string_equal(up->cells[0].value->u.text, "2");
    assert_string_equal(up->cells[0].old_value->u.text, "1");
    assert_true(up->cells[0].base_after == case_hash(c, "2"));
    assert_int_equal(down->n_cells, 1);
    assert_int_equal(down->cells[0].field, 0);
    assert_string_equal(down->cells[0].cell->text, "a2");
    assert_string_equal(down->cells[0].old_cell->text, "a");
    assert_int_equal(plan->counts.conflicts, 0);
    assert_int_equal(plan->counts.cells_to_sheet, 1);
    assert_int_equal(plan->counts.cells_to_airtable, 1);
}

static void a_conflict_keeps_the_losing_value_and_names_both(void **state)
{
    struct sync_case *c = *state;

    case_record(c, "rec1", "a", "10", NULL);
    case_row(c, "rec1", "a", "12", NULL);
    case_pair(c, "rec1", 2, "a", "1", NULL);
    struct plan *plan = plan_make(&c->state);
    const struct sync_issue *said = case_issue(plan, ISSUE_CONFLICT);

    assert_string_equal(case_op(plan, OP_ROW_UPDATE, 0)->cells[0].loser, "12");
    assert_int_equal(plan->counts.conflicts, 1);
    assert_string_equal(said->record_id, "rec1");
    assert_int_equal(said->row, 2);
    assert_int_equal(said->field, 1);
    assert_string_equal(said->message, "row 2, field \"Amount\": changed on both sides: \"10\" in "
                                       "Airtable, \"12\" in the sheet; Airtable won by the rule");
    c->rules.conflicts = CONFLICT_SHEETS_WINS;
    plan = plan_make(&c->state);
    assert_string_equal(case_op(plan, OP_RECORD_UPDATE, 0)->cells[0].loser, "10");
}

static void a_held_conflict_writes_nothing(void **state)
{
    struct sync_case *c = *state;

    c->rules.conflicts = CONFLICT_HOLD;
    case_record(c, "rec1", "a", "10", NULL);
    case_row(c, "rec1", "a", "12", NULL);
    case_pair(c, "rec1", 2, "a", "1", NULL);
    struct plan *plan = plan_make(&c->state);

    assert_int_equal(plan->n_ops, 0);
    assert_int_equal(plan->counts.held, 1);
    assert_int_equal(case_issue(plan, ISSUE_HELD)->field, 1);
}

static void an_edit_in_a_one_way_column_is_put_back_and_reported(void **state)
{
    struct sync_case *c = *state;

    case_direction(c, DIRECTION_TO_SHEETS);
    case_record(c, "rec1", "a", "1", NULL);
    case_row(c, "rec1", "a", "mine", NULL);
    case_pair(c, "rec1", 2, "a", "1", NULL);
    struct plan *plan = plan_make(&c->state);

    assert_int_equal(case_op(plan, OP_ROW_UPDATE, 0)->cells[0].why, WHY_PUT_BACK);
    assert_non_null(strstr(case_issue(plan, ISSUE_WARNING)->message, "\"mine\" is in the history"));
}

static void make_bad(struct side_cell *s, const char *note)
{
    s->state = SIDE_BAD;
    s->note = note;
    s->note_kind = BS_K_VALIDATION;
}

static void a_cell_that_no_value_can_be_made_of_warns_or_stops(void **state)
{
    struct sync_case *c = *state;

    case_settled(c, "rec1", "a", "1", NULL);
    make_bad(&c->state.rows[0].cells[1], "no number");
    case_row(c, "", "new", "2", NULL);
    make_bad(&c->state.rows[1].cells[1], "no number either");
    struct plan *plan = plan_make(&c->state);

    assert_int_equal(plan->n_ops, 1);
    assert_int_equal(case_op(plan, OP_RECORD_CREATE, 0)->n_cells, 1);
    assert_int_equal(plan->counts.warnings, 2);
    assert_string_equal(plan->issues[0].message, "row 2, field \"Amount\": no number");
    c->rules.strict = true;
    plan = plan_make(&c->state);
    assert_int_equal(plan->issues[0].level, ISSUE_ERROR);
    assert_int_equal(plan->issues[1].level, ISSUE_ERROR);
    assert_int_equal(plan->counts.warnings, 0);
}

static void a_text_too_long_for_a_cell_is_a_warning(void **state)
{
    struct sync_case *c = *state;
    char *text = arena_alloc(c->arena, CELL_TEXT_MAX + 2);

    memset(text, 'x', CELL_TEXT_MAX + 1);
    case_settled(c, "rec1", "a", "1", NULL);
    c->state.records[0].cells[1] = case_cell(c, text, false);
    struct plan *plan = plan_make(&c->state);

    assert_int_equal(plan->n_ops, 0);
    assert_non_null(strstr(case_issue(plan, ISSUE_WARNING)->message, "too long"));
}

static void blocked_sides_are_not_touched(void **state)
{
    struct sync_case *c = *state;

    case_record(c, "rec1", "a2", NULL, NULL)->blocked = true;
    case_row(c, "rec1", "a", NULL, NULL);
    case_pair(c, "rec1", 2, "a", NULL, NULL);
    case_row(c, "", "new", NULL, NULL)->blocked = true;
    case_record(c, "rec2", "new too", NULL, NULL)->blocked = true;
    assert_int_equal(plan_make(&c->state)->n_ops, 0);
}

static void rows_deleted_by_the_run_are_not_there(void **state)
{
    struct sync_case *c = *state;

    case_row(c, "", "new", NULL, NULL)->gone = true;
    struct plan *plan = plan_make(&c->state);

    assert_int_equal(plan->n_ops, 0);
    assert_int_equal(plan->rows_seen, 0);
}

static void a_side_that_was_not_read_is_not_written(void **state)
{
    struct sync_case *c = *state;

    case_settled(c, "rec1", "a2", NULL, NULL);
    c->state.pairs[0].bases[0] = case_hash(c, "a");
    c->state.rows[0].cells = NULL;
    struct plan *plan = plan_make(&c->state);

    assert_int_equal(plan->n_ops, 0);
    assert_int_equal(case_issue(plan, ISSUE_WARNING)->kind, BS_K_INTERNAL);
}

/* ---- whole rows and records ---- */

static void a_new_record_becomes_a_row_in_the_order_of_the_records(void **state)
{
    struct sync_case *c = *state;

    c->mapped[2].to_sheet = false;
    case_record(c, "rec2", "b", NULL, "kept in Airtable");
    case_record(c, "rec1", "a", "1", NULL);
    struct plan *plan = plan_make(&c->state);
    const struct op *op = case_op(plan, OP_ROW_CREATE, 0);

    assert_int_equal(plan->n_ops, 2);
    assert_string_equal(c->state.records[op->record].id, "rec2");
    assert_int_equal(op->row, SYNC_NONE);
    assert_int_equal(op->n_cells, 3);
    assert_string_equal(op->cells[0].cell->text, "b");
    assert_true(op->cells[1].base_after == case_hash(c, NULL));
    /* the field of the other way stays empty in the row and is not taken for cleared */
    assert_int_equal(op->cells[2].cell->kind, CELL_EMPTY);
    assert_true(op->cells[2].base_after ==
                sync_base_apart(case_hash(c, "kept in Airtable"), case_hash(c, NULL)));
}

static void a_new_row_becomes_a_record_of_its_filled_cells(void **state)
{
    struct sync_case *c = *state;

    c->mapped[2].to_airtable = false;
    case_row(c, "", "a", NULL, "n");
    case_row(c, "", NULL, NULL, "nothing that flows");
    struct plan *plan = plan_make(&c->state);
    const struct op *op = case_op(plan, OP_RECORD_CREATE, 0);

    assert_int_equal(plan->n_ops, 1);
    assert_int_equal(op->row, 0);
    assert_int_equal(op->n_cells, 1);
    assert_int_equal(op->cells[0].field, 0);
    assert_int_equal(op->cells[0].old_value->kind, VALUE_EMPTY);
    assert_true(op->cells[0].base_after == case_hash(c, "a"));
}

static void a_one_way_sync_makes_nothing_on_its_source(void **state)
{
    struct sync_case *c = *state;

    case_record(c, "rec1", "a", NULL, NULL);
    case_row(c, "", "b", NULL, NULL);
    case_direction(c, DIRECTION_TO_SHEETS);
    struct plan *plan = plan_make(&c->state);

    assert_int_equal(plan->n_ops, 1);
    assert_int_equal(plan->ops[0].kind, OP_ROW_CREATE);
    case_direction(c, DIRECTION_TO_AIRTABLE);
    plan = plan_make(&c->state);
    assert_int_equal(plan->n_ops, 1);
    assert_int_equal(plan->ops[0].kind, OP_RECORD_CREATE);
}

/* The record of a pair is gone, or its row. */
struct gone_case {
    const char *about;
    enum sync_direction direction;
    bool deletes, edited;
    enum op_kind kind;
    uint32_t flags_after;
};

static void check_gone(const struct gone_case *t, bool record)
{
    struct sync_case *c;
    void *made;

    case_make(&made);
    c = made;
    case_direction(c, t->direction);
    c->rules.delete_extra_rows = c->rules.delete_extra_records = t->deletes;
    case_settled(c, "rec0", "z", NULL, NULL);
    if (record) {
        case_gone(c, "rec1");
        case_row(c, "rec1", t->edited ? "edited" : "a", "1", NULL);
    } else {
        case_record(c, "rec1", t->edited ? "edited" : "a", "1", NULL);
    }
    case_pair(c, "rec1", 3, "a", "1", NULL);
    struct plan *plan = plan_make(&c->state);

    if (plan->n_ops != 1 || plan->ops[0].kind != t->kind ||
        plan->ops[0].flags_after != t->flags_after) {
        fail_msg("%s: %zu operations, the first of kind %d", t->about, plan->n_ops,
                 plan->n_ops > 0 ? (int)plan->ops[0].kind : -1);
    }
    assert_int_equal(plan->records_gone, record);
    assert_int_equal(plan->rows_gone, !record);
    /* flags say it once */
    if (t->kind == OP_SETTLE) {
        assert_non_null(case_issue(plan, ISSUE_WARNING));
        c->state.pairs[1].flags = t->flags_after;
        plan = plan_make(&c->state);
        assert_int_equal(plan->n_ops, 0);
        assert_int_equal(plan->n_issues, 0);
    }
    case_free(&made);
}

static void a_deleted_record_takes_its_row_along_only_when_that_is_wanted(void **state)
{
    static const struct gone_case cases[] = {
        {"off", DIRECTION_BOTH, false, false, OP_SETTLE, PAIR_RECORD_GONE},
        {"off, one way", DIRECTION_TO_SHEETS, false, false, OP_SETTLE, PAIR_RECORD_GONE},
        {"on", DIRECTION_BOTH, true, false, OP_ROW_DELETE, 0},
        {"on, one way", DIRECTION_TO_SHEETS, true, false, OP_ROW_DELETE, 0},
        {"edit beats delete", DIRECTION_BOTH, true, true, OP_RECORD_CREATE, 0},
        {"edit beats delete, one way", DIRECTION_TO_SHEETS, true, true, OP_SETTLE,
         PAIR_RECORD_GONE},
        {"the sheet is the source", DIRECTION_TO_AIRTABLE, false, false, OP_RECORD_CREATE, 0},
        {"the sheet is the source", DIRECTION_TO_AIRTABLE, true, false, OP_RECORD_CREATE, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_gone(&cases[i], true);
    }
}

static void a_deleted_row_takes_its_record_along_only_when_that_is_wanted(void **state)
{
    static const struct gone_case cases[] = {
        {"off", DIRECTION_BOTH, false, false, OP_ROW_CREATE, 0},
        {"off, Airtable is the source", DIRECTION_TO_SHEETS, false, false, OP_ROW_CREATE, 0},
        {"off, one way", DIRECTION_TO_AIRTABLE, false, false, OP_SETTLE, PAIR_ROW_GONE},
        {"on", DIRECTION_BOTH, true, false, OP_RECORD_DELETE, 0},
        {"on, one way", DIRECTION_TO_AIRTABLE, true, false, OP_RECORD_DELETE, 0},
        {"on, Airtable is the source", DIRECTION_TO_SHEETS, true, false, OP_ROW_CREATE, 0},
        {"edit beats delete", DIRECTION_BOTH, true, true, OP_ROW_CREATE, 0},
        {"edit beats delete, one way", DIRECTION_TO_AIRTABLE, true, true, OP_SETTLE, PAIR_ROW_GONE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_gone(&cases[i], false);
    }
}

static void what_changes_by_itself_is_no_edit(void **state)
{
    struct sync_case *c = *state;
    struct cell *formula = arena_alloc(c->arena, sizeof *formula);

    /* a formula's result in the row of a deleted record, a computed field of a record without row
     */
    c->rules.delete_extra_rows = c->rules.delete_extra_records = true;
    c->fields[2].type = FIELD_FORMULA;
    c->mapped[2].to_airtable = false;
    case_gone(c, "rec1");
    case_row(c, "rec1", "a", "other result", NULL);
    *formula = *c->state.rows[0].cells[1].cell;
    formula->formula = true;
    c->state.rows[0].cells[1].cell = formula;
    case_pair(c, "rec1", 2, "a", "1", NULL);
    case_record(c, "rec2", "b", NULL, "computed anew");
    case_pair(c, "rec2", 3, "b", NULL, "computed");
    struct plan *plan = plan_make(&c->state);

    assert_int_equal(case_count(plan, OP_ROW_DELETE), 1);
    assert_int_equal(case_count(plan, OP_RECORD_DELETE), 1);
    assert_int_equal(plan->n_ops, 2);
}

static size_t ops_after_undo(enum sync_direction direction, bool deletes, bool edited)
{
    struct sync_case *c;
    size_t n;
    void *made;

    case_make(&made);
    c = made;
    case_direction(c, direction);
    c->rules.delete_extra_rows = c->rules.delete_extra_records = deletes;
    case_gone(c, "rec1");
    case_row(c, "rec1", edited ? "edited" : "a", "1", NULL);
    case_pair(c, "rec1", 2, "a", "1", NULL)->flags = PAIR_UNDONE | PAIR_RECORD_GONE;
    case_record(c, "rec2", edited ? "edited" : "b", "2", NULL);
    case_pair(c, "rec2", 0, "b", "2", NULL)->flags = PAIR_UNDONE | PAIR_ROW_GONE;
    struct plan *plan = plan_make(&c->state);

    n = plan->n_ops;
    assert_true(edited || plan->n_issues == 0);
    case_free(&made);
    return n;
}

static void what_undo_has_left_alone_stays_so_until_it_is_edited(void **state)
{
    static const enum sync_direction directions[] = {DIRECTION_TO_SHEETS, DIRECTION_TO_AIRTABLE,
                                                     DIRECTION_BOTH};

    (void)state;
    for (size_t i = 0; i < COUNT(directions); i++) {
        for (int deletes = 0; deletes < 2; deletes++) {
            assert_int_equal(ops_after_undo(directions[i], deletes, false), 0);
            assert_int_equal(ops_after_undo(directions[i], deletes, true), 2);
        }
    }
}

static void a_pair_that_never_was_whole_deletes_nothing(void **state)
{
    struct sync_case *c = *state;

    c->rules.delete_extra_rows = c->rules.delete_extra_records = true;
    case_gone(c, "rec1");
    case_row(c, "rec1", "a", NULL, NULL);
    memset(case_pair(c, "rec1", 2, "a", NULL, NULL)->bases, 0, CASE_FIELDS * sizeof(uint64_t));
    case_record(c, "rec2", "b", NULL, NULL);
    memset(case_pair(c, "rec2", 3, "b", NULL, NULL)->bases, 0, CASE_FIELDS * sizeof(uint64_t));
    struct plan *plan = plan_make(&c->state);

    assert_int_equal(case_count(plan, OP_ROW_DELETE) + case_count(plan, OP_RECORD_DELETE), 0);
    assert_int_equal(plan->paired, 0);
}

static void of_what_is_not_known_nothing_is_concluded(void **state)
{
    struct sync_case *c = *state;

    c->rules.delete_extra_rows = c->rules.delete_extra_records = true;
    case_gone(c, "rec1")->presence = PRESENCE_UNKNOWN;
    case_row(c, "rec1", "edited", NULL, NULL);
    case_pair(c, "rec1", 2, "a", NULL, NULL);
    case_gone(c, "rec2")->presence = PRESENCE_UNKNOWN;
    case_pair(c, "rec2", 3, "b", NULL, NULL);
    struct plan *plan = plan_make(&c->state);

    assert_int_equal(plan->n_ops, 0);
    assert_int_equal(plan->records_gone + plan->rows_gone, 0);
}

static void a_pair_both_sides_of_which_are_gone_is_forgotten(void **state)
{
    struct sync_case *c = *state;

    case_gone(c, "rec1");
    case_pair(c, "rec1", 2, "a", NULL, NULL);
    struct plan *plan = plan_make(&c->state);

    assert_int_equal(plan->n_ops, 1);
    assert_int_equal(plan->ops[0].kind, OP_FORGET);
    assert_int_equal(plan->ops[0].pair, 0);
}

static void a_side_that_comes_back_clears_the_flag(void **state)
{
    struct sync_case *c = *state;

    case_settled(c, "rec1", "a", NULL, NULL);
    c->state.pairs[0].flags = PAIR_RECORD_GONE;
    struct plan *plan = plan_make(&c->state);

    assert_int_equal(plan->n_ops, 1);
    assert_int_equal(plan->ops[0].kind, OP_SETTLE);
    assert_int_equal(plan->ops[0].flags_after, 0);
}

static void an_id_that_is_over_does_not_live_on_in_copies(void **state)
{
    struct sync_case *c = *state;

    /* row 2 became rec9 after its record was deleted; row 3 was a copy of it */
    case_direction(c, DIRECTION_TO_AIRTABLE);
    c->rules.copied_rows = COPIED_IGNORE;
    case_gone(c, "rec1");
    case_record(c, "rec9", "a", NULL, NULL);
    case_row(c, "rec1", "a", NULL, NULL)->known_record = "rec9";
    case_row(c, "rec1", "a", NULL, NULL);
    case_pair(c, "rec1", 2, "a", NULL, NULL);
    case_pair(c, "rec9", 2, "a", NULL, NULL);
    struct plan *plan = plan_make(&c->state);

    assert_int_equal(plan->n_ops, 2);
    assert_int_equal(case_count(plan, OP_FORGET), 1);
    assert_int_equal(case_count(plan, OP_ROW_SET_ID), 1);
    assert_int_equal(case_issue(plan, ISSUE_WARNING)->row, 3);
}

/* ---- order ---- */

static void operations_come_in_the_order_in_which_they_are_safe(void **state)
{
    struct sync_case *c = *state;

    c->rules.delete_extra_rows = c->rules.delete_extra_records = true;
    case_gone(c, "rec1");
    case_gone(c, "rec2");
    case_row(c, "rec1", "a", NULL, NULL);
    case_row(c, "", "new", NULL, NULL);
    case_row(c, "rec2", "b", NULL, NULL);
    case_pair(c, "rec1", 2, "a", NULL, NULL);
    case_pair(c, "rec2", 4, "b", NULL, NULL);
    case_record(c, "rec3", "row is gone", NULL, NULL);
    case_pair(c, "rec3", 5, "row is gone", NULL, NULL);
    case_record(c, "rec4", "d", "up", "n2");
    case_row(c, "rec4", "d", "up2", "n");
    case_pair(c, "rec4", 5, "d", "up", "n");
    case_record(c, "rec5", "new record", NULL, NULL);
    case_record(c, "rec6", "by key", NULL, NULL);
    case_row(c, "", "by key", NULL, NULL);
    case_gone(c, "rec7");
    case_pair(c, "rec7", 9, "x", NULL, NULL);
    struct plan *plan = plan_make(&c->state);
    static const enum op_kind order[] = {
        OP_SETTLE,     OP_FORGET,     OP_RECORD_CREATE, OP_RECORD_UPDATE, OP_RECORD_DELETE,
        OP_ROW_UPDATE, OP_ROW_CREATE, OP_ROW_SET_ID,    OP_ROW_DELETE,    OP_ROW_DELETE};

    assert_int_equal(plan->n_ops, COUNT(order));
    for (size_t i = 0; i < COUNT(order); i++) {
        assert_int_equal(plan->ops[i].kind, order[i]);
    }
    assert_int_equal(c->state.rows[plan->ops[8].row].number, 4); /* bottom up */
    assert_int_equal(c->state.rows[plan->ops[9].row].number, 2);
    assert_int_equal(plan->counts.records_added, 1);
    assert_int_equal(plan->counts.records_updated, 1);
    assert_int_equal(plan->counts.records_deleted, 1);
    assert_int_equal(plan->counts.rows_added, 1);
    assert_int_equal(plan->counts.rows_updated, 1);
    assert_int_equal(plan->counts.rows_deleted, 2);
}

static void planning_twice_gives_the_same_plan(void **state)
{
    struct sync_case *c = *state;
    struct buf first, second;

    case_record(c, "rec1", "a2", "1", "n");
    case_row(c, "rec1", "a", "2", "n");
    case_row(c, "rec1", "a", "1", "n");
    case_pair(c, "rec1", 2, "a", "1", "n");
    case_row(c, "", "new", NULL, NULL);
    buf_init(&first, BUF_NO_LIMIT);
    buf_init(&second, BUF_NO_LIMIT);
    plan_print_json(&c->state, plan_make(&c->state), &first);
    plan_print_json(&c->state, plan_make(&c->state), &second);
    assert_string_equal(first.data, second.data);
    buf_release(&first);
    buf_release(&second);
}

/* ---- printing ---- */

static void make_printable(struct sync_case *c)
{
    case_record(c, "rec1", "a2", "10", NULL);
    case_row(c, "rec1", "a", "12", NULL);
    case_pair(c, "rec1", 2, "a", "1", NULL);
    case_row(c, "", "new\nline", NULL, NULL);
}

static void a_plan_is_shown_like_a_difference(void **state)
{
    struct sync_case *c = *state;
    struct buf out;

    make_printable(c);
    buf_init(&out, BUF_NO_LIMIT);
    plan_print(&c->state, plan_make(&c->state), 0, &out);
    assert_string_equal(
        out.data,
        "Side      Action         Row  Record  Field   Old  New       Why\n"
        "--------  -------------  ---  ------  ------  ---  --------  "
        "------------------------\n"
        "Airtable  create record  3    new     Name         new line  create\n"
        "Sheets    update row     2    rec1    Name    a    a2        edit\n"
        "Sheets    update row     2    rec1    Amount  12   10        conflict won by airtable\n"
        "Sheets    write id       3    new\n"
        "conflict: row 2, field \"Amount\": changed on both sides: \"10\" in Airtable, \"12\" in "
        "the sheet; Airtable won by the rule\n"
        "Airtable \xe2\x86\x92 Sheets: 0 added, 1 updated, 0 deleted\n"
        "Sheets \xe2\x86\x92 Airtable: 1 added, 0 updated, 0 deleted\n"
        "Conflicts: 1 resolved, 0 held; warnings: 0\n");
    buf_clear(&out);
    plan_print(&c->state, plan_make(&c->state), 1, &out);
    assert_non_null(strstr(out.data, "... and 2 more\n"));
    assert_null(strstr(out.data, "update row"));
    buf_release(&out);
}

static void an_empty_plan_says_so(void **state)
{
    struct sync_case *c = *state;
    struct buf out;

    case_settled(c, "rec1", "a", NULL, NULL);
    c->state.pairs[0].flags = PAIR_ROW_GONE; /* only the database is written */
    buf_init(&out, BUF_NO_LIMIT);
    plan_print(&c->state, plan_make(&c->state), 0, &out);
    assert_memory_equal(out.data, "Nothing to write.\n", 18);
    buf_clear(&out);
    plan_print_json(&c->state, plan_make(&c->state), &out);
    assert_non_null(strstr(out.data, "{\"operations\":[],\"issues\":[],"));
    buf_release(&out);
}

static void a_plan_is_shown_as_json(void **state)
{
    struct sync_case *c = *state;
    struct buf out;

    make_printable(c);
    buf_init(&out, BUF_NO_LIMIT);
    plan_print_json(&c->state, plan_make(&c->state), &out);
    assert_string_equal(
        out.data,
        "{\"operations\":["
        "{\"side\":\"Airtable\",\"action\":\"record_create\",\"rowNumber\":3,\"cells\":["
        "{\"fieldId\":\"fld1\",\"field\":\"Name\",\"old\":\"\",\"new\":\"new\\nline\","
        "\"why\":\"create\"}]},"
        "{\"side\":\"Sheets\",\"action\":\"row_update\",\"recordId\":\"rec1\",\"rowNumber\":2,"
        "\"cells\":[{\"fieldId\":\"fld1\",\"field\":\"Name\",\"old\":\"a\",\"new\":\"a2\","
        "\"why\":\"edit\"},"
        "{\"fieldId\":\"fld2\",\"field\":\"Amount\",\"old\":\"12\",\"new\":\"10\","
        "\"why\":\"conflict won by airtable\",\"loser\":\"12\"}]},"
        "{\"side\":\"Sheets\",\"action\":\"row_set_id\",\"rowNumber\":3}],"
        "\"issues\":[{\"level\":\"conflict\",\"type\":\"CONFLICT\",\"recordId\":\"rec1\","
        "\"rowNumber\":2,\"field\":\"Amount\",\"message\":\"row 2, field \\\"Amount\\\": changed "
        "on both sides: \\\"10\\\" in Airtable, \\\"12\\\" in the sheet; Airtable won by the "
        "rule\"}],"
        "\"counts\":{\"rowsAdded\":0,\"rowsUpdated\":1,\"rowsDeleted\":0,\"recordsAdded\":1,"
        "\"recordsUpdated\":0,\"recordsDeleted\":0,\"conflicts\":1,\"held\":0,\"warnings\":0,"
        "\"cellsToSheet\":2,\"cellsToAirtable\":1}}");
    buf_release(&out);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, case_make, case_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_settled_table_gives_no_operation),
        TEST(different_cells_of_one_record_never_meet),
        TEST(a_conflict_keeps_the_losing_value_and_names_both),
        TEST(a_held_conflict_writes_nothing),
        TEST(an_edit_in_a_one_way_column_is_put_back_and_reported),
        TEST(a_cell_that_no_value_can_be_made_of_warns_or_stops),
        TEST(a_text_too_long_for_a_cell_is_a_warning),
        TEST(blocked_sides_are_not_touched),
        TEST(rows_deleted_by_the_run_are_not_there),
        TEST(a_side_that_was_not_read_is_not_written),
        TEST(a_new_record_becomes_a_row_in_the_order_of_the_records),
        TEST(a_new_row_becomes_a_record_of_its_filled_cells),
        TEST(a_one_way_sync_makes_nothing_on_its_source),
        cmocka_unit_test(a_deleted_record_takes_its_row_along_only_when_that_is_wanted),
        cmocka_unit_test(a_deleted_row_takes_its_record_along_only_when_that_is_wanted),
        TEST(what_changes_by_itself_is_no_edit),
        TEST(what_undo_has_left_alone_stays_so_until_it_is_edited),
        TEST(a_pair_that_never_was_whole_deletes_nothing),
        TEST(of_what_is_not_known_nothing_is_concluded),
        TEST(a_pair_both_sides_of_which_are_gone_is_forgotten),
        TEST(a_side_that_comes_back_clears_the_flag),
        TEST(an_id_that_is_over_does_not_live_on_in_copies),
        TEST(operations_come_in_the_order_in_which_they_are_safe),
        TEST(planning_twice_gives_the_same_plan),
        TEST(a_plan_is_shown_like_a_difference),
        TEST(an_empty_plan_says_so),
        TEST(a_plan_is_shown_as_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
