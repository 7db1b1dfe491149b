/* airtable_records.c: get, create, update, upsert, delete. */
#include "airtable.h"

#include <stdlib.h>
#include <string.h>

static const char *const write_keys[] = {
    "records", "fields", "typecast", "returnFieldsByFieldId", "performUpsert", NULL};

static bool tx_answer(struct at_call *c, struct at_tx *tx)
{
    at_error(c, tx->status, tx->type, "%s", tx->message);
    at_tx_abort(tx);
    return false;
}

static void begin(struct at_call *c, struct at_tx *tx)
{
    at_tx_begin(tx, c->base, c->user, "publicApi");
    tx->typecast = tj_bool(c->body, "typecast", false);
    tx->may_create = c->role >= AT_ROLE_CREATE;
}

static struct at_shape shape_of(const struct at_call *c)
{
    return (struct at_shape){.by_id = tj_bool(c->body, "returnFieldsByFieldId", false)};
}

void at_get(struct at_call *c, const char *rec_id)
{
    struct at_rec *r = at_rec_find(c->table, rec_id);
    struct at_shape shape = {0};
    struct tbuf b = {0};
    static const char *const known[] = {"cellFormat", "timeZone", "userLocale",
                                        "returnFieldsByFieldId"};
    for (size_t i = 0; i < c->req->n_query; i++) {
        size_t k = 0;
        while (k < 4 && strcmp(known[k], c->req->query[i].name) != 0)
            k++;
        if (k == 4) {
            at_bad_request(c);
            return;
        }
    }
    const char *by_id = twin_query(c->req, "returnFieldsByFieldId");
    const char *format = twin_query(c->req, "cellFormat");
    shape.by_id = by_id && (strcmp(by_id, "true") == 0 || strcmp(by_id, "1") == 0);
    shape.as_string = format && strcmp(format, "string") == 0;
    if (shape.as_string && (!twin_query(c->req, "timeZone") || !twin_query(c->req, "userLocale"))) {
        at_bad_request(c);
        return;
    }
    if (!r) {
        at_error(c, 404, "MODEL_ID_NOT_FOUND", "Record not found");
        return;
    }
    at_add_record(c->a, &b, c->table, r, &shape);
    char *text = tb_take(&b);
    twin_res_text(c->res, 200, NULL, text);
    free(text);
}

/* Writes the cells of one record of a request; put empties what is not named. */
static bool write_fields(struct at_tx *tx, struct at_table *t, struct at_rec *r,
                         const cJSON *fields, bool put)
{
    for (const cJSON *v = fields->child; v; v = v->next) {
        struct at_field *f = at_field_find(t, v->string);
        if (!f)
            return at_tx_fail(tx, 422, "UNKNOWN_FIELD_NAME", "Unknown field name: \"%s\"",
                              v->string);
        if (!at_tx_write(tx, t, r, f, v))
            return false;
    }
    for (size_t i = 0; i < t->n_fields && put; i++) {
        struct at_field *f = t->field[i];
        if (f->gone || !(f->type->flags & AT_WRITE) || !at_raw(r, f))
            continue;
        if (!tj_get(fields, f->name) && !tj_get(fields, f->id))
            at_tx_set(tx, t, r, f, NULL);
    }
    return true;
}

/* The records of a batch, or NULL and an answer. */
static const cJSON *batch_of(struct at_call *c, bool with_id)
{
    static const char *const keys[] = {"id", "fields", NULL};
    const cJSON *records = tj_get(c->body, "records");
    int n = cJSON_GetArraySize(records);
    if (cJSON_IsArray(records) && n > AT_MAX_BATCH && !with_id) {
        at_error(c, 422, "INVALID_RECORDS",
                 "A maximum of 10 records can be created per request but you have provided %d.", n);
        return NULL;
    }
    bool good = cJSON_IsArray(records) && n >= 1 && n <= AT_MAX_BATCH;
    bool upsert = tj_get(c->body, "performUpsert") != NULL;
    for (const cJSON *r = good ? records->child : NULL; r && good; r = r->next) {
        good = cJSON_IsObject(r) && cJSON_IsObject(tj_get(r, "fields")) && at_only_keys(r, keys);
        good = good && (!tj_get(r, "id") || (with_id && tj_str(r, "id")));
        good = good && (!with_id || upsert || tj_str(r, "id"));
    }
    if (good)
        return records;
    at_error(c, 422, "INVALID_RECORDS",
             "You must provide an array of up to 10 record objects, each with %s\"fields\" object "
             "for cell values.",
             with_id ? "an \"id\" ID field and a " : "a ");
    return NULL;
}

