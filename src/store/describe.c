/* describe.c: see describe.h. What things mean stands in the scripts: above a CREATE or ALTER, or
 * at the end of a column's line. */
#include "store/describe.h"

#include "base/str.h"
#include "store/db.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NEEDLE_MAX 160

/* ---- the scripts, line by line ---- */

/* The line of text that begins with `start`, white space before it aside; NULL when none does. */
static const char *find_line(const char *text, const char *end, const char *start)
{
    size_t n = strlen(start);

    while (text < end) {
        const char *p = text + strspn(text, " ");
        const char *next = strchr(text, '\n');

        if (strncmp(p, start, n) == 0) {
            return p;
        }
        if (!next) {
            break;
        }
        text = next + 1;
    }
    return NULL;
}

/* Start of the line before the one that p is in; NULL at the top. */
static const char *line_above(const char *text, const char *p)
{
    while (p > text && p[-1] != '\n') {
        p--;
    }
    if (p == text) {
        return NULL;
    }
    for (p--; p > text && p[-1] != '\n'; p--) {
    }
    return p;
}

static bool is_comment(const char *line)
{
    return str_starts(line + strspn(line, " "), "-- ");
}

static void add_comment(struct buf *note, const char *line)
{
    const char *text = strstr(line, "-- ") + 3;

    buf_adds(note, note->len > 0 ? " " : "");
    buf_add(note, text, strcspn(text, "\n"));
}

/* The block of comments above a statement. Statements that serve the same thing share theirs. */
static void note_above(const char *text, const char *at, struct buf *note)
{
    const char *line = line_above(text, at), *first = NULL;

    while (line && (str_starts(line, "DROP ") || str_starts(line, "ALTER "))) {
        line = line_above(text, line);
    }
    for (; line && is_comment(line); line = line_above(text, line)) {
        first = line;
    }
    for (line = first; line && is_comment(line); line = strchr(line, '\n') + 1) {
        add_comment(note, line);
    }
}

/* What follows a column on its own line. */
static bool note_behind(const char *line, struct buf *note)
{
    size_t n = strcspn(line, "\n");
    const char *dashes = strstr(line, "-- ");

    if (!dashes || dashes >= line + n) {
        return false;
    }
    add_comment(note, line);
    return true;
}

static void table_note(const char *name, bool is_view, struct buf *note)
{
    char needle[NEEDLE_MAX];

    snprintf(needle, sizeof needle, is_view ? "CREATE VIEW %s AS" : "CREATE TABLE \"%s\" (", name);
    for (int i = db_steps_n; i >= 0 && note->len == 0; i--) {
        const char *text = i == db_steps_n ? db_views : db_steps[i].sql;
        const char *at = find_line(text, text + strlen(text), needle);

        if (at) {
            note_above(text, at, note);
        }
    }
}

static void column_note(const char *table, const char *column, struct buf *note)
{
    char create[NEEDLE_MAX], alter[NEEDLE_MAX], start[NEEDLE_MAX];

    snprintf(create, sizeof create, "CREATE TABLE \"%s\" (", table);
    snprintf(alter, sizeof alter, "ALTER TABLE \"%s\" ADD COLUMN %s ", table, column);
    snprintf(start, sizeof start, "%s ", column);
    for (int i = db_steps_n - 1; i >= 0; i--) {
        const char *text = db_steps[i].sql, *end = text + strlen(text);
        const char *at = find_line(text, end, alter);

        if (at) {
            if (!note_behind(at, note)) {
                note_above(text, at, note);
            }
            return;
        }
        at = find_line(text, end, create);
        if (at) {
            end = strstr(at, "\n)");
            at = find_line(at, end ? end : at, start);
            if (at) {
                (void)note_behind(at, note);
            }
            return;
        }
    }
}

/* ---- the database ---- */

static enum bs_rc visit_columns(struct store *s, const struct store_visitor *v, const char *table,
                                bool is_view, struct bs_err *e)
{
    struct db_rows r;

    db_open(s, &r,
            "SELECT name, type, \"notnull\" OR pk > 0 FROM pragma_table_xinfo(?1) ORDER BY cid",
            DB_ARGS(DB_TEXT(table)), e);
    while (db_next(&r, e)) {
        const char *name = db_col_text(&r, 0);
        struct buf note;

        buf_init(&note, BUF_NO_LIMIT);
        if (!is_view) {
            column_note(table, name, &note);
        }
        v->column(v->ctx, name, is_view ? "" : db_col_text(&r, 1), !is_view && db_col_int(&r, 2),
                  note.data);
        buf_release(&note);
    }
    return db_end(&r);
}

static enum bs_rc visit(struct store *s, const struct store_visitor *v, struct bs_err *e)
{
    struct db_rows r;
    enum bs_rc rc = BS_OK, ended;

    db_open(
        s, &r,
        "SELECT name, type = 'view' FROM sqlite_schema WHERE type IN ('table', 'view') AND name "
        "NOT LIKE 'sqlite_%' ORDER BY type, rowid",
        DB_NO_ARGS, e);
    while (rc == BS_OK && db_next(&r, e)) {
        const char *name = db_col_text(&r, 0);
        bool is_view = db_col_int(&r, 1) != 0;
        struct buf note;

        buf_init(&note, BUF_NO_LIMIT);
        table_note(name, is_view, &note);
        v->table(v->ctx, name, is_view, note.data);
        buf_release(&note);
        rc = visit_columns(s, v, name, is_view, e);
    }
    ended = db_end(&r);
    return rc == BS_OK ? ended : rc;
}

enum bs_rc store_describe(const struct store_visitor *v, struct bs_err *e)
{
    struct store s = {.path = (char[]){":memory:"}};
    enum bs_rc rc = BS_OK;
    int code = sqlite3_open_v2(":memory:", &s.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);

    if (code != SQLITE_OK) {
        rc = db_fail(s.path, s.db, code, e);
        goto out;
    }
    rc = db_migrate(&s, db_steps, db_steps_n, db_views, e);
    if (rc == BS_OK) {
        rc = visit(&s, v, e);
    }
out:
    db_forget(&s);
    sqlite3_close(s.db);
    return rc;
}
