/* t_json.c: reading JSON answers. */
#include "base/mem.h"
#include "base/str.h"
#include "net/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct json *parsed(const char *text)
{
    struct bs_err e = BS_ERR_INIT;
    struct json *doc;
    /* Without a NUL behind it, so that reading past the end is seen. */
    char *exact = bs_alloc(strlen(text));

    memcpy(exact, text, strlen(text));
    if (json_parse(exact, strlen(text), &doc, &e) != BS_OK) {
        fail_msg("%s: %s", text, e.msg);
    }
    free(exact);
    return doc;
}

static void refused(const char *text, size_t len, const char *words)
{
    struct bs_err e = BS_ERR_INIT;
    struct json *doc;

    assert_int_equal(json_parse(text, len, &doc, &e), BS_STOP_SYNC);
    assert_null(doc);
    assert_int_equal(e.kind, BS_K_REMOTE);
    assert_memory_equal(e.msg, "not JSON: ", 10);
    if (!strstr(e.msg, words)) {
        fail_msg("'%s' is not in '%s'", words, e.msg);
    }
}

static void members_are_found_by_their_exact_name(void **state)
{
    struct json *d = parsed("{\"Name\":\"a\",\"name\":\"b\",\"\":\"c\"}");

    (void)state;
    assert_string_equal(json_string(json_get(d, "name"), ""), "b");
    assert_string_equal(json_string(json_get(d, "Name"), ""), "a");
    assert_string_equal(json_string(json_get(d, ""), ""), "c");
    assert_null(json_get(d, "NAME"));
    json_free(d);
}

static void of_members_with_one_name_the_first_counts(void **state)
{
    struct json *d = parsed("{\"a\":1,\"a\":2}");

    (void)state;
    assert_int_equal(json_int(json_get(d, "a"), 0), 1);
    assert_int_equal(json_count(d), 2);
    json_free(d);
}

static void paths_lead_through_objects_and_arrays(void **state)
{
    struct json *d = parsed("{\"a\":{\"b\":[{\"c\":7},[8,9]]},\"0\":\"zero\"}");

    (void)state;
    assert_int_equal(json_int(json_path(d, "a.b.0.c"), 0), 7);
    assert_int_equal(json_int(json_path(d, "a.b.1.1"), 0), 9);
    assert_string_equal(json_string(json_path(d, "0"), ""), "zero");
    assert_null(json_path(d, "a.b.2"));
    assert_null(json_path(d, "a.b.-1"));
    assert_null(json_path(d, "a.b.c"));
    assert_null(json_path(d, "a.x.0"));
    assert_null(json_path(NULL, "a"));
    json_free(d);
}

static void children_are_walked_in_order(void **state)
{
    struct json *d = parsed("{\"x\":[1,2,3],\"y\":null}");
    const struct json *c = json_child(json_get(d, "x"));
    int sum = 0;

    (void)state;
    for (; c; c = json_next(c)) {
        assert_null(json_key(c));
        sum = sum * 10 + (int)json_int(c, 0);
    }
    assert_int_equal(sum, 123);
    assert_string_equal(json_key(json_child(d)), "x");
    assert_string_equal(json_key(json_next(json_child(d))), "y");
    assert_int_equal(json_count(json_get(d, "x")), 3);
    assert_int_equal(json_count(json_get(d, "y")), 0);
    json_free(d);
}

static void absent_nodes_answer_with_the_given_value(void **state)
{
    struct json *d = parsed("[\"s\",1,true,null,{},[]]");
    const struct json *n[6];
    size_t i = 0;

    (void)state;
    for (const struct json *c = json_child(d); c; c = json_next(c)) {
        n[i++] = c;
    }
    for (i = 0; i < 6; i++) {
        assert_int_equal(json_is_string(n[i]), i == 0);
        assert_int_equal(json_is_number(n[i]), i == 1);
        assert_int_equal(json_is_bool(n[i]), i == 2);
        assert_int_equal(json_is_null(n[i]), i == 3);
        assert_int_equal(json_is_object(n[i]), i == 4);
        assert_int_equal(json_is_array(n[i]), i == 5);
        assert_string_equal(json_string(n[i], "no"), i == 0 ? "s" : "no");
        assert_true(json_number(n[i], 5) == (i == 1 ? 1 : 5));
        assert_int_equal(json_int(n[i], 5), i == 1 ? 1 : 5);
        assert_int_equal(json_bool(n[i], false), i == 2);
        assert_null(json_get(n[i], "s"));
    }
    assert_string_equal(json_string(NULL, "no"), "no");
    assert_int_equal(json_count(NULL), 0);
    assert_null(json_child(NULL));
    assert_null(json_next(NULL));
    assert_null(json_key(NULL));
    json_free(d);
    json_free(NULL);
}

