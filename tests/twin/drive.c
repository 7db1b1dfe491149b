/* Drive v3, as far as spreadsheets need it: files, changes, about. See sheets.h, twin.h. */
#include "drive.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- errors ---- */

/* Drive's own form: errors[] and no status but for what concerns the credential. */
bool drive_fail(struct dreq *q, int http, const char *reason, const char *where, const char *text)
{
    struct out o = {.pretty = q->pretty};
    bool limits = strcmp(reason, "storageQuotaExceeded") == 0;
    out_object(&o, NULL);
    out_object(&o, "error");
    out_number(&o, "code", http);
    out_string(&o, "message", text);
    out_array(&o, "errors");
    out_object(&o, NULL);
    out_string(&o, "message", text);
    out_string(&o, "domain", limits ? "usageLimits" : "global");
    out_string(&o, "reason", reason);
    if (where) {
        out_string(&o, "location", where);
        out_string(&o, "locationType", "parameter");
    }
    out_end_object(&o);
    out_end_array(&o);
    if (strcmp(reason, "insufficientPermissions") == 0)
        out_string(&o, "status", "PERMISSION_DENIED");
    out_end_object(&o);
    out_end_object(&o);
    free(q->res->body);
    q->res->status = http;
    q->res->body_len = o.b.n;
    q->res->body = tb_take(&o.b);
    return false;
}

static bool not_found(struct dreq *q, const char *id)
{
    char *text = tw_fmt("File not found: %s.", id);
    drive_fail(q, 404, "notFound", "fileId", text);
    free(text);
    return false;
}

static bool no_room(struct dreq *q)
{
    return drive_fail(
        q, 403, "storageQuotaExceeded", NULL,
        "Service Accounts do not have storage quota. Leverage shared drives "
        "(https://developers.google.com/workspace/drive/api/guides/about-shareddrives), or "
        "use OAuth delegation "
        "(http://support.google.com/a/answer/7281227) instead.");
}

/* ---- what a request may see ---- */

static bool on_shared_drive(const struct book *b)
{
    return b->parent && strncmp(b->parent, "0A", 2) == 0;
}

static bool flag(const struct dreq *q, const char *name)
{
    const char *v = twin_query(q->req, name);
    return v && strcasecmp(v, "true") == 0;
}

static bool visible(const struct dreq *q, const struct book *b)
{
    if (q->file_only && (!b->creator || strcasecmp(b->creator, q->email) != 0))
        return false;
    return book_role(b, q->email) != NULL;
}

struct book *drive_find(struct dreq *q)
{
    struct book *b = book_by_id(q->s, q->id);
    if (b && visible(q, b) && (!on_shared_drive(b) || flag(q, "supportsAllDrives"))) {
        book_settle(q->s, b);
        return b;
    }
    not_found(q, q->id);
    return NULL;
}

/* ---- answers ---- */

static bool read_fields(struct dreq *q, const char *message, const char *fallback)
{
    const char *fields = twin_query(q->req, "fields");
    char *bad = NULL;
    q->mask = mask_read(fields && *fields ? fields : fallback, message, &bad);
    if (q->mask)
        return true;
    char *text = tw_fmt("Invalid field selection %s", bad ? bad : fields);
    free(bad);
    drive_fail(q, 400, "invalidParameter", "fields", text);
    free(text);
    return false;
}

static void answer(struct dreq *q, struct out *o)
{
    free(q->res->body);
    q->res->status = 200;
    q->res->body_len = o->b.n;
    q->res->body = tb_take(&o->b);
}

static void put_text(struct out *o, const char *key, const char *text, const struct mask *m)
{
    if (mask_get(m, key))
        out_string(o, key, text);
}

static void put_time(struct out *o, const char *key, int64_t ms, const struct mask *m)
{
    char text[TW_ISO_LEN];
    tw_iso(ms, text);
    put_text(o, key, text, m);
}

static void put_user(struct out *o, const char *key, const char *email, bool me)
{
    out_object(o, key);
    out_string(o, "kind", "drive#user");
    out_string(o, "displayName", email);
    out_bool(o, "me", me);
    out_string(o, "emailAddress", email);
    out_end_object(o);
}

