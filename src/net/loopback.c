/* loopback.c: see loopback.h. */
#include "net/loopback.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLICE_MS INT64_C(500) /* how soon a stop signal is seen at the latest */

struct client {
    int fd;
    int64_t until_ms;
    struct buf head;
};

struct loopback {
    int fd;
    uint16_t port;
    struct client clients[LOOPBACK_CLIENTS_MAX]; /* oldest first */
    size_t n;
};

/* ---- the head of a request ---- */

/* Printable ASCII without spaces: all that an address may hold (RFC 3986). */
static bool is_target(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (s[i] <= ' ' || s[i] > '~') {
            return false;
        }
    }
    return len > 0 && s[0] == '/';
}

static bool is_this_machine(const char *host, size_t len)
{
    static const char *const names[] = {"127.0.0.1", "localhost"};

    while (len > 0 && (*host == ' ' || *host == '\t')) {
        host++;
        len--;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t n = strlen(names[i]);

        if (len >= n && strncasecmp(host, names[i], n) == 0 &&
            (len == n || strchr(": \t", host[n]) != NULL)) {
            return true;
        }
    }
    return false;
}

/* Looks through the lines after the first; `end` is that of the last one's CR LF. */
static bool has_host(const char *line, const char *end)
{
    static const char name[] = "host:";
    bool found = false;

    while (line < end) {
        const char *cr = memchr(line, '\r', (size_t)(end - line));
        size_t len = cr ? (size_t)(cr - line) : (size_t)(end - line);

        if (len >= sizeof name - 1 && strncasecmp(line, name, sizeof name - 1) == 0) {
            if (found || !is_this_machine(line + sizeof name - 1, len - (sizeof name - 1))) {
                return false;
            }
            found = true;
        }
        line += len + 2;
    }
    return found;
}

enum loopback_head loopback_parse(const char *data, size_t len, struct buf *target)
{
    const char *end = memmem(data, len, "\r\n\r\n", 4);
    const char *line_end, *path, *version;

    if (!end) {
        return memchr(data, '\0', len) ? LOOPBACK_BAD : LOOPBACK_MORE;
    }
    if (memchr(data, '\0', (size_t)(end - data))) {
        return LOOPBACK_BAD;
    }
    line_end = memmem(data, len, "\r\n", 2);
    path = memchr(data, ' ', (size_t)(line_end - data));
    version = path ? memchr(path + 1, ' ', (size_t)(line_end - path - 1)) : NULL;
    if (!version || line_end - version != 9 || memcmp(version, " HTTP/1.", 8) != 0 ||
        !is_target(path + 1, (size_t)(version - path - 1)) || !has_host(line_end + 2, end + 2)) {
        return LOOPBACK_BAD;
    }
    if (path - data != 3 || memcmp(data, "GET", 3) != 0) {
        return LOOPBACK_OTHER_METHOD;
    }
    return buf_add(target, path + 1, (size_t)(version - path - 1)) ? LOOPBACK_GET : LOOPBACK_BAD;
}

/* ---- pages ---- */

struct page {
    const char *status, *title, *text;
};

static const struct page pages[] = {
    [LOOPBACK_NOTHING] = {"404 Not Found", "Nothing here", "There is nothing at this address."},
    [LOOPBACK_FOREIGN] = {"400 Bad Request", "Not this sign-in",
                          "This address does not belong to the sign-in that basesync waits for. "
                          "Open the address that basesync printed last."},
    [LOOPBACK_REFUSED] = {"200 OK", "Sign-in refused",
                          "basesync has been told that the sign-in was refused. You can close this "
                          "page."},
    [LOOPBACK_WELCOME] = {"200 OK", "Sign-in received",
                          "basesync has received the sign-in and tells the rest where you started "
                          "it. You can close this page."},
};
static const struct page bad_request = {"400 Bad Request", "Bad request",
                                        "This is no request that basesync understands."};
static const struct page other_method = {"405 Method Not Allowed", "Bad request",
                                         "Addresses here can be opened, nothing else."};

/* A short answer fits into any socket's buffer; who does not take it goes without. */
static void answer(const struct client *c, const struct page *p)
{
    struct buf body, out;

    buf_init(&body, BUF_NO_LIMIT);
    buf_init(&out, BUF_NO_LIMIT);
    buf_addf(&body,
             "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>%s</title>"
             "<style>body{font:1.1em sans-serif;margin:4em auto;max-width:34em}</style></head>"
             "<body><h1>%s</h1><p>%s</p></body></html>\n",
             p->title, p->title, p->text);
    /* The address of this page holds the code: it goes to nobody and is kept nowhere. */
    buf_addf(&out,
             "HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %zu\r\n"
             "Connection: close\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
             "X-Content-Type-Options: nosniff\r\n"
             "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
             "frame-ancestors 'none'\r\n\r\n%s",
             p->status, body.len, body.data);
    (void)!send(c->fd, out.data, out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)shutdown(c->fd, SHUT_WR);
    buf_release(&body);
    buf_release(&out);
}

