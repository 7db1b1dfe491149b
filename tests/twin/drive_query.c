/* The searches of files.list, as far as spreadsheets are looked for with them. See drive.h. */
#include "drive.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void blanks(const char **p)
{
    while (isspace((unsigned char)**p))
        ++*p;
}

static bool take(const char **p, const char *word)
{
    size_t n = strlen(word);
    blanks(p);
    if (strncmp(*p, word, n) != 0)
        return false;
    *p += n;
    return true;
}

/* A text in single or double quotes; a backslash keeps the next character. */
static char *quoted(const char **p)
{
    struct tbuf b = {0};
    blanks(p);
    char quote = **p;
    if (quote != '\'' && quote != '"')
        return NULL;
    for (++*p; **p && **p != quote; ++*p) {
        if (**p == '\\' && (*p)[1])
            ++*p;
        tb_chr(&b, **p);
    }
    if (**p != quote) {
        tb_free(&b);
        return NULL;
    }
    ++*p;
    return tb_take(&b);
}

static bool read_term(const char **p, struct drive_term *t)
{
    static const char *const fields[] = {"name", "mimeType", "trashed"};
    blanks(p);
    t->negated = take(p, "not ");
    blanks(p);
    if (**p == '\'' || **p == '"') {
        t->value = quoted(p);
        memcpy(t->field, "parents", 8);
        return t->value && take(p, "in") && take(p, "parents");
    }
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (!take(p, fields[i]))
            continue;
        memcpy(t->field, fields[i], strlen(fields[i]) + 1);
        t->contains = i == 0 && take(p, "contains");
        if (!t->contains && take(p, "!="))
            t->negated = !t->negated;
        else if (!t->contains && !take(p, "="))
            return false;
        if (i < 2)
            t->value = quoted(p);
        else if (take(p, "true"))
            t->value = tw_dup("true");
        else if (take(p, "false"))
            t->value = tw_dup("false");
        return t->value != NULL;
    }
    return false;
}

bool drive_query_read(const char *text, struct drive_query *q)
{
    *q = (struct drive_query){0};
    const char *p = text;
    blanks(&p);
    while (*p) {
        if (q->n == DRIVE_TERMS_MAX || !read_term(&p, &q->term[q->n++])) {
            drive_query_free(q);
            return false;
        }
        blanks(&p);
        if (*p && !take(&p, "and ")) {
            drive_query_free(q);
            return false;
        }
    }
    return true;
}

void drive_query_free(struct drive_query *q)
{
    for (size_t i = 0; i < q->n; i++)
        free(q->term[i].value);
    q->n = 0;
}

static bool matches(const struct drive_term *t, const struct book *b)
{
    if (strcmp(t->field, "name") == 0)
        return t->contains ? strcasestr(b->now->title, t->value) != NULL
                           : strcmp(b->now->title, t->value) == 0;
    if (strcmp(t->field, "mimeType") == 0)
        return strcmp(b->mime, t->value) == 0;
    if (strcmp(t->field, "parents") == 0)
        return b->parent && strcmp(b->parent, t->value) == 0;
    return b->trashed == (strcmp(t->value, "true") == 0);
}

bool drive_query_matches(const struct drive_query *q, const struct book *b)
{
    for (size_t i = 0; i < q->n; i++)
        if (matches(&q->term[i], b) == q->term[i].negated)
            return false;
    return true;
}
