/* batchUpdate: sortRange, findReplace, copyPaste, cutPaste. See batch.h. */
#include "batch.h"

#include "sheets_format.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- sortRange ---- */

struct sort_row {
    int index; /* within the range */
    struct g_value *key;
    const struct sort_by *by;
    size_t n;
};

/* Numbers come before texts, texts before booleans, errors after; empty cells are always last. */
static int rank(const struct g_value *v)
{
    static const int ranks[] = {
        [G_EMPTY] = 9, [G_NUMBER] = 0, [G_TEXT] = 1, [G_BOOL] = 2, [G_ERROR] = 3};
    return ranks[v->kind];
}

static int compare_values(const struct g_value *a, const struct g_value *b)
{
    if (rank(a) != rank(b))
        return rank(a) - rank(b);
    if (a->kind == G_TEXT)
        return strcasecmp(a->text, b->text);
    if (a->kind == G_BOOL)
        return (int)a->b - (int)b->b;
    if (a->kind == G_NUMBER)
        return a->num < b->num ? -1 : a->num > b->num;
    return 0;
}

static int compare_rows(const void *left, const void *right)
{
    const struct sort_row *a = left;
    const struct sort_row *b = right;
    for (size_t i = 0; i < a->n; i++) {
        const struct g_value *x = &a->key[i];
        const struct g_value *y = &b->key[i];
        int d = compare_values(x, y);
        bool blank = x->kind == G_EMPTY || y->kind == G_EMPTY;
        if (d)
            return a->by[i].descending && !blank ? -d : d;
    }
    return a->index - b->index;
}

void s_sort(struct tx *tx, struct g_sheet *sh, struct a1_box box, const struct sort_by *by,
            size_t n_by)
{
    struct calc c = calc_begin(tx->st, twin_now_ms(tx->s->t));
    size_t n = (size_t)(box.r1 - box.r0);
    struct sort_row *rows = tw_alloc((n + 1) * sizeof *rows);
    struct g_value *keys = tw_alloc((n * n_by + 1) * sizeof *keys);
    for (size_t i = 0; i < n; i++) {
        rows[i] = (struct sort_row){(int)i, keys + i * n_by, by, n_by};
        for (size_t k = 0; k < n_by; k++) {
            struct g_value v = calc_cell(&c, sh, box.r0 + (int)i, by[k].column);
            rows[i].key[k] = grid_value_copy(&v);
        }
    }
    qsort(rows, n, sizeof *rows, compare_rows);
    int *order = tw_alloc((n + 1) * sizeof *order);
    for (size_t i = 0; i < n; i++)
        order[i] = rows[i].index;
    grid_reorder(tx->st, sh, box, order);
    for (size_t i = 0; i < n * n_by; i++)
        grid_value_free(&keys[i]);
    free(order);
    free(keys);
    free(rows);
}

/* A merge that lies over the edge of the range forbids sorting. */
static bool merges_allow(struct batch *b, const struct s_range *r)
{
    const cJSON *merges = tj_get(r->sheet->parts, "merges");
    for (const cJSON *m = merges ? merges->child : NULL; m; m = m->next) {
        struct a1_box box = {
            (int)tj_int(m, "startRowIndex", 0), (int)tj_int(m, "startColumnIndex", 0),
            (int)tj_int(m, "endRowIndex", -1), (int)tj_int(m, "endColumnIndex", -1)};
        if (a1_intersects(&box, &r->box) && box.r1 - box.r0 > 1)
            return s_fail(b->e, 400,
                          "You can't sort a range with merged cells. Unmerge them and try again.");
    }
    return true;
}

bool batch_sort(struct batch *b, const cJSON *args)
{
    struct s_range r;
    const cJSON *specs = tj_get(args, "sortSpecs");
    size_t n = (size_t)cJSON_GetArraySize(specs);
    if (!batch_range(b, args, "range", &r) || !merges_allow(b, &r) ||
        !tx_check_protected(b->tx, r.sheet, &r.box, b->e))
        return false;
    if (!n)
        return s_fail(b->e, 400, "At least one sort spec must be specified.");
    struct sort_by *by = tw_alloc(n * sizeof *by);
    size_t i = 0;
    bool ok = true;
    for (const cJSON *s = specs->child; s && ok; s = s->next, i++) {
        const char *order = tj_str(s, "sortOrder");
        by[i].column = (int)tj_int(s, "dimensionIndex", 0);
        by[i].descending = order && strcmp(order, "DESCENDING") == 0;
        if (by[i].column < r.box.c0 || by[i].column >= r.box.c1)
            ok = s_fail(b->e, 400, "sortSpecs[%zu].dimensionIndex[%d] is not in the range.", i,
                        by[i].column);
    }
    if (ok) {
        cJSON *note = batch_note(r.sheet);
        char *where = a1_text(NULL, &r.box);
        cJSON_AddStringToObject(note, "range", where);
        free(where);
        tx_note(b->tx, "sortRange", note);
        s_sort(b->tx, r.sheet, r.box, by, n);
    }
    free(by);
    return ok;
}

