/* t_list.c: several texts in one cell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS 6

static const struct {
    const char *items[ITEMS]; /* ends at NULL */
    const char *text;
} pairs[] = {
    {{NULL}, ""},
    {{"Ann"}, "Ann"},
    {{"Ann", "Bob"}, "Ann, Bob"},
    {{"Smith, John", "Ann"}, "\"Smith, John\", Ann"},
    {{"a\"b"}, "\"a\"\"b\""},
    {{"\""}, "\"\"\"\""},
    {{"\"\"", "x"}, "\"\"\"\"\"\", x"},
    {{"a\nb", "c\rd"}, "\"a\nb\", \"c\rd\""},
    {{" x", "y ", "\tz"}, "\" x\", \"y \", \"\tz\""},
    {{"", "x", ""}, "\"\", x, \"\""},
    {{"a  b"}, "a  b"},
    {{"=1+1", "+49", "0012", "'q'"}, "=1+1, +49, 0012, 'q'"},
    {{"\xc3\x84rger", "\xe2\x82\xac"}, "\xc3\x84rger, \xe2\x82\xac"},
};

static size_t count_items(const char *const *items)
{
    size_t n = 0;

    while (n < ITEMS && items[n]) {
        n++;
    }
    return n;
}

static void items_that_need_it_are_quoted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct buf b;

        buf_init(&b, 1000);
        list_join(&b, pairs[i].items, count_items(pairs[i].items));
        assert_string_equal(b.data, pairs[i].text);
        buf_release(&b);
    }
}

static void check_split(const char *text, const char *const *items)
{
    struct arena *a = arena_new();
    const char **found;
    size_t n;

    assert_int_equal(list_split(a, text, &found, &n, NULL), BS_OK);
    assert_int_equal(n, count_items(items));
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(found[i], items[i]);
    }
    arena_free(a);
}

static void what_was_joined_is_split_into_the_same_items(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        check_split(pairs[i].text, pairs[i].items);
    }
}

static void people_may_be_careless_with_space_and_commas(void **state)
{
    static const struct {
        const char *text;
        const char *items[ITEMS];
    } cases[] = {
        {"a,b", {"a", "b"}},
        {"a, , b", {"a", "b"}},
        {",a,", {"a"}},
        {" , ,, ", {NULL}},
        {"  a  ,\n b ", {"a", "b"}},
        {"\"a\"  ,  \"b\"  ", {"a", "b"}},
        {"5\" pipe, x", {"5\" pipe", "x"}},
        {"a b, c d", {"a b", "c d"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_split(cases[i].text, cases[i].items);
    }
}

static void bad_quotes_are_refused_in_words(void **state)
{
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        {"\"a", "not closed"},       {"x, \"a\"\"", "not closed"},  {"\"", "not closed"},
        {"\"a\" b", "text follows"}, {"\"a\"b, c", "text follows"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena *a = arena_new();
        struct bs_err e = BS_ERR_INIT;
        const char **items;
        size_t n;

        assert_int_equal(list_split(a, cases[i].text, &items, &n, &e), BS_SKIP);
        assert_int_equal(e.kind, BS_K_VALIDATION);
        assert_non_null(strstr(e.msg, cases[i].sentence));
        arena_free(a);
    }
}

static void the_number_of_items_is_bounded(void **state)
{
    struct arena *a = arena_new();
    struct buf b;
    const char **items;
    size_t n;

    (void)state;
    buf_init(&b, 1000000);
    for (int i = 0; i < LIST_ITEMS_MAX; i++) {
        buf_adds(&b, "x,");
    }
    assert_int_equal(list_split(a, b.data, &items, &n, NULL), BS_OK);
    assert_int_equal(n, LIST_ITEMS_MAX);
    buf_adds(&b, "x");
    assert_int_equal(list_split(a, b.data, &items, &n, NULL), BS_SKIP);
    buf_release(&b);
    arena_free(a);
}

static void random_items_come_back(void **state)
{
    static const char letters[] = "ab,\" \n'";
    unsigned seed = 4711;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        char texts[ITEMS][8];
        const char *items[ITEMS] = {NULL};
        struct buf b;

        for (size_t i = 0; i < (size_t)round % ITEMS; i++) {
            size_t len = (size_t)rand_r(&seed) % 7;

            for (size_t k = 0; k < len; k++) {
                texts[i][k] = letters[(size_t)rand_r(&seed) % (sizeof letters - 1)];
            }
            texts[i][len] = '\0';
            items[i] = texts[i];
        }
        buf_init(&b, 1000);
        list_join(&b, items, count_items(items));
        check_split(b.data, items);
        buf_release(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_that_need_it_are_quoted),
        cmocka_unit_test(what_was_joined_is_split_into_the_same_items),
        cmocka_unit_test(people_may_be_careless_with_space_and_commas),
        cmocka_unit_test(bad_quotes_are_refused_in_words),
        cmocka_unit_test(the_number_of_items_is_bounded),
        cmocka_unit_test(random_items_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
