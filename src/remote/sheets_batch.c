/*
 * sheets_batch.c: one spreadsheets.batchUpdate, written straight into a buffer. Everything is
 * addressed by sheetId and zero-based, half-open indexes; text goes in as stringValue, which
 * nothing parses. The answer brings the header row and the id column as they are after the write.
 */
#include "base/jsonw.h"
#include "base/str.h"
#include "remote/sheets_p.h"

#include <stdlib.h>
#include <string.h>

/* Room above the recommended 2 MB: one part may be larger than what was left. */
#define BATCH_BODY_MAX (SHEETS_PAYLOAD_MAX * 8)

struct sheets_batch {
    struct sheets *sheets;
    int64_t tab_id;
    struct buf body; /* the parts, comma separated */
    struct jsonw w;
    size_t n;
};

struct sheets_batch *sheets_batch_new(struct sheets *s, const struct sheet_tab *tab)
{
    struct sheets_batch *b = bs_alloc(sizeof *b);

    b->sheets = s;
    b->tab_id = tab->id;
    buf_init(&b->body, BATCH_BODY_MAX);
    jsonw_init(&b->w, &b->body);
    return b;
}

void sheets_batch_free(struct sheets_batch *b)
{
    if (b == NULL) {
        return;
    }
    buf_release(&b->body);
    free(b);
}

size_t sheets_batch_count(const struct sheets_batch *b)
{
    return b->n;
}

size_t sheets_batch_bytes(const struct sheets_batch *b)
{
    return b->body.len;
}

static struct jsonw *begin(struct sheets_batch *b, const char *kind)
{
    b->n++;
    jsonw_object(&b->w);
    jsonw_key(&b->w, kind);
    jsonw_object(&b->w);
    return &b->w;
}

static void end(struct sheets_batch *b)
{
    jsonw_end_object(&b->w);
    jsonw_end_object(&b->w);
}

/* ---- dimensions ---- */

static void append_dimension(struct sheets_batch *b, const char *dimension, uint32_t n)
{
    struct jsonw *w = begin(b, "appendDimension");

    jsonw_member_int(w, "sheetId", b->tab_id);
    jsonw_member(w, "dimension", dimension);
    jsonw_member_int(w, "length", n);
    end(b);
}

void sheets_batch_add_rows(struct sheets_batch *b, uint32_t n)
{
    append_dimension(b, "ROWS", n);
}

void sheets_batch_add_columns(struct sheets_batch *b, uint32_t n)
{
    append_dimension(b, "COLUMNS", n);
}

static void dimension_range(struct sheets_batch *b, const char *dimension, uint32_t start,
                            uint32_t stop)
{
    struct jsonw *w = &b->w;

    jsonw_key(w, "range");
    jsonw_object(w);
    jsonw_member_int(w, "sheetId", b->tab_id);
    jsonw_member(w, "dimension", dimension);
    jsonw_member_int(w, "startIndex", start);
    jsonw_member_int(w, "endIndex", stop);
    jsonw_end_object(w);
}

void sheets_batch_delete_rows(struct sheets_batch *b, uint32_t row, uint32_t n)
{
    (void)begin(b, "deleteDimension");
    dimension_range(b, "ROWS", row - 1, row - 1 + n);
    end(b);
}

void sheets_batch_delete_row(struct sheets_batch *b, uint32_t row)
{
    sheets_batch_delete_rows(b, row, 1);
}

void sheets_batch_insert_rows(struct sheets_batch *b, uint32_t row, uint32_t n)
{
    struct jsonw *w = begin(b, "insertDimension");

    dimension_range(b, "ROWS", row - 1, row - 1 + n);
    jsonw_member_bool(w, "inheritFromBefore", false);
    end(b);
}

void sheets_batch_hide_column(struct sheets_batch *b, uint32_t column, bool hidden)
{
    struct jsonw *w = begin(b, "updateDimensionProperties");

    dimension_range(b, "COLUMNS", column, column + 1);
    jsonw_key(w, "properties");
    jsonw_object(w);
    jsonw_member_bool(w, "hiddenByUser", hidden);
    jsonw_end_object(w);
    jsonw_member(w, "fields", "hiddenByUser");
    end(b);
}

/* ---- cells ---- */

static void write_cell(struct jsonw *w, const struct cell *c)
{
    jsonw_object(w);
    if (c->kind != CELL_EMPTY || c->entered_formula) {
        jsonw_key(w, "userEnteredValue");
        jsonw_object(w);
        if (c->entered_formula) {
            jsonw_member(w, "formulaValue", c->entered_formula);
        } else if (c->kind == CELL_NUMBER) {
            jsonw_key(w, "numberValue");
            jsonw_number(w, c->number);
        } else if (c->kind == CELL_BOOL) {
            jsonw_member_bool(w, "boolValue", c->boolean);
        } else {
            jsonw_member(w, "stringValue", c->text);
        }
        jsonw_end_object(w);
    }
    jsonw_end_object(w);
}

