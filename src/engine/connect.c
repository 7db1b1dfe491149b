#include "engine/connect_p.h"

#include "base/log.h"
#include "base/version.h"
#include "remote/auth.h"

/* Runs of a thousand requests under Airtable's limits take minutes; nothing sane takes this long.
 */
#define RUN_DEADLINE_MS ((int64_t)6 * 60 * 60 * 1000)

#define DRIVE_SCOPE "https://www.googleapis.com/auth/drive.metadata.readonly" /* for the gate */

struct run_connections {
    struct endpoints ep;
    struct call_limits limits;
    struct auth *airtable, *google;
};

static void fill_settings(struct run *r, struct run_connections *c)
{
    const struct conf *conf = r->env->conf;

    c->ep = (struct endpoints){
        .airtable_api = conf->airtable_api,
        .airtable_oauth = conf->airtable_oauth,
        .sheets = conf->sheets_url,
        .drive = conf->drive_url,
        .google_token = conf->token_url,
    };
    c->limits = (struct call_limits){
        .airtable_rps = conf->airtable_rps,
        .google_reads = conf->google_reads,
        .google_writes = conf->google_writes,
        .max_retries = r->cs->max_retries,
        .monthly_budget = conf->monthly_budget,
        .deadline_ms = r->started_mono + RUN_DEADLINE_MS,
    };
}

enum bs_rc run_connect(struct run *r, struct bs_err *e)
{
    struct run_connections *c = arena_alloc(r->arena, sizeof *c);
    const struct conf *conf = r->env->conf;
    struct http_options o = {
        .ca_file = conf->ca_file,
        .proxy = conf->proxy,
        .connect_timeout_ms = (int64_t)conf->connect_timeout_s * 1000,
        .timeout_ms = (int64_t)conf->timeout_s * 1000,
        .max_in_flight = 6,
        .user_agent = bs_user_agent,
    };

    r->connections = c;
    fill_settings(r, c);
    if (store_hash_key(r->env->store, &r->convert.key, e) != BS_OK ||
        http_new(&o, &r->http, e) != BS_OK ||
        auth_new(r->env->store, r->http, &c->ep, r->sc->user_id, SERVICE_AIRTABLE, &c->airtable,
                 e) != BS_OK ||
        auth_new(r->env->store, r->http, &c->ep, r->sc->user_id, SERVICE_GOOGLE, &c->google, e) !=
            BS_OK) {
        return e->rc;
    }
    if (r->cs->drive_gate) {
        auth_ask_also(c->google, DRIVE_SCOPE);
    }
    auth_tell_secrets(c->airtable, log_secret);
    auth_tell_secrets(c->google, log_secret);
    r->at_caller = caller_new(r->env->store, r->http, c->airtable, &c->ep, &c->limits);
    r->gs_caller = caller_new(r->env->store, r->http, c->google, &c->ep, &c->limits);
    r->at = airtable_new(r->at_caller, r->cs->base);
    r->sh = sheets_new(r->gs_caller, r->cs->spreadsheet);
    return BS_OK;
}

void run_disconnect(struct run *r)
{
    airtable_free(r->at);
    sheets_free(r->sh);
    caller_free(r->at_caller);
    caller_free(r->gs_caller);
    if (r->connections != NULL) {
        auth_free(r->connections->airtable);
        auth_free(r->connections->google);
    }
    http_free(r->http);
}

bool run_renew_google(struct run *r)
{
    struct bs_err ignored = BS_ERR_INIT;
    const char *token = NULL;

    return auth_is_own_scope(r->connections->google) &&
           auth_token(r->connections->google, true, &token, &ignored) == BS_OK;
}

bool run_wrote(const struct caller *c)
{
    return c != NULL && caller_stats(c).writes > 0;
}

void run_count_calls(struct run *r)
{
    struct caller_stats a = {0}, g = {0};
    struct http_stats h = {0};

    if (r->at_caller != NULL) {
        a = caller_stats(r->at_caller);
    }
    if (r->gs_caller != NULL) {
        g = caller_stats(r->gs_caller);
    }
    if (r->http != NULL) {
        h = http_stats(r->http);
    }
    r->counts.calls_airtable = a.airtable;
    r->counts.calls_sheets = g.sheets;
    r->counts.calls_other = h.requests - a.airtable - g.sheets;
    r->counts.bytes_sent = h.bytes_sent;
    r->counts.bytes_received = h.bytes_received;
}
