/* convert.c: see convert.h. The table of types, and what holds for all of them. */
#include "model/convert.h"

#include "base/str.h"
#include "model/convert_types.h"
#include "model/list.h"
#include "model/text.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define TEXT VALUE_TEXT, text_from_cell, text_canonical, text_format, RULE_NONE
#define LIST VALUE_LIST, list_from_cell, list_canonical, text_format, RULE_NONE
#define WHOLE VALUE_NUMBER, number_from_cell, whole_canonical, whole_format, RULE_NONE

/* FORMULA, ROLLUP, CREATED_TIME and MODIFIED_TIME follow the row of their result; theirs are here
 * for the description. */
static const struct converter converters[FIELD_TYPE_COUNT] = {
    [FIELD_UNKNOWN] = {TEXT, "text as Airtable gives it; to the sheet only"},
    [FIELD_SINGLE_LINE_TEXT] = {TEXT, "text; both ways, nothing lost"},
    [FIELD_MULTILINE_TEXT] = {TEXT, "text; both ways, nothing lost but CR LF, which becomes LF"},
    [FIELD_RICH_TEXT] = {VALUE_TEXT, text_from_cell, rich_canonical, text_format, RULE_NONE,
                         "text with Markdown marks; both ways, without white space at the end; "
                         "bullets become \"-\""},
    [FIELD_EMAIL] = {TEXT, "text; both ways, nothing lost"},
    [FIELD_URL] = {TEXT, "text; both ways, nothing lost"},
    [FIELD_PHONE] = {TEXT, "text; both ways, nothing lost"},
    [FIELD_NUMBER] = {VALUE_NUMBER, number_from_cell, number_canonical, number_format, RULE_NONE,
                      "number with the field's decimals; both ways, rounded to them"},
    [FIELD_CURRENCY] = {VALUE_NUMBER, number_from_cell, number_canonical, currency_format,
                        RULE_NONE,
                        "number with the field's symbol and decimals; both ways, rounded to them"},
    [FIELD_PERCENT] = {VALUE_NUMBER, percent_from_cell, percent_canonical, percent_format,
                       RULE_NONE,
                       "number shown as a percentage (0.5 is 50%); both ways, rounded to the "
                       "field's decimals"},
    [FIELD_DURATION] = {VALUE_DURATION, duration_from_cell, duration_canonical, duration_format,
                        RULE_NONE,
                        "duration (a fraction of a day shown as h:mm:ss); both ways, rounded to "
                        "whole seconds or the field's decimals"},
    [FIELD_RATING] = {VALUE_NUMBER, rating_from_cell, rating_canonical, whole_format, RULE_NONE,
                      "whole number from 1 to the field's maximum; both ways, nothing lost"},
    [FIELD_CHECKBOX] = {VALUE_BOOL, checkbox_from_cell, checkbox_canonical, no_format,
                        RULE_CHECKBOX, "check box; both ways, nothing lost"},
    [FIELD_SINGLE_SELECT] = {VALUE_TEXT, select_from_cell, text_canonical, text_format,
                             RULE_ONE_OF_LIST,
                             "the choice's name, with a drop-down; both ways, exact names only"},
    [FIELD_MULTIPLE_SELECTS] = {VALUE_LIST, selects_from_cell, list_canonical, text_format,
                                RULE_NONE,
                                "names of the choices, separated by commas; both ways, exact names "
                                "only"},
    [FIELD_DATE] = {VALUE_DATE, date_from_cell, NULL, date_format, RULE_NONE,
                    "date; both ways, nothing lost"},
    [FIELD_DATE_TIME] =
        {VALUE_DATETIME, datetime_from_cell, datetime_canonical, datetime_format, RULE_NONE,
         "date and time in the spreadsheet's time zone; both ways, nothing lost but "
         "which of two equal times it was when clocks are set back"},
    [FIELD_LINKS] = {VALUE_REFS, links_from_cell, list_canonical, text_format, RULE_NONE,
                     "names of the linked records, separated by commas; both ways, a name must be "
                     "borne by one record"},
    [FIELD_ATTACHMENTS] = {LIST, "names of the files, separated by commas; to the sheet only"},
    [FIELD_COLLABORATOR] = {VALUE_LIST, person_from_cell, list_canonical, text_format, RULE_NONE,
                            "name of the person; both ways, a new person by e-mail address"},
    [FIELD_COLLABORATORS] = {VALUE_LIST, people_from_cell, list_canonical, text_format, RULE_NONE,
                             "names of the people, separated by commas; both ways, new people by "
                             "e-mail address"},
    [FIELD_BARCODE] = {TEXT, "text of the barcode; both ways, its type (such as upce) stays as it "
                             "is or is left to Airtable"},
    [FIELD_BUTTON] = {TEXT, "label of the button; to the sheet only"},
    [FIELD_FORMULA] = {TEXT, "the result, as its type says; to the sheet only"},
    [FIELD_ROLLUP] = {TEXT, "the result, as its type says; to the sheet only"},
    [FIELD_COUNT] = {WHOLE, "whole number; to the sheet only"},
    [FIELD_LOOKUP] = {LIST, "the values, separated by commas; to the sheet only"},
    [FIELD_AUTO_NUMBER] = {WHOLE, "whole number; to the sheet only"},
    [FIELD_CREATED_TIME] = {TEXT, "date and time in the spreadsheet's time zone; to the sheet "
                                  "only"},
    [FIELD_MODIFIED_TIME] = {TEXT, "date and time in the spreadsheet's time zone; to the sheet "
                                   "only"},
    [FIELD_CREATED_BY] = {LIST, "name of the person; to the sheet only"},
    [FIELD_MODIFIED_BY] = {LIST, "name of the person; to the sheet only"},
    [FIELD_EXTERNAL_SOURCE] = {TEXT, "name of the source; to the sheet only"},
    [FIELD_AI_TEXT] = {TEXT, "text; to the sheet only"},
    [FIELD_MANUAL_SORT] = {TEXT, "text as Airtable gives it; to the sheet only"},
};

