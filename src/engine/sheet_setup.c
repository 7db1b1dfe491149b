/*
 * sheet_setup.c: what a column needs besides values: its header, its number format, its drop-down
 * or check boxes. Written once and again only when the field changes; what was written is kept as a
 * fact of the sync.
 */
#include "base/hash.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "engine/apply_sheet_p.h"
#include "net/json.h"

#include <stdlib.h>
#include <string.h>

#define DROPDOWN_CHOICES_MAX 500 /* longer lists help nobody and cost a large request */

static bool offers_rule(const struct run *r, const struct field *f)
{
    enum column_rule rule = convert_column_rule(f);

    return r->rules.dropdowns && rule != RULE_NONE &&
           (rule != RULE_ONE_OF_LIST || f->n_choices <= DROPDOWN_CHOICES_MAX);
}

/* What the column should look like, as one short text. */
static const char *wanted_look(struct run *r, size_t i)
{
    const struct field *f = r->fields[i].field;
    struct column_format format = convert_column_format(f, r->arena);
    uint64_t choices = 0;
    struct buf b;

    for (size_t c = 0; offers_rule(r, f) && c < f->n_choices; c++) {
        choices = hash_mix(
            choices, siphash(&r->convert.key, f->choices[c].name, strlen(f->choices[c].name)));
    }
    buf_init(&b, BUF_NO_LIMIT);
    buf_addf(&b, "%d|%s|%d|%016llx", (int)format.type, format.pattern == NULL ? "" : format.pattern,
             offers_rule(r, f) ? (int)convert_column_rule(f) : 0, (unsigned long long)choices);
    const char *text = arena_strdup(r->arena, b.data);

    buf_release(&b);
    return text;
}

static enum bs_rc load_looks(struct run *r, struct json **out, struct bs_err *e)
{
    const char *text = NULL;

    *out = NULL;
    if (syncs_fact_get(r->env->store, r->sc->id, "looks", r->arena, &text, e) != BS_OK) {
        return e->rc;
    }
    if (text != NULL && json_parse(text, strlen(text), out, e) != BS_OK) {
        bs_err_clear(e); /* unreadable: formats are simply written again */
    }
    return BS_OK;
}

enum bs_rc sheet_setup_plan(struct sheet_apply *a, struct bs_err *e)
{
    struct run *r = a->r;
    struct json *looks = NULL;

    a->format_wanted = arena_alloc_n(r->arena, r->n_fields, sizeof *a->format_wanted);
    a->any_setup = r->layout.id_is_new;
    if (load_looks(r, &looks, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < r->n_fields; i++) {
        const char *was = json_string(json_get(looks, r->fields[i].field->id), "");

        if (!r->fields[i].to_sheet || r->layout.column[i] == SYNC_NONE) {
            continue;
        }
        a->format_wanted[i] = r->layout.is_new[i] || !str_eq(was, wanted_look(r, i));
        a->any_setup = a->any_setup || a->format_wanted[i];
    }
    json_free(looks);
    return BS_OK;
}

static void list_look(struct run *r, struct plan *plan, size_t i)
{
    const struct field *f = r->fields[i].field;
    struct column_format format = convert_column_format(f, r->arena);
    const char *rule = !offers_rule(r, f)                        ? ""
                       : convert_column_rule(f) == RULE_CHECKBOX ? "check boxes"
                                                                 : "drop-down";
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    if (format.type != FORMAT_AUTO) {
        buf_addf(&b, "%s%s%s%s", cell_format_name(format.type), format.pattern ? " " : "",
                 format.pattern ? format.pattern : "", *rule != '\0' ? ", " : "");
    }
    buf_adds(&b, rule);
    if (b.len > 0) {
        plan_add_extra(&r->state, plan, EXTRA_LOOK, r->fields[i].header, b.data);
    }
    buf_release(&b);
}

enum bs_rc run_list_setup(struct run *r, struct plan *plan, struct bs_err *e)
{
    struct sheet_apply a = {.r = r};

