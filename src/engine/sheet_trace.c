/*
 * sheet_trace.c: a write met rows or columns that had moved, and people may have moved them again
 * since. Its answer shows header row and ids right after it, the look before it what was there, the
 * look after it what has become of it all. From these three: in which row the cells of each row of
 * the request lie now, which row of the look before they went to, and what they overwrote there.
 * Rows are told by their id; where that was overwritten or never was, by all that the request has
 * not written.
 */
#include "engine/apply_sheet_p.h"

#include "base/str.h"

#include <stdlib.h>
#include <string.h>

struct heads {
    const char **at;
    uint32_t n;
};

struct trace {
    struct run *r;
    const struct sheet_sent *s;
    struct snapshot *now;
    uint32_t id_before, id_answer, id_now; /* the id column in each of the three */
    const uint32_t *answer_to_before, *answer_to_now, *before_to_now; /* columns */
    uint32_t n_columns;
    uint8_t *taken;     /* rows now whose cells of the request are found */
    uint8_t *accounted; /* rows before that were found by what is left of them */
};

/* The cells of one row of the request. */
struct group {
    const struct written *list;
    size_t n;
    uint32_t row;
    const char *own; /* the id that the request wrote there, else NULL */
    bool id_written; /* ... or anything else in the id's place */
};

/* ---- columns ---- */

static uint32_t unique_head(const struct heads *h, const char *text)
{
    uint32_t found = SYNC_NONE;

    for (uint32_t c = 0; text[0] != '\0' && c < h->n; c++) {
        if (str_eq(h->at[c], text)) {
            if (found != SYNC_NONE) {
                return SYNC_NONE;
            }
            found = c;
        }
    }
    return found;
}

static const char *head(const struct heads *h, uint32_t column)
{
    return column < h->n ? h->at[column] : "";
}

/* By its header; a column without one of its own lies as far right of its neighbour as it did,
 * unless what would be there stands elsewhere in `from`: then this column is not there at all. */
static uint32_t map_column(const struct heads *from, const struct heads *to, uint32_t column)
{
    uint32_t anchor = column;
    uint32_t at;

    while ((at = unique_head(to, head(from, anchor))) == SYNC_NONE && anchor > 0) {
        anchor--;
    }
    if (at != SYNC_NONE && anchor == column) {
        return at;
    }
    at = at == SYNC_NONE ? column : at + (column - anchor);
    return unique_head(from, head(to, at)) != SYNC_NONE ? SYNC_NONE : at;
}

static struct heads heads_of(const struct snapshot *s, struct arena *arena)
{
    struct heads h = {arena_alloc_n(arena, snapshot_width(s) + 1, sizeof *h.at), snapshot_width(s)};

    for (uint32_t c = 0; c < h.n; c++) {
        h.at[c] = snapshot_head(s, c);
    }
    return h;
}

static const uint32_t *map_all(const struct trace *t, const struct heads *from,
                               const struct heads *to)
{
    uint32_t *out = arena_alloc_n(t->r->arena, t->n_columns, sizeof *out);

    for (uint32_t c = 0; c < t->n_columns; c++) {
        out[c] = map_column(from, to, c);
    }
    return out;
}

static void map_columns(struct trace *t)
{
    const char *id = t->r->cs->id_column;
    struct heads before = heads_of(t->s->before, t->r->arena);
    struct heads now = heads_of(t->now, t->r->arena);
    struct heads answer = {t->s->headers, t->s->n_headers};

    t->n_columns = (before.n > answer.n ? before.n : answer.n) + 1;
    for (size_t i = 0; i < t->s->n; i++) {
        if (t->s->list[i].column >= t->n_columns) {
            t->n_columns = t->s->list[i].column + 1;
        }
    }
    t->id_before = unique_head(&before, id);
    t->id_answer = unique_head(&answer, id);
    t->id_now = unique_head(&now, id);
    t->answer_to_before = map_all(t, &answer, &before);
    t->answer_to_now = map_all(t, &answer, &now);
    t->before_to_now = map_all(t, &before, &now);
}

/* ---- rows ---- */

static const char *id_of_now(const struct trace *t, uint32_t row)
{
    return t->id_now == SYNC_NONE ? "" : snapshot_text(t->now, row, t->id_now);
}

static bool holds(const struct trace *t, const struct written *w, uint32_t row)
{
    uint32_t column = t->answer_to_now[w->column];

    if (column == SYNC_NONE) {
        return false;
    }
    struct cell now = snapshot_cell(t->now, row, column);

    return sheet_same_cell(w->cell, &now);
}

