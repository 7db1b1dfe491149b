/*
 * fuzz_value.c: kept values and cells as a database may hold them, and texts as people may type
 * them into a cell of any field. What is decoded encodes to a text that decodes to the same; what a
 * field accepts is equal after it was written and read again.
 */
#include "base/mem.h"
#include "model/convert.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void decode_value(struct arena *a, const char *text)
{
    const struct value *v;
    const struct value *again;
    struct buf first;
    struct buf second;

    if (value_decode(a, text, &v, NULL) != BS_OK) {
        return;
    }
    buf_init(&first, BUF_NO_LIMIT);
    buf_init(&second, BUF_NO_LIMIT);
    value_encode(v, &first);
    demand(value_decode(a, first.data, &again, NULL) == BS_OK);
    value_encode(again, &second);
    demand(strcmp(first.data, second.data) == 0);
    buf_clear(&second);
    value_print(v, &second);
    buf_release(&first);
    buf_release(&second);
}

static void decode_cell(struct arena *a, const char *text)
{
    const struct cell *c;
    const struct cell *again;
    struct buf b;

    if (cell_decode(a, text, &c, NULL) != BS_OK) {
        return;
    }
    buf_init(&b, BUF_NO_LIMIT);
    cell_encode(c, &b);
    demand(cell_decode(a, b.data, &again, NULL) == BS_OK);
    demand(cell_equal(c, again) && c->format == again->format && c->formula == again->formula);
    buf_release(&b);
}

static void type_into(struct arena *a, const struct field *f, const char *text,
                      const struct zone *zone)
{
    const struct convert_ctx ctx = {.zone = zone, .key = {1, 2}, .create_choices = true};
    const struct cell typed = {.kind = CELL_TEXT, .text = text, .shown = text};
    struct bs_err e = BS_ERR_INIT;
    const struct value *v;
    const struct value *again;
    const struct cell *written;

    if (convert_from_cell(&ctx, f, &typed, NULL, a, &v, &e) != BS_OK) {
        demand(e.msg[0] != '\0');
        return;
    }
    if (convert_to_cell(&ctx, f, v, a, &written, NULL) != BS_OK) {
        return; /* quotes may make a list too long */
    }
    demand(convert_from_cell(&ctx, f, written, v, a, &again, NULL) == BS_OK);
    demand(convert_hash(&ctx, f, v) == convert_hash(&ctx, f, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    const char *text = arena_strndup(a, (const char *)data, size);
    struct zone *zone = zone_fixed("Etc/GMT-1", 3600);

    decode_value(a, text);
    decode_cell(a, text);
    for (int t = 0; t < FIELD_TYPE_COUNT; t++) {
        struct field f = {.type = (enum field_type)t,
                          .result = (enum field_type)t,
                          .precision = 2,
                          .rating_max = 5,
                          .linked_table = "tbl1",
                          .duration_format = "h:mm:ss.S"};

        type_into(a, &f, text, zone);
        f.type = FIELD_FORMULA;
        type_into(a, &f, text, zone);
    }
    zone_free(zone);
    arena_free(a);
    return 0;
}
