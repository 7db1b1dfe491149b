/* http_setup.c: what a request must satisfy before it leaves, and how every connection is made: TLS
 * 1.2 or later, verified, through the configured proxy or none. See http.h. */
#include "base/mem.h"
#include "base/str.h"
#include "net/http_p.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CONNECT_TIMEOUT_MS 15000
#define TIMEOUT_MS 90000

bool http_library_start(void)
{
    static bool started;

    started = started || curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK;
    return started;
}

enum bs_rc http_way_init(struct http_way *w, const struct http_options *o, struct bs_err *e)
{
    enum bs_rc rc;

    memset(w, 0, sizeof *w);
    rc = ca_choose(o->ca_file, &w->ca, e);
    if (rc != BS_OK) {
        return rc;
    }
    w->proxy = o->proxy && o->proxy[0] ? bs_strdup(o->proxy) : NULL;
    w->user_agent = bs_strdup(o->user_agent ? o->user_agent : "basesync (gzip)");
    w->connect_timeout_ms = o->connect_timeout_ms > 0 ? o->connect_timeout_ms : CONNECT_TIMEOUT_MS;
    w->timeout_ms = o->timeout_ms > 0 ? o->timeout_ms : TIMEOUT_MS;
    return BS_OK;
}

void http_way_release(struct http_way *w)
{
    bs_wipe_free(w->proxy); /* may hold a password */
    free(w->user_agent);
    w->proxy = w->user_agent = NULL;
}

/* The first error of several options sticks. */
#define SET(option, value) code = code == CURLE_OK ? curl_easy_setopt(easy, option, value) : code

static CURLcode apply_trust(const struct http_way *w, CURL *easy)
{
    CURLcode code = CURLE_OK;

    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (w->ca.blob) {
        /* libcurl only reads it; its type has no const. */
        struct curl_blob blob = {(void *)(uintptr_t)w->ca.blob, w->ca.blob_len, CURL_BLOB_NOCOPY};

        SET(CURLOPT_CAINFO_BLOB, &blob);
        if (w->proxy) {
            SET(CURLOPT_PROXY_CAINFO_BLOB, &blob);
        }
    } else {
        SET(CURLOPT_CAINFO, w->ca.path);
        if (w->proxy) {
            SET(CURLOPT_PROXY_CAINFO, w->ca.path);
        }
    }
    return code;
}

CURLcode http_way_apply(const struct http_way *w, CURL *easy, bool direct)
{
    CURLcode code = apply_trust(w, easy);

    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_USERAGENT, w->user_agent);
    /* Empty text, not NULL: else the environment's proxy variables would count. */
    SET(CURLOPT_PROXY, w->proxy && !direct ? w->proxy : "");
    SET(CURLOPT_NOPROXY, "");
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)w->connect_timeout_ms);
    SET(CURLOPT_TIMEOUT_MS, (long)w->timeout_ms);
    return code;
}

/* ---- addresses ---- */

bool http_is_loopback(const char *url, const char *scheme)
{
    static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]"};
    size_t n = strlen(scheme);

    if (strncasecmp(url, scheme, n) != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        size_t len = strlen(hosts[i]);

        /* Nothing but a port, a path or the end may follow: "http://localhost@evil" and
         * "http://localhost.evil" are other hosts. */
        if (strncasecmp(url + n, hosts[i], len) == 0) {
            const char *rest = url + n + len;

            if (*rest == ':') {
                rest += 1 + strspn(rest + 1, "0123456789");
            }
            if (*rest == '\0' || *rest == '/' || *rest == '?') {
                return true;
            }
        }
    }
    return false;
}

static bool is_plain_text(const char *s, unsigned char least)
{
    for (; *s; s++) {
        if ((unsigned char)*s < least || *s == 0x7F) {
            return false;
        }
    }
    return true;
}

enum bs_rc http_check_url(const char *url, struct bs_err *e)
{
    if (strlen(url) > HTTP_URL_MAX || !is_plain_text(url, 0x21)) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_INTERNAL, "an address that no request can have");
    }
    if (strncasecmp(url, "https://", 8) != 0 && !http_is_loopback(url, "http://")) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                       "the address of a service must begin with https:// (plain http is for "
                       "127.0.0.1 only): correct it in the configuration");
    }
    if (strcspn(url + 8, "@") < strcspn(url + 8, "/?#")) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                       "the address of a service must have no user name in it");
    }
    return BS_OK;
}

/* ---- headers ---- */

/* Takes a line that may hold a token; it is wiped here, and the list's copy by http_headers_free.
 */
static bool add_line(struct curl_slist **list, struct buf *line)
{
    struct curl_slist *longer = !line->over && is_plain_text(line->data, 0x20)
                                    ? curl_slist_append(*list, line->data)
                                    : NULL;

    buf_wipe(line);
    if (longer) {
        *list = longer;
    }
    return longer != NULL;
}

static bool add(struct curl_slist **list, const char *name, const char *prefix, const char *value)
{
    struct buf line;

    if (!value) {
        return true;
    }
    if (strpbrk(name, ": \t;") || !*name) {
        return false;
    }
    buf_init(&line, HTTP_URL_MAX);
    /* A name with nothing behind it is "leave out this header" to libcurl, one with ';' "empty". */
    buf_adds(&line, name);
    buf_adds(&line, *value ? ": " : ";");
    buf_adds(&line, prefix);
    buf_adds(&line, value);
    return add_line(list, &line);
}

static bool add_basic(struct curl_slist **list, const char *pair)
{
    struct buf text;
    bool ok;

    if (!pair) {
        return true;
    }
    buf_init(&text, HTTP_URL_MAX);
    base64_encode(&text, pair, strlen(pair));
    ok = add(list, "Authorization", "Basic ", text.data);
    buf_wipe(&text);
    return ok;
}

struct curl_slist *http_headers_new(const struct http_request *r)
{
    /* libcurl would wait a second for "100 Continue" before longer bodies. */
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    bool ok = list != NULL;

    if (ok && !r->content_type) {
        ok = curl_slist_append(list, "Content-Type:") != NULL; /* libcurl has one of its own */
    }
    ok = ok && add(&list, "Content-Type", "", r->content_type) &&
         add(&list, "Authorization", "Bearer ", r->bearer) && add_basic(&list, r->basic);
    for (size_t i = 0; ok && i < r->n_headers; i++) {
        ok = add(&list, r->headers[i].name, "", r->headers[i].value);
    }
    if (!ok) {
        http_headers_free(list);
        return NULL;
    }
    return list;
}

void http_headers_free(struct curl_slist *list)
{
    for (struct curl_slist *l = list; l; l = l->next) {
        bs_wipe(l->data, strlen(l->data));
    }
    curl_slist_free_all(list);
}

void http_describe(CURLcode code, const char *text, char *out, size_t size)
{
    if (!str_copy(out, size, text && text[0] ? text : curl_easy_strerror(code))) {
        str_mark_cut(out, size);
    }
    str_clean(out);
}

const char *http_libraries(void)
{
    return curl_version();
}
