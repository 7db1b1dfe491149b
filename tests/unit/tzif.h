/*
 * tzif.h: makes TZif data (RFC 8536) for tests.
 */
#ifndef UNIT_TZIF_H
#define UNIT_TZIF_H

#include "base/buf.h"
#include "model/zone.h"

struct transition {
    int64_t at;
    int type;
};

static void put_be(struct buf *b, uint64_t v, int bytes)
{
    while (bytes-- > 0) {
        buf_addc(b, (char)(v >> (8 * bytes)));
    }
}

static void put_header(struct buf *b, char version, size_t times, size_t types)
{
    static const char zeros[15];

    buf_adds(b, "TZif");
    buf_addc(b, version);
    buf_add(b, zeros, sizeof zeros);
    put_be(b, 0, 4); /* UT/local indicators */
    put_be(b, 0, 4); /* standard/wall indicators */
    put_be(b, 0, 4); /* leap seconds */
    put_be(b, times, 4);
    put_be(b, types, 4);
    put_be(b, 4, 4); /* characters */
}

static void put_block(struct buf *b, int size, const struct transition *t, size_t n,
                      const int32_t *offsets, size_t types)
{
    for (size_t i = 0; i < n; i++) {
        put_be(b, (uint64_t)t[i].at, size);
    }
    for (size_t i = 0; i < n; i++) {
        buf_addc(b, (char)t[i].type);
    }
    for (size_t i = 0; i < types; i++) {
        put_be(b, (uint32_t)offsets[i], 4);
        buf_addc(b, 0);
        buf_addc(b, 0);
    }
    buf_add(b, "ABC", 4);
}

/* Version 2 data with an empty 32-bit block and a footer; footer NULL: version 1 data. */
static void make_tzif(struct buf *b, const struct transition *t, size_t n, const int32_t *offsets,
                      size_t types, const char *footer)
{
    buf_init(b, 100000);
    if (footer) {
        put_header(b, '2', 0, 1);
        put_block(b, 4, NULL, 0, (const int32_t[]){0}, 1);
        put_header(b, '2', n, types);
        put_block(b, 8, t, n, offsets, types);
        buf_addc(b, '\n');
        buf_adds(b, footer);
        buf_addc(b, '\n');
    } else {
        put_header(b, 0, n, types);
        put_block(b, 4, t, n, offsets, types);
    }
}

/* The zone of a POSIX footer alone; NULL when it is refused. */
static struct zone *make_zone(const char *footer)
{
    static const int32_t offsets[] = {0};
    struct zone *z = NULL;
    struct buf b;

    make_tzif(&b, NULL, 0, offsets, 1, footer);
    if (zone_from_tzif("Test/Zone", b.data, b.len, &z, NULL) != BS_OK) {
        z = NULL;
    }
    buf_release(&b);
    return z;
}

#endif