static const struct converter *converter_of(const struct field *f)
{
    return &converters[field_value_type(f)];
}

static const char *print_value(struct arena *a, const struct value *v)
{
    struct buf b;
    const char *text;

    buf_init(&b, BUF_NO_LIMIT);
    value_print(v, &b);
    text = arena_strdup(a, b.data);
    buf_release(&b);
    return text;
}

const char *convert_cell_text(const struct conversion *c, const struct cell *cell)
{
    char number[STR_DOUBLE_MAX];

    switch (cell->kind) {
    case CELL_EMPTY: return "";
    case CELL_TEXT:
    case CELL_ERROR: return cell->text;
    case CELL_BOOL: return cell->shown ? cell->shown : cell->boolean ? "TRUE" : "FALSE";
    case CELL_NUMBER: break;
    }
    if (cell->shown) {
        return cell->shown;
    }
    str_from_double(cell->number, number);
    return arena_strdup(c->a, number);
}

enum bs_rc convert_refuse(const struct conversion *c, const struct cell *cell, const char *what,
                          const char *accepted)
{
    return bs_fail(c->e, BS_SKIP, BS_K_VALIDATION, "\"%s\" is not %s; accepted: %s",
                   text_excerpt(c->a, convert_cell_text(c, cell)), what, accepted);
}

/* A value of another kind than the field's, as a computed field may have (a list where the type
 * says text): what its text would be read as. */
static void canonical_of_foreign(const struct conversion *c, const struct converter *conv,
                                 const struct value *v, struct value *out)
{
    struct conversion quiet = *c;
    struct cell cell = {.kind = CELL_TEXT};
    struct value text = {.kind = VALUE_TEXT, .u.text = print_value(c->a, v)};
    const struct value *read;

    quiet.e = NULL;
    text_canonical(c, &text);
    cell.text = text.u.text;
    *out = *cell.text ? text : value_empty;
    if (*cell.text && conv->from_cell(&quiet, &cell, &read) == BS_OK &&
        (read->kind == conv->kind || read->kind == VALUE_EMPTY)) {
        *out = *read;
    }
}

/* What both sides can show of v. Of another kind than the field's it is text. */
static void make_canonical(const struct conversion *c, const struct value *v, struct value *out)
{
    const struct converter *conv = converter_of(c->f);

    assert(v->kind != VALUE_ERROR);
    *out = *v;
    if (v->kind != VALUE_EMPTY && v->kind != conv->kind) {
        canonical_of_foreign(c, conv, v, out);
    }
    if (out->kind == conv->kind && conv->canonical) {
        conv->canonical(c, out);
    }
}

