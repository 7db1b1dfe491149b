/* commands.c: see commands.h. */
#include "app/commands.h"

#include "app/out.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

#define MANY ARGS_WORDS_MAX

const struct option common_options[] = {
    {"config", "FILE",
     "The INI file (default: $BASESYNC_CONFIG, ./basesync.ini or "
     "/etc/basesync/basesync.ini)",
     'c', false},
    {"json", NULL, "Print JSON for programs", 0, false},
    {"help", NULL, "Say what the command does", 'h', false},
    {0},
};

static const struct option connect_options[] = {
    {"user", "NAME", "For this [user] section", 0, false},
    {"token-file", "FILE",
     "Airtable: read the personal access token from FILE; - is standard input", 0, false},
    {"service-account", "FILE",
     "Sheets: the service account's key file (JSON); - is standard input", 0, false},
    {"password-file", "FILE", "Mail: read the password from FILE; - is standard input", 0, false},
    {"oauth", NULL, "Sign in in a browser, with an OAuth client of your own", 0, false},
    {"client-file", "FILE",
     "--oauth: the client's file (JSON with client_id and client_secret), as the Google Cloud "
     "console gives it; - is standard input",
     0, false},
    {"client-id", "ID", "--oauth: the client's id; its secret is asked for, unseen", 0, false},
    {"client-secret-file", "FILE", "--oauth: read the secret from FILE; - is standard input", 0,
     false},
    {"redirect", "URL",
     "--oauth: where the browser comes back to, as registered (Airtable's default: "
     "http://127.0.0.1:8976/callback)",
     0, false},
    {"scopes", "LIST", "--oauth: ask for these scopes, with spaces between", 0, false},
    {"paste", NULL, "--oauth: do not listen; take the address of the browser's last page", 0,
     false},
    {0},
};
static const struct option disconnect_options[] = {
    {"user", "NAME", "For this [user] section", 0, false}, {0}};
static const struct option discover_options[] = {
    {"user", "NAME", "With this user's connections", 0, false},
    {"ini", NULL, "Print a [sync] section for BASE TABLE SHEET TAB", 0, false},
    {0},
};
static const struct option sync_options[] = {
    {"dry-run", NULL, "Print what would be done, change nothing", 'n', false},
    {"first-sync", NULL, "Agree to a first run with many changes, or to pairing anew", 0, false},
    {"allow-delete", NULL, "Agree to more deletions than max_delete, once", 0, false},
    {"allow-all-changed", NULL, "Agree to a run in which everything has changed, once", 0, false},
    {"rebuild-ids", NULL, "Write lost record ids again: pair by the match key", 0, false},
    {"wait", NULL, "When the sync is running already, wait for it", 0, false},
    {"quiet", NULL, "Print errors only", 'q', false},
    {"worker", NULL, "Started by serve; names are ids", 0, true},
    {"conf-fd", "N", "Where serve has put the text of the INI file", 0, true},
    {0},
};
static const struct option serve_options[] = {
    {"once", NULL, "Run all due syncs once, then end", 0, false}, {0}};
static const struct option notify_options[] = {
    {"worker", NULL, "Started by serve; words say what is to be told", 0, true},
    {"conf-fd", "N", "Where serve has put the text of the INI file", 0, true},
    {0},
};
static const struct option logs_options[] = {
    {"failed", NULL, "Failed and partial runs only", 0, false},
    {"since", "TIME", "From this time on: 2026-01-22, 2026-01-22T10:00:00Z, or 2h, 7d ago", 0,
     false},
    {"sync", "NAME", "Of this sync only", 0, false},
    {"limit", "N", "At most so many (default 20)", 0, false},
    {"follow", NULL, "Go on with new runs as they end", 'f', false},
    {0},
};
static const struct option conflicts_options[] = {{"sync", "NAME", "Of this sync only", 0, false},
                                                  {0}};
