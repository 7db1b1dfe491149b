/*
 * main.c: the twin's command line. It prints READY port=N once it can be called, and runs until
 * SIGTERM, or until its standard input ends with --until-eof. At each SIGUSR1 it writes the tabs as
 * tables to show.txt.
 */
#include "core.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct options {
    int port;
    const char *state_dir;
    const char *key_cache;
    const char *scenario;
    const char *generate[8];
    size_t n_generate;
    uint64_t seed;
    const char *latency;
    const char *limits;
    bool until_eof;
    bool verbose;
};

static const char usage[] =
    "usage: twin [--port N] --state-dir DIR [--scenario FILE.json] [--generate SPEC]...\n"
    "            [--seed N] [--latency real|none] [--limits on|off] [--key-cache DIR]\n"
    "            [--until-eof] [--verbose]\n";

/* Signals come through a pipe, whichever thread is interrupted by them. */
static int signals[2];

static void on_signal(int sig)
{
    char c = (char)sig;
    int was = errno;
    (void)!write(signals[1], &c, 1);
    errno = was;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        if (strcmp(name, "--until-eof") == 0) {
            o->until_eof = true;
            continue;
        }
        if (strcmp(name, "--verbose") == 0) {
            o->verbose = true;
            continue;
        }
        const char *value = i + 1 < argc ? argv[++i] : NULL;
        if (!value)
            return false;
        if (strcmp(name, "--port") == 0)
            o->port = (int)strtol(value, NULL, 10);
        else if (strcmp(name, "--state-dir") == 0)
            o->state_dir = value;
        else if (strcmp(name, "--key-cache") == 0)
            o->key_cache = value;
        else if (strcmp(name, "--scenario") == 0)
            o->scenario = value;
        else if (strcmp(name, "--seed") == 0)
            o->seed = strtoull(value, NULL, 10);
        else if (strcmp(name, "--latency") == 0)
            o->latency = value;
        else if (strcmp(name, "--limits") == 0)
            o->limits = value;
        else if (strcmp(name, "--generate") == 0 && o->n_generate < 8)
            o->generate[o->n_generate++] = value;
        else
            return false;
    }
    return o->state_dir != NULL;
}

/* Keys take a while to make, and one is as good as another: they are kept between runs. */
static char *default_cache(void)
{
    const char *dir = getenv("TWIN_KEY_CACHE");
    const char *tmp = getenv("TMPDIR");
    if (dir && *dir)
        return tw_dup(dir);
    return tw_fmt("%s/basesync-twin-keys.%d", tmp && *tmp ? tmp : "/tmp", (int)getuid());
}

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "r");
    struct tbuf b = {0};
    char chunk[65536];
    size_t n;
    if (!f)
        return NULL;
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        tb_add(&b, chunk, n);
    fclose(f);
    return tb_take(&b);
}

static char *load_scenario(struct twin *t, const struct options *o)
{
    char *text = o->scenario ? read_file(o->scenario) : tw_dup("{}");
    if (!text)
        return tw_fmt("cannot read %s", o->scenario);
    cJSON *j = cJSON_Parse(text);
    char *wrong = j ? twin_load(t, j) : tw_fmt("%s is not JSON", o->scenario);
    cJSON_Delete(j);
    free(text);
    for (size_t i = 0; i < o->n_generate && !wrong; i++)
        wrong = gen_table(t, o->generate[i]);
    if (o->latency && !wrong) {
        cJSON *mode = cJSON_CreateObject();
        cJSON_AddStringToObject(mode, "mode", o->latency);
        wrong = latency_set(t->limits, mode);
        cJSON_Delete(mode);
    }
    if (o->limits)
        limits_enable(t->limits, strcmp(o->limits, "on") == 0);
    return wrong;
}

/* Writes a file of the state folder by a rename, so that a waiting script reads all or nothing. */
static void tell(const char *dir, const char *name, const char *text)
{
    char *path = tw_fmt("%s/%s", dir, name);
    char *tmp = tw_fmt("%s/%s.new", dir, name);
    if (!core_write_file(tmp, text) || rename(tmp, path) != 0)
        fprintf(stderr, "twin: cannot write %s\n", path);
    free(tmp);
    free(path);
}

static void show(struct twin *t)
{
    pthread_mutex_lock(&t->lock);
    char *text = show_all(t);
    pthread_mutex_unlock(&t->lock);
    tell(t->state_dir, "show.txt", text);
    free(text);
}

static void wait_for_end(struct twin *t, bool until_eof)
{
    struct pollfd p[2] = {{.fd = signals[0], .events = POLLIN},
                          {.fd = until_eof ? 0 : -1, .events = POLLIN}};
    for (;;) {
        char drop[256];
        char sig = 0;
        if (poll(p, 2, -1) < 0 && errno != EINTR)
            return;
        if (p[0].revents && read(signals[0], &sig, 1) == 1) {
            if (sig != SIGUSR1)
                return;
            show(t);
        }
        if (p[1].revents && read(0, drop, sizeof drop) <= 0)
            return;
        p[0].revents = p[1].revents = 0;
    }
}

static void tell_port(const char *dir, int port)
{
    char *text = tw_fmt("%d\n", port);
    tell(dir, "port", text);
    printf("READY port=%d\n", port);
    fflush(stdout);
    free(text);
}

static void catch_signals(void)
{
    struct sigaction sa = {.sa_handler = on_signal};
    if (pipe(signals) != 0)
        abort();
    sigaction(SIGTERM, &sa, NULL);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGUSR1, &sa, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv)
{
    struct options o = {.seed = 1};
    char *cert = NULL;
    char *key = NULL;
    char *cache = default_cache();
    struct server *server = NULL;
    if (!read_options(argc, argv, &o)) {
        fputs(usage, stderr);
        return 2;
    }
    catch_signals();
    mkdir(o.state_dir, 0700);
    mkdir(o.key_cache ? o.key_cache : cache, 0700);
    struct twin *t = twin_new(o.seed);
    t->state_dir = o.state_dir;
    t->key_cache = o.key_cache ? o.key_cache : cache;
    t->quiet = !o.verbose;
    char *wrong = cert_make(o.state_dir, &cert, &key);
    if (!wrong) {
        server = server_start(t, o.port, cert, key);
        wrong = server ? NULL : tw_fmt("cannot listen on port %d", o.port);
    }
    /* Key files name the port, so it must be known before the scenario is loaded. */
    if (!wrong) {
        t->port = server_port(server);
        pthread_mutex_lock(&t->lock);
        wrong = load_scenario(t, &o);
        pthread_mutex_unlock(&t->lock);
    }
    if (wrong)
        fprintf(stderr, "twin: %s\n", wrong);
    else {
        tell_port(o.state_dir, t->port);
        wait_for_end(t, o.until_eof);
    }
    int rc = wrong ? 1 : 0;
    server_stop(server);
    twin_free(t);
    free(wrong);
    free(cache);
    free(cert);
    free(key);
    return rc;
}
