/*
 * core.h: what the core's own files share: the state of the whole twin, the request log, faults,
 * limits and latency. Services see twin.h only (Airtable and the token servers also the state, for
 * each other).
 */
#ifndef TWIN_CORE_H
#define TWIN_CORE_H

#include "twin.h"
#include "util.h"

#include <pthread.h>
#include <sys/types.h>

struct faults;
struct limits;
struct wirelog;

struct twin {
    pthread_mutex_t lock; /* around everything below */
    int64_t clock_shift;  /* the twin's clock minus the machine's, ms */
    int64_t clock_speed;  /* >1: so many times as fast as the machine's since clock_since */
    int64_t clock_since;  /* Unix ms of the machine */
    int64_t clock_stop;   /* >0: the clock stands here */
    uint64_t random_state;
    uint64_t seq; /* last request number */
    const char *state_dir;
    const char *key_cache;
    int port;
    bool quiet;
    pid_t client; /* who kill_client kills; 0: nobody */
    struct airtable *airtable;
    struct sheets *sheets;
    struct auth *auth;
    struct faults *faults;
    struct limits *limits;
    struct wirelog *log;
};

/* A new twin with nothing in it. */
struct twin *twin_new(uint64_t seed);
void twin_free(struct twin *t);
/* Replaces the whole state by a scenario; NULL, or a malloc'd sentence and an undefined state. */
char *twin_load(struct twin *t, const cJSON *scenario);
void twin_set_clock(struct twin *t, int64_t now_ms);
/* A fresh id: three letters and 14 of [A-Za-z0-9], as Airtable's. */
void twin_new_id(struct twin *t, const char *prefix, char out[18]);
/* n random letters and digits, malloc'd. */
char *twin_random_text(struct twin *t, size_t n);
/* Writes a file that only its owner can read. */
bool core_write_file(const char *path, const char *text);
/* Runs an "airtable" or "sheets" list of edits, or both; NULL or a sentence. */
char *twin_person(struct twin *t, const cJSON *edits);

/* ---- what a request is, by its method and path alone ---- */
struct twin_class {
    const char *kind;    /* "airtable.list", "sheets.write", "token.google", "control" ... */
    const char *service; /* "airtable", "google", "token", "control" */
    bool write;
};
struct twin_class twin_classify(const char *method, const char *path);

/* ---- the service of a request, lock held; fills res whatever happens ---- */
void twin_serve(struct twin *t, const struct twin_req *req, const struct twin_class *c,
                struct twin_res *res);

/* ---- log.c: requests and writes as seen on the wire ---- */
struct wire_entry {
    uint64_t seq;
    int64_t at_ms;
    char *method;
    char *url;
    const char *kind;
    char *fault; /* NULL when none */
    int status;  /* 0: the connection was dropped without an answer */
    size_t bytes_in;
    size_t bytes_out;
    double ms;
    char *body;    /* start of the request body */
    char *account; /* whose token it bore; "" none that is known */
};
struct wirelog *wirelog_new(void);
void wirelog_free(struct wirelog *l);
void wirelog_reset(struct wirelog *l);
/* Takes the strings of e. */
void wirelog_add(struct wirelog *l, const struct wire_entry *e);
cJSON *wirelog_requests(const struct wirelog *l, uint64_t since, bool bodies);
cJSON *wirelog_writes(const struct wirelog *l, uint64_t since);
cJSON *wirelog_stats(const struct wirelog *l);

/* ---- fault.c ---- */
#define FAULTS_PER_REQUEST 4
struct fault_hit {
    cJSON *fault[FAULTS_PER_REQUEST]; /* owned copies */
    size_t n;
};
struct faults *faults_new(void);
void faults_free(struct faults *f);
/* Replaces (or, with append, adds to) the schedule; NULL or a sentence. */
char *faults_load(struct faults *f, const cJSON *rules, bool append);
cJSON *faults_dump(const struct faults *f);
/* What the schedule has for this request; counts it. reused: not the connection's first request. */
void faults_match(struct faults *f, const struct twin_req *req, const char *kind, bool reused,
                  struct fault_hit *hit);
