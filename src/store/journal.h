/*
 * journal.h: intents: creates that are about to be sent to Airtable, written (and synced to disk)
 * before the request leaves. Airtable has no idempotency key: a create whose answer was lost is
 * looked for by creation time and content (mbsync's TUID idea) before anything is sent again.
 *
 *   PENDING --answer with id--> CREATED --id is in the row's id cell--> (deleted)
 *   PENDING --answer says refused--> (deleted)
 *   PENDING --found by looking--> CREATED      PENDING --surely not there--> (deleted)
 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include "base/mem.h"
#include "store/store.h"

#include <stddef.h>

enum intent_state { INTENT_PENDING, INTENT_CREATED };

struct intent {
    int64_t id; /* given by journal_add */
    const char *sync_id;
    const char
        *table_id; /* the table of the create (a linked table's for missing linked records) */
    const char *run_id;
    uint32_t row_hint;     /* sheet row the record comes from; 0 for a linked record */
    uint64_t content;      /* keyed hash of the fields that are sent */
    uint64_t row_content;  /* keyed hash of the row's mapped cells, to find the row again */
    const char *payload;   /* the fields as JSON keyed by field id, as sent: to compare with */
    const char *record_id; /* INTENT_CREATED */
    enum intent_state state;
    int64_t created_ms; /* when it was written */
    int64_t server_ms;  /* service's clock then (its Date header), 0 unknown */
};

/* Adds n intents and fills their ids: in one transaction of its own, durable on return, or in the
 * caller's, durable when that is committed. */
enum bs_rc journal_add(struct store *s, struct intent *list, size_t n,
                       struct bs_err *e) BS_MUST_CHECK;
/* Inside a caller's transaction: */
enum bs_rc journal_created(struct store *s, int64_t id, const char *record_id,
                           struct bs_err *e) BS_MUST_CHECK;
enum bs_rc journal_done(struct store *s, int64_t id, struct bs_err *e) BS_MUST_CHECK;
/* The record's id has arrived in its row: its intent, if there is one, is done. */
enum bs_rc journal_done_record(struct store *s, const char *sync_id, const char *record_id,
                               struct bs_err *e) BS_MUST_CHECK;
/* Open intents of a sync in the order they were added. */
enum bs_rc journal_list(struct store *s, const char *sync_id, struct arena *a, struct intent **out,
                        size_t *n, struct bs_err *e) BS_MUST_CHECK;

#endif
