/*
 * context.h: what a command works with: the configuration, the key, the database with the syncs of
 * the INI file mirrored into it, and the way to both services. Opened as far as a command needs it.
 */
#ifndef APP_CONTEXT_H
#define APP_CONTEXT_H

#include "app/args.h"
#include "base/buf.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "crypto/crypto.h"
#include "net/http.h"
#include "remote/remote.h"
#include "store/connections.h"
#include "store/store.h"
#include "store/syncs.h"

struct app {
    const char *conf_path;
    const struct args *args;
    bool json;           /* --json */
    bool quiet;          /* --quiet */
    struct arena *arena; /* lives as long as the command */
    struct conf *conf;
    struct buf conf_text; /* of the INI file, as it was read */
    struct crypto_key key;
    bool has_key;
    struct store *store;
    struct sync_config *syncs; /* one per conf->syncs, in their order */
};

/* Steps to be taken in this order; each says in one sentence why it cannot. */
enum bs_rc app_load_conf(struct app *app, struct bs_err *e) BS_MUST_CHECK;
enum bs_rc app_load_key(struct app *app, struct bs_err *e) BS_MUST_CHECK;
/* Opens the database, which must exist unless create, and mirrors the INI file into it. */
enum bs_rc app_open_store(struct app *app, bool create, struct bs_err *e) BS_MUST_CHECK;
/* All of it. */
enum bs_rc app_open(struct app *app, struct bs_err *e) BS_MUST_CHECK;
void app_close(struct app *app);

/* Writes conf->syncs into the database and their ids into app->syncs. */
enum bs_rc app_mirror(struct app *app, struct bs_err *e) BS_MUST_CHECK;

/* The sync with this section or name; BS_STOP_ALL with the nearest one. */
enum bs_rc app_find_sync(const struct app *app, const char *name, size_t *index,
                         struct bs_err *e) BS_MUST_CHECK;
/* The user of --user, or the only one. */
enum bs_rc app_find_user(const struct app *app, const struct conf_user **out,
                         struct bs_err *e) BS_MUST_CHECK;
/* "User".id of a user of the INI file. */
enum bs_rc app_user_id(struct app *app, const struct conf_user *u, const char **id,
                       struct bs_err *e) BS_MUST_CHECK;

/* A secret from a file, "-" standard input, or NULL the terminal's prompt, unseen; b's max bounds
 * it. BS_SKIP when the prompt was answered with nothing. */
enum bs_rc app_read_secret(const char *file, const char *prompt, struct buf *b,
                           struct bs_err *e) BS_MUST_CHECK;

/* A client and addresses as the configuration says. */
struct http_options app_http_options(const struct app *app);
enum bs_rc app_http(const struct app *app, struct http **out, struct bs_err *e) BS_MUST_CHECK;
struct endpoints app_endpoints(const struct app *app);
struct call_limits app_limits(const struct app *app);

#endif
