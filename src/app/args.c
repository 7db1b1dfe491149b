/* args.c: see args.h. */
#include "app/args.h"

#include "base/str.h"

#include <string.h>

static const struct option no_options[] = {{0}};

/* Finds an option by name (of len bytes) or by letter; its place in values[][]. */
static const struct option *find(const struct args *a, const char *name, size_t len, char letter,
                                 size_t *table, size_t *index)
{
    for (*table = 0; *table < 2; (*table)++) {
        const struct option *list = *table == 0 ? a->own : a->common;

        for (*index = 0; list[*index].name; (*index)++) {
            const struct option *o = &list[*index];

            if (letter ? o->letter == letter
                       : strlen(o->name) == len && memcmp(o->name, name, len) == 0) {
                return o;
            }
        }
    }
    return NULL;
}

static const char *nearest(const struct args *a, const char *name)
{
    const char *best = NULL;
    size_t least = 4;

    for (int table = 0; table < 2; table++) {
        for (const struct option *o = table == 0 ? a->own : a->common; o->name; o++) {
            size_t d = str_distance(name, o->name);

            if (!o->hidden && d < least && d < strlen(o->name)) {
                least = d;
                best = o->name;
            }
        }
    }
    return best;
}

static enum bs_rc unknown(const struct args *a, const char *arg, struct bs_err *e)
{
    char name[40];
    const char *near;

    (void)str_copy(name, sizeof name, arg + strspn(arg, "-"));
    name[strcspn(name, "=")] = '\0'; /* what follows may be a secret */
    near = nearest(a, name);
    if (near) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "there is no option %s%s; did you mean --%s?",
                       arg[1] == '-' ? "--" : "-", name, near);
    }
    return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "there is no option %s%s; --help lists them",
                   arg[1] == '-' ? "--" : "-", name);
}

/* One option; *i moves over a value that stands by itself. */
static enum bs_rc take_option(struct args *a, int argc, char **argv, int *i, struct bs_err *e)
{
    const char *arg = argv[*i];
    bool is_long = arg[1] == '-';
    const char *name = arg + (is_long ? 2 : 1);
    const char *equals = is_long ? strchr(name, '=') : NULL;
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    size_t table, index;
    const struct option *o = find(a, name, len, is_long ? '\0' : arg[1], &table, &index);
    const char *value = equals ? equals + 1 : NULL;

    if (!o) {
        return unknown(a, arg, e);
    }
    if (!is_long && arg[2]) {
        value = arg + 2; /* -cFILE */
    }
    if (!o->value && value) {
        return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "--%s takes no value", o->name);
    }
    if (o->value && !value) {
        if (*i + 1 >= argc) {
            return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "--%s needs a value: --%s %s", o->name,
                           o->name, o->value);
        }
        value = argv[++*i];
    }
    a->values[table][index] = value ? value : "";
    return BS_OK;
}

enum bs_rc args_parse(struct args *a, const struct option *own, const struct option *common,
                      int argc, char **argv, bool stop_at_word, struct bs_err *e)
{
    bool options_end = false;

    *a = (struct args){.own = own ? own : no_options, .common = common ? common : no_options};
    for (int i = 0; i < argc; i++) {
        if (!options_end && str_eq(argv[i], "--")) {
            options_end = true;
        } else if (!options_end && argv[i][0] == '-' && argv[i][1]) {
            if (take_option(a, argc, argv, &i, e) != BS_OK) {
                return BS_STOP_ALL;
            }
        } else if (a->n_words == ARGS_WORDS_MAX) {
            return bs_fail(e, BS_STOP_ALL, BS_K_CONFIG, "there are too many arguments");
        } else {
            a->words[a->n_words++] = argv[i];
            options_end = options_end || stop_at_word;
        }
    }
    return BS_OK;
}

const char *args_value(const struct args *a, const char *name)
{
    size_t table, index;

    return find(a, name, strlen(name), '\0', &table, &index) ? a->values[table][index] : NULL;
}

bool args_has(const struct args *a, const char *name)
{
    return args_value(a, name) != NULL;
}
