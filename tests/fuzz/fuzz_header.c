/*
 * fuzz_header.c: header rows as people may write them, held against a mapping. A row is refused in
 * one sentence, or each mapped field has a column of its own whose text is its header, spelt alike,
 * and the id column is no other's.
 */
#include "base/mem.h"
#include "base/str.h"
#include "engine/report.h"
#include "engine/run_p.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIELDS 3
#define COLUMNS 24

static void demand(bool truth)
{
    if (!truth) {
        abort();
    }
}

/* Cells stand on lines of their own; a line of a digit is a number. */
static size_t split(struct arena *a, char *text, struct cell *cells)
{
    size_t n = 0;

    for (char *line = text; line != NULL && n < COLUMNS; n++) {
        char *end = strchr(line, '\n');

        if (end != NULL) {
            *end++ = '\0';
        }
        if (line[0] == '\0') {
            cells[n] = cell_empty;
        } else if (line[0] >= '0' && line[0] <= '9' && line[1] == '\0') {
            cells[n] = (struct cell){.kind = CELL_NUMBER, .number = line[0] - '0'};
        } else {
            cells[n] = (struct cell){.kind = CELL_TEXT, .text = arena_strdup(a, line)};
        }
        line = end;
    }
    return n;
}

static void check(const struct run *r, const struct cell *cells, uint32_t col0, size_t n)
{
    const struct run_layout *l = &r->layout;

    for (size_t i = 0; i < r->n_fields; i++) {
        uint32_t c = l->column[i];

        if (c == SYNC_NONE) {
            continue;
        }
        demand(c >= col0 && c - col0 < n && cells[c - col0].kind == CELL_TEXT);
        demand(str_eq(cells[c - col0].text, r->fields[i].header));
        demand(c != l->id_column);
        for (size_t k = 0; k < i; k++) {
            demand(l->column[k] != c);
        }
    }
    if (l->id_column != SYNC_NONE) {
        demand(str_eq(cells[l->id_column - col0].text, r->cs->id_column));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct field fields[FIELDS] = {
        {.id = "fld1", .name = "Name", .type = FIELD_SINGLE_LINE_TEXT},
        {.id = "fld2", .name = "Close date", .type = FIELD_DATE},
        {.id = "fld3", .name = "Größe", .type = FIELD_NUMBER}};
    struct arena *a = arena_new();
    struct sync_field mapped[FIELDS];
    const char *refs[FIELDS] = {"Name", "Close date", "Größe"};
    bool known[FIELDS];
    struct conf_sync cs = {.slug = "s", .id_column = "Record ID"};
    struct sheet_tab tab = {.title = "Deals"};
    struct run_report silent = {0};
    struct run_env env = {NULL, NULL, &silent};
    struct run r = {.env = &env,
                    .arena = a,
                    .cs = &cs,
                    .tab = &tab,
                    .fields = mapped,
                    .n_fields = FIELDS,
                    .field_refs = refs,
                    .known_header = known};
    struct cell cells[COLUMNS];
    struct bs_err e = BS_ERR_INIT;

    if (size > 2) {
        uint32_t col0 = data[1] % 30;

        cs.mapping.all = data[0] & 1;
        r.rules.include_header = data[0] & 2;
        r.rules.direction = (enum sync_direction)(data[0] >> 6 & 1);
        r.known_id_column = data[0] & 4;
        for (size_t i = 0; i < FIELDS; i++) {
            known[i] = data[0] >> (3 + i) & 1;
            mapped[i] = (struct sync_field){.field = &fields[i],
                                            .header = fields[i].name,
                                            .to_sheet = data[0] >> 7,
                                            .to_airtable = true};
        }
        size_t n = split(a, arena_strndup(a, (const char *)data + 2, size - 2), cells);

        if (run_read_header(&r, cells, col0, n, &e) == BS_OK) {
            check(&r, cells, col0, n);
        } else {
            demand(e.rc == BS_STOP_SYNC && e.kind == BS_K_SCHEMA && e.msg[0] != '\0');
        }
    }
    arena_free(a);
    return 0;
}