static void put_rights(struct out *o, const struct dreq *q, const struct book *b,
                       const struct mask *m)
{
    const struct mask *sub = mask_get(m, "capabilities");
    const char *role = book_role(b, q->email);
    bool owner = role && strcmp(role, "owner") == 0;
    bool write = book_can_write(b, q->email);
    if (mask_get(m, "ownedByMe"))
        out_bool(o, "ownedByMe", owner);
    if (mask_get(m, "shared"))
        out_bool(o, "shared", b->n_share > 1);
    if (!sub)
        return;
    const struct {
        const char *name;
        bool on;
    } rights[] = {{"canEdit", write},
                  {"canCopy", true},
                  {"canDelete", owner},
                  {"canRename", write},
                  {"canDownload", true}};
    out_object(o, "capabilities");
    for (size_t i = 0; i < sizeof rights / sizeof *rights; i++)
        if (mask_get(sub, rights[i].name))
            out_bool(o, rights[i].name, rights[i].on);
    out_end_object(o);
}

static void put_file(struct out *o, const char *key, const struct dreq *q, const struct book *b,
                     const struct mask *m)
{
    char version[32];
    twin_number((double)b->version, version);
    out_object(o, key);
    put_text(o, "kind", "drive#file", m);
    put_text(o, "id", b->id, m);
    put_text(o, "name", b->now->title, m);
    put_text(o, "mimeType", b->mime, m);
    put_text(o, "version", version, m);
    put_time(o, "createdTime", b->created_ms, m);
    put_time(o, "modifiedTime", b->modified_ms, m);
    if (mask_get(m, "trashed"))
        out_bool(o, "trashed", b->trashed);
    if (mask_get(m, "parents") && b->parent) {
        out_array(o, "parents");
        out_string(o, NULL, b->parent);
        out_end_array(o);
    }
    if (on_shared_drive(b))
        put_text(o, "driveId", b->parent, m);
    put_rights(o, q, b, m);
    for (size_t i = 0; i < b->n_share && mask_get(m, "owners"); i++) {
        if (strcmp(b->share[i].role, "owner") != 0)
            continue;
        out_array(o, "owners");
        put_user(o, NULL, b->share[i].email, strcasecmp(b->share[i].email, q->email) == 0);
        out_end_array(o);
        break;
    }
    if (mask_get(m, "webViewLink")) {
        char *url = tw_fmt("https://docs.google.com/spreadsheets/d/%s/edit?usp=drivesdk", b->id);
        out_string(o, "webViewLink", url);
        free(url);
    }
    out_end_object(o);
}

#define FILE_FIELDS "kind,id,name,mimeType"

static bool answer_file(struct dreq *q, const struct book *b)
{
    struct out o = {.pretty = q->pretty};
    put_file(&o, NULL, q, b, q->mask);
    answer(q, &o);
    return true;
}

/* ---- files ---- */

static bool files_get(struct dreq *q)
{
    struct book *b = drive_find(q);
    return b && read_fields(q, "DriveFile", FILE_FIELDS) && answer_file(q, b);
}

static void log_drive(struct dreq *q, const char *what, const struct book *b)
{
    cJSON *detail = cJSON_CreateObject();
    cJSON_AddStringToObject(detail, "spreadsheet", b->id);
    cJSON_AddStringToObject(detail, "title", b->now->title);
    cJSON_AddStringToObject(detail, "by", q->email);
    twin_log_write(q->s->t, q->req, "sheets", what, detail);
    q->res->wrote = true;
}

/* Where a new file goes; false when the account has no room there. */
static bool place(struct dreq *q, const char **parent)
{
    const cJSON *parents = tj_get(q->body, "parents");
    *parent = parents && cJSON_IsString(parents->child) ? parents->child->valuestring : NULL;
    bool shared = *parent && strncmp(*parent, "0A", 2) == 0;
    return shared || !account_is_robot(q->email) || no_room(q);
}

