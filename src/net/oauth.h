/*
 * oauth.h: the token requests of both services, as pure builders and readers: form bodies out,
 * parsed answers in. Sending is remote/'s matter. RFC 6749, RFC 7636 (PKCE), RFC 7523 (JWT bearer).
 */
#ifndef NET_OAUTH_H
#define NET_OAUTH_H

#include "base/buf.h"
#include "base/err.h"
#include "net/http.h"

#define SERVICE_ACCOUNT_MAX ((size_t)65536) /* bytes of a key file */

struct service_account { /* from a Google key file; wiped by service_account_release */
    char *email;
    char *key_id;
    char *private_key; /* PEM */
    char *token_uri;
    char *project;
};
/* Reads the key file's JSON. BS_STOP_SYNC / BS_K_CONFIG with one sentence for each thing that is
 * missing or of the wrong kind; the text of the key is never part of it. */
enum bs_rc service_account_parse(const char *json, size_t len, struct service_account *out,
                                 struct bs_err *e) BS_MUST_CHECK;
void service_account_release(struct service_account *a);
/* Form body with a signed assertion: iat = now (the server's clock when known), exp = iat + 3600.
 * aud is the token server's address. */
enum bs_rc oauth_service_account_form(const struct service_account *a, const char *scope,
                                      const char *aud, int64_t now_ms, struct buf *form,
                                      struct bs_err *e) BS_MUST_CHECK;

struct oauth_tokens {
    char *access_token, *refresh_token, *scope; /* NULL when absent; wiped by release */
    char *email;        /* of the account, out of an id_token that says it; NULL otherwise */
    int64_t expires_ms; /* wall clock */
    int64_t refresh_expires_ms; /* 0 unknown */
};
void oauth_tokens_release(struct oauth_tokens *t);
/* Reads a token server's answer, failures by net/retry.h's table: invalid_grant and its like, and a
 * 200 without access_token (code no_access_token), are BS_STOP_SYNC / BS_K_OAUTH; 5xx, lost and
 * garbled answers BS_RETRY / BS_K_NETWORK; 409 (somebody is refreshing just now) BS_RETRY /
 * BS_K_BUSY; everything else BS_STOP_SYNC / BS_K_REMOTE. Nothing of a good answer gets into e. */
enum bs_rc oauth_read_answer(const struct http_response *r, int64_t now_ms,
                             struct oauth_tokens *out, struct bs_err *e) BS_MUST_CHECK;

/* Form bodies. A client_secret that is not to be in the body belongs into basic authorization, and
 * then client_id is not in the body either; without a secret (NULL) the id is. */
void oauth_refresh_form(const char *refresh_token, const char *client_id, const char *client_secret,
                        bool secret_in_body, struct buf *form);
void oauth_code_form(const char *code, const char *redirect_uri, const char *verifier,
                     const char *client_id, const char *client_secret, bool secret_in_body,
                     struct buf *form);
/* Consent address for the browser. extra: "access_type=offline&prompt=consent" or "". */
void oauth_consent_url(const char *auth_url, const char *client_id, const char *redirect_uri,
                       const char *scope, const char *state, const char *challenge,
                       const char *extra, struct buf *url);
/* The code out of a redirect (its path with query, or the whole pasted address), if its state is
 * the expected one; else BS_K_OAUTH with BS_SKIP for another sign-in's or no answer at all, and
 * BS_STOP_SYNC for a refusal, whose name ("access_denied", RFC 6749 section 4.1.2.1) is e->code. */
enum bs_rc oauth_read_redirect(const char *text, const char *expected_state, struct buf *code,
                               struct bs_err *e) BS_MUST_CHECK;

#endif
