/*
 * fuzz_retry_after.c: what a server may say of time and of errors. Waits stay within their bounds,
 * sentences are clean text, and no answer makes a create be sent again that may have been done.
 */
#include "base/mem.h"
#include "base/str.h"
#include "net/retry.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DAY_MS 86400000

static void demand(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void check_clean(const char *s)
{
    for (; *s; s++) {
        demand((unsigned char)*s >= 0x20 && *s != 0x7f);
    }
}

static void decide(enum retry_service service, const struct http_response *r)
{
    struct bs_err e = BS_ERR_INIT;

    retry_read_error(service, r, &e);
    check_clean(e.msg);
    check_clean(e.code);
    demand(e.msg[0] != '\0');
    for (int cls = CLASS_READ; cls <= CLASS_TOKEN; cls++) {
        struct retry_verdict v = retry_decide(service, (enum retry_class)cls, r, e.code);

        demand(v.wait_ms >= 0);
        demand((v.action != ACT_RETRY && v.action != ACT_PENALTY) ||
               v.wait_ms <= RETRY_AFTER_MAX_MS);
        demand((v.action == ACT_DONE) == (r->status >= 200 && r->status <= 299));
        if (cls == CLASS_CREATE && r->status >= 500) {
            demand(v.action != ACT_RETRY && v.action != ACT_PENALTY);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_response r = {.outcome = HTTP_ANSWERED};
    char *text;
    int64_t ms;

    if (size < 3) {
        return 0;
    }
    r.status = 100 + (data[0] | data[1] << 8) % 500;
    text = bs_strndup((const char *)data + 2, size - 2);
    ms = http_parse_date(text);
    demand(ms >= 0 && ms < (int64_t)10000 * 366 * DAY_MS);
    ms = http_parse_retry_after(text, 1784542088000);
    demand(ms >= -1 && ms <= DAY_MS);
    r.retry_after_ms = ms;
    buf_init(&r.body, BUF_NO_LIMIT);
    buf_add(&r.body, data + 2, size - 2);
    for (int service = ON_AIRTABLE; service <= ON_OTHER; service++) {
        decide((enum retry_service)service, &r);
    }
    buf_release(&r.body);
    free(text);
    return 0;
}
