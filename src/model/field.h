/*
 * field.h: the schema of an Airtable table as basesync knows it, and the one table of field types.
 * Unknown types are carried as FIELD_UNKNOWN: they pass through as text, one way.
 * Types, options and value forms: Airtable Web API, "Field types and cell values".
 */
#ifndef MODEL_FIELD_H
#define MODEL_FIELD_H

#include "model/value.h"

#include <stdbool.h>
#include <stddef.h>

#define FIELDS_MAX 1000   /* fields of one table that are read */
#define CHOICES_MAX 20000 /* choices of one select */

enum field_type {
    FIELD_UNKNOWN,
    FIELD_SINGLE_LINE_TEXT,
    FIELD_MULTILINE_TEXT,
    FIELD_RICH_TEXT,
    FIELD_EMAIL,
    FIELD_URL,
    FIELD_PHONE,
    FIELD_NUMBER,
    FIELD_CURRENCY,
    FIELD_PERCENT,
    FIELD_DURATION,
    FIELD_RATING,
    FIELD_CHECKBOX,
    FIELD_SINGLE_SELECT,
    FIELD_MULTIPLE_SELECTS,
    FIELD_DATE,
    FIELD_DATE_TIME,
    FIELD_LINKS,
    FIELD_ATTACHMENTS,
    FIELD_COLLABORATOR,
    FIELD_COLLABORATORS,
    FIELD_BARCODE,
    FIELD_BUTTON,
    FIELD_FORMULA,
    FIELD_ROLLUP,
    FIELD_COUNT,
    FIELD_LOOKUP,
    FIELD_AUTO_NUMBER,
    FIELD_CREATED_TIME,
    FIELD_MODIFIED_TIME,
    FIELD_CREATED_BY,
    FIELD_MODIFIED_BY,
    FIELD_EXTERNAL_SOURCE,
    FIELD_AI_TEXT,
    FIELD_MANUAL_SORT,
    FIELD_TYPE_COUNT
};

/* How a cell value of the type looks in Airtable's JSON ("V1"). */
enum json_shape {
    SHAPE_ANY,         /* unknown: print compactly as text */
    SHAPE_STRING,      /* "text" */
    SHAPE_NUMBER,      /* 1.5 */
    SHAPE_BOOL,        /* true */
    SHAPE_DATE,        /* "2026-01-31" */
    SHAPE_DATE_TIME,   /* "2026-01-31T10:00:00.000Z" */
    SHAPE_NAMES,       /* ["a","b"] */
    SHAPE_REFS,        /* ["rec..."] */
    SHAPE_PERSON,      /* {"id","email","name"} */
    SHAPE_PEOPLE,      /* [{...}] */
    SHAPE_ATTACHMENTS, /* [{"id","filename",...}] */
    SHAPE_BARCODE,     /* {"text","type"} */
    SHAPE_BUTTON,      /* {"label","url"} */
    SHAPE_AI,          /* {"state","value"} */
    SHAPE_RESULT,      /* as the field's result type says (formula, rollup) */
    SHAPE_LOOKUP,      /* array of the result type */
};

struct field_choice {
    const char *id;
    const char *name;
};

struct field {
    const char *id;
    const char *name;
    enum field_type type;
    enum field_type result; /* of formula, rollup, lookup, created/modified time; else = type */
    const char *type_name;  /* as Airtable wrote it */
    bool valid;             /* options.isValid; true when absent */
    int precision;          /* number, currency, percent: digits; -1 unknown */
    const char *symbol;     /* currency; NULL otherwise */
    const char *duration_format; /* "h:mm", "h:mm:ss", "h:mm:ss.S" ...; NULL otherwise */
    int rating_max;              /* rating; 0 otherwise */
    const struct field_choice *choices;
    size_t n_choices;
    const char *linked_table; /* links: table id; NULL otherwise */
    bool single_link;         /* prefersSingleRecordLink */
    const char *date_format;  /* dateFormat.name: "local", "iso" ...; NULL when absent */
    const char *time_format;  /* timeFormat.name: "12hour", "24hour"; NULL when absent */
    const char *time_zone;    /* "utc", "client" or IANA; NULL when absent */
};

struct field_view {
    const char *id;
    const char *name;
    const char *type;
};

struct table_schema {
    const char *id;
    const char *name;
    const char *primary_field; /* field id */
    const struct field *fields;
    size_t n_fields;
    const struct field_view *views;
    size_t n_views;
};

struct base_schema {
    const char *id;
    const struct table_schema *tables;
    size_t n_tables;
};

struct field_type_info {
    const char *name; /* Airtable's name: "singleLineText" */
    enum json_shape shape;
    enum value_kind kind; /* of the values; for results see field_value_kind */
    bool writable;
    const char *label; /* "single line text", for people */
};

const struct field_type_info *field_type_info(enum field_type type);
enum field_type field_type_from_name(const char *name); /* FIELD_UNKNOWN when not known */

/* The type whose rules hold for the values: result for computed fields, type for the others. */
enum field_type field_value_type(const struct field *f);
enum value_kind field_value_kind(const struct field *f);
bool field_writable(const struct field *f);
/* Computed from other records (lookup, rollup, count): a write elsewhere may change it. */
bool field_crosses_records(const struct field *f);

/* By id or by exact name, then by name without regard to ASCII case if unique; NULL when none. */
const struct field *table_find_field(const struct table_schema *t, const char *id_or_name);
const struct table_schema *schema_find_table(const struct base_schema *b, const char *id_or_name);
const struct field_view *table_find_view(const struct table_schema *t, const char *id_or_name);

#endif
