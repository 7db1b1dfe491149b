/* drive.h: a Drive request, and the searches of files.list. */
#ifndef TWIN_DRIVE_H
#define TWIN_DRIVE_H

#include "sheets.h"

struct dreq {
    struct sheets *s;
    const struct twin_req *req;
    const char *email;
    const char *scope;
    struct twin_res *res;
    bool pretty;
    bool file_only; /* the token reaches only files this account's program made */
    char *id;       /* of the file in the path */
    cJSON *body;
    struct mask *mask;
};

/* Answers with an error; always false. where: the parameter it is about, NULL none. */
bool drive_fail(struct dreq *q, int http, const char *reason, const char *where, const char *text);
/* The file of the path; NULL and a 404 when the caller cannot see it. */
struct book *drive_find(struct dreq *q);
bool drive_export(struct dreq *q);

/* The terms of q, joined by and: name, mimeType, trashed, parents. */
#define DRIVE_TERMS_MAX 10
struct drive_query {
    struct drive_term {
        char field[16];
        bool contains;
        bool negated;
        char *value;
    } term[DRIVE_TERMS_MAX];
    size_t n;
};
bool drive_query_read(const char *text, struct drive_query *q);
void drive_query_free(struct drive_query *q);
bool drive_query_matches(const struct drive_query *q, const struct book *b);

#endif
