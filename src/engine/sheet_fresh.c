/*
 * sheet_fresh.c: is a look newer than our own last write? A read right after a write may still show
 * the sheet of before it (Sheets guarantees no reading of one's own writes), while a write's own
 * answer is the truth. A look that does not show that answer is not believed until reads are held
 * to have caught up: to put back, to write again or to delete by it would misplace rows. Where more
 * depends on it, or where the last answer was lost, a write of nothing asks for the truth: a look
 * is believed when it shows the same rows and columns.
 */
#include "base/clock.h"
#include "base/os.h"
#include "base/str.h"
#include "engine/apply_sheet_p.h"

#define POLL_FIRST_MS 250
#define POLL_MOST_MS 4000
/* So many times [network] settle until a sure look is given up; longer where values of people lie
 * overwritten until then. */
#define SURE_SETTLES 4
#define MENDING_SETTLES 20

void sheet_note_answer(struct sheet_apply *a, enum bs_rc rc)
{
    a->answered = rc == BS_OK;
    a->unsure = rc == BS_UNSURE;
    a->answered_ms = clock_wall_ms();
    a->answer_ids = a->r->layout.id_column;
}

/* A formula's result is in no answer, and a FORMULA read shows it as text. */
static bool same_id(const char *answered, const char *seen)
{
    return str_eq(answered, seen[0] == '=' ? "" : seen);
}

static bool shows_places(const struct sheet_apply *a)
{
    const struct snapshot *s = a->snap;

    for (uint32_t c = 0; c < a->after.n_headers || c < snapshot_width(s); c++) {
        if (!str_eq(sheet_after_header(a, c), snapshot_head(s, c))) {
            return false;
        }
    }
    for (uint32_t row = 2; row < a->after.n_ids || row <= snapshot_last_row(s); row++) {
        if (!same_id(sheet_after_id(a, row), snapshot_text(s, row, a->answer_ids))) {
            return false;
        }
    }
    return true;
}

static bool shows_answer(const struct sheet_apply *a)
{
    for (size_t i = 0; i < a->n_written; i++) {
        struct cell now = snapshot_cell(a->snap, a->written[i].row, a->written[i].column);

        if (!sheet_same_cell(a->written[i].cell, &now)) {
            return false;
        }
    }
    return shows_places(a);
}

static int64_t settle_ms(const struct sheet_apply *a)
{
    return (int64_t)a->r->env->conf->settle_s * 1000;
}

bool sheet_is_stale(const struct sheet_apply *a)
{
    int64_t age = clock_wall_ms() - a->answered_ms;

    return a->answered && age >= 0 && age < settle_ms(a) && !shows_answer(a);
}

static enum bs_rc pause(int64_t *pause_ms, int64_t most, struct bs_err *e)
{
    *pause_ms = *pause_ms == 0 ? POLL_FIRST_MS : 2 * *pause_ms;
    *pause_ms = *pause_ms > POLL_MOST_MS ? POLL_MOST_MS : *pause_ms;
    if (most > 0) {
        os_wait(*pause_ms < most ? *pause_ms : most, -1);
    }
    return os_stop_requested()
               ? bs_fail(e, BS_STOP_SYNC, BS_K_STATE, "stopped by a signal; the next run goes on")
               : BS_OK;
}

enum bs_rc sheet_wait_fresh(const struct sheet_apply *a, int64_t *pause_ms, struct bs_err *e)
{
    return pause(pause_ms, settle_ms(a) - (clock_wall_ms() - a->answered_ms), e);
}

/* ---- sure looks ---- */

void sheet_wait_start(const struct sheet_apply *a, struct sheet_wait *w)
{
    int64_t settles = a->mending ? MENDING_SETTLES : SURE_SETTLES;

    *w = (struct sheet_wait){.until_ms = clock_wall_ms() + settles * settle_ms(a)};
}

bool sheet_wait_more(struct sheet_wait *w, struct bs_err *e)
{
    int64_t left = w->until_ms - clock_wall_ms();

    if (w->looks++ >= SHEET_TRIES && left <= 0) {
        return false;
    }
    return pause(&w->pause_ms, left, e) == BS_OK;
}

/* Asks where rows and columns are, into a->after. *refused: Google does not let us ask. */
static enum bs_rc ask_places(struct sheet_apply *a, bool *refused, struct bs_err *e)
{
    uint32_t ids = snapshot_header(a->snap, a->r->cs->id_column);
    size_t bad = 0;

    if (ids != SYNC_NONE) {
        a->r->layout.id_column = ids; /* the answer is to show it */
    }
    a->n_written = 0;
    sheets_batch_nothing(a->batch);
    enum bs_rc rc = sheet_send(a, &bad, e);

    *refused = rc == BS_SKIP || e->http == 501;
    if (*refused || rc == BS_UNSURE) {
        bs_err_clear(e);
    }
    return e->rc;
}

/* The next best: a look once reads are held to have caught up. */
static enum bs_rc look_late(struct sheet_apply *a, struct bs_err *e)
{
    os_wait(settle_ms(a), -1);
    return os_stop_requested()
               ? bs_fail(e, BS_STOP_SYNC, BS_K_STATE, "stopped by a signal; the next run goes on")
               : sheet_look_any(a, e);
}

enum bs_rc sheet_look_sure(struct sheet_apply *a, struct bs_err *e)
{
    struct sheet_wait wait;
    bool refused = false;

    sheet_wait_start(a, &wait);
    do {
        if (sheet_look_any(a, e) != BS_OK || ask_places(a, &refused, e) != BS_OK) {
            return e->rc;
        }
        if (refused) {
            return look_late(a, e);
        }
        if (a->answered && shows_places(a)) {
            return BS_OK;
        }
    } while (sheet_wait_more(&wait, e));
    return e->rc != BS_OK
               ? e->rc
               : bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE,
                         "reads of tab \"%s\" do not show its rows as they are: it is being "
                         "edited all the time, or Google lags behind; nothing more is written "
                         "to it, the next run goes on",
                         a->r->tab->title);
}
