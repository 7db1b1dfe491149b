/*
 * grid.h: what a spreadsheet holds. A state is everything one can undo: sheets, cells, ranges,
 * metadata. States are copied cheaply, since rows are shared until one of them is written to: a
 * write works on a copy that replaces the old state when all of it succeeded, and the old state
 * stays for stale reads.
 */
#ifndef TWIN_GRID_H
#define TWIN_GRID_H

#include "a1.h"
#include "util.h"

#define GRID_CELLS_MAX 10000000 /* of one spreadsheet, empty ones count */
#define GRID_TEXT_MAX 50000     /* characters of one cell */
#define GRID_META_MAX 30000     /* characters of metadata of one sheet, and of the spreadsheet */
#define GRID_ROW_PX 21
#define GRID_COLUMN_PX 100

enum g_kind { G_EMPTY, G_NUMBER, G_TEXT, G_BOOL, G_ERROR, G_FORMULA };

/* ExtendedValue.errorValue.type, in the order of grid_error_names. */
enum g_error {
    G_ERR_ERROR,
    G_ERR_NULL,
    G_ERR_DIV0,
    G_ERR_VALUE,
    G_ERR_REF,
    G_ERR_NAME,
    G_ERR_NUM,
    G_ERR_NA,
    G_N_ERR
};
extern const struct g_error_name {
    const char *type; /* as in the API */
    const char *code; /* as shown */
} grid_error_names[G_N_ERR];

/* What a cell amounts to: never G_FORMULA. */
struct g_value {
    enum g_kind kind;
    enum g_error error;
    bool b;
    double num;
    char *text; /* text, or an error's message; owned */
    int date;   /* G_NUMBER of a formula: 1 date, 2 date and time, 3 time of day, else 0 */
};

/* JSON shared by many cells. */
struct g_json {
    unsigned refs;
    cJSON *v;
};

struct g_extra {
    char *note;
    struct g_json *rule;   /* dataValidation */
    struct g_json *format; /* userEnteredFormat without numberFormat */
    struct g_value cached; /* of a formula */
    uint64_t stamp;        /* for which epoch cached holds */
    bool busy;             /* being calculated */
};

struct g_cell {
    unsigned char kind; /* enum g_kind, never G_ERROR */
    bool b;
    unsigned short format; /* number format: index for grid_format(); 0 automatic */
    double num;
    char *text; /* G_TEXT, and G_FORMULA with its '=' */
    struct g_extra *extra;
};

struct g_row {
    unsigned refs;
    int n;
    int cap;
    int px; /* 0: the default */
    bool formulas;
    bool hidden;
    bool filtered;
    struct g_cell *c;
};

struct g_column {
    int px;
    bool hidden;
};

struct g_sheet {
    int id;
    char *title;
    bool hidden;
    bool rtl;
    bool no_gridlines;
    int rows;
    int cols;
    int frozen_rows;
    int frozen_cols;
    cJSON *tab_color;   /* tabColorStyle */
    struct g_row **row; /* the first n_row rows; NULL for an empty one */
    int n_row;
    int cap_row;
    struct g_column *col; /* cols of them, or NULL */
    cJSON *parts; /* merges, protectedRanges, conditionalFormats, basicFilter as in the API */
};

/* One entry of developer metadata. */
struct g_meta {
    int id;
    char *key;
    char *value;  /* NULL when none */
    bool project; /* visibility PROJECT, else DOCUMENT */
    enum { G_AT_BOOK, G_AT_SHEET, G_AT_ROW, G_AT_COLUMN } at;
    int sheet;
    int index;
};

struct g_state {
    char *title;
    char *locale;
    char *zone;
    char *recalc;
    struct g_sheet **sheet; /* in the order of their index */
    int n_sheet;
    struct g_meta *meta;
    int n_meta;
    cJSON *named; /* namedRanges */
};

/* ---- states and sheets ---- */
struct g_state *grid_new(const char *title, const char *locale, const char *zone);
struct g_state *grid_copy(const struct g_state *st);
void grid_free(struct g_state *st);
/* A sheet at index (-1: last) without any checks. */
struct g_sheet *grid_add_sheet(struct g_state *st, int id, const char *title, int rows, int cols,
                               int index);
void grid_remove_sheet(struct g_state *st, int i);
/* A copy of a sheet with another id and title, put at index. */
struct g_sheet *grid_copy_sheet(struct g_state *st, const struct g_sheet *from, int id,
                                const char *title, int index);
