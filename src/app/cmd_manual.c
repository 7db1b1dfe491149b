/* cmd_manual.c: the lists within the manual pages, from the tables that the program itself works by
 * (packaging/man has the words around them). */
#include "app/commands.h"
#include "app/out.h"
#include "base/mdoc.h"
#include "base/str.h"
#include "store/describe.h"

#include <string.h>

/* ---- basesync(1) ---- */

static void options_mdoc(struct buf *out, const struct option *list)
{
    bool any = false;

    for (const struct option *o = list; o && o->name; o++) {
        if (o->hidden) {
            continue;
        }
        buf_adds(out, any ? "" : ".Bl -tag -width Ds\n");
        any = true;
        buf_adds(out, ".It ");
        if (o->letter) {
            buf_addf(out, "Fl %c%s%s , ", o->letter, o->value ? " Ar " : "",
                     o->value ? o->value : "");
        }
        buf_addf(out, "Fl \\-%s%s%s\n", o->name, o->value ? " Ar " : "", o->value ? o->value : "");
        mdoc_text(out, o->help);
        buf_adds(out, ".\n");
    }
    buf_adds(out, any ? ".El\n" : "");
}

static void commands_mdoc(struct buf *out)
{
    for (const struct command *c = commands; c->name; c++) {
        if (c->hidden) {
            continue;
        }
        buf_addf(out, ".It Cm %s", c->name);
        if (*c->usage) {
            buf_adds(out, " Ar ");
            mdoc_words(out, c->usage);
        }
        buf_addc(out, '\n');
        mdoc_text(out, c->summary);
        buf_adds(out, ".\n");
        if (c->help) {
            mdoc_text(out, c->help);
            buf_addc(out, '\n');
        }
        options_mdoc(out, c->options);
    }
}

/* ---- basesync-db(7) ---- */

struct schema_page {
    struct buf *out;
    bool views; /* the tables are through */
    bool open;  /* a list of columns has begun */
};

static void end_columns(struct schema_page *page)
{
    buf_adds(page->out, page->open ? ".El\n" : "");
    page->open = false;
}

static void table_mdoc(void *ctx, const char *name, bool is_view, const char *note)
{
    struct schema_page *page = ctx;

    end_columns(page);
    if (is_view && !page->views) {
        buf_adds(page->out, ".Sh VIEWS FOR PEOPLE\n");
        page->views = true;
    }
    buf_addf(page->out, ".Ss %s\n", name);
    if (*note) {
        mdoc_text(page->out, note);
        buf_addc(page->out, '\n');
    }
}

static void column_mdoc(void *ctx, const char *name, const char *type, bool required,
                        const char *note)
{
    struct schema_page *page = ctx;

    buf_adds(page->out, page->open ? "" : ".Bl -tag -width Ds -compact\n");
    page->open = true;
    buf_addf(page->out, ".It Va %s", name);
    if (*type) {
        buf_addf(page->out, " No ( %s%s )", type, required ? "" : " or NULL");
    }
    buf_addc(page->out, '\n');
    if (*note) {
        mdoc_text(page->out, note);
        buf_addc(page->out, '\n');
    }
}

static enum bs_rc schema_mdoc(struct buf *out, struct bs_err *e)
{
    struct schema_page page = {.out = out};
    const struct store_visitor visitor = {table_mdoc, column_mdoc, &page};
    enum bs_rc rc;

    buf_adds(out, ".Sh TABLES\n");
    rc = store_describe(&visitor, e);
    end_columns(&page);
    return rc;
}

int cmd_manual(struct app *app)
{
    const char *what = app->args->words[0];
    struct bs_err e = BS_ERR_INIT;
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    if (str_eq(what, "commands")) {
        commands_mdoc(&b);
    } else if (str_eq(what, "keys")) {
        conf_mdoc(&b);
    } else if (!str_eq(what, "schema")) {
        buf_release(&b);
        return out_usage("there are lists of commands, keys and schema, not of \"%s\"", what);
    } else if (schema_mdoc(&b, &e) != BS_OK) {
        buf_release(&b);
        return out_error(&e);
    }
    out_buf(&b);
    return 0;
}
