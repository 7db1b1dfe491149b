/*
 * airtable_tx.c: changes that happen together or not at all. Each step can be undone; a record that
 * is touched is remembered as it was, computed cells included, for the webhooks.
 */
#include "airtable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void at_tx_begin(struct at_tx *tx, struct at_base *b, const char *user, const char *source)
{
    *tx = (struct at_tx){.a = b->a,
                         .base = b,
                         .user = user,
                         .source = source,
                         .now = twin_now_ms(b->a->t),
                         .may_create = true};
}

bool at_tx_fail(struct at_tx *tx, int status, const char *type, const char *fmt, ...)
{
    struct tbuf b = {0};
    va_list ap;
    if (tx->status)
        return false;
    va_start(ap, fmt);
    char text[4096];
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    tb_str(&b, text);
    tx->status = status;
    tx->type = tw_dup(type);
    tx->message = tb_take(&b);
    return false;
}

static struct at_step *add_step(struct at_tx *tx, enum at_what what, struct at_table *t,
                                struct at_rec *r, struct at_field *f)
{
    if (tx->n_steps == tx->cap_steps) {
        tx->cap_steps = tx->cap_steps ? tx->cap_steps * 2 : 32;
        tx->step = tw_realloc(tx->step, tx->cap_steps * sizeof *tx->step);
    }
    struct at_step *s = &tx->step[tx->n_steps++];
    *s = (struct at_step){.what = what, .t = t, .r = r, .f = f};
    return s;
}

/* ---- remembering records as they were ---- */

static struct at_touch *touch_of(struct at_tx *tx, const struct at_rec *r)
{
    void *v = tmap_get(&tx->touched, r->id);
    return v ? &tx->touch[(uintptr_t)v - 1] : NULL;
}

static void snapshot(struct at_tx *tx, struct at_touch *touch)
{
    struct at_table *t = touch->t;
    touch->n_old = t->n_fields;
    touch->old = tw_alloc((t->n_fields ? t->n_fields : 1) * sizeof(char *));
    touch->in_view = tw_alloc((t->n_views ? t->n_views : 1) * sizeof(bool));
    for (size_t i = 0; i < t->n_fields; i++) {
        const struct at_field *f = t->field[i];
        if (f->gone)
            continue;
        /* Addresses of attachments are new on every reading: the stored form is what counts. */
        touch->old[i] = f->type->kind == AT_ATTACHMENT ? tw_dup(at_raw(touch->r, f))
                                                       : at_cell(tx->a, touch->r, f, 0);
    }
    for (size_t i = 0; i < t->n_views; i++)
        touch->in_view[i] = at_in_view(t, &t->view[i], touch->r);
}

static void touch_linked(struct at_tx *tx, const struct at_field *via, const struct at_rec *r)
{
    struct at_field *back = at_inverse(via);
    const char *raw = back ? at_raw(r, back) : NULL;
    cJSON *ids = raw ? cJSON_Parse(raw) : NULL;
    for (const cJSON *id = ids ? ids->child : NULL; id; id = id->next) {
        struct at_rec *other = at_rec_find(via->table, id->valuestring);
        if (other)
            at_touch_add(tx, via->table, other, false);
    }
    cJSON_Delete(ids);
}

/* Records of other tables whose lookups and rollups look at this one. */
static void touch_dependants(struct at_tx *tx, const struct at_table *t, const struct at_rec *r)
{
    for (size_t i = 0; i < tx->base->n_tables; i++) {
        const struct at_table *other = tx->base->table[i];
        for (size_t k = 0; k < other->n_fields && !other->gone; k++) {
            const struct at_field *f = other->field[k];
            if (f->gone || (f->type->kind != AT_LOOKUP && f->type->kind != AT_ROLLUP))
                continue;
            const char *via_id = tj_str(f->options, "recordLinkFieldId");
            const struct at_field *via = via_id ? at_field_find(other, via_id) : NULL;
            if (via && via->type->kind == AT_LINK && at_linked_table(via) == t)
                touch_linked(tx, via, r);
        }
    }
}

void at_touch_add(struct at_tx *tx, struct at_table *t, struct at_rec *r, bool direct)
{
    struct at_touch *have = touch_of(tx, r);
    if (have) {
        bool was = have->direct;
        have->direct = have->direct || direct;
        if (was || !direct)
            return;
    } else {
        tx->touch = tw_realloc(tx->touch, (tx->n_touch + 1) * sizeof *tx->touch);
        struct at_touch *touch = &tx->touch[tx->n_touch++];
        *touch = (struct at_touch){.t = t, .r = r, .direct = direct};
        tmap_put(&tx->touched, r->id, (void *)(uintptr_t)tx->n_touch);
        if (tx->base->n_hooks)
            snapshot(tx, touch);
    }
    if (direct && tx->base->n_hooks)
        touch_dependants(tx, t, r);
}

void at_touch_free(struct at_tx *tx)
{
    for (size_t i = 0; i < tx->n_touch; i++) {
        for (size_t k = 0; k < tx->touch[i].n_old; k++)
            free(tx->touch[i].old[k]);
        free(tx->touch[i].old);
        free(tx->touch[i].in_view);
    }
    free(tx->touch);
    tmap_free(&tx->touched);
    tx->touch = NULL;
    tx->n_touch = 0;
}

