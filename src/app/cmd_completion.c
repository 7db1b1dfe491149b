/* cmd_completion.c: completion scripts for three shells, from the table of commands. */
#include "app/commands.h"
#include "app/out.h"
#include "base/str.h"

#include <string.h>

static void add_options(struct buf *out, const struct option *list)
{
    for (const struct option *o = list; o && o->name; o++) {
        if (!o->hidden) {
            buf_addf(out, " --%s", o->name);
        }
    }
}

static void add_commands(struct buf *out)
{
    for (const struct command *c = commands; c->name; c++) {
        if (!c->hidden) {
            buf_addf(out, " %s", c->name);
        }
    }
}

/* Words that a command takes besides names. */
static const struct {
    const char *command, *words;
} extra[] = {{"connect", " airtable sheets"},
             {"disconnect", " airtable sheets"},
             {"key", " rotate"},
             {"import", " basesync"},
             {"logs", " show"},
             {"completion", " bash zsh fish"}};

static const char *extra_words(const char *command)
{
    for (size_t i = 0; i < sizeof extra / sizeof *extra; i++) {
        if (str_eq(extra[i].command, command)) {
            return extra[i].words;
        }
    }
    return "";
}

/* ---- bash ---- */

static void bash(struct buf *out)
{
    buf_adds(out,
             "_basesync() {\n"
             "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} cmd= i\n"
             "    case $prev in -c|--config|--token-file|--service-account|--key-file)\n"
             "        COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n"
             "    esac\n"
             "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
             "        case ${COMP_WORDS[i]} in\n"
             "        -c|--config) ((i++)) ;;\n"
             "        -*) ;;\n"
             "        *) cmd=${COMP_WORDS[i]}; break ;;\n"
             "        esac\n"
             "    done\n"
             "    local words=\n"
             "    case $cmd in\n"
             "    '') words='");
    add_commands(out);
    buf_adds(out, " --config --help --version --print-config' ;;\n");
    for (const struct command *c = commands; c->name; c++) {
        if (!c->hidden) {
            buf_addf(out, "    %s) words='%s", c->name, extra_words(c->name));
            add_options(out, c->options);
            add_options(out, common_options);
            buf_adds(out, "' ;;\n");
        }
    }
    buf_adds(out, "    esac\n"
                  "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                  "}\n"
                  "complete -F _basesync basesync\n");
}

/* Text within single quotes: \' for fish, '\'' for zsh; zsh's own marks get a backslash. */
static void quoted(struct buf *out, const char *text, const char *apostrophe, const char *marks)
{
    for (; *text; text++) {
        if (*text == '\'') {
            buf_adds(out, apostrophe);
        } else {
            if (*text == '\\' || strchr(marks, *text)) {
                buf_addc(out, '\\');
            }
            buf_addc(out, *text);
        }
    }
}

/* ---- fish ---- */

static void fish_text(struct buf *out, const char *text)
{
    buf_adds(out, " -d '");
    quoted(out, text, "\\'", "");
    buf_adds(out, "'\n");
}

static void fish_option(struct buf *out, const char *command, const struct option *o)
{
    buf_addf(out, "complete -c basesync -n '__fish_seen_subcommand_from %s' -l %s", command,
             o->name);
    if (o->letter) {
        buf_addf(out, " -s %c", o->letter);
    }
    if (o->value) {
        buf_adds(out, str_eq(o->value, "FILE") ? " -r -F" : " -x");
    }
    fish_text(out, o->help);
}

static void fish(struct buf *out)
{
    buf_adds(out, "complete -c basesync -f\n"
                  "complete -c basesync -s c -l config -r -F -d 'The INI file'\n");
    for (const struct command *c = commands; c->name; c++) {
        if (c->hidden) {
            continue;
        }
        buf_addf(out, "complete -c basesync -n __fish_use_subcommand -a %s", c->name);
        fish_text(out, c->summary);
        if (*extra_words(c->name)) {
            buf_addf(out, "complete -c basesync -n '__fish_seen_subcommand_from %s' -a '%s'\n",
                     c->name, extra_words(c->name) + 1);
        }
        for (const struct option *o = c->options; o && o->name; o++) {
            if (!o->hidden) {
                fish_option(out, c->name, o);
            }
        }
    }
}

/* ---- zsh ---- */

static void zsh_text(struct buf *out, const char *text)
{
    quoted(out, text, "'\\''", "[]:");
}

static void zsh_options(struct buf *out, const struct option *list)
{
    for (const struct option *o = list; o && o->name; o++) {
        if (o->hidden) {
            continue;
        }
        buf_addf(out, " \\\n            '--%s[", o->name);
        zsh_text(out, o->help);
        buf_addc(out, ']');
        if (o->value) {
            buf_addf(out, ":%s:%s", o->value, str_eq(o->value, "FILE") ? "_files" : "");
        }
        buf_addc(out, '\'');
    }
}

static void zsh(struct buf *out)
{
    buf_adds(
        out,
        "#compdef basesync\n"
        "_basesync() {\n"
        "    local curcontext=$curcontext state line ret=1\n"
        "    local -a list\n"
        "    _arguments -C -A '-*' '(-c --config)'{-c,--config}'[The INI file]:FILE:_files' \\\n"
        "        '--help[Say what there is]' '--version[Say which version this is]' \\\n"
        "        '--print-config[Print the configuration in use]' \\\n"
        "        '1:command:->command' '*::argument:->argument' && ret=0\n"
        "    case $state in\n"
        "    command)\n"
        "        list=(\n");
    for (const struct command *c = commands; c->name; c++) {
        if (!c->hidden) {
            buf_addf(out, "            '%s:", c->name);
            zsh_text(out, c->summary);
            buf_adds(out, "'\n");
        }
    }
    buf_adds(out, "        )\n"
                  "        _describe command list && ret=0 ;;\n"
                  "    argument)\n"
                  "        case $words[1] in\n");
    for (const struct command *c = commands; c->name; c++) {
        if (c->hidden) {
            continue;
        }
        buf_addf(out, "        %s) _arguments", c->name);
        zsh_options(out, c->options);
        zsh_options(out, common_options);
        if (*extra_words(c->name)) {
            buf_addf(out, " \\\n            '1:word:(%s)'", extra_words(c->name) + 1);
        }
        buf_adds(out, " && ret=0 ;;\n");
    }
    buf_adds(out,
             "        esac ;;\n"
             "    esac\n"
             "    return ret\n"
             "}\n"
             "[[ $funcstack[1] = _basesync ]] && _basesync \"$@\" || compdef _basesync basesync\n");
}

int cmd_completion(struct app *app)
{
    const char *shell = app->args->words[0];
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    if (str_eq(shell, "bash")) {
        bash(&b);
    } else if (str_eq(shell, "zsh")) {
        zsh(&b);
    } else if (str_eq(shell, "fish")) {
        fish(&b);
    } else {
        buf_release(&b);
        return out_usage("completion for bash, zsh or fish, not \"%s\"", shell);
    }
    out_buf(&b);
    return 0;
}
