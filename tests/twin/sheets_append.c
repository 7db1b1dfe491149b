/*
 * values.append: looks for a table that touches the range and writes below it, in the table's first
 * column. A table is a block of filled cells with empty cells all around it; of several the last
 * one counts. Rules and cases: the guide "Read & write cell values" and recorded answers.
 */
#include "sheets_write.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool filled(const struct g_sheet *sh, int r, int c)
{
    const struct g_cell *cell = grid_cell(sh, r, c);
    if (!cell)
        return false;
    if (cell->kind != G_EMPTY)
        return true;
    /* A check box counts as data, ticked or not. */
    const struct g_json *rule = cell->extra ? cell->extra->rule : NULL;
    const char *type = rule ? tj_str(tj_get(rule->v, "condition"), "type") : NULL;
    return type && strcmp(type, "BOOLEAN") == 0;
}

static bool any_in_row(const struct g_sheet *sh, int r, int c0, int c1)
{
    for (int c = c0 < 0 ? 0 : c0; c < c1; c++)
        if (filled(sh, r, c))
            return true;
    return false;
}

static bool any_in_column(const struct g_sheet *sh, int c, int r0, int r1)
{
    for (int r = r0 < 0 ? 0 : r0; r < r1 && r < sh->n_row; r++)
        if (filled(sh, r, c))
            return true;
    return false;
}

/* Grows the box while a filled cell borders it, corners included. */
static struct a1_box table_around(const struct g_sheet *sh, int r, int c)
{
    struct a1_box b = {r, c, r + 1, c + 1};
    for (bool grown = true; grown;) {
        grown = false;
        while (b.r1 < sh->rows && any_in_row(sh, b.r1, b.c0 - 1, b.c1 + 1)) {
            b.r1++;
            grown = true;
        }
        while (b.r0 > 0 && any_in_row(sh, b.r0 - 1, b.c0 - 1, b.c1 + 1)) {
            b.r0--;
            grown = true;
        }
        while (b.c1 < sh->cols && any_in_column(sh, b.c1, b.r0 - 1, b.r1 + 1)) {
            b.c1++;
            grown = true;
        }
        while (b.c0 > 0 && any_in_column(sh, b.c0 - 1, b.r0 - 1, b.r1 + 1)) {
            b.c0--;
            grown = true;
        }
    }
    return b;
}

/* The last table that has a cell in the box; false when there is none. */
static bool find_table(const struct g_sheet *sh, const struct a1_box *box, struct a1_box *found)
{
    struct a1_box *seen = NULL;
    size_t n = 0;
    for (int r = box->r0; r < box->r1 && r < sh->n_row; r++) {
        const struct g_row *row = grid_row(sh, r);
        for (int c = box->c0; row && c < box->c1 && c < row->n; c++) {
            size_t i = 0;
            if (!filled(sh, r, c))
                continue;
            while (i < n && (r >= seen[i].r1 || c < seen[i].c0 || c >= seen[i].c1))
                i++;
            if (i < n) {
                c = seen[i].c1 - 1;
                continue;
            }
            seen = tw_realloc(seen, (n + 1) * sizeof *seen);
            seen[n++] = table_around(sh, r, c);
        }
    }
    if (n)
        *found = seen[n - 1];
    free(seen);
    return n > 0;
}

/* Makes room for the new rows: at the grid's end, or by inserting. */
static bool make_room(struct tx *tx, const struct s_range *at, int rows, int cols, bool insert,
                      struct s_err *e)
{
    struct g_sheet *sh = at->sheet;
    int r0 = at->box.r0;
    if (at->box.c0 + cols > sh->cols) {
        struct a1_box want = {r0, at->box.c0, r0 + rows, at->box.c0 + cols};
        return s_fail_limits(sh, &want, e);
    }
    int end = insert ? sh->rows + rows : r0 + rows;
    if (end <= sh->rows)
        return true;
    if (!s_check_size(tx->st, sh, end, sh->cols, e))
        return false;
    cJSON *note = cJSON_CreateObject();
    cJSON_AddStringToObject(note, "sheet", sh->title);
    tj_add_int(note, "at", insert ? r0 : sh->rows);
    tj_add_int(note, "rows", end - sh->rows);
    tx_note(tx, insert ? "insertRows" : "appendRows", note);
    if (insert)
        grid_insert(tx->st, sh, G_ROWS, r0, rows, -1);
    else
        grid_resize(tx->st, sh, end, sh->cols);
    return true;
}

struct append {
    bool insert;
    bool has_table;
    struct a1_box table;
    struct s_input in;
    struct s_written w;
};

static bool append_rows(struct tx *tx, struct sreq *q, struct append *a)
{
    struct s_range r;
    int rows;
    int cols;
    const cJSON *values = tj_get(q->body, "values");
    if (!s_range(tx->st, q->arg[1], &r, &q->err))
        return false;
    a->has_table = find_table(r.sheet, &r.box, &a->table);
    s_measure(values, a->in.columns, &rows, &cols);
    int r0 = a->has_table ? a->table.r1 : r.box.r0;
    int c0 = a->has_table ? a->table.c0 : r.box.c0;
    struct s_range at = {.sheet = r.sheet, .open = true, .box = {r0, c0, r0 + 1, c0 + 1}};
    return make_room(tx, &at, rows, cols, a->insert && a->has_table, &q->err) &&
           s_write_block(tx, &at, values, &a->in, &a->w, &q->err);
}

static void answer(struct sreq *q, const struct append *a)
{
    const struct mask *m = s_mask(q);
    struct out o = s_out(q);
    out_object(&o, NULL);
    if (mask_get(m, "spreadsheetId"))
        out_string(&o, "spreadsheetId", q->book->id);
    if (a->has_table && mask_get(m, "tableRange")) {
        char *name = a1_text(a->w.range.sheet->title, &a->table);
        out_string(&o, "tableRange", name);
        free(name);
    }
    s_put_written(&o, "updates", q, &a->w, mask_get(m, "updates"));
    out_end_object(&o);
    s_answer(q, &o);
}

bool values_append(struct sreq *q)
{
    struct append a = {.in = {0}};
    struct s_render how;
    const char *option = s_option(q, twin_query(q->req, "insertDataOption"), "insertDataOption",
                                  "InsertDataOption", "OVERWRITE");
    const char *flag = twin_query(q->req, "includeValuesInResponse");
    if (!option ||
        !s_read_input(q, twin_query(q->req, "valueInputOption"), tj_str(q->body, "majorDimension"),
                      &a.in) ||
        !s_read_render(q, twin_query(q->req, "responseValueRenderOption"),
                       twin_query(q->req, "responseDateTimeRenderOption"),
                       tj_str(q->body, "majorDimension"), &how))
        return false;
    struct s_range r;
    if (!s_range(q->st, q->arg[1], &r, &q->err) || !s_same_range(q, &r))
        return false;
    a.insert = strcmp(option, "INSERT_ROWS") == 0;
    a.in.grow = true;
    struct tx tx = tx_begin(q->s, q->book, q->email);
    if (!append_rows(&tx, q, &a)) {
        tx_abort(&tx);
        return false;
    }
    a.w.show = flag && strcasecmp(flag, "true") == 0;
    a.w.how = how;
    tx_commit(&tx, q->req, "values.append");
    q->st = q->book->now;
    q->calc = calc_begin(q->st, q->req->now_ms);
    answer(q, &a);
    return true;
}
