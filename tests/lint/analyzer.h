/*
 * analyzer.h: what clang's analyzer cannot see across files. bs_fail gives back the code it is
 * given, bs_wrap one that is no success; without this each caller would be told of paths that do
 * not exist. Read before every file of src by `make lint`, never by the compiler.
 */
#include "base/err.h"

#define bs_fail(e, rc, kind, ...) ((void)(bs_fail)(e, rc, kind, __VA_ARGS__), (rc))
#define bs_wrap(e, ...) ((void)(bs_wrap)(e, __VA_ARGS__), BS_STOP_SYNC)
