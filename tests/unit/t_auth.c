/* t_auth.c: tokens of every kind, against a token server within the test. */
#include "call_world.h"
#include "crypto_keys.h"
#include "remote/auth.h"

#include <sys/wait.h>

#define HOUR_MS 3600000

static struct connection oauth_pair(enum service service)
{
    return (struct connection){.service = service,
                               .kind = CREDENTIAL_OAUTH,
                               .account = STAGE_TEXT("me@example.org"),
                               .secret = STAGE_TEXT("refresh-1"),
                               .client_id = STAGE_TEXT("123-abc.apps.example"),
                               .client_secret = STAGE_TEXT("client-secret"),
                               .quota_key = STAGE_TEXT("k")};
}

static struct connection robot(void)
{
    static char json[4000];
    struct buf b;

    buf_init(&b, sizeof json - 200);
    json_quote(&b, rfc7515_pem);
    snprintf(json, sizeof json,
             "{\"type\":\"service_account\",\"project_id\":\"proj-1\",\"private_key_id\":\"k1\","
             "\"client_email\":\"robot@proj-1.example\",\"private_key\":%s}",
             b.data);
    buf_release(&b);
    return (struct connection){.service = SERVICE_GOOGLE,
                               .kind = CREDENTIAL_SERVICE_ACCOUNT,
                               .account = STAGE_TEXT("robot@proj-1.example"),
                               .secret = json,
                               .quota_key = STAGE_TEXT("google:robot")};
}

static struct auth *opened(struct stage *s, enum service service)
{
    struct world *w = s->w;
    struct auth *a;

    OK(auth_new(w->s, s->http, &s->ep, stage_user(s), service, &a, &w->e));
    return a;
}

static const char *token_of(struct stage *s, struct auth *a, bool renew)
{
    struct world *w = s->w;
    const char *token;

    OK(auth_token(a, renew, &token, &w->e));
    return token;
}

/* What the database holds of the connection, secrets opened. */
static struct connection *stored(struct stage *s, enum service service)
{
    struct world *w = s->w;
    struct connection *c;

    OK(connection_get(w->s, stage_user(s), service, true, &c, &w->e));
    return c;
}

static bool form_has(const struct logged *l, const char *pair)
{
    const char *at = strstr(l->body, pair);

    return at && (at == l->body || at[-1] == '&') && strchr("&", at[strlen(pair)]);
}

#define FRESH "{\"access_token\":\"access-2\",\"refresh_token\":\"refresh-2\",\"expires_in\":3600}"

/* ---- connections ---- */

static void without_a_connection_the_command_that_makes_one_is_named(void **state)
{
    struct stage *s = *state;
    struct world *w = s->w;
    struct auth *a;

    FAILS(auth_new(w->s, s->http, &s->ep, stage_user(s), SERVICE_GOOGLE, &a, &w->e), BS_STOP_SYNC,
          BS_K_CONFIG, "basesync connect sheets");
    assert_null(a);
    auth_free(NULL);
}

static void a_personal_token_is_given_as_it_is(void **state)
{
    struct stage *s = *state;
    struct auth *a;
    struct connection other = stage_personal();

    stage_connect(s, stage_personal());
    a = opened(s, SERVICE_AIRTABLE);
    assert_string_equal(token_of(s, a, false), "patSECRET");
    assert_string_equal(auth_account(a), "usrX");
    assert_string_equal(auth_quota_key(a), "airtable:usrX");
    assert_string_equal(auth_project(a), "");
    assert_string_equal(token_of(s, a, true), "patSECRET");
    /* Its owner has connected again with another one. */
    other.secret = STAGE_TEXT("patOTHER");
    stage_connect(s, other);
    assert_string_equal(token_of(s, a, false), "patSECRET");
    assert_string_equal(token_of(s, a, true), "patOTHER");
    assert_int_equal(server_requests(s->server), 0);
    auth_free(a);
}

/* ---- OAuth ---- */

