/*
 * zone_rule.h: the POSIX TZ string in the footer of a TZif file: which offset holds after the last
 * transition of the table (RFC 8536 3.3.1: IEEE 1003.1 with hours of a rule's time from -167 to
 * 167). Used by zone.c only.
 */
#ifndef MODEL_ZONE_RULE_H
#define MODEL_ZONE_RULE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum zone_day_form {
    ZONE_DAY_JULIAN, /* Jn: 1..365, 29 February is never counted */
    ZONE_DAY_ZERO,   /* n: 0..365, 29 February is counted */
    ZONE_DAY_MONTH,  /* Mm.w.d: weekday d of week w (5: the last) of month m */
};

struct zone_day {
    enum zone_day_form form;
    int day;      /* JULIAN, ZERO: the day; MONTH: the weekday, 0 = Sunday */
    int month;    /* MONTH: 1..12 */
    int week;     /* MONTH: 1..5 */
    int32_t time; /* seconds after local midnight */
};

struct zone_rule {
    int32_t standard; /* seconds east of UTC */
    bool has_summer;
    int32_t summer;
    struct zone_day start, end; /* of summer time */
};

/* A time in which one offset holds: from <= t < until, Unix seconds. */
struct zone_span {
    int64_t from, until;
    int32_t offset;
};

/* Reads the whole of text[0..len). */
bool zone_rule_parse(const char *text, size_t len, struct zone_rule *out) BS_MUST_CHECK;
/* |t| at most 2^52 seconds. A rule without summer time holds for ever. */
struct zone_span zone_rule_span(const struct zone_rule *r, int64_t t);

#endif
