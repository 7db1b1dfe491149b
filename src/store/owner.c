/* owner.c: processes named for ever. A pid alone is used again; with the boot id and the process's
 * start time it never is. */
#include "base/os.h"
#include "base/str.h"
#include "store/db.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void db_owner_self(char out[DB_OWNER_MAX])
{
    pid_t pid = getpid();

    snprintf(out, DB_OWNER_MAX, "%.40s/%ld/%" PRIu64, os_boot_id(), (long)pid, os_pid_start(pid));
}

/* Splits "boot/pid/start"; false when it is something else. */
static bool parse(const char *owner, char *boot, size_t size, int64_t *pid, int64_t *start)
{
    char text[DB_OWNER_MAX];
    char *a, *b;

    if (!str_copy(text, sizeof text, owner)) {
        return false;
    }
    a = strchr(text, '/');
    b = a ? strchr(a + 1, '/') : NULL;
    if (!b) {
        return false;
    }
    *a = *b = '\0';
    return str_copy(boot, size, text) && str_to_i64(a + 1, 1, INT32_MAX, pid) &&
           str_to_i64(b + 1, 0, INT64_MAX, start);
}

bool db_owner_alive(const char *owner)
{
    char boot[DB_OWNER_MAX];
    int64_t pid, start;

    return parse(owner, boot, sizeof boot, &pid, &start) && strncmp(boot, os_boot_id(), 40) == 0 &&
           os_pid_alive((pid_t)pid, (uint64_t)start);
}

int64_t db_owner_pid(const char *owner)
{
    char boot[DB_OWNER_MAX];
    int64_t pid, start;

    return parse(owner, boot, sizeof boot, &pid, &start) ? pid : 0;
}
