/* files.export: the first sheet as CSV, as it is shown. See drive.h. */
#include "drive.h"

#include "sheets_format.h"

#include <stdlib.h>
#include <string.h>

#define EXPORT_MAX (10 * 1024 * 1024) /* of exported content */

static void put_csv_field(struct tbuf *b, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        tb_str(b, text);
        return;
    }
    tb_chr(b, '"');
    for (; *text; text++) {
        if (*text == '"')
            tb_chr(b, '"');
        tb_chr(b, *text);
    }
    tb_chr(b, '"');
}

static char *sheet_csv(struct dreq *q, const struct g_state *st)
{
    struct calc c = calc_begin(st, q->req->now_ms);
    const struct g_sheet *sh = st->sheet[0];
    struct tbuf b = {0};
    int last = grid_last_row(sh, false);
    int width = 0;
    for (int r = 0; r < last; r++)
        for (int k = 0; grid_row(sh, r) && k < grid_row(sh, r)->n; k++)
            if (grid_cell(sh, r, k)->kind != G_EMPTY && k >= width)
                width = k + 1;
    for (int r = 0; r < last; r++) {
        tb_str(&b, r ? "\r\n" : "");
        for (int k = 0; k < width; k++) {
            const struct g_cell *cell = grid_cell(sh, r, k);
            tb_str(&b, k ? "," : "");
            if (!cell)
                continue;
            struct g_value v = calc_value(&c, sh, cell);
            char *text = fmt_value(&v, cell->format, st->locale);
            put_csv_field(&b, text);
            free(text);
        }
    }
    return tb_take(&b);
}

bool drive_export(struct dreq *q)
{
    const char *type = twin_query(q->req, "mimeType");
    struct book *b = drive_find(q);
    if (!b)
        return false;
    if (!type)
        return drive_fail(q, 400, "required", "mimeType", "Required parameter: mimeType");
    if (strcmp(type, "text/csv") != 0)
        return drive_fail(q, 400, "badRequest", "convertTo",
                          "The requested conversion is not supported.");
    char *csv = sheet_csv(q, b->now);
    if (strlen(csv) > EXPORT_MAX)
        drive_fail(q, 403, "exportSizeLimitExceeded", NULL,
                   "This file is too large to be exported.");
    else
        twin_res_text(q->res, 200, "text/csv", csv);
    free(csv);
    return q->res->status == 200;
}
