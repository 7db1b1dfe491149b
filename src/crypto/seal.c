/* seal.c: sealing of crypto.h: AES-256-GCM (NIST SP 800-38D). */
#include "base/mem.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "crypto/psa.h"

#include <stdlib.h>
#include <string.h>

#define VERSION "v1:"
#define NONCE_LEN 12
#define TAG_LEN 16
#define LEGACY_IV_LEN 16
#define RAW_MAX (NONCE_LEN + CRYPTO_PLAIN_MAX + TAG_LEN)

static psa_key_id_t import_key(const uint8_t key[CRYPTO_KEY_LEN], psa_key_usage_t usage)
{
    return crypto_import(PSA_KEY_TYPE_AES, PSA_ALG_GCM, usage, key, CRYPTO_KEY_LEN);
}

enum bs_rc crypto_seal(const struct crypto_key *key, const char *aad, const void *plain, size_t len,
                       struct buf *out, struct bs_err *e)
{
    size_t raw_len = NONCE_LEN + len + TAG_LEN;
    psa_key_id_t id;
    uint8_t *raw;
    size_t n;

    if (len > CRYPTO_PLAIN_MAX) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_VALIDATION,
                       "a secret of %zu bytes is too long to keep", len);
    }
    id = import_key(key->key, PSA_KEY_USAGE_ENCRYPT);
    raw = bs_alloc(raw_len);
    crypto_must(psa_generate_random(raw, NONCE_LEN));
    crypto_must(psa_aead_encrypt(id, PSA_ALG_GCM, raw, NONCE_LEN, (const uint8_t *)aad, strlen(aad),
                                 plain, len, raw + NONCE_LEN, len + TAG_LEN, &n));
    psa_destroy_key(id);
    buf_addf(out, VERSION "%s:", key->id);
    base64url_encode(out, raw, raw_len);
    free(raw);
    if (out->over) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_INTERNAL, "no room for a sealed secret");
    }
    return BS_OK;
}

/* What crypto_open and crypto_open_legacy have in common; the pieces point into the stored text. */
struct gcm_text {
    const uint8_t *nonce;
    size_t nonce_len;
    const char *aad;
    const uint8_t *sealed; /* ciphertext, then tag */
    size_t sealed_len;     /* at least TAG_LEN */
};

static enum bs_rc refuse(struct bs_err *e, enum bs_kind kind, const char *why)
{
    return bs_fail(e, BS_STOP_SYNC, kind, "the stored secret %s", why);
}

/* Appends the plain text; `why` is what to say when the tag does not fit. */
static enum bs_rc decrypt(const uint8_t key[CRYPTO_KEY_LEN], const struct gcm_text *text,
                          const char *why, struct buf *plain, struct bs_err *e)
{
    psa_key_id_t id = import_key(key, PSA_KEY_USAGE_DECRYPT);
    size_t size = text->sealed_len - TAG_LEN;
    uint8_t *out = bs_alloc(size);
    size_t n = 0;
    enum bs_rc rc = BS_OK;

    if (psa_aead_decrypt(id, PSA_ALG_GCM, text->nonce, text->nonce_len, (const uint8_t *)text->aad,
                         strlen(text->aad), text->sealed, text->sealed_len, out, size,
                         &n) != PSA_SUCCESS) {
        rc = refuse(e, BS_K_OAUTH, why);
    } else if (!buf_add(plain, out, n)) {
        rc = refuse(e, BS_K_INTERNAL, "is longer than its reader allows");
    }
    psa_destroy_key(id);
    bs_wipe(out, size);
    free(out);
    return rc;
}

#define GIVE_AGAIN "; give it again with 'basesync connect'"

