/* t_notify.c: what is told when, and in which form. */
#include "engine/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"

#include <string.h>

#define HOUR INT64_C(3600000)
#define NOW (INT64_C(1769076000000))

struct standing_case {
    const char *error_type;
    size_t held;
    enum notify_state state;
    enum bs_kind about;
};

static const struct standing_case standings[] = {
    {NULL, 0, NOTIFY_OK, BS_K_NONE},
    {NULL, 3, NOTIFY_PERSON, BS_K_CONFLICT},
    {"NETWORK", 0, NOTIFY_FAILED, BS_K_NETWORK},
    {"NETWORK", 3, NOTIFY_FAILED, BS_K_NETWORK},
    {"INTERNAL", 0, NOTIFY_FAILED, BS_K_INTERNAL},
    {"OAUTH", 0, NOTIFY_PERSON, BS_K_OAUTH},
    {"GUARD", 0, NOTIFY_PERSON, BS_K_GUARD},
    {"SCHEMA", 0, NOTIFY_PERSON, BS_K_SCHEMA},
    {"CONFIG", 0, NOTIFY_PERSON, BS_K_CONFIG},
    {"VALIDATION", 0, NOTIFY_PERSON, BS_K_VALIDATION},
    {"LINKED", 0, NOTIFY_PERSON, BS_K_LINKED},
};

static void how_a_sync_stands_follows_from_its_last_run(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof standings / sizeof *standings; i++) {
        const struct standing_case *t = &standings[i];
        struct sync_config sc = {.last_error_type = t->error_type};
        enum bs_kind about;

        assert_int_equal(notify_state_of(&sc, t->held, &about), t->state);
        assert_int_equal(about, t->about);
    }
}

struct decision_case {
    struct notify_row told;
    enum notify_state state;
    enum bs_kind about;
    int64_t repeat_ms;
    enum notify_say say;
};

#define TOLD(state, about, ago)                                                                    \
    {                                                                                              \
        state, about, NOW - 99 * HOUR, NOW - (ago)                                                 \
    }

static const struct decision_case decisions[] = {
    {{0}, NOTIFY_OK, BS_K_NONE, HOUR, SAY_NOTHING},
    {{0}, NOTIFY_FAILED, BS_K_NETWORK, HOUR, SAY_BEGAN},
    {{0}, NOTIFY_PERSON, BS_K_OAUTH, HOUR, SAY_BEGAN},
    {TOLD(NOTIFY_FAILED, BS_K_NETWORK, 5), NOTIFY_OK, BS_K_NONE, HOUR, SAY_RECOVERED},
    {TOLD(NOTIFY_PERSON, BS_K_OAUTH, 5), NOTIFY_OK, BS_K_NONE, 0, SAY_RECOVERED},
    {TOLD(NOTIFY_FAILED, BS_K_NETWORK, 5), NOTIFY_FAILED, BS_K_NETWORK, HOUR, SAY_NOTHING},
    {TOLD(NOTIFY_FAILED, BS_K_NETWORK, 5), NOTIFY_FAILED, BS_K_REMOTE, HOUR, SAY_NOTHING},
    {TOLD(NOTIFY_FAILED, BS_K_NETWORK, 5), NOTIFY_PERSON, BS_K_OAUTH, HOUR, SAY_BEGAN},
    {TOLD(NOTIFY_PERSON, BS_K_OAUTH, 5), NOTIFY_FAILED, BS_K_NETWORK, HOUR, SAY_NOTHING},
    {TOLD(NOTIFY_PERSON, BS_K_OAUTH, 5), NOTIFY_PERSON, BS_K_OAUTH, HOUR, SAY_NOTHING},
    {TOLD(NOTIFY_PERSON, BS_K_CONFLICT, 5), NOTIFY_PERSON, BS_K_OAUTH, HOUR, SAY_BEGAN},
    {TOLD(NOTIFY_PERSON, BS_K_OAUTH, HOUR - 1), NOTIFY_PERSON, BS_K_OAUTH, HOUR, SAY_NOTHING},
    {TOLD(NOTIFY_PERSON, BS_K_OAUTH, HOUR), NOTIFY_PERSON, BS_K_OAUTH, HOUR, SAY_STILL},
    {TOLD(NOTIFY_PERSON, BS_K_OAUTH, 999 * HOUR), NOTIFY_PERSON, BS_K_OAUTH, 0, SAY_NOTHING},
    {TOLD(NOTIFY_FAILED, BS_K_REMOTE, -HOUR), NOTIFY_FAILED, BS_K_REMOTE, 2 * HOUR, SAY_STILL},
};

