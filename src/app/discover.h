/*
 * discover.h: the part of `basesync discover` that writes a section for the INI file.
 */
#ifndef APP_DISCOVER_H
#define APP_DISCOVER_H

#include "app/session.h"

/* The command's words are base, table, spreadsheet and tab. */
enum bs_rc discover_ini(struct app *app, const struct conf_user *user, const char *user_id,
                        struct bs_err *e) BS_MUST_CHECK;

#endif
