/*
 * undo_p.h: what the files of undo share (private to engine/). The changes of a run become targets:
 * one per cell, row or record, with what the run left there and what was there before. A target is
 * put back only while it still holds what the run left; anything else is said and left alone.
 *
 * Afterwards both sides count as they are: cells stand apart, and what was put back or taken away
 * as a whole is marked (PAIR_UNDONE), so that the next run brings nothing back. Whatever somebody
 * edits from then on flows as always.
 */
#ifndef ENGINE_UNDO_P_H
#define ENGINE_UNDO_P_H

#include "engine/run_p.h"

enum undo_kind {
    UNDO_CELL,
    UNDO_CREATED, /* the run made the row or record: it is deleted */
    UNDO_DELETED, /* the run deleted it: it is made again */
};

struct undo_target {
    enum undo_kind kind;
    bool sheet;
    bool absorbed; /* a cell of a row or record that the same run made */
    bool taken;    /* it is put back by this run */
    bool done;
    const char *record_id;
    uint32_t field; /* of a cell; SYNC_NONE when it is not synced any more */
    const char *field_name;
    const char *now_raw;          /* what the run left, NULL for what it deleted */
    const char *back_raw;         /* what was there before, NULL for what it made */
    const char *outcome;          /* of the newest change */
    size_t newest;                /* index of the newest change; others follow by older[] */
    uint64_t base_after;          /* cells */
    const struct value *value;    /* cells of Airtable: what is put back */
    uint64_t hash;                /* of that */
    struct airtable_write *write; /* records to be made again */
    int64_t change, intent;       /* of the write under way */
};

struct undo {
    struct run *r;
    const struct change_row *changes;
    size_t n_changes;
    size_t *older; /* per change: the one before it of the same target, SIZE_MAX none */
    struct undo_target *targets;
    size_t n, cap;
    struct strmap *by_key; /* heap; "A|record|field" and "S|record|field", field "" for wholes */
    struct plan *plan;
    size_t cap_ops;
    size_t left;
};

/* undo_gather.c: targets from the history. */
void undo_gather(struct undo *u);
/* The target of a cell, row or record; NULL when the run did not touch it. */
struct undo_target *undo_find(const struct undo *u, bool sheet, const char *record_id,
                              const char *field_id);
/* Says that something is left alone, and why. */
void undo_leave(struct undo *u, const struct undo_target *t, const char *fmt, ...) BS_PRINTF(3, 4);
struct op *undo_op(struct undo *u, enum op_kind kind);
/* An operation on the database alone: the pair of this record is known so from now on. For what is
 * back already, by an undo that was killed before it could say so, or by hand. */
struct op *undo_settle(struct undo *u, const char *record_id, uint32_t flags_after);

/* undo_cells.c: cells become updates of rows and records. */
enum bs_rc undo_plan_cells(struct undo *u, struct bs_err *e) BS_MUST_CHECK;

/* undo_whole.c: rows and records that the run made or deleted. */
enum bs_rc undo_plan_whole(struct undo *u, struct bs_err *e) BS_MUST_CHECK;

/* undo_again.c: records that the run deleted are made again, with new ids. */
enum bs_rc undo_plan_again(struct undo *u, struct undo_target *t, struct bs_err *e) BS_MUST_CHECK;
enum bs_rc undo_make_again(struct undo *u, struct bs_err *e) BS_MUST_CHECK;

#endif
