/*
 * cell.h: one cell of a sheet as the grid read gives it, and the number formats and drop-downs that
 * basesync sets on whole columns.
 */
#ifndef MODEL_CELL_H
#define MODEL_CELL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CELL_TEXT_MAX 50000 /* UTF-16 units in one cell (Sheets refuses 50,001) */

enum cell_kind { CELL_EMPTY, CELL_TEXT, CELL_NUMBER, CELL_BOOL, CELL_ERROR };

/* NumberFormatType of the Sheets API; FORMAT_AUTO when the cell has none. */
enum cell_format_type {
    FORMAT_AUTO,
    FORMAT_TEXT,
    FORMAT_NUMBER,
    FORMAT_PERCENT,
    FORMAT_CURRENCY,
    FORMAT_DATE,
    FORMAT_TIME,
    FORMAT_DATE_TIME,
    FORMAT_SCIENTIFIC,
};

/* The order of the members is that of their sizes: a run may hold millions of cells. */
struct cell {
    enum cell_kind kind;
    enum cell_format_type format; /* effective number format */
    double number;                /* CELL_NUMBER: as stored; a date is a serial */
    const char *text;             /* CELL_TEXT; CELL_ERROR: the code, "#N/A"; else NULL */
    const char *entered_formula;  /* "=A1+1" when that formula stands in the cell itself; NULL when
                                     none does, or another cell's array formula fills this one */
    const char *pattern;          /* of the format, NULL when none; "[h]:mm:ss" tells a duration */
    const char *shown; /* formattedValue, what a person sees; NULL when the cell is empty */
    bool boolean;      /* CELL_BOOL */
    bool formula;      /* kind and value are the result of a formula */
};

extern const struct cell cell_empty;

const char *cell_format_name(enum cell_format_type type);      /* "DATE_TIME"; NULL for AUTO */
enum cell_format_type cell_format_from_name(const char *name); /* AUTO when not known */

/* Equal as stored values (kind and value); formats and formulas do not count. */
bool cell_equal(const struct cell *a, const struct cell *b);
/* Hash of the stored value as a values read shows it: empty, text, number (bits), boolean. Zero
 * means "cannot be known" (errors). column is mixed in by the caller. */
uint64_t cell_raw_hash(const struct hash_key *key, const struct cell *c);

/* The text that the stored value spells: "" for nothing and errors, numbers as short as they
 * round-trip, TRUE and FALSE. Borrowed from the cell or from number. */
const char *cell_spelling(const struct cell *c, char number[STR_DOUBLE_MAX]);

/* Readable text, and exact text for undo: {"n":1.5,"f":"DATE","p":"yyyy-mm-dd"}, {"t":"x"},
 * {"b":true}, {"formula":"=A1"}, {} */
void cell_print(const struct cell *c, struct buf *out);
void cell_encode(const struct cell *c, struct buf *out);
enum bs_rc cell_decode(struct arena *a, const char *s, const struct cell **out,
                       struct bs_err *e) BS_MUST_CHECK;

#endif
