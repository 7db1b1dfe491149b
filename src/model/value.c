/* value.c: see value.h. */
#include "model/value.h"

#include "base/clock.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "model/list.h"
#include "model/notation.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct value value_empty = {.kind = VALUE_EMPTY};

static struct value *new_value(struct arena *a, enum value_kind kind)
{
    struct value *v = arena_alloc(a, sizeof *v);

    v->kind = kind;
    return v;
}

const struct value *value_text(struct arena *a, const char *s)
{
    struct value *v;

    if (*s == '\0') {
        return &value_empty;
    }
    v = new_value(a, VALUE_TEXT);
    v->u.text = arena_strdup(a, s);
    return v;
}

static const struct value *new_number(struct arena *a, enum value_kind kind, double number)
{
    struct value *v = new_value(a, kind);

    assert(isfinite(number));
    v->u.number = number == 0 ? 0 : number; /* no minus sign */
    return v;
}

const struct value *value_number(struct arena *a, double v)
{
    return new_number(a, VALUE_NUMBER, v);
}

const struct value *value_duration(struct arena *a, double seconds)
{
    return new_number(a, VALUE_DURATION, seconds);
}

const struct value *value_bool(struct arena *a, bool v)
{
    struct value *b;

    if (!v) {
        return &value_empty;
    }
    b = new_value(a, VALUE_BOOL);
    b->u.boolean = true;
    return b;
}

const struct value *value_date(struct arena *a, int64_t days)
{
    struct value *v = new_value(a, VALUE_DATE);

    assert(days >= -VALUE_DAYS_MAX && days <= VALUE_DAYS_MAX);
    v->u.days = days;
    return v;
}

const struct value *value_datetime(struct arena *a, int64_t ms)
{
    struct value *v = new_value(a, VALUE_DATETIME);

    assert(ms >= -VALUE_MS_MAX && ms <= VALUE_MS_MAX);
    v->u.ms = ms;
    return v;
}

const struct value *value_list(struct arena *a, enum value_kind kind,
                               const struct value_item *items, size_t n)
{
    struct value *v;

    assert(kind == VALUE_LIST || kind == VALUE_REFS);
    if (n == 0) {
        return &value_empty;
    }
    v = new_value(a, kind);
    v->u.list.items = items;
    v->u.list.n = n;
    return v;
}

const struct value *value_error(struct arena *a, const char *what)
{
    struct value *v = new_value(a, VALUE_ERROR);

    v->u.text = arena_strdup(a, what);
    return v;
}

static void print_number(struct buf *out, double v)
{
    char text[STR_DOUBLE_MAX];

    str_from_double(v, text);
    buf_adds(out, text);
}

static void print_date(struct buf *out, int64_t days)
{
    int y;
    int m;
    int d;

    civil_from_days(days, &y, &m, &d);
    buf_addf(out, "%04d-%02d-%02d", y, m, d);
}

/* Above this a duration is printed as plain seconds: the milliseconds would not fit. */
#define DURATION_PRINT_MAX 1e12

static void print_duration(struct buf *out, double seconds)
{
    int64_t ms;

    if (fabs(seconds) > DURATION_PRINT_MAX) {
        print_number(out, seconds);
        buf_adds(out, " s");
        return;
    }
    ms = llround(fabs(seconds) * 1000);
    buf_addf(out, "%s%lld:%02d:%02d", seconds < 0 && ms > 0 ? "-" : "", (long long)(ms / 3600000),
             (int)(ms / 60000 % 60), (int)(ms / 1000 % 60));
    if (ms % 1000 != 0) {
        buf_addf(out, ".%03d", (int)(ms % 1000));
    }
}

static void print_list(struct buf *out, const struct value *v)
{
    for (size_t i = 0; i < v->u.list.n; i++) {
        list_add(out, v->u.list.items[i].text, i == 0);
    }
}

void value_print(const struct value *v, struct buf *out)
{
    char text[CLOCK_TEXT_MAX];

    switch (v->kind) {
    case VALUE_EMPTY: break;
    case VALUE_TEXT:
    case VALUE_ERROR: buf_adds(out, v->u.text); break;
    case VALUE_NUMBER: print_number(out, v->u.number); break;
    case VALUE_BOOL: buf_adds(out, v->u.boolean ? "TRUE" : "FALSE"); break;
    case VALUE_DATE: print_date(out, v->u.days); break;
    case VALUE_DATETIME:
        clock_iso_text(v->u.ms, text);
        buf_adds(out, text);
        break;
    case VALUE_DURATION: print_duration(out, v->u.number); break;
    case VALUE_LIST:
    case VALUE_REFS: print_list(out, v); break;
    }
}

const char *value_shown(struct arena *a, const struct value *v)
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    value_print(v, &b);
    const char *text = arena_strdup(a, b.data);

    buf_release(&b);
    return text;
}

/* What follows "k" in the kept text. */
static const char *const kind_names[] = {
    [VALUE_EMPTY] = "empty",       [VALUE_TEXT] = "text", [VALUE_NUMBER] = "number",
    [VALUE_BOOL] = "bool",         [VALUE_DATE] = "date", [VALUE_DATETIME] = "datetime",
    [VALUE_DURATION] = "duration", [VALUE_LIST] = "list", [VALUE_REFS] = "refs",
    [VALUE_ERROR] = "error",
};
#define KIND_COUNT (sizeof kind_names / sizeof kind_names[0])

