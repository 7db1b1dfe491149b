/* Scenarios in, states out: see README.md. */
#include "sheets_load.h"

#include "sheets_format.h"

#include <stdlib.h>
#include <string.h>

/* ---- in ---- */

/* A cell: a scalar, or {"v"|"f", "format", "note", "rule", "checkbox"}. */
char *s_load_cell(struct g_sheet *sh, int r, int c, const cJSON *v)
{
    const cJSON *value = v;
    const char *formula = NULL;
    if (cJSON_IsObject(v)) {
        value = tj_get(v, "v");
        formula = tj_str(v, "f");
    }
    if (formula)
        grid_set(sh, r, c, G_FORMULA, 0, formula);
    else if (cJSON_IsString(value) && *value->valuestring)
        grid_set(sh, r, c, G_TEXT, 0, value->valuestring);
    else if (cJSON_IsNumber(value))
        grid_set(sh, r, c, G_NUMBER, value->valuedouble, NULL);
    else if (cJSON_IsBool(value))
        grid_set(sh, r, c, G_BOOL, cJSON_IsTrue(value), NULL);
    else if (!value || cJSON_IsNull(value) || cJSON_IsString(value))
        grid_set(sh, r, c, G_EMPTY, 0, NULL);
    else
        return tw_fmt("cell %s!%d,%d is of no known kind", sh->title, r + 1, c + 1);
    if (formula && formula[0] != '=')
        return tw_fmt("a formula must start with '=': %s", formula);
    if (!cJSON_IsObject(v))
        return NULL;
    const cJSON *format = tj_get(v, "format");
    const char *type = tj_str(format, "type");
    if (format && !type)
        return tw_dup("a cell's format needs a type");
    if (type)
        grid_own_cell(sh, r, c)->format = grid_format_id(type, tj_str(format, "pattern"));
    if (tj_str(v, "note"))
        tw_set(&grid_extra(grid_own_cell(sh, r, c))->note, tj_str(v, "note"));
    if (tj_get(v, "rule")) {
        struct g_extra *x = grid_extra(grid_own_cell(sh, r, c));
        grid_json_drop(x->rule);
        x->rule = grid_json(cJSON_Duplicate(tj_get(v, "rule"), true));
    }
    return NULL;
}

static char *load_rows(struct g_sheet *sh, const cJSON *rows)
{
    int r = 0;
    for (const cJSON *row = rows ? rows->child : NULL; row; row = row->next, r++) {
        int c = 0;
        for (const cJSON *v = row->child; v; v = v->next, c++) {
            char *wrong = s_load_cell(sh, r, c, v);
            if (wrong)
                return wrong;
        }
    }
    return NULL;
}

static void widest(const cJSON *rows, int *height, int *width)
{
    *height = 0;
    *width = 0;
    for (const cJSON *row = rows ? rows->child : NULL; row; row = row->next) {
        int n = cJSON_GetArraySize(row);
        *width = n > *width ? n : *width;
        ++*height;
    }
}

static void load_hidden(struct g_sheet *sh, const cJSON *sheet)
{
    const cJSON *rows = tj_get(sheet, "hiddenRows");
    const cJSON *cols = tj_get(sheet, "hiddenColumns");
    for (const cJSON *n = rows ? rows->child : NULL; n; n = n->next)
        if (n->valueint >= 1 && n->valueint <= sh->rows)
            grid_own_row(sh, n->valueint - 1)->hidden = true;
    if (cols && cols->child && !sh->col)
        sh->col = tw_alloc((size_t)sh->cols * sizeof *sh->col);
    for (const cJSON *n = cols ? cols->child : NULL; n; n = n->next)
        if (n->valueint >= 1 && n->valueint <= sh->cols)
            sh->col[n->valueint - 1].hidden = true;
}

