/* batch.h: the requests inside spreadsheets.batchUpdate, one function a kind. */
#ifndef TWIN_BATCH_H
#define TWIN_BATCH_H

#include "sheets.h"

struct batch {
    struct tx *tx;
    struct s_err *e;
    cJSON *reply; /* what the kind answers, under its own name; NULL: {} */
};
/* args: the request's object, already checked against the schema. */
typedef bool batch_fn(struct batch *b, const cJSON *args);

/* The sheet of a sheetId (0 when absent); NULL and an error when there is none. */
struct g_sheet *batch_sheet(struct batch *b, const cJSON *holder, const char *key);
/* The mask of args->fields over a message; NULL and an error when empty or wrong. */
struct mask *batch_mask(struct batch *b, const cJSON *args, const char *message);
/* args->range as cells of the grid. */
bool batch_range(struct batch *b, const cJSON *args, const char *key, struct s_range *r);
/* A note for the write log about a sheet. */
cJSON *batch_note(const struct g_sheet *sh);
/* A copy of a GridRange without the sheetId 0 that answers leave out. */
cJSON *batch_range_json(const cJSON *range);
/* Writes one cell's fields named by the mask; cell NULL: they are cleared. */
bool batch_put_cell(struct batch *b, struct g_sheet *sh, int r, int c, const cJSON *cell,
                    const struct mask *m);

/* Gives a sheet another title; formulas follow. The title was checked. */
void s_rename_sheet(struct tx *tx, struct g_sheet *sh, const char *title);
bool s_delete_sheet(struct tx *tx, struct g_sheet *sh, struct s_err *e);
/* One key of a sort. */
struct sort_by {
    int column;
    bool descending;
};
/* Sorts the rows of a box as Sheets does; the cells go with all they have. */
void s_sort(struct tx *tx, struct g_sheet *sh, struct a1_box box, const struct sort_by *by,
            size_t n_by);

batch_fn batch_append_dimension, batch_insert_dimension, batch_delete_dimension,
    batch_move_dimension, batch_update_dimension, batch_auto_resize, batch_insert_range,
    batch_delete_range;
batch_fn batch_update_cells, batch_append_cells, batch_repeat_cell, batch_validation, batch_sort,
    batch_find_replace, batch_copy_paste, batch_cut_paste;
batch_fn batch_update_spreadsheet, batch_update_sheet, batch_add_sheet, batch_delete_sheet,
    batch_duplicate_sheet;
batch_fn batch_add_protected, batch_update_protected, batch_delete_protected, batch_add_named,
    batch_delete_named, batch_merge, batch_unmerge, batch_set_filter, batch_clear_filter,
    batch_add_rule, batch_update_rule, batch_delete_rule;
batch_fn batch_create_meta, batch_update_meta, batch_delete_meta;

#endif
