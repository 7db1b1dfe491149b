/* cmd_version.c: what this program is, what is inside it, and under which licences. */
#include "app/commands.h"
#include "app/out.h"
#include "base/clock.h"
#include "base/embed.h"
#include "base/str.h"
#include "base/version.h"
#include "net/gunzip.h"

#include <string.h>

#define STRING_OF(x) #x
#define STRING(x) STRING_OF(x)
#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)
#define LICENCES_MAX ((size_t)1 << 20)

EMBED_DECLARE(third_party);

static const char bits[] = STRING(__SIZEOF_POINTER__) " bytes to a pointer";

/* The embedded CA bundle: its day as "2025-04-19" and its age in days; false when the build could
 * not tell. Certificates come and go several times a year: an old bundle is a reason to upgrade
 * where the system has none of its own. */
static bool ca_bundle_day(char day[11], int64_t *age)
{
    const struct bs_component *c = bs_components;
    int64_t v;
    int y, m, d;

    while (c->name && !str_eq(c->name, "cabundle")) {
        c++;
    }
    if (!c->name || strlen(c->version) != 8 || !str_to_i64(c->version, 0, 99991231, &v)) {
        return false;
    }
    y = (int)(v / 10000);
    m = (int)(v / 100 % 100);
    d = (int)(v % 100);
    if (!civil_valid(y, m, d)) {
        return false;
    }
    memcpy(day,
           (const char[]){c->version[0], c->version[1], c->version[2], c->version[3], '-',
                          c->version[4], c->version[5], '-', c->version[6], c->version[7], '\0'},
           11);
    *age = clock_wall_ms() / DAY_MS - civil_to_days(y, m, d);
    return true;
}

static void json_inside(struct jsonw *w)
{
    char day[11];
    int64_t age;

    jsonw_member(w, "compiler", __VERSION__);
    jsonw_member(w, "network", http_libraries());
    jsonw_member(w, "sqlite", store_library());
    jsonw_key(w, "components");
    jsonw_array(w);
    for (const struct bs_component *c = bs_components; c->name; c++) {
        jsonw_object(w);
        jsonw_member(w, "name", c->name);
        jsonw_member(w, "version", c->version);
        jsonw_member(w, "licence", c->licence);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    if (ca_bundle_day(day, &age)) {
        jsonw_member(w, "caBundleDate", day);
        jsonw_key(w, "caBundleAgeDays");
        jsonw_int(w, age);
    }
}

static void print_json(bool verbose)
{
    struct out_json j;

    out_json_begin(&j);
    jsonw_object(&j.w);
    jsonw_member(&j.w, "version", bs_version);
    jsonw_member(&j.w, "commit", bs_commit);
    if (verbose) {
        json_inside(&j.w);
    }
    jsonw_end_object(&j.w);
    out_json_end(&j);
}

static void print_inside(void)
{
    char day[11];
    int64_t age;

    out_line("compiler  %s, %s", __VERSION__, bits);
    out_line("network   %s", http_libraries());
    out_line("database  SQLite %s", store_library());
    for (const struct bs_component *c = bs_components; c->name; c++) {
        out_line("inside    %s %s (%s)", c->name, c->version, c->licence);
    }
    if (ca_bundle_day(day, &age)) {
        out_line(
            "CA        embedded bundle of %s, %lld days old; used where ca_file, SSL_CERT_FILE and "
            "the system give none",
            day, (long long)age);
    }
}

static int print_licences(void)
{
    struct buf b;

    buf_init(&b, LICENCES_MAX);
    if (!gunzip(embed_third_party, embed_third_party_len, &b)) {
        buf_release(&b);
        return out_usage(
            "the licences in this program are damaged; see THIRD-PARTY in its package");
    }
    out_buf(&b);
    return 0;
}

int cmd_version(struct app *app)
{
    bool verbose = args_has(app->args, "verbose");

    if (args_has(app->args, "licences")) {
        return print_licences();
    }
    if (app->json) {
        print_json(verbose);
        return 0;
    }
    out_line("basesync %s%s%s%s", bs_version, *bs_commit ? " (" : "", bs_commit,
             *bs_commit ? ")" : "");
    if (verbose) {
        print_inside();
    }
    return 0;
}
