/* json.c: see json.h. */
#include "net/json.h"

#include "base/jsonw.h"
#include "base/mem.h"
#include "base/str.h"
#include "net/jstream.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A node is a cJSON node; the document's root is the root node itself. cJSON is lenient (01, 1.,
 * control characters in texts) and knows nothing of UTF-8, so the push parser reads every text
 * first: what it lets pass, cJSON reads as it is meant. */

#define NUMBER_MAX 62 /* digits and signs; cJSON cuts a longer number at 63 */

static enum bs_rc not_json(const char *text, size_t len, const char *why, struct bs_err *e)
{
    char start[48];
    size_t n = len < sizeof start - 1 ? len : sizeof start - 1;

    for (size_t i = 0; i < n; i++) {
        start[i] = (char)(text[i] >= 0x20 && text[i] < 0x7f ? text[i] : ' ');
    }
    start[n] = '\0';
    return bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE, "not JSON: %s: \"%s%s\"", why, start,
                   len > n ? "..." : "");
}

static bool check_token(void *ctx, const struct jstream_token *t)
{
    const char **why = ctx;

    if (t->event == JS_NUMBER && t->len > NUMBER_MAX) {
        *why = "a number of too many digits";
    }
    return *why == NULL;
}

static enum bs_rc check_text(const char *text, size_t len, struct bs_err *e)
{
    const char *why = NULL;
    struct jstream *p = jstream_new(check_token, &why);
    enum bs_rc rc = BS_OK;

    if (!jstream_feed(p, text, len) || !jstream_end(p)) {
        rc = not_json(text, len, why != NULL ? why : jstream_error(p), e);
    }
    jstream_free(p);
    return rc;
}

/* The 16 bits of the escape at `at`, 0x10000 when there is none. */
static unsigned unit_at(const char *at, const char *end)
{
    unsigned v = 0;

    if (end - at < 6 || at[0] != '\\' || at[1] != 'u') {
        return 0x10000;
    }
    for (int i = 2; i < 6; i++) {
        v = v * 16 + ((unsigned)at[i] & 15) + (at[i] > '9' ? 9 : 0);
    }
    return v;
}

/* cJSON would end a string at \u0000, so that is refused; and it refuses half a surrogate pair,
 * which a service may well hold (text cut within an emoji), so that becomes \ufffd, of the same
 * length. */
static bool mend_escapes(char *text, size_t len)
{
    char *end = text + len, *at = text;

    while ((at = memchr(at, '\\', (size_t)(end - at))) != NULL) {
        unsigned v = unit_at(at, end);

        if (v == 0) {
            return false;
        }
        if (v >= 0xD800 && v <= 0xDBFF) {
            unsigned next = unit_at(at + 6, end);

            if (next >= 0xDC00 && next <= 0xDFFF) {
                at += 12;
                continue;
            }
        }
        if (v >= 0xD800 && v <= 0xDFFF) {
            memcpy(at + 2, "fffd", 4);
        }
        at += v <= 0xFFFF ? 6 : 2;
    }
    return true;
}

enum bs_rc json_parse(const char *text, size_t len, struct json **out, struct bs_err *e)
{
    cJSON *doc = NULL;
    char *copy = NULL;
    enum bs_rc rc;

    *out = NULL;
    rc = check_text(text, len, e);
    if (rc != BS_OK) {
        return rc;
    }
    if (memchr(text, '\\', len) != NULL) {
        copy = bs_strndup(text, len);
        if (!mend_escapes(copy, len)) {
            rc = not_json(text, len, "a text with a NUL character", e);
            goto out;
        }
    }
    doc = cJSON_ParseWithLength(copy != NULL ? copy : text, len);
    if (doc == NULL) {
        rc = not_json(text, len, "it cannot be read", e);
        goto out;
    }
    *out = (struct json *)doc;
out:
    if (copy != NULL) {
        bs_wipe(copy, len);
        free(copy);
    }
    return rc;
}

static const cJSON *node(const struct json *n)
{
    return (const cJSON *)n;
}

/* Recursion is bounded: nothing deeper than JSTREAM_DEPTH_MAX was parsed. */
static void wipe_strings(cJSON *n)
{
    for (; n != NULL; n = n->next) {
        if (n->valuestring != NULL) {
            bs_wipe(n->valuestring, strlen(n->valuestring));
        }
        wipe_strings(n->child);
    }
}

