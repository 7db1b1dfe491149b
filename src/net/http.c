/* http.c: see http.h. Requests in flight are a list; those that have ended wait in a second one
 * until they are asked for, so that http_perform may be used while others are under way. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "net/http_p.h"

#include <stdlib.h>
#include <string.h>

#define POLL_MS 1000
/* Front ends hang up after a minute or more of silence; a connection idle for longer than this is
 * not tried any more. */
#define IDLE_MAX_S 50L
#define CONNECTIONS_KEPT 16L
#define IN_FLIGHT_DEFAULT 4

struct transfer {
    struct http *http;
    CURL *easy;
    struct curl_slist *headers;
    struct http_request req; /* what it points to stays the caller's */
    struct http_response res;
    uint64_t received, max_body;
    size_t taken; /* of the request's body, by libcurl */
    int64_t started_ms, sent_ms;
    int sends; /* how often libcurl was about to send it */
    bool too_large, refused;
    char error[CURL_ERROR_SIZE];
    struct transfer *next;
};

struct http {
    CURLM *multi;
    struct http_way way;
    struct transfer *flying;
    struct transfer *ended; /* the earliest first */
    size_t n;               /* of both */
    struct http_stats stats;
};

enum bs_rc http_new(const struct http_options *o, struct http **out, struct bs_err *e)
{
    struct http *h = bs_alloc(sizeof *h);
    enum bs_rc rc;

    *out = NULL;
    rc = http_way_init(&h->way, o, e);
    if (rc == BS_OK && (!http_library_start() || !(h->multi = curl_multi_init()))) {
        rc = bs_fail(e, BS_STOP_ALL, BS_K_INTERNAL, "libcurl cannot be started");
    }
    if (rc != BS_OK) {
        http_free(h);
        return rc;
    }
    curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
    curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                      (long)(o->max_in_flight > 0 ? o->max_in_flight : IN_FLIGHT_DEFAULT));
    *out = h;
    return BS_OK;
}

/* Takes t out of a list; false when it is not there. */
static bool take_out(struct transfer **list, const struct transfer *t)
{
    for (; *list; list = &(*list)->next) {
        if (*list == t) {
            *list = t->next;
            return true;
        }
    }
    return false;
}

/* Everything but the response, which may have been handed over. */
static void close_easy(struct transfer *t)
{
    if (t->easy) {
        curl_multi_remove_handle(t->http->multi, t->easy);
        curl_easy_cleanup(t->easy);
        t->easy = NULL;
    }
    http_headers_free(t->headers);
    t->headers = NULL;
}

static void transfer_free(struct transfer *t)
{
    close_easy(t);
    http_response_release(&t->res);
    free(t);
}

void http_free(struct http *h)
{
    struct transfer *t;

    if (!h) {
        return;
    }
    while ((t = h->flying ? h->flying : h->ended) != NULL) {
        if (!take_out(&h->flying, t)) {
            take_out(&h->ended, t);
        }
        transfer_free(t);
    }
    curl_multi_cleanup(h->multi);
    http_way_release(&h->way);
    free(h);
}

struct http_stats http_stats(const struct http *h)
{
    return h->stats;
}

size_t http_in_flight(const struct http *h)
{
    return h->n;
}

void http_response_release(struct http_response *r)
{
    if (r->body.data) {
        buf_wipe(&r->body);
    }
    memset(r, 0, sizeof *r);
}

/* ---- called by libcurl ---- */

/* The request's body, from its beginning to its end and never from its beginning again: what cannot
 * be wound back (there is no seek function) libcurl cannot repeat. That fails with
 * CURLE_SEND_FAIL_REWIND before another connection is looked for; should it ever ask again
 * nevertheless, it gets nothing. */
static size_t on_read(char *to, size_t size, size_t n, void *ctx)
{
    struct transfer *t = ctx;
    size_t left = t->req.body_len - t->taken, len = size * n < left ? size * n : left;

    if (left == 0) {
        return CURL_READFUNC_ABORT;
    }
    memcpy(to, (const char *)t->req.body + t->taken, len);
    t->taken += len;
    return len;
}

/* The connection stands, the request is about to leave. A second time is libcurl's own repetition
 * after a kept-alive connection died: whether to repeat is not libcurl's to decide. */
static int on_send(void *ctx, char *ip, char *local_ip, int port, int local_port)
{
    struct transfer *t = ctx;

    (void)ip;
    (void)local_ip;
    (void)port;
    (void)local_port;
    if (t->sends++ > 0) {
        return CURL_PREREQFUNC_ABORT;
    }
    t->sent_ms = clock_mono_ms();
    if (t->req.sent_ms) {
        *t->req.sent_ms = t->sent_ms;
    }
    return CURL_PREREQFUNC_OK;
}

