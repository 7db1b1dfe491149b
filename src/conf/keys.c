/* keys.c: the table of keys.h. Order is the order of the sample file and of the manual page. */
#include "conf/keys.h"

#include "base/log.h"
#include "base/str.h"

#include <ctype.h>
#include <string.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

const struct conf_section_info conf_sections[CONF_SECTION_COUNT] = {
    [IN_BASESYNC] = {"basesync", false, "The program itself."},
    [IN_AIRTABLE] = {"airtable", false, "Airtable: addresses and limits."},
    [IN_GOOGLE] = {"google", false, "Google: addresses and limits."},
    [IN_NETWORK] = {"network", false, "The way to both."},
    [IN_NOTIFY] = {"notify", false,
                   "Whom to tell, once, when a sync begins to fail or needs a person, and when it "
                   "has recovered."},
    [IN_USER] = {"user", true,
                 "People with connections of their own. With one user this section is not needed."},
    [IN_SYNC] =
        {"sync", true,
         "One table or view of Airtable and one tab of Google Sheets that are kept in step. "
         "Any number of these sections, each with its own name."},
};

static const struct conf_word formats[] = {{"text", 0}, {"json", 1}, {NULL, 0}};
static const struct conf_word levels[] = {
    {"debug", LOG_DEBUG}, {"info", LOG_INFO}, {"warn", LOG_WARN}, {"error", LOG_ERROR}, {NULL, 0}};
static const struct conf_word validations[] = {{"lenient", 0}, {"strict", 1}, {NULL, 0}};
static const struct conf_word formulas[] = {{"keep", 1}, {"overwrite", 0}, {NULL, 0}};
static const struct conf_word copies[] = {
    {"new", COPIED_NEW}, {"ignore", COPIED_IGNORE}, {NULL, 0}};

#define IN(type, member) offsetof(type, member), sizeof(((type *)0)->member)
#define C(member) IN(struct conf, member)
#define U(member) IN(struct conf_user, member)
#define S(member) IN(struct conf_sync, member)

