/*
 * sheets.h: what the files of the Sheets and Drive services share: spreadsheets with their rights,
 * a request on its way, errors, ranges, values, write transactions.
 */
#ifndef TWIN_SHEETS_H
#define TWIN_SHEETS_H

#include "grid.h"
#include "mask.h"
#include "sheets_calc.h"
#include "sheets_out.h"
#include "twin.h"

#define DRIVE_LAG_MS 180000 /* how late Drive notices edits */

/* ---- spreadsheets ---- */

struct book_share {
    char *email; /* "anyone": everyone */
    char *role;  /* owner, writer, reader */
};

#define STALE_MOST 4 /* writes that reads may lag behind */

struct book {
    char *id;
    char *mime; /* of a spreadsheet mostly; a file of another type is no spreadsheet */
    struct g_state *now;
    struct g_state *before[STALE_MOST]; /* the last write, the one before it, ...; NULL when none */
    struct book_share *share;
    size_t n_share;
    char *creator; /* the account whose program made it by the API; NULL: a person */
    char *parent;
    bool trashed;
    int64_t created_ms;
    int64_t version;      /* as Drive shows it */
    int64_t modified_ms;  /* as Drive shows it */
    int64_t edits;        /* not yet shown by Drive */
    int64_t edited_ms;    /* the first of those */
    int64_t last_edit_ms; /* the last of those */
};

struct sheets_change {
    char *id;
    int64_t at_ms;
    bool removed;
};

struct sheets {
    struct twin *t;
    struct book **book;
    size_t n_book;
    int64_t stale_until_ms;
    int stale_writes; /* how many writes reads lag behind, from 1 */
    struct sheets_change *change;
    size_t n_change;
};

#define SPREADSHEET_MIME "application/vnd.google-apps.spreadsheet"
#define CHANGES_FIRST 2280 /* page token of the first change */

struct book *book_add(struct sheets *s, const char *id, struct g_state *st);
struct book *book_by_id(const struct sheets *s, const char *id);
void book_remove(struct sheets *s, struct book *b);
/* NULL, or "reader", "writer", "owner". */
const char *book_role(const struct book *b, const char *email);
bool book_can_write(const struct book *b, const char *email);
/* A service account: it has no storage of its own. */
bool account_is_robot(const char *email);
void book_set_share(struct book *b, const char *email, const char *role);
/* Replaces the state; what was is kept for stale reads. Drive learns of it later, of a new title at
 * once. changed false: next holds what is there already. */
void book_commit(struct sheets *s, struct book *b, struct g_state *next, bool changed);
/* Lets Drive notice what it is due to. */
void book_settle(struct sheets *s, struct book *b);
void book_note_change(struct sheets *s, const struct book *b, bool removed);
/* A new spreadsheet id and a sheet id that is not taken. */
char *book_new_id(struct sheets *s);
int sheet_new_id(struct sheets *s, const struct g_state *st);

/* ---- errors ---- */

struct s_err {
    int http;
    const char *status; /* NULL: by http */
    char *text;
    struct violations v;
    cJSON *details; /* further entries of details */
};
/* Sets the error; always false, so that a function can end with it. */
bool s_fail(struct s_err *e, int http, const char *fmt, ...) TW_PRINTF(3, 4);
/* 400 with the violations of e->v as its text. */
bool s_fail_violations(struct s_err *e);
void s_err_free(struct s_err *e);
/* The answer of an error, in Google's form. */
void s_err_answer(struct s_err *e, bool pretty, struct twin_res *res);

/* ---- a request ---- */

struct sreq {
    struct sheets *s;
    const struct twin_req *req;
    const char *email;
    const char *scope;
    struct twin_res *res;
    bool pretty;
    struct book *book;
    const struct g_state *st; /* what reads see */
    struct calc calc;
    cJSON *body;
    struct mask *mask; /* of the answer, NULL: everything */
    struct s_err err;
    char *arg[3]; /* decoded parts of the path: spreadsheet, then range, metadata or sheet id */
};

/* Begins and ends the answer's text. */
struct out s_out(const struct sreq *q);
void s_answer(struct sreq *q, struct out *o);
const struct mask *s_mask(const struct sreq *q);
/* An enum given in the query or body: its value, def when absent; NULL and an error when wrong. */
const char *s_option(struct sreq *q, const char *value, const char *name, const char *type,
                     const char *def);

/* ---- ranges ---- */

