/* The Sheets service: from a request to the handler that answers it. See sheets.h. */
#include "sheets.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- scopes ---- */

enum { SC_SHEETS = 1, SC_SHEETS_READ = 2, SC_DRIVE = 4, SC_DRIVE_READ = 8, SC_FILE = 16 };
#define SC_WRITE (SC_SHEETS | SC_DRIVE | SC_FILE)
#define SC_READ (SC_WRITE | SC_SHEETS_READ | SC_DRIVE_READ)

static const struct {
    const char *name;
    unsigned bit;
} scopes[] = {{"spreadsheets", SC_SHEETS},
              {"spreadsheets.readonly", SC_SHEETS_READ},
              {"drive", SC_DRIVE},
              {"drive.readonly", SC_DRIVE_READ},
              {"drive.file", SC_FILE}};

static unsigned scope_bits(const char *text)
{
    static const char prefix[] = "https://www.googleapis.com/auth/";
    unsigned bits = 0;
    for (const char *p = text; p && *p;) {
        size_t n = strcspn(p, " ");
        for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
            size_t m = strlen(scopes[i].name);
            if (n == sizeof prefix - 1 + m && strncmp(p, prefix, sizeof prefix - 1) == 0 &&
                strncmp(p + sizeof prefix - 1, scopes[i].name, m) == 0)
                bits |= scopes[i].bit;
        }
        p += n + (p[n] == ' ');
    }
    return bits;
}

/* ---- routes ---- */

struct route {
    const char *shape; /* method, then the path below /v4/spreadsheets; * for a part */
    bool (*handle)(struct sreq *q);
    const char *method; /* in google.apps.sheets.v4.SpreadsheetsService */
    const char *query;  /* parameters besides the common ones */
    const char *answer; /* message of the answer, for field masks */
    const char *body;   /* message of the body, NULL: none */
    const char *at;     /* path of the body in errors */
    unsigned scopes;
    bool write;
};

#define Q_RENDER "majorDimension valueRenderOption dateTimeRenderOption"
#define Q_UPDATE                                                                                   \
    "valueInputOption includeValuesInResponse responseValueRenderOption "                          \
    "responseDateTimeRenderOption"

static const struct route routes[] = {
    {"GET *", sheets_get, "GetSpreadsheet", "ranges includeGridData excludeTablesInBandedRanges",
     "Spreadsheet", NULL, "", SC_READ, false},
    {"POST *:getByDataFilter", sheets_get_by_filter, "GetSpreadsheetByDataFilter", "",
     "Spreadsheet", "GetSpreadsheetByDataFilterRequest", "", SC_WRITE, false},
    {"POST ", sheets_create, "CreateSpreadsheet", "", "Spreadsheet", "Spreadsheet", "spreadsheet",
     SC_WRITE, true},
    {"POST *:batchUpdate", sheets_batch_update, "BatchUpdateSpreadsheet", "",
     "BatchUpdateSpreadsheetResponse", "BatchUpdateSpreadsheetRequest", "", SC_WRITE, true},
    {"GET */developerMetadata/*", sheets_meta_get, "GetDeveloperMetadata", "", "DeveloperMetadata",
     NULL, "", SC_WRITE, false},
    {"POST */developerMetadata:search", sheets_meta_search, "SearchDeveloperMetadata", "",
     "SearchDeveloperMetadataResponse", "SearchDeveloperMetadataRequest", "", SC_WRITE, false},
    {"POST */sheets/*:copyTo", sheets_copy_to, "CopySheetTo", "", "SheetProperties",
     "CopySheetToAnotherSpreadsheetRequest", "", SC_WRITE, true},
    {"GET */values/*", values_get, "GetValues", Q_RENDER, "ValueRange", NULL, "", SC_READ, false},
    {"GET */values:batchGet", values_batch_get, "BatchGetValues", "ranges " Q_RENDER,
     "BatchGetValuesResponse", NULL, "", SC_READ, false},
    {"POST */values:batchGetByDataFilter", values_batch_get_by_filter, "BatchGetValuesByDataFilter",
     "", "BatchGetValuesByDataFilterResponse", "BatchGetValuesByDataFilterRequest", "", SC_WRITE,
     false},
    {"PUT */values/*", values_update, "UpdateValues", Q_UPDATE, "UpdateValuesResponse",
     "ValueRange", "data", SC_WRITE, true},
    {"POST */values:batchUpdate", values_batch_update, "BatchUpdateValues", "",
     "BatchUpdateValuesResponse", "BatchUpdateValuesRequest", "", SC_WRITE, true},
    {"POST */values:batchUpdateByDataFilter", values_batch_update_by_filter,
     "BatchUpdateValuesByDataFilter", "", "BatchUpdateValuesByDataFilterResponse",
     "BatchUpdateValuesByDataFilterRequest", "", SC_WRITE, true},
    {"POST */values/*:append", values_append, "AppendValues", Q_UPDATE " insertDataOption",
     "AppendValuesResponse", "ValueRange", "data", SC_WRITE, true},
    {"POST */values/*:clear", values_clear, "ClearValues", "", "ClearValuesResponse",
     "ClearValuesRequest", "", SC_WRITE, true},
    {"POST */values:batchClear", values_batch_clear, "BatchClearValues", "",
     "BatchClearValuesResponse", "BatchClearValuesRequest", "", SC_WRITE, true},
    {"POST */values:batchClearByDataFilter", values_batch_clear_by_filter,
     "BatchClearValuesByDataFilter", "", "BatchClearValuesByDataFilterResponse",
     "BatchClearValuesByDataFilterRequest", "", SC_WRITE, true},
};

