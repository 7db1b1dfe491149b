/* airtable_load.c: a scenario's "airtable" part in, the whole state out. */
#include "airtable.h"

#include "formula.h"

#include <stdlib.h>
#include <string.h>

#define ITERATOR_MS 600000 /* "a few minutes" is all that is known */

struct airtable *airtable_new(struct twin *t)
{
    struct airtable *a = tw_alloc(sizeof *a);
    a->t = t;
    a->iterator_ms = ITERATOR_MS;
    return a;
}

static void free_field(struct at_field *f)
{
    free(f->name);
    free(f->description);
    free(f->type_name);
    cJSON_Delete(f->options);
    cJSON_Delete(f->twin);
    formula_free(f->formula);
    free(f);
}

static void free_table(struct at_table *t)
{
    for (size_t i = 0; i < t->n_recs; i++)
        at_rec_free(t->rec[i]);
    for (size_t i = 0; i < t->n_fields; i++)
        free_field(t->field[i]);
    for (size_t i = 0; i < t->n_views; i++) {
        struct at_view *v = &t->view[i];
        free(v->name);
        free(v->type);
        free(v->filter);
        free(v->sort_field);
        cJSON_Delete(v->order);
        tmap_free(&v->hidden);
    }
    free(t->rec);
    free(t->field);
    free(t->view);
    free(t->sorted);
    tmap_free(&t->by_id);
    free(t->name);
    free(t->description);
    free(t);
}

void airtable_free(struct airtable *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->n_bases; i++) {
        struct at_base *b = a->base[i];
        at_hooks_free(b);
        at_iters_free(b);
        for (size_t k = 0; k < b->n_tables; k++)
            free_table(b->table[k]);
        free(b->table);
        free(b->name);
        free(b->workspace);
        cJSON_Delete(b->roles);
        free(b);
    }
    for (size_t i = 0; i < a->n_users; i++) {
        free(a->user[i].id);
        free(a->user[i].email);
        free(a->user[i].name);
    }
    for (size_t i = 0; i < a->n_quotas; i++)
        free(a->quota[i].workspace);
    free(a->base);
    free(a->user);
    free(a->quota);
    free(a);
}

/* ---- quota of a month ---- */

static int64_t month_of(int64_t ms)
{
    int y;
    int m;
    int d;
    tw_civil_from_days(ms / 86400000, &y, &m, &d);
    return (int64_t)y * 12 + m;
}

static struct at_quota *quota_of(struct airtable *a, const char *workspace)
{
    for (size_t i = 0; i < a->n_quotas; i++)
        if (strcmp(a->quota[i].workspace, workspace) == 0)
            return &a->quota[i];
    return NULL;
}

char *airtable_set_quota(struct airtable *a, const cJSON *workspaces)
{
    for (const cJSON *w = workspaces ? workspaces->child : NULL; w; w = w->next) {
        const char *id = tj_str(w, "id");
        if (!id)
            return tw_dup("workspaces: an entry without id");
        struct at_quota *q = quota_of(a, id);
        if (!q) {
            a->quota = tw_realloc(a->quota, (a->n_quotas + 1) * sizeof *a->quota);
            q = &a->quota[a->n_quotas++];
            *q = (struct at_quota){.workspace = tw_dup(id)};
        }
        q->limit = tj_int(w, "monthly_limit", q->limit);
        q->used = tj_int(w, "used", q->used);
        q->month = month_of(twin_now_ms(a->t));
    }
    return NULL;
}

bool airtable_count_call(struct airtable *a, const char *base_id)
{
    const struct at_base *b = at_base_find(a, base_id);
    struct at_quota *q = b && b->workspace ? quota_of(a, b->workspace) : NULL;
    if (!q)
        return true;
    int64_t month = month_of(twin_now_ms(a->t));
    if (month != q->month) {
        q->month = month;
        q->used = 0;
    }
    q->used++;
    return !q->limit || q->used <= q->limit;
}

/* ---- load ---- */

static void load_users(struct airtable *a, const cJSON *users)
{
    for (const cJSON *u = users ? users->child : NULL; u; u = u->next) {
        char id[AT_ID];
        twin_new_id(a->t, "usr", id);
        a->user = tw_realloc(a->user, (a->n_users + 1) * sizeof *a->user);
        const char *given = tj_str(u, "id");
        const char *email = tj_str(u, "email");
        const char *name = tj_str(u, "name");
        a->user[a->n_users++] = (struct at_user){.id = tw_dup(given ? given : id),
                                                 .email = tw_dup(email ? email : ""),
                                                 .name = tw_dup(name ? name : "")};
    }
}

static int64_t time_of(const cJSON *j, const char *key, int64_t def)
{
    const char *s = tj_str(j, key);
    int64_t ms;
    bool has_time;
    bool zoned;
    return s && tw_parse_iso(s, &ms, &has_time, &zoned) ? ms : def;
}

