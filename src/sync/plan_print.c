/* plan_print.c: a plan for people, as a table like a diff, and the same as JSON. */
#include "sync/plan.h"

#include "base/jsonw.h"
#include "base/table.h"

#define CELL_WIDTH_MAX 40

struct kind_words {
    const char *side, *action, *key; /* side NULL: the database alone */
};

static const struct kind_words words[] = {
    [OP_SETTLE] = {NULL, "note as equal", "settle"},
    [OP_FORGET] = {NULL, "forget", "forget"},
    [OP_RECORD_CREATE] = {"Airtable", "create record", "record_create"},
    [OP_RECORD_UPDATE] = {"Airtable", "update record", "record_update"},
    [OP_RECORD_DELETE] = {"Airtable", "delete record", "record_delete"},
    [OP_ROW_UPDATE] = {"Sheets", "update row", "row_update"},
    [OP_ROW_CREATE] = {"Sheets", "create row", "row_create"},
    [OP_ROW_SET_ID] = {"Sheets", "write id", "row_set_id"},
    [OP_ROW_DELETE] = {"Sheets", "delete row", "row_delete"},
};

static const struct {
    struct kind_words word;
    const char *why;
} extras[] = {
    [EXTRA_LINKED_RECORD] = {{"Airtable", "create record", "linked_record_create"},
                             "linked record"},
    [EXTRA_HEADER] = {{"Sheets", "write header", "header"}, "new column"},
    [EXTRA_LOOK] = {{"Sheets", "format column", "column_format"}, "format"},
};

static const char *const level_words[] = {
    [ISSUE_INFO] = "info", [ISSUE_WARNING] = "warning", [ISSUE_CONFLICT] = "conflict",
    [ISSUE_HELD] = "held", [ISSUE_ERROR] = "error",
};

static const char *record_of(const struct sync_state *state, const struct op *op)
{
    if (op->record != SYNC_NONE) {
        return state->records[op->record].id;
    }
    return op->pair != SYNC_NONE ? state->pairs[op->pair].record_id : NULL;
}

static uint32_t row_of(const struct sync_state *state, const struct op *op)
{
    return op->row != SYNC_NONE ? state->rows[op->row].number : 0;
}

/* A record that is made of a row gets its id written beside it, whatever it will be. */
static bool writes_new_id(const struct op *op)
{
    return op->kind == OP_RECORD_CREATE && op->row != SYNC_NONE;
}

/* Texts of what is overwritten and of what is written. */
static void print_cell(const struct op_cell *c, struct buf *old_text, struct buf *new_text)
{
    buf_clear(old_text);
    buf_clear(new_text);
    if (c->cell) {
        cell_print(c->old_cell, old_text);
        cell_print(c->cell, new_text);
    } else if (c->value) {
        value_print(c->old_value, old_text);
        value_print(c->value, new_text);
    }
}

/* ---- for people ---- */

static void add_line(struct table *t, const struct sync_state *state, const struct op *op,
                     const char *const texts[4])
{
    const char *id = record_of(state, op);
    uint32_t row = row_of(state, op);

    table_add(t, words[op->kind].side);
    table_add(t, words[op->kind].action);
    if (row != 0) {
        table_addf(t, "%u", row);
    } else {
        table_add(t, "new");
    }
    table_add(t, id ? id : "new");
    for (size_t i = 0; i < 4; i++) {
        table_add(t, texts[i]);
    }
}

/* A new row or record shows what it will hold, not what it leaves empty. */
static bool is_shown(const struct op *op, const struct op_cell *c)
{
    bool is_new = op->kind == OP_ROW_CREATE || op->kind == OP_RECORD_CREATE;

    return !is_new || c->value->kind != VALUE_EMPTY;
}

static void add_op(struct table *t, const struct sync_state *state, const struct op *op)
{
    struct buf old_text, new_text;
    bool any = false;

    buf_init(&old_text, BUF_NO_LIMIT);
    buf_init(&new_text, BUF_NO_LIMIT);
    for (size_t i = 0; i < op->n_cells; i++) {
        const struct op_cell *c = &op->cells[i];

        if (is_shown(op, c)) {
            print_cell(c, &old_text, &new_text);
            add_line(t, state, op,
                     (const char *[]){state->fields[c->field].field->name, old_text.data,
                                      new_text.data, merge_why_text(c->why)});
            any = true;
        }
    }
    if (!any) {
        add_line(t, state, op, (const char *[]){"", "", "", ""});
    }
    buf_release(&old_text);
    buf_release(&new_text);
}

