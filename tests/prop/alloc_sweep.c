/*
 * alloc_sweep.c: memory runs out at every allocation in turn, for parsers and store. Each work is
 * done by a process of its own whose k-th allocation fails, alone or with all after it. It may end
 * with an error, or as it does on purpose when memory is out: never by any other signal. The
 * database it leaves is sound, and holds all that was reported as done.
 *
 *     alloc_sweep [WORK]
 */
#include "base/mem.h"
#include "conf/conf.h"
#include "crypto/crypto.h"
#include "model/a1.h"
#include "model/cron.h"
#include "model/list.h"
#include "model/value.h"
#include "net/json.h"
#include "net/jstream.h"
#include "net/oauth.h"
#include "net/retry.h"
#include "store/journal.h"
#include "store/runlog.h"
#include "store/state.h"
#include "store/store.h"
#include "store/syncs.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Points looked at one by one; of those beyond, so many are spread over the rest. */
#define DENSE 300
#define SPARSE 300

/* ---- the allocator ---- */

static long fail_at, counted;
static bool fail_all, counting;

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
#define CAN_FAIL true

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

static bool fails(void)
{
    if (!counting) {
        return false;
    }
    counted++;
    if (fail_at > 0 && (counted == fail_at || (fail_all && counted > fail_at))) {
        errno = ENOMEM;
        return true;
    }
    return false;
}

void *malloc(size_t n)
{
    return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return fails() ? NULL : __libc_realloc(p, n);
}
#else
/* The sanitizers bring an allocator of their own. */
#define CAN_FAIL false
#endif

/* ---- parsers ---- */

static const char json_text[] =
    "{\"records\":[{\"id\":\"rec0YSum488QkBuvM\",\"fields\":{\"Name\":\"a\\u00e9\","
    "\"N\":[1,2.5e3,true,null,\"x\"]}}],\"offset\":\"itr1/rec2\"}";

static void work_json(const char *path)
{
    struct bs_err e = BS_ERR_INIT;
    struct json *doc = NULL;

    (void)path;
    if (json_parse(json_text, sizeof json_text - 1, &doc, &e) == BS_OK) {
        char *text = json_print(doc);

        (void)json_path(doc, "records.0.fields.N.3");
        free(text);
        json_free(doc);
    }
}

static bool each_token(void *ctx, const struct jstream_token *t)
{
    *(size_t *)ctx += t->len;
    return true;
}

static void work_jstream(const char *path)
{
    size_t sum = 0;
    struct jstream *p = jstream_new(each_token, &sum);

    (void)path;
    for (size_t i = 0; i < sizeof json_text - 1; i += 7) {
        size_t n = sizeof json_text - 1 - i;

        if (!jstream_feed(p, json_text + i, n < 7 ? n : 7)) {
            break;
        }
    }
    (void)jstream_end(p);
    jstream_free(p);
}

static void work_ini(const char *path)
{
    static const char text[] =
        "[basesync]\ndatabase = a.db\nschedule = */5 * * * *\n[airtable]\nmonthly_budget = 900\n"
        "[user bob]\n[sync sales]\nuser = bob\nbase = appAAAAAAAAAAAAAA\ntable = Deals\n"
        "spreadsheet = 1abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQR\ntab = Deals\n"
        "direction = bidirectional\nfield = Name\nfield = Amount <-> Deal value\nmax_delete = 5%\n";
    struct bs_err e = BS_ERR_INIT;
    struct conf *c = NULL;
    struct buf out;

    (void)path;
    if (conf_parse("/f.ini", text, sizeof text - 1, &c, &e) == BS_OK) {
        buf_init(&out, BUF_NO_LIMIT);
        conf_print(c, &out);
        buf_release(&out);
        conf_free(c);
    }
}

