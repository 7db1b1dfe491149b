/* airtable_feed.c: see airtable_feed.h. */
#include "remote/airtable_feed.h"

#include "base/clock.h"
#include "base/str.h"
#include "remote/airtable_p.h"

#include <stdlib.h>
#include <string.h>

#define HOOKS_MAX 1000 /* ten to a base are allowed */

/* What is watched. No scope and no list of fields: deleting a watched one would end the hook
 * silently. */
static const char specification[] =
    "{\"options\":{\"filters\":{\"dataTypes\":[\"tableData\",\"tableFields\",\"tableMetadata\"]}}}";

static void hooks_url(const struct airtable *at, const char *hook_id, const char *more,
                      struct buf *url)
{
    buf_addf(url, "%s/v0/bases/", caller_endpoints(at->caller)->airtable_api);
    url_encode(url, at->base_id);
    buf_adds(url, "/webhooks");
    if (hook_id != NULL) {
        buf_addc(url, '/');
        url_encode(url, hook_id);
    }
    buf_adds(url, more);
}

static enum bs_rc hook_call(struct airtable *at, struct call *call, const char *hook_id,
                            const char *more, struct json **doc, struct bs_err *e)
{
    struct buf url;
    enum bs_rc rc;

    buf_init(&url, BUF_NO_LIMIT);
    hooks_url(at, hook_id, more, &url);
    call->url = url.data;
    rc = airtable_call(at, call, doc, e);
    buf_release(&url);
    return rc;
}

static enum bs_rc malformed(struct bs_err *e)
{
    return bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE,
                   "Airtable's answer about the base's webhooks has an unknown form");
}

/* ---- the hook itself ---- */

enum bs_rc airtable_hook_create(struct airtable *at, char id[AIRTABLE_HOOK_ID_MAX],
                                struct bs_err *e)
{
    struct call call = {.method = HTTP_POST, .cls = CLASS_CREATE};
    struct json *doc = NULL;
    struct buf body;

    buf_init(&body, BUF_NO_LIMIT);
    buf_addf(&body, "{\"specification\":%s}", specification);
    call.body = body.data;
    call.body_len = body.len;
    if (hook_call(at, &call, NULL, "", &doc, e) == BS_OK &&
        (!str_copy(id, AIRTABLE_HOOK_ID_MAX, json_string(json_get(doc, "id"), "")) ||
         id[0] == '\0')) {
        bs_seen(malformed(e));
        e->rc = BS_UNSURE; /* there may be a hook now */
    }
    json_free(doc);
    buf_release(&body);
    return e->rc;
}

enum bs_rc airtable_hook_delete(struct airtable *at, const char *id, struct bs_err *e)
{
    struct call call = {.method = HTTP_DELETE, .cls = CLASS_WRITE_BY_ID};
    struct json *doc = NULL;
    enum bs_rc rc = hook_call(at, &call, id, "", &doc, e);

    json_free(doc);
    if (rc != BS_OK && e->http == 404) {
        bs_err_clear(e);
        rc = BS_OK;
    }
    return rc;
}

/* Whether it is a hook as we make them: the same specification and no address. The service may add
 * empty parts to what it was given. */
static bool is_like_ours(const struct json *hook)
{
    static const char *const types[] = {"tableData", "tableFields", "tableMetadata"};
    const struct json *options = json_path(hook, "specification.options");
    const struct json *filters = json_get(options, "filters");
    const struct json *list = json_get(filters, "dataTypes");
    size_t found = 0;

    for (const struct json *n = json_child(list); n != NULL; n = json_next(n)) {
        for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
            found += str_eq(json_string(n, ""), types[i]);
        }
    }
    return found == sizeof types / sizeof *types && json_count(list) == found &&
           json_count(filters) == 1 && json_count(json_get(options, "includes")) == 0 &&
           json_string(json_get(hook, "notificationUrl"), NULL) == NULL;
}

