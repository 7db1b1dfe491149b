/* types.c: how each kind of value in the INI file is read, written and freed. */
#include "base/mem.h"
#include "base/str.h"
#include "conf/keys.h"
#include "model/a1.h"
#include "model/cron.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 1000 /* of a text whose key names no other length */

static bool refuse(struct conf_slot *s, const char *fmt, ...) BS_PRINTF(2, 3);
static bool refuse(struct conf_slot *s, const char *fmt, ...)
{
    struct bs_err e = BS_ERR_INIT;
    char text[CONF_WHY_MAX];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    bs_fail(&e, BS_STOP_ALL, BS_K_CONFIG, "%s", text);
    str_copy(s->why, sizeof s->why, e.msg);
    return false;
}

/* ---- text ---- */

static void keep(struct conf_slot *s, char *owned)
{
    char **at = s->at;

    free(*at);
    *at = owned;
}

static bool parse_text(struct conf_slot *s, const char *text)
{
    size_t max = s->key->max > 0 ? (size_t)s->key->max : TEXT_MAX;

    if (strlen(text) > max) {
        return refuse(s, "is longer than %zu bytes", max);
    }
    keep(s, *text ? bs_strdup(text) : NULL);
    return true;
}

static void print_text(const struct conf_slot *s, struct buf *out)
{
    char *const *at = s->at;

    buf_adds(out, *at ? *at : "");
}

static void release_text(void *at)
{
    char **text = at;

    free(*text);
    *text = NULL;
}

/* ---- numbers and words ---- */

static void set_number(const struct conf_slot *s, int64_t v)
{
    if (s->key->size == sizeof(bool)) {
        *(bool *)s->at = v != 0;
    } else if (s->key->size == sizeof(int)) {
        *(int *)s->at = (int)v;
    } else {
        *(int64_t *)s->at = v;
    }
}

static int64_t get_number(const struct conf_slot *s)
{
    if (s->key->size == sizeof(bool)) {
        return *(const bool *)s->at;
    }
    return s->key->size == sizeof(int) ? *(const int *)s->at : *(const int64_t *)s->at;
}

static bool parse_number(struct conf_slot *s, const char *text)
{
    int64_t v;

    if (!str_to_i64(text, INT64_MIN, INT64_MAX, &v) || v < s->key->min || v > s->key->max) {
        return refuse(s, "must be a whole number from %lld to %lld", (long long)s->key->min,
                      (long long)s->key->max);
    }
    set_number(s, v);
    return true;
}

static void print_number(const struct conf_slot *s, struct buf *out)
{
    buf_addf(out, "%lld", (long long)get_number(s));
}

static bool parse_bool(struct conf_slot *s, const char *text)
{
    static const char *const words[] = {"no", "yes", "off", "on", "false", "true"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (str_eq_ci(text, words[i])) {
            *(bool *)s->at = i % 2;
            return true;
        }
    }
    return refuse(s, "must be yes or no");
}

static void print_bool(const struct conf_slot *s, struct buf *out)
{
    buf_adds(out, *(const bool *)s->at ? "yes" : "no");
}

static bool refuse_word(struct conf_slot *s)
{
    struct buf b;

    buf_init(&b, CONF_WHY_MAX - 1);
    buf_adds(&b, "must be ");
    for (const struct conf_word *w = s->key->words; w->text; w++) {
        buf_addf(&b, "%s%s", w == s->key->words ? "" : w[1].text ? ", " : " or ", w->text);
    }
    refuse(s, "%s", b.data);
    buf_release(&b);
    return false;
}

static bool parse_choice(struct conf_slot *s, const char *text)
{
    for (const struct conf_word *w = s->key->words; w->text; w++) {
        if (str_eq_ci(text, w->text)) {
            set_number(s, w->value);
            return true;
        }
    }
    return refuse_word(s);
}

static void print_choice(const struct conf_slot *s, struct buf *out)
{
    for (const struct conf_word *w = s->key->words; w->text; w++) {
        if (w->value == get_number(s)) {
            buf_adds(out, w->text);
        }
    }
}

/* ---- durations ---- */

static const struct {
    const char *unit;
    int64_t ms;
} units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
#define N_UNITS (sizeof units / sizeof *units)

