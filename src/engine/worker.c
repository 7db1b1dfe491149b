/* worker.c: see worker.h. */
#include "engine/worker.h"

#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

_Static_assert(WORKER_CONF_FD == 3, "the argument below");

#if defined(__SANITIZE_ADDRESS__)
#define UNBOUNDED_MEMORY 1 /* its shadow alone is beyond any bound */
#else
#define UNBOUNDED_MEMORY 0
#endif

/* A file without a name that holds the text; -1 when there is none. */
static int conf_file(const struct worker_start *how)
{
    int fd = memfd_create("basesync.ini", MFD_CLOEXEC);
    size_t done = 0;

    while (fd >= 0 && done < how->conf_len) {
        ssize_t n = write(fd, how->conf_text + done, how->conf_len - done);

        if (n < 0 && errno != EINTR) {
            close(fd);
            return -1;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    if (fd >= 0 && lseek(fd, 0, SEEK_SET) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* In the child: nothing here may fail in a way that matters, or return. */
static BS_NORETURN void become_worker(const struct worker_start *how, char *const *argv, int conf,
                                      pid_t parent)
{
    const rlim_t bytes = (rlim_t)how->memory_mb << 20;
    const struct rlimit bound = {bytes, bytes};
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (null >= 0) {
        (void)dup2(null, STDIN_FILENO);
    }
    if (conf == WORKER_CONF_FD) {
        (void)fcntl(conf, F_SETFD, 0);
    } else {
        (void)dup2(conf, WORKER_CONF_FD);
    }
    if (how->memory_mb > 0 && !UNBOUNDED_MEMORY) {
        (void)setrlimit(RLIMIT_DATA, &bound);
    }
    /* A supervisor that dies takes its workers along, gently. */
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    if (getppid() != parent) {
        _exit(1);
    }
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    execv(how->self, argv);
    fprintf(stderr, "basesync: %s cannot be started: %s\n", how->self, strerror(errno));
    _exit(127);
}

enum bs_rc worker_start(struct worker *w, const struct worker_start *how, struct bs_err *e)
{
    const char *const head[] = {
        "basesync", "-c", how->conf_path, how->command, "--worker", "--conf-fd", "3", "--"};
    const size_t n_head = sizeof head / sizeof *head;
    char **argv = bs_alloc_n(n_head + how->n + 1, sizeof *argv);
    pid_t parent = getpid();
    int conf = conf_file(how);
    pid_t pid = -1;

    for (size_t i = 0; i < n_head; i++) {
        argv[i] = (char *)head[i];
    }
    for (size_t i = 0; i < how->n; i++) {
        argv[n_head + i] = (char *)how->words[i];
    }
    fflush(NULL); /* what is buffered must not be written twice */
    if (conf >= 0) {
        pid = fork();
    }
    if (pid == 0) {
        become_worker(how, argv, conf, parent);
    }
    if (pid < 0) {
        bs_fail(e, BS_RETRY, BS_K_STATE, "a worker process cannot be started: %s", strerror(errno));
    }
    free(argv);
    if (conf >= 0) {
        close(conf);
    }
    if (pid < 0) {
        return BS_RETRY;
    }
    *w = (struct worker){.pid = pid, .deadline_ms = clock_mono_ms() + how->timeout_ms};
    return BS_OK;
}

bool worker_reap(struct worker *w, int *status)
{
    pid_t pid;

    do {
        pid = waitpid(w->pid, status, WNOHANG);
    } while (pid < 0 && errno == EINTR);
    if (pid == 0) {
        return false;
    }
    if (pid < 0) {
        *status = 0; /* somebody else has waited for it: its end is known, its manner is not */
    }
    w->pid = 0;
    return true;
}

void worker_stop(struct worker *w)
{
    if (w->pid > 0 && w->kill_ms == 0) {
        (void)kill(w->pid, SIGTERM);
        w->kill_ms = clock_mono_ms() + WORKER_GRACE_MS;
    }
}

int64_t worker_tend(struct worker *w)
{
    int64_t now = clock_mono_ms();
    int64_t due;

    if (w->kill_ms == 0 && now >= w->deadline_ms) {
        w->timed_out = true;
        worker_stop(w);
    } else if (w->kill_ms != 0 && now >= w->kill_ms) {
        (void)kill(w->pid, SIGKILL);
        w->kill_ms = now + WORKER_GRACE_MS; /* it hangs in the kernel: look again */
    }
    due = (w->kill_ms != 0 ? w->kill_ms : w->deadline_ms) - now;
    return due < 0 ? 0 : due;
}

void worker_describe(const struct worker *w, int status, char out[160])
{
    if (w->timed_out) {
        snprintf(out, 160, "took longer than worker_timeout and was ended");
    } else if (WIFSIGNALED(status)) {
        snprintf(out, 160, "was ended by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    } else {
        snprintf(out, 160, "ended with exit code %d; the log above says why", WEXITSTATUS(status));
    }
}
