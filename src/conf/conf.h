/*
 * conf.h: the INI file. One key table (conf/keys.c) gives the parser, the defaults, the ranges, the
 * sample file, --print-config and the man page. Unknown sections and keys are errors with file,
 * line and the nearest known name. Secrets are never in the INI. All text is owned by the conf.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "base/buf.h"
#include "base/err.h"
#include "model/rules.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONF_SYNCS_MAX 1000
#define CONF_USERS_MAX 1000

struct conf_user {
    char *slug; /* [user SLUG]; "default" when the file names none */
    char *name;
    char *email; /* "" when not given */
};

struct conf_sync {
    char *slug;                   /* [sync SLUG] */
    int line;                     /* of the section, for messages */
    char *name, *user, *schedule; /* schedule NULL: the general one */
    bool active;
    char *base, *table, *view; /* view NULL: none */
    char *spreadsheet;         /* id, also when an address was given */
    char *tab;                 /* title or "gid:N" */
    char *match;               /* field name or id; NULL: the primary field */
    char *id_column;           /* header text */
    char *create_key;          /* field for exact upserts of creates; NULL: none */
    char *modified_field;      /* last-modified field used by newest_wins; NULL: found by type */
    struct mapping mapping;
    struct sync_rules rules;
    int max_retries;
    int batch_rows, batch_records;
    int64_t full_scan_ms; /* 0: every run is a full scan */
    bool drive_gate;      /* Drive's version of the spreadsheet may stand for its look */
};

struct conf {
    char *path, *dir;          /* of the INI */
    char *database, *key_file; /* absolute */
    char *schedule;            /* cron text */
    char *time_zone;           /* of the schedule; NULL: local */
    bool log_json;
    int log_level; /* enum log_level */
    int workers;
    int worker_timeout_s, worker_memory_mb;
    bool spread;
    int log_days, history_days;
    char *zoneinfo; /* folder of time zones; NULL: the system's */
    /* [airtable] */
    char *airtable_api, *airtable_oauth;
    int airtable_rps;
    int64_t monthly_budget; /* 0: none */
    bool change_feed;       /* follow the base's changes by a webhook without an address */
    /* [google] */
    char *sheets_url, *drive_url, *token_url, *auth_url, *revoke_url, *userinfo_url;
    int google_reads, google_writes; /* per minute */
    /* [network] */
    char *ca_file, *proxy;
    int timeout_s, connect_timeout_s;
    int settle_s; /* how long a create without answer may still land */
    /* [notify]; NULL or empty: off */
    char *notify_url, *notify_template, *notify_content_type, *notify_command;
    char *notify_ping_start, *notify_ping_success, *notify_ping_failure;
    char *mail_url, *mail_from, *mail_to, *mail_user; /* the password comes from connect mail */
    int notify_repeat_h;
    struct conf_user *users;
    size_t n_users;
    struct conf_sync *syncs;
    size_t n_syncs;
};

#define CONF_FILE_MAX ((size_t)4 << 20)

/* Reads and checks a file; text (initialised, or NULL) keeps what it held. BS_STOP_ALL /
 * BS_K_CONFIG: "FILE:LINE: what; what to do". */
enum bs_rc conf_load(const char *path, struct buf *text, struct conf **out,
                     struct bs_err *e) BS_MUST_CHECK;
/* The same from text (tests, fuzzing); path is for messages and relative names. */
enum bs_rc conf_parse(const char *path, const char *text, size_t len, struct conf **out,
                      struct bs_err *e) BS_MUST_CHECK;
void conf_free(struct conf *c); /* NULL is nothing */

const struct conf_sync *conf_find_sync(const struct conf *c, const char *slug_or_name);
/* Nearest slug for "did you mean", NULL when none is near. */
const char *conf_nearest_sync(const struct conf *c, const char *slug);

/* Milliseconds from "90s", "5m", "6h", "1d", "250ms" or "0"; false on anything else. */
bool conf_parse_duration(const char *text, int64_t *ms);

/* The effective configuration as an INI file (--print-config). */
void conf_print(const struct conf *c, struct buf *out);
/* The commented sample file written by init and kept in conf/basesync.ini. */
void conf_sample(struct buf *out);
/* The key table as mdoc list items for basesync.ini(5). */
void conf_mdoc(struct buf *out);

#endif
