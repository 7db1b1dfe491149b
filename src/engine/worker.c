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
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define UNBOUNDED_MEMORY 1 /* its shadow alone is beyond any bound */
#else
#define UNBOUNDED_MEMORY 0
#endif

/* In the child: nothing here may fail in a way that matters, or return. */
static BS_NORETURN void become_worker(const struct worker_start *how, char *const *argv,
                                      pid_t parent)
{
    const rlim_t bytes = (rlim_t)how->memory_mb << 20;
    const struct rlimit bound = {bytes, bytes};
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (null >= 0) {
        (void)dup2(null, STDIN_FILENO);
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
    static const char *const head[] = {"basesync", "-c", NULL, "sync", "--worker", "--"};
    const size_t n_head = sizeof head / sizeof *head;
    char **argv = bs_alloc_n(n_head + how->n + 1, sizeof *argv);
    pid_t parent = getpid();
    pid_t pid;

    for (size_t i = 0; i < n_head; i++) {
        argv[i] = (char *)(head[i] ? head[i] : how->conf_path);
    }
    for (size_t i = 0; i < how->n; i++) {
        argv[n_head + i] = (char *)how->ids[i];
    }
    fflush(NULL); /* what is buffered must not be written twice */
    pid = fork();
    if (pid == 0) {
        become_worker(how, argv, parent);
    }
    free(argv);
    if (pid < 0) {
        return bs_fail(e, BS_RETRY, BS_K_STATE, "a worker process cannot be started: %s",
                       strerror(errno));
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
