/* t_connections.c: credentials at rest: what is kept, what is sealed, and the change of the key. */
#include "store_world.h"

#include "store/connections.h"

static const char *user(struct world *w, const char *name)
{
    const char *id;

    OK(users_ensure(w->s, name, NULL, w->a, &id, &w->e));
    return id;
}

static struct connection oauth(const char *user_id, enum service service)
{
    return (struct connection){
        .user_id = (char *)(uintptr_t)user_id,
        .service = service,
        .kind = CREDENTIAL_OAUTH,
        .account = (char *)(uintptr_t) "anna@example.com",
        .scopes = (char *)(uintptr_t) "data.records:read",
        .quota_key = (char *)(uintptr_t) "google:anna",
        .secret = (char *)(uintptr_t) "refresh-SECRET-1",
        .client_id = (char *)(uintptr_t) "client-SECRET-2",
        .client_secret = (char *)(uintptr_t) "client-SECRET-3",
        .access_token = (char *)(uintptr_t) "access-SECRET-4",
        .access_expires_ms = 1769076000000,
        .refresh_expires_ms = 1774260000000,
    };
}

static struct connection *get(struct world *w, const char *user_id, enum service service)
{
    struct connection *c;

    OK(connection_get(w->s, user_id, service, true, &c, &w->e));
    assert_non_null(c);
    return c;
}

static void a_credential_comes_back_as_it_was_given(void **state)
{
    struct world *w = *state;

    for (int k = 0; k < 2; k++) {
        enum service service = (enum service)k;
        struct connection c = oauth(user(w, "anna"), service), *got;

        OK(connection_put(w->s, &c, &w->e));
        world_reopen(w);
        got = get(w, user(w, "anna"), service);
        assert_int_equal(got->service, service);
        assert_int_equal(got->kind, CREDENTIAL_OAUTH);
        assert_string_equal(got->account, c.account);
        assert_string_equal(got->scopes, c.scopes);
        assert_string_equal(got->quota_key, c.quota_key);
        assert_string_equal(got->secret, c.secret);
        assert_string_equal(got->client_id, c.client_id);
        assert_string_equal(got->client_secret, c.client_secret);
        assert_string_equal(got->access_token, c.access_token);
        assert_int_equal(got->access_expires_ms, c.access_expires_ms);
        assert_int_equal(got->refresh_expires_ms, c.refresh_expires_ms);
        assert_false(got->needs_reauth);
        assert_string_equal(got->reauth_reason, "");
        connection_free(got);
    }
}

/* Looks for a text in the file and what lies beside it, as somebody who has found the disk would.
 */
static bool on_disk(struct world *w, const char *text)
{
    static const char *const suffixes[] = {"", "-wal"};
    bool found = false;

    for (size_t i = 0; i < 2; i++) {
        char path[128];
        struct buf b;

        snprintf(path, sizeof path, "%s%s", w->path, suffixes[i]);
        FILE *f = fopen(path, "r");
        int c;

        buf_init(&b, BUF_NO_LIMIT);
        while (f && (c = getc(f)) != EOF) {
            buf_addc(&b, (char)c);
        }
        found = found || memmem(b.data, b.len, text, strlen(text)) != NULL;
        buf_release(&b);
        if (f) {
            fclose(f);
        }
    }
    return found;
}

static void no_secret_is_readable_in_the_file(void **state)
{
    struct world *w = *state;
    struct connection c = oauth(user(w, "anna"), SERVICE_GOOGLE);

    OK(connection_put(w->s, &c, &w->e));
    assert_true(on_disk(w, "anna@example.com")); /* it is looked for in the right place */
    assert_false(on_disk(w, "SECRET"));
    OK(store_check(w->s, true, &w->e));
    store_close(w->s);
    w->s = NULL;
    assert_true(on_disk(w, "anna@example.com"));
    assert_false(on_disk(w, "SECRET"));
}

