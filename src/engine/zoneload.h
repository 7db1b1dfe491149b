/*
 * zoneload.h: finds the IANA zone of a spreadsheet: a folder given by the INI, the system's zone
 * files, else the copy embedded in the binary.
 */
#ifndef ENGINE_ZONELOAD_H
#define ENGINE_ZONELOAD_H

#include "base/err.h"
#include "model/zone.h"

/* folder NULL: the system's. name comes from the network: only letters, digits, '_', '+', '-' and
 * single '/' between parts are looked up. BS_STOP_SYNC / BS_K_CONFIG when nobody knows the zone. */
enum bs_rc zone_load(const char *folder, const char *name, struct zone **out,
                     struct bs_err *e) BS_MUST_CHECK;

#endif
