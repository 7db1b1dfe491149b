/* t_describe.c: the database in words: what it has, in order, with the comments of the scripts. */
#include "base/buf.h"
#include "base/mdoc.h"
#include "store/describe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void add_table(void *ctx, const char *name, bool is_view, const char *note)
{
    buf_addf(ctx, "%s %s: %s\n", is_view ? "view" : "table", name, note);
}

static void add_column(void *ctx, const char *name, const char *type, bool required,
                       const char *note)
{
    buf_addf(ctx, "  %s %s%s: %s\n", name, type, required ? "!" : "", note);
}

static void describe(struct buf *out)
{
    const struct store_visitor v = {add_table, add_column, out};
    struct bs_err e = BS_ERR_INIT;

    buf_init(out, BUF_NO_LIMIT);
    assert_int_equal(store_describe(&v, &e), BS_OK);
}

static void says(const struct buf *b, const char *line)
{
    if (!strstr(b->data, line)) {
        fail_msg("it does not say: %s\n%s", line, b->data);
    }
}

static void tables_come_with_their_notes(void **state)
{
    struct buf b;

    (void)state;
    describe(&b);
    says(&b, "table SyncLog: One row for each run. status is NULL while the run goes on. "
             "recordsSynced = rows and records added, updated and deleted, on both sides.\n");
    says(&b, "  rowsAdded INTEGER!: rows: in the sheet\n");
    says(&b, "  completedAt TEXT: \n");
    says(&b, "  id TEXT!: \n");
    buf_release(&b);
}

static void later_scripts_add_columns_and_make_tables_anew(void **state)
{
    struct buf b;

    (void)state;
    describe(&b);
    says(&b, "  refreshExpiry TEXT: When the refresh token of a sign-in by OAuth lapses; NULL: not "
             "known, or never.\n");
    says(&b, "table NotifyState: What each way of [notify] has told of a sync's trouble");
    says(&b, "  about TEXT!: lastErrorType as it was told\n");
    buf_release(&b);
}

static void views_follow_the_tables(void **state)
{
    struct buf b;
    const char *view;

    (void)state;
    describe(&b);
    says(&b, "view v_open_conflicts: Cells that wait for a person.\n");
    view = strstr(b.data, "\nview ");
    assert_non_null(view);
    assert_null(strstr(view, "\ntable "));
    assert_non_null(strstr(view, "  firstError : \n"));
    buf_release(&b);
}

static void mdoc(const char *text, const char *want, void (*add)(struct buf *, const char *))
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    add(&b, text);
    assert_string_equal(b.data, want);
    buf_release(&b);
}

static void text_of_a_page_means_itself(void **state)
{
    (void)state;
    mdoc(".5 a\\b --x `run`", "\\&.5 a\\eb \\-\\-x \\(dqrun\\(dq", mdoc_text);
    mdoc("One. 'Two'. three", "One.\n\\&'Two'.\nthree", mdoc_text);
    mdoc("a \"b\" [c]", "\"a \\(dqb\\(dq [c]\\&\"", mdoc_words);
    mdoc("0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 x",
         "0123456789 0123456789 0123456789 0123456789 0123456789 0123456789\n0123456789 x",
         mdoc_text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_come_with_their_notes),
        cmocka_unit_test(later_scripts_add_columns_and_make_tables_anew),
        cmocka_unit_test(views_follow_the_tables),
        cmocka_unit_test(text_of_a_page_means_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
