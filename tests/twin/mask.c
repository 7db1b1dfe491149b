/* Field masks: see mask.h. */
#include "mask.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MASK_DEPTH_MAX 24

const struct mask mask_all = {.all = true};

static void mask_clear(struct mask *m)
{
    for (size_t i = 0; i < m->n; i++)
        mask_clear(&m->child[i]);
    free(m->child);
    free(m->name);
}

void mask_free(struct mask *m)
{
    if (!m)
        return;
    mask_clear(m);
    free(m);
}

static struct mask *mask_child(struct mask *m, const char *name, size_t len)
{
    for (size_t i = 0; i < m->n; i++)
        if (strlen(m->child[i].name) == len && strncmp(m->child[i].name, name, len) == 0)
            return &m->child[i];
    m->child = tw_realloc(m->child, (m->n + 1) * sizeof *m->child);
    m->child[m->n] = (struct mask){.name = tw_ndup(name, len)};
    return &m->child[m->n++];
}

struct reader {
    const char *p;
    char *bad;      /* the path no field was found for */
    char path[500]; /* the path so far */
    bool broken;    /* not a mask at all */
};

static void skip_blanks(struct reader *r)
{
    while (isspace((unsigned char)*r->p))
        r->p++;
}

static size_t path_add(struct reader *r, const char *name, size_t n)
{
    size_t was = strlen(r->path);
    if (was + n + 2 < sizeof r->path) {
        if (was)
            r->path[was] = '.';
        memcpy(r->path + was + (was > 0), name, n);
        r->path[was + (was > 0) + n] = '\0';
    }
    return was;
}

static void read_list(struct reader *r, struct mask *m, const struct schema_message *type,
                      bool known, int depth);

/* One path, with what stands in brackets after it. known: the message below is in the schema. */
static void read_path(struct reader *r, struct mask *m, const struct schema_message *type,
                      bool known, int depth)
{
    skip_blanks(r);
    size_t n = 0;
    while (isalnum((unsigned char)r->p[n]) || r->p[n] == '_' || r->p[n] == '*')
        n++;
    if (!n || depth > MASK_DEPTH_MAX) {
        r->broken = true;
        return;
    }
    const char *name = r->p;
    r->p += n;
    skip_blanks(r);
    if (n == 1 && *name == '*') {
        m->all = true;
        return;
    }
    size_t was = path_add(r, name, n);
    const struct schema_field *f = schema_field(type, name, n);
    if (known && !f && !r->bad)
        r->bad = tw_dup(r->path);
    struct mask *c = mask_child(m, name, n);
    bool below = known && f && f->type != '*';
    const struct schema_message *next = f && f->type == 'M' ? f->message : NULL;
    if (*r->p == '.' || *r->p == '/') {
        r->p++;
        read_path(r, c, next, below, depth + 1);
    } else if (*r->p == '(') {
        r->p++;
        read_list(r, c, next, below, depth + 1);
        if (*r->p == ')')
            r->p++;
        else
            r->broken = true;
        skip_blanks(r);
    } else {
        c->all = true;
    }
    r->path[was] = '\0';
}

static void read_list(struct reader *r, struct mask *m, const struct schema_message *type,
                      bool known, int depth)
{
    for (;;) {
        read_path(r, m, type, known, depth);
        if (r->broken || *r->p != ',')
            return;
        r->p++;
    }
}

struct mask *mask_read(const char *text, const char *message, char **bad)
{
    struct reader r = {.p = text};
    struct mask *m = tw_alloc(sizeof *m);
    read_list(&r, m, schema_message(message), true, 0);
    r.broken = r.broken || *r.p;
    *bad = NULL;
    if (!r.broken && !r.bad)
        return m;
    if (r.broken)
        free(r.bad);
    else
        *bad = r.bad;
    mask_free(m);
    return NULL;
}

const struct mask *mask_get(const struct mask *m, const char *field)
{
    if (!m || m->all)
        return m;
    for (size_t i = 0; i < m->n; i++)
        if (strcmp(m->child[i].name, field) == 0)
            return &m->child[i];
    return NULL;
}
