/* t_os.c: files, prompts, processes, signals, systemd. */
#include "base/os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

static char folder[] = "/tmp/t_os.XXXXXX";

static int enter_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
    (void)state;
    return chdir("/") == 0 ? rmdir(folder) : -1;
}

static unsigned mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return (unsigned)st.st_mode & 07777u;
}

static void assert_file_holds(const char *path, const char *text)
{
    struct bs_err e = BS_ERR_INIT;
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    assert_int_equal(os_read_file(path, 100000, &b, &e), BS_OK);
    assert_string_equal(b.data, text);
    buf_release(&b);
}

static void a_file_is_replaced_whole_with_its_mode(void **state)
{
    struct bs_err e = BS_ERR_INIT;
    mode_t old = umask(077);

    (void)state;
    assert_int_equal(os_write_file("f", "one", 3, 0644, &e), BS_OK);
    assert_int_equal(mode_of("f"), 0644);
    assert_int_equal(symlink("/nonexistent/trap", "f.tmp"), 0); /* left behind, or laid as a trap */
    assert_int_equal(os_write_file("f", "two!", 4, 0600, &e), BS_OK);
    assert_file_holds("f", "two!");
    assert_int_equal(mode_of("f"), 0600);
    assert_false(os_exists("f.tmp"));
    assert_int_equal(os_write_file("f", "", 0, 0600, &e), BS_OK);
    assert_file_holds("f", "");
    unlink("f");
    umask(old);
}

static void a_file_that_cannot_be_written_leaves_nothing_behind(void **state)
{
    struct bs_err e = BS_ERR_INIT;

    (void)state;
    assert_int_equal(os_write_file("no/such/f", "x", 1, 0600, &e), BS_STOP_ALL);
    assert_non_null(strstr(e.msg, "no/such/f"));
    assert_int_equal(mkdir("d", 0700), 0);
    assert_int_equal(os_write_file("d", "x", 1, 0600, &e), BS_STOP_ALL);
    assert_false(os_exists("d.tmp"));
    rmdir("d");
}

static void creating_never_overwrites(void **state)
{
    struct bs_err e = BS_ERR_INIT;

    (void)state;
    assert_int_equal(os_create_file("new", "first", 5, 0640, &e), BS_OK);
    assert_int_equal(mode_of("new"), 0640);
    assert_int_equal(os_create_file("new", "second", 6, 0600, &e), BS_SKIP);
    assert_file_holds("new", "first");
    unlink("new");
    assert_int_equal(os_create_file("no/such/new", "x", 1, 0600, &e), BS_STOP_ALL);
}

static void reading_is_bounded_and_names_the_file(void **state)
{
    struct bs_err e = BS_ERR_INIT;
    struct buf b;

    (void)state;
    buf_init(&b, BUF_NO_LIMIT);
    assert_int_equal(os_write_file("f", "12345", 5, 0600, &e), BS_OK);
    assert_int_equal(os_read_file("f", 5, &b, &e), BS_OK);
    assert_int_equal(b.len, 5);
    buf_clear(&b);
    assert_int_equal(os_read_file("f", 4, &b, &e), BS_STOP_ALL);
    assert_string_equal(e.msg, "f: cannot read: longer than 4 bytes");
    assert_int_equal(os_read_file("absent", 4, &b, &e), BS_STOP_ALL);
    assert_int_equal(e.kind, BS_K_CONFIG);
    assert_non_null(strstr(e.msg, "absent"));
    assert_int_equal(os_read_file(".", 4, &b, &e), BS_STOP_ALL);
    buf_release(&b);
    unlink("f");
}

