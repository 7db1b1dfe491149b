/*
 * target_p.h: what a sync remembers of its two sides between runs (the fact "target"), so that a
 * renamed table, field or tab is followed by id and a changed one is noticed.
 */
#ifndef ENGINE_TARGET_P_H
#define ENGINE_TARGET_P_H

#include "engine/run_p.h"

struct target_field {
    const char *ref;    /* as the INI named it */
    const char *id;     /* Airtable field id */
    const char *header; /* column header */
    const char *type;   /* Airtable's type name */
};

struct target_fact {
    const char *base_id, *table_id, *table_ref;
    const char *spreadsheet, *tab_ref, *id_column;
    int64_t sheet_id;
    uint32_t width; /* columns that held everything of ours */
    struct target_field *fields;
    size_t n_fields;
};

/* BS_STOP_SYNC / BS_K_STATE when text is not what target_print writes. */
enum bs_rc target_parse(struct arena *a, const char *text, struct target_fact *out,
                        struct bs_err *e) BS_MUST_CHECK;
/* Columns that are still to be made are kept without a name: only what has been seen in the sheet
 * can be missed there. */
void target_print(const struct run *r, struct buf *out);

#endif
