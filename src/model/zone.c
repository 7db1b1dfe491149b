/* zone.c: see zone.h. The posix rule of the footer is in zone_rule.c. */
#include "model/zone.h"

#include "base/mem.h"
#include "model/zone_rule.h"

#include <stdlib.h>
#include <string.h>

/* Far above what any zone has (about 250 transitions in the fattest files, 20 types). */
#define TZIF_SIZE_MAX ((size_t)256 * 1024)
#define TZIF_TRANSITIONS_MAX 8192
#define TZIF_TYPES_MAX 256 /* the index is one byte */
#define TZIF_CHARS_MAX 4096
#define TZIF_HEADER 44
/* RFC 8536 3.2: offsets SHOULD be between -25 and 26 hours. */
#define OFFSET_MIN (-25 * 3600 + 1)
#define OFFSET_MAX (26 * 3600 - 1)
/* No wall time is further than this from UTC. */
#define REACH (26 * 3600)
/* Offsets are not asked for beyond +-143 million years. */
#define TIME_MAX ((int64_t)1 << 52)

struct zone {
    char *name;
    size_t n; /* transitions, in ascending order */
    int64_t *times;
    int32_t *offsets; /* from times[i] on */
    int32_t first;    /* before times[0] */
    bool has_rule;    /* holds from the last transition on */
    struct zone_rule rule;
};

struct tzif_counts {
    uint32_t isut, isstd, leap, time, type, chars;
};

struct reader {
    const unsigned char *p;
    size_t left;
};

static const unsigned char *take(struct reader *r, size_t len)
{
    const unsigned char *p = r->p;

    if (len > r->left) {
        return NULL;
    }
    r->p += len;
    r->left -= len;
    return p;
}

static uint32_t load_u32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t load_time(const unsigned char *p, size_t size)
{
    if (size == 4) {
        return (int32_t)load_u32(p);
    }
    return (int64_t)((uint64_t)load_u32(p) << 32 | load_u32(p + 4));
}

/* Gives what is wrong, NULL when nothing. */
static const char *read_header(struct reader *r, unsigned char *version, struct tzif_counts *c)
{
    const unsigned char *h = take(r, TZIF_HEADER);

    if (!h || memcmp(h, "TZif", 4) != 0) {
        return "no TZif header";
    }
    *version = h[4];
    c->isut = load_u32(h + 20);
    c->isstd = load_u32(h + 24);
    c->leap = load_u32(h + 28);
    c->time = load_u32(h + 32);
    c->type = load_u32(h + 36);
    c->chars = load_u32(h + 40);
    if (c->time > TZIF_TRANSITIONS_MAX || c->type > TZIF_TYPES_MAX || c->chars > TZIF_CHARS_MAX ||
        c->leap > TZIF_TRANSITIONS_MAX || c->isut > c->type || c->isstd > c->type) {
        return "its counts are too large";
    }
    return NULL;
}

static size_t block_size(const struct tzif_counts *c, size_t time_size)
{
    return c->time * time_size + c->time + c->type * 6u + c->chars + c->leap * (time_size + 4) +
           c->isstd + c->isut;
}

static const char *read_types(const unsigned char *p, const struct tzif_counts *c, int32_t *offsets)
{
    for (size_t i = 0; i < c->type; i++, p += 6) {
        int32_t offset = (int32_t)load_u32(p);

        if (offset < OFFSET_MIN || offset > OFFSET_MAX || p[4] > 1 || p[5] >= c->chars) {
            return "a local time type is out of range";
        }
        offsets[i] = offset;
    }
    return NULL;
}

static const char *read_block(struct reader *r, const struct tzif_counts *c, size_t time_size,
                              struct zone *z)
{
    const unsigned char *p = take(r, block_size(c, time_size));
    const unsigned char *index;
    int32_t offsets[TZIF_TYPES_MAX];
    const char *wrong;

    if (!p) {
        return "it is cut short";
    }
    if (c->type == 0 || c->chars == 0) {
        return "it has no local time type";
    }
    if (c->leap > 0) {
        return "it counts leap seconds, which spreadsheets do not";
    }
    index = p + c->time * time_size;
    wrong = read_types(index + c->time, c, offsets);
    if (wrong) {
        return wrong;
    }
    z->first = offsets[0];
    z->times = bs_alloc_n(c->time, sizeof *z->times);
    z->offsets = bs_alloc_n(c->time, sizeof *z->offsets);
    z->n = c->time;
    for (size_t i = 0; i < z->n; i++) {
        z->times[i] = load_time(p + i * time_size, time_size);
        if (i > 0 && z->times[i] <= z->times[i - 1]) {
            return "its transitions are not in order";
        }
        if (index[i] >= c->type) {
            return "a transition names no local time type";
        }
        z->offsets[i] = offsets[index[i]];
    }
    return NULL;
}

