/* t_http.c: requests against a server within the test that answers, half answers and hangs up. */
#include "base/clock.h"
#include "base/str.h"
#include "http_server.h"
#include "net/http.h"

static struct server *server;
static char seen[8192]; /* head of the last request to /echo */

/* gzip of {"text":"hello hello hello"} */
static const unsigned char gzipped[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
                                        0xab, 0x56, 0x2a, 0x49, 0xad, 0x28, 0x51, 0xb2, 0x52, 0xca,
                                        0x48, 0xcd, 0xc9, 0xc9, 0x57, 0x40, 0x22, 0x95, 0x6a, 0x01,
                                        0x8b, 0x09, 0x2e, 0xe2, 0x1c, 0x00, 0x00, 0x00};

static void send_gzip(int fd, size_t keep)
{
    char head[200];

    snprintf(head, sizeof head,
             "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
             sizeof gzipped);
    server_send(fd, head, strlen(head));
    server_send(fd, (const char *)gzipped, keep);
}

static bool send_many(int fd, size_t n)
{
    char head[100], piece[1000];

    memset(piece, 'x', sizeof piece);
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", n);
    server_send(fd, head, strlen(head));
    for (size_t at = 0; at < n; at += sizeof piece) {
        server_send(fd, piece, n - at < sizeof piece ? n - at : sizeof piece);
    }
    return true;
}

static bool handle(void *ctx, const struct server_request *r)
{
    const char *p = r->path;

    (void)ctx;
    if (strncmp(p, "/echo", 5) == 0) {
        pthread_mutex_lock(&server->lock);
        snprintf(seen, sizeof seen, "%s", r->head);
        pthread_mutex_unlock(&server->lock);
        return server_answer(r->fd, 200, "Content-Type: application/json\r\n", r->body);
    }
    if (strncmp(p, "/status/", 8) == 0) {
        return server_answer(r->fd, (int)strtol(p + 8, NULL, 10),
                             "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                             "Retry-After: Sun, 06 Nov 1994 08:49:47 GMT\r\nLocation: /echo\r\n",
                             "{\"error\":\"NOT_FOUND\"}");
    }
    if (strcmp(p, "/hang-up") == 0 || (strcmp(p, "/only-first") == 0 && r->nth > 0)) {
        return false;
    }
    if (strcmp(p, "/reset") == 0 && r->nth > 0) {
        /* Taking a connection's peer away ends it with a reset. */
        connect(r->fd, &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(struct sockaddr));
        return false;
    }
    if (strncmp(p, "/cut", 4) == 0) {
        const char *text = p[4] ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "7\r\n{\"a\":1}\r\n"
                                : "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":1}";

        server_send(r->fd, text, strlen(text));
        return false;
    }
    if (strcmp(p, "/gzip") == 0 || strcmp(p, "/gzip-cut") == 0) {
        send_gzip(r->fd, sizeof gzipped - (p[5] ? 12 : 0));
        return p[5] == '\0';
    }
    if (strcmp(p, "/slow") == 0) {
        usleep(700000);
        return server_answer(r->fd, 200, "", "{}");
    }
    if (strncmp(p, "/many/", 6) == 0) {
        return send_many(r->fd, strtoul(p + 6, NULL, 10));
    }
    return server_answer(r->fd, 200, "", "{}");
}

static struct http *client(size_t in_flight)
{
    struct http_options o = {.connect_timeout_ms = 3000,
                             .timeout_ms = 10000,
                             .max_in_flight = in_flight,
                             .user_agent = "basesync/test (gzip)"};
    struct bs_err e = BS_ERR_INIT;
    struct http *h;

    if (http_new(&o, &h, &e) != BS_OK) {
        fail_msg("%s", e.msg);
    }
    return h;
}

static const char *url_of(const char *path)
{
    static char url[200];

    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", server->port, path);
    return url;
}

static void ask(struct http *h, struct http_request r, const char *path, struct http_response *out)
{
    struct bs_err e = BS_ERR_INIT;

    r.url = url_of(path);
    if (http_perform(h, &r, out, &e) != BS_OK) {
        fail_msg("%s: %s", path, e.msg);
    }
}

static struct http_request post(const char *body)
{
    return (struct http_request){.method = HTTP_POST,
                                 .content_type = "application/json",
                                 .body = body,
                                 .body_len = strlen(body)};
}

