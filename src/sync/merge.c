/*
 * merge.c: see merge.h. A base may stand for two values at once (sync_base_apart): its upper half
 * tells whether Airtable's value changed, its lower half whether the sheet's did. A plain base is
 * the special case in which both halves come from one hash.
 */
#include "sync/merge.h"

#include <stddef.h>

#define UPPER 0xffffffff00000000u
#define LOWER 0x00000000ffffffffu

uint64_t sync_base_apart(uint64_t airtable_hash, uint64_t sheet_hash)
{
    uint64_t base = (airtable_hash & UPPER) | (sheet_hash & LOWER);

    return base != 0 ? base : 1;
}

bool sync_base_holds_airtable(uint64_t base, uint64_t hash)
{
    return base == hash || (base & UPPER) == (hash & UPPER);
}

bool sync_base_holds_sheet(uint64_t base, uint64_t hash)
{
    return base == hash || (base & LOWER) == (hash & LOWER);
}

const char *merge_why_text(enum merge_why why)
{
    static const char *const texts[] = {
        [WHY_EDIT] = "edit",
        [WHY_FIRST] = "first pairing",
        [WHY_PUT_BACK] = "put back",
        [WHY_AIRTABLE_WON] = "conflict won by airtable",
        [WHY_SHEETS_WON] = "conflict won by sheets",
        [WHY_NEWEST_WON] = "conflict won by the newest",
        [WHY_TIE] = "conflict, a tie: airtable won",
        [WHY_CREATE] = "create",
        [WHY_DELETE] = "delete",
        [WHY_ID] = "record id",
        [WHY_UNDO] = "undo",
        [WHY_RESTORE] = "restored after a move",
    };

    return texts[why];
}

/* One side as the decision sees it. */
struct side {
    bool known;   /* there is a hash */
    bool changed; /* against the base; without a base: filled */
    bool empty;
    uint64_t hash;
    const char *note; /* why it cannot flow, NULL when it can */
    enum bs_kind note_kind;
};

static struct side look_at(const struct merge_in *in, const struct side_cell *c)
{
    struct side s = {.known = true, .hash = in->base};

    if (!c) {
        return s;
    }
    if (c->state == SIDE_VALUE) {
        s.hash = c->hash;
        s.empty = c->value->kind == VALUE_EMPTY;
        s.changed = !s.empty; /* when there is no base */
        return s;
    }
    s.known = false;
    s.hash = 0;
    s.changed = true;
    s.note = c->note;
    s.note_kind = c->note_kind;
    return s;
}

/* Which sides differ from what they agreed on. The full hashes decide as long as one side still
 * equals the base; only for values that stand apart the halves do. */
static void compare(const struct merge_in *in, struct side *a, struct side *s)
{
    if (in->base == 0) {
        return;
    }
    if (a->known) {
        a->changed = a->hash != in->base && (!sync_base_holds_airtable(in->base, a->hash) ||
                                             (s->known && s->hash == in->base));
    }
    if (s->known) {
        s->changed = s->hash != in->base && (!sync_base_holds_sheet(in->base, s->hash) ||
                                             (a->known && a->hash == in->base));
    }
}

static struct merge_out skip(const char *note, enum bs_kind kind)
{
    return (struct merge_out){.action = MERGE_SKIP, .note = note, .note_kind = kind};
}

static struct merge_out flow(enum merge_action action, enum merge_why why, uint64_t base_after)
{
    return (struct merge_out){.action = action, .why = why, .base_after = base_after};
}

/* Both changed and differ. Against a cell that cannot be understood the sheet never wins. */
static struct merge_out conflict(const struct merge_in *in, const struct side *a,
                                 const struct side *s)
{
    struct merge_out out = flow(MERGE_TO_SHEET, WHY_AIRTABLE_WON, a->hash);
    bool sheet_wins = false;

    switch (in->rules->conflicts) {
    case CONFLICT_AIRTABLE_WINS: break;
    case CONFLICT_SHEETS_WINS:
        sheet_wins = true;
        out.why = WHY_SHEETS_WON;
        break;
    case CONFLICT_NEWEST_WINS:
        out.why = WHY_TIE;
        if (in->modified_ms > 0 && in->sheet_since_ms > 0 &&
            in->modified_ms <= in->sheet_since_ms) {
            sheet_wins = true;
            out.why = WHY_NEWEST_WON;
        } else if (in->modified_ms > 0 && in->sheet_seen_ms > 0 &&
                   in->modified_ms >= in->sheet_seen_ms) {
            out.why = WHY_NEWEST_WON;
        }
        break;
    case CONFLICT_HOLD:
        if (!s->known) {
            return skip(s->note, s->note_kind);
        }
        out = (struct merge_out){.action = MERGE_HELD};
        break;
    }
    if (sheet_wins && !s->known) {
        return skip(s->note, s->note_kind);
    }
    if (sheet_wins) {
        out.action = MERGE_TO_AIRTABLE;
        out.base_after = s->hash;
    }
    out.conflict = true;
    return out;
}

