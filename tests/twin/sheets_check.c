/* Request bodies against the schema: see sheets_schema.h. */
#include "sheets_schema.h"

#include "twin.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_LEN 1000
#define VIOLATIONS_MAX 50

/* ---- the table, read once ---- */

static struct tmap by_name;

static const struct schema_row *find_row(const struct schema_row *rows, const char *name, size_t n)
{
    for (; rows->name; rows++)
        if (strlen(rows->name) == n && strncmp(rows->name, name, n) == 0)
            return rows;
    return NULL;
}

const struct schema_row *schema_enum(const char *name)
{
    return find_row(schema_enums, name, strlen(name));
}

static void read_field(const char *p, size_t len, struct schema_field *f)
{
    const char *colon = memchr(p, ':', len);
    f->name = tw_ndup(p, (size_t)(colon - p));
    const char *type = colon + 1;
    size_t n = len - (size_t)(type - p);
    f->repeated = *type == '[';
    type += f->repeated;
    n -= f->repeated;
    f->type = *type;
    if (*type == '=') {
        f->values = find_row(schema_enums, type + 1, n - 1);
    } else if (isupper((unsigned char)*type)) {
        char *name = tw_ndup(type, n);
        f->type = 'M';
        f->message = tmap_get(&by_name, name);
        free(name);
    }
    if ((f->type == '=' && !f->values) || (f->type == 'M' && !f->message))
        abort();
}

static void read_table(void)
{
    for (const struct schema_row *r = schema_messages; r->name; r++) {
        struct schema_message *m = tw_alloc(sizeof *m);
        m->name = r->name;
        tmap_put(&by_name, r->name, m);
    }
    for (const struct schema_row *r = schema_messages; r->name; r++) {
        struct schema_message *m = tmap_get(&by_name, r->name);
        for (const char *p = r->text; *p;) {
            size_t len = strcspn(p, " ");
            m->field = tw_realloc(m->field, (m->n + 1) * sizeof *m->field);
            m->field[m->n] = (struct schema_field){0};
            read_field(p, len, &m->field[m->n++]);
            p += len + (p[len] == ' ');
        }
    }
}

const struct schema_message *schema_message(const char *name)
{
    if (!by_name.n)
        read_table();
    return tmap_get(&by_name, name);
}

const struct schema_field *schema_field(const struct schema_message *m, const char *name, size_t n)
{
    for (size_t i = 0; m && i < m->n; i++)
        if (strlen(m->field[i].name) == n && strncmp(m->field[i].name, name, n) == 0)
            return &m->field[i];
    return NULL;
}

bool schema_enum_has(const struct schema_row *e, const char *value)
{
    size_t n = strlen(value);
    for (const char *p = e->text; *p;) {
        size_t len = strcspn(p, " ");
        if (len == n && strncmp(p, value, n) == 0)
            return true;
        p += len + (p[len] == ' ');
    }
    return false;
}

/* ---- violations ---- */

void violation_add(struct violations *v, const char *field, char *text)
{
    if (v->n == VIOLATIONS_MAX) {
        free(text);
        return;
    }
    v->v = tw_realloc(v->v, (v->n + 1) * sizeof *v->v);
    v->v[v->n].field = tw_dup(field);
    v->v[v->n++].text = text;
}

void violations_free(struct violations *v)
{
    for (size_t i = 0; i < v->n; i++) {
        free(v->v[i].field);
        free(v->v[i].text);
    }
    free(v->v);
    *v = (struct violations){0};
}

/* ---- the check ---- */

struct check {
    struct violations *v;
    char path[PATH_MAX_LEN]; /* of what is being looked at, in snake_case */
    size_t len;
};

/* Adds a step to the path and gives the old length. */
static size_t path_push(struct check *c, const char *name)
{
    size_t was = c->len;
    if (c->len && c->len < PATH_MAX_LEN - 2)
        c->path[c->len++] = '.';
    for (; *name && c->len < PATH_MAX_LEN - 3; name++) {
        if (isupper((unsigned char)*name))
            c->path[c->len++] = '_';
        c->path[c->len++] = (char)tolower((unsigned char)*name);
    }
    c->path[c->len] = '\0';
    return was;
}

static size_t path_index(struct check *c, int i)
{
    size_t was = c->len;
    char *step = tw_fmt("[%d]", i);
    size_t n = strlen(step);
    if (c->len + n < PATH_MAX_LEN - 2) {
        memcpy(c->path + c->len, step, n + 1);
        c->len += n;
    }
    free(step);
    return was;
}

static void path_pop(struct check *c, size_t was)
{
    c->len = was;
    c->path[was] = '\0';
}

static void wrong_value(struct check *c, const char *type, const cJSON *v)
{
    if (cJSON_IsObject(v) || cJSON_IsArray(v)) {
        violation_add(
            c->v, c->path,
            tw_fmt("Invalid JSON payload received. Unknown name \"\" at '%s': Proto field "
                   "is not repeating, cannot start %s.",
                   c->path, cJSON_IsObject(v) ? "object" : "list"));
        return;
    }
    char *shown = twin_json_print(v, 0);
    violation_add(c->v, c->path, tw_fmt("Invalid value at '%s' (%s), %s", c->path, type, shown));
    free(shown);
}

/* Numbers may come as text, as in all of Google's JSON. */
static bool is_number(cJSON *v, bool whole)
{
    double num = v->valuedouble;
    if (cJSON_IsString(v)) {
        char *end;
        num = strtod(v->valuestring, &end);
        if (!*v->valuestring || *end)
            return false;
    } else if (!cJSON_IsNumber(v)) {
        return false;
    }
    if (whole && (num != floor(num) || fabs(num) > 2147483647.0))
        return false;
    if (cJSON_IsString(v)) {
        cJSON_free(v->valuestring);
        v->valuestring = NULL;
        v->type = (v->type & ~0xFF) | cJSON_Number;
        cJSON_SetNumberHelper(v, num);
    }
    return true;
}

