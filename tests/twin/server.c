/*
 * server.c: the socket side of the twin on libmicrohttpd: one TLS port, a thread per connection,
 * one lock around the state, all delays outside of it. A fault of the wire (cut, slow, truncated)
 * happens here.
 */
#include "core.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

/* Longest request: above the largest batch a client may send, far below what would hurt. */
#define MAX_BODY (64u << 20)
/* Room for one request line of more than the longest legal URL and its headers. */
#define CONNECTION_MEMORY (256u << 10)
#define LOGGED_BODY 4000
#define GZIP_FROM 200
#define HOLD_MS 30000

struct server {
    struct twin *t;
    struct MHD_Daemon *daemon;
    int port;
};

/* One request while its body comes in. */
struct call {
    char *uri; /* as sent: path and query */
    struct tbuf body;
    struct timespec begun;
    bool started;
    bool too_big;
};

/* A body on its way out. */
struct stream {
    char *data;
    size_t len;
    size_t cut; /* the connection is lost after so many bytes */
    int slow_ms;
    size_t slow_bytes;
};

/* What became of a request; goes to the log. */
struct outcome {
    struct twin_req req;
    struct twin_class cls;
    struct twin_res res;
    struct fault_hit hit;
    struct timespec begun;
    const char *url;
    bool dropped;
    size_t bytes_out;
};

static void sleep_ms(int64_t ms)
{
    if (ms <= 0)
        return;
    struct timespec ts = {ms / 1000, (long)(ms % 1000) * 1000000L};
    while (nanosleep(&ts, &ts) < 0 && errno == EINTR)
        continue;
}

static double ms_since(const struct timespec *from)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - from->tv_sec) * 1e3 + (double)(now.tv_nsec - from->tv_nsec) / 1e6;
}

/* ---- sending ---- */

static ssize_t stream_read(void *cls, uint64_t pos, char *buf, size_t max)
{
    struct stream *s = cls;
    if (pos >= s->cut)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (pos >= s->len)
        return MHD_CONTENT_READER_END_OF_STREAM;
    size_t n = (s->cut < s->len ? s->cut : s->len) - (size_t)pos;
    if (n > max)
        n = max;
    if (s->slow_ms) {
        sleep_ms(s->slow_ms);
        n = n > s->slow_bytes ? s->slow_bytes : n;
    }
    memcpy(buf, s->data + pos, n);
    return (ssize_t)n;
}

static void stream_free(void *cls)
{
    struct stream *s = cls;
    free(s->data);
    free(s);
}

static bool wants_gzip(struct MHD_Connection *c)
{
    const char *v = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Accept-Encoding");
    return v && strstr(v, "gzip");
}