static bool is_success(CURL *easy)
{
    long status = 0;

    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200 && status < 300;
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
    struct transfer *t = ctx;
    size_t len = size * n;

    t->received += len;
    if (t->received > t->max_body) {
        t->too_large = true;
    } else if (t->req.sink && is_success(t->easy)) {
        t->refused = !t->req.sink(t->req.sink_ctx, data, len);
    } else {
        t->too_large = !buf_add(&t->res.body, data, len);
    }
    return t->too_large || t->refused ? CURL_WRITEFUNC_ERROR : len;
}

/* ---- sending ---- */

/* The first error of several options sticks. */
#define SET(option, value) code = code == CURLE_OK ? curl_easy_setopt(easy, option, value) : code

static CURLcode set_method(struct transfer *t, CURL *easy)
{
    const struct http_request *r = &t->req;

    static const char *const names[] = {
        [HTTP_GET] = "GET",     [HTTP_POST] = "POST",     [HTTP_PUT] = "PUT",
        [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE",
    };
    CURLcode code = CURLE_OK;

    if (r->body || r->method == HTTP_POST) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(r->body ? r->body_len : 0));
        SET(CURLOPT_READFUNCTION, on_read);
        SET(CURLOPT_READDATA, t);
    }
    SET(CURLOPT_CUSTOMREQUEST, names[r->method]);
    return code;
}

static CURLcode set_up(struct transfer *t)
{
    const struct http_request *r = &t->req;
    CURL *easy = t->easy;
    CURLcode code = http_way_apply(&t->http->way, easy, http_is_loopback(r->url, "http://"));

    code = code == CURLE_OK ? set_method(t, easy) : code;
    SET(CURLOPT_URL, r->url);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_ACCEPT_ENCODING, "gzip");
    SET(CURLOPT_HTTPHEADER, t->headers);
    SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE); /* a proxy gets none of them */
    SET(CURLOPT_PRIVATE, t);
    SET(CURLOPT_ERRORBUFFER, t->error);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_PREREQFUNCTION, on_send);
    SET(CURLOPT_PREREQDATA, t);
    SET(CURLOPT_MAXAGE_CONN, r->idle_max_s > 0 ? (long)r->idle_max_s : IDLE_MAX_S);
    SET(CURLOPT_FRESH_CONNECT, r->fresh_connection ? 1L : 0L);
    if (r->timeout_ms > 0) {
        SET(CURLOPT_TIMEOUT_MS, (long)r->timeout_ms);
    }
    return code;
}

static enum bs_rc submit(struct http *h, const struct http_request *r, struct transfer **out,
                         struct bs_err *e)
{
    struct transfer *t;
    enum bs_rc rc = http_check_url(r->url, e);

    if (rc != BS_OK) {
        return rc;
    }
    t = bs_alloc(sizeof *t);
    t->http = h;
    t->req = *r;
    t->max_body = r->max_body ? r->max_body : r->sink ? HTTP_STREAM_MAX : HTTP_BODY_MAX;
    buf_init(&t->res.body, r->max_body ? r->max_body : HTTP_BODY_MAX);
    t->res.retry_after_ms = -1;
    t->res.tag = r->tag;
    t->started_ms = clock_mono_ms();
    t->headers = http_headers_new(r);
    if (!t->headers) {
        transfer_free(t);
        return bs_fail(e, BS_STOP_SYNC, BS_K_INTERNAL,
                       "a request header with a control character in it");
    }
    t->easy = curl_easy_init();
    if (!t->easy || set_up(t) != CURLE_OK || curl_multi_add_handle(h->multi, t->easy) != CURLM_OK) {
        transfer_free(t);
        return bs_fail(e, BS_STOP_ALL, BS_K_INTERNAL, "libcurl does not take a request");
    }
    t->next = h->flying;
    h->flying = t;
    h->n++;
    *out = t;
    return BS_OK;
}

enum bs_rc http_submit(struct http *h, const struct http_request *r, struct bs_err *e)
{
    struct transfer *t;

    return submit(h, r, &t, e);
}

/* ---- outcomes ---- */

static enum http_outcome outcome_of(const struct transfer *t, CURLcode code)
{
    if (code == CURLE_OK) {
        return HTTP_ANSWERED;
    }
    if (t->too_large) {
        return HTTP_TOO_LARGE;
    }
    if (t->refused) {
        return HTTP_ABORTED;
    }
    return t->sends == 0 ? HTTP_NOT_SENT : HTTP_LOST;
}

