/* sheets_write.h: writing blocks of values, shared by update, batchUpdate and append. */
#ifndef TWIN_SHEETS_WRITE_H
#define TWIN_SHEETS_WRITE_H

#include "sheets.h"

struct s_input {
    bool parse;   /* USER_ENTERED */
    bool columns; /* majorDimension */
    bool grow;    /* append: the grid was made large enough before */
};

/* What a write has touched, for its answer. */
struct s_written {
    struct s_range range;
    int rows;
    int cols;
    int64_t cells;
    bool show; /* updatedData too */
    struct s_render how;
};

/* How many rows and columns the lists fill. */
void s_measure(const cJSON *values, bool columns, int *rows, int *cols);
/* Writes lists of values at the start of a range; nothing is written when they do not fit. */
bool s_write_block(struct tx *tx, const struct s_range *r, const cJSON *values,
                   const struct s_input *in, struct s_written *w, struct s_err *e);
bool s_read_input(struct sreq *q, const char *option, const char *dimension, struct s_input *in);
/* An UpdateValuesResponse. */
void s_put_written(struct out *o, const char *key, struct sreq *q, const struct s_written *w,
                   const struct mask *m);
/* A range in the body must be the one of the URL. */
bool s_same_range(struct sreq *q, const struct s_range *r);

#endif
