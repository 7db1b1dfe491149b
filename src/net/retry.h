/*
 * retry.h: what to do after each outcome of a request, by method class and service: one table, data
 * not code. Reads and writes by id may be repeated; a create only when it was surely not executed.
 * Sources: Airtable Web API "Errors" and "Rate limits"; Google "Usage limits", "Troubleshoot API
 * errors".
 */
#ifndef NET_RETRY_H
#define NET_RETRY_H

#include "base/err.h"
#include "net/http.h"

/* Airtable "Rate limits": wait 30 seconds; and a little, since its clock and ours both count. */
#define RETRY_AIRTABLE_PENALTY_MS 30500
/* Google's buckets refill each minute: three waits of this length outlast one. */
#define RETRY_GOOGLE_PENALTY_MS 21000
/* A service that asks for more than this is not waited for: the call fails, a later run comes. */
#define RETRY_AFTER_MAX_MS 300000

enum retry_class { CLASS_READ, CLASS_WRITE_BY_ID, CLASS_CREATE, CLASS_TOKEN };
enum retry_service { ON_AIRTABLE, ON_SHEETS, ON_DRIVE, ON_TOKEN_SERVER, ON_OTHER };

enum retry_action {
    ACT_DONE,    /* 2xx */
    ACT_RETRY,   /* again after back-off, at most max_retries times */
    ACT_PENALTY, /* again after the service's penalty (30 s Airtable, up to 60 s Google) */
    ACT_REFRESH, /* get a new access token once, then again; a second 401 is FAIL */
    ACT_SPLIT,   /* too large or one bad item: the caller halves the batch */
    ACT_UNSURE,  /* a create that may have landed */
    ACT_RELIST,  /* the listing's iterator is gone: start from page 1 */
    ACT_GONE,    /* the item addressed is not there */
    ACT_FAIL,    /* final: kind says what */
};

struct retry_verdict {
    enum retry_action action;
    enum bs_kind kind; /* of ACT_FAIL, and of giving up */
    int64_t wait_ms;   /* lower bound from Retry-After or penalty; 0: back-off decides */
    int max_tries;     /* cap of its own (500: 3), 0: max_retries */
};

/* The code of a 403 that is no JSON. */
#define RETRY_NO_JSON "NOT_JSON"

/* code: the service's error type or reason ("RATE_LIMIT_REACHED", "SERVICE_DISABLED" ...), as
 * retry_read_error gives it; "" or NULL unknown. */
struct retry_verdict retry_decide(enum retry_service service, enum retry_class cls,
                                  const struct http_response *r, const char *code);
/* Full-jitter back-off for try n (0, 1, ...): uniform in [0, min(cap, base * 2^n)]. */
int64_t retry_backoff_ms(enum retry_service service, int n);

/* Finds type and message in any of the error forms of both services (object, string, errors array,
 * HTML, empty). Fills e->code (Google: the ErrorInfo or Drive reason if there is one, else the
 * status; CELL_LIMIT when a spreadsheet is full, which only the message tells), e->http,
 * e->retry_ms and a sentence; never the request's secrets. rc and kind are as the retry table has
 * them for a read that fails for good. */
void retry_read_error(enum retry_service service, const struct http_response *r, struct bs_err *e);
/* What a person calls the service: "Airtable", "Google Sheets" ... */
const char *retry_service_name(enum retry_service service);

#endif
