/*
 * mdoc.h: running text for the manual pages that the program prints of its own tables (mdoc(7)).
 */
#ifndef BASE_MDOC_H
#define BASE_MDOC_H

#include "base/buf.h"

/* Appends running text that begins on a line of its own, so that it means itself: a backslash is
 * \e, a dash is not broken or made longer, a backquote of ours becomes a plain quote, a dot or
 * apostrophe at the beginning of a line is no request, each sentence has a line of its own, and
 * long lines are broken. The text ends without a newline. */
void mdoc_text(struct buf *out, const char *text);
/* The same as one argument of a macro: in quotes, not broken, and what stands at its end is no
 * punctuation of the macro's. */
void mdoc_words(struct buf *out, const char *text);

#endif
