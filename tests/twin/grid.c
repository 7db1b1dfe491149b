/* Spreadsheets as data: states, sheets, shared rows, cells. See grid.h. */
#include "grid.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct g_error_name grid_error_names[G_N_ERR] = {
    [G_ERR_ERROR] = {"ERROR", "#ERROR!"},
    [G_ERR_NULL] = {"NULL_VALUE", "#NULL!"},
    [G_ERR_DIV0] = {"DIVIDE_BY_ZERO", "#DIV/0!"},
    [G_ERR_VALUE] = {"VALUE", "#VALUE!"},
    [G_ERR_REF] = {"REF", "#REF!"},
    [G_ERR_NAME] = {"NAME", "#NAME?"},
    [G_ERR_NUM] = {"NUM", "#NUM!"},
    [G_ERR_NA] = {"N_A", "#N/A"},
};

/* ---- small parts ---- */

struct g_json *grid_json(cJSON *v)
{
    struct g_json *j = tw_alloc(sizeof *j);
    j->refs = 1;
    j->v = v;
    return j;
}

struct g_json *grid_json_ref(struct g_json *j)
{
    if (j)
        j->refs++;
    return j;
}

void grid_json_drop(struct g_json *j)
{
    if (!j || --j->refs)
        return;
    cJSON_Delete(j->v);
    free(j);
}

void grid_value_free(struct g_value *v)
{
    free(v->text);
    *v = (struct g_value){0};
}

struct g_value grid_value_copy(const struct g_value *v)
{
    struct g_value copy = *v;
    copy.text = tw_dup(v->text);
    return copy;
}

/* ---- number formats ---- */

static struct g_format *formats;
static size_t n_formats;

unsigned short grid_format_id(const char *type, const char *pattern)
{
    for (size_t i = 0; i < n_formats; i++) {
        const struct g_format *f = &formats[i];
        if (strcmp(f->type, type) != 0 || !f->pattern != !pattern)
            continue;
        if (!pattern || strcmp(f->pattern, pattern) == 0)
            return (unsigned short)(i + 1);
    }
    if (n_formats == 65534)
        abort();
    formats = tw_realloc(formats, (n_formats + 1) * sizeof *formats);
    formats[n_formats++] = (struct g_format){tw_dup(type), tw_dup(pattern)};
    return (unsigned short)n_formats;
}

const struct g_format *grid_format(unsigned short id)
{
    return id ? &formats[id - 1] : NULL;
}

/* ---- cells ---- */

static void extra_free(struct g_extra *x)
{
    if (!x)
        return;
    free(x->note);
    grid_json_drop(x->rule);
    grid_json_drop(x->format);
    grid_value_free(&x->cached);
    free(x);
}

void grid_cell_clear(struct g_cell *cell)
{
    free(cell->text);
    extra_free(cell->extra);
    *cell = (struct g_cell){0};
}

struct g_extra *grid_extra(struct g_cell *cell)
{
    if (!cell->extra)
        cell->extra = tw_alloc(sizeof *cell->extra);
    return cell->extra;
}

void grid_cell_copy(struct g_cell *to, const struct g_cell *from)
{
    grid_cell_clear(to);
    *to = *from;
    to->text = tw_dup(from->text);
    to->extra = NULL;
    const struct g_extra *x = from->extra;
    if (!x || (!x->note && !x->rule && !x->format))
        return;
    struct g_extra *copy = grid_extra(to);
    copy->note = tw_dup(x->note);
    copy->rule = grid_json_ref(x->rule);
    copy->format = grid_json_ref(x->format);
}

void grid_cell_move(struct g_cell *to, struct g_cell *from)
{
    struct g_cell t = *to;
    *to = *from;
    *from = t;
}

bool grid_cell_blank(const struct g_cell *cell)
{
    const struct g_extra *x = cell->extra;
    return cell->kind == G_EMPTY && !cell->format && (!x || (!x->note && !x->rule && !x->format));
}

/* ---- rows ---- */

static void row_drop(struct g_row *row)
{
    if (!row || --row->refs)
        return;
    for (int i = 0; i < row->n; i++)
        grid_cell_clear(&row->c[i]);
    free(row->c);
    free(row);
}

static struct g_row *row_copy(const struct g_row *from)
{
    struct g_row *row = tw_alloc(sizeof *row);
    *row = *from;
    row->refs = 1;
    row->cap = from->n;
    row->c = tw_alloc((size_t)from->n * sizeof *row->c);
    for (int i = 0; i < from->n; i++)
        grid_cell_copy(&row->c[i], &from->c[i]);
    return row;
}

const struct g_row *grid_row(const struct g_sheet *sh, int r)
{
    return r >= 0 && r < sh->n_row ? sh->row[r] : NULL;
}

