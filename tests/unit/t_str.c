/* t_str.c: numbers, UTF-8 and encodings. */
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void integers_are_read_whole_or_not_at_all(void **state)
{
    static const struct {
        const char *text;
        int64_t min, max;
        bool ok;
        int64_t value;
    } cases[] = {
        {"0", 0, 10, true, 0},
        {"10", 0, 10, true, 10},
        {"11", 0, 10, false, 0},
        {"-1", 0, 10, false, 0},
        {"-5", -10, 10, true, -5},
        {"007", 0, 10, true, 7},
        {"", 0, 10, false, 0},
        {"-", -10, 10, false, 0},
        {" 1", 0, 10, false, 0},
        {"1 ", 0, 10, false, 0},
        {"+1", 0, 10, false, 0},
        {"1x", 0, 10, false, 0},
        {"0x1", 0, 10, false, 0},
        {"9223372036854775807", INT64_MIN, INT64_MAX, true, INT64_MAX},
        {"-9223372036854775808", INT64_MIN, INT64_MAX, true, INT64_MIN},
        {"9223372036854775808", INT64_MIN, INT64_MAX, false, 0},
        {"-9223372036854775809", INT64_MIN, INT64_MAX, false, 0},
        {"99999999999999999999999", INT64_MIN, INT64_MAX, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t v = 12345;

        assert_int_equal(str_to_i64(cases[i].text, cases[i].min, cases[i].max, &v), cases[i].ok);
        assert_true(v == (cases[i].ok ? cases[i].value : 12345));
    }
}

static void decimal_numbers_are_read_whole_or_not_at_all(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        double value;
    } cases[] = {
        {"0", true, 0},     {"-0", true, 0},     {"1.5", true, 1.5},  {".5", true, 0.5},
        {"5.", true, 5},    {"+3", true, 3},     {"1e3", true, 1000}, {"1E-2", true, 0.01},
        {"0012", true, 12}, {"1e400", false, 0}, {"1e-400", true, 0}, {"", false, 0},
        {".", false, 0},    {"-", false, 0},     {"1,5", false, 0},   {" 1", false, 0},
        {"1 ", false, 0},   {"1e", false, 0},    {"1e+", false, 0},   {"nan", false, 0},
        {"inf", false, 0},  {"0x10", false, 0},  {"1_000", false, 0}, {"1.2.3", false, 0},
        {"--1", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        double v = 12345;

        assert_int_equal(str_to_double(cases[i].text, &v), cases[i].ok);
        assert_true(v == (cases[i].ok ? cases[i].value : 12345));
    }
}

static void doubles_print_in_their_short_form(void **state)
{
    static const struct {
        double v;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "0"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.1 * 3, "3.3000000000000003"},
        {12, "12"},
        {-7.25, "-7.25"},
        {999999999999999, "999999999999999"},
        {-123456789012345, "-123456789012345"},
        {1e15, "1e+15"},
        {1e-7, "1e-07"},
        {9007199254740993.0, "9007199254740992"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {5e-324, "4.94065645841247e-324"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[STR_DOUBLE_MAX];

        str_from_double(cases[i].v, out);
        assert_string_equal(out, cases[i].text);
    }
}

static void every_double_reads_back_as_itself(void **state)
{
    uint64_t bits = 0x123456789abcdef; /* xorshift64, fixed seed */

    (void)state;
    for (int i = 0; i < 20000; i++) {
        char out[STR_DOUBLE_MAX];
        double v;
        double back;

        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        memcpy(&v, &bits, sizeof v);
        if (!isfinite(v)) {
            continue;
        }
        str_from_double(v, out);
        assert_true(str_to_double(out, &back));
        assert_true(back == v);
        v = (double)(bits % 1000000) / 100 * 3; /* prices */
        str_from_double(v, out);
        assert_true(str_to_double(out, &back) && back == v);
    }
}

static void numbers_do_not_follow_the_locale(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "pt_BR.UTF-8", "nl_NL.UTF-8"};
    char out[STR_DOUBLE_MAX];
    double v = 0;
    bool found = false;

    (void)state;
    for (size_t i = 0; i < COUNT(names) && !found; i++) {
        found = setlocale(LC_ALL, names[i]) != NULL;
    }
    if (!found) {
        skip(); /* no locale with a decimal comma on this machine */
    }
    str_from_double(1.5, out);
    assert_true(str_to_double("2.5", &v));
    setlocale(LC_ALL, "C");
    assert_string_equal(out, "1.5");
    assert_true(v == 2.5);
}

static void texts_are_compared_trimmed_and_copied(void **state)
{
    char text[] = " \t a b\r\n ";
    char small[4];

    (void)state;
    assert_true(str_eq("a", "a"));
    assert_false(str_eq("a", "A"));
    assert_true(str_eq(NULL, NULL));
    assert_false(str_eq(NULL, ""));
    assert_true(str_eq_ci("AbC", "aBc"));
    assert_false(str_eq_ci("abc", "abcd"));
    assert_false(str_eq_ci("abcd", "abc"));
    assert_false(str_eq_ci("[", "{"));
    assert_false(str_eq_ci(NULL, "a"));
    assert_true(str_starts("abc", "ab"));
    assert_true(str_starts("abc", ""));
    assert_false(str_starts("a", "ab"));
    assert_string_equal(str_trim(text), "a b");
    assert_true(str_copy(small, sizeof small, "abc"));
    assert_string_equal(small, "abc");
    assert_false(str_copy(small, sizeof small, "wxyz"));
    assert_string_equal(small, "wxy");
}

static void utf8_is_judged_by_rfc_3629(void **state)
{
    static const struct {
        const char *text;
        bool ok;
    } cases[] = {
        {"plain", true},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", true},
        {"\xf4\x8f\xbf\xbf", true},  /* U+10FFFF */
        {"\xf4\x90\x80\x80", false}, /* beyond */
        {"\xed\xa0\x80", false},     /* surrogate */
        {"\xed\x9f\xbf", true},      /* just below the surrogates */
        {"\xc0\x80", false},         /* over-long NUL */
        {"\xe0\x9f\xbf", false},     /* over-long */
        {"\xf0\x8f\xbf\xbf", false}, /* over-long */
        {"\xc3", false},             /* cut */
        {"\xe2\x82", false},         /* cut */
        {"\x80", false},             /* a tail alone */
        {"\xc3(", false},            /* no tail */
        {"\xff", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(utf8_valid(cases[i].text, strlen(cases[i].text)), cases[i].ok);
    }
    assert_false(utf8_valid("a\0b", 3));
    assert_true(utf8_valid("", 0));
}

static void characters_are_counted_in_four_ways(void **state)
{
    static const struct {
        const char *text;
        size_t count, utf16, width;
    } cases[] = {
        {"", 0, 0, 0},
        {"abc", 3, 3, 3},
        {"\u00e9\u20ac", 2, 2, 2},
        {"\U0001F600", 1, 2, 2},
        {"\u65e5\u672c", 2, 2, 4},
        {"e\u0301", 2, 2, 1},
        {"\U0001F468\u200D\U0001F469", 3, 5, 2}, /* joined into one sign */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t len = strlen(cases[i].text);

        assert_int_equal(utf8_count(cases[i].text, len), cases[i].count);
        assert_int_equal(utf8_utf16_units(cases[i].text, len), cases[i].utf16);
        assert_int_equal(utf8_width(cases[i].text, len), cases[i].width);
    }
    assert_int_equal(utf8_width("a\xff", 2), 2);
}

static void a_cut_never_halves_a_character(void **state)
{
    const char *text = "a\u65e5b";

    (void)state;
    assert_int_equal(utf8_cut(text, 5, 0), 0);
    assert_int_equal(utf8_cut(text, 5, 1), 1);
    assert_int_equal(utf8_cut(text, 5, 2), 1);
    assert_int_equal(utf8_cut(text, 5, 3), 4);
    assert_int_equal(utf8_cut(text, 5, 9), 5);
}

static void hex_goes_both_ways(void **state)
{
    const uint8_t bytes[] = {0x00, 0x9f, 0xff};
    uint8_t back[3];
    char text[7];

    (void)state;
    hex_encode(bytes, 3, text);
    assert_string_equal(text, "009fff");
    assert_true(hex_decode("009FfF", back, 3));
    assert_memory_equal(back, bytes, 3);
    assert_false(hex_decode("009ff", back, 3));
    assert_false(hex_decode("009fff0", back, 3));
    assert_false(hex_decode("009fgf", back, 3));
    assert_false(hex_decode("", back, 3));
}

static void base64_follows_rfc_4648(void **state)
{
    static const struct {
        const char *plain, *text, *url;
    } cases[] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
        {"\xfb\xff\xfe", "+//+", "-__-"},
    };
    static const char *const bad[] = {"Z",    "Zg=",  "Zg===", "Z===", "Zm9v\n", " Zm9v",   "Zm9v=",
                                      "Zh==", "Zm9=", "Zm9v!", "=",    "Z=g=",   "Zg==Zg=="};
    struct buf b;

    (void)state;
    buf_init(&b, BUF_NO_LIMIT);
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t len = strlen(cases[i].plain);

        buf_clear(&b);
        base64_encode(&b, cases[i].plain, len);
        assert_string_equal(b.data, cases[i].text);
        buf_clear(&b);
        base64url_encode(&b, cases[i].plain, len);
        assert_string_equal(b.data, cases[i].url);
        buf_clear(&b);
        assert_true(base64_decode(&b, cases[i].text));
        assert_true(b.len == len && memcmp(b.data, cases[i].plain, len) == 0);
        buf_clear(&b);
        assert_true(base64_decode(&b, cases[i].url));
        assert_true(b.len == len && memcmp(b.data, cases[i].plain, len) == 0);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        buf_clear(&b);
        assert_false(base64_decode(&b, bad[i]));
    }
    buf_release(&b);
    buf_init(&b, 2);
    assert_false(base64_decode(&b, "Zm9v")); /* no room */
    buf_release(&b);
}

