/*
 * out.h: what commands print: listings for people as tables, for programs as JSON; errors as one
 * sentence on standard error. Known secrets never pass.
 */
#ifndef APP_OUT_H
#define APP_OUT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "base/table.h"

#include <stdint.h>

#define OUT_CELL_MAX 60 /* columns of one cell of a listing */

/* "basesync: what: why; what to do" on standard error; gives the exit code. */
int out_error(const struct bs_err *e);
/* The same for a command's own words; gives exit code 2. */
int out_usage(const char *fmt, ...) BS_PRINTF(1, 2);
/* One line on standard error that is no error. */
void out_note(const char *fmt, ...) BS_PRINTF(1, 2);
/* One line on standard output. */
void out_line(const char *fmt, ...) BS_PRINTF(1, 2);
/* Lets what was printed be seen now: a person is to act on it. */
void out_flush(void);
/* The buffer on standard output; releases it. */
void out_buf(struct buf *b);
/* The table on standard output, or `none` when it has no rows; frees it. */
void out_table(struct table *t, size_t rows, const char *none);
/* A JSON document: begin, write through w, end. */
struct out_json {
    struct buf text;
    struct jsonw w;
};
void out_json_begin(struct out_json *j);
void out_json_end(struct out_json *j);
/* A time of SQLite ("2026-01-22 10:00:00.000", UTC) as people here read it, to the second;
 * "-" for NULL. */
const char *out_time(const char *sql_text, char out[32]);
/* "12 s ago", "3 h ago", "in 4 min". */
void out_age(int64_t ms, char out[32]);
/* True when standard output is a terminal. */
bool out_is_terminal(void);

#endif