/* ---- requests ---- */

static void a_request_carries_its_method_headers_and_body(void **state)
{
    static const struct {
        enum http_method method;
        const char *line, *body;
    } cases[] = {
        {HTTP_GET, "GET /echo?a=b HTTP/1.1\r\n", NULL},
        {HTTP_POST, "POST /echo?a=b HTTP/1.1\r\n", "{\"x\":1}"},
        {HTTP_POST, "POST /echo?a=b HTTP/1.1\r\n", NULL},
        {HTTP_PUT, "PUT /echo?a=b HTTP/1.1\r\n", "{\"x\":2}"},
        {HTTP_PATCH, "PATCH /echo?a=b HTTP/1.1\r\n", "{\"x\":3}"},
        {HTTP_DELETE, "DELETE /echo?a=b HTTP/1.1\r\n", NULL},
    };
    struct http *h = client(2);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_header more = {"X-More", "yes"};
        struct http_request r = {.method = cases[i].method,
                                 .bearer = "tok.en",
                                 .body = cases[i].body,
                                 .body_len = cases[i].body ? strlen(cases[i].body) : 0,
                                 .content_type = cases[i].body ? "application/json" : NULL,
                                 .headers = &more,
                                 .n_headers = 1,
                                 .tag = &more};
        struct http_response out;

        ask(h, r, "/echo?a=b", &out);
        assert_int_equal(out.outcome, HTTP_ANSWERED);
        assert_int_equal(out.status, 200);
        assert_string_equal(out.detail, "");
        assert_string_equal(out.content_type, "application/json");
        assert_int_equal(out.retry_after_ms, -1);
        assert_int_equal(out.date_ms, 0);
        assert_ptr_equal(out.tag, &more);
        assert_string_equal(out.body.data, cases[i].body ? cases[i].body : "");
        assert_memory_equal(seen, cases[i].line, strlen(cases[i].line));
        assert_non_null(strstr(seen, "\r\nAuthorization: Bearer tok.en\r\n"));
        assert_non_null(strstr(seen, "\r\nX-More: yes\r\n"));
        assert_non_null(strstr(seen, "\r\nUser-Agent: basesync/test (gzip)\r\n"));
        assert_non_null(strstr(seen, "\r\nAccept-Encoding: gzip\r\n"));
        assert_null(strstr(seen, "Expect:"));
        assert_int_equal(strstr(seen, "\r\nContent-Type: application/json\r\n") != NULL,
                         cases[i].body != NULL);
        assert_int_equal(strstr(seen, "Content-Type:") != NULL, cases[i].body != NULL);
        http_response_release(&out);
    }
    http_free(h);
}

