/* t_merge.c: the decision for one cell, case by case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sync/merge.h"
#include "sync_case.h"

/* Texts: "-" an empty cell, "?" a cell that no value can be made of, "!" an error, "=x" a formula
 * with the result x, "" not read (equals the base). Bases: "" none, "a|b" apart. */
struct merge_case {
    const char *base, *airtable, *sheet;
    enum merge_action action;
    enum merge_why why;
    const char *base_after; /* as a base; NULL: not looked at */
    bool conflict;
    bool note;
};

enum way { BOTH_WAYS, TO_SHEET, TO_AIRTABLE };

static const char *text_of(const char *s)
{
    return strcmp(s, "-") == 0 ? NULL : *s == '=' ? s + 1 : s;
}

static uint64_t base_of(struct sync_case *c, const char *s)
{
    const char *bar = strchr(s, '|');

    if (*s == '\0') {
        return 0;
    }
    if (!bar) {
        return case_hash(c, text_of(s));
    }
    return sync_base_apart(case_hash(c, text_of(arena_strndup(c->arena, s, (size_t)(bar - s)))),
                           case_hash(c, text_of(bar + 1)));
}

static const struct side_cell *side_of(struct sync_case *c, const char *s, bool sheet)
{
    struct side_cell *out = arena_alloc(c->arena, sizeof *out);
    struct cell *cell = arena_alloc(c->arena, sizeof *cell);

    if (*s == '\0') {
        return NULL;
    }
    *out = case_cell(c, text_of(s), sheet);
    if (*s == '?') {
        *out = (struct side_cell){
            .state = SIDE_BAD, .cell = out->cell, .note = "no number", .note_kind = BS_K_LINKED};
    } else if (*s == '!') {
        *out = (struct side_cell){
            .state = SIDE_ERROR, .value = value_error(c->arena, "#N/A"), .cell = out->cell};
    } else if (*s == '=') {
        *cell = *out->cell;
        cell->formula = true;
        out->cell = cell;
    }
    return out;
}

static struct merge_out merge(struct sync_case *c, const struct merge_case *m, enum way way)
{
    struct sync_field f = {&c->fields[0], "Name", way != TO_AIRTABLE, way != TO_SHEET};
    const struct merge_in in = {
        .field = &f,
        .rules = &c->rules,
        .base = base_of(c, m->base),
        .a = side_of(c, m->airtable, false),
        .s = side_of(c, m->sheet, true),
    };

    return merge_cell(&in);
}

static void check(struct sync_case *c, const struct merge_case *cases, size_t n, enum way way)
{
    for (size_t i = 0; i < n; i++) {
        const struct merge_case *m = &cases[i];
        struct merge_out out = merge(c, m, way);
        bool writes = out.action == MERGE_TO_SHEET || out.action == MERGE_TO_AIRTABLE;

        if (out.action != m->action || (writes && out.why != m->why) ||
            out.conflict != m->conflict || (out.note != NULL) != m->note ||
            (m->base_after && out.base_after != base_of(c, m->base_after))) {
            fail_msg("case %zu: base \"%s\", Airtable \"%s\", sheet \"%s\": action %d, why %d", i,
                     m->base, m->airtable, m->sheet, (int)out.action, (int)out.why);
        }
    }
}

static void one_changed_side_flows_and_equal_sides_settle(void **state)
{
    static const struct merge_case cases[] = {
        {"x", "x", "x", MERGE_NOTHING, 0, "x", false, false},
        {"x", "", "", MERGE_NOTHING, 0, "x", false, false},
        {"x", "y", "x", MERGE_TO_SHEET, WHY_EDIT, "y", false, false},
        {"x", "x", "y", MERGE_TO_AIRTABLE, WHY_EDIT, "y", false, false},
        {"x", "y", "", MERGE_TO_SHEET, WHY_EDIT, "y", false, false},
        {"x", "", "y", MERGE_TO_AIRTABLE, WHY_EDIT, "y", false, false},
        {"x", "-", "x", MERGE_TO_SHEET, WHY_EDIT, "-", false, false},
        {"x", "x", "-", MERGE_TO_AIRTABLE, WHY_EDIT, "-", false, false},
        {"x", "y", "y", MERGE_SETTLE, 0, "y", false, false},
        {"x", "-", "-", MERGE_SETTLE, 0, "-", false, false},
    };

    check(*state, cases, COUNT(cases), BOTH_WAYS);
}

