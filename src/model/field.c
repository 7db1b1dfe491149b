/* field.c: see field.h. */
#include "model/field.h"

#include "base/str.h"

#include <assert.h>

static const struct field_type_info types[FIELD_TYPE_COUNT] = {
    [FIELD_UNKNOWN] = {"", SHAPE_ANY, VALUE_TEXT, false, "unknown type"},
    [FIELD_SINGLE_LINE_TEXT] = {"singleLineText", SHAPE_STRING, VALUE_TEXT, true,
                                "single line text"},
    [FIELD_MULTILINE_TEXT] = {"multilineText", SHAPE_STRING, VALUE_TEXT, true, "long text"},
    [FIELD_RICH_TEXT] = {"richText", SHAPE_STRING, VALUE_TEXT, true, "rich text"},
    [FIELD_EMAIL] = {"email", SHAPE_STRING, VALUE_TEXT, true, "e-mail"},
    [FIELD_URL] = {"url", SHAPE_STRING, VALUE_TEXT, true, "URL"},
    [FIELD_PHONE] = {"phoneNumber", SHAPE_STRING, VALUE_TEXT, true, "phone number"},
    [FIELD_NUMBER] = {"number", SHAPE_NUMBER, VALUE_NUMBER, true, "number"},
    [FIELD_CURRENCY] = {"currency", SHAPE_NUMBER, VALUE_NUMBER, true, "currency"},
    [FIELD_PERCENT] = {"percent", SHAPE_NUMBER, VALUE_NUMBER, true, "percent"},
    [FIELD_DURATION] = {"duration", SHAPE_NUMBER, VALUE_DURATION, true, "duration"},
    [FIELD_RATING] = {"rating", SHAPE_NUMBER, VALUE_NUMBER, true, "rating"},
    [FIELD_CHECKBOX] = {"checkbox", SHAPE_BOOL, VALUE_BOOL, true, "checkbox"},
    [FIELD_SINGLE_SELECT] = {"singleSelect", SHAPE_STRING, VALUE_TEXT, true, "single select"},
    [FIELD_MULTIPLE_SELECTS] = {"multipleSelects", SHAPE_NAMES, VALUE_LIST, true,
                                "multiple select"},
    [FIELD_DATE] = {"date", SHAPE_DATE, VALUE_DATE, true, "date"},
    [FIELD_DATE_TIME] = {"dateTime", SHAPE_DATE_TIME, VALUE_DATETIME, true, "date and time"},
    [FIELD_LINKS] = {"multipleRecordLinks", SHAPE_REFS, VALUE_REFS, true, "linked records"},
    /* Names alone cannot bring a file, and clearing a cell must not throw files away. */
    [FIELD_ATTACHMENTS] = {"multipleAttachments", SHAPE_ATTACHMENTS, VALUE_LIST, false,
                           "attachments"},
    [FIELD_COLLABORATOR] = {"singleCollaborator", SHAPE_PERSON, VALUE_LIST, true, "collaborator"},
    [FIELD_COLLABORATORS] = {"multipleCollaborators", SHAPE_PEOPLE, VALUE_LIST, true,
                             "collaborators"},
    [FIELD_BARCODE] = {"barcode", SHAPE_BARCODE, VALUE_TEXT, true, "barcode"},
    [FIELD_BUTTON] = {"button", SHAPE_BUTTON, VALUE_TEXT, false, "button"},
    [FIELD_FORMULA] = {"formula", SHAPE_RESULT, VALUE_TEXT, false, "formula"},
    [FIELD_ROLLUP] = {"rollup", SHAPE_RESULT, VALUE_TEXT, false, "rollup"},
    [FIELD_COUNT] = {"count", SHAPE_NUMBER, VALUE_NUMBER, false, "count"},
    [FIELD_LOOKUP] = {"multipleLookupValues", SHAPE_LOOKUP, VALUE_LIST, false, "lookup"},
    [FIELD_AUTO_NUMBER] = {"autoNumber", SHAPE_NUMBER, VALUE_NUMBER, false, "autonumber"},
    [FIELD_CREATED_TIME] = {"createdTime", SHAPE_RESULT, VALUE_DATETIME, false, "created time"},
    [FIELD_MODIFIED_TIME] = {"lastModifiedTime", SHAPE_RESULT, VALUE_DATETIME, false,
                             "last modified time"},
    [FIELD_CREATED_BY] = {"createdBy", SHAPE_PERSON, VALUE_LIST, false, "created by"},
    [FIELD_MODIFIED_BY] = {"lastModifiedBy", SHAPE_PERSON, VALUE_LIST, false, "last modified by"},
    [FIELD_EXTERNAL_SOURCE] = {"externalSyncSource", SHAPE_STRING, VALUE_TEXT, false,
                               "sync source"},
    [FIELD_AI_TEXT] = {"aiText", SHAPE_AI, VALUE_TEXT, false, "AI text"},
    [FIELD_MANUAL_SORT] = {"manualSort", SHAPE_STRING, VALUE_TEXT, false, "manual sort"},
};

