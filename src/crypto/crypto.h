/*
 * crypto.h: what the program needs of cryptography, over the PSA API of mbedTLS: SHA-256, HMAC,
 * sealing of secrets for the database, the key that seals them, and the RS256 signature of a
 * service account. The only user of mbedTLS headers. Plain secrets leave these functions in a buf
 * that the caller wipes; everything secret that is held meanwhile is overwritten.
 */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRYPTO_SHA256_LEN 32
#define CRYPTO_KEY_LEN 32
#define CRYPTO_KEY_ID_LEN 8              /* hex digits */
#define CRYPTO_PLAIN_MAX ((size_t)65536) /* greatest secret that can be sealed, bytes */
#define CRYPTO_PEM_MAX ((size_t)16384)   /* greatest private key read, bytes of PEM */

/* The key that seals secrets. id names it without telling anything about it. */
struct crypto_key {
    uint8_t key[CRYPTO_KEY_LEN];
    char id[CRYPTO_KEY_ID_LEN + 1]; /* first 8 hex digits of SHA-256("basesync-key-id" key) */
};

/* Readies the library; may be called again. The other functions call it themselves, this is for
 * hearing early, and in words, that it cannot work (BS_STOP_ALL: no source of randomness). */
enum bs_rc crypto_init(struct bs_err *e) BS_MUST_CHECK;

void crypto_sha256(const void *p, size_t len, uint8_t out[CRYPTO_SHA256_LEN]);
/* HMAC-SHA-256 (RFC 2104); key_len > 0. */
void crypto_hmac_sha256(const void *key, size_t key_len, const void *p, size_t len,
                        uint8_t out[CRYPTO_SHA256_LEN]);
/* Compares without telling by its duration where two secrets differ. */
bool crypto_equal(const void *a, const void *b, size_t len);

/*
 * Seals a secret with AES-256-GCM under a fresh random nonce of 96 bits and appends the text
 * "v1:<key id>:<base64url(nonce, ciphertext, tag)>". aad says where the text will be stored
 * ("table|row|column"): opened anywhere else, it is refused. BS_STOP_SYNC when the secret is too
 * long.
 */
enum bs_rc crypto_seal(const struct crypto_key *key, const char *aad, const void *plain, size_t len,
                       struct buf *out, struct bs_err *e) BS_MUST_CHECK;
/* Appends the secret within a sealed text. BS_STOP_SYNC with one sentence: BS_K_CONFIG when it was
 * sealed with another key, BS_K_OAUTH (the secret has to be given again) when it was cut, altered
 * or moved. On failure `plain` is as it was. */
enum bs_rc crypto_open(const struct crypto_key *key, const char *aad, const char *sealed,
                       struct buf *plain, struct bs_err *e) BS_MUST_CHECK;
/* BS_STOP_SYNC / BS_K_CONFIG when the text was sealed with another key; BS_OK for everything else,
 * damage too: what cannot be opened is told when it is opened. */
enum bs_rc crypto_check_key(const struct crypto_key *key, const char *sealed,
                            struct bs_err *e) BS_MUST_CHECK;
/* Opens "hex(iv):hex(tag):hex(ciphertext)", AES-256-GCM with an IV and a tag of 16 bytes and no
 * associated data: the form in which the hosted product stored tokens. For importing them. */
enum bs_rc crypto_open_legacy(const uint8_t key[CRYPTO_KEY_LEN], const char *sealed,
                              struct buf *plain, struct bs_err *e) BS_MUST_CHECK;

/*
 * Loads the key: from BASESYNC_KEY (64 hex digits), else $CREDENTIALS_DIRECTORY/basesync.key
 * (systemd LoadCredential=), else `file`, which must be private to its owner. Files hold 64 hex
 * digits and a newline. BS_STOP_ALL, BS_K_CONFIG on failure; the text of the key is never part of
 * the message.
 */
enum bs_rc crypto_key_load(const char *file, struct crypto_key *key,
                           struct bs_err *e) BS_MUST_CHECK;
/* Loads the key from `file` whatever the environment says (for rotation). */
enum bs_rc crypto_key_load_file(const char *file, struct crypto_key *key,
                                struct bs_err *e) BS_MUST_CHECK;
/* True when crypto_key_load would take the key from the environment and not from its file. */
bool crypto_key_from_environment(void);
/* Makes a random key and writes it to a new file of mode 0600; BS_SKIP when the file exists. */
enum bs_rc crypto_key_create(const char *file, struct bs_err *e) BS_MUST_CHECK;
/* A 128-bit key for another purpose: the first half of HMAC-SHA-256(key, "basesync " label). */
void crypto_key_derive(const struct crypto_key *key, const char *label, uint8_t out[16]);
void crypto_key_wipe(struct crypto_key *key); /* NULL is nothing */

/* Appends the signature RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017; JWT's RS256) of data. pem_pkcs8
 * is an unencrypted RSA private key of at least 2048 bits (RFC 7518 section 3.3). BS_STOP_SYNC,
 * BS_K_CONFIG when it is none. */
enum bs_rc crypto_rs256_sign(const char *pem_pkcs8, const void *data, size_t len, struct buf *sig,
                             struct bs_err *e) BS_MUST_CHECK;

/* Appends base64url(SHA-256(verifier)): the S256 challenge of PKCE (RFC 7636 section 4.2). */
void crypto_pkce_challenge(const char *verifier, struct buf *out);

#endif
