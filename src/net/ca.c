/* ca.c: see ca.h. */
#include "net/ca.h"

#include "base/embed.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef BASESYNC_CA_BUNDLE
EMBED_DECLARE(ca_bundle);
#endif

/* A folder would be taken by open() and fail much later. */
static bool take_file(struct ca_choice *out, const char *path, const char *origin)
{
    struct stat st;

    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0 ||
        access(path, R_OK) != 0 || !str_copy(out->path, sizeof out->path, path)) {
        out->path[0] = '\0';
        return false;
    }
    out->origin = origin;
    return true;
}

static enum bs_rc choose_built_in(struct ca_choice *out, struct bs_err *e)
{
#ifdef BASESYNC_CA_BUNDLE
    (void)e;
    out->blob = embed_ca_bundle;
    out->blob_len = embed_ca_bundle_len + 1;
    out->origin = "embedded";
    return BS_OK;
#else
    (void)out;
    return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                   "no CA certificates found: install the package ca-certificates, or set ca_file "
                   "in [network]");
#endif
}

enum bs_rc ca_choose(const char *configured, struct ca_choice *out, struct bs_err *e)
{
    static const char *const system_files[] = {
        "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Raspberry Pi OS, Arch */
        "/etc/pki/tls/certs/ca-bundle.crt",                  /* Fedora, RHEL */
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* newer of the same */
        "/etc/ssl/ca-bundle.pem",                            /* openSUSE */
        "/etc/ssl/cert.pem",                                 /* Alpine */
    };
    const char *env = getenv("SSL_CERT_FILE");

    memset(out, 0, sizeof *out);
    if (configured && configured[0]) {
        return take_file(out, configured, "ca_file")
                   ? BS_OK
                   : bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                             "ca_file %s is no file that can be read: correct it in [network]",
                             configured);
    }
    if (env && env[0]) {
        return take_file(out, env, "SSL_CERT_FILE")
                   ? BS_OK
                   : bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                             "SSL_CERT_FILE names %s, which is no file that can be read", env);
    }
    for (size_t i = 0; i < sizeof system_files / sizeof system_files[0]; i++) {
        if (take_file(out, system_files[i], "system")) {
            return BS_OK;
        }
    }
    return choose_built_in(out, e);
}