/* "\n" TZ string "\n"; an empty string means that nobody knows, and the last offset stays. */
static const char *read_footer(struct reader *r, struct zone *z)
{
    const char *text = (const char *)r->p + 1;
    const char *end;

    if (r->left < 2 || r->p[0] != '\n' || !(end = memchr(text, '\n', r->left - 1))) {
        return "its footer is cut short";
    }
    if (end > text) {
        if (!zone_rule_parse(text, (size_t)(end - text), &z->rule)) {
            return "its footer is no POSIX time zone";
        }
        z->has_rule = true;
    }
    return NULL;
}

static const char *read_tzif(struct reader *r, struct zone *z)
{
    struct tzif_counts counts;
    unsigned char version;
    const char *wrong = read_header(r, &version, &counts);

    if (wrong) {
        return wrong;
    }
    if (version == 0) {
        return read_block(r, &counts, 4, z);
    }
    if (!take(r, block_size(&counts, 4))) { /* the 32-bit block is for older readers */
        return "it is cut short";
    }
    wrong = read_header(r, &version, &counts);
    if (!wrong) {
        wrong = read_block(r, &counts, 8, z);
    }
    return wrong ? wrong : read_footer(r, z);
}

enum bs_rc zone_from_tzif(const char *name, const void *data, size_t len, struct zone **out,
                          struct bs_err *e)
{
    struct reader r = {data, len};
    struct zone *z;
    const char *wrong;

    if (len > TZIF_SIZE_MAX) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_CONFIG, "time zone %s: its data is too large", name);
    }
    z = bs_alloc(sizeof *z);
    wrong = read_tzif(&r, z);
    if (wrong) {
        zone_free(z);
        return bs_fail(e, BS_STOP_SYNC, BS_K_CONFIG, "time zone %s: its data is not usable: %s",
                       name, wrong);
    }
    z->name = bs_strdup(name);
    *out = z;
    return BS_OK;
}

struct zone *zone_fixed(const char *name, int32_t offset_seconds)
{
    struct zone *z = bs_alloc(sizeof *z);

    z->name = bs_strdup(name);
    z->first = offset_seconds;
    return z;
}

void zone_free(struct zone *z)
{
    if (z) {
        free(z->name);
        free(z->times);
        free(z->offsets);
        free(z);
    }
}

const char *zone_name(const struct zone *z)
{
    return z->name;
}

/* Number of transitions at or before t. */
static size_t transitions_until(const struct zone *z, int64_t t)
{
    size_t lo = 0;
    size_t hi = z->n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (z->times[mid] <= t) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

static struct zone_span span_at(const struct zone *z, int64_t t)
{
    struct zone_span span;
    size_t passed;

    t = t < -TIME_MAX ? -TIME_MAX : t > TIME_MAX ? TIME_MAX : t;
    passed = transitions_until(z, t);
    if (passed == z->n && z->has_rule) {
        span = zone_rule_span(&z->rule, t);
        if (z->n > 0 && span.from < z->times[z->n - 1]) {
            span.from = z->times[z->n - 1];
        }
        return span;
    }
    span.offset = passed > 0 ? z->offsets[passed - 1] : z->first;
    span.from = passed > 0 ? z->times[passed - 1] : INT64_MIN;
    span.until = passed < z->n ? z->times[passed] : INT64_MAX;
    return span;
}

int32_t zone_offset_at(const struct zone *z, int64_t utc_seconds)
{
    return span_at(z, utc_seconds).offset;
}

static int64_t floor_seconds(int64_t ms)
{
    return ms / 1000 - (ms % 1000 < 0);
}

/* ms + seconds * 1000, stopping at the ends of the range. */
static int64_t shift_ms(int64_t ms, int32_t seconds)
{
    int64_t out;

    if (__builtin_add_overflow(ms, (int64_t)seconds * 1000, &out)) {
        return seconds > 0 ? INT64_MAX : INT64_MIN;
    }
    return out;
}

int64_t zone_to_local_ms(const struct zone *z, int64_t utc_ms)
{
    return shift_ms(utc_ms, zone_offset_at(z, floor_seconds(utc_ms)));
}

/* Walks over the spans in which the instant can lie, earliest first. A wall time fits a span when
 * the instant it means under the span's offset lies in it. In a gap it fits neither: the offset
 * before the gap then moves it forward by the gap's width. */
enum zone_fit zone_to_utc_ms(const struct zone *z, int64_t local_ms, int64_t *utc_ms)
{
    int64_t wall = floor_seconds(local_ms);
    struct zone_span span = span_at(z, wall - REACH);
    int32_t before = span.offset;
    int32_t offset = 0;
    int fits = 0;

    for (;;) {
        int64_t at = wall - span.offset;

        if (at >= span.from && at < span.until && fits++ == 0) {
            offset = span.offset;
        }
        if (at >= span.until) {
            before = span.offset;
        }
        if (span.until > wall + REACH || span.until > TIME_MAX) {
            break;
        }
        span = span_at(z, span.until);
    }
    *utc_ms = shift_ms(local_ms, -(fits > 0 ? offset : before));
    return fits == 0 ? ZONE_NEVER : fits == 1 ? ZONE_UNIQUE : ZONE_TWICE;
}