static void a_token_is_refreshed_as_each_service_wants_it(void **state)
{
    struct stage *s = *state;

    for (int service = 0; service < 2; service++) {
        struct connection *c;
        struct auth *a;

        stage_connect(s, oauth_pair((enum service)service));
        ANSWERS(s, {200, FRESH, NULL, SAY});
        a = opened(s, (enum service)service);
        assert_string_equal(token_of(s, a, false), "access-2");
        assert_string_equal(token_of(s, a, false), "access-2"); /* kept */
        assert_int_equal(s->n_log, 1);
        assert_string_equal(s->log[0].path, "/token");
        assert_true(form_has(&s->log[0], "grant_type=refresh_token"));
        assert_true(form_has(&s->log[0], "refresh_token=refresh-1"));
        if (service == SERVICE_AIRTABLE) {
            assert_null(strstr(s->log[0].body, "client"));
            assert_string_equal(s->log[0].basic,
                                "MTIzLWFiYy5hcHBzLmV4YW1wbGU6Y2xpZW50LXNlY3JldA==");
            assert_string_equal(auth_project(a), "");
        } else {
            assert_true(form_has(&s->log[0], "client_id=123-abc.apps.example"));
            assert_true(form_has(&s->log[0], "client_secret=client-secret"));
            assert_string_equal(s->log[0].basic, "");
            assert_string_equal(auth_project(a), "123");
        }
        c = stored(s, (enum service)service);
        assert_string_equal(c->secret, "refresh-2");
        assert_string_equal(c->access_token, "access-2");
        assert_true(llabs(c->access_expires_ms - (clock_wall_ms() + HOUR_MS)) < 5000);
        connection_free(c);
        auth_free(a);
        /* Another process uses what is stored. */
        a = opened(s, (enum service)service);
        assert_string_equal(token_of(s, a, false), "access-2");
        assert_int_equal(s->n_log, 1);
        auth_free(a);
    }
}

static void an_answer_without_a_refresh_token_keeps_the_old_one(void **state)
{
    struct stage *s = *state;
    struct connection *c;
    struct auth *a;

    stage_connect(s, oauth_pair(SERVICE_GOOGLE));
    ANSWERS(s, {200, "{\"access_token\":\"access-2\",\"expires_in\":\"3599\"}", NULL, SAY});
    a = opened(s, SERVICE_GOOGLE);
    assert_string_equal(token_of(s, a, false), "access-2");
    c = stored(s, SERVICE_GOOGLE);
    assert_string_equal(c->secret, "refresh-1");
    assert_string_equal(c->access_token, "access-2");
    connection_free(c);
    auth_free(a);
}

static void a_token_is_renewed_some_minutes_before_its_end(void **state)
{
    struct stage *s = *state;
    struct auth *a;

    stage_connect(s, oauth_pair(SERVICE_AIRTABLE));
    ANSWERS(s, {200, FRESH, NULL, SAY},
            {200, "{\"access_token\":\"access-3\",\"refresh_token\":\"refresh-3\"}", NULL, SAY});
    a = opened(s, SERVICE_AIRTABLE);
    assert_string_equal(token_of(s, a, false), "access-2");
    clock_ahead_ms += HOUR_MS - 245000;
    assert_string_equal(token_of(s, a, false), "access-2");
    clock_ahead_ms += 10000;
    assert_string_equal(token_of(s, a, false), "access-3");
    assert_true(form_has(&s->log[1], "refresh_token=refresh-2"));
    auth_free(a);
}

static void a_short_lived_token_is_not_renewed_at_every_call(void **state)
{
    struct stage *s = *state;
    struct auth *a;

    stage_connect(s, oauth_pair(SERVICE_GOOGLE));
    ANSWERS(s, {200, "{\"access_token\":\"short\",\"expires_in\":60}", NULL, SAY});
    a = opened(s, SERVICE_GOOGLE);
    for (int i = 0; i < 5; i++) {
        token_of(s, a, false);
    }
    assert_int_equal(s->n_log, 1);
    clock_ahead_ms += 50000;
    token_of(s, a, false);
    assert_int_equal(s->n_log, 2);
    auth_free(a);
}

static void a_refused_token_is_renewed_unless_somebody_has_done_it(void **state)
{
    struct stage *s = *state;
    struct auth *a, *b;

    stage_connect(s, oauth_pair(SERVICE_AIRTABLE));
    ANSWERS(s, {200, FRESH, NULL, SAY},
            {200, "{\"access_token\":\"access-3\",\"refresh_token\":\"refresh-3\"}", NULL, SAY});
    a = opened(s, SERVICE_AIRTABLE);
    assert_string_equal(token_of(s, a, false), "access-2");
    b = opened(s, SERVICE_AIRTABLE);
    assert_string_equal(token_of(s, a, true), "access-3");
    assert_int_equal(s->n_log, 2);
    assert_string_equal(token_of(s, b, true), "access-3");
    assert_int_equal(s->n_log, 2);
    auth_free(a);
    auth_free(b);
}

