/*
 * plan_p.h: what the passes of the planner share (private to sync/). plan.c runs them in order:
 * pair.c and pair_content.c tie rows to records, plan_cells.c compares the cells of each pair,
 * plan_whole.c decides about whole rows and records, plan.c puts the operations in order.
 */
#ifndef SYNC_PLAN_P_H
#define SYNC_PLAN_P_H

#include "sync/plan.h"
#include "sync/state.h"

enum row_role {
    ROW_UNDECIDED,
    ROW_IGNORED, /* blank, deleted by this run, or left alone for a reason that was told */
    ROW_FOREIGN, /* its id cell names nothing that is known */
    ROW_COPY,    /* another row with the same id is the original */
    ROW_PAIRED,  /* with a record that is here */
    ROW_OF_GONE, /* its pair's record is gone, or it is not known whether it is */
    ROW_NEW,     /* no record yet */
};

/* Who belongs to whom; all SYNC_NONE where nobody. */
struct pairing {
    enum row_role *role;   /* per row */
    uint32_t *row_record;  /* per row: its record, whatever its presence */
    uint32_t *copy_of;     /* per row: the original row, when ROW_COPY */
    uint32_t *record_row;  /* per record: its row */
    uint32_t *record_pair; /* per record: its stored pair */
    bool *record_left;     /* per record: nothing can be said of it in this run */
    uint32_t *pair_record; /* per stored pair: its record, whatever its presence */
    uint32_t *pair_row;    /* per stored pair: its row */
    bool *pair_replaced;   /* per stored pair: its record is gone and its row is another's now */
};

struct plan_repeat;

struct planner {
    struct sync_state *state;
    struct plan *plan;
    struct pairing pairing;
    size_t cap_ops, cap_issues;
    struct plan_repeat *repeats; /* plan_list.c */
    size_t n_repeats, cap_repeats;
    struct op_cell *scratch; /* room for every field: the cells of the operation being made */
    uint64_t empty_hash;
};

/* Where an issue is; zero and NULL and SYNC_NONE for what is not known. */
struct issue_at {
    const char *record_id;
    uint32_t row; /* sheet row number */
    uint32_t field;
};

/* Adds an issue. The message gets the place in front: `row 5, field "Amount": ...`. */
void plan_issue(struct planner *p, enum issue_level level, enum bs_kind kind,
                const struct issue_at *at, const char *fmt, ...) BS_PRINTF(5, 6);
/* A warning that many cells of a field may give for one reason, run after run (a formula's error, a
 * formula that is kept): one issue a field, which names the first places and counts the others.
 * note is static. */
void plan_repeat(struct planner *p, enum bs_kind kind, const struct issue_at *at, const char *note);
void plan_end_repeats(struct planner *p);
/* Adds an operation with a copy of n cells; the result is good until the next call. */
struct op *plan_op(struct planner *p, enum op_kind kind, const struct op_cell *cells, size_t n);
/* Makes room for one more element in an array of the arena that has n and room for *cap. */
void *plan_grow(struct planner *p, void *old, size_t n, size_t *cap, size_t size);
/* At most 40 columns of a value or a cell as people see it, for messages. */
const char *plan_value_text(struct planner *p, const struct value *v);
const char *plan_cell_text(struct planner *p, const struct cell *c);

/* pair.c */
void pair_sides(struct planner *p);
void pair_tie(struct planner *p, uint32_t row, uint32_t record);

/* pair_content.c: ties by what rows hold instead of their id cell */
void pair_sorted_apart(struct planner *p); /* ids and cells separated by a sort */
void pair_heal(struct planner *p);         /* rows that lost their id */
void pair_match(struct planner *p);        /* rows without id and records without row, by key */

/* plan_cells.c */
void plan_pairs(struct planner *p);
/* The issue of a cell that cannot flow: an error when validation is strict. */
void plan_bad_cell(struct planner *p, const struct issue_at *at, const char *note,
                   enum bs_kind kind);

/* plan_whole.c */
void plan_gone(struct planner *p);        /* stored pairs of which a side is gone */
void plan_new_rows(struct planner *p);    /* rows that become records */
void plan_new_records(struct planner *p); /* records that become rows */

#endif
