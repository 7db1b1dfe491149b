/* import_sections.c: an imported sync as a [sync] section. The hosted product knew columns by their
 * number; here they go by their header, which is read from the sheet. */
#include "app/import.h"
#include "app/section.h"
#include "app/session.h"
#include "base/os.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

/* One user's sessions, opened when first needed. */
struct reader {
    const struct conf_user *user;
    struct session airtable, google;
    bool opened, ready;
    struct bs_err why; /* when it is not ready */
};

struct making {
    struct app *app;
    const struct import_sync *s;
    const struct conf_user *user;
    struct buf text; /* of this section */
    /* what could be read; NULL when it could not */
    const struct base_schema *schema;
    const struct table_schema *table;
    const struct sheet_tab *tab;
    const char *const *headers;
    size_t n_headers, n_lines;
};

/* ---- reading ---- */

static void open_reader(struct app *app, struct reader *r)
{
    const char *id;

    r->opened = true;
    r->ready = app_user_id(app, r->user, &id, &r->why) == BS_OK &&
               session_open(&r->airtable, app, id, SERVICE_AIRTABLE, &r->why) == BS_OK &&
               session_open(&r->google, app, id, SERVICE_GOOGLE, &r->why) == BS_OK;
}

/* googleSheetId was meant as a gid; what is none of this spreadsheet's is a title. */
static const struct sheet_tab *find_tab(const struct sheet_meta *meta, const char *sheet)
{
    int64_t gid;

    for (size_t i = 0; str_to_i64(sheet, 0, INT32_MAX, &gid) && i < meta->n_tabs; i++) {
        if (meta->tabs[i].id == gid) {
            return &meta->tabs[i];
        }
    }
    return sheets_find_tab(meta, sheet);
}

static enum bs_rc read_sheet(struct making *m, struct reader *r, struct bs_err *e)
{
    struct sheets *sh = sheets_new(r->google.caller, m->s->spreadsheet);
    const struct sheet_meta *meta;

    if (sheets_meta(sh, m->app->arena, &meta, e) == BS_OK) {
        m->tab = find_tab(meta, m->s->sheet);
        if (!m->tab || !m->tab->is_grid) {
            m->tab = NULL;
            bs_fail(e, BS_STOP_SYNC, BS_K_SCHEMA, "the spreadsheet has no tab \"%.60s\"",
                    m->s->sheet);
        } else {
            bs_seen(session_headers(m->app, sh, m->tab, &m->headers, &m->n_headers, e));
        }
    }
    sheets_free(sh);
    return e->rc;
}

/* BS_OK: the table and the header row are at hand. */
static enum bs_rc read_both(struct making *m, struct reader *r, struct bs_err *e)
{
    if (!r->opened) {
        open_reader(m->app, r);
    }
    if (!r->ready) {
        *e = r->why;
        return e->rc;
    }
    if (session_schema(m->app, &r->airtable, m->s->base, &m->schema, e) != BS_OK) {
        return e->rc;
    }
    m->table = schema_find_table(m->schema, m->s->table);
    if (!m->table) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_SCHEMA, "the base has no table \"%.60s\"",
                       m->s->table);
    }
    return read_sheet(m, r, e);
}

/* ---- writing ---- */

static const char *plain(const struct making *m, const char *text)
{
    char *copy = arena_strndup(m->app->arena, text, strnlen(text, 200));

    str_clean(copy);
    return copy;
}

static void add_lower_key(struct buf *out, const char *key, const char *word)
{
    char lower[32];
    size_t n = 0;

    for (; n < sizeof lower - 1 && word[n]; n++) {
        lower[n] = (char)(word[n] >= 'A' && word[n] <= 'Z' ? word[n] + ('a' - 'A') : word[n]);
    }
    lower[n] = '\0';
    (void)section_key(out, key, lower);
}

