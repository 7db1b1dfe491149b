/* webhook.h: a webhook and its payloads, between webhook.c (requests) and webhook_feed.c (changes).
 */
#ifndef TWIN_WEBHOOK_H
#define TWIN_WEBHOOK_H

#include "airtable.h"

#define HOOK_WEEK_MS 604800000LL
#define HOOK_MAX_PER_BASE 10
#define HOOK_MAX_PER_CLIENT 2
#define HOOK_PAGE 50

struct at_payload {
    char *json;
    int64_t at_ms;
};

struct at_hook {
    char id[AT_ID];
    cJSON *spec; /* {"options":{...}} as given */
    char *url;
    char *client; /* OAuth client that made it; NULL: a personal token */
    bool notify;
    bool broken; /* what it watched is gone: nothing more comes, and nobody says so */
    int64_t expires_ms;
    struct at_payload *payload;
    size_t n;     /* payloads ever made; the first has cursor 1 */
    size_t first; /* older ones were deleted */
};

/* The hook's filters. */
const cJSON *hook_filters(const struct at_hook *h);
const cJSON *hook_includes(const struct at_hook *h);
bool hook_wants(const struct at_hook *h, const char *list, const char *what);
void hook_push(struct at_hook *h, int64_t at_ms, char *json); /* takes json */
void hook_drop(struct at_base *b, size_t i);
void hook_break(struct at_base *b, struct at_hook *h); /* with a last word, INVALID_HOOK */

#endif
