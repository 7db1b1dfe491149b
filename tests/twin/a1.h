/*
 * a1.h: A1 and R1C1 notation as Google Sheets reads and prints it. Indexes are zero-based and
 * half-open; an end of -1 is open. Rules: Sheets API guide "Cell" concepts, and recorded answers.
 */
#ifndef TWIN_A1_H
#define TWIN_A1_H

#include "util.h"

#define A1_COLUMNS_MAX 18278 /* ZZZ */
#define A1_ROWS_MAX 10000000

/* A rectangle of cells; r1 and c1 are exclusive, -1 when open. */
struct a1_box {
    int r0;
    int c0;
    int r1;
    int c1;
};

/* One reference as written: the sheet's title apart, NULL when there was none. */
struct a1_ref {
    char *title; /* malloc'd */
    bool quoted; /* the title stood in quotes */
    bool cells;  /* there was a cell part */
    struct a1_box box;
};

/* Column letters of a zero-based column. */
void a1_column(int column, char out[8]);
/* Reads letters; the number read, 0 when none or too many; *column is zero-based. */
size_t a1_read_column(const char *s, int *column);
/* Reads "A1", "$B$2:C", "1:3", "A:A", "R1C1:R2C3" as a whole; corners are put in order. */
bool a1_read_box(const char *s, struct a1_box *box);
/* Reads a range with or without a title. False when it is no reference at all. A text that is not
 * a cell reference is taken as a title (cells false). Free with a1_ref_free. */
bool a1_read(const char *s, struct a1_ref *ref);
void a1_ref_free(struct a1_ref *ref);
/* The title as answers show it: quoted unless a plain identifier that looks like no reference. */
void a1_put_title(struct tbuf *b, const char *title);
/* "Sheet1!A1:B2"; a box of one cell is shown as one. The box must be closed. */
char *a1_text(const char *title, const struct a1_box *box);
bool a1_intersects(const struct a1_box *a, const struct a1_box *b);

#endif
