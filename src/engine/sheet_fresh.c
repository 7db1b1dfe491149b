/*
 * sheet_fresh.c: is a look newer than our own last write? A read right after a write may still show
 * the sheet of before it (Sheets guarantees no reading of one's own writes), while the write's own
 * answer is the truth. A look that does not show that answer is not believed until reads are held
 * to have caught up: to put back, to write again or to delete by it would misplace rows.
 */
#include "base/clock.h"
#include "base/os.h"
#include "base/str.h"
#include "engine/apply_sheet_p.h"

#define POLL_FIRST_MS 250
#define POLL_MOST_MS 4000

void sheet_note_answer(struct sheet_apply *a, bool known)
{
    a->answered = known;
    a->answered_ms = clock_wall_ms();
    a->answer_ids = a->r->layout.id_column;
}

static bool shows_answer(const struct sheet_apply *a)
{
    const struct snapshot *s = a->snap;

    for (uint32_t c = 0; c < a->after.n_headers || c < snapshot_width(s); c++) {
        if (!str_eq(sheet_after_header(a, c), snapshot_head(s, c))) {
            return false;
        }
    }
    for (uint32_t row = 2; row < a->after.n_ids || row <= snapshot_last_row(s); row++) {
        if (!str_eq(sheet_after_id(a, row), snapshot_text(s, row, a->answer_ids))) {
            return false;
        }
    }
    for (size_t i = 0; i < a->n_written; i++) {
        struct cell now = snapshot_cell(s, a->written[i].row, a->written[i].column);

        if (!sheet_same_cell(a->written[i].cell, &now)) {
            return false;
        }
    }
    return true;
}

bool sheet_is_stale(const struct sheet_apply *a)
{
    int64_t age = clock_wall_ms() - a->answered_ms;

    return a->answered && age >= 0 && age < (int64_t)a->r->env->conf->settle_s * 1000 &&
           !shows_answer(a);
}

enum bs_rc sheet_wait_fresh(const struct sheet_apply *a, int64_t *pause_ms, struct bs_err *e)
{
    int64_t left = (int64_t)a->r->env->conf->settle_s * 1000 - (clock_wall_ms() - a->answered_ms);

    *pause_ms = *pause_ms == 0 ? POLL_FIRST_MS : 2 * *pause_ms;
    *pause_ms = *pause_ms > POLL_MOST_MS ? POLL_MOST_MS : *pause_ms;
    if (left > 0) {
        os_wait(*pause_ms < left ? *pause_ms : left, -1);
    }
    return os_stop_requested()
               ? bs_fail(e, BS_STOP_SYNC, BS_K_STATE, "stopped by a signal; the next run goes on")
               : BS_OK;
}
