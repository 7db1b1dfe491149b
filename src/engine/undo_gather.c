/*
 * undo_gather.c: the changes of a run, oldest first, as targets. Several changes of one cell are
 * one target: from what the first found to what the last left.
 */
#include "base/buf.h"
#include "base/str.h"
#include "engine/undo_p.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *key_of(struct undo *u, bool sheet, const char *record_id, const char *field_id)
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    buf_addf(&b, "%c|%s|%s", sheet ? 'S' : 'A', record_id, field_id != NULL ? field_id : "");
    const char *key = arena_strdup(u->r->arena, b.data);

    buf_release(&b);
    return key;
}

struct undo_target *undo_find(const struct undo *u, bool sheet, const char *record_id,
                              const char *field_id)
{
    char key[256];
    uint32_t at;

    if (snprintf(key, sizeof key, "%c|%s|%s", sheet ? 'S' : 'A', record_id,
                 field_id != NULL ? field_id : "") >= (int)sizeof key) {
        return NULL;
    }
    at = strmap_get(u->by_key, key);
    return at == STRMAP_NONE ? NULL : &u->targets[at];
}

void undo_leave(struct undo *u, const struct undo_target *t, const char *fmt, ...)
{
    char why[240];
    va_list ap;
    uint32_t row = strmap_get(u->r->row_by_id, t->record_id);
    uint32_t number = row == STRMAP_NONE ? 0 : u->r->state.rows[row].number;

    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    u->left++;
    run_issue(u->r, ISSUE_WARNING, BS_K_CONFLICT, t->record_id, number, t->field,
              "left as it is: %s%s%s%s in %s: %s", t->record_id,
              t->field_name != NULL ? ", field \"" : "", t->field_name != NULL ? t->field_name : "",
              t->field_name != NULL ? "\"" : "", t->sheet ? "the sheet" : "Airtable", why);
}

struct op *undo_op(struct undo *u, enum op_kind kind)
{
    struct plan *plan = u->plan;

    if (plan->n_ops == u->cap_ops) {
        size_t cap = u->cap_ops * 2 + 64;
        struct op *ops = arena_alloc_n(u->r->arena, cap, sizeof *ops);

        if (plan->n_ops > 0) {
            memcpy(ops, plan->ops, plan->n_ops * sizeof *ops);
        }
        plan->ops = ops;
        u->cap_ops = cap;
    }
    struct op *op = &plan->ops[plan->n_ops++];

    *op = (struct op){.kind = kind, .record = SYNC_NONE, .row = SYNC_NONE, .pair = SYNC_NONE};
    return op;
}

struct op *undo_settle(struct undo *u, const char *record_id, uint32_t flags_after)
{
    struct op *op = undo_op(u, OP_SETTLE);

    (void)run_pair(u->r, record_id);
    op->pair = strmap_get(u->r->pair_by_id, record_id);
    op->flags_after = flags_after;
    op->cells = arena_alloc_n(u->r->arena, u->r->n_fields + 1, sizeof *op->cells);
    return op;
}

static uint32_t field_index(const struct run *r, const char *field_id)
{
    for (uint32_t i = 0; field_id != NULL && i < r->n_fields; i++) {
        if (str_eq(r->fields[i].field->id, field_id)) {
            return i;
        }
    }
    return SYNC_NONE;
}

static enum undo_kind kind_of(const char *action)
{
    return str_eq(action, "create")   ? UNDO_CREATED
           : str_eq(action, "delete") ? UNDO_DELETED
                                      : UNDO_CELL;
}

/* Record ids and headers that were written belong to the tab, not to the data; cells that were put
 * back after a move were so already; what was refused never happened. */
static bool is_wanted(const struct change_row *c)
{
    bool data = str_eq(c->c.action, "update") || str_eq(c->c.action, "create") ||
                str_eq(c->c.action, "delete");

    return data && !c->undone && !str_eq(c->outcome, "failed") &&
           !str_eq(c->c.why, merge_why_text(WHY_RESTORE));
}

static struct undo_target *add_target(struct undo *u, const struct change *c)
{
    if (u->targets == NULL || u->n == u->cap) {
        size_t cap = u->cap * 2 + 64;
        struct undo_target *list = arena_alloc_n(u->r->arena, cap, sizeof *list);

        if (u->targets != NULL) {
            memcpy(list, u->targets, u->n * sizeof *list);
        }
        u->targets = list;
        u->cap = cap;
    }
    struct undo_target *t = &u->targets[u->n];

    *t = (struct undo_target){
        .kind = kind_of(c->action),
        .sheet = str_eq(c->side, "SHEETS"),
        .record_id = c->record_id,
        .field = field_index(u->r, c->field_id),
        .field_name = c->field_name,
        .back_raw = c->old_raw,
        .newest = SIZE_MAX,
    };
    strmap_add(u->by_key, key_of(u, t->sheet, c->record_id, c->field_id), (uint32_t)u->n++);
    return t;
}

static void take_change(struct undo *u, size_t at)
{
    const struct change_row *row = &u->changes[at];
    const struct change *c = &row->c;
    bool sheet = str_eq(c->side, "SHEETS");
    struct undo_target *t;

    if (c->record_id == NULL) {
        struct undo_target nobody = {.sheet = sheet, .record_id = "?", .field = SYNC_NONE};

        undo_leave(u, &nobody, "the answer to this write was lost; look for \"%s\" yourself",
                   c->new_text != NULL ? c->new_text : "a new record");
        return;
    }
    t = undo_find(u, sheet, c->record_id, c->field_id);
    if (t == NULL || t->kind != kind_of(c->action)) {
        t = add_target(u, c);
    } else if (t->now_raw != NULL && c->old_raw != NULL && !str_eq(t->now_raw, c->old_raw)) {
        t->back_raw = c->old_raw; /* somebody was at work between the two */
    }
    t->now_raw = c->new_raw;
    t->outcome = row->outcome;
    u->older[at] = t->newest;
    t->newest = at;
}

void undo_gather(struct undo *u)
{
    u->older = arena_alloc_n(u->r->arena, u->n_changes + 1, sizeof *u->older);
    for (size_t i = 0; i < u->n_changes; i++) {
        u->older[i] = SIZE_MAX;
        if (is_wanted(&u->changes[i])) {
            take_change(u, i);
        }
    }
    for (size_t i = 0; i < u->n; i++) {
        struct undo_target *t = &u->targets[i];
        const struct undo_target *whole = undo_find(u, t->sheet, t->record_id, NULL);

        t->absorbed = t->kind == UNDO_CELL && whole != NULL && whole->kind == UNDO_CREATED;
    }
}
