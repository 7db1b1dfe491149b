/*
 * sync_world.h: two tables in memory, the people who edit them, and the database of a sync: what
 * the property test of sync/ runs on. Everything random comes from the world's own generator.
 */
#ifndef PROP_SYNC_WORLD_H
#define PROP_SYNC_WORLD_H

#include "base/buf.h"
#include "sync/guard.h"
#include "sync/plan.h"

#define FIELDS_HERE 6
#define RECORDS_HERE 160
#define ROWS_HERE 80
#define TEXT_HERE 400

/* Fields of the world that Airtable treats in a way of its own. */
enum quirk { QUIRK_NONE, QUIRK_COMPUTED, QUIRK_TRIMS };

struct w_field {
    struct field field;
    enum quirk quirk;
};

struct w_record {
    const char *id;
    bool alive;
    const struct value *values[FIELDS_HERE];
    int64_t modified_ms;
    uint32_t from_row; /* uid of the row that basesync made it of, 0 none */
};

struct w_row {
    uint32_t uid; /* the row as people see it, wherever it moves */
    const char *id;
    const struct cell *cells[FIELDS_HERE];
    const char *from_record; /* that basesync made it of, NULL none */
    bool id_touched;         /* a person wrote into its id cell, or copied it */
};

/* What basesync's database would hold. */
struct w_pair {
    const char *record_id;
    uint32_t row_hint, flags;
    uint64_t bases[FIELDS_HERE];
    uint64_t raw;
};

/* A create that was sent and whose id is not in the sheet yet. */
struct w_intent {
    uint32_t row;
    const char *record_id;
};

/* What both sides held after the last undisturbed run. */
struct w_shadow {
    const char *record_id;
    uint32_t row;
    uint64_t hash[FIELDS_HERE];
};

/* What the next undisturbed run has to do, worked out from values alone. */
enum w_want { WANT_CELLS, WANT_ROW_GONE, WANT_ROW_KEPT, WANT_RECORD_GONE, WANT_RECORD_KEPT };
struct w_expect {
    enum w_want what;
    const char *record_id;
    uint32_t row;
    size_t field;
    uint64_t airtable, sheet; /* WANT_CELLS: canonical hashes */
};

struct world {
    uint64_t rng;
    struct arena *arena;
    struct links *links;
    struct zone *zone;
    struct convert_ctx convert;
    struct sync_rules rules;
    struct w_field fields[FIELDS_HERE];
    struct sync_field mapped[FIELDS_HERE];
    size_t n_fields;

    struct w_record records[RECORDS_HERE];
    size_t n_records;
    struct w_row rows[ROWS_HERE];
    size_t n_rows;
    struct w_pair pairs[RECORDS_HERE];
    size_t n_pairs;
    struct w_intent intents[RECORDS_HERE];
    size_t n_intents;
    struct w_shadow shadows[RECORDS_HERE];
    size_t n_shadows;
    struct w_expect expects[RECORDS_HERE * FIELDS_HERE];
    size_t n_expects;
    bool left_alone;   /* the last plan kept off rows that look sorted without their ids */
    bool healed;       /* the last run tied a row again whose id cell did not say so */
    bool sorted_apart; /* cells were sorted without the ids since the last undisturbed run */
    bool computed_fails;

    struct strmap *history; /* heap: old values of text cells, as printed */
    struct strmap *wiped;   /* heap: texts that people removed */
    const char **tokens;    /* texts that people entered, each once */
    size_t n_tokens, cap_tokens;

    int64_t now_ms, sheet_since_ms;
    uint32_t next_id;
    bool ran;

    struct buf *log;       /* NULL: silent */
    char wrong[TEXT_HERE]; /* the first property that did not hold */
};

void world_open(struct world *w, uint64_t seed);
void world_close(struct world *w);

uint64_t world_random(struct world *w);
uint32_t world_below(struct world *w, uint32_t bound);
bool world_chance(struct world *w, uint32_t percent);

/* Notes the first violation. */
void world_wrong(struct world *w, const char *fmt, ...) BS_PRINTF(2, 3);
void world_say(struct world *w, const char *fmt, ...) BS_PRINTF(2, 3);

/* One random act of a person. */
void world_edit_sheet(struct world *w);
void world_edit_airtable(struct world *w);
/* Between runs only: somebody changes the type of a field, which voids what was agreed on it. */
void world_drift(struct world *w);

struct w_record *world_find_record(struct world *w, const char *id);
struct w_row *world_find_row(struct world *w, uint32_t uid);
struct w_record *world_add_record(struct world *w);
struct w_row *world_insert_row(struct world *w, size_t at);
void world_remove_row(struct world *w, size_t at);
/* A field as Airtable shows it: computed, named. */
const struct value *world_value(struct world *w, const struct w_record *rec, size_t f,
                                struct arena *a);
/* Takes a value as Airtable would keep it. */
void world_store_value(struct world *w, struct w_record *rec, size_t f, const struct value *v);
/* Canonical hash of a cell; 0 when it has none. */
uint64_t world_row_hash(struct world *w, const struct w_row *row, size_t f);
uint64_t world_record_hash(struct world *w, const struct w_record *rec, size_t f);
bool world_row_blank(const struct world *w, const struct w_row *row);
const char *world_text(struct world *w, const struct value *v);
const char *world_cell_text(struct world *w, const struct cell *c);
/* The text if it is one that people enter once in a world's life, trimmed; else NULL. */
const char *world_token(struct world *w, const char *text);
/* People's texts that basesync overwrites go here first. */
void world_remember(struct world *w, const char *text);
/* People's texts that people remove. */
void world_forgive_row(struct world *w, const struct w_row *row);
void world_forgive_record(struct world *w, const struct w_record *rec);
void world_dump(struct world *w, struct buf *out);

/* ---- sync_engine.c: a small engine that follows plan.h ---- */

struct run_faults {
    bool edits;     /* people edit while it runs */
    bool failures;  /* single operations fail */
    bool unlisted;  /* the listing is short */
    uint32_t dies;  /* after so many operations, 0 never */
    bool allow_all; /* the person lets the guards pass */
};
enum run_end { RUN_DONE, RUN_DIED, RUN_STOPPED };
enum run_end engine_run(struct world *w, const struct run_faults *faults);
/* Operations a run would do now. */
size_t engine_pending(struct world *w);

/* ---- sync_check.c: what must hold after an undisturbed run ---- */
void check_before(struct world *w); /* what the run is expected to do */
void check_after(struct world *w);
void check_shadow(struct world *w); /* remember what both sides hold now */

#endif
