/*
 * airtable_decode.c: Airtable's cell JSON ("V1") into typed values: one function per JSON shape.
 * Airtable leaves empty cells out: absent means empty.
 */
#include "base/clock.h"
#include "base/str.h"
#include "remote/airtable_feed.h"
#include "remote/airtable_p.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef const struct value *decode_fn(struct arena *a, const struct field *f, const struct json *n);

static const struct value *decode_as(struct arena *a, const struct field *f, enum field_type type,
                                     const struct json *n);

static const struct value *unexpected(struct arena *a, const struct json *n)
{
    char *text = json_print(n);
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    buf_addf(&b, "unexpected form: %.60s", text);
    const struct value *v = value_error(a, b.data);

    buf_release(&b);
    free(text);
    return v;
}

static const struct value *decode_any(struct arena *a, const struct field *f, const struct json *n)
{
    (void)f;
    if (json_is_string(n)) {
        return value_text(a, json_string(n, ""));
    }
    char *text = json_print(n);
    const struct value *v = value_text(a, text);

    free(text);
    return v;
}

static const struct value *decode_string(struct arena *a, const struct field *f,
                                         const struct json *n)
{
    if (!json_is_string(n)) {
        return json_is_number(n) || json_is_bool(n) ? decode_any(a, f, n) : unexpected(a, n);
    }
    const char *s = json_string(n, "");

    /* A rich text that was cleared stays present as a newline. */
    if (field_value_type(f) == FIELD_RICH_TEXT && str_eq(s, "\n")) {
        return &value_empty;
    }
    return value_text(a, s);
}

static const struct value *decode_number(struct arena *a, const struct field *f,
                                         const struct json *n)
{
    if (!json_is_number(n)) {
        return unexpected(a, n);
    }
    double v = json_number(n, 0);

    return field_value_type(f) == FIELD_DURATION ? value_duration(a, v) : value_number(a, v);
}

static const struct value *decode_bool(struct arena *a, const struct field *f, const struct json *n)
{
    (void)f;
    return json_is_bool(n) ? value_bool(a, json_bool(n, false)) : unexpected(a, n);
}

static const struct value *decode_date(struct arena *a, const struct field *f, const struct json *n)
{
    const char *s = json_string(n, "");
    char part[11];
    int64_t ms;

    (void)f;
    if (strlen(s) < 10) {
        return unexpected(a, n);
    }
    (void)str_copy(part, sizeof part, s); /* a result of type date may carry a time: cut it */
    struct buf b;

    buf_init(&b, 64);
    buf_addf(&b, "%s 00:00:00", part);
    bool ok = clock_parse(b.data, &ms);

    buf_release(&b);
    return ok ? value_date(a, (int64_t)floor((double)ms / 86400000.0)) : unexpected(a, n);
}

static const struct value *decode_date_time(struct arena *a, const struct field *f,
                                            const struct json *n)
{
    const char *s = json_string(n, "");
    int64_t ms;

    /* Computed times may be days; a field that people write holds what it says. */
    if (strlen(s) == 10 && f->type != FIELD_DATE_TIME) {
        return decode_date(a, f, n);
    }
    return clock_parse(s, &ms) ? value_datetime(a, ms) : unexpected(a, n);
}

/* Items of an array as texts by a function that picks one element's text and id. */
static const struct value *decode_list(struct arena *a, const struct json *n, enum value_kind kind,
                                       void (*pick)(struct arena *, const struct json *,
                                                    struct value_item *))
{
    struct value_item *items;
    size_t k = 0;

    if (!json_is_array(n)) {
        return unexpected(a, n);
    }
    items = arena_alloc_n(a, json_count(n) + 1, sizeof *items);
    for (const struct json *c = json_child(n); c != NULL; c = json_next(c)) {
        if (json_is_null(c)) {
            continue;
        }
        pick(a, c, &items[k]);
        if (items[k].text == NULL) {
            return unexpected(a, n);
        }
        k++;
    }
    return value_list(a, kind, items, k);
}

static void pick_name(struct arena *a, const struct json *n, struct value_item *out)
{
    out->text = json_is_string(n) ? arena_strdup(a, json_string(n, "")) : NULL;
}

static void pick_ref(struct arena *a, const struct json *n, struct value_item *out)
{
    pick_name(a, n, out);
    out->id = out->text;
}

/* A person is shown by name, else by e-mail, else by id; identity is the id. */
static void pick_person(struct arena *a, const struct json *n, struct value_item *out)
{
    const char *id = json_string(json_get(n, "id"), NULL);
    const char *mail = json_string(json_get(n, "email"), id);
    const char *name = json_string(json_get(n, "name"), mail);

    out->text = name == NULL ? NULL : arena_strdup(a, name);
    out->id = id == NULL ? NULL : arena_strdup(a, id);
    out->alt = mail == NULL ? NULL : arena_strdup(a, mail);
}

