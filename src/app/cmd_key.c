/* cmd_key.c: rotation of the key that seals the secrets. */
#include "app/commands.h"
#include "app/out.h"
#include "app/rotate.h"
#include "base/str.h"

int cmd_key(struct app *app)
{
    struct bs_err e = BS_ERR_INIT;

    if (!str_eq(app->args->words[0], "rotate")) {
        return out_usage("usage: basesync key rotate");
    }
    if (app_open(app, &e) != BS_OK || rotate_key(app, &e) != BS_OK) {
        return out_error(&e);
    }
    out_line("All secrets are sealed with a new key: keep a copy of %s elsewhere. Backups made "
             "before open with the old key only.",
             app->conf->key_file);
    return 0;
}
