/*
 * fetch_p.h: what a listing of records and a delta share (private to engine/).
 */
#ifndef ENGINE_FETCH_P_H
#define ENGINE_FETCH_P_H

#include "engine/run_p.h"

struct listing {
    struct run *r;
    struct arena *scratch;
    bool keep_all; /* fetched by id: always wanted with values */
    size_t first;  /* records before this one are not the listing's */
};

/* Forgets the records from l->first on. */
void listing_start(struct listing *l);
/* Takes a record over; its values only when it differs from its pair's bases, or its row is looked
 * at anyway. An airtable_record_fn; ctx is the listing. */
enum bs_rc listing_record(void *ctx, const struct airtable_record *rec, struct bs_err *e);
/* Asks for each record that has not come by itself: only a certain "not there" is a deletion. */
enum bs_rc listing_confirm_gone(struct run *r, const char *const *ids, size_t n,
                                struct bs_err *e) BS_MUST_CHECK;
/* Deletions that an earlier run has established and kept the row of. */
void listing_add_known_gone(struct run *r);

#endif
