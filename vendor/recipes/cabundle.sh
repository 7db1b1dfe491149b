# CA certificates: Mozilla's roots for TLS servers, as the package carries them, in one PEM file.
build() {
    if [ -z "$src" ]; then
        sh "$here/need.sh" /usr/share/ca-certificates/mozilla=ca-certificates
    fi
    find "$src/usr/share/ca-certificates/mozilla" -name '*.crt' | LC_ALL=C sort >names
    [ "$(wc -l <names)" -gt 100 ]
    xargs cat <names >"$out/ca-bundle.pem"
}
