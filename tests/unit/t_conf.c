/* t_conf.c: the INI file. */
#include "conf/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOUR                                                                                       \
    "base=appAAAAAAAAAAAAAA\ntable=T\nspreadsheet=1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdef\n"   \
    "tab=S\n"

static struct conf *read_ok(const char *text)
{
    struct bs_err e = BS_ERR_INIT;
    struct conf *c = NULL;

    if (conf_parse("/etc/x/basesync.ini", text, strlen(text), &c, &e) != BS_OK) {
        fail_msg("%s", e.msg);
    }
    return c;
}

static void says(const char *text, size_t len, const char *want)
{
    struct bs_err e = BS_ERR_INIT;
    struct conf *c = NULL;

    assert_int_equal(conf_parse("f.ini", text, len, &c, &e), BS_STOP_ALL);
    assert_null(c);
    assert_int_equal(e.kind, BS_K_CONFIG);
    if (!strstr(e.msg, want)) {
        fail_msg("\"%s\" says \"%s\", not \"%s\"", text, e.msg, want);
    }
}

static void an_empty_file_gives_the_defaults(void **state)
{
    struct conf *c = read_ok("");

    (void)state;
    assert_string_equal(c->database, "/etc/x/basesync.db");
    assert_string_equal(c->key_file, "/etc/x/basesync.key");
    assert_string_equal(c->schedule, "*/5 * * * *");
    assert_null(c->time_zone);
    assert_false(c->log_json);
    assert_int_equal(c->log_level, LOG_INFO);
    assert_int_equal(c->workers, 4);
    assert_int_equal(c->worker_timeout_s, 3600);
    assert_int_equal(c->airtable_rps, 5);
    assert_int_equal(c->google_reads, 60);
    assert_int_equal(c->google_writes, 60);
    assert_int_equal(c->monthly_budget, 0);
    assert_string_equal(c->airtable_api, "https://api.airtable.com");
    assert_string_equal(c->airtable_oauth, "https://airtable.com/oauth2/v1");
    assert_string_equal(c->sheets_url, "https://sheets.googleapis.com");
    assert_string_equal(c->drive_url, "https://www.googleapis.com");
    assert_string_equal(c->token_url, "https://oauth2.googleapis.com/token");
    assert_string_equal(c->auth_url, "https://accounts.google.com/o/oauth2/v2/auth");
    assert_null(c->notify_url);
    assert_int_equal(c->n_syncs, 0);
    assert_int_equal(c->n_users, 1);
    assert_string_equal(c->users[0].slug, "default");
    assert_string_equal(c->users[0].name, "default");
    conf_free(c);
    conf_free(NULL);
}

static void a_sync_has_the_safe_defaults(void **state)
{
    struct conf *c = read_ok("[sync a]\n" FOUR);
    const struct conf_sync *s = &c->syncs[0];

    (void)state;
    assert_string_equal(s->slug, "a");
    assert_string_equal(s->name, "a");
    assert_string_equal(s->user, "default");
    assert_true(s->active);
    assert_null(s->schedule);
    assert_null(s->view);
    assert_null(s->match);
    assert_string_equal(s->id_column, "Record ID");
    assert_true(s->mapping.all);
    assert_int_equal(s->mapping.n, 0);
    assert_int_equal(s->rules.direction, DIRECTION_BOTH);
    assert_int_equal(s->rules.conflicts, CONFLICT_NEWEST_WINS);
    assert_false(s->rules.delete_extra_rows);
    assert_false(s->rules.delete_extra_records);
    assert_true(s->rules.max_delete_share);
    assert_true(s->rules.max_delete == 0.1);
    assert_true(s->rules.resolve_linked_records);
    assert_false(s->rules.create_missing_linked_records);
    assert_false(s->rules.create_choices);
    assert_false(s->rules.strict);
    assert_true(s->rules.dropdowns);
    assert_true(s->rules.keep_formulas);
    assert_int_equal(s->rules.copied_rows, COPIED_NEW);
    assert_true(s->rules.include_header);
    assert_false(s->rules.first_sync);
    assert_int_equal(s->max_retries, 3);
    assert_int_equal(s->batch_rows, 100);
    assert_int_equal(s->batch_records, 10);
    assert_int_equal(s->full_scan_ms, 6 * 3600 * 1000);
    conf_free(c);
}

