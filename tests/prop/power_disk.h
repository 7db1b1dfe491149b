/*
 * power_disk.h: a disk whose power goes out, over vfs_shim.h: knows for each file what has been
 * synced and what waits, and at the k-th sync leaves of the rest what `loss` says and ends the
 * process. Deleted names and new names last once their folder is synced, which SQLite's own VFS
 * does at the first sync of a journal or log that it has made.
 */
#ifndef TESTS_POWER_DISK_H
#define TESTS_POWER_DISK_H

#include "../unit/vfs_shim.h"

#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTOR 512
#define FILES_MAX 8
#define CRASHED 42 /* exit code of a process whose power went out */

enum loss { LOSE_ALL, LOSE_SOME, LOSE_TORN, LOSS_COUNT };
static const char *const loss_names[] = {"dropped", "reordered", "torn"};

struct op {
    char *data; /* NULL: truncation to `at` */
    size_t n;
    size_t at;
    bool deletion; /* the name is gone; what follows is another file's */
};

struct image {
    char *data;
    size_t n, cap;
};

struct file {
    char *path;
    struct image durable;
    bool durable_there;
    bool there;
    bool sync_folder; /* its first sync brings the folder to the disk as well */
    struct op *ops;   /* since the last sync */
    size_t n_ops, cap_ops;
};

static struct {
    struct file files[FILES_MAX];
    size_t n;
    long crash_at; /* syncs left; 0: never */
    enum loss loss;
    uint64_t seed;
} disk;

static uint64_t next_random(void)
{
    disk.seed = disk.seed * 6364136223846793005u + 1442695040888963407u;
    return disk.seed >> 33;
}

static void image_put(struct image *m, const void *p, size_t n, size_t at)
{
    if (at + n > m->cap) {
        m->cap = (at + n) * 2;
        m->data = bs_realloc_n(m->data, m->cap, 1);
    }
    if (at > m->n) {
        memset(m->data + m->n, 0, at - m->n);
    }
    memcpy(m->data + at, p, n);
    m->n = at + n > m->n ? at + n : m->n;
}

static void image_apply(struct image *m, const struct op *op)
{
    if (op->data) {
        image_put(m, op->data, op->n, op->at);
    } else if (op->at < m->n) {
        m->n = op->at;
    } else if (op->at > m->n) {
        image_put(m, "", 0, op->at);
        m->n = op->at;
    }
}

/* Of a write that was under way only some sectors have reached the disk. */
static void image_tear(struct image *m, const struct op *op)
{
    size_t done = 0;

    while (done < op->n) {
        size_t room = SECTOR - (op->at + done) % SECTOR;
        size_t n = op->n - done < room ? op->n - done : room;

        if (next_random() % 2) {
            image_put(m, op->data + done, n, op->at + done);
        }
        done += n;
    }
}

static struct file *file_of(const char *path)
{
    size_t i;

    for (i = 0; i < disk.n; i++) {
        if (strcmp(disk.files[i].path, path) == 0) {
            return &disk.files[i];
        }
    }
    if (disk.n == FILES_MAX) {
        fprintf(stderr, "power_store: more files than expected, %s\n", path);
        exit(1);
    }
    memset(&disk.files[disk.n], 0, sizeof disk.files[0]);
    disk.files[disk.n].path = bs_strdup(path);
    return &disk.files[disk.n++];
}

static struct op *add_op(struct file *f)
{
    f->ops = bs_grow(f->ops, f->n_ops, &f->cap_ops, sizeof *f->ops);
    memset(&f->ops[f->n_ops], 0, sizeof *f->ops);
    return &f->ops[f->n_ops++];
}

/* A file that is there when it is first seen has been there before. */
static void on_opened(const char *path, int flags)
{
    size_t known = disk.n;
    struct file *f = file_of(path);
    char block[65536];
    size_t n, at = 0;
    FILE *in;

    /* SQLite's unix VFS does so for every journal and log that it makes. */
    f->sync_folder = !f->there && (flags & SQLITE_OPEN_CREATE) != 0 &&
                     (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0;
    f->there = true;
    if (known == disk.n) {
        return;
    }
    in = fopen(path, "r");
    while (in && (n = fread(block, 1, sizeof block, in)) > 0) {
        image_put(&f->durable, block, n, at);
        at += n;
    }
    if (in) {
        fclose(in);
    }
    f->durable_there = strstr(path, "-wal") == NULL || at > 0;
}

static void on_wrote(const char *path, const void *p, size_t n, sqlite3_int64 at)
{
    struct op *op = add_op(file_of(path));

    op->data = bs_alloc(n);
    memcpy(op->data, p, n);
    op->n = n;
    op->at = (size_t)at;
}

static void on_truncated(const char *path, sqlite3_int64 size)
{
    add_op(file_of(path))->at = (size_t)size;
}

static void on_deleted(const char *path)
{
    struct file *f = file_of(path);

    f->there = false;
    add_op(f)->deletion = true;
}

/* Forgets the first n of the operations that wait. */
static void drop_ops(struct file *f, size_t n)
{
    size_t i;

    if (n == 0) {
        return;
    }
    for (i = 0; i < n; i++) {
        free(f->ops[i].data);
    }
    memmove(f->ops, f->ops + n, (f->n_ops - n) * sizeof *f->ops);
    f->n_ops -= n;
}

/* Names that are gone stay gone, and names that are new stay. */
static void sync_folder(void)
{
    size_t i, k;

    for (i = 0; i < disk.n; i++) {
        struct file *f = &disk.files[i];

        for (k = f->n_ops; k > 0; k--) {
            if (f->ops[k - 1].deletion) {
                drop_ops(f, k);
                f->durable.n = 0;
                break;
            }
        }
        f->durable_there = f->there;
    }
}

static void on_synced(const char *path)
{
    struct file *f = file_of(path);
    size_t i;

    for (i = 0; i < f->n_ops; i++) {
        image_apply(&f->durable, &f->ops[i]);
    }
    drop_ops(f, f->n_ops);
    if (f->sync_folder) {
        f->sync_folder = false;
        sync_folder();
    }
}

/* Leaves in the folder what the power cut has left of one file. */
static void settle(struct file *f)
{
    bool there = f->durable_there;
    FILE *out;
    size_t i;

    for (i = 0; i < f->n_ops && disk.loss != LOSE_ALL; i++) {
        if (next_random() % 2) {
            continue;
        }
        if (disk.loss == LOSE_TORN && f->ops[i].data) {
            image_tear(&f->durable, &f->ops[i]);
        } else {
            image_apply(&f->durable, &f->ops[i]);
        }
        there = there || f->there;
    }
    if (disk.loss != LOSE_ALL && !f->there && next_random() % 2) {
        there = false;
    }
    unlink(f->path);
    if (!there) {
        return;
    }
    out = fopen(f->path, "w");
    if (!out || (f->durable.n > 0 && fwrite(f->durable.data, f->durable.n, 1, out) != 1) ||
        fclose(out) != 0) {
        _exit(1);
    }
}

static int on_before(enum shim_op op, const char *path)
{
    size_t i;

    (void)path;
    if (op != SHIM_SYNC || disk.crash_at == 0 || --disk.crash_at > 0) {
        return SQLITE_OK;
    }
    for (i = 0; i < disk.n; i++) {
        settle(&disk.files[i]);
    }
    _exit(CRASHED);
}

static void disk_install(void)
{
    shim_install();
    shim = (struct shim_hooks){.before = on_before,
                               .opened = on_opened,
                               .wrote = on_wrote,
                               .truncated = on_truncated,
                               .synced = on_synced,
                               .deleted = on_deleted};
}

#endif
