/*
 * airtable_encode.c: typed values into the JSON of a write. Clearing is null for every type. Values
 * are typed already, so that `typecast` can stay off.
 */
#include "base/clock.h"
#include "base/str.h"
#include "remote/airtable_p.h"

#include <stdio.h>
#include <string.h>

static void encode_date(struct jsonw *w, int64_t days)
{
    char text[32];
    int y, m, d;

    civil_from_days(days, &y, &m, &d);
    snprintf(text, sizeof text, "%04d-%02d-%02d", y, m, d);
    jsonw_string(w, text);
}

static void encode_date_time(struct jsonw *w, int64_t ms)
{
    char text[CLOCK_TEXT_MAX];

    clock_iso_text(ms, text);
    jsonw_string(w, text);
}

/* A person is written by id when it is known, else by the e-mail address the cell shows. */
static void encode_person(struct jsonw *w, const struct value_item *item)
{
    jsonw_object(w);
    jsonw_member(w, item->id != NULL ? "id" : "email", item->id != NULL ? item->id : item->text);
    jsonw_end_object(w);
}

static void encode_items(struct jsonw *w, enum json_shape shape, const struct value *v)
{
    jsonw_array(w);
    for (size_t i = 0; i < v->u.list.n; i++) {
        const struct value_item *item = &v->u.list.items[i];

        if (shape == SHAPE_PEOPLE) {
            encode_person(w, item);
        } else {
            jsonw_string(w, shape == SHAPE_REFS ? item->id : item->text);
        }
    }
    jsonw_end_array(w);
}

static void encode_list(struct jsonw *w, enum json_shape shape, const struct value *v)
{
    if (shape == SHAPE_PERSON) {
        encode_person(w, &v->u.list.items[0]);
    } else {
        encode_items(w, shape, v);
    }
}

static void encode_text(struct jsonw *w, enum json_shape shape, const char *text)
{
    if (shape != SHAPE_BARCODE) {
        jsonw_string(w, text);
        return;
    }
    jsonw_object(w);
    jsonw_member(w, "text", text);
    jsonw_end_object(w);
}

void airtable_encode(struct jsonw *w, const struct field *f, const struct value *v)
{
    enum json_shape shape = field_type_info(f->type)->shape;

    switch (v->kind) {
    case VALUE_EMPTY:
    case VALUE_ERROR: jsonw_null(w); break;
    case VALUE_TEXT: encode_text(w, shape, v->u.text); break;
    case VALUE_NUMBER:
    case VALUE_DURATION: jsonw_number(w, v->u.number); break;
    case VALUE_BOOL: jsonw_bool(w, v->u.boolean); break;
    case VALUE_DATE: encode_date(w, v->u.days); break;
    case VALUE_DATETIME: encode_date_time(w, v->u.ms); break;
    case VALUE_LIST:
    case VALUE_REFS: encode_list(w, shape, v); break;
    }
}

void airtable_write_fields(struct buf *out, const struct airtable_cell *cells, size_t n)
{
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_object(&w);
    for (size_t i = 0; i < n; i++) {
        jsonw_key(&w, cells[i].field->id);
        airtable_encode(&w, cells[i].field, cells[i].value);
    }
    jsonw_end_object(&w);
}
