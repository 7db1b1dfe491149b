/* values.get, batchGet, batchGetByDataFilter: cells as plain values. See sheets.h. */
#include "sheets.h"
#include "sheets_format.h"

#include <stdlib.h>
#include <string.h>

bool s_read_render(struct sreq *q, const char *value, const char *date, const char *dimension,
                   struct s_render *how)
{
    value = s_option(q, value, "valueRenderOption", "ValueRenderOption", "FORMATTED_VALUE");
    date = s_option(q, date, "dateTimeRenderOption", "DateTimeRenderOption", "SERIAL_NUMBER");
    dimension = s_option(q, dimension, "majorDimension", "Dimension", "ROWS");
    if (!value || !date || !dimension)
        return false;
    how->value = strcmp(value, "FORMULA") == 0             ? S_FORMULA
                 : strcmp(value, "UNFORMATTED_VALUE") == 0 ? S_UNFORMATTED
                                                           : S_FORMATTED;
    how->date_text = strcmp(date, "FORMATTED_STRING") == 0;
    how->columns = strcmp(dimension, "COLUMNS") == 0;
    return true;
}

static void put_formatted(struct out *o, struct calc *c, const struct g_value *v,
                          unsigned short format)
{
    char *text = fmt_value(v, format, c->st->locale);
    out_string(o, NULL, text);
    free(text);
}

static void put_value(struct out *o, struct calc *c, const struct g_sheet *sh,
                      const struct g_cell *cell, const struct s_render *how)
{
    if (!cell || cell->kind == G_EMPTY) {
        out_string(o, NULL, "");
        return;
    }
    if (how->value == S_FORMULA && cell->kind == G_FORMULA && calc_entered(cell)) {
        out_string(o, NULL, cell->text);
        return;
    }
    struct g_value v = calc_value(c, sh, cell);
    bool text = how->value == S_FORMATTED || (how->date_text && fmt_is_time(cell->format, &v));
    if (v.kind == G_ERROR) {
        const char *code = grid_error_names[v.error].code;
        char *shown = v.text && *v.text ? tw_fmt("%s (%s)", code, v.text) : tw_dup(code);
        out_string(o, NULL, shown);
        free(shown);
    } else if (v.kind == G_NUMBER && !text) {
        out_number(o, NULL, v.num);
    } else if (v.kind == G_BOOL && how->value != S_FORMATTED) {
        out_bool(o, NULL, v.b);
    } else if (v.kind == G_TEXT && how->value != S_FORMATTED) {
        out_string(o, NULL, v.text);
    } else {
        put_formatted(o, c, &v, cell->format);
    }
}

/* One past the last filled cell of a row inside the box; box->c0 when there is none. */
static int row_end(const struct g_sheet *sh, int r, const struct a1_box *box)
{
    const struct g_row *row = grid_row(sh, r);
    int c = row ? (row->n < box->c1 ? row->n : box->c1) : 0;
    while (c > box->c0 && row->c[c - 1].kind == G_EMPTY)
        c--;
    return c > box->c0 ? c : box->c0;
}

static int last_filled_row(const struct g_sheet *sh, const struct a1_box *box)
{
    int r = box->r1 < sh->n_row ? box->r1 : sh->n_row;
    while (r > box->r0 && row_end(sh, r - 1, box) == box->c0)
        r--;
    return r > box->r0 ? r : box->r0;
}

static void put_rows(struct out *o, struct calc *c, const struct s_range *r,
                     const struct s_render *how)
{
    int last = last_filled_row(r->sheet, &r->box);
    if (last == r->box.r0)
        return;
    out_array(o, "values");
    for (int row = r->box.r0; row < last; row++) {
        int end = row_end(r->sheet, row, &r->box);
        out_array(o, NULL);
        for (int col = r->box.c0; col < end; col++)
            put_value(o, c, r->sheet, grid_cell(r->sheet, row, col), how);
        out_end_array(o);
    }
    out_end_array(o);
}

static void put_columns(struct out *o, struct calc *c, const struct s_range *r,
                        const struct s_render *how)
{
    const struct g_sheet *sh = r->sheet;
    int last_row = last_filled_row(sh, &r->box);
    int width = r->box.c1 - r->box.c0;
    int *end = tw_alloc((size_t)width * sizeof *end);
    int last_col = r->box.c0;
    for (int row = r->box.r0; row < last_row; row++) {
        int stop = row_end(sh, row, &r->box);
        last_col = stop > last_col ? stop : last_col;
        for (int col = r->box.c0; col < stop; col++)
            if (grid_cell(sh, row, col)->kind != G_EMPTY)
                end[col - r->box.c0] = row + 1;
    }
    if (last_col > r->box.c0) {
        out_array(o, "values");
        for (int col = r->box.c0; col < last_col; col++) {
            out_array(o, NULL);
            for (int row = r->box.r0; row < end[col - r->box.c0]; row++)
                put_value(o, c, sh, grid_cell(sh, row, col), how);
            out_end_array(o);
        }
        out_end_array(o);
    }
    free(end);
}