    if (sheet_setup_plan(&a, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < r->n_fields; i++) {
        if (r->layout.column[i] != SYNC_NONE && r->layout.is_new[i]) {
            plan_add_extra(&r->state, plan, EXTRA_HEADER, r->fields[i].header, r->fields[i].header);
        }
        if (a.format_wanted[i]) {
            list_look(r, plan, i);
        }
    }
    if (r->layout.id_is_new) {
        plan_add_extra(&r->state, plan, EXTRA_HEADER, r->cs->id_column, r->cs->id_column);
    }
    return BS_OK;
}

static void add_header(struct sheet_apply *a, uint32_t column, const char *text)
{
    struct cell *c = arena_alloc(a->r->arena, sizeof *c);
    const struct cell *cells[1] = {c};

    if (str_eq(snapshot_head(a->snap, column), text)) {
        return;
    }
    *c = cell_empty;
    c->kind = CELL_TEXT;
    c->text = text;
    sheets_batch_cells(a->batch, 1, column, cells, 1);
    sheet_note_written(a, 1, column, c);
}

/* ---- number formats ---- */

/* The row of the plan that stands at this number, looked for from *next on. */
static const struct sync_row *planned_row(const struct run *r, uint32_t number, size_t *next)
{
    while (*next < r->state.n_rows && r->state.rows[*next].number < number) {
        (*next)++;
    }
    return *next < r->state.n_rows && r->state.rows[*next].number == number ? &r->state.rows[*next]
                                                                            : NULL;
}

/* Would the column's format give the value of this cell another meaning, or another look where the
 * look is what counts? A date in a text field reads "1/3/2026"; formatted as text it would be
 * 46082, and a number that stands in a date column by mistake would become a date. */
static bool format_would_change(const struct cell *now, const struct side_cell *known,
                                const struct column_format *format)
{
    bool is_formula = now->kind == CELL_TEXT && now->text[0] == '=';

    if (format->type == FORMAT_TEXT) {
        return now->kind == CELL_NUMBER ||
               (is_formula && (known == NULL || known->cell == NULL || known->cell->formula));
    }
    return (now->kind == CELL_NUMBER || is_formula) && known != NULL && known->state == SIDE_BAD;
}

/* A column that scatters more such cells than this is formatted below the last of them only. */
#define FORMAT_RUNS_MAX 500

/* The column's format from row 2 down, but for the cells that it would change. */
static void add_formats(struct sheet_apply *a, size_t i, const struct column_format *format)
{
    struct run *r = a->r;
    uint32_t column = r->layout.column[i], last = snapshot_last_row(a->snap), from = 2;
    size_t next = 0, runs = 0;

    for (uint32_t row = 2; row <= last; row++) {
        struct cell now = snapshot_cell(a->snap, row, column);
        const struct sync_row *sr = planned_row(r, row, &next);

        if (!format_would_change(&now, sr && sr->cells ? &sr->cells[i] : NULL, format)) {
            continue;
        }
        if (from < row && runs < FORMAT_RUNS_MAX) {
            sheets_batch_column_format(a->batch, column, from, row - 1, format);
            runs++;
        }
        from = row + 1;
    }
    sheets_batch_column_format(a->batch, column, from, 0, format);
}

static bool is_time(enum cell_format_type type)
{
    return type == FORMAT_DATE || type == FORMAT_DATE_TIME || type == FORMAT_TIME;
}

bool sheet_setup_cell(const struct sheet_apply *a, const struct op_cell *c,
                      struct column_format *out)
{
    enum cell_format_type now = c->old_cell->format, wanted = c->cell->format;

    *out = (struct column_format){wanted, c->cell->pattern};
    if (a->setup_refusals >= 2 || c->old_cell->kind == CELL_EMPTY || c->cell->kind != CELL_NUMBER ||
        wanted == FORMAT_AUTO || wanted == FORMAT_TEXT) {
        return false;
    }
    return now != wanted && (is_time(now) || is_time(wanted) || wanted == FORMAT_PERCENT);
}

/* Drop-down or check boxes of a column from row on. */
static void add_rule(struct sheet_apply *a, size_t i, uint32_t row)
{
    struct run *r = a->r;
    const struct field *f = r->fields[i].field;

    if (!offers_rule(r, f) || a->setup_refusals >= 1) {
        return;
    }
    const char **names = arena_alloc_n(r->arena, f->n_choices + 1, sizeof *names);

    for (size_t c = 0; c < f->n_choices; c++) {
        names[c] = f->choices[c].name;
    }
    sheets_batch_rule(a->batch, r->layout.column[i], row, convert_column_rule(f), names,
                      f->n_choices, false);
}

static void add_look(struct sheet_apply *a, size_t i)
{
    struct column_format format = convert_column_format(a->r->fields[i].field, a->r->arena);

    if (format.type != FORMAT_AUTO && a->setup_refusals < 2) {
        add_formats(a, i, &format);
    }
    add_rule(a, i, 2);
}

void sheet_setup_grown(struct sheet_apply *a, uint32_t row)
{
    struct run *r = a->r;

    for (size_t i = 0; i < r->n_fields; i++) {
        struct column_format format = convert_column_format(r->fields[i].field, r->arena);

        if (!r->fields[i].to_sheet || r->layout.column[i] == SYNC_NONE ||
            (!a->setup_done && a->format_wanted[i])) {
            continue;
        }
        if (format.type != FORMAT_AUTO && a->setup_refusals < 2) {
            sheets_batch_column_format(a->batch, r->layout.column[i], row, 0, &format);
        }
        add_rule(a, i, row);
    }
}

void sheet_setup_add(struct sheet_apply *a)
{
    struct run *r = a->r;

    for (size_t i = 0; i < r->n_fields; i++) {
        if (r->layout.column[i] != SYNC_NONE && r->layout.is_new[i]) {
            add_header(a, r->layout.column[i], r->fields[i].header);
        }
        if (a->format_wanted[i]) {
            add_look(a, i);
        }
    }
    if (r->layout.id_is_new) {
        add_header(a, r->layout.id_column, r->cs->id_column);
    }
    a->setup_parts = sheets_batch_count(a->batch);
}

enum bs_rc sheet_setup_confirm(struct sheet_apply *a, struct bs_err *e)
{
    struct run *r = a->r;
    struct buf b;
    struct jsonw w;

    buf_init(&b, BUF_NO_LIMIT);
    jsonw_init(&w, &b);
    jsonw_object(&w);
    for (size_t i = 0; i < r->n_fields; i++) {
        if (r->fields[i].to_sheet && r->layout.column[i] != SYNC_NONE) {
            jsonw_member(&w, r->fields[i].field->id, wanted_look(r, i));
            r->layout.is_new[i] = false;
        }
    }
    jsonw_end_object(&w);
    r->layout.id_is_new = false;
    a->setup_done = true;
    bs_seen(syncs_fact_set(r->env->store, r->sc->id, "looks", b.data, e));
    buf_release(&b);
    return e->rc;
}
