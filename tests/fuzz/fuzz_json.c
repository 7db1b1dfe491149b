/*
 * fuzz_json.c: answers of any kind. Properties: what parses is also what the push parser takes;
 * what is printed parses again and prints the same; no path or getter fails on it.
 */
#include "base/mem.h"
#include "net/json.h"
#include "net/jstream.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth) {
        abort();
    }
}

static bool streams(const char *text, size_t len)
{
    struct jstream *p = jstream_new(NULL, NULL);
    bool ok = jstream_feed(p, text, len) && jstream_end(p);

    jstream_free(p);
    return ok;
}

/* Depth is bounded by the parser. */
static void walk(const struct json *n)
{
    const struct json *c;
    size_t count = 0;

    (void)json_int(n, 0);
    (void)json_bool(n, false);
    for (c = json_child(n); c; c = json_next(c)) {
        count++;
        if (json_is_object(n)) {
            demand(json_key(c) != NULL);
            demand(json_get(n, json_key(c)) != NULL);
        }
        walk(c);
    }
    demand(count == json_count(n));
    demand(json_string(n, "") != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bs_err e = BS_ERR_INIT;
    struct json *doc, *again;
    char *text, *same;

    if (json_parse((const char *)data, size, &doc, &e) != BS_OK) {
        demand(doc == NULL && e.kind == BS_K_REMOTE && e.msg[0]);
        return 0;
    }
    demand(streams((const char *)data, size));
    walk(doc);
    (void)json_path(doc, "a.0.b");
    text = json_print(doc);
    demand(json_parse(text, strlen(text), &again, &e) == BS_OK);
    same = json_print(again);
    demand(strcmp(text, same) == 0);
    free(text);
    free(same);
    json_free(doc);
    json_free(again);
    return 0;
}
