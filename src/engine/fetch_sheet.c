/*
 * fetch_sheet.c: reads the sheet's side. One values read tells which rows may have changed (by a
 * keyed hash of each row), one grid read brings the typed cells of just the rows that are needed:
 * values alone cannot tell a date from a number or a formula from its result.
 */
#include "base/clock.h"
#include "base/fail.h"
#include "base/str.h"
#include "engine/run_p.h"
#include "engine/shared_p.h"
#include "model/copy.h"

#include <stdlib.h>
#include <string.h>

/* ---- raw hashes ---- */

/* The same for every row of a run: which fields, of which types. */
void run_seed_raw_hashes(struct run *r)
{
    r->raw_seed = 0;
    for (size_t i = 0; i < r->n_fields; i++) {
        r->raw_seed = hash_mix(
            r->raw_seed, siphash(&r->convert.key, r->state_keys[i], strlen(r->state_keys[i])));
    }
}

uint64_t run_raw_hash(const struct run *r, const struct cell *const *cells)
{
    uint64_t h = r->raw_seed;

    for (size_t i = 0; i < r->n_fields; i++) {
        uint64_t c = cell_raw_hash(&r->convert.key, cells[i] == NULL ? &cell_empty : cells[i]);

        if (c == 0) {
            return 0;
        }
        h = hash_mix(h, c);
    }
    return h == 0 ? 1 : h;
}

/* ---- values read ---- */

struct values_read {
    struct run *r;
    bool have_header;
    bool wider;             /* a column lies beyond what was asked for */
    const struct cell **at; /* per field: the cell of the row at hand */
    uint32_t used_width;    /* first column after the last cell that is not empty */
    uint32_t other_header;  /* a row near the top that holds mapped headers, 0 none */
};

static bool column_missing(const struct run *r)
{
    if (r->layout.id_column == SYNC_NONE) {
        return true;
    }
    for (size_t i = 0; i < r->n_fields; i++) {
        if (r->layout.column[i] == SYNC_NONE) {
            return true;
        }
    }
    return false;
}

static uint32_t needed_width(const struct run *r)
{
    uint32_t width = r->layout.id_column == SYNC_NONE ? 0 : r->layout.id_column + 1;

    for (size_t i = 0; i < r->n_fields; i++) {
        uint32_t c = r->layout.column[i];

        if (c != SYNC_NONE && c + 1 > width) {
            width = c + 1;
        }
    }
    return width;
}

static enum bs_rc take_header(struct values_read *v, const struct cell *cells, uint32_t col0,
                              size_t n, struct bs_err *e)
{
    struct run *r = v->r;

    v->have_header = true;
    if (run_read_header(r, cells, col0, n, e) != BS_OK) {
        return e->rc;
    }
    /* New columns go behind everything there is, so everything must have been looked at. */
    uint32_t need = column_missing(r) ? r->tab->columns : needed_width(r);

    if (r->feed.delta && (column_missing(r) || need > r->layout.read_width)) {
        return run_feed_doubt(r, e, "a column is not where it was");
    }
    v->wider = need > r->layout.read_width;
    return v->wider ? bs_fail(e, BS_SKIP, BS_K_NONE, "wider") : BS_OK;
}

static const struct cell *cell_at(const struct cell *cells, uint32_t col0, size_t n,
                                  uint32_t column)
{
    if (column == SYNC_NONE || column < col0 || column - col0 >= n) {
        return &cell_empty;
    }
    return &cells[column - col0];
}

static const char *id_text(struct run *r, const struct cell *c)
{
    char number[STR_DOUBLE_MAX];

    if (c->kind == CELL_TEXT) {
        uint32_t pair = strmap_get(r->pair_by_id, c->text);

        return pair != STRMAP_NONE ? r->state.pairs[pair].record_id
                                   : arena_strdup(r->arena, c->text);
    }
    return arena_strdup(r->arena, cell_spelling(c, number));
}

