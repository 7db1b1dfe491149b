/* notation.c: see notation.h. */
#include "model/notation.h"

#include "base/str.h"

#include <string.h>

bool notation_skip(struct notation *n, const char *literal)
{
    if (!str_starts(n->p, literal)) {
        return false;
    }
    n->p += strlen(literal);
    return true;
}

/* \uXXXX as json_quote writes it: a control character. NUL is refused with the whole text. */
static bool read_unicode(const char *p, char *out)
{
    uint8_t bytes[2];
    char digits[5] = "";

    if (strnlen(p, 4) < 4) {
        return false;
    }
    memcpy(digits, p, 4);
    if (!hex_decode(digits, bytes, 2) || bytes[0] != 0 || bytes[1] >= 0x80) {
        return false;
    }
    *out = (char)bytes[1];
    return true;
}

/* One escape, p behind its backslash; gives the length of the rest of the escape, 0 if wrong. */
static size_t read_escape(const char *p, char *out)
{
    static const char letters[] = "\"\\bfnrt";
    static const char meanings[] = "\"\\\b\f\n\r\t";
    const char *letter = *p ? strchr(letters, *p) : NULL;

    if (letter) {
        *out = meanings[letter - letters];
        return 1;
    }
    return *p == 'u' && read_unicode(p + 1, out) ? 5 : 0;
}

/* Bytes up to the closing quote of a string, p behind the opening one; false when it is not closed.
 */
static bool text_length(const char *p, size_t *len)
{
    size_t i = 0;

    while (p[i] != '"') {
        if (p[i] == '\\') {
            i++;
        }
        if (p[i] == '\0') {
            return false;
        }
        i++;
    }
    *len = i;
    return true;
}

bool notation_text(struct notation *n, struct arena *a, const char **out)
{
    const char *p = n->p;
    size_t quoted;
    size_t len = 0;
    char *text;

    if (*p++ != '"' || !text_length(p, &quoted)) {
        return false;
    }
    text = arena_alloc(a, quoted + 1);
    for (const char *end = p + quoted; p < end; p++) {
        if ((unsigned char)*p < 0x20) {
            return false;
        }
        text[len] = *p;
        if (*p == '\\') {
            size_t used = read_escape(p + 1, &text[len]);

            if (used == 0) {
                return false;
            }
            p += used;
        }
        len++;
    }
    if (!utf8_valid(text, len)) {
        return false;
    }
    n->p = p + 1;
    *out = text;
    return true;
}

bool notation_number(struct notation *n, double *out)
{
    char text[STR_DOUBLE_MAX];
    size_t len = strspn(n->p, "+-.0123456789eE");

    if (len == 0 || len >= sizeof text) {
        return false;
    }
    memcpy(text, n->p, len);
    text[len] = '\0';
    if (!str_to_double(text, out)) {
        return false;
    }
    n->p += len;
    return true;
}

bool notation_end(const struct notation *n)
{
    return *n->p == '\0';
}
