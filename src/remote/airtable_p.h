/*
 * airtable_p.h: what the files of the Airtable driver share (private to remote/).
 */
#ifndef REMOTE_AIRTABLE_P_H
#define REMOTE_AIRTABLE_P_H

#include "base/jsonw.h"
#include "net/json.h"
#include "remote/airtable.h"

struct airtable {
    struct caller *caller; /* borrowed */
    char *base_id;
};

/* One cell's JSON as a typed value; NULL node: the field is absent, so empty. What does not have
 * the form of its type becomes a VALUE_ERROR that says so: it never flows. */
const struct value *airtable_decode(struct arena *a, const struct field *f, const struct json *n);
/* One value as the JSON of a write; empty is null. */
void airtable_encode(struct jsonw *w, const struct field *f, const struct value *v);

/* What may stand in a formula, and in an id cell. */
bool airtable_is_record_id(const char *id);
/* A record object of any answer into a; NULL when it is none. Fields are keyed by id. */
const struct airtable_record *airtable_decode_record(struct arena *a, const struct json *n,
                                                     const struct airtable_query *q);

enum bs_rc airtable_parse_schema(struct arena *a, const char *base_id, const struct json *doc,
                                 const struct base_schema **out, struct bs_err *e) BS_MUST_CHECK;

/* Gives a refusal (403, 404) the sentence a person needs: which base, which scope, where to give
 * it. Airtable does not tell "not there" from "not allowed". Other errors stay as they are. */
enum airtable_need { NEED_SCHEMA, NEED_READ, NEED_WRITE, NEED_FEED };
void airtable_explain(const struct airtable *at, enum airtable_need need, struct bs_err *e);

/* Performs a call of this base and parses its JSON answer. *doc is the caller's (json_free). */
enum bs_rc airtable_call(struct airtable *at, struct call *call, struct json **doc,
                         struct bs_err *e) BS_MUST_CHECK;
/* https://api.airtable.com/v0/BASE/TABLE into url. */
void airtable_table_url(const struct airtable *at, const char *table_id, struct buf *url);

#endif
