/* t_loopback.c: the server that a browser comes back to, asked by a browser and by everybody else.
 */
#include "base/clock.h"
#include "base/str.h"
#include "net/loopback.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ---- the head of a request ---- */

static enum loopback_head parse(const char *text, char out[256])
{
    struct buf target;
    enum loopback_head head;

    buf_init(&target, 255);
    head = loopback_parse(text, strlen(text), &target);
    snprintf(out, 256, "%s", target.data);
    buf_release(&target);
    return head;
}

#define HOST "\r\nHost: 127.0.0.1:8976\r\n\r\n"

static void heads_are_read_or_refused(void **state)
{
    static const struct {
        const char *text;
        enum loopback_head want;
        const char *target;
    } cases[] = {
        {"GET /callback?code=a%2Fb&state=s HTTP/1.1" HOST, LOOPBACK_GET,
         "/callback?code=a%2Fb&state=s"},
        {"GET / HTTP/1.0" HOST, LOOPBACK_GET, "/"},
        {"GET / HTTP/1.1\r\nAccept: */*\r\nhOST:\tLOCALHOST \r\n\r\n", LOOPBACK_GET, "/"},
        {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nrest", LOOPBACK_GET, "/"},
        {"", LOOPBACK_MORE, ""},
        {"GET /callback", LOOPBACK_MORE, ""},
        {"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", LOOPBACK_MORE, ""},
        {"POST / HTTP/1.1" HOST, LOOPBACK_OTHER_METHOD, ""},
        {"HEAD / HTTP/1.1" HOST, LOOPBACK_OTHER_METHOD, ""},
        {"get / HTTP/1.1" HOST, LOOPBACK_OTHER_METHOD, ""},
        {"\r\n\r\n", LOOPBACK_BAD, ""},
        {"GET\r\n\r\n", LOOPBACK_BAD, ""},
        {"GET /" HOST, LOOPBACK_BAD, ""},
        {"GET / HTTP/2.0" HOST, LOOPBACK_BAD, ""},
        {"GET / HTTP/1.10" HOST, LOOPBACK_BAD, ""},
        {"GET http://127.0.0.1/ HTTP/1.1" HOST, LOOPBACK_BAD, ""},
        {"GET /\x80 HTTP/1.1" HOST, LOOPBACK_BAD, ""},
        {"GET /\x01 HTTP/1.1" HOST, LOOPBACK_BAD, ""},
        {"GET / a HTTP/1.1" HOST, LOOPBACK_BAD, ""},
        {"GET / HTTP/1.1\r\nAccept: */*\r\n\r\n", LOOPBACK_BAD, ""},
        {"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", LOOPBACK_BAD, ""},
        {"GET / HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n", LOOPBACK_BAD, ""},
        {"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", LOOPBACK_BAD, ""},
        {"GET / HTTP/1.1\r\nX-Host: localhost\r\n\r\n", LOOPBACK_BAD, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char got[256];
        enum loopback_head head = parse(cases[i].text, got);

        if (head != cases[i].want || strcmp(got, cases[i].target) != 0) {
            fail_msg("%s: %d \"%s\"", cases[i].text, (int)head, got);
        }
    }
}

static void bytes_that_are_no_text_end_a_head(void **state)
{
    struct buf target;

    (void)state;
    buf_init(&target, 100);
    assert_int_equal(loopback_parse("GET /\0", 6, &target), LOOPBACK_BAD);
    assert_int_equal(loopback_parse("GET / HTTP/1.1\r\n\0" HOST, 17 + sizeof HOST - 1, &target),
                     LOOPBACK_BAD);
    assert_int_equal(target.len, 0);
    buf_release(&target);
}

static void an_address_that_has_no_room_is_refused(void **state)
{
    struct buf target;

    (void)state;
    buf_init(&target, 3);
    assert_int_equal(
        loopback_parse("GET /abc HTTP/1.1" HOST, strlen("GET /abc HTTP/1.1" HOST), &target),
        LOOPBACK_BAD);
    buf_release(&target);
}

/* ---- serving ---- */

static int dial(uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static char *hear(int fd)
{
    static char all[4096];
    size_t n = 0;
    ssize_t got;

    while ((got = recv(fd, all + n, sizeof all - 1 - n, 0)) > 0) {
        n += (size_t)got;
    }
    all[n] = '\0';
    close(fd);
    return all;
}

struct seen {
    int calls;
    char last[256];
};

static enum loopback_page look(void *ctx, const char *target)
{
    struct seen *s = ctx;

    s->calls++;
    snprintf(s->last, sizeof s->last, "%s", target);
    return str_starts(target, "/done")      ? LOOPBACK_WELCOME
           : str_starts(target, "/refused") ? LOOPBACK_REFUSED
           : str_starts(target, "/foreign") ? LOOPBACK_FOREIGN
                                            : LOOPBACK_NOTHING;
}

static struct loopback *open_one(void)
{
    struct loopback *l;
    struct bs_err e = BS_ERR_INIT;

    assert_int_equal(loopback_open(0, &l, &e), BS_OK);
    assert_true(loopback_port(l) > 0);
    return l;
}

/* Serves what is there already; nothing of it ends the serving. */
static void serve_a_moment(struct loopback *l, struct seen *s)
{
    assert_int_equal(loopback_serve(l, 100, -1, look, s), LOOPBACK_LATE);
}

static void only_the_awaited_address_ends_the_serving(void **state)
{
    struct loopback *l = open_one();
    struct seen s = {0};
    int favicon = dial(loopback_port(l)), foreign = dial(loopback_port(l));
    int silent = dial(loopback_port(l)), good;

    (void)state;
    say(favicon, "GET /favicon.ico HTTP/1.1" HOST);
    say(foreign, "GET /foreign HTTP/1.1" HOST);
    serve_a_moment(l, &s);
    assert_non_null(strstr(hear(favicon), "HTTP/1.1 404 "));
    assert_non_null(strstr(hear(foreign), "HTTP/1.1 400 "));
    assert_int_equal(s.calls, 2);
    good = dial(loopback_port(l));
    say(good, "GET /done?code=1 HTT"); /* in two pieces */
    serve_a_moment(l, &s);
    say(good, "P/1.1" HOST);
    assert_int_equal(loopback_serve(l, 5000, -1, look, &s), LOOPBACK_ENDED);
    assert_string_equal(s.last, "/done?code=1");
    const char *page = hear(good);

    assert_non_null(strstr(page, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(page, "Cache-Control: no-store"));
    assert_non_null(strstr(page, "Sign-in received"));
    assert_null(strstr(page, "code=1"));
    close(silent);
    loopback_close(l);
}

static void a_refusal_ends_the_serving_too(void **state)
{
    struct loopback *l = open_one();
    struct seen s = {0};
    int fd = dial(loopback_port(l));

    (void)state;
    say(fd, "GET /refused HTTP/1.1" HOST);
    assert_int_equal(loopback_serve(l, 5000, -1, look, &s), LOOPBACK_ENDED);
    assert_non_null(strstr(hear(fd), "refused"));
    loopback_close(l);
}

static void nonsense_is_answered_and_forgotten(void **state)
{
    struct loopback *l = open_one();
    struct seen s = {0};
    int post = dial(loopback_port(l)), bad = dial(loopback_port(l)), big;
    char *large = malloc(LOOPBACK_HEAD_MAX + 2000);

    (void)state;
    say(post, "POST /done HTTP/1.1" HOST);
    say(bad, "\x16\x03\x01 TLS hello\r\n\r\n");
    serve_a_moment(l, &s);
    assert_non_null(strstr(hear(post), "HTTP/1.1 405 "));
    assert_non_null(strstr(hear(bad), "HTTP/1.1 400 "));
    memset(large, 'a', LOOPBACK_HEAD_MAX + 2000);
    memcpy(large, "GET /done", 9);
    large[LOOPBACK_HEAD_MAX + 1999] = '\0';
    big = dial(loopback_port(l));
    say(big, large);
    serve_a_moment(l, &s);
    close(big);
    assert_int_equal(s.calls, 0);
    free(large);
    loopback_close(l);
}

static void many_silent_connections_do_not_keep_the_browser_out(void **state)
{
    struct loopback *l = open_one();
    struct seen s = {0};
    int silent[3 * LOOPBACK_CLIENTS_MAX], good;

    (void)state;
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++) {
        silent[i] = dial(loopback_port(l));
        if (i % 8 == 7) {
            serve_a_moment(l, &s);
        }
    }
    good = dial(loopback_port(l));
    say(good, "GET /done HTTP/1.1" HOST);
    assert_int_equal(loopback_serve(l, 5000, -1, look, &s), LOOPBACK_ENDED);
    hear(good);
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++) {
        close(silent[i]);
    }
    loopback_close(l);
}

static int64_t moved_ms;

static int64_t moved(void *ctx)
{
    struct timespec ts;

    (void)ctx;
    clock_gettime(CLOCK_BOOTTIME, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 + moved_ms;
}

static void a_head_that_does_not_arrive_is_given_up(void **state)
{
    const struct clock_ops ops = {.wall_ms = moved, .mono_ms = moved};
    struct loopback *l = open_one();
    struct seen s = {0};
    int slow = dial(loopback_port(l));
    char byte;

    (void)state;
    clock_set(&ops);
    say(slow, "GET /done HTTP/1.1\r\n");
    serve_a_moment(l, &s);
    assert_int_equal(recv(slow, &byte, 1, MSG_DONTWAIT), -1); /* still open */
    moved_ms = LOOPBACK_HEAD_MS + 1;
    serve_a_moment(l, &s);
    assert_int_equal(recv(slow, &byte, 1, MSG_DONTWAIT), 0);
    clock_set(NULL);
    close(slow);
    loopback_close(l);
}

static void what_is_typed_is_told(void **state)
{
    struct loopback *l = open_one();
    struct seen s = {0};
    int typed[2];

    (void)state;
    assert_int_equal(pipe(typed), 0);
    assert_int_equal(write(typed[1], "x", 1), 1);
    assert_int_equal(loopback_serve(l, 5000, typed[0], look, &s), LOOPBACK_INPUT);
    close(typed[0]);
    close(typed[1]);
    loopback_close(l);
}

static void a_port_that_is_taken_is_told(void **state)
{
    struct loopback *l = open_one(), *second;
    struct bs_err e = BS_ERR_INIT;

    (void)state;
    assert_int_equal(loopback_open(loopback_port(l), &second, &e), BS_STOP_ALL);
    assert_int_equal(e.kind, BS_K_CONFIG);
    assert_non_null(strstr(e.msg, "in use"));
    assert_null(second);
    loopback_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_read_or_refused),
        cmocka_unit_test(bytes_that_are_no_text_end_a_head),
        cmocka_unit_test(an_address_that_has_no_room_is_refused),
        cmocka_unit_test(only_the_awaited_address_ends_the_serving),
        cmocka_unit_test(a_refusal_ends_the_serving_too),
        cmocka_unit_test(nonsense_is_answered_and_forgotten),
        cmocka_unit_test(many_silent_connections_do_not_keep_the_browser_out),
        cmocka_unit_test(a_head_that_does_not_arrive_is_given_up),
        cmocka_unit_test(what_is_typed_is_told),
        cmocka_unit_test(a_port_that_is_taken_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
