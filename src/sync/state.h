/*
 * state.h: small questions about a sync_state that several passes ask (private to sync/).
 */
#ifndef SYNC_STATE_H
#define SYNC_STATE_H

#include "base/hash.h"
#include "sync/sync.h"

/* Text ids to indexes; of several with one id the first. */
struct sync_index {
    struct strmap *records, *pairs;
};
void sync_index_init(struct sync_index *x, const struct sync_state *state);
void sync_index_release(struct sync_index *x);

/* Whether the sync's direction lets anything flow to a side. */
bool sync_to_sheet(const struct sync_state *state);
bool sync_to_airtable(const struct sync_state *state);
bool sync_field_flows(const struct sync_field *f);

/* A value that is known and not empty. */
bool sync_cell_filled(const struct side_cell *c);
/* Hash of an empty value, the same for every field. */
uint64_t sync_empty_hash(const struct sync_state *state);

/* Both sides have agreed on at least one cell: only such a pair can be deleted. */
bool sync_pair_whole(const struct sync_state *state, const struct sync_pair *p);
/* Whether a person has edited the side since both agreed. Results of formulas and computed fields
 * do not count: they change by themselves. What cannot be told counts as an edit. */
bool sync_row_edited(const struct sync_state *state, const struct sync_pair *p,
                     const struct sync_row *row);
bool sync_record_edited(const struct sync_state *state, const struct sync_pair *p,
                        const struct sync_record *rec);

/* Hash of all that a row holds, and of all that a pair says its row held. 0 when a cell has no
 * comparable value, and when all are empty: nothing can be known by that. */
uint64_t sync_row_content(const struct sync_state *state, const struct sync_row *row);
uint64_t sync_pair_content(const struct sync_state *state, const struct sync_pair *p);

/* Index of the row with this number, SYNC_NONE when there is none. */
uint32_t sync_row_at(const struct sync_state *state, uint32_t number);

#endif