static void pick_attachment(struct arena *a, const struct json *n, struct value_item *out)
{
    const char *name = json_string(json_get(n, "filename"), json_string(json_get(n, "id"), NULL));

    out->text = name == NULL ? NULL : arena_strdup(a, name);
}

static const struct value *decode_names(struct arena *a, const struct field *f,
                                        const struct json *n)
{
    (void)f;
    return decode_list(a, n, VALUE_LIST, pick_name);
}

static const struct value *decode_refs(struct arena *a, const struct field *f, const struct json *n)
{
    (void)f;
    return decode_list(a, n, VALUE_REFS, pick_ref);
}

static const struct value *decode_people(struct arena *a, const struct field *f,
                                         const struct json *n)
{
    (void)f;
    return decode_list(a, n, VALUE_LIST, pick_person);
}

static const struct value *decode_person(struct arena *a, const struct field *f,
                                         const struct json *n)
{
    struct value_item *item = arena_alloc(a, sizeof *item);

    (void)f;
    if (json_is_object(n)) {
        pick_person(a, n, item);
    }
    return item->text == NULL ? unexpected(a, n) : value_list(a, VALUE_LIST, item, 1);
}

static const struct value *decode_attachments(struct arena *a, const struct field *f,
                                              const struct json *n)
{
    (void)f;
    return decode_list(a, n, VALUE_LIST, pick_attachment);
}

static const struct value *decode_barcode(struct arena *a, const struct field *f,
                                          const struct json *n)
{
    (void)f;
    return json_is_object(n) ? value_text(a, json_string(json_get(n, "text"), ""))
                             : unexpected(a, n);
}

static const struct value *decode_button(struct arena *a, const struct field *f,
                                         const struct json *n)
{
    (void)f;
    return json_is_object(n) ? value_text(a, json_string(json_get(n, "label"), ""))
                             : unexpected(a, n);
}

static const struct value *decode_ai(struct arena *a, const struct field *f, const struct json *n)
{
    const char *state = json_string(json_get(n, "state"), "");

    (void)f;
    if (str_eq(state, "error") || str_eq(state, "loading")) {
        return value_error(a, json_string(json_get(n, "errorType"), state));
    }
    return value_text(a, json_string(json_get(n, "value"), ""));
}

/* Text of one element of a lookup, as its own type would show it. */
static const char *element_text(struct arena *a, const struct field *f, const struct json *n)
{
    return value_shown(a, decode_as(a, f, f->result, n));
}

static const struct value *find_error(struct arena *a, const struct json *n)
{
    const struct json *error = json_get(n, "error");
    const struct json *special = json_get(n, "specialValue");

    if (!json_is_object(n) || (error == NULL && special == NULL)) {
        return NULL;
    }
    return value_error(a, json_string(error != NULL ? error : special, "#ERROR!"));
}

/* A lookup is always an array, flattened, with errors and nulls among its elements. */
static const struct value *decode_lookup(struct arena *a, const struct field *f,
                                         const struct json *n)
{
    struct value_item *items;
    size_t k = 0;

    if (!json_is_array(n)) {
        return decode_as(a, f, f->result, n);
    }
    items = arena_alloc_n(a, json_count(n) + 1, sizeof *items);
    for (const struct json *c = json_child(n); c != NULL; c = json_next(c)) {
        const struct value *bad = find_error(a, c);

        if (bad != NULL) {
            return bad;
        }
        if (!json_is_null(c)) {
            items[k++].text = element_text(a, f, c);
        }
    }
    return value_list(a, VALUE_LIST, items, k);
}

static const struct value *decode_result(struct arena *a, const struct field *f,
                                         const struct json *n)
{
    return json_is_array(n) ? decode_lookup(a, f, n) : decode_as(a, f, f->result, n);
}

static decode_fn *const decoders[] = {
    [SHAPE_ANY] = decode_any,
    [SHAPE_STRING] = decode_string,
    [SHAPE_NUMBER] = decode_number,
    [SHAPE_BOOL] = decode_bool,
    [SHAPE_DATE] = decode_date,
    [SHAPE_DATE_TIME] = decode_date_time,
    [SHAPE_NAMES] = decode_names,
    [SHAPE_REFS] = decode_refs,
    [SHAPE_PERSON] = decode_person,
    [SHAPE_PEOPLE] = decode_people,
    [SHAPE_ATTACHMENTS] = decode_attachments,
    [SHAPE_BARCODE] = decode_barcode,
    [SHAPE_BUTTON] = decode_button,
    [SHAPE_AI] = decode_ai,
    [SHAPE_RESULT] = decode_result,
    [SHAPE_LOOKUP] = decode_lookup,
};

