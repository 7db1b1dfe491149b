/* cmd_version.c: what this program is and what is inside it. */
#include "app/commands.h"
#include "app/out.h"
#include "base/version.h"
#include "net/ca.h"
#include "net/http.h"
#include "store/store.h"

#include <stdio.h>

static void parts_json(bool verbose)
{
    struct out_json j;

    out_json_begin(&j);
    jsonw_object(&j.w);
    jsonw_member(&j.w, "version", bs_version);
    jsonw_member(&j.w, "commit", bs_commit);
    if (verbose) {
        jsonw_member(&j.w, "compiler", __VERSION__);
    }
    jsonw_end_object(&j.w);
    out_json_end(&j);
}

int cmd_version(struct app *app)
{
    bool verbose = args_has(app->args, "verbose");

    if (app->json) {
        parts_json(verbose);
        return 0;
    }
    out_line("basesync %s%s%s%s", bs_version, *bs_commit ? " (" : "", bs_commit,
             *bs_commit ? ")" : "");
    if (verbose) {
        out_line("compiler  %s, %zu-bit", __VERSION__, sizeof(void *) * 8);
    }
    return 0;
}
