/* t_crypto.c: published vectors, and what sealed secrets and keys must refuse. */
#include "crypto/crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "base/str.h"
#include "crypto_keys.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void assert_hex(const uint8_t *p, size_t len, const char *hex)
{
    char text[129];

    assert_true(len <= 64);
    hex_encode(p, len, text);
    assert_string_equal(text, hex);
}

static void sha256_gives_the_values_of_fips_180(void **state)
{
    static const struct {
        const char *text, *hash;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    uint8_t out[CRYPTO_SHA256_LEN];
    char *million = malloc(1000000);

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        crypto_sha256(cases[i].text, strlen(cases[i].text), out);
        assert_hex(out, sizeof out, cases[i].hash);
    }
    assert_non_null(million);
    memset(million, 'a', 1000000);
    crypto_sha256(million, 1000000, out);
    assert_hex(out, sizeof out, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

static void hmac_gives_the_values_of_rfc_4231(void **state)
{
    uint8_t key[131];
    uint8_t data[50];
    uint8_t out[CRYPTO_SHA256_LEN];

    (void)state;
    memset(key, 0x0b, 20);
    crypto_hmac_sha256(key, 20, "Hi There", 8, out);
    assert_hex(out, sizeof out, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    crypto_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, out);
    assert_hex(out, sizeof out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    memset(data, 0xdd, sizeof data);
    crypto_hmac_sha256(key, 20, data, sizeof data, out);
    assert_hex(out, sizeof out, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    crypto_hmac_sha256(key, 131, "Test Using Larger Than Block-Size Key - Hash Key First", 54, out);
    assert_hex(out, sizeof out, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void comparing_sees_every_byte(void **state)
{
    (void)state;
    assert_true(crypto_equal("abcd", "abcd", 4));
    assert_false(crypto_equal("abcd", "abce", 4));
    assert_false(crypto_equal("abcd",
                              "\xe1"
                              "bcd",
                              4)); /* 'a' with its top bit set */
    assert_true(crypto_equal("abcd", "abce", 3));
    assert_true(crypto_equal("a", "b", 0));
}

static void the_pkce_challenge_is_that_of_rfc_7636(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    crypto_pkce_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", &b);
    assert_string_equal(b.data, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    buf_release(&b);
}

/* Writes a key file and loads it. */
static enum bs_rc load_hex(const char *hex, struct crypto_key *key, struct bs_err *e)
{
    assert_int_equal(os_write_file("some.key", hex, strlen(hex), 0600, e), BS_OK);
    return crypto_key_load("some.key", key, e);
}

static struct crypto_key counting_key(void)
{
    struct crypto_key key;
    struct bs_err e = BS_ERR_INIT;

    assert_int_equal(
        load_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n", &key, &e),
        BS_OK);
    return key;
}

/* Cases 13 to 16 of McGrew and Viega, "The Galois/Counter Mode of Operation" (the vectors NIST
 * published with GCM), as sealed texts. */
static void gcm_opens_the_published_vectors(void **state)
{
    static const struct {
        const char *key, *nonce, *aad, *plain, *cipher, *tag;
    } cases[] = {
        {"0000000000000000000000000000000000000000000000000000000000000000",
         "000000000000000000000000", "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
        {"0000000000000000000000000000000000000000000000000000000000000000",
         "000000000000000000000000", "", "00000000000000000000000000000000",
         "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"},
        {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
         "cafebabefacedbaddecaf888",
         "\xfe\xed\xfa\xce\xde\xad\xbe\xef\xfe\xed\xfa\xce\xde\xad\xbe\xef\xab\xad\xda\xd2",
         "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e244"
         "9"
         "a6b525b16aedf5aa0de657ba637b39",
         "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b105"
         "6"
         "828838c5f61e6393ba7a0abcc9f662",
         "76fc6ece0f4e1768cddf8853bb2d551b"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bs_err e = BS_ERR_INIT;
        struct crypto_key key;
        struct buf sealed;
        struct buf plain;
        uint8_t raw[12 + 60 + 16];
        char hex[2 * sizeof raw + 1];
        size_t len;

        snprintf(hex, sizeof hex, "%s%s%s", cases[i].nonce, cases[i].cipher, cases[i].tag);
        len = strlen(hex) / 2;
        assert_true(hex_decode(hex, raw, len));
        assert_int_equal(load_hex(cases[i].key, &key, &e), BS_OK);
        buf_init(&sealed, BUF_NO_LIMIT);
        buf_init(&plain, BUF_NO_LIMIT);
        buf_addf(&sealed, "v1:%s:", key.id);
        base64url_encode(&sealed, raw, len);
        assert_int_equal(crypto_open(&key, cases[i].aad, sealed.data, &plain, &e), BS_OK);
        assert_hex((const uint8_t *)plain.data, plain.len, cases[i].plain);
        buf_release(&sealed);
        buf_wipe(&plain);
    }
}

static void a_sealed_secret_opens_in_its_place_only(void **state)
{
    const struct crypto_key key = counting_key();
    struct bs_err e = BS_ERR_INIT;
    struct buf a;
    struct buf b;
    struct buf plain;

    (void)state;
    buf_init(&a, BUF_NO_LIMIT);
    buf_init(&b, BUF_NO_LIMIT);
    buf_init(&plain, BUF_NO_LIMIT);
    assert_int_equal(crypto_seal(&key, "T|1|token", "s3cret\0x", 8, &a, &e), BS_OK);
    assert_int_equal(crypto_seal(&key, "T|1|token", "s3cret\0x", 8, &b, &e), BS_OK);
    assert_memory_equal(a.data, "v1:a9ec24a3:", 12);
    assert_string_not_equal(a.data, b.data); /* a fresh nonce each time */
    assert_int_equal(crypto_open(&key, "T|1|token", a.data, &plain, &e), BS_OK);
    assert_int_equal(plain.len, 8);
    assert_memory_equal(plain.data, "s3cret\0x", 9);
    buf_clear(&plain);
    assert_int_equal(crypto_open(&key, "T|2|token", a.data, &plain, &e), BS_STOP_SYNC);
    assert_int_equal(e.kind, BS_K_OAUTH);
    assert_non_null(strstr(e.msg, "moved"));
    assert_int_equal(plain.len, 0);
    buf_release(&a);
    buf_release(&b);
    buf_wipe(&plain);
}

static void a_sealed_secret_that_was_changed_anywhere_is_refused(void **state)
{
    const struct crypto_key key = counting_key();
    struct bs_err e = BS_ERR_INIT;
    struct buf sealed;
    struct buf plain;

    (void)state;
    buf_init(&sealed, BUF_NO_LIMIT);
    buf_init(&plain, BUF_NO_LIMIT);
    assert_int_equal(crypto_seal(&key, "a", "patAAAAAAAAAAAAAA", 17, &sealed, &e), BS_OK);
    for (size_t i = 0; i < sealed.len; i++) {
        char keep = sealed.data[i];

        for (const char *c = "A9:z=~"; *c; c++) {
            if (*c != keep) {
                sealed.data[i] = *c;
                assert_int_equal(crypto_open(&key, "a", sealed.data, &plain, &e), BS_STOP_SYNC);
                assert_non_null(strstr(e.msg, "the stored secret "));
            }
        }
        sealed.data[i] = '\0'; /* cut */
        assert_int_equal(crypto_open(&key, "a", sealed.data, &plain, &e), BS_STOP_SYNC);
        sealed.data[i] = keep;
    }
    assert_true(buf_addc(&sealed, 'A'));
    assert_int_equal(crypto_open(&key, "a", sealed.data, &plain, &e), BS_STOP_SYNC);
    assert_int_equal(plain.len, 0);
    buf_release(&sealed);
    buf_wipe(&plain);
}

static void each_refusal_has_its_own_sentence(void **state)
{
    static const struct {
        const char *sealed;
        enum bs_kind kind;
        const char *words;
    } cases[] = {
        {"", BS_K_OAUTH, "is empty"},
        {"patAAA.plain", BS_K_OAUTH, "in no form that this version knows"},
        {"v2:a9ec24a3:AAAA", BS_K_OAUTH, "in no form that this version knows"},
        {"v1:a9ec", BS_K_OAUTH, "cut or altered"},
        {"v1:a9ec24a3", BS_K_OAUTH, "cut or altered"},
        {"v1:a9ec24a3:", BS_K_OAUTH, "cut or altered"},
        {"v1:a9ec24a3:AAAA AAAA", BS_K_OAUTH, "cut or altered"},
        {"v1:a9ec24a3:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", BS_K_OAUTH, "was altered, or moved"},
        {"v1:00000000:AAAA", BS_K_CONFIG,
         "sealed with key 00000000, but the key in use is a9ec24a3"},
    };
    const struct crypto_key key = counting_key();
    struct buf plain;

    (void)state;
    buf_init(&plain, BUF_NO_LIMIT);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bs_err e = BS_ERR_INIT;

        assert_int_equal(crypto_open(&key, "", cases[i].sealed, &plain, &e), BS_STOP_SYNC);
        assert_int_equal(e.kind, cases[i].kind);
        assert_non_null(strstr(e.msg, cases[i].words));
    }
    buf_release(&plain);
}

static void the_size_of_a_secret_is_bounded(void **state)
{
    const struct crypto_key key = counting_key();
    struct bs_err e = BS_ERR_INIT;
    char *big = calloc(1, CRYPTO_PLAIN_MAX + 1);
    struct buf sealed;
    struct buf plain;

    (void)state;
    assert_non_null(big);
    buf_init(&sealed, BUF_NO_LIMIT);
    buf_init(&plain, CRYPTO_PLAIN_MAX);
    assert_int_equal(crypto_seal(&key, "a", big, CRYPTO_PLAIN_MAX + 1, &sealed, &e), BS_STOP_SYNC);
    assert_int_equal(crypto_seal(&key, "a", big, CRYPTO_PLAIN_MAX, &sealed, &e), BS_OK);
    assert_int_equal(crypto_open(&key, "a", sealed.data, &plain, &e), BS_OK);
    assert_int_equal(plain.len, CRYPTO_PLAIN_MAX);
    assert_int_equal(crypto_open(&key, "a", sealed.data, &plain, &e), BS_STOP_SYNC); /* no room */
    assert_int_equal(e.kind, BS_K_INTERNAL);
    buf_release(&sealed);
    buf_wipe(&plain);
    free(big);
}

/* Made with node's crypto module: createCipheriv('aes-256-gcm', key, iv) with an IV of 16 bytes. */
#define LEGACY                                                                                     \
    "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf:61da19a83a7b973b0e49cb0d8f68f9e2:"                           \
    "5ac257f9408c80268fdb31c5827fe8feaf2a25540a5c3481957d19c27c510bf77efe8216f6a7"

static void tokens_of_the_hosted_product_open(void **state)
{
    static const char *const bad[] = {
        "",
        "a0:61:5a",
        "not hex at all",
        "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf-61da19a83a7b973b0e49cb0d8f68f9e2:5ac2",
        "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf:61da19a83a7b973b0e49cb0d8f68f9e2:5ac",
        "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf:61da19a83a7b973b0e49cb0d8f68f9e2:5acx",
    };
    const struct crypto_key key = counting_key();
    struct bs_err e = BS_ERR_INIT;
    char text[] = LEGACY;
    struct buf plain;

    (void)state;
    buf_init(&plain, BUF_NO_LIMIT);
    assert_int_equal(crypto_open_legacy(key.key, text, &plain, &e), BS_OK);
    assert_string_equal(plain.data, "patEXAMPLE.token-of-the-hosted-product");
    buf_clear(&plain);
    text[sizeof text - 2] = '0';
    assert_int_equal(crypto_open_legacy(key.key, text, &plain, &e), BS_STOP_SYNC);
    assert_non_null(strstr(e.msg, "altered"));
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(crypto_open_legacy(key.key, bad[i], &plain, &e), BS_STOP_SYNC);
        assert_non_null(strstr(e.msg, "iv:tag:ciphertext"));
    }
    assert_int_equal(plain.len, 0);
    buf_wipe(&plain);
}

static void a_new_key_is_private_random_and_never_replaced(void **state)
{
    struct bs_err e = BS_ERR_INIT;
    struct crypto_key a;
    struct crypto_key again;
    struct crypto_key b;
    struct stat st;

    (void)state;
    assert_int_equal(crypto_key_create("a.key", &e), BS_OK);
    assert_int_equal(crypto_key_create("b.key", &e), BS_OK);
    assert_int_equal(stat("a.key", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, 65);
    assert_int_equal(crypto_key_load("a.key", &a, &e), BS_OK);
    assert_int_equal(crypto_key_load("b.key", &b, &e), BS_OK);
    assert_memory_not_equal(a.key, b.key, CRYPTO_KEY_LEN);
    assert_string_not_equal(a.id, b.id);
    assert_int_equal(strlen(a.id), CRYPTO_KEY_ID_LEN);
    assert_int_equal(crypto_key_create("a.key", &e), BS_SKIP);
    assert_int_equal(crypto_key_load("a.key", &again, &e), BS_OK);
    assert_memory_equal(a.key, again.key, CRYPTO_KEY_LEN);
    crypto_key_wipe(&a);
    for (size_t i = 0; i < CRYPTO_KEY_LEN; i++) {
        assert_int_equal(a.key[i], 0);
    }
    crypto_key_wipe(NULL);
    unlink("a.key");
    unlink("b.key");
}

static void a_key_that_others_can_read_or_that_is_none_is_refused(void **state)
{
    struct bs_err e = BS_ERR_INIT;
    struct crypto_key key;

    (void)state;
    assert_int_equal(crypto_key_load("absent.key", &key, &e), BS_STOP_ALL);
    assert_non_null(strstr(e.msg, "absent.key: there is no key file"));
    counting_key();
    assert_int_equal(chmod("some.key", 0640), 0);
    assert_int_equal(crypto_key_load("some.key", &key, &e), BS_STOP_ALL);
    assert_int_equal(e.kind, BS_K_CONFIG);
    assert_int_equal(load_hex("0001020304", &key, &e), BS_STOP_ALL);
    assert_null(strstr(e.msg, "0001020304"));
    assert_int_equal(
        load_hex("zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", &key, &e),
        BS_STOP_ALL);
    assert_int_equal(load_hex("", &key, &e), BS_STOP_ALL);
}

static void the_environment_and_systemd_come_before_the_file(void **state)
{
    static const char env[] = "1111111111111111111111111111111111111111111111111111111111111111";
    static const char credential[] =
        "2222222222222222222222222222222222222222222222222222222222222222\n";
    struct bs_err e = BS_ERR_INIT;
    struct crypto_key key = counting_key();

    (void)state;
    assert_false(crypto_key_from_environment());
    assert_int_equal(key.key[0], 0x00);
    assert_int_equal(mkdir("credentials", 0700), 0);
    setenv("CREDENTIALS_DIRECTORY", "credentials", 1);
    assert_int_equal(crypto_key_load("some.key", &key, &e), BS_OK);
    assert_int_equal(key.key[0], 0x00); /* no such credential: the file */
    /* Readable for a group, as an ACL of systemd's shows. */
    assert_int_equal(os_write_file("credentials/basesync.key", credential, 65, 0440, &e), BS_OK);
    assert_int_equal(crypto_key_load("some.key", &key, &e), BS_OK);
    assert_int_equal(key.key[0], 0x22);
    setenv("BASESYNC_KEY", env, 1);
    assert_true(crypto_key_from_environment());
    assert_int_equal(crypto_key_load("some.key", &key, &e), BS_OK);
    assert_int_equal(key.key[0], 0x11);
    assert_int_equal(crypto_key_load_file("some.key", &key, &e), BS_OK);
    assert_int_equal(key.key[0], 0x00);
    setenv("BASESYNC_KEY", "1111", 1);
    assert_int_equal(crypto_key_load("some.key", &key, &e), BS_STOP_ALL);
    assert_string_equal(e.msg, "BASESYNC_KEY: is not a key (64 hex digits are needed)");
    unsetenv("BASESYNC_KEY");
    assert_true(crypto_key_from_environment());
    unsetenv("CREDENTIALS_DIRECTORY");
    unlink("credentials/basesync.key");
    rmdir("credentials");
}

static void derived_keys_depend_on_key_and_label(void **state)
{
    const struct crypto_key key = counting_key();
    struct crypto_key other = key;
    uint8_t a[16];
    uint8_t b[16];

    (void)state;
    crypto_key_derive(&key, "cell hash", a);
    assert_hex(a, 16, "bbf63e074daf32836dfde5fe50c65a87"); /* by Python's hmac */
    crypto_key_derive(&key, "cell hash 2", b);
    assert_memory_not_equal(a, b, 16);
    other.key[31] ^= 1;
    crypto_key_derive(&other, "cell hash", b);
    assert_memory_not_equal(a, b, 16);
}

static void rs256_gives_the_signature_of_rfc_7515(void **state)
{
    static const char input[] =
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl"
        "LmNvbS9pc19yb290Ijp0cnVlfQ";
    struct bs_err e = BS_ERR_INIT;
    struct buf sig;
    struct buf text;

    (void)state;
    buf_init(&sig, BUF_NO_LIMIT);
    buf_init(&text, BUF_NO_LIMIT);
    assert_int_equal(crypto_rs256_sign(rfc7515_pem, input, strlen(input), &sig, &e), BS_OK);
    base64url_encode(&text, sig.data, sig.len);
    assert_string_equal(
        text.data,
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2F"
        "p5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQB"
        "MHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeY"
        "I2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw");
    buf_release(&sig);
    buf_release(&text);
}

static void a_private_key_that_cannot_sign_is_refused_in_words(void **state)
{
    char damaged[sizeof rfc7515_pem];
    char cut[sizeof rfc7515_pem];
    const struct {
        const char *pem, *words;
    } cases[] = {
        {"", "is not PEM"},
        {"{\"type\":\"service_account\"}", "is not PEM"},
        {ec_pem, "is not an RSA key"},
        {small_rsa_pem, "has not the size"},
        {encrypted_pem, "is encrypted with a password"},
        {damaged, "cannot sign (its numbers do not fit together)"},
        {cut, "cannot be read (damaged or cut)"},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be read"},
    };
    struct buf sig;

    (void)state;
    memcpy(damaged, rfc7515_pem, sizeof damaged);
    damaged[600] = damaged[600] == 'A' ? 'B' : 'A';
    memcpy(cut, rfc7515_pem, sizeof cut);
    cut[900] = '\0';
    buf_init(&sig, BUF_NO_LIMIT);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bs_err e = BS_ERR_INIT;

        assert_int_equal(crypto_rs256_sign(cases[i].pem, "x", 1, &sig, &e), BS_STOP_SYNC);
        assert_int_equal(e.kind, BS_K_CONFIG);
        assert_non_null(strstr(e.msg, cases[i].words));
    }
    assert_int_equal(sig.len, 0);
    buf_release(&sig);
}

static char folder[] = "/tmp/t_crypto.XXXXXX";

static int enter_folder(void **state)
{
    struct bs_err e = BS_ERR_INIT;

    (void)state;
    unsetenv("BASESYNC_KEY");
    unsetenv("CREDENTIALS_DIRECTORY");
    if (crypto_init(&e) != BS_OK || crypto_init(&e) != BS_OK) {
        return -1;
    }
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
    (void)state;
    unlink("some.key");
    return chdir("/") == 0 ? rmdir(folder) : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_values_of_fips_180),
        cmocka_unit_test(hmac_gives_the_values_of_rfc_4231),
        cmocka_unit_test(comparing_sees_every_byte),
        cmocka_unit_test(the_pkce_challenge_is_that_of_rfc_7636),
        cmocka_unit_test(gcm_opens_the_published_vectors),
        cmocka_unit_test(a_sealed_secret_opens_in_its_place_only),
        cmocka_unit_test(a_sealed_secret_that_was_changed_anywhere_is_refused),
        cmocka_unit_test(each_refusal_has_its_own_sentence),
        cmocka_unit_test(the_size_of_a_secret_is_bounded),
        cmocka_unit_test(tokens_of_the_hosted_product_open),
        cmocka_unit_test(a_new_key_is_private_random_and_never_replaced),
        cmocka_unit_test(a_key_that_others_can_read_or_that_is_none_is_refused),
        cmocka_unit_test(the_environment_and_systemd_come_before_the_file),
        cmocka_unit_test(derived_keys_depend_on_key_and_label),
        cmocka_unit_test(rs256_gives_the_signature_of_rfc_7515),
        cmocka_unit_test(a_private_key_that_cannot_sign_is_refused_in_words),
    };

    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
