/* shell.c: the SQLite shell within the program (basesync sql). */
#include "base/mem.h"
#include "store/store.h"

#include <sqlite3.h>
#include <stdlib.h>

/* The shell's own main. */
extern int sqlite3_shell_main(int argc, char **argv);

int store_shell(const char *path, bool readonly, int argc, char **argv)
{
    char name[] = "basesync sql", flag_ro[] = "-readonly", flag_cmd[] = "-cmd";
    char wait[] = ".timeout 10000";
    char *file = bs_strdup(path);
    char **args = bs_alloc_n((size_t)argc + 8, sizeof *args);
    int n = 0, code, i;

    args[n++] = name;
    if (readonly) {
        args[n++] = flag_ro;
    }
    args[n++] = flag_cmd;
    args[n++] = wait;
    args[n++] = file;
    for (i = 0; i < argc; i++) {
        args[n++] = argv[i];
    }
    /* The shell sets the library up its own way, which has to come first. */
    sqlite3_shutdown();
    code = sqlite3_shell_main(n, args);
    free(args);
    free(file);
    return code;
}
