/*
 * import.h: what a person brings from the hosted product BaseSync: rows of its tables, exported as
 * JSON. Read and bounded in import_file.c, made into [sync] sections in import_sections.c, carried
 * out in cmd_import.c.
 *
 * Accepted are an object with the tables as arrays of rows
 *     {"users": [...], "airtableConnections": [...], "googleSheetsConnections": [...],
 *      "syncConfigs": [...]}
 * (the names of the models, "User" and so on, do as well), and one table alone as an array, which
 * is told by what its rows hold. Rows are those of the product's own schema:
 *     User                     id, email, name?
 *     AirtableConnection       userId, accessToken, refreshToken, tokenExpiry?, accountId?
 *     GoogleSheetsConnection   userId, accessToken, refreshToken, tokenExpiry?, googleAccountEmail?
 *     SyncConfig               userId, name, airtableBaseId, airtableTableId, airtableViewId?,
 *                              googleSpreadsheetId, googleSheetId (a gid, or a title),
 *                              fieldMappings (an object, or its JSON text: {field id: column from
 *                              0}), syncDirection, conflictResolution, isActive
 * Tokens are "hex(iv):hex(tag):hex(ciphertext)" (crypto_open_legacy). Other members and other
 * tables are passed over.
 */
#ifndef APP_IMPORT_H
#define APP_IMPORT_H

#include "app/context.h"
#include "model/rules.h"

#define IMPORT_FILE_MAX ((size_t)16 << 20)
#define IMPORT_ROWS_MAX 10000    /* of one table */
#define IMPORT_TEXT_MAX 4096     /* bytes of one member */
#define IMPORT_TOKEN_MAX 200000  /* bytes of a sealed token */
#define IMPORT_COLUMNS_MAX 18278 /* of a sheet: column ZZZ */

struct import_user {
    const char *id, *email, *name;
};
struct import_connection {
    enum service service;
    const char *user_id;
    const char *access, *refresh; /* sealed; "" when absent */
    const char *account;          /* e-mail, or Airtable's user id; "" unknown */
    int64_t expires_ms;           /* of the access token, 0 unknown */
};
struct import_field {
    const char *field; /* its id */
    size_t column;     /* from 0 */
};
struct import_sync {
    const char *user_id, *name;
    const char *base, *table, *view;   /* view NULL: none */
    const char *spreadsheet, *sheet;   /* sheet: a gid, or a title */
    const struct import_field *fields; /* in order of columns */
    size_t n_fields;
    enum sync_direction direction;
    enum conflict_rule conflicts;
    bool active;
};

struct import {
    struct arena *arena; /* borrowed */
    struct import_user *users;
    struct import_connection *connections;
    struct import_sync *syncs;
    size_t n_users, cap_users, n_connections, cap_connections, n_syncs, cap_syncs;
};

/* Adds what one file holds; may be called for several. BS_STOP_ALL / BS_K_CONFIG: "NAME: table, row
 * 3: what". */
enum bs_rc import_read(struct import *x, const char *name, const char *text, size_t len,
                       struct bs_err *e) BS_MUST_CHECK;
void import_release(struct import *x);

/* Appends the sections of all syncs. slugs: per sync the user of the INI file. What cannot be
 * carried over is a remark beside the section, and a section that would not do what the person had
 * is not active. Reads tables and header rows as far as the users' connections allow. */
struct import_made {
    size_t sections, kept, inactive; /* kept: the INI file has the same sync already */
};
enum bs_rc import_sections(struct app *app, const struct import *x,
                           const struct conf_user *const *users, struct buf *out,
                           struct import_made *made, struct bs_err *e) BS_MUST_CHECK;

#endif
