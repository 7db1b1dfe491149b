/* t_jstream.c: the push parser, whole, byte by byte and cut at random places. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "net/jstream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char names[] = "{}[]ks#tfn";

/* Events as text: "[0#1.5#s:abc]0". */
static bool record(void *ctx, const struct jstream_token *t)
{
    struct buf *out = ctx;
    char number[STR_DOUBLE_MAX];

    buf_addc(out, names[t->event]);
    switch (t->event) {
    case JS_KEY:
    case JS_STRING:
        assert_int_equal(t->text[t->len], '\0');
        buf_addf(out, "%zu:%s", t->len, t->text);
        break;
    case JS_NUMBER:
        str_from_double(t->number, number);
        buf_addf(out, "%s(%s)", number, t->text);
        break;
    default: buf_addf(out, "%d", t->depth); break;
    }
    return true;
}

static bool parse_cut(const char *text, size_t len, size_t step, unsigned seed, struct buf *out,
                      char *error)
{
    struct jstream *p = jstream_new(record, out);
    bool ok = true;

    for (size_t at = 0; at < len && ok;) {
        size_t n = step;

        if (n == 0) {
            seed = seed * 1103515245u + 12345u;
            n = 1 + (seed >> 16) % 7;
        }
        n = n > len - at ? len - at : n;
        /* A copy of its own, so that reading past a piece is seen. */
        char *piece = bs_alloc(n);

        memcpy(piece, text + at, n);
        ok = jstream_feed(p, piece, n);
        free(piece);
        at += n;
    }
    ok = ok && jstream_end(p);
    snprintf(error, 200, "%s", jstream_error(p));
    assert_int_equal(ok, error[0] == '\0');
    jstream_free(p);
    return ok;
}

/* Parses whole, by single bytes and in random pieces: all must agree. */
static bool parse(const char *text, size_t len, struct buf *out, char *error)
{
    bool ok;

    buf_init(out, BUF_NO_LIMIT);
    ok = parse_cut(text, len, len ? len : 1, 0, out, error);
    for (unsigned seed = 0; seed < 12; seed++) {
        struct buf again;
        char other[200];

        buf_init(&again, BUF_NO_LIMIT);
        assert_int_equal(parse_cut(text, len, seed == 0, seed, &again, other), ok);
        assert_string_equal(again.data, out->data);
        assert_string_equal(other, error);
        buf_release(&again);
    }
    return ok;
}

static void well_formed_documents_give_their_events(void **state)
{
    static const struct {
        const char *json, *events;
    } cases[] = {
        {"{}", "{1}1"},
        {" [ ] ", "[1]1"},
        {"\"\"", "s0:"},
        {"true", "t0"},
        {"\tfalse\r\n", "f0"},
        {"null", "n0"},
        {"0", "#0(0)"},
        {"-0", "#0(-0)"},
        {"-12", "#-12(-12)"},
        {"1.50", "#1.5(1.50)"},
        {"1e3", "#1000(1e3)"},
        {"1E+3", "#1000(1E+3)"},
        {"25e-1", "#2.5(25e-1)"},
        {"0.1", "#0.1(0.1)"},
        {"3.3000000000000003", "#3.3000000000000003(3.3000000000000003)"},
        {"43929.7078062963", "#43929.7078062963(43929.7078062963)"},
        {"9007199254740993", "#9007199254740992(9007199254740993)"},
        {"123456789012345", "#123456789012345(123456789012345)"},
        {"1.7976931348623157e308", "#1.7976931348623157e+308(1.7976931348623157e308)"},
        {"5e-324", "#4.94065645841247e-324(5e-324)"},
        {"[1,2]", "[1#1(1)#2(2)]1"},
        {"{\"a\":{\"b\":[true,null]},\"c\":\"d\"}", "{1k1:a{2k1:b[3t3n3]3}2k1:cs1:d}1"},
        {"{\"\":0}", "{1k0:#0(0)}1"},
        {"[[],{}]", "[1[2]2{2}2]1"},
        {"\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\"", "s10:a\"\\/\b\f\n\r\tz"},
        {"\"\\u0041\\u00e9\\u20ac\"", "s6:A\xc3\xa9\xe2\x82\xac"},
        {"\"\\ud83d\\ude00\\uD83D\\uDE00\"", "s8:\xf0\x9f\x98\x80\xf0\x9f\x98\x80"},
        {"\"\xf0\x9f\x98\x80 \xc3\xa9\"", "s7:\xf0\x9f\x98\x80 \xc3\xa9"},
        {"\"\x7f\"", "s1:\x7f"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out;
        char error[200];

        if (!parse(cases[i].json, strlen(cases[i].json), &out, error)) {
            fail_msg("%s: %s", cases[i].json, error);
        }
        assert_string_equal(out.data, cases[i].events);
        buf_release(&out);
    }
}

static void what_no_text_can_hold_becomes_the_replacement_character(void **state)
{
    static const char *const cases[] = {"\\u0000", "\\ud800", "\\udc00", "\\uDBFF"};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t f = 0; f < 3; f++) {
            static const char *const tails[] = {"b\"", "\\n\"", "\""};
            static const char *const ends[] = {"b", "\n", ""};
            char json[40], want[40], error[200];
            struct buf out;

            snprintf(json, sizeof json, "\"a%s%s", cases[i], tails[f]);
            snprintf(want, sizeof want, "s%zu:a\xef\xbf\xbd%s", 4 + strlen(ends[f]), ends[f]);
            assert_true(parse(json, strlen(json), &out, error));
            assert_string_equal(out.data, want);
            buf_release(&out);
        }
    }
}

