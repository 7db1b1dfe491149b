/*
 * table.h: text tables for people (listings of the commands, the plan, the demo's sheet).
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include "base/buf.h"

struct table;
/* headers is a NULL-terminated list, copied. */
struct table *table_new(const char *const *headers);
void table_free(struct table *t); /* NULL is nothing */
/* Adds one cell to the current row; rows fill left to right. Text is copied, control characters
 * are shown as spaces, long cells are cut at max_width with an ellipsis when printing. */
void table_add(struct table *t, const char *text);
void table_addf(struct table *t, const char *fmt, ...) BS_PRINTF(2, 3);
/* Appends the table, columns aligned by terminal width, to b. */
void table_print(const struct table *t, size_t max_width, struct buf *b);

#endif