/* ---- steps ---- */

static void put_cell(struct at_tx *tx, struct at_table *t, struct at_rec *r, struct at_field *f,
                     char *json)
{
    const char *now = at_raw(r, f);
    if ((!now && !json) || (now && json && strcmp(now, json) == 0)) {
        free(json);
        return;
    }
    at_touch_add(tx, t, r, true);
    add_step(tx, AT_SET, t, r, f)->old = tw_dup(now);
    at_store(r, f, json);
}

static bool list_has(const cJSON *list, const char *id)
{
    for (const cJSON *e = list ? list->child : NULL; e; e = e->next)
        if (cJSON_IsString(e) && strcmp(e->valuestring, id) == 0)
            return true;
    return false;
}

/* Adds or removes id in the link cell of another record. */
static void link_edit(struct at_tx *tx, struct at_rec *r, struct at_field *f, const char *id,
                      bool add)
{
    const char *raw = at_raw(r, f);
    cJSON *list = raw ? cJSON_Parse(raw) : cJSON_CreateArray();
    if (add && !list_has(list, id))
        cJSON_AddItemToArray(list, cJSON_CreateString(id));
    for (cJSON *e = list->child; e && !add;) {
        cJSON *next = e->next;
        if (strcmp(e->valuestring, id) == 0)
            cJSON_Delete(cJSON_DetachItemViaPointer(list, e));
        e = next;
    }
    put_cell(tx, f->table, r, f, list->child ? tj_text(list) : NULL);
    cJSON_Delete(list);
}

static void sync_inverse(struct at_tx *tx, const struct at_rec *r, const struct at_field *f,
                         const char *before, const char *after)
{
    struct at_field *back = at_inverse(f);
    if (!back)
        return;
    cJSON *was = before ? cJSON_Parse(before) : NULL;
    cJSON *is = after ? cJSON_Parse(after) : NULL;
    for (const cJSON *e = was ? was->child : NULL; e; e = e->next) {
        struct at_rec *other = at_rec_find(back->table, e->valuestring);
        if (other && !list_has(is, e->valuestring))
            link_edit(tx, other, back, r->id, false);
    }
    for (const cJSON *e = is ? is->child : NULL; e; e = e->next) {
        struct at_rec *other = at_rec_find(back->table, e->valuestring);
        if (other)
            link_edit(tx, other, back, r->id, true);
    }
    cJSON_Delete(was);
    cJSON_Delete(is);
}

void at_tx_set(struct at_tx *tx, struct at_table *t, struct at_rec *r, struct at_field *f,
               char *json)
{
    if (f->type->kind != AT_LINK) {
        put_cell(tx, t, r, f, json);
        return;
    }
    char *before = tw_dup(at_raw(r, f));
    char *after = tw_dup(json);
    put_cell(tx, t, r, f, json);
    sync_inverse(tx, r, f, before, after);
    free(before);
    free(after);
}

bool at_tx_write(struct at_tx *tx, struct at_table *t, struct at_rec *r, struct at_field *f,
                 const cJSON *v)
{
    char *json = NULL;
    if (!at_check(tx, f, v, &json)) {
        free(json);
        return false;
    }
    at_tx_set(tx, t, r, f, json);
    return true;
}

struct at_rec *at_tx_create(struct at_tx *tx, struct at_table *t)
{
    struct at_rec *r = at_rec_new(t, NULL, tx->now, tx->user);
    add_step(tx, AT_ADD, t, r, NULL);
    tx->touch = tw_realloc(tx->touch, (tx->n_touch + 1) * sizeof *tx->touch);
    tx->touch[tx->n_touch++] = (struct at_touch){.t = t, .r = r, .created = true, .direct = true};
    tmap_put(&tx->touched, r->id, (void *)(uintptr_t)tx->n_touch);
    return r;
}

void at_tx_delete(struct at_tx *tx, struct at_table *t, struct at_rec *r)
{
    at_touch_add(tx, t, r, true);
    touch_of(tx, r)->deleted = true;
    /* Links to it go too, whichever side keeps them. */
    for (size_t i = 0; i < t->n_fields; i++) {
        struct at_field *f = t->field[i];
        if (!f->gone && f->type->kind == AT_LINK && at_raw(r, f))
            sync_inverse(tx, r, f, at_raw(r, f), NULL);
    }
    add_step(tx, AT_DEL, t, r, NULL);
    at_rec_unlink(t, r);
}

void at_tx_add_choice(struct at_tx *tx, struct at_field *f, const char *name)
{
    char id[AT_ID];
    cJSON *c = cJSON_CreateObject();
    twin_new_id(tx->a->t, "sel", id);
    cJSON_AddStringToObject(c, "id", id);
    cJSON_AddStringToObject(c, "name", name);
    cJSON_AddStringToObject(c, "color", "grayLight2");
    if (!f->options)
        f->options = cJSON_CreateObject();
    if (!tj_get(f->options, "choices"))
        cJSON_AddArrayToObject(f->options, "choices");
    cJSON_AddItemToArray(tj_get(f->options, "choices"), c);
    add_step(tx, AT_CHOICE, f->table, NULL, f)->old = tw_dup(id);
}

