/*
 * sheets_calc.h: formulas, calculated when a cell is read: literals, references, ranges, the
 * operators and the commoner functions. What it does not know is #NAME?, as in Sheets.
 */
#ifndef TWIN_SHEETS_CALC_H
#define TWIN_SHEETS_CALC_H

#include "grid.h"

struct calc {
    const struct g_state *st;
    int64_t local_ms; /* the clock in the spreadsheet's zone */
    int depth;
};

/* Prepares for one state at one time; whatever was calculated before counts no more. */
struct calc calc_begin(const struct g_state *st, int64_t now_ms);
/* The value of a cell. Its text is borrowed until the state changes or calc_begin(). */
struct g_value calc_cell(struct calc *c, const struct g_sheet *sh, int row, int col);
/* Value of one cell struct of that place (no lookup); same rules. */
struct g_value calc_value(struct calc *c, const struct g_sheet *sh, const struct g_cell *cell);

/* A formula "=SPILLED(...)" stands for a part of an array formula's result: the API shows its value
 * and nothing that was entered. Does a cell hold something that somebody entered? */
bool calc_entered(const struct g_cell *cell);

/* Wall clock minus UTC in a zone of the machine's zone files, in ms; 0 when unknown. */
int64_t zone_offset_ms(const char *zone, int64_t now_ms);
bool zone_known(const char *zone);

/* ---- for the functions (sheets_calc_fn.c) ---- */
struct calc_arg {
    bool range; /* box of sheet, else v */
    bool missing;
    const struct g_sheet *sheet;
    struct a1_box box;
    struct g_value v; /* owned */
};
struct g_value calc_call(struct calc *c, const char *name, struct calc_arg *arg, size_t n,
                         bool *known);
struct g_value calc_error(enum g_error e, const char *message);
struct g_value calc_number(double v);
struct g_value calc_text(char *owned);
struct g_value calc_bool(bool b);
/* As number; false and *e set when it is none. Empty is 0. */
bool calc_to_number(const struct g_value *v, double *num, struct g_value *e);
char *calc_to_text(const struct calc *c, const struct g_value *v);

#endif
