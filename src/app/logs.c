/* logs.c: see logs.h. */
#include "app/logs.h"

#include "app/commands.h"
#include "base/str.h"
#include "net/json.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define COUNTS 12

struct named_count {
    const char *name;
    int64_t value;
};

static void list_counts(const struct run_counts *c, struct named_count out[COUNTS])
{
    const struct named_count list[COUNTS] = {
        {"rowsAdded", c->rows_added},
        {"rowsUpdated", c->rows_updated},
        {"rowsDeleted", c->rows_deleted},
        {"recordsAdded", c->records_added},
        {"recordsUpdated", c->records_updated},
        {"recordsDeleted", c->records_deleted},
        {"recordsFailed", c->failed},
        {"conflicts", c->conflicts},
        {"held", c->held},
        {"warnings", c->warnings},
        {"airtableCalls", c->calls_airtable},
        {"sheetsCalls", c->calls_sheets},
    };

    memcpy(out, list, sizeof list);
}

void logs_json(struct jsonw *w, const struct log_row *r)
{
    struct named_count counts[COUNTS];

    list_counts(&r->counts, counts);
    jsonw_object(w);
    jsonw_member(w, "id", r->id);
    jsonw_member(w, "syncConfigId", r->sync_id);
    jsonw_member(w, "sync", r->sync_slug);
    jsonw_member(w, "name", r->sync_name);
    jsonw_member(w, "status", r->status);
    jsonw_member(w, "startedAt", r->started_at);
    jsonw_member(w, "completedAt", r->completed_at);
    jsonw_member(w, "triggeredBy", r->trigger);
    jsonw_member(w, "direction", r->direction);
    jsonw_member_bool(w, "dryRun", r->dry_run);
    jsonw_member_int(w, "durationMs", r->duration_ms);
    for (size_t i = 0; i < COUNTS; i++) {
        jsonw_member_int(w, counts[i].name, counts[i].value);
    }
    jsonw_key(w, "errors");
    jsonw_raw(w, r->errors && *r->errors ? r->errors : "[]");
    jsonw_end_object(w);
}

const char *logs_changes(int64_t added, int64_t updated, int64_t deleted, char out[64])
{
    const struct {
        int64_t n;
        const char *word;
    } parts[] = {{added, "new"}, {updated, "changed"}, {deleted, "deleted"}};
    size_t len = 0;

    for (size_t i = 0; i < 3; i++) {
        if (parts[i].n > 0) {
            int n = snprintf(out + len, 64 - len, "%s%lld %s", len ? ", " : "",
                             (long long)parts[i].n, parts[i].word);

            len += n > 0 && (size_t)n < 64 - len ? (size_t)n : 0;
        }
    }
    if (len == 0) {
        (void)str_copy(out, 64, "-");
    }
    return out;
}

static struct json *parse_errors(const struct log_row *r)
{
    struct bs_err e = BS_ERR_INIT;
    struct json *doc = NULL;

    if (!r->errors || json_parse(r->errors, strlen(r->errors), &doc, &e) != BS_OK) {
        return NULL;
    }
    return doc;
}

void logs_add_message(struct table *t, const struct log_row *r)
{
    struct json *doc = parse_errors(r);

    table_add(t, json_string(json_path(doc, "0.message"), ""));
    json_free(doc);
}

enum bs_rc logs_find(struct app *app, const char *id, const struct log_row **out, struct bs_err *e)
{
    struct log_filter f = {.run_id = id, .limit = 2};
    struct log_row *rows;
    size_t n;

    if (*id == '\0') {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "say which run: `basesync logs` lists them");
    }
    if (runlog_list(app->store, &f, app->arena, &rows, &n, e) != BS_OK) {
        return e->rc;
    }
    if (n == 0) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                       "there is no run whose id begins with \"%s\"; `basesync logs` lists them",
                       id);
    }
    if (n > 1) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                       "several runs have ids that begin with \"%s\": write more of it", id);
    }
    *out = &rows[0];
    return BS_OK;
}

/* ---- one run ---- */

static void show_errors(const struct log_row *r)
{
    static const char *const headers[] = {"Type", "Record", "Row", "Field", "Message", NULL};
    struct json *doc = parse_errors(r);
    struct table *t;
    size_t n = 0;

    if (json_count(doc) == 0) {
        json_free(doc);
        return;
    }
    t = table_new(headers);
    for (const struct json *x = json_child(doc); x; x = json_next(x), n++) {
        int64_t row = json_int(json_get(x, "rowNumber"), 0);

        table_add(t, json_string(json_get(x, "type"), ""));
        table_add(t, json_string(json_get(x, "recordId"), ""));
        if (row > 0) {
            table_addf(t, "%lld", (long long)row);
        } else {
            table_add(t, "");
        }
        table_add(t, json_string(json_get(x, "field"), ""));
        table_add(t, json_string(json_get(x, "message"), ""));
    }
    out_line("%s", "");
    out_line("Errors and warnings");
    out_table(t, n, "");
    json_free(doc);
}

