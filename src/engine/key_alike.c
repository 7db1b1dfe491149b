/*
 * key_alike.c: which keys of create_key are there in another spelling. No source says whether an
 * upsert tells "a-1" from "A-1 ": should it not, a create would write over that record, whose old
 * values nobody has read. So records that read alike are asked for first; keys that have any are
 * not sent as upserts.
 */
#include "base/str.h"
#include "engine/apply_p.h"

#include <ctype.h>
#include <string.h>

#define KEYS_PER_CALL 40
#define KEY_ASKED_MAX 500 /* bytes; longer ones are not asked for */

/* ASCII letters small, no spaces at the ends: what Airtable's LOWER(TRIM()) makes of most keys. */
static const char *fold(struct arena *a, const char *text)
{
    while (isspace((unsigned char)*text)) {
        text++;
    }
    size_t n = strlen(text);

    while (n > 0 && isspace((unsigned char)text[n - 1])) {
        n--;
    }
    char *out = arena_strndup(a, text, n);

    for (size_t i = 0; i < n; i++) {
        out[i] = (char)tolower((unsigned char)out[i]);
    }
    return out;
}

static bool is_ascii(const char *text)
{
    while (*text != '\0' && (unsigned char)*text < 0x80) {
        text++;
    }
    return *text == '\0';
}

/* A formula can ask for it. */
static bool can_ask(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ') {
            return false;
        }
    }
    return strlen(text) <= KEY_ASKED_MAX;
}

static bool name_can_be_asked(const char *name)
{
    const char *brace = strchr(name, '}');

    return strchr(name, '\\') == NULL && (brace == NULL || strchr(brace + 1, '}') == NULL);
}

struct asked {
    struct run *r;
    const char *keys[KEYS_PER_CALL]; /* as they are spelt, and folded */
    const char *folded[KEYS_PER_CALL];
    bool *alike[KEYS_PER_CALL];
    size_t n;
    bool same_is_alike; /* a record that bears the key as it is spelt counts, too */
};

static enum bs_rc on_alike(void *ctx, const struct airtable_record *rec, struct bs_err *e)
{
    struct asked *q = ctx;
    const char *text = value_shown(q->r->arena, rec->values[0]);
    const char *folded = fold(q->r->arena, text);
    bool known = false;

    (void)e;

    for (size_t i = 0; i < q->n; i++) {
        if (str_eq(q->folded[i], folded)) {
            known = true;
            *q->alike[i] = *q->alike[i] || q->same_is_alike || !str_eq(q->keys[i], text);
        }
    }
    for (size_t i = 0; i < q->n && !known; i++) { /* letters whose cases we do not know */
        *q->alike[i] = *q->alike[i] || !is_ascii(q->keys[i]);
    }
    return BS_OK;
}

static enum bs_rc ask(struct asked *q, struct bs_err *e)
{
    const struct field *key = q->r->fields[q->r->key_field].field;
    struct airtable_query what = {q->r->table->id, &key, 1, NULL};

    bs_seen(airtable_find_alike(q->r->at, &what, key, q->keys, q->n, on_alike, q, e));
    if (e->rc == BS_STOP_SYNC && e->http == 422) { /* the formula is not taken: nothing is known */
        bs_err_clear(e);
        for (size_t i = 0; i < q->n; i++) {
            *q->alike[i] = true;
        }
    }
    q->n = 0;
    return e->rc;
}

enum bs_rc run_find_alike(struct run *r, const char *const *keys, bool *alike, size_t n,
                          bool same_is_alike, struct bs_err *e)
{
    const struct field *key = r->fields[r->key_field].field;
    struct asked q = {.r = r, .same_is_alike = same_is_alike};
    struct strmap *seen = strmap_new(n);

    if (key->type != FIELD_SINGLE_LINE_TEXT && key->type != FIELD_MULTILINE_TEXT &&
        key->type != FIELD_SINGLE_SELECT) {
        n = 0; /* numbers and dates have one spelling */
    }
    for (size_t i = 0; i < n && e->rc == BS_OK; i++) {
        if (keys[i] == NULL) {
            continue;
        }
        const char *folded = fold(r->arena, keys[i]);
        uint32_t first = strmap_add(seen, folded, (uint32_t)i);

        if (first != i) {
            alike[first] = alike[i] = true;
        } else if (!can_ask(keys[i]) || !name_can_be_asked(key->name)) {
            alike[i] = true;
        } else {
            q.keys[q.n] = keys[i];
            q.folded[q.n] = folded;
            q.alike[q.n++] = &alike[i];
        }
        if (q.n == KEYS_PER_CALL) {
            (void)ask(&q, e);
        }
    }
    if (q.n > 0 && e->rc == BS_OK) {
        (void)ask(&q, e);
    }
    strmap_free(seen);
    return e->rc;
}
