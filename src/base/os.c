/* os.c: the files and the terminal of os.h; processes and signals are in os_proc.c. */
#include "base/os.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <termios.h>
#include <unistd.h>

/* close() that is not repeated on EINTR: Linux has closed the descriptor by then. */
static void close_fd(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

static int open_retry(const char *path, int flags, mode_t mode)
{
    int fd;

    do {
        fd = open(path, flags | O_CLOEXEC, mode);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

static ssize_t read_retry(int fd, void *p, size_t len)
{
    ssize_t n;

    do {
        n = read(fd, p, len);
    } while (n < 0 && errno == EINTR);
    return n;
}

enum bs_rc os_read_fd(int fd, size_t max, struct buf *b, struct bs_err *e)
{
    char chunk[4096];
    size_t total = 0;
    enum bs_rc rc = BS_OK;

    for (;;) {
        ssize_t n = read_retry(fd, chunk, sizeof chunk);

        if (n < 0) {
            rc = bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "cannot read: %s", strerror(errno));
            break;
        }
        if (n == 0) {
            break;
        }
        total += (size_t)n;
        if (total > max || !buf_add(b, chunk, (size_t)n)) {
            rc = bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "cannot read: longer than %zu bytes", max);
            break;
        }
    }
    bs_wipe(chunk, sizeof chunk); /* it may have been a key */
    return rc;
}

enum bs_rc os_read_file(const char *path, size_t max, struct buf *b, struct bs_err *e)
{
    int fd = open_retry(path, O_RDONLY | O_NOCTTY, 0);
    enum bs_rc rc;

    if (fd < 0) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "%s: cannot open: %s", path, strerror(errno));
    }
    rc = os_read_fd(fd, max, b, e);
    if (rc != BS_OK) {
        bs_wrap(e, "%s", path);
    }
    close_fd(fd);
    return rc;
}

/* Writes everything and makes it durable; errno says why not. */
static bool write_synced(int fd, const void *p, size_t len, mode_t mode)
{
    const char *s = p;

    if (fchmod(fd, mode) != 0) { /* the umask had its say in open() */
        return false;
    }
    while (len > 0) {
        ssize_t n = write(fd, s, len);

        if (n < 0 && errno != EINTR) {
            return false;
        }
        if (n > 0) {
            s += n;
            len -= (size_t)n;
        }
    }
    return fsync(fd) == 0;
}

/* A new or renamed name lasts only when its folder is synced. */
static bool sync_folder(const char *path)
{
    char *folder = os_path_dir(path);
    int fd = open_retry(folder, O_RDONLY | O_DIRECTORY, 0);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (!ok && fd >= 0 && (errno == EINVAL || errno == EROFS)) {
        ok = true; /* a file system that does not sync folders */
    }
    close_fd(fd);
    free(folder);
    return ok;
}

static enum bs_rc write_failed(struct bs_err *e, const char *path, int error)
{
    return bs_fail(e, BS_STOP_ALL, error == ENOSPC || error == EIO ? BS_K_STATE : BS_K_CONFIG,
                   "%s: cannot write: %s", path, strerror(error));
}

enum bs_rc os_write_file(const char *path, const void *p, size_t len, mode_t mode, struct bs_err *e)
{
    struct buf tmp;
    int fd = -1;
    enum bs_rc rc = BS_OK;

    buf_init(&tmp, BUF_NO_LIMIT);
    buf_addf(&tmp, "%s.tmp", path);
    /* What a killed process left behind goes; a link put there is not followed. */
    if ((unlink(tmp.data) != 0 && errno != ENOENT) ||
        (fd = open_retry(tmp.data, O_WRONLY | O_CREAT | O_EXCL, 0600)) < 0) {
        rc = write_failed(e, tmp.data, errno);
        goto out;
    }
    if (!write_synced(fd, p, len, mode) || rename(tmp.data, path) != 0) {
        rc = write_failed(e, path, errno);
        unlink(tmp.data);
    } else if (!sync_folder(path)) {
        rc = write_failed(e, path, errno);
    }
out:
    close_fd(fd);
    buf_release(&tmp);
    return rc;
}

enum bs_rc os_rewrite_file(const char *path, const void *p, size_t len, struct bs_err *e)
{
    char *real = realpath(path, NULL);
    struct stat st;
    enum bs_rc rc;

    if (!real || stat(real, &st) != 0) {
        rc = write_failed(e, path, errno);
    } else {
        rc = os_write_file(real, p, len, st.st_mode & 07777, e);
        if (rc == BS_OK && (st.st_uid != geteuid() || st.st_gid != getegid()) &&
            chown(real, st.st_uid, st.st_gid) != 0) {
            rc = bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                         "%s: was written, but does not belong to its owner any more: %s", path,
                         strerror(errno));
        }
    }
    free(real);
    return rc;
}