static void every_kind_of_value_is_read(void **state)
{
    struct conf *c = read_ok(
        "\xEF\xBB\xBF; a comment\r\n# another\r\n\r\n"
        "[basesync]\r\n  database = /var/lib/b.db\r\nkey_file=k/b.key\r\nschedule = @hourly\r\n"
        "time_zone = Europe/Berlin\r\nlog_format = JSON\r\nlog_level=debug\r\nworkers = 64\r\n"
        "worker_timeout = 90s\r\nspread = Yes\r\n"
        "[airtable]\napi_url = http://127.0.0.1:8080/\nmonthly_budget = 100000\n"
        "[google]\nsheets_url=http://localhost:1\ntoken_url=https://h.example/t/\n"
        "[network]\nca_file = ca.pem\ntimeout=5m\nproxy=http://proxy:3128\nsettle=0\n"
        "[notify]\nrepeat=2d\nurl=https://ntfy.sh/a?b=c;d#e/\ntemplate={\"a\": \"b ; c # d\"}\n"
        "[user jane]\nname = Jane Doe\nemail = jane@example.com\n"
        "[ sync  a.b-C_1 ]\nname = Sales ; not # a comment\nactive=no\nschedule=0 7 * * MON\n"
        "base = https://airtable.com/appBBBBBBBBBBBBBB/tblCCCCCCCCCCCCCC/viwD\ntable = De = als\n"
        "view = \nspreadsheet = https://docs.google.com/spreadsheets/d/"
        "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdef/edit?gid=7#gid=7\n"
        "direction = Airtable_To_Sheets\nconflicts=hold\nfield = Name\nfield = A <-> B c\n"
        "field=Close date -> Closed on\nfield = Comment <- Remarks\nmax_delete=25\n"
        "validation=strict\nformula_cells=overwrite\ncopied_rows=ignore\ncreate_choices=on\n"
        "full_scan = 0s\nmax_retries=0");
    const struct conf_sync *s = &c->syncs[0];

    (void)state;
    assert_string_equal(c->database, "/var/lib/b.db");
    assert_string_equal(c->key_file, "/etc/x/k/b.key");
    assert_string_equal(c->schedule, "@hourly");
    assert_string_equal(c->time_zone, "Europe/Berlin");
    assert_true(c->log_json);
    assert_int_equal(c->log_level, LOG_DEBUG);
    assert_int_equal(c->workers, 64);
    assert_int_equal(c->worker_timeout_s, 90);
    assert_true(c->spread);
    assert_string_equal(c->airtable_api, "http://127.0.0.1:8080");
    assert_int_equal(c->monthly_budget, 100000);
    assert_string_equal(c->sheets_url, "http://localhost:1");
    assert_string_equal(c->token_url, "https://h.example/t");
    assert_string_equal(c->ca_file, "/etc/x/ca.pem");
    assert_int_equal(c->timeout_s, 300);
    assert_string_equal(c->proxy, "http://proxy:3128");
    assert_int_equal(c->settle_s, 0);
    assert_int_equal(c->notify_repeat_h, 48);
    assert_string_equal(c->notify_url, "https://ntfy.sh/a?b=c;d#e/");
    assert_string_equal(c->notify_template, "{\"a\": \"b ; c # d\"}");
    assert_int_equal(c->n_users, 1);
    assert_string_equal(c->users[0].name, "Jane Doe");
    assert_string_equal(c->users[0].email, "jane@example.com");
    assert_string_equal(s->slug, "a.b-C_1");
    assert_string_equal(s->name, "Sales ; not # a comment");
    assert_string_equal(s->user, "jane");
    assert_string_equal(s->schedule, "0 7 * * MON");
    assert_false(s->active);
    assert_string_equal(s->base, "appBBBBBBBBBBBBBB");
    assert_string_equal(s->table, "De = als");
    assert_null(s->view);
    assert_string_equal(s->spreadsheet, "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdef");
    assert_string_equal(s->tab, "gid:7");
    assert_int_equal(s->rules.direction, DIRECTION_TO_SHEETS);
    assert_int_equal(s->rules.conflicts, CONFLICT_HOLD);
    assert_false(s->mapping.all);
    assert_int_equal(s->mapping.n, 4);
    assert_string_equal(s->mapping.entries[1].column, "B c");
    assert_int_equal(s->mapping.entries[2].direction, DIRECTION_TO_SHEETS);
    assert_int_equal(s->mapping.entries[3].direction, DIRECTION_TO_AIRTABLE);
    assert_false(s->rules.max_delete_share);
    assert_true(s->rules.max_delete == 25);
    assert_true(s->rules.strict);
    assert_false(s->rules.keep_formulas);
    assert_int_equal(s->rules.copied_rows, COPIED_IGNORE);
    assert_true(s->rules.create_choices);
    assert_int_equal(s->full_scan_ms, 0);
    assert_int_equal(s->max_retries, 0);
    conf_free(c);
}