struct g_sheet *grid_by_id(const struct g_state *st, int id);
/* Titles compare without regard to case. */
struct g_sheet *grid_by_title(const struct g_state *st, const char *title);
int grid_index(const struct g_state *st, const struct g_sheet *sh);
void grid_move_sheet(struct g_state *st, int from, int to);
int64_t grid_cells(const struct g_state *st);
/* Changes the size; what is cut off is gone. */
void grid_resize(struct g_state *st, struct g_sheet *sh, int rows, int cols);
/* Closes open ends with the grid and cuts what lies beyond it. */
struct a1_box grid_clamp(const struct g_sheet *sh, struct a1_box box);
/* An array of the sheet's parts ("merges" ...), made when absent. */
cJSON *grid_part(struct g_sheet *sh, const char *name);

/* ---- rows and cells ---- */
const struct g_row *grid_row(const struct g_sheet *sh, int r);
const struct g_cell *grid_cell(const struct g_sheet *sh, int r, int c);
/* The row or cell to write to; the row is made this state's own. */
struct g_row *grid_own_row(struct g_sheet *sh, int r);
struct g_cell *grid_own_cell(struct g_sheet *sh, int r, int c);
/* Sets what a cell holds; its formats, note and rule stay. text is copied. */
void grid_set(struct g_sheet *sh, int r, int c, enum g_kind kind, double num, const char *text);
struct g_extra *grid_extra(struct g_cell *cell);
/* Nothing in it: no value, format, note, rule. */
bool grid_cell_blank(const struct g_cell *cell);
void grid_cell_clear(struct g_cell *cell);
void grid_cell_copy(struct g_cell *to, const struct g_cell *from);
/* Exchanges the content of two cells of own rows. */
void grid_cell_move(struct g_cell *to, struct g_cell *from);
/* One past the last row with a value; with any cell content when all is true. */
int grid_last_row(const struct g_sheet *sh, bool all);

struct g_json *grid_json(cJSON *v); /* takes v */
struct g_json *grid_json_ref(struct g_json *j);
void grid_json_drop(struct g_json *j);
void grid_value_free(struct g_value *v);
struct g_value grid_value_copy(const struct g_value *v);

/* ---- number formats, kept once for the whole program ---- */
struct g_format {
    char *type;
    char *pattern; /* NULL: the locale's default of the type */
};
unsigned short grid_format_id(const char *type, const char *pattern);
const struct g_format *grid_format(unsigned short id); /* NULL for 0 */

/* ---- grid_dim.c: rows and columns come, go and move; references and ranges follow ---- */
enum g_dim { G_ROWS, G_COLS };
/* Inserts n empty rows or columns before at; inherit: -1 none, else format like that one. */
void grid_insert(struct g_state *st, struct g_sheet *sh, enum g_dim dim, int at, int n,
                 int inherit);
void grid_delete(struct g_state *st, struct g_sheet *sh, enum g_dim dim, int at, int n);
/* Moves [at, at + n) before to, which counts as before the move. */
void grid_move(struct g_state *st, struct g_sheet *sh, enum g_dim dim, int at, int n, int to);
/* Puts the rows of a box into another order: row box.r0 + i gets what was in box.r0 + order[i]. */
void grid_reorder(struct g_state *st, struct g_sheet *sh, struct a1_box box, const int *order);

/* ---- sheets_refs.c: references inside formulas ---- */
struct g_shift {
    const struct g_sheet *sheet; /* whose rows or columns move */
    enum g_dim dim;
    enum { SHIFT_INSERT, SHIFT_DELETE, SHIFT_MOVE } op;
    int at;
    int n;
    int to;
};
/* Where an index goes; -1 when it is deleted. */
int grid_shift_index(const struct g_shift *s, int index);
/* Where a half-open span goes; false when all of it is deleted. */
bool grid_shift_span(const struct g_shift *s, int *from, int *to);
/* The formula of a cell on sheet home after the shift; NULL when it stays as it is. */
char *grid_shift_formula(const struct g_state *st, const char *formula, const struct g_sheet *home,
                         const struct g_shift *s);
/* The formula as it reads when its cell is moved or copied by so many rows and columns. */
char *grid_copy_formula(const char *formula, int rows, int cols);
/* The formula after a sheet's title has changed; NULL when it stays as it is. */
char *grid_retitle_formula(const char *formula, const char *old_title, const char *new_title);

#endif
