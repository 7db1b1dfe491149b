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

/* A node is a cJSON node, and the tree is read by cJSON's own functions. It is made of the push
 * parser's events: cJSON's parser is lenient (01, 1., control characters in texts), cuts numbers
 * and texts with a NUL, and wants all of a text at once. The nodes of a document lie in one arena:
 * a listing page is two thousand of them, and each would else be two allocations. */
struct document {
    cJSON root; /* first: it stands for its document */
    struct arena *arena;
    bool owned; /* the arena goes with the document */
};

struct json_reader {
    struct jstream *stream;
    struct document *doc;
    cJSON *open[JSTREAM_DEPTH_MAX + 1]; /* groups, the outermost first */
    int depth;
    const char *key; /* of the member to come */
    bool nul;        /* refused: a text that a C string cannot hold */
};

static const cJSON *node_of(const struct json *n)
{
    return (const cJSON *)n;
}

static const struct json *json_of(const cJSON *n)
{
    return (const struct json *)n;
}

/* ---- building ---- */

static cJSON *add_node(struct json_reader *r, int type)
{
    cJSON *n = r->depth == 0 ? &r->doc->root : arena_alloc(r->doc->arena, sizeof *n);

    n->type = type;
    if (r->key != NULL) {
        (void)cJSON_AddItemToObjectCS(r->open[r->depth], r->key, n);
    } else if (r->depth > 0) {
        (void)cJSON_AddItemToArray(r->open[r->depth], n);
    }
    r->key = NULL;
    return n;
}

static void open_group(struct json_reader *r, int type)
{
    cJSON *n = add_node(r, type);

    r->open[++r->depth] = n;
}

static bool on_token(void *ctx, const struct jstream_token *t)
{
    struct json_reader *r = ctx;

    r->nul = r->nul || t->held_nul;
    if (r->nul) {
        return false;
    }
    switch (t->event) {
    case JS_OBJECT: open_group(r, cJSON_Object); break;
    case JS_ARRAY: open_group(r, cJSON_Array); break;
    case JS_END_OBJECT:
    case JS_END_ARRAY: r->depth--; break;
    case JS_KEY: r->key = arena_strndup(r->doc->arena, t->text, t->len); break;
    case JS_STRING:
        add_node(r, cJSON_String)->valuestring = arena_strndup(r->doc->arena, t->text, t->len);
        break;
    case JS_NUMBER: (void)cJSON_SetNumberHelper(add_node(r, cJSON_Number), t->number); break;
    case JS_TRUE: add_node(r, cJSON_True); break;
    case JS_FALSE: add_node(r, cJSON_False); break;
    case JS_NULL: add_node(r, cJSON_NULL); break;
    }
    return true;
}

struct json_reader *json_reader_new(struct arena *a)
{
    struct json_reader *r = bs_alloc(sizeof *r);
    struct arena *own = a == NULL ? arena_new() : a;

    r->stream = jstream_new(on_token, r);
    r->doc = arena_alloc(own, sizeof *r->doc);
    r->doc->arena = own;
    r->doc->owned = a == NULL;
    return r;
}

void json_reader_free(struct json_reader *r)
{
    if (r != NULL) {
        json_free((struct json *)r->doc);
        jstream_free(r->stream);
        free(r);
    }
}

bool json_reader_feed(struct json_reader *r, const char *data, size_t len)
{
    return jstream_feed(r->stream, data, len);
}

struct json *json_reader_end(struct json_reader *r)
{
    struct json *doc = (struct json *)r->doc;

    if (doc == NULL || !jstream_end(r->stream)) {
        return NULL;
    }
    r->doc = NULL;
    return doc;
}

const char *json_reader_error(const struct json_reader *r)
{
    return r->nul ? "a text with a NUL character" : jstream_error(r->stream);
}

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

enum bs_rc json_parse(const char *text, size_t len, struct json **out, struct bs_err *e)
{
    struct json_reader *r = json_reader_new(NULL);
    enum bs_rc rc = BS_OK;

    *out = NULL;
    if (json_reader_feed(r, text, len)) {
        *out = json_reader_end(r);
    }
    if (*out == NULL) {
        rc = not_json(text, len, json_reader_error(r), e);
    }
    json_reader_free(r);
    return rc;
}

void json_free(struct json *doc)
{
    if (doc != NULL) {
        struct document *d = (struct document *)doc;
        struct arena *own = d->owned ? d->arena : NULL;

        if (own != NULL) {
            arena_wipe(own);
        }
        arena_free(own);
    }
}

/* ---- reading ---- */

const struct json *json_get_near(const struct json *object, const struct json *near,
                                 const char *key)
{
    const char *its = json_key(near);

    return its != NULL && strcmp(its, key) == 0 ? near : json_get(object, key);
}

const struct json *json_get(const struct json *object, const char *key)
{
    return json_of(cJSON_GetObjectItemCaseSensitive(node_of(object), key));
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
            n = json_of(cJSON_GetArrayItem(node_of(n), (int)index));
        } else {
            n = json_get(n, part);
        }
        dotted += len + (dotted[len] == '.');
    }
    return n;
}

size_t json_count(const struct json *array_or_object)
{
    return (size_t)cJSON_GetArraySize(node_of(array_or_object));
}

const struct json *json_child(const struct json *n)
{
    return n == NULL ? NULL : json_of(node_of(n)->child);
}

const struct json *json_next(const struct json *n)
{
    return n == NULL ? NULL : json_of(node_of(n)->next);
}

const char *json_key(const struct json *n)
{
    return n == NULL ? NULL : node_of(n)->string;
}

bool json_is_object(const struct json *n)
{
    return cJSON_IsObject(node_of(n));
}

bool json_is_array(const struct json *n)
{
    return cJSON_IsArray(node_of(n));
}

bool json_is_null(const struct json *n)
{
    return cJSON_IsNull(node_of(n));
}

bool json_is_string(const struct json *n)
{
    return cJSON_IsString(node_of(n));
}

bool json_is_number(const struct json *n)
{
    return cJSON_IsNumber(node_of(n));
}

bool json_is_bool(const struct json *n)
{
    return cJSON_IsBool(node_of(n));
}

const char *json_string(const struct json *n, const char *otherwise)
{
    return json_is_string(n) ? node_of(n)->valuestring : otherwise;
}

double json_number(const struct json *n, double otherwise)
{
    return json_is_number(n) ? node_of(n)->valuedouble : otherwise;
}

int64_t json_int(const struct json *n, int64_t otherwise)
{
    int64_t v;

    if (json_is_number(n)) {
        double d = node_of(n)->valuedouble;

        return fabs(d) < 9007199254740992.0 && d == floor(d) ? (int64_t)d : otherwise;
    }
    return json_is_string(n) && str_to_i64(json_string(n, ""), INT64_MIN, INT64_MAX, &v)
               ? v
               : otherwise;
}

bool json_bool(const struct json *n, bool otherwise)
{
    return json_is_bool(n) ? cJSON_IsTrue(node_of(n)) : otherwise;
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
