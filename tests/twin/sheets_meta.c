/* Developer metadata: lookups, the two calls, the three batchUpdate kinds. See sheets.h, batch.h.
 */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

static const char *const places[] = {[G_AT_BOOK] = "SPREADSHEET",
                                     [G_AT_SHEET] = "SHEET",
                                     [G_AT_ROW] = "ROW",
                                     [G_AT_COLUMN] = "COLUMN"};

/* ---- showing ---- */

static void put_location(struct out *o, const struct g_meta *e, const struct mask *m)
{
    out_object(o, "location");
    if (mask_get(m, "locationType"))
        out_string(o, "locationType", places[e->at]);
    if (e->at == G_AT_BOOK && mask_get(m, "spreadsheet"))
        out_bool(o, "spreadsheet", true);
    if (e->at == G_AT_SHEET && mask_get(m, "sheetId"))
        out_number(o, "sheetId", e->sheet);
    if ((e->at == G_AT_ROW || e->at == G_AT_COLUMN) && mask_get(m, "dimensionRange")) {
        out_object(o, "dimensionRange");
        if (e->sheet)
            out_number(o, "sheetId", e->sheet);
        out_string(o, "dimension", e->at == G_AT_ROW ? "ROWS" : "COLUMNS");
        out_number(o, "startIndex", e->index);
        out_number(o, "endIndex", e->index + 1);
        out_end_object(o);
    }
    out_end_object(o);
}

void s_put_meta(struct out *o, const char *key, const struct g_meta *e, const struct mask *m)
{
    out_object(o, key);
    if (mask_get(m, "metadataId"))
        out_number(o, "metadataId", e->id);
    if (mask_get(m, "metadataKey"))
        out_string(o, "metadataKey", e->key);
    if (e->value && mask_get(m, "metadataValue"))
        out_string(o, "metadataValue", e->value);
    if (mask_get(m, "location"))
        put_location(o, e, mask_get(m, "location"));
    if (mask_get(m, "visibility"))
        out_string(o, "visibility", e->project ? "PROJECT" : "DOCUMENT");
    out_end_object(o);
}

/* ---- places ---- */

static bool read_place(const struct g_state *st, const cJSON *location, struct g_meta *m,
                       struct s_err *e)
{
    const cJSON *range = tj_get(location, "dimensionRange");
    m->sheet = m->index = 0;
    if (tj_bool(location, "spreadsheet", false)) {
        m->at = G_AT_BOOK;
        return true;
    }
    if (!range && !tj_get(location, "sheetId"))
        return s_fail(e, 400, "A location must be specified for developer metadata.");
    m->sheet = (int)tj_int(range ? range : location, "sheetId", 0);
    const struct g_sheet *sh = grid_by_id(st, m->sheet);
    if (!sh)
        return s_fail(e, 400, "No grid with id: %d", m->sheet);
    m->at = G_AT_SHEET;
    if (!range)
        return true;
    const char *dim = tj_str(range, "dimension");
    int from = (int)tj_int(range, "startIndex", 0);
    int to = (int)tj_int(range, "endIndex", -1);
    bool rows = dim && strcmp(dim, "ROWS") == 0;
    if (!dim || strcmp(dim, "DIMENSION_UNSPECIFIED") == 0)
        return s_fail(e, 400, "No dimension specified.");
    if (to - from != 1)
        return s_fail(e, 400,
                      "Developer metadata can only be associated with a single row or column.");
    if (from < 0 || to > (rows ? sh->rows : sh->cols))
        return s_fail(e, 400, "The location of the developer metadata is outside of the grid.");
    m->at = rows ? G_AT_ROW : G_AT_COLUMN;
    m->index = from;
    return true;
}

/* ---- lookups ---- */

static bool same_place(const struct g_meta *a, const struct g_meta *b)
{
    return a->at == b->at && (a->at == G_AT_BOOK || (a->sheet == b->sheet && a->index == b->index));
}

