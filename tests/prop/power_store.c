/*
 * power_store.c: the power goes out at every fsync in turn. A process works through the store's
 * real functions over a VFS that knows what has been synced; at its k-th sync everything since then
 * is dropped, or kept in part, or torn within a write, and the process is gone. Afterwards the file
 * must open, be sound, hold each transaction wholly or not at all, and all of them that were
 * reported as done; and the work must go on from there.
 *
 *     power_store [SEED]
 */
#include "power_disk.h"

#include "base/clock.h"
#include "base/mem.h"
#include "store/journal.h"
#include "store/runlog.h"
#include "store/state.h"
#include "store/store.h"
#include "store/syncs.h"
#include "store/usage.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEPS 24
#define PAIRS 5
#define INTENTS 3
#define FIELDS 4
#define REOPEN_EVERY 7 /* closing brings the log into the file and removes it */
#define BIG_STEP 11    /* writes so much that the log is brought in at once */
#define BIG ((size_t)4400 * 1000)
#define TRIES_MAX 100000

/* ---- the work ---- */

enum phase { PHASE_OPEN, PHASE_INTENTS, PHASE_COMMIT };

struct ack { /* told after a function has returned: from here on it must be there */
    int phase, step;
};

struct work {
    const char *path;
    struct store *s;
    struct arena *a;
    const char *sync, *run;
    int out; /* where acks go; -1: nowhere */
};