static struct sync_row *add_row(struct run *r)
{
    if (r->state.n_rows == r->cap_rows) {
        size_t cap = r->cap_rows * 2;
        struct sync_row *rows = arena_alloc_n(r->arena, cap, sizeof *rows);

        memcpy(rows, r->state.rows, r->state.n_rows * sizeof *rows);
        r->state.rows = rows;
        r->cap_rows = cap;
    }
    return &r->state.rows[r->state.n_rows++];
}

static bool row_is_blank(const struct run *r, const struct cell *const *at)
{
    for (size_t i = 0; i < r->n_fields; i++) {
        /* a check box that is not ticked is how an empty row of a formatted column looks */
        bool unticked = at[i]->kind == CELL_BOOL && !at[i]->boolean;

        if (at[i]->kind != CELL_EMPTY && !unticked) {
            return false;
        }
    }
    return true;
}

#define BANNER_ROWS 20 /* a header row is looked for this far down */

/* Does a row hold the headers that row 1 lacks? Two of them, or the only one there is. */
static bool looks_like_header(const struct run *r, const struct cell *cells, size_t n)
{
    size_t found = 0;

    for (size_t f = 0; f < r->n_fields; f++) {
        for (size_t i = 0; i < n; i++) {
            if (cells[i].kind == CELL_TEXT && str_eq(cells[i].text, r->fields[f].header)) {
                found++;
                break;
            }
        }
    }
    return found >= (r->n_fields < 2 ? r->n_fields : 2);
}

static bool has_any_column(const struct run *r)
{
    for (size_t i = 0; i < r->n_fields; i++) {
        if (r->layout.column[i] != SYNC_NONE) {
            return true;
        }
    }
    return r->layout.id_column != SYNC_NONE;
}

/* Lines above the header are not taken for one: a second header would go beside them. */
static enum bs_rc check_banner(const struct values_read *v, struct bs_err *e)
{
    if (v->other_header == 0) {
        return BS_OK;
    }
    return bs_fail(e, BS_STOP_SYNC, BS_K_SCHEMA,
                   "row 1 of tab \"%s\" holds none of the columns of this sync, row %u does: the "
                   "header must be row 1, so move or delete what stands above it",
                   v->r->tab->title, v->other_header);
}

static enum bs_rc take_row(struct values_read *v, uint32_t number, const struct cell *cells,
                           uint32_t col0, size_t n, struct bs_err *e)
{
    struct run *r = v->r;
    struct sync_row *row;

    if (r->state.n_rows >= SHEETS_ROWS_MAX) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE, "the tab has more than %d rows",
                       SHEETS_ROWS_MAX);
    }
    row = add_row(r);
    row->number = number;
    row->id = id_text(r, cell_at(cells, col0, n, r->layout.id_column));
    for (size_t i = 0; i < r->n_fields; i++) {
        v->at[i] = cell_at(cells, col0, n, r->layout.column[i]);
    }
    if (r->state.first_run && number <= BANNER_ROWS && v->other_header == 0 && !has_any_column(r) &&
        looks_like_header(r, cells, n)) {
        v->other_header = number;
    }
    row->raw = run_raw_hash(r, v->at);
    row->blank = row->id[0] == '\0' && row_is_blank(r, v->at);
    r->layout.last_row = number;
    if (col0 + n > v->used_width) {
        v->used_width = col0 + (uint32_t)n;
    }
    return BS_OK;
}

static void start_values(struct values_read *v)
{
    v->have_header = v->wider = false;
    v->used_width = v->other_header = 0;
    v->r->state.n_rows = 0;
    v->r->layout.last_row = 1;
    memset(v->r->state.rows, 0, v->r->cap_rows * sizeof *v->r->state.rows);
}

