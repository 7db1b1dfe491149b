/* airtable_cells.c: what a cell shows: V1 (records API), V2 (webhooks) and the text on the screen.
 */
#include "airtable.h"

#include "formula.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- people ---- */

static void add_user(struct airtable *a, struct tbuf *b, const char *id, bool v2)
{
    const struct at_user *u = at_user_find(a, id);
    tb_str(b, "{\"id\":");
    tb_json_str(b, id);
    if (u) {
        tb_str(b, ",\"email\":");
        tb_json_str(b, u->email);
        tb_str(b, ",\"name\":");
        tb_json_str(b, u->name);
    }
    if (v2)
        tb_str(b, ",\"permissionLevel\":\"create\"");
    tb_chr(b, '}');
}

static char *user_text(struct airtable *a, const char *id, bool v2)
{
    struct tbuf b = {0};
    if (!id)
        return NULL;
    add_user(a, &b, id, v2);
    return tb_take(&b);
}

/* Collaborators are stored as ids; names are looked up when shown. */
static char *users_text(struct airtable *a, const char *stored, bool v2)
{
    cJSON *j = cJSON_Parse(stored);
    struct tbuf b = {0};
    if (cJSON_IsString(j)) {
        add_user(a, &b, j->valuestring, v2);
    } else {
        tb_chr(&b, '[');
        for (const cJSON *u = j ? j->child : NULL; u; u = u->next) {
            add_user(a, &b, u->valuestring, v2);
            if (u->next)
                tb_chr(&b, ',');
        }
        tb_chr(&b, ']');
    }
    cJSON_Delete(j);
    return tb_take(&b);
}

/* Addresses of attachments differ on every read and end after two hours. */
static char *attachments_text(struct airtable *a, const char *stored)
{
    cJSON *j = cJSON_Parse(stored);
    for (cJSON *o = j ? j->child : NULL; o; o = o->next) {
        char *salt = twin_random_text(a->t, 22);
        char *url = tw_fmt("https://v5.airtableusercontent.com/v3/u/%s/%lld", salt,
                           (long long)twin_now_ms(a->t) + 7200000);
        cJSON_DeleteItemFromObjectCaseSensitive(o, "url");
        cJSON_AddStringToObject(o, "url", url);
        cJSON *thumbs = tj_get(o, "thumbnails");
        for (cJSON *th = thumbs ? thumbs->child : NULL; th; th = th->next) {
            cJSON_DeleteItemFromObjectCaseSensitive(th, "url");
            cJSON_AddStringToObject(th, "url", url);
        }
        free(url);
        free(salt);
    }
    char *text = tj_text(j);
    cJSON_Delete(j);
    return text;
}

/* ---- computed ---- */

static struct at_field *through(const struct at_field *f, struct at_field **link)
{
    const char *via = tj_str(f->options, "recordLinkFieldId");
    const char *to = tj_str(f->options, "fieldIdInLinkedTable");
    *link = via ? at_field_find(f->table, via) : NULL;
    if (!*link || (*link)->type->kind != AT_LINK)
        return NULL;
    struct at_table *t = at_linked_table(*link);
    return t && to ? at_field_find(t, to) : NULL;
}

/* Ids in a link cell, as a parsed array; NULL when empty. */
static cJSON *link_ids(const struct at_rec *r, const struct at_field *link)
{
    const char *raw = at_raw(r, link);
    return raw ? cJSON_Parse(raw) : NULL;
}

/* All values of the target field in the linked records, flattened. */
static cJSON *looked_up(struct airtable *a, struct at_rec *r, const struct at_field *f, int depth)
{
    struct at_field *link;
    const struct at_field *target = through(f, &link);
    cJSON *out = cJSON_CreateArray();
    if (!target)
        return out;
    cJSON *ids = link_ids(r, link);
    for (const cJSON *id = ids ? ids->child : NULL; id; id = id->next) {
        struct at_rec *to = at_rec_find(target->table, id->valuestring);
        char *v1 = to ? at_cell(a, to, target, depth + 1) : NULL;
        cJSON *v = v1 ? cJSON_Parse(v1) : NULL;
        if (cJSON_IsArray(v)) {
            while (v->child)
                cJSON_AddItemToArray(out, cJSON_DetachItemViaPointer(v, v->child));
            cJSON_Delete(v);
        } else if (v) {
            cJSON_AddItemToArray(out, v);
        }
        free(v1);
    }
    cJSON_Delete(ids);
    return out;
}

