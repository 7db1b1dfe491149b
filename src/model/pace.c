/* pace.c: see pace.h. */
#include "model/pace.h"

#include "base/clock.h"

#include <math.h>

#define MS_PER_DAY INT64_C(86400000)

struct pace_month pace_month_of(int64_t now_ms)
{
    struct pace_month m = {0};
    int year, month, day;

    civil_from_days(now_ms / MS_PER_DAY, &year, &month, &day);
    m.from_ms = civil_to_days(year, month, 1) * MS_PER_DAY;
    m.until_ms = civil_to_days(month == 12 ? year + 1 : year, month % 12 + 1, 1) * MS_PER_DAY;
    return m;
}

/* Calls from now to the month's end at the schedule's own pace. */
static double demand_of(const struct pace_sync *s, double left_ms)
{
    return s->period_ms > 0 ? left_ms / s->period_ms * s->calls : 0;
}

static double weight_of(const struct pace_sync *s)
{
    return 1 + (PACE_ACTIVE - 1) * s->activity;
}

/* What is available is shared out by weight; who would get more than he asks for keeps to his
 * schedule, and the others share what is left. stretch is 0 for those not decided yet. */
static void share(struct pace_sync *list, size_t n, double available, double left_ms)
{
    bool again = true;

    while (again) {
        double weighted = 0, rest = available, rate;

        for (size_t i = 0; i < n; i++) {
            if (list[i].stretch > 0) {
                rest -= demand_of(&list[i], left_ms);
            } else {
                weighted += weight_of(&list[i]) * demand_of(&list[i], left_ms);
            }
        }
        rate = weighted > 0 && rest > 0 ? rest / weighted : 0;
        again = false;
        for (size_t i = 0; i < n; i++) {
            if (list[i].stretch == 0 && rate * weight_of(&list[i]) >= 1) {
                list[i].stretch = 1;
                again = true;
            }
        }
        for (size_t i = 0; !again && i < n; i++) {
            if (list[i].stretch == 0) {
                list[i].stretch = rate > 0 ? 1 / (rate * weight_of(&list[i])) : INFINITY;
            }
        }
    }
}

struct pace_forecast pace_plan(const struct pace_month *m, struct pace_sync *list, size_t n,
                               int64_t now_ms)
{
    double left_ms = now_ms < m->until_ms ? (double)(m->until_ms - now_ms) : 0;
    double month_ms = (double)(m->until_ms - m->from_ms);
    double reserve = (double)m->budget * PACE_RESERVE * left_ms / month_ms;
    double available = (double)(m->budget - m->used) - reserve, demand = 0;
    struct pace_forecast f = {0};

    for (size_t i = 0; i < n; i++) {
        demand += demand_of(&list[i], left_ms);
        list[i].stretch = 0;
    }
    f.scheduled = (double)m->used + demand;
    f.planned = f.scheduled;
    f.stretched = m->budget > 0 && demand > available;
    for (size_t i = 0; i < n && !f.stretched; i++) {
        list[i].stretch = 1;
    }
    if (f.stretched) {
        share(list, n, available, left_ms);
        f.planned = (double)m->used + (available > 0 ? available : 0);
        for (size_t i = 0; i < n; i++) {
            /* A run that would be cut off in the middle is not begun. */
            if (list[i].calls > (double)(m->budget - m->used)) {
                list[i].stretch = INFINITY;
            }
        }
    }
    return f;
}
