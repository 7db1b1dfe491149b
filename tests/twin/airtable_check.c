/*
 * airtable_check.c: is a value good for a field? Strict without typecast; with it, strings are
 * brought to the field's type as far as is known of the real service.
 */
#include "airtable.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef bool check_fn(struct at_tx *tx, struct at_field *f, const cJSON *v, char **out);

static bool bad_value(struct at_tx *tx, const struct at_field *f, const cJSON *v)
{
    char *text = tj_text(v);
    at_tx_fail(tx, 422, "INVALID_VALUE_FOR_COLUMN", "Field \"%s\" can not accept value %s", f->name,
               text);
    free(text);
    return false;
}

static char *json_string(const char *s)
{
    struct tbuf b = {0};
    tb_json_str(&b, s);
    return tb_take(&b);
}

static size_t count_chars(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

static bool check_text(struct at_tx *tx, struct at_field *f, const cJSON *v, char **out)
{
    char num[32];
    const char *s = cJSON_GetStringValue(v);
    if (!s && tx->typecast && cJSON_IsNumber(v)) {
        twin_number(v->valuedouble, num);
        s = num;
    } else if (!s && tx->typecast && cJSON_IsBool(v)) {
        s = cJSON_IsTrue(v) ? "true" : "false";
    }
    if (!s || count_chars(s) > AT_MAX_TEXT)
        return bad_value(tx, f, v);
    *out = *s ? json_string(s) : NULL;
    return true;
}

/* Rich text comes back with "-" for bullets and a newline at its end. */
static bool check_rich(struct at_tx *tx, struct at_field *f, const cJSON *v, char **out)
{
    const char *s = cJSON_GetStringValue(v);
    struct tbuf b = {0};
    if (!s || count_chars(s) > AT_MAX_TEXT)
        return bad_value(tx, f, v);
    bool line_start = true;
    for (const char *p = s; *p; p++) {
        if (line_start && *p == '*' && p[1] == ' ')
            tb_chr(&b, '-');
        else
            tb_chr(&b, *p);
        line_start = *p == '\n' || (line_start && *p == ' ');
    }
    if (!b.n || b.p[b.n - 1] != '\n')
        tb_chr(&b, '\n');
    char *text = tb_take(&b);
    *out = json_string(text);
    free(text);
    return true;
}

/* "$1,234.50", "12 %": typecast reads what a person would type. */
static bool lenient_number(const char *s, double *out)
{
    struct tbuf b = {0};
    bool percent = strchr(s, '%') != NULL;
    for (; *s; s++)
        if (isdigit((unsigned char)*s) || *s == '.' || *s == '-' || *s == 'e' || *s == 'E')
            tb_chr(&b, *s);
    char *text = tb_take(&b);
    char *end;
    *out = strtod(text, &end);
    bool ok = *text && !*end;
    if (percent)
        *out /= 100;
    free(text);
    return ok;
}

static bool check_number(struct at_tx *tx, struct at_field *f, const cJSON *v, char **out)
{
    char num[32];
    double d = cJSON_IsNumber(v) ? v->valuedouble : 0;
    const char *s = cJSON_GetStringValue(v);
    if (s && tx->typecast && !*s)
        return true;
    if (!cJSON_IsNumber(v) && !(s && tx->typecast && lenient_number(s, &d)))
        return bad_value(tx, f, v);
    if (!isfinite(d))
        return bad_value(tx, f, v);
    twin_number(d, num);
    *out = tw_dup(num);
    return true;
}

static bool check_rating(struct at_tx *tx, struct at_field *f, const cJSON *v, char **out)
{
    double max = tj_num(f->options, "max", 5);
    if (!cJSON_IsNumber(v) || v->valuedouble < 1 || v->valuedouble > max ||
        v->valuedouble != floor(v->valuedouble))
        return bad_value(tx, f, v);
    return check_number(tx, f, v, out);
}

static bool check_checkbox(struct at_tx *tx, struct at_field *f, const cJSON *v, char **out)
{
    const char *s = cJSON_GetStringValue(v);
    bool typed = s && tx->typecast;
    if (!cJSON_IsBool(v) && !typed)
        return bad_value(tx, f, v);
    bool on = cJSON_IsTrue(v) || (typed && (strcasecmp(s, "true") == 0 ||
                                            strcasecmp(s, "checked") == 0 || strcmp(s, "1") == 0));
    *out = on ? tw_dup("true") : NULL;
    return true;
}

static bool has_choice(const struct at_field *f, const char *name)
{
    const cJSON *choices = tj_get(f->options, "choices");
    for (const cJSON *c = choices ? choices->child : NULL; c; c = c->next)
        if (tj_str(c, "name") && strcmp(tj_str(c, "name"), name) == 0)
            return true;
    return false;
}

static bool need_choice(struct at_tx *tx, struct at_field *f, const char *name)
{
    if (has_choice(f, name))
        return true;
    if (tx->typecast && tx->may_create) {
        at_tx_add_choice(tx, f, name);
        return true;
    }
    return at_tx_fail(tx, 422, "INVALID_MULTIPLE_CHOICE_OPTIONS",
                      "Insufficient permissions to create new select option \"\"%s\"\"", name);
}

static bool check_select(struct at_tx *tx, struct at_field *f, const cJSON *v, char **out)
{
    if (!cJSON_IsString(v))
        return bad_value(tx, f, v);
    if (!*v->valuestring)
        return true;
    if (!need_choice(tx, f, v->valuestring))
        return false;
    *out = json_string(v->valuestring);
    return true;
}

/* Collects strings of an array without doubles, each passed to test; false stops. */
static bool check_list(struct at_tx *tx, struct at_field *f, const cJSON *v, char **out,
                       bool (*test)(struct at_tx *, struct at_field *, const char *))
{
    cJSON *list = cJSON_CreateArray();
    bool ok = true;
    for (const cJSON *e = v->child; e && ok; e = e->next) {
        bool twice = false;
        if (!cJSON_IsString(e)) {
            ok = bad_value(tx, f, v);
            break;
        }
        for (const cJSON *h = list->child; h; h = h->next)
            twice = twice || strcmp(h->valuestring, e->valuestring) == 0;
        ok = test(tx, f, e->valuestring);
        if (ok && !twice)
            cJSON_AddItemToArray(list, cJSON_CreateString(e->valuestring));
    }
    *out = ok && list->child ? tj_text(list) : NULL;
    cJSON_Delete(list);
    return ok;
}

static cJSON *as_list(const struct at_tx *tx, const cJSON *v)
{
    if (!tx->typecast || !cJSON_IsString(v))
        return NULL;
    cJSON *list = cJSON_CreateArray();
    if (*v->valuestring)
        cJSON_AddItemToArray(list, cJSON_CreateString(v->valuestring));
    return list;
}

static bool check_multiselect(struct at_tx *tx, struct at_field *f, const cJSON *v, char **out)
{
    cJSON *list = as_list(tx, v);
    bool ok = list || cJSON_IsArray(v) ? check_list(tx, f, list ? list : v, out, need_choice)
                                       : bad_value(tx, f, v);
    cJSON_Delete(list);
    return ok;
}

static bool bad_date(struct at_tx *tx, const struct at_field *f, const cJSON *v)
{
    char *text = tj_text(v);
    at_tx_fail(tx, 422, "INVALID_VALUE_FOR_COLUMN", "Cannot parse value %s for field %s", text,
               f->name);
    free(text);
    return false;
}

static bool check_date(struct at_tx *tx, struct at_field *f, const cJSON *v, char **out)
{
    int64_t ms;
    bool has_time;
    bool zoned;
    char iso[TW_ISO_LEN];
    const char *s = cJSON_GetStringValue(v);
    if (s && !*s)
        return true;
    if (!s || !tw_parse_iso(s, &ms, &has_time, &zoned) || (has_time && !tx->typecast))
        return bad_date(tx, f, v);
    tw_iso(ms, iso);
    iso[10] = '\0';
    *out = json_string(iso);
    return true;
}

/* Offset of an IANA zone east of UTC at a local time; the lock is held, so TZ is ours to change. */
static int64_t zone_offset_ms(const char *zone, int64_t local_ms)
{
    char *old = tw_dup(getenv("TZ"));
    setenv("TZ", zone, 1);
    tzset();
    time_t guess = (time_t)(local_ms / 1000);
    struct tm tm;
    localtime_r(&guess, &tm);
    guess -= tm.tm_gmtoff;
    localtime_r(&guess, &tm);
    if (old)
        setenv("TZ", old, 1);
    else
        unsetenv("TZ");
    tzset();
    free(old);
    return (int64_t)tm.tm_gmtoff * 1000;
}

static bool check_datetime(struct at_tx *tx, struct at_field *f, const cJSON *v, char **out)
{
    int64_t ms;
    bool has_time;
    bool zoned = true;
    char iso[TW_ISO_LEN];
    const char *s = cJSON_GetStringValue(v);
    if (s && !*s)
        return true;
    if (cJSON_IsNumber(v))
        ms = (int64_t)v->valuedouble;
    else if (!s || !tw_parse_iso(s, &ms, &has_time, &zoned))
        return bad_date(tx, f, v);
    const char *zone = tj_str(f->options, "timeZone");
    if (!zoned && zone && strcmp(zone, "utc") != 0 && strcmp(zone, "client") != 0)
        ms -= zone_offset_ms(zone, ms);
    tw_iso(ms, iso);
    *out = json_string(iso);
    return true;
}

static bool test_link(struct at_tx *tx, struct at_field *f, const char *id)
{
    const struct at_table *t = at_linked_table(f);
    if (!at_is_id(id, "rec"))
        return at_tx_fail(tx, 422, "INVALID_RECORD_ID", "Value \"%s\" is not a valid record ID.",
                          id);
    if (!t || !at_rec_find(t, id))
        return at_tx_fail(tx, 422, "ROW_DOES_NOT_EXIST",
                          "Record ID %s does not exist in this table", id);
    return true;
}

/* A name becomes the first record whose primary value it is, or a new record. */
static struct at_rec *record_named(struct at_tx *tx, struct at_table *t, const char *name)
{
    struct at_field *primary = at_primary(t);
    for (size_t i = 0; i < t->n_recs; i++) {
        char *text = at_primary_text(tx->a, t, t->rec[i], 0);
        bool same = strcmp(text, name) == 0;
        free(text);
        if (same)
            return t->rec[i];
    }
    if (!primary || !(primary->type->flags & AT_WRITE))
        return NULL;
    struct at_rec *r = at_tx_create(tx, t);
    at_tx_set(tx, t, r, primary, json_string(name));
    return r;
}

static bool check_link(struct at_tx *tx, struct at_field *f, const cJSON *v, char **out)
{
    cJSON *list = as_list(tx, v);
    struct at_table *t = at_linked_table(f);
    if (!list && !cJSON_IsArray(v))
        return bad_value(tx, f, v);
    if (!list)
        list = cJSON_Duplicate(v, 1);
    for (cJSON *e = list->child; e && tx->typecast && t; e = e->next) {
        if (!cJSON_IsString(e) || at_is_id(e->valuestring, "rec"))
            continue;
        struct at_rec *r = record_named(tx, t, e->valuestring);
        if (r)
            cJSON_SetValuestring(e, r->id);
    }
    bool ok = check_list(tx, f, list, out, test_link);
    cJSON_Delete(list);
    return ok;
}

static bool bad_attachment(struct at_tx *tx, const struct at_field *f, const cJSON *v)
{
    char *text = twin_json_print(v, 2);
    at_tx_fail(tx, 422, "INVALID_ATTACHMENT_OBJECT", "Invalid attachment object for field %s: %s",
               f->name, text);
    free(text);
    return false;
}

/* An attachment of the table by its id, as stored; NULL when there is none. */
static cJSON *attachment_by_id(const struct at_field *f, const char *id)
{
    for (size_t i = 0; i < f->table->n_recs; i++) {
        const char *raw = at_raw(f->table->rec[i], f);
        if (!raw || !strstr(raw, id))
            continue;
        cJSON *list = cJSON_Parse(raw);
        for (const cJSON *a = list ? list->child : NULL; a; a = a->next) {
            if (!tj_str(a, "id") || strcmp(tj_str(a, "id"), id) != 0)
                continue;
            cJSON *copy = cJSON_Duplicate(a, 1);
            cJSON_Delete(list);
            return copy;
        }
        cJSON_Delete(list);
    }
    return NULL;
}

static cJSON *attachment_from_url(struct at_tx *tx, const cJSON *v, const char *url)
{
    char id[AT_ID];
    const char *name = tj_str(v, "filename");
    const char *slash = strrchr(url, '/');
    cJSON *o = cJSON_CreateObject();
    twin_new_id(tx->a->t, "att", id);
    cJSON_AddStringToObject(o, "id", id);
    cJSON_AddStringToObject(o, "url", url);
    cJSON_AddStringToObject(o, "filename", name ? name : slash && slash[1] ? slash + 1 : "file");
    return o;
}

static cJSON *one_attachment(struct at_tx *tx, struct at_field *f, const cJSON *v)
{
    static const char *const with_id[] = {"id", "filename", NULL};
    static const char *const with_url[] = {"url", "filename", NULL};
    const char *id = tj_str(v, "id");
    const char *url = tj_str(v, "url");
    if (tx->loading && cJSON_IsObject(v)) {
        cJSON *o = cJSON_Duplicate(v, 1);
        char fresh[AT_ID];
        twin_new_id(tx->a->t, "att", fresh);
        if (!id)
            cJSON_AddStringToObject(o, "id", fresh);
        return o;
    }
    if (cJSON_IsObject(v) && id && at_only_keys(v, with_id) && at_is_id(id, "att"))
        return attachment_by_id(f, id);
    if (cJSON_IsObject(v) && url && strstr(url, "://") && at_only_keys(v, with_url))
        return attachment_from_url(tx, v, url);
    return NULL;
}

static bool check_attachment(struct at_tx *tx, struct at_field *f, const cJSON *v, char **out)
{
    if (!cJSON_IsArray(v))
        return bad_value(tx, f, v);
    cJSON *list = cJSON_CreateArray();
    for (const cJSON *e = v->child; e; e = e->next) {
        cJSON *o = one_attachment(tx, f, e);
        if (!o) {
            cJSON_Delete(list);
            return bad_attachment(tx, f, e);
        }
        cJSON_AddItemToArray(list, o);
    }
    *out = list->child ? tj_text(list) : NULL;
    cJSON_Delete(list);
    return true;
}

static const struct at_user *user_of(const struct at_tx *tx, const cJSON *v)
{
    const char *id = tj_str(v, "id");
    const char *email = tj_str(v, "email");
    if (!id && !email && tx->loading)
        id = cJSON_GetStringValue(v);
    return id || email ? at_user_find(tx->a, id ? id : email) : NULL;
}

static bool check_user(struct at_tx *tx, struct at_field *f, const cJSON *v, char **out)
{
    const struct at_user *u = user_of(tx, v);
    if (!u)
        return bad_value(tx, f, v);
    *out = json_string(u->id);
    return true;
}

static bool check_users(struct at_tx *tx, struct at_field *f, const cJSON *v, char **out)
{
    if (!cJSON_IsArray(v))
        return bad_value(tx, f, v);
    struct tbuf b = {0};
    for (const cJSON *e = v->child; e; e = e->next) {
        const char *plain = cJSON_GetStringValue(e);
        const struct at_user *u = plain ? at_user_find(tx->a, plain) : user_of(tx, e);
        if (!u) {
            tb_free(&b);
            return bad_value(tx, f, v);
        }
        tb_chr(&b, b.n ? ',' : '[');
        tb_json_str(&b, u->id);
    }
    if (b.n)
        tb_chr(&b, ']');
    *out = b.n ? tb_take(&b) : NULL;
    return true;
}

static bool check_barcode(struct at_tx *tx, struct at_field *f, const cJSON *v, char **out)
{
    static const char *const keys[] = {"text", "type", NULL};
    const char *text = tj_str(v, "text");
    if (!cJSON_IsObject(v) || !text || !at_only_keys(v, keys))
        return bad_value(tx, f, v);
    *out = *text ? tj_text(v) : NULL;
    return true;
}

static check_fn *const checks[] = {
    [AT_TEXT] = check_text,
    [AT_RICH] = check_rich,
    [AT_NUMBER] = check_number,
    [AT_RATING] = check_rating,
    [AT_CHECKBOX] = check_checkbox,
    [AT_SELECT] = check_select,
    [AT_MULTISELECT] = check_multiselect,
    [AT_DATE] = check_date,
    [AT_DATETIME] = check_datetime,
    [AT_LINK] = check_link,
    [AT_ATTACHMENT] = check_attachment,
    [AT_USER] = check_user,
    [AT_USERS] = check_users,
    [AT_BARCODE] = check_barcode,
};

/* A fixed value that a scenario gives to a computed field is kept as it is. */
static bool keep_fixed(struct at_tx *tx, const struct at_field *f, const cJSON *v, char **out)
{
    const struct at_user *u = f->type->kind == AT_MODIFIED_BY ? user_of(tx, v) : NULL;
    *out = u ? json_string(u->id) : tj_text(v);
    return true;
}

bool at_check(struct at_tx *tx, struct at_field *f, const cJSON *v, char **out)
{
    *out = NULL;
    if (!(f->type->flags & AT_WRITE)) {
        if (tx->loading)
            return keep_fixed(tx, f, v, out);
        return at_tx_fail(tx, 422, "INVALID_VALUE_FOR_COLUMN",
                          "Field \"%s\" cannot accept a value because the field is computed",
                          f->name);
    }
    if (cJSON_IsNull(v)) {
        /* A rich text that is cleared keeps its newline, and so stays in the answer. */
        if (f->type->kind == AT_RICH)
            *out = tw_dup("\"\\n\"");
        return true;
    }
    return checks[f->type->kind](tx, f, v, out);
}