/* Why this field of the product's cannot have a line; NULL when it got one. */
static const char *add_field(struct making *m, const struct import_field *f, const char **name)
{
    const struct field *field = table_find_field(m->table, f->field);
    const char *header = f->column < m->n_headers ? m->headers[f->column] : "";

    *name = field ? field->name : f->field;
    if (!field) {
        return "is not in the table any more";
    }
    if (*header == '\0') {
        return "has a column without a header: write one into row 1 and add `field = NAME <-> "
               "HEADER`";
    }
    if (section_find_header(m->headers, m->n_headers, header).n > 1) {
        return "has a header that stands there twice: rename one and add `field = NAME <-> HEADER`";
    }
    if (m->s->direction == DIRECTION_TO_AIRTABLE && !field_writable(field)) {
        return "is computed by Airtable and cannot be written";
    }
    return section_field(&m->text, m->table, field, header)
               ? NULL
               : "has a header that cannot be written in this file: rename it";
}

static void add_fields(struct making *m)
{
    for (size_t i = 0; i < m->s->n_fields; i++) {
        const struct import_field *f = &m->s->fields[i];
        const char *name, *why = add_field(m, f, &name);
        char column[4];

        a1_column((uint32_t)f->column, column);
        if (why) {
            buf_addf(&m->text, "# Left out: \"%s\", column %s, %s.\n", plain(m, name), column, why);
        } else {
            m->n_lines++;
        }
    }
}

/* Without a look at the header row nobody knows what a column is called. */
static void add_unread(struct making *m, const struct bs_err *why)
{
    buf_addf(
        &m->text,
        "# The header row could not be read (%s). Give each field the header of its column and "
        "remove the #, then set active = yes.\n",
        plain(m, why->msg));
    for (size_t i = 0; i < m->s->n_fields; i++) {
        char column[4];

        a1_column((uint32_t)m->s->fields[i].column, column);
        buf_addf(&m->text, "# field = %s <-> the header of column %s\n",
                 plain(m, m->s->fields[i].field), column);
    }
}

static void add_tab(struct making *m)
{
    char room[SECTION_TAB_MAX];
    int64_t gid;

    if (m->tab) {
        (void)section_key(&m->text, "tab", section_tab_name(m->tab->title, m->tab->id, room));
    } else if (str_to_i64(m->s->sheet, 0, INT32_MAX, &gid)) {
        (void)section_key(&m->text, "tab", section_tab_name("", gid, room));
    } else if (!section_key(&m->text, "tab", m->s->sheet)) {
        buf_addf(&m->text, "# tab = %s\n", plain(m, m->s->sheet));
    }
}

static void add_view(struct making *m)
{
    const struct field_view *v =
        m->table && m->s->view ? table_find_view(m->table, m->s->view) : NULL;

    if (!m->s->view) {
        return;
    }
    if (m->table && !v) {
        buf_addf(&m->text,
                 "# The view %s is not there any more; without it all records take part.\n",
                 plain(m, m->s->view));
    } else if (!section_key(&m->text, "view", m->s->view)) {
    }
}

static void add_name(struct making *m)
{
    if (!section_key(&m->text, "name", m->s->name)) {
        (void)section_key(&m->text, "name",
                          str_trim(arena_strdup(m->app->arena, plain(m, m->s->name))));
    }
    if (m->app->conf->n_users > 1) {
        (void)section_key(&m->text, "user", m->user->slug);
    }
}

/* why: BS_OK when the table and the header row are at hand. True when the section is active. */
static bool add_section(struct making *m, const struct bs_err *why)
{
    const char *table = m->table ? section_table_name(m->schema, m->table) : m->s->table;
    bool active;

    add_name(m);
    (void)section_key(&m->text, "base", m->s->base);
    (void)section_key(&m->text, "table", table);
    (void)section_key(&m->text, "spreadsheet", m->s->spreadsheet);
    add_tab(m);
    add_view(m);
    add_lower_key(&m->text, "direction", direction_name(m->s->direction));
    add_lower_key(&m->text, "conflicts", conflict_rule_name(m->s->conflicts));
    if (why->rc == BS_OK) {
        add_fields(m);
    } else {
        add_unread(m, why);
    }
    /* Without any line all fields would be synced: more than the person has asked for. */
    active = m->s->active && why->rc == BS_OK && m->n_lines > 0;
    (void)section_key(&m->text, "active", active ? "yes" : "no");
    return active;
}

/* Does the INI file take the section? Its users are told first. */
static enum bs_rc try_section(const struct making *m, const char *text, struct bs_err *e)
{
    struct conf *conf = NULL;
    struct buf b;
    enum bs_rc rc;

