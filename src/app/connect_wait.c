/* connect_wait.c: the end of a sign-in, from the browser or from the keyboard. */
#include "app/connect.h"
#include "app/out.h"
#include "base/clock.h"
#include "base/os.h"
#include "base/str.h"
#include "net/loopback.h"
#include "net/oauth.h"

#include <string.h>
#include <unistd.h>

#define WAIT_MS (INT64_C(15) * 60 * 1000)
#define TYPED_MAX ((size_t)16384)

struct waiting {
    const struct connect_wait *w;
    struct buf *code;
    struct bs_err *e;
    struct buf typed; /* of the line that is being typed */
    bool ended;
};

static enum loopback_page on_request(void *ctx, const char *target)
{
    struct waiting *x = ctx;
    size_t n = strlen(x->w->redirect->path);
    struct bs_err e = BS_ERR_INIT;
    enum bs_rc rc;

    if (strncmp(target, x->w->redirect->path, n) != 0 || (target[n] != '?' && target[n] != '\0')) {
        return LOOPBACK_NOTHING;
    }
    rc = oauth_read_redirect(target, x->w->state, x->code, &e);
    if (rc == BS_SKIP) {
        return LOOPBACK_FOREIGN;
    }
    x->ended = true;
    *x->e = e;
    return rc == BS_OK ? LOOPBACK_WELCOME : LOOPBACK_REFUSED;
}

/* A whole line: an answer ends the waiting, anything else is told. */
static void on_line(struct waiting *x, char *line)
{
    struct bs_err e = BS_ERR_INIT;
    char *text = str_trim(line);

    if (*text == '\0') {
        return;
    }
    if (oauth_read_redirect(text, x->w->state, x->code, &e) == BS_SKIP) {
        out_note("%s: paste the whole address of the page that the browser ended on.", e.msg);
        return;
    }
    x->ended = true;
    *x->e = e;
}

/* Takes what was typed; false when nothing more will come. */
static bool on_input(struct waiting *x)
{
    bool more = os_read_some(STDIN_FILENO, &x->typed);
    char *end;

    while (!x->ended && (end = memchr(x->typed.data, '\n', x->typed.len)) != NULL) {
        size_t used = (size_t)(end - x->typed.data) + 1;

        *end = '\0';
        on_line(x, x->typed.data);
        memmove(x->typed.data, x->typed.data + used, x->typed.len - used);
        x->typed.len -= used;
        x->typed.data[x->typed.len] = '\0';
    }
    if (!more && !x->ended) {
        on_line(x, x->typed.data); /* a last line without an end */
    }
    return more;
}

static enum loopback_event next_event(struct waiting *x, int64_t left, int fd)
{
    if (x->w->listener) {
        return loopback_serve(x->w->listener, left, fd, on_request, x);
    }
    return os_wait(left, fd) && !os_stop_requested() ? LOOPBACK_INPUT : LOOPBACK_LATE;
}

static enum bs_rc wait_for_answer(struct waiting *x)
{
    int64_t until = clock_mono_ms() + WAIT_MS;
    int fd = x->w->typed ? STDIN_FILENO : -1;

    while (!x->ended) {
        int64_t left = until - clock_mono_ms();
        enum loopback_event event = left > 0 ? next_event(x, left, fd) : LOOPBACK_LATE;

        if (event == LOOPBACK_LATE && os_stop_requested()) {
            return bs_fail(x->e, BS_STOP_ALL, BS_K_CONFIG, "stopped; nothing was changed");
        }
        if (event == LOOPBACK_LATE) {
            return bs_fail(x->e, BS_STOP_ALL, BS_K_OAUTH,
                           "nobody has signed in within 15 minutes: start again");
        }
        if (event == LOOPBACK_INPUT && !on_input(x)) {
            fd = -1;
            if (!x->ended && !x->w->listener) {
                return bs_fail(x->e, BS_STOP_ALL, BS_K_CONFIG,
                               "no address that belongs to the sign-in was given: start again");
            }
        }
    }
    return x->e->rc;
}

enum bs_rc connect_wait(const struct connect_wait *w, struct buf *code, struct bs_err *e)
{
    struct waiting x = {.w = w, .code = code, .e = e};

    buf_init(&x.typed, TYPED_MAX);
    bs_seen(wait_for_answer(&x));
    buf_wipe(&x.typed);
    return e->rc;
}
