/*
 * fuzz_list.c: lists in one cell. What is split and joined splits into the same items, and items of
 * any text come back from a cell.
 */
#include "base/mem.h"
#include "model/list.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void join_and_split(const char *const *items, size_t n)
{
    struct arena *a = arena_new();
    const char **again;
    struct buf b;
    size_t n_again;

    buf_init(&b, BUF_NO_LIMIT);
    list_join(&b, items, n);
    demand(list_split(a, b.data, &again, &n_again, NULL) == BS_OK);
    demand(n == n_again);
    for (size_t i = 0; i < n; i++) {
        demand(strcmp(items[i], again[i]) == 0);
    }
    buf_release(&b);
    arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    const char *text = arena_strndup(a, (const char *)data, size);
    const char **items;
    size_t n;

    if (list_split(a, text, &items, &n, NULL) == BS_OK) {
        demand(n <= LIST_ITEMS_MAX);
        join_and_split(items, n);
    }
    join_and_split(&text, 1);
    arena_free(a);
    return 0;
}
