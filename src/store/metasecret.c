/* metasecret.c: named secrets of the file itself, kept sealed among the settings: the key of the cell
 * hashes, the mail password. */
#include "base/clock.h"
#include "base/str.h"
#include "store/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 64
#define HASH_KEY_NAME "hashKey"

static void meta_name(char out[NAME_MAX_LEN + 8], const char *name)
{
    snprintf(out, NAME_MAX_LEN + 8, "sealed:%s", name);
}

enum bs_rc store_secret_get(struct store *s, const char *name, char **plain, struct bs_err *e)
{
    char place[SECRET_PLACE_MAX], key[NAME_MAX_LEN + 8];
    char *sealed = NULL;
    enum bs_rc rc;

    *plain = NULL;
    meta_name(key, name);
    secret_place(place, "Meta", key, "value");
    rc = store_meta_get(s, key, &sealed, e);
    if (rc == BS_OK) {
        rc = secret_open(s->key, place, sealed, plain, e);
    }
    free(sealed);
    return rc;
}

static enum bs_rc put(struct store *s, const struct crypto_key *with, const char *key,
                      const char *plain, struct bs_err *e)
{
    char place[SECRET_PLACE_MAX];
    char *sealed = NULL;
    enum bs_rc rc;

    secret_place(place, "Meta", key, "value");
    rc = secret_seal(with, place, plain, &sealed, e);
    if (rc == BS_OK) {
        rc = store_meta_set(s, key, sealed, e);
    }
    free(sealed);
    return rc;
}

enum bs_rc store_secret_set(struct store *s, const char *name, const char *plain, struct bs_err *e)
{
    char key[NAME_MAX_LEN + 8];

    meta_name(key, name);
    return put(s, s->key, key, plain, e);
}

enum bs_rc metasecret_reseal(struct store *s, const struct crypto_key *to, struct bs_err *e)
{
    static const char *const names[] = {HASH_KEY_NAME, "mailPassword"};
    enum bs_rc rc = BS_OK;

    for (size_t i = 0; i < sizeof names / sizeof *names && rc == BS_OK; i++) {
        char key[NAME_MAX_LEN + 8];
        char *plain = NULL;

        meta_name(key, names[i]);
        rc = store_secret_get(s, names[i], &plain, e);
        if (rc == BS_OK && plain) {
            rc = put(s, to, key, plain, e);
        }
        bs_wipe_free(plain);
    }
    return rc;
}

enum bs_rc store_hash_key(struct store *s, struct hash_key *out, struct bs_err *e)
{
    uint8_t bytes[sizeof *out];
    char *text = NULL;
    char fresh[2 * sizeof bytes + 1];
    enum bs_rc rc = store_secret_get(s, HASH_KEY_NAME, &text, e);

    if (rc == BS_OK && !text) {
        clock_random(bytes, sizeof bytes);
        hex_encode(bytes, sizeof bytes, fresh);
        text = bs_strdup(fresh);
        rc = store_secret_set(s, HASH_KEY_NAME, text, e);
    }
    if (rc == BS_OK && !hex_decode(text, bytes, sizeof bytes)) {
        rc = bs_fail(e, BS_STOP_ALL, BS_K_STATE, "the key of the cell hashes cannot be read");
    }
    if (rc == BS_OK) {
        memcpy(out, bytes, sizeof *out);
    }
    bs_wipe_free(text);
    return rc;
}