void json_free(struct json *doc)
{
    cJSON *root = (cJSON *)doc;

    wipe_strings(root);
    cJSON_Delete(root);
}

const struct json *json_get(const struct json *object, const char *key)
{
    if (!json_is_object(object)) {
        return NULL;
    }
    return (const struct json *)cJSON_GetObjectItemCaseSensitive(node(object), key);
}

const struct json *json_path(const struct json *n, const char *dotted)
{
    char part[128];

    while (n != NULL && *dotted != '\0') {
        size_t len = strcspn(dotted, ".");
        int64_t index;

        if (len >= sizeof part) {
            return NULL;
        }
        memcpy(part, dotted, len);
        part[len] = '\0';
        if (json_is_array(n)) {
            if (!str_to_i64(part, 0, INT32_MAX, &index)) {
                return NULL;
            }
            n = (const struct json *)cJSON_GetArrayItem(node(n), (int)index);
        } else {
            n = json_get(n, part);
        }
        dotted += len + (dotted[len] == '.');
    }
    return n;
}

size_t json_count(const struct json *array_or_object)
{
    size_t count = 0;

    for (const struct json *c = json_child(array_or_object); c != NULL; c = json_next(c)) {
        count++;
    }
    return count;
}

const struct json *json_child(const struct json *n)
{
    return n == NULL ? NULL : (const struct json *)node(n)->child;
}

const struct json *json_next(const struct json *n)
{
    return n == NULL ? NULL : (const struct json *)node(n)->next;
}

const char *json_key(const struct json *n)
{
    return n == NULL ? NULL : node(n)->string;
}

bool json_is_object(const struct json *n)
{
    return n != NULL && cJSON_IsObject(node(n));
}

bool json_is_array(const struct json *n)
{
    return n != NULL && cJSON_IsArray(node(n));
}

bool json_is_null(const struct json *n)
{
    return n != NULL && cJSON_IsNull(node(n));
}

bool json_is_string(const struct json *n)
{
    return n != NULL && cJSON_IsString(node(n));
}

bool json_is_number(const struct json *n)
{
    return n != NULL && cJSON_IsNumber(node(n));
}

bool json_is_bool(const struct json *n)
{
    return n != NULL && cJSON_IsBool(node(n));
}

const char *json_string(const struct json *n, const char *otherwise)
{
    return json_is_string(n) ? node(n)->valuestring : otherwise;
}

double json_number(const struct json *n, double otherwise)
{
    return json_is_number(n) ? node(n)->valuedouble : otherwise;
}

int64_t json_int(const struct json *n, int64_t otherwise)
{
    int64_t v;

    if (json_is_number(n)) {
        double d = node(n)->valuedouble;

        return fabs(d) < 9007199254740992.0 && d == floor(d) ? (int64_t)d : otherwise;
    }
    return json_is_string(n) && str_to_i64(node(n)->valuestring, INT64_MIN, INT64_MAX, &v)
               ? v
               : otherwise;
}

bool json_bool(const struct json *n, bool otherwise)
{
    return json_is_bool(n) ? cJSON_IsTrue(node(n)) != 0 : otherwise;
}

static void print_node(struct jsonw *w, const struct json *n)
{
    bool object = json_is_object(n);

    if (object || json_is_array(n)) {
        object ? jsonw_object(w) : jsonw_array(w);
        for (const struct json *c = json_child(n); c != NULL; c = json_next(c)) {
            if (object) {
                jsonw_key(w, json_key(c));
            }
            print_node(w, c);
        }
        object ? jsonw_end_object(w) : jsonw_end_array(w);
    } else if (json_is_string(n)) {
        jsonw_string(w, json_string(n, ""));
    } else if (json_is_number(n)) {
        jsonw_number(w, json_number(n, 0));
    } else if (json_is_bool(n)) {
        jsonw_bool(w, json_bool(n, false));
    } else {
        jsonw_null(w);
    }
}

char *json_print(const struct json *n)
{
    struct jsonw w;
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    jsonw_init(&w, &b);
    print_node(&w, n);
    return buf_take(&b);
}
