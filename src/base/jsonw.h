/*
 * jsonw.h: writes JSON text straight into a buffer, so that a request of two megabytes is built
 * without a tree. Commas are placed by the writer; numbers keep every bit (str_from_double); text
 * is escaped as RFC 8259 asks, and bytes that are no UTF-8 become U+FFFD.
 */
#ifndef BASE_JSONW_H
#define BASE_JSONW_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jsonw {
    struct buf *out;
    bool need_comma;
};

/* Starts a document at the end of out. */
void jsonw_init(struct jsonw *w, struct buf *out);
void jsonw_object(struct jsonw *w); /* { */
void jsonw_end_object(struct jsonw *w);
void jsonw_array(struct jsonw *w); /* [ */
void jsonw_end_array(struct jsonw *w);
/* A member's name; the next call writes its value. */
void jsonw_key(struct jsonw *w, const char *name);
void jsonw_string(struct jsonw *w, const char *s); /* NULL writes null */
void jsonw_number(struct jsonw *w, double v);      /* not finite: null */
void jsonw_int(struct jsonw *w, int64_t v);
void jsonw_bool(struct jsonw *w, bool v);
void jsonw_null(struct jsonw *w);
void jsonw_raw(struct jsonw *w, const char *json); /* one value that is JSON already */
/* Key and value in one call. */
void jsonw_member(struct jsonw *w, const char *name, const char *s);
void jsonw_member_int(struct jsonw *w, const char *name, int64_t v);
void jsonw_member_bool(struct jsonw *w, const char *name, bool v);

/* Appends s as a quoted JSON string. */
void json_quote(struct buf *out, const char *s);

#endif
