/* airtable_model.c: bases, tables, fields and records as data; finding and building them. */
#include "airtable.h"

#include "formula.h"

#include <stdlib.h>
#include <string.h>

static const struct at_type types[] = {
    {"singleLineText", AT_TEXT, AT_WRITE | AT_CREATE},
    {"multilineText", AT_TEXT, AT_WRITE | AT_CREATE},
    {"email", AT_TEXT, AT_WRITE | AT_CREATE},
    {"url", AT_TEXT, AT_WRITE | AT_CREATE},
    {"phoneNumber", AT_TEXT, AT_WRITE | AT_CREATE},
    {"richText", AT_RICH, AT_WRITE | AT_CREATE},
    {"number", AT_NUMBER, AT_WRITE | AT_CREATE},
    {"currency", AT_NUMBER, AT_WRITE | AT_CREATE},
    {"percent", AT_NUMBER, AT_WRITE | AT_CREATE},
    {"duration", AT_NUMBER, AT_WRITE | AT_CREATE},
    {"rating", AT_RATING, AT_WRITE | AT_CREATE},
    {"checkbox", AT_CHECKBOX, AT_WRITE | AT_CREATE},
    {"singleSelect", AT_SELECT, AT_WRITE | AT_CREATE},
    {"multipleSelects", AT_MULTISELECT, AT_WRITE | AT_CREATE},
    {"date", AT_DATE, AT_WRITE | AT_CREATE},
    {"dateTime", AT_DATETIME, AT_WRITE | AT_CREATE},
    {"multipleRecordLinks", AT_LINK, AT_WRITE | AT_CREATE},
    {"multipleAttachments", AT_ATTACHMENT, AT_WRITE | AT_CREATE},
    {"singleCollaborator", AT_USER, AT_WRITE | AT_CREATE},
    {"multipleCollaborators", AT_USERS, AT_WRITE | AT_CREATE},
    {"barcode", AT_BARCODE, AT_WRITE | AT_CREATE},
    {"formula", AT_FORMULA, AT_COMPUTED | AT_CREATE},
    {"rollup", AT_ROLLUP, AT_COMPUTED | AT_CREATE},
    {"count", AT_COUNT, AT_COMPUTED | AT_CREATE},
    {"multipleLookupValues", AT_LOOKUP, AT_COMPUTED | AT_CREATE},
    {"autoNumber", AT_AUTONUMBER, 0},
    {"createdTime", AT_CREATED_TIME, AT_COMPUTED},
    {"createdBy", AT_CREATED_BY, AT_COMPUTED},
    {"lastModifiedTime", AT_MODIFIED_TIME, 0},
    {"lastModifiedBy", AT_MODIFIED_BY, 0},
    {"button", AT_BUTTON, AT_COMPUTED},
    {"aiText", AT_AITEXT, AT_COMPUTED},
    {"externalSyncSource", AT_OTHER, 0},
    {"manualSort", AT_OTHER, 0},
    {"", AT_OTHER, 0},
};

#define N_TYPES (sizeof types / sizeof *types)

const struct at_type *at_type_find(const char *name)
{
    for (size_t i = 0; i + 1 < N_TYPES; i++)
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    return &types[N_TYPES - 1];
}

bool at_type_known(const char *name)
{
    return *at_type_find(name)->name != '\0';
}

/* ---- finding ---- */

bool at_is_id(const char *s, const char *prefix)
{
    if (strlen(s) != AT_ID - 1 || strncmp(s, prefix, 3) != 0)
        return false;
    for (; *s; s++)
        if (!((*s >= '0' && *s <= '9') || (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z')))
            return false;
    return true;
}

struct at_base *at_base_find(struct airtable *a, const char *id)
{
    for (size_t i = 0; i < a->n_bases; i++)
        if (strcmp(a->base[i]->id, id) == 0)
            return a->base[i];
    return NULL;
}

struct at_table *at_table_find(const struct at_base *b, const char *id_or_name)
{
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < b->n_tables; i++) {
            struct at_table *t = b->table[i];
            if (!t->gone && strcmp(pass ? t->name : t->id, id_or_name) == 0)
                return t;
        }
    }
    return NULL;
}

struct at_field *at_field_find(const struct at_table *t, const char *id_or_name)
{
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < t->n_fields; i++) {
            struct at_field *f = t->field[i];
            if (!f->gone && strcmp(pass ? f->name : f->id, id_or_name) == 0)
                return f;
        }
    }
    return NULL;
}

