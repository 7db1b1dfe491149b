/* gunzip.c: see gunzip.h. */
#include "net/gunzip.h"

#include <limits.h>
#include <zlib.h>

#define GZIP_ONLY 16 /* added to the window's size: a gzip header and trailer are demanded */

bool gunzip(const void *data, size_t len, struct buf *out)
{
    z_stream z = {0};
    unsigned char piece[4096];
    int code;

    if (len > UINT_MAX || inflateInit2(&z, MAX_WBITS + GZIP_ONLY) != Z_OK) {
        return false;
    }
    z.next_in = (unsigned char *)data;
    z.avail_in = (uInt)len;
    do {
        z.next_out = piece;
        z.avail_out = sizeof piece;
        code = inflate(&z, Z_NO_FLUSH);
        if (!buf_add(out, piece, sizeof piece - z.avail_out)) {
            code = Z_BUF_ERROR;
        }
    } while (code == Z_OK);
    inflateEnd(&z);
    return code == Z_STREAM_END;
}
