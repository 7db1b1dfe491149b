/* conf.c: reads the INI file by the table of keys.h, then checks what concerns several keys. */
#include "conf/conf.h"

#include "base/mem.h"
#include "base/os.h"
#include "base/str.h"
#include "conf/keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SLUG_MAX 64
#define VALUE_SHOWN 60 /* bytes of a value in a message */

struct reading {
    struct conf *conf;
    const char *path;
    struct bs_err *e;
    int section_lines[CONF_SECTION_COUNT]; /* of the sections that occur once; 0: not yet */
    int *user_lines;                       /* per conf->users */
    enum conf_section in;
    bool in_any;
    void *object;                 /* what the keys of the section belong to */
    int key_lines[CONF_KEYS_MAX]; /* in this section; 0: not yet */
    char head[SLUG_MAX + 16];     /* "[sync sales]" */
    int line;                     /* of the section */
    int64_t gid;                  /* out of the spreadsheet's address, -1 none */
};

static bool wrong(struct reading *r, int line, const char *fmt, ...) BS_PRINTF(3, 4);
static bool wrong(struct reading *r, int line, const char *fmt, ...)
{
    char what[BS_ERR_MSG_MAX];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    bs_fail(r->e, BS_STOP_ALL, BS_K_CONFIG, "%s:%d: %s", r->path, line, what);
    return false;
}

/* ---- defaults and freeing, by the table ---- */

static void set_default(const struct conf_key *key, void *object)
{
    struct conf_slot slot = conf_slot_of(key, object);

    if (!key->otherwise || (*key->otherwise == '\0' && key->type->optional)) {
        return;
    }
    if (!key->type->parse(&slot, key->otherwise)) {
        abort(); /* a default that its own type refuses: t_conf would have seen it */
    }
}

static void set_defaults(enum conf_section section, void *object)
{
    for (size_t i = 0; i < conf_n_keys; i++) {
        if (conf_keys[i].section == section) {
            set_default(&conf_keys[i], object);
        }
    }
}

static void release_keys(enum conf_section section, void *object)
{
    for (size_t i = 0; i < conf_n_keys; i++) {
        if (conf_keys[i].section == section && conf_keys[i].type->release) {
            conf_keys[i].type->release((char *)object + conf_keys[i].offset);
        }
    }
}

void conf_free(struct conf *c)
{
    if (!c) {
        return;
    }
    for (size_t i = 0; i < c->n_syncs; i++) {
        release_keys(IN_SYNC, &c->syncs[i]);
        free(c->syncs[i].slug);
    }
    for (size_t i = 0; i < c->n_users; i++) {
        release_keys(IN_USER, &c->users[i]);
        free(c->users[i].slug);
    }
    for (int s = 0; s < IN_USER; s++) {
        release_keys((enum conf_section)s, c);
    }
    free(c->syncs);
    free(c->users);
    free(c->path);
    free(c->dir);
    free(c);
}

/* ---- sections ---- */

