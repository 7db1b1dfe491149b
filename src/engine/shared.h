/*
 * shared.h: what the runs of one process, one after another, take from each other: several syncs on
 * one base ask its change feed once, and several on one spreadsheet read their tabs in one request.
 *
 * An answer is used by a later run only while nothing can have happened to its side through us: the
 * process keeps the base's or the spreadsheet's lease from the run that read it to the run that
 * uses it (so no other process of ours was there), no run in between has sent a write to that side,
 * it is seconds old, and it is what that run would have asked for itself. Otherwise that run asks
 * as if it were alone. What people do meanwhile is seen as it always is: the feed's cursor goes on
 * from the answer, and rows are looked at again before they are written.
 */
#ifndef ENGINE_SHARED_H
#define ENGINE_SHARED_H

#include "conf/conf.h"
#include "store/store.h"
#include "store/syncs.h"

struct run_shared;
struct run_shared *run_shared_new(void);
/* In the order in which they will run; both are borrowed. */
void run_shared_add(struct run_shared *s, const struct conf_sync *cs, const struct sync_config *sc);
/* Gives back the leases that it still holds; NULL is nothing. */
void run_shared_free(struct run_shared *s, struct store *store);

#endif
