/*
 * status.h: how each sync stands, gathered for `basesync status` in its three forms.
 */
#ifndef APP_STATUS_H
#define APP_STATUS_H

#include "app/context.h"
#include "engine/budget.h"
#include "engine/notify.h"
#include "store/runlog.h"

struct status_line {
    const struct sync_config *sc;
    size_t held; /* conflicts that wait for a decision or for the run that carries it out */
    struct run_last last;
    int64_t lag_ms;  /* since both sides were last in step; -1: they never were */
    int64_t late_ms; /* since the run that is due was due */
    enum notify_state state;
    double stretch;                       /* of the schedule, by the budget; 1: none */
    const struct budget_account *account; /* NULL: none, or the sync is switched off */
};

struct status {
    struct status_line *lines;
    size_t n;
    struct budget budget;
};

/* The syncs that the command's words name, or all, switched off ones too; in the command's arena.
 */
enum bs_rc status_read(struct app *app, struct status *out, struct bs_err *e) BS_MUST_CHECK;
/* Text format of Prometheus, version 0.0.4. */
void status_prometheus(const struct status *s, struct buf *out);

#endif
