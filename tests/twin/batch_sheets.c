/* batchUpdate: the spreadsheet's and the sheets' own properties; sheets come and go. See batch.h.
 */
#include "batch.h"

#include "sheets_format.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TITLE_MAX 100

/* ---- the spreadsheet ---- */

bool batch_update_spreadsheet(struct batch *b, const cJSON *args)
{
    const cJSON *p = tj_get(args, "properties");
    struct g_state *st = b->tx->st;
    struct mask *m = batch_mask(b, args, "SpreadsheetProperties");
    if (!m)
        return false;
    const char *title = tj_str(p, "title");
    const char *locale = tj_str(p, "locale");
    const char *zone = tj_str(p, "timeZone");
    const char *recalc = tj_str(p, "autoRecalc");
    bool ok = true;
    if (mask_get(m, "title") && (!title || !*title))
        ok = s_fail(b->e, 400, "The title cannot be empty.");
    else if (mask_get(m, "locale") && (!locale || !fmt_locale_known(locale)))
        ok = s_fail(b->e, 400, "Unsupported locale: %s", locale ? locale : "");
    else if (mask_get(m, "timeZone") && (!zone || !zone_known(zone)))
        ok = s_fail(b->e, 400, "Invalid time zone: %s", zone ? zone : "");
    const struct {
        const char *field;
        const char *value;
        char **slot;
    } sets[] = {{"title", title, &st->title},
                {"locale", locale, &st->locale},
                {"timeZone", zone, &st->zone},
                {"autoRecalc", recalc, &st->recalc}};
    for (size_t i = 0; ok && i < sizeof sets / sizeof *sets; i++) {
        if (!mask_get(m, sets[i].field) || !sets[i].value)
            continue;
        cJSON *note = cJSON_CreateObject();
        cJSON_AddStringToObject(note, "field", sets[i].field);
        cJSON_AddStringToObject(note, "old", *sets[i].slot);
        cJSON_AddStringToObject(note, "new", sets[i].value);
        tx_note(b->tx, "updateSpreadsheetProperties", note);
        tw_set(sets[i].slot, sets[i].value);
    }
    mask_free(m);
    return ok;
}

/* ---- a sheet's properties ---- */

static bool check_title(struct batch *b, const struct g_sheet *sh, const char *title)
{
    size_t n = 0;
    for (const char *p = title ? title : ""; *p; p++)
        n += ((unsigned char)*p & 0xC0) != 0x80;
    if (!n)
        return s_fail(b->e, 400, "The sheet name cannot be empty.");
    if (n > TITLE_MAX)
        return s_fail(b->e, 400, "The sheet name cannot be greater than %d characters.", TITLE_MAX);
    const struct g_sheet *other = grid_by_title(b->tx->st, title);
    if (other && other != sh)
        return s_fail(b->e, 400,
                      "A sheet with the name \"%s\" already exists. Please enter another name.",
                      title);
    return true;
}

void s_rename_sheet(struct tx *tx, struct g_sheet *sh, const char *title)
{
    for (int i = 0; i < tx->st->n_sheet; i++) {
        struct g_sheet *other = tx->st->sheet[i];
        for (int r = 0; r < other->n_row; r++) {
            const struct g_row *row = other->row[r];
            for (int c = 0; row && row->formulas && c < row->n; c++) {
                const struct g_cell *cell = &other->row[r]->c[c];
                char *f = cell->kind == G_FORMULA
                              ? grid_retitle_formula(cell->text, sh->title, title)
                              : NULL;
                if (f)
                    grid_set(other, r, c, G_FORMULA, 0, f);
                free(f);
            }
        }
    }
    cJSON *note = batch_note(sh);
    cJSON_AddStringToObject(note, "new", title);
    tx_note(tx, "renameSheet", note);
    tw_set(&sh->title, title);
}

static bool set_hidden(struct batch *b, struct g_sheet *sh, bool hidden)
{
    int shown = 0;
    for (int i = 0; i < b->tx->st->n_sheet; i++)
        shown += !b->tx->st->sheet[i]->hidden && b->tx->st->sheet[i] != sh;
    if (hidden && !shown)
        return s_fail(b->e, 400, "You can't hide all the sheets in a document.");
    sh->hidden = hidden;
    return true;
}

