/* People at the screen: cells, rows, columns. The edits are listed in README.md. */
#include "sheets_person.h"

#include "batch.h"
#include "sheets_format.h"
#include "sheets_load.h"

#include <stdlib.h>
#include <string.h>

/* ---- cells ---- */

static void type_in(struct person *p, int r, int c, const char *text)
{
    const struct g_cell *old = grid_cell(p->sh, r, c);
    const struct g_format *f = old ? grid_format(old->format) : NULL;
    struct fmt_entry e =
        fmt_enter(text, f && strcmp(f->type, "TEXT") == 0, p->st->locale, tx_year(p->tx));
    tx_set(p->tx, p->sh, r, c, e.kind, e.num, e.text);
    if (e.type && !f)
        grid_own_cell(p->sh, r, c)->format = grid_format_id(e.type, e.pattern);
    free(e.text);
}

/* Writes "value", "formula" or "entered" (as typed), then the format and the note. */
static char *put(struct person *p, int r, int c, const cJSON *what)
{
    const cJSON *v = tj_get(what, "value");
    const cJSON *format = tj_get(what, "format");
    const char *type = tj_str(format, "type");
    if (tj_str(what, "entered"))
        type_in(p, r, c, tj_str(what, "entered"));
    else if (tj_str(what, "formula"))
        tx_set(p->tx, p->sh, r, c, G_FORMULA, 0, tj_str(what, "formula"));
    else if (cJSON_IsNumber(v))
        tx_set(p->tx, p->sh, r, c, G_NUMBER, v->valuedouble, NULL);
    else if (cJSON_IsBool(v))
        tx_set(p->tx, p->sh, r, c, G_BOOL, cJSON_IsTrue(v), NULL);
    else if (cJSON_IsString(v) && *v->valuestring)
        tx_set(p->tx, p->sh, r, c, G_TEXT, 0, v->valuestring);
    else if (v)
        tx_set(p->tx, p->sh, r, c, G_EMPTY, 0, NULL);
    if (format && !type)
        return tw_dup("format: a type is needed");
    if (type)
        grid_own_cell(p->sh, r, c)->format = grid_format_id(type, tj_str(format, "pattern"));
    if (tj_str(what, "note"))
        tw_set(&grid_extra(grid_own_cell(p->sh, r, c))->note, tj_str(what, "note"));
    return NULL;
}

char *person_op_set(struct person *p)
{
    int r = 0;
    int c = 0;
    char *wrong = person_cell(p, "cell", &r, &c);
    return wrong ? wrong : put(p, r, c, p->edit);
}

char *person_op_clear(struct person *p)
{
    struct a1_box box;
    char *wrong = person_area(p, &box);
    for (int r = box.r0; !wrong && r < box.r1 && r < p->sh->n_row; r++)
        for (int c = box.c0; c < box.c1; c++)
            if (grid_cell(p->sh, r, c) && grid_cell(p->sh, r, c)->kind != G_EMPTY)
                tx_set(p->tx, p->sh, r, c, G_EMPTY, 0, NULL);
    return wrong;
}

char *person_op_set_format(struct person *p)
{
    struct a1_box box;
    const cJSON *format = tj_get(p->edit, "format");
    const char *type = tj_str(format, "type");
    char *wrong = person_area(p, &box);
    if (wrong)
        return wrong;
    if (format && !cJSON_IsNull(format) && !type)
        return tw_dup("format: a type is needed");
    unsigned short id = type ? grid_format_id(type, tj_str(format, "pattern")) : 0;
    for (int r = box.r0; r < box.r1; r++)
        for (int c = box.c0; c < box.c1; c++)
            if (id || grid_cell(p->sh, r, c))
                grid_own_cell(p->sh, r, c)->format = id;
    person_note(p, "set_format");
    return NULL;
}

char *person_op_rename_header(struct person *p)
{
    int c = 0;
    const char *name = tj_str(p->edit, "name");
    char *wrong = person_column(p, "column", p->sh->cols, &c);
    if (!wrong)
        tx_set(p->tx, p->sh, 0, c, name && *name ? G_TEXT : G_EMPTY, 0, name);
    return wrong;
}

/* ---- rows ---- */

