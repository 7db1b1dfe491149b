# libcurl: HTTP and HTTPS, SMTP and SMTPS (run reports by e-mail), over mbedTLS with zlib. The threaded
# resolver stays, name lookups could not time out without it; date parsing stays, Retry-After needs it.
# Of zlib it asks for a function of files that our zlib leaves out and curl never calls.
build() {
    host=$($realcc -dumpmachine)
    # shellcheck disable=SC2086
    "$src/configure" --quiet --prefix="$out" --host="$host" --disable-dependency-tracking \
        CC="$CC" AR="$ar" RANLIB="${cross}ranlib" CFLAGS="$cflags" \
        CPPFLAGS="-I$prefix/include" LDFLAGS="-L$prefix/lib $link" \
        --disable-shared --enable-static $([ "$target" = host ] || echo --with-pic=no) --disable-symbol-hiding --disable-silent-rules \
        --disable-debug --disable-curldebug --enable-optimize --disable-warnings --disable-werror \
        --with-mbedtls="$prefix" --with-zlib="$prefix" ac_cv_lib_z_gzread=yes --without-ca-bundle --without-ca-path \
        --enable-http --enable-smtp --enable-proxy --enable-ipv6 --enable-threaded-resolver \
        --enable-dateparse --enable-headers-api --enable-verbose \
        --enable-basic-auth --enable-bearer-auth --enable-http-auth --enable-mime \
        --disable-ftp --disable-file --disable-ldap --disable-ldaps --disable-rtsp --disable-dict \
        --disable-telnet --disable-tftp --disable-pop3 --disable-imap --disable-smb --disable-gopher \
        --disable-mqtt --disable-ipfs --disable-websockets --disable-manual --disable-docs \
        --disable-libcurl-option --disable-digest-auth --disable-kerberos-auth \
        --disable-negotiate-auth --disable-ntlm --disable-aws --disable-tls-srp \
        --disable-unix-sockets --disable-cookies --disable-netrc --disable-hsts --disable-alt-svc \
        --disable-doh --disable-form-api --disable-progress-meter --disable-dnsshuffle \
        --disable-get-easy-options --disable-ares --disable-httpsrr --disable-ech \
        --disable-sha512-256 --disable-rt --disable-ca-search --disable-openssl-auto-load-config \
        --without-libpsl --without-libidn2 --without-brotli --without-zstd --without-nghttp2 \
        --without-ngtcp2 --without-nghttp3 --without-quiche --without-libssh2 --without-libssh \
        --without-librtmp --without-libgsasl --without-zsh-functions-dir --without-fish-functions-dir
    # configure puts its own -O2 in place of our level.
    make -C lib -j"$jobs" V=1 CFLAGS="$cflags"
    make -C lib install CFLAGS="$cflags"
    make -C include install
    rm -rf "$out/lib/pkgconfig" "$out/lib"/*.la "$out/share" "$out/bin"
    # One archive, members without times and owners.
    mkdir again
    (cd again && "$ar" x "$out/lib/libcurl.a")
    # 8.14.1 asks for this even where digest authentication is left out (lib/curl_sasl.c, a message).
    printf '%s\n' '#include <stdbool.h>' 'bool Curl_auth_is_digest_supported(void);' \
        'bool Curl_auth_is_digest_supported(void) { return false; }' >again/no_digest.c
    compile_all "" again/no_digest.c
    archive_all libcurl.a again/*.o no_digest.o
}
