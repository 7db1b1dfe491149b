/*
 * buf.h: a growing byte buffer with a bound. `data` is never NULL after buf_init and always ends in
 * a NUL that is not counted, so text can be used as a C string. An append beyond `max` sets `over`,
 * changes nothing and returns false; every later append fails too, so one check at the end is
 * enough.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data;
    size_t len;
    size_t cap;
    size_t max; /* greatest len allowed */
    bool over;  /* an append was refused */
};

#define BUF_NO_LIMIT (SIZE_MAX / 4)

void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b); /* frees; the struct can be initialised again */
void buf_wipe(struct buf *b);    /* overwrites, then releases: for secrets */
void buf_clear(struct buf *b);   /* len = 0, over = false; keeps memory */
bool buf_add(struct buf *b, const void *p, size_t len);
bool buf_adds(struct buf *b, const char *s);
bool buf_addc(struct buf *b, char c);
bool buf_addf(struct buf *b, const char *fmt, ...) BS_PRINTF(2, 3);
bool buf_addv(struct buf *b, const char *fmt, va_list ap) BS_PRINTF(2, 0);
/* Hands the malloc'd NUL-terminated data to the caller; the buffer is empty afterwards. */
char *buf_take(struct buf *b);

#endif
