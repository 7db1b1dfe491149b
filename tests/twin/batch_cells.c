/* batchUpdate: what cells hold: updateCells, appendCells, repeatCell, setDataValidation. */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

/* ---- one cell ---- */

static bool put_entered(struct batch *b, struct g_sheet *sh, int r, int c, const cJSON *v)
{
    const cJSON *one = v ? v->child : NULL;
    if (!one) {
        tx_set(b->tx, sh, r, c, G_EMPTY, 0, NULL);
        return true;
    }
    if (strcmp(one->string, "numberValue") == 0) {
        tx_set(b->tx, sh, r, c, G_NUMBER, one->valuedouble, NULL);
    } else if (strcmp(one->string, "boolValue") == 0) {
        tx_set(b->tx, sh, r, c, G_BOOL, cJSON_IsTrue(one), NULL);
    } else if (strcmp(one->string, "errorValue") == 0) {
        return s_fail(b->e, 400, "errorValue is read-only.");
    } else {
        bool formula = strcmp(one->string, "formulaValue") == 0;
        const char *text = one->valuestring;
        if (!s_check_length(text, b->e))
            return false;
        if (formula && text[0] != '=')
            return s_fail(b->e, 400, "A formula must start with '=': %s", text);
        tx_set(b->tx, sh, r, c, !*text ? G_EMPTY : formula ? G_FORMULA : G_TEXT, 0, text);
    }
    return true;
}

static bool read_number_format(struct batch *b, const cJSON *f, unsigned short *id)
{
    const char *type = tj_str(f, "type");
    *id = 0;
    if (!f)
        return true;
    if (!type || strcmp(type, "NUMBER_FORMAT_TYPE_UNSPECIFIED") == 0)
        return s_fail(b->e, 400, "number_format.type must be specified.");
    *id = grid_format_id(type, tj_str(f, "pattern"));
    return true;
}

/* Takes from what the mask names over from src; what src lacks goes. */
static void merge(cJSON *dst, const cJSON *src, const struct mask *m)
{
    if (m->all) {
        while (dst->child)
            cJSON_Delete(cJSON_DetachItemViaPointer(dst, dst->child));
        for (const cJSON *v = src ? src->child : NULL; v; v = v->next)
            cJSON_AddItemToObject(dst, v->string, cJSON_Duplicate(v, true));
        return;
    }
    for (size_t i = 0; i < m->n; i++) {
        const struct mask *sub = &m->child[i];
        const cJSON *from = tj_get(src, sub->name);
        cJSON *to = tj_get(dst, sub->name);
        if (!sub->all && cJSON_IsObject(to)) {
            merge(to, from, sub);
            continue;
        }
        cJSON_DeleteItemFromObject(dst, sub->name);
        if (from)
            cJSON_AddItemToObject(dst, sub->name, cJSON_Duplicate(from, true));
    }
}

static bool put_format(struct batch *b, struct g_cell *cell, const cJSON *format,
                       const struct mask *m)
{
    const struct mask *number = mask_get(m, "numberFormat");
    if (number && !read_number_format(b, tj_get(format, "numberFormat"), &cell->format))
        return false;
    if (!m->all && m->n == 1 && number)
        return true;
    const struct g_json *had = cell->extra ? cell->extra->format : NULL;
    cJSON *rest = had ? cJSON_Duplicate(had->v, true) : cJSON_CreateObject();
    merge(rest, format, m);
    cJSON_DeleteItemFromObject(rest, "numberFormat");
    struct g_json *fresh = rest->child ? grid_json(rest) : NULL;
    if (!fresh)
        cJSON_Delete(rest);
    if (had || fresh) {
        struct g_extra *x = grid_extra(cell);
        grid_json_drop(x->format);
        x->format = fresh;
    }
    return true;
}

static void put_note(struct g_cell *cell, const char *note)
{
    if (note && *note)
        tw_set(&grid_extra(cell)->note, note);
    else if (cell->extra)
        tw_set(&cell->extra->note, NULL);
}

static void put_rule(struct g_cell *cell, struct g_json *rule)
{
    if (!rule && !cell->extra)
        return;
    struct g_extra *x = grid_extra(cell);
    grid_json_drop(x->rule);
    x->rule = grid_json_ref(rule);
}

