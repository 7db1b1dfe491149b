/* t_hash.c: SipHash and the text map. */
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static void siphash_gives_the_published_values(void **state)
{
    /* vectors.h of the reference implementation: key 00..0f, input 00, 01, 02 ... */
    static const struct {
        size_t len;
        uint64_t hash;
    } cases[] = {
        {0, 0x726fdb47dd0e0e31},  {1, 0x74f839c593dc67fd},  {2, 0x0d6c8009d9a94f5a},
        {3, 0x85676696d7fb7e2d},  {7, 0xab0200f58b01d137},  {8, 0x93f5f5799a932462},
        {15, 0xa129ca6149be45e5}, {63, 0x958a324ceb064572},
    };
    const struct hash_key key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    unsigned char input[64];

    (void)state;
    for (size_t i = 0; i < sizeof input; i++) {
        input[i] = (unsigned char)i;
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(siphash(&key, input, cases[i].len) == cases[i].hash);
    }
}

static void mixing_tells_the_order(void **state)
{
    uint64_t ab = hash_mix(hash_mix(0, 1), 2);

    (void)state;
    assert_true(ab != hash_mix(hash_mix(0, 2), 1));
    assert_true(ab != hash_mix(0, 3));
    assert_true(ab == hash_mix(hash_mix(0, 1), 2));
    assert_true(hash_mix(0, 0) != hash_mix(hash_mix(0, 0), 0));
}

static void a_map_finds_what_was_put_in(void **state)
{
    static char keys[5000][12];
    struct strmap *m = strmap_new(0);

    (void)state;
    for (uint32_t i = 0; i < 5000; i++) {
        snprintf(keys[i], sizeof keys[i], "key%u", i);
        assert_int_equal(strmap_add(m, keys[i], i), i);
    }
    assert_int_equal(strmap_count(m), 5000);
    for (uint32_t i = 0; i < 5000; i++) {
        char copy[12];

        memcpy(copy, keys[i], sizeof copy);
        assert_int_equal(strmap_get(m, copy), i);
    }
    assert_int_equal(strmap_get(m, "key5000"), STRMAP_NONE);
    assert_int_equal(strmap_get(m, ""), STRMAP_NONE);
    strmap_free(m);
    strmap_free(NULL);
}

static void adding_keeps_the_first_and_setting_replaces(void **state)
{
    struct strmap *m = strmap_new(3);

    (void)state;
    assert_int_equal(strmap_add(m, "Name", 1), 1);
    assert_int_equal(strmap_add(m, "Name", 2), 1);
    assert_int_equal(strmap_add(m, "name", 3), 3);
    assert_int_equal(strmap_count(m), 2);
    strmap_set(m, "Name", 9);
    strmap_set(m, "new", 4);
    assert_int_equal(strmap_get(m, "Name"), 9);
    assert_int_equal(strmap_get(m, "name"), 3);
    assert_int_equal(strmap_get(m, "new"), 4);
    assert_int_equal(strmap_count(m), 3);
    strmap_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siphash_gives_the_published_values),
        cmocka_unit_test(mixing_tells_the_order),
        cmocka_unit_test(a_map_finds_what_was_put_in),
        cmocka_unit_test(adding_keeps_the_first_and_setting_replaces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
