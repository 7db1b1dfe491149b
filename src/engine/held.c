/*
 * held.c: conflicts that wait for a person. A decision makes the losing side count as unchanged, so
 * that the ordinary merge carries the chosen value over, with history as always.
 */
#include "base/str.h"
#include "engine/run_p.h"

#include <string.h>

static uint32_t field_index(const struct run *r, const char *field_id)
{
    for (uint32_t i = 0; i < r->n_fields; i++) {
        if (str_eq(r->fields[i].field->id, field_id)) {
            return i;
        }
    }
    return SYNC_NONE;
}

/* A decision is about the values that were shown; for any others it is void. */
static bool still_shown(struct run *r, const struct side_cell *c, const char *text)
{
    return c->state == SIDE_VALUE &&
           str_eq(value_shown(r->arena, c->value), text != NULL ? text : "");
}

static void apply_choice(struct run *r, const struct conflict *c)
{
    uint32_t f = field_index(r, c->field_id);
    uint32_t rec = strmap_get(r->record_by_id, c->record_id);
    uint32_t row = strmap_get(r->row_by_id, c->record_id);
    uint32_t pair = strmap_get(r->pair_by_id, c->record_id);

    if (f == SYNC_NONE || rec == STRMAP_NONE || row == STRMAP_NONE || pair == STRMAP_NONE ||
        r->state.records[rec].cells == NULL || r->state.rows[row].cells == NULL) {
        return;
    }
    const struct side_cell *a = &r->state.records[rec].cells[f];
    const struct side_cell *s = &r->state.rows[row].cells[f];

    if (still_shown(r, a, c->airtable_text) && still_shown(r, s, c->sheets_text)) {
        r->state.pairs[pair].bases[f] = str_eq(c->choice, "airtable") ? s->hash : a->hash;
    }
}

enum bs_rc run_apply_choices(struct run *r, struct bs_err *e)
{
    struct conflict *list = NULL;
    size_t n = 0;

    if (conflicts_list(r->env->store, r->cs->slug, r->arena, &list, &n, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < n; i++) {
        if (list[i].choice != NULL) {
            apply_choice(r, &list[i]);
        }
    }
    return BS_OK;
}

void run_held_texts(struct run *r, const struct sync_issue *x, struct conflict *out)
{
    uint32_t rec = x->record_id == NULL ? STRMAP_NONE : strmap_get(r->record_by_id, x->record_id);

    out->airtable_text = out->sheets_text = "";
    if (rec != STRMAP_NONE && r->state.records[rec].cells != NULL &&
        r->state.records[rec].cells[x->field].value != NULL) {
        out->airtable_text = value_shown(r->arena, r->state.records[rec].cells[x->field].value);
    }
    for (size_t i = 0; i < r->state.n_rows; i++) {
        const struct sync_row *row = &r->state.rows[i];

        if (row->number == x->row && row->cells != NULL && row->cells[x->field].value != NULL) {
            out->sheets_text = value_shown(r->arena, row->cells[x->field].value);
        }
    }
}
