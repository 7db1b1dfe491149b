/*
 * sync_engine.c: see sync_world.h. Reads both tables as the real engine does (cells only where
 * something may have changed), executes two plans, and confirms each operation by itself. Every
 * write is held against what the plan says it overwrites.
 */
#include "sync_world.h"

#include "base/str.h"
#include "model/copy.h"

#include <stdlib.h>
#include <string.h>

struct pass {
    struct world *w;
    const struct run_faults *faults;
    struct arena *arena;
    struct sync_state state;
    uint32_t uids[ROWS_HERE]; /* per row of the state */
    uint32_t first_new;       /* uids from here on were given during the run */
    size_t deleted_rows, deleted_records;
    size_t ops;
    bool died;
};

/* ---- database ---- */

static struct w_pair *find_pair(struct world *w, const char *record_id)
{
    for (size_t i = 0; i < w->n_pairs; i++) {
        if (str_eq(w->pairs[i].record_id, record_id)) {
            return &w->pairs[i];
        }
    }
    return NULL;
}

static struct w_pair *need_pair(struct world *w, const char *record_id)
{
    struct w_pair *p = find_pair(w, record_id);

    if (!p) {
        p = &w->pairs[w->n_pairs++];
        *p = (struct w_pair){.record_id = arena_strdup(w->arena, record_id)};
    }
    return p;
}

static void drop_pair(struct world *w, const char *record_id)
{
    struct w_pair *p = find_pair(w, record_id);

    if (p) {
        *p = w->pairs[--w->n_pairs];
    }
}

static void drop_intent(struct world *w, const char *record_id)
{
    for (size_t i = 0; i < w->n_intents; i++) {
        if (str_eq(w->intents[i].record_id, record_id)) {
            w->intents[i--] = w->intents[--w->n_intents];
        }
    }
}

/* Makes the state's pairs what the database says. */
static void load_pairs(struct pass *p)
{
    struct world *w = p->w;

    p->state.n_pairs = w->n_pairs;
    p->state.pairs = arena_alloc_n(p->arena, w->n_pairs, sizeof *p->state.pairs);
    for (size_t i = 0; i < w->n_pairs; i++) {
        p->state.pairs[i] = (struct sync_pair){
            .record_id = w->pairs[i].record_id,
            .row_hint = w->pairs[i].row_hint,
            .raw = w->pairs[i].raw,
            .flags = w->pairs[i].flags,
            .bases = arena_alloc_n(p->arena, FIELDS_HERE, sizeof(uint64_t)),
        };
        memcpy(p->state.pairs[i].bases, w->pairs[i].bases, sizeof w->pairs[i].bases);
    }
}

/* ---- reading ---- */

static uint64_t raw_of(struct world *w, const struct w_row *row)
{
    uint64_t h = 5;

    for (size_t f = 0; f < w->n_fields; f++) {
        uint64_t c = cell_raw_hash(&w->convert.key, row->cells[f]);

        if (c == 0) {
            return 0;
        }
        h = hash_mix(h, c);
    }
    return h;
}

static void read_record_cells(struct pass *p, struct sync_record *out, const struct w_record *rec)
{
    struct world *w = p->w;

    out->cells = arena_alloc_n(p->arena, w->n_fields, sizeof *out->cells);
    for (size_t f = 0; f < w->n_fields; f++) {
        struct side_cell *c = &out->cells[f];

        c->value = world_value(w, rec, f, p->arena);
        c->state = c->value->kind == VALUE_ERROR ? SIDE_ERROR : SIDE_VALUE;
        c->hash =
            c->state == SIDE_VALUE ? convert_hash(&w->convert, &w->fields[f].field, c->value) : 0;
    }
}

