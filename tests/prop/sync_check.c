/* sync_check.c: see sync_world.h. The properties. */
#include "sync_world.h"

#include "base/str.h"

#include <string.h>

static size_t rows_with_id(const struct world *w, const char *id, const struct w_row **row)
{
    size_t n = 0;

    for (size_t i = 0; i < w->n_rows; i++) {
        if (str_eq(w->rows[i].id, id)) {
            *row = &w->rows[i];
            n++;
        }
    }
    return n;
}

static bool flows(const struct world *w, size_t f)
{
    return w->mapped[f].to_sheet || w->mapped[f].to_airtable;
}

static bool is_kept_formula(const struct world *w, const struct w_row *row, size_t f)
{
    return w->rules.keep_formulas && row->cells[f]->formula;
}

/* A row that is nobody's: it may be taken for the row of a record that has none. */
static bool has_free_row(struct world *w)
{
    const struct w_row *any = NULL;

    for (size_t i = 0; i < w->n_rows; i++) {
        const struct w_record *rec = world_find_record(w, w->rows[i].id);

        if (!world_row_blank(w, &w->rows[i]) &&
            (!rec || !rec->alive || rows_with_id(w, rec->id, &any) > 1)) {
            return true;
        }
    }
    return false;
}

/* ---- what the run has to do ---- */

static void expect(struct world *w, enum w_want what, const struct w_shadow *old)
{
    w->expects[w->n_expects++] =
        (struct w_expect){.what = what, .record_id = old->record_id, .row = old->row};
}

static bool conflict_goes_to_sheet(const struct world *w, const struct w_record *rec)
{
    switch (w->rules.conflicts) {
    case CONFLICT_SHEETS_WINS: return false;
    case CONFLICT_NEWEST_WINS:
        return w->sheet_since_ms == 0 || rec->modified_ms > w->sheet_since_ms;
    default: return true;
    }
}

static void expect_cell(struct world *w, const struct w_shadow *old, const struct w_record *rec,
                        const struct w_row *row, size_t f)
{
    const struct sync_field *m = &w->mapped[f];
    uint64_t was = old->hash[f], a = world_record_hash(w, rec, f), s = world_row_hash(w, row, f);
    uint64_t want = was;

    if (was == 0 || a == 0 || s == 0 || !flows(w, f) || is_kept_formula(w, row, f) ||
        w->fields[f].quirk != QUIRK_NONE) {
        return;
    }
    expect(w, WANT_CELLS, old);
    struct w_expect *x = &w->expects[w->n_expects - 1];

    x->field = f;
    if (m->to_sheet && m->to_airtable) {
        bool both = a != was && s != was;

        want = s == was || (both && conflict_goes_to_sheet(w, rec)) ? a : s;
        if (both && a != s && w->rules.conflicts == CONFLICT_HOLD) {
            x->airtable = a;
            x->sheet = s;
            return;
        }
    } else {
        want = m->to_sheet ? a : s;
    }
    x->airtable = x->sheet = want;
}

static bool known_everywhere(const struct world *w, const struct w_shadow *old)
{
    bool any = false;

    for (size_t f = 0; f < w->n_fields; f++) {
        if (flows(w, f) && old->hash[f] == 0) {
            return false;
        }
        any = any || flows(w, f);
    }
    return any;
}

static void expect_row_gone(struct world *w, const struct w_shadow *old, const struct w_record *rec)
{
    bool edited = false;

    for (size_t f = 0; f < w->n_fields; f++) {
        edited = edited || (flows(w, f) && field_writable(&w->fields[f].field) &&
                            world_record_hash(w, rec, f) != old->hash[f]);
    }
    expect(w,
           !edited && w->rules.delete_extra_records && w->rules.direction != DIRECTION_TO_SHEETS
               ? WANT_RECORD_GONE
               : WANT_RECORD_KEPT,
           old);
}

static void expect_record_gone(struct world *w, const struct w_shadow *old, const struct w_row *row)
{
    bool edited = false;

    for (size_t f = 0; f < w->n_fields; f++) {
        uint64_t now = world_row_hash(w, row, f);

        if (flows(w, f) && !row->cells[f]->formula && now == 0) {
            return; /* what it means depends on the record that is gone */
        }
        edited = edited || (flows(w, f) && !row->cells[f]->formula && now != old->hash[f]);
    }
    expect(w,
           !edited && w->rules.delete_extra_rows && w->rules.direction != DIRECTION_TO_AIRTABLE
               ? WANT_ROW_GONE
               : WANT_ROW_KEPT,
           old);
}

