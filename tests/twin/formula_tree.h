/* formula_tree.h: the tree between formula.c (parser) and formula_eval.c (functions). */
#ifndef TWIN_FORMULA_TREE_H
#define TWIN_FORMULA_TREE_H

#include "formula.h"

#define FORMULA_UNARY 5 /* binding level of a sign */

enum fnode {
    FN_STR,
    FN_NUM,
    FN_FIELD,
    FN_CALL,
    FN_NEG,
    FN_EQ,
    FN_NE,
    FN_LT,
    FN_LE,
    FN_GT,
    FN_GE,
    FN_CAT,
    FN_ADD,
    FN_SUB,
    FN_MUL,
    FN_DIV
};

struct fctx {
    struct airtable *a;
    struct at_rec *r;
    int depth;
};

struct ffunc {
    const char *name;
    int min; /* number of arguments */
    int max; /* -1: any */
    /* One of the two: over values worked out, or over the arguments themselves. */
    struct fval (*eager)(const struct fctx *c, struct fval *v, size_t n);
    struct fval (*lazy)(const struct fctx *c, const struct fexpr *e);
};

struct fexpr {
    enum fnode kind;
    char *text;
    double num;
    const struct at_field *field;
    const struct ffunc *fn;
    struct fexpr **arg;
    size_t n_args;
};

const struct ffunc *formula_function(const char *name);

#endif
