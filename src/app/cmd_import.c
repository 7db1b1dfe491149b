/*
 * cmd_import.c: takes over what the hosted product BaseSync held for its users: sign-ins, opened
 * with the product's key and sealed with ours, and syncs as [sync] sections.
 */
#include "app/commands.h"
#include "app/import.h"
#include "app/out.h"
#include "base/log.h"
#include "base/os.h"
#include "base/str.h"
#include "net/oauth_client.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_VARIABLE "BASESYNC_IMPORT_KEY"

struct importing {
    struct app *app;
    struct import x;
    const struct conf_user **connection_users, **sync_users;
    uint8_t key[CRYPTO_KEY_LEN];
    struct oauth_client clients[2]; /* by service; id NULL: not given */
    struct connection **ready;      /* opened, not yet stored; NULL: left out */
    size_t kept, stored;
};

static const char *const service_names[] = {
    [SERVICE_AIRTABLE] = "Airtable", [SERVICE_GOOGLE] = "Google Sheets"};
static const char *const service_words[] = {
    [SERVICE_AIRTABLE] = "airtable", [SERVICE_GOOGLE] = "sheets"};

/* ---- files ---- */

static enum bs_rc read_file(const char *path, struct buf *b, struct bs_err *e)
{
    return str_eq(path, "-") ? os_read_fd(STDIN_FILENO, b->max, b, e)
                             : os_read_file(path, b->max, b, e);
}

static enum bs_rc read_exports(struct importing *m, struct bs_err *e)
{
    const struct args *a = m->app->args;

    for (size_t i = 1; i < a->n_words && e->rc == BS_OK; i++) {
        struct buf b;

        buf_init(&b, IMPORT_FILE_MAX);
        if (read_file(a->words[i], &b, e) == BS_OK) {
            bs_seen(import_read(&m->x, a->words[i], b.data, b.len, e));
        }
        buf_wipe(&b);
    }
    return e->rc;
}

static enum bs_rc read_client(struct importing *m, enum service service, const char *option,
                              struct bs_err *e)
{
    const char *file = args_value(m->app->args, option);
    struct buf b;

    if (!file) {
        return BS_OK;
    }
    buf_init(&b, OAUTH_CLIENT_MAX);
    if (read_file(file, &b, e) == BS_OK) {
        bs_seen(oauth_client_parse(b.data, b.len, &m->clients[service], e));
    }
    buf_wipe(&b);
    if (m->clients[service].secret) {
        log_secret(m->clients[service].secret);
    }
    return e->rc;
}

static enum bs_rc read_key(struct importing *m, struct bs_err *e)
{
    const char *file = args_value(m->app->args, "key-file");
    const char *variable = getenv(KEY_VARIABLE);
    struct buf b;

    buf_init(&b, 4096);
    if (file) {
        bs_seen(read_file(file, &b, e));
    } else if (variable) {
        buf_adds(&b, variable);
    } else {
        bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                "the tokens in the export are sealed: give the product's ENCRYPTION_KEY with "
                "--key-file FILE or in " KEY_VARIABLE);
    }
    if (e->rc == BS_OK && !hex_decode(str_trim(b.data), m->key, sizeof m->key)) {
        bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                "the product's ENCRYPTION_KEY is 64 hex digits; what was given is not");
    }
    buf_wipe(&b);
    return e->rc;
}

/* ---- whose ---- */

static const struct import_user *exported_user(const struct importing *m, const char *id)
{
    for (size_t i = 0; i < m->x.n_users; i++) {
        if (str_eq(m->x.users[i].id, id)) {
            return &m->x.users[i];
        }
    }
    return NULL;
}

/* Is there more than one user in the export, as far as anything belongs to them? */
static bool is_one(const struct importing *m)
{
    const char *first = m->x.n_connections > 0 ? m->x.connections[0].user_id
                        : m->x.n_syncs > 0     ? m->x.syncs[0].user_id
                                               : "";
    bool one = true;

    for (size_t i = 0; i < m->x.n_connections; i++) {
        one = one && str_eq(m->x.connections[i].user_id, first);
    }
    for (size_t i = 0; i < m->x.n_syncs; i++) {
        one = one && str_eq(m->x.syncs[i].user_id, first);
    }
    return one;
}

static enum bs_rc find_user(const struct importing *m, const char *id, const struct conf_user **out,
                            struct bs_err *e)
{
    const struct import_user *u = exported_user(m, id);
    const struct conf *conf = m->app->conf;

    if (is_one(m) && (conf->n_users == 1 || args_has(m->app->args, "user"))) {
        return app_find_user(m->app, out, e);
    }
    for (size_t i = 0; u && i < conf->n_users; i++) {
        if (*conf->users[i].email && str_eq_ci(conf->users[i].email, u->email)) {
            *out = &conf->users[i];
            return BS_OK;
        }
    }
    if (!u) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                       "the export is of several users, and the row of user %.80s is not in it: "
                       "give the export of the users, too",
                       id);
    }
    return bs_fail(
        e, BS_STOP_ALL, BS_K_CONFIG,
        "nobody in %s has the e-mail address %.120s: add the sections printed above, then "
        "import again",
        m->app->conf_path, u->email);
}

