/*
 * sheets.h: the Google Sheets driver: one spreadsheet with one credential. Reads are streamed; all
 * writes are one atomic spreadsheets.batchUpdate at explicit coordinates, addressed by sheetId. No
 * values.append, ever. Facts: Google Sheets API v4 reference and discovery document.
 */
#ifndef REMOTE_SHEETS_H
#define REMOTE_SHEETS_H

#include "base/mem.h"
#include "model/a1.h"
#include "model/cell.h"
#include "model/convert.h"
#include "remote/call.h"

#include <stddef.h>

#define SHEETS_PAYLOAD_MAX ((size_t)2000000) /* bytes of one batchUpdate ("Usage limits": 2 MB) */
#define SHEETS_CELLS_MAX 10000000            /* of one spreadsheet */
#define SHEETS_ROWS_MAX 5000000

struct sheets;
struct sheets *sheets_new(struct caller *caller, const char *spreadsheet_id);
void sheets_free(struct sheets *s); /* NULL is nothing */

struct sheet_tab {
    int64_t id; /* sheetId: stable across renames */
    const char *title;
    uint32_t rows, columns;
    uint32_t frozen_rows;
    bool is_grid;
};
struct sheet_meta {
    const char *title, *locale, *time_zone;
    const struct sheet_tab *tabs;
    size_t n_tabs;
};
/* spreadsheets.get with a mask. In the arena. */
enum bs_rc sheets_meta(struct sheets *s, struct arena *a, const struct sheet_meta **out,
                       struct bs_err *e) BS_MUST_CHECK;
/* As text to keep, and back. */
void sheets_meta_print(const struct sheet_meta *m, struct buf *out);
enum bs_rc sheets_meta_parse(struct arena *a, const char *text, const struct sheet_meta **out,
                             struct bs_err *e) BS_MUST_CHECK;
/* By title (as Sheets compares: without regard to case) or "gid:N"; NULL when none. */
const struct sheet_tab *sheets_find_tab(const struct sheet_meta *m, const char *ref);

enum sheets_render { SHEETS_UNFORMATTED, SHEETS_FORMULA };

/* One row of one range: cells[0] is column col0. Trailing empty cells are not delivered; rows
 * without any cell are not delivered. Values reads know only EMPTY, TEXT, NUMBER, BOOL (a FORMULA
 * read gives formulas as text). Cells are valid during the call: copy what is kept. A call with
 * range SHEETS_RESTART, row 0 and no cells says: forget what this read has delivered so far. */
#define SHEETS_RESTART                                                                             \
    SIZE_MAX /* as range: the answer broke off and is read again from its start */
typedef enum bs_rc sheets_row_fn(void *ctx, size_t range, uint32_t row, uint32_t col0,
                                 const struct cell *cells, size_t n, struct bs_err *e);

/* values.batchGet, ROWS, SERIAL_NUMBER: any number of ranges of one tab, streamed. A title that is
 * not there fails with BS_STOP_SYNC / BS_K_SCHEMA. Ranges are clamped by the caller to the grid. */
enum bs_rc sheets_read_values(struct sheets *s, const char *title, const struct a1_range *ranges,
                              size_t n, enum sheets_render render, sheets_row_fn *each, void *ctx,
                              struct bs_err *e) BS_MUST_CHECK;
/* The same of several tabs: titles[i] is that of ranges[i]. One that is not there fails it all. */
enum bs_rc sheets_read_tabs(struct sheets *s, const char *const *titles,
                            const struct a1_range *ranges, size_t n, enum sheets_render render,
                            sheets_row_fn *each, void *ctx, struct bs_err *e) BS_MUST_CHECK;
/* spreadsheets.get with userEnteredValue, effectiveValue, formattedValue and number format: typed
 * cells. Split over several requests when the ranges are many (URL length) or large (rows x
 * columns). seen, when not NULL: the spreadsheet as these answers describe it, with this one tab,
 * in the arena; NULL when they do not. */
