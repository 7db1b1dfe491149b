#include "model/copy.h"

#include "base/str.h"

static const char *copy_text(struct arena *a, const char *s)
{
    return s == NULL ? NULL : arena_strdup(a, s);
}

static void copy_items(struct arena *a, const struct value *v, struct value *out)
{
    size_t n = v->u.list.n;
    struct value_item *items = arena_alloc_n(a, n, sizeof *items);

    for (size_t i = 0; i < n; i++) {
        items[i].text = copy_text(a, v->u.list.items[i].text);
        items[i].id = copy_text(a, v->u.list.items[i].id);
        items[i].alt = copy_text(a, v->u.list.items[i].alt);
    }
    out->u.list.items = items;
}

const struct value *value_copy(struct arena *a, const struct value *v)
{
    if (v->kind == VALUE_EMPTY) {
        return &value_empty;
    }
    struct value *out = arena_alloc(a, sizeof *out);

    *out = *v;
    if (v->kind == VALUE_TEXT || v->kind == VALUE_ERROR) {
        out->u.text = copy_text(a, v->u.text);
    } else if (v->kind == VALUE_LIST || v->kind == VALUE_REFS) {
        copy_items(a, v, out);
    }
    return out;
}

const struct cell *cell_copy(struct arena *a, const struct cell *c)
{
    struct cell *out = arena_alloc(a, sizeof *out);

    *out = *c;
    out->text = copy_text(a, c->text);
    out->entered_formula = copy_text(a, c->entered_formula);
    out->pattern = copy_text(a, c->pattern);
    out->shown = str_eq(c->shown, c->text) ? out->text : copy_text(a, c->shown);
    return out;
}