static void two_first_halves_are_one_replacement_and_a_pair(void **state)
{
    static const char json[] = "\"\\ud83d\\ud83d\\ude00\"";
    struct buf out;
    char error[200];

    (void)state;
    assert_true(parse(json, strlen(json), &out, error));
    assert_string_equal(out.data, "s7:\xef\xbf\xbd\xf0\x9f\x98\x80");
    buf_release(&out);
}

static void malformed_documents_are_refused_with_a_sentence(void **state)
{
    static const struct {
        const char *json, *words;
    } cases[] = {
        {"", "cut off after 0 bytes"},
        {"  ", "cut off"},
        {"{", "cut off after 1 bytes"},
        {"[1,2", "cut off"},
        {"\"abc", "cut off"},
        {"tru", "cut off"},
        {"1.", "cut off"},
        {"-", "cut off"},
        {"[1e]", "a malformed number at byte 3"},
        {"[1e+]", "a malformed number"},
        {"[-]", "a malformed number"},
        {"[1.x]", "a malformed number"},
        {"[01]", "no comma between values at byte 2"},
        {"[.5]", "no value"},
        {"[+1]", "no value"},
        {"[NaN]", "no value"},
        {"1e999", "a number out of range"},
        {"[-1e999]", "a number out of range"},
        {"[1,]", "out of place"},
        {"[,1]", "no value"},
        {"{\"a\":1,}", "out of place"},
        {"{\"a\" 1}", "no colon"},
        {"{\"a\":}", "out of place"},
        {"{\"a\"}", "out of place"},
        {"{a:1}", "no member name at byte 1"},
        {"{\"a\":1 \"b\":2}", "no comma"},
        {"[1 2]", "no comma"},
        {"[1}", "out of place"},
        {"{]", "out of place"},
        {"]", "out of place"},
        {"{}{}", "text after the end of the document at byte 2"},
        {"1 2", "text after the end"},
        {"null,", "text after the end"},
        {"nul1", "an unknown word at byte 3"},
        {"True", "no value"},
        {"'a'", "no value"},
        {"\"a\nb\"", "a control character in a text at byte 2"},
        {"\"\\x41\"", "an unknown escape"},
        {"\"\\u12g4\"", "without four hex digits at byte 5"},
        {"\"\xc3\"", "no UTF-8"},
        {"\"\xff\"", "no UTF-8"},
        {"\"\xc0\x80\"", "no UTF-8"},
        {"\"\xed\xa0\x80\"", "no UTF-8"},
        {"{\"\x80\":1}", "no UTF-8"},
        {"\xef\xbb\xbf{}", "no value at byte 0"},
        {"// x\n1", "no value"},
        {"<html>", "no value at byte 0"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out;
        char error[200];

        assert_false(parse(cases[i].json, strlen(cases[i].json), &out, error));
        if (!strstr(error, cases[i].words)) {
            fail_msg("%s: '%s' is not in '%s'", cases[i].json, cases[i].words, error);
        }
        buf_release(&out);
    }
}

static void a_nul_byte_is_refused_everywhere(void **state)
{
    static const char *const cases[] = {"[\0]", "\"\0\"", "\"\\\0\"", "\"\\u00\0\"", "1\0", "t\0"};
    static const size_t lengths[] = {3, 3, 4, 7, 2, 2};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out;
        char error[200];

        assert_false(parse(cases[i], lengths[i], &out, error));
        buf_release(&out);
    }
}

static void nesting_is_bounded(void **state)
{
    char json[2 * (JSTREAM_DEPTH_MAX + 1)];
    char error[200];
    struct buf out;

    (void)state;
    memset(json, '[', JSTREAM_DEPTH_MAX + 1);
    memset(json + JSTREAM_DEPTH_MAX + 1, ']', JSTREAM_DEPTH_MAX + 1);
    assert_false(parse(json, sizeof json, &out, error));
    assert_string_equal(error, "nested deeper than 64 at byte 64");
    buf_release(&out);
    assert_true(parse(json + 1, sizeof json - 2, &out, error));
    buf_release(&out);
}

