/*
 * plan.h: pairs rows with records and turns a sync_state into an ordered list of writes. A run
 * executes it, --dry-run prints it: one planner. Planning twice on the same state gives the same
 * plan; planning on the state after a fully executed plan gives no operation.
 *
 * engine/ runs it twice in a run: it executes the Airtable operations of the first plan, puts the
 * records that Airtable's answers brought into the state, and executes the sheet operations of the
 * second plan, so that computed fields and new ids reach the sheet in the same run.
 */
#ifndef SYNC_PLAN_H
#define SYNC_PLAN_H

#include "base/buf.h"
#include "sync/merge.h"
#include "sync/sync.h"

enum op_kind {
    OP_SETTLE, /* database only: bases of cells that are equal (or apart), flags, new pairs */
    OP_FORGET, /* database only: both sides are gone */
    OP_RECORD_CREATE, /* row -> new record */
    OP_RECORD_UPDATE,
    OP_RECORD_DELETE,
    OP_ROW_UPDATE,
    OP_ROW_CREATE, /* record -> new row, id cell included */
    OP_ROW_SET_ID, /* write the record's id into the row's id cell */
    OP_ROW_DELETE,
};

struct op_cell {
    uint32_t field;
    enum merge_why why;
    const struct value *value;     /* new value (both kinds of target); NULL for OP_SETTLE */
    const struct cell *cell;       /* sheet targets: the cell to write */
    const struct value *old_value; /* Airtable targets: what is overwritten; never NULL */
    const struct cell *old_cell;   /* sheet targets: what is overwritten; never NULL */
    const char *loser;             /* conflicts: readable losing value, else NULL */
    uint64_t base_after;
};

struct op {
    enum op_kind kind;
    uint32_t record; /* index into state->records, SYNC_NONE */
    uint32_t row;    /* index into state->rows, SYNC_NONE; always NONE for OP_SETTLE: where rows
                        stand is noted at the end of a run */
    uint32_t pair;   /* index into state->pairs, SYNC_NONE for a new pair */
    uint32_t flags_after; /* OP_SETTLE: pair_flags */
    struct op_cell *cells;
    size_t n_cells;
};

struct plan_counts {
    size_t rows_added, rows_updated, rows_deleted;
    size_t records_added, records_updated, records_deleted;
    size_t conflicts; /* resolved by a rule */
    size_t held;
    size_t warnings;
    size_t cells_to_sheet, cells_to_airtable;
};

/* What a run writes besides the cells of rows and records. engine/ knows it and adds it to a plan
 * that is shown. */
enum plan_extra_kind {
    EXTRA_LINKED_RECORD, /* name: the linked table, text: the new record's name */
    EXTRA_HEADER,        /* name and text: the header of a new column */
    EXTRA_LOOK,          /* name: a column's header, text: its number format or drop-down */
};
struct plan_extra {
    enum plan_extra_kind kind;
    const char *name, *text;
};

struct plan {
    struct op *ops; /* ordered: settle, record creates, updates, deletes, row updates, creates, ids,
                       deletes (deletes bottom up) */
    size_t n_ops;
    struct sync_issue *issues;
    size_t n_issues;
    struct plan_counts counts;
    struct plan_extra *extras; /* in the state's arena; none unless engine/ added them */
    size_t n_extras, cap_extras;
    /* Per row of the state: its record, gone or not; SYNC_NONE when it is none's. Of rows with one
     * id only the original has one; only its row number and raw hash belong to the pair. */
    const uint32_t *row_record;
    /* for the guards */
    size_t paired;                                      /* pairs that were whole before this run */
    size_t pairs_changed_airtable, pairs_changed_sheet; /* of those, changed on a side */
    size_t cells_changed_airtable, cells_changed_sheet;
    size_t records_seen, rows_seen; /* present, not blank */
    size_t records_gone, rows_gone; /* of whole pairs */
    size_t rows_displaced; /* hold each other's cells, as after a sort without the id column */
    size_t targets_filled_rows, targets_filled_records; /* non-blank before the first run */
};

/* Never fails: what cannot be planned is an issue. The plan lives in the state's arena. */
struct plan *plan_make(struct sync_state *state);

/* Adds one; name and text are copied. */
void plan_add_extra(struct sync_state *state, struct plan *plan, enum plan_extra_kind kind,
                    const char *name, const char *text);

/* For people: a table of the operations with old and new values, at most max_ops of them (0: all),
 * then the issues and the counts. */
void plan_print(const struct sync_state *state, const struct plan *plan, size_t max_ops,
                struct buf *out);
/* The same as one JSON object. */
void plan_print_json(const struct sync_state *state, const struct plan *plan, struct buf *out);

#endif
