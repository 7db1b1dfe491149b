/* crypto.c: hashes and signatures of crypto.h. */
#include "crypto/crypto.h"

#include "base/mem.h"
#include "base/str.h"
#include "crypto/psa.h"

#include <assert.h>
#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192

enum bs_rc crypto_init(struct bs_err *e)
{
    psa_status_t status = psa_crypto_init();

    if (status != PSA_SUCCESS) {
        return bs_fail(e, BS_STOP_ALL, BS_K_INTERNAL,
                       "cryptography cannot start: the system gives no random bytes (PSA error %d)",
                       (int)status);
    }
    return BS_OK;
}

void crypto_ensure_ready(void)
{
    struct bs_err e = BS_ERR_INIT;

    if (crypto_init(&e) != BS_OK) {
        fprintf(stderr, "basesync: %s\n", e.msg);
        abort();
    }
}

void crypto_must(psa_status_t status)
{
    if (status != PSA_SUCCESS) {
        fprintf(stderr, "basesync: %s (PSA error %d)\n",
                status == PSA_ERROR_INSUFFICIENT_MEMORY ? "out of memory" : "cryptography fails",
                (int)status);
        abort();
    }
}

psa_key_id_t crypto_import(psa_key_type_t type, psa_algorithm_t alg, psa_key_usage_t usage,
                           const void *key, size_t len)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t id = PSA_KEY_ID_NULL;

    crypto_ensure_ready();
    psa_set_key_type(&attributes, type);
    psa_set_key_algorithm(&attributes, alg);
    psa_set_key_usage_flags(&attributes, usage);
    crypto_must(psa_import_key(&attributes, key, len, &id));
    return id;
}

void crypto_sha256(const void *p, size_t len, uint8_t out[CRYPTO_SHA256_LEN])
{
    size_t n;

    crypto_ensure_ready();
    crypto_must(psa_hash_compute(PSA_ALG_SHA_256, p, len, out, CRYPTO_SHA256_LEN, &n));
    assert(n == CRYPTO_SHA256_LEN);
}

void crypto_hmac_sha256(const void *key, size_t key_len, const void *p, size_t len,
                        uint8_t out[CRYPTO_SHA256_LEN])
{
    const psa_algorithm_t alg = PSA_ALG_HMAC(PSA_ALG_SHA_256);
    psa_key_id_t id;
    size_t n;

    assert(key_len > 0);
    id = crypto_import(PSA_KEY_TYPE_HMAC, alg, PSA_KEY_USAGE_SIGN_MESSAGE, key, key_len);
    crypto_must(psa_mac_compute(id, alg, p, len, out, CRYPTO_SHA256_LEN, &n));
    assert(n == CRYPTO_SHA256_LEN);
    psa_destroy_key(id);
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
    const volatile unsigned char *p = a;
    const volatile unsigned char *q = b;
    unsigned char difference = 0;

    for (size_t i = 0; i < len; i++) {
        difference = (unsigned char)(difference | (p[i] ^ q[i]));
    }
    return difference == 0;
}

void crypto_pkce_challenge(const char *verifier, struct buf *out)
{
    uint8_t hash[CRYPTO_SHA256_LEN];

    crypto_sha256(verifier, strlen(verifier), hash);
    base64url_encode(out, hash, sizeof hash);
}

static enum bs_rc bad_pem(struct bs_err *e, const char *why)
{
    return bs_fail(e, BS_STOP_SYNC, BS_K_CONFIG,
                   "the private key %s; download a new JSON key for the service account", why);
}

/* Reads the PEM text into pk, which the caller frees. */
static enum bs_rc parse_pem(const char *pem, mbedtls_pk_context *pk, struct bs_err *e)
{
    size_t size = strnlen(pem, CRYPTO_PEM_MAX) + 1;
    int rc;

    if (size > CRYPTO_PEM_MAX) {
        return bad_pem(e, "is longer than any RSA key");
    }
    if (!strstr(pem, "-----BEGIN ")) {
        return bad_pem(e, "is not PEM (it has no BEGIN line)");
    }
    rc = mbedtls_pk_parse_key(pk, (const unsigned char *)pem, size, NULL, 0, mbedtls_psa_get_random,
                              MBEDTLS_PSA_RANDOM_STATE);
    if (rc == MBEDTLS_ERR_PK_PASSWORD_REQUIRED || strstr(pem, "-----BEGIN ENCRYPTED ")) {
        return bad_pem(e, "is encrypted with a password");
    }
    if (rc != 0) {
        return bad_pem(e, "cannot be read (damaged or cut)");
    }
    if (mbedtls_pk_get_type(pk) != MBEDTLS_PK_RSA) {
        return bad_pem(e, "is not an RSA key");
    }
    if (mbedtls_pk_get_bitlen(pk) < RSA_BITS_MIN || mbedtls_pk_get_bitlen(pk) > RSA_BITS_MAX) {
        return bad_pem(e, "has not the size of an RSA key in use (2048 to 8192 bits)");
    }
    return BS_OK;
}

/* Makes a PSA key for signing with alg; false when the numbers of pk do not fit together. */
static bool import_pk(const mbedtls_pk_context *pk, psa_algorithm_t alg, psa_key_id_t *id)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    bool ok = mbedtls_pk_get_psa_attributes(pk, PSA_KEY_USAGE_SIGN_MESSAGE, &attributes) == 0;

    psa_set_key_algorithm(&attributes, alg);
    ok = ok && mbedtls_pk_import_into_psa(pk, &attributes, id) == 0;
    psa_reset_key_attributes(&attributes);
    return ok;
}

enum bs_rc crypto_rs256_sign(const char *pem_pkcs8, const void *data, size_t len, struct buf *sig,
                             struct bs_err *e)
{
    const psa_algorithm_t alg = PSA_ALG_RSA_PKCS1V15_SIGN(PSA_ALG_SHA_256);
    psa_key_id_t id = PSA_KEY_ID_NULL;
    mbedtls_pk_context pk;
    uint8_t signature[RSA_BITS_MAX / 8];
    size_t n = 0;
    enum bs_rc rc;

    crypto_ensure_ready();
    mbedtls_pk_init(&pk);
    rc = parse_pem(pem_pkcs8, &pk, e);
    if (rc != BS_OK) {
        goto out;
    }
    if (!import_pk(&pk, alg, &id) ||
        psa_sign_message(id, alg, data, len, signature, sizeof signature, &n) != PSA_SUCCESS) {
        rc = bad_pem(e, "cannot sign (its numbers do not fit together)");
        goto out;
    }
    if (!buf_add(sig, signature, n)) {
        rc = bs_fail(e, BS_STOP_SYNC, BS_K_INTERNAL, "no room for a signature of %zu bytes", n);
    }
out:
    psa_destroy_key(id);
    mbedtls_pk_free(&pk); /* wipes the numbers */
    return rc;
}