static void a_secret_file_must_be_its_owners_alone(void **state)
{
    static const struct {
        mode_t mode;
        bool ok;
    } cases[] = {{0600, true},  {0400, true},  {0640, false}, {0604, false},
                 {0620, false}, {0602, false}, {0644, false}};
    struct bs_err e = BS_ERR_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(os_write_file("key", "x", 1, cases[i].mode, &e), BS_OK);
        assert_int_equal(os_check_private("key", &e), cases[i].ok ? BS_OK : BS_STOP_ALL);
    }
    assert_int_equal(e.kind, BS_K_CONFIG);
    assert_non_null(strstr(e.msg, "chmod 600 'key'"));
    unlink("key");
    assert_int_equal(os_check_private("key", &e), BS_STOP_ALL);
    assert_int_equal(os_check_private(".", &e), BS_STOP_ALL);
}

static void a_key_of_another_user_is_refused(void **state)
{
    struct bs_err e = BS_ERR_INIT;

    (void)state;
    if (geteuid() != 0) {
        skip(); /* only root can give a file away */
    }
    assert_int_equal(os_write_file("key", "x", 1, 0600, &e), BS_OK);
    assert_int_equal(chown("key", 12345, 12345), 0);
    assert_int_equal(os_check_private("key", &e), BS_STOP_ALL);
    unlink("key");
}

static void paths_are_joined_and_split(void **state)
{
    static const struct {
        const char *folder, *name, *whole;
    } joins[] = {{"/a/b", "c", "/a/b/c"}, {"/a/", "c", "/a/c"}, {"a", "/c", "/c"}, {"", "c", "c"}};
    static const struct {
        const char *path, *dir;
    } dirs[] = {{"/a/b", "/a"}, {"/a", "/"}, {"a", "."}, {"a/b", "a"}, {"", "."}};

    (void)state;
    for (size_t i = 0; i < sizeof joins / sizeof joins[0]; i++) {
        char *p = os_path_join(joins[i].folder, joins[i].name);

        assert_string_equal(p, joins[i].whole);
        free(p);
    }
    for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
        char *p = os_path_dir(dirs[i].path);

        assert_string_equal(p, dirs[i].dir);
        free(p);
    }
}

static void a_process_is_told_from_the_next_one_with_its_number(void **state)
{
    uint64_t mine = os_pid_start(getpid());
    char *self = os_self_path();
    int pipes[2];
    pid_t child;
    uint64_t start;

    (void)state;
    assert_non_null(self);
    assert_int_equal(self[0], '/');
    assert_int_equal(access(self, X_OK), 0);
    free(self);
    assert_int_equal(strlen(os_boot_id()), 36);
    assert_ptr_equal(os_boot_id(), os_boot_id());
    assert_true(mine > 0);
    assert_true(os_pid_start(getpid()) == mine);
    assert_true(os_pid_alive(getpid(), mine));
    assert_false(os_pid_alive(getpid(), mine + 1));
    assert_false(os_pid_alive(0, mine));

    assert_int_equal(pipe(pipes), 0);
    child = fork();
    if (child == 0) {
        char c;

        prctl(PR_SET_NAME, "odd ) R 1 2"); /* the name stands in the line that is parsed */
        (void)!write(pipes[1], "x", 1);
        close(pipes[1]);
        pause();
        (void)!read(pipes[0], &c, 1);
        _exit(0);
    }
    assert_true(child > 0);
    assert_int_equal(read(pipes[0], &(char){0}, 1), 1);
    start = os_pid_start(child);
    assert_true(start >= mine && start < mine + 100 * 3600 * 24);
    assert_true(os_pid_alive(child, start));
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(os_pid_start(child) == 0);
    assert_false(os_pid_alive(child, start));
    close(pipes[0]);
    close(pipes[1]);
}

static void free_space_is_known_for_files_yet_to_be_made(void **state)
{
    (void)state;
    assert_true(os_disk_free(".") > 0);
    assert_true(os_disk_free("not-yet-there.db") > 0);
    assert_true(os_disk_free("no/such/folder/x") == -1);
}