static const struct {
    const char *text, *says;
} wrong[] = {
    /* sections */
    {"[basesnc]", "f.ini:1: unknown section [basesnc]; did you mean [basesync]?"},
    {"\n\n[Sync a]\n", "f.ini:3: unknown section [Sync]; did you mean [sync]?"},
    {"[weather]", "f.ini:1: unknown section [weather]; there are [basesync]"},
    {"[]", "unknown section []"},
    {"[basesync", "f.ini:1: the section's closing ] is missing"},
    {"[basesync] # x", "f.ini:1: there is text after the section's ]"},
    {"[basesync x]", "f.ini:1: [basesync] has no name"},
    {"[sync]", "f.ini:1: the section needs a name: write [sync some-name]"},
    {"[user]", "write [user some-name]"},
    {"[sync a b]\n" FOUR, "may hold up to 64 letters"},
    {"[sync -a]\n" FOUR, "may hold up to 64 letters"},
    {"[sync \xC3\xA4]\n" FOUR, "may hold up to 64 letters"},
    {"[sync a]\n" FOUR "[sync b]\n" FOUR "[sync a]\n" FOUR,
     "f.ini:11: [sync a] is there already, in line 1"},
    {"[user a]\n[user a]\n", "f.ini:2: [user a] is there already, in line 1"},
    {"[google]\n[airtable]\n[google]", "f.ini:3: [google] is there already, in line 1"},
    /* keys */
    {"workers = 3\n[basesync]", "f.ini:1: `workers` stands before the first [section]"},
    {"[basesync]\nwrokers = 3",
     "f.ini:2: [basesync] has no key `wrokers`; did you mean `workers`?"},
    {"[basesync]\nWorkers = 3", "did you mean `workers`?"},
    {"[basesync]\nproxy = http://x", "[basesync] has no key `proxy`; it belongs into [network]"},
    {"[airtable]\ntoken = patAAAA", "f.ini:2: [airtable] has no key `token`"},
    {"[basesync]\nworkers = 3\nworkers = 3", "f.ini:3: `workers` is there already, in line 2"},
    {"[basesync]\nworkers", "f.ini:2: there is no = in this line"},
    {"[basesync]\nworkers =", "f.ini:2: `workers` has no value"},
    {"[basesync]\n= 3", "has no key ``"},
    /* numbers, words, times */
    {"[basesync]\nworkers = 0", "f.ini:2: `workers = 0`: must be a whole number from 1 to 64"},
    {"[basesync]\nworkers = 65", "from 1 to 64"},
    {"[basesync]\nworkers = 4 # four", "from 1 to 64"},
    {"[basesync]\nworkers = 0x4", "from 1 to 64"},
    {"[basesync]\nworkers = 99999999999999999999", "from 1 to 64"},
    {"[airtable]\nrequests_per_second = 51", "from 1 to 50"},
    {"[basesync]\nspread = maybe", "must be yes or no"},
    {"[basesync]\nlog_format = xml", "`log_format = xml`: must be text or json"},
    {"[basesync]\nlog_level = loud", "must be debug, info, warn or error"},
    {"[basesync]\nworker_timeout = 10", "must be a time from 1s to 7d with its unit, such as 1h"},
    {"[basesync]\nworker_timeout = 0s", "from 1s to 7d"},
    {"[basesync]\nworker_timeout = 8d", "from 1s to 7d"},
    {"[basesync]\nworker_timeout = 1500ms", "from 1s to 7d"},
    {"[basesync]\nworker_timeout = 5 weeks", "from 1s to 7d"},
    {"[basesync]\nworker_timeout = 99999999999999999d", "from 1s to 7d"},
    {"[basesync]\nschedule = 61 * * * *",
     "f.ini:2: `schedule = 61 * * * *`: minute: must be from 0 to 59"},
    {"[basesync]\nschedule = hourly", "five fields"},
    {"[basesync]\ntime_zone = ../../etc/passwd", "name of a time zone"},
    {"[basesync]\ntime_zone = /etc/localtime", "name of a time zone"},
    /* addresses */
    {"[airtable]\napi_url = api.airtable.com", "must be an address that begins with https://"},
    {"[airtable]\napi_url = http://api.airtable.com", "http:// is allowed on this machine only"},
    {"[airtable]\napi_url = http://127.0.0.1.evil.example", "on this machine only"},
    {"[airtable]\napi_url = https://", "names no valid host"},
    {"[airtable]\napi_url = https://a:0", "names no valid host"},
    {"[airtable]\napi_url = https://a:99999", "names no valid host"},
    {"[airtable]\napi_url = https://a b", "a character that an address cannot hold"},
    {"[airtable]\napi_url = https://u:p@h/",
     "f.ini:2: `api_url`: must not hold a user name or password"},
    {"[notify]\nmail_url = https://mail", "begins with smtps://"},
    {"[notify]\nmail_url = smtps://mail:465", "mail needs `mail_url`, `mail_from` and `mail_to`"},
    {"[notify]\nmail_to = a@b", "mail needs"},
    /* syncs */
    {"[sync a]\n", "f.ini:1: [sync a] lacks `base`, `table`, `spreadsheet`, `tab`"},
    {"[sync a]\n" FOUR "\n[sync b]\nbase=appAAAAAAAAAAAAAA\ntab=x\n",
     "f.ini:7: [sync b] lacks `table`, `spreadsheet`"},
    {"[sync a]\nbase = Sales", "f.ini:2: `base = Sales`: must be a base's id"},
    {"[sync a]\nbase = appAAAAAAAAAAAAA", "must be a base's id"},
    {"[sync a]\nbase = appAAAAAAAAAAAAAAA", "must be a base's id"},
    {"[sync a]\nbase = tblAAAAAAAAAAAAAA", "must be a base's id"},
    {"[sync a]\nspreadsheet = https://example.com/x", "must be the address of a spreadsheet"},
    {"[sync a]\ntab = gid:x", "must be a tab's title, or gid:"},
    {"[sync a]\ndirection = both", "must be airtable_to_sheets, sheets_to_airtable or bi"},
    {"[sync a]\nconflicts = me", "must be airtable_wins, sheets_wins, newest_wins or hold"},
    {"[sync a]\nfield = A\nfield = A", "f.ini:3: `field = A`: this field is mapped already"},
    {"[sync a]\nfield = -> B", "`field = -> B`: the name of the Airtable field is missing"},
    {"[sync a]\nmax_delete = 101%", "must be a share such as 10% or a number such as 25"},
    {"[sync a]\nmax_delete = -1", "must be a share"},
    {"[sync a]\nmax_delete = 2.5", "must be a share"},
    {"[sync a]\nmax_delete = %", "must be a share"},
    {"[sync a]\nmax_delete = nan%", "must be a share"},
    {"[sync a]\nbatch_records = 11", "from 1 to 10"},
    {"[sync a]\nuser = bob\n" FOUR, "f.ini:1: [sync a]: there is no section [user bob]"},
    {"[user u]\n[user v]\n[sync a]\n" FOUR, "f.ini:3: [sync a] lacks `user`: there are 2 users"},
    /* bytes */
    {"[basesync]\nzoneinfo = a\x01", "f.ini:2: the line holds a control character"},
    {"[basesync]\nzoneinfo = \xFF\xFE", "f.ini:2: the line is not UTF-8 text"},
    {"\xFF\xFE[\0b\0", "f.ini:1: the line is not UTF-8 text"},
    {"[basesync]\n\xEF\xBB\xBFworkers = 3", "has no key"},
};