static void drop_choice(struct at_field *f, const char *id)
{
    cJSON *choices = tj_get(f->options, "choices");
    for (cJSON *c = choices ? choices->child : NULL; c; c = c->next) {
        if (strcmp(tj_str(c, "id"), id) == 0) {
            cJSON_Delete(cJSON_DetachItemViaPointer(choices, c));
            return;
        }
    }
}

static void tx_free(struct at_tx *tx)
{
    for (size_t i = 0; i < tx->n_steps; i++)
        free(tx->step[i].old);
    free(tx->step);
    at_touch_free(tx);
    free(tx->type);
    free(tx->message);
    *tx = (struct at_tx){0};
}

void at_tx_abort(struct at_tx *tx)
{
    for (size_t i = tx->n_steps; i-- > 0;) {
        struct at_step *s = &tx->step[i];
        switch (s->what) {
        case AT_SET:
            at_store(s->r, s->f, s->old);
            s->old = NULL;
            break;
        case AT_ADD:
            at_rec_unlink(s->t, s->r);
            at_rec_free(s->r);
            break;
        case AT_DEL: at_rec_link(s->t, s->r); break;
        case AT_CHOICE: drop_choice(s->f, s->old); break;
        }
    }
    tx_free(tx);
}

/* ---- commit ---- */

static bool is_watched(const struct at_field *modified, const struct at_field *changed)
{
    const cJSON *refs = tj_get(modified->options, "referencedFieldIds");
    if (!refs || !refs->child)
        return true;
    return list_has(refs, changed->id);
}

/* New numbers and times for a record that was written. */
static void stamp(struct at_tx *tx, const struct at_touch *touch)
{
    struct at_table *t = touch->t;
    struct at_rec *r = touch->r;
    char iso[TW_ISO_LEN];
    tw_iso_seconds(tx->now, iso);
    for (size_t i = 0; i < t->n_fields; i++) {
        struct at_field *f = t->field[i];
        if (f->gone)
            continue;
        if (f->type->kind == AT_AUTONUMBER && touch->created)
            at_store(r, f, tw_fmt("%lld", (long long)f->next_number++));
        if (f->type->kind != AT_MODIFIED_TIME && f->type->kind != AT_MODIFIED_BY)
            continue;
        bool hit = touch->created;
        for (size_t s = 0; s < tx->n_steps && !hit; s++)
            hit = tx->step[s].what == AT_SET && tx->step[s].r == r && is_watched(f, tx->step[s].f);
        if (hit && f->type->kind == AT_MODIFIED_TIME)
            at_store(r, f, tw_fmt("\"%s\"", iso));
        else if (hit && tx->user)
            at_store(r, f, tw_fmt("\"%s\"", tx->user));
    }
    r->modified_ms = tx->now;
    r->modified_by = tx->user;
}

static cJSON *detail_of(const struct at_tx *tx, const struct at_touch *touch)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "base", tx->base->id);
    cJSON_AddStringToObject(o, "table", touch->t->id);
    cJSON_AddStringToObject(o, "record", touch->r->id);
    cJSON *cells = cJSON_AddObjectToObject(o, "cells");
    for (size_t i = 0; i < tx->n_steps; i++) {
        const struct at_step *s = &tx->step[i];
        if (s->what != AT_SET || s->r != touch->r || tj_get(cells, s->f->name))
            continue;
        const char *now = at_raw(s->r, s->f);
        cJSON *pair = cJSON_AddObjectToObject(cells, s->f->name);
        tj_add_raw(pair, "old", s->old ? s->old : "null");
        tj_add_raw(pair, "new", now ? now : "null");
    }
    return o;
}

static void forget(struct at_table *t, struct at_rec *r)
{
    for (size_t i = 0; i < t->n_views; i++)
        tmap_del(&t->view[i].hidden, r->id);
    at_rec_free(r);
}

void at_tx_commit(struct at_tx *tx, const struct twin_req *req)
{
    const char *who = strcmp(tx->source, "publicApi") == 0 ? "airtable" : "person";
    for (size_t i = 0; i < tx->n_touch; i++)
        if (tx->touch[i].direct && !tx->touch[i].deleted)
            stamp(tx, &tx->touch[i]);
    tx->base->transactions++;
    at_hooks_commit(tx);
    for (size_t i = 0; i < tx->n_touch; i++) {
        const struct at_touch *touch = &tx->touch[i];
        if (!touch->direct)
            continue;
        twin_log_write(tx->a->t, req, who,
                       touch->deleted   ? "delete"
                       : touch->created ? "create"
                                        : "update",
                       detail_of(tx, touch));
    }
    for (size_t i = 0; i < tx->n_steps; i++)
        if (tx->step[i].what == AT_DEL)
            forget(tx->step[i].t, tx->step[i].r);
    tx_free(tx);
}
