/* state.c: see state.h. The fields a sync's hashes belong to, in their order, are kept as a fact of
 * the sync, so that hashes move with their field when the mapping changes. */
#include "store/state.h"

#include "base/hash.h"
#include "base/str.h"
#include "store/db.h"
#include "store/syncs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_FACT "pair.fields" /* field ids, each followed by a newline */
#define FIELDS_MAX 2000

static void pack(uint8_t *out, const uint64_t *v, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        db_put_le64(out + i * 8, v[i]);
    }
}

static void unpack(uint64_t *out, const uint8_t *p, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        out[i] = db_get_le64(p + i * 8);
    }
}

static enum bs_rc bad_blob(struct store *s, const char *record_id, size_t len, size_t n,
                           struct bs_err *e)
{
    return bs_fail(e, BS_STOP_ALL, BS_K_STATE,
                   "the database %s holds %zu bytes of hashes for record %s where %zu fields need "
                   "%zu; put back the last backup",
                   s->path, len, record_id, n, n * 8);
}

/* ---- the order of the fields ---- */

/* Where the hash of each new field stood before; STRMAP_NONE: nowhere. */
struct reorder {
    uint32_t *from;
    size_t n_new, n_old;
};

/* Splits the fact's text in place into its ids. */
static size_t split_lines(char *text, const char **ids)
{
    size_t n = 0;
    char *end;

    for (; *text != '\0' && n < FIELDS_MAX; text = end + 1) {
        end = strchr(text, '\n');
        if (!end) {
            break;
        }
        *end = '\0';
        ids[n++] = text;
    }
    return n;
}

static void plan_reorder(char *old_text, const char *const *field_ids, size_t n,
                         struct reorder *plan)
{
    const char **old = bs_alloc_n(FIELDS_MAX, sizeof *old);
    struct strmap *at = strmap_new(n);
    size_t i;

    plan->n_new = n;
    plan->n_old = split_lines(old_text, old);
    plan->from = bs_alloc_n(n, sizeof *plan->from);
    for (i = 0; i < plan->n_old; i++) {
        strmap_set(at, old[i], (uint32_t)i);
    }
    for (i = 0; i < n; i++) {
        plan->from[i] = strmap_get(at, field_ids[i]);
    }
    strmap_free(at);
    free(old);
}

struct packed {
    const char *record_id;
    uint8_t *bytes;
};

static enum bs_rc repack_all(struct store *s, const char *sync_id, const struct reorder *plan,
                             struct arena *a, struct bs_err *e)
{
    struct packed *rows = NULL;
    size_t n = 0, cap = 0, i, k;
    struct db_rows r;
    enum bs_rc rc = BS_OK, end;

    db_open(s, &r, "SELECT recordId, bases FROM \"PairState\" WHERE syncConfigId = ?1",
            DB_ARGS(DB_TEXT(sync_id)), e);
    while (rc == BS_OK && db_next(&r, e)) {
        size_t len;
        const uint8_t *old = db_col_blob(&r, 1, &len);
        uint8_t *bytes = arena_alloc(a, plan->n_new * 8 + 1);

        if (len != plan->n_old * 8) {
            rc = bad_blob(s, db_col_text(&r, 0), len, plan->n_old, e);
            break;
        }
        for (k = 0; k < plan->n_new; k++) {
            if (plan->from[k] != STRMAP_NONE) {
                memcpy(bytes + k * 8, old + (size_t)plan->from[k] * 8, 8);
            }
        }
        rows = bs_grow(rows, n, &cap, sizeof *rows);
        rows[n++] = (struct packed){db_col_arena(&r, 0, a), bytes};
    }
    end = db_end(&r);
    rc = rc == BS_OK ? end : rc;
    for (i = 0; i < n && rc == BS_OK; i++) {
        rc = db_run(s,
                    "UPDATE \"PairState\" SET bases = ?3 WHERE syncConfigId = ?1 AND recordId = ?2",
                    DB_ARGS(DB_TEXT(sync_id), DB_TEXT(rows[i].record_id),
                            DB_BLOB(rows[i].bytes, plan->n_new * 8)),
                    e);
    }
    free(rows);
    return rc;
}

