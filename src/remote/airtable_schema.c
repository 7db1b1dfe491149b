/*
 * airtable_schema.c: GET /v0/meta/bases/{base}/tables. Options may be missing and types unknown:
 * the service reserves the right to add both.
 */
#include "base/str.h"
#include "remote/airtable_p.h"

#include <stdlib.h>
#include <string.h>

#define TABLES_MAX 2000
#define VIEWS_MAX 10000

static const char *text(struct arena *a, const struct json *n)
{
    const char *s = json_string(n, NULL);

    return s == NULL ? NULL : arena_strdup(a, s);
}

static void parse_choices(struct arena *a, const struct json *list, struct field *f)
{
    size_t n = json_count(list);
    struct field_choice *choices;

    if (!json_is_array(list) || n == 0) {
        return;
    }
    n = n > CHOICES_MAX ? CHOICES_MAX : n;
    choices = arena_alloc_n(a, n, sizeof *choices);
    for (const struct json *c = json_child(list); c != NULL && f->n_choices < n; c = json_next(c)) {
        const char *name = text(a, json_get(c, "name"));

        if (name != NULL) {
            choices[f->n_choices].id = text(a, json_get(c, "id"));
            choices[f->n_choices++].name = name;
        }
    }
    f->choices = choices;
}

static void parse_options(struct arena *a, const struct json *o, struct field *f)
{
    f->precision = (int)json_int(json_get(o, "precision"), -1);
    f->symbol = text(a, json_get(o, "symbol"));
    f->duration_format = text(a, json_get(o, "durationFormat"));
    f->rating_max = f->type == FIELD_RATING ? (int)json_int(json_get(o, "max"), 5) : 0;
    f->linked_table = text(a, json_get(o, "linkedTableId"));
    f->single_link = json_bool(json_get(o, "prefersSingleRecordLink"), false);
    f->date_format = text(a, json_path(o, "dateFormat.name"));
    f->time_format = text(a, json_path(o, "timeFormat.name"));
    f->time_zone = text(a, json_get(o, "timeZone"));
    parse_choices(a, json_get(o, "choices"), f);
}

static enum field_type default_result(enum field_type type)
{
    switch (type) {
    case FIELD_CREATED_TIME:
    case FIELD_MODIFIED_TIME: return FIELD_DATE_TIME;
    case FIELD_COUNT:
    case FIELD_AUTO_NUMBER: return FIELD_NUMBER;
    default: return FIELD_SINGLE_LINE_TEXT;
    }
}

static bool has_result(enum field_type t)
{
    return t == FIELD_FORMULA || t == FIELD_ROLLUP || t == FIELD_LOOKUP ||
           t == FIELD_CREATED_TIME || t == FIELD_MODIFIED_TIME;
}

static void parse_field(struct arena *a, const struct json *n, struct field *f)
{
    const struct json *options = json_get(n, "options");
    const struct json *result = json_get(options, "result");

    f->id = text(a, json_get(n, "id"));
    f->name = text(a, json_get(n, "name"));
    f->type_name = text(a, json_get(n, "type"));
    if (f->type_name == NULL) {
        f->type_name = "";
    }
    f->type = field_type_from_name(f->type_name);
    f->result = f->type;
    f->valid = json_bool(json_get(options, "isValid"), true);
    parse_options(a, options, f);
    if (!has_result(f->type)) {
        return;
    }
    /* Display options of a computed field are its result's. */
    const char *name = json_string(json_get(result, "type"), NULL);

    f->result = name != NULL ? field_type_from_name(name) : default_result(f->type);
    if (has_result(f->result)) {
        f->result = default_result(f->result);
    }
    if (json_is_object(json_get(result, "options"))) {
        parse_options(a, json_get(result, "options"), f);
    }
}

static enum bs_rc malformed(struct bs_err *e)
{
    return bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE,
                   "Airtable's answer about the base's tables has an "
                   "unknown form");
}

static enum bs_rc parse_fields(struct arena *a, const struct json *list, struct table_schema *t,
                               struct bs_err *e)
{
    size_t n = json_count(list);
    struct field *fields;

    if (!json_is_array(list) || n > FIELDS_MAX) {
        return malformed(e);
    }
    fields = arena_alloc_n(a, n + 1, sizeof *fields);
    for (const struct json *c = json_child(list); c != NULL; c = json_next(c)) {
        struct field *f = &fields[t->n_fields++];

        parse_field(a, c, f);
        if (f->id == NULL || f->name == NULL) {
            return malformed(e);
        }
    }
    t->fields = fields;
    return BS_OK;
}