/* Plays Airtable: each refresh token is good once, two at the same time are refused. */
struct once {
    int current, refreshes, wrong;
};

static bool rotate(struct stage *s, const struct server_request *r)
{
    struct once *o = s->custom_ctx;
    char want[60], body[200];

    pthread_mutex_lock(&s->server->lock);
    snprintf(want, sizeof want, "refresh_token=refresh-%d", o->current);
    if (!strstr(r->body, want)) {
        o->wrong++;
        pthread_mutex_unlock(&s->server->lock);
        return server_answer(r->fd, 400, "", "{\"error\":\"invalid_grant\"}");
    }
    o->current++;
    o->refreshes++;
    snprintf(
        body, sizeof body,
        "{\"access_token\":\"access-%d\",\"refresh_token\":\"refresh-%d\",\"expires_in\":3600}",
        o->current, o->current);
    pthread_mutex_unlock(&s->server->lock);
    usleep(200000); /* time for the others to come */
    return server_answer(r->fd, 200, "", body);
}

/* A child with a database connection and an HTTP client of its own; its exit code tells whether it
 * got the right token. */
static int child(struct stage *s, const char *user)
{
    struct http_options o = {.timeout_ms = 5000, .max_in_flight = 2};
    struct bs_err e = BS_ERR_INIT;
    struct store *store;
    struct http *http;
    struct auth *a;
    const char *token;

    clock_set(NULL);
    if (store_open(s->w->path, STORE_EXISTING, &s->w->key, &store, &e) != BS_OK ||
        http_new(&o, &http, &e) != BS_OK ||
        auth_new(store, http, &s->ep, user, SERVICE_AIRTABLE, &a, &e) != BS_OK ||
        auth_token(a, false, &token, &e) != BS_OK) {
        fprintf(stderr, "%s\n", e.msg);
        return 1;
    }
    return strcmp(token, "access-2") == 0 ? 0 : 2;
}

static void processes_that_need_a_token_at_once_refresh_it_once(void **state)
{
    struct stage *s = *state;
    struct once o = {.current = 1};
    char user[64];
    pid_t pids[6];

    stage_connect(s, oauth_pair(SERVICE_AIRTABLE));
    s->custom = rotate;
    s->custom_ctx = &o;
    snprintf(user, sizeof user, "%s", stage_user(s));
    for (int i = 0; i < 6; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            _exit(child(s, user));
        }
    }
    for (int i = 0; i < 6; i++) {
        int status;

        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(o.refreshes, 1);
    assert_int_equal(o.wrong, 0);
}

static void a_refused_grant_is_remembered_until_somebody_connects_again(void **state)
{
    struct stage *s = *state;
    struct world *w = s->w;
    struct connection *c;
    const char *token;
    struct auth *a;

    stage_connect(s, oauth_pair(SERVICE_AIRTABLE));
    ANSWERS(s,
            {400, "{\"error\":\"invalid_grant\",\"error_description\":\"Revoked.\"}", NULL, SAY});
    a = opened(s, SERVICE_AIRTABLE);
    FAILS(auth_token(a, false, &token, &w->e), BS_STOP_SYNC, BS_K_OAUTH,
          "basesync connect airtable");
    assert_non_null(strstr(w->e.msg, "invalid_grant"));
    assert_null(strstr(w->e.msg, "refresh-1"));
    assert_int_equal(s->n_log, 1);
    c = stored(s, SERVICE_AIRTABLE);
    assert_true(c->needs_reauth);
    assert_non_null(strstr(c->reauth_reason, "Revoked."));
    connection_free(c);
    auth_free(a);
    FAILS(auth_new(w->s, s->http, &s->ep, stage_user(s), SERVICE_AIRTABLE, &a, &w->e), BS_STOP_SYNC,
          BS_K_OAUTH, "Revoked.");
    stage_connect(s, oauth_pair(SERVICE_AIRTABLE));
    ANSWERS(s, {200, FRESH, NULL, SAY});
    a = opened(s, SERVICE_AIRTABLE);
    assert_string_equal(token_of(s, a, false), "access-2");
    auth_free(a);
}

