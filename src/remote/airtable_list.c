/*
 * airtable_list.c: reading records. Pages of 100 by GET, or by POST listRecords when the address
 * would grow too long (16,000 characters are refused; the offset then belongs into the body). The
 * last page is the one without an offset; a page may be short or exactly full.
 */
#include "base/hash.h"
#include "base/str.h"
#include "remote/airtable_p.h"

#include <stdlib.h>
#include <string.h>

#define RESTARTS_MAX 3
#define PAGES_MAX (AIRTABLE_RECORDS_MAX / AIRTABLE_PAGE * 2)
#define SINGLE_READS_MAX 3

struct listing {
    struct airtable *at;
    const struct airtable_query *q;
    const char *formula; /* NULL: all */
    airtable_record_fn *each;
    void *ctx;
    struct arena *page; /* the page at hand: its document, and its records' values */
    struct arena *ids_arena;
    struct strmap *seen; /* ids of this listing: a page may come twice */
};

static bool add_query(const struct listing *l, const char *offset, struct buf *url)
{
    airtable_table_url(l->at, l->q->table_id, url);
    buf_addf(url, "?pageSize=%d&returnFieldsByFieldId=true", AIRTABLE_PAGE);
    for (size_t i = 0; i < l->q->n_fields; i++) {
        buf_adds(url, "&fields%5B%5D=");
        url_encode(url, l->q->fields[i]->id);
    }
    if (l->q->view != NULL) {
        buf_adds(url, "&view=");
        url_encode(url, l->q->view);
    }
    if (offset != NULL) {
        buf_adds(url, "&offset=");
        url_encode(url, offset);
    }
    return l->formula == NULL && url->len < AIRTABLE_URL_MAX;
}

static void add_body(const struct listing *l, const char *offset, struct buf *body)
{
    struct jsonw w;

    jsonw_init(&w, body);
    jsonw_object(&w);
    jsonw_member_int(&w, "pageSize", AIRTABLE_PAGE);
    jsonw_member_bool(&w, "returnFieldsByFieldId", true);
    jsonw_key(&w, "fields");
    jsonw_array(&w);
    for (size_t i = 0; i < l->q->n_fields; i++) {
        jsonw_string(&w, l->q->fields[i]->id);
    }
    jsonw_end_array(&w);
    if (l->q->view != NULL) {
        jsonw_member(&w, "view", l->q->view);
    }
    if (l->formula != NULL) {
        jsonw_member(&w, "filterByFormula", l->formula);
    }
    if (offset != NULL) {
        jsonw_member(&w, "offset", offset);
    }
    jsonw_end_object(&w);
}

static enum bs_rc fetch_page(struct listing *l, const char *offset, struct json **doc,
                             struct bs_err *e)
{
    struct call call = {.method = HTTP_GET, .cls = CLASS_READ, .doc_arena = l->page};
    struct buf url, body;
    enum bs_rc rc;

    arena_reset(l->page);
    buf_init(&url, BUF_NO_LIMIT);
    buf_init(&body, BUF_NO_LIMIT);
    if (!add_query(l, offset, &url)) {
        buf_clear(&url);
        airtable_table_url(l->at, l->q->table_id, &url);
        buf_adds(&url, "/listRecords");
        add_body(l, offset, &body);
        call.method = HTTP_POST;
        call.body = body.data;
        call.body_len = body.len;
    }
    call.url = url.data;
    rc = airtable_call(l->at, &call, doc, e);
    buf_release(&url);
    buf_release(&body);
    return rc;
}

static enum bs_rc take_record(struct listing *l, const struct json *n, struct bs_err *e)
{
    const struct airtable_record *r = airtable_decode_record(l->page, n, l->q);

    if (r == NULL) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE, "Airtable listed something that is no record");
    }
    if (strmap_get(l->seen, r->id) != STRMAP_NONE) {
        return BS_OK;
    }
    if (strmap_count(l->seen) >= AIRTABLE_RECORDS_MAX) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE, "the table has more than %d records",
                       AIRTABLE_RECORDS_MAX);
    }
    strmap_add(l->seen, arena_strdup(l->ids_arena, r->id), 1);
    return l->each(l->ctx, r, e);
}

