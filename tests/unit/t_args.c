/* t_args.c: the command line. */
#include "app/args.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static const struct option own[] = {
    {"dry-run", NULL, "", 'n', false},
    {"token-file", "FILE", "", 0, false},
    {"worker", NULL, "", 0, true},
    {0},
};
static const struct option common[] = {
    {"config", "FILE", "", 'c', false},
    {"json", NULL, "", 0, false},
    {0},
};
static struct args a;

/* Reads the words of a text; true when they were taken. */
static bool parse(const char *text, bool stop_at_word, struct bs_err *e)
{
    static char copy[256];
    char *argv[32];
    char *save = NULL;
    int argc = 0;

    memset(copy, 0, sizeof copy);
    memcpy(copy, text, strlen(text));
    for (char *p = strtok_r(copy, " ", &save); p; p = strtok_r(NULL, " ", &save)) {
        argv[argc++] = p;
    }
    return args_parse(&a, own, common, argc, argv, stop_at_word, e) == BS_OK;
}

static void options_and_words_may_come_in_any_order(void **state)
{
    struct bs_err e = BS_ERR_INIT;

    (void)state;
    assert_true(parse("one --dry-run two --token-file f --json -cfile three", false, &e));
    assert_int_equal(a.n_words, 3);
    assert_string_equal(a.words[0], "one");
    assert_string_equal(a.words[2], "three");
    assert_null(a.words[3]);
    assert_true(args_has(&a, "dry-run"));
    assert_true(args_has(&a, "json"));
    assert_false(args_has(&a, "worker"));
    assert_string_equal(args_value(&a, "token-file"), "f");
    assert_string_equal(args_value(&a, "config"), "file");
    assert_null(args_value(&a, "unheard-of"));
}

static void values_come_after_a_blank_or_an_equals_sign(void **state)
{
    struct bs_err e = BS_ERR_INIT;

    (void)state;
    assert_true(parse("--token-file=a=b -c x -n", false, &e));
    assert_string_equal(args_value(&a, "token-file"), "a=b");
    assert_string_equal(args_value(&a, "config"), "x");
    assert_true(args_has(&a, "dry-run"));
    assert_true(parse("--token-file - --config --json", false, &e));
    assert_string_equal(args_value(&a, "token-file"), "-");
    assert_string_equal(args_value(&a, "config"), "--json");
    assert_false(args_has(&a, "json"));
    assert_true(parse("--config a --config b", false, &e));
    assert_string_equal(args_value(&a, "config"), "b");
}

static void what_follows_two_dashes_is_a_word(void **state)
{
    struct bs_err e = BS_ERR_INIT;

    (void)state;
    assert_true(parse("--json -- --dry-run -n -", false, &e));
    assert_int_equal(a.n_words, 3);
    assert_false(args_has(&a, "dry-run"));
    assert_true(parse("-c x sync --dry-run -- y", true, &e));
    assert_int_equal(a.n_words, 4);
    assert_string_equal(a.words[1], "--dry-run");
    assert_string_equal(a.words[2], "--");
}

static const struct {
    const char *text, *says;
} wrong[] = {
    {"--dryrun", "there is no option --dryrun; did you mean --dry-run?"},
    {"--token_file=secret", "there is no option --token_file; did you mean --token-file?"},
    {"--workr", "there is no option --workr; --help lists them"},
    {"--frobnicate", "there is no option --frobnicate; --help lists them"},
    {"-x", "there is no option -x"},
    {"--json=yes", "--json takes no value"},
    {"-nx", "--dry-run takes no value"},
    {"--token-file", "--token-file needs a value: --token-file FILE"},
    {"-c", "--config needs a value"},
};

static void what_is_not_understood_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct bs_err e = BS_ERR_INIT;

        assert_false(parse(wrong[i].text, false, &e));
        assert_int_equal(e.kind, BS_K_CONFIG);
        if (!strstr(e.msg, wrong[i].says)) {
            fail_msg("%s says \"%s\"", wrong[i].text, e.msg);
        }
        assert_null(strstr(e.msg, "secret"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_words_may_come_in_any_order),
        cmocka_unit_test(values_come_after_a_blank_or_an_equals_sign),
        cmocka_unit_test(what_follows_two_dashes_is_a_word),
        cmocka_unit_test(what_is_not_understood_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
