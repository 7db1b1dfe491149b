/*
 * sheets_refs.h: references inside the text of a formula, found without calculating it.
 */
#ifndef TWIN_SHEETS_REFS_H
#define TWIN_SHEETS_REFS_H

#include "grid.h"

/* One corner of a reference; -1 for a missing row or column (A:A, 1:3). */
struct f_corner {
    int row;
    int col;
    bool abs_row;
    bool abs_col;
};

struct f_ref {
    char *title; /* malloc'd; NULL when the reference names no sheet */
    bool range;
    struct f_corner a;
    struct f_corner b;
};

/* Reads a reference at s: bytes read, 0 when there is none. Free with f_ref_free. */
size_t f_ref_read(const char *s, struct f_ref *ref);
void f_ref_free(struct f_ref *ref);
void f_ref_put(struct tbuf *b, const struct f_ref *ref);

#endif
