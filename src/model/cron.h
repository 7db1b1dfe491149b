/*
 * cron.h: schedules of five fields (minute, hour, day of month, month, day of week) with lists,
 * ranges, steps and names, and @hourly and its like, as crontab(5) of Debian's cron has them. Pure:
 * the clock and the time zone are the caller's.
 *
 * A restricted day of month and a restricted day of week are alternatives; when either begins with
 * `*`, both must match. When clocks are set forward, a time that is skipped runs once, at the first
 * moment after the gap; when they are set back, a time that comes twice runs once, the first time.
 * A schedule that runs in every hour of the day follows real time instead.
 */
#ifndef MODEL_CRON_H
#define MODEL_CRON_H

#include "base/err.h"
#include "model/zone.h"

#include <stdbool.h>
#include <stdint.h>

#define CRON_TEXT_MAX 200 /* bytes of a schedule */

struct cron { /* one bit per value that matches */
    uint64_t minutes;
    uint32_t hours, days, months;
    uint32_t weekdays;         /* bit 0: Sunday */
    bool any_day, any_weekday; /* the field begins with `*` */
};

/* BS_STOP_ALL / BS_K_CONFIG with what is wrong with which field; also for a date that never comes
 * ("0 0 31 2 *"). The message does not repeat the schedule. */
enum bs_rc cron_parse(const char *text, struct cron *out, struct bs_err *e) BS_MUST_CHECK;

/* The first time after after_ms (Unix ms, exclusive) at which c is due in zone z (NULL: UTC), to
 * the whole minute unless the zone jumps within one. Any cron that cron_parse gave has a next time.
 */
int64_t cron_next(const struct cron *c, const struct zone *z, int64_t after_ms);

#endif
