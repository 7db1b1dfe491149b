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

#endif