static char *lookup_text(struct airtable *a, struct at_rec *r, const struct at_field *f, int depth)
{
    cJSON *v = looked_up(a, r, f, depth);
    char *text = v->child ? tj_text(v) : NULL;
    cJSON_Delete(v);
    return text;
}

static char *joined(struct airtable *a, const struct at_field *f, const cJSON *values, int depth)
{
    struct tbuf b = {0};
    struct at_field *link;
    const struct at_field *target = through(f, &link);
    for (const cJSON *v = values->child; v; v = v->next) {
        char *s = at_shown_json(a, target, v, depth + 1);
        tb_fmt(&b, "%s%s", b.n ? ", " : "", s);
        free(s);
    }
    char *text = tb_take(&b);
    struct tbuf out = {0};
    if (*text)
        tb_json_str(&out, text);
    free(text);
    return out.n ? tb_take(&out) : NULL;
}

static char *rollup_number(const char *how, const cJSON *values)
{
    double sum = 0;
    double low = INFINITY;
    double high = -INFINITY;
    size_t n = 0;
    for (const cJSON *v = values->child; v; v = v->next) {
        if (!cJSON_IsNumber(v))
            continue;
        sum += v->valuedouble;
        low = v->valuedouble < low ? v->valuedouble : low;
        high = v->valuedouble > high ? v->valuedouble : high;
        n++;
    }
    struct fval out = {.kind = FV_NUM, .num = sum};
    if (strcmp(how, "AVERAGE") == 0)
        out.num = n ? sum / (double)n : NAN;
    else if (strcmp(how, "MIN") == 0)
        out.num = n ? low : 0;
    else if (strcmp(how, "MAX") == 0)
        out.num = n ? high : 0;
    else if (strcmp(how, "COUNT") == 0)
        out.num = (double)n;
    else if (strcmp(how, "COUNTALL") == 0)
        out.num = cJSON_GetArraySize(values);
    return fval_json(&out);
}

/* The twin's extra "rollup" names the function; MIN and MAX of dates compare the ISO text. */
static char *rollup_text(struct airtable *a, struct at_rec *r, const struct at_field *f, int depth)
{
    const char *how = tj_str(f->twin, "rollup");
    cJSON *values = looked_up(a, r, f, depth);
    const char *best = NULL;
    char *text = NULL;
    for (const cJSON *v = values->child; v && how; v = v->next) {
        if (!cJSON_IsString(v) || (strcmp(how, "MIN") != 0 && strcmp(how, "MAX") != 0))
            continue;
        int c = best ? strcmp(v->valuestring, best) : 0;
        if (!best || (how[1] == 'I' ? c < 0 : c > 0))
            best = v->valuestring;
    }
    if (best) {
        struct tbuf b = {0};
        tb_json_str(&b, best);
        text = tb_take(&b);
    } else if (!how || strcmp(how, "ARRAYJOIN") == 0) {
        text = joined(a, f, values, depth);
    } else {
        text = rollup_number(how, values);
    }
    cJSON_Delete(values);
    return text;
}

static char *count_text(struct at_rec *r, const struct at_field *f)
{
    struct at_field *link;
    through(f, &link);
    cJSON *ids = link ? link_ids(r, link) : NULL;
    char *text = tw_fmt("%d", ids ? cJSON_GetArraySize(ids) : 0);
    cJSON_Delete(ids);
    return text;
}

static char *formula_text(struct airtable *a, struct at_rec *r, const struct at_field *cf,
                          int depth)
{
    struct at_field *f = cf->table->field[cf->slot];
    const char *text = tj_str(f->options, "formula");
    char *wrong = NULL;
    if (!f->formula && !f->formula_bad && text) {
        f->formula = formula_parse(text, f->table, &wrong);
        f->formula_bad = !f->formula;
        free(wrong);
    }
    if (!text)
        return NULL;
    if (!f->formula)
        return tw_dup("{\"error\":\"#ERROR!\"}");
    struct fval v = formula_eval(a, f->formula, r, depth + 1);
    char *json = fval_json(&v);
    fval_free(&v);
    return json;
}

static char *created_text(const struct at_rec *r, const struct at_field *f)
{
    char iso[TW_ISO_LEN];
    const char *result = tj_str(tj_get(f->options, "result"), "type");
    tw_iso_seconds(r->created_ms, iso);
    if (result && strcmp(result, "date") == 0)
        iso[10] = '\0';
    return tw_fmt("\"%s\"", iso);
}

