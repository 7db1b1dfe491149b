/* notify_send.c: see notify.h; the ways a message goes. */
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/str.h"
#include "engine/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HTTP_TIMEOUT_MS 30000
#define COMMAND_TIMEOUT_MS 30000
#define COMMAND_WORDS_MAX 64
#define ANSWER_MAX ((size_t)64 << 10)

/* ---- filling in ---- */

static const char *variable(const struct notice *x, const char *name, size_t len)
{
    const struct {
        const char *name, *value;
    } list[] = {
        {"title", x->title}, {"message", x->message}, {"sync", x->sync},
        {"name", x->name},   {"status", x->status},   {"time", x->time},
    };

    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        if (strlen(list[i].name) == len && strncmp(list[i].name, name, len) == 0) {
            return list[i].value;
        }
    }
    return NULL;
}

static void add_escaped(struct buf *out, const char *value, const char *content_type)
{
    struct buf quoted;

    if (strcasestr(content_type, "x-www-form-urlencoded")) {
        url_encode(out, value);
    } else if (strcasestr(content_type, "json")) {
        buf_init(&quoted, BUF_NO_LIMIT);
        json_quote(&quoted, value);
        buf_add(out, quoted.data + 1, quoted.len - 2); /* the template has the quotes */
        buf_release(&quoted);
    } else {
        buf_adds(out, value);
    }
}

void notify_fill(const char *template, const char *content_type, const struct notice *x,
                 struct buf *out)
{
    for (const char *p = template; *p; p++) {
        size_t len = *p == '{' ? strcspn(p + 1, "}") : 0;
        const char *value = *p == '{' && p[1 + len] == '}' ? variable(x, p + 1, len) : NULL;

        if (value) {
            add_escaped(out, value, content_type);
            p += len + 1;
        } else {
            buf_addc(out, *p);
        }
    }
}

/* ---- HTTP ---- */

/* What became of a request whose answer says nothing but its status. */
static enum bs_rc judge(const struct http_response *r, const char *key, struct bs_err *e)
{
    if (r->outcome != HTTP_ANSWERED) {
        return bs_fail(e, BS_RETRY, BS_K_NETWORK, "`%s` in [notify] was not reached: %s", key,
                       r->detail);
    }
    if (r->status / 100 != 2) {
        bool later = r->status == 429 || r->status >= 500;

        return bs_fail(e, later ? BS_RETRY : BS_STOP_SYNC, later ? BS_K_REMOTE : BS_K_CONFIG,
                       "the server of `%s` in [notify] answers %d", key, r->status);
    }
    return BS_OK;
}

static enum bs_rc perform(const struct notify_ways *w, struct http_request *q, const char *key,
                          struct bs_err *e)
{
    struct http_response r;
    enum bs_rc rc;

    q->timeout_ms = HTTP_TIMEOUT_MS;
    q->max_body = ANSWER_MAX;
    rc = http_perform(w->http, q, &r, e);
    if (rc == BS_OK) {
        rc = judge(&r, key, e);
        http_response_release(&r);
    }
    return rc;
}

static const char *content_type(const struct conf *c)
{
    const char *t = c->notify_template;

    if (c->notify_content_type && *c->notify_content_type) {
        return c->notify_content_type;
    }
    return t && (*t == '{' || *t == '[') ? "application/json" : "text/plain; charset=utf-8";
}

static enum bs_rc send_http(const struct notify_ways *w, const struct notice *x, struct bs_err *e)
{
    const struct conf *c = w->conf;
    bool own = c->notify_template && *c->notify_template;
    struct buf body;
    enum bs_rc rc;

    buf_init(&body, BUF_NO_LIMIT);
    notify_fill(own ? c->notify_template : "{title}\n{message}", content_type(c), x, &body);
    rc = perform(w,
                 &(struct http_request){.method = HTTP_POST,
                                        .url = c->notify_url,
                                        .content_type = content_type(c),
                                        .body = body.data,
                                        .body_len = body.len},
                 "url", e);
    buf_release(&body);
    return rc;
}

enum bs_rc notify_ping(const struct notify_ways *w, const char *url, struct bs_err *e)
{
    return perform(w, &(struct http_request){.method = HTTP_GET, .url = url}, "ping_...", e);
}

/* ---- a command ---- */

static enum bs_rc send_command(const struct notify_ways *w, const struct notice *x,
                               struct bs_err *e)
{
    /* The last ones open our secrets or speak for us to systemd: nobody else's matter. */
    const struct os_variable env[] = {
        {"BASESYNC_TITLE", x->title}, {"BASESYNC_MESSAGE", x->message}, {"BASESYNC_SYNC", x->sync},
        {"BASESYNC_NAME", x->name},   {"BASESYNC_STATUS", x->status},   {"BASESYNC_TIME", x->time},
        {"BASESYNC_KEY", NULL},       {"CREDENTIALS_DIRECTORY", NULL},  {"NOTIFY_SOCKET", NULL},
        {"WATCHDOG_USEC", NULL},
    };
    const char *argv[COMMAND_WORDS_MAX + 1] = {NULL};
    char *copy = bs_strdup(w->conf->notify_command), *rest = copy, *word;
    struct os_program p = {argv, env, sizeof env / sizeof *env, COMMAND_TIMEOUT_MS};
    size_t n = 0;
    enum bs_rc rc;

    while (n < COMMAND_WORDS_MAX && (word = strsep(&rest, " \t")) != NULL) {
        if (*word) {
            argv[n++] = word;
        }
    }
    rc = n > 0 ? os_run(&p, e)
               : bs_fail(e, BS_STOP_SYNC, BS_K_CONFIG, "`command` in [notify] names no program");
    free(copy);
    return rc == BS_OK ? rc : bs_wrap(e, "`command` in [notify]");
}

/* ---- mail ---- */

static enum bs_rc send_mail(const struct notify_ways *w, const struct notice *x, struct bs_err *e)
{
    const struct conf *c = w->conf;
    struct http_mail m = {c->mail_url,  c->mail_user, w->mail_password,
                          c->mail_from, c->mail_to,   NULL};
    struct buf text;
    enum bs_rc rc;

    if (!c->mail_from || !*c->mail_from || !c->mail_to || !*c->mail_to) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_CONFIG,
                       "`mail_url` in [notify] needs `mail_from` and `mail_to` beside it");
    }
    if (c->mail_user && *c->mail_user && !w->mail_password) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_CONFIG,
                       "the password of %s is not stored: run `basesync connect mail`",
                       c->mail_user);
    }
    buf_init(&text, BUF_NO_LIMIT);
    notify_mail_text(c->mail_from, c->mail_to, x, clock_wall_ms(), &text);
    m.message = text.data;
    rc = http_send_mail(&w->http_options, &m, e);
    buf_release(&text);
    return rc;
}

enum bs_rc notify_send(const struct notify_ways *w, const struct notice *x, struct bs_err *e)
{
    static enum bs_rc (*const send[NOTIFY_CHANNELS])(const struct notify_ways *,
                                                     const struct notice *, struct bs_err *) = {
        [NOTIFY_HTTP] = send_http, [NOTIFY_COMMAND] = send_command, [NOTIFY_MAIL] = send_mail};

    return send[x->channel](w, x, e);
}
