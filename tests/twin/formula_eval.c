/* formula_eval.c: works out a formula for one record. */
#include "formula_tree.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS 86400000LL

static struct fval v_num(double n)
{
    return (struct fval){.kind = FV_NUM, .num = n};
}

static struct fval v_bool(bool b)
{
    return (struct fval){.kind = FV_BOOL, .num = b};
}

static struct fval v_err(void)
{
    return (struct fval){.kind = FV_ERR};
}

static struct fval v_blank(void)
{
    return (struct fval){.kind = FV_BLANK};
}

/* Takes s. */
static struct fval v_own(char *s)
{
    return (struct fval){.kind = FV_STR, .str = s, .owned = s};
}

static struct fval v_lit(const char *s)
{
    return (struct fval){.kind = FV_STR, .str = s};
}

static struct fval v_date(int64_t ms, bool day)
{
    return (struct fval){.kind = FV_DATE, .ms = ms, .day = day};
}

void fval_free(struct fval *v)
{
    free(v->owned);
    v->owned = NULL;
}

bool fval_true(const struct fval *v)
{
    switch (v->kind) {
    case FV_NUM:
    case FV_BOOL: return v->num != 0 && !isnan(v->num);
    case FV_STR: return *v->str != '\0';
    case FV_DATE: return true;
    case FV_BLANK:
    case FV_ERR: break;
    }
    return false;
}

/* Text of a value as & would join it; malloc'd. */
static char *text_of(const struct fval *v)
{
    char num[32];
    char iso[TW_ISO_LEN];
    switch (v->kind) {
    case FV_STR: return tw_dup(v->str);
    case FV_NUM:
    case FV_BOOL: twin_number(v->num, num); return tw_dup(num);
    case FV_DATE:
        tw_iso(v->ms, iso);
        if (v->day)
            iso[10] = '\0';
        return tw_dup(iso);
    case FV_BLANK:
    case FV_ERR: break;
    }
    return tw_dup("");
}

static double num_of(const struct fval *v)
{
    if (v->kind == FV_NUM || v->kind == FV_BOOL)
        return v->num;
    if (v->kind == FV_DATE)
        return (double)v->ms;
    return 0;
}

static bool date_of(const struct fval *v, int64_t *ms, bool *day)
{
    bool has_time;
    bool zoned;
    if (v->kind == FV_DATE) {
        *ms = v->ms;
        *day = v->day;
        return true;
    }
    if (v->kind != FV_STR || !tw_parse_iso(v->str, ms, &has_time, &zoned))
        return false;
    *day = !has_time;
    return true;
}

char *fval_json(const struct fval *v)
{
    char num[32];
    struct tbuf b = {0};
    char *text;
    switch (v->kind) {
    case FV_NUM:
        if (isnan(v->num))
            return tw_dup("{\"specialValue\":\"NaN\"}");
        if (isinf(v->num))
            return tw_fmt("{\"specialValue\":\"%sInfinity\"}", v->num < 0 ? "-" : "");
        twin_number(v->num, num);
        return tw_dup(num);
    case FV_BOOL: return tw_dup(v->num != 0 ? "1" : "0");
    case FV_ERR: return tw_dup("{\"error\":\"#ERROR!\"}");
    case FV_STR:
    case FV_DATE:
        text = text_of(v);
        if (*text)
            tb_json_str(&b, text);
        free(text);
        return b.n ? tb_take(&b) : NULL;
    case FV_BLANK: break;
    }
    return NULL;
}