static bool check_options(struct at_call *c)
{
    static const char *const bools[] = {"typecast", "returnFieldsByFieldId"};
    if (!at_only_keys(c->body, write_keys) || c->req->n_query)
        return at_bad_request(c);
    for (size_t i = 0; i < 2; i++) {
        const cJSON *v = tj_get(c->body, bools[i]);
        if (v && !cJSON_IsBool(v))
            return at_bad_request(c);
    }
    return true;
}

static void answer_records(struct at_call *c, struct at_rec *const *recs, size_t n,
                           const cJSON *extra)
{
    struct at_shape shape = shape_of(c);
    struct tbuf b = {0};
    tb_str(&b, "{\"records\":[");
    for (size_t i = 0; i < n; i++) {
        if (i)
            tb_chr(&b, ',');
        at_add_record(c->a, &b, c->table, recs[i], &shape);
    }
    tb_chr(&b, ']');
    for (const cJSON *e = extra ? extra->child : NULL; e; e = e->next) {
        tb_fmt(&b, ",\"%s\":", e->string);
        tb_json(&b, e);
    }
    tb_chr(&b, '}');
    char *text = tb_take(&b);
    twin_res_text(c->res, 200, NULL, text);
    free(text);
}

static void answer_one(struct at_call *c, struct at_rec *r)
{
    struct at_shape shape = shape_of(c);
    struct tbuf b = {0};
    at_add_record(c->a, &b, c->table, r, &shape);
    char *text = tb_take(&b);
    twin_res_text(c->res, 200, NULL, text);
    free(text);
}

void at_create(struct at_call *c)
{
    struct at_tx tx;
    struct at_rec *made[AT_MAX_BATCH];
    size_t n = 0;
    if (!at_need(c, "data.records:write", AT_ROLE_EDIT) || !at_body(c) || !check_options(c))
        return;
    const cJSON *single = tj_get(c->body, "fields");
    const cJSON *records = tj_get(c->body, "records");
    if (tj_get(c->body, "performUpsert") || (single && records)) {
        at_bad_request(c);
        return;
    }
    if (!records && !cJSON_IsObject(single)) {
        at_error(c, 422, "INVALID_REQUEST_MISSING_FIELDS",
                 "Could not find field \"fields\" in the request body");
        return;
    }
    if (records && !(records = batch_of(c, false)))
        return;
    begin(c, &tx);
    for (const cJSON *r = records ? records->child : c->body; r; r = r->next) {
        made[n] = at_tx_create(&tx, c->table);
        if (!write_fields(&tx, c->table, made[n++], tj_get(r, "fields"), false)) {
            tx_answer(c, &tx);
            return;
        }
    }
    at_tx_commit(&tx, c->req);
    c->res->wrote = true;
    if (records)
        answer_records(c, made, n, NULL);
    else
        answer_one(c, made[0]);
}

/* ---- upsert ---- */

#define MAX_MERGE 3

struct upsert {
    struct at_field *on[MAX_MERGE];
    size_t n;
};

