/*
 * fuzz_import.c: exports of the hosted product. What is taken is complete and within its bounds,
 * what is refused is told in a sentence that quotes no token.
 */
#include "app/import.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void look(const struct import *x)
{
    for (size_t i = 0; i < x->n_users; i++) {
        demand(*x->users[i].id && *x->users[i].email && x->users[i].name);
    }
    for (size_t i = 0; i < x->n_connections; i++) {
        const struct import_connection *c = &x->connections[i];

        demand(*c->user_id && c->access && c->refresh && c->account);
        demand(strlen(c->access) <= IMPORT_TOKEN_MAX);
    }
    for (size_t i = 0; i < x->n_syncs; i++) {
        const struct import_sync *s = &x->syncs[i];

        demand(*s->user_id && *s->name && *s->base && *s->table && *s->spreadsheet && *s->sheet);
        demand(s->n_fields <= MAPPING_MAX);
        for (size_t k = 0; k < s->n_fields; k++) {
            demand(*s->fields[k].field && s->fields[k].column < IMPORT_COLUMNS_MAX);
            demand(k == 0 || s->fields[k - 1].column <= s->fields[k].column);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct import x = {.arena = a};
    struct bs_err e = BS_ERR_INIT;

    if (import_read(&x, "export.json", (const char *)data, size, &e) == BS_OK) {
        look(&x);
    } else {
        demand(e.kind == BS_K_CONFIG && str_starts(e.msg, "export.json: "));
    }
    import_release(&x);
    arena_free(a);
    return 0;
}