static enum bs_rc on_values(void *ctx, size_t range, uint32_t row, uint32_t col0,
                            const struct cell *cells, size_t n, struct bs_err *e)
{
    struct values_read *v = ctx;

    if (range == SHEETS_RESTART) {
        start_values(v);
        return BS_OK;
    }
    if (range == 0) {
        return v->have_header ? BS_OK : take_header(v, cells, col0, n, e);
    }
    if (!v->have_header && take_header(v, NULL, 0, 0, e) != BS_OK) {
        return e->rc;
    }
    return take_row(v, row, cells, col0, n, e);
}

uint32_t run_look_width(const struct sheet_tab *tab, uint32_t known_width)
{
    return known_width == 0 || known_width > tab->columns ? tab->columns : known_width;
}

size_t run_look_ranges(const struct sheet_tab *tab, uint32_t width, bool open,
                       struct a1_range out[2])
{
    out[0] = (struct a1_range){0, open ? UINT32_MAX : tab->columns - 1, 1, 1};
    out[1] = (struct a1_range){0, width - 1, 2, open ? UINT32_MAX : tab->rows};
    return tab->rows > 1 ? 2 : 1;
}

static enum bs_rc read_once(struct run *r, struct values_read *v, struct bs_err *e)
{
    struct a1_range ranges[2];
    size_t n = run_look_ranges(r->tab, r->layout.read_width, r->feed.tab_assumed, ranges);

    start_values(v);
    if (shared_read_values(r, ranges, n, on_values, v, e) != BS_OK) {
        return v->wider ? BS_SKIP : e->rc;
    }
    if (!v->have_header && take_header(v, NULL, 0, 0, e) != BS_OK) {
        return v->wider ? BS_SKIP : e->rc;
    }
    return BS_OK;
}

/* Columns that this run adds: behind the last header and behind every cell in use. */
static void place_new_columns(struct run *r, uint32_t used_width)
{
    struct run_layout *l = &r->layout;
    uint32_t next = used_width > l->header_width ? used_width : l->header_width;

    l->is_new = arena_alloc_n(r->arena, r->n_fields, sizeof *l->is_new);
    l->id_is_new = l->id_column == SYNC_NONE;
    for (size_t i = 0; i < r->n_fields; i++) {
        if (l->column[i] == SYNC_NONE && r->fields[i].to_sheet) {
            l->column[i] = next++;
            l->is_new[i] = true;
        }
    }
    if (l->id_is_new) {
        l->id_column = next++;
    }
}

static bool row_unchanged(const struct run *r, const struct sync_row *row)
{
    uint32_t i = strmap_get(r->pair_by_id, row->id);

    if (i == STRMAP_NONE || row->raw == 0 || r->state.pairs[i].raw != row->raw) {
        return false;
    }
    /* A row that is kept without its record is nobody's concern until it changes, unless it is to
     * become a record again. */
    return r->state.pairs[i].flags == 0 || (r->state.pairs[i].flags == PAIR_RECORD_GONE &&
                                            r->rules.direction != DIRECTION_TO_AIRTABLE);
}

static void index_rows(struct run *r)
{
    r->row_load = arena_alloc_n(r->arena, r->state.n_rows + 1, 1);
    strmap_free(r->row_by_id);
    r->row_by_id = strmap_new(r->state.n_rows);
    for (size_t i = 0; i < r->state.n_rows; i++) {
        struct sync_row *row = &r->state.rows[i];

        if (row->blank) {
            continue;
        }
        if (row->id[0] != '\0' && strmap_add(r->row_by_id, row->id, (uint32_t)i) != (uint32_t)i) {
            /* a copied id: both rows are looked at closely */
            r->row_load[strmap_get(r->row_by_id, row->id)] = 1;
            r->row_load[i] = 1;
        }
        if (r->load_all || !row_unchanged(r, row)) {
            r->row_load[i] = 1;
        }
    }
}

enum bs_rc run_read_sheet(struct run *r, struct bs_err *e)
{
    struct values_read v = {.r = r};
    enum bs_rc rc = BS_OK;