static void what_is_wrong_is_said_with_file_and_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        says(wrong[i].text, strlen(wrong[i].text), wrong[i].says);
    }
    says("[basesync]\nzoneinfo = a\0b", 26, "f.ini:2: the line is not UTF-8 text");
}

static void the_value_of_an_unknown_key_is_not_repeated(void **state)
{
    static const char text[] = "[airtable]\ntoken = patSECRETSECRET\n";
    struct bs_err e = BS_ERR_INIT;
    struct conf *c;

    (void)state;
    assert_int_equal(conf_parse("f.ini", text, strlen(text), &c, &e), BS_STOP_ALL);
    assert_null(strstr(e.msg, "SECRET"));
}

/* inih would cut them and call its handler with what is left. */
static void lines_that_are_too_long_are_refused_not_cut(void **state)
{
    struct buf b;
    struct conf *c;

    (void)state;
    for (size_t len = 3000; len < 20000; len += 1000) {
        buf_init(&b, BUF_NO_LIMIT);
        buf_adds(&b, "[basesync]\n# ");
        for (size_t i = 0; i < len; i++) {
            buf_addc(&b, 'x');
        }
        buf_adds(&b, "\nworkers = 7\n");
        if (len < 4000) {
            c = read_ok(b.data);
            assert_int_equal(c->workers, 7);
            conf_free(c);
        } else if (len > 4094) {
            says(b.data, b.len, "f.ini:2: the line is longer than 4096 bytes");
        }
        buf_release(&b);
    }
}

