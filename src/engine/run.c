/*
 * run.c: one run of one sync in order, and its closing whatever happened.
 */
#include "engine/run.h"

#include "base/clock.h"
#include "base/fail.h"
#include "base/log.h"
#include "base/os.h"
#include "base/str.h"
#include "engine/apply_p.h"
#include "engine/connect_p.h"
#include "engine/run_p.h"
#include "engine/shared_p.h"
#include "engine/zoneload.h"
#include "store/lease.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ_TRIES 4 /* rows that move while they are read lead to reading again */
#define PASSES 2     /* computed values of other records may change by our writes */
#define BUSY_POLL_MS 1000

/* Each step is told once, also when a run begins anew as a full one. */
static void step(struct run *r, enum run_step s)
{
    bool told = (r->steps_told & 1U << s) != 0;

    r->steps_told |= 1U << s;
    if (r->env->report->step != NULL && !told) {
        r->env->report->step(r->env->report->ctx, s);
    }
}

/* ---- reading both sides ---- */

static enum bs_rc load_zone(struct run *r, struct bs_err *e)
{
    zone_free(r->zone);
    r->zone = NULL;
    if (zone_load(r->env->conf->zoneinfo, r->meta->time_zone, &r->zone, e) != BS_OK) {
        return e->rc;
    }
    r->convert.zone = r->zone;
    return BS_OK;
}

/* Two services do not wait for each other: what Airtable is asked while an answer of Google's is on
 * its way. */
typedef enum bs_rc run_work(struct run *r, struct bs_err *e);

struct beside {
    struct run *r;
    run_work *airtable;
    bool done;
    struct bs_err e;
};

static void do_airtable(void *ctx)
{
    struct beside *b = ctx;

    b->done = true;
    bs_seen(b->airtable(b->r, &b->e));
}

/* Both, as far as google asks Google at all; else one after the other. Fails with Airtable's error;
 * Google's is in *why. */
static enum bs_rc side_by_side(struct run *r, run_work *google, run_work *airtable,
                               struct bs_err *why, struct bs_err *e)
{
    struct beside b = {.r = r, .airtable = airtable, .e = BS_ERR_INIT};

    caller_meanwhile(r->gs_caller, do_airtable, &b);
    bs_seen(google(r, why));
    caller_meanwhile(r->gs_caller, NULL, NULL);
    if (!b.done) {
        do_airtable(&b);
    }
    *e = b.e;
    return e->rc;
}

static enum bs_rc ask_schema(struct run *r, struct bs_err *e)
{
    const char **text = r->env->conf->change_feed ? &r->feed.schema_text : NULL;

    return airtable_schema(r->at, r->arena, &r->schema, text, e);
}

/* A full run asks the feed before it reads the schema: what changes from then on is named in the
 * next run. */
static enum bs_rc ask_feed_and_schema(struct run *r, struct bs_err *e)
{
    return run_feed_start(r, e) != BS_OK ? e->rc : ask_schema(r, e);
}

static enum bs_rc ask_meta(struct run *r, struct bs_err *e)
{
    return sheets_meta(r->sh, r->arena, &r->meta, e);
}

/* feed: it has not been asked yet. */
static enum bs_rc ask_schemas(struct run *r, bool feed, struct bs_err *e)
{
    struct bs_err why = BS_ERR_INIT;

    if (side_by_side(r, ask_meta, feed ? ask_feed_and_schema : ask_schema, &why, e) == BS_OK) {
        *e = why;
    }
    return e->rc;
}

static enum bs_rc read_schemas(struct run *r, bool feed, struct bs_err *e)
{
    enum bs_rc rc;

    step(r, STEP_SCHEMA);
    rc = r->feed.delta ? run_feed_recall(r, e) : ask_schemas(r, feed, e);
    if (rc != BS_OK || load_zone(r, e) != BS_OK) {
        return e->rc;
    }
    return run_find_target(r, e);
}

/* Both structures, and what is stored brought into line with them. */
static enum bs_rc get_ready(struct run *r, bool feed, struct bs_err *e)
{
    if (read_schemas(r, feed, e) != BS_OK) {
        return e->rc;
    }
    step(r, STEP_EXECUTE);
    if (!r->opt->dry_run && r->start_over && state_clear(r->env->store, r->sc->id, e) != BS_OK) {
        return e->rc;
    }
    if (r->opt->dry_run) {
        return BS_OK;
    }
    return state_set_fields(r->env->store, r->sc->id, r->state_keys, r->n_fields, e);
}