void check_before(struct world *w)
{
    w->n_expects = 0;
    for (size_t i = 0; i < w->n_shadows && !w->sorted_apart; i++) {
        const struct w_shadow *old = &w->shadows[i];
        const struct w_record *rec = world_find_record(w, old->record_id);
        const struct w_row *row = world_find_row(w, old->row), *any = NULL;
        size_t bearers = rows_with_id(w, old->record_id, &any);

        if (row && bearers == 1 && any == row) {
            for (size_t f = 0; rec->alive && f < w->n_fields; f++) {
                expect_cell(w, old, rec, row, f);
            }
            if (!rec->alive && known_everywhere(w, old)) {
                expect_record_gone(w, old, row);
            }
        } else if (!row && bearers == 0 && rec->alive && !has_free_row(w) &&
                   known_everywhere(w, old)) {
            expect_row_gone(w, old, rec);
        }
    }
}

static void check_cells(struct world *w, const struct w_expect *x)
{
    const struct w_record *rec = world_find_record(w, x->record_id);
    const struct w_row *row = world_find_row(w, x->row);
    const char *name = w->fields[x->field].field.name;

    if (!rec->alive || !row || !str_eq(row->id, rec->id)) {
        world_wrong(w, "%s and u%u are no pair any more", x->record_id, x->row);
        return;
    }
    if (world_record_hash(w, rec, x->field) != x->airtable) {
        world_wrong(w,
                    "%s field \"%s\": Airtable holds [%s], which is not what should have come "
                    "out",
                    rec->id, name, world_text(w, rec->values[x->field]));
    }
    if (world_row_hash(w, row, x->field) != x->sheet) {
        world_wrong(w,
                    "u%u field \"%s\": the sheet holds [%s], which is not what should have come "
                    "out",
                    row->uid, name, world_cell_text(w, row->cells[x->field]));
    }
}

static void check_expected(struct world *w)
{
    for (size_t i = 0; i < w->n_expects; i++) {
        const struct w_expect *x = &w->expects[i];
        const struct w_record *rec = world_find_record(w, x->record_id);
        const struct w_row *row = world_find_row(w, x->row), *any = NULL;

        switch (x->what) {
        case WANT_CELLS: check_cells(w, x); break;
        case WANT_ROW_GONE:
            if (row) {
                world_wrong(w, "u%u should have been deleted with its record", x->row);
            }
            break;
        case WANT_ROW_KEPT:
            if (!row) {
                world_wrong(w, "u%u was deleted", x->row);
            }
            break;
        case WANT_RECORD_GONE:
            if (rec->alive) {
                world_wrong(w, "%s should have been deleted with its row", x->record_id);
            }
            break;
        case WANT_RECORD_KEPT:
            if (!rec->alive) {
                world_wrong(w, "%s was deleted", x->record_id);
            } else if (w->rules.direction != DIRECTION_TO_AIRTABLE &&
                       rows_with_id(w, rec->id, &any) == 0) {
                world_wrong(w, "%s did not become a row again", x->record_id);
            }
            break;
        }
    }
}

/* ---- what always holds ---- */

static void check_not_doubled(struct world *w)
{
    for (size_t i = 0; i < w->n_records; i++) {
        const struct w_record *a = &w->records[i];
        const struct w_row *row = a->from_row ? world_find_row(w, a->from_row) : NULL;

        for (size_t k = i + 1; row && !row->id_touched && a->alive && k < w->n_records; k++) {
            if (w->records[k].alive && w->records[k].from_row == a->from_row) {
                world_wrong(w, "%s and %s were both made of u%u", a->id, w->records[k].id,
                            a->from_row);
            }
        }
    }
    for (size_t i = 0; i < w->n_rows; i++) {
        const struct w_row *a = &w->rows[i];

        for (size_t k = i + 1; a->from_record && !a->id_touched && k < w->n_rows; k++) {
            const struct w_row *b = &w->rows[k];

            if (!b->id_touched && str_eq(a->from_record, b->from_record)) {
                world_wrong(w, "u%u and u%u were both made of %s", a->uid, b->uid, a->from_record);
            }
        }
    }
}

static bool can_become_record(struct world *w, const struct w_row *row)
{
    for (size_t f = 0; f < w->n_fields; f++) {
        if (w->mapped[f].to_airtable && row->cells[f]->kind == CELL_TEXT &&
            world_row_hash(w, row, f) != 0) {
            return true;
        }
    }
    return false;
}

/* A copy of which nothing can flow stays as it is. */
static void check_ids_unique(struct world *w)
{
    for (size_t i = 0; i < w->n_records; i++) {
        const struct w_record *rec = &w->records[i];
        size_t bearers = 0;

        for (size_t k = 0; k < w->n_rows; k++) {
            bearers += str_eq(w->rows[k].id, rec->id) && can_become_record(w, &w->rows[k]);
        }
        if (rec->alive && bearers > 1 && w->rules.copied_rows == COPIED_NEW &&
            w->rules.direction != DIRECTION_TO_SHEETS) {
            world_wrong(w, "%s is the id of several rows", rec->id);
        }
    }
}