static void load_views(struct at_table *t, const cJSON *views)
{
    if (!views || !views->child)
        at_view_new(t, NULL, "Grid view", "grid");
    for (const cJSON *v = views ? views->child : NULL; v; v = v->next) {
        const char *type = tj_str(v, "type");
        const char *name = tj_str(v, "name");
        struct at_view *view =
            at_view_new(t, tj_str(v, "id"), name ? name : "Grid view", type ? type : "grid");
        view->filter = tw_dup(tj_str(v, "filter"));
        view->sort_field = tw_dup(tj_str(v, "sort"));
        if (tj_get(v, "order"))
            view->order = cJSON_Duplicate(tj_get(v, "order"), 1);
    }
}

static void load_table(struct at_base *b, const cJSON *j)
{
    const char *name = tj_str(j, "name");
    struct at_table *t = at_table_new(b, tj_str(j, "id"), name ? name : "Table 1");
    t->description = tw_dup(tj_str(j, "description"));
    const cJSON *fields = tj_get(j, "fields");
    for (const cJSON *f = fields ? fields->child : NULL; f; f = f->next)
        at_field_new(t, f);
    const char *primary = tj_str(j, "primaryFieldId");
    const struct at_field *p = primary ? at_field_find(t, primary) : NULL;
    if (p)
        memcpy(t->primary, p->id, AT_ID);
    load_views(t, tj_get(j, "views"));
}

/* Links in a scenario may name records by their primary value. */
static cJSON *links_by_name(const struct at_field *f, const cJSON *v)
{
    struct at_table *t = at_linked_table(f);
    cJSON *list = cJSON_IsArray(v) ? cJSON_Duplicate(v, 1) : NULL;
    for (cJSON *e = list && t ? list->child : NULL; e; e = e->next) {
        if (!cJSON_IsString(e) || at_rec_find(t, e->valuestring))
            continue;
        for (size_t i = 0; i < t->n_recs; i++) {
            char *text = at_primary_text(t->base->a, t, t->rec[i], 0);
            bool same = strcmp(text, e->valuestring) == 0;
            free(text);
            if (same) {
                cJSON_SetValuestring(e, t->rec[i]->id);
                break;
            }
        }
    }
    return list;
}

static bool load_cells(struct at_tx *tx, struct at_table *t, struct at_rec *r, const cJSON *fields,
                       bool links)
{
    for (const cJSON *c = fields ? fields->child : NULL; c; c = c->next) {
        struct at_field *f = at_field_find(t, c->string);
        if (!f)
            return at_tx_fail(tx, 422, "UNKNOWN_FIELD_NAME", "table %s has no field %s", t->name,
                              c->string);
        if ((f->type->kind == AT_LINK) != links)
            continue;
        cJSON *named = links ? links_by_name(f, c) : NULL;
        bool ok = at_tx_write(tx, t, r, f, named ? named : c);
        cJSON_Delete(named);
        if (!ok)
            return false;
        if (f->type->kind == AT_AUTONUMBER && c->valuedouble >= (double)f->next_number)
            f->next_number = (int64_t)c->valuedouble + 1;
    }
    return true;
}

static const char *known_user(const struct airtable *a, const char *id)
{
    const struct at_user *u = id ? at_user_find(a, id) : NULL;
    return u ? u->id : a->n_users ? a->user[0].id : NULL;
}

static bool load_records(struct at_tx *tx, struct at_table *t, const cJSON *records, bool links)
{
    int64_t created = tx->now - 86400000;
    size_t i = 0;
    for (const cJSON *j = records ? records->child : NULL; j; j = j->next, i++) {
        struct at_rec *r;
        if (!links) {
            const char *given = tj_str(j, "id");
            if (given && at_rec_find(t, given))
                return at_tx_fail(tx, 422, "DUPLICATE", "record %s is there twice", given);
            r = at_rec_new(t, given, time_of(j, "createdTime", created),
                           known_user(tx->a, tj_str(j, "createdBy")));
            r->modified_ms = time_of(j, "lastModifiedTime", 0);
            r->modified_by = r->created_by;
        } else {
            r = t->rec[i];
        }
        if (!load_cells(tx, t, r, tj_get(j, "fields"), links))
            return false;
    }
    return true;
}

/* Numbers count on from what the scenario gave; records without one get theirs. */
static void number_records(struct at_table *t)
{
    for (size_t i = 0; i < t->n_fields; i++) {
        struct at_field *f = t->field[i];
        if (f->type->kind != AT_AUTONUMBER)
            continue;
        if (tj_num(f->twin, "next", 0) > 0)
            f->next_number = tj_int(f->twin, "next", 1);
        for (size_t k = 0; k < t->n_recs; k++)
            if (!at_raw(t->rec[k], f))
                at_store(t->rec[k], f, tw_fmt("%lld", (long long)f->next_number++));
    }
}

