# Time zones: every zone of the IANA database in its slim form (the rules for the years to come instead of a
# list of them), as one C table. tzdata.zi is the whole database as text; zic comes with the C library.
build() {
    if [ -z "$src" ]; then
        sh "$here/need.sh" /usr/share/zoneinfo/tzdata.zi=tzdata
    fi
    gcc -std=c17 -O1 "$here/embed.c" -o embed
    PATH=$PATH:/usr/sbin:/sbin zic -b slim -d zones "$src/usr/share/zoneinfo/tzdata.zi"
    (cd zones && find . -type f) | sed 's|^\./||' | LC_ALL=C sort >names
    [ "$(wc -l <names)" -gt 400 ]
    ./embed --zones zones <names >"$out/zones.c"
}
