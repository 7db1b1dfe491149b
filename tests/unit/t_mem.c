/* t_mem.c: allocation, growing arrays, arenas, wiping. */
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void memory_comes_zeroed_and_zero_bytes_are_an_address(void **state)
{
    unsigned char *p = bs_alloc_n(100, 3);
    void *q = bs_alloc(0);

    (void)state;
    for (size_t i = 0; i < 300; i++) {
        assert_int_equal(p[i], 0);
    }
    assert_non_null(q);
    free(p);
    free(q);
}

static void overflow(void)
{
    free(bs_alloc_n(SIZE_MAX / 2, 3));
}

static void overflow_in_realloc(void)
{
    free(bs_realloc_n(NULL, SIZE_MAX / 2, 3));
}

static void overflow_in_arena(void)
{
    arena_alloc_n(arena_new(), SIZE_MAX / 2, 3);
}

static void assert_aborts(void (*act)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        const struct rlimit none = {0, 0};

        setrlimit(RLIMIT_CORE, &none);
        signal(SIGABRT, SIG_DFL);
        if (!freopen("/dev/null", "w", stderr)) {
            _exit(2);
        }
        act();
        _exit(0);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void a_product_that_overflows_aborts(void **state)
{
    (void)state;
    assert_aborts(overflow);
    assert_aborts(overflow_in_realloc);
    assert_aborts(overflow_in_arena);
}

static void strings_are_copied_up_to_a_length(void **state)
{
    char *a = bs_strdup("abc");
    char *b = bs_strndup("abcdef", 2);
    char *c = bs_strndup("ab", 10);

    (void)state;
    assert_string_equal(a, "abc");
    assert_string_equal(b, "ab");
    assert_string_equal(c, "ab");
    free(a);
    free(b);
    free(c);
}

static void wiping_leaves_zeroes(void **state)
{
    char text[] = "secret!";
    const char zero[sizeof text] = {0};

    (void)state;
    bs_wipe(text, sizeof text);
    assert_memory_equal(text, zero, sizeof text);
    bs_wipe(NULL, 5);
    bs_wipe_free(NULL);
    bs_wipe_free(bs_strdup("gone"));
}

static void an_array_grows_one_by_one_and_keeps_its_elements(void **state)
{
    uint32_t *p = NULL;
    size_t cap = 0;
    size_t moves = 0;

    (void)state;
    for (uint32_t n = 0; n < 10000; n++) {
        size_t before = cap;

        p = bs_grow(p, n, &cap, sizeof *p);
        moves += cap != before;
        p[n] = n * 7;
    }
    assert_true(moves < 20);
    for (uint32_t n = 0; n < 10000; n++) {
        assert_int_equal(p[n], n * 7);
    }
    free(p);
}

static void arena_memory_is_zeroed_aligned_and_apart(void **state)
{
    struct arena *a = arena_new();
    unsigned char *p[1000];
    size_t total = 0;

    (void)state;
    for (int round = 0; round < 2; round++) {
        total = 0;
        for (size_t i = 0; i < 1000; i++) {
            size_t size = i % 97 == 0 ? 70000 : i + 1;

            p[i] = arena_alloc(a, size);
            total += size;
            assert_int_equal((uintptr_t)p[i] % 8, 0);
            for (size_t k = 0; k < size; k++) {
                assert_true(p[i][k] == 0);
            }
            memset(p[i], (int)(i % 255 + 1), size);
        }
        for (size_t i = 0; i < 1000; i++) {
            size_t size = i % 97 == 0 ? 70000 : i + 1;

            assert_true(p[i][0] == i % 255 + 1 && p[i][size - 1] == i % 255 + 1);
        }
        assert_int_equal(arena_used(a), total);
        arena_reset(a);
        assert_int_equal(arena_used(a), 0);
    }
    arena_free(a);
    arena_free(NULL);
}

static void arena_strings_are_copies(void **state)
{
    struct arena *a = arena_new();
    char text[] = "text";
    char *copy = arena_strdup(a, text);
    char *part = arena_strndup(a, text, 2);
    char *whole = arena_strndup(a, text, 99);

    (void)state;
    text[0] = 'X';
    assert_string_equal(copy, "text");
    assert_string_equal(part, "te");
    assert_string_equal(whole, "text");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_comes_zeroed_and_zero_bytes_are_an_address),
        cmocka_unit_test(a_product_that_overflows_aborts),
        cmocka_unit_test(strings_are_copied_up_to_a_length),
        cmocka_unit_test(wiping_leaves_zeroes),
        cmocka_unit_test(an_array_grows_one_by_one_and_keeps_its_elements),
        cmocka_unit_test(arena_memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(arena_strings_are_copies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
