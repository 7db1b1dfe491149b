/* status.c: see status.h. */
#include "app/status.h"

#include "base/clock.h"
#include "base/str.h"

#include <assert.h>

/* Without words: all syncs. */
static bool wanted(const struct app *app, const struct sync_config *sc)
{
    for (size_t i = 0; i < app->args->n_words; i++) {
        size_t at;

        if (app_find_sync(app, app->args->words[i], &at, &(struct bs_err)BS_ERR_INIT) == BS_OK &&
            str_eq(app->conf->syncs[at].slug, sc->slug)) {
            return true;
        }
    }
    return app->args->n_words == 0;
}

static enum bs_rc read_line(struct app *app, const struct sync_config *sc, int64_t now_ms,
                            struct status_line *l, struct bs_err *e)
{
    struct conflict *held;
    size_t open;
    enum bs_kind about;
    int64_t next;

    *l = (struct status_line){.sc = sc, .stretch = 1, .lag_ms = -1};
    if (conflicts_list(app->store, sc->slug, app->arena, &held, &l->held, e) != BS_OK ||
        conflicts_count(app->store, sc->id, &open, e) != BS_OK ||
        runlog_last(app->store, sc->id, &l->last, e) != BS_OK) {
        return e->rc;
    }
    l->state = notify_state_of(sc, open, &about);
    if (l->last.success_ms > 0) {
        l->lag_ms = now_ms > l->last.success_ms ? now_ms - l->last.success_ms : 0;
    }
    if (sc->is_active && !sc->is_paused && sc->next_sync_at &&
        clock_parse(sc->next_sync_at, &next) && next < now_ms) {
        l->late_ms = now_ms - next;
    }
    return BS_OK;
}

/* ---- the budget ---- */

static const struct sync_config *row_of(const struct sync_config *rows, size_t n, const char *slug)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(rows[i].slug, slug)) {
            return &rows[i];
        }
    }
    return NULL;
}

/* The schedule as serve has it. */
static enum bs_rc make_schedule(struct app *app, const struct sync_config *rows, size_t n,
                                int64_t now_ms, struct schedule **out, bool **paused,
                                struct bs_err *e)
{
    const struct conf *c = app->conf;
    struct sync_config *ordered = arena_alloc_n(app->arena, c->n_syncs + 1, sizeof *ordered);
    struct zone *zone = NULL;

    if (schedule_zone(c, &zone, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < c->n_syncs; i++) {
        const struct sync_config *row = row_of(rows, n, c->syncs[i].slug);

        ordered[i] = row ? *row : app->syncs[i];
    }
    *out = schedule_new(c, ordered, zone, now_ms);
    *paused = arena_alloc_n(app->arena, (*out)->n + 1, sizeof **paused);
    for (size_t i = 0; i < (*out)->n; i++) {
        const struct sync_config *row = row_of(rows, n, (*out)->syncs[i].slug);

        (*paused)[i] = row && row->is_paused;
    }
    return BS_OK;
}

static void set_budget(struct status *s, const struct schedule *sched)
{
    for (size_t i = 0; i < sched->n; i++) {
        const struct budget_sync *x = &s->budget.syncs[i];

        for (size_t k = 0; k < s->n; k++) {
            if (x->account != BUDGET_NONE && str_eq(s->lines[k].sc->id, sched->syncs[i].id)) {
                s->lines[k].stretch = x->pace.stretch;
                s->lines[k].account = &s->budget.accounts[x->account];
            }
        }
    }
}

static enum bs_rc read_budget(struct app *app, const struct sync_config *rows, size_t n,
                              int64_t now_ms, struct status *out, struct bs_err *e)
{
    struct schedule *sched = NULL;
    bool *paused = NULL;

    if (make_schedule(app, rows, n, now_ms, &sched, &paused, e) != BS_OK) {
        return e->rc;
    }
    assert(sched && paused);
    if (budget_read(app->store, app->conf->monthly_budget, sched, paused, now_ms, app->arena,
                    &out->budget, e) == BS_OK) {
        set_budget(out, sched);
    }
    schedule_free(sched);
    return e->rc;
}

enum bs_rc status_read(struct app *app, struct status *out, struct bs_err *e)
{
    int64_t now = clock_wall_ms();
    const struct sync_config *rows;
    size_t n, at;

    *out = (struct status){0};
    for (size_t i = 0; i < app->args->n_words; i++) {
        if (app_find_sync(app, app->args->words[i], &at, e) != BS_OK) {
            return e->rc;
        }
    }
    if (syncs_list(app->store, false, app->arena, &rows, &n, e) != BS_OK) {
        return e->rc;
    }
    out->lines = arena_alloc_n(app->arena, n + 1, sizeof *out->lines);
    for (size_t i = 0; i < n; i++) {
        if (!wanted(app, &rows[i])) {
            continue;
        }
        if (read_line(app, &rows[i], now, &out->lines[out->n], e) != BS_OK) {
            return e->rc;
        }
        out->n++;
    }
    return read_budget(app, rows, n, now, out, e);
}