bool conf_parse_duration(const char *text, int64_t *ms)
{
    char number[20];
    size_t n = strspn(text, "0123456789");
    const char *unit = text + n + strspn(text + n, " ");
    int64_t v;

    if (n == 0 || n >= sizeof number) {
        return false;
    }
    memcpy(number, text, n);
    number[n] = '\0';
    if (!str_to_i64(number, 0, INT64_MAX / 86400000, &v)) {
        return false;
    }
    for (size_t i = 0; i < N_UNITS; i++) {
        if (str_eq(unit, units[i].unit)) {
            *ms = v * units[i].ms;
            return true;
        }
    }
    *ms = 0;
    return v == 0 && *unit == '\0';
}

static void add_duration(struct buf *out, int64_t ms)
{
    for (size_t i = 0; i < N_UNITS; i++) {
        if (ms % units[i].ms == 0 && (ms > 0 || i == N_UNITS - 2)) {
            buf_addf(out, "%lld%s", (long long)(ms / units[i].ms), units[i].unit);
            return;
        }
    }
}

/* The member counts in steps of `step` ms. */
static bool parse_steps(struct conf_slot *s, const char *text, int64_t step)
{
    struct buf b;
    int64_t ms;

    if (conf_parse_duration(text, &ms) && ms >= s->key->min && ms <= s->key->max &&
        ms % step == 0) {
        set_number(s, ms / step);
        return true;
    }
    buf_init(&b, CONF_WHY_MAX - 1);
    buf_adds(&b, "must be a time from ");
    add_duration(&b, s->key->min);
    buf_adds(&b, " to ");
    add_duration(&b, s->key->max);
    buf_addf(&b, " with its unit, such as %s", s->key->otherwise);
    refuse(s, "%s", b.data);
    buf_release(&b);
    return false;
}

static bool parse_ms(struct conf_slot *s, const char *text)
{
    return parse_steps(s, text, 1);
}

static bool parse_seconds(struct conf_slot *s, const char *text)
{
    return parse_steps(s, text, 1000);
}

static bool parse_hours(struct conf_slot *s, const char *text)
{
    return parse_steps(s, text, 3600000);
}

static void print_ms(const struct conf_slot *s, struct buf *out)
{
    add_duration(out, get_number(s));
}

static void print_seconds(const struct conf_slot *s, struct buf *out)
{
    add_duration(out, get_number(s) * 1000);
}

static void print_hours(const struct conf_slot *s, struct buf *out)
{
    add_duration(out, get_number(s) * 3600000);
}

/* ---- schedules and zones ---- */

static bool parse_cron(struct conf_slot *s, const char *text)
{
    struct bs_err e = BS_ERR_INIT;
    struct cron c;

    if (*text && cron_parse(text, &c, &e) != BS_OK) {
        return refuse(s, "%s", e.msg);
    }
    return parse_text(s, text);
}

static bool parse_zone(struct conf_slot *s, const char *text)
{
    size_t ok = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/");

    if (text[ok] != '\0' || text[0] == '/' || strlen(text) > 64) {
        return refuse(s, "must be the name of a time zone such as Europe/Berlin");
    }
    return parse_text(s, text);
}

/* ---- addresses ---- */

static bool is_loopback(const char *host, size_t len)
{
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (len == strlen(names[i]) && strncasecmp(host, names[i], len) == 0) {
            return true;
        }
    }
    return false;
}

/* Bytes of the host at the start of an address' authority; 0 when that is none. */
static size_t host_length(const char *authority, size_t len)
{
    size_t n = strcspn(authority, ":/?#");
    int64_t port;
    char text[8];

    if (authority[0] == '[') {
        n = strcspn(authority, "]") + 1;
    }
    if (n == 0 || n > len || memchr(authority, '%', n)) {
        return 0;
    }
    if (n == len) {
        return n;
    }
    if (authority[n] != ':' || len - n - 1 == 0 || len - n - 1 >= sizeof text) {
        return 0;
    }
    memcpy(text, authority + n + 1, len - n - 1);
    text[len - n - 1] = '\0';
    return str_to_i64(text, 1, 65535, &port) ? n : 0;
}

