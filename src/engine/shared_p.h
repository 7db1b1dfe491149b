/*
 * shared_p.h: shared.h's other side (private to engine/): what a run gives to and takes from the
 * runs beside it. All of it does nothing, or asks, when the run is alone.
 */
#ifndef ENGINE_SHARED_P_H
#define ENGINE_SHARED_P_H

#include "engine/run_p.h"
#include "engine/shared.h"
#include "engine/tape.h"
#include "net/json.h"

#define SHARED_AGE_MS 10000         /* older answers are not used */
#define SHARED_TAPES_MAX (8U << 20) /* bytes of all tabs read along */
#define SHARED_CELLS_MAX 250000     /* of one tab; larger ones are read by their own run */
#define SHARED_TABS_MAX 20          /* of one request */
#define SHARED_LEASES 2
#define SHARED_LEASE_MAX 160

struct shared_sync {
    const struct conf_sync *cs;
    const struct sync_config *sc;
};

/* A tab that was read along for the run of another sync. */
struct shared_tab {
    size_t sync; /* whose: index */
    const char *title;
    struct a1_range ranges[2];
    size_t n_ranges;
    struct tape *tape;
    bool whole; /* all of its rows are there */
};

struct run_shared {
    struct shared_sync *syncs;
    size_t n, cap;
    char held[SHARED_LEASES][SHARED_LEASE_MAX]; /* kept for the next run; "" none */
    /* the feed's answer */
    struct json *feed; /* NULL: none */
    char *feed_hook;
    int64_t feed_cursor, feed_ms; /* asked from; when, on the clock that never steps */
    /* the tabs */
    struct shared_tab tabs[SHARED_TABS_MAX];
    size_t n_tabs;
    int64_t tabs_ms, tabs_wall_ms;
    struct arena *tabs_arena;
    char drive_version[32]; /* of the spreadsheet, for the gates; "" not asked */
    int64_t drive_ms;
    bool tabs_refused; /* one of them cannot be read: each run reads its own */
};

/* ---- shared.c ---- */
/* Index of the run's sync; s->n when the run is alone. */
size_t shared_self(const struct run *r);
/* The leases that are kept for another run are given up: somebody may be waiting for them. */
void shared_let_go(struct run_shared *s, struct store *store);
/* The run has its leases now: none is kept any more. */
void shared_taken(struct run_shared *s);
/* The run is over: its leases are given back or kept for the next one, and answers that it has made
 * stale, or that nobody can use any more, are forgotten. */
void shared_pass_on(struct run *r, const char *const *leases, size_t n);

/* The answer to the feed from *from on, which is not beyond cursor; NULL: to be asked. */
const struct json *shared_feed(struct run *r, int64_t cursor, int64_t *from);
/* Where to read from, so that the answer serves the next runs too: cursor or a little before. */
enum bs_rc shared_feed_from(struct run *r, int64_t cursor, int64_t *from,
                            struct bs_err *e) BS_MUST_CHECK;
/* Takes doc, all that the feed says from that cursor on. */
void shared_keep_feed(struct run *r, int64_t from, struct json *doc);

/* ---- shared_tabs.c ---- */
/* values read of r's tab: from what an earlier run has read along, else from Google together with
 * the tabs that the next runs will want. Sets r->state.sheet_seen_ms. */
enum bs_rc shared_read_values(struct run *r, const struct a1_range *ranges, size_t n,
                              sheets_row_fn *each, void *ctx, struct bs_err *e) BS_MUST_CHECK;
/* The spreadsheet's version as Drive has told it to a run before; NULL: to be asked. */
const char *shared_drive_version(const struct run *r);
void shared_keep_version(struct run *r, const char *version);
/* All that is known of the spreadsheet. */
void shared_forget_tabs(struct run_shared *s);

#endif
