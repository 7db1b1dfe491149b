/*
 * fuzz_seal.c: stored secrets as an attacker with the database may leave them. Three properties:
 * text that we did not seal never opens; what we sealed opens to the same bytes in its own place;
 * and with one byte changed it does not.
 */
#include "base/mem.h"
#include "base/str.h"
#include "crypto/crypto.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth) {
        abort();
    }
}

static struct crypto_key fixed_key(void)
{
    struct crypto_key key = {.id = "0badcafe"};

    memset(key.key, 7, sizeof key.key);
    return key;
}

/* The input as a whole stored text, and as what follows a right head. */
static void open_foreign(const struct crypto_key *key, const char *text)
{
    struct buf head;
    struct buf plain;

    buf_init(&head, BUF_NO_LIMIT);
    buf_init(&plain, CRYPTO_PLAIN_MAX);
    buf_addf(&head, "v1:%s:%s", key->id, text);
    demand(crypto_open(key, "T|1|c", text, &plain, NULL) == BS_STOP_SYNC);
    demand(crypto_open(key, "T|1|c", head.data, &plain, NULL) == BS_STOP_SYNC);
    demand(crypto_open_legacy(key->key, text, &plain, NULL) == BS_STOP_SYNC);
    demand(plain.len == 0);
    buf_release(&head);
    buf_wipe(&plain);
}

static void seal_and_change(const struct crypto_key *key, const uint8_t *data, size_t size)
{
    struct buf sealed;
    struct buf plain;
    size_t at;

    buf_init(&sealed, BUF_NO_LIMIT);
    buf_init(&plain, CRYPTO_PLAIN_MAX);
    demand(crypto_seal(key, "T|1|c", data, size, &sealed, NULL) == BS_OK);
    demand(crypto_open(key, "T|1|c", sealed.data, &plain, NULL) == BS_OK);
    demand(plain.len == size && memcmp(plain.data, data, size) == 0);
    buf_clear(&plain);
    at = (data[0] * 257u + size) % sealed.len;
    sealed.data[at] = sealed.data[at] == 'A' ? 'B' : 'A';
    demand(crypto_open(key, "T|1|c", sealed.data, &plain, NULL) == BS_STOP_SYNC);
    demand(plain.len == 0);
    buf_release(&sealed);
    buf_wipe(&plain);
}

/* One byte string has one text: what decodes is what encoding gives, but for the alphabet. */
static void decode_text(const char *text)
{
    struct buf bytes;
    struct buf again;

    buf_init(&bytes, BUF_NO_LIMIT);
    buf_init(&again, BUF_NO_LIMIT);
    if (base64_decode(&bytes, text) && !strpbrk(text, "+/=")) {
        base64url_encode(&again, bytes.data, bytes.len);
        demand(strcmp(again.data, text) == 0);
    }
    buf_clear(&bytes);
    buf_clear(&again);
    if (url_decode(&bytes, text, strlen(text), false)) {
        url_encode(&again, bytes.data);
        buf_clear(&bytes);
        demand(url_decode(&bytes, again.data, again.len, true));
    }
    buf_release(&bytes);
    buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct crypto_key key = fixed_key();
    char *text;

    if (size == 0 || size > CRYPTO_PLAIN_MAX) {
        return 0;
    }
    text = bs_alloc(size + 1);
    memcpy(text, data, size);
    open_foreign(&key, text);
    seal_and_change(&key, data, size);
    decode_text(text);
    free(text);
    return 0;
}
