/*
 * remote.h: what the drivers of both services share: where the services are, how fast they may be
 * asked, and how long a run may take.
 */
#ifndef REMOTE_REMOTE_H
#define REMOTE_REMOTE_H

#include <stdint.h>

/* Borrowed text, without a slash at the end. */
struct endpoints {
    const char *airtable_api;   /* https://api.airtable.com */
    const char *airtable_oauth; /* https://airtable.com/oauth2/v1 */
    const char *sheets;         /* https://sheets.googleapis.com */
    const char *drive;          /* https://www.googleapis.com */
    const char *google_token;   /* https://oauth2.googleapis.com/token */
    /* Of a sign-in by hand only: https://oauth2.googleapis.com/revoke, and
     * https://openidconnect.googleapis.com/v1/userinfo. */
    const char *google_revoke, *google_userinfo;
};

struct call_limits {
    int airtable_rps; /* requests a second per base */
    int google_reads; /* a minute per account */
    int google_writes;
    int max_retries;        /* after the first try */
    int64_t monthly_budget; /* Airtable calls a month, 0: none */
    int64_t deadline_ms;    /* on the clock that never steps; 0: none */
};

#define AIRTABLE_TOKEN_RPS 50         /* per token (Airtable "Rate limits") */
#define GOOGLE_PROJECT_PER_MINUTE 300 /* reads, and as many writes (Sheets "Usage limits") */
#define CALL_IN_FLIGHT 6              /* requests under way at once */

#endif
