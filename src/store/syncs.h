/*
 * syncs.h: "User" and "SyncConfig": the INI's [user] and [sync] sections mirrored into SQLite, and
 * what happened to each sync. A sync is found by its section name (`slug`), which is also its id's
 * anchor: a section that goes away is deactivated, one that comes back continues.
 */
#ifndef STORE_SYNCS_H
#define STORE_SYNCS_H

#include "base/mem.h"
#include "store/store.h"

#include <stddef.h>

/* What the INI says of a sync, as text the way SQLite keeps it. */
struct sync_config {
    const char *id;      /* uuid; given by the store on first mirror */
    const char *slug;    /* section name: [sync SLUG] */
    const char *name;    /* for people */
    const char *user_id; /* "User".id */
    const char *user_name;
    bool is_active;                               /* wanted by the INI */
    bool is_paused;                               /* basesync pause */
    const char *base_id, *table_ref, *view_ref;   /* as in the INI: id or name */
    const char *spreadsheet_id, *sheet_ref;       /* title or "gid:N" */
    const char *mappings_json;                    /* fieldMappings */
    const char *direction, *conflicts, *schedule; /* SQL words; cron text */
    /* what happened */
    const char *last_sync_at, *last_status, *last_error_at, *last_error, *next_sync_at;
    const char *last_error_type; /* bs_kind_name; NULL: the last run was well */
};

/* Mirrors the INI: inserts, updates changed rows (updatedAt), deactivates syncs that are not in the
 * list. id and, where it was NULL, user_id (the user of that name is made when there is none) are
 * filled in and live until store_close. One transaction of its own. */
enum bs_rc syncs_mirror(struct store *s, struct sync_config *list, size_t n,
                        struct bs_err *e) BS_MUST_CHECK;
/* All syncs in the order of their slugs, in the arena; active_only leaves out inactive ones. */
enum bs_rc syncs_list(struct store *s, bool active_only, struct arena *a,
                      const struct sync_config **out, size_t *n, struct bs_err *e) BS_MUST_CHECK;
/* lastSyncAt, lastSyncStatus ('success', 'failed', 'partial'), lastErrorAt, lastErrorType,
 * lastErrorMessage. error NULL: all was well, kind is not looked at. status NULL: the run did not
 * start; the last one's time and status stay. */
enum bs_rc syncs_set_outcome(struct store *s, const char *sync_id, const char *status,
                             enum bs_kind kind, const char *error, int64_t now_ms,
                             struct bs_err *e) BS_MUST_CHECK;
enum bs_rc syncs_set_next(struct store *s, const char *sync_id, int64_t next_ms,
                          struct bs_err *e) BS_MUST_CHECK;
enum bs_rc syncs_set_paused(struct store *s, const char *sync_id, bool paused,
                            struct bs_err *e) BS_MUST_CHECK;

/* Per-sync facts of engine/ kept between runs, by name ("identity", "fields", "columns",
 * "formats", "choices", "sheetSeenAt", "feedCursor"...). *out NULL when absent; in the arena. */
enum bs_rc syncs_fact_get(struct store *s, const char *sync_id, const char *name, struct arena *a,
                          const char **out, struct bs_err *e) BS_MUST_CHECK;
enum bs_rc syncs_fact_set(struct store *s, const char *sync_id, const char *name, const char *value,
                          struct bs_err *e) BS_MUST_CHECK; /* value NULL deletes */

/* Users: made on demand by name; *id in the arena. */
enum bs_rc users_ensure(struct store *s, const char *name, const char *email, struct arena *a,
                        const char **id, struct bs_err *e) BS_MUST_CHECK;
/* The name of a user who is not the only one; "" for who is alone, and for nobody's id. */
#define USER_NAME_MAX 80
enum bs_rc users_name(struct store *s, const char *id, char name[USER_NAME_MAX],
                      struct bs_err *e) BS_MUST_CHECK;

#endif
