/* oauth_client.c: see oauth_client.h. */
#include "net/oauth_client.h"

#include "base/mem.h"
#include "base/str.h"
#include "net/json.h"

#include <stdlib.h>
#include <string.h>

void oauth_client_release(struct oauth_client *c)
{
    bs_wipe_free(c->id);
    bs_wipe_free(c->secret);
    *c = (struct oauth_client){0};
}

/* One word of printable ASCII; NULL when it is none, or too long to be one. */
static char *copy_word(const struct json *object, const char *name)
{
    const char *s = json_string(json_get(object, name), "");
    size_t n = strnlen(s, 4096);

    for (size_t i = 0; i < n; i++) {
        if (s[i] <= ' ' || s[i] > '~') {
            return NULL;
        }
    }
    return n > 0 && n < 4096 ? bs_strdup(s) : NULL;
}

static const char *read_client(const struct json *doc, struct oauth_client *out)
{
    const struct json *object = json_get(doc, "installed");

    if (str_eq(json_string(json_get(doc, "type"), ""), "service_account")) {
        return "is the key of a service account: give it with --service-account";
    }
    if (!object) {
        object = json_get(doc, "web");
        out->web = object != NULL;
    }
    object = object ? object : doc;
    out->id = copy_word(object, "client_id");
    out->secret = copy_word(object, "client_secret");
    if (!out->id) {
        return "has no client_id";
    }
    if (!out->secret && json_get(object, "client_secret")) {
        return "has a client_secret that is none";
    }
    return NULL;
}

enum bs_rc oauth_client_parse(const char *json, size_t len, struct oauth_client *out,
                              struct bs_err *e)
{
    struct json *doc = NULL;
    struct bs_err not_json = BS_ERR_INIT;
    const char *wrong = "is no JSON object"; /* the parser's own sentence would quote it */

    *out = (struct oauth_client){0};
    if (len <= OAUTH_CLIENT_MAX && json_parse(json, len, &doc, &not_json) == BS_OK &&
        json_is_object(doc)) {
        wrong = read_client(doc, out);
    }
    json_free(doc);
    if (!wrong) {
        return BS_OK;
    }
    oauth_client_release(out);
    return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "the file of the OAuth client %s%s", wrong,
                   strstr(wrong, "--service-account")
                       ? ""
                       : ": download it as JSON from the page of the client");
}

/* ---- the address to come back to ---- */

static enum bs_rc bad_redirect(const char *url, const char *why, struct bs_err *e)
{
    return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "--redirect \"%.100s\" %s", url, why);
}

/* ":8976/callback" or "/callback" or "": port and path. */
static bool read_rest(const char *rest, struct oauth_redirect *out)
{
    char digits[8] = "80";
    int64_t port;
    size_t n;

    if (*rest == ':') {
        n = strcspn(++rest, "/?");
        if (n == 0 || n > 5) {
            return false;
        }
        memcpy(digits, rest, n);
        digits[n] = '\0';
        rest += n;
    }
    if (!str_to_i64(digits, 1, UINT16_MAX, &port) || (*rest != '\0' && *rest != '/')) {
        return false;
    }
    out->port = (uint16_t)port;
    (void)str_copy(out->path, sizeof out->path, *rest ? rest : "/");
    out->path[strcspn(out->path, "?")] = '\0';
    return true;
}

enum bs_rc oauth_redirect_parse(const char *url, struct oauth_redirect *out, struct bs_err *e)
{
    static const char *const loopback[] = {"http://127.0.0.1", "http://localhost"};

    *out = (struct oauth_redirect){0};
    for (const char *p = url; *p; p++) {
        if (*p <= ' ' || *p > '~' || *p == '#' || *p == '@') {
            return bad_redirect(url, "holds what such an address may not hold (a space, # or @)",
                                e);
        }
    }
    if (!str_copy(out->url, sizeof out->url, url)) {
        return bad_redirect(url, "is longer than 999 characters", e);
    }
    if (str_starts(url, "https://") && url[8] != '\0') {
        return BS_OK;
    }
    for (size_t i = 0; i < sizeof loopback / sizeof *loopback; i++) {
        if (str_starts(url, loopback[i]) && read_rest(url + strlen(loopback[i]), out)) {
            return BS_OK;
        }
    }
    return bad_redirect(url, "is neither http://127.0.0.1:PORT/... nor https://...", e);
}

/* ---- scopes ---- */

bool oauth_scope_has(const char *scopes, const char *one)
{
    size_t n = strlen(one);

    while (*scopes) {
        size_t len = strcspn(scopes, " ");

        if (len == n && strncmp(scopes, one, n) == 0) {
            return true;
        }
        scopes += len;
        scopes += strspn(scopes, " ");
    }
    return false;
}

void oauth_scopes_missing(const char *wanted, const char *given, struct buf *out)
{
    while (*wanted) {
        size_t len = strcspn(wanted, " ");
        char *one = bs_strndup(wanted, len);

        if (len > 0 && !oauth_scope_has(given, one)) {
            buf_adds(out, out->len > 0 ? ", " : "");
            buf_adds(out, one);
        }
        free(one);
        wanted += len;
        wanted += strspn(wanted, " ");
    }
}