static void a_ciphertext_opens_only_where_it_was_put(void **state)
{
    struct world *w = *state;
    struct connection anna = oauth(user(w, "anna"), SERVICE_AIRTABLE);
    struct connection ben = oauth(user(w, "ben"), SERVICE_AIRTABLE), *c;

    OK(connection_put(w->s, &anna, &w->e));
    OK(connection_put(w->s, &ben, &w->e));
    world_text(w, "UPDATE AirtableConnection SET secret = (SELECT secret FROM AirtableConnection x"
                  " WHERE x.userId <> AirtableConnection.userId) WHERE userId ="
                  " (SELECT id FROM User WHERE name = 'ben')");
    c = get(w, anna.user_id, SERVICE_AIRTABLE);
    connection_free(c);
    FAILS(connection_get(w->s, ben.user_id, SERVICE_AIRTABLE, true, &c, &w->e), BS_STOP_SYNC,
          BS_K_OAUTH, "moved here from another row");
    assert_null(c);
    world_text(w, "UPDATE AirtableConnection SET clientSecret = clientId WHERE userId ="
                  " (SELECT id FROM User WHERE name = 'anna')");
    FAILS(connection_get(w->s, anna.user_id, SERVICE_AIRTABLE, true, &c, &w->e), BS_STOP_SYNC,
          BS_K_OAUTH, "anna@example.com");
}

static void without_secrets_none_is_opened(void **state)
{
    struct world *w = *state;
    struct connection c = oauth(user(w, "anna"), SERVICE_AIRTABLE), *got;

    OK(connection_put(w->s, &c, &w->e));
    OK(connection_get(w->s, c.user_id, SERVICE_AIRTABLE, false, &got, &w->e));
    assert_null(got->secret);
    assert_null(got->client_id);
    assert_null(got->client_secret);
    assert_null(got->access_token);
    assert_string_equal(got->account, "anna@example.com");
    connection_free(got);
    OK(connection_get(w->s, c.user_id, SERVICE_GOOGLE, true, &got, &w->e));
    assert_null(got);
}

static void connecting_again_replaces_and_clears(void **state)
{
    struct world *w = *state;
    struct connection c = oauth(user(w, "anna"), SERVICE_AIRTABLE), *got;
    struct connection token = {.user_id = c.user_id,
                               .service = SERVICE_AIRTABLE,
                               .kind = CREDENTIAL_TOKEN,
                               .secret = (char *)(uintptr_t) "patNEW"};

    OK(connection_put(w->s, &c, &w->e));
    got = get(w, c.user_id, SERVICE_AIRTABLE);
    OK(connection_set_reauth(w->s, got->id, SERVICE_AIRTABLE, "invalid_grant", 1769076000000,
                             &w->e));
    connection_free(got);
    got = get(w, c.user_id, SERVICE_AIRTABLE);
    assert_true(got->needs_reauth);
    assert_string_equal(got->reauth_reason, "invalid_grant");
    connection_free(got);
    OK(connection_put(w->s, &token, &w->e));
    got = get(w, c.user_id, SERVICE_AIRTABLE);
    assert_false(got->needs_reauth);
    assert_string_equal(got->reauth_reason, "");
    assert_int_equal(got->kind, CREDENTIAL_TOKEN);
    assert_string_equal(got->secret, "patNEW");
    assert_null(got->client_id);
    assert_null(got->access_token);
    assert_int_equal(got->access_expires_ms, 0);
    assert_int_equal(world_number(w, "SELECT count(*) FROM AirtableConnection"), 1);
    connection_free(got);
}

static void a_new_pair_of_tokens_is_kept_together(void **state)
{
    struct world *w = *state;
    struct connection c = oauth(user(w, "anna"), SERVICE_AIRTABLE), *got;

    OK(connection_put(w->s, &c, &w->e));
    got = get(w, c.user_id, SERVICE_AIRTABLE);
    OK(connection_set_access(w->s, got->id, SERVICE_AIRTABLE, "access-2", 1769079600000,
                             "refresh-2", 1774263600000, &w->e));
    OK(connection_set_access(w->s, got->id, SERVICE_AIRTABLE, "access-3", 1769079600000, NULL, 0,
                             &w->e));
    connection_free(got);
    got = get(w, c.user_id, SERVICE_AIRTABLE);
    assert_string_equal(got->access_token, "access-3");
    assert_string_equal(got->secret, "refresh-2");
    assert_string_equal(got->client_secret, "client-SECRET-3");
    assert_int_equal(got->access_expires_ms, 1769079600000);
    assert_int_equal(got->refresh_expires_ms, 1774263600000);
    OK(connection_set_access(w->s, got->id, SERVICE_AIRTABLE, NULL, 0, NULL, 0, &w->e));
    OK(connection_set_reauth(w->s, got->id, SERVICE_AIRTABLE, NULL, 1, &w->e));
    connection_free(got);
    got = get(w, c.user_id, SERVICE_AIRTABLE);
    assert_null(got->access_token);
    connection_free(got);
}

