/*
 * merge.h: the three-way decision for one cell: a pure function from (base, Airtable now, sheet
 * now, rules) to what shall happen. Both equal: settled. One side changed: it flows. Both changed
 * and differ: the conflict rule decides. Without a base (first pairing) a filled cell beats an
 * empty one. One-way cells follow their source; an edit on the other side is put back.
 */
#ifndef SYNC_MERGE_H
#define SYNC_MERGE_H

#include "sync/sync.h"

enum merge_action {
    MERGE_NOTHING,     /* settled already, base stands */
    MERGE_SETTLE,      /* equal now: write base_after to the database */
    MERGE_APART,       /* differ and stay so: base_after */
    MERGE_TO_SHEET,    /* write Airtable's value into the cell */
    MERGE_TO_AIRTABLE, /* write the cell's value into the field */
    MERGE_HELD,        /* conflict under HOLD: neither side is written */
    MERGE_SKIP,        /* cannot flow: note says why (or is NULL when there is nothing to say) */
};

/* Stored in SyncChange.why. */
enum merge_why {
    WHY_EDIT,         /* the other side was edited */
    WHY_FIRST,        /* first pairing: filled beats empty, or the rule */
    WHY_PUT_BACK,     /* an edit on the read-only side of a one-way cell */
    WHY_AIRTABLE_WON, /* conflict */
    WHY_SHEETS_WON,
    WHY_NEWEST_WON, /* conflict decided by time */
    WHY_TIE,        /* NEWEST_WINS could not order the two: Airtable won */
    WHY_CREATE,
    WHY_DELETE,
    WHY_ID, /* the record id was written into the id cell */
    WHY_UNDO,
    WHY_RESTORE, /* a row that moved during a write was put back */
};
const char *merge_why_text(enum merge_why why); /* "edit", "conflict won by airtable", ... */

struct merge_in {
    const struct sync_field *field;
    const struct sync_rules *rules;
    uint64_t base;             /* 0: none */
    const struct side_cell *a; /* NULL: equals base */
    const struct side_cell *s; /* NULL: equals base */
    int64_t modified_ms;       /* of the record, 0 unknown */
    int64_t sheet_since_ms;
    int64_t sheet_seen_ms;
};

struct merge_out {
    enum merge_action action;
    enum merge_why why;
    bool conflict;       /* both sides had changed and differed */
    uint64_t base_after; /* base once the action has succeeded */
    const char *note;    /* static or from the cell's note; NULL none */
    enum bs_kind note_kind;
};

struct merge_out merge_cell(const struct merge_in *in);

#endif
