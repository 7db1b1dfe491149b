/*
 * gunzip.h: texts that the build has packed into the program (RFC 1952). The only user of zlib.h.
 */
#ifndef NET_GUNZIP_H
#define NET_GUNZIP_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* Appends what is packed in data[0..len); false when it is damaged, cut short or longer than the
 * buffer may grow: what was appended by then is of no use. */
bool gunzip(const void *data, size_t len, struct buf *out) BS_MUST_CHECK;

#endif
