/* t_table.c: text tables. */
#include "base/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static const char *const headers[] = {"Name", "Status", "N", NULL};

static void columns_are_aligned_by_terminal_width(void **state)
{
    struct table *t = table_new(headers);
    struct buf b;

    (void)state;
    buf_init(&b, BUF_NO_LIMIT);
    table_add(t, "Caf\u00e9");
    table_add(t, "ok");
    table_addf(t, "%d", 12);
    table_add(t, "\u65e5\u672c\u8a9e");
    table_add(t, "");
    table_add(t, "3");
    table_add(t, "last");
    table_print(t, 40, &b);
    assert_string_equal(b.data, "Name    Status  N\n"
                                "------  ------  --\n"
                                "Caf\u00e9    ok      12\n"
                                "\u65e5\u672c\u8a9e          3\n"
                                "last\n");
    buf_release(&b);
    table_free(t);
    table_free(NULL);
}

static void long_cells_are_cut_with_an_ellipsis(void **state)
{
    struct table *t = table_new(headers);
    struct buf b;

    (void)state;
    buf_init(&b, BUF_NO_LIMIT);
    table_add(t, "abcdefgh");
    table_add(t, "\u65e5\u672c\u8a9e\u65e5"); /* the cut would halve the third sign */
    table_add(t, "123456");
    table_print(t, 6, &b);
    assert_string_equal(b.data, "Name    Status  N\n"
                                "------  ------  ------\n"
                                "abcde\u2026  \u65e5\u672c\u2026   123456\n");
    buf_release(&b);
    table_free(t);
}

static void control_characters_cannot_break_the_table(void **state)
{
    struct table *t = table_new(headers);
    struct buf b;

    (void)state;
    buf_init(&b, BUF_NO_LIMIT);
    table_add(t, "a\nb\x1b[2J");
    table_print(t, 40, &b);
    assert_null(strchr(b.data, '\x1b'));
    assert_non_null(strstr(b.data, "\na b [2J\n"));
    buf_release(&b);
    table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_aligned_by_terminal_width),
        cmocka_unit_test(long_cells_are_cut_with_an_ellipsis),
        cmocka_unit_test(control_characters_cannot_break_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