void sheets_batch_block(struct sheets_batch *b, uint32_t row, uint32_t column,
                        const struct cell *const *cells, size_t rows, size_t width)
{
    struct jsonw *w = begin(b, "updateCells");

    jsonw_key(w, "rows");
    jsonw_array(w);
    for (size_t i = 0; i < rows; i++) {
        jsonw_object(w);
        jsonw_key(w, "values");
        jsonw_array(w);
        for (size_t c = 0; c < width; c++) {
            write_cell(w, cells[i * width + c]);
        }
        jsonw_end_array(w);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_member(w, "fields", "userEnteredValue");
    jsonw_key(w, "start");
    jsonw_object(w);
    jsonw_member_int(w, "sheetId", b->tab_id);
    jsonw_member_int(w, "rowIndex", row - 1);
    jsonw_member_int(w, "columnIndex", column);
    jsonw_end_object(w);
    end(b);
}

void sheets_batch_cells(struct sheets_batch *b, uint32_t row, uint32_t column,
                        const struct cell *const *cells, size_t n)
{
    for (size_t i = 0, k; i < n; i = k + 1) {
        for (k = i; k < n && cells[k] != NULL; k++) {
        }
        if (k > i) {
            sheets_batch_block(b, row, column + (uint32_t)i, cells + i, 1, k - i);
        }
    }
}

/* A text that nobody has in a cell. */
#define NOWHERE "basesync 6d0f5c1e9b7a4e33 looks without changing anything"

void sheets_batch_nothing(struct sheets_batch *b)
{
    struct jsonw *w = begin(b, "findReplace");

    jsonw_member(w, "find", NOWHERE);
    jsonw_member(w, "replacement", NOWHERE);
    jsonw_member_bool(w, "matchCase", true);
    jsonw_member_bool(w, "matchEntireCell", true);
    jsonw_key(w, "range");
    jsonw_object(w);
    jsonw_member_int(w, "sheetId", b->tab_id);
    jsonw_member_int(w, "startRowIndex", 0);
    jsonw_member_int(w, "endRowIndex", 1);
    jsonw_member_int(w, "startColumnIndex", 0);
    jsonw_member_int(w, "endColumnIndex", 1);
    jsonw_end_object(w);
    end(b);
}

/* ---- columns ---- */

/* row1 0: to the end of the grid, rows that the same request adds included. */
static void column_range(struct sheets_batch *b, uint32_t column, uint32_t row0, uint32_t row1)
{
    struct jsonw *w = &b->w;

    jsonw_key(w, "range");
    jsonw_object(w);
    jsonw_member_int(w, "sheetId", b->tab_id);
    jsonw_member_int(w, "startRowIndex", row0 - 1);
    if (row1 != 0) {
        jsonw_member_int(w, "endRowIndex", row1);
    }
    jsonw_member_int(w, "startColumnIndex", column);
    jsonw_member_int(w, "endColumnIndex", column + 1);
    jsonw_end_object(w);
}

void sheets_batch_column_format(struct sheets_batch *b, uint32_t column, uint32_t row0,
                                uint32_t row1, const struct column_format *f)
{
    struct jsonw *w = begin(b, "repeatCell");

    column_range(b, column, row0, row1);
    jsonw_key(w, "cell");
    jsonw_object(w);
    jsonw_key(w, "userEnteredFormat");
    jsonw_object(w);
    jsonw_key(w, "numberFormat");
    jsonw_object(w);
    jsonw_member(w, "type", cell_format_name(f->type));
    if (f->pattern != NULL) {
        jsonw_member(w, "pattern", f->pattern);
    }
    jsonw_end_object(w);
    jsonw_end_object(w);
    jsonw_end_object(w);
    jsonw_member(w, "fields", "userEnteredFormat.numberFormat");
    end(b);
}

static void write_rule(struct jsonw *w, enum column_rule rule, const char *const *choices, size_t n,
                       bool strict)
{
    jsonw_key(w, "rule");
    jsonw_object(w);
    jsonw_key(w, "condition");
    jsonw_object(w);
    jsonw_member(w, "type", rule == RULE_CHECKBOX ? "BOOLEAN" : "ONE_OF_LIST");
    if (rule == RULE_ONE_OF_LIST) {
        jsonw_key(w, "values");
        jsonw_array(w);
        for (size_t i = 0; i < n; i++) {
            jsonw_object(w);
            jsonw_member(w, "userEnteredValue", choices[i]);
            jsonw_end_object(w);
        }
        jsonw_end_array(w);
    }
    jsonw_end_object(w);
    jsonw_member_bool(w, "strict", strict);
    jsonw_member_bool(w, "showCustomUi", true);
    jsonw_end_object(w);
}

void sheets_batch_rule(struct sheets_batch *b, uint32_t column, uint32_t row0,
                       enum column_rule rule, const char *const *choices, size_t n, bool strict)
{
    struct jsonw *w = begin(b, "setDataValidation");

    column_range(b, column, row0, 0);
    if (rule == RULE_CHECKBOX || (rule == RULE_ONE_OF_LIST && n > 0)) {
        write_rule(w, rule, choices, n, strict);
    }
    end(b);
}

void sheets_batch_protect_column(struct sheets_batch *b, uint32_t column, const char *description)
{
    struct jsonw *w = begin(b, "addProtectedRange");

    jsonw_key(w, "protectedRange");
    jsonw_object(w);
    column_range(b, column, 1, 0);
    jsonw_member(w, "description", description);
    jsonw_member_bool(w, "warningOnly", true);
    jsonw_end_object(w);
    end(b);
}

/* ---- sending ---- */

#define REPLY_MASK                                                                                 \
    "spreadsheetId,updatedSpreadsheet(sheets(properties(sheetId,title),data(startRow,"             \
    "startColumn,rowData.values.userEnteredValue)))"

static void whole_body(const struct sheets_batch *b, const char *title,
                       const struct a1_range *ranges, size_t n, struct buf *out)
{
    struct jsonw w;
    struct buf text;

    buf_init(&text, BUF_NO_LIMIT);
    buf_adds(out, "{\"requests\":[");
    buf_add(out, b->body.data, b->body.len);
    buf_adds(out, "],\"includeSpreadsheetInResponse\":true,\"responseIncludeGridData\":true,"
                  "\"responseRanges\":");
    jsonw_init(&w, out);
    jsonw_array(&w);
    for (size_t i = 0; i < n; i++) {
        buf_clear(&text);
        a1_print(&text, title, &ranges[i]);
        jsonw_string(&w, text.data);
    }
    jsonw_end_array(&w);
    buf_addc(out, '}');
    buf_release(&text);
}

/* "Invalid requests[3].updateCells: ..." names the part that was refused. */
static size_t bad_part(const char *message)
{
    const char *at = strstr(message, "requests[");
    size_t n = 0;

    if (at == NULL || at[9] < '0' || at[9] > '9') {
        return SIZE_MAX;
    }
    for (at += 9; *at >= '0' && *at <= '9' && n < SHEETS_CELLS_MAX; at++) {
        n = n * 10 + (size_t)(*at - '0');
    }
    return *at == ']' ? n : SIZE_MAX;
}

static enum bs_rc refused(const struct sheets_batch *b, size_t *bad, struct bs_err *e)
{
    if (e->http != 400 || e->kind == BS_K_SCHEMA || e->kind == BS_K_QUOTA ||
        e->kind == BS_K_CONFIG || e->kind == BS_K_PERMISSION) {
        return e->rc;
    }
    *bad = bad_part(e->msg);
    if (*bad == SIZE_MAX && b->n == 1) {
        *bad = 0;
    }
    e->kind = BS_K_VALIDATION;
    return e->rc = BS_SKIP;
}

enum bs_rc sheets_batch_send(struct sheets_batch *b, const char *title,
                             const struct a1_range *ranges, size_t n, sheets_row_fn *each,
                             void *ctx, size_t *bad, struct bs_err *e)
{
    struct grid_parser p = {.ranges = ranges, .n_ranges = n, .each = each, .each_ctx = ctx};
    struct sheets_stream st = {NULL, grid_token, grid_reset, &p, &p.err};
    struct call call = {
        .method = HTTP_POST,
        .cls = CLASS_CREATE, /* repeating it is only safe while no row has moved */
        .google_write = true,
    };
    struct buf url, body;
    enum bs_rc rc;

    *bad = SIZE_MAX;
    grid_init(&p, 2);
    buf_init(&url, 4096);
    buf_init(&body, BUF_NO_LIMIT);
    sheets_url(b->sheets, &url);
    buf_adds(&url, ":batchUpdate?fields=");
    url_encode(&url, REPLY_MASK);
    buf_adds(&url, "&prettyPrint=false");
    whole_body(b, title, ranges, n, &body);
    call.url = url.data;
    call.body = body.data;
    call.body_len = body.len;
    rc = b->body.over ? bs_fail(e, BS_STOP_SYNC, BS_K_INTERNAL, "a write grew too large")
                      : sheets_stream_call(b->sheets, &call, &st, e);
    if (rc != BS_OK && rc != BS_UNSURE) {
        rc = refused(b, bad, e);
    }
    grid_release(&p);
    buf_release(&url);
    buf_release(&body);
    buf_clear(&b->body);
    jsonw_init(&b->w, &b->body);
    b->n = 0;
    return rc;
}
