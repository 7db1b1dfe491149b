/*
 * sheets_grid.c: spreadsheets.get with a mask: typed cells. Only this read tells a date from a
 * number and a formula from its result.
 */
#include "base/str.h"
#include "remote/sheets_p.h"

#include <stdlib.h>
#include <string.h>

#define GRID_CELLS_PER_CALL 40000
#define GRID_URL_MAX 1800 /* an importer that reached 20,000 characters of ranges had to split */

/* Depths below the object that holds "sheets" (root): sheets[] {} data[] {} rowData[] {} values[]
 * {} */
enum { D_BLOCK = 4, D_ROW = 6, D_CELL = 8, D_PART = 9, D_INNER = 10 };

void grid_init(struct grid_parser *p, int root)
{
    p->root = root;
    p->arena = NULL;
}

void grid_release(struct grid_parser *p)
{
    free(p->rows);
    arena_free(p->arena);
}

static void start_block(struct grid_parser *p)
{
    p->start_row = p->start_column = -1;
    p->n_rows = 0;
    arena_reset(p->arena);
}

void grid_reset(void *ctx)
{
    struct grid_parser *p = ctx;

    if (p->arena == NULL) {
        p->arena = arena_new();
    } else {
        (void)p->each(p->each_ctx, SHEETS_RESTART, 0, 0, NULL, 0, &p->err);
    }
    p->block = 0;
    p->in_cell = false;
    p->book = (struct sheet_meta){0};
    p->tab = p->seen = (struct sheet_tab){0};
    memset(p->key, 0, sizeof p->key);
    start_block(p);
}

static bool key_is(const struct grid_parser *p, int below, const char *name)
{
    return str_eq(p->key[p->root + below], name);
}

/* The path from the root down to a row: sheets / data / rowData. */
static bool in_rows(const struct grid_parser *p)
{
    return key_is(p, 0, "sheets") && key_is(p, 2, "data") && key_is(p, D_BLOCK, "rowData");
}

/* ---- one cell ---- */

static void set_text(struct cell *c, enum cell_kind kind, const char *text)
{
    c->kind = kind;
    c->text = text;
}

/* A member of userEnteredValue or effectiveValue. */
static void take_value(struct grid_parser *p, struct cell *c, const struct jstream_token *t)
{
    const char *name = p->key[p->root + D_PART];

    if (t->event == JS_NUMBER && str_eq(name, "numberValue")) {
        c->kind = CELL_NUMBER;
        c->number = t->number;
    } else if (t->event == JS_STRING && str_eq(name, "stringValue")) {
        if (t->len > 0) {
            set_text(c, CELL_TEXT, arena_strndup(p->arena, t->text, t->len));
        }
    } else if ((t->event == JS_TRUE || t->event == JS_FALSE) && str_eq(name, "boolValue")) {
        c->kind = CELL_BOOL;
        c->boolean = t->event == JS_TRUE;
    } else if (t->event == JS_STRING && str_eq(name, "formulaValue")) {
        c->formula = true;
        c->entered_formula = arena_strndup(p->arena, t->text, t->len);
    }
}

/* ErrorType of the API to the code that a cell shows. */
static const char *error_code(const char *type)
{
    static const struct {
        const char *type, *code;
    } codes[] = {
        {"NULL_VALUE", "#NULL!"}, {"DIVIDE_BY_ZERO", "#DIV/0!"},
        {"VALUE", "#VALUE!"},     {"REF", "#REF!"},
        {"NAME", "#NAME?"},       {"NUM", "#NUM!"},
        {"N_A", "#N/A"},          {"LOADING", "Loading..."},
    };

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (str_eq(codes[i].type, type)) {
            return codes[i].code;
        }
    }
    return "#ERROR!";
}