static void parse_views(struct arena *a, const struct json *list, struct table_schema *t)
{
    size_t n = json_count(list);
    struct field_view *views;

    if (!json_is_array(list) || n > VIEWS_MAX) {
        return;
    }
    views = arena_alloc_n(a, n + 1, sizeof *views);
    for (const struct json *c = json_child(list); c != NULL; c = json_next(c)) {
        struct field_view *v = &views[t->n_views];

        v->id = text(a, json_get(c, "id"));
        v->name = text(a, json_get(c, "name"));
        v->type = text(a, json_get(c, "type"));
        t->n_views += v->id != NULL && v->name != NULL;
    }
    t->views = views;
}

enum bs_rc airtable_parse_schema(struct arena *a, const char *base_id, const struct json *doc,
                                 const struct base_schema **out, struct bs_err *e)
{
    const struct json *list = json_get(doc, "tables");
    struct base_schema *b = arena_alloc(a, sizeof *b);
    size_t n = json_count(list);
    struct table_schema *tables;

    if (!json_is_array(list) || n > TABLES_MAX) {
        return malformed(e);
    }
    tables = arena_alloc_n(a, n + 1, sizeof *tables);
    for (const struct json *c = json_child(list); c != NULL; c = json_next(c)) {
        struct table_schema *t = &tables[b->n_tables++];

        t->id = text(a, json_get(c, "id"));
        t->name = text(a, json_get(c, "name"));
        t->primary_field = text(a, json_get(c, "primaryFieldId"));
        if (t->id == NULL || t->name == NULL || t->primary_field == NULL) {
            return malformed(e);
        }
        if (parse_fields(a, json_get(c, "fields"), t, e) != BS_OK) {
            return e->rc;
        }
        parse_views(a, json_get(c, "views"), t);
    }
    b->id = arena_strdup(a, base_id);
    b->tables = tables;
    *out = b;
    return BS_OK;
}

enum bs_rc airtable_schema(struct airtable *at, struct arena *a, const struct base_schema **out,
                           const char **as_text, struct bs_err *e)
{
    struct json *doc = NULL;
    struct buf url;
    struct call call = {.method = HTTP_GET, .cls = CLASS_READ};

    buf_init(&url, 4096);
    buf_addf(&url, "%s/v0/meta/bases/", caller_endpoints(at->caller)->airtable_api);
    url_encode(&url, at->base_id);
    buf_adds(&url, "/tables");
    call.url = url.data;
    if (airtable_call(at, &call, &doc, e) == BS_OK &&
        airtable_parse_schema(a, at->base_id, doc, out, e) == BS_OK && as_text != NULL) {
        char *printed = json_print(doc);

        *as_text = arena_strdup(a, printed);
        free(printed);
    }
    json_free(doc);
    buf_release(&url);
    return e->rc;
}

/* ---- as text ---- */

enum bs_rc airtable_schema_parse(struct arena *a, const char *base_id, const char *from,
                                 const struct base_schema **out, struct bs_err *e)
{
    struct json *doc = NULL;

    if (json_parse(from, strlen(from), &doc, e) == BS_OK) {
        bs_seen(airtable_parse_schema(a, base_id, doc, out, e));
    }
    json_free(doc);
    return e->rc;
}

static bool is_among(const char *id, const char *const *ids, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(ids[i], id)) {
            return true;
        }
    }
    return false;
}

enum bs_rc airtable_schema_cut(const char *from, const char *const *table_ids, size_t n,
                               struct buf *out, struct bs_err *e)
{
    struct json *doc = NULL;
    struct jsonw w;

    if (json_parse(from, strlen(from), &doc, e) != BS_OK) {
        return e->rc;
    }
    jsonw_init(&w, out);
    jsonw_object(&w);
    jsonw_key(&w, "tables");
    jsonw_array(&w);
    for (const struct json *t = json_child(json_get(doc, "tables")); t != NULL; t = json_next(t)) {
        if (is_among(json_string(json_get(t, "id"), ""), table_ids, n)) {
            char *printed = json_print(t);

            jsonw_raw(&w, printed);
            free(printed);
        }
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    json_free(doc);
    return BS_OK;
}
