/*
 * a1.h: A1 references. Titles are always quoted when printed, with inner apostrophes doubled.
 * Columns are 0-based here, bijective base 26 in text, at most 18,278 (ZZZ). Rows are 1-based, as
 * people see them.
 */
#ifndef MODEL_A1_H
#define MODEL_A1_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

#define A1_COLUMNS_MAX 18278

/* "AA" for 26; out needs 4 bytes. column < A1_COLUMNS_MAX. */
void a1_column(uint32_t column, char out[4]);
bool a1_parse_column(const char *s, uint32_t *column, const char **rest) BS_MUST_CHECK;

struct a1_range {
    uint32_t col0, col1; /* 0-based, inclusive; col1 UINT32_MAX: open */
    uint32_t row0, row1; /* 1-based, inclusive; row1 UINT32_MAX: open */
};
/* Appends 'Title'!A1:C (title NULL: without a sheet). */
void a1_print(struct buf *b, const char *title, const struct a1_range *r);
/* Reads what Google echoes: optional sheet title (quoted or plain) into title, then the range. */
bool a1_parse(const char *s, struct buf *title, struct a1_range *r) BS_MUST_CHECK;

/* Spreadsheet id out of a pasted address (docs.google.com/spreadsheets/d/ID/edit#gid=N) or a bare
 * id; gid set to -1 when the address names none. False when neither. */
bool a1_parse_spreadsheet(const char *address, struct buf *id, int64_t *gid) BS_MUST_CHECK;

#endif
