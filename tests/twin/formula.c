/* formula.c: from formula text to a tree; formula_eval.c works it out. */
#include "formula.h"

#include "formula_tree.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NESTING 100

struct parser {
    const char *p;
    struct at_table *t;
    char *wrong;
    int depth;
};

static struct fexpr *parse_expr(struct parser *ps, int level);

static struct fexpr *node(enum fnode kind)
{
    struct fexpr *e = tw_alloc(sizeof *e);
    e->kind = kind;
    return e;
}

void formula_free(struct fexpr *e)
{
    if (!e)
        return;
    for (size_t i = 0; i < e->n_args; i++)
        formula_free(e->arg[i]);
    free(e->arg);
    free(e->text);
    free(e);
}

static void add_arg(struct fexpr *e, struct fexpr *a)
{
    e->arg = tw_realloc(e->arg, (e->n_args + 1) * sizeof(struct fexpr *));
    e->arg[e->n_args++] = a;
}

static struct fexpr *fail(struct parser *ps, char *why)
{
    if (ps->wrong)
        free(why);
    else
        ps->wrong = why;
    return NULL;
}

static void skip_space(struct parser *ps)
{
    while (isspace((unsigned char)*ps->p))
        ps->p++;
}

static struct fexpr *parse_string(struct parser *ps)
{
    char quote = *ps->p++;
    struct tbuf b = {0};
    while (*ps->p && *ps->p != quote) {
        if (*ps->p == '\\' && ps->p[1]) {
            ps->p++;
            tb_chr(&b, *ps->p == 'n' ? '\n' : *ps->p == 't' ? '\t' : *ps->p);
        } else {
            tb_chr(&b, *ps->p);
        }
        ps->p++;
    }
    if (!*ps->p) {
        tb_free(&b);
        return fail(ps, tw_dup("Invalid formula. Please check your formula text."));
    }
    ps->p++;
    struct fexpr *e = node(FN_STR);
    e->text = tb_take(&b);
    return e;
}

static struct fexpr *field_node(struct parser *ps, char *name)
{
    struct at_field *f = at_field_find(ps->t, name);
    if (!f) {
        struct fexpr *none = fail(ps, tw_fmt("Unknown field names: %s", name));
        free(name);
        return none;
    }
    struct fexpr *e = node(FN_FIELD);
    e->field = f;
    free(name);
    return e;
}

static struct fexpr *parse_braces(struct parser *ps)
{
    struct tbuf b = {0};
    ps->p++;
    while (*ps->p && *ps->p != '}') {
        if (*ps->p == '\\' && ps->p[1])
            ps->p++;
        tb_chr(&b, *ps->p++);
    }
    if (!*ps->p) {
        tb_free(&b);
        return fail(ps, tw_dup("Invalid formula. Please check your formula text."));
    }
    ps->p++;
    return field_node(ps, tb_take(&b));
}

static bool parse_args(struct parser *ps, struct fexpr *call)
{
    skip_space(ps);
    if (*ps->p == ')') {
        ps->p++;
        return true;
    }
    for (;;) {
        struct fexpr *a = parse_expr(ps, 0);
        if (!a)
            return false;
        add_arg(call, a);
        skip_space(ps);
        if (*ps->p == ',') {
            ps->p++;
            continue;
        }
        if (*ps->p != ')')
            return false;
        ps->p++;
        return true;
    }
}

/* A word: a function call, or a field whose name needs no braces. */
static struct fexpr *parse_word(struct parser *ps)
{
    const char *start = ps->p;
    while (isalnum((unsigned char)*ps->p) || *ps->p == '_' || (unsigned char)*ps->p >= 0x80)
        ps->p++;
    char *name = tw_ndup(start, (size_t)(ps->p - start));
    skip_space(ps);
    if (*ps->p != '(')
        return field_node(ps, name);
    ps->p++;
    struct fexpr *e = node(FN_CALL);
    e->fn = formula_function(name);
    if (!e->fn) {
        fail(ps, tw_fmt("Unknown function names: %s", name));
        free(name);
        formula_free(e);
        return NULL;
    }
    free(name);
    if (!parse_args(ps, e) || (int)e->n_args < e->fn->min ||
        (e->fn->max >= 0 && (int)e->n_args > e->fn->max)) {
        formula_free(e);
        return fail(ps, tw_dup("Invalid formula. Please check your formula text."));
    }
    return e;
}

