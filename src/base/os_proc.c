/* os_proc.c: the processes, signals and systemd parts of os.h. */
#include "base/os.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

char *os_self_path(void)
{
    static const char deleted[] = " (deleted)";
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

    if (n <= 0) {
        return NULL;
    }
    path[n] = '\0';
    /* Replaced while running (an upgrade): the name now leads to the new binary. */
    if ((size_t)n > sizeof deleted - 1 && !os_exists(path) &&
        str_eq(path + n - (sizeof deleted - 1), deleted)) {
        path[(size_t)n - (sizeof deleted - 1)] = '\0';
    }
    return bs_strdup(path);
}

const char *os_boot_id(void)
{
    static char id[64];

    if (id[0] == '\0') {
        struct buf b;

        buf_init(&b, sizeof id - 1);
        if (os_read_file("/proc/sys/kernel/random/boot_id", sizeof id - 1, &b, NULL) == BS_OK) {
            str_copy(id, sizeof id, str_trim(b.data));
        }
        buf_release(&b);
    }
    return id;
}

/* Field 22 of a line of /proc/PID/stat. Field 2, the name, may hold spaces and brackets: what
 * follows the last ')' begins with field 3. */
static uint64_t stat_start(char *line, bool *dead)
{
    char *p = strrchr(line, ')');
    int64_t start;

    if (!p) {
        return 0;
    }
    /* A zombie holds nothing any more: its parent has just not asked yet how it ended. */
    *dead = p[1] == ' ' && (p[2] == 'Z' || p[2] == 'X');
    for (int field = 2; field < 22; field++) {
        p = strchr(p + 1, ' ');
        if (!p) {
            return 0;
        }
    }
    p++;
    p[strcspn(p, " \n")] = '\0';
    return str_to_i64(p, 0, INT64_MAX, &start) ? (uint64_t)start : 0;
}

static uint64_t read_start(pid_t pid, bool *dead)
{
    char path[64];
    struct buf b;
    uint64_t start = 0;

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    buf_init(&b, 4096);
    if (os_read_file(path, 4096, &b, NULL) == BS_OK) {
        start = stat_start(b.data, dead);
    }
    buf_release(&b);
    return start;
}

uint64_t os_pid_start(pid_t pid)
{
    bool dead = false;
    uint64_t start = read_start(pid, &dead);

    return dead ? 0 : start;
}

bool os_pid_alive(pid_t pid, uint64_t start)
{
    bool dead = false;
    uint64_t now;

    if (pid <= 0) {
        return false;
    }
    now = read_start(pid, &dead);
    if (dead) {
        return false;
    }
    if (now > 0) {
        return now == start;
    }
    return kill(pid, 0) == 0 || errno == EPERM;
}

void os_harden(void)
{
    const struct rlimit none = {0, 0};

    /* Neither can fail for a process that only lowers what it may do. */
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    umask(077);
}

/* The handlers set a flag and write to a pipe, so that a signal between a look at the flag and the
 * poll still wakes it. */
static volatile sig_atomic_t stop_requested;
static volatile sig_atomic_t hangup;
static int wake_pipe[2] = {-1, -1};

static void on_signal(int sig)
{
    int saved = errno;

    if (sig == SIGHUP) {
        hangup = 1;
    } else if (sig != SIGCHLD) {
        stop_requested = 1;
    }
    if (write(wake_pipe[1], "", 1) < 0) {
        /* Full: then it wakes os_wait anyhow. */
    }
    errno = saved;
}

static void handle(int sig, void (*handler)(int))
{
    struct sigaction sa = {0};

    sa.sa_handler = handler;
    sigemptyset(&sa.sa_mask);
    sa.sa_flags = sig == SIGCHLD ? SA_NOCLDSTOP : 0;
    if (sigaction(sig, &sa, NULL) != 0) {
        abort();
    }
}

void os_signals_init(void)
{
    if (wake_pipe[0] < 0 && pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        fprintf(stderr, "basesync: cannot make a pipe: %s\n", strerror(errno));
        abort();
    }
    handle(SIGTERM, on_signal);
    handle(SIGINT, on_signal);
    handle(SIGHUP, on_signal);
    handle(SIGPIPE, SIG_IGN);
}

void os_signals_watch_children(void)
{
    handle(SIGCHLD, on_signal);
}

bool os_stop_requested(void)
{
    return stop_requested != 0;
}

bool os_take_hangup(void)
{
    bool was = hangup != 0;

    hangup = 0;
    return was;
}