struct s_range {
    struct g_sheet *sheet;
    struct a1_box box;   /* closed and clamped to the grid */
    struct a1_box asked; /* closed, but as large as written */
    bool open;           /* an end was open */
    bool beyond;         /* reached over the grid's edge before it was clamped */
    bool one;            /* one cell as written: an anchor */
};
/* Resolves text; errors have Google's words. */
bool s_range(const struct g_state *st, const char *text, struct s_range *r, struct s_err *e);
/* The error of a box outside the grid. */
bool s_fail_limits(const struct g_sheet *sh, const struct a1_box *box, struct s_err *e);
/* A GridRange of the API. */
bool s_grid_range(const struct g_state *st, const cJSON *json, struct s_range *r, struct s_err *e);
/* All ranges a DataFilter matches; appends to *list. */
bool s_filter_ranges(const struct g_state *st, const cJSON *filter, struct s_range **list,
                     size_t *n, struct s_err *e);

/* ---- values ---- */

struct s_render {
    enum { S_FORMATTED, S_UNFORMATTED, S_FORMULA } value;
    bool date_text; /* FORMATTED_STRING */
    bool columns;   /* majorDimension COLUMNS */
};
/* One range as a ValueRange. */
void s_put_values(struct out *o, const char *key, struct calc *c, const struct s_range *r,
                  const struct s_render *how, const struct mask *m);
bool s_read_render(struct sreq *q, const char *value, const char *date, const char *dimension,
                   struct s_render *how);

/* ---- writing ---- */

struct tx {
    struct sheets *s;
    struct book *book;
    const char *email; /* who writes; NULL: a person at the screen, with all rights */
    struct g_state *st;
    cJSON *log;
    int n_log;
    int left_out;
    int64_t chars; /* written, for the log */
};
struct tx tx_begin(struct sheets *s, struct book *b, const char *email);
/* Makes it so and writes the log (req NULL: a person), or drops it. */
void tx_commit(struct tx *tx, const struct twin_req *req, const char *what);
void tx_abort(struct tx *tx);
/* Sets a cell's value and notes it; the number format only when type is not NULL. */
void tx_set(struct tx *tx, struct g_sheet *sh, int r, int c, enum g_kind kind, double num,
            const char *text);
/* The current year where the spreadsheet is; dates without a year are typed in it. */
int tx_year(const struct tx *tx);
/* Notes something else in the log; takes detail. */
void tx_note(struct tx *tx, const char *op, cJSON *detail);
/* Refuses edits of protected cells. */
bool tx_check_protected(struct tx *tx, const struct g_sheet *sh, const struct a1_box *box,
                        struct s_err *e);
bool s_check_length(const char *text, struct s_err *e);
/* Enough room for so many more cells in the spreadsheet and columns in the sheet. */
bool s_check_size(const struct g_state *st, const struct g_sheet *sh, int64_t rows, int64_t cols,
                  struct s_err *e);
/* The value of a cell as JSON for logs and dumps: a scalar, or {"f":...}, {"error":...}. */
cJSON *s_cell_json(const struct g_cell *cell);
/* A cell in words: 'Tab'!A1. */
char *s_cell_name(const struct g_sheet *sh, int r, int c);

/* ---- answers ---- */

struct s_view {
    const struct s_range *range; /* NULL: all sheets */
    size_t n;
    bool grid; /* cells too */
};
void s_put_spreadsheet(struct out *o, const char *key, struct sheets *s, const struct book *b,
                       const struct g_state *st, const struct s_view *view, const struct mask *m);
void s_put_sheet_properties(struct out *o, const char *key, const struct g_state *st,
                            const struct g_sheet *sh, const struct mask *m);
void s_put_meta(struct out *o, const char *key, const struct g_meta *e, const struct mask *m);
cJSON *s_format_json(const struct g_cell *cell); /* userEnteredFormat, NULL when there is none */

/* ---- metadata lookups ---- */
bool s_meta_matches(const struct g_state *st, const struct g_meta *e, const cJSON *filter,
                    struct s_err *err);

/* ---- handlers: false when q->err is set ---- */
bool sheets_get(struct sreq *q);
bool sheets_get_by_filter(struct sreq *q);
bool sheets_create(struct sreq *q);
bool sheets_batch_update(struct sreq *q);
bool sheets_copy_to(struct sreq *q);
bool sheets_meta_get(struct sreq *q);
bool sheets_meta_search(struct sreq *q);
bool values_get(struct sreq *q);
bool values_batch_get(struct sreq *q);
bool values_batch_get_by_filter(struct sreq *q);
bool values_update(struct sreq *q);
bool values_batch_update(struct sreq *q);
bool values_batch_update_by_filter(struct sreq *q);
bool values_append(struct sreq *q);
bool values_clear(struct sreq *q);
bool values_batch_clear(struct sreq *q);
bool values_batch_clear_by_filter(struct sreq *q);

/* Makes a state from the "properties" and "sheets" of the API or of a scenario. */
struct g_state *s_state_new(struct sheets *s, const cJSON *spreadsheet, const char *title,
                            struct s_err *e);

#endif
