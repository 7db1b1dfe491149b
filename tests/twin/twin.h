/*
 * twin.h: what the parts of the twin share. The twin is one program that acts as Airtable, Google
 * Sheets, Drive and the token servers on one TLS port. The core (server.c, fault.c, limit.c,
 * control.c) owns sockets, faults, limits, latency, the clock and the log; a service is a function
 * from a request to an answer over the shared state, called with the twin's one lock held.
 */
#ifndef TWIN_H
#define TWIN_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct twin; /* the whole state; server.c */

/* One name=value of a decoded query string or form, in the order sent. */
struct twin_pair {
    char *name;
    char *value;
};

struct twin_req {
    const char *method;
    const char *raw_path;  /* as sent, still percent-encoded, without the query */
    const char *raw_query; /* as sent, NULL when there was none */
    size_t url_len;        /* length of path + query as sent */
    struct twin_pair *query;
    size_t n_query;
    const char *body; /* never NULL, NUL-terminated */
    size_t body_len;
    const char *content_type;  /* NULL when absent */
    const char *authorization; /* NULL when absent */
    int64_t now_ms;            /* the twin's clock, Unix milliseconds */
    uint64_t seq;              /* 1, 2, 3 ... over all services */
    const char *hint;          /* what a fault asks of the service: "short_list", "repeat_page",
                                  "stale_read" ...; NULL most of the time */
    int64_t hint_ms;           /* the hint's number, a time mostly; 0 when none was given */
};

struct twin_res {
    int status;
    char *body; /* malloc'd, NULL for none; freed by the core */
    size_t body_len;
    const char *content_type; /* static string; NULL: the service's JSON type */
    struct twin_pair headers[8];
    size_t n_headers;
    const char *kind; /* for limits and the log: "airtable", "sheets.read", "sheets.write", ... */
    bool wrote;       /* state of a service changed: goes to the write log */
};

/* Sets status and a printed JSON body; takes ownership of json. Numbers are printed so that they
 * read back to the same double. */
void twin_res_json(struct twin_res *res, int status, cJSON *json);
void twin_res_text(struct twin_res *res, int status, const char *type, const char *text);
void twin_res_header(struct twin_res *res, const char *name, const char *value);
/* First value of a query parameter, NULL when absent. */
const char *twin_query(const struct twin_req *req, const char *name);
/* Percent-decodes one path segment (plus is not a space there); malloc'd. */
char *twin_decode(const char *s, size_t len);
/* Shortest text that reads back as the same double; integers without a point. */
void twin_number(double v, char out[32]);
/* A JSON number item that keeps every bit when printed. */
cJSON *twin_json_number(double v);
/* JSON text, malloc'd; indent 0: no white space at all, else so many blanks a level. Plain number
 * items keep every bit here too. */
char *twin_json_print(const cJSON *v, int indent);
/* One line of the write log: who ("airtable", "sheets", "person"), what, and detail (owned). */
void twin_log_write(struct twin *t, const struct twin_req *req, const char *who, const char *what,
                    cJSON *detail);
int64_t twin_now_ms(struct twin *t);
/* The twin's own seeded random numbers, so that a run can be repeated. */
uint64_t twin_random(struct twin *t);

/* ---- Google Sheets, Drive (sheets*.c, grid.c, a1.c, drive.c) ---- */
struct sheets; /* all spreadsheets */
struct sheets *sheets_new(struct twin *t);
void sheets_free(struct sheets *s);
/* Adds the spreadsheets of a scenario's "google" object; NULL or a malloc'd sentence on error. */
char *sheets_load(struct sheets *s, const cJSON *google);
/* All state, for tests and for printing: see README.md of this folder. */
cJSON *sheets_dump(struct sheets *s);
/* A person's edit (insert, delete, sort, move, rename, set, copy ...); NULL or a sentence. */
char *sheets_person(struct sheets *s, const cJSON *edit);
/* Requests below /v4/ and /drive/v3/ once the caller's access token was accepted by the core;
 * email is the account the token belongs to, scope its scopes. */
void sheets_handle(struct sheets *s, const struct twin_req *req, const char *email,
                   const char *scope, struct twin_res *res);
/* Reads show the state before the last writes until the twin's clock has moved on by ms. */
void sheets_set_stale(struct sheets *s, int64_t ms, int writes);
void drive_handle(struct sheets *s, const struct twin_req *req, const char *email,
                  const char *scope, struct twin_res *res);

/* ---- Airtable (airtable*.c) ---- */
struct airtable;
struct airtable *airtable_new(struct twin *t);
void airtable_free(struct airtable *a);
char *airtable_load(struct airtable *a, const cJSON *airtable_part);
cJSON *airtable_dump(struct airtable *a);
char *airtable_person(struct airtable *a, const cJSON *edit);
void airtable_handle(struct airtable *a, const struct twin_req *req, struct twin_res *res);

/* ---- Token servers and consent pages (auth.c): Google /token /revoke, Airtable /oauth2/v1 ---- */
struct auth;
struct auth *auth_new(struct twin *t);
void auth_free(struct auth *a);
char *auth_load(struct auth *a, const cJSON *auth_part);
cJSON *auth_dump(struct auth *a);
bool auth_handles(const char *path);
void auth_handle(struct auth *a, const struct twin_req *req, struct twin_res *res);
/* Looks up a bearer token: 0 accepted, else the HTTP status to answer with. Borrowed strings. */
int auth_check(struct auth *a, const char *service, const struct twin_req *req, const char **user,
               const char **scope);

#endif
