/*
 * run_p.h: what the files of a run share (private to engine/). One struct run lives as long as one
 * run; everything in it is in the run's arena unless said otherwise.
 *
 * Order of a run (run.c):  target -> sheet_read -> airtable_read -> grid_read -> recover -> plan ->
 * guard -> apply_airtable -> plan again -> apply_sheet -> close.
 */
#ifndef ENGINE_RUN_P_H
#define ENGINE_RUN_P_H

#include "base/hash.h"
#include "engine/feed.h"
#include "engine/run.h"
#include "model/convert.h"
#include "remote/airtable.h"
#include "remote/sheets.h"
#include "store/journal.h"
#include "store/state.h"
#include "sync/guard.h"
#include "sync/plan.h"
#include "sync/sync.h"

/* Kept in SyncLog.errors; more are counted. */
#define RUN_ISSUES_MAX 1000
/* Records asked for one by one before a deletion is believed. */
#define RUN_MISSING_CONFIRM_MAX 100
#define RUN_SHEET_READ_TRIES 4

/* Where things are in the tab just now. Columns are 0-based; SYNC_NONE: not there. */
struct run_layout {
    uint32_t *column; /* per mapped field */
    uint32_t id_column;
    uint32_t header_width; /* first column after the last header cell that is not empty */
    uint32_t read_width;   /* columns read of each row: 0 .. read_width - 1 */
    uint32_t last_row;     /* last row with anything in it, as far as it was read */
    bool *is_new;          /* per mapped field: the column is still to be made */
    bool id_is_new;
};

/* A cell of a user's own column that belongs to a row which is made again (undo). */
struct run_extra {
    const char *record_id, *header;
    const struct cell *cell;
};

struct run {
    const struct run_env *env;
    const struct conf_sync *cs;
    const struct sync_config *sc;
    const struct run_options *opt;
    struct arena *arena;
    const char *run_id;
    int64_t started_wall, started_mono;

    struct run_connections *connections;  /* connect.c */
    struct http *http;                    /* heap */
    struct caller *at_caller, *gs_caller; /* heap */
    struct airtable *at;                  /* heap */
    struct sheets *sh;                    /* heap */
    struct links *links;                  /* heap */
    struct zone *zone;                    /* heap */

    const struct base_schema *schema;
    const struct table_schema *table;
    const char *view_id;
    const struct sheet_meta *meta;
    const struct sheet_tab *tab;

    struct sync_rules rules;
    struct convert_ctx convert;
    struct sync_field *fields; /* mapped fields */
    size_t n_fields;
    const struct field **field_list; /* the same, for the driver */
    struct airtable_query query;
    const char **field_refs; /* per mapped field: how the INI names it */
    bool *known_header;      /* per mapped field: an earlier run has seen this header */
    const char **state_keys; /* per mapped field: key of its stored hashes */
    uint32_t key_field;      /* create_key: index of the mapped field, SYNC_NONE */
    uint64_t raw_seed;       /* of raw hashes, from the state keys */
    uint32_t modified_index; /* of the last-modified field in query, SYNC_NONE */
    uint32_t known_width;    /* columns that held everything in the last run, 0 unknown */
    bool known_id_column;    /* an earlier run has seen the id column */
    bool start_over;         /* --first-sync on another target: forget the pairs */
    struct run_layout layout;
    uint8_t *row_load; /* per row: its cells are needed */
    bool sheet_ahead;  /* the rows were read before their turn */

    struct sync_state state;
    size_t cap_records, cap_rows, cap_pairs;
    struct strmap *pair_by_id, *record_by_id, *row_by_id; /* heap; to indexes of state */

    struct intent *intents;
    size_t n_intents;

    struct sync_issue *issues; /* arena, growing */
    size_t n_issues, cap_issues, issues_dropped;
    struct run_counts counts;
    bool deletes_open; /* an earlier run has not seen what its row deletions did */
    bool stop_writes;  /* a write was unsure or refused: plan nothing more on it */
    bool wrote_airtable, wrote_sheet;
    bool load_all;            /* every row and record is wanted with its cells */
    struct run_extra *extras; /* arena */
    size_t n_extras;
    const char *drive_version; /* as told before the look of this run; NULL: not asked */
    bool shut;                 /* nothing to do, by the feed and by the spreadsheet's version */
    bool made_choices;         /* a write has made a new select choice */
    unsigned steps_told;       /* bits of enum run_step */
    struct run_feed feed;
};

/* ---- target.c: schema, mapping, tab; what has drifted since the last run ---- */
enum bs_rc run_find_target(struct run *r, struct bs_err *e) BS_MUST_CHECK;
/* Reads the header row into the layout: each mapped column, the id column; drift stops the run. */
enum bs_rc run_read_header(struct run *r, const struct cell *cells, uint32_t col0, size_t n,
                           struct bs_err *e) BS_MUST_CHECK;
