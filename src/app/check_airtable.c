/* check_airtable.c: one sync's steps at Airtable: credential, scopes, access, table, fields, keys,
 * calls of the month. */
#include "app/check.h"
#include "base/clock.h"
#include "base/str.h"
#include "net/oauth_client.h"
#include "store/usage.h"

/* ---- the credential ---- */

static bool writes(const struct sync_check *k)
{
    return k->s->rules.direction != DIRECTION_TO_SHEETS;
}

static void check_scopes(struct sync_check *k, const char *given)
{
    struct buf missing;

    if (*given == '\0') {
        /* Airtable tells the scopes of sign-ins only. */
        check_add(k->c, CHECK_OK, "scopes",
                  "a personal access token does not tell them: reading "
                  "is tried below%s",
                  writes(k) ? "; that it has data.records:write shows at the first write" : "");
        return;
    }
    buf_init(&missing, BS_ERR_MSG_MAX);
    oauth_scopes_missing(writes(k) ? "data.records:read schema.bases:read data.records:write"
                                   : "data.records:read schema.bases:read",
                         given, &missing);
    if (missing.len > 0) {
        check_fail_with(k->c, "scopes", BS_K_PERMISSION,
                        "the sign-in to Airtable lacks %s: run `basesync connect airtable --oauth` "
                        "and allow it%s",
                        missing.data, writes(k) ? ", or use direction = airtable_to_sheets" : "");
    } else {
        check_add(k->c, CHECK_OK, "scopes", "%s", given);
    }
    buf_release(&missing);
}

static bool check_account(struct sync_check *k, const struct session *s, struct bs_err *e)
{
    struct airtable_whoami who;

    if (!check_step(k->c, "airtable", airtable_whoami(s->caller, &who, e), e)) {
        return false;
    }
    check_add(k->c, CHECK_OK, "airtable", "%s", auth_account(s->auth));
    check_scopes(k, who.scopes);
    check_lapse(k, SERVICE_AIRTABLE, "airtable", e);
    return true;
}

static void check_permission(struct sync_check *k, struct session *at, struct bs_err *e)
{
    const struct airtable_base_info *bases;
    size_t n;
    size_t i = 0;

    if (!check_step(k->c, "access", airtable_bases(at->caller, k->c->app->arena, &bases, &n, e),
                    e)) {
        return;
    }
    while (i < n && !str_eq(bases[i].id, k->s->base)) {
        i++;
    }
    if (i == n) {
        check_fail_with(k->c, "access", BS_K_PERMISSION,
                        "the token cannot see the base %s: add the base to the token's access, or "
                        "correct `base`",
                        k->s->base);
    } else if (writes(k) && !session_may_write(bases[i].permission)) {
        check_fail_with(k->c, "access", BS_K_PERMISSION,
                        "the account may only %s in the base \"%s\": make it an editor there, or "
                        "use direction = airtable_to_sheets",
                        bases[i].permission, bases[i].name);
    } else {
        check_add(k->c, CHECK_OK, "access", "base \"%s\", permission %s", bases[i].name,
                  bases[i].permission);
    }
}

/* ---- the table ---- */

static void check_fields(struct sync_check *k)
{
    const struct mapping *m = &k->s->mapping;

    for (size_t i = 0; i < m->n; i++) {
        if (!table_find_field(k->table, m->entries[i].field)) {
            check_fail_with(k->c, "fields", BS_K_SCHEMA,
                            "the table has no field \"%s\": correct `field` in [sync %s]",
                            m->entries[i].field, k->s->slug);
            return;
        }
    }
    check_add(k->c, CHECK_OK, "fields", "%zu of %zu", m->all ? k->table->n_fields : m->n,
              k->table->n_fields);
}

static bool is_mapped(const struct sync_check *k, const struct field *f)
{
    const struct mapping *m = &k->s->mapping;

    for (size_t i = 0; i < m->n; i++) {
        if (table_find_field(k->table, m->entries[i].field) == f) {
            return true;
        }
    }
    return m->all;
}

