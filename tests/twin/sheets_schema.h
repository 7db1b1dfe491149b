/*
 * sheets_schema.h: which fields the messages of the Sheets API have, and the check of a request
 * body against them. Errors are those of Google's JSON parser.
 */
#ifndef TWIN_SHEETS_SCHEMA_H
#define TWIN_SHEETS_SCHEMA_H

#include "util.h"

struct schema_row {
    const char *name;
    const char *text;
};
extern const struct schema_row schema_messages[];
extern const struct schema_row schema_enums[];

struct schema_message;
struct schema_field {
    char *name;
    char type; /* s b i d m * as in the table, '=' enum, 'M' message */
    bool repeated;
    const struct schema_message *message; /* of type M */
    const struct schema_row *values;      /* of type = */
};
struct schema_message {
    const char *name;
    struct schema_field *field;
    size_t n;
};

/* NULL when there is no such message or field. */
const struct schema_message *schema_message(const char *name);
const struct schema_field *schema_field(const struct schema_message *m, const char *name, size_t n);
bool schema_enum_has(const struct schema_row *e, const char *value);
const struct schema_row *schema_enum(const char *name);

/* What was found wrong: texts as in google.rpc.BadRequest. */
struct violations {
    struct {
        char *field; /* NULL: none given */
        char *text;
    } * v;
    size_t n;
};
void violation_add(struct violations *v, const char *field, char *text); /* takes text */
void violations_free(struct violations *v);

/* Checks body as a message; at is the path of the body itself ("" or "data"). Names in snake_case
 * are put in camelCase, nulls are taken out, single values of repeated fields become lists. */
void schema_check(cJSON *body, const char *message, const char *at, struct violations *v);

#endif
