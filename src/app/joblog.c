/* joblog.c: see joblog.h. */
#include "app/joblog.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TAG "SyncJob"
#define RULE "============================================================"
#define PROGRESS_EVERY_MS 200

static struct {
    FILE *out;
    enum log_format format;
    enum log_level min;
    bool progress, progress_shown;
    int64_t progress_ms;
    FILE *held;
    char *held_text;
    size_t held_len;
} state;

static void wipe_progress(void)
{
    if (state.progress_shown) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
        state.progress_shown = false;
    }
}

static void line(const char *fmt, ...) BS_PRINTF(1, 2);
static void line(const char *fmt, ...)
{
    struct buf b;
    va_list ap;

    wipe_progress();
    buf_init(&b, BUF_NO_LIMIT);
    va_start(ap, fmt);
    buf_addv(&b, fmt, ap);
    va_end(ap);
    log_line(LOG_INFO, TAG, "%s", b.data);
    buf_release(&b);
}

/* Rules are for eyes. */
static void rule(void)
{
    if (state.format == LOG_TEXT) {
        line("%s", RULE);
    }
}

void joblog_open(const struct conf *c, FILE *out, enum log_level least)
{
    state.out = out;
    state.format = c->log_json ? LOG_JSON : LOG_TEXT;
    state.min = (int)least > c->log_level ? least : (enum log_level)c->log_level;
    log_init(out, state.format, state.min);
}

void joblog_show_progress(bool on)
{
    state.progress = on && isatty(STDERR_FILENO) == 1;
}

void joblog_hold(void)
{
    state.held = open_memstream(&state.held_text, &state.held_len);
    if (state.held) {
        log_init(state.held, state.format, state.min);
    }
}

void joblog_release(void)
{
    if (!state.held) {
        return;
    }
    fclose(state.held);
    fwrite(state.held_text, 1, state.held_len, state.out);
    fflush(state.out);
    free(state.held_text);
    state.held = NULL;
    state.held_text = NULL;
    log_init(state.out, state.format, state.min);
}

void joblog_head(const char *trigger, int64_t now_ms)
{
    char time[CLOCK_TEXT_MAX];

    clock_iso_text(now_ms, time);
    rule();
    line("Starting %s sync job...", trigger);
    line("Time: %s", time);
    rule();
    line("Fetching active sync configurations...");
}

void joblog_found(size_t n)
{
    line("Found %zu active sync configuration(s)", n);
}

static const char *user_label(const struct conf *c, const char *slug)
{
    for (size_t i = 0; i < c->n_users; i++) {
        if (str_eq(c->users[i].slug, slug)) {
            return *c->users[i].email ? c->users[i].email : c->users[i].name;
        }
    }
    return slug;
}

void joblog_begin(const struct conf *c, const struct conf_sync *s, const char *sync_id)
{
    log_context(s->slug, NULL);
    rule();
    line("Processing config: %s (%s)", s->name, sync_id);
    line("Direction: %s", direction_name(s->rules.direction));
    line("User: %s", user_label(c, s->user));
    rule();
}

/* ---- while it runs ---- */

static void on_step(void *ctx, enum run_step step)
{
    const struct conf_sync *s = ctx;

    if (step == STEP_DECRYPT) {
        line("Decrypting access tokens...");
    } else if (step == STEP_EXECUTE) {
        line("Executing %s sync...", direction_name(s->rules.direction));
    }
}

static void on_progress(void *ctx, const char *what, int64_t done, int64_t total)
{
    int64_t now = clock_mono_ms();

    (void)ctx;
    if (!state.progress || (state.progress_shown && now - state.progress_ms < PROGRESS_EVERY_MS)) {
        return;
    }
    state.progress_ms = now;
    state.progress_shown = true;
    if (total > 0) {
        fprintf(stderr, "\r\033[K  %s: %lld of %lld (%lld %%)", what, (long long)done,
                (long long)total, (long long)(done * 100 / total));
    } else {
        fprintf(stderr, "\r\033[K  %s: %lld", what, (long long)done);
    }
    fflush(stderr);
}

static void on_note(void *ctx, const char *level, const char *text)
{
    bool info = str_eq_ci(level, "info");

    (void)ctx;
    wipe_progress();
    log_line(info ? LOG_INFO : LOG_WARN, TAG, "  %c%s: %s", toupper((unsigned char)level[0]),
             level + 1, text);
}

struct run_report joblog_report(const struct conf_sync *s)
{
    return (struct run_report){
        .ctx = (void *)s, .step = on_step, .progress = on_progress, .note = on_note};
}