static bool lookup_place(const struct g_state *st, const struct g_meta *m, const cJSON *lookup,
                         struct s_err *e)
{
    const cJSON *location = tj_get(lookup, "metadataLocation");
    const char *type = tj_str(lookup, "locationType");
    const char *strategy = tj_str(lookup, "locationMatchingStrategy");
    bool crossing = strategy && strcmp(strategy, "INTERSECTING_LOCATION") == 0;
    if (strategy && !location)
        return s_fail(e, 400, "locationMatchingStrategy requires a metadataLocation.");
    if (crossing && type && strcmp(type, "SPREADSHEET") == 0)
        return s_fail(e, 400,
                      "The SPREADSHEET location type cannot be used with INTERSECTING_LOCATION.");
    if (type && strcmp(type, places[m->at]) != 0 && !strstr(type, "UNSPECIFIED"))
        return false;
    if (!location)
        return true;
    struct g_meta at = {0};
    if (!read_place(st, location, &at, e))
        return false;
    if (!crossing)
        return same_place(m, &at);
    if (at.at == G_AT_BOOK)
        return true;
    if (m->at == G_AT_BOOK || m->sheet != at.sheet)
        return false;
    return at.at == G_AT_SHEET || m->at == G_AT_SHEET || m->at != at.at || m->index == at.index;
}

static bool lookup(const struct g_state *st, const struct g_meta *m, const cJSON *l,
                   struct s_err *e)
{
    const char *key = tj_str(l, "metadataKey");
    const char *value = tj_str(l, "metadataValue");
    const char *visibility = tj_str(l, "visibility");
    bool place = lookup_place(st, m, l, e);
    if (!place || e->text)
        return false;
    if (tj_get(l, "metadataId") && tj_int(l, "metadataId", 0) != m->id)
        return false;
    if ((key && strcmp(key, m->key) != 0) || (value && (!m->value || strcmp(value, m->value) != 0)))
        return false;
    return !visibility || strcmp(visibility, m->project ? "PROJECT" : "DOCUMENT") == 0 ||
           strstr(visibility, "UNSPECIFIED");
}

/* An entry lies on a range of cells when its row, column or sheet lies in it as a whole. */
static bool on_range(const struct g_meta *m, const struct s_range *r)
{
    bool rows = r->box.r0 == 0 && r->box.r1 == r->sheet->rows;
    bool cols = r->box.c0 == 0 && r->box.c1 == r->sheet->cols;
    if (m->at == G_AT_BOOK || m->sheet != r->sheet->id)
        return false;
    if (m->at == G_AT_ROW)
        return cols && m->index >= r->box.r0 && m->index < r->box.r1;
    if (m->at == G_AT_COLUMN)
        return rows && m->index >= r->box.c0 && m->index < r->box.c1;
    return rows && cols;
}

bool s_meta_matches(const struct g_state *st, const struct g_meta *m, const cJSON *filter,
                    struct s_err *e)
{
    const cJSON *l = tj_get(filter, "developerMetadataLookup");
    struct s_range r;
    if (l)
        return lookup(st, m, l, e);
    if (tj_str(filter, "a1Range"))
        return s_range(st, tj_str(filter, "a1Range"), &r, e) && on_range(m, &r);
    if (tj_get(filter, "gridRange"))
        return s_grid_range(st, tj_get(filter, "gridRange"), &r, e) && on_range(m, &r);
    return s_fail(e, 400, "Must specify at least one data filter.");
}

/* ---- the two calls ---- */

bool sheets_meta_get(struct sreq *q)
{
    char *end;
    long id = strtol(q->arg[1], &end, 10);
    for (int i = 0; !*end && i < q->st->n_meta; i++) {
        if (q->st->meta[i].id != id)
            continue;
        struct out o = s_out(q);
        s_put_meta(&o, NULL, &q->st->meta[i], s_mask(q));
        s_answer(q, &o);
        return true;
    }
    return s_fail(&q->err, 404, "No developer metadata with ID %s", q->arg[1]);
}