static const char *header(const struct transfer *t, const char *name)
{
    struct curl_header *h;

    return curl_easy_header(t->easy, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK ? h->value : NULL;
}

static void read_headers(struct transfer *t)
{
    struct http_response *r = &t->res;
    const char *type = header(t, "Content-Type"), *date = header(t, "Date");

    if (type) {
        (void)str_copy(r->content_type, sizeof r->content_type, type);
        str_clean(r->content_type);
    }
    r->date_ms = date ? http_parse_date(date) : 0;
    /* A date is read by the clock of him who wrote it. */
    r->retry_after_ms =
        http_parse_retry_after(header(t, "Retry-After"), r->date_ms ? r->date_ms : clock_wall_ms());
}

static void count(struct transfer *t)
{
    struct http_stats *s = &t->http->stats;
    curl_off_t up = 0, down = 0, last_byte_us = 0;
    long head_up = 0, head_down = 0;

    curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &up);
    curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
    curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &head_up);
    curl_easy_getinfo(t->easy, CURLINFO_HEADER_SIZE, &head_down);
    curl_easy_getinfo(t->easy, CURLINFO_POSTTRANSFER_TIME_T, &last_byte_us);
    s->requests += t->sends > 0;
    s->bytes_sent += up + head_up;
    s->bytes_received += down + head_down;
    if (t->req.sent_ms && t->sends > 0 && t->started_ms + last_byte_us / 1000 > t->sent_ms) {
        *t->req.sent_ms = t->started_ms + last_byte_us / 1000;
    }
}

static void describe(struct transfer *t, CURLcode code)
{
    struct http_response *r = &t->res;

    switch (r->outcome) {
    case HTTP_ANSWERED: break;
    case HTTP_TOO_LARGE:
        (void)str_copy(r->detail, sizeof r->detail, "the answer is larger than it may be");
        break;
    case HTTP_ABORTED:
        (void)str_copy(r->detail, sizeof r->detail, "the answer makes no sense");
        break;
    default:
        http_describe(code,
                      t->sends > 1 || code == CURLE_SEND_FAIL_REWIND
                          ? "the connection was closed before an answer came"
                          : t->error,
                      r->detail, sizeof r->detail);
    }
}

static void end(struct transfer *t, CURLcode code)
{
    struct transfer **last = &t->http->ended;
    long status = 0;

    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    t->res.status = (int)status;
    t->res.outcome = outcome_of(t, code);
    t->res.duration_ms = clock_mono_ms() - t->started_ms;
    read_headers(t);
    count(t);
    describe(t, code);
    close_easy(t);
    take_out(&t->http->flying, t);
    t->next = NULL;
    while (*last) {
        last = &(*last)->next;
    }
    *last = t;
}

/* Moves everything on; what has ended goes over to h->ended. */
static enum bs_rc pump(struct http *h, struct bs_err *e)
{
    int n;
    CURLMsg *m;

    if (curl_multi_perform(h->multi, &n) != CURLM_OK) {
        return bs_fail(e, BS_STOP_ALL, BS_K_INTERNAL, "libcurl failed");
    }
    while ((m = curl_multi_info_read(h->multi, &n)) != NULL) {
        CURLcode code = m->data.result; /* m is gone with its handle */
        struct transfer *t = NULL;

        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        end(t, code);
    }
    return BS_OK;
}

static enum bs_rc wait_for(struct http *h, int64_t ms, struct bs_err *e)
{
    if (curl_multi_poll(h->multi, NULL, 0, (int)(ms < POLL_MS ? ms : POLL_MS), NULL) != CURLM_OK) {
        return bs_fail(e, BS_STOP_ALL, BS_K_INTERNAL, "libcurl failed");
    }
    return BS_OK;
}

/* Takes the response out of a transfer that has ended, and forgets the transfer. */
static void hand_over(struct http *h, struct transfer *t, struct http_response *out)
{
    take_out(&h->ended, t);
    h->n--;
    *out = t->res;
    memset(&t->res, 0, sizeof t->res);
    transfer_free(t);
}

enum bs_rc http_next(struct http *h, int64_t timeout_ms, struct http_response *out,
                     struct bs_err *e)
{
    int64_t until = clock_mono_ms() + timeout_ms;
    enum bs_rc rc = pump(h, e);

    memset(out, 0, sizeof *out);
    while (rc == BS_OK && !h->ended) {
        int64_t left = until - clock_mono_ms();

        if (!h->flying || left <= 0) {
            return BS_SKIP;
        }
        rc = wait_for(h, left, e);
        rc = rc == BS_OK ? pump(h, e) : rc;
    }
    if (rc == BS_OK) {
        hand_over(h, h->ended, out);
    }
    return rc;
}

static bool has_ended(const struct http *h, const struct transfer *t)
{
    const struct transfer *x = h->ended;

    while (x && x != t) {
        x = x->next;
    }
    return x != NULL;
}

enum bs_rc http_perform(struct http *h, const struct http_request *r, struct http_response *out,
                        struct bs_err *e)
{
    struct transfer *t = NULL;
    enum bs_rc rc;

    memset(out, 0, sizeof *out);
    rc = submit(h, r, &t, e);
    rc = rc == BS_OK ? pump(h, e) : rc;
    while (rc == BS_OK && !has_ended(h, t)) {
        rc = wait_for(h, POLL_MS, e);
        rc = rc == BS_OK ? pump(h, e) : rc;
    }
    if (rc == BS_OK) {
        hand_over(h, t, out);
    } else if (t && take_out(&h->flying, t)) {
        h->n--;
        transfer_free(t);
    }
    return rc;
}
