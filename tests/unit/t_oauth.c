/* t_oauth.c: the forms that ask for tokens, and what comes back. */
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "crypto_keys.h"
#include "net/json.h"
#include "net/oauth.h"
#include "net/oauth_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW 1784542088000 /* 2026-07-20 */

/* A key file with one member replaced (value NULL: left out). */
static char *key_file(const char *name, const char *value)
{
    static const char *const members[][2] = {
        {"type", "service_account"},
        {"project_id", "proj-1"},
        {"private_key_id", "0123abcd"},
        {"private_key", rfc7515_pem},
        {"client_email", "robot@proj-1.iam.gserviceaccount.com"},
        {"client_id", "1"},
        {"token_uri", "https://oauth2.googleapis.com/token"},
    };
    struct buf b;
    struct jsonw w;

    buf_init(&b, BUF_NO_LIMIT);
    jsonw_init(&w, &b);
    jsonw_object(&w);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        bool other = name && strcmp(name, members[i][0]) == 0;

        if (!other || value) {
            jsonw_member(&w, members[i][0], other ? value : members[i][1]);
        }
    }
    jsonw_end_object(&w);
    return buf_take(&b);
}

/* ---- service accounts ---- */

static void a_key_file_is_read(void **state)
{
    struct service_account a;
    struct bs_err e = BS_ERR_INIT;
    char *json = key_file(NULL, NULL);

    (void)state;
    assert_int_equal(service_account_parse(json, strlen(json), &a, &e), BS_OK);
    assert_string_equal(a.email, "robot@proj-1.iam.gserviceaccount.com");
    assert_string_equal(a.key_id, "0123abcd");
    assert_string_equal(a.private_key, rfc7515_pem);
    assert_string_equal(a.project, "proj-1");
    service_account_release(&a);
    assert_null(a.private_key);
    service_account_release(&a);
    free(json);
}

