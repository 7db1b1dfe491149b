/* The functions of formulas: see sheets_calc.h. */
#include "sheets_calc.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct call {
    struct calc *c;
    struct calc_arg *arg;
    size_t n;
};

/* ---- arguments ---- */

/* One value of an argument: its own, or the cell of a range of one. Borrowed. */
static struct g_value one(const struct call *x, size_t i)
{
    const struct calc_arg *a = &x->arg[i];
    if (i >= x->n || a->missing)
        return (struct g_value){0};
    return a->range ? calc_cell(x->c, a->sheet, a->box.r0, a->box.c0) : a->v;
}

static bool number_arg(const struct call *x, size_t i, double *v, struct g_value *e)
{
    struct g_value a = one(x, i);
    return calc_to_number(&a, v, e);
}

/* Calls fn for each value of all arguments; stops at false. direct: not out of a range. */
typedef bool each_fn(void *ctx, const struct g_value *v, bool direct);
static bool each(const struct call *x, each_fn *fn, void *ctx)
{
    for (size_t i = 0; i < x->n; i++) {
        const struct calc_arg *a = &x->arg[i];
        if (!a->range) {
            if (!fn(ctx, &a->v, true))
                return false;
            continue;
        }
        int last = a->box.r1 < a->sheet->n_row ? a->box.r1 : a->sheet->n_row;
        for (int r = a->box.r0; r < last; r++) {
            const struct g_row *row = grid_row(a->sheet, r);
            for (int c = a->box.c0; row && c < a->box.c1 && c < row->n; c++) {
                struct g_value v = calc_cell(x->c, a->sheet, r, c);
                if (v.kind != G_EMPTY && !fn(ctx, &v, false))
                    return false;
            }
        }
    }
    return true;
}

/* ---- totals ---- */

struct total {
    double sum, min, max;
    int64_t numbers, values;
    struct g_value error;
};

static bool add_up(void *ctx, const struct g_value *v, bool direct)
{
    struct total *t = ctx;
    if (v->kind == G_ERROR) {
        t->error = grid_value_copy(v);
        return false;
    }
    t->values += v->kind != G_EMPTY;
    double num = v->num;
    if (direct && !calc_to_number(v, &num, &t->error))
        return false;
    if (!direct && v->kind != G_NUMBER)
        return true;
    t->min = t->numbers && t->min < num ? t->min : num;
    t->max = t->numbers && t->max > num ? t->max : num;
    t->sum += num;
    t->numbers++;
    return true;
}

static bool count_up(void *ctx, const struct g_value *v, bool direct)
{
    struct total *t = ctx;
    (void)direct;
    t->values += v->kind != G_EMPTY;
    t->numbers += v->kind == G_NUMBER;
    return true;
}

static struct g_value fn_sum(struct call *x)
{
    struct total t = {0};
    return each(x, add_up, &t) ? calc_number(t.sum) : t.error;
}

static struct g_value fn_average(struct call *x)
{
    struct total t = {0};
    if (!each(x, add_up, &t))
        return t.error;
    if (!t.numbers)
        return calc_error(G_ERR_DIV0, "Evaluation of function AVERAGE caused a divide by zero "
                                      "error.");
    return calc_number(t.sum / (double)t.numbers);
}

static struct g_value fn_min(struct call *x)
{
    struct total t = {0};
    return each(x, add_up, &t) ? calc_number(t.min) : t.error;
}

static struct g_value fn_max(struct call *x)
{
    struct total t = {0};
    return each(x, add_up, &t) ? calc_number(t.max) : t.error;
}

static struct g_value fn_count(struct call *x)
{
    struct total t = {0};
    each(x, count_up, &t);
    return calc_number((double)t.numbers);
}

static struct g_value fn_counta(struct call *x)
{
    struct total t = {0};
    each(x, count_up, &t);
    return calc_number((double)t.values);
}

/* ---- logic ---- */

static struct g_value fn_if(struct call *x)
{
    struct g_value e;
    double test;
    struct g_value cond = one(x, 0);
    if (!calc_to_number(&cond, &test, &e))
        return e;
    if (test == 0 && x->n < 3)
        return calc_bool(false);
    struct g_value v = one(x, test != 0 ? 1 : 2);
    return grid_value_copy(&v);
}

