/*
 * util.h: the small things every part of the twin needs: memory that never fails, a growable text
 * buffer, a string map, ISO times, typed JSON getters. The twin shares no code with basesync, so
 * that a mistake there cannot hide itself here.
 */
#ifndef TWIN_UTIL_H
#define TWIN_UTIL_H

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TW_PRINTF(a, b) __attribute__((format(printf, a, b), nonnull(a)))

/* Memory: out of memory ends the program. */
void *tw_alloc(size_t n); /* zeroed */
void *tw_realloc(void *p, size_t n);
char *tw_dup(const char *s); /* NULL gives NULL */
char *tw_ndup(const char *s, size_t n);
char *tw_fmt(const char *fmt, ...) TW_PRINTF(1, 2);
/* Replaces *slot by a copy of s. */
void tw_set(char **slot, const char *s);

/* A growable text; always NUL-terminated once something was added. */
struct tbuf {
    char *p;
    size_t n;
    size_t cap;
};
void tb_add(struct tbuf *b, const void *s, size_t n);
void tb_str(struct tbuf *b, const char *s);
void tb_chr(struct tbuf *b, char c);
void tb_fmt(struct tbuf *b, const char *fmt, ...) TW_PRINTF(2, 3);
/* Adds s as a JSON string with its quotes. */
void tb_json_str(struct tbuf *b, const char *s);
/* Adds a JSON value without white space; numbers read back to the same double. */
void tb_json(struct tbuf *b, const cJSON *v);
/* Hands the text over (never NULL) and empties the buffer. */
char *tb_take(struct tbuf *b);
void tb_free(struct tbuf *b);

/* A map from strings to pointers; keys are borrowed and must outlive the entry. */
struct tmap {
    const char **keys;
    void **vals;
    size_t cap;
    size_t n;
    size_t used;
};
void *tmap_get(const struct tmap *m, const char *key);
void tmap_put(struct tmap *m, const char *key, void *val);
void tmap_del(struct tmap *m, const char *key);
void tmap_free(struct tmap *m);

/* Times are Unix milliseconds, UTC. */
#define TW_ISO_LEN 32
void tw_iso(int64_t ms, char out[TW_ISO_LEN]);         /* 2026-01-22T10:00:00.000Z */
void tw_iso_seconds(int64_t ms, char out[TW_ISO_LEN]); /* same, cut to whole seconds */
int64_t tw_days_from_civil(int y, int m, int d);
void tw_civil_from_days(int64_t days, int *y, int *m, int *d);
/* Reads YYYY-MM-DD, or that with Thh:mm[:ss[.fff]] and Z, +hh:mm or nothing; *zoned says whether a
 * zone was given, *has_time whether a time was. False when s is nothing of the kind. */
bool tw_parse_iso(const char *s, int64_t *ms, bool *has_time, bool *zoned);

/* JSON getters by exact name; NULL or the default when absent or of another type. */
cJSON *tj_get(const cJSON *o, const char *key);
const char *tj_str(const cJSON *o, const char *key);
double tj_num(const cJSON *o, const char *key, double def);
int64_t tj_int(const cJSON *o, const char *key, int64_t def);
bool tj_bool(const cJSON *o, const char *key, bool def);
/* JSON text of a value, malloc'd, without white space. */
char *tj_text(const cJSON *v);
void tj_add_int(cJSON *o, const char *key, int64_t v);
/* Adds text that already is JSON. */
void tj_add_raw(cJSON *o, const char *key, const char *json);

/* Decodes a form or query string: plus is a space. Gives malloc'd pairs; *n their number. */
struct twin_pair;
struct twin_pair *tw_form_parse(const char *s, size_t *n);
void tw_form_free(struct twin_pair *p, size_t n);
const char *tw_form_get(const struct twin_pair *p, size_t n, const char *name);
/* Base64 of RFC 4648; url: the URL alphabet without padding. */
char *tw_base64(const void *data, size_t n, bool url);
/* Decodes either alphabet; NULL when s is not base64. */
unsigned char *tw_unbase64(const char *s, size_t len, size_t *out_len);
/* Percent-encodes all but unreserved characters; malloc'd. */
char *tw_encode(const char *s);

#endif
