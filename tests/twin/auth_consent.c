/*
 * auth_consent.c: the page a browser shows between a client and its token. GET shows a form with
 * hidden fields; posting it with decision=accept (or deny) leads back to the client. The form may
 * name another user and, for Google, fewer scopes.
 */
#include "auth.h"

#include <stdlib.h>
#include <string.h>

static void page(struct auth_form *f, int status, const char *title, const char *body)
{
    char *html = tw_fmt("<!DOCTYPE html><html><head><title>%s</title></head><body><h1>%s</h1>%s"
                        "</body></html>\n",
                        title, title, body);
    twin_res_text(f->res, status, "text/html; charset=utf-8", html);
    free(html);
}

static void add_escaped(struct tbuf *b, const char *s)
{
    for (; *s; s++) {
        if (strchr("<>&\"'", *s))
            tb_fmt(b, "&#%d;", *s);
        else
            tb_chr(b, *s);
    }
}

static bool list_has(const cJSON *list, const char *s)
{
    for (const cJSON *e = list ? list->child : NULL; e; e = e->next)
        if (cJSON_IsString(e) && strcmp(e->valuestring, s) == 0)
            return true;
    return false;
}

static bool is_loopback(const char *uri)
{
    static const char *const hosts[] = {"http://127.0.0.1:", "http://localhost:", "http://[::1]:"};
    for (size_t i = 0; i < 3; i++)
        if (strncmp(uri, hosts[i], strlen(hosts[i])) == 0)
            return true;
    return strcmp(uri, "http://localhost") == 0 || strcmp(uri, "http://127.0.0.1") == 0;
}

/* Airtable wants one of the registered addresses to the letter; a Google desktop client may use any
 * port of the loopback. */
static bool good_redirect(const struct auth_client *c, const char *uri)
{
    if (!uri)
        return false;
    if (strcmp(c->service, "google") == 0 && strcmp(c->type, "desktop") == 0)
        return is_loopback(uri);
    return list_has(c->redirects, uri);
}

static bool scopes_allowed(const struct auth_client *c, const char *scope)
{
    bool ok = *scope != '\0';
    for (const char *p = scope; *p && ok;) {
        size_t n = strcspn(p, " ");
        char *one = tw_ndup(p, n);
        ok = !n || auth_scope_has(c->scope, one);
        free(one);
        p += n + (p[n] == ' ');
    }
    return ok;
}

static bool good_state(const char *s)
{
    size_t n = s ? strlen(s) : 0;
    return n >= 16 && n <= 1024 &&
           strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_") == n;
}

static void redirect(struct auth_form *f, const char *query)
{
    const char *uri = auth_param(f, "redirect_uri");
    const char *state = auth_param(f, "state");
    char *enc = tw_encode(state ? state : "");
    char *to = tw_fmt("%s%s%s&state=%s", uri, strchr(uri, '?') ? "&" : "?", query, enc);
    twin_res_text(f->res, 302, "text/html; charset=utf-8", "");
    twin_res_header(f->res, "Location", to);
    free(to);
    free(enc);
}

/* What is wrong with the request, as the service would name it; NULL when it is good. */
static const char *check(struct auth_form *f, const struct auth_client *c, bool google)
{
    const char *type = auth_param(f, "response_type");
    const char *challenge = auth_param(f, "code_challenge");
    const char *method = auth_param(f, "code_challenge_method");
    const char *scope = auth_param(f, "scope");
    if (!type || strcmp(type, "code") != 0)
        return "unsupported_response_type";
    if (!google && (!challenge || !good_state(auth_param(f, "state"))))
        return "invalid_request";
    if (challenge && (!method || strcmp(method, "S256") != 0 || strlen(challenge) != 43))
        return "invalid_request";
    return scope && scopes_allowed(c, scope) ? NULL : "invalid_scope";
}

static void show(struct auth_form *f, const struct auth_client *c, const char *user)
{
    struct tbuf b = {0};
    tb_fmt(&b, "<p>Signed in as ");
    add_escaped(&b, user);
    tb_str(&b, ". The application wants: ");
    add_escaped(&b, auth_param(f, "scope"));
    tb_str(&b, "</p><form method=\"post\" action=\"\">");
    for (size_t i = 0; i < f->req->n_query; i++) {
        tb_str(&b, "<input type=\"hidden\" name=\"");
        add_escaped(&b, f->req->query[i].name);
        tb_str(&b, "\" value=\"");
        add_escaped(&b, f->req->query[i].value);
        tb_str(&b, "\">");
    }
    if (c->testing)
        tb_str(&b, "<p>Google has not verified this app.</p>");
    tb_str(&b, "<button name=\"decision\" value=\"accept\">Allow</button>"
               "<button name=\"decision\" value=\"deny\">Deny</button></form>");
    char *body = tb_take(&b);
    page(f, 200, "Grant access", body);
    free(body);
}

static void accept(struct auth_form *f, const struct auth_client *c, const char *user, bool google)
{
    const char *granted = auth_param(f, "granted_scope");
    const char *scope = granted ? granted : auth_param(f, "scope");
    const char *offline = auth_param(f, "access_type");
    struct auth_code *code = auth_new_code(f->a, google ? "4/0A" : "");
    code->service = tw_dup(c->service);
    code->client = tw_dup(c->id);
    code->user = tw_dup(user);
    code->scope = tw_dup(scope);
    code->redirect = tw_dup(auth_param(f, "redirect_uri"));
    code->challenge = tw_dup(auth_param(f, "code_challenge"));
    code->offline = !google || (offline && strcmp(offline, "offline") == 0);
    char *enc = tw_encode(code->code);
    char *enc_scope = tw_encode(scope);
    char *query = google ? tw_fmt("code=%s&scope=%s", enc, enc_scope)
                         : tw_fmt("code=%s&code_challenge=%s&code_challenge_method=S256", enc,
                                  code->challenge);
    redirect(f, query);
    free(query);
    free(enc_scope);
    free(enc);
}

void auth_consent(struct auth_form *f, const char *service)
{
    bool google = strcmp(service, "google") == 0;
    bool post = strcmp(f->req->method, "POST") == 0;
    const char *id = auth_param(f, "client_id");
    const struct auth_client *c = auth_client_find(f->a, service, id);
    const char *as = auth_param(f, "user");
    const char *user = as ? as : google ? f->a->google_user : f->a->consent_user;
    if (!c) {
        page(f, google ? 401 : 400, google ? "Error 401: invalid_client" : "Invalid client",
             "<p>The OAuth client was not found.</p>");
        return;
    }
    if (!good_redirect(c, auth_param(f, "redirect_uri"))) {
        page(f, 400, google ? "Error 400: redirect_uri_mismatch" : "Invalid redirect_uri", "");
        return;
    }
    const char *wrong = check(f, c, google);
    const char *decision = auth_param(f, "decision");
    if (!wrong && post && decision && strcmp(decision, "deny") == 0)
        wrong = "access_denied";
    if (wrong) {
        char *query = tw_fmt("error=%s", wrong);
        redirect(f, query);
        free(query);
    } else if (!user) {
        page(f, 400, "Nobody is signed in", "");
    } else if (post) {
        accept(f, c, user, google);
    } else {
        show(f, c, user);
    }
}