/* One key, one or two lines. */
/* clang-format off */
const struct conf_key conf_keys[] = {
{IN_BASESYNC, "database", &conf_path, C(database), "basesync.db", 0, 4000, NULL, NULL,
 "The SQLite file"},
{IN_BASESYNC, "key_file", &conf_path, C(key_file), "basesync.key", 0, 4000, NULL, NULL,
 "The key that seals tokens in the database; keep a copy of it elsewhere"},
{IN_BASESYNC, "schedule", &conf_cron, C(schedule), "*/5 * * * *", 0, 200, NULL, NULL,
 "When syncs run: minute, hour, day of month, month, day of week, or @hourly and its like"},
{IN_BASESYNC, "time_zone", &conf_zone, C(time_zone), "", 0, 0, NULL, "Europe/Berlin",
 "Time zone of the schedules; empty: that of the machine"},
{IN_BASESYNC, "log_format", &conf_choice, C(log_json), "text", 0, 0, formats, NULL,
 "Form of the log: text or json"},
{IN_BASESYNC, "log_level", &conf_choice, C(log_level), "info", 0, 0, levels, NULL,
 "Least important lines that are logged: debug, info, warn or error"},
{IN_BASESYNC, "workers", &conf_int, C(workers), "4", 1, 64, NULL, NULL,
 "Syncs without a common base or spreadsheet that may run at the same time"},
{IN_BASESYNC, "worker_timeout", &conf_seconds, C(worker_timeout_s), "1h", SECOND, 7 * DAY, NULL,
 NULL,
 "A run that takes longer is ended and recorded as failed"},
{IN_BASESYNC, "worker_memory", &conf_int, C(worker_memory_mb), "512", 0, 1048576, NULL, NULL,
 "MiB that a run may use; 0: no bound"},
{IN_BASESYNC, "spread", &conf_bool, C(spread), "no", 0, 0, NULL, NULL,
 "Start each sync a few seconds after the minute, each with its own constant delay"},
{IN_BASESYNC, "log_days", &conf_int, C(log_days), "90", 0, 36500, NULL, NULL,
 "Days that the log of runs is kept; 0: for ever"},
{IN_BASESYNC, "history_days", &conf_int, C(history_days), "90", 0, 36500, NULL, NULL,
 "Days that the history of changes is kept, which undo needs; 0: for ever"},
{IN_BASESYNC, "zoneinfo", &conf_optional, C(zoneinfo), "", 0, 4000, NULL, "/usr/share/zoneinfo",
 "Folder of time zones; empty: the system's, else the built-in ones"},

{IN_AIRTABLE, "api_url", &conf_url, C(airtable_api), "https://api.airtable.com", 0, 0, NULL, NULL,
 "Address of the Web API"},
{IN_AIRTABLE, "oauth_url", &conf_url, C(airtable_oauth), "https://airtable.com/oauth2/v1", 0, 0,
 NULL,
 NULL, "Address of the sign-in by OAuth"},
{IN_AIRTABLE, "requests_per_second", &conf_int, C(airtable_rps), "5", 1, 50, NULL, NULL,
 "Requests to one base in any second"},
{IN_AIRTABLE, "monthly_budget", &conf_int, C(monthly_budget), "0", 0, INT64_C(1000000000), NULL,
 NULL,
 "API calls that a month may cost, for each account; schedules are stretched so that it lasts; "
 "0: no bound"},
{IN_AIRTABLE, "change_feed", &conf_bool, C(change_feed), "yes", 0, 0, NULL, NULL,
 "Ask Airtable what has changed instead of reading whole tables; needs the scope webhook:manage "
 "and the role of a creator, without which whole tables are read"},

{IN_GOOGLE, "sheets_url", &conf_url, C(sheets_url), "https://sheets.googleapis.com", 0, 0, NULL,
 NULL,
 "Address of the Sheets API"},
{IN_GOOGLE, "drive_url", &conf_url, C(drive_url), "https://www.googleapis.com", 0, 0, NULL, NULL,
 "Address of the Drive API"},
{IN_GOOGLE, "token_url", &conf_url, C(token_url), "https://oauth2.googleapis.com/token", 0, 0, NULL,
 NULL, "Address that gives access tokens"},
{IN_GOOGLE, "auth_url", &conf_url, C(auth_url), "https://accounts.google.com/o/oauth2/v2/auth", 0,
 0,
 NULL, NULL, "Address of the sign-in by OAuth"},
{IN_GOOGLE, "revoke_url", &conf_url, C(revoke_url), "https://oauth2.googleapis.com/revoke", 0, 0,
 NULL, NULL, "Address that takes back a sign-in"},
{IN_GOOGLE, "userinfo_url", &conf_url, C(userinfo_url),
 "https://openidconnect.googleapis.com/v1/userinfo", 0, 0,
 NULL, NULL, "Address that tells whose sign-in it is"},
{IN_GOOGLE, "reads_per_minute", &conf_int, C(google_reads), "60", 1, 6000, NULL, NULL,
 "Read requests of one account in any minute"},
{IN_GOOGLE, "writes_per_minute", &conf_int, C(google_writes), "60", 1, 6000, NULL, NULL,
 "Write requests of one account in any minute"},

{IN_NETWORK, "ca_file", &conf_optional, C(ca_file), "", 0, 4000, NULL,
 "/etc/ssl/certs/ca-certificates.crt",
 "Certificates to trust, as PEM; empty: the system's, else the built-in ones"},
{IN_NETWORK, "timeout", &conf_seconds, C(timeout_s), "190s", SECOND, HOUR, NULL, NULL,
 "Longest time for one request; Google itself ends a request after 180 s"},
{IN_NETWORK, "connect_timeout", &conf_seconds, C(connect_timeout_s), "20s", SECOND, 10 * MINUTE,
 NULL,
 NULL, "Longest time to reach a server"},
{IN_NETWORK, "proxy", &conf_proxy, C(proxy), "", 0, 0, NULL, "http://proxy.example.com:3128",
 "Address of a proxy for all requests"},
{IN_NETWORK, "settle", &conf_seconds, C(settle_s), "15s", 0, 10 * MINUTE, NULL, NULL,
 "How long a request whose answer was lost may still take effect; a create is looked for "
 "after that"},

{IN_NOTIFY, "url", &conf_optional_url, C(notify_url), "", 0, 2000, NULL, "https://ntfy.sh/my-topic",
 "Send an HTTP POST to this address"},
{IN_NOTIFY, "template", &conf_optional, C(notify_template), "", 0, 4000, NULL,
 "{\"text\": \"{title}: {message}\"}",
 "Body of the POST, with {title}, {message}, {sync}, {status} and {time} filled in; "
 "empty: plain text"},
{IN_NOTIFY, "content_type", &conf_optional, C(notify_content_type), "", 0, 100, NULL,
 "application/json", "Type of the body; empty: text/plain, or application/json when the template "
 "begins with {"},
{IN_NOTIFY, "command", &conf_optional, C(notify_command), "", 0, 4000, NULL,
 "/usr/local/bin/tell-me",
 "Program to start, without a shell, with arguments separated by spaces; it finds the same "
 "values in BASESYNC_TITLE, BASESYNC_MESSAGE and so on"},
{IN_NOTIFY, "ping_start", &conf_optional_url, C(notify_ping_start), "", 0, 2000, NULL,
 "https://hc-ping.com/UUID/start", "Address to GET when a scheduled job starts"},
{IN_NOTIFY, "ping_success", &conf_optional_url, C(notify_ping_success), "", 0, 2000, NULL,
 "https://hc-ping.com/UUID", "Address to GET when all syncs of a job have succeeded"},
{IN_NOTIFY, "ping_failure", &conf_optional_url, C(notify_ping_failure), "", 0, 2000, NULL,
 "https://hc-ping.com/UUID/fail",
 "Address to GET when one of them has failed, in part too, or could not start"},
{IN_NOTIFY, "mail_url", &conf_mail_url, C(mail_url), "", 0, 2000, NULL,
 "smtps://mail.example.com:465",
 "Mail server, smtps:// or smtp:// with STARTTLS"},
{IN_NOTIFY, "mail_from", &conf_optional, C(mail_from), "", 0, 320, NULL, "basesync@example.com",
 "Sender of the mail"},
{IN_NOTIFY, "mail_to", &conf_optional, C(mail_to), "", 0, 320, NULL, "me@example.com",
 "Recipient of the mail"},
{IN_NOTIFY, "mail_user", &conf_optional, C(mail_user), "", 0, 320, NULL, "me@example.com",
 "User name at the mail server; the password is given with `basesync connect mail`"},
{IN_NOTIFY, "repeat", &conf_hours, C(notify_repeat_h), "24h", 0, 365 * DAY, NULL, NULL,
 "Remind again after this time; 0s: never"},

{IN_USER, "name", &conf_optional, U(name), "", 0, 200, NULL, "Jane Doe",
 "Name for people; empty: the section's"},
{IN_USER, "email", &conf_optional, U(email), "", 0, 320, NULL, "jane@example.com",
 "Shown in the job log"},

{IN_SYNC, "name", &conf_optional, S(name), "", 0, 200, NULL, "Sales Data Sync",
 "Name for people; empty: the section's"},
{IN_SYNC, "user", &conf_optional, S(user), "", 0, 64, NULL, "jane",
 "Whose connections are used; needed only with several [user] sections"},
{IN_SYNC, "active", &conf_bool, S(active), "yes", 0, 0, NULL, NULL,
 "no: leave this sync alone"},
{IN_SYNC, "schedule", &conf_optional_cron, S(schedule), "", 0, 200, NULL, "0 7 * * MON-FRI",
 "Its own schedule; empty: that of [basesync]"},
{IN_SYNC, "base", &conf_base, S(base), NULL, 0, 0, NULL, "appAAAAAAAAAAAAAA",
 "The Airtable base: its id, or its address in the browser"},
{IN_SYNC, "table", &conf_text, S(table), NULL, 0, 255, NULL, "Deals",
 "The table: its name or its id"},
{IN_SYNC, "view", &conf_optional, S(view), "", 0, 255, NULL, "Grid view",
 "A view: only its records take part, and new rows come in its order the first time"},
{IN_SYNC, "spreadsheet", &conf_spreadsheet, S(spreadsheet), NULL, 0, 0, NULL,
 "https://docs.google.com/spreadsheets/d/1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdef/edit",
 "The spreadsheet: its address in the browser, or its id"},
{IN_SYNC, "tab", &conf_tab, S(tab), NULL, 0, 255, NULL, "Deals",
 "The tab: its title, or gid: and the number in its address"},
{IN_SYNC, "direction", &conf_direction, S(rules.direction), "bidirectional", 0, 0, NULL, NULL,
 "airtable_to_sheets, sheets_to_airtable or bidirectional"},
{IN_SYNC, "conflicts", &conf_conflicts, S(rules.conflicts), "newest_wins", 0, 0, NULL, NULL,
 "When both sides changed one cell: airtable_wins, sheets_wins, newest_wins, or hold, which leaves "
 "both as they are until `basesync conflicts` decides"},
{IN_SYNC, "field", &conf_field, S(mapping), "", 0, 0, NULL, "Amount <-> Deal value",
 "A field and its column, one line each; -> flows to the sheet only, <- to Airtable only; without "
 "any, all fields are synced under their own names"},
{IN_SYNC, "match", &conf_optional, S(match), "", 0, 255, NULL, "Name",
 "Field by which rows and records find each other the first time; empty: the primary field"},
{IN_SYNC, "id_column", &conf_text, S(id_column), "Record ID", 0, 255, NULL, NULL,
 "Header of the column that holds the record ids"},
{IN_SYNC, "include_header", &conf_bool, S(rules.include_header), "yes", 0, 0, NULL, NULL,
 "Write headers that are missing; no: a missing header stops the sync"},
{IN_SYNC, "resolve_linked_records", &conf_bool, S(rules.resolve_linked_records), "yes", 0, 0, NULL,
 NULL, "Show linked records by name; no: by record id"},
{IN_SYNC, "create_missing_linked_records", &conf_bool, S(rules.create_missing_linked_records),
 "no", 0,
 0, NULL, NULL, "A linked name that nobody bears becomes a new record of the linked table"},
{IN_SYNC, "create_choices", &conf_bool, S(rules.create_choices), "no", 0, 0, NULL, NULL,
 "A text that is none of a select field's choices becomes a new choice"},
{IN_SYNC, "delete_extra_rows", &conf_bool, S(rules.delete_extra_rows), "no", 0, 0, NULL, NULL,
 "A record deleted in Airtable deletes its row"},
{IN_SYNC, "delete_extra_records", &conf_bool, S(rules.delete_extra_records), "no", 0, 0, NULL, NULL,
 "A row deleted in the sheet deletes its record"},
{IN_SYNC, "max_delete", &conf_max_delete, S(rules.max_delete), "10%", 0, 0, NULL, NULL,
 "A run that would delete more stops before its first write: a share or a number"},
{IN_SYNC, "validation", &conf_choice, S(rules.strict), "lenient", 0, 0, validations, NULL,
 "A value that the other side cannot hold: lenient leaves that cell and warns, strict stops the "
 "run before its first write"},
{IN_SYNC, "dropdowns", &conf_bool, S(rules.dropdowns), "yes", 0, 0, NULL, NULL,
 "Offer a select field's choices as a drop-down in its column"},
{IN_SYNC, "formula_cells", &conf_choice, S(rules.keep_formulas), "keep", 0, 0, formulas, NULL,
 "Cells of the sheet that hold a formula: keep or overwrite"},
{IN_SYNC, "copied_rows", &conf_choice, S(rules.copied_rows), "new", 0, 0, copies, NULL,
 "A row that was copied with its record id: new makes a new record of it, ignore leaves it alone"},
{IN_SYNC, "first_sync", &conf_bool, S(rules.first_sync), "no", 0, 0, NULL, NULL,
 "Agree beforehand to a first run with many changes"},
{IN_SYNC, "create_key", &conf_optional, S(create_key), "", 0, 255, NULL, "Order number",
 "Field with a different value in each record: makes the creation of records exact even when an "
 "answer is lost"},
{IN_SYNC, "modified_field", &conf_optional, S(modified_field), "", 0, 255, NULL, "Last modified",
 "Last-modified field for newest_wins; empty: the table's own, if there is one"},
{IN_SYNC, "max_retries", &conf_int, S(max_retries), "3", 0, 20, NULL, NULL,
 "How often a request that failed for a passing reason is sent again"},
{IN_SYNC, "batch_rows", &conf_int, S(batch_rows), "100", 1, 10000, NULL, NULL,
 "Rows written as one block; blocks share requests up to 2 MB"},
{IN_SYNC, "batch_records", &conf_int, S(batch_records), "10", 1, 10, NULL, NULL,
 "Records written with one request"},
{IN_SYNC, "full_scan", &conf_ms, S(full_scan_ms), "6h", 0, 30 * DAY, NULL, NULL,
 "At least this often all is compared, whatever the change feeds say; 0s: always"},
{IN_SYNC, "drive_gate", &conf_bool, S(drive_gate), "no", 0, 0, NULL, NULL,
 "Ask Google Drive first whether the spreadsheet has changed, and read the tab only then: for "
 "large tabs; edits in the sheet are seen some minutes later"},
};
/* clang-format on */
const size_t conf_n_keys = sizeof conf_keys / sizeof *conf_keys;

