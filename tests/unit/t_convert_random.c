/*
 * t_convert_random.c: values and cells of every field type at random, there and back. What comes
 * back is equal, and what was read once and written is stable from then on: a second run finds
 * nothing to do. BASESYNC_SEED sets the seed, which is printed when something fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "convert_world.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ROUNDS 3000 /* for each field */

static uint64_t seed;
static uint64_t random_state;

/* SplitMix64 (Steele, Lea and Flood, 2014). */
static uint64_t next_random(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t below(uint64_t n)
{
    return next_random() % n;
}

static int64_t between(int64_t low, int64_t high)
{
    return low + (int64_t)below((uint64_t)(high - low + 1));
}

static const char *random_text(struct arena *a)
{
    static const char *const parts[] = {
        "a",    "B",   "0",    "12", " ", ",", "\"", "\n", "\r", "\t",       "* ",
        "+ ",   "- ",  "\r\n", "=",  "'", "@", ".",  "-",  ":",  "\xc3\xa4", "\xf0\x9f\x98\x80",
        "TRUE", "rec", "#N/A", "50%"};
    char text[256] = "";
    size_t n = below(8);

    for (size_t i = 0; i < n; i++) {
        strncat(text, parts[below(COUNT(parts))], sizeof text - strlen(text) - 1);
    }
    return arena_strdup(a, text);
}

static double random_number(void)
{
    static const double special[] = {0,      -0.0,   0.5,     -0.5, 1.005, 2.675, 0.1 + 0.2,  1e15,
                                     1e-300, 5e-324, 1.5e300, 1e22, -1e22, 0.45,  1234567.891};
    double v;

    switch (below(5)) {
    case 0: return special[below(COUNT(special))];
    case 1: return (double)between(-100000, 100000);
    case 2: return (double)between(-100000000, 100000000) / 1000;
    case 3: /* noise */
        v = (double)between(-100000, 100000) / 100;
        return v * (1 + (double)between(-3, 3) * 0x1p-52);
    default: return ldexp((double)between(-1000000, 1000000), (int)between(-80, 80));
    }
}

static const struct value *random_items(struct world *w, const struct field *f)
{
    static const struct value_item people[] = {
        {.text = "Ann", .id = "usr1", .alt = "ann@example.org"},
        {.text = "Ann", .id = "usr2"},
        {.text = "Smith, John", .id = "usr3"},
        {.text = "bob@example.org"},
        {.text = "\"", .id = "usr4", .alt = "x@example.org"},
    };
    static const char *const records[] = {
        "recAnn00000000001", "recAnn00000000002", "recBob00000000001", "recSmith000000001",
        "recNameless000001", "recLines000000001", "recUnknown0000001"};
    struct value_item *items = arena_alloc_n(w->a, 8, sizeof *items);
    enum value_kind kind = field_value_kind(f) == VALUE_REFS ? VALUE_REFS : VALUE_LIST;
    enum field_type type = field_value_type(f);
    size_t most = type == FIELD_COLLABORATOR ? 1 : 5;
    size_t n = below(most + 1);
    size_t at = below(5);

    for (size_t i = 0; i < n; i++, at++) { /* no item twice */
        if (type == FIELD_COLLABORATOR || type == FIELD_COLLABORATORS) {
            items[i] = people[at % COUNT(people)];
        } else if (type == FIELD_LINKS) {
            items[i].id = records[at % COUNT(records)];
            items[i].text = items[i].id;
        } else if (type == FIELD_MULTIPLE_SELECTS) {
            items[i].text = choices[at % COUNT(choices)].name;
        } else {
            items[i].text = random_text(w->a);
        }
    }
    return convert_name_refs(&w->ctx, f, value_list(w->a, kind, items, n), w->a);
}

static const struct value *random_of_kind(struct world *w, const struct field *f,
                                          enum value_kind kind)
{
    switch (kind) {
    case VALUE_TEXT:
        if (f->type == FIELD_SINGLE_SELECT) {
            return value_text(w->a, choices[below(COUNT(choices))].name);
        }
        return value_text(w->a, random_text(w->a));
    case VALUE_NUMBER:
        if (f->type == FIELD_RATING) {
            return value_number(w->a, (double)between(0, f->rating_max));
        }
        return value_number(w->a, random_number());
    case VALUE_BOOL: return value_bool(w->a, below(2));
    case VALUE_DATE:
        return value_date(w->a, between(civil_to_days(1, 1, 1), civil_to_days(9999, 12, 31)));
    case VALUE_DATETIME:
        if (below(2)) { /* around the nights when clocks change */
            int64_t ms = 0;

            assert_true(clock_parse(below(2) ? "2026-03-29T01:00:00" : "2026-10-25T01:00:00", &ms));
            return value_datetime(w->a, ms + between(-7200000, 7200000));
        }
        return value_datetime(w->a, between(civil_to_days(1, 1, 3) * 86400000,
                                            civil_to_days(9999, 12, 29) * 86400000));
    case VALUE_DURATION: return value_duration(w->a, (double)between(-9000000, 9000000) / 1000);
    case VALUE_LIST:
    case VALUE_REFS: return random_items(w, f);
    case VALUE_EMPTY:
    case VALUE_ERROR: break;
    }
    return &value_empty;
}

static const struct value *random_value(struct world *w, const struct field *f)
{
    enum value_kind kind = field_value_kind(f);

    if (below(10) == 0) {
        return &value_empty;
    }
    if (!field_writable(f) && below(4) == 0) { /* computed values do not always keep their type */
        kind = (enum value_kind)below(VALUE_LIST + 1);
    }
    return random_of_kind(w, f, kind);
}

/* What the sheet gives back: the same value and format, and some text that shows it. */
static struct cell echo(const struct cell *written)
{
    struct cell c = *written;

    c.shown = c.kind == CELL_EMPTY ? NULL : c.kind == CELL_TEXT ? c.text : "whatever";
    return c;
}

static struct cell random_cell(struct world *w)
{
    static const char *const texts[] = {"12.5",
                                        " 3 ",
                                        "50%",
                                        "1:30",
                                        "2026-01-31",
                                        "yes",
                                        "Open",
                                        "Bob",
                                        "Open, Closed",
                                        "Bob, recAnn00000000001",
                                        "x@example.org",
                                        "2026-07-31 14:30",
                                        "0",
                                        "Smith, John"};
    struct cell c = {.kind = (enum cell_kind)below(CELL_ERROR)};

    c.format = (enum cell_format_type)below(FORMAT_SCIENTIFIC + 1);
    c.shown = random_text(w->a);
    if (c.kind == CELL_TEXT) {
        c.text = below(2) ? texts[below(COUNT(texts))] : random_text(w->a);
        c.shown = c.text;
    } else if (c.kind == CELL_NUMBER) {
        c.number = below(2) ? (double)between(-1, 7) : (double)between(0, 100000000) / 977;
    } else if (c.kind == CELL_BOOL) {
        c.boolean = below(2);
    }
    return c;
}

/* ---- the fields ---- */

static size_t make_fields(struct field *out)
{
    static const struct field special[] = {
        F(.type = FIELD_NUMBER, .precision = -1),
        F(.type = FIELD_NUMBER, .precision = 0),
        F(.type = FIELD_NUMBER, .precision = 8),
        F(.type = FIELD_PERCENT, .precision = 0),
        F(.type = FIELD_DURATION, .duration_format = "h:mm"),
        F(.type = FIELD_DURATION, .duration_format = "h:mm:ss.SSS"),
    };
    size_t n = 0;

    for (size_t i = 0; i < COUNT(special); i++) {
        out[n++] = special[i];
    }
    for (int t = 0; t < FIELD_TYPE_COUNT; t++) {
        struct field f = F(.type = (enum field_type)t, .result = (enum field_type)t, .precision = 2,
                           .rating_max = 5, .choices = choices, .n_choices = COUNT(choices),
                           .linked_table = "tblP", .duration_format = "h:mm:ss");

        out[n++] = f;
        f.type = FIELD_FORMULA; /* with each type as a result */
        out[n++] = f;
        f.type = FIELD_LOOKUP;
        out[n++] = f;
    }
    return n;
}

#define FIELDS (6 + 3 * FIELD_TYPE_COUNT)

static void blame(struct world *w, const struct field *f, int round, const char *what,
                  const struct value *v)
{
    print_error("seed %llu, type %s, result %s, round %d: %s: kind %d, [%s]\n",
                (unsigned long long)seed, field_type_info(f->type)->name,
                field_type_info(f->result)->name, round, what, (int)v->kind, print(w->a, v));
    fail();
}

/* The value a cell has after it was written and read; NULL after blame when either fails. */
static const struct value *there_and_back(struct world *w, const struct field *f,
                                          const struct value *v, int round)
{
    struct bs_err e = BS_ERR_INIT;
    const struct cell *written;
    const struct value *back;
    struct cell c;

    if (convert_to_cell(&w->ctx, f, v, w->a, &written, &e) != BS_OK) {
        blame(w, f, round, e.msg, v);
    }
    c = echo(written);
    if (convert_from_cell(&w->ctx, f, &c, v, w->a, &back, &e) != BS_OK) {
        blame(w, f, round, e.msg, v);
    }
    return back;
}

static void a_value_comes_back_equal(void **state)
{
    struct world *w = *state;
    struct field fields[FIELDS];
    size_t n = make_fields(fields);

    assert_int_equal(n, FIELDS);
    for (size_t i = 0; i < n; i++) {
        for (int round = 0; round < ROUNDS; round++) {
            const struct value *v = random_value(w, &fields[i]);
            const struct value *back = there_and_back(w, &fields[i], v, round);

            if (back->kind == VALUE_ERROR ||
                convert_hash(&w->ctx, &fields[i], v) != convert_hash(&w->ctx, &fields[i], back)) {
                blame(w, &fields[i], round, "came back different", v);
            }
            if (round % 256 == 0) {
                arena_reset(w->a);
            }
        }
    }
}

static void a_cell_that_was_read_is_stable_once_written(void **state)
{
    struct world *w = *state;
    struct field fields[FIELDS];
    size_t n = make_fields(fields);

    for (size_t i = 0; i < n; i++) {
        for (int round = 0; round < ROUNDS; round++) {
            struct cell c = random_cell(w);
            const struct value *v;
            const struct value *back;
            const struct cell *first;
            const struct cell *second;

            if (round % 256 == 0) {
                arena_reset(w->a);
                continue;
            }
            if (convert_from_cell(&w->ctx, &fields[i], &c, NULL, w->a, &v, NULL) != BS_OK) {
                assert_true(field_writable(&fields[i]));
                continue;
            }
            back = there_and_back(w, &fields[i], v, round);
            if (convert_hash(&w->ctx, &fields[i], v) != convert_hash(&w->ctx, &fields[i], back)) {
                blame(w, &fields[i], round, "changed by being written", v);
            }
            assert_int_equal(convert_to_cell(&w->ctx, &fields[i], v, w->a, &first, NULL), BS_OK);
            assert_int_equal(convert_to_cell(&w->ctx, &fields[i], back, w->a, &second, NULL),
                             BS_OK);
            if (!cell_equal(first, second)) {
                blame(w, &fields[i], round, "is written in two ways", v);
            }
        }
    }
}

static void a_kept_value_is_equal(void **state)
{
    struct world *w = *state;
    struct field fields[FIELDS];
    size_t n = make_fields(fields);

    for (size_t i = 0; i < n; i++) {
        for (int round = 0; round < ROUNDS / 10; round++) {
            const struct value *v = random_value(w, &fields[i]);
            const struct value *back;
            struct buf b;

            buf_init(&b, 100000);
            value_encode(v, &b);
            if (value_decode(w->a, b.data, &back, NULL) != BS_OK ||
                convert_hash(&w->ctx, &fields[i], v) != convert_hash(&w->ctx, &fields[i], back)) {
                blame(w, &fields[i], round, "was kept badly", v);
            }
            buf_release(&b);
        }
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, make_world, free_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_value_comes_back_equal),
        T(a_cell_that_was_read_is_stable_once_written),
        T(a_kept_value_is_equal),
    };
    const char *wanted = getenv("BASESYNC_SEED");

    seed = wanted ? strtoull(wanted, NULL, 10) : 20261123;
    random_state = seed;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
