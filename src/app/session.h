/*
 * session.h: one user's stored credential for one service, ready for calls by hand (discover,
 * check): the same governed calls as in a run.
 */
#ifndef APP_SESSION_H
#define APP_SESSION_H

#include "app/context.h"
#include "remote/airtable.h"
#include "remote/auth.h"
#include "remote/call.h"
#include "remote/sheets.h"

struct session {
    struct endpoints ep;
    struct call_limits limits;
    struct http *http;
    struct auth *auth;
    struct caller *caller;
};

/* The session is released whether or not this succeeds. */
enum bs_rc session_open(struct session *s, struct app *app, const char *user_id,
                        enum service service, struct bs_err *e) BS_MUST_CHECK;
void session_release(struct session *s);

/* The first row of a tab as texts, one per column, "" where empty; in the command's arena. */
enum bs_rc session_headers(struct app *app, struct sheets *sh, const struct sheet_tab *tab,
                           const char *const **out, size_t *n, struct bs_err *e) BS_MUST_CHECK;

/* All tables of a base; in the command's arena. */
enum bs_rc session_schema(struct app *app, struct session *s, const char *base,
                          const struct base_schema **out, struct bs_err *e) BS_MUST_CHECK;
/* Does this permissionLevel of a base let records be written? */
bool session_may_write(const char *permission);
/* The id in a spreadsheet's address, or the id itself; BS_STOP_ALL / BS_K_CONFIG. */
enum bs_rc session_spreadsheet_id(struct app *app, const char *text, const char **id,
                                  struct bs_err *e) BS_MUST_CHECK;

#endif