static void read_row_cells(struct pass *p, struct sync_row *out, const struct w_row *row)
{
    struct world *w = p->w;
    const struct w_record *rec = world_find_record(w, row->id);

    out->cells = arena_alloc_n(p->arena, w->n_fields, sizeof *out->cells);
    for (size_t f = 0; f < w->n_fields; f++) {
        struct side_cell *c = &out->cells[f];
        const struct value *now = rec && rec->alive ? world_value(w, rec, f, p->arena) : NULL;
        struct bs_err why = BS_ERR_INIT;

        c->cell = row->cells[f];
        if (convert_from_cell(&w->convert, &w->fields[f].field, c->cell, now, p->arena, &c->value,
                              &why) != BS_OK) {
            c->state = SIDE_BAD;
            c->note = arena_strdup(p->arena, why.msg);
            c->note_kind = why.kind;
        } else if (c->value->kind == VALUE_ERROR) {
            c->state = SIDE_ERROR;
        } else {
            c->hash = convert_hash(&w->convert, &w->fields[f].field, c->value);
        }
    }
}

static bool equals_bases(struct pass *p, const struct w_record *rec)
{
    const struct w_pair *pair = find_pair(p->w, rec->id);

    for (size_t f = 0; pair && f < p->w->n_fields; f++) {
        if (world_record_hash(p->w, rec, f) != pair->bases[f]) {
            return false;
        }
    }
    return pair && pair->flags == 0;
}

static size_t rows_with_id(const struct world *w, const char *id)
{
    size_t n = 0;

    for (size_t i = 0; i < w->n_rows; i++) {
        n += str_eq(w->rows[i].id, id);
    }
    return n;
}

static bool row_unchanged(struct pass *p, const struct w_row *row, uint64_t raw)
{
    const struct w_pair *pair = find_pair(p->w, row->id);

    return *row->id != '\0' && pair && raw != 0 && pair->raw == raw && pair->flags == 0 &&
           rows_with_id(p->w, row->id) == 1;
}

static void read_rows(struct pass *p)
{
    struct world *w = p->w;

    p->state.n_rows = w->n_rows;
    p->state.rows = arena_alloc_n(p->arena, w->n_rows, sizeof *p->state.rows);
    for (size_t i = 0; i < w->n_rows; i++) {
        struct sync_row *out = &p->state.rows[i];
        const struct w_row *row = &w->rows[i];

        p->uids[i] = row->uid;
        out->number = (uint32_t)i + 2;
        out->id = row->id;
        out->blank = world_row_blank(w, row);
        out->raw = raw_of(w, row);
        if (!out->blank && !row_unchanged(p, row, out->raw)) {
            read_row_cells(p, out, row);
        }
    }
}

static bool row_is_read(const struct pass *p, const char *id)
{
    bool found = false;

    for (size_t i = 0; i < p->state.n_rows; i++) {
        if (str_eq(p->state.rows[i].id, id)) {
            found = true;
            if (p->state.rows[i].cells) {
                return true;
            }
        }
    }
    return !found;
}

static void read_records(struct pass *p)
{
    struct world *w = p->w;

    p->state.records = arena_alloc_n(p->arena, RECORDS_HERE, sizeof *p->state.records);
    for (size_t i = 0; i < w->n_records; i++) {
        const struct w_record *rec = &w->records[i];
        struct sync_record *out = &p->state.records[p->state.n_records];
        bool known = find_pair(w, rec->id);

        if (!rec->alive && !known) {
            continue;
        }
        p->state.n_records++;
        *out = (struct sync_record){.id = rec->id, .modified_ms = rec->modified_ms};
        if (p->faults->unlisted && known && world_chance(w, 20)) {
            out->presence = PRESENCE_UNKNOWN;
        } else if (!rec->alive) {
            out->presence = PRESENCE_GONE;
        } else if (row_is_read(p, rec->id) || !equals_bases(p, rec)) {
            read_record_cells(p, out, rec);
        }
    }
}

/* Rows of records at hand are read too, and those that may become records again. */
static void read_partners(struct pass *p)
{
    for (size_t i = 0; i < p->state.n_rows; i++) {
        struct sync_row *row = &p->state.rows[i];

        for (size_t k = 0; k < p->state.n_records && !row->cells && !row->blank; k++) {
            const struct sync_record *rec = &p->state.records[k];

            if (str_eq(rec->id, row->id) &&
                (rec->cells || (rec->presence == PRESENCE_GONE &&
                                p->w->rules.direction == DIRECTION_TO_AIRTABLE))) {
                read_row_cells(p, row, &p->w->rows[i]);
            }
        }
    }
}

