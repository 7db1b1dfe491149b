/* err.c: see err.h. */
#include "base/err.h"

#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What each kind is called in SyncLog.errors, and the exit code of a command it ended. */
static const struct {
    const char *name;
    int exit_code;
} kinds[BS_K_COUNT] = {
    [BS_K_NONE] = {"NONE", 1},
    [BS_K_NETWORK] = {"NETWORK", 1},
    [BS_K_RATE_LIMIT] = {"RATE_LIMIT", 1},
    [BS_K_QUOTA] = {"QUOTA", 4},
    [BS_K_OAUTH] = {"OAUTH", 4},
    [BS_K_PERMISSION] = {"PERMISSION", 4},
    [BS_K_SCHEMA] = {"SCHEMA", 4},
    [BS_K_GUARD] = {"GUARD", 4},
    [BS_K_VALIDATION] = {"VALIDATION", 1},
    [BS_K_LINKED] = {"LINKED", 1},
    [BS_K_CONFLICT] = {"CONFLICT", 4},
    [BS_K_REMOTE] = {"REMOTE", 1},
    [BS_K_STATE] = {"STATE", 1},
    [BS_K_CONFIG] = {"CONFIG", 2},
    [BS_K_BUSY] = {"BUSY", 5},
    [BS_K_INTERNAL] = {"INTERNAL", 1},
};

void bs_err_clear(struct bs_err *e)
{
    if (e) {
        *e = (struct bs_err)BS_ERR_INIT;
    }
}

static void format_msg(char msg[BS_ERR_MSG_MAX], const char *fmt, va_list ap)
{
    int n = vsnprintf(msg, BS_ERR_MSG_MAX, fmt, ap);

    if (n >= BS_ERR_MSG_MAX) {
        str_mark_cut(msg, BS_ERR_MSG_MAX);
    } else if (n < 0) {
        str_copy(msg, BS_ERR_MSG_MAX, "an error whose message could not be formatted");
    }
    str_clean(msg);
}

enum bs_rc bs_fail(struct bs_err *e, enum bs_rc rc, enum bs_kind kind, const char *fmt, ...)
{
    char msg[BS_ERR_MSG_MAX]; /* the arguments may point into *e */
    va_list ap;

    if (!e) {
        return rc;
    }
    va_start(ap, fmt);
    format_msg(msg, fmt, ap);
    va_end(ap);
    memcpy(e->msg, msg, sizeof msg);
    e->rc = rc;
    e->kind = kind;
    return rc;
}

enum bs_rc bs_wrap(struct bs_err *e, const char *fmt, ...)
{
    char context[BS_ERR_MSG_MAX];
    char msg[BS_ERR_MSG_MAX];
    va_list ap;

    if (!e) {
        return BS_STOP_SYNC;
    }
    va_start(ap, fmt);
    format_msg(context, fmt, ap);
    va_end(ap);
    if (snprintf(msg, sizeof msg, "%s: %s", context, e->msg) >= (int)sizeof msg) {
        str_mark_cut(msg, BS_ERR_MSG_MAX);
    }
    memcpy(e->msg, msg, sizeof msg);
    return e->rc;
}

const char *bs_kind_name(enum bs_kind kind)
{
    if ((unsigned)kind >= BS_K_COUNT) {
        kind = BS_K_INTERNAL;
    }
    return kinds[kind].name;
}

enum bs_kind bs_kind_of(const char *name)
{
    int k = BS_K_NONE;

    while (k < BS_K_COUNT && !str_eq(kinds[k].name, name)) {
        k++;
    }
    return k < BS_K_COUNT ? (enum bs_kind)k : BS_K_INTERNAL;
}

int bs_kind_exit(enum bs_kind kind)
{
    if ((unsigned)kind >= BS_K_COUNT) {
        kind = BS_K_INTERNAL;
    }
    return kinds[kind].exit_code;
}

bool bs_kind_needs_person(enum bs_kind kind)
{
    return bs_kind_exit(kind) == 4;
}