static bool add_file(struct dreq *q, struct g_state *st, const char *parent, const char *what)
{
    char *id = book_new_id(q->s);
    struct book *b = book_add(q->s, id, st);
    free(id);
    b->creator = tw_dup(q->email);
    b->parent = tw_dup(parent);
    if (tj_str(q->body, "mimeType"))
        tw_set(&b->mime, tj_str(q->body, "mimeType"));
    book_set_share(b, q->email, "owner");
    book_note_change(q->s, b, false);
    log_drive(q, what, b);
    return answer_file(q, b);
}

static bool files_create(struct dreq *q)
{
    const char *parent;
    const char *name = tj_str(q->body, "name");
    if (!read_fields(q, "DriveFile", FILE_FIELDS) || !place(q, &parent))
        return false;
    struct g_state *st = grid_new(name ? name : "Untitled", NULL, NULL);
    grid_add_sheet(st, 0, "Sheet1", 1000, 26, -1);
    return add_file(q, st, parent, "drive.files.create");
}

static bool files_copy(struct dreq *q)
{
    const char *parent;
    struct book *from = drive_find(q);
    if (!from || !read_fields(q, "DriveFile", FILE_FIELDS) || !place(q, &parent))
        return false;
    struct g_state *st = grid_copy(from->now);
    char *made = tw_fmt("Copy of %s", from->now->title);
    tw_set(&st->title, tj_str(q->body, "name") ? tj_str(q->body, "name") : made);
    free(made);
    return add_file(q, st, parent, "drive.files.copy");
}

static bool files_delete(struct dreq *q)
{
    struct book *b = drive_find(q);
    if (!b)
        return false;
    if (strcmp(book_role(b, q->email), "owner") != 0)
        return drive_fail(q, 403, "insufficientFilePermissions", NULL,
                          "The user does not have sufficient permissions for this file.");
    log_drive(q, "drive.files.delete", b);
    book_remove(q->s, b);
    free(q->res->body);
    q->res->body = NULL;
    q->res->body_len = 0;
    q->res->status = 204;
    return true;
}

static bool files_update(struct dreq *q)
{
    struct book *b = drive_find(q);
    if (!b || !read_fields(q, "DriveFile", FILE_FIELDS))
        return false;
    if (!book_can_write(b, q->email))
        return drive_fail(q, 403, "insufficientFilePermissions", NULL,
                          "The user does not have sufficient permissions for this file.");
    if (cJSON_IsBool(tj_get(q->body, "trashed")))
        b->trashed = tj_bool(q->body, "trashed", false);
    if (tj_str(q->body, "name")) {
        struct g_state *next = grid_copy(b->now);
        tw_set(&next->title, tj_str(q->body, "name"));
        book_commit(q->s, b, next, true);
    }
    log_drive(q, "drive.files.update", b);
    return answer_file(q, b);
}

/* ---- lists ---- */

static bool files_list(struct dreq *q)
{
    const char *query = twin_query(q->req, "q");
    const char *size = twin_query(q->req, "pageSize");
    const char *token = twin_query(q->req, "pageToken");
    long max = size ? strtol(size, NULL, 10) : 100;
    size_t at = token && *token ? (size_t)strtoul(token, NULL, 10) : 0;
    struct drive_query terms;
    if (!read_fields(q, "DriveFileList",
                     "kind,nextPageToken,incompleteSearch,files(" FILE_FIELDS ")"))
        return false;
    if (max < 1 || max > 1000)
        return drive_fail(q, 400, "invalidParameter", "pageSize",
                          "Invalid value. Values must be within the range: [1, 1000]");
    if (!drive_query_read(query ? query : "", &terms))
        return drive_fail(q, 400, "invalid", "q", "Invalid Value");
    struct out o = {.pretty = q->pretty};
    const struct mask *m = mask_get(q->mask, "files");
    long n = 0;
    out_object(&o, NULL);
    put_text(&o, "kind", "drive#fileList", q->mask);
    if (mask_get(q->mask, "incompleteSearch"))
        out_bool(&o, "incompleteSearch", false);
    if (m)
        out_array(&o, "files");
    for (; at < q->s->n_book && n < max; at++) {
        struct book *b = q->s->book[at];
        bool reach = !on_shared_drive(b) || flag(q, "includeItemsFromAllDrives");
        if (!visible(q, b) || !reach || !drive_query_matches(&terms, b))
            continue;
        book_settle(q->s, b);
        if (m)
            put_file(&o, NULL, q, b, m);
        n++;
    }
    if (m)
        out_end_array(&o);
    if (at < q->s->n_book && mask_get(q->mask, "nextPageToken")) {
        char *next = tw_fmt("%zu", at);
        out_string(&o, "nextPageToken", next);
        free(next);
    }
    out_end_object(&o);
    drive_query_free(&terms);
    answer(q, &o);
    return true;
}

