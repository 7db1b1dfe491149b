/*
 * schedule.h: which syncs are due when, and which of them may run side by side. Knows the clock
 * only by what it is told, so that a year can be played through in a test.
 */
#ifndef ENGINE_SCHEDULE_H
#define ENGINE_SCHEDULE_H

#include "base/err.h"
#include "conf/conf.h"
#include "model/cron.h"
#include "model/zone.h"
#include "store/syncs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCHEDULE_SPREAD_MS 60000 /* [basesync] spread: delays lie within this */

struct due_sync {
    char *id, *slug, *name, *base, *spreadsheet;
    struct cron cron;
    int64_t offset_ms; /* its own constant delay behind each tick */
    int64_t next_ms;   /* Unix ms */
};

struct schedule {
    struct due_sync *syncs; /* the active ones */
    size_t n;
    struct zone *zone;
};

/* The zone of the schedules: the INI's, else $TZ, else /etc/localtime, else UTC. */
enum bs_rc schedule_zone(const struct conf *c, struct zone **out, struct bs_err *e) BS_MUST_CHECK;

/* From the INI file and, per sync, the row of the database that belongs to it (same order; its
 * next_sync_at, when it is past, says that a run was missed: it is due at once, once). Takes the
 * zone over. */
struct schedule *schedule_new(const struct conf *c, const struct sync_config *rows,
                              struct zone *zone, int64_t now_ms);
void schedule_free(struct schedule *s); /* NULL is nothing */

/* The earliest next_ms, INT64_MAX when there is no sync. */
int64_t schedule_next(const struct schedule *s);
/* Syncs that are due at now_ms, as indexes into list (room for s->n); moves their next time behind
 * now_ms: ticks that were missed come as one. Also brings forward what lies too far ahead after the
 * clock was set back. */
size_t schedule_take_due(struct schedule *s, int64_t now_ms, size_t *list);

/* What must not run at the same time: shares a base or a spreadsheet. */
struct group_key {
    const char *base, *spreadsheet;
};
bool schedule_clash(const struct group_key *a, const struct group_key *b);
/* group_of[i] becomes the group of keys[i], groups numbered from 0 in the order of their first
 * member; gives their number. */
size_t schedule_group(const struct group_key *keys, size_t n, size_t *group_of);

#endif