/* A key of the INI file that names a field. */
static const struct field *check_named(struct sync_check *k, const char *key, const char *name)
{
    const struct field *f = name ? table_find_field(k->table, name) : NULL;

    if (name && !f) {
        check_fail_with(k->c, "key", BS_K_SCHEMA,
                        "the table has no field \"%s\": correct `%s` in [sync %s]", name, key,
                        k->s->slug);
    }
    return f;
}

/* Whether its values are unique is seen by the dry run. */
static void check_keys(struct sync_check *k)
{
    const char *match = k->s->match ? k->s->match : k->table->primary_field;
    const struct field *f = check_named(k, "match", match);

    (void)check_named(k, "create_key", k->s->create_key);
    (void)check_named(k, "modified_field", k->s->modified_field);
    if (f && !is_mapped(k, f)) {
        check_add(k->c, CHECK_NOTE, "key",
                  "\"%s\", by which rows and records find each other, is not among the fields of "
                  "this sync: rows that are there already get no record; add `field = %s`, or name "
                  "another field with `match`",
                  f->name, f->name);
    } else if (f) {
        check_add(k->c, CHECK_OK, "key", "\"%s\"", f->name);
    }
}

static void check_table(struct sync_check *k, const struct base_schema *schema)
{
    k->table = schema_find_table(schema, k->s->table);
    if (!k->table) {
        check_fail_with(k->c, "table", BS_K_SCHEMA,
                        "the base has no table \"%s\": correct `table`; `basesync discover %s` "
                        "lists them",
                        k->s->table, k->s->base);
    } else if (k->s->view && !table_find_view(k->table, k->s->view)) {
        check_fail_with(k->c, "table", BS_K_SCHEMA, "the table has no view \"%s\": correct `view`",
                        k->s->view);
    } else {
        check_add(k->c, CHECK_OK, "table", "%s (%s)", k->table->name, k->table->id);
        check_fields(k);
        check_keys(k);
    }
}

/* ---- limits ---- */

static void check_month(struct sync_check *k, const struct session *s, struct bs_err *e)
{
    char counter[CALL_COUNTER_MAX];
    int64_t budget = k->c->app->conf->monthly_budget, calls;

    call_month_counter(auth_quota_key(s->auth), counter);
    if (!check_step(k->c, "limits",
                    usage_month(k->c->app->store, counter, clock_wall_ms(), &calls, e), e)) {
        return;
    }
    if (budget > 0 && calls >= budget) {
        check_fail_with(k->c, "limits", BS_K_QUOTA,
                        "this month's calls to Airtable, %lld, have used up monthly_budget = %lld: "
                        "raise it, or wait for the next month",
                        (long long)calls, (long long)budget);
    } else if (budget > 0) {
        check_add(k->c, CHECK_OK, "limits", "%lld of %lld calls to Airtable this month",
                  (long long)calls, (long long)budget);
    } else {
        check_add(k->c, CHECK_OK, "limits",
                  "%lld calls to Airtable this month; no monthly_budget is set", (long long)calls);
    }
}

bool check_airtable(struct sync_check *k, struct bs_err *e)
{
    const struct base_schema *schema;
    struct session s;
    bool ok = check_step(k->c, "airtable",
                         session_open(&s, k->c->app, k->sc->user_id, SERVICE_AIRTABLE, e), e);

    if (ok) {
        check_month(k, &s, e);
    }
    ok = ok && check_account(k, &s, e);
    if (ok) {
        check_permission(k, &s, e);
        ok = check_step(k->c, "table", session_schema(k->c->app, &s, k->s->base, &schema, e), e);
    }
    if (ok) {
        check_table(k, schema);
    }
    check_note_time(k->c, &s);
    session_release(&s);
    return ok && k->table;
}
