/*
 * keys.h: the one table of everything the INI file can say (private to conf/). The parser, the
 * defaults, the ranges, the sample file, --print-config and the manual page are all read from it: a
 * key is added by one line in keys.c.
 */
#ifndef CONF_KEYS_H
#define CONF_KEYS_H

#include "conf/conf.h"

#define CONF_WHY_MAX 320 /* what is wrong with a value, with NUL */

enum conf_section {
    IN_BASESYNC,
    IN_AIRTABLE,
    IN_GOOGLE,
    IN_NETWORK,
    IN_NOTIFY,
    IN_USER,
    IN_SYNC,
    CONF_SECTION_COUNT
};

struct conf_section_info {
    const char *name;
    bool named; /* [user NAME], [sync NAME]: may occur several times */
    const char *help;
};
extern const struct conf_section_info conf_sections[CONF_SECTION_COUNT];

/* A value on its way into its member. */
struct conf_slot {
    const struct conf_key *key;
    void *at;               /* the member */
    void *object;           /* the struct conf, conf_user or conf_sync around it */
    char why[CONF_WHY_MAX]; /* parse: what is wrong, ends without a full stop */
};

/* How a kind of value is read, written and freed. */
struct conf_type {
    /* Reads text into the slot (what it held was freed); false with slot->why. An empty text comes
     * here only when the type is `optional`. */
    bool (*parse)(struct conf_slot *slot, const char *text);
    void (*print)(const struct conf_slot *slot, struct buf *out);
    void (*release)(void *at); /* NULL: nothing to free */
    const char *form;          /* for the manual page: "yes or no" */
    bool optional;             /* empty means: none */
    bool repeats;              /* several lines add up; print writes all of them itself */
};

struct conf_word {
    const char *text;
    int value;
};

struct conf_key {
    enum conf_section section;
    const char *name;
    const struct conf_type *type;
    size_t offset, size;           /* of the member */
    const char *otherwise;         /* default as text; NULL: required; "": none */
    int64_t min, max;              /* numbers and durations (ms); texts: greatest length in max */
    const struct conf_word *words; /* of a choice, ended by a NULL text */
    const char *example;           /* for the sample; NULL: the default */
    const char *help;              /* one sentence or two, no full stop at the end */
};
extern const struct conf_key conf_keys[];
extern const size_t conf_n_keys;

#define CONF_KEYS_MAX 128

extern const struct conf_type conf_text, conf_optional, conf_path, conf_bool, conf_int,
    conf_seconds, conf_ms, conf_hours, conf_choice, conf_cron, conf_optional_cron, conf_zone,
    conf_url, conf_optional_url, conf_proxy, conf_mail_url, conf_base, conf_spreadsheet, conf_tab,
    conf_direction, conf_conflicts, conf_max_delete, conf_field;

/* Calls the reader of the INI: conf/ini.c. The functions return false when they have set e. */
struct ini_events {
    bool (*section)(void *ctx, int line,
                    char *text); /* what stands between the brackets, trimmed */
    bool (*pair)(void *ctx, int line, const char *key, const char *value);
    void *ctx;
};
#define INI_LINE_MAX 4096 /* bytes of a line, without its end */
enum bs_rc ini_read(const char *path, const char *text, size_t len, const struct ini_events *ev,
                    struct bs_err *e) BS_MUST_CHECK;

/* The key with this name in this section; NULL when none. */
const struct conf_key *conf_find_key(enum conf_section section, const char *name);
/* Slot of a key in the struct it belongs to. */
struct conf_slot conf_slot_of(const struct conf_key *key, void *object);
/* The word among n (taken from every stride-th place) nearest to `word`, NULL when none is near. */
const char *conf_nearest(const char *word, const char *const *known, size_t n);

#endif