static void encode_items(const struct value *v, struct jsonw *w)
{
    jsonw_array(w);
    for (size_t i = 0; i < v->u.list.n; i++) {
        const struct value_item *item = &v->u.list.items[i];

        jsonw_object(w);
        jsonw_member(w, "t", item->text);
        if (item->id) {
            jsonw_member(w, "id", item->id);
        }
        if (item->alt) {
            jsonw_member(w, "alt", item->alt);
        }
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static void encode_body(const struct value *v, struct jsonw *w)
{
    switch (v->kind) {
    case VALUE_EMPTY: jsonw_null(w); break;
    case VALUE_TEXT:
    case VALUE_ERROR: jsonw_string(w, v->u.text); break;
    case VALUE_NUMBER:
    case VALUE_DURATION: jsonw_number(w, v->u.number); break;
    case VALUE_BOOL: jsonw_bool(w, v->u.boolean); break;
    case VALUE_DATE: jsonw_int(w, v->u.days); break;
    case VALUE_DATETIME: jsonw_int(w, v->u.ms); break;
    case VALUE_LIST:
    case VALUE_REFS: encode_items(v, w); break;
    }
}

void value_encode(const struct value *v, struct buf *out)
{
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_object(&w);
    jsonw_member(&w, "k", kind_names[v->kind]);
    if (v->kind != VALUE_EMPTY) {
        jsonw_key(&w, "v");
        encode_body(v, &w);
    }
    jsonw_end_object(&w);
}

static bool decode_kind(struct notation *n, enum value_kind *kind)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        struct notation at = *n;

        if (notation_skip(&at, kind_names[i]) && notation_skip(&at, "\"")) {
            *n = at;
            *kind = (enum value_kind)i;
            return true;
        }
    }
    return false;
}

static bool decode_item(struct notation *n, struct arena *a, struct value_item *item)
{
    return notation_skip(n, "{\"t\":") && notation_text(n, a, &item->text) &&
           (!notation_skip(n, ",\"id\":") || notation_text(n, a, &item->id)) &&
           (!notation_skip(n, ",\"alt\":") || notation_text(n, a, &item->alt)) &&
           notation_skip(n, "}");
}

static const struct value *decode_items(struct notation *n, struct arena *a, enum value_kind kind)
{
    struct value_item *items = NULL;
    const struct value *v = NULL;
    size_t cap = 0;
    size_t count = 0;

    if (!notation_skip(n, "[")) {
        return NULL;
    }
    do {
        struct value_item item = {.text = NULL};

        if (count == LIST_ITEMS_MAX || !decode_item(n, a, &item)) {
            goto out;
        }
        items = bs_grow(items, count, &cap, sizeof *items);
        items[count++] = item;
    } while (notation_skip(n, ","));
    if (notation_skip(n, "]")) {
        struct value_item *kept = arena_alloc_n(a, count, sizeof *kept);

        memcpy(kept, items, count * sizeof *kept);
        v = value_list(a, kind, kept, count);
    }
out:
    free(items);
    return v;
}

/* A whole number within +-max. */
static bool decode_whole(struct notation *n, int64_t max, int64_t *out)
{
    double v;

    if (!notation_number(n, &v) || v != floor(v) || fabs(v) > (double)max) {
        return false;
    }
    *out = (int64_t)v;
    return true;
}

/* NULL when the text is not what value_encode writes for the kind. */
static const struct value *decode_body(struct notation *n, struct arena *a, enum value_kind kind)
{
    const char *text;
    double number;
    int64_t whole;

    switch (kind) {
    case VALUE_EMPTY: return &value_empty;
    case VALUE_TEXT: return notation_text(n, a, &text) && *text != 0 ? value_text(a, text) : NULL;
    case VALUE_ERROR: return notation_text(n, a, &text) ? value_error(a, text) : NULL;
    case VALUE_NUMBER:
    case VALUE_DURATION: return notation_number(n, &number) ? new_number(a, kind, number) : NULL;
    case VALUE_BOOL: return notation_skip(n, "true") ? value_bool(a, true) : NULL;
    case VALUE_DATE: return decode_whole(n, VALUE_DAYS_MAX, &whole) ? value_date(a, whole) : NULL;
    case VALUE_DATETIME:
        return decode_whole(n, VALUE_MS_MAX, &whole) ? value_datetime(a, whole) : NULL;
    case VALUE_LIST:
    case VALUE_REFS: return decode_items(n, a, kind);
    }
    return NULL;
}

enum bs_rc value_decode(struct arena *a, const char *s, const struct value **out, struct bs_err *e)
{
    struct notation n = {s};
    enum value_kind kind;
    const struct value *v;

    if (notation_skip(&n, "{\"k\":\"") && decode_kind(&n, &kind) &&
        (kind == VALUE_EMPTY || notation_skip(&n, ",\"v\":"))) {
        v = decode_body(&n, a, kind);
        if (v && notation_skip(&n, "}") && notation_end(&n)) {
            *out = v;
            return BS_OK;
        }
    }
    return bs_fail(e, BS_STOP_SYNC, BS_K_STATE, "history: a kept value cannot be read: %.80s", s);
}
