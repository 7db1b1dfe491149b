#include "net/http.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "net/ca.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CONNECTIONS_KEPT 16
#define HEADERS_MAX ((size_t)256 << 10)
#define RETRY_AFTER_MAX_MS ((int64_t)24 * 60 * 60 * 1000)
#define POLL_MS 1000

/* One request in flight. */
struct transfer {
    struct http *http;
    CURL *easy;
    struct curl_slist *headers;
    struct http_request req; /* borrowed parts stay the caller's */
    struct http_response res;
    size_t max_body;
    size_t header_bytes;
    int64_t started_ms;
    bool too_large, aborted;
    char error[CURL_ERROR_SIZE];
    struct transfer *next;
};

struct http {
    CURLM *multi;
    struct ca_choice ca;
    char *ca_file, *proxy, *user_agent;
    int64_t connect_timeout_ms, timeout_ms;
    struct transfer *flying; /* all in flight */
    size_t n_flying;
    struct http_stats stats;
};

enum bs_rc http_new(const struct http_options *o, struct http **out, struct bs_err *e)
{
    static bool ready; /* curl_global_init is once per process */
    struct http *h = bs_alloc(sizeof *h);

    *out = NULL;
    if (!ready && curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK) {
        free(h);
        return bs_fail(e, BS_STOP_ALL, BS_K_INTERNAL, "libcurl cannot be started");
    }
    ready = true;
    if (ca_choose(o->ca_file, &h->ca, e) != BS_OK) {
        free(h);
        return e->rc;
    }
    h->multi = curl_multi_init();
    if (h->multi == NULL) {
        free(h);
        return bs_fail(e, BS_STOP_ALL, BS_K_INTERNAL, "libcurl cannot be started");
    }
    curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
    curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                      (long)(o->max_in_flight > 0 ? o->max_in_flight : 4));
    h->proxy = o->proxy == NULL ? NULL : bs_strdup(o->proxy);
    h->user_agent = bs_strdup(o->user_agent == NULL ? "basesync" : o->user_agent);
    h->connect_timeout_ms = o->connect_timeout_ms > 0 ? o->connect_timeout_ms : 15000;
    h->timeout_ms = o->timeout_ms > 0 ? o->timeout_ms : 60000;
    *out = h;
    return BS_OK;
}

/* The list holds the access token: it is overwritten before it is freed. */
static void wipe_headers(struct curl_slist *list)
{
    for (struct curl_slist *l = list; l != NULL; l = l->next) {
        bs_wipe(l->data, strlen(l->data));
    }
    curl_slist_free_all(list);
}

static void transfer_free(struct transfer *t)
{
    if (t->easy != NULL) {
        curl_multi_remove_handle(t->http->multi, t->easy);
        curl_easy_cleanup(t->easy);
    }
    wipe_headers(t->headers);
    free(t);
}

static void unlink_transfer(struct http *h, struct transfer *t)
{
    for (struct transfer **p = &h->flying; *p != NULL; p = &(*p)->next) {
        if (*p == t) {
            *p = t->next;
            h->n_flying--;
            return;
        }
    }
}

void http_free(struct http *h)
{
    if (h == NULL) {
        return;
    }
    while (h->flying != NULL) {
        struct transfer *t = h->flying;

        unlink_transfer(h, t);
        http_response_release(&t->res);
        transfer_free(t);
    }
    curl_multi_cleanup(h->multi);
    free(h->proxy);
    free(h->user_agent);
    free(h);
}

struct http_stats http_stats(const struct http *h)
{
    return h->stats;
}

size_t http_in_flight(const struct http *h)
{
    return h->n_flying;
}

void http_response_release(struct http_response *r)
{
    if (r->body.data != NULL) {
        buf_wipe(&r->body);
    }
    memset(r, 0, sizeof *r);
}

/* ---- callbacks ---- */

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

    if (t->req.sink != NULL && is_success(t->easy)) {
        if (!t->req.sink(t->req.sink_ctx, data, len)) {
            t->aborted = true;
            return CURL_WRITEFUNC_ERROR;
        }
        return len;
    }
    if (!buf_add(&t->res.body, data, len)) {
        t->too_large = true;
        return CURL_WRITEFUNC_ERROR;
    }
    return len;
}

int64_t http_parse_retry_after(const char *value, int64_t now_ms)
{
    int64_t v;

    if (value == NULL) {
        return -1;
    }
    if (str_to_i64(value, 0, INT64_MAX / 1000, &v)) {
        v *= 1000;
    } else {
        time_t at = curl_getdate(value, NULL);

        if (at < 0) {
            return -1;
        }
        v = (int64_t)at * 1000 - now_ms;
    }
    v = v < 0 ? 0 : v;
    return v > RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : v;
}