static struct merge_out both_ways(const struct merge_in *in, const struct side *a,
                                  const struct side *s)
{
    bool first = in->base == 0;

    if (a->changed && s->changed) {
        return conflict(in, a, s);
    }
    if (!s->known) {
        return skip(s->note, s->note_kind);
    }
    if (a->changed) {
        return flow(MERGE_TO_SHEET, first ? WHY_FIRST : WHY_EDIT, a->hash);
    }
    if (s->changed) {
        return flow(MERGE_TO_AIRTABLE, first ? WHY_FIRST : WHY_EDIT, s->hash);
    }
    return flow(MERGE_NOTHING, WHY_EDIT, in->base); /* apart, and neither has changed */
}

/* The target follows the source. What a target holds while the source was never filled is left to
 * it: such cells stand apart. */
static struct merge_out one_way(const struct merge_in *in, const struct side *source,
                                const struct side *target, enum merge_action action)
{
    bool to_sheet = action == MERGE_TO_SHEET;
    bool apart = in->base != 0 && in->base != source->hash;

    if (!source->known) {
        return skip(source->note, source->note_kind);
    }
    if (in->base == 0 || (apart && !source->changed)) {
        if (in->base != 0 && !target->changed) {
            return flow(MERGE_NOTHING, WHY_EDIT, in->base);
        }
        if (source->empty && !target->known) {
            return skip(NULL, BS_K_NONE);
        }
        if (source->empty) {
            return flow(MERGE_APART, WHY_FIRST,
                        to_sheet ? sync_base_apart(source->hash, target->hash)
                                 : sync_base_apart(target->hash, source->hash));
        }
        return flow(action, in->base == 0 ? WHY_FIRST : WHY_PUT_BACK, source->hash);
    }
    return flow(action, source->changed ? WHY_EDIT : WHY_PUT_BACK, source->hash);
}

/* Errors of computed values come and go: nobody changes anything on their account. */
static bool is_error(const struct side_cell *c)
{
    return c && c->state == SIDE_ERROR;
}

static bool keeps_formula(const struct merge_in *in)
{
    return in->rules->keep_formulas && in->s && in->s->cell && in->s->cell->formula;
}

static struct merge_out decide(const struct merge_in *in)
{
    struct side a = look_at(in, in->a), s = look_at(in, in->s);

    if (a.known && s.known && a.hash == s.hash) {
        return flow(a.hash == in->base ? MERGE_NOTHING : MERGE_SETTLE, WHY_EDIT, a.hash);
    }
    compare(in, &a, &s);
    if (in->field->to_sheet && in->field->to_airtable) {
        return both_ways(in, &a, &s);
    }
    return in->field->to_sheet ? one_way(in, &a, &s, MERGE_TO_SHEET)
                               : one_way(in, &s, &a, MERGE_TO_AIRTABLE);
}

struct merge_out merge_cell(const struct merge_in *in)
{
    struct merge_out out;

    if ((!in->field->to_sheet && !in->field->to_airtable) || (!in->a && !in->s) ||
        (in->base == 0 && (!in->a || !in->s))) {
        return flow(MERGE_NOTHING, WHY_EDIT, in->base);
    }
    if (is_error(in->a)) {
        return skip("Airtable shows an error here just now; the cell keeps its last good value",
                    BS_K_VALIDATION);
    }
    if (is_error(in->s) && (in->field->to_airtable || keeps_formula(in))) {
        return skip("the cell shows an error just now; Airtable keeps its last good value",
                    BS_K_VALIDATION);
    }
    out = decide(in);
    /* A formula's conflict stays open, and the next run would take it for a later edit: time cannot
     * decide it. */
    if (keeps_formula(in) && (out.action == MERGE_TO_SHEET ||
                              (out.conflict && in->rules->conflicts == CONFLICT_NEWEST_WINS))) {
        return skip(
            "the cell holds a formula and is kept; Airtable's value differs from its result",
            BS_K_VALIDATION);
    }
    return out;
}
