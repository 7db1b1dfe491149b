/* context.c: see context.h. */
#include "app/context.h"

#include "app/rotate.h"
#include "base/jsonw.h"
#include "base/os.h"
#include "base/str.h"
#include "base/version.h"

#include <stdlib.h>
#include <unistd.h>

#define TRIES_BY_HAND 2 /* a person is waiting for the answer */

enum bs_rc app_load_conf(struct app *app, struct bs_err *e)
{
    const char *fd = args_value(app->args, "conf-fd");
    int64_t n;

    if (app->conf) {
        return BS_OK;
    }
    buf_init(&app->conf_text, CONF_FILE_MAX);
    if (!fd) {
        return conf_load(app->conf_path, &app->conf_text, &app->conf, e);
    }
    if (!str_to_i64(fd, 0, INT16_MAX, &n)) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "--conf-fd is for serve's own use");
    }
    if (os_read_fd((int)n, CONF_FILE_MAX, &app->conf_text, e) != BS_OK) {
        return e->rc;
    }
    return conf_parse(app->conf_path, app->conf_text.data, app->conf_text.len, &app->conf, e);
}

enum bs_rc app_load_key(struct app *app, struct bs_err *e)
{
    if (!crypto_key_from_environment() && rotate_finish(app->conf, e) != BS_OK) {
        return e->rc;
    }
    if (!crypto_key_from_environment() && !os_exists(app->conf->key_file)) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                       "%s: the key file is missing; put it back from your copy, or run `basesync "
                       "-c %s init` for a new one and connect again",
                       app->conf->key_file, app->conf_path);
    }
    if (crypto_key_load(app->conf->key_file, &app->key, e) != BS_OK) {
        return e->rc;
    }
    app->has_key = true;
    return BS_OK;
}

/* ---- mirroring ---- */

/* fieldMappings: [{"field": "A", "column": "B", "direction": "BIDIRECTIONAL"}, ...]. */
static const char *mappings_json(struct app *app, const struct mapping *m)
{
    const char *text;
    struct jsonw w;
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    jsonw_init(&w, &b);
    jsonw_array(&w);
    for (size_t i = 0; i < m->n; i++) {
        jsonw_object(&w);
        jsonw_member(&w, "field", m->entries[i].field);
        jsonw_member(&w, "column", m->entries[i].column);
        jsonw_member(&w, "direction", direction_name(m->entries[i].direction));
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    text = arena_strdup(app->arena, b.data);
    buf_release(&b);
    return text;
}

static struct sync_config as_config(struct app *app, const struct conf_sync *s)
{
    return (struct sync_config){
        .slug = s->slug,
        .name = s->name,
        .user_name = s->user,
        .is_active = s->active,
        .base_id = s->base,
        .table_ref = s->table,
        .view_ref = s->view,
        .spreadsheet_id = s->spreadsheet,
        .sheet_ref = s->tab,
        .mappings_json = mappings_json(app, &s->mapping),
        .direction = direction_name(s->rules.direction),
        .conflicts = conflict_rule_name(s->rules.conflicts),
        .schedule = s->schedule ? s->schedule : app->conf->schedule,
    };
}

enum bs_rc app_mirror(struct app *app, struct bs_err *e)
{
    const struct conf *c = app->conf;

    app->syncs = arena_alloc_n(app->arena, c->n_syncs + 1, sizeof *app->syncs);
    for (size_t i = 0; i < c->n_users; i++) {
        const char *id;

        if (users_ensure(app->store, c->users[i].slug, c->users[i].email, app->arena, &id, e) !=
            BS_OK) {
            return e->rc;
        }
    }
    for (size_t i = 0; i < c->n_syncs; i++) {
        app->syncs[i] = as_config(app, &c->syncs[i]);
    }
    return syncs_mirror(app->store, app->syncs, c->n_syncs, e);
}

enum bs_rc app_open_store(struct app *app, bool create, struct bs_err *e)
{
    const char *path = app->conf->database;

    if (!create && !os_exists(path)) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                       "%s: the database is missing; run `basesync -c %s init`", path,
                       app->conf_path);
    }
    if (store_open(path, create ? STORE_CREATE : STORE_EXISTING, app->has_key ? &app->key : NULL,
                   &app->store, e) != BS_OK) {
        return e->rc;
    }
    return app_mirror(app, e);
}