static void add_extra(struct table *t, const struct plan_extra *x)
{
    table_add(t, extras[x->kind].word.side);
    table_add(t, extras[x->kind].word.action);
    table_add(t, x->kind == EXTRA_HEADER ? "1" : "");
    table_add(t, x->kind == EXTRA_LINKED_RECORD ? "new" : "");
    table_add(t, x->name);
    table_add(t, "");
    table_add(t, x->text);
    table_add(t, extras[x->kind].why);
}

static void add_new_id(struct table *t, const struct sync_state *state, const struct op *op)
{
    table_add(t, words[OP_ROW_SET_ID].side);
    table_add(t, words[OP_ROW_SET_ID].action);
    table_addf(t, "%u", row_of(state, op));
    table_add(t, "new");
    for (size_t i = 0; i < 4; i++) {
        table_add(t, "");
    }
}

static void print_ops(const struct sync_state *state, const struct plan *plan, size_t max_ops,
                      struct buf *out)
{
    static const char *const headers[] = {"Side", "Action", "Row", "Record", "Field",
                                          "Old",  "New",    "Why", NULL};
    struct table *t = table_new(headers);
    size_t shown = 0, all = 0;

    for (size_t i = 0; i < plan->n_extras; i++) {
        if (max_ops == 0 || all < max_ops) {
            add_extra(t, &plan->extras[i]);
            shown++;
        }
        all++;
    }
    for (size_t i = 0; i < plan->n_ops; i++) {
        const struct op *op = &plan->ops[i];

        if (!words[op->kind].side) {
            continue;
        }
        all++;
        if (max_ops == 0 || shown < max_ops) {
            add_op(t, state, op);
            shown++;
        }
    }
    for (size_t i = 0; i < plan->n_ops; i++) {
        if (!writes_new_id(&plan->ops[i])) {
            continue;
        }
        all++;
        if (max_ops == 0 || shown < max_ops) {
            add_new_id(t, state, &plan->ops[i]);
            shown++;
        }
    }
    if (all == 0) {
        buf_adds(out, "Nothing to write.\n");
    } else {
        table_print(t, CELL_WIDTH_MAX, out);
    }
    if (shown < all) {
        buf_addf(out, "... and %zu more\n", all - shown);
    }
    table_free(t);
}

void plan_print(const struct sync_state *state, const struct plan *plan, size_t max_ops,
                struct buf *out)
{
    const struct plan_counts *c = &plan->counts;

    print_ops(state, plan, max_ops, out);
    for (size_t i = 0; i < plan->n_issues; i++) {
        buf_addf(out, "%s: %s\n", level_words[plan->issues[i].level], plan->issues[i].message);
    }
    buf_addf(out, "Airtable \xe2\x86\x92 Sheets: %zu added, %zu updated, %zu deleted\n",
             c->rows_added, c->rows_updated, c->rows_deleted);
    buf_addf(out, "Sheets \xe2\x86\x92 Airtable: %zu added, %zu updated, %zu deleted\n",
             c->records_added, c->records_updated, c->records_deleted);
    buf_addf(out, "Conflicts: %zu resolved, %zu held; warnings: %zu\n", c->conflicts, c->held,
             c->warnings);
}

/* ---- as JSON ---- */