enum bs_rc sheets_read_grid(struct sheets *s, const char *title, const struct a1_range *ranges,
                            size_t n, sheets_row_fn *each, void *ctx, struct arena *a,
                            const struct sheet_meta **seen, struct bs_err *e) BS_MUST_CHECK;

/* ---- one atomic write ---- */
struct sheets_batch;
struct sheets_batch *sheets_batch_new(struct sheets *s, const struct sheet_tab *tab);
void sheets_batch_free(struct sheets_batch *b); /* NULL is nothing */
/* Number of requests, and bytes of the body so far. */
size_t sheets_batch_count(const struct sheets_batch *b);
size_t sheets_batch_bytes(const struct sheets_batch *b);

/* All of them append one request; rows 1-based, columns 0-based. */
void sheets_batch_add_rows(struct sheets_batch *b, uint32_t n); /* appendDimension */
void sheets_batch_add_columns(struct sheets_batch *b, uint32_t n);
/* n neighbouring cells of one row (updateCells, fields userEnteredValue): text as stringValue, so
 * nothing is parsed; EMPTY clears; entered_formula, when set, is written as a formula (undo and
 * restoring only). cells[i] NULL leaves that cell alone (the request is cut there). */
void sheets_batch_cells(struct sheets_batch *b, uint32_t row, uint32_t column,
                        const struct cell *const *cells, size_t n);
/* rows neighbouring rows of width cells in one updateCells: rows * width pointers, none NULL. */
void sheets_batch_block(struct sheets_batch *b, uint32_t row, uint32_t column,
                        const struct cell *const *cells, size_t rows, size_t width);
/* Number format of the cells row0 to row1 of a column (repeatCell); row1 0: down to the grid's end,
 * rows that the same request adds included. */
void sheets_batch_column_format(struct sheets_batch *b, uint32_t column, uint32_t row0,
                                uint32_t row1, const struct column_format *f);
/* Drop-down (strict: false shows a warning only) or check boxes from row0 down; n 0 and not
 * checkbox clears the rule. */
void sheets_batch_rule(struct sheets_batch *b, uint32_t column, uint32_t row0,
                       enum column_rule rule, const char *const *choices, size_t n, bool strict);
void sheets_batch_delete_row(struct sheets_batch *b, uint32_t row);
void sheets_batch_delete_rows(struct sheets_batch *b, uint32_t row, uint32_t n);
void sheets_batch_insert_rows(struct sheets_batch *b, uint32_t row, uint32_t n);
void sheets_batch_hide_column(struct sheets_batch *b, uint32_t column, bool hidden);
/* Warning-only protection of a column ("basesync uses this column ..."). */
void sheets_batch_protect_column(struct sheets_batch *b, uint32_t column, const char *description);

/* Changes nothing (findReplace of a text that is not there): sent alone, its answer shows the sheet
 * as it is at that moment, which no read does (reads may lag behind writes). */
void sheets_batch_nothing(struct sheets_batch *b);

/* Sends it as one request and empties it. The answer brings `ranges` of the tab as they are after
 * the write (each gets entered values only). BS_UNSURE: an answer was lost, the
 * write may have landed. BS_SKIP / BS_K_VALIDATION with the request's index in *bad (SIZE_MAX
 * unknown) when Google refused one of the requests: nothing was written. BS_STOP_SYNC/BS_K_QUOTA:
 * cell limit. */
enum bs_rc sheets_batch_send(struct sheets_batch *b, const char *title,
                             const struct a1_range *ranges, size_t n, sheets_row_fn *each,
                             void *ctx, size_t *bad, struct bs_err *e) BS_MUST_CHECK;

/* Drive files.get: version (decimal text) and modifiedTime; needs a Drive scope. */
enum bs_rc sheets_drive_version(struct sheets *s, char version[32], int64_t *modified_ms,
                                struct bs_err *e) BS_MUST_CHECK;

/* The same for the account's right to write to the spreadsheet. */
enum bs_rc sheets_can_edit(struct sheets *s, bool *can, struct bs_err *e) BS_MUST_CHECK;

#endif
