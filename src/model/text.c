/* text.c: see text.h. */
#include "model/text.h"

#include "base/str.h"

#include <string.h>
#include <strings.h>

#define EXCERPT_WIDTH 40

bool text_has_cr(const char *s)
{
    return strchr(s, '\r') != NULL;
}

char *text_without_cr(struct arena *a, const char *s)
{
    char *copy = arena_alloc(a, strlen(s) + 1);
    char *w = copy;

    for (; *s; s++) {
        if (*s == '\r' && s[1] == '\n') {
            continue;
        }
        *w++ = *s == '\r' ? '\n' : *s;
    }
    return copy;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/* The bullet of a line that starts at p, behind its indent; NULL when it has none to rewrite. */
static char *odd_bullet(char *p)
{
    p += strspn(p, " \t");
    return (*p == '*' || *p == '+') && p[1] == ' ' ? p : NULL;
}

const char *text_canonical_rich(struct arena *a, const char *s)
{
    size_t len = strlen(s);
    char *copy;

    if (text_has_cr(s)) {
        copy = text_without_cr(a, s);
        len = strlen(copy);
    } else {
        if (len > 0 && !is_space(s[len - 1]) && !strstr(s, "* ") && !strstr(s, "+ ")) {
            return s;
        }
        copy = arena_strndup(a, s, len);
    }
    while (len > 0 && is_space(copy[len - 1])) {
        len--;
    }
    copy[len] = '\0';
    for (char *line = copy; line; line = strchr(line, '\n')) {
        char *bullet = odd_bullet(line += *line == '\n');

        if (bullet) {
            *bullet = '-';
        }
    }
    return copy;
}

const char *text_excerpt(struct arena *a, const char *s)
{
    size_t len = strlen(s);
    size_t cut = utf8_cut(s, len, EXCERPT_WIDTH);
    char *copy;

    if (cut == len) {
        return s;
    }
    copy = arena_alloc(a, cut + sizeof "...");
    memcpy(copy, s, cut);
    memcpy(copy + cut, "...", sizeof "...");
    return copy;
}

bool text_header_like(const char *a, const char *b)
{
    size_t na, nb;

    a += strspn(a, " \t\n");
    b += strspn(b, " \t\n");
    for (na = strlen(a); na > 0 && strchr(" \t\n", a[na - 1]) != NULL; na--) {
    }
    for (nb = strlen(b); nb > 0 && strchr(" \t\n", b[nb - 1]) != NULL; nb--) {
    }
    return na == nb && strncasecmp(a, b, na) == 0;
}
