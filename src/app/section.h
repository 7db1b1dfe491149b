/*
 * section.h: [sync NAME] sections made by the program for a person's INI file: what is written
 * reads back as it was meant, or is not written.
 */
#ifndef APP_SECTION_H
#define APP_SECTION_H

#include "conf/conf.h"
#include "model/field.h"

/* The columns of a tab's header row that bear a name. */
struct section_header {
    const char *text; /* as the sheet has it; NULL when there is none */
    size_t n;         /* how many bear it; more than one stops a sync */
    size_t column[2]; /* the first two of them */
};
/* Exactly this text, else one that differs in case and outer spaces only. */
struct section_header section_find_header(const char *const *headers, size_t n, const char *name);

/* "[sync SLUG]" with a slug made of name that neither conf nor out has yet. */
void section_begin(struct buf *out, const struct conf *conf, const char *name);
/* "key = value", padded. False, and nothing written, when the value would not read back. */
bool section_key(struct buf *out, const char *key, const char *value);
/* "field = ..." for a field and the header of its column; a field that is computed flows to the
 * sheet only. By the field's name, or by its id where the name would be read as something else.
 * False, and nothing written, when the header would. */
bool section_field(struct buf *out, const struct table_schema *t, const struct field *f,
                   const char *header);
/* The name by which the INI file finds the field: its name, or its id. */
const char *section_field_name(const struct table_schema *t, const struct field *f);
/* The same of a table, and of a tab ("gid:N" into room when its title will not do). */
const char *section_table_name(const struct base_schema *b, const struct table_schema *t);
#define SECTION_TAB_MAX 32
const char *section_tab_name(const char *title, int64_t gid, char room[SECTION_TAB_MAX]);

#endif