static bool check_rule(struct batch *b, const cJSON *rule)
{
    const cJSON *condition = tj_get(rule, "condition");
    const char *type = tj_str(condition, "type");
    int n = cJSON_GetArraySize(tj_get(condition, "values"));
    if (!type || strcmp(type, "CONDITION_TYPE_UNSPECIFIED") == 0)
        return s_fail(b->e, 400, "Invalid rule.condition: A condition type must be set.");
    if (strcmp(type, "ONE_OF_LIST") == 0 && !n)
        return s_fail(b->e, 400,
                      "Condition '%s' requires at least one ConditionValue, but 0 were supplied.",
                      type);
    if (strcmp(type, "BOOLEAN") == 0 && n > 2)
        return s_fail(b->e, 400,
                      "Condition '%s' requires at most 2 ConditionValues, but %d were supplied.",
                      type, n);
    return true;
}

bool batch_put_cell(struct batch *b, struct g_sheet *sh, int r, int c, const cJSON *cell,
                    const struct mask *m)
{
    const struct mask *sub;
    const cJSON *entered = tj_get(cell, "userEnteredValue");
    if (mask_get(m, "userEnteredValue") && !put_entered(b, sh, r, c, entered))
        return false;
    if (!m->all && m->n == 1 && mask_get(m, "userEnteredValue"))
        return true;
    const cJSON *rule = tj_get(cell, "dataValidation");
    if (!grid_cell(sh, r, c) && !(cell && cell->child))
        return true; /* nothing is there and nothing comes */
    struct g_cell *to = grid_own_cell(sh, r, c);
    if ((sub = mask_get(m, "userEnteredFormat")) &&
        !put_format(b, to, tj_get(cell, "userEnteredFormat"), sub))
        return false;
    if (mask_get(m, "note"))
        put_note(to, tj_str(cell, "note"));
    if (mask_get(m, "dataValidation")) {
        if (rule && !check_rule(b, rule))
            return false;
        struct g_json *shared = rule ? grid_json(cJSON_Duplicate(rule, true)) : NULL;
        put_rule(to, shared);
        grid_json_drop(shared);
    }
    return true;
}

/* ---- updateCells, appendCells ---- */

static bool put_rows(struct batch *b, const struct s_range *r, const cJSON *rows,
                     const struct mask *m)
{
    int row = r->box.r0;
    for (const cJSON *line = rows ? rows->child : NULL; line; line = line->next, row++) {
        int col = r->box.c0;
        const cJSON *values = tj_get(line, "values");
        if (row >= r->box.r1)
            return s_fail(b->e, 400,
                          "Attempting to write row: %d, beyond the last requested row of: %d", row,
                          r->box.r1 - 1);
        for (const cJSON *v = values ? values->child : NULL; v; v = v->next, col++) {
            if (col >= r->box.c1)
                return s_fail(
                    b->e, 400,
                    "Attempting to write column: %d, beyond the last requested column of: %d", col,
                    r->box.c1 - 1);
            if (!batch_put_cell(b, r->sheet, row, col, v, m))
                return false;
        }
    }
    return true;
}

/* With a range, cells that got nothing are cleared. */
static bool clear_rest(struct batch *b, const struct s_range *r, const cJSON *rows,
                       const struct mask *m)
{
    const cJSON *line = rows ? rows->child : NULL;
    for (int row = r->box.r0; row < r->box.r1; row++) {
        int n = line ? cJSON_GetArraySize(tj_get(line, "values")) : 0;
        for (int col = r->box.c0 + n; col < r->box.c1; col++)
            if (grid_cell(r->sheet, row, col) && !batch_put_cell(b, r->sheet, row, col, NULL, m))
                return false;
        line = line ? line->next : NULL;
    }
    return true;
}

static bool update_area(struct batch *b, const cJSON *args, struct s_range *r)
{
    const cJSON *start = tj_get(args, "start");
    if (tj_get(args, "range"))
        return batch_range(b, args, "range", r);
    if (!start)
        return s_fail(b->e, 400, "An area to update must be specified: start or range.");
    *r = (struct s_range){.sheet = batch_sheet(b, start, "sheetId")};
    if (!r->sheet)
        return false;
    r->box = (struct a1_box){(int)tj_int(start, "rowIndex", 0),
                             (int)tj_int(start, "columnIndex", 0), r->sheet->rows, r->sheet->cols};
    if (r->box.r0 < 0 || r->box.c0 < 0)
        return s_fail(b->e, 400, "Grid coordinates cannot be negative.");
    return true;
}

/* The cells the lists will fill, for the check of protected ones. */
static struct a1_box touched(const struct s_range *r, const cJSON *rows, bool whole)
{
    if (whole)
        return r->box;
    int width = 1;
    int height = 0;
    for (const cJSON *line = rows ? rows->child : NULL; line; line = line->next, height++) {
        int n = cJSON_GetArraySize(tj_get(line, "values"));
        width = n > width ? n : width;
    }
    return (struct a1_box){r->box.r0, r->box.c0, r->box.r0 + (height ? height : 1),
                           r->box.c0 + width};
}