static void settle_all(struct dreq *q)
{
    for (size_t i = 0; i < q->s->n_book; i++)
        book_settle(q->s, q->s->book[i]);
}

static bool changes_start(struct dreq *q)
{
    settle_all(q);
    if (!read_fields(q, "DriveStartPageToken", "kind,startPageToken"))
        return false;
    char *token = tw_fmt("%zu", CHANGES_FIRST + q->s->n_change);
    struct out o = {.pretty = q->pretty};
    out_object(&o, NULL);
    put_text(&o, "kind", "drive#startPageToken", q->mask);
    put_text(&o, "startPageToken", token, q->mask);
    out_end_object(&o);
    free(token);
    answer(q, &o);
    return true;
}

static void put_change(struct out *o, struct dreq *q, const struct sheets_change *c,
                       const struct mask *m)
{
    const struct book *b = c->removed ? NULL : book_by_id(q->s, c->id);
    if (!c->removed && (!b || !visible(q, b)))
        return;
    out_object(o, NULL);
    put_text(o, "kind", "drive#change", m);
    put_text(o, "changeType", "file", m);
    put_time(o, "time", c->at_ms, m);
    if (mask_get(m, "removed"))
        out_bool(o, "removed", c->removed);
    put_text(o, "fileId", c->id, m);
    if (b && mask_get(m, "file"))
        put_file(o, "file", q, b, mask_get(m, "file"));
    out_end_object(o);
}

static bool changes_list(struct dreq *q)
{
    const char *token = twin_query(q->req, "pageToken");
    char *end = NULL;
    unsigned long at = token ? strtoul(token, &end, 10) : 0;
    settle_all(q);
    if (!token)
        return drive_fail(q, 400, "required", "pageToken", "Required parameter: pageToken");
    if (*end || at < CHANGES_FIRST || at > CHANGES_FIRST + q->s->n_change)
        return drive_fail(q, 400, "invalid", "pageToken", "Invalid Value");
    if (!read_fields(q, "DriveChangeList",
                     "kind,newStartPageToken,changes(kind,changeType,time,removed,fileId,"
                     "file(" FILE_FIELDS "))"))
        return false;
    const struct mask *m = mask_get(q->mask, "changes");
    char *next = tw_fmt("%zu", CHANGES_FIRST + q->s->n_change);
    struct out o = {.pretty = q->pretty};
    out_object(&o, NULL);
    put_text(&o, "kind", "drive#changeList", q->mask);
    put_text(&o, "newStartPageToken", next, q->mask);
    if (m) {
        out_array(&o, "changes");
        for (size_t i = at - CHANGES_FIRST; i < q->s->n_change; i++)
            put_change(&o, q, &q->s->change[i], m);
        out_end_array(&o);
    }
    out_end_object(&o);
    free(next);
    answer(q, &o);
    return true;
}

static bool about(struct dreq *q)
{
    if (!twin_query(q->req, "fields"))
        return drive_fail(q, 400, "required", "fields",
                          "The 'fields' parameter is required for this method.");
    if (!read_fields(q, "DriveAbout", "*"))
        return false;
    struct out o = {.pretty = q->pretty};
    out_object(&o, NULL);
    put_text(&o, "kind", "drive#about", q->mask);
    if (mask_get(q->mask, "user"))
        put_user(&o, "user", q->email, true);
    if (mask_get(q->mask, "storageQuota")) {
        out_object(&o, "storageQuota");
        out_string(&o, "limit", account_is_robot(q->email) ? "0" : "16106127360");
        out_string(&o, "usage", "0");
        out_end_object(&o);
    }
    out_end_object(&o);
    answer(q, &o);
    return true;
}

