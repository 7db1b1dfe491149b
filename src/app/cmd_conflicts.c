/* cmd_conflicts.c: the cells that both sides have changed and that wait for a person. */
#include "app/commands.h"
#include "app/out.h"
#include "base/str.h"
#include "store/runlog.h"

static void print_json(const struct conflict *list, size_t n)
{
    struct out_json j;

    out_json_begin(&j);
    jsonw_array(&j.w);
    for (size_t i = 0; i < n; i++) {
        jsonw_object(&j.w);
        jsonw_member(&j.w, "sync", list[i].sync_slug);
        jsonw_member(&j.w, "recordId", list[i].record_id);
        jsonw_member_int(&j.w, "rowNumber", list[i].row);
        jsonw_member(&j.w, "fieldId", list[i].field_id);
        jsonw_member(&j.w, "field", list[i].field_name);
        jsonw_member(&j.w, "airtableValue", list[i].airtable_text);
        jsonw_member(&j.w, "sheetsValue", list[i].sheets_text);
        jsonw_member(&j.w, "firstSeenAt", list[i].first_seen_at);
        jsonw_member(&j.w, "choice", list[i].choice);
        jsonw_end_object(&j.w);
    }
    jsonw_end_array(&j.w);
    out_json_end(&j);
}

static void print_table(const struct conflict *list, size_t n)
{
    static const char *const headers[] = {"Sync",   "Record", "Row",     "Field", "Airtable",
                                          "Sheets", "Since",  "Decided", NULL};
    struct table *t = table_new(headers);
    char time[32];

    for (size_t i = 0; i < n; i++) {
        table_add(t, list[i].sync_slug);
        table_add(t, list[i].record_id);
        table_addf(t, "%u", list[i].row);
        table_add(t, list[i].field_name);
        table_add(t, list[i].airtable_text ? list[i].airtable_text : "");
        table_add(t, list[i].sheets_text ? list[i].sheets_text : "");
        table_add(t, out_time(list[i].first_seen_at, time));
        table_add(t, list[i].choice ? list[i].choice : "no");
    }
    out_table(t, n, "No cell waits for a decision.");
    if (n > 0) {
        out_line("%s", "");
        out_line("Decide with: basesync conflicts %s %s '%s' airtable|sheets", list[0].sync_slug,
                 list[0].record_id, list[0].field_name);
    }
}

/* NAME RECORD FIELD airtable|sheets */
static int decide(struct app *app)
{
    const char *const *w = app->args->words;
    struct bs_err e = BS_ERR_INIT;
    size_t at;

    if (!str_eq(w[3], "airtable") && !str_eq(w[3], "sheets")) {
        return out_usage("the value that is to win is airtable or sheets, not \"%s\"", w[3]);
    }
    if (app_find_sync(app, w[0], &at, &e) != BS_OK ||
        conflicts_choose(app->store, app->conf->syncs[at].slug, w[1], w[2], w[3], &e) != BS_OK) {
        return out_error(&e);
    }
    out_line("The value of %s wins; the next run of %s writes it.",
             str_eq(w[3], "airtable") ? "Airtable" : "the sheet", app->conf->syncs[at].slug);
    return 0;
}

int cmd_conflicts(struct app *app)
{
    const char *name = args_value(app->args, "sync");
    struct bs_err e = BS_ERR_INIT;
    struct conflict *list;
    size_t n;
    size_t at = 0;

    if (app->args->n_words != 0 && app->args->n_words != 4) {
        return out_usage("usage: basesync conflicts [NAME RECORD FIELD airtable|sheets]");
    }
    if (app_load_conf(app, &e) != BS_OK || app_open_store(app, false, &e) != BS_OK) {
        return out_error(&e);
    }
    if (app->args->n_words == 4) {
        return decide(app);
    }
    if ((name && app_find_sync(app, name, &at, &e) != BS_OK) ||
        conflicts_list(app->store, name ? app->conf->syncs[at].slug : NULL, app->arena, &list, &n,
                       &e) != BS_OK) {
        return out_error(&e);
    }
    if (app->json) {
        print_json(list, n);
    } else {
        print_table(list, n);
    }
    return 0;
}
