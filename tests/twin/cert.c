/* cert.c: a test CA, a server certificate and RSA keys, by GnuTLS. */
#include "core.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PEM_MAX 16384
#define DAY_S 86400

static char *slurp(const char *path)
{
    FILE *f = fopen(path, "r");
    if (!f)
        return NULL;
    char *text = tw_alloc(PEM_MAX + 1);
    size_t n = fread(text, 1, PEM_MAX, f);
    fclose(f);
    text[n] = '\0';
    return text;
}

/* Writes by a rename, so that two twins that share a cache never see half a file. */
static bool spill(const char *path, const char *text)
{
    char *tmp = tw_fmt("%s.%d", path, (int)getpid());
    FILE *f = fopen(tmp, "w");
    bool ok = f && fputs(text, f) >= 0;
    ok = f && fclose(f) == 0 && ok;
    ok = ok && chmod(tmp, 0600) == 0 && rename(tmp, path) == 0;
    free(tmp);
    return ok;
}

static char *key_pem_of(gnutls_x509_privkey_t key, bool pkcs8)
{
    char buf[PEM_MAX];
    size_t n = sizeof buf;
    int rc = pkcs8 ? gnutls_x509_privkey_export_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
                                                      GNUTLS_PKCS_PLAIN, buf, &n)
                   : gnutls_x509_privkey_export(key, GNUTLS_X509_FMT_PEM, buf, &n);
    return rc < 0 ? NULL : tw_ndup(buf, n);
}

static char *cert_pem_of(gnutls_x509_crt_t crt)
{
    char buf[PEM_MAX];
    size_t n = sizeof buf;
    return gnutls_x509_crt_export(crt, GNUTLS_X509_FMT_PEM, buf, &n) < 0 ? NULL : tw_ndup(buf, n);
}

static gnutls_x509_privkey_t ec_key(void)
{
    gnutls_x509_privkey_t key;
    gnutls_x509_privkey_init(&key);
    if (gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) < 0)
        abort();
    return key;
}

static gnutls_x509_crt_t crt_new(const char *name, gnutls_x509_privkey_t key, bool ca)
{
    gnutls_x509_crt_t crt;
    unsigned char serial[9] = {1};
    unsigned char id[32];
    size_t id_len = sizeof id;
    gnutls_rnd(GNUTLS_RND_NONCE, serial + 1, sizeof serial - 1);
    gnutls_x509_crt_init(&crt);
    gnutls_x509_crt_set_version(crt, 3);
    gnutls_x509_crt_set_serial(crt, serial, sizeof serial);
    gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name,
                                  (unsigned)strlen(name));
    /* The twin's clock may be set to any year around now: the certificate is good for all. */
    gnutls_x509_crt_set_activation_time(crt, 946684800);
    gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 3650L * DAY_S);
    gnutls_x509_crt_set_key(crt, key);
    gnutls_x509_crt_set_basic_constraints(crt, ca, -1);
    gnutls_x509_crt_set_key_usage(crt, ca ? GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN
                                          : GNUTLS_KEY_DIGITAL_SIGNATURE);
    if (gnutls_x509_crt_get_key_id(crt, 0, id, &id_len) == 0)
        gnutls_x509_crt_set_subject_key_id(crt, id, id_len);
    return crt;
}

static void crt_for_localhost(gnutls_x509_crt_t crt)
{
    const unsigned char v4[4] = {127, 0, 0, 1};
    gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, "localhost", 9,
                                         GNUTLS_FSAN_APPEND);
    gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, v4, sizeof v4,
                                         GNUTLS_FSAN_APPEND);
    gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0);
}

static bool make_pair(char **ca_pem, char **cert_pem, char **key_pem)
{
    gnutls_x509_privkey_t ca_key = ec_key();
    gnutls_x509_privkey_t key = ec_key();
    gnutls_x509_crt_t ca = crt_new("basesync twin test CA", ca_key, true);
    gnutls_x509_crt_t crt = crt_new("localhost", key, false);
    crt_for_localhost(crt);
    bool ok = gnutls_x509_crt_sign2(ca, ca, ca_key, GNUTLS_DIG_SHA256, 0) == 0 &&
              gnutls_x509_crt_sign2(crt, ca, ca_key, GNUTLS_DIG_SHA256, 0) == 0;
    if (ok) {
        *ca_pem = cert_pem_of(ca);
        *cert_pem = cert_pem_of(crt);
        *key_pem = key_pem_of(key, false);
    }
    gnutls_x509_crt_deinit(ca);
    gnutls_x509_crt_deinit(crt);
    gnutls_x509_privkey_deinit(ca_key);
    gnutls_x509_privkey_deinit(key);
    return ok && *ca_pem && *cert_pem && *key_pem;
}

char *cert_make(const char *dir, char **cert_pem, char **key_pem)
{
    char *wrong = NULL;
    char *ca_pem = NULL;
    char *ca_out = tw_fmt("%s/ca.pem", dir);
    char *pair_out = tw_fmt("%s/server.pem", dir);
    char *pair = NULL;
    *cert_pem = *key_pem = NULL;
    /* A CA of one's own for each run: three elliptic keys take a few milliseconds. */
    if (!make_pair(&ca_pem, cert_pem, key_pem))
        wrong = tw_dup("cannot make a certificate");
    else if (!spill(ca_out, ca_pem))
        wrong = tw_fmt("cannot write %s", ca_out);
    else if (!spill(pair_out, pair = tw_fmt("%s%s", *cert_pem, *key_pem)))
        wrong = tw_fmt("cannot write %s", pair_out);
    free(pair);
    free(pair_out);
    free(ca_out);
    free(ca_pem);
    return wrong;
}

char *cert_rsa_key(const char *cache, const char *name)
{
    char *path = tw_fmt("%s/%s.rsa.pem", cache, name);
    char *pem = slurp(path);
    if (!pem) {
        gnutls_x509_privkey_t key;
        gnutls_x509_privkey_init(&key);
        if (gnutls_x509_privkey_generate(key, GNUTLS_PK_RSA, 2048, 0) == 0)
            pem = key_pem_of(key, true);
        gnutls_x509_privkey_deinit(key);
        if (pem)
            spill(path, pem);
    }
    free(path);
    return pem;
}

bool cert_rsa_verify(const char *key_pem, const void *data, size_t len, const void *sig,
                     size_t sig_len)
{
    gnutls_privkey_t priv;
    gnutls_pubkey_t pub;
    gnutls_datum_t pem = {(unsigned char *)key_pem, (unsigned)strlen(key_pem)};
    gnutls_datum_t text = {(unsigned char *)data, (unsigned)len};
    gnutls_datum_t mark = {(unsigned char *)sig, (unsigned)sig_len};
    bool ok = false;
    gnutls_privkey_init(&priv);
    gnutls_pubkey_init(&pub);
    if (gnutls_privkey_import_x509_raw(priv, &pem, GNUTLS_X509_FMT_PEM, NULL, 0) == 0 &&
        gnutls_pubkey_import_privkey(pub, priv, 0, 0) == 0)
        ok = gnutls_pubkey_verify_data2(pub, GNUTLS_SIGN_RSA_SHA256, 0, &text, &mark) >= 0;
    gnutls_pubkey_deinit(pub);
    gnutls_privkey_deinit(priv);
    return ok;
}

void cert_sha256(const void *data, size_t len, unsigned char out[32])
{
    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, data, len, out) < 0)
        abort();
}