static void show_changes(const struct change_row *list, size_t n)
{
    static const char *const headers[] = {"Side", "What", "Record", "Row",     "Field",
                                          "Old",  "New",  "Why",    "Outcome", NULL};
    struct table *t = table_new(headers);

    for (size_t i = 0; i < n; i++) {
        const struct change *c = &list[i].c;

        table_add(t, c->side);
        table_add(t, c->action);
        table_add(t, c->record_id ? c->record_id : "");
        if (c->row > 0) {
            table_addf(t, "%u", c->row);
        } else {
            table_add(t, "");
        }
        table_add(t, c->field_name ? c->field_name : "");
        table_add(t, c->old_text ? c->old_text : "");
        table_add(t, c->new_text ? c->new_text : "");
        if (c->loser) {
            table_addf(t, "%s; lost: %s", c->why ? c->why : "", c->loser);
        } else {
            table_add(t, c->why ? c->why : "");
        }
        table_addf(t, "%s%s", list[i].outcome ? list[i].outcome : "",
                   list[i].undone ? ", undone" : "");
    }
    out_line("%s", "");
    out_line("Changes");
    out_table(t, n, "None.");
}

static void show_head(const struct log_row *r)
{
    struct named_count counts[COUNTS];
    char time[32];

    out_line("Run        %s%s", r->id, r->dry_run ? " (dry run)" : "");
    out_line("Sync       %s (%s), %s", r->sync_name, r->sync_slug, r->direction);
    out_line("Started    %s, %s", out_time(r->started_at, time), r->trigger);
    out_line("Took       %.1f s", (double)r->duration_ms / 1000);
    out_line("Status     %s", r->status);
    list_counts(&r->counts, counts);
    for (size_t i = 0; i < COUNTS; i++) {
        if (counts[i].value != 0) {
            out_line("  %-16s %lld", counts[i].name, (long long)counts[i].value);
        }
    }
}

static void change_json(struct jsonw *w, const struct change_row *row)
{
    const struct change *c = &row->c;

    jsonw_object(w);
    jsonw_member_int(w, "id", row->id);
    jsonw_member(w, "side", c->side);
    jsonw_member(w, "action", c->action);
    jsonw_member(w, "recordId", c->record_id);
    jsonw_member_int(w, "rowNumber", c->row);
    jsonw_member(w, "fieldId", c->field_id);
    jsonw_member(w, "fieldName", c->field_name);
    jsonw_member(w, "oldValue", c->old_text);
    jsonw_member(w, "newValue", c->new_text);
    jsonw_member(w, "losingValue", c->loser);
    jsonw_member(w, "why", c->why);
    jsonw_member(w, "outcome", row->outcome);
    jsonw_member_bool(w, "undone", row->undone);
    jsonw_end_object(w);
}

static void show_json(const struct log_row *r, const struct change_row *list, size_t n)
{
    struct out_json j;

    out_json_begin(&j);
    jsonw_object(&j.w);
    jsonw_key(&j.w, "log");
    logs_json(&j.w, r);
    jsonw_key(&j.w, "changes");
    jsonw_array(&j.w);
    for (size_t i = 0; i < n; i++) {
        change_json(&j.w, &list[i]);
    }
    jsonw_end_array(&j.w);
    jsonw_end_object(&j.w);
    out_json_end(&j);
}

int logs_show(struct app *app, const char *id)
{
    struct bs_err e = BS_ERR_INIT;
    const struct log_row *r = NULL;
    struct change_row *list = NULL;
    size_t n = 0;

    if (app_load_conf(app, &e) != BS_OK || app_open_store(app, false, &e) != BS_OK ||
        logs_find(app, id, &r, &e) != BS_OK) {
        return out_error(&e);
    }
    assert(r != NULL);
    if (runlog_changes(app->store, r->id, app->arena, &list, &n, &e) != BS_OK) {
        return out_error(&e);
    }
    if (app->json) {
        show_json(r, list, n);
    } else {
        show_head(r);
        show_errors(r);
        show_changes(list, n);
    }
    return 0;
}

int cmd_show(struct app *app)
{
    return logs_show(app, app->args->words[0]);
}