/* secure and plain are the two schemes; a plain one must lead to this machine unless anywhere. */
static bool check_url(struct conf_slot *s, const char *text, const char *secure, const char *plain,
                      bool anywhere)
{
    bool is_secure = str_starts(text, secure);
    const char *authority;
    size_t len, host;

    if (!is_secure && !str_starts(text, plain)) {
        return refuse(s, "must be an address that begins with %s", secure);
    }
    for (const char *p = text; *p; p++) {
        if (!isgraph((unsigned char)*p) || strchr("<>\"\\^`", *p)) {
            return refuse(s, "holds a character that an address cannot hold");
        }
    }
    authority = strstr(text, "://") + 3;
    len = strcspn(authority, "/?#");
    if (memchr(authority, '@', len)) {
        return refuse(s, "must not hold a user name or password");
    }
    host = host_length(authority, len);
    if (host == 0) {
        return refuse(s, "names no valid host");
    }
    if (!is_secure && !anywhere && !is_loopback(authority, host)) {
        return refuse(s, "must begin with %s: %s is allowed on this machine only", secure, plain);
    }
    return true;
}

/* Endpoints are stored without a slash at the end, so that paths can be put behind them. */
static bool parse_url(struct conf_slot *s, const char *text)
{
    size_t len = strlen(text);

    if (*text && !check_url(s, text, "https://", "http://", false)) {
        return false;
    }
    if (!parse_text(s, text)) {
        return false;
    }
    char *kept = *(char **)s->at;

    while (kept != NULL && len > 0 && kept[len - 1] == '/') {
        kept[--len] = '\0';
    }
    return true;
}

/* Addresses to call as they are. */
static bool parse_whole_url(struct conf_slot *s, const char *text)
{
    return (*text == '\0' || check_url(s, text, "https://", "http://", false)) &&
           parse_text(s, text);
}

static bool parse_proxy(struct conf_slot *s, const char *text)
{
    return (*text == '\0' || check_url(s, text, "https://", "http://", true)) &&
           parse_text(s, text);
}

static bool parse_mail_url(struct conf_slot *s, const char *text)
{
    return (*text == '\0' || check_url(s, text, "smtps://", "smtp://", true)) &&
           parse_text(s, text);
}

/* ---- the two services' things ---- */

/* app and fourteen letters and digits, alone or within a pasted address. */
static bool parse_base(struct conf_slot *s, const char *text)
{
    const char *id = str_starts(text, "https://") ? strstr(text, "/app") : NULL;
    size_t n;

    id = id ? id + 1 : text;
    n = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
    if (n != 17 || !str_starts(id, "app") || (id[n] != '\0' && (id == text || id[n] != '/'))) {
        return refuse(s, "must be a base's id: app and 14 letters or digits, as in the address "
                         "of the base");
    }
    keep(s, bs_strndup(id, n));
    return true;
}

static bool parse_spreadsheet(struct conf_slot *s, const char *text)
{
    struct buf id;
    int64_t gid;
    bool ok;

    buf_init(&id, 200);
    ok = a1_parse_spreadsheet(text, &id, &gid);
    if (ok) {
        keep(s, bs_strdup(id.data));
    }
    buf_release(&id);
    return ok || refuse(s, "must be the address of a spreadsheet in the browser, or its id");
}

static bool parse_tab(struct conf_slot *s, const char *text)
{
    int64_t gid;

    if (str_starts(text, "gid:") && !str_to_i64(text + 4, 0, INT32_MAX, &gid)) {
        return refuse(s, "must be a tab's title, or gid: and the number in the tab's address");
    }
    return parse_text(s, text);
}

static bool parse_direction(struct conf_slot *s, const char *text)
{
    return direction_parse(text, s->at) ||
           refuse(s, "must be airtable_to_sheets, sheets_to_airtable or bidirectional");
}

static bool parse_conflicts(struct conf_slot *s, const char *text)
{
    return conflict_rule_parse(text, s->at) ||
           refuse(s, "must be airtable_wins, sheets_wins, newest_wins or hold");
}

static void add_lower(struct buf *out, const char *text)
{
    for (; *text; text++) {
        buf_addc(out, (char)tolower((unsigned char)*text));
    }
}

static void print_direction(const struct conf_slot *s, struct buf *out)
{
    add_lower(out, direction_name(*(const enum sync_direction *)s->at));
}

static void print_conflicts(const struct conf_slot *s, struct buf *out)
{
    add_lower(out, conflict_rule_name(*(const enum conflict_rule *)s->at));
}