const struct field_type_info *field_type_info(enum field_type type)
{
    assert(type >= 0 && type < FIELD_TYPE_COUNT);
    return &types[type];
}

enum field_type field_type_from_name(const char *name)
{
    for (size_t i = FIELD_UNKNOWN + 1; i < FIELD_TYPE_COUNT; i++) {
        if (str_eq(types[i].name, name)) {
            return (enum field_type)i;
        }
    }
    return FIELD_UNKNOWN;
}

/* Types whose values are those of another type. A lookup is not among them: its values are lists
 * whatever the result is. */
static bool takes_result(enum field_type type)
{
    return types[type].shape == SHAPE_RESULT;
}

enum field_type field_value_type(const struct field *f)
{
    /* A result that is itself a formula, or none that is known, says nothing: text then. */
    if (!takes_result(f->type)) {
        return f->type;
    }
    return takes_result(f->result) ? FIELD_UNKNOWN : f->result;
}

enum value_kind field_value_kind(const struct field *f)
{
    return types[field_value_type(f)].kind;
}

bool field_writable(const struct field *f)
{
    return types[f->type].writable;
}

bool field_crosses_records(const struct field *f)
{
    return f->type == FIELD_LOOKUP || f->type == FIELD_ROLLUP || f->type == FIELD_COUNT;
}

/* Fields, tables and views are found in the same way; `get` gives id and name of the i-th one. */
struct named {
    const char *id, *name;
};

typedef struct named named_at(const void *list, size_t i);

static struct named field_at(const void *list, size_t i)
{
    const struct field *f = &((const struct field *)list)[i];

    return (struct named){f->id, f->name};
}

static struct named table_at(const void *list, size_t i)
{
    const struct table_schema *t = &((const struct table_schema *)list)[i];

    return (struct named){t->id, t->name};
}

static struct named view_at(const void *list, size_t i)
{
    const struct field_view *v = &((const struct field_view *)list)[i];

    return (struct named){v->id, v->name};
}

#define NOT_FOUND SIZE_MAX

static size_t find_named(const void *list, size_t n, named_at *get, const char *wanted)
{
    size_t folded = NOT_FOUND;
    size_t count = 0;

    for (size_t i = 0; i < n; i++) {
        if (str_eq(get(list, i).id, wanted)) {
            return i;
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (str_eq(get(list, i).name, wanted)) {
            return i;
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (str_eq_ci(get(list, i).name, wanted)) {
            folded = i;
            count++;
        }
    }
    return count == 1 ? folded : NOT_FOUND;
}

const struct field *table_find_field(const struct table_schema *t, const char *id_or_name)
{
    size_t i = find_named(t->fields, t->n_fields, field_at, id_or_name);

    return i == NOT_FOUND ? NULL : &t->fields[i];
}

const struct table_schema *schema_find_table(const struct base_schema *b, const char *id_or_name)
{
    size_t i = find_named(b->tables, b->n_tables, table_at, id_or_name);

    return i == NOT_FOUND ? NULL : &b->tables[i];
}

const struct field_view *table_find_view(const struct table_schema *t, const char *id_or_name)
{
    size_t i = find_named(t->views, t->n_views, view_at, id_or_name);

    return i == NOT_FOUND ? NULL : &t->views[i];
}
