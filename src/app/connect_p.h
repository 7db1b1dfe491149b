/*
 * connect_p.h: one sign-in by OAuth on its way through connect_oauth.c (client, browser, code) and
 * connect_granted.c (scopes, storing, naming).
 */
#ifndef APP_CONNECT_P_H
#define APP_CONNECT_P_H

#include "app/connect.h"
#include "net/loopback.h"
#include "net/oauth.h"

/* A scope that is asked for, and what goes without it. */
struct scope_use {
    const char *scope, *without;
    bool needed; /* nothing goes */
};

struct oauth_service {
    const char *name, *word;
    const char *scopes;
    const struct scope_use *uses;
    const char *redirect; /* NULL: any port of this machine */
    const char *extra;    /* of the consent address */
    const char *how_to_get_client, *how_to_remove;
};

#define STATE_LEN 32    /* Airtable asks for 16 to 1024 */
#define VERIFIER_LEN 64 /* RFC 7636: 43 to 128 */

struct signin {
    struct connecting *c;
    enum service service;
    const struct oauth_service *s;
    struct oauth_client client;
    struct oauth_redirect redirect;
    struct loopback *listener;
    bool typed;
    const char *scopes;
    char state[STATE_LEN + 1];
    char verifier[VERIFIER_LEN + 1];
    struct oauth_tokens tokens;
    struct connection *con;
};

/* Looks at what was given, stores it, and only then asks whose it is. BS_K_PERMISSION when a scope
 * is missing without which nothing goes: then nothing was stored. */
enum bs_rc signin_take(struct signin *x, struct bs_err *e) BS_MUST_CHECK;
/* Tells the person what there is now. */
void signin_say(const struct signin *x);

#endif