static enum bs_rc take_page(struct listing *l, const struct json *doc, struct bs_err *e)
{
    const struct json *list = json_get(doc, "records");

    if (!json_is_array(list)) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE,
                       "Airtable's answer to a listing holds no records");
    }
    for (const struct json *n = json_child(list); n != NULL; n = json_next(n)) {
        if (take_record(l, n, e) != BS_OK) {
            return e->rc;
        }
    }
    return BS_OK;
}

/* All pages of one listing. BS_SKIP: the iterator is gone. */
static enum bs_rc list_once(struct listing *l, struct bs_err *e)
{
    char *offset = NULL;

    for (size_t page = 0; page < PAGES_MAX; page++) {
        struct json *doc = NULL;
        enum bs_rc rc = fetch_page(l, offset, &doc, e);

        if (rc == BS_OK) {
            rc = take_page(l, doc, e);
        }
        const char *next = json_string(json_get(doc, "offset"), NULL);

        free(offset);
        offset = rc == BS_OK && next != NULL && next[0] != '\0' ? bs_strdup(next) : NULL;
        json_free(doc);
        if (rc != BS_OK || offset == NULL) {
            return rc;
        }
    }
    free(offset);
    return bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE, "Airtable's listing does not come to an end");
}

static enum bs_rc list_records(struct listing *l, void (*restart)(void *), struct bs_err *e)
{
    enum bs_rc rc = BS_OK;

    l->page = arena_new();
    for (int try = 0; try < RESTARTS_MAX; try++) {
        bs_err_clear(e);
        strmap_free(l->seen);
        arena_free(l->ids_arena);
        l->ids_arena = arena_new();
        l->seen = strmap_new(AIRTABLE_PAGE);
        if (try > 0 && restart != NULL) {
            restart(l->ctx);
        }
        rc = list_once(l, e);
        if (rc != BS_SKIP || (restart == NULL && l->formula == NULL)) {
            break;
        }
    }
    if (rc == BS_SKIP) {
        e->rc = rc = BS_STOP_SYNC;
    }
    strmap_free(l->seen);
    arena_free(l->ids_arena);
    arena_free(l->page);
    return rc;
}

enum bs_rc airtable_list(struct airtable *at, const struct airtable_query *q,
                         airtable_record_fn *each, void (*restart)(void *ctx), void *ctx,
                         struct bs_err *e)
{
    struct listing l = {.at = at, .q = q, .each = each, .ctx = ctx};

    return list_records(&l, restart, e);
}

/* ---- by id ---- */

/* GET one record. BS_OK with *doc NULL when it is surely not there. */
static enum bs_rc get_record(struct airtable *at, const char *table_id, const char *record_id,
                             struct json **doc, struct bs_err *e)
{
    struct call call = {.method = HTTP_GET, .cls = CLASS_READ};
    struct buf url;
    enum bs_rc rc;

    buf_init(&url, 4096);
    airtable_table_url(at, table_id, &url);
    buf_addc(&url, '/');
    url_encode(&url, record_id);
    buf_adds(&url, "?returnFieldsByFieldId=true");
    call.url = url.data;
    rc = airtable_call(at, &call, doc, e);
    if (rc != BS_OK && e->http == 404 &&
        (str_eq(e->code, "MODEL_ID_NOT_FOUND") || str_eq(e->code, "NOT_FOUND"))) {
        bs_err_clear(e);
        rc = BS_OK;
    }
    buf_release(&url);
    return rc;
}

enum bs_rc airtable_exists(struct airtable *at, const char *table_id, const char *record_id,
                           bool *here, struct bs_err *e)
{
    struct json *doc = NULL;
    enum bs_rc rc = get_record(at, table_id, record_id, &doc, e);

    *here = rc != BS_OK || doc != NULL;
    json_free(doc);
    return rc;
}

