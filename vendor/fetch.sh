#!/bin/sh
# fetch.sh NAME...: brings the source archives of vendor/manifest into $VENDOR_BUILD/dl and prints the
# path of each. A file that is not, byte for byte, the one the manifest names is refused.
#
#   VENDOR_BUILD           folder for everything built from vendor/ (default build/vendor)
#   BASESYNC_VENDOR_CACHE  a folder that already holds archives, under their name in the manifest
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=${here%/vendor}
: "${VENDOR_BUILD:=$root/build/vendor}"
mkdir -p "$VENDOR_BUILD/dl"
VENDOR_BUILD=$(cd "$VENDOR_BUILD" && pwd)
dl=$VENDOR_BUILD/dl
apt=$VENDOR_BUILD/apt

die() {
    echo "basesync: $*" >&2
    exit 1
}

sha256_is() { [ "$(sha256sum <"$1" | cut -d ' ' -f 1)" = "$2" ]; }

# The machine's own apt sources, turned into source-package entries of one suite; nothing of the
# system's is changed. Security and updates entries live on other paths and are left out.
apt_sources() {
    etc=${BASESYNC_APT_ETC:-/etc/apt}
    for f in "$etc"/sources.list "$etc"/sources.list.d/*.list; do
        [ -f "$f" ] || continue
        sed -n -E "s#^deb(-src)? +((\[[^]]*\] +)?)([^ ]*debian/?) +[^ /]+ +.*#deb-src \2\4 $1 main#p" "$f"
    done | grep -v -e security -e archive.debian | sort -u >"$apt/sources.list"
    for f in "$etc"/sources.list.d/*.sources; do
        [ -f "$f" ] || continue
        cat "$f"
        echo
    done | awk -v suite="$1" '
        function flush() {
            if (uri ~ /debian\/?$/ && uri !~ /security/)
                printf "Types: deb-src\nURIs: %s\nSuites: %s\nComponents: main\n%s\n", uri, suite, key
            uri = key = ""; more = 0
        }
        /^#/ { next }
        /^[ \t]*$/ { flush(); next }
        /^[ \t]/ { if (more) key = key $0 "\n"; next }
        { more = 0 }
        /^URIs:/ { uri = $2 }
        /^Signed-By:/ { key = $0 "\n"; more = 1 }
        END { flush() }' >"$apt/more.sources"
}

# apt-get with folders of our own. The sandbox user could not write into them.
own_apt() {
    apt-get -q -o Dir::State="$apt/state" -o Dir::Cache="$apt/cache" -o Dir::Etc::sourcelist="$apt/sources.list" \
        -o Dir::Etc::sourceparts="$apt/parts" -o APT::Sandbox::User=root -o Debug::NoLocking=1 "$@"
}

apt_ready() {
    [ -f "$apt/ready-$1" ] && return 0
    command -v apt-get >/dev/null 2>&1 && [ -x /usr/lib/apt/apt-helper ] || return 1
    mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/parts"
    apt_sources "$1"
    mv "$apt/more.sources" "$apt/parts/vendor.sources"
    [ -s "$apt/sources.list" ] || [ -s "$apt/parts/vendor.sources" ] || return 1
    own_apt update >"$apt/log" 2>&1 || return 1
    : >"$apt/ready-$1"
}

# from_debsrc PKG/SUITE FILE SHA OUT: 0 when OUT was brought, 1 with $why set otherwise.
from_debsrc() {
    apt_ready "${1#*/}" || {
        why="apt and a Debian mirror among its sources are not there"
        return 1
    }
    own_apt source --print-uris "$1" >"$apt/uris" 2>"$apt/log" || :
    line=$(grep -F " $2 " "$apt/uris") || {
        rm -f "$apt/ready-${1#*/}"
        why="$1 now holds $(sed -n 's/^.* \([^ ]*\.orig\.tar\.[a-z0-9]*\) .*/\1/p' "$apt/uris" | head -n 1) instead of $2"
        return 1
    }
    uri=$(echo "$line" | sed "s/^'\([^']*\)'.*/\1/")
    /usr/lib/apt/apt-helper -q -o APT::Sandbox::User=root download-file "$uri" "$4" "SHA256:$3" >"$apt/log" 2>&1 || {
        why="the mirror does not serve $2: $(grep '^E:' "$apt/log" | head -n 1)"
        return 1
    }
}

