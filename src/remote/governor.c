/* governor.c: see governor.h. */
#include "remote/governor.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Requests that leave a second apart may arrive a little closer together. */
#define SECOND_MS 1060
/* Several processes may share these, each with handshakes of its own to delay it. */
#define MINUTE_MS 61500
#define BUCKETS_MAX 2
#define NAME_MAX_LEN 320
#define KEY_MAX 40
#define DEPARTED_MAX 256
#define CONNECTING_POLL_MS 20
/* What leaves later than this after its reservation is worth telling. */
#define LATE_MS 15

/* A request that has ended. */
struct departed {
    char base[KEY_MAX];
    int64_t sent_ms;
};

struct governor {
    struct store *store;
    struct auth *auth;
    struct call_limits limits;
    struct departure *airborne;
    struct departed departed[DEPARTED_MAX]; /* the last ones, a ring */
    size_t next;
    int64_t reserved_mono, reserved_wall; /* of the last governor_take */
};

struct governor *governor_new(struct store *store, struct auth *auth,
                              const struct call_limits *limits)
{
    struct governor *g = bs_alloc(sizeof *g);

    g->store = store;
    g->auth = auth;
    g->limits = *limits;
    return g;
}

void governor_free(struct governor *g)
{
    free(g);
}

/* ---- shared buckets ---- */

struct buckets {
    char names[BUCKETS_MAX][NAME_MAX_LEN];
    struct bucket list[BUCKETS_MAX];
    size_t n;
};

static void add(struct buckets *b, const char *kind, const char *key, int limit, int64_t period_ms)
{
    snprintf(b->names[b->n], NAME_MAX_LEN, "%s:%s", kind, key);
    b->list[b->n] = (struct bucket){b->names[b->n], (uint32_t)(limit > 0 ? limit : 1), period_ms};
    b->n++;
}

/* The first is the one that a 429 speaks of. */
static void buckets_of(const struct governor *g, const struct call *call, struct buckets *b)
{
    const char *account = auth_quota_key(g->auth), *project = auth_project(g->auth);

    b->n = 0;
    if (call->service == ON_AIRTABLE) {
        if (call->base_id) {
            add(b, "airtable", call->base_id, g->limits.airtable_rps, SECOND_MS);
        }
        add(b, "airtable-token", account, AIRTABLE_TOKEN_RPS, SECOND_MS);
    } else if (call->service == ON_SHEETS) {
        bool write = call->google_write;

        add(b, write ? "google-write" : "google-read", account,
            write ? g->limits.google_writes : g->limits.google_reads, MINUTE_MS);
        if (project[0]) {
            add(b, write ? "google-write-project" : "google-read-project", project,
                GOOGLE_PROJECT_PER_MINUTE, MINUTE_MS);
        }
    }
}

enum bs_rc governor_penalty(struct governor *g, const struct call *call, int64_t ms,
                            struct bs_err *e)
{
    struct buckets b;

    buckets_of(g, call, &b);
    return b.n > 0 ? usage_penalty(g->store, b.names[0], clock_wall_ms(), ms, e) : BS_OK;
}

/* ---- when requests really left ---- */

void governor_left(struct governor *g, struct departure *d, const struct call *call)
{
    d->call = call;
    d->sent_ms = 0;
    d->reserved_mono = g->reserved_mono;
    d->reserved_wall = g->reserved_wall;
    d->told = !call->base_id; /* a second is short, Google's minute is not */
    d->next = g->airborne;
    g->airborne = d;
}

void governor_landed(struct governor *g, struct departure *d)
{
    struct departure **p = &g->airborne;

    while (*p && *p != d) {
        p = &(*p)->next;
    }
    if (!*p) {
        return;
    }
    *p = d->next;
    if (d->sent_ms > 0 && d->call->base_id) {
        struct departed *end = &g->departed[g->next++ % DEPARTED_MAX];

        (void)str_copy(end->base, sizeof end->base, d->call->base_id);
        end->sent_ms = d->sent_ms;
    }
}

