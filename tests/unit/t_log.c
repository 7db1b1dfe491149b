/* t_log.c: log lines and the hiding of secrets. */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define LOG_TEXT_SIZE 65536

static FILE *sink;
static char *text;
static size_t text_len;

static int64_t fixed_time(void *ctx)
{
    (void)ctx;
    return 1769076000000;
}

static const struct clock_ops fixed_clock = {.wall_ms = fixed_time, .mono_ms = fixed_time};

static int open_sink(void **state)
{
    (void)state;
    sink = open_memstream(&text, &text_len);
    clock_set(&fixed_clock);
    log_context(NULL, NULL);
    return sink ? 0 : -1;
}

static int close_sink(void **state)
{
    (void)state;
    fclose(sink);
    free(text);
    log_init(NULL, LOG_TEXT, LOG_INFO);
    log_secret_forget_all();
    clock_set(NULL);
    return 0;
}

static void the_text_form_has_the_tag_in_brackets(void **state)
{
    (void)state;
    log_init(sink, LOG_TEXT, LOG_INFO);
    log_context("sales", "run-1");
    log_line(LOG_INFO, "SyncJob", "\u2713 Processing: %s \u2194 %d", "Caf\u00e9", 3);
    log_line(LOG_DEBUG, "SyncJob", "not shown");
    log_line(LOG_ERROR, "Supervisor", "  two\nlines\r\x1b[31m");
    assert_string_equal(text, "[SyncJob] \u2713 Processing: Caf\u00e9 \u2194 3\n"
                              "[Supervisor]   two lines  [31m\n");
}

static void the_json_form_is_one_object_per_line(void **state)
{
    (void)state;
    log_init(sink, LOG_JSON, LOG_DEBUG);
    log_line(LOG_DEBUG, "SyncJob", "a \"quoted\" \\ text\n\u2713 \xff.");
    log_context("sal\"es", "run-1");
    log_line(LOG_WARN, "SyncJob", "b");
    log_context(NULL, NULL);
    log_line(LOG_ERROR, "SyncJob", "c");
    assert_string_equal(
        text, "{\"time\":\"2026-01-22T10:00:00.000Z\",\"level\":\"debug\",\"tag\":\"SyncJob\","
              "\"message\":\"a \\\"quoted\\\" \\\\ text \u2713 \uFFFD.\"}\n"
              "{\"time\":\"2026-01-22T10:00:00.000Z\",\"level\":\"warn\",\"tag\":\"SyncJob\","
              "\"sync\":\"sal\\\"es\",\"run\":\"run-1\",\"message\":\"b\"}\n"
              "{\"time\":\"2026-01-22T10:00:00.000Z\",\"level\":\"error\",\"tag\":\"SyncJob\","
              "\"message\":\"c\"}\n");
}

static void secrets_never_reach_a_line(void **state)
{
    (void)state;
    log_init(sink, LOG_TEXT, LOG_INFO);
    log_secret("patAAAAAAAAAAAAAA.0123456789abcdef");
    log_secret("hunter2");
    log_secret("short"); /* too short to be told from ordinary text */
    log_line(LOG_INFO, "T", "token=patAAAAAAAAAAAAAA.0123456789abcdef; pw hunter2hunter2, short");
    log_line(LOG_INFO, "T", "cut: patAAAAAAAAAAAAAA.01234...");
    log_line(LOG_INFO, "T", "innocent: patBBB hunter");
    assert_string_equal(text, "[T] token=***; pw ******, short\n"
                              "[T] cut: ***...\n"
                              "[T] innocent: patBBB hunter\n");
}

static void a_secret_of_many_lines_is_known_after_its_newlines_became_spaces(void **state)
{
    char line[] = "key: -----BEGIN KEY-----  bGluZTE= bGluZTI= -----END KEY-----.";

    (void)state;
    log_secret("-----BEGIN KEY-----\r\nbGluZTE=\nbGluZTI=\n-----END KEY-----");
    log_redact(line);
    assert_string_equal(line, "key: ***.");
}

static void a_longer_secret_wins_over_one_it_begins_with(void **state)
{
    char line[] = "x abcdefgh y abcdef z";

    (void)state;
    log_secret("abcdef");
    log_secret("abcdefgh");
    log_redact(line);
    assert_string_equal(line, "x *** y *** z");
}

static void forgotten_secrets_are_forgotten(void **state)
{
    char line[] = "hunter2hunter2";

    (void)state;
    log_secret("hunter2hunter2");
    log_secret_forget_all();
    log_redact(line);
    assert_string_equal(line, "hunter2hunter2");
}

static void a_huge_message_is_cut_and_marked(void **state)
{
    char *huge = malloc(LOG_TEXT_SIZE);

    (void)state;
    assert_non_null(huge);
    memset(huge, 'x', LOG_TEXT_SIZE - 1);
    huge[LOG_TEXT_SIZE - 1] = '\0';
    log_init(sink, LOG_TEXT, LOG_INFO);
    log_line(LOG_INFO, "T", "%s", huge);
    free(huge);
    assert_in_range(text_len, 30000, 33000);
    assert_string_equal(text + text_len - 5, "x...\n");
}

#define LOG_TEST(f) cmocka_unit_test_setup_teardown(f, open_sink, close_sink)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(the_text_form_has_the_tag_in_brackets),
        LOG_TEST(the_json_form_is_one_object_per_line),
        LOG_TEST(secrets_never_reach_a_line),
        LOG_TEST(a_secret_of_many_lines_is_known_after_its_newlines_became_spaces),
        LOG_TEST(a_longer_secret_wins_over_one_it_begins_with),
        LOG_TEST(forgotten_secrets_are_forgotten),
        LOG_TEST(a_huge_message_is_cut_and_marked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
