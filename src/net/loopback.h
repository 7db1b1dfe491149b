/*
 * loopback.h: the little web server that a browser comes back to at the end of a sign-in (RFC 8252
 * section 7.3): 127.0.0.1 only, GET only, fixed pages. It serves anybody on this machine, so all
 * that comes is hostile until its owner has looked at the address that was asked for: heads are
 * bounded in bytes and time, connections in number (browsers open some ahead and leave them
 * silent), and nothing of a request is ever part of an answer.
 */
#ifndef NET_LOOPBACK_H
#define NET_LOOPBACK_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

#define LOOPBACK_HEAD_MAX ((size_t)16384) /* bytes of a request's head */
#define LOOPBACK_CLIENTS_MAX 16           /* open at once; the oldest gives way */
#define LOOPBACK_HEAD_MS INT64_C(10000)   /* for a whole head to arrive */

struct loopback;

/* Listens on 127.0.0.1; port 0: any that is free. BS_STOP_ALL / BS_K_CONFIG when it is taken. */
enum bs_rc loopback_open(uint16_t port, struct loopback **out, struct bs_err *e) BS_MUST_CHECK;
uint16_t loopback_port(const struct loopback *l);
void loopback_close(struct loopback *l); /* NULL is nothing */

/* What a request for this address ("/path?query") is to see. The last two end the serving. */
enum loopback_page {
    LOOPBACK_NOTHING, /* 404: not what we wait for */
    LOOPBACK_FOREIGN, /* 400: belongs to another sign-in */
    LOOPBACK_REFUSED, /* the sign-in was refused */
    LOOPBACK_WELCOME, /* the sign-in has arrived */
};
typedef enum loopback_page loopback_fn(void *ctx, const char *target);

enum loopback_event {
    LOOPBACK_ENDED, /* one of the last two pages was shown */
    LOOPBACK_INPUT, /* fd can be read */
    LOOPBACK_LATE,  /* ms have passed, or a stop signal came */
};
/* Serves until something happens. fd: -1 for none. */
enum loopback_event loopback_serve(struct loopback *l, int64_t ms, int fd, loopback_fn *look,
                                   void *ctx);

/* The head of a request as far as it has come. Only HTTP/1.0 and 1.1 with a Host that names this
 * machine (RFC 9112 section 3.2): a name of somebody else's that was made to point here is told by
 * it. LOOPBACK_GET appends the address to target. */
enum loopback_head { LOOPBACK_MORE, LOOPBACK_BAD, LOOPBACK_OTHER_METHOD, LOOPBACK_GET };
enum loopback_head loopback_parse(const char *data, size_t len, struct buf *target);

#endif
