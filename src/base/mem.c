/* mem.c: see mem.h. */
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BLOCK ((size_t)64 * 1024 - 64) /* with its head, what allocators have a class for */
#define ARENA_KEPT 16 /* blocks that a reset keeps: what a listing page takes, and more */
#define ARENA_ALIGN ((size_t)8)

/* Blocks are a list, the one in use first. */
struct arena_block {
    struct arena_block *next;
    size_t size;
    size_t used;
    _Alignas(8) unsigned char data[];
};

struct arena {
    struct arena_block *blocks;
    struct arena_block *spare; /* of the usual size, kept by arena_reset */
    size_t total;
};

static _Noreturn void out_of_memory(size_t size)
{
    fprintf(stderr, "basesync: out of memory (asked for %zu bytes)\n", size);
    abort();
}

static size_t checked_product(size_t n, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(n, size, &total)) {
        out_of_memory(SIZE_MAX);
    }
    return total;
}

void *bs_alloc(size_t size)
{
    void *p = calloc(1, size > 0 ? size : 1);

    if (!p) {
        out_of_memory(size);
    }
    return p;
}

void *bs_alloc_n(size_t n, size_t size)
{
    return bs_alloc(checked_product(n, size));
}

void *bs_realloc_n(void *p, size_t n, size_t size)
{
    size_t total = checked_product(n, size);
    void *q = realloc(p, total > 0 ? total : 1);

    if (!q) {
        out_of_memory(total);
    }
    return q;
}

char *bs_strdup(const char *s)
{
    return bs_strndup(s, strlen(s));
}

char *bs_strndup(const char *s, size_t len)
{
    size_t n = strnlen(s, len);
    char *copy = bs_alloc(n + 1);

    memcpy(copy, s, n);
    return copy;
}

void bs_wipe(void *p, size_t len)
{
    if (p) {
        explicit_bzero(p, len);
    }
}

void bs_wipe_free(char *s)
{
    if (s) {
        bs_wipe(s, strlen(s));
        free(s);
    }
}

void *bs_grow(void *p, size_t n, size_t *cap, size_t size)
{
    if (n < *cap) {
        return p;
    }
    *cap = *cap > 0 ? checked_product(*cap, 2) : 8;
    return bs_realloc_n(p, *cap, size);
}

struct arena *arena_new(void)
{
    return bs_alloc(sizeof(struct arena));
}

static void free_blocks(struct arena_block *b)
{
    while (b) {
        struct arena_block *next = b->next;

        free(b);
        b = next;
    }
}

void arena_free(struct arena *a)
{
    if (a) {
        free_blocks(a->blocks);
        free_blocks(a->spare);
        free(a);
    }
}

/* Takes a block for need bytes: a spare one, or one of its own for what is large. */
static struct arena_block *new_block(struct arena *a, size_t need)
{
    size_t size = need > ARENA_BLOCK / 4 ? need : ARENA_BLOCK;
    struct arena_block *b = size == ARENA_BLOCK ? a->spare : NULL;

    if (b) {
        a->spare = b->next;
    } else {
        b = malloc(sizeof *b + size);
    }
    if (!b) {
        out_of_memory(size);
    }
    b->size = size;
    b->used = 0;
    return b;
}

/* Memory of size bytes, not zeroed, align a power of two. What is large goes behind the block in
 * use, so that the rest of that block is not lost. */
static void *arena_raw(struct arena *a, size_t size, size_t align)
{
    struct arena_block *b = a->blocks;
    size_t from = b ? (b->used + align - 1) / align * align : 0;

    if (size > SIZE_MAX / 2) {
        out_of_memory(size);
    }
    a->total += size;
    if (!b || from > b->size || b->size - from < size) {
        b = new_block(a, size);
        if (b->size == ARENA_BLOCK || !a->blocks) {
            b->next = a->blocks;
            a->blocks = b;
        } else {
            b->next = a->blocks->next;
            a->blocks->next = b;
        }
        from = 0;
    }
    b->used = from + size;
    return b->data + from;
}

void *arena_alloc(struct arena *a, size_t size)
{
    void *p = arena_raw(a, size, ARENA_ALIGN);

    memset(p, 0, size);
    return p;
}

void *arena_alloc_n(struct arena *a, size_t n, size_t size)
{
    return arena_alloc(a, checked_product(n, size));
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
    size_t n = strnlen(s, len);
    char *copy = arena_raw(a, n + 1, 1); /* texts are what a run holds most of */

    memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

void arena_reset(struct arena *a)
{
    struct arena_block *b = a->blocks, *next;
    size_t kept = 0;

    for (const struct arena_block *s = a->spare; s; s = s->next) {
        kept++;
    }
    for (a->blocks = NULL; b; b = next) {
        next = b->next;
        if (b->size == ARENA_BLOCK && kept < ARENA_KEPT) {
            b->next = a->spare;
            a->spare = b;
            kept++;
        } else {
            free(b);
        }
    }
    a->total = 0;
}

void arena_wipe(struct arena *a)
{
    for (struct arena_block *b = a->blocks; b; b = b->next) {
        bs_wipe(b->data, b->used);
    }
}

size_t arena_used(const struct arena *a)
{
    return a->total;
}
