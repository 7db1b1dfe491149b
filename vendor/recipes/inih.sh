# inih: one file. Its switches also decide types in its header, so they go into the header itself.
build() {
    {
        echo '#define INI_MAX_LINE 8192'
        echo '#define INI_INITIAL_ALLOC 8192'
        echo '#define INI_USE_STACK 0'
        echo '#define INI_ALLOW_REALLOC 0'
        echo '#define INI_ALLOW_INLINE_COMMENTS 0'
        echo '#define INI_ALLOW_MULTILINE 0'
        echo '#define INI_ALLOW_NO_VALUE 0'
        echo '#define INI_ALLOW_BOM 1'
        echo '#define INI_HANDLER_LINENO 1'
        echo '#define INI_STOP_ON_FIRST_ERROR 0'
        cat "$src/ini.h"
    } >"$out/include/ini.h"
    cp "$src/ini.c" .
    compile_all "-I$out/include" ini.c
    archive_all libinih.a ini.o
}
