/* main.c: finds the command and runs it. */
#include "app/commands.h"
#include "app/out.h"
#include "base/log.h"
#include "base/os.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option global_options[] = {
    {"config", "FILE", "", 'c', false},
    {"help", NULL, "", 'h', false},
    {"version", NULL, "", 'V', false},
    {"print-config", NULL, "", 0, false},
    {0},
};

/* Large: not for the stack of a small machine. */
static struct args global, own;

static const char *config_path(void)
{
    static const char *const places[] = {"basesync.ini", "/etc/basesync/basesync.ini"};
    const char *named = args_value(&own, "config");

    if (!named) {
        named = args_value(&global, "config");
    }
    if (!named) {
        named = getenv("BASESYNC_CONFIG");
    }
    if (named && *named) {
        return named;
    }
    return !os_exists(places[0]) && os_exists(places[1]) ? places[1] : places[0];
}

static int print_config(struct app *app)
{
    struct bs_err e = BS_ERR_INIT;
    struct buf b;

    if (app_load_conf(app, &e) != BS_OK) {
        return out_error(&e);
    }
    buf_init(&b, BUF_NO_LIMIT);
    conf_print(app->conf, &b);
    out_buf(&b);
    return 0;
}

static int run_command(struct app *app, const struct command *c, int argc, char **argv)
{
    struct bs_err e = BS_ERR_INIT;
    struct buf b;

    if (args_parse(&own, c->options, common_options, argc, argv, false, &e) != BS_OK) {
        return out_usage("%s: %s", c->name, e.msg);
    }
    if (args_has(&own, "help")) {
        buf_init(&b, BUF_NO_LIMIT);
        command_help(c, &b);
        out_buf(&b);
        return 0;
    }
    if (own.n_words < c->min_words || own.n_words > c->max_words) {
        return out_usage("usage: basesync %s%s%s", c->name, *c->usage ? " " : "", c->usage);
    }
    app->args = &own;
    app->json = args_has(&own, "json");
    app->quiet = args_has(&own, "quiet");
    app->conf_path = config_path();
    return c->run(app);
}

static int dispatch(struct app *app, int argc, char **argv)
{
    struct bs_err e = BS_ERR_INIT;
    const struct command *c;
    const char *near;

    if (args_parse(&global, global_options, NULL, argc, argv, true, &e) != BS_OK) {
        return out_usage("%s", e.msg);
    }
    own = (struct args){.own = global_options, .common = common_options};
    app->args = &own;
    app->conf_path = config_path();
    if (args_has(&global, "version")) {
        return cmd_version(app);
    }
    if (args_has(&global, "print-config")) {
        return print_config(app);
    }
    if (global.n_words == 0 || args_has(&global, "help")) {
        int code = global.n_words == 0 && !args_has(&global, "help") ? 2 : 0;

        own.words[0] = global.words[0];
        return cmd_help(app) ? 2 : code;
    }
    c = command_find(global.words[0]);
    if (!c) {
        near = command_nearest(global.words[0]);
        return near ? out_usage("there is no command \"%s\"; did you mean \"%s\"?", global.words[0],
                                near)
                    : out_usage("there is no command \"%s\"; `basesync help` lists them",
                                global.words[0]);
    }
    return run_command(app, c, (int)global.n_words - 1, (char **)global.words + 1);
}

int main(int argc, char **argv)
{
    struct app app = {0};
    int code;

    os_harden();
    app.arena = arena_new();
    code = dispatch(&app, argc - 1, argv + 1);
    app_close(&app);
    log_secret_forget_all();
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "basesync: standard output could not be written\n");
        code = code ? code : 1;
    }
    return code;
}