static void check_message(struct check *c, cJSON *o, const struct schema_message *m);

static void check_value(struct check *c, cJSON *v, const struct schema_field *f)
{
    if (f->type == '*')
        return;
    if (f->type == 'M') {
        if (cJSON_IsObject(v)) {
            check_message(c, v, f->message);
        } else {
            bool request = strcmp(f->message->name, "Request") == 0;
            char *type = tw_fmt("type.googleapis.com/google.apps.sheets.v4.%s%s",
                                request ? "BatchUpdateSpreadsheetRequest." : "", f->message->name);
            wrong_value(c, type, v);
            free(type);
        }
        return;
    }
    if (f->type == '=') {
        char *type = tw_fmt("type.googleapis.com/google.apps.sheets.v4.%s", f->values->name);
        if (!cJSON_IsString(v) || !schema_enum_has(f->values, v->valuestring))
            wrong_value(c, type, v);
        free(type);
        return;
    }
    if (f->type == 's' && !cJSON_IsString(v))
        wrong_value(c, "TYPE_STRING", v);
    else if (f->type == 'm' && !cJSON_IsString(v))
        wrong_value(c, "Field Mask", v);
    else if (f->type == 'b' && !cJSON_IsBool(v))
        wrong_value(c, "TYPE_BOOL", v);
    else if (f->type == 'i' && !is_number(v, true))
        wrong_value(c, "TYPE_INT32", v);
    else if (f->type == 'd' && !is_number(v, false))
        wrong_value(c, "TYPE_DOUBLE", v);
}

/* The rows of a ValueRange: lists of anything. */
static void check_rows(struct check *c, cJSON *list)
{
    int i = 0;
    for (cJSON *row = list->child; row; row = row->next, i++) {
        size_t was = path_index(c, i);
        if (!cJSON_IsArray(row))
            wrong_value(c, "type.googleapis.com/google.protobuf.ListValue", row);
        path_pop(c, was);
    }
}

static void check_field(struct check *c, cJSON *o, cJSON *v, const struct schema_field *f)
{
    bool rows = f->repeated && f->type == '*' && strcmp(f->name, "values") == 0;
    if (f->repeated && !cJSON_IsArray(v)) {
        if (rows) {
            wrong_value(c, "type.googleapis.com/google.protobuf.ListValue", v);
            return;
        }
        cJSON *one = cJSON_Duplicate(v, true);
        cJSON *list = cJSON_CreateArray();
        cJSON_AddItemToArray(list, one);
        check_value(c, one, f);
        cJSON_ReplaceItemViaPointer(o, v, list);
        list->string = tw_dup(f->name);
        return;
    }
    if (!f->repeated) {
        check_value(c, v, f);
        return;
    }
    if (rows) {
        check_rows(c, v);
        return;
    }
    int i = 0;
    for (cJSON *item = v->child; item; item = item->next, i++) {
        size_t was = path_index(c, i);
        check_value(c, item, f);
        path_pop(c, was);
    }
}

/* Finds the field by its name as sent; a name in snake_case is put right. */
static const struct schema_field *field_of(const struct schema_message *m, cJSON *v)
{
    const struct schema_field *f = schema_field(m, v->string, strlen(v->string));
    if (f || !strchr(v->string, '_'))
        return f;
    char *camel = tw_dup(v->string);
    size_t n = 0;
    for (const char *p = v->string; *p; p++) {
        bool up = *p == '_' && p[1];
        p += up;
        camel[n++] = up ? (char)toupper((unsigned char)*p) : *p;
    }
    camel[n] = '\0';
    f = schema_field(m, camel, n);
    if (f) {
        cJSON_free(v->string);
        v->string = camel;
    } else {
        free(camel);
    }
    return f;
}

/* Messages of which at most one field may be set. */
static const struct {
    const char *message;
    const char *group;
} oneofs[] = {{"Request", "kind"}, {"ExtendedValue", "value"}, {"DataFilter", "filter"}};

static void check_oneof(struct check *c, const cJSON *o, const struct schema_message *m)
{
    if (!o->child || !o->child->next)
        return;
    for (size_t i = 0; i < sizeof oneofs / sizeof *oneofs; i++) {
        if (strcmp(m->name, oneofs[i].message) != 0)
            continue;
        violation_add(
            c->v, c->path,
            tw_fmt("Invalid value at '%s' (oneof), oneof field '%s' is already set. Cannot "
                   "set '%s'",
                   c->path, oneofs[i].group, o->child->next->string));
    }
}

static void check_message(struct check *c, cJSON *o, const struct schema_message *m)
{
    for (cJSON *v = o->child; v;) {
        cJSON *next = v->next;
        const struct schema_field *f = field_of(m, v);
        if (!f) {
            const char *at = c->len ? " at '" : "";
            violation_add(c->v, c->len ? c->path : NULL,
                          tw_fmt("Invalid JSON payload received. Unknown name \"%s\"%s%s%s: Cannot "
                                 "find field.",
                                 v->string, at, c->path, c->len ? "'" : ""));
        } else if (cJSON_IsNull(v)) {
            cJSON_Delete(cJSON_DetachItemViaPointer(o, v));
        } else {
            size_t was = path_push(c, f->name);
            check_field(c, o, v, f);
            path_pop(c, was);
        }
        v = next;
    }
    check_oneof(c, o, m);
}

void schema_check(cJSON *body, const char *message, const char *at, struct violations *v)
{
    struct check *c = tw_alloc(sizeof *c);
    c->v = v;
    path_push(c, at);
    check_message(c, body, schema_message(message));
    free(c);
}