struct fval fval_of_cell(struct airtable *a, struct at_rec *r, const struct at_field *f, int depth)
{
    char *v1 = at_cell(a, r, f, depth);
    if (!v1)
        return v_blank();
    cJSON *j = cJSON_Parse(v1);
    struct fval v = v_blank();
    int64_t ms;
    bool has_time;
    bool zoned;
    const char *result = tj_str(tj_get(f->options, "result"), "type");
    bool dated = f->type->kind == AT_DATE || f->type->kind == AT_DATETIME ||
                 f->type->kind == AT_CREATED_TIME || f->type->kind == AT_MODIFIED_TIME ||
                 (result && strncmp(result, "date", 4) == 0);
    if (cJSON_IsNumber(j))
        v = v_num(j->valuedouble);
    else if (cJSON_IsBool(j))
        v = v_bool(cJSON_IsTrue(j));
    else if (cJSON_IsObject(j) && (tj_get(j, "error") || tj_get(j, "specialValue")))
        v = tj_get(j, "error") ? v_err() : v_num(NAN);
    else if (dated && cJSON_IsString(j) && tw_parse_iso(j->valuestring, &ms, &has_time, &zoned))
        v = v_date(ms, !has_time);
    else if (cJSON_IsString(j))
        v = v_own(tw_dup(j->valuestring));
    else if (cJSON_IsArray(j) && cJSON_GetArraySize(j) == 1 && cJSON_IsNumber(j->child))
        v = v_num(j->child->valuedouble);
    else
        v = v_own(at_shown_json(a, f, j, depth + 1));
    cJSON_Delete(j);
    free(v1);
    return v;
}

/* ---- operators ---- */

static int compare(const struct fval *a, const struct fval *b)
{
    int64_t x;
    int64_t y;
    bool dx;
    bool dy;
    if ((a->kind == FV_DATE || b->kind == FV_DATE) && date_of(a, &x, &dx) && date_of(b, &y, &dy))
        return (x > y) - (x < y);
    bool text = a->kind == FV_STR || b->kind == FV_STR;
    if (!text) {
        double m = num_of(a);
        double n = num_of(b);
        return (m > n) - (m < n);
    }
    char *s = text_of(a);
    char *t = text_of(b);
    int rc = strcmp(s, t);
    free(s);
    free(t);
    return rc;
}

/* A blank equals "" and BLANK(), and 0 when compared with a number. */
static bool equal(const struct fval *a, const struct fval *b)
{
    if ((a->kind == FV_STR) != (b->kind == FV_STR) && a->kind != FV_BLANK && b->kind != FV_BLANK &&
        a->kind != FV_DATE && b->kind != FV_DATE)
        return false;
    return compare(a, b) == 0;
}

static struct fval binary(enum fnode kind, const struct fval *a, const struct fval *b)
{
    if (kind == FN_CAT) {
        char *s = text_of(a);
        char *t = text_of(b);
        char *both = tw_fmt("%s%s", s, t);
        free(s);
        free(t);
        return v_own(both);
    }
    double x = num_of(a);
    double y = num_of(b);
    switch (kind) {
    case FN_EQ: return v_bool(equal(a, b));
    case FN_NE: return v_bool(!equal(a, b));
    case FN_LT: return v_bool(compare(a, b) < 0);
    case FN_LE: return v_bool(compare(a, b) <= 0);
    case FN_GT: return v_bool(compare(a, b) > 0);
    case FN_GE: return v_bool(compare(a, b) >= 0);
    case FN_ADD: return v_num(x + y);
    case FN_SUB: return v_num(x - y);
    case FN_MUL: return v_num(x * y);
    case FN_DIV: return a->kind == FV_STR || b->kind == FV_STR ? v_err() : v_num(x / y);
    default: return v_err();
    }
}

static struct fval eval(const struct fctx *c, const struct fexpr *e);

static struct fval eval_call(const struct fctx *c, const struct fexpr *e)
{
    if (e->fn->lazy)
        return e->fn->lazy(c, e);
    struct fval *v = tw_alloc((e->n_args ? e->n_args : 1) * sizeof *v);
    struct fval out = v_blank();
    bool bad = false;
    for (size_t i = 0; i < e->n_args; i++) {
        v[i] = eval(c, e->arg[i]);
        bad = bad || v[i].kind == FV_ERR;
    }
    out = bad ? v_err() : e->fn->eager(c, v, e->n_args);
    for (size_t i = 0; i < e->n_args; i++)
        fval_free(&v[i]);
    free(v);
    return out;
}