static void json_cells(struct jsonw *w, const struct sync_state *state, const struct op *op)
{
    struct buf old_text, new_text;

    buf_init(&old_text, BUF_NO_LIMIT);
    buf_init(&new_text, BUF_NO_LIMIT);
    jsonw_key(w, "cells");
    jsonw_array(w);
    for (size_t i = 0; i < op->n_cells; i++) {
        const struct op_cell *c = &op->cells[i];

        print_cell(c, &old_text, &new_text);
        jsonw_object(w);
        jsonw_member(w, "fieldId", state->fields[c->field].field->id);
        jsonw_member(w, "field", state->fields[c->field].field->name);
        jsonw_member(w, "old", old_text.data);
        jsonw_member(w, "new", new_text.data);
        jsonw_member(w, "why", merge_why_text(c->why));
        if (c->loser) {
            jsonw_member(w, "loser", c->loser);
        }
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    buf_release(&old_text);
    buf_release(&new_text);
}

static void json_place(struct jsonw *w, const char *record_id, uint32_t row)
{
    if (record_id) {
        jsonw_member(w, "recordId", record_id);
    }
    if (row != 0) {
        jsonw_member_int(w, "rowNumber", row);
    }
}

static void json_op(struct jsonw *w, const struct sync_state *state, const struct op *op)
{
    jsonw_object(w);
    jsonw_member(w, "side", words[op->kind].side);
    jsonw_member(w, "action", words[op->kind].key);
    json_place(w, record_of(state, op), row_of(state, op));
    json_cells(w, state, op);
    jsonw_end_object(w);
}

static void json_extra(struct jsonw *w, const struct plan_extra *x)
{
    jsonw_object(w);
    jsonw_member(w, "side", extras[x->kind].word.side);
    jsonw_member(w, "action", extras[x->kind].word.key);
    jsonw_member(w, x->kind == EXTRA_LINKED_RECORD ? "table" : "column", x->name);
    jsonw_member(w, "new", x->text);
    jsonw_end_object(w);
}

static void json_new_id(struct jsonw *w, const struct sync_state *state, const struct op *op)
{
    jsonw_object(w);
    jsonw_member(w, "side", words[OP_ROW_SET_ID].side);
    jsonw_member(w, "action", words[OP_ROW_SET_ID].key);
    json_place(w, NULL, row_of(state, op));
    jsonw_end_object(w);
}

static void json_ops(struct jsonw *w, const struct sync_state *state, const struct plan *plan)
{
    jsonw_key(w, "operations");
    jsonw_array(w);
    for (size_t i = 0; i < plan->n_extras; i++) {
        json_extra(w, &plan->extras[i]);
    }
    for (size_t i = 0; i < plan->n_ops; i++) {
        if (words[plan->ops[i].kind].side) {
            json_op(w, state, &plan->ops[i]);
        }
    }
    for (size_t i = 0; i < plan->n_ops; i++) {
        if (writes_new_id(&plan->ops[i])) {
            json_new_id(w, state, &plan->ops[i]);
        }
    }
    jsonw_end_array(w);
}

static void json_issue(struct jsonw *w, const struct sync_state *state, const struct sync_issue *x)
{
    jsonw_object(w);
    jsonw_member(w, "level", level_words[x->level]);
    jsonw_member(w, "type", bs_kind_name(x->kind));
    json_place(w, x->record_id, x->row);
    if (x->field != SYNC_NONE) {
        jsonw_member(w, "field", state->fields[x->field].field->name);
    }
    jsonw_member(w, "message", x->message);
    jsonw_end_object(w);
}

static void json_counts(struct jsonw *w, const struct plan_counts *c)
{
    const struct {
        const char *name;
        size_t n;
    } members[] = {
        {"rowsAdded", c->rows_added},
        {"rowsUpdated", c->rows_updated},
        {"rowsDeleted", c->rows_deleted},
        {"recordsAdded", c->records_added},
        {"recordsUpdated", c->records_updated},
        {"recordsDeleted", c->records_deleted},
        {"conflicts", c->conflicts},
        {"held", c->held},
        {"warnings", c->warnings},
        {"cellsToSheet", c->cells_to_sheet},
        {"cellsToAirtable", c->cells_to_airtable},
    };

    jsonw_key(w, "counts");
    jsonw_object(w);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        jsonw_member_int(w, members[i].name, (int64_t)members[i].n);
    }
    jsonw_end_object(w);
}

void plan_print_json(const struct sync_state *state, const struct plan *plan, struct buf *out)
{
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_object(&w);
    json_ops(&w, state, plan);
    jsonw_key(&w, "issues");
    jsonw_array(&w);
    for (size_t i = 0; i < plan->n_issues; i++) {
        json_issue(&w, state, &plan->issues[i]);
    }
    jsonw_end_array(&w);
    json_counts(&w, &plan->counts);
    jsonw_end_object(&w);
}
