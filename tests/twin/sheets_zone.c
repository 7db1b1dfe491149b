/* Time zones, from the machine's zone files (RFC 8536), for NOW(), TODAY() and for names. */
#include "sheets_calc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZONE_DIR "/usr/share/zoneinfo/"
#define ZONE_FILE_MAX (256 * 1024)

static const char *const utc_names[] = {"Etc/GMT", "Etc/UTC", "GMT", "UTC"};

static bool is_utc(const char *zone)
{
    for (size_t i = 0; i < sizeof utc_names / sizeof *utc_names; i++)
        if (strcmp(utc_names[i], zone) == 0)
            return true;
    return false;
}

static unsigned char *read_zone(const char *zone, size_t *len)
{
    if (!*zone || *zone == '/' || strstr(zone, ".."))
        return NULL;
    char *path = tw_fmt(ZONE_DIR "%s", zone);
    FILE *f = fopen(path, "rb");
    free(path);
    if (!f)
        return NULL;
    unsigned char *data = tw_alloc(ZONE_FILE_MAX);
    *len = fread(data, 1, ZONE_FILE_MAX, f);
    fclose(f);
    if (*len >= 44 && memcmp(data, "TZif", 4) == 0)
        return data;
    free(data);
    return NULL;
}

bool zone_known(const char *zone)
{
    size_t len;
    if (is_utc(zone))
        return true;
    unsigned char *data = read_zone(zone, &len);
    free(data);
    return data != NULL;
}

static int64_t big_endian(const unsigned char *p, int n)
{
    uint64_t v = p[0] & 0x80 ? ~0ULL : 0;
    for (int i = 0; i < n; i++)
        v = v << 8 | p[i];
    return (int64_t)v;
}

/* The counts of a header: utc, std, leap, transitions, types, characters. */
static size_t block_size(const unsigned char *h, size_t time_size)
{
    size_t n[6];
    for (size_t i = 0; i < 6; i++)
        n[i] = (size_t)big_endian(h + 20 + 4 * i, 4);
    return n[3] * time_size + n[3] + n[4] * 6 + n[5] + n[2] * (time_size + 4) + n[1] + n[0];
}

/* Offset of the last transition before now in the second (64-bit) block. */
static int64_t offset_in(const unsigned char *data, size_t len, int64_t now)
{
    size_t at = 44 + block_size(data, 4);
    if (at + 44 > len)
        return 0;
    const unsigned char *h = data + at;
    size_t n = (size_t)big_endian(h + 32, 4);
    size_t types = (size_t)big_endian(h + 36, 4);
    if (at + 44 + block_size(h, 8) > len || !types)
        return 0;
    const unsigned char *times = h + 44;
    const unsigned char *index = times + 8 * n;
    const unsigned char *type = index + n;
    size_t use = 0;
    for (size_t i = 0; i < n; i++)
        if (big_endian(times + 8 * i, 8) <= now)
            use = index[i];
    return use < types ? big_endian(type + 6 * use, 4) : 0;
}

int64_t zone_offset_ms(const char *zone, int64_t now_ms)
{
    /* One zone at a time is asked for, over and over. */
    static char *last_zone;
    static int64_t last_hour = -1;
    static int64_t last_offset;
    int64_t hour = now_ms / 900000;
    if (last_zone && strcmp(last_zone, zone) == 0 && last_hour == hour)
        return last_offset;
    size_t len;
    unsigned char *data = is_utc(zone) ? NULL : read_zone(zone, &len);
    last_offset = data ? offset_in(data, len, now_ms / 1000) * 1000 : 0;
    free(data);
    tw_set(&last_zone, zone);
    last_hour = hour;
    return last_offset;
}
