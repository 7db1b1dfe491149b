# cJSON: one file. No answer of a service nests deeper than 64.
build() {
    compile_all "-DCJSON_NESTING_LIMIT=64 -DCJSON_HIDE_SYMBOLS" "$src/cJSON.c"
    archive_all libcjson.a cJSON.o
    mkdir -p "$out/include/cjson"
    cp "$src/cJSON.h" "$out/include/cjson/"
    echo '#include "cjson/cJSON.h"' >"$out/include/cJSON.h"
}