static void the_account_is_named_later(void **state)
{
    struct world *w = *state;
    struct connection c = oauth(user(w, "anna"), SERVICE_GOOGLE), *got;

    OK(connection_put(w->s, &c, &w->e));
    got = get(w, c.user_id, SERVICE_GOOGLE);
    OK(connection_set_account(w->s, got->id, SERVICE_GOOGLE, "ben@example.com", NULL, "google:ben",
                              &w->e));
    connection_free(got);
    got = get(w, c.user_id, SERVICE_GOOGLE);
    assert_string_equal(got->account, "ben@example.com");
    assert_string_equal(got->scopes, "data.records:read");
    assert_string_equal(got->quota_key, "google:ben");
    assert_string_equal(got->secret, "refresh-SECRET-1");
    OK(connection_set_account(w->s, got->id, SERVICE_GOOGLE, "b", "scope", "q", &w->e));
    connection_free(got);
    got = get(w, c.user_id, SERVICE_GOOGLE);
    assert_string_equal(got->scopes, "scope");
    connection_free(got);
}

static void a_connection_that_is_gone_is_told(void **state)
{
    struct world *w = *state;
    struct connection c = oauth(user(w, "anna"), SERVICE_GOOGLE), *got;

    OK(connection_put(w->s, &c, &w->e));
    got = get(w, c.user_id, SERVICE_GOOGLE);
    OK(connection_delete(w->s, got->id, &w->e));
    assert_int_equal(world_number(w, "SELECT count(*) FROM GoogleSheetsConnection"), 0);
    FAILS(connection_set_access(w->s, got->id, SERVICE_GOOGLE, "t", 1, NULL, 0, &w->e),
          BS_STOP_SYNC, BS_K_OAUTH, "removed meanwhile");
    FAILS(connection_set_reauth(w->s, got->id, SERVICE_GOOGLE, "x", 1, &w->e), BS_STOP_SYNC,
          BS_K_OAUTH, "removed meanwhile");
    connection_free(got);
}

static void connections_are_listed_by_user_and_service(void **state)
{
    struct world *w = *state;
    struct connection **list;
    size_t n;

    OK(connections_list(w->s, &list, &n, &w->e));
    assert_int_equal(n, 0);
    connections_list_free(list, n);
    for (int k = 0; k < 2; k++) {
        struct connection a = oauth(user(w, "anna"), (enum service)k);
        struct connection b = oauth(user(w, "ben"), (enum service)k);

        OK(connection_put(w->s, &a, &w->e));
        OK(connection_put(w->s, &b, &w->e));
    }
    OK(connections_list(w->s, &list, &n, &w->e));
    assert_int_equal(n, 4);
    assert_string_equal(list[0]->user_id, list[1]->user_id);
    assert_true(strcmp(list[1]->user_id, list[2]->user_id) < 0);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(list[i]->service, i % 2);
        assert_null(list[i]->secret);
    }
    connections_list_free(list, n);
}

static void a_new_key_opens_everything_and_the_old_one_nothing(void **state)
{
    struct world *w = *state;
    struct crypto_key fresh = {.id = "feedf00d"};
    struct connection a = oauth(user(w, "anna"), SERVICE_AIRTABLE), *got;
    struct connection g = oauth(a.user_id, SERVICE_GOOGLE);

    memset(fresh.key, 9, sizeof fresh.key);
    OK(connection_put(w->s, &a, &w->e));
    g.client_id = NULL;
    OK(connection_put(w->s, &g, &w->e));
    OK(store_rotate_key(w->s, &fresh, &w->e));
    connection_free(get(w, a.user_id, SERVICE_AIRTABLE)); /* the store goes on with the new key */
    store_close(w->s);
    w->s = NULL;
    FAILS(store_open(w->path, STORE_EXISTING, &w->key, &w->s, &w->e), BS_STOP_ALL, BS_K_CONFIG,
          "sealed with key feedf00d");
    w->key = fresh;
    world_open(w, STORE_EXISTING);
    got = get(w, a.user_id, SERVICE_AIRTABLE);
    assert_string_equal(got->secret, "refresh-SECRET-1");
    assert_string_equal(got->access_token, "access-SECRET-4");
    connection_free(got);
    got = get(w, a.user_id, SERVICE_GOOGLE);
    assert_null(got->client_id);
    assert_string_equal(got->client_secret, "client-SECRET-3");
    connection_free(got);
}

