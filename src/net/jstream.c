/* jstream.c: see jstream.h. A small machine for the structure (what may come next) and one for the
 * token that the end of a piece may cut in two; whole spans are taken at once. */
#include "net/jstream.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum expect {
    X_VALUE,
    X_VALUE_OR_END, /* just after [ */
    X_KEY,
    X_KEY_OR_END, /* just after { */
    X_COLON,
    X_COMMA_OR_END,
    X_NOTHING, /* the document is complete */
};

enum lex { L_NONE, L_TEXT, L_ESCAPE, L_HEX, L_NUMBER, L_WORD };

/* Where in a number we are; N_ZERO, N_INT, N_FRACTION and N_EXPONENT may end one. */
enum number_at { N_MINUS, N_ZERO, N_INT, N_POINT, N_FRACTION, N_E, N_E_SIGN, N_EXPONENT };

struct jstream {
    bool (*handler)(void *ctx, const struct jstream_token *t);
    void *ctx;
    bool in_object[JSTREAM_DEPTH_MAX + 1];
    int depth;
    enum expect expect;
    enum lex lex;
    enum number_at number_at;
    bool is_key, not_ascii, held_nul;
    unsigned hex, hex_digits, high; /* high: first half of a surrogate pair, 0 none */
    const char *word;               /* rest of true, false, null */
    enum jstream_event word_event;
    struct buf text;
    const char *piece; /* what is being fed, for the place of an error */
    uint64_t before;   /* bytes fed before it */
    char error[160];
};

struct jstream *jstream_new(bool (*handler)(void *ctx, const struct jstream_token *t), void *ctx)
{
    struct jstream *p = bs_alloc(sizeof *p);

    p->handler = handler;
    p->ctx = ctx;
    buf_init(&p->text, JSTREAM_TEXT_MAX);
    return p;
}

void jstream_free(struct jstream *p)
{
    if (p) {
        buf_wipe(&p->text);
        free(p);
    }
}

const char *jstream_error(const struct jstream *p)
{
    return p->error;
}

/* Gives NULL, for callers that return the place to go on from. */
static BS_PRINTF(3, 4) const char *bad(struct jstream *p, const char *at, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(p->error, sizeof p->error, fmt, ap);
    va_end(ap);
    if (at && n > 0 && (size_t)n < sizeof p->error) {
        snprintf(p->error + n, sizeof p->error - (size_t)n, " at byte %llu",
                 (unsigned long long)(p->before + (uint64_t)(at - p->piece)));
    }
    return NULL;
}

static bool emit(struct jstream *p, enum jstream_event event, double number)
{
    struct jstream_token t = {event, "", 0, number, p->depth, false};

    if (!p->handler) {
        return true;
    }
    if (event == JS_KEY || event == JS_STRING || event == JS_NUMBER) {
        t.text = p->text.data;
        t.len = p->text.len;
        t.held_nul = p->held_nul;
    }
    if (!p->handler(p->ctx, &t)) {
        bad(p, NULL, "stopped");
        return false;
    }
    return true;
}

static void value_done(struct jstream *p)
{
    p->expect = p->depth == 0 ? X_NOTHING : X_COMMA_OR_END;
}

/* ---- texts ---- */

static void add_utf8(struct jstream *p, uint32_t cp)
{
    char c[4];
    size_t n;

    if (cp < 0x80) {
        c[0] = (char)cp;
        n = 1;
    } else if (cp < 0x800) {
        c[0] = (char)(0xC0 | cp >> 6);
        n = 2;
    } else if (cp < 0x10000) {
        c[0] = (char)(0xE0 | cp >> 12);
        n = 3;
    } else {
        c[0] = (char)(0xF0 | cp >> 18);
        n = 4;
    }
    for (size_t i = 1; i < n; i++) {
        c[i] = (char)(0x80 | (cp >> 6 * (n - 1 - i) & 0x3F));
    }
    buf_add(&p->text, c, n);
}

/* A first half of a pair that nothing followed. */
static void end_pair(struct jstream *p)
{
    if (p->high) {
        add_utf8(p, 0xFFFD);
        p->high = 0;
    }
}

static const char *text_done(struct jstream *p, const char *s)
{
    end_pair(p);
    if (p->text.over) {
        return bad(p, s, "a text longer than %zu bytes", JSTREAM_TEXT_MAX);
    }
    if (p->not_ascii && !utf8_valid(p->text.data, p->text.len)) {
        return bad(p, s, "a text that is no UTF-8");
    }
    p->lex = L_NONE;
    if (p->is_key) {
        p->expect = X_COLON;
    } else {
        value_done(p);
    }
    return emit(p, p->is_key ? JS_KEY : JS_STRING, 0) ? s + 1 : NULL;
}