static void take_header(struct transfer *t, const char *name, const char *value)
{
    if (strcasecmp(name, "content-type") == 0) {
        (void)str_copy(t->res.content_type, sizeof t->res.content_type, value);
    } else if (strcasecmp(name, "retry-after") == 0) {
        t->res.retry_after_ms = http_parse_retry_after(value, clock_wall_ms());
    } else if (strcasecmp(name, "date") == 0) {
        time_t at = curl_getdate(value, NULL);

        t->res.date_ms = at > 0 ? (int64_t)at * 1000 : 0;
    }
}

static size_t on_header(char *data, size_t size, size_t n, void *ctx)
{
    struct transfer *t = ctx;
    size_t len = size * n;
    char line[1024];
    char *colon;

    t->header_bytes += len;
    if (t->header_bytes > HEADERS_MAX) {
        t->too_large = true;
        return 0;
    }
    if (len < sizeof line) {
        memcpy(line, data, len);
        line[len] = '\0';
        colon = strchr(line, ':');
        if (colon != NULL) {
            *colon = '\0';
            take_header(t, str_trim(line), str_trim(colon + 1));
        }
    }
    return len;
}

/* ---- setting up ---- */

static const char *const method_names[] = {
    [HTTP_GET] = "GET",     [HTTP_POST] = "POST",     [HTTP_PUT] = "PUT",
    [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE",
};

static bool header_is_safe(const char *s)
{
    return strpbrk(s, "\r\n") == NULL;
}

static bool add_header(struct transfer *t, const char *name, const char *value)
{
    struct buf b;
    struct curl_slist *list;
    bool ok = header_is_safe(name) && header_is_safe(value);

    buf_init(&b, BUF_NO_LIMIT);
    if (ok) {
        buf_addf(&b, "%s: ", name);
        buf_adds(&b, value);
        list = curl_slist_append(t->headers, b.data);
        ok = list != NULL;
        t->headers = ok ? list : t->headers;
    }
    buf_wipe(&b);
    return ok;
}

static bool add_bearer(struct transfer *t, const char *token)
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    buf_adds(&b, "Bearer ");
    buf_adds(&b, token);
    bool ok = add_header(t, "Authorization", b.data);

    buf_wipe(&b);
    return ok;
}

static bool add_basic(struct transfer *t, const char *pair)
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    buf_adds(&b, "Basic ");
    base64_encode(&b, pair, strlen(pair));
    bool ok = add_header(t, "Authorization", b.data);

    buf_wipe(&b);
    return ok;
}

static bool add_headers(struct transfer *t)
{
    const struct http_request *r = &t->req;
    bool ok = add_header(t, "Accept", "application/json") &&
              (r->bearer == NULL || add_bearer(t, r->bearer)) &&
              (r->basic == NULL || add_basic(t, r->basic)) &&
              (r->content_type == NULL || add_header(t, "Content-Type", r->content_type));

    for (size_t i = 0; i < r->n_headers && ok; i++) {
        ok = add_header(t, r->headers[i].name, r->headers[i].value);
    }
    /* "Expect: 100-continue" costs a second where nobody answers it. */
    t->headers = curl_slist_append(t->headers, "Expect:");
    return ok && t->headers != NULL;
}

/* Plain HTTP is for tests and proxies on this machine only. */
static bool url_is_allowed(const char *url)
{
    static const char *const plain[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};

    if (strncasecmp(url, "https://", 8) == 0) {
        return true;
    }
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        size_t n = strlen(plain[i]);

        if (strncasecmp(url, plain[i], n) == 0 && strchr(":/?", url[n]) != NULL) {
            return true;
        }
    }
    return false;
}

static void set_security(const struct http *h, CURL *c)
{
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
    if (h->ca.path[0] != '\0') {
        curl_easy_setopt(c, CURLOPT_CAINFO, h->ca.path);
    } else {
        struct curl_blob blob = {(void *)(uintptr_t)h->ca.blob, h->ca.blob_len, CURL_BLOB_NOCOPY};

        curl_easy_setopt(c, CURLOPT_CAINFO, NULL);
        curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &blob);
    }
}

static void set_request(struct transfer *t)
{
    const struct http *h = t->http;
    const struct http_request *r = &t->req;
    CURL *c = t->easy;

    curl_easy_setopt(c, CURLOPT_PRIVATE, t);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->error);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_URL, r->url);
    curl_easy_setopt(c, CURLOPT_USERAGENT, h->user_agent);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, t->headers);
    curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method_names[r->method]);
    if (r->method != HTTP_GET && (r->body != NULL || r->method == HTTP_POST)) {
        curl_easy_setopt(c, CURLOPT_POST, 1L);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, r->body == NULL ? "" : (const char *)r->body);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_len);
    }
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)h->connect_timeout_ms);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS,
                     (long)(r->timeout_ms > 0 ? r->timeout_ms : h->timeout_ms));
    curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, r->fresh_connection ? 1L : 0L);
    curl_easy_setopt(c, CURLOPT_PROXY, h->proxy == NULL ? "" : h->proxy);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
    set_security(h, c);
}

