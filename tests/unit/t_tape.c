/* t_tape.c: rows on tape come back as they were, and a tape is never longer than it may be. */
#include "engine/tape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MAX 4096

struct heard {
    struct buf text;
    size_t stop_at, rows;
};

static enum bs_rc on_row(void *ctx, size_t range, uint32_t row, uint32_t col0,
                         const struct cell *cells, size_t n, struct bs_err *e)
{
    struct heard *h = ctx;

    buf_addf(&h->text, "%zu %u %u:", range, row, col0);
    for (size_t i = 0; i < n; i++) {
        char number[STR_DOUBLE_MAX];

        buf_addf(&h->text, " %d=%s", (int)cells[i].kind, cell_spelling(&cells[i], number));
    }
    buf_adds(&h->text, ";");
    return ++h->rows == h->stop_at ? bs_fail(e, BS_SKIP, BS_K_NONE, "enough") : BS_OK;
}

static const struct cell cells[] = {
    {.kind = CELL_TEXT, .text = "a"},
    {.kind = CELL_EMPTY},
    {.kind = CELL_NUMBER, .number = .1},
    {.kind = CELL_BOOL, .boolean = true},
    {.kind = CELL_BOOL},
    {.kind = CELL_TEXT, .text = "\xc3\xa9 longer"},
};
#define N (sizeof cells / sizeof *cells)

static void rows_come_back_as_they_were(void **state)
{
    struct tape *t = tape_new();
    struct heard h = {0};
    struct bs_err e = BS_ERR_INIT;

    (void)state;
    buf_init(&h.text, BUF_NO_LIMIT);
    assert_int_equal(tape_play(t, on_row, &h, &e), BS_OK);
    assert_string_equal(h.text.data, "");
    assert_true(tape_add(t, MAX, 0, 1, 0, cells, N));
    assert_true(tape_add(t, MAX, 1, 7, 3, cells, 1));
    assert_true(tape_add(t, MAX, 1, 9, 0, cells + 1, 3));
    for (int again = 0; again < 2; again++) {
        buf_clear(&h.text);
        assert_int_equal(tape_play(t, on_row, &h, &e), BS_OK);
        assert_string_equal(h.text.data,
                            "0 1 0: 1=a 0= 2=0.1 3=TRUE 3=FALSE 1=\xc3\xa9 longer;1 7 3: 1=a;"
                            "1 9 0: 0= 2=0.1 3=TRUE;");
    }
    tape_rewind(t);
    buf_clear(&h.text);
    assert_int_equal(tape_play(t, on_row, &h, &e), BS_OK);
    assert_string_equal(h.text.data, "");
    buf_release(&h.text);
    tape_free(t);
}

static void who_has_heard_enough_ends_it(void **state)
{
    struct tape *t = tape_new();
    struct heard h = {.stop_at = 2};
    struct bs_err e = BS_ERR_INIT;

    (void)state;
    buf_init(&h.text, BUF_NO_LIMIT);
    for (uint32_t i = 1; i <= 3; i++) {
        assert_true(tape_add(t, MAX, 0, i, 0, cells, 1));
    }
    assert_int_equal(tape_play(t, on_row, &h, &e), BS_SKIP);
    assert_string_equal(h.text.data, "0 1 0: 1=a;0 2 0: 1=a;");
    buf_release(&h.text);
    tape_free(t);
}

static void a_tape_that_would_be_too_long_holds_nothing(void **state)
{
    struct tape *t = tape_new();
    uint32_t n = 0;

    (void)state;
    while (tape_add(t, MAX, 0, n + 1, 0, cells, N)) {
        assert_true(tape_bytes(t) <= MAX);
        n++;
    }
    assert_true(n > 10);
    assert_int_equal(tape_bytes(t), 0);
    tape_free(t);
    tape_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_back_as_they_were),
        cmocka_unit_test(who_has_heard_enough_ends_it),
        cmocka_unit_test(a_tape_that_would_be_too_long_holds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