static void put_matched(struct out *o, const struct g_meta *e, const cJSON *hits,
                        const struct mask *m)
{
    out_object(o, NULL);
    if (mask_get(m, "developerMetadata"))
        s_put_meta(o, "developerMetadata", e, mask_get(m, "developerMetadata"));
    out_json(o, "dataFilters", hits, mask_get(m, "dataFilters"));
    out_end_object(o);
}

bool sheets_meta_search(struct sreq *q)
{
    const cJSON *filters = tj_get(q->body, "dataFilters");
    const struct mask *m = mask_get(s_mask(q), "matchedDeveloperMetadata");
    struct out o = s_out(q);
    bool some = false;
    if (!filters || !filters->child)
        return s_fail(&q->err, 400, "Must specify at least one dataFilter.");
    out_object(&o, NULL);
    for (int i = 0; i < q->st->n_meta && !q->err.text; i++) {
        cJSON *hits = cJSON_CreateArray();
        for (const cJSON *f = filters->child; f && !q->err.text; f = f->next)
            if (s_meta_matches(q->st, &q->st->meta[i], f, &q->err))
                cJSON_AddItemToArray(hits, cJSON_Duplicate(f, true));
        if (hits->child && m) {
            if (!some)
                out_array(&o, "matchedDeveloperMetadata");
            some = true;
            put_matched(&o, &q->st->meta[i], hits, m);
        }
        cJSON_Delete(hits);
    }
    if (some)
        out_end_array(&o);
    out_end_object(&o);
    if (q->err.text)
        tb_free(&o.b);
    else
        s_answer(q, &o);
    return !q->err.text;
}

/* ---- batchUpdate ---- */

static int64_t chars_of(const struct g_meta *m)
{
    int64_t n = 0;
    const char *const texts[] = {m->key, m->value ? m->value : ""};
    for (size_t i = 0; i < 2; i++)
        for (const char *p = texts[i]; *p; p++)
            n += ((unsigned char)*p & 0xC0) != 0x80;
    return n;
}

/* The limit holds for the spreadsheet's own entries, and for each sheet with its rows and columns.
 */
static bool check_room(struct batch *b)
{
    const struct g_state *st = b->tx->st;
    for (int s = -1; s < st->n_sheet; s++) {
        int64_t n = 0;
        for (int i = 0; i < st->n_meta; i++) {
            const struct g_meta *m = &st->meta[i];
            bool here =
                s < 0 ? m->at == G_AT_BOOK : m->at != G_AT_BOOK && m->sheet == st->sheet[s]->id;
            n += here ? chars_of(m) : 0;
        }
        if (n > GRID_META_MAX)
            return s_fail(b->e, 400,
                          "The total amount of developer metadata exceeds the limit of %d "
                          "characters.",
                          GRID_META_MAX);
    }
    return true;
}

static bool id_taken(const struct g_state *st, int id)
{
    for (int i = 0; i < st->n_meta; i++)
        if (st->meta[i].id == id)
            return true;
    return false;
}

static void reply_meta(cJSON *holder, const struct g_meta *m)
{
    struct out o = {.pretty = false};
    s_put_meta(&o, NULL, m, &mask_all);
    tj_add_raw(holder, "developerMetadata", o.b.p);
    tb_free(&o.b);
}

