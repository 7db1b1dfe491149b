/* mdoc.c: see mdoc.h. */
#include "base/mdoc.h"

#include <string.h>

#define WIDTH 78 /* of a line of running text, in bytes */

static void escape(struct buf *out, char c)
{
    switch (c) {
    case '\\': buf_adds(out, "\\e"); break;
    case '-': buf_adds(out, "\\-"); break;
    case '`':
        buf_adds(out, "\\(dq"); /* commands in running text */
        break;
    default: buf_addc(out, c);
    }
}

void mdoc_words(struct buf *out, const char *text)
{
    buf_addc(out, '"');
    for (; *text; text++) {
        if (*text == '"') {
            buf_adds(out, "\\(dq");
        } else {
            escape(out, *text);
        }
    }
    buf_adds(out, "\\&\"");
}

void mdoc_text(struct buf *out, const char *text)
{
    size_t column = 0;

    while (*text) {
        size_t n = strcspn(text, " "), before = out->len;
        bool ends = n > 0 && text[n - 1] == '.';

        if (column == 0 && (*text == '.' || *text == '\'')) {
            buf_adds(out, "\\&");
        }
        for (size_t i = 0; i < n; i++) {
            escape(out, text[i]);
        }
        column += out->len - before;
        text += n + strspn(text + n, " ");
        if (*text && (ends || column + 1 + strcspn(text, " ") * 2 > WIDTH)) {
            buf_addc(out, '\n');
            column = 0;
        } else if (*text) {
            buf_addc(out, ' ');
            column++;
        }
    }
}
