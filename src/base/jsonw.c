#include "base/jsonw.h"

#include "base/str.h"

#include <math.h>
#include <string.h>

/* Length of the well-formed UTF-8 sequence at s, 0 when there is none (RFC 3629). */
static size_t sequence_length(const unsigned char *s)
{
    size_t n = s[0] < 0x80 ? 1 : (s[0] & 0xe0) == 0xc0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : 4;

    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return utf8_valid((const char *)s, n) ? n : 0;
}

static void quote_ascii(struct buf *out, unsigned char c)
{
    static const char short_names[] = "\"\"\\\\\bb\ff\nn\rr\tt";

    for (size_t i = 0; i + 1 < sizeof short_names; i += 2) {
        if (c == (unsigned char)short_names[i]) {
            buf_addc(out, '\\');
            buf_addc(out, short_names[i + 1]);
            return;
        }
    }
    if (c < 0x20 || c == 0x7f) {
        buf_addf(out, "\\u%04x", c);
    } else {
        buf_addc(out, (char)c);
    }
}

void json_quote(struct buf *out, const char *s)
{
    const unsigned char *p = (const unsigned char *)s;

    buf_addc(out, '"');
    while (*p != '\0') {
        const unsigned char *plain = p;

        while (*p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\') {
            p++;
        }
        buf_add(out, plain, (size_t)(p - plain));
        if (*p == '\0') {
            break;
        }
        size_t n = sequence_length(p);
        if (n == 0) {
            buf_adds(out, "\xef\xbf\xbd");
            p++;
        } else if (n == 1) {
            quote_ascii(out, *p++);
        } else {
            buf_add(out, p, n);
            p += n;
        }
    }
    buf_addc(out, '"');
}

void jsonw_init(struct jsonw *w, struct buf *out)
{
    w->out = out;
    w->need_comma = false;
}

static void before_value(struct jsonw *w)
{
    if (w->need_comma) {
        buf_addc(w->out, ',');
    }
    w->need_comma = true;
}

static void open_group(struct jsonw *w, char c)
{
    before_value(w);
    buf_addc(w->out, c);
    w->need_comma = false;
}

static void close_group(struct jsonw *w, char c)
{
    buf_addc(w->out, c);
    w->need_comma = true;
}

void jsonw_object(struct jsonw *w)
{
    open_group(w, '{');
}

void jsonw_end_object(struct jsonw *w)
{
    close_group(w, '}');
}

void jsonw_array(struct jsonw *w)
{
    open_group(w, '[');
}

void jsonw_end_array(struct jsonw *w)
{
    close_group(w, ']');
}

void jsonw_key(struct jsonw *w, const char *name)
{
    before_value(w);
    json_quote(w->out, name);
    buf_addc(w->out, ':');
    w->need_comma = false;
}

void jsonw_string(struct jsonw *w, const char *s)
{
    if (s == NULL) {
        jsonw_null(w);
        return;
    }
    before_value(w);
    json_quote(w->out, s);
}

void jsonw_number(struct jsonw *w, double v)
{
    char text[STR_DOUBLE_MAX];

    if (!isfinite(v)) {
        jsonw_null(w);
        return;
    }
    str_from_double(v, text);
    jsonw_raw(w, text);
}

void jsonw_int(struct jsonw *w, int64_t v)
{
    before_value(w);
    buf_addf(w->out, "%lld", (long long)v);
}

void jsonw_bool(struct jsonw *w, bool v)
{
    jsonw_raw(w, v ? "true" : "false");
}

void jsonw_null(struct jsonw *w)
{
    jsonw_raw(w, "null");
}

void jsonw_raw(struct jsonw *w, const char *json)
{
    before_value(w);
    buf_adds(w->out, json);
}

void jsonw_member(struct jsonw *w, const char *name, const char *s)
{
    jsonw_key(w, name);
    jsonw_string(w, s);
}

void jsonw_member_int(struct jsonw *w, const char *name, int64_t v)
{
    jsonw_key(w, name);
    jsonw_int(w, v);
}

void jsonw_member_bool(struct jsonw *w, const char *name, bool v)
{
    jsonw_key(w, name);
    jsonw_bool(w, v);
}
