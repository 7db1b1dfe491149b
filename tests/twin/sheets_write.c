/* values.update, batchUpdate, clear and their kin. See sheets.h. */
#include "sheets_write.h"

#include "sheets_format.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- one value ---- */

int tx_year(const struct tx *tx)
{
    int y;
    int m;
    int d;
    int64_t now = twin_now_ms(tx->s->t);
    int64_t local = now + zone_offset_ms(tx->st->zone, now);
    tw_civil_from_days(local / 86400000, &y, &m, &d);
    return y;
}

/* The entered text's own format stays away from a cell that has one. */
static void enter_format(struct g_sheet *sh, int r, int c, const struct fmt_entry *e)
{
    const struct g_cell *old = grid_cell(sh, r, c);
    if (e->type && (!old || !old->format))
        grid_own_cell(sh, r, c)->format = grid_format_id(e->type, e->pattern);
}

static void write_text(struct tx *tx, struct g_sheet *sh, int r, int c, const char *text,
                       const struct s_input *in)
{
    if (!*text) {
        tx_set(tx, sh, r, c, G_EMPTY, 0, NULL);
        return;
    }
    if (!in->parse) {
        tx_set(tx, sh, r, c, G_TEXT, 0, text);
        return;
    }
    const struct g_cell *old = grid_cell(sh, r, c);
    const struct g_format *f = old ? grid_format(old->format) : NULL;
    bool plain = f && strcmp(f->type, "TEXT") == 0;
    struct fmt_entry e = fmt_enter(text, plain, tx->st->locale, tx_year(tx));
    tx_set(tx, sh, r, c, e.kind, e.num, e.text);
    enter_format(sh, r, c, &e);
    free(e.text);
}

/* A list or an object where a value belongs; in the words of a protobuf printed as text. */
static bool wrong_shape(const cJSON *v, int i, int k, struct s_err *e)
{
    return s_fail(e, 400, "Invalid values[%d][%d]: %s {\n}\n", i, k,
                  cJSON_IsArray(v) ? "list_value" : "struct_value");
}

static void write_value(struct tx *tx, struct g_sheet *sh, int r, int c, const cJSON *v,
                        const struct s_input *in)
{
    if (cJSON_IsString(v))
        write_text(tx, sh, r, c, v->valuestring, in);
    else if (cJSON_IsNumber(v))
        tx_set(tx, sh, r, c, G_NUMBER, v->valuedouble, NULL);
    else
        tx_set(tx, sh, r, c, G_BOOL, cJSON_IsTrue(v), NULL);
}

/* ---- a block of values ---- */

void s_measure(const cJSON *values, bool columns, int *rows, int *cols)
{
    int outer = 0;
    int inner = 0;
    for (const cJSON *list = values ? values->child : NULL; list; list = list->next, outer++) {
        int n = cJSON_GetArraySize(list);
        inner = n > inner ? n : inner;
    }
    *rows = columns ? inner : outer;
    *cols = columns ? outer : inner;
}

/* The lists must lie inside the range unless that is a mere anchor. */
static bool check_fit(const struct s_range *r, int rows, int cols, struct s_err *e)
{
    const struct g_sheet *sh = r->sheet;
    struct a1_box want = {r->box.r0, r->box.c0, r->box.r0 + rows, r->box.c0 + cols};
    if (!r->one && !r->open) {
        char *name = a1_text(sh->title, &r->box);
        char letters[8];
        a1_column(r->box.c1, letters);
        bool ok = true;
        if (want.r1 > r->box.r1)
            ok =
                s_fail(e, 400, "Requested writing within range [%s], but tried writing to row [%d]",
                       name, r->box.r1 + 1);
        else if (want.c1 > r->box.c1)
            ok = s_fail(e, 400,
                        "Requested writing within range [%s], but tried writing to column [%s]",
                        name, letters);
        free(name);
        if (!ok)
            return false;
    }
    bool fits = want.r1 <= sh->rows && want.c1 <= sh->cols;
    return fits || s_fail_limits(sh, &want, e);
}

static bool check_values(const cJSON *values, struct s_err *e)
{
    int i = 0;
    for (const cJSON *list = values ? values->child : NULL; list; list = list->next, i++) {
        int k = 0;
        for (const cJSON *v = list->child; v; v = v->next, k++) {
            if (cJSON_IsArray(v) || cJSON_IsObject(v))
                return wrong_shape(v, i, k, e);
            if (cJSON_IsString(v) && !s_check_length(v->valuestring, e))
                return false;
        }
    }
    return true;
}