static bool is_referred_to(const struct importing *m, const char *id)
{
    for (size_t i = 0; i < m->x.n_connections; i++) {
        if (str_eq(m->x.connections[i].user_id, id)) {
            return true;
        }
    }
    for (size_t i = 0; i < m->x.n_syncs; i++) {
        if (str_eq(m->x.syncs[i].user_id, id)) {
            return true;
        }
    }
    return false;
}

/* The sections that would let everybody of the export be found. */
static void print_missing_users(const struct importing *m)
{
    for (size_t i = 0; i < m->x.n_users; i++) {
        const struct import_user *u = &m->x.users[i];
        const struct conf_user *found;
        struct bs_err ignored = BS_ERR_INIT;

        if (is_referred_to(m, u->id) && find_user(m, u->id, &found, &ignored) != BS_OK) {
            out_line("[user %.*s]",
                     (int)strspn(u->email, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"
                                           "opqrstuvwxyz0123456789._-"),
                     u->email);
            out_line("email = %s", u->email);
        }
    }
}

static enum bs_rc find_users(struct importing *m, struct bs_err *e)
{
    struct arena *a = m->app->arena;

    m->connection_users = arena_alloc_n(a, m->x.n_connections + 1, sizeof *m->connection_users);
    m->sync_users = arena_alloc_n(a, m->x.n_syncs + 1, sizeof *m->sync_users);
    for (size_t i = 0; i < m->x.n_connections && e->rc == BS_OK; i++) {
        bs_seen(find_user(m, m->x.connections[i].user_id, &m->connection_users[i], e));
    }
    for (size_t i = 0; i < m->x.n_syncs && e->rc == BS_OK; i++) {
        bs_seen(find_user(m, m->x.syncs[i].user_id, &m->sync_users[i], e));
    }
    if (e->rc != BS_OK) {
        print_missing_users(m);
    }
    return e->rc;
}

/* ---- sign-ins ---- */

/* *out: the plain token; NULL when there is none. */
static enum bs_rc open_token(const struct importing *m, const char *sealed, char **out,
                             struct bs_err *e)
{
    struct buf b;

    if (*sealed == '\0') {
        return BS_OK;
    }
    buf_init(&b, CRYPTO_PLAIN_MAX);
    if (crypto_open_legacy(m->key, sealed, &b, e) == BS_OK) {
        if (b.len == 0 || strlen(b.data) != b.len) {
            bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "the stored secret is no token");
        } else {
            *out = bs_strdup(b.data);
            log_secret(*out);
        }
    }
    buf_wipe(&b);
    return e->rc;
}

static void fill(const struct importing *m, const struct import_connection *c,
                 struct connection *con)
{
    const struct oauth_client *client = &m->clients[c->service];
    struct buf key;

    con->service = c->service;
    con->kind = CREDENTIAL_OAUTH;
    con->account = bs_strdup(c->account);
    con->client_id = client->id ? bs_strdup(client->id) : NULL;
    con->client_secret = client->secret ? bs_strdup(client->secret) : NULL;
    con->access_expires_ms = con->access_token ? c->expires_ms : 0;
    if (*c->account) {
        buf_init(&key, IMPORT_TEXT_MAX + 20);
        buf_addf(&key, "%s:%s", c->service == SERVICE_AIRTABLE ? "airtable" : "google", c->account);
        con->quota_key = buf_take(&key);
    }
}

static enum bs_rc open_connection(struct importing *m, size_t i, struct bs_err *e)
{
    const struct import_connection *c = &m->x.connections[i];
    const struct conf_user *user = m->connection_users[i];
    struct connection *old, *con;
    const char *id;

    if (app_user_id(m->app, user, &id, e) != BS_OK ||
        connection_get(m->app->store, id, c->service, false, &old, e) != BS_OK) {
        return e->rc;
    }
    if (old) {
        out_note("Kept: %s has a connection to %s already (%s); disconnect it first to import the "
                 "other one.",
                 user->slug, service_names[c->service], old->account);
        connection_free(old);
        m->kept++;
        return BS_OK;
    }
    con = m->ready[i] = bs_alloc(sizeof *con);
    con->user_id = bs_strdup(id);
    if (open_token(m, c->access, &con->access_token, e) != BS_OK ||
        open_token(m, c->refresh, &con->secret, e) != BS_OK) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                       "the %s connection of user %.80s: %.200s; nothing was imported",
                       service_names[c->service], c->user_id, e->msg);
    }
    fill(m, c, con);
    if (!con->secret) {
        out_note("Left out: the %s connection of %s has no refresh token; use `basesync connect "
                 "%s`.",
                 service_names[c->service], user->slug, service_words[c->service]);
        connection_free(con);
        m->ready[i] = NULL;
        m->kept++;
    }
    return BS_OK;
}

