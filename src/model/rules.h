/*
 * rules.h: what a sync may do, in the words of the INI and of SQLite. Read by conf/, kept by
 * store/, obeyed by sync/ and engine/.
 */
#ifndef MODEL_RULES_H
#define MODEL_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sync_direction { DIRECTION_TO_SHEETS, DIRECTION_TO_AIRTABLE, DIRECTION_BOTH };
enum conflict_rule {
    CONFLICT_AIRTABLE_WINS,
    CONFLICT_SHEETS_WINS,
    CONFLICT_NEWEST_WINS,
    CONFLICT_HOLD
};
enum copied_rows { COPIED_NEW, COPIED_IGNORE };

/* "AIRTABLE_TO_SHEETS" (SQLite) and "airtable_to_sheets" (INI); parsing takes either case. */
const char *direction_name(enum sync_direction d);
bool direction_parse(const char *s, enum sync_direction *out);
const char *conflict_rule_name(enum conflict_rule r);
bool conflict_rule_parse(const char *s, enum conflict_rule *out);

struct sync_rules {
    enum sync_direction direction;
    enum conflict_rule conflicts;
    bool delete_extra_rows;
    bool delete_extra_records;
    double max_delete; /* a share (0.10) when max_delete_share, else a count */
    bool max_delete_share;
    bool resolve_linked_records; /* off: link cells show record ids */
    bool create_missing_linked_records;
    bool create_choices;
    bool strict; /* validation=strict */
    bool dropdowns;
    bool keep_formulas; /* formula_cells=keep */
    enum copied_rows copied_rows;
    bool include_header; /* a missing header cell is written */
    bool first_sync;     /* the person agreed to a large first run */
};

/* One mapped field: an arrow narrows the sync's direction for it, never widens it. */
struct map_entry {
    char *field;  /* Airtable field name or id */
    char *column; /* header text in the sheet */
    enum sync_direction direction;
};

struct mapping {
    struct map_entry *entries;
    size_t n;
    bool all; /* no `field` lines: every field under its own name */
};

#define MAPPING_MAX 500

/* Reads one `field =` value: "Name", "A <-> B", "A -> B", "A <- B". Returns NULL and appends the
 * entry, or a static sentence that says what is wrong. The direction of a plain entry is BOTH. */
const char *mapping_add(struct mapping *m, const char *text);
void mapping_release(struct mapping *m);

#endif
