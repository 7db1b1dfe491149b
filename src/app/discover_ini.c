/* discover_ini.c: a ready [sync] section for a table and a tab, with remarks on what will not flow.
 */
#include "app/discover.h"
#include "app/out.h"
#include "app/section.h"
#include "base/str.h"
#include "model/convert.h"
#include "model/text.h"

#include <string.h>

#define ID_COLUMN "Record ID" /* the default of id_column */

struct section {
    struct app *app;
    const struct conf_user *user;
    const char *base, *spreadsheet, *tab_ref;
    const struct base_schema *schema;
    const struct table_schema *table;
    const struct sheet_tab *tab;
    const char *const *headers;
    size_t n_headers;
    bool read_only; /* the account may not write to the base */
};

/* ---- reading ---- */

static enum bs_rc find_tab(struct section *s, struct session *google, struct bs_err *e)
{
    struct sheets *sh = sheets_new(google->caller, s->spreadsheet);
    const struct sheet_meta *meta;
    enum bs_rc rc = sheets_meta(sh, s->app->arena, &meta, e);

    if (rc == BS_OK) {
        s->tab = sheets_find_tab(meta, s->tab_ref);
        if (!s->tab || !s->tab->is_grid) {
            rc = bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                         "there is no tab \"%s\" with cells in the spreadsheet \"%s\"", s->tab_ref,
                         meta->title);
        }
    }
    if (rc == BS_OK) {
        rc = session_headers(s->app, sh, s->tab, &s->headers, &s->n_headers, e);
    }
    sheets_free(sh);
    return rc;
}

static enum bs_rc find_rights(struct section *s, struct session *airtable, struct bs_err *e)
{
    const struct airtable_base_info *bases;
    size_t n;

    if (airtable_bases(airtable->caller, s->app->arena, &bases, &n, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < n; i++) {
        s->read_only = s->read_only ||
                       (str_eq(bases[i].id, s->base) && !session_may_write(bases[i].permission));
    }
    return BS_OK;
}

static enum bs_rc find_table(struct section *s, struct session *airtable, const char *name,
                             struct bs_err *e)
{
    if (session_schema(s->app, airtable, s->base, &s->schema, e) != BS_OK ||
        find_rights(s, airtable, e) != BS_OK) {
        return e->rc;
    }
    s->table = schema_find_table(s->schema, name);
    return s->table ? BS_OK
                    : bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                              "there is no table \"%s\" in the base %s; `basesync discover %s` "
                              "lists them",
                              name, s->base, s->base);
}

/* ---- writing ---- */

/* A name as part of a comment, which ends with its line. */
static const char *quoted(const struct section *s, const char *name)
{
    char *copy = arena_strdup(s->app->arena, name);

    str_clean(copy);
    return copy;
}

/* A header for a new column of a field whose own name would be read as an arrow, or as two lines.
 */
static const char *plain_header(const struct section *s, const char *name)
{
    char *copy = arena_strdup(s->app->arena, name);

    str_clean(copy);
    for (char *p = copy; *p; p++) {
        *p = strchr("<->", *p) ? ' ' : *p;
    }
    return str_trim(copy);
}

static void add_doubled(const struct section *s, const struct section_header *h, struct buf *out)
{
    char a[4], b[4];

    a1_column((uint32_t)h->column[0], a);
    a1_column((uint32_t)h->column[1], b);
    buf_addf(out,
             "# The header \"%s\" stands in columns %s and %s: rename one of them, then this field "
             "can take part.\n",
             quoted(s, h->text), a, b);
}

/* Why a field cannot have a line; NULL when it can. */
static const char *left_out(const struct field *f)
{
    if (f->type == FIELD_BUTTON || f->type == FIELD_MANUAL_SORT) {
        return "it has no value to sync";
    }
    if (text_header_like(f->name, ID_COLUMN)) {
        return "the record ids go into a column of that name; to sync it, set id_column to another "
               "name";
    }
    return NULL;
}

static bool add_line(const struct section *s, const struct field *f, const struct section_header *h,
                     struct buf *out)
{
    return section_field(out, s->table, f, h->n > 0 ? h->text : f->name) ||
           (h->n == 0 && section_field(out, s->table, f, plain_header(s, f->name)));
}