/* The size first, rows before columns; then what is frozen. */
static bool set_grid(struct batch *b, struct g_sheet *sh, const cJSON *g, const struct mask *m)
{
    int rows = mask_get(m, "rowCount") ? (int)tj_int(g, "rowCount", 0) : sh->rows;
    int cols = mask_get(m, "columnCount") ? (int)tj_int(g, "columnCount", 0) : sh->cols;
    int frozen_rows =
        mask_get(m, "frozenRowCount") ? (int)tj_int(g, "frozenRowCount", 0) : sh->frozen_rows;
    int frozen_cols =
        mask_get(m, "frozenColumnCount") ? (int)tj_int(g, "frozenColumnCount", 0) : sh->frozen_cols;
    if (rows < 1 || cols < 1)
        return s_fail(b->e, 400, "A sheet must have at least one row and one column.");
    if (frozen_rows < 0 || frozen_cols < 0)
        return s_fail(b->e, 400, "Frozen counts cannot be negative.");
    if (frozen_rows && frozen_rows >= rows)
        return s_fail(b->e, 400, "You can't freeze all visible rows on the sheet.");
    if (frozen_cols && frozen_cols >= cols)
        return s_fail(b->e, 400, "You can't freeze all visible columns on the sheet.");
    if (!s_check_size(b->tx->st, sh, rows, sh->cols, b->e) ||
        !s_check_size(b->tx->st, sh, rows, cols, b->e))
        return false;
    if (rows != sh->rows || cols != sh->cols) {
        cJSON *note = batch_note(sh);
        tj_add_int(note, "rows", rows);
        tj_add_int(note, "columns", cols);
        tx_note(b->tx, "resizeSheet", note);
        grid_resize(b->tx->st, sh, rows, cols);
    }
    sh->frozen_rows = frozen_rows;
    sh->frozen_cols = frozen_cols;
    if (mask_get(m, "hideGridlines"))
        sh->no_gridlines = tj_bool(g, "hideGridlines", false);
    return true;
}

static void set_color(struct g_sheet *sh, const cJSON *p, const struct mask *m)
{
    const cJSON *style = mask_get(m, "tabColorStyle") ? tj_get(p, "tabColorStyle") : NULL;
    const cJSON *color = mask_get(m, "tabColor") ? tj_get(p, "tabColor") : NULL;
    if (!mask_get(m, "tabColorStyle") && !mask_get(m, "tabColor"))
        return;
    cJSON_Delete(sh->tab_color);
    sh->tab_color = style ? cJSON_Duplicate(style, true) : NULL;
    if (!style && color) {
        sh->tab_color = cJSON_CreateObject();
        cJSON_AddItemToObject(sh->tab_color, "rgbColor", cJSON_Duplicate(color, true));
    }
}

static bool set_index(struct batch *b, struct g_sheet *sh, int index)
{
    if (index < 0 || index > b->tx->st->n_sheet)
        return s_fail(b->e, 400, "Invalid index: %d", index);
    int from = grid_index(b->tx->st, sh);
    /* The index counts as before the move. */
    int to = index > from ? index - 1 : index;
    grid_move_sheet(b->tx->st, from, to);
    return true;
}

static bool set_properties(struct batch *b, struct g_sheet *sh, const cJSON *p,
                           const struct mask *m)
{
    const char *title = tj_str(p, "title");
    if (mask_get(m, "title") && !check_title(b, sh, title))
        return false;
    if (mask_get(m, "title") && strcmp(title, sh->title) != 0)
        s_rename_sheet(b->tx, sh, title);
    if (mask_get(m, "gridProperties") &&
        !set_grid(b, sh, tj_get(p, "gridProperties"), mask_get(m, "gridProperties")))
        return false;
    if (mask_get(m, "hidden") && !set_hidden(b, sh, tj_bool(p, "hidden", false)))
        return false;
    if (mask_get(m, "rightToLeft"))
        sh->rtl = tj_bool(p, "rightToLeft", false);
    set_color(sh, p, m);
    return !mask_get(m, "index") || set_index(b, sh, (int)tj_int(p, "index", 0));
}

bool batch_update_sheet(struct batch *b, const cJSON *args)
{
    const cJSON *p = tj_get(args, "properties");
    struct mask *m = batch_mask(b, args, "SheetProperties");
    struct g_sheet *sh = m ? batch_sheet(b, p, "sheetId") : NULL;
    bool ok = sh && set_properties(b, sh, p, m);
    if (ok) {
        cJSON *note = batch_note(sh);
        cJSON_AddStringToObject(note, "fields", tj_str(args, "fields"));
        tx_note(b->tx, "updateSheetProperties", note);
    }
    mask_free(m);
    return ok;
}

/* ---- sheets come and go ---- */

/* The properties of a sheet as replies show them. */
static void reply_sheet(struct batch *b, const struct g_sheet *sh)
{
    struct out o = {.pretty = false};
    s_put_sheet_properties(&o, NULL, b->tx->st, sh, &mask_all);
    b->reply = cJSON_CreateObject();
    tj_add_raw(b->reply, "properties", o.b.p);
    tb_free(&o.b);
}

