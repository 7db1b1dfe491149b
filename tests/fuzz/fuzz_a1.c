/*
 * fuzz_a1.c: A1 references and spreadsheet addresses of any shape. What is read as a range is in
 * order and within bounds, and printed and read again it is the same range of the same tab.
 */
#include "base/mem.h"
#include "model/a1.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth) {
        abort();
    }
}

/* The last column there can be is as good as an open end. */
static uint32_t right_end(const struct a1_range *r)
{
    return r->col1 == A1_COLUMNS_MAX - 1 ? UINT32_MAX : r->col1;
}

static void print_again(const struct buf *title, const struct a1_range *r)
{
    struct a1_range again;
    struct buf printed;
    struct buf title_again;

    buf_init(&printed, BUF_NO_LIMIT);
    buf_init(&title_again, BUF_NO_LIMIT);
    a1_print(&printed, title->len > 0 ? title->data : NULL, r);
    demand(a1_parse(printed.data, &title_again, &again));
    demand(strcmp(title->data, title_again.data) == 0);
    demand(again.col0 == r->col0 && right_end(&again) == right_end(r));
    demand(again.row0 == r->row0 && again.row1 == r->row1);
    buf_release(&printed);
    buf_release(&title_again);
}

static void read_range(const char *text)
{
    struct a1_range r;
    struct buf title;

    buf_init(&title, BUF_NO_LIMIT);
    if (a1_parse(text, &title, &r)) {
        demand(r.col0 <= r.col1 && r.row0 <= r.row1);
        demand(r.col0 < A1_COLUMNS_MAX && r.row0 >= 1);
        demand(r.col1 < A1_COLUMNS_MAX || r.col1 == UINT32_MAX);
        print_again(&title, &r);
    }
    buf_release(&title);
}

static void read_address(const char *text)
{
    struct buf id;
    int64_t gid;

    buf_init(&id, BUF_NO_LIMIT);
    if (a1_parse_spreadsheet(text, &id, &gid)) {
        demand(id.len > 0 && strstr(text, id.data) && gid >= -1);
        demand(!strpbrk(id.data, "/?#&%\" "));
    }
    buf_release(&id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = bs_strndup((const char *)data, size);

    read_range(text);
    read_address(text);
    free(text);
    return 0;
}
