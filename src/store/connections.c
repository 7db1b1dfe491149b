/* connections.c: see connections.h. Both services have a table of their own with the same shape;
 * one list of statements per table, picked by the service. */
#include "store/connections.h"

#include "base/clock.h"
#include "base/str.h"
#include "store/db.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define N_SERVICES 2
#define N_SECRETS 4

/* The sealed columns, in the order of `secrets_of`. */
static const char *const secret_columns[N_SECRETS] = {"secret", "clientId", "clientSecret",
                                                      "accessToken"};
#define ACCESS_TOKEN 3

struct service_sql {
    const char *table;
    const char *id_of_user, *put, *get, *list, *remove, *access, *access_refresh, *account, *reauth,
        *sealed, *reseal;
};

#define COLUMNS(account)                                                                           \
    "SELECT id, userId, kind, " account ", scopes, quotaKey, needsReauth, lastRefreshError,"       \
    " tokenExpiry, refreshExpiry, secret, clientId, clientSecret, accessToken"
#define SERVICE_SQL(table, account)                                                                \
    {                                                                                              \
        table, "SELECT id FROM \"" table "\" WHERE userId = ?1",                                   \
            "INSERT INTO \"" table "\"(id, userId, kind, " account ", scopes, quotaKey, secret,"   \
            " clientId, clientSecret, accessToken, tokenExpiry, refreshExpiry, createdAt,"         \
            " updatedAt) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?13, ?12, ?12)"     \
            " ON CONFLICT(id) DO UPDATE SET kind = excluded.kind, " account " = excluded." account \
            ", scopes = excluded.scopes, quotaKey = excluded.quotaKey,"                            \
            " secret = excluded.secret, clientId = excluded.clientId,"                             \
            " clientSecret = excluded.clientSecret, accessToken = excluded.accessToken,"           \
            " tokenExpiry = excluded.tokenExpiry, refreshExpiry = excluded.refreshExpiry,"         \
            " needsReauth = 0, lastRefreshError = '', lastRefreshAttempt = NULL,"                  \
            " updatedAt = excluded.updatedAt",                                                     \
            COLUMNS(account) " FROM \"" table "\" WHERE userId = ?1",                              \
            COLUMNS(account) " FROM \"" table "\" ORDER BY userId",                                \
            "DELETE FROM \"" table "\" WHERE id = ?1",                                             \
            "UPDATE \"" table "\" SET accessToken = ?2, tokenExpiry = ?3, lastRefreshAttempt = ?4" \
            " WHERE id = ?1",                                                                      \
            "UPDATE \"" table                                                                      \
            "\" SET accessToken = ?2, tokenExpiry = ?3, lastRefreshAttempt = ?4,"                  \
            " secret = ?5, refreshExpiry = ?6 WHERE id = ?1",                                      \
            "UPDATE \"" table "\" SET " account " = ?2, scopes = coalesce(?3, scopes),"            \
            " quotaKey = ?4, updatedAt = ?5 WHERE id = ?1",                                        \
            "UPDATE \"" table "\" SET needsReauth = ?2, lastRefreshError = ?3,"                    \
            " lastRefreshAttempt = ?4, updatedAt = ?4 WHERE id = ?1",                              \
            "SELECT id, secret, clientId, clientSecret, accessToken FROM \"" table "\"",           \
            "UPDATE \"" table "\" SET secret = ?2, clientId = ?3, clientSecret = ?4,"              \
            " accessToken = ?5 WHERE id = ?1",                                                     \
    }

static const struct service_sql services[N_SERVICES] = {
    [SERVICE_AIRTABLE] = SERVICE_SQL("AirtableConnection", "accountId"),
    [SERVICE_GOOGLE] = SERVICE_SQL("GoogleSheetsConnection", "googleAccountEmail"),
};

static const char *const kinds[] = {
    [CREDENTIAL_TOKEN] = "token",
    [CREDENTIAL_SERVICE_ACCOUNT] = "service_account",
    [CREDENTIAL_OAUTH] = "oauth",
};

static const struct service_sql *sql_of(enum service service)
{
    assert((unsigned)service < N_SERVICES);
    return &services[service];
}

void connection_free(struct connection *c)
{
    if (!c) {
        return;
    }
    bs_wipe_free(c->secret);
    bs_wipe_free(c->client_id);
    bs_wipe_free(c->client_secret);
    bs_wipe_free(c->access_token);
    free(c->id);
    free(c->user_id);
    free(c->account);
    free(c->scopes);
    free(c->reauth_reason);
    free(c->quota_key);
    free(c);
}

void connections_list_free(struct connection **list, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        connection_free(list[i]);
    }
    free(list);
}

