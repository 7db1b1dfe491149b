/*
 * failing_malloc.c: put in front of the C library (LD_PRELOAD), it makes the OOM_AT-th allocation
 * fail, and with OOM_ALL every one after it as well. OOM_COUNT names a file that gets the number of
 * allocations when the process ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

static long at, count;
static int all, ready;

__attribute__((constructor)) static void start(void)
{
    const char *text = getenv("OOM_AT");

    at = text ? strtol(text, NULL, 10) : 0;
    all = getenv("OOM_ALL") != NULL;
    ready = 1;
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("OOM_COUNT");
    char text[32];
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;

    if (fd >= 0) {
        snprintf(text, sizeof text, "%ld\n", count);
        if (write(fd, text, strlen(text)) < 0) {
            _exit(99);
        }
        close(fd);
    }
}

static int fails(void)
{
    if (!ready) {
        return 0;
    }
    count++;
    if (at > 0 && (count == at || (all && count > at))) {
        errno = ENOMEM;
        return 1;
    }
    return 0;
}

void *malloc(size_t n)
{
    return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return fails() ? NULL : __libc_realloc(p, n);
}