static bool check_slug(struct reading *r, int line, const char *slug)
{
    static const char ok[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    const char *kind = conf_sections[r->in].name;

    if (*slug == '\0') {
        return wrong(r, line, "the section needs a name: write [%s some-name]", kind);
    }
    if (slug[strspn(slug, ok)] != '\0' || *slug == '-' || strlen(slug) > SLUG_MAX) {
        return wrong(r, line,
                     "the name of the [%s ...] section may hold up to 64 letters a to z, digits, "
                     "'.', '_' and '-'; write anything else into its `name`",
                     kind);
    }
    return true;
}

static bool begin_sync(struct reading *r, int line, const char *slug)
{
    struct conf *c = r->conf;
    struct conf_sync *s;

    for (size_t i = 0; i < c->n_syncs; i++) {
        if (str_eq(c->syncs[i].slug, slug)) {
            return wrong(r, line, "[sync %s] is there already, in line %d", slug, c->syncs[i].line);
        }
    }
    if (c->n_syncs == CONF_SYNCS_MAX) {
        return wrong(r, line, "there are more than %d syncs", CONF_SYNCS_MAX);
    }
    c->syncs = bs_realloc_n(c->syncs, c->n_syncs + 1, sizeof *c->syncs);
    s = &c->syncs[c->n_syncs++];
    *s = (struct conf_sync){.slug = bs_strdup(slug), .line = line};
    s->mapping.all = true;
    set_defaults(IN_SYNC, s);
    r->object = s;
    return true;
}

static bool begin_user(struct reading *r, int line, const char *slug)
{
    struct conf *c = r->conf;
    struct conf_user *u;

    for (size_t i = 0; i < c->n_users; i++) {
        if (str_eq(c->users[i].slug, slug)) {
            return wrong(r, line, "[user %s] is there already, in line %d", slug, r->user_lines[i]);
        }
    }
    if (c->n_users == CONF_USERS_MAX) {
        return wrong(r, line, "there are more than %d users", CONF_USERS_MAX);
    }
    c->users = bs_realloc_n(c->users, c->n_users + 1, sizeof *c->users);
    r->user_lines = bs_realloc_n(r->user_lines, c->n_users + 1, sizeof *r->user_lines);
    r->user_lines[c->n_users] = line;
    u = &c->users[c->n_users++];
    *u = (struct conf_user){.slug = bs_strdup(slug)};
    r->object = u;
    return true;
}

static bool unknown_section(struct reading *r, int line, const char *word)
{
    const char *known[CONF_SECTION_COUNT];
    const char *near;

    for (int i = 0; i < CONF_SECTION_COUNT; i++) {
        known[i] = conf_sections[i].name;
    }
    near = conf_nearest(word, known, CONF_SECTION_COUNT);
    if (near) {
        return wrong(r, line, "unknown section [%.60s]; did you mean [%s]?", word, near);
    }
    return wrong(r, line,
                 "unknown section [%.60s]; there are [basesync], [airtable], [google], [network], "
                 "[notify], [user NAME] and [sync NAME]",
                 word);
}

static bool end_section(struct reading *r);

/* text: "basesync", "sync sales". */
static bool on_section(void *ctx, int line, char *text)
{
    struct reading *r = ctx;
    size_t word = strcspn(text, " \t");
    const char *slug = text + word + strspn(text + word, " \t");
    int s = 0;

    if (!end_section(r)) {
        return false;
    }
    if (text[word]) {
        text[word] = '\0';
    }
    while (s < CONF_SECTION_COUNT && !str_eq(conf_sections[s].name, text)) {
        s++;
    }
    if (s == CONF_SECTION_COUNT) {
        return unknown_section(r, line, text);
    }
    r->in = (enum conf_section)s;
    r->in_any = true;
    r->line = line;
    r->gid = -1;
    memset(r->key_lines, 0, sizeof r->key_lines);
    snprintf(r->head, sizeof r->head, "[%s%s%.64s]", text, *slug ? " " : "", slug);
    if (conf_sections[s].named) {
        return check_slug(r, line, slug) &&
               (s == IN_SYNC ? begin_sync(r, line, slug) : begin_user(r, line, slug));
    }
    if (*slug) {
        return wrong(r, line, "[%s] has no name: remove \"%.60s\"", text, slug);
    }
    if (r->section_lines[s]) {
        return wrong(r, line, "[%s] is there already, in line %d", text, r->section_lines[s]);
    }
    r->section_lines[s] = line;
    r->object = r->conf;
    return true;
}

/* A sync must say what it connects; all that is missing in one sentence. */
static bool end_section(struct reading *r)
{
    struct conf_sync *s = r->object;
    struct buf missing;
    bool ok;

    if (!r->in_any || r->in != IN_SYNC) {
        return true;
    }
    if (!s->tab && r->gid >= 0) {
        char tab[40];

        snprintf(tab, sizeof tab, "gid:%lld", (long long)r->gid);
        s->tab = bs_strdup(tab);
    }
    buf_init(&missing, BS_ERR_MSG_MAX);
    for (size_t i = 0; i < conf_n_keys; i++) {
        const struct conf_key *key = &conf_keys[i];

        if (key->section == IN_SYNC && !key->otherwise && !*(char **)conf_slot_of(key, s).at) {
            buf_addf(&missing, "%s`%s`", missing.len ? ", " : "", key->name);
        }
    }
    ok = missing.len == 0 || wrong(r, r->line, "%s lacks %s", r->head, missing.data);
    buf_release(&missing);
    return ok;
}

/* ---- keys ---- */

static bool unknown_key(struct reading *r, int line, const char *name)
{
    const char *known[CONF_KEYS_MAX];
    size_t n = 0;
    const char *near;

    for (size_t i = 0; i < conf_n_keys; i++) {
        if (conf_keys[i].section == r->in) {
            known[n++] = conf_keys[i].name;
        }
    }
    near = conf_nearest(name, known, n);
    if (near) {
        return wrong(r, line, "%s has no key `%.60s`; did you mean `%s`?", r->head, name, near);
    }
    for (size_t i = 0; i < conf_n_keys; i++) {
        if (str_eq(conf_keys[i].name, name)) {
            const struct conf_section_info *s = &conf_sections[conf_keys[i].section];

            return wrong(r, line, "%s has no key `%s`; it belongs into [%s%s]", r->head, name,
                         s->name, s->named ? " NAME" : "");
        }
    }
    return wrong(r, line, "%s has no key `%.60s`; `basesync --print-config` lists all keys",
                 r->head, name);
}

static void note_gid(struct reading *r, const char *address)
{
    const char *gid = strstr(address, "gid=");
    char digits[16];
    size_t n = gid ? strspn(gid + 4, "0123456789") : 0;

    if (n > 0 && n < sizeof digits) {
        memcpy(digits, gid + 4, n);
        digits[n] = '\0';
        if (!str_to_i64(digits, 0, INT32_MAX, &r->gid)) {
            r->gid = -1;
        }
    }
}

/* The value is repeated, unless it is an address that may hold a password. */
static bool refuse_value(struct reading *r, int line, const struct conf_slot *slot,
                         const char *value)
{
    char shown[VALUE_SHOWN + 1];

    if (strstr(value, "://") && strchr(value, '@')) {
        return wrong(r, line, "`%s`: %s", slot->key->name, slot->why);
    }
    if (!str_copy(shown, sizeof shown, value)) {
        str_mark_cut(shown, sizeof shown);
    }
    return wrong(r, line, "`%s = %s`: %s", slot->key->name, shown, slot->why);
}

static bool on_pair(void *ctx, int line, const char *name, const char *value)
{
    struct reading *r = ctx;
    const struct conf_key *key;
    struct conf_slot slot;
    int *seen;

    if (!r->in_any) {
        return wrong(r, line, "`%.60s` stands before the first [section]", name);
    }
    key = conf_find_key(r->in, name);
    if (!key) {
        return unknown_key(r, line, name);
    }
    seen = &r->key_lines[key - conf_keys];
    if (*seen && !key->type->repeats) {
        return wrong(r, line, "`%s` is there already, in line %d", name, *seen);
    }
    *seen = line;
    if (*value == '\0' && !key->type->optional) {
        return wrong(r, line, "`%s` has no value", name);
    }
    if (*value == '\0' && key->type->repeats) {
        return true;
    }
    slot = conf_slot_of(key, r->object);
    if (!key->type->parse(&slot, value)) {
        return refuse_value(r, line, &slot, value);
    }
    if (key->type == &conf_spreadsheet) {
        note_gid(r, value);
    }
    return true;
}

/* ---- the whole ---- */

static void make_absolute(char **path, const char *dir)
{
    char *whole = os_path_join(dir, *path);

    free(*path);
    *path = whole;
}

/* The folder of the file, absolute, so that a change of the working folder does no harm. */
static char *absolute_dir(const char *path)
{
    char *dir = os_path_dir(path);
    char here[4096];

    if (dir[0] != '/' && getcwd(here, sizeof here)) {
        make_absolute(&dir, here);
        if (str_eq(dir + strlen(dir) - 2, "/.")) {
            dir[strlen(dir) - 2] = '\0';
        }
    }
    return dir;
}

/* Every sync has a user; with at most one of them nobody has to say which. */
static bool settle_users(struct reading *r)
{
    struct conf *c = r->conf;

    if (c->n_users == 0) {
        c->users = bs_alloc(sizeof *c->users);
        c->n_users = 1;
        c->users[0].slug = bs_strdup("default");
    }
    for (size_t i = 0; i < c->n_users; i++) {
        if (!c->users[i].name) {
            c->users[i].name = bs_strdup(c->users[i].slug);
        }
        if (!c->users[i].email) {
            c->users[i].email = bs_strdup("");
        }
    }
    for (size_t i = 0; i < c->n_syncs; i++) {
        struct conf_sync *s = &c->syncs[i];
        size_t u = 0;

        if (!s->user && c->n_users > 1) {
            return wrong(r, s->line, "[sync %s] lacks `user`: there are %zu users", s->slug,
                         c->n_users);
        }
        if (!s->user) {
            s->user = bs_strdup(c->users[0].slug);
        }
        while (u < c->n_users && !str_eq(c->users[u].slug, s->user)) {
            u++;
        }
        if (u == c->n_users) {
            return wrong(r, s->line, "[sync %s]: there is no section [user %s]", s->slug, s->user);
        }
    }
    return true;
}

static bool finish(struct reading *r)
{
    struct conf *c = r->conf;

    if (!end_section(r) || !settle_users(r)) {
        return false;
    }
    for (size_t i = 0; i < c->n_syncs; i++) {
        struct conf_sync *s = &c->syncs[i];

        if (!s->name) {
            s->name = bs_strdup(s->slug);
        }
    }
    if ((c->mail_url != NULL) != (c->mail_to != NULL) || (c->mail_url && !c->mail_from)) {
        return wrong(r, r->section_lines[IN_NOTIFY],
                     "[notify]: mail needs `mail_url`, `mail_from` and `mail_to`");
    }
    make_absolute(&c->database, c->dir);
    make_absolute(&c->key_file, c->dir);
    if (c->ca_file) {
        make_absolute(&c->ca_file, c->dir);
    }
    if (c->zoneinfo) {
        make_absolute(&c->zoneinfo, c->dir);
    }
    return true;
}

enum bs_rc conf_parse(const char *path, const char *text, size_t len, struct conf **out,
                      struct bs_err *e)
{
    struct bs_err own = BS_ERR_INIT;
    struct reading r = {.path = path, .e = e ? e : &own};
    struct ini_events events = {on_section, on_pair, &r};

    *out = NULL;
    bs_err_clear(r.e);
    r.conf = bs_alloc(sizeof *r.conf);
    r.conf->path = bs_strdup(path);
    r.conf->dir = absolute_dir(path);
    for (int s = 0; s < IN_USER; s++) {
        set_defaults((enum conf_section)s, r.conf);
    }
    if (ini_read(path, text, len, &events, r.e) == BS_OK && finish(&r)) {
        *out = r.conf;
    } else {
        conf_free(r.conf);
    }
    free(r.user_lines);
    return *out ? BS_OK : r.e->rc;
}

enum bs_rc conf_load(const char *path, struct buf *text, struct conf **out, struct bs_err *e)
{
    struct buf own;
    enum bs_rc rc;

    *out = NULL;
    if (!os_exists(path)) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG,
                       "%s: there is no such file; `basesync -c %s init` writes one", path, path);
    }
    buf_init(&own, CONF_FILE_MAX);
    text = text ? text : &own;
    rc = os_read_file(path, CONF_FILE_MAX, text, e);
    if (rc == BS_OK) {
        rc = conf_parse(path, text->data, text->len, out, e);
    }
    buf_release(&own);
    return rc;
}

const struct conf_sync *conf_find_sync(const struct conf *c, const char *slug_or_name)
{
    const struct conf_sync *found = NULL;

    for (size_t i = 0; i < c->n_syncs; i++) {
        if (str_eq(c->syncs[i].slug, slug_or_name)) {
            return &c->syncs[i];
        }
    }
    for (size_t i = 0; i < c->n_syncs; i++) {
        if (str_eq(c->syncs[i].name, slug_or_name)) {
            if (found) {
                return NULL; /* two bear this name: the section's name tells them apart */
            }
            found = &c->syncs[i];
        }
    }
    return found;
}

const char *conf_nearest_sync(const struct conf *c, const char *slug)
{
    const char **known = bs_alloc_n(c->n_syncs, sizeof *known);
    const char *near;

    for (size_t i = 0; i < c->n_syncs; i++) {
        known[i] = c->syncs[i].slug;
    }
    near = conf_nearest(slug, known, c->n_syncs);
    free(known);
    return near;
}