static void a_user_and_password_go_as_basic_authorization(void **state)
{
    struct http *h = client(2);
    struct http_response out;

    (void)state;
    ask(h, (struct http_request){.method = HTTP_GET, .basic = "Aladdin:open sesame"}, "/echo",
        &out);
    assert_non_null(strstr(seen, "\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
    http_response_release(&out);
    http_free(h);
}

static void a_long_body_leaves_at_once_and_whole(void **state)
{
    struct http *h = client(2);
    struct http_response out;
    char *body = malloc(2000001);

    (void)state;
    memset(body, 'y', 2000000);
    body[2000000] = '\0';
    ask(h, post(body), "/echo", &out);
    assert_null(strstr(seen, "Expect:"));
    assert_int_equal(out.body.len, 2000000);
    assert_string_equal(out.body.data, body);
    assert_true(out.duration_ms < 900); /* no second of waiting for 100 Continue */
    http_response_release(&out);
    free(body);
    http_free(h);
}

static void nothing_that_ends_a_line_gets_into_a_request(void **state)
{
    static const char *const bad[] = {"a\r\nX-Evil: 1", "a\nb", "a\rb", "\x01", "a\x7f"};
    struct http *h = client(2);

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        for (int where = 0; where < 6; where++) {
            struct http_header more = {where == 3 ? bad[i] : "X-More", where == 4 ? bad[i] : "v"};
            char url[200];
            struct http_request r = {.method = HTTP_GET,
                                     .url = url,
                                     .bearer = where == 0 ? bad[i] : NULL,
                                     .content_type = where == 2 ? bad[i] : NULL,
                                     .headers = &more,
                                     .n_headers = 1};
            struct bs_err e = BS_ERR_INIT;
            struct http_response out;

            if (where == 1) {
                continue; /* basic is encoded */
            }
            snprintf(url, sizeof url, "%s%s", url_of("/"), where == 5 ? bad[i] : "");
            assert_int_equal(http_perform(h, &r, &out, &e), BS_STOP_SYNC);
            assert_int_equal(e.kind, BS_K_INTERNAL);
            assert_null(strstr(e.msg, "Evil"));
        }
    }
    assert_int_equal(http_in_flight(h), 0);
    http_free(h);
}

static void plain_http_is_for_this_machine_only(void **state)
{
    static const struct {
        const char *url;
        bool allowed;
    } cases[] = {
        {"http://127.0.0.1:1/x", true},
        {"HTTP://LOCALHOST:1", true},
        {"http://[::1]:1/", true},
        {"https://127.0.0.1:1/", true},
        {"http://example.com/", false},
        {"http://127.0.0.1.evil.example/", false},
        {"http://localhost@evil.example", false},
        {"http://127.0.0.1:1@evil.example/", false},
        {"http://localhost#@evil/", false},
        {"https://user:pass@host.example/", false},
        {"ftp://127.0.0.1/", false},
        {"file:///etc/passwd", false},
        {"127.0.0.1:1/", false},
        {"", false},
    };
    struct http *h = client(2);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_request r = {.method = HTTP_GET, .url = cases[i].url};
        struct bs_err e = BS_ERR_INIT;
        struct http_response out;
        enum bs_rc rc = http_perform(h, &r, &out, &e);

        if (rc != (cases[i].allowed ? BS_OK : BS_STOP_ALL)) {
            fail_msg("%s: %d", cases[i].url, (int)rc);
        }
        assert_int_equal(out.outcome == HTTP_NOT_SENT, cases[i].allowed);
        http_response_release(&out);
    }
    http_free(h);
}

/* ---- answers ---- */

static void refusals_are_answers_with_their_hints(void **state)
{
    struct http *h = client(2);
    static const int codes[] = {302, 401, 404, 422, 429, 500, 503};

    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        char path[40];
        struct http_response out;

        snprintf(path, sizeof path, "/status/%d", codes[i]);
        ask(h, (struct http_request){.method = HTTP_GET}, path, &out);
        assert_int_equal(out.outcome, HTTP_ANSWERED);
        assert_int_equal(out.status, codes[i]); /* 302 is not followed */
        assert_string_equal(out.body.data, "{\"error\":\"NOT_FOUND\"}");
        assert_int_equal(out.date_ms, 784111777000);
        assert_int_equal(out.retry_after_ms, 10000); /* by the server's own clock */
        http_response_release(&out);
    }
    http_free(h);
}

static void compressed_answers_are_opened(void **state)
{
    struct http *h = client(2);
    struct http_response out;

    (void)state;
    ask(h, (struct http_request){.method = HTTP_GET}, "/gzip", &out);
    assert_int_equal(out.outcome, HTTP_ANSWERED);
    assert_string_equal(out.body.data, "{\"text\":\"hello hello hello\"}");
    http_response_release(&out);
    http_free(h);
}

static void an_answer_that_did_not_come_whole_is_lost(void **state)
{
    static const char *const paths[] = {"/cut", "/cut-chunk", "/gzip-cut", "/hang-up"};
    struct http *h = client(2);

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct http_response out;

        ask(h, post("{}"), paths[i], &out);
        assert_int_equal(out.outcome, HTTP_LOST);
        assert_true(out.detail[0] != '\0');
        http_response_release(&out);
    }
    http_free(h);
}