static void take_scalar(struct grid_parser *p, const struct jstream_token *t)
{
    int below = t->depth - p->root;
    const char *part = p->key[p->root + D_CELL];
    const char *inner = p->key[p->root + D_PART];
    const char *leaf = p->key[p->root + D_INNER];

    if (below == D_CELL && str_eq(part, "formattedValue") && t->event == JS_STRING) {
        p->cell.shown = arena_strndup(p->arena, t->text, t->len);
    } else if (below == D_PART && str_eq(part, "userEnteredValue")) {
        take_value(p, &p->entered, t);
    } else if (below == D_PART && str_eq(part, "effectiveValue")) {
        take_value(p, &p->cell, t);
    } else if (below == D_INNER && str_eq(part, "effectiveValue") && str_eq(inner, "errorValue") &&
               str_eq(leaf, "type") && t->event == JS_STRING) {
        set_text(&p->cell, CELL_ERROR, error_code(t->text));
    } else if (below == D_INNER && str_eq(part, "effectiveFormat") &&
               str_eq(inner, "numberFormat") && t->event == JS_STRING) {
        if (str_eq(leaf, "type")) {
            p->cell.format = cell_format_from_name(t->text);
        } else if (str_eq(leaf, "pattern")) {
            p->cell.pattern = arena_strndup(p->arena, t->text, t->len);
        }
    }
}

static struct cell finished_cell(const struct grid_parser *p)
{
    struct cell c = p->cell;

    if (c.kind == CELL_EMPTY) { /* a read that did not ask for effective values */
        c.kind = p->entered.kind;
        c.number = p->entered.number;
        c.boolean = p->entered.boolean;
        c.text = p->entered.text;
    }
    /* A value that nobody entered is a part of an array formula's result: writing there would break
     * the formula. */
    c.formula = p->entered.formula || (c.kind != CELL_EMPTY && p->entered.kind == CELL_EMPTY);
    c.entered_formula = p->entered.entered_formula;
    return c;
}

/* ---- rows and blocks ---- */

static bool add_row(struct grid_parser *p)
{
    if (p->n_rows >= SHEETS_ROWS_MAX) {
        return false;
    }
    p->rows = bs_grow(p->rows, p->n_rows, &p->cap_rows, sizeof *p->rows);
    p->rows[p->n_rows++] = (struct grid_row){NULL, 0};
    return true;
}

static bool add_cell(struct grid_parser *p)
{
    struct grid_row *row = &p->rows[p->n_rows - 1];

    if (row->n >= A1_COLUMNS_MAX) {
        return false;
    }
    if ((row->n & (row->n - 1)) == 0) { /* room for the next power of two */
        struct cell *cells = arena_alloc_n(p->arena, row->n == 0 ? 1 : row->n * 2, sizeof *cells);

        if (row->n > 0) {
            memcpy(cells, row->cells, row->n * sizeof *cells);
        }
        row->cells = cells;
    }
    row->cells[row->n++] = finished_cell(p);
    return true;
}

static bool end_block(struct grid_parser *p)
{
    size_t range = p->block++;
    const struct a1_range *r = range < p->n_ranges ? &p->ranges[range] : NULL;
    int64_t row0 = p->start_row >= 0 ? p->start_row : r != NULL ? r->row0 - 1 : 0;
    int64_t col0 = p->start_column >= 0 ? p->start_column : r != NULL ? r->col0 : 0;

    for (size_t i = 0; i < p->n_rows; i++) {
        size_t n = p->rows[i].n;

        while (n > 0 && p->rows[i].cells[n - 1].kind == CELL_EMPTY &&
               !p->rows[i].cells[n - 1].formula) {
            n--;
        }
        if (n > 0 && p->each(p->each_ctx, range, (uint32_t)(row0 + 1 + (int64_t)i), (uint32_t)col0,
                             p->rows[i].cells, n, &p->err) != BS_OK) {
            return false;
        }
    }
    start_block(p);
    return true;
}

/* ---- the spreadsheet and the tab themselves ---- */

static void take_book(struct grid_parser *p, const struct jstream_token *t)
{
    const char **texts[] = {&p->book.title, &p->book.locale, &p->book.time_zone};
    static const char *const names[] = {"title", "locale", "timeZone"};

    for (size_t i = 0; i < sizeof names / sizeof *names && t->event == JS_STRING; i++) {
        if (key_is(p, 1, names[i])) {
            *texts[i] = arena_strndup(p->seen_arena, t->text, t->len);
        }
    }
}