static void work_model(const char *path)
{
    struct arena *a = arena_new();
    struct bs_err e = BS_ERR_INIT;
    const struct value *v;
    struct a1_range range;
    const char **items;
    struct cron cron;
    struct buf b;
    size_t n;

    (void)path;
    buf_init(&b, BUF_NO_LIMIT);
    (void)cron_parse("1,2-5/2 3 * jan mon-fri", &cron, &e);
    if (a1_parse("'it''s'!B2:ZZ77", &b, &range)) {
        a1_print(&b, "Deals", &range);
    }
    (void)a1_parse_spreadsheet(
        "https://docs.google.com/spreadsheets/d/1abcdefghijklmnopq/edit#gid=7", &b, &(int64_t){0});
    (void)list_split(a, "a, \"Smith, John\", c", &items, &n, &e);
    (void)value_decode(a, "[\"names\",[\"a\",\"b\"]]", &v, &e);
    buf_release(&b);
    arena_free(a);
}

static void work_secrets(const char *path)
{
    static const char key_file[] =
        "{\"type\":\"service_account\",\"project_id\":\"p\",\"private_key_id\":\"k\","
        "\"private_key\":\"-----BEGIN PRIVATE KEY-----\\nAA==\\n-----END PRIVATE KEY-----\\n\","
        "\"client_email\":\"a@b.iam.gserviceaccount.com\",\"token_uri\":\"https://a.b/token\"}";
    struct crypto_key key = {.id = "0badcafe"};
    struct service_account account;
    struct bs_err e = BS_ERR_INIT;
    struct buf sealed, plain;

    (void)path;
    if (service_account_parse(key_file, sizeof key_file - 1, &account, &e) == BS_OK) {
        service_account_release(&account);
    }
    buf_init(&sealed, BUF_NO_LIMIT);
    buf_init(&plain, CRYPTO_PLAIN_MAX);
    if (crypto_seal(&key, "T|1|c", "secret", 6, &sealed, &e) == BS_OK &&
        crypto_open(&key, "T|1|c", sealed.data, &plain, &e) == BS_OK &&
        memcmp(plain.data, "secret", 6) != 0) {
        raise(SIGSEGV); /* the one thing that must not come of it */
    }
    buf_release(&sealed);
    buf_wipe(&plain);
}

static void work_errors(const char *path)
{
    static const char body[] =
        "{\"error\":{\"code\":429,\"status\":\"RESOURCE_EXHAUSTED\",\"message\":\"m\",\"details\":"
        "[{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"R\"}]}}";
    struct http_response r = {.outcome = HTTP_ANSWERED, .status = 429, .retry_after_ms = -1};
    struct bs_err e = BS_ERR_INIT;

    (void)path;
    buf_init(&r.body, BUF_NO_LIMIT);
    buf_adds(&r.body, body);
    for (int s = ON_AIRTABLE; s <= ON_OTHER; s++) {
        retry_read_error((enum retry_service)s, &r, &e);
        if (retry_decide((enum retry_service)s, CLASS_CREATE, &r, e.code).action == ACT_DONE) {
            raise(SIGSEGV);
        }
    }
    buf_release(&r.body);
}

/* ---- the store ---- */

static int told = -1; /* where the store's work says how far it has come */

static bool say(char c)
{
    return write(told, &c, 1) == 1;
}

static bool put_step(struct store *s, const char *sync, const char *run, int step)
{
    uint64_t bases[2] = {(uint64_t)step, 7};
    const struct pair_row p = {"rec1", (uint32_t)step, (uint64_t)step, 0, bases};
    const struct change c = {.side = "SHEETS", .action = "update", .why = "edit"};
    struct intent in = {.sync_id = sync, .table_id = "t", .run_id = run, .payload = "{}"};
    struct bs_err e = BS_ERR_INIT;
    int64_t id;

    if (journal_add(s, &in, 1, &e) != BS_OK || store_begin(s, &e) != BS_OK) {
        return false;
    }
    if (state_put(s, sync, &p, 2, &e) != BS_OK || runlog_change(s, run, &c, &id, &e) != BS_OK ||
        journal_done(s, in.id, &e) != BS_OK) {
        store_rollback(s);
        return false;
    }
    return store_commit(s, &e) == BS_OK && say((char)('0' + step));
}