enum bs_rc governor_tell(struct governor *g, bool *connecting, struct bs_err *e)
{
    struct buckets b;
    enum bs_rc rc = BS_OK;

    *connecting = false;
    for (struct departure *d = g->airborne; d && rc == BS_OK; d = d->next) {
        int64_t late = d->sent_ms - d->reserved_mono;

        if (d->told) {
            continue;
        }
        d->told = d->sent_ms != 0;
        *connecting = *connecting || !d->told;
        if (d->told && late > LATE_MS) {
            buckets_of(g, d->call, &b);
            rc = usage_left(g->store, b.list, b.n, d->reserved_wall, d->reserved_wall + late, e);
        }
    }
    return rc;
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x < y) - (x > y); /* the latest first */
}

/* How long until fewer than the limit have left for this base within a second. */
static int64_t wait_for_departures(const struct governor *g, const struct call *call)
{
    int64_t times[DEPARTED_MAX + CALL_IN_FLIGHT * 4], now = clock_mono_ms();
    size_t n = 0, limit = (size_t)(g->limits.airtable_rps > 0 ? g->limits.airtable_rps : 1);
    const size_t room = sizeof times / sizeof times[0];

    if (call->service != ON_AIRTABLE || !call->base_id) {
        return 0;
    }
    for (const struct departure *d = g->airborne; d && n < room; d = d->next) {
        if (str_eq(d->call->base_id, call->base_id)) {
            times[n++] = d->sent_ms ? d->sent_ms : INT64_MAX;
        }
    }
    for (size_t i = 0; i < DEPARTED_MAX && n < room; i++) {
        if (g->departed[i].sent_ms > now - SECOND_MS &&
            str_eq(g->departed[i].base, call->base_id)) {
            times[n++] = g->departed[i].sent_ms;
        }
    }
    if (n < limit) {
        return 0;
    }
    qsort(times, n, sizeof times[0], by_time);
    if (times[limit - 1] == INT64_MAX) {
        return CONNECTING_POLL_MS; /* nobody knows yet */
    }
    return times[limit - 1] + SECOND_MS > now ? times[limit - 1] + SECOND_MS - now : 0;
}

/* ---- the month ---- */

/* A request whose answer was lost is counted by the service as well. Who tries a credential that is
 * not stored yet counts for himself: its account is not known before the first answer. */
static enum bs_rc count_month(struct governor *g, struct bs_err *e)
{
    char counter[CALL_COUNTER_MAX];
    bool spent = false;
    enum bs_rc rc;

    if (!auth_is_stored(g->auth)) {
        return BS_OK;
    }
    call_month_counter(auth_quota_key(g->auth), counter);
    rc = usage_spend(g->store, counter, clock_wall_ms(), g->limits.monthly_budget, &spent, e);
    if (rc == BS_OK && !spent) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_QUOTA,
                       "the month's budget of %lld Airtable calls is used up: it begins anew next "
                       "month; or raise monthly_budget in [airtable]",
                       (long long)g->limits.monthly_budget);
    }
    return rc;
}

enum bs_rc governor_take(struct governor *g, const struct call *call, int64_t *wait_ms,
                         struct bs_err *e)
{
    struct buckets b;
    enum bs_rc rc = BS_OK;

    *wait_ms = wait_for_departures(g, call);
    if (*wait_ms > 0) {
        return BS_OK;
    }
    buckets_of(g, call, &b);
    g->reserved_wall = clock_wall_ms();
    g->reserved_mono = clock_mono_ms();
    if (b.n > 0) {
        rc = usage_take(g->store, b.list, b.n, g->reserved_wall, wait_ms, e);
    }
    if (rc == BS_OK && *wait_ms == 0 && call->service == ON_AIRTABLE) {
        rc = count_month(g, e);
    }
    return rc;
}