static struct fval eval(const struct fctx *c, const struct fexpr *e)
{
    struct fval a;
    struct fval b;
    struct fval out;
    switch (e->kind) {
    case FN_STR: return v_lit(e->text);
    case FN_NUM: return v_num(e->num);
    case FN_FIELD: return fval_of_cell(c->a, c->r, e->field, c->depth + 1);
    case FN_CALL: return eval_call(c, e);
    case FN_NEG:
        a = eval(c, e->arg[0]);
        out = a.kind == FV_ERR ? v_err() : v_num(-num_of(&a));
        fval_free(&a);
        return out;
    default: break;
    }
    a = eval(c, e->arg[0]);
    b = eval(c, e->arg[1]);
    out = a.kind == FV_ERR || b.kind == FV_ERR ? v_err() : binary(e->kind, &a, &b);
    fval_free(&a);
    fval_free(&b);
    return out;
}

struct fval formula_eval(struct airtable *a, const struct fexpr *e, struct at_rec *r, int depth)
{
    struct fctx c = {a, r, depth};
    return depth > AT_DEPTH ? v_err() : eval(&c, e);
}

/* ---- functions that look at their arguments one by one ---- */

static struct fval fn_or(const struct fctx *c, const struct fexpr *e)
{
    for (size_t i = 0; i < e->n_args; i++) {
        struct fval v = eval(c, e->arg[i]);
        bool yes = fval_true(&v);
        bool bad = v.kind == FV_ERR;
        fval_free(&v);
        if (yes || bad)
            return bad ? v_err() : v_bool(true);
    }
    return v_bool(false);
}

static struct fval fn_and(const struct fctx *c, const struct fexpr *e)
{
    for (size_t i = 0; i < e->n_args; i++) {
        struct fval v = eval(c, e->arg[i]);
        bool yes = fval_true(&v);
        bool bad = v.kind == FV_ERR;
        fval_free(&v);
        if (!yes || bad)
            return bad ? v_err() : v_bool(false);
    }
    return v_bool(true);
}

static struct fval fn_if(const struct fctx *c, const struct fexpr *e)
{
    struct fval v = eval(c, e->arg[0]);
    bool yes = fval_true(&v);
    bool bad = v.kind == FV_ERR;
    fval_free(&v);
    if (bad)
        return v_err();
    if (yes)
        return eval(c, e->arg[1]);
    return e->n_args > 2 ? eval(c, e->arg[2]) : v_blank();
}

static struct fval fn_iserror(const struct fctx *c, const struct fexpr *e)
{
    struct fval v = eval(c, e->arg[0]);
    bool bad = v.kind == FV_ERR;
    fval_free(&v);
    return v_bool(bad);
}

/* ---- functions over values ---- */

#define FN(name) static struct fval name(const struct fctx *c, struct fval *v, size_t n)
#define UNUSED_ALL (void)c, (void)v, (void)n

FN(fn_not)
{
    UNUSED_ALL;
    return v_bool(!fval_true(&v[0]));
}

FN(fn_true)
{
    UNUSED_ALL;
    return v_bool(true);
}

FN(fn_false)
{
    UNUSED_ALL;
    return v_bool(false);
}

FN(fn_blank)
{
    UNUSED_ALL;
    return v_blank();
}

FN(fn_error)
{
    UNUSED_ALL;
    return v_err();
}

FN(fn_record_id)
{
    UNUSED_ALL;
    return v_lit(c->r->id);
}

FN(fn_created)
{
    UNUSED_ALL;
    return v_date(c->r->created_ms - c->r->created_ms % 1000, false);
}

FN(fn_modified)
{
    UNUSED_ALL;
    int64_t ms = c->r->modified_ms ? c->r->modified_ms : c->r->created_ms;
    return v_date(ms - ms % 1000, false);
}

