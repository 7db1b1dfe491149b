/*
 * convert_world.h: what the tests of the conversions share: a zone with summer time, a linked
 * table, a field of each kind, and short ways to write cells.
 */
#ifndef UNIT_CONVERT_WORLD_H
#define UNIT_CONVERT_WORLD_H

#include "model/convert.h"
#include "tzif.h"

#include <stdlib.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"

struct world {
    struct arena *a;
    struct zone *zone;
    struct links *links;
    struct convert_ctx ctx;
};

static int make_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    w->a = arena_new();
    w->zone = make_zone(BERLIN);
    w->links = links_new();
    links_add(w->links, "tblP", "recAnn00000000001", "Ann");
    links_add(w->links, "tblP", "recAnn00000000002", "Ann");
    links_add(w->links, "tblP", "recBob00000000001", "Bob");
    links_add(w->links, "tblP", "recSmith000000001", "Smith, John");
    links_add(w->links, "tblP", "recNameless000001", "");
    links_add(w->links, "tblP", "recLines000000001", "two\r\nlines");
    links_mark_complete(w->links, "tblP");
    w->ctx = (struct convert_ctx){.zone = w->zone, .links = w->links, .key = {.k0 = 11, .k1 = 22}};
    *state = w;
    return 0;
}

static int free_world(void **state)
{
    struct world *w = *state;

    links_free(w->links);
    zone_free(w->zone);
    arena_free(w->a);
    free(w);
    return 0;
}

static const struct field_choice choices[] = {
    {"sel1", "Open"}, {"sel2", "Closed"}, {"sel3", "a, b"}, {"sel4", "2024"}, {"sel5", "Lost"}};

#define F(...)                                                                                     \
    {                                                                                              \
        .id = "fld1", .name = "Field", .valid = true, __VA_ARGS__                                  \
    }

static const struct field f_text = F(.type = FIELD_SINGLE_LINE_TEXT);
static const struct field f_long = F(.type = FIELD_MULTILINE_TEXT);
static const struct field f_rich = F(.type = FIELD_RICH_TEXT);
static const struct field f_phone = F(.type = FIELD_PHONE);
static const struct field f_barcode = F(.type = FIELD_BARCODE);
static const struct field f_number = F(.type = FIELD_NUMBER, .precision = 2);
static const struct field f_whole = F(.type = FIELD_NUMBER, .precision = 0);
static const struct field f_any_number = F(.type = FIELD_NUMBER, .precision = -1);
static const struct field f_currency = F(.type = FIELD_CURRENCY, .precision = 2, .symbol = "$");
static const struct field f_percent = F(.type = FIELD_PERCENT, .precision = 1);
static const struct field f_rating = F(.type = FIELD_RATING, .rating_max = 5);
static const struct field f_duration = F(.type = FIELD_DURATION, .duration_format = "h:mm:ss");
static const struct field f_minutes = F(.type = FIELD_DURATION, .duration_format = "h:mm");
static const struct field f_tenths = F(.type = FIELD_DURATION, .duration_format = "h:mm:ss.S");
static const struct field f_checkbox = F(.type = FIELD_CHECKBOX);
static const struct field f_date = F(.type = FIELD_DATE, .date_format = "iso");
static const struct field f_datetime =
    F(.type = FIELD_DATE_TIME, .date_format = "iso", .time_format = "24hour");
static const struct field f_select =
    F(.type = FIELD_SINGLE_SELECT, .choices = choices, .n_choices = COUNT(choices));
static const struct field f_selects =
    F(.type = FIELD_MULTIPLE_SELECTS, .choices = choices, .n_choices = COUNT(choices));
static const struct field f_no_choices = F(.type = FIELD_SINGLE_SELECT);
static const struct field f_links = F(.type = FIELD_LINKS, .linked_table = "tblP");
static const struct field f_other_links = F(.type = FIELD_LINKS, .linked_table = "tblQ");
static const struct field f_person = F(.type = FIELD_COLLABORATOR);
static const struct field f_people = F(.type = FIELD_COLLABORATORS);
static const struct field f_files = F(.type = FIELD_ATTACHMENTS);
static const struct field f_lookup = F(.type = FIELD_LOOKUP, .result = FIELD_NUMBER);
static const struct field f_count = F(.type = FIELD_COUNT);
static const struct field f_formula_number =
    F(.type = FIELD_FORMULA, .result = FIELD_NUMBER, .precision = 2);
static const struct field f_formula_text = F(.type = FIELD_FORMULA, .result = FIELD_MULTILINE_TEXT);
static const struct field f_formula_date = F(.type = FIELD_FORMULA, .result = FIELD_DATE);
static const struct field f_formula_select =
    F(.type = FIELD_FORMULA, .result = FIELD_SINGLE_SELECT);
static const struct field f_created_by = F(.type = FIELD_CREATED_BY);

#define CT(s)                                                                                      \
    {                                                                                              \
        .kind = CELL_TEXT, .text = (s), .shown = (s)                                               \
    }
#define CN(n, s)                                                                                   \
    {                                                                                              \
        .kind = CELL_NUMBER, .number = (n), .shown = (s)                                           \
    }
#define CD(n, f, s)                                                                                \
    {                                                                                              \
        .kind = CELL_NUMBER, .number = (n), .format = (f), .shown = (s)                            \
    }
#define CB(b, s)                                                                                   \
    {                                                                                              \
        .kind = CELL_BOOL, .boolean = (b), .shown = (s)                                            \
    }

static const char *print(struct arena *a, const struct value *v)
{
    struct buf b;
    const char *text;

    buf_init(&b, 1000000);
    value_print(v, &b);
    text = arena_strdup(a, b.data);
    buf_release(&b);
    return text;
}

#endif