static enum bs_rc join_fields(const char *const *field_ids, size_t n, struct buf *b,
                              struct bs_err *e)
{
    size_t i;

    if (n > FIELDS_MAX) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_SCHEMA, "%zu fields are mapped; %d are the most", n,
                       FIELDS_MAX);
    }
    for (i = 0; i < n; i++) {
        if (strchr(field_ids[i], '\n')) {
            return bs_fail(e, BS_STOP_SYNC, BS_K_SCHEMA, "a field id with a line break in it");
        }
        buf_addf(b, "%s\n", field_ids[i]);
    }
    return BS_OK;
}

static enum bs_rc set_fields(struct store *s, const char *sync_id, const char *const *field_ids,
                             size_t n, struct arena *a, struct bs_err *e)
{
    const char *old = NULL;
    struct buf text;
    enum bs_rc rc;

    buf_init(&text, BUF_NO_LIMIT);
    rc = join_fields(field_ids, n, &text, e);
    if (rc == BS_OK) {
        rc = syncs_fact_get(s, sync_id, FIELDS_FACT, a, &old, e);
    }
    if (rc == BS_OK && !str_eq(old, text.data)) {
        struct reorder plan;

        plan_reorder(arena_strdup(a, old ? old : ""), field_ids, n, &plan);
        rc = repack_all(s, sync_id, &plan, a, e);
        free(plan.from);
        if (rc == BS_OK) {
            rc = syncs_fact_set(s, sync_id, FIELDS_FACT, text.data, e);
        }
    }
    buf_release(&text);
    return rc;
}

enum bs_rc state_set_fields(struct store *s, const char *sync_id, const char *const *field_ids,
                            size_t n, struct bs_err *e)
{
    struct arena *a = arena_new();
    enum bs_rc rc = store_begin(s, e);

    if (rc == BS_OK) {
        rc = db_leave(s, true, set_fields(s, sync_id, field_ids, n, a, e), e);
    }
    arena_free(a);
    return rc;
}

/* ---- pairs ---- */

static enum bs_rc count_pairs(struct store *s, const char *sync_id, size_t *n, struct bs_err *e)
{
    struct db_rows r;

    *n = 0;
    db_open(s, &r, "SELECT count(*) FROM \"PairState\" WHERE syncConfigId = ?1",
            DB_ARGS(DB_TEXT(sync_id)), e);
    if (db_next(&r, e)) {
        *n = (size_t)db_col_int(&r, 0);
    }
    return db_end(&r);
}

/* plan NULL: the hashes lie as they are asked for. */
static void unpack_as(uint64_t *out, const uint8_t *blob, size_t n, const struct reorder *plan)
{
    size_t i;

    if (!plan) {
        unpack(out, blob, n);
        return;
    }
    for (i = 0; i < n; i++) {
        out[i] = plan->from[i] == STRMAP_NONE ? 0 : db_get_le64(blob + (size_t)plan->from[i] * 8);
    }
}

static enum bs_rc load_rows(struct store *s, const char *sync_id, size_t n_fields,
                            const struct reorder *plan, struct arena *a, struct pair_row *rows,
                            size_t *n, struct bs_err *e)
{
    size_t stored = plan ? plan->n_old : n_fields;
    size_t count = 0, room = *n;
    uint64_t *bases = arena_alloc_n(a, room * n_fields + 1, sizeof *bases);
    struct db_rows r;
    enum bs_rc rc = BS_OK, end;

    db_open(s, &r,
            "SELECT recordId, rowHint, raw, flags, bases FROM \"PairState\""
            " WHERE syncConfigId = ?1 ORDER BY recordId",
            DB_ARGS(DB_TEXT(sync_id)), e);
    while (count < room && db_next(&r, e)) {
        struct pair_row *p = &rows[count];
        size_t len;
        const uint8_t *blob = db_col_blob(&r, 4, &len);

        if (len != stored * 8) {
            rc = bad_blob(s, db_col_text(&r, 0), len, stored, e);
            break;
        }
        p->record_id = db_col_arena(&r, 0, a);
        p->row_hint = db_col_u32(&r, 1);
        p->raw = (uint64_t)db_col_int(&r, 2);
        p->flags = db_col_u32(&r, 3);
        p->bases = bases + count * n_fields;
        unpack_as(p->bases, blob, n_fields, plan);
        count++;
    }
    end = db_end(&r);
    *n = count;
    return rc == BS_OK ? end : rc;
}

