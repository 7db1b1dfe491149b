/* Writes: a copy of the state that takes the place of the old one, or nothing. See sheets.h. */
#include "sheets.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LOG_CELLS_MAX 20000 /* of one write; the rest is counted */

struct tx tx_begin(struct sheets *s, struct book *b, const char *email)
{
    return (struct tx){
        .s = s, .book = b, .email = email, .st = grid_copy(b->now), .log = cJSON_CreateArray()};
}

static void tx_end(struct tx *tx)
{
    cJSON_Delete(tx->log);
    *tx = (struct tx){0};
}

void tx_abort(struct tx *tx)
{
    grid_free(tx->st);
    tx_end(tx);
}

void tx_commit(struct tx *tx, const struct twin_req *req, const char *what)
{
    cJSON *detail = cJSON_CreateObject();
    cJSON_AddStringToObject(detail, "spreadsheet", tx->book->id);
    if (tx->email)
        cJSON_AddStringToObject(detail, "by", tx->email);
    cJSON_AddItemToObject(detail, "changes", tx->log);
    tx->log = NULL;
    if (tx->left_out)
        tj_add_int(detail, "more", tx->left_out);
    twin_log_write(tx->s->t, req, tx->email ? "sheets" : "person", what, detail);
    book_commit(tx->s, tx->book, tx->st, tx->n_log > 0);
    tx_end(tx);
}

static bool log_room(struct tx *tx)
{
    if (tx->n_log++ < LOG_CELLS_MAX)
        return true;
    tx->left_out++;
    return false;
}

void tx_note(struct tx *tx, const char *op, cJSON *detail)
{
    if (!log_room(tx)) {
        cJSON_Delete(detail);
        return;
    }
    cJSON_AddStringToObject(detail, "op", op);
    cJSON_AddItemToArray(tx->log, detail);
}

cJSON *s_cell_json(const struct g_cell *cell)
{
    if (!cell || cell->kind == G_EMPTY)
        return cJSON_CreateNull();
    if (cell->kind == G_NUMBER)
        return twin_json_number(cell->num);
    if (cell->kind == G_BOOL)
        return cJSON_CreateBool(cell->b);
    if (cell->kind == G_TEXT)
        return cJSON_CreateString(cell->text);
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "f", cell->text);
    return o;
}

char *s_cell_name(const struct g_sheet *sh, int r, int c)
{
    struct a1_box box = {r, c, r + 1, c + 1};
    return a1_text(sh->title, &box);
}

void tx_set(struct tx *tx, struct g_sheet *sh, int r, int c, enum g_kind kind, double num,
            const char *text)
{
    if (log_room(tx)) {
        cJSON *o = cJSON_CreateObject();
        char *name = s_cell_name(sh, r, c);
        cJSON_AddStringToObject(o, "cell", name);
        free(name);
        cJSON_AddItemToObject(o, "old", s_cell_json(grid_cell(sh, r, c)));
        grid_set(sh, r, c, kind, num, text);
        cJSON_AddItemToObject(o, "new", s_cell_json(grid_cell(sh, r, c)));
        cJSON_AddItemToArray(tx->log, o);
    } else {
        grid_set(sh, r, c, kind, num, text);
    }
}

/* ---- what a write may not do ---- */

static bool may_edit(const struct tx *tx, const cJSON *protection)
{
    const char *creator = tj_str(protection, "creator");
    const char *role = book_role(tx->book, tx->email);
    if (tj_bool(protection, "warningOnly", false) || (role && strcmp(role, "owner") == 0) ||
        (creator && strcasecmp(creator, tx->email) == 0))
        return true;
    const cJSON *users = tj_get(tj_get(protection, "editors"), "users");
    for (const cJSON *u = users ? users->child : NULL; u; u = u->next)
        if (cJSON_IsString(u) && strcasecmp(u->valuestring, tx->email) == 0)
            return true;
    return false;
}

static struct a1_box json_box(const cJSON *range)
{
    return (struct a1_box){
        (int)tj_int(range, "startRowIndex", 0), (int)tj_int(range, "startColumnIndex", 0),
        (int)tj_int(range, "endRowIndex", -1), (int)tj_int(range, "endColumnIndex", -1)};
}

static bool inside(const struct a1_box *in, const struct a1_box *out)
{
    return in->r0 >= out->r0 && in->c0 >= out->c0 &&
           (out->r1 < 0 || (in->r1 >= 0 && in->r1 <= out->r1)) &&
           (out->c1 < 0 || (in->c1 >= 0 && in->c1 <= out->c1));
}

static bool left_open(const cJSON *protection, const struct a1_box *box)
{
    const cJSON *list = tj_get(protection, "unprotectedRanges");
    for (const cJSON *u = list ? list->child : NULL; u; u = u->next) {
        struct a1_box hole = json_box(u);
        if (inside(box, &hole))
            return true;
    }
    return false;
}

bool tx_check_protected(struct tx *tx, const struct g_sheet *sh, const struct a1_box *box,
                        struct s_err *e)
{
    const cJSON *list = tx->email ? tj_get(sh->parts, "protectedRanges") : NULL;
    for (const cJSON *p = list ? list->child : NULL; p; p = p->next) {
        struct a1_box held = json_box(tj_get(p, "range"));
        if (a1_intersects(&held, box) && !may_edit(tx, p) && !left_open(p, box))
            return s_fail(e, 400,
                          "You are trying to edit a protected cell or object. Please contact the "
                          "spreadsheet owner to remove protection if you need to edit.");
    }
    return true;
}

bool s_check_length(const char *text, struct s_err *e)
{
    size_t n = 0;
    for (const char *p = text; *p; p++)
        n += ((unsigned char)*p & 0xC0) != 0x80;
    if (n <= GRID_TEXT_MAX)
        return true;
    return s_fail(e, 400,
                  "Your input contains more than the maximum of %d characters in a single cell.",
                  GRID_TEXT_MAX);
}

bool s_check_size(const struct g_state *st, const struct g_sheet *sh, int64_t rows, int64_t cols,
                  struct s_err *e)
{
    if (cols > A1_COLUMNS_MAX)
        return s_fail(e, 400,
                      "This action would increase the number of columns in the sheet above the "
                      "limit of %d columns.",
                      A1_COLUMNS_MAX);
    int64_t others = grid_cells(st) - (sh ? (int64_t)sh->rows * sh->cols : 0);
    bool grows = !sh || rows * cols > (int64_t)sh->rows * sh->cols;
    if (grows && (rows > GRID_CELLS_MAX || others + rows * cols > GRID_CELLS_MAX))
        return s_fail(e, 400,
                      "This action would increase the number of cells in the workbook above the "
                      "limit of %d cells.",
                      GRID_CELLS_MAX);
    return true;
}
