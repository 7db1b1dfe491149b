/*
 * airtable_list.c: listing records. The set and the order are fixed when the first page is asked
 * for; the values are those of the moment a page is fetched. An offset names the listing and the
 * last record of the page before.
 */
#include "airtable.h"

#include "formula.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ITERS 64
#define MAX_SORTS 10

struct at_iter {
    char id[AT_ID];
    struct at_table *table;
    char (*rec)[AT_ID];
    size_t n;
    int64_t touched_ms;
};

static const char *const list_keys[] = {"pageSize",
                                        "offset",
                                        "maxRecords",
                                        "fields",
                                        "sort",
                                        "view",
                                        "cellFormat",
                                        "filterByFormula",
                                        "timeZone",
                                        "userLocale",
                                        "recordMetadata",
                                        "returnFieldsByFieldId",
                                        "includeDateDependencyMetadata",
                                        NULL};

static void iter_free(struct at_iter *it)
{
    free(it->rec);
    free(it);
}

void at_iters_free(struct at_base *b)
{
    for (size_t i = 0; i < b->n_iters; i++)
        iter_free(b->iter[i]);
    free(b->iter);
    b->iter = NULL;
    b->n_iters = 0;
}

/* ---- query string to body form ---- */

static bool add_number(cJSON *o, const char *name, const char *value)
{
    char *end;
    double d = strtod(value, &end);
    if (!*value || *end)
        return false;
    cJSON_AddNumberToObject(o, name, d);
    return true;
}

/* sort[0][field]=X, sort[0][direction]=asc */
static bool add_sort(cJSON *o, const char *name, const char *value)
{
    char *end;
    long i = strtol(name + 5, &end, 10);
    if (end == name + 5 || i < 0 || i >= MAX_SORTS)
        return false;
    const char *key = strcmp(end, "][field]") == 0       ? "field"
                      : strcmp(end, "][direction]") == 0 ? "direction"
                                                         : NULL;
    if (!key)
        return false;
    cJSON *list = tj_get(o, "sort");
    if (!list)
        list = cJSON_AddArrayToObject(o, "sort");
    while (cJSON_GetArraySize(list) <= i)
        cJSON_AddItemToArray(list, cJSON_CreateObject());
    cJSON_AddStringToObject(cJSON_GetArrayItem(list, (int)i), key, value);
    return true;
}

static bool add_to_list(cJSON *o, const char *key, const char *value)
{
    cJSON *list = tj_get(o, key);
    if (!list)
        list = cJSON_AddArrayToObject(o, key);
    cJSON_AddItemToArray(list, cJSON_CreateString(value));
    return true;
}

static bool add_param(cJSON *o, const char *name, const char *value, size_t nth_field)
{
    static const char *const plain[] = {
        "offset", "view", "filterByFormula", "cellFormat", "timeZone", "userLocale", NULL};
    if (strcmp(name, "pageSize") == 0 || strcmp(name, "maxRecords") == 0)
        return add_number(o, name, value);
    if (strncmp(name, "sort[", 5) == 0)
        return add_sort(o, name, value);
    if (strcmp(name, "fields[]") == 0 || strcmp(name, "recordMetadata[]") == 0) {
        char *key = tw_ndup(name, strlen(name) - 2);
        bool ok = add_to_list(o, key, value);
        free(key);
        return ok;
    }
    /* The indexed form works for the first entries only. */
    if (strncmp(name, "fields[", 7) == 0 && isdigit((unsigned char)name[7]))
        return nth_field < 21 && add_to_list(o, "fields", value);
    if (strcmp(name, "returnFieldsByFieldId") == 0 ||
        strcmp(name, "includeDateDependencyMetadata") == 0) {
        cJSON_AddBoolToObject(o, name, strcmp(value, "true") == 0 || strcmp(value, "1") == 0);
        return true;
    }
    for (size_t i = 0; plain[i]; i++) {
        if (strcmp(plain[i], name) == 0) {
            cJSON_AddStringToObject(o, name, value);
            return true;
        }
    }
    return false;
}

bool at_list_query(struct at_call *c, cJSON **params)
{
    *params = cJSON_CreateObject();
    size_t n_fields = 0;
    for (size_t i = 0; i < c->req->n_query; i++) {
        const struct twin_pair *q = &c->req->query[i];
        if (!add_param(*params, q->name, q->value, n_fields))
            return at_bad_request(c);
        n_fields += strncmp(q->name, "fields[", 7) == 0;
    }
    return true;
}

/* ---- what is asked for ---- */

struct asked {
    size_t page;
    size_t max; /* 0: all */
    const char *offset;
    const char *formula;
    struct at_view *view;
    struct at_field *sort[MAX_SORTS];
    bool down[MAX_SORTS];
    size_t n_sorts;
    struct at_shape shape;
    bool *pick;
};

