/*
 * fuzz_zone.c: time zone data of any content: raw, and as the footer of data that is right. What is
 * accepted answers for every time, and an instant is among those its wall time can mean.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "model/zone.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void use(const struct zone *z)
{
    static const int64_t seconds[] = {INT64_MIN,  -62135596800, -2208988800,  -1,       0,
                                      1774746000, 1792890000,   253402300799, INT64_MAX};

    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        int32_t offset = zone_offset_at(z, seconds[i]);
        int64_t wall;
        int64_t utc;

        demand(offset > -26 * 3600 && offset < 27 * 3600);
        if (seconds[i] == INT64_MIN || seconds[i] == INT64_MAX) {
            (void)zone_to_utc_ms(z, seconds[i], &utc);
            (void)zone_to_local_ms(z, seconds[i]);
            continue;
        }
        wall = zone_to_local_ms(z, seconds[i] * 1000);
        demand(zone_to_utc_ms(z, wall, &utc) != ZONE_NEVER);
        demand(utc <= seconds[i] * 1000 && zone_to_local_ms(z, utc) == wall);
    }
}

static void try_data(const void *data, size_t size)
{
    struct zone *z = NULL;

    if (zone_from_tzif("Fuzz/Zone", data, size, &z, NULL) == BS_OK) {
        use(z);
    }
    zone_free(z);
}

/* An empty 32-bit block, then a 64-bit one of one type and no transition, then the input. */
static void try_footer(const uint8_t *data, size_t size)
{
    static const char header[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4";
    static const char block[] = "\0\0\0\0\0\0UTC";
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    for (int i = 0; i < 2; i++) {
        buf_add(&b, header, sizeof header - 1);
        buf_add(&b, block, sizeof block);
    }
    buf_addc(&b, '\n');
    buf_add(&b, data, size);
    buf_addc(&b, '\n');
    try_data(b.data, b.len);
    buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_data(data, size);
    try_footer(data, size);
    return 0;
}