static char *load_sheet(struct sheets *s, struct g_state *st, const cJSON *sheet)
{
    const cJSON *rows = tj_get(sheet, "rows");
    const cJSON *id = tj_get(sheet, "sheetId");
    const char *title = tj_str(sheet, "title");
    int height;
    int width;
    widest(rows, &height, &width);
    int n_rows = (int)tj_int(sheet, "rowCount", height > 1000 ? height : 1000);
    int n_cols = (int)tj_int(sheet, "columnCount", width > 26 ? width : 26);
    int number = id ? (int)tj_int(sheet, "sheetId", 0) : st->n_sheet ? sheet_new_id(s, st) : 0;
    char *made = tw_fmt("Sheet%d", st->n_sheet + 1);
    title = title ? title : made;
    char *wrong = NULL;
    if (grid_by_title(st, title) || grid_by_id(st, number))
        wrong = tw_fmt("sheet %s: its title or id is taken", title);
    else if (n_rows < height || n_cols < width || n_rows < 1 || n_cols < 1)
        wrong = tw_fmt("sheet %s: its rows do not fit in %d x %d", title, n_rows, n_cols);
    if (!wrong) {
        struct g_sheet *sh = grid_add_sheet(st, number, title, n_rows, n_cols, -1);
        sh->frozen_rows = (int)tj_int(sheet, "frozenRowCount", 0);
        sh->hidden = tj_bool(sheet, "hidden", false);
        if (tj_get(sheet, "parts")) {
            cJSON_Delete(sh->parts);
            sh->parts = cJSON_Duplicate(tj_get(sheet, "parts"), true);
        }
        wrong = load_rows(sh, rows);
        load_hidden(sh, sheet);
    }
    free(made);
    return wrong;
}

static char *load_book(struct sheets *s, const cJSON *book)
{
    const char *id = tj_str(book, "id");
    const cJSON *sheets = tj_get(book, "sheets");
    const cJSON *shared = tj_get(book, "shared");
    const char *title = tj_str(book, "title");
    const char *zone = tj_str(book, "timeZone");
    if (id && book_by_id(s, id))
        return tw_fmt("spreadsheet %s is there already", id);
    if (zone && !zone_known(zone))
        return tw_fmt("no such time zone: %s", zone);
    if (tj_str(book, "locale") && !fmt_locale_known(tj_str(book, "locale")))
        return tw_fmt("no such locale: %s", tj_str(book, "locale"));
    struct g_state *st =
        grid_new(title ? title : "Untitled spreadsheet", tj_str(book, "locale"), zone);
    char *made = id ? NULL : book_new_id(s);
    struct book *b = book_add(s, id ? id : made, st);
    free(made);
    char *wrong = NULL;
    for (const cJSON *sheet = sheets ? sheets->child : NULL; sheet && !wrong; sheet = sheet->next)
        wrong = load_sheet(s, st, sheet);
    if (!st->n_sheet)
        grid_add_sheet(st, 0, "Sheet1", 1000, 26, -1);
    for (const cJSON *p = shared ? shared->child : NULL; p; p = p->next) {
        const char *role = tj_str(p, "role");
        if (tj_str(p, "email"))
            book_set_share(b, tj_str(p, "email"), role ? role : "writer");
    }
    if (tj_str(book, "mimeType"))
        tw_set(&b->mime, tj_str(book, "mimeType"));
    if (tj_str(book, "creator"))
        tw_set(&b->creator, tj_str(book, "creator"));
    if (tj_str(book, "parent"))
        tw_set(&b->parent, tj_str(book, "parent"));
    return wrong;
}

char *sheets_load(struct sheets *s, const cJSON *google)
{
    const cJSON *books = tj_get(google, "spreadsheets");
    char *wrong = NULL;
    for (const cJSON *b = books ? books->child : NULL; b && !wrong; b = b->next)
        wrong = load_book(s, b);
    return wrong;
}

/* ---- out ---- */

static cJSON *dump_value(const struct g_value *v)
{
    switch (v->kind) {
    case G_NUMBER: return twin_json_number(v->num);
    case G_BOOL: return cJSON_CreateBool(v->b);
    case G_TEXT: return cJSON_CreateString(v->text);
    case G_ERROR: return cJSON_CreateString(grid_error_names[v->error].code);
    default: return cJSON_CreateNull();
    }
}

/* A cell as sheets_load() takes it, with its shown text where that is not the value itself. */
static cJSON *dump_cell(struct calc *c, const struct g_sheet *sh, const struct g_cell *cell)
{
    if (!cell || grid_cell_blank(cell))
        return cJSON_CreateNull();
    const struct g_extra *x = cell->extra;
    bool plain = !cell->format && (!x || (!x->note && !x->rule));
    if (plain && cell->kind != G_FORMULA)
        return s_cell_json(cell);
    cJSON *o = cJSON_CreateObject();
    struct g_value v = calc_value(c, sh, cell);
    if (cell->kind == G_FORMULA)
        cJSON_AddStringToObject(o, "f", cell->text);
    if (cell->kind != G_EMPTY) {
        cJSON_AddItemToObject(o, "v", dump_value(&v));
        char *text = fmt_value(&v, cell->format, c->st->locale);
        cJSON_AddStringToObject(o, "text", text);
        free(text);
    }
    const struct g_format *f = grid_format(cell->format);
    if (f) {
        cJSON *format = cJSON_AddObjectToObject(o, "format");
        cJSON_AddStringToObject(format, "type", f->type);
        if (f->pattern)
            cJSON_AddStringToObject(format, "pattern", f->pattern);
    }
    if (x && x->note)
        cJSON_AddStringToObject(o, "note", x->note);
    if (x && x->rule)
        cJSON_AddItemToObject(o, "rule", cJSON_Duplicate(x->rule->v, true));
    return o;
}