static void on_first_pairing_a_filled_cell_beats_an_empty_one(void **state)
{
    static const struct merge_case cases[] = {
        {"", "-", "-", MERGE_SETTLE, 0, "-", false, false},
        {"", "x", "x", MERGE_SETTLE, 0, "x", false, false},
        {"", "x", "-", MERGE_TO_SHEET, WHY_FIRST, "x", false, false},
        {"", "-", "x", MERGE_TO_AIRTABLE, WHY_FIRST, "x", false, false},
        {"", "x", "y", MERGE_TO_SHEET, WHY_AIRTABLE_WON, "x", true, false},
    };

    check(*state, cases, COUNT(cases), BOTH_WAYS);
}

static void a_conflict_follows_the_rule(void **state)
{
    static const struct {
        enum conflict_rule rule;
        struct merge_case m;
    } cases[] = {
        {CONFLICT_AIRTABLE_WINS,
         {"x", "y", "z", MERGE_TO_SHEET, WHY_AIRTABLE_WON, "y", true, false}},
        {CONFLICT_SHEETS_WINS,
         {"x", "y", "z", MERGE_TO_AIRTABLE, WHY_SHEETS_WON, "z", true, false}},
        {CONFLICT_HOLD, {"x", "y", "z", MERGE_HELD, 0, NULL, true, false}},
        {CONFLICT_HOLD, {"", "y", "z", MERGE_HELD, 0, NULL, true, false}},
        {CONFLICT_NEWEST_WINS, {"x", "y", "z", MERGE_TO_SHEET, WHY_TIE, "y", true, false}},
        /* a cell that no value can be made of never wins and is never held */
        {CONFLICT_AIRTABLE_WINS,
         {"x", "y", "?", MERGE_TO_SHEET, WHY_AIRTABLE_WON, "y", true, false}},
        {CONFLICT_SHEETS_WINS, {"x", "y", "?", MERGE_SKIP, 0, NULL, false, true}},
        {CONFLICT_HOLD, {"x", "y", "?", MERGE_SKIP, 0, NULL, false, true}},
        {CONFLICT_NEWEST_WINS, {"x", "y", "?", MERGE_TO_SHEET, WHY_TIE, "y", true, false}},
    };
    struct sync_case *c = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        c->rules.conflicts = cases[i].rule;
        check(c, &cases[i].m, 1, BOTH_WAYS);
    }
}

static void the_newest_wins_only_where_times_can_tell(void **state)
{
    /* The sheet changed between 100 and 200. */
    static const struct {
        int64_t modified, since, seen;
        enum merge_action action;
        enum merge_why why;
    } cases[] = {
        {100, 100, 200, MERGE_TO_AIRTABLE, WHY_NEWEST_WON},
        {40, 100, 200, MERGE_TO_AIRTABLE, WHY_NEWEST_WON},
        {101, 100, 200, MERGE_TO_SHEET, WHY_TIE},
        {199, 100, 200, MERGE_TO_SHEET, WHY_TIE},
        {200, 100, 200, MERGE_TO_SHEET, WHY_NEWEST_WON},
        {300, 100, 200, MERGE_TO_SHEET, WHY_NEWEST_WON},
        {0, 100, 200, MERGE_TO_SHEET, WHY_TIE},
        {40, 0, 200, MERGE_TO_SHEET, WHY_TIE},
    };
    struct sync_case *c = *state;

    c->rules.conflicts = CONFLICT_NEWEST_WINS;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct merge_in in = {
            .field = &c->mapped[0],
            .rules = &c->rules,
            .base = case_hash(c, "x"),
            .a = side_of(c, "y", false),
            .s = side_of(c, "z", true),
            .modified_ms = cases[i].modified,
            .sheet_since_ms = cases[i].since,
            .sheet_seen_ms = cases[i].seen,
        };
        struct merge_out out = merge_cell(&in);

        assert_int_equal(out.action, cases[i].action);
        assert_int_equal(out.why, cases[i].why);
        assert_true(out.conflict);
    }
}

