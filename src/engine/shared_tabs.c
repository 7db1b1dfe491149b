/*
 * shared_tabs.c: the tabs of one spreadsheet in one values read. The run that asks hears its own
 * rows at once; those of the syncs that come next are kept on tape until their turn. A tab that
 * cannot be read fails the whole request: then the run asks for its own alone, and so do the
 * others.
 */
#include "base/clock.h"
#include "base/str.h"
#include "engine/shared_p.h"
#include "engine/target_p.h"

#include <string.h>

#define URL_MAX 6000 /* of what is added for the others */

void shared_forget_tabs(struct run_shared *s)
{
    for (size_t i = 0; i < s->n_tabs; i++) {
        tape_free(s->tabs[i].tape);
    }
    s->n_tabs = 0;
    s->drive_version[0] = '\0';
    if (s->tabs_arena != NULL) {
        arena_reset(s->tabs_arena);
    }
}

/* ---- what the next runs will want ---- */

static const struct sheet_tab *remembered_tab(struct arena *a, const struct feed_state *was,
                                              int64_t sheet_id, struct bs_err *e)
{
    const struct sheet_meta *meta = NULL;

    if (was == NULL || was->tabs == NULL || sheets_meta_parse(a, was->tabs, &meta, e) != BS_OK) {
        return NULL;
    }
    for (size_t i = 0; i < meta->n_tabs; i++) {
        if (meta->tabs[i].id == sheet_id) {
            return &meta->tabs[i];
        }
    }
    return NULL;
}

/* Only a run that compares what has changed takes its tab for the remembered one. */
static bool will_look(const struct conf_sync *cs, const struct feed_state *was)
{
    return !cs->drive_gate && run_feed_scanned_lately(was, cs->full_scan_ms);
}

/* A guess from what is stored; the run that comes asks itself when it wants something else. */
static enum bs_rc expect(struct run *r, size_t sync, size_t *url_left, struct bs_err *e)
{
    struct run_shared *s = r->env->shared;
    const struct shared_sync *next = &s->syncs[sync];
    const struct feed_state *was = NULL;
    const struct sheet_tab *tab;
    struct target_fact target;
    const char *text = NULL;

    if (feed_state_get(r->env->store, next->sc->id, r->arena, &was, e) != BS_OK ||
        syncs_fact_get(r->env->store, next->sc->id, "target", r->arena, &text, e) != BS_OK) {
        return e->rc;
    }
    if (!will_look(next->cs, was) || text == NULL ||
        target_parse(r->arena, text, &target, e) != BS_OK) {
        return e->rc;
    }
    tab = remembered_tab(r->arena, was, target.sheet_id, e);
    if (tab == NULL) {
        return e->rc;
    }
    struct shared_tab *t = &s->tabs[s->n_tabs];
    uint32_t width = run_look_width(tab, target.width);
    size_t url = (strlen(tab->title) * 3 + 40) * 2;

    if ((uint64_t)tab->rows * width > SHARED_CELLS_MAX || url > *url_left) {
        return BS_OK;
    }
    *url_left -= url;
    *t = (struct shared_tab){
        .sync = sync, .title = arena_strdup(s->tabs_arena, tab->title), .tape = tape_new()};
    t->n_ranges = run_look_ranges(tab, width, true, t->ranges);
    s->n_tabs++;
    return BS_OK;
}

static bool is_expected(const struct run_shared *s, size_t sync)
{
    for (size_t i = 0; i < s->n_tabs; i++) {
        if (s->tabs[i].sync == sync) {
            return true;
        }
    }
    return false;
}

/* The tabs of the syncs that follow at once: as far as the spreadsheet's lease is passed on. */
static enum bs_rc expect_tabs(struct run *r, size_t *first, struct bs_err *e)
{
    struct run_shared *s = r->env->shared;
    size_t url_left = URL_MAX;

    if (s->tabs_arena == NULL) {
        s->tabs_arena = arena_new();
    }
    *first = s->n_tabs;
    for (size_t i = shared_self(r) + 1; i < s->n && s->n_tabs < SHARED_TABS_MAX; i++) {
        if (!str_eq(s->syncs[i].cs->spreadsheet, r->cs->spreadsheet) ||
            !str_eq(s->syncs[i].sc->user_id, r->sc->user_id)) {
            break;
        }
        if (!is_expected(s, i) && expect(r, i, &url_left, e) != BS_OK) {
            return e->rc;
        }
    }
    return BS_OK;
}

/* ---- reading them along ---- */

struct along {
    struct run_shared *s;
    size_t own; /* ranges of the run itself: they come first */
    size_t first_tab;
    sheets_row_fn *each;
    void *ctx;
    bool own_refused; /* the run itself has ended the reading */
};

static size_t tapes_left(const struct run_shared *s)
{
    size_t used = 0;

    for (size_t i = 0; i < s->n_tabs; i++) {
        used += tape_bytes(s->tabs[i].tape);
    }
    return used < SHARED_TAPES_MAX ? SHARED_TAPES_MAX - used : 0;
}

static void start_tapes(struct along *a)
{
    for (size_t i = a->first_tab; i < a->s->n_tabs; i++) {
        tape_rewind(a->s->tabs[i].tape);
        a->s->tabs[i].whole = true;
    }
}

static void keep_row(struct along *a, size_t range, uint32_t row, uint32_t col0,
                     const struct cell *cells, size_t n)
{
    struct run_shared *s = a->s;
    size_t i = a->first_tab;

    while (range >= s->tabs[i].n_ranges) {
        range -= s->tabs[i++].n_ranges;
    }
    struct shared_tab *t = &s->tabs[i];

    t->whole = t->whole &&
               tape_add(t->tape, tape_bytes(t->tape) + tapes_left(s), range, row, col0, cells, n);
}