static int64_t boot_ms(void)
{
    struct timespec ts;

    if (clock_gettime(CLOCK_BOOTTIME, &ts) != 0) {
        abort();
    }
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void drain_wake_pipe(void)
{
    char sink[64];

    while (read(wake_pipe[0], sink, sizeof sink) > 0) {
    }
}

/* poll() stands still while the machine sleeps: in slices of this length, a time that passed
 * meanwhile is seen soon after. */
#define WAIT_SLICE_MS 30000

bool os_wait(int64_t ms, int fd)
{
    int64_t end = ms >= 0 ? boot_ms() + clock_machine_ms(ms) : INT64_MAX;

    for (;;) {
        struct pollfd fds[2] = {{.fd = wake_pipe[0], .events = POLLIN},
                                {.fd = fd, .events = POLLIN}};
        int64_t left = ms < 0 ? -1 : end - boot_ms();
        int n;

        left = ms >= 0 && left < 0 ? 0 : left > WAIT_SLICE_MS ? WAIT_SLICE_MS : left;
        n = poll(fds, 2, (int)left);
        if (n < 0 && errno != EINTR) {
            abort(); /* a bad pointer or no kernel memory */
        }
        if (n > 0) {
            if (fds[0].revents) {
                drain_wake_pipe();
            }
            return true;
        }
        if (n == 0 && boot_ms() >= end) {
            return false;
        }
    }
}

/* How a moment of clock_wall_ms is reached on the machine's own clock, which tests may have moved.
 */
static struct itimerspec timer_for(int64_t wall_ms)
{
    struct itimerspec t = {0};
    struct timespec now;
    int64_t ms;

    if (clock_gettime(CLOCK_REALTIME, &now) != 0) {
        abort();
    }
    ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    ms += wall_ms - clock_wall_ms();
    ms = ms < 1 ? 1 : ms; /* zero would disarm it */
    t.it_value.tv_sec = (time_t)(ms / 1000);
    t.it_value.tv_nsec = (long)(ms % 1000) * 1000000;
    return t;
}

/* A clock that is read from a file does not wake anybody. */
static int64_t bounded_for_tests(int64_t at_most_ms)
{
#ifdef BASESYNC_FAILPOINTS
    const char *text = getenv("BASESYNC_CLOCK");
    int64_t offset;

    if (text && *text && !str_to_i64(text, INT64_MIN, INT64_MAX, &offset)) {
        return at_most_ms < 0 || at_most_ms > 20 ? 20 : at_most_ms;
    }
#endif
    return at_most_ms;
}

void os_wait_until(int64_t wall_ms, int64_t at_most_ms)
{
    static int timer = -1;
    const struct itimerspec off = {0};
    uint64_t times;

    at_most_ms = bounded_for_tests(at_most_ms);
    if (timer < 0) {
        timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    }
    if (timer >= 0) {
        struct itimerspec t = wall_ms == INT64_MAX ? off : timer_for(wall_ms);

        (void)timerfd_settime(timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &t, NULL);
    } else if (wall_ms != INT64_MAX) {
        int64_t left = wall_ms - clock_wall_ms();

        left = left < 0 ? 0 : left;
        at_most_ms = at_most_ms < 0 || left < at_most_ms ? left : at_most_ms;
    }
    os_wait(at_most_ms, timer);
    if (timer >= 0) {
        /* It has fired, or was cancelled because the clock was set: looked at by the caller. */
        (void)!read(timer, &times, sizeof times);
    }
}

void os_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = path ? strlen(path) : 0;
    int fd;

    if (len < 2 || len >= sizeof to.sun_path || (path[0] != '/' && path[0] != '@')) {
        return;
    }
    memcpy(to.sun_path, path, len);
    if (to.sun_path[0] == '@') {
        to.sun_path[0] = '\0'; /* the abstract name space */
    }
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return;
    }
    /* systemd's own watchdog acts when this does not arrive: nothing to do about a failure here. */
    while (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to,
                  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0 &&
           errno == EINTR) {
    }
    close(fd);
}

int64_t os_monotonic_us(void)
{
    struct timespec ts;

    if (clock_gettime(CLOCK_MONOTONIC, &ts) != 0) {
        abort();
    }
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t os_watchdog_ms(void)
{
    const char *usec = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    int64_t us;
    int64_t for_pid;

    if (!usec || !str_to_i64(usec, 1, INT64_MAX, &us)) {
        return 0;
    }
    if (pid && (!str_to_i64(pid, 1, INT64_MAX, &for_pid) || for_pid != getpid())) {
        return 0; /* meant for another process of the service */
    }
    return us / 2000;
}