char *person_op_insert_rows(struct person *p)
{
    int at = 0;
    int n = (int)tj_int(p->edit, "count", 1);
    const cJSON *rows = tj_get(p->edit, "rows");
    char *wrong = person_row(p, "row", p->sh->rows + 1, &at);
    if (wrong)
        return wrong;
    int given = cJSON_GetArraySize(rows);
    n = given > n ? given : n;
    if (n < 1)
        return tw_dup("count: at least 1");
    person_note(p, "insert_rows");
    grid_insert(p->st, p->sh, G_ROWS, at, n, at > 0 ? at - 1 : -1);
    int r = at;
    for (const cJSON *row = rows ? rows->child : NULL; row && !wrong; row = row->next, r++) {
        int c = 0;
        for (const cJSON *v = row->child; v && !wrong; v = v->next, c++)
            wrong = c < p->sh->cols ? s_load_cell(p->sh, r, c, v)
                                    : tw_dup("rows: wider than the sheet");
    }
    return wrong;
}

char *person_op_delete_rows(struct person *p)
{
    int at = 0;
    int n = (int)tj_int(p->edit, "count", 1);
    char *wrong = person_row(p, "row", p->sh->rows, &at);
    if (wrong)
        return wrong;
    if (n < 1 || at + n > p->sh->rows || n == p->sh->rows)
        return tw_dup("count: these rows cannot be deleted");
    person_note(p, "delete_rows");
    grid_delete(p->st, p->sh, G_ROWS, at, n);
    return NULL;
}

static void copy_key(cJSON *o, const char *key, const cJSON *v)
{
    if (v)
        cJSON_AddItemToObject(o, key, cJSON_Duplicate(v, true));
}

/* Writes the cells of "values" (a list, or an object by header or letters) into a row. */
static char *fill_row(struct person *p, int r)
{
    const cJSON *values = tj_get(p->edit, "values");
    char *wrong = NULL;
    int c = 0;
    for (const cJSON *v = values ? values->child : NULL; v && !wrong; v = v->next, c++) {
        if (cJSON_IsObject(values)) {
            cJSON *key = cJSON_CreateObject();
            cJSON_AddStringToObject(key, "column", v->string);
            struct person by = *p;
            by.edit = key;
            wrong = person_column(&by, "column", p->sh->cols, &c);
            cJSON_Delete(key);
        }
        if (!wrong && c >= p->sh->cols)
            wrong = tw_dup("values: more than the sheet has columns");
        if (wrong)
            break;
        cJSON *what = cJSON_CreateObject();
        copy_key(what, "value", cJSON_IsObject(v) ? tj_get(v, "v") : v);
        copy_key(what, "formula", tj_get(v, "f"));
        copy_key(what, "entered", tj_get(v, "entered"));
        copy_key(what, "format", tj_get(v, "format"));
        wrong = put(p, r, c, what);
        cJSON_Delete(what);
    }
    return wrong;
}

char *person_op_append_row(struct person *p)
{
    int r = grid_last_row(p->sh, false);
    if (r >= p->sh->rows)
        grid_resize(p->st, p->sh, r + 1, p->sh->cols);
    person_note(p, "append_row");
    return fill_row(p, r);
}

char *person_op_set_row(struct person *p)
{
    int r = 0;
    char *wrong = person_row(p, "row", p->sh->rows, &r);
    return wrong ? wrong : fill_row(p, r);
}

/* Copies all cells of a row, its id too, over another row or into a new one ("insert"). */
char *person_op_copy_row(struct person *p)
{
    int from = 0;
    int to = 0;
    bool insert = tj_bool(p->edit, "insert", false);
    char *wrong = person_row(p, "from", p->sh->rows, &from);
    if (!wrong && !tj_get(p->edit, "to")) {
        to = grid_last_row(p->sh, false);
        if (to >= p->sh->rows)
            grid_resize(p->st, p->sh, to + 1, p->sh->cols);
    } else if (!wrong) {
        wrong = person_row(p, "to", p->sh->rows + insert, &to);
    }
    if (wrong)
        return wrong;
    person_note(p, "copy_row");
    if (insert) {
        grid_insert(p->st, p->sh, G_ROWS, to, 1, -1);
        from += from >= to;
    }
    int n = grid_row(p->sh, from) ? grid_row(p->sh, from)->n : 0;
    for (int c = 0; c < n; c++) {
        grid_cell_copy(grid_own_cell(p->sh, to, c), grid_cell(p->sh, from, c));
        const struct g_cell *cell = grid_cell(p->sh, to, c);
        char *f = cell->kind == G_FORMULA ? grid_copy_formula(cell->text, to - from, 0) : NULL;
        if (f)
            grid_set(p->sh, to, c, G_FORMULA, 0, f);
        free(f);
    }
    return NULL;
}

