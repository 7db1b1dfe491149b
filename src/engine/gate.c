/*
 * gate.c: the version that Drive counts for a spreadsheet, as a gate before a large tab
 * (`drive_gate`). Where the feed names nothing and nothing waits, one small question to Drive
 * stands for the reading of the tab, as long as the answer is the version that Drive told before
 * the last look that found nothing to do. Drive takes minutes to notice an edit, which is then seen
 * that much later; what it does not notice, the next full scan finds.
 *
 * The version is asked for before the look, never after: an edit between the two would be in the
 * version and not in the look. It is kept only after such a look and forgotten before the next one,
 * so that whatever ends a run otherwise leaves no gate behind.
 */
#include "base/clock.h"
#include "base/str.h"
#include "engine/connect_p.h"
#include "engine/run_p.h"
#include "engine/shared_p.h"

#include <stdio.h>
#include <string.h>

#define FACT_VERSION "driveVersion"
#define FACT_REFUSED "driveRefused" /* until when, and why */
#define REFUSED_MS ((int64_t)24 * 60 * 60 * 1000)

static enum bs_rc is_refused(struct run *r, bool *refused, const char **why, struct bs_err *e)
{
    const char *text = NULL, *space;
    char until[24];
    int64_t ms = 0, now = clock_wall_ms();

    *refused = false;
    *why = "";
    if (syncs_fact_get(r->env->store, r->sc->id, FACT_REFUSED, r->arena, &text, e) != BS_OK ||
        text == NULL) {
        return e->rc;
    }
    space = strchr(text, ' ');
    if (space != NULL && (size_t)(space - text) < sizeof until) {
        memcpy(until, text, (size_t)(space - text));
        until[space - text] = '\0';
        *why = space + 1;
        *refused = str_to_i64(until, 0, INT64_MAX, &ms) && ms > now && ms <= now + REFUSED_MS;
    }
    return BS_OK;
}

/* Said once, and tried again after a day. */
static enum bs_rc note_refusal(struct run *r, const char *said, const struct bs_err *why,
                               struct bs_err *e)
{
    struct buf b;

    if (!str_eq(said, why->msg)) {
        run_issue(r, ISSUE_INFO, why->kind, NULL, 0, SYNC_NONE,
                  "drive_gate cannot be used, so each run reads the tab until it can: %s (it needs "
                  "the scope drive.metadata.readonly, and the Drive API in the Google project)",
                  why->msg);
    }
    buf_init(&b, BUF_NO_LIMIT);
    buf_addf(&b, "%lld %s", (long long)(clock_wall_ms() + REFUSED_MS), why->msg);
    bs_seen(syncs_fact_set(r->env->store, r->sc->id, FACT_REFUSED, b.data, e));
    buf_release(&b);
    return e->rc;
}

/* A service account's token from before may lack the scope: another one is made once. */
static enum bs_rc ask(struct run *r, char version[32], struct bs_err *e)
{
    const char *known = shared_drive_version(r);
    int64_t modified_ms;

    if (known != NULL && str_copy(version, 32, known)) {
        return BS_OK;
    }
    if (sheets_drive_version(r->sh, version, &modified_ms, e) != BS_OK &&
        e->kind == BS_K_PERMISSION && run_renew_google(r)) {
        bs_err_clear(e);
        bs_seen(sheets_drive_version(r->sh, version, &modified_ms, e));
    }
    if (e->rc == BS_OK && version[0] == '\0') {
        return bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE, "Google Drive told no version");
    }
    if (e->rc == BS_OK) {
        shared_keep_version(r, version);
    }
    return e->rc;
}

static bool is_about_drive(const struct bs_err *e)
{
    return e->kind == BS_K_PERMISSION || e->kind == BS_K_SCHEMA || e->kind == BS_K_VALIDATION ||
           e->kind == BS_K_REMOTE;
}

/* Does the feed ask for anything? What an earlier run has left undone has left no version. */
static bool nothing_is_named(const struct run *r)
{
    const struct run_feed *f = &r->feed;

    for (size_t i = 0; i < f->n_names; i++) {
        if (!run_feed_is_echo(&f->names[i])) {
            return false;
        }
    }
    return f->hook_id != NULL;
}

enum bs_rc run_gate(struct run *r, bool *shut, struct bs_err *e)
{
    const char *seen = NULL, *said = "";
    struct bs_err why = BS_ERR_INIT;
    char version[32] = "";
    bool refused = false;

    *shut = false;
    if (!r->cs->drive_gate || r->opt->dry_run || !nothing_is_named(r)) {
        return BS_OK;
    }
    if (is_refused(r, &refused, &said, e) != BS_OK || refused ||
        syncs_fact_get(r->env->store, r->sc->id, FACT_VERSION, r->arena, &seen, e) != BS_OK) {
        return e->rc;
    }
    if (ask(r, version, &why) != BS_OK) {
        if (why.rc == BS_STOP_ALL) {
            *e = why;
            return e->rc;
        }
        return is_about_drive(&why) ? note_refusal(r, said, &why, e) : BS_OK;
    }
    if (said[0] != '\0' &&
        syncs_fact_set(r->env->store, r->sc->id, FACT_REFUSED, NULL, e) != BS_OK) {
        return e->rc;
    }
    r->drive_version = arena_strdup(r->arena, version);
    *shut = seen != NULL && str_eq(seen, version);
    return BS_OK;
}

enum bs_rc run_gate_forget(struct run *r, struct bs_err *e)
{
    return r->opt->dry_run || !r->cs->drive_gate
               ? BS_OK
               : syncs_fact_set(r->env->store, r->sc->id, FACT_VERSION, NULL, e);
}

enum bs_rc run_gate_close(struct run *r, struct bs_err *e)
{
    bool clean = r->drive_version != NULL && r->feed.delta && !run_is_anything_new(r) &&
                 !run_wrote(r->gs_caller) && !run_wrote(r->at_caller);

    for (size_t i = 0; i < r->state.n_rows && clean; i++) {
        clean = r->row_load[i] == 0;
    }
    return clean ? syncs_fact_set(r->env->store, r->sc->id, FACT_VERSION, r->drive_version, e)
                 : BS_OK;
}
