/*
 * auth.h: a valid access token for one connection, whatever its kind. Airtable personal tokens are
 * given as they are; OAuth pairs are refreshed by one process at a time (a lease), and the new pair
 * is durable before anybody uses it; Google service accounts sign a new assertion when the cached
 * token is about to lapse, with the token server's clock when ours is wrong. invalid_grant and its
 * like mark the connection (needsReauth); a network failure never does.
 */
#ifndef REMOTE_AUTH_H
#define REMOTE_AUTH_H

#include "base/err.h"
#include "net/http.h"
#include "remote/remote.h"
#include "store/connections.h"
#include "store/store.h"

#include <stdbool.h>

struct auth;

/* Opens the user's connection of the service. BS_STOP_SYNC / BS_K_CONFIG when there is none (with
 * the command that makes one); BS_K_OAUTH when it is marked needsReauth. store, http, ep are
 * borrowed. */
enum bs_rc auth_new(struct store *store, struct http *http, const struct endpoints *ep,
                    const char *user_id, enum service service, struct auth **out,
                    struct bs_err *e) BS_MUST_CHECK;
/* The same for a credential that is to be tried before it is stored: nothing of it is kept. c is
 * borrowed as long as the auth. */
struct auth *auth_new_unsaved(struct store *store, struct http *http, const struct endpoints *ep,
                              struct connection *c);
void auth_free(struct auth *a); /* wipes; NULL is nothing */

/* A token that is valid for some minutes more, borrowed until the next call. again: the last one
 * was refused with 401, get another (a personal token is only read anew: its owner may have
 * connected again). BS_STOP_SYNC / BS_K_OAUTH: the grant is refused, which the connection now says,
 * too. BS_RETRY / BS_K_NETWORK: the token server could not be asked; nothing is remembered. */
enum bs_rc auth_token(struct auth *a, bool again, const char **token,
                      struct bs_err *e) BS_MUST_CHECK;
/* "robot@project.iam.gserviceaccount.com", "usr..." or an e-mail: for people. Borrowed. */
const char *auth_account(const struct auth *a);
/* "basesync connect sheets --oauth --user anna": what brings this credential anew. Borrowed until
 * the next call. */
const char *auth_connect_command(struct auth *a);
/* Name of the quota bucket shared by everything that uses this credential. Borrowed. */
const char *auth_quota_key(const struct auth *a);
/* The Google project whose quota the credential uses; "" unknown. Borrowed. */
const char *auth_project(const struct auth *a);
/* False for one made by auth_new_unsaved. */
bool auth_is_stored(const struct auth *a);
const char *auth_scopes(const struct auth *a);
/* A service account asks for its scopes itself, with each token: for this one, too, from the next
 * token on. Of a person's sign-in nothing changes. scope is borrowed. */
void auth_ask_also(struct auth *a, const char *scope);
bool auth_is_own_scope(const struct auth *a); /* a service account's */

/* Calls fn now for each secret of the connection and later for each new one, so that a log can
 * recognise them (log_secret). */
typedef void auth_secret_fn(const char *secret);
void auth_tell_secrets(struct auth *a, auth_secret_fn *fn);

#endif
