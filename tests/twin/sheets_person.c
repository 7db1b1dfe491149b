/* People at the screen: one edit at a time. The edits are listed in README.md. */
#include "sheets_person.h"

#include "batch.h"
#include "sheets_format.h"

#include <stdlib.h>
#include <string.h>

/* ---- what an edit names ---- */

char *person_cell(const struct person *p, const char *key, int *r, int *c)
{
    struct a1_box box;
    const char *text = tj_str(p->edit, key);
    if (!text || !a1_read_box(text, &box) || box.r1 != box.r0 + 1 || box.c1 != box.c0 + 1)
        return tw_fmt("%s: a cell such as B2 is needed", key);
    if (box.r0 >= p->sh->rows || box.c0 >= p->sh->cols)
        return tw_fmt("%s: %s lies outside the sheet", key, text);
    *r = box.r0;
    *c = box.c0;
    return NULL;
}

/* "range", or the whole sheet; "header" leaves the first row out. */
char *person_area(const struct person *p, struct a1_box *box)
{
    const char *text = tj_str(p->edit, "range");
    *box = (struct a1_box){tj_bool(p->edit, "header", false), 0, -1, -1};
    if (text && !a1_read_box(text, box))
        return tw_fmt("range: not understood: %s", text);
    *box = grid_clamp(p->sh, *box);
    if (box->r0 >= box->r1 || box->c0 >= box->c1)
        return tw_dup("range: nothing of it lies in the sheet");
    return NULL;
}

/* A row by its number, from 1. */
char *person_row(const struct person *p, const char *key, int max, int *row)
{
    int n = (int)tj_int(p->edit, key, 0);
    if (n < 1 || n > max)
        return tw_fmt("%s: a row from 1 to %d is needed", key, max);
    *row = n - 1;
    return NULL;
}

/* A column by its letters, its number from 1, or the text in the first row. */
char *person_column(const struct person *p, const char *key, int max, int *col)
{
    const cJSON *v = tj_get(p->edit, key);
    *col = -1;
    if (cJSON_IsNumber(v))
        *col = v->valueint - 1;
    for (int c = 0; cJSON_IsString(v) && *col < 0 && c < p->sh->cols; c++) {
        const struct g_cell *cell = grid_cell(p->sh, 0, c);
        if (cell && cell->kind == G_TEXT && strcmp(cell->text, v->valuestring) == 0)
            *col = c;
    }
    if (cJSON_IsString(v) && *col < 0) {
        size_t n = a1_read_column(v->valuestring, col);
        if (!n || v->valuestring[n])
            *col = -1;
    }
    if (*col < 0 || *col >= max)
        return tw_fmt("%s: no such column", key);
    return NULL;
}

void person_note(struct person *p, const char *op)
{
    cJSON *detail = batch_note(p->sh);
    cJSON_AddItemToObject(detail, "edit", cJSON_Duplicate(p->edit, true));
    tx_note(p->tx, op, detail);
}

/* ---- sheets and the spreadsheet ---- */

static char *op_rename_tab(struct person *p)
{
    const char *name = tj_str(p->edit, "name");
    if (!name || !*name || (grid_by_title(p->st, name) && grid_by_title(p->st, name) != p->sh))
        return tw_dup("name: empty or taken");
    s_rename_sheet(p->tx, p->sh, name);
    return NULL;
}

static char *op_add_tab(struct person *p)
{
    const char *name = tj_str(p->edit, "name");
    if (!name || !*name || grid_by_title(p->st, name))
        return tw_dup("name: empty or taken");
    grid_add_sheet(p->st, sheet_new_id(p->tx->s, p->st), name,
                   (int)tj_int(p->edit, "rowCount", 1000), (int)tj_int(p->edit, "columnCount", 26),
                   (int)tj_int(p->edit, "index", -1));
    person_note(p, "add_tab");
    return NULL;
}

static char *op_delete_tab(struct person *p)
{
    if (s_delete_sheet(p->tx, p->sh, &p->err))
        return NULL;
    return tw_dup(p->err.text);
}

static char *op_set_zone(struct person *p)
{
    const char *zone = tj_str(p->edit, "timeZone");
    if (!zone || !zone_known(zone))
        return tw_dup("timeZone: not known");
    person_note(p, "set_zone");
    tw_set(&p->st->zone, zone);
    return NULL;
}

static char *op_set_locale(struct person *p)
{
    const char *locale = tj_str(p->edit, "locale");
    if (!locale || !fmt_locale_known(locale))
        return tw_dup("locale: not known");
    person_note(p, "set_locale");
    tw_set(&p->st->locale, locale);
    return NULL;
}

static char *op_rename(struct person *p)
{
    if (!tj_str(p->edit, "name"))
        return tw_dup("name: needed");
    person_note(p, "rename");
    tw_set(&p->st->title, tj_str(p->edit, "name"));
    return NULL;
}