const struct g_cell *grid_cell(const struct g_sheet *sh, int r, int c)
{
    const struct g_row *row = grid_row(sh, r);
    return row && c >= 0 && c < row->n ? &row->c[c] : NULL;
}

struct g_row *grid_own_row(struct g_sheet *sh, int r)
{
    if (r >= sh->cap_row) {
        int cap = sh->cap_row ? sh->cap_row : 64;
        while (cap <= r)
            cap *= 2;
        sh->row = tw_realloc(sh->row, (size_t)cap * sizeof(struct g_row *));
        sh->cap_row = cap;
    }
    while (sh->n_row <= r)
        sh->row[sh->n_row++] = NULL;
    struct g_row *row = sh->row[r];
    if (!row) {
        row = tw_alloc(sizeof *row);
        row->refs = 1;
    } else if (row->refs > 1) {
        row->refs--;
        row = row_copy(row);
    }
    return sh->row[r] = row;
}

struct g_cell *grid_own_cell(struct g_sheet *sh, int r, int c)
{
    struct g_row *row = grid_own_row(sh, r);
    if (c >= row->cap) {
        int cap = row->cap * 2 > c ? row->cap * 2 : c + 1;
        row->c = tw_realloc(row->c, (size_t)cap * sizeof *row->c);
        row->cap = cap;
    }
    if (c >= row->n) {
        memset(row->c + row->n, 0, (size_t)(c + 1 - row->n) * sizeof *row->c);
        row->n = c + 1;
    }
    return &row->c[c];
}

void grid_set(struct g_sheet *sh, int r, int c, enum g_kind kind, double num, const char *text)
{
    const struct g_cell *old = grid_cell(sh, r, c);
    if (kind == G_EMPTY && (!old || old->kind == G_EMPTY))
        return;
    struct g_cell *cell = grid_own_cell(sh, r, c);
    char *copy = kind == G_TEXT || kind == G_FORMULA ? tw_dup(text) : NULL;
    free(cell->text);
    cell->text = copy;
    cell->kind = (unsigned char)kind;
    cell->num = kind == G_NUMBER ? num : 0;
    cell->b = kind == G_BOOL && num != 0;
    if (cell->extra)
        cell->extra->stamp = 0;
    if (kind == G_FORMULA)
        sh->row[r]->formulas = true;
}

int grid_last_row(const struct g_sheet *sh, bool all)
{
    for (int r = sh->n_row - 1; r >= 0; r--) {
        const struct g_row *row = sh->row[r];
        for (int c = 0; row && c < row->n; c++)
            if (all ? !grid_cell_blank(&row->c[c]) : row->c[c].kind != G_EMPTY)
                return r + 1;
    }
    return 0;
}

/* ---- sheets ---- */

static void sheet_free(struct g_sheet *sh)
{
    for (int r = 0; r < sh->n_row; r++)
        row_drop(sh->row[r]);
    free(sh->row);
    free(sh->col);
    free(sh->title);
    cJSON_Delete(sh->tab_color);
    cJSON_Delete(sh->parts);
    free(sh);
}

static struct g_sheet *sheet_copy(const struct g_sheet *from)
{
    struct g_sheet *sh = tw_alloc(sizeof *sh);
    *sh = *from;
    sh->title = tw_dup(from->title);
    sh->tab_color = cJSON_Duplicate(from->tab_color, true);
    sh->parts = cJSON_Duplicate(from->parts, true);
    sh->cap_row = from->n_row;
    sh->row = tw_alloc((size_t)from->n_row * sizeof(struct g_row *));
    for (int r = 0; r < from->n_row; r++) {
        sh->row[r] = from->row[r];
        if (sh->row[r])
            sh->row[r]->refs++;
    }
    if (from->col) {
        sh->col = tw_alloc((size_t)from->cols * sizeof *sh->col);
        memcpy(sh->col, from->col, (size_t)from->cols * sizeof *sh->col);
    }
    return sh;
}

static void put_sheet(struct g_state *st, struct g_sheet *sh, int index)
{
    int at = index < 0 || index > st->n_sheet ? st->n_sheet : index;
    st->sheet = tw_realloc(st->sheet, (size_t)(st->n_sheet + 1) * sizeof(struct g_sheet *));
    memmove(st->sheet + at + 1, st->sheet + at,
            (size_t)(st->n_sheet - at) * sizeof(struct g_sheet *));
    st->sheet[at] = sh;
    st->n_sheet++;
}

struct g_sheet *grid_add_sheet(struct g_state *st, int id, const char *title, int rows, int cols,
                               int index)
{
    struct g_sheet *sh = tw_alloc(sizeof *sh);
    sh->id = id;
    sh->title = tw_dup(title);
    sh->rows = rows;
    sh->cols = cols;
    sh->parts = cJSON_CreateObject();
    put_sheet(st, sh, index);
    return sh;
}

