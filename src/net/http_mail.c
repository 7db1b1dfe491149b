/* http_mail.c: one message to a mail server; see http.h. */
#include "base/mem.h"
#include "base/str.h"
#include "net/http_p.h"

#include <string.h>
#include <strings.h>

#define ADDRESSES_MAX 32
#define MAIL_TIMEOUT_MS 60000

struct upload {
    const char *at;
    size_t left;
};

static size_t on_read(char *to, size_t size, size_t n, void *ctx)
{
    struct upload *u = ctx;
    size_t len = size * n < u->left ? size * n : u->left;

    memcpy(to, u->at, len);
    u->at += len;
    u->left -= len;
    return len;
}

/* An address that goes into a command line of SMTP: nothing that could end it. */
static bool is_address(const char *s)
{
    return *s && !strpbrk(s, "<> \t\r\n") && strchr(s, '@');
}

/* "a@x, b@y" as a list; NULL when one of them is none. */
static struct curl_slist *recipients(const char *to)
{
    struct curl_slist *list = NULL;
    char *copy = bs_strdup(to), *rest = copy, *one;
    bool ok = true;
    int n = 0;

    while (ok && (one = strsep(&rest, ",")) != NULL) {
        struct curl_slist *longer = NULL;

        one = str_trim(one);
        if (is_address(one) && n++ < ADDRESSES_MAX) {
            longer = curl_slist_append(list, one);
        }
        ok = longer != NULL;
        list = ok ? longer : list;
    }
    if (!ok) {
        curl_slist_free_all(list);
        list = NULL;
    }
    bs_wipe_free(copy);
    return list;
}

/* The first error of several options sticks. */
#define SET(option, value) code = code == CURLE_OK ? curl_easy_setopt(easy, option, value) : code

static CURLcode set_up(CURL *easy, const struct http_way *w, const struct http_mail *m,
                       struct curl_slist *to, struct upload *u)
{
    bool local = http_is_loopback(m->url, "smtp://");
    CURLcode code = http_way_apply(w, easy, local);

    SET(CURLOPT_URL, m->url);
    SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    SET(CURLOPT_USE_SSL, local ? (long)CURLUSESSL_TRY : (long)CURLUSESSL_ALL);
    SET(CURLOPT_TIMEOUT_MS, (long)MAIL_TIMEOUT_MS);
    if (m->user && m->user[0]) {
        SET(CURLOPT_USERNAME, m->user);
        SET(CURLOPT_PASSWORD, m->password ? m->password : "");
    }
    SET(CURLOPT_MAIL_FROM, m->from);
    SET(CURLOPT_MAIL_RCPT, to);
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_READFUNCTION, on_read);
    SET(CURLOPT_READDATA, u);
    SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)u->left);
    return code;
}

/* 4yz asks to come again, 5yz is for good (RFC 5321 4.2.1). */
static enum bs_rc judge(CURL *easy, CURLcode code, const char *text, struct bs_err *e)
{
    char why[160];
    long reply = 0;

    if (code == CURLE_OK) {
        return BS_OK;
    }
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply);
    http_describe(code, text, why, sizeof why);
    if (code == CURLE_LOGIN_DENIED || code == CURLE_USE_SSL_FAILED || reply / 100 == 5) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_CONFIG,
                       "the mail server refuses: %s; correct the mail settings in [notify]", why);
    }
    return bs_fail(e, BS_RETRY, BS_K_NETWORK, "mail cannot be sent now: %s", why);
}

enum bs_rc http_send_mail(const struct http_options *o, const struct http_mail *m, struct bs_err *e)
{
    struct upload u = {m->message, strlen(m->message)};
    char text[CURL_ERROR_SIZE] = "";
    struct curl_slist *to = NULL;
    struct http_way way = {0};
    CURL *easy = NULL;
    enum bs_rc rc = http_way_init(&way, o, e);

    if (rc != BS_OK) {
        goto out;
    }
    to = recipients(m->to);
    if (!to || !is_address(m->from) ||
        (strncasecmp(m->url, "smtps://", 8) != 0 && strncasecmp(m->url, "smtp://", 7) != 0)) {
        rc = bs_fail(e, BS_STOP_SYNC, BS_K_CONFIG,
                     "mail needs an address smtps://HOST:PORT or smtp://HOST:PORT, a sender and "
                     "recipients: correct [notify]");
        goto out;
    }
    easy = http_library_start() ? curl_easy_init() : NULL;
    if (!easy || curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, text) != CURLE_OK ||
        set_up(easy, &way, m, to, &u) != CURLE_OK) {
        rc = bs_fail(e, BS_STOP_ALL, BS_K_INTERNAL, "libcurl does not take a message");
        goto out;
    }
    rc = judge(easy, curl_easy_perform(easy), text, e);
out:
    curl_easy_cleanup(easy);
    curl_slist_free_all(to);
    http_way_release(&way);
    return rc;
}
