/*
 * describe.h: the tables and views of the file in words, for basesync-db(7). Names, types and order
 * are those that SQLite gives after all migrations; what they mean are the comments of the scripts
 * in schema/. So the manual page cannot say what the file does not have.
 */
#ifndef STORE_DESCRIBE_H
#define STORE_DESCRIBE_H

#include "base/err.h"

#include <stdbool.h>

struct store_visitor {
    /* A table or, after all tables, a view; note is "" where the scripts say nothing. */
    void (*table)(void *ctx, const char *name, bool is_view, const char *note);
    /* A column of the table or view named last; type is "" for columns of views. */
    void (*column)(void *ctx, const char *name, const char *type, bool required, const char *note);
    void *ctx;
};

/* Visits everything in the order it was made. Works on a database in memory; no file is touched. */
enum bs_rc store_describe(const struct store_visitor *v, struct bs_err *e) BS_MUST_CHECK;

#endif
