/* a1.c: see a1.h. */
#include "model/a1.h"

#include "base/str.h"

#include <assert.h>
#include <string.h>

#define OPEN UINT32_MAX
/* No sheet has more rows than a spreadsheet may have cells. */
#define ROWS_MAX 10000000
#define ID_MIN 10
#define ID_MAX 200

void a1_column(uint32_t column, char out[4])
{
    char text[4];
    size_t len = 0;

    assert(column < A1_COLUMNS_MAX);
    for (uint32_t v = column + 1; v > 0; v = (v - 1) / 26) {
        text[len++] = (char)('A' + (v - 1) % 26);
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = text[len - 1 - i];
    }
    out[len] = '\0';
}

bool a1_parse_column(const char *s, uint32_t *column, const char **rest)
{
    uint32_t v = 0;
    const char *p = s;

    for (;; p++) {
        char c = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;

        if (c < 'A' || c > 'Z') {
            break;
        }
        if (p - s == 3) {
            return false;
        }
        v = v * 26 + (uint32_t)(c - 'A' + 1);
    }
    if (p == s) {
        return false;
    }
    *column = v - 1;
    *rest = p;
    return true;
}

static void print_title(struct buf *b, const char *title)
{
    buf_addc(b, '\'');
    for (; *title; title++) {
        if (*title == '\'') {
            buf_addc(b, '\'');
        }
        buf_addc(b, *title);
    }
    buf_addc(b, '\'');
}

static void print_corner(struct buf *b, uint32_t column, uint32_t row)
{
    char text[4];

    if (column != OPEN) {
        a1_column(column, text);
        buf_adds(b, text);
    }
    if (row != OPEN) {
        buf_addf(b, "%lu", (unsigned long)row);
    }
}

void a1_print(struct buf *b, const char *title, const struct a1_range *r)
{
    if (title) {
        print_title(b, title);
        buf_addc(b, '!');
    }
    print_corner(b, r->col0, r->row0);
    if (r->col0 == r->col1 && r->row0 == r->row1) {
        return;
    }
    buf_addc(b, ':');
    /* Something must stand behind the colon: the last column there can be is as good as open. */
    print_corner(b, r->col1 == OPEN && r->row1 == OPEN ? A1_COLUMNS_MAX - 1 : r->col1, r->row1);
}

struct corner {
    uint32_t column, row; /* OPEN: not named */
};

static bool parse_corner(const char **p, struct corner *c)
{
    const char *digits;
    uint32_t row = 0;

    c->column = OPEN;
    c->row = OPEN;
    if (!a1_parse_column(*p, &c->column, &digits)) {
        digits = *p;
    }
    for (*p = digits; **p >= '0' && **p <= '9'; (*p)++) {
        row = row * 10 + (uint32_t)(**p - '0');
        if (row > ROWS_MAX) {
            return false;
        }
    }
    if (*p > digits) {
        c->row = row;
    }
    return c->row != 0 && (c->column != OPEN || c->row != OPEN);
}

static void order(uint32_t *low, uint32_t *high)
{
    if (*low > *high) {
        uint32_t v = *low;

        *low = *high;
        *high = v;
    }
}

/* A corner that names no column starts at the first or ends open; the same for rows. */
static bool parse_range(const char *p, struct a1_range *r)
{
    struct corner first;
    struct corner last;

    if (!parse_corner(&p, &first)) {
        return false;
    }
    last = first;
    if (*p == ':') {
        p++;
        if (!parse_corner(&p, &last)) {
            return false;
        }
    } else if (first.column == OPEN || first.row == OPEN) {
        return false; /* "A" and "1" alone are names, not ranges */
    }
    r->col0 = first.column == OPEN ? 0 : first.column;
    r->row0 = first.row == OPEN ? 1 : first.row;
    r->col1 = last.column;
    r->row1 = last.row;
    order(&r->col0, &r->col1);
    order(&r->row0, &r->row1);
    if (r->col1 == A1_COLUMNS_MAX - 1 && r->col0 < r->col1) {
        r->col1 = OPEN;
    }
    return *p == '\0';
}

/* Reads 'It''s' and leaves *p behind it. */
static bool parse_quoted_title(const char **p, struct buf *title)
{
    const char *s = *p + 1;

    for (;; s++) {
        if (*s == '\0') {
            return false;
        }
        if (*s == '\'' && *++s != '\'') {
            break;
        }
        if (title) {
            buf_addc(title, *s);
        }
    }
    *p = s;
    return true;
}

bool a1_parse(const char *s, struct buf *title, struct a1_range *r)
{
    size_t before = title ? title->len : 0;
    const char *bang = strrchr(s, '!');

    if (*s == '\'') {
        if (!parse_quoted_title(&s, title) || (title && title->len == before)) {
            return false;
        }
        if (*s == '\0') {
            *r = (struct a1_range){0, OPEN, 1, OPEN};
            return !title || !title->over;
        }
        if (*s++ != '!') {
            return false;
        }
    } else if (bang) {
        if (bang == s) {
            return false;
        }
        if (title) {
            buf_add(title, s, (size_t)(bang - s));
        }
        s = bang + 1;
    }
    return parse_range(s, r) && (!title || !title->over);
}

static bool is_id_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* The id at the start of s, ended by one of the characters of `ends` or the end of the text. */
static bool take_id(const char *s, const char *ends, struct buf *id)
{
    size_t len = 0;

    while (is_id_char(s[len])) {
        len++;
    }
    return len >= ID_MIN && len <= ID_MAX && (s[len] == '\0' || strchr(ends, s[len])) &&
           buf_add(id, s, len);
}

/* The number behind the last "gid=" of the query or the fragment; -1 when there is none. */
static bool take_gid(const char *address, int64_t *gid)
{
    char digits[16];
    size_t len;

    *gid = -1;
    for (const char *p = address; (p = strstr(p, "gid=")); p += 4) {
        if (p == address || !strchr("#?&", p[-1])) {
            continue;
        }
        len = strspn(p + 4, "0123456789");
        if (len == 0 || len >= sizeof digits) {
            return false;
        }
        memcpy(digits, p + 4, len);
        digits[len] = '\0';
        if (!str_to_i64(digits, 0, INT32_MAX, gid)) {
            return false;
        }
    }
    return true;
}

bool a1_parse_spreadsheet(const char *address, struct buf *id, int64_t *gid)
{
    const char *path = strstr(address, "/spreadsheets/");
    const char *d;

    if (!path) {
        *gid = -1;
        return take_id(address, "", id);
    }
    d = strstr(path, "/d/"); /* .../spreadsheets/d/ID, or .../spreadsheets/u/0/d/ID */
    return d && take_id(d + strlen("/d/"), "/?#", id) && take_gid(address, gid);
}
