/* Formulas: reading and calculating in one pass. See sheets_calc.h. */
#include "sheets_calc.h"

#include "sheets_format.h"
#include "sheets_refs.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NESTING_MAX 60
#define CELL_DEPTH_MAX 300
#define ARGS_MAX 64

static uint64_t epoch;

struct calc calc_begin(const struct g_state *st, int64_t now_ms)
{
    epoch++;
    return (struct calc){.st = st, .local_ms = now_ms + zone_offset_ms(st->zone, now_ms)};
}

/* ---- values ---- */

struct g_value calc_error(enum g_error e, const char *message)
{
    return (struct g_value){.kind = G_ERROR, .error = e, .text = tw_dup(message)};
}

struct g_value calc_number(double v)
{
    if (!isfinite(v))
        return calc_error(G_ERR_NUM, "The result is not a number that can be shown.");
    return (struct g_value){.kind = G_NUMBER, .num = v};
}

struct g_value calc_text(char *owned)
{
    return (struct g_value){.kind = G_TEXT, .text = owned};
}

struct g_value calc_bool(bool b)
{
    return (struct g_value){.kind = G_BOOL, .b = b};
}

bool calc_to_number(const struct g_value *v, double *num, struct g_value *e)
{
    *num = v->kind == G_NUMBER ? v->num : v->kind == G_BOOL ? v->b : 0;
    if (v->kind == G_ERROR) {
        *e = grid_value_copy(v);
        return false;
    }
    if (v->kind != G_TEXT)
        return true;
    struct fmt_entry t = fmt_enter(v->text, false, "en_US", 2000);
    bool ok = t.kind == G_NUMBER;
    *num = t.num;
    free(t.text);
    if (ok)
        return true;
    char *why = tw_fmt("Function or operator expects number values. But '%s' is a text and cannot "
                       "be coerced to a number.",
                       v->text);
    *e = calc_error(G_ERR_VALUE, why);
    free(why);
    return false;
}

char *calc_to_text(const struct calc *c, const struct g_value *v)
{
    return fmt_value(v, 0, c->st->locale);
}

/* ---- reading ---- */

struct parser {
    struct calc *c;
    const struct g_sheet *home;
    const char *p;
    int nesting;
    bool broken; /* not a formula at all */
};

static struct g_value read_expression(struct parser *x);

static void blanks(struct parser *x)
{
    while (isspace((unsigned char)*x->p))
        x->p++;
}

static bool take(struct parser *x, const char *what)
{
    blanks(x);
    size_t n = strlen(what);
    if (strncmp(x->p, what, n) != 0)
        return false;
    x->p += n;
    return true;
}

static struct g_value broken(struct parser *x)
{
    x->broken = true;
    return calc_error(G_ERR_ERROR, "Formula parse error.");
}

static struct a1_box ref_box(const struct f_ref *ref)
{
    const struct f_corner *a = &ref->a;
    const struct f_corner *b = ref->range ? &ref->b : &ref->a;
    struct a1_box box = {a->row < 0 ? 0 : a->row, a->col < 0 ? 0 : a->col, b->row + 1, b->col + 1};
    if (b->row < 0 || a->row < 0)
        box.r1 = -1;
    if (b->col < 0 || a->col < 0)
        box.c1 = -1;
    if (a->row < 0 && b->row >= 0)
        box.r0 = b->row;
    if (a->col < 0 && b->col >= 0)
        box.c0 = b->col;
    return box;
}

/* A reference as an argument; false when there is none here. */
static bool read_ref(struct parser *x, struct calc_arg *arg)
{
    struct f_ref ref;
    blanks(x);
    size_t n = f_ref_read(x->p, &ref);
    if (!n)
        return false;
    x->p += n;
    const struct g_sheet *sh = ref.title ? grid_by_title(x->c->st, ref.title) : x->home;
    *arg = (struct calc_arg){.range = true, .sheet = sh};
    if (sh) {
        arg->box = grid_clamp(sh, ref_box(&ref));
        if (arg->box.r0 >= arg->box.r1 || arg->box.c0 >= arg->box.c1)
            sh = NULL;
    }
    if (!sh) {
        arg->range = false;
        arg->v = calc_error(G_ERR_REF, "Reference does not exist");
    }
    f_ref_free(&ref);
    return true;
}

static struct g_value ref_value(struct parser *x, const struct calc_arg *arg)
{
    if (!arg->range)
        return arg->v;
    if (arg->box.r1 - arg->box.r0 != 1 || arg->box.c1 - arg->box.c0 != 1)
        return calc_error(G_ERR_VALUE, "An array value could not be found.");
    struct g_value v = calc_cell(x->c, arg->sheet, arg->box.r0, arg->box.c0);
    return grid_value_copy(&v);
}

