/*
 * fuzz_loopback.c: the head of a request to the sign-in's listener, whole and as it grows. What was
 * judged in part stays judged; an address that comes out is printable and was in the request.
 */
#include "net/loopback.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth) {
        abort();
    }
}

static enum loopback_head parse(const char *text, size_t len)
{
    struct buf target;
    enum loopback_head head;

    buf_init(&target, LOOPBACK_HEAD_MAX);
    head = loopback_parse(text, len, &target);
    if (head == LOOPBACK_GET) {
        demand(target.len > 0 && target.data[0] == '/' && strlen(target.data) == target.len);
        demand(memmem(text, len, target.data, target.len) != NULL);
        for (size_t i = 0; i < target.len; i++) {
            demand(target.data[i] > ' ' && target.data[i] <= '~');
        }
    } else {
        demand(target.len == 0);
    }
    buf_release(&target);
    return head;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    enum loopback_head before = LOOPBACK_MORE;

    for (size_t len = 0; len <= size; len += 1 + len / 16) {
        enum loopback_head now = parse(text, len);

        demand(before == LOOPBACK_MORE || now == before);
        before = now;
    }
    parse(text, size);
    return 0;
}