static const char *lex_text(struct jstream *p, const char *s, const char *end)
{
    const char *from = s;
    unsigned char any = 0;

    while (s < end && (unsigned char)*s >= 0x20 && *s != '"' && *s != '\\') {
        any |= (unsigned char)*s++;
    }
    if (s > from) {
        end_pair(p);
        p->not_ascii |= any >= 0x80;
        buf_add(&p->text, from, (size_t)(s - from));
        if (p->text.over) {
            return bad(p, s, "a text longer than %zu bytes", JSTREAM_TEXT_MAX);
        }
    }
    if (s == end) {
        return s;
    }
    if (*s == '"') {
        return text_done(p, s);
    }
    if (*s == '\\') {
        p->lex = L_ESCAPE;
        return s + 1;
    }
    return bad(p, s, "a control character in a text");
}

static const char *lex_escape(struct jstream *p, const char *s)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *known;

    if (*s == 'u') {
        p->lex = L_HEX;
        p->hex = p->hex_digits = 0;
        return s + 1;
    }
    known = *s ? strchr(from, *s) : NULL;
    if (!known) {
        return bad(p, s, "an unknown escape in a text");
    }
    end_pair(p);
    buf_addc(&p->text, to[known - from]);
    p->lex = L_TEXT;
    return s + 1;
}

static void unit_done(struct jstream *p)
{
    unsigned v = p->hex;

    if (p->high && v >= 0xDC00 && v <= 0xDFFF) {
        add_utf8(p, 0x10000 + ((p->high - 0xD800) << 10) + (v - 0xDC00));
        p->high = 0;
        return;
    }
    end_pair(p);
    p->held_nul = p->held_nul || v == 0;
    if (v >= 0xD800 && v <= 0xDBFF) {
        p->high = v;
    } else {
        add_utf8(p, v == 0 || (v >= 0xDC00 && v <= 0xDFFF) ? 0xFFFD : v);
    }
}

static const char *lex_hex(struct jstream *p, const char *s)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *found = *s != '\0' ? strchr(digits, *s) : NULL;

    if (!found) {
        return bad(p, s, "a \\u escape without four hex digits");
    }
    p->hex = p->hex << 4 | ((unsigned)(found - digits) & 15);
    if (++p->hex_digits == 4) {
        unit_done(p);
        p->lex = L_TEXT;
    }
    return s + 1;
}

static const char *begin_text(struct jstream *p, const char *s, bool is_key)
{
    buf_clear(&p->text);
    p->is_key = is_key;
    p->not_ascii = p->held_nul = false;
    p->lex = L_TEXT;
    return s + 1;
}

/* ---- numbers ---- */

/* False when c cannot come next. */
static bool number_step(enum number_at *at, char c)
{
    bool digit = c >= '0' && c <= '9';

    switch (*at) {
    case N_MINUS: *at = c == '0' ? N_ZERO : N_INT; return digit;
    case N_ZERO:
    case N_INT:
        if (digit) {
            return *at == N_INT;
        }
        *at = c == '.' ? N_POINT : N_E;
        return c == '.' || c == 'e' || c == 'E';
    case N_POINT: *at = N_FRACTION; return digit;
    case N_FRACTION:
        if (digit) {
            return true;
        }
        *at = N_E;
        return c == 'e' || c == 'E';
    case N_E: *at = digit ? N_EXPONENT : N_E_SIGN; return digit || c == '+' || c == '-';
    case N_E_SIGN: *at = N_EXPONENT; return digit;
    case N_EXPONENT: return digit;
    }
    return false;
}

/* Few digits and no exponent: both the digits and the power of ten are exact doubles, so that one
 * division rounds as strtod does (W. Clinger, "How to Read Floating Point Numbers Accurately"). */
