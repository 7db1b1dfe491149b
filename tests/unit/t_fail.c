/* t_fail.c: failpoints of test builds. */
#include "base/fail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef BASESYNC_FAILPOINTS

/* Passes "one", "two", "one", "two" in a child; its exit status is the number of the point that
 * said stop, 0 when none did. */
static int run_child(const char *plan, const char *list)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        const struct rlimit none = {0, 0};

        setrlimit(RLIMIT_CORE, &none);
        signal(SIGABRT, SIG_DFL);
        setenv("BASESYNC_FAIL", plan, 1);
        if (list) {
            setenv("BASESYNC_FAIL_LIST", list, 1);
        }
        if (!freopen("/dev/null", "w", stderr)) {
            _exit(99);
        }
        for (int i = 1; i <= 4; i++) {
            if (FAIL_HIT(i % 2 ? "one" : "two")) {
                _exit(i);
            }
        }
        _exit(0);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void a_point_acts_when_it_is_passed_the_kth_time(void **state)
{
    static const struct {
        const char *plan;
        int result;
    } cases[] = {
        {"", 0},           {"one:1:stop", 1},      {"one:2:stop", 3},   {"two:2:stop", 4},
        {"two:3:stop", 0}, {"*:2:stop", 2},        {"other:1:kill", 0}, {"two:2:kill", -SIGKILL},
        {"*:5:kill", 0},   {"*:4:kill", -SIGKILL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(run_child(cases[i].plan, NULL), cases[i].result);
    }
}

static void a_misspelt_plan_is_no_plan_at_all(void **state)
{
    static const char *const bad[] = {"one", "one:1", "one:0:kill", "one:1:kil", "one:x:stop"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(run_child(bad[i], NULL), -SIGABRT);
    }
}

static void every_point_passed_is_listed(void **state)
{
    char path[] = "/tmp/t_fail.XXXXXX";
    char text[64] = "";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(run_child("one:2:kill", path), -SIGKILL);
    assert_true(read(fd, text, sizeof text - 1) > 0);
    assert_string_equal(text, "one\ntwo\none\n");
    close(fd);
    unlink(path);
}

#else

static void a_release_build_has_no_failpoints(void **state)
{
    (void)state;
    setenv("BASESYNC_FAIL", "*:1:kill", 1);
    FAIL_POINT("one");
    assert_false(FAIL_HIT("one"));
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifdef BASESYNC_FAILPOINTS
        cmocka_unit_test(a_point_acts_when_it_is_passed_the_kth_time),
        cmocka_unit_test(a_misspelt_plan_is_no_plan_at_all),
        cmocka_unit_test(every_point_passed_is_listed),
#else
        cmocka_unit_test(a_release_build_has_no_failpoints),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
