/* os_run.c: running a program of the user's; see os.h. */
#include "base/os.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE_MS 2000 /* from being asked to end to being killed */
#define POLL_MS 20

/* In the child; errno goes to `report` when the program cannot be started. */
static BS_NORETURN void become(const struct os_program *p, int report)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC), why;

    (void)setpgid(0, 0);
    if (null >= 0) {
        (void)dup2(null, STDIN_FILENO);
    }
    (void)dup2(STDERR_FILENO, STDOUT_FILENO);
    (void)signal(SIGPIPE, SIG_DFL); /* what we ignore would stay ignored */
    for (size_t i = 0; i < p->n_env; i++) {
        if (p->env[i].value) {
            (void)setenv(p->env[i].name, p->env[i].value, 1);
        } else {
            (void)unsetenv(p->env[i].name);
        }
    }
    execvp(p->argv[0], (char *const *)p->argv);
    why = errno;
    if (write(report, &why, sizeof why) < 0) {
        _exit(126);
    }
    _exit(127);
}

/* Waits for the end within the time; asks, then kills, the whole group. */
static bool wait_for(pid_t pid, int64_t timeout_ms, int *status)
{
    int64_t end = clock_mono_ms() + timeout_ms;
    bool in_time = true;
    int sig = SIGTERM;

    for (;;) {
        pid_t got = waitpid(pid, status, WNOHANG);

        if (got == pid || (got < 0 && errno != EINTR)) {
            return in_time;
        }
        if (clock_mono_ms() >= end || (in_time && os_stop_requested())) {
            (void)kill(-pid, sig);
            in_time = false;
            sig = SIGKILL;
            end = clock_mono_ms() + GRACE_MS;
        }
        clock_sleep_ms(POLL_MS);
    }
}

static enum bs_rc judge(const struct os_program *p, bool in_time, int status, struct bs_err *e)
{
    if (!in_time) {
        return bs_fail(e, BS_RETRY, BS_K_CONFIG, "%s did not end within %lld s and was ended",
                       p->argv[0], (long long)(p->timeout_ms / 1000));
    }
    if (WIFSIGNALED(status)) {
        return bs_fail(e, BS_RETRY, BS_K_CONFIG, "%s was ended by signal %d (%s)", p->argv[0],
                       WTERMSIG(status), strsignal(WTERMSIG(status)));
    }
    if (WEXITSTATUS(status) != 0) {
        return bs_fail(e, BS_RETRY, BS_K_CONFIG, "%s ended with exit code %d", p->argv[0],
                       WEXITSTATUS(status));
    }
    return BS_OK;
}

enum bs_rc os_run(const struct os_program *p, struct bs_err *e)
{
    int report[2], status = 0, why = 0;
    bool in_time;
    pid_t pid;

    if (pipe2(report, O_CLOEXEC) != 0) {
        return bs_fail(e, BS_RETRY, BS_K_STATE, "a program cannot be started: %s", strerror(errno));
    }
    pid = fork();
    if (pid == 0) {
        become(p, report[1]);
    }
    close(report[1]);
    if (pid < 0) {
        close(report[0]);
        return bs_fail(e, BS_RETRY, BS_K_STATE, "a program cannot be started: %s", strerror(errno));
    }
    (void)setpgid(pid, pid); /* whoever is first */
    if (read(report[0], &why, sizeof why) != (ssize_t)sizeof why) {
        why = 0; /* closed by the start of the program */
    }
    close(report[0]);
    in_time = wait_for(pid, p->timeout_ms, &status);
    if (why != 0) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_CONFIG, "%s cannot be started: %s", p->argv[0],
                       strerror(why));
    }
    return judge(p, in_time, status, e);
}