void fault_hit_free(struct fault_hit *hit);
/* The hit's fault of that kind, NULL when there is none. */
const cJSON *fault_find(const struct fault_hit *hit, const char *kind);
/* Names of all kinds in the hit joined by '+', malloc'd; NULL when empty. */
char *fault_label(const struct fault_hit *hit);
/* Fills res when a fault refuses the request before it is applied; true when it did. Lock held. */
bool fault_refuse(struct twin *t, const struct fault_hit *hit, const struct twin_req *req,
                  const struct twin_class *c, struct twin_res *res);
/* Replaces the answer of an applied request where a fault says so. */
void fault_replace(struct twin *t, const struct fault_hit *hit, const struct twin_class *c,
                   struct twin_res *res);
/* Person edits that go with the request; when is "before" or "after". */
void fault_person(struct twin *t, const struct fault_hit *hit, const char *when);
/* Kills the client if the hit says so for that moment; true when it did. */
bool fault_kill(struct twin *t, const struct fault_hit *hit, const char *when);

/* ---- limit.c ---- */
struct limits *limits_new(void);
void limits_free(struct limits *l);
void limits_reset(struct limits *l);
char *limits_set(struct limits *l, const cJSON *settings);
void limits_enable(struct limits *l, bool on);
/* Latency of a service call in ms. */
int latency_ms(const struct limits *l, const struct twin_class *c);
char *latency_set(struct limits *l, const cJSON *settings);
/* Counts the request; true when a limit refuses it, and res is filled. */
bool limits_check(struct twin *t, const struct twin_req *req, const struct twin_class *c,
                  struct twin_res *res);
void limits_refuse_rate(struct twin *t, const struct twin_class *c, struct twin_res *res);
void limits_refuse_billing(struct twin_res *res);
void limits_penalty(struct twin *t, const struct twin_req *req);
cJSON *limits_stats(const struct limits *l);

/* ---- control.c ---- */
void control_handle(struct twin *t, const struct twin_req *req, struct twin_res *res);

/* ---- show.c ---- */
/* Counts of requests and all tabs as tables of text, malloc'd. Lock held. */
char *show_all(struct twin *t);

/* ---- cert.c ---- */
/* Makes a test CA and a server certificate for localhost; writes ca.pem into dir and gives the
 * server's certificate and key as PEM, malloc'd. NULL or a sentence. */
char *cert_make(const char *dir, char **cert_pem, char **key_pem);
/* A fresh or cached RSA key named name, PKCS#8 PEM, malloc'd; NULL when it cannot be made. */
char *cert_rsa_key(const char *cache, const char *name);
/* Verifies RSASSA-PKCS1-v1_5 with SHA-256 by the public half of a private key PEM. */
bool cert_rsa_verify(const char *key_pem, const void *data, size_t len, const void *sig,
                     size_t sig_len);
void cert_sha256(const void *data, size_t len, unsigned char out[32]);

/* ---- auth.c, beyond twin.h ---- */
struct auth_token;
/* The token a request bears, NULL when unknown; see auth.h. */
const struct auth_token *auth_token_of(struct auth *a, const struct twin_req *req);
/* Ends or revives an access token; token NULL: the one of the request. */
void auth_expire(struct auth *a, const char *token, bool dead);
/* The account that quotas of a Google request count against, "" when unknown. */
const char *auth_account(struct auth *a, const struct twin_req *req);

/* ---- server.c ---- */
struct server;
struct server *server_start(struct twin *t, int port, const char *cert_pem, const char *key_pem);
void server_stop(struct server *s);
int server_port(const struct server *s);

/* ---- gen.c ---- */
/* Adds a big table: spec is "base=ID,table=NAME,records=N,fields=M"; NULL or a sentence. */
char *gen_table(struct twin *t, const char *spec);

#endif
