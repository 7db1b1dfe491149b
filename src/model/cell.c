/* cell.c: see cell.h. */
#include "model/cell.h"

#include "base/jsonw.h"
#include "base/str.h"
#include "model/notation.h"

#include <assert.h>
#include <math.h>
#include <string.h>

const struct cell cell_empty = {.kind = CELL_EMPTY};

/* NumberFormatType, Google Sheets API v4. */
static const char *const format_names[] = {
    [FORMAT_AUTO] = NULL,
    [FORMAT_TEXT] = "TEXT",
    [FORMAT_NUMBER] = "NUMBER",
    [FORMAT_PERCENT] = "PERCENT",
    [FORMAT_CURRENCY] = "CURRENCY",
    [FORMAT_DATE] = "DATE",
    [FORMAT_TIME] = "TIME",
    [FORMAT_DATE_TIME] = "DATE_TIME",
    [FORMAT_SCIENTIFIC] = "SCIENTIFIC",
};
#define FORMAT_COUNT (sizeof format_names / sizeof format_names[0])

const char *cell_format_name(enum cell_format_type type)
{
    return format_names[type];
}

enum cell_format_type cell_format_from_name(const char *name)
{
    for (size_t i = FORMAT_AUTO + 1; i < FORMAT_COUNT; i++) {
        if (str_eq(format_names[i], name)) {
            return (enum cell_format_type)i;
        }
    }
    return FORMAT_AUTO;
}

bool cell_equal(const struct cell *a, const struct cell *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
    case CELL_EMPTY: return true;
    case CELL_NUMBER: return a->number == b->number;
    case CELL_BOOL: return a->boolean == b->boolean;
    case CELL_TEXT:
    case CELL_ERROR: return str_eq(a->text, b->text);
    }
    return false;
}

/* A values read shows a blank cell and an empty text alike. */
static bool reads_empty(const struct cell *c)
{
    return c->kind == CELL_EMPTY || (c->kind == CELL_TEXT && *c->text == '\0');
}

uint64_t cell_raw_hash(const struct hash_key *key, const struct cell *c)
{
    uint64_t h;
    double number;

    if (c->kind == CELL_ERROR) {
        return 0;
    }
    if (reads_empty(c)) {
        h = hash_mix(CELL_EMPTY, siphash(key, "", 0));
    } else if (c->kind == CELL_TEXT) {
        h = hash_mix(CELL_TEXT, siphash(key, c->text, strlen(c->text)));
    } else if (c->kind == CELL_NUMBER) {
        number = c->number == 0 ? 0 : c->number;
        h = hash_mix(CELL_NUMBER, siphash(key, &number, sizeof number));
    } else {
        h = hash_mix(CELL_BOOL, siphash(key, c->boolean ? "1" : "0", 1));
    }
    return h != 0 ? h : 1;
}

const char *cell_spelling(const struct cell *c, char number[STR_DOUBLE_MAX])
{
    switch (c->kind) {
    case CELL_TEXT: return c->text;
    case CELL_BOOL: return c->boolean ? "TRUE" : "FALSE";
    case CELL_NUMBER: str_from_double(c->number, number); return number;
    default: return "";
    }
}

void cell_print(const struct cell *c, struct buf *out)
{
    char text[STR_DOUBLE_MAX];

    if (c->shown) {
        buf_adds(out, c->shown);
        return;
    }
    switch (c->kind) {
    case CELL_EMPTY: break;
    case CELL_NUMBER:
        str_from_double(c->number, text);
        buf_adds(out, text);
        break;
    case CELL_BOOL: buf_adds(out, c->boolean ? "TRUE" : "FALSE"); break;
    case CELL_TEXT:
    case CELL_ERROR: buf_adds(out, c->text); break;
    }
}

void cell_encode(const struct cell *c, struct buf *out)
{
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_object(&w);
    if (c->entered_formula) {
        jsonw_member(&w, "formula", c->entered_formula);
    } else if (c->kind == CELL_TEXT) {
        jsonw_member(&w, "t", c->text);
    } else if (c->kind == CELL_NUMBER) {
        assert(isfinite(c->number));
        jsonw_key(&w, "n");
        jsonw_number(&w, c->number);
    } else if (c->kind == CELL_BOOL) {
        jsonw_member_bool(&w, "b", c->boolean);
    } else if (c->kind == CELL_ERROR) {
        jsonw_member(&w, "e", c->text);
    }
    if (c->format != FORMAT_AUTO) {
        jsonw_member(&w, "f", format_names[c->format]);
        if (c->pattern) {
            jsonw_member(&w, "p", c->pattern);
        }
    }
    jsonw_end_object(&w);
}

static bool decode_value(struct notation *n, struct arena *a, struct cell *c)
{
    if (notation_skip(n, "\"formula\":")) {
        c->formula = true;
        return notation_text(n, a, &c->entered_formula);
    }
    if (notation_skip(n, "\"t\":")) {
        c->kind = CELL_TEXT;
        return notation_text(n, a, &c->text);
    }
    if (notation_skip(n, "\"n\":")) {
        c->kind = CELL_NUMBER;
        return notation_number(n, &c->number);
    }
    if (notation_skip(n, "\"b\":")) {
        c->kind = CELL_BOOL;
        c->boolean = notation_skip(n, "true");
        return c->boolean || notation_skip(n, "false");
    }
    if (notation_skip(n, "\"e\":")) {
        c->kind = CELL_ERROR;
        return notation_text(n, a, &c->text);
    }
    return true; /* an empty cell */
}

static bool decode_format(struct notation *n, struct arena *a, struct cell *c)
{
    const char *name;

    if (!notation_skip(n, "\"f\":") || !notation_text(n, a, &name)) {
        return false;
    }
    c->format = cell_format_from_name(name);
    return c->format != FORMAT_AUTO &&
           (!notation_skip(n, ",\"p\":") || notation_text(n, a, &c->pattern));
}

enum bs_rc cell_decode(struct arena *a, const char *s, const struct cell **out, struct bs_err *e)
{
    struct notation n = {s};
    struct cell *c = arena_alloc(a, sizeof *c);
    const char *value;

    if (notation_skip(&n, "{")) {
        value = n.p;
        if (decode_value(&n, a, c) &&
            (*n.p == '}' ||
             ((n.p == value || notation_skip(&n, ",")) && decode_format(&n, a, c))) &&
            notation_skip(&n, "}") && notation_end(&n)) {
            *out = c;
            return BS_OK;
        }
    }
    return bs_fail(e, BS_STOP_SYNC, BS_K_STATE, "history: a kept cell cannot be read: %.80s", s);
}