enum bs_rc os_create_file(const char *path, const void *p, size_t len, mode_t mode,
                          struct bs_err *e)
{
    int fd = open_retry(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    enum bs_rc rc = BS_OK;

    if (fd < 0 && errno == EEXIST) {
        return bs_fail(e, BS_SKIP, BS_K_CONFIG, "%s: exists already", path);
    }
    if (fd < 0) {
        return write_failed(e, path, errno);
    }
    if (!write_synced(fd, p, len, mode)) {
        rc = write_failed(e, path, errno);
        unlink(path);
    } else if (!sync_folder(path)) {
        rc = write_failed(e, path, errno);
    }
    close_fd(fd);
    return rc;
}

bool os_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

enum bs_rc os_check_private(const char *path, struct bs_err *e)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "%s: cannot open: %s", path, strerror(errno));
    }
    if (!S_ISREG(st.st_mode)) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "%s: is not a regular file", path);
    }
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                       "%s: others can read or write it (mode %03o); run: chmod 600 '%s'", path,
                       (unsigned)st.st_mode & 0777u, path);
    }
    if (st.st_uid != geteuid() && st.st_uid != 0) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                       "%s: belongs to another user (uid %ld); run basesync as that user, with "
                       "sudo -u '#%ld' before it",
                       path, (long)st.st_uid, (long)st.st_uid);
    }
    return BS_OK;
}

char *os_path_join(const char *folder, const char *name)
{
    struct buf b;
    size_t len = strlen(folder);

    buf_init(&b, BUF_NO_LIMIT);
    if (name[0] != '/' && len > 0) {
        buf_add(&b, folder, len);
        if (folder[len - 1] != '/') {
            buf_addc(&b, '/');
        }
    }
    buf_adds(&b, name);
    return buf_take(&b);
}

char *os_path_dir(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash) {
        return bs_strdup(".");
    }
    return bs_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

int64_t os_disk_free(const char *path)
{
    struct statvfs st;
    int rc = statvfs(path, &st);
    uint64_t bytes;

    if (rc != 0 && errno == ENOENT) { /* a file that is yet to be made */
        char *folder = os_path_dir(path);

        rc = statvfs(folder, &st);
        free(folder);
    }
    if (rc != 0 || __builtin_mul_overflow((uint64_t)st.f_bavail, (uint64_t)st.f_frsize, &bytes) ||
        bytes > INT64_MAX) {
        return -1;
    }
    return (int64_t)bytes;
}

#define KEY_INTERRUPT 3
#define KEY_END 4
#define KEY_BACKSPACE 8
#define KEY_ERASE_LINE 21
#define KEY_DELETE 127

/* Removes the last code point. */
static void delete_last(struct buf *b)
{
    while (b->len > 0 && ((unsigned char)b->data[b->len - 1] & 0xC0) == 0x80) {
        b->len--;
    }
    b->len -= b->len > 0;
    b->data[b->len] = '\0';
}

/* Reads bytes up to the end of the line; `terminal`: acts on the keys that the terminal, in raw
 * mode, leaves to us. */
static enum bs_rc read_line(bool terminal, struct buf *b, struct bs_err *e)
{
    for (;;) {
        char c;
        ssize_t n = read(STDIN_FILENO, &c, 1);

        if (n < 0 && errno == EINTR && !os_stop_requested()) {
            continue;
        }
        if (n < 0 || (terminal && c == KEY_INTERRUPT)) {
            return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "the input was broken off");
        }
        if (n == 0 || c == '\n' || (terminal && (c == '\r' || c == KEY_END))) {
            return BS_OK;
        }
        if (terminal && (c == KEY_BACKSPACE || c == KEY_DELETE)) {
            delete_last(b);
        } else if (terminal && c == KEY_ERASE_LINE) {
            buf_clear(b);
        } else if (!buf_addc(b, c)) {
            return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "the input is longer than %zu bytes",
                           b->max);
        }
    }
}

enum bs_rc os_prompt_secret(const char *prompt, struct buf *b, struct bs_err *e)
{
    struct termios old;
    bool terminal = tcgetattr(STDIN_FILENO, &old) == 0;
    enum bs_rc rc;

    if (terminal) {
        struct termios raw = old;

        /* Not line by line: a terminal cuts its lines at 4095 bytes, tokens may be longer; and
         * ^C must not leave the terminal without echo. */
        raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
        raw.c_cc[VMIN] = 1;
        raw.c_cc[VTIME] = 0;
        fputs(prompt, stderr);
        fflush(stderr);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
    }
    rc = read_line(terminal, b, e);
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
        fputc('\n', stderr);
    }
    if (rc == BS_OK && b->len > 0 && b->data[b->len - 1] == '\r') {
        b->data[--b->len] = '\0';
    }
    if (rc == BS_OK && b->len == 0) {
        rc = bs_fail(e, BS_SKIP, BS_K_CONFIG, "nothing was entered");
    }
    return rc;
}

bool os_input_is_terminal(void)
{
    return isatty(STDIN_FILENO) == 1;
}

bool os_read_some(int fd, struct buf *b)
{
    char piece[4096];
    ssize_t n;
    bool ok;

    do {
        n = read(fd, piece, sizeof piece);
    } while (n < 0 && errno == EINTR && !os_stop_requested());
    ok = n > 0 && buf_add(b, piece, (size_t)n);
    bs_wipe(piece, sizeof piece);
    return ok;
}