static void named_secrets_are_sealed_and_go_with_the_key(void **state)
{
    struct world *w = *state;
    struct crypto_key fresh = {.id = "feedf00d"};
    char *plain;

    memset(fresh.key, 9, sizeof fresh.key);
    OK(store_secret_get(w->s, "mailPassword", &plain, &w->e));
    assert_null(plain);
    OK(store_secret_set(w->s, "mailPassword", "mail-SECRET", &w->e));
    OK(store_secret_set(w->s, "another", "other-SECRET", &w->e));
    assert_false(on_disk(w, "SECRET"));
    OK(store_rotate_key(w->s, &fresh, &w->e));
    w->key = fresh;
    world_reopen(w);
    OK(store_secret_get(w->s, "mailPassword", &plain, &w->e));
    assert_string_equal(plain, "mail-SECRET");
    bs_wipe_free(plain);
    OK(store_secret_get(w->s, "another", &plain, &w->e));
    assert_string_equal(plain, "other-SECRET");
    bs_wipe_free(plain);
}

static void the_key_of_the_hashes_is_made_once_and_stays(void **state)
{
    struct world *w = *state;
    struct crypto_key fresh = {.id = "feedf00d"};
    struct hash_key first, again;
    struct store *other;

    OK(store_hash_key(w->s, &first, &w->e));
    assert_true(first.k0 != 0 && first.k0 != first.k1);
    OK(store_open(w->path, STORE_EXISTING, &w->key, &other, &w->e));
    OK(store_hash_key(other, &again, &w->e));
    store_close(other);
    assert_memory_equal(&first, &again, sizeof first);
    OK(store_rotate_key(w->s, &fresh, &w->e));
    w->key = fresh;
    world_reopen(w);
    OK(store_hash_key(w->s, &again, &w->e));
    assert_memory_equal(&first, &again, sizeof first);
}

static void a_rotation_that_fails_changes_nothing(void **state)
{
    struct world *w = *state;
    struct crypto_key fresh = {.id = "feedf00d"};
    struct connection a = oauth(user(w, "anna"), SERVICE_AIRTABLE), *got;
    struct connection g = oauth(a.user_id, SERVICE_GOOGLE);

    OK(connection_put(w->s, &a, &w->e));
    OK(connection_put(w->s, &g, &w->e));
    world_text(w, "UPDATE GoogleSheetsConnection SET secret = 'v1:0badc0de:AAAA'");
    assert_int_equal(store_rotate_key(w->s, &fresh, &w->e), BS_STOP_SYNC);
    got = get(w, a.user_id, SERVICE_AIRTABLE);
    assert_string_equal(got->secret, "refresh-SECRET-1");
    connection_free(got);
}

static void without_a_key_no_secret_is_kept(void **state)
{
    struct world *w = *state;
    struct connection a = oauth(user(w, "anna"), SERVICE_AIRTABLE);

    store_close(w->s);
    OK(store_open(w->path, STORE_EXISTING, NULL, &w->s, &w->e));
    FAILS(connection_put(w->s, &a, &w->e), BS_STOP_ALL, BS_K_INTERNAL, "without the key");
    assert_int_equal(world_number(w, "SELECT count(*) FROM AirtableConnection"), 0);
}

#define NEW(f) cmocka_unit_test_setup_teardown(f, world_new, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NEW(a_credential_comes_back_as_it_was_given),
        NEW(no_secret_is_readable_in_the_file),
        NEW(a_ciphertext_opens_only_where_it_was_put),
        NEW(without_secrets_none_is_opened),
        NEW(connecting_again_replaces_and_clears),
        NEW(a_new_pair_of_tokens_is_kept_together),
        NEW(the_account_is_named_later),
        NEW(a_connection_that_is_gone_is_told),
        NEW(connections_are_listed_by_user_and_service),
        NEW(a_new_key_opens_everything_and_the_old_one_nothing),
        NEW(named_secrets_are_sealed_and_go_with_the_key),
        NEW(the_key_of_the_hashes_is_made_once_and_stays),
        NEW(a_rotation_that_fails_changes_nothing),
        NEW(without_a_key_no_secret_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