    if (r->tab->columns == 0 || r->tab->rows == 0) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE, "tab \"%s\" has no cells", r->tab->title);
    }
    v.at = arena_alloc_n(r->arena, r->n_fields, sizeof *v.at);
    if (r->cap_rows == 0) {
        r->cap_rows = r->state.n_pairs + 1024;
        r->state.rows = arena_alloc_n(r->arena, r->cap_rows, sizeof *r->state.rows);
    }
    r->layout.read_width = run_look_width(r->tab, r->known_width);
    for (int try = 0; try < 2; try++) {
        rc = read_once(r, &v, e);
        if (rc != BS_SKIP || !v.wider) {
            break;
        }
        bs_err_clear(e);
        r->layout.read_width = r->tab->columns;
    }
    if (rc != BS_OK || check_banner(&v, e) != BS_OK) {
        return rc != BS_OK ? rc : e->rc;
    }
    place_new_columns(r, v.used_width);
    r->layout.read_width = needed_width(r);
    index_rows(r);
    return BS_OK;
}

/* ---- grid read ---- */

struct grid_read {
    struct run *r;
    size_t next; /* row index to look at first: rows come in sheet order */
    bool moved;
};

static struct sync_row *row_by_number(struct grid_read *g, uint32_t number)
{
    struct run *r = g->r;
    size_t lo = 0, hi = r->state.n_rows;

    if (g->next < hi && r->state.rows[g->next].number == number) {
        return &r->state.rows[g->next++];
    }
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (r->state.rows[mid].number < number) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    if (lo < r->state.n_rows && r->state.rows[lo].number == number) {
        g->next = lo + 1;
        return &r->state.rows[lo];
    }
    return NULL;
}

static const struct value *current_value(const struct run *r, const struct sync_row *row, size_t f)
{
    uint32_t i = strmap_get(r->record_by_id, row->id);

    if (i == STRMAP_NONE || r->state.records[i].cells == NULL ||
        r->state.records[i].cells[f].state != SIDE_VALUE) {
        return NULL;
    }
    return r->state.records[i].cells[f].value;
}

static void fill_side_cell(struct run *r, const struct sync_row *row, size_t f,
                           const struct cell *cell, struct side_cell *out)
{
    const struct field *field = r->fields[f].field;
    struct bs_err why = BS_ERR_INIT;

    out->cell =
        cell->kind == CELL_EMPTY && !cell->formula ? &cell_empty : cell_copy(r->arena, cell);
    if (convert_from_cell(&r->convert, field, out->cell, current_value(r, row, f), r->arena,
                          &out->value, &why) != BS_OK) {
        out->state = SIDE_BAD;
        out->note = arena_strdup(r->arena, why.msg);
        out->note_kind = why.kind;
    } else if (out->value->kind == VALUE_ERROR) {
        out->state = SIDE_ERROR;
    } else {
        out->state = SIDE_VALUE;
        out->hash = convert_hash(&r->convert, field, out->value);
    }
}

static enum bs_rc on_grid(void *ctx, size_t range, uint32_t number, uint32_t col0,
                          const struct cell *cells, size_t n, struct bs_err *e)
{
    struct grid_read *g = ctx;
    struct run *r = g->r;
    struct sync_row *row = range == SHEETS_RESTART ? NULL : row_by_number(g, number);

    if (range == SHEETS_RESTART) {
        g->next = 0; /* rows that come again are simply filled again */
        return BS_OK;
    }
    if (row == NULL || row->blank) {
        return BS_OK;
    }
    if (!str_eq(id_text(r, cell_at(cells, col0, n, r->layout.id_column)), row->id)) {
        g->moved = true;
        return bs_fail(e, BS_RETRY, BS_K_REMOTE, "rows of tab \"%s\" moved while they were read",
                       r->tab->title);
    }
    if (r->row_load[row - r->state.rows] == 0) {
        return BS_OK; /* read along in a gap: as it was, and its record's values are not at hand */
    }
    row->cells = arena_alloc_n(r->arena, r->n_fields, sizeof *row->cells);
    for (size_t i = 0; i < r->n_fields; i++) {
        fill_side_cell(r, row, i, cell_at(cells, col0, n, r->layout.column[i]), &row->cells[i]);
    }
    return BS_OK;
}

