/*
 * notify.h: telling people. What is to be told of each sync follows from how it stands
 * ("SyncConfig", open conflicts) and from what each way has told already ("NotifyState"): the
 * beginning of a trouble, its turn for the worse, its end, and a reminder while it lasts. A way
 * that fails has told nothing, so it is tried again the next time.
 */
#ifndef ENGINE_NOTIFY_H
#define ENGINE_NOTIFY_H

#include "base/clock.h"
#include "conf/conf.h"
#include "net/http.h"
#include "store/notify.h"
#include "store/syncs.h"

#include <stdbool.h>
#include <stddef.h>

enum notify_say { SAY_NOTHING, SAY_BEGAN, SAY_STILL, SAY_RECOVERED };

/* How a sync stands: `held` conflicts wait for a decision. *about: why it is in trouble. */
enum notify_state notify_state_of(const struct sync_config *sc, size_t held, enum bs_kind *about);
/* What a way that has told `told` has to say now. A trouble that gets lighter without having ended
 * is nothing new; one that needs a person for another reason is. repeat_ms 0: no reminders. */
enum notify_say notify_decide(const struct notify_row *told, enum notify_state state,
                              enum bs_kind about, int64_t now_ms, int64_t repeat_ms);

/* One message for one way. All text is in the arena. */
struct notice {
    enum notify_channel channel;
    const char *sync_id, *sync, *name; /* sync: the section's name */
    const char *status;                /* "failed", "person", "recovered", "test" */
    const char *title, *message;
    char time[CLOCK_TEXT_MAX];
    struct notify_row after; /* NotifyState once it is told */
};

/* True when [notify] names a way of this kind. */
bool notify_has(const struct conf *c, enum notify_channel channel);
/* What is to be told by now, of the active syncs that are not paused. */
enum bs_rc notify_due(struct store *s, const struct conf *c, int64_t now_ms, struct arena *a,
                      const struct notice **out, size_t *n, struct bs_err *e) BS_MUST_CHECK;
/* For trying a way. */
struct notice notify_test(enum notify_channel channel, int64_t now_ms);

/* What messages are sent with. */
struct notify_ways {
    const struct conf *conf;
    struct http *http;
    struct http_options http_options; /* for mail */
    const char *mail_password;        /* NULL: none */
};
/* Sends one message. BS_RETRY for what may pass, BS_STOP_SYNC for what a person has to mend. No
 * error text has the address in it, which may be as good as a password. */
enum bs_rc notify_send(const struct notify_ways *w, const struct notice *x,
                       struct bs_err *e) BS_MUST_CHECK;
/* GETs an address of a watchdog service. */
enum bs_rc notify_ping(const struct notify_ways *w, const char *url,
                       struct bs_err *e) BS_MUST_CHECK;

/* The template with {title}, {message}, {sync}, {name}, {status} and {time} filled in, escaped for
 * this type of body; anything else in braces stays. */
void notify_fill(const char *template, const char *content_type, const struct notice *x,
                 struct buf *out);
/* The message as RFC 5322 text, with CRLF. */
void notify_mail_text(const char *from, const char *to, const struct notice *x, int64_t now_ms,
                      struct buf *out);

#endif
