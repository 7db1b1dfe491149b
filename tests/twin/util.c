/* Memory, buffers, the string map: see util.h. */
#include "util.h"

#include "twin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *tw_alloc(size_t n)
{
    void *p = calloc(1, n ? n : 1);
    if (!p)
        abort();
    return p;
}

void *tw_realloc(void *p, size_t n)
{
    void *q = realloc(p, n ? n : 1);
    if (!q)
        abort();
    return q;
}

char *tw_ndup(const char *s, size_t n)
{
    char *p = tw_alloc(n + 1);
    memcpy(p, s, n);
    return p;
}

char *tw_dup(const char *s)
{
    return s ? tw_ndup(s, strlen(s)) : NULL;
}

void tw_set(char **slot, const char *s)
{
    char *copy = tw_dup(s);
    free(*slot);
    *slot = copy;
}

static void tb_vfmt(struct tbuf *b, const char *fmt, va_list ap) TW_PRINTF(2, 0);

static void tb_room(struct tbuf *b, size_t n)
{
    size_t need = b->n + n + 1;
    if (need <= b->cap)
        return;
    size_t cap = b->cap ? b->cap : 64;
    while (cap < need)
        cap *= 2;
    b->p = tw_realloc(b->p, cap);
    b->cap = cap;
}

void tb_add(struct tbuf *b, const void *s, size_t n)
{
    tb_room(b, n);
    if (n)
        memcpy(b->p + b->n, s, n);
    b->n += n;
    b->p[b->n] = '\0';
}

void tb_str(struct tbuf *b, const char *s)
{
    tb_add(b, s, strlen(s));
}

void tb_chr(struct tbuf *b, char c)
{
    tb_add(b, &c, 1);
}

static void tb_vfmt(struct tbuf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (n < 0)
        abort();
    tb_room(b, (size_t)n);
    vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
    b->n += (size_t)n;
}

void tb_fmt(struct tbuf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    tb_vfmt(b, fmt, ap);
    va_end(ap);
}

char *tw_fmt(const char *fmt, ...)
{
    struct tbuf b = {0};
    va_list ap;
    va_start(ap, fmt);
    tb_vfmt(&b, fmt, ap);
    va_end(ap);
    return tb_take(&b);
}

char *tb_take(struct tbuf *b)
{
    tb_room(b, 0);
    b->p[b->n] = '\0';
    char *p = b->p;
    *b = (struct tbuf){0};
    return p;
}

void tb_free(struct tbuf *b)
{
    free(b->p);
    *b = (struct tbuf){0};
}

/* ---- string map: open addressing, deleted slots keep a mark ---- */

static const char deleted_key[] = "";

static uint64_t hash_of(const char *s)
{
    uint64_t h = 1469598103934665603ULL;
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 1099511628211ULL;
    return h;
}

static size_t slot_of(const struct tmap *m, const char *key)
{
    size_t i = (size_t)hash_of(key) & (m->cap - 1);
    while (m->keys[i] && (m->keys[i] == deleted_key || strcmp(m->keys[i], key) != 0))
        i = (i + 1) & (m->cap - 1);
    return i;
}

void *tmap_get(const struct tmap *m, const char *key)
{
    if (!m->cap)
        return NULL;
    size_t i = slot_of(m, key);
    return m->keys[i] ? m->vals[i] : NULL;
}

static void tmap_grow(struct tmap *m)
{
    struct tmap old = *m;
    m->cap = old.n * 4 < 64 ? 64 : old.cap;
    while (m->cap < old.n * 4)
        m->cap *= 2;
    m->keys = tw_alloc(m->cap * sizeof *m->keys);
    m->vals = tw_alloc(m->cap * sizeof *m->vals);
    m->used = old.n;
    for (size_t i = 0; i < old.cap; i++) {
        if (!old.keys[i] || old.keys[i] == deleted_key)
            continue;
        size_t k = slot_of(m, old.keys[i]);
        m->keys[k] = old.keys[i];
        m->vals[k] = old.vals[i];
    }
    free(old.keys);
    free(old.vals);
}

void tmap_put(struct tmap *m, const char *key, void *val)
{
    if ((m->used + 1) * 2 > m->cap)
        tmap_grow(m);
    size_t i = slot_of(m, key);
    if (!m->keys[i]) {
        m->used++;
        m->n++;
    }
    m->keys[i] = key;
    m->vals[i] = val;
}

void tmap_del(struct tmap *m, const char *key)
{
    if (!m->cap)
        return;
    size_t i = slot_of(m, key);
    if (!m->keys[i])
        return;
    m->keys[i] = deleted_key;
    m->vals[i] = NULL;
    m->n--;
}

void tmap_free(struct tmap *m)
{
    free(m->keys);
    free(m->vals);
    *m = (struct tmap){0};
}
