#include "remote/sheets_p.h"

#include "base/clock.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "net/json.h"

#include <stdlib.h>
#include <string.h>

#define TABS_MAX 1000

struct sheets *sheets_new(struct caller *caller, const char *spreadsheet_id)
{
    struct sheets *s = bs_alloc(sizeof *s);

    s->caller = caller;
    s->id = bs_strdup(spreadsheet_id);
    return s;
}

void sheets_free(struct sheets *s)
{
    if (s == NULL) {
        return;
    }
    free(s->id);
    free(s);
}

void sheets_url(const struct sheets *s, struct buf *url)
{
    buf_addf(url, "%s/v4/spreadsheets/", caller_endpoints(s->caller)->sheets);
    url_encode(url, s->id);
}

/* ---- errors ---- */

static bool says(const struct bs_err *e, const char *text)
{
    return strstr(e->msg, text) != NULL;
}

enum bs_rc sheets_explain(const struct sheets *s, struct bs_err *e)
{
    if (e->http == 400 && (says(e, "Unable to parse range") || says(e, "exceeds grid limits"))) {
        e->kind = BS_K_SCHEMA;
        return e->rc = BS_STOP_SYNC;
    }
    if (e->http == 400 && says(e, "Office file")) {
        e->kind = BS_K_CONFIG;
        return e->rc = BS_STOP_SYNC;
    }
    if (e->http == 400 && (says(e, "number of cells") || says(e, "number of columns"))) {
        e->kind = BS_K_QUOTA;
        return e->rc = BS_STOP_SYNC;
    }
    if (e->http == 400 && says(e, "protected cell")) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_PERMISSION,
                       "%s (let %s edit the protected range, or leave that column out)", e->msg,
                       caller_account(s->caller));
    }
    /* Not what the token server said, nor a limit or a page of somebody in between. */
    if ((e->http == 404 && e->kind == BS_K_SCHEMA) ||
        (e->http == 403 && e->kind == BS_K_PERMISSION && !says(e, "has not been used") &&
         !says(e, "insufficient authentication scopes"))) {
        struct bs_err was = *e;

        e->kind = BS_K_PERMISSION;
        e->rc = BS_STOP_SYNC;
        (void)bs_fail(e, BS_STOP_SYNC, BS_K_PERMISSION,
                      "spreadsheet %s: %s; share it with %s as an editor, or correct `spreadsheet`",
                      s->id, was.msg, caller_account(s->caller));
        e->http = was.http;
        (void)str_copy(e->code, sizeof e->code, was.code);
    }
    return e->rc;
}

/* ---- streamed answers ---- */

static bool sink(void *ctx, const char *data, size_t len)
{
    struct sheets_stream *st = ctx;

    return jstream_feed(st->parser, data, len);
}

static void restart(void *ctx)
{
    struct sheets_stream *st = ctx;

    jstream_free(st->parser);
    st->parser = jstream_new(st->handler, st->ctx);
    st->reset(st->ctx);
}

enum bs_rc sheets_stream_call(struct sheets *s, struct call *call, struct sheets_stream *st,
                              struct bs_err *e)
{
    struct call_result res;
    enum bs_rc rc;

    call->service = ON_SHEETS;
    call->sink = sink;
    call->restart = restart;
    call->sink_ctx = st;
    restart(st);
    rc = call_perform(s->caller, call, &res, e);
    if (st->err->rc != BS_OK) {
        *e = *st->err;
        rc = e->rc;
    } else if (jstream_error(st->parser)[0] != '\0') {
        rc = bs_fail(e, call->cls == CLASS_READ ? BS_STOP_SYNC : BS_UNSURE, BS_K_REMOTE,
                     "Google's answer cannot be read: %s", jstream_error(st->parser));
    } else if (rc == BS_OK && !jstream_end(st->parser)) {
        rc = bs_fail(e, call->cls == CLASS_READ ? BS_STOP_SYNC : BS_UNSURE, BS_K_REMOTE,
                     "Google's answer broke off");
    } else if (rc != BS_OK) {
        rc = sheets_explain(s, e);
    }
    call_result_release(&res);
    jstream_free(st->parser);
    st->parser = NULL;
    return rc;
}

