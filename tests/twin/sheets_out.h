/*
 * sheets_out.h: writes an answer as JSON text at once, without a tree: a tab of a million cells has
 * to go out quickly. With a field mask, only what it asks for.
 */
#ifndef TWIN_SHEETS_OUT_H
#define TWIN_SHEETS_OUT_H

#include "mask.h"
#include "util.h"

#define OUT_DEPTH_MAX 64

struct out {
    struct tbuf b;
    bool pretty; /* two blanks a level, as Google prints unless asked not to */
    int depth;
    bool some[OUT_DEPTH_MAX]; /* something was written on this level */
};

/* key NULL: inside an array, or the whole. */
void out_object(struct out *o, const char *key);
void out_array(struct out *o, const char *key);
void out_end_object(struct out *o);
void out_end_array(struct out *o);
void out_string(struct out *o, const char *key, const char *s);
void out_number(struct out *o, const char *key, double v);
void out_bool(struct out *o, const char *key, bool v);
/* A JSON value, cut down by a mask (NULL: nothing is written). */
void out_json(struct out *o, const char *key, const cJSON *v, const struct mask *m);

#endif
