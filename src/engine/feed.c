/* feed.c: see feed.h: whether a run may be a delta, and what the next one may take as known. */
#include "base/clock.h"
#include "base/str.h"
#include "base/version.h"
#include "engine/run_p.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX ((size_t)2 << 20) /* of what is kept of either side's structure */
#define PENDING_UNPAIRED_MAX 200   /* records without a row that are looked at in each run */

/* ---- settings ---- */

static void add_text(struct buf *b, const char *text)
{
    buf_addf(b, "%zu:%s;", text == NULL ? 0 : strlen(text), text == NULL ? "" : text);
}

/* Whatever decides what a run makes of equal data. Another program version may convert otherwise.
 */
static const char *settings_mark(struct run *r)
{
    const struct conf_sync *c = r->cs;
    const struct sync_rules *u = &c->rules;
    char mark[24];
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    add_text(&b, bs_version);
    add_text(&b, c->base);
    add_text(&b, c->table);
    add_text(&b, c->view);
    add_text(&b, c->spreadsheet);
    add_text(&b, c->tab);
    add_text(&b, c->match);
    add_text(&b, c->id_column);
    add_text(&b, c->create_key);
    add_text(&b, c->modified_field);
    for (size_t i = 0; i < c->mapping.n; i++) {
        add_text(&b, c->mapping.entries[i].field);
        add_text(&b, c->mapping.entries[i].column);
        buf_addf(&b, "%d;", (int)c->mapping.entries[i].direction);
    }
    buf_addf(&b, "%d %d %d %d %d %d %d %d %d %d %d %d %d %d", c->mapping.all, (int)u->direction,
             (int)u->conflicts, u->delete_extra_rows, u->delete_extra_records,
             u->resolve_linked_records, u->create_missing_linked_records, u->create_choices,
             u->strict, u->dropdowns, u->keep_formulas, (int)u->copied_rows, u->include_header,
             c->drive_gate);
    snprintf(mark, sizeof mark, "%016llx",
             (unsigned long long)siphash(&r->convert.key, b.data, b.len));
    buf_release(&b);
    return arena_strdup(r->arena, mark);
}

/* ---- opening ---- */

static bool is_plain(const struct run_options *o)
{
    return !o->first_sync && !o->allow_delete && !o->allow_all_changed && !o->rebuild_ids &&
           o->undo_log == NULL;
}

static bool is_on(const struct run *r)
{
    return r->env->conf->change_feed && r->cs->full_scan_ms > 0 && r->opt->undo_log == NULL;
}

/* Creates that are not settled are looked for among all records. */
static enum bs_rc has_open_creates(struct run *r, bool *out, struct bs_err *e)
{
    bs_seen(journal_list(r->env->store, r->sc->id, r->arena, &r->intents, &r->n_intents, e));
    *out = r->n_intents > 0;
    return e->rc;
}

static enum bs_rc load(struct run *r, struct bs_err *e)
{
    struct run_feed *f = &r->feed;

    f->settings = settings_mark(r);
    f->by_id = strmap_new(64);
    f->answered = strmap_new(64);
    f->scratch = arena_new();
    if (feed_state_get(r->env->store, r->sc->id, r->arena, &f->was, e) != BS_OK) {
        return e->rc;
    }
    bs_seen(feed_pending_list(r->env->store, r->sc->id, r->arena, &f->pending, &f->n_pending, e));
    f->pending_before = f->pending;
    f->n_pending_before = f->n_pending;
    return e->rc;
}

enum bs_rc run_feed_open(struct run *r, struct bs_err *e)
{
    struct run_feed *f = &r->feed;
    bool open_creates = false;

    if (load(r, e) != BS_OK || has_open_creates(r, &open_creates, e) != BS_OK) {
        return e->rc;
    }
    if (r->opt->undo_log != NULL && !r->opt->dry_run) {
        return feed_state_doubt(r->env->store, r->sc->id, e);
    }
    f->delta = f->gather = is_on(r) && is_plain(r->opt) && !open_creates && f->was != NULL &&
                           str_eq(f->was->settings, f->settings) &&
                           run_feed_scanned_lately(f->was, r->cs->full_scan_ms);
    f->more_unpaired = f->delta && f->was->more_unpaired;
    return BS_OK;
}