static void take_tab(struct grid_parser *p, const struct jstream_token *t)
{
    bool grid = key_is(p, 3, "gridProperties") && t->depth - p->root == D_BLOCK;
    uint32_t number =
        t->event == JS_NUMBER && t->number >= 0 && t->number <= INT32_MAX ? (uint32_t)t->number : 0;

    if (grid && key_is(p, 4, "rowCount")) {
        p->tab.rows = number;
    } else if (grid && key_is(p, 4, "columnCount")) {
        p->tab.columns = number;
    } else if (grid && key_is(p, 4, "frozenRowCount")) {
        p->tab.frozen_rows = number;
    } else if (key_is(p, 3, "sheetId")) {
        p->tab.id = number;
    } else if (key_is(p, 3, "title") && t->event == JS_STRING) {
        p->tab.title = arena_strndup(p->seen_arena, t->text, t->len);
    }
}

static void take_property(struct grid_parser *p, const struct jstream_token *t)
{
    int below = t->depth - p->root;

    if (below == 1 && key_is(p, 0, "properties")) {
        take_book(p, t);
    } else if ((below == 3 || below == D_BLOCK) && key_is(p, 0, "sheets") &&
               key_is(p, 2, "properties")) {
        take_tab(p, t);
    }
}

static void end_tab(struct grid_parser *p)
{
    if (p->tab.title != NULL && str_eq_ci(p->tab.title, p->title)) {
        p->seen = p->tab;
        p->seen.is_grid = true;
    }
    p->tab = (struct sheet_tab){0};
}

static bool open_group(struct grid_parser *p, const struct jstream_token *t)
{
    int below = t->depth - p->root;

    if (t->depth <= JSTREAM_DEPTH_MAX) {
        p->key[t->depth][0] = '\0';
    }
    if (t->event != JS_OBJECT) {
        return true;
    }
    if (below == D_ROW && in_rows(p)) {
        return add_row(p);
    }
    if (below == D_CELL && in_rows(p) && key_is(p, D_ROW, "values") && p->n_rows > 0) {
        p->in_cell = true;
        p->cell = p->entered = cell_empty;
    }
    return true;
}

static bool close_group(struct grid_parser *p, const struct jstream_token *t)
{
    int below = t->depth - p->root;

    if (t->event != JS_END_OBJECT) {
        return true;
    }
    if (below == D_CELL && p->in_cell) {
        p->in_cell = false;
        return add_cell(p);
    }
    if (below == D_BLOCK && key_is(p, 0, "sheets") && key_is(p, 2, "data")) {
        return end_block(p);
    }
    if (below == 2 && key_is(p, 0, "sheets") && p->seen_arena != NULL) {
        end_tab(p);
    }
    return true;
}

bool grid_token(void *ctx, const struct jstream_token *t)
{
    struct grid_parser *p = ctx;

    switch (t->event) {
    case JS_KEY: (void)str_copy(p->key[t->depth], GRID_KEY_MAX, t->text); return true;
    case JS_OBJECT:
    case JS_ARRAY: return open_group(p, t);
    case JS_END_OBJECT:
    case JS_END_ARRAY: return close_group(p, t);
    default: break;
    }
    if (p->in_cell) {
        take_scalar(p, t);
    } else if (t->depth - p->root == D_BLOCK && t->event == JS_NUMBER && key_is(p, 2, "data")) {
        if (key_is(p, D_BLOCK, "startRow")) {
            p->start_row = (int64_t)t->number;
        } else if (key_is(p, D_BLOCK, "startColumn")) {
            p->start_column = (int64_t)t->number;
        }
    } else if (p->seen_arena != NULL) {
        take_property(p, t);
    }
    return true;
}

/* ---- the read ---- */

#define GRID_MASK                                                                                  \
    "properties(title,locale,timeZone),sheets(properties(sheetId,title,gridProperties),"           \
    "data(startRow,startColumn,rowData.values("                                                    \
    "userEnteredValue,effectiveValue,formattedValue,effectiveFormat.numberFormat)))"

/* What the answer said of the spreadsheet, NULL when it lacks anything. */
static const struct sheet_meta *seen_meta(const struct grid_parser *p)
{
    if (p->seen_arena == NULL || p->seen.title == NULL || p->seen.rows == 0 ||
        p->seen.columns == 0 || p->seen.columns > A1_COLUMNS_MAX || p->book.title == NULL ||
        p->book.locale == NULL || p->book.time_zone == NULL) {
        return NULL;
    }
    struct sheet_meta *m = arena_alloc(p->seen_arena, sizeof *m);
    struct sheet_tab *tab = arena_alloc(p->seen_arena, sizeof *tab);

    *tab = p->seen;
    *m = p->book;
    m->tabs = tab;
    m->n_tabs = 1;
    return m;
}

