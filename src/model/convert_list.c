/*
 * convert_list.c: texts, selects, people, linked records, and lists of them in one cell.
 *
 * A cell is split by list.h's rule and each item is resolved. When that fails and the whole text is
 * one known name ("Smith, John" typed without quotes), it is taken as that. Only then is anything
 * created.
 */
#include "model/convert_types.h"

#include "base/hash.h"
#include "base/str.h"
#include "model/list.h"
#include "model/text.h"

#include <stdlib.h>
#include <string.h>

#define RECORD_ID_LENGTH 17 /* "rec" and 14 letters or digits */
#define CHOICES_NAMED 5     /* in a message */

enum bs_rc text_from_cell(const struct conversion *c, const struct cell *cell,
                          const struct value **out)
{
    *out = value_text(c->a, convert_cell_text(c, cell));
    return BS_OK;
}

void text_canonical(const struct conversion *c, struct value *v)
{
    if (text_has_cr(v->u.text)) {
        v->u.text = text_without_cr(c->a, v->u.text);
    }
}

void rich_canonical(const struct conversion *c, struct value *v)
{
    v->u.text = text_canonical_rich(c->a, v->u.text);
    if (*v->u.text == '\0') {
        *v = value_empty;
    }
}

void list_canonical(const struct conversion *c, struct value *v)
{
    struct value_item *items = NULL;

    for (size_t i = 0; i < v->u.list.n; i++) {
        const char *text = v->u.list.items[i].text;

        if (!text_has_cr(text)) {
            continue;
        }
        if (!items) {
            items = arena_alloc_n(c->a, v->u.list.n, sizeof *items);
            memcpy(items, v->u.list.items, v->u.list.n * sizeof *items);
        }
        items[i].text = text_without_cr(c->a, text);
    }
    if (items) {
        v->u.list.items = items;
    }
}

/* ---- the list being resolved ---- */

struct picks {
    struct value_item *items; /* room for one per item of the cell */
    size_t n;
    struct strmap *seen; /* ids, and texts of items without one: each only once */
    bool *used;          /* items of the current value that are taken */
    bool create;         /* the last resort is allowed */
};

/* Adds the item one text means; a text that means an item already there adds nothing. */
typedef enum bs_rc resolve_item(const struct conversion *c, const char *text, struct picks *p);

static void pick(struct picks *p, struct value_item item)
{
    uint32_t next = (uint32_t)p->n;

    if (strmap_add(p->seen, item.id ? item.id : item.text, next) == next) {
        p->items[p->n++] = item;
    }
}

static bool is_list(const struct value *v)
{
    return v && (v->kind == VALUE_LIST || v->kind == VALUE_REFS);
}

/* Text as a cell shows it, which has no CR. */
static bool shown_as(const struct conversion *c, const char *name, const char *text)
{
    return str_eq(text_has_cr(name) ? text_without_cr(c->a, name) : name, text);
}

/* Takes the first item of the current value that is called so and was not taken yet. */
static bool pick_current(const struct conversion *c, const char *text, struct picks *p)
{
    if (!is_list(c->current)) {
        return false;
    }
    for (size_t i = 0; i < c->current->u.list.n; i++) {
        const struct value_item *item = &c->current->u.list.items[i];

        if (item->id && !p->used[i] &&
            (shown_as(c, item->text, text) || (item->alt && str_eq_ci(item->alt, text)))) {
            p->used[i] = true;
            pick(p, *item);
            return true;
        }
    }
    return false;
}

static enum bs_rc resolve_all(const struct conversion *c, const char *const *texts, size_t n,
                              resolve_item *resolve, struct picks *p)
{
    size_t n_current = is_list(c->current) ? c->current->u.list.n : 0;
    enum bs_rc rc = BS_OK;

    p->n = 0;
    p->items = arena_alloc_n(c->a, n, sizeof *p->items);
    p->used = arena_alloc_n(c->a, n_current, sizeof *p->used);
    p->seen = strmap_new(n);
    for (size_t i = 0; i < n && rc == BS_OK; i++) {
        rc = resolve(c, texts[i], p);
    }
    strmap_free(p->seen);
    return rc;
}

/* The whole text as one item. */
static bool resolve_whole(const struct conversion *c, const char *text, resolve_item *resolve,
                          struct picks *p)
{
    struct conversion quiet = *c;

    quiet.e = NULL;
    return resolve_all(&quiet, &text, 1, resolve, p) == BS_OK;
}