static void read_arg(struct parser *x, struct calc_arg *arg)
{
    *arg = (struct calc_arg){0};
    blanks(x);
    const char *start = x->p;
    if (*start == ',' || *start == ';' || *start == ')') {
        arg->missing = true;
        return;
    }
    if (read_ref(x, arg)) {
        blanks(x);
        if (*x->p == ',' || *x->p == ';' || *x->p == ')')
            return;
        if (!arg->range)
            grid_value_free(&arg->v);
        x->p = start;
    }
    *arg = (struct calc_arg){.v = read_expression(x)};
}

static struct g_value read_call(struct parser *x, char *name)
{
    struct calc_arg arg[ARGS_MAX];
    size_t n = 0;
    bool known = true;
    struct g_value v;
    if (!take(x, ")")) {
        do {
            if (n == ARGS_MAX) {
                x->broken = true;
                break;
            }
            read_arg(x, &arg[n++]);
        } while (!x->broken && (take(x, ",") || take(x, ";")));
        if (!x->broken && !take(x, ")"))
            x->broken = true;
    }
    if (x->broken) {
        v = broken(x);
    } else {
        v = calc_call(x->c, name, arg, n, &known);
        if (!known) {
            char *why = tw_fmt("Unknown function: '%s'.", name);
            v = calc_error(G_ERR_NAME, why);
            free(why);
        }
    }
    for (size_t i = 0; i < n; i++)
        grid_value_free(&arg[i].v);
    free(name);
    return v;
}

static struct g_value read_string(struct parser *x)
{
    struct tbuf b = {0};
    for (x->p++; *x->p; x->p++) {
        if (*x->p != '"') {
            tb_chr(&b, *x->p);
        } else if (x->p[1] == '"') {
            tb_chr(&b, '"');
            x->p++;
        } else {
            x->p++;
            return calc_text(tb_take(&b));
        }
    }
    tb_free(&b);
    return broken(x);
}

static struct g_value read_literal(struct parser *x)
{
    if (isdigit((unsigned char)*x->p) || (*x->p == '.' && isdigit((unsigned char)x->p[1]))) {
        char *end;
        double v = strtod(x->p, &end);
        /* In locales with a decimal comma the point is a comma. */
        bool comma = strcmp(fmt_locale(x->c->st->locale)->decimal, ",") == 0;
        if (comma && *end == ',' && isdigit((unsigned char)end[1])) {
            char *frac = tw_fmt("%.*s.%s", (int)(end - x->p), x->p, end + 1);
            char *stop;
            v = strtod(frac, &stop);
            end = (char *)x->p + (stop - frac);
            free(frac);
        }
        x->p = end;
        return calc_number(v);
    }
    for (int e = 0; *x->p == '#' && e < G_N_ERR; e++) {
        if (take(x, grid_error_names[e].code))
            return calc_error((enum g_error)e, e == G_ERR_REF ? "Reference does not exist" : "");
    }
    size_t n = 0;
    while (isalnum((unsigned char)x->p[n]) || x->p[n] == '_' || x->p[n] == '.')
        n++;
    if (!n)
        return broken(x);
    char *name = tw_ndup(x->p, n);
    x->p += n;
    if (take(x, "("))
        return read_call(x, name);
    struct g_value v;
    if (strcasecmp(name, "true") == 0 || strcasecmp(name, "false") == 0) {
        v = calc_bool(strcasecmp(name, "true") == 0);
    } else {
        char *why = tw_fmt("Unknown range name: '%s'.", name);
        v = calc_error(G_ERR_NAME, why);
        free(why);
    }
    free(name);
    return v;
}

static struct g_value read_primary(struct parser *x)
{
    struct calc_arg arg;
    blanks(x);
    if (*x->p == '"')
        return read_string(x);
    if (take(x, "(")) {
        struct g_value v = read_expression(x);
        if (take(x, ")"))
            return v;
        grid_value_free(&v);
        return broken(x);
    }
    if (read_ref(x, &arg))
        return ref_value(x, &arg);
    return read_literal(x);
}

/* ---- operators ---- */

static struct g_value arithmetic(char op, const struct g_value *a, const struct g_value *b)
{
    struct g_value e;
    double l;
    double r;
    if (!calc_to_number(a, &l, &e) || !calc_to_number(b, &r, &e))
        return e;
    struct g_value v;
    switch (op) {
    case '+': v = calc_number(l + r); break;
    case '-': v = calc_number(l - r); break;
    case '*': v = calc_number(l * r); break;
    case '^': v = calc_number(pow(l, r)); break;
    default:
        if (r == 0)
            return calc_error(G_ERR_DIV0, "Function DIVIDE parameter 2 cannot be zero.");
        v = calc_number(l / r);
    }
    /* A date plus a number or a time stays a date; two dates have a distance, no date. */
    if (op == '+')
        v.date = a->date ? a->date : b->date;
    else if (op == '-' && !b->date)
        v.date = a->date;
    return v;
}

