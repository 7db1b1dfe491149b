/* t_buf.c: the bounded buffer. */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static void an_empty_buffer_is_an_empty_string(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 10);
    assert_string_equal(b.data, "");
    buf_clear(&b);
    assert_string_equal(b.data, "");
    buf_release(&b);
    buf_release(&b);
    buf_wipe(&b);
}

static void appends_keep_the_text_terminated(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, BUF_NO_LIMIT);
    assert_true(buf_adds(&b, "ab"));
    assert_true(buf_addc(&b, 'c'));
    assert_true(buf_add(&b, "d\0e", 3));
    assert_true(buf_addf(&b, "%03d%s", 7, "!"));
    assert_int_equal(b.len, 10);
    assert_memory_equal(b.data, "abcd\0e007!", 11);
    buf_clear(&b);
    assert_int_equal(b.len, 0);
    assert_string_equal(b.data, "");
    buf_release(&b);
}

static void growing_keeps_what_is_there(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, BUF_NO_LIMIT);
    for (int i = 0; i < 50000; i++) {
        assert_true(buf_addf(&b, "%05d", i));
    }
    assert_int_equal(b.len, 250000);
    for (int i = 0; i < 50000; i += 499) {
        char digits[6] = "";

        memcpy(digits, b.data + (size_t)i * 5, 5);
        assert_int_equal((int)strtol(digits, NULL, 10), i);
    }
    assert_int_equal(b.data[b.len], '\0');
    buf_release(&b);
}

static void an_append_beyond_the_bound_changes_nothing_and_sticks(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 5);
    assert_true(buf_adds(&b, "12345"));
    assert_false(b.over);
    assert_false(buf_addc(&b, '6'));
    assert_true(b.over);
    assert_string_equal(b.data, "12345");
    buf_clear(&b);
    assert_false(b.over);
    assert_true(buf_adds(&b, "12"));
    assert_false(buf_addf(&b, "%d", 3456));
    assert_string_equal(b.data, "12");
    assert_false(buf_addc(&b, '3')); /* it would fit, but something is missing before it */
    assert_string_equal(b.data, "12");
    assert_false(buf_add(&b, "x", SIZE_MAX));
    buf_release(&b);
}

static void taking_hands_over_the_text(void **state)
{
    struct buf b;
    char *s;

    (void)state;
    buf_init(&b, 100);
    s = buf_take(&b);
    assert_string_equal(s, "");
    free(s);
    buf_adds(&b, "mine");
    s = buf_take(&b);
    assert_string_equal(s, "mine");
    assert_string_equal(b.data, "");
    assert_true(buf_adds(&b, "next"));
    assert_string_equal(s, "mine");
    free(s);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_is_an_empty_string),
        cmocka_unit_test(appends_keep_the_text_terminated),
        cmocka_unit_test(growing_keeps_what_is_there),
        cmocka_unit_test(an_append_beyond_the_bound_changes_nothing_and_sticks),
        cmocka_unit_test(taking_hands_over_the_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
