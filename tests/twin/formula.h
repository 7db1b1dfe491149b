/*
 * formula.h: the part of Airtable's formula language that clients send in filterByFormula and that
 * a scenario's formula fields use.
 */
#ifndef TWIN_FORMULA_H
#define TWIN_FORMULA_H

#include "airtable.h"

struct fexpr;

enum fkind { FV_BLANK, FV_NUM, FV_STR, FV_BOOL, FV_DATE, FV_ERR };
struct fval {
    enum fkind kind;
    double num;      /* FV_NUM; FV_BOOL: 0 or 1 */
    int64_t ms;      /* FV_DATE */
    bool day;        /* FV_DATE without a time */
    const char *str; /* FV_STR */
    char *owned;     /* what str points to when it is the value's own */
};

/* Parses; NULL and a malloc'd sentence in *wrong when it is not a formula over the table's fields.
 */
struct fexpr *formula_parse(const char *text, struct at_table *t, char **wrong);
void formula_free(struct fexpr *e);
struct fval formula_eval(struct airtable *a, const struct fexpr *e, struct at_rec *r, int depth);
bool fval_true(const struct fval *v);
void fval_free(struct fval *v);
/* V1 JSON of a result; NULL for blank. */
char *fval_json(const struct fval *v);
struct fval fval_of_cell(struct airtable *a, struct at_rec *r, const struct at_field *f, int depth);
/* When the formula is RECORD_ID()='rec' or an OR of those: the ids, borrowed; else NULL. */
const char **formula_ids(const struct fexpr *e, size_t *n);

#endif