void run_feed_release(struct run *r)
{
    strmap_free(r->feed.by_id);
    strmap_free(r->feed.answered);
    arena_free(r->feed.scratch);
}

enum bs_rc run_feed_recall(struct run *r, struct bs_err *e)
{
    const struct feed_state *was = r->feed.was;

    r->feed.tab_assumed = true;
    if (airtable_schema_parse(r->arena, r->cs->base, was->tables, &r->schema, e) != BS_OK) {
        return e->rc;
    }
    return sheets_meta_parse(r->arena, was->tabs, &r->meta, e);
}

/* What the feed says leaves a delta worth its while. */
static void judge_names(struct run_feed *f)
{
    if (f->schema_changed || f->names_changed || f->lost) {
        f->delta = false;
    }
}

enum bs_rc run_feed_start(struct run *r, struct bs_err *e)
{
    if (!is_on(r)) {
        return BS_OK;
    }
    if (run_feed_follow(r, e) != BS_OK) {
        return e->rc;
    }
    judge_names(&r->feed);
    return BS_OK;
}

void run_feed_tell(struct run *r)
{
    if (r->feed.trouble != NULL) {
        run_issue(
            r, ISSUE_INFO, r->feed.trouble_kind, NULL, 0, SYNC_NONE,
            "Airtable's change feed cannot be used, so each run reads the whole table until it "
            "can: %s",
            r->feed.trouble);
    }
}

/* ---- doubt ---- */

enum bs_rc run_feed_doubt(struct run *r, struct bs_err *e, const char *why)
{
    r->feed.doubt = true;
    return bs_fail(e, BS_STOP_SYNC, BS_K_STATE, "%s", why);
}

bool run_feed_drop(struct run *r, struct bs_err *e)
{
    struct run_feed *f = &r->feed;
    bool known_better = e->kind == BS_K_SCHEMA || e->kind == BS_K_PERMISSION ||
                        e->kind == BS_K_REMOTE || e->kind == BS_K_VALIDATION ||
                        e->kind == BS_K_GUARD;

    if (!f->delta || e->rc == BS_STOP_ALL || !(f->doubt || known_better)) {
        return false;
    }
    f->delta = f->doubt = f->tab_assumed = false;
    f->more_unpaired = false;
    bs_err_clear(e);
    run_forget_issues(r);
    return true;
}

/* The same tab of the same spreadsheet, in the same zone: only its size may differ. */
static bool same_tab(const struct run *r, const struct sheet_meta *now,
                     const struct sheet_tab **tab)
{
    *tab = NULL;
    for (size_t i = 0; i < now->n_tabs; i++) {
        if (now->tabs[i].id == r->tab->id) {
            *tab = &now->tabs[i];
        }
    }
    return *tab != NULL && str_eq((*tab)->title, r->tab->title) &&
           str_eq(now->locale, r->meta->locale) && str_eq(now->time_zone, r->meta->time_zone);
}

/* The remembered spreadsheet with this tab as it is now. */
static const struct sheet_meta *with_tab(struct run *r, const struct sheet_tab *tab)
{
    struct sheet_meta *m = arena_alloc(r->arena, sizeof *m);
    struct sheet_tab *tabs = arena_alloc_n(r->arena, r->meta->n_tabs + 1, sizeof *tabs);

    memcpy(tabs, r->meta->tabs, r->meta->n_tabs * sizeof *tabs);
    *m = *r->meta;
    m->tabs = tabs;
    for (size_t i = 0; i < m->n_tabs; i++) {
        if (tabs[i].id == tab->id) {
            tabs[i] = *tab;
            r->tab = &tabs[i];
        }
    }
    return m;
}

enum bs_rc run_feed_prove_tab(struct run *r, const struct sheet_meta *seen, struct bs_err *e)
{
    const struct sheet_tab *tab;

    if (!r->feed.tab_assumed) {
        return BS_OK;
    }
    if (seen == NULL && sheets_meta(r->sh, r->arena, &seen, e) != BS_OK) {
        return e->rc;
    }
    if (!same_tab(r, seen, &tab)) {
        return run_feed_doubt(r, e, "the spreadsheet's tabs have changed");
    }
    r->meta = with_tab(r, tab);
    r->feed.tab_assumed = false;
    return BS_OK;
}

/* ---- choices ---- */

