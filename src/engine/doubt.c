/*
 * doubt.c: what the sheet shows is not always what it holds. Reads right after a write may still
 * show the sheet of before (Sheets guarantees no reading of one's own writes): rows and cells that
 * this program wrote a moment ago and that are not there are looked at again once that moment is
 * over. And a row that is missing because a deletion of ours hit a row that had just moved there is
 * no row that somebody deleted: should the process end before it has put that row back, the next
 * run makes it again.
 */
#include "base/clock.h"
#include "base/os.h"
#include "base/str.h"
#include "engine/run_p.h"

#include <stdio.h>
#include <string.h>

#define FACT_WROTE "sheetWroteAt"
#define FACT_DELETES "rowDeletes"

/* ---- reads behind our own writes ---- */

enum bs_rc run_note_sheet_write(struct run *r, struct bs_err *e)
{
    char text[24];

    snprintf(text, sizeof text, "%lld", (long long)clock_wall_ms());
    return syncs_fact_set(r->env->store, r->sc->id, FACT_WROTE, text, e);
}

/* How long reads may still lag behind the last write; 0: no more. */
static enum bs_rc lag_left(const struct run *r, int64_t *left, struct bs_err *e)
{
    int64_t wrote, settle = (int64_t)r->env->conf->settle_s * 1000;
    const char *text = NULL;

    *left = 0;
    if (syncs_fact_get(r->env->store, r->sc->id, FACT_WROTE, r->arena, &text, e) != BS_OK) {
        return e->rc;
    }
    if (text != NULL && str_to_i64(text, 0, INT64_MAX, &wrote)) {
        int64_t age = clock_wall_ms() - wrote;

        *left = age >= 0 && age < settle ? settle - age : 0;
    }
    return BS_OK;
}

/* Is every row there as it was when it was last settled? */
static bool as_we_left_it(const struct run *r)
{
    for (size_t i = 0; i < r->state.n_pairs; i++) {
        const struct sync_pair *p = &r->state.pairs[i];
        uint32_t at = strmap_get(r->row_by_id, p->record_id);

        if ((p->flags & (PAIR_ROW_GONE | PAIR_UNDONE)) != 0) {
            continue;
        }
        if (at == STRMAP_NONE || p->raw == 0 || r->state.rows[at].raw != p->raw) {
            return false;
        }
    }
    return true;
}

static enum bs_rc look_later(int64_t ms, struct bs_err *e)
{
    bs_err_clear(e);
    os_wait(ms, -1);
    return os_stop_requested() ? bs_fail(e, BS_STOP_SYNC, BS_K_STATE, "stopped by a signal")
                               : bs_fail(e, BS_RETRY, BS_K_STATE, "waited for a late read");
}

enum bs_rc run_doubt_sheet(struct run *r, struct bs_err *e)
{
    int64_t left = 0;

    if (lag_left(r, &left, e) != BS_OK || left == 0 || as_we_left_it(r)) {
        return e->rc;
    }
    return look_later(left, e);
}

enum bs_rc run_doubt_drift(struct run *r, struct bs_err *e)
{
    struct bs_err why = BS_ERR_INIT;
    int64_t left = 0;

    if (e->kind != BS_K_SCHEMA || r->feed.delta) {
        return e->rc; /* a delta becomes a full run, which looks again at once */
    }
    if (lag_left(r, &left, &why) != BS_OK) {
        *e = why;
    }
    return left == 0 ? e->rc : look_later(left, e);
}

/* ---- rows that went by mistake ---- */

enum bs_rc run_note_row_deletes(struct run *r, const char *const *ids, size_t n, struct bs_err *e)
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    for (size_t i = 0; i < n; i++) {
        buf_addf(&b, " %s ", ids[i]);
    }
    bs_seen(syncs_fact_set(r->env->store, r->sc->id, FACT_DELETES, n > 0 ? b.data : NULL, e));
    buf_release(&b);
    return e->rc;
}

static bool was_to_go(const char *list, const char *id)
{
    struct buf b;
    bool found;

    buf_init(&b, BUF_NO_LIMIT);
    buf_addf(&b, " %s ", id);
    found = strstr(list, b.data) != NULL;
    buf_release(&b);
    return found;
}

enum bs_rc run_recover_rows(struct run *r, struct bs_err *e)
{
    const char *list = NULL;

    if (syncs_fact_get(r->env->store, r->sc->id, FACT_DELETES, r->arena, &list, e) != BS_OK) {
        return e->rc;
    }
    r->deletes_open = list != NULL;
    for (size_t i = 0; list != NULL && i < r->state.n_pairs; i++) {
        struct sync_pair *p = &r->state.pairs[i];

        if (strmap_get(r->row_by_id, p->record_id) != STRMAP_NONE ||
            (p->flags & PAIR_ROW_GONE) != 0 || was_to_go(list, p->record_id)) {
            continue;
        }
        /* Without bases the pair is no whole one, and what is left of it is not deleted. */
        memset(p->bases, 0, r->n_fields * sizeof *p->bases);
        run_issue(r, ISSUE_WARNING, BS_K_STATE, p->record_id, p->row_hint, SYNC_NONE,
                  "the row went while an earlier run deleted others; it is made again from its "
                  "record");
    }
    return BS_OK;
}

enum bs_rc run_close_deletes(struct run *r, struct bs_err *e)
{
    return r->deletes_open ? run_note_row_deletes(r, NULL, 0, e) : BS_OK;
}