static bool short_number(const char *s, double *out)
{
    static const double power[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    bool minus = *s == '-', point = false;
    int64_t digits = 0;
    size_t n = 0, after = 0;

    for (s += minus; *s; s++) {
        if (*s == '.') {
            point = true;
            continue;
        }
        if (*s == 'e' || *s == 'E' || ++n > 15) {
            return false;
        }
        digits = digits * 10 + (*s - '0');
        after += point;
    }
    *out = (double)digits / power[after];
    if (minus) {
        *out = -*out;
    }
    return true;
}

static bool number_done(struct jstream *p, const char *at)
{
    double v = 0;

    if (p->text.over || (!short_number(p->text.data, &v) && !str_to_double(p->text.data, &v))) {
        bad(p, at, "a number out of range");
        return false;
    }
    p->lex = L_NONE;
    value_done(p);
    return emit(p, JS_NUMBER, v);
}

static bool number_may_end(enum number_at at)
{
    return at == N_ZERO || at == N_INT || at == N_FRACTION || at == N_EXPONENT;
}

static const char *lex_number(struct jstream *p, const char *s, const char *end)
{
    const char *from = s;
    enum number_at at = p->number_at;

    while (s < end && number_step(&at, *s)) {
        p->number_at = at;
        s++;
    }
    buf_add(&p->text, from, (size_t)(s - from));
    if (s == end) {
        return s;
    }
    if (!number_may_end(p->number_at)) {
        return bad(p, s, "a malformed number");
    }
    return number_done(p, s) ? s : NULL;
}

static const char *begin_number(struct jstream *p, const char *s)
{
    buf_clear(&p->text);
    p->held_nul = false;
    buf_addc(&p->text, *s);
    p->number_at = *s == '-' ? N_MINUS : *s == '0' ? N_ZERO : N_INT;
    p->lex = L_NUMBER;
    return s + 1;
}

/* ---- words ---- */

static const char *lex_word(struct jstream *p, const char *s, const char *end)
{
    while (s < end && *p->word) {
        if (*s != *p->word) {
            return bad(p, s, "an unknown word");
        }
        s++;
        p->word++;
    }
    if (*p->word) {
        return s;
    }
    p->lex = L_NONE;
    value_done(p);
    return emit(p, p->word_event, 0) ? s : NULL;
}

static const char *begin_word(struct jstream *p, const char *s)
{
    p->word = *s == 't' ? "rue" : *s == 'f' ? "alse" : "ull";
    p->word_event = *s == 't' ? JS_TRUE : *s == 'f' ? JS_FALSE : JS_NULL;
    p->lex = L_WORD;
    return s + 1;
}

/* ---- structure ---- */

static const char *open_group(struct jstream *p, const char *s)
{
    bool object = *s == '{';

    if (p->depth == JSTREAM_DEPTH_MAX) {
        return bad(p, s, "nested deeper than %d", JSTREAM_DEPTH_MAX);
    }
    p->in_object[++p->depth] = object;
    p->expect = object ? X_KEY_OR_END : X_VALUE_OR_END;
    return emit(p, object ? JS_OBJECT : JS_ARRAY, 0) ? s + 1 : NULL;
}

static const char *close_group(struct jstream *p, const char *s)
{
    bool object = *s == '}';
    bool may = p->expect == X_COMMA_OR_END || p->expect == (object ? X_KEY_OR_END : X_VALUE_OR_END);

    if (!may || p->depth == 0 || p->in_object[p->depth] != object) {
        return bad(p, s, "a closing bracket out of place");
    }
    if (!emit(p, object ? JS_END_OBJECT : JS_END_ARRAY, 0)) {
        return NULL;
    }
    p->depth--;
    value_done(p);
    return s + 1;
}

static const char *begin_value(struct jstream *p, const char *s)
{
    switch (*s) {
    case '"': return begin_text(p, s, false);
    case '{':
    case '[': return open_group(p, s);
    case 't':
    case 'f':
    case 'n': return begin_word(p, s);
    default: break;
    }
    if (*s == '-' || (*s >= '0' && *s <= '9')) {
        return begin_number(p, s);
    }
    return bad(p, s, "no value");
}

static const char *structure(struct jstream *p, const char *s)
{
    if (*s == ' ' || *s == '\n' || *s == '\t' || *s == '\r') {
        return s + 1;
    }
    if (*s == '}' || *s == ']') {
        return close_group(p, s);
    }
    switch (p->expect) {
    case X_VALUE:
    case X_VALUE_OR_END: return begin_value(p, s);
    case X_KEY:
    case X_KEY_OR_END: return *s == '"' ? begin_text(p, s, true) : bad(p, s, "no member name");
    case X_COLON:
        p->expect = X_VALUE;
        return *s == ':' ? s + 1 : bad(p, s, "no colon after a member name");
    case X_COMMA_OR_END:
        p->expect = p->in_object[p->depth] ? X_KEY : X_VALUE;
        return *s == ',' ? s + 1 : bad(p, s, "no comma between values");
    case X_NOTHING: break;
    }
    return bad(p, s, "text after the end of the document");
}

bool jstream_feed(struct jstream *p, const char *data, size_t len)
{
    const char *s = data, *end = data + len;

    if (p->error[0]) {
        return false;
    }
    p->piece = data;
    while (s && s < end) {
        switch (p->lex) {
        case L_NONE: s = structure(p, s); break;
        case L_TEXT: s = lex_text(p, s, end); break;
        case L_ESCAPE: s = lex_escape(p, s); break;
        case L_HEX: s = lex_hex(p, s); break;
        case L_NUMBER: s = lex_number(p, s, end); break;
        case L_WORD: s = lex_word(p, s, end); break;
        }
    }
    p->before += len;
    return s != NULL;
}

bool jstream_end(struct jstream *p)
{
    if (p->error[0]) {
        return false;
    }
    /* Only the end tells that a number on the top level is over. */
    if (p->lex == L_NUMBER && p->depth == 0 && number_may_end(p->number_at) &&
        !number_done(p, NULL)) {
        return false;
    }
    if (p->expect != X_NOTHING) {
        bad(p, NULL, "cut off after %llu bytes", (unsigned long long)p->before);
        return false;
    }
    return true;
}
