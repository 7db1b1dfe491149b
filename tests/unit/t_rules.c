/* t_rules.c: the words of a sync's rules and its field lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/rules.h"

#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void names_are_sqlites_and_are_read_in_either_case(void **state)
{
    static const struct {
        const char *name;
        const char *ini;
        enum sync_direction direction;
    } directions[] = {
        {"AIRTABLE_TO_SHEETS", "airtable_to_sheets", DIRECTION_TO_SHEETS},
        {"SHEETS_TO_AIRTABLE", "sheets_to_airtable", DIRECTION_TO_AIRTABLE},
        {"BIDIRECTIONAL", "bidirectional", DIRECTION_BOTH},
    };
    static const struct {
        const char *name;
        const char *ini;
        enum conflict_rule rule;
    } rules[] = {
        {"AIRTABLE_WINS", "airtable_wins", CONFLICT_AIRTABLE_WINS},
        {"SHEETS_WINS", "sheets_wins", CONFLICT_SHEETS_WINS},
        {"NEWEST_WINS", "newest_wins", CONFLICT_NEWEST_WINS},
        {"HOLD", "hold", CONFLICT_HOLD},
    };
    enum sync_direction d;
    enum conflict_rule r;

    (void)state;
    for (size_t i = 0; i < COUNT(directions); i++) {
        assert_string_equal(direction_name(directions[i].direction), directions[i].name);
        assert_true(direction_parse(directions[i].name, &d));
        assert_int_equal(d, directions[i].direction);
        assert_true(direction_parse(directions[i].ini, &d));
        assert_int_equal(d, directions[i].direction);
    }
    for (size_t i = 0; i < COUNT(rules); i++) {
        assert_string_equal(conflict_rule_name(rules[i].rule), rules[i].name);
        assert_true(conflict_rule_parse(rules[i].name, &r));
        assert_int_equal(r, rules[i].rule);
        assert_true(conflict_rule_parse(rules[i].ini, &r));
        assert_int_equal(r, rules[i].rule);
    }
}

static void other_words_are_refused(void **state)
{
    static const char *const words[] = {"", "both", "BIDIRECTIONAL ", "NEWEST", "hold_on"};
    enum sync_direction d = DIRECTION_BOTH;
    enum conflict_rule r = CONFLICT_HOLD;

    (void)state;
    for (size_t i = 0; i < COUNT(words); i++) {
        assert_false(direction_parse(words[i], &d));
        assert_false(conflict_rule_parse(words[i], &r));
    }
    assert_int_equal(d, DIRECTION_BOTH);
    assert_int_equal(r, CONFLICT_HOLD);
}

static void a_field_line_names_field_column_and_direction(void **state)
{
    static const struct {
        const char *text, *field, *column;
        enum sync_direction direction;
    } lines[] = {
        {"Name", "Name", "Name", DIRECTION_BOTH},
        {"  Close date  ", "Close date", "Close date", DIRECTION_BOTH},
        {"Amount <-> Deal value", "Amount", "Deal value", DIRECTION_BOTH},
        {"Close date -> Closed on", "Close date", "Closed on", DIRECTION_TO_SHEETS},
        {"Comment <- Remarks", "Comment", "Remarks", DIRECTION_TO_AIRTABLE},
        {"A\t->\tB", "A", "B", DIRECTION_TO_SHEETS},
        {"in->out", "in->out", "in->out", DIRECTION_BOTH},
        {"in->out <- x<-y", "in->out", "x<-y", DIRECTION_TO_AIRTABLE},
        {"a <--> b", "a <--> b", "a <--> b", DIRECTION_BOTH},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct mapping m = {.all = true};

        assert_null(mapping_add(&m, lines[i].text));
        assert_int_equal(m.n, 1);
        assert_false(m.all);
        assert_string_equal(m.entries[0].field, lines[i].field);
        assert_string_equal(m.entries[0].column, lines[i].column);
        assert_int_equal(m.entries[0].direction, lines[i].direction);
        mapping_release(&m);
        assert_int_equal(m.n, 0);
    }
}

static void a_field_line_that_says_nothing_clear_is_refused(void **state)
{
    static const struct {
        const char *text, *why;
    } lines[] = {
        {"", "field is missing"},
        {"   ", "field is missing"},
        {"-> Column", "field is missing"},
        {"Field ->", "column is missing"},
        {"<->", "field is missing"},
        {"A -> B -> C", "more than one arrow"},
        {"A <-> B <- C", "more than one arrow"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct mapping m = {.n = 0};
        const char *why = mapping_add(&m, lines[i].text);

        assert_non_null(why);
        assert_non_null(strstr(why, lines[i].why));
        assert_int_equal(m.n, 0);
        mapping_release(&m);
    }
}

static void a_field_and_a_column_are_mapped_once(void **state)
{
    struct mapping m = {.n = 0};

    (void)state;
    assert_null(mapping_add(&m, "A -> B"));
    assert_non_null(strstr(mapping_add(&m, "A -> C"), "field is mapped already"));
    assert_non_null(strstr(mapping_add(&m, "C -> B"), "column is mapped already"));
    assert_null(mapping_add(&m, "B -> A"));
    assert_int_equal(m.n, 2);
    mapping_release(&m);
}

static void a_mapping_has_at_most_five_hundred_fields(void **state)
{
    struct mapping m = {.n = 0};
    char name[16];

    (void)state;
    for (int i = 0; i < MAPPING_MAX; i++) {
        snprintf(name, sizeof name, "f%d", i);
        assert_null(mapping_add(&m, name));
    }
    assert_non_null(mapping_add(&m, "one more"));
    assert_int_equal(m.n, MAPPING_MAX);
    mapping_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_sqlites_and_are_read_in_either_case),
        cmocka_unit_test(other_words_are_refused),
        cmocka_unit_test(a_field_line_names_field_column_and_direction),
        cmocka_unit_test(a_field_line_that_says_nothing_clear_is_refused),
        cmocka_unit_test(a_field_and_a_column_are_mapped_once),
        cmocka_unit_test(a_mapping_has_at_most_five_hundred_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
