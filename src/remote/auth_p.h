/*
 * auth_p.h: what auth.c and grant.c share.
 */
#ifndef REMOTE_AUTH_P_H
#define REMOTE_AUTH_P_H

#include "net/oauth.h"
#include "remote/auth.h"

#define TOKEN_TRIES 4

/* Google takes id and secret in the body of a request, Airtable in its header. */
static inline bool auth_secret_in_body(enum service service)
{
    return service == SERVICE_GOOGLE;
}
/* One request to the service's token server in the name of an OAuth client; secret NULL: it has
 * none. The form is made with auth_secret_in_body. Errors as in oauth_read_answer. */
enum bs_rc auth_ask_as_client(struct http *http, const struct endpoints *ep, enum service service,
                              const char *id, const char *secret, const struct buf *form,
                              struct oauth_tokens *out, struct bs_err *e) BS_MUST_CHECK;
/* Sleeps; BS_STOP_SYNC when a stop signal came. */
enum bs_rc auth_pause(int64_t ms, struct bs_err *e) BS_MUST_CHECK;

/* Who holds this lease alone refreshes or replaces the connection's tokens. Waits for the one
 * before. */
enum bs_rc auth_lease_take(struct store *s, const char *connection_id,
                           struct bs_err *e) BS_MUST_CHECK;
void auth_lease_release(struct store *s, const char *connection_id);

#endif
