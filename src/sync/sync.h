/*
 * sync.h: what the sync core works on. The core is pure: engine/ fills these structures from the
 * two services and the database, the planner reads them and writes a plan, engine/ executes it and
 * changes the structures as the services' own answers say. Everything lives in the run's arena.
 *
 * The base of a cell is one keyed hash of the canonical form that both sides held when they last
 * agreed (model/convert.h). 0 means "no base": never agreed yet. A cell whose sides are known to
 * differ and shall be left so (a filled cell that met an empty one on a one-way sync) keeps
 * sync_base_apart(a, s): half of either hash, so that each side's change is still told from the
 * other's. sync_base_apart(h, h) is h.
 *
 * Where cells may be left out (cells == NULL): in a record and a row that are both here and tied by
 * the id cell, when nothing follows from their cells: every mapped cell of both is what the base
 * says of it (for cells that stand apart: its half), or Airtable shows a lasting error there; then
 * both have NULL. The row of a record that is gone may have NULL when nothing changed in it and it
 * will not become a record again (deletion, or keeping it). All other rows and records have cells.
 */
#ifndef SYNC_SYNC_H
#define SYNC_SYNC_H

#include "base/err.h"
#include "base/mem.h"
#include "model/cell.h"
#include "model/convert.h"
#include "model/field.h"
#include "model/rules.h"
#include "model/value.h"

#define SYNC_NONE UINT32_MAX

/* One mapped field. */
struct sync_field {
    const struct field *field;
    const char *header; /* column header text */
    bool to_sheet;      /* values may flow to the sheet */
    bool to_airtable;   /* values may flow to Airtable: direction, arrow and field allow it */
};

enum side_state {
    SIDE_VALUE, /* hash and value are known */
    SIDE_BAD,   /* the cell cannot become a value of the field: note says why */
    SIDE_ERROR, /* a computed error just now: keeps the last good value, does not flow */
};

/* One mapped cell as one side shows it now. */
struct side_cell {
    enum side_state state;
    enum bs_kind note_kind;    /* SIDE_BAD: BS_K_VALIDATION or BS_K_LINKED */
    uint64_t hash;             /* SIDE_VALUE: canonical hash, never 0 */
    const struct value *value; /* SIDE_VALUE */
    const struct cell *cell;   /* sheet side: the cell itself, for history; NULL on Airtable's */
    const char *note;          /* SIDE_BAD: the sentence for the log */
};

enum presence {
    PRESENCE_HERE,
    PRESENCE_GONE,    /* asked for by id and not there: a real deletion */
    PRESENCE_UNKNOWN, /* not listed and not confirmed: nothing may be concluded */
};

struct sync_record {
    const char *id;
    enum presence presence;
    int64_t created_ms;
    int64_t modified_ms;     /* Airtable's change time; 0 unknown */
    struct side_cell *cells; /* n_fields of them; NULL: every mapped cell equals the pair's base */
    bool blocked;            /* an unsettled write: plan nothing for it */
};

struct sync_row {
    uint32_t number;         /* 1-based row of the sheet */
    const char *id;          /* text of the id cell, "" when empty */
    struct side_cell *cells; /* NULL: every mapped cell equals the pair's base */
    bool blank;              /* every mapped cell and the id cell are empty */
    bool blocked;
    bool gone;                /* deleted by this run */
    const char *known_record; /* no id in the cell yet, but the journal says what it became */
    uint64_t raw;             /* hash of the row as the values read showed it; 0 unknown */
    const char *tied; /* set by plan_make: the record it was tied to; a second plan on the same
                         state ties it again, whatever has been written in between */
};

/* A pair as the database knows it. */
enum pair_flags {
    PAIR_RECORD_GONE = 1, /* the record was deleted and the row was kept */
    PAIR_ROW_GONE = 2,    /* the row was deleted and the record was kept */
    PAIR_UNDONE = 4, /* the other side was taken away, or this one put back, by undo: it is left so
                        until somebody edits what is left */
};
struct sync_pair {
    const char *record_id;
    uint32_t row_hint; /* last seen row number, 0 none */
    uint64_t *bases;   /* n_fields; 0 none */
    uint64_t raw;      /* raw row hash when the pair was last settled; 0 unknown, and stored as 0
                          with each base that changes: a row that is put back must be looked at */
    uint32_t flags;
};

struct sync_state {
    struct arena *arena;
    const struct sync_rules *rules;
    const struct convert_ctx *convert;
    const struct sync_field *fields;
    size_t n_fields;
    uint32_t match_field; /* index of the field used for first pairing, SYNC_NONE when none */
    struct sync_pair *pairs;
    size_t n_pairs;
    struct sync_record *records;
    size_t n_records;
    struct sync_row *rows; /* in sheet order, header not among them */
    size_t n_rows;
    bool first_run;         /* this sync has never completed a run */
    bool view_scoped;       /* records come from a view */
    bool airtable_listed;   /* the listing was complete: absence was then confirmed by id */
    int64_t sheet_since_ms; /* the sheet side changed after this (previous read), 0 unknown */
    int64_t sheet_seen_ms;  /* and before this (present read) */
};

/* Base of a cell whose sides stand apart. Never 0. */
uint64_t sync_base_apart(uint64_t airtable_hash, uint64_t sheet_hash);
/* Whether a base, apart or not, says that the side held this value. */
bool sync_base_holds_airtable(uint64_t base, uint64_t hash);
bool sync_base_holds_sheet(uint64_t base, uint64_t hash);

/* ---- what is reported, besides the plan ---- */

enum issue_level { ISSUE_INFO, ISSUE_WARNING, ISSUE_CONFLICT, ISSUE_HELD, ISSUE_ERROR };
struct sync_issue {
    enum issue_level level;
    enum bs_kind kind;
    const char *record_id; /* NULL unknown */
    uint32_t row;          /* sheet row number, 0 unknown */
    uint32_t field;        /* index, SYNC_NONE when none */
    const char *message;   /* one sentence */
};

#endif