struct at_view *at_view_find(struct at_table *t, const char *id_or_name)
{
    for (size_t i = 0; i < t->n_views; i++) {
        struct at_view *v = &t->view[i];
        if (!v->gone && (strcmp(v->id, id_or_name) == 0 || strcmp(v->name, id_or_name) == 0))
            return v;
    }
    return NULL;
}

struct at_rec *at_rec_find(const struct at_table *t, const char *id)
{
    return tmap_get(&t->by_id, id);
}

struct at_field *at_primary(const struct at_table *t)
{
    for (size_t i = 0; i < t->n_fields; i++)
        if (!t->field[i]->gone && strcmp(t->field[i]->id, t->primary) == 0)
            return t->field[i];
    return NULL;
}

const struct at_user *at_user_find(const struct airtable *a, const char *id_or_email)
{
    for (size_t i = 0; i < a->n_users; i++)
        if (strcmp(a->user[i].id, id_or_email) == 0 || strcmp(a->user[i].email, id_or_email) == 0)
            return &a->user[i];
    return NULL;
}

struct at_table *at_linked_table(const struct at_field *f)
{
    const char *id = tj_str(f->options, "linkedTableId");
    return id ? at_table_find(f->table->base, id) : NULL;
}

struct at_field *at_inverse(const struct at_field *f)
{
    const char *id = tj_str(f->options, "inverseLinkFieldId");
    struct at_table *t = id ? at_linked_table(f) : NULL;
    return t ? at_field_find(t, id) : NULL;
}

/* ---- building ---- */

static void copy_id(struct twin *t, char out[AT_ID], const char *prefix, const char *given)
{
    if (given && at_is_id(given, prefix))
        memcpy(out, given, AT_ID);
    else
        twin_new_id(t, prefix, out);
}

struct at_base *at_base_new(struct airtable *a, const char *id, const char *name)
{
    struct at_base *b = tw_alloc(sizeof *b);
    copy_id(a->t, b->id, "app", id);
    b->name = tw_dup(name);
    b->roles = cJSON_CreateObject();
    b->a = a;
    a->base = tw_realloc(a->base, (a->n_bases + 1) * sizeof(struct at_base *));
    a->base[a->n_bases++] = b;
    return b;
}

struct at_table *at_table_new(struct at_base *b, const char *id, const char *name)
{
    struct at_table *t = tw_alloc(sizeof *t);
    copy_id(b->a->t, t->id, "tbl", id);
    t->name = tw_dup(name);
    t->base = b;
    b->table = tw_realloc(b->table, (b->n_tables + 1) * sizeof(struct at_table *));
    b->table[b->n_tables++] = t;
    return t;
}

struct at_view *at_view_new(struct at_table *t, const char *id, const char *name, const char *type)
{
    t->view = tw_realloc(t->view, (t->n_views + 1) * sizeof *t->view);
    struct at_view *v = &t->view[t->n_views++];
    *v = (struct at_view){.name = tw_dup(name), .type = tw_dup(type)};
    copy_id(t->base->a->t, v->id, "viw", id);
    return v;
}

static void fill_choices(struct twin *t, cJSON *options)
{
    static const char *const colors[] = {
        "blueLight2",   "cyanLight2", "tealLight2", "greenLight2",  "yellowLight2",
        "orangeLight2", "redLight2",  "pinkLight2", "purpleLight2", "grayLight2"};
    cJSON *choices = tj_get(options, "choices");
    size_t n = 0;
    for (cJSON *c = choices ? choices->child : NULL; c; n++) {
        cJSON *next = c->next;
        char id[AT_ID];
        cJSON *full = cJSON_IsString(c) ? cJSON_CreateObject() : c;
        if (cJSON_IsString(c))
            cJSON_AddStringToObject(full, "name", c->valuestring);
        if (!tj_str(full, "id")) {
            twin_new_id(t, "sel", id);
            cJSON_AddStringToObject(full, "id", id);
        }
        if (!tj_str(full, "color"))
            cJSON_AddStringToObject(full, "color", colors[n % 10]);
        if (full != c)
            cJSON_ReplaceItemViaPointer(choices, c, full);
        c = next;
    }
}