static char *op_protect(struct person *p)
{
    struct a1_box box;
    char *wrong = person_area(p, &box);
    if (wrong)
        return wrong;
    cJSON *v = cJSON_CreateObject();
    cJSON_AddNumberToObject(v, "protectedRangeId",
                            (double)(twin_random(p->tx->s->t) % 2000000000U + 1));
    cJSON *range = cJSON_AddObjectToObject(v, "range");
    if (p->sh->id)
        cJSON_AddNumberToObject(range, "sheetId", p->sh->id);
    cJSON_AddNumberToObject(range, "startRowIndex", box.r0);
    cJSON_AddNumberToObject(range, "endRowIndex", box.r1);
    cJSON_AddNumberToObject(range, "startColumnIndex", box.c0);
    cJSON_AddNumberToObject(range, "endColumnIndex", box.c1);
    if (tj_bool(p->edit, "warningOnly", false))
        cJSON_AddTrueToObject(v, "warningOnly");
    cJSON *users = cJSON_AddArrayToObject(cJSON_AddObjectToObject(v, "editors"), "users");
    const cJSON *named = tj_get(p->edit, "editors");
    for (const cJSON *u = named ? named->child : NULL; u; u = u->next)
        cJSON_AddItemToArray(users, cJSON_Duplicate(u, true));
    cJSON_AddItemToArray(grid_part(p->sh, "protectedRanges"), v);
    person_note(p, "protect");
    return NULL;
}

static char *op_unprotect(struct person *p)
{
    cJSON_DeleteItemFromObject(p->sh->parts, "protectedRanges");
    person_note(p, "unprotect");
    return NULL;
}

static const struct {
    const char *name;
    person_fn *fn;
} ops[] = {
    {"set", person_op_set},
    {"clear", person_op_clear},
    {"set_format", person_op_set_format},
    {"rename_header", person_op_rename_header},
    {"rename_column", person_op_rename_header},
    {"insert_rows", person_op_insert_rows},
    {"delete_rows", person_op_delete_rows},
    {"append_row", person_op_append_row},
    {"set_row", person_op_set_row},
    {"copy_row", person_op_copy_row},
    {"move_row", person_op_move_row},
    {"cut_paste", person_op_cut_paste},
    {"sort", person_op_sort},
    {"hide_rows", person_op_hide_rows},
    {"add_column", person_op_add_column},
    {"delete_column", person_op_delete_column},
    {"move_column", person_op_move_column},
    {"rename_tab", op_rename_tab},
    {"add_tab", op_add_tab},
    {"delete_tab", op_delete_tab},
    {"set_zone", op_set_zone},
    {"set_locale", op_set_locale},
    {"rename", op_rename},
    {"protect", op_protect},
    {"unprotect", op_unprotect},
};

/* ---- one edit ---- */

static char *find_book(struct sheets *s, const cJSON *edit, struct book **b)
{
    const char *id = tj_str(edit, "spreadsheet");
    *b = id ? book_by_id(s, id) : s->n_book ? s->book[0] : NULL;
    return *b ? NULL : tw_fmt("no spreadsheet %s", id ? id : "at all");
}

static char *find_sheet(const struct g_state *st, const cJSON *edit, struct g_sheet **sh)
{
    const cJSON *v = tj_get(edit, "sheet");
    *sh = cJSON_IsNumber(v)   ? grid_by_id(st, v->valueint)
          : cJSON_IsString(v) ? grid_by_title(st, v->valuestring)
                              : st->sheet[0];
    return *sh ? NULL : tw_dup("sheet: no such sheet");
}

/* Sharing changes no cell: it is no write. */
static char *share(struct book *b, const cJSON *edit, bool on)
{
    const char *email = tj_str(edit, "email");
    const char *role = tj_str(edit, "role");
    if (!email)
        return tw_dup("email: needed");
    book_set_share(b, email, on ? role ? role : "writer" : NULL);
    return NULL;
}

char *sheets_person(struct sheets *s, const cJSON *edit)
{
    const char *op = tj_str(edit, "op");
    struct book *b;
    char *wrong = find_book(s, edit, &b);
    person_fn *fn = NULL;
    if (wrong)
        return wrong;
    if (op && (strcmp(op, "share") == 0 || strcmp(op, "unshare") == 0))
        return share(b, edit, strcmp(op, "share") == 0);
    if (op && strcmp(op, "trash") == 0) {
        book_remove(s, b);
        return NULL;
    }
    for (size_t i = 0; op && i < sizeof ops / sizeof *ops; i++)
        if (strcmp(ops[i].name, op) == 0)
            fn = ops[i].fn;
    if (!fn)
        return tw_fmt("no such edit: %s", op ? op : "(none)");
    struct tx tx = tx_begin(s, b, NULL);
    struct person p = {.tx = &tx, .st = tx.st, .edit = edit};
    wrong = find_sheet(tx.st, edit, &p.sh);
    if (!wrong)
        wrong = fn(&p);
    if (wrong) {
        char *text = tw_fmt("%s: %s", op, wrong);
        free(wrong);
        wrong = text;
        tx_abort(&tx);
    } else {
        tx_commit(&tx, NULL, op);
    }
    s_err_free(&p.err);
    return wrong;
}
