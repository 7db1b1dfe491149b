/*
 * fuzz_records.c: what Airtable may answer, as schema and as values of every field type. A value
 * that was taken encodes and decodes to the same and has a cell; where the field can be written it
 * has the field's kind and comes back equal from the JSON of a write.
 */
#include "base/mem.h"
#include "model/convert.h"
#include "net/json.h"
#include "remote/airtable_p.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth) {
        abort();
    }
}

/* One field of each type; "f07" is the id of type 7, and its result is of another type. */
static const struct table_schema *all_types(struct arena *a)
{
    static const struct field_choice choices[] = {{"sel1", "A"}, {"sel2", "B"}};
    struct field *f = arena_alloc_n(a, FIELD_TYPE_COUNT, sizeof *f);
    struct table_schema *t = arena_alloc(a, sizeof *t);
    char id[8];

    for (int i = 0; i < FIELD_TYPE_COUNT; i++) {
        snprintf(id, sizeof id, "f%02d", i);
        f[i] = (struct field){.id = arena_strdup(a, id),
                              .name = "name",
                              .type = (enum field_type)i,
                              .result = (enum field_type)i,
                              .type_name = "type",
                              .valid = true,
                              .precision = 2,
                              .rating_max = 5,
                              .choices = choices,
                              .n_choices = 2,
                              .linked_table = "tbl1",
                              .duration_format = "h:mm:ss.S"};
    }
    f[FIELD_FORMULA].result = FIELD_NUMBER;
    f[FIELD_ROLLUP].result = FIELD_DATE_TIME;
    f[FIELD_LOOKUP].result = FIELD_SINGLE_LINE_TEXT;
    f[FIELD_CREATED_TIME].result = f[FIELD_MODIFIED_TIME].result = FIELD_DATE_TIME;
    *t = (struct table_schema){.id = "tbl1",
                               .name = "T",
                               .primary_field = "f01",
                               .fields = f,
                               .n_fields = FIELD_TYPE_COUNT};
    return t;
}

static void keep(struct arena *a, const struct value *v)
{
    struct buf b;
    const struct value *again;

    buf_init(&b, BUF_NO_LIMIT);
    value_encode(v, &b);
    demand(value_decode(a, b.data, &again, NULL) == BS_OK);
    buf_clear(&b);
    value_print(v, &b);
    buf_release(&b);
}

/* What a computed field holds need not be what its type says: it has a cell all the same. */
static void show(struct arena *a, const struct field *f, const struct value *v)
{
    const struct convert_ctx ctx = {.zone = NULL, .key = {1, 2}};
    const struct cell *cell;
    struct bs_err e = BS_ERR_INIT;

    demand(convert_to_cell(&ctx, f, v, a, &cell, &e) == BS_OK || e.msg[0] != '\0');
    demand(convert_hash(&ctx, f, v) != 0);
}

static void write_back(struct arena *a, const struct table_schema *t, size_t i,
                       const struct value *v)
{
    const struct convert_ctx ctx = {.key = {1, 2}};
    const struct field *f = &t->fields[i];
    const struct airtable_cell cell = {f, v};
    const struct value *const *again;
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    airtable_write_fields(&b, &cell, 1);
    demand(airtable_read_fields(a, t, b.data, &again, NULL) == BS_OK);
    demand(again[i]->kind != VALUE_ERROR);
    /* people and barcodes are written by one of their parts */
    if (f->type != FIELD_COLLABORATOR && f->type != FIELD_COLLABORATORS &&
        f->type != FIELD_BARCODE) {
        demand(convert_hash(&ctx, f, v) == convert_hash(&ctx, f, again[i]));
    }
    buf_release(&b);
}

static void read_values(struct arena *a, const char *text)
{
    const struct table_schema *t = all_types(a);
    const struct value *const *values;
    struct bs_err e = BS_ERR_INIT;

    if (airtable_read_fields(a, t, text, &values, &e) != BS_OK) {
        demand(e.msg[0] != '\0');
        return;
    }
    for (size_t i = 0; i < t->n_fields; i++) {
        const struct value *v = values[i];

        demand(v != NULL);
        keep(a, v);
        if (v->kind == VALUE_ERROR || v->kind == VALUE_EMPTY) {
            continue;
        }
        show(a, &t->fields[i], v);
        if (field_writable(&t->fields[i])) {
            demand(v->kind == field_value_kind(&t->fields[i]));
            write_back(a, t, i, v);
        }
    }
}

static void read_answers(struct arena *a, const char *text, size_t size)
{
    const struct table_schema *t = all_types(a);
    const struct field **fields = arena_alloc_n(a, t->n_fields, sizeof *fields);
    struct airtable_query q = {t->id, fields, t->n_fields, NULL};
    const struct base_schema *schema = NULL;
    struct bs_err e = BS_ERR_INIT;
    struct json *doc;

    if (json_parse(text, size, &doc, &e) != BS_OK) {
        return;
    }
    for (size_t i = 0; i < t->n_fields; i++) {
        fields[i] = &t->fields[i];
    }
    const struct airtable_record *rec = airtable_decode_record(a, doc, &q);

    demand(rec == NULL || airtable_is_record_id(rec->id));
    if (airtable_parse_schema(a, "app1", doc, &schema, &e) == BS_OK) {
        for (size_t i = 0; i < schema->n_tables; i++) {
            demand(schema->tables[i].id != NULL && schema->tables[i].name != NULL);
            for (size_t k = 0; k < schema->tables[i].n_fields; k++) {
                const struct field *f = &schema->tables[i].fields[k];

                demand(f->id != NULL && f->name != NULL && f->type_name != NULL);
                (void)field_value_kind(f);
            }
        }
    } else {
        demand(e.msg[0] != '\0');
    }
    json_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    const char *text = arena_strndup(a, (const char *)data, size);

    read_values(a, text);
    read_answers(a, (const char *)data, size);
    arena_free(a);
    return 0;
}
