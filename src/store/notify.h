/*
 * notify.h: "NotifyState": what each way of notification has told of a sync's trouble and not yet
 * of its end, so that a state is said once, when it begins, and again when it has ended.
 */
#ifndef STORE_NOTIFY_H
#define STORE_NOTIFY_H

#include "store/store.h"

enum notify_state { NOTIFY_OK, NOTIFY_FAILED, NOTIFY_PERSON };
enum notify_channel { NOTIFY_HTTP, NOTIFY_COMMAND, NOTIFY_MAIL, NOTIFY_CHANNELS };

struct notify_row {
    enum notify_state state; /* NOTIFY_OK: no trouble is told of; the rest is 0 */
    enum bs_kind about;
    int64_t since_ms; /* when the trouble was first told */
    int64_t sent_ms;  /* when it was told last */
};

/* "http", "command", "mail". */
const char *notify_channel_name(enum notify_channel c);

enum bs_rc notify_get(struct store *s, const char *sync_id, enum notify_channel c,
                      struct notify_row *out, struct bs_err *e) BS_MUST_CHECK;
/* NOTIFY_OK forgets the trouble. */
enum bs_rc notify_set(struct store *s, const char *sync_id, enum notify_channel c,
                      const struct notify_row *row, struct bs_err *e) BS_MUST_CHECK;

#endif
