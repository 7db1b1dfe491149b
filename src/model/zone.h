/*
 * zone.h: IANA time zones from TZif data (RFC 8536, versions 1 to 4, with the POSIX footer for the
 * years after the table). Pure: whoever has the bytes (system files or the embedded copy) gives
 * them. A sheet's date-time has no zone of its own: it is wall time in the spreadsheet's zone.
 */
#ifndef MODEL_ZONE_H
#define MODEL_ZONE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct zone;

/* name is kept for messages. BS_STOP_SYNC/BS_K_CONFIG on malformed or oversized data. */
enum bs_rc zone_from_tzif(const char *name, const void *data, size_t len, struct zone **out,
                          struct bs_err *e) BS_MUST_CHECK;
/* A fixed offset east of UTC, for "UTC", "Etc/GMT" and tests. */
struct zone *zone_fixed(const char *name, int32_t offset_seconds);
void zone_free(struct zone *z); /* NULL is nothing */
const char *zone_name(const struct zone *z);

/* Seconds east of UTC at an instant (Unix seconds). */
int32_t zone_offset_at(const struct zone *z, int64_t utc_seconds);
/* Wall time as if it were UTC: utc_ms + offset. */
int64_t zone_to_local_ms(const struct zone *z, int64_t utc_ms);

enum zone_fit { ZONE_UNIQUE, ZONE_TWICE, ZONE_NEVER };
/* The instant of a wall time. ZONE_TWICE (clocks set back): the earlier one. ZONE_NEVER (clocks set
 * forward): the wall time moved by the width of the gap, as calendars do (RFC 5545 3.3.5). */
enum zone_fit zone_to_utc_ms(const struct zone *z, int64_t local_ms, int64_t *utc_ms);

#endif