    buf_init(&b, CONF_FILE_MAX);
    for (size_t i = 0; m->app->conf->n_users > 1 && i < m->app->conf->n_users; i++) {
        buf_addf(&b, "[user %s]\nname = x\n", m->app->conf->users[i].slug);
    }
    buf_adds(&b, text);
    rc = conf_parse("import", b.data, b.len, &conf, e);
    conf_free(conf);
    buf_release(&b);
    return rc;
}

static void add_commented(struct buf *out, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");

        buf_addf(out, "# %.*s\n", (int)n, text);
        text += n + (text[n] == '\n');
    }
}

/* True when it is active. What would make the whole file unreadable is a comment. */
static bool make_section(struct making *m, const struct bs_err *why, struct buf *out)
{
    struct bs_err bad = BS_ERR_INIT;
    bool active;

    buf_init(&m->text, BUF_NO_LIMIT);
    buf_add(&m->text, out->data, out->len); /* whose slugs are taken */
    section_begin(&m->text, m->app->conf, m->s->name);
    memmove(m->text.data, m->text.data + out->len, m->text.len - out->len + 1);
    m->text.len -= out->len;
    active = add_section(m, why);
    buf_adds(out, out->len > 0 ? "\n" : "");
    if (try_section(m, m->text.data, &bad) == BS_OK) {
        buf_adds(out, m->text.data);
    } else {
        buf_addf(out, "# This sync cannot be carried over: %s\n", plain(m, bad.msg));
        add_commented(out, m->text.data);
        active = false;
    }
    buf_release(&m->text);
    return active;
}

/* ---- all of them ---- */

static bool same_tab(const struct conf_sync *c, const struct making *m)
{
    int64_t gid;
    bool number = str_to_i64(m->s->sheet, 0, INT32_MAX, &gid);

    if (str_starts(c->tab, "gid:")) {
        return (number && str_eq(c->tab + 4, m->s->sheet)) ||
               (m->tab && str_to_i64(c->tab + 4, 0, INT32_MAX, &gid) && gid == m->tab->id);
    }
    return str_eq_ci(c->tab, m->tab ? m->tab->title : m->s->sheet);
}

/* The INI file has this sync already: another import, or a section made by hand. */
static bool is_there(const struct making *m)
{
    for (size_t i = 0; i < m->app->conf->n_syncs; i++) {
        const struct conf_sync *c = &m->app->conf->syncs[i];

        if (str_eq(c->base, m->s->base) && str_eq(c->spreadsheet, m->s->spreadsheet) &&
            (str_eq(c->table, m->s->table) || (m->table && str_eq_ci(c->table, m->table->name))) &&
            same_tab(c, m)) {
            return true;
        }
    }
    return false;
}

static struct reader *reader_of(struct reader *list, size_t *n, const struct conf_user *user)
{
    for (size_t i = 0; i < *n; i++) {
        if (list[i].user == user) {
            return &list[i];
        }
    }
    list[*n] = (struct reader){.user = user, .why = BS_ERR_INIT};
    return &list[(*n)++];
}

enum bs_rc import_sections(struct app *app, const struct import *x,
                           const struct conf_user *const *users, struct buf *out,
                           struct import_made *made, struct bs_err *e)
{
    struct reader *readers = arena_alloc_n(app->arena, x->n_syncs + 1, sizeof *readers);
    size_t n = 0;

    *made = (struct import_made){0};
    for (size_t i = 0; i < x->n_syncs && !os_stop_requested(); i++) {
        struct making m = {.app = app, .s = &x->syncs[i], .user = users[i]};
        struct bs_err why = BS_ERR_INIT;

        bs_seen(read_both(&m, reader_of(readers, &n, users[i]), &why));
        if (is_there(&m)) {
            made->kept++;
        } else {
            made->inactive += !make_section(&m, &why, out);
            made->sections++;
        }
    }
    for (size_t i = 0; i < n; i++) {
        session_release(&readers[i].airtable);
        session_release(&readers[i].google);
    }
    return os_stop_requested()
               ? bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "stopped by a signal; nothing was written")
               : BS_OK;
}
