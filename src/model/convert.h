/*
 * convert.h: values into cells, cells into values, and what "equal" means. One table by field type
 * gives the functions. The canonical form of a value is what the sheet can show of it, so that a
 * value that went over and came back is equal by construction: numbers rounded to the field's
 * precision (percent: precision + 2), date-times as wall time in the spreadsheet's zone, rich text
 * with its trailing newline and bullet style normalised, links by shown name, attachments by file
 * name, unordered nothing.
 */
#ifndef MODEL_CONVERT_H
#define MODEL_CONVERT_H

#include "base/hash.h"
#include "model/cell.h"
#include "model/field.h"
#include "model/links.h"
#include "model/value.h"
#include "model/zone.h"

struct convert_ctx {
    const struct zone *zone;   /* of the spreadsheet */
    const struct links *links; /* names of linked records; may be NULL when no field links */
    struct hash_key key;       /* of the stored cell hashes */
    bool create_choices;       /* an unknown select choice may be created (typecast) */
    bool create_links;         /* an unknown linked name becomes an item without id */
};

/* The cell for a value; its text may be the value's own, which must live as long. BS_SKIP when a
 * cell cannot hold it (longer than CELL_TEXT_MAX, an instant outside the sheet's dates): e says
 * why. VALUE_ERROR is a caller's bug. */
enum bs_rc convert_to_cell(const struct convert_ctx *ctx, const struct field *f,
                           const struct value *v, struct arena *a, const struct cell **out,
                           struct bs_err *e) BS_MUST_CHECK;

/* The value of a cell for a field. `current` is the field's value in Airtable now, or NULL when the
 * record is new: links and collaborators that it holds keep their ids, which settles names that
 * several bear; a collaborator who is not among them must be named by e-mail address. BS_SKIP with
 * what was found and what would be accepted when the field cannot hold the cell: kind
 * BS_K_VALIDATION or BS_K_LINKED; never for a field that is not writable, whose cells are read as
 * what they could mean or as text. An error in the cell gives VALUE_ERROR. */
enum bs_rc convert_from_cell(const struct convert_ctx *ctx, const struct field *f,
                             const struct cell *c, const struct value *current, struct arena *a,
                             const struct value **out, struct bs_err *e) BS_MUST_CHECK;

/* Names of the ids of a VALUE_REFS filled in from ctx->links; other values come back unchanged. */
const struct value *convert_name_refs(const struct convert_ctx *ctx, const struct field *f,
                                      const struct value *v, struct arena *a);

/* Keyed hash of the canonical form; equal values of either side have equal hashes. Never 0 (0 means
 * "no base") and never for VALUE_ERROR. Two VALUE_EMPTY are equal for every type. */
uint64_t convert_hash(const struct convert_ctx *ctx, const struct field *f, const struct value *v);

/* Number format of the field's column: type FORMAT_AUTO means leave it alone. pattern is static or
 * in the arena. Columns of text, selects, lists and links get FORMAT_TEXT, so that what a person
 * types there ("0012", "1-2") stays text. */
struct column_format {
    enum cell_format_type type;
    const char *pattern; /* NULL: the locale's default */
};
struct column_format convert_column_format(const struct field *f, struct arena *a);

/* Drop-down or check box that the column should offer: */
enum column_rule { RULE_NONE, RULE_ONE_OF_LIST, RULE_CHECKBOX };
enum column_rule convert_column_rule(const struct field *f);

/* One sentence for people: how values of the field look in a cell and what comes back ("number,
 * 2 decimals; both ways"). Used by check, discover and the README's table. */
const char *convert_describe(enum field_type type);

#endif
