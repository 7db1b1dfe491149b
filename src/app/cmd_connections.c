/* cmd_connections.c: what credentials there are. */
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

/* When a sign-in lapses, as SQLite has it; NULL when that is not known, or never. */
static const char *lapse(const struct connection *c, char text[CLOCK_TEXT_MAX])
{
    if (c->refresh_expires_ms == 0) {
        return NULL;
    }
    clock_sql_text(c->refresh_expires_ms, text);
    return text;
}

/* Scopes as a person reads them: without what all of Google's begin with. */
static const char *short_scopes(struct app *app, const char *scopes)
{
    static const char prefix[] = "https://www.googleapis.com/auth/";
    const char *text;
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    while (*scopes) {
        if (str_starts(scopes, prefix)) {
            scopes += sizeof prefix - 1;
        } else {
            buf_addc(&b, *scopes++);
        }
    }
    text = arena_strdup(app->arena, b.data);
    buf_release(&b);
    return text;
}

static void list_json(struct app *app, struct connection **list, size_t n)
{
    struct out_json j;

    char text[CLOCK_TEXT_MAX];

    out_json_begin(&j);
    jsonw_array(&j.w);
    for (size_t i = 0; i < n; i++) {
        jsonw_object(&j.w);
        jsonw_member(&j.w, "user", user_word(app, list[i]->user_id));
        jsonw_member(&j.w, "service", service_word(list[i]->service));
        jsonw_member(&j.w, "kind", kind_word(list[i]->kind));
        jsonw_member(&j.w, "account", list[i]->account);
        jsonw_member(&j.w, "scopes", list[i]->scopes);
        jsonw_member(&j.w, "lapsesAt", lapse(list[i], text));
        jsonw_member_bool(&j.w, "needsReauth", list[i]->needs_reauth);
        jsonw_member(&j.w, "reason", list[i]->reauth_reason);
        jsonw_end_object(&j.w);
    }
    jsonw_end_array(&j.w);
    out_json_end(&j);
}

static void list_table(struct app *app, struct connection **list, size_t n)
{
    static const char *const headers[] = {"User",   "Service", "Kind",  "Account",
                                          "Scopes", "Lapses",  "State", NULL};
    struct table *t = table_new(headers);

    for (size_t i = 0; i < n; i++) {
        const struct connection *c = list[i];
        char text[CLOCK_TEXT_MAX], local[32];

        table_add(t, user_word(app, c->user_id));
        table_add(t, service_word(c->service));
        table_add(t, kind_word(c->kind));
        table_add(t, c->account ? c->account : "");
        table_add(t, short_scopes(app, c->scopes ? c->scopes : ""));
        table_add(t, out_time(lapse(c, text), local));
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