bool batch_create_meta(struct batch *b, const cJSON *args)
{
    const cJSON *given = tj_get(args, "developerMetadata");
    const char *key = tj_str(given, "metadataKey");
    const char *visibility = tj_str(given, "visibility");
    struct g_state *st = b->tx->st;
    struct g_meta m = {.id = (int)tj_int(given, "metadataId", 0)};
    if (!key || !*key)
        return s_fail(b->e, 400, "Developer metadata must have a key.");
    if (!visibility || strstr(visibility, "UNSPECIFIED"))
        return s_fail(b->e, 400, "Developer metadata must have a visibility.");
    if (!tj_get(given, "location"))
        return s_fail(b->e, 400, "Developer metadata must have a location.");
    if (!read_place(st, tj_get(given, "location"), &m, b->e))
        return false;
    if (tj_get(given, "metadataId") && (m.id <= 0 || id_taken(st, m.id)))
        return s_fail(b->e, 400, "Developer metadata with ID %d already exists.", m.id);
    while (!m.id || id_taken(st, m.id))
        m.id = (int)(twin_random(b->tx->s->t) % 2000000000U) + (m.id ? 0 : 1);
    m.key = tw_dup(key);
    m.value = tw_dup(tj_str(given, "metadataValue"));
    m.project = strcmp(visibility, "PROJECT") == 0;
    st->meta = tw_realloc(st->meta, (size_t)(st->n_meta + 1) * sizeof *st->meta);
    st->meta[st->n_meta++] = m;
    b->reply = cJSON_CreateObject();
    reply_meta(b->reply, &m);
    cJSON *note = cJSON_CreateObject();
    cJSON_AddStringToObject(note, "key", key);
    tx_note(b->tx, "createDeveloperMetadata", note);
    return check_room(b);
}

static bool matches_any(struct batch *b, const struct g_meta *m, const cJSON *filters)
{
    for (const cJSON *f = filters; f && !b->e->text; f = f->next)
        if (s_meta_matches(b->tx->st, m, f, b->e))
            return true;
    return false;
}

static bool update_one(struct batch *b, struct g_meta *e, const cJSON *given, const struct mask *m)
{
    const char *key = tj_str(given, "metadataKey");
    const char *visibility = tj_str(given, "visibility");
    if (mask_get(m, "metadataKey")) {
        if (!key || !*key)
            return s_fail(b->e, 400, "Developer metadata must have a key.");
        tw_set(&e->key, key);
    }
    if (mask_get(m, "metadataValue"))
        tw_set(&e->value, tj_str(given, "metadataValue"));
    if (mask_get(m, "visibility"))
        e->project = visibility && strcmp(visibility, "PROJECT") == 0;
    if (mask_get(m, "location") && tj_get(given, "location"))
        return read_place(b->tx->st, tj_get(given, "location"), e, b->e);
    return true;
}

bool batch_update_meta(struct batch *b, const cJSON *args)
{
    const cJSON *filters = tj_get(args, "dataFilters");
    struct g_state *st = b->tx->st;
    struct mask *m = batch_mask(b, args, "DeveloperMetadata");
    if (!m)
        return false;
    bool ok = true;
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; ok && i < st->n_meta; i++) {
        if (matches_any(b, &st->meta[i], filters ? filters->child : NULL)) {
            ok = update_one(b, &st->meta[i], tj_get(args, "developerMetadata"), m);
            cJSON *o = cJSON_CreateObject();
            reply_meta(o, &st->meta[i]);
            cJSON_AddItemToArray(list, cJSON_DetachItemFromObject(o, "developerMetadata"));
            cJSON_Delete(o);
        }
        ok = ok && !b->e->text;
    }
    b->reply = cJSON_CreateObject();
    cJSON_AddItemToObject(b->reply, "developerMetadata", list);
    mask_free(m);
    return ok && check_room(b);
}

bool batch_delete_meta(struct batch *b, const cJSON *args)
{
    const cJSON *filter = tj_get(args, "dataFilter");
    struct g_state *st = b->tx->st;
    int kept = 0;
    if (!filter)
        return s_fail(b->e, 400, "A data filter must be specified.");
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < st->n_meta; i++) {
        struct g_meta *e = &st->meta[i];
        if (!b->e->text && s_meta_matches(st, e, filter, b->e)) {
            cJSON *o = cJSON_CreateObject();
            reply_meta(o, e);
            cJSON_AddItemToArray(list, cJSON_DetachItemFromObject(o, "developerMetadata"));
            cJSON_Delete(o);
            free(e->key);
            free(e->value);
            continue;
        }
        st->meta[kept++] = *e;
    }
    st->n_meta = kept;
    b->reply = cJSON_CreateObject();
    cJSON_AddItemToObject(b->reply, "deletedDeveloperMetadata", list);
    return !b->e->text;
}