static enum bs_rc read_sides(struct run *r, struct bs_err *e)
{
    bool ahead = r->sheet_ahead;

    r->sheet_ahead = false;
    r->state.n_records = 0;
    if (!ahead && run_read_sheet(r, e) != BS_OK) {
        return run_doubt_drift(r, e);
    }
    if (run_doubt_sheet(r, e) != BS_OK || run_recover_rows(r, e) != BS_OK ||
        (r->feed.delta ? run_read_delta(r, e) : run_read_airtable(r, e)) != BS_OK ||
        run_read_grid(r, e) != BS_OK || (r->feed.delta && run_feed_check_choices(r, e) != BS_OK)) {
        return e->rc;
    }
    return run_recover(r, e);
}

static enum bs_rc read_all(struct run *r, struct bs_err *e)
{
    enum bs_rc rc = BS_OK;

    for (int try = 0; try < READ_TRIES; try++) {
        bs_err_clear(e);
        rc = read_sides(r, e);
        if (rc != BS_RETRY || e->kind == BS_K_NETWORK || e->kind == BS_K_RATE_LIMIT) {
            return rc;
        }
    }
    return rc;
}

/* A delta knows how to read the sheet, and needs its fields to understand what the feed says. What
 * the feed says may make it a full run, which looks again at all. */
static enum bs_rc ask_feed_and_sheet(struct run *r, struct bs_err *e)
{
    struct bs_err why = BS_ERR_INIT;

    if (side_by_side(r, run_read_sheet, run_feed_start, &why, e) != BS_OK) {
        return e->rc;
    }
    if (r->feed.delta) {
        *e = why;
        r->sheet_ahead = e->rc == BS_OK;
        return e->rc;
    }
    r->feed.tab_assumed = false;
    run_forget_issues(r);
    return get_ready(r, false, e);
}

/* The version that Drive tells may stand for the sheet, when the feed names nothing. */
static enum bs_rc ask_feed_and_gate(struct run *r, struct bs_err *e)
{
    if (run_feed_start(r, e) != BS_OK || r->feed.delta) {
        return e->rc != BS_OK ? e->rc : run_gate(r, &r->shut, e);
    }
    r->feed.tab_assumed = false;
    return get_ready(r, false, e);
}

/* A delta reads what the feed and the sheet name; it becomes a full run when that cannot be
 * trusted. Nothing has been written until then. */
static enum bs_rc get_all(struct run *r, struct bs_err *e)
{
    bool asked = false;

    do {
        bool delta = r->feed.delta;

        if (get_ready(r, !asked, e) == BS_OK && delta && !asked) {
            bs_seen(r->cs->drive_gate ? ask_feed_and_gate(r, e) : ask_feed_and_sheet(r, e));
            asked = true;
        }
        asked = asked || !delta;
        if (e->rc == BS_OK && !r->shut && run_gate_forget(r, e) == BS_OK) {
            bs_seen(read_all(r, e));
        }
    } while (e->rc != BS_OK && run_feed_drop(r, e));
    run_feed_tell(r);
    return e->rc;
}

/* ---- planning ---- */

static enum bs_rc check_strict(const struct run *r, const struct plan *plan, struct bs_err *e)
{
    for (size_t i = 0; r->rules.strict && i < plan->n_issues; i++) {
        const struct sync_issue *x = &plan->issues[i];

        if (x->level == ISSUE_ERROR) {
            return bs_fail(e, BS_STOP_SYNC, BS_K_GUARD,
                           "validation=strict stopped the run before its first write: %s",
                           x->message);
        }
    }
    return BS_OK;
}

static enum bs_rc check_guards(const struct run *r, const struct plan *plan, struct bs_err *e)
{
    struct guard_allow allow = {
        .first_sync = r->opt->first_sync || r->opt->rebuild_ids,
        .deletes = r->opt->allow_delete,
        .all_changed = r->opt->allow_all_changed,
    };

    if (check_strict(r, plan, e) != BS_OK) {
        return e->rc;
    }
    return guard_check(&r->state, plan, &allow, e);
}