bool s_write_block(struct tx *tx, const struct s_range *r, const cJSON *values,
                   const struct s_input *in, struct s_written *w, struct s_err *e)
{
    int rows;
    int cols;
    s_measure(values, in->columns, &rows, &cols);
    *w = (struct s_written){.range = *r};
    w->range.box = (struct a1_box){r->box.r0, r->box.c0, r->box.r0 + (rows ? rows : 1),
                                   r->box.c0 + (cols ? cols : 1)};
    if (r->beyond && !in->grow)
        return s_fail_limits(r->sheet, &r->asked, e);
    if (!check_values(values, e) || !check_fit(r, rows, cols, e) ||
        !tx_check_protected(tx, r->sheet, &w->range.box, e))
        return false;
    int i = 0;
    for (const cJSON *list = values ? values->child : NULL; list; list = list->next, i++) {
        int k = 0;
        for (const cJSON *v = list->child; v; v = v->next, k++) {
            if (cJSON_IsNull(v))
                continue;
            int row = r->box.r0 + (in->columns ? k : i);
            int col = r->box.c0 + (in->columns ? i : k);
            write_value(tx, r->sheet, row, col, v, in);
            w->cells++;
        }
    }
    w->rows = w->cells ? rows : 0;
    w->cols = w->cells ? cols : 0;
    return true;
}

bool s_read_input(struct sreq *q, const char *option, const char *dimension, struct s_input *in)
{
    if (!option || !*option)
        option = "INPUT_VALUE_OPTION_UNSPECIFIED";
    option = s_option(q, option, "valueInputOption", "ValueInputOption", "");
    if (!option)
        return false;
    if (!*option)
        return s_fail(&q->err, 400, "'valueInputOption' is required but not specified");
    dimension = s_option(q, dimension, "majorDimension", "Dimension", "ROWS");
    *in = (struct s_input){.parse = strcmp(option, "USER_ENTERED") == 0,
                           .columns = dimension && strcmp(dimension, "COLUMNS") == 0};
    return dimension != NULL;
}

void s_put_written(struct out *o, const char *key, struct sreq *q, const struct s_written *w,
                   const struct mask *m)
{
    if (!m)
        return;
    out_object(o, key);
    if (mask_get(m, "spreadsheetId"))
        out_string(o, "spreadsheetId", q->book->id);
    if (mask_get(m, "updatedRange")) {
        char *name = a1_text(w->range.sheet->title, &w->range.box);
        out_string(o, "updatedRange", name);
        free(name);
    }
    if (w->rows && mask_get(m, "updatedRows"))
        out_number(o, "updatedRows", w->rows);
    if (w->cols && mask_get(m, "updatedColumns"))
        out_number(o, "updatedColumns", w->cols);
    if (w->cells && mask_get(m, "updatedCells"))
        out_number(o, "updatedCells", (double)w->cells);
    if (w->show && mask_get(m, "updatedData"))
        s_put_values(o, "updatedData", &q->calc, &w->range, &w->how, mask_get(m, "updatedData"));
    out_end_object(o);
}

/* ---- update ---- */

static bool update_options(struct sreq *q, struct s_input *in, bool *show, struct s_render *how)
{
    const char *flag = twin_query(q->req, "includeValuesInResponse");
    *show = flag && strcasecmp(flag, "true") == 0;
    return s_read_input(q, twin_query(q->req, "valueInputOption"),
                        tj_str(q->body, "majorDimension"), in) &&
           s_read_render(q, twin_query(q->req, "responseValueRenderOption"),
                         twin_query(q->req, "responseDateTimeRenderOption"),
                         tj_str(q->body, "majorDimension"), how);
}

bool s_same_range(struct sreq *q, const struct s_range *r)
{
    const char *said = tj_str(q->body, "range");
    struct s_range other;
    if (!said)
        return true;
    if (!s_range(q->st, said, &other, &q->err))
        return false;
    if (other.sheet == r->sheet && memcmp(&other.box, &r->box, sizeof other.box) == 0)
        return true;
    return s_fail(&q->err, 400, "Requested range[%s] does not match value's range[%s]", q->arg[1],
                  said);
}

/* After a commit the sheet of a range is the one of the new state; it is the same object. */
static void written_done(struct sreq *q)
{
    q->st = q->book->now;
    q->calc = calc_begin(q->st, q->req->now_ms);
}

bool values_update(struct sreq *q)
{
    struct s_input in;
    struct s_render how;
    struct s_range r;
    struct s_written w;
    bool show;
    if (!update_options(q, &in, &show, &how) || !s_range(q->st, q->arg[1], &r, &q->err) ||
        !s_same_range(q, &r))
        return false;
    struct tx tx = tx_begin(q->s, q->book, q->email);
    if (!s_range(tx.st, q->arg[1], &r, &q->err) ||
        !s_write_block(&tx, &r, tj_get(q->body, "values"), &in, &w, &q->err)) {
        tx_abort(&tx);
        return false;
    }
    w.show = show;
    w.how = how;
    tx_commit(&tx, q->req, "values.update");
    written_done(q);
    struct out o = s_out(q);
    s_put_written(&o, NULL, q, &w, s_mask(q));
    s_answer(q, &o);
    return true;
}

