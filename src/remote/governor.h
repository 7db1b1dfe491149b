/*
 * governor.h: when the next request may leave (private to remote/). The shared buckets in the
 * database keep what all processes send within the limits; since the services count arrivals and a
 * request may be held up by a new connection's handshake, a second look is taken at when requests
 * really left: this process's own before each next one, and what left late is told to the others.
 */
#ifndef REMOTE_GOVERNOR_H
#define REMOTE_GOVERNOR_H

#include "remote/call.h"

struct governor;

struct governor *governor_new(struct store *store, struct auth *auth,
                              const struct call_limits *limits);
void governor_free(struct governor *g); /* NULL is nothing */

/* One request under way. sent_ms is written by net/http. */
struct departure {
    struct departure *next;
    const struct call *call;
    int64_t sent_ms; /* on the clock that never steps; 0: still connecting */
    int64_t reserved_mono, reserved_wall;
    bool told; /* the other processes know when it left */
};

/* Reserves one request of this kind. *wait_ms > 0: not yet, ask again after that. Airtable calls
 * are counted towards the month before they leave, and refused when its budget is used up
 * (BS_STOP_SYNC / BS_K_QUOTA). */
enum bs_rc governor_take(struct governor *g, const struct call *call, int64_t *wait_ms,
                         struct bs_err *e) BS_MUST_CHECK;
/* It is leaving now; d stays the caller's until it is given back by governor_landed. */
void governor_left(struct governor *g, struct departure *d, const struct call *call);
void governor_landed(struct governor *g, struct departure *d);
/* Tells the other processes of what has left later than it was reserved for. *connecting: something
 * has not left yet, look again soon. */
enum bs_rc governor_tell(struct governor *g, bool *connecting, struct bs_err *e) BS_MUST_CHECK;
/* The service has answered 429: nothing of this kind leaves before ms have passed. */
enum bs_rc governor_penalty(struct governor *g, const struct call *call, int64_t ms,
                            struct bs_err *e) BS_MUST_CHECK;

#endif
