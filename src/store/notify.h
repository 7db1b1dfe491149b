/*
 * notify.h: "NotifyState": what a person has been told of a sync, so that a state is said once,
 * when it begins, and again when it has ended.
 */
#ifndef STORE_NOTIFY_H
#define STORE_NOTIFY_H

#include "store/store.h"

enum notify_state { NOTIFY_OK, NOTIFY_FAILED, NOTIFY_PERSON };

struct notify_row {
    enum notify_state state;
    int64_t since_ms; /* when the sync came into this state */
    int64_t sent_ms;  /* when it was last said; 0: not yet */
};

/* A sync that was never heard of is NOTIFY_OK since 0. */
enum bs_rc notify_get(struct store *s, const char *sync_id, struct notify_row *out,
                      struct bs_err *e) BS_MUST_CHECK;
enum bs_rc notify_set(struct store *s, const char *sync_id, const struct notify_row *row,
                      struct bs_err *e) BS_MUST_CHECK;

#endif
