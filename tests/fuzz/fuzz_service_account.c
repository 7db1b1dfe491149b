/*
 * fuzz_service_account.c: key files, client files, token answers and pasted addresses. What is
 * refused leaves nothing behind and is told without a word of its content; what is taken is
 * complete.
 */
#include "base/mem.h"
#include "base/str.h"
#include "net/oauth.h"
#include "net/oauth_client.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void read_key(const char *text, size_t len)
{
    struct service_account a;
    struct bs_err e = BS_ERR_INIT;

    if (service_account_parse(text, len, &a, &e) == BS_OK) {
        demand(a.email && strchr(a.email, '@') && a.key_id && a.private_key);
        service_account_release(&a);
    } else {
        demand(!a.email && !a.private_key && e.rc == BS_STOP_SYNC && e.kind == BS_K_CONFIG);
        demand(str_starts(e.msg, "the service account key "));
    }
}

static void read_answer(const uint8_t *data, size_t size)
{
    struct http_response r = {.outcome = HTTP_ANSWERED, .retry_after_ms = -1};
    struct oauth_tokens t;
    struct bs_err e = BS_ERR_INIT;

    r.status = size > 0 && data[0] % 2 ? 200 : 400;
    buf_init(&r.body, BUF_NO_LIMIT);
    buf_add(&r.body, data, size);
    if (oauth_read_answer(&r, 1784542088000, &t, &e) == BS_OK) {
        demand(r.status == 200 && t.access_token && *t.access_token);
        demand(t.expires_ms > 1784542088000 && t.expires_ms <= 1784542088000 + 86400000);
        oauth_tokens_release(&t);
    } else {
        demand(!t.access_token && !t.refresh_token && e.msg[0]);
    }
    buf_release(&r.body);
}

static void read_redirect(const char *text)
{
    struct bs_err e = BS_ERR_INIT;
    struct buf code;

    buf_init(&code, 1000);
    if (oauth_read_redirect(text, "state-1", &code, &e) == BS_OK) {
        demand(code.len > 0 && strstr(text, "code="));
    } else {
        demand(code.len == 0 && e.kind == BS_K_OAUTH);
        demand(e.rc == BS_SKIP || strstr(text, "error="));
    }
    buf_release(&code);
}

static void read_client(const char *text, size_t len)
{
    struct oauth_client c;
    struct oauth_redirect r;
    struct bs_err e = BS_ERR_INIT;

    if (oauth_client_parse(text, len, &c, &e) == BS_OK) {
        demand(c.id && *c.id && (!c.secret || *c.secret));
        oauth_client_release(&c);
    } else {
        demand(!c.id && !c.secret && e.kind == BS_K_CONFIG);
    }
    bs_err_clear(&e);
    if (oauth_redirect_parse(text, &r, &e) == BS_OK) {
        demand(str_eq(r.url, text) && (r.port == 0 || r.path[0] == '/'));
        demand(str_starts(text, "https://") || str_starts(text, "http://127.0.0.1") ||
               str_starts(text, "http://localhost"));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = bs_strndup((const char *)data, size);

    read_key((const char *)data, size);
    read_answer(data, size);
    read_redirect(text);
    read_client(text, strlen(text));
    free(text);
    return 0;
}
