# mbedTLS: TLS client, X.509 and the PSA crypto core; mbedtls.config.h (beside this file) says what is in.
# The project's three libraries become one archive; two empty ones bear the names others look for.
build() {
    cp -R "$src/include/mbedtls" "$src/include/psa" "$out/include/"
    cp "$here/recipes/mbedtls.config.h" "$out/include/mbedtls/mbedtls_config.h"
    compile_all "-std=c99 -D_GNU_SOURCE -I$out/include -I$src/library" "$src"/library/*.c
    archive_all libmbedtls.a ./*.o
    archive_all libmbedx509.a
    archive_all libmbedcrypto.a
}