static enum bs_rc parse_hook(struct arena *a, const struct json *n, struct airtable_hook *out,
                             struct bs_err *e)
{
    const char *id = json_string(json_get(n, "id"), "");

    *out = (struct airtable_hook){
        .id = arena_strdup(a, id),
        .cursor = json_int(json_get(n, "cursorForNextPayload"), 0),
        .enabled = json_bool(json_get(n, "isHookEnabled"), true),
        .like_ours = is_like_ours(n),
    };
    if (!clock_parse(json_string(json_get(n, "expirationTime"), ""), &out->expires_ms)) {
        out->expires_ms = 0;
    }
    return id[0] == '\0' || out->cursor < 1 ? malformed(e) : BS_OK;
}

enum bs_rc airtable_hooks(struct airtable *at, struct arena *a, const struct airtable_hook **out,
                          size_t *n, struct bs_err *e)
{
    struct call call = {.method = HTTP_GET, .cls = CLASS_READ};
    struct json *doc = NULL;
    struct airtable_hook *hooks;

    *n = 0;
    *out = NULL;
    if (hook_call(at, &call, NULL, "", &doc, e) != BS_OK) {
        return e->rc;
    }
    const struct json *list = json_get(doc, "webhooks");

    if (!json_is_array(list) || json_count(list) > HOOKS_MAX) {
        bs_seen(malformed(e));
    }
    hooks = arena_alloc_n(a, e->rc == BS_OK ? json_count(list) + 1 : 1, sizeof *hooks);
    for (const struct json *h = json_child(list); h != NULL && e->rc == BS_OK; h = json_next(h)) {
        bs_seen(parse_hook(a, h, &hooks[(*n)++], e));
    }
    *out = hooks;
    json_free(doc);
    return e->rc;
}

/* ---- payloads ---- */

struct reading {
    airtable_event_fn *each;
    void *ctx;
    struct airtable_event ev;
    const char **fields; /* of the event at hand */
    const struct json **values;
    size_t cap_fields, cap_values;
};

static enum bs_rc tell(struct reading *d, enum airtable_event_kind kind, const char *record_id,
                       struct bs_err *e)
{
    d->ev.kind = kind;
    d->ev.record_id = record_id;
    return d->each(d->ctx, &d->ev, e);
}

static void take_cells(struct reading *d, const struct json *cells)
{
    size_t n = 0;

    for (const struct json *c = json_child(cells); c != NULL; c = json_next(c)) {
        d->fields = bs_grow(d->fields, n, &d->cap_fields, sizeof *d->fields);
        d->values = bs_grow(d->values, n, &d->cap_values, sizeof *d->values);
        d->fields[n] = json_key(c);
        d->values[n++] = c;
    }
    d->ev.fields = d->fields;
    d->ev.values = d->values;
    d->ev.n_fields = n;
    d->ev.told = json_is_object(cells);
}

/* Ids that are keys of an object, or texts of an array. */
static enum bs_rc tell_records(struct reading *d, enum airtable_event_kind kind,
                               const struct json *list, struct bs_err *e)
{
    for (const struct json *n = json_child(list); n != NULL; n = json_next(n)) {
        const char *id = json_is_array(list) ? json_string(n, "") : json_key(n);

        if (id == NULL || !airtable_is_record_id(id)) {
            return bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE,
                           "Airtable's change feed names something that is no record");
        }
        take_cells(d, kind == EVENT_CHANGED   ? json_path(n, "current.cellValuesByFieldId")
                      : kind == EVENT_CREATED ? json_get(n, "cellValuesByFieldId")
                                              : NULL);
        if (tell(d, kind, id, e) != BS_OK) {
            return e->rc;
        }
    }
    return BS_OK;
}

static bool names_schema(const struct json *table)
{
    static const char *const keys[] = {"createdFieldsById", "changedFieldsById",
                                       "destroyedFieldIds", "changedMetadata"};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (json_count(json_get(table, keys[i])) > 0) {
            return true;
        }
    }
    return false;
}