static cJSON *dump_rows(struct calc *c, const struct g_sheet *sh)
{
    cJSON *rows = cJSON_CreateArray();
    int last = grid_last_row(sh, true);
    for (int r = 0; r < last; r++) {
        cJSON *row = cJSON_CreateArray();
        int n = grid_row(sh, r) ? grid_row(sh, r)->n : 0;
        while (n && grid_cell_blank(grid_cell(sh, r, n - 1)))
            n--;
        for (int col = 0; col < n; col++)
            cJSON_AddItemToArray(row, dump_cell(c, sh, grid_cell(sh, r, col)));
        cJSON_AddItemToArray(rows, row);
    }
    return rows;
}

static void dump_hidden(cJSON *o, const struct g_sheet *sh)
{
    cJSON *rows = cJSON_CreateArray();
    cJSON *cols = cJSON_CreateArray();
    for (int r = 0; r < sh->n_row; r++)
        if (sh->row[r] && sh->row[r]->hidden)
            cJSON_AddItemToArray(rows, cJSON_CreateNumber(r + 1));
    for (int c = 0; sh->col && c < sh->cols; c++)
        if (sh->col[c].hidden)
            cJSON_AddItemToArray(cols, cJSON_CreateNumber(c + 1));
    cJSON_AddItemToObject(o, "hiddenRows", rows);
    cJSON_AddItemToObject(o, "hiddenColumns", cols);
}

static cJSON *dump_sheet(struct calc *c, const struct g_sheet *sh)
{
    cJSON *o = cJSON_CreateObject();
    tj_add_int(o, "sheetId", sh->id);
    cJSON_AddStringToObject(o, "title", sh->title);
    tj_add_int(o, "rowCount", sh->rows);
    tj_add_int(o, "columnCount", sh->cols);
    if (sh->frozen_rows)
        tj_add_int(o, "frozenRowCount", sh->frozen_rows);
    if (sh->hidden)
        cJSON_AddTrueToObject(o, "hidden");
    dump_hidden(o, sh);
    cJSON_AddItemToObject(o, "parts", cJSON_Duplicate(sh->parts, true));
    cJSON_AddItemToObject(o, "rows", dump_rows(c, sh));
    return o;
}

static cJSON *dump_meta(const struct g_state *st)
{
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < st->n_meta; i++) {
        struct out o = {.pretty = false};
        s_put_meta(&o, NULL, &st->meta[i], &mask_all);
        cJSON_AddItemToArray(list, cJSON_CreateRaw(o.b.p));
        tb_free(&o.b);
    }
    return list;
}

static cJSON *dump_book(struct sheets *s, const struct book *b)
{
    const struct g_state *st = b->now;
    struct calc c = calc_begin(st, twin_now_ms(s->t));
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "id", b->id);
    cJSON_AddStringToObject(o, "title", st->title);
    cJSON_AddStringToObject(o, "locale", st->locale);
    cJSON_AddStringToObject(o, "timeZone", st->zone);
    if (strcmp(b->mime, SPREADSHEET_MIME) != 0)
        cJSON_AddStringToObject(o, "mimeType", b->mime);
    if (b->creator)
        cJSON_AddStringToObject(o, "creator", b->creator);
    cJSON *shared = cJSON_AddArrayToObject(o, "shared");
    for (size_t i = 0; i < b->n_share; i++) {
        cJSON *p = cJSON_CreateObject();
        cJSON_AddStringToObject(p, "email", b->share[i].email);
        cJSON_AddStringToObject(p, "role", b->share[i].role);
        cJSON_AddItemToArray(shared, p);
    }
    if (st->n_meta)
        cJSON_AddItemToObject(o, "developerMetadata", dump_meta(st));
    cJSON *sheets = cJSON_AddArrayToObject(o, "sheets");
    for (int i = 0; i < st->n_sheet; i++)
        cJSON_AddItemToArray(sheets, dump_sheet(&c, st->sheet[i]));
    return o;
}

cJSON *sheets_dump(struct sheets *s)
{
    cJSON *o = cJSON_CreateObject();
    cJSON *books = cJSON_AddArrayToObject(o, "spreadsheets");
    for (size_t i = 0; i < s->n_book; i++)
        cJSON_AddItemToArray(books, dump_book(s, s->book[i]));
    return o;
}
