/*
 * embed.h: files that live inside the program. The build turns each src/FOLDER/.../NAME.sql into
 * an array whose name is its path below src with every other character as '_':
 * src/store/schema/v1.sql is embed_store_schema_v1_sql, with a NUL at its end, and
 * embed_store_schema_v1_sql_len bytes long (the NUL not counted).
 */
#ifndef BASE_EMBED_H
#define BASE_EMBED_H

#include <stddef.h>

#define EMBED_DECLARE(name)                                                                        \
    extern const char embed_##name[];                                                              \
    extern const size_t embed_##name##_len

#endif
