/*
 * airtable.h: the inside of the twin's Airtable: bases, tables, fields, records, transactions and
 * webhooks. A cell is kept as the JSON text of its V1 form (NULL: empty), so that listing a big
 * table is copying text. Everything runs with the twin's lock held.
 */
#ifndef TWIN_AIRTABLE_H
#define TWIN_AIRTABLE_H

#include "core.h"

#define AT_ID 18 /* an id with its NUL */
#define AT_MAX_BATCH 10
#define AT_MAX_PAGE 100
#define AT_MAX_URL 16000
#define AT_MAX_TEXT 100000
#define AT_DEPTH 8 /* lookups of lookups of ... */

struct at_base;
struct at_table;
struct at_tx;

enum at_kind {
    AT_TEXT,
    AT_RICH,
    AT_NUMBER,
    AT_RATING,
    AT_CHECKBOX,
    AT_SELECT,
    AT_MULTISELECT,
    AT_DATE,
    AT_DATETIME,
    AT_LINK,
    AT_ATTACHMENT,
    AT_USER,
    AT_USERS,
    AT_BARCODE,
    AT_FORMULA,
    AT_ROLLUP,
    AT_COUNT,
    AT_LOOKUP,
    AT_AUTONUMBER,
    AT_CREATED_TIME,
    AT_CREATED_BY,
    AT_MODIFIED_TIME,
    AT_MODIFIED_BY,
    AT_BUTTON,
    AT_AITEXT,
    AT_OTHER /* read only, whatever the scenario gave */
};

enum {
    AT_WRITE = 1,    /* cells can be written */
    AT_CREATE = 2,   /* fields of this type can be made through the API */
    AT_COMPUTED = 4, /* worked out on reading, unless the scenario gave a fixed value */
};

struct at_type {
    const char *name;
    enum at_kind kind;
    unsigned flags;
};
const struct at_type *at_type_find(const char *name); /* never NULL: AT_OTHER for the unknown */
bool at_type_known(const char *name);

struct at_field {
    char id[AT_ID];
    char *name;
    char *description;
    char *type_name;
    const struct at_type *type;
    cJSON *options; /* as the schema shows them; NULL for none */
    cJSON *twin;    /* the scenario's extras: rollup function, button label ... */
    bool gone;      /* deleted; its slot stays */
    int64_t next_number;
    struct fexpr *formula; /* parsed on first use */
    bool formula_bad;
    struct at_table *table;
    size_t slot;
};

struct at_rec {
    char id[AT_ID];
    int64_t created_ms;
    int64_t modified_ms; /* 0: never */
    const char *created_by;
    const char *modified_by;
    char **cell;
    size_t n_cells;
};

struct at_view {
    char id[AT_ID];
    char *name;
    char *type;
    char *filter;       /* formula, NULL for none */
    char *sort_field;   /* field id the view is sorted by, NULL: order of creation */
    cJSON *order;       /* ids in the view's own order; what is not named comes after */
    struct tmap hidden; /* records kept out by hand: id -> id */
    bool gone;
};

struct at_table {
    char id[AT_ID];
    char *name;
    char *description;
    char primary[AT_ID];
    struct at_base *base;
    struct at_field **field;
    size_t n_fields;
    struct at_rec **rec; /* in order of creation */
    size_t n_recs;
    size_t cap_recs;
    struct tmap by_id;
    struct at_rec **sorted; /* by id; NULL: to be made anew */
    size_t n_sorted;
    struct at_view *view;
    size_t n_views;
    bool gone;
};

struct at_hook;

struct at_iter;

struct at_base {
    char id[AT_ID];
    char *name;
    char *workspace;
    cJSON *roles; /* user id -> role */
    struct at_table **table;
    size_t n_tables;
    int64_t transactions;
    struct at_hook **hook;
    size_t n_hooks;
    bool unseen; /* what happens just now is lost to the hooks */
    struct at_iter **iter;
    size_t n_iters;
    struct airtable *a;
};

struct at_user {
    char *id;
    char *email;
    char *name;
};

struct at_quota {
    char *workspace;
    int64_t limit; /* calls a month; 0: none */
    int64_t used;
    int64_t month; /* months since 1970, to begin anew */
};

struct airtable {
    struct twin *t;
    struct at_base **base;
    size_t n_bases;
    struct at_user *user;
    size_t n_users;
    struct at_quota *quota;
    size_t n_quotas;
    int64_t iterator_ms; /* an untouched listing lives so long */
};

