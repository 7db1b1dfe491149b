/* batchUpdate: rows and columns, and blocks of cells that shift. See batch.h. */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

struct span {
    struct g_sheet *sheet;
    enum g_dim dim;
    int from;
    int to;
    int size; /* of the grid in that dimension */
};

static bool read_dim(struct batch *b, const cJSON *holder, enum g_dim *dim)
{
    const char *name = tj_str(holder, "dimension");
    if (!name || strcmp(name, "DIMENSION_UNSPECIFIED") == 0)
        return s_fail(b->e, 400, "No dimension specified.");
    *dim = strcmp(name, "ROWS") == 0 ? G_ROWS : G_COLS;
    return true;
}

static const char *word(enum g_dim dim)
{
    return dim == G_ROWS ? "row" : "column";
}

/* A DimensionRange; open ends reach to the grid's edge. */
static bool read_span(struct batch *b, const cJSON *range, struct span *s)
{
    if (!range)
        return s_fail(b->e, 400, "range is required");
    s->sheet = batch_sheet(b, range, "sheetId");
    if (!s->sheet || !read_dim(b, range, &s->dim))
        return false;
    s->size = s->dim == G_ROWS ? s->sheet->rows : s->sheet->cols;
    s->from = (int)tj_int(range, "startIndex", 0);
    s->to = (int)tj_int(range, "endIndex", s->size);
    if (s->from < 0)
        return s_fail(b->e, 400, "startIndex cannot be negative.");
    if (s->to <= s->from)
        return s_fail(b->e, 400, "endIndex[%d] must be greater than startIndex[%d].", s->to,
                      s->from);
    return true;
}

static bool check_span(struct batch *b, const struct span *s)
{
    struct a1_box box = {0, 0, -1, -1};
    if (s->dim == G_ROWS) {
        box.r0 = s->from;
        box.r1 = s->to;
    } else {
        box.c0 = s->from;
        box.c1 = s->to;
    }
    return tx_check_protected(b->tx, s->sheet, &box, b->e);
}

static void note_span(struct batch *b, const char *op, const struct span *s, int to)
{
    cJSON *o = batch_note(s->sheet);
    cJSON_AddStringToObject(o, "dimension", s->dim == G_ROWS ? "ROWS" : "COLUMNS");
    tj_add_int(o, "start", s->from);
    tj_add_int(o, "end", s->to);
    if (to >= 0)
        tj_add_int(o, "to", to);
    tx_note(b->tx, op, o);
}

/* Checks that so many more rows or columns fit. */
static bool check_growth(struct batch *b, const struct g_sheet *sh, enum g_dim dim, int64_t n)
{
    return s_check_size(b->tx->st, sh, sh->rows + (dim == G_ROWS ? n : 0),
                        sh->cols + (dim == G_COLS ? n : 0), b->e);
}

bool batch_append_dimension(struct batch *b, const cJSON *args)
{
    struct g_sheet *sh = batch_sheet(b, args, "sheetId");
    enum g_dim dim;
    int n = (int)tj_int(args, "length", 0);
    if (!sh || !read_dim(b, args, &dim))
        return false;
    if (n <= 0)
        return s_fail(b->e, 400, "length must be greater than 0.");
    if (!check_growth(b, sh, dim, n))
        return false;
    int size = dim == G_ROWS ? sh->rows : sh->cols;
    struct span s = {sh, dim, size, size + n, size};
    note_span(b, "appendDimension", &s, -1);
    grid_resize(b->tx->st, sh, sh->rows + (dim == G_ROWS ? n : 0),
                sh->cols + (dim == G_COLS ? n : 0));
    return true;
}