# from_deb PKG=VERSION SHA OUT: a binary package, by the machine's own sources and package lists of our own.
from_deb() {
    why="apt is not there"
    command -v apt-get >/dev/null 2>&1 || return 1
    mkdir -p "$apt/bin-state/lists/partial" "$apt/cache/archives/partial" "$apt/deb"
    system_apt() {
        apt-get -q -o Dir::State="$apt/bin-state" -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root \
            -o Dir::State::status=/var/lib/dpkg/status "$@" >"$apt/log" 2>&1
    }
    rm -f "$apt/deb"/*
    (
        cd "$apt/deb"
        [ -f "$apt/bin-ready" ] || system_apt update && : >"$apt/bin-ready"
        system_apt download "$1"
    ) || {
        rm -f "$apt/bin-ready"
        why="the mirror does not have $1"
        return 1
    }
    mv "$apt/deb"/*.deb "$3"
}

from_url() {
    if command -v curl >/dev/null 2>&1; then
        curl -fsSL --connect-timeout 20 --max-time 600 -o "$2" "$1" 2>/dev/null && return 0
    elif command -v wget >/dev/null 2>&1; then
        wget -q -T 20 -t 2 -O "$2" "$1" && return 0
    fi
    why="$1 could not be fetched"
    return 1
}

# accept FILE SHA OUT: moves a verified file into place, or dies.
accept() {
    sha256_is "$1" "$2" ||
        die "$(basename "$3") has SHA-256 $(sha256sum <"$1" | cut -d ' ' -f 1) where vendor/manifest wants $2: refused."
    mv "$1" "$3"
}

fetch_one() {
    name=$1 reasons='' files=''
    grep "^${name}[[:space:]]" "$here/manifest" >"$dl/.$name.lines" || die "vendor/manifest does not know $name."
    # What is there already: the download folder, then the caches.
    while read -r _ _ _ file sha _; do
        files="$files $file"
        for dir in "$dl" "$here/cache" "${BASESYNC_VENDOR_CACHE:-/nonexistent}"; do
            [ -f "$dir/$file" ] || continue
            sha256_is "$dir/$file" "$sha" ||
                die "$dir/$file is not the file vendor/manifest names (SHA-256 differs): remove it."
            [ "$dir" = "$dl" ] || { cp "$dir/$file" "$dl/.$name.part" && mv "$dl/.$name.part" "$dl/$file"; }
            echo "$dl/$file"
            return 0
        done
    done <"$dl/.$name.lines"
    while read -r _ _ _ file sha kind where; do
        part=$dl/.$file.part why=''
        rm -f "$part"
        case $kind in
        debsrc) from_debsrc "$where" "$file" "$sha" "$part" || { reasons="$reasons $why;" && continue; } ;;
        deb) from_deb "$where" "$sha" "$part" || { reasons="$reasons $why;" && continue; } ;;
        url) from_url "$where" "$part" || { reasons="$reasons $why;" && continue; } ;;
        hand) reasons="$reasons it comes from $where;" && continue ;;
        *) die "vendor/manifest: unknown origin '$kind' for $name." ;;
        esac
        accept "$part" "$sha" "$dl/$file"
        if [ -n "${BASESYNC_VENDOR_CACHE:-}" ] && [ -w "$BASESYNC_VENDOR_CACHE" ]; then
            cp "$dl/$file" "$BASESYNC_VENDOR_CACHE/.$file.$$" && mv "$BASESYNC_VENDOR_CACHE/.$file.$$" "$BASESYNC_VENDOR_CACHE/$file"
        fi
        echo "$dl/$file"
        return 0
    done <"$dl/.$name.lines"
    die "no archive of $name:$reasons place one of$files into vendor/cache and start again."
}

exec 9>"$dl/.lock"
command -v flock >/dev/null 2>&1 && flock 9
for n; do
    fetch_one "$n"
done
