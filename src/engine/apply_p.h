/*
 * apply_p.h: an operation on its way (private to engine/).
 */
#ifndef ENGINE_APPLY_P_H
#define ENGINE_APPLY_P_H

#include "engine/run_p.h"

struct pending_op {
    struct op *op;
    int64_t *changes; /* SyncChange rows, written before the request leaves */
    size_t n_changes;
    int64_t intent;      /* creates in Airtable */
    const char *old_raw; /* whole-row history */
    uint32_t row;        /* sheet: row number to write to, as last seen; 0 not there */
    bool done;
};

/* apply_links.c: creates the linked records that the plan's cells name and that are not there
 * (create_missing_linked_records), and puts their ids into the cells. A cell whose record could not
 * be created is taken out of its operation, with an issue. */
enum bs_rc run_create_links(struct run *r, struct plan *plan, struct bs_err *e) BS_MUST_CHECK;
/* For a plan that is shown: the records that it would create. */
void run_list_links(struct run *r, struct plan *plan);

/* sheet_setup.c, for a plan that is shown: the headers and formats that the run would write. */
enum bs_rc run_list_setup(struct run *r, struct plan *plan, struct bs_err *e) BS_MUST_CHECK;

/* ---- keys in other spellings (see key_alike.c) ---- */
/* Of the writes that run_mark_exact_creates has made upserts: those whose key some record or
 * another of them bears in any spelling become plain creates again, with a warning. In
 * create_key.c. */
enum bs_rc run_leave_alike(struct run *r, struct airtable_write *writes, size_t n,
                           struct bs_err *e) BS_MUST_CHECK;
/* Which of these keys (NULL: not asked for) read like that of a record in Airtable, or like another
 * one of them, but for case and for spaces at their ends; same_is_alike: a record that bears the
 * key as it is spelt counts, too. One request for 40 keys. */
enum bs_rc run_find_alike(struct run *r, const char *const *keys, bool *alike, size_t n,
                          bool same_is_alike, struct bs_err *e) BS_MUST_CHECK;

#endif
