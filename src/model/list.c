/* list.c: see list.h. */
#include "model/list.h"

#include "base/str.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool list_needs_quotes(const char *item)
{
    size_t len = strlen(item);

    return len == 0 || is_space(item[0]) || is_space(item[len - 1]) || strpbrk(item, ",\"\r\n");
}

void list_add(struct buf *out, const char *item, bool first)
{
    if (!first) {
        buf_adds(out, ", ");
    }
    if (!list_needs_quotes(item)) {
        buf_adds(out, item);
        return;
    }
    buf_addc(out, '"');
    for (const char *quote; (quote = strchr(item, '"')); item = quote + 1) {
        buf_add(out, item, (size_t)(quote - item));
        buf_adds(out, "\"\"");
    }
    buf_adds(out, item);
    buf_addc(out, '"');
}

void list_join(struct buf *out, const char *const *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        list_add(out, items[i], i == 0);
    }
}

static const char *skip_space(const char *p)
{
    while (is_space(*p)) {
        p++;
    }
    return p;
}

/* Reads a quoted item, *p behind its opening quote, and leaves *p at the comma or the end. */
static enum bs_rc split_quoted(struct arena *a, const char **p, const char **item, struct bs_err *e)
{
    const char *start = *p;
    const char *end = start;
    char *text;
    size_t len = 0;

    while (*end && (*end != '"' || end[1] == '"')) {
        end += *end == '"' ? 2 : 1;
    }
    if (*end == '\0') {
        return bs_fail(e, BS_SKIP, BS_K_VALIDATION, "a double quote is not closed");
    }
    text = arena_alloc(a, (size_t)(end - start) + 1);
    for (const char *q = start; q < end; q++) {
        text[len++] = *q;
        q += *q == '"'; /* the second of a pair */
    }
    *p = skip_space(end + 1);
    if (**p != ',' && **p != '\0') {
        return bs_fail(e, BS_SKIP, BS_K_VALIDATION,
                       "text follows a closing double quote without a comma between");
    }
    *item = text;
    return BS_OK;
}

/* Reads up to the comma or the end; NULL when there is nothing but white space. */
static const char *split_plain(struct arena *a, const char **p)
{
    const char *start = *p;
    size_t len = strcspn(start, ",");

    *p = start + len;
    while (len > 0 && is_space(start[len - 1])) {
        len--;
    }
    return len > 0 ? arena_strndup(a, start, len) : NULL;
}

enum bs_rc list_split(struct arena *a, const char *text, const char ***items, size_t *n,
                      struct bs_err *e)
{
    const char **found = NULL;
    const char *p = text;
    size_t cap = 0;
    size_t count = 0;
    enum bs_rc rc = BS_OK;

    for (;;) {
        const char *item = NULL;

        p = skip_space(p);
        if (*p == '"') {
            p++;
            rc = split_quoted(a, &p, &item, e);
            if (rc != BS_OK) {
                goto out;
            }
        } else {
            item = split_plain(a, &p);
        }
        if (item && count == LIST_ITEMS_MAX) {
            rc = bs_fail(e, BS_SKIP, BS_K_VALIDATION, "more than %d items in one cell",
                         LIST_ITEMS_MAX);
            goto out;
        }
        if (item) {
            found = bs_grow(found, count, &cap, sizeof *found);
            found[count++] = item;
        }
        if (*p == '\0') {
            break;
        }
        p++; /* the comma */
    }
    *items = arena_alloc_n(a, count, sizeof **items);
    if (count > 0) {
        memcpy(*items, found, count * sizeof *found);
    }
    *n = count;
out:
    free(found);
    return rc;
}