static bool may_merge_on(const struct at_field *f)
{
    static const char *const good[] = {"number",       "singleLineText",  "multilineText",
                                       "singleSelect", "multipleSelects", "date"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (strcmp(f->type_name, good[i]) == 0)
            return true;
    return false;
}

static bool read_upsert(struct at_call *c, struct upsert *u)
{
    static const char *const keys[] = {"fieldsToMergeOn", NULL};
    const cJSON *spec = tj_get(c->body, "performUpsert");
    const cJSON *on = tj_get(spec, "fieldsToMergeOn");
    int n = cJSON_GetArraySize(on);
    if (!cJSON_IsObject(spec) || !at_only_keys(spec, keys) || !cJSON_IsArray(on) || n < 1 ||
        n > MAX_MERGE)
        return at_bad_request(c);
    for (const cJSON *e = on->child; e; e = e->next) {
        if (!cJSON_IsString(e))
            return at_bad_request(c);
        struct at_field *f = at_field_find(c->table, e->valuestring);
        if (!f)
            return at_error(c, 422, "UNKNOWN_FIELD_NAME", "Unknown field name: \"%s\"",
                            e->valuestring);
        if (!may_merge_on(f))
            return at_bad_request(c);
        u->on[u->n++] = f;
    }
    return true;
}

/* Nothing says how texts are compared: the twin takes them for the same in any case, and without
 * the spaces at their ends. */
static bool same_key(const struct at_field *f, const char *have, const char *want)
{
    bool text =
        strcmp(f->type_name, "singleLineText") == 0 || strcmp(f->type_name, "multilineText") == 0;
    if (!text)
        return strcmp(have, want) == 0;
    have += strspn(have, " ");
    want += strspn(want, " ");
    size_t n = strlen(have);
    size_t m = strlen(want);
    while (n && have[n - 1] == ' ')
        n--;
    while (m && want[m - 1] == ' ')
        m--;
    return n == m && strncasecmp(have, want, n) == 0;
}

/* How many of the table's first n records have the keys of fields; the first of them in *hit. */
static bool find_matches(struct at_tx *tx, struct at_table *t, const struct upsert *u,
                         const cJSON *fields, struct at_rec **hit, size_t *n)
{
    char *want[MAX_MERGE] = {0};
    bool ok = true;
    bool blank = false;
    size_t last = *n;
    *n = 0;
    *hit = NULL;
    for (size_t k = 0; k < u->n && ok; k++) {
        const cJSON *v = tj_get(fields, u->on[k]->name);
        if (!v)
            v = tj_get(fields, u->on[k]->id);
        ok = !v || at_check(tx, u->on[k], v, &want[k]);
        blank = blank || !want[k];
    }
    /* An empty key meets nothing: a record is made. */
    for (size_t i = 0; i < last && ok && !blank; i++) {
        bool same = true;
        for (size_t k = 0; k < u->n && same; k++) {
            const char *have = at_raw(t->rec[i], u->on[k]);
            same = have && same_key(u->on[k], have, want[k]);
        }
        if (same && (*n)++ == 0)
            *hit = t->rec[i];
    }
    for (size_t k = 0; k < u->n; k++)
        free(want[k]);
    return ok;
}

static bool target_of(struct at_call *c, struct at_tx *tx, const struct upsert *u, const cJSON *r,
                      size_t before, struct at_rec **out)
{
    const char *id = tj_str(r, "id");
    size_t n = before;
    if (id) {
        *out = at_is_id(id, "rec") ? at_rec_find(c->table, id) : NULL;
        return *out || at_tx_fail(tx, 422, "ROW_DOES_NOT_EXIST",
                                  "Record ID %s does not exist in this table", id);
    }
    if (!find_matches(tx, c->table, u, tj_get(r, "fields"), out, &n))
        return false;
    if (n > 1)
        return at_tx_fail(tx, 422, "INVALID_REQUEST_UNKNOWN",
                          "Cannot upsert: %zu records match the fields to merge on", n);
    return true;
}

static void note_upsert(cJSON *lists, bool created, const char *id)
{
    cJSON *list = tj_get(lists, created ? "createdRecords" : "updatedRecords");
    cJSON_AddItemToArray(list, cJSON_CreateString(id));
}

void at_update(struct at_call *c, bool put)
{
    struct at_tx tx;
    struct upsert u = {0};
    struct at_rec *done[AT_MAX_BATCH];
    size_t n = 0;
    if (!at_need(c, "data.records:write", AT_ROLE_EDIT) || !at_body(c) || !check_options(c))
        return;
    bool upsert = tj_get(c->body, "performUpsert") != NULL;
    if (tj_get(c->body, "fields")) {
        at_bad_request(c);
        return;
    }
    const cJSON *records = batch_of(c, true);
    if (!records || (upsert && !read_upsert(c, &u)))
        return;
    cJSON *lists = upsert ? cJSON_CreateObject() : NULL;
    if (lists) {
        cJSON_AddArrayToObject(lists, "updatedRecords");
        cJSON_AddArrayToObject(lists, "createdRecords");
    }
    size_t before = c->table->n_recs;
    bool ok = true;
    begin(c, &tx);
    for (const cJSON *r = records->child; r && ok; r = r->next) {
        struct at_rec *rec = NULL;
        ok = target_of(c, &tx, &u, r, before, &rec);
        if (!ok)
            break;
        bool create = !rec;
        if (create)
            rec = at_tx_create(&tx, c->table);
        done[n++] = rec;
        ok = write_fields(&tx, c->table, rec, tj_get(r, "fields"), put);
        if (lists && !(tj_str(r, "id")))
            note_upsert(lists, create, rec->id);
        else if (lists)
            note_upsert(lists, false, rec->id);
    }
    if (ok) {
        at_tx_commit(&tx, c->req);
        c->res->wrote = true;
        answer_records(c, done, n, lists);
    } else {
        tx_answer(c, &tx);
    }
    cJSON_Delete(lists);
}

void at_update_one(struct at_call *c, const char *rec_id, bool put)
{
    struct at_tx tx;
    if (!at_need(c, "data.records:write", AT_ROLE_EDIT) || !at_body(c) || !check_options(c))
        return;
    const cJSON *fields = tj_get(c->body, "fields");
    if (tj_get(c->body, "records") || tj_get(c->body, "performUpsert")) {
        at_bad_request(c);
        return;
    }
    if (!cJSON_IsObject(fields)) {
        at_error(c, 422, "INVALID_REQUEST_MISSING_FIELDS",
                 "Could not find field \"fields\" in the request body");
        return;
    }
    struct at_rec *r = at_rec_find(c->table, rec_id);
    if (!r) {
        at_error(c, 404, "MODEL_ID_NOT_FOUND", "Record not found");
        return;
    }
    begin(c, &tx);
    if (!write_fields(&tx, c->table, r, fields, put)) {
        tx_answer(c, &tx);
        return;
    }
    at_tx_commit(&tx, c->req);
    c->res->wrote = true;
    answer_one(c, r);
}

/* ---- delete ---- */

void at_delete(struct at_call *c)
{
    struct at_rec *gone[AT_MAX_BATCH];
    size_t n = 0;
    if (!at_need(c, "data.records:write", AT_ROLE_EDIT))
        return;
    bool shape = c->req->n_query >= 1 && c->req->n_query <= AT_MAX_BATCH;
    for (size_t i = 0; i < c->req->n_query && shape; i++)
        shape = strncmp(c->req->query[i].name, "records[", 8) == 0;
    if (!shape) {
        at_error(c, 422, "INVALID_RECORDS", "\"records\" must be an array of up to 10 record IDs.");
        return;
    }
    for (size_t i = 0; i < c->req->n_query; i++) {
        const char *id = c->req->query[i].value;
        struct at_rec *r = at_rec_find(c->table, id);
        bool twice = false;
        for (size_t k = 0; k < n; k++)
            twice = twice || gone[k] == r;
        if (!r || twice) {
            at_error(c, 422, "ROW_DOES_NOT_EXIST", "Record ID %s does not exist in this table", id);
            return;
        }
        gone[n++] = r;
    }
    struct at_tx tx;
    struct tbuf b = {0};
    begin(c, &tx);
    tb_str(&b, "{\"records\":[");
    for (size_t i = 0; i < n; i++) {
        tb_fmt(&b, "%s{\"id\":\"%s\",\"deleted\":true}", i ? "," : "", gone[i]->id);
        at_tx_delete(&tx, c->table, gone[i]);
    }
    tb_str(&b, "]}");
    at_tx_commit(&tx, c->req);
    c->res->wrote = true;
    char *text = tb_take(&b);
    twin_res_text(c->res, 200, NULL, text);
    free(text);
}

void at_delete_one(struct at_call *c, const char *rec_id)
{
    struct at_tx tx;
    if (!at_need(c, "data.records:write", AT_ROLE_EDIT))
        return;
    struct at_rec *r = at_rec_find(c->table, rec_id);
    if (!r) {
        at_error(c, 404, "MODEL_ID_NOT_FOUND", "Record not found");
        return;
    }
    begin(c, &tx);
    at_tx_delete(&tx, c->table, r);
    at_tx_commit(&tx, c->req);
    c->res->wrote = true;
    char *text = tw_fmt("{\"deleted\":true,\"id\":\"%s\"}", rec_id);
    twin_res_text(c->res, 200, NULL, text);
    free(text);
}