static void hardening_forbids_core_dumps_and_closes_new_files(void **state)
{
    int status;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        struct rlimit core;
        int fd;

        os_harden();
        fd = open("hard", O_CREAT | O_WRONLY, 0666);
        _exit(fd >= 0 && mode_of("hard") == 0600 && getrlimit(RLIMIT_CORE, &core) == 0 &&
                      core.rlim_cur == 0 && core.rlim_max == 0 && prctl(PR_GET_DUMPABLE) == 0
                  ? 0
                  : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    unlink("hard");
}

/* Runs os_prompt_secret with the descriptor as standard input. */
static enum bs_rc prompt_from(int fd, struct buf *b)
{
    int saved = dup(STDIN_FILENO);
    enum bs_rc rc;

    assert_true(saved >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    rc = os_prompt_secret("Token: ", b, &(struct bs_err)BS_ERR_INIT);
    assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
    close(saved);
    return rc;
}

static void a_secret_is_one_line_of_standard_input(void **state)
{
    struct buf b;
    int p[2];

    (void)state;
    buf_init(&b, 20);
    assert_int_equal(pipe(p), 0);
    assert_int_equal(write(p[1], "one\r\ntwo\n\nthis is longer than it may\n", 37), 37);
    assert_int_equal(prompt_from(p[0], &b), BS_OK);
    assert_string_equal(b.data, "one");
    buf_clear(&b);
    assert_int_equal(prompt_from(p[0], &b), BS_OK);
    assert_string_equal(b.data, "two");
    buf_clear(&b);
    assert_int_equal(prompt_from(p[0], &b), BS_SKIP);     /* empty */
    assert_int_equal(prompt_from(p[0], &b), BS_STOP_ALL); /* too long */
    close(p[1]);
    close(p[0]);
    buf_wipe(&b);
}

/* A terminal pair whose other end has typed `keys`. The echo would come back on *master. */
static enum bs_rc type_keys(const char *keys, struct buf *b, char *echo, size_t echo_size)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    struct termios before;
    struct termios after;
    enum bs_rc rc;
    pid_t typist;
    ssize_t n;
    int slave;

    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    assert_true(slave >= 0 && tcgetattr(slave, &before) == 0);
    typist = fork();
    if (typist == 0) {
        struct termios now;

        do { /* types once the echo is off, since what was typed before is thrown away */
            clock_sleep_ms(5);
        } while (tcgetattr(slave, &now) == 0 && (now.c_lflag & ECHO));
        clock_sleep_ms(20);
        _exit(write(master, keys, strlen(keys)) == (ssize_t)strlen(keys) ? 0 : 1);
    }
    rc = prompt_from(slave, b);
    assert_int_equal(waitpid(typist, NULL, 0), typist);
    assert_int_equal(tcgetattr(slave, &after), 0);
    assert_true(after.c_lflag == before.c_lflag);
    assert_int_equal(fcntl(master, F_SETFL, O_NONBLOCK), 0);
    n = read(master, echo, echo_size - 1);
    echo[n > 0 ? n : 0] = '\0';
    close(slave);
    close(master);
    return rc;
}

static void a_terminal_shows_nothing_of_a_secret(void **state)
{
    char echo[100];
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    assert_int_equal(type_keys("wrong\x15pat\xc3\xa9\x7fX\r", &b, echo, sizeof echo), BS_OK);
    assert_string_equal(b.data, "patX");
    assert_null(strstr(echo, "pat"));
    buf_clear(&b);
    assert_int_equal(type_keys("pat\x03", &b, echo, sizeof echo), BS_STOP_ALL); /* ^C */
    buf_wipe(&b);
}

static void signals_wake_the_wait_and_are_remembered(void **state)
{
    int64_t start;
    pid_t child;

    (void)state;
    os_signals_init();
    os_signals_watch_children();
    assert_false(os_wait(0, -1));
    assert_false(os_take_hangup());
    kill(getpid(), SIGHUP);
    assert_true(os_wait(-1, -1)); /* came before the wait: still wakes it */
    assert_true(os_take_hangup());
    assert_false(os_take_hangup());
    assert_false(os_stop_requested());

    start = clock_mono_ms();
    assert_false(os_wait(30, -1));
    assert_true(clock_mono_ms() - start >= 30);

    child = fork();
    if (child == 0) {
        _exit(0);
    }
    assert_true(os_wait(20000, -1));
    assert_int_equal(waitpid(child, NULL, 0), child);

    kill(getpid(), SIGPIPE); /* ignored */
    kill(getpid(), SIGTERM);
    assert_true(os_wait(-1, -1));
    assert_true(os_stop_requested());
    assert_false(os_wait(10, -1)); /* a stop asked for wakes once: the rest may still wait */
}

static void a_descriptor_wakes_the_wait(void **state)
{
    int p[2];

    (void)state;
    assert_int_equal(pipe(p), 0);
    assert_false(os_wait(10, p[0]));
    assert_int_equal(write(p[1], "x", 1), 1);
    assert_true(os_wait(20000, p[0]));
    close(p[0]);
    close(p[1]);
}

static void a_wait_until_a_time_ends_there_or_at_a_signal(void **state)
{
    int64_t start = clock_mono_ms();
    int64_t now = clock_wall_ms();

    (void)state;
    os_wait_until(now + 60, -1);
    assert_true(clock_wall_ms() >= now + 60);
    assert_true(clock_mono_ms() - start < 20000);

    start = clock_mono_ms();
    os_wait_until(now - 1000, -1); /* past already */
    os_wait_until(INT64_MAX, 40);
    assert_in_range(clock_mono_ms() - start, 40, 20000);

    start = clock_mono_ms();
    kill(getpid(), SIGHUP);
    os_wait_until(INT64_MAX, -1);
    os_wait_until(clock_wall_ms() + 40, -1); /* the timer is armed anew each time */
    assert_in_range(clock_mono_ms() - start, 39, 20000);
    assert_true(os_take_hangup());
}

static void systemd_is_told_by_datagram(void **state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "notify.sock"};
    char abstract[64];
    char got[32] = "";
    char path[128];
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    (void)state;
    unsetenv("NOTIFY_SOCKET");
    os_notify("READY=1");
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    snprintf(path, sizeof path, "%s/notify.sock", folder);
    setenv("NOTIFY_SOCKET", path, 1);
    os_notify("READY=1");
    assert_int_equal(read(fd, got, sizeof got), 7);
    assert_string_equal(got, "READY=1");
    close(fd);
    unlink("notify.sock");

    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    snprintf(abstract, sizeof abstract, "@t_os-%ld", (long)getpid());
    memset(&at, 0, sizeof at);
    at.sun_family = AF_UNIX;
    memcpy(at.sun_path + 1, abstract + 1, strlen(abstract) - 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&at,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(abstract))),
                     0);
    setenv("NOTIFY_SOCKET", abstract, 1);
    os_notify("WATCHDOG=1");
    assert_int_equal(read(fd, got, sizeof got), 10);
    close(fd);
    unsetenv("NOTIFY_SOCKET");
}