/* ---- finding things ---- */
struct at_base *at_base_find(struct airtable *a, const char *id);
/* By id or, for tables, fields and views, by name; NULL when there is none. */
struct at_table *at_table_find(const struct at_base *b, const char *id_or_name);
struct at_field *at_field_find(const struct at_table *t, const char *id_or_name);
struct at_view *at_view_find(struct at_table *t, const char *id_or_name);
struct at_rec *at_rec_find(const struct at_table *t, const char *id);
struct at_field *at_primary(const struct at_table *t);
const struct at_user *at_user_find(const struct airtable *a, const char *id_or_email);
bool at_is_id(const char *s, const char *prefix);
struct at_table *at_linked_table(const struct at_field *f);
struct at_field *at_inverse(const struct at_field *f);

/* ---- building (load, schema writes, people) ---- */
struct at_base *at_base_new(struct airtable *a, const char *id, const char *name);
struct at_table *at_table_new(struct at_base *b, const char *id, const char *name);
/* Makes a field of a schema object {"id"?,"name","type","options"?,"description"?,"twin"?}. */
struct at_field *at_field_new(struct at_table *t, const cJSON *j);
/* Once all fields are there: names in options become ids, inverse links are made. */
char *at_field_resolve(struct at_field *f);
struct at_view *at_view_new(struct at_table *t, const char *id, const char *name, const char *type);
struct at_rec *at_rec_new(struct at_table *t, const char *id, int64_t created_ms, const char *by);
void at_rec_unlink(struct at_table *t, struct at_rec *r); /* out of the table, not freed */
void at_rec_link(struct at_table *t, struct at_rec *r);
void at_rec_free(struct at_rec *r);
/* Records in id order; borrowed until the next change. */
struct at_rec **at_sorted(struct at_table *t);
bool at_in_view(struct at_table *t, const struct at_view *v, struct at_rec *r);

/* ---- cells ---- */
const char *at_raw(const struct at_rec *r, const struct at_field *f);  /* stored text or NULL */
void at_store(struct at_rec *r, const struct at_field *f, char *json); /* takes json */
/* V1 form of a cell, computed ones too, malloc'd; NULL when the cell is empty. */
char *at_cell(struct airtable *a, struct at_rec *r, const struct at_field *f, int depth);
/* The V2 form that webhooks use, malloc'd; "null" when empty. */
char *at_cell_v2(struct airtable *a, struct at_rec *r, const struct at_field *f);
char *at_v2_of(struct airtable *a, struct at_rec *r, const struct at_field *f, const char *v1);
/* What a person sees in the cell; malloc'd, "" when empty. */
char *at_shown(struct airtable *a, struct at_rec *r, const struct at_field *f, int depth);
char *at_shown_json(struct airtable *a, const struct at_field *f, const cJSON *v1, int depth);
char *at_primary_text(struct airtable *a, const struct at_table *t, struct at_rec *r, int depth);
/* Adds a record as the API shows it. */
struct at_shape {
    bool by_id;       /* keys are field ids */
    bool as_string;   /* cellFormat=string */
    const bool *pick; /* slots wanted; NULL: all */
    bool comment_count;
};
void at_add_record(struct airtable *a, struct tbuf *out, struct at_table *t, struct at_rec *r,
                   const struct at_shape *shape);

/* ---- transactions: all or nothing ---- */
struct at_tx {
    struct airtable *a;
    struct at_base *base;
    const char *user;
    const char *source; /* "publicApi", "client", "automation" */
    const char *hook_source;
    bool typecast;
    bool may_create; /* role allows new choices (create) */
    bool loading;    /* computed cells may be given */
    int64_t now;
    struct at_step *step;
    size_t n_steps;
    size_t cap_steps;
    struct at_touch *touch;
    size_t n_touch;
    struct tmap touched;
    /* what is wrong, when a call gives false */
    int status;
    char *type;
    char *message;
};
void at_tx_begin(struct at_tx *tx, struct at_base *b, const char *user, const char *source);
/* Undoes everything and frees. */
void at_tx_abort(struct at_tx *tx);
/* Times, webhooks, write log; frees. */
void at_tx_commit(struct at_tx *tx, const struct twin_req *req);
bool at_tx_fail(struct at_tx *tx, int status, const char *type, const char *fmt, ...)
    TW_PRINTF(4, 5);
struct at_rec *at_tx_create(struct at_tx *tx, struct at_table *t);
void at_tx_delete(struct at_tx *tx, struct at_table *t, struct at_rec *r);
/* Sets one cell from a request's value after checking it. */
bool at_tx_write(struct at_tx *tx, struct at_table *t, struct at_rec *r, struct at_field *f,
                 const cJSON *v);