static char *free_title(const struct g_state *st, const char *base)
{
    for (int i = st->n_sheet + 1;; i++) {
        char *title = tw_fmt("%s%d", base, i);
        if (!grid_by_title(st, title))
            return title;
        free(title);
    }
}

static bool new_id(struct batch *b, const cJSON *holder, const char *key, int *id)
{
    if (!tj_get(holder, key)) {
        *id = sheet_new_id(b->tx->s, b->tx->st);
        return true;
    }
    *id = (int)tj_int(holder, key, 0);
    if (*id < 0)
        return s_fail(b->e, 400, "The sheet id must be non-negative: %d", *id);
    if (grid_by_id(b->tx->st, *id))
        return s_fail(b->e, 400, "Sheet with id %d already exists", *id);
    return true;
}

bool batch_add_sheet(struct batch *b, const cJSON *args)
{
    const cJSON *p = tj_get(args, "properties");
    const cJSON *g = tj_get(p, "gridProperties");
    const char *type = tj_str(p, "sheetType");
    int rows = (int)tj_int(g, "rowCount", 1000);
    int cols = (int)tj_int(g, "columnCount", 26);
    int id;
    if (type && strcmp(type, "GRID") != 0)
        return s_fail(b->e, 400, "Adding a sheet of type %s is not supported.", type);
    if (!new_id(b, p, "sheetId", &id))
        return false;
    char *made = tj_get(p, "title") ? NULL : free_title(b->tx->st, "Sheet");
    const char *title = made ? made : tj_str(p, "title");
    bool ok = check_title(b, NULL, title);
    if (ok && (rows < 1 || cols < 1))
        ok = s_fail(b->e, 400, "A sheet must have at least one row and one column.");
    if (ok && s_check_size(b->tx->st, NULL, rows, cols, b->e)) {
        struct g_sheet *sh =
            grid_add_sheet(b->tx->st, id, title, rows, cols, (int)tj_int(p, "index", -1));
        sh->frozen_rows = (int)tj_int(g, "frozenRowCount", 0);
        sh->frozen_cols = (int)tj_int(g, "frozenColumnCount", 0);
        sh->no_gridlines = tj_bool(g, "hideGridlines", false);
        sh->hidden = tj_bool(p, "hidden", false);
        set_color(sh, p, &mask_all);
        tx_note(b->tx, "addSheet", batch_note(sh));
        reply_sheet(b, sh);
    } else {
        ok = false;
    }
    free(made);
    return ok;
}

/* Metadata of the sheet, its rows and its columns goes too. */
static void drop_meta(struct g_state *st, int sheet)
{
    int kept = 0;
    for (int i = 0; i < st->n_meta; i++) {
        struct g_meta *m = &st->meta[i];
        if (m->at != G_AT_BOOK && m->sheet == sheet) {
            free(m->key);
            free(m->value);
            continue;
        }
        st->meta[kept++] = *m;
    }
    st->n_meta = kept;
}

bool s_delete_sheet(struct tx *tx, struct g_sheet *sh, struct s_err *e)
{
    if (tx->st->n_sheet == 1)
        return s_fail(e, 400, "You can't remove all the sheets in a document.");
    struct a1_box all = {0, 0, -1, -1};
    if (!tx_check_protected(tx, sh, &all, e))
        return false;
    tx_note(tx, "deleteSheet", batch_note(sh));
    drop_meta(tx->st, sh->id);
    grid_remove_sheet(tx->st, grid_index(tx->st, sh));
    return true;
}

bool batch_delete_sheet(struct batch *b, const cJSON *args)
{
    struct g_sheet *sh = batch_sheet(b, args, "sheetId");
    return sh && s_delete_sheet(b->tx, sh, b->e);
}

bool batch_duplicate_sheet(struct batch *b, const cJSON *args)
{
    struct g_sheet *from = batch_sheet(b, args, "sourceSheetId");
    int id;
    if (!from || !new_id(b, args, "newSheetId", &id))
        return false;
    char *made = NULL;
    const char *title = tj_str(args, "newSheetName");
    if (!title) {
        made = tw_fmt("Copy of %s", from->title);
        for (int i = 2; grid_by_title(b->tx->st, made); i++) {
            free(made);
            made = tw_fmt("Copy of %s %d", from->title, i);
        }
        title = made;
    }
    bool ok =
        check_title(b, NULL, title) && s_check_size(b->tx->st, NULL, from->rows, from->cols, b->e);
    if (ok) {
        int index = (int)tj_int(args, "insertSheetIndex", 0);
        struct g_sheet *sh = grid_copy_sheet(b->tx->st, from, id, title, index);
        tx_note(b->tx, "duplicateSheet", batch_note(sh));
        reply_sheet(b, sh);
    }
    free(made);
    return ok;
}
