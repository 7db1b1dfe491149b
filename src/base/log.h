/*
 * log.h: the program's log lines. Text form: "[SyncJob] message" per line; JSON form: one object
 * per line. Known secrets registered with log_secret are replaced by "***" wherever they occur.
 * Used by engine/ and app/ only.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/err.h"

#include <stdbool.h>
#include <stdio.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

void log_init(FILE *out, enum log_format format, enum log_level min);
/* Adds "sync" and "run" to each JSON line (NULL clears); the text form does not show them. */
void log_context(const char *sync, const char *run);
/* One line. `tag` is "SyncJob", "Supervisor" ... and stands in brackets. Newlines in the message
 * become spaces. */
void log_line(enum log_level level, const char *tag, const char *fmt, ...) BS_PRINTF(3, 4);
/* Registers a secret of 6 bytes or more; the log keeps only what it needs to recognise it and
 * log_secret_forget_all wipes it. */
void log_secret(const char *secret);
void log_secret_forget_all(void);
/* Replaces registered secrets in a text in place; used for error texts too. */
void log_redact(char *text);

#endif