static void gzip_body(struct twin_res *res)
{
    z_stream z = {0};
    if (deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    uLong room = deflateBound(&z, res->body_len);
    unsigned char *out = tw_alloc(room);
    z.next_in = (unsigned char *)res->body;
    z.avail_in = (uInt)res->body_len;
    z.next_out = out;
    z.avail_out = (uInt)room;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort();
    free(res->body);
    res->body = (char *)out;
    res->body_len = z.total_out;
    deflateEnd(&z);
}

static struct stream *stream_new(struct outcome *o)
{
    struct stream *s = tw_alloc(sizeof *s);
    const cJSON *slow = fault_find(&o->hit, "slow");
    s->data = o->res.body ? o->res.body : tw_dup("");
    s->len = o->res.body_len;
    s->cut = SIZE_MAX;
    o->res.body = NULL;
    if (slow) {
        s->slow_ms = (int)tj_int(slow, "ms", 50);
        s->slow_bytes = (size_t)tj_int(slow, "bytes", 16);
    }
    if (fault_find(&o->hit, "cut_headers"))
        s->cut = 0;
    const cJSON *truncate = fault_find(&o->hit, "truncate");
    if (truncate)
        s->cut = (size_t)tj_int(truncate, "bytes", (int64_t)s->len / 2);
    return s;
}

static void add_headers(struct outcome *o, struct MHD_Response *r, bool gzip, size_t plain_len)
{
    char date[64];
    time_t now = (time_t)(o->req.now_ms / 1000);
    struct tm tm;
    gmtime_r(&now, &tm);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    MHD_add_response_header(r, "Date", date);
    bool airtable = strcmp(o->cls.service, "airtable") == 0;
    const char *type = o->res.content_type;
    if (!type)
        type = airtable ? "application/json; charset=utf-8" : "application/json; charset=UTF-8";
    if (o->res.body_len || o->res.content_type)
        MHD_add_response_header(r, "Content-Type", type);
    if (strcmp(o->cls.service, "google") == 0) {
        MHD_add_response_header(r, "Cache-Control", "private");
        MHD_add_response_header(r, "Vary", "Origin, X-Origin, Referer");
    } else if (airtable) {
        MHD_add_response_header(r, "Vary", "Accept-Encoding");
    }
    if (gzip) {
        MHD_add_response_header(r, "Content-Encoding", "gzip");
        char *len = tw_fmt("%zu", plain_len);
        if (airtable)
            MHD_add_response_header(r, "airtable-uncompressed-content-length", len);
        free(len);
    }
    for (size_t i = 0; i < o->res.n_headers; i++)
        MHD_add_response_header(r, o->res.headers[i].name, o->res.headers[i].value);
}

static enum MHD_Result send_answer(struct MHD_Connection *c, struct outcome *o)
{
    size_t plain_len = o->res.body_len;
    bool gzip = plain_len >= GZIP_FROM && wants_gzip(c) && strcmp(o->cls.service, "control") != 0;
    if (gzip)
        gzip_body(&o->res);
    o->bytes_out = o->res.body_len;
    size_t len = o->res.body_len;
    const cJSON *wrong = fault_find(&o->hit, "wrong_length");
    struct stream *s = stream_new(o);
    uint64_t declared = len;
    if (wrong) { /* more is promised than comes, or the text ends early and the length agrees */
        int64_t by = tj_int(wrong, "by", 10);
        declared = by < 0 && (uint64_t)-by >= len ? 0 : (uint64_t)((int64_t)len + by);
        s->cut = by > 0 ? len : SIZE_MAX;
        s->len = by < 0 ? (size_t)declared : len;
    } else if (strcmp(o->cls.service, "google") == 0 && len) {
        declared = MHD_SIZE_UNKNOWN; /* Google's answers come in chunks */
    }
    struct MHD_Response *r;
    if (declared == 0) {
        r = MHD_create_response_from_buffer(0, (char[1]){0}, MHD_RESPMEM_MUST_COPY);
        stream_free(s);
    } else {
        r = MHD_create_response_from_callback(declared, 32768, stream_read, s, stream_free);
    }
    add_headers(o, r, gzip, plain_len);
    enum MHD_Result ok = MHD_queue_response(c, (unsigned)o->res.status, r);
    MHD_destroy_response(r);
    return ok;
}

/* ---- one request ---- */

/* Waits until the client has hung up (or the time is over). */
static void wait_gone(struct MHD_Connection *c, int64_t max_ms)
{
    const union MHD_ConnectionInfo *i =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct pollfd p = {.fd = i ? i->connect_fd : -1, .events = POLLRDHUP};
    if (p.fd >= 0)
        poll(&p, 1, (int)max_ms);
}

static void set_reset(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *i =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct linger l = {1, 0};
    if (i)
        setsockopt(i->connect_fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
}

static void set_hint(struct outcome *o, struct twin *t)
{
    static const char *const hints[] = {"short_list", "repeat_page", "stale_read"};
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        const cJSON *f = fault_find(&o->hit, hints[i]);
        if (!f)
            continue;
        o->req.hint = hints[i];
        o->req.hint_ms = tj_int(f, "ms", 5000);
        if (strcmp(hints[i], "stale_read") == 0 && strcmp(o->cls.service, "google") == 0)
            sheets_set_stale(t->sheets, o->req.hint_ms, (int)tj_int(f, "writes", 1));
    }
}

/* Applies the request to the state, or refuses it. */
static void apply(struct twin *t, struct outcome *o)
{
    pthread_mutex_lock(&t->lock);
    o->req.now_ms = twin_now_ms(t);
    fault_person(t, &o->hit, "before");
    set_hint(o, t);
    if (!fault_refuse(t, &o->hit, &o->req, &o->cls, &o->res) &&
        !limits_check(t, &o->req, &o->cls, &o->res)) {
        twin_serve(t, &o->req, &o->cls, &o->res);
        fault_replace(t, &o->hit, &o->cls, &o->res);
    }
    fault_person(t, &o->hit, "after");
    pthread_mutex_unlock(&t->lock);
}

/* What the wire does before the request is carried out; true when the connection is lost. */
static bool wire_before(struct twin *t, struct MHD_Connection *c, struct outcome *o)
{
    static const char *const delays[] = {"delay", "delay_ms"};
    for (size_t i = 0; i < 2; i++) {
        const cJSON *delay = fault_find(&o->hit, delays[i]);
        if (delay)
            sleep_ms(tj_int(delay, "ms", 1000));
    }
    /* A request whose sender was killed is not carried out, unless the rule wants it to be. */
    bool killed = fault_kill(t, &o->hit, "before") &&
                  !tj_bool(fault_find(&o->hit, "kill_client"), "apply", false);
    const cJSON *hold = fault_find(&o->hit, "hold");
    if (hold)
        wait_gone(c, tj_int(hold, "max_ms", HOLD_MS));
    return killed || fault_find(&o->hit, "cut_before") || fault_find(&o->hit, "conn_reset");
}

static bool wants_reset(const struct fault_hit *hit)
{
    for (size_t i = 0; i < hit->n; i++)
        if (tj_bool(hit->fault[i], "rst", false))
            return true;
    return false;
}

static void note(struct twin *t, struct outcome *o)
{
    struct wire_entry e = {.seq = o->req.seq,
                           .at_ms = o->req.now_ms,
                           .method = tw_dup(o->req.method),
                           .url = tw_dup(o->url),
                           .kind = o->cls.kind,
                           .fault = fault_label(&o->hit),
                           .status = o->dropped ? 0 : o->res.status,
                           .bytes_in = o->req.body_len,
                           .bytes_out = o->dropped ? 0 : o->res.body_len,
                           .ms = ms_since(&o->begun)};
    size_t n = o->req.body_len < LOGGED_BODY ? o->req.body_len : LOGGED_BODY;
    e.body = n ? tw_ndup(o->req.body, n) : NULL;
    pthread_mutex_lock(&t->lock);
    e.account = tw_dup(auth_account(t->auth, &o->req));
    wirelog_add(t->log, &e);
    pthread_mutex_unlock(&t->lock);
}

static enum MHD_Result serve(struct twin *t, struct MHD_Connection *c, struct outcome *o,
                             bool reused)
{
    enum MHD_Result ok = MHD_NO;
    if (strcmp(o->cls.service, "control") == 0) {
        pthread_mutex_lock(&t->lock);
        o->req.now_ms = twin_now_ms(t);
        control_handle(t, &o->req, &o->res);
        pthread_mutex_unlock(&t->lock);
        return send_answer(c, o);
    }
    pthread_mutex_lock(&t->lock);
    o->req.now_ms = twin_now_ms(t);
    o->req.seq = ++t->seq;
    faults_match(t->faults, &o->req, o->cls.kind, reused, &o->hit);
    int latency = latency_ms(t->limits, &o->cls);
    pthread_mutex_unlock(&t->lock);

    sleep_ms(latency / 2);
    bool lost = wire_before(t, c, o);
    if (!lost) {
        apply(t, o);
        lost = fault_find(&o->hit, "cut_after") || fault_find(&o->hit, "hold");
    }
    sleep_ms(latency - latency / 2);
    o->dropped = lost || fault_find(&o->hit, "cut_headers") != NULL;
    note(t, o);
    fault_kill(t, &o->hit, "after");
    if (wants_reset(&o->hit))
        set_reset(c);
    if (!lost)
        ok = send_answer(c, o);
    return ok;
}

static void fill_req(struct MHD_Connection *c, const char *method, struct call *call,
                     struct outcome *o, char **path)
{
    const char *q = strchr(call->uri, '?');
    *path = q ? tw_ndup(call->uri, (size_t)(q - call->uri)) : tw_dup(call->uri);
    struct twin_req *r = &o->req;
    r->method = method;
    r->raw_path = *path;
    r->raw_query = q ? q + 1 : NULL;
    r->url_len = strlen(call->uri);
    r->query = tw_form_parse(r->raw_query, &r->n_query);
    r->body = call->body.p ? call->body.p : "";
    r->body_len = call->body.n;
    r->content_type = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Type");
    r->authorization = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization");
    o->cls = twin_classify(method, *path);
    o->url = call->uri;
    o->begun = call->begun;
}

static enum MHD_Result complete(struct server *s, struct MHD_Connection *c, const char *method,
                                struct call *call)
{
    struct outcome o = {0};
    char *path;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    int *used = info ? info->socket_context : NULL;
    bool reused = used && (*used)++ > 0;
    fill_req(c, method, call, &o, &path);
    enum MHD_Result ok;
    if (call->too_big) {
        twin_res_text(&o.res, 413, "text/plain", "Request Entity Too Large");
        ok = send_answer(c, &o);
    } else {
        ok = serve(s->t, c, &o, reused);
    }
    free(o.res.body);
    for (size_t i = 0; i < o.res.n_headers; i++) {
        free(o.res.headers[i].name);
        free(o.res.headers[i].value);
    }
    tw_form_free(o.req.query, o.req.n_query);
    fault_hit_free(&o.hit);
    free(path);
    return ok;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **con_cls)
{
    struct server *s = cls;
    struct call *call = *con_cls;
    (void)url;
    (void)version;
    if (!call)
        return MHD_NO;
    if (!call->started) {
        call->started = true;
        clock_gettime(CLOCK_MONOTONIC, &call->begun);
        return MHD_YES;
    }
    if (*size) {
        if (call->body.n + *size > MAX_BODY)
            call->too_big = true;
        else
            tb_add(&call->body, data, *size);
        *size = 0;
        return MHD_YES;
    }
    return complete(s, c, method, call);
}

static void *on_uri(void *cls, const char *uri, struct MHD_Connection *c)
{
    (void)cls;
    (void)c;
    struct call *call = tw_alloc(sizeof *call);
    call->uri = tw_dup(uri);
    return call;
}

static void on_done(void *cls, struct MHD_Connection *c, void **con_cls,
                    enum MHD_RequestTerminationCode why)
{
    (void)cls;
    (void)c;
    (void)why;
    struct call *call = *con_cls;
    if (!call)
        return;
    free(call->uri);
    tb_free(&call->body);
    free(call);
    *con_cls = NULL;
}

/* Counts the requests of each connection, to know the first from the later ones. */
static void on_connection(void *cls, struct MHD_Connection *c, void **ctx,
                          enum MHD_ConnectionNotificationCode what)
{
    (void)cls;
    (void)c;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        *ctx = tw_alloc(sizeof(int));
    } else {
        free(*ctx);
        *ctx = NULL;
    }
}

