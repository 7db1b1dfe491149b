/*
 * commands.h: the table of commands. It drives dispatch, help, shell completion and the manual
 * page; each command has a file of its own.
 */
#ifndef APP_COMMANDS_H
#define APP_COMMANDS_H

#include "app/context.h"
#include "base/buf.h"

/* Gives the exit code. */
typedef int command_fn(struct app *app);

struct command {
    const char *name;
    const char *usage;            /* what follows the name: "[NAME...]" */
    const char *summary;          /* one line, no full stop */
    const char *help;             /* more, for --help; may be NULL */
    const struct option *options; /* NULL: none of its own */
    size_t min_words, max_words;
    command_fn *run;
    bool hidden;
};

extern const struct command commands[]; /* ended by a NULL name */
extern const struct option common_options[];

const struct command *command_find(const char *name);
/* Nearest name for "did you mean", NULL when none is near. */
const char *command_nearest(const char *name);

void command_help(const struct command *c, struct buf *out);
void commands_help(struct buf *out);

int cmd_init(struct app *app);
int cmd_connect(struct app *app);
/* connect mail */
int connect_mail(struct app *app);
int cmd_connections(struct app *app);
int cmd_disconnect(struct app *app);
int cmd_discover(struct app *app);
int cmd_check(struct app *app);
int cmd_sync(struct app *app);
int cmd_serve(struct app *app);
int cmd_notify(struct app *app);
int cmd_status(struct app *app);
int cmd_logs(struct app *app);
int cmd_show(struct app *app);
int cmd_conflicts(struct app *app);
int cmd_undo(struct app *app);
int cmd_pause(struct app *app);
int cmd_resume(struct app *app);
int cmd_backup(struct app *app);
int cmd_key(struct app *app);
int cmd_sql(struct app *app);
int cmd_import(struct app *app);
int cmd_completion(struct app *app);
int cmd_manual(struct app *app);
int cmd_version(struct app *app);
int cmd_help(struct app *app);

#endif
