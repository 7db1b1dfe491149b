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
    char *id, *slug, *name, *user_id, *base, *spreadsheet;
    struct cron cron;
    int64_t offset_ms;  /* its own constant delay behind each tick */
    int64_t next_ms;    /* Unix ms */
    int64_t written_ms; /* next_ms as others have been told; 0: not yet */
    /* A budget may stretch the schedule: ticks before pace_ms are left out. */
    int64_t gap_ms;   /* between two runs at least, on average; 0: as the schedule says */
    int64_t until_ms; /* the month's end: from then on the gap is void */
    int64_t pace_ms;
    int64_t last_ms; /* start of the last run; 0: none */
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

/* The time between two runs of a sync by its schedule alone, on average over its next ticks. */
int64_t schedule_period(const struct schedule *s, size_t index, int64_t now_ms);
/* From now on ticks of a sync are gap_ms apart at least, on average, up to until_ms; 0: no gap.
 * What is due by now stays due. */
void schedule_set_gap(struct schedule *s, size_t index, int64_t gap_ms, int64_t until_ms,
                      int64_t now_ms);

/* What must not run at the same time: shares a base or a spreadsheet. */
struct group_key {
    const char *base, *spreadsheet;
};
bool schedule_clash(const struct group_key *a, const struct group_key *b);
/* group_of[i] becomes the group of keys[i], groups numbered from 0 in the order of their first
 * member; gives their number. */
size_t schedule_group(const struct group_key *keys, size_t n, size_t *group_of);

#endif
