/* hash.c: see hash.h. */
#include "base/hash.h"

#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static uint64_t rotl(uint64_t x, unsigned n)
{
    return (x << n) | (x >> (64 - n));
}

/* Little-endian, whatever the machine: the hashes are stored. */
static uint64_t load_le(const unsigned char *p, size_t len)
{
    uint64_t v = 0;

    for (size_t i = 0; i < len; i++) {
        v |= (uint64_t)p[i] << (8 * i);
    }
    return v;
}

static void sip_rounds(uint64_t v[4], int rounds)
{
    for (int i = 0; i < rounds; i++) {
        v[0] += v[1];
        v[1] = rotl(v[1], 13) ^ v[0];
        v[0] = rotl(v[0], 32);
        v[2] += v[3];
        v[3] = rotl(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotl(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotl(v[1], 17) ^ v[2];
        v[2] = rotl(v[2], 32);
    }
}

static void sip_block(uint64_t v[4], uint64_t m)
{
    v[3] ^= m;
    sip_rounds(v, 2);
    v[0] ^= m;
}

uint64_t siphash(const struct hash_key *key, const void *p, size_t len)
{
    const unsigned char *s = p;
    uint64_t v[4] = {
        key->k0 ^ 0x736f6d6570736575u,
        key->k1 ^ 0x646f72616e646f6du,
        key->k0 ^ 0x6c7967656e657261u,
        key->k1 ^ 0x7465646279746573u,
    };
    size_t whole = len / 8 * 8;

    for (size_t i = 0; i < whole; i += 8) {
        sip_block(v, load_le(s + i, 8));
    }
    sip_block(v, (uint64_t)len << 56 | (len > whole ? load_le(s + whole, len - whole) : 0));
    v[2] ^= 0xff;
    sip_rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The finaliser of SplitMix64 (Steele, Lea and Flood, 2014) over a sum that is not symmetric. */
uint64_t hash_mix(uint64_t h, uint64_t v)
{
    uint64_t x = rotl(h, 23) * 0x9e3779b97f4a7c15u + v + 0x9e3779b97f4a7c15u;

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

struct strmap_slot {
    const char *key; /* NULL: free */
    uint64_t hash;
    uint32_t value;
};

struct strmap {
    struct strmap_slot *slots;
    size_t mask; /* number of slots, a power of two, less one */
    size_t count;
};

/* Keys come from other people's tables: a hash that they could foresee would let them make every
 * key collide. The key never leaves the process and decides no order that anyone sees. */
static const struct hash_key *map_key(void)
{
    static struct hash_key key;
    static bool ready;

    if (!ready) {
        ssize_t n;

        do {
            n = getrandom(&key, sizeof key, 0);
        } while (n < 0 && errno == EINTR);
        if (n != (ssize_t)sizeof key) {
            abort();
        }
        ready = true;
    }
    return &key;
}

struct strmap *strmap_new(size_t expected)
{
    struct strmap *m = bs_alloc(sizeof *m);
    size_t slots = 16;

    assert(expected < SIZE_MAX / 4);
    while (slots < expected * 2) {
        slots *= 2;
    }
    m->slots = bs_alloc_n(slots, sizeof *m->slots);
    m->mask = slots - 1;
    return m;
}

void strmap_free(struct strmap *m)
{
    if (m) {
        free(m->slots);
        free(m);
    }
}

/* The slot that holds key, or the free one where it belongs. */
static struct strmap_slot *find_slot(const struct strmap *m, const char *key, uint64_t hash)
{
    size_t i = (size_t)hash & m->mask;

    while (m->slots[i].key && (m->slots[i].hash != hash || strcmp(m->slots[i].key, key) != 0)) {
        i = (i + 1) & m->mask;
    }
    return &m->slots[i];
}

static void double_slots(struct strmap *m)
{
    struct strmap_slot *old = m->slots;
    size_t n = m->mask + 1;

    m->slots = bs_alloc_n(n * 2, sizeof *m->slots);
    m->mask = n * 2 - 1;
    for (size_t i = 0; i < n; i++) {
        if (old[i].key) {
            *find_slot(m, old[i].key, old[i].hash) = old[i];
        }
    }
    free(old);
}

/* The slot of key, made with value when it was not there. */
static struct strmap_slot *put(struct strmap *m, const char *key, uint32_t value)
{
    uint64_t hash = siphash(map_key(), key, strlen(key));
    struct strmap_slot *s = find_slot(m, key, hash);

    if (s->key) {
        return s;
    }
    if ((m->count + 1) * 2 > m->mask) {
        double_slots(m);
        s = find_slot(m, key, hash);
    }
    *s = (struct strmap_slot){key, hash, value};
    m->count++;
    return s;
}

uint32_t strmap_add(struct strmap *m, const char *key, uint32_t value)
{
    return put(m, key, value)->value;
}

void strmap_set(struct strmap *m, const char *key, uint32_t value)
{
    put(m, key, value)->value = value;
}

uint32_t strmap_get(const struct strmap *m, const char *key)
{
    const struct strmap_slot *s = find_slot(m, key, siphash(map_key(), key, strlen(key)));

    return s->key ? s->value : STRMAP_NONE;
}

size_t strmap_count(const struct strmap *m)
{
    return m->count;
}
