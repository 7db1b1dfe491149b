/*
 * airtable.h: the Airtable driver: schema, records, writes of one base with one credential. JSON
 * becomes typed values here and nowhere else. Every request goes through remote/call.h (governor,
 * token, retry). Facts: Airtable Web API reference.
 */
#ifndef REMOTE_AIRTABLE_H
#define REMOTE_AIRTABLE_H

#include "base/mem.h"
#include "model/field.h"
#include "model/links.h"
#include "remote/call.h"

#include <stddef.h>

#define AIRTABLE_BATCH 10      /* records per write request */
#define AIRTABLE_PAGE 100      /* records per listing page */
#define AIRTABLE_URL_MAX 15000 /* above this a listing goes by POST (16,000 is refused) */
#define AIRTABLE_RECORDS_MAX 1000000
#define AIRTABLE_TIME_STEP_MS 1000 /* created and modified times are whole seconds, cut off */

struct airtable;

/* caller is borrowed: it carries endpoints, governor, credential. */
struct airtable *airtable_new(struct caller *caller, const char *base_id);
void airtable_free(struct airtable *at); /* NULL is nothing */

/* GET /v0/meta/bases/{base}/tables. In the arena. as_text, when not NULL, gets the same as JSON for
 * the two functions below. */
enum bs_rc airtable_schema(struct airtable *at, struct arena *a, const struct base_schema **out,
                           const char **as_text, struct bs_err *e) BS_MUST_CHECK;
/* Such a text, kept from an earlier answer. */
enum bs_rc airtable_schema_parse(struct arena *a, const char *base_id, const char *from,
                                 const struct base_schema **out, struct bs_err *e) BS_MUST_CHECK;
/* Such a text with the named tables alone, in the order of the text. */
enum bs_rc airtable_schema_cut(const char *from, const char *const *table_ids, size_t n,
                               struct buf *out, struct bs_err *e) BS_MUST_CHECK;

struct airtable_record {
    const char *id;
    int64_t created_ms;
    /* One per requested field, value_empty when absent. Links hold ids, text = id: name them with
     * convert_name_refs. In the driver's page memory: copy what is kept. */
    const struct value *const *values;
};

struct airtable_query {
    const char *table_id;
    const struct field *const *fields; /* asked for by id; answers keyed by id */
    size_t n_fields;
    const char *view; /* id or NULL: restricts and orders */
};

/* Called per record, in the listing's order; not BS_OK stops the listing and is returned. */
typedef enum bs_rc airtable_record_fn(void *ctx, const struct airtable_record *r, struct bs_err *e);

/* All records, page by page. A vanished iterator restarts the listing: then restart(ctx) is called
 * first, so that the caller forgets what it has (NULL: the listing fails instead). Each record id
 * is reported once per listing even when a page comes twice. */
enum bs_rc airtable_list(struct airtable *at, const struct airtable_query *q,
                         airtable_record_fn *each, void (*restart)(void *ctx), void *ctx,
                         struct bs_err *e) BS_MUST_CHECK;
/* The records with these ids that exist, in any order: OR(RECORD_ID()=...) in chunks of 100, by
 * POST listRecords; up to 3 ids by single reads. View is not applied. */
enum bs_rc airtable_fetch(struct airtable *at, const struct airtable_query *q,
                          const char *const *ids, size_t n, airtable_record_fn *each, void *ctx,
                          struct bs_err *e) BS_MUST_CHECK;
/* The same of those that the query's view shows. */
enum bs_rc airtable_fetch_shown(struct airtable *at, const struct airtable_query *q,
                                const char *const *ids, size_t n, airtable_record_fn *each,
                                void *ctx, struct bs_err *e) BS_MUST_CHECK;
/* The records, in any view, whose text or select field reads like one of these texts but for case
 * and for spaces at its ends; one request. field->name may hold one closing brace at most. */
enum bs_rc airtable_find_alike(struct airtable *at, const struct airtable_query *q,
                               const struct field *field, const char *const *texts, size_t n,
                               airtable_record_fn *each, void *ctx, struct bs_err *e) BS_MUST_CHECK;
/* Is this record there? GET by id: *here false only on a certain 404 MODEL_ID_NOT_FOUND. */
enum bs_rc airtable_exists(struct airtable *at, const char *table_id, const char *record_id,
                           bool *here, struct bs_err *e) BS_MUST_CHECK;
/* Names (primary field) of all records of a table into links. */
enum bs_rc airtable_names(struct airtable *at, const struct table_schema *t, struct links *links,
                          struct bs_err *e) BS_MUST_CHECK;

