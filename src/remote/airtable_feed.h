/*
 * airtable_feed.h: Airtable's change feed: a webhook without an address, whose payloads are kept on
 * the server for a week and read by cursor (Airtable Web API "Create a webhook", "List webhook
 * payloads"). Reading extends its life to seven days from then; a hook that is not read lapses. It
 * is reported to lose an event now and then: what is said here is true, what is not said may have
 * happened all the same.
 */
#ifndef REMOTE_AIRTABLE_FEED_H
#define REMOTE_AIRTABLE_FEED_H

#include "remote/airtable.h"

#define AIRTABLE_HOOK_ID_MAX 64
#define AIRTABLE_PAYLOADS 50 /* of one call */
/* One call's payloads; more than that is a flood of changes, for which a listing is cheaper. */
#define AIRTABLE_PAYLOADS_BYTES ((size_t)2 << 20)

/* Makes a webhook for all records, fields and tables of the base, without an address. Sent once:
 * BS_UNSURE when the answer was lost. Needs webhook:manage and the role of a creator; at most ten
 * to a base (BS_K_QUOTA). */
enum bs_rc airtable_hook_create(struct airtable *at, char id[AIRTABLE_HOOK_ID_MAX],
                                struct bs_err *e) BS_MUST_CHECK;
/* BS_OK too when it is not there. */
enum bs_rc airtable_hook_delete(struct airtable *at, const char *id,
                                struct bs_err *e) BS_MUST_CHECK;

struct airtable_hook {
    const char *id;
    int64_t cursor;     /* of the payload that comes next */
    int64_t expires_ms; /* 0: not said */
    bool enabled;
    bool like_ours; /* exactly what airtable_hook_create asks for */
};
/* The base's webhooks that this credential may see; in the arena. */
enum bs_rc airtable_hooks(struct airtable *at, struct arena *a, const struct airtable_hook **out,
                          size_t *n, struct bs_err *e) BS_MUST_CHECK;

struct json;
enum airtable_event_kind {
    EVENT_CREATED, /* a record */
    EVENT_CHANGED,
    EVENT_DESTROYED,
    EVENT_SCHEMA, /* fields, name or existence of a table */
    EVENT_ERROR,  /* code: the hook says no more, or not all of it */
};
struct airtable_event { /* texts are valid during the call */
    enum airtable_event_kind kind;
    int64_t at_ms;         /* 0 unknown */
    const char *table_id;  /* NULL with EVENT_ERROR */
    const char *record_id; /* of the first three */
    const char *code;      /* EVENT_ERROR */
    /* EVENT_CHANGED: ids of the fields that changed; none: not told. EVENT_CREATED: of those that
     * are not empty. values: what each holds, in the form of payloads. */
    const char *const *fields;
    const struct json *const *values;
    size_t n_fields;
    bool told; /* the payload tells of cells at all */
};
/* Not BS_OK ends the reading and is returned. */
typedef enum bs_rc airtable_event_fn(void *ctx, const struct airtable_event *ev, struct bs_err *e);

struct airtable_payload_page {
    int64_t next; /* cursor to go on from */
    bool more;    /* and there is more now */
    size_t n;     /* payloads read */
};
/* A cell in the form of payloads ("V2": choices and links are objects with id and name) as the
 * value that a record's reading would give, links named as the payload names them. NULL: it cannot
 * be known for sure from what a payload says of a field of this type. */
const struct value *airtable_payload_value(struct arena *a, const struct field *f,
                                           const struct json *n);

/* One call: the payloads from cursor (1: the first) on, as they came; *doc is the caller's
 * (json_free). BS_STOP_SYNC with e->http 404: there is no such hook. */
enum bs_rc airtable_payloads(struct airtable *at, const char *hook_id, int64_t cursor,
                             struct json **doc, struct bs_err *e) BS_MUST_CHECK;

/* What the answer to a call from cursor on says, in its order. Payloads before wanted are left out
 * where they can be told apart; what is told twice means the same as once. */
enum bs_rc airtable_parse_payloads(const struct json *doc, int64_t cursor, int64_t wanted,
                                   airtable_event_fn *each, void *ctx,
                                   struct airtable_payload_page *out,
                                   struct bs_err *e) BS_MUST_CHECK;

#endif
