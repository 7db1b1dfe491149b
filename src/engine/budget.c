/* budget.c: see budget.h. */
#include "engine/budget.h"

#include "base/clock.h"
#include "base/str.h"
#include "remote/call.h"
#include "store/connections.h"
#include "store/runlog.h"
#include "store/usage.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAST_RUNS 20      /* that tell what the next one will cost */
#define CALLS_UNKNOWN 5.0 /* of a sync that has not run yet */
#define GAP_NEVER (INT64_MAX / 4)
#define SAID_PREFIX "stretchSaid:"

static void counter_of(const struct connection *c, char out[CALL_COUNTER_MAX])
{
    call_month_counter(c->quota_key && *c->quota_key ? c->quota_key : c->id, out);
}

static enum bs_rc add_account(struct store *s, struct budget *b, const struct connection *c,
                              int64_t monthly_budget, int64_t now_ms, struct arena *a,
                              struct bs_err *e)
{
    struct budget_account *x = &b->accounts[b->n_accounts];
    char counter[CALL_COUNTER_MAX];

    counter_of(c, counter);
    for (size_t i = 0; i < b->n_accounts; i++) {
        if (str_eq(b->accounts[i].counter, counter)) {
            return BS_OK; /* two users, one account */
        }
    }
    *x = (struct budget_account){.counter = arena_strdup(a, counter),
                                 .name = arena_strdup(a, c->account),
                                 .month = pace_month_of(now_ms)};
    x->month.budget = monthly_budget;
    b->n_accounts++;
    return usage_month(s, counter, now_ms, &x->month.used, e);
}

static size_t account_of(const struct budget *b, struct connection *const *list, size_t n,
                         const char *user_id)
{
    char counter[CALL_COUNTER_MAX];

    for (size_t i = 0; i < n; i++) {
        const struct connection *c = list[i];

        if (c->service != SERVICE_AIRTABLE || !str_eq(c->user_id, user_id)) {
            continue;
        }
        counter_of(c, counter);
        for (size_t k = 0; k < b->n_accounts; k++) {
            if (str_eq(b->accounts[k].counter, counter)) {
                return k;
            }
        }
    }
    return BUDGET_NONE;
}

static enum bs_rc fill_sync(struct store *s, struct budget *b, const struct schedule *sched,
                            size_t i, int64_t now_ms, struct bs_err *e)
{
    struct budget_sync *x = &b->syncs[i];
    struct run_average last;

    if (runlog_average(s, sched->syncs[i].id, LAST_RUNS, &last, e) != BS_OK) {
        return e->rc;
    }
    x->pace = (struct pace_sync){.period_ms = (double)schedule_period(sched, i, now_ms),
                                 .calls = last.runs > 0 ? last.airtable_calls : CALLS_UNKNOWN,
                                 .activity = last.changed,
                                 .stretch = 1};
    return BS_OK;
}

/* The syncs of one account, planned together. */
static void plan_account(struct budget *b, size_t account, size_t n_syncs, int64_t now_ms)
{
    struct pace_sync *list = bs_alloc_n(n_syncs + 1, sizeof *list);
    size_t n = 0;

    for (size_t i = 0; i < n_syncs; i++) {
        if (b->syncs[i].account == account) {
            list[n++] = b->syncs[i].pace;
        }
    }
    b->accounts[account].n_syncs = n;
    b->accounts[account].forecast = pace_plan(&b->accounts[account].month, list, n, now_ms);
    n = 0;
    for (size_t i = 0; i < n_syncs; i++) {
        if (b->syncs[i].account == account) {
            b->syncs[i].pace = list[n++];
        }
    }
    free(list);
}

enum bs_rc budget_read(struct store *s, int64_t monthly_budget, const struct schedule *sched,
                       const bool *skip, int64_t now_ms, struct arena *a, struct budget *out,
                       struct bs_err *e)
{
    struct connection **list;
    size_t n;

    *out = (struct budget){0};
    if (connections_list(s, &list, &n, e) != BS_OK) {
        return e->rc;
    }
    out->accounts = arena_alloc_n(a, n + 1, sizeof *out->accounts);
    out->syncs = arena_alloc_n(a, sched->n + 1, sizeof *out->syncs);
    for (size_t i = 0; e->rc == BS_OK && i < n; i++) {
        if (list[i]->service == SERVICE_AIRTABLE) {
            bs_seen(add_account(s, out, list[i], monthly_budget, now_ms, a, e));
        }
    }
    for (size_t i = 0; e->rc == BS_OK && i < sched->n; i++) {
        out->syncs[i].pace.stretch = 1;
        out->syncs[i].account =
            skip && skip[i] ? BUDGET_NONE : account_of(out, list, n, sched->syncs[i].user_id);
        if (out->syncs[i].account != BUDGET_NONE) {
            bs_seen(fill_sync(s, out, sched, i, now_ms, e));
        }
    }
    for (size_t i = 0; e->rc == BS_OK && i < out->n_accounts; i++) {
        plan_account(out, i, sched->n, now_ms);
    }
    connections_list_free(list, n);
    return e->rc;
}

void budget_apply(const struct budget *b, struct schedule *sched, int64_t now_ms)
{
    for (size_t i = 0; i < sched->n; i++) {
        const struct budget_sync *x = &b->syncs[i];
        double gap = x->pace.stretch * x->pace.period_ms;
        int64_t until = x->account == BUDGET_NONE ? 0 : b->accounts[x->account].month.until_ms;

        if (x->account == BUDGET_NONE || x->pace.stretch <= 1) {
            schedule_set_gap(sched, i, 0, until, now_ms);
        } else {
            schedule_set_gap(sched, i, gap < (double)GAP_NEVER ? (int64_t)gap : GAP_NEVER, until,
                             now_ms);
        }
    }
}

size_t budget_admit(const struct budget *b, size_t *due, size_t n)
{
    double *spent = bs_alloc_n(b->n_accounts + 1, sizeof *spent);
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        const struct budget_sync *x = &b->syncs[due[i]];
        const struct pace_month *m =
            x->account == BUDGET_NONE ? NULL : &b->accounts[x->account].month;
        double calls = ceil(x->pace.calls);

        if (m && m->budget > 0 && spent[x->account] + calls > (double)(m->budget - m->used)) {
            continue; /* cut off in the middle, it would be a failed run */
        }
        if (m) {
            spent[x->account] += calls;
        }
        due[kept++] = due[i];
    }
    free(spent);
    return kept;
}

enum bs_rc budget_first_said(struct store *s, const struct budget_account *account, bool *first,
                             struct bs_err *e)
{
    char name[sizeof SAID_PREFIX + CALL_COUNTER_MAX], month[CLOCK_TEXT_MAX];
    char *said = NULL;

    *first = false;
    snprintf(name, sizeof name, SAID_PREFIX "%s", account->counter);
    clock_sql_text(account->month.from_ms, month);
    if (store_meta_get(s, name, &said, e) != BS_OK) {
        return e->rc;
    }
    *first = !str_eq(said, month);
    free(said);
    return *first ? store_meta_set(s, name, month, e) : BS_OK;
}