/* The result type of a computed field is never computed itself, so this goes one level deep. */
static const struct value *decode_as(struct arena *a, const struct field *f, enum field_type type,
                                     const struct json *n)
{
    enum json_shape shape = field_type_info(type)->shape;

    if (shape == SHAPE_RESULT || shape == SHAPE_LOOKUP || shape == SHAPE_REFS) {
        shape = SHAPE_ANY;
    }
    return decoders[shape](a, f, n);
}

const struct value *airtable_decode(struct arena *a, const struct field *f, const struct json *n)
{
    if (n == NULL || json_is_null(n)) {
        return &value_empty;
    }
    const struct value *bad = find_error(a, n);

    if (bad != NULL) {
        return bad;
    }
    return decoders[field_type_info(f->type)->shape](a, f, n);
}

/* ---- the form of payloads ---- */

static void pick_choice(struct arena *a, const struct json *n, struct value_item *out)
{
    const char *name = json_string(json_get(n, "name"), NULL);

    out->text = name == NULL ? NULL : arena_strdup(a, name);
}

static void pick_named_ref(struct arena *a, const struct json *n, struct value_item *out)
{
    const char *id = json_string(json_get(n, "id"), NULL);

    pick_choice(a, n, out);
    out->id = id == NULL ? NULL : arena_strdup(a, id);
}

static const struct value *choice_value(struct arena *a, const struct json *n)
{
    const char *name = json_string(json_get(n, "name"), NULL);

    return name == NULL ? NULL : value_text(a, name);
}

/* Computed values are told as they are when they are plain; what lists and lookups become is not
 * known well enough. */
static const struct value *payload_value(struct arena *a, const struct field *f,
                                         const struct json *n)
{
    bool plain = json_is_string(n) || json_is_number(n) || json_is_bool(n);

    switch (field_type_info(f->type)->shape) {
    case SHAPE_STRING: return plain ? airtable_decode(a, f, n) : choice_value(a, n);
    case SHAPE_NAMES: return decode_list(a, n, VALUE_LIST, pick_choice);
    case SHAPE_REFS: return decode_list(a, n, VALUE_REFS, pick_named_ref);
    case SHAPE_RESULT: return plain ? airtable_decode(a, f, n) : NULL;
    case SHAPE_LOOKUP:
    case SHAPE_ANY: return NULL;
    default: return airtable_decode(a, f, n);
    }
}

const struct value *airtable_payload_value(struct arena *a, const struct field *f,
                                           const struct json *n)
{
    const struct value *v = json_is_null(n) ? &value_empty : payload_value(a, f, n);

    return v == NULL || v->kind == VALUE_ERROR ? NULL : v;
}

#define RECORD_ID_LEAST 17
#define RECORD_ID_MAX 63

/* "rec" and 14 letters and digits (Airtable "IDs"); longer ones may come one day. */
bool airtable_is_record_id(const char *id)
{
    size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

    return str_starts(id, "rec") && id[n] == '\0' && n >= RECORD_ID_LEAST && n <= RECORD_ID_MAX;
}

const struct airtable_record *airtable_decode_record(struct arena *a, const struct json *n,
                                                     const struct airtable_query *q)
{
    const char *id = json_string(json_get(n, "id"), "");
    const struct json *fields = json_get(n, "fields"), *near = json_child(fields);
    struct airtable_record *r;
    const struct value **values;
    int64_t created_ms;

    if (!airtable_is_record_id(id) || !json_is_object(fields) ||
        !clock_parse(json_string(json_get(n, "createdTime"), ""), &created_ms)) {
        return NULL;
    }
    r = arena_alloc(a, sizeof *r);
    r->created_ms = created_ms;
    values = arena_alloc_n(a, q->n_fields + 1, sizeof *values);
    r->id = arena_strdup(a, id);
    for (size_t i = 0; i < q->n_fields; i++) {
        const struct json *n_i = json_get_near(fields, near, q->fields[i]->id);

        values[i] = airtable_decode(a, q->fields[i], n_i);
        near = n_i == NULL ? near : json_next(n_i); /* most answers are in the table's order */
    }
    r->values = values;
    return r;
}

enum bs_rc airtable_read_fields(struct arena *a, const struct table_schema *t, const char *fields,
                                const struct value *const **out, struct bs_err *e)
{
    const struct value **values = arena_alloc_n(a, t->n_fields + 1, sizeof *values);
    struct json *doc = NULL;

    if (json_parse(fields, strlen(fields), &doc, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < t->n_fields; i++) {
        values[i] = airtable_decode(a, &t->fields[i], json_get(doc, t->fields[i].id));
    }
    json_free(doc);
    *out = values;
    return BS_OK;
}