/* ---- findReplace ---- */

struct replace {
    const char *find;
    const char *with;
    bool match_case;
    bool whole;
    bool formulas;
    int64_t cells;
    int64_t occurrences;
};

static char *replaced(const char *text, struct replace *x)
{
    size_t len = strlen(x->find);
    struct tbuf b = {0};
    int n = 0;
    if (x->whole) {
        bool same = x->match_case ? strcmp(text, x->find) == 0 : strcasecmp(text, x->find) == 0;
        x->occurrences += same;
        return same ? tw_dup(x->with) : NULL;
    }
    while (*text) {
        bool hit =
            x->match_case ? strncmp(text, x->find, len) == 0 : strncasecmp(text, x->find, len) == 0;
        if (hit)
            tb_str(&b, x->with);
        else
            tb_chr(&b, *text);
        text += hit ? len : 1;
        n += hit;
    }
    x->occurrences += n;
    if (n)
        return tb_take(&b);
    tb_free(&b);
    return NULL;
}

static void replace_in(struct batch *b, struct g_sheet *sh, const struct a1_box *box,
                       struct replace *x)
{
    for (int r = box->r0; r < box->r1 && r < sh->n_row; r++) {
        for (int c = box->c0; c < box->c1 && grid_cell(sh, r, c); c++) {
            const struct g_cell *cell = grid_cell(sh, r, c);
            if (cell->kind != G_TEXT && !(cell->kind == G_FORMULA && x->formulas))
                continue;
            char *text = replaced(cell->text, x);
            if (!text)
                continue;
            x->cells++;
            tx_set(b->tx, sh, r, c, *text ? (enum g_kind)cell->kind : G_EMPTY, 0, text);
            free(text);
        }
    }
}

bool batch_find_replace(struct batch *b, const cJSON *args)
{
    struct replace x = {.find = tj_str(args, "find"),
                        .with = tj_str(args, "replacement"),
                        .match_case = tj_bool(args, "matchCase", false),
                        .whole = tj_bool(args, "matchEntireCell", false),
                        .formulas = tj_bool(args, "includeFormulas", false)};
    struct s_range r;
    if (!x.find || !*x.find)
        return s_fail(b->e, 400, "find must not be empty.");
    if (tj_bool(args, "searchByRegex", false))
        return s_fail(b->e, 400, "This operation is not supported.");
    x.with = x.with ? x.with : "";
    if (tj_get(args, "range")) {
        if (!batch_range(b, args, "range", &r))
            return false;
        replace_in(b, r.sheet, &r.box, &x);
    } else {
        bool all = tj_bool(args, "allSheets", false);
        struct g_sheet *only = all ? NULL : batch_sheet(b, args, "sheetId");
        if (!all && !only)
            return false;
        for (int i = 0; i < b->tx->st->n_sheet; i++) {
            struct g_sheet *sh = b->tx->st->sheet[i];
            struct a1_box box = {0, 0, sh->rows, sh->cols};
            if (all || sh == only)
                replace_in(b, sh, &box, &x);
        }
    }
    b->reply = cJSON_CreateObject();
    if (x.cells)
        tj_add_int(b->reply, "valuesChanged", x.cells);
    if (x.occurrences)
        tj_add_int(b->reply, "occurrencesChanged", x.occurrences);
    return true;
}

/* ---- copyPaste, cutPaste ---- */

struct block {
    struct g_cell *cell;
    int rows;
    int cols;
};

static struct block take_block(const struct g_sheet *sh, const struct a1_box *box)
{
    struct block k = {NULL, box->r1 - box->r0, box->c1 - box->c0};
    k.cell = tw_alloc((size_t)k.rows * (size_t)k.cols * sizeof *k.cell);
    for (int r = 0; r < k.rows; r++)
        for (int c = 0; c < k.cols; c++)
            if (grid_cell(sh, box->r0 + r, box->c0 + c))
                grid_cell_copy(&k.cell[r * k.cols + c], grid_cell(sh, box->r0 + r, box->c0 + c));
    return k;
}

static void free_block(struct block *k)
{
    for (int i = 0; i < k->rows * k->cols; i++)
        grid_cell_clear(&k->cell[i]);
    free(k->cell);
}

static const char *const pastes[] = {"PASTE_NORMAL", "PASTE_VALUES", "PASTE_FORMAT",
                                     "PASTE_FORMULA"};