static bool whole_number(const cJSON *v, double min, double max)
{
    return cJSON_IsNumber(v) && v->valuedouble >= min && v->valuedouble <= max &&
           v->valuedouble == (double)(int64_t)v->valuedouble;
}

static bool read_fields(struct at_call *c, const cJSON *p, struct asked *q)
{
    const cJSON *fields = tj_get(p, "fields");
    if (!fields)
        return true;
    if (!cJSON_IsArray(fields))
        return at_bad_request(c);
    q->pick = tw_alloc((c->table->n_fields + 1) * sizeof(bool));
    q->shape.pick = q->pick;
    for (const cJSON *f = fields->child; f; f = f->next) {
        const char *name = cJSON_GetStringValue(f);
        struct at_field *field = name ? at_field_find(c->table, name) : NULL;
        if (!name)
            return at_bad_request(c);
        if (!field)
            return at_error(c, 422, "UNKNOWN_FIELD_NAME", "Unknown field name: \"%s\"", name);
        q->pick[field->slot] = true;
    }
    return true;
}

static bool read_sort(struct at_call *c, const cJSON *p, struct asked *q)
{
    static const char *const keys[] = {"field", "direction", NULL};
    const cJSON *sort = tj_get(p, "sort");
    if (!sort)
        return true;
    if (!cJSON_IsArray(sort) || cJSON_GetArraySize(sort) > MAX_SORTS)
        return at_bad_request(c);
    for (const cJSON *s = sort->child; s; s = s->next) {
        const char *name = tj_str(s, "field");
        const char *dir = tj_str(s, "direction");
        if (!name || !at_only_keys(s, keys) ||
            (dir && strcmp(dir, "asc") != 0 && strcmp(dir, "desc") != 0))
            return at_bad_request(c);
        q->sort[q->n_sorts] = at_field_find(c->table, name);
        if (!q->sort[q->n_sorts])
            return at_error(c, 422, "UNKNOWN_FIELD_NAME", "Unknown field name: \"%s\"", name);
        q->down[q->n_sorts++] = dir && strcmp(dir, "desc") == 0;
    }
    return true;
}

static bool read_view(struct at_call *c, const cJSON *p, struct asked *q)
{
    const char *view = tj_str(p, "view");
    if (!view)
        return !tj_get(p, "view") || at_bad_request(c);
    q->view = at_view_find(c->table, view);
    if (q->view)
        return true;
    return at_error(c, 422, at_is_id(view, "viw") ? "VIEW_ID_NOT_FOUND" : "VIEW_NAME_NOT_FOUND",
                    "View %s not found", view);
}

static bool read_format(struct at_call *c, const cJSON *p, struct asked *q)
{
    const char *format = tj_str(p, "cellFormat");
    const cJSON *by_id = tj_get(p, "returnFieldsByFieldId");
    const cJSON *meta = tj_get(p, "recordMetadata");
    if (format && strcmp(format, "json") != 0 && strcmp(format, "string") != 0)
        return at_bad_request(c);
    q->shape.as_string = format && strcmp(format, "string") == 0;
    if (q->shape.as_string && (!tj_str(p, "timeZone") || !tj_str(p, "userLocale")))
        return at_bad_request(c);
    if (by_id && !cJSON_IsBool(by_id))
        return at_bad_request(c);
    q->shape.by_id = cJSON_IsTrue(by_id);
    for (const cJSON *m = meta ? meta->child : NULL; m; m = m->next) {
        if (!cJSON_IsString(m) || strcmp(m->valuestring, "commentCount") != 0)
            return at_bad_request(c);
        q->shape.comment_count = true;
    }
    return true;
}

static bool read_asked(struct at_call *c, const cJSON *p, struct asked *q)
{
    const cJSON *page = tj_get(p, "pageSize");
    const cJSON *max = tj_get(p, "maxRecords");
    const cJSON *offset = tj_get(p, "offset");
    const cJSON *formula = tj_get(p, "filterByFormula");
    if (!at_only_keys(p, list_keys))
        return at_bad_request(c);
    if ((page && !whole_number(page, 1, AT_MAX_PAGE)) || (max && !whole_number(max, 1, 1e9)) ||
        (offset && !cJSON_IsString(offset)) || (formula && !cJSON_IsString(formula)))
        return at_bad_request(c);
    q->page = page ? (size_t)page->valuedouble : AT_MAX_PAGE;
    q->max = max ? (size_t)max->valuedouble : 0;
    q->offset = offset && *offset->valuestring ? offset->valuestring : NULL;
    q->formula = formula && *formula->valuestring ? formula->valuestring : NULL;
    return read_fields(c, p, q) && read_sort(c, p, q) && read_view(c, p, q) && read_format(c, p, q);
}

