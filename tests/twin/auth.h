/* auth.h: tokens, grants and accounts; inside of the token servers. */
#ifndef TWIN_AUTH_H
#define TWIN_AUTH_H

#include "core.h"

struct auth_token {
    char *token;
    char *service; /* "airtable" or "google" */
    char *user;    /* usr... or an e-mail address */
    char *scope;   /* names with blanks between; "*": all */
    cJSON *bases;  /* ids an Airtable token is good for; NULL: all of its user's */
    char *client;  /* OAuth client, NULL for a personal token or a service account */
    bool dead;
    int64_t expires_ms; /* 0: never */
    size_t grant;       /* 1-based; 0: none */
};

/* What a user gave to a client: outlives its access tokens. */
struct auth_grant {
    char *service;
    char *client;
    char *user;
    char *scope;
    char *refresh; /* the one that is good now */
    bool revoked;
    int64_t refresh_expires_ms;
    int64_t refreshed_ms; /* last refresh, for the 409 of two at once */
};

struct auth_code {
    char *code;
    char *service;
    char *client;
    char *user;
    char *scope;
    char *redirect;
    char *challenge; /* NULL: no PKCE */
    bool offline;
    bool used;
    int64_t expires_ms;
};

struct auth_client {
    char *service;
    char *id;
    char *secret; /* NULL: a client without one */
    char *type;   /* "web", "desktop", "device" */
    cJSON *redirects;
    char *scope; /* scopes the client registered */
    bool testing;
    int64_t refresh_s; /* told as refresh_token_expires_in; 0: not told */
};

struct auth_account {
    char *name;
    char *email;
    char *key_pem;
    char *key_id;
    bool disabled;
};

struct auth_device {
    char *code;
    char *user_code;
    char *client;
    char *scope;
    char *user; /* who said yes; NULL: not yet */
    bool denied;
    int64_t expires_ms;
};

/* A refresh token that was used up: its reuse is told from one never given. */
struct auth_old {
    char *refresh;
    size_t grant;
    int64_t at_ms;
};

struct auth {
    struct twin *t;
    struct auth_token *token;
    size_t n_tokens;
    struct auth_grant *grant;
    size_t n_grants;
    struct auth_code *code;
    size_t n_codes;
    struct auth_client *client;
    size_t n_clients;
    struct auth_account *account;
    size_t n_accounts;
    struct auth_device *device;
    size_t n_devices;
    struct auth_old *old;
    size_t n_old;
    int64_t access_ms;      /* life of access tokens */
    int64_t double_ms;      /* two refreshes so close give 409 */
    int64_t skew_ms;        /* how far into the future a JWT may reach */
    bool expires_as_string; /* "expires_in":"3599" */
    bool no_id_token;       /* Google's answers come without one */
    char *consent_user;     /* who is signed in in the browser, by service */
    char *google_user;
};

bool auth_scope_has(const char *scopes, const char *one);
/* Token of an Authorization header or NULL. */
struct auth_token *auth_find(struct auth *a, const char *token);
bool auth_is_live(const struct auth *a, const struct auth_token *tok);
const struct auth_client *auth_client_find(const struct auth *a, const char *service,
                                           const char *id);
/* A fresh access token; borrowed until the next is made. */
struct auth_token *auth_issue(struct auth *a, const char *service, const char *user,
                              const char *scope, size_t grant);
size_t auth_new_grant(struct auth *a, const struct auth_code *code, const char *prefix);
struct auth_code *auth_new_code(struct auth *a, const char *prefix);
void auth_revoke_grant(struct auth *a, size_t grant);
/* True when BASE64URL(SHA256(verifier)) is the challenge and the verifier has the right shape. */
bool auth_pkce(const char *challenge, const char *verifier);

/* One request to a token server, its form decoded. */
struct auth_form {
    struct auth *a;
    const struct twin_req *req;
    struct twin_res *res;
    struct twin_pair *form;
    size_t n_form;
};
const char *auth_param(const struct auth_form *f, const char *name);
void auth_airtable(struct auth_form *f, const char *path);
void auth_google(struct auth_form *f, const char *path);
void auth_google_jwt(struct auth_form *f);
void auth_google_device(struct auth_form *f);
void auth_google_poll(struct auth_form *f);
void auth_google_token(struct auth_form *f, const struct auth_token *tok, const char *refresh);
/* The consent page: GET shows it, accept or deny leads back to the client. */
void auth_consent(struct auth_form *f, const char *service);
bool auth_oauth_error(struct auth_form *f, int status, const char *error, const char *description);

#endif