/* A row is known by the journal only while its id cell says nothing of its own: it is empty, or a
 * copy of that of a row above, or names a record that is gone. */
static bool row_is_free(struct world *w, size_t at)
{
    const char *id = w->rows[at].id;
    const struct w_record *rec = world_find_record(w, id);
    size_t first = 0;

    while (!str_eq(w->rows[first].id, id)) {
        first++;
    }
    return *id == '\0' || !rec || !rec->alive || first != at;
}

static void read_journal(struct pass *p)
{
    struct world *w = p->w;

    for (size_t i = 0; i < w->n_intents; i++) {
        const struct w_record *rec = world_find_record(w, w->intents[i].record_id);

        for (size_t k = 0; k < p->state.n_rows && rec->alive; k++) {
            if (p->uids[k] == w->intents[i].row && rows_with_id(w, rec->id) == 0 &&
                row_is_free(w, k)) {
                p->state.rows[k].known_record = rec->id;
                w->healed = true;
                read_row_cells(p, &p->state.rows[k], &w->rows[k]);
            }
        }
    }
}

static void read_all(struct pass *p)
{
    struct world *w = p->w;

    w->now_ms += 1000;
    p->first_new = w->next_id + 1;
    p->state = (struct sync_state){
        .arena = p->arena,
        .rules = &w->rules,
        .convert = &w->convert,
        .fields = w->mapped,
        .n_fields = w->n_fields,
        .match_field = 0,
        .first_run = !w->ran,
        .airtable_listed = true,
        .sheet_since_ms = w->sheet_since_ms,
        .sheet_seen_ms = w->now_ms,
    };
    load_pairs(p);
    read_rows(p);
    read_records(p);
    read_partners(p);
    read_journal(p);
}

/* ---- applying: what every operation must be ---- */

static const char *op_record(const struct pass *p, const struct op *op)
{
    if (op->record != SYNC_NONE) {
        return p->state.records[op->record].id;
    }
    return op->pair != SYNC_NONE ? p->state.pairs[op->pair].record_id : NULL;
}

static void check_direction(struct pass *p, const struct op *op)
{
    struct world *w = p->w;
    enum sync_direction d = w->rules.direction;
    bool to_airtable = op->kind == OP_RECORD_CREATE || op->kind == OP_RECORD_UPDATE ||
                       op->kind == OP_RECORD_DELETE;
    bool to_sheet =
        op->kind == OP_ROW_CREATE || op->kind == OP_ROW_UPDATE || op->kind == OP_ROW_DELETE;

    if ((to_airtable && d == DIRECTION_TO_SHEETS) || (to_sheet && d == DIRECTION_TO_AIRTABLE)) {
        world_wrong(w, "operation %d writes to the read-only side", (int)op->kind);
    }
    if ((op->kind == OP_RECORD_DELETE && !w->rules.delete_extra_records) ||
        (op->kind == OP_ROW_DELETE && !w->rules.delete_extra_rows)) {
        world_wrong(w, "a deletion while deletes are off");
    }
    for (size_t i = 0; i < op->n_cells; i++) {
        const struct sync_field *f = &w->mapped[op->cells[i].field];

        if ((to_airtable && !f->to_airtable) || (op->kind == OP_ROW_UPDATE && !f->to_sheet)) {
            world_wrong(w, "field \"%s\" flows against its arrow", f->field->name);
        }
        if (op->kind == OP_ROW_CREATE && !f->to_sheet && op->cells[i].cell->kind != CELL_EMPTY) {
            world_wrong(w, "a new row fills field \"%s\" against its arrow", f->field->name);
        }
    }
}

