#include "net/ca.h"

#include "base/str.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The embedded bundle is linked in by the build; tests and partial builds may lack it. */
extern const unsigned char ca_bundle_pem[] __attribute__((weak));
extern const size_t ca_bundle_pem_len __attribute__((weak));

static bool take_file(struct ca_choice *out, const char *path, const char *origin)
{
    if (access(path, R_OK) != 0 || !str_copy(out->path, sizeof out->path, path)) {
        out->path[0] = '\0';
        return false;
    }
    out->origin = origin;
    return true;
}

enum bs_rc ca_choose(const char *configured, struct ca_choice *out, struct bs_err *e)
{
    static const char *const system_files[] = {
        "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Raspberry Pi OS, Arch */
        "/etc/pki/tls/certs/ca-bundle.crt",                  /* Fedora, RHEL */
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* newer of the same */
        "/etc/ssl/ca-bundle.pem",                            /* openSUSE */
        "/etc/ssl/cert.pem",                                 /* Alpine, BSD */
    };
    const char *env = getenv("SSL_CERT_FILE");

    memset(out, 0, sizeof *out);
    if (configured != NULL && configured[0] != '\0') {
        return take_file(out, configured, "ca_file")
                   ? BS_OK
                   : bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                             "ca_file %s cannot be read: correct it or take the line out",
                             configured);
    }
    if (env != NULL && env[0] != '\0') {
        return take_file(out, env, "SSL_CERT_FILE")
                   ? BS_OK
                   : bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                             "SSL_CERT_FILE names %s, which cannot be read", env);
    }
    for (size_t i = 0; i < sizeof system_files / sizeof *system_files; i++) {
        if (take_file(out, system_files[i], "system")) {
            return BS_OK;
        }
    }
    if (&ca_bundle_pem_len != NULL) {
        out->blob = ca_bundle_pem;
        out->blob_len = ca_bundle_pem_len;
        out->origin = "embedded";
        return BS_OK;
    }
    return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                   "no CA certificates found: install the package ca-certificates, or set ca_file "
                   "in [network]");
}
