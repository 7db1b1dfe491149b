/* gen.c: big tables of many field types, made from a short description and the seed. */
#include "airtable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FIELDS 200
#define MAX_RECORDS 1000000

struct spec {
    char *base;
    char *table;
    long records;
    long fields;
};

static char *read_spec(const char *text, struct spec *s)
{
    *s = (struct spec){.records = 1000, .fields = 20};
    while (*text) {
        size_t n = strcspn(text, ",");
        const char *eq = memchr(text, '=', n);
        if (!eq)
            return tw_fmt("generate: not name=value: %s", text);
        char *value = tw_ndup(eq + 1, n - (size_t)(eq - text) - 1);
        if (strncmp(text, "base=", 5) == 0)
            tw_set(&s->base, value);
        else if (strncmp(text, "table=", 6) == 0)
            tw_set(&s->table, value);
        else if (strncmp(text, "records=", 8) == 0)
            s->records = strtol(value, NULL, 10);
        else if (strncmp(text, "fields=", 7) == 0)
            s->fields = strtol(value, NULL, 10);
        free(value);
        text += n + (text[n] == ',');
    }
    if (s->records < 0 || s->records > MAX_RECORDS || s->fields < 1 || s->fields > MAX_FIELDS)
        return tw_dup("generate: records or fields out of range");
    return NULL;
}

/* The types of a generated table, again and again; the first field is always the name. */
static const struct {
    const char *type;
    const char *options;
} kinds[] = {
    {"singleLineText", NULL},
    {"number", "{\"precision\":2}"},
    {"singleSelect", "{\"choices\":[\"Open\",\"Won\",\"Lost\",\"On hold, later\"]}"},
    {"date", "{\"dateFormat\":{\"name\":\"iso\",\"format\":\"YYYY-MM-DD\"}}"},
    {"checkbox", "{\"icon\":\"check\",\"color\":\"greenBright\"}"},
    {"currency", "{\"precision\":2,\"symbol\":\"€\"}"},
    {"multilineText", NULL},
    {"email", NULL},
    {"percent", "{\"precision\":1}"},
    {"dateTime",
     "{\"timeZone\":\"utc\",\"dateFormat\":{\"name\":\"iso\",\"format\":\"YYYY-MM-DD\"},"
     "\"timeFormat\":{\"name\":\"24hour\",\"format\":\"HH:mm\"}}"},
};

#define N_KINDS (sizeof kinds / sizeof *kinds)

static void add_fields(struct at_table *t, long n)
{
    for (long i = 0; i < n; i++) {
        size_t k = (size_t)i % N_KINDS;
        cJSON *j = cJSON_CreateObject();
        char *name = i ? tw_fmt("%s %ld", kinds[k].type, i) : tw_dup("Name");
        cJSON_AddStringToObject(j, "name", name);
        cJSON_AddStringToObject(j, "type", kinds[k].type);
        if (kinds[k].options)
            cJSON_AddItemToObject(j, "options", cJSON_Parse(kinds[k].options));
        at_field_new(t, j);
        cJSON_Delete(j);
        free(name);
    }
}

static char *make_cell(struct twin *tw, const struct at_field *f, long row)
{
    static const char *const choices[] = {"\"Open\"", "\"Won\"", "\"Lost\"", "\"On hold, later\""};
    uint64_t r = twin_random(tw);
    char num[32];
    if (f->slot && r % 11 == 0)
        return NULL;
    switch ((size_t)f->slot % N_KINDS) {
    case 0:
        return f->slot ? tw_fmt("\"text %llu\"", (unsigned long long)(r % 100000))
                       : tw_fmt("\"Record %06ld\"", row);
    case 1:
    case 5: twin_number((double)(r % 10000000) / 100, num); return tw_dup(num);
    case 2: return tw_dup(choices[r % 4]);
    case 3:
        return tw_fmt("\"20%02d-%02d-%02d\"", (int)(10 + r % 20), (int)(1 + r / 32 % 12),
                      (int)(1 + r / 512 % 28));
    case 4: return tw_dup("true");
    case 6: return tw_fmt("\"Line one of %ld\\nline two, with ümlaut and 🙂\"", row);
    case 7: return tw_fmt("\"person%ld@example.com\"", row);
    case 8: twin_number((double)(r % 1000) / 1000, num); return tw_dup(num);
    default:
        return tw_fmt("\"20%02d-%02d-%02dT%02d:%02d:00.000Z\"", (int)(10 + r % 20),
                      (int)(1 + r / 32 % 12), (int)(1 + r / 512 % 28), (int)(r / 16384 % 24),
                      (int)(r / 524288 % 60));
    }
}

char *gen_table(struct twin *t, const char *text)
{
    struct spec s;
    char *wrong = read_spec(text, &s);
    struct airtable *a = t->airtable;
    struct at_base *b = s.base ? at_base_find(a, s.base) : a->n_bases ? a->base[0] : NULL;
    if (!wrong && !b)
        b = at_base_new(a, s.base, "Generated");
    if (!wrong) {
        const char *by = a->n_users ? a->user[0].id : NULL;
        struct at_table *tab = at_table_new(b, NULL, s.table ? s.table : "Big");
        int64_t start = twin_now_ms(t) - 86400000;
        add_fields(tab, s.fields);
        at_view_new(tab, NULL, "Grid view", "grid");
        for (long i = 0; i < s.records; i++) {
            struct at_rec *r = at_rec_new(tab, NULL, start + i, by);
            for (size_t k = 0; k < tab->n_fields; k++)
                at_store(r, tab->field[k], make_cell(t, tab->field[k], i));
        }
    }
    free(s.base);
    free(s.table);
    return wrong;
}
