/*
 * feed_scan.c: when all is to be compared again. A listing may be short without saying so
 * (Airtable/airtable.js#174: one page of a few records, no error, for a view of 1,500). What a pair
 * knows and a listing leaves out is asked for by id; of a record that nobody knows yet only another
 * listing can tell, and with the feed there is none for hours. So a listing that brings strangers,
 * records that were there before and that neither a pair nor the feed had told of, is repeated: at
 * once where that costs one page, which is what a listing that broke off looks like too, and else
 * within the hour.
 */
#include "base/clock.h"
#include "engine/run_p.h"

#define CONFIRM_MS ((int64_t)60 * 60 * 1000)

bool run_feed_scanned_lately(const struct feed_state *was, int64_t full_scan_ms)
{
    int64_t age = was == NULL ? 0 : clock_wall_ms() - was->full_scan_ms;

    return was != NULL && was->full_scan_ms != 0 && age >= 0 && age < full_scan_ms;
}

struct strmap *run_feed_pending_before(const struct run *r)
{
    struct strmap *ids = strmap_new(r->feed.n_pending_before);

    for (size_t i = 0; i < r->feed.n_pending_before; i++) {
        strmap_add(ids, r->feed.pending_before[i], 1);
    }
    return ids;
}

/* Whether the feed or the run before would have told of it, had the listing then been whole. A view
 * gains records without an edit as well, by the day or by its filter: only its first listing is
 * doubted. */
static bool is_stranger(const struct run *r, const struct strmap *pending,
                        const struct sync_record *rec)
{
    const struct feed_state *was = r->feed.was;

    if (rec->presence != PRESENCE_HERE || strmap_get(r->pair_by_id, rec->id) != STRMAP_NONE ||
        strmap_get(pending, rec->id) != STRMAP_NONE) {
        return false;
    }
    return was == NULL || (r->query.view == NULL && rec->created_ms < was->cursor_ms);
}

static bool has_strangers(const struct run *r)
{
    struct strmap *pending = run_feed_pending_before(r);
    bool any = false;

    for (size_t i = 0; i < r->state.n_records && !any; i++) {
        any = is_stranger(r, pending, &r->state.records[i]);
    }
    strmap_free(pending);
    return any;
}

bool run_feed_doubts_listing(struct run *r, size_t listed)
{
    struct run_feed *f = &r->feed;

    /* Without a feed the next run lists again anyway. */
    f->strangers = f->cursor != 0 && has_strangers(r);
    f->many = listed > AIRTABLE_PAGE;
    if (f->cursor == 0 || f->many || f->listed_again) {
        return false;
    }
    f->listed_again = f->strangers || f->was == NULL;
    return f->listed_again;
}

int64_t run_feed_scan_time(const struct run *r)
{
    /* Records without a row are nothing to a sheet that is the source. */
    bool doubted = r->feed.strangers && r->feed.many &&
                   r->rules.direction != DIRECTION_TO_AIRTABLE && r->cs->full_scan_ms > CONFIRM_MS;

    return doubted ? r->started_wall - r->cs->full_scan_ms + CONFIRM_MS : r->started_wall;
}