static bool shows_no_choice(const struct run *r)
{
    for (size_t i = 0; i < r->state.n_rows; i++) {
        const struct side_cell *cells = r->state.rows[i].cells;

        for (size_t f = 0; cells != NULL && f < r->n_fields; f++) {
            if (cells[f].state == SIDE_BAD && r->fields[f].to_airtable &&
                (r->fields[f].field->type == FIELD_SINGLE_SELECT ||
                 r->fields[f].field->type == FIELD_MULTIPLE_SELECTS)) {
                return true;
            }
        }
    }
    return false;
}

/* The sync's table first, then those it links to. */
static enum bs_rc cut_tables(struct run *r, const char *text, struct buf *out, struct bs_err *e)
{
    const char **ids = arena_alloc_n(r->arena, r->table->n_fields + 1, sizeof *ids);
    size_t n = 0;

    ids[n++] = r->table->id;
    for (size_t i = 0; i < r->table->n_fields; i++) {
        if (r->table->fields[i].linked_table != NULL) {
            ids[n++] = r->table->fields[i].linked_table;
        }
    }
    return airtable_schema_cut(text, ids, n, out, e);
}

enum bs_rc run_feed_check_choices(struct run *r, struct bs_err *e)
{
    const struct base_schema *now = NULL;
    const char *text = NULL;
    struct buf b;
    bool same;

    if (r->feed.schema_text != NULL || !shows_no_choice(r)) {
        return BS_OK;
    }
    if (airtable_schema(r->at, r->arena, &now, &text, e) != BS_OK) {
        return e->rc;
    }
    buf_init(&b, BUF_NO_LIMIT);
    bs_seen(cut_tables(r, text, &b, e));
    same = e->rc == BS_OK && str_eq(b.data, r->feed.was->tables);
    buf_release(&b);
    if (e->rc == BS_OK && !same) {
        return run_feed_doubt(r, e, "the table has other choices now");
    }
    r->feed.schema_text = text;
    return e->rc;
}

/* ---- further passes ---- */

enum bs_rc run_feed_again(struct run *r, bool *any, struct bs_err *e)
{
    struct run_feed *f = &r->feed;

    run_feed_forget_names(r);
    f->schema_changed = f->names_changed = f->lost = false;
    *any = f->n_pending > 0;
    if (run_feed_read(r, f->last_cursor, e) != BS_OK) {
        /* The next run reads on from where this one began. */
        if (e->rc == BS_STOP_ALL) {
            return e->rc;
        }
        bs_err_clear(e);
        run_feed_forget_names(r);
        return BS_OK;
    }
    for (size_t i = 0; i < f->n_names; i++) {
        *any = *any || strmap_get(f->answered, f->names[i].id) == STRMAP_NONE;
    }
    return BS_OK;
}

/* ---- pending records ---- */

/* Whether the next run may take it for what it is now without looking. Errors of computed values
 * may pass by themselves within moments, so each is looked at once more (seen_before: that was
 * done); after that the feed names the record when it changes. */
static bool is_settled(const struct run *r, const struct sync_record *rec, uint32_t pair,
                       bool seen_before)
{
    const struct sync_pair *p = &r->state.pairs[pair];
    uint32_t row = strmap_get(r->row_by_id, rec->id);
    const struct side_cell *sheet = row == STRMAP_NONE ? NULL : r->state.rows[row].cells;

    for (size_t i = 0; rec->cells != NULL && i < r->n_fields; i++) {
        bool lasting_error = seen_before && rec->cells[i].state == SIDE_ERROR;

        if (!lasting_error && !run_cell_settled(r, p, i, rec->cells, sheet, false)) {
            return false;
        }
    }
    return rec->presence == PRESENCE_HERE;
}

/* Gone for sure, and what follows from that has been done: the row went or is marked. */
static bool is_over(const struct run *r, const struct sync_record *rec, uint32_t pair)
{
    uint32_t row = strmap_get(r->row_by_id, rec->id);

    return rec->presence == PRESENCE_GONE &&
           (pair == STRMAP_NONE || r->state.pairs[pair].flags != 0 || row == STRMAP_NONE ||
            r->state.rows[row].gone);
}