static void the_watchdog_is_answered_twice_per_period_and_only_when_meant(void **state)
{
    char pid[24];

    (void)state;
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    assert_true(os_watchdog_ms() == 0);
    setenv("WATCHDOG_USEC", "30000000", 1);
    assert_true(os_watchdog_ms() == 15000);
    setenv("WATCHDOG_PID", "1", 1);
    assert_true(os_watchdog_ms() == 0);
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    setenv("WATCHDOG_PID", pid, 1);
    assert_true(os_watchdog_ms() == 15000);
    setenv("WATCHDOG_USEC", "junk", 1);
    assert_true(os_watchdog_ms() == 0);
}

/* ---- programs ---- */

static enum bs_rc run_shell(const char *script, int64_t timeout_ms, struct bs_err *e)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    const struct os_variable env[] = {{"OS_SAYS", "a b; $(c)"}, {"OS_HIDDEN", NULL}};
    const struct os_program p = {argv, env, 2, timeout_ms};

    bs_err_clear(e);
    return os_run(&p, e);
}

static void a_program_gets_its_environment_and_no_input(void **state)
{
    struct bs_err e = BS_ERR_INIT;

    (void)state;
    setenv("OS_HIDDEN", "x", 1);
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(run_shell("test \"$OS_SAYS\" = 'a b; $(c)' && test -z \"$OS_HIDDEN\" && "
                               "! read x && yes | head -n 1 >/dev/null",
                               20000, &e),
                     BS_OK);
    assert_string_equal(getenv("OS_HIDDEN"), "x");
    unsetenv("OS_HIDDEN");
}

