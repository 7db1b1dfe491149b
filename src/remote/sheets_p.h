/*
 * sheets_p.h: what the files of the Sheets driver share (private to remote/).
 */
#ifndef REMOTE_SHEETS_P_H
#define REMOTE_SHEETS_P_H

#include "net/jstream.h"
#include "remote/sheets.h"

struct sheets {
    struct caller *caller; /* borrowed */
    char *id;
};

/* https://sheets.googleapis.com/v4/spreadsheets/ID into url. */
void sheets_url(const struct sheets *s, struct buf *url);

/* Gives an error of a call the sentence a person needs: not shared, unknown range, full. */
enum bs_rc sheets_explain(const struct sheets *s, struct bs_err *e);

/* A streamed read: feeds the answer through handler; keeps the handler's own error. */
struct sheets_stream {
    struct jstream *parser;
    bool (*handler)(void *ctx, const struct jstream_token *t);
    void (*reset)(void *ctx); /* before each try */
    void *ctx;
    struct bs_err *err; /* the handler's: rc BS_OK unless it refused */
};
enum bs_rc sheets_stream_call(struct sheets *s, struct call *call, struct sheets_stream *st,
                              struct bs_err *e) BS_MUST_CHECK;

/* ---- parsing of values and grids, without I/O (tested by themselves) ---- */

/* values.batchGet: rows of ranges[i] start at its corner, whatever the echo says. */
struct values_parser {
    const struct a1_range *ranges;
    size_t n_ranges;
    sheets_row_fn *each;
    void *each_ctx;
    struct bs_err err;
    /* state */
    char key[3][32];
    size_t range; /* objects of valueRanges seen */
    uint32_t row; /* rows of this range seen */
    bool in_values;
    struct cell *cells;
    size_t n_cells, cap_cells;
    struct arena *row_arena;
};
bool values_token(void *ctx, const struct jstream_token *t);
void values_reset(void *ctx);
void values_release(struct values_parser *p);

/* spreadsheets.get with grid data, and the updatedSpreadsheet of batchUpdate. A block's rows are
 * delivered at its end: its start may be named after its rows. */
#define GRID_KEY_MAX 32
struct grid_row {
    struct cell *cells;
    size_t n;
};
struct grid_parser {
    const struct a1_range
        *ranges; /* asked for, in order: where a block starts if it does not say */
    size_t n_ranges;
    sheets_row_fn *each;
    void *each_ctx;
    struct bs_err err;
    /* state */
    char key[JSTREAM_DEPTH_MAX + 2][GRID_KEY_MAX];
    int root;                        /* depth of the object that holds "sheets" */
    size_t block;                    /* blocks seen */
    int64_t start_row, start_column; /* -1: not said */
    struct grid_row *rows;
    size_t n_rows, cap_rows;
    struct cell cell, entered; /* the cell at hand: effective, and as entered */
    bool in_cell;
    struct arena *arena; /* of the block */
    /* what is said of the spreadsheet and of the tab of that title; NULL: nobody asks */
    struct arena *seen_arena;
    const char *title;
    struct sheet_meta book;
    struct sheet_tab tab, seen; /* the tab at hand; the one of that title, without title: none */
};
/* root: 1 for spreadsheets.get, 2 for updatedSpreadsheet inside a batchUpdate's answer. */
void grid_init(struct grid_parser *p, int root);
bool grid_token(void *ctx, const struct jstream_token *t);
void grid_reset(void *ctx);
void grid_release(struct grid_parser *p);

#endif