/* Matches the rest of a raw path with a shape; the parts go to arg, decoded. */
static bool match(const char *shape, const char *path, char *arg[3])
{
    size_t n = 0;
    while (*shape) {
        if (*shape != '*') {
            if (*shape++ != *path++)
                return false;
            continue;
        }
        shape++;
        size_t seg = strcspn(path, "/");
        /* A verb ends the part; its colon is never encoded, those of ranges may be. */
        size_t verb = *shape == ':' ? strlen(shape) : 0;
        if (verb && (seg <= verb || strncmp(path + seg - verb, shape, verb) != 0))
            return false;
        bool first = n == 0;
        if (first && !verb && memchr(path, ':', seg))
            return false;
        seg -= verb;
        if (!seg || n == 3)
            return false;
        arg[n++] = twin_decode(path, seg);
        path += seg;
    }
    return !*path;
}

static const struct route *find_route(struct sreq *q)
{
    static const char base[] = "/v4/spreadsheets";
    const char *path = q->req->raw_path;
    if (strncmp(path, base, sizeof base - 1) != 0)
        return NULL;
    path += sizeof base - 1;
    if (*path == '/')
        path++;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        const char *shape = routes[i].shape;
        size_t m = strcspn(shape, " ");
        if (strlen(q->req->method) == m && strncmp(shape, q->req->method, m) == 0 &&
            match(shape + m + 1, path, q->arg))
            return &routes[i];
        for (size_t k = 0; k < 3; k++) {
            free(q->arg[k]);
            q->arg[k] = NULL;
        }
    }
    return NULL;
}

/* ---- checks before a handler ---- */

static bool word_in(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = list; *p;) {
        size_t m = strcspn(p, " ");
        if (m == n && strncmp(p, word, n) == 0)
            return true;
        p += m + (p[m] == ' ');
    }
    return false;
}

static char *snake(const char *name)
{
    struct tbuf b = {0};
    for (; *name; name++) {
        if (isupper((unsigned char)*name))
            tb_chr(&b, '_');
        tb_chr(&b, (char)tolower((unsigned char)*name));
    }
    return tb_take(&b);
}

static bool bool_value(const char *v)
{
    return strcasecmp(v, "true") == 0 || strcasecmp(v, "false") == 0;
}

