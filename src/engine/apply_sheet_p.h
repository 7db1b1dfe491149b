/*
 * apply_sheet_p.h: the sheet's side of a plan on its way (private to engine/).
 *
 *   setup (new columns, headers, formats, drop-downs)  -> with the first request
 *   look (snapshot: where each row and column is now)  -> before the first request, after each
 * doubt write one request of at most 2 MB                  -> history first compare the id column
 * and headers of the answer with what was expected as expected: confirm; moved: put back what was
 * overwritten, and write again
 */
#ifndef ENGINE_APPLY_SHEET_P_H
#define ENGINE_APPLY_SHEET_P_H

#include "engine/apply_p.h"
#include "engine/snapshot.h"

#define SHEET_TRIES 6         /* looks at the sheet in one run before it gives up */
#define SHEET_REFUSALS_MAX 10 /* operations refused one by one before the sheet is given up */
#define SHEET_CHUNK_SOFT_MAX 1900000 /* a request is closed when its body passes this */

/* The tab as a write's answer shows it: header row and id column only. */
struct after_write {
    struct arena *arena;
    const char **headers; /* by column */
    uint32_t n_headers;
    const char **ids; /* by row number; index 0 unused */
    uint32_t n_ids;
};

/* One cell that a request wrote. */
struct written {
    uint32_t row, column;
    const struct cell *cell;
};

struct sheet_sent;

struct sheet_apply {
    struct run *r;
    struct pending_op *ops; /* in plan order; deletes are last */
    size_t n_ops;
    struct snapshot *snap;
    struct sheets_batch *batch;
    uint32_t append_at; /* first row for new rows, after the look */
    uint32_t grid_rows, grid_columns;
    bool setup_done;
    int setup_refusals;  /* Google refused the setup: 1 go on without drop-downs, 2 without formats
                          */
    bool *format_wanted; /* per mapped field */
    bool any_setup;
    size_t n_refused;
    size_t block_rows; /* new rows per request part; 1 after a refusal */

    /* the request at hand */
    size_t *chunk;      /* indexes into ops */
    size_t *chunk_part; /* index of the last batch part of each */
    size_t n_chunk;
    size_t setup_parts; /* batch parts that belong to the setup */
    struct written *written;
    size_t n_written, cap_written;
    int64_t *header_changes; /* SyncChange rows of the headers that it writes */
    size_t n_headers;
    struct written *confirmed; /* by the earlier requests since the look */
    size_t n_confirmed, cap_confirmed;
    struct after_write after;
    bool answered;       /* after is the answer of the last request, written what it wrote */
    bool mending;        /* what a request hit by mistake is being put back */
    bool unsure;         /* that answer was lost: only a sure look tells what is there */
    int64_t answered_ms; /* wall clock */
    uint32_t answer_ids; /* the column of after.ids */
    uint32_t added_rows, added_columns;
};

/* sheet_setup.c */
enum bs_rc sheet_setup_plan(struct sheet_apply *a, struct bs_err *e) BS_MUST_CHECK;
void sheet_setup_add(struct sheet_apply *a);
/* Rows that the request at hand adds to the grid, from row on, look like the others. */
void sheet_setup_grown(struct sheet_apply *a, uint32_t row);
/* The number format that a cell needs so that what is written to it is read back as it is meant:
 * one that holds a value of another kind may keep a format of its own (see add_formats). False:
 * none. */
bool sheet_setup_cell(const struct sheet_apply *a, const struct op_cell *c,
                      struct column_format *out);
enum bs_rc sheet_setup_confirm(struct sheet_apply *a, struct bs_err *e) BS_MUST_CHECK;

/* sheet_confirm.c: the request at hand in SQLite, one transaction each: history before it leaves,
 * bases and outcomes after it. */
enum bs_rc sheet_log_chunk(struct sheet_apply *a, struct bs_err *e) BS_MUST_CHECK;
enum bs_rc sheet_confirm_chunk(struct sheet_apply *a, struct bs_err *e) BS_MUST_CHECK;
/* Of all history rows of an op; inside a transaction. */
enum bs_rc sheet_set_outcome(struct run *r, struct pending_op *p, const char *word,
                             struct bs_err *e) BS_MUST_CHECK;

/* sheet_place.c: where things are in the snapshot */
enum bs_rc sheet_place_columns(struct sheet_apply *a, struct bs_err *e) BS_MUST_CHECK;
/* Row number of the op's row now; 0: it is not there any more. */
uint32_t sheet_place_row(struct sheet_apply *a, const struct op *op);
/* Does the cell at this place still hold what the plan saw (or already what it wants)? */
enum cell_look { LOOK_AS_PLANNED, LOOK_ALREADY_WRITTEN, LOOK_EDITED };
enum cell_look sheet_look(const struct sheet_apply *a, uint32_t row, uint32_t column,
                          const struct cell *planned, const struct cell *wanted);

/* Does a cell of the look hold what this one does? seen NULL: empty. */
bool sheet_same_cell(const struct cell *seen, const struct cell *now);

