/* utf8.c: the UTF-8 part of str.h. */
#include "base/str.h"

#include <string.h>

size_t utf8_decode(const char *s, size_t len, uint32_t *cp)
{
    /* Least code point of each length: anything below is an over-long form. */
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)s;
    size_t n;
    uint32_t v;

    if (len == 0) {
        return 0;
    }
    if (p[0] < 0x80) {
        n = 1;
        v = p[0];
    } else if (p[0] >= 0xC2 && p[0] < 0xE0) {
        n = 2;
        v = p[0] & 0x1Fu;
    } else if (p[0] >= 0xE0 && p[0] < 0xF0) {
        n = 3;
        v = p[0] & 0x0Fu;
    } else if (p[0] >= 0xF0 && p[0] < 0xF5) {
        n = 4;
        v = p[0] & 0x07u;
    } else {
        return 0;
    }
    if (n > len) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return 0;
        }
        v = v << 6 | (p[i] & 0x3Fu);
    }
    if (v < least[n] || v > 0x10FFFF || (v >= 0xD800 && v <= 0xDFFF)) {
        return 0;
    }
    if (cp) {
        *cp = v;
    }
    return n;
}

bool utf8_valid(const char *s, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t n = utf8_decode(s + i, len - i, NULL);

        if (n == 0 || s[i] == '\0') {
            return false;
        }
        i += n;
    }
    return true;
}

size_t utf8_count(const char *s, size_t len)
{
    size_t count = 0;

    for (size_t i = 0; i < len; i++) {
        count += ((unsigned char)s[i] & 0xC0) != 0x80;
    }
    return count;
}

size_t utf8_utf16_units(const char *s, size_t len)
{
    size_t units = utf8_count(s, len);

    for (size_t i = 0; i < len; i++) {
        units += (unsigned char)s[i] >= 0xF0; /* a surrogate pair */
    }
    return units;
}

/* Ranges whose width is not 1, after Unicode's EastAsianWidth (W, F) and the combining marks, in
 * rough blocks: a table that is off by a column is no harm. */
static const struct {
    uint32_t first, last;
    unsigned width;
} widths[] = {
    {0x0300, 0x036F, 0},   {0x0483, 0x0489, 0},   {0x0591, 0x05BD, 0},   {0x064B, 0x065F, 0},
    {0x0E31, 0x0E31, 0},   {0x0E34, 0x0E3A, 0},   {0x0E47, 0x0E4E, 0},   {0x1100, 0x115F, 2},
    {0x1AB0, 0x1AFF, 0},   {0x1DC0, 0x1DFF, 0},   {0x200B, 0x200F, 0},   {0x202A, 0x202E, 0},
    {0x2060, 0x2064, 0},   {0x20D0, 0x20FF, 0},   {0x231A, 0x231B, 2},   {0x23E9, 0x23EC, 2},
    {0x25FD, 0x25FE, 2},   {0x2614, 0x2615, 2},   {0x2648, 0x2653, 2},   {0x26AA, 0x26AB, 2},
    {0x26BD, 0x26BE, 2},   {0x26C4, 0x26C5, 2},   {0x2705, 0x2705, 2},   {0x270A, 0x270B, 2},
    {0x2728, 0x2728, 2},   {0x274C, 0x274C, 2},   {0x2753, 0x2755, 2},   {0x2795, 0x2797, 2},
    {0x2B50, 0x2B50, 2},   {0x2B55, 0x2B55, 2},   {0x2E80, 0x303E, 2},   {0x3041, 0x33FF, 2},
    {0x3400, 0x4DBF, 2},   {0x4E00, 0x9FFF, 2},   {0xA000, 0xA4CF, 2},   {0xA960, 0xA97F, 2},
    {0xAC00, 0xD7A3, 2},   {0xF900, 0xFAFF, 2},   {0xFE00, 0xFE0F, 0},   {0xFE20, 0xFE2F, 0},
    {0xFE30, 0xFE6F, 2},   {0xFEFF, 0xFEFF, 0},   {0xFF00, 0xFF60, 2},   {0xFFE0, 0xFFE6, 2},
    {0x1F1E6, 0x1F1FF, 1}, {0x1F300, 0x1F3FA, 2}, {0x1F3FB, 0x1F3FF, 0}, {0x1F400, 0x1F64F, 2},
    {0x1F680, 0x1F6FF, 2}, {0x1F7E0, 0x1F7EB, 2}, {0x1F900, 0x1F9FF, 2}, {0x1FA70, 0x1FAFF, 2},
    {0x20000, 0x3FFFD, 2}, {0xE0000, 0xE01EF, 0},
};

static unsigned code_point_width(uint32_t cp)
{
    size_t lo = 0;
    size_t hi = sizeof widths / sizeof widths[0];

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (cp > widths[mid].last) {
            lo = mid + 1;
        } else if (cp < widths[mid].first) {
            hi = mid;
        } else {
            return widths[mid].width;
        }
    }
    return 1;
}

#define ZERO_WIDTH_JOINER 0x200Du

/* Walks the prefix that fits in `limit` columns; gives its bytes and, in *width, its columns. A
 * byte that is not UTF-8 counts as one column; what a joiner glues to an emoji counts as none. */
static size_t measure(const char *s, size_t len, size_t limit, size_t *width)
{
    size_t columns = 0;
    size_t i = 0;
    uint32_t before = 0;

    while (i < len) {
        uint32_t cp = 0xFFFD;
        size_t n = utf8_decode(s + i, len - i, &cp);
        unsigned w = before == ZERO_WIDTH_JOINER ? 0 : code_point_width(cp);

        if (w > limit - columns) {
            break;
        }
        columns += w;
        i += n > 0 ? n : 1;
        before = cp;
    }
    *width = columns;
    return i;
}

size_t utf8_width(const char *s, size_t len)
{
    size_t width;

    measure(s, len, SIZE_MAX, &width);
    return width;
}

size_t utf8_cut(const char *s, size_t len, size_t width)
{
    size_t used;

    return measure(s, len, width, &used);
}
