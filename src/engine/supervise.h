/*
 * supervise.h: `basesync serve`: sleeps until syncs are due, starts one worker process per group of
 * syncs that share a base or a spreadsheet, at most `workers` at once, and writes down what became
 * of those that could not do so themselves. Holds no token and speaks to no server.
 */
#ifndef ENGINE_SUPERVISE_H
#define ENGINE_SUPERVISE_H

#include "base/log.h"
#include "conf/conf.h"
#include "store/store.h"
#include "store/syncs.h"

#include <stdbool.h>

struct supervise_result {
    const char *name;
    const char *status; /* as in SyncLog */
    const char *error;  /* NULL when there is none */
    int64_t duration_ms;
};

/* What the supervisor has to say and to ask; app/ writes the text. */
struct supervise_hooks {
    void *ctx;
    void (*job_started)(void *ctx, int64_t now_ms, size_t n_syncs);
    void (*job_ended)(void *ctx, const struct supervise_result *list, size_t n,
                      int64_t duration_ms);
    void (*note)(void *ctx, enum log_level level, const char *text);
    /* Reads the INI file again and mirrors it. On success what was given before is gone; on failure
     * it is as it was. */
    enum bs_rc (*reload)(void *ctx, const struct conf **conf, const struct sync_config **rows,
                         struct bs_err *e);
    /* The text of the INI file in use, which workers are to go by. */
    const char *(*conf_text)(void *ctx, size_t *len);
};

struct supervise {
    const struct conf *conf;
    const struct sync_config *rows; /* one per conf->syncs */
    struct store *store;
    const char *conf_path;
    const struct supervise_hooks *hooks;
    bool once; /* run all active syncs once, then end */
};

/* Runs until SIGTERM or SIGINT. BS_STOP_ALL / BS_K_BUSY when another one serves this database.
 * With `once`, *all_good says whether every sync succeeded. */
enum bs_rc supervise_run(const struct supervise *s, bool *all_good, struct bs_err *e) BS_MUST_CHECK;

/* Deletes what is older than the INI file wants kept, at most once a day. */
enum bs_rc supervise_retain(struct store *store, const struct conf *c,
                            struct bs_err *e) BS_MUST_CHECK;

#endif
