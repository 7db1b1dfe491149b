/* encode.c: the encodings of str.h: hex, base64 (RFC 4648), percent (RFC 3986). */
#include "base/str.h"

#include <string.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

void hex_encode(const uint8_t *p, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    out[2 * len] = '\0';
}

bool hex_decode(const char *s, uint8_t *out, size_t len)
{
    if (strnlen(s, 2 * len + 1) != 2 * len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        int high = hex_value(s[2 * i]);
        int low = hex_value(s[2 * i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

#define BASE64_COMMON "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static void encode64(struct buf *b, const uint8_t *p, size_t len, const char *alphabet, bool pad)
{
    for (size_t i = 0; i < len; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        uint32_t v = (uint32_t)p[i] << 16;
        char quad[4];

        if (n > 1) {
            v |= (uint32_t)p[i + 1] << 8;
        }
        if (n > 2) {
            v |= p[i + 2];
        }
        for (int k = 0; k < 4; k++) {
            quad[k] = alphabet[v >> (18 - 6 * k) & 63];
        }
        buf_add(b, quad, n + 1);
        if (pad) {
            buf_add(b, "==", 3 - n);
        }
    }
}

void base64_encode(struct buf *b, const void *p, size_t len)
{
    encode64(b, p, len, BASE64_COMMON "+/", true);
}

void base64url_encode(struct buf *b, const void *p, size_t len)
{
    encode64(b, p, len, BASE64_COMMON "-_", false);
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == '+' || c == '-') {
        return 62;
    }
    return c == '/' || c == '_' ? 63 : -1;
}

bool base64_decode(struct buf *b, const char *s)
{
    size_t len = strlen(s);
    uint32_t v = 0;
    unsigned bits = 0;

    if (len > 0 && s[len - 1] == '=') {
        if (len % 4 != 0) {
            return false;
        }
        len -= s[len - 2] == '=' ? 2 : 1;
    }
    if (len % 4 == 1) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        int d = base64_value(s[i]);

        if (d < 0) {
            return false;
        }
        v = v << 6 | (uint32_t)d;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            buf_addc(b, (char)(uint8_t)(v >> bits));
            v &= (1u << bits) - 1;
        }
    }
    return v == 0 && !b->over;
}

static bool is_unreserved(char c)
{
    return c != '\0' && strchr(BASE64_COMMON "-._~", c);
}

void url_encode(struct buf *b, const char *s)
{
    for (; *s; s++) {
        if (is_unreserved(*s)) {
            buf_addc(b, *s);
        } else {
            buf_addf(b, "%%%02X", (unsigned char)*s);
        }
    }
}

bool url_decode(struct buf *b, const char *s, size_t len, bool plus_is_space)
{
    for (size_t i = 0; i < len; i++) {
        int high;
        int low;

        if (s[i] != '%') {
            buf_addc(b, s[i] == '+' && plus_is_space ? ' ' : s[i]);
            continue;
        }
        if (len - i < 3) {
            return false;
        }
        high = hex_value(s[i + 1]);
        low = hex_value(s[i + 2]);
        if (high < 0 || low < 0 || (high == 0 && low == 0)) {
            return false;
        }
        buf_addc(b, (char)(uint8_t)(high << 4 | low));
        i += 2;
    }
    return !b->over;
}
