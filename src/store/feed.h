/*
 * feed.h: what is remembered of Airtable's change feed: the webhook of each base and credential,
 * and how far each sync has followed it. A row without an answer yet ("making") is written before a
 * webhook is asked for, so that one whose answer was lost is looked for and not made again.
 *
 *   (none) --about to ask--> MAKING --answer--> ACTIVE --gone, broken--> MAKING ...
 *                            MAKING --not allowed, too many--> REFUSED --a day, other credential-->
 *
 * Errors as in store.h. Each function is one transaction of its own, or part of the caller's.
 */
#ifndef STORE_FEED_H
#define STORE_FEED_H

#include "base/mem.h"
#include "store/store.h"

#include <stddef.h>

enum feed_hook_state { FEED_NONE, FEED_MAKING, FEED_ACTIVE, FEED_REFUSED };

struct feed_hook {
    enum feed_hook_state state;
    const char *id;        /* ACTIVE; NULL otherwise */
    const char *reason;    /* REFUSED: in words; "" otherwise */
    int64_t changed_ms;    /* when it came to this state */
    int64_t retry_ms;      /* not to be used before, 0: may be used */
    bool other_credential; /* the credential was connected again since */
};

/* Texts in the arena. FEED_NONE when nothing is known. */
enum bs_rc feed_hook_get(struct store *s, const char *user_id, const char *base_id, struct arena *a,
                         struct feed_hook *out, struct bs_err *e) BS_MUST_CHECK;
/* hook_id only with ACTIVE; reason NULL: none; retry_ms 0: none. A user without an Airtable
 * connection is BS_STOP_SYNC / BS_K_CONFIG. */
enum bs_rc feed_hook_set(struct store *s, const char *user_id, const char *base_id,
                         const struct feed_hook *h, int64_t now_ms, struct bs_err *e) BS_MUST_CHECK;

struct feed_state {
    const char *hook_id;
    int64_t cursor;
    int64_t cursor_ms;    /* when it was read */
    int64_t full_scan_ms; /* 0: the next run compares all */
    const char *settings; /* mark of the settings that the rest holds for */
    const char *table_id;
    const char *tables, *tabs; /* JSON */
    bool more_unpaired;        /* there are records without a row beyond the pending ones */
};

/* *out NULL when the sync has none; all in the arena. */
enum bs_rc feed_state_get(struct store *s, const char *sync_id, struct arena *a,
                          const struct feed_state **out, struct bs_err *e) BS_MUST_CHECK;
/* Replaces it together with the pending records; pending NULL leaves those as they are. */
enum bs_rc feed_state_put(struct store *s, const char *sync_id, const struct feed_state *f,
                          const char *const *pending, size_t n, struct bs_err *e) BS_MUST_CHECK;
/* The sync's next run compares all. */
enum bs_rc feed_state_doubt(struct store *s, const char *sync_id, struct bs_err *e) BS_MUST_CHECK;
/* Ordered by id, in the arena. */
enum bs_rc feed_pending_list(struct store *s, const char *sync_id, struct arena *a,
                             const char ***out, size_t *n, struct bs_err *e) BS_MUST_CHECK;

#endif
