/* cmd_version.c: what this program is and what is inside it. */
#include "app/commands.h"
#include "app/out.h"
#include "base/version.h"

#define STRING_OF(x) #x
#define STRING(x) STRING_OF(x)

static const char bits[] = STRING(__SIZEOF_POINTER__) " bytes to a pointer";

static void print_json(bool verbose)
{
    struct out_json j;

    out_json_begin(&j);
    jsonw_object(&j.w);
    jsonw_member(&j.w, "version", bs_version);
    jsonw_member(&j.w, "commit", bs_commit);
    if (verbose) {
        jsonw_member(&j.w, "compiler", __VERSION__);
        jsonw_member(&j.w, "network", http_libraries());
        jsonw_member(&j.w, "sqlite", store_library());
    }
    jsonw_end_object(&j.w);
    out_json_end(&j);
}

int cmd_version(struct app *app)
{
    bool verbose = args_has(app->args, "verbose");

    if (app->json) {
        print_json(verbose);
        return 0;
    }
    out_line("basesync %s%s%s%s", bs_version, *bs_commit ? " (" : "", bs_commit,
             *bs_commit ? ")" : "");
    if (verbose) {
        out_line("compiler  %s, %s", __VERSION__, bits);
        out_line("network   %s", http_libraries());
        out_line("database  SQLite %s", store_library());
    }
    return 0;
}
