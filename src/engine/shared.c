/* shared.c: see shared.h: leases that are passed on, and the change feed's answer. */
#include "base/clock.h"
#include "base/str.h"
#include "engine/connect_p.h"
#include "engine/shared_p.h"
#include "store/lease.h"

#include <stdlib.h>
#include <string.h>

struct run_shared *run_shared_new(void)
{
    return bs_alloc(sizeof(struct run_shared));
}

void run_shared_add(struct run_shared *s, const struct conf_sync *cs, const struct sync_config *sc)
{
    s->syncs = bs_grow(s->syncs, s->n, &s->cap, sizeof *s->syncs);
    s->syncs[s->n++] = (struct shared_sync){cs, sc};
}

static void forget_feed(struct run_shared *s)
{
    json_free(s->feed);
    free(s->feed_hook);
    s->feed = NULL;
    s->feed_hook = NULL;
}

void run_shared_free(struct run_shared *s, struct store *store)
{
    if (s == NULL) {
        return;
    }
    shared_let_go(s, store);
    arena_free(s->tabs_arena);
    free(s->syncs);
    free(s);
}

size_t shared_self(const struct run *r)
{
    const struct run_shared *s = r->env->shared;
    size_t at = 0;

    while (at < s->n && s->syncs[at].sc != r->sc) {
        at++;
    }
    return at;
}

/* ---- leases ---- */

void shared_taken(struct run_shared *s)
{
    if (s != NULL) {
        memset(s->held, 0, sizeof s->held);
    }
}

void shared_let_go(struct run_shared *s, struct store *store)
{
    for (size_t i = 0; s != NULL && i < SHARED_LEASES; i++) {
        const char *name = s->held[i];

        if (name[0] != '\0') {
            lease_release(store, &name, 1);
        }
    }
    if (s != NULL) {
        shared_taken(s);
        forget_feed(s);
        shared_forget_tabs(s);
    }
}

static bool keeps(struct run_shared *s, size_t slot, const char *lease, bool wanted)
{
    return wanted && str_copy(s->held[slot], sizeof s->held[slot], lease);
}

void shared_pass_on(struct run *r, const char *const *leases, size_t n)
{
    struct run_shared *s = r->env->shared;
    size_t next = s == NULL ? 0 : shared_self(r) + 1;
    const struct conf_sync *cs = s != NULL && next < s->n ? s->syncs[next].cs : NULL;
    bool same_base = cs != NULL && str_eq(cs->base, r->cs->base);
    bool same_sheet = cs != NULL && str_eq(cs->spreadsheet, r->cs->spreadsheet);

    for (size_t i = 0; i < n; i++) {
        bool wanted = str_starts(leases[i], "base:") ? same_base : same_sheet;

        if (s == NULL || i >= SHARED_LEASES || !keeps(s, i, leases[i], wanted)) {
            lease_release(r->env->store, &leases[i], 1);
        }
    }
    if (s != NULL && (!same_base || run_wrote(r->at_caller))) {
        forget_feed(s);
    }
    if (s != NULL && (!same_sheet || run_wrote(r->gs_caller))) {
        shared_forget_tabs(s);
        s->tabs_refused = s->tabs_refused && same_sheet;
    }
}

/* ---- the feed's answer ---- */

const struct json *shared_feed(struct run *r, int64_t cursor, int64_t *from)
{
    struct run_shared *s = r->env->shared;

    if (s == NULL || s->feed == NULL || !str_eq(s->feed_hook, r->feed.hook_id) ||
        clock_mono_ms() - s->feed_ms > SHARED_AGE_MS || s->feed_cursor > cursor ||
        json_int(json_get(s->feed, "cursor"), 0) < cursor) {
        return NULL;
    }
    *from = s->feed_cursor;
    return s->feed;
}

enum bs_rc shared_feed_from(struct run *r, int64_t cursor, int64_t *from, struct bs_err *e)
{
    const struct run_shared *s = r->env->shared;

    *from = cursor;
    for (size_t i = s == NULL ? 0 : shared_self(r) + 1; s != NULL && i < s->n; i++) {
        const struct feed_state *other = NULL;

        if (!str_eq(s->syncs[i].cs->base, r->cs->base)) {
            break; /* the lease ends there */
        }
        if (feed_state_get(r->env->store, s->syncs[i].sc->id, r->arena, &other, e) != BS_OK) {
            return e->rc;
        }
        if (run_feed_cursor_holds(other, r->feed.hook_id) && other->cursor < *from &&
            cursor - other->cursor < AIRTABLE_PAYLOADS) {
            *from = other->cursor;
        }
    }
    return BS_OK;
}

void shared_keep_feed(struct run *r, int64_t from, struct json *doc)
{
    struct run_shared *s = r->env->shared;

    if (s == NULL) {
        json_free(doc);
        return;
    }
    forget_feed(s);
    s->feed = doc;
    s->feed_hook = bs_strdup(r->feed.hook_id);
    s->feed_cursor = from;
    s->feed_ms = clock_mono_ms();
}
