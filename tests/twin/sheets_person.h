/* sheets_person.h: what the edits of people share. Each gives NULL or a malloc'd sentence. */
#ifndef TWIN_SHEETS_PERSON_H
#define TWIN_SHEETS_PERSON_H

#include "sheets.h"

struct person {
    struct tx *tx;
    struct g_state *st;
    struct g_sheet *sh;
    const cJSON *edit;
    struct s_err err;
};

typedef char *person_fn(struct person *p);

/* What the edit names under a key: a cell in A1; "range" or the whole sheet, without its first row
 * when "header" is set; a row by its number from 1 to max; a column by the text in the first row,
 * its letters, or its number from 1. */
char *person_cell(const struct person *p, const char *key, int *r, int *c);
char *person_area(const struct person *p, struct a1_box *box);
char *person_row(const struct person *p, const char *key, int max, int *row);
char *person_column(const struct person *p, const char *key, int max, int *col);
/* Puts the edit itself into the write log. */
void person_note(struct person *p, const char *op);

person_fn person_op_add_column, person_op_append_row, person_op_clear, person_op_copy_row,
    person_op_cut_paste, person_op_delete_column, person_op_delete_rows, person_op_hide_rows,
    person_op_insert_rows, person_op_move_column, person_op_move_row, person_op_rename_header,
    person_op_set, person_op_set_format, person_op_set_row, person_op_sort;

#endif
