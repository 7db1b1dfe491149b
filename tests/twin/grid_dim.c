/* Rows and columns come, go and move; formulas, ranges and metadata follow. See grid.h. */
#include "grid.h"

#include <stdlib.h>
#include <string.h>

/* ---- what follows ---- */

/* Shifts a GridRange of the API; false when nothing of it is left. */
static bool shift_range(cJSON *range, const struct g_shift *s)
{
    if (tj_int(range, "sheetId", 0) != s->sheet->id)
        return true;
    const char *from_key = s->dim == G_ROWS ? "startRowIndex" : "startColumnIndex";
    const char *to_key = s->dim == G_ROWS ? "endRowIndex" : "endColumnIndex";
    cJSON *from_item = tj_get(range, from_key);
    cJSON *to_item = tj_get(range, to_key);
    if (!to_item)
        return true;
    int from = from_item ? from_item->valueint : 0;
    int to = to_item->valueint;
    if (!grid_shift_span(s, &from, &to))
        return false;
    if (from_item)
        cJSON_SetNumberValue(from_item, from);
    cJSON_SetNumberValue(to_item, to);
    return true;
}

static void shift_list(cJSON *list, const char *key, const struct g_shift *s)
{
    int n = cJSON_GetArraySize(list);
    for (int i = n - 1; i >= 0; i--) {
        cJSON *item = cJSON_GetArrayItem(list, i);
        cJSON *range = key ? tj_get(item, key) : item;
        if (range && !shift_range(range, s))
            cJSON_DeleteItemFromArray(list, i);
    }
}

static void shift_parts(struct g_state *st, const struct g_shift *s)
{
    static const struct {
        const char *name;
        const char *key;
    } lists[] = {{"merges", NULL}, {"protectedRanges", "range"}, {"bandedRanges", "range"}};
    for (int i = 0; i < st->n_sheet; i++) {
        struct g_sheet *sh = st->sheet[i];
        for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
            shift_list(tj_get(sh->parts, lists[k].name), lists[k].key, s);
        cJSON *rules = tj_get(sh->parts, "conditionalFormats");
        for (cJSON *f = rules ? rules->child : NULL; f; f = f->next)
            shift_list(tj_get(f, "ranges"), NULL, s);
        cJSON *filter = tj_get(sh->parts, "basicFilter");
        if (filter && tj_get(filter, "range") && !shift_range(tj_get(filter, "range"), s))
            cJSON_DeleteItemFromObject(sh->parts, "basicFilter");
    }
    shift_list(st->named, "range", s);
}

/* An entry goes with its row or column, without a word. */
static void shift_meta(struct g_state *st, const struct g_shift *s)
{
    int kept = 0;
    for (int i = 0; i < st->n_meta; i++) {
        struct g_meta *m = &st->meta[i];
        bool here = m->sheet == s->sheet->id && ((m->at == G_AT_ROW && s->dim == G_ROWS) ||
                                                 (m->at == G_AT_COLUMN && s->dim == G_COLS));
        if (here)
            m->index = grid_shift_index(s, m->index);
        if (here && m->index < 0) {
            free(m->key);
            free(m->value);
            continue;
        }
        st->meta[kept++] = *m;
    }
    st->n_meta = kept;
}

static void shift_formulas(struct g_state *st, const struct g_shift *s)
{
    for (int i = 0; i < st->n_sheet; i++) {
        struct g_sheet *sh = st->sheet[i];
        for (int r = 0; r < sh->n_row; r++) {
            if (!sh->row[r] || !sh->row[r]->formulas)
                continue;
            for (int c = 0; c < sh->row[r]->n; c++) {
                const struct g_cell *cell = &sh->row[r]->c[c];
                char *f =
                    cell->kind == G_FORMULA ? grid_shift_formula(st, cell->text, sh, s) : NULL;
                if (f)
                    grid_set(sh, r, c, G_FORMULA, 0, f);
                free(f);
            }
        }
    }
}

static void follow(struct g_state *st, const struct g_shift *s)
{
    shift_formulas(st, s);
    shift_parts(st, s);
    shift_meta(st, s);
}

/* ---- rows ---- */

static void insert_rows(struct g_sheet *sh, int at, int n)
{
    if (at >= sh->n_row)
        return;
    grid_own_row(sh, sh->n_row + n - 1);
    /* The row just made was only to have the room. */
    free(sh->row[sh->n_row - 1]);
    memmove(sh->row + at + n, sh->row + at, (size_t)(sh->n_row - n - at) * sizeof(struct g_row *));
    for (int r = at; r < at + n; r++)
        sh->row[r] = NULL;
}