struct g_sheet *grid_copy_sheet(struct g_state *st, const struct g_sheet *from, int id,
                                const char *title, int index)
{
    struct g_sheet *sh = sheet_copy(from);
    sh->id = id;
    tw_set(&sh->title, title);
    put_sheet(st, sh, index);
    return sh;
}

void grid_remove_sheet(struct g_state *st, int i)
{
    sheet_free(st->sheet[i]);
    st->n_sheet--;
    memmove(st->sheet + i, st->sheet + i + 1, (size_t)(st->n_sheet - i) * sizeof(struct g_sheet *));
}

void grid_move_sheet(struct g_state *st, int from, int to)
{
    struct g_sheet *sh = st->sheet[from];
    int step = from < to ? 1 : -1;
    for (int i = from; i != to; i += step)
        st->sheet[i] = st->sheet[i + step];
    st->sheet[to] = sh;
}

struct g_sheet *grid_by_id(const struct g_state *st, int id)
{
    for (int i = 0; i < st->n_sheet; i++)
        if (st->sheet[i]->id == id)
            return st->sheet[i];
    return NULL;
}

struct g_sheet *grid_by_title(const struct g_state *st, const char *title)
{
    for (int i = 0; i < st->n_sheet; i++)
        if (strcasecmp(st->sheet[i]->title, title) == 0)
            return st->sheet[i];
    return NULL;
}

int grid_index(const struct g_state *st, const struct g_sheet *sh)
{
    for (int i = 0; i < st->n_sheet; i++)
        if (st->sheet[i] == sh)
            return i;
    return -1;
}

int64_t grid_cells(const struct g_state *st)
{
    int64_t n = 0;
    for (int i = 0; i < st->n_sheet; i++)
        n += (int64_t)st->sheet[i]->rows * st->sheet[i]->cols;
    return n;
}

void grid_resize(struct g_state *st, struct g_sheet *sh, int rows, int cols)
{
    if (rows < sh->rows)
        grid_delete(st, sh, G_ROWS, rows, sh->rows - rows);
    if (cols < sh->cols)
        grid_delete(st, sh, G_COLS, cols, sh->cols - cols);
    if (sh->col && cols > sh->cols) {
        sh->col = tw_realloc(sh->col, (size_t)cols * sizeof *sh->col);
        memset(sh->col + sh->cols, 0, (size_t)(cols - sh->cols) * sizeof *sh->col);
    }
    sh->rows = rows;
    sh->cols = cols;
}

struct a1_box grid_clamp(const struct g_sheet *sh, struct a1_box box)
{
    if (box.r1 < 0 || box.r1 > sh->rows)
        box.r1 = sh->rows;
    if (box.c1 < 0 || box.c1 > sh->cols)
        box.c1 = sh->cols;
    return box;
}

cJSON *grid_part(struct g_sheet *sh, const char *name)
{
    cJSON *a = tj_get(sh->parts, name);
    return a ? a : cJSON_AddArrayToObject(sh->parts, name);
}

/* ---- states ---- */

struct g_state *grid_new(const char *title, const char *locale, const char *zone)
{
    struct g_state *st = tw_alloc(sizeof *st);
    st->title = tw_dup(title);
    st->locale = tw_dup(locale ? locale : "en_US");
    st->zone = tw_dup(zone ? zone : "Etc/GMT");
    st->recalc = tw_dup("ON_CHANGE");
    st->named = cJSON_CreateArray();
    return st;
}

struct g_state *grid_copy(const struct g_state *from)
{
    struct g_state *st = tw_alloc(sizeof *st);
    *st = *from;
    st->title = tw_dup(from->title);
    st->locale = tw_dup(from->locale);
    st->zone = tw_dup(from->zone);
    st->recalc = tw_dup(from->recalc);
    st->named = cJSON_Duplicate(from->named, true);
    st->sheet = tw_alloc((size_t)from->n_sheet * sizeof(struct g_sheet *));
    for (int i = 0; i < from->n_sheet; i++)
        st->sheet[i] = sheet_copy(from->sheet[i]);
    st->meta = tw_alloc((size_t)from->n_meta * sizeof *st->meta);
    for (int i = 0; i < from->n_meta; i++) {
        st->meta[i] = from->meta[i];
        st->meta[i].key = tw_dup(from->meta[i].key);
        st->meta[i].value = tw_dup(from->meta[i].value);
    }
    return st;
}

void grid_free(struct g_state *st)
{
    if (!st)
        return;
    for (int i = 0; i < st->n_sheet; i++)
        sheet_free(st->sheet[i]);
    for (int i = 0; i < st->n_meta; i++) {
        free(st->meta[i].key);
        free(st->meta[i].value);
    }
    free(st->sheet);
    free(st->meta);
    free(st->title);
    free(st->locale);
    free(st->zone);
    free(st->recalc);
    cJSON_Delete(st->named);
    free(st);
}
