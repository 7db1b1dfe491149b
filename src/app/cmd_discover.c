/* cmd_discover.c: what the credentials can see. */
#include "app/commands.h"
#include "app/discover.h"
#include "app/out.h"
#include "base/str.h"
#include "model/convert.h"

#include <string.h>

/* ---- bases ---- */

static enum bs_rc discover_bases(struct app *app, struct session *s, struct bs_err *e)
{
    static const char *const headers[] = {"Base", "Name", "Permission", NULL};
    const struct airtable_base_info *bases;
    struct out_json j;
    struct table *t;
    size_t n;

    if (airtable_bases(s->caller, app->arena, &bases, &n, e) != BS_OK) {
        return e->rc;
    }
    if (app->json) {
        out_json_begin(&j);
        jsonw_array(&j.w);
        for (size_t i = 0; i < n; i++) {
            jsonw_object(&j.w);
            jsonw_member(&j.w, "id", bases[i].id);
            jsonw_member(&j.w, "name", bases[i].name);
            jsonw_member(&j.w, "permission", bases[i].permission);
            jsonw_end_object(&j.w);
        }
        jsonw_end_array(&j.w);
        out_json_end(&j);
        return BS_OK;
    }
    t = table_new(headers);
    for (size_t i = 0; i < n; i++) {
        table_add(t, bases[i].id);
        table_add(t, bases[i].name);
        table_add(t, bases[i].permission);
    }
    out_table(t, n, "The token can see no base: give it access to one at airtable.com.");
    return BS_OK;
}

/* ---- one base ---- */

static void schema_json(const struct base_schema *b)
{
    struct out_json j;

    out_json_begin(&j);
    jsonw_array(&j.w);
    for (size_t i = 0; i < b->n_tables; i++) {
        const struct table_schema *t = &b->tables[i];

        jsonw_object(&j.w);
        jsonw_member(&j.w, "id", t->id);
        jsonw_member(&j.w, "name", t->name);
        jsonw_member(&j.w, "primaryFieldId", t->primary_field);
        jsonw_key(&j.w, "fields");
        jsonw_array(&j.w);
        for (size_t k = 0; k < t->n_fields; k++) {
            jsonw_object(&j.w);
            jsonw_member(&j.w, "id", t->fields[k].id);
            jsonw_member(&j.w, "name", t->fields[k].name);
            jsonw_member(&j.w, "type", t->fields[k].type_name);
            jsonw_member_bool(&j.w, "writable", field_writable(&t->fields[k]));
            jsonw_end_object(&j.w);
        }
        jsonw_end_array(&j.w);
        jsonw_key(&j.w, "views");
        jsonw_array(&j.w);
        for (size_t k = 0; k < t->n_views; k++) {
            jsonw_object(&j.w);
            jsonw_member(&j.w, "id", t->views[k].id);
            jsonw_member(&j.w, "name", t->views[k].name);
            jsonw_member(&j.w, "type", t->views[k].type);
            jsonw_end_object(&j.w);
        }
        jsonw_end_array(&j.w);
        jsonw_end_object(&j.w);
    }
    jsonw_end_array(&j.w);
    out_json_end(&j);
}

static void schema_table(const struct base_schema *b)
{
    static const char *const headers[] = {"Field", "Id", "Type", "In the sheet", NULL};

    for (size_t i = 0; i < b->n_tables; i++) {
        const struct table_schema *t = &b->tables[i];
        struct table *out = table_new(headers);

        if (i > 0) {
            out_line("%s", "");
        }
        out_line("%s (%s)", t->name, t->id);
        for (size_t k = 0; k < t->n_fields; k++) {
            const struct field *f = &t->fields[k];

            table_addf(out, "%s%s", f->name, str_eq(f->id, t->primary_field) ? " *" : "");
            table_add(out, f->id);
            table_add(out, f->type_name);
            table_add(out, convert_describe(f->type));
        }
        out_table(out, t->n_fields, "no fields");
        for (size_t k = 0; k < t->n_views; k++) {
            out_line("%s%s (%s)", k == 0 ? "Views: " : "       ", t->views[k].name, t->views[k].id);
        }
    }
}

