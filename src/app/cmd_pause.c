/* cmd_pause.c: pause and resume, kept in the database, so that they outlive a restart. */
#include "app/commands.h"
#include "app/out.h"

static int set_paused(struct app *app, bool paused)
{
    struct bs_err e = BS_ERR_INIT;

    if (app_load_conf(app, &e) != BS_OK || app_open_store(app, false, &e) != BS_OK) {
        return out_error(&e);
    }
    for (size_t i = 0; i < app->args->n_words; i++) {
        size_t at;

        if (app_find_sync(app, app->args->words[i], &at, &e) != BS_OK ||
            syncs_set_paused(app->store, app->syncs[at].id, paused, &e) != BS_OK) {
            return out_error(&e);
        }
        out_line(paused ? "%s is paused." : "%s runs again.", app->conf->syncs[at].slug);
    }
    return 0;
}

int cmd_pause(struct app *app)
{
    return set_paused(app, true);
}

int cmd_resume(struct app *app)
{
    return set_paused(app, false);
}