void run_show_plan(struct run *r, const struct plan *plan)
{
    struct buf b;

    if (r->env->report->plan == NULL) {
        return;
    }
    buf_init(&b, BUF_NO_LIMIT);
    if (r->opt->json) {
        plan_print_json(&r->state, plan, &b);
    } else {
        plan_print(&r->state, plan, 0, &b);
    }
    r->env->report->plan(r->env->report->ctx, b.data);
    buf_release(&b);
}

static void count_plan(struct run *r, const struct plan *plan)
{
    r->counts.rows_added = (int64_t)plan->counts.rows_added;
    r->counts.rows_updated = (int64_t)plan->counts.rows_updated;
    r->counts.rows_deleted = (int64_t)plan->counts.rows_deleted;
    r->counts.records_added = (int64_t)plan->counts.records_added;
    r->counts.records_updated = (int64_t)plan->counts.records_updated;
    r->counts.records_deleted = (int64_t)plan->counts.records_deleted;
}

static enum bs_rc dry_run(struct run *r, struct plan *plan, struct bs_err *e)
{
    run_list_links(r, plan);
    if (run_list_setup(r, plan, e) != BS_OK) {
        return e->rc;
    }
    run_take_issues(r, plan);
    run_show_plan(r, plan);
    count_plan(r, plan);
    return check_guards(r, plan, e);
}

/* ---- applying ---- */

/* Does a write to one record show in others? Computed values do, and so do links within one table:
 * their other ends, and the names they are shown by. */
static bool shows_elsewhere(const struct run *r, const struct field *f)
{
    return field_crosses_records(f) ||
           (f->type == FIELD_LINKS && str_eq(f->linked_table, r->table->id));
}

/* What our writes may have changed beyond the records written, choices among it, is looked at once
 * more in the same run. */
static bool needs_second_pass(const struct run *r)
{
    if (!r->wrote_airtable) {
        return false;
    }
    for (size_t i = 0; i < r->n_fields; i++) {
        if (r->fields[i].to_sheet && shows_elsewhere(r, r->fields[i].field)) {
            return true;
        }
    }
    return r->made_choices;
}

static enum bs_rc prepare_second_pass(struct run *r, struct bs_err *e)
{
    if ((r->made_choices &&
         airtable_schema(r->at, r->arena, &r->schema, &r->feed.schema_text, e) != BS_OK) ||
        sheets_meta(r->sh, r->arena, &r->meta, e) != BS_OK) {
        return e->rc;
    }
    r->made_choices = r->feed.tab_assumed = false;
    return run_find_target(r, e);
}

/* *again: what our writes have changed elsewhere is still to be looked at. */
static enum bs_rc second_pass(struct run *r, bool *again, struct bs_err *e)
{
    bool any = true;

    *again = needs_second_pass(r);
    if (*again && r->feed.delta && run_feed_again(r, &any, e) != BS_OK) {
        return e->rc;
    }
    *again = *again && (any || r->made_choices);
    return *again ? prepare_second_pass(r, e) : BS_OK;
}

static enum bs_rc hold_conflicts(struct run *r, const struct plan *plan, struct bs_err *e)
{
    struct conflict *list = arena_alloc_n(r->arena, plan->n_issues + 1, sizeof *list);
    size_t n = 0;

    for (size_t i = 0; i < plan->n_issues; i++) {
        const struct sync_issue *x = &plan->issues[i];

        if (x->level != ISSUE_HELD || x->field == SYNC_NONE) {
            continue;
        }
        list[n].sync_id = r->sc->id;
        list[n].sync_slug = r->cs->slug;
        list[n].record_id = x->record_id;
        list[n].row = x->row;
        list[n].field_id = r->fields[x->field].field->id;
        list[n].field_name = r->fields[x->field].field->name;
        run_held_texts(r, x, &list[n]);
        n++;
    }
    return conflicts_replace(r->env->store, r->sc->id, list, n, clock_wall_ms(), e);
}

static bool writes_airtable(const struct plan *plan)
{
    const struct plan_counts *c = &plan->counts;

    return c->records_added + c->records_updated + c->records_deleted > 0;
}

static enum bs_rc one_pass(struct run *r, bool first, struct bs_err *e)
{
    if ((first ? get_all(r, e) : read_all(r, e)) != BS_OK || r->shut ||
        run_apply_choices(r, e) != BS_OK) {
        return e->rc;
    }
    struct plan *plan = plan_make(&r->state);

