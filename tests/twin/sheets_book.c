/* Spreadsheets and who may use them; what Drive knows of them and when. See sheets.h. */
#include "sheets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct sheets *sheets_new(struct twin *t)
{
    struct sheets *s = tw_alloc(sizeof *s);
    s->t = t;
    return s;
}

static void book_free(struct book *b)
{
    for (size_t i = 0; i < b->n_share; i++) {
        free(b->share[i].email);
        free(b->share[i].role);
    }
    free(b->share);
    free(b->id);
    free(b->mime);
    free(b->creator);
    free(b->parent);
    grid_free(b->now);
    for (int i = 0; i < STALE_MOST; i++)
        grid_free(b->before[i]);
    free(b);
}

void sheets_free(struct sheets *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_book; i++)
        book_free(s->book[i]);
    for (size_t i = 0; i < s->n_change; i++)
        free(s->change[i].id);
    free(s->book);
    free(s->change);
    free(s);
}

void sheets_set_stale(struct sheets *s, int64_t ms, int writes)
{
    s->stale_writes = writes;
    s->stale_until_ms = twin_now_ms(s->t) + ms;
}

struct book *book_add(struct sheets *s, const char *id, struct g_state *st)
{
    struct book *b = tw_alloc(sizeof *b);
    b->id = tw_dup(id);
    b->mime = tw_dup(SPREADSHEET_MIME);
    b->now = st;
    b->version = 1;
    b->created_ms = b->modified_ms = twin_now_ms(s->t);
    s->book = tw_realloc(s->book, (s->n_book + 1) * sizeof(struct book *));
    s->book[s->n_book++] = b;
    return b;
}

struct book *book_by_id(const struct sheets *s, const char *id)
{
    for (size_t i = 0; i < s->n_book; i++)
        if (strcmp(s->book[i]->id, id) == 0)
            return s->book[i];
    return NULL;
}

void book_remove(struct sheets *s, struct book *b)
{
    size_t i = 0;
    while (s->book[i] != b)
        i++;
    s->n_book--;
    memmove(s->book + i, s->book + i + 1, (s->n_book - i) * sizeof(struct book *));
    book_note_change(s, b, true);
    book_free(b);
}

/* ---- rights ---- */

const char *book_role(const struct book *b, const char *email)
{
    const char *role = NULL;
    for (size_t i = 0; i < b->n_share; i++) {
        if (strcasecmp(b->share[i].email, email) == 0)
            return b->share[i].role;
        if (strcmp(b->share[i].email, "anyone") == 0)
            role = b->share[i].role;
    }
    return role;
}

bool book_can_write(const struct book *b, const char *email)
{
    const char *role = book_role(b, email);
    return role && (strcmp(role, "writer") == 0 || strcmp(role, "owner") == 0);
}

/* role NULL ends the sharing. */
void book_set_share(struct book *b, const char *email, const char *role)
{
    for (size_t i = 0; i < b->n_share; i++) {
        if (strcasecmp(b->share[i].email, email) != 0)
            continue;
        if (role) {
            tw_set(&b->share[i].role, role);
            return;
        }
        free(b->share[i].email);
        free(b->share[i].role);
        b->share[i] = b->share[--b->n_share];
        return;
    }
    if (!role)
        return;
    b->share = tw_realloc(b->share, (b->n_share + 1) * sizeof *b->share);
    b->share[b->n_share++] = (struct book_share){tw_dup(email), tw_dup(role)};
}

bool account_is_robot(const char *email)
{
    static const char tail[] = ".iam.gserviceaccount.com";
    size_t n = strlen(email);
    return n > sizeof tail && strcasecmp(email + n - (sizeof tail - 1), tail) == 0;
}

/* ---- Drive's view ---- */

void book_note_change(struct sheets *s, const struct book *b, bool removed)
{
    s->change = tw_realloc(s->change, (s->n_change + 1) * sizeof *s->change);
    s->change[s->n_change++] = (struct sheets_change){tw_dup(b->id), twin_now_ms(s->t), removed};
}

static void show_edits(struct sheets *s, struct book *b, int64_t at_ms)
{
    b->version += b->edits;
    b->modified_ms = at_ms;
    b->edits = 0;
    book_note_change(s, b, false);
}

void book_settle(struct sheets *s, struct book *b)
{
    if (b->edits && twin_now_ms(s->t) - b->edited_ms >= DRIVE_LAG_MS)
        show_edits(s, b, b->last_edit_ms);
}

void book_commit(struct sheets *s, struct book *b, struct g_state *next, bool changed)
{
    book_settle(s, b);
    bool renamed = strcmp(b->now->title, next->title) != 0;
    if (changed) { /* a write of nothing does not help a read that lags behind the one before it */
        grid_free(b->before[STALE_MOST - 1]);
        memmove(b->before + 1, b->before, (STALE_MOST - 1) * sizeof *b->before);
        b->before[0] = b->now;
    } else {
        grid_free(b->now);
    }
    b->now = next;
    b->last_edit_ms = twin_now_ms(s->t);
    if (!b->edits++)
        b->edited_ms = b->last_edit_ms;
    if (renamed)
        show_edits(s, b, b->last_edit_ms);
}

/* ---- new ids ---- */

char *book_new_id(struct sheets *s)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char id[45] = "1";
    for (size_t i = 1; i < 44; i++)
        id[i] = letters[twin_random(s->t) % 64];
    id[44] = '\0';
    return tw_dup(id);
}

int sheet_new_id(struct sheets *s, const struct g_state *st)
{
    for (;;) {
        int id = (int)(twin_random(s->t) % 2147483647U);
        if (id > 0 && !grid_by_id(st, id))
            return id;
    }
}