/* Checks what stands in front and returns the base64 part, NULL after an error. */
static const char *check_head(const struct crypto_key *key, const char *sealed, struct bs_err *e)
{
    const char *id = sealed + strlen(VERSION);

    if (sealed[0] == '\0') {
        refuse(e, BS_K_OAUTH, "is empty" GIVE_AGAIN);
        return NULL;
    }
    if (!str_starts(sealed, VERSION)) {
        refuse(e, BS_K_OAUTH, "is in no form that this version knows" GIVE_AGAIN);
        return NULL;
    }
    if (strnlen(id, CRYPTO_KEY_ID_LEN + 1) <= CRYPTO_KEY_ID_LEN || id[CRYPTO_KEY_ID_LEN] != ':') {
        refuse(e, BS_K_OAUTH, "is cut or altered" GIVE_AGAIN);
        return NULL;
    }
    if (memcmp(id, key->id, CRYPTO_KEY_ID_LEN) != 0) {
        bs_fail(
            e, BS_STOP_SYNC, BS_K_CONFIG,
            "the stored secret was sealed with key %.8s, but the key in use is %s; bring back the "
            "key file that belongs to this database",
            id, key->id);
        return NULL;
    }
    return id + CRYPTO_KEY_ID_LEN + 1;
}

enum bs_rc crypto_check_key(const struct crypto_key *key, const char *sealed, struct bs_err *e)
{
    struct bs_err why = BS_ERR_INIT;

    if (check_head(key, sealed, &why) == NULL && why.kind == BS_K_CONFIG) {
        *e = why;
        return why.rc;
    }
    return BS_OK;
}

enum bs_rc crypto_open(const struct crypto_key *key, const char *aad, const char *sealed,
                       struct buf *plain, struct bs_err *e)
{
    const char *text = check_head(key, sealed, e);
    struct buf raw;
    enum bs_rc rc = BS_OK;

    if (!text) {
        return BS_STOP_SYNC;
    }
    buf_init(&raw, RAW_MAX);
    if (!base64_decode(&raw, text) || raw.len < NONCE_LEN + TAG_LEN) {
        rc = refuse(e, BS_K_OAUTH, "is cut or altered" GIVE_AGAIN);
    } else {
        const uint8_t *bytes = (const uint8_t *)raw.data;
        struct gcm_text gcm = {bytes, NONCE_LEN, aad, bytes + NONCE_LEN, raw.len - NONCE_LEN};

        rc = decrypt(key->key, &gcm,
                     "was altered, or moved here from another row or column" GIVE_AGAIN, plain, e);
    }
    buf_release(&raw);
    return rc;
}

/* Splits "iv:tag:ciphertext" of hex and lays the bytes out as iv, ciphertext, tag. */
static bool parse_legacy(const char *sealed, uint8_t *raw, size_t cipher_len)
{
    char head[2 * (LEGACY_IV_LEN + TAG_LEN) + 2 + 1];
    char *tag = head + (size_t)2 * LEGACY_IV_LEN + 1;

    memcpy(head, sealed, sizeof head - 1);
    if (tag[-1] != ':' || head[sizeof head - 2] != ':') {
        return false;
    }
    tag[-1] = '\0';
    head[sizeof head - 2] = '\0';
    return hex_decode(head, raw, LEGACY_IV_LEN) &&
           hex_decode(tag, raw + LEGACY_IV_LEN + cipher_len, TAG_LEN) &&
           hex_decode(sealed + sizeof head - 1, raw + LEGACY_IV_LEN, cipher_len);
}

enum bs_rc crypto_open_legacy(const uint8_t key[CRYPTO_KEY_LEN], const char *sealed,
                              struct buf *plain, struct bs_err *e)
{
    const size_t head = 2 * (size_t)(LEGACY_IV_LEN + TAG_LEN) + 2;
    size_t len = strnlen(sealed, head + 2 * CRYPTO_PLAIN_MAX + 1);
    size_t cipher_len;
    uint8_t *raw;
    enum bs_rc rc = BS_OK;

    if (len < head || len > head + 2 * CRYPTO_PLAIN_MAX) {
        return refuse(e, BS_K_OAUTH, "is not of the form iv:tag:ciphertext");
    }
    cipher_len = (len - head) / 2;
    raw = bs_alloc(LEGACY_IV_LEN + cipher_len + TAG_LEN);
    if (!parse_legacy(sealed, raw, cipher_len)) {
        rc = refuse(e, BS_K_OAUTH, "is not of the form iv:tag:ciphertext");
    } else {
        struct gcm_text gcm = {raw, LEGACY_IV_LEN, "", raw + LEGACY_IV_LEN, cipher_len + TAG_LEN};

        rc = decrypt(key, &gcm, "was altered, or sealed with another key", plain, e);
    }
    free(raw);
    return rc;
}
