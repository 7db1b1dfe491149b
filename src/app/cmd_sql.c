/* cmd_sql.c: the SQLite shell inside the program, so that the machine needs no sqlite3. */
#include "app/commands.h"
#include "app/out.h"
#include "base/os.h"

#include <stdio.h>

int cmd_sql(struct app *app)
{
    const struct args *a = app->args;
    struct bs_err e = BS_ERR_INIT;

    if (app_load_conf(app, &e) != BS_OK) {
        return out_error(&e);
    }
    if (!os_exists(app->conf->database)) {
        return out_usage("%s: the database is missing; run `basesync -c %s init`",
                         app->conf->database, app->conf_path);
    }
    fflush(stdout);
    return store_shell(app->conf->database, !args_has(a, "write"), (int)a->n_words,
                       (char **)a->words);
}