/* ---- how it went ---- */

static void direction_line(const char *way, int64_t added, int64_t updated, int64_t deleted)
{
    if (deleted > 0) {
        line("  %s: %lld added, %lld updated, %lld deleted", way, (long long)added,
             (long long)updated, (long long)deleted);
    } else {
        line("  %s: %lld added, %lld updated", way, (long long)added, (long long)updated);
    }
}

static void count_lines(const struct conf_sync *s, const struct run_counts *c)
{
    enum sync_direction d = s->rules.direction;

    if (d != DIRECTION_TO_AIRTABLE || c->rows_added + c->rows_updated + c->rows_deleted > 0) {
        direction_line("Airtable → Sheets", c->rows_added, c->rows_updated, c->rows_deleted);
    }
    if (d != DIRECTION_TO_SHEETS || c->records_added + c->records_updated > 0) {
        direction_line("Sheets → Airtable", c->records_added, c->records_updated,
                       c->records_deleted);
    }
    if (c->held > 0) {
        line("  Conflicts: %lld resolved, %lld held", (long long)c->conflicts, (long long)c->held);
    } else if (d == DIRECTION_BOTH || c->conflicts > 0) {
        line("  Conflicts: %lld resolved", (long long)c->conflicts);
    }
    if (c->failed > 0) {
        line("  Failed: %lld", (long long)c->failed);
    }
    if (c->warnings > 0) {
        line("  Warnings: %lld", (long long)c->warnings);
    }
}

static void lower(const char *status, char out[16])
{
    size_t i = 0;

    for (; i < 15 && status[i]; i++) {
        out[i] = (char)tolower((unsigned char)status[i]);
    }
    out[i] = '\0';
}

static const struct {
    const char *status, *mark, *outcome, *listed;
    enum log_level level;
} outcomes[] = {
    {"SUCCESS", "✓", "Sync completed successfully", "Synced successfully", LOG_INFO},
    {"PARTIAL", "⚠", "Sync completed with errors", "Synced with errors", LOG_WARN},
    {"FAILED", "✗", "Sync failed", "Failed", LOG_ERROR},
    {"SKIPPED", "-", "Sync skipped", "Skipped", LOG_WARN},
};

static size_t outcome_of(const char *status)
{
    size_t i = 0;

    while (i < 3 && !str_eq(outcomes[i].status, status)) {
        i++;
    }
    return i;
}

void joblog_end(const struct conf_sync *s, const struct run_result *r, bool dry_run)
{
    size_t o = outcome_of(r->status);
    char word[16];

    log_context(s->slug, r->run_id);
    wipe_progress();
    lower(r->status, word);
    if (r->err.rc != BS_OK) {
        log_line(outcomes[o].level, TAG, "%s %s: %s", outcomes[o].mark, outcomes[o].outcome,
                 r->err.msg);
    } else {
        log_line(outcomes[o].level, TAG, "%s %s", outcomes[o].mark,
                 dry_run ? "Dry run completed; nothing was changed" : outcomes[o].outcome);
    }
    line("  Status: %s", word);
    if (!str_eq(r->status, "SKIPPED")) {
        count_lines(s, &r->counts);
    }
    line("  Duration: %lldms", (long long)r->duration_ms);
    if (!dry_run && !str_eq(r->status, "SKIPPED")) {
        line("Updating sync metadata...");
        line("✓ Sync metadata updated");
    }
    log_context(NULL, NULL);
}

void joblog_summary(const struct joblog_item *items, size_t n, int64_t duration_ms)
{
    size_t counts[4] = {0};

    for (size_t i = 0; i < n; i++) {
        counts[outcome_of(items[i].status)]++;
    }
    rule();
    line("Job Summary:");
    line("  Total Processed: %zu", n);
    line("  Successful: %zu", counts[0] + counts[1]);
    line("  Failed: %zu", counts[2]);
    line("  Skipped: %zu", counts[3]);
    line("  Duration: %lldms", (long long)duration_ms);
    if (n > 0) {
        line("Detailed Results:");
    }
    for (size_t i = 0; i < n; i++) {
        size_t o = outcome_of(items[i].status);
        bool why = items[i].error && *items[i].error;
        char word[16];

        lower(items[i].status, word);
        line("  %zu. %s %s - %s%s%s (%s) (%lldms)", i + 1, outcomes[o].mark, items[i].name,
             outcomes[o].listed, why ? ": " : "", why ? items[i].error : "", word,
             (long long)items[i].duration_ms);
    }
    rule();
}
