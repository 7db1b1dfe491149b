/*
 * mask.h: field masks: "a,b", "a/b", "a.b", "a(b,c)", "*". On answers they choose what is shown,
 * in requests what is written.
 */
#ifndef TWIN_MASK_H
#define TWIN_MASK_H

#include "sheets_schema.h"

struct mask {
    char *name;
    bool all; /* everything below */
    struct mask *child;
    size_t n;
};

/* Reads a mask and checks its names against a message. NULL when it is wrong: *bad is then the
 * first path without a field (malloc'd), or NULL when the mask could not be read at all. */
struct mask *mask_read(const char *text, const char *message, char **bad);
void mask_free(struct mask *m);
/* The mask of a field; NULL when the field is not asked for. m NULL gives NULL. */
const struct mask *mask_get(const struct mask *m, const char *field);
/* Asks for nothing below this field: the same as everything. */
extern const struct mask mask_all;

#endif