static char *load_rows(struct at_base *b, const cJSON *tables)
{
    struct at_tx tx;
    char *wrong = NULL;
    at_tx_begin(&tx, b, known_user(b->a, NULL), "client");
    tx.loading = true;
    for (int links = 0; links < 2 && !wrong; links++) {
        size_t i = 0;
        for (const cJSON *j = tables ? tables->child : NULL; j && !wrong; j = j->next, i++) {
            if (!load_records(&tx, b->table[i], tj_get(j, "records"), links))
                wrong = tw_fmt("base %s, table %s: %s", b->name, b->table[i]->name, tx.message);
        }
    }
    /* What a scenario says is how things are: no history, no hooks, no new times. */
    for (size_t i = 0; i < tx.n_steps; i++)
        free(tx.step[i].old);
    free(tx.step);
    at_touch_free(&tx);
    free(tx.type);
    free(tx.message);
    return wrong;
}

static char *load_base(struct airtable *a, const cJSON *j)
{
    const char *name = tj_str(j, "name");
    struct at_base *b = at_base_new(a, tj_str(j, "id"), name ? name : "Base");
    const cJSON *tables = tj_get(j, "tables");
    b->workspace = tw_dup(tj_str(j, "workspace"));
    if (tj_get(j, "roles")) {
        cJSON_Delete(b->roles);
        b->roles = cJSON_Duplicate(tj_get(j, "roles"), 1);
    }
    for (const cJSON *t = tables ? tables->child : NULL; t; t = t->next)
        load_table(b, t);
    /* Links first: lookups over them come after, whatever the order of the tables. */
    for (int pass = 0; pass < 3; pass++) {
        for (size_t i = 0; i < b->n_tables; i++) {
            for (size_t k = 0; k < b->table[i]->n_fields; k++) {
                struct at_field *f = b->table[i]->field[k];
                int turn = f->type->kind == AT_LINK ? 0 : f->type->kind == AT_FORMULA ? 2 : 1;
                char *wrong = turn == pass ? at_field_resolve(f) : NULL;
                if (wrong)
                    return wrong;
            }
        }
    }
    char *wrong = load_rows(b, tables);
    for (size_t i = 0; i < b->n_tables && !wrong; i++)
        number_records(b->table[i]);
    return wrong ? wrong : at_hooks_load(b, tj_get(j, "webhooks"));
}

char *airtable_load(struct airtable *a, const cJSON *part)
{
    load_users(a, tj_get(part, "users"));
    a->iterator_ms = tj_int(part, "iterator_ms", a->iterator_ms);
    char *wrong = airtable_set_quota(a, tj_get(part, "workspaces"));
    const cJSON *bases = tj_get(part, "bases");
    for (const cJSON *b = bases ? bases->child : NULL; b && !wrong; b = b->next)
        wrong = load_base(a, b);
    return wrong;
}

/* ---- dump ---- */

static cJSON *dump_table(struct airtable *a, struct at_table *t)
{
    cJSON *o = at_table_schema(t, false);
    struct at_shape shape = {0};
    struct tbuf b = {0};
    tb_chr(&b, '[');
    for (size_t i = 0; i < t->n_recs; i++) {
        if (i)
            tb_chr(&b, ',');
        at_add_record(a, &b, t, t->rec[i], &shape);
    }
    tb_chr(&b, ']');
    char *text = tb_take(&b);
    tj_add_raw(o, "records", text);
    free(text);
    return o;
}

cJSON *airtable_dump(struct airtable *a)
{
    cJSON *o = cJSON_CreateObject();
    cJSON *bases = cJSON_AddArrayToObject(o, "bases");
    for (size_t i = 0; i < a->n_bases; i++) {
        struct at_base *b = a->base[i];
        cJSON *j = cJSON_CreateObject();
        cJSON_AddStringToObject(j, "id", b->id);
        cJSON_AddStringToObject(j, "name", b->name);
        cJSON *tables = cJSON_AddArrayToObject(j, "tables");
        for (size_t k = 0; k < b->n_tables; k++)
            if (!b->table[k]->gone)
                cJSON_AddItemToArray(tables, dump_table(a, b->table[k]));
        cJSON_AddItemToObject(j, "webhooks", at_hooks_dump(b));
        cJSON_AddItemToArray(bases, j);
    }
    cJSON *quotas = cJSON_AddArrayToObject(o, "workspaces");
    for (size_t i = 0; i < a->n_quotas; i++) {
        cJSON *q = cJSON_CreateObject();
        cJSON_AddStringToObject(q, "id", a->quota[i].workspace);
        tj_add_int(q, "monthly_limit", a->quota[i].limit);
        tj_add_int(q, "used", a->quota[i].used);
        cJSON_AddItemToArray(quotas, q);
    }
    return o;
}
