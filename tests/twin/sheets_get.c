/* spreadsheets.get, getByDataFilter, create, sheets.copyTo. See sheets.h. */
#include "sheets.h"
#include "sheets_format.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A mask that names the data of sheets reads the grid; without a mask a flag asks for it. */
static bool wants_grid(const struct sreq *q, bool flag)
{
    if (!q->mask)
        return flag;
    return mask_get(mask_get(q->mask, "sheets"), "data") != NULL;
}

static bool answer_spreadsheet(struct sreq *q, const struct s_view *view)
{
    struct out o = s_out(q);
    s_put_spreadsheet(&o, NULL, q->s, q->book, q->st, view, s_mask(q));
    s_answer(q, &o);
    return true;
}

bool sheets_get(struct sreq *q)
{
    const char *flag = twin_query(q->req, "includeGridData");
    struct s_range *list = tw_alloc((q->req->n_query + 1) * sizeof *list);
    struct s_view view = {.range = list,
                          .grid = wants_grid(q, flag && strcasecmp(flag, "true") == 0)};
    bool ok = true;
    for (size_t i = 0; i < q->req->n_query && ok; i++)
        if (strcmp(q->req->query[i].name, "ranges") == 0)
            ok = s_range(q->st, q->req->query[i].value, &list[view.n++], &q->err);
    ok = ok && answer_spreadsheet(q, &view);
    free(list);
    return ok;
}

bool sheets_get_by_filter(struct sreq *q)
{
    struct s_range *list = NULL;
    struct s_view view = {.grid = wants_grid(q, tj_bool(q->body, "includeGridData", false))};
    const cJSON *filters = tj_get(q->body, "dataFilters");
    bool ok = true;
    for (const cJSON *f = filters ? filters->child : NULL; f && ok; f = f->next)
        ok = s_filter_ranges(q->st, f, &list, &view.n, &q->err);
    view.range = list;
    ok = ok && answer_spreadsheet(q, &view);
    free(list);
    return ok;
}

/* ---- create ---- */

static bool add_described_sheet(struct sheets *s, struct g_state *st, const cJSON *sheet,
                                struct s_err *e)
{
    const cJSON *p = tj_get(sheet, "properties");
    const cJSON *g = tj_get(p, "gridProperties");
    const cJSON *id = tj_get(p, "sheetId");
    int number = id ? (int)tj_int(p, "sheetId", 0) : sheet_new_id(s, st);
    int rows = (int)tj_int(g, "rowCount", 1000);
    int cols = (int)tj_int(g, "columnCount", 26);
    char *fallback = tw_fmt("Sheet%d", st->n_sheet + 1);
    const char *title = tj_str(p, "title") ? tj_str(p, "title") : fallback;
    bool ok = true;
    if (number < 0 || grid_by_id(st, number))
        ok = s_fail(e, 400, "Invalid sheets[%d]: Sheet with id %d already exists.", st->n_sheet,
                    number);
    else if (grid_by_title(st, title))
        ok = s_fail(e, 400,
                    "Invalid sheets[%d]: A sheet with the name \"%s\" already exists. Please enter "
                    "another name.",
                    st->n_sheet, title);
    else if (rows < 1 || cols < 1)
        ok = s_fail(e, 400, "Invalid sheets[%d]: gridProperties must be positive.", st->n_sheet);
    else if (s_check_size(st, NULL, rows, cols, e)) {
        struct g_sheet *sh = grid_add_sheet(st, number, title, rows, cols, -1);
        sh->frozen_rows = (int)tj_int(g, "frozenRowCount", 0);
        sh->frozen_cols = (int)tj_int(g, "frozenColumnCount", 0);
        sh->hidden = tj_bool(p, "hidden", false);
    } else {
        ok = false;
    }
    free(fallback);
    return ok;
}

struct g_state *s_state_new(struct sheets *s, const cJSON *spreadsheet, const char *title,
                            struct s_err *e)
{
    const cJSON *p = tj_get(spreadsheet, "properties");
    const cJSON *list = tj_get(spreadsheet, "sheets");
    const char *zone = tj_str(p, "timeZone");
    const char *locale = tj_str(p, "locale");
    if (zone && !zone_known(zone)) {
        s_fail(e, 400, "Invalid properties.timeZone: Invalid time zone: %s", zone);
        return NULL;
    }
    if (locale && !fmt_locale_known(locale)) {
        s_fail(e, 400, "Invalid properties.locale: Unsupported locale: %s", locale);
        return NULL;
    }
    struct g_state *st = grid_new(tj_str(p, "title") ? tj_str(p, "title") : title, locale, zone);
    bool ok = true;
    for (const cJSON *sheet = list ? list->child : NULL; sheet && ok; sheet = sheet->next)
        ok = add_described_sheet(s, st, sheet, e);
    if (ok && !st->n_sheet)
        grid_add_sheet(st, 0, "Sheet1", 1000, 26, -1);
    if (ok)
        return st;
    grid_free(st);
    return NULL;
}

bool sheets_create(struct sreq *q)
{
    /* It has no Drive to put the file into. */
    if (account_is_robot(q->email))
        return s_fail(&q->err, 403, "The caller does not have permission");
    struct g_state *st = s_state_new(q->s, q->body, "Untitled spreadsheet", &q->err);
    if (!st)
        return false;
    char *id = book_new_id(q->s);
    q->book = book_add(q->s, id, st);
    free(id);
    q->book->creator = tw_dup(q->email);
    book_set_share(q->book, q->email, "owner");
    book_note_change(q->s, q->book, false);
    q->st = st;
    cJSON *detail = cJSON_CreateObject();
    cJSON_AddStringToObject(detail, "spreadsheet", q->book->id);
    cJSON_AddStringToObject(detail, "title", st->title);
    twin_log_write(q->s->t, q->req, "sheets", "spreadsheets.create", detail);
    struct s_view view = {.grid = false};
    return answer_spreadsheet(q, &view);
}

/* ---- copyTo ---- */

bool sheets_copy_to(struct sreq *q)
{
    const char *to = tj_str(q->body, "destinationSpreadsheetId");
    char *end;
    long id = strtol(q->arg[1], &end, 10);
    const struct g_sheet *from = *end ? NULL : grid_by_id(q->st, (int)id);
    struct book *target = to ? book_by_id(q->s, to) : NULL;
    if (!from)
        return s_fail(&q->err, 400, "The sheet %s does not exist.", q->arg[1]);
    if (!target)
        return s_fail(&q->err, 404, "Requested entity was not found.");
    if (!book_can_write(target, q->email))
        return s_fail(&q->err, 403, "The caller does not have permission");
    struct tx tx = tx_begin(q->s, target, q->email);
    char *title = tw_fmt("Copy of %s", from->title);
    for (int i = 2; grid_by_title(tx.st, title); i++) {
        free(title);
        title = tw_fmt("Copy of %s %d", from->title, i);
    }
    bool ok = s_check_size(tx.st, NULL, from->rows, from->cols, &q->err);
    if (ok) {
        struct g_sheet *sh =
            grid_copy_sheet(tx.st, from, sheet_new_id(q->s, tx.st), title, tx.st->n_sheet);
        cJSON *detail = cJSON_CreateObject();
        cJSON_AddStringToObject(detail, "sheet", sh->title);
        tx_note(&tx, "copyTo", detail);
        struct out o = s_out(q);
        s_put_sheet_properties(&o, NULL, tx.st, sh, s_mask(q));
        s_answer(q, &o);
        tx_commit(&tx, q->req, "sheets.copyTo");
    } else {
        tx_abort(&tx);
    }
    free(title);
    return ok;
}
