/*
 * text.h: how texts are made comparable. A sheet breaks lines with LF; what came with CR LF or CR
 * means the same. Airtable rewrites rich text: it ends it with a line break and turns `*` and `+`
 * bullets into `-`.
 */
#ifndef MODEL_TEXT_H
#define MODEL_TEXT_H

#include "base/mem.h"

#include <stdbool.h>

bool text_has_cr(const char *s);
/* A copy in which each CR LF and each CR alone is LF. */
char *text_without_cr(struct arena *a, const char *s);
/* The canonical form of rich text: no CR, no white space at the end, bullets as "- ". "\n" alone is
 * empty. s itself when it is canonical already. */
const char *text_canonical_rich(struct arena *a, const char *s);
/* The text cut to at most 40 terminal columns, with "..." when it was cut: for messages. */
const char *text_excerpt(struct arena *a, const char *s);

/* Spaces around a header and its upper and lower case do not make it another one: a second column
 * for "amount " would be nobody's wish. */
bool text_header_like(const char *a, const char *b);

#endif
