/* print.c: the key table as text: the effective configuration, the sample file, the manual page. */
#include "base/mdoc.h"
#include "base/str.h"
#include "conf/keys.h"

#include <string.h>

#define NAME_WIDTH 16 /* keys up to this length are aligned */
#define COMMENT_WIDTH 96

/* ---- the configuration in use ---- */

static void print_key(const struct conf_key *key, void *object, struct buf *out)
{
    struct conf_slot slot = conf_slot_of(key, object);
    struct buf value;

    buf_init(&value, BUF_NO_LIMIT);
    key->type->print(&slot, &value);
    if (value.len > 0) {
        buf_addf(out, "%s = %s\n", key->name, value.data);
    }
    buf_release(&value);
}

static void print_section(enum conf_section section, void *object, const char *slug,
                          struct buf *out)
{
    buf_addf(out, "%s[%s%s%s]\n", out->len ? "\n" : "", conf_sections[section].name,
             slug ? " " : "", slug ? slug : "");
    for (size_t i = 0; i < conf_n_keys; i++) {
        if (conf_keys[i].section == section) {
            print_key(&conf_keys[i], object, out);
        }
    }
}

void conf_print(const struct conf *c, struct buf *out)
{
    for (int s = 0; s < IN_USER; s++) {
        print_section((enum conf_section)s, (void *)c, NULL, out);
    }
    for (size_t i = 0; i < c->n_users; i++) {
        print_section(IN_USER, &c->users[i], c->users[i].slug, out);
    }
    for (size_t i = 0; i < c->n_syncs; i++) {
        print_section(IN_SYNC, &c->syncs[i], c->syncs[i].slug, out);
    }
}

/* ---- the sample ---- */

/* Words of text as comment lines, none of them too long. */
static void add_comment(struct buf *out, const char *text)
{
    size_t column = 0;

    while (*text) {
        size_t n = strcspn(text, " ");

        if (column > 0 && column + 1 + n > COMMENT_WIDTH) {
            buf_addc(out, '\n');
            column = 0;
        }
        buf_adds(out, column ? " " : "# ");
        column += column ? 1 : 2;
        buf_add(out, text, n);
        column += n;
        text += n + strspn(text + n, " ");
    }
    buf_addc(out, '\n');
}

static void sample_key(const struct conf_key *key, struct buf *out)
{
    const char *value = key->otherwise && *key->otherwise ? key->otherwise : key->example;

    if (value == key->example && key->otherwise) {
        struct buf help;

        buf_init(&help, BUF_NO_LIMIT);
        buf_addf(&help, "%s%s", key->help, strstr(key->help, "empty:") ? "" : " (no default)");
        add_comment(out, help.data);
        buf_release(&help);
    } else {
        add_comment(out, key->help);
    }
    buf_addf(out, "#%-*s = %s\n", NAME_WIDTH - 1, key->name, value);
}

void conf_sample(struct buf *out)
{
    add_comment(out, "basesync.ini: what basesync is to keep in step, and how.");
    add_comment(
        out, "A line that begins with # or ; is a comment; within a value they are part of it. A "
             "key that is commented out has the value shown, or none where an example is "
             "shown. Tokens and passwords have no place here: see `basesync connect`.");
    for (int s = 0; s < CONF_SECTION_COUNT; s++) {
        const struct conf_section_info *info = &conf_sections[s];

        buf_addc(out, '\n');
        add_comment(out, info->help);
        buf_addf(out, "%s[%s%s]\n", info->named ? "#" : "", info->name,
                 s == IN_USER   ? " jane"
                 : s == IN_SYNC ? " sales"
                                : "");
        for (size_t i = 0; i < conf_n_keys; i++) {
            if (conf_keys[i].section == (enum conf_section)s) {
                sample_key(&conf_keys[i], out);
            }
        }
    }
}

/* ---- the manual page ---- */

static void mdoc_key(const struct conf_key *key, struct buf *out)
{
    const struct conf_type *type = key->type;

    buf_addf(out, ".It Cm %s No = Ar ", key->name);
    mdoc_words(out, type->form);
    buf_addc(out, '\n');
    mdoc_text(out, key->help);
    buf_adds(out, ".\n");
    if (!key->otherwise) {
        buf_adds(out, "Required.\n");
    } else if (*key->otherwise) {
        buf_adds(out, "Default:\n.Ql ");
        mdoc_words(out, key->otherwise);
        buf_adds(out, " .\n");
    }
}

void conf_mdoc(struct buf *out)
{
    for (int s = 0; s < CONF_SECTION_COUNT; s++) {
        buf_addf(out, ".Ss [%s%s]\\&\n", conf_sections[s].name,
                 conf_sections[s].named ? " NAME" : "");
        mdoc_text(out, conf_sections[s].help);
        buf_adds(out, "\n.Bl -tag -width Ds\n");
        for (size_t i = 0; i < conf_n_keys; i++) {
            if (conf_keys[i].section == (enum conf_section)s) {
                mdoc_key(&conf_keys[i], out);
            }
        }
        buf_adds(out, ".El\n");
    }
}