static void what_never_left_is_told_from_what_may_have(void **state)
{
    struct http *h = client(2);
    struct http_response out;
    struct bs_err e = BS_ERR_INIT;
    struct http_request r = {
        .method = HTTP_POST, .url = "http://127.0.0.1:9/", .body = "{}", .body_len = 2};
    int64_t sent = 0;

    (void)state;
    r.sent_ms = &sent;
    assert_int_equal(http_perform(h, &r, &out, &e), BS_OK);
    assert_int_equal(out.outcome, HTTP_NOT_SENT);
    assert_int_equal(out.status, 0);
    assert_non_null(strstr(out.detail, "127.0.0.1"));
    assert_int_equal(sent, 0);
    assert_int_equal(http_stats(h).requests, 0);
    http_response_release(&out);
    r.url = "https://no-such-host.invalid/";
    assert_int_equal(http_perform(h, &r, &out, &e), BS_OK);
    assert_int_equal(out.outcome, HTTP_NOT_SENT);
    http_response_release(&out);
    /* No TLS is spoken there: nothing of the request left. */
    char url[100];

    snprintf(url, sizeof url, "https://127.0.0.1:%d/", server->port);
    r.url = url;
    r.timeout_ms = 500;
    assert_int_equal(http_perform(h, &r, &out, &e), BS_OK);
    assert_int_equal(out.outcome, HTTP_NOT_SENT);
    assert_int_equal(sent, 0);
    http_response_release(&out);
    http_free(h);
}

static void an_answer_that_comes_too_late_is_lost(void **state)
{
    struct http *h = client(2);
    struct http_request r = post("{}");
    struct http_response out;
    int64_t sent = 0, before = clock_mono_ms();

    (void)state;
    r.timeout_ms = 150;
    r.sent_ms = &sent;
    ask(h, r, "/slow", &out);
    assert_int_equal(out.outcome, HTTP_LOST);
    assert_true(sent >= before);
    assert_int_equal(http_stats(h).requests, 1);
    http_response_release(&out);
    http_free(h);
}

static void an_answer_is_bounded(void **state)
{
    struct http *h = client(2);
    struct http_response out;

    (void)state;
    ask(h, (struct http_request){.method = HTTP_GET, .max_body = 100000}, "/many/100000", &out);
    assert_int_equal(out.outcome, HTTP_ANSWERED);
    assert_int_equal(out.body.len, 100000);
    http_response_release(&out);
    ask(h, (struct http_request){.method = HTTP_GET, .max_body = 100000}, "/many/100001", &out);
    assert_int_equal(out.outcome, HTTP_TOO_LARGE);
    assert_true(out.body.len <= 100000);
    http_response_release(&out);
    /* What counts is what it becomes. */
    ask(h, (struct http_request){.method = HTTP_GET, .max_body = 20}, "/gzip", &out);
    assert_int_equal(out.outcome, HTTP_TOO_LARGE);
    http_response_release(&out);
    http_free(h);
}

/* ---- streaming ---- */

struct stream {
    size_t taken, limit;
};

static bool take(void *ctx, const char *data, size_t len)
{
    struct stream *s = ctx;

    (void)data;
    s->taken += len;
    return s->taken <= s->limit;
}

static void a_streamed_answer_goes_to_its_sink_and_a_refusal_does_not(void **state)
{
    struct http *h = client(2);
    struct stream s = {0, 300000};
    struct http_request r = {.method = HTTP_GET, .sink = take, .sink_ctx = &s};
    struct http_response out;

    (void)state;
    ask(h, r, "/many/250000", &out);
    assert_int_equal(out.outcome, HTTP_ANSWERED);
    assert_int_equal(s.taken, 250000);
    assert_int_equal(out.body.len, 0);
    http_response_release(&out);
    s.taken = 0;
    ask(h, r, "/status/500", &out);
    assert_int_equal(out.outcome, HTTP_ANSWERED);
    assert_int_equal(s.taken, 0);
    assert_string_equal(out.body.data, "{\"error\":\"NOT_FOUND\"}");
    http_response_release(&out);
    s.limit = 1000;
    ask(h, r, "/many/250000", &out);
    assert_int_equal(out.outcome, HTTP_ABORTED);
    http_response_release(&out);
    s = (struct stream){0, 300000};
    r.max_body = 10000;
    ask(h, r, "/many/250000", &out);
    assert_int_equal(out.outcome, HTTP_TOO_LARGE);
    assert_true(s.taken <= 10000);
    http_response_release(&out);
    http_free(h);
}

/* ---- connections ---- */