struct at_field *at_field_new(struct at_table *t, const cJSON *j)
{
    struct at_field *f = tw_alloc(sizeof *f);
    const char *type = tj_str(j, "type");
    copy_id(t->base->a->t, f->id, "fld", tj_str(j, "id"));
    f->name = tw_dup(tj_str(j, "name") ? tj_str(j, "name") : "");
    f->description = tw_dup(tj_str(j, "description"));
    f->type_name = tw_dup(type ? type : "singleLineText");
    f->type = at_type_find(f->type_name);
    f->options = tj_get(j, "options") ? cJSON_Duplicate(tj_get(j, "options"), 1) : NULL;
    f->twin = tj_get(j, "twin") ? cJSON_Duplicate(tj_get(j, "twin"), 1) : NULL;
    f->next_number = 1;
    f->table = t;
    f->slot = t->n_fields;
    if (f->options)
        fill_choices(t->base->a->t, f->options);
    t->field = tw_realloc(t->field, (t->n_fields + 1) * sizeof(struct at_field *));
    t->field[t->n_fields++] = f;
    if (!*t->primary)
        memcpy(t->primary, f->id, AT_ID);
    return f;
}

static void set_string(cJSON *o, const char *key, const char *value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(o, key);
    cJSON_AddStringToObject(o, key, value);
}

static void set_bool(cJSON *o, const char *key, bool value)
{
    if (!tj_get(o, key))
        cJSON_AddBoolToObject(o, key, value);
}

static char *resolve_link(struct at_field *f)
{
    const char *to = tj_str(f->options, "linkedTableId");
    struct at_table *t = to ? at_table_find(f->table->base, to) : NULL;
    if (!t)
        return tw_fmt("field %s: linkedTableId names no table", f->name);
    set_string(f->options, "linkedTableId", t->id);
    set_bool(f->options, "isReversed", false);
    set_bool(f->options, "prefersSingleRecordLink", false);
    const char *inverse = tj_str(f->options, "inverseLinkFieldId");
    struct at_field *back = inverse ? at_field_find(t, inverse) : NULL;
    if (inverse && !back)
        return tw_fmt("field %s: inverseLinkFieldId names no field", f->name);
    if (!inverse && !tj_bool(f->twin, "one_way", false)) {
        cJSON *j = cJSON_CreateObject();
        char *name = at_field_find(t, f->table->name) ? tw_fmt("%s 2", f->table->name)
                                                      : tw_dup(f->table->name);
        cJSON_AddStringToObject(j, "name", name);
        cJSON_AddStringToObject(j, "type", "multipleRecordLinks");
        cJSON *o = cJSON_AddObjectToObject(j, "options");
        cJSON_AddStringToObject(o, "linkedTableId", f->table->id);
        cJSON_AddStringToObject(o, "inverseLinkFieldId", f->id);
        set_bool(o, "isReversed", false);
        set_bool(o, "prefersSingleRecordLink", false);
        back = at_field_new(t, j);
        cJSON_Delete(j);
        free(name);
    }
    if (back) {
        set_string(f->options, "inverseLinkFieldId", back->id);
        if (!back->options)
            back->options = cJSON_CreateObject();
        set_string(back->options, "inverseLinkFieldId", f->id);
    }
    return NULL;
}

/* {Name} in a formula becomes {fld...}, as the schema shows formulas. */
static void resolve_formula(struct at_field *f)
{
    const char *text = tj_str(f->options, "formula");
    cJSON *refs = cJSON_CreateArray();
    struct tbuf b = {0};
    for (const char *p = text; *p;) {
        const char *end = *p == '{' ? strchr(p, '}') : NULL;
        char *name = end ? tw_ndup(p + 1, (size_t)(end - p) - 1) : NULL;
        const struct at_field *ref = name ? at_field_find(f->table, name) : NULL;
        if (ref) {
            tb_fmt(&b, "{%s}", ref->id);
            cJSON_AddItemToArray(refs, cJSON_CreateString(ref->id));
            p = end + 1;
        } else {
            tb_chr(&b, *p++);
        }
        free(name);
    }
    char *by_id = tb_take(&b);
    set_string(f->options, "formula", by_id);
    free(by_id);
    if (tj_get(f->options, "referencedFieldIds"))
        cJSON_Delete(refs);
    else
        cJSON_AddItemToObject(f->options, "referencedFieldIds", refs);
}

