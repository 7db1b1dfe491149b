/*
 * links.h: the names of the records of linked tables, read once a run: all of a table, or those
 * that are met. A name that two records bear
 * cannot be resolved; a record without a name is shown by its id and found back by it.
 */
#ifndef MODEL_LINKS_H
#define MODEL_LINKS_H

#include <stddef.h>
#include <stdint.h>

struct links;

struct links *links_new(void);
void links_free(struct links *l); /* NULL is nothing */
/* Copies. A second call for one id replaces its name (a fresher read). */
void links_add(struct links *l, const char *table_id, const char *record_id, const char *name);
/* Marks a table as completely read: only then can a missing name mean "no such record". */
void links_mark_complete(struct links *l, const char *table_id);
int links_is_complete(const struct links *l, const char *table_id);
/* Marks a table whose records are named as they are met, for fields that flow to the sheet only: a
 * cell's text that no known record bears is taken as it is. Until the table is complete. */
void links_mark_partial(struct links *l, const char *table_id);
int links_is_partial(const struct links *l, const char *table_id);
/* Whether a name, an empty one too, was given for this record. */
int links_knows(const struct links *l, const char *table_id, const char *record_id);
/* The shown name of a record: its name, or the id when the name is empty or unknown. Borrowed. */
const char *links_name(const struct links *l, const char *table_id, const char *record_id);
/* Number of records of the table that bear the name exactly (a record id counts as its own name);
 * *record_id is the first one's, borrowed, NULL when 0. */
size_t links_find(const struct links *l, const char *table_id, const char *name,
                  const char **record_id);

#endif
