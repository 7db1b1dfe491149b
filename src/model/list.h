/*
 * list.h: how several texts share one sheet cell. Items are joined by ", ". An item that holds a
 * comma, a double quote, a line break, or white space at an end, or that is empty, is put in double
 * quotes and inner quotes are doubled: `"Smith, John", Ann` (the quoting of RFC 4180). Reading back
 * gives the same items; the space after a comma is optional for people.
 */
#ifndef MODEL_LIST_H
#define MODEL_LIST_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>

#define LIST_ITEMS_MAX 10000

/* Can the text stand in a cell only in double quotes? */
bool list_needs_quotes(const char *item);
/* Appends one item, with ", " in front unless it is the first. */
void list_add(struct buf *out, const char *item, bool first);
void list_join(struct buf *out, const char *const *items, size_t n);
/* Splits into the arena; empty items between commas are dropped ("a, , b" is two). BS_SKIP with a
 * sentence when a quote is not closed or is followed by text, or there are too many items. */
enum bs_rc list_split(struct arena *a, const char *text, const char ***items, size_t *n,
                      struct bs_err *e) BS_MUST_CHECK;

#endif