static char *resolve_through_link(struct at_field *f)
{
    const char *via = tj_str(f->options, "recordLinkFieldId");
    struct at_field *link = via ? at_field_find(f->table, via) : NULL;
    if (!link || link->type->kind != AT_LINK)
        return tj_bool(f->options, "isValid", true)
                   ? tw_fmt("field %s: recordLinkFieldId names no link field", f->name)
                   : NULL;
    set_string(f->options, "recordLinkFieldId", link->id);
    if (f->type->kind == AT_COUNT)
        return NULL;
    const char *to = tj_str(f->options, "fieldIdInLinkedTable");
    struct at_table *t = at_linked_table(link);
    struct at_field *target = to && t ? at_field_find(t, to) : NULL;
    if (!target)
        return tw_fmt("field %s: fieldIdInLinkedTable names no field", f->name);
    set_string(f->options, "fieldIdInLinkedTable", target->id);
    if (!tj_get(f->options, "result")) {
        cJSON *result = cJSON_CreateObject();
        cJSON_AddStringToObject(result, "type", target->type_name);
        if (target->options)
            cJSON_AddItemToObject(result, "options", cJSON_Duplicate(target->options, 1));
        cJSON_AddItemToObject(f->options, "result", result);
    }
    return NULL;
}

char *at_field_resolve(struct at_field *f)
{
    if (f->type->kind == AT_LINK)
        return resolve_link(f);
    if (!f->options)
        return NULL;
    if (f->type->kind == AT_FORMULA && tj_str(f->options, "formula")) {
        set_bool(f->options, "isValid", true);
        resolve_formula(f);
    }
    if (f->type->kind == AT_ROLLUP || f->type->kind == AT_COUNT || f->type->kind == AT_LOOKUP) {
        char *wrong = resolve_through_link(f);
        set_bool(f->options, "isValid", !wrong);
        return wrong;
    }
    return NULL;
}

/* ---- records ---- */

struct at_rec *at_rec_new(struct at_table *t, const char *id, int64_t created_ms, const char *by)
{
    struct at_rec *r = tw_alloc(sizeof *r);
    copy_id(t->base->a->t, r->id, "rec", id);
    r->created_ms = created_ms;
    r->created_by = by;
    at_rec_link(t, r);
    return r;
}

void at_rec_link(struct at_table *t, struct at_rec *r)
{
    if (t->n_recs == t->cap_recs) {
        t->cap_recs = t->cap_recs ? t->cap_recs * 2 : 64;
        t->rec = tw_realloc(t->rec, t->cap_recs * sizeof(struct at_rec *));
    }
    t->rec[t->n_recs++] = r;
    tmap_put(&t->by_id, r->id, r);
    free(t->sorted);
    t->sorted = NULL;
}

void at_rec_unlink(struct at_table *t, struct at_rec *r)
{
    for (size_t i = t->n_recs; i-- > 0;) {
        if (t->rec[i] != r)
            continue;
        memmove(&t->rec[i], &t->rec[i + 1], (t->n_recs - i - 1) * sizeof(struct at_rec *));
        t->n_recs--;
        break;
    }
    tmap_del(&t->by_id, r->id);
    free(t->sorted);
    t->sorted = NULL;
}

void at_rec_free(struct at_rec *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_cells; i++)
        free(r->cell[i]);
    free(r->cell);
    free(r);
}

static int by_id(const void *a, const void *b)
{
    const struct at_rec *const *x = a;
    const struct at_rec *const *y = b;
    return strcmp((*x)->id, (*y)->id);
}

struct at_rec **at_sorted(struct at_table *t)
{
    if (!t->sorted) {
        t->sorted = tw_alloc((t->n_recs ? t->n_recs : 1) * sizeof(struct at_rec *));
        if (t->n_recs)
            memcpy(t->sorted, t->rec, t->n_recs * sizeof(struct at_rec *));
        qsort(t->sorted, t->n_recs, sizeof(struct at_rec *), by_id);
    }
    return t->sorted;
}

const char *at_raw(const struct at_rec *r, const struct at_field *f)
{
    return f->slot < r->n_cells ? r->cell[f->slot] : NULL;
}

void at_store(struct at_rec *r, const struct at_field *f, char *json)
{
    if (f->slot >= r->n_cells) {
        size_t n = f->table->n_fields;
        r->cell = tw_realloc(r->cell, n * sizeof(char *));
        memset(r->cell + r->n_cells, 0, (n - r->n_cells) * sizeof(char *));
        r->n_cells = n;
    }
    free(r->cell[f->slot]);
    r->cell[f->slot] = json;
}

bool at_in_view(struct at_table *t, const struct at_view *v, struct at_rec *r)
{
    if (tmap_get(&v->hidden, r->id))
        return false;
    if (!v->filter)
        return true;
    char *wrong = NULL;
    struct fexpr *e = formula_parse(v->filter, t, &wrong);
    free(wrong);
    if (!e)
        return true;
    struct fval val = formula_eval(t->base->a, e, r, 0);
    bool in = fval_true(&val);
    fval_free(&val);
    formula_free(e);
    return in;
}