static enum bs_rc get_json(struct sheets *s, struct call *call, struct json **doc, struct bs_err *e)
{
    struct call_result res;
    enum bs_rc rc = call_perform(s->caller, call, &res, e);

    *doc = call_take_doc(&res);
    if (rc != BS_OK) {
        rc = sheets_explain(s, e);
    }
    call_result_release(&res);
    return rc;
}

/* ---- meta ---- */

static enum bs_rc parse_tab(struct arena *a, const struct json *n, struct sheet_tab *t,
                            struct bs_err *e)
{
    const struct json *p = json_get(n, "properties");
    const struct json *g = json_get(p, "gridProperties");
    const char *type = json_string(json_get(p, "sheetType"), "GRID");

    t->id = json_int(json_get(p, "sheetId"), 0); /* zeros may be left out */
    t->title = arena_strdup(a, json_string(json_get(p, "title"), ""));
    t->rows = (uint32_t)json_int(json_get(g, "rowCount"), 0);
    t->columns = (uint32_t)json_int(json_get(g, "columnCount"), 0);
    t->frozen_rows = (uint32_t)json_int(json_get(g, "frozenRowCount"), 0);
    t->is_grid = str_eq(type, "GRID");
    if (p == NULL || t->rows > SHEETS_CELLS_MAX || t->columns > A1_COLUMNS_MAX) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE, "Google describes a tab in an unknown form");
    }
    return BS_OK;
}

static enum bs_rc parse_meta(struct arena *a, const struct json *doc, const struct sheet_meta **out,
                             struct bs_err *e)
{
    const struct json *list = json_get(doc, "sheets");
    struct sheet_meta *m = arena_alloc(a, sizeof *m);
    struct sheet_tab *tabs;

    if (!json_is_array(list) || json_count(list) > TABS_MAX) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE,
                       "Google describes the spreadsheet in an unknown form");
    }
    tabs = arena_alloc_n(a, json_count(list) + 1, sizeof *tabs);
    for (const struct json *n = json_child(list); n != NULL; n = json_next(n)) {
        if (parse_tab(a, n, &tabs[m->n_tabs++], e) != BS_OK) {
            return e->rc;
        }
    }
    m->title = arena_strdup(a, json_string(json_path(doc, "properties.title"), ""));
    m->locale = arena_strdup(a, json_string(json_path(doc, "properties.locale"), "en_US"));
    m->time_zone = arena_strdup(a, json_string(json_path(doc, "properties.timeZone"), "Etc/GMT"));
    m->tabs = tabs;
    *out = m;
    return BS_OK;
}

enum bs_rc sheets_meta(struct sheets *s, struct arena *a, const struct sheet_meta **out,
                       struct bs_err *e)
{
    struct call call = {.method = HTTP_GET, .cls = CLASS_READ, .service = ON_SHEETS};
    struct json *doc = NULL;
    struct buf url;

    buf_init(&url, 4096);
    sheets_url(s, &url);
    buf_adds(&url, "?fields=");
    url_encode(&url, "spreadsheetId,properties(title,locale,timeZone),sheets.properties");
    buf_adds(&url, "&prettyPrint=false");
    call.url = url.data;
    if (get_json(s, &call, &doc, e) == BS_OK) {
        (void)parse_meta(a, doc, out, e);
    }
    json_free(doc);
    buf_release(&url);
    return e->rc;
}

enum bs_rc sheets_meta_parse(struct arena *a, const char *text, const struct sheet_meta **out,
                             struct bs_err *e)
{
    struct json *doc = NULL;

    if (json_parse(text, strlen(text), &doc, e) == BS_OK) {
        bs_seen(parse_meta(a, doc, out, e));
    }
    json_free(doc);
    return e->rc;
}

