/*
 * tape.h: rows of a values read, kept as they came and told again later: compact, in one piece, and
 * bounded, so that what one run reads along for the next costs little and never much.
 */
#ifndef ENGINE_TAPE_H
#define ENGINE_TAPE_H

#include "remote/sheets.h"

struct tape;
struct tape *tape_new(void);
void tape_free(struct tape *t); /* NULL is nothing */
/* Forgets all rows. */
void tape_rewind(struct tape *t);
/* Adds one row, as a sheets_row_fn is told it; cells of the kinds that a values read knows. False,
 * and nothing is kept, when the tape would be longer than max bytes. */
bool tape_add(struct tape *t, size_t max, size_t range, uint32_t row, uint32_t col0,
              const struct cell *cells, size_t n);
size_t tape_bytes(const struct tape *t);
/* Tells all rows in their order; ends with what each returned when that was not BS_OK. */
enum bs_rc tape_play(const struct tape *t, sheets_row_fn *each, void *ctx,
                     struct bs_err *e) BS_MUST_CHECK;

#endif