static const struct option import_options[] = {
    {"user", "NAME", "For this [user] section, when the export is of one user", 0, false},
    {"key-file", "FILE",
     "The product's ENCRYPTION_KEY, 64 hex digits (or in BASESYNC_IMPORT_KEY); - is standard input",
     0, false},
    {"airtable-client", "FILE",
     "The product's OAuth client at Airtable, JSON with client_id and client_secret", 0, false},
    {"google-client", "FILE", "The product's OAuth client at Google, as the console gives it", 0,
     false},
    {"write", NULL, "Append the sections to the INI file instead of printing them", 0, false},
    {0},
};
static const struct option undo_options[] = {
    {"dry-run", NULL, "Print what would be put back and what would be left, change nothing", 'n',
     false},
    {"wait", NULL, "When the sync is running, wait for it", 0, false},
    {0},
};
static const struct option version_options[] = {
    {"verbose", NULL, "Also what it is built of", 'v', false},
    {"licences", NULL, "Print the licences of the libraries inside", 0, false},
    {0},
};
static const struct option sql_options[] = {
    {"write", NULL, "Allow statements that change the database", 0, false}, {0}};
static const struct option status_options[] = {
    {"prometheus", NULL, "As text for the node exporter's textfile collector", 0, false}, {0}};

const struct command commands[] = {
    {"init", "", "Write the INI file, the key and the database where they are missing",
     "Nothing that is there is overwritten.", NULL, 0, 0, cmd_init, false},
    {"connect",
     "airtable|sheets|mail [--user NAME] [--token-file FILE | --service-account FILE | --oauth | "
     "--password-file FILE]",
     "Store a credential, sealed, after trying it",
     "Without --token-file the Airtable token is asked for, unseen. With --oauth the address for "
     "the browser is printed; when the browser cannot come back to this machine, the address of "
     "its last page is pasted. Connecting again replaces the credential; with --oauth alone the "
     "same client is used again. The mail password is for [notify]; a test message proves it.",
     connect_options, 1, 1, cmd_connect, false},
    {"connections", "", "List the stored credentials", NULL, NULL, 0, 0, cmd_connections, false},
    {"disconnect", "airtable|sheets [--user NAME]", "Forget a credential", NULL, disconnect_options,
     1, 1, cmd_disconnect, false},
    {"discover", "[BASE | SPREADSHEET] | --ini BASE TABLE SHEET TAB",
     "List bases, tables and fields, or tabs and headers",
     "Without a word: the bases the token can see. With a base's id: its tables and fields. With "
     "a spreadsheet's address or id: its tabs and headers. With --ini: a section for the INI "
     "file.",
     discover_options, 0, 4, cmd_discover, false},
    {"check", "[NAME...]", "Try every step of each sync without writing, and say what to do", NULL,
     NULL, 0, MANY, cmd_check, false},
    {"sync", "[NAME...]", "Run syncs now",
     "Without a name: all active ones. Exit codes: 0 all good; 1 failed, a later run may succeed; "
     "2 usage or configuration; 3 partial; 4 stopped until a person acts; 5 busy.",
     sync_options, 0, MANY, cmd_sync, false},
    {"serve", "", "Run syncs by their schedules, for ever",
     "SIGHUP reads the INI file again; SIGTERM lets the requests in flight end.", serve_options, 0,
     0, cmd_serve, false},
    {"notify", "", "Send a test message by every way in [notify]", NULL, notify_options, 0, 4,
     cmd_notify, false},
    {"status", "[NAME...]", "Say how each sync is doing", NULL, status_options, 0, MANY, cmd_status,
     false},
    {"logs", "[show LOG]", "List the latest runs, or show one with its changes", NULL, logs_options,
     0, 2, cmd_logs, false},
    {"show", "LOG", "Show one run: counts, errors, changes", NULL, NULL, 1, 1, cmd_show, false},
    {"conflicts", "[NAME RECORD FIELD airtable|sheets]",
     "List the cells that wait for a decision, or decide one",
     "The decision is carried out by the sync's next run.", conflicts_options, 0, 4, cmd_conflicts,
     false},
    {"undo", "LOG", "Put back what a run has changed, where nobody has edited since",
     "LOG is the id of a run, or its beginning; `basesync logs` lists them. What has been edited "
     "since is listed and left. Afterwards both sides stay as they are until somebody edits one.",
     undo_options, 1, 1, cmd_undo, false},
    {"pause", "NAME...", "Stop a sync from running until resume", NULL, NULL, 1, MANY, cmd_pause,
     false},
    {"resume", "NAME...", "Let a paused sync run again", NULL, NULL, 1, MANY, cmd_resume, false},
    {"backup", "TO", "Copy the database while it is in use, and check the copy", NULL, NULL, 1, 1,
     cmd_backup, false},
    {"key", "rotate", "Seal all secrets with a new key", NULL, NULL, 1, 1, cmd_key, false},
    {"sql", "[-- ARGUMENT...]", "Open the database in a SQLite shell, read-only",
     "Arguments after -- are the shell's own: `basesync sql -- -box 'SELECT ...'`.", sql_options, 0,
     MANY, cmd_sql, false},
    {"import", "basesync FILE...", "Take over sign-ins and syncs of the hosted product",
     "The files are JSON exports of its tables: {\"users\": [...], \"airtableConnections\": [...], "
     "\"googleSheetsConnections\": [...], \"syncConfigs\": [...]}, or one table alone as an array. "
     "Sign-ins are stored, sealed with this machine's key; syncs become [sync] sections. Nothing "
     "that is there is overwritten.",
     import_options, 2, MANY, cmd_import, false},
    {"completion", "bash|zsh|fish", "Print the shell's completion script", NULL, NULL, 1, 1,
     cmd_completion, false},
    {"manual", "commands|keys|schema", "Print lists for the manual pages", NULL, NULL, 1, 1,
     cmd_manual, true},
    {"version", "", "Say which version this is", NULL, version_options, 0, 0, cmd_version, false},
    {"help", "[COMMAND]", "Say what there is", NULL, NULL, 0, 1, cmd_help, false},
    {0},
};

