/* values.clear, batchClear, batchClearByDataFilter: values go, all else stays. See sheets.h. */
#include "sheets.h"

#include <stdlib.h>
#include <string.h>

static bool clear_box(struct tx *tx, const struct s_range *r, struct s_err *e)
{
    if (!tx_check_protected(tx, r->sheet, &r->box, e))
        return false;
    for (int row = r->box.r0; row < r->box.r1 && row < r->sheet->n_row; row++) {
        for (int c = r->box.c0; c < r->box.c1; c++) {
            const struct g_cell *cell = grid_cell(r->sheet, row, c);
            if (!cell)
                break;
            if (cell->kind != G_EMPTY)
                tx_set(tx, r->sheet, row, c, G_EMPTY, 0, NULL);
        }
    }
    return true;
}

/* Clears all; the answer's list of names under key, or one name when list is false. */
static bool clear_all(struct sreq *q, struct tx *tx, const struct s_range *list, size_t n,
                      const char *what)
{
    for (size_t i = 0; i < n; i++) {
        if (!clear_box(tx, &list[i], &q->err)) {
            tx_abort(tx);
            return false;
        }
    }
    const struct mask *m = s_mask(q);
    bool one = strcmp(what, "values.clear") == 0;
    const char *key = one ? "clearedRange" : "clearedRanges";
    struct out o = s_out(q);
    out_object(&o, NULL);
    if (mask_get(m, "spreadsheetId"))
        out_string(&o, "spreadsheetId", q->book->id);
    if (mask_get(m, key) && n) {
        if (!one)
            out_array(&o, key);
        for (size_t i = 0; i < n; i++) {
            char *name = a1_text(list[i].sheet->title, &list[i].box);
            out_string(&o, one ? key : NULL, name);
            free(name);
        }
        if (!one)
            out_end_array(&o);
    }
    out_end_object(&o);
    s_answer(q, &o);
    tx_commit(tx, q->req, what);
    return true;
}

bool values_clear(struct sreq *q)
{
    struct s_range r;
    struct tx tx = tx_begin(q->s, q->book, q->email);
    if (!s_range(tx.st, q->arg[1], &r, &q->err)) {
        tx_abort(&tx);
        return false;
    }
    return clear_all(q, &tx, &r, 1, "values.clear");
}

bool values_batch_clear(struct sreq *q)
{
    const cJSON *ranges = tj_get(q->body, "ranges");
    struct s_range *list = tw_alloc(((size_t)cJSON_GetArraySize(ranges) + 1) * sizeof *list);
    size_t n = 0;
    struct tx tx = tx_begin(q->s, q->book, q->email);
    bool ok = true;
    for (const cJSON *r = ranges ? ranges->child : NULL; r && ok; r = r->next)
        ok = s_range(tx.st, r->valuestring, &list[n++], &q->err);
    if (ok)
        ok = clear_all(q, &tx, list, n, "values.batchClear");
    else
        tx_abort(&tx);
    free(list);
    return ok;
}

bool values_batch_clear_by_filter(struct sreq *q)
{
    const cJSON *filters = tj_get(q->body, "dataFilters");
    struct s_range *list = NULL;
    size_t n = 0;
    struct tx tx = tx_begin(q->s, q->book, q->email);
    bool ok = true;
    for (const cJSON *f = filters ? filters->child : NULL; f && ok; f = f->next)
        ok = s_filter_ranges(tx.st, f, &list, &n, &q->err);
    if (ok)
        ok = clear_all(q, &tx, list, n, "values.batchClearByDataFilter");
    else
        tx_abort(&tx);
    free(list);
    return ok;
}