static enum bs_rc tell_table(struct reading *d, const struct json *table, struct bs_err *e)
{
    if (names_schema(table) && tell(d, EVENT_SCHEMA, NULL, e) != BS_OK) {
        return e->rc;
    }
    if (tell_records(d, EVENT_CREATED, json_get(table, "createdRecordsById"), e) != BS_OK ||
        tell_records(d, EVENT_CHANGED, json_get(table, "changedRecordsById"), e) != BS_OK) {
        return e->rc;
    }
    return tell_records(d, EVENT_DESTROYED, json_get(table, "destroyedRecordIds"), e);
}

/* Tables that came or went. */
static enum bs_rc tell_tables(struct reading *d, const struct json *list, struct bs_err *e)
{
    for (const struct json *n = json_child(list); n != NULL; n = json_next(n)) {
        d->ev.table_id = json_is_array(list) ? json_string(n, "") : json_key(n);
        if (tell(d, EVENT_SCHEMA, NULL, e) != BS_OK) {
            return e->rc;
        }
    }
    return BS_OK;
}

static enum bs_rc tell_payload(struct reading *d, const struct json *p, struct bs_err *e)
{
    const struct json *changed = json_get(p, "changedTablesById");

    d->ev = (struct airtable_event){.kind = EVENT_ERROR};
    if (!json_is_object(p) ||
        !clock_parse(json_string(json_get(p, "timestamp"), ""), &d->ev.at_ms)) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE,
                       "Airtable's change feed holds something that is no payload");
    }
    if (json_bool(json_get(p, "error"), false)) {
        d->ev.code = json_string(json_get(p, "code"), "");
        return tell(d, EVENT_ERROR, NULL, e);
    }
    for (const struct json *t = json_child(changed); t != NULL; t = json_next(t)) {
        d->ev.table_id = json_key(t);
        if (tell_table(d, t, e) != BS_OK) {
            return e->rc;
        }
    }
    if (tell_tables(d, json_get(p, "createdTablesById"), e) != BS_OK) {
        return e->rc;
    }
    return tell_tables(d, json_get(p, "destroyedTableIds"), e);
}

enum bs_rc airtable_parse_payloads(const struct json *doc, int64_t cursor, int64_t wanted,
                                   airtable_event_fn *each, void *ctx,
                                   struct airtable_payload_page *out, struct bs_err *e)
{
    struct reading d = {.each = each, .ctx = ctx};
    const struct json *list = json_get(doc, "payloads");
    int64_t number = cursor;

    out->next = json_int(json_get(doc, "cursor"), -1);
    out->more = json_bool(json_get(doc, "mightHaveMore"), false);
    out->n = json_count(list);
    /* The cursor counts this hook's payloads: one that stands still while there are some, or that
     * goes back, is none. */
    if (!json_is_array(list) || out->n > AIRTABLE_PAYLOADS ||
        out->next < cursor + (int64_t)out->n || (out->more && out->n == 0)) {
        return malformed(e);
    }
    bool counted =
        out->next == cursor + (int64_t)out->n; /* else some are gone: none has a number */

    for (const struct json *p = json_child(list); p != NULL; p = json_next(p)) {
        if ((!counted || number++ >= wanted) && tell_payload(&d, p, e) != BS_OK) {
            break;
        }
    }
    free(d.fields);
    free(d.values);
    return e->rc;
}

enum bs_rc airtable_payloads(struct airtable *at, const char *hook_id, int64_t cursor,
                             struct json **doc, struct bs_err *e)
{
    struct call call = {.method = HTTP_GET, .cls = CLASS_READ, .max_body = AIRTABLE_PAYLOADS_BYTES};
    struct buf more;

    buf_init(&more, 256);
    buf_addf(&more, "/payloads?cursor=%lld&limit=%d", (long long)cursor, AIRTABLE_PAYLOADS);
    bs_seen(hook_call(at, &call, hook_id, more.data, doc, e));
    buf_release(&more);
    return e->rc;
}
