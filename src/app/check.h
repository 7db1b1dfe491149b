/*
 * check.h: what `basesync check` has found, step by step, and how it says so.
 */
#ifndef APP_CHECK_H
#define APP_CHECK_H

#include "app/session.h"

enum check_level { CHECK_OK, CHECK_NOTE, CHECK_FAILED };

struct check_item {
    enum check_level level;
    const char *sync; /* slug; NULL: concerns all */
    const char *step;
    const char *text;
};

struct checking {
    struct app *app;
    struct check_item *items;
    size_t n, cap;
    int code;             /* exit code so far */
    const char *sync;     /* of the items that are added now */
    int64_t server_ms;    /* a server's clock as last seen, 0 unknown ... */
    int64_t server_at_ms; /* ... and ours at that moment */
};

void check_add(struct checking *c, enum check_level level, const char *step, const char *fmt, ...)
    BS_PRINTF(4, 5);
/* A step that failed with this error, which counts for the exit code. */
void check_fail(struct checking *c, const char *step, const struct bs_err *e);
/* A step that failed, in words of the check's own: what is wrong, and what to do. */
void check_fail_with(struct checking *c, const char *step, enum bs_kind kind, const char *fmt, ...)
    BS_PRINTF(4, 5);
/* True when rc is BS_OK; else adds the failure and clears e. */
bool check_step(struct checking *c, const char *step, enum bs_rc rc, struct bs_err *e);
void check_print(const struct checking *c);

/* ---- one sync ---- */
struct sync_check {
    struct checking *c;
    const struct conf_sync *s;
    const struct sync_config *sc;
    const struct table_schema *table; /* NULL: not found */
};

/* check_sync.c: all steps of one sync. */
void check_one_sync(struct checking *c, size_t index);
/* check_airtable.c, check_google.c: the steps of one side. True when a dry run makes sense. */
bool check_airtable(struct sync_check *k, struct bs_err *e);
bool check_google(struct sync_check *k, struct bs_err *e);
/* Remembers the service's clock. */
void check_note_time(struct checking *c, const struct session *s);
/* Says when a sign-in by OAuth lapses soon. */
void check_lapse(struct sync_check *k, enum service service, const char *step, struct bs_err *e);

#endif
