/* t_lease.c: one process at a time. */
#include "store_world.h"

#include "store/lease.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define T0 1769076000000

static const char *const both[] = {"base:appA", "sheet:S1"};

/* A child that takes leases and then waits to be killed; its write end tells that it has them. */
static pid_t holder(struct world *w, const char *const *names, size_t n)
{
    int ready[2];
    char byte = 0;
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        struct store *s;
        struct bs_err e = BS_ERR_INIT;

        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
        byte = store_open(w->path, STORE_EXISTING, NULL, &s, &e) == BS_OK &&
               lease_take(s, names, n, T0, &e) == BS_OK;
        if (write(ready[1], &byte, 1) == 1) {
            pause();
        }
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    assert_int_equal(byte, 1);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_live_owner_is_never_robbed(void **state)
{
    struct world *w = *state;
    pid_t pid = holder(w, both, 2);
    char words[100];

    snprintf(words, sizeof words,
             "the spreadsheet S1 is being synced by process %d since 2026-01-22 10:00:00 UTC",
             (int)pid);
    /* However much later it is, or earlier, by a clock that was set. */
    FAILS(lease_take(w->s, both + 1, 1, T0 + 400 * 86400000ll, &w->e), BS_RETRY, BS_K_BUSY, words);
    FAILS(lease_take(w->s, both, 1, T0 - 86400000, &w->e), BS_RETRY, BS_K_BUSY, "the base appA");
    end(pid);
}

static void what_a_dead_owner_held_is_free_at_once(void **state)
{
    struct world *w = *state;

    end(holder(w, both, 2));
    assert_int_equal(world_number(w, "SELECT count(*) FROM Lease"), 2);
    OK(lease_take(w->s, both, 2, T0, &w->e));
}

static void a_pid_that_is_used_again_is_another_process(void **state)
{
    struct world *w = *state;
    char sql[200], owner[DB_OWNER_MAX];

    /* This very pid on this boot, started at another time; then on another boot. */
    db_owner_self(owner);
    *strrchr(owner, '/') = '\0';
    snprintf(sql, sizeof sql, "INSERT INTO Lease VALUES ('base:appA', '%s/1', '2026')", owner);
    world_text(w, sql);
    OK(lease_take(w->s, both, 1, T0, &w->e));
    db_owner_self(owner);
    owner[0] = owner[0] == 'x' ? 'y' : 'x';
    snprintf(sql, sizeof sql, "UPDATE Lease SET owner = '%s'", owner);
    world_text(w, sql);
    OK(lease_take(w->s, both, 1, T0, &w->e));
}

static void an_owner_that_is_no_owner_holds_nothing(void **state)
{
    static const char *const owners[] = {"", "x", "//", "a/b/c", "a/-1/1", "a/1"};

    (void)state;
    for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++) {
        assert_false(db_owner_alive(owners[i]));
        assert_int_equal(db_owner_pid(owners[i]), 0);
    }
}

static void all_leases_are_taken_or_none(void **state)
{
    struct world *w = *state;
    pid_t pid = holder(w, both + 1, 1);

    assert_int_equal(lease_take(w->s, both, 2, T0, &w->e), BS_RETRY);
    assert_int_equal(world_number(w, "SELECT count(*) FROM Lease WHERE name = 'base:appA'"), 0);
    end(pid);
}

static void a_lease_is_free_after_its_release_and_only_then(void **state)
{
    struct world *w = *state;
    pid_t pid;

    OK(lease_take(w->s, both, 2, T0, &w->e));
    OK(lease_take(w->s, both, 1, T0 + 5000, &w->e)); /* one's own is no hindrance */
    assert_int_equal(world_number(w, "SELECT count(*) FROM Lease"), 2);
    lease_release(w->s, both, 2);
    assert_int_equal(world_number(w, "SELECT count(*) FROM Lease"), 0);
    pid = holder(w, both, 2);
    lease_release(w->s, both, 2); /* what another holds is not this one's to free */
    assert_int_equal(lease_take(w->s, both, 2, T0, &w->e), BS_RETRY);
    end(pid);
}

/* Takes the lease, works on a file that two at once would spoil, frees it; `rounds` times. */
static int contend(struct world *w, const char *file, int rounds)
{
    struct store *s;
    struct bs_err e = BS_ERR_INIT;

    if (store_open(w->path, STORE_EXISTING, NULL, &s, &e) != BS_OK) {
        return 1;
    }
    for (int i = 0; i < rounds; i++) {
        enum bs_rc rc;
        FILE *f;

        while ((rc = lease_take(s, both, 2, T0, &e)) == BS_RETRY) {
            usleep(500);
        }
        f = rc == BS_OK ? fopen(file, "wx") : NULL;
        if (!f) {
            return 2; /* somebody else is in */
        }
        usleep(200);
        fclose(f);
        unlink(file);
        lease_release(s, both, 2);
    }
    store_close(s);
    return 0;
}

static void processes_take_turns(void **state)
{
    struct world *w = *state;
    char file[128];
    pid_t pids[4];
    int status;

    snprintf(file, sizeof file, "%s/inside", w->dir);
    store_close(w->s);
    w->s = NULL;
    for (int i = 0; i < 4; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            _exit(contend(w, file, 20));
        }
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
}

#define NEW(f) cmocka_unit_test_setup_teardown(f, world_new, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NEW(a_live_owner_is_never_robbed),
        NEW(what_a_dead_owner_held_is_free_at_once),
        NEW(a_pid_that_is_used_again_is_another_process),
        NEW(an_owner_that_is_no_owner_holds_nothing),
        NEW(all_leases_are_taken_or_none),
        NEW(a_lease_is_free_after_its_release_and_only_then),
        NEW(processes_take_turns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
