/* buf.c: see buf.h. */
#include "base/buf.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 64
/* Up to this size the memory that growing leaves behind is overwritten: every secret is smaller. */
#define WIPED_CAP ((size_t)64 * 1024)

/* What `data` points to while nothing is allocated (cap 0). Only ever holds its NUL. */
static char empty[1];

void buf_init(struct buf *b, size_t max)
{
    b->data = empty;
    b->len = 0;
    b->cap = 0;
    b->max = max;
    b->over = false;
}

void buf_release(struct buf *b)
{
    if (b->cap > 0) {
        free(b->data);
    }
    buf_init(b, b->max);
}

void buf_wipe(struct buf *b)
{
    if (b->cap > 0) {
        bs_wipe(b->data, b->cap);
    }
    buf_release(b);
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->over = false;
    b->data[0] = '\0';
}

/* Makes room for len more bytes and the NUL. */
static bool reserve(struct buf *b, size_t len)
{
    size_t need;
    size_t cap;

    if (b->over || len > b->max || b->len > b->max - len) {
        b->over = true;
        return false;
    }
    need = b->len + len + 1;
    if (need <= b->cap) {
        return true;
    }
    cap = b->cap > 0 ? b->cap : FIRST_CAP;
    while (cap < need) {
        cap *= 2;
    }
    if (b->cap > WIPED_CAP) {
        b->data = bs_realloc_n(b->data, cap, 1);
    } else {
        char *data = bs_alloc(cap);

        memcpy(data, b->data, b->len + 1);
        if (b->cap > 0) {
            bs_wipe(b->data, b->cap);
            free(b->data);
        }
        b->data = data;
    }
    b->cap = cap;
    return true;
}

bool buf_add(struct buf *b, const void *p, size_t len)
{
    if (!reserve(b, len)) {
        return false;
    }
    if (len > 0) {
        memcpy(b->data + b->len, p, len);
    }
    b->len += len;
    b->data[b->len] = '\0';
    return true;
}

bool buf_adds(struct buf *b, const char *s)
{
    return buf_add(b, s, strlen(s));
}

bool buf_addc(struct buf *b, char c)
{
    return buf_add(b, &c, 1);
}

bool buf_addv(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    int n;

    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    if (n < 0 || !reserve(b, (size_t)n)) {
        b->over = true;
    } else {
        vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
    return !b->over;
}

bool buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    bool ok;

    va_start(ap, fmt);
    ok = buf_addv(b, fmt, ap);
    va_end(ap);
    return ok;
}

char *buf_take(struct buf *b)
{
    char *data = b->cap > 0 ? b->data : bs_strdup("");

    buf_init(b, b->max);
    return data;
}