/* "10%" or "25": of records or rows deleted in one run. */
static bool parse_max_delete(struct conf_slot *s, const char *text)
{
    struct sync_rules *rules = &((struct conf_sync *)s->object)->rules;
    char number[32];
    size_t len = strlen(text);
    bool share = len > 0 && text[len - 1] == '%';
    double v;
    bool ok;

    str_copy(number, sizeof number, text);
    if (share && len < sizeof number) {
        number[len - 1] = '\0';
    }
    ok = len < sizeof number && str_to_double(number, &v) && v >= 0;
    if (!ok || (share ? v > 100 : v > 1e9 || v != (double)(int64_t)v)) {
        return refuse(s, "must be a share such as 10%% or a number such as 25");
    }
    rules->max_delete = share ? v / 100 : v;
    rules->max_delete_share = share;
    return true;
}

static void print_max_delete(const struct conf_slot *s, struct buf *out)
{
    const struct sync_rules *rules = &((const struct conf_sync *)s->object)->rules;
    char number[STR_DOUBLE_MAX];
    bool share = rules->max_delete_share;

    str_from_double(share ? rules->max_delete * 100 : rules->max_delete, number);
    buf_addf(out, "%s%s", number, share ? "%" : "");
}

static bool parse_field(struct conf_slot *s, const char *text)
{
    const char *wrong = mapping_add(s->at, text);

    return !wrong || refuse(s, "%s", wrong);
}

/* All of them, each on its line: the caller has written the first key. */
static void print_field(const struct conf_slot *s, struct buf *out)
{
    static const char *const arrows[] = {
        [DIRECTION_TO_SHEETS] = "->", [DIRECTION_TO_AIRTABLE] = "<-", [DIRECTION_BOTH] = "<->"};
    const struct mapping *m = s->at;

    for (size_t i = 0; i < m->n; i++) {
        buf_addf(out, "%s%s %s %s", i > 0 ? "\nfield = " : "", m->entries[i].field,
                 arrows[m->entries[i].direction], m->entries[i].column);
    }
}

static void release_field(void *at)
{
    mapping_release(at);
}

/* ---- the table ---- */

#define TEXT(parser, what)                                                                         \
    {                                                                                              \
        parser, print_text, release_text, what, false, false                                       \
    }
#define OPTIONAL(parser, what)                                                                     \
    {                                                                                              \
        parser, print_text, release_text, what, true, false                                        \
    }
#define PLAIN(parser, printer, what)                                                               \
    {                                                                                              \
        parser, printer, NULL, what, false, false                                                  \
    }

const struct conf_type conf_text = TEXT(parse_text, "text");
const struct conf_type conf_optional = OPTIONAL(parse_text, "text");
const struct conf_type conf_path = TEXT(parse_text, "file, relative to this file");
const struct conf_type conf_bool = PLAIN(parse_bool, print_bool, "yes or no");
const struct conf_type conf_int = PLAIN(parse_number, print_number, "number");
const struct conf_type conf_seconds = PLAIN(parse_seconds, print_seconds, "time such as 90s or 5m");
const struct conf_type conf_ms = PLAIN(parse_ms, print_ms, "time such as 30m or 6h");
const struct conf_type conf_hours = PLAIN(parse_hours, print_hours, "time such as 12h or 7d");
const struct conf_type conf_choice = PLAIN(parse_choice, print_choice, "word");
const struct conf_type conf_cron = TEXT(parse_cron, "schedule");
const struct conf_type conf_optional_cron = OPTIONAL(parse_cron, "schedule");
const struct conf_type conf_zone = OPTIONAL(parse_zone, "time zone");
const struct conf_type conf_url = TEXT(parse_url, "address");
const struct conf_type conf_optional_url = OPTIONAL(parse_whole_url, "address");
const struct conf_type conf_proxy = OPTIONAL(parse_proxy, "address");
const struct conf_type conf_mail_url = OPTIONAL(parse_mail_url, "address");
const struct conf_type conf_base = TEXT(parse_base, "base id or address");
const struct conf_type conf_spreadsheet = TEXT(parse_spreadsheet, "address or id");
const struct conf_type conf_tab = TEXT(parse_tab, "title or gid:number");
const struct conf_type conf_direction = PLAIN(parse_direction, print_direction, "word");
const struct conf_type conf_conflicts = PLAIN(parse_conflicts, print_conflicts, "word");
const struct conf_type conf_max_delete =
    PLAIN(parse_max_delete, print_max_delete, "share or number");
const struct conf_type conf_field = {parse_field,       print_field, release_field,
                                     "field and arrow", true,        true};