static void a_connection_is_used_again(void **state)
{
    struct http *h = client(2);
    int before = server->n_connections;

    (void)state;
    for (int i = 0; i < 5; i++) {
        struct http_response out;

        ask(h, (struct http_request){.method = HTTP_GET}, "/", &out);
        http_response_release(&out);
    }
    assert_int_equal(server->n_connections, before + 1);
    for (int i = 0; i < 3; i++) {
        struct http_request r = post("{}");
        struct http_response out;

        r.fresh_connection = true;
        ask(h, r, "/", &out);
        http_response_release(&out);
    }
    assert_int_equal(server->n_connections, before + 4);
    http_free(h);
}

static void what_must_not_be_in_doubt_avoids_a_connection_that_rested(void **state)
{
    struct http *h = client(2);
    int before = server->n_connections;

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct http_request r = post("{}");
        struct http_response out;

        r.idle_max_s = 1;
        ask(h, r, "/", &out);
        http_response_release(&out);
        assert_int_equal(server->n_connections, before + (i < 2 ? 1 : 2));
        if (i == 1) {
            usleep(2100000); /* libcurl counts whole seconds */
        }
    }
    http_free(h);
}

static void lose_second(enum http_method method, const char *body, const char *path)
{
    struct http *h = client(2);
    struct http_request r = post(body ? body : "");
    struct http_response out;
    int requests = server_requests(server), connections = server->n_connections;

    r.method = method;
    r.body = body;
    ask(h, r, path, &out);
    assert_int_equal(out.outcome, HTTP_ANSWERED);
    http_response_release(&out);
    r.idle_max_s = 5;
    ask(h, r, path, &out);
    assert_int_equal(out.outcome, HTTP_LOST);
    assert_string_equal(out.detail, "the connection was closed before an answer came");
    http_response_release(&out);
    assert_int_equal(server_requests(server), requests + 2);
    assert_int_equal(http_stats(h).requests, 2);
    if (body) { /* what cannot be read again does not even lead to another connection */
        assert_int_equal(server->n_connections, connections + 1);
    }
    http_free(h);
}

/* The server reads a connection's second request and hangs up, or resets it, without a byte:
 * libcurl would send that again by itself on a new connection. */
static void no_request_is_ever_sent_twice_behind_our_back(void **state)
{
    static const enum http_method methods[] = {HTTP_POST, HTTP_PATCH, HTTP_GET, HTTP_DELETE};
    char *large = calloc(1, 300001);

    (void)state;
    memset(large, 'x', 300000);
    for (size_t i = 0; i < 2; i++) {
        lose_second(methods[i], "{}", "/only-first");
        lose_second(methods[i], "{}", "/reset");
        lose_second(methods[i], large, "/only-first");
        lose_second(methods[i], large, "/reset");
    }
    /* Last, since these leave connections behind that the server may count late. */
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        lose_second(methods[i], NULL, "/only-first");
        lose_second(methods[i], NULL, "/reset");
    }
    free(large);
}

static void a_fresh_connection_does_not_meet_one_that_is_dying(void **state)
{
    struct http *h = client(2);
    int before = server_requests(server);

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct http_request r = post("{}");
        struct http_response out;

        r.fresh_connection = true;
        ask(h, r, "/only-first", &out);
        assert_int_equal(out.outcome, HTTP_ANSWERED);
        http_response_release(&out);
    }
    assert_int_equal(server_requests(server), before + 3);
    http_free(h);
}

static void several_requests_are_under_way_at_once(void **state)
{
    struct http *h = client(4);
    struct bs_err e = BS_ERR_INIT;
    struct http_response out;
    char url[200];
    int tags[4] = {0};
    int64_t begin = clock_mono_ms();

    (void)state;
    assert_int_equal(http_next(h, 1000, &out, &e), BS_SKIP);
    snprintf(url, sizeof url, "%s", url_of("/slow"));
    for (int i = 0; i < 4; i++) {
        struct http_request r = {.method = HTTP_GET, .url = url, .tag = &tags[i]};

        assert_int_equal(http_submit(h, &r, &e), BS_OK);
    }
    assert_int_equal(http_in_flight(h), 4);
    assert_int_equal(http_next(h, 50, &out, &e), BS_SKIP);
    /* One of another kind meanwhile does not take their answers. */
    ask(h, (struct http_request){.method = HTTP_GET}, "/slow", &out);
    assert_int_equal(out.outcome, HTTP_ANSWERED);
    assert_null(out.tag);
    http_response_release(&out);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(http_next(h, 5000, &out, &e), BS_OK);
        assert_int_equal(out.outcome, HTTP_ANSWERED);
        ++*(int *)out.tag;
        http_response_release(&out);
    }
    assert_int_equal(http_next(h, 1000, &out, &e), BS_SKIP);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(tags[i], 1);
    }
    assert_true(clock_mono_ms() - begin < 2500); /* five of 0.7 s one after another take 3.5 */
    assert_int_equal(http_stats(h).requests, 5);
    assert_true(http_stats(h).bytes_sent > 5 * 50 && http_stats(h).bytes_received > 5 * 30);
    http_free(h);
}

