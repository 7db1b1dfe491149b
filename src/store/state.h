/*
 * state.h: what both sides held when they last agreed: one row per sync and record with the row
 * hint, the raw row hash, flags, and one keyed 64-bit hash per mapped field, packed little-endian
 * in the order of the sync's field list. When the mapping changes the packed hashes are re-ordered
 * by field id; new fields start without a base.
 */
#ifndef STORE_STATE_H
#define STORE_STATE_H

#include "base/mem.h"
#include "store/store.h"

#include <stddef.h>

struct pair_row {
    const char *record_id;
    uint32_t row_hint;
    uint64_t raw;
    uint32_t flags;
    uint64_t *bases; /* n_fields */
};

/* Tells the store which field ids, in which order, the hashes of this sync have from now on;
 * re-packs stored rows when that differs from before. One transaction of its own. */
enum bs_rc state_set_fields(struct store *s, const char *sync_id, const char *const *field_ids,
                            size_t n, struct bs_err *e) BS_MUST_CHECK;
/* All pairs of a sync, ordered by record id, in the arena. */
enum bs_rc state_load(struct store *s, const char *sync_id, size_t n_fields, struct arena *a,
                      struct pair_row **out, size_t *n, struct bs_err *e) BS_MUST_CHECK;
/* The same in the order of field_ids, whatever order is stored: reads only, so that a dry run with
 * a changed mapping changes nothing. */
enum bs_rc state_load_fields(struct store *s, const char *sync_id, const char *const *field_ids,
                             size_t n_fields, struct arena *a, struct pair_row **out, size_t *n,
                             struct bs_err *e) BS_MUST_CHECK;
/* Inserts or replaces one pair; inside a caller's transaction. */
enum bs_rc state_put(struct store *s, const char *sync_id, const struct pair_row *p,
                     size_t n_fields, struct bs_err *e) BS_MUST_CHECK;
enum bs_rc state_delete(struct store *s, const char *sync_id, const char *record_id,
                        struct bs_err *e) BS_MUST_CHECK;
enum bs_rc state_clear(struct store *s, const char *sync_id, struct bs_err *e) BS_MUST_CHECK;

#endif
