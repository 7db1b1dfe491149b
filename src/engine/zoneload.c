#include "engine/zoneload.h"

#include "base/buf.h"
#include "base/os.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#define ZONE_NAME_MAX 64
#define ZONE_FILE_MAX ((size_t)256 << 10)

/* Set by the embedded table when the binary carries one (see vendor/): all zones, name, bytes. */
struct embedded_zone {
    const char *name;
    const unsigned char *data;
    size_t len;
};
extern const struct embedded_zone embedded_zones[] __attribute__((weak));
extern const size_t embedded_zones_count __attribute__((weak));

static bool name_is_safe(const char *name)
{
    size_t n = strlen(name);

    if (n == 0 || n > ZONE_NAME_MAX || name[0] == '/' || name[n - 1] == '/') {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        bool slash = name[i] == '/';

        if (slash && name[i + 1] == '/') {
            return false;
        }
        if (!slash && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-",
                             name[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static bool load_file(const char *folder, const char *name, struct zone **out, struct bs_err *e)
{
    char *path = os_path_join(folder, name);
    struct bs_err why = BS_ERR_INIT;
    struct buf b;
    bool found;

    buf_init(&b, ZONE_FILE_MAX);
    found = os_read_file(path, ZONE_FILE_MAX, &b, &why) == BS_OK;
    if (found) {
        bs_seen(zone_from_tzif(name, b.data, b.len, out, e));
    }
    buf_release(&b);
    free(path);
    return found;
}

static bool load_embedded(const char *name, struct zone **out, struct bs_err *e)
{
    if (&embedded_zones_count == NULL) {
        return false;
    }
    for (size_t i = 0; i < embedded_zones_count; i++) {
        if (str_eq(embedded_zones[i].name, name)) {
            bs_seen(zone_from_tzif(name, embedded_zones[i].data, embedded_zones[i].len, out, e));
            return true;
        }
    }
    return false;
}

enum bs_rc zone_load(const char *folder, const char *name, struct zone **out, struct bs_err *e)
{
    static const char *const system_folders[] = {"/usr/share/zoneinfo", "/usr/lib/zoneinfo",
                                                 "/usr/share/lib/zoneinfo"};

    *out = NULL;
    if (name == NULL || !name_is_safe(name)) {
        return bs_fail(e, BS_STOP_SYNC, BS_K_REMOTE, "the spreadsheet names no usable time zone");
    }
    if (folder != NULL && load_file(folder, name, out, e)) {
        return e->rc;
    }
    for (size_t i = 0; i < sizeof system_folders / sizeof *system_folders; i++) {
        if (load_file(system_folders[i], name, out, e)) {
            return e->rc;
        }
    }
    if (load_embedded(name, out, e)) {
        return e->rc;
    }
    if (str_eq(name, "UTC") || str_eq(name, "Etc/UTC") || str_eq(name, "Etc/GMT") ||
        str_eq(name, "GMT")) {
        *out = zone_fixed(name, 0);
        return BS_OK;
    }
    return bs_fail(e, BS_STOP_SYNC, BS_K_CONFIG,
                   "time zone \"%s\" of the spreadsheet is not known here: install the system's "
                   "time zones (package tzdata) or set `zoneinfo` in [basesync]",
                   name);
}