static void a_one_way_cell_follows_its_source_and_edits_are_put_back(void **state)
{
    static const struct merge_case to_sheet[] = {
        {"x", "y", "x", MERGE_TO_SHEET, WHY_EDIT, "y", false, false},
        {"x", "x", "y", MERGE_TO_SHEET, WHY_PUT_BACK, "x", false, false},
        {"x", "y", "z", MERGE_TO_SHEET, WHY_EDIT, "y", false, false},
        {"x", "-", "x", MERGE_TO_SHEET, WHY_EDIT, "-", false, false},
        {"-", "-", "z", MERGE_TO_SHEET, WHY_PUT_BACK, "-", false, false},
        {"x", "x", "?", MERGE_TO_SHEET, WHY_PUT_BACK, "x", false, false},
        {"x", "x", "!", MERGE_TO_SHEET, WHY_PUT_BACK, "x", false, false},
        {"x", "y", "y", MERGE_SETTLE, 0, "y", false, false},
        {"", "x", "y", MERGE_TO_SHEET, WHY_FIRST, "x", false, false},
        {"", "x", "?", MERGE_TO_SHEET, WHY_FIRST, "x", false, false},
        {"", "-", "?", MERGE_SKIP, 0, NULL, false, false},
    };
    static const struct merge_case to_airtable[] = {
        {"x", "x", "y", MERGE_TO_AIRTABLE, WHY_EDIT, "y", false, false},
        {"x", "y", "x", MERGE_TO_AIRTABLE, WHY_PUT_BACK, "x", false, false},
        {"x", "y", "z", MERGE_TO_AIRTABLE, WHY_EDIT, "z", false, false},
        {"x", "y", "?", MERGE_SKIP, 0, NULL, false, true},
        {"", "y", "?", MERGE_SKIP, 0, NULL, false, true},
        {"", "y", "x", MERGE_TO_AIRTABLE, WHY_FIRST, "x", false, false},
    };

    check(*state, to_sheet, COUNT(to_sheet), TO_SHEET);
    check(*state, to_airtable, COUNT(to_airtable), TO_AIRTABLE);
}

static void a_filled_target_of_an_empty_source_stands_apart(void **state)
{
    static const struct merge_case to_sheet[] = {
        {"", "-", "x", MERGE_APART, 0, "-|x", false, false},
        {"-|x", "-", "x", MERGE_NOTHING, 0, "-|x", false, false},
        {"-|x", "-", "y", MERGE_APART, 0, "-|y", false, false},
        {"-|x", "-", "-", MERGE_SETTLE, 0, "-", false, false},
        {"-|x", "y", "x", MERGE_TO_SHEET, WHY_EDIT, "y", false, false},
        {"-|x", "y", "z", MERGE_TO_SHEET, WHY_EDIT, "y", false, false},
    };
    static const struct merge_case to_airtable[] = {
        {"", "x", "-", MERGE_APART, 0, "x|-", false, false},
        {"x|-", "x", "-", MERGE_NOTHING, 0, "x|-", false, false},
        {"x|-", "y", "-", MERGE_APART, 0, "y|-", false, false},
        {"x|-", "x", "y", MERGE_TO_AIRTABLE, WHY_EDIT, "y", false, false},
        /* Airtable keeps another form of what was sent; an edit there is put back */
        {"X|x", "y", "x", MERGE_TO_AIRTABLE, WHY_PUT_BACK, "x", false, false},
    };
    /* Airtable keeps "X" for "x": a later edit is an edit, not a conflict. */
    static const struct merge_case both[] = {
        {"X|x", "X", "x", MERGE_NOTHING, 0, "X|x", false, false},
        {"X|x", "X", "y", MERGE_TO_AIRTABLE, WHY_EDIT, "y", false, false},
        {"X|x", "y", "x", MERGE_TO_SHEET, WHY_EDIT, "y", false, false},
        {"X|x", "y", "z", MERGE_TO_SHEET, WHY_AIRTABLE_WON, "y", true, false},
        {"X|x", "X", "X", MERGE_SETTLE, 0, "X", false, false},
    };

    check(*state, to_sheet, COUNT(to_sheet), TO_SHEET);
    check(*state, to_airtable, COUNT(to_airtable), TO_AIRTABLE);
    check(*state, both, COUNT(both), BOTH_WAYS);
}

static void errors_of_the_moment_never_flow(void **state)
{
    static const struct merge_case cases[] = {
        {"x", "!", "x", MERGE_SKIP, 0, NULL, false, true},
        {"x", "!", "y", MERGE_SKIP, 0, NULL, false, true},
        {"x", "x", "!", MERGE_SKIP, 0, NULL, false, true},
        {"x", "y", "!", MERGE_SKIP, 0, NULL, false, true},
    };

    check(*state, cases, COUNT(cases), BOTH_WAYS);
    check(*state, cases, 2, TO_SHEET);
    check(*state, &cases[2], 2, TO_AIRTABLE);
}

