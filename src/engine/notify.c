/* notify.c: see notify.h; what is to be told. The sending is in notify_send.c. */
#include "engine/notify.h"

#include "base/str.h"
#include "store/runlog.h"

#include <stdio.h>
#include <stdlib.h>

#define HOUR_MS INT64_C(3600000)

/* Items that did not go through stay out until somebody corrects them; a setting does so too. */
static bool needs_person(enum bs_kind kind)
{
    return bs_kind_needs_person(kind) || kind == BS_K_CONFIG || kind == BS_K_VALIDATION ||
           kind == BS_K_LINKED;
}

enum notify_state notify_state_of(const struct sync_config *sc, size_t held, enum bs_kind *about)
{
    *about = sc->last_error_type ? bs_kind_of(sc->last_error_type)
             : held > 0          ? BS_K_CONFLICT
                                 : BS_K_NONE;
    if (*about == BS_K_NONE) {
        return NOTIFY_OK;
    }
    return needs_person(*about) ? NOTIFY_PERSON : NOTIFY_FAILED;
}

enum notify_say notify_decide(const struct notify_row *told, enum notify_state state,
                              enum bs_kind about, int64_t now_ms, int64_t repeat_ms)
{
    if (state == NOTIFY_OK) {
        return told->state == NOTIFY_OK ? SAY_NOTHING : SAY_RECOVERED;
    }
    if (state > told->state || (state == NOTIFY_PERSON && about != told->about)) {
        return SAY_BEGAN;
    }
    /* A clock that was set back must not silence the reminders. */
    if (repeat_ms > 0 && (now_ms - told->sent_ms >= repeat_ms || now_ms < told->sent_ms)) {
        return SAY_STILL;
    }
    return SAY_NOTHING;
}

/* ---- the words ---- */

static const char *format(struct arena *a, const char *fmt, ...) BS_PRINTF(2, 3);
static const char *format(struct arena *a, const char *fmt, ...)
{
    const char *text;
    struct buf b;
    va_list ap;

    buf_init(&b, BUF_NO_LIMIT);
    va_start(ap, fmt);
    buf_addv(&b, fmt, ap);
    va_end(ap);
    text = arena_strdup(a, b.data);
    buf_release(&b);
    return text;
}

static const char *title_of(struct arena *a, const char *name, enum notify_say say,
                            enum notify_state state)
{
    bool person = state == NOTIFY_PERSON;

    if (say == SAY_RECOVERED) {
        return format(a, "basesync: %s works again", name);
    }
    if (say == SAY_STILL) {
        return format(a, "basesync: %s still %s", name, person ? "needs you" : "fails");
    }
    return format(a, "basesync: %s %s", name, person ? "needs you" : "failed");
}

static const char *message_of(struct arena *a, const struct sync_config *sc, size_t held,
                              enum notify_say say, int64_t since_ms)
{
    char since[CLOCK_TEXT_MAX];

    clock_iso_text(since_ms, since);
    if (say == SAY_RECOVERED) {
        return format(a, "The last run was a success. The trouble was told at %s.", since);
    }
    if (sc->last_error) {
        return sc->last_error;
    }
    return format(a,
                  "%zu cell(s) were changed on both sides and wait for your decision: "
                  "`basesync conflicts --sync %s` lists them.",
                  held, sc->slug);
}

static struct notice make(struct arena *a, const struct sync_config *sc, size_t held,
                          enum notify_say say, const struct notify_row *told,
                          const struct notify_row *after, int64_t now_ms)
{
    struct notice x = {.sync_id = sc->id, .sync = sc->slug, .name = sc->name, .after = *after};

    x.status = say == SAY_RECOVERED            ? "recovered"
               : after->state == NOTIFY_PERSON ? "person"
                                               : "failed";
    x.title = title_of(a, sc->name, say, after->state);
    x.message = message_of(a, sc, held, say, told->since_ms);
    clock_iso_text(now_ms, x.time);
    return x;
}

struct notice notify_test(enum notify_channel channel, int64_t now_ms)
{
    struct notice x = {.channel = channel,
                       .sync = "test",
                       .name = "test",
                       .status = "test",
                       .title = "basesync: test",
                       .message = "If you can read this, basesync can tell you when a sync fails, "
                                  "needs you, or works again."};

    clock_iso_text(now_ms, x.time);
    return x;
}

/* ---- what is due ---- */

bool notify_has(const struct conf *c, enum notify_channel channel)
{
    const char *const keys[NOTIFY_CHANNELS] = {[NOTIFY_HTTP] = c->notify_url,
                                               [NOTIFY_COMMAND] = c->notify_command,
                                               [NOTIFY_MAIL] = c->mail_url};

    return keys[channel] && *keys[channel];
}

struct due_list {
    struct notice *items;
    size_t n;
    const struct conf *conf;
    int64_t now_ms;
    struct arena *arena;
};

static enum bs_rc add_due(struct store *s, struct due_list *l, const struct sync_config *sc,
                          size_t held, enum notify_channel channel, struct bs_err *e)
{
    const int64_t repeat_ms = l->conf->notify_repeat_h * HOUR_MS;
    struct notify_row told, after = {.state = NOTIFY_OK};
    enum notify_say say;

    if (notify_get(s, sc->id, channel, &told, e) != BS_OK) {
        return e->rc;
    }
    after.state = notify_state_of(sc, held, &after.about);
    after.sent_ms = l->now_ms;
    after.since_ms = told.state == NOTIFY_OK ? l->now_ms : told.since_ms;
    say = notify_decide(&told, after.state, after.about, l->now_ms, repeat_ms);
    if (say != SAY_NOTHING) {
        l->items[l->n] = make(l->arena, sc, held, say, &told, &after, l->now_ms);
        l->items[l->n++].channel = channel;
    }
    return BS_OK;
}

enum bs_rc notify_due(struct store *s, const struct conf *c, int64_t now_ms, struct arena *a,
                      const struct notice **out, size_t *n, struct bs_err *e)
{
    struct due_list l = {.conf = c, .now_ms = now_ms, .arena = a};
    const struct sync_config *rows;
    size_t n_rows;
    enum bs_rc rc = syncs_list(s, true, a, &rows, &n_rows, e);

    if (rc == BS_OK) {
        l.items = arena_alloc_n(a, n_rows * NOTIFY_CHANNELS + 1, sizeof *l.items);
    }
    for (size_t i = 0; rc == BS_OK && i < n_rows; i++) {
        size_t held = 0;

        if (rows[i].is_paused) {
            continue;
        }
        rc = conflicts_count(s, rows[i].id, &held, e);
        for (int k = 0; rc == BS_OK && k < NOTIFY_CHANNELS; k++) {
            if (notify_has(c, (enum notify_channel)k)) {
                rc = add_due(s, &l, &rows[i], held, (enum notify_channel)k, e);
            }
        }
    }
    *out = l.items;
    *n = l.n;
    return rc;
}
