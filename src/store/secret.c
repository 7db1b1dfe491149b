/* secret.c: secrets of a row, sealed for the very place they are kept in. */
#include "store/db.h"

#include <stdio.h>
#include <string.h>

#define SEALED_MAX ((size_t)2 * CRYPTO_PLAIN_MAX)

void secret_place(char out[SECRET_PLACE_MAX], const char *table, const char *id, const char *column)
{
    snprintf(out, SECRET_PLACE_MAX, "%s|%s|%s", table, id, column);
}

static enum bs_rc no_key(struct bs_err *e)
{
    return bs_fail(e, BS_STOP_ALL, BS_K_INTERNAL, "the database was opened without the key");
}

enum bs_rc secret_seal(const struct crypto_key *key, const char *place, const char *plain,
                       char **sealed, struct bs_err *e)
{
    struct buf b;
    enum bs_rc rc;

    *sealed = NULL;
    if (!plain) {
        return BS_OK;
    }
    if (!key) {
        return no_key(e);
    }
    buf_init(&b, SEALED_MAX);
    rc = crypto_seal(key, place, plain, strlen(plain), &b, e);
    if (rc == BS_OK) {
        *sealed = buf_take(&b);
    }
    buf_release(&b);
    return rc;
}

enum bs_rc secret_check_key(struct store *s, struct bs_err *e)
{
    struct bs_err why = BS_ERR_INIT;
    struct db_rows r;
    enum bs_rc rc;

    db_open(s, &r,
            "SELECT value FROM \"Meta\" WHERE name GLOB 'sealed:*' "
            "UNION ALL SELECT secret FROM \"AirtableConnection\" WHERE secret IS NOT NULL "
            "UNION ALL SELECT secret FROM \"GoogleSheetsConnection\" WHERE secret IS NOT NULL",
            DB_NO_ARGS, e);
    while (why.rc == BS_OK && db_next(&r, e)) {
        bs_seen(crypto_check_key(s->key, db_col_text(&r, 0), &why));
    }
    rc = db_end(&r);
    if (rc == BS_OK && why.rc != BS_OK) {
        rc = bs_fail(e, BS_STOP_ALL, why.kind,
                     "the database %.150s: %s; if that key is lost, move the database away and run "
                     "'basesync init'",
                     s->path, why.msg);
    }
    return rc;
}

enum bs_rc secret_open(const struct crypto_key *key, const char *place, const char *sealed,
                       char **plain, struct bs_err *e)
{
    struct buf b;
    enum bs_rc rc;

    *plain = NULL;
    if (!sealed) {
        return BS_OK;
    }
    if (!key) {
        return no_key(e);
    }
    buf_init(&b, CRYPTO_PLAIN_MAX);
    rc = crypto_open(key, place, sealed, &b, e);
    if (rc == BS_OK) {
        *plain = bs_strndup(b.data, b.len);
    }
    buf_wipe(&b);
    return rc;
}
