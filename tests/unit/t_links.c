/* t_links.c: names of linked records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/links.h"

#include <stdio.h>

static int make_links(void **state)
{
    struct links *l = links_new();

    links_add(l, "tbl1", "recA", "Ann");
    links_add(l, "tbl1", "recB", "Bob");
    links_add(l, "tbl1", "recC", "");
    links_add(l, "tbl1", "recD", "Ann");
    links_add(l, "tbl2", "recE", "Bob");
    *state = l;
    return 0;
}

static int free_links(void **state)
{
    links_free(*state);
    return 0;
}

static void assert_found(struct links *l, const char *name, size_t count, const char *id)
{
    const char *found = "x";

    assert_int_equal(links_find(l, "tbl1", name, &found), count);
    if (id) {
        assert_string_equal(found, id);
    } else {
        assert_null(found);
    }
}

static void a_record_is_shown_by_its_name_or_else_its_id(void **state)
{
    struct links *l = *state;

    assert_string_equal(links_name(l, "tbl1", "recA"), "Ann");
    assert_string_equal(links_name(l, "tbl1", "recC"), "recC");
    assert_string_equal(links_name(l, "tbl1", "recX"), "recX");
    assert_string_equal(links_name(l, "tbl9", "recA"), "recA");
}

static void a_table_is_known_in_part_until_it_is_complete(void **state)
{
    struct links *l = *state;

    assert_false(links_is_partial(l, "tbl1"));
    links_mark_partial(l, "tbl1");
    assert_true(links_is_partial(l, "tbl1"));
    assert_false(links_is_partial(l, "tbl2"));
    assert_false(links_is_complete(l, "tbl1"));
    links_mark_complete(l, "tbl1");
    assert_false(links_is_partial(l, "tbl1"));
    assert_true(links_knows(l, "tbl1", "recA"));
    assert_true(links_knows(l, "tbl1", "recC")); /* has no name: that is known of it */
    assert_false(links_knows(l, "tbl1", "recX"));
    assert_false(links_knows(l, "tbl9", "recA"));
}

static void a_name_is_found_in_its_own_table_only(void **state)
{
    struct links *l = *state;
    const char *id;

    assert_found(l, "Bob", 1, "recB");
    assert_int_equal(links_find(l, "tbl2", "Bob", &id), 1);
    assert_string_equal(id, "recE");
    assert_int_equal(links_find(l, "tbl9", "Bob", &id), 0);
    assert_null(id);
    assert_found(l, "bob", 0, NULL);
    assert_found(l, "", 0, NULL);
}

static void a_name_of_several_records_is_counted(void **state)
{
    assert_found(*state, "Ann", 2, "recA");
}

static void a_record_id_is_a_name_too(void **state)
{
    struct links *l = *state;

    assert_found(l, "recB", 1, "recB");
    assert_found(l, "recC", 1, "recC");
    links_add(l, "tbl1", "recF", "recB"); /* someone else is called like an id */
    assert_found(l, "recB", 2, "recF");
    links_add(l, "tbl1", "recG", "recG");
    assert_found(l, "recG", 1, "recG");
}

static void a_fresher_name_replaces_the_old_one(void **state)
{
    struct links *l = *state;

    links_add(l, "tbl1", "recA", "Ann");
    assert_found(l, "Ann", 2, "recA");
    links_add(l, "tbl1", "recA", "Anna");
    assert_found(l, "Ann", 1, "recD");
    assert_found(l, "Anna", 1, "recA");
    links_add(l, "tbl1", "recB", "");
    assert_found(l, "Bob", 0, NULL);
    assert_string_equal(links_name(l, "tbl1", "recB"), "recB");
    links_add(l, "tbl1", "recH", "Anna");
    links_add(l, "tbl1", "recI", "Anna");
    assert_found(l, "Anna", 3, "recA");
}

static void line_breaks_are_those_of_a_sheet(void **state)
{
    struct links *l = *state;

    links_add(l, "tbl1", "recN", "two\r\nlines");
    assert_string_equal(links_name(l, "tbl1", "recN"), "two\nlines");
    assert_found(l, "two\nlines", 1, "recN");
}

static void a_table_is_complete_when_that_was_said(void **state)
{
    struct links *l = *state;

    assert_false(links_is_complete(l, "tbl1"));
    links_mark_complete(l, "tbl1");
    links_mark_complete(l, "tbl5"); /* has no records */
    assert_true(links_is_complete(l, "tbl1"));
    assert_false(links_is_complete(l, "tbl2"));
    assert_true(links_is_complete(l, "tbl5"));
}

static void many_records_are_kept_apart(void **state)
{
    struct links *l = *state;
    char id[32];
    char name[32];

    for (int i = 0; i < 20000; i++) {
        snprintf(id, sizeof id, "rec%d", i);
        snprintf(name, sizeof name, "name %d", i / 2);
        links_add(l, "tbl1", id, name);
    }
    for (int i = 0; i < 20000; i += 7) {
        snprintf(id, sizeof id, "rec%d", i / 2 * 2);
        snprintf(name, sizeof name, "name %d", i / 2);
        assert_found(l, name, 2, id);
        assert_string_equal(links_name(l, "tbl1", id), name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_record_is_shown_by_its_name_or_else_its_id, make_links,
                                        free_links),
        cmocka_unit_test_setup_teardown(a_table_is_known_in_part_until_it_is_complete, make_links,
                                        free_links),
        cmocka_unit_test_setup_teardown(a_name_is_found_in_its_own_table_only, make_links,
                                        free_links),
        cmocka_unit_test_setup_teardown(a_name_of_several_records_is_counted, make_links,
                                        free_links),
        cmocka_unit_test_setup_teardown(a_record_id_is_a_name_too, make_links, free_links),
        cmocka_unit_test_setup_teardown(a_fresher_name_replaces_the_old_one, make_links,
                                        free_links),
        cmocka_unit_test_setup_teardown(line_breaks_are_those_of_a_sheet, make_links, free_links),
        cmocka_unit_test_setup_teardown(a_table_is_complete_when_that_was_said, make_links,
                                        free_links),
        cmocka_unit_test_setup_teardown(many_records_are_kept_apart, make_links, free_links),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
