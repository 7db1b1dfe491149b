/* import_file.c: reads an export; see import.h for its form. */
#include "app/import.h"
#include "base/clock.h"
#include "base/str.h"
#include "net/json.h"

#include <stdlib.h>
#include <string.h>

/* The row that is being read, for messages. */
struct row {
    struct import *x;
    const char *file, *table;
    size_t number; /* from 1 */
    const struct json *json;
    struct bs_err *e;
};

static enum bs_rc wrong(const struct row *r, const char *member, const char *what)
{
    return bs_fail(r->e, BS_STOP_ALL, BS_K_CONFIG, "%.120s: %s, row %zu: %s %s", r->file, r->table,
                   r->number, member, what);
}

/* *out: a copy in the arena, "" when absent or null. */
static enum bs_rc text_up_to(const struct row *r, const char *member, size_t max, const char **out)
{
    const struct json *v = json_get(r->json, member);
    const char *s = json_string(v, "");

    if (v && !json_is_null(v) && !json_is_string(v)) {
        return wrong(r, member, "is no text");
    }
    if (strnlen(s, max + 1) > max) {
        return wrong(r, member, "is too long");
    }
    *out = arena_strdup(r->x->arena, s);
    return BS_OK;
}

static enum bs_rc optional(const struct row *r, const char *member, const char **out)
{
    return text_up_to(r, member, IMPORT_TEXT_MAX, out);
}

static enum bs_rc needed(const struct row *r, const char *member, const char **out)
{
    if (optional(r, member, out) == BS_OK && **out == '\0') {
        return wrong(r, member, "is missing");
    }
    return r->e->rc;
}

/* ---- the tables ---- */

static enum bs_rc read_user(const struct row *r)
{
    struct import_user u = {0};

    if (needed(r, "id", &u.id) == BS_OK && needed(r, "email", &u.email) == BS_OK &&
        optional(r, "name", &u.name) == BS_OK) {
        r->x->users = bs_grow(r->x->users, r->x->n_users, &r->x->cap_users, sizeof *r->x->users);
        r->x->users[r->x->n_users++] = u;
    }
    return r->e->rc;
}

static enum bs_rc read_connection(const struct row *r, enum service service)
{
    struct import *x = r->x;
    struct import_connection c = {.service = service};
    const char *expiry;

    if (needed(r, "userId", &c.user_id) != BS_OK ||
        text_up_to(r, "accessToken", IMPORT_TOKEN_MAX, &c.access) != BS_OK ||
        text_up_to(r, "refreshToken", IMPORT_TOKEN_MAX, &c.refresh) != BS_OK ||
        optional(r, "tokenExpiry", &expiry) != BS_OK ||
        optional(r, service == SERVICE_AIRTABLE ? "accountId" : "googleAccountEmail", &c.account) !=
            BS_OK) {
        return r->e->rc;
    }
    if (*expiry && !clock_parse(expiry, &c.expires_ms)) {
        return wrong(r, "tokenExpiry", "is no time");
    }
    for (size_t i = 0; i < x->n_connections; i++) {
        if (x->connections[i].service == service && str_eq(x->connections[i].user_id, c.user_id)) {
            return wrong(r, "userId", "has such a connection already");
        }
    }
    x->connections =
        bs_grow(x->connections, x->n_connections, &x->cap_connections, sizeof *x->connections);
    x->connections[x->n_connections++] = c;
    return BS_OK;
}

static enum bs_rc read_airtable(const struct row *r)
{
    return read_connection(r, SERVICE_AIRTABLE);
}

static enum bs_rc read_google(const struct row *r)
{
    return read_connection(r, SERVICE_GOOGLE);
}

static int by_column(const void *a, const void *b)
{
    const struct import_field *x = a, *y = b;

    return x->column < y->column ? -1 : x->column > y->column;
}

static enum bs_rc take_mapping(const struct row *r, const struct json *map, struct import_sync *s)
{
    struct import_field *list;
    size_t n = json_count(map);

    if (!json_is_object(map)) {
        return wrong(r, "fieldMappings", "is no object of field ids and columns");
    }
    if (n > MAPPING_MAX) {
        return wrong(r, "fieldMappings", "has more fields than one sync can have (500)");
    }
    list = arena_alloc_n(r->x->arena, n + 1, sizeof *list);
    for (const struct json *m = json_child(map); m; m = json_next(m)) {
        int64_t column = json_is_number(m) || json_is_string(m) ? json_int(m, -1) : -1;

        if (column < 0 || column >= IMPORT_COLUMNS_MAX || !*json_key(m) ||
            strlen(json_key(m)) > IMPORT_TEXT_MAX) {
            return wrong(r, "fieldMappings", "holds what is no field id and column from 0");
        }
        list[s->n_fields++] =
            (struct import_field){arena_strdup(r->x->arena, json_key(m)), (size_t)column};
    }
    if (s->n_fields > 1) {
        qsort(list, s->n_fields, sizeof *list, by_column);
    }
    s->fields = list;
    return BS_OK;
}

/* An object, or the text of one. */
static enum bs_rc read_mapping(const struct row *r, struct import_sync *s)
{
    const struct json *v = json_get(r->json, "fieldMappings");
    const char *text = json_string(v, NULL);
    struct json *doc = NULL;
    struct bs_err not_json = BS_ERR_INIT;
    enum bs_rc rc;