FN(fn_now)
{
    UNUSED_ALL;
    return v_date(twin_now_ms(c->a->t), false);
}

FN(fn_today)
{
    UNUSED_ALL;
    int64_t ms = twin_now_ms(c->a->t);
    return v_date(ms - ms % DAY_MS, true);
}

static struct fval by_date(const struct fval *v, int want)
{
    int64_t x;
    int64_t y;
    bool day;
    if (!date_of(&v[0], &x, &day) || !date_of(&v[1], &y, &day))
        return v_bool(false);
    return v_bool((x > y) - (x < y) == want);
}

FN(fn_after)
{
    UNUSED_ALL;
    return by_date(v, 1);
}

FN(fn_before)
{
    UNUSED_ALL;
    return by_date(v, -1);
}

FN(fn_same)
{
    UNUSED_ALL;
    int64_t x;
    int64_t y;
    bool day;
    if (n > 2 && v[2].kind == FV_STR && strcmp(v[2].str, "day") == 0 && date_of(&v[0], &x, &day) &&
        date_of(&v[1], &y, &day))
        return v_bool(x / DAY_MS == y / DAY_MS);
    return by_date(v, 0);
}

FN(fn_datetime_parse)
{
    UNUSED_ALL;
    int64_t ms;
    bool day;
    return date_of(&v[0], &ms, &day) ? v_date(ms, false) : v_err();
}

FN(fn_datetime_diff)
{
    UNUSED_ALL;
    static const struct {
        const char *unit;
        double ms;
    } units[] = {{"days", 864e5}, {"hours", 36e5}, {"minutes", 6e4}, {"seconds", 1e3}};
    int64_t x;
    int64_t y;
    bool day;
    double per = 1e3;
    if (!date_of(&v[0], &x, &day) || !date_of(&v[1], &y, &day))
        return v_err();
    for (size_t i = 0; n > 2 && v[2].kind == FV_STR && i < 4; i++)
        if (strcmp(units[i].unit, v[2].str) == 0)
            per = units[i].ms;
    return v_num(trunc((double)(x - y) / per));
}

/* MM, DD, YYYY, HH and mm; anything else is copied. */
FN(fn_datetime_format)
{
    UNUSED_ALL;
    int64_t ms;
    bool day;
    char iso[TW_ISO_LEN];
    if (!date_of(&v[0], &ms, &day))
        return v_err();
    tw_iso(ms, iso);
    if (n < 2)
        return v_own(tw_dup(iso));
    static const struct {
        const char *mark;
        int at;
    } marks[] = {{"YYYY", 0}, {"MM", 5}, {"DD", 8}, {"HH", 11}, {"mm", 14}, {"ss", 17}};
    struct tbuf b = {0};
    for (const char *p = v[1].kind == FV_STR ? v[1].str : ""; *p;) {
        size_t i = 0;
        while (i < 6 && strncmp(p, marks[i].mark, strlen(marks[i].mark)) != 0)
            i++;
        size_t len = i < 6 ? strlen(marks[i].mark) : 1;
        tb_add(&b, i < 6 ? iso + marks[i].at : p, len);
        p += len;
    }
    return v_own(tb_take(&b));
}

FN(fn_find)
{
    UNUSED_ALL;
    char *needle = text_of(&v[0]);
    char *hay = text_of(&v[1]);
    size_t from = n > 2 && num_of(&v[2]) > 1 ? (size_t)num_of(&v[2]) - 1 : 0;
    const char *at = from <= strlen(hay) ? strstr(hay + from, needle) : NULL;
    double pos = at ? (double)(at - hay) + 1 : 0;
    free(needle);
    free(hay);
    return v_num(pos);
}

static struct fval mapped(struct fval *v, int (*fn)(int))
{
    char *s = text_of(v);
    for (char *p = s; *p; p++)
        if ((unsigned char)*p < 0x80)
            *p = (char)fn((unsigned char)*p);
    return v_own(s);
}

