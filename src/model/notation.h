/*
 * notation.h: reads back the JSON in which values and cells are kept in the history. It is no JSON
 * parser: value.c and cell.c read exactly what they wrote through base/jsonw.h, members in a fixed
 * order and no white space. Text from a database is as hostile as any other.
 */
#ifndef MODEL_NOTATION_H
#define MODEL_NOTATION_H

#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>

/* A place in a text; each function moves it on success only and returns false otherwise. */
struct notation {
    const char *p;
};

bool notation_skip(struct notation *n, const char *literal) BS_MUST_CHECK;
/* A string, copied into the arena; must be UTF-8 without NUL. */
bool notation_text(struct notation *n, struct arena *a, const char **out) BS_MUST_CHECK;
bool notation_number(struct notation *n, double *out) BS_MUST_CHECK;
bool notation_end(const struct notation *n) BS_MUST_CHECK;

#endif
