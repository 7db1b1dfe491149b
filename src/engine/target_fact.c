#include "engine/target_p.h"

#include "base/jsonw.h"
#include "net/json.h"

#include <string.h>

static const char *copy(struct arena *a, const struct json *n, const char *key)
{
    return arena_strdup(a, json_string(json_get(n, key), ""));
}

static void parse_fields(struct arena *a, const struct json *list, struct target_fact *out)
{
    out->fields = arena_alloc_n(a, json_count(list) + 1, sizeof *out->fields);
    for (const struct json *n = json_child(list); n != NULL; n = json_next(n)) {
        struct target_field *f = &out->fields[out->n_fields++];

        f->ref = copy(a, n, "ref");
        f->id = copy(a, n, "id");
        f->header = copy(a, n, "header");
        f->type = copy(a, n, "type");
    }
}

enum bs_rc target_parse(struct arena *a, const char *text, struct target_fact *out,
                        struct bs_err *e)
{
    struct json *doc = NULL;

    memset(out, 0, sizeof *out);
    if (json_parse(text, strlen(text), &doc, e) != BS_OK) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_STATE,
                       "what is stored about this sync's target cannot be read");
    }
    out->base_id = copy(a, doc, "base");
    out->table_id = copy(a, doc, "table");
    out->table_ref = copy(a, doc, "tableRef");
    out->spreadsheet = copy(a, doc, "spreadsheet");
    out->tab_ref = copy(a, doc, "tabRef");
    out->id_column = copy(a, doc, "idColumn");
    out->sheet_id = json_int(json_get(doc, "sheetId"), -1);
    out->width = (uint32_t)json_int(json_get(doc, "width"), 0);
    parse_fields(a, json_get(doc, "fields"), out);
    json_free(doc);
    return BS_OK;
}

void target_print(const struct run *r, struct buf *out)
{
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_object(&w);
    jsonw_member(&w, "base", r->schema->id);
    jsonw_member(&w, "table", r->table->id);
    jsonw_member(&w, "tableRef", r->cs->table);
    jsonw_member(&w, "spreadsheet", r->cs->spreadsheet);
    jsonw_member(&w, "tabRef", r->cs->tab);
    jsonw_member(&w, "idColumn", r->layout.id_is_new ? "" : r->cs->id_column);
    jsonw_member_int(&w, "sheetId", r->tab->id);
    jsonw_member_int(&w, "width", r->layout.read_width);
    jsonw_key(&w, "fields");
    jsonw_array(&w);
    for (size_t i = 0; i < r->n_fields; i++) {
        const struct sync_field *f = &r->fields[i];

        jsonw_object(&w);
        jsonw_member(&w, "ref", r->field_refs[i]);
        jsonw_member(&w, "id", f->field->id);
        jsonw_member(&w, "header", r->layout.is_new[i] ? "" : f->header);
        jsonw_member(&w, "type", f->field->type_name);
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
}
