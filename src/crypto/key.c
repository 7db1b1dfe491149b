/* key.c: the key of crypto.h: where it comes from and what is derived from it. */
#include "base/mem.h"
#include "base/os.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "crypto/psa.h"

#include <stdlib.h>
#include <string.h>

#define KEY_ENV "BASESYNC_KEY"
#define CREDENTIAL_NAME "basesync.key"
#define KEY_HEX_LEN ((size_t)2 * CRYPTO_KEY_LEN)
#define KEY_FILE_MAX 256 /* room for white space around the digits */

static void set_id(struct crypto_key *key)
{
    static const char label[] = "basesync-key-id";
    uint8_t input[sizeof label - 1 + CRYPTO_KEY_LEN];
    uint8_t hash[CRYPTO_SHA256_LEN];

    memcpy(input, label, sizeof label - 1);
    memcpy(input + sizeof label - 1, key->key, CRYPTO_KEY_LEN);
    crypto_sha256(input, sizeof input, hash);
    hex_encode(hash, CRYPTO_KEY_ID_LEN / 2, key->id);
    bs_wipe(input, sizeof input);
}

/* `where` names the source in the message. */
static enum bs_rc parse_key(const char *hex, const char *where, struct crypto_key *key,
                            struct bs_err *e)
{
    if (!hex_decode(hex, key->key, CRYPTO_KEY_LEN)) {
        crypto_key_wipe(key);
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "%s: is not a key (64 hex digits are needed)",
                       where);
    }
    set_id(key);
    return BS_OK;
}

static enum bs_rc read_key(const char *file, struct crypto_key *key, struct bs_err *e)
{
    struct buf b;
    enum bs_rc rc;

    buf_init(&b, KEY_FILE_MAX);
    rc = os_read_file(file, KEY_FILE_MAX, &b, e);
    if (rc == BS_OK) {
        rc = parse_key(str_trim(b.data), file, key, e);
    }
    buf_wipe(&b);
    return rc;
}

/* The file that systemd's LoadCredential= has put there for us, malloc'd; NULL when there is none.
 */
static char *credential_file(void)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    char *file;

    if (!folder || !*folder) {
        return NULL;
    }
    file = os_path_join(folder, CREDENTIAL_NAME);
    if (!os_exists(file)) {
        free(file);
        return NULL;
    }
    return file;
}

bool crypto_key_from_environment(void)
{
    const char *hex = getenv(KEY_ENV);
    char *file = credential_file();
    bool found = (hex && *hex) || file;

    free(file);
    return found;
}

enum bs_rc crypto_key_load(const char *file, struct crypto_key *key, struct bs_err *e)
{
    const char *hex = getenv(KEY_ENV);
    char *credential;
    enum bs_rc rc;

    if (hex && *hex) {
        return parse_key(hex, KEY_ENV, key, e);
    }
    credential = credential_file();
    if (!credential) {
        return crypto_key_load_file(file, key, e);
    }
    /* Not checked for its mode: systemd gives access by ACL, which shows as a group's right. */
    rc = read_key(credential, key, e);
    free(credential);
    return rc;
}

enum bs_rc crypto_key_load_file(const char *file, struct crypto_key *key, struct bs_err *e)
{
    enum bs_rc rc;

    if (!os_exists(file)) {
        return bs_fail(
            e, BS_STOP_ALL, BS_K_CONFIG,
            "%s: there is no key file; 'basesync init' makes one, but stored tokens open "
            "only with the key they were sealed with",
            file);
    }
    rc = os_check_private(file, e);
    return rc == BS_OK ? read_key(file, key, e) : rc;
}

enum bs_rc crypto_key_create(const char *file, struct bs_err *e)
{
    uint8_t key[CRYPTO_KEY_LEN];
    char text[KEY_HEX_LEN + 2];
    enum bs_rc rc;

    crypto_ensure_ready();
    crypto_must(psa_generate_random(key, sizeof key));
    hex_encode(key, sizeof key, text);
    text[KEY_HEX_LEN] = '\n';
    rc = os_create_file(file, text, KEY_HEX_LEN + 1, 0600, e);
    bs_wipe(key, sizeof key);
    bs_wipe(text, sizeof text);
    return rc;
}

void crypto_key_derive(const struct crypto_key *key, const char *label, uint8_t out[16])
{
    uint8_t mac[CRYPTO_SHA256_LEN];
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    buf_addf(&b, "basesync %s", label);
    crypto_hmac_sha256(key->key, CRYPTO_KEY_LEN, b.data, b.len, mac);
    memcpy(out, mac, 16);
    bs_wipe(mac, sizeof mac);
    buf_release(&b);
}

void crypto_key_wipe(struct crypto_key *key)
{
    if (key) {
        bs_wipe(key, sizeof *key);
    }
}
