/*
 * budget.h: keeps the scheduled runs within [airtable] monthly_budget: how the month stands for
 * each Airtable account, and how far the schedules of its syncs are stretched (model/pace.h). The
 * bound itself is kept by remote/governor for each call; this keeps the runs from ever meeting it.
 */
#ifndef ENGINE_BUDGET_H
#define ENGINE_BUDGET_H

#include "base/mem.h"
#include "engine/schedule.h"
#include "model/pace.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>

struct budget_account {
    const char *counter;     /* of the month, as in UsageMonth */
    const char *name;        /* for people */
    struct pace_month month; /* budget 0: none is set */
    struct pace_forecast forecast;
    size_t n_syncs; /* scheduled ones */
};

struct budget_sync {
    size_t account; /* BUDGET_NONE: its user has no Airtable connection */
    struct pace_sync pace;
};
#define BUDGET_NONE SIZE_MAX

struct budget { /* all in the arena */
    struct budget_account *accounts;
    size_t n_accounts;
    struct budget_sync *syncs; /* one per sync of the schedule */
};

/* How the month stands; changes nothing. Sync i runs or does not as skip[i] says (paused; NULL: all
 * run). */
enum bs_rc budget_read(struct store *s, int64_t monthly_budget, const struct schedule *sched,
                       const bool *skip, int64_t now_ms, struct arena *a, struct budget *out,
                       struct bs_err *e) BS_MUST_CHECK;
/* Stretches the schedule accordingly. */
void budget_apply(const struct budget *b, struct schedule *sched, int64_t now_ms);
/* Of the syncs that are due now (indexes), those whose runs the budget still has room for, in their
 * order; gives their number. */
size_t budget_admit(const struct budget *b, size_t *due, size_t n);
/* True once per account and month, when its schedule is stretched for the first time. */
enum bs_rc budget_first_said(struct store *s, const struct budget_account *account, bool *first,
                             struct bs_err *e) BS_MUST_CHECK;

#endif
