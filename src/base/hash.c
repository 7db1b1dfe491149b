/* hash.c: see hash.h. */
#include "base/hash.h"

#include "base/mem.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static inline uint64_t rotl(uint64_t x, unsigned n)
{
    return (x << n) | (x >> (64 - n));
}

/* Little-endian, whatever the machine: the hashes are stored. */
static inline uint64_t load_le(const unsigned char *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
    return le64toh(v);
}

static inline uint64_t load_le_rest(const unsigned char *p, size_t len)
{
    uint64_t v = 0;

    for (size_t i = 0; i < len; i++) {
        v |= (uint64_t)p[i] << (8 * i);
    }
    return v;
}

/* In registers from beginning to end: nothing else costs as much of a run's time. */
struct sip {
    uint64_t a, b, c, d;
};

static inline void sip_round(struct sip *v)
{
    v->a += v->b;
    v->b = rotl(v->b, 13) ^ v->a;
    v->a = rotl(v->a, 32);
    v->c += v->d;
    v->d = rotl(v->d, 16) ^ v->c;
    v->a += v->d;
    v->d = rotl(v->d, 21) ^ v->a;
    v->c += v->b;
    v->b = rotl(v->b, 17) ^ v->c;
    v->c = rotl(v->c, 32);
}

static inline void sip_block(struct sip *v, uint64_t m)
{
    v->d ^= m;
    sip_round(v);
    sip_round(v);
    v->a ^= m;
}

uint64_t siphash(const struct hash_key *key, const void *p, size_t len)
{
    const unsigned char *s = p;
    struct sip v = {
        key->k0 ^ 0x736f6d6570736575u,
        key->k1 ^ 0x646f72616e646f6du,
        key->k0 ^ 0x6c7967656e657261u,
        key->k1 ^ 0x7465646279746573u,
    };
    size_t whole = len / 8 * 8;

    for (size_t i = 0; i < whole; i += 8) {
        sip_block(&v, load_le(s + i));
    }
    sip_block(&v, (uint64_t)len << 56 | load_le_rest(s + whole, len - whole));
    v.c ^= 0xff;
    for (int i = 0; i < 4; i++) {
        sip_round(&v);
    }
    return v.a ^ v.b ^ v.c ^ v.d;
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
    uint32_t hash;
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

static uint32_t hash_of(const char *key)
{
    return (uint32_t)siphash(map_key(), key, strlen(key));
}

struct strmap *strmap_new(size_t expected)
{
    struct strmap *m = bs_alloc(sizeof *m);
    size_t slots = 16;

    assert(expected < SIZE_MAX / 4);
    while (slots / 5 * 4 < expected) {
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
static struct strmap_slot *find_slot(const struct strmap *m, const char *key, uint32_t hash)
{
    size_t i = hash & m->mask;

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
    uint32_t hash = hash_of(key);
    struct strmap_slot *s = find_slot(m, key, hash);

    if (s->key) {
        return s;
    }
    if (m->count >= m->mask / 5 * 4) {
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
    const struct strmap_slot *s = find_slot(m, key, hash_of(key));

    return s->key ? s->value : STRMAP_NONE;
}

size_t strmap_count(const struct strmap *m)
{
    return m->count;
}