bool batch_insert_dimension(struct batch *b, const cJSON *args)
{
    const cJSON *range = tj_get(args, "range");
    bool before = tj_bool(args, "inheritFromBefore", false);
    struct span s;
    if (!read_span(b, range, &s))
        return false;
    if (!tj_get(range, "endIndex"))
        return s_fail(b->e, 400, "range must have both a startIndex and an endIndex.");
    if (s.from > s.size)
        return s_fail(b->e, 400, "range.startIndex[%d] is after last %s in sheet[%d]", s.from,
                      word(s.dim), s.size);
    if (before && s.from == 0)
        return s_fail(b->e, 400,
                      "inheritFromBefore cannot be true if the insertion is at index 0.");
    if (!check_growth(b, s.sheet, s.dim, s.to - s.from))
        return false;
    struct span at = s;
    at.to = at.from + 1;
    if (!check_span(b, &at))
        return false;
    note_span(b, "insertDimension", &s, -1);
    int like = before ? s.from - 1 : s.from < s.size ? s.from : -1;
    grid_insert(b->tx->st, s.sheet, s.dim, s.from, s.to - s.from, like);
    return true;
}

bool batch_delete_dimension(struct batch *b, const cJSON *args)
{
    struct span s;
    if (!read_span(b, tj_get(args, "range"), &s) || !check_span(b, &s))
        return false;
    if (s.from >= s.size || s.to > s.size)
        return s_fail(
            b->e, 400,
            "Cannot delete a %s that doesn't exist. Tried to delete %s index %d but there "
            "are only %d %ss.",
            word(s.dim), word(s.dim), s.from >= s.size ? s.from : s.to - 1, s.size, word(s.dim));
    int frozen = s.dim == G_ROWS ? s.sheet->frozen_rows : s.sheet->frozen_cols;
    if (s.to - s.from == s.size)
        return s_fail(b->e, 400, "You can't delete all the %ss on the sheet.", word(s.dim));
    if (frozen && s.from <= frozen && s.to == s.size)
        return s_fail(b->e, 400, "Sorry, it is not possible to delete all non-frozen %ss.",
                      word(s.dim));
    note_span(b, "deleteDimension", &s, -1);
    grid_delete(b->tx->st, s.sheet, s.dim, s.from, s.to - s.from);
    return true;
}

bool batch_move_dimension(struct batch *b, const cJSON *args)
{
    struct span s;
    int to = (int)tj_int(args, "destinationIndex", 0);
    if (!read_span(b, tj_get(args, "source"), &s) || !check_span(b, &s))
        return false;
    if (s.to > s.size)
        return s_fail(b->e, 400, "source.endIndex[%d] is after last %s in sheet[%d]", s.to,
                      word(s.dim), s.size);
    if (to < 0 || to > s.size)
        return s_fail(b->e, 400, "destinationIndex[%d] is after last %s in sheet[%d]", to,
                      word(s.dim), s.size);
    note_span(b, "moveDimension", &s, to);
    grid_move(b->tx->st, s.sheet, s.dim, s.from, s.to - s.from, to);
    return true;
}

static void set_column(struct g_sheet *sh, int c, const cJSON *p, const struct mask *m)
{
    if (!sh->col)
        sh->col = tw_alloc((size_t)sh->cols * sizeof *sh->col);
    if (mask_get(m, "hiddenByUser"))
        sh->col[c].hidden = tj_bool(p, "hiddenByUser", false);
    if (mask_get(m, "pixelSize"))
        sh->col[c].px = (int)tj_int(p, "pixelSize", 0);
}

static void set_row(struct g_sheet *sh, int r, const cJSON *p, const struct mask *m)
{
    struct g_row *row = grid_own_row(sh, r);
    if (mask_get(m, "hiddenByUser"))
        row->hidden = tj_bool(p, "hiddenByUser", false);
    if (mask_get(m, "pixelSize"))
        row->px = (int)tj_int(p, "pixelSize", 0);
}

bool batch_update_dimension(struct batch *b, const cJSON *args)
{
    struct span s;
    const cJSON *p = tj_get(args, "properties");
    if (!read_span(b, tj_get(args, "range"), &s))
        return false;
    struct mask *m = batch_mask(b, args, "DimensionProperties");
    if (!m)
        return false;
    bool ok = true;
    if (s.to > s.size)
        ok = s_fail(b->e, 400, "range.endIndex[%d] is after last %s in sheet[%d]", s.to,
                    word(s.dim), s.size);
    else if (!m->all && mask_get(m, "hiddenByFilter"))
        ok = s_fail(b->e, 400, "hiddenByFilter is read-only.");
    for (int i = s.from; ok && i < s.to; i++)
        (s.dim == G_ROWS ? set_row : set_column)(s.sheet, i, p, m);
    if (ok)
        note_span(b, "updateDimensionProperties", &s, -1);
    mask_free(m);
    return ok;
}

