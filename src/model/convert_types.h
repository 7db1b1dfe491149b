/*
 * convert_types.h: the inside of convert.h, shared by convert.c (the table and the rules that hold
 * for all types), convert_scalar.c (numbers, times, check boxes), convert_list.c (texts, selects,
 * people, links).
 *
 * A type is described by what makes it different: how a cell is read and what of a value counts.
 * How a value is written follows from its canonical form alone.
 */
#ifndef MODEL_CONVERT_TYPES_H
#define MODEL_CONVERT_TYPES_H

#include "model/convert.h"

/* One call of convert.h. */
struct conversion {
    const struct convert_ctx *ctx;
    const struct field *f;
    const struct value *current; /* NULL unknown */
    struct arena *a;             /* where results live */
    struct bs_err *e;            /* may be NULL */
    bool lenient; /* the field is not writable: nothing that can be read is refused */
};

struct converter {
    enum value_kind kind; /* of the values */
    /* The value of a cell that is neither empty nor an error; BS_SKIP as in convert.h. */
    enum bs_rc (*from_cell)(const struct conversion *c, const struct cell *cell,
                            const struct value **out);
    /* What of a value of `kind` counts, NULL when all of it does; may become VALUE_EMPTY. Texts
     * that had to change are in the arena. A date-time becomes its wall time. */
    void (*canonical)(const struct conversion *c, struct value *v);
    struct column_format (*format)(const struct field *f, struct arena *a);
    enum column_rule rule;
    const char *description;
};

/* What a person sees in the cell, as text: never NULL. */
const char *convert_cell_text(const struct conversion *c, const struct cell *cell);
/* BS_SKIP: `"what is in the cell" is not <what>; accepted: <accepted>`. */
enum bs_rc convert_refuse(const struct conversion *c, const struct cell *cell, const char *what,
                          const char *accepted);

/* convert_scalar.c */
enum bs_rc number_from_cell(const struct conversion *c, const struct cell *cell,
                            const struct value **out);
enum bs_rc percent_from_cell(const struct conversion *c, const struct cell *cell,
                             const struct value **out);
enum bs_rc rating_from_cell(const struct conversion *c, const struct cell *cell,
                            const struct value **out);
enum bs_rc duration_from_cell(const struct conversion *c, const struct cell *cell,
                              const struct value **out);
enum bs_rc date_from_cell(const struct conversion *c, const struct cell *cell,
                          const struct value **out);
enum bs_rc datetime_from_cell(const struct conversion *c, const struct cell *cell,
                              const struct value **out);
enum bs_rc checkbox_from_cell(const struct conversion *c, const struct cell *cell,
                              const struct value **out);
void number_canonical(const struct conversion *c, struct value *v);
void percent_canonical(const struct conversion *c, struct value *v);
void whole_canonical(const struct conversion *c, struct value *v);
void rating_canonical(const struct conversion *c, struct value *v);
void duration_canonical(const struct conversion *c, struct value *v);
void datetime_canonical(const struct conversion *c, struct value *v);
void checkbox_canonical(const struct conversion *c, struct value *v);
/* Serials: days since 1899-12-30, as Google Sheets counts them. */
double serial_from_days(int64_t days);
double serial_from_local_ms(int64_t local_ms);
double serial_from_seconds(double seconds);
/* Dates that both sides can show: years 1 to 9999. */
bool convert_days_fit(int64_t days);

/* convert_list.c */
enum bs_rc text_from_cell(const struct conversion *c, const struct cell *cell,
                          const struct value **out);
enum bs_rc select_from_cell(const struct conversion *c, const struct cell *cell,
                            const struct value **out);
enum bs_rc selects_from_cell(const struct conversion *c, const struct cell *cell,
                             const struct value **out);
enum bs_rc list_from_cell(const struct conversion *c, const struct cell *cell,
                          const struct value **out);
enum bs_rc person_from_cell(const struct conversion *c, const struct cell *cell,
                            const struct value **out);
enum bs_rc people_from_cell(const struct conversion *c, const struct cell *cell,
                            const struct value **out);
enum bs_rc links_from_cell(const struct conversion *c, const struct cell *cell,
                           const struct value **out);
void text_canonical(const struct conversion *c, struct value *v);
void rich_canonical(const struct conversion *c, struct value *v);
void list_canonical(const struct conversion *c, struct value *v);

/* convert_format.c */
struct column_format text_format(const struct field *f, struct arena *a);
struct column_format number_format(const struct field *f, struct arena *a);
struct column_format currency_format(const struct field *f, struct arena *a);
struct column_format percent_format(const struct field *f, struct arena *a);
struct column_format whole_format(const struct field *f, struct arena *a);
struct column_format duration_format(const struct field *f, struct arena *a);
struct column_format date_format(const struct field *f, struct arena *a);
struct column_format datetime_format(const struct field *f, struct arena *a);
struct column_format no_format(const struct field *f, struct arena *a);

/* Digits behind the point of a duration's seconds: 0 to 3; 3 when the format is not known. */
int duration_digits(const struct field *f);

#endif
