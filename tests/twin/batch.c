/* spreadsheets.batchUpdate: all requests in order, or none. See batch.h. */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

#define REQUESTS_MAX 100000

static const struct {
    const char *name;
    batch_fn *fn;
} kinds[] = {
    {"addConditionalFormatRule", batch_add_rule},
    {"addNamedRange", batch_add_named},
    {"addProtectedRange", batch_add_protected},
    {"addSheet", batch_add_sheet},
    {"appendCells", batch_append_cells},
    {"appendDimension", batch_append_dimension},
    {"autoResizeDimensions", batch_auto_resize},
    {"clearBasicFilter", batch_clear_filter},
    {"copyPaste", batch_copy_paste},
    {"createDeveloperMetadata", batch_create_meta},
    {"cutPaste", batch_cut_paste},
    {"deleteConditionalFormatRule", batch_delete_rule},
    {"deleteDeveloperMetadata", batch_delete_meta},
    {"deleteDimension", batch_delete_dimension},
    {"deleteNamedRange", batch_delete_named},
    {"deleteProtectedRange", batch_delete_protected},
    {"deleteRange", batch_delete_range},
    {"deleteSheet", batch_delete_sheet},
    {"duplicateSheet", batch_duplicate_sheet},
    {"findReplace", batch_find_replace},
    {"insertDimension", batch_insert_dimension},
    {"insertRange", batch_insert_range},
    {"mergeCells", batch_merge},
    {"moveDimension", batch_move_dimension},
    {"repeatCell", batch_repeat_cell},
    {"setBasicFilter", batch_set_filter},
    {"setDataValidation", batch_validation},
    {"sortRange", batch_sort},
    {"unmergeCells", batch_unmerge},
    {"updateCells", batch_update_cells},
    {"updateConditionalFormatRule", batch_update_rule},
    {"updateDeveloperMetadata", batch_update_meta},
    {"updateDimensionProperties", batch_update_dimension},
    {"updateProtectedRange", batch_update_protected},
    {"updateSheetProperties", batch_update_sheet},
    {"updateSpreadsheetProperties", batch_update_spreadsheet},
};

/* ---- shared by the kinds ---- */

struct g_sheet *batch_sheet(struct batch *b, const cJSON *holder, const char *key)
{
    int id = (int)tj_int(holder, key, 0);
    struct g_sheet *sh = grid_by_id(b->tx->st, id);
    if (!sh)
        s_fail(b->e, 400, "No grid with id: %d", id);
    return sh;
}

struct mask *batch_mask(struct batch *b, const cJSON *args, const char *message)
{
    const char *fields = tj_str(args, "fields");
    char *bad = NULL;
    if (!fields || !*fields) {
        s_fail(b->e, 400,
               "At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)");
        return NULL;
    }
    struct mask *m = mask_read(fields, message, &bad);
    if (!m)
        s_fail(b->e, 400, "Invalid field: %s", bad ? bad : fields);
    free(bad);
    return m;
}

bool batch_range(struct batch *b, const cJSON *args, const char *key, struct s_range *r)
{
    if (!tj_get(args, key))
        return s_fail(b->e, 400, "%s is required", key);
    if (!s_grid_range(b->tx->st, tj_get(args, key), r, b->e))
        return false;
    return !r->beyond || s_fail_limits(r->sheet, &r->asked, b->e);
}

cJSON *batch_note(const struct g_sheet *sh)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "sheet", sh->title);
    return o;
}

cJSON *batch_range_json(const cJSON *range)
{
    cJSON *copy = range ? cJSON_Duplicate(range, true) : cJSON_CreateObject();
    if (tj_int(copy, "sheetId", -1) == 0)
        cJSON_DeleteItemFromObject(copy, "sheetId");
    return copy;
}

/* ---- the call ---- */

static bool run_one(struct tx *tx, const cJSON *request, int i, cJSON *replies, struct s_err *e)
{
    const cJSON *args = request->child;
    struct batch b = {.tx = tx, .e = e};
    if (!args)
        return s_fail(e, 400, "Invalid requests[%d]: No request set.", i);
    batch_fn *fn = NULL;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (strcmp(kinds[k].name, args->string) == 0)
            fn = kinds[k].fn;
    bool ok = fn ? fn(&b, args) : s_fail(e, 400, "This operation is not supported.");
    if (!ok) {
        char *text = tw_fmt("Invalid requests[%d].%s: %s", i, args->string, e->text);
        cJSON_Delete(b.reply);
        s_fail(e, e->http, "%s", text);
        free(text);
        return false;
    }
    cJSON *reply = cJSON_CreateObject();
    if (b.reply)
        cJSON_AddItemToObject(reply, args->string, b.reply);
    cJSON_AddItemToArray(replies, reply);
    return true;
}

static bool run_all(struct tx *tx, const cJSON *requests, cJSON *replies, struct s_err *e)
{
    int i = 0;
    for (const cJSON *r = requests->child; r; r = r->next, i++)
        if (!run_one(tx, r, i, replies, e))
            return false;
    return true;
}

/* The part of the spreadsheet that goes with the answer. */
static bool read_view(struct sreq *q, const struct g_state *st, struct s_view *view,
                      struct s_range *list)
{
    const struct mask *sheets = mask_get(mask_get(s_mask(q), "updatedSpreadsheet"), "sheets");
    view->range = list;
    view->grid = q->mask ? mask_get(sheets, "data") != NULL
                         : tj_bool(q->body, "responseIncludeGridData", false);
    const cJSON *ranges = tj_get(q->body, "responseRanges");
    for (const cJSON *r = ranges ? ranges->child : NULL; r; r = r->next)
        if (!s_range(st, r->valuestring, &list[view->n++], &q->err))
            return false;
    return true;
}

static void answer(struct sreq *q, const cJSON *replies, const struct s_view *view)
{
    const struct mask *m = s_mask(q);
    struct out o = s_out(q);
    out_object(&o, NULL);
    if (mask_get(m, "spreadsheetId"))
        out_string(&o, "spreadsheetId", q->book->id);
    out_json(&o, "replies", replies, mask_get(m, "replies"));
    if (tj_bool(q->body, "includeSpreadsheetInResponse", false) &&
        mask_get(m, "updatedSpreadsheet"))
        s_put_spreadsheet(&o, "updatedSpreadsheet", q->s, q->book, q->book->now, view,
                          mask_get(m, "updatedSpreadsheet"));
    out_end_object(&o);
    s_answer(q, &o);
}

bool sheets_batch_update(struct sreq *q)
{
    const cJSON *requests = tj_get(q->body, "requests");
    int n = cJSON_GetArraySize(requests);
    if (!n)
        return s_fail(&q->err, 400, "Must specify at least one request.");
    if (n > REQUESTS_MAX)
        return s_fail(&q->err, 400, "Cannot exceed %d requests in a single batch.", REQUESTS_MAX);
    cJSON *replies = cJSON_CreateArray();
    size_t n_ranges = (size_t)cJSON_GetArraySize(tj_get(q->body, "responseRanges"));
    struct s_range *list = tw_alloc((n_ranges + 1) * sizeof *list);
    struct s_view view = {.n = 0};
    struct tx tx = tx_begin(q->s, q->book, q->email);
    bool ok = run_all(&tx, requests, replies, &q->err) && read_view(q, tx.st, &view, list);
    if (ok) {
        tx_commit(&tx, q->req, "spreadsheets.batchUpdate");
        answer(q, replies, &view);
    } else {
        tx_abort(&tx);
    }
    free(list);
    cJSON_Delete(replies);
    return ok;
}