const struct command *command_find(const char *name)
{
    for (const struct command *c = commands; c->name; c++) {
        if (str_eq(c->name, name)) {
            return c;
        }
    }
    return NULL;
}

const char *command_nearest(const char *name)
{
    const char *best = NULL;
    size_t least = 3;

    for (const struct command *c = commands; c->name; c++) {
        size_t d = str_distance(name, c->name);

        if (!c->hidden && d < least && d < strlen(c->name)) {
            least = d;
            best = c->name;
        }
    }
    return best;
}

/* ---- help ---- */

static void wrapped(struct buf *out, const char *text, size_t indent)
{
    size_t column = indent;

    while (*text) {
        size_t n = strcspn(text, " ");

        if (column > indent && column + 1 + n > 80) {
            buf_addf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            buf_addc(out, ' ');
            column++;
        }
        buf_add(out, text, n);
        column += n;
        text += n + strspn(text + n, " ");
    }
    buf_addc(out, '\n');
}

static void option_lines(struct buf *out, const struct option *list)
{
    for (const struct option *o = list; o && o->name; o++) {
        char left[64];

        if (o->hidden) {
            continue;
        }
        snprintf(left, sizeof left, "%c%c%s --%s%s%s", o->letter ? '-' : ' ',
                 o->letter ? o->letter : ' ', o->letter ? "," : " ", o->name, o->value ? " " : "",
                 o->value ? o->value : "");
        buf_addf(out, "  %-28s ", left);
        wrapped(out, o->help, 31);
    }
}

void command_help(const struct command *c, struct buf *out)
{
    buf_addf(out, "basesync %s%s%s\n\n", c->name, *c->usage ? " " : "", c->usage);
    buf_addf(out, "%s.\n", c->summary);
    if (c->help) {
        wrapped(out, c->help, 0);
    }
    buf_addc(out, '\n');
    option_lines(out, c->options);
    option_lines(out, common_options);
}

void commands_help(struct buf *out)
{
    buf_adds(out, "basesync keeps Airtable tables and Google Sheets tabs in step.\n\n"
                  "basesync [-c FILE] COMMAND [ARGUMENT...]\n\n");
    for (const struct command *c = commands; c->name; c++) {
        if (!c->hidden) {
            buf_addf(out, "  %-12s ", c->name);
            wrapped(out, c->summary, 15);
        }
    }
    buf_adds(out, "\nbasesync COMMAND --help says more; basesync --print-config prints the "
                  "configuration in use.\nThe first time: init, connect airtable, connect sheets, "
                  "a [sync] section, check, sync.\n");
}

int cmd_help(struct app *app)
{
    const char *name = app->args->words[0];
    const struct command *c = name ? command_find(name) : NULL;
    struct buf b;

    if (name && !c) {
        return out_usage("there is no command \"%s\"; `basesync help` lists them", name);
    }
    buf_init(&b, BUF_NO_LIMIT);
    if (c) {
        command_help(c, &b);
    } else {
        commands_help(&b);
    }
    out_buf(&b);
    return 0;
}