/* ---- batchUpdate, by ranges or by data filters ---- */

struct batch {
    struct s_written *w;
    size_t n;
    const cJSON **filter; /* of each, when by filter */
};

static bool batch_add(struct tx *tx, const struct s_range *r, const cJSON *entry,
                      const struct s_input *shared, struct batch *b, struct s_err *e)
{
    struct s_input in = *shared;
    const char *dimension = tj_str(entry, "majorDimension");
    in.columns = dimension && strcmp(dimension, "COLUMNS") == 0;
    b->w = tw_realloc(b->w, (b->n + 1) * sizeof *b->w);
    b->filter = tw_realloc(b->filter, (b->n + 1) * sizeof *b->filter);
    b->filter[b->n] = tj_get(entry, "dataFilter");
    return s_write_block(tx, r, tj_get(entry, "values"), &in, &b->w[b->n++], e);
}

static bool batch_entry(struct tx *tx, const cJSON *entry, bool by_filter, const struct s_input *in,
                        struct batch *b, struct s_err *e)
{
    struct s_range *list = NULL;
    size_t n = 0;
    bool ok = true;
    if (by_filter) {
        ok = s_filter_ranges(tx->st, tj_get(entry, "dataFilter"), &list, &n, e);
    } else {
        list = tw_alloc(sizeof *list);
        n = 1;
        const char *range = tj_str(entry, "range");
        ok = s_range(tx->st, range ? range : "", list, e);
    }
    for (size_t i = 0; i < n && ok; i++)
        ok = batch_add(tx, &list[i], entry, in, b, e);
    free(list);
    return ok;
}

static void put_batch(struct sreq *q, const struct batch *b)
{
    const struct mask *m = s_mask(q);
    double rows = 0;
    double cols = 0;
    double cells = 0;
    double sheets = 0;
    for (size_t i = 0; i < b->n; i++) {
        rows += b->w[i].rows;
        cols = b->w[i].cols > cols ? b->w[i].cols : cols;
        cells += (double)b->w[i].cells;
        size_t k = 0;
        while (k < i && b->w[k].range.sheet != b->w[i].range.sheet)
            k++;
        sheets += k == i;
    }
    struct out o = s_out(q);
    const struct {
        const char *key;
        double v;
    } totals[] = {{"totalUpdatedRows", rows},
                  {"totalUpdatedColumns", cols},
                  {"totalUpdatedCells", cells},
                  {"totalUpdatedSheets", sheets}};
    out_object(&o, NULL);
    if (mask_get(m, "spreadsheetId"))
        out_string(&o, "spreadsheetId", q->book->id);
    for (size_t i = 0; i < 4; i++)
        if (totals[i].v != 0 && mask_get(m, totals[i].key))
            out_number(&o, totals[i].key, totals[i].v);
    if (b->n && mask_get(m, "responses")) {
        out_array(&o, "responses");
        for (size_t i = 0; i < b->n; i++)
            s_put_written(&o, NULL, q, &b->w[i], mask_get(m, "responses"));
        out_end_array(&o);
    }
    out_end_object(&o);
    s_answer(q, &o);
}

static bool batch_update(struct sreq *q, bool by_filter)
{
    struct s_input in;
    struct s_render how;
    struct batch b = {0};
    const cJSON *data = tj_get(q->body, "data");
    if (!s_read_input(q, tj_str(q->body, "valueInputOption"), NULL, &in) ||
        !s_read_render(q, tj_str(q->body, "responseValueRenderOption"),
                       tj_str(q->body, "responseDateTimeRenderOption"), NULL, &how))
        return false;
    struct tx tx = tx_begin(q->s, q->book, q->email);
    bool ok = true;
    int i = 0;
    for (const cJSON *d = data ? data->child : NULL; d && ok; d = d->next, i++) {
        ok = batch_entry(&tx, d, by_filter, &in, &b, &q->err);
        if (!ok) {
            char *text = tw_fmt("Invalid data[%d]: %s", i, q->err.text);
            s_fail(&q->err, q->err.http, "%s", text);
            free(text);
        }
    }
    if (ok) {
        for (size_t k = 0; k < b.n; k++) {
            b.w[k].show = tj_bool(q->body, "includeValuesInResponse", false);
            b.w[k].how = how;
        }
        tx_commit(&tx, q->req, by_filter ? "values.batchUpdateByDataFilter" : "values.batchUpdate");
        written_done(q);
        put_batch(q, &b);
    } else {
        tx_abort(&tx);
    }
    free(b.w);
    free(b.filter);
    return ok;
}

bool values_batch_update(struct sreq *q)
{
    return batch_update(q, false);
}

bool values_batch_update_by_filter(struct sreq *q)
{
    return batch_update(q, true);
}