static void a_trouble_is_said_when_it_begins_worsens_lasts_and_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof decisions / sizeof *decisions; i++) {
        const struct decision_case *t = &decisions[i];
        enum notify_say say = notify_decide(&t->told, t->state, t->about, NOW, t->repeat_ms);

        if (say != t->say) {
            fail_msg("case %zu: %d, not %d", i, (int)say, (int)t->say);
        }
    }
}

struct fill_case {
    const char *template, *type, *want;
};

static const struct fill_case fills[] = {
    {"{title}\n{message}", "text/plain", "T \"x\"\nM {sync} \\ é\n"},
    {"{\"text\": \"{title}: {message}\"}", "application/json",
     "{\"text\": \"T \\\"x\\\": M {sync} \\\\ é\\n\"}"},
    {"a={title}&b={status}", "application/x-www-form-urlencoded", "a=T%20%22x%22&b=failed"},
    {"{}{title{name}{nothing}{title", "text/plain", "{}{titleN{nothing}{title"},
    {"{sync} {time}", "text/plain", "s now"},
    {"", "text/plain", ""},
};

static void a_template_is_filled_in_and_escaped_for_its_type(void **state)
{
    const struct notice x = {.sync = "s",
                             .name = "N",
                             .status = "failed",
                             .title = "T \"x\"",
                             .message = "M {sync} \\ é\n",
                             .time = "now"};

    (void)state;
    for (size_t i = 0; i < sizeof fills / sizeof *fills; i++) {
        struct buf b;

        buf_init(&b, BUF_NO_LIMIT);
        notify_fill(fills[i].template, fills[i].type, &x, &b);
        assert_string_equal(b.data, fills[i].want);
        buf_release(&b);
    }
}

static void mail_is_plain_lines_whatever_the_text(void **state)
{
    struct notice x = {.name = "N", .time = "now", .message = "first\r\n.\r\nlast"};
    char title[300], *line, *rest;
    struct buf b, body;

    (void)state;
    for (size_t i = 0; i + 3 < sizeof title; i += 3) {
        memcpy(title + i, "€", 4);
    }
    x.title = title;
    buf_init(&b, BUF_NO_LIMIT);
    notify_mail_text("a@example.com", "b@example.com", &x, NOW, &b);
    assert_non_null(strstr(b.data, "\r\nDate: Thu, 22 Jan 2026 10:00:00 +0000\r\n"));
    assert_non_null(strstr(b.data, "@example.com>\r\n"));
    assert_non_null(strstr(b.data, "Subject: =?UTF-8?B?4oKs"));
    for (size_t n = 0, at = 0; at < b.len; at++, n++) { /* lines of 78 plain characters at most */
        assert_true(b.data[at] == '\r' ? b.data[at + 1] == '\n' : b.data[at] <= '~');
        n = b.data[at] == '\n' ? 0 : n;
        assert_true(n <= 79);
    }
    buf_init(&body, BUF_NO_LIMIT);
    rest = strstr(b.data, "\r\n\r\n") + 4;
    while ((line = strsep(&rest, "\r")) != NULL && *line) {
        assert_true(base64_decode(&body, line));
        rest = rest && *rest == '\n' ? rest + 1 : rest;
    }
    assert_string_equal(body.data, "first\r\n.\r\nlast\r\n\r\nN, now\r\n");
    buf_release(&body);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_a_sync_stands_follows_from_its_last_run),
        cmocka_unit_test(a_trouble_is_said_when_it_begins_worsens_lasts_and_ends),
        cmocka_unit_test(a_template_is_filled_in_and_escaped_for_its_type),
        cmocka_unit_test(mail_is_plain_lines_whatever_the_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
