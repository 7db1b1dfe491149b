/* fail.c: see fail.h. Empty in a release build. */
#include "base/fail.h"

#ifdef BASESYNC_FAILPOINTS

#include "base/str.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum fail_act { FAIL_NONE, FAIL_KILL, FAIL_STOP };

static struct {
    bool ready;
    char name[64];
    int64_t at;
    int64_t passed;
    enum fail_act act;
    int list_fd;
} plan;

/* A test that asks for something misspelt must not pass by doing nothing. */
static _Noreturn void bad_plan(const char *text)
{
    fprintf(stderr, "basesync: BASESYNC_FAIL=%s is not name:k:kill or name:k:stop\n", text);
    abort();
}

static void read_plan(const char *text)
{
    char copy[128];
    char *act;
    char *at;

    if (!str_copy(copy, sizeof copy, text) || !(act = strrchr(copy, ':'))) {
        bad_plan(text);
    }
    *act++ = '\0';
    if (!(at = strrchr(copy, ':'))) {
        bad_plan(text);
    }
    *at++ = '\0';
    if (!str_to_i64(at, 1, INT64_MAX, &plan.at) || !str_copy(plan.name, sizeof plan.name, copy)) {
        bad_plan(text);
    }
    plan.act = str_eq(act, "kill") ? FAIL_KILL : str_eq(act, "stop") ? FAIL_STOP : FAIL_NONE;
    if (plan.act == FAIL_NONE) {
        bad_plan(text);
    }
}

static void prepare(void)
{
    const char *text = getenv("BASESYNC_FAIL");
    const char *list = getenv("BASESYNC_FAIL_LIST");

    plan.ready = true;
    plan.list_fd = -1;
    if (text && *text) {
        read_plan(text);
    }
    if (list && *list) {
        plan.list_fd = open(list, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        if (plan.list_fd < 0) {
            bad_plan(list);
        }
    }
}

bool fail_hit(const char *name)
{
    if (!plan.ready) {
        prepare();
    }
    if (plan.list_fd >= 0 && dprintf(plan.list_fd, "%s\n", name) < 0) {
        abort();
    }
    if (plan.act == FAIL_NONE || (!str_eq(plan.name, "*") && !str_eq(plan.name, name))) {
        return false;
    }
    if (++plan.passed != plan.at) {
        return false;
    }
    if (plan.act == FAIL_KILL) {
        raise(SIGKILL);
    }
    return true;
}

#else

/* ISO C forbids an empty translation unit. */
extern int fail_unused;

#endif
