/*
 * fuzz_cron.c: schedules. A text is refused with a sentence, or has a next time that is later, not
 * further away than its rarest day, and the same for every moment in between.
 */
#include "base/mem.h"
#include "model/cron.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bs_err e = BS_ERR_INIT;
    struct cron c;
    int64_t at = 0;
    int64_t next;
    char *text;

    if (size < 4) {
        return 0;
    }
    /* The first bytes are the moment: any second of the next 136 years. */
    for (int i = 0; i < 4; i++) {
        at = at << 8 | data[i];
    }
    at *= 1000;
    text = bs_alloc(size - 3);
    memcpy(text, data + 4, size - 4);
    if (cron_parse(text, &c, &e) != BS_OK) {
        demand(e.rc == BS_STOP_ALL && e.msg[0] != '\0');
    } else {
        next = cron_next(&c, NULL, at);
        demand(next > at && next % 60000 == 0);
        demand(next - at < INT64_C(41) * 366 * 86400000);
        demand(cron_next(&c, NULL, at + (next - at) / 2) == next);
        demand(cron_next(&c, NULL, next - 1) == next);
    }
    free(text);
    return 0;
}