/* One cell as another; by: how far its formula moves, NULL for a cut one. */
static void paste(struct tx *tx, struct g_sheet *sh, int r, int c, const struct g_cell *from,
                  const char *type, const int *by)
{
    bool values = strcmp(type, "PASTE_FORMAT") != 0;
    bool rest = strcmp(type, "PASTE_NORMAL") == 0 || !values;
    char *f = from->kind == G_FORMULA && by ? grid_copy_formula(from->text, by[0], by[1]) : NULL;
    if (values)
        tx_set(tx, sh, r, c, (enum g_kind)from->kind, from->kind == G_BOOL ? from->b : from->num,
               f ? f : from->text);
    free(f);
    if (!rest)
        return;
    struct g_cell copy = {0};
    grid_cell_copy(&copy, from);
    struct g_cell *to = grid_own_cell(sh, r, c);
    copy.kind = to->kind;
    copy.num = to->num;
    copy.b = to->b;
    tw_set(&copy.text, to->text);
    grid_cell_move(to, &copy);
    grid_cell_clear(&copy);
}

static bool paste_type(struct batch *b, const cJSON *args, const char **type)
{
    const char *name = tj_str(args, "pasteType");
    const char *orientation = tj_str(args, "pasteOrientation");
    *type = name ? name : "PASTE_NORMAL";
    if (orientation && strcmp(orientation, "TRANSPOSE") == 0)
        return s_fail(b->e, 400, "This operation is not supported.");
    for (size_t i = 0; i < sizeof pastes / sizeof *pastes; i++)
        if (strcmp(pastes[i], *type) == 0)
            return true;
    return s_fail(b->e, 400, "This operation is not supported.");
}

static void note_paste(struct batch *b, const char *op, const struct s_range *from,
                       const struct s_range *to)
{
    cJSON *note = cJSON_CreateObject();
    char *a = a1_text(from->sheet->title, &from->box);
    char *z = a1_text(to->sheet->title, &to->box);
    cJSON_AddStringToObject(note, "from", a);
    cJSON_AddStringToObject(note, "to", z);
    free(a);
    free(z);
    tx_note(b->tx, op, note);
}

bool batch_copy_paste(struct batch *b, const cJSON *args)
{
    struct s_range from;
    struct s_range to;
    const char *type;
    if (!batch_range(b, args, "source", &from) || !batch_range(b, args, "destination", &to) ||
        !paste_type(b, args, &type))
        return false;
    struct block k = take_block(from.sheet, &from.box);
    /* A destination larger than the source is filled with whole copies, a smaller one exceeded. */
    int rows = to.box.r1 - to.box.r0;
    int cols = to.box.c1 - to.box.c0;
    rows = rows % k.rows ? k.rows : rows;
    cols = cols % k.cols ? k.cols : cols;
    to.box.r1 = to.box.r0 + rows;
    to.box.c1 = to.box.c0 + cols;
    bool ok = to.box.r1 <= to.sheet->rows && to.box.c1 <= to.sheet->cols
                  ? tx_check_protected(b->tx, to.sheet, &to.box, b->e)
                  : s_fail_limits(to.sheet, &to.box, b->e);
    note_paste(b, "copyPaste", &from, &to);
    for (int r = 0; ok && r < rows; r++) {
        for (int c = 0; c < cols; c++) {
            int by[2] = {to.box.r0 + r - from.box.r0 - r % k.rows,
                         to.box.c0 + c - from.box.c0 - c % k.cols};
            paste(b->tx, to.sheet, to.box.r0 + r, to.box.c0 + c,
                  &k.cell[(r % k.rows) * k.cols + c % k.cols], type, by);
        }
    }
    free_block(&k);
    return ok;
}

bool batch_cut_paste(struct batch *b, const cJSON *args)
{
    struct s_range from;
    struct s_range to = {0};
    const char *type;
    const cJSON *at = tj_get(args, "destination");
    if (!batch_range(b, args, "source", &from) || !paste_type(b, args, &type))
        return false;
    to.sheet = batch_sheet(b, at, "sheetId");
    if (!to.sheet)
        return false;
    to.box.r0 = (int)tj_int(at, "rowIndex", 0);
    to.box.c0 = (int)tj_int(at, "columnIndex", 0);
    to.box.r1 = to.box.r0 + from.box.r1 - from.box.r0;
    to.box.c1 = to.box.c0 + from.box.c1 - from.box.c0;
    if (to.box.r1 > to.sheet->rows || to.box.c1 > to.sheet->cols)
        return s_fail_limits(to.sheet, &to.box, b->e);
    if (!tx_check_protected(b->tx, from.sheet, &from.box, b->e) ||
        !tx_check_protected(b->tx, to.sheet, &to.box, b->e))
        return false;
    struct block k = take_block(from.sheet, &from.box);
    struct g_cell nothing = {0};
    note_paste(b, "cutPaste", &from, &to);
    for (int i = 0; i < k.rows * k.cols; i++)
        paste(b->tx, from.sheet, from.box.r0 + i / k.cols, from.box.c0 + i % k.cols, &nothing, type,
              NULL);
    for (int i = 0; i < k.rows * k.cols; i++)
        paste(b->tx, to.sheet, to.box.r0 + i / k.cols, to.box.c0 + i % k.cols, &k.cell[i], type,
              NULL);
    free_block(&k);
    return true;
}