/* The twin has no fonts: sizes stay what they are. */
bool batch_auto_resize(struct batch *b, const cJSON *args)
{
    struct span s;
    return read_span(b, tj_get(args, "dimensions"), &s);
}

/* ---- blocks of cells ---- */

/* Cells behind the block move by its size, along rows or columns; formulas elsewhere stay. */
static void shift_block(struct g_sheet *sh, const struct a1_box *box, enum g_dim dim, bool insert)
{
    int n = dim == G_ROWS ? box->r1 - box->r0 : box->c1 - box->c0;
    int lines = dim == G_ROWS ? box->c1 - box->c0 : box->r1 - box->r0;
    int end = dim == G_ROWS ? sh->rows : sh->cols;
    int start = dim == G_ROWS ? box->r0 : box->c0;
    for (int line = 0; line < lines; line++) {
        for (int k = 0; k < end - start - n; k++) {
            int to = insert ? end - 1 - k : start + k;
            int from = insert ? to - n : to + n;
            int l = (dim == G_ROWS ? box->c0 : box->r0) + line;
            int r[2] = {dim == G_ROWS ? to : l, dim == G_ROWS ? from : l};
            int c[2] = {dim == G_ROWS ? l : to, dim == G_ROWS ? l : from};
            const struct g_cell *src = grid_cell(sh, r[1], c[1]);
            const struct g_cell *dst = grid_cell(sh, r[0], c[0]);
            if ((!src || grid_cell_blank(src)) && (!dst || grid_cell_blank(dst)))
                continue;
            struct g_cell copy = {0};
            if (src)
                grid_cell_copy(&copy, src);
            grid_cell_move(grid_own_cell(sh, r[0], c[0]), &copy);
            grid_cell_clear(&copy);
            sh->row[r[0]]->formulas = true;
        }
        for (int k = 0; k < n; k++) {
            int at = insert ? start + k : end - n + k;
            int l = (dim == G_ROWS ? box->c0 : box->r0) + line;
            int r = dim == G_ROWS ? at : l;
            int c = dim == G_ROWS ? l : at;
            if (grid_cell(sh, r, c))
                grid_cell_clear(grid_own_cell(sh, r, c));
        }
    }
}

static bool shift_range(struct batch *b, const cJSON *args, bool insert)
{
    struct s_range r;
    const char *name = tj_str(args, "shiftDimension");
    if (!batch_range(b, args, "range", &r) || !tx_check_protected(b->tx, r.sheet, &r.box, b->e))
        return false;
    if (!name || strcmp(name, "DIMENSION_UNSPECIFIED") == 0)
        return s_fail(b->e, 400, "No shiftDimension specified.");
    enum g_dim dim = strcmp(name, "ROWS") == 0 ? G_ROWS : G_COLS;
    struct a1_box box = r.box;
    int n = dim == G_ROWS ? box.r1 - box.r0 : box.c1 - box.c0;
    if (insert && !check_growth(b, r.sheet, dim, n))
        return false;
    if (insert)
        grid_resize(b->tx->st, r.sheet, r.sheet->rows + (dim == G_ROWS ? n : 0),
                    r.sheet->cols + (dim == G_COLS ? n : 0));
    cJSON *note = batch_note(r.sheet);
    char *where = a1_text(NULL, &box);
    cJSON_AddStringToObject(note, "range", where);
    free(where);
    tx_note(b->tx, insert ? "insertRange" : "deleteRange", note);
    shift_block(r.sheet, &box, dim, insert);
    return true;
}

bool batch_insert_range(struct batch *b, const cJSON *args)
{
    return shift_range(b, args, true);
}

bool batch_delete_range(struct batch *b, const cJSON *args)
{
    return shift_range(b, args, false);
}