/* All or none. */
static enum bs_rc store_connections(struct importing *m, struct bs_err *e)
{
    if (store_begin(m->app->store, e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < m->x.n_connections && e->rc == BS_OK; i++) {
        if (m->ready[i] && connection_put(m->app->store, m->ready[i], e) == BS_OK) {
            m->stored++;
        }
    }
    if (e->rc != BS_OK) {
        store_rollback(m->app->store);
        return e->rc;
    }
    return store_commit(m->app->store, e);
}

static void say_connections(const struct importing *m)
{
    bool lasting = true;

    for (size_t i = 0; i < m->x.n_connections; i++) {
        const struct connection *c = m->ready[i];

        if (c) {
            out_note("Stored, sealed: the sign-in of %s to %s%s%s.", m->connection_users[i]->slug,
                     service_names[c->service], *c->account ? ", " : "", c->account);
            lasting = lasting && c->client_id;
        }
    }
    if (m->stored > 0) {
        out_note("Stop the hosted product now: a sign-in to Airtable is good for one of the two "
                 "only, each renewal ends the other's.");
    }
    if (!lasting) {
        out_note("Note: without the product's OAuth client a sign-in ends when its access token "
                 "does. Import with --airtable-client and --google-client, or connect again.");
    }
}

static enum bs_rc import_connections(struct importing *m, struct bs_err *e)
{
    m->ready = arena_alloc_n(m->app->arena, m->x.n_connections + 1, sizeof *m->ready);
    if (m->x.n_connections == 0) {
        return BS_OK;
    }
    if (read_key(m, e) != BS_OK ||
        read_client(m, SERVICE_AIRTABLE, "airtable-client", e) != BS_OK ||
        read_client(m, SERVICE_GOOGLE, "google-client", e) != BS_OK) {
        return e->rc;
    }
    for (size_t i = 0; i < m->x.n_connections && e->rc == BS_OK; i++) {
        bs_seen(open_connection(m, i, e));
    }
    if (e->rc == BS_OK && store_connections(m, e) == BS_OK) {
        say_connections(m);
    }
    return e->rc;
}

/* ---- syncs ---- */

/* The file as it is now, and the sections after it; written only if it can be read then. */
static enum bs_rc append(const struct importing *m, const char *sections, struct bs_err *e)
{
    const char *path = m->app->conf_path;
    struct conf *conf = NULL;
    struct buf b;

    buf_init(&b, CONF_FILE_MAX);
    if (os_read_file(path, CONF_FILE_MAX, &b, e) == BS_OK) {
        buf_adds(&b, b.len > 0 && b.data[b.len - 1] != '\n' ? "\n\n" : "\n");
        buf_adds(&b, sections);
        if (b.over) {
            bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "%s: would be larger than 4 MiB", path);
        } else if (conf_parse(path, b.data, b.len, &conf, e) == BS_OK) {
            bs_seen(os_rewrite_file(path, b.data, b.len, e));
        }
    }
    conf_free(conf);
    buf_release(&b);
    return e->rc;
}

static enum bs_rc import_syncs(struct importing *m, struct bs_err *e)
{
    bool write = args_has(m->app->args, "write");
    struct import_made made;
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    if (import_sections(m->app, &m->x, m->sync_users, &b, &made, e) != BS_OK ||
        (write && made.sections > 0 && append(m, b.data, e) != BS_OK)) {
        buf_release(&b);
        return e->rc;
    }
    if (made.kept > 0) {
        out_note("Kept: %zu sync(s) that %s has already.", made.kept, m->app->conf_path);
    }
    if (made.sections > 0) {
        out_note(write ? "%zu section(s) were added to %s, %zu of them not active."
                       : "%zu section(s) for %s, %zu of them not active; --write adds them.",
                 made.sections, m->app->conf_path, made.inactive);
        out_note("Then: basesync check, and basesync sync NAME --dry-run before the first run.");
    }
    if (write) {
        buf_release(&b);
    } else {
        out_buf(&b);
    }
    return BS_OK;
}

static enum bs_rc import_all(struct importing *m, struct bs_err *e)
{
    if (read_exports(m, e) != BS_OK || find_users(m, e) != BS_OK ||
        import_connections(m, e) != BS_OK) {
        return e->rc;
    }
    return import_syncs(m, e);
}

int cmd_import(struct app *app)
{
    struct importing m = {.app = app};
    struct bs_err e = BS_ERR_INIT;

    if (!str_eq(app->args->words[0], "basesync")) {
        return out_usage("import basesync FILE..., not \"%s\"", app->args->words[0]);
    }
    os_signals_init();
    m.x.arena = app->arena;
    if (app_open(app, &e) == BS_OK) {
        bs_seen(import_all(&m, &e));
    }
    for (size_t i = 0; m.ready && i < m.x.n_connections; i++) {
        connection_free(m.ready[i]);
    }
    import_release(&m.x);
    oauth_client_release(&m.clients[0]);
    oauth_client_release(&m.clients[1]);
    bs_wipe(m.key, sizeof m.key);
    return e.rc == BS_OK ? 0 : out_error(&e);
}