    if (!text) {
        return take_mapping(r, v, s);
    }
    if (json_parse(text, strlen(text), &doc, &not_json) != BS_OK) {
        rc = wrong(r, "fieldMappings", "is no JSON text");
    } else {
        rc = take_mapping(r, doc, s);
    }
    json_free(doc);
    return rc;
}

static enum bs_rc read_sync(const struct row *r)
{
    struct import *x = r->x;
    struct import_sync s = {.active = json_bool(json_get(r->json, "isActive"), true)};
    const char *direction, *conflicts;

    if (needed(r, "userId", &s.user_id) != BS_OK || needed(r, "name", &s.name) != BS_OK ||
        needed(r, "airtableBaseId", &s.base) != BS_OK ||
        needed(r, "airtableTableId", &s.table) != BS_OK ||
        optional(r, "airtableViewId", &s.view) != BS_OK ||
        needed(r, "googleSpreadsheetId", &s.spreadsheet) != BS_OK ||
        needed(r, "googleSheetId", &s.sheet) != BS_OK ||
        optional(r, "syncDirection", &direction) != BS_OK ||
        optional(r, "conflictResolution", &conflicts) != BS_OK || read_mapping(r, &s) != BS_OK) {
        return r->e->rc;
    }
    /* The product's own defaults. */
    if (!direction_parse(*direction ? direction : "BIDIRECTIONAL", &s.direction)) {
        return wrong(r, "syncDirection", "is none that is known");
    }
    if (!conflict_rule_parse(*conflicts ? conflicts : "NEWEST_WINS", &s.conflicts)) {
        return wrong(r, "conflictResolution", "is none that is known");
    }
    s.view = *s.view ? s.view : NULL;
    x->syncs = bs_grow(x->syncs, x->n_syncs, &x->cap_syncs, sizeof *x->syncs);
    x->syncs[x->n_syncs++] = s;
    return BS_OK;
}

/* ---- the file ---- */

struct table_kind {
    const char *plural, *model;
    const char *mark; /* a member that only its rows have */
    enum bs_rc (*read)(const struct row *r);
};

static const struct table_kind kinds[] = {
    {"syncConfigs", "SyncConfig", "airtableBaseId", read_sync},
    {"googleSheetsConnections", "GoogleSheetsConnection", "googleAccountEmail", read_google},
    {"airtableConnections", "AirtableConnection", "accountId", read_airtable},
    {"users", "User", "email", read_user},
};
#define N_KINDS (sizeof kinds / sizeof *kinds)

static enum bs_rc read_table(struct import *x, const char *file, const struct table_kind *kind,
                             const struct json *rows, struct bs_err *e)
{
    struct row r = {x, file, kind->plural, 0, NULL, e};

    if (!json_is_array(rows)) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "%.120s: %s is no array of rows", file,
                       kind->plural);
    }
    if (json_count(rows) > IMPORT_ROWS_MAX) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "%.120s: %s has more than %d rows", file,
                       kind->plural, IMPORT_ROWS_MAX);
    }
    for (r.json = json_child(rows); r.json; r.json = json_next(r.json)) {
        r.number++;
        if (!json_is_object(r.json)) {
            return wrong(&r, "it", "is no object");
        }
        if (kind->read(&r) != BS_OK) {
            return e->rc;
        }
    }
    return BS_OK;
}

static const struct table_kind *kind_of_rows(const struct json *rows)
{
    for (size_t i = 0; i < N_KINDS; i++) {
        if (json_get(json_child(rows), kinds[i].mark)) {
            return &kinds[i];
        }
    }
    return NULL;
}

static enum bs_rc read_tables(struct import *x, const char *file, const struct json *doc,
                              struct bs_err *e)
{
    bool any = false;

    for (size_t i = 0; i < N_KINDS && e->rc == BS_OK; i++) {
        const struct json *rows = json_get(doc, kinds[i].plural);

        rows = rows ? rows : json_get(doc, kinds[i].model);
        any = any || rows;
        if (rows && !json_is_null(rows)) {
            bs_seen(read_table(x, file, &kinds[i], rows, e));
        }
    }
    if (any || e->rc != BS_OK) {
        return e->rc;
    }
    return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                   "%.120s: holds none of users, airtableConnections, googleSheetsConnections and "
                   "syncConfigs",
                   file);
}

enum bs_rc import_read(struct import *x, const char *name, const char *text, size_t len,
                       struct bs_err *e)
{
    struct json *doc = NULL;
    struct bs_err not_json = BS_ERR_INIT;
    const struct table_kind *kind;

    if (json_parse(text, len, &doc, &not_json) != BS_OK) {
        /* The parser's own sentence would quote the file, which holds tokens. */
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "%.120s: is not JSON", name);
    }
    kind = kind_of_rows(doc);
    if (json_is_object(doc)) {
        bs_seen(read_tables(x, name, doc, e));
    } else if (json_is_array(doc) && kind) {
        bs_seen(read_table(x, name, kind, doc, e));
    } else if (!json_is_array(doc) || json_count(doc) > 0) {
        bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "%.120s: is no table that is known", name);
    }
    json_free(doc);
    return e->rc;
}

void import_release(struct import *x)
{
    free(x->users);
    free(x->connections);
    free(x->syncs);
    *x = (struct import){0};
}
