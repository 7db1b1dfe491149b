/* Ranges of the API: A1 texts, GridRanges, data filters, echo rules. See sheets.h. */
#include "sheets.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool no_such_range(const char *text, struct s_err *e)
{
    return s_fail(e, 400, "Unable to parse range: %s", text);
}

/* A named range is found by its bare name before a sheet of that title is. */
static const cJSON *find_named(const struct g_state *st, const char *name)
{
    for (const cJSON *n = st->named->child; n; n = n->next)
        if (tj_str(n, "name") && strcasecmp(tj_str(n, "name"), name) == 0)
            return tj_get(n, "range");
    return NULL;
}

bool s_fail_limits(const struct g_sheet *sh, const struct a1_box *box, struct s_err *e)
{
    char *name = a1_text(sh->title, box);
    s_fail(e, 400, "Range (%s) exceeds grid limits. Max rows: %d, max columns: %d", name, sh->rows,
           sh->cols);
    free(name);
    return false;
}

/* Closes the box with the grid; the start must lie inside. */
static bool close_box(struct s_range *r, const struct a1_box *box, struct s_err *e)
{
    const struct g_sheet *sh = r->sheet;
    r->open = box->r1 < 0 || box->c1 < 0;
    r->one = !r->open && box->r1 - box->r0 == 1 && box->c1 - box->c0 == 1;
    r->beyond = box->r1 > sh->rows || box->c1 > sh->cols;
    r->box = grid_clamp(sh, *box);
    r->asked = *box;
    if (box->r1 < 0)
        r->asked.r1 = box->r0 < sh->rows ? sh->rows : box->r0 + 1;
    if (box->c1 < 0)
        r->asked.c1 = box->c0 < sh->cols ? sh->cols : box->c0 + 1;
    if (box->r0 < sh->rows && box->c0 < sh->cols)
        return true;
    return s_fail_limits(sh, &r->asked, e);
}

bool s_range(const struct g_state *st, const char *text, struct s_range *r, struct s_err *e)
{
    struct a1_ref ref;
    *r = (struct s_range){0};
    if (!a1_read(text, &ref))
        return no_such_range(text, e);
    if (!ref.title) {
        r->sheet = st->sheet[0];
    } else {
        const cJSON *named = ref.quoted || ref.cells ? NULL : find_named(st, ref.title);
        if (named) {
            a1_ref_free(&ref);
            return s_grid_range(st, named, r, e);
        }
        r->sheet = grid_by_title(st, ref.title);
    }
    a1_ref_free(&ref);
    if (!r->sheet)
        return no_such_range(text, e);
    return close_box(r, &ref.box, e);
}

bool s_grid_range(const struct g_state *st, const cJSON *json, struct s_range *r, struct s_err *e)
{
    int id = (int)tj_int(json, "sheetId", 0);
    struct a1_box box = {
        (int)tj_int(json, "startRowIndex", 0), (int)tj_int(json, "startColumnIndex", 0),
        (int)tj_int(json, "endRowIndex", -1), (int)tj_int(json, "endColumnIndex", -1)};
    *r = (struct s_range){.sheet = grid_by_id(st, id)};
    if (!r->sheet)
        return s_fail(e, 400, "No grid with id: %d", id);
    if (box.r0 < 0 || box.c0 < 0)
        return s_fail(e, 400, "Range start index cannot be negative.");
    if ((box.r1 >= 0 && box.r1 < box.r0) || (box.c1 >= 0 && box.c1 < box.c0))
        return s_fail(e, 400,
                      "startRowIndex[%d] cannot be greater than endRowIndex[%d], and "
                      "startColumnIndex[%d] cannot be greater than endColumnIndex[%d].",
                      box.r0, box.r1, box.c0, box.c1);
    return close_box(r, &box, e);
}

static void add_range(struct s_range **list, size_t *n, const struct s_range *r)
{
    *list = tw_realloc(*list, (*n + 1) * sizeof **list);
    (*list)[(*n)++] = *r;
}

/* The cells an entry of metadata stands for. */
static bool meta_range(const struct g_state *st, const struct g_meta *m, struct s_range *r)
{
    if (m->at == G_AT_BOOK)
        return false;
    struct a1_box box = {0, 0, -1, -1};
    if (m->at == G_AT_ROW) {
        box.r0 = m->index;
        box.r1 = m->index + 1;
    } else if (m->at == G_AT_COLUMN) {
        box.c0 = m->index;
        box.c1 = m->index + 1;
    }
    struct s_err unused = {0};
    *r = (struct s_range){.sheet = grid_by_id(st, m->sheet)};
    bool ok = r->sheet && close_box(r, &box, &unused);
    s_err_free(&unused);
    return ok;
}

bool s_filter_ranges(const struct g_state *st, const cJSON *filter, struct s_range **list,
                     size_t *n, struct s_err *e)
{
    struct s_range r;
    if (tj_str(filter, "a1Range")) {
        if (!s_range(st, tj_str(filter, "a1Range"), &r, e))
            return false;
        add_range(list, n, &r);
    } else if (tj_get(filter, "gridRange")) {
        if (!s_grid_range(st, tj_get(filter, "gridRange"), &r, e))
            return false;
        add_range(list, n, &r);
    } else if (tj_get(filter, "developerMetadataLookup")) {
        for (int i = 0; i < st->n_meta; i++) {
            struct s_err wrong = {0};
            bool hit = s_meta_matches(st, &st->meta[i], filter, &wrong);
            if (wrong.text) {
                *e = wrong;
                return false;
            }
            if (hit && meta_range(st, &st->meta[i], &r))
                add_range(list, n, &r);
        }
    } else {
        return s_fail(e, 400, "Must specify at least one data filter.");
    }
    return true;
}
