/* show.c: the spreadsheets as tables of text, for a person at a terminal. */
#include "core.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define SHOWN_COLUMNS 20 /* of one cell, on a terminal */

struct shown {
    char *text; /* without control characters, cut */
    int width;
};

/* Bytes of the character at s and its width; 1 for what is no character. */
static size_t step(const char *s, int *width)
{
    mbstate_t st = {0};
    wchar_t c;
    size_t n = mbrtowc(&c, s, strlen(s), &st);
    if (n == 0 || n == (size_t)-1 || n == (size_t)-2) {
        *width = 1;
        return 1;
    }
    *width = wcwidth(c) < 0 ? 1 : wcwidth(c);
    return n;
}

static struct shown shorten(const char *s)
{
    struct tbuf b = {0};
    int width = 0;
    while (*s) {
        int w;
        size_t n = step(s, &w);
        if (width + w > SHOWN_COLUMNS - 1 && s[n]) {
            tb_str(&b, "…");
            width++;
            break;
        }
        if ((unsigned char)*s < ' ')
            tb_str(&b, " ");
        else
            tb_add(&b, s, n);
        width += w;
        s += n;
    }
    return (struct shown){tb_take(&b), width};
}

static struct shown show_cell(const cJSON *cell)
{
    const cJSON *v = cJSON_IsObject(cell) ? tj_get(cell, "v") : cell;
    const char *text = cJSON_IsObject(cell) ? tj_str(cell, "text") : NULL;
    char number[32];
    if (text)
        return shorten(text);
    if (v && cJSON_IsString(v))
        return shorten(v->valuestring);
    if (cJSON_IsBool(v))
        return shorten(cJSON_IsTrue(v) ? "TRUE" : "FALSE");
    if (!v || !cJSON_IsNumber(v))
        return shorten("");
    twin_number(v->valuedouble, number);
    return shorten(number);
}

struct page {
    struct shown *cell; /* rows * cols */
    int *width;
    int rows;
    int cols;
};

static struct page page_of(const cJSON *rows)
{
    struct page p = {0};
    int all = cJSON_GetArraySize(rows);
    for (const cJSON *row = rows->child; row; row = row->next)
        p.cols = cJSON_GetArraySize(row) > p.cols ? cJSON_GetArraySize(row) : p.cols;
    p.cell = tw_alloc((size_t)(all * p.cols + 1) * sizeof *p.cell);
    p.width = tw_alloc((size_t)(p.cols + 1) * sizeof *p.width);
    int r = 0;
    for (const cJSON *row = rows->child; row; row = row->next, r++) {
        const cJSON *cell = row->child;
        for (int c = 0; c < p.cols; c++) {
            struct shown *s = &p.cell[r * p.cols + c];
            *s = show_cell(cell);
            cell = cell ? cell->next : NULL;
            p.width[c] = s->width > p.width[c] ? s->width : p.width[c];
            if (s->width)
                p.rows = r + 1; /* rows with formats alone are not shown */
        }
    }
    for (int i = p.rows * p.cols; i < all * p.cols; i++)
        free(p.cell[i].text);
    return p;
}

static void put_page(struct tbuf *out, struct page *p)
{
    for (int r = 0; r < p->rows; r++) {
        for (int c = 0; c < p->cols; c++) {
            struct shown *s = &p->cell[r * p->cols + c];
            tb_str(out, c ? " | " : "  ");
            tb_str(out, s->text);
            for (int i = s->width; i < p->width[c]; i++)
                tb_str(out, " ");
            free(s->text);
        }
        tb_str(out, "\n");
        for (int c = 0; r == 0 && c < p->cols; c++) {
            tb_str(out, c ? "-+-" : "  ");
            for (int i = 0; i < p->width[c]; i++)
                tb_str(out, "-");
        }
        tb_str(out, r == 0 ? "\n" : "");
    }
    free(p->cell);
    free(p->width);
}

static void put_counts(struct twin *t, struct tbuf *out)
{
    cJSON *requests = wirelog_requests(t->log, 0, false);
    cJSON *writes = wirelog_writes(t->log, 0);
    int airtable = 0;
    int sheets = 0;
    int other = 0;
    for (const cJSON *r = requests->child; r; r = r->next) {
        const char *kind = tj_str(r, "kind");
        bool at = kind && strncmp(kind, "airtable.", 9) == 0;
        bool gs = kind && strncmp(kind, "sheets.", 7) == 0;
        airtable += at;
        sheets += gs;
        other += !at && !gs;
    }
    tb_fmt(out,
           "requests so far: %d to Airtable, %d to Google Sheets, %d for tokens; "
           "%d of them wrote something\n",
           airtable, sheets, other, cJSON_GetArraySize(writes));
    cJSON_Delete(requests);
    cJSON_Delete(writes);
}

char *show_all(struct twin *t)
{
    struct tbuf out = {0};
    setlocale(LC_CTYPE, "C.UTF-8");
    put_counts(t, &out);
    cJSON *google = sheets_dump(t->sheets);
    const cJSON *books = tj_get(google, "spreadsheets");
    for (const cJSON *b = books->child; b; b = b->next) {
        for (const cJSON *s = tj_get(b, "sheets")->child; s; s = s->next) {
            struct page p = page_of(tj_get(s, "rows"));
            if (p.rows)
                tb_fmt(&out, "\n%s, tab \"%s\":\n\n", tj_str(b, "title"), tj_str(s, "title"));
            put_page(&out, &p);
        }
    }
    cJSON_Delete(google);
    return tb_take(&out);
}