/* sheet_verify.c: compares the answer with what was expected; *moved true when something of ours
 * lies in a wrong place. */
void sheet_verify(struct sheet_apply *a, bool *moved);
/* A mapped column or the id column is not where the request took it to be. */
bool sheet_header_moved(const struct sheet_apply *a);
/* Where each row of the answer was at the look, as far as the ids and their order tell: by row
 * number, SHEET_ROW_NEW for one that a person has put in meanwhile; in the run's arena. *ordered:
 * no row that is known has passed another. */
#define SHEET_ROW_NEW UINT32_MAX
const uint32_t *sheet_guess_rows(struct sheet_apply *a, uint32_t *n, bool *ordered);
/* What a cell of the look held, what this run has written since included; in the arena. */
const struct cell *sheet_content(struct run *r, const struct sheet_sent *s, uint32_t row,
                                 uint32_t column);

/* sheet_fresh.c: what the last request left, which the looks after it must show; rc: what became of
 * it. */
void sheet_note_answer(struct sheet_apply *a, enum bs_rc rc);
/* Does a->snap not show the last answer although it may be that reads still lag behind it? False
 * once the time for that is over: then it is people who have changed the sheet since. */
bool sheet_is_stale(const struct sheet_apply *a);
/* Waits before the next look; *pause_ms: the last pause, 0 at first. BS_STOP_SYNC at a signal. */
enum bs_rc sheet_wait_fresh(const struct sheet_apply *a, int64_t *pause_ms,
                            struct bs_err *e) BS_MUST_CHECK;
/* A look whose rows and columns are those of the answer to a write of nothing, sent after it: it
 * lags behind no write. Forgets what the last request wrote. BS_STOP_SYNC when none can be had;
 * where Google refuses the question, a look after [network] settle. */
enum bs_rc sheet_look_sure(struct sheet_apply *a, struct bs_err *e) BS_MUST_CHECK;
/* How long sure looks are repeated: a few times, and longer when reads may lag. */
struct sheet_wait {
    int64_t until_ms, pause_ms;
    int looks;
};
void sheet_wait_start(const struct sheet_apply *a, struct sheet_wait *w);
/* Waits; false when the time is over, or with e set at a signal. */
bool sheet_wait_more(struct sheet_wait *w, struct bs_err *e);

/* sheet_trace.c: a request that met rows or columns that had moved, and what became of its cells.
 */
struct sheet_sent {
    struct snapshot *before; /* the look before it */
    const struct written *list;
    size_t n;
    const struct written *earlier; /* by requests between that look and it */
    size_t n_earlier;
    const char **headers; /* of its answer */
    uint32_t n_headers;
    const char **ids; /* of its answer; NULL: another column was answered */
    uint32_t n_ids;
    const uint32_t *guess; /* sheet_guess_rows; NULL when ids is */
    uint32_t n_guess;
    bool ordered;
};
/* Takes the request at hand, its answer and the look before it out of a; sheet_sent_free. */
void sheet_sent_take(struct sheet_apply *a, struct sheet_sent *out);
void sheet_sent_free(struct sheet_sent *s);
/* A cell of it that lies where it does not belong: where it is in a->snap, and what it overwrote.
 */
struct traced {
    const struct cell *ours, *old;
    uint32_t row, column;
    size_t group; /* same for the cells of one row of the request */
};
/* Finds them all in a->snap. *shown false: the look shows nothing of the request, as if it were
 * older. BS_STOP_SYNC when more than one row may be the one. */
enum bs_rc sheet_trace(struct sheet_apply *a, const struct sheet_sent *s, bool *shown,
                       void (*each)(void *ctx, const struct traced *t), void *ctx,
                       struct bs_err *e) BS_MUST_CHECK;

/* sheet_restore.c: puts back what the request has overwritten; a new look is needed after it. */
enum bs_rc sheet_put_back(struct sheet_apply *a, struct bs_err *e) BS_MUST_CHECK;

/* sheet_delete.c: the plan's row deletions, after everything else. */
enum bs_rc sheet_delete_rows(struct sheet_apply *a, struct bs_err *e) BS_MUST_CHECK;

/* A look as it comes, however late: grid and snapshot. */
enum bs_rc sheet_look_any(struct sheet_apply *a, struct bs_err *e) BS_MUST_CHECK;
/* A sure look with its columns: for what cannot be taken back. */
enum bs_rc sheet_look_again(struct sheet_apply *a, struct bs_err *e) BS_MUST_CHECK;
/* Sends a->batch and reads the answer into a->after. */
enum bs_rc sheet_send(struct sheet_apply *a, size_t *bad, struct bs_err *e) BS_MUST_CHECK;
void sheet_note_written(struct sheet_apply *a, uint32_t row, uint32_t column,
                        const struct cell *cell);
/* Text of a place after the write, "" when empty or outside. */
const char *sheet_after_header(const struct sheet_apply *a, uint32_t column);
const char *sheet_after_id(const struct sheet_apply *a, uint32_t row);

#endif