/* ---- writing ---- */

static void free_sealed(char **sealed)
{
    size_t i;

    for (i = 0; i < N_SECRETS; i++) {
        free(sealed[i]);
    }
}

static enum bs_rc seal_all(const struct crypto_key *key, const char *table, const char *id,
                           const char *const plain[N_SECRETS], char *sealed[N_SECRETS],
                           struct bs_err *e)
{
    enum bs_rc rc = BS_OK;
    size_t i;

    for (i = 0; i < N_SECRETS; i++) {
        sealed[i] = NULL;
    }
    for (i = 0; i < N_SECRETS && rc == BS_OK; i++) {
        char place[SECRET_PLACE_MAX];

        secret_place(place, table, id, secret_columns[i]);
        rc = secret_seal(key, place, plain[i], &sealed[i], e);
    }
    return rc;
}

/* The id the user's connection has already, or a new one. */
static enum bs_rc find_id(struct store *s, const struct service_sql *q, const char *user_id,
                          char id[37], struct bs_err *e)
{
    struct db_rows r;

    clock_random_uuid(id);
    db_open(s, &r, q->id_of_user, DB_ARGS(DB_TEXT(user_id)), e);
    if (db_next(&r, e)) {
        str_copy(id, 37, db_col_text(&r, 0));
    }
    return db_end(&r);
}

static const char *or_empty(const char *s)
{
    return s ? s : "";
}

static enum bs_rc put(struct store *s, const struct connection *c, struct bs_err *e)
{
    const struct service_sql *q = sql_of(c->service);
    const char *const plain[N_SECRETS] = {c->secret, c->client_id, c->client_secret,
                                          c->access_token};
    char *sealed[N_SECRETS] = {NULL};
    char id[37], now[CLOCK_TEXT_MAX], expiry[CLOCK_TEXT_MAX], refresh[CLOCK_TEXT_MAX];
    enum bs_rc rc = find_id(s, q, c->user_id, id, e);

    if (rc == BS_OK) {
        rc = seal_all(s->key, q->table, id, plain, sealed, e);
    }
    if (rc == BS_OK) {
        clock_sql_text(clock_wall_ms(), now);
        rc = db_run(s, q->put,
                    DB_ARGS(DB_TEXT(id), DB_TEXT(c->user_id), DB_TEXT(kinds[c->kind]),
                            DB_TEXT(or_empty(c->account)), DB_TEXT(or_empty(c->scopes)),
                            DB_TEXT(or_empty(c->quota_key)), DB_TEXT(sealed[0]), DB_TEXT(sealed[1]),
                            DB_TEXT(sealed[2]), DB_TEXT(sealed[3]),
                            db_arg_time(c->access_expires_ms, expiry), DB_TEXT(now),
                            db_arg_time(c->refresh_expires_ms, refresh)),
                    e);
    }
    free_sealed(sealed);
    return rc;
}

enum bs_rc connection_put(struct store *s, const struct connection *c, struct bs_err *e)
{
    bool own;
    enum bs_rc rc = db_enter(s, &own, e);

    return rc == BS_OK ? db_leave(s, own, put(s, c, e), e) : rc;
}

enum bs_rc connection_delete(struct store *s, const char *id, struct bs_err *e)
{
    bool own;
    enum bs_rc rc = db_enter(s, &own, e);
    size_t i;

    if (rc != BS_OK) {
        return rc;
    }
    for (i = 0; i < N_SERVICES && rc == BS_OK; i++) {
        rc = db_run(s, services[i].remove, DB_ARGS(DB_TEXT(id)), e);
    }
    return db_leave(s, own, rc, e);
}

static enum bs_rc gone(struct bs_err *e, const char *table)
{
    return bs_fail(e, BS_STOP_SYNC, BS_K_OAUTH,
                   "the connection was removed meanwhile (%s); connect again", table);
}

static enum bs_rc set_access(struct store *s, const struct service_sql *q, const char *id,
                             const char *const plain[N_SECRETS], int64_t expires_ms,
                             int64_t refresh_expires_ms, struct bs_err *e)
{
    char *sealed[N_SECRETS];
    char now[CLOCK_TEXT_MAX], expiry[CLOCK_TEXT_MAX], refresh[CLOCK_TEXT_MAX];
    enum bs_rc rc = seal_all(s->key, q->table, id, plain, sealed, e);

    clock_sql_text(clock_wall_ms(), now);
    if (rc == BS_OK && plain[0]) {
        rc = db_run_one(s, q->access_refresh,
                        DB_ARGS(DB_TEXT(id), DB_TEXT(sealed[ACCESS_TOKEN]),
                                db_arg_time(expires_ms, expiry), DB_TEXT(now), DB_TEXT(sealed[0]),
                                db_arg_time(refresh_expires_ms, refresh)),
                        e);
    } else if (rc == BS_OK) {
        rc = db_run_one(s, q->access,
                        DB_ARGS(DB_TEXT(id), DB_TEXT(sealed[ACCESS_TOKEN]),
                                db_arg_time(expires_ms, expiry), DB_TEXT(now)),
                        e);
    }
    free_sealed(sealed);
    return rc == BS_SKIP ? gone(e, q->table) : rc;
}

