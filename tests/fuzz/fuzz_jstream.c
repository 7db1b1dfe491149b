/*
 * fuzz_jstream.c: a text whole, byte by byte and in pieces whose lengths its own bytes choose must
 * give the same events and the same verdict. Texts are UTF-8 without NUL, groups are balanced.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "net/jstream.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    uint64_t hash;
    int depth;
};

static void demand(bool truth)
{
    if (!truth) {
        abort();
    }
}

static bool handle(void *ctx, const struct jstream_token *t)
{
    static const struct hash_key key = {1, 2};
    struct seen *s = ctx;

    if (t->event == JS_OBJECT || t->event == JS_ARRAY) {
        demand(t->depth == ++s->depth && t->depth <= JSTREAM_DEPTH_MAX);
    } else if (t->event == JS_END_OBJECT || t->event == JS_END_ARRAY) {
        demand(t->depth == s->depth--);
    } else {
        demand(t->depth == s->depth);
    }
    if (t->event == JS_KEY || t->event == JS_STRING) {
        demand(utf8_valid(t->text, t->len) && t->text[t->len] == '\0');
    }
    s->hash = hash_mix(s->hash, (uint64_t)t->event + siphash(&key, t->text, t->len));
    return true;
}

/* step 0: pieces of varying length. */
static bool parse(const uint8_t *data, size_t size, size_t step, struct seen *s)
{
    struct jstream *p = jstream_new(handle, s);
    bool ok = true;

    memset(s, 0, sizeof *s);
    for (size_t at = 0; at < size && ok;) {
        size_t n = step ? step : 1 + data[at] % 11;
        char *piece;

        n = n > size - at ? size - at : n;
        piece = bs_alloc(n); /* so that reading past it is seen */
        memcpy(piece, data + at, n);
        ok = jstream_feed(p, piece, n);
        free(piece);
        at += n;
    }
    ok = jstream_end(p) && ok;
    demand(ok == (jstream_error(p)[0] == '\0'));
    demand(!ok || s->depth == 0);
    jstream_free(p);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen whole, bytes, pieces;
    bool ok = parse(data, size, size ? size : 1, &whole);

    demand(parse(data, size, 1, &bytes) == ok && bytes.hash == whole.hash);
    demand(parse(data, size, 0, &pieces) == ok && pieces.hash == whole.hash);
    return 0;
}