static bool check_query(struct sreq *q, const struct route *r)
{
    static const char common[] = "fields alt prettyPrint key access_token oauth_token quotaUser "
                                 "callback $.xgafv uploadType upload_protocol";
    static const char flags[] = "includeGridData excludeTablesInBandedRanges prettyPrint "
                                "includeValuesInResponse";
    for (size_t i = 0; i < q->req->n_query; i++) {
        const char *name = q->req->query[i].name;
        if (!word_in(common, name) && !word_in(r->query, name)) {
            violation_add(&q->err.v, NULL,
                          tw_fmt("Invalid JSON payload received. Unknown name \"%s\": Cannot bind "
                                 "query parameter. Field '%s' could not be found in request "
                                 "message.",
                                 name, name));
        } else if (word_in(flags, name) && !bool_value(q->req->query[i].value)) {
            char *field = snake(name);
            violation_add(
                &q->err.v, field,
                tw_fmt("Invalid value at '%s' (TYPE_BOOL), \"%s\"", field, q->req->query[i].value));
            free(field);
        }
    }
    return !q->err.v.n || s_fail_violations(&q->err);
}

static bool check_scope(struct sreq *q, const struct route *r)
{
    unsigned have = scope_bits(q->scope);
    if (have & r->scopes)
        return true;
    struct tbuf b = {0};
    tb_str(&b, "Bearer realm=\"https://accounts.google.com/\", error=\"insufficient_scope\", "
               "scope=\"");
    bool some = false;
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
        if (r->scopes & scopes[i].bit)
            tb_fmt(&b, "%shttps://www.googleapis.com/auth/%s", some ? " " : "", scopes[i].name);
        some = some || (r->scopes & scopes[i].bit);
    }
    tb_chr(&b, '"');
    char *header = tb_take(&b);
    twin_res_header(q->res, "WWW-Authenticate", header);
    free(header);
    cJSON *info = cJSON_CreateObject();
    cJSON_AddStringToObject(info, "@type", "type.googleapis.com/google.rpc.ErrorInfo");
    cJSON_AddStringToObject(info, "reason", "ACCESS_TOKEN_SCOPE_INSUFFICIENT");
    cJSON_AddStringToObject(info, "domain", "googleapis.com");
    cJSON *meta = cJSON_AddObjectToObject(info, "metadata");
    cJSON_AddStringToObject(meta, "service", "sheets.googleapis.com");
    char *method = tw_fmt("google.apps.sheets.v4.SpreadsheetsService.%s", r->method);
    cJSON_AddStringToObject(meta, "method", method);
    free(method);
    q->err.details = cJSON_CreateArray();
    cJSON_AddItemToArray(q->err.details, info);
    return s_fail(&q->err, 403, "Request had insufficient authentication scopes.");
}

static bool check_body(struct sreq *q, const struct route *r)
{
    const char *type = q->req->content_type;
    if (!r->body)
        return true;
    if (!q->req->body_len) {
        q->body = cJSON_CreateObject();
        return true;
    }
    if (type && !strstr(type, "json")) {
        violation_add(&q->err.v, NULL,
                      tw_fmt("Invalid JSON payload received. Unknown name \"%.100s\": Cannot bind "
                             "query parameter. Field '%.100s' could not be found in request "
                             "message.",
                             q->req->body, q->req->body));
        return s_fail_violations(&q->err);
    }
    const char *end = NULL;
    q->body = cJSON_ParseWithLengthOpts(q->req->body, q->req->body_len, &end, false);
    while (q->body && end < q->req->body + q->req->body_len && isspace((unsigned char)*end))
        end++;
    if (!cJSON_IsObject(q->body) || end != q->req->body + q->req->body_len) {
        violation_add(&q->err.v, NULL,
                      tw_fmt("Invalid JSON payload received. Unexpected token.\n%.60s\n^",
                             q->body || !end ? q->req->body : end));
        return s_fail_violations(&q->err);
    }
    schema_check(q->body, r->body, r->at, &q->err.v);
    return !q->err.v.n || s_fail_violations(&q->err);
}

static bool check_mask(struct sreq *q, const struct route *r)
{
    const char *fields = twin_query(q->req, "fields");
    char *bad = NULL;
    if (!fields || !*fields)
        return true;
    q->mask = mask_read(fields, r->answer, &bad);
    if (q->mask)
        return true;
    violation_add(
        &q->err.v, bad ? bad : "fields",
        bad ? tw_fmt("Error expanding 'fields' parameter. Cannot find matching fields for "
                     "path '%s'.",
                     bad)
            : tw_fmt("Error expanding 'fields' parameter. Invalid field mask '%s'.", fields));
    free(bad);
    return s_fail(&q->err, 400, "Request contains an invalid argument.");
}

