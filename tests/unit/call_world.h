/*
 * call_world.h: a database, an HTTP client and a server within the test that plays the services,
 * for the tests of remote/'s calls and tokens. The server answers from a list of canned answers,
 * one after the other.
 */
#ifndef TESTS_UNIT_CALL_WORLD_H
#define TESTS_UNIT_CALL_WORLD_H

#include "base/jsonw.h"
#include "base/os.h"
#include "base/str.h"
#include "http_server.h"
#include "remote/call.h"
#include "store_world.h"

#include <sys/random.h>
#include <time.h>

#define ANSWERS_MAX 64
#define LOGGED_MAX 256

enum say { SAY, HANG_UP, CUT, SLOWLY };

struct canned {
    int status;
    const char *body;
    const char *headers; /* NULL: none */
    enum say how;
};

struct logged {
    char method[8];
    char path[200];
    char bearer[200];
    char basic[200];
    char body[4000];
    int64_t at_ms;
    int nth; /* of its connection */
};

struct stage {
    struct world *w;
    struct server *server;
    struct http *http;
    struct endpoints ep;
    char url[80], token_url[100];
    /* under server->lock: */
    struct canned answers[ANSWERS_MAX]; /* used up in order; then the last one for ever */
    size_t n_answers, next;
    struct logged log[LOGGED_MAX];
    size_t n_log;
    /* Takes over when set. */
    bool (*custom)(struct stage *s, const struct server_request *r);
    void *custom_ctx;
};

/* A clock that runs as the real one does, but that sleeping moves on at once. */
static _Atomic int64_t clock_ahead_ms;
static _Atomic int64_t clock_slept_ms;

static int64_t jump_now(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 + clock_ahead_ms;
}

static int64_t jump_wall(void *ctx)
{
    (void)ctx;
    return jump_now(CLOCK_REALTIME);
}

static int64_t jump_mono(void *ctx)
{
    (void)ctx;
    return jump_now(CLOCK_MONOTONIC);
}

static void jump_sleep(void *ctx, int64_t ms)
{
    (void)ctx;
    clock_ahead_ms += ms;
    clock_slept_ms += ms;
}

static void jump_random(void *ctx, void *out, size_t len)
{
    (void)ctx;
    if (getrandom(out, len, 0) != (ssize_t)len) {
        abort();
    }
}

static const struct clock_ops jump_clock = {jump_wall, jump_mono, jump_sleep, jump_random, NULL};

static bool stage_say(const struct canned *c, const struct server_request *r)
{
    char head[300];

    switch (c->how) {
    case HANG_UP: return false;
    case CUT:
        snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n%s", c->status,
                 strlen(c->body) + 10, c->body);
        server_send(r->fd, head, strlen(head));
        return false;
    case SLOWLY: usleep(300000); break;
    case SAY: break;
    }
    return server_answer(r->fd, c->status, c->headers ? c->headers : "", c->body);
}

static bool stage_handle(void *ctx, const struct server_request *r)
{
    struct stage *s = ctx;
    struct canned c = {200, "{}", NULL, SAY};

    pthread_mutex_lock(&s->server->lock);
    if (s->n_log < LOGGED_MAX) {
        struct logged *l = &s->log[s->n_log++];
        char value[200];

        memset(l, 0, sizeof *l);
        snprintf(l->method, sizeof l->method, "%s", r->method);
        snprintf(l->path, sizeof l->path, "%.199s", r->path);
        snprintf(l->body, sizeof l->body, "%.3999s", r->body);
        if (server_header(r, "Authorization", value, sizeof value)) {
            snprintf(strncmp(value, "Basic", 5) == 0 ? l->basic : l->bearer, 200, "%s",
                     value + strcspn(value, " ") + 1);
        }
        l->at_ms = clock_mono_ms();
        l->nth = r->nth;
    }
    if (!s->custom && s->n_answers > 0) {
        c = s->answers[s->next < s->n_answers ? s->next : s->n_answers - 1];
        s->next++;
    }
    pthread_mutex_unlock(&s->server->lock);
    return s->custom ? s->custom(s, r) : stage_say(&c, r);
}

UNUSED_OK static void stage_answers(struct stage *s, const struct canned *list, size_t n)
{
    pthread_mutex_lock(&s->server->lock);
    memcpy(s->answers, list, n * sizeof *list);
    s->n_answers = n;
    s->next = 0;
    s->n_log = 0;
    pthread_mutex_unlock(&s->server->lock);
}

#define ANSWERS(s, ...)                                                                            \
    stage_answers(s, (const struct canned[]){__VA_ARGS__},                                         \
                  sizeof((const struct canned[]){__VA_ARGS__}) / sizeof(struct canned))

UNUSED_OK static int stage_new(void **state)
{
    struct stage *s = calloc(1, sizeof *s);
    struct http_options o = {.timeout_ms = 5000, .connect_timeout_ms = 2000, .max_in_flight = 8};
    struct world *w;
    void *inner = NULL;

    clock_set(&jump_clock);
    clock_slept_ms = 0;
    world_new(&inner);
    s->w = w = inner;
    s->server = server_start(stage_handle, s);
    OK(http_new(&o, &s->http, &w->e));
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", s->server->port);
    snprintf(s->token_url, sizeof s->token_url, "%s/token", s->url);
    s->ep = (struct endpoints){s->url, s->url, s->url, s->url, s->token_url, NULL, NULL};
    *state = s;
    return 0;
}

UNUSED_OK static int stage_end(void **state)
{
    struct stage *s = *state;
    void *inner = s->w;

    http_free(s->http);
    server_stop(s->server);
    world_end(&inner);
    free(s);
    clock_set(NULL);
    return 0;
}

/* The user's id. */
UNUSED_OK static const char *stage_user(struct stage *s)
{
    struct world *w = s->w;
    const char *id;

    OK(users_ensure(w->s, "default", NULL, w->a, &id, &w->e));
    return id;
}

UNUSED_OK static void stage_connect(struct stage *s, struct connection c)
{
    struct world *w = s->w;

    c.user_id = (char *)(uintptr_t)stage_user(s);
    OK(connection_put(w->s, &c, &w->e));
}

#define STAGE_TEXT(s) ((char *)(uintptr_t)(s))

UNUSED_OK static struct connection stage_personal(void)
{
    return (struct connection){.service = SERVICE_AIRTABLE,
                               .kind = CREDENTIAL_TOKEN,
                               .account = STAGE_TEXT("usrX"),
                               .secret = STAGE_TEXT("patSECRET"),
                               .quota_key = STAGE_TEXT("airtable:usrX")};
}

#endif