static void how_a_program_ended_is_told(void **state)
{
    const char *argv[] = {"/no/such/program", NULL};
    const struct os_program none = {.argv = argv, .timeout_ms = 1000};
    struct bs_err e = BS_ERR_INIT;

    (void)state;
    assert_int_equal(run_shell("exit 7", 20000, &e), BS_RETRY);
    assert_non_null(strstr(e.msg, "ended with exit code 7"));
    assert_int_equal(run_shell("kill -9 $$", 20000, &e), BS_RETRY);
    assert_non_null(strstr(e.msg, "ended by signal 9"));
    assert_int_equal(os_run(&none, &e), BS_STOP_SYNC);
    assert_non_null(strstr(e.msg, "/no/such/program cannot be started: No such file"));
}

/* It ignores the first request, and has started another one that holds on as well. */
static void a_program_that_stays_is_killed_with_all_it_has_started(void **state)
{
    struct bs_err e = BS_ERR_INIT;
    int64_t began = clock_mono_ms();
    struct buf b;
    int64_t pid;

    (void)state;
    assert_int_equal(run_shell("trap '' TERM; sleep 300 & echo $! >child; wait; wait", 1000, &e),
                     BS_RETRY);
    assert_non_null(strstr(e.msg, "did not end within 1 s and was ended"));
    assert_in_range(clock_mono_ms() - began, 1000, 20000);
    buf_init(&b, 100);
    assert_int_equal(os_read_file("child", 100, &b, &e), BS_OK);
    b.data[strcspn(b.data, "\n")] = '\0';
    assert_true(str_to_i64(b.data, 1, INT32_MAX, &pid));
    for (int i = 0; i < 500 && os_pid_start((pid_t)pid) != 0; i++) {
        clock_sleep_ms(10);
    }
    assert_int_equal(os_pid_start((pid_t)pid), 0);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_replaced_whole_with_its_mode),
        cmocka_unit_test(a_file_that_cannot_be_written_leaves_nothing_behind),
        cmocka_unit_test(creating_never_overwrites),
        cmocka_unit_test(reading_is_bounded_and_names_the_file),
        cmocka_unit_test(a_secret_file_must_be_its_owners_alone),
        cmocka_unit_test(a_key_of_another_user_is_refused),
        cmocka_unit_test(paths_are_joined_and_split),
        cmocka_unit_test(a_process_is_told_from_the_next_one_with_its_number),
        cmocka_unit_test(free_space_is_known_for_files_yet_to_be_made),
        cmocka_unit_test(hardening_forbids_core_dumps_and_closes_new_files),
        cmocka_unit_test(a_secret_is_one_line_of_standard_input),
        cmocka_unit_test(a_terminal_shows_nothing_of_a_secret),
        cmocka_unit_test(a_program_gets_its_environment_and_no_input),
        cmocka_unit_test(how_a_program_ended_is_told),
        cmocka_unit_test(a_program_that_stays_is_killed_with_all_it_has_started),
        cmocka_unit_test(signals_wake_the_wait_and_are_remembered),
        cmocka_unit_test(a_descriptor_wakes_the_wait),
        cmocka_unit_test(a_wait_until_a_time_ends_there_or_at_a_signal),
        cmocka_unit_test(systemd_is_told_by_datagram),
        cmocka_unit_test(the_watchdog_is_answered_twice_per_period_and_only_when_meant),
    };

    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