static enum bs_rc fetch_single(struct airtable *at, const struct airtable_query *q, const char *id,
                               airtable_record_fn *each, void *ctx, struct bs_err *e)
{
    struct arena *a = arena_new();
    struct json *doc = NULL;
    enum bs_rc rc = get_record(at, q->table_id, id, &doc, e);

    if (rc == BS_OK && doc != NULL) {
        const struct airtable_record *r = airtable_decode_record(a, doc, q);

        rc = r == NULL ? bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE,
                                 "Airtable answered with something that is no record")
                       : each(ctx, r, e);
    }
    json_free(doc);
    arena_free(a);
    return rc;
}

static enum bs_rc fetch_chunk(struct airtable *at, const struct airtable_query *q,
                              const char *const *ids, size_t n, airtable_record_fn *each, void *ctx,
                              struct bs_err *e)
{
    struct listing l = {.at = at, .q = q, .each = each, .ctx = ctx};
    struct buf formula;
    size_t terms = 0;
    enum bs_rc rc = BS_OK;

    buf_init(&formula, BUF_NO_LIMIT);
    buf_adds(&formula, "OR(");
    for (size_t i = 0; i < n; i++) {
        if (airtable_is_record_id(ids[i])) {
            buf_addf(&formula, "%sRECORD_ID()='%s'", terms++ > 0 ? "," : "", ids[i]);
        }
    }
    buf_addc(&formula, ')');
    l.formula = formula.data;
    if (terms > 0) {
        rc = list_records(&l, NULL, e);
    }
    buf_release(&formula);
    return rc;
}

enum bs_rc airtable_fetch_shown(struct airtable *at, const struct airtable_query *q,
                                const char *const *ids, size_t n, airtable_record_fn *each,
                                void *ctx, struct bs_err *e)
{
    enum bs_rc rc = BS_OK;

    if (q->view == NULL && n <= SINGLE_READS_MAX) {
        for (size_t i = 0; i < n && rc == BS_OK; i++) {
            rc = airtable_is_record_id(ids[i]) ? fetch_single(at, q, ids[i], each, ctx, e) : BS_OK;
        }
        return rc;
    }
    for (size_t i = 0; i < n && rc == BS_OK; i += AIRTABLE_PAGE) {
        size_t k = n - i < AIRTABLE_PAGE ? n - i : AIRTABLE_PAGE;

        rc = fetch_chunk(at, q, ids + i, k, each, ctx, e);
    }
    return rc;
}

enum bs_rc airtable_fetch(struct airtable *at, const struct airtable_query *q,
                          const char *const *ids, size_t n, airtable_record_fn *each, void *ctx,
                          struct bs_err *e)
{
    struct airtable_query anywhere = *q;

    anywhere.view = NULL;
    return airtable_fetch_shown(at, &anywhere, ids, n, each, ctx, e);
}

/* String literal of a formula: backslash and quote escaped (as pyairtable writes it). */
static void add_literal(struct buf *b, const char *text)
{
    buf_addc(b, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\\' || *text == '\'') {
            buf_addc(b, '\\');
        }
        buf_addc(b, *text);
    }
    buf_addc(b, '\'');
}

enum bs_rc airtable_find_alike(struct airtable *at, const struct airtable_query *q,
                               const struct field *field, const char *const *texts, size_t n,
                               airtable_record_fn *each, void *ctx, struct bs_err *e)
{
    struct airtable_query anywhere = *q;
    struct listing l = {.at = at, .q = &anywhere, .each = each, .ctx = ctx};
    struct buf formula;

    if (n == 0) {
        return BS_OK;
    }
    anywhere.view = NULL;
    buf_init(&formula, BUF_NO_LIMIT);
    buf_adds(&formula, "OR(");
    for (size_t i = 0; i < n; i++) {
        buf_addf(&formula, "%sLOWER(TRIM({", i > 0 ? "," : "");
        for (const char *c = field->name; *c != '\0'; c++) {
            buf_adds(&formula, *c == '}' ? "\\" : "");
            buf_addc(&formula, *c);
        }
        buf_adds(&formula, "}))=LOWER(TRIM(");
        add_literal(&formula, texts[i]);
        buf_adds(&formula, "))");
    }
    buf_addc(&formula, ')');
    l.formula = formula.data;
    bs_seen(list_records(&l, NULL, e));
    buf_release(&formula);
    return e->rc;
}

