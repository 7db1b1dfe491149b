/* t_jsonw.c: the JSON writer; what it writes is read back. */
#include "base/jsonw.h"
#include "base/mem.h"
#include "net/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void commas_and_brackets_fall_into_place(void **state)
{
    struct buf b;
    struct jsonw w;

    (void)state;
    buf_init(&b, BUF_NO_LIMIT);
    jsonw_init(&w, &b);
    jsonw_object(&w);
    jsonw_key(&w, "a");
    jsonw_array(&w);
    jsonw_int(&w, 1);
    jsonw_array(&w);
    jsonw_end_array(&w);
    jsonw_object(&w);
    jsonw_end_object(&w);
    jsonw_null(&w);
    jsonw_bool(&w, true);
    jsonw_raw(&w, "{\"raw\":1}");
    jsonw_string(&w, NULL);
    jsonw_end_array(&w);
    jsonw_member(&w, "b", "x");
    jsonw_member(&w, "c", NULL);
    jsonw_member_int(&w, "d", INT64_MIN);
    jsonw_member_bool(&w, "e", false);
    jsonw_key(&w, "f");
    jsonw_object(&w);
    jsonw_member(&w, "", "");
    jsonw_end_object(&w);
    jsonw_end_object(&w);
    assert_string_equal(b.data,
                        "{\"a\":[1,[],{},null,true,{\"raw\":1},null],\"b\":\"x\",\"c\":null,"
                        "\"d\":-9223372036854775808,\"e\":false,\"f\":{\"\":\"\"}}");
    buf_release(&b);
}

static void a_document_is_added_to_what_is_there(void **state)
{
    struct buf b;
    struct jsonw w;

    (void)state;
    buf_init(&b, BUF_NO_LIMIT);
    buf_adds(&b, "data=");
    jsonw_init(&w, &b);
    jsonw_array(&w);
    jsonw_end_array(&w);
    assert_string_equal(b.data, "data=[]");
    buf_release(&b);
}

static void numbers_come_back_bit_by_bit(void **state)
{
    static const double cases[] = {0,
                                   1,
                                   -1,
                                   0.1,
                                   0.1 + 0.2,
                                   3.3000000000000003,
                                   1e300,
                                   1e-300,
                                   5e-324,
                                   1e15,
                                   123456789012345678.0,
                                   19.99 * 3,
                                   -2.5e-7};
    uint64_t x = 2463534242u;

    (void)state;
    for (size_t i = 0; i < 5000; i++) {
        struct bs_err e = BS_ERR_INIT;
        struct json *doc;
        struct buf b;
        struct jsonw w;
        double v;

        if (i < sizeof cases / sizeof cases[0]) {
            v = cases[i];
        } else {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            memcpy(&v, &x, sizeof v);
            if (!isfinite(v)) {
                continue;
            }
        }
        buf_init(&b, BUF_NO_LIMIT);
        jsonw_init(&w, &b);
        jsonw_number(&w, v);
        assert_int_equal(json_parse(b.data, b.len, &doc, &e), BS_OK);
        if (json_number(doc, -1) != v) {
            fail_msg("%.17g became %s", v, b.data);
        }
        json_free(doc);
        buf_release(&b);
    }
}

static void what_is_no_number_in_json_becomes_null(void **state)
{
    static const double cases[] = {NAN, INFINITY, -INFINITY};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct buf b;
        struct jsonw w;

        buf_init(&b, BUF_NO_LIMIT);
        jsonw_init(&w, &b);
        jsonw_number(&w, cases[i]);
        assert_string_equal(b.data, "null");
        buf_release(&b);
    }
}

static void every_text_comes_back_and_no_byte_breaks_the_document(void **state)
{
    static const struct {
        const char *text, *json, *back; /* back NULL: the same */
    } cases[] = {
        {"", "\"\"", NULL},
        {"a\"b\\c/", "\"a\\\"b\\\\c/\"", NULL},
        {"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"", NULL},
        {"\x01\x1f\x7f", "\"\\u0001\\u001f\\u007f\"", NULL},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", NULL},
        {"a\xff"
         "b",
         "\"a\xef\xbf\xbd"
         "b\"",
         "a\xef\xbf\xbd"
         "b"},
        {"\xc3", "\"\xef\xbf\xbd\"", "\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"",
         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf0\x9f\x98", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"",
         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bs_err e = BS_ERR_INIT;
        /* Its own memory, so that reading behind the end is seen. */
        char *text = bs_strdup(cases[i].text);
        struct json *doc;
        struct buf b;

        buf_init(&b, BUF_NO_LIMIT);
        json_quote(&b, text);
        assert_string_equal(b.data, cases[i].json);
        assert_int_equal(json_parse(b.data, b.len, &doc, &e), BS_OK);
        assert_string_equal(json_string(doc, NULL), cases[i].back ? cases[i].back : cases[i].text);
        json_free(doc);
        buf_release(&b);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_and_brackets_fall_into_place),
        cmocka_unit_test(a_document_is_added_to_what_is_there),
        cmocka_unit_test(numbers_come_back_bit_by_bit),
        cmocka_unit_test(what_is_no_number_in_json_becomes_null),
        cmocka_unit_test(every_text_comes_back_and_no_byte_breaks_the_document),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
