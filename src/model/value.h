/*
 * value.h: one typed value, whichever side it came from. Airtable's JSON and the sheet's cells are
 * both turned into this, compared here, and turned back. Values are immutable and live in an arena.
 */
#ifndef MODEL_VALUE_H
#define MODEL_VALUE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_kind {
    VALUE_EMPTY,
    VALUE_TEXT,
    VALUE_NUMBER,
    VALUE_BOOL,     /* an unticked box is VALUE_EMPTY: Airtable omits false */
    VALUE_DATE,     /* days since 1970-01-01, no zone */
    VALUE_DATETIME, /* an instant: Unix milliseconds UTC */
    VALUE_DURATION, /* seconds, may be fractional */
    VALUE_LIST,     /* texts in order: multi selects, collaborators (a single one too), attachments,
                       lookups */
    VALUE_REFS,     /* linked records: id and the shown name of each */
    VALUE_ERROR,    /* a computed value that is an error or NaN just now: never flows */
};

struct value_item {
    const char *text; /* what a person sees; never NULL */
    const char *id;   /* VALUE_REFS: record id, or NULL for a record still to be created;
                         collaborators: user id, attachments: attachment id; else NULL */
    const char *alt;  /* collaborators: the e-mail address, if known and not the text; else NULL */
};

struct value {
    enum value_kind kind;
    union {
        const char *text; /* VALUE_TEXT, VALUE_ERROR (what the service said) */
        double number;    /* VALUE_NUMBER, VALUE_DURATION */
        bool boolean;
        int64_t days;
        int64_t ms;
        struct {
            const struct value_item *items;
            size_t n;
        } list;
    } u;
};

extern const struct value value_empty;

const struct value *value_text(struct arena *a, const char *s); /* "" gives value_empty */
const struct value *value_number(struct arena *a, double v);
const struct value *value_bool(struct arena *a, bool v); /* false gives value_empty */
const struct value *value_date(struct arena *a, int64_t days);
const struct value *value_datetime(struct arena *a, int64_t ms);
const struct value *value_duration(struct arena *a, double seconds);
/* days within +-VALUE_DAYS_MAX, ms within +-VALUE_MS_MAX: wider than any year either service can
 * show; what comes from outside is checked first. */
#define VALUE_DAYS_MAX ((int64_t)4000000)
#define VALUE_MS_MAX (VALUE_DAYS_MAX * 86400000)
/* Takes over items (already in the arena); n == 0 gives value_empty. */
const struct value *value_list(struct arena *a, enum value_kind kind,
                               const struct value_item *items, size_t n);
const struct value *value_error(struct arena *a, const char *what);

/* Readable text for logs, plans and history (lists by list.h's quoting rule). */
void value_print(const struct value *v, struct buf *out);
const char *value_shown(struct arena *a, const struct value *v); /* the same in the arena */

/* Exact JSON-shaped text that value_decode turns back into an equal value (kept in the history so
 * that undo can restore it): {"k":"number","v":1.5}. */
void value_encode(const struct value *v, struct buf *out);
/* BS_STOP_SYNC/BS_K_STATE when s is not what value_encode writes. */
enum bs_rc value_decode(struct arena *a, const char *s, const struct value **out,
                        struct bs_err *e) BS_MUST_CHECK;

#endif
