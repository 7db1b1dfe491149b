/* sync_world.c: see sync_world.h. The tables and the people. */
#include "sync_world.h"

#include "base/str.h"
#include "model/copy.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define LINKED "tblLinked"

uint64_t world_random(struct world *w) /* splitmix64, S. Vigna */
{
    uint64_t z = (w->rng += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint32_t world_below(struct world *w, uint32_t bound)
{
    return (uint32_t)(world_random(w) % bound);
}

bool world_chance(struct world *w, uint32_t percent)
{
    return world_below(w, 100) < percent;
}

void world_wrong(struct world *w, const char *fmt, ...)
{
    va_list ap;

    if (w->wrong[0] != '\0') {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(w->wrong, sizeof w->wrong, fmt, ap);
    va_end(ap);
    world_say(w, "WRONG: %s", w->wrong);
}

void world_say(struct world *w, const char *fmt, ...)
{
    va_list ap;

    if (!w->log) {
        return;
    }
    va_start(ap, fmt);
    buf_addv(w->log, fmt, ap);
    va_end(ap);
    buf_addc(w->log, '\n');
}

/* ---- making a world ---- */

static const struct field_choice choices[] = {
    {"sel1", "Open"}, {"sel2", "Closed"}, {"sel3", "a, b"}, {"sel4", "2024"}};

static const struct w_field kinds[] = {
    {{.type = FIELD_SINGLE_LINE_TEXT}, QUIRK_NONE},
    {{.type = FIELD_NUMBER, .precision = 1}, QUIRK_NONE},
    {{.type = FIELD_CHECKBOX}, QUIRK_NONE},
    {{.type = FIELD_DATE, .date_format = "iso"}, QUIRK_NONE},
    {{.type = FIELD_SINGLE_SELECT, .choices = choices, .n_choices = COUNT(choices)}, QUIRK_NONE},
    {{.type = FIELD_MULTIPLE_SELECTS, .choices = choices, .n_choices = COUNT(choices)}, QUIRK_NONE},
    {{.type = FIELD_LINKS, .linked_table = LINKED}, QUIRK_NONE},
    {{.type = FIELD_RICH_TEXT}, QUIRK_NONE},
    {{.type = FIELD_DATE_TIME, .date_format = "iso", .time_format = "24hour"}, QUIRK_NONE},
    {{.type = FIELD_PERCENT, .precision = 1}, QUIRK_NONE},
    {{.type = FIELD_DURATION, .duration_format = "h:mm:ss"}, QUIRK_NONE},
    {{.type = FIELD_RATING, .rating_max = 5}, QUIRK_NONE},
    {{.type = FIELD_FORMULA, .result = FIELD_SINGLE_LINE_TEXT}, QUIRK_COMPUTED},
    {{.type = FIELD_EMAIL}, QUIRK_TRIMS},
};

static const char *const field_ids[FIELDS_HERE] = {"fld0", "fld1", "fld2", "fld3", "fld4", "fld5"};
static const char *const field_names[FIELDS_HERE] = {"Name", "B", "C", "D", "E", "F"};

static bool way_allowed(enum sync_direction whole, enum sync_direction arrow,
                        enum sync_direction way)
{
    return (whole == DIRECTION_BOTH || whole == way) && (arrow == DIRECTION_BOTH || arrow == way);
}

static void make_fields(struct world *w)
{
    w->n_fields = 2 + world_below(w, FIELDS_HERE - 1);
    for (size_t i = 0; i < w->n_fields; i++) {
        enum sync_direction arrow =
            world_chance(w, 70) ? DIRECTION_BOTH : (enum sync_direction)world_below(w, 2);
        struct w_field *f = &w->fields[i];

        *f = kinds[i == 0 ? 0 : world_below(w, COUNT(kinds))];
        f->field.id = field_ids[i];
        f->field.name = field_names[i];
        f->field.valid = true;
        w->mapped[i] = (struct sync_field){
            .field = &f->field,
            .header = field_names[i],
            .to_sheet = way_allowed(w->rules.direction, arrow, DIRECTION_TO_SHEETS),
            .to_airtable = way_allowed(w->rules.direction, arrow, DIRECTION_TO_AIRTABLE) &&
                           field_writable(&f->field),
        };
    }
}

static void make_rules(struct world *w)
{
    w->rules = (struct sync_rules){
        .direction = world_chance(w, 50) ? DIRECTION_BOTH : (enum sync_direction)world_below(w, 2),
        .conflicts = (enum conflict_rule)world_below(w, 4),
        .delete_extra_rows = world_chance(w, 50),
        .delete_extra_records = world_chance(w, 50),
        .max_delete = world_chance(w, 50) ? 0.3 : 2,
        .resolve_linked_records = true,
        .create_choices = world_chance(w, 20),
        .keep_formulas = world_chance(w, 80),
        .copied_rows = world_chance(w, 80) ? COPIED_NEW : COPIED_IGNORE,
    };
    w->rules.max_delete_share = w->rules.max_delete < 1;
    w->convert.create_choices = w->rules.create_choices;
}

static void make_links(struct world *w)
{
    w->links = links_new();
    links_add(w->links, LINKED, "recLink0000000001", "Ann");
    links_add(w->links, LINKED, "recLink0000000002", "Smith, John");
    links_add(w->links, LINKED, "recLink0000000003", "Twin");
    links_add(w->links, LINKED, "recLink0000000004", "Twin");
    links_add(w->links, LINKED, "recLink0000000005", "");
    links_mark_complete(w->links, LINKED);
}

void world_open(struct world *w, uint64_t seed)
{
    *w = (struct world){.rng = seed};
    w->arena = arena_new();
    w->history = strmap_new(64);
    w->wiped = strmap_new(64);
    make_links(w);
    w->zone = zone_fixed("Test", 3600);
    w->convert =
        (struct convert_ctx){.zone = w->zone, .links = w->links, .key = {.k0 = seed, .k1 = 7}};
    make_rules(w);
    make_fields(w);
    w->now_ms = 1000000;
    for (uint32_t i = world_below(w, 6); i > 0; i--) {
        world_edit_airtable(w);
        world_edit_sheet(w);
    }
}

void world_close(struct world *w)
{
    strmap_free(w->history);
    strmap_free(w->wiped);
    links_free(w->links);
    zone_free(w->zone);
    free(w->tokens);
    arena_free(w->arena);
}

/* ---- looking ---- */

struct w_record *world_find_record(struct world *w, const char *id)
{
    for (size_t i = 0; i < w->n_records; i++) {
        if (str_eq(w->records[i].id, id)) {
            return &w->records[i];
        }
    }
    return NULL;
}

struct w_row *world_find_row(struct world *w, uint32_t uid)
{
    for (size_t i = 0; i < w->n_rows; i++) {
        if (w->rows[i].uid == uid) {
            return &w->rows[i];
        }
    }
    return NULL;
}

const char *world_text(struct world *w, const struct value *v)
{
    struct buf b;
    const char *text;

    buf_init(&b, BUF_NO_LIMIT);
    value_print(v, &b);
    text = arena_strdup(w->arena, b.data);
    buf_release(&b);
    return text;
}

const char *world_cell_text(struct world *w, const struct cell *c)
{
    struct buf b;
    const char *text;

    buf_init(&b, BUF_NO_LIMIT);
    cell_print(c, &b);
    text = arena_strdup(w->arena, b.data);
    buf_release(&b);
    return text;
}

const struct value *world_value(struct world *w, const struct w_record *rec, size_t f,
                                struct arena *a)
{
    if (w->fields[f].quirk == QUIRK_COMPUTED) {
        if (w->computed_fails) {
            return value_error(a, "#ERROR!");
        }
        return rec->values[0]->kind == VALUE_EMPTY
                   ? &value_empty
                   : value_text(a, world_text(w, value_list(a, VALUE_LIST,
                                                            (struct value_item[]){
                                                                {.text = "of"},
                                                                {.text = rec->values[0]->u.text}},
                                                            2)));
    }
    return convert_name_refs(&w->convert, &w->fields[f].field, rec->values[f], a);
}

uint64_t world_record_hash(struct world *w, const struct w_record *rec, size_t f)
{
    const struct value *v = world_value(w, rec, f, w->arena);

    return v->kind == VALUE_ERROR ? 0 : convert_hash(&w->convert, &w->fields[f].field, v);
}

uint64_t world_row_hash(struct world *w, const struct w_row *row, size_t f)
{
    const struct w_record *rec = world_find_record(w, row->id);
    const struct value *now = rec && rec->alive ? world_value(w, rec, f, w->arena) : NULL;
    const struct value *v;

    if (convert_from_cell(&w->convert, &w->fields[f].field, row->cells[f], now, w->arena, &v,
                          NULL) != BS_OK ||
        v->kind == VALUE_ERROR) {
        return 0;
    }
    return convert_hash(&w->convert, &w->fields[f].field, v);
}

bool world_row_blank(const struct world *w, const struct w_row *row)
{
    for (size_t f = 0; f < w->n_fields; f++) {
        const struct cell *c = row->cells[f];

        if (c->kind != CELL_EMPTY && !(c->kind == CELL_BOOL && !c->boolean)) {
            return false;
        }
    }
    return *row->id == '\0';
}

void world_dump(struct world *w, struct buf *out)
{
    for (size_t i = 0; i < w->n_records; i++) {
        const struct w_record *rec = &w->records[i];

        buf_addf(out, "  %s%s:", rec->id, rec->alive ? "" : " (deleted)");
        for (size_t f = 0; rec->alive && f < w->n_fields; f++) {
            buf_addf(out, " [%s]", world_text(w, world_value(w, rec, f, w->arena)));
        }
        buf_addc(out, '\n');
    }
    for (size_t i = 0; i < w->n_rows; i++) {
        buf_addf(out, "  row %zu (u%u):", i + 2, w->rows[i].uid);
        for (size_t f = 0; f < w->n_fields; f++) {
            const struct cell *c = w->rows[i].cells[f];

            buf_addf(out, " %s[%s]", c->formula ? "=" : "", world_cell_text(w, c));
        }
        buf_addf(out, " id %s\n", w->rows[i].id);
    }
}

/* ---- texts of people: none may vanish ---- */

static const char *new_token(struct world *w)
{
    char text[24];

    snprintf(text, sizeof text, "t%u", ++w->next_id);
    return arena_strdup(w->arena, text);
}

const char *world_token(struct world *w, const char *text)
{
    char *copy = arena_strdup(w->arena, text);

    copy = str_trim(copy);
    return copy[0] == 't' && copy[1] >= '0' && copy[1] <= '9' ? copy : NULL;
}

/* Notes a text that somebody has entered. */
static void enter(struct world *w, const char *text)
{
    const char *token = world_token(w, text);

    if (token) {
        w->tokens = bs_grow(w->tokens, w->n_tokens, &w->cap_tokens, sizeof *w->tokens);
        w->tokens[w->n_tokens++] = token;
    }
}

static void note_token(struct world *w, struct strmap *map, const char *text)
{
    const char *token = world_token(w, text);

    if (token) {
        strmap_add(map, token, 1);
    }
}

void world_remember(struct world *w, const char *text)
{
    note_token(w, w->history, text);
}

static void forgive(struct world *w, const char *text)
{
    note_token(w, w->wiped, text);
}

void world_forgive_row(struct world *w, const struct w_row *row)
{
    for (size_t f = 0; f < w->n_fields; f++) {
        forgive(w, world_cell_text(w, row->cells[f]));
    }
}

void world_forgive_record(struct world *w, const struct w_record *rec)
{
    for (size_t f = 0; f < w->n_fields; f++) {
        forgive(w, world_text(w, rec->values[f]));
    }
}

/* ---- writing ---- */

void world_store_value(struct world *w, struct w_record *rec, size_t f, const struct value *v)
{
    const struct value *kept = value_copy(w->arena, v);
    char trimmed[TEXT_HERE];

    if (w->fields[f].quirk == QUIRK_TRIMS && kept->kind == VALUE_TEXT) {
        (void)str_copy(trimmed, sizeof trimmed, kept->u.text);
        kept = value_text(w->arena, str_trim(trimmed));
    }
    if (w->fields[f].field.type == FIELD_RICH_TEXT && kept->kind == VALUE_TEXT) {
        snprintf(trimmed, sizeof trimmed, "%s\n", kept->u.text);
        kept = value_text(w->arena, trimmed);
    }
    rec->values[f] = kept;
    rec->modified_ms = w->now_ms;
}

struct w_record *world_add_record(struct world *w)
{
    struct w_record *rec = &w->records[w->n_records++];
    char id[24];

    snprintf(id, sizeof id, "recR%013u", ++w->next_id);
    *rec = (struct w_record){.alive = true, .modified_ms = w->now_ms};
    rec->id = arena_strdup(w->arena, id);
    for (size_t f = 0; f < FIELDS_HERE; f++) {
        rec->values[f] = &value_empty;
    }
    return rec;
}

struct w_row *world_insert_row(struct world *w, size_t at)
{
    struct w_row *row = &w->rows[at];

    memmove(row + 1, row, (w->n_rows - at) * sizeof *row);
    w->n_rows++;
    *row = (struct w_row){.uid = ++w->next_id, .id = ""};
    for (size_t f = 0; f < FIELDS_HERE; f++) {
        row->cells[f] = &cell_empty;
    }
    return row;
}

void world_remove_row(struct world *w, size_t at)
{
    memmove(&w->rows[at], &w->rows[at + 1], (w->n_rows - at - 1) * sizeof w->rows[0]);
    w->n_rows--;
}

/* ---- people ---- */

static const char *const few_names[] = {"Ann", "Bob", "Cy"};

static const struct value *some_text(struct world *w, bool name)
{
    if (name && world_chance(w, 30)) {
        return value_text(w->arena, few_names[world_below(w, COUNT(few_names))]);
    }
    return value_text(w->arena, new_token(w));
}

static const struct value *some_choices(struct world *w, size_t n, enum value_kind kind)
{
    struct value_item *items = arena_alloc_n(w->arena, n, sizeof *items);
    uint32_t first = world_below(w, 3);

    for (size_t i = 0; i < n; i++) {
        if (kind == VALUE_REFS) {
            char id[24];

            snprintf(id, sizeof id, "recLink%010u", first + 1 + (uint32_t)i);
            items[i].id = arena_strdup(w->arena, id);
            items[i].text = "";
        } else {
            items[i].text = choices[first + i].name;
        }
    }
    return value_list(w->arena, kind, items, n);
}

/* A value that the field can hold. */
static const struct value *some_value(struct world *w, size_t f)
{
    const struct field *field = &w->fields[f].field;

    switch (field->type) {
    case FIELD_NUMBER: return value_number(w->arena, (double)world_below(w, 40) / 4);
    case FIELD_PERCENT: return value_number(w->arena, (double)world_below(w, 40) / 80);
    case FIELD_CHECKBOX: return value_bool(w->arena, true);
    case FIELD_DATE: return value_date(w->arena, 20000 + world_below(w, 5));
    case FIELD_DATE_TIME:
        return value_datetime(w->arena, 1700000000000 + 60000 * (int64_t)world_below(w, 5));
    case FIELD_DURATION: return value_duration(w->arena, world_below(w, 5) * 61);
    case FIELD_RATING: return value_number(w->arena, 1 + world_below(w, 5));
    case FIELD_SINGLE_SELECT: return value_text(w->arena, choices[world_below(w, 4)].name);
    case FIELD_MULTIPLE_SELECTS: return some_choices(w, 1 + world_below(w, 2), VALUE_LIST);
    case FIELD_LINKS: return some_choices(w, 1 + world_below(w, 2), VALUE_REFS);
    default: return some_text(w, f == 0);
    }
}

static const struct cell *text_cell(struct world *w, const char *text)
{
    struct cell *c = arena_alloc(w->arena, sizeof *c);

    *c = (struct cell){.kind = CELL_TEXT, .text = text, .shown = text};
    return c;
}

static const struct cell *formula_of(struct world *w, const struct cell *result)
{
    struct cell *c = arena_alloc(w->arena, sizeof *c);

    *c = *result;
    c->formula = true;
    c->entered_formula = "=A1";
    if (world_chance(w, 15)) {
        *c = (struct cell){
            .kind = CELL_ERROR, .text = "#N/A", .formula = true, .entered_formula = "=A1"};
    }
    return c;
}

static const struct cell *some_cell(struct world *w, size_t f)
{
    const struct value *v =
        convert_name_refs(&w->convert, &w->fields[f].field, some_value(w, f), w->arena);
    const struct cell *cell = &cell_empty;
    uint32_t dice = world_below(w, 100);

    if (dice < 15) {
        return &cell_empty;
    }
    if (dice < 25) {
        return text_cell(w, new_token(w)); /* no value of most fields */
    }
    if (dice < 30 && w->fields[f].quirk == QUIRK_TRIMS) {
        return text_cell(w, arena_strdup(w->arena, "  padded "));
    }
    if (convert_to_cell(&w->convert, &w->fields[f].field, v, w->arena, &cell, NULL) != BS_OK) {
        return &cell_empty;
    }
    return dice < 38 ? formula_of(w, cell) : cell;
}

static void type_cell(struct world *w, struct w_row *row, size_t f)
{
    forgive(w, world_cell_text(w, row->cells[f]));
    row->cells[f] = some_cell(w, f);
    enter(w, world_cell_text(w, row->cells[f]));
    row->id_touched = row->id_touched || world_row_blank(w, row); /* what it becomes is new */
    world_say(w, "sheet: u%u %s = %s[%s]", row->uid, field_names[f],
              row->cells[f]->formula ? "=" : "", world_cell_text(w, row->cells[f]));
}

static void sheet_type(struct world *w)
{
    if (w->n_rows > 0) {
        type_cell(w, &w->rows[world_below(w, (uint32_t)w->n_rows)],
                  world_below(w, (uint32_t)w->n_fields));
    }
}

static void sheet_insert(struct world *w)
{
    struct w_row *row;

    if (w->n_rows + 1 >= ROWS_HERE) {
        return;
    }
    row = world_insert_row(w, world_below(w, (uint32_t)w->n_rows + 1));
    world_say(w, "sheet: new row u%u", row->uid);
    for (size_t f = 0; f < w->n_fields && !world_chance(w, 10); f++) {
        type_cell(w, row, f);
    }
}

static void sheet_delete(struct world *w)
{
    if (w->n_rows > 0) {
        size_t at = world_below(w, (uint32_t)w->n_rows);

        world_say(w, "sheet: delete row u%u", w->rows[at].uid);
        world_forgive_row(w, &w->rows[at]);
        world_remove_row(w, at);
    }
}

static void sheet_copy(struct world *w)
{
    struct w_row from;
    struct w_row *row;

    if (w->n_rows == 0 || w->n_rows + 1 >= ROWS_HERE) {
        return;
    }
    from = w->rows[world_below(w, (uint32_t)w->n_rows)];
    row = world_insert_row(w, world_below(w, (uint32_t)w->n_rows + 1));
    from.uid = row->uid;
    from.from_record = NULL;
    from.id_touched = true;
    *row = from;
    for (size_t i = 0; i < w->n_rows; i++) {
        if (*row->id != '\0' && str_eq(w->rows[i].id, row->id)) {
            w->rows[i].id_touched = true; /* which is the copy is for basesync to say */
        }
    }
    world_say(w, "sheet: copy of %s as u%u", row->id, row->uid);
}

static void swap_rows(struct w_row *a, struct w_row *b)
{
    struct w_row t = *a;

    *a = *b;
    *b = t;
}

static void sheet_sort(struct world *w)
{
    world_say(w, "sheet: sort");
    for (size_t i = w->n_rows; i > 1; i--) {
        swap_rows(&w->rows[i - 1], &w->rows[world_below(w, (uint32_t)i)]);
    }
}

/* Sorts the cells and leaves the ids where they are: the rows as people see them are the cells. */
static void sheet_sort_apart(struct world *w)
{
    const char *ids[ROWS_HERE];

    world_say(w, "sheet: sort without the id column");
    for (size_t i = 0; i < w->n_rows; i++) {
        ids[i] = w->rows[i].id;
    }
    sheet_sort(w);
    for (size_t i = 0; i < w->n_rows; i++) {
        w->rows[i].id = ids[i];
        w->rows[i].id_touched = true;
    }
    w->sorted_apart = true;
}

static void sheet_write_id(struct world *w)
{
    if (w->n_rows > 0) {
        struct w_row *row = &w->rows[world_below(w, (uint32_t)w->n_rows)];

        row->id = world_chance(w, 60) ? "" : "mine";
        row->id_touched = true;
        world_say(w, "sheet: id of u%u = \"%s\"", row->uid, row->id);
    }
}

static void sheet_clear_ids(struct world *w)
{
    world_say(w, "sheet: clear the id column");
    for (size_t i = 0; i < w->n_rows; i++) {
        w->rows[i].id = "";
        w->rows[i].id_touched = true;
    }
}

static void sheet_clear_row(struct world *w)
{
    if (w->n_rows > 0) {
        struct w_row *row = &w->rows[world_below(w, (uint32_t)w->n_rows)];

        world_forgive_row(w, row);
        for (size_t f = 0; f < w->n_fields; f++) {
            row->cells[f] = &cell_empty;
        }
        row->id_touched = true;
        world_say(w, "sheet: clear the cells of u%u", row->uid);
    }
}

static void sheet_blank(struct world *w)
{
    if (w->n_rows + 1 < ROWS_HERE) {
        (void)world_insert_row(w, world_below(w, (uint32_t)w->n_rows + 1));
        world_say(w, "sheet: blank row");
    }
}

struct act {
    uint32_t share;
    void (*act)(struct world *w);
};

static void some_act(struct world *w, const struct act *acts, size_t n)
{
    uint32_t total = 0, dice;

    for (size_t i = 0; i < n; i++) {
        total += acts[i].share;
    }
    dice = world_below(w, total);
    for (size_t i = 0; i < n; i++) {
        if (dice < acts[i].share) {
            acts[i].act(w);
            return;
        }
        dice -= acts[i].share;
    }
}

void world_edit_sheet(struct world *w)
{
    static const struct act acts[] = {
        {40, sheet_type},     {15, sheet_insert},    {10, sheet_delete},  {6, sheet_copy},
        {6, sheet_sort},      {2, sheet_sort_apart}, {3, sheet_write_id}, {1, sheet_clear_ids},
        {2, sheet_clear_row}, {2, sheet_blank},
    };

    w->now_ms += 1000;
    some_act(w, acts, COUNT(acts));
}

static struct w_record *any_record(struct world *w)
{
    for (int try = 0; try < 8 && w->n_records > 0; try++) {
        struct w_record *rec = &w->records[world_below(w, (uint32_t)w->n_records)];

        if (rec->alive) {
            return rec;
        }
    }
    return NULL;
}

static void set_field(struct world *w, struct w_record *rec, size_t f)
{
    if (w->fields[f].quirk == QUIRK_COMPUTED) {
        return;
    }
    forgive(w, world_text(w, rec->values[f]));
    world_store_value(w, rec, f, world_chance(w, 20) ? &value_empty : some_value(w, f));
    enter(w, world_text(w, rec->values[f]));
    world_say(w, "airtable: %s %s = [%s]", rec->id, field_names[f],
              world_text(w, world_value(w, rec, f, w->arena)));
}

static void airtable_set(struct world *w)
{
    struct w_record *rec = any_record(w);

    if (rec) {
        set_field(w, rec, world_below(w, (uint32_t)w->n_fields));
    }
}

static void airtable_create(struct world *w)
{
    if (w->n_records + 40 < RECORDS_HERE) {
        struct w_record *rec = world_add_record(w);

        for (size_t f = 0; f < w->n_fields && !world_chance(w, 10); f++) {
            set_field(w, rec, f);
        }
    }
}

static void airtable_delete(struct world *w)
{
    struct w_record *rec = any_record(w);

    if (rec) {
        world_say(w, "airtable: delete %s", rec->id);
        world_forgive_record(w, rec);
        rec->alive = false;
    }
}

static void airtable_rename_link(struct world *w)
{
    links_add(w->links, LINKED, "recLink0000000001", world_chance(w, 50) ? "Ann" : "Anna");
    world_say(w, "airtable: linked record renamed to %s",
              links_name(w->links, LINKED, "recLink0000000001"));
}

static void airtable_compute(struct world *w)
{
    w->computed_fails = !w->computed_fails;
    world_say(w, "airtable: computed fields %s", w->computed_fails ? "fail" : "work");
}

void world_edit_airtable(struct world *w)
{
    static const struct act acts[] = {
        {50, airtable_set},        {20, airtable_create}, {12, airtable_delete},
        {3, airtable_rename_link}, {2, airtable_compute},
    };

    w->now_ms += 1000;
    some_act(w, acts, COUNT(acts));
}

/* ---- drift ---- */

/* The value as Airtable converts it: what the new type cannot hold is emptied. */
static const struct value *converted(struct world *w, const struct value *v, bool to_number)
{
    double number;

    if (v->kind == VALUE_EMPTY || (v->kind == VALUE_NUMBER) == to_number) {
        return v;
    }
    if (!to_number) {
        return value_text(w->arena, world_text(w, v));
    }
    return str_to_double(world_text(w, v), &number) ? value_number(w->arena, number) : &value_empty;
}

void world_drift(struct world *w)
{
    size_t f = 1 + world_below(w, (uint32_t)w->n_fields - 1);
    struct w_field *field = &w->fields[f];
    bool to_number = field->field.type == FIELD_SINGLE_LINE_TEXT;

    if (field->quirk != QUIRK_NONE || (!to_number && field->field.type != FIELD_NUMBER)) {
        return;
    }
    field->field.type = to_number ? FIELD_NUMBER : FIELD_SINGLE_LINE_TEXT;
    field->field.precision = 1;
    world_say(w, "airtable: %s is now a %s", field_names[f],
              field_type_info(field->field.type)->name);
    for (size_t i = 0; i < w->n_records; i++) {
        forgive(w, world_text(w, w->records[i].values[f]));
        w->records[i].values[f] = converted(w, w->records[i].values[f], to_number);
        enter(w, world_text(w, w->records[i].values[f]));
    }
    for (size_t i = 0; i < w->n_pairs; i++) {
        w->pairs[i].bases[f] = w->pairs[i].raw = 0;
    }
    for (size_t i = 0; i < w->n_shadows; i++) {
        w->shadows[i].hash[f] = 0;
    }
}