static void print_tab(struct jsonw *w, const struct sheet_tab *t)
{
    jsonw_object(w);
    jsonw_key(w, "properties");
    jsonw_object(w);
    jsonw_member_int(w, "sheetId", t->id);
    jsonw_member(w, "title", t->title);
    jsonw_member(w, "sheetType", t->is_grid ? "GRID" : "OBJECT");
    jsonw_key(w, "gridProperties");
    jsonw_object(w);
    jsonw_member_int(w, "rowCount", t->rows);
    jsonw_member_int(w, "columnCount", t->columns);
    jsonw_member_int(w, "frozenRowCount", t->frozen_rows);
    jsonw_end_object(w);
    jsonw_end_object(w);
    jsonw_end_object(w);
}

/* In Google's own form, so that one parser reads both. */
void sheets_meta_print(const struct sheet_meta *m, struct buf *out)
{
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_object(&w);
    jsonw_key(&w, "properties");
    jsonw_object(&w);
    jsonw_member(&w, "title", m->title);
    jsonw_member(&w, "locale", m->locale);
    jsonw_member(&w, "timeZone", m->time_zone);
    jsonw_end_object(&w);
    jsonw_key(&w, "sheets");
    jsonw_array(&w);
    for (size_t i = 0; i < m->n_tabs; i++) {
        print_tab(&w, &m->tabs[i]);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
}

const struct sheet_tab *sheets_find_tab(const struct sheet_meta *m, const char *ref)
{
    int64_t gid = -1;
    bool by_id = str_starts(ref, "gid:") && str_to_i64(ref + 4, 0, INT32_MAX, &gid);

    for (size_t i = 0; i < m->n_tabs; i++) {
        if (by_id ? m->tabs[i].id == gid : str_eq(m->tabs[i].title, ref)) {
            return &m->tabs[i];
        }
    }
    for (size_t i = 0; !by_id && i < m->n_tabs; i++) {
        if (str_eq_ci(m->tabs[i].title, ref)) {
            return &m->tabs[i];
        }
    }
    return NULL;
}

/* ---- Drive ---- */

/* files.get with these fields. */
static enum bs_rc drive_file(struct sheets *s, const char *fields, struct json **doc,
                             struct bs_err *e)
{
    struct call call = {.method = HTTP_GET, .cls = CLASS_READ, .service = ON_DRIVE};
    struct buf url;

    buf_init(&url, 4096);
    buf_addf(&url, "%s/drive/v3/files/", caller_endpoints(s->caller)->drive);
    url_encode(&url, s->id);
    buf_adds(&url, "?fields=");
    url_encode(&url, fields);
    buf_adds(&url, "&supportsAllDrives=true");
    call.url = url.data;
    bs_seen(get_json(s, &call, doc, e));
    buf_release(&url);
    return e->rc;
}

enum bs_rc sheets_drive_version(struct sheets *s, char version[32], int64_t *modified_ms,
                                struct bs_err *e)
{
    struct json *doc = NULL;

    if (drive_file(s, "version,modifiedTime", &doc, e) == BS_OK) {
        (void)str_copy(version, 32, json_string(json_get(doc, "version"), ""));
        if (!clock_parse(json_string(json_get(doc, "modifiedTime"), ""), modified_ms)) {
            *modified_ms = 0;
        }
    }
    json_free(doc);
    return e->rc;
}

enum bs_rc sheets_can_edit(struct sheets *s, bool *can, struct bs_err *e)
{
    struct json *doc = NULL;

    if (drive_file(s, "capabilities(canEdit)", &doc, e) == BS_OK) {
        const struct json *right = json_path(doc, "capabilities.canEdit");

        *can = json_bool(right, false);
        if (!json_is_bool(right)) {
            bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE, "Google Drive did not tell the account's rights");
        }
    }
    json_free(doc);
    return e->rc;
}
