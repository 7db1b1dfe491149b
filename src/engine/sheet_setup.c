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

static void add_look(struct sheet_apply *a, size_t i)
{
    struct run *r = a->r;
    const struct field *f = r->fields[i].field;
    struct column_format format = convert_column_format(f, r->arena);
    enum column_rule rule = convert_column_rule(f);

    if (format.type != FORMAT_AUTO) {
        sheets_batch_column_format(a->batch, r->layout.column[i], 2, &format);
    }
    if (!offers_rule(r, f)) {
        return;
    }
    const char **names = arena_alloc_n(r->arena, f->n_choices + 1, sizeof *names);

    for (size_t c = 0; c < f->n_choices; c++) {
        names[c] = f->choices[c].name;
    }
    sheets_batch_rule(a->batch, r->layout.column[i], 2, rule, names, f->n_choices, false);
}

void sheet_setup_add(struct sheet_apply *a)
{
    struct run *r = a->r;

    for (size_t i = 0; i < r->n_fields; i++) {
        if (r->layout.column[i] != SYNC_NONE && r->layout.is_new[i]) {
            add_header(a, r->layout.column[i], r->fields[i].header);
        }
        if (a->format_wanted[i] && !a->formats_refused) {
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