enum bs_rc connection_set_access(struct store *s, const char *id, enum service service,
                                 const char *access_token, int64_t expires_ms,
                                 const char *refresh_token, int64_t refresh_expires_ms,
                                 struct bs_err *e)
{
    const char *const plain[N_SECRETS] = {refresh_token, NULL, NULL, access_token};
    bool own;
    enum bs_rc rc = db_enter(s, &own, e);

    if (rc == BS_OK) {
        rc = set_access(s, sql_of(service), id, plain, expires_ms, refresh_expires_ms, e);
        rc = db_leave(s, own, rc, e);
    }
    return rc;
}

enum bs_rc connection_set_account(struct store *s, const char *id, enum service service,
                                  const char *account, const char *scopes, const char *quota_key,
                                  struct bs_err *e)
{
    const struct service_sql *q = sql_of(service);
    char now[CLOCK_TEXT_MAX];
    bool own;
    enum bs_rc rc = db_enter(s, &own, e);

    if (rc != BS_OK) {
        return rc;
    }
    clock_sql_text(clock_wall_ms(), now);
    rc = db_run_one(
        s, q->account,
        DB_ARGS(DB_TEXT(id), DB_TEXT(account), DB_TEXT(scopes), DB_TEXT(quota_key), DB_TEXT(now)),
        e);
    return db_leave(s, own, rc == BS_SKIP ? gone(e, q->table) : rc, e);
}

enum bs_rc connection_set_reauth(struct store *s, const char *id, enum service service,
                                 const char *reason, int64_t now_ms, struct bs_err *e)
{
    const struct service_sql *q = sql_of(service);
    char now[CLOCK_TEXT_MAX];
    bool own;
    enum bs_rc rc = db_enter(s, &own, e);

    if (rc != BS_OK) {
        return rc;
    }
    clock_sql_text(now_ms, now);
    rc = db_run_one(
        s, q->reauth,
        DB_ARGS(DB_TEXT(id), DB_INT(reason != NULL), DB_TEXT(or_empty(reason)), DB_TEXT(now)), e);
    return db_leave(s, own, rc == BS_SKIP ? gone(e, q->table) : rc, e);
}

/* ---- reading ---- */

static enum bs_rc open_secrets(const struct store *s, const struct db_rows *r, const char *table,
                               struct connection *c, struct bs_err *e)
{
    char **const plain[N_SECRETS] = {&c->secret, &c->client_id, &c->client_secret,
                                     &c->access_token};
    enum bs_rc rc = BS_OK;
    size_t i;

    for (i = 0; i < N_SECRETS && rc == BS_OK; i++) {
        char place[SECRET_PLACE_MAX];

        secret_place(place, table, c->id, secret_columns[i]);
        rc = secret_open(s->key, place, db_col_text(r, 10 + (int)i), plain[i], e);
    }
    if (rc != BS_OK) {
        bs_wrap(e, "connection %s (%s)", c->account, table);
    }
    return rc;
}

static struct connection *read_row(const struct db_rows *r, enum service service)
{
    struct connection *c = bs_alloc(sizeof *c);
    const char *kind = db_col_text(r, 2);
    size_t i;

    c->service = service;
    c->id = db_col_dup(r, 0);
    c->user_id = db_col_dup(r, 1);
    for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (str_eq(kinds[i], kind)) {
            c->kind = (enum credential_kind)i;
        }
    }
    c->account = db_col_dup(r, 3);
    c->scopes = db_col_dup(r, 4);
    c->quota_key = db_col_dup(r, 5);
    c->needs_reauth = db_col_int(r, 6) != 0;
    c->reauth_reason = db_col_dup(r, 7);
    c->access_expires_ms = db_col_time(r, 8);
    c->refresh_expires_ms = db_col_time(r, 9);
    return c;
}

