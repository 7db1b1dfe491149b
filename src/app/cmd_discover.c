/* cmd_discover.c: what the credentials can see, and a ready section for the INI file. */
#include "app/commands.h"
#include "app/out.h"
#include "app/session.h"
#include "base/str.h"
#include "model/convert.h"

#include <ctype.h>
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

static enum bs_rc read_schema(struct app *app, struct session *s, const char *base,
                              const struct base_schema **out, struct bs_err *e)
{
    struct airtable *at = airtable_new(s->caller, base);
    enum bs_rc rc = airtable_schema(at, app->arena, out, e);

    airtable_free(at);
    return rc;
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

/* ---- a section for the INI file ---- */

struct section {
    const char *base, *spreadsheet, *tab_ref;
    const struct table_schema *table;
    const struct sheet_tab *tab;
    const char *const *headers;
    size_t n_headers;
};

static bool has_header(const struct section *s, const char *name)
{
    for (size_t i = 0; i < s->n_headers; i++) {
        if (str_eq(s->headers[i], name)) {
            return true;
        }
    }
    return false;
}

static const struct field *field_named(const struct table_schema *t, const char *name)
{
    for (size_t i = 0; i < t->n_fields; i++) {
        if (str_eq(t->fields[i].name, name)) {
            return &t->fields[i];
        }
    }
    return NULL;
}

static void add_slug(struct buf *out, const char *name)
{
    size_t start = out->len;

    for (; *name && out->len - start < 40; name++) {
        if (isalnum((unsigned char)*name)) {
            buf_addc(out, (char)tolower((unsigned char)*name));
        } else if (out->len > start && out->data[out->len - 1] != '-') {
            buf_addc(out, '-');
        }
    }
    while (out->len > start && out->data[out->len - 1] == '-') {
        out->data[--out->len] = '\0';
    }
    buf_adds(out, out->len == start ? "sync" : "");
}

static void add_fields(const struct section *s, struct buf *out)
{
    for (size_t i = 0; i < s->table->n_fields; i++) {
        const struct field *f = &s->table->fields[i];
        bool there = has_header(s, f->name);

        if (f->type == FIELD_BUTTON || f->type == FIELD_MANUAL_SORT) {
            buf_addf(out, "# %s: %s\n", f->name, convert_describe(f->type));
            continue;
        }
        buf_addf(out, "# %s%s\n", convert_describe(f->type),
                 there ? "" : "; this column will be added to the tab");
        buf_addf(out, "field = %s%s%s\n", f->name, field_writable(f) ? "" : " -> ",
                 field_writable(f) ? "" : f->name);
    }
    for (size_t i = 0; i < s->n_headers; i++) {
        if (*s->headers[i] && !field_named(s->table, s->headers[i]) &&
            !str_eq(s->headers[i], "Record ID")) {
            buf_addf(out, "# The column \"%s\" has no field of its name; it is left alone.\n",
                     s->headers[i]);
        }
    }
}

static void print_section(const struct section *s)
{
    const struct field *primary = table_find_field(s->table, s->table->primary_field);
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    buf_adds(&b, "[sync ");
    add_slug(&b, s->table->name);
    buf_addf(&b, "]\nname        = %s\nbase        = %s\ntable       = %s\nspreadsheet = %s\n",
             s->table->name, s->base, s->table->name, s->spreadsheet);
    if (str_starts(s->tab->title, "gid:")) {
        buf_addf(&b, "tab         = gid:%lld\n", (long long)s->tab->id);
    } else {
        buf_addf(&b, "tab         = %s\n", s->tab->title);
    }
    buf_adds(&b, "direction   = bidirectional\nconflicts   = newest_wins\n");
    if (primary) {
        buf_addf(&b,
                 "# Rows and records find each other by this field the first time.\n"
                 "match       = %s\n",
                 primary->name);
    }
    add_fields(s, &b);
    out_buf(&b);
}

static enum bs_rc find_tab(struct app *app, struct session *google, struct section *s,
                           struct bs_err *e)
{
    struct sheets *sh = sheets_new(google->caller, s->spreadsheet);
    const struct sheet_meta *meta;
    enum bs_rc rc = sheets_meta(sh, app->arena, &meta, e);

    if (rc == BS_OK) {
        s->tab = sheets_find_tab(meta, s->tab_ref);
        if (!s->tab || !s->tab->is_grid) {
            rc = bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                         "there is no tab \"%s\" with cells in the spreadsheet \"%s\"", s->tab_ref,
                         meta->title);
        }
    }
    if (rc == BS_OK) {
        rc = session_headers(app, sh, s->tab, &s->headers, &s->n_headers, e);
    }
    sheets_free(sh);
    return rc;
}

static enum bs_rc spreadsheet_id(struct app *app, const char *text, const char **id,
                                 struct bs_err *e)
{
    struct buf b;
    int64_t gid;
    bool ok;

    buf_init(&b, 200);
    ok = a1_parse_spreadsheet(text, &b, &gid);
    *id = ok ? arena_strdup(app->arena, b.data) : NULL;
    buf_release(&b);
    return ok ? BS_OK
              : bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                        "\"%.60s\" is neither a base's id (app...) nor a spreadsheet's address or "
                        "id",
                        text);
}

/* BASE TABLE SHEET TAB */
static enum bs_rc make_section(struct app *app, const char *user_id, struct bs_err *e)
{
    const char *const *w = app->args->words;
    struct section s = {.base = w[0], .tab_ref = w[3]};
    const struct base_schema *schema;
    struct session airtable = {0}, google = {0};
    enum bs_rc rc = spreadsheet_id(app, w[2], &s.spreadsheet, e);

    if (rc == BS_OK) {
        rc = session_open(&airtable, app, user_id, SERVICE_AIRTABLE, e);
    }
    if (rc == BS_OK) {
        rc = read_schema(app, &airtable, s.base, &schema, e);
    }
    if (rc == BS_OK) {
        s.table = schema_find_table(schema, w[1]);
        rc = s.table ? session_open(&google, app, user_id, SERVICE_GOOGLE, e)
                     : bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                               "there is no table \"%s\" in the base %s", w[1], w[0]);
    }
    if (rc == BS_OK) {
        rc = find_tab(app, &google, &s, e);
    }
    if (rc == BS_OK) {
        print_section(&s);
    }
    session_release(&airtable);
    session_release(&google);
    return rc;
}

static enum bs_rc discover_one(struct app *app, const char *user_id, const char *word,
                               struct bs_err *e)
{
    bool airtable = !word || str_starts(word, "app");
    const struct base_schema *schema;
    const char *id = NULL;
    struct session s = {0};
    enum bs_rc rc = airtable ? BS_OK : spreadsheet_id(app, word, &id, e);

    if (rc == BS_OK) {
        rc = session_open(&s, app, user_id, airtable ? SERVICE_AIRTABLE : SERVICE_GOOGLE, e);
    }
    if (rc == BS_OK && !word) {
        rc = discover_bases(app, &s, e);
    } else if (rc == BS_OK && airtable) {
        rc = read_schema(app, &s, word, &schema, e);
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
        (ini ? make_section(app, id, &e) : discover_one(app, id, a->words[0], &e)) != BS_OK) {
        return out_error(&e);
    }
    return 0;
}
