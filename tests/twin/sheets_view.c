/* A spreadsheet as spreadsheets.get shows it: properties, sheets, grid data. See sheets.h. */
#include "sheets.h"
#include "sheets_format.h"

#include <stdlib.h>
#include <string.h>

/* What every new spreadsheet comes with; recorded. */
static const char default_format[] =
    "{\"backgroundColor\":{\"red\":1,\"green\":1,\"blue\":1},\"padding\":{\"top\":2,\"right\":3,"
    "\"bottom\":2,\"left\":3},\"verticalAlignment\":\"BOTTOM\",\"wrapStrategy\":\"OVERFLOW_CELL\","
    "\"textFormat\":{\"foregroundColor\":{},\"fontFamily\":\"arial,sans,sans-serif\",\"fontSize\":"
    "10,\"bold\":false,\"italic\":false,\"strikethrough\":false,\"underline\":false,"
    "\"foregroundColorStyle\":{\"rgbColor\":{}}},\"backgroundColorStyle\":{\"rgbColor\":{\"red\":1,"
    "\"green\":1,\"blue\":1}}}";
static const char default_theme[] =
    "{\"primaryFontFamily\":\"Arial\",\"themeColors\":[{\"colorType\":\"TEXT\",\"color\":"
    "{\"rgbColor\":{}}},{\"colorType\":\"BACKGROUND\",\"color\":{\"rgbColor\":{\"red\":1,\"green\":"
    "1,\"blue\":1}}},{\"colorType\":\"ACCENT1\",\"color\":{\"rgbColor\":{\"red\":0.25882354,"
    "\"green\":0.52156866,\"blue\":0.95686275}}},{\"colorType\":\"ACCENT2\",\"color\":{"
    "\"rgbColor\":"
    "{\"red\":0.91764706,\"green\":0.2627451,\"blue\":0.20784314}}},{\"colorType\":\"ACCENT3\","
    "\"color\":{\"rgbColor\":{\"red\":0.9843137,\"green\":0.7372549,\"blue\":0.015686275}}},"
    "{\"colorType\":\"ACCENT4\",\"color\":{\"rgbColor\":{\"red\":0.20392157,\"green\":0.65882355,"
    "\"blue\":0.3254902}}},{\"colorType\":\"ACCENT5\",\"color\":{\"rgbColor\":{\"red\":1,\"green\":"
    "0.42745098,\"blue\":0.003921569}}},{\"colorType\":\"ACCENT6\",\"color\":{\"rgbColor\":{"
    "\"red\":"
    "0.27450982,\"green\":0.7411765,\"blue\":0.7764706}}},{\"colorType\":\"LINK\",\"color\":"
    "{\"rgbColor\":{\"red\":0.06666667,\"green\":0.33333334,\"blue\":0.8}}}]}";

static const cJSON *fixed_json(const char *text)
{
    static cJSON *format;
    static cJSON *theme;
    cJSON **slot = text == default_format ? &format : &theme;
    if (!*slot)
        *slot = cJSON_Parse(text);
    return *slot;
}

/* ---- cells ---- */

static void put_extended(struct out *o, const char *key, const struct g_value *v,
                         const char *formula, const struct mask *m)
{
    out_object(o, key);
    if (formula) {
        if (mask_get(m, "formulaValue"))
            out_string(o, "formulaValue", formula);
    } else if (v->kind == G_NUMBER && mask_get(m, "numberValue")) {
        out_number(o, "numberValue", v->num);
    } else if (v->kind == G_TEXT && mask_get(m, "stringValue")) {
        out_string(o, "stringValue", v->text);
    } else if (v->kind == G_BOOL && mask_get(m, "boolValue")) {
        out_bool(o, "boolValue", v->b);
    } else if (v->kind == G_ERROR && mask_get(m, "errorValue")) {
        const struct mask *below = mask_get(m, "errorValue");
        out_object(o, "errorValue");
        if (mask_get(below, "type"))
            out_string(o, "type", grid_error_names[v->error].type);
        if (mask_get(below, "message") && v->text && *v->text)
            out_string(o, "message", v->text);
        out_end_object(o);
    }
    out_end_object(o);
}

static cJSON *number_format_json(const struct g_format *f)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "type", f->type);
    if (f->pattern)
        cJSON_AddStringToObject(o, "pattern", f->pattern);
    return o;
}