enum bs_rc connection_get(struct store *s, const char *user_id, enum service service,
                          bool with_secrets, struct connection **out, struct bs_err *e)
{
    const struct service_sql *q = sql_of(service);
    struct connection *c = NULL;
    struct db_rows r;
    enum bs_rc rc = BS_OK, end;

    *out = NULL;
    db_open(s, &r, q->get, DB_ARGS(DB_TEXT(user_id)), e);
    if (db_next(&r, e)) {
        c = read_row(&r, service);
        if (with_secrets) {
            rc = open_secrets(s, &r, q->table, c, e);
        }
    }
    end = db_end(&r);
    if (rc == BS_OK) {
        rc = end;
    }
    if (rc != BS_OK) {
        connection_free(c);
        return rc;
    }
    *out = c;
    return BS_OK;
}

static int by_user(const void *a, const void *b)
{
    const struct connection *x = *(struct connection *const *)a;
    const struct connection *y = *(struct connection *const *)b;
    int order = strcmp(x->user_id, y->user_id);

    return order != 0 ? order : (int)x->service - (int)y->service;
}

enum bs_rc connections_list(struct store *s, struct connection ***out, size_t *n, struct bs_err *e)
{
    struct connection **list = NULL;
    size_t count = 0, cap = 0, i;
    enum bs_rc rc = BS_OK;

    *out = NULL;
    *n = 0;
    for (i = 0; i < N_SERVICES && rc == BS_OK; i++) {
        struct db_rows r;

        db_open(s, &r, services[i].list, DB_NO_ARGS, e);
        while (db_next(&r, e)) {
            list = bs_grow(list, count, &cap, sizeof *list);
            list[count++] = read_row(&r, (enum service)i);
        }
        rc = db_end(&r);
    }
    if (rc != BS_OK) {
        connections_list_free(list, count);
        return rc;
    }
    if (count > 1) {
        qsort(list, count, sizeof *list, by_user);
    }
    *out = list;
    *n = count;
    return BS_OK;
}

/* ---- another key ---- */

struct resealed {
    char *id;
    char *sealed[N_SECRETS];
};

/* Opens the secrets of the row under the cursor and seals them under the new key. */
static enum bs_rc reseal_row(const struct store *s, const struct db_rows *r, const char *table,
                             const struct crypto_key *to, struct resealed *out, struct bs_err *e)
{
    enum bs_rc rc = BS_OK;
    size_t i;

    out->id = db_col_dup(r, 0);
    for (i = 0; i < N_SECRETS; i++) {
        out->sealed[i] = NULL;
    }
    for (i = 0; i < N_SECRETS && rc == BS_OK; i++) {
        char place[SECRET_PLACE_MAX];
        char *plain = NULL;

        secret_place(place, table, out->id, secret_columns[i]);
        rc = secret_open(s->key, place, db_col_text(r, 1 + (int)i), &plain, e);
        if (rc == BS_OK) {
            rc = secret_seal(to, place, plain, &out->sealed[i], e);
        }
        bs_wipe_free(plain);
    }
    return rc;
}

static enum bs_rc reseal_table(struct store *s, const struct service_sql *q,
                               const struct crypto_key *to, struct bs_err *e)
{
    struct resealed *rows = NULL;
    size_t n = 0, cap = 0, i;
    struct db_rows r;
    enum bs_rc rc = BS_OK, end;

    db_open(s, &r, q->sealed, DB_NO_ARGS, e);
    while (rc == BS_OK && db_next(&r, e)) {
        rows = bs_grow(rows, n, &cap, sizeof *rows);
        rc = reseal_row(s, &r, q->table, to, &rows[n++], e);
    }
    end = db_end(&r);
    if (rc == BS_OK) {
        rc = end;
    }
    for (i = 0; i < n; i++) {
        char **x = rows[i].sealed;

        if (rc == BS_OK) {
            rc = db_run(s, q->reseal,
                        DB_ARGS(DB_TEXT(rows[i].id), DB_TEXT(x[0]), DB_TEXT(x[1]), DB_TEXT(x[2]),
                                DB_TEXT(x[3])),
                        e);
        }
        free(rows[i].id);
        free_sealed(x);
    }
    free(rows);
    return rc;
}

enum bs_rc store_rotate_key(struct store *s, const struct crypto_key *to, struct bs_err *e)
{
    enum bs_rc rc = store_begin(s, e);
    size_t i;

    if (rc != BS_OK) {
        return rc;
    }
    for (i = 0; i < N_SERVICES && rc == BS_OK; i++) {
        rc = reseal_table(s, &services[i], to, e);
    }
    if (rc == BS_OK) {
        rc = metasecret_reseal(s, to, e);
    }
    rc = db_leave(s, true, rc, e);
    if (rc == BS_OK) {
        s->key = to;
    }
    return rc;
}
