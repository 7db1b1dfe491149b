/*
 * airtable_write.c: creates, updates, deletes in batches of 10. A refused batch has written nothing
 * (observed for POST and PATCH) and does not say which record was bad: it is halved until the bad
 * one is alone. Creates go one batch after another, each sent once, or by upsert on a key.
 */
#include "base/str.h"
#include "remote/airtable_p.h"

#include <stdlib.h>
#include <string.h>

struct write_job {
    struct airtable *at;
    const struct airtable_query *q;
    enum http_method method;
    bool typecast;
    const struct field *merge_on; /* creates by upsert: on this field */
    airtable_batch_fn *done;
    void *ctx;
    struct arena *arena;
};

/* ---- requests ---- */

static void write_body(const struct write_job *j, const struct airtable_write *const *items,
                       size_t n, struct buf *body)
{
    struct jsonw w;
    struct buf fields;

    buf_init(&fields, BUF_NO_LIMIT);
    jsonw_init(&w, body);
    jsonw_object(&w);
    jsonw_key(&w, "records");
    jsonw_array(&w);
    for (size_t i = 0; i < n; i++) {
        buf_clear(&fields);
        if (items[i]->fields_json != NULL) {
            buf_adds(&fields, items[i]->fields_json);
        } else {
            airtable_write_fields(&fields, items[i]->cells, items[i]->n_cells);
        }
        jsonw_object(&w);
        if (items[i]->record_id != NULL) {
            jsonw_member(&w, "id", items[i]->record_id);
        }
        jsonw_key(&w, "fields");
        jsonw_raw(&w, fields.data);
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    if (j->merge_on != NULL) {
        jsonw_key(&w, "performUpsert");
        jsonw_object(&w);
        jsonw_key(&w, "fieldsToMergeOn");
        jsonw_array(&w);
        jsonw_string(&w, j->merge_on->id);
        jsonw_end_array(&w);
        jsonw_end_object(&w);
    }
    if (j->typecast) {
        jsonw_member_bool(&w, "typecast", true);
    }
    jsonw_member_bool(&w, "returnFieldsByFieldId", true);
    jsonw_end_object(&w);
    buf_release(&fields);
}

static void delete_query(const struct airtable_write *const *items, size_t n, struct buf *url)
{
    for (size_t i = 0; i < n; i++) {
        buf_addf(url, "%crecords%%5B%%5D=", i == 0 ? '?' : '&');
        url_encode(url, items[i]->record_id);
    }
}

static struct call batch_call(struct write_job *j, const struct airtable_write *const *items,
                              size_t n)
{
    struct call call = {
        .method = j->method,
        .service = ON_AIRTABLE,
        .cls = j->method == HTTP_POST ? CLASS_CREATE : CLASS_WRITE_BY_ID,
        .base_id = j->at->base_id,
    };
    struct buf url, body;

    buf_init(&url, BUF_NO_LIMIT);
    buf_init(&body, BUF_NO_LIMIT);
    airtable_table_url(j->at, j->q->table_id, &url);
    if (j->method == HTTP_DELETE) {
        delete_query(items, n, &url);
    } else {
        write_body(j, items, n, &body);
        call.body = arena_strndup(j->arena, body.data, body.len);
        call.body_len = body.len;
    }
    call.url = arena_strdup(j->arena, url.data);
    buf_release(&url);
    buf_release(&body);
    return call;
}

/* ---- answers ---- */

static void all_failed(struct airtable_result *results, size_t n, enum bs_rc rc,
                       const struct bs_err *why)
{
    for (size_t i = 0; i < n; i++) {
        results[i].rc = rc;
        results[i].err = *why;
        results[i].err.rc = rc;
    }
}

static void unreadable(struct airtable_result *results, size_t n)
{
    struct bs_err why = BS_ERR_INIT;

    (void)bs_fail(&why, BS_UNSURE, BS_K_REMOTE,
                  "Airtable took the write but its answer cannot be read");
    all_failed(results, n, BS_UNSURE, &why);
}

static bool lists_id(const struct json *list, const char *id)
{
    for (const struct json *c = json_child(list); c != NULL; c = json_next(c)) {
        if (str_eq(json_string(c, ""), id)) {
            return true;
        }
    }
    return false;
}

/* An upsert's answer says of each record whether it was made. One that stands for two rows has been
 * overwritten by the second: how Airtable compares keys is its own affair. */
static void read_upserted(const struct json *doc, size_t n, struct airtable_result *results)
{
    for (size_t i = 0; i < n && results[i].record != NULL; i++) {
        const char *id = results[i].record->id;

        results[i].found = lists_id(json_get(doc, "updatedRecords"), id);
        for (size_t k = 0; k < i; k++) {
            results[i].found = results[i].found || str_eq(results[k].record->id, id);
        }
    }
}

/* Answers to POST keep the order of the request, as do those to an upsert; those to other PATCHes
 * are matched by id as well. */
static void read_answer(struct write_job *j, const struct airtable_write *const *items, size_t n,
                        const struct json *doc, struct airtable_result *results)
{
    const struct json *list = json_get(doc, "records");
    size_t i = 0;

    if (json_count(list) != n) {
        unreadable(results, n);
        return;
    }

    for (const struct json *c = json_child(list); c != NULL && i < n; c = json_next(c), i++) {
        if (j->method == HTTP_DELETE) {
            if (!str_eq(json_string(json_get(c, "id"), ""), items[i]->record_id) ||
                !json_bool(json_get(c, "deleted"), false)) {
                unreadable(results, n);
                break;
            }
            continue;
        }
        results[i].record = airtable_decode_record(j->arena, c, j->q);
        if (results[i].record == NULL ||
            (items[i]->record_id != NULL && !str_eq(items[i]->record_id, results[i].record->id))) {
            unreadable(results, n);
            break;
        }
    }
    if (j->merge_on != NULL) {
        read_upserted(doc, n, results);
    }
}

static bool may_split(const struct retry_verdict *v, size_t n)
{
    return n > 1 && (v->action == ACT_SPLIT || v->action == ACT_GONE ||
                     (v->action == ACT_FAIL && v->kind == BS_K_VALIDATION));
}

/* Of an upsert, which may have been sent before: only its values' refusal says that it never
 * arrived. */
static bool is_refusal(const struct retry_verdict *v)
{
    return v->action == ACT_SPLIT || (v->action == ACT_FAIL && v->kind == BS_K_VALIDATION);
}

/* The outcome of a batch that will not be split any further. */
static void settle(struct write_job *j, const struct airtable_write *const *items, size_t n,
                   struct call_result *res, struct airtable_result *results)
{
    memset(results, 0, n * sizeof *results);
    if (res->err.rc == BS_OK) {
        read_answer(j, items, n, res->doc, results);
        return;
    }
    if (res->verdict.action == ACT_GONE) {
        for (size_t i = 0; i < n; i++) {
            results[i].gone = true;
            results[i].rc = BS_OK;
        }
        return;
    }
    all_failed(results, n,
               res->err.rc == BS_UNSURE || (j->merge_on != NULL && !is_refusal(&res->verdict))
                   ? BS_UNSURE
                   : BS_SKIP,
               &res->err);
}

/* Errors that concern more than this batch end the whole write. */
static bool ends_all(const struct call_result *res)
{
    return res->err.rc == BS_STOP_SYNC || res->err.rc == BS_STOP_ALL;
}

static enum bs_rc finish(struct write_job *j, const struct airtable_write *const *items, size_t n,
                         struct call_result *res, struct bs_err *e);

static enum bs_rc send_part(struct write_job *j, const struct airtable_write *const *items,
                            size_t n, struct bs_err *e)
{
    struct call call = batch_call(j, items, n);
    struct call_result res;
    struct bs_err ignored = BS_ERR_INIT;
    enum bs_rc rc;

    bs_seen(call_perform(j->at->caller, &call, &res, &ignored));
    rc = finish(j, items, n, &res, e);
    call_result_release(&res);
    return rc;
}

/* Halving a batch of ten goes four levels deep at most. */
static enum bs_rc finish(struct write_job *j, const struct airtable_write *const *items, size_t n,
                         struct call_result *res, struct bs_err *e)
{
    struct airtable_result results[AIRTABLE_BATCH];

    if (res->err.rc != BS_OK && may_split(&res->verdict, n)) {
        if (send_part(j, items, n / 2, e) != BS_OK) {
            return e->rc;
        }
        return send_part(j, items + n / 2, n - n / 2, e);
    }
    airtable_explain(j->at, NEED_WRITE, &res->err);
    settle(j, items, n, res, results);
    if (j->done(j->ctx, items, results, n, e) != BS_OK) {
        return e->rc;
    }
    if (ends_all(res)) {
        *e = res->err;
        return e->rc;
    }
    return BS_OK;
}

/* ---- updates and deletes: several requests in flight ---- */

struct batch_ref {
    struct write_job *job;
    const struct airtable_write **items;
    size_t n;
};

static enum bs_rc on_done(void *ctx, const struct call *call, struct call_result *res,
                          struct bs_err *e)
{
    const struct batch_ref *b = call->tag;

    (void)ctx;
    return finish(b->job, b->items, b->n, res, e);
}

static enum bs_rc overlap(struct write_job *j, const struct airtable_write *list, size_t n,
                          struct bs_err *e)
{
    size_t n_batches = (n + AIRTABLE_BATCH - 1) / AIRTABLE_BATCH;
    struct call *calls = arena_alloc_n(j->arena, n_batches, sizeof *calls);
    struct batch_ref *refs = arena_alloc_n(j->arena, n_batches, sizeof *refs);

    for (size_t b = 0; b < n_batches; b++) {
        size_t first = b * AIRTABLE_BATCH;
        size_t k = n - first < AIRTABLE_BATCH ? n - first : AIRTABLE_BATCH;

        refs[b].job = j;
        refs[b].n = k;
        refs[b].items = arena_alloc_n(j->arena, k, sizeof *refs[b].items);
        for (size_t i = 0; i < k; i++) {
            refs[b].items[i] = &list[first + i];
        }
        calls[b] = batch_call(j, refs[b].items, k);
        calls[b].tag = &refs[b];
    }
    return call_many(j->at->caller, calls, n_batches, on_done, NULL, e);
}

enum bs_rc airtable_update(struct airtable *at, const struct airtable_query *q,
                           const struct airtable_write *list, size_t n, bool typecast,
                           airtable_batch_fn *done, void *ctx, struct bs_err *e)
{
    struct write_job j = {at, q, HTTP_PATCH, typecast, NULL, done, ctx, arena_new()};
    enum bs_rc rc = overlap(&j, list, n, e);

    arena_free(j.arena);
    return rc;
}

enum bs_rc airtable_delete(struct airtable *at, const struct airtable_query *q,
                           const struct airtable_write *list, size_t n, airtable_batch_fn *done,
                           void *ctx, struct bs_err *e)
{
    struct write_job j = {at, q, HTTP_DELETE, false, NULL, done, ctx, arena_new()};
    enum bs_rc rc = overlap(&j, list, n, e);

    arena_free(j.arena);
    return rc;
}

/* ---- creates: one after another ---- */

struct batch {
    struct write_job job;
    const struct airtable_write *items[AIRTABLE_BATCH];
    size_t n; /* 0: there is none */
    struct airtable_result results[AIRTABLE_BATCH];
    bool answered; /* results are there, and nobody was told yet */
};

/* While one batch is on its way, the last one's outcome is told and the next one is announced: what
 * the caller writes to its disk then costs no time between two requests. */
struct creates {
    const struct airtable_write *list;
    size_t n, taken;
    struct write_job job; /* what all batches have in common */
    airtable_before_fn *before;
    struct batch batches[3], *last, *now, *next;
    bool worked;      /* beside the batch on its way */
    struct bs_err *e; /* of the caller's functions */
};

static enum bs_rc tell(struct batch *b, struct bs_err *e)
{
    if (b->answered) {
        b->answered = false;
        bs_seen(b->job.done(b->job.ctx, b->items, b->results, b->n, e));
    }
    arena_free(b->job.arena);
    b->job.arena = NULL;
    b->n = 0;
    return e->rc;
}

static enum bs_rc announce(struct creates *c, struct batch *b, struct bs_err *e)
{
    const struct airtable_write *list = c->list + c->taken;
    size_t left = c->n - c->taken, n = 0;

    while (n < left && n < AIRTABLE_BATCH && list[n].merge_on == list[0].merge_on) {
        b->items[n] = &list[n];
        n++;
    }
    if (n == 0 || (c->before != NULL && c->before(c->job.ctx, b->items, n, e) != BS_OK)) {
        return e->rc;
    }
    b->n = n;
    b->job = c->job;
    b->job.merge_on = list[0].merge_on;
    b->job.method = b->job.merge_on != NULL ? HTTP_PATCH : HTTP_POST;
    b->job.arena = arena_new();
    c->taken += n;
    return BS_OK;
}

static void work_meanwhile(void *ctx)
{
    struct creates *c = ctx;

    c->worked = true;
    if (tell(c->last, c->e) == BS_OK) {
        bs_seen(announce(c, c->next, c->e));
    }
}

static enum bs_rc send_now(struct creates *c, struct bs_err *e)
{
    struct batch *b = c->now;
    struct caller *caller = b->job.at->caller;
    struct call call = batch_call(&b->job, b->items, b->n);
    struct call_result res;
    struct bs_err ignored = BS_ERR_INIT;
    enum bs_rc rc = BS_OK;

    c->worked = false;
    caller_meanwhile(caller, work_meanwhile, c);
    bs_seen(call_perform(caller, &call, &res, &ignored));
    caller_meanwhile(caller, NULL, NULL);
    if (!c->worked) { /* it never left */
        bs_seen(tell(c->last, c->e));
    }
    if (ends_all(&res) || may_split(&res.verdict, b->n)) {
        rc = finish(&b->job, b->items, b->n, &res, e);
    } else {
        airtable_explain(b->job.at, NEED_WRITE, &res.err);
        settle(&b->job, b->items, b->n, &res, b->results);
        b->answered = true;
    }
    call_result_release(&res);
    return rc;
}

/* Announced, and never sent: nothing came of it. */
static enum bs_rc give_up(struct batch *b, const struct bs_err *why, struct bs_err *e)
{
    if (b->n > 0) {
        memset(b->results, 0, sizeof b->results);
        all_failed(b->results, b->n, BS_SKIP, why);
        b->answered = true;
    }
    return tell(b, e);
}

static void send_all(struct creates *c, struct bs_err *e)
{
    bs_seen(announce(c, c->now, c->e));
    while (c->now->n > 0 && c->e->rc == BS_OK && send_now(c, e) == BS_OK) {
        struct batch *sent = c->now;

        c->now = c->next;
        c->next = c->last;
        c->last = sent;
    }
}

enum bs_rc airtable_create(struct airtable *at, const struct airtable_query *q,
                           const struct airtable_write *list, size_t n, bool typecast,
                           airtable_before_fn *before, airtable_batch_fn *done, void *ctx,
                           struct bs_err *e)
{
    struct bs_err failed = BS_ERR_INIT, last = BS_ERR_INIT;
    struct creates c = {
        .list = list,
        .n = n,
        .job = {at, q, HTTP_POST, typecast, NULL, done, ctx, NULL},
        .before = before,
        .e = &failed,
    };

    c.last = &c.batches[0];
    c.now = &c.batches[1];
    c.next = &c.batches[2];
    send_all(&c, e);
    /* What was answered is told even when something else has failed by now. */
    if (tell(c.last, &last) != BS_OK || give_up(c.next, e, &last) != BS_OK) {
        failed = failed.rc == BS_OK ? last : failed;
    }
    arena_free(c.now->job.arena);
    if (failed.rc != BS_OK) {
        *e = failed;
    }
    return e->rc;
}
