/*
 * vfs_shim.h: an SQLite VFS that hands everything on to the system's own and lets a test see,
 * refuse or keep what passes: SQLite's documented way of meeting a full disk or a power cut without
 * having one (https://www.sqlite.org/vfs.html). One per program.
 */
#ifndef TESTS_VFS_SHIM_H
#define TESTS_VFS_SHIM_H

#include <sqlite3.h>

#include <stddef.h>
#include <string.h>

enum shim_op { SHIM_OPEN, SHIM_READ, SHIM_WRITE, SHIM_TRUNCATE, SHIM_SYNC, SHIM_DELETE, SHIM_LOCK };

struct shim_hooks {
    /* Asked first; anything but SQLITE_OK is the answer. path may be NULL (temporary files). */
    int (*before)(enum shim_op op, const char *path);
    /* Told afterwards; each may be NULL. */
    void (*opened)(const char *path, int flags);
    void (*wrote)(const char *path, const void *p, size_t n, sqlite3_int64 at);
    void (*truncated)(const char *path, sqlite3_int64 size);
    void (*synced)(const char *path);
    void (*deleted)(const char *path);
};

static struct shim_hooks shim;

struct shim_file {
    sqlite3_file base;
    const char *path;
    sqlite3_file *real;
};

static sqlite3_vfs *shim_under;
static sqlite3_vfs shim_vfs;

#define SHIM_FILE(f) ((struct shim_file *)(f))
#define SHIM_REAL(f) (SHIM_FILE(f)->real)

static int shim_ask(enum shim_op op, const char *path)
{
    return shim.before ? shim.before(op, path) : SQLITE_OK;
}

static int shim_close(sqlite3_file *f)
{
    return SHIM_REAL(f)->pMethods->xClose(SHIM_REAL(f));
}

static int shim_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    int rc = shim_ask(SHIM_READ, SHIM_FILE(f)->path);

    return rc == SQLITE_OK ? SHIM_REAL(f)->pMethods->xRead(SHIM_REAL(f), p, n, at) : rc;
}

static int shim_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    int rc = shim_ask(SHIM_WRITE, SHIM_FILE(f)->path);

    if (rc == SQLITE_OK) {
        rc = SHIM_REAL(f)->pMethods->xWrite(SHIM_REAL(f), p, n, at);
    }
    if (rc == SQLITE_OK && shim.wrote) {
        shim.wrote(SHIM_FILE(f)->path, p, (size_t)n, at);
    }
    return rc;
}

static int shim_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    int rc = shim_ask(SHIM_TRUNCATE, SHIM_FILE(f)->path);

    if (rc == SQLITE_OK) {
        rc = SHIM_REAL(f)->pMethods->xTruncate(SHIM_REAL(f), size);
    }
    if (rc == SQLITE_OK && shim.truncated) {
        shim.truncated(SHIM_FILE(f)->path, size);
    }
    return rc;
}

static int shim_sync(sqlite3_file *f, int flags)
{
    int rc = shim_ask(SHIM_SYNC, SHIM_FILE(f)->path);

    if (rc != SQLITE_OK) {
        return rc;
    }
    if (shim.synced) {
        shim.synced(SHIM_FILE(f)->path); /* the test keeps what is durable: no need to wait */
        return SQLITE_OK;
    }
    return SHIM_REAL(f)->pMethods->xSync(SHIM_REAL(f), flags);
}

static int shim_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return SHIM_REAL(f)->pMethods->xFileSize(SHIM_REAL(f), size);
}

static int shim_lock(sqlite3_file *f, int level)
{
    int rc = shim_ask(SHIM_LOCK, SHIM_FILE(f)->path);

    return rc == SQLITE_OK ? SHIM_REAL(f)->pMethods->xLock(SHIM_REAL(f), level) : rc;
}

static int shim_unlock(sqlite3_file *f, int level)
{
    return SHIM_REAL(f)->pMethods->xUnlock(SHIM_REAL(f), level);
}

static int shim_reserved(sqlite3_file *f, int *out)
{
    return SHIM_REAL(f)->pMethods->xCheckReservedLock(SHIM_REAL(f), out);
}

static int shim_control(sqlite3_file *f, int op, void *arg)
{
    return SHIM_REAL(f)->pMethods->xFileControl(SHIM_REAL(f), op, arg);
}

static int shim_sector(sqlite3_file *f)
{
    return SHIM_REAL(f)->pMethods->xSectorSize(SHIM_REAL(f));
}

static int shim_traits(sqlite3_file *f)
{
    return SHIM_REAL(f)->pMethods->xDeviceCharacteristics(SHIM_REAL(f));
}

static int shim_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    return SHIM_REAL(f)->pMethods->xShmMap(SHIM_REAL(f), page, size, extend, out);
}

static int shim_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return SHIM_REAL(f)->pMethods->xShmLock(SHIM_REAL(f), offset, n, flags);
}

static void shim_shm_barrier(sqlite3_file *f)
{
    SHIM_REAL(f)->pMethods->xShmBarrier(SHIM_REAL(f));
}

static int shim_shm_unmap(sqlite3_file *f, int del)
{
    return SHIM_REAL(f)->pMethods->xShmUnmap(SHIM_REAL(f), del);
}

static const sqlite3_io_methods shim_methods = {
    .iVersion = 2,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_reserved,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector,
    .xDeviceCharacteristics = shim_traits,
    .xShmMap = shim_shm_map,
    .xShmLock = shim_shm_lock,
    .xShmBarrier = shim_shm_barrier,
    .xShmUnmap = shim_shm_unmap,
};

static int shim_open(sqlite3_vfs *v, sqlite3_filename path, sqlite3_file *f, int flags, int *out)
{
    struct shim_file *sf = SHIM_FILE(f);
    int rc = shim_ask(SHIM_OPEN, path);

    (void)v;
    sf->base.pMethods = NULL;
    if (rc != SQLITE_OK) {
        return rc;
    }
    sf->path = path;
    sf->real = (sqlite3_file *)(sf + 1);
    memset(sf->real, 0, (size_t)shim_under->szOsFile);
    rc = shim_under->xOpen(shim_under, path, sf->real, flags, out);
    if (rc == SQLITE_OK) {
        sf->base.pMethods = &shim_methods;
        if (shim.opened && path) {
            shim.opened(path, flags);
        }
    } else if (sf->real->pMethods) {
        sf->real->pMethods->xClose(sf->real);
    }
    return rc;
}

static int shim_delete(sqlite3_vfs *v, const char *path, int sync_dir)
{
    int rc = shim_ask(SHIM_DELETE, path);

    (void)v;
    if (rc == SQLITE_OK) {
        rc = shim_under->xDelete(shim_under, path, sync_dir);
    }
    if (rc == SQLITE_OK && shim.deleted) {
        shim.deleted(path);
    }
    return rc;
}

/* Puts the shim in front of the default VFS. */
static void shim_install(void)
{
    if (shim_under) {
        return;
    }
    sqlite3_initialize();
    shim_under = sqlite3_vfs_find(NULL);
    shim_vfs = *shim_under;
    shim_vfs.iVersion = 2;
    shim_vfs.pNext = NULL;
    shim_vfs.zName = "shim";
    shim_vfs.szOsFile = (int)sizeof(struct shim_file) + shim_under->szOsFile;
    shim_vfs.xOpen = shim_open;
    shim_vfs.xDelete = shim_delete;
    sqlite3_vfs_register(&shim_vfs, 1);
}

#endif
