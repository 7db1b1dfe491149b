/*
 * args.h: the command line after the command's name, read by a table: long options with or without
 * a value, one letter for some, `--` before words that begin with a dash. Nothing is copied: argv
 * outlives it all.
 */
#ifndef APP_ARGS_H
#define APP_ARGS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct option {
    const char *name;  /* "dry-run"; NULL ends a table */
    const char *value; /* what it takes, "FILE"; NULL: it takes nothing */
    const char *help;
    char letter; /* 'h' for -h; 0: none */
    bool hidden; /* for the program's own use: in no help and no completion */
};

#define ARGS_OPTIONS_MAX 16
#define ARGS_WORDS_MAX 2100

struct args {
    const struct option *own, *common;       /* the command's, and every command's */
    const char *values[2][ARGS_OPTIONS_MAX]; /* "" for an option without value that was given */
    const char *words[ARGS_WORDS_MAX + 1];   /* ended by NULL */
    size_t n_words;
};

/* Reads argv[0..argc). common may be NULL. stop_at_word: everything from the first word on is a
 * word (`basesync -c FILE COMMAND ...`). BS_STOP_ALL / BS_K_CONFIG with one sentence. */
enum bs_rc args_parse(struct args *a, const struct option *own, const struct option *common,
                      int argc, char **argv, bool stop_at_word, struct bs_err *e) BS_MUST_CHECK;
bool args_has(const struct args *a, const char *name);
/* The value given last; NULL when the option was not given. */
const char *args_value(const struct args *a, const char *name);

#endif