_Static_assert(sizeof conf_keys / sizeof *conf_keys <= CONF_KEYS_MAX, "CONF_KEYS_MAX");
_Static_assert(sizeof(enum sync_direction) == sizeof(int), "choices are set as int");
_Static_assert(sizeof(enum copied_rows) == sizeof(int), "choices are set as int");

const struct conf_key *conf_find_key(enum conf_section section, const char *name)
{
    for (size_t i = 0; i < conf_n_keys; i++) {
        if (conf_keys[i].section == section && str_eq(conf_keys[i].name, name)) {
            return &conf_keys[i];
        }
    }
    return NULL;
}

struct conf_slot conf_slot_of(const struct conf_key *key, void *object)
{
    return (struct conf_slot){.key = key, .at = (char *)object + key->offset, .object = object};
}

const char *conf_nearest(const char *word, const char *const *known, size_t n)
{
    const char *best = NULL;
    size_t least = 4;
    char lower[64];
    size_t i = 0;

    for (; i < sizeof lower - 1 && word[i]; i++) {
        lower[i] = (char)tolower((unsigned char)word[i]);
    }
    lower[i] = '\0';
    for (size_t k = 0; k < n; k++) {
        size_t d = str_distance(lower, known[k]);

        /* More than half of the word changed is another word. */
        if (d < least && d * 2 <= strlen(known[k])) {
            least = d;
            best = known[k];
        }
    }
    return best;
}
