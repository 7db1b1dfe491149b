/* batchUpdate: things that lie on ranges: protections, names, merges, filters, colour rules. */
#include "batch.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int random_id(struct batch *b)
{
    return (int)(twin_random(b->tx->s->t) % 2000000000U) + 1;
}

/* The item of a list whose number under key is id, on any sheet. */
static cJSON *find_part(struct batch *b, const char *part, const char *key, int id, cJSON **list)
{
    for (int i = 0; i < b->tx->st->n_sheet; i++) {
        *list = tj_get(b->tx->st->sheet[i]->parts, part);
        for (cJSON *p = *list ? (*list)->child : NULL; p; p = p->next)
            if (tj_int(p, key, -1) == id)
                return p;
    }
    return NULL;
}

/* ---- protected ranges ---- */

bool batch_add_protected(struct batch *b, const cJSON *args)
{
    const cJSON *given = tj_get(args, "protectedRange");
    struct s_range r;
    cJSON *list;
    if (!batch_range(b, given, "range", &r))
        return false;
    int id = (int)tj_int(given, "protectedRangeId", 0);
    if (id && find_part(b, "protectedRanges", "protectedRangeId", id, &list))
        return s_fail(b->e, 400, "A protected range with id %d already exists.", id);
    bool warning = tj_bool(given, "warningOnly", false);
    cJSON *p = cJSON_CreateObject();
    cJSON_AddNumberToObject(p, "protectedRangeId", id ? id : random_id(b));
    cJSON_AddItemToObject(p, "range", batch_range_json(tj_get(given, "range")));
    if (tj_str(given, "description") && *tj_str(given, "description"))
        cJSON_AddStringToObject(p, "description", tj_str(given, "description"));
    if (warning)
        cJSON_AddTrueToObject(p, "warningOnly");
    cJSON_AddTrueToObject(p, "requestingUserCanEdit");
    if (tj_get(given, "unprotectedRanges"))
        cJSON_AddItemToObject(p, "unprotectedRanges",
                              cJSON_Duplicate(tj_get(given, "unprotectedRanges"), true));
    if (!warning) {
        cJSON *editors = tj_get(given, "editors") ? cJSON_Duplicate(tj_get(given, "editors"), true)
                                                  : cJSON_CreateObject();
        for (cJSON *e = editors->child; e;) {
            cJSON *next = e->next;
            if (cJSON_IsFalse(e) || (cJSON_IsArray(e) && !e->child))
                cJSON_Delete(cJSON_DetachItemViaPointer(editors, e));
            e = next;
        }
        cJSON_AddItemToObject(p, "editors", editors);
    }
    b->reply = cJSON_CreateObject();
    cJSON_AddItemToObject(b->reply, "protectedRange", cJSON_Duplicate(p, true));
    if (b->tx->email)
        cJSON_AddStringToObject(p, "creator", b->tx->email);
    cJSON_AddItemToArray(grid_part(r.sheet, "protectedRanges"), p);
    tx_note(b->tx, "addProtectedRange", batch_note(r.sheet));
    return true;
}

static cJSON *protection(struct batch *b, const cJSON *holder, cJSON **list)
{
    int id = (int)tj_int(holder, "protectedRangeId", 0);
    cJSON *p = find_part(b, "protectedRanges", "protectedRangeId", id, list);
    if (!p)
        s_fail(b->e, 400, "No protected range with id: %d", id);
    return p;
}

bool batch_update_protected(struct batch *b, const cJSON *args)
{
    const cJSON *given = tj_get(args, "protectedRange");
    cJSON *list;
    struct mask *m = batch_mask(b, args, "ProtectedRange");
    cJSON *p = m ? protection(b, given, &list) : NULL;
    static const char *const fields[] = {"range", "description", "warningOnly", "editors",
                                         "unprotectedRanges"};
    for (size_t i = 0; p && i < sizeof fields / sizeof *fields; i++) {
        const cJSON *v = tj_get(given, fields[i]);
        if (!mask_get(m, fields[i]))
            continue;
        cJSON_DeleteItemFromObject(p, fields[i]);
        if (v)
            cJSON_AddItemToObject(p, fields[i],
                                  i == 0 ? batch_range_json(v) : cJSON_Duplicate(v, true));
    }
    mask_free(m);
    return p != NULL;
}

bool batch_delete_protected(struct batch *b, const cJSON *args)
{
    cJSON *list;
    cJSON *p = protection(b, args, &list);
    if (p)
        cJSON_Delete(cJSON_DetachItemViaPointer(list, p));
    return p != NULL;
}

/* ---- named ranges ---- */

static bool good_name(const char *name)
{
    struct a1_box box;
    if (!name || (!isalpha((unsigned char)*name) && *name != '_') || a1_read_box(name, &box))
        return false;
    for (const char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p) && *p != '_' && *p != '.')
            return false;
    return strlen(name) <= 250;
}

