/*
 * mem.h: memory. Running out aborts the process: a worker may be killed at any instant, that is a
 * tested state, so there is no second path through the code for it. What may be refused is size:
 * callers bound every size that comes from outside before they ask.
 *
 * The arena holds what lives as long as one run (rows, diff, plan): allocation is a pointer bump,
 * and all of it goes at once.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

/* Never NULL; zeroed. free() with free(). Overflow of n * size aborts. */
void *bs_alloc(size_t size);
void *bs_alloc_n(size_t n, size_t size);
/* Grows p to n * size bytes; new bytes are not zeroed. */
void *bs_realloc_n(void *p, size_t n, size_t size);
char *bs_strdup(const char *s);
char *bs_strndup(const char *s, size_t len);
/* Overwrites memory in a way the compiler keeps; NULL is nothing. */
void bs_wipe(void *p, size_t len);
/* Wipes a NUL-terminated string and frees it; NULL is nothing. */
void bs_wipe_free(char *s);

/* Makes room for one more element in a growing array: doubles *cap when n == *cap. */
void *bs_grow(void *p, size_t n, size_t *cap, size_t size);

struct arena;
struct arena *arena_new(void);
void arena_free(struct arena *a); /* NULL is nothing */
/* Zeroed, aligned for any type but long double; lives until arena_free or arena_reset. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_alloc_n(struct arena *a, size_t n, size_t size);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t len);
/* Forgets everything; keeps up to a MiB for the next use. */
void arena_reset(struct arena *a);
/* Overwrites everything that was handed out. */
void arena_wipe(struct arena *a);
/* Bytes handed out since new or reset. */
size_t arena_used(const struct arena *a);

#endif