static void a_file_that_is_no_key_is_told_in_one_sentence(void **state)
{
    static const struct {
        const char *name, *value, *words;
    } cases[] = {
        {"type", "authorized_user", "does not say \"type\": \"service_account\""},
        {"type", NULL, "does not say"},
        {"client_email", NULL, "no client_email"},
        {"client_email", "robot", "no client_email"},
        {"private_key_id", NULL, "no private_key_id"},
        {"private_key", NULL, "no private_key:"},
        {"private_key", "", "no private_key:"},
        {"private_key", "-----BEGIN ENCRYPTED PRIVATE KEY-----", "no unencrypted PEM text"},
        {"private_key", "SECRETBYTES", "no unencrypted PEM text"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *json = key_file(cases[i].name, cases[i].value);
        struct service_account a;
        struct bs_err e = BS_ERR_INIT;

        assert_int_equal(service_account_parse(json, strlen(json), &a, &e), BS_STOP_SYNC);
        assert_int_equal(e.kind, BS_K_CONFIG);
        assert_null(a.private_key);
        assert_null(strstr(e.msg, "SECRET"));
        if (!strstr(e.msg, cases[i].words)) {
            fail_msg("'%s' is not in '%s'", cases[i].words, e.msg);
        }
        free(json);
    }
}

static void a_file_that_is_something_else_is_told_so(void **state)
{
    static const struct {
        const char *json, *words;
    } cases[] = {
        {"", "is not JSON"},
        {"-----BEGIN PRIVATE KEY-----\nMIIE", "is not JSON"},
        {"{\"type\":\"service_account\",\"private_key\":\"SECRET", "is not JSON"},
        {"[]", "is no JSON object"},
        {"{\"installed\":{\"client_id\":\"x\"}}", "the file of an OAuth client"},
        {"{\"web\":{\"client_id\":\"x\"}}", "the file of an OAuth client"},
        {"{\"type\":7}", "does not say"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct service_account a;
        struct bs_err e = BS_ERR_INIT;

        assert_int_equal(service_account_parse(cases[i].json, strlen(cases[i].json), &a, &e),
                         BS_STOP_SYNC);
        assert_non_null(strstr(e.msg, cases[i].words));
        assert_null(strstr(e.msg, "SECRET"));
        assert_null(strstr(e.msg, "MIIE"));
    }
}

/* The text between two dots of the assertion, decoded. */
static struct json *jwt_part(const char *jwt, int nth)
{
    struct bs_err e = BS_ERR_INIT;
    struct json *doc = NULL;
    struct buf b;

    while (nth-- > 0) {
        jwt = strchr(jwt, '.') + 1;
    }
    char *part = bs_strndup(jwt, strcspn(jwt, "."));

    buf_init(&b, 10000);
    assert_true(base64_decode(&b, part));
    assert_int_equal(json_parse(b.data, b.len, &doc, &e), BS_OK);
    free(part);
    buf_release(&b);
    return doc;
}

static void an_assertion_says_who_what_where_and_when_and_is_signed(void **state)
{
    static const char start[] =
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
    struct service_account a;
    struct bs_err e = BS_ERR_INIT;
    char *json = key_file(NULL, NULL), *jwt, *text;
    struct json *doc;
    struct buf form, sig, again;

    (void)state;
    buf_init(&form, 10000);
    buf_init(&sig, 10000);
    buf_init(&again, 10000);
    assert_int_equal(service_account_parse(json, strlen(json), &a, &e), BS_OK);
    assert_int_equal(oauth_service_account_form(&a, "scope-a scope-b",
                                                "https://oauth2.googleapis.com/token", NOW + 999,
                                                &form, &e),
                     BS_OK);
    assert_memory_equal(form.data, start, strlen(start));
    jwt = form.data + strlen(start);
    assert_int_equal(
        strspn(jwt, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."),
        strlen(jwt));
    doc = jwt_part(jwt, 0);
    text = json_print(doc);
    assert_string_equal(text, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"0123abcd\"}");
    free(text);
    json_free(doc);
    doc = jwt_part(jwt, 1);
    text = json_print(doc);
    assert_string_equal(text, "{\"iss\":\"robot@proj-1.iam.gserviceaccount.com\","
                              "\"scope\":\"scope-a scope-b\","
                              "\"aud\":\"https://oauth2.googleapis.com/token\","
                              "\"iat\":1784542088,\"exp\":1784545688}");
    free(text);
    json_free(doc);
    char *dot = strrchr(jwt, '.');

    assert_int_equal(crypto_rs256_sign(rfc7515_pem, jwt, (size_t)(dot - jwt), &sig, &e), BS_OK);
    base64url_encode(&again, sig.data, sig.len);
    assert_string_equal(dot + 1, again.data);
    service_account_release(&a);
    buf_release(&form);
    buf_release(&sig);
    buf_release(&again);
    free(json);
}

static void a_key_that_cannot_sign_is_a_configuration_error(void **state)
{
    char *json = key_file("private_key", ec_pem);
    struct service_account a;
    struct bs_err e = BS_ERR_INIT;
    struct buf form;

    (void)state;
    buf_init(&form, 10000);
    assert_int_equal(service_account_parse(json, strlen(json), &a, &e), BS_OK);
    assert_int_equal(oauth_service_account_form(&a, "s", "aud", NOW, &form, &e), BS_STOP_SYNC);
    assert_int_equal(e.kind, BS_K_CONFIG);
    assert_int_equal(form.len, 0);
    service_account_release(&a);
    buf_release(&form);
    free(json);
}

/* ---- answers ---- */

static enum bs_rc read_answer(enum http_outcome outcome, int status, const char *body,
                              struct oauth_tokens *t, struct bs_err *e)
{
    struct http_response r = {.outcome = outcome, .status = status, .retry_after_ms = -1};
    enum bs_rc rc;

    buf_init(&r.body, 100000);
    buf_adds(&r.body, body);
    bs_err_clear(e);
    rc = oauth_read_answer(&r, NOW, t, e);
    http_response_release(&r);
    return rc;
}

static void tokens_are_read_in_the_forms_of_both_services(void **state)
{
    static const struct {
        const char *body, *access, *refresh, *scope;
        int64_t expires_s, refresh_s;
    } cases[] = {
        {"{\"access_token\":\"A\",\"refresh_token\":\"R\",\"token_type\":\"Bearer\",\"scope\":\"a "
         "b\","
         "\"expires_in\":3600,\"refresh_expires_in\":5184000}",
         "A", "R", "a b", 3600, 5184000},
        {"{\"access_token\":\"A\",\"expires_in\":3599,\"token_type\":\"Bearer\"}", "A", NULL, NULL,
         3599, 0},
        {"{\"access_token\":\"A\",\"expires_in\":\"3599\",\"refresh_token_expires_in\":604799}",
         "A", NULL, NULL, 3599, 604799},
        {"{\"access_token\":\"A\"}", "A", NULL, NULL, 3600, 0},
        {"{\"access_token\":\"A\",\"expires_in\":-5,\"refresh_token\":\"\"}", "A", NULL, NULL, 3600,
         0},
        {"{\"access_token\":\"A\",\"expires_in\":9.1e15}", "A", NULL, NULL, 3600, 0},
        {"{\"access_token\":\"A\",\"expires_in\":8e15,\"refresh_expires_in\":8e15}", "A", NULL,
         NULL, 86400, 34560000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct oauth_tokens t;
        struct bs_err e;

        if (read_answer(HTTP_ANSWERED, 200, cases[i].body, &t, &e) != BS_OK) {
            fail_msg("%s: %s", cases[i].body, e.msg);
        }
        assert_string_equal(t.access_token, cases[i].access);
        assert_true(str_eq(t.refresh_token, cases[i].refresh));
        assert_true(str_eq(t.scope, cases[i].scope));
        assert_int_equal(t.expires_ms, NOW + cases[i].expires_s * 1000);
        assert_int_equal(t.refresh_expires_ms,
                         cases[i].refresh_s ? NOW + cases[i].refresh_s * 1000 : 0);
        oauth_tokens_release(&t);
        assert_null(t.access_token);
    }
}

static void only_a_refused_grant_asks_for_a_person(void **state)
{
    static const struct {
        enum http_outcome outcome;
        int status;
        const char *body;
        enum bs_rc rc;
        enum bs_kind kind;
        const char *code;
    } cases[] = {
        {HTTP_ANSWERED, 400,
         "{\"error\":\"invalid_grant\",\"error_description\":\"Token has been expired or "
         "revoked.\"}",
         BS_STOP_SYNC, BS_K_OAUTH, "invalid_grant"},
        {HTTP_ANSWERED, 400, "{\"error\":\"invalid_grant\",\"error_subtype\":\"invalid_rapt\"}",
         BS_STOP_SYNC, BS_K_OAUTH, "invalid_grant"},
        {HTTP_ANSWERED, 401, "{\"error\":\"invalid_client\"}", BS_STOP_SYNC, BS_K_OAUTH,
         "invalid_client"},
        {HTTP_ANSWERED, 200, "{\"id_token\":\"SECRET\"}", BS_STOP_SYNC, BS_K_OAUTH,
         "no_access_token"},
        {HTTP_ANSWERED, 200, "{\"access_token\":7}", BS_STOP_SYNC, BS_K_OAUTH, "no_access_token"},
        {HTTP_ANSWERED, 200, "{\"access_token\":\"SECRET", BS_RETRY, BS_K_NETWORK, ""},
        {HTTP_ANSWERED, 400, "<html>Blocked by your company</html>", BS_STOP_SYNC, BS_K_REMOTE, ""},
        {HTTP_ANSWERED, 403, "", BS_STOP_SYNC, BS_K_REMOTE, ""},
        {HTTP_ANSWERED, 409, "{\"error\":\"conflict\"}", BS_RETRY, BS_K_BUSY, "conflict"},
        {HTTP_ANSWERED, 429, "", BS_RETRY, BS_K_RATE_LIMIT, ""},
        {HTTP_ANSWERED, 500, "{\"error\":\"internal_failure\"}", BS_RETRY, BS_K_NETWORK,
         "internal_failure"},
        {HTTP_ANSWERED, 503, "", BS_RETRY, BS_K_NETWORK, ""},
        {HTTP_NOT_SENT, 0, "", BS_RETRY, BS_K_NETWORK, ""},
        {HTTP_LOST, 200, "", BS_RETRY, BS_K_NETWORK, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct oauth_tokens t;
        struct bs_err e = BS_ERR_INIT;
        enum bs_rc rc = read_answer(cases[i].outcome, cases[i].status, cases[i].body, &t, &e);

        if (rc != cases[i].rc || e.rc != rc || e.kind != cases[i].kind) {
            fail_msg("%d %s: %d %s", cases[i].status, cases[i].body, (int)rc, bs_kind_name(e.kind));
        }
        assert_string_equal(e.code, cases[i].code);
        assert_null(t.access_token);
        assert_null(strstr(e.msg, "SECRET"));
    }
}

/* ---- forms and addresses ---- */

static void forms_carry_the_client_where_the_server_wants_it(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    oauth_refresh_form("r/+ 1", "id", "se&cret", true, &b);
    assert_string_equal(b.data, "grant_type=refresh_token&refresh_token=r%2F%2B%201&client_id=id&"
                                "client_secret=se%26cret");
    buf_clear(&b);
    oauth_refresh_form("r", "id", "secret", false, &b);
    assert_string_equal(b.data, "grant_type=refresh_token&refresh_token=r");
    buf_clear(&b);
    oauth_refresh_form("r", "id", NULL, false, &b);
    assert_string_equal(b.data, "grant_type=refresh_token&refresh_token=r&client_id=id");
    buf_clear(&b);
    oauth_code_form("4/c", "http://127.0.0.1:5/", "ver", "id", "secret", true, &b);
    assert_string_equal(
        b.data, "grant_type=authorization_code&code=4%2Fc&redirect_uri=http%3A%2F%2F127.0.0."
                "1%3A5%2F&code_verifier=ver&client_id=id&client_secret=secret");
    buf_clear(&b);
    oauth_code_form("c", "u", "v", "id", "secret", false, &b);
    assert_string_equal(b.data,
                        "grant_type=authorization_code&code=c&redirect_uri=u&code_verifier=v");
    buf_clear(&b);
    oauth_consent_url("https://a.example/auth", "id", "http://127.0.0.1:5/", "a b", "st", "ch",
                      "access_type=offline&prompt=consent", &b);
    assert_string_equal(
        b.data, "https://a.example/auth?response_type=code&client_id=id&redirect_uri=http%3A"
                "%2F%2F127.0.0.1%3A5%2F&scope=a%20b&state=st&code_challenge=ch&"
                "code_challenge_method=S256&access_type=offline&prompt=consent");
    buf_clear(&b);
    oauth_consent_url("https://a.example/auth?x=1", "id", "u", "s", "st", "ch", "", &b);
    assert_memory_equal(b.data, "https://a.example/auth?x=1&response_type=code&", 46);
    assert_memory_equal(b.data + b.len - 10, "ethod=S256", 10);
    buf_release(&b);
}

static void a_redirect_gives_its_code_only_for_the_state_that_was_asked_with(void **state)
{
    static const struct {
        const char *text, *code, *words;
        enum bs_rc rc;
    } cases[] = {
        {"/?state=st&code=4%2F0Ab%2Bc&scope=x", "4/0Ab+c", NULL, BS_OK},
        {"http://127.0.0.1:5000/?code=abc&state=st", "abc", NULL, BS_OK},
        {"http://127.0.0.1:5000/?code=abc&state=st#frag\r\n", "abc", NULL, BS_OK},
        {"code=abc&state=st", "abc", NULL, BS_OK},
        {"/?code=abc&state=st HTTP/1.1", "abc", NULL, BS_OK},
        {"/?code=abc&state=sT", NULL, "does not belong", BS_SKIP},
        {"/?code=abc&state=s", NULL, "does not belong", BS_SKIP},
        {"/?code=abc&state=stt", NULL, "does not belong", BS_SKIP},
        {"/?code=abc&xstate=st", NULL, "does not belong", BS_SKIP},
        {"/?code=abc", NULL, "does not belong", BS_SKIP},
        {"/favicon.ico", NULL, "does not belong", BS_SKIP},
        {"", NULL, "does not belong", BS_SKIP},
        {"/?error=access_denied", NULL, "does not belong", BS_SKIP},
        {"/?error=access_denied&state=st", NULL, "refused: access_denied", BS_STOP_SYNC},
        {"/?error=%0d%0aX&state=st&code=abc", NULL, "refused:   X", BS_STOP_SYNC},
        {"/?error=invalid_scope&error_description=No+such+scope&state=st", NULL,
         "refused: invalid_scope, No such scope", BS_STOP_SYNC},
        {"/?state=st", NULL, "no code", BS_SKIP},
        {"/?code=&state=st", NULL, "no code", BS_SKIP},
        {"/?code=a%zz&state=st", NULL, "no code", BS_SKIP},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bs_err e = BS_ERR_INIT;
        struct buf code;
        enum bs_rc rc;

        buf_init(&code, 2000);
        rc = oauth_read_redirect(cases[i].text, "st", &code, &e);
        if (rc != cases[i].rc || (rc == BS_STOP_SYNC && e.code[0] == '\0')) {
            fail_msg("%s: %s", cases[i].text, e.msg);
        }
        assert_string_equal(code.data, cases[i].code ? cases[i].code : "");
        if (cases[i].words && !strstr(e.msg, cases[i].words)) {
            fail_msg("'%s' is not in '%s'", cases[i].words, e.msg);
        }
        buf_release(&code);
    }
}

static void an_id_token_names_the_account(void **state)
{
    static const struct {
        const char *claims, *email;
    } cases[] = {
        {"{\"sub\":\"1\",\"email\":\"anna@example.com\"}", "anna@example.com"},
        {"{\"sub\":\"1\"}", NULL},
        {"{\"email\":7}", NULL},
        {"no JSON", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct oauth_tokens t;
        struct bs_err e = BS_ERR_INIT;
        struct buf b;

        buf_init(&b, BUF_NO_LIMIT);
        buf_adds(&b, "{\"access_token\":\"a\",\"id_token\":\"e30.");
        base64url_encode(&b, cases[i].claims, strlen(cases[i].claims));
        buf_adds(&b, ".sig\"}");
        assert_int_equal(read_answer(HTTP_ANSWERED, 200, b.data, &t, &e), BS_OK);
        if (cases[i].email) {
            assert_non_null(t.email);
            assert_string_equal(t.email, cases[i].email);
        } else {
            assert_null(t.email);
        }
        oauth_tokens_release(&t);
        buf_release(&b);
    }
}

static void a_client_file_gives_id_and_secret(void **state)
{
    static const struct {
        const char *json, *id, *secret;
        bool web;
        const char *words;
    } cases[] = {
        {"{\"installed\":{\"client_id\":\"a.example\",\"client_secret\":\"S-1\"}}", "a.example",
         "S-1", false, NULL},
        {"{\"web\":{\"client_id\":\"a\",\"client_secret\":\"S-1\"}}", "a", "S-1", true, NULL},
        {"{\"client_id\":\"a\",\"client_secret\":\"S-1\"}", "a", "S-1", false, NULL},
        {"{\"client_id\":\"a\"}", "a", NULL, false, NULL},
        {"{\"type\":\"service_account\",\"client_id\":\"1\"}", NULL, NULL, false,
         "--service-account"},
        {"{\"installed\":{\"client_secret\":\"S-1\"}}", NULL, NULL, false, "no client_id"},
        {"{\"installed\":[]}", NULL, NULL, false, "no client_id"},
        {"{\"client_id\":\"a b\",\"client_secret\":\"S-1\"}", NULL, NULL, false, "no client_id"},
        {"{\"client_id\":\"a\",\"client_secret\":\"S-1\\n\"}", NULL, NULL, false, "is none"},
        {"[]", NULL, NULL, false, "no JSON object"},
        {"S-1", NULL, NULL, false, "no JSON object"},
        {"", NULL, NULL, false, "no JSON object"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct oauth_client c;
        struct bs_err e = BS_ERR_INIT;
        enum bs_rc rc = oauth_client_parse(cases[i].json, strlen(cases[i].json), &c, &e);

        assert_int_equal(rc, cases[i].words ? BS_STOP_ALL : BS_OK);
        assert_true(str_eq(c.id, cases[i].id));
        assert_true(str_eq(c.secret, cases[i].secret));
        assert_int_equal(c.web, cases[i].web);
        assert_null(strstr(e.msg, "S-1"));
        if (cases[i].words && !strstr(e.msg, cases[i].words)) {
            fail_msg("'%s' is not in '%s'", cases[i].words, e.msg);
        }
        oauth_client_release(&c);
    }
}

static void an_address_to_come_back_to_is_this_machine_s_or_secure(void **state)
{
    static const struct {
        const char *url, *path;
        uint16_t port;
        bool good;
    } cases[] = {
        {"http://127.0.0.1:8976/callback", "/callback", 8976, true},
        {"http://localhost:1/a/b?c=d", "/a/b", 1, true},
        {"http://127.0.0.1", "/", 80, true},
        {"http://127.0.0.1:65535", "/", 65535, true},
        {"https://example.com/back", "", 0, true},
        {"http://127.0.0.1:65536/", "", 0, false},
        {"http://127.0.0.1:0/", "", 0, false},
        {"http://127.0.0.1:/", "", 0, false},
        {"http://127.0.0.1:80a/", "", 0, false},
        {"http://127.0.0.1.example.com/", "", 0, false},
        {"http://localhost:80@example.com/", "", 0, false},
        {"http://example.com/back", "", 0, false},
        {"http://127.0.0.1:80/#part", "", 0, false},
        {"https://", "", 0, false},
        {"ftp://127.0.0.1/", "", 0, false},
        {"", "", 0, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct oauth_redirect r;
        struct bs_err e = BS_ERR_INIT;

        if ((oauth_redirect_parse(cases[i].url, &r, &e) == BS_OK) != cases[i].good) {
            fail_msg("%s: %s", cases[i].url, e.msg);
        }
        if (cases[i].good) {
            assert_int_equal(r.port, cases[i].port);
            assert_string_equal(r.path, cases[i].path);
            assert_string_equal(r.url, cases[i].url);
        }
    }
}

static void scopes_that_were_not_given_are_named(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 200);
    oauth_scopes_missing("a:read  a:write b", "b a:reads", &b);
    assert_string_equal(b.data, "a:read, a:write");
    buf_clear(&b);
    oauth_scopes_missing("a b", " b  a ", &b);
    assert_string_equal(b.data, "");
    assert_false(oauth_scope_has("", "a"));
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_file_is_read),
        cmocka_unit_test(a_file_that_is_no_key_is_told_in_one_sentence),
        cmocka_unit_test(a_file_that_is_something_else_is_told_so),
        cmocka_unit_test(an_assertion_says_who_what_where_and_when_and_is_signed),
        cmocka_unit_test(a_key_that_cannot_sign_is_a_configuration_error),
        cmocka_unit_test(tokens_are_read_in_the_forms_of_both_services),
        cmocka_unit_test(only_a_refused_grant_asks_for_a_person),
        cmocka_unit_test(forms_carry_the_client_where_the_server_wants_it),
        cmocka_unit_test(a_redirect_gives_its_code_only_for_the_state_that_was_asked_with),
        cmocka_unit_test(an_id_token_names_the_account),
        cmocka_unit_test(a_client_file_gives_id_and_secret),
        cmocka_unit_test(an_address_to_come_back_to_is_this_machine_s_or_secure),
        cmocka_unit_test(scopes_that_were_not_given_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
