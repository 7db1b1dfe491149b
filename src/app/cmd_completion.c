/* cmd_completion.c: completion scripts for three shells, from the table of commands. */
#include "app/commands.h"
#include "app/out.h"
#include "base/str.h"

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

static void bash_body(struct buf *out)
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

static void fish_option(struct buf *out, const char *command, const struct option *o)
{
    buf_addf(out, "complete -c basesync -n '__fish_seen_subcommand_from %s' -l %s%s -d '", command,
             o->name, o->value ? " -r" : "");
    for (const char *p = o->help; *p; p++) {
        buf_adds(out, *p == '\'' ? "\\'" : *p == '\\' ? "\\\\" : (const char[]){*p, '\0'});
    }
    buf_adds(out, "'\n");
}

static void fish(struct buf *out)
{
    buf_adds(out, "complete -c basesync -f\n"
                  "complete -c basesync -s c -l config -r -F -d 'The INI file'\n");
    for (const struct command *c = commands; c->name; c++) {
        if (c->hidden) {
            continue;
        }
        buf_addf(out, "complete -c basesync -n __fish_use_subcommand -a %s -d '%s'\n", c->name,
                 c->summary);
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

int cmd_completion(struct app *app)
{
    const char *shell = app->args->words[0];
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    if (str_eq(shell, "bash")) {
        bash_body(&b);
    } else if (str_eq(shell, "zsh")) {
        /* zsh runs completions written for bash once it is told to. */
        buf_adds(&b, "#compdef basesync\nautoload -U +X bashcompinit && bashcompinit\n");
        bash_body(&b);
    } else if (str_eq(shell, "fish")) {
        fish(&b);
    } else {
        buf_release(&b);
        return out_usage("completion for bash, zsh or fish, not \"%s\"", shell);
    }
    out_buf(&b);
    return 0;
}