void s_put_values(struct out *o, const char *key, struct calc *c, const struct s_range *r,
                  const struct s_render *how, const struct mask *m)
{
    out_object(o, key);
    if (mask_get(m, "range")) {
        char *echo = a1_text(r->sheet->title, &r->box);
        out_string(o, "range", echo);
        free(echo);
    }
    if (mask_get(m, "majorDimension"))
        out_string(o, "majorDimension", how->columns ? "COLUMNS" : "ROWS");
    if (mask_get(m, "values"))
        (how->columns ? put_columns : put_rows)(o, c, r, how);
    out_end_object(o);
}

static bool render_of_query(struct sreq *q, struct s_render *how)
{
    return s_read_render(q, twin_query(q->req, "valueRenderOption"),
                         twin_query(q->req, "dateTimeRenderOption"),
                         twin_query(q->req, "majorDimension"), how);
}

bool values_get(struct sreq *q)
{
    struct s_render how;
    struct s_range r;
    if (!render_of_query(q, &how) || !s_range(q->st, q->arg[1], &r, &q->err))
        return false;
    struct out o = s_out(q);
    s_put_values(&o, NULL, &q->calc, &r, &how, s_mask(q));
    s_answer(q, &o);
    return true;
}

bool values_batch_get(struct sreq *q)
{
    struct s_render how;
    if (!render_of_query(q, &how))
        return false;
    const struct mask *m = s_mask(q);
    const struct mask *below = mask_get(m, "valueRanges");
    struct out o = s_out(q);
    bool some = false;
    out_object(&o, NULL);
    if (mask_get(m, "spreadsheetId"))
        out_string(&o, "spreadsheetId", q->book->id);
    for (size_t i = 0; i < q->req->n_query; i++) {
        struct s_range r;
        if (strcmp(q->req->query[i].name, "ranges") != 0)
            continue;
        if (!s_range(q->st, q->req->query[i].value, &r, &q->err)) {
            tb_free(&o.b);
            return false;
        }
        if (!below)
            continue;
        if (!some)
            out_array(&o, "valueRanges");
        some = true;
        s_put_values(&o, NULL, &q->calc, &r, &how, below);
    }
    if (some)
        out_end_array(&o);
    out_end_object(&o);
    s_answer(q, &o);
    return true;
}

/* The filters that match a range just as well; here always the one that found it. */
static void put_match(struct out *o, struct sreq *q, const struct s_range *r, const cJSON *filter,
                      const struct s_render *how)
{
    const struct mask *m = mask_get(s_mask(q), "valueRanges");
    if (!m)
        return;
    out_object(o, NULL);
    if (mask_get(m, "valueRange"))
        s_put_values(o, "valueRange", &q->calc, r, how, mask_get(m, "valueRange"));
    if (mask_get(m, "dataFilters")) {
        out_array(o, "dataFilters");
        out_json(o, NULL, filter, mask_get(m, "dataFilters"));
        out_end_array(o);
    }
    out_end_object(o);
}

bool values_batch_get_by_filter(struct sreq *q)
{
    struct s_render how;
    const cJSON *filters = tj_get(q->body, "dataFilters");
    if (!s_read_render(q, tj_str(q->body, "valueRenderOption"),
                       tj_str(q->body, "dateTimeRenderOption"), tj_str(q->body, "majorDimension"),
                       &how))
        return false;
    if (!filters || !filters->child)
        return s_fail(&q->err, 400, "Must specify at least one dataFilter.");
    struct out o = s_out(q);
    bool ok = true;
    out_object(&o, NULL);
    if (mask_get(s_mask(q), "spreadsheetId"))
        out_string(&o, "spreadsheetId", q->book->id);
    out_array(&o, "valueRanges");
    for (const cJSON *f = filters->child; f && ok; f = f->next) {
        struct s_range *list = NULL;
        size_t n = 0;
        ok = s_filter_ranges(q->st, f, &list, &n, &q->err);
        for (size_t i = 0; i < n && ok; i++)
            put_match(&o, q, &list[i], f, &how);
        free(list);
    }
    out_end_array(&o);
    out_end_object(&o);
    if (ok)
        s_answer(q, &o);
    else
        tb_free(&o.b);
    return ok;
}