cJSON *s_format_json(const struct g_cell *cell)
{
    const struct g_format *f = grid_format(cell->format);
    const struct g_json *rest = cell->extra ? cell->extra->format : NULL;
    if (!f && !rest)
        return NULL;
    cJSON *o = rest ? cJSON_Duplicate(rest->v, true) : cJSON_CreateObject();
    if (f)
        cJSON_AddItemToObject(o, "numberFormat", number_format_json(f));
    return o;
}

static void put_number_format(struct out *o, const struct g_format *f, const struct mask *m)
{
    if (!m)
        return;
    out_object(o, "numberFormat");
    if (mask_get(m, "type"))
        out_string(o, "type", f->type);
    if (f->pattern && mask_get(m, "pattern"))
        out_string(o, "pattern", f->pattern);
    out_end_object(o);
}

static void put_effective_format(struct out *o, const struct g_cell *cell, const struct g_value *v,
                                 const struct mask *m)
{
    static const char *const dates[] = {NULL, "DATE", "DATE_TIME", "TIME"};
    const struct g_format *f = grid_format(cell->format);
    struct g_format made = {.type = (char *)(v->kind == G_NUMBER ? dates[v->date] : NULL)};
    if (!f && made.type)
        f = &made;
    const cJSON *rest = cell->extra && cell->extra->format ? cell->extra->format->v : NULL;
    out_object(o, "effectiveFormat");
    if (f)
        put_number_format(o, f, mask_get(m, "numberFormat"));
    for (const cJSON *d = fixed_json(default_format)->child; d; d = d->next)
        if (!tj_get(rest, d->string))
            out_json(o, d->string, d, mask_get(m, d->string));
    for (const cJSON *d = rest ? rest->child : NULL; d; d = d->next)
        out_json(o, d->string, d, mask_get(m, d->string));
    out_end_object(o);
}

static void put_cell(struct out *o, struct calc *c, const struct g_sheet *sh,
                     const struct g_cell *cell, const struct mask *m)
{
    out_object(o, NULL);
    if (!cell || grid_cell_blank(cell)) {
        out_end_object(o);
        return;
    }
    struct g_value v = calc_value(c, sh, cell);
    const struct mask *sub;
    if (cell->kind != G_EMPTY) {
        if (calc_entered(cell) && (sub = mask_get(m, "userEnteredValue")))
            put_extended(o, "userEnteredValue", &v, cell->kind == G_FORMULA ? cell->text : NULL,
                         sub);
        if ((sub = mask_get(m, "effectiveValue")))
            put_extended(o, "effectiveValue", &v, NULL, sub);
        if (mask_get(m, "formattedValue")) {
            char *text = fmt_value(&v, cell->format, c->st->locale);
            out_string(o, "formattedValue", text);
            free(text);
        }
    }
    if ((sub = mask_get(m, "userEnteredFormat"))) {
        cJSON *format = s_format_json(cell);
        if (format)
            out_json(o, "userEnteredFormat", format, sub);
        cJSON_Delete(format);
    }
    bool shown = cell->kind != G_EMPTY || cell->format || (cell->extra && cell->extra->format);
    if (shown && (sub = mask_get(m, "effectiveFormat")))
        put_effective_format(o, cell, &v, sub);
    if (cell->extra && cell->extra->note && mask_get(m, "note"))
        out_string(o, "note", cell->extra->note);
    if (cell->extra && cell->extra->rule && (sub = mask_get(m, "dataValidation")))
        out_json(o, "dataValidation", cell->extra->rule->v, sub);
    out_end_object(o);
}

/* ---- grid data ---- */

static int row_end(const struct g_row *row, const struct a1_box *box)
{
    int c = row ? (row->n < box->c1 ? row->n : box->c1) : 0;
    while (c > box->c0 && grid_cell_blank(&row->c[c - 1]))
        c--;
    return c;
}

static void put_row_data(struct out *o, struct calc *c, const struct s_range *r,
                         const struct mask *m)
{
    const struct g_sheet *sh = r->sheet;
    int last = r->box.r1 < sh->n_row ? r->box.r1 : sh->n_row;
    while (last > r->box.r0 && row_end(grid_row(sh, last - 1), &r->box) <= r->box.c0)
        last--;
    if (last <= r->box.r0)
        return;
    const struct mask *values = mask_get(m, "values");
    out_array(o, "rowData");
    for (int row = r->box.r0; row < last; row++) {
        int end = row_end(grid_row(sh, row), &r->box);
        out_object(o, NULL);
        if (end > r->box.c0 && values) {
            out_array(o, "values");
            for (int col = r->box.c0; col < end; col++)
                put_cell(o, c, sh, grid_cell(sh, row, col), values);
            out_end_array(o);
        }
        out_end_object(o);
    }
    out_end_array(o);
}