/* ---- values to cells ---- */

static enum bs_rc check_length(const struct conversion *c, const char *text)
{
    size_t units = utf8_utf16_units(text, strlen(text));

    if (units > CELL_TEXT_MAX) {
        return bs_fail(c->e, BS_SKIP, BS_K_VALIDATION,
                       "a text of %zu characters is too long for a cell, which holds %d", units,
                       CELL_TEXT_MAX);
    }
    return BS_OK;
}

static enum bs_rc set_text(const struct conversion *c, const char *text, struct cell *out)
{
    out->kind = CELL_TEXT;
    out->text = text;
    return check_length(c, text);
}

static enum bs_rc set_days(const struct conversion *c, int64_t days, double serial,
                           struct cell *out)
{
    out->kind = CELL_NUMBER;
    out->number = serial;
    if (!convert_days_fit(days)) {
        return bs_fail(c->e, BS_SKIP, BS_K_VALIDATION,
                       "a date outside the years 1 to 9999 cannot be shown in a sheet");
    }
    return BS_OK;
}

static enum bs_rc set_number(double number, struct cell *out)
{
    out->kind = CELL_NUMBER;
    out->number = number;
    return BS_OK;
}

/* The cell of a canonical value. */
static enum bs_rc write_cell(const struct conversion *c, const struct value *v, struct cell *out)
{
    const int64_t day_ms = 86400000;

    switch (v->kind) {
    case VALUE_EMPTY:
        /* An unticked box is written, so that the box shows. */
        out->kind = converter_of(c->f)->kind == VALUE_BOOL ? CELL_BOOL : CELL_EMPTY;
        return BS_OK;
    case VALUE_TEXT: return set_text(c, v->u.text, out);
    case VALUE_NUMBER: return set_number(v->u.number, out);
    case VALUE_BOOL:
        out->kind = CELL_BOOL;
        out->boolean = v->u.boolean;
        return BS_OK;
    case VALUE_DATE: return set_days(c, v->u.days, serial_from_days(v->u.days), out);
    case VALUE_DATETIME:
        return set_days(c, v->u.ms / day_ms - (v->u.ms % day_ms < 0), serial_from_local_ms(v->u.ms),
                        out);
    case VALUE_DURATION: return set_number(serial_from_seconds(v->u.number), out);
    case VALUE_LIST:
    case VALUE_REFS: return set_text(c, print_value(c->a, v), out);
    case VALUE_ERROR: break;
    }
    return bs_fail(c->e, BS_SKIP, BS_K_INTERNAL, "an error is no value for a cell");
}

enum bs_rc convert_to_cell(const struct convert_ctx *ctx, const struct field *f,
                           const struct value *v, struct arena *a, const struct cell **out,
                           struct bs_err *e)
{
    const struct conversion c = {.ctx = ctx, .f = f, .a = a, .e = e, .lenient = !field_writable(f)};
    struct column_format format = converter_of(f)->format(f, a);
    struct cell *cell = arena_alloc(a, sizeof *cell);
    struct value canonical;
    enum bs_rc rc;

    make_canonical(&c, v, &canonical);
    cell->format = format.type;
    cell->pattern = format.pattern;
    rc = write_cell(&c, &canonical, cell);
    if (rc == BS_OK) {
        *out = cell;
    }
    return rc;
}

/* ---- cells to values ---- */

/* Numbers are rounded as the field has them, so that what is sent is what is compared. */
static const struct value *rounded(const struct conversion *c, const struct value *v)
{
    struct value *out;

    if (v->kind != VALUE_NUMBER && v->kind != VALUE_DURATION) {
        return v;
    }
    out = arena_alloc(c->a, sizeof *out);
    make_canonical(c, v, out);
    return out;
}