static bool use_store(const char *path, struct arena *a)
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
    struct bs_err e = BS_ERR_INIT;
    struct store *s = NULL;
    const char *run = NULL;
    struct pair_row *rows;
    size_t n;
    bool ok;

    if (store_open(path, STORE_CREATE, NULL, &s, &e) != BS_OK) {
        return false;
    }
    ok = say('o') && syncs_mirror(s, &c, 1, &e) == BS_OK &&
         runlog_start(s, c.id, "manual", "BIDIRECTIONAL", 1769076000000, a, &run, &e) == BS_OK &&
         put_step(s, c.id, run, 1) && put_step(s, c.id, run, 2) &&
         state_load(s, c.id, 2, a, &rows, &n, &e) == BS_OK;
    if (ok && (n != 1 || rows[0].raw != 2)) {
        raise(SIGSEGV);
    }
    store_close(s);
    return ok;
}

static void work_store(const char *path)
{
    struct arena *a = arena_new();

    (void)use_store(path, a);
    arena_free(a);
}

static bool check_store(const char *path, const char *heard)
{
    const char *end = strchr("12", heard[0] ? heard[strlen(heard) - 1] : 'x');
    struct bs_err e = BS_ERR_INIT;
    struct arena *a = arena_new();
    struct store *s = NULL;
    const struct sync_config *list = NULL;
    struct pair_row *rows;
    size_t n = 0, n_rows = 0;
    bool ok = store_open(path, heard[0] ? STORE_EXISTING : STORE_CREATE, NULL, &s, &e) == BS_OK &&
              store_check(s, true, &e) == BS_OK;

    if (ok && end) {
        ok = syncs_list(s, true, a, &list, &n, &e) == BS_OK && n == 1 &&
             state_load(s, list[0].id, 2, a, &rows, &n_rows, &e) == BS_OK && n_rows == 1 &&
             rows[0].raw >= (uint64_t)(*end - '0');
    }
    if (!ok) {
        fprintf(stderr, "alloc_sweep: after \"%s\": %s\n", heard, e.msg);
    }
    store_close(s);
    arena_free(a);
    return ok;
}

/* ---- one failure ---- */

static const struct work {
    const char *name;
    void (*run)(const char *path);
    bool (*check)(const char *path, const char *heard);
} works[] = {
    {"json", work_json, NULL},
    {"jstream", work_jstream, NULL},
    {"ini", work_ini, NULL},
    {"model", work_model, NULL},
    {"secrets", work_secrets, NULL},
    {"errors", work_errors, NULL},
    {"store", work_store, check_store},
};

static void remove_files(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    char name[256];

    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        (void)unlink(name);
    }
}

struct outcome {
    int status;
    long allocations;
    char heard[16];
    char words[2048]; /* standard error */
};

static _Noreturn void child(const struct work *w, const char *path, long k, bool all, int words,
                            int heard, int count)
{
    (void)dup2(words, STDERR_FILENO);
    told = heard;
    fail_at = k;
    fail_all = all;
    counting = true;
    w->run(path);
    counting = false;
    _exit(write(count, &counted, sizeof counted) == (ssize_t)sizeof counted ? 0 : 99);
}

static void drain(int fd, char *out, size_t max)
{
    size_t n = 0;
    ssize_t got;

    while (n + 1 < max && (got = read(fd, out + n, max - 1 - n)) > 0) {
        n += (size_t)got;
    }
    out[n] = '\0';
    close(fd);
}

