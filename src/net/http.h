/*
 * http.h: HTTP(S) requests. The only users of curl.h are the files http*.c. A client keeps
 * connections (and with them the parsed CA set) alive for a run; several requests may be in flight
 * at once. libcurl repeats a request by itself, a POST too, when a kept-alive connection dies
 * before the first byte of the answer (lib/transfer.c, Curl_retry_request): here it is kept from
 * it, by bodies that can be read once only and by a look before each departure, so that a request
 * leaves once at most and such a death is HTTP_LOST. A request also says how long the connection it
 * travels on may have been idle: what must not be in doubt goes out on one that was just used, or
 * on a fresh one, where the server has hardly hung up meanwhile.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_BODY_MAX ((size_t)64 << 20)    /* default bound of an answer that is not streamed */
#define HTTP_STREAM_MAX ((uint64_t)4 << 30) /* default bound of one that is */
#define HTTP_URL_MAX 65536

struct http;

struct http_options {
    const char *ca_file; /* NULL: net/ca.h's choice */
    const char *proxy;   /* NULL: none; the environment's proxy variables are ignored */
    int64_t connect_timeout_ms;
    int64_t timeout_ms;     /* whole request, unless the request has its own */
    size_t max_in_flight;   /* connections to one host */
    const char *user_agent; /* "basesync/0.1.0 (gzip)" */
};

/* Counts since the client was made, for SyncLog. */
struct http_stats {
    int64_t requests;                   /* that left, or may have */
    int64_t bytes_sent, bytes_received; /* as on the wire, without TLS */
};

enum bs_rc http_new(const struct http_options *o, struct http **out,
                    struct bs_err *e) BS_MUST_CHECK;
void http_free(struct http *h); /* NULL is nothing; requests in flight are cut */
struct http_stats http_stats(const struct http *h);

enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE };

struct http_header {
    const char *name, *value;
};

/* Everything is borrowed until the answer was taken. */
struct http_request {
    enum http_method method;
    const char *url;    /* absolute; https, or http for 127.0.0.1/localhost only */
    const char *bearer; /* access token or NULL; goes nowhere but into the Authorization header */
    const char *basic;  /* "user:password" or NULL */
    const char *content_type; /* NULL without body */
    const void *body;
    size_t body_len;
    const struct http_header *headers; /* more of them */
    size_t n_headers;
    bool fresh_connection; /* one that has carried nothing yet */
    int64_t idle_max_s;    /* else one that was idle for no longer; 0: the client's rule */
    int64_t timeout_ms;    /* 0: the client's */
    size_t max_body; /* of the answer, after decompression; 0: HTTP_BODY_MAX, HTTP_STREAM_MAX */
    /* Streaming: called with pieces of a 2xx body as they come; false aborts the request
     * (HTTP_ABORTED). NULL: the body is collected. */
    bool (*sink)(void *ctx, const char *data, size_t len);
    void *sink_ctx;
    /* Set, when the connection stands and the request begins to leave, to the clock that never
     * steps; and once more to when its last byte left. NULL: nobody asks. */
    int64_t *sent_ms;
    void *tag; /* the caller's */
};

enum http_outcome {
    HTTP_ANSWERED,  /* a complete answer, whatever its status */
    HTTP_NOT_SENT,  /* name, connect, TLS or proxy failure: the request did not leave */
    HTTP_LOST,      /* the request left (or may have), no complete answer came */
    HTTP_TOO_LARGE, /* the answer passed max_body */
    HTTP_ABORTED,   /* the sink refused */
};

struct http_response {
    enum http_outcome outcome;
    int status;      /* 0 when none was read */
    struct buf body; /* released by http_response_release */
    char content_type[80];
    int64_t retry_after_ms; /* -1 none; seconds or HTTP-date (RFC 9110 10.2.3), bounded to a day */
    int64_t date_ms;        /* the server's Date header, 0 none */
    int64_t duration_ms;
    char detail[160]; /* what failed, for people, without secrets; "" when answered */
    void *tag;
};

/* One request, waiting for it, whatever else is in flight. BS_OK whenever there is an outcome to
 * look at; else nothing left: an address that is not allowed (BS_STOP_ALL / BS_K_CONFIG), a header
 * or address with control characters in it (BS_STOP_SYNC / BS_K_INTERNAL). */
enum bs_rc http_perform(struct http *h, const struct http_request *r, struct http_response *out,
                        struct bs_err *e) BS_MUST_CHECK;
/* Several at once: submit, then take answers as they come. http_next returns BS_OK and fills out,
 * BS_SKIP when timeout_ms passed first or nothing is in flight. */
enum bs_rc http_submit(struct http *h, const struct http_request *r,
                       struct bs_err *e) BS_MUST_CHECK;
enum bs_rc http_next(struct http *h, int64_t timeout_ms, struct http_response *out,
                     struct bs_err *e) BS_MUST_CHECK;
/* Submitted and not yet taken by http_next. */
size_t http_in_flight(const struct http *h);
void http_response_release(struct http_response *r); /* wipes the body */

/* Retry-After text to ms from now_ms; -1 when absent or not understood; bounded to a day. */
int64_t http_parse_retry_after(const char *value, int64_t now_ms);
/* An HTTP-date in any of the three forms of RFC 9110 5.6.7 to Unix ms; 0 when it is none. */
int64_t http_parse_date(const char *value);

/*
 * SMTP over TLS for notifications: sends one message and waits for it. url "smtps://host:465" or
 * "smtp://host:587", where STARTTLS is demanded unless the host is this machine. `to` may name
 * several, separated by commas. BS_RETRY / BS_K_NETWORK when the server cannot be reached or asks
 * to come later, BS_STOP_SYNC / BS_K_CONFIG when it refuses the login, the addresses or the
 * message.
 */
struct http_mail {
    const char *url, *user, *password, *from, *to;
    const char *message; /* RFC 5322 text with CRLF */
};
enum bs_rc http_send_mail(const struct http_options *o, const struct http_mail *m,
                          struct bs_err *e) BS_MUST_CHECK;

/* "libcurl/8.14.1 mbedTLS/3.6.6 zlib/1.3.1". Static storage. */
const char *http_libraries(void);

#endif