/* Remembers fields, columns and identity for the next run, once the guards have let this one
 * through; ended: and when the sheet was seen, because all of it was settled. */
enum bs_rc run_store_target(struct run *r, bool ended, struct bs_err *e) BS_MUST_CHECK;

/* ---- fetch_sheet.c ---- */
/* values read: rows with raw hashes; which rows need their cells. */
enum bs_rc run_read_sheet(struct run *r, struct bs_err *e) BS_MUST_CHECK;
/* grid read: typed cells and values of the rows that need them. */
enum bs_rc run_read_grid(struct run *r, struct bs_err *e) BS_MUST_CHECK;
/* Which columns a look takes in at first, and which ranges it asks for: the header row, and the
 * rows below if there are any. open: of a tab that is only remembered the present size is not
 * known. */
uint32_t run_look_width(const struct sheet_tab *tab, uint32_t known_width);
size_t run_look_ranges(const struct sheet_tab *tab, uint32_t width, bool open,
                       struct a1_range out[2]);
void run_seed_raw_hashes(struct run *r); /* once the state keys are known */
uint64_t run_raw_hash(const struct run *r, const struct cell *const *cells);

/* ---- fetch_names.c: names of linked records ---- */
/* All names of the linked tables that the sync shows by name; in a delta only of those that fields
 * flowing to Airtable link to, the others are named by run_name_links. */
enum bs_rc run_read_links(struct run *r, struct bs_err *e) BS_MUST_CHECK;
/* Is there a table that is named record by record? */
bool run_names_by_id(const struct run *r);
/* Asks for the names that these records' links in such tables need and that are not known yet:
 * before they become side cells, outside of any transaction. */
enum bs_rc run_name_links(struct run *r, const struct airtable_record *const *records, size_t n,
                          struct bs_err *e) BS_MUST_CHECK;

/* Whether there is a record that is not simply as it was: then something may be written. */
bool run_is_anything_new(const struct run *r);

/* ---- gate.c ---- */
/* A delta, once the feed is known: *shut when the sheet is as it was at the last look, so that
 * there is nothing to do. What Drive cannot tell never ends a run. */
enum bs_rc run_gate(struct run *r, bool *shut, struct bs_err *e) BS_MUST_CHECK;
/* Before both sides are read. */
enum bs_rc run_gate_forget(struct run *r, struct bs_err *e) BS_MUST_CHECK;
/* At the end of a run that has looked: the next one may take the gate's word, if there was nothing
 * to do. */
enum bs_rc run_gate_close(struct run *r, struct bs_err *e) BS_MUST_CHECK;

/* ---- fetch_airtable.c ---- */
enum bs_rc run_read_airtable(struct run *r, struct bs_err *e) BS_MUST_CHECK;
/* Side cells of a record's values (arena). */
struct side_cell *run_side_cells(struct run *r, const struct airtable_record *rec);
uint32_t run_add_record(struct run *r, const char *id);

/* ---- recover.c: the journal ---- */
enum bs_rc run_recover(struct run *r, struct bs_err *e) BS_MUST_CHECK;
uint64_t run_content_hash(const struct run *r, const struct side_cell *cells);

/* ---- create_key.c ---- */
/* The field of create_key; BS_STOP_SYNC, and which, when it cannot be one. */
enum bs_rc run_find_create_key(struct run *r, struct bs_err *e) BS_MUST_CHECK;
/* Creates whose key is their own become upserts; of the others a warning is kept. The writes' tags
 * are struct pending_op. */
void run_mark_exact_creates(struct run *r, struct airtable_write *writes, size_t n);
/* A pending intent settled by its key: the one record that has it, if nothing else knows it, or,
 * for a row that waits, the record that an upsert of the same fields makes or meets. SYNC_NONE:
 * not to be settled so. BS_STOP_SYNC when that answer is lost, too. */
enum bs_rc run_recover_by_key(struct run *r, const struct intent *in, const uint8_t *taken,
                              bool row_waits, uint32_t *record, struct bs_err *e) BS_MUST_CHECK;

/* ---- doubt.c ---- */
/* Right before a write to the sheet, inside its transaction. */
enum bs_rc run_note_sheet_write(struct run *r, struct bs_err *e) BS_MUST_CHECK;
/* After the sheet was read: BS_RETRY, once it has waited, when what is shown may lag behind our own
 * last write. */
enum bs_rc run_doubt_sheet(struct run *r, struct bs_err *e) BS_MUST_CHECK;
/* Reading the sheet has failed with e: the same when a header of ours may be missing for that
 * reason only, else e as it is. */