/* How many of the cells that are still to be seen lie in this row now, all of them? */
static bool holds_all(const struct trace *t, const struct group *g, uint32_t row)
{
    size_t seen = 0;

    for (size_t i = 0; i < g->n; i++) {
        if (t->answer_to_now[g->list[i].column] == SYNC_NONE) {
            continue;
        }
        if (!holds(t, &g->list[i], row)) {
            return false;
        }
        seen++;
    }
    return seen > 0;
}

static bool wrote_column(const struct trace *t, const struct group *g, uint32_t column_now)
{
    for (size_t i = 0; i < g->n; i++) {
        if (t->answer_to_now[g->list[i].column] == column_now) {
            return true;
        }
    }
    return false;
}

struct likeness {
    int same, other; /* cells with something in them; cells that differ */
};

/* A row before against a row now, in what the request has not written. was 0: an empty row. */
static struct likeness compare(const struct trace *t, const struct group *g, uint32_t was,
                               uint32_t now)
{
    struct likeness l = {0, 0};

    for (uint32_t c = 0; c < snapshot_width(t->s->before); c++) {
        uint32_t column = t->before_to_now[c];

        if (column == SYNC_NONE || column == t->id_now || wrote_column(t, g, column)) {
            continue;
        }
        struct cell x = was == 0 ? cell_empty : snapshot_cell(t->s->before, was, c);
        struct cell y = snapshot_cell(t->now, now, column);

        if (!sheet_same_cell(&x, &y)) {
            l.other++;
        } else if (x.kind != CELL_EMPTY) {
            l.same++;
        }
    }
    return l;
}

static bool is_blank_before(const struct trace *t, uint32_t row)
{
    for (uint32_t c = 0; c < snapshot_width(t->s->before); c++) {
        if (snapshot_cell(t->s->before, row, c).kind != CELL_EMPTY) {
            return false;
        }
    }
    return true;
}

/* Is a row of the look before without an id there still, as it was? */
static bool nameless_is_there(const struct trace *t, uint32_t was)
{
    static const struct group none = {0};

    for (uint32_t row = 2; row <= snapshot_last_row(t->now); row++) {
        if (!t->taken[row] && id_of_now(t, row)[0] == '\0' &&
            compare(t, &none, was, row).other == 0) {
            return true;
        }
    }
    return false;
}

static bool is_missing(const struct trace *t, uint32_t was)
{
    const char *id =
        t->id_before == SYNC_NONE ? "" : snapshot_text(t->s->before, was, t->id_before);

    if (t->accounted[was] || is_blank_before(t, was)) {
        return false;
    }
    if (id[0] != '\0') {
        return t->id_now != SYNC_NONE && snapshot_find(t->now, t->id_now, id) == 0;
    }
    return !nameless_is_there(t, was);
}

/* Is one of the rows missing that were below all that are there still? It may have been pushed down
 * to where new rows went. */
static bool end_is_missing(const struct trace *t)
{
    for (uint32_t was = snapshot_last_row(t->s->before); was > 1; was--) {
        if (is_missing(t, was)) {
            return true;
        }
        if (t->id_before != SYNC_NONE &&
            snapshot_text(t->s->before, was, t->id_before)[0] != '\0') {
            return false;
        }
    }
    return false;
}

/* The row before, of those that are missing now, of which this row has most; 0 none. */
static uint32_t find_missing(const struct trace *t, const struct group *g, uint32_t now)
{
    uint32_t best = 0;
    int most = INT32_MIN;

    for (uint32_t was = 2; was <= snapshot_last_row(t->s->before); was++) {
        struct likeness l = compare(t, g, was, now);
        int score = 2 * l.same - 3 * l.other + (was == g->row);

        /* one cell more or less: people edit, too */
        if ((l.other == 0 || l.same > l.other) && score > most && is_missing(t, was)) {
            best = was;
            most = score;
        }
    }
    return best;
}

/* The row before that this row is now, in which the cells of g lie; 0: an empty one, or none. */
static uint32_t row_before(const struct trace *t, const struct group *g, uint32_t now)
{
    const char *id = id_of_now(t, now);

    if (!g->id_written && id[0] != '\0') {
        if (t->id_before == SYNC_NONE) {
            return 0;
        }
        return str_eq(snapshot_text(t->s->before, g->row, t->id_before), id)
                   ? g->row
                   : snapshot_find(t->s->before, t->id_before, id);
    }
    if (t->s->guess != NULL && t->s->ordered && g->row < t->s->n_guess) {
        uint32_t was = t->s->guess[g->row];

        if (was != SHEET_ROW_NEW && was > snapshot_last_row(t->s->before) &&
            compare(t, g, 0, now).other == 0 && !end_is_missing(t)) {
            return 0;
        }
        if (was != SHEET_ROW_NEW && compare(t, g, was, now).other == 0) {
            return was;
        }
    }
    return find_missing(t, g, now);
}

