/*
 * feed_hook.c: the webhook's life: made once for a base and a credential, shared by all its syncs,
 * kept alive by being read, made anew when it has ended. What hinders it never hinders the sync:
 * the run is a full one then, and says so once.
 */
#include "base/clock.h"
#include "base/fail.h"
#include "base/str.h"
#include "engine/run_p.h"

#include <string.h>

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)
/* Payloads and an unread hook live for seven days. */
#define FRESH_MS (6 * DAY_MS)
/* A webhook that is not allowed is asked for again after a day, one that fails after minutes. */
#define REFUSED_MS DAY_MS
#define FAILING_MS ((int64_t)15 * 60 * 1000)
/* Around the moment at which a hook without an answer was asked for: clocks differ. */
#define MADE_MARGIN_MS ((int64_t)15 * 60 * 1000)
#define HOOK_LIFE_MS (7 * DAY_MS)

static enum bs_rc set_hook(struct run *r, const struct feed_hook *h, struct bs_err *e)
{
    return feed_hook_set(r->env->store, r->sc->user_id, r->cs->base, h, clock_wall_ms(), e);
}

/* Neither the process nor the service as a whole is at fault: the listing that follows would meet
 * those just the same, and has the words for them. A feed that has never worked is not waited for
 * again and again. */
static bool is_about_the_feed(const struct bs_err *e, enum feed_hook_state state)
{
    switch (e->kind) {
    case BS_K_PERMISSION:
    case BS_K_SCHEMA:
    case BS_K_VALIDATION:
    case BS_K_REMOTE: return true;
    case BS_K_QUOTA: return e->http != 429; /* ten webhooks, not the month's calls */
    case BS_K_NETWORK: return e->http != 0 || state != FEED_ACTIVE;
    default: return false;
    }
}

/* No feed for some time; said once. A hook that may have been made is not forgotten. */
static enum bs_rc do_without(struct run *r, const struct bs_err *why, struct bs_err *e)
{
    bool passing = why->kind == BS_K_NETWORK || why->kind == BS_K_REMOTE;
    struct feed_hook h;

    if (r->opt->dry_run) {
        return BS_OK;
    }
    if (feed_hook_get(r->env->store, r->sc->user_id, r->cs->base, r->arena, &h, e) != BS_OK) {
        return e->rc;
    }
    if (!str_eq(h.reason, why->msg)) {
        r->feed.trouble = arena_strdup(r->arena, why->msg);
        r->feed.trouble_kind = why->kind;
    }
    if (!passing || h.state == FEED_NONE) {
        h.state = FEED_REFUSED;
        h.id = NULL;
    }
    h.reason = arena_strdup(r->arena, why->msg);
    h.retry_ms = clock_wall_ms() + (passing ? FAILING_MS : REFUSED_MS);
    return set_hook(r, &h, e);
}

/* ---- making one ---- */

/* The hook that an unanswered request of ours has made: like ours, never read since. */
static const struct airtable_hook *find_lost(const struct airtable_hook *list, size_t n,
                                             int64_t asked_ms)
{
    for (size_t i = 0; i < n; i++) {
        int64_t made = list[i].expires_ms - HOOK_LIFE_MS;

        if (list[i].like_ours && list[i].enabled && made >= asked_ms - MADE_MARGIN_MS &&
            made <= asked_ms + MADE_MARGIN_MS) {
            return &list[i];
        }
    }
    return NULL;
}

/* A hook that this sync has never read says nothing of what was before it. */
static enum bs_rc adopt(struct run *r, const char *id, int64_t cursor, struct bs_err *e)
{
    struct feed_hook h = {.state = FEED_ACTIVE, .id = id};

    r->feed.delta = r->feed.gather = false;
    r->feed.hook_id = id;
    r->feed.last_cursor = cursor;
    return set_hook(r, &h, e);
}

/* Fails with the service's error, or the database's. */
static enum bs_rc make(struct run *r, const struct feed_hook *known, struct bs_err *e)
{
    struct feed_hook making = {.state = FEED_MAKING, .reason = known->reason};
    const struct airtable_hook *list = NULL, *lost = NULL;
    char id[AIRTABLE_HOOK_ID_MAX];
    size_t n = 0;

    if (known->state == FEED_MAKING) {
        if (airtable_hooks(r->at, r->arena, &list, &n, e) != BS_OK) {
            return e->rc;
        }
        lost = find_lost(list, n, known->changed_ms);
    }
    if (lost != NULL) {
        return adopt(r, lost->id, 1, e);
    }
    if (set_hook(r, &making, e) != BS_OK) {
        return e->rc;
    }
    FAIL_POINT("feed.make");
    if (airtable_hook_create(r->at, id, e) != BS_OK) {
        return e->rc;
    }
    FAIL_POINT("feed.made");
    return adopt(r, arena_strdup(r->arena, id), 1, e);
}