FN(fn_lower)
{
    UNUSED_ALL;
    return mapped(&v[0], tolower);
}

FN(fn_upper)
{
    UNUSED_ALL;
    return mapped(&v[0], toupper);
}

FN(fn_trim)
{
    UNUSED_ALL;
    char *s = text_of(&v[0]);
    size_t len = strlen(s);
    while (len && isspace((unsigned char)s[len - 1]))
        s[--len] = '\0';
    char *out = tw_dup(s + strspn(s, " \t\r\n"));
    free(s);
    return v_own(out);
}

FN(fn_len)
{
    UNUSED_ALL;
    char *s = text_of(&v[0]);
    size_t len = 0;
    for (const char *p = s; *p; p++)
        len += ((unsigned char)*p & 0xc0) != 0x80;
    free(s);
    return v_num((double)len);
}

FN(fn_concat)
{
    UNUSED_ALL;
    struct tbuf b = {0};
    for (size_t i = 0; i < n; i++) {
        char *s = text_of(&v[i]);
        tb_str(&b, s);
        free(s);
    }
    return v_own(tb_take(&b));
}

FN(fn_sum)
{
    UNUSED_ALL;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += num_of(&v[i]);
    return v_num(sum);
}

FN(fn_round)
{
    UNUSED_ALL;
    double scale = pow(10, n > 1 ? num_of(&v[1]) : 0);
    return v_num(round(num_of(&v[0]) * scale) / scale);
}

FN(fn_value)
{
    UNUSED_ALL;
    char *s = text_of(&v[0]);
    double d = strtod(s, NULL);
    free(s);
    return v_num(d);
}

static const struct ffunc functions[] = {
    {"AND", 1, -1, NULL, fn_and},
    {"BLANK", 0, 0, fn_blank, NULL},
    {"CONCATENATE", 0, -1, fn_concat, NULL},
    {"CREATED_TIME", 0, 0, fn_created, NULL},
    {"DATETIME_DIFF", 2, 3, fn_datetime_diff, NULL},
    {"DATETIME_FORMAT", 1, 2, fn_datetime_format, NULL},
    {"DATETIME_PARSE", 1, 3, fn_datetime_parse, NULL},
    {"ERROR", 0, 1, fn_error, NULL},
    {"FALSE", 0, 0, fn_false, NULL},
    {"FIND", 2, 3, fn_find, NULL},
    {"IF", 2, 3, NULL, fn_if},
    {"ISERROR", 1, 1, NULL, fn_iserror},
    {"IS_AFTER", 2, 2, fn_after, NULL},
    {"IS_BEFORE", 2, 2, fn_before, NULL},
    {"IS_SAME", 2, 3, fn_same, NULL},
    {"LAST_MODIFIED_TIME", 0, -1, fn_modified, NULL},
    {"LEN", 1, 1, fn_len, NULL},
    {"LOWER", 1, 1, fn_lower, NULL},
    {"NOT", 1, 1, fn_not, NULL},
    {"NOW", 0, 0, fn_now, NULL},
    {"OR", 1, -1, NULL, fn_or},
    {"RECORD_ID", 0, 0, fn_record_id, NULL},
    {"ROUND", 1, 2, fn_round, NULL},
    {"SEARCH", 2, 3, fn_find, NULL},
    {"SUM", 1, -1, fn_sum, NULL},
    {"TODAY", 0, 0, fn_today, NULL},
    {"TRIM", 1, 1, fn_trim, NULL},
    {"TRUE", 0, 0, fn_true, NULL},
    {"UPPER", 1, 1, fn_upper, NULL},
    {"VALUE", 1, 1, fn_value, NULL},
};

const struct ffunc *formula_function(const char *name)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strcasecmp(functions[i].name, name) == 0)
            return &functions[i];
    return NULL;
}
