/*
 * fuzz_ini.c: INI files as anybody may write them. Properties: a file is either refused with one
 * sentence that names its line, or read; and what was read prints as a file that reads the same.
 */
#include "conf/conf.h"

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
    struct conf *c = NULL;
    struct conf *again = NULL;
    struct buf first, second;

    if (conf_parse("/f.ini", (const char *)data, size, &c, &e) != BS_OK) {
        demand(c == NULL && e.rc == BS_STOP_ALL && e.kind == BS_K_CONFIG);
        demand(strncmp(e.msg, "/f.ini:", 7) == 0);
        return 0;
    }
    buf_init(&first, BUF_NO_LIMIT);
    buf_init(&second, BUF_NO_LIMIT);
    conf_print(c, &first);
    demand(conf_parse("/f.ini", first.data, first.len, &again, &e) == BS_OK);
    conf_print(again, &second);
    demand(strcmp(first.data, second.data) == 0);
    conf_free(again);
    conf_free(c);
    buf_release(&first);
    buf_release(&second);
    return 0;
}
