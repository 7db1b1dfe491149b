/*
 * sheets_format.h: how a value looks in its cell. Patterns: Sheets API guide "Date and number
 * formats"; locales: what Sheets shows for them.
 */
#ifndef TWIN_SHEETS_FORMAT_H
#define TWIN_SHEETS_FORMAT_H

#include "grid.h"

struct fmt_locale {
    const char *name;     /* en_US, or a language alone */
    const char *decimal;  /* "." or "," */
    const char *group;    /* between thousands */
    const char *currency; /* default pattern of CURRENCY */
    const char *date;     /* default pattern of DATE */
    const char *time;     /* default pattern of TIME */
    char order;           /* of a date typed in: 'm' month first, 'd' day first, 'y' year first */
};
/* Never NULL: an unknown locale looks like en_US. */
const struct fmt_locale *fmt_locale(const char *name);
/* Whether Sheets knows a locale of that name. */
bool fmt_locale_known(const char *name);

/* The text shown, malloc'd; "" for an empty value. */
char *fmt_value(const struct g_value *v, unsigned short format, const char *locale);
/* A date, date-time or time, so that FORMATTED_STRING shows it as text. */
bool fmt_is_time(unsigned short format, const struct g_value *v);
/* A number without any format. */
void fmt_general(double v, const struct fmt_locale *l, struct tbuf *b);

/* sheets_format_date.c */
/* Whether the pattern's section shows parts of a date or time. */
bool fmt_date_pattern(const char *section, size_t len);
void fmt_date(double serial, const char *section, size_t len, const struct fmt_locale *l,
              struct tbuf *b);

/* What a text typed by a person becomes (USER_ENTERED); sheets_entry.c. */
struct fmt_entry {
    enum g_kind kind; /* G_TEXT, G_NUMBER, G_BOOL, G_FORMULA, G_EMPTY */
    double num;
    char *text; /* of G_TEXT and G_FORMULA, malloc'd */
    const char *type;
    const char *pattern; /* static; the format a cell without one gets, NULL none */
};
/* text_cell: the cell's format is plain text. year: the current one. */
struct fmt_entry fmt_enter(const char *typed, bool text_cell, const char *locale, int year);

#endif