static void drop_rows(struct g_sheet *sh, int at, int n)
{
    if (at >= sh->n_row)
        return;
    int m = at + n > sh->n_row ? sh->n_row - at : n;
    /* The rows pass to a sheet of their own, which is thrown away. */
    struct g_state *waste = grid_new("", NULL, NULL);
    struct g_sheet *bin = grid_add_sheet(waste, 0, "", m, 1, 0);
    bin->row = tw_alloc((size_t)m * sizeof(struct g_row *));
    memcpy(bin->row, sh->row + at, (size_t)m * sizeof(struct g_row *));
    bin->n_row = bin->cap_row = m;
    grid_free(waste);
    memmove(sh->row + at, sh->row + at + m, (size_t)(sh->n_row - at - m) * sizeof(struct g_row *));
    sh->n_row -= m;
}

static void move_rows(struct g_sheet *sh, int at, int n, int to)
{
    int last = at + n > to ? at + n : to;
    if (last > sh->n_row) {
        int had = sh->n_row;
        grid_own_row(sh, last - 1);
        if (last - 1 >= had) {
            free(sh->row[last - 1]);
            sh->row[last - 1] = NULL;
        }
    }
    struct g_row **taken = tw_alloc((size_t)n * sizeof(struct g_row *));
    memcpy(taken, sh->row + at, (size_t)n * sizeof(struct g_row *));
    if (to > at) {
        memmove(sh->row + at, sh->row + at + n, (size_t)(to - at - n) * sizeof(struct g_row *));
        memcpy(sh->row + to - n, taken, (size_t)n * sizeof(struct g_row *));
    } else {
        memmove(sh->row + to + n, sh->row + to, (size_t)(at - to) * sizeof(struct g_row *));
        memcpy(sh->row + to, taken, (size_t)n * sizeof(struct g_row *));
    }
    free(taken);
}

/* ---- columns ---- */

static void insert_cols(struct g_sheet *sh, int at, int n)
{
    for (int r = 0; r < sh->n_row; r++) {
        if (!sh->row[r] || sh->row[r]->n <= at)
            continue;
        int had = sh->row[r]->n;
        grid_own_cell(sh, r, had + n - 1);
        struct g_cell *c = sh->row[r]->c;
        memmove(c + at + n, c + at, (size_t)(had - at) * sizeof *c);
        memset(c + at, 0, (size_t)n * sizeof *c);
    }
    if (!sh->col)
        return;
    sh->col = tw_realloc(sh->col, (size_t)(sh->cols + n) * sizeof *sh->col);
    memmove(sh->col + at + n, sh->col + at, (size_t)(sh->cols - at) * sizeof *sh->col);
    memset(sh->col + at, 0, (size_t)n * sizeof *sh->col);
}

static void drop_cols(struct g_sheet *sh, int at, int n)
{
    for (int r = 0; r < sh->n_row; r++) {
        if (!sh->row[r] || sh->row[r]->n <= at)
            continue;
        struct g_row *row = grid_own_row(sh, r);
        int m = at + n > row->n ? row->n - at : n;
        for (int c = at; c < at + m; c++)
            grid_cell_clear(&row->c[c]);
        memmove(row->c + at, row->c + at + m, (size_t)(row->n - at - m) * sizeof *row->c);
        row->n -= m;
    }
    if (sh->col)
        memmove(sh->col + at, sh->col + at + n, (size_t)(sh->cols - at - n) * sizeof *sh->col);
}

static void move_bytes(void *base, size_t size, int at, int n, int to)
{
    char *b = base;
    char *taken = tw_alloc((size_t)n * size);
    memcpy(taken, b + (size_t)at * size, (size_t)n * size);
    if (to > at) {
        memmove(b + (size_t)at * size, b + (size_t)(at + n) * size, (size_t)(to - at - n) * size);
        memcpy(b + (size_t)(to - n) * size, taken, (size_t)n * size);
    } else {
        memmove(b + (size_t)(to + n) * size, b + (size_t)to * size, (size_t)(at - to) * size);
        memcpy(b + (size_t)to * size, taken, (size_t)n * size);
    }
    free(taken);
}

static void move_cols(struct g_sheet *sh, int at, int n, int to)
{
    int last = at + n > to ? at + n : to;
    int first = at < to ? at : to;
    for (int r = 0; r < sh->n_row; r++) {
        if (!sh->row[r] || sh->row[r]->n <= first)
            continue;
        grid_own_cell(sh, r, sh->row[r]->n < last ? last - 1 : 0);
        move_bytes(sh->row[r]->c, sizeof *sh->row[r]->c, at, n, to);
    }
    if (sh->col)
        move_bytes(sh->col, sizeof *sh->col, at, n, to);
}

/* ---- the operations ---- */

/* New rows and columns look like their neighbour: formats and rules, not values. */
static void inherit_cell(struct g_sheet *sh, int r, int c, const struct g_cell *from)
{
    if (!from || (!from->format && !(from->extra && (from->extra->format || from->extra->rule))))
        return;
    struct g_cell *cell = grid_own_cell(sh, r, c);
    cell->format = from->format;
    if (!from->extra)
        return;
    if (from->extra->format)
        grid_extra(cell)->format = grid_json_ref(from->extra->format);
    if (from->extra->rule)
        grid_extra(cell)->rule = grid_json_ref(from->extra->rule);
}

