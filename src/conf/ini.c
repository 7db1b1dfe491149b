/*
 * ini.c: the lines of an INI file, over inih. What inih would let through is refused before it sees
 * it: over-long lines (it cuts them and still calls its handler), text after a section's bracket,
 * sections without keys (it says nothing of them), bytes that are no text.
 */
#include "base/mem.h"
#include "base/str.h"
#include "conf/keys.h"

#include <ini.h>
#include <stdlib.h>
#include <string.h>

#if INI_ALLOW_INLINE_COMMENTS || INI_ALLOW_MULTILINE || INI_MAX_LINE < INI_LINE_MAX + 3
#error "inih is not built as vendor/ builds it"
#endif

struct ini_input {
    const char *path;
    const char *p, *end;
    int line;
    bool stop; /* an error is set: the rest is not looked at */
    const struct ini_events *ev;
    struct bs_err *e;
};

static bool refuse(struct ini_input *in, const char *what)
{
    bs_fail(in->e, BS_STOP_ALL, BS_K_CONFIG, "%s:%d: %s", in->path, in->line, what);
    in->stop = true;
    return false;
}

static bool check_text(struct ini_input *in, const char *s, size_t len)
{
    if (len > INI_LINE_MAX) {
        return refuse(in, "the line is longer than 4096 bytes");
    }
    if (!utf8_valid(s, len)) {
        return refuse(in, "the line is not UTF-8 text; save the file as UTF-8");
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return refuse(in, "the line holds a control character");
        }
    }
    return true;
}

/* The header of a section: "[", the name, "]" and nothing behind it. */
static bool take_section(struct ini_input *in, const char *s, size_t len)
{
    char *copy = bs_strndup(s, len);
    char *text = str_trim(copy);
    char *end = strchr(text, ']');
    bool ok = true;

    if (text[0] == '[') {
        if (!end) {
            ok = refuse(in, "the section's closing ] is missing");
        } else if (end[1] != '\0') {
            ok = refuse(in, "there is text after the section's ]; a comment has a line of its own");
        } else {
            *end = '\0';
            ok = in->ev->section(in->ev->ctx, in->line, str_trim(text + 1));
            in->stop = !ok;
        }
    }
    free(copy);
    return ok;
}

/* Hands inih one line; NULL at the end and after an error. */
static char *next_line(char *out, int size, void *stream)
{
    struct ini_input *in = stream;
    const char *nl;
    const char *s = in->p;
    size_t len;

    (void)size; /* INI_MAX_LINE, see above */
    if (in->stop || in->p >= in->end) {
        return NULL;
    }
    nl = memchr(s, '\n', (size_t)(in->end - s));
    len = nl ? (size_t)(nl - s) : (size_t)(in->end - s);
    in->p = nl ? nl + 1 : in->end;
    in->line++;
    if (len > 0 && s[len - 1] == '\r') {
        len--;
    }
    if (in->line == 1 && len >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0) {
        s += 3; /* the mark that some editors put in front */
        len -= 3;
    }
    if (!check_text(in, s, len) || !take_section(in, s, len)) {
        return NULL;
    }
    memcpy(out, s, len);
    memcpy(out + len, "\n", 2);
    return out;
}

static int on_pair(void *ctx, const char *section, const char *name, const char *value, int line)
{
    struct ini_input *in = ctx;

    (void)section; /* take_section has told it, uncut */
    (void)line;
    if (!in->stop && !in->ev->pair(in->ev->ctx, in->line, name, value)) {
        in->stop = true;
    }
    return !in->stop;
}

enum bs_rc ini_read(const char *path, const char *text, size_t len, const struct ini_events *ev,
                    struct bs_err *e)
{
    struct ini_input in = {.path = path, .p = text, .end = text + len, .ev = ev, .e = e};
    struct bs_err own = BS_ERR_INIT;
    int bad;

    if (!e) {
        in.e = &own;
    }
    if (len > CONF_FILE_MAX) {
        return bs_fail(in.e, BS_STOP_ALL, BS_K_CONFIG, "%s: is larger than 4 MiB", path);
    }
    bs_err_clear(in.e);
    bad = ini_parse_stream(next_line, &in, on_pair, &in);
    if (in.stop) {
        return in.e->rc;
    }
    if (bad != 0) {
        in.line = bad > 0 ? bad : in.line;
        refuse(&in, "there is no = in this line; write `key = value`");
        return in.e->rc;
    }
    return BS_OK;
}
