/*
 * feed.h: what a run knows from Airtable's change feed (private to engine/). A run is full, and
 * compares all, or a delta: it takes the structure of both sides and every record that nobody names
 * for what they were, and looks only at what the feed, the sheet, or an earlier run names. What a
 * delta does is what a full run would have done on the same two sides; whenever that cannot be
 * trusted, it becomes a full run before anything is written (run_feed_drop).
 *
 * The chain of trust: at the end of a run every record either holds what its pair agreed on, or is
 * kept as pending. Whatever changes later is named by the feed from the cursor on, which was taken
 * before the run read a record. A run that ends otherwise keeps the old cursor; pairs whose bases
 * it has changed by then have no raw row hash, so that their rows and with them the records are
 * read.
 */
#ifndef ENGINE_FEED_H
#define ENGINE_FEED_H

#include "base/hash.h"
#include "remote/airtable_feed.h"
#include "store/feed.h"

struct run;
struct sheet_meta;

struct feed_name {
    const char *id;
    int64_t changed_ms; /* the last change, 0: none told */
    bool destroyed;     /* the last word about it */
    bool open;          /* something of it is not told */
    uint8_t *told;      /* per mapped field, when a pair knows it: see feed_echo.c; NULL: not */
    size_t n_told;
};

struct run_feed {
    bool delta;
    bool doubt;                /* what was taken as known does not hold */
    const char *hook_id;       /* NULL: no feed in this run */
    int64_t cursor, cursor_ms; /* where the next run goes on, and when that was read; 0: no feed */
    int64_t last_cursor;       /* what this run has read of the feed so far */
    const char *settings;
    const struct feed_state *was; /* of the last run; NULL */
    const char **pending;         /* records whose value is not settled */
    size_t n_pending;
    const char **pending_before; /* those that earlier runs have left */
    size_t n_pending_before;
    const char **left; /* records without a row that this run need not look at */
    size_t n_left;
    bool strangers;          /* the listing brought records that nobody had told of */
    bool many;               /* it is longer than a page */
    bool listed_again;       /* it was repeated in this run */
    bool more_unpaired;      /* there are such beyond those and the pending ones */
    const char *schema_text; /* Airtable's structure as JSON; NULL: not read in this run */
    bool tab_assumed;        /* the tab is the remembered one and has not been seen yet */
    /* what the feed names of the sync's table */
    struct feed_name *names; /* arena */
    size_t n_names, cap_names;
    struct strmap *by_id;    /* heap; to names */
    struct arena *scratch;   /* heap */
    struct strmap *answered; /* heap; records whose state after our write its answer told */
    const char *trouble;     /* what is to be said of the feed once; NULL */
    enum bs_kind trouble_kind;
    bool gather;         /* names are wanted */
    bool schema_changed; /* of the table or of those it links to */
    bool names_changed;  /* of linked records */
    bool lost;           /* the feed itself says that it has lost something */
    bool broken;         /* the hook is at its end */
};

/* ---- feed.c: whether, and from where ---- */
/* What is remembered; r->feed.delta: this run may be one. */
enum bs_rc run_feed_open(struct run *r, struct bs_err *e) BS_MUST_CHECK;
/* Asks the feed, before a record is read and before a full run reads the schema. Never ends a run
 * for the feed's own troubles: database errors only. */
enum bs_rc run_feed_start(struct run *r, struct bs_err *e) BS_MUST_CHECK;
void run_feed_release(struct run *r);
/* A delta takes both sides' structure from memory: schema, meta. */
enum bs_rc run_feed_recall(struct run *r, struct bs_err *e) BS_MUST_CHECK;
/* Fails with e, and the run is to be a full one. */
enum bs_rc run_feed_doubt(struct run *r, struct bs_err *e, const char *why);
/* After reading failed: true when the run is to read again, as a full one. */
bool run_feed_drop(struct run *r, struct bs_err *e);
/* The tab of the remembered structure has been looked at: seen is what it is now (NULL: unknown,
 * then it is asked for). Doubt when it is another one. */
enum bs_rc run_feed_prove_tab(struct run *r, const struct sheet_meta *seen,
                              struct bs_err *e) BS_MUST_CHECK;
/* A cell that is none of the remembered choices may be one of today's. */
enum bs_rc run_feed_check_choices(struct run *r, struct bs_err *e) BS_MUST_CHECK;
/* Says what is to be said of the feed. */
void run_feed_tell(struct run *r);
/* Another pass of a delta after writes to Airtable: *any when the feed, or this pass, names
 * something that their answers have not told. */
enum bs_rc run_feed_again(struct run *r, bool *any, struct bs_err *e) BS_MUST_CHECK;
/* After a pass, before the next one forgets its records: what is pending from now on. */
void run_feed_note_pending(struct run *r);
/* The run has closed well. */
enum bs_rc run_feed_close(struct run *r, struct bs_err *e) BS_MUST_CHECK;
/* The run has failed so: what was taken as known may be why. */
enum bs_rc run_feed_failed(struct run *r, const struct bs_err *why, struct bs_err *e) BS_MUST_CHECK;

/* ---- feed_scan.c: when all is to be compared again ---- */
/* Whether what is remembered of a sync is no older than its full_scan; was NULL: it is not. */
bool run_feed_scanned_lately(const struct feed_state *was, int64_t full_scan_ms);
/* After a listing of so many records: true when it is to be repeated at once. */
bool run_feed_doubts_listing(struct run *r, size_t listed);
/* What is to be kept as the moment of this full run's scan: earlier than it was, when the next one
 * is to come sooner. */
int64_t run_feed_scan_time(const struct run *r);
/* The ids that earlier runs have left pending; heap, the caller's. */
struct strmap *run_feed_pending_before(const struct run *r);

/* ---- feed_read.c: what it says ---- */
/* All payloads from cursor on, as far as that pays: BS_SKIP when there are too many. */
enum bs_rc run_feed_read(struct run *r, int64_t cursor, struct bs_err *e) BS_MUST_CHECK;
/* The same, once, at a run's start: what another run has read a moment ago does as well. */
enum bs_rc run_feed_look(struct run *r, int64_t cursor, struct bs_err *e) BS_MUST_CHECK;
void run_feed_forget_names(struct run *r);
/* NULL when the feed does not name it. */
const struct feed_name *run_feed_named(const struct run *r, const char *record_id);
void run_feed_note_answer(struct run *r, const char *record_id);

/* ---- feed_echo.c: what it says that we know already ---- */
/* Holds what a payload tells of a record's cells against what its pair has agreed on. */
void run_feed_compare(struct run *r, struct feed_name *n, const struct airtable_event *ev);
/* All that the feed has told of the record is what the pair holds: our own write come back, or a
 * change that means nothing to this sync. */
bool run_feed_is_echo(const struct feed_name *n);

/* ---- feed_hook.c: the webhook's life ---- */
/* Finds or makes the hook and reads what it says from r->feed.was on; sets hook_id and cursor when
 * that went well. */
enum bs_rc run_feed_follow(struct run *r, struct bs_err *e) BS_MUST_CHECK;
/* Whether this hook can still be read from the cursor that is remembered. */
bool run_feed_cursor_holds(const struct feed_state *was, const char *hook_id);

/* ---- fetch_delta.c ---- */
enum bs_rc run_read_delta(struct run *r, struct bs_err *e) BS_MUST_CHECK;

#endif
