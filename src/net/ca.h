/*
 * ca.h: which CA certificates are trusted: ca_file of the INI, SSL_CERT_FILE, the distributions'
 * bundles, else the Mozilla bundle embedded in the binary. Never a CA directory (mbedTLS would read
 * every file for each connection).
 */
#ifndef NET_CA_H
#define NET_CA_H

#include "base/err.h"

#include <stddef.h>

struct ca_choice {
    char path[512];     /* file in use; "" when embedded */
    const void *blob;   /* embedded bundle (NUL-terminated PEM), else NULL */
    size_t blob_len;    /* includes the NUL */
    const char *origin; /* "ca_file", "SSL_CERT_FILE", "system", "embedded" */
};

/* configured: the INI's ca_file or NULL. A configured file that cannot be read is an error
 * (BS_STOP_ALL, BS_K_CONFIG), never a silent fall back. */
enum bs_rc ca_choose(const char *configured, struct ca_choice *out, struct bs_err *e) BS_MUST_CHECK;

#endif
