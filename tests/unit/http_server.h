/*
 * http_server.h: a plain HTTP server on 127.0.0.1 within the test, one thread a connection. A
 * handler sees each request whole and writes the bytes of its answer itself, so that it can also
 * write half of one, or none.
 */
#ifndef TESTS_UNIT_HTTP_SERVER_H
#define TESTS_UNIT_HTTP_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVER_CONNECTIONS_MAX 200
#define SERVER_MAYBE_UNUSED __attribute__((unused))

struct server_request {
    char method[8];
    char path[2048]; /* with query */
    char *head;      /* all header lines */
    char *body;
    size_t body_len;
    int nth; /* of its connection, from 0 */
    int fd;
};

/* False closes the connection. */
typedef bool server_handler(void *ctx, const struct server_request *r);

struct server {
    int port;
    server_handler *handler;
    void *ctx;
    int listener;
    pthread_t acceptor;
    pthread_mutex_t lock; /* handlers may take it for what they share */
    pthread_t threads[SERVER_CONNECTIONS_MAX];
    int fds[SERVER_CONNECTIONS_MAX];
    int n_connections, n_requests;
};

struct server_connection {
    struct server *s;
    int fd;
};

SERVER_MAYBE_UNUSED static void server_send(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

        if (n <= 0) {
            return;
        }
        data += n;
        len -= (size_t)n;
    }
}

/* A whole answer; headers are lines with CRLF, or "". */
SERVER_MAYBE_UNUSED static bool server_answer(int fd, int status, const char *headers,
                                              const char *body)
{
    char head[1024];

    snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n", status,
             strlen(body), headers);
    server_send(fd, head, strlen(head));
    server_send(fd, body, strlen(body));
    return true;
}

/* Value of a request header into out; false when it is not there. */
SERVER_MAYBE_UNUSED static bool server_header(const struct server_request *r, const char *name,
                                              char *out, size_t size)
{
    char line[100];
    const char *at;

    snprintf(line, sizeof line, "\n%s: ", name);
    at = strcasestr(r->head, line);
    if (!at) {
        return false;
    }
    at += strlen(line);
    snprintf(out, size, "%.*s", (int)strcspn(at, "\r\n"), at);
    return true;
}

/* Reads until the blank line, then Content-Length bytes. False when the client is gone. */
static bool server_read(int fd, struct server_request *r)
{
    size_t cap = 1 << 16, len = 0, head_len = 0, want = 0;
    char *data = malloc(cap), length[32];

    memset(r, 0, sizeof *r);
    r->fd = fd;
    while (head_len == 0 || len < head_len + want) {
        ssize_t n;
        char *end;

        if (len + 1 == cap) {
            data = realloc(data, cap *= 2);
        }
        n = recv(fd, data + len, cap - len - 1, 0);
        if (n <= 0) {
            free(data);
            return false;
        }
        len += (size_t)n;
        data[len] = '\0';
        end = head_len ? NULL : strstr(data, "\r\n\r\n");
        if (end) {
            head_len = (size_t)(end - data) + 4;
            r->head = strndup(data, head_len);
            want = server_header(r, "Content-Length", length, sizeof length)
                       ? strtoul(length, NULL, 10)
                       : 0;
        }
    }
    snprintf(r->method, sizeof r->method, "%.*s", (int)strcspn(data, " "), data);
    char *path = data + strcspn(data, " ") + 1;

    snprintf(r->path, sizeof r->path, "%.*s", (int)strcspn(path, " "), path);
    r->body = calloc(1, want + 1);
    memcpy(r->body, data + head_len, want);
    r->body_len = want;
    free(data);
    return true;
}

static void *server_serve(void *arg)
{
    struct server_connection *c = arg;
    struct server_request r;
    bool keep = true;
    int nth = 0;

    while (keep && server_read(c->fd, &r)) {
        r.nth = nth++;
        pthread_mutex_lock(&c->s->lock);
        c->s->n_requests++;
        pthread_mutex_unlock(&c->s->lock);
        keep = c->s->handler(c->s->ctx, &r);
        free(r.head);
        free(r.body);
    }
    shutdown(c->fd, SHUT_RDWR);
    free(c);
    return NULL;
}

static void *server_accept(void *arg)
{
    struct server *s = arg;
    int fd;

    while ((fd = accept(s->listener, NULL, NULL)) >= 0) {
        struct server_connection *c = malloc(sizeof *c);

        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        c->s = s;
        c->fd = fd;
        pthread_mutex_lock(&s->lock);
        s->fds[s->n_connections] = fd;
        pthread_create(&s->threads[s->n_connections++], NULL, server_serve, c);
        pthread_mutex_unlock(&s->lock);
    }
    return NULL;
}

SERVER_MAYBE_UNUSED static struct server *server_start(server_handler *handler, void *ctx)
{
    struct server *s = calloc(1, sizeof *s);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof a;

    s->handler = handler;
    s->ctx = ctx;
    pthread_mutex_init(&s->lock, NULL);
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(s->listener, 64), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&a, &len), 0);
    s->port = ntohs(a.sin_port);
    pthread_create(&s->acceptor, NULL, server_accept, s);
    return s;
}

SERVER_MAYBE_UNUSED static void server_stop(struct server *s)
{
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->acceptor, NULL);
    close(s->listener);
    for (int i = 0; i < s->n_connections; i++) {
        shutdown(s->fds[i], SHUT_RDWR);
        pthread_join(s->threads[i], NULL);
        close(s->fds[i]);
    }
    free(s);
}

SERVER_MAYBE_UNUSED static int server_requests(struct server *s)
{
    int n;

    pthread_mutex_lock(&s->lock);
    n = s->n_requests;
    pthread_mutex_unlock(&s->lock);
    return n;
}

#endif
