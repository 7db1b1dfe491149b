/*
 * err.h: what every fallible function returns. A code says what the caller does next, a message
 * says what went wrong. The message lives in a fixed struct of the caller's, so that failing needs
 * no memory. Functions return errors; only engine/ and app/ log them.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

#define BS_ERR_MSG_MAX 512

#define BS_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define BS_MUST_CHECK __attribute__((warn_unused_result))
#define BS_NORETURN __attribute__((noreturn))

/* Ordered by the scope of the damage: a greater code stops more. */
enum bs_rc {
    BS_OK = 0,
    BS_SKIP,      /* this item only: record it, carry on */
    BS_RETRY,     /* nothing was changed: the same call may be made again after retry_ms */
    BS_UNSURE,    /* a write may have landed: re-read, then decide */
    BS_STOP_SYNC, /* credential, schema, guard: end this sync's run */
    BS_STOP_ALL,  /* disk, database, configuration: end the process */
};

/* What went wrong, in words for SyncLog.errors[].type; also decides the exit code. */
enum bs_kind {
    BS_K_NONE = 0,
    BS_K_NETWORK,    /* connect, TLS, time-out, reset */
    BS_K_RATE_LIMIT, /* a rate limit was hit or would be hit for too long */
    BS_K_QUOTA,      /* the month's calls, the spreadsheet's cells: waiting minutes does not help */
    BS_K_OAUTH,      /* the credential is refused: sign in again */
    BS_K_PERMISSION, /* the credential works, the thing is not shared or the scope is missing */
    BS_K_SCHEMA,     /* a table, field, tab or header is gone, doubled or changed */
    BS_K_GUARD,      /* a guard stopped the sync before its first write */
    BS_K_VALIDATION, /* a value that the other side cannot hold */
    BS_K_LINKED,     /* a linked name that nobody or several bear */
    BS_K_CONFLICT,   /* both sides changed one cell */
    BS_K_REMOTE,     /* an answer that no contract explains */
    BS_K_STATE,      /* the database or the journal */
    BS_K_CONFIG,     /* INI, arguments, key file */
    BS_K_BUSY,       /* another process holds the lease */
    BS_K_INTERNAL,   /* our own bug */
    BS_K_COUNT
};

struct bs_err {
    enum bs_rc rc;
    enum bs_kind kind;
    int http;                 /* HTTP status; 0: no answer was read */
    int64_t retry_ms;         /* -1: the remote gave no hint */
    char code[64];            /* the service's own error type, "" if none */
    char msg[BS_ERR_MSG_MAX]; /* "what: why; what to do"; never a secret, never a newline */
};

#define BS_ERR_INIT                                                                                \
    {                                                                                              \
        BS_OK, BS_K_NONE, 0, -1, "", ""                                                            \
    }

/* For a call whose outcome the caller reads from the struct it passed, a few lines on. */
static inline void bs_seen(enum bs_rc rc)
{
    (void)rc;
}

/* Back to "no error". */
void bs_err_clear(struct bs_err *e);

/* Sets code, kind and message and returns rc, so that `return bs_fail(e, ...)` reads well. e may be
 * NULL. http, retry_ms and code stay as they are, so that a failure can be told anew with the
 * answer it came from; e->msg may be among the arguments. Control characters in the result become
 * spaces; a message too long ends in "...". */
enum bs_rc bs_fail(struct bs_err *e, enum bs_rc rc, enum bs_kind kind, const char *fmt, ...)
    BS_PRINTF(4, 5);

/* Puts "context: " in front of the message already there and returns e->rc. */
enum bs_rc bs_wrap(struct bs_err *e, const char *fmt, ...) BS_PRINTF(2, 3);

/* "NETWORK", "OAUTH" ...: the words stored in SyncLog.errors. */
const char *bs_kind_name(enum bs_kind kind);
/* The kind of such a word; BS_K_INTERNAL for any other text and for NULL. */
enum bs_kind bs_kind_of(const char *name);

/* The exit code of design section 8 for an error of this kind: 1, 2, 4 or 5. */
int bs_kind_exit(enum bs_kind kind);

/* True when nothing but a person's act can mend it (exit code 4). */
bool bs_kind_needs_person(enum bs_kind kind);

#endif