static enum bs_rc resolve_cell(const struct conversion *c, const struct cell *cell,
                               resolve_item *resolve, bool may_create, struct picks *p)
{
    const char *text = convert_cell_text(c, cell);
    const char **texts;
    size_t n;
    enum bs_rc split;
    enum bs_rc rc;

    text = text_has_cr(text) ? text_without_cr(c->a, text) : text; /* names have none either */
    split = list_split(c->a, text, &texts, &n, c->e);
    rc = split;
    p->create = false;
    if (split == BS_OK) {
        rc = resolve_all(c, texts, n, resolve, p);
    }
    if (rc == BS_OK) {
        return BS_OK;
    }
    if (list_needs_quotes(text) && resolve_whole(c, text, resolve, p)) {
        rc = BS_OK;
    } else if (split == BS_OK && may_create) {
        p->create = true;
        rc = resolve_all(c, texts, n, resolve, p);
    }
    if (rc == BS_OK && c->e) {
        bs_err_clear(c->e); /* what the first try said */
    }
    return rc;
}

/* ---- selects ---- */

static bool has_choice(const struct field *f, const char *name)
{
    for (size_t i = 0; i < f->n_choices; i++) {
        if (strcmp(f->choices[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* The choice a person most likely meant; NULL when none is near. */
static const char *nearest_choice(const struct field *f, const char *name)
{
    const char *nearest = NULL;
    size_t limit = strlen(name) / 3 + 1;

    for (size_t i = 0; i < f->n_choices; i++) {
        size_t distance = str_distance(f->choices[i].name, name);

        if (str_eq_ci(f->choices[i].name, name)) {
            return f->choices[i].name;
        }
        if (distance <= limit) {
            limit = distance - (distance > 0);
            nearest = f->choices[i].name;
        }
    }
    return nearest;
}

static enum bs_rc refuse_choice(const struct conversion *c, const char *name)
{
    const char *near = nearest_choice(c->f, name);
    const char *shown = text_excerpt(c->a, name);
    char names[256] = "";
    struct buf list;

    if (near) {
        return bs_fail(c->e, BS_SKIP, BS_K_VALIDATION,
                       "\"%s\" is not a choice of the field; did you mean \"%s\"?", shown,
                       text_excerpt(c->a, near));
    }
    if (c->f->n_choices == 0) {
        return bs_fail(c->e, BS_SKIP, BS_K_VALIDATION,
                       "\"%s\" is not a choice of the field, which has none", shown);
    }
    buf_init(&list, sizeof names - 1);
    for (size_t i = 0; i < c->f->n_choices && i < CHOICES_NAMED; i++) {
        list_add(&list, text_excerpt(c->a, c->f->choices[i].name), i == 0);
    }
    str_copy(names, sizeof names, list.data);
    buf_release(&list);
    return bs_fail(c->e, BS_SKIP, BS_K_VALIDATION,
                   "\"%s\" is not a choice of the field; accepted: %s%s", shown, names,
                   c->f->n_choices > CHOICES_NAMED ? " ..." : "");
}

static enum bs_rc resolve_choice(const struct conversion *c, const char *text, struct picks *p)
{
    if (!p->create && !has_choice(c->f, text)) {
        return refuse_choice(c, text);
    }
    pick(p, (struct value_item){.text = text});
    return BS_OK;
}

enum bs_rc select_from_cell(const struct conversion *c, const struct cell *cell,
                            const struct value **out)
{
    const char *text = convert_cell_text(c, cell);

    if (!c->lenient && !c->ctx->create_choices && !has_choice(c->f, text)) {
        return refuse_choice(c, text);
    }
    *out = value_text(c->a, text);
    return BS_OK;
}

enum bs_rc selects_from_cell(const struct conversion *c, const struct cell *cell,
                             const struct value **out)
{
    struct picks p = {.n = 0};
    enum bs_rc rc;

    if (c->lenient) {
        return list_from_cell(c, cell, out);
    }
    rc = resolve_cell(c, cell, resolve_choice, c->ctx->create_choices, &p);
    if (rc == BS_OK) {
        *out = value_list(c->a, VALUE_LIST, p.items, p.n);
    }
    return rc;
}

/* ---- lists that are only read ---- */

enum bs_rc list_from_cell(const struct conversion *c, const struct cell *cell,
                          const struct value **out)
{
    const char **texts;
    struct value_item *items;
    size_t n;
    enum bs_rc rc = list_split(c->a, convert_cell_text(c, cell), &texts, &n, c->e);

    if (rc != BS_OK) {
        return rc;
    }
    items = arena_alloc_n(c->a, n, sizeof *items);
    for (size_t i = 0; i < n; i++) {
        items[i].text = texts[i];
    }
    *out = value_list(c->a, VALUE_LIST, items, n);
    return BS_OK;
}

/* ---- people ---- */

/* Only what cannot be an address is refused; Airtable knows who may be named. */
static bool is_address(const char *s)
{
    const char *at = strchr(s, '@');

    return at && at > s && at[1] != '\0' && !strchr(at + 1, '@') && !strpbrk(s, " \t\r\n,<>\"");
}

/* Names a person by an address who is picked already? Upper and lower case do not matter in it. */
static bool person_is_picked(const struct picks *p, const char *address)
{
    for (size_t i = 0; i < p->n; i++) {
        if (str_eq_ci(p->items[i].id ? p->items[i].alt : p->items[i].text, address)) {
            return true;
        }
    }
    return false;
}

static enum bs_rc resolve_person(const struct conversion *c, const char *text, struct picks *p)
{
    if (pick_current(c, text, p) || person_is_picked(p, text)) {
        return BS_OK;
    }
    if (is_address(text)) {
        pick(p, (struct value_item){.text = text});
        return BS_OK;
    }
    return bs_fail(c->e, BS_SKIP, BS_K_VALIDATION,
                   "\"%s\" is nobody whom the field names now; accepted: the e-mail address of a "
                   "collaborator of the base",
                   text_excerpt(c->a, text));
}

enum bs_rc people_from_cell(const struct conversion *c, const struct cell *cell,
                            const struct value **out)
{
    struct picks p = {.n = 0};
    enum bs_rc rc;

    if (c->lenient) {
        return list_from_cell(c, cell, out);
    }
    rc = resolve_cell(c, cell, resolve_person, false, &p);
    if (rc == BS_OK) {
        *out = value_list(c->a, VALUE_LIST, p.items, p.n);
    }
    return rc;
}

enum bs_rc person_from_cell(const struct conversion *c, const struct cell *cell,
                            const struct value **out)
{
    enum bs_rc rc = people_from_cell(c, cell, out);

    if (rc == BS_OK && !c->lenient && is_list(*out) && (*out)->u.list.n > 1) {
        return convert_refuse(c, cell, "one person", "one collaborator's e-mail address");
    }
    return rc;
}

/* ---- linked records ---- */

static bool is_record_id(const char *s)
{
    if (!str_starts(s, "rec") || strlen(s) != RECORD_ID_LENGTH) {
        return false;
    }
    return s[strspn(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")] == '\0';
}

static enum bs_rc resolve_link(const struct conversion *c, const char *text, struct picks *p)
{
    const struct links *links = c->f->linked_table ? c->ctx->links : NULL;
    bool complete = links && links_is_complete(links, c->f->linked_table);
    const char *id = NULL;
    size_t n;

    if (pick_current(c, text, p)) {
        return BS_OK;
    }
    n = links ? links_find(links, c->f->linked_table, text, &id) : 0;
    if (n == 1) {
        pick(p, (struct value_item){.text = text, .id = arena_strdup(c->a, id)});
        return BS_OK;
    }
    if (n > 1) {
        return bs_fail(
            c->e, BS_SKIP, BS_K_LINKED,
            "%zu records of the linked table are named \"%s\"; accepted: a name that one "
            "record bears, or a record id",
            n, text_excerpt(c->a, text));
    }
    if (!complete && is_record_id(text)) {
        pick(p, (struct value_item){.text = text, .id = text});
        return BS_OK;
    }
    if (links && links_is_partial(links, c->f->linked_table)) {
        pick(p, (struct value_item){.text = text}); /* only compared, never sent */
        return BS_OK;
    }
    if (!complete) {
        return bs_fail(c->e, BS_SKIP, BS_K_LINKED,
                       "\"%s\" cannot be looked up: the linked table was not read; accepted: a "
                       "record id",
                       text_excerpt(c->a, text));
    }
    if (p->create && *text != '\0') {
        pick(p, (struct value_item){.text = text});
        return BS_OK;
    }
    return bs_fail(c->e, BS_SKIP, BS_K_LINKED,
                   "no record of the linked table is named \"%s\"; accepted: names of its records",
                   text_excerpt(c->a, text));
}

enum bs_rc links_from_cell(const struct conversion *c, const struct cell *cell,
                           const struct value **out)
{
    struct picks p = {.n = 0};
    enum bs_rc rc = resolve_cell(c, cell, resolve_link, c->ctx->create_links, &p);

    if (rc == BS_OK) {
        *out = value_list(c->a, VALUE_REFS, p.items, p.n);
    }
    return rc;
}