static void check_complete(struct world *w)
{
    const struct w_row *any = NULL;
    bool free_record = false;

    for (size_t i = 0; i < w->n_records; i++) {
        const struct w_record *rec = &w->records[i];

        if (!rec->alive || rows_with_id(w, rec->id, &any) > 0) {
            continue;
        }
        free_record = true;
        if (w->rules.direction != DIRECTION_TO_AIRTABLE && !has_free_row(w)) {
            world_wrong(w, "%s has no row", rec->id);
        }
    }
    for (size_t i = 0; i < w->n_rows; i++) {
        const struct w_row *row = &w->rows[i];

        if (w->rules.direction != DIRECTION_TO_SHEETS && !free_record && *row->id == '\0' &&
            can_become_record(w, row)) {
            world_wrong(w, "u%u has no record", row->uid);
        }
    }
}

static bool may_differ(const struct world *w, const struct w_record *rec, const struct w_row *row,
                       size_t f)
{
    const struct sync_field *m = &w->mapped[f];

    if (m->to_sheet && m->to_airtable) {
        return w->rules.conflicts == CONFLICT_HOLD || w->fields[f].quirk == QUIRK_TRIMS ||
               is_kept_formula(w, row, f);
    }
    if (m->to_sheet) {
        return is_kept_formula(w, row, f) ||
               (w->fields[f].quirk == QUIRK_COMPUTED ? rec->values[0]->kind == VALUE_EMPTY
                                                     : rec->values[f]->kind == VALUE_EMPTY);
    }
    return row->cells[f]->kind == CELL_EMPTY || w->fields[f].quirk == QUIRK_TRIMS ||
           (row->cells[f]->kind == CELL_BOOL && !row->cells[f]->boolean);
}

static void check_converged(struct world *w)
{
    for (size_t i = 0; i < w->n_records; i++) {
        const struct w_record *rec = &w->records[i];
        const struct w_row *row = NULL;

        if (!rec->alive || rows_with_id(w, rec->id, &row) != 1) {
            continue;
        }
        for (size_t f = 0; f < w->n_fields; f++) {
            uint64_t a = world_record_hash(w, rec, f), s = world_row_hash(w, row, f);

            if (flows(w, f) && a != 0 && s != 0 && a != s && !may_differ(w, rec, row, f)) {
                world_wrong(w, "%s and u%u differ in field \"%s\"", rec->id, row->uid,
                            w->fields[f].field.name);
            }
        }
    }
}

static bool token_is_somewhere(struct world *w, const char *token)
{
    if (strmap_get(w->history, token) != STRMAP_NONE ||
        strmap_get(w->wiped, token) != STRMAP_NONE) {
        return true;
    }
    for (size_t f = 0; f < w->n_fields; f++) {
        for (size_t i = 0; i < w->n_records; i++) {
            if (w->records[i].alive &&
                str_eq(world_token(w, world_text(w, w->records[i].values[f])), token)) {
                return true;
            }
        }
        for (size_t i = 0; i < w->n_rows; i++) {
            if (str_eq(world_token(w, world_cell_text(w, w->rows[i].cells[f])), token)) {
                return true;
            }
        }
    }
    return false;
}

static void check_nothing_lost(struct world *w)
{
    for (size_t i = 0; i < w->n_tokens; i++) {
        if (!token_is_somewhere(w, w->tokens[i])) {
            world_wrong(w, "\"%s\" is neither in a table nor in the history", w->tokens[i]);
        }
    }
}

void check_after(struct world *w)
{
    check_expected(w);
    check_not_doubled(w);
    check_ids_unique(w);
    check_complete(w);
    check_converged(w);
    check_nothing_lost(w);
}

void check_shadow(struct world *w)
{
    w->n_shadows = 0;
    w->sorted_apart = false;
    for (size_t i = 0; i < w->n_records; i++) {
        const struct w_record *rec = &w->records[i];
        const struct w_row *row = NULL;
        struct w_shadow *out = &w->shadows[w->n_shadows];

        if (!rec->alive || rows_with_id(w, rec->id, &row) != 1) {
            continue;
        }
        w->n_shadows++;
        *out = (struct w_shadow){.record_id = rec->id, .row = row->uid};
        for (size_t f = 0; f < w->n_fields; f++) {
            uint64_t a = world_record_hash(w, rec, f);

            out->hash[f] = a == world_row_hash(w, row, f) ? a : 0;
        }
    }
}
