/*
 * hash.h: SipHash-2-4 (Aumasson and Bernstein, 2012), keyed, 64 bits. The hashes stored per cell
 * are keyed, so that the database does not tell short values to someone who can guess them. Also a
 * small open-addressing map from text to an index, used for ids, names and headers.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hash_key {
    uint64_t k0, k1;
};

uint64_t siphash(const struct hash_key *key, const void *p, size_t len);
/* Combines hashes in order: mix(mix(0, a), b) != mix(mix(0, b), a). */
uint64_t hash_mix(uint64_t h, uint64_t v);

/* Text -> uint32_t. Keys are borrowed: they must outlive the map. */
struct strmap;
#define STRMAP_NONE UINT32_MAX
struct strmap *strmap_new(size_t expected);
void strmap_free(struct strmap *m); /* NULL is nothing */
/* Stores value under key unless the key is there; returns the value now stored under it. */
uint32_t strmap_add(struct strmap *m, const char *key, uint32_t value);
void strmap_set(struct strmap *m, const char *key, uint32_t value); /* replaces */
uint32_t strmap_get(const struct strmap *m, const char *key);       /* STRMAP_NONE when absent */
size_t strmap_count(const struct strmap *m);

#endif
