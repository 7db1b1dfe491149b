/*
 * auth_p.h: what auth.c and grant.c share.
 */
#ifndef REMOTE_AUTH_P_H
#define REMOTE_AUTH_P_H

#include "net/oauth.h"
#include "remote/auth.h"

#define TOKEN_TRIES 4

/* One request to a token server. basic: "id:secret" or NULL. *date_ms: what the server's clock
 * said, 0 when it did not. Errors as in oauth_read_answer. */
enum bs_rc auth_ask(struct http *http, const char *url, const char *basic, const struct buf *form,
                    struct oauth_tokens *out, int64_t *date_ms, struct bs_err *e) BS_MUST_CHECK;
/* Sleeps; BS_STOP_SYNC when a stop signal came. */
enum bs_rc auth_pause(int64_t ms, struct bs_err *e) BS_MUST_CHECK;

/* Who holds this lease alone refreshes or replaces the connection's tokens. Waits for the one
 * before. */
enum bs_rc auth_lease_take(struct store *s, const char *connection_id,
                           struct bs_err *e) BS_MUST_CHECK;
void auth_lease_release(struct store *s, const char *connection_id);

#endif