#define TRY(call)                                                                                  \
    do {                                                                                           \
        struct bs_err e = BS_ERR_INIT;                                                             \
        if ((call) != BS_OK) {                                                                     \
            fprintf(stderr, "power_store: %s: %s\n", #call, e.msg);                                \
            return false;                                                                          \
        }                                                                                          \
    } while (0)

static bool ack(struct work *k, int phase, int step)
{
    const struct ack a = {phase, step};

    return k->out < 0 || write(k->out, &a, sizeof a) == (ssize_t)sizeof a;
}

static bool work_open(struct work *k)
{
    struct sync_config c = {.slug = "a",
                            .name = "a",
                            .user_name = "u",
                            .is_active = true,
                            .base_id = "b",
                            .table_ref = "t",
                            .spreadsheet_id = "s",
                            .sheet_ref = "t",
                            .mappings_json = "[]",
                            .direction = "BIDIRECTIONAL",
                            .conflicts = "HOLD"};

    TRY(store_open(k->path, STORE_CREATE, NULL, &k->s, &e));
    TRY(syncs_mirror(k->s, &c, 1, &e));
    k->sync = c.id;
    if (!k->run) {
        TRY(runlog_start(k->s, k->sync, "manual", "BIDIRECTIONAL", clock_wall_ms(), k->a, &k->run,
                         &e));
    }
    return ack(k, PHASE_OPEN, 0);
}

static bool add_intents(struct work *k, int step)
{
    static char payload[2000];
    struct intent list[INTENTS];
    int i;

    memset(payload, 'p', sizeof payload - 1);
    for (i = 0; i < INTENTS; i++) {
        list[i] = (struct intent){.sync_id = k->sync,
                                  .table_id = "t",
                                  .run_id = k->run,
                                  .content = (uint64_t)step,
                                  .payload = payload};
    }
    TRY(journal_add(k->s, list, INTENTS, &e));
    return ack(k, PHASE_INTENTS, step);
}

/* Settles the intents of all steps before this one. */
static bool settle_intents(struct work *k, int step)
{
    struct intent *open;
    size_t n, i;

    TRY(journal_list(k->s, k->sync, k->a, &open, &n, &e));
    for (i = 0; i < n; i++) {
        if (open[i].content < (uint64_t)step) {
            TRY(journal_done(k->s, open[i].id, &e));
        }
    }
    return true;
}

static bool put_pairs(struct work *k, int step)
{
    uint64_t bases[FIELDS];
    char id[8], text[16];
    const struct pair_row p = {id, (uint32_t)step, (uint64_t)step, 0, bases};
    int i;

    for (i = 0; i < FIELDS; i++) {
        bases[i] = (uint64_t)step;
    }
    for (i = 0; i < PAIRS; i++) {
        snprintf(id, sizeof id, "rec%d", i);
        TRY(state_put(k->s, k->sync, &p, FIELDS, &e));
    }
    snprintf(text, sizeof text, "%d", step);
    TRY(store_meta_set(k->s, "step", text, &e));
    return true;
}

static bool commit_step(struct work *k, int step)
{
    const struct change c = {.side = "SHEETS", .action = "update", .why = "edit"};
    int64_t id;

    TRY(store_begin(k->s, &e));
    if (!settle_intents(k, step) || !put_pairs(k, step)) {
        return false;
    }
    TRY(runlog_change(k->s, k->run, &c, &id, &e));
    if (step == BIG_STEP) {
        char *big = bs_alloc(BIG + 1);

        memset(big, 'b', BIG);
        TRY(store_meta_set(k->s, "big", big, &e));
        free(big);
    }
    TRY(store_commit(k->s, &e));
    return ack(k, PHASE_COMMIT, step);
}

/* What a power cut may take back, in between what it may not. */
static bool count_usage(struct work *k)
{
    const struct bucket b = {"bucket", 5, 1};
    int64_t v;

    TRY(usage_count(k->s, "calls", 1769076000000, 1, &v, &e));
    TRY(usage_take(k->s, &b, 1, clock_wall_ms(), &v, &e));
    return true;
}

static bool work_step(struct work *k, int step)
{
    if (step % REOPEN_EVERY == 0) {
        store_close(k->s);
        k->s = NULL;
        if (!work_open(k)) {
            return false;
        }
    }
    return count_usage(k) && add_intents(k, step) && count_usage(k) && commit_step(k, step) &&
           count_usage(k);
}

static int child(const char *path, int out)
{
    struct work k = {.path = path, .a = arena_new(), .out = out};
    int step;

    disk_install();
    if (!work_open(&k)) {
        return 1;
    }
    for (step = 1; step <= STEPS; step++) {
        if (!work_step(&k, step)) {
            return 1;
        }
    }
    store_close(k.s);
    return 0;
}

/* ---- what must be true afterwards ---- */

struct seen {
    bool opened;
    int intents, commits; /* greatest steps that were reported as done */
};

static bool claim(bool ok, const char *what, long found, long wanted)
{
    if (!ok) {
        fprintf(stderr, "power_store: %s: %ld, expected %ld\n", what, found, wanted);
    }
    return ok;
}

static bool check_intents(struct work *k, int step, const struct seen *seen)
{
    struct intent *open;
    size_t n, i;
    long of_this = 0, of_next = 0;

    TRY(journal_list(k->s, k->sync, k->a, &open, &n, &e));
    for (i = 0; i < n; i++) {
        of_this += open[i].content == (uint64_t)step;
        of_next += open[i].content == (uint64_t)step + 1;
    }
    return claim(of_this == (step > 0 ? INTENTS : 0), "intents of the step", of_this, INTENTS) &&
           claim(of_next == INTENTS || (of_next == 0 && seen->intents <= step),
                 "intents of the step after", of_next, INTENTS) &&
           claim(of_this + of_next == (long)n, "intents in all", (long)n, of_this + of_next);
}

static bool check_pairs(struct work *k, int step)
{
    struct pair_row *rows;
    size_t n, i, f;

    TRY(state_load(k->s, k->sync, FIELDS, k->a, &rows, &n, &e));
    if (!claim(n == (step > 0 ? PAIRS : 0), "pairs", (long)n, PAIRS)) {
        return false;
    }
    for (i = 0; i < n; i++) {
        bool same = rows[i].raw == (uint64_t)step && rows[i].row_hint == (uint32_t)step;

        for (f = 0; f < FIELDS; f++) {
            same = same && rows[i].bases[f] == (uint64_t)step;
        }
        if (!claim(same, "a pair's step", (long)rows[i].raw, step)) {
            return false;
        }
    }
    return true;
}

static bool check_changes(struct work *k, int step)
{
    struct log_filter f = {.limit = 100};
    struct log_row *runs;
    struct change_row *changes;
    size_t n, n_changes, total = 0, i;

    TRY(runlog_list(k->s, &f, k->a, &runs, &n, &e));
    for (i = 0; i < n; i++) {
        TRY(runlog_changes(k->s, runs[i].id, k->a, &changes, &n_changes, &e));
        total += n_changes;
    }
    return claim(total == (size_t)step, "changes", (long)total, step);
}

static bool check_all(struct work *k, const struct seen *seen)
{
    char *text;
    int step, next;

    TRY(store_check(k->s, true, &e));
    TRY(store_meta_get(k->s, "step", &text, &e));
    step = text ? (int)strtol(text, NULL, 10) : 0;
    free(text);
    if (!claim(step == seen->commits || step == seen->commits + 1, "the last step", step,
               seen->commits) ||
        !check_intents(k, step, seen) || !check_pairs(k, step) || !check_changes(k, step)) {
        return false;
    }
    /* The next run starts by settling what is open, then goes on. */
    TRY(store_begin(k->s, &e));
    if (!settle_intents(k, step + 1)) {
        return false;
    }
    TRY(store_commit(k->s, &e));
    for (next = step + 1; next <= step + 2; next++) {
        if (!add_intents(k, next) || !commit_step(k, next)) {
            return false;
        }
    }
    return check_pairs(k, step + 2);
}

static bool check(const char *path, const struct seen *seen)
{
    struct work k = {.path = path, .a = arena_new(), .out = -1};
    struct bs_err e = BS_ERR_INIT;
    bool ok = true;

    if (seen->opened && store_open(path, STORE_EXISTING, NULL, &k.s, &e) != BS_OK) {
        fprintf(stderr, "power_store: what was reported as made does not open: %s\n", e.msg);
        ok = false;
    }
    store_close(k.s);
    k.s = NULL;
    ok = ok && work_open(&k) && check_all(&k, seen);
    store_close(k.s);
    arena_free(k.a);
    return ok;
}

/* ---- one power cut ---- */

static void remove_files(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    char name[200];
    size_t i;

    for (i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
}

static void read_acks(int fd, struct seen *seen)
{
    struct ack a;

    memset(seen, 0, sizeof *seen);
    while (read(fd, &a, sizeof a) == (ssize_t)sizeof a) {
        seen->opened = true;
        if (a.phase == PHASE_INTENTS) {
            seen->intents = a.step;
        } else if (a.phase == PHASE_COMMIT) {
            seen->commits = a.step;
        }
    }
}

/* Runs the work until the k-th sync; the child's exit code, what it has reported in *seen. */
static int run_child(const char *path, struct seen *seen)
{
    int fds[2], status;
    pid_t pid;

    if (pipe(fds) != 0) {
        return -1;
    }
    pid = fork();
    if (pid == 0) {
        close(fds[0]);
        _exit(child(path, fds[1]));
    }
    close(fds[1]);
    read_acks(fds[0], seen);
    close(fds[0]);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
        return -1;
    }
    return WEXITSTATUS(status);
}

/* The index beside the log is memory: nothing of it outlives a power cut. */
static void lose_memory(const char *path)
{
    char name[200];

    snprintf(name, sizeof name, "%s-shm", path);
    unlink(name);
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 20260122;
    /* In memory where there is such a folder: what is durable is decided here, not by the disk. */
    char dir[64], path[100];
    long passed = 0, failed = 0, k;
    int loss, code;

    snprintf(dir, sizeof dir, "%s/basesync-power-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(dir)) {
        perror(dir);
        return 1;
    }
    snprintf(path, sizeof path, "%s/t.db", dir);
    printf("power_store: seed %llu\n", (unsigned long long)seed);
    fflush(stdout);
    for (loss = 0; loss < LOSS_COUNT; loss++) {
        for (k = 1, code = CRASHED; code == CRASHED && k < TRIES_MAX; k++) {
            struct seen seen;
            bool ok;

            remove_files(path);
            disk.crash_at = k;
            disk.loss = (enum loss)loss;
            disk.seed = seed + (uint64_t)k;
            code = run_child(path, &seen);
            if (code == CRASHED) {
                lose_memory(path);
            }
            ok = (code == CRASHED || code == 0) && check(path, &seen);
            passed += ok;
            failed += !ok;
            if (!ok) {
                printf("FAILED: sync %ld, %s (child %d, %d steps reported)\n", k, loss_names[loss],
                       code, seen.commits);
            }
        }
        printf("power_store: %ld cuts, unsynced writes %s\n", k - 2, loss_names[loss]);
        failed += claim(code != 0 || k > STEPS * 2, "power cuts", k - 2, STEPS * 2) ? 0 : 1;
    }
    remove_files(path);
    rmdir(dir);
    printf("%ld passed, %ld failed\n", passed, failed);
    return failed > 0;
}