static struct fexpr *parse_primary(struct parser *ps)
{
    skip_space(ps);
    unsigned char c = (unsigned char)*ps->p;
    if (c == '"' || c == '\'')
        return parse_string(ps);
    if (c == '{')
        return parse_braces(ps);
    if (c == '(') {
        ps->p++;
        struct fexpr *e = parse_expr(ps, 0);
        skip_space(ps);
        if (e && *ps->p == ')') {
            ps->p++;
            return e;
        }
        formula_free(e);
        return fail(ps, tw_dup("Invalid formula. Please check your formula text."));
    }
    if (isdigit(c) || (c == '.' && isdigit((unsigned char)ps->p[1]))) {
        char *end;
        struct fexpr *e = node(FN_NUM);
        e->num = strtod(ps->p, &end);
        ps->p = end;
        return e;
    }
    if (c == '-' || c == '+') {
        ps->p++;
        struct fexpr *inner = parse_expr(ps, FORMULA_UNARY);
        if (!inner || c == '+')
            return inner;
        struct fexpr *e = node(FN_NEG);
        add_arg(e, inner);
        return e;
    }
    if (isalpha(c) || c == '_' || c >= 0x80)
        return parse_word(ps);
    return fail(ps, tw_dup("Invalid formula. Please check your formula text."));
}

static const struct operator_def {
    const char *text;
    enum fnode kind;
    int level; /* binds tighter when higher */
} operators[] = {
    {"!=", FN_NE, 1}, {"<=", FN_LE, 1}, {">=", FN_GE, 1}, {"=", FN_EQ, 1},
    {"<", FN_LT, 1},  {">", FN_GT, 1},  {"&", FN_CAT, 2}, {"+", FN_ADD, 3},
    {"-", FN_SUB, 3}, {"*", FN_MUL, 4}, {"/", FN_DIV, 4},
};

static const struct operator_def *peek_operator(struct parser *ps)
{
    skip_space(ps);
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (strncmp(ps->p, operators[i].text, strlen(operators[i].text)) == 0)
            return &operators[i];
    return NULL;
}

static struct fexpr *parse_expr(struct parser *ps, int level)
{
    if (++ps->depth > MAX_NESTING)
        return fail(ps, tw_dup("Invalid formula. Please check your formula text."));
    struct fexpr *left = parse_primary(ps);
    while (left) {
        const struct operator_def *op = peek_operator(ps);
        if (!op || op->level <= level)
            break;
        ps->p += strlen(op->text);
        struct fexpr *right = parse_expr(ps, op->level);
        if (!right) {
            formula_free(left);
            left = NULL;
            break;
        }
        struct fexpr *e = node(op->kind);
        add_arg(e, left);
        add_arg(e, right);
        left = e;
    }
    ps->depth--;
    return left;
}

struct fexpr *formula_parse(const char *text, struct at_table *t, char **wrong)
{
    struct parser ps = {.p = text, .t = t};
    struct fexpr *e = parse_expr(&ps, 0);
    skip_space(&ps);
    if (e && *ps.p) {
        formula_free(e);
        e = fail(&ps, tw_dup("Invalid formula. Please check your formula text."));
    }
    if (!e && !ps.wrong)
        ps.wrong = tw_dup("Invalid formula. Please check your formula text.");
    *wrong = ps.wrong;
    return e;
}

static bool id_test(const struct fexpr *e, const char **id)
{
    if (e->kind != FN_EQ || e->arg[0]->kind != FN_CALL || e->arg[1]->kind != FN_STR)
        return false;
    if (strcmp(e->arg[0]->fn->name, "RECORD_ID") != 0)
        return false;
    *id = e->arg[1]->text;
    return true;
}

const char **formula_ids(const struct fexpr *e, size_t *n)
{
    bool is_or = e->kind == FN_CALL && strcmp(e->fn->name, "OR") == 0;
    size_t terms = is_or ? e->n_args : 1;
    const char **ids = tw_alloc(terms * sizeof *ids);
    *n = terms;
    for (size_t i = 0; i < terms; i++) {
        if (!id_test(is_or ? e->arg[i] : e, &ids[i])) {
            free(ids);
            return NULL;
        }
    }
    return ids;
}