bool batch_add_named(struct batch *b, const cJSON *args)
{
    const cJSON *given = tj_get(args, "namedRange");
    const char *name = tj_str(given, "name");
    struct s_range r;
    if (!batch_range(b, given, "range", &r))
        return false;
    if (!good_name(name))
        return s_fail(b->e, 400, "The name you are trying to use contains invalid characters.");
    for (const cJSON *n = b->tx->st->named->child; n; n = n->next)
        if (strcasecmp(tj_str(n, "name"), name) == 0)
            return s_fail(b->e, 400, "A named range with the name \"%s\" already exists.", name);
    char *made = tw_fmt("%d", random_id(b));
    const char *id = tj_str(given, "namedRangeId") ? tj_str(given, "namedRangeId") : made;
    cJSON *n = cJSON_CreateObject();
    cJSON_AddStringToObject(n, "namedRangeId", id);
    cJSON_AddStringToObject(n, "name", name);
    cJSON_AddItemToObject(n, "range", batch_range_json(tj_get(given, "range")));
    free(made);
    b->reply = cJSON_CreateObject();
    cJSON_AddItemToObject(b->reply, "namedRange", cJSON_Duplicate(n, true));
    cJSON_AddItemToArray(b->tx->st->named, n);
    return true;
}

bool batch_delete_named(struct batch *b, const cJSON *args)
{
    const char *id = tj_str(args, "namedRangeId");
    for (cJSON *n = b->tx->st->named->child; n && id; n = n->next) {
        if (strcmp(tj_str(n, "namedRangeId"), id) != 0)
            continue;
        cJSON_Delete(cJSON_DetachItemViaPointer(b->tx->st->named, n));
        return true;
    }
    return s_fail(b->e, 400, "No named range with id: %s", id ? id : "");
}

/* ---- merges ---- */

static struct a1_box box_of(const cJSON *range)
{
    return (struct a1_box){
        (int)tj_int(range, "startRowIndex", 0), (int)tj_int(range, "startColumnIndex", 0),
        (int)tj_int(range, "endRowIndex", -1), (int)tj_int(range, "endColumnIndex", -1)};
}

/* Only the first cell of a merge keeps its value. */
static void merge_box(struct batch *b, struct g_sheet *sh, struct a1_box box)
{
    cJSON *m = cJSON_CreateObject();
    if (sh->id)
        cJSON_AddNumberToObject(m, "sheetId", sh->id);
    cJSON_AddNumberToObject(m, "startRowIndex", box.r0);
    cJSON_AddNumberToObject(m, "endRowIndex", box.r1);
    cJSON_AddNumberToObject(m, "startColumnIndex", box.c0);
    cJSON_AddNumberToObject(m, "endColumnIndex", box.c1);
    cJSON_AddItemToArray(grid_part(sh, "merges"), m);
    for (int r = box.r0; r < box.r1; r++)
        for (int c = box.c0; c < box.c1; c++)
            if ((r != box.r0 || c != box.c0) && grid_cell(sh, r, c) &&
                grid_cell(sh, r, c)->kind != G_EMPTY)
                tx_set(b->tx, sh, r, c, G_EMPTY, 0, NULL);
}

bool batch_merge(struct batch *b, const cJSON *args)
{
    struct s_range r;
    const char *type = tj_str(args, "mergeType");
    if (!batch_range(b, args, "range", &r) || !tx_check_protected(b->tx, r.sheet, &r.box, b->e))
        return false;
    const cJSON *merges = tj_get(r.sheet->parts, "merges");
    for (const cJSON *m = merges ? merges->child : NULL; m; m = m->next) {
        struct a1_box box = box_of(m);
        if (a1_intersects(&box, &r.box))
            return s_fail(b->e, 400,
                          "You must select all cells in a merged range to merge or unmerge them.");
    }
    bool columns = type && strcmp(type, "MERGE_COLUMNS") == 0;
    bool rows = type && strcmp(type, "MERGE_ROWS") == 0;
    if (!columns && !rows)
        merge_box(b, r.sheet, r.box);
    for (int c = r.box.c0; columns && c < r.box.c1; c++)
        merge_box(b, r.sheet, (struct a1_box){r.box.r0, c, r.box.r1, c + 1});
    for (int i = r.box.r0; rows && i < r.box.r1; i++)
        merge_box(b, r.sheet, (struct a1_box){i, r.box.c0, i + 1, r.box.c1});
    return true;
}

