/*
 * usage.h: rate limits and month counters that survive restarts and are shared by all processes. A
 * bucket is taken from in one BEGIN IMMEDIATE transaction by the arithmetic of a fixed window log:
 * the times of the last `burst` requests are kept, so the limit of "n requests in any period" is
 * never exceeded, whichever processes send them.
 */
#ifndef STORE_USAGE_H
#define STORE_USAGE_H

#include "store/store.h"

struct bucket {
    const char *name;  /* "airtable:appX", "airtable-token:<id>", "google-read:<email>" ... */
    uint32_t limit;    /* requests ... */
    int64_t period_ms; /* ... in any period of this length */
};

/* Reserves one request in each of n buckets, all or none. *wait_ms is 0 when they are reserved,
 * else how long to sleep before asking again (a bucket in penalty counts). Uses the wall clock, and
 * re-anchors when that has stepped back. */
enum bs_rc usage_take(struct store *s, const struct bucket *b, size_t n, int64_t now_ms,
                      int64_t *wait_ms, struct bs_err *e) BS_MUST_CHECK;
/* A request that was reserved at reserved_ms has left as late as left_ms: from now on that is when
 * it was. */
enum bs_rc usage_left(struct store *s, const struct bucket *b, size_t n, int64_t reserved_ms,
                      int64_t left_ms, struct bs_err *e) BS_MUST_CHECK;
/* No request from this bucket until now + ms (429). */
enum bs_rc usage_penalty(struct store *s, const char *bucket, int64_t now_ms, int64_t ms,
                         struct bs_err *e) BS_MUST_CHECK;

/* Month counters ("2026-11", "airtable:wsp-or-user"): adds and returns the new total. */
enum bs_rc usage_count(struct store *s, const char *counter, int64_t now_ms, int64_t add,
                       int64_t *total, struct bs_err *e) BS_MUST_CHECK;
/* Adds one unless the counter has reached budget (0: no budget): *spent says whether. In one step,
 * so that processes at once cannot pass it together. */
enum bs_rc usage_spend(struct store *s, const char *counter, int64_t now_ms, int64_t budget,
                       bool *spent, struct bs_err *e) BS_MUST_CHECK;
/* A counter of this month; 0 when none. */
enum bs_rc usage_month(struct store *s, const char *counter, int64_t now_ms, int64_t *total,
                       struct bs_err *e) BS_MUST_CHECK;

#endif
