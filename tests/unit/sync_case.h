/*
 * sync_case.h: what the tests of sync/ share: a table of three text fields, and short ways to write
 * records, rows and pairs. Texts NULL stand for an empty cell.
 */
#ifndef UNIT_SYNC_CASE_H
#define UNIT_SYNC_CASE_H

#include "sync/plan.h"
#include "sync/state.h"

#include <stdlib.h>
#include <string.h>

#define CASE_FIELDS 3
#define CASE_ROOM 256
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct sync_case {
    struct arena *arena;
    struct zone *zone;
    struct convert_ctx convert;
    struct sync_rules rules;
    struct field fields[CASE_FIELDS];
    struct sync_field mapped[CASE_FIELDS];
    struct sync_state state;
};

static int case_make(void **out)
{
    static const char *const ids[] = {"fld1", "fld2", "fld3"};
    static const char *const names[] = {"Name", "Amount", "Note"};
    struct sync_case *c = calloc(1, sizeof *c);

    c->arena = arena_new();
    c->zone = zone_fixed("UTC", 0);
    c->convert = (struct convert_ctx){.zone = c->zone, .key = {.k0 = 3, .k1 = 4}};
    c->rules = (struct sync_rules){.direction = DIRECTION_BOTH, .keep_formulas = true};
    for (size_t i = 0; i < CASE_FIELDS; i++) {
        c->fields[i] = (struct field){
            .id = ids[i], .name = names[i], .type = FIELD_SINGLE_LINE_TEXT, .valid = true};
        c->mapped[i] = (struct sync_field){&c->fields[i], names[i], true, true};
    }
    c->state = (struct sync_state){
        .arena = c->arena,
        .rules = &c->rules,
        .convert = &c->convert,
        .fields = c->mapped,
        .n_fields = CASE_FIELDS,
        .match_field = 0,
        .airtable_listed = true,
        .pairs = arena_alloc_n(c->arena, CASE_ROOM, sizeof(struct sync_pair)),
        .records = arena_alloc_n(c->arena, CASE_ROOM, sizeof(struct sync_record)),
        .rows = arena_alloc_n(c->arena, CASE_ROOM, sizeof(struct sync_row)),
    };
    *out = c;
    return 0;
}

static int case_free(void **state)
{
    struct sync_case *c = *state;

    zone_free(c->zone);
    arena_free(c->arena);
    free(c);
    return 0;
}

/* One direction for the sync and all its fields. */
static inline void case_direction(struct sync_case *c, enum sync_direction d)
{
    c->rules.direction = d;
    for (size_t i = 0; i < CASE_FIELDS; i++) {
        c->mapped[i].to_sheet = d != DIRECTION_TO_AIRTABLE;
        c->mapped[i].to_airtable = d != DIRECTION_TO_SHEETS;
    }
}

static inline struct side_cell case_cell(struct sync_case *c, const char *text, bool sheet)
{
    struct side_cell s = {.state = SIDE_VALUE, .value = value_text(c->arena, text ? text : "")};

    s.hash = convert_hash(&c->convert, &c->fields[0], s.value);
    if (sheet) {
        struct cell *cell = arena_alloc(c->arena, sizeof *cell);

        *cell = cell_empty;
        if (text) {
            *cell = (struct cell){.kind = CELL_TEXT, .text = text, .shown = text};
        }
        s.cell = cell;
    }
    return s;
}

static inline struct side_cell *case_cells(struct sync_case *c, const char *const texts[3],
                                           bool sheet)
{
    struct side_cell *cells = arena_alloc_n(c->arena, CASE_FIELDS, sizeof *cells);

    for (size_t i = 0; i < CASE_FIELDS; i++) {
        cells[i] = case_cell(c, texts[i], sheet);
    }
    return cells;
}

static inline uint64_t case_hash(struct sync_case *c, const char *text)
{
    return case_cell(c, text, false).hash;
}

static inline struct sync_record *case_record(struct sync_case *c, const char *id, const char *a,
                                              const char *b, const char *d)
{
    struct sync_record *rec = &c->state.records[c->state.n_records++];

    *rec = (struct sync_record){.id = id};
    rec->cells = case_cells(c, (const char *[]){a, b, d}, false);
    return rec;
}

static inline struct sync_record *case_gone(struct sync_case *c, const char *id)
{
    struct sync_record *rec = &c->state.records[c->state.n_records++];

    *rec = (struct sync_record){.id = id, .presence = PRESENCE_GONE};
    return rec;
}

/* Rows follow each other from row 2 on. */
static inline struct sync_row *case_row(struct sync_case *c, const char *id, const char *a,
                                        const char *b, const char *d)
{
    struct sync_row *row = &c->state.rows[c->state.n_rows++];

    *row = (struct sync_row){.number = (uint32_t)c->state.n_rows + 1, .id = id};
    row->cells = case_cells(c, (const char *[]){a, b, d}, true);
    return row;
}

static inline struct sync_row *case_blank(struct sync_case *c)
{
    struct sync_row *row = case_row(c, "", NULL, NULL, NULL);

    row->blank = true;
    return row;
}

/* A stored pair that agreed on these texts and was last seen in this row. */
static inline struct sync_pair *case_pair(struct sync_case *c, const char *id, uint32_t row,
                                          const char *a, const char *b, const char *d)
{
    struct sync_pair *p = &c->state.pairs[c->state.n_pairs++];

    *p = (struct sync_pair){.record_id = id, .row_hint = row};
    p->bases = arena_alloc_n(c->arena, CASE_FIELDS, sizeof *p->bases);
    p->bases[0] = case_hash(c, a);
    p->bases[1] = case_hash(c, b);
    p->bases[2] = case_hash(c, d);
    return p;
}

/* A pair whose sides both still hold what they agreed on. */
static inline void case_settled(struct sync_case *c, const char *id, const char *a, const char *b,
                                const char *d)
{
    case_record(c, id, a, b, d);
    case_row(c, id, a, b, d);
    case_pair(c, id, (uint32_t)c->state.n_rows + 1, a, b, d);
}

/* ---- looking at a plan ---- */

static inline const struct op *case_op(const struct plan *plan, enum op_kind kind, size_t nth)
{
    for (size_t i = 0; i < plan->n_ops; i++) {
        if (plan->ops[i].kind == kind && nth-- == 0) {
            return &plan->ops[i];
        }
    }
    return NULL;
}

static inline size_t case_count(const struct plan *plan, enum op_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < plan->n_ops; i++) {
        n += plan->ops[i].kind == kind;
    }
    return n;
}

/* The only issue of a level; NULL when there is none or there are several. */
static inline const struct sync_issue *case_issue(const struct plan *plan, enum issue_level level)
{
    const struct sync_issue *found = NULL;

    for (size_t i = 0; i < plan->n_issues; i++) {
        if (plan->issues[i].level == level) {
            if (found) {
                return NULL;
            }
            found = &plan->issues[i];
        }
    }
    return found;
}

#endif
