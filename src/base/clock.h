/*
 * clock.h: time and randomness behind one replaceable struct, so that tests can set both. Times are
 * Unix milliseconds (wall) or milliseconds of a clock that never steps (mono). Text form in SQLite:
 * "YYYY-MM-DD HH:MM:SS.SSS" UTC, so that comparisons with datetime('now', ...) are right.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clock_ops {
    int64_t (*wall_ms)(void *ctx);
    int64_t (*mono_ms)(void *ctx);           /* CLOCK_BOOTTIME: goes on during suspend */
    void (*sleep_ms)(void *ctx, int64_t ms); /* ends early when a stop signal comes meanwhile */
    void (*random)(void *ctx, void *out, size_t len); /* unpredictable (getrandom) */
    void *ctx;
};

/* Replaces the clock for the process; NULL brings the real one back. Test builds also honour
 * BASESYNC_CLOCK (see clock.c): an offset in ms, a speed, or a file that holds the time. */
void clock_set(const struct clock_ops *ops);

int64_t clock_wall_ms(void);
int64_t clock_mono_ms(void);
void clock_sleep_ms(int64_t ms);
/* How long that span takes on the machine's clock: as long, but for the speed of test builds. */
int64_t clock_machine_ms(int64_t ms);
void clock_random(void *out, size_t len);
uint64_t clock_random_u64(void);
/* Uniform in [0, bound); bound > 0. */
uint64_t clock_random_below(uint64_t bound);
/* n random characters of [A-Za-z0-9] and a NUL into out (n + 1 bytes). */
void clock_random_id(char *out, size_t n);
/* Random UUID (version 4) as text, 36 characters and a NUL. */
void clock_random_uuid(char out[37]);

#define CLOCK_TEXT_MAX 32
/* "2026-01-22 10:00:00.000" */
void clock_sql_text(int64_t wall_ms, char out[CLOCK_TEXT_MAX]);
/* "2026-01-22T10:00:00.000Z" */
void clock_iso_text(int64_t wall_ms, char out[CLOCK_TEXT_MAX]);
/* Reads both forms, fraction and Z optional; false on anything else. */
bool clock_parse(const char *s, int64_t *wall_ms);

/* Proleptic Gregorian calendar without libc (H. Hinnant, "chrono-compatible low-level date
 * algorithms"). days are since 1970-01-01. */
int64_t civil_to_days(int year, int month, int day);
void civil_from_days(int64_t days, int *year, int *month, int *day);
bool civil_valid(int year, int month, int day);
int civil_weekday(int64_t days); /* 0 = Sunday */

#endif