enum bs_rc convert_from_cell(const struct convert_ctx *ctx, const struct field *f,
                             const struct cell *cell, const struct value *current, struct arena *a,
                             const struct value **out, struct bs_err *e)
{
    struct conversion c = {
        .ctx = ctx, .f = f, .current = current, .a = a, .e = e, .lenient = !field_writable(f)};
    const struct value *v;
    enum bs_rc rc;

    if (cell->kind == CELL_EMPTY || (cell->kind == CELL_TEXT && *cell->text == '\0')) {
        *out = &value_empty;
        return BS_OK;
    }
    if (cell->kind == CELL_ERROR) {
        *out = value_error(a, cell->text);
        return BS_OK;
    }
    if (c.lenient) {
        c.e = NULL;
    }
    rc = converter_of(f)->from_cell(&c, cell, &v);
    if (rc != BS_OK && !c.lenient) {
        return rc;
    }
    *out = rc == BS_OK ? rounded(&c, v) : value_text(a, convert_cell_text(&c, cell));
    return BS_OK;
}

const struct value *convert_name_refs(const struct convert_ctx *ctx, const struct field *f,
                                      const struct value *v, struct arena *a)
{
    struct value_item *items;

    if (v->kind != VALUE_REFS || !ctx->links || !f->linked_table) {
        return v;
    }
    items = arena_alloc_n(a, v->u.list.n, sizeof *items);
    for (size_t i = 0; i < v->u.list.n; i++) {
        items[i] = v->u.list.items[i];
        if (items[i].id) {
            items[i].text = arena_strdup(a, links_name(ctx->links, f->linked_table, items[i].id));
        }
    }
    return value_list(a, VALUE_REFS, items, v->u.list.n);
}

/* ---- hashes ---- */

static uint64_t hash_items(const struct hash_key *key, const struct value *v)
{
    uint64_t h = v->u.list.n;

    for (size_t i = 0; i < v->u.list.n; i++) {
        const char *text = v->u.list.items[i].text;

        h = hash_mix(h, siphash(key, text, strlen(text)));
    }
    return h;
}

static uint64_t hash_canonical(const struct hash_key *key, const struct value *v)
{
    uint64_t h = 0;

    switch (v->kind) {
    case VALUE_EMPTY:
    case VALUE_ERROR: h = siphash(key, "", 0); break;
    case VALUE_TEXT: h = siphash(key, v->u.text, strlen(v->u.text)); break;
    case VALUE_NUMBER:
    case VALUE_DURATION: h = siphash(key, &v->u.number, sizeof v->u.number); break;
    case VALUE_BOOL: h = siphash(key, v->u.boolean ? "1" : "0", 1); break;
    case VALUE_DATE: h = siphash(key, &v->u.days, sizeof v->u.days); break;
    case VALUE_DATETIME: h = siphash(key, &v->u.ms, sizeof v->u.ms); break;
    case VALUE_LIST:
    case VALUE_REFS: h = hash_items(key, v); break;
    }
    h = hash_mix(v->kind, h);
    return h != 0 ? h : 1;
}

/* True when the canonical form needs no new text: the case of nearly every cell. */
static bool is_plain(const struct field *f, const struct value *v)
{
    const struct converter *conv = converter_of(f);

    if (v->kind == VALUE_EMPTY) {
        return true;
    }
    if (v->kind != conv->kind) {
        return false;
    }
    if (v->kind == VALUE_TEXT) {
        return conv->canonical == text_canonical && !text_has_cr(v->u.text);
    }
    for (size_t i = 0; (v->kind == VALUE_LIST || v->kind == VALUE_REFS) && i < v->u.list.n; i++) {
        if (text_has_cr(v->u.list.items[i].text)) {
            return false;
        }
    }
    return true;
}

uint64_t convert_hash(const struct convert_ctx *ctx, const struct field *f, const struct value *v)
{
    struct conversion c = {.ctx = ctx, .f = f, .lenient = !field_writable(f)};
    struct value canonical;
    uint64_t h;

    if (!is_plain(f, v)) {
        c.a = arena_new();
    }
    make_canonical(&c, v, &canonical);
    h = hash_canonical(&ctx->key, &canonical);
    arena_free(c.a);
    return h;
}

/* ---- columns ---- */

struct column_format convert_column_format(const struct field *f, struct arena *a)
{
    return converter_of(f)->format(f, a);
}

enum column_rule convert_column_rule(const struct field *f)
{
    return converters[f->type].rule;
}

const char *convert_describe(enum field_type type)
{
    assert(type >= 0 && type < FIELD_TYPE_COUNT);
    return converters[type].description;
}