static void say_op(struct pass *p, const struct op *op)
{
    static const char *const names[] = {"settle",        "forget",        "record create",
                                        "record update", "record delete", "row update",
                                        "row create",    "set id",        "row delete"};
    struct world *w = p->w;

    if (!w->log) {
        return;
    }
    world_say(w, "  %s %s u%u (flags %u)", names[op->kind],
              op_record(p, op) ? op_record(p, op) : "new",
              op->row == SYNC_NONE ? 0 : p->uids[op->row], op->flags_after);
    for (size_t i = 0; i < op->n_cells; i++) {
        const struct op_cell *c = &op->cells[i];

        world_say(w, "    %s [%s] -> [%s] %s", w->fields[c->field].field.name,
                  c->cell        ? world_cell_text(w, c->old_cell)
                  : c->old_value ? world_text(w, c->old_value)
                                 : "",
                  c->cell    ? world_cell_text(w, c->cell)
                  : c->value ? world_text(w, c->value)
                             : "",
                  merge_why_text(c->why));
    }
}

/* The process may die before each operation. */
static bool dies(struct pass *p)
{
    p->ops++;
    p->died = p->died || (p->faults->dies > 0 && p->ops >= p->faults->dies);
    if (p->died) {
        world_say(p->w, "  the process dies");
    }
    return p->died;
}

static bool fails(struct pass *p)
{
    bool failed = p->faults->failures && world_chance(p->w, 20);

    if (failed) {
        world_say(p->w, "  ... fails");
    }
    return failed;
}

static void maybe_edit(struct pass *p)
{
    if (p->faults->edits && world_chance(p->w, 25)) {
        if (world_chance(p->w, 60)) {
            world_edit_sheet(p->w);
        } else {
            world_edit_airtable(p->w);
        }
    }
}

/* ---- settling ---- */

static void settle(struct pass *p, const struct plan *plan)
{
    for (size_t i = 0; i < plan->n_ops; i++) {
        const struct op *op = &plan->ops[i];
        const char *id = op_record(p, op);

        if (op->kind == OP_FORGET) {
            say_op(p, op);
            drop_pair(p->w, id);
        } else if (op->kind == OP_SETTLE) {
            struct w_pair *pair = need_pair(p->w, id);

            say_op(p, op);
            for (size_t c = 0; c < op->n_cells; c++) {
                pair->bases[op->cells[c].field] = op->cells[c].base_after;
            }
            pair->flags = op->flags_after;
            pair->raw = 0;
        }
    }
    load_pairs(p);
}

/* ---- Airtable ---- */

static void set_bases(struct pass *p, const struct op *op, const struct sync_record *now)
{
    struct w_pair *pair = need_pair(p->w, now->id);

    pair->raw = 0; /* the row as it was when other bases held says nothing any more */
    for (size_t i = 0; i < op->n_cells; i++) {
        const struct op_cell *c = &op->cells[i];
        uint64_t hash = now->cells[c->field].hash;

        pair->bases[c->field] = hash == c->base_after ? hash : sync_base_apart(hash, c->base_after);
    }
}

static void record_create(struct pass *p, const struct op *op)
{
    struct world *w = p->w;
    struct w_record *rec;
    struct sync_record *out;

    if (op->n_cells == 0) {
        world_wrong(w, "an empty record is created");
        return;
    }
    rec = world_add_record(w);
    rec->from_row = p->uids[op->row];
    for (size_t i = 0; i < op->n_cells; i++) {
        world_store_value(w, rec, op->cells[i].field, op->cells[i].value);
    }
    w->intents[w->n_intents++] = (struct w_intent){p->uids[op->row], rec->id};
    if (p->faults->dies > 0 && world_chance(w, 30)) {
        world_say(w, "  the answer is lost and the process dies");
        p->died = true;
        return;
    }
    out = &p->state.records[p->state.n_records++];
    *out = (struct sync_record){.id = rec->id, .modified_ms = rec->modified_ms};
    read_record_cells(p, out, rec);
    set_bases(p, op, out);
    need_pair(w, rec->id)->row_hint = p->state.rows[op->row].number;
    p->state.rows[op->row].known_record = rec->id;
}

/* An operation of which somebody has changed what it overwrites is left to the next run. */
static bool is_fresh(struct pass *p, const struct w_record *rec, const struct op *op)
{
    for (size_t i = 0; i < op->n_cells; i++) {
        const struct op_cell *c = &op->cells[i];
        const char *now = world_text(p->w, world_value(p->w, rec, c->field, p->arena));

        if (!str_eq(now, world_text(p->w, c->old_value))) {
            if (!p->faults->edits) {
                world_wrong(p->w, "%s: the plan's old value is \"%s\", it is \"%s\"", rec->id,
                            world_text(p->w, c->old_value), now);
            }
            return false;
        }
    }
    return true;
}