static void too_many_sections_are_refused(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, BUF_NO_LIMIT);
    for (int i = 0; i <= CONF_SYNCS_MAX; i++) {
        buf_addf(&b, "[sync s%d]\n" FOUR, i);
    }
    says(b.data, b.len, "there are more than 1000 syncs");
    buf_release(&b);
}

static void what_is_printed_reads_back_the_same(void **state)
{
    static const char text[] =
        "[basesync]\nlog_level=warn\nspread=yes\nworker_timeout=90m\n[network]\nsettle=0\n"
        "ca_file=ca.pem\n[notify]\nrepeat=36h\n[user a]\n[user b]\nemail=b@c\n"
        "[sync x]\nuser=b\n" FOUR "name=N ; # n\nfield=A\nfield=B b -> C\nfield=D <- E\n"
        "max_delete=2.5%\nvalidation=strict\nfull_scan=90s\n[sync y]\nuser=a\n" FOUR "active=no\n";
    struct buf first, second;
    struct conf *c = read_ok(text);
    struct conf *again;

    (void)state;
    buf_init(&first, BUF_NO_LIMIT);
    buf_init(&second, BUF_NO_LIMIT);
    conf_print(c, &first);
    again = read_ok(first.data);
    conf_print(again, &second);
    assert_string_equal(first.data, second.data);
    assert_non_null(strstr(first.data, "name = N ; # n\n"));
    assert_non_null(strstr(first.data, "field = B b -> C\nfield = D <- E\n"));
    assert_non_null(strstr(first.data, "max_delete = 2.5%\n"));
    assert_non_null(strstr(first.data, "worker_timeout = 90m\n"));
    assert_non_null(strstr(first.data, "repeat = 36h\n"));
    assert_non_null(strstr(first.data, "ca_file = /etc/x/ca.pem\n"));
    assert_non_null(strstr(first.data, "database = /etc/x/basesync.db\n"));
    assert_int_equal(again->n_syncs, 2);
    assert_int_equal(again->syncs[0].mapping.n, 3);
    assert_true(again->syncs[1].mapping.all);
    conf_free(again);
    conf_free(c);
    buf_release(&first);
    buf_release(&second);
}

static void read_sample(struct buf *b)
{
    buf_init(b, BUF_NO_LIMIT);
    conf_sample(b);
    assert_true(b->len > 4000);
}

static void the_sample_file_is_that_of_the_key_table(void **state)
{
    struct buf sample, file;
    struct bs_err e = BS_ERR_INIT;

    (void)state;
    read_sample(&sample);
    buf_init(&file, BUF_NO_LIMIT);
    if (os_read_file("conf/basesync.ini", 1 << 20, &file, &e) != BS_OK) {
        fail_msg("%s", e.msg);
    }
    assert_string_equal(file.data, sample.data);
    buf_release(&file);
    buf_release(&sample);
}

static void the_sample_as_it_is_says_nothing_but_the_defaults(void **state)
{
    struct buf sample, ours, plain;
    struct conf *c, *none;

    (void)state;
    read_sample(&sample);
    buf_init(&ours, BUF_NO_LIMIT);
    buf_init(&plain, BUF_NO_LIMIT);
    c = read_ok(sample.data);
    none = read_ok("");
    conf_print(c, &ours);
    conf_print(none, &plain);
    assert_string_equal(ours.data, plain.data);
    conf_free(c);
    conf_free(none);
    buf_release(&ours);
    buf_release(&plain);
    buf_release(&sample);
}