void run_feed_note_pending(struct run *r)
{
    struct run_feed *f = &r->feed;
    const char **ids = arena_alloc_n(r->arena, r->state.n_records + f->n_left + 1, sizeof *ids);
    struct strmap *before = run_feed_pending_before(r);
    size_t n = 0, unpaired = 0;

    for (size_t i = 0; i < r->state.n_records; i++) {
        const struct sync_record *rec = &r->state.records[i];
        uint32_t pair = strmap_get(r->pair_by_id, rec->id);

        bool seen_before = strmap_get(before, rec->id) != STRMAP_NONE;

        if (is_over(r, rec, pair) ||
            (pair != STRMAP_NONE && is_settled(r, rec, pair, seen_before))) {
            continue;
        }
        if (pair == STRMAP_NONE && r->rules.direction == DIRECTION_TO_AIRTABLE &&
            unpaired++ >= PENDING_UNPAIRED_MAX) {
            continue;
        }
        ids[n++] = rec->id;
    }
    for (size_t i = 0; i < f->n_left && unpaired++ < PENDING_UNPAIRED_MAX; i++) {
        ids[n++] = f->left[i];
    }
    f->n_left = 0;
    f->more_unpaired = f->more_unpaired || unpaired > PENDING_UNPAIRED_MAX;
    f->pending = ids;
    f->n_pending = n;
    strmap_free(before);
}

/* ---- closing ---- */

static const char *kept_tables(struct run *r, struct bs_err *e)
{
    const char *text = NULL;
    struct buf b;

    if (r->feed.schema_text == NULL) {
        return r->feed.was == NULL ? NULL : r->feed.was->tables;
    }
    buf_init(&b, BUF_NO_LIMIT);
    if (cut_tables(r, r->feed.schema_text, &b, e) == BS_OK && b.len <= TEXT_MAX) {
        text = arena_strdup(r->arena, b.data);
    }
    buf_release(&b);
    return text;
}

static const char *kept_tabs(struct run *r)
{
    const char *text = NULL;
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    sheets_meta_print(r->meta, &b);
    if (b.len <= TEXT_MAX) {
        text = arena_strdup(r->arena, b.data);
    }
    buf_release(&b);
    return text;
}

/* Without a feed in this run the old cursor stays, and what came after it will be named again. */
static enum bs_rc close_without(struct run *r, struct bs_err *e)
{
    struct run_feed *f = &r->feed;

    if (f->was == NULL) {
        return BS_OK;
    }
    if (!str_eq(f->was->settings, f->settings)) {
        return feed_state_doubt(r->env->store, r->sc->id, e);
    }
    struct feed_state s = *f->was;

    s.more_unpaired = f->more_unpaired;
    return feed_state_put(r->env->store, r->sc->id, &s, f->pending, f->n_pending, e);
}

enum bs_rc run_feed_close(struct run *r, struct bs_err *e)
{
    struct run_feed *f = &r->feed;

    if (r->opt->dry_run || r->opt->undo_log != NULL || (!is_on(r) && f->was == NULL)) {
        return BS_OK;
    }
    if (f->cursor == 0) {
        return close_without(r, e);
    }
    struct feed_state s = {
        .hook_id = f->hook_id,
        .cursor = f->cursor,
        .cursor_ms = f->cursor_ms,
        .full_scan_ms = f->delta && f->was != NULL ? f->was->full_scan_ms : run_feed_scan_time(r),
        .settings = f->settings,
        .table_id = r->table->id,
        .tables = kept_tables(r, e),
        .tabs = kept_tabs(r),
        .more_unpaired = f->more_unpaired,
    };

    if (e->rc != BS_OK) {
        return e->rc;
    }
    if (s.tables == NULL || s.tabs == NULL) {
        return f->was == NULL ? BS_OK : feed_state_doubt(r->env->store, r->sc->id, e);
    }
    return feed_state_put(r->env->store, r->sc->id, &s, f->pending, f->n_pending, e);
}

enum bs_rc run_feed_failed(struct run *r, const struct bs_err *why, struct bs_err *e)
{
    bool passing = why->kind == BS_K_NETWORK || why->kind == BS_K_RATE_LIMIT ||
                   why->kind == BS_K_BUSY || why->kind == BS_K_OAUTH || why->kind == BS_K_QUOTA;

    if (r->feed.was == NULL || r->opt->dry_run || passing || why->rc == BS_STOP_ALL) {
        return BS_OK;
    }
    return feed_state_doubt(r->env->store, r->sc->id, e);
}