static void record_update(struct pass *p, const struct op *op)
{
    struct world *w = p->w;
    struct w_record *rec = world_find_record(w, op_record(p, op));
    struct sync_record *out = &p->state.records[op->record];

    if (!rec->alive || !is_fresh(p, rec, op)) {
        out->blocked = true;
        return;
    }
    for (size_t i = 0; i < op->n_cells; i++) {
        const struct op_cell *c = &op->cells[i];

        world_remember(w, world_text(w, c->old_value));
        if (c->loser && !str_eq(c->loser, world_text(w, c->old_value)) && strlen(c->loser) < 40) {
            world_wrong(w, "the loser of a conflict is told as \"%s\"", c->loser);
        }
        world_store_value(w, rec, c->field, c->value);
    }
    read_record_cells(p, out, rec);
    set_bases(p, op, out);
}

static void record_delete(struct pass *p, const struct op *op)
{
    struct w_record *rec = world_find_record(p->w, op_record(p, op));

    if (rec->alive && p->faults->edits && !equals_bases(p, rec)) {
        p->state.records[op->record].blocked = true;
        return;
    }
    if (rows_with_id(p->w, rec->id) > 0 && !p->faults->edits) {
        world_wrong(p->w, "%s, which has a row, is deleted", rec->id);
    }
    for (size_t f = 0; f < p->w->n_fields; f++) {
        world_remember(p->w, world_text(p->w, rec->values[f]));
    }
    rec->alive = false;
    p->deleted_records++;
    p->state.records[op->record].presence = PRESENCE_GONE;
    drop_pair(p->w, rec->id);
}

/* ---- the sheet ---- */

static size_t place_of(const struct world *w, uint32_t uid)
{
    size_t i = 0;

    while (i < w->n_rows && w->rows[i].uid != uid) {
        i++;
    }
    return i;
}

/* The row as it was read, wherever it is now; NULL when it is gone or another id is in it. */
static struct w_row *placed(struct pass *p, const struct op *op)
{
    struct w_row *row = world_find_row(p->w, p->uids[op->row]);

    return row && str_eq(row->id, p->state.rows[op->row].id) ? row : NULL;
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
    return cell_equal(a, b) && a->formula == b->formula;
}

static void row_update(struct pass *p, const struct op *op)
{
    struct world *w = p->w;
    struct w_row *row = placed(p, op);
    struct w_pair *pair = row ? need_pair(w, op_record(p, op)) : NULL;

    for (size_t i = 0; row && i < op->n_cells; i++) {
        const struct op_cell *c = &op->cells[i];

        if (!same_cell(row->cells[c->field], c->old_cell)) {
            if (!p->faults->edits) {
                world_wrong(w, "u%u: the plan's old cell is not the cell", row->uid);
            }
            continue;
        }
        if (row->cells[c->field]->formula && w->rules.keep_formulas) {
            world_wrong(w, "u%u: a formula is overwritten", row->uid);
        }
        world_remember(w, world_cell_text(w, c->old_cell));
        row->cells[c->field] = cell_copy(w->arena, c->cell);
        pair->bases[c->field] = c->base_after;
        pair->raw = 0;
    }
    if (row) {
        pair->row_hint = (uint32_t)place_of(w, row->uid) + 2;
    }
}

static void row_create(struct pass *p, const struct op *op)
{
    struct world *w = p->w;
    const char *id = op_record(p, op);
    struct w_pair *pair = need_pair(w, id);
    struct w_row *row;

    if (rows_with_id(w, id) > 0) { /* its row came back */
        if (!p->faults->edits) {
            world_wrong(w, "a second row is made of %s", id);
        }
        return;
    }
    row = world_insert_row(w, w->n_rows);
    row->id = id;
    row->from_record = id;
    for (size_t i = 0; i < op->n_cells; i++) {
        row->cells[op->cells[i].field] = cell_copy(w->arena, op->cells[i].cell);
        pair->bases[op->cells[i].field] = op->cells[i].base_after;
    }
    pair->flags = 0;
    pair->raw = 0;
    pair->row_hint = (uint32_t)w->n_rows + 1;
}