enum bs_rc run_doubt_drift(struct run *r, struct bs_err *e) BS_MUST_CHECK;
/* Right before rows are deleted, inside the transaction of their history: whose rows; n 0: it is
 * over, and none went by mistake. */
enum bs_rc run_note_row_deletes(struct run *r, const char *const *ids, size_t n,
                                struct bs_err *e) BS_MUST_CHECK;
/* Rows that went by mistake in a run that could not put them back become rows again. */
enum bs_rc run_recover_rows(struct run *r, struct bs_err *e) BS_MUST_CHECK;
/* At the end of a run: they are there again. */
enum bs_rc run_close_deletes(struct run *r, struct bs_err *e) BS_MUST_CHECK;

/* ---- apply_airtable.c ---- */
enum bs_rc run_apply_airtable(struct run *r, struct plan *plan, struct bs_err *e) BS_MUST_CHECK;
/* ---- apply_sheet.c ---- */
enum bs_rc run_apply_sheet(struct run *r, struct plan *plan, struct bs_err *e) BS_MUST_CHECK;

/* ---- undo.c ---- */
/* Puts back what the run opt->undo_log has changed; both sides have been read with load_all. */
enum bs_rc run_undo(struct run *r, struct bs_err *e) BS_MUST_CHECK;
/* run.c: the plan as text or JSON to the report. */
void run_show_plan(struct run *r, const struct plan *plan);

/* ---- confirm.c: history and state ---- */
/* The pair of a record, made when it is new; never NULL. */
struct sync_pair *run_pair(struct run *r, const char *record_id);
/* Writes one pair to the database; inside a transaction. */
enum bs_rc run_put_pair(struct run *r, const struct sync_pair *p, struct bs_err *e) BS_MUST_CHECK;
/* The side of a pair that op deleted is gone: the pair is forgotten, or with op->flags_after kept
 * so; inside a transaction. */
enum bs_rc run_end_pair(struct run *r, const struct op *op, struct bs_err *e) BS_MUST_CHECK;
/* Applies OP_SETTLE and OP_FORGET of a plan in one transaction. */
enum bs_rc run_settle(struct run *r, const struct plan *plan, struct bs_err *e) BS_MUST_CHECK;
/* Record id and row number an op is about; NULL and 0 when not known yet. */
const char *run_op_record(const struct run *r, const struct op *op);
uint32_t run_op_row(const struct run *r, const struct op *op);
/* Whether a side's cell is what the pair remembers of it: the one value of both sides, or, with the
 * other side's cells at hand, one of two that stand apart. */
bool run_cell_settled(const struct run *r, const struct sync_pair *p, size_t field,
                      const struct side_cell *own, const struct side_cell *other,
                      bool own_is_sheet);
/* At the end: raw hashes and row hints of the rows that were seen, one transaction. */
enum bs_rc run_close_pairs(struct run *r, const struct plan *plan, struct bs_err *e) BS_MUST_CHECK;
/* One SyncChange row for a cell of an op; inside a transaction. */
enum bs_rc run_log_cell(struct run *r, const struct op *op, const struct op_cell *c, int64_t *id,
                        struct bs_err *e) BS_MUST_CHECK;
/* One SyncChange row for a whole row or record (create, delete, set_id); inside a transaction. */
enum bs_rc run_log_whole(struct run *r, const struct op *op, const char *action,
                         const char *old_raw, const char *new_raw, int64_t *id,
                         struct bs_err *e) BS_MUST_CHECK;
/* All mapped cells or values of an op as one JSON object keyed by field id (for whole-row history).
 */
char *run_encode_cells(struct run *r, const struct op *op);

/* ---- held.c: conflicts under HOLD ---- */
/* What a person decided (basesync conflicts): the losing side of that cell counts as unchanged. */
enum bs_rc run_apply_choices(struct run *r, struct bs_err *e) BS_MUST_CHECK;
/* Both sides' values of a held cell as text. */
void run_held_texts(struct run *r, const struct sync_issue *x, struct conflict *out);

/* ---- issues ---- */
void run_issue(struct run *r, enum issue_level level, enum bs_kind kind, const char *record_id,
               uint32_t row, uint32_t field, const char *fmt, ...) BS_PRINTF(7, 8);
/* What was said so far was said too early. */
void run_forget_issues(struct run *r);
/* Takes over a plan's issues, each once. */
void run_take_issues(struct run *r, const struct plan *plan);
/* SyncLog.errors: a JSON array, NULL when there is nothing; malloc'd. */
char *run_errors_json(struct run *r, const struct bs_err *final);

#endif
