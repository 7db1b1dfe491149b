/* t_ca.c: whose certificates are trusted. */
#include "net/ca.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/basesync-ca-XXXXXX";
static char good[64], empty[64], missing[64];

static int setup(void **state)
{
    FILE *f;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(good, sizeof good, "%s/good.pem", dir);
    snprintf(empty, sizeof empty, "%s/empty.pem", dir);
    snprintf(missing, sizeof missing, "%s/missing.pem", dir);
    f = fopen(good, "w");
    fputs("x", f);
    fclose(f);
    f = fopen(empty, "w");
    fclose(f);
    unsetenv("SSL_CERT_FILE");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(good);
    unlink(empty);
    rmdir(dir);
    return 0;
}

static void a_configured_file_comes_first(void **state)
{
    struct bs_err e = BS_ERR_INIT;
    struct ca_choice c;

    (void)state;
    setenv("SSL_CERT_FILE", missing, 1);
    assert_int_equal(ca_choose(good, &c, &e), BS_OK);
    unsetenv("SSL_CERT_FILE");
    assert_string_equal(c.path, good);
    assert_string_equal(c.origin, "ca_file");
    assert_null(c.blob);
}

static void a_file_that_was_asked_for_is_never_replaced_by_another(void **state)
{
    char too_long[1000];
    const char *const bad[] = {missing, empty, dir, too_long};

    (void)state;
    snprintf(too_long, sizeof too_long, "%s/%0600d", dir, 1);
    for (size_t i = 0; i < 4; i++) {
        struct bs_err e = BS_ERR_INIT;
        struct ca_choice c;

        assert_int_equal(ca_choose(bad[i], &c, &e), BS_STOP_ALL);
        assert_int_equal(e.kind, BS_K_CONFIG);
        assert_non_null(strstr(e.msg, "ca_file"));
        assert_string_equal(c.path, "");
        setenv("SSL_CERT_FILE", bad[i], 1);
        assert_int_equal(ca_choose(NULL, &c, &e), BS_STOP_ALL);
        assert_non_null(strstr(e.msg, "SSL_CERT_FILE"));
        unsetenv("SSL_CERT_FILE");
    }
}

static void the_environment_s_file_comes_second(void **state)
{
    struct bs_err e = BS_ERR_INIT;
    struct ca_choice c;

    (void)state;
    setenv("SSL_CERT_FILE", good, 1);
    assert_int_equal(ca_choose("", &c, &e), BS_OK);
    unsetenv("SSL_CERT_FILE");
    assert_string_equal(c.path, good);
    assert_string_equal(c.origin, "SSL_CERT_FILE");
}

static void else_the_system_s_file_or_the_built_in_one(void **state)
{
    struct bs_err e = BS_ERR_INIT;
    struct ca_choice c;
    enum bs_rc rc;

    (void)state;
    setenv("SSL_CERT_FILE", "", 1);
    rc = ca_choose(NULL, &c, &e);
    unsetenv("SSL_CERT_FILE");
    if (access("/etc/ssl/certs/ca-certificates.crt", R_OK) == 0) {
        assert_int_equal(rc, BS_OK);
        assert_string_equal(c.path, "/etc/ssl/certs/ca-certificates.crt");
        assert_string_equal(c.origin, "system");
    } else if (rc == BS_OK) {
        assert_true((c.path[0] != '\0') != (c.blob != NULL));
    } else {
        assert_non_null(strstr(e.msg, "ca-certificates"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_configured_file_comes_first),
        cmocka_unit_test(a_file_that_was_asked_for_is_never_replaced_by_another),
        cmocka_unit_test(the_environment_s_file_comes_second),
        cmocka_unit_test(else_the_system_s_file_or_the_built_in_one),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