/* ---- making the set ---- */

struct sorter {
    struct airtable *a;
    const struct asked *q;
};

static int compare_cells(struct airtable *a, const struct at_field *f, struct at_rec *x,
                         struct at_rec *y)
{
    struct fval v = fval_of_cell(a, x, f, 0);
    struct fval w = fval_of_cell(a, y, f, 0);
    int rc = 0;
    if (v.kind == FV_BLANK || w.kind == FV_BLANK)
        rc = (v.kind != FV_BLANK) - (w.kind != FV_BLANK);
    else if (v.kind == FV_STR && w.kind == FV_STR)
        rc = strcasecmp(v.str, w.str);
    else if (v.kind == FV_DATE && w.kind == FV_DATE)
        rc = (v.ms > w.ms) - (v.ms < w.ms);
    else
        rc = (v.num > w.num) - (v.num < w.num);
    fval_free(&v);
    fval_free(&w);
    return rc;
}

static int by_sorts(const void *x, const void *y, void *arg)
{
    const struct sorter *s = arg;
    struct at_rec *a = *(struct at_rec *const *)x;
    struct at_rec *b = *(struct at_rec *const *)y;
    for (size_t i = 0; i < s->q->n_sorts; i++) {
        int rc = compare_cells(s->a, s->q->sort[i], a, b);
        if (rc)
            return s->q->down[i] ? -rc : rc;
    }
    return strcmp(a->id, b->id);
}

/* Records in the view's order: those it names, then the others as they were made. */
static size_t view_order(struct at_table *t, const struct at_view *v, struct at_rec **out)
{
    size_t n = 0;
    struct tmap named = {0};
    for (const cJSON *e = v->order ? v->order->child : NULL; e; e = e->next) {
        struct at_rec *r = at_rec_find(t, e->valuestring);
        if (!r || tmap_get(&named, r->id))
            continue;
        tmap_put(&named, r->id, r);
        out[n++] = r;
    }
    for (size_t i = 0; i < t->n_recs; i++)
        if (!tmap_get(&named, t->rec[i]->id))
            out[n++] = t->rec[i];
    tmap_free(&named);
    return n;
}

static size_t candidates(struct at_call *c, const struct asked *q, const struct fexpr *filter,
                         struct at_rec **out)
{
    size_t n = 0;
    size_t n_ids = 0;
    const char **ids = filter && !q->view ? formula_ids(filter, &n_ids) : NULL;
    struct at_rec **sorted = at_sorted(c->table);
    if (ids) { /* a client asking for records by id: no need to look at all of them */
        struct tmap wanted = {0};
        for (size_t i = 0; i < n_ids; i++) {
            struct at_rec *r = at_rec_find(c->table, ids[i]);
            if (!r || tmap_get(&wanted, r->id))
                continue;
            tmap_put(&wanted, r->id, r);
            out[n++] = r;
        }
        tmap_free(&wanted);
        free(ids);
        return n;
    }
    if (q->view)
        return view_order(c->table, q->view, out);
    memcpy(out, sorted, c->table->n_recs * sizeof(struct at_rec *));
    return c->table->n_recs;
}

static size_t filtered(struct at_call *c, const struct asked *q, const struct fexpr *filter,
                       struct at_rec **recs)
{
    size_t n = candidates(c, q, filter, recs);
    size_t keep = 0;
    bool stale = c->req->hint && strcmp(c->req->hint, "stale_read") == 0;
    for (size_t i = 0; i < n; i++) {
        struct at_rec *r = recs[i];
        /* A fault: what was made a moment ago is not in the index yet. */
        if (stale && r->created_ms > c->req->now_ms - c->req->hint_ms)
            continue;
        if (q->view && !at_in_view(c->table, q->view, r))
            continue;
        if (filter) {
            struct fval v = formula_eval(c->a, filter, r, 0);
            bool in = fval_true(&v);
            fval_free(&v);
            if (!in)
                continue;
        }
        recs[keep++] = r;
    }
    return keep;
}

static bool make_set(struct at_call *c, const struct asked *q, struct at_iter *it)
{
    char *wrong = NULL;
    struct fexpr *filter = q->formula ? formula_parse(q->formula, c->table, &wrong) : NULL;
    if (wrong) {
        at_error(c, 422, "INVALID_FILTER_BY_FORMULA",
                 "The formula for filtering records is invalid: %s", wrong);
        free(wrong);
        return false;
    }
    struct at_rec **recs = tw_alloc((c->table->n_recs + 1) * sizeof(struct at_rec *));
    size_t n = filtered(c, q, filter, recs);
    struct sorter s = {c->a, q};
    if (q->n_sorts)
        qsort_r(recs, n, sizeof(struct at_rec *), by_sorts, &s);
    else if (!q->view && filter)
        qsort_r(recs, n, sizeof(struct at_rec *), by_sorts, &s);
    if (q->max && n > q->max)
        n = q->max;
    it->n = n;
    it->rec = tw_alloc((n + 1) * sizeof *it->rec);
    for (size_t i = 0; i < n; i++)
        memcpy(it->rec[i], recs[i]->id, AT_ID);
    free(recs);
    formula_free(filter);
    return true;
}

