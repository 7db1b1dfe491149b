/* cmd_init.c: the INI file, the key and the database, each where it is missing. */
#include "app/commands.h"
#include "app/out.h"
#include "base/os.h"

#include <stdlib.h>

static void say(bool made, const char *what, const char *path)
{
    out_line("%s %s %s", made ? "wrote" : "kept ", what, path);
}

static enum bs_rc init_conf(struct app *app, struct bs_err *e)
{
    struct buf b;
    enum bs_rc rc;

    buf_init(&b, BUF_NO_LIMIT);
    conf_sample(&b);
    rc = os_create_file(app->conf_path, b.data, b.len, 0644, e);
    buf_release(&b);
    if (rc != BS_OK && rc != BS_SKIP) {
        return rc;
    }
    say(rc == BS_OK, "configuration", app->conf_path);
    bs_err_clear(e);
    return app_load_conf(app, e);
}

static enum bs_rc init_key(struct app *app, struct bs_err *e)
{
    enum bs_rc rc;

    if (crypto_key_from_environment()) {
        out_line("kept  key (from the environment)");
        return app_load_key(app, e);
    }
    rc = crypto_key_create(app->conf->key_file, e);
    if (rc != BS_OK && rc != BS_SKIP) {
        return rc;
    }
    say(rc == BS_OK, "key", app->conf->key_file);
    if (rc == BS_OK && os_exists(app->conf->database)) {
        out_note("The database is older than this key: put the old key back, or connect again.");
    }
    bs_err_clear(e);
    return app_load_key(app, e);
}

int cmd_init(struct app *app)
{
    struct bs_err e = BS_ERR_INIT;
    bool had;

    if (init_conf(app, &e) != BS_OK || init_key(app, &e) != BS_OK) {
        return out_error(&e);
    }
    had = os_exists(app->conf->database);
    if (app_open_store(app, true, &e) != BS_OK) {
        return out_error(&e);
    }
    say(!had, "database", app->conf->database);
    if (!had) {
        out_line(
            "Keep a copy of the key elsewhere. Next: basesync connect airtable, basesync connect "
            "sheets, then a [sync] section in the configuration, then basesync check.");
    }
    return 0;
}