static const struct cell *old_cell(const struct trace *t, const struct written *w, uint32_t was)
{
    uint32_t column = t->answer_to_before[w->column];

    return was == 0 || column == SYNC_NONE ? &cell_empty : sheet_content(t->r, t->s, was, column);
}

/* Does the row show anything that it can only have from the request? */
static bool shows_change(const struct trace *t, const struct group *g, uint32_t now, uint32_t was)
{
    for (size_t i = 0; i < g->n; i++) {
        const struct written *w = &g->list[i];

        if (holds(t, w, now) && !sheet_same_cell(w->cell, old_cell(t, w, was))) {
            return true;
        }
    }
    return false;
}

/* ---- where a group is now ---- */

/* Among the rows that bear the id: the one that holds the cells, and has least of its own beside
 * them if the request brought that id. */
static uint32_t find_by_id(const struct trace *t, const struct group *g, const char *id)
{
    uint32_t best = 0;
    int least = INT32_MAX;

    for (uint32_t row = 2; row <= snapshot_last_row(t->now); row++) {
        if (t->taken[row] || !str_eq(id_of_now(t, row), id)) {
            continue;
        }
        int cost = (holds_all(t, g, row) ? 0 : 1000000) + (row != g->row) +
                   (g->own != NULL ? 2 * compare(t, g, 0, row).other : 0);

        if (cost < least) {
            best = row;
            least = cost;
        }
    }
    return best;
}

static bool may_be(const struct trace *t, const struct group *g, uint32_t row, bool nameless)
{
    return !t->taken[row] && (!nameless || id_of_now(t, row)[0] == '\0') && holds_all(t, g, row) &&
           shows_change(t, g, row, row_before(t, g, row));
}

/* nameless: its row had no id. *unclear: there are several, and nothing tells them apart. */
static uint32_t find_by_content(const struct trace *t, const struct group *g, bool nameless,
                                bool *unclear)
{
    uint32_t found = 0;

    if (g->row <= snapshot_last_row(t->now) && may_be(t, g, g->row, nameless)) {
        return g->row;
    }
    for (uint32_t row = 2; row <= snapshot_last_row(t->now); row++) {
        if (may_be(t, g, row, nameless)) {
            *unclear = *unclear || found != 0;
            found = found == 0 ? row : found;
        }
    }
    return found;
}

static const char *known_id(const struct trace *t, const struct group *g)
{
    if (g->id_written) {
        return g->own;
    }
    return t->s->ids != NULL && g->row < t->s->n_ids ? t->s->ids[g->row] : NULL;
}

static uint32_t row_now(struct trace *t, const struct group *g, bool *unclear)
{
    const char *id = known_id(t, g);

    if (id != NULL && id[0] != '\0' && t->id_now != SYNC_NONE) {
        return find_by_id(t, g, id);
    }
    return find_by_content(t, g, id != NULL, unclear);
}

/* ---- what does not belong there ---- */

static bool is_doubled(const struct trace *t, const struct group *g)
{
    size_t n = 0;

    if (g->own == NULL || t->id_now == SYNC_NONE ||
        (t->id_before != SYNC_NONE && snapshot_find(t->s->before, t->id_before, g->own) != 0)) {
        return false;
    }
    for (uint32_t row = 2; row <= snapshot_last_row(t->now); row++) {
        n += str_eq(id_of_now(t, row), g->own);
    }
    return n > 1;
}

static bool is_misplaced(const struct trace *t, const struct group *g, uint32_t now, uint32_t was)
{
    for (size_t i = 0; i < g->n; i++) {
        if (t->answer_to_before[g->list[i].column] != g->list[i].column) {
            return true;
        }
    }
    if (was == 0) {
        return !is_blank_before(t, g->row) || compare(t, g, 0, now).other != 0 || is_doubled(t, g);
    }
    return was != g->row;
}

/* Cells of new headers stay in the first row. */
static void trace_header(const struct trace *t, const struct group *g, size_t index,
                         void (*each)(void *ctx, const struct traced *t), void *ctx)
{
    for (size_t i = 0; i < g->n; i++) {
        const struct written *w = &g->list[i];
        struct traced x = {w->cell, old_cell(t, w, 1), 1, t->answer_to_now[w->column], index};

        if (t->answer_to_before[w->column] != w->column && holds(t, w, 1)) {
            each(ctx, &x);
        }
    }
}

struct found {
    size_t changed,
        missing; /* groups that show the request; cells that are not where it put them */
};