/* ---- routes ---- */

#define METADATA "drive.metadata.readonly drive.metadata"
#define READ "drive drive.readonly drive.file"
#define WRITE "drive drive.file"

static const struct {
    const char *method;
    const char *path; /* below /drive/v3/; * is the file's id */
    bool (*handle)(struct dreq *q);
    const char *scopes;
} routes[] = {
    {"GET", "files/*", files_get, READ " " METADATA},
    {"PATCH", "files/*", files_update, WRITE},
    {"DELETE", "files/*", files_delete, WRITE},
    {"POST", "files/*/copy", files_copy, WRITE},
    {"GET", "files/*/export", drive_export, READ},
    {"GET", "files", files_list, READ " " METADATA},
    {"POST", "files", files_create, WRITE},
    {"GET", "changes/startPageToken", changes_start, READ " " METADATA},
    {"GET", "changes", changes_list, READ " " METADATA},
    {"GET", "about", about, READ " " METADATA},
};

static bool match(const char *shape, const char *path, char **id)
{
    for (; *shape; shape++) {
        if (*shape != '*') {
            if (*shape != *path++)
                return false;
            continue;
        }
        size_t n = strcspn(path, "/");
        if (!n)
            return false;
        free(*id);
        *id = twin_decode(path, n);
        path += n;
    }
    return !*path;
}

/* Whether the token has one of the scopes; *file_only: nothing more than drive.file. */
static bool allowed(const char *have, const char *wanted, bool *file_only)
{
    bool some = false;
    *file_only = true;
    for (const char *p = have; p && *p;) {
        size_t n = strcspn(p, " ");
        const char *name = n > 32 ? p + 32 : p; /* behind https://www.googleapis.com/auth/ */
        size_t m = (size_t)(p + n - name);
        for (const char *w = wanted; *w;) {
            size_t k = strcspn(w, " ");
            if (k == m && strncmp(w, name, m) == 0) {
                some = true;
                *file_only = *file_only && m == 10 && strncmp(name, "drive.file", 10) == 0;
            }
            w += k + (w[k] == ' ');
        }
        p += n + (p[n] == ' ');
    }
    return some;
}

static bool serve(struct dreq *q, const char *path)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (strcmp(routes[i].method, q->req->method) != 0 || !match(routes[i].path, path, &q->id))
            continue;
        if (!allowed(q->scope, routes[i].scopes, &q->file_only))
            return drive_fail(q, 403, "insufficientPermissions", NULL,
                              "Request had insufficient authentication scopes.");
        return routes[i].handle(q);
    }
    twin_res_text(q->res, 404, "text/html; charset=UTF-8",
                  "<!DOCTYPE html>\n<html lang=en>\n  <title>Error 404 (Not Found)!!1</title>\n");
    return false;
}

void drive_handle(struct sheets *s, const struct twin_req *req, const char *email,
                  const char *scope, struct twin_res *res)
{
    static const char base[] = "/drive/v3/";
    struct dreq q = {.s = s, .req = req, .email = email ? email : "", .scope = scope, .res = res};
    const char *pretty = twin_query(req, "prettyPrint");
    q.pretty = !pretty || strcasecmp(pretty, "false") != 0;
    q.body = req->body_len ? cJSON_ParseWithLength(req->body, req->body_len) : NULL;
    res->kind = "drive";
    if (req->body_len && !cJSON_IsObject(q.body))
        drive_fail(&q, 400, "parseError", NULL, "Parse Error");
    else
        serve(&q, strncmp(req->raw_path, base, sizeof base - 1) == 0
                      ? req->raw_path + sizeof base - 1
                      : "");
    mask_free(q.mask);
    cJSON_Delete(q.body);
    free(q.id);
}