/* Cuts a row and puts it in before another. */
char *person_op_move_row(struct person *p)
{
    int from = 0;
    int to = 0;
    char *wrong = person_row(p, "from", p->sh->rows, &from);
    if (!wrong)
        wrong = person_row(p, "to", p->sh->rows + 1, &to);
    if (wrong)
        return wrong;
    person_note(p, "move_row");
    grid_move(p->st, p->sh, G_ROWS, from, 1, to);
    return NULL;
}

/* Cuts the cells of a row and pastes them over another; the row they came from is left empty. */
char *person_op_cut_paste(struct person *p)
{
    int from = 0;
    int to = 0;
    char *wrong = person_row(p, "from", p->sh->rows, &from);
    if (!wrong)
        wrong = person_row(p, "to", p->sh->rows, &to);
    if (wrong || from == to)
        return wrong;
    person_note(p, "cut_paste");
    int width = p->sh->cols;
    for (int c = 0; c < width; c++) {
        if (!grid_cell(p->sh, from, c) && !grid_cell(p->sh, to, c))
            continue;
        struct g_cell *src = grid_own_cell(p->sh, from, c);
        struct g_cell *dst = grid_own_cell(p->sh, to, c);
        grid_cell_clear(dst);
        grid_cell_move(dst, src);
        p->sh->row[to]->formulas = p->sh->row[to]->formulas || p->sh->row[from]->formulas;
    }
    return NULL;
}

char *person_op_sort(struct person *p)
{
    struct a1_box box;
    int c = 0;
    char *wrong = person_area(p, &box);
    if (!wrong)
        wrong = person_column(p, "by", p->sh->cols, &c);
    if (wrong)
        return wrong;
    if (!tj_get(p->edit, "range")) {
        int last = grid_last_row(p->sh, true);
        box.r1 = last > box.r0 ? last : box.r0 + 1;
    }
    struct sort_by by = {c, tj_bool(p->edit, "descending", false)};
    person_note(p, "sort");
    s_sort(p->tx, p->sh, box, &by, 1);
    return NULL;
}

char *person_op_hide_rows(struct person *p)
{
    int at = 0;
    int n = (int)tj_int(p->edit, "count", 1);
    char *wrong = person_row(p, "row", p->sh->rows, &at);
    for (int r = at; !wrong && r < at + n && r < p->sh->rows; r++) {
        struct g_row *row = grid_own_row(p->sh, r);
        *(tj_bool(p->edit, "by_filter", false) ? &row->filtered : &row->hidden) =
            tj_bool(p->edit, "hidden", true);
    }
    if (!wrong)
        person_note(p, "hide_rows");
    return wrong;
}

/* ---- columns ---- */

char *person_op_add_column(struct person *p)
{
    const char *name = tj_str(p->edit, "name");
    int at = 0;
    for (int r = 0; r < p->sh->n_row; r++)
        at = p->sh->row[r] && p->sh->row[r]->n > at ? p->sh->row[r]->n : at;
    while (at > 0 && (!grid_cell(p->sh, 0, at - 1) || grid_cell(p->sh, 0, at - 1)->kind == G_EMPTY))
        at--;
    if (tj_get(p->edit, "before")) {
        char *wrong = person_column(p, "before", p->sh->cols, &at);
        if (wrong)
            return wrong;
        grid_insert(p->st, p->sh, G_COLS, at, 1, -1);
    } else if (at >= p->sh->cols) {
        grid_resize(p->st, p->sh, p->sh->rows, at + 1);
    }
    person_note(p, "add_column");
    if (name)
        tx_set(p->tx, p->sh, 0, at, G_TEXT, 0, name);
    return NULL;
}

char *person_op_delete_column(struct person *p)
{
    int c = 0;
    char *wrong = person_column(p, "column", p->sh->cols, &c);
    if (!wrong && p->sh->cols == 1)
        wrong = tw_dup("column: the last one cannot be deleted");
    if (wrong)
        return wrong;
    person_note(p, "delete_column");
    grid_delete(p->st, p->sh, G_COLS, c, 1);
    return NULL;
}

char *person_op_move_column(struct person *p)
{
    int from = 0;
    int to = p->sh->cols;
    char *wrong = person_column(p, "column", p->sh->cols, &from);
    if (!wrong && tj_get(p->edit, "before"))
        wrong = person_column(p, "before", p->sh->cols, &to);
    if (wrong)
        return wrong;
    person_note(p, "move_column");
    grid_move(p->st, p->sh, G_COLS, from, 1, to);
    return NULL;
}