    if (r->opt->dry_run) {
        return dry_run(r, plan, e);
    }
    run_take_issues(r, plan);
    if (first && check_guards(r, plan, e) != BS_OK) {
        return e->rc;
    }
    r->start_over = false;
    if (run_store_target(r, false, e) != BS_OK || run_settle(r, plan, e) != BS_OK) {
        return e->rc;
    }
    FAIL_POINT("run.planned");
    if (run_apply_airtable(r, plan, e) != BS_OK) {
        return e->rc;
    }
    /* Without a write to Airtable nothing has changed that a second plan could see. */
    bool again = writes_airtable(plan);

    if (again) {
        plan = plan_make(&r->state);
        run_take_issues(r, plan);
    }
    if (hold_conflicts(r, plan, e) != BS_OK || (again && run_settle(r, plan, e) != BS_OK) ||
        run_apply_sheet(r, plan, e) != BS_OK) {
        return e->rc;
    }
    FAIL_POINT("run.applied");
    if (run_close_pairs(r, plan, e) != BS_OK || run_close_deletes(r, e) != BS_OK) {
        return e->rc;
    }
    run_feed_note_pending(r);
    return BS_OK;
}

static enum bs_rc execute(struct run *r, struct bs_err *e)
{
    bool again = true;

    step(r, STEP_DECRYPT);
    if (run_connect(r, e) != BS_OK || run_feed_open(r, e) != BS_OK) {
        return e->rc;
    }
    if (r->opt->undo_log != NULL) {
        r->load_all = true;
        return get_all(r, e) != BS_OK ? e->rc : run_undo(r, e);
    }
    for (int pass = 0; pass < PASSES && again; pass++) {
        r->wrote_airtable = false;
        if (one_pass(r, pass == 0, e) != BS_OK) {
            return e->rc;
        }
        again = !r->opt->dry_run && pass + 1 < PASSES;
        if (again && second_pass(r, &again, e) != BS_OK) {
            return e->rc;
        }
    }
    if (r->opt->dry_run ||
        (!r->shut && (run_store_target(r, true, e) != BS_OK || run_gate_close(r, e) != BS_OK))) {
        return e->rc;
    }
    FAIL_POINT("run.closing");
    return run_feed_close(r, e);
}

/* ---- opening and closing ---- */

static void run_init(struct run *r, const struct run_env *env, const struct conf_sync *cs,
                     const struct sync_config *sc, const struct run_options *o)
{
    *r = (struct run){.env = env, .cs = cs, .sc = sc, .opt = o};
    r->arena = arena_new();
    r->links = links_new();
    r->rules = cs->rules;
    r->rules.first_sync = r->rules.first_sync || o->first_sync;
    r->convert.links = r->links;
    r->convert.create_choices = cs->rules.create_choices;
    r->convert.create_links = cs->rules.create_missing_linked_records;
    r->state.arena = r->arena;
    r->state.rules = &r->rules;
    r->state.convert = &r->convert;
    r->started_wall = clock_wall_ms();
    r->started_mono = clock_mono_ms();
}

static void run_release(struct run *r)
{
    run_disconnect(r);
    run_feed_release(r);
    links_free(r->links);
    zone_free(r->zone);
    strmap_free(r->pair_by_id);
    strmap_free(r->record_by_id);
    strmap_free(r->row_by_id);
    arena_free(r->arena);
}

static const char *status_of(const struct run *r, const struct bs_err *e)
{
    bool wrote = r->counts.rows_added + r->counts.rows_updated + r->counts.rows_deleted +
                     r->counts.records_added + r->counts.records_updated +
                     r->counts.records_deleted >
                 0;

    if (e->rc == BS_OK) {
        return r->counts.failed > 0 ? "PARTIAL" : "SUCCESS";
    }
    if (e->kind == BS_K_BUSY || e->kind == BS_K_CONFIG) {
        return "SKIPPED";
    }
    return wrote && !r->opt->dry_run ? "PARTIAL" : "FAILED";
}

static int exit_code_of(const struct run *r, const struct run_result *out)
{
    if (out->err.rc != BS_OK) {
        return bs_kind_exit(out->err.kind);
    }
    if (r->counts.failed > 0) {
        return 3;
    }
    return r->counts.held > 0 ? 4 : 0;
}

