/*
 * oauth_client.h: what a person brings to a sign-in: the OAuth client (the file that the Google
 * Cloud console gives, or the same two members for Airtable), the address the browser comes back
 * to, and lists of scopes. Pure.
 */
#ifndef NET_OAUTH_CLIENT_H
#define NET_OAUTH_CLIENT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OAUTH_CLIENT_MAX ((size_t)65536) /* bytes of a client file */

struct oauth_client {
    char *id;
    char *secret; /* NULL: a client without one */
    bool web;     /* of Google's type "web application": comes back to registered addresses only */
};
/* Reads {"installed": {"client_id", "client_secret"}}, the same under "web", or the two members
 * themselves. BS_STOP_ALL / BS_K_CONFIG with one sentence; the secret is never part of it. */
enum bs_rc oauth_client_parse(const char *json, size_t len, struct oauth_client *out,
                              struct bs_err *e) BS_MUST_CHECK;
void oauth_client_release(struct oauth_client *c); /* wipes */

#define OAUTH_REDIRECT_MAX 1000

/* Where the browser is sent at the end. */
struct oauth_redirect {
    char url[OAUTH_REDIRECT_MAX];
    char path[OAUTH_REDIRECT_MAX]; /* "/callback", without a query */
    uint16_t port;                 /* 0: no port of this machine: nobody listens */
};
/* http for 127.0.0.1 or localhost, https for everything else, neither fragment nor user name
 * (Airtable, "OAuth reference"; RFC 6749 section 3.1.2). BS_STOP_ALL / BS_K_CONFIG. */
enum bs_rc oauth_redirect_parse(const char *url, struct oauth_redirect *out,
                                struct bs_err *e) BS_MUST_CHECK;

/* Is this scope in a list with spaces between? */
bool oauth_scope_has(const char *scopes, const char *one);
/* Appends the scopes of `wanted` that are not in `given`, with ", " between. */
void oauth_scopes_missing(const char *wanted, const char *given, struct buf *out);

#endif
