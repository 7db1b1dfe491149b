/*
 * logs.h: how a run's row of SyncLog is shown, shared by logs, show and status.
 */
#ifndef APP_LOGS_H
#define APP_LOGS_H

#include "app/context.h"
#include "app/out.h"
#include "store/runlog.h"

/* One row as a JSON object with the column names of SyncLog. */
void logs_json(struct jsonw *w, const struct log_row *r);
/* "5 new, 12 changed, 1 deleted"; "-" when there was nothing. */
const char *logs_changes(int64_t added, int64_t updated, int64_t deleted, char out[64]);
/* Adds the row's first error message as a cell. */
void logs_add_message(struct table *t, const struct log_row *r);
/* The run with this id, or the only one whose id begins so; in the command's arena. */
enum bs_rc logs_find(struct app *app, const char *id, const struct log_row **out,
                     struct bs_err *e) BS_MUST_CHECK;
/* Prints one run; gives the exit code. */
int logs_show(struct app *app, const char *id);

#endif