enum bs_rc http_submit(struct http *h, const struct http_request *r, struct bs_err *e)
{
    struct transfer *t;

    if (!url_is_allowed(r->url)) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                       "an address of a service must begin with https:// (plain http only on "
                       "127.0.0.1)");
    }
    t = bs_alloc(sizeof *t);
    t->http = h;
    t->req = *r;
    t->max_body = r->max_body > 0 ? r->max_body : HTTP_BODY_MAX;
    buf_init(&t->res.body, t->max_body);
    t->res.retry_after_ms = -1;
    t->res.tag = r->tag;
    t->started_ms = clock_mono_ms();
    t->easy = curl_easy_init();
    if (t->easy == NULL || !add_headers(t)) {
        http_response_release(&t->res);
        transfer_free(t);
        return bs_fail(e, BS_STOP_ALL, BS_K_INTERNAL, "a request cannot be made up");
    }
    set_request(t);
    if (curl_multi_add_handle(h->multi, t->easy) != CURLM_OK) {
        http_response_release(&t->res);
        curl_easy_cleanup(t->easy);
        t->easy = NULL;
        transfer_free(t);
        return bs_fail(e, BS_STOP_ALL, BS_K_INTERNAL, "libcurl refuses a request");
    }
    t->next = h->flying;
    h->flying = t;
    h->n_flying++;
    h->stats.requests++;
    return BS_OK;
}

/* ---- outcomes ---- */

/* Failures before a byte of the request could leave. */
static bool before_sending(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PROXY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT: return true;
    default: return false;
    }
}

static enum http_outcome outcome_of(const struct transfer *t, CURLcode code)
{
    long sent = 0;

    if (code == CURLE_OK) {
        return HTTP_ANSWERED;
    }
    if (t->too_large) {
        return HTTP_TOO_LARGE;
    }
    if (t->aborted) {
        return HTTP_ABORTED;
    }
    curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
    return before_sending(code) || sent == 0 ? HTTP_NOT_SENT : HTTP_LOST;
}

static void count_bytes(struct transfer *t)
{
    curl_off_t up = 0, down = 0;
    long head_up = 0, head_down = 0;

    curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &up);
    curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
    curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &head_up);
    curl_easy_getinfo(t->easy, CURLINFO_HEADER_SIZE, &head_down);
    t->http->stats.bytes_sent += up + head_up;
    t->http->stats.bytes_received += down + head_down;
}

static void finish(struct transfer *t, CURLcode code, struct http_response *out)
{
    long status = 0;

    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    t->res.outcome = outcome_of(t, code);
    t->res.status = (int)status;
    t->res.duration_ms = clock_mono_ms() - t->started_ms;
    if (t->res.outcome != HTTP_ANSWERED) {
        const char *text = t->error[0] != '\0' ? t->error : curl_easy_strerror(code);

        (void)str_copy(t->res.detail, sizeof t->res.detail,
                       t->too_large ? "the answer is too large" : text);
    }
    count_bytes(t);
    unlink_transfer(t->http, t);
    *out = t->res;
    transfer_free(t);
}

static bool take_finished(struct http *h, struct http_response *out)
{
    int left = 0;
    CURLMsg *m;

    while ((m = curl_multi_info_read(h->multi, &left)) != NULL) {
        if (m->msg == CURLMSG_DONE) {
            struct transfer *t = NULL;

            curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
            finish(t, m->data.result, out);
            return true;
        }
    }
    return false;
}

enum bs_rc http_next(struct http *h, int64_t timeout_ms, struct http_response *out,
                     struct bs_err *e)
{
    int64_t until = clock_mono_ms() + timeout_ms;
    int running = 0;

    memset(out, 0, sizeof *out);
    for (;;) {
        if (curl_multi_perform(h->multi, &running) != CURLM_OK) {
            return bs_fail(e, BS_STOP_ALL, BS_K_INTERNAL, "libcurl failed");
        }
        if (take_finished(h, out)) {
            return BS_OK;
        }
        int64_t left = until - clock_mono_ms();

        if (h->n_flying == 0 || left <= 0) {
            return BS_SKIP;
        }
        if (curl_multi_poll(h->multi, NULL, 0, (int)(left < POLL_MS ? left : POLL_MS), NULL) !=
            CURLM_OK) {
            return bs_fail(e, BS_STOP_ALL, BS_K_INTERNAL, "libcurl failed");
        }
    }
}

enum bs_rc http_perform(struct http *h, const struct http_request *r, struct http_response *out,
                        struct bs_err *e)
{
    enum bs_rc rc;

    memset(out, 0, sizeof *out);
    if (h->n_flying > 0) {
        return bs_fail(e, BS_STOP_ALL, BS_K_INTERNAL, "a request while others are in flight");
    }
    if (http_submit(h, r, e) != BS_OK) {
        return e->rc;
    }
    do {
        rc = http_next(h, POLL_MS * 60, out, e);
    } while (rc == BS_SKIP && h->n_flying > 0);
    return rc;
}