/* The same of the records with these ids alone: by formula in chunks of 100 (one by a single read),
 * once more by single reads where that finds up to 3 less (a formula may miss what has just been
 * made), and from the whole table when more are missing. Who is not there after that has no name.
 */
enum bs_rc airtable_names_of(struct airtable *at, const struct table_schema *t, struct links *links,
                             const char *const *ids, size_t n, struct bs_err *e) BS_MUST_CHECK;

/* ---- writes ---- */

struct airtable_cell {
    const struct field *field;
    const struct value *value; /* value_empty clears (null) */
};

struct airtable_write {
    const char *record_id; /* NULL for a create */
    const struct airtable_cell *cells;
    size_t n_cells;
    /* Instead of cells: the fields object of an earlier airtable_write_fields. */
    const char *fields_json;
    /* A create that goes out as an upsert on this field, whose value no other record and no other
     * write of the list has; NULL: as a plain create. */
    const struct field *merge_on;
    void *tag; /* the caller's */
};

struct airtable_result {
    enum bs_rc rc; /* OK; SKIP refused, nothing written (err says why); UNSURE */
    struct bs_err err;
    bool gone;  /* update/delete of a record that is not there */
    bool found; /* upsert: the record was there, and has been updated */
    /* Whole record as the answer has it (q's fields), NULL for deletes and failures. */
    const struct airtable_record *record;
};

/* Called after each request with the outcome of its items, so that the caller can confirm each
 * batch in one transaction. Not BS_OK stops (no further batch is sent). */
typedef enum bs_rc airtable_batch_fn(void *ctx, const struct airtable_write *const *items,
                                     const struct airtable_result *results, size_t n,
                                     struct bs_err *e);

/* PATCH in batches of 10, several in flight; a batch refused with 422 is split until the bad record
 * is alone, 413 is split too. typecast only when create_choices. */
enum bs_rc airtable_update(struct airtable *at, const struct airtable_query *q,
                           const struct airtable_write *list, size_t n, bool typecast,
                           airtable_batch_fn *done, void *ctx, struct bs_err *e) BS_MUST_CHECK;
typedef enum bs_rc airtable_before_fn(void *ctx, const struct airtable_write *const *items,
                                      size_t n, struct bs_err *e);
/* POST in batches of 10, one after another, each sent once: a lost answer gives UNSURE for the
 * whole batch. before (NULL: nothing) is called before a batch leaves (journal), while the one
 * before it is still under way; so is done of the batch before that. What was announced and is not
 * sent after all ends as refused (SKIP). A refused batch (422/413: nothing was written) is split,
 * before is not called again for its parts. Writes with merge_on go by PATCH with performUpsert
 * ("Update multiple records"), in batches of their own and in their place: they may be sent again
 * after a lost answer, since the one that comes second meets the record of the first. Only when
 * every try ends so are they UNSURE. */
enum bs_rc airtable_create(struct airtable *at, const struct airtable_query *q,
                           const struct airtable_write *list, size_t n, bool typecast,
                           airtable_before_fn *before, airtable_batch_fn *done, void *ctx,
                           struct bs_err *e) BS_MUST_CHECK;
/* DELETE ?records[]=... in batches of 10; a record already gone counts as deleted. */
enum bs_rc airtable_delete(struct airtable *at, const struct airtable_query *q,
                           const struct airtable_write *list, size_t n, airtable_batch_fn *done,
                           void *ctx, struct bs_err *e) BS_MUST_CHECK;

/* The values of all fields of a table from such an object, one per field; in the arena. */
enum bs_rc airtable_read_fields(struct arena *a, const struct table_schema *t, const char *fields,
                                const struct value *const **out, struct bs_err *e) BS_MUST_CHECK;
/* The fields object of a write, keyed by field id: `{"fld…":1.5}`; also the journal's payload. */
void airtable_write_fields(struct buf *out, const struct airtable_cell *cells, size_t n);

/* ---- account ---- */
struct airtable_whoami {
    char user_id[64];
    char email[256];  /* "" when the token may not see it */
    char scopes[512]; /* space separated; "" for personal access tokens, which do not tell */
};
enum bs_rc airtable_whoami(struct caller *caller, struct airtable_whoami *out,
                           struct bs_err *e) BS_MUST_CHECK;
struct airtable_base_info {
    const char *id, *name, *permission;
};
enum bs_rc airtable_bases(struct caller *caller, struct arena *a,
                          const struct airtable_base_info **out, size_t *n,
                          struct bs_err *e) BS_MUST_CHECK;

#endif