static void add_field(const struct section *s, const struct field *f, struct buf *out)
{
    struct section_header h = section_find_header(s->headers, s->n_headers, f->name);
    const char *why = left_out(f);
    struct buf line;

    buf_init(&line, BUF_NO_LIMIT);
    if (!why && !add_line(s, f, &h, &line)) {
        why = "the header of its column cannot be written in this file; rename it";
    }
    if (why) {
        buf_addf(out, "# Left out: \"%s\", %s: %s.\n", quoted(s, f->name),
                 field_type_info(f->type)->label, why);
    } else if (h.n > 1) {
        add_doubled(s, &h, out);
        buf_addf(out, "# %s", line.data);
    } else {
        buf_addf(out, "# %s%s%s\n",
                 field_writable(f) || f->type == FIELD_ATTACHMENTS ? "" : "computed by Airtable; ",
                 convert_describe(f->type),
                 h.n == 0 ? "; this column will be added to the tab" : "");
        buf_adds(out, line.data);
    }
    buf_release(&line);
}

static bool is_taken(const struct section *s, const char *header)
{
    if (text_header_like(header, ID_COLUMN)) {
        return true;
    }
    for (size_t i = 0; i < s->table->n_fields; i++) {
        if (text_header_like(s->table->fields[i].name, header)) {
            return true;
        }
    }
    return false;
}

static void add_other_columns(const struct section *s, struct buf *out)
{
    for (size_t i = 0; i < s->n_headers; i++) {
        char column[4];

        a1_column((uint32_t)i, column);
        if (*s->headers[i] && !is_taken(s, s->headers[i])) {
            buf_addf(out, "# Column %s, \"%s\", has no field of its name and is left alone.\n",
                     column, quoted(s, s->headers[i]));
        }
    }
}

static void add_id_column(const struct section *s, struct buf *out)
{
    struct section_header id = section_find_header(s->headers, s->n_headers, ID_COLUMN);

    if (id.n > 1) {
        buf_adds(out, "# The header \"" ID_COLUMN "\" stands there twice: rename one of them.\n");
    } else if (id.n == 0) {
        buf_adds(out, "# A column \"" ID_COLUMN "\" will be added: it ties each row to its "
                      "record. It may be hidden.\n");
    }
}

static void print_section(const struct section *s)
{
    const struct field *primary = table_find_field(s->table, s->table->primary_field);
    char gid[SECTION_TAB_MAX];
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    section_begin(&b, s->app->conf, s->table->name);
    (void)section_key(&b, "name", s->table->name);
    if (s->app->conf->n_users > 1) {
        (void)section_key(&b, "user", s->user->slug);
    }
    (void)section_key(&b, "base", s->base);
    (void)section_key(&b, "table", section_table_name(s->schema, s->table));
    (void)section_key(&b, "spreadsheet", s->spreadsheet);
    (void)section_key(&b, "tab", section_tab_name(s->tab->title, s->tab->id, gid));
    if (s->read_only) {
        buf_adds(&b, "# The account may only read in this base.\n");
    }
    (void)section_key(&b, "direction", s->read_only ? "airtable_to_sheets" : "bidirectional");
    (void)section_key(&b, "conflicts", "newest_wins");
    if (primary) {
        buf_adds(&b, "# Rows and records find each other by this field the first time.\n");
        (void)section_key(&b, "match", section_field_name(s->table, primary));
    }
    add_id_column(s, &b);
    for (size_t i = 0; i < s->table->n_fields; i++) {
        add_field(s, &s->table->fields[i], &b);
    }
    add_other_columns(s, &b);
    out_buf(&b);
}

/* BASE TABLE SHEET TAB */
enum bs_rc discover_ini(struct app *app, const struct conf_user *user, const char *user_id,
                        struct bs_err *e)
{
    const char *const *w = app->args->words;
    struct section s = {.app = app, .user = user, .base = w[0], .tab_ref = w[3]};
    struct session airtable = {0}, google = {0};
    enum bs_rc rc = session_spreadsheet_id(app, w[2], &s.spreadsheet, e);

    if (rc == BS_OK) {
        rc = session_open(&airtable, app, user_id, SERVICE_AIRTABLE, e);
    }
    if (rc == BS_OK) {
        rc = find_table(&s, &airtable, w[1], e);
    }
    if (rc == BS_OK) {
        rc = session_open(&google, app, user_id, SERVICE_GOOGLE, e);
    }
    if (rc == BS_OK) {
        rc = find_tab(&s, &google, e);
    }
    if (rc == BS_OK) {
        print_section(&s);
    }
    session_release(&airtable);
    session_release(&google);
    return rc;
}