enum bs_rc app_open(struct app *app, struct bs_err *e)
{
    if (app_load_conf(app, e) != BS_OK || app_load_key(app, e) != BS_OK) {
        return e->rc;
    }
    return app_open_store(app, false, e);
}

void app_close(struct app *app)
{
    store_close(app->store);
    crypto_key_wipe(&app->key);
    conf_free(app->conf);
    buf_release(&app->conf_text);
    arena_free(app->arena);
    *app = (struct app){0};
}

/* ---- finding ---- */

enum bs_rc app_find_sync(const struct app *app, const char *name, size_t *index, struct bs_err *e)
{
    const struct conf_sync *s = conf_find_sync(app->conf, name);
    const char *near;

    if (s) {
        *index = (size_t)(s - app->conf->syncs);
        return BS_OK;
    }
    near = conf_nearest_sync(app->conf, name);
    if (near) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "there is no sync \"%s\"; did you mean \"%s\"?",
                       name, near);
    }
    return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                   "there is no sync \"%s\" in %s; `basesync status` lists them", name,
                   app->conf_path);
}

enum bs_rc app_find_user(const struct app *app, const struct conf_user **out, struct bs_err *e)
{
    const char *slug = args_value(app->args, "user");
    const struct conf *c = app->conf;

    if (!slug && c->n_users == 1) {
        *out = &c->users[0];
        return BS_OK;
    }
    if (!slug) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                       "there are %zu users in %s; say which with --user NAME", c->n_users,
                       app->conf_path);
    }
    for (size_t i = 0; i < c->n_users; i++) {
        if (str_eq(c->users[i].slug, slug)) {
            *out = &c->users[i];
            return BS_OK;
        }
    }
    return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "there is no section [user %s] in %s", slug,
                   app->conf_path);
}

enum bs_rc app_user_id(struct app *app, const struct conf_user *u, const char **id,
                       struct bs_err *e)
{
    return users_ensure(app->store, u->slug, u->email, app->arena, id, e);
}

/* ---- secrets ---- */

enum bs_rc app_read_secret(const char *file, const char *prompt, struct buf *b, struct bs_err *e)
{
    if (!file) {
        return os_prompt_secret(prompt, b, e);
    }
    if (str_eq(file, "-")) {
        return os_read_fd(STDIN_FILENO, b->max, b, e);
    }
    return os_read_file(file, b->max, b, e);
}

/* ---- the services ---- */

struct http_options app_http_options(const struct app *app)
{
    return (struct http_options){
        .ca_file = app->conf->ca_file,
        .proxy = app->conf->proxy,
        .connect_timeout_ms = (int64_t)app->conf->connect_timeout_s * 1000,
        .timeout_ms = (int64_t)app->conf->timeout_s * 1000,
        .max_in_flight = 2,
        .user_agent = bs_user_agent,
    };
}

enum bs_rc app_http(const struct app *app, struct http **out, struct bs_err *e)
{
    const struct http_options o = app_http_options(app);

    return http_new(&o, out, e);
}

struct endpoints app_endpoints(const struct app *app)
{
    return (struct endpoints){
        .airtable_api = app->conf->airtable_api,
        .airtable_oauth = app->conf->airtable_oauth,
        .sheets = app->conf->sheets_url,
        .drive = app->conf->drive_url,
        .google_token = app->conf->token_url,
        .google_revoke = app->conf->revoke_url,
        .google_userinfo = app->conf->userinfo_url,
    };
}

struct call_limits app_limits(const struct app *app)
{
    return (struct call_limits){
        .airtable_rps = app->conf->airtable_rps,
        .google_reads = app->conf->google_reads,
        .google_writes = app->conf->google_writes,
        .max_retries = TRIES_BY_HAND,
        .monthly_budget = app->conf->monthly_budget,
    };
}
