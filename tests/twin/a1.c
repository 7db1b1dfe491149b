/* A1 and R1C1 notation: see a1.h. */
#include "a1.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void a1_column(int column, char out[8])
{
    char rev[8];
    int n = 0;
    for (int c = column + 1; c > 0 && n < 7; c = (c - 1) / 26)
        rev[n++] = (char)('A' + (c - 1) % 26);
    for (int i = 0; i < n; i++)
        out[i] = rev[n - 1 - i];
    out[n] = '\0';
}

size_t a1_read_column(const char *s, int *column)
{
    size_t n = 0;
    int c = 0;
    while (isalpha((unsigned char)s[n])) {
        if (++n > 3)
            return 0;
        c = c * 26 + (toupper((unsigned char)s[n - 1]) - 'A' + 1);
    }
    *column = c - 1;
    return n;
}

static size_t read_row(const char *s, int *row)
{
    size_t n = 0;
    long r = 0;
    while (isdigit((unsigned char)s[n]) && n < 9) {
        r = r * 10 + (s[n] - '0');
        n++;
    }
    if (n == 0 || isdigit((unsigned char)s[n]) || r < 1)
        return 0;
    *row = (int)r - 1;
    return n;
}

/* One corner: "A1", "A", "1", with dollar signs; a missing part is -1. */
static size_t read_corner(const char *s, int *row, int *column)
{
    const char *p = s;
    *row = *column = -1;
    bool dollar = *p == '$';
    size_t n = a1_read_column(p + dollar, column);
    if (n)
        p += n + dollar;
    dollar = *p == '$';
    if (isalpha((unsigned char)p[0]))
        return 0;
    n = read_row(p + dollar, row);
    if (n)
        p += n + dollar;
    else if (isdigit((unsigned char)p[dollar]) || dollar)
        return 0;
    return (size_t)(p - s);
}

/* "R3C4", "R3", "C4"; absolute only, as the API takes them. */
static size_t read_r1c1(const char *s, int *row, int *column)
{
    const char *p = s;
    *row = *column = -1;
    if (*p == 'R') {
        size_t n = read_row(p + 1, row);
        if (!n)
            return 0;
        p += n + 1;
    }
    if (*p == 'C') {
        size_t n = read_row(p + 1, column);
        if (!n)
            return 0;
        p += n + 1;
    }
    return (size_t)(p - s);
}

static void order(int *a, int *b)
{
    if (*b < *a) {
        int t = *a;
        *a = *b;
        *b = t;
    }
}

/* From two corners, inclusive, to a half-open box. */
static bool make_box(int r0, int c0, int r1, int c1, struct a1_box *box)
{
    /* 3:5 and A:C: both ends lack the same part; A2:B and A2:5 lack it at one end only. */
    if (r0 >= 0 && r1 >= 0)
        order(&r0, &r1);
    else if (r1 >= 0) {
        r0 = r1;
        r1 = -1;
    }
    if (c0 >= 0 && c1 >= 0)
        order(&c0, &c1);
    else if (c1 >= 0) {
        c0 = c1;
        c1 = -1;
    }
    if (c0 >= A1_COLUMNS_MAX || c1 >= A1_COLUMNS_MAX)
        return false;
    box->r0 = r0 < 0 ? 0 : r0;
    box->c0 = c0 < 0 ? 0 : c0;
    box->r1 = r1 < 0 ? -1 : r1 + 1;
    box->c1 = c1 < 0 ? -1 : c1 + 1;
    return true;
}

bool a1_read_box(const char *s, struct a1_box *box)
{
    size_t (*const readers[])(const char *, int *, int *) = {read_corner, read_r1c1};
    for (size_t i = 0; i < 2; i++) {
        int r0;
        int c0;
        int r1;
        int c1;
        size_t n = readers[i](s, &r0, &c0);
        if (!n)
            continue;
        if (!s[n]) {
            /* One corner alone must be a cell; "A" and "1" are titles. */
            if (r0 >= 0 && c0 >= 0)
                return make_box(r0, c0, r0, c0, box);
            continue;
        }
        if (s[n] != ':')
            continue;
        size_t m = readers[i](s + n + 1, &r1, &c1);
        if (m && !s[n + 1 + m])
            return make_box(r0, c0, r1, c1, box);
    }
    return false;
}

/* A quoted title at the start of s: the number of bytes, 0 when it does not end. */
static size_t read_quoted(const char *s, struct tbuf *title)
{
    const char *p = s + 1;
    for (; *p; p++) {
        if (*p != '\'') {
            tb_chr(title, *p);
        } else if (p[1] == '\'') {
            tb_chr(title, '\'');
            p++;
        } else {
            return (size_t)(p + 1 - s);
        }
    }
    return 0;
}

bool a1_read(const char *s, struct a1_ref *ref)
{
    *ref = (struct a1_ref){.box = {0, 0, -1, -1}};
    size_t len = strlen(s);
    if (!len || isspace((unsigned char)s[0]) || isspace((unsigned char)s[len - 1]))
        return false;
    if (s[0] == '\'') {
        struct tbuf title = {0};
        size_t n = read_quoted(s, &title);
        if (n && (!s[n] || s[n] == '!')) {
            ref->title = tb_take(&title);
            ref->quoted = true;
            ref->cells = s[n] == '!';
            if (!ref->cells || a1_read_box(s + n + 1, &ref->box))
                return true;
            a1_ref_free(ref);
            return false;
        }
        tb_free(&title);
    }
    const char *bang = strrchr(s, '!');
    if (bang) {
        if (!a1_read_box(bang + 1, &ref->box))
            return false;
        ref->title = bang == s ? NULL : tw_ndup(s, (size_t)(bang - s));
        ref->cells = true;
        return true;
    }
    ref->cells = a1_read_box(s, &ref->box);
    ref->title = ref->cells ? NULL : tw_dup(s);
    return true;
}

void a1_ref_free(struct a1_ref *ref)
{
    free(ref->title);
    ref->title = NULL;
}

void a1_put_title(struct tbuf *b, const char *title)
{
    struct a1_box box;
    int row;
    int column;
    bool plain = isalpha((unsigned char)title[0]) || title[0] == '_';
    for (const char *p = title; *p && plain; p++)
        plain = isalnum((unsigned char)*p) || *p == '_';
    if (plain && (a1_read_box(title, &box) || !title[read_r1c1(title, &row, &column)]))
        plain = false;
    if (plain) {
        tb_str(b, title);
        return;
    }
    tb_chr(b, '\'');
    for (const char *p = title; *p; p++) {
        if (*p == '\'')
            tb_chr(b, '\'');
        tb_chr(b, *p);
    }
    tb_chr(b, '\'');
}

char *a1_text(const char *title, const struct a1_box *box)
{
    struct tbuf b = {0};
    char c0[8];
    char c1[8];
    a1_column(box->c0, c0);
    a1_column(box->c1 - 1, c1);
    if (title) {
        a1_put_title(&b, title);
        tb_chr(&b, '!');
    }
    tb_fmt(&b, "%s%d", c0, box->r0 + 1);
    if (box->r1 - box->r0 != 1 || box->c1 - box->c0 != 1)
        tb_fmt(&b, ":%s%d", c1, box->r1);
    return tb_take(&b);
}

bool a1_intersects(const struct a1_box *a, const struct a1_box *b)
{
    bool rows = (a->r1 < 0 || b->r0 < a->r1) && (b->r1 < 0 || a->r0 < b->r1);
    bool cols = (a->c1 < 0 || b->c0 < a->c1) && (b->c1 < 0 || a->c0 < b->c1);
    return rows && cols;
}