static void trouble_on_the_way_is_never_a_refused_grant(void **state)
{
    static const struct canned troubles[] = {
        {503, "", NULL, SAY},
        {500, "{\"error\":\"internal_failure\"}", NULL, SAY},
        {200, "{\"access_token\":\"x", NULL, SAY},
        {200, FRESH, NULL, CUT},
        {0, "", NULL, HANG_UP},
        {429, "", NULL, SAY},
        {409, "{\"error\":\"conflict\"}", NULL, SAY},
        {403, "<html>company proxy</html>", NULL, SAY},
    };
    struct stage *s = *state;
    struct world *w = s->w;

    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++) {
        bool final = troubles[i].status == 403;
        struct connection *c;
        const char *token;
        struct auth *a;
        enum bs_rc rc;

        stage_connect(s, oauth_pair(SERVICE_AIRTABLE));
        stage_answers(s, &troubles[i], 1);
        a = opened(s, SERVICE_AIRTABLE);
        bs_err_clear(&w->e);
        rc = auth_token(a, false, &token, &w->e);
        assert_int_equal(rc, final ? BS_STOP_SYNC : BS_RETRY);
        assert_int_not_equal(w->e.kind, BS_K_OAUTH);
        assert_null(token);
        assert_int_equal(s->n_log, final ? 1 : 4);
        c = stored(s, SERVICE_AIRTABLE);
        assert_false(c->needs_reauth);
        assert_string_equal(c->secret, "refresh-1");
        connection_free(c);
        /* When it is over, all is well, with the lease free. */
        ANSWERS(s, troubles[i], {200, FRESH, NULL, SAY});
        if (!final) {
            assert_string_equal(token_of(s, a, false), "access-2");
            assert_int_equal(s->n_log, 2);
        }
        auth_free(a);
        assert_int_equal(world_number(w, "SELECT count(*) FROM Lease"), 0);
    }
}

static void a_token_with_time_left_is_used_while_no_new_one_can_be_had(void **state)
{
    struct stage *s = *state;
    struct world *w = s->w;
    const char *token;
    struct auth *a;

    stage_connect(s, oauth_pair(SERVICE_AIRTABLE));
    ANSWERS(s, {200, FRESH, NULL, SAY}, {503, "", NULL, SAY});
    a = opened(s, SERVICE_AIRTABLE);
    token_of(s, a, false);
    clock_ahead_ms += HOUR_MS - 200000;
    assert_string_equal(token_of(s, a, false), "access-2");
    assert_int_equal(s->n_log, 5);
    clock_ahead_ms += 200000;
    bs_err_clear(&w->e);
    assert_int_equal(auth_token(a, false, &token, &w->e), BS_RETRY);
    auth_free(a);
}

/* ---- service accounts ---- */

static void a_service_account_signs_for_a_token_and_keeps_it(void **state)
{
    struct stage *s = *state;
    struct connection *c;
    struct auth *a;

    stage_connect(s, robot());
    ANSWERS(s, {200, "{\"access_token\":\"ya29\",\"expires_in\":3599,\"token_type\":\"Bearer\"}",
                NULL, SAY});
    a = opened(s, SERVICE_GOOGLE);
    assert_string_equal(auth_project(a), "proj-1");
    assert_string_equal(token_of(s, a, false), "ya29");
    assert_true(
        form_has(&s->log[0], "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"));
    auth_free(a);
    a = opened(s, SERVICE_GOOGLE);
    assert_string_equal(token_of(s, a, false), "ya29");
    assert_int_equal(s->n_log, 1);
    c = stored(s, SERVICE_GOOGLE);
    assert_non_null(strstr(c->secret, "service_account"));
    connection_free(c);
    auth_free(a);
}

/* iat of the assertion in a logged form. */
static int64_t issued_at(const struct logged *l)
{
    const char *claims = strchr(l->body, '.') + 1, *iat;
    char part[1000];
    struct buf b;
    int64_t v;

    snprintf(part, sizeof part, "%.*s", (int)strcspn(claims, "."), claims);
    buf_init(&b, 2000);
    assert_true(base64_decode(&b, part));
    iat = strstr(b.data, "\"iat\":");
    assert_non_null(iat);
    v = strtoll(iat + 6, NULL, 10);
    buf_release(&b);
    return v;
}

