/*
 * guard.h: brakes that look at the whole plan before the first write. A guard that trips stops the
 * sync with BS_STOP_SYNC / BS_K_GUARD and a sentence that says what was seen and which flag lets
 * one run through (rclone bisync's and vdirsyncer's devices: max-delete, empty side, all changed).
 */
#ifndef SYNC_GUARD_H
#define SYNC_GUARD_H

#include "sync/plan.h"

#define GUARD_FIRST_SYNC_CHANGES 50 /* a first run with more changes on a filled side asks */
#define GUARD_ALL_CHANGED_MIN 10    /* fewer pairs never count as "all changed" */
#define GUARD_DELETE_FLOOR 1        /* one deletion is always within max_delete */

struct guard_allow { /* what the person allowed for this run */
    bool first_sync;
    bool deletes;     /* --allow-delete: max_delete and empty side */
    bool all_changed; /* --allow-all-changed: that, and rows that look sorted without their ids */
};

enum bs_rc guard_check(const struct sync_state *state, const struct plan *plan,
                       const struct guard_allow *allow, struct bs_err *e) BS_MUST_CHECK;

#endif