/* "#key = value" and "#[section]" lose their mark; comments keep it ("# text"). */
static void every_line_of_the_sample_works_when_it_is_taken_out_of_comment(void **state)
{
    struct buf sample, live;
    struct conf *c;
    size_t n = 0;

    (void)state;
    read_sample(&sample);
    buf_init(&live, BUF_NO_LIMIT);
    for (char *p = sample.data; *p;) {
        size_t len = strcspn(p, "\n");
        bool mark = p[0] == '#' && p[1] != ' ' && p[1] != '\n';

        assert_true(len <= 130);
        n += mark;
        buf_add(&live, p + mark, len + 1 - mark);
        p += len + 1;
    }
    assert_true(n > 70);
    c = read_ok(live.data);
    assert_int_equal(c->n_syncs, 1);
    assert_int_equal(c->n_users, 1);
    assert_string_equal(c->syncs[0].name, "Sales Data Sync");
    assert_string_equal(c->time_zone, "Europe/Berlin");
    conf_free(c);
    buf_release(&live);
    buf_release(&sample);
}

static void a_sync_is_found_by_section_or_by_an_unambiguous_name(void **state)
{
    struct conf *c = read_ok("[sync sales]\n" FOUR "name=Sales data\n[sync stock]\n" FOUR
                             "name=Same\n[sync staff]\n" FOUR "name=Same\n");

    (void)state;
    assert_ptr_equal(conf_find_sync(c, "sales"), &c->syncs[0]);
    assert_ptr_equal(conf_find_sync(c, "Sales data"), &c->syncs[0]);
    assert_ptr_equal(conf_find_sync(c, "staff"), &c->syncs[2]);
    assert_null(conf_find_sync(c, "Same"));
    assert_null(conf_find_sync(c, "none"));
    assert_string_equal(conf_nearest_sync(c, "slaes"), "sales");
    assert_string_equal(conf_nearest_sync(c, "STOCK"), "stock");
    assert_null(conf_nearest_sync(c, "completely-else"));
    conf_free(c);
}

static void a_file_that_is_not_there_says_how_to_make_one(void **state)
{
    struct bs_err e = BS_ERR_INIT;
    struct conf *c;

    (void)state;
    assert_int_equal(conf_load("/nonexistent/b.ini", NULL, &c, &e), BS_STOP_ALL);
    assert_non_null(strstr(e.msg, "`basesync -c /nonexistent/b.ini init`"));
    assert_int_equal(conf_load("/", NULL, &c, &e), BS_STOP_ALL);
    assert_int_equal(e.kind, BS_K_CONFIG);
}

static void relative_names_follow_the_file(void **state)
{
    struct conf *c = NULL;
    char here[4096], want[4200];

    (void)state;
    assert_int_equal(conf_parse("basesync.ini", "", 0, &c, NULL), BS_OK);
    assert_non_null(getcwd(here, sizeof here));
    snprintf(want, sizeof want, "%s/basesync.db", here);
    assert_string_equal(c->database, want);
    assert_string_equal(c->dir, here);
    conf_free(c);
}

static void the_manual_lists_every_key(void **state)
{
    struct buf b;
    size_t n = 0;

    (void)state;
    buf_init(&b, BUF_NO_LIMIT);
    conf_mdoc(&b);
    for (const char *p = b.data; (p = strstr(p, "\n.It Cm ")); p++) {
        n++;
    }
    assert_true(n > 70);
    assert_non_null(strstr(b.data, ".It Cm max_delete No = Ar \"share or number\\&\"\n"));
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_file_gives_the_defaults),
        cmocka_unit_test(a_sync_has_the_safe_defaults),
        cmocka_unit_test(every_kind_of_value_is_read),
        cmocka_unit_test(what_is_wrong_is_said_with_file_and_line),
        cmocka_unit_test(the_value_of_an_unknown_key_is_not_repeated),
        cmocka_unit_test(lines_that_are_too_long_are_refused_not_cut),
        cmocka_unit_test(too_many_sections_are_refused),
        cmocka_unit_test(what_is_printed_reads_back_the_same),
        cmocka_unit_test(the_sample_file_is_that_of_the_key_table),
        cmocka_unit_test(the_sample_as_it_is_says_nothing_but_the_defaults),
        cmocka_unit_test(every_line_of_the_sample_works_when_it_is_taken_out_of_comment),
        cmocka_unit_test(a_sync_is_found_by_section_or_by_an_unambiguous_name),
        cmocka_unit_test(a_file_that_is_not_there_says_how_to_make_one),
        cmocka_unit_test(relative_names_follow_the_file),
        cmocka_unit_test(the_manual_lists_every_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
