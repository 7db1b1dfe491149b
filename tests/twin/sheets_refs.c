/* References in formulas: finding, shifting, printing. See sheets_refs.h and grid.h. */
#include "sheets_refs.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- shifts ---- */

int grid_shift_index(const struct g_shift *s, int index)
{
    if (s->op == SHIFT_INSERT)
        return index >= s->at ? index + s->n : index;
    if (s->op == SHIFT_DELETE) {
        if (index >= s->at + s->n)
            return index - s->n;
        return index >= s->at ? -1 : index;
    }
    int lands = s->to > s->at ? s->to - s->n : s->to;
    if (index >= s->at && index < s->at + s->n)
        return index - s->at + lands;
    if (s->to > s->at && index >= s->at + s->n && index < s->to)
        return index - s->n;
    if (s->to <= s->at && index >= s->to && index < s->at)
        return index + s->n;
    return index;
}

bool grid_shift_span(const struct g_shift *s, int *from, int *to)
{
    if (s->op == SHIFT_INSERT) {
        *to += *to > s->at ? s->n : 0;
        *from += *from >= s->at ? s->n : 0;
        return true;
    }
    if (s->op == SHIFT_DELETE) {
        int end = s->at + s->n;
        *from = *from <= s->at ? *from : *from >= end ? *from - s->n : s->at;
        *to = *to <= s->at ? *to : *to >= end ? *to - s->n : s->at;
        return *to > *from;
    }
    int a = grid_shift_index(s, *from);
    int b = grid_shift_index(s, *to - 1);
    *from = a < b ? a : b;
    *to = (a < b ? b : a) + 1;
    return true;
}

/* ---- reading ---- */

static size_t read_corner(const char *s, struct f_corner *c)
{
    const char *p = s;
    *c = (struct f_corner){.row = -1, .col = -1};
    bool dollar = *p == '$';
    size_t n = isalpha((unsigned char)p[dollar]) ? a1_read_column(p + dollar, &c->col) : 0;
    if (n) {
        c->abs_col = dollar;
        p += n + dollar;
    }
    dollar = *p == '$';
    if (isdigit((unsigned char)p[dollar])) {
        char *end;
        long row = strtol(p + dollar, &end, 10);
        if (row < 1 || row > A1_ROWS_MAX)
            return 0;
        c->row = (int)row - 1;
        c->abs_row = dollar;
        p = end;
    } else if (!n) {
        return 0;
    }
    /* A longer word or a number with a point is no corner. */
    bool word = isalnum((unsigned char)*p) || *p == '_' || *p == '.' || *p == '$';
    return word ? 0 : (size_t)(p - s);
}

/* "Name!" or "'My name'!" before a reference. */
static size_t read_title(const char *s, char **title)
{
    if (*s == '\'') {
        struct tbuf b = {0};
        const char *p = s + 1;
        for (; *p && (*p != '\'' || p[1] == '\''); p++) {
            tb_chr(&b, *p);
            p += *p == '\'';
        }
        if (*p == '\'' && p[1] == '!') {
            *title = tb_take(&b);
            return (size_t)(p + 2 - s);
        }
        tb_free(&b);
        return 0;
    }
    size_t n = 0;
    while (isalnum((unsigned char)s[n]) || s[n] == '_' || (unsigned char)s[n] >= 0x80)
        n++;
    if (!n || s[n] != '!')
        return 0;
    *title = tw_ndup(s, n);
    return n + 1;
}

size_t f_ref_read(const char *s, struct f_ref *ref)
{
    *ref = (struct f_ref){0};
    size_t at = read_title(s, &ref->title);
    size_t n = read_corner(s + at, &ref->a);
    if (n && s[at + n] == ':') {
        size_t m = read_corner(s + at + n + 1, &ref->b);
        if (m && s[at + n + 1 + m] != '(') {
            ref->range = true;
            return at + n + 1 + m;
        }
    }
    if (n && ref->a.row >= 0 && ref->a.col >= 0 && s[at + n] != '(')
        return at + n;
    f_ref_free(ref);
    return 0;
}

void f_ref_free(struct f_ref *ref)
{
    free(ref->title);
    ref->title = NULL;
}

static void put_corner(struct tbuf *b, const struct f_corner *c)
{
    char letters[8];
    if (c->col >= 0) {
        a1_column(c->col, letters);
        tb_fmt(b, "%s%s", c->abs_col ? "$" : "", letters);
    }
    if (c->row >= 0)
        tb_fmt(b, "%s%d", c->abs_row ? "$" : "", c->row + 1);
}

