/* t_worker.c: a worker process: its words, its time, its end. The shell stands in for the program:
 * what follows -c, the path of the INI file, is its script. */
#include "engine/worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/os.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

static int64_t ahead_ms; /* of the clock that never steps */
static struct clock_ops moved;

static int64_t real_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_BOOTTIME, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t mono(void *ctx)
{
    (void)ctx;
    return real_ms() + ahead_ms;
}

static void nap(int64_t ms)
{
    struct timespec ts = {0, (long)ms * 1000000};

    nanosleep(&ts, NULL);
}

static void start(struct worker *w, const char *script, int64_t timeout_ms, int memory_mb)
{
    static const char *const words[] = {"id-1", "id 2"};
    const struct worker_start how = {.self = "/bin/sh",
                                     .conf_path = script,
                                     .conf_text = "[basesync]\n# text\n",
                                     .conf_len = 18,
                                     .command = "sync",
                                     .words = words,
                                     .n = 2,
                                     .timeout_ms = timeout_ms,
                                     .memory_mb = memory_mb};
    struct bs_err e = BS_ERR_INIT;

    moved = (struct clock_ops){.mono_ms = mono};
    ahead_ms = 0;
    clock_set(&moved);
    if (worker_start(w, &how, &e) != BS_OK) {
        fail_msg("%s", e.msg);
    }
}

/* Its end within ten seconds. */
static int end_of(struct worker *w)
{
    int status = -1;

    for (int i = 0; i < 1000 && !worker_reap(w, &status); i++) {
        nap(10);
    }
    assert_int_equal(w->pid, 0);
    return status;
}

static void it_gets_its_words_and_the_text_of_the_file(void **state)
{
    struct worker w;
    int status;

    (void)state;
    setenv("NOTIFY_SOCKET", "/x", 1);
    start(&w,
          "test \"$0 $1 $2 $3 $4 $5 $6\" = 'sync --worker --conf-fd 3 -- id-1 id 2' && "
          "test \"$(cat <&3)\" = '[basesync]\n# text' && test -z \"$NOTIFY_SOCKET\" && "
          "test -z \"$(cat)\"",
          60000, 0);
    status = end_of(&w);
    unsetenv("NOTIFY_SOCKET");
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void out_of_time_it_is_asked_to_end_and_then_made_to(void **state)
{
    struct worker w;
    char how[160];
    int status;

    (void)state;
    start(&w, "trap '' TERM; echo ready >&2; while :; do sleep 1; done", 60000, 0);
    nap(300); /* the trap is set */
    assert_in_range(worker_tend(&w), 50000, 60000);
    assert_false(w.timed_out);
    ahead_ms = 60000;
    assert_in_range(worker_tend(&w), WORKER_GRACE_MS - 1000, WORKER_GRACE_MS);
    assert_true(w.timed_out);
    nap(100);
    assert_false(worker_reap(&w, &status)); /* it takes no notice */
    ahead_ms = 60000 + WORKER_GRACE_MS + 1000;
    (void)worker_tend(&w);
    status = end_of(&w);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
    worker_describe(&w, status, how);
    assert_string_equal(how, "took longer than worker_timeout and was ended");
}

static void asked_to_end_it_ends_in_its_own_way(void **state)
{
    struct worker w;
    char how[160];
    int status;

    (void)state;
    start(&w, "trap 'exit 7' TERM; while :; do sleep 0.05; done", 60000, 0);
    nap(300);
    worker_stop(&w);
    status = end_of(&w);
    assert_true(WIFEXITED(status));
    worker_describe(&w, status, how);
    assert_string_equal(how, "ended with exit code 7; the log above says why");
}

static void a_signal_is_named(void **state)
{
    struct worker w;
    char how[160];

    (void)state;
    start(&w, "kill -SEGV $$", 60000, 0);
    worker_describe(&w, end_of(&w), how);
    assert_string_equal(how, "was ended by signal 11 (Segmentation fault)");
}

static void its_memory_is_bounded(void **state)
{
    struct worker w;
    int status;

    (void)state;
    start(&w, "test \"$(ulimit -d)\" = 8192", 60000, 8);
    status = end_of(&w);
#ifndef __SANITIZE_ADDRESS__
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
#endif
    (void)status;
}

static int clock_back(void **state)
{
    (void)state;
    clock_set(NULL);
    return 0;
}

#define TEST(f) cmocka_unit_test_teardown(f, clock_back)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_gets_its_words_and_the_text_of_the_file),
        TEST(out_of_time_it_is_asked_to_end_and_then_made_to),
        TEST(asked_to_end_it_ends_in_its_own_way),
        TEST(a_signal_is_named),
        TEST(its_memory_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