/* ---- connections ---- */

static void drop(struct loopback *l, size_t i)
{
    close(l->clients[i].fd);
    buf_wipe(&l->clients[i].head);
    memmove(&l->clients[i], &l->clients[i + 1], (l->n - i - 1) * sizeof *l->clients);
    l->n--;
}

static void take_client(struct loopback *l)
{
    int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0) {
        return; /* it has gone again */
    }
    if (l->n == LOOPBACK_CLIENTS_MAX) {
        drop(l, 0);
    }
    l->clients[l->n] = (struct client){fd, clock_mono_ms() + LOOPBACK_HEAD_MS, {0}};
    buf_init(&l->clients[l->n++].head, LOOPBACK_HEAD_MAX);
}

/* Takes what has come. False: the connection is over; *ended: and so is the serving. */
static bool hear(struct client *c, loopback_fn *look, void *ctx, bool *ended)
{
    char piece[2048];
    ssize_t n = recv(c->fd, piece, sizeof piece, 0);
    struct buf target;
    enum loopback_head head;

    if (n <= 0) {
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    }
    buf_init(&target, LOOPBACK_HEAD_MAX);
    head = buf_add(&c->head, piece, (size_t)n) ? loopback_parse(c->head.data, c->head.len, &target)
                                               : LOOPBACK_BAD;
    bs_wipe(piece, sizeof piece);
    if (head == LOOPBACK_GET) {
        enum loopback_page page = look(ctx, target.data);

        answer(c, &pages[page]);
        *ended = page == LOOPBACK_REFUSED || page == LOOPBACK_WELCOME;
    } else if (head != LOOPBACK_MORE) {
        answer(c, head == LOOPBACK_BAD ? &bad_request : &other_method);
    }
    buf_wipe(&target);
    return head == LOOPBACK_MORE;
}

enum bs_rc loopback_open(uint16_t port, struct loopback **out, struct bs_err *e)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t len = sizeof at;
    const int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    *out = NULL;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    /* After an earlier sign-in its port may still be waiting for late packets. */
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(fd, (const struct sockaddr *)&at, len) != 0 || listen(fd, LOOPBACK_CLIENTS_MAX) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0) {
        int why = errno;

        if (fd >= 0) {
            close(fd);
        }
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "cannot listen on 127.0.0.1, port %u: %s",
                       (unsigned)port, strerror(why));
    }
    *out = bs_alloc(sizeof **out);
    (*out)->fd = fd;
    (*out)->port = ntohs(at.sin_port);
    return BS_OK;
}

uint16_t loopback_port(const struct loopback *l)
{
    return l->port;
}

void loopback_close(struct loopback *l)
{
    if (!l) {
        return;
    }
    while (l->n > 0) {
        drop(l, l->n - 1);
    }
    close(l->fd);
    free(l);
}

/* Waits for the listener, the clients or fd; gives the number of those that are ready. */
static int wait_for(const struct loopback *l, int64_t ms, int fd, struct pollfd *fds)
{
    fds[0] = (struct pollfd){.fd = l->fd, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = fd, .events = POLLIN}; /* poll passes over -1 */
    for (size_t i = 0; i < l->n; i++) {
        fds[2 + i] = (struct pollfd){.fd = l->clients[i].fd, .events = POLLIN};
    }
    return poll(fds, (nfds_t)(2 + l->n), (int)(ms > SLICE_MS ? SLICE_MS : ms));
}

enum loopback_event loopback_serve(struct loopback *l, int64_t ms, int fd, loopback_fn *look,
                                   void *ctx)
{
    int64_t until = clock_mono_ms() + ms;
    bool ended = false;

    while (!ended) {
        struct pollfd fds[2 + LOOPBACK_CLIENTS_MAX];
        int64_t left = until - clock_mono_ms();
        int ready;

        if (left <= 0 || os_stop_requested()) {
            return LOOPBACK_LATE;
        }
        ready = wait_for(l, left, fd, fds);
        for (size_t i = l->n; i > 0 && !ended; i--) { /* from the end: drop moves the later ones */
            bool over = clock_mono_ms() > l->clients[i - 1].until_ms;

            if (ready > 0 && fds[1 + i].revents) {
                over = !hear(&l->clients[i - 1], look, ctx, &ended) || over;
            }
            if (over) {
                drop(l, i - 1);
            }
        }
        if (!ended && ready > 0 && fds[1].revents) {
            return LOOPBACK_INPUT;
        }
        if (!ended && ready > 0 && fds[0].revents) {
            take_client(l);
        }
    }
    return LOOPBACK_ENDED;
}