static int compare(const struct g_value *a, const struct g_value *b)
{
    int ka = a->kind == G_EMPTY ? (int)b->kind : (int)a->kind;
    int kb = b->kind == G_EMPTY ? (int)a->kind : (int)b->kind;
    if (ka != kb)
        return ka < kb ? -1 : 1;
    if (ka == G_TEXT)
        return strcasecmp(a->text ? a->text : "", b->text ? b->text : "");
    double l = a->kind == G_BOOL ? a->b : a->num;
    double r = b->kind == G_BOOL ? b->b : b->num;
    return l < r ? -1 : l > r;
}

static struct g_value apply(struct parser *x, const char *op, struct g_value a, struct g_value b)
{
    struct g_value v;
    if (a.kind == G_ERROR) {
        grid_value_free(&b);
        return a;
    }
    if (b.kind == G_ERROR) {
        grid_value_free(&a);
        return b;
    }
    if (*op == '&') {
        char *l = calc_to_text(x->c, &a);
        char *r = calc_to_text(x->c, &b);
        v = calc_text(tw_fmt("%s%s", l, r));
        free(l);
        free(r);
    } else if (strchr("+-*/^", *op)) {
        v = arithmetic(*op, &a, &b);
    } else {
        int d = compare(&a, &b);
        bool equal = strcmp(op, "<>") != 0 && strchr(op, '=') && d == 0;
        v = calc_bool(equal || (*op == '<' && d < 0) || (strchr(op, '>') && d > 0));
    }
    grid_value_free(&a);
    grid_value_free(&b);
    return v;
}

static struct g_value read_level(struct parser *x, int level);

static struct g_value read_unary(struct parser *x)
{
    if (++x->nesting > NESTING_MAX) {
        x->nesting--;
        return broken(x);
    }
    struct g_value v;
    if (take(x, "-")) {
        v = apply(x, "-", calc_number(0), read_unary(x));
    } else if (take(x, "+")) {
        v = read_unary(x);
    } else {
        v = read_primary(x);
        while (!x->broken && take(x, "%"))
            v = apply(x, "/", v, calc_number(100));
    }
    x->nesting--;
    return v;
}

static const char *const levels[][7] = {
    {"<=", ">=", "<>", "=", "<", ">", NULL},
    {"&", NULL},
    {"+", "-", NULL},
    {"*", "/", NULL},
    {"^", NULL},
};
#define N_LEVELS ((int)(sizeof levels / sizeof *levels))

static struct g_value read_level(struct parser *x, int level)
{
    if (level == N_LEVELS)
        return read_unary(x);
    struct g_value v = read_level(x, level + 1);
    for (;;) {
        const char *op = NULL;
        for (size_t i = 0; !x->broken && !op && levels[level][i]; i++)
            if (take(x, levels[level][i]))
                op = levels[level][i];
        if (!op)
            return v;
        v = apply(x, op, v, read_level(x, level + 1));
    }
}

static struct g_value read_expression(struct parser *x)
{
    if (++x->nesting > NESTING_MAX) {
        x->nesting--;
        return broken(x);
    }
    struct g_value v = read_level(x, 0);
    x->nesting--;
    return v;
}

/* ---- cells ---- */

static struct g_value calculate(struct calc *c, const struct g_sheet *sh, const char *formula)
{
    struct parser x = {.c = c, .home = sh, .p = formula + 1};
    struct g_value v = read_expression(&x);
    blanks(&x);
    if (!x.broken && !*x.p) {
        if (v.kind == G_EMPTY) /* a reference to nothing shows 0 */
            v = calc_number(0);
        return v;
    }
    grid_value_free(&v);
    return calc_error(G_ERR_ERROR, "Formula parse error.");
}

bool calc_entered(const struct g_cell *cell)
{
    static const char spilled[] = "=SPILLED(";
    return cell->kind != G_EMPTY &&
           !(cell->kind == G_FORMULA && strncmp(cell->text, spilled, sizeof spilled - 1) == 0);
}

struct g_value calc_value(struct calc *c, const struct g_sheet *sh, const struct g_cell *cell)
{
    struct g_value v = {.kind = (enum g_kind)cell->kind, .b = cell->b, .num = cell->num};
    if (cell->kind != G_FORMULA) {
        v.text = cell->text;
        return v;
    }
    /* The cell's content stays as it is; only its memory of the result changes. */
    struct g_extra *x = grid_extra((struct g_cell *)cell);
    if (x->stamp == epoch)
        return x->cached;
    if (x->busy || c->depth >= CELL_DEPTH_MAX) {
        static char circular[] = "Circular dependency detected. To resolve with iterative "
                                 "calculation, see File > Settings.";
        return (struct g_value){.kind = G_ERROR, .error = G_ERR_REF, .text = circular};
    }
    x->busy = true;
    c->depth++;
    struct g_value fresh = calculate(c, sh, cell->text);
    c->depth--;
    x->busy = false;
    grid_value_free(&x->cached);
    x->cached = fresh;
    x->stamp = epoch;
    return fresh;
}

struct g_value calc_cell(struct calc *c, const struct g_sheet *sh, int row, int col)
{
    const struct g_cell *cell = grid_cell(sh, row, col);
    return cell ? calc_value(c, sh, cell) : (struct g_value){0};
}
