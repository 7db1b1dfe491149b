/*
 * issues.c: what a run has to say besides its changes: kept in order, each once, bounded, and
 * written into SyncLog.errors as JSON objects (phase, type, message, recordId, rowNumber, field).
 */
#include "base/jsonw.h"
#include "base/log.h"
#include "base/str.h"
#include "engine/run_p.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *level_name(enum issue_level l)
{
    static const char *const names[] = {
        [ISSUE_INFO] = "info", [ISSUE_WARNING] = "warning", [ISSUE_CONFLICT] = "conflict",
        [ISSUE_HELD] = "held", [ISSUE_ERROR] = "error",
    };
    return names[l];
}

static bool known(const struct run *r, const struct sync_issue *x)
{
    for (size_t i = 0; i < r->n_issues; i++) {
        const struct sync_issue *y = &r->issues[i];

        if (x->row == y->row && x->field == y->field && x->level == y->level &&
            str_eq(x->record_id, y->record_id) && str_eq(x->message, y->message)) {
            return true;
        }
    }
    return false;
}

static void count(struct run *r, enum issue_level level)
{
    r->counts.warnings += level == ISSUE_WARNING;
    r->counts.conflicts += level == ISSUE_CONFLICT;
    r->counts.held += level == ISSUE_HELD;
}

static void add(struct run *r, const struct sync_issue *x)
{
    if (known(r, x)) {
        return;
    }
    count(r, x->level);
    if (r->n_issues == RUN_ISSUES_MAX) {
        r->issues_dropped++;
        return;
    }
    if (r->n_issues == r->cap_issues) {
        size_t cap = r->cap_issues * 2 + 32;
        struct sync_issue *list = arena_alloc_n(r->arena, cap, sizeof *list);

        if (r->n_issues > 0) {
            memcpy(list, r->issues, r->n_issues * sizeof *list);
        }
        r->issues = list;
        r->cap_issues = cap;
    }
    r->issues[r->n_issues++] = *x;
    if (r->env->report->note != NULL) {
        r->env->report->note(r->env->report->ctx, level_name(x->level), x->message);
    }
}

void run_issue(struct run *r, enum issue_level level, enum bs_kind kind, const char *record_id,
               uint32_t row, uint32_t field, const char *fmt, ...)
{
    char text[BS_ERR_MSG_MAX];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    log_redact(text);
    struct sync_issue x = {
        .level = level,
        .kind = kind,
        .record_id = record_id == NULL ? NULL : arena_strdup(r->arena, record_id),
        .row = row,
        .field = field,
        .message = arena_strdup(r->arena, text),
    };
    add(r, &x);
}

void run_forget_issues(struct run *r)
{
    r->n_issues = r->issues_dropped = 0;
    r->counts.warnings = r->counts.conflicts = r->counts.held = 0;
}

void run_take_issues(struct run *r, const struct plan *plan)
{
    for (size_t i = 0; i < plan->n_issues; i++) {
        add(r, &plan->issues[i]);
    }
}

static void print_issue(struct run *r, struct jsonw *w, const struct sync_issue *x)
{
    jsonw_object(w);
    jsonw_member(w, "level", level_name(x->level));
    jsonw_member(w, "phase", x->kind == BS_K_SCHEMA ? "schema" : "sync");
    jsonw_member(w, "type", bs_kind_name(x->kind));
    jsonw_member(w, "message", x->message);
    if (x->record_id != NULL) {
        jsonw_member(w, "recordId", x->record_id);
    }
    if (x->row != 0) {
        jsonw_member_int(w, "rowNumber", x->row);
    }
    if (x->field != SYNC_NONE && x->field < r->n_fields) {
        jsonw_member(w, "field", r->fields[x->field].field->name);
    }
    jsonw_end_object(w);
}

static void print_final(struct jsonw *w, const struct bs_err *final)
{
    jsonw_object(w);
    jsonw_member(w, "level", "error");
    jsonw_member(w, "phase", "run");
    jsonw_member(w, "type", bs_kind_name(final->kind));
    jsonw_member(w, "message", final->msg);
    if (final->http != 0) {
        jsonw_member_int(w, "httpStatus", final->http);
    }
    if (final->code[0] != '\0') {
        jsonw_member(w, "code", final->code);
    }
    jsonw_end_object(w);
}

char *run_errors_json(struct run *r, const struct bs_err *final)
{
    struct buf b;
    struct jsonw w;

    if (r->n_issues == 0 && final->rc == BS_OK) {
        return NULL;
    }
    buf_init(&b, BUF_NO_LIMIT);
    jsonw_init(&w, &b);
    jsonw_array(&w);
    if (final->rc != BS_OK) {
        print_final(&w, final);
    }
    for (size_t i = 0; i < r->n_issues; i++) {
        print_issue(r, &w, &r->issues[i]);
    }
    if (r->issues_dropped > 0) {
        jsonw_object(&w);
        jsonw_member(&w, "level", "info");
        jsonw_member_int(&w, "moreNotKept", (int64_t)r->issues_dropped);
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    return buf_take(&b);
}
