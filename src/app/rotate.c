/* rotate.c: see rotate.h. */
#include "app/rotate.h"

#include "base/clock.h"
#include "base/fail.h"
#include "base/os.h"
#include "store/lease.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_FILE_MAX 256

static char *new_path(const struct conf *c)
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    buf_addf(&b, "%s.new", c->key_file);
    return buf_take(&b);
}

/* Copies KEY.new over KEY, whole or not at all, then removes KEY.new. */
static enum bs_rc replace(const struct conf *c, const char *from, struct bs_err *e)
{
    struct buf b;
    enum bs_rc rc;

    buf_init(&b, KEY_FILE_MAX);
    rc = os_read_file(from, KEY_FILE_MAX, &b, e);
    if (rc == BS_OK) {
        rc = os_write_file(c->key_file, b.data, b.len, 0600, e);
    }
    buf_wipe(&b);
    if (rc == BS_OK && unlink(from) != 0 && errno != ENOENT) {
        rc = bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "%s: cannot be removed: %s", from,
                     strerror(errno));
    }
    return rc;
}

/* Whether the database's secrets open with this key: one of them, made on first use, is always
 * there once a run has been. */
static bool opens(const struct conf *c, const struct crypto_key *key)
{
    struct bs_err e = BS_ERR_INIT;
    struct hash_key hash;
    struct store *s = NULL;
    bool ok = store_open(c->database, STORE_EXISTING, key, &s, &e) == BS_OK &&
              store_hash_key(s, &hash, &e) == BS_OK;

    store_close(s);
    return ok;
}

enum bs_rc rotate_finish(const struct conf *c, struct bs_err *e)
{
    char *from = new_path(c);
    struct crypto_key key = {0};
    enum bs_rc rc = BS_OK;

    if (os_exists(from) && os_exists(c->database)) {
        rc = crypto_key_load_file(from, &key, e);
        if (rc == BS_OK && opens(c, &key)) {
            rc = replace(c, from, e);
        }
        crypto_key_wipe(&key);
    }
    free(from);
    return rc;
}

/* No run may be under way: it would seal what it learns with the old key. */
static enum bs_rc take_leases(struct app *app, const char ***names, size_t *n, struct bs_err *e)
{
    const struct conf *c = app->conf;
    enum bs_rc rc;

    *names = arena_alloc_n(app->arena, c->n_syncs + 1, sizeof **names);
    *n = 0;
    (*names)[(*n)++] = "serve";
    for (size_t i = 0; i < c->n_syncs; i++) {
        struct buf b;

        buf_init(&b, BUF_NO_LIMIT);
        buf_addf(&b, "base:%s", c->syncs[i].base);
        (*names)[(*n)++] = arena_strdup(app->arena, b.data);
        buf_release(&b);
    }
    rc = lease_take(app->store, *names, *n, clock_wall_ms(), e);
    if (rc == BS_RETRY && e->kind == BS_K_BUSY) {
        return bs_fail(e, BS_STOP_ALL, BS_K_BUSY,
                       "a sync or `basesync serve` is at work: stop it first");
    }
    return rc;
}

static enum bs_rc reseal(struct app *app, const char *path, struct bs_err *e)
{
    struct crypto_key key = {0};
    struct hash_key hash;
    enum bs_rc rc;

    /* That there is at least one secret is how rotate_finish knows the key. */
    if (store_hash_key(app->store, &hash, e) != BS_OK || crypto_key_create(path, e) != BS_OK) {
        return e->rc;
    }
    FAIL_POINT("rotate.created");
    rc = crypto_key_load_file(path, &key, e);
    if (rc == BS_OK) {
        rc = store_rotate_key(app->store, &key, e);
    }
    if (rc == BS_OK) {
        FAIL_POINT("rotate.sealed");
        crypto_key_wipe(&app->key);
        app->key = key;
        rc = replace(app->conf, path, e);
    }
    crypto_key_wipe(&key);
    return rc;
}

enum bs_rc rotate_key(struct app *app, struct bs_err *e)
{
    const char **names;
    char *path;
    size_t n;
    enum bs_rc rc;

    if (crypto_key_from_environment()) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                       "the key comes from the environment: only a key in a file can be rotated");
    }
    rc = take_leases(app, &names, &n, e);
    if (rc != BS_OK) {
        return rc;
    }
    path = new_path(app->conf);
    /* Left by a rotation that ended before its transaction (else rotate_finish had used it). */
    if (unlink(path) != 0 && errno != ENOENT) {
        rc = bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "%s: cannot be removed: %s", path,
                     strerror(errno));
    } else {
        rc = reseal(app, path, e);
    }
    lease_release(app->store, names, n);
    free(path);
    return rc;
}
