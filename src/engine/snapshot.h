/*
 * snapshot.h: the whole tab as it was right before a write, kept compactly: where each row is now,
 * whether a cell was edited since the plan was made, and what to put back when a person moved rows
 * or columns between our look and our write (Sheets has no precondition on a write).
 */
#ifndef ENGINE_SNAPSHOT_H
#define ENGINE_SNAPSHOT_H

#include "base/str.h"
#include "engine/run_p.h"

struct snapshot;

/* Reads rows 1 .. tab->rows, all columns, formulas as formulas, and where the header row holds what
 * may be formulas, that row's results. Heap. */
enum bs_rc snapshot_read(struct run *r, struct snapshot **out, struct bs_err *e) BS_MUST_CHECK;
void snapshot_free(struct snapshot *s);               /* NULL is nothing */
uint32_t snapshot_last_row(const struct snapshot *s); /* last row with any content, 0 none */
uint32_t snapshot_width(const struct snapshot *s);    /* columns with any content */
/* The cell; text and formulas are borrowed. CELL_EMPTY outside. A text that starts with "=" may be
 * a formula or such a text: a FORMULA read cannot tell. */
struct cell snapshot_cell(const struct snapshot *s, uint32_t row, uint32_t column);
/* Text of a cell, "" when it holds none. */
const char *snapshot_text(const struct snapshot *s, uint32_t row, uint32_t column);
/* What a person reads in a cell of the header row: text, the spelling of a number, the result of a
 * formula; "" when there is nothing. */
const char *snapshot_head(const struct snapshot *s, uint32_t column);
/* The same of a cell of the header row that a write's answer shows as it was entered; number is
 * room for a spelling. */
const char *snapshot_head_of(const struct snapshot *s, const struct cell *entered,
                             char number[STR_DOUBLE_MAX]);
/* Column of a header text in row 1, SYNC_NONE when absent or doubled. */
uint32_t snapshot_header(const struct snapshot *s, const char *header);
/* First row below the header whose cell in column has this text, 0 none; built on first use. */
uint32_t snapshot_find(struct snapshot *s, uint32_t column, const char *text);

#endif