bool batch_update_cells(struct batch *b, const cJSON *args)
{
    struct s_range r;
    const cJSON *rows = tj_get(args, "rows");
    bool whole = tj_get(args, "range") != NULL;
    if (whole && tj_get(args, "start"))
        return s_fail(b->e, 400, "Only one of start and range may be set.");
    struct mask *m = batch_mask(b, args, "CellData");
    if (!m)
        return false;
    bool ok = update_area(b, args, &r);
    if (ok) {
        struct a1_box box = touched(&r, rows, whole);
        ok = tx_check_protected(b->tx, r.sheet, &box, b->e) && put_rows(b, &r, rows, m) &&
             (!whole || clear_rest(b, &r, rows, m));
    }
    mask_free(m);
    return ok;
}

bool batch_append_cells(struct batch *b, const cJSON *args)
{
    struct g_sheet *sh = batch_sheet(b, args, "sheetId");
    const cJSON *rows = tj_get(args, "rows");
    int n = cJSON_GetArraySize(rows);
    if (!sh)
        return false;
    if (tj_get(args, "tableId"))
        return s_fail(b->e, 400, "No table with id: %s", tj_str(args, "tableId"));
    struct mask *m = batch_mask(b, args, "CellData");
    if (!m)
        return false;
    int at = grid_last_row(sh, false);
    struct s_range r = {.sheet = sh, .box = {at, 0, at + n, sh->cols}};
    struct a1_box box = touched(&r, rows, false);
    int cols = box.c1 > sh->cols ? box.c1 : sh->cols;
    int end = at + n > sh->rows ? at + n : sh->rows;
    bool ok =
        s_check_size(b->tx->st, sh, end, cols, b->e) && tx_check_protected(b->tx, sh, &box, b->e);
    if (ok) {
        grid_resize(b->tx->st, sh, end, cols);
        r.box.c1 = cols;
        ok = put_rows(b, &r, rows, m);
    }
    mask_free(m);
    return ok;
}

/* ---- repeatCell, setDataValidation ---- */

static cJSON *moved_formula(const cJSON *cell, int rows, int cols)
{
    const char *f = tj_str(tj_get(cell, "userEnteredValue"), "formulaValue");
    if (!f || (!rows && !cols))
        return NULL;
    cJSON *copy = cJSON_Duplicate(cell, true);
    char *text = grid_copy_formula(f, rows, cols);
    cJSON_ReplaceItemInObject(tj_get(copy, "userEnteredValue"), "formulaValue",
                              cJSON_CreateString(text));
    free(text);
    return copy;
}

bool batch_repeat_cell(struct batch *b, const cJSON *args)
{
    struct s_range r = {0};
    const cJSON *cell = tj_get(args, "cell");
    struct mask *m = batch_mask(b, args, "CellData");
    bool ok =
        m && batch_range(b, args, "range", &r) && tx_check_protected(b->tx, r.sheet, &r.box, b->e);
    for (int row = r.box.r0; ok && row < r.box.r1; row++) {
        for (int col = r.box.c0; ok && col < r.box.c1; col++) {
            cJSON *moved = moved_formula(cell, row - r.box.r0, col - r.box.c0);
            ok = batch_put_cell(b, r.sheet, row, col, moved ? moved : cell, m);
            cJSON_Delete(moved);
        }
    }
    if (ok) {
        cJSON *note = batch_note(r.sheet);
        char *where = a1_text(NULL, &r.box);
        cJSON_AddStringToObject(note, "range", where);
        cJSON_AddStringToObject(note, "fields", tj_str(args, "fields"));
        free(where);
        tx_note(b->tx, "repeatCell", note);
    }
    mask_free(m);
    return ok;
}

bool batch_validation(struct batch *b, const cJSON *args)
{
    struct s_range r;
    const cJSON *rule = tj_get(args, "rule");
    if (!batch_range(b, args, "range", &r) || (rule && !check_rule(b, rule)) ||
        !tx_check_protected(b->tx, r.sheet, &r.box, b->e))
        return false;
    struct g_json *shared = rule ? grid_json(cJSON_Duplicate(rule, true)) : NULL;
    for (int row = r.box.r0; row < r.box.r1; row++)
        for (int col = r.box.c0; col < r.box.c1; col++)
            if (rule || grid_cell(r.sheet, row, col))
                put_rule(grid_own_cell(r.sheet, row, col), shared);
    grid_json_drop(shared);
    cJSON *note = batch_note(r.sheet);
    char *where = a1_text(NULL, &r.box);
    cJSON_AddStringToObject(note, "range", where);
    free(where);
    tx_note(b->tx, "setDataValidation", note);
    return true;
}
