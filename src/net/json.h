/*
 * json.h: reading JSON answers as a tree of cJSON nodes, made of what net/jstream.h's strict parser
 * reads, in one pass and one arena a document. Keys are compared case-sensitively (fields "Name"
 * and "name" may both exist); of members with one name the first counts. Strict RFC 8259; nesting
 * and texts are bounded as in net/jstream.h, and text that is no UTF-8 or holds U+0000 (which would
 * cut a C string) is refused as a whole. The escape of half a surrogate pair reads as U+FFFD.
 * Writing is base/jsonw.h.
 */
#ifndef NET_JSON_H
#define NET_JSON_H

#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json; /* a node; members are borrowed from their document */

/* Parses one document. BS_STOP_SYNC / BS_K_REMOTE "not JSON: ..." with the first bytes, printable,
 * of what came. */
enum bs_rc json_parse(const char *text, size_t len, struct json **out,
                      struct bs_err *e) BS_MUST_CHECK;
void json_free(struct json *doc); /* NULL is nothing; wipes what it held */

/* The same from pieces, as they arrive. With an arena the document is made there and lives as long
 * as it does: json_free then does nothing. Feed returns false once what came cannot be JSON any
 * more; end gives the document, or NULL with json_reader_error saying why. */
struct json_reader;
struct json_reader *json_reader_new(struct arena *a);
void json_reader_free(struct json_reader *r); /* NULL is nothing */
bool json_reader_feed(struct json_reader *r, const char *data, size_t len);
struct json *json_reader_end(struct json_reader *r);
const char *json_reader_error(const struct json_reader *r); /* "" when none */

/* All of these take NULL nodes and answer "absent". */
const struct json *json_get(const struct json *object, const char *key);
/* The same, looked for at `near` first: a member of the object, or NULL. */
const struct json *json_get_near(const struct json *object, const struct json *near,
                                 const char *key);
const struct json *json_path(const struct json *node, const char *dotted); /* "a.b.0.c" */
size_t json_count(const struct json *array_or_object);
/* Iteration over arrays and objects: first child, next sibling, key of a member (NULL in arrays).
 */
const struct json *json_child(const struct json *node);
const struct json *json_next(const struct json *node);
const char *json_key(const struct json *node);

bool json_is_object(const struct json *n);
bool json_is_array(const struct json *n);
bool json_is_null(const struct json *n);
bool json_is_string(const struct json *n);
bool json_is_number(const struct json *n);
bool json_is_bool(const struct json *n);
const char *json_string(const struct json *n, const char *otherwise); /* borrowed */
double json_number(const struct json *n, double otherwise);
int64_t json_int(const struct json *n, int64_t otherwise); /* also from a string of digits */
bool json_bool(const struct json *n, bool otherwise);
/* Compact text of a node (numbers keep every bit); malloc'd. */
char *json_print(const struct json *n);

#endif