/* ---- one spreadsheet ---- */

static void tab_json(struct jsonw *w, const struct sheet_tab *tab, const char *const *headers,
                     size_t n)
{
    jsonw_object(w);
    jsonw_member_int(w, "gid", tab->id);
    jsonw_member(w, "title", tab->title);
    jsonw_member_int(w, "rows", tab->rows);
    jsonw_member_int(w, "columns", tab->columns);
    jsonw_key(w, "headers");
    jsonw_array(w);
    for (size_t i = 0; i < n; i++) {
        jsonw_string(w, headers[i]);
    }
    jsonw_end_array(w);
    jsonw_end_object(w);
}

static void tab_text(const struct sheet_tab *tab, const char *const *headers, size_t n)
{
    out_line("%s (gid:%lld, %u rows, %u columns)", tab->title, (long long)tab->id, tab->rows,
             tab->columns);
    for (size_t i = 0; i < n; i++) {
        char column[4];

        a1_column((uint32_t)i, column);
        out_line("  %-3s %s", column, headers[i]);
    }
}

static enum bs_rc discover_sheet(struct app *app, struct session *s, const char *id,
                                 struct bs_err *e)
{
    struct sheets *sh = sheets_new(s->caller, id);
    const struct sheet_meta *meta;
    struct out_json j;
    enum bs_rc rc = sheets_meta(sh, app->arena, &meta, e);

    out_json_begin(&j);
    jsonw_array(&j.w);
    for (size_t i = 0; rc == BS_OK && i < meta->n_tabs; i++) {
        const char *const *headers = NULL;
        size_t n = 0;

        if (meta->tabs[i].is_grid) {
            rc = session_headers(app, sh, &meta->tabs[i], &headers, &n, e);
        }
        if (rc == BS_OK && app->json) {
            tab_json(&j.w, &meta->tabs[i], headers, n);
        } else if (rc == BS_OK) {
            tab_text(&meta->tabs[i], headers, n);
        }
    }
    jsonw_end_array(&j.w);
    if (rc == BS_OK && app->json) {
        out_json_end(&j);
    } else {
        buf_release(&j.text);
    }
    sheets_free(sh);
    return rc;
}

static enum bs_rc discover_one(struct app *app, const char *user_id, const char *word,
                               struct bs_err *e)
{
    bool airtable = !word || str_starts(word, "app");
    const struct base_schema *schema;
    const char *id = NULL;
    struct session s = {0};
    enum bs_rc rc = airtable ? BS_OK : session_spreadsheet_id(app, word, &id, e);

    if (rc == BS_OK) {
        rc = session_open(&s, app, user_id, airtable ? SERVICE_AIRTABLE : SERVICE_GOOGLE, e);
    }
    if (rc == BS_OK && !word) {
        rc = discover_bases(app, &s, e);
    } else if (rc == BS_OK && airtable) {
        rc = session_schema(app, &s, word, &schema, e);
        if (rc == BS_OK && app->json) {
            schema_json(schema);
        } else if (rc == BS_OK) {
            schema_table(schema);
        }
    } else if (rc == BS_OK) {
        rc = discover_sheet(app, &s, id, e);
    }
    session_release(&s);
    return rc;
}

int cmd_discover(struct app *app)
{
    const struct args *a = app->args;
    const struct conf_user *user;
    struct bs_err e = BS_ERR_INIT;
    const char *id;
    bool ini = args_has(a, "ini");

    if (ini ? a->n_words != 4 : a->n_words > 1) {
        return out_usage("usage: basesync discover [BASE | SPREADSHEET], or discover --ini BASE "
                         "TABLE SHEET TAB");
    }
    if (app_open(app, &e) != BS_OK || app_find_user(app, &user, &e) != BS_OK ||
        app_user_id(app, user, &id, &e) != BS_OK ||
        (ini ? discover_ini(app, user, id, &e) : discover_one(app, id, a->words[0], &e)) != BS_OK) {
        return out_error(&e);
    }
    return 0;
}
