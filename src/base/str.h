/*
 * str.h: text. Numbers from text with bounds, UTF-8 checks, encodings (hex, base64, percent), and
 * the one number printer of the program: the shortest text that reads back as the same double.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whole string must be a decimal integer within [min, max]; leading/trailing space is refused. */
bool str_to_i64(const char *s, int64_t min, int64_t max, int64_t *out) BS_MUST_CHECK;
/* Whole string must be a finite JSON-style or plain decimal number, '.' as the point. */
bool str_to_double(const char *s, double *out) BS_MUST_CHECK;
#define STR_DOUBLE_MAX 32
/* Shortest text that strtod reads back as the same double (tries 15, 16, 17 digits), locale-free;
 * integers below 1e15 without a point or exponent; -0 prints as 0. v must be finite. */
void str_from_double(double v, char out[STR_DOUBLE_MAX]);

bool str_eq(const char *a, const char *b);    /* NULL equals NULL only */
bool str_eq_ci(const char *a, const char *b); /* ASCII case folded */
bool str_starts(const char *s, const char *prefix);
/* Trims ASCII white space at both ends in place and returns the new start. */
char *str_trim(char *s);
/* Turns control characters (C0, DEL, and C1 in UTF-8) into spaces in place, so that text from
 * outside can neither break a line nor steer a terminal. */
void str_clean(char *s);
/* Copies into a fixed array, always NUL-terminated; false when it had to cut. */
bool str_copy(char *dst, size_t size, const char *src);

/* For a text that was cut to fill its array of `size` (more than 4) bytes: makes it end in "...",
 * not within a code point. */
void str_mark_cut(char *s, size_t size);

/* True when s[0..len) is well-formed UTF-8 without NUL (RFC 3629). */
bool utf8_valid(const char *s, size_t len);
/* Bytes of the well-formed code point at the start of s[0..len), its value in *cp (which may be
 * NULL); 0 when there is none. */
size_t utf8_decode(const char *s, size_t len, uint32_t *cp);
/* Bytes of the longest prefix that needs at most `width` terminal columns and cuts no code point.
 */
size_t utf8_cut(const char *s, size_t len, size_t width);
/* Number of code points; s must be valid. */
size_t utf8_count(const char *s, size_t len);
/* Number of UTF-16 units: how Google Sheets counts the characters of a cell. */
size_t utf8_utf16_units(const char *s, size_t len);
/* Columns a terminal needs (wide and zero-width code points counted roughly). */
size_t utf8_width(const char *s, size_t len);

void hex_encode(const uint8_t *p, size_t len, char *out);               /* out: 2 * len + 1 */
bool hex_decode(const char *s, uint8_t *out, size_t len) BS_MUST_CHECK; /* exactly len bytes */
/* Appends base64 (standard alphabet with padding) or base64url without padding (RFC 4648). */
void base64_encode(struct buf *b, const void *p, size_t len);
void base64url_encode(struct buf *b, const void *p, size_t len);
/* Decodes either alphabet, padding optional, white space refused; false on any other character and
 * on bits that belong to no byte, so that one byte string has one text per alphabet. */
bool base64_decode(struct buf *b, const char *s) BS_MUST_CHECK;
/* Appends s percent-encoded but for RFC 3986 unreserved characters. */
void url_encode(struct buf *b, const char *s);
/* Decodes %XX and, when plus_is_space, '+'; false on malformed input and on %00, which no C string
 * can hold. */
bool url_decode(struct buf *b, const char *s, size_t len, bool plus_is_space) BS_MUST_CHECK;

/* Damerau-Levenshtein distance of two short ASCII words, for "did you mean". */
size_t str_distance(const char *a, const char *b);

#endif