static struct g_value fn_iferror(struct call *x)
{
    struct g_value v = one(x, 0);
    if (v.kind == G_ERROR)
        v = one(x, 1);
    return v.kind == G_EMPTY ? calc_text(tw_dup("")) : grid_value_copy(&v);
}

/* Part of the result of an array formula that stands elsewhere. */
static struct g_value fn_spilled(struct call *x)
{
    struct g_value v = one(x, 0);
    return grid_value_copy(&v);
}

static struct g_value all_or_any(struct call *x, bool all)
{
    for (size_t i = 0; i < x->n; i++) {
        double v;
        struct g_value e;
        if (!number_arg(x, i, &v, &e))
            return e;
        if ((v != 0) != all)
            return calc_bool(!all);
    }
    return calc_bool(all);
}

static struct g_value fn_and(struct call *x)
{
    return all_or_any(x, true);
}

static struct g_value fn_or(struct call *x)
{
    return all_or_any(x, false);
}

static struct g_value fn_not(struct call *x)
{
    double v;
    struct g_value e;
    return number_arg(x, 0, &v, &e) ? calc_bool(v == 0) : e;
}

static struct g_value fn_true(struct call *x)
{
    (void)x;
    return calc_bool(true);
}

static struct g_value fn_false(struct call *x)
{
    (void)x;
    return calc_bool(false);
}

static struct g_value fn_na(struct call *x)
{
    (void)x;
    return calc_error(G_ERR_NA, "");
}

static struct g_value fn_isblank(struct call *x)
{
    return calc_bool(one(x, 0).kind == G_EMPTY);
}

/* ---- numbers ---- */

static struct g_value fn_abs(struct call *x)
{
    double v;
    struct g_value e;
    return number_arg(x, 0, &v, &e) ? calc_number(fabs(v)) : e;
}

static struct g_value fn_round(struct call *x)
{
    double v;
    double places;
    struct g_value e;
    if (!number_arg(x, 0, &v, &e) || !number_arg(x, 1, &places, &e))
        return e;
    double unit = pow(10, places);
    return calc_number(round(v * unit) / unit);
}

static struct g_value fn_int(struct call *x)
{
    double v;
    struct g_value e;
    return number_arg(x, 0, &v, &e) ? calc_number(floor(v)) : e;
}

static struct g_value fn_row(struct call *x)
{
    if (!x->n || !x->arg[0].range)
        return calc_error(G_ERR_VALUE, "Argument must be a range.");
    return calc_number(x->arg[0].box.r0 + 1);
}

/* ---- texts ---- */

static struct g_value fn_concatenate(struct call *x)
{
    struct tbuf b = {0};
    for (size_t i = 0; i < x->n; i++) {
        struct g_value v = one(x, i);
        char *s = calc_to_text(x->c, &v);
        tb_str(&b, s);
        free(s);
    }
    return calc_text(tb_take(&b));
}

static struct g_value cased(struct call *x, int (*to)(int))
{
    struct g_value v = one(x, 0);
    char *s = calc_to_text(x->c, &v);
    for (char *p = s; *p; p++)
        if ((unsigned char)*p < 0x80)
            *p = (char)to((unsigned char)*p);
    return calc_text(s);
}

static struct g_value fn_upper(struct call *x)
{
    return cased(x, toupper);
}

static struct g_value fn_lower(struct call *x)
{
    return cased(x, tolower);
}

static struct g_value fn_len(struct call *x)
{
    struct g_value v = one(x, 0);
    char *s = calc_to_text(x->c, &v);
    double n = 0;
    for (const char *p = s; *p; p++)
        n += ((unsigned char)*p & 0xC0) != 0x80;
    free(s);
    return calc_number(n);
}

static struct g_value fn_trim(struct call *x)
{
    struct g_value v = one(x, 0);
    char *s = calc_to_text(x->c, &v);
    size_t n = 0;
    for (const char *p = s; *p; p++)
        if (*p != ' ' || (n && s[n - 1] != ' '))
            s[n++] = *p;
    while (n && s[n - 1] == ' ')
        n--;
    s[n] = '\0';
    return calc_text(s);
}

/* ---- dates ---- */

#define DAY_MS 86400000LL

