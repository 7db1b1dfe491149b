/*
 * os.h: the operating system: files written whole or not at all, secret files, signals turned into
 * a flag, processes, the sd_notify protocol, hardening (no core dumps).
 */
#ifndef BASE_OS_H
#define BASE_OS_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads a whole file of at most max bytes into b (initialised by the caller). */
enum bs_rc os_read_file(const char *path, size_t max, struct buf *b,
                        struct bs_err *e) BS_MUST_CHECK;
/* Reads a descriptor to its end, at most max bytes. */
enum bs_rc os_read_fd(int fd, size_t max, struct buf *b, struct bs_err *e) BS_MUST_CHECK;
/* Writes path.tmp, syncs it, renames it over path and syncs the folder. */
enum bs_rc os_write_file(const char *path, const void *p, size_t len, mode_t mode,
                         struct bs_err *e) BS_MUST_CHECK;
/* The same for a file that is there: a link stays one, mode and owner stay as they are. */
enum bs_rc os_rewrite_file(const char *path, const void *p, size_t len,
                           struct bs_err *e) BS_MUST_CHECK;
/* Creates the file with O_EXCL; BS_SKIP when it exists already. */
enum bs_rc os_create_file(const char *path, const void *p, size_t len, mode_t mode,
                          struct bs_err *e) BS_MUST_CHECK;
bool os_exists(const char *path);
/* Refuses (BS_STOP_ALL, BS_K_CONFIG) a file that others than its owner can read or write. */
enum bs_rc os_check_private(const char *path, struct bs_err *e) BS_MUST_CHECK;
/* folder/name, or name alone when it is absolute; malloc'd. */
char *os_path_join(const char *folder, const char *name);
/* The folder part of a path, "." when there is none; malloc'd. */
char *os_path_dir(const char *path);
/* Absolute path of the running executable; malloc'd, NULL when unknown. */
char *os_self_path(void);
/* The boot id (/proc/sys/kernel/random/boot_id), "" when unknown. Static storage. */
const char *os_boot_id(void);
/* Start time of a process in clock ticks since boot (/proc/PID/stat field 22); 0 when it is gone.
 * With the boot id and pid it names a process for ever (pids are used again). */
uint64_t os_pid_start(pid_t pid);
/* True when the process that had this start time is still there. A process that lives but whose
 * start cannot be read (hidepid) counts as there: taking over its lease would be the greater harm.
 */
bool os_pid_alive(pid_t pid, uint64_t start);
/* Bytes free for us where path lies; -1 when unknown. */
int64_t os_disk_free(const char *path);
/* No core dump (RLIMIT_CORE, PR_SET_DUMPABLE), umask 077. */
void os_harden(void);
/* Reads a line from the terminal without echo; from plain standard input when it is no terminal.
 * BS_SKIP when it is empty. */
enum bs_rc os_prompt_secret(const char *prompt, struct buf *b, struct bs_err *e) BS_MUST_CHECK;

/* True when a person can type into standard input. */
bool os_input_is_terminal(void);
/* Appends what can be read from fd just now; false at its end, on an error and when b is full. */
bool os_read_some(int fd, struct buf *b);

/* Installs handlers for SIGTERM, SIGINT and SIGHUP that set a flag and wake os_wait. SIGPIPE is
 * ignored. */
void os_signals_init(void);
/* Makes SIGCHLD wake os_wait too (supervisor). */
void os_signals_watch_children(void);
bool os_stop_requested(void);
bool os_take_hangup(void); /* true once per SIGHUP */
/* Sleeps until ms have passed (-1: for ever), a signal comes, or fd (or -1) is readable; true when
 * something woke it. */
bool os_wait(int64_t ms, int fd);
/* Sleeps, without waking in between, until the wall clock shows wall_ms (INT64_MAX: never), a
 * signal comes, the clock is set or the machine wakes from sleep past that time; but no longer than
 * at_most_ms (-1: no bound). The caller looks at the clock again. */
void os_wait_until(int64_t wall_ms, int64_t at_most_ms);

/* A program of the user's. */
struct os_variable {
    const char *name, *value; /* value NULL: the program does not see this one */
};
struct os_program {
    const char *const
        *argv; /* ended by NULL; argv[0] is a path, or looked for in $PATH. No shell */
    const struct os_variable *env; /* beside our own */
    size_t n_env;
    int64_t timeout_ms;
};
/* Runs it to its end in a process group of its own, with nothing on standard input and its output
 * on our standard error. At the time's end, or at a stop signal, the whole group is asked to end
 * and two seconds later killed. BS_RETRY when it did not end well, BS_STOP_SYNC / BS_K_CONFIG when
 * it cannot be started. */
enum bs_rc os_run(const struct os_program *p, struct bs_err *e) BS_MUST_CHECK;

/* Sends "READY=1", "STATUS=...", "WATCHDOG=1" to $NOTIFY_SOCKET (systemd sd_notify(3)); nothing
 * when it is not set. */
void os_notify(const char *state);
/* CLOCK_MONOTONIC in microseconds, as systemd compares it. */
int64_t os_monotonic_us(void);
/* Half of $WATCHDOG_USEC in ms; 0 when no watchdog is asked for. */
int64_t os_watchdog_ms(void);

#endif
