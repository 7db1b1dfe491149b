/* sheets_load.h: cells as scenarios and people's edits write them. */
#ifndef TWIN_SHEETS_LOAD_H
#define TWIN_SHEETS_LOAD_H

#include "sheets.h"

/* Sets a cell from a scalar or {"v"|"f", "format", "note", "rule"}; NULL or a sentence. */
char *s_load_cell(struct g_sheet *sh, int r, int c, const cJSON *v);

#endif
