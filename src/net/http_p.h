/*
 * http_p.h: what the files of http share (private to net/http*.c).
 */
#ifndef NET_HTTP_P_H
#define NET_HTTP_P_H

#include "net/ca.h"
#include "net/http.h"

#include <curl/curl.h>

/* What every connection needs to know: whom to trust, which way to go, how long to wait. */
struct http_way {
    struct ca_choice ca;
    char *proxy; /* NULL: none */
    char *user_agent;
    int64_t connect_timeout_ms, timeout_ms;
};

enum bs_rc http_way_init(struct http_way *w, const struct http_options *o,
                         struct bs_err *e) BS_MUST_CHECK;
void http_way_release(struct http_way *w);
/* Trust, proxy and time-outs onto a handle. direct: past the proxy. */
CURLcode http_way_apply(const struct http_way *w, CURL *easy, bool direct);

/* Starts libcurl, once per process; false when it cannot be. */
bool http_library_start(void);

/* True for http:// and smtp:// addresses of this machine. */
bool http_is_loopback(const char *url, const char *scheme);

/* The request's headers as a list that http_headers_free wipes; NULL when one of them could end a
 * line and begin another. */
struct curl_slist *http_headers_new(const struct http_request *r);
void http_headers_free(struct curl_slist *list);
/* BS_OK when the address may be asked: see http_perform. */
enum bs_rc http_check_url(const char *url, struct bs_err *e) BS_MUST_CHECK;

/* What failed, for people: libcurl's own text when it has one. */
void http_describe(CURLcode code, const char *text, char *out, size_t size);

#endif
