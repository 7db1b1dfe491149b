/* metasecret.c: named secrets of the file itself, kept sealed among the settings: the key of the
 * cell hashes, the mail password. */
#include "base/clock.h"
#include "base/str.h"
#include "store/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "sealed:" /* of the settings that are secrets */
#define NAME_MAX_LEN 64
#define HASH_KEY_NAME "hashKey"

static void meta_name(char out[NAME_MAX_LEN + 8], const char *name)
{
    snprintf(out, NAME_MAX_LEN + 8, PREFIX "%s", name);
}

/* setting: with its prefix */
static enum bs_rc get(struct store *s, const char *setting, char **plain, struct bs_err *e)
{
    char place[SECRET_PLACE_MAX];
    char *sealed = NULL;
    enum bs_rc rc = store_meta_get(s, setting, &sealed, e);

    *plain = NULL;
    if (rc == BS_OK) {
        secret_place(place, "Meta", setting, "value");
        rc = secret_open(s->key, place, sealed, plain, e);
    }
    free(sealed);
    return rc;
}

static enum bs_rc put(struct store *s, const struct crypto_key *with, const char *setting,
                      const char *plain, struct bs_err *e)
{
    char place[SECRET_PLACE_MAX];
    char *sealed = NULL;
    enum bs_rc rc;

    secret_place(place, "Meta", setting, "value");
    rc = secret_seal(with, place, plain, &sealed, e);
    if (rc == BS_OK) {
        rc = store_meta_set(s, setting, sealed, e);
    }
    free(sealed);
    return rc;
}

enum bs_rc store_secret_get(struct store *s, const char *name, char **plain, struct bs_err *e)
{
    char setting[NAME_MAX_LEN + 8];

    meta_name(setting, name);
    return get(s, setting, plain, e);
}

enum bs_rc store_secret_set(struct store *s, const char *name, const char *plain, struct bs_err *e)
{
    char setting[NAME_MAX_LEN + 8];

    meta_name(setting, name);
    return put(s, s->key, setting, plain, e);
}

/* The names of all secrets, prefix and all; malloc'd. */
static enum bs_rc list_names(struct store *s, char ***names, size_t *n, struct bs_err *e)
{
    size_t cap = 0;
    struct db_rows r;

    *names = NULL;
    *n = 0;
    db_open(s, &r, "SELECT name FROM \"Meta\" WHERE name GLOB '" PREFIX "*'", DB_NO_ARGS, e);
    while (db_next(&r, e)) {
        *names = bs_grow(*names, *n, &cap, sizeof **names);
        (*names)[(*n)++] = db_col_dup(&r, 0);
    }
    return db_end(&r);
}

enum bs_rc metasecret_reseal(struct store *s, const struct crypto_key *to, struct bs_err *e)
{
    char **names;
    size_t n, i;
    enum bs_rc rc = list_names(s, &names, &n, e);

    DB_IN_TX(s);
    for (i = 0; i < n; i++) {
        char *plain = NULL;

        if (rc == BS_OK) {
            rc = get(s, names[i], &plain, e);
        }
        if (rc == BS_OK) {
            rc = put(s, to, names[i], plain, e);
        }
        bs_wipe_free(plain);
        free(names[i]);
    }
    free(names);
    return rc;
}

/* Two processes that start on a new file must come to one key: looking and making are one
 * transaction. */
static enum bs_rc ensure_hash_key(struct store *s, char **text, struct bs_err *e)
{
    uint8_t bytes[sizeof(struct hash_key)];
    char fresh[2 * sizeof bytes + 1];
    bool own;
    enum bs_rc rc = db_enter(s, &own, e);

    if (rc != BS_OK) {
        return rc;
    }
    rc = store_secret_get(s, HASH_KEY_NAME, text, e);
    if (rc == BS_OK && !*text) {
        clock_random(bytes, sizeof bytes);
        hex_encode(bytes, sizeof bytes, fresh);
        *text = bs_strdup(fresh);
        rc = store_secret_set(s, HASH_KEY_NAME, fresh, e);
        bs_wipe(bytes, sizeof bytes);
        bs_wipe(fresh, sizeof fresh);
    }
    return db_leave(s, own, rc, e);
}

enum bs_rc store_hash_key(struct store *s, struct hash_key *out, struct bs_err *e)
{
    uint8_t bytes[sizeof *out];
    char *text = NULL;
    enum bs_rc rc = store_secret_get(s, HASH_KEY_NAME, &text, e);

    if (rc == BS_OK && !text) {
        rc = ensure_hash_key(s, &text, e);
    }
    if (rc == BS_OK && !hex_decode(text, bytes, sizeof bytes)) {
        rc = bs_fail(e, BS_STOP_ALL, BS_K_STATE,
                     "the database %s: the key of its hashes is damaged; put back the last backup",
                     s->path);
    }
    if (rc == BS_OK) {
        out->k0 = db_get_le64(bytes);
        out->k1 = db_get_le64(bytes + 8);
        bs_wipe(bytes, sizeof bytes);
    }
    bs_wipe_free(text);
    return rc;
}
