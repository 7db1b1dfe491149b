/* JSON out and in: a printer that keeps every bit of a number, typed getters, answers. */
#include "twin.h"
#include "util.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void twin_number(double v, char out[32])
{
    if (v == floor(v) && fabs(v) < 1e15) {
        snprintf(out, 32, "%.0f", v == 0 ? 0.0 : v);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, 32, "%.*g", digits, v);
        if (strtod(out, NULL) == v)
            return;
    }
}

cJSON *twin_json_number(double v)
{
    char text[32];
    twin_number(v, text);
    return cJSON_CreateRaw(text);
}

void tb_json_str(struct tbuf *b, const char *s)
{
    tb_chr(b, '"');
    for (const char *start = s;; s++) {
        unsigned char c = (unsigned char)*s;
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        tb_add(b, start, (size_t)(s - start));
        start = s + 1;
        if (!c)
            break;
        if (c == '"' || c == '\\')
            tb_fmt(b, "\\%c", c);
        else if (c == '\n')
            tb_str(b, "\\n");
        else if (c == '\r')
            tb_str(b, "\\r");
        else if (c == '\t')
            tb_str(b, "\\t");
        else
            tb_fmt(b, "\\u%04x", c);
    }
    tb_chr(b, '"');
}

static void json_scalar(struct tbuf *b, const cJSON *v)
{
    char num[32];
    if (cJSON_IsString(v)) {
        tb_json_str(b, v->valuestring);
    } else if (cJSON_IsNumber(v)) {
        if (isfinite(v->valuedouble))
            twin_number(v->valuedouble, num);
        else
            snprintf(num, sizeof num, "null");
        tb_str(b, num);
    } else if (cJSON_IsRaw(v)) {
        tb_str(b, v->valuestring);
    } else {
        tb_str(b, cJSON_IsTrue(v) ? "true" : cJSON_IsFalse(v) ? "false" : "null");
    }
}

static void newline(struct tbuf *b, int indent, int depth)
{
    if (indent <= 0)
        return;
    tb_chr(b, '\n');
    for (int i = 0; i < indent * depth; i++)
        tb_chr(b, ' ');
}

static void json_print(struct tbuf *b, const cJSON *v, int indent, int depth)
{
    if (!cJSON_IsObject(v) && !cJSON_IsArray(v)) {
        json_scalar(b, v);
        return;
    }
    bool object = cJSON_IsObject(v);
    tb_chr(b, object ? '{' : '[');
    for (const cJSON *c = v->child; c; c = c->next) {
        newline(b, indent, depth + 1);
        if (object) {
            tb_json_str(b, c->string ? c->string : "");
            tb_str(b, indent > 0 ? ": " : ":");
        }
        json_print(b, c, indent, depth + 1);
        if (c->next)
            tb_chr(b, ',');
    }
    if (v->child)
        newline(b, indent, depth);
    tb_chr(b, object ? '}' : ']');
}

void tb_json(struct tbuf *b, const cJSON *v)
{
    json_print(b, v, 0, 0);
}

char *twin_json_print(const cJSON *v, int indent)
{
    struct tbuf b = {0};
    json_print(&b, v, indent, 0);
    return tb_take(&b);
}

char *tj_text(const cJSON *v)
{
    return twin_json_print(v, 0);
}

cJSON *tj_get(const cJSON *o, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(o, key);
}

const char *tj_str(const cJSON *o, const char *key)
{
    return cJSON_GetStringValue(tj_get(o, key));
}

double tj_num(const cJSON *o, const char *key, double def)
{
    const cJSON *v = tj_get(o, key);
    return cJSON_IsNumber(v) ? v->valuedouble : def;
}

int64_t tj_int(const cJSON *o, const char *key, int64_t def)
{
    const cJSON *v = tj_get(o, key);
    return cJSON_IsNumber(v) ? (int64_t)v->valuedouble : def;
}

bool tj_bool(const cJSON *o, const char *key, bool def)
{
    const cJSON *v = tj_get(o, key);
    return cJSON_IsBool(v) ? cJSON_IsTrue(v) : def;
}

void tj_add_int(cJSON *o, const char *key, int64_t v)
{
    cJSON_AddItemToObject(o, key, twin_json_number((double)v));
}

void tj_add_raw(cJSON *o, const char *key, const char *json)
{
    cJSON_AddItemToObject(o, key, cJSON_CreateRaw(json));
}

/* ---- answers ---- */

void twin_res_json(struct twin_res *res, int status, cJSON *json)
{
    struct tbuf b = {0};
    free(res->body);
    tb_json(&b, json);
    cJSON_Delete(json);
    res->status = status;
    res->body_len = b.n;
    res->body = tb_take(&b);
}

void twin_res_text(struct twin_res *res, int status, const char *type, const char *text)
{
    free(res->body);
    res->status = status;
    res->body = tw_dup(text);
    res->body_len = strlen(text);
    res->content_type = type;
}

void twin_res_header(struct twin_res *res, const char *name, const char *value)
{
    if (res->n_headers == sizeof res->headers / sizeof *res->headers)
        return;
    res->headers[res->n_headers].name = tw_dup(name);
    res->headers[res->n_headers].value = tw_dup(value);
    res->n_headers++;
}

const char *twin_query(const struct twin_req *req, const char *name)
{
    return tw_form_get(req->query, req->n_query, name);
}
