/* cmd_connections.c: what credentials there are, and forgetting one. */
#include "app/commands.h"
#include "app/out.h"
#include "base/clock.h"
#include "base/str.h"

#include <stdlib.h>

static const char *service_word(enum service s)
{
    return s == SERVICE_AIRTABLE ? "airtable" : "sheets";
}

static const char *kind_word(enum credential_kind k)
{
    static const char *const words[] = {[CREDENTIAL_TOKEN] = "personal access token",
                                        [CREDENTIAL_SERVICE_ACCOUNT] = "service account",
                                        [CREDENTIAL_OAUTH] = "sign-in"};

    return words[k];
}

/* The INI file's name of a user; the id when the section is gone. */
static const char *user_word(struct app *app, const char *user_id)
{
    for (size_t i = 0; i < app->conf->n_users; i++) {
        struct bs_err e = BS_ERR_INIT;
        const char *id;

        if (app_user_id(app, &app->conf->users[i], &id, &e) == BS_OK && str_eq(id, user_id)) {
            return app->conf->users[i].slug;
        }
    }
    return user_id;
}

static void list_json(struct app *app, struct connection **list, size_t n)
{
    struct out_json j;

    out_json_begin(&j);
    jsonw_array(&j.w);
    for (size_t i = 0; i < n; i++) {
        jsonw_object(&j.w);
        jsonw_member(&j.w, "user", user_word(app, list[i]->user_id));
        jsonw_member(&j.w, "service", service_word(list[i]->service));
        jsonw_member(&j.w, "kind", kind_word(list[i]->kind));
        jsonw_member(&j.w, "account", list[i]->account);
        jsonw_member(&j.w, "scopes", list[i]->scopes);
        jsonw_member_bool(&j.w, "needsReauth", list[i]->needs_reauth);
        jsonw_member(&j.w, "reason", list[i]->reauth_reason);
        jsonw_end_object(&j.w);
    }
    jsonw_end_array(&j.w);
    out_json_end(&j);
}

static void list_table(struct app *app, struct connection **list, size_t n)
{
    static const char *const headers[] = {"User", "Service", "Kind", "Account", "State", NULL};
    struct table *t = table_new(headers);

    for (size_t i = 0; i < n; i++) {
        const struct connection *c = list[i];

        table_add(t, user_word(app, c->user_id));
        table_add(t, service_word(c->service));
        table_add(t, kind_word(c->kind));
        table_add(t, c->account ? c->account : "");
        if (c->needs_reauth) {
            table_addf(t, "connect again: %s", c->reauth_reason);
        } else {
            table_add(t, "ok");
        }
    }
    out_table(t, n,
              "There is no connection yet: basesync connect airtable, basesync connect sheets.");
}

int cmd_connections(struct app *app)
{
    struct bs_err e = BS_ERR_INIT;
    struct connection **list;
    size_t n;

    if (app_load_conf(app, &e) != BS_OK || app_open_store(app, false, &e) != BS_OK ||
        connections_list(app->store, &list, &n, &e) != BS_OK) {
        return out_error(&e);
    }
    if (app->json) {
        list_json(app, list, n);
    } else {
        list_table(app, list, n);
    }
    connections_list_free(list, n);
    return 0;
}

int cmd_disconnect(struct app *app)
{
    const char *word = app->args->words[0];
    enum service service = str_eq(word, "airtable") ? SERVICE_AIRTABLE : SERVICE_GOOGLE;
    const struct conf_user *user;
    struct bs_err e = BS_ERR_INIT;
    struct connection *c = NULL;
    const char *id;
    int code = 0;

    if (!str_eq(word, "airtable") && !str_eq(word, "sheets")) {
        return out_usage("disconnect airtable or sheets, not \"%s\"", word);
    }
    if (app_load_conf(app, &e) != BS_OK || app_open_store(app, false, &e) != BS_OK ||
        app_find_user(app, &user, &e) != BS_OK || app_user_id(app, user, &id, &e) != BS_OK ||
        connection_get(app->store, id, service, false, &c, &e) != BS_OK) {
        return out_error(&e);
    }
    if (!c) {
        return out_usage("%s has no connection to %s", user->slug, word);
    }
    if (connection_delete(app->store, c->id, &e) != BS_OK) {
        code = out_error(&e);
    } else {
        out_line("The %s of %s for %s is forgotten. Take it back at the service as well if it is "
                 "no longer needed.",
                 kind_word(c->kind), user->slug, word);
    }
    connection_free(c);
    return code;
}