static struct g_value dated(double v, int date)
{
    struct g_value r = calc_number(v);
    r.date = date;
    return r;
}

static struct g_value fn_now(struct call *x)
{
    return dated((double)x->c->local_ms / (double)DAY_MS + 25569, 2);
}

static struct g_value fn_today(struct call *x)
{
    return dated(floor((double)x->c->local_ms / (double)DAY_MS) + 25569, 1);
}

static struct g_value fn_date(struct call *x)
{
    double v[3];
    struct g_value e;
    for (size_t i = 0; i < 3; i++)
        if (!number_arg(x, i, &v[i], &e))
            return e;
    int months = (int)v[1] - 1;
    int year = (int)v[0] + (int)floor(months / 12.0);
    int month = months - 12 * (int)floor(months / 12.0);
    return dated((double)(tw_days_from_civil(year, month + 1, 1) + 25569) + v[2] - 1, 1);
}

static struct g_value fn_time(struct call *x)
{
    double v[3];
    struct g_value e;
    for (size_t i = 0; i < 3; i++)
        if (!number_arg(x, i, &v[i], &e))
            return e;
    return dated((v[0] * 3600 + v[1] * 60 + v[2]) / 86400, 3);
}

static struct g_value date_part(struct call *x, int part)
{
    double v;
    struct g_value e;
    if (!number_arg(x, 0, &v, &e))
        return e;
    int p[3];
    tw_civil_from_days((int64_t)floor(v) - 25569, &p[0], &p[1], &p[2]);
    return calc_number(p[part]);
}

static struct g_value fn_year(struct call *x)
{
    return date_part(x, 0);
}

static struct g_value fn_month(struct call *x)
{
    return date_part(x, 1);
}

static struct g_value fn_day(struct call *x)
{
    return date_part(x, 2);
}

/* ---- the table ---- */

#define MANY 1000

static const struct {
    const char *name;
    size_t min, max;
    struct g_value (*fn)(struct call *x);
} functions[] = {
    {"ABS", 1, 1, fn_abs},
    {"AND", 1, MANY, fn_and},
    {"AVERAGE", 1, MANY, fn_average},
    {"CONCATENATE", 1, MANY, fn_concatenate},
    {"COUNT", 1, MANY, fn_count},
    {"COUNTA", 1, MANY, fn_counta},
    {"DATE", 3, 3, fn_date},
    {"DAY", 1, 1, fn_day},
    {"FALSE", 0, 0, fn_false},
    {"IF", 2, 3, fn_if},
    {"IFERROR", 1, 2, fn_iferror},
    {"INT", 1, 1, fn_int},
    {"ISBLANK", 1, 1, fn_isblank},
    {"LEN", 1, 1, fn_len},
    {"LOWER", 1, 1, fn_lower},
    {"MAX", 1, MANY, fn_max},
    {"MIN", 1, MANY, fn_min},
    {"MONTH", 1, 1, fn_month},
    {"NA", 0, 0, fn_na},
    {"NOT", 1, 1, fn_not},
    {"NOW", 0, 0, fn_now},
    {"OR", 1, MANY, fn_or},
    {"ROUND", 1, 2, fn_round},
    {"ROW", 1, 1, fn_row},
    {"SPILLED", 1, 1, fn_spilled},
    {"SUM", 1, MANY, fn_sum},
    {"TIME", 3, 3, fn_time},
    {"TODAY", 0, 0, fn_today},
    {"TRIM", 1, 1, fn_trim},
    {"TRUE", 0, 0, fn_true},
    {"UPPER", 1, 1, fn_upper},
    {"YEAR", 1, 1, fn_year},
};

struct g_value calc_call(struct calc *c, const char *name, struct calc_arg *arg, size_t n,
                         bool *known)
{
    struct call x = {c, arg, n};
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (strcasecmp(functions[i].name, name) != 0)
            continue;
        *known = true;
        if (n >= functions[i].min && n <= functions[i].max)
            return functions[i].fn(&x);
        char *why = tw_fmt("Wrong number of arguments to %s.", functions[i].name);
        struct g_value e = calc_error(G_ERR_NA, why);
        free(why);
        return e;
    }
    *known = false;
    return (struct g_value){0};
}