static void put_meta_list(struct out *o, const struct g_state *st, int at, int sheet, int index,
                          const struct mask *m)
{
    bool some = false;
    for (int i = 0; i < st->n_meta && m; i++) {
        const struct g_meta *e = &st->meta[i];
        if ((int)e->at != at || (at != G_AT_BOOK && e->sheet != sheet) || e->index != index)
            continue;
        if (!some)
            out_array(o, "developerMetadata");
        some = true;
        s_put_meta(o, NULL, e, m);
    }
    if (some)
        out_end_array(o);
}

static void put_rows_meta(struct out *o, struct calc *c, const struct s_range *r,
                          const struct mask *m)
{
    out_array(o, "rowMetadata");
    for (int i = r->box.r0; i < r->box.r1; i++) {
        const struct g_row *row = grid_row(r->sheet, i);
        out_object(o, NULL);
        if (row && row->filtered && mask_get(m, "hiddenByFilter"))
            out_bool(o, "hiddenByFilter", true);
        if (row && row->hidden && mask_get(m, "hiddenByUser"))
            out_bool(o, "hiddenByUser", true);
        if (mask_get(m, "pixelSize"))
            out_number(o, "pixelSize", row && row->px ? row->px : GRID_ROW_PX);
        if (c->st->n_meta)
            put_meta_list(o, c->st, G_AT_ROW, r->sheet->id, i, mask_get(m, "developerMetadata"));
        out_end_object(o);
    }
    out_end_array(o);
}

static void put_columns_meta(struct out *o, struct calc *c, const struct s_range *r,
                             const struct mask *m)
{
    out_array(o, "columnMetadata");
    for (int i = r->box.c0; i < r->box.c1; i++) {
        const struct g_column *col = r->sheet->col ? &r->sheet->col[i] : NULL;
        out_object(o, NULL);
        if (col && col->hidden && mask_get(m, "hiddenByUser"))
            out_bool(o, "hiddenByUser", true);
        if (mask_get(m, "pixelSize"))
            out_number(o, "pixelSize", col && col->px ? col->px : GRID_COLUMN_PX);
        if (c->st->n_meta)
            put_meta_list(o, c->st, G_AT_COLUMN, r->sheet->id, i, mask_get(m, "developerMetadata"));
        out_end_object(o);
    }
    out_end_array(o);
}

static void put_grid(struct out *o, struct calc *c, const struct s_range *r, const struct mask *m)
{
    const struct mask *sub;
    out_object(o, NULL);
    if (r->box.r0 && mask_get(m, "startRow"))
        out_number(o, "startRow", r->box.r0);
    if (r->box.c0 && mask_get(m, "startColumn"))
        out_number(o, "startColumn", r->box.c0);
    if ((sub = mask_get(m, "rowData")))
        put_row_data(o, c, r, sub);
    if ((sub = mask_get(m, "rowMetadata")))
        put_rows_meta(o, c, r, sub);
    if ((sub = mask_get(m, "columnMetadata")))
        put_columns_meta(o, c, r, sub);
    out_end_object(o);
}

static void put_data(struct out *o, struct calc *c, const struct g_sheet *sh,
                     const struct s_view *view, const struct mask *m)
{
    if (!m || !view->grid)
        return;
    out_array(o, "data");
    for (size_t i = 0; i < view->n; i++)
        if (view->range[i].sheet == sh)
            put_grid(o, c, &view->range[i], m);
    if (!view->n) {
        struct s_range all = {.sheet = (struct g_sheet *)sh, .box = {0, 0, sh->rows, sh->cols}};
        put_grid(o, c, &all, m);
    }
    out_end_array(o);
}

/* ---- sheets ---- */

static void put_count(struct out *o, const char *key, int v, const struct mask *m)
{
    if (v && mask_get(m, key))
        out_number(o, key, v);
}

static void put_flag(struct out *o, const char *key, bool v, const struct mask *m)
{
    if (v && mask_get(m, key))
        out_bool(o, key, true);
}