static void whole_numbers_are_exact_or_not_there(void **state)
{
    static const struct {
        const char *json;
        int64_t want;
    } cases[] = {
        {"0", 0},
        {"-7", -7},
        {"1e3", 1000},
        {"9007199254740991", 9007199254740991},
        {"9007199254740993", -1},
        {"1.5", -1},
        {"\"3599\"", 3599},
        {"\"9223372036854775807\"", INT64_MAX},
        {"\"9223372036854775808\"", -1},
        {"\"12x\"", -1},
        {"\"\"", -1},
        {"true", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json *d = parsed(cases[i].json);

        assert_int_equal(json_int(d, -1), cases[i].want);
        json_free(d);
    }
}

static void printing_keeps_every_bit_and_every_character(void **state)
{
    static const char *const cases[] = {
        "3.3000000000000003",
        "0.30000000000000004",
        "43929.7078062963",
        "1e+300",
        "-12",
        "\"a\\\"\\\\\\n\xc3\xa9\xf0\x9f\x98\x80\"",
        "[1,[],{},null,true,false,{\"a\":[{\"b\":\"c\"}]}]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json *d = parsed(cases[i]);
        char *text = json_print(d);

        assert_string_equal(text, cases[i]);
        free(text);
        json_free(d);
    }
    char *none = json_print(NULL);

    assert_string_equal(none, "null");
    free(none);
}

static void what_is_not_json_is_told_with_its_first_bytes(void **state)
{
    (void)state;
    refused("", 0, "cut off after 0 bytes: \"\"");
    refused("<html>\n<body>502 Bad Gateway</body></html> and much more text", 61,
            "no value at byte 0: \"<html> <body>502 Bad Gateway</body></html> and ...\"");
    refused("{\"a\":1}x", 8, "text after the end of the document");
    refused("{\"a\":1", 6, "cut off after 6 bytes");
    refused("[01]", 4, "no comma");
    refused("[1.]", 4, "malformed number");
    refused("[\"\x01\"]", 5, "control character");
    refused("\"\xff\"", 3, "no UTF-8");
    refused("[1\0]", 4, "no comma");
    refused("1e400", 5, "out of range");
}

static void a_nul_in_a_text_is_refused_and_a_written_backslash_is_none(void **state)
{
    struct json *d;

    (void)state;
    refused("\"a\\u0000b\"", 10, "NUL");
    refused("{\"a\\u0000b\":1}", 14, "NUL");
    d = parsed("\"a\\\\u0000b\"");
    assert_string_equal(json_string(d, ""), "a\\u0000b");
    json_free(d);
}

static void half_a_surrogate_pair_becomes_the_replacement_character(void **state)
{
    static const struct {
        const char *json, *want;
    } cases[] = {
        {"\"a\\ud83d\"", "a\xef\xbf\xbd"},
        {"\"\\ude00b\"", "\xef\xbf\xbd"
                         "b"},
        {"\"\\uD83D\\uDE00\"", "\xf0\x9f\x98\x80"},
        {"\"\\ud83d\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80"},
        {"\"\\ud83d\\u0041\"", "\xef\xbf\xbd"
                               "A"},
        {"\"\\ud83d\\\\ude00\"", "\xef\xbf\xbd\\ude00"},
        {"\"\\uFFFF\\u00e9\"", "\xef\xbf\xbf\xc3\xa9"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json *d = parsed(cases[i].json);

        assert_string_equal(json_string(d, ""), cases[i].want);
        json_free(d);
    }
}

static void nesting_is_bounded_and_long_numbers_are_read(void **state)
{
    char deep[140], number[80];
    struct json *d;

    (void)state;
    memset(deep, '[', 65);
    memset(deep + 65, ']', 65);
    refused(deep, 130, "nested deeper than 64");
    deep[130] = '\0';
    deep[129] = '\0';
    json_free(parsed(deep + 1));
    memset(number, '0', sizeof number);
    memcpy(number, "0.", 2);
    memcpy(number + 70, "125e70", 7);
    d = parsed(number);
    assert_true(json_number(d, 0) == 12.5);
    json_free(d);
}

static void pieces_make_the_same_tree_wherever_they_are_cut(void **state)
{
    static const char text[] =
        "{\"records\":[{\"id\":\"rec1\",\"fields\":{\"a\":\"\\u00e9\\ud83d\\ude00\",\"b\":-1.5e2,"
        "\"c\":[true,null,{}]}},{\"id\":\"rec2\",\"fields\":{}}],\"offset\":\"itr/rec2\"}";
    struct json *whole = parsed(text);
    char *want = json_print(whole);

    (void)state;
    for (size_t step = 1; step < sizeof text; step++) {
        struct json_reader *r = json_reader_new(NULL);

        for (size_t at = 0; at < sizeof text - 1; at += step) {
            size_t left = sizeof text - 1 - at;

            assert_true(json_reader_feed(r, text + at, left < step ? left : step));
        }
        struct json *d = json_reader_end(r);
        char *got = json_print(d);

        assert_string_equal(got, want);
        assert_int_equal(json_count(json_get(d, "records")), 2);
        free(got);
        json_free(d);
        assert_null(json_reader_end(r)); /* it was given away */
        json_reader_free(r);
    }
    free(want);
    json_free(whole);
}

static void half_a_document_is_none(void **state)
{
    struct json_reader *r = json_reader_new(NULL);

    (void)state;
    assert_true(json_reader_feed(r, "{\"a\":", 5));
    assert_null(json_reader_end(r));
    assert_string_equal(json_reader_error(r), "cut off after 5 bytes");
    json_reader_free(r);
    r = json_reader_new(NULL);
    assert_false(json_reader_feed(r, "{\"a\":<html>", 11));
    assert_false(json_reader_feed(r, "1}", 2));
    assert_null(json_reader_end(r));
    assert_non_null(strstr(json_reader_error(r), "no value at byte 5"));
    json_reader_free(r);
    json_reader_free(NULL);
}

static void a_document_may_lie_in_the_caller_s_arena(void **state)
{
    struct arena *a = arena_new();

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct json_reader *r = json_reader_new(a);

        assert_true(json_reader_feed(r, "{\"a\":\"b\"}", 9));
        struct json *d = json_reader_end(r);

        json_reader_free(r);
        json_free(d);
        assert_string_equal(json_string(json_get(d, "a"), ""), "b");
        assert_true(arena_used(a) > 0);
        arena_reset(a);
    }
    arena_free(a);
}

static void a_member_is_looked_for_nearby_first(void **state)
{
    struct json *d = parsed("{\"a\":1,\"b\":2,\"c\":3}");
    const struct json *b = json_next(json_child(d));

    (void)state;
    assert_ptr_equal(json_get_near(d, b, "b"), b);
    assert_ptr_equal(json_get_near(d, b, "a"), json_child(d));
    assert_int_equal(json_int(json_get_near(d, NULL, "c"), 0), 3);
    assert_null(json_get_near(d, b, "x"));
    json_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_found_by_their_exact_name),
        cmocka_unit_test(of_members_with_one_name_the_first_counts),
        cmocka_unit_test(paths_lead_through_objects_and_arrays),
        cmocka_unit_test(children_are_walked_in_order),
        cmocka_unit_test(absent_nodes_answer_with_the_given_value),
        cmocka_unit_test(whole_numbers_are_exact_or_not_there),
        cmocka_unit_test(printing_keeps_every_bit_and_every_character),
        cmocka_unit_test(what_is_not_json_is_told_with_its_first_bytes),
        cmocka_unit_test(a_nul_in_a_text_is_refused_and_a_written_backslash_is_none),
        cmocka_unit_test(half_a_surrogate_pair_becomes_the_replacement_character),
        cmocka_unit_test(pieces_make_the_same_tree_wherever_they_are_cut),
        cmocka_unit_test(half_a_document_is_none),
        cmocka_unit_test(a_document_may_lie_in_the_caller_s_arena),
        cmocka_unit_test(a_member_is_looked_for_nearby_first),
        cmocka_unit_test(nesting_is_bounded_and_long_numbers_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