static void requests_in_flight_are_cut_at_the_end(void **state)
{
    struct http *h = client(2);
    struct bs_err e = BS_ERR_INIT;
    struct http_request r = {.method = HTTP_GET, .url = url_of("/slow"), .bearer = "secret"};
    struct http_response out;

    (void)state;
    assert_int_equal(http_submit(h, &r, &e), BS_OK);
    assert_int_equal(http_next(h, 20, &out, &e), BS_SKIP);
    http_free(h);
    http_free(NULL);
}

static void a_proxy_of_the_environment_is_ignored(void **state)
{
    struct http *h;
    struct http_response out;

    (void)state;
    setenv("http_proxy", "http://127.0.0.1:9", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:9", 1);
    h = client(2);
    ask(h, (struct http_request){.method = HTTP_GET}, "/", &out);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    assert_int_equal(out.outcome, HTTP_ANSWERED);
    http_response_release(&out);
    http_free(h);
}

static void a_configured_proxy_is_asked_for_a_tunnel_and_gets_no_token(void **state)
{
    char proxy[60];
    struct http_options o = {.proxy = proxy, .timeout_ms = 3000, .max_in_flight = 1};
    struct bs_err e = BS_ERR_INIT;
    struct http *h;
    struct http_request r = {.method = HTTP_GET, .url = "https://api.example/v0", .bearer = "t0k"};
    struct http_response out;

    (void)state;
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", server->port);
    seen[0] = '\0';
    assert_int_equal(http_new(&o, &h, &e), BS_OK);
    int before = server_requests(server);

    assert_int_equal(http_perform(h, &r, &out, &e), BS_OK);
    assert_int_equal(server_requests(server), before + 1); /* CONNECT, which this server grants */
    assert_int_equal(out.outcome, HTTP_NOT_SENT);          /* and then speaks no TLS */
    assert_null(strstr(seen, "t0k"));
    http_response_release(&out);
    http_free(h);
}

/* ---- dates ---- */

static void dates_are_read_in_the_three_forms_of_http(void **state)
{
    static const struct {
        const char *text;
        int64_t want;
    } cases[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777000},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777000},
        {"Sun Nov  6 08:49:37 1994", 784111777000},
        {"Thu Nov 16 08:49:37 1994", 784975777000},
        {"Thu, 01 Jan 1970 00:00:01 GMT", 1000},
        {"Tue, 29 Feb 2028 23:59:59 GMT", 1835481599000},
        {"Friday, 01-Jan-27 00:00:00 GMT", 1798761600000},
        {"Sun, 06 Nov 1994 08:49:37 UTC", 0},
        {"Sun, 31 Feb 1994 08:49:37 GMT", 0},
        {"Sun, 06 Nov 1994 24:00:00 GMT", 0},
        {"Sun, 06 Nov 1994 08:49:37 GMT ", 0},
        {"Sun, 6 Nov 1994 08:49:37 GMT", 0},
        {"Sun, 06 nov 1994 08:49:37 GMT", 0},
        {"Sun, 06 Nov 1994 08:49", 0},
        {"1994-11-06", 0},
        {"y dhms", 0},
        {"", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (http_parse_date(cases[i].text) != cases[i].want) {
            fail_msg("%s: %lld", cases[i].text, (long long)http_parse_date(cases[i].text));
        }
    }
}

