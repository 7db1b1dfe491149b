/* t_value.c: values, how they are shown and how they are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/copy.h"
#include "model/list.h"
#include "model/value.h"

#include <math.h>
#include <string.h>

static int make_arena(void **state)
{
    *state = arena_new();
    return 0;
}

static int free_arena(void **state)
{
    arena_free(*state);
    return 0;
}

static const struct value_item people[] = {
    {.text = "Smith, John", .id = "usr1", .alt = "john@example.org"},
    {.text = "Ann \"A\"", .id = "usr2"},
    {.text = "new"},
};

static const char *print(struct arena *a, const struct value *v)
{
    struct buf b;
    const char *text;

    buf_init(&b, 100000);
    value_print(v, &b);
    text = arena_strdup(a, b.data);
    buf_release(&b);
    return text;
}

static const char *encode(struct arena *a, const struct value *v)
{
    struct buf b;
    const char *text;

    buf_init(&b, 1000000);
    value_encode(v, &b);
    text = arena_strdup(a, b.data);
    buf_release(&b);
    return text;
}

static void nothing_is_one_value(void **state)
{
    struct arena *a = *state;

    assert_ptr_equal(value_text(a, ""), &value_empty);
    assert_ptr_equal(value_bool(a, false), &value_empty);
    assert_ptr_equal(value_list(a, VALUE_LIST, people, 0), &value_empty);
    assert_int_equal(value_number(a, 0)->kind, VALUE_NUMBER);
    assert_false(signbit(value_number(a, -0.0)->u.number));
}

static void values_are_printed_for_people(void **state)
{
    struct arena *a = *state;

    assert_string_equal(print(a, &value_empty), "");
    assert_string_equal(print(a, value_text(a, "0012")), "0012");
    assert_string_equal(print(a, value_number(a, 0.1)), "0.1");
    assert_string_equal(print(a, value_bool(a, true)), "TRUE");
    assert_string_equal(print(a, value_date(a, 0)), "1970-01-01");
    assert_string_equal(print(a, value_date(a, -25567 - 365)), "1899-01-01");
    assert_string_equal(print(a, value_datetime(a, 1769076000123)), "2026-01-22T10:00:00.123Z");
    assert_string_equal(print(a, value_duration(a, 5405)), "1:30:05");
    assert_string_equal(print(a, value_duration(a, -360005.25)), "-100:00:05.250");
    assert_string_equal(print(a, value_duration(a, -0.0001)), "0:00:00");
    assert_string_equal(print(a, value_duration(a, 1e300)), "1e+300 s");
    assert_string_equal(print(a, value_error(a, "#ERROR!")), "#ERROR!");
    assert_string_equal(print(a, value_list(a, VALUE_REFS, people, 3)),
                        "\"Smith, John\", \"Ann \"\"A\"\"\", new");
}

static void assert_same(const struct value *x, const struct value *y)
{
    assert_int_equal(x->kind, y->kind);
    switch (x->kind) {
    case VALUE_EMPTY: break;
    case VALUE_TEXT:
    case VALUE_ERROR: assert_string_equal(x->u.text, y->u.text); break;
    case VALUE_NUMBER:
    case VALUE_DURATION: assert_memory_equal(&x->u.number, &y->u.number, sizeof x->u.number); break;
    case VALUE_BOOL: assert_int_equal(x->u.boolean, y->u.boolean); break;
    case VALUE_DATE: assert_int_equal(x->u.days, y->u.days); break;
    case VALUE_DATETIME: assert_int_equal(x->u.ms, y->u.ms); break;
    case VALUE_LIST:
    case VALUE_REFS:
        assert_int_equal(x->u.list.n, y->u.list.n);
        for (size_t i = 0; i < x->u.list.n; i++) {
            const struct value_item *p = &x->u.list.items[i];
            const struct value_item *q = &y->u.list.items[i];

            assert_string_equal(p->text, q->text);
            assert_string_equal(p->id ? p->id : "-", q->id ? q->id : "-");
            assert_string_equal(p->alt ? p->alt : "-", q->alt ? q->alt : "-");
        }
        break;
    }
}

static void check_kept(struct arena *a, const struct value *v)
{
    const struct value *back = NULL;

    assert_int_equal(value_decode(a, encode(a, v), &back, NULL), BS_OK);
    assert_same(v, back);
    assert_same(v, value_copy(a, v));
}

static void what_is_kept_is_read_back_exactly(void **state)
{
    struct arena *a = *state;
    char control[128];

    for (int i = 1; i < 128; i++) {
        control[i - 1] = (char)i;
    }
    control[127] = '\0';
    check_kept(a, &value_empty);
    check_kept(a, value_text(a, "a \"quoted\" \\ text\nwith lines\r\n\xf0\x9f\x98\x80"));
    check_kept(a, value_text(a, control));
    check_kept(a, value_number(a, 3.3000000000000003));
    check_kept(a, value_number(a, -1.7976931348623157e308));
    check_kept(a, value_number(a, 5e-324));
    check_kept(a, value_number(a, 9007199254740993.0));
    check_kept(a, value_bool(a, true));
    check_kept(a, value_date(a, -719162));
    check_kept(a, value_date(a, VALUE_DAYS_MAX));
    check_kept(a, value_datetime(a, -VALUE_MS_MAX));
    check_kept(a, value_datetime(a, 1769076000123));
    check_kept(a, value_duration(a, 0.125));
    check_kept(a, value_list(a, VALUE_LIST, people, 1));
    check_kept(a, value_list(a, VALUE_REFS, people, 3));
    check_kept(a, value_error(a, "#N/A"));
}

static void the_kept_form_is_json_that_stays_as_it_is(void **state)
{
    struct arena *a = *state;

    assert_string_equal(encode(a, &value_empty), "{\"k\":\"empty\"}");
    assert_string_equal(encode(a, value_number(a, 1.5)), "{\"k\":\"number\",\"v\":1.5}");
    assert_string_equal(encode(a, value_list(a, VALUE_REFS, people, 1)),
                        "{\"k\":\"refs\",\"v\":[{\"t\":\"Smith, John\",\"id\":\"usr1\",\"alt\":"
                        "\"john@example.org\"}]}");
}

static void anything_else_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "{",
        "{}",
        "null",
        "{\"k\":\"empty\"",
        "{\"k\":\"empty\"} ",
        "{\"k\":\"nothing\"}",
        "{\"k\":\"text\"}",
        "{\"k\":\"text\",\"v\":\"\"}",
        "{\"k\":\"text\",\"v\":\"a}",
        "{\"k\":\"text\",\"v\":\"a\\\"}",
        "{\"k\":\"text\",\"v\":\"a\\",
        "{\"k\":\"text\",\"v\":\"\\q\"}",
        "{\"k\":\"text\",\"v\":\"\\u0000\"}",
        "{\"k\":\"text\",\"v\":\"\\u00\"}",
        "{\"k\":\"text\",\"v\":\"\\u0041\\u00e4\"}",
        "{\"k\":\"text\",\"v\":\"\xff\"}",
        "{\"k\":\"text\",\"v\":\"a\nb\"}",
        "{\"k\":\"text\",\"v\":5}",
        "{\"k\":\"number\",\"v\":nan}",
        "{\"k\":\"number\",\"v\":1e999}",
        "{\"k\":\"number\",\"v\":}",
        "{\"k\":\"number\",\"v\":11111111111111111111111111111111111111111111111}",
        "{\"k\":\"bool\",\"v\":false}",
        "{\"k\":\"date\",\"v\":1.5}",
        "{\"k\":\"date\",\"v\":4000001}",
        "{\"k\":\"datetime\",\"v\":1e300}",
        "{\"k\":\"list\",\"v\":[]}",
        "{\"k\":\"list\",\"v\":[{}]}",
        "{\"k\":\"list\",\"v\":[{\"t\":\"a\"},]}",
        "{\"k\":\"list\",\"v\":[{\"t\":\"a\"}",
        "{\"k\":\"list\",\"v\":[[[[[[[[",
        "{\"k\":\"empty\",\"v\":1}",
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct bs_err e = BS_ERR_INIT;
        const struct value *v;

        assert_int_equal(value_decode(*state, wrong[i], &v, &e), BS_STOP_SYNC);
        assert_int_equal(e.kind, BS_K_STATE);
    }
}

static void a_kept_list_is_bounded(void **state)
{
    struct arena *a = *state;
    struct value_item *items = arena_alloc_n(a, LIST_ITEMS_MAX + 1, sizeof *items);
    const struct value *v;

    for (size_t i = 0; i <= LIST_ITEMS_MAX; i++) {
        items[i].text = "x";
    }
    check_kept(a, value_list(a, VALUE_LIST, items, LIST_ITEMS_MAX));
    assert_int_equal(
        value_decode(a, encode(a, value_list(a, VALUE_LIST, items, LIST_ITEMS_MAX + 1)), &v, NULL),
        BS_STOP_SYNC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_one_value, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(values_are_printed_for_people, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(what_is_kept_is_read_back_exactly, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(the_kept_form_is_json_that_stays_as_it_is, make_arena,
                                        free_arena),
        cmocka_unit_test_setup_teardown(anything_else_is_refused, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(a_kept_list_is_bounded, make_arena, free_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