static bool run_one(const struct work *w, const char *path, long k, bool all, struct outcome *o)
{
    int words[2], heard[2], count[2];
    pid_t pid;

    memset(o, 0, sizeof *o);
    if (pipe(words) != 0 || pipe(heard) != 0 || pipe(count) != 0 || (pid = fork()) < 0) {
        perror("alloc_sweep");
        return false;
    }
    if (pid == 0) {
        child(w, path, k, all, words[1], heard[1], count[1]);
    }
    close(words[1]);
    close(heard[1]);
    close(count[1]);
    drain(words[0], o->words, sizeof o->words);
    drain(heard[0], o->heard, sizeof o->heard);
    if (read(count[0], &o->allocations, sizeof o->allocations) < 0) {
        o->allocations = 0;
    }
    close(count[0]);
    return waitpid(pid, &o->status, 0) == pid;
}

/* By itself, or aborted on purpose. */
static bool ended_well(const struct outcome *o)
{
    return (WIFEXITED(o->status) && WEXITSTATUS(o->status) == 0) ||
           (WIFSIGNALED(o->status) && WTERMSIG(o->status) == SIGABRT &&
            (strstr(o->words, "out of memory") || strstr(o->words, "cryptography cannot start")));
}

static bool fail_once(const struct work *w, const char *path, long k, bool all, long *aborts)
{
    struct outcome o;
    bool ok;

    remove_files(path);
    ok = run_one(w, path, k, all, &o);
    if (ok && !ended_well(&o)) {
        fprintf(stderr, "alloc_sweep: %s, allocation %ld%s: ended with %x: %s\n", w->name, k,
                all ? " and all after it" : "", (unsigned)o.status, o.words);
        ok = false;
    }
    *aborts += ok && WIFSIGNALED(o.status);
    if (ok && w->check && !w->check(path, o.heard)) {
        fprintf(stderr, "alloc_sweep: %s, allocation %ld%s\n", w->name, k,
                all ? " and all after it" : "");
        ok = false;
    }
    return ok;
}

static bool sweep(const struct work *w, const char *path)
{
    struct outcome o;
    long total, points = 0, aborts = 0, step;

    remove_files(path);
    if (!run_one(w, path, 0, false, &o) || o.status != 0 || o.allocations < 2) {
        fprintf(stderr, "alloc_sweep: %s: undisturbed: %x, %ld allocations: %s\n", w->name,
                (unsigned)o.status, o.allocations, o.words);
        return false;
    }
    total = o.allocations;
    step = total > DENSE + SPARSE ? (total - DENSE) / SPARSE : 1;
    for (long k = 1; k <= total; k += k < DENSE ? 1 : step, points++) {
        if (!fail_once(w, path, k, false, &aborts) || !fail_once(w, path, k, true, &aborts)) {
            return false;
        }
    }
    printf("%s: %ld of %ld allocations failed, alone and with all after them: %ld aborts on "
           "purpose, the others ended with an error\n",
           w->name, points, total, aborts);
    return true;
}

int main(int argc, char **argv)
{
    /* What is lost with the machine is as good here, and no disk is waited for. */
    char fast[] = "/dev/shm/alloc.XXXXXX", slow[] = "/tmp/alloc.XXXXXX", path[64];
    char *dir = mkdtemp(fast);
    int passed = 0, failed = 0;
    int n = (int)(sizeof works / sizeof *works);

    if (!CAN_FAIL) {
        printf("0 passed, 0 failed, %d skipped\n", n);
        return 0;
    }
    if (!dir && !(dir = mkdtemp(slow))) {
        perror("alloc_sweep");
        return 1;
    }
    snprintf(path, sizeof path, "%s/a.db", dir);
    for (int i = 0; i < n; i++) {
        if (argc > 1 && strcmp(argv[1], works[i].name) != 0) {
            continue;
        }
        if (sweep(&works[i], path)) {
            passed++;
        } else {
            failed++;
        }
    }
    remove_files(path);
    (void)rmdir(dir);
    printf("%d passed, %d failed\n", passed, failed);
    return failed || passed == 0;
}
