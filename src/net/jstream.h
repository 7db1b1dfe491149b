/*
 * jstream.h: a push parser for JSON of any size: bytes in as they arrive, events out, no tree. For
 * values and grid reads of large tabs. Strict RFC 8259, UTF-8 checked. Nesting and token sizes are
 * bounded; a text token longer than the bound, a number no double can hold, malformed JSON or
 * trailing data makes jstream_feed return false with a sentence. The escapes \u0000 and of half a
 * surrogate pair, which no C string or UTF-8 text can hold, become U+FFFD.
 */
#ifndef NET_JSTREAM_H
#define NET_JSTREAM_H

#include <stdbool.h>
#include <stddef.h>

#define JSTREAM_DEPTH_MAX 64
#define JSTREAM_TEXT_MAX ((size_t)1 << 20)

enum jstream_event {
    JS_OBJECT,
    JS_END_OBJECT,
    JS_ARRAY,
    JS_END_ARRAY,
    JS_KEY,    /* text */
    JS_STRING, /* text */
    JS_NUMBER, /* number, and its text */
    JS_TRUE,
    JS_FALSE,
    JS_NULL,
};

struct jstream_token {
    enum jstream_event event;
    const char *text; /* NUL-terminated, unescaped; valid during the call only */
    size_t len;
    double number;
    int depth;     /* of open groups, after an opening, before a closing one */
    bool held_nul; /* a text in which U+FFFD stands for an escaped U+0000 */
};

struct jstream;
/* handler returns false to stop (the parser then fails with "stopped"); NULL: the text is only
 * checked. */
struct jstream *jstream_new(bool (*handler)(void *ctx, const struct jstream_token *t), void *ctx);
void jstream_free(struct jstream *p); /* NULL is nothing */
bool jstream_feed(struct jstream *p, const char *data, size_t len);
/* No more will come: true when exactly one complete document was read. */
bool jstream_end(struct jstream *p);
const char *jstream_error(const struct jstream *p); /* "" when none */

#endif