static enum bs_rc trace_group(struct trace *t, const struct group *g, size_t index,
                              struct found *found, void (*each)(void *ctx, const struct traced *t),
                              void *ctx, struct bs_err *e)
{
    bool unclear = false;
    uint32_t now = row_now(t, g, &unclear);

    if (unclear) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE,
                       "rows of tab \"%s\" moved during a write and again after it, and several "
                       "rows look like one that was overwritten: compare the tab with the history "
                       "of this run, nothing more is written to it now",
                       t->r->tab->title);
    }
    if (now == 0) {
        found->missing++;
        return BS_OK;
    }
    uint32_t was = row_before(t, g, now);

    t->taken[now] = 1;
    if (was != 0) {
        t->accounted[was] = 1;
    }
    found->changed += shows_change(t, g, now, was);
    found->missing += !holds_all(t, g, now);
    for (size_t i = 0; is_misplaced(t, g, now, was) && i < g->n; i++) {
        const struct written *w = &g->list[i];
        struct traced x = {w->cell, old_cell(t, w, was), now, t->answer_to_now[w->column], index};

        if (holds(t, w, now) && !sheet_same_cell(x.ours, x.old)) {
            each(ctx, &x);
        }
    }
    return BS_OK;
}

static struct group next_group(const struct trace *t, size_t first)
{
    const struct written *list = t->s->list + first;
    struct group g = {.list = list, .row = list->row};

    while (first + g.n < t->s->n && list[g.n].row == g.row) {
        if (list[g.n].column == t->id_answer) {
            g.id_written = true;
            g.own = list[g.n].cell->kind == CELL_TEXT ? list[g.n].cell->text : NULL;
        }
        g.n++;
    }
    return g;
}

enum bs_rc sheet_trace(struct sheet_apply *a, const struct sheet_sent *s, bool *shown,
                       void (*each)(void *ctx, const struct traced *t), void *ctx, struct bs_err *e)
{
    struct trace t = {.r = a->r, .s = s, .now = a->snap};
    struct found found = {0, 0};

    map_columns(&t);
    t.taken = arena_alloc_n(a->r->arena, snapshot_last_row(a->snap) + 1, 1);
    t.accounted = arena_alloc_n(a->r->arena, snapshot_last_row(s->before) + 1, 1);
    for (size_t i = 0, index = 0; i < s->n && e->rc == BS_OK; index++) {
        struct group g = next_group(&t, i);

        if (g.row == 1) {
            trace_header(&t, &g, index, each, ctx);
        } else {
            (void)trace_group(&t, &g, index, &found, each, ctx, e);
        }
        i += g.n;
    }
    *shown = found.changed > 0 || found.missing == 0;
    return e->rc;
}

/* ---- the request ---- */

static int by_place(const void *x, const void *y)
{
    const struct written *a = x, *b = y;

    return a->row != b->row ? (a->row > b->row) - (a->row < b->row)
                            : (a->column > b->column) - (a->column < b->column);
}

static struct written *copy_written(struct arena *arena, const struct written *list, size_t n)
{
    struct written *out = arena_alloc_n(arena, n + 1, sizeof *out);

    if (n > 0) {
        memcpy(out, list, n * sizeof *out);
    }
    return out;
}

void sheet_sent_take(struct sheet_apply *a, struct sheet_sent *out)
{
    struct arena *arena = a->r->arena;
    const struct after_write *w = &a->after;
    struct written *list = copy_written(arena, a->written, a->n_written);

    qsort(list, a->n_written, sizeof *list, by_place);
    *out = (struct sheet_sent){
        .list = list,
        .n = a->n_written,
        .earlier = copy_written(arena, a->confirmed, a->n_confirmed),
        .n_earlier = a->n_confirmed,
        .headers = arena_alloc_n(arena, w->n_headers + 1, sizeof *out->headers),
        .n_headers = w->n_headers,
    };
    for (uint32_t c = 0; c < w->n_headers; c++) {
        out->headers[c] = arena_strdup(arena, sheet_after_header(a, c));
    }
    if (str_eq(sheet_after_header(a, a->r->layout.id_column), a->r->cs->id_column)) {
        out->n_ids = w->n_ids;
        out->ids = arena_alloc_n(arena, w->n_ids + 1, sizeof *out->ids);
        for (uint32_t row = 0; row < w->n_ids; row++) {
            out->ids[row] = arena_strdup(arena, sheet_after_id(a, row));
        }
        out->guess = sheet_guess_rows(a, &out->n_guess, &out->ordered);
    }
    out->before = a->snap;
    a->snap = NULL;
}

void sheet_sent_free(struct sheet_sent *s)
{
    snapshot_free(s->before);
    *s = (struct sheet_sent){0};
}
