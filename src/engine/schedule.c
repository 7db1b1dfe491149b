/* schedule.c: see schedule.h. */
#include "engine/schedule.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/str.h"
#include "engine/zoneload.h"

#include <stdlib.h>
#include <string.h>

#define LOCALTIME "/etc/localtime"
#define LOCALTIME_MAX ((size_t)256 << 10)
#define PERIOD_TICKS 64
#define PERIOD_SPAN_MS (INT64_C(14) * 24 * 3600 * 1000)

/* ---- the zone ---- */

static enum bs_rc read_localtime(struct zone **out, struct bs_err *e)
{
    struct buf b;
    enum bs_rc rc;

    if (!os_exists(LOCALTIME)) {
        *out = zone_fixed("UTC", 0);
        return BS_OK;
    }
    buf_init(&b, LOCALTIME_MAX);
    rc = os_read_file(LOCALTIME, LOCALTIME_MAX, &b, e);
    if (rc == BS_OK) {
        rc = zone_from_tzif("local", b.data, b.len, out, e);
    }
    buf_release(&b);
    return rc == BS_OK ? rc : bs_wrap(e, "the machine's time zone; set `time_zone` in [basesync]");
}

enum bs_rc schedule_zone(const struct conf *c, struct zone **out, struct bs_err *e)
{
    const char *tz = getenv("TZ");

    *out = NULL;
    if (c->time_zone) {
        return zone_load(c->zoneinfo, c->time_zone, out, e);
    }
    if (tz && *tz) {
        if (zone_load(c->zoneinfo, tz + (*tz == ':'), out, e) != BS_OK) {
            return bs_wrap(e, "TZ; set `time_zone` in [basesync]");
        }
        return BS_OK;
    }
    return read_localtime(out, e);
}

/* ---- times ---- */

/* The first tick whose delayed moment lies behind now. */
static int64_t tick_after(const struct schedule *s, const struct due_sync *d, int64_t now_ms)
{
    return cron_next(&d->cron, s->zone, now_ms - d->offset_ms) + d->offset_ms;
}

/* The same, of the ticks that the budget's pace leaves. */
static int64_t next_after(const struct schedule *s, const struct due_sync *d, int64_t now_ms)
{
    int64_t allowed = d->pace_ms < d->until_ms ? d->pace_ms : d->until_ms;

    if (d->gap_ms == 0 || allowed <= now_ms) {
        return tick_after(s, d, now_ms);
    }
    return tick_after(s, d, allowed - 1);
}

/* The run that starts now moves the next one: not by the gap from now, but from when this one was
 * allowed, since ticks are coarser than gaps. */
static void pace_on(struct due_sync *d, int64_t now_ms)
{
    int64_t from = now_ms - d->gap_ms;

    from = d->pace_ms > from && d->pace_ms <= now_ms ? d->pace_ms : from;
    d->pace_ms = from + d->gap_ms;
    d->last_ms = now_ms;
}

int64_t schedule_period(const struct schedule *s, size_t index, int64_t now_ms)
{
    const struct due_sync *d = &s->syncs[index];
    int64_t at = now_ms;
    int64_t n = 0;

    while (n < PERIOD_TICKS && at - now_ms < PERIOD_SPAN_MS) {
        at = tick_after(s, d, at);
        n++;
    }
    return (at - now_ms) / n;
}

void schedule_set_gap(struct schedule *s, size_t index, int64_t gap_ms, int64_t until_ms,
                      int64_t now_ms)
{
    struct due_sync *d = &s->syncs[index];
    bool due = d->next_ms <= now_ms;

    if (gap_ms == 0 || d->last_ms > now_ms) {
        d->pace_ms = 0;
    } else if (d->gap_ms == 0 || d->pace_ms > d->last_ms + gap_ms) {
        d->pace_ms = d->last_ms + gap_ms;
    }
    d->gap_ms = gap_ms;
    d->until_ms = until_ms;
    if (!due) {
        d->next_ms = next_after(s, d, now_ms);
    }
}

/* Whole seconds, the same for ever for one section of one INI file. */
static int64_t spread_offset(const char *slug)
{
    static const struct hash_key key = {0x7370726561642d30, 0x6261736573796e63};

    return (int64_t)(siphash(&key, slug, strlen(slug)) % (SCHEDULE_SPREAD_MS / 1000)) * 1000;
}