static void a_wrong_clock_is_corrected_by_the_refusal_s_date(void **state)
{
    static const char refusal[] = "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid "
                                  "JWT: Token must be a short-lived "
                                  "token (60 minutes) and in a reasonable timeframe.\"}";
    struct stage *s = *state;
    struct connection *c;
    char date[80];
    struct auth *a;

    stage_connect(s, robot());
    snprintf(date, sizeof date, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    ANSWERS(s, {400, refusal, date, SAY}, {200, "{\"access_token\":\"ya29\"}", NULL, SAY});
    a = opened(s, SERVICE_GOOGLE);
    assert_string_equal(token_of(s, a, false), "ya29");
    assert_int_equal(s->n_log, 2);
    assert_true(llabs(issued_at(&s->log[0]) - clock_wall_ms() / 1000) < 10);
    assert_true(llabs(issued_at(&s->log[1]) - 784111777) < 10);
    c = stored(s, SERVICE_GOOGLE);
    assert_false(c->needs_reauth);
    connection_free(c);
    auth_free(a);
}

static void a_refused_key_with_a_right_clock_is_a_refused_key(void **state)
{
    struct stage *s = *state;
    struct world *w = s->w;
    struct connection *c;
    const char *token;
    struct auth *a;

    stage_connect(s, robot());
    ANSWERS(s,
            {400, "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid JWT Signature.\"}",
             NULL, SAY});
    a = opened(s, SERVICE_GOOGLE);
    FAILS(auth_token(a, false, &token, &w->e), BS_STOP_SYNC, BS_K_OAUTH, "basesync connect sheets");
    assert_int_equal(s->n_log, 1);
    c = stored(s, SERVICE_GOOGLE);
    assert_true(c->needs_reauth);
    connection_free(c);
    auth_free(a);
}

/* ---- others ---- */

static void a_credential_can_be_tried_before_it_is_stored(void **state)
{
    struct stage *s = *state;
    struct world *w = s->w;
    struct connection c = robot();
    const char *token;
    struct auth *a = auth_new_unsaved(w->s, s->http, &s->ep, &c);

    ANSWERS(s, {200, "{\"access_token\":\"ya29\"}", NULL, SAY});
    assert_string_equal(auth_quota_key(a), "google:robot");
    assert_string_equal(token_of(s, a, false), "ya29");
    auth_free(a);
    bs_wipe_free(c.access_token);
    c = robot();
    c.quota_key = NULL;
    a = auth_new_unsaved(w->s, s->http, &s->ep, &c);
    assert_string_equal(auth_quota_key(a), "new");
    ANSWERS(s, {400, "{\"error\":\"invalid_grant\"}", NULL, SAY});
    FAILS(auth_token(a, false, &token, &w->e), BS_STOP_SYNC, BS_K_OAUTH, "invalid_grant");
    auth_free(a);
    assert_int_equal(world_number(w, "SELECT count(*) FROM GoogleSheetsConnection"), 0);
}

static char told[1000];

static void note_secret(const char *secret)
{
    snprintf(told + strlen(told), sizeof told - strlen(told), "%s ", secret);
}

static void every_secret_is_told_to_who_must_recognise_it(void **state)
{
    struct stage *s = *state;
    struct auth *a;

    stage_connect(s, oauth_pair(SERVICE_AIRTABLE));
    ANSWERS(s, {200, FRESH, NULL, SAY});
    a = opened(s, SERVICE_AIRTABLE);
    told[0] = '\0';
    auth_tell_secrets(a, note_secret);
    assert_string_equal(told, "refresh-1 client-secret ");
    token_of(s, a, false);
    assert_non_null(strstr(told, "access-2 "));
    assert_non_null(strstr(told, "refresh-2 "));
    auth_free(a);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, stage_new, stage_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_a_connection_the_command_that_makes_one_is_named),
        TEST(a_personal_token_is_given_as_it_is),
        TEST(a_token_is_refreshed_as_each_service_wants_it),
        TEST(an_answer_without_a_refresh_token_keeps_the_old_one),
        TEST(a_token_is_renewed_some_minutes_before_its_end),
        TEST(a_short_lived_token_is_not_renewed_at_every_call),
        TEST(a_refused_token_is_renewed_unless_somebody_has_done_it),
        TEST(processes_that_need_a_token_at_once_refresh_it_once),
        TEST(a_refused_grant_is_remembered_until_somebody_connects_again),
        TEST(trouble_on_the_way_is_never_a_refused_grant),
        TEST(a_token_with_time_left_is_used_while_no_new_one_can_be_had),
        TEST(a_service_account_signs_for_a_token_and_keeps_it),
        TEST(a_wrong_clock_is_corrected_by_the_refusal_s_date),
        TEST(a_refused_key_with_a_right_clock_is_a_refused_key),
        TEST(a_credential_can_be_tried_before_it_is_stored),
        TEST(every_secret_is_told_to_who_must_recognise_it),
    };

    os_signals_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
