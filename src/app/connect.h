/*
 * connect.h: what the ways to give a credential share: for whom, and the means to try it.
 */
#ifndef APP_CONNECT_H
#define APP_CONNECT_H

#include "app/context.h"
#include "net/oauth_client.h"
#include "remote/auth.h"

struct connecting {
    struct app *app;
    const struct conf_user *user;
    const char *user_id;
    struct http *http;
    struct endpoints ep;
    struct call_limits limits;
};

/* Asks Airtable whose credential auth gives out: fills con's account, scopes and quota key, and
 * says them. */
enum bs_rc connect_ask_airtable(struct connecting *c, struct auth *auth, struct connection *con,
                                struct bs_err *e) BS_MUST_CHECK;

/* connect_oauth.c: the whole way from the address for the browser to the stored connection. */
enum bs_rc connect_oauth(struct connecting *c, enum service service,
                         struct bs_err *e) BS_MUST_CHECK;

/* connect_wait.c: waits until the browser has come back to redirect (when `listen`), or the address
 * of its last page was typed or pasted (when `typed`), whichever comes first, with an answer that
 * bears `state`. code is the caller's, to be wiped. */
struct connect_wait {
    const char *state;
    const struct oauth_redirect *redirect;
    struct loopback *listener; /* NULL: nobody listens */
    bool typed;
};
enum bs_rc connect_wait(const struct connect_wait *w, struct buf *code,
                        struct bs_err *e) BS_MUST_CHECK;

#endif