void s_put_sheet_properties(struct out *o, const char *key, const struct g_state *st,
                            const struct g_sheet *sh, const struct mask *m)
{
    const struct mask *sub;
    out_object(o, key);
    if (mask_get(m, "sheetId"))
        out_number(o, "sheetId", sh->id);
    if (mask_get(m, "title"))
        out_string(o, "title", sh->title);
    if (mask_get(m, "index"))
        out_number(o, "index", grid_index(st, sh));
    if (mask_get(m, "sheetType"))
        out_string(o, "sheetType", "GRID");
    if ((sub = mask_get(m, "gridProperties"))) {
        out_object(o, "gridProperties");
        put_count(o, "rowCount", sh->rows, sub);
        put_count(o, "columnCount", sh->cols, sub);
        put_count(o, "frozenRowCount", sh->frozen_rows, sub);
        put_count(o, "frozenColumnCount", sh->frozen_cols, sub);
        put_flag(o, "hideGridlines", sh->no_gridlines, sub);
        out_end_object(o);
    }
    put_flag(o, "hidden", sh->hidden, m);
    put_flag(o, "rightToLeft", sh->rtl, m);
    if (sh->tab_color) {
        out_json(o, "tabColor", tj_get(sh->tab_color, "rgbColor"),
                 tj_get(sh->tab_color, "rgbColor") ? mask_get(m, "tabColor") : NULL);
        out_json(o, "tabColorStyle", sh->tab_color, mask_get(m, "tabColorStyle"));
    }
    out_end_object(o);
}

/* Parts are kept as the API has them, but for what only the twin needs to know. */
static void put_part(struct out *o, const cJSON *part, const struct mask *m)
{
    if (!m || (cJSON_IsArray(part) && !part->child))
        return;
    cJSON *copy = cJSON_Duplicate(part, true);
    for (cJSON *p = cJSON_IsArray(copy) ? copy->child : NULL; p; p = p->next)
        cJSON_DeleteItemFromObject(p, "creator");
    out_json(o, part->string, copy, m);
    cJSON_Delete(copy);
}

static void put_sheet(struct out *o, struct calc *c, const struct g_sheet *sh,
                      const struct s_view *view, const struct mask *m)
{
    out_object(o, NULL);
    if (mask_get(m, "properties"))
        s_put_sheet_properties(o, "properties", c->st, sh, mask_get(m, "properties"));
    put_data(o, c, sh, view, mask_get(m, "data"));
    for (const cJSON *p = sh->parts->child; p; p = p->next)
        put_part(o, p, mask_get(m, p->string));
    put_meta_list(o, c->st, G_AT_SHEET, sh->id, 0, mask_get(m, "developerMetadata"));
    out_end_object(o);
}

static bool in_view(const struct g_sheet *sh, const struct s_view *view)
{
    for (size_t i = 0; i < view->n; i++)
        if (view->range[i].sheet == sh)
            return true;
    return view->n == 0;
}

static void put_properties(struct out *o, const struct g_state *st, const struct mask *m)
{
    const struct mask *sub;
    out_object(o, "properties");
    if (mask_get(m, "title"))
        out_string(o, "title", st->title);
    if (mask_get(m, "locale"))
        out_string(o, "locale", st->locale);
    if (mask_get(m, "autoRecalc"))
        out_string(o, "autoRecalc", st->recalc);
    if (mask_get(m, "timeZone"))
        out_string(o, "timeZone", st->zone);
    if ((sub = mask_get(m, "defaultFormat")))
        out_json(o, "defaultFormat", fixed_json(default_format), sub);
    if ((sub = mask_get(m, "spreadsheetTheme")))
        out_json(o, "spreadsheetTheme", fixed_json(default_theme), sub);
    out_end_object(o);
}

void s_put_spreadsheet(struct out *o, const char *key, struct sheets *s, const struct book *b,
                       const struct g_state *st, const struct s_view *view, const struct mask *m)
{
    struct calc c = calc_begin(st, twin_now_ms(s->t));
    const struct mask *sub;
    out_object(o, key);
    if (mask_get(m, "spreadsheetId"))
        out_string(o, "spreadsheetId", b->id);
    if ((sub = mask_get(m, "properties")))
        put_properties(o, st, sub);
    if ((sub = mask_get(m, "sheets"))) {
        out_array(o, "sheets");
        for (int i = 0; i < st->n_sheet; i++)
            if (in_view(st->sheet[i], view))
                put_sheet(o, &c, st->sheet[i], view, sub);
        out_end_array(o);
    }
    if (st->named->child && (sub = mask_get(m, "namedRanges")))
        out_json(o, "namedRanges", st->named, sub);
    if (mask_get(m, "spreadsheetUrl")) {
        char *url = tw_fmt("https://docs.google.com/spreadsheets/d/%s/edit", b->id);
        out_string(o, "spreadsheetUrl", url);
        free(url);
    }
    put_meta_list(o, st, G_AT_BOOK, 0, 0, mask_get(m, "developerMetadata"));
    out_end_object(o);
}