/* ---- one that is there ---- */

enum hook_look { HOOK_READ, HOOK_ENDED, HOOK_AWAY };

/* Where the feed stands now, by the list of hooks. The last payloads are read all the same: they
 * tell whether it has come to its end, which the list does not. */
static enum bs_rc look_in_list(struct run *r, enum hook_look *look, struct bs_err *e)
{
    struct run_feed *f = &r->feed;
    const struct airtable_hook *list = NULL;
    int64_t now = call_server_ms(r->at_caller);
    size_t n = 0;

    if (airtable_hooks(r->at, r->arena, &list, &n, e) != BS_OK) {
        return e->rc;
    }
    *look = HOOK_AWAY;
    for (size_t i = 0; i < n; i++) {
        if (!str_eq(list[i].id, f->hook_id)) {
            continue;
        }
        if (!list[i].enabled || (list[i].expires_ms != 0 && list[i].expires_ms <= now)) {
            *look = HOOK_ENDED;
            return BS_OK;
        }
        *look = HOOK_READ;
        return run_feed_read(
            r, list[i].cursor > AIRTABLE_PAYLOADS ? list[i].cursor - AIRTABLE_PAYLOADS : 1, e);
    }
    return BS_OK;
}

bool run_feed_cursor_holds(const struct feed_state *was, const char *hook_id)
{
    int64_t age = was == NULL ? 0 : clock_wall_ms() - was->cursor_ms;

    return was != NULL && was->cursor >= 1 && str_eq(was->hook_id, hook_id) && age >= -DAY_MS &&
           age < FRESH_MS;
}

/* Reads from the sync's own cursor, or, when that leads nowhere, from where the feed stands now. */
static enum bs_rc read_on(struct run *r, enum hook_look *look, struct bs_err *e)
{
    struct run_feed *f = &r->feed;
    enum bs_rc rc = BS_SKIP;

    *look = HOOK_READ;
    if (run_feed_cursor_holds(f->was, f->hook_id)) {
        rc = run_feed_look(r, f->was->cursor, e);
        if (rc != BS_OK && e->http == 404) {
            bs_err_clear(e);
            *look = HOOK_AWAY;
            return BS_OK;
        }
    }
    if (rc == BS_SKIP || (rc != BS_OK && e->kind == BS_K_REMOTE && e->http < 500)) {
        bs_err_clear(e); /* a flood, a cursor that is none, one too old, or none at all */
        f->delta = f->gather = false;
        rc = look_in_list(r, look, e);
    }
    if (rc == BS_OK && f->broken) {
        *look = HOOK_ENDED;
    }
    return rc;
}

static enum bs_rc use(struct run *r, const struct feed_hook *known, struct bs_err *e)
{
    struct run_feed *f = &r->feed;
    enum hook_look look;

    f->hook_id = known->id;
    if (read_on(r, &look, e) != BS_OK) {
        return e->rc;
    }
    if (look == HOOK_READ) {
        return BS_OK;
    }
    f->delta = false;
    f->broken = false;
    if (r->opt->dry_run) {
        f->hook_id = NULL;
        return BS_OK;
    }
    if (look == HOOK_ENDED && airtable_hook_delete(r->at, known->id, e) != BS_OK) {
        return e->rc;
    }
    return make(r, &(struct feed_hook){.reason = known->reason}, e);
}

enum bs_rc run_feed_follow(struct run *r, struct bs_err *e)
{
    struct run_feed *f = &r->feed;
    struct feed_hook known;
    struct bs_err why = BS_ERR_INIT;
    int64_t now = clock_wall_ms();
    enum bs_rc rc;

    if (feed_hook_get(r->env->store, r->sc->user_id, r->cs->base, r->arena, &known, e) != BS_OK) {
        return e->rc;
    }
    if ((known.retry_ms > now && known.retry_ms <= now + REFUSED_MS && !known.other_credential) ||
        (known.state != FEED_ACTIVE && r->opt->dry_run)) {
        f->delta = false;
        return BS_OK;
    }
    rc = known.state == FEED_ACTIVE ? use(r, &known, &why) : make(r, &known, &why);
    if (rc == BS_OK && f->hook_id != NULL) {
        f->cursor = f->last_cursor;
        f->cursor_ms = now;
        return BS_OK;
    }
    f->delta = false;
    f->hook_id = NULL;
    /* A credential that is refused here is refused everywhere: nobody is asked again. */
    if (rc == BS_STOP_ALL || (rc != BS_OK && why.kind == BS_K_OAUTH)) {
        *e = why;
        return rc;
    }
    return rc != BS_OK && is_about_the_feed(&why, known.state) ? do_without(r, &why, e) : BS_OK;
}
