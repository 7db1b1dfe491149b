/* t_err.c: codes, kinds and messages. */
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void a_failure_sets_code_kind_and_message(void **state)
{
    struct bs_err e = BS_ERR_INIT;

    (void)state;
    assert_int_equal(bs_fail(&e, BS_RETRY, BS_K_NETWORK, "reset by %s", "peer"), BS_RETRY);
    assert_int_equal(e.rc, BS_RETRY);
    assert_int_equal(e.kind, BS_K_NETWORK);
    assert_string_equal(e.msg, "reset by peer");
    assert_int_equal(e.retry_ms, -1);
    bs_err_clear(&e);
    assert_int_equal(e.rc, BS_OK);
    assert_int_equal(e.kind, BS_K_NONE);
    assert_int_equal(e.retry_ms, -1);
    assert_string_equal(e.msg, "");
}

static void a_failure_without_a_struct_still_gives_its_code(void **state)
{
    (void)state;
    assert_int_equal(bs_fail(NULL, BS_UNSURE, BS_K_REMOTE, "x"), BS_UNSURE);
    bs_err_clear(NULL);
}

static void a_failure_told_anew_keeps_the_answer_it_came_from(void **state)
{
    struct bs_err e = BS_ERR_INIT;

    (void)state;
    e.http = 403;
    memcpy(e.code, "NOT_AUTHORIZED", sizeof "NOT_AUTHORIZED");
    bs_fail(&e, BS_SKIP, BS_K_REMOTE, "refused");
    bs_fail(&e, BS_STOP_SYNC, BS_K_PERMISSION, "cannot write: %s (%s)", e.msg, e.code);
    assert_string_equal(e.msg, "cannot write: refused (NOT_AUTHORIZED)");
    assert_int_equal(e.http, 403);
    assert_int_equal(e.rc, BS_STOP_SYNC);
}

static void control_characters_become_spaces(void **state)
{
    struct bs_err e = BS_ERR_INIT;

    (void)state;
    bs_fail(&e, BS_SKIP, BS_K_REMOTE, "%s",
            "a\nb\tc\x1b[2Jd\x7f\xc2\x9b"
            "e \xc3\xa9");
    assert_string_equal(e.msg, "a b c [2Jd   e \xc3\xa9");
}

static void a_long_message_is_cut_between_characters_and_marked(void **state)
{
    struct bs_err e = BS_ERR_INIT;
    char text[1201];

    (void)state;
    for (int shift = 0; shift < 3; shift++) {
        memset(text, 'x', sizeof text - 1);
        for (size_t i = (size_t)shift; i + 1 < sizeof text - 1; i += 2) {
            memcpy(text + i, "\xc3\xa9", 2);
        }
        text[1200] = '\0';
        bs_fail(&e, BS_SKIP, BS_K_REMOTE, "%s", text);
        assert_in_range(strlen(e.msg), BS_ERR_MSG_MAX - 3, BS_ERR_MSG_MAX - 1);
        assert_string_equal(e.msg + strlen(e.msg) - 3, "...");
        assert_int_equal((unsigned char)e.msg[strlen(e.msg) - 4], 0xa9);
    }
}

static void wrapping_puts_the_context_in_front(void **state)
{
    struct bs_err e = BS_ERR_INIT;
    char text[600];

    (void)state;
    bs_fail(&e, BS_STOP_ALL, BS_K_STATE, "disk full");
    assert_int_equal(bs_wrap(&e, "table %d", 7), BS_STOP_ALL);
    assert_string_equal(e.msg, "table 7: disk full");
    memset(text, 'y', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    bs_fail(&e, BS_SKIP, BS_K_STATE, "%s", text);
    bs_wrap(&e, "context");
    assert_memory_equal(e.msg, "context: yyy", 12);
    assert_string_equal(e.msg + strlen(e.msg) - 3, "...");
}

static void every_kind_has_its_name_and_exit_code(void **state)
{
    static const struct {
        enum bs_kind kind;
        const char *name;
        int code;
        bool person;
    } cases[] = {
        {BS_K_NETWORK, "NETWORK", 1, false},      {BS_K_RATE_LIMIT, "RATE_LIMIT", 1, false},
        {BS_K_QUOTA, "QUOTA", 4, true},           {BS_K_OAUTH, "OAUTH", 4, true},
        {BS_K_PERMISSION, "PERMISSION", 4, true}, {BS_K_SCHEMA, "SCHEMA", 4, true},
        {BS_K_GUARD, "GUARD", 4, true},           {BS_K_VALIDATION, "VALIDATION", 1, false},
        {BS_K_LINKED, "LINKED", 1, false},        {BS_K_CONFLICT, "CONFLICT", 4, true},
        {BS_K_REMOTE, "REMOTE", 1, false},        {BS_K_STATE, "STATE", 1, false},
        {BS_K_CONFIG, "CONFIG", 2, false},        {BS_K_BUSY, "BUSY", 5, false},
        {BS_K_INTERNAL, "INTERNAL", 1, false},
    };

    (void)state;
    assert_int_equal(sizeof cases / sizeof cases[0], BS_K_COUNT - 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(bs_kind_name(cases[i].kind), cases[i].name);
        assert_int_equal(bs_kind_exit(cases[i].kind), cases[i].code);
        assert_int_equal(bs_kind_of(cases[i].name), cases[i].kind);
        assert_int_equal(bs_kind_needs_person(cases[i].kind), cases[i].person);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_sets_code_kind_and_message),
        cmocka_unit_test(a_failure_without_a_struct_still_gives_its_code),
        cmocka_unit_test(a_failure_told_anew_keeps_the_answer_it_came_from),
        cmocka_unit_test(control_characters_become_spaces),
        cmocka_unit_test(a_long_message_is_cut_between_characters_and_marked),
        cmocka_unit_test(wrapping_puts_the_context_in_front),
        cmocka_unit_test(every_kind_has_its_name_and_exit_code),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
