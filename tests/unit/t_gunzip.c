/* t_gunzip.c: packed texts come out whole or not at all. */
#include "net/gunzip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TEXT "basesync basesync basesync\n"

/* printf TEXT | gzip -9n */
static const uint8_t packed[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x4b,
                                 0x4a, 0x2c, 0x4e, 0x2d, 0xae, 0xcc, 0x4b, 0x56, 0x48, 0x42, 0x67,
                                 0x70, 0x01, 0x00, 0x33, 0x9f, 0x98, 0xd2, 0x1b, 0x00, 0x00, 0x00};

static void a_text_comes_out_whole(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, BUF_NO_LIMIT);
    assert_true(gunzip(packed, sizeof packed, &b));
    assert_string_equal(b.data, TEXT);
    buf_release(&b);
}

static void a_cut_or_changed_text_is_refused(void **state)
{
    uint8_t bad[sizeof packed];
    struct buf b;

    (void)state;
    buf_init(&b, BUF_NO_LIMIT);
    for (size_t n = 0; n < sizeof packed; n++) {
        assert_false(gunzip(packed, n, &b));
    }
    memcpy(bad, packed, sizeof bad);
    bad[27] ^= 1; /* the checksum */
    assert_false(gunzip(bad, sizeof bad, &b));
    bad[0] = 0;
    assert_false(gunzip(bad, sizeof bad, &b));
    buf_release(&b);
}

static void a_text_beyond_its_bound_is_refused(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, strlen(TEXT) - 1);
    assert_false(gunzip(packed, sizeof packed, &b));
    buf_release(&b);
    buf_init(&b, strlen(TEXT));
    assert_true(gunzip(packed, sizeof packed, &b));
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_comes_out_whole),
        cmocka_unit_test(a_cut_or_changed_text_is_refused),
        cmocka_unit_test(a_text_beyond_its_bound_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