static char *button_text(const struct at_field *f)
{
    struct tbuf b = {0};
    const char *label = tj_str(f->twin, "label");
    const char *url = tj_str(f->twin, "url");
    tb_str(&b, "{\"label\":");
    tb_json_str(&b, label ? label : "Open URL");
    tb_str(&b, ",\"url\":");
    if (url)
        tb_json_str(&b, url);
    else
        tb_str(&b, "null");
    tb_chr(&b, '}');
    return tb_take(&b);
}

char *at_cell(struct airtable *a, struct at_rec *r, const struct at_field *f, int depth)
{
    const char *raw = at_raw(r, f);
    if (depth > AT_DEPTH)
        return tw_dup("{\"error\":\"circular reference\"}");
    if (raw) {
        enum at_kind k = f->type->kind;
        if (k == AT_USER || k == AT_USERS || k == AT_MODIFIED_BY)
            return users_text(a, raw, false);
        return k == AT_ATTACHMENT ? attachments_text(a, raw) : tw_dup(raw);
    }
    switch (f->type->kind) {
    case AT_FORMULA: return formula_text(a, r, f, depth);
    case AT_ROLLUP: return rollup_text(a, r, f, depth);
    case AT_LOOKUP: return lookup_text(a, r, f, depth);
    case AT_COUNT: return count_text(r, f);
    case AT_CREATED_TIME: return created_text(r, f);
    case AT_CREATED_BY: return user_text(a, r->created_by, false);
    case AT_BUTTON: return button_text(f);
    case AT_AITEXT:
        return tw_dup("{\"state\":\"error\",\"errorType\":\"emptyDependency\",\"value\":null,"
                      "\"isStale\":false}");
    default: return NULL;
    }
}

/* ---- V2 ---- */

static void add_choice_v2(struct tbuf *b, const struct at_field *f, const char *name)
{
    const cJSON *choices = tj_get(f->options, "choices");
    for (const cJSON *c = choices ? choices->child : NULL; c; c = c->next) {
        const char *have = tj_str(c, "name");
        if (have && strcmp(have, name) == 0) {
            tb_json(b, c);
            return;
        }
    }
    tb_str(b, "{\"name\":");
    tb_json_str(b, name);
    tb_chr(b, '}');
}

static void add_link_v2(struct airtable *a, struct tbuf *b, const struct at_field *f,
                        const char *id)
{
    struct at_table *t = at_linked_table(f);
    struct at_rec *r = t ? at_rec_find(t, id) : NULL;
    char *name = r ? at_primary_text(a, t, r, 1) : tw_dup("");
    tb_str(b, "{\"id\":");
    tb_json_str(b, id);
    tb_str(b, ",\"name\":");
    tb_json_str(b, name);
    tb_chr(b, '}');
    free(name);
}

static char *list_v2(struct airtable *a, const struct at_field *f, const cJSON *j)
{
    struct tbuf b = {0};
    tb_chr(&b, '[');
    for (const cJSON *v = j->child; v; v = v->next) {
        if (f->type->kind == AT_LINK)
            add_link_v2(a, &b, f, v->valuestring);
        else
            add_choice_v2(&b, f, v->valuestring);
        if (v->next)
            tb_chr(&b, ',');
    }
    tb_chr(&b, ']');
    return tb_take(&b);
}

static char *lookup_v2(struct airtable *a, struct at_rec *r, const struct at_field *f)
{
    struct at_field *link;
    const struct at_field *target = through(f, &link);
    cJSON *o = cJSON_CreateObject();
    cJSON *values = cJSON_AddObjectToObject(o, "valuesByLinkedRecordId");
    cJSON *linked = cJSON_AddArrayToObject(o, "linkedRecordIds");
    cJSON *ids = target ? link_ids(r, link) : NULL;
    for (const cJSON *id = ids ? ids->child : NULL; id; id = id->next) {
        struct at_rec *to = at_rec_find(target->table, id->valuestring);
        char *v1 = to ? at_cell(a, to, target, 1) : NULL;
        cJSON *v = cJSON_Parse(v1 ? v1 : "[]");
        if (v && !cJSON_IsArray(v)) {
            cJSON *list = cJSON_CreateArray();
            cJSON_AddItemToArray(list, v);
            v = list;
        }
        cJSON_AddItemToObject(values, id->valuestring, v);
        cJSON_AddItemToArray(linked, cJSON_CreateString(id->valuestring));
        free(v1);
    }
    cJSON_Delete(ids);
    char *text = tj_text(o);
    cJSON_Delete(o);
    return text;
}

