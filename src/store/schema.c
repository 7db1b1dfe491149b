/* schema.c: the scripts of schema/ in their order. Released scripts never change; a change of the
 * tables is a script of its own at the end of the list, and a change of the views alone an empty
 * one, for the views are made anew after the last step. */
#include "base/embed.h"
#include "store/db.h"

EMBED_DECLARE(store_schema_v1_sql);
EMBED_DECLARE(store_schema_v2_sql);
EMBED_DECLARE(store_schema_views_sql);

const struct db_step db_steps[] = {
    {embed_store_schema_v1_sql},
    {embed_store_schema_v2_sql},
};
const int db_steps_n = sizeof db_steps / sizeof db_steps[0];
const char *const db_views = embed_store_schema_views_sql;