static void retry_after_is_read_and_bounded_to_a_day(void **state)
{
    static const struct {
        const char *text;
        int64_t want;
    } cases[] = {
        {NULL, -1},
        {"", -1},
        {"0", 0},
        {"30", 30000},
        {"007", 7000},
        {"86400", 86400000},
        {"86401", 86400000},
        {"99999999999999999999", 86400000},
        {"-1", -1},
        {"1.5", -1},
        {"30 ", -1},
        {"soon", -1},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 37000},
        {"Sun, 06 Nov 1994 08:48:00 GMT", 0},
        {"Sun, 06 Nov 2094 08:49:37 GMT", 86400000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(http_parse_retry_after(cases[i].text, 784111740000), cases[i].want);
    }
}

/* ---- mail ---- */

struct mail_server {
    int listener, port;
    const char *refuse; /* command that gets `reply` */
    const char *reply;
    const char *host; /* NULL: 127.0.0.1 */
    char got[4096];
};

static void *serve_mail(void *arg)
{
    struct mail_server *m = arg;
    int fd = accept(m->listener, NULL, NULL);
    FILE *in = fdopen(dup(fd), "r");
    char line[1000];
    bool data = false, password = false;

    server_send(fd, "220 test\r\n", 10);
    while (fgets(line, sizeof line, in)) {
        const char *reply = "250 fine\r\n";

        strncat(m->got, line, sizeof m->got - strlen(m->got) - 1);
        if (data && strcmp(line, ".\r\n") != 0) {
            continue;
        }
        data = false;
        if (password) {
            reply = "235 in\r\n";
            password = false;
        } else if (m->refuse && strncmp(line, m->refuse, strlen(m->refuse)) == 0) {
            reply = m->reply;
        } else if (strncmp(line, "DATA", 4) == 0) {
            reply = "354 go\r\n";
            data = true;
        } else if (strncmp(line, "AUTH", 4) == 0) {
            reply = "334 \r\n";
            password = true;
        } else if (strncmp(line, "EHLO", 4) == 0) {
            reply = "250-test\r\n250 AUTH PLAIN\r\n";
        }
        server_send(fd, reply, strlen(reply));
        if (strncmp(line, "QUIT", 4) == 0) {
            break;
        }
    }
    fclose(in);
    close(fd);
    return NULL;
}

static enum bs_rc send_mail(struct mail_server *m, const char *from, const char *to,
                            struct bs_err *e)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_ANY)}};
    socklen_t len = sizeof a;
    char url[60];
    struct http_options o = {.timeout_ms = 3000};
    struct http_mail mail = {.url = url,
                             .user = "me",
                             .password = "pass word",
                             .from = from,
                             .to = to,
                             .message = "Subject: Hi\r\n\r\nText\r\n.dot\r\n"};
    pthread_t thread;
    enum bs_rc rc;

    m->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(m->listener, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(m->listener, 4), 0);
    assert_int_equal(getsockname(m->listener, (struct sockaddr *)&a, &len), 0);
    snprintf(url, sizeof url, "smtp://%s:%d", m->host ? m->host : "127.0.0.1", ntohs(a.sin_port));
    pthread_create(&thread, NULL, serve_mail, m);
    rc = http_send_mail(&o, &mail, e);
    shutdown(m->listener, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(m->listener);
    return rc;
}

static void a_message_reaches_every_recipient(void **state)
{
    struct mail_server m = {0};
    struct bs_err e = BS_ERR_INIT;

    (void)state;
    if (send_mail(&m, "me@example.org", "you@example.org, b@example.org", &e) != BS_OK) {
        fail_msg("%s", e.msg);
    }
    assert_non_null(strstr(m.got, "MAIL FROM:<me@example.org>"));
    assert_non_null(strstr(m.got, "RCPT TO:<you@example.org>"));
    assert_non_null(strstr(m.got, "RCPT TO:<b@example.org>"));
    assert_non_null(strstr(m.got, "Subject: Hi\r\n\r\nText\r\n..dot\r\n.\r\n"));
    assert_non_null(strstr(m.got, "AUTH PLAIN"));
}