static bool check_access(struct sreq *q, const struct route *r)
{
    if (!q->arg[0])
        return true;
    struct book *b = book_by_id(q->s, q->arg[0]);
    bool only_file = !(scope_bits(q->scope) & ~(unsigned)SC_FILE & r->scopes);
    if (b && only_file && (!b->creator || strcasecmp(b->creator, q->email) != 0))
        b = NULL;
    if (b && strcmp(b->mime, SPREADSHEET_MIME) != 0) {
        if (strstr(b->mime, "openxmlformats") || strstr(b->mime, "ms-excel")) {
            q->err.status = "FAILED_PRECONDITION";
            return s_fail(&q->err, 400,
                          "This operation is not supported for this document. The document must "
                          "not be an Office file.");
        }
        b = NULL;
    }
    if (!b)
        return s_fail(&q->err, 404, "Requested entity was not found.");
    if (r->write ? !book_can_write(b, q->email) : !book_role(b, q->email))
        return s_fail(&q->err, 403, "The caller does not have permission");
    q->book = b;
    bool stale = !r->write && q->req->now_ms < q->s->stale_until_ms;
    q->st = b->now;
    for (int i = 0; stale && i < q->s->stale_writes && b->before[i]; i++)
        q->st = b->before[i];
    q->calc = calc_begin(q->st, q->req->now_ms);
    return true;
}

/* ---- the answer ---- */

struct out s_out(const struct sreq *q)
{
    return (struct out){.pretty = q->pretty};
}

void s_answer(struct sreq *q, struct out *o)
{
    free(q->res->body);
    q->res->status = 200;
    q->res->body_len = o->b.n;
    q->res->body = tb_take(&o->b);
}

const struct mask *s_mask(const struct sreq *q)
{
    return q->mask ? q->mask : &mask_all;
}

const char *s_option(struct sreq *q, const char *value, const char *name, const char *type,
                     const char *def)
{
    if (!value || !*value)
        return def;
    if (schema_enum_has(schema_enum(type), value))
        return strstr(value, "UNSPECIFIED") ? def : value;
    char *field = snake(name);
    violation_add(&q->err.v, field,
                  tw_fmt("Invalid value at '%s' (type.googleapis.com/google.apps.sheets.v4.%s), "
                         "\"%s\"",
                         field, type, value));
    free(field);
    s_fail_violations(&q->err);
    return NULL;
}

static void not_found_page(struct sreq *q)
{
    char *page = tw_fmt("<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  <title>Error "
                        "404 (Not Found)!!1</title>\n  <p><b>404.</b> <ins>That’s an error.</ins>\n"
                        "  <p>The requested URL <code>%.200s</code> was not found on this server.  "
                        "<ins>That’s all we know.</ins>\n",
                        q->req->raw_path);
    twin_res_text(q->res, 404, "text/html; charset=UTF-8", page);
    free(page);
}

void sheets_handle(struct sheets *s, const struct twin_req *req, const char *email,
                   const char *scope, struct twin_res *res)
{
    struct sreq q = {.s = s, .req = req, .email = email ? email : "", .scope = scope, .res = res};
    const char *pretty = twin_query(req, "prettyPrint");
    q.pretty = !pretty || strcasecmp(pretty, "false") != 0;
    const struct route *r = find_route(&q);
    res->kind = r && r->write ? "sheets.write" : "sheets.read";
    if (!r) {
        not_found_page(&q);
        return;
    }
    bool ok = check_query(&q, r) && check_scope(&q, r) && check_body(&q, r) && check_mask(&q, r) &&
              check_access(&q, r) && r->handle(&q);
    if (!ok)
        s_err_answer(&q.err, q.pretty, res);
    res->wrote = ok && r->write;
    s_err_free(&q.err);
    mask_free(q.mask);
    cJSON_Delete(q.body);
    for (size_t i = 0; i < 3; i++)
        free(q.arg[i]);
}