static int64_t first_time(const struct schedule *s, const struct due_sync *d,
                          const struct sync_config *row, int64_t now_ms)
{
    int64_t kept;

    if (row->next_sync_at && clock_parse(row->next_sync_at, &kept) && kept <= now_ms) {
        return now_ms;
    }
    return next_after(s, d, now_ms);
}

static void add_sync(struct schedule *s, const struct conf *c, const struct conf_sync *cs,
                     const struct sync_config *row, int64_t now_ms)
{
    struct due_sync *d = &s->syncs[s->n];

    if (cron_parse(cs->schedule ? cs->schedule : c->schedule, &d->cron, NULL) != BS_OK) {
        return; /* conf has checked it */
    }
    d->id = bs_strdup(row->id);
    d->slug = bs_strdup(cs->slug);
    d->user_id = bs_strdup(row->user_id ? row->user_id : "");
    if (!row->last_sync_at || !clock_parse(row->last_sync_at, &d->last_ms)) {
        d->last_ms = 0;
    }
    d->name = bs_strdup(cs->name);
    d->base = bs_strdup(cs->base);
    d->spreadsheet = bs_strdup(cs->spreadsheet);
    d->offset_ms = c->spread ? spread_offset(cs->slug) : 0;
    d->next_ms = first_time(s, d, row, now_ms);
    s->n++;
}

struct schedule *schedule_new(const struct conf *c, const struct sync_config *rows,
                              struct zone *zone, int64_t now_ms)
{
    struct schedule *s = bs_alloc(sizeof *s);

    s->zone = zone;
    s->syncs = bs_alloc_n(c->n_syncs, sizeof *s->syncs);
    for (size_t i = 0; i < c->n_syncs; i++) {
        if (c->syncs[i].active) {
            add_sync(s, c, &c->syncs[i], &rows[i], now_ms);
        }
    }
    return s;
}

void schedule_free(struct schedule *s)
{
    if (!s) {
        return;
    }
    for (size_t i = 0; i < s->n; i++) {
        free(s->syncs[i].id);
        free(s->syncs[i].slug);
        free(s->syncs[i].user_id);
        free(s->syncs[i].name);
        free(s->syncs[i].base);
        free(s->syncs[i].spreadsheet);
    }
    free(s->syncs);
    zone_free(s->zone);
    free(s);
}

int64_t schedule_next(const struct schedule *s)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < s->n; i++) {
        next = s->syncs[i].next_ms < next ? s->syncs[i].next_ms : next;
    }
    return next;
}

size_t schedule_take_due(struct schedule *s, int64_t now_ms, size_t *list)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++) {
        struct due_sync *d = &s->syncs[i];
        int64_t next = next_after(s, d, now_ms);

        if (d->next_ms <= now_ms) {
            list[n++] = i;
            pace_on(d, now_ms);
            d->next_ms = next_after(s, d, now_ms);
        } else if (next < d->next_ms) {
            d->next_ms = next; /* the clock was set back */
        }
    }
    return n;
}

/* ---- groups ---- */

bool schedule_clash(const struct group_key *a, const struct group_key *b)
{
    return str_eq(a->base, b->base) || str_eq(a->spreadsheet, b->spreadsheet);
}

size_t schedule_group(const struct group_key *keys, size_t n, size_t *group_of)
{
    size_t groups = 0;
    size_t *number = bs_alloc_n(n, sizeof *number);

    /* Each starts alone; what clashes takes the lower of the two numbers, as do all with it. */
    for (size_t i = 0; i < n; i++) {
        group_of[i] = i;
        for (size_t k = 0; k < i; k++) {
            size_t high = group_of[i] > group_of[k] ? group_of[i] : group_of[k];
            size_t low = group_of[i] > group_of[k] ? group_of[k] : group_of[i];

            if (low == high || !schedule_clash(&keys[i], &keys[k])) {
                continue;
            }
            for (size_t m = 0; m <= i; m++) {
                group_of[m] = group_of[m] == high ? low : group_of[m];
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (group_of[i] == i) {
            number[i] = groups++;
        }
        group_of[i] = number[group_of[i]];
    }
    free(number);
    return groups;
}