/* ---- names of linked records ---- */

struct names_ctx {
    struct links *links;
    const char *table_id;
};

static enum bs_rc on_name(void *ctx, const struct airtable_record *r, struct bs_err *e)
{
    struct names_ctx *n = ctx;
    struct buf b;

    (void)e;
    buf_init(&b, BUF_NO_LIMIT);
    if (r->values[0]->kind != VALUE_ERROR) {
        value_print(r->values[0], &b);
    }
    links_add(n->links, n->table_id, r->id, b.data);
    buf_release(&b);
    return BS_OK;
}

static void names_restart(void *ctx)
{
    (void)ctx; /* names that were read stay right: a second call for an id replaces the first */
}

/* The primary field, which is all that is asked for. */
static enum bs_rc names_query(const struct table_schema *t, const struct field **primary,
                              struct airtable_query *q, struct bs_err *e)
{
    *primary = table_find_field(t, t->primary_field);
    if (*primary == NULL) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_SCHEMA, "table \"%s\" shows no primary field",
                       t->name);
    }
    *q = (struct airtable_query){t->id, primary, 1, NULL};
    return BS_OK;
}

enum bs_rc airtable_names(struct airtable *at, const struct table_schema *t, struct links *links,
                          struct bs_err *e)
{
    const struct field *primary;
    struct airtable_query q;
    struct names_ctx ctx = {links, t->id};

    if (names_query(t, &primary, &q, e) != BS_OK) {
        return e->rc;
    }
    return airtable_list(at, &q, on_name, names_restart, &ctx, e);
}

static enum bs_rc name_singly(struct airtable *at, const struct airtable_query *q,
                              const char *const *ids, size_t n, struct names_ctx *ctx,
                              struct bs_err *e)
{
    for (size_t i = 0; i < n; i++) {
        if (!links_knows(ctx->links, ctx->table_id, ids[i]) && airtable_is_record_id(ids[i]) &&
            fetch_single(at, q, ids[i], on_name, ctx, e) != BS_OK) {
            return e->rc;
        }
    }
    return BS_OK;
}

static size_t nameless(const struct names_ctx *ctx, const char *const *ids, size_t n)
{
    size_t missing = 0;

    for (size_t i = 0; i < n; i++) {
        missing += !links_knows(ctx->links, ctx->table_id, ids[i]);
    }
    return missing;
}

enum bs_rc airtable_names_of(struct airtable *at, const struct table_schema *t, struct links *links,
                             const char *const *ids, size_t n, struct bs_err *e)
{
    const struct field *primary;
    struct airtable_query q;
    struct names_ctx ctx = {links, t->id};
    enum bs_rc rc = names_query(t, &primary, &q, e);

    for (size_t i = 0; n > 1 && i < n && rc == BS_OK; i += AIRTABLE_PAGE) {
        rc = fetch_chunk(at, &q, ids + i, n - i < AIRTABLE_PAGE ? n - i : AIRTABLE_PAGE, on_name,
                         &ctx, e);
    }
    if (rc == BS_OK) {
        rc = nameless(&ctx, ids, n) <= SINGLE_READS_MAX
                 ? name_singly(at, &q, ids, n, &ctx, e)
                 : airtable_list(at, &q, on_name, names_restart, &ctx, e);
    }
    for (size_t i = 0; i < n && rc == BS_OK; i++) {
        if (!links_knows(links, t->id, ids[i])) {
            links_add(links, t->id, ids[i], "");
        }
    }
    return rc;
}