void f_ref_put(struct tbuf *b, const struct f_ref *ref)
{
    if (ref->title) {
        a1_put_title(b, ref->title);
        tb_chr(b, '!');
    }
    put_corner(b, &ref->a);
    if (ref->range) {
        tb_chr(b, ':');
        put_corner(b, &ref->b);
    }
}

/* ---- rewriting a whole formula ---- */

/* What to do with one reference: 0 leave, 1 print the changed one, 2 print #REF!. */
typedef int ref_fn(void *ctx, struct f_ref *ref);

static size_t skip_string(const char *p)
{
    size_t n = 1;
    while (p[n] && p[n] != '"')
        n++;
    return p[n] ? n + 1 : n;
}

static size_t skip_word(const char *p)
{
    size_t n = 0;
    while (isalnum((unsigned char)p[n]) || p[n] == '_' || p[n] == '.' || p[n] == '$' ||
           (unsigned char)p[n] >= 0x80)
        n++;
    return n ? n : 1;
}

/* NULL when nothing has changed. */
static char *rewrite(const char *formula, ref_fn *fn, void *ctx)
{
    struct tbuf b = {0};
    bool changed = false;
    for (const char *p = formula; *p;) {
        struct f_ref ref;
        size_t n = f_ref_read(p, &ref);
        int what = n ? fn(ctx, &ref) : 0;
        if (what == 1)
            f_ref_put(&b, &ref);
        else if (what == 2)
            tb_str(&b, "#REF!");
        changed = changed || what;
        if (!n)
            n = *p == '"' ? skip_string(p) : skip_word(p);
        else
            f_ref_free(&ref);
        if (!what)
            tb_add(&b, p, n);
        p += n;
    }
    if (changed)
        return tb_take(&b);
    tb_free(&b);
    return NULL;
}

struct shift_ctx {
    const struct g_state *st;
    const struct g_sheet *home;
    const struct g_shift *s;
};

static int shift_one(void *ctx, struct f_ref *ref)
{
    const struct shift_ctx *x = ctx;
    const struct g_sheet *sh = ref->title ? grid_by_title(x->st, ref->title) : x->home;
    if (sh != x->s->sheet)
        return 0;
    bool rows = x->s->dim == G_ROWS;
    int *a = rows ? &ref->a.row : &ref->a.col;
    int *b = rows ? &ref->b.row : &ref->b.col;
    int was_a = *a;
    int was_b = *b;
    if (!ref->range || *a < 0 || *b < 0) {
        int *open = *a < 0 ? b : a;
        if (ref->range && *open < 0)
            return 0;
        int to = grid_shift_index(x->s, *open);
        if (to < 0 && !ref->range)
            return 2;
        *open = to < 0 ? x->s->at : to;
    } else {
        int from = *a < *b ? *a : *b;
        int to = (*a < *b ? *b : *a) + 1;
        if (!grid_shift_span(x->s, &from, &to))
            return 2;
        *a = from;
        *b = to - 1;
    }
    return *a != was_a || *b != was_b;
}

char *grid_shift_formula(const struct g_state *st, const char *formula, const struct g_sheet *home,
                         const struct g_shift *s)
{
    struct shift_ctx x = {st, home, s};
    return rewrite(formula, shift_one, &x);
}

static bool shift_corner(struct f_corner *c, int rows, int cols)
{
    if (c->row >= 0 && !c->abs_row)
        c->row += rows;
    else if (c->row < 0)
        rows = 0;
    if (c->col >= 0 && !c->abs_col)
        c->col += cols;
    else if (c->col < 0)
        cols = 0;
    return (c->row >= 0 || !rows) && (c->col >= 0 || !cols);
}

/* A missing row or column is -1 before and after; a shift off the grid is an error. */
static int copy_one(void *ctx, struct f_ref *ref)
{
    const int *by = ctx;
    bool ok = shift_corner(&ref->a, by[0], by[1]);
    if (ref->range)
        ok = shift_corner(&ref->b, by[0], by[1]) && ok;
    return ok ? 1 : 2;
}

char *grid_copy_formula(const char *formula, int rows, int cols)
{
    int by[2] = {rows, cols};
    char *out = rewrite(formula, copy_one, by);
    return out ? out : tw_dup(formula);
}

static int retitle_one(void *ctx, struct f_ref *ref)
{
    const char *const *titles = ctx;
    if (!ref->title || strcasecmp(ref->title, titles[0]) != 0)
        return 0;
    tw_set(&ref->title, titles[1]);
    return 1;
}

char *grid_retitle_formula(const char *formula, const char *old_title, const char *new_title)
{
    const char *titles[2] = {old_title, new_title};
    return rewrite(formula, retitle_one, titles);
}