bool batch_unmerge(struct batch *b, const cJSON *args)
{
    struct s_range r;
    if (!batch_range(b, args, "range", &r))
        return false;
    cJSON *merges = grid_part(r.sheet, "merges");
    for (int i = cJSON_GetArraySize(merges) - 1; i >= 0; i--) {
        struct a1_box box = box_of(cJSON_GetArrayItem(merges, i));
        if (a1_intersects(&box, &r.box))
            cJSON_DeleteItemFromArray(merges, i);
    }
    return true;
}

/* ---- the basic filter ---- */

static void show_all(struct g_sheet *sh)
{
    for (int r = 0; r < sh->n_row; r++)
        if (sh->row[r] && sh->row[r]->filtered)
            grid_own_row(sh, r)->filtered = false;
}

bool batch_set_filter(struct batch *b, const cJSON *args)
{
    const cJSON *filter = tj_get(args, "filter");
    struct s_range r;
    if (!batch_range(b, filter, "range", &r))
        return false;
    cJSON *copy = cJSON_Duplicate(filter, true);
    cJSON_DeleteItemFromObject(copy, "range");
    cJSON_AddItemToObject(copy, "range", batch_range_json(tj_get(filter, "range")));
    cJSON_DeleteItemFromObject(r.sheet->parts, "basicFilter");
    cJSON_AddItemToObject(r.sheet->parts, "basicFilter", copy);
    return true;
}

bool batch_clear_filter(struct batch *b, const cJSON *args)
{
    struct g_sheet *sh = batch_sheet(b, args, "sheetId");
    if (!sh)
        return false;
    cJSON_DeleteItemFromObject(sh->parts, "basicFilter");
    show_all(sh);
    return true;
}

/* ---- conditional formats ---- */

static bool read_rule(struct batch *b, const cJSON *rule, struct g_sheet **sh, cJSON **out)
{
    const cJSON *ranges = tj_get(rule, "ranges");
    struct s_range r;
    if (!ranges || !ranges->child)
        return s_fail(b->e, 400, "No ranges specified in the rule.");
    if (!s_grid_range(b->tx->st, ranges->child, &r, b->e))
        return false;
    *sh = r.sheet;
    *out = cJSON_Duplicate(rule, true);
    for (cJSON *p = tj_get(*out, "ranges")->child; p; p = p->next)
        if (tj_int(p, "sheetId", -1) == 0)
            cJSON_DeleteItemFromObject(p, "sheetId");
    return true;
}

bool batch_add_rule(struct batch *b, const cJSON *args)
{
    struct g_sheet *sh;
    cJSON *rule;
    if (!read_rule(b, tj_get(args, "rule"), &sh, &rule))
        return false;
    cJSON *list = grid_part(sh, "conditionalFormats");
    int n = cJSON_GetArraySize(list);
    int at = (int)tj_int(args, "index", 0);
    if (at < 0 || at > n) {
        cJSON_Delete(rule);
        return s_fail(b->e, 400, "Invalid index: %d", at);
    }
    if (at == n)
        cJSON_AddItemToArray(list, rule);
    else
        cJSON_InsertItemInArray(list, at, rule);
    return true;
}

static cJSON *rule_at(struct batch *b, const cJSON *args, struct g_sheet **sh)
{
    int at = (int)tj_int(args, "index", 0);
    *sh = batch_sheet(b, args, "sheetId");
    if (!*sh)
        return NULL;
    cJSON *rule = at < 0 ? NULL : cJSON_GetArrayItem(grid_part(*sh, "conditionalFormats"), at);
    if (!rule)
        s_fail(b->e, 400, "No conditional format on sheet: %d at index: %d", (*sh)->id, at);
    return rule;
}

bool batch_update_rule(struct batch *b, const cJSON *args)
{
    struct g_sheet *sh;
    struct g_sheet *on;
    cJSON *fresh;
    cJSON *old = rule_at(b, args, &sh);
    if (!old)
        return false;
    if (!tj_get(args, "rule"))
        return s_fail(b->e, 400, "This operation is not supported.");
    if (!read_rule(b, tj_get(args, "rule"), &on, &fresh))
        return false;
    b->reply = cJSON_CreateObject();
    cJSON_AddItemToObject(b->reply, "oldRule", cJSON_Duplicate(old, true));
    cJSON_AddItemToObject(b->reply, "newRule", cJSON_Duplicate(fresh, true));
    cJSON_ReplaceItemViaPointer(grid_part(sh, "conditionalFormats"), old, fresh);
    return true;
}

bool batch_delete_rule(struct batch *b, const cJSON *args)
{
    struct g_sheet *sh;
    cJSON *rule = rule_at(b, args, &sh);
    if (!rule)
        return false;
    b->reply = cJSON_CreateObject();
    cJSON_AddItemToObject(b->reply, "rule",
                          cJSON_DetachItemViaPointer(grid_part(sh, "conditionalFormats"), rule));
    return true;
}