static void percent_encoding_goes_both_ways(void **state)
{
    static const char *const bad[] = {"%", "%4", "%zz", "a%4", "%00"};
    struct buf b;

    (void)state;
    buf_init(&b, BUF_NO_LIMIT);
    url_encode(&b, "aZ09-._~ /?&=+%\xc3\xa9");
    assert_string_equal(b.data, "aZ09-._~%20%2F%3F%26%3D%2B%25%C3%A9");
    buf_clear(&b);
    assert_true(url_decode(&b, "a+b%2bc%C3%a9", 13, true));
    assert_string_equal(b.data, "a b+c\xc3\xa9");
    buf_clear(&b);
    assert_true(url_decode(&b, "a+b", 3, false));
    assert_string_equal(b.data, "a+b");
    for (size_t i = 0; i < COUNT(bad); i++) {
        buf_clear(&b);
        assert_false(url_decode(&b, bad[i], strlen(bad[i]), true));
    }
    assert_false(url_decode(&b, "%41", 2, true)); /* looks no further than it may */
    buf_release(&b);
}

static void distance_counts_edits_and_swaps(void **state)
{
    char longer[100];

    (void)state;
    assert_int_equal(str_distance("", ""), 0);
    assert_int_equal(str_distance("abc", ""), 3);
    assert_int_equal(str_distance("kitten", "sitting"), 3);
    assert_int_equal(str_distance("shcedule", "schedule"), 1);
    assert_int_equal(str_distance("databse", "database"), 1);
    assert_int_equal(str_distance("ca", "abc"), 3);
    memset(longer, 'a', 99);
    longer[99] = '\0';
    assert_int_equal(str_distance(longer, "a"), 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_read_whole_or_not_at_all),
        cmocka_unit_test(decimal_numbers_are_read_whole_or_not_at_all),
        cmocka_unit_test(doubles_print_in_their_short_form),
        cmocka_unit_test(every_double_reads_back_as_itself),
        cmocka_unit_test(numbers_do_not_follow_the_locale),
        cmocka_unit_test(texts_are_compared_trimmed_and_copied),
        cmocka_unit_test(utf8_is_judged_by_rfc_3629),
        cmocka_unit_test(characters_are_counted_in_four_ways),
        cmocka_unit_test(a_cut_never_halves_a_character),
        cmocka_unit_test(hex_goes_both_ways),
        cmocka_unit_test(base64_follows_rfc_4648),
        cmocka_unit_test(percent_encoding_goes_both_ways),
        cmocka_unit_test(distance_counts_edits_and_swaps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
