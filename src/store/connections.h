/*
 * connections.h: "AirtableConnection" and "GoogleSheetsConnection": one credential of one user per
 * service, secrets sealed (crypto_seal with table, row and column as associated data), cached
 * access token sealed too. Everything secret that comes out is in a buf or string that the caller
 * wipes.
 */
#ifndef STORE_CONNECTIONS_H
#define STORE_CONNECTIONS_H

#include "base/mem.h"
#include "store/store.h"

#include <stddef.h>

enum service { SERVICE_AIRTABLE, SERVICE_GOOGLE };
enum credential_kind {
    CREDENTIAL_TOKEN,           /* Airtable personal access token */
    CREDENTIAL_SERVICE_ACCOUNT, /* Google key JSON */
    CREDENTIAL_OAUTH,           /* client id, client secret, refresh token */
};

struct connection {
    char *id;
    char *user_id;
    enum service service;
    enum credential_kind kind;
    char *account; /* e-mail or user id, for people */
    char *scopes;  /* space separated, "" unknown */
    bool needs_reauth;
    char *reauth_reason; /* "" when none */
    /* opened secrets; NULL when absent */
    char *secret; /* token, key JSON, or refresh token */
    char *client_id;
    char *client_secret;
    char *access_token;         /* cached; NULL when none */
    int64_t access_expires_ms;  /* 0: none */
    int64_t refresh_expires_ms; /* of a sign-in by OAuth: when it lapses; 0: not known, or never */
    char *quota_key; /* bucket name shared by all users of one credential ("google:<email>") */
};
void connection_free(struct connection *c); /* wipes; NULL is nothing */

/* Stores or replaces the user's credential for the service; clears needsReauth and the cached
 * token. */
enum bs_rc connection_put(struct store *s, const struct connection *c,
                          struct bs_err *e) BS_MUST_CHECK;
/* *out NULL when the user has none. with_secrets false leaves the secret members NULL. */
enum bs_rc connection_get(struct store *s, const char *user_id, enum service service,
                          bool with_secrets, struct connection **out,
                          struct bs_err *e) BS_MUST_CHECK;
/* All connections without secrets, in order of user and service. */
enum bs_rc connections_list(struct store *s, struct connection ***out, size_t *n,
                            struct bs_err *e) BS_MUST_CHECK;
void connections_list_free(struct connection **list, size_t n);
enum bs_rc connection_delete(struct store *s, const char *id, struct bs_err *e) BS_MUST_CHECK;
/* Caches an access token; with refresh_token non-NULL replaces that and its end (0: not known) in
 * the same transaction: it is durable before anybody uses it. */
enum bs_rc connection_set_access(struct store *s, const char *id, enum service service,
                                 const char *access_token, int64_t expires_ms,
                                 const char *refresh_token, int64_t refresh_expires_ms,
                                 struct bs_err *e) BS_MUST_CHECK;
/* Whose credential it has turned out to be; scopes NULL: as they are. */
enum bs_rc connection_set_account(struct store *s, const char *id, enum service service,
                                  const char *account, const char *scopes, const char *quota_key,
                                  struct bs_err *e) BS_MUST_CHECK;
/* needsReauth with the reason; reason NULL clears it. */
enum bs_rc connection_set_reauth(struct store *s, const char *id, enum service service,
                                 const char *reason, int64_t now_ms,
                                 struct bs_err *e) BS_MUST_CHECK;

#endif