static void row_set_id(struct pass *p, const struct op *op)
{
    struct w_row *row = placed(p, op);
    const char *id = op_record(p, op);

    if (row && (row->id[0] != '\0' || rows_with_id(p->w, id) == 0)) {
        row->id = arena_strdup(p->w->arena, id);
        need_pair(p->w, id)->row_hint = (uint32_t)place_of(p->w, row->uid) + 2;
        p->w->healed = p->w->healed || !p->state.rows[op->row].known_record;
        drop_intent(p->w, id);
    }
}

static void row_delete(struct pass *p, const struct op *op)
{
    struct world *w = p->w;
    struct w_row *row = placed(p, op);

    if (world_find_record(w, op_record(p, op))->alive) {
        world_wrong(w, "the row of %s, which is alive, is deleted", op_record(p, op));
    }
    if (!row || (p->faults->edits && raw_of(w, row) != p->state.rows[op->row].raw)) {
        return;
    }
    for (size_t f = 0; f < w->n_fields; f++) {
        world_remember(w, world_cell_text(w, row->cells[f]));
    }
    world_remove_row(w, place_of(w, row->uid));
    p->deleted_rows++;
    drop_pair(w, op_record(p, op));
}

/* ---- a run ---- */

static void apply(struct pass *p, const struct plan *plan, enum op_kind first, enum op_kind last)
{
    static void (*const acts[])(struct pass *, const struct op *) = {
        [OP_RECORD_CREATE] = record_create, [OP_RECORD_UPDATE] = record_update,
        [OP_RECORD_DELETE] = record_delete, [OP_ROW_UPDATE] = row_update,
        [OP_ROW_CREATE] = row_create,       [OP_ROW_SET_ID] = row_set_id,
        [OP_ROW_DELETE] = row_delete,
    };

    for (size_t i = 0; i < plan->n_ops && !p->died; i++) {
        const struct op *op = &plan->ops[i];

        if (i > 0 && op->kind < plan->ops[i - 1].kind) {
            world_wrong(p->w, "operations out of order");
        }
        if (op->kind < first || op->kind > last || dies(p)) {
            continue;
        }
        check_direction(p, op);
        say_op(p, op);
        maybe_edit(p);
        if (!fails(p)) {
            acts[op->kind](p, op);
        }
    }
}

static void check_conflicts(struct pass *p, const struct plan *plan)
{
    size_t losers = 0, told = 0;

    for (size_t i = 0; i < plan->n_ops; i++) {
        for (size_t c = 0; c < plan->ops[i].n_cells; c++) {
            losers += plan->ops[i].cells[c].loser != NULL;
        }
    }
    for (size_t i = 0; i < plan->n_issues; i++) {
        told += plan->issues[i].level == ISSUE_CONFLICT;
    }
    if (losers != told || told != plan->counts.conflicts) {
        world_wrong(p->w, "%zu conflicts told, %zu counted, %zu losing values kept", told,
                    plan->counts.conflicts, losers);
    }
}

static void say_issues(struct pass *p, const struct plan *plan)
{
    for (size_t i = 0; i < plan->n_issues; i++) {
        world_say(p->w, "  issue: %s", plan->issues[i].message);
        if (strstr(plan->issues[i].message, "the ids follow the cells")) {
            p->w->n_expects = 0; /* records and rows are paired otherwise than they were */
        }
    }
}

static bool guards_stop(struct pass *p, const struct plan *plan)
{
    bool all = p->faults->allow_all;
    const struct guard_allow allow = {.first_sync = true, .deletes = all, .all_changed = all};
    struct bs_err e = BS_ERR_INIT;

    if (guard_check(&p->state, plan, &allow, &e) != BS_OK) {
        world_say(p->w, "  guard: %s", e.msg);
        return true;
    }
    return false;
}

