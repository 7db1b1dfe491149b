/* JSON text, written as it comes: see sheets_out.h. */
#include "sheets_out.h"

#include "twin.h"

#include <stdlib.h>
#include <string.h>

static void line(struct out *o)
{
    if (!o->pretty)
        return;
    tb_chr(&o->b, '\n');
    for (int i = 0; i < o->depth; i++)
        tb_add(&o->b, "  ", 2);
}

static void begin(struct out *o, const char *key)
{
    if (o->depth) {
        if (o->some[o->depth])
            tb_chr(&o->b, ',');
        line(o);
    }
    o->some[o->depth] = true;
    if (!key)
        return;
    tb_json_str(&o->b, key);
    tb_str(&o->b, o->pretty ? ": " : ":");
}

static void open_level(struct out *o, const char *key, char bracket)
{
    begin(o, key);
    tb_chr(&o->b, bracket);
    if (++o->depth == OUT_DEPTH_MAX)
        abort();
    o->some[o->depth] = false;
}

static void close_level(struct out *o, char bracket)
{
    bool some = o->some[o->depth];
    o->depth--;
    if (some)
        line(o);
    tb_chr(&o->b, bracket);
    if (!o->depth && o->pretty)
        tb_chr(&o->b, '\n');
}

void out_object(struct out *o, const char *key)
{
    open_level(o, key, '{');
}

void out_array(struct out *o, const char *key)
{
    open_level(o, key, '[');
}

void out_end_object(struct out *o)
{
    close_level(o, '}');
}

void out_end_array(struct out *o)
{
    close_level(o, ']');
}

void out_string(struct out *o, const char *key, const char *s)
{
    begin(o, key);
    tb_json_str(&o->b, s);
}

void out_number(struct out *o, const char *key, double v)
{
    char text[32];
    begin(o, key);
    twin_number(v, text);
    tb_str(&o->b, text);
}

void out_bool(struct out *o, const char *key, bool v)
{
    begin(o, key);
    tb_str(&o->b, v ? "true" : "false");
}

void out_json(struct out *o, const char *key, const cJSON *v, const struct mask *m)
{
    if (!m)
        return;
    if (!cJSON_IsObject(v) && !cJSON_IsArray(v)) {
        begin(o, key);
        tb_json(&o->b, v);
        return;
    }
    bool object = cJSON_IsObject(v);
    open_level(o, key, object ? '{' : '[');
    for (const cJSON *c = v->child; c; c = c->next)
        out_json(o, object ? c->string : NULL, c, object ? mask_get(m, c->string) : m);
    close_level(o, object ? '}' : ']');
}