/* Sets one cell to V1 text (taken, NULL empties) and keeps the other side of links in step. */
void at_tx_set(struct at_tx *tx, struct at_table *t, struct at_rec *r, struct at_field *f,
               char *json);
/* Adds a choice to a select field. */
void at_tx_add_choice(struct at_tx *tx, struct at_field *f, const char *name);

/* One change of a transaction, for webhooks. */
enum at_what { AT_SET, AT_ADD, AT_DEL, AT_CHOICE };
struct at_step {
    enum at_what what;
    struct at_table *t;
    struct at_rec *r;
    struct at_field *f;
    char *old; /* V1 text before */
};
/* A record that a transaction touches, with what its computed cells and views were before. */
struct at_touch {
    struct at_table *t;
    struct at_rec *r;
    char **old; /* V1 of every live field before, by slot; NULL array: created here */
    size_t n_old;
    bool *in_view; /* by view */
    bool created;
    bool deleted;
    bool direct; /* written, not only a dependant */
};
void at_touch_add(struct at_tx *tx, struct at_table *t, struct at_rec *r, bool direct);
void at_touch_free(struct at_tx *tx);

/* ---- checks of written values: V1 text in *out (NULL: empty), or false and tx filled ---- */
bool at_check(struct at_tx *tx, struct at_field *f, const cJSON *v, char **out);

/* ---- webhooks ---- */
void at_hooks_commit(struct at_tx *tx);
enum at_schema_change {
    AT_FIELD_ADDED,
    AT_FIELD_CHANGED,
    AT_FIELD_DELETED,
    AT_TABLE_ADDED,
    AT_TABLE_CHANGED,
    AT_TABLE_DELETED,
    AT_VIEW_DELETED
};
struct at_schema_event {
    enum at_schema_change what;
    struct at_table *t;
    struct at_field *f;
    const char *view_id;
    const char *old_name;
    const char *old_type;
};
void at_hooks_schema(struct at_base *b, const char *user, const char *source,
                     const struct at_schema_event *e);
void at_hooks_free(struct at_base *b);
cJSON *at_hooks_dump(const struct at_base *b);
/* Of the form of at_hooks_dump; NULL or the sentence. */
char *at_hooks_load(struct at_base *b, const cJSON *list);

/* ---- requests ---- */
#define AT_MAX_SEG 8
struct at_call {
    struct airtable *a;
    const struct twin_req *req;
    struct twin_res *res;
    const struct auth_token *token;
    const char *user;
    char *seg[AT_MAX_SEG];
    size_t n_seg;
    struct at_base *base;
    struct at_table *table;
    int role; /* enum at_role */
    cJSON *body;
};
enum at_role { AT_ROLE_NONE, AT_ROLE_READ, AT_ROLE_COMMENT, AT_ROLE_EDIT, AT_ROLE_CREATE };
/* Fills the answer with an error; fmt NULL: one without a message. Always false. */
bool at_error(struct at_call *c, int status, const char *type, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
bool at_not_found(struct at_call *c);   /* 404 "NOT_FOUND" */
bool at_forbidden(struct at_call *c);   /* 403 for a model that is not there or not yours */
bool at_bad_request(struct at_call *c); /* 422 INVALID_REQUEST_UNKNOWN */
bool at_need(struct at_call *c, const char *scope, enum at_role role);
/* Reads the body as a JSON object into c->body. */
bool at_body(struct at_call *c);
/* True when every key of o is in the list (NULL-terminated). */
bool at_only_keys(const cJSON *o, const char *const *keys);
const char *at_role_name(int role);
int at_role_of(const struct at_base *b, const struct auth_token *tok, const char *user);

void at_list(struct at_call *c, const cJSON *params);
/* Query string to the same shape as the body of listRecords; false: an unknown parameter. */
bool at_list_query(struct at_call *c, cJSON **params);
void at_iters_free(struct at_base *b);
void at_get(struct at_call *c, const char *rec_id);
void at_create(struct at_call *c);
void at_update(struct at_call *c, bool put);
void at_update_one(struct at_call *c, const char *rec_id, bool put);
void at_delete(struct at_call *c);
void at_delete_one(struct at_call *c, const char *rec_id);
void at_meta(struct at_call *c);
void at_hooks(struct at_call *c);
cJSON *at_table_schema(const struct at_table *t, bool visible);
cJSON *at_field_schema(const struct at_field *f);

/* Counts a call against the base's workspace; false when the month is used up. */
bool airtable_count_call(struct airtable *a, const char *base_id);
char *airtable_set_quota(struct airtable *a, const cJSON *workspaces);

#endif
