/* rules.c: see rules.h. */
#include "model/rules.h"

#include "base/mem.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char *const direction_names[] = {
    [DIRECTION_TO_SHEETS] = "AIRTABLE_TO_SHEETS",
    [DIRECTION_TO_AIRTABLE] = "SHEETS_TO_AIRTABLE",
    [DIRECTION_BOTH] = "BIDIRECTIONAL",
};

static const char *const conflict_names[] = {
    [CONFLICT_AIRTABLE_WINS] = "AIRTABLE_WINS",
    [CONFLICT_SHEETS_WINS] = "SHEETS_WINS",
    [CONFLICT_NEWEST_WINS] = "NEWEST_WINS",
    [CONFLICT_HOLD] = "HOLD",
};

/* Index of s among the names without regard to case; n when it is none of them. */
static size_t find_name(const char *const *names, size_t n, const char *s)
{
    size_t i = 0;

    while (i < n && !str_eq_ci(names[i], s)) {
        i++;
    }
    return i;
}

const char *direction_name(enum sync_direction d)
{
    return direction_names[d];
}

bool direction_parse(const char *s, enum sync_direction *out)
{
    size_t i = find_name(direction_names, COUNT(direction_names), s);

    if (i == COUNT(direction_names)) {
        return false;
    }
    *out = (enum sync_direction)i;
    return true;
}

const char *conflict_rule_name(enum conflict_rule r)
{
    return conflict_names[r];
}

bool conflict_rule_parse(const char *s, enum conflict_rule *out)
{
    size_t i = find_name(conflict_names, COUNT(conflict_names), s);

    if (i == COUNT(conflict_names)) {
        return false;
    }
    *out = (enum conflict_rule)i;
    return true;
}

/* ---- field mapping ---- */

struct arrow {
    const char *text;
    enum sync_direction direction;
};

static const struct arrow arrows[] = {
    {"<->", DIRECTION_BOTH},
    {"->", DIRECTION_TO_SHEETS},
    {"<-", DIRECTION_TO_AIRTABLE},
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* The first arrow at or after s that stands by itself: names may hold one without spaces around it.
 */
static const char *find_arrow(const char *start, const char *s, const struct arrow **out)
{
    for (; *s != '\0'; s++) {
        for (size_t i = 0; i < COUNT(arrows); i++) {
            size_t len = strlen(arrows[i].text);
            bool open = s == start || is_space(s[-1]);

            if (open && str_starts(s, arrows[i].text) && (s[len] == '\0' || is_space(s[len]))) {
                *out = &arrows[i];
                return s;
            }
        }
    }
    return NULL;
}

static const char *check_entry(const struct mapping *m, const struct map_entry *entry)
{
    if (*entry->field == '\0') {
        return "the name of the Airtable field is missing";
    }
    if (*entry->column == '\0') {
        return "the header of the column is missing";
    }
    if (m->n >= MAPPING_MAX) {
        return "more fields than one sync can have (500)";
    }
    for (size_t i = 0; i < m->n; i++) {
        if (str_eq(m->entries[i].field, entry->field)) {
            return "this field is mapped already";
        }
        if (str_eq(m->entries[i].column, entry->column)) {
            return "this column is mapped already";
        }
    }
    return NULL;
}

static char *trimmed_copy(const char *s, size_t len)
{
    char *raw = bs_strndup(s, len);
    char *copy = bs_strdup(str_trim(raw));

    free(raw);
    return copy;
}

const char *mapping_add(struct mapping *m, const char *text)
{
    struct map_entry entry = {.direction = DIRECTION_BOTH};
    const struct arrow *arrow = NULL, *second = NULL;
    const char *at = find_arrow(text, text, &arrow);
    const char *wrong = NULL;

    if (at) {
        const char *rest = at + strlen(arrow->text);

        if (find_arrow(text, rest, &second)) {
            return "more than one arrow; a field line is \"Field\", \"Field <-> Column\", "
                   "\"Field -> Column\" or \"Field <- Column\"";
        }
        entry.direction = arrow->direction;
        entry.field = trimmed_copy(text, (size_t)(at - text));
        entry.column = trimmed_copy(rest, strlen(rest));
    } else {
        entry.field = trimmed_copy(text, strlen(text));
        entry.column = bs_strdup(entry.field);
    }
    wrong = check_entry(m, &entry);
    if (wrong) {
        free(entry.field);
        free(entry.column);
        return wrong;
    }
    m->entries = bs_realloc_n(m->entries, m->n + 1, sizeof *m->entries);
    m->entries[m->n++] = entry;
    m->all = false;
    return NULL;
}

void mapping_release(struct mapping *m)
{
    for (size_t i = 0; i < m->n; i++) {
        free(m->entries[i].field);
        free(m->entries[i].column);
    }
    free(m->entries);
    *m = (struct mapping){0};
}
