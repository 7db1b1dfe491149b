/*
 * grant.h: the beginning and the end of a sign-in by OAuth: a code becomes tokens, a connection is
 * put in the place of an older one without a refresh that is under way undoing it, and a grant is
 * taken back. What happens in between is auth.h's.
 */
#ifndef REMOTE_GRANT_H
#define REMOTE_GRANT_H

#include "net/http.h"
#include "net/oauth.h"
#include "net/oauth_client.h"
#include "remote/remote.h"
#include "store/connections.h"

struct grant_code {
    enum service service;
    const struct oauth_client *client;
    const char *code, *redirect, *verifier;
};
/* Asks the service's token server. A code is good for one try: when an answer was lost the second
 * try may be refused (BS_K_OAUTH), and only a new sign-in helps. Errors as in oauth_read_answer. */
enum bs_rc grant_exchange(struct http *http, const struct endpoints *ep, const struct grant_code *g,
                          struct oauth_tokens *out, struct bs_err *e) BS_MUST_CHECK;

/* connection_put, while nobody refreshes the connection that it replaces. */
enum bs_rc grant_store(struct store *s, const struct connection *c, struct bs_err *e) BS_MUST_CHECK;

/* Takes a Google grant back by one of its tokens; with it go all tokens that the account has given
 * to the same client. BS_SKIP when Google knows the token no more; else the way of
 * oauth_read_answer. */
enum bs_rc grant_revoke(struct http *http, const struct endpoints *ep, const char *token,
                        struct bs_err *e) BS_MUST_CHECK;

/* The e-mail address of the Google account that an access token belongs to (needs the scope email).
 * Appends it to out. */
enum bs_rc grant_email(struct http *http, const struct endpoints *ep, const char *access_token,
                       struct buf *out, struct bs_err *e) BS_MUST_CHECK;

#endif
