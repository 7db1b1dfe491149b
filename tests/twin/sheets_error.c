/* Errors of the Sheets service in Google's form: see sheets.h. */
#include "sheets.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool s_fail(struct s_err *e, int http, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    free(e->text);
    e->text = tw_alloc((size_t)(n < 0 ? 0 : n) + 1);
    vsnprintf(e->text, (size_t)n + 1, fmt, ap);
    va_end(ap);
    e->http = http;
    return false;
}

bool s_fail_violations(struct s_err *e)
{
    struct tbuf b = {0};
    for (size_t i = 0; i < e->v.n; i++)
        tb_fmt(&b, "%s%s", i ? "\n" : "", e->v.v[i].text);
    free(e->text);
    e->text = tb_take(&b);
    e->http = 400;
    return false;
}

void s_err_free(struct s_err *e)
{
    free(e->text);
    violations_free(&e->v);
    cJSON_Delete(e->details);
    *e = (struct s_err){0};
}

static const char *status_of(int http)
{
    static const struct {
        int http;
        const char *status;
    } known[] = {{400, "INVALID_ARGUMENT"}, {401, "UNAUTHENTICATED"}, {403, "PERMISSION_DENIED"},
                 {404, "NOT_FOUND"},        {409, "ABORTED"},         {429, "RESOURCE_EXHAUSTED"},
                 {501, "UNIMPLEMENTED"},    {503, "UNAVAILABLE"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].http == http)
            return known[i].status;
    return "INTERNAL";
}

static void put_details(struct out *o, const struct s_err *e)
{
    if (!e->v.n && !e->details)
        return;
    out_array(o, "details");
    if (e->v.n) {
        out_object(o, NULL);
        out_string(o, "@type", "type.googleapis.com/google.rpc.BadRequest");
        out_array(o, "fieldViolations");
        for (size_t i = 0; i < e->v.n; i++) {
            out_object(o, NULL);
            if (e->v.v[i].field)
                out_string(o, "field", e->v.v[i].field);
            out_string(o, "description", e->v.v[i].text);
            out_end_object(o);
        }
        out_end_array(o);
        out_end_object(o);
    }
    for (const cJSON *d = e->details ? e->details->child : NULL; d; d = d->next)
        out_json(o, NULL, d, &mask_all);
    out_end_array(o);
}

void s_err_answer(struct s_err *e, bool pretty, struct twin_res *res)
{
    struct out o = {.pretty = pretty};
    out_object(&o, NULL);
    out_object(&o, "error");
    out_number(&o, "code", e->http);
    out_string(&o, "message", e->text);
    out_string(&o, "status", e->status ? e->status : status_of(e->http));
    put_details(&o, e);
    out_end_object(&o);
    out_end_object(&o);
    free(res->body);
    res->status = e->http;
    res->body_len = o.b.n;
    res->body = tb_take(&o.b);
}