/* Rows of records whose cells are at hand are needed too: their old values go to the history. */
static void load_partners(struct run *r)
{
    for (size_t i = 0; i < r->state.n_rows; i++) {
        const struct sync_row *row = &r->state.rows[i];
        uint32_t rec = strmap_get(r->record_by_id, row->id);

        if (!row->blank && rec != STRMAP_NONE &&
            (r->state.records[rec].cells != NULL ||
             (r->state.records[rec].presence == PRESENCE_GONE &&
              r->rules.direction == DIRECTION_TO_AIRTABLE))) {
            r->row_load[i] = 1; /* of a record that is gone too: it may become one again */
        }
    }
}

/* Neighbouring rows share a range; a short gap is read along rather than asked for apart. */
#define GRID_GAP 8

static size_t wanted_ranges(struct run *r, struct a1_range **out)
{
    size_t n = 0, cap = 64;
    struct a1_range *ranges = bs_alloc_n(cap, sizeof *ranges);

    for (size_t i = 0; i < r->state.n_rows; i++) {
        uint32_t number = r->state.rows[i].number;

        if (r->row_load[i] == 0 || r->state.rows[i].blank) {
            continue;
        }
        if (n > 0 && number - ranges[n - 1].row1 <= GRID_GAP) {
            ranges[n - 1].row1 = number;
            continue;
        }
        ranges = bs_grow(ranges, n, &cap, sizeof *ranges);
        ranges[n++] = (struct a1_range){0, r->layout.read_width - 1, number, number};
    }
    *out = ranges;
    return n;
}

/* A row that was full in the values read and is not delivered now has been emptied in between. */
static enum bs_rc check_loaded(struct run *r, struct bs_err *e)
{
    for (size_t i = 0; i < r->state.n_rows; i++) {
        if (r->row_load[i] != 0 && !r->state.rows[i].blank && r->state.rows[i].cells == NULL) {
            return bs_fail(e, BS_RETRY, BS_K_REMOTE,
                           "row %u of tab \"%s\" vanished while it was read",
                           r->state.rows[i].number, r->tab->title);
        }
    }
    return BS_OK;
}

bool run_is_anything_new(const struct run *r)
{
    for (size_t i = 0; i < r->state.n_records; i++) {
        uint32_t pair = strmap_get(r->pair_by_id, r->state.records[i].id);

        if (r->state.records[i].cells != NULL || pair == STRMAP_NONE ||
            (r->state.records[i].presence != PRESENCE_HERE &&
             (r->state.pairs[pair].flags & PAIR_RECORD_GONE) == 0)) {
            return true;
        }
    }
    return false;
}

enum bs_rc run_read_grid(struct run *r, struct bs_err *e)
{
    struct grid_read g = {.r = r};
    const struct sheet_meta *seen = NULL;
    struct a1_range *ranges = NULL;
    enum bs_rc rc = BS_OK;

    load_partners(r);
    size_t n = wanted_ranges(r, &ranges);

    for (size_t i = 0; i < n; i++) { /* new columns lie outside the grid until they are made */
        if (ranges[i].col1 >= r->tab->columns) {
            ranges[i].col1 = r->tab->columns - 1;
        }
    }
    if (n > 0) {
        rc = sheets_read_grid(r->sh, r->tab->title, ranges, n, on_grid, &g, r->arena,
                              r->feed.tab_assumed ? &seen : NULL, e);
    }
    if (rc == BS_OK && r->feed.tab_assumed && (n > 0 || run_is_anything_new(r))) {
        rc = run_feed_prove_tab(r, seen, e);
    }
    if (rc == BS_OK) {
        rc = check_loaded(r, e);
    }
    free(ranges);
    return g.moved ? BS_RETRY : rc;
}
