/* notify_mail.c: a message as mail (RFC 5322, RFC 2047, RFC 2045); see notify.h. */
#include "base/str.h"
#include "engine/notify.h"

#include <string.h>

#define WORD_BYTES 39 /* of text in one encoded word: a line of them has 76 characters at most */
#define LINE_BYTES 57 /* of text in one line of base64, 76 characters */

static void add_date(struct buf *out, int64_t ms)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char text[CLOCK_TEXT_MAX];
    int64_t day = ms / 86400000;
    int y, m, d;

    clock_iso_text(ms, text);
    civil_from_days(day, &y, &m, &d);
    buf_addf(out, "Date: %.3s, %02d %.3s %d %.8s +0000\r\n", days + (size_t)civil_weekday(day) * 3,
             d, months + (size_t)(m - 1) * 3, y, text + 11);
}

static bool is_ascii(const char *s)
{
    while (*s && *s >= ' ' && *s <= '~') {
        s++;
    }
    return *s == '\0';
}

/* Whole code points only: each word has to be readable by itself (RFC 2047, section 5). */
static void add_subject(struct buf *out, const char *s)
{
    buf_adds(out, "Subject: ");
    if (is_ascii(s) && strlen(s) < 200) {
        buf_adds(out, s);
    } else {
        for (size_t left = strlen(s), n; left > 0; s += n, left -= n) {
            size_t step;

            for (n = 0; n < left && (step = utf8_decode(s + n, left - n, NULL)) > 0 &&
                        n + step <= WORD_BYTES;
                 n += step) {
            }
            n = n > 0 ? n : 1; /* what is no UTF-8 goes byte by byte */
            buf_adds(out, "=?UTF-8?B?");
            base64_encode(out, s, n);
            buf_adds(out, left > n ? "?=\r\n " : "?=");
        }
    }
    buf_adds(out, "\r\n");
}

static void add_body(struct buf *out, const char *text)
{
    for (size_t left = strlen(text), n; left > 0; text += n, left -= n) {
        n = left < LINE_BYTES ? left : LINE_BYTES;
        base64_encode(out, text, n);
        buf_adds(out, "\r\n");
    }
}

void notify_mail_text(const char *from, const char *to, const struct notice *x, int64_t now_ms,
                      struct buf *out)
{
    const char *at = strrchr(from, '@');
    struct buf body;
    char id[25];

    clock_random_id(id, sizeof id - 1);
    buf_addf(out, "From: %s\r\nTo: %s\r\n", from, to);
    add_subject(out, x->title);
    add_date(out, now_ms);
    buf_addf(out, "Message-ID: <%s@%s>\r\n", id, at ? at + 1 : "localhost");
    buf_adds(out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\n"
                  "Content-Transfer-Encoding: base64\r\n\r\n");
    buf_init(&body, BUF_NO_LIMIT);
    buf_addf(&body, "%s\r\n\r\n%s, %s\r\n", x->message, x->name, x->time);
    add_body(out, body.data);
    buf_release(&body);
}