/* What a run with failed items says of itself. */
static void first_failure(const struct run *r, struct bs_err *why)
{
    const struct sync_issue *first = NULL;

    for (size_t i = 0; i < r->n_issues && first == NULL; i++) {
        first = r->issues[i].level == ISSUE_ERROR ? &r->issues[i] : NULL;
    }
    bs_fail(why, BS_SKIP, first != NULL ? first->kind : BS_K_VALIDATION, "%lld failed; first: %s",
            (long long)r->counts.failed, first != NULL ? first->message : "see the run's errors");
}

static enum bs_rc close_metadata(struct run *r, struct run_result *out, struct bs_err *e)
{
    const char *word = str_eq(out->status, "SUCCESS")   ? "success"
                       : str_eq(out->status, "PARTIAL") ? "partial"
                       : str_eq(out->status, "FAILED")  ? "failed"
                                                        : NULL;
    struct bs_err why = out->err;

    step(r, STEP_METADATA);
    /* A run that found the sync busy says nothing about it; the run that is on will. */
    if (r->opt->dry_run || r->opt->undo_log != NULL || why.kind == BS_K_BUSY) {
        return BS_OK;
    }
    if (why.rc == BS_OK && r->counts.failed > 0) {
        first_failure(r, &why);
    }
    return syncs_set_outcome(r->env->store, r->sc->id, word, why.kind,
                             why.rc != BS_OK ? why.msg : NULL, clock_wall_ms(), e);
}

static enum bs_rc close_run(struct run *r, struct run_result *out, struct bs_err *e)
{
    char *errors;

    log_redact(out->err.msg);
    out->status = status_of(r, &out->err);
    run_count_calls(r);
    out->counts = r->counts;
    out->duration_ms = clock_mono_ms() - r->started_mono;
    out->exit_code = exit_code_of(r, out);
    errors = run_errors_json(r, &out->err);
    bs_seen(runlog_finish(r->env->store, r->run_id, out->status, &r->counts, errors,
                          clock_wall_ms(), out->duration_ms, r->opt->dry_run, e));
    free(errors);
    return e->rc != BS_OK ? e->rc : close_metadata(r, out, e);
}

static enum bs_rc take_leases(struct run *r, const char *const *names, size_t n, struct bs_err *e)
{
    enum bs_rc rc;

    for (;;) {
        bs_err_clear(e);
        rc = lease_take(r->env->store, names, n, clock_wall_ms(), e);
        if (rc == BS_OK) {
            shared_taken(r->env->shared);
        } else { /* who is waited for may be waiting for what is kept from the last run */
            shared_let_go(r->env->shared, r->env->store);
        }
        if (rc != BS_RETRY || !r->opt->wait || os_stop_requested()) {
            return rc;
        }
        os_wait(BUSY_POLL_MS, -1);
    }
}

static enum bs_rc start_log(struct run *r, struct run_result *out, struct bs_err *e)
{
    if (runlog_start(r->env->store, r->sc->id, r->opt->trigger, direction_name(r->rules.direction),
                     r->started_wall, r->arena, &r->run_id, e) != BS_OK) {
        return e->rc;
    }
    (void)str_copy(out->run_id, sizeof out->run_id, r->run_id);
    return BS_OK;
}

enum bs_rc run_sync(const struct run_env *env, const struct conf_sync *cs,
                    const struct sync_config *sc, const struct run_options *o,
                    struct run_result *out, struct bs_err *e)
{
    struct run r;
    char base[80], sheet[160];
    const char *leases[2] = {base, sheet};
    bool leased = false;

    memset(out, 0, sizeof *out);
    bs_err_clear(&out->err);
    run_init(&r, env, cs, sc, o);
    snprintf(base, sizeof base, "base:%s", cs->base);
    snprintf(sheet, sizeof sheet, "sheet:%s", cs->spreadsheet);
    leased = take_leases(&r, leases, 2, &out->err) == BS_OK;
    if (leased) {
        (void)runlog_abandon(env->store, sc->id,
                             "the run ended without a word: its process was killed or the machine "
                             "lost power; this run went on from there",
                             clock_wall_ms(), e);
    }
    if (e->rc == BS_OK && start_log(&r, out, e) == BS_OK) {
        if (leased && execute(&r, &out->err) != BS_OK) {
            (void)run_feed_failed(&r, &out->err, e);
        }
        (void)close_run(&r, out, e);
    }
    if (leased) {
        shared_pass_on(&r, leases, 2);
    }
    run_release(&r);
    return e->rc;
}