static enum bs_rc on_row(void *ctx, size_t range, uint32_t row, uint32_t col0,
                         const struct cell *cells, size_t n, struct bs_err *e)
{
    struct along *a = ctx;

    if (range == SHEETS_RESTART) {
        start_tapes(a);
    } else if (range >= a->own) {
        keep_row(a, range - a->own, row, col0, cells, n);
        return BS_OK;
    }
    enum bs_rc rc = a->each(a->ctx, range, row, col0, cells, n, e);

    a->own_refused = a->own_refused || rc != BS_OK;
    return rc;
}

static enum bs_rc read_together(struct run *r, const struct a1_range *ranges, size_t n,
                                struct along *a, struct bs_err *e)
{
    struct run_shared *s = a->s;
    size_t most = n + 2 * (s->n_tabs - a->first_tab), k = n;
    struct a1_range *all = arena_alloc_n(r->arena, most, sizeof *all);
    const char **titles = arena_alloc_n(r->arena, most, sizeof *titles);

    for (size_t i = 0; i < n; i++) {
        all[i] = ranges[i];
        titles[i] = r->tab->title;
    }
    for (size_t i = a->first_tab; i < s->n_tabs; i++) {
        for (size_t j = 0; j < s->tabs[i].n_ranges; j++, k++) {
            all[k] = s->tabs[i].ranges[j];
            titles[k] = s->tabs[i].title;
        }
    }
    start_tapes(a);
    return sheets_read_tabs(r->sh, titles, all, k, SHEETS_UNFORMATTED, on_row, a, e);
}

/* Whether what Google refused may have been another's tab. */
static bool may_be_theirs(const struct along *a, const struct bs_err *e)
{
    return !a->own_refused && (e->kind == BS_K_SCHEMA || e->kind == BS_K_VALIDATION ||
                               e->kind == BS_K_REMOTE || e->kind == BS_K_PERMISSION);
}

static enum bs_rc read_alone(struct run *r, const struct a1_range *ranges, size_t n,
                             sheets_row_fn *each, void *ctx, struct bs_err *e)
{
    r->state.sheet_seen_ms = clock_wall_ms();
    return sheets_read_values(r->sh, r->tab->title, ranges, n, SHEETS_UNFORMATTED, each, ctx, e);
}

static enum bs_rc read_along(struct run *r, const struct a1_range *ranges, size_t n,
                             sheets_row_fn *each, void *ctx, struct bs_err *e)
{
    struct run_shared *s = r->env->shared;
    struct along a = {.s = s, .own = n, .each = each, .ctx = ctx};

    if (expect_tabs(r, &a.first_tab, e) != BS_OK) {
        return e->rc;
    }
    if (a.first_tab == s->n_tabs) {
        return read_alone(r, ranges, n, each, ctx, e);
    }
    r->state.sheet_seen_ms = s->tabs_wall_ms = clock_wall_ms();
    s->tabs_ms = clock_mono_ms();
    if (read_together(r, ranges, n, &a, e) == BS_OK) {
        return BS_OK;
    }
    shared_forget_tabs(s);
    if (!may_be_theirs(&a, e)) {
        return e->rc;
    }
    s->tabs_refused = true;
    bs_err_clear(e);
    bs_seen(each(ctx, SHEETS_RESTART, 0, 0, NULL, 0, e));
    return read_alone(r, ranges, n, each, ctx, e);
}

/* ---- the run's own look ---- */

static bool same_ranges(const struct a1_range *a, const struct a1_range *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (a[i].col0 != b[i].col0 || a[i].col1 != b[i].col1 || a[i].row0 != b[i].row0 ||
            a[i].row1 != b[i].row1) {
            return false;
        }
    }
    return true;
}

/* What was read along for this run, once: a second look is one of its own. */
static struct shared_tab *take_tab(struct run *r, const struct a1_range *ranges, size_t n)
{
    struct run_shared *s = r->env->shared;
    size_t self = shared_self(r);

    for (size_t i = 0; i < s->n_tabs; i++) {
        struct shared_tab *t = &s->tabs[i];

        if (t->sync == self && t->whole && clock_mono_ms() - s->tabs_ms <= SHARED_AGE_MS &&
            str_eq(t->title, r->tab->title) && t->n_ranges == n &&
            same_ranges(t->ranges, ranges, n)) {
            t->whole = false;
            return t;
        }
    }
    return NULL;
}

enum bs_rc shared_read_values(struct run *r, const struct a1_range *ranges, size_t n,
                              sheets_row_fn *each, void *ctx, struct bs_err *e)
{
    const struct run_shared *s = r->env->shared;
    struct shared_tab *t = s == NULL ? NULL : take_tab(r, ranges, n);

    if (t != NULL) {
        r->state.sheet_seen_ms = s->tabs_wall_ms;
        return tape_play(t->tape, each, ctx, e);
    }
    if (s == NULL || s->tabs_refused || !r->feed.tab_assumed) {
        return read_alone(r, ranges, n, each, ctx, e);
    }
    return read_along(r, ranges, n, each, ctx, e);
}

/* ---- the gate ---- */

const char *shared_drive_version(const struct run *r)
{
    const struct run_shared *s = r->env->shared;

    return s != NULL && s->drive_version[0] != '\0' &&
                   clock_mono_ms() - s->drive_ms <= SHARED_AGE_MS
               ? s->drive_version
               : NULL;
}

void shared_keep_version(struct run *r, const char *version)
{
    struct run_shared *s = r->env->shared;

    if (s != NULL) {
        (void)str_copy(s->drive_version, sizeof s->drive_version, version);
        s->drive_ms = clock_mono_ms();
    }
}