static void a_mail_server_that_refuses_is_told_from_one_that_is_busy(void **state)
{
    static const struct {
        const char *command, *reply;
        enum bs_rc rc;
    } cases[] = {
        {"RCPT", "550 no such user\r\n", BS_STOP_SYNC},
        {"MAIL", "451 later\r\n", BS_RETRY},
        {"AUTH", "535 wrong\r\n", BS_STOP_SYNC},
        {".", "554 spam\r\n", BS_STOP_SYNC},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mail_server m = {.refuse = cases[i].command, .reply = cases[i].reply};
        struct bs_err e = BS_ERR_INIT;

        assert_int_equal(send_mail(&m, "me@example.org", "you@example.org", &e), cases[i].rc);
        assert_int_equal(e.kind, cases[i].rc == BS_RETRY ? BS_K_NETWORK : BS_K_CONFIG);
        assert_null(strstr(e.msg, "pass word"));
    }
}

/* 127.0.0.2 is this machine, too, but not known as such: TLS is demanded, which is not offered. */
static void mail_leaves_this_machine_only_with_tls(void **state)
{
    struct mail_server m = {.host = "127.0.0.2"};
    struct bs_err e = BS_ERR_INIT;

    (void)state;
    assert_int_equal(send_mail(&m, "me@example.org", "you@example.org", &e), BS_STOP_SYNC);
    assert_null(strstr(m.got, "AUTH"));
    assert_null(strstr(m.got, "MAIL"));
}

static void mail_settings_that_make_no_sense_are_refused(void **state)
{
    static const struct {
        const char *url, *from, *to;
    } cases[] = {
        {"http://127.0.0.1:1", "a@b", "c@d"},
        {"smtps://127.0.0.1:1", "a", "c@d"},
        {"smtps://127.0.0.1:1", "a@b", ""},
        {"smtps://127.0.0.1:1", "a@b", "c@d,"},
        {"smtps://127.0.0.1:1", "a@b>\r\nRCPT TO:<x@y", "c@d"},
        {"smtps://127.0.0.1:1", "a@b", "c@d>\r\nDATA"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_options o = {.timeout_ms = 2000};
        struct http_mail m = {cases[i].url, NULL, NULL, cases[i].from, cases[i].to, "x\r\n"};
        struct bs_err e = BS_ERR_INIT;

        assert_int_equal(http_send_mail(&o, &m, &e), BS_STOP_SYNC);
        assert_int_equal(e.kind, BS_K_CONFIG);
    }
}

static int start(void **state)
{
    (void)state;
    server = server_start(handle, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    server_stop(server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_carries_its_method_headers_and_body),
        cmocka_unit_test(a_user_and_password_go_as_basic_authorization),
        cmocka_unit_test(a_long_body_leaves_at_once_and_whole),
        cmocka_unit_test(nothing_that_ends_a_line_gets_into_a_request),
        cmocka_unit_test(plain_http_is_for_this_machine_only),
        cmocka_unit_test(refusals_are_answers_with_their_hints),
        cmocka_unit_test(compressed_answers_are_opened),
        cmocka_unit_test(an_answer_that_did_not_come_whole_is_lost),
        cmocka_unit_test(what_never_left_is_told_from_what_may_have),
        cmocka_unit_test(an_answer_that_comes_too_late_is_lost),
        cmocka_unit_test(an_answer_is_bounded),
        cmocka_unit_test(a_streamed_answer_goes_to_its_sink_and_a_refusal_does_not),
        cmocka_unit_test(a_connection_is_used_again),
        cmocka_unit_test(what_must_not_be_in_doubt_avoids_a_connection_that_rested),
        cmocka_unit_test(no_request_is_ever_sent_twice_behind_our_back),
        cmocka_unit_test(a_fresh_connection_does_not_meet_one_that_is_dying),
        cmocka_unit_test(several_requests_are_under_way_at_once),
        cmocka_unit_test(requests_in_flight_are_cut_at_the_end),
        cmocka_unit_test(a_proxy_of_the_environment_is_ignored),
        cmocka_unit_test(a_configured_proxy_is_asked_for_a_tunnel_and_gets_no_token),
        cmocka_unit_test(dates_are_read_in_the_three_forms_of_http),
        cmocka_unit_test(retry_after_is_read_and_bounded_to_a_day),
        cmocka_unit_test(a_message_reaches_every_recipient),
        cmocka_unit_test(a_mail_server_that_refuses_is_told_from_one_that_is_busy),
        cmocka_unit_test(mail_leaves_this_machine_only_with_tls),
        cmocka_unit_test(mail_settings_that_make_no_sense_are_refused),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
