/* plan_list.c: the lists a plan is made of. */
#include "base/str.h"
#include "model/text.h"
#include "sync/plan_p.h"

#include <string.h>

#define LIST_START 64

void *plan_grow(struct planner *p, void *old, size_t n, size_t *cap, size_t size)
{
    void *list;

    if (n < *cap) {
        return old;
    }
    *cap = *cap > 0 ? *cap * 2 : LIST_START;
    list = arena_alloc_n(p->state->arena, *cap, size);
    if (n > 0) {
        memcpy(list, old, n * size);
    }
    return list;
}

static void print_place(const struct planner *p, const struct issue_at *at, struct buf *b)
{
    const struct sync_state *state = p->state;
    const char *sep = "";

    if (at->row != 0) {
        buf_addf(b, "row %u", at->row);
        sep = ", ";
    } else if (at->record_id) {
        buf_addf(b, "record %s", at->record_id);
        sep = ", ";
    }
    if (at->field != SYNC_NONE) {
        const struct sync_field *f = &state->fields[at->field];

        if (!str_eq(f->header, f->field->name)) { /* people in the sheet know the column */
            buf_addf(b, "%scolumn \"%s\"", sep, f->header);
            sep = ", ";
        }
        buf_addf(b, "%sfield \"%s\"", sep, f->field->name);
        sep = ", ";
    }
    if (*sep != '\0') {
        buf_adds(b, ": ");
    }
}

void plan_issue(struct planner *p, enum issue_level level, enum bs_kind kind,
                const struct issue_at *at, const char *fmt, ...)
{
    struct arena *a = p->state->arena;
    struct plan *plan = p->plan;
    char *message;
    struct buf b;
    va_list ap;

    buf_init(&b, BUF_NO_LIMIT);
    print_place(p, at, &b);
    va_start(ap, fmt);
    buf_addv(&b, fmt, ap);
    va_end(ap);
    message = arena_strdup(a, b.data);
    str_clean(message); /* values of people are in it */
    buf_release(&b);
    plan->issues = plan_grow(p, plan->issues, plan->n_issues, &p->cap_issues, sizeof *plan->issues);
    plan->issues[plan->n_issues++] = (struct sync_issue){
        .level = level,
        .kind = kind,
        .record_id = at->record_id,
        .row = at->row,
        .field = at->field,
        .message = message,
    };
}

#define REPEAT_NAMED 5

struct plan_repeat {
    const char *note;
    uint32_t field;
    size_t issue; /* of the first */
    size_t n;
    struct issue_at first[REPEAT_NAMED];
};

static struct plan_repeat *find_repeat(struct planner *p, uint32_t field, const char *note)
{
    for (size_t i = p->n_repeats; i-- > 0;) {
        if (p->repeats[i].field == field && p->repeats[i].note == note) {
            return &p->repeats[i];
        }
    }
    return NULL;
}

void plan_repeat(struct planner *p, enum bs_kind kind, const struct issue_at *at, const char *note)
{
    struct plan_repeat *r = find_repeat(p, at->field, note);

    if (!r) {
        p->repeats = plan_grow(p, p->repeats, p->n_repeats, &p->cap_repeats, sizeof *p->repeats);
        r = &p->repeats[p->n_repeats++];
        *r = (struct plan_repeat){.note = note, .field = at->field, .issue = p->plan->n_issues};
        plan_issue(p, ISSUE_WARNING, kind, at, "%s", note);
    }
    if (r->n < REPEAT_NAMED) {
        r->first[r->n] = *at;
    }
    r->n++;
}

/* `field "Score": why (17 cells: row 5, row 13, row 21, row 22, row 30, ...)` */
static void tell_repeats(struct planner *p, const struct plan_repeat *r)
{
    const struct issue_at nowhere = {NULL, 0, r->field};
    struct sync_issue *x = &p->plan->issues[r->issue];
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    print_place(p, &nowhere, &b);
    buf_addf(&b, "%s (%zu cells: ", r->note, r->n);
    for (size_t i = 0; i < r->n && i < REPEAT_NAMED; i++) {
        buf_adds(&b, i > 0 ? ", " : "");
        if (r->first[i].row != 0) {
            buf_addf(&b, "row %u", r->first[i].row);
        } else {
            buf_adds(&b, r->first[i].record_id);
        }
    }
    buf_adds(&b, r->n > REPEAT_NAMED ? ", ...)" : ")");
    char *message = arena_strdup(p->state->arena, b.data);

    str_clean(message);
    buf_release(&b);
    x->message = message;
    x->record_id = NULL;
    x->row = 0;
}

void plan_end_repeats(struct planner *p)
{
    for (size_t i = 0; i < p->n_repeats; i++) {
        if (p->repeats[i].n > 1) {
            tell_repeats(p, &p->repeats[i]);
        }
    }
}

struct op *plan_op(struct planner *p, enum op_kind kind, const struct op_cell *cells, size_t n)
{
    struct arena *a = p->state->arena;
    struct plan *plan = p->plan;
    struct op *op;

    plan->ops = plan_grow(p, plan->ops, plan->n_ops, &p->cap_ops, sizeof *plan->ops);
    op = &plan->ops[plan->n_ops++];
    *op = (struct op){.kind = kind, .record = SYNC_NONE, .row = SYNC_NONE, .pair = SYNC_NONE};
    if (n > 0) {
        op->cells = arena_alloc_n(a, n, sizeof *op->cells);
        memcpy(op->cells, cells, n * sizeof *cells);
        op->n_cells = n;
    }
    return op;
}

void plan_add_extra(struct sync_state *state, struct plan *plan, enum plan_extra_kind kind,
                    const char *name, const char *text)
{
    struct planner p = {.state = state, .plan = plan};

    plan->extras =
        plan_grow(&p, plan->extras, plan->n_extras, &plan->cap_extras, sizeof *plan->extras);
    plan->extras[plan->n_extras++] = (struct plan_extra){kind, arena_strdup(state->arena, name),
                                                         arena_strdup(state->arena, text)};
}

static const char *take_excerpt(struct planner *p, struct buf *b)
{
    const char *text = text_excerpt(p->state->arena, arena_strdup(p->state->arena, b->data));

    buf_release(b);
    return text;
}

const char *plan_value_text(struct planner *p, const struct value *v)
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    value_print(v, &b);
    return take_excerpt(p, &b);
}

const char *plan_cell_text(struct planner *p, const struct cell *c)
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    cell_print(c, &b);
    return take_excerpt(p, &b);
}
