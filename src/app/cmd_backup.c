/* cmd_backup.c: a checked copy of the database while it is in use. */
#include "app/commands.h"
#include "app/out.h"
#include "base/os.h"

int cmd_backup(struct app *app)
{
    const char *to = app->args->words[0];
    struct bs_err e = BS_ERR_INIT;

    if (os_exists(to)) {
        return out_usage("%s is there already; name a new file", to);
    }
    if (app_load_conf(app, &e) != BS_OK || app_open_store(app, false, &e) != BS_OK ||
        store_backup(app->store, to, &e) != BS_OK) {
        return out_error(&e);
    }
    out_line("%s is a sound copy of %s. Keep the key with it, but not in the same place: %s", to,
             app->conf->database, app->conf->key_file);
    return 0;
}