static void inherit_rows(struct g_sheet *sh, int at, int n, int like)
{
    const struct g_row *model = grid_row(sh, like);
    int width = model ? model->n : 0;
    for (int r = at; r < at + n; r++)
        for (int c = 0; c < width; c++)
            inherit_cell(sh, r, c, grid_cell(sh, like, c));
}

static void inherit_cols(struct g_sheet *sh, int at, int n, int like)
{
    for (int r = 0; r < sh->n_row; r++) {
        struct g_cell model = {0};
        if (grid_cell(sh, r, like))
            grid_cell_copy(&model, grid_cell(sh, r, like));
        for (int c = at; c < at + n; c++)
            inherit_cell(sh, r, c, &model);
        grid_cell_clear(&model);
    }
}

void grid_insert(struct g_state *st, struct g_sheet *sh, enum g_dim dim, int at, int n, int inherit)
{
    struct g_shift s = {.sheet = sh, .dim = dim, .op = SHIFT_INSERT, .at = at, .n = n};
    follow(st, &s);
    if (dim == G_ROWS) {
        insert_rows(sh, at, n);
        sh->rows += n;
        if (inherit >= 0)
            inherit_rows(sh, at, n, inherit >= at ? inherit + n : inherit);
    } else {
        insert_cols(sh, at, n);
        sh->cols += n;
        if (inherit >= 0)
            inherit_cols(sh, at, n, inherit >= at ? inherit + n : inherit);
    }
}

void grid_delete(struct g_state *st, struct g_sheet *sh, enum g_dim dim, int at, int n)
{
    struct g_shift s = {.sheet = sh, .dim = dim, .op = SHIFT_DELETE, .at = at, .n = n};
    follow(st, &s);
    int *frozen = dim == G_ROWS ? &sh->frozen_rows : &sh->frozen_cols;
    if (at < *frozen)
        *frozen -= at + n > *frozen ? *frozen - at : n;
    if (dim == G_ROWS) {
        drop_rows(sh, at, n);
        sh->rows -= n;
    } else {
        drop_cols(sh, at, n);
        sh->cols -= n;
    }
}

void grid_move(struct g_state *st, struct g_sheet *sh, enum g_dim dim, int at, int n, int to)
{
    if (to >= at && to <= at + n)
        return;
    struct g_shift s = {.sheet = sh, .dim = dim, .op = SHIFT_MOVE, .at = at, .n = n, .to = to};
    follow(st, &s);
    if (dim == G_ROWS)
        move_rows(sh, at, n, to);
    else
        move_cols(sh, at, n, to);
}

/* Row metadata moves along when whole rows change places. */
static void reorder_meta(struct g_state *st, const struct g_sheet *sh, const struct a1_box *box,
                         const int *order)
{
    int n = box->r1 - box->r0;
    int *goes = tw_alloc((size_t)n * sizeof *goes);
    for (int i = 0; i < n; i++)
        goes[order[i]] = i;
    for (int i = 0; i < st->n_meta; i++) {
        struct g_meta *m = &st->meta[i];
        if (m->at == G_AT_ROW && m->sheet == sh->id && m->index >= box->r0 && m->index < box->r1)
            m->index = box->r0 + goes[m->index - box->r0];
    }
    free(goes);
}

void grid_reorder(struct g_state *st, struct g_sheet *sh, struct a1_box box, const int *order)
{
    int n = box.r1 - box.r0;
    int width = box.c1 - box.c0;
    struct g_cell *old = tw_alloc((size_t)n * (size_t)width * sizeof *old);
    for (int i = 0; i < n; i++) {
        const struct g_row *row = grid_row(sh, box.r0 + i);
        int m = row ? (row->n < box.c1 ? row->n : box.c1) : 0;
        if (m <= box.c0)
            continue;
        struct g_row *own = grid_own_row(sh, box.r0 + i);
        for (int c = box.c0; c < m; c++)
            grid_cell_move(&old[(size_t)i * (size_t)width + (size_t)(c - box.c0)], &own->c[c]);
    }
    for (int i = 0; i < n; i++) {
        for (int c = 0; c < width; c++) {
            struct g_cell *from = &old[(size_t)order[i] * (size_t)width + (size_t)c];
            if (grid_cell_blank(from) && !from->extra)
                continue;
            struct g_cell *to = grid_own_cell(sh, box.r0 + i, box.c0 + c);
            grid_cell_move(to, from);
            if (to->kind != G_FORMULA)
                continue;
            char *f = grid_copy_formula(to->text, i - order[i], 0);
            grid_set(sh, box.r0 + i, box.c0 + c, G_FORMULA, 0, f);
            free(f);
        }
    }
    free(old);
    if (box.c0 == 0 && box.c1 == sh->cols)
        reorder_meta(st, sh, &box, order);
}