/* Count and rows must be of one instant: a read transaction unless there is one already. */
static enum bs_rc load_as(struct store *s, const char *sync_id, size_t n_fields,
                          const struct reorder *plan, struct arena *a, struct pair_row **out,
                          size_t *n, struct bs_err *e)
{
    bool own = !s->in_tx;
    enum bs_rc rc = own ? db_run(s, "BEGIN", DB_NO_ARGS, e) : BS_OK;

    *out = NULL;
    *n = 0;
    if (rc != BS_OK) {
        return rc;
    }
    rc = count_pairs(s, sync_id, n, e);
    if (rc == BS_OK) {
        *out = arena_alloc_n(a, *n + 1, sizeof **out);
        rc = load_rows(s, sync_id, n_fields, plan, a, *out, n, e);
    }
    if (own) {
        struct bs_err ignored = BS_ERR_INIT;
        enum bs_rc end = db_run(s, "COMMIT", DB_NO_ARGS, rc == BS_OK ? e : &ignored);

        rc = rc == BS_OK ? end : rc;
    }
    return rc;
}

enum bs_rc state_load(struct store *s, const char *sync_id, size_t n_fields, struct arena *a,
                      struct pair_row **out, size_t *n, struct bs_err *e)
{
    return load_as(s, sync_id, n_fields, NULL, a, out, n, e);
}

enum bs_rc state_load_fields(struct store *s, const char *sync_id, const char *const *field_ids,
                             size_t n_fields, struct arena *a, struct pair_row **out, size_t *n,
                             struct bs_err *e)
{
    const char *old = NULL;
    struct reorder plan;
    enum bs_rc rc = syncs_fact_get(s, sync_id, FIELDS_FACT, a, &old, e);

    if (rc != BS_OK) {
        return rc;
    }
    plan_reorder(arena_strdup(a, old ? old : ""), field_ids, n_fields, &plan);
    rc = load_as(s, sync_id, n_fields, &plan, a, out, n, e);
    free(plan.from);
    return rc;
}

enum bs_rc state_put(struct store *s, const char *sync_id, const struct pair_row *p,
                     size_t n_fields, struct bs_err *e)
{
    uint8_t small[64 * 8];
    uint8_t *bytes = n_fields * 8 <= sizeof small ? small : bs_alloc_n(n_fields, 8);
    enum bs_rc rc;

    DB_IN_TX(s);
    pack(bytes, p->bases, n_fields);
    rc = db_run(s,
                "INSERT OR REPLACE INTO \"PairState\""
                "(syncConfigId, recordId, rowHint, raw, flags, bases)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                DB_ARGS(DB_TEXT(sync_id), DB_TEXT(p->record_id), DB_INT(p->row_hint),
                        DB_INT((int64_t)p->raw), DB_INT(p->flags), DB_BLOB(bytes, n_fields * 8)),
                e);
    if (bytes != small) {
        free(bytes);
    }
    return rc;
}

enum bs_rc state_delete(struct store *s, const char *sync_id, const char *record_id,
                        struct bs_err *e)
{
    DB_IN_TX(s);
    return db_run(s, "DELETE FROM \"PairState\" WHERE syncConfigId = ?1 AND recordId = ?2",
                  DB_ARGS(DB_TEXT(sync_id), DB_TEXT(record_id)), e);
}

enum bs_rc state_clear(struct store *s, const char *sync_id, struct bs_err *e)
{
    bool own;
    enum bs_rc rc = db_enter(s, &own, e);

    if (rc != BS_OK) {
        return rc;
    }
    rc = db_run(s, "DELETE FROM \"PairState\" WHERE syncConfigId = ?1", DB_ARGS(DB_TEXT(sync_id)),
                e);
    return db_leave(s, own, rc, e);
}