struct grid_call {
    const char *title;
    sheets_row_fn *each;
    void *ctx;
    struct arena *arena; /* NULL: what the answer says of the tab is not asked for */
    const struct sheet_meta *seen;
};

static enum bs_rc read_part(struct sheets *s, struct grid_call *g, const struct a1_range *ranges,
                            size_t n, struct bs_err *e)
{
    struct grid_parser p = {
        .ranges = ranges,
        .n_ranges = n,
        .each = g->each,
        .each_ctx = g->ctx,
        .seen_arena = g->arena,
        .title = g->title,
    };
    struct sheets_stream st = {NULL, grid_token, grid_reset, &p, &p.err};
    struct call call = {.method = HTTP_GET, .cls = CLASS_READ};
    struct buf url, text;
    enum bs_rc rc;

    grid_init(&p, 1);
    buf_init(&url, BUF_NO_LIMIT);
    buf_init(&text, BUF_NO_LIMIT);
    sheets_url(s, &url);
    buf_addc(&url, '?');
    for (size_t i = 0; i < n; i++) {
        buf_clear(&text);
        a1_print(&text, g->title, &ranges[i]);
        buf_adds(&url, "ranges=");
        url_encode(&url, text.data);
        buf_addc(&url, '&');
    }
    buf_adds(&url, "fields=");
    url_encode(&url, GRID_MASK);
    buf_adds(&url, "&prettyPrint=false");
    call.url = url.data;
    rc = sheets_stream_call(s, &call, &st, e);
    g->seen = rc == BS_OK ? seen_meta(&p) : NULL;
    grid_release(&p);
    buf_release(&url);
    buf_release(&text);
    return rc;
}

static size_t range_cells(const struct a1_range *r)
{
    return (size_t)(r->row1 - r->row0 + 1) * (r->col1 - r->col0 + 1);
}

/* A range of more cells than one call should bring is cut into lower and upper rows. */
static size_t cut_ranges(const struct a1_range *in, size_t n, struct a1_range **out)
{
    size_t k = 0, cap = n + 16;
    struct a1_range *list = bs_alloc_n(cap, sizeof *list);

    for (size_t i = 0; i < n; i++) {
        uint32_t width = in[i].col1 - in[i].col0 + 1;
        uint32_t most = GRID_CELLS_PER_CALL / width > 0 ? GRID_CELLS_PER_CALL / width : 1;

        for (uint32_t row = in[i].row0; row <= in[i].row1; row += most) {
            uint32_t last = in[i].row1 - row >= most ? row + most - 1 : in[i].row1;

            list = bs_grow(list, k, &cap, sizeof *list);
            list[k++] = (struct a1_range){in[i].col0, in[i].col1, row, last};
            if (last == UINT32_MAX) {
                break;
            }
        }
    }
    *out = list;
    return k;
}

enum bs_rc sheets_read_grid(struct sheets *s, const char *title, const struct a1_range *ranges,
                            size_t n, sheets_row_fn *each, void *ctx, struct arena *a,
                            const struct sheet_meta **seen, struct bs_err *e)
{
    struct grid_call g = {title, each, ctx, seen == NULL ? NULL : a, NULL};
    struct a1_range *parts = NULL;
    size_t n_parts = cut_ranges(ranges, n, &parts);
    size_t per_url = GRID_URL_MAX / (strlen(title) * 3 + 40);
    enum bs_rc rc = BS_OK;

    per_url = per_url == 0 ? 1 : per_url;
    for (size_t i = 0; i < n_parts && rc == BS_OK;) {
        size_t k = 0, cells = 0;

        while (i + k < n_parts && k < per_url &&
               (k == 0 || cells + range_cells(&parts[i + k]) <= GRID_CELLS_PER_CALL)) {
            cells += range_cells(&parts[i + k++]);
        }
        const struct sheet_meta *before = g.seen;

        rc = read_part(s, &g, parts + i, k, e);
        if (i > 0 && g.seen != NULL &&
            (before == NULL || before->tabs[0].id != g.seen->tabs[0].id)) {
            g.seen = NULL; /* two tabs bore the title one after the other */
        }
        i += k;
    }
    free(parts);
    if (seen != NULL) {
        *seen = g.seen;
    }
    return rc;
}
