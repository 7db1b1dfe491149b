/* section.c: see section.h. */
#include "app/section.h"

#include "base/str.h"
#include "model/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLUG_LETTERS 40 /* of a slug made of a name */
#define VALUE_MAX 255

struct section_header section_find_header(const char *const *headers, size_t n, const char *name)
{
    struct section_header h = {0};

    for (int like = 0; like < 2 && h.n == 0; like++) {
        for (size_t i = 0; i < n; i++) {
            if (like ? *headers[i] && text_header_like(headers[i], name)
                     : str_eq(headers[i], name)) {
                h.text = h.n == 0 ? headers[i] : h.text;
                h.column[h.n < 2 ? h.n : 1] = i;
                h.n++;
            }
        }
    }
    return h;
}

/* ---- the head ---- */

static bool is_taken(const struct buf *out, const struct conf *conf, const char *slug)
{
    char line[80];

    snprintf(line, sizeof line, "[sync %s]\n", slug);
    for (size_t i = 0; i < conf->n_syncs; i++) {
        if (str_eq(conf->syncs[i].slug, slug)) {
            return true;
        }
    }
    return strstr(out->data, line) != NULL;
}

static void make_slug(const char *name, char slug[SLUG_LETTERS + 1])
{
    size_t n = 0;

    for (; *name && n < SLUG_LETTERS; name++) {
        unsigned char c = (unsigned char)*name;

        if (isascii(c) && isalnum(c)) {
            slug[n++] = (char)tolower(c);
        } else if (n > 0 && slug[n - 1] != '-') {
            slug[n++] = '-';
        }
    }
    while (n > 0 && slug[n - 1] == '-') {
        n--;
    }
    slug[n] = '\0';
    if (n == 0) {
        (void)str_copy(slug, SLUG_LETTERS + 1, "sync");
    }
}

void section_begin(struct buf *out, const struct conf *conf, const char *name)
{
    char slug[SLUG_LETTERS + 1], numbered[SLUG_LETTERS + 16];

    make_slug(name, slug);
    (void)str_copy(numbered, sizeof numbered, slug);
    for (unsigned i = 2; is_taken(out, conf, numbered); i++) {
        snprintf(numbered, sizeof numbered, "%s-%u", slug, i);
    }
    buf_addf(out, "[sync %s]\n", numbered);
}

/* ---- values ---- */

/* A value is one line, without its outer spaces. */
static bool reads_back(const char *value)
{
    size_t n = strlen(value);

    for (const char *p = value; *p; p++) {
        if (iscntrl((unsigned char)*p)) {
            return false;
        }
    }
    return n > 0 && n <= VALUE_MAX && value[0] != ' ' && value[n - 1] != ' ' &&
           utf8_valid(value, n);
}

bool section_key(struct buf *out, const char *key, const char *value)
{
    if (!reads_back(value)) {
        return false;
    }
    buf_addf(out, "%-11s = %s\n", key, value);
    return true;
}

const char *section_field_name(const struct table_schema *t, const struct field *f)
{
    return reads_back(f->name) && table_find_field(t, f->name) == f ? f->name : f->id;
}

const char *section_table_name(const struct base_schema *b, const struct table_schema *t)
{
    return reads_back(t->name) && schema_find_table(b, t->name) == t ? t->name : t->id;
}

const char *section_tab_name(const char *title, int64_t gid, char room[SECTION_TAB_MAX])
{
    if (reads_back(title) && !str_starts(title, "gid:")) {
        return title;
    }
    snprintf(room, SECTION_TAB_MAX, "gid:%lld", (long long)gid);
    return room;
}

/* ---- fields ---- */

/* Would the line be read as this field, this header, this arrow? */
static bool maps(const char *line, const char *field, const char *header, enum sync_direction d)
{
    struct mapping m = {0};
    bool good = mapping_add(&m, line) == NULL && m.n == 1 && str_eq(m.entries[0].field, field) &&
                text_header_like(m.entries[0].column, header) && m.entries[0].direction == d;

    mapping_release(&m);
    return good;
}

static bool try_field(struct buf *out, const char *field, const char *header, bool writable)
{
    enum sync_direction d = writable ? DIRECTION_BOTH : DIRECTION_TO_SHEETS;
    struct buf line;
    bool good;

    buf_init(&line, 4 * VALUE_MAX);
    buf_adds(&line, field);
    if (!writable || !str_eq(field, header)) {
        buf_addf(&line, " %s %s", writable ? "<->" : "->", header);
    }
    good = !line.over && reads_back(field) && maps(line.data, field, header, d);
    for (const char *p = header; *p && good; p++) {
        good = !iscntrl((unsigned char)*p);
    }
    if (good) {
        buf_addf(out, "field       = %s\n", str_trim(line.data));
    }
    buf_release(&line);
    return good;
}

bool section_field(struct buf *out, const struct table_schema *t, const struct field *f,
                   const char *header)
{
    bool writable = field_writable(f);

    return try_field(out, section_field_name(t, f), header, writable) ||
           try_field(out, f->id, header, writable);
}