static void drop_iter(struct at_base *b, size_t i)
{
    iter_free(b->iter[i]);
    memmove(&b->iter[i], &b->iter[i + 1], (b->n_iters - i - 1) * sizeof *b->iter);
    b->n_iters--;
}

static struct at_iter *new_iter(struct at_call *c)
{
    struct at_base *b = c->base;
    if (b->n_iters == MAX_ITERS)
        drop_iter(b, 0);
    struct at_iter *it = tw_alloc(sizeof *it);
    twin_new_id(c->a->t, "itr", it->id);
    it->table = c->table;
    b->iter = tw_realloc(b->iter, (b->n_iters + 1) * sizeof *b->iter);
    b->iter[b->n_iters++] = it;
    return it;
}

/* Finds the listing an offset belongs to and the position after its record. */
static struct at_iter *resume(struct at_call *c, const char *offset, size_t *pos)
{
    char itr[AT_ID] = "";
    if (strlen(offset) == 2 * (AT_ID - 1) + 1 && offset[AT_ID - 1] == '/')
        memcpy(itr, offset, AT_ID - 1);
    if (!at_is_id(itr, "itr") || !at_is_id(offset + AT_ID, "rec")) {
        bool number = *offset && strspn(offset, "0123456789") == strlen(offset);
        if (number)
            at_bad_request(c);
        else
            at_error(c, 422, "INVALID_OFFSET_VALUE", "The value of offset %s is invalid", offset);
        return NULL;
    }
    for (size_t i = 0; i < c->base->n_iters; i++) {
        struct at_iter *it = c->base->iter[i];
        if (strcmp(it->id, itr) != 0 || it->table != c->table)
            continue;
        if (c->req->now_ms - it->touched_ms > c->a->iterator_ms) {
            drop_iter(c->base, i);
            break;
        }
        for (size_t k = 0; k < it->n; k++) {
            if (strcmp(it->rec[k], offset + AT_ID) == 0) {
                *pos = k + 1;
                return it;
            }
        }
    }
    at_error(c, 422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE", NULL);
    return NULL;
}

/* True when it was the last. */
static bool send_page(struct at_call *c, const struct asked *q, struct at_iter *it, size_t pos)
{
    struct tbuf b = {0};
    bool first = true;
    bool cut_short = c->req->hint && strcmp(c->req->hint, "short_list") == 0;
    if (c->req->hint && strcmp(c->req->hint, "repeat_page") == 0)
        pos = pos > q->page ? pos - q->page : 0;
    size_t end = pos + q->page < it->n ? pos + q->page : it->n;
    if (cut_short && end > pos + 3)
        end = pos + 3;
    it->touched_ms = c->req->now_ms;
    tb_str(&b, "{\"records\":[");
    for (size_t i = pos; i < end; i++) {
        struct at_rec *r = at_rec_find(it->table, it->rec[i]);
        if (!r)
            continue; /* deleted since the listing began */
        if (!first)
            tb_chr(&b, ',');
        first = false;
        at_add_record(c->a, &b, c->table, r, &q->shape);
    }
    tb_chr(&b, ']');
    if (end < it->n && !cut_short)
        tb_fmt(&b, ",\"offset\":\"%s/%s\"", it->id, it->rec[end - 1]);
    tb_chr(&b, '}');
    c->res->status = 200;
    c->res->body_len = b.n;
    c->res->body = tb_take(&b);
    return end >= it->n;
}

void at_list(struct at_call *c, const cJSON *params)
{
    struct asked q = {0};
    size_t pos = 0;
    struct at_iter *it = NULL;
    if (!read_asked(c, params, &q))
        goto out;
    if (q.offset) {
        it = resume(c, q.offset, &pos);
        if (!it)
            goto out;
    } else {
        it = new_iter(c);
        if (!make_set(c, &q, it)) {
            drop_iter(c->base, c->base->n_iters - 1);
            goto out;
        }
    }
    /* A listing of one page is not held: nothing can ask for more of it. */
    if (send_page(c, &q, it, pos) && !q.offset)
        drop_iter(c->base, c->base->n_iters - 1);
out:
    free(q.pick);
}