/* What max_delete lets through, worked out anew. */
static void check_deletions(struct pass *p)
{
    const struct sync_rules *r = &p->w->rules;
    size_t whole = 0, most;

    for (size_t i = 0; i < p->state.n_pairs; i++) {
        bool any = false;

        for (size_t f = 0; f < p->w->n_fields; f++) {
            any = any || p->state.pairs[i].bases[f] != 0;
        }
        whole += any;
    }
    most = r->max_delete_share ? whole * 3 / 10 : 2;
    most = most < GUARD_DELETE_FLOOR ? GUARD_DELETE_FLOOR : most;
    if (!p->faults->allow_all && (p->deleted_rows > most || p->deleted_records > most)) {
        world_wrong(p->w, "%zu rows and %zu records deleted where %zu are allowed", p->deleted_rows,
                    p->deleted_records, most);
    }
}

static uint64_t settled_raw(struct pass *p, const struct w_pair *pair, const struct w_row *row)
{
    for (size_t f = 0; f < p->w->n_fields; f++) {
        const struct sync_field *m = &p->w->mapped[f];

        if ((m->to_sheet || m->to_airtable) && world_row_hash(p->w, row, f) != pair->bases[f]) {
            return 0;
        }
    }
    return raw_of(p->w, row);
}

/* Row numbers and raw hashes of the rows that the plan tied, where they are now. */
static void close_pairs(struct pass *p, const struct plan *plan)
{
    struct world *w = p->w;

    for (size_t i = 0; i < p->state.n_rows; i++) {
        uint32_t record = plan->row_record[i];
        struct w_row *row = record == SYNC_NONE ? NULL : world_find_row(w, p->uids[i]);
        struct w_pair *pair = row ? find_pair(w, p->state.records[record].id) : NULL;

        if (pair) {
            pair->row_hint = (uint32_t)place_of(w, row->uid) + 2;
            pair->raw = settled_raw(p, pair, row);
        }
    }
    for (size_t i = 0; i < w->n_rows; i++) { /* rows made by this run */
        struct w_pair *pair = find_pair(w, w->rows[i].id);

        if (pair && w->rows[i].uid >= p->first_new &&
            str_eq(w->rows[i].from_record, pair->record_id)) {
            pair->row_hint = (uint32_t)i + 2;
        }
    }
    w->sheet_since_ms = p->state.sheet_seen_ms;
    w->ran = true;
}

static enum run_end run_plans(struct pass *p)
{
    struct pass whole_before;
    struct plan *plan = plan_make(&p->state);

    say_issues(p, plan);
    check_conflicts(p, plan);
    if (guards_stop(p, plan)) {
        return RUN_STOPPED;
    }
    whole_before = *p;
    settle(p, plan);
    apply(p, plan, OP_RECORD_CREATE, OP_RECORD_DELETE);
    load_pairs(p);
    if (!p->died) {
        maybe_edit(p);
        plan = plan_make(&p->state);
        settle(p, plan);
        apply(p, plan, OP_ROW_UPDATE, OP_ROW_DELETE);
    }
    whole_before.deleted_rows = p->deleted_rows;
    whole_before.deleted_records = p->deleted_records;
    check_deletions(&whole_before);
    if (!p->died) {
        close_pairs(p, plan);
    }
    return p->died ? RUN_DIED : RUN_DONE;
}

enum run_end engine_run(struct world *w, const struct run_faults *faults)
{
    struct pass p = {.w = w, .faults = faults, .arena = arena_new()};
    enum run_end end;

    w->healed = false;
    read_all(&p);
    end = run_plans(&p);
    arena_free(p.arena);
    return end;
}

size_t engine_pending(struct world *w)
{
    static const struct run_faults none = {.allow_all = true};
    struct pass p = {.w = w, .faults = &none, .arena = arena_new()};
    struct plan *plan;
    size_t n;

    read_all(&p);
    plan = plan_make(&p.state);
    n = plan->n_ops;
    for (size_t i = 0; i < n; i++) {
        say_op(&p, &plan->ops[i]);
    }
    arena_free(p.arena);
    return n;
}