static void a_formula_is_never_overwritten_but_its_result_flows(void **state)
{
    static const struct merge_case kept[] = {
        {"x", "x", "=x", MERGE_NOTHING, 0, "x", false, false},
        {"x", "x", "=y", MERGE_TO_AIRTABLE, WHY_EDIT, "y", false, false},
        {"x", "y", "=x", MERGE_SKIP, 0, NULL, false, true},
        {"x", "y", "=z", MERGE_SKIP, 0, NULL, false, true},
        {"", "-", "=z", MERGE_TO_AIRTABLE, WHY_FIRST, "z", false, false},
    };
    static const struct merge_case overwritten[] = {
        {"x", "y", "=x", MERGE_TO_SHEET, WHY_EDIT, "y", false, false},
        {"x", "y", "=z", MERGE_TO_SHEET, WHY_AIRTABLE_WON, "y", true, false},
    };
    struct sync_case *c = *state;

    check(c, kept, COUNT(kept), BOTH_WAYS);
    check(c, &kept[2], 2, TO_SHEET);
    c->rules.conflicts = CONFLICT_NEWEST_WINS; /* the conflict stays open: no time settles it */
    check(c, &kept[3], 1, BOTH_WAYS);
    c->rules.conflicts = CONFLICT_AIRTABLE_WINS;
    c->rules.keep_formulas = false;
    check(c, overwritten, COUNT(overwritten), BOTH_WAYS);
}

static void the_note_of_a_cell_comes_with_its_kind(void **state)
{
    static const struct merge_case bad = {"x", "x", "?", MERGE_SKIP, 0, NULL, false, true};
    struct merge_out out = merge(*state, &bad, BOTH_WAYS);

    assert_string_equal(out.note, "no number");
    assert_int_equal(out.note_kind, BS_K_LINKED);
}

static void a_field_that_flows_nowhere_is_left_alone(void **state)
{
    struct sync_case *c = *state;
    struct sync_field f = {&c->fields[0], "Name", false, false};
    const struct merge_in in = {.field = &f,
                                .rules = &c->rules,
                                .base = case_hash(c, "x"),
                                .a = side_of(c, "y", false),
                                .s = side_of(c, "z", true)};

    assert_int_equal(merge_cell(&in).action, MERGE_NOTHING);
}

static void every_reason_has_its_own_words(void **state)
{
    (void)state;
    for (enum merge_why a = WHY_EDIT; a <= WHY_RESTORE; a++) {
        for (enum merge_why b = WHY_EDIT; b < a; b++) {
            assert_string_not_equal(merge_why_text(a), merge_why_text(b));
        }
    }
}

static void an_apart_base_tells_each_sides_change(void **state)
{
    struct sync_case *c = *state;
    uint64_t a = case_hash(c, "a"), s = case_hash(c, "s"), other = case_hash(c, "other");
    uint64_t base = sync_base_apart(a, s);

    assert_true(sync_base_holds_airtable(base, a));
    assert_true(sync_base_holds_sheet(base, s));
    assert_false(sync_base_holds_airtable(base, s));
    assert_false(sync_base_holds_sheet(base, a));
    assert_false(sync_base_holds_airtable(base, other));
    assert_true(sync_base_apart(a, a) == a);
    assert_true(sync_base_apart(0, 0) != 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, case_make, case_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_changed_side_flows_and_equal_sides_settle),
        TEST(on_first_pairing_a_filled_cell_beats_an_empty_one),
        TEST(a_conflict_follows_the_rule),
        TEST(the_newest_wins_only_where_times_can_tell),
        TEST(a_one_way_cell_follows_its_source_and_edits_are_put_back),
        TEST(a_filled_target_of_an_empty_source_stands_apart),
        TEST(errors_of_the_moment_never_flow),
        TEST(a_formula_is_never_overwritten_but_its_result_flows),
        TEST(the_note_of_a_cell_comes_with_its_kind),
        TEST(a_field_that_flows_nowhere_is_left_alone),
        TEST(every_reason_has_its_own_words),
        TEST(an_apart_base_tells_each_sides_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