static void a_text_is_bounded(void **state)
{
    struct buf json;
    struct jstream *p;

    (void)state;
    buf_init(&json, BUF_NO_LIMIT);
    buf_addc(&json, '"');
    while (json.len <= JSTREAM_TEXT_MAX) {
        buf_addc(&json, 'x');
    }
    for (int too_long = 0; too_long < 2; too_long++) {
        p = jstream_new(NULL, NULL);
        if (too_long) {
            buf_addc(&json, 'x');
        }
        assert_int_equal(jstream_feed(p, json.data, json.len) && jstream_feed(p, "\"", 1) &&
                             jstream_end(p),
                         !too_long);
        assert_int_equal(strstr(jstream_error(p), "a text longer than 1048576 bytes") != NULL,
                         too_long);
        jstream_free(p);
    }
    buf_release(&json);
}

static bool refuse_third(void *ctx, const struct jstream_token *t)
{
    (void)t;
    return ++*(int *)ctx < 3;
}

static void a_handler_that_refuses_stops_the_parser_for_good(void **state)
{
    int calls = 0;
    struct jstream *p = jstream_new(refuse_third, &calls);

    (void)state;
    assert_false(jstream_feed(p, "[1,2,3,4]", 9));
    assert_int_equal(calls, 3);
    assert_string_equal(jstream_error(p), "stopped");
    assert_false(jstream_feed(p, "[]", 2));
    assert_false(jstream_end(p));
    assert_int_equal(calls, 3);
    jstream_free(p);
    jstream_free(NULL);
}

static void any_double_is_read_as_strtod_reads_it(void **state)
{
    uint64_t x = 88172645463325252u;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        char json[64], want[STR_DOUBLE_MAX], error[200];
        struct buf out;
        int64_t whole;

        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        whole = (int64_t)(x >> (x & 63));
        snprintf(json, sizeof json, "%s%lld.%0*u", x & 1 ? "-" : "", (long long)(whole & INT64_MAX),
                 (int)(x >> 5 & 15) + 1, (unsigned)(x >> 40 & 0xffff));
        buf_init(&out, 200);
        assert_true(parse_cut(json, strlen(json), strlen(json), 0, &out, error));
        str_from_double(strtod(json, NULL), want);
        if (strncmp(out.data + 1, want, strlen(want)) != 0 || out.data[1 + strlen(want)] != '(') {
            fail_msg("%s: %s, not %s", json, out.data, want);
        }
        buf_release(&out);
    }
}

/* A page of a values read. The bound is far below what is measured (see the message on failure), so
 * that only a change of kind fails it, not a busy machine; sanitizers make it meaningless. */
static void a_large_answer_is_read_fast(void **state)
{
#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
    (void)state;
    skip();
#else
    struct buf json;
    struct timespec a, b;
    struct jstream *p = jstream_new(NULL, NULL);
    double seconds;

    (void)state;
    buf_init(&json, BUF_NO_LIMIT);
    buf_adds(&json, "{\"values\":[");
    for (int i = 0; i < 100000; i++) {
        buf_addf(&json,
                 "%s[\"recAAAAAAAA%06d\",\"A text of usual length, with caf\xc3\xa9 and more\","
                 "%d.25,true,\"2026-01-22T10:00:00.000Z\",\"Smith, John\\nSecond line\",%d]",
                 i ? ",\n" : "", i, i * 7, i);
    }
    buf_adds(&json, "]}");
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    for (size_t at = 0; at < json.len; at += 16384) {
        assert_true(jstream_feed(p, json.data + at, json.len - at < 16384 ? json.len - at : 16384));
    }
    assert_true(jstream_end(p));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    seconds = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
    print_message("%.0f MB/s\n", (double)json.len / 1e6 / seconds);
    if ((double)json.len / 1e6 / seconds < 40) {
        fail_msg("%.0f MB/s", (double)json.len / 1e6 / seconds);
    }
    jstream_free(p);
    buf_release(&json);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_documents_give_their_events),
        cmocka_unit_test(what_no_text_can_hold_becomes_the_replacement_character),
        cmocka_unit_test(two_first_halves_are_one_replacement_and_a_pair),
        cmocka_unit_test(malformed_documents_are_refused_with_a_sentence),
        cmocka_unit_test(a_nul_byte_is_refused_everywhere),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(a_text_is_bounded),
        cmocka_unit_test(a_handler_that_refuses_stops_the_parser_for_good),
        cmocka_unit_test(any_double_is_read_as_strtod_reads_it),
        cmocka_unit_test(a_large_answer_is_read_fast),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