/* Paths and queries stay as they were sent; services decode them. */
static size_t keep_escapes(void *cls, struct MHD_Connection *c, char *s)
{
    (void)cls;
    (void)c;
    return strlen(s);
}

static void on_log(void *cls, const char *fmt, va_list ap)
{
    const struct server *s = cls;
    if (!s->t->quiet)
        vfprintf(stderr, fmt, ap);
}

struct server *server_start(struct twin *t, int port, const char *cert_pem, const char *key_pem)
{
    struct server *s = tw_alloc(sizeof *s);
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    s->t = t;
    s->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL |
            MHD_USE_TLS | MHD_USE_SUPPRESS_DATE_NO_CLOCK | MHD_USE_ERROR_LOG,
        (uint16_t)port, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_log, s,
        MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&a, MHD_OPTION_HTTPS_MEM_CERT, cert_pem,
        MHD_OPTION_HTTPS_MEM_KEY, key_pem, MHD_OPTION_URI_LOG_CALLBACK, on_uri, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
        NULL, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, 300u, MHD_OPTION_CONNECTION_LIMIT,
        512u, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
    if (!s->daemon) {
        free(s);
        return NULL;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT);
    s->port = info ? info->port : port;
    return s;
}

int server_port(const struct server *s)
{
    return s->port;
}

void server_stop(struct server *s)
{
    if (!s)
        return;
    MHD_stop_daemon(s->daemon);
    free(s);
}
