/*
 * pace.h: how often syncs may run so that a month's budget of API calls lasts to its end. Pure.
 *
 * Each sync would like to run as its schedule says. When that costs more than is left, syncs run
 * less often, all of them, but those whose runs have found changes lately up to PACE_ACTIVE times
 * as often as those that found nothing. Asked again at each tick, so that a wrong guess of a run's
 * cost mends itself.
 */
#ifndef MODEL_PACE_H
#define MODEL_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACE_ACTIVE 5.0
/* Share of the budget that is left alone at the month's beginning, for runs by hand and for runs
 * that cost more than they did; it melts away towards the month's end. */
#define PACE_RESERVE 0.05

struct pace_month {
    int64_t budget, used;      /* calls */
    int64_t from_ms, until_ms; /* the month */
};

struct pace_sync {
    double period_ms; /* between two runs by its schedule, on average */
    double calls;     /* of a run */
    double activity;  /* share of its last runs that found changes, 0 to 1 */
    double stretch;   /* out: how many times longer the period is to be; INFINITY: not this month */
};

struct pace_forecast {
    double scheduled; /* calls by the month's end if all runs as scheduled */
    double planned;   /* with the stretch */
    bool stretched;
};

/* The UTC month around a moment: Airtable counts by calendar month. */
struct pace_month pace_month_of(int64_t now_ms);
/* Sets stretch of each. */
struct pace_forecast pace_plan(const struct pace_month *m, struct pace_sync *list, size_t n,
                               int64_t now_ms);

#endif
