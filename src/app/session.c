/* session.c: see session.h. */
#include "app/session.h"

#include "base/log.h"
#include "base/str.h"

enum bs_rc session_open(struct session *s, struct app *app, const char *user_id,
                        enum service service, struct bs_err *e)
{
    *s = (struct session){.ep = app_endpoints(app), .limits = app_limits(app)};
    if (app_http(app, &s->http, e) != BS_OK ||
        auth_new(app->store, s->http, &s->ep, user_id, service, &s->auth, e) != BS_OK) {
        return e->rc;
    }
    auth_tell_secrets(s->auth, log_secret);
    s->caller = caller_new(app->store, s->http, s->auth, &s->ep, &s->limits);
    return BS_OK;
}

void session_release(struct session *s)
{
    caller_free(s->caller);
    auth_free(s->auth);
    http_free(s->http);
    *s = (struct session){0};
}

struct header_row {
    struct arena *arena;
    const char **texts;
    size_t n;
};

static enum bs_rc take_header(void *ctx, size_t range, uint32_t row, uint32_t col0,
                              const struct cell *cells, size_t n, struct bs_err *e)
{
    struct header_row *h = ctx;
    char number[STR_DOUBLE_MAX];

    (void)range;
    (void)e;
    for (size_t i = 0; row == 1 && i < n && col0 + i < h->n; i++) {
        h->texts[col0 + i] = arena_strdup(h->arena, cell_spelling(&cells[i], number));
    }
    return BS_OK;
}

enum bs_rc session_headers(struct app *app, struct sheets *sh, const struct sheet_tab *tab,
                           const char *const **out, size_t *n, struct bs_err *e)
{
    const struct a1_range range = {
        .col0 = 0, .col1 = tab->columns > 0 ? tab->columns - 1 : 0, .row0 = 1, .row1 = 1};
    struct header_row h = {app->arena, NULL, tab->columns};

    h.texts = arena_alloc_n(app->arena, h.n + 1, sizeof *h.texts);
    for (size_t i = 0; i < h.n; i++) {
        h.texts[i] = "";
    }
    if (h.n > 0 && sheets_read_values(sh, tab->title, &range, 1, SHEETS_UNFORMATTED, take_header,
                                      &h, e) != BS_OK) {
        return e->rc;
    }
    while (h.n > 0 && *h.texts[h.n - 1] == '\0') {
        h.n--;
    }
    *out = h.texts;
    *n = h.n;
    return BS_OK;
}

enum bs_rc session_schema(struct app *app, struct session *s, const char *base,
                          const struct base_schema **out, struct bs_err *e)
{
    struct airtable *at = airtable_new(s->caller, base);
    enum bs_rc rc = airtable_schema(at, app->arena, out, NULL, e);

    airtable_free(at);
    return rc;
}

bool session_may_write(const char *permission)
{
    return str_eq(permission, "edit") || str_eq(permission, "create") ||
           str_eq(permission, "owner");
}

enum bs_rc session_spreadsheet_id(struct app *app, const char *text, const char **id,
                                  struct bs_err *e)
{
    struct buf b;
    int64_t gid;
    bool ok;

    buf_init(&b, 200);
    ok = a1_parse_spreadsheet(text, &b, &gid);
    *id = ok ? arena_strdup(app->arena, b.data) : NULL;
    buf_release(&b);
    return ok ? BS_OK
              : bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                        "\"%.60s\" is neither a base's id (app...) nor a spreadsheet's address or "
                        "id",
                        text);
}