char *at_v2_of(struct airtable *a, struct at_rec *r, const struct at_field *f, const char *v1)
{
    if (!v1)
        return tw_dup("null");
    cJSON *j = cJSON_Parse(v1);
    char *text = NULL;
    struct tbuf b = {0};
    switch (f->type->kind) {
    case AT_SELECT:
        if (cJSON_IsString(j)) {
            add_choice_v2(&b, f, j->valuestring);
            text = tb_take(&b);
        }
        break;
    case AT_MULTISELECT:
    case AT_LINK: text = list_v2(a, f, j); break;
    case AT_LOOKUP: text = r && !at_raw(r, f) ? lookup_v2(a, r, f) : NULL; break;
    default: break;
    }
    cJSON_Delete(j);
    return text ? text : tw_dup(v1);
}

char *at_cell_v2(struct airtable *a, struct at_rec *r, const struct at_field *f)
{
    char *v1 = at_cell(a, r, f, 0);
    char *v2 = at_v2_of(a, r, f, v1);
    free(v1);
    return v2;
}

/* ---- what a person sees ---- */

static char *shown_scalar(struct airtable *a, const struct at_field *f, const cJSON *v, int depth)
{
    char num[32];
    if (cJSON_IsString(v) && f && f->type->kind == AT_LINK) {
        struct at_table *t = at_linked_table(f);
        struct at_rec *r = t ? at_rec_find(t, v->valuestring) : NULL;
        return r ? at_primary_text(a, t, r, depth + 1) : tw_dup("");
    }
    if (cJSON_IsString(v))
        return tw_dup(v->valuestring);
    if (cJSON_IsNumber(v)) {
        twin_number(v->valuedouble, num);
        return tw_dup(num);
    }
    if (cJSON_IsBool(v))
        return tw_dup(cJSON_IsTrue(v) ? "checked" : "");
    static const char *const keys[] = {"error",    "specialValue", "name", "text",
                                       "filename", "label",        "value"};
    for (size_t i = 0; cJSON_IsObject(v) && i < sizeof keys / sizeof *keys; i++)
        if (tj_str(v, keys[i]))
            return tw_dup(tj_str(v, keys[i]));
    return tw_dup("");
}

char *at_shown_json(struct airtable *a, const struct at_field *f, const cJSON *v1, int depth)
{
    struct tbuf b = {0};
    if (depth > AT_DEPTH)
        return tw_dup("");
    if (!cJSON_IsArray(v1))
        return v1 ? shown_scalar(a, f, v1, depth) : tw_dup("");
    for (const cJSON *v = v1->child; v; v = v->next) {
        char *s = shown_scalar(a, f, v, depth);
        bool quote = strchr(s, ',') != NULL;
        tb_fmt(&b, "%s%s%s%s", b.n ? ", " : "", quote ? "\"" : "", s, quote ? "\"" : "");
        free(s);
    }
    return tb_take(&b);
}

char *at_shown(struct airtable *a, struct at_rec *r, const struct at_field *f, int depth)
{
    char *v1 = at_cell(a, r, f, depth);
    cJSON *j = v1 ? cJSON_Parse(v1) : NULL;
    char *text = at_shown_json(a, f, j, depth);
    cJSON_Delete(j);
    free(v1);
    return text;
}

char *at_primary_text(struct airtable *a, const struct at_table *t, struct at_rec *r, int depth)
{
    const struct at_field *f = at_primary(t);
    return f && depth <= AT_DEPTH ? at_shown(a, r, f, depth + 1) : tw_dup("");
}

void at_add_record(struct airtable *a, struct tbuf *out, struct at_table *t, struct at_rec *r,
                   const struct at_shape *shape)
{
    char iso[TW_ISO_LEN];
    bool first = true;
    tw_iso_seconds(r->created_ms, iso);
    tb_fmt(out, "{\"id\":\"%s\",\"createdTime\":\"%s\",", r->id, iso);
    if (shape->comment_count)
        tb_str(out, "\"commentCount\":0,");
    tb_str(out, "\"fields\":{");
    for (size_t i = 0; i < t->n_fields; i++) {
        const struct at_field *f = t->field[i];
        if (f->gone || (shape->pick && !shape->pick[i]))
            continue;
        char *v1 = at_cell(a, r, f, 0);
        if (!v1)
            continue;
        if (!first)
            tb_chr(out, ',');
        first = false;
        tb_json_str(out, shape->by_id ? f->id : f->name);
        tb_chr(out, ':');
        if (shape->as_string) {
            char *text = at_shown(a, r, f, 0);
            tb_json_str(out, text);
            free(text);
        } else {
            tb_str(out, v1);
        }
        free(v1);
    }
    tb_str(out, "}}");
}
