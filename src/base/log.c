/* log.c: see log.h. */
#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MESSAGE_MAX ((size_t)32 * 1024) /* bytes of one message; the rest is cut */
#define LOG_NAME_MAX 128
#define SECRET_MIN 6
/* A text may hold a secret that was cut: this many bytes of its start are enough to hide it. */
#define SECRET_PREFIX 12

static struct {
    FILE *out; /* NULL: standard error */
    enum log_format format;
    enum log_level min;
    char sync[LOG_NAME_MAX];
    char run[LOG_NAME_MAX];
    char **secrets;
    size_t n_secrets;
    size_t cap_secrets;
} state = {.min = LOG_INFO};

void log_init(FILE *out, enum log_format format, enum log_level min)
{
    state.out = out;
    state.format = format;
    state.min = min;
}

void log_context(const char *sync, const char *run)
{
    str_copy(state.sync, sizeof state.sync, sync ? sync : "");
    str_copy(state.run, sizeof state.run, run ? run : "");
}

void log_secret(const char *secret)
{
    if (strlen(secret) < SECRET_MIN) {
        return;
    }
    for (size_t i = 0; i < state.n_secrets; i++) {
        if (str_eq(state.secrets[i], secret)) {
            return;
        }
    }
    state.secrets =
        bs_grow(state.secrets, state.n_secrets, &state.cap_secrets, sizeof *state.secrets);
    state.secrets[state.n_secrets++] = bs_strdup(secret);
}

void log_secret_forget_all(void)
{
    for (size_t i = 0; i < state.n_secrets; i++) {
        bs_wipe_free(state.secrets[i]);
    }
    free(state.secrets);
    state.secrets = NULL;
    state.n_secrets = 0;
    state.cap_secrets = 0;
}

/* Error texts have spaces where a key file has newlines. */
static bool same_byte(char a, char b)
{
    return a == b || ((unsigned char)a < 0x20 && b == ' ') || ((unsigned char)b < 0x20 && a == ' ');
}

/* How many bytes at `text` belong to the secret: all of it, or a start long enough, else 0. */
static size_t secret_here(const char *text, const char *secret)
{
    size_t n = 0;

    while (text[n] && secret[n] && same_byte(text[n], secret[n])) {
        n++;
    }
    return secret[n] == '\0' || n >= SECRET_PREFIX ? n : 0;
}

static size_t longest_secret_here(const char *text)
{
    size_t longest = 0;

    for (size_t i = 0; i < state.n_secrets; i++) {
        size_t n = secret_here(text, state.secrets[i]);

        longest = n > longest ? n : longest;
    }
    return longest;
}

void log_redact(char *text)
{
    char *to = text;

    for (const char *from = text; *from;) {
        size_t n = longest_secret_here(from);

        if (n > 0) {
            memcpy(to, "***", 3);
            to += 3;
            from += n;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
}

/* Appends s as a JSON string. s is clean of control characters; bytes that are not UTF-8 become
 * U+FFFD, for a line that is not valid JSON is lost to whoever reads it. */
static void add_json(struct buf *b, const char *s)
{
    size_t len = strlen(s);

    buf_addc(b, '"');
    for (size_t i = 0; i < len;) {
        size_t n = utf8_decode(s + i, len - i, NULL);

        if (n == 0) {
            buf_adds(b, "\uFFFD");
            n = 1;
        } else if (s[i] == '"' || s[i] == '\\') {
            buf_addc(b, '\\');
            buf_addc(b, s[i]);
        } else {
            buf_add(b, s + i, n);
        }
        i += n;
    }
    buf_addc(b, '"');
}

static void add_member(struct buf *b, const char *name, const char *value)
{
    char copy[LOG_NAME_MAX];

    if (*value) {
        str_copy(copy, sizeof copy, value);
        str_clean(copy);
        buf_addf(b, ",\"%s\":", name);
        add_json(b, copy);
    }
}

static void json_line(struct buf *b, enum log_level level, const char *tag, const char *message)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    char time[CLOCK_TEXT_MAX];

    clock_iso_text(clock_wall_ms(), time);
    buf_addf(b, "{\"time\":\"%s\",\"level\":\"%s\"", time, levels[level]);
    add_member(b, "tag", tag);
    add_member(b, "sync", state.sync);
    add_member(b, "run", state.run);
    buf_adds(b, ",\"message\":");
    add_json(b, message);
    buf_adds(b, "}\n");
}

void log_line(enum log_level level, const char *tag, const char *fmt, ...)
{
    FILE *out = state.out ? state.out : stderr;
    struct buf line;
    char *message;
    va_list ap;
    int n;

    if (level < state.min) {
        return;
    }
    message = bs_alloc(LOG_MESSAGE_MAX);
    va_start(ap, fmt);
    n = vsnprintf(message, LOG_MESSAGE_MAX, fmt, ap);
    va_end(ap);
    if (n >= (int)LOG_MESSAGE_MAX) {
        str_mark_cut(message, LOG_MESSAGE_MAX);
    }
    log_redact(message);
    str_clean(message);
    buf_init(&line, BUF_NO_LIMIT);
    if (state.format == LOG_JSON) {
        json_line(&line, level, tag, message);
    } else {
        buf_addf(&line, "[%s] %s\n", tag, message);
    }
    /* One call per line, so that the lines of several workers do not mix. A log that cannot be
     * written is no reason to stop syncing, and there is nowhere left to say so. */
    (void)fwrite(line.data, 1, line.len, out);
    (void)fflush(out);
    buf_release(&line);
    free(message);
}
